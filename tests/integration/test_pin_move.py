# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test moving a custom profile into the settings catalog, including interruptions between any two writes."""

from __future__ import annotations

import pytest

from .harness import four_beats

MODULE = "intune_pin_policy"
NAME = "PIN recovery"
POLICIES = "/deviceManagement/deviceConfigurations"
CATALOG = "/deviceManagement/configurationPolicies"
CUSTOM = {
    "name": NAME,
    "description": "Ours.",
    "enable_pin_recovery": True,
    "minimum_pin_length": 6,
    "digits": "required",
    "assignments": [{"target": "all_devices"}],
}
MOVE = {"name": NAME, "backend": "settings_catalog", "replace_custom": True}


def customs(tenant) -> list[str]:
    return [item["displayName"] for item in tenant.graph("GET", POLICIES)["value"] if "omaSettings" in item]


def catalog(tenant) -> list[dict]:
    return tenant.graph("GET", f"{CATALOG}?$expand=settings,assignments", version="beta")["value"]


def test_moves_settings_assignments_and_description_and_removes_the_profile_last(each_execution):
    old = each_execution.module(MODULE, CUSTOM).result["pin_policy"]
    beats = four_beats(each_execution, MODULE, {**MOVE, "pin_history": 3})
    new = beats.run.result["pin_policy"]
    assert [write.split("/")[-1] for write in beats.run.writes] == ["configurationPolicies", "assign", old["id"]]
    assert beats.run.writes[-1] == f"DELETE {POLICIES}/{old['id']}"
    same = ("name", "description", "assignments", "scope_tag_ids")
    assert {key: new[key] for key in same} == {key: old[key] for key in same}
    assert new["settings"] == {**old["settings"], "pin_history": 3} and new["backend"] == "settings_catalog"
    assert beats.check.result["replaced_id"] == beats.run.result["replaced_id"] == old["id"]
    assert beats.run_again.result["replaced_id"] is None
    diff = beats.run.result["diff"]
    held = {name: value for name, value in old["settings"].items() if value is not None}
    assert (diff["before"]["custom_profile"], diff["after"]["custom_profile"]) == ({"name": NAME, "settings": held}, None)
    assert diff["before"]["settings"] == {**held, "pin_history": None}
    assert customs(each_execution.tenant) == [] and len(catalog(each_execution.tenant)) == 1


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("method", "where"),
    [("POST", "configurationPolicies$"), ("POST", "/assign$"), ("DELETE", "/deviceConfigurations/")],
    ids=["create", "assign", "remove"],
)
@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "status"])
def test_an_interrupted_move_is_finished_by_the_next_run(ansible, method, where, fault):
    interrupt(ansible, MOVE, 6, method, where, fault)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("method", "where"),
    [
        pytest.param("PATCH", "/deviceConfigurations/", id="case 57: change the old one"),
        pytest.param("POST", "/assign$", id="case 57: assign"),
        pytest.param("DELETE", "/deviceConfigurations/", id="case 57: remove"),
    ],
)
def test_an_interrupted_move_to_another_value_is_finished_by_the_next_run(ansible, method, where):
    interrupt(ansible, {**MOVE, "minimum_pin_length": 8}, 8, method, where, "drop_after")


def test_case_57_two_values_are_never_assigned_together(each_execution):
    old = each_execution.module(MODULE, CUSTOM).result["pin_policy"]
    beats = four_beats(each_execution, MODULE, {**MOVE, "minimum_pin_length": 8})
    assert [write.split("/")[-1] for write in beats.run.writes] == [old["id"], "configurationPolicies", "assign", old["id"]]
    assert beats.run.writes[0] == f"PATCH {POLICIES}/{old['id']}" and beats.run.writes[-1].startswith("DELETE")
    diff = beats.run.result["diff"]
    assert (diff["before"]["settings"]["minimum_pin_length"], diff["after"]["settings"]["minimum_pin_length"]) == (6, 8)


def interrupt(ansible, move: dict, length: int, method: str, where: str, fault: str) -> None:
    """Run a move with an interruption at a write, and check that the next run finishes it."""
    ansible.module(MODULE, CUSTOM)
    details = {"status": 500, "processed": True} if fault == "status" else {}
    ansible.tenant.control.arm(fault, method, where, times=None, **details)
    # A create is never repeated automatically; other requests are, as long as retry_timeout allows.
    broken = ansible.module(MODULE, {**move, "retry_timeout": 0})
    assert broken.status == "failed", broken.result
    assigned = [item for item in catalog(ansible.tenant) if item["assignments"]]
    assert customs(ansible.tenant) == [NAME] or assigned, "devices are without a policy"
    ansible.tenant.control.disarm()
    finished, again = ansible.cases(MODULE, {"finish": move, "again": move}).values()
    assert finished.status == "ok", finished.result
    assert customs(ansible.tenant) == [] and len(catalog(ansible.tenant)) == 1
    assert finished.result["pin_policy"]["settings"]["minimum_pin_length"] == length
    assert [item["target"] for item in finished.result["pin_policy"]["assignments"]] == ["all_devices"]
    assert not again.changed and again.writes == []


def test_without_being_told_nothing_is_moved_and_nothing_is_doubled(ansible):
    old = ansible.module(MODULE, CUSTOM).result["pin_policy"]["id"]
    found = ansible.module(MODULE, {**MOVE, "replace_custom": False, "enable_pin_recovery": True})
    assert found.status == "failed" and found.writes == []
    assert old in found.result["msg"] and "replace_custom" in found.result["msg"]
    ansible.tenant.graph("DELETE", f"{POLICIES}/{old}")
    made = ansible.module(MODULE, {**MOVE, "enable_pin_recovery": True})
    assert made.changed and made.result["replaced_id"] is None, "there is nothing to move"
    other = ansible.module(MODULE, CUSTOM)
    assert other.status == "failed" and other.writes == [] and made.result["pin_policy"]["id"] in other.result["msg"]


def test_a_profile_with_other_settings_is_not_moved(ansible):
    made = ansible.module(MODULE, CUSTOM).result["pin_policy"]["id"]
    profile = ansible.tenant.graph("GET", f"{POLICIES}/{made}")
    other = {"@odata.type": "#microsoft.graph.omaSettingInteger", "displayName": "X", "omaUri": "./Device/Vendor/MSFT/X", "value": 1}
    body = {"@odata.type": profile["@odata.type"], "omaSettings": [*profile["omaSettings"], other]}
    ansible.tenant.graph("PATCH", f"{POLICIES}/{made}", body)
    found = ansible.module(MODULE, MOVE)
    assert found.status == "failed" and found.writes == [] and "./Device/Vendor/MSFT/X" in found.result["msg"]
    assert customs(ansible.tenant) == [NAME] and catalog(ansible.tenant) == []


def test_what_the_catalog_does_not_have_is_not_moved(ansible):
    ansible.module(MODULE, {**CUSTOM, "disable_post_logon_provisioning": True})
    found = ansible.module(MODULE, MOVE)
    assert found.status == "failed" and found.writes == [] and "disable_post_logon_provisioning" in found.result["msg"]
