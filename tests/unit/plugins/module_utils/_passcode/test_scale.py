# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that a device costs the same in a large fleet as in a small one, regardless of the speed of the service and the devices."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._graph.rate_limit import Quota
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.progress import Progress
from tests.support.calls import find_growing
from tests.support.fleets import FleetWire

SIZE = 40
QUOTA = Quota(writes=10, requests=100, seconds=20.0)  # so that small fleets take many windows of it


@pytest.mark.parametrize(
    ("device", "rules"),
    [
        pytest.param({"visible": 1e6}, {"wait": False}, id="records show nothing"),
        pytest.param({"outcome": "offline"}, {"wait_timeout": 30.0}, id="devices are off", marks=pytest.mark.exhaustive),
        pytest.param({}, {"wait": False}, id="resets are shown at once", marks=pytest.mark.exhaustive),
        pytest.param({"visible": 99.0, "terminal": 99.0}, {}, id="records lag behind", marks=pytest.mark.exhaustive),
    ],
)
def test_nothing_is_done_more_often_for_a_device_of_a_larger_fleet(
    device: dict[str, t.Any], rules: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Progress reads all devices, every five seconds at most.
    monkeypatch.setattr(Progress, "report", lambda _self: None)

    def run(size: int) -> None:
        wire = FleetWire(size, latency=0.1, audit_filter="allow")
        for one in wire.tenant.devices:
            one.simulation.patch(device)
        engine, items = wire.run(quota=QUOTA, **rules)
        assert engine.failure is None and engine.warnings == [] and all(item.changed for item in items)

    assert find_growing(run, SIZE) == {}
