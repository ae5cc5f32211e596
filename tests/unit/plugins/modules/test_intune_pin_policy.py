# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test whole runs against scripted responses: requests, writes, and reports, for hidden values or taken names."""

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


def world_of(script: Json, approval: ApprovalOptions | None = None, **claims: t.Any) -> Tenant:
    return tenant(script, credential=FakeCredential({"tid": TENANT_ID, **claims}), approval=approval)


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


READER = {"roles": ["DeviceManagementConfiguration.Read.All"]}


@pytest.mark.parametrize(
    ("given", "warned"),
    [
        pytest.param({"enable_pin_recovery": True}, "", id="case 60: a value that is not named"),
        pytest.param({"device_unlock_plugins": "x"}, "device_unlock_plugins", id="case 60: a value that is named"),
    ],
)
def test_check_mode_with_permissions_to_read_takes_a_value_that_is_not_revealed_for_unknown(given: Json, warned: str) -> None:
    script = {LIST: page(secretive()), reveal("ref-lock"): error(403), reveal("ref-unlock"): error(403)}
    world = world_of(script, **READER)
    outcome = run(world, True, **given)
    assert outcome.changed is True and world.transport.writes == []
    assert [warning.partition("the value of ")[2].partition(" to an")[0] for warning in outcome.warnings] == ([warned] if warned else [])
    assert "****" not in json.dumps(outcome.describe(diff=True))
    with pytest.raises(errors.MissingPermissionError, match="DeviceManagementConfiguration.ReadWrite.All") as caught:
        run(world, **given)
    assert caught.value.effects == "none" and world.transport.writes == []
    writer = world_of(script, roles=["DeviceManagementConfiguration.ReadWrite.All"])
    with pytest.raises(errors.SelectionError):
        run(writer, True, **given)


def test_case_60_a_hidden_value_of_others_is_refused_with_permissions_to_read_too() -> None:
    world = world_of({LIST: page(profile(oma(URI, False), hidden("./Device/Other", "r")))}, **READER)
    with pytest.raises(errors.SelectionError, match="./Device/Other"):
        run(world, True, enable_pin_recovery=True)


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


GONE = {f"GET /beta{CATALOG}": page(), DELETE: answer(204), ONE: error(404)}
USER_URI, SHORT_URI = URI.replace("/Device/", "/User/"), URI.replace("./Device/", "./")
LENGTH = URI.replace("EnablePinRecovery", "PINComplexity/MinimumPINLength")
WIFI = "./Vendor/MSFT/WiFi/Profile/Office/WlanXml"


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param([oma(URI, True)], id="case 48: PIN recovery"),
        pytest.param([oma(URI, False)], id="case 48: PIN recovery off"),
        pytest.param([oma(SHORT_URI, True), hidden(UNLOCK, "ref-unlock")], id="case 48: and a hidden value of ours"),
        pytest.param([oma(USER_URI, True), oma(LENGTH, 6, "Integer")], id="case 48: of users, and a length"),
    ],
)
def test_a_policy_for_pin_recovery_alone_is_removed(settings: list[Json]) -> None:
    world = world_of({LIST: page(profile(*settings)), **GONE})
    outcome = run(world, state="absent")
    assert (outcome.changed, outcome.warnings, outcome.values["pin_policy"]) == (True, [], None)
    assert world.transport.writes == [DELETE]


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
@pytest.mark.parametrize(
    ("settings", "reason", "held"),
    [
        pytest.param([hidden(UNLOCK, "r")], "not set enable_pin_recovery", "device_unlock_plugins", id="case 48: a hidden value of ours"),
        pytest.param(
            [hidden(WIFI, "r")],
            "it does not set enable_pin_recovery and it has settings that this module does not manage",
            "./Device/Vendor/MSFT/WiFi/Profile/Office/WlanXml",
            id="case 48: a hidden value of others",
        ),
        pytest.param([oma(LENGTH, 6, "Integer")], "not set enable_pin_recovery", "minimum_pin_length", id="case 48: a length alone"),
        pytest.param([oma(URI, "true", "String")], "settings that this module does not manage", URI, id="case 48: another type"),
        pytest.param(
            [oma(URI, True), hidden(WIFI, "r"), oma("./Device/Other", 1)],
            "because it has settings that this module does not manage",
            "./Device/Other, ./Device/Vendor/MSFT/WiFi/Profile/Office/WlanXml, enable_pin_recovery",
            id="case 48: PIN recovery, and settings of others",
        ),
        pytest.param([], "not set enable_pin_recovery", None, id="case 48: nothing"),
    ],
)
def test_a_policy_of_others_is_removed_only_with_force(settings: list[Json], reason: str, held: str | None, check: bool) -> None:
    world = world_of({LIST: page(profile(*settings)), **GONE})
    with pytest.raises(errors.SelectionError) as caught:
        run(world, check, state="absent")
    told = f"It holds {held}." if held else "It holds no setting."
    assert caught.value.message.startswith(f"The policy 'PIN' ({ID}) of the type custom is not removed, because ")
    assert reason in caught.value.message and caught.value.message.endswith(told)
    assert "set force (in the role pin_reset_policy_force) to true" in str(caught.value) and caught.value.effects == "none"
    assert world.transport.writes == []
    outcome = run(world, check, state="absent", force=True)
    assert outcome.changed is True and world.transport.writes == ([] if check else [DELETE])
    # The report omits our own settings, because the task requested that.
    assert [warning.partition("does not manage: ")[2] for warning in outcome.warnings] == (
        [held.replace(", enable_pin_recovery", "") + "."] if held and "manage" in reason else []
    )


def test_case_48_a_policy_of_the_catalog_and_of_others_is_kept_too() -> None:
    instance = {"settingDefinitionId": "vendor_key", "simpleSettingValue": {"value": "x"}}
    found = page(policy(settings=[*MADE, {"settingInstance": instance}], settingCount=2))
    world = world_of({f"GET /beta{CATALOG}": found, LIST: page()})
    with pytest.raises(errors.SelectionError, match="It holds vendor_key, enable_pin_recovery"):
        run(world, state="absent")
    assert world.transport.writes == []


def test_case_48_a_policy_named_by_its_id_is_kept_too() -> None:
    world = world_of({f"GET /beta{CATALOG}/{ID}": error(404), ONE: answer(200, profile(oma("./Device/Other", 1)))})
    with pytest.raises(errors.SelectionError, match="It holds ./Device/Other"):
        run(world, id=ID, state="absent")


def test_case_48_neither_goes_where_one_of_two_is_of_others() -> None:
    world = world_of({LIST: page(profile(oma("./Device/Other", 1))), f"GET /beta{CATALOG}": page(policy(settings=MADE, settingCount=1))})
    with pytest.raises(errors.SelectionError, match="of the type custom is not removed"):
        run(world, state="absent", replace_custom=True)
    assert world.transport.writes == []


def test_many_settings_of_others_are_counted() -> None:
    world = world_of({LIST: page(profile(*(oma(f"./Device/{number:02}", 1) for number in range(30)))), f"GET /beta{CATALOG}": page()})
    with pytest.raises(errors.SelectionError, match=r"./Device/19, and 10 more\."):
        run(world, state="absent")


# --- removing from any backend --------------------------------------------------------------------------------------

OTHER = f"beta{CATALOG}/{OTHER_ID}"
MADE = settings_catalog.merge_settings([], {}, {"enable_pin_recovery": True}, "device")
OURS, MADE_POLICY = profile(oma(URI, True)), policy(settings=MADE, settingCount=1)
BOTH_GONE = {f"DELETE /{OTHER}": answer(204), f"GET /{OTHER}": error(404), DELETE: answer(204), ONE: error(404)}


@pytest.mark.parametrize(
    ("profiles", "policies", "given", "deleted"),
    [
        pytest.param([], [MADE_POLICY], {}, f"DELETE /{OTHER}", id="case 56: in the settings catalog"),
        pytest.param([OURS], [], {}, DELETE, id="case 56: a custom profile"),
        pytest.param([OURS], [MADE_POLICY], {"backend": "custom"}, DELETE, id="case 56: the custom one of both"),
        pytest.param([OURS], [MADE_POLICY], {"backend": "settings_catalog"}, f"DELETE /{OTHER}", id="case 56: the other one of both"),
        pytest.param([OURS], [], {"replace_custom": True}, DELETE, id="case 56: both, where there is one"),
        pytest.param([{"id": "w", "displayName": "PIN", "@odata.type": "#wifi"}], [MADE_POLICY], {}, f"DELETE /{OTHER}", id="beside Wi-Fi"),
    ],
)
def test_a_policy_is_removed_whatever_its_backend(profiles: list[Json], policies: list[Json], given: Json, deleted: str) -> None:
    world = world_of({LIST: page(*profiles), f"GET /beta{CATALOG}": page(*policies), **BOTH_GONE})
    outcome = run(world, state="absent", **given)
    assert (outcome.changed, outcome.values["replaced_id"], outcome.after) == (True, None, {})
    assert world.transport.writes == [deleted]
    stays = [f"The policy {OTHER_ID if given['backend'] == 'custom' else ID}"] if len(profiles) + len(policies) > 1 and given else []
    assert [warning.partition(" of the type ")[0] for warning in outcome.warnings] == stays, "the one that stays is told"


def test_case_56_the_other_one_is_not_removed_by_the_next_run() -> None:
    world = world_of({LIST: page(), f"GET /beta{CATALOG}": page(MADE_POLICY)})
    outcome = run(world, state="absent", backend="custom")
    assert outcome.changed is False and world.transport.writes == []
    assert outcome.warnings == [
        f"There is no policy of the type custom named 'PIN', so nothing is removed. The policy {OTHER_ID} of the type settings_catalog has "
        "the same name, and stays."
    ]


def test_case_56_of_two_policies_of_one_name_none_is_removed_by_chance() -> None:
    world = world_of({LIST: page(OURS), f"GET /beta{CATALOG}": page(MADE_POLICY)})
    with pytest.raises(errors.SelectionError) as caught:
        run(world, state="absent")
    assert caught.value.message == f"Two policies are named 'PIN': {OTHER_ID} of the type settings_catalog and {ID} of the type custom."
    assert "set replace_custom (in the role pin_reset_policy_replace_custom) to true to remove both" in str(caught.value)
    assert world.transport.writes == []


@pytest.mark.parametrize("given", [{}, {"backend": "settings_catalog"}], ids=["backend unset", "settings catalog"])
def test_both_are_removed_when_that_is_wanted(given: Json) -> None:
    world = world_of({LIST: page(OURS), f"GET /beta{CATALOG}": page(MADE_POLICY), **BOTH_GONE})
    outcome = run(world, state="absent", replace_custom=True, **given)
    assert (outcome.changed, outcome.values["replaced_id"]) == (True, ID)
    assert world.transport.writes == [f"DELETE /{OTHER}", DELETE]
    held = {"name": "PIN", "settings": {"enable_pin_recovery": True}}
    assert outcome.before is not None and outcome.before["custom_profile"] == held and outcome.after == {"custom_profile": None}


@pytest.mark.parametrize("state", ["present", "absent"])
def test_case_56_a_policy_named_by_its_id_is_found_in_both(state: str) -> None:
    found = {f"GET /{OTHER}": [answer(200, MADE_POLICY), error(404)], f"GET /{OTHER}/assignments": page(), f"DELETE /{OTHER}": answer(204)}
    world = world_of({f"GET /beta{PROFILES}/{OTHER_ID}": error(404), **found})
    if state == "absent":
        assert run(world, id=OTHER_ID, state=state).changed is True
    for given in ({"state": state, "backend": "custom"}, {"state": "present"}):
        world = world_of({f"GET /beta{PROFILES}/{OTHER_ID}": error(404), **found, f"GET /{OTHER}": answer(200, MADE_POLICY)})
        with pytest.raises(errors.SelectionError, match="of the type settings_catalog.*Set backend to settings_catalog"):
            run(world, id=OTHER_ID, **given)
        assert world.transport.writes == []


def test_an_id_that_nothing_has_is_nothing_to_remove() -> None:
    world = world_of({ONE: error(404), f"GET /beta{CATALOG}/{ID}": error(404)})
    assert run(world, id=ID, state="absent").changed is False
    with pytest.raises(errors.SelectionError, match=f"no policy with the ID {ID}.*Check the ID"):
        run(world, id=ID)


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


# --- moving, with other values --------------------------------------------------------------------------------------

ASSIGNED = [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}]
EIGHT = settings_catalog.merge_settings([], {}, {"enable_pin_recovery": True, "minimum_pin_length": 8}, "device")
SHORT_PINS = profile(oma(URI, True), oma(LENGTH, 6, "Integer"), hidden(LOCK, "ref-lock"), assignments=ASSIGNED)
MADE_EIGHT = policy(settings=EIGHT, settingCount=1, assignments=ASSIGNED)


def moving(old: Json, *found: Json) -> Json:
    """Return the script of a move, in which the new policy is shown with eight characters, and the old one is gone in the end."""
    return {
        LIST: page(old),
        reveal("ref-lock"): answer(200, {"value": "<lock/>"}),
        PATCH: answer(204),
        f"GET /beta{CATALOG}": page(*found),
        f"POST /beta{CATALOG}": answer(201, {"id": OTHER_ID}),
        f"POST /{OTHER}/assign": answer(200, {}),
        f"GET /{OTHER}": answer(200, MOVED),
        f"GET /{OTHER}/assignments": page(*ASSIGNED),
        DELETE: answer(204),
        ONE: error(404),
    }


MOVED_VALUES = {"enable_pin_recovery": True, "minimum_pin_length": 8, "dynamic_lock_plugins": "<lock/>"}
MOVED = policy(settings=settings_catalog.merge_settings([], {}, MOVED_VALUES, "device"), settingCount=2, assignments=ASSIGNED)
LONGER = {"backend": "settings_catalog", "replace_custom": True, "minimum_pin_length": 8}


def test_case_57_a_setting_that_changes_with_the_move_is_changed_in_the_assigned_profile_first() -> None:
    world = world_of(moving(SHORT_PINS))
    outcome = run(world, **LONGER)
    assert world.transport.writes == [PATCH, f"POST /beta{CATALOG}", f"POST /{OTHER}/assign", DELETE]
    settled = next(body_of(request) for request in world.transport.sent if request.method == "PATCH")
    assert {item["omaUri"]: item["value"] for item in settled["omaSettings"]} == {URI: True, LENGTH: 8, LOCK: "<lock/>"}
    assert set(settled) == {"@odata.type", "omaSettings"}
    assert outcome.before is not None and outcome.after is not None
    assert (outcome.before["settings"]["minimum_pin_length"], outcome.after["settings"]["minimum_pin_length"]) == (6, 8)
    assert (outcome.before["backend"], outcome.after["backend"]) == ("custom", "settings_catalog")
    assert outcome.before["custom_profile"]["settings"]["minimum_pin_length"] == 6 and outcome.after["custom_profile"] is None


def test_case_57_the_plan_shows_the_old_and_the_new_value() -> None:
    world = world_of(moving(SHORT_PINS))
    plan = run(world, True, **LONGER)
    done = run(world_of(moving(SHORT_PINS)), **LONGER)
    assert (plan.before, plan.after) == (done.before, done.after)
    assert world.transport.writes == []


@pytest.mark.parametrize(
    ("old", "given"),
    [
        pytest.param(SHORT_PINS, {"minimum_pin_length": 6}, id="the same value"),
        pytest.param(profile(oma(URI, True)), {"minimum_pin_length": 8}, id="a setting that the profile does not have"),
        pytest.param({**SHORT_PINS, "assignments": []}, {"minimum_pin_length": 8}, id="a profile for nobody"),
    ],
)
def test_a_profile_that_is_no_conflict_is_not_changed_before_it_is_removed(old: Json, given: Json) -> None:
    world = world_of({**moving(old), f"GET /{OTHER}": answer(200, {**MADE_POLICY, "name": "other"})})
    with pytest.raises(errors.NotReadyError):
        run(world, **{**LONGER, **given}, wait_timeout=1.0)
    assert PATCH not in world.transport.writes


def test_case_57_where_the_new_policy_has_the_value_already_both_values_are_shown_and_the_old_one_goes() -> None:
    world = world_of({**moving(profile(oma(URI, True), oma(LENGTH, 6, "Integer"), assignments=ASSIGNED), MADE_EIGHT)})
    outcome = run(world, **LONGER)
    assert world.transport.writes == [DELETE]
    assert outcome.before is not None and outcome.before["settings"]["minimum_pin_length"] == 8
    assert outcome.after is not None and outcome.before["backend"] == outcome.after["backend"] == "settings_catalog"
    assert outcome.before["custom_profile"] == {"name": "PIN", "settings": {"enable_pin_recovery": True, "minimum_pin_length": 6}}


def test_case_57_a_failure_after_the_old_profile_was_changed_says_so() -> None:
    world = world_of({**moving(SHORT_PINS), f"POST /beta{CATALOG}": error(403)})
    with pytest.raises(errors.ForbiddenError) as caught:
        run(world, **LONGER)
    assert caught.value.effects == "partial"


def test_case_57_a_profile_that_cannot_be_changed_leaves_everything_as_it_was() -> None:
    world = world_of({**moving(SHORT_PINS), PATCH: error(403)})
    with pytest.raises(errors.ForbiddenError) as caught:
        run(world, **LONGER)
    assert caught.value.effects is None and world.transport.writes == [PATCH]


# --- references of assignments --------------------------------------------------------------------------------------

ALIVE, DEAD = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
FILTER, DEAD_FILTER = "ffffffff-0000-4000-8000-000000000001", "ffffffff-0000-4000-8000-000000000002"
FILTERS = "GET /beta/deviceManagement/assignmentFilters"


def to(group: str, filter_id: str | None = None, kind: str = "groupAssignmentTarget") -> Json:
    names = ("deviceAndAppManagementAssignmentFilterId", "deviceAndAppManagementAssignmentFilterType")
    filtered = dict(zip(names, (filter_id, "include"), strict=True)) if filter_id else {}
    return {"target": {"@odata.type": f"#microsoft.graph.{kind}", "groupId": group, **filtered}}


def groups(request: t.Any) -> t.Any:
    """Respond as a directory in which ALIVE is named Ops, and DEAD was deleted."""
    return page(*([{"id": ALIVE, "displayName": "Ops"}] if ALIVE in request.url or "displayName" in request.url else []))


DIRECTORY: Json = {
    "GET /v1.0/groups": groups,
    f"GET /v1.0/groups/{DEAD}": error(404),
    FILTERS: page({"id": FILTER, "displayName": "Corporate", "platform": "windows10AndLater"}),
}
ADD = {"assignments": [{"target": "group", "group": "Ops"}], "purge_assignments": False}
WAY_OUT = (
    "Name all targets that the policy must have in assignments (in the role pin_reset_assignments) and set purge_assignments "
    "(in the role pin_reset_purge_assignments) to true"
)


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
@pytest.mark.parametrize(
    ("assigned", "given", "problem", "way_out"),
    [
        pytest.param(to(DEAD), ADD, f"is assigned with groups that no longer exist: {DEAD}.", WAY_OUT, id="case 49: a group is added"),
        pytest.param(
            to(DEAD, kind="exclusionGroupAssignmentTarget"),
            {**ADD, "enable_pin_recovery": False},
            f"groups that no longer exist: {DEAD}.",
            WAY_OUT,
            id="case 49: an excluded group, and a setting that would be written before",
        ),
        pytest.param(
            to(DEAD),
            {"assignments": [{"target": "exclude_group", "group": DEAD}]},
            f"There are no groups with the IDs that assignments names: {DEAD}.",
            "Remove them from assignments (in the role pin_reset_assignments).",
            id="case 49: the deleted group is named",
        ),
        pytest.param(
            to(ALIVE, DEAD_FILTER),
            {"assignments": [{"target": "all_devices"}], "purge_assignments": False},
            f"assignment filters that no longer exist: {DEAD_FILTER}.",
            WAY_OUT,
            id="case 49: a deleted filter",
        ),
    ],
)
def test_a_reference_to_what_was_deleted_is_named_before_the_first_write(
    assigned: Json, given: Json, problem: str, way_out: str, check: bool
) -> None:
    world = world_of({LIST: page(profile(oma(URI, True), assignments=[assigned])), **DIRECTORY})
    with pytest.raises(errors.SelectionError) as caught:
        run(world, check, **given)
    assert problem in caught.value.message and way_out in (caught.value.hint or "") and caught.value.effects == "none"
    assert world.transport.writes == []


@pytest.mark.parametrize(
    ("given", "is_moved"),
    [
        pytest.param({}, False, id="case 49: a move that keeps the group"),
        pytest.param({"assignments": [{"target": "group", "group": "Ops"}]}, True, id="case 49: the way out"),
    ],
)
def test_a_move_to_a_policy_for_a_deleted_group(given: Json, is_moved: bool) -> None:
    world = world_of({**moving(profile(oma(URI, True), assignments=[to(DEAD)])), **DIRECTORY})
    options: Json = {"backend": "settings_catalog", "replace_custom": True, **given}
    if is_moved:
        assert run(world, True, **options).changed is True
    else:
        with pytest.raises(errors.SelectionError, match=f"groups that no longer exist: {DEAD}"):
            run(world, **options)
    assert world.transport.writes == []


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"enable_pin_recovery": True}, id="nothing changes"),
        pytest.param({"enable_pin_recovery": False}, id="a setting changes"),
        pytest.param({"assignments": [{"target": "group", "group": DEAD}]}, id="the group is named, and there"),
        pytest.param({"assignments": [{"target": "all_devices"}]}, id="case 49: the way out"),
        pytest.param({"assignments": []}, id="case 49: the other way out"),
    ],
)
def test_a_deleted_group_is_in_nobodys_way_where_it_is_not_written(given: Json) -> None:
    world = world_of({LIST: page(profile(oma(URI, True), assignments=[to(DEAD)])), **DIRECTORY})
    assert run(world, True, **given).failure is None
    assert world.transport.targets.count("GET /v1.0/groups") == 1, "for the names alone"


def test_case_49_without_the_permission_to_read_groups_intune_decides() -> None:
    old = profile(oma(URI, True), assignments=[to(DEAD)])
    refused = {f"POST /beta{PROFILES}/{ID}/assign": error(400, "BadRequest", "No such group.")}
    world = world_of({LIST: page(old), "GET /v1.0/groups": error(403), **refused})
    with pytest.raises(errors.GraphError) as caught:
        run(world, assignments=[{"target": "all_devices"}], purge_assignments=False)
    assert f"Check that these groups and filters exist: {DEAD}. Then run again to finish." in str(caught.value)


# --- names of assigned objects --------------------------------------------------------------------------------------

READERS = ["DeviceManagementConfiguration.ReadWrite.All", "GroupMember.Read.All"]


def assigned(*targets: Json, roles: list[str] | None = None, **script: t.Any) -> Tenant:
    return world_of({LIST: page(profile(oma(URI, True), assignments=list(targets))), **DIRECTORY, **script}, roles=roles or READERS)


def names_of(outcome: Outcome, member: str = "group") -> tuple[list[Json], list[Json], list[Json]]:
    """Return the names of the result, and those of the difference, before and after."""
    assert outcome.before is not None and outcome.after is not None
    found = (outcome.values["pin_policy"] or {"assignments": []}, outcome.before, outcome.after or {"assignments": []})
    result, before, after = ([each[member] for each in part["assignments"]] for part in found)
    return result, before, after


@pytest.mark.parametrize(
    ("given", "shown", "asked"),
    [
        pytest.param({"enable_pin_recovery": True}, (["Ops"],) * 3, 1, id="nothing changes"),
        pytest.param({"enable_pin_recovery": False}, (["Ops"],) * 3, 1, id="a setting changes"),
        pytest.param({"assignments": [{"target": "group", "group": "Ops"}]}, (["Ops"],) * 3, 1, id="named: known by the lookup"),
        pytest.param({"assignments": [{"target": "group", "group": ALIVE}]}, (["Ops"],) * 3, 1, id="named by its ID"),
        pytest.param({"assignments": []}, ([], ["Ops"], []), 1, id="an assignment goes"),
        pytest.param({"state": "absent"}, ([], ["Ops"], []), 1, id="the policy goes"),
    ],
)
def test_groups_have_their_names_and_cost_one_request(given: Json, shown: tuple[list[Json], ...], asked: int) -> None:
    world = assigned(to(ALIVE), **{f"GET /beta{CATALOG}": page()})
    assert names_of(run(world, True, **given)) == shown
    assert world.transport.targets.count("GET /v1.0/groups") == asked


def test_a_policy_for_all_devices_needs_no_name() -> None:
    world = assigned({"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}})
    assert run(world, enable_pin_recovery=True).changed is False
    assert world.transport.targets == [LIST]


def test_a_filter_and_a_scope_tag_have_their_names() -> None:
    tags = page({"id": "0", "displayName": "Default"}, {"id": "4", "displayName": "Berlin"})
    world = assigned(to(ALIVE, FILTER), **{"GET /beta/deviceManagement/roleScopeTags": tags})
    outcome = run(world, True, scope_tags=["Berlin"])
    assert names_of(outcome, "filter") == (["Corporate"],) * 3
    assert outcome.before is not None and outcome.after is not None
    assert (outcome.before["scope_tags"], outcome.after["scope_tags"]) == (["Default"], ["Berlin"])


@pytest.mark.parametrize(
    ("roles", "answered", "asked"),
    [
        pytest.param(READERS[:1], page(), 0, id="case 62: without the permission nobody is asked"),
        pytest.param(READERS, error(403), 1, id="refused"),
        pytest.param(READERS, error(404), 1, id="another refusal"),
        pytest.param(READERS, page(), 1, id="the group was deleted"),
    ],
)
def test_a_name_that_cannot_be_read_is_its_id_and_no_failure(roles: list[str], answered: t.Any, asked: int) -> None:
    world = assigned(to(ALIVE), roles=roles, **{"GET /v1.0/groups": answered})
    outcome = run(world, enable_pin_recovery=True)
    assert names_of(outcome) == ([None], [ALIVE], [ALIVE])
    assert outcome.values["pin_policy"]["assignments"][0]["group_id"] == ALIVE
    assert (outcome.changed, world.transport.targets.count("GET /v1.0/groups")) == (False, asked)


def test_two_groups_of_one_name_are_told_apart() -> None:
    every = page({"id": ALIVE, "displayName": "Ops"}, {"id": DEAD, "displayName": "ops"})
    world = assigned(to(ALIVE), **{"GET /v1.0/groups": every, f"GET /v1.0/groups/{DEAD}": answer(200, {"id": DEAD, "displayName": "ops"})})
    outcome = run(world, True, assignments=[{"target": "group", "group": DEAD}])
    assert names_of(outcome) == (["ops"], [f"Ops ({ALIVE})"], [f"ops ({DEAD})"])
    assert outcome.changed is True


# --- failures after a change ----------------------------------------------------------------------------------------

# The settings catalog policy is created, shown, and replaces the custom profile.
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


# --- look-alike names -----------------------------------------------------------------------------------------------


def without(*names: str) -> Json:
    """Return the script of a tenant with custom profiles of these names, whose service finds none by a filter."""

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
