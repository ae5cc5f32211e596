# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole runs against scripted answers: what is asked for, what is written, and what is reported, where values are hidden or names taken."""

from __future__ import annotations

import json
import typing as t

import pytest
import yaml

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._approval.options import ApprovalOptions
from ansible_collections.endpointops.intune.plugins.module_utils._hello import settings_catalog
from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import AssignmentResult
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import PinPolicyResult
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import BY_OPTION
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from ansible_collections.endpointops.intune.plugins.modules import intune_pin_policy
from tests.support.fakes import TENANT_ID, FakeCredential, Tenant, answer, body_of, error, intune, options, page, query_of, tenant
from tests.support.policies import ID, Json

OTHER_ID = "bbbbbbbb-0000-4000-8000-000000000002"
PROFILES, CATALOG = "/deviceManagement/deviceConfigurations", "/deviceManagement/configurationPolicies"
URI = f"./Device/Vendor/MSFT/PassportForWork/{TENANT_ID}/Policies/EnablePinRecovery"
LOCK = "./Device/Vendor/MSFT/PassportForWork/DynamicLock/Plugins"
UNLOCK = "./Device/Vendor/MSFT/PassportForWork/DeviceUnlock/Plugins"
LIST, ONE = f"GET /beta{PROFILES}", f"GET /beta{PROFILES}/{ID}"
PATCH, DELETE = f"PATCH /v1.0{PROFILES}/{ID}", f"DELETE /v1.0{PROFILES}/{ID}"


def oma(uri: str, value: t.Any, kind: str = "Boolean", **more: t.Any) -> Json:
    return {"@odata.type": f"#microsoft.graph.omaSetting{kind}", "displayName": "x", "omaUri": uri, "value": value, **more}


def hidden(uri: str, reference: str) -> Json:
    return oma(uri, "****", "String", isEncrypted=True, secretReferenceValueId=reference)


def reveal(reference: str) -> str:
    return f"GET /v1.0{PROFILES}/{ID}/getOmaSettingPlainTextValue(secretReferenceValueId='{reference}')"


def profile(*settings: Json, **more: t.Any) -> Json:
    kind = "#microsoft.graph.windows10CustomConfiguration"
    return {"@odata.type": kind, "id": ID, "displayName": "PIN", "omaSettings": list(settings), "assignments": [], **more}


def policy(**more: t.Any) -> Json:
    head = {"id": OTHER_ID, "name": "PIN", "platforms": "windows10", "technologies": "mdm"}
    return {**head, "settings": [], "settingCount": 0, "assignments": [], **more}


def world_of(script: Json, approval: ApprovalOptions | None = None) -> Tenant:
    return tenant(script, credential=FakeCredential({"tid": TENANT_ID}), approval=approval)


def run(world: Tenant, check: bool = False, **given: t.Any) -> Outcome:
    defaults = {name: option.get("default") for name, option in intune_pin_policy.SPEC.argument_spec.items()}
    given = given if "id" in given else {"name": "PIN", **given}
    return intune_pin_policy.run({**options(), **defaults, **given}, world.client, check)


# --- hidden values --------------------------------------------------------------------------------------------------


def secretive(recovery: bool = False) -> Json:
    return profile(oma(URI, recovery), hidden(LOCK, "ref-lock"), hidden(UNLOCK, "ref-unlock"))


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        pytest.param({"enable_pin_recovery": True}, [], id="no hidden option"),
        pytest.param({"dynamic_lock_plugins": "<lock/>"}, ["ref-lock"], id="one of two"),
        pytest.param({"dynamic_lock_plugins": "<lock/>", "device_unlock_plugins": "s3cret"}, ["ref-unlock", "ref-lock"], id="both"),
    ],
)
def test_a_run_that_changes_nothing_asks_for_named_values_alone(given: Json, asked: list[str]) -> None:
    revealed = {reveal("ref-lock"): answer(200, {"value": "<lock/>"}), reveal("ref-unlock"): answer(200, {"value": "s3cret"})}
    world = world_of({LIST: page(secretive(True)), **revealed})
    outcome = run(world, **given)
    assert outcome.changed is False
    assert world.transport.targets == [LIST, *map(reveal, asked)]
    assert {name: outcome.values["pin_policy"]["settings"][name] for name in given} == given


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
def test_a_hidden_value_that_is_not_named_is_written_back_and_shown_nowhere(check: bool) -> None:
    revealed = {reveal("ref-lock"): answer(200, {"value": "<lock/>"}), reveal("ref-unlock"): answer(200, {"value": "s3cret"})}
    world = world_of({LIST: page(secretive()), ONE: answer(200, secretive(True)), PATCH: answer(204), **revealed})
    outcome = run(world, check, enable_pin_recovery=True, dynamic_lock_plugins="<lock/>")
    assert outcome.changed is True
    result = outcome.describe(diff=True)
    assert "s3cret" not in json.dumps(result) and "s3cret" not in repr(outcome)
    shown = result["pin_policy"]["settings"]
    assert shown["device_unlock_plugins"] is None and shown["dynamic_lock_plugins"] == "<lock/>"
    assert set(result["diff"]["before"]["settings"]) == {"enable_pin_recovery", "dynamic_lock_plugins"}
    assert world.transport.writes == ([] if check else [PATCH])
    if not check:
        written = next(body_of(request) for request in world.transport.sent if request.method == "PATCH")
        values = {item["omaUri"]: item["value"] for item in written["omaSettings"]}
        assert values == {URI: True, LOCK: "<lock/>", UNLOCK: "s3cret"}


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
def test_a_profile_with_a_value_that_is_not_revealed_is_refused_before_anything_is_written(check: bool) -> None:
    world = world_of({LIST: page(secretive()), reveal("ref-lock"): answer(200, {"value": "<lock/>"}), reveal("ref-unlock"): error(403)})
    with pytest.raises(errors.SelectionError, match="DeviceUnlock/Plugins") as caught:
        run(world, check, enable_pin_recovery=True)
    assert caught.value.effects == "none" and "Nothing was changed." in str(caught.value)
    assert world.transport.writes == []


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profiles", "policies", "words"),
    [
        pytest.param([profile(id=OTHER_ID, displayName="New")], [], f"named 'New' already: {OTHER_ID}", id="one of its kind"),
        pytest.param([], [policy(name="New")], f"named 'New' of the type settings_catalog \\({OTHER_ID}\\)", id="one of the other"),
    ],
)
def test_a_policy_does_not_get_a_name_that_another_has(profiles: list[Json], policies: list[Json], words: str) -> None:
    world = world_of({ONE: answer(200, profile(oma(URI, True))), LIST: page(*profiles), f"GET /beta{CATALOG}": page(*policies)})
    with pytest.raises(errors.SelectionError, match=words):
        run(world, id=ID, name="New")
    assert world.transport.writes == []


def test_a_policy_gets_a_name_that_nobody_has() -> None:
    renamed = profile(oma(URI, True), displayName="New")
    steps = {ONE: [answer(200, profile(oma(URI, True))), answer(200, renamed)], PATCH: answer(204)}
    world = world_of({LIST: page(), f"GET /beta{CATALOG}": page(), **steps})
    outcome = run(world, id=ID, name="New")
    assert (outcome.changed, outcome.values["pin_policy"]["name"]) == (True, "New")


def test_a_policy_that_has_its_name_is_in_nobodys_way() -> None:
    world = world_of({ONE: answer(200, profile(oma(URI, True)))})
    assert run(world, id=ID, name="PIN", enable_pin_recovery=True).changed is False
    assert world.transport.targets == [ONE]


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("name", ["", "  "], ids=["empty", "spaces"])
def test_a_blank_name_is_refused_before_anything_is_sent(state: str, name: str) -> None:
    world = world_of({})
    with pytest.raises(errors.InvalidOptionError, match="name is blank"):
        run(world, id=ID, name=name, state=state)
    assert world.transport.sent == []


# --- removing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        pytest.param([oma(URI.replace("./Device/", "./"), True)], None, id="ours alone"),
        pytest.param([oma(URI, True), oma("./Device/Other", 1), oma("./Vendor/X", 1)], "./Device/Other, ./Device/Vendor/X.", id="others"),
    ],
)
def test_settings_that_go_with_a_policy_are_named(settings: list[Json], words: str | None) -> None:
    script = {LIST: page(profile(*settings)), f"GET /beta{CATALOG}": page(), DELETE: answer(204), ONE: error(404)}
    outcome = run(world_of(script), state="absent")
    assert outcome.changed is True
    assert [warning.partition("go with it: ")[2] for warning in outcome.warnings] == ([words] if words else [])


def test_a_policy_of_the_same_name_and_another_type_is_not_left_behind() -> None:
    world = world_of({LIST: page(profile(oma(URI, True))), f"GET /beta{CATALOG}": page(policy())})
    for backend in ("custom", "settings_catalog"):
        with pytest.raises(errors.SelectionError, match="There is a policy named 'PIN' of the type"):
            run(world, state="absent", backend=backend)
    assert world.transport.writes == []


def test_both_are_removed_when_that_is_wanted() -> None:
    other = f"beta{CATALOG}/{OTHER_ID}"
    gone = {f"DELETE /{other}": answer(204), f"GET /{other}": error(404), DELETE: answer(204), ONE: error(404)}
    world = world_of({LIST: page(profile(oma(URI, True))), f"GET /beta{CATALOG}": page(policy()), **gone})
    outcome = run(world, state="absent", backend="settings_catalog", replace_custom=True)
    assert (outcome.changed, outcome.values["replaced_id"]) == (True, ID)
    assert world.transport.writes == [f"DELETE /{other}", DELETE]


def test_a_profile_is_moved_too_where_the_policy_is_named_by_its_id() -> None:
    other = f"beta{CATALOG}/{OTHER_ID}"
    made = settings_catalog.merge_settings([], {}, {"enable_pin_recovery": True}, "device")
    after = answer(200, policy(settings=made, settingCount=1))
    script = {f"GET /{other}": [answer(200, policy()), after], f"GET /{other}/assignments": page(), f"PUT /{other}": answer(200, {})}
    gone = {f"DELETE /{other}": answer(204), LIST: page(profile(oma(URI, True))), DELETE: answer(204), ONE: error(404)}
    world = world_of({**script, **gone})
    outcome = run(world, id=OTHER_ID, name="PIN", backend="settings_catalog", replace_custom=True)
    assert (outcome.changed, outcome.values["replaced_id"]) == (True, ID)
    assert [target.partition(" ")[0] for target in world.transport.writes] == ["PUT", "DELETE"]
    assert world.transport.writes[-1] == DELETE, "the old one goes last"


# --- failures after a change ----------------------------------------------------------------------------------------

OTHER = f"beta{CATALOG}/{OTHER_ID}"
MADE = settings_catalog.merge_settings([], {}, {"enable_pin_recovery": True}, "device")
# The settings catalog policy is made, shown, and replaces the custom profile.
MOVE: Json = {
    f"GET /beta{CATALOG}": page(),
    LIST: page(profile(oma(URI, True))),
    f"POST /beta{CATALOG}": answer(201, {"id": OTHER_ID}),
    f"GET /{OTHER}": answer(200, policy(settings=MADE, settingCount=1)),
    f"GET /{OTHER}/assignments": page(),
}
PENDING = [
    intune(400, "Header 'x-msft-approval-justification' is required to request approval."),
    intune(412, "Approval Required.", x_msft_approval_code=ID),
]
REQUESTS = {"GET /beta/deviceManagement/operationApprovalRequests": page()}


@pytest.mark.parametrize(
    ("script", "error_type", "words"),
    [
        pytest.param({f"GET /{OTHER}": error(404)}, errors.NotReadyError, "as it was written", id="never shown"),
        pytest.param({f"GET /{OTHER}": error(403)}, errors.ForbiddenError, "403", id="not readable"),
        pytest.param({DELETE: error(403)}, errors.ForbiddenError, "is still there", id="profile not removed"),
        pytest.param({DELETE: answer(204), ONE: answer(200, profile())}, errors.NotReadyError, "Timed out", id="profile still shown"),
    ],
)
def test_a_failure_after_the_policy_was_made_says_that_changes_were_made(script: Json, error_type: t.Any, words: str) -> None:
    with pytest.raises(error_type, match=words) as caught:
        run(world_of({**MOVE, **script}), backend="settings_catalog", replace_custom=True, wait_timeout=5.0)
    assert caught.value.effects == "partial" and "Some changes were made." in str(caught.value)


def test_a_policy_that_cannot_be_made_has_no_effects_that_are_known_to_be_partial() -> None:
    world = world_of({**MOVE, f"POST /beta{CATALOG}": error(403)})
    with pytest.raises(errors.ForbiddenError) as caught:
        run(world, backend="settings_catalog", replace_custom=True)
    assert caught.value.effects is None
    assert world.transport.writes == [f"POST /beta{CATALOG}"]


def test_a_first_write_that_waits_for_approval_changes_nothing() -> None:
    world = world_of({LIST: page(profile(oma(URI, False))), PATCH: PENDING, **REQUESTS}, ApprovalOptions("Please."))
    outcome = run(world, enable_pin_recovery=True)
    assert (outcome.changed, outcome.failure, outcome.values["approval"]["code"]) == (False, None, ID)
    assert outcome.values["pin_policy"]["settings"]["enable_pin_recovery"] is False, "the policy as it is"
    assert outcome.before == outcome.after
    assert any("waits for the approval" in warning for warning in outcome.warnings)


def test_a_removal_that_waits_for_approval_after_the_policy_was_made_is_a_change() -> None:
    found = [page(), page(policy(settings=MADE, settingCount=1))]
    world = world_of({**MOVE, f"GET /beta{CATALOG}": found, DELETE: PENDING, **REQUESTS}, ApprovalOptions("Please."))
    outcome = run(world, backend="settings_catalog", replace_custom=True)
    assert (outcome.changed, outcome.values["approval"]["code"], outcome.values["replaced_id"]) == (True, ID, None)
    assert (outcome.values["pin_policy"]["id"], outcome.before) == (OTHER_ID, {})
    assert outcome.after is not None and "custom_profile" not in outcome.after


def test_a_policy_that_cannot_be_read_after_it_was_made_says_that_changes_were_made() -> None:
    found = [page(), error(403)]
    world = world_of({**MOVE, f"GET /beta{CATALOG}": found, DELETE: PENDING, **REQUESTS}, ApprovalOptions("Please."))
    with pytest.raises(errors.ForbiddenError) as caught:
        run(world, backend="settings_catalog", replace_custom=True)
    assert caught.value.effects == "partial"


def test_a_removal_that_waits_for_approval_alone_is_no_change() -> None:
    found = page(policy(settings=MADE, settingCount=1))
    world = world_of({**MOVE, f"GET /beta{CATALOG}": found, DELETE: PENDING, **REQUESTS}, ApprovalOptions("Please."))
    outcome = run(world, backend="settings_catalog", replace_custom=True)
    assert (outcome.changed, outcome.values["approval"]["code"]) == (False, ID)


# --- the return value -----------------------------------------------------------------------------------------------

RETURN = yaml.safe_load(intune_pin_policy.RETURN)


def test_the_return_value_has_the_documented_keys() -> None:
    documented = RETURN["pin_policy"]["contains"]
    outcome = run(world_of({LIST: page(profile(oma(URI, True), assignments=[{"target": {}}]))}))
    assert set(outcome.values) == set(RETURN)
    assert set(outcome.values["pin_policy"]) == set(documented)
    assert set(PinPolicyResult.__annotations__) == set(documented)
    assert set(outcome.values["pin_policy"]["settings"]) == set(documented["settings"]["contains"]) == set(BY_OPTION)
    (assignment,) = outcome.values["pin_policy"]["assignments"]
    assert set(assignment) == set(AssignmentResult.__annotations__) == set(documented["assignments"]["contains"])


# --- names that look alike ------------------------------------------------------------------------------------------


def without(*names: str) -> Json:
    """Return the script of a tenant whose custom profiles have these names, and whose service finds none by a filter."""

    def listing(request: t.Any) -> t.Any:
        is_search = "$filter" in query_of(request)
        return page() if is_search else page(*({"id": f"id-{number}", "displayName": name} for number, name in enumerate(names)))

    return {LIST: listing, f"GET /beta{CATALOG}": page()}


@pytest.mark.parametrize(
    ("names", "told"),
    [
        pytest.param(["PIN Recovery", "PIN recovery "], "Did you mean 'PIN Recovery' (id-0) or 'PIN recovery ' (id-1)?", id="case 9"),
        pytest.param(
            ["PIN\u00a0recovery"],
            "Did you mean 'PIN\\xa0recovery' (id-0)? 'PIN\\xa0recovery' holds U+00A0 no-break space",
            id="case 9: NBSP",
        ),
    ],
)
@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_policy_whose_name_looks_like_the_one_that_is_missing_is_told(names: list[str], told: str, state: str) -> None:
    world = world_of(without(*names))
    outcome = run(world, check=True, name="PIN recovery", state=state, **({"enable_pin_recovery": True} if state == "present" else {}))
    (warning,) = outcome.warnings
    result = "a new policy is made" if state == "present" else "nothing is removed"
    assert warning.startswith(f"There is no policy named 'PIN recovery', so {result}. {told}")
    assert world.transport.writes == []


def test_case_9_other_names_are_not_told() -> None:
    assert (
        run(world_of(without("PIN", "PIN recovery 2", "Recovery PIN")), check=True, name="PIN recovery", enable_pin_recovery=True).warnings
        == []
    )


def test_case_9_characters_that_nobody_sees_in_the_name_are_told() -> None:
    outcome = run(world_of(without()), check=True, name="PIN recovery\u200b", enable_pin_recovery=True)
    assert outcome.warnings == [
        "There is no policy named 'PIN recovery\\u200b', so a new policy is made. The name holds U+200B zero width space at position 13."
    ]


def test_case_9_a_policy_that_is_found_is_not_compared_with_others() -> None:
    world = world_of({LIST: page(profile(oma(URI, True))), f"GET /beta{CATALOG}": page()})
    assert run(world, enable_pin_recovery=True).warnings == []
    assert all("$filter" in query_of(request) for request in world.transport.sent)
