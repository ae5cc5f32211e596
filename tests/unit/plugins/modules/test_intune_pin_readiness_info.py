# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that the module's documentation matches its options and return values."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from intune_emulator.intune.policy_states import set_states

from ansible_collections.endpointops.intune.plugins.doc_fragments import readiness as fragment
from ansible_collections.endpointops.intune.plugins.module_utils import _readiness_options
from ansible_collections.endpointops.intune.plugins.module_utils._hello.check_in import PolicyOnDevice
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import SETTINGS
from ansible_collections.endpointops.intune.plugins.module_utils._probe.reason import Code
from ansible_collections.endpointops.intune.plugins.module_utils._probe.states import DeviceStateResult, ReasonCountResult, State
from ansible_collections.endpointops.intune.plugins.module_utils._readiness import model
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.proof import ProbeResult
from ansible_collections.endpointops.intune.plugins.modules import intune_pin_policy, intune_pin_readiness_info
from tests.support.readiness_tasks import ALL_DEVICES, Given, Json, expect

RETURN = yaml.safe_load(intune_pin_readiness_info.RETURN)["readiness"]["contains"]
DOCUMENTED = yaml.safe_load(fragment.ModuleDocFragment.DOCUMENTATION)["options"]
OPTIONS = intune_pin_readiness_info.SPEC.argument_spec


@pytest.fixture(scope="module")
def readiness() -> Json:
    """Return a verdict with all parts filled."""
    given = Given("helpdesk")
    given.policy("PIN", assignments=[ALL_DEVICES])
    found, _asked = given.read(expect=expect(scope_tags=["Berlin"]), count_devices=True, probe=True, probe_devices=True)
    of_device, _asked = given.read(device="LT-BERLIN-012")
    return {**found, "device": of_device["device"]}


@pytest.mark.parametrize(
    ("names", "shape"),
    [
        ((), model.ReadinessResult),
        (("levels",), model.LevelsResult),
        (("levels", "connected"), model.ConnectedResult),
        (("levels", "configured"), model.ConfiguredResult),
        (("levels", "arrived"), model.CountedResult),
        (("levels", "proven"), model.CountedResult),
        (("reasons",), model.ReasonResult),
        (("differs",), model.DifferenceResult),
        (("deployment",), model.DeploymentResult),
        (("devices",), model.DevicesResult),
        (("device",), model.DeviceReadinessResult),
        (("device", "policies"), PolicyOnDevice),
        (("probe",), ProbeResult),
        (("probe", "reasons"), ReasonCountResult),
        (("probe", "devices"), DeviceStateResult),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else "",
)
def test_the_return_values_have_the_documented_keys(readiness: Json, names: tuple[str, ...], shape: t.Any) -> None:
    documented, found = RETURN, readiness
    for name in names:
        documented, found = documented[name]["contains"], found[name]
    assert found
    for item in found if isinstance(found, list) else [found]:
        assert set(item) == set(shape.__annotations__) == set(documented)


def test_the_documented_codes_are_those_that_can_come_back() -> None:
    reasons = " ".join(RETURN["reasons"]["contains"]["code"]["description"])
    assert [code for code in t.get_args(model.ReasonCode) if code not in reasons] == []
    differences = " ".join(RETURN["differs"]["contains"]["code"]["description"])
    assert [code for code in t.get_args(model.DifferenceCode) if f"V({code})" not in differences] == []


# For an output that a user supplies, or a queried host, and not for a line of the probe.
OF_OUTPUTS = {"not_dsregcmd", "several_outputs", "user_state_missing", "users_differ"}


def test_the_documented_codes_of_the_probe_are_those_that_can_come_back() -> None:
    documented = " ".join(RETURN["probe"]["contains"]["reasons"]["contains"]["code"]["description"])
    assert {code for code in t.get_args(Code) if code not in documented} == OF_OUTPUTS
    assert list(t.get_args(State)) and all(f"V({state})" in str(RETURN["probe"]["contains"]["devices"]) for state in t.get_args(State))


def test_with_a_device_the_probe_is_about_it_alone() -> None:
    given = Given("helpdesk")
    for name, state, devices in (("LT-BERLIN-012", "yes", 1), ("LT-BERLIN-014", "no", 0), ("LT-PARIS-004", "unknown", None)):
        found, asked = given.read(device=name, probe=True)
        (device,) = found["probe"]["devices"]
        assert (found["levels"]["proven"], device["device_name"]) == ({"state": state, "devices": devices, "total": 1}, name)
        assert asked[-1].endswith("/deviceHealthScriptStates") and not any("deviceRunStates" in target for target in asked)
        assert device["user_name"] and device["primary_user"] is None


@pytest.mark.parametrize(("arrives", "is_read"), [(True, True), (False, False)], ids=["before the end", "too late"])
def test_a_wait_reads_the_probe_at_its_end_where_time_is_left(arrives: bool, is_read: bool) -> None:
    given = Given("helpdesk")
    given.connect()
    policy = given.policy("PIN", assignments=[ALL_DEVICES])
    (device,) = (device.id for device in given.tenant.devices if device.get("deviceName") == "LT-BERLIN-012")
    states = {device: "succeeded" if arrives else "pending"}
    set_states(given.tenant, {"policy_id": policy, "states": states})
    found, asked = given.read(device="LT-BERLIN-012", probe=True, wait_timeout=60.0, interval=30.0)
    assert (found["ready"] is True) is arrives
    assert any("deviceHealthScriptStates" in target for target in asked) is is_read
    assert [reason["code"] for reason in found["probe"]["reasons"]] == ([] if is_read else ["probe_unread"])


def test_of_a_device_that_intune_does_not_know_the_probe_says_nothing() -> None:
    found, asked = Given("helpdesk").read(device="PC-NEW", probe=True)
    assert [reason["code"] for reason in found["probe"]["reasons"]] == ["probe_unread"] and found["probe"]["total"] is None
    assert not any("deviceHealthScriptStates" in target for target in asked)


def test_every_setting_can_be_expected() -> None:
    settings = OPTIONS["expect"]["options"]["settings"]["options"]
    assert list(settings) == list(DOCUMENTED["expect"]["suboptions"]["settings"]["suboptions"]) == [each.option for each in SETTINGS]
    assert settings["enable_pin_recovery"]["default"] is True
    assert intune_pin_policy.SPEC.argument_spec["enable_pin_recovery"].get("default") is None, "nothing is expected of that module"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(None, {"enable_pin_recovery": True}, id="nothing"),
        pytest.param({"enable_pin_recovery": None, "pin_history": 5}, {"pin_history": 5}, id="null is not compared"),
    ],
)
def test_pin_recovery_is_expected_where_no_setting_is_given(given: Json | None, expected: Json) -> None:
    task = _readiness_options.parse_expected(expect(settings=given), None)
    assert task.settings == expected and task.is_present


def test_the_return_value_is_the_same_in_check_mode() -> None:
    given = Given()
    given.policy()
    assert given.read(check=True)[0] == given.read()[0]
