# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the verdict on one device: unknown is not yes, and each reason has a remedy."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import Device
from ansible_collections.endpointops.intune.plugins.module_utils._hello.check_in import PolicyOnDevice, Status
from ansible_collections.endpointops.intune.plugins.module_utils._hello.terms import MODULE_TERMS, ROLE_TERMS
from ansible_collections.endpointops.intune.plugins.module_utils._readiness import on_device
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.model import DeviceEvidence, Judged, State, Unread
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.verdict import judge
from tests.support.readiness import DEVICES, forget, policy, tenant_of

LAPTOP = Device(
    "d-1",
    "LT-1",
    "Windows",
    "10.0.26100.1",
    "azureADJoined",
    "desktop",
    ownership="company",
    management_state="managed",
    management_agent="mdm",
)
CONFIGURED = Judged("yes", (), ("p-PIN",))
STATUSES: tuple[Status | None, ...] = (*on_device.BEST, None)
PASSING, STAYING = Unread("Could not read it.", "Run again.", True), Unread("Could not read it.", "Grant it.")


def status(value: Status | None = "succeeded", name: str = "PIN") -> PolicyOnDevice:
    return {"id": f"p-{name}", "name": name, "status": value, "error_code": None, "error": None}


def device(*statuses: Status | None, record: Device = LAPTOP, **more: t.Any) -> DeviceEvidence:
    found = tuple(status(value, f"P{number}") for number, value in enumerate(statuses))
    verdict = on_device.evaluate_device(record, ("company",))
    known = DeviceEvidence("LT-1", ("device_name",), is_known=True, record=record, verdict=verdict, statuses=found)
    return dataclasses.replace(known, **more)


@pytest.mark.parametrize("statuses", [*itertools.product(STATUSES, repeat=1), *itertools.product(STATUSES, repeat=2), ()])
def test_it_has_arrived_where_one_policy_has(statuses: tuple[Status | None, ...]) -> None:
    judged = on_device.judge_device(device(*statuses), CONFIGURED, MODULE_TERMS)
    assert (judged.state == "yes") is ("succeeded" in statuses) and bool(judged.reasons) is ("succeeded" not in statuses)
    assert on_device.count_device(judged.state)["devices"] == {"yes": 1, "no": 0, "unknown": None}[judged.state]


@pytest.mark.parametrize(
    "found",
    [
        device("succeeded", unread=PASSING),
        device("succeeded", unread=STAYING),
        device("succeeded", is_known=False),
        device("succeeded", record=dataclasses.replace(LAPTOP, join_type=None)),
        device("succeeded", record=dataclasses.replace(LAPTOP, ownership="personal")),
        dataclasses.replace(device("succeeded"), record=None, verdict=None),
    ],
)
def test_a_status_alone_is_not_enough(found: DeviceEvidence) -> None:
    judged = on_device.judge_device(found, CONFIGURED, MODULE_TERMS)
    assert judged.state != "yes" and len(judged.reasons) == 1
    assert judged.reasons[0].hint and judged.reasons[0].level == "arrived" and judged.reasons[0].policies == ("p-PIN",)


@pytest.mark.parametrize("state", ["yes", "no", "unknown"])
@pytest.mark.parametrize("found", [device("succeeded"), device("pending"), device(), device(is_known=False)])
def test_without_a_policy_it_has_not_arrived(state: State, found: DeviceEvidence) -> None:
    judged = on_device.judge_device(found, Judged(state), MODULE_TERMS)
    assert judged.state == ("not_applicable" if state == "no" else "unknown")
    assert [reason.code for reason in judged.reasons] == ([] if found.is_known else ["device_missing"])


def test_what_defeats_a_policy_is_told_alone() -> None:
    judged = on_device.judge_device(device("pending"), Judged("no", (), ("p-PIN",)), MODULE_TERMS)
    assert (judged.state, judged.reasons) == ("no", ())


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(device("pending"), False, id="pending"),
        pytest.param(device("error"), False, id="an error may pass"),
        pytest.param(device(is_known=False), False, id="not there yet"),
        pytest.param(device(unread=PASSING), False, id="a failure that passes"),
        pytest.param(device(unread=STAYING), True, id="a permission"),
        pytest.param(device(unread_status=STAYING), True, id="a permission for reports"),
        pytest.param(device("pending", unread_status=STAYING), False, id="one of two policies can be read"),
        pytest.param(device(unread_status=PASSING), False, id="a report that fails for the moment"),
        pytest.param(device(record=dataclasses.replace(LAPTOP, join_type=None)), False, id="not known yet"),
        pytest.param(device(record=dataclasses.replace(LAPTOP, operating_system=None)), False, id="no system yet"),
        pytest.param(device(record=dataclasses.replace(LAPTOP, management_agent="unknown")), False, id="no agent yet"),
        pytest.param(device(record=dataclasses.replace(LAPTOP, management_agent="jamf")), True, id="managed by others"),
        pytest.param(device(record=dataclasses.replace(LAPTOP, ownership="personal")), True, id="personal"),
        pytest.param(device(record=dataclasses.replace(LAPTOP, operating_system="iOS")), True, id="another platform"),
    ],
)
def test_when_waiting_cannot_help(found: DeviceEvidence, expected: bool) -> None:
    assert on_device.is_refused(found) is expected


def test_options_are_named_as_the_asker_knows_them() -> None:
    missing = device(is_known=False)
    module, role = (on_device.judge_device(missing, CONFIGURED, terms).reasons[0].hint for terms in (MODULE_TERMS, ROLE_TERMS))
    assert "'wait_timeout' of intune_pin_readiness_info" in module and "pin_reset" not in module
    assert "pin_reset_ready_timeout" in role and "pin_reset_ready_device" in role and "intune_pin" not in role


def test_the_verdict_takes_the_device_in_place_of_all_devices() -> None:
    evidence = tenant_of(policy("PIN", None, DEVICES), statuses={}, rollout="none")
    assert judge(dataclasses.replace(evidence, device=device("succeeded")), MODULE_TERMS)["ready"] is True
    assert judge(evidence, MODULE_TERMS)["ready"] is None, "and without it, all devices"
    for part in ("consent", "profiles", "intents", "enrollment"):
        unknown = forget(evidence, t.cast("t.Any", part))
        assert judge(dataclasses.replace(unknown, device=device("succeeded")), MODULE_TERMS)["ready"] is None, part
    found = judge(dataclasses.replace(evidence, device=device("pending", waited=7)), MODULE_TERMS)
    message, hint = on_device.explain_end(found, device("pending", waited=7))
    assert message.startswith("The device 'LT-1' is not ready after waiting for 7 s (not_arrived): 'P0' has not arrived")
    assert hint == found["reasons"][0]["hint"]


def test_a_name_that_hides_characters_is_told() -> None:
    found = DeviceEvidence("PF3\u200bXYZ", ("serial_number",))
    assert "zero width space" in on_device.judge_device(found, CONFIGURED, MODULE_TERMS).reasons[0].message.lower()
