# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the summary of a run of the role: its lines, its facts, and the reasons to stop."""

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._readiness import obstacles, summary
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.found import parse_found
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.summary import render_assignments

CONNECTION = {
    "connection": {
        "tenant_id": "t-1",
        "tenant_name": "Contoso",
        "client_id": "app-1",
        "intune": "active",
        "problems": [],
        "permissions": {
            "intune_pin_policy": {"missing": ["Config.ReadWrite"], "missing_in_check_mode": []},
            "intune_pinreset_consent": {"missing": ["App.ReadWrite"], "missing_in_check_mode": ["App.Read"]},
        },
    }
}
POLICY = {
    "id": "p-1",
    "name": "PIN recovery",
    "backend": "custom",
    "settings": {"enable_pin_recovery": True},
    "assignments": [{"target": "all_devices"}],
}
MISSING = {"code": "missing", "option": "name", "current": None, "expected": "PIN recovery", "message": "There is no policy."}
LENGTH = {"code": "different", "option": "minimum_pin_length", "current": 6, "expected": 8, "message": "6 is not 8."}
DEPLOYMENT = {"total": 4, "succeeded": 0, "error": 1, "conflict": None, "pending": 3, "not_applicable": 0, "other": 0, "policies": ["p-1"]}


def reason(code, level="configured", state="no"):
    return {"code": code, "level": level, "state": state, "message": f"{code} happened.", "hint": "Repair it.", "policies": []}


def readiness(ready=True, **members):
    states = {"connected": "yes", "configured": "yes", "arrived": "yes", "proven": "unknown"}
    levels = {name: {"state": state} for name, state in {**states, **members.pop("levels", {})}.items()}
    empty = {"reasons": [], "differs": [], "policies": [POLICY], "findings": [], "deployment": None, "problems": []}
    return {"readiness": {"ready": ready, "levels": levels, **empty, **members}}


def lines(check=False, **results):
    return summary.render_summary(parse_found(results, check=check))


def text(check=False, **results):
    return "\n".join(lines(check, **results))


def flat(check=False, **results):
    """Return the text as if no line were wrapped."""
    return " ".join(text(check, **results).split())


def test_a_run_that_did_nothing_says_so():
    assert lines() == ["Nothing was read or done."]


def test_a_task_that_was_skipped_found_nothing():
    skipped = {"skipped": True, "changed": False}
    assert lines(connection=skipped, consent=skipped, policy=skipped, after=skipped, devices=skipped) == ["Nothing was read or done."]


def test_the_newest_readiness_counts_and_the_older_one_where_nothing_was_read_again():
    assert "today?): yes" in text(before=readiness(False), after=readiness(True))
    assert "today?): no" in text(before=readiness(False), after={"skipped": True})


@pytest.mark.parametrize(("ready", "word"), [(True, "yes"), (False, "no"), (None, "not known")])
def test_unknown_is_told_as_such(ready, word):
    assert f"Ready (can users reset their PIN today?): {word}" in lines(before=readiness(ready))


def test_case_53_no_device_has_the_policy_so_far():
    told = text(before=readiness(False, deployment=DEPLOYMENT, reasons=[reason("not_arrived", "arrived")]))
    assert "Check-in status: 0 of 4 devices have it, 3 pending, 1 in error or conflict" in told
    assert "today?): no" in told and "- not_arrived happened. Repair it." in told


def test_case_63_a_change_tells_old_and_new_values_once():
    told = text(
        before=readiness(differs=[LENGTH]), policy={"changed": True, "pin_policy": POLICY}, after=readiness(), consent={"changed": False}
    )
    assert told.count("minimum pin length 6 → 8") == 1
    assert "Policy 'PIN recovery' (custom): updated; it allows PIN recovery for all devices" in " ".join(told.split())


def test_case_63_groups_are_told_by_name_and_who_is_left_out():
    assignments = [{"target": "group", "group": "Pilot ring"}, {"target": "exclude_group", "group": "Helpdesk phones"}]
    assert render_assignments(assignments) == "Pilot ring, except Helpdesk phones"
    assert render_assignments([{"target": "group", "group_id": "g-1"}]) == "g-1"
    assert render_assignments([{"target": "all_users"}]) == "all users"
    assert render_assignments([]) == "nobody"
    assert render_assignments(assignments[1:]) == "nobody, except Helpdesk phones"


@pytest.mark.parametrize(
    ("current", "expected", "told"),
    [
        (6, 8, "x 6 → 8"),
        (None, True, "x not set → on"),
        ("Old.", "New.", "x 'Old.' → 'New.'"),
        ([], ["Berlin", "Paris"], "x nothing → Berlin, Paris"),
        ([{"target": "all_users"}], [{"target": "group", "group": "Pilot ring"}], "x all users → Pilot ring"),
    ],
)
def test_case_63_old_and_new_values(current, expected, told):
    assert summary.render_change({"option": "x", "current": current, "expected": expected}) == told


PROBE = {
    **{"name": "PIN reset probe", "id": "s-1", "assigned": True, "devices": None, "changed": "2026-11-28T08:00:00Z"},
    **{"total": 9, "proven": 4, "not_proven": 3, "unknown": 2, "pending": 0},
    "reasons": [{"code": "destructive_only", "message": "The user loses the credentials.", "hint": "Look.", "devices": 3}],
}
MISSING_PROBE = {
    **{**PROBE, "id": None, "assigned": None, "changed": None},
    **dict.fromkeys(("total", "proven", "not_proven", "unknown", "pending")),
    "reasons": [{"code": "probe_missing", "message": "There is no probe.", "hint": "Create it.", "devices": 0}],
}


def test_the_word_of_the_devices_is_told_in_numbers_with_its_age():
    told = flat(before=readiness(probe=PROBE))
    assert "PIN reset keeps the credentials: proven on 4 of 9 devices (3 not proven, 2 unknown); " in told
    assert "; last change 2026-11-28T08:00:00Z 3: The user loses" in told
    assert "PIN reset keeps the credentials: proven on 4 of 4 devices" in lines(
        before=readiness(probe={**PROBE, **dict.fromkeys(("not_proven", "unknown"), 0), "total": 4, "changed": None})
    )


def test_a_probe_that_was_not_read_is_told_once():
    told = flat(before=readiness(probe=MISSING_PROBE))
    assert "Probe: There is no probe. Create it." in told and "proven on" not in told
    told = flat(before=readiness(probe=MISSING_PROBE, problems=["There is no probe."]))
    assert told.count("There is no probe.") == 1
    assert "robe" not in flat(before=readiness(probe=None)) + flat(before=readiness())


def test_a_run_that_stops_after_a_change_says_that_nothing_was_read_again():
    told = flat(
        before=readiness(False), consent={"changed": True, "pinreset_consent": {"ready": True}}, policy={"failed": True, "msg": "No."}
    )
    assert "Ready: not read again after the changes." in told and "today?)" not in told


FINDING = {"code": "conflict", "severity": "error", "policies": [], "settings": [], "message": "A and B disagree.", "hint": "Fix it."}
READ_BEFORE = readiness(False, findings=[FINDING], deployment=DEPLOYMENT, problems=["Could not read groups."], reasons=[reason("defeated")])


@pytest.mark.parametrize(
    "written",
    [
        {"consent": {"changed": True, "pinreset_consent": {"ready": True}}},
        {"policy": {"changed": True, "pin_policy": POLICY}},
        {"policy": {"failed": True, "changed": True, "msg": "No.", "error": {"effects": "partial"}}},
        {"policy": {"failed": True, "changed": False, "msg": "No.", "error": {"effects": "unknown"}}},
    ],
)
def test_what_was_read_before_a_change_is_not_told_after_it(written):
    told = flat(before=READ_BEFORE, **written)
    for stale in ("Check-in status", "disagree", "Could not read", "defeated", "today?)"):
        assert stale not in told, told
    assert "Ready: not read again after the changes." in told
    facts = summary.make_facts(parse_found({"before": READ_BEFORE, **written}, check=False))
    assert facts["ready"] is None and facts["reasons"] == []


@pytest.mark.parametrize(
    ("check", "results"),
    [
        (False, {}),
        (False, {"policy": {"failed": True, "changed": False, "msg": "No.", "error": {"effects": "none"}}}),
        (True, {"policy": {"changed": True, "pin_policy": POLICY}}),
        (False, {"policy": {"changed": True, "pin_policy": POLICY}, "after": READ_BEFORE}),
    ],
)
def test_what_is_so_now_is_told(check, results):
    told = flat(check, before=READ_BEFORE, **results)
    assert "Check-in status: 0 of 4" in told and "A and B disagree" in told and "Could not read groups." in told


HIDDEN = {"code": "hidden", "option": "digits", "current": None, "expected": "required", "message": "Not revealed."}


def test_a_value_that_is_hidden_is_told_as_not_known_and_fails_nothing():
    found = parse_found({"before": readiness(differs=[HIDDEN, LENGTH])}, check=False)
    told = "\n".join(summary.render_summary(found))
    assert "  Not known: Not revealed." in told and "  Differs: 6 is not 8." in told
    assert summary.make_facts(found)["differs"] == ["6 is not 8."]
    assert obstacles.list_obstacles(found, must_know=True, must_arrive=True, allow_unassigned=False) == ["6 is not 8."]


@pytest.mark.parametrize(
    ("code", "word"), [("different", "Differs"), ("missing", "Differs"), ("unresolved", "Error"), ("several", "Error")]
)
def test_an_error_is_not_told_as_a_difference(code, word):
    told = text(before=readiness(differs=[{"code": code, "option": None, "message": "So it is."}]))
    assert f"{word}: So it is." in told


def test_a_new_policy_is_created_and_its_absence_not_told_as_a_difference():
    told = text(before=readiness(False, differs=[MISSING]), policy={"changed": True, "pin_policy": POLICY}, after=readiness())
    assert "created" in told and "There is no policy." not in told


def test_a_policy_that_is_missing_is_told_once():
    told = text(before=readiness(False, differs=[MISSING], reasons=[reason("policy_missing")]))
    assert "policy_missing happened." in told and "There is no policy." not in told
    assert "There is no policy." in text(before=readiness(differs=[MISSING]))


def test_check_mode_tells_what_would_be():
    told = flat(
        True,
        before=readiness(False, differs=[MISSING]),
        consent={"changed": True, "pinreset_consent": {"ready": True}},
        policy={"changed": True, "pin_policy": POLICY},
    )
    assert "PIN Reset Service: would be connected (check mode)" in told and "would be created (check mode)" in told
    assert "Ready: not before these changes are applied" in told and "today?)" not in told


def test_offboarding_tells_what_was_removed():
    told = text(policy={"changed": True, "pin_policy": None}, consent={"changed": True, "pinreset_consent": {"ready": False}})
    assert told.splitlines() == ["PIN Reset Service: not connected, changed by this run", "Policy: removed"]
    assert "Policy: none" in text(policy={"changed": False, "pin_policy": None})


def test_a_failed_step_tells_its_message():
    told = text(connection={"failed": True}, consent={"failed": True, "msg": "No."}, policy={"failed": True, "msg": "Never."})
    assert told.splitlines() == ["Tenant: not signed in", "PIN Reset Service: No.", "Policy: Never."]


def test_a_refused_consent_shows_the_pages_whole():
    url = "https://login.windows.net/common/oauth2/authorize?" + "x" * 200
    consent = {"failed": True, "changed": False, "pinreset_consent": {"ready": False, "consent_urls": {"service": url, "client": url}}}
    assert text(consent=consent).count(url) == 2


def test_a_finding_that_is_a_reason_is_told_once():
    finding = {"code": "conflict", "severity": "error", "policies": [], "settings": [], "message": "A and B disagree.", "hint": "Fix it."}
    same = {**reason("defeated"), "message": "A and B disagree."}
    assert text(before=readiness(False, findings=[finding], reasons=[same])).count("A and B disagree.") == 1
    assert "Error: A and B disagree. Fix it." in text(before=readiness(findings=[finding]))


def test_case_62_a_tenant_without_a_readable_name_is_its_id():
    unnamed = {"connection": {**CONNECTION["connection"], "tenant_name": None, "intune": None}}
    assert lines(connection=unnamed) == ["Tenant: t-1"]


def test_case_71_no_line_is_wider_than_a_terminal():
    long = {**reason("defeated"), "message": "word " * 60}
    told = lines(connection=CONNECTION, before=readiness(False, reasons=[long], findings=[], problems=["problem " * 40]))
    assert max(map(len, told)) <= 76 and len(told) > 8


def test_a_passcode_is_in_no_line_and_no_fact():
    item = {"device": "D", "device_name": "D", "status": "done", "reason": None, "message": None, "passcode": "hunter2-4711"}
    found = parse_found({"devices": {"results": [item], "summary": {"total": 1, "done": 1}, "failed_devices": []}}, check=False)
    assert "hunter2" not in str(summary.render_summary(found)) + str(summary.make_facts(found)) + str(summary.make_statistics(found))


# --- facts ----------------------------------------------------------------------------------------------------------


def test_facts_of_nothing_are_null():
    facts = summary.make_facts(parse_found({}, check=False))
    assert (facts["tenant_id"], facts["connected"], facts["ready"], facts["needs_approval"]) == (None, None, None, False)


@pytest.mark.parametrize(
    ("results", "check", "connected"),
    [
        ({"consent": {"changed": True, "pinreset_consent": {"ready": True}}}, False, True),
        ({"consent": {"changed": True, "pinreset_consent": {"ready": True}}}, True, None),
        (
            {"consent": {"changed": True, "pinreset_consent": {"ready": True}}, "before": readiness(False, levels={"connected": "no"})},
            True,
            False,
        ),
        ({"before": readiness(levels={"connected": "yes"})}, False, True),
        ({"before": readiness(None, levels={"connected": "unknown"})}, False, None),
    ],
)
def test_connected_is_as_it_is_now(results, check, connected):
    assert summary.make_facts(parse_found(results, check=check))["connected"] is connected


def test_the_code_of_an_approval_is_handed_to_the_next_job_only_for_the_policy():
    waits = {"code": "c-1", "operation": "Create", "expires": None}
    found = parse_found({"policy": {"approval": waits, "pin_policy": None, "changed": False}}, check=False)
    assert summary.make_statistics(found)["pin_reset_approval_code"] == "c-1" and "code c-1" in "\n".join(summary.render_summary(found))
    reset = {"results": [{"device": "D", "status": "needs_approval", "approval": waits}], "summary": {"total": 1, "needs_approval": 1}}
    found = parse_found({"devices": reset}, check=False)
    assert "pin_reset_approval_code" not in summary.make_statistics(found) and found.approval == waits


@pytest.mark.parametrize(
    ("policy", "check", "code"),
    [
        ({"approval": None, "pin_policy": POLICY, "changed": True}, False, ""),
        ({"approval": None, "pin_policy": POLICY, "changed": True}, True, None),
        ({"failed": True, "msg": "No."}, False, None),
        ({}, False, None),
    ],
)
def test_a_code_that_is_used_up_is_taken_from_later_jobs(policy, check, code):
    """The codes of earlier jobs stay in a workflow until another job sets them."""
    assert summary.make_statistics(parse_found({"policy": policy}, check=check)).get("pin_reset_approval_code") == code


# --- reasons to stop ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("check", "missing"), [(False, "App.ReadWrite, Config.ReadWrite"), (True, "App.Read")])
def test_case_60_check_mode_needs_permissions_to_read_only(check, missing):
    modules = ["intune_pin_policy", "intune_pinreset_consent", "intune_other"]
    (told,) = obstacles.list_missing_permissions(parse_found({"connection": CONNECTION}, check=check, modules=modules))
    assert f"The application app-1 lacks permissions: {missing}." in told


@pytest.mark.parametrize(("state", "missing"), [("yes", "App.Read"), ("no", "App.ReadWrite"), ("unknown", "App.ReadWrite")])
def test_a_consent_that_is_there_needs_no_permission_to_give_it(state, missing):
    before = {"readiness": {"levels": {"connected": {"state": state}}}}
    found = parse_found({"connection": CONNECTION, "before": before}, check=False, modules=["intune_pinreset_consent"])
    (told,) = obstacles.list_missing_permissions(found)
    assert f"lacks permissions: {missing}." in told


def test_permissions_that_are_not_known_stop_nothing():
    assert obstacles.list_missing_permissions(parse_found({}, check=False, modules=["intune_pin_policy"])) == []


@pytest.mark.parametrize(
    ("difference", "moves", "stops"),
    [
        ({"code": "unresolved", "option": None}, False, True),
        ({"code": "several", "option": "name"}, False, True),
        ({"code": "hidden", "option": "digits"}, False, True),
        ({"code": "different", "option": "backend", "current": "custom"}, False, True),
        ({"code": "different", "option": "backend", "current": "custom"}, True, False),
        ({"code": "different", "option": "backend", "current": "settings_catalog"}, True, True),
        ({"code": "different", "option": "assignments", "expected": [{"target": "all_users"}]}, False, False),
        ({"code": "different", "option": "digits"}, False, False),
        ({"code": "missing", "option": "name"}, False, False),
    ],
)
def test_case_50_what_cannot_be_written_stops_the_run_before_its_first_write(difference, moves, stops):
    found = parse_found({"before": readiness(False, differs=[{**difference, "message": "Told."}])}, check=False)
    assert obstacles.list_unwritable(found, moves=moves, assigns=True, allow_unassigned=False) == (["Told."] if stops else [])


def test_in_check_mode_a_hidden_value_stops_nothing():
    found = parse_found({"before": readiness(False, differs=[{"code": "hidden", "option": "digits", "message": "Told."}])}, check=True)
    assert obstacles.list_unwritable(found, moves=False, assigns=True, allow_unassigned=False) == []


@pytest.mark.parametrize("expected", [[], [{"target": "exclude_group", "group": "Helpdesk phones"}]])
def test_taking_the_last_assignment_away_stops_the_run_before_its_first_write(expected):
    difference = {"code": "different", "option": "assignments", "current": [{"target": "all_users"}], "expected": expected, "message": "."}
    found = parse_found({"before": readiness(differs=[difference])}, check=False)
    assert obstacles.list_unwritable(found, moves=False, assigns=False, allow_unassigned=False) == [obstacles.NOBODY]
    assert obstacles.list_unwritable(found, moves=False, assigns=False, allow_unassigned=True) == []


def test_facts_do_not_tell_the_state_before_the_changes():
    results = {
        "before": readiness(False, reasons=[reason("not_connected")]),
        "consent": {"changed": True, "pinreset_consent": {"ready": True}},
    }
    facts = summary.make_facts(parse_found(results, check=False))
    assert (facts["connected"], facts["ready"], facts["reasons"]) == (True, None, [])


@pytest.mark.parametrize("found", [readiness(False, differs=[MISSING]), readiness(False, reasons=[reason("not_assigned")])])
def test_case_61_a_policy_for_nobody_stops_the_run_before_its_first_write(found):
    known = parse_found({"before": found}, check=False)
    assert obstacles.list_unwritable(known, moves=False, assigns=False, allow_unassigned=False) == [obstacles.NOBODY]
    assert obstacles.list_unwritable(known, moves=False, assigns=True, allow_unassigned=False) == []
    assert obstacles.list_unwritable(known, moves=False, assigns=False, allow_unassigned=True) == []


def test_a_policy_that_is_assigned_already_needs_no_assignments():
    found = parse_found({"before": readiness()}, check=False)
    assert obstacles.list_unwritable(found, moves=False, assigns=False, allow_unassigned=False) == []


@pytest.mark.parametrize(
    ("given", "options", "stops"),
    [
        pytest.param(reason("defeated"), {}, True, id="case 51: another policy defeats it"),
        (reason("not_assigned"), {}, True),
        (reason("not_assigned"), {"allow_unassigned": True}, False),
        (reason("policies_unread", state="unknown"), {}, True),
        (reason("policies_unread", state="unknown"), {"must_know": False}, False),
        (reason("not_arrived", "arrived"), {}, False),
        (reason("not_arrived", "arrived"), {"must_arrive": True}, True),
        (reason("status_unread", "arrived", "unknown"), {"must_arrive": True}, True),
        (reason("not_connected", "connected"), {"must_know": False}, True),
    ],
)
def test_reasons_not_to_end_well(given, options, stops):
    found = parse_found({"before": readiness(False, reasons=[given])}, check=False)
    wanted = {"must_know": True, "must_arrive": False, "allow_unassigned": False, **options}
    assert obstacles.list_obstacles(found, **wanted) == ([f"{given['code']} happened. Repair it."] if stops else [])


def test_another_description_is_told_and_no_reason():
    described = {**LENGTH, "option": "description", "message": "'Ours' is not 'Theirs'."}
    found = parse_found({"before": readiness(differs=[described])}, check=False)
    assert "  Differs: 'Ours' is not 'Theirs'." in "\n".join(summary.render_summary(found))
    assert obstacles.list_obstacles(found, must_know=True, must_arrive=False, allow_unassigned=False) == []


def test_a_difference_from_the_variables_is_a_reason_too():
    found = parse_found({"before": readiness(differs=[LENGTH])}, check=False)
    assert obstacles.list_obstacles(found, must_know=True, must_arrive=False, allow_unassigned=False) == ["6 is not 8."]


@pytest.mark.parametrize(
    ("record", "policies", "told"),
    [
        (None, [], "Device 'PF3XYZ12': no record was read; waited 60 s Ready"),
        ({"eligible": False, "reason": "hybrid_joined"}, [], "Device 'PF3XYZ12': not eligible (hybrid_joined); waited 60 s Ready"),
        (
            {"eligible": True, "reason": None},
            [{"name": "PIN", "status": "not_applicable"}, {"name": "Other", "status": None}],
            "Device 'PF3XYZ12': eligible; waited 60 s 'PIN': not applicable 'Other': nothing reported Ready",
        ),
    ],
)
def test_a_device_that_was_waited_for_is_told(record, policies, told):
    device = {"name": "PF3XYZ12", "waited": 60, "record": record, "policies": policies}
    found = flat(before=readiness(False, device=device, reasons=[reason("device_missing", "arrived")]))
    assert f"{told} (can the user of this device reset the PIN?): no - device_missing happened. Repair it." in found
    assert "today?" in flat(before=readiness(False, device=None))


# --- the credential -------------------------------------------------------------------------------------------------

ENDS = {
    "kind": "client_secret",
    "expires": "2026-01-17T10:00:00Z",
    "expires_soon": True,
    "message": "The client secret ends on 2026-01-17, in 12 days.",
    "hint": "Create another one.",
}
WITH_END = {"connection": {**CONNECTION["connection"], "credential": ENDS}}


@pytest.mark.parametrize("source", ["connection", "before", "both"])
def test_case_2_a_credential_that_ends_soon_is_told_in_one_line(source):
    before = readiness(credential=ENDS)
    results = {"connection": WITH_END if source != "before" else {}, "before": before if source != "connection" else {}}
    told = " ".join(" ".join(lines(**results)).split())
    assert told.count("Credential: The client secret ends on 2026-01-17, in 12 days. Create another one.") == 1
    facts = summary.make_facts(parse_found(results, check=False))
    assert (facts["credential_expires"], facts["credential_expires_soon"]) == ("2026-01-17T10:00:00Z", True)
    assert facts["ready"] is (None if source == "connection" else True)


@pytest.mark.parametrize("soon", [False, None])
def test_case_2_a_credential_that_does_not_end_soon_takes_no_line(soon):
    quiet = {"connection": {**CONNECTION["connection"], "credential": {**ENDS, "expires_soon": soon}}}
    assert lines(connection=quiet) == lines(connection=CONNECTION)
