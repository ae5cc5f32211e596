# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test whole runs against scripted responses: requests, writes, and reports."""

from __future__ import annotations

import base64
import json
import typing as t

import pytest
import yaml

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._approval.options import ApprovalOptions
from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import AssignmentResult
from ansible_collections.endpointops.intune.plugins.module_utils._probe.model import ScheduleResult
from ansible_collections.endpointops.intune.plugins.module_utils._probe.plan import DESCRIPTION, ProbeResult
from ansible_collections.endpointops.intune.plugins.module_utils._probe.script import SCRIPT
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from ansible_collections.endpointops.intune.plugins.modules import intune_pin_probe
from tests.support.fakes import FakeCredential, Tenant, answer, body_of, error, options, page, tenant
from tests.support.probe import OLD, SIGNED

Json = dict[str, t.Any]
ID, OTHER_ID = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
PILOT, FIELD = "22222222-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"
PATH = "/beta/deviceManagement/deviceHealthScripts"
LIST, ONE, CREATE, PATCH = f"GET {PATH}", f"GET {PATH}/{ID}", f"POST {PATH}", f"PATCH {PATH}/{ID}"
DELETE, ASSIGN = f"DELETE {PATH}/{ID}", f"POST {PATH}/{ID}/assign"
LICENSE = "GET /beta/deviceManagement/dataProcessorServiceForWindowsFeaturesOnboarding"
GROUPS = "GET /v1.0/groups"
TYPE = "#microsoft.graph.deviceHealthScript"
ALL_DEVICES = [{"target": "all_devices"}]
DAILY = {"@odata.type": f"{TYPE}DailySchedule", "interval": 1, "time": "12:00:00.0000000", "useUtc": False}
HOURLY = {"@odata.type": f"{TYPE}HourlySchedule", "interval": 8}
NOT_CONFIRMED = {LICENSE: answer(200, {"hasValidWindowsLicense": False})}
CONFIRMED = {LICENSE: answer(200, {"hasValidWindowsLicense": True})}


def encode(content: bytes | str) -> str:
    return base64.b64encode(content if isinstance(content, bytes) else content.encode()).decode()


def included(schedule: Json | None = None, group: str | None = None) -> Json:
    kind = "group" if group else "allDevices"
    target = {"@odata.type": f"#microsoft.graph.{kind}AssignmentTarget", **({"groupId": group} if group else {})}
    return {"id": "x", "target": target, "runRemediationScript": False, "runSchedule": DAILY if schedule is None else schedule}


def package(content: bytes | str = SCRIPT, **more: t.Any) -> Json:
    return {
        "id": ID,
        "displayName": "PIN reset probe",
        "description": DESCRIPTION,
        "publisher": "somebody",
        "detectionScriptContent": encode(content),
        "remediationScriptContent": "",
        "runAsAccount": "user",
        "runAs32Bit": False,
        "enforceSignatureCheck": False,
        "roleScopeTagIds": ["0"],
        "isGlobalScript": False,
        "assignments": [],
        **more,
    }


def listed(found: Json) -> Json:
    return {name: value for name, value in found.items() if name != "assignments"} | {"detectionScriptContent": ""}


def world_of(
    found: Json | None = None, after: Json | None = None, *others: Json, approval: ApprovalOptions | None = None, **script: t.Any
) -> Tenant:
    """Return a tenant with a remediation, and its state after the write; ``script`` is in ``more``."""
    reads = [answer(200, each) for each in (found, after) if each is not None]
    base = {LIST: page(*([listed(found)] if found else []), *others), **({ONE: reads} if reads else {}), **CONFIRMED}
    return tenant({**base, **script.get("more", {})}, credential=FakeCredential(script.get("claims")), approval=approval)


def run(world: Tenant, check: bool = False, **given: t.Any) -> Outcome:
    defaults = {name: option.get("default") for name, option in intune_pin_probe.SPEC.argument_spec.items()}
    return intune_pin_probe.run({**options(), **defaults, **given}, world.client, check)


def schedule(**given: t.Any) -> Json:
    return {"repeat": "daily", "interval": 1, "time": None, "use_utc": None, **given}


# --- a new probe ----------------------------------------------------------------------------------------------------


def test_a_new_probe_is_made_and_then_assigned():
    world = world_of(None, package(assignments=[included()]), more={CREATE: answer(201, package()), ASSIGN: answer(204)})
    outcome = run(world, assignments=ALL_DEVICES)
    assert world.transport.targets == [LIST, LICENSE, CREATE, ASSIGN, ONE]
    assert body_of(world.transport.sent[2]) == {
        "@odata.type": TYPE,
        "displayName": "PIN reset probe",
        "description": DESCRIPTION,
        "publisher": "endpointops.intune",
        "runAsAccount": "user",
        "runAs32Bit": False,
        "enforceSignatureCheck": False,
        "roleScopeTagIds": ["0"],
        "detectionScriptContent": encode(SCRIPT),
    }, "and no remediation script"
    target = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
    written = {"@odata.type": f"{TYPE}Assignment", "target": target, "runSchedule": {**DAILY, "time": "12:00:00"}}
    assert body_of(world.transport.sent[3]) == {"deviceHealthScriptAssignments": [written]}
    assert outcome.changed and outcome.before == {}
    probe = outcome.values["pin_probe"]
    assert (probe["id"], probe["is_current"], probe["run_as_account"]) == (ID, True, "user")
    shown = {"repeat": "daily", "interval": 1, "time": "12:00", "date": None, "use_utc": False}
    assert probe["schedule"] == probe["assignments"][0]["schedule"] == shown
    assert outcome.values["detection_script"] == SCRIPT and outcome.values["approval"] is None and not outcome.warnings


def test_check_mode_writes_nothing_and_shows_the_same():
    made = world_of(None, package(assignments=[included()]), more={CREATE: answer(201, package()), ASSIGN: answer(204)})
    real, checked = run(made, assignments=ALL_DEVICES), run(world := world_of(), True, assignments=ALL_DEVICES)
    assert world.transport.writes == [] and checked.changed
    assert (checked.before, checked.after) == (real.before, real.after)
    assert checked.values["pin_probe"] == {**real.values["pin_probe"], "id": None}


def test_a_second_run_reads_twice_and_writes_nothing():
    world = world_of(package(assignments=[included()]))
    outcome = run(world, assignments=ALL_DEVICES, schedule=schedule(), description=DESCRIPTION, enforce_signature_check=False)
    assert world.transport.targets == [LIST, ONE] and outcome.changed is False and outcome.before == outcome.after


# --- changes --------------------------------------------------------------------------------------------------------


def test_a_new_version_of_the_script_is_a_change_that_shows_no_script():
    world = world_of(package(OLD), package(), more={PATCH: answer(200, package())})
    outcome = run(world)
    assert world.transport.writes == [PATCH] and outcome.changed and outcome.before is not None and outcome.after is not None
    assert body_of(world.transport.sent[3])["detectionScriptContent"] == encode(SCRIPT)
    assert outcome.before["script"].startswith("version 0, SHA-256 ") and outcome.after["script"].startswith("version 1, SHA-256 ")
    assert {key for key in outcome.after if outcome.after[key] != outcome.before[key]} == {"script"}
    assert encode(SCRIPT)[:40] not in json.dumps(outcome.describe(diff=True))
    checked = run(world_of(package(OLD)), True)
    assert (checked.before, checked.after) == (outcome.before, outcome.after)
    assert checked.values["pin_probe"]["id"] == ID and checked.values["pin_probe"]["is_current"] is True


@pytest.mark.parametrize(
    ("found", "given", "key"),
    [
        pytest.param({"runAsAccount": "system"}, {}, "run_as_account", id="as the system"),
        pytest.param({"runAs32Bit": True}, {}, "run_as_32_bit", id="32 bit"),
        pytest.param({"description": "x"}, {"description": "y"}, "description", id="description"),
        pytest.param({"description": "x"}, {"description": ""}, "description", id="no description"),
        pytest.param({"enforceSignatureCheck": True}, {"enforce_signature_check": False}, "enforce_signature_check", id="signature"),
        pytest.param({"roleScopeTagIds": ["7"]}, {"scope_tags": []}, "scope_tags", id="default tag"),
    ],
)
def test_what_differs_is_changed_and_the_script_is_not_sent_again(found, given, key):
    wanted = {**package(), "description": given.get("description", DESCRIPTION)}
    world = world_of({**package(), **found}, wanted, more={PATCH: answer(204), "GET /beta/deviceManagement/roleScopeTags": page()})
    outcome = run(world, **given)
    assert world.transport.writes == [PATCH] and outcome.changed and outcome.before is not None and outcome.after is not None
    assert [name for name in outcome.after if outcome.after[name] != outcome.before[name]] == [key]
    written = next(body_of(request) for request in world.transport.sent if request.method == "PATCH")
    assert "detectionScriptContent" not in written and "remediationScriptContent" not in written and "version" not in written


@pytest.mark.parametrize(
    "found",
    [
        pytest.param({"description": "x", "roleScopeTagIds": ["7"]}, id="what is not given"),
        pytest.param({"publisher": ""}, id="publisher"),
        pytest.param({"detectionScriptContent": encode(SIGNED), "enforceSignatureCheck": True}, id="a signed copy"),
        pytest.param({"assignments": [included(HOURLY)]}, id="assignments and schedule"),
        pytest.param({"assignments": [{**included(), "target": {"@odata.type": "#microsoft.graph.newTarget"}}]}, id="unknown target"),
        pytest.param({"assignments": [{**included(), "runSchedule": {"@odata.type": f"{TYPE}Weekly"}}]}, id="unknown schedule"),
    ],
)
def test_it_is_left_alone(found):
    tags = {"GET /beta/deviceManagement/roleScopeTags": page()}
    assert run(world_of({**package(), **found}, more=tags)).changed is False


# --- assignments and schedules --------------------------------------------------------------------------------------


def assigned(found: list[Json], after: list[Json], **given: t.Any) -> tuple[list[Json], Outcome]:
    """Run with these assignments before and after; return the written ones."""
    more = {ASSIGN: answer(204), GROUPS: page({"id": PILOT, "displayName": "Pilot ring"}, {"id": FIELD, "displayName": "Field service"})}
    world = world_of(package(assignments=found), package(assignments=after), more=more)
    outcome = run(world, **given)
    assert world.transport.writes == [ASSIGN]
    return body_of(world.transport.sent[[*world.transport.targets].index(ASSIGN)])["deviceHealthScriptAssignments"], outcome


def test_a_schedule_is_for_all_assignments_except_excluded_groups():
    excluded = {"target": {"@odata.type": "#microsoft.graph.exclusionGroupAssignmentTarget", "groupId": FIELD}, "runSchedule": None}
    found = [included(), excluded]
    written, outcome = assigned(found, [included(HOURLY), excluded], schedule=schedule(repeat="hourly", interval=8))
    assert [entry.get("runSchedule") for entry in written] == [HOURLY, None]
    assert outcome.after is not None
    assert [entry["schedule"] for entry in outcome.after["assignments"]] == ["every 8 hours", None]


def test_a_new_assignment_gets_the_schedule_of_the_others():
    group = {"target": "group", "group": "Pilot ring"}
    written, _outcome = assigned(
        [included(HOURLY)], [included(HOURLY), included(HOURLY, PILOT)], assignments=[group], purge_assignments=False
    )
    assert [entry["runSchedule"] for entry in written] == [HOURLY, HOURLY]


def test_a_schedule_that_stays_is_written_back_whatever_it_is():
    once = {"@odata.type": f"{TYPE}RunOnceSchedule", "date": "2026-12-01", "time": "08:00:00", "useUtc": True}
    group = {"target": "group", "group": "Pilot ring"}
    written, outcome = assigned([included(once)], [included(once), included(once, PILOT)], assignments=[*ALL_DEVICES, group])
    assert [entry["runSchedule"] for entry in written] == [once, once]
    assert outcome.after is not None and "once on 2026-12-01 at 08:00 UTC" in str(outcome.after)


def test_an_empty_list_clears_the_assignments():
    written, outcome = assigned([included()], [], assignments=[])
    assert written == [] and outcome.values["pin_probe"]["assignments"] == [] and outcome.values["pin_probe"]["schedule"] is None


def test_a_schedule_without_assignments_is_warned_of():
    outcome = run(world_of(package()), schedule=schedule())
    assert outcome.changed is False and outcome.warnings == ["The schedule has no effect, because the probe is not assigned."]


def test_an_unknown_schedule_that_would_stay_is_refused():
    strange = package(assignments=[{**included(), "runSchedule": {"@odata.type": f"{TYPE}WeeklySchedule"}}])
    group = {GROUPS: page({"id": PILOT, "displayName": "Pilot ring"})}
    with pytest.raises(errors.SelectionError, match="WeeklySchedule"):
        run(world_of(strange, more=group), assignments=[{"target": "group", "group": "Pilot ring"}], purge_assignments=False)


def test_one_group_both_included_and_excluded_is_refused():
    both = [{"target": "group", "group": "Pilot ring"}, {"target": "exclude_group", "group": "Pilot ring"}]
    world = world_of(package(), more={GROUPS: page({"id": PILOT, "displayName": "Pilot ring"})})
    with pytest.raises(errors.SelectionError, match="both included and excluded"):
        run(world, assignments=both)
    assert world.transport.writes == []


def test_a_group_that_was_deleted_is_told_before_anything_is_written():
    world = world_of(package(assignments=[included(DAILY, PILOT)]), more={GROUPS: page()})
    with pytest.raises(errors.SelectionError, match="The probe 'PIN reset probe' is assigned with groups that no longer exist") as failure:
        run(world, assignments=ALL_DEVICES, purge_assignments=False)
    assert world.transport.writes == [] and "pin_reset" not in str(failure.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"interval": 0}, "1 to 30 days"),
        ({"interval": 31}, "1 to 30 days"),
        ({"repeat": "hourly", "interval": 24}, "1 to 23 hours"),
        ({"repeat": "hourly", "time": "12:00"}, "no time of day"),
        ({"repeat": "hourly", "use_utc": False}, "no time of day"),
        ({"time": "9:00"}, "HH:MM"),
        ({"time": "24:00"}, "HH:MM"),
        ({"time": "12:00:00"}, "HH:MM"),
        ({"time": "12:00\n"}, "HH:MM"),
        ({"time": "\u0661\u0662:00"}, "HH:MM"),
        ({"time": ""}, "HH:MM"),
    ],
)
def test_a_schedule_that_intune_does_not_have_is_refused_before_anything_is_sent(given, words):
    world = world_of()
    with pytest.raises(errors.InvalidOptionError, match=words):
        run(world, schedule=schedule(**given))
    assert world.transport.targets == []


# --- signatures -----------------------------------------------------------------------------------------------------


def test_a_signed_copy_is_sent_byte_by_byte():
    after = package(SIGNED, enforceSignatureCheck=True)
    world = world_of(package(), after, more={PATCH: answer(200, after)})
    outcome = run(world, signed_script=SIGNED, enforce_signature_check=True)
    written = body_of(world.transport.sent[3])
    assert base64.b64decode(written["detectionScriptContent"]) == SIGNED.encode() and written["enforceSignatureCheck"] is True
    probe = outcome.values["pin_probe"]
    assert (probe["is_signed"], probe["is_current"], probe["enforce_signature_check"]) == (True, True, True)


@pytest.mark.parametrize(
    "found", [None, package(), package(OLD, enforceSignatureCheck=True)], ids=["new", "unsigned", "an earlier version"]
)
def test_without_a_signed_copy_of_this_version_no_signature_is_enforced(found):
    world = world_of(found)
    given = {} if found and found["enforceSignatureCheck"] else {"enforce_signature_check": True}
    with pytest.raises(errors.InvalidOptionError, match="no signed copy of this version") as failure:
        run(world, **given)
    assert world.transport.writes == [] and "signed_script" in str(failure.value.hint)


# --- remediations of others -----------------------------------------------------------------------------------------

FOREIGN = [
    pytest.param({"detectionScriptContent": encode("exit 0")}, "not the probe's", id="another script"),
    pytest.param({"remediationScriptContent": encode("exit 0")}, "has a remediation script", id="a remediation script"),
    pytest.param({"detectionScriptContent": None}, "cannot be read", id="not readable"),
]


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize(("found", "words"), FOREIGN)
def test_a_remediation_of_others_is_refused(found, words, state):
    world = world_of({**package(), **found})
    with pytest.raises(errors.SelectionError, match=words) as failure:
        run(world, state=state)
    assert world.transport.writes == [] and ID in str(failure.value) and "force" in str(failure.value.hint)


@pytest.mark.parametrize(("found", "words"), FOREIGN)
def test_force_makes_it_the_probe(found, words):
    world = world_of({**package(), **found}, package(), more={PATCH: answer(200, package())})
    outcome = run(world, force=True)
    written = body_of(world.transport.sent[3])
    assert ("remediationScriptContent" in written) == ("remediationScriptContent" in found)
    assert written.get("remediationScriptContent") is None and outcome.changed
    assert len(outcome.warnings) == 1 and words in outcome.warnings[0]


# --- absent ---------------------------------------------------------------------------------------------------------


def test_the_probe_is_removed():
    world = world_of(package(OLD), more={DELETE: answer(204), ONE: [answer(200, package(OLD)), error(404)]})
    outcome = run(world, state="absent")
    assert world.transport.targets == [LIST, ONE, DELETE, ONE]
    assert outcome.changed and outcome.values["pin_probe"] is None and outcome.after == {} and outcome.before is not None


def test_what_is_not_there_is_not_removed():
    world = world_of()
    outcome = run(world, state="absent")
    assert world.transport.targets == [LIST] and outcome.changed is False and outcome.values["pin_probe"] is None


def test_check_mode_removes_nothing():
    outcome = run(world := world_of(package()), True, state="absent")
    assert world.transport.writes == [] and outcome.changed and outcome.values["pin_probe"] is None


@pytest.mark.parametrize(("state", "words"), [("present", "a new one is made"), ("absent", "nothing is removed")])
def test_a_name_that_nearly_fits_is_offered(state, words):
    world = world_of(None, None, {"id": OTHER_ID, "displayName": "PIN reset probe "})
    outcome = run(world, True, state=state)
    assert (
        len(outcome.warnings) == 1
        and words in outcome.warnings[0]
        and f"Did you mean 'PIN reset probe ' ({OTHER_ID})?" in outcome.warnings[0]
    )


def test_several_of_one_name_are_refused():
    with pytest.raises(errors.SelectionError, match=f"{ID}, {OTHER_ID}"):
        run(world_of(package(), None, {"id": OTHER_ID, "displayName": "PIN reset probe"}))


def test_a_blank_name_is_refused():
    with pytest.raises(errors.InvalidOptionError, match="name is blank"):
        run(world_of(), name=" ")


# --- refusals and lost responses ------------------------------------------------------------------------------------


@pytest.mark.parametrize("answered", [error(400, message="An error has occurred"), error(403, message="An error has occurred")])
def test_one_package_too_many_is_explained(answered):
    many = [{"id": f"{number}", "displayName": f"Other {number}"} for number in range(200)]
    world = world_of(None, None, *many, more={CREATE: answered})
    checked = run(world_of(None, None, *many), True)
    assert checked.warnings == ["The tenant has 200 remediations, and Intune takes 200: it may refuse another one."]
    with pytest.raises(errors.GraphError, match="has 200 remediations, and Intune takes 200") as failure:
        run(world)
    assert failure.value.effects in (None, "none")


def test_an_unconfirmed_license_is_warned_of_and_told_with_a_refusal():
    assert "Windows licenses" in run(world_of(more=NOT_CONFIRMED), True).warnings[0]
    with pytest.raises(errors.GraphError, match="Windows licenses"):
        run(world_of(more={**NOT_CONFIRMED, CREATE: error(400, message="An error has occurred")}))
    assert run(world_of(package(), more=NOT_CONFIRMED)).warnings == [], "nothing is written"


@pytest.mark.parametrize(
    "answered",
    [answer(200, {"hasValidWindowsLicense": True}), answer(200, {}), error(403), error(404), error(400), answer(200, [])],
    ids=["confirmed", "not said", "403", "404", "400", "not an object"],
)
def test_a_license_that_is_confirmed_or_cannot_be_read_is_no_matter(answered):
    assert run(world_of(more={LICENSE: answered}), True).warnings == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_creation_that_may_have_run_says_what_a_second_run_does(status):
    world = world_of(more={CREATE: error(status)})
    with pytest.raises(errors.GraphError, match="found and finished, not made twice") as failure:
        run(world)
    assert failure.value.effects == "unknown"


def test_a_lost_response_to_the_creation_is_not_repeated():
    world = world_of(more={CREATE: errors.LostResponseError("lost")})
    with pytest.raises(errors.LostResponseError, match="found and finished, not made twice") as failure:
        run(world)
    assert failure.value.effects == "unknown" and world.transport.writes == [CREATE]


def test_a_probe_that_is_deleted_meanwhile_is_told():
    with pytest.raises(errors.NotFoundError, match="deleted meanwhile. Run again to make a new one"):
        run(world_of(package(OLD), more={PATCH: error(404)}))


def test_assignments_that_are_refused_leave_a_partial_change():
    world = world_of(None, package(), more={CREATE: answer(201, package()), ASSIGN: error(400)})
    with pytest.raises(errors.GraphError, match=f"The probe {ID} exists, but its assignments were not set") as failure:
        run(world, assignments=ALL_DEVICES)
    assert failure.value.effects == "partial"


def test_what_intune_does_not_show_in_time_is_told():
    world = world_of(package(OLD), package(OLD), more={PATCH: answer(204)})
    with pytest.raises(errors.NotReadyError, match="to show the probe 'PIN reset probe' as it was written") as failure:
        run(world, wait_timeout=3)
    assert failure.value.effects == "partial"


def test_a_token_that_may_only_read_writes_nothing():
    claims = {"roles": ["DeviceManagementScripts.Read.All"]}
    with pytest.raises(errors.MissingPermissionError, match=r"DeviceManagementScripts\.ReadWrite\.All"):
        run(world := world_of(claims=claims))
    assert world.transport.writes == [] and run(world_of(claims=claims), True).changed


# --- approval -------------------------------------------------------------------------------------------------------


def test_a_write_that_waits_for_an_approval_is_told_and_nothing_follows():
    code = "44444444-0000-4000-8000-000000000001"
    required = error(400, "BadRequest", "The header x-msft-approval-justification is required.")
    filed = error(412, "BadRequest", f"Approval request submitted. x-msft-approval-code: {code}")
    requests = {"GET /beta/deviceManagement/operationApprovalRequests": page()}
    world = world_of(None, None, approval=ApprovalOptions("Change 4711"), more={CREATE: [required, filed], **requests})
    outcome = run(world, assignments=ALL_DEVICES)
    assert ASSIGN not in world.transport.targets and outcome.changed is False and outcome.values["pin_probe"] is None
    assert outcome.values["approval"]["code"] == code and outcome.values["approval"]["operation"] == f"POST {PATH}"
    assert f"POST {PATH} waits for the approval of another administrator (code {code})." in outcome.warnings


# --- the documentation ----------------------------------------------------------------------------------------------


def test_the_return_values_are_documented():
    documented = yaml.safe_load(intune_pin_probe.RETURN)["pin_probe"]["contains"]
    assert set(documented) == set(ProbeResult.__annotations__)
    assert set(documented["schedule"]["contains"]) == set(ScheduleResult.__annotations__)
    assert set(documented["assignments"]["contains"]) == {*AssignmentResult.__annotations__, "schedule"}
