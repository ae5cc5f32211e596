# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._directory.lookup import DirectoryLookup
from ansible_collections.endpointops.intune.plugins.module_utils._hello import assignments
from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import (
    Assignment,
    merge,
    parse_assignment,
    parse_assignments,
    validate_known,
    validate_options,
)
from ansible_collections.endpointops.intune.plugins.module_utils._hello.policy import make_subject
from tests.support.fakes import Tenant, answer, page, tenant

G1 = "aaaaaaaa-0000-4000-8000-000000000001"
G2 = "aaaaaaaa-0000-4000-8000-000000000002"
F1 = "ffffffff-0000-4000-8000-000000000001"
F2 = "ffffffff-0000-4000-8000-000000000002"
NIL = "00000000-0000-0000-0000-000000000000"
DEVICES = Assignment("all_devices")
USERS = Assignment("all_users")
GROUP = Assignment("group", G1)
GROUP_FILTERED = Assignment("group", G1, F1, "include")
EXCLUDED = Assignment("exclude_group", G2)

# Graph's names, typed again independently.
TYPES = {
    "all_devices": "#microsoft.graph.allDevicesAssignmentTarget",
    "all_users": "#microsoft.graph.allLicensedUsersAssignmentTarget",
    "group": "#microsoft.graph.groupAssignmentTarget",
    "exclude_group": "#microsoft.graph.exclusionGroupAssignmentTarget",
}


def target(name: str, filter_id: t.Any = None, filter_type: t.Any = "none", **more: t.Any) -> dict[str, t.Any]:
    """Return an assignment as Graph shows it."""
    filtered = {"deviceAndAppManagementAssignmentFilterId": filter_id, "deviceAndAppManagementAssignmentFilterType": filter_type}
    return {"id": "x", "target": {"@odata.type": TYPES[name], **filtered, **more}}


# --- as Graph shows them --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "assignment"),
    [
        pytest.param(target("all_devices"), DEVICES, id="all devices"),
        pytest.param(target("all_users"), USERS, id="all users"),
        pytest.param(target("group", groupId=G1.upper()), GROUP, id="group"),
        pytest.param(target("exclude_group", groupId=G2), EXCLUDED, id="excluded group"),
        pytest.param({"target": {"@odata.type": TYPES["group"], "groupId": G1}}, GROUP, id="as v1.0 shows it"),
        pytest.param(target("group", F1.upper(), "include", groupId=G1), GROUP_FILTERED, id="filter that includes"),
        pytest.param(target("all_users", F1, "exclude"), Assignment("all_users", "", F1, "exclude"), id="filter that excludes"),
        pytest.param(target("group", NIL, "none", groupId=G1), GROUP, id="zeros and none"),
        pytest.param(target("group", NIL, "include", groupId=G1), GROUP, id="zeros"),
        pytest.param(target("group", None, "include", groupId=G1), GROUP, id="no filter, though a type"),
        pytest.param(target("group", F1, "none", groupId=G1), GROUP, id="none, though a filter"),
        pytest.param(target("group", F1, None, groupId=G1), GROUP, id="half a filter"),
        pytest.param(target("group", "", "", groupId=G1), GROUP, id="blanks"),
    ],
)
def test_what_graph_says_is_read(found: dict[str, t.Any], assignment: Assignment) -> None:
    assert parse_assignment(found) == assignment


def test_assignments_have_one_order() -> None:
    found = [target("group", groupId=G1), target("all_devices"), target("exclude_group", groupId=G2)]
    assert parse_assignments(found) == parse_assignments(reversed(found)) == (DEVICES, EXCLUDED, GROUP)


@pytest.mark.parametrize(
    "found",
    [{"target": {"@odata.type": "#microsoft.graph.newTarget"}}, {"target": {}}, {"target": None}, {}],
    ids=["new", "empty", "null", "missing"],
)
def test_a_target_that_is_not_known_is_shown_and_never_managed(found: dict[str, t.Any]) -> None:
    strange = parse_assignment(found)
    assert not strange.is_known
    with pytest.raises(errors.SelectionError, match="does not know"):
        validate_known([DEVICES, strange], make_subject("PIN"))
    validate_known([DEVICES], make_subject("PIN"))


@pytest.mark.parametrize(
    ("assignment", "rendered"),
    [
        pytest.param(DEVICES, {"@odata.type": TYPES["all_devices"]}, id="all devices"),
        pytest.param(GROUP, {"@odata.type": TYPES["group"], "groupId": G1}, id="group"),
        pytest.param(
            GROUP_FILTERED,
            {
                "@odata.type": TYPES["group"],
                "groupId": G1,
                "deviceAndAppManagementAssignmentFilterId": F1,
                "deviceAndAppManagementAssignmentFilterType": "include",
            },
            id="group with a filter",
        ),
    ],
)
def test_an_assignment_is_written_for_graph(assignment: Assignment, rendered: dict[str, t.Any]) -> None:
    assert assignment.render() == {"target": rendered}


@pytest.mark.parametrize(
    ("assignment", "shown"),
    [
        (DEVICES, {"target": "all_devices", "group": None, "filter": None, "group_id": None, "filter_id": None, "filter_type": None}),
        (GROUP_FILTERED, {"target": "group", "group": None, "filter": None, "group_id": G1, "filter_id": F1, "filter_type": "include"}),
    ],
    ids=["all devices", "group"],
)
def test_an_assignment_is_shown(assignment: Assignment, shown: dict[str, t.Any]) -> None:
    assert assignment.describe() == shown


@pytest.mark.parametrize("target", ["all_devices", "all_users", "group", "exclude_group"])
def test_the_targets_of_the_option_are_known(target: str) -> None:
    assert Assignment(target).is_known
    assert target in t.get_args(assignments.Target)


def test_every_target_has_its_type() -> None:
    assert set(t.get_args(assignments.Target)) == set(assignments.ODATA_TYPES) == set(TYPES)


def test_groups_and_filters_in_use_are_known_by_their_ids() -> None:
    assert assignments.collect_ids([DEVICES, GROUP_FILTERED, EXCLUDED]) == {G1, F1, G2}


# --- merging --------------------------------------------------------------------------------------------------------

KEPT = Assignment("group", G1, None)
SWAPPED = Assignment("group", G1, F2, "exclude")


@pytest.mark.parametrize(
    ("current", "wanted", "purge", "merged"),
    [
        pytest.param([], [GROUP], True, [GROUP], id="first"),
        pytest.param([DEVICES], [GROUP], True, [GROUP], id="exact"),
        pytest.param([DEVICES], [GROUP], False, [DEVICES, GROUP], id="added"),
        pytest.param([DEVICES, GROUP], [], True, [], id="cleared"),
        pytest.param([DEVICES, GROUP], [], False, [DEVICES, GROUP], id="nothing added"),
        pytest.param([EXCLUDED, GROUP], [GROUP, EXCLUDED], True, [EXCLUDED, GROUP], id="another order is no change"),
        pytest.param([GROUP], [Assignment("exclude_group", G1)], True, [Assignment("exclude_group", G1)], id="excluded, not included"),
        pytest.param([GROUP_FILTERED], [KEPT], True, [GROUP_FILTERED], id="filter kept"),
        pytest.param([GROUP_FILTERED], [KEPT, Assignment("all_devices", "", None)], False, [DEVICES, GROUP_FILTERED], id="kept, one added"),
        pytest.param([DEVICES], [KEPT], True, [GROUP], id="no filter to keep"),
        pytest.param([GROUP_FILTERED], [GROUP], True, [GROUP], id="filter cleared"),
        pytest.param([GROUP_FILTERED], [GROUP], False, [GROUP], id="filter cleared, nothing purged"),
        pytest.param([GROUP_FILTERED], [SWAPPED], False, [SWAPPED], id="filter replaced"),
        pytest.param([GROUP], [GROUP_FILTERED], True, [GROUP_FILTERED], id="filter set"),
        pytest.param([GROUP_FILTERED], [DEVICES], False, [DEVICES, GROUP_FILTERED], id="the filter of another target stays"),
    ],
)
def test_assignments_are_merged(current: list[Assignment], wanted: list[Assignment], purge: bool, merged: list[Assignment]) -> None:
    assert merge(current, wanted, purge) == tuple(merged)


FILTERS = [("", ""), (F1, "include"), (F1, "exclude"), (F2, "include")]


def some(filters: list[tuple[str | None, str]]) -> st.SearchStrategy[tuple[Assignment, ...]]:
    """Return assignments of different targets."""
    targets = st.sampled_from([("all_devices", ""), ("all_users", ""), ("group", G1), ("group", G2), ("exclude_group", G1)])
    one = st.builds(lambda key, filtered: Assignment(*key, *filtered), targets, st.sampled_from(filters))
    return st.lists(one, unique_by=lambda found: found.key).map(lambda found: tuple(sorted(found, key=lambda item: item.key)))


there, wished = some(FILTERS), some([*FILTERS, (None, "")])


@given(there)
def test_what_is_written_reads_back(current: tuple[Assignment, ...]) -> None:
    assert parse_assignments(assignment.render() for assignment in current) == current


@given(there, wished, st.booleans())
def test_merging_again_changes_nothing(current: tuple[Assignment, ...], wanted: tuple[Assignment, ...], purge: bool) -> None:
    once = merge(current, wanted, purge)
    assert merge(once, wanted, purge) == once
    assert parse_assignments(assignment.render() for assignment in once) == once, "and it can be written as it is"


@given(st.lists(there).map(lambda found: [one for group in found for one in group]), wished, st.booleans())
def test_no_target_is_there_twice_after_merging(current: list[Assignment], wanted: tuple[Assignment, ...], purge: bool) -> None:
    keys = [assignment.key for assignment in merge(current, wanted, purge)]
    assert len(keys) == len(set(keys))


@given(there, wished)
def test_purging_leaves_the_wanted_targets_and_not_purging_all(current: tuple[Assignment, ...], wanted: tuple[Assignment, ...]) -> None:
    targets = {assignment.key for assignment in wanted}
    assert {assignment.key for assignment in merge(current, wanted, True)} == targets
    assert {assignment.key for assignment in merge(current, wanted, False)} == targets | {assignment.key for assignment in current}
    untouched = {assignment for assignment in current if assignment.key not in targets}
    assert untouched <= set(merge(current, wanted, False)), "what is not named stays as it is"


# --- the option -----------------------------------------------------------------------------------------------------


def entry(kind: str, group: str | None = None, filter: str | None = None, filter_type: str | None = None) -> dict[str, t.Any]:
    return {"target": kind, "group": group, "filter": filter, "filter_type": filter_type}


def test_all_that_is_wrong_with_the_option_is_reported_at_once() -> None:
    with pytest.raises(errors.InvalidOptionError) as caught:
        validate_options([entry("all_users", "Ops"), entry("group"), entry("exclude_group", "  "), entry("group", "Ops")])
    assert caught.value.message == (
        "The target all_users takes no group, but 'Ops' is given. Leave group out. The target group needs a group. Set group to its name "
        "or ID. The target exclude_group needs a group. Set group to its name or ID."
    )


@pytest.mark.parametrize("filter_", [None, "", " "])
def test_a_type_of_filter_without_a_filter_is_a_mistake(filter_: str | None) -> None:
    with pytest.raises(errors.InvalidOptionError, match="filter_type is given for the target group 'Ops', but no filter"):
        validate_options([entry("group", "Ops", filter_, "exclude")])


def test_a_group_is_excluded_in_place_of_included() -> None:
    included, excluded = Assignment("group", G1, F1, "include"), Assignment("exclude_group", G1, None)
    assert assignments.merge([included, DEVICES], [excluded], purge=False) == (DEVICES, Assignment("exclude_group", G1))


def test_a_blank_group_is_a_group_too_many() -> None:
    with pytest.raises(errors.InvalidOptionError, match="takes no group"):
        validate_options([entry("all_devices", "")])


@pytest.mark.parametrize("good", [entry("all_devices"), entry("all_users"), entry("group", "Ops"), entry("exclude_group", "Ops")])
def test_a_sound_entry_passes(good: dict[str, t.Any]) -> None:
    validate_options([good])


def resolve(world: Tenant, *entries: dict[str, t.Any], known: t.Collection[str] = ()) -> tuple[tuple[Assignment, ...], list[str]]:
    """Return the assignments, and the problems."""
    lookup = DirectoryLookup(world.client, known)
    return assignments.resolve(lookup, entries), lookup.problems


OPS = page({"id": G1, "displayName": "Ops"})
WORLD = {
    "GET /v1.0/groups": OPS,
    f"GET /v1.0/groups/{G1}": answer(200, {"id": G1}),
    "GET /beta/deviceManagement/assignmentFilters": page(
        {"id": F1, "displayName": "Corporate", "platform": "windows10AndLater"},
        {"id": F2, "displayName": "Lab", "platform": "windows10AndLater"},
    ),
}


def test_targets_without_names_need_no_look_up() -> None:
    world = tenant()
    assert resolve(world, entry("all_users"), entry("all_devices", None, "")) == ((DEVICES, Assignment("all_users", "", None)), [])
    assert world.transport.sent == []


@pytest.mark.parametrize(
    ("given", "assignment"),
    [
        pytest.param(entry("group", "Ops"), Assignment("group", G1, None), id="filter unset"),
        pytest.param(entry("group", "Ops", ""), GROUP, id="filter blank"),
        pytest.param(entry("group", "Ops", "  "), GROUP, id="filter of spaces"),
        pytest.param(entry("group", "Ops", "Corporate"), GROUP_FILTERED, id="filter by name"),
        pytest.param(entry("exclude_group", G1, F1.upper()), Assignment("exclude_group", G1, F1, "include"), id="by IDs"),
        pytest.param(entry("all_devices", None, "Lab", "exclude"), Assignment("all_devices", "", F2, "exclude"), id="filter that excludes"),
        pytest.param({"target": "group", "group": "Ops"}, Assignment("group", G1, None), id="no such key"),
        pytest.param({"target": "all_users", "filter": "Lab"}, Assignment("all_users", "", F2, "include"), id="no type"),
    ],
)
def test_an_entry_becomes_an_assignment(given: dict[str, t.Any], assignment: Assignment) -> None:
    assert resolve(tenant(WORLD), given) == ((assignment,), [])


def test_what_is_assigned_already_is_not_looked_up() -> None:
    world = tenant()
    assert resolve(world, entry("group", G1, F1), known={G1, F1}) == ((GROUP_FILTERED,), [])
    assert world.transport.sent == []


def test_one_target_named_twice_is_one() -> None:
    assert resolve(tenant(WORLD), entry("group", "Ops", "Lab"), entry("group", G1, F2))[0] == (Assignment("group", G1, F2, "include"),)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(entry("group", "Ops", "Lab"), entry("group", "Ops", "Corporate"), id="two filters"),
        pytest.param(entry("group", "Ops", "Lab"), entry("group", "Ops", "Lab", "exclude"), id="two types"),
        pytest.param(entry("group", "Ops", "Lab"), entry("group", "Ops"), id="a filter and what is there"),
    ],
)
def test_one_target_with_different_filters_is_a_problem(first: dict[str, t.Any], second: dict[str, t.Any]) -> None:
    assert resolve(tenant(WORLD), first, second)[1] == ["The target group 'Ops' is named twice, with different filters."]


def test_all_devices_with_different_filters_is_a_problem_too() -> None:
    problems = resolve(tenant(WORLD), entry("all_devices", None, "Lab"), entry("all_devices", None, ""))[1]
    assert problems == ["The target all_devices is named twice, with different filters."]


@pytest.mark.parametrize("order", [1, -1])
def test_a_group_that_is_included_and_excluded_is_a_problem(order: int) -> None:
    entries = [entry("group", "Ops"), entry("exclude_group", G1)][::order]
    (problem,) = resolve(tenant(WORLD), *entries)[1]
    assert problem in ("The group 'Ops' is both included and excluded.", f"The group '{G1}' is both included and excluded.")


def test_names_that_mean_nothing_are_reported_and_nothing_is_made_up_from_them() -> None:
    world = tenant({**WORLD, "GET /v1.0/groups": page()})
    problems = resolve(world, entry("group", "A", "Lab"), entry("group", "B", "Corporate"), entry("exclude_group", "A"))[1]
    assert problems == ["There is no group named 'A'.", "There is no group named 'B'."]
