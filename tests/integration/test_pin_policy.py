# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from .harness import four_beats

MODULE = "intune_pin_policy"
POLICIES = "/deviceManagement/deviceConfigurations"
NAME = "PIN recovery"
PRESENT = {"name": NAME, "enable_pin_recovery": True}
CUSTOM = "#microsoft.graph.windows10CustomConfiguration"


def group_id(tenant, name: str) -> str:
    groups = [group["id"] for group in tenant.graph("GET", "/groups")["value"] if group["displayName"] == name]
    return groups[0]


def uri(tenant, scope: str = "Device") -> str:
    return f"./{scope}/Vendor/MSFT/PassportForWork/{tenant.env['INTUNE_TENANT_ID']}/Policies/EnablePinRecovery"


def make(tenant, name: str = NAME, **values) -> dict:
    body = {"@odata.type": CUSTOM, "displayName": name, "description": "", "omaSettings": [], **values}
    return tenant.graph("POST", POLICIES, body)


def test_creates_the_profile_with_the_right_path_and_assigns_it(both_doors):
    beats = four_beats(both_doors, MODULE, {**PRESENT, "assignments": [{"target": "all_devices"}]})
    policy = beats.run_again.result["pin_policy"]
    assert policy == beats.run.result["pin_policy"]
    assert beats.run.writes == [f"POST {POLICIES}", f"POST {POLICIES}/{policy['id']}/assign"]
    assert policy["oma_uri"] == uri(both_doors.tenant)
    assert policy["enable_pin_recovery"] is True
    assert policy["assignments"] == [{"target": "all_devices", "group_id": None}]
    assert beats.check.result["pin_policy"] == {**policy, "id": None}
    assert beats.run.result["diff"]["before"] == {}
    setting = both_doors.tenant.graph("GET", f"{POLICIES}/{policy['id']}")["omaSettings"][0]
    assert (setting["omaUri"], setting["value"]) == (uri(both_doors.tenant), True)


def test_changes_setting_description_and_name(both_doors):
    created = make(both_doors.tenant)
    beats = four_beats(both_doors, MODULE, {"id": created["id"], "name": "Renamed", "description": "New.", "enable_pin_recovery": False})
    assert beats.run.writes == [f"PATCH {POLICIES}/{created['id']}"]
    assert beats.run.result["diff"] == {
        "before": {"name": NAME, "description": "", "enable_pin_recovery": None, "assignments": []},
        "after": {"name": "Renamed", "description": "New.", "enable_pin_recovery": False, "assignments": []},
    }


def test_replaces_assignments_and_purge_false_adds(both_doors):
    tenant = both_doors.tenant
    first, second = (group_id(tenant, name) for name in distinct_groups(tenant)[:2])
    both_doors.module(MODULE, {**PRESENT, "assignments": [{"target": "group", "group": first}]})
    names = distinct_groups(tenant)
    added = four_beats(
        both_doors, MODULE, {"name": NAME, "assignments": [{"target": "exclude_group", "group": names[1]}], "purge_assignments": False}
    )
    assert added.run.result["pin_policy"]["assignments"] == [
        {"target": "exclude_group", "group_id": second},
        {"target": "group", "group_id": first},
    ]
    exact = four_beats(both_doors, MODULE, {"name": NAME, "assignments": [{"target": "all_devices"}]})
    assert exact.run.result["pin_policy"]["assignments"] == [{"target": "all_devices", "group_id": None}]
    cleared = four_beats(both_doors, MODULE, {"name": NAME, "assignments": []})
    assert cleared.run.result["pin_policy"]["assignments"] == []
    assert not both_doors.module(MODULE, {"name": NAME}).changed, "unset leaves alone"


def distinct_groups(tenant) -> list[str]:
    names = [group["displayName"] for group in tenant.graph("GET", "/groups")["value"]]
    return sorted(name for name in names if names.count(name) == 1)


def test_removes_the_profile(both_doors):
    created = make(both_doors.tenant)
    beats = four_beats(both_doors, MODULE, {"name": NAME, "state": "absent"})
    assert beats.run.writes == [f"DELETE {POLICIES}/{created['id']}"]
    assert beats.run.result["pin_policy"] is None
    assert beats.run.result["diff"]["after"] == {}


def test_user_scope_has_its_own_path(ansible):
    found = ansible.module(MODULE, {**PRESENT, "scope": "user"})
    assert found.result["pin_policy"]["oma_uri"] == uri(ansible.tenant, "User")


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


def test_keeps_a_filter_on_an_assignment_that_stays(ansible):
    created = make(ansible.tenant)
    groups = distinct_groups(ansible.tenant)
    identity = group_id(ansible.tenant, groups[0])
    target = {
        "@odata.type": "#microsoft.graph.groupAssignmentTarget",
        "groupId": identity,
        "deviceAndAppManagementAssignmentFilterId": "5d9ea5a1-6a32-4a8a-9b0b-4a3c9d2a1111",
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
    assert found.status == "failed" and "settings catalog" in found.result["msg"] and found.result["error"]["request_id"]
    ansible.tenant.control.settings(custom_profile_block="off")
    make(ansible.tenant)
    ansible.tenant.control.settings(custom_profile_block="catalog")
    assert ansible.module(MODULE, PRESENT).changed, "an existing profile stays editable"


def test_says_what_was_done_when_the_assignment_fails(ansible):
    ansible.tenant.control.arm("status", "POST", "/assign$", status=400)
    found = ansible.module(MODULE, {**PRESENT, "assignments": [{"target": "all_devices"}]})
    assert found.status == "failed" and "was made, but its assignments were not set" in found.result["msg"]
    assert found.changed, "the profile is there"
    again = ansible.module(MODULE, {**PRESENT, "assignments": [{"target": "all_devices"}]})
    assert again.changed and again.writes == [f"POST {POLICIES}/{again.result['pin_policy']['id']}/assign"]


def test_finds_the_tenant_by_itself_when_it_is_named_by_domain_or_not_at_all(ansible):
    token = ansible.tenant.control.token()
    found = ansible.module(MODULE, {**PRESENT, "auth_method": "access_token", "access_token": token, "tenant_id": ""}, check_mode=True)
    assert found.result["pin_policy"]["oma_uri"] == uri(ansible.tenant)


def test_a_tenant_id_of_another_tenant_is_refused(ansible):
    options = {"auth_method": "access_token", "access_token": ansible.tenant.control.token()}
    refused(ansible, {**PRESENT, **options, "tenant_id": "11111111-2222-3333-4444-555555555555"}, "belongs to the tenant")


def refused(ansible, options: dict, *words: str) -> None:
    found = ansible.module(MODULE, options)
    assert found.status == "failed"
    assert found.writes == []
    for word in words:
        assert word in found.result["msg"], found.result["msg"]


def test_two_profiles_of_one_name_are_refused_with_their_ids(ansible):
    ids = [make(ansible.tenant)["id"] for _time in range(2)]
    refused(ansible, PRESENT, *ids)


def test_a_profile_of_another_type_is_refused(ansible):
    other = next(item for item in ansible.tenant.graph("GET", POLICIES)["value"] if item["@odata.type"] != CUSTOM)
    refused(ansible, {**PRESENT, "name": other["displayName"]}, other["id"], "another type")
    refused(ansible, {**PRESENT, "id": other["id"]}, other["@odata.type"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": NAME}, ["enable_pin_recovery"]),
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
        ({**PRESENT, "assignments": [{"target": "group", "group": "99999999-1111-2222-3333-444444444444"}]}, ["99999999-1111"]),
    ],
)
def test_bad_input_writes_nothing(ansible, options, words):
    refused(ansible, options, *words)


def test_an_ambiguous_group_is_refused_with_its_ids(ansible):
    groups = ansible.tenant.graph("GET", "/groups")["value"]
    names = [group["displayName"] for group in groups]
    twice = next(name for name in names if names.count(name) == 2)
    candidates = [group["id"] for group in groups if group["displayName"] == twice]
    refused(ansible, {**PRESENT, "assignments": [{"target": "group", "group": twice}]}, *candidates)
