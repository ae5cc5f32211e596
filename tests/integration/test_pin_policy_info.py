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


def test_finds_what_the_module_made(both_executions):
    for backend, name in (("custom", "A"), ("settings_catalog", "B")):
        options = {"name": name, "backend": backend, "enable_pin_recovery": True, "assignments": [{"target": "all_devices"}]}
        both_executions.module("intune_pin_policy", options)
    found = both_executions.module(MODULE, {})
    shown = [(policy["name"], policy["surface"], policy["backend"], settings_of(policy)) for policy in found.result["pin_policies"]]
    on = {"enable_pin_recovery": True}
    assert shown == [("A", "custom", "custom", on), ("B", "settings_catalog", "settings_catalog", on)]
    assert found.result["pin_policies"][0]["assignments"][0]["target"] == "all_devices"
    assert found.result["findings"] == []
    devices = len(both_executions.tenant.control.devices())
    rollout = found.result["pin_policies"][0]["rollout"]
    assert (rollout["source"], rollout["devices"]) == ("overview", None) and 0 < rollout["pending"] <= devices
    assert found.result["pin_policies"][1]["rollout"] is None
    only = both_executions.module(MODULE, {"name": "B"})
    assert [policy["name"] for policy in only.result["pin_policies"]] == ["B"]
    by_id = both_executions.module(MODULE, {"id": only.result["pin_policies"][0]["id"]})
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
    assert codes(found) == [("conflict", "error"), ("conflict", "error"), ("not_assigned", "warning")], "the intent says otherwise"


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
    assert finding["policies"] == [policy] and wrong in finding["message"] and finding["hint"]
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


# --- how far a policy has come -------------------------------------------------------------------------------------------


def rolled_out(ansible, backend: str = "custom") -> str:
    """Return the ID of a policy that some devices have, and some failed to take."""
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
    return policy


def test_the_overview_counts_quickly(ansible):
    rolled_out(ansible)
    rollout = ansible.module(MODULE, {}).result["pin_policies"][0]["rollout"]
    assert (rollout["succeeded"], rollout["error"], rollout["conflict"], rollout["not_applicable"]) == (1, 2, None, 1)
    assert rollout["total"] == 4 + rollout["pending"] and rollout["updated"]


@pytest.mark.parametrize("settings", [{}, {"export_select": "refuse"}, {"export_reads": 2, "export_url_reads": 2}], ids="".join)
@pytest.mark.parametrize("backend", ["custom", "settings_catalog"])
def test_the_report_names_the_devices_in_error_and_why(each_execution, backend, settings):
    rolled_out(each_execution, backend)
    each_execution.tenant.control.settings(setting_report="profiles", **settings)
    found = each_execution.module(MODULE, {"rollout": "devices"})
    assert (found.status, found.changed, found.result["problems"]) == ("ok", False, []), found.result
    rollout = found.result["pin_policies"][0]["rollout"]
    assert (rollout["source"], rollout["succeeded"], rollout["error"], rollout["conflict"]) == ("report", 1, 1, 1)
    assert sorted(device["status"] for device in rollout["devices"]) == ["conflict", "error"]
    failed = next(device for device in rollout["devices"] if device["status"] == "error")
    assert failed["device_id"] and failed["device_name"]
    told = settings != {"export_select": "refuse"} and backend == "custom"
    assert failed["error_code"] == (-2016281112 if told else None)
    assert failed["error"] == ("the device could not set it (remediation failed)" if told else None)


def test_nobody_learns_the_reports_address(ansible):
    """It holds its own key."""
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
