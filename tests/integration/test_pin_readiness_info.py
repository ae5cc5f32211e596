# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest

MODULE = "intune_pin_readiness_info"
ALL_DEVICES = [{"target": "all_devices"}]
MOST_REQUESTS = 12  # the promise of the documentation


def onboard(ansible, *names: str, backend: str = "settings_catalog", **settings) -> list[str]:
    """Connect the tenant, and return the IDs of policies for all devices."""
    assert ansible.module("intune_pinreset_consent", {}).status in ("ok", "changed")
    common = {"backend": backend, "enable_pin_recovery": True, "assignments": ALL_DEVICES, **settings}
    return [ansible.module("intune_pin_policy", {"name": name, **common}).result["pin_policy"]["id"] for name in names]


def arrive(ansible, policy: str, *states: str) -> None:
    windows = [device["id"] for device in ansible.tenant.control.devices() if device["operatingSystem"] == "Windows"]
    known = dict(zip(windows, states, strict=False))
    ansible.tenant.control.call("POST", "policy_states", {"policy_id": policy, "states": known})


def read(ansible, **options):
    run = ansible.module(MODULE, options)
    assert run.status == "ok" and not run.changed, run.result
    assert run.writes == [], "nothing is written"
    return run.result["readiness"], run


def codes(readiness) -> list[str]:
    return [reason["code"] for reason in readiness["reasons"]]


def test_a_tenant_becomes_ready(each_execution):
    found, _run = read(each_execution)
    assert (found["ready"], codes(found)) == (False, ["not_connected", "policy_missing"])
    (policy,) = onboard(each_execution, "PIN recovery")
    found, _run = read(each_execution)
    assert (found["ready"], codes(found)) == (False, ["not_arrived"])
    assert found["reasons"][0]["message"].startswith("The policy is configured; 0 of ")
    arrive(each_execution, policy, "succeeded", "succeeded")
    found, _run = read(each_execution, terms="role")
    assert (found["ready"], found["reasons"], found["problems"]) == (True, [], [])
    assert found["levels"]["arrived"] == {"state": "yes", "devices": 2, "total": found["deployment"]["total"]}
    assert found["consent"]["ready"] and [each["id"] for each in found["policies"]] == [policy]


def test_the_verdict_on_three_policies_takes_at_most_twelve_requests(ansible):
    onboard(ansible, "A")
    onboard(ansible, "B", "C", backend="custom")
    expected = {"name": "A", "assignments": [{"target": "group", "group": "Pilot ring"}], "scope_tags": ["Berlin"]}
    found, run = read(ansible, expect=expected, count_devices=True)
    sent = [f"{entry['method']} {entry['path']}" for entry in run.journal if entry["kind"] != "batch_item"]
    assert len(sent) <= MOST_REQUESTS, sent
    assert run.tokens == 1 and len(found["policies"]) == 3 and found["devices"]["total"] == len(ansible.tenant.control.devices())


@pytest.mark.parametrize(
    ("enrollment", "settings", "expected"),
    [
        pytest.param("disabled", {}, ["hello_off_at_enrollment"], id="case 45: off at enrollment"),
        pytest.param("disabled", {"use_passport_for_work": True}, [], id="case 45: off at enrollment, and on by the policy"),
        pytest.param("enabled", {}, [], id="on at enrollment"),
    ],
)
def test_windows_hello_at_enrollment(ansible, enrollment, settings, expected):
    (policy,) = onboard(ansible, "PIN recovery", **settings)
    arrive(ansible, policy, "succeeded")
    ansible.tenant.control.add_policy("enrollment", values={"state": enrollment})
    found, _run = read(ansible)
    assert codes(found) == expected and found["ready"] is (not expected)


def test_what_differs_is_named(each_execution):
    onboard(each_execution, "PIN recovery", minimum_pin_length=6)
    expected = {
        "name": "PIN recovery",
        "settings": {"minimum_pin_length": 8},
        # As a form passes it.
        "assignments": "target=group group='Pilot ring'",
        "scope_tags": "Berlin",
    }
    found, _run = read(each_execution, expect=expected, terms="role")
    told = {each["option"]: (each["current"], each["expected"]) for each in found["differs"]}
    assert told["minimum_pin_length"] == (6, 8) and told["scope_tags"] == (["Default"], ["Berlin"])
    assert [each["group"] for each in told["assignments"][1]] == ["Pilot ring"]
    assert "pin_reset_policy_settings.minimum_pin_length" in str(found["differs"])
    same, _run = read(each_execution, expect={"name": "PIN recovery", "settings": {"minimum_pin_length": 6}})
    assert same["differs"] == []
    missing, _run = read(each_execution, expect={"name": "Another"})
    assert [each["code"] for each in missing["differs"]] == ["missing"] and "policy_missing" in codes(missing)


def test_case_62_an_application_that_may_reset_alone_gets_short_lines(ansible):
    app = ansible.tenant.control.add_app(roles=["DeviceManagementManagedDevices.PrivilegedOperations.All"])
    env = {"INTUNE_CLIENT_ID": app["client_id"], "INTUNE_CLIENT_SECRET": app["client_secret"]}
    run = ansible.module(MODULE, {}, env=env)
    found = run.result["readiness"]
    assert run.status == "ok" and found["ready"] is None
    assert len(found["problems"]) == 3 and max(map(len, found["problems"])) <= 150
    assert all("missing" in problem for problem in found["problems"])


def test_devices_are_exported_and_not_in_check_mode(ansible):
    (policy,) = onboard(ansible, "PIN recovery")
    arrive(ansible, policy, "succeeded", "error")
    ansible.tenant.control.settings(export_reads=0)
    exported = ansible.module(MODULE, {"rollout": "devices"}).result["readiness"]
    assert exported["policies"][0]["rollout"]["source"] == "report" and exported["deployment"]["error"] == 1
    checked = ansible.module(MODULE, {"rollout": "devices"}, check_mode=True)
    assert checked.writes == []


def test_bad_input(ansible):
    runs = ansible.cases(
        MODULE,
        {
            "no name": {"expect": {"scope": "user"}},
            "a number": {"expect": {"name": 12}},
            "a setting": {"expect": {"name": "PIN", "settings": {"minimum_pin_length": 3}}},
            "an unknown setting": {"expect": {"name": "PIN", "settings": {"pin": 3}}},
        },
    )
    told = {name: run.result["msg"] for name, run in runs.items()}
    assert "missing required arguments: name found in expect" in told["no name"]
    assert "expect: name: 12 is not text" in told["a number"]
    assert "minimum_pin_length must be from 4 to 127" in told["a setting"]
    assert "pin" in told["an unknown setting"] and "Supported parameters" in told["an unknown setting"]


# --- one device -----------------------------------------------------------------------------------------------------

LAPTOP = {
    "deviceName": "NEW-0001",
    "serialNumber": "PF3XYZ12",
    "operatingSystem": "Windows",
    "osVersion": "10.0.26100.4061",
    "deviceType": "desktop",
}
# The tenant's clock is real here: the task polls once a second for a device that takes two seconds.
SOON = {"device": "PF3XYZ12", "match_by": "serial_number", "wait_timeout": 60, "interval": 1, "expect": {"name": "PIN recovery"}}
SHORT = {**SOON, "wait_timeout": 1}


def enroll(ansible, policy: str, *states, after: float = 0, **changes) -> str:
    control = ansible.tenant.control
    device = control.add_device(**{**LAPTOP, "enrolls_after": after, **changes})["id"]
    if states:
        control.policy_states(policy, {device: list(states)})
    return device


def test_a_new_device_is_waited_for(each_execution):
    (policy,) = onboard(each_execution, "PIN recovery")
    device = enroll(each_execution, policy, {"state": "succeeded", "after": 2}, after=1)
    found, run = read(each_execution, **SOON)
    assert (found["ready"], found["reasons"], found["device"]["record"]["id"]) == (True, [], device)
    assert found["levels"]["arrived"] == {"state": "yes", "devices": 1, "total": 1}
    assert [each["status"] for each in found["device"]["policies"]] == ["succeeded"]
    assert run.tokens == 1


def test_a_wait_that_ends_without_success_fails_with_the_reason(each_execution):
    (policy,) = onboard(each_execution, "PIN recovery")
    missing = each_execution.module(MODULE, SHORT)
    assert missing.status == "failed" and missing.result["error"]["kind"] == "NotReady" and not missing.changed
    assert re.search(r"is not ready after waiting for \d+ s \(device_missing\): ", missing.result["msg"])
    assert codes(missing.result["readiness"]) == ["device_missing"] and missing.result["error"]["hint"] in missing.result["msg"]
    enroll(each_execution, policy, {"state": "error", "code": 65000})
    failed = each_execution.module(MODULE, {**SHORT, "terms": "role"})
    assert failed.status == "failed" and "(device_failed)" in failed.result["msg"] and "gave no reason" in failed.result["msg"]
    assert failed.result["readiness"]["device"]["policies"][0]["error_code"] == 65000 and failed.writes == []


def test_a_device_that_is_not_eligible_and_a_name_of_two_end_the_wait(ansible):
    (policy,) = onboard(ansible, "PIN recovery")
    enroll(ansible, policy, managedDeviceOwnerType="personal")
    refused = ansible.module(MODULE, SOON)
    assert refused.status == "failed" and "(device_not_eligible)" in refused.result["msg"] and "personally_owned" in refused.result["msg"]
    assert refused.result["readiness"]["ready"] is False
    enroll(ansible, policy, deviceName="NEW-0002")
    several = ansible.module(MODULE, SOON)
    assert several.status == "failed" and "'PF3XYZ12' matches 2 devices by serial_number" in several.result["msg"]
    assert several.result["error"]["kind"] == "Selection" and "NEW-0001" in several.result["msg"] and "NEW-0002" in several.result["msg"]


def test_check_mode_looks_once(ansible):
    (policy,) = onboard(ansible, "PIN recovery")
    looked = ansible.module(MODULE, SOON, check_mode=True)
    assert looked.status == "ok" and looked.writes == [] and codes(looked.result["readiness"]) == ["device_missing"]
    enroll(ansible, policy, "succeeded")
    looked = ansible.module(MODULE, SOON, check_mode=True)
    assert looked.result["readiness"]["ready"] is True


def test_bad_input_for_a_device(ansible):
    runs = ansible.cases(
        MODULE,
        {
            "a number": {"device": 5349},
            "a placeholder": {"device": "To Be Filled By O.E.M.", "match_by": "serial_number"},
            "a blank": {"device": " "},
            "a short interval": {"device": "PF3XYZ12", "interval": 0.1},
            "no time": {"device": "PF3XYZ12", "wait_timeout": -1},
        },
    )
    told = {name: run.result["msg"] for name, run in runs.items()}
    assert "device: 5349 is not text" in told["a number"] and "is a placeholder" in told["a placeholder"]
    assert "A name is blank." in told["a blank"] and "interval must be at least 1 second, not 0.1." in told["a short interval"]
    assert "wait_timeout must be a number of seconds from 0" in told["no time"]
