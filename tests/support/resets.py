# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device with the resets in its record."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils._devices.eligibility import Verdict
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import Device
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import DeviceReset
from tests.support.fakes import START

ID = "aaaaaaaa-0000-4000-8000-000000000001"
ELIGIBLE = Verdict(True)


def stamp(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def entry(state: str = "done", started: float = START, **more: t.Any) -> dict[str, t.Any]:
    """Return one of a device's deviceActionResults."""
    times = {"startDateTime": stamp(started), "lastUpdatedDateTime": stamp(started + 60)}
    return {"actionName": "resetPasscode", "actionState": state, **times, "errorCode": 0, "passcode": None, **more}


def item(*actions: dict[str, t.Any], verdict: Verdict = ELIGIBLE, system: str = "Windows", **more: t.Any) -> DeviceReset:
    device = Device(ID, "PC-1", operating_system=system, os_version="10.0.22631", actions=actions)
    return DeviceReset(ID, ["PC-1"], device, verdict, **more)
