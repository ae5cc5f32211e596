# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a part of ``make fuzz`` with each test run, and prove that it finds planted mistakes."""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest
from ansible.inventory.data import InventoryData

from ansible_collections.endpointops.intune.plugins.inventory import intune_devices
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils import _text as text
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass import api
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import Device
from ansible_collections.endpointops.intune.plugins.module_utils._graph import client, responses
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Response
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import reset_response, reset_state
from ansible_collections.endpointops.intune.plugins.modules import intune_device_passcode
from tests.fuzz.case import Finding, run_case
from tests.fuzz.scenarios import SCENARIOS, Scenario

CASES = 1000
SEED = "test"
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def find(scenario: Scenario, cases: int = CASES) -> t.Iterator[tuple[int, Finding]]:
    """Yield the findings of a scenario among so many cases of all."""
    for number in range(SCENARIOS.index(scenario), cases, len(SCENARIOS)):
        for finding in run_case(f"{SEED}/{number}", scenario):
            yield number, finding


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_cases_14_18_19_20_21_nothing_is_found(scenario: Scenario) -> None:
    assert not [(f"python -m tests.fuzz --seed {SEED} --case {number}", finding) for number, finding in find(scenario)]


# --- broken code is found -------------------------------------------------------------------------------------------


def without_shapes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(responses, "parse_shape", lambda target, value, shape: value)


def repeating_resets(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reset_response, "may_repeat", lambda request, response: response.status >= 300)
    # The device's own record would show the reset, and prevent a repetition.
    patch.setattr(reset_state, "_counts", lambda *_args: False)


def repeating_passes(patch: pytest.MonkeyPatch) -> None:
    create = api.create_pass

    def again(*args: t.Any) -> t.Any:
        try:
            return create(*args)
        except errors.IntuneError:
            return create(*args)

    patch.setattr(api, "create_pass", again)


def writing_in_check_mode(patch: pytest.MonkeyPatch) -> None:
    real = intune_device_passcode.make_rules
    patch.setattr(intune_device_passcode, "make_rules", lambda params, plan, _check: real(params, plan, False))


def showing_tokens(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Response, "without_secrets", lambda self, request: self)
    patch.setattr(text, "CREDENTIAL", re.compile("(?!)"))


def showing_texts_as_they_come(patch: pytest.MonkeyPatch) -> None:
    for module in (errors, text):
        patch.setattr(module, "clean", lambda found, limit=0: found)


def reading_without_an_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(client, "MOST_PAGES", 10**9)


def leaving_hosts_behind(patch: pytest.MonkeyPatch) -> None:
    plan = intune_devices.InventoryModule._plan_host

    def add_at_once(self: intune_devices.InventoryModule, device: Device, params: dict[str, t.Any]) -> t.Any:
        self.inventory.add_host(device.id)
        return plan(self, device, params)

    patch.setattr(intune_devices.InventoryModule, "_plan_host", add_at_once)
    patch.setattr(InventoryData, "remove_host", lambda self, host: None)


@pytest.mark.parametrize(
    ("break_it", "scenario", "kind"),
    [
        pytest.param(without_shapes, "policies", "unhandled exceptions", id="an unhandled exception"),
        pytest.param(repeating_resets, "reset of a fleet", "second resets", id="a second reset"),
        pytest.param(repeating_passes, "passes", "second passes", id="a second pass"),
        pytest.param(writing_in_check_mode, "reset in check mode", "writes in check mode", id="a write in check mode"),
        pytest.param(showing_tokens, "devices", "secrets in output", id="a token in a message"),
        pytest.param(showing_texts_as_they_come, "devices", "unsafe characters", id="a forged line"),
        pytest.param(reading_without_an_end, "devices", "endless runs", id="a run without an end"),
        pytest.param(leaving_hosts_behind, "inventory in groups", "unhandled exceptions", id="hosts of a file that failed"),
    ],
)
def test_a_defect_is_found(
    break_it: t.Callable[[pytest.MonkeyPatch], None], scenario: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_it(monkeypatch)
    # Do not use the numbers of make fuzz, which change their meaning when a scenario is added.
    found = (finding for number in range(1000) for finding in run_case(f"{SEED}/{scenario}/{number}", BY_NAME[scenario]))
    assert any(finding.kind == kind for finding in found)
