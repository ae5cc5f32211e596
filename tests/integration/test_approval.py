# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test Multi Admin Approval: from the request, through a person's decision, to the change."""

from __future__ import annotations

import pytest

from .harness import one_of

MODULE = "intune_pin_policy"
NAME = "PIN recovery"
OPTIONS = {"name": NAME, "backend": "settings_catalog", "enable_pin_recovery": True, "approval_justification": "Change 4711"}
ANSWERS = [
    {},
    {"approval_missing_status": "403"},
    {"approval_filed_status": "403"},
    {"approval_code_header": False},
    {"approval_filed_status": "403", "approval_code_header": False, "approval_code_is": "requestId"},
]


@pytest.fixture(autouse=True)
def _protected(tenant) -> None:
    tenant.control.settings(approval_protects=["configuration_policies", "device_configurations"])


def policies(ansible) -> list[str]:
    return [item["name"] for item in ansible.tenant.graph("GET", "/deviceManagement/configurationPolicies", version="beta")["value"]]


def request(ansible, number: int = -1) -> dict:
    return ansible.tenant.control.approvals()[number]


def pending(run, ansible) -> None:
    """Nothing is done, nothing has failed, and the result names the pending approval."""
    assert run.status == "ok" and not run.changed, run.result
    assert run.result["approval"]["code"] == request(ansible)["code"]
    assert run.result["approval"]["status"] == "needs_approval" and run.result["approval"]["expires"]
    assert run.result["approval"]["operation"] == f"{request(ansible)['method']} /{request(ansible)['version']}{request(ansible)['path']}"
    assert any("waits for the approval" in warning for warning in run.result["warnings"])


@pytest.mark.parametrize("settings", one_of(*ANSWERS), ids=lambda settings: " ".join(settings) or "as documented")
def test_asks_waits_and_completes_when_it_is_approved(ansible, settings):
    ansible.tenant.control.settings(**settings)
    first, again = ansible.cases(MODULE, {"first": OPTIONS, "again": OPTIONS}).values()
    pending(first, ansible)
    assert first.result["pin_policy"] is None and policies(ansible) == []
    assert request(ansible)["justification"].startswith("Change 4711 [endpointops.intune ")
    pending(again, ansible)
    assert len(ansible.tenant.control.approvals()) == 1, "asks once"
    ansible.tenant.control.decide(request(ansible)["code"], "approve")
    done, last = ansible.cases(MODULE, {"done": OPTIONS, "last": OPTIONS}).values()
    assert done.changed and done.result["approval"] is None and policies(ansible) == [NAME]
    assert request(ansible)["status"] == "completed"
    assert not last.changed and last.writes == []


def test_each_protected_write_is_approved_for_itself(each_execution):
    options = {**OPTIONS, "assignments": [{"target": "all_devices"}]}
    pending(each_execution.module(MODULE, options), each_execution)
    each_execution.tenant.control.decide(request(each_execution)["code"], "approve")
    made, waiting = each_execution.cases(MODULE, {"made": options, "waiting": options}).values()
    assert made.changed, "the policy was made"
    assert made.result["approval"]["operation"].endswith("/assign") and made.result["pin_policy"]["assignments"] == []
    pending(waiting, each_execution)
    each_execution.tenant.control.decide(request(each_execution)["code"], "approve")
    done, last = each_execution.cases(MODULE, {"done": options, "last": options}).values()
    assert done.changed and done.result["approval"] is None
    assert [item["target"] for item in done.result["pin_policy"]["assignments"]] == ["all_devices"]
    assert last.status == "ok" and not last.changed


@pytest.mark.parametrize("write", ["update", "rename", "delete"])
def test_changes_and_deletions_wait_too(ansible, write):
    ansible.tenant.control.settings(approval_protects=[])
    made = ansible.module(MODULE, OPTIONS).result["pin_policy"]["id"]
    ansible.tenant.control.settings(approval_protects=["configuration_policies"])
    options = {
        "update": {**OPTIONS, "minimum_pin_length": 8},
        "rename": {**OPTIONS, "id": made, "name": "New name"},
        "delete": {**OPTIONS, "state": "absent"},
    }[write]
    waiting = ansible.module(MODULE, options)
    pending(waiting, ansible)
    assert waiting.result["pin_policy"]["settings"]["minimum_pin_length"] is None and policies(ansible) == [NAME]
    ansible.tenant.control.decide(request(ansible)["code"], "approve")
    done, last = ansible.cases(MODULE, {"done": options, "last": options}).values()
    assert done.changed
    assert policies(ansible) == {"update": [NAME], "rename": ["New name"], "delete": []}[write]
    assert last.status == "ok" and not last.changed


def test_a_rejection_fails_with_its_reason_and_another_text_asks_again(ansible):
    ansible.module(MODULE, OPTIONS)
    ansible.tenant.control.decide(request(ansible)["code"], "reject", "Not in the freeze.")
    found = ansible.module(MODULE, OPTIONS)
    assert found.status == "failed" and (found.result["error"]["kind"], found.result["error"]["code"]) == ("Approval", "rejected")
    assert "rejected: Not in the freeze." in found.result["msg"] and "change approval_justification" in found.result["msg"]
    pending(ansible.module(MODULE, {**OPTIONS, "approval_justification": "Change 4711, after the freeze"}), ansible)
    assert len(ansible.tenant.control.approvals()) == 2


def test_a_cancelled_request_is_told(ansible):
    ansible.module(MODULE, OPTIONS)
    ansible.tenant.control.decide(request(ansible)["code"], "cancel")
    found = ansible.module(MODULE, OPTIONS)
    assert found.status == "failed" and "cancelled" in found.result["msg"]


def test_an_expired_request_is_made_again(ansible):
    ansible.module(MODULE, OPTIONS)
    first = request(ansible)["code"]
    ansible.tenant.control.advance(3 * 86400 + 1)
    pending(ansible.module(MODULE, OPTIONS), ansible)
    assert request(ansible)["code"] != first
    found = ansible.module(MODULE, {**OPTIONS, "approval_code": first, "approval_justification": ""})
    assert found.status == "failed" and "expired" in found.result["msg"]


def test_an_approval_for_another_reason_is_not_used(ansible):
    ansible.module(MODULE, OPTIONS)
    ansible.tenant.control.decide(request(ansible)["code"], "approve")
    found = ansible.module(MODULE, {**OPTIONS, "approval_justification": "Mine"})
    assert found.status == "failed" and "Change 4711" in found.result["msg"] and policies(ansible) == []
    assert ansible.module(MODULE, OPTIONS).changed


def test_a_request_of_somebody_else_is_told_apart(ansible):
    """An open request for the same policy need not be the same change."""
    ansible.tenant.control.settings(approval_protects=[])
    ansible.module(MODULE, OPTIONS)
    ansible.tenant.control.settings(approval_protects=["configuration_policies"], approval_active="entity")
    ansible.module(MODULE, {**OPTIONS, "minimum_pin_length": 8})
    found = ansible.module(MODULE, {**OPTIONS, "minimum_pin_length": 9})
    assert found.status == "failed" and "Another approval request" in found.result["msg"]
    assert request(ansible)["code"] in found.result["msg"] and "Change 4711" in found.result["msg"]
    assert len(ansible.tenant.control.approvals()) == 1


def test_a_code_completes_what_it_was_given_for_and_nothing_else(ansible):
    ansible.module(MODULE, OPTIONS)
    code = request(ansible)["code"]
    ansible.tenant.control.decide(code, "approve")
    plain = {name: value for name, value in OPTIONS.items() if name != "approval_justification"}
    other = ansible.module(MODULE, {**plain, "minimum_pin_length": 8, "approval_code": code})
    assert other.status == "failed" and "No open approval request for" in other.result["msg"]
    assert ansible.module(MODULE, {**plain, "approval_code": code}).changed


def test_what_is_missing_or_wrong_is_said(ansible):
    plain = {name: value for name, value in OPTIONS.items() if name != "approval_justification"}
    cases = {
        "missing": (plain, ["Multi Admin Approval", "approval_justification"]),
        "long": ({**plain, "approval_justification": "x" * 1000}, ["at most 986 characters; it has 1000"]),
        "no such code": ({**plain, "approval_code": "11111111-2222-3333-4444-555555555555"}, ["No open approval request"]),
    }
    for name, found in ansible.cases(MODULE, {name: options for name, (options, _words) in cases.items()}).items():
        assert found.status == "failed" and not found.changed, name
        assert all(word in found.result["msg"] for word in cases[name][1]), (name, found.result["msg"])
    assert policies(ansible) == [] and ansible.tenant.control.approvals() == []


def test_check_mode_asks_for_nothing(ansible):
    found = ansible.module(MODULE, OPTIONS, check_mode=True)
    assert found.changed and found.result["approval"] is None and ansible.tenant.control.approvals() == []


def test_without_protection_the_text_is_not_used(ansible):
    ansible.tenant.control.settings(approval_protects=[])
    found = ansible.module(MODULE, OPTIONS)
    assert found.changed and ansible.tenant.control.approvals() == []


def test_a_move_waits_at_each_step_and_devices_are_never_without(ansible):
    ansible.tenant.control.settings(approval_protects=[])
    custom = {"name": NAME, "enable_pin_recovery": True, "assignments": [{"target": "all_devices"}]}
    old = ansible.module(MODULE, custom).result["pin_policy"]["id"]
    ansible.tenant.control.settings(approval_protects=["configuration_policies", "device_configurations"])
    seen = []
    for _step in range(3):
        run = ansible.module(MODULE, {**OPTIONS, "replace_custom": True})
        seen.append(run.result["approval"]["operation"].split()[0] + run.result["approval"]["operation"].rpartition("/")[2][:6])
        assert ansible.tenant.graph("GET", f"/deviceManagement/deviceConfigurations/{old}")["id"] == old
        ansible.tenant.control.decide(request(ansible)["code"], "approve")
    done = ansible.module(MODULE, {**OPTIONS, "replace_custom": True})
    assert seen == ["POSTconfig", "POSTassign", f"DELETE{old[:6]}"]
    assert done.changed and done.result["replaced_id"] == old and done.result["approval"] is None
    assert not ansible.module(MODULE, {**OPTIONS, "replace_custom": True}).changed


def test_a_reset_waits_for_its_approval_and_is_issued_once(each_execution):
    each_execution.tenant.control.settings(approval_protects=["reset_passcode"])
    options = {"devices": ["PHONE-HELPDESK-01"], "approval_justification": "Ticket 4711"}
    waiting = each_execution.module("intune_device_passcode", options)
    assert (waiting.status, waiting.changed) == ("ok", False), waiting.result
    entry = waiting.result["results"][0]
    assert (entry["status"], entry["changed"], entry["approval"]["code"]) == ("needs_approval", False, request(each_execution)["code"])
    assert waiting.result["summary"]["needs_approval"] == 1 and each_execution.tenant.control.resets() == {}
    each_execution.tenant.control.decide(request(each_execution)["code"], "approve")
    done = each_execution.module("intune_device_passcode", options)
    assert done.changed and done.result["results"][0]["status"] == "done" and done.result["results"][0]["approval"] is None
    assert [len(times) for times in each_execution.tenant.control.resets().values()] == [1]


def test_a_reset_whose_approval_cannot_be_looked_up_was_not_issued(ansible):
    ansible.tenant.control.settings(approval_protects=["reset_passcode"])
    ansible.tenant.control.arm("drop_before", "GET", "operationApprovalRequests", times=None)
    options = {"devices": ["PHONE-HELPDESK-01"], "approval_justification": "Ticket 4711", "retry_timeout": 0}
    found = ansible.module("intune_device_passcode", options)
    entry = found.result["results"][0]
    assert (entry["status"], entry["reason"], found.changed) == ("failed", "approval_refused", False)
    assert "Nothing was changed." in entry["message"]


def test_a_rejected_reset_is_that_devices_failure(ansible):
    ansible.tenant.control.settings(approval_protects=["reset_passcode"])
    options = {"devices": ["PHONE-HELPDESK-01"], "approval_justification": "Ticket 4711"}
    ansible.module("intune_device_passcode", options)
    ansible.tenant.control.decide(request(ansible)["code"], "reject", "Who asks?")
    found = ansible.module("intune_device_passcode", options)
    assert found.status == "failed" and found.result["results"][0]["reason"] == "approval_refused"
    assert "Who asks?" in found.result["results"][0]["message"] and ansible.tenant.control.resets() == {}
