# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._directory.display_names import Names
from ansible_collections.endpointops.intune.plugins.module_utils._hello import settings
from ansible_collections.endpointops.intune.plugins.module_utils._hello.api import Backend
from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import Assignment
from ansible_collections.endpointops.intune.plugins.module_utils._hello.custom_profile import CustomProfile
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import Policy, PolicyScope, RequestedPolicy
from ansible_collections.endpointops.intune.plugins.module_utils._hello.policy import (
    PolicyPlan,
    PolicyTask,
    describe,
    diff,
    drop_settings,
    inherit,
    make_desired,
    parse_task,
    plan,
    validate_task,
)
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings_catalog import SettingsCatalog
from tests.support.policies import ID, Json, given_values, read_back, values_for, written

TENANT = "11111111-aaaa-4bbb-8ccc-222222222222"
OTHER_ID = "bbbbbbbb-0000-4000-8000-000000000002"
G1, F1 = "aaaaaaaa-0000-4000-8000-000000000001", "ffffffff-0000-4000-8000-000000000001"
DEVICE, USER = PolicyScope(TENANT, "device"), PolicyScope(TENANT, "user")
DEVICES = Assignment("all_devices")
GROUP = Assignment("group", G1)
FILTERED = Assignment("group", G1, F1, "include")
STRANGE = Assignment("#microsoft.graph.newTarget")
CUSTOM, CATALOG = CustomProfile(), SettingsCatalog()
BACKENDS: list[Backend] = [CUSTOM, CATALOG]
ON = {"enable_pin_recovery": True}
POLICY = Policy("PIN", "Mine.", {**ON, "minimum_pin_length": 6}, (DEVICES, FILTERED), ("3",), ID)


# --- the task -------------------------------------------------------------------------------------------------------


def task(**given: t.Any) -> PolicyTask:
    """Return a task with the defaults of the options, and these."""
    unset = dict.fromkeys(["name", "id", "description", "assignments", "scope_tags", "tenant_id", *settings.BY_OPTION])
    defaults = {"state": "present", "backend": None, "replace_custom": False, "force": False, "scope": "device"}
    return parse_task({**unset, **defaults, "purge_assignments": True, "wait_timeout": 60.0, **given})


def test_a_task_holds_what_the_options_give() -> None:
    entry = {"target": "all_devices"}
    found = task(name="PIN", assignments=[entry], scope_tags=["Berlin"], enable_pin_recovery=True, device_unlock_plugins=" ")
    assert (found.name, found.assignments, found.scope_tags) == ("PIN", (entry,), ("Berlin",))
    assert found.settings == {"enable_pin_recovery": True, "device_unlock_plugins": ""}
    assert (task(assignments=[], scope_tags=[]).assignments, task(assignments=[], scope_tags=[]).scope_tags) == ((), ())
    assert (task().assignments, task().scope_tags, task().settings) == (None, None, {})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"name": " "}, "name is blank", id="blank name"),
        pytest.param({"name": "", "state": "absent"}, "name is blank", id="blank name, absent"),
        pytest.param({"name": "PIN", "replace_custom": True}, "replace_custom needs the backend settings_catalog", id="no backend"),
        pytest.param(
            {"name": "PIN", "replace_custom": True, "backend": "custom", "state": "absent"},
            "needs the backend settings_catalog",
            id="custom backend",
        ),
        pytest.param({"id": ID, "replace_custom": True, "backend": "settings_catalog"}, "and the name", id="no name to replace"),
        pytest.param({"name": "PIN", "pin_history": 51}, "pin_history must be from 0 to 50", id="setting"),
        pytest.param({"name": "PIN", "assignments": [{"target": "group"}]}, "needs a group", id="assignment"),
    ],
)
def test_a_task_that_no_policy_can_have_is_refused(options: Json, words: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match=words) as caught:
        validate_task(task(**options))
    assert caught.value.effects == "none"


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"name": "PIN", "state": "absent", "pin_history": 51, "assignments": [{"target": "group"}]}, id="absent"),
        pytest.param({"name": "PIN", "replace_custom": True, "backend": "settings_catalog"}, id="replaced"),
        pytest.param({"name": "PIN", "replace_custom": True, "state": "absent"}, id="both removed"),
        pytest.param({"id": ID}, id="by id"),
    ],
)
def test_a_sound_task_passes(options: Json) -> None:
    validate_task(task(**options))


@pytest.mark.parametrize(
    ("options", "current", "is_rename", "needs_other"),
    [
        pytest.param({"name": "PIN"}, None, False, True, id="new"),
        pytest.param({"name": "PIN"}, POLICY, False, False, id="found by name"),
        pytest.param({"name": "PIN", "replace_custom": True}, POLICY, False, True, id="found by name, and replacing"),
        pytest.param({"id": ID}, POLICY, False, False, id="by id"),
        pytest.param({"id": ID, "name": "PIN"}, POLICY, False, False, id="by id, the same name"),
        pytest.param({"id": ID, "name": "New"}, POLICY, True, True, id="by id, another name"),
        pytest.param({"id": ID, "name": "New"}, None, False, False, id="by an id that is not there"),
        pytest.param({"id": ID, "name": "PIN", "replace_custom": True}, POLICY, False, True, id="by id, and replacing"),
    ],
)
def test_the_other_backend_matters_where_a_name_is_given(options: Json, current: Policy | None, is_rename: bool, needs_other: bool) -> None:
    assert (task(**options).is_rename(current), task(**options).needs_other_backend(current)) == (is_rename, needs_other)


def test_a_plan_is_true_where_something_changes() -> None:
    assert not PolicyPlan("custom", POLICY, POLICY, None, ())
    assert PolicyPlan("custom", POLICY, POLICY, None, ("update",)) and PolicyPlan("settings_catalog", POLICY, POLICY, POLICY, ())


# --- the desired state ----------------------------------------------------------------------------------------------


def test_what_is_not_said_is_left_alone() -> None:
    assert make_desired(POLICY, RequestedPolicy()) == POLICY


@pytest.mark.parametrize(
    ("wanted", "change"),
    [
        pytest.param(RequestedPolicy(name="New"), {"name": "New"}, id="name"),
        pytest.param(RequestedPolicy(description="New."), {"description": "New."}, id="description"),
        pytest.param(RequestedPolicy(description=""), {"description": ""}, id="description cleared"),
        pytest.param(RequestedPolicy(settings={"pin_history": 0}), {"settings": {**POLICY.settings, "pin_history": 0}}, id="setting added"),
        pytest.param(
            RequestedPolicy(settings={"minimum_pin_length": 8}), {"settings": {**ON, "minimum_pin_length": 8}}, id="setting changed"
        ),
        pytest.param(RequestedPolicy(assignments=()), {"assignments": ()}, id="assignments cleared"),
        pytest.param(RequestedPolicy(assignments=(GROUP,)), {"assignments": (GROUP,)}, id="exact assignments"),
        pytest.param(
            RequestedPolicy(assignments=(GROUP,), purge_assignments=False), {"assignments": (DEVICES, GROUP)}, id="nothing purged"
        ),
        pytest.param(RequestedPolicy(assignments=(), purge_assignments=False), {}, id="no assignments added"),
        pytest.param(RequestedPolicy(assignments=(Assignment("group", G1, None),)), {"assignments": (FILTERED,)}, id="filter kept"),
        pytest.param(RequestedPolicy(scope_tags=("0", "4")), {"scope_tags": ("0", "4")}, id="scope tags"),
        pytest.param(RequestedPolicy(scope_tags=()), {"scope_tags": ("0",)}, id="no scope tags are the default one"),
    ],
)
def test_what_is_said_changes_that_alone(wanted: RequestedPolicy, change: Json) -> None:
    assert make_desired(POLICY, wanted) == dataclasses.replace(POLICY, **change)


def test_a_setting_is_cleared() -> None:
    before = dataclasses.replace(POLICY, settings={**ON, "device_unlock_plugins": "x", "web_sign_in_allowed_urls": ("a.test",)})
    assert make_desired(before, RequestedPolicy(settings={"device_unlock_plugins": "", "web_sign_in_allowed_urls": ()})).settings == ON


def test_a_new_policy_is_what_was_said() -> None:
    wanted = RequestedPolicy("PIN", None, {**ON, "device_unlock_plugins": ""}, (DEVICES,))
    assert make_desired(None, wanted) == Policy("PIN", "", ON, (DEVICES,), ("0",), None)


def test_a_new_policy_has_no_filter_to_keep() -> None:
    assert make_desired(None, RequestedPolicy("PIN", settings=ON, assignments=(Assignment("group", G1, None),))).assignments == (GROUP,)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        pytest.param(RequestedPolicy("PIN"), "would set nothing", id="no setting"),
        pytest.param(RequestedPolicy("PIN", settings={"device_unlock_plugins": ""}), "would set nothing", id="cleared settings alone"),
        pytest.param(RequestedPolicy(settings=ON), "needs a name", id="no name"),
        pytest.param(RequestedPolicy("", settings=ON), "needs a name", id="blank name"),
    ],
)
def test_a_new_policy_needs_a_name_and_a_setting(wanted: RequestedPolicy, words: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match=words):
        make_desired(None, wanted)


def test_a_requested_setting_is_checked_with_those_that_are_there() -> None:
    with pytest.raises(errors.InvalidOptionError, match="minimum_pin_length is 6 and maximum_pin_length 5"):
        make_desired(POLICY, RequestedPolicy(settings={"maximum_pin_length": 5}))


def test_a_setting_that_intune_hides_cannot_be_managed() -> None:
    before = dataclasses.replace(POLICY, hidden=("device_unlock_plugins",))
    for value in ("x", ""):
        with pytest.raises(errors.SelectionError, match="does not reveal the policy's value of device_unlock_plugins"):
            make_desired(before, RequestedPolicy(settings={"device_unlock_plugins": value}))
    assert make_desired(before, RequestedPolicy(name="New")).hidden == ("device_unlock_plugins",)


def test_a_target_that_is_not_known_is_never_lost() -> None:
    before = dataclasses.replace(POLICY, assignments=(STRANGE,))
    assert make_desired(before, RequestedPolicy(name="New")).assignments == (STRANGE,)
    with pytest.raises(errors.SelectionError, match="newTarget"):
        make_desired(before, RequestedPolicy(assignments=(DEVICES,), purge_assignments=False))


# --- the changes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "steps"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"name": "New"}, ["update"], id="name"),
        pytest.param({"description": "New."}, ["update"], id="description"),
        pytest.param({"settings": ON}, ["update"], id="setting"),
        pytest.param({"settings": {"minimum_pin_length": 6, **ON}}, [], id="order of settings"),
        pytest.param({"scope_tags": ("0",)}, ["update"], id="scope tags"),
        pytest.param({"assignments": ()}, ["assign"], id="assignments"),
        pytest.param({"assignments": (DEVICES, GROUP)}, ["assign"], id="filter"),
        pytest.param({"name": "New", "assignments": ()}, ["update", "assign"], id="both"),
        pytest.param({"id": None, "raw": {"x": 1}}, [], id="nothing that is managed"),
    ],
)
def test_the_steps_to_a_policy_that_differs(change: Json, steps: list[str]) -> None:
    assert plan(POLICY, dataclasses.replace(POLICY, **change)) == steps


@pytest.mark.parametrize(
    ("current", "after", "steps"),
    [
        pytest.param(None, Policy("PIN", settings=ON), ["create"], id="made"),
        pytest.param(None, POLICY, ["create", "assign"], id="made and assigned"),
        pytest.param(POLICY, None, ["delete"], id="removed"),
        pytest.param(None, None, [], id="not there, and not wanted"),
    ],
)
def test_the_steps_of_making_and_removing(current: Policy | None, after: Policy | None, steps: list[str]) -> None:
    assert plan(current, after) == steps


# --- moving ---------------------------------------------------------------------------------------------------------

OLD = Policy("PIN", "Old.", {**ON, "minimum_pin_length": 6}, (FILTERED,), ("3",), OTHER_ID, (), {"omaSettings": []})


def test_a_moved_policy_is_the_old_one_without_its_id() -> None:
    base = inherit(None, OLD)
    assert base == dataclasses.replace(OLD, id=None)
    assert (base.raw, plan(None, base)) == ({}, ["create", "assign"])


def test_a_policy_that_was_moved_half_way_says_first_what_it_has_itself() -> None:
    current = Policy("PIN", "", {"minimum_pin_length": 8}, (DEVICES, GROUP), ("0",), ID, (), {"settings": [1]})
    base = inherit(current, OLD)
    assert (base.settings, base.description) == ({**ON, "minimum_pin_length": 8}, "Old.")
    assert base.assignments == (DEVICES, GROUP), "its own filter of a target, which is none"
    assert (base.id, base.scope_tags, base.raw) == (ID, ("0",), {"settings": [1]})
    assert inherit(dataclasses.replace(current, description="New."), OLD).description == "New."


@pytest.mark.parametrize("current", [None, dataclasses.replace(OLD, id=ID)], ids=["new", "half way"])
def test_a_policy_with_a_target_that_is_not_known_is_not_moved(current: Policy | None) -> None:
    with pytest.raises(errors.SelectionError, match="newTarget"):
        inherit(current, dataclasses.replace(OLD, assignments=(STRANGE,)))
    with pytest.raises(errors.SelectionError, match="newTarget"):
        inherit(dataclasses.replace(OLD, assignments=(STRANGE,)), OLD)


def test_a_policy_that_was_moved_already_needs_nothing() -> None:
    current = dataclasses.replace(OLD, id=ID)
    assert plan(current, inherit(current, OLD)) == []


# --- display --------------------------------------------------------------------------------------------------------

NAMES = Names({G1: "Ops"}, tags={"3": "Berlin"})


def test_a_policy_is_described() -> None:
    shown = describe(POLICY, "custom", DEVICE, NAMES)
    assert shown is not None
    assert shown == {
        "id": ID,
        "backend": "custom",
        "scope": "device",
        "oma_uri": f"./Device/Vendor/MSFT/PassportForWork/{TENANT}/Policies/EnablePinRecovery",
        "name": "PIN",
        "description": "Mine.",
        "settings": {**dict.fromkeys(settings.BY_OPTION), **POLICY.settings},
        "assignments": [
            {"target": "all_devices", "group": None, "group_id": None, "filter": None, "filter_id": None, "filter_type": None},
            {"target": "group", "group": "Ops", "group_id": G1, "filter": None, "filter_id": F1, "filter_type": "include"},
        ],
        "scope_tag_ids": ["3"],
    }
    assert describe(None, "custom", DEVICE, NAMES) is None


def test_a_description_names_the_path_of_its_scope() -> None:
    shown = describe(POLICY, "custom", USER, NAMES)
    assert shown is not None and shown["oma_uri"].startswith("./User/Vendor/MSFT/PassportForWork/")


def test_a_diff_has_managed_keys_only_and_the_settings_of_either() -> None:
    after = dataclasses.replace(POLICY, settings={"pin_history": 1}, assignments=(), id=None)
    before_shown, after_shown = diff(POLICY, after, NAMES)
    assert before_shown.pop("assignments") == [
        {"target": "all_devices", "group": None, "filter": None, "filter_type": None},
        {"target": "group", "group": "Ops", "filter": F1, "filter_type": "include"},
    ]
    assert after_shown.pop("assignments") == []
    same = {"name": "PIN", "description": "Mine.", "scope_tags": ["Berlin"]}
    assert before_shown == {**same, "settings": {"enable_pin_recovery": True, "minimum_pin_length": 6, "pin_history": None}}
    assert after_shown == {**same, "settings": {"enable_pin_recovery": None, "minimum_pin_length": None, "pin_history": 1}}
    assert list(before_shown) == list(after_shown)
    assert diff(None, None, NAMES) == ({}, {})
    assert diff(None, Policy("PIN"), NAMES)[0] == {}


def test_nothing_that_was_read_is_in_a_repr() -> None:
    assert "s3cret" not in repr(dataclasses.replace(POLICY, raw={"omaSettings": [{"value": "s3cret"}]}))


def test_settings_can_be_left_out() -> None:
    assert drop_settings(POLICY, ["minimum_pin_length"]).settings == ON
    assert POLICY.settings["minimum_pin_length"] == 6


# --- properties -----------------------------------------------------------------------------------------------------

FILTERS = [("", ""), (F1, "include"), (F1, "exclude")]


def assigned(filters: list[tuple[str | None, str]]) -> st.SearchStrategy[tuple[Assignment, ...]]:
    targets = st.sampled_from([("all_devices", ""), ("all_users", ""), ("group", G1), ("exclude_group", G1)])
    one = st.builds(lambda key, filtered: Assignment(*key, *filtered), targets, st.sampled_from(filters))
    return st.lists(one, unique_by=lambda found: found.key).map(lambda found: tuple(sorted(found, key=lambda item: item.key)))


tags = st.lists(st.sampled_from(["0", "1", "12"]), unique=True).map(lambda found: tuple(sorted(found)))
policies = st.builds(
    Policy,
    st.sampled_from(["PIN", "Old"]),
    st.sampled_from(["", "x"]),
    values_for("device"),
    assigned(FILTERS),
    tags.map(lambda found: found or ("0",)),
    st.just(ID),
)
wishes = st.builds(
    RequestedPolicy,
    name=st.sampled_from(["PIN", "New"]),
    description=st.sampled_from([None, "", "x"]),
    # With one that is never cleared, so that there is something to create.
    settings=given_values("device").map(lambda found: {**found, **ON}),
    assignments=st.none() | assigned([*FILTERS, (None, "")]),
    purge_assignments=st.booleans(),
    scope_tags=st.none() | tags,
)


@given(st.none() | policies, wishes)
def test_after_a_plan_nothing_is_left_to_do(current: Policy | None, wanted: RequestedPolicy) -> None:
    once = make_desired(current, wanted)
    assert plan(once, make_desired(once, wanted)) == []
    assert (plan(current, once) == []) is (current == once)


@given(st.none() | policies, wishes, st.sampled_from(BACKENDS))
def test_a_policy_that_was_written_reads_back_as_it_should_be(current: Policy | None, wanted: RequestedPolicy, backend: Backend) -> None:
    if backend is CATALOG:
        current, wanted = (subject and _in_catalog(subject) for subject in (current, wanted))
    after = make_desired(current, wanted)
    body = written(lambda client: backend.create(client, after, DEVICE))
    shown = {"assignments": [assignment.render() for assignment in after.assignments]}
    found = read_back(backend, {**body, **shown}, DEVICE)
    assert plan(found, after) == []
    assert plan(found, make_desired(found, wanted)) == [], "and a second run changes nothing"


def _in_catalog(subject: t.Any) -> t.Any:
    return dataclasses.replace(
        subject, settings={name: value for name, value in subject.settings.items() if settings.BY_OPTION[name].in_catalog}
    )


@given(policies, policies)
def test_moving_again_changes_nothing(current: Policy, old: Policy) -> None:
    once = inherit(current, old)
    assert inherit(once, old) == once
    assert set(current.assignments) <= set(once.assignments), "the new policy's own assignments stay as they are"
    assert {assignment.key for assignment in old.assignments} <= {assignment.key for assignment in once.assignments}
