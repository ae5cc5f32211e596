# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

MODULE = "intune_pin_policy_info"
EVERYWHERE = ({"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"},)
BOOLEAN, STRING = "#microsoft.graph.omaSettingBoolean", "#microsoft.graph.omaSettingString"


def oma(uri: str, value=True, kind: str = BOOLEAN) -> dict:
    return {"@odata.type": kind, "displayName": "PIN", "description": "", "omaUri": uri, "value": value}


def custom(tenant, *settings: dict, name: str = "Custom", assignments=EVERYWHERE) -> str:
    return tenant.control.add_policy("custom", name, values={"omaSettings": list(settings)}, assignments=list(assignments))


def path(tenant, scope: str = "Device", node: str = "EnablePinRecovery") -> str:
    return f"./{scope}/Vendor/MSFT/PassportForWork/{tenant.env['INTUNE_TENANT_ID']}/Policies/{node}"


def settings_of(policy: dict) -> dict:
    """Return the settings that a policy sets."""
    return {name: value for name, value in policy["settings"].items() if value is not None}


def codes(run) -> list[tuple[str, str]]:
    return [(finding["code"], finding["severity"]) for finding in run.result["findings"]]


def test_nothing_is_there(each_execution):
    found = each_execution.module(MODULE, {})
    assert (found.changed, found.writes) == (False, [])
    assert (found.result["pin_policies"], found.result["findings"], found.result["problems"]) == ([], [], [])


def test_finds_what_the_module_made(each_execution):
    for backend, name in (("custom", "A"), ("settings_catalog", "B")):
        options = {"name": name, "backend": backend, "enable_pin_recovery": True, "assignments": [{"target": "all_devices"}]}
        each_execution.module("intune_pin_policy", options)
    found = each_execution.module(MODULE, {})
    shown = [(policy["name"], policy["surface"], policy["backend"], settings_of(policy)) for policy in found.result["pin_policies"]]
    on = {"enable_pin_recovery": True}
    assert shown == [("A", "custom", "custom", on), ("B", "settings_catalog", "settings_catalog", on)]
    assert found.result["pin_policies"][0]["assignments"][0]["target"] == "all_devices"
    assert found.result["findings"] == []
    devices = len(each_execution.tenant.control.devices())
    rollout = found.result["pin_policies"][0]["rollout"]
    assert (rollout["source"], rollout["devices"]) == ("overview", None) and 0 < rollout["pending"] <= devices
    other = found.result["pin_policies"][1]["rollout"]
    assert (other["source"], other["pending"], other["total"]) == ("report", rollout["pending"], rollout["total"])
    only = each_execution.module(MODULE, {"name": "B"})
    assert [policy["name"] for policy in only.result["pin_policies"]] == ["B"]
    by_id = each_execution.module(MODULE, {"id": only.result["pin_policies"][0]["id"]})
    assert by_id.result["pin_policies"] == only.result["pin_policies"]


def test_sees_the_other_surfaces(ansible):
    control = ansible.tenant.control
    catalog = ansible.module("intune_pin_policy", {"name": "C", "backend": "settings_catalog", "enable_pin_recovery": True})
    settings = ansible.tenant.graph(
        "GET", f"/deviceManagement/configurationPolicies/{catalog.result['pin_policy']['id']}/settings", version="beta"
    )["value"]
    plain = [{"settingInstance": setting["settingInstance"]} for setting in settings]
    control.add_policy("account_protection", "Endpoint security", values={"settings": plain}, assignments=list(EVERYWHERE))
    control.add_policy("identity_protection", "Old template", values={"pinRecoveryEnabled": True}, assignments=list(EVERYWHERE))
    control.add_policy("intent", "Intent", values={"pinRecoveryEnabled": False, "pinMinimumLength": 8}, assignments=list(EVERYWHERE))
    control.add_policy("enrollment", values={"state": "disabled"})
    found = ansible.module(MODULE, {"rollout": "none"})
    shown = {policy["surface"]: settings_of(policy) for policy in found.result["pin_policies"]}
    assert shown["account_protection"] == shown["settings_catalog"] == shown["identity_protection"] == {"enable_pin_recovery": True}
    assert shown["intent"] == {"enable_pin_recovery": False, "minimum_pin_length": 8}
    assert shown["enrollment"]["use_passport_for_work"] is False
    assert {policy["backend"] for policy in found.result["pin_policies"]} == {"settings_catalog", None}
    expected = [("conflict", "error"), ("conflict", "error"), ("hello_off_at_enrollment", "error"), ("not_assigned", "warning")]
    assert codes(found) == expected, "the intent says otherwise"


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("uri", "value", "kind", "code", "severity"),
    [
        ("./Vendor/MSFT/Policy/PassportForWork/{tenant}/Policies/EnablePinRecovery", True, BOOLEAN, "wrong_path", "error"),
        ("./Device/Vendor/MSFT/PassportForWork/{{{tenant}}}/Policies/EnablePinRecovery", True, BOOLEAN, "braces", "error"),
        (
            "./Device/Vendor/MSFT/PassportForWork/11111111-2222-3333-4444-555555555555/Policies/EnablePinRecovery",
            True,
            BOOLEAN,
            "wrong_tenant_id",
            "error",
        ),
        ("./Device/Vendor/MSFT/PassportForWork/TenantId/Policies/EnablePinRecovery", True, BOOLEAN, "wrong_tenant_id", "error"),
        ("./Device/Vendor/MSFT/PassportForWork/{TENANT}/Policies/EnablePinRecovery", True, BOOLEAN, "letter_case", "warning"),
        ("./Device/Vendor/MSFT/PassportForWork/{tenant}/Policies/EnablePINReset", True, BOOLEAN, "unknown_path", "error"),
        pytest.param(
            "\u200b.\\Devices\\Vendor\\MSFT\\PasportForWork", True, BOOLEAN, "unknown_path", "error", id="case 46: mistyped altogether"
        ),
        ("./Device/Vendor/MSFT/PassportForWork/{tenant}/Policies/EnablePinRecovery", "true", STRING, "wrong_type", "error"),
    ],
)
def test_finds_what_does_not_work_on_devices(ansible, uri, value, kind, code, severity):
    tenant = ansible.tenant.env["INTUNE_TENANT_ID"]
    wrong = uri.format(tenant=tenant, TENANT=tenant.upper())
    policy = custom(ansible.tenant, oma(wrong, value, kind))
    found = ansible.module(MODULE, {})
    assert codes(found) == [(code, severity)]
    finding = found.result["findings"][0]
    assert finding["policies"] == [policy] and wrong.replace("\u200b", "\\u200b") in finding["message"] and finding["hint"]
    assert settings_of(found.result["pin_policies"][0]) == {}


def test_a_right_path_written_without_device_is_right(ansible):
    custom(ansible.tenant, oma(path(ansible.tenant).replace("./Device", ".")))
    found = ansible.module(MODULE, {})
    assert codes(found) == [] and settings_of(found.result["pin_policies"][0]) == {"enable_pin_recovery": True}


def test_finds_user_and_device_set_against_each_other(ansible):
    policy = custom(ansible.tenant, oma(path(ansible.tenant), True), oma(path(ansible.tenant, "User"), False))
    found = ansible.module(MODULE, {})
    assert codes(found) == [("user_against_device", "error")] and found.result["findings"][0]["policies"] == [policy]


def test_finds_policies_that_disagree_and_says_whether_they_meet(ansible):
    groups = [group["id"] for group in ansible.tenant.graph("GET", "/groups")["value"]][:2]
    first, second = ([{"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}] for group in groups)
    custom(ansible.tenant, oma(path(ansible.tenant), True), name="One", assignments=first)
    other = custom(ansible.tenant, oma(path(ansible.tenant), False), name="Two", assignments=second)
    assert codes(ansible.module(MODULE, {})) == [("conflict", "warning")]
    ansible.tenant.graph(
        "POST", f"/deviceManagement/deviceConfigurations/{other}/assign", {"assignments": [{"target": EVERYWHERE[0]}]}, version="beta"
    )
    found = ansible.module(MODULE, {"name": "Two"})
    assert codes(found) == [("conflict", "error")] and "enable_pin_recovery" in found.result["findings"][0]["message"]
    assert found.result["findings"][0]["policies"] != [other], "names both"
    assert found.result["findings"][0]["settings"] == ["enable_pin_recovery"]


def test_case_45_windows_hello_off_at_enrollment_is_found(ansible):
    tenant = ansible.tenant
    tenant.control.add_policy("enrollment", values={"state": "disabled"})
    policy = custom(tenant, oma(path(tenant)), name="Custom")
    found = ansible.module(MODULE, {"name": "Custom"})
    assert codes(found) == [("hello_off_at_enrollment", "error")] and policy in found.result["findings"][0]["policies"]
    custom(tenant, oma(path(tenant, node="UsePassportForWork")), name="On")
    assert codes(ansible.module(MODULE, {})) == [("hello_off_at_enrollment", "warning")]


def test_settings_for_enrollment_before_the_default_ones_count(ansible):
    control = ansible.tenant.control
    control.add_policy("enrollment", values={"state": "disabled"})
    control.add_policy("enrollment", "For all", assignments=[{"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}])
    found = ansible.module(MODULE, {})
    assert codes(found) == [], "not configured is not off"
    (shown,) = (policy for policy in found.result["pin_policies"] if policy["name"] == "For all")
    assert (shown["surface"], settings_of(shown), shown["assignments"][0]["target"]) == ("enrollment", {}, "all_users")


def test_case_49_assignments_to_groups_that_are_gone_are_found(ansible):
    gone = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": "99999999-1111-4222-8333-444444444444"}
    there = {**gone, "groupId": ansible.tenant.graph("GET", "/groups")["value"][0]["id"]}
    custom(ansible.tenant, oma(path(ansible.tenant)), name="Lost", assignments=[gone])
    custom(ansible.tenant, oma(path(ansible.tenant)), name="Partly", assignments=[gone, there])
    found = ansible.module(MODULE, {})
    assert codes(found) == [("deleted_group", "error"), ("deleted_group", "warning")]
    assert all(gone["groupId"] in finding["message"] for finding in found.result["findings"])


def test_what_cannot_be_read_is_told_and_the_rest_is_shown(ansible):
    app = ansible.tenant.control.add_app(roles=["DeviceManagementConfiguration.Read.All"])
    env = {"INTUNE_CLIENT_ID": app["client_id"], "INTUNE_CLIENT_SECRET": app["client_secret"]}
    custom(ansible.tenant, oma(path(ansible.tenant)))
    found = ansible.module(MODULE, {}, env=env)
    assert found.status == "ok" and len(found.result["pin_policies"]) == 1
    assert len(found.result["problems"]) == 1 and "enrollment" in found.result["problems"][0]
    assert "DeviceManagementServiceConfig" in found.result["problems"][0]


def test_bad_input(ansible):
    assert ansible.module(MODULE, {"id": "x"}).result["pin_policies"] == []
    assert "mutually exclusive" in ansible.module(MODULE, {"id": "x", "name": "y"}).result["msg"]


# --- check-in status -----------------------------------------------------------------------------------------------------


def rolled_out(ansible, backend: str = "custom") -> str:
    """Return the ID of a policy that succeeded on some devices, and failed on others."""
    options = {"name": "PIN", "backend": backend, "enable_pin_recovery": True, "assignments": [{"target": "all_devices"}]}
    policy = ansible.module("intune_pin_policy", options).result["pin_policy"]["id"]
    windows = [device["id"] for device in ansible.tenant.control.devices() if device["operatingSystem"] == "Windows"]
    states = {
        windows[0]: "succeeded",
        windows[1]: {"state": "error", "code": -2016281112},
        windows[2]: {"state": "conflict", "code": -2016281106},
        windows[3]: "notApplicable",
    }
    ansible.tenant.control.call("POST", "policy_states", {"policy_id": policy, "states": states})
    # The first read of an export is after three seconds, the second one four seconds later.
    ansible.tenant.control.settings(export_reads=0)
    return policy


def test_the_overview_counts_quickly(ansible):
    rolled_out(ansible)
    rollout = ansible.module(MODULE, {}).result["pin_policies"][0]["rollout"]
    assert (rollout["succeeded"], rollout["error"], rollout["conflict"], rollout["not_applicable"]) == (1, 2, None, 1)
    assert rollout["total"] == 4 + rollout["pending"] and rollout["updated"]


BACKENDS = pytest.mark.parametrize("backend", ["custom", "settings_catalog"])


@BACKENDS
def test_the_report_names_the_devices_in_error_and_why(each_execution, backend):
    rolled_out(each_execution, backend)
    each_execution.tenant.control.settings(setting_report="profiles")
    found = each_execution.module(MODULE, {"rollout": "devices"})
    assert (found.status, found.changed, found.result["problems"]) == ("ok", False, []), found.result
    rollout = found.result["pin_policies"][0]["rollout"]
    assert (rollout["source"], rollout["succeeded"], rollout["error"], rollout["conflict"]) == ("report", 1, 1, 1)
    assert [(setting["succeeded"], setting["error"], setting["conflict"]) for setting in rollout["settings"]] == [(1, 1, 1)]
    errors = {device["status"]: (device["error_code"], device["error"]) for device in rollout["devices"]}
    assert errors == {
        "error": (-2016281112, "the device could not set it (remediation failed)"),
        "conflict": (-2016281106, "another policy won the conflict"),
    }
    assert all(device["device_id"] and device["device_name"] and device["user_principal_name"] for device in rollout["devices"])


NUMBERS = ("total", "succeeded", "error", "conflict", "pending", "not_applicable", "other")
OPEN = [
    pytest.param({}, id="case 52: a first try"),
    pytest.param({"report_language": "de"}, id="case 52: German"),
    pytest.param({"report_language": "de", "report_status": "number"}, id="case 52: numbers beside German words"),
    pytest.param({"report_rows": "system_and_user"}, id="case 53: the system account and a user"),
    pytest.param({"report_rows": "system_and_user", "report_language": "de", "report_system_upn": "blank"}, id="case 53: blank"),
]


@pytest.mark.exhaustive
@pytest.mark.parametrize("settings", OPEN)
def test_a_settings_catalog_policy_has_an_overview_that_counts_each_device_once(ansible, settings):
    policy = rolled_out(ansible, "settings_catalog")
    control = ansible.tenant.control
    control.settings(**settings)
    windows = control.policy_states(policy, {})
    last = control.journal()[-1]["seq"]
    found = ansible.module(MODULE, {})
    assert (found.writes, found.result["problems"]) == ([], [])
    rollout = found.result["pin_policies"][0]["rollout"]
    assert [rollout[name] for name in NUMBERS] == [len(windows), 1, 1, 1, len(windows) - 4, 1, 0]
    reports = [entry["path"].rpartition("/")[2] for entry in control.journal(last) if "/reports/" in entry["path"]]
    assert set(reports) == {"getConfigurationPolicyDevicesReport"}


def test_case_53_a_user_that_failed_makes_the_device_one_that_failed(ansible):
    """Code 65000 is of the user; the system account of the device has succeeded."""
    policy = rolled_out(ansible, "settings_catalog")
    control = ansible.tenant.control
    device = next(iter(control.policy_states(policy, {})))
    control.policy_states(policy, {device: {"state": "succeeded", "user": {"state": "error", "code": 65000}}})
    control.settings(report_rows="system_and_user", report_language="de")
    last = control.journal()[-1]["seq"]
    rollout = ansible.module(MODULE, {"rollout": "devices"}).result["pin_policies"][0]["rollout"]
    assert (rollout["error"], rollout["other"]) == (2, 0)
    failed = next(found for found in rollout["devices"] if found["device_id"] == device)
    assert (failed["status"], failed["error_code"]) == ("error", 65000) and "gave no reason" in failed["error"]
    assert "@" in failed["user_principal_name"]
    reports = [entry for entry in control.journal(last) if "/reports/" in entry["path"]]
    assert [entry for entry in reports if entry["status"] >= 400] == [], "no request is refused"


def test_case_53_a_status_that_is_not_known_is_told(ansible):
    policy = rolled_out(ansible, "settings_catalog")
    device = next(iter(ansible.tenant.control.policy_states(policy, {})))
    ansible.tenant.control.policy_states(policy, {device: "notAssigned"})
    rollout = ansible.module(MODULE, {}).result["pin_policies"][0]["rollout"]
    assert rollout["other"] == 1
    assert [found["error"] for found in rollout["devices"] if found["status"] == "other"] == [
        "Intune reports the status '7', which is not known here"
    ]


@pytest.mark.exhaustive
def test_a_policy_for_a_fleet_has_no_quick_overview_but_a_report(ansible):
    policy = rolled_out(ansible, "settings_catalog")
    for number in range(500):
        device = ansible.tenant.control.call("POST", "devices", {"deviceName": f"PC-{number}"})["id"]
    ansible.tenant.control.policy_states(policy, {device: {"state": "error", "code": 65000}})
    ansible.tenant.control.settings(report_rows="system_and_user")
    found = ansible.module(MODULE, {})
    assert found.result["pin_policies"][0]["rollout"] is None
    (problem,) = found.result["problems"]
    assert "at most 1000 are read for an overview" in problem and "rollout" in problem
    rollout = ansible.module(MODULE, {"rollout": "devices"}).result["pin_policies"][0]["rollout"]
    assert (rollout["total"], rollout["error"]) == (530, 2)
    assert rollout["total"] == sum(rollout[name] for name in NUMBERS[1:])


def test_a_report_needs_no_choice_of_columns(ansible):
    rolled_out(ansible)
    ansible.tenant.control.settings(export_select="refuse")
    found = ansible.module(MODULE, {"rollout": "devices"})
    assert found.result["problems"] == []
    rollout = found.result["pin_policies"][0]["rollout"]
    assert (rollout["succeeded"], rollout["error"], len(rollout["settings"])) == (1, 1, 1)


def test_nobody_learns_the_reports_address(ansible):
    """The address contains its own key."""
    rolled_out(ansible)
    ansible.tenant.control.arm("status", "GET", "^/exports/", times=None, status=404)
    play = ansible.tasks([{"name": "info", f"endpointops.intune.{MODULE}": {"rollout": "devices", "retry_timeout": 0}}], "-vvvv")
    assert "could not be downloaded" in str(play["info"].result["problems"])
    assert "sig=" not in play.output and "/exports/" not in play.output


def test_a_report_that_does_not_come_is_told(ansible):
    rolled_out(ansible)
    ansible.tenant.control.settings(export_outcome="failed")
    assert "could not export" in ansible.module(MODULE, {"rollout": "devices"}).result["problems"][0]
    ansible.tenant.control.settings(export_outcome="completed", export_reads=1000)
    late = ansible.module(MODULE, {"rollout": "devices", "rollout_timeout": 1})
    assert "Timed out after 1 seconds" in late.result["problems"][0] and late.result["pin_policies"][0]["rollout"] is None


def test_check_mode_exports_nothing(ansible):
    rolled_out(ansible)
    found = ansible.module(MODULE, {"rollout": "devices"}, check_mode=True)
    assert found.writes == [] and found.result["pin_policies"][0]["rollout"]["source"] == "overview"
