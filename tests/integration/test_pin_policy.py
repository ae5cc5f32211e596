# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from .harness import four_beats, one_of

MODULE = "intune_pin_policy"
POLICIES = "/deviceManagement/deviceConfigurations"
NAME = "PIN recovery"
PRESENT = {"name": NAME, "enable_pin_recovery": True}
CUSTOM = "#microsoft.graph.windows10CustomConfiguration"


CATALOG = "/deviceManagement/configurationPolicies"
BACKENDS = ["custom", "settings_catalog"]
NO_FILTER = {"filter": None, "filter_id": None, "filter_type": None}
ALL_DEVICES = {"target": "all_devices", "group": None, "group_id": None, **NO_FILTER}
SETTINGS = {
    "enable_pin_recovery": True,
    "use_passport_for_work": True,
    "require_security_device": False,
    "exclude_security_devices_tpm12": True,
    "use_certificate_for_on_prem_auth": False,
    "use_cloud_trust_for_on_prem_auth": True,
    "use_hello_certificates_as_smart_card_certificates": False,
    "use_remote_passport": True,
    "minimum_pin_length": 6,
    "maximum_pin_length": 12,
    "uppercase_letters": "blocked",
    "lowercase_letters": "allowed",
    "special_characters": "blocked",
    "digits": "required",
    "pin_history": 5,
    "pin_expiration": 90,
    "use_biometrics": True,
    "use_enhanced_anti_spoofing": True,
    "enable_ess_with_supported_peripherals": True,
    "device_unlock_group_a": "{D6886603-9D2F-4EB2-B667-1971041FA96B}",
    "device_unlock_group_b": "{BEC09223-B018-416D-A0AC-523971B639F5}",
    "device_unlock_plugins": '<rule schemaVersion="1.0"></rule>',
    "dynamic_lock": True,
    "dynamic_lock_plugins": '<rule schemaVersion="1.0"></rule>',
    "use_security_key_for_signin": True,
    "enable_web_sign_in": "enabled",
    "web_sign_in_allowed_urls": ["login.contoso.com", "sts.contoso.com"],
    "webcam_access_domain_names": ["login.contoso.com"],
    "preferred_aad_tenant_domain_name": "contoso.com",
    "allow_aad_password_reset": True,
    "enable_passwordless_experience": "enabled",
    "cloud_kerberos_ticket_retrieval": True,
}
OF_USERS = (
    "enable_pin_recovery",
    "use_passport_for_work",
    "require_security_device",
    "minimum_pin_length",
    "maximum_pin_length",
    "uppercase_letters",
    "lowercase_letters",
    "special_characters",
    "digits",
    "pin_history",
    "pin_expiration",
)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=one_of(*reversed(BACKENDS)))
def each_backend(request: pytest.FixtureRequest) -> str:
    """Like backend, but use the custom profile only in `make test-all`: for results that hardly depend on the type."""
    return request.param


def path(backend: str) -> str:
    return POLICIES if backend == "custom" else CATALOG


def stored(tenant, backend: str) -> list[str]:
    """Return the names of the policies of a backend in the tenant."""
    name = "displayName" if backend == "custom" else "name"
    found = tenant.graph("GET", path(backend), version="beta")["value"]
    return sorted(item[name] for item in found if backend != "custom" or item["@odata.type"] == CUSTOM)


def group_id(tenant, name: str) -> str:
    groups = [group["id"] for group in tenant.graph("GET", "/groups")["value"] if group["displayName"] == name]
    return groups[0]


def uri(tenant, scope: str = "Device") -> str:
    return f"./{scope}/Vendor/MSFT/PassportForWork/{tenant.env['INTUNE_TENANT_ID']}/Policies/EnablePinRecovery"


def make(tenant, name: str = NAME, **values) -> dict:
    body = {"@odata.type": CUSTOM, "displayName": name, "description": "", "omaSettings": [], **values}
    return tenant.graph("POST", POLICIES, body)


def test_creates_the_policy_and_assigns_it(each_execution, backend):
    beats = four_beats(each_execution, MODULE, {**PRESENT, "backend": backend, "assignments": [{"target": "all_devices"}]})
    policy = beats.run_again.result["pin_policy"]
    assert policy == beats.run.result["pin_policy"]
    assert [write.replace(policy["id"], "ID") for write in beats.run.writes] == [f"POST {path(backend)}", f"POST {path(backend)}/ID/assign"]
    assert (policy["backend"], policy["oma_uri"]) == (backend, uri(each_execution.tenant))
    assert (policy["settings"]["enable_pin_recovery"], policy["settings"]["minimum_pin_length"]) == (True, None)
    assert (policy["assignments"], policy["scope_tag_ids"]) == ([ALL_DEVICES], ["0"])
    assert beats.check.result["pin_policy"] == {**policy, "id": None}
    assert beats.run.result["diff"]["before"] == {}
    assert beats.run.result["approval"] is None


def test_a_second_run_asks_once(ansible, backend):
    options = {**PRESENT, "backend": backend, "assignments": [{"target": "all_devices"}]}
    again = ansible.cases(MODULE, {"first": options, "again": options})["again"]
    assert [entry["path"] for entry in again.journal if entry["kind"] == "graph"] == [path(backend)]


def test_the_custom_profile_has_the_right_path(ansible):
    found = ansible.module(MODULE, PRESENT)
    setting = ansible.tenant.graph("GET", f"{POLICIES}/{found.result['pin_policy']['id']}")["omaSettings"][0]
    assert (setting["omaUri"], setting["value"]) == (uri(ansible.tenant), True)


def test_sets_every_setting_and_changes_them(each_execution, backend):
    beats = four_beats(each_execution, MODULE, {"name": NAME, "backend": backend, **SETTINGS})
    found = beats.run.result["pin_policy"]["settings"]
    assert {name: found[name] for name in SETTINGS} == SETTINGS
    changes = {"enable_pin_recovery": False, "pin_history": 0, "digits": "allowed", "web_sign_in_allowed_urls": [], "dynamic_lock": False}
    other = {**SETTINGS, **changes}
    changed = four_beats(each_execution, MODULE, {"name": NAME, "backend": backend, **other})
    assert len(changed.run.writes) == 1, "one write for all of it"
    found = changed.run.result["pin_policy"]["settings"]
    assert {name: found[name] for name in other} == {**other, "web_sign_in_allowed_urls": None}
    assert not each_execution.module(MODULE, {"name": NAME, "backend": backend, "pin_history": 0}).changed, "the others are left alone"


def test_case_54_enhanced_sign_in_security_is_not_switched_off_unnoticed(ansible, each_backend):
    found = ansible.module(MODULE, {**PRESENT, "backend": each_backend, "enable_ess_with_supported_peripherals": False})
    (warning,) = found.result["warnings"]
    assert "Enhanced Sign-in Security off" in warning and "must reset their PIN" in warning
    findings = ansible.module("intune_pin_policy_info", {"rollout": "none"}).result["findings"]
    assert "ess_off" in [finding["code"] for finding in findings]


def test_settings_of_users_are_apart_from_those_of_devices(ansible, each_backend):
    ansible.module(MODULE, {**PRESENT, "backend": each_backend})
    users = {name: SETTINGS[name] for name in OF_USERS}
    beats = four_beats(ansible, MODULE, {"name": NAME, "backend": each_backend, "scope": "user", **users})
    found = beats.run.result["pin_policy"]
    assert {name: found["settings"][name] for name in users} == users
    assert found["oma_uri"] == uri(ansible.tenant, "User")
    device = ansible.module(MODULE, {"name": NAME, "backend": each_backend}).result["pin_policy"]["settings"]
    assert (device["enable_pin_recovery"], device["minimum_pin_length"]) == (True, None)
    assert stored(ansible.tenant, each_backend) == [NAME]


def test_changes_setting_description_and_name(each_execution, each_backend):
    made = each_execution.module(MODULE, {**PRESENT, "backend": each_backend}).result["pin_policy"]["id"]
    wanted = {"id": made, "name": "Renamed", "description": "New.", "enable_pin_recovery": False, "backend": each_backend}
    beats = four_beats(each_execution, MODULE, wanted)
    assert beats.run.writes == [f"{'PATCH' if each_backend == 'custom' else 'PUT'} {path(each_backend)}/{made}"]
    same = {"assignments": [], "scope_tags": ["Default"]}
    assert beats.run.result["diff"] == {
        "before": {"name": NAME, "description": "", "settings": {"enable_pin_recovery": True}, **same},
        "after": {"name": "Renamed", "description": "New.", "settings": {"enable_pin_recovery": False}, **same},
    }
    renamed = four_beats(each_execution, MODULE, {"id": made, "name": "Again", "backend": each_backend})
    assert renamed.run.writes == [f"PATCH {path(each_backend)}/{made}"]
    assert renamed.run.result["pin_policy"]["settings"]["enable_pin_recovery"] is False


def test_replaces_assignments_and_purge_false_adds(each_execution, each_backend):
    tenant = each_execution.tenant
    names = distinct_groups(tenant)[:2]
    first, second = (group_id(tenant, name) for name in names)
    named = {"name": NAME, "backend": each_backend}
    each_execution.module(MODULE, {**named, "enable_pin_recovery": True, "assignments": [{"target": "group", "group": first}]})
    added = four_beats(
        each_execution, MODULE, {**named, "assignments": [{"target": "exclude_group", "group": names[1]}], "purge_assignments": False}
    )
    assert added.run.result["pin_policy"]["assignments"] == [
        {"target": "exclude_group", "group": names[1], "group_id": second, **NO_FILTER},
        {"target": "group", "group": names[0], "group_id": first, **NO_FILTER},
    ]
    assert added.check.result["pin_policy"]["assignments"] == added.run.result["pin_policy"]["assignments"]
    assert [each["group"] for each in added.run.result["diff"]["before"]["assignments"]] == names[:1]
    assert [each["group"] for each in added.run.result["diff"]["after"]["assignments"]] == [names[1], names[0]]
    exact = four_beats(each_execution, MODULE, {**named, "assignments": [{"target": "all_devices"}, {"target": "all_users"}]})
    assert [item["target"] for item in exact.run.result["pin_policy"]["assignments"]] == ["all_devices", "all_users"]
    cleared = four_beats(each_execution, MODULE, {**named, "assignments": []})
    assert cleared.run.result["pin_policy"]["assignments"] == []
    assert not each_execution.module(MODULE, named).changed, "unset leaves alone"


def distinct_groups(tenant) -> list[str]:
    names = [group["displayName"] for group in tenant.graph("GET", "/groups")["value"]]
    return sorted(name for name in names if names.count(name) == 1)


def test_removes_the_policy(each_execution, each_backend):
    made = each_execution.module(MODULE, {**PRESENT, "backend": each_backend}).result["pin_policy"]["id"]
    beats = four_beats(each_execution, MODULE, {"name": NAME, "state": "absent", "backend": each_backend})
    assert beats.run.writes == [f"DELETE {path(each_backend)}/{made}"]
    assert beats.run.result["pin_policy"] is None
    assert beats.run.result["diff"]["after"] == {}


WIFI = {
    "@odata.type": "#microsoft.graph.omaSettingString",
    "displayName": "Office Wi-Fi",
    "description": "",
    "omaUri": "./Vendor/MSFT/WiFi/Profile/Office/WlanXml",
    "value": "<WLANProfile/>",
}


def test_case_48_a_profile_of_others_is_removed_only_with_force(each_execution):
    made = make(each_execution.tenant, omaSettings=[WIFI])["id"]
    options = {"name": NAME, "state": "absent"}
    for check in (False, True):
        found = each_execution.module(MODULE, options, check_mode=check)
        assert found.status == "failed" and found.writes == [] and not found.changed
        assert made in found.result["msg"] and "WiFi/Profile/Office/WlanXml" in found.result["msg"] and "force" in found.result["msg"]
    # The second run has no warnings.
    runs = [each_execution.module(MODULE, {**options, "force": True}, check_mode=check) for check in (True, False, False)]
    assert [run.writes for run in runs] == [[], [f"DELETE {POLICIES}/{made}"], []]
    assert [run.changed for run in runs] == [True, True, False]
    assert all("WiFi/Profile/Office/WlanXml" in run.result["warnings"][0] for run in runs[:2])


def test_case_56_a_policy_of_the_settings_catalog_is_found_without_its_backend(each_execution):
    made = each_execution.module(MODULE, {**PRESENT, "backend": "settings_catalog"}).result["pin_policy"]["id"]
    found = each_execution.module("intune_pin_policy_info", {"name": NAME})
    assert [policy["id"] for policy in found.result["pin_policies"]] == [made]
    kept = each_execution.module(MODULE, {"name": NAME, "state": "absent", "backend": "custom"})
    assert not kept.changed and made in kept.result["warnings"][0]
    beats = four_beats(each_execution, MODULE, {"name": NAME, "state": "absent"})
    assert beats.run.writes == [f"DELETE {CATALOG}/{made}"]
    assert beats.run.result["diff"]["before"]["settings"] == {"enable_pin_recovery": True}


def test_case_49_a_deleted_group_is_named_before_the_first_write(ansible, each_backend):
    gone, added = "99999999-1111-4222-8333-444444444444", distinct_groups(ansible.tenant)[0]
    ansible.module(MODULE, {**PRESENT, "backend": each_backend})
    path_of = f"{path(each_backend)}/{ansible.module(MODULE, {'name': NAME, 'backend': each_backend}).result['pin_policy']['id']}"
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": gone}
    ansible.tenant.graph("POST", f"{path_of}/assign", {"assignments": [{"target": target}]}, version="beta")
    ansible.tenant.control.settings(assign_checks_groups=True)
    task = {"name": NAME, "backend": each_backend, "assignments": [{"target": "group", "group": added}]}
    refused(ansible, {**task, "enable_pin_recovery": False, "purge_assignments": False}, gone, "purge_assignments")
    assert ansible.module(MODULE, {"name": NAME, "backend": each_backend, "enable_pin_recovery": False}).changed, "no assignment is written"
    if each_backend == "custom":
        refused(ansible, {"name": NAME, "backend": "settings_catalog", "replace_custom": True}, gone, "purge_assignments")
    assert ansible.module(MODULE, task).changed, "the way out"


def test_keeps_settings_that_are_not_its_own(ansible):
    other = {
        "@odata.type": "#microsoft.graph.omaSettingInteger",
        "displayName": "Length",
        "description": "",
        "omaUri": "./Device/Vendor/MSFT/PassportForWork/x/Policies/PINComplexity/MinimumPINLength",
        "value": 6,
    }
    created = make(ansible.tenant, omaSettings=[other])
    assert ansible.module(MODULE, PRESENT).changed
    kept = ansible.tenant.graph("GET", f"{POLICIES}/{created['id']}")["omaSettings"]
    assert [setting["value"] for setting in kept] == [6, True]


def test_does_not_destroy_a_secret_that_it_cannot_read(ansible):
    kind = "#microsoft.graph.omaSettingString"
    secret = {"@odata.type": kind, "displayName": "S", "description": "", "omaUri": "./Device/X", "value": "hidden"}
    make(ansible.tenant, omaSettings=[secret])
    found = ansible.module(MODULE, PRESENT)
    assert found.status == "failed" and "./Device/X" in found.result["msg"]
    assert found.writes == []


def test_keeps_settings_of_a_catalog_policy_that_are_not_its_own(ansible):
    ansible.module(MODULE, {**PRESENT, "backend": "settings_catalog", "scope": "user"})
    ansible.module(MODULE, {"name": NAME, "backend": "settings_catalog", "minimum_pin_length": 6})
    (policy,) = ansible.tenant.graph("GET", f"{CATALOG}?$expand=settings", version="beta")["value"]
    assert len(policy["settings"]) == 2, "the user's group and the device's"


def test_refuses_a_hidden_value_that_cannot_be_compared(ansible):
    ansible.module(MODULE, {"name": NAME, "device_unlock_plugins": "<a/>"})
    ansible.tenant.control.settings(plain_text_value="refuse")
    all_refused(
        ansible,
        ({"name": NAME, "device_unlock_plugins": "<b/>"}, ["does not reveal", "device_unlock_plugins"]),
        ({"name": NAME, "enable_pin_recovery": True}, ["does not show"]),
    )
    assert not ansible.module(MODULE, {"name": NAME}).changed


def test_keeps_a_filter_on_an_assignment_that_stays(ansible):
    created = make(ansible.tenant)
    groups = distinct_groups(ansible.tenant)
    identity = group_id(ansible.tenant, groups[0])
    filters = ansible.tenant.graph("GET", "/deviceManagement/assignmentFilters", version="beta")["value"]
    target = {
        "@odata.type": "#microsoft.graph.groupAssignmentTarget",
        "groupId": identity,
        "deviceAndAppManagementAssignmentFilterId": filters[0]["id"],
        "deviceAndAppManagementAssignmentFilterType": "include",
    }
    ansible.tenant.graph("POST", f"{POLICIES}/{created['id']}/assign", {"assignments": [{"target": target}]}, version="beta")
    wanted = [{"target": "group", "group": identity}, {"target": "exclude_group", "group": groups[1]}]
    assert ansible.module(MODULE, {"name": NAME, "assignments": wanted}).changed
    found = ansible.tenant.graph("GET", f"{POLICIES}/{created['id']}/assignments", version="beta")["value"]
    kept = next(item["target"] for item in found if item["target"].get("groupId") == identity)
    assert kept["deviceAndAppManagementAssignmentFilterId"] == target["deviceAndAppManagementAssignmentFilterId"]
    assert kept["deviceAndAppManagementAssignmentFilterType"] == "include"


def test_names_the_way_round_the_block_on_new_custom_profiles(ansible):
    ansible.tenant.control.settings(custom_profile_block="catalog")
    found = ansible.module(MODULE, PRESENT)
    assert found.status == "failed" and "settings_catalog" in found.result["msg"] and found.result["error"]["request_id"]
    ansible.tenant.control.settings(custom_profile_block="off")
    make(ansible.tenant)
    ansible.tenant.control.settings(custom_profile_block="catalog")
    assert ansible.module(MODULE, PRESENT).changed, "an existing profile stays editable"


def test_says_what_was_done_when_the_assignment_fails(ansible, each_backend):
    options = {**PRESENT, "backend": each_backend, "assignments": [{"target": "all_devices"}]}
    ansible.tenant.control.arm("status", "POST", "/assign$", status=400)
    found = ansible.module(MODULE, options)
    assert found.status == "failed" and "was made, but its assignments were not set" in found.result["msg"]
    assert found.changed, "the policy is there"
    again = ansible.module(MODULE, options)
    assert again.changed and again.writes == [f"POST {path(each_backend)}/{again.result['pin_policy']['id']}/assign"]


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
def test_a_create_whose_answer_is_lost_is_not_made_twice(ansible, each_backend, fault):
    options = {**PRESENT, "backend": each_backend}
    ansible.tenant.control.arm(fault, "POST", path(each_backend) + "$")
    found = ansible.module(MODULE, options)
    assert found.status == "failed" and "Run again" in found.result["msg"], found.result
    assert ansible.module(MODULE, options).status == "ok" and stored(ansible.tenant, each_backend) == [NAME]


def test_assigns_with_filters_by_name_and_scope_tags(each_execution, each_backend):
    tenant = each_execution.tenant
    filters = tenant.graph("GET", "/deviceManagement/assignmentFilters", version="beta")["value"]
    names = [item["displayName"] for item in filters]
    usable = next(item for item in filters if item["platform"] == "windows10AndLater" and names.count(item["displayName"]) == 1)
    tag = next(item for item in tenant.graph("GET", "/deviceManagement/roleScopeTags", version="beta")["value"] if item["id"] != "0")
    target = {"target": "all_devices", "filter": usable["displayName"], "filter_type": "exclude"}
    options = {**PRESENT, "backend": each_backend, "assignments": [target], "scope_tags": [tag["displayName"], "0"]}
    beats = four_beats(each_execution, MODULE, options)
    found = beats.run.result["pin_policy"]
    shown = {"group": None, "group_id": None, "filter": usable["displayName"], "filter_id": usable["id"]}
    assert found["assignments"] == [{"target": "all_devices", **shown, "filter_type": "exclude"}]
    assert beats.run.result["diff"]["after"]["scope_tags"] == sorted([tag["displayName"], "Default"])
    assert found["scope_tag_ids"] == ["0", tag["id"]]
    kept = each_execution.module(MODULE, {"name": NAME, "backend": each_backend, "assignments": [{"target": "all_devices"}]})
    assert not kept.changed, "a filter that is not named stays"
    cleared = four_beats(
        each_execution,
        MODULE,
        {"name": NAME, "backend": each_backend, "assignments": [{"target": "all_devices", "filter": ""}], "scope_tags": []},
    )
    found = cleared.run.result["pin_policy"]
    assert (found["assignments"], found["scope_tag_ids"]) == ([ALL_DEVICES], ["0"])


def test_filters_that_do_not_fit_are_refused(ansible, each_backend):
    filters = ansible.tenant.graph("GET", "/deviceManagement/assignmentFilters", version="beta")["value"]
    names = [item["displayName"] for item in filters]
    android = next(item for item in filters if item["platform"] != "windows10AndLater")
    twice = next(item["displayName"] for item in filters if names.count(item["displayName"]) == 2)
    ids = [item["id"] for item in filters if item["displayName"] == twice]
    options = {**PRESENT, "backend": each_backend}
    all_refused(
        ansible,
        ({**options, "assignments": [{"target": "all_devices", "filter": android["displayName"]}]}, ["not for Windows"]),
        ({**options, "assignments": [{"target": "all_devices", "filter": twice}]}, ids),
    )


def test_finds_the_tenant_by_itself_when_it_is_named_by_domain_or_not_at_all(ansible):
    token = ansible.tenant.control.token()
    found = ansible.module(MODULE, {**PRESENT, "auth_method": "access_token", "access_token": token, "tenant_id": ""}, check_mode=True)
    assert found.result["pin_policy"]["oma_uri"] == uri(ansible.tenant)


def test_a_tenant_id_of_another_tenant_is_refused(ansible):
    options = {"auth_method": "access_token", "access_token": ansible.tenant.control.token()}
    refused(ansible, {**PRESENT, **options, "tenant_id": "11111111-2222-3333-4444-555555555555"}, "belongs to the tenant")


def refused(ansible, options: dict, *words: str) -> None:
    all_refused(ansible, (options, words))


def all_refused(ansible, *cases: tuple[dict, t.Sequence[str]]) -> None:
    """Assert that each is refused with all of its words, and that nothing is written."""
    runs = ansible.cases(MODULE, {f"case {number}": options for number, (options, _words) in enumerate(cases)})
    for (options, words), found in zip(cases, runs.values(), strict=True):
        assert found.status == "failed", (options, found.result)
        assert found.writes == [], options
        for word in words:
            assert word in found.result["msg"], (options, found.result["msg"])


def test_two_profiles_of_one_name_are_refused_with_their_ids(ansible):
    ids = [make(ansible.tenant)["id"] for _time in range(2)]
    refused(ansible, PRESENT, *ids)


def test_a_profile_of_another_type_is_refused(ansible):
    other = next(item for item in ansible.tenant.graph("GET", POLICIES)["value"] if item["@odata.type"] != CUSTOM)
    all_refused(
        ansible,
        ({**PRESENT, "name": other["displayName"]}, [other["id"], "another type"]),
        ({**PRESENT, "id": other["id"]}, [other["@odata.type"]]),
    )


def test_a_policy_of_a_template_is_not_taken_for_one_of_the_catalog(ansible):
    options = {**PRESENT, "backend": "settings_catalog"}
    ansible.module(MODULE, options)
    (policy,) = ansible.tenant.graph("GET", f"{CATALOG}?$expand=settings", version="beta")["value"]
    plain = [{"settingInstance": setting["settingInstance"]} for setting in policy["settings"]]
    other = ansible.tenant.control.add_policy("account_protection", "From a template", values={"settings": plain})
    all_refused(
        ansible,
        ({**options, "name": "From a template"}, [other, "another type", "template"]),
        ({**options, "id": other, "name": "New name"}, ["template"]),
    )


def test_two_catalog_policies_of_one_name_are_refused_with_their_ids(ansible):
    options = {**PRESENT, "backend": "settings_catalog"}
    first = ansible.module(MODULE, options).result["pin_policy"]["id"]
    second = ansible.tenant.control.add_policy("settings_catalog", NAME)
    refused(ansible, options, first, second)


BAD = (
    ({"name": NAME}, ["enable_pin_recovery"]),
    (
        {**PRESENT, "minimum_pin_length": 3, "maximum_pin_length": 200},
        ["minimum_pin_length must be from 4 to 127, not 3", "maximum_pin_length must be from 4 to 127, not 200"],
    ),
    ({**PRESENT, "minimum_pin_length": 9, "maximum_pin_length": 8}, ["Windows would use neither"]),
    ({**PRESENT, "pin_expiration": 731}, ["from 0 to 730, not 731"]),
    ({**PRESENT, "web_sign_in_allowed_urls": ["https://login.contoso.com/x"]}, ["must hold host names"]),
    ({**PRESENT, "device_unlock_group_a": "x"}, ["GUIDs in braces"]),
    ({**PRESENT, "scope": "user", "dynamic_lock": True}, ["for the device only"]),
    ({**PRESENT, "backend": "settings_catalog", "disable_post_logon_provisioning": True}, ["not in Intune's settings catalog"]),
    ({**PRESENT, "replace_custom": True}, ["needs the backend settings_catalog"]),
    ({**PRESENT, "scope_tags": ["No tag"]}, ["No tag"]),
    ({**PRESENT, "assignments": [{"target": "all_devices", "filter": "No filter"}]}, ["No filter"]),
    ({"enable_pin_recovery": True}, ["name", "id"]),
    ({**PRESENT, "id": "00000000-1111-2222-3333-444444444444"}, ["00000000-1111-2222-3333-444444444444"]),
    ({**PRESENT, "id": "not-a-guid"}, ["not-a-guid"]),
    ({**PRESENT, "assignments": [{"target": "group"}]}, ["group"]),
    ({**PRESENT, "assignments": [{"target": "group", "group": None}]}, ["needs a group"]),
    ({**PRESENT, "tenant_id": "contoso.test", "auth_method": "access_token"}, ["access_token"]),
    (
        {**PRESENT, "assignments": [{"target": "group", "group": "No such"}, {"target": "exclude_group", "group": "Nor this"}]},
        ["No such", "Nor this"],
    ),
    (
        {**PRESENT, "assignments": [{"target": "group", "group": "99999999-1111-2222-3333-444444444444"}]},
        ["99999999-1111", "Check the ID"],
    ),
)


def test_bad_input_writes_nothing(ansible):
    """One of them is a group with an ambiguous name: the error lists its ids."""
    groups = ansible.tenant.graph("GET", "/groups")["value"]
    names = [group["displayName"] for group in groups]
    twice = next(name for name in names if names.count(name) == 2)
    candidates = [group["id"] for group in groups if group["displayName"] == twice]
    assert len(candidates) == 2
    all_refused(ansible, *BAD, ({**PRESENT, "assignments": [{"target": "group", "group": twice}]}, candidates))
