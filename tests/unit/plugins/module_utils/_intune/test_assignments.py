# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._graph import errors
from ansible_collections.endpointops.intune.plugins.module_utils._intune import assignments
from ansible_collections.endpointops.intune.plugins.module_utils._intune.assignments import (
    FILTER,
    TYPES,
    Assignment,
    check_known,
    merge,
    normalise,
)
from tests.unit.fakes import Tenant, answer, body_of, error, page, query_of, tenant

G1 = "aaaaaaaa-0000-4000-8000-000000000001"
G2 = "aaaaaaaa-0000-4000-8000-000000000002"
FILTERED = ((FILTER[0], "f-1"), (FILTER[1], "include"))
DEVICES = Assignment("all_devices")
GROUP = Assignment("group", G1)
GROUP_FILTERED = Assignment("group", G1, FILTERED)
EXCLUDED = Assignment("exclude_group", G2)
PATH = "/deviceManagement/deviceConfigurations/p-1"


def target(name: str, **more: t.Any) -> dict[str, t.Any]:
    return {"id": "x", "target": {"@odata.type": TYPES[name], **more}}


@pytest.mark.parametrize(
    ("found", "assignment"),
    [
        pytest.param(target("all_devices"), DEVICES, id="all devices"),
        pytest.param(target("all_users"), Assignment("all_users"), id="all users"),
        pytest.param(target("group", groupId=G1.upper()), GROUP, id="group"),
        pytest.param(target("exclude_group", groupId=G2), EXCLUDED, id="excluded group"),
    ],
)
def test_what_graph_says_is_read(found: dict[str, t.Any], assignment: Assignment) -> None:
    assert normalise(found) == assignment


@pytest.mark.parametrize(
    ("filter_id", "filter_type", "kept"),
    [
        pytest.param("f-1", "include", FILTERED, id="a filter"),
        pytest.param(None, "none", (), id="null and none"),
        pytest.param("00000000-0000-0000-0000-000000000000", "none", (), id="zeros and none"),
        pytest.param(None, None, (), id="nulls"),
        pytest.param("f-1", None, (), id="half a filter"),
    ],
)
def test_filters_are_kept(filter_id: str | None, filter_type: str | None, kept: tuple[tuple[str, str], ...]) -> None:
    assert normalise(target("group", groupId=G1, **{FILTER[0]: filter_id, FILTER[1]: filter_type})).filter == kept


@pytest.mark.parametrize(
    "found",
    [{"target": {"@odata.type": "#microsoft.graph.newTarget"}}, {"target": {}}, {"target": None}, {}],
    ids=["new", "empty", "null", "missing"],
)
def test_a_target_that_is_not_known_is_shown_and_never_managed(found: dict[str, t.Any]) -> None:
    strange = normalise(found)
    assert not strange.known
    with pytest.raises(errors.SelectionError, match="does not know"):
        check_known([DEVICES, strange])
    check_known([DEVICES])


@pytest.mark.parametrize("kind", ["group", "exclude_group"])
def test_a_group_target_needs_a_group(kind: str) -> None:
    with pytest.raises(errors.SelectionError, match="needs a group"):
        resolve(tenant(), {"target": kind, "group": None})


@pytest.mark.parametrize(
    ("assignment", "rendered"),
    [
        pytest.param(DEVICES, {"target": {"@odata.type": TYPES["all_devices"]}}, id="all devices"),
        pytest.param(GROUP, {"target": {"@odata.type": TYPES["group"], "groupId": G1}}, id="group"),
        pytest.param(
            GROUP_FILTERED,
            {"target": {"@odata.type": TYPES["group"], "groupId": G1, FILTER[0]: "f-1", FILTER[1]: "include"}},
            id="group with a filter",
        ),
    ],
)
def test_an_assignment_is_written_for_graph(assignment: Assignment, rendered: dict[str, t.Any]) -> None:
    assert assignment.render() == rendered


@pytest.mark.parametrize(
    ("assignment", "shown"),
    [(DEVICES, {"target": "all_devices", "group_id": None}), (GROUP_FILTERED, {"target": "group", "group_id": G1})],
    ids=["all devices", "group"],
)
def test_an_assignment_is_shown(assignment: Assignment, shown: dict[str, t.Any]) -> None:
    assert assignment.describe() == shown


some_assignment = st.one_of(
    st.sampled_from(["all_devices", "all_users"]).map(Assignment),
    st.builds(Assignment, st.sampled_from(["group", "exclude_group"]), st.sampled_from([G1, G2]), st.sampled_from([(), FILTERED])),
)
some_assignments = st.lists(some_assignment, unique=True).map(lambda found: tuple(sorted(found)))


@given(some_assignment)
def test_what_is_written_reads_back(assignment: Assignment) -> None:
    found = normalise(assignment.render())
    assert (found, found.filter) == (assignment, assignment.filter)


@pytest.mark.parametrize(
    ("current", "wanted", "purge", "merged"),
    [
        pytest.param([], [GROUP], True, [GROUP], id="first"),
        pytest.param([DEVICES], [GROUP], True, [GROUP], id="exact"),
        pytest.param([DEVICES], [GROUP], False, [DEVICES, GROUP], id="added"),
        pytest.param([DEVICES, GROUP], [], True, [], id="cleared"),
        pytest.param([DEVICES, GROUP], [], False, [DEVICES, GROUP], id="nothing added"),
        pytest.param([EXCLUDED, GROUP], [GROUP, EXCLUDED], True, [EXCLUDED, GROUP], id="another order is no change"),
        pytest.param(
            [GROUP], [Assignment("exclude_group", G1)], True, [Assignment("exclude_group", G1)], id="excluded in place of included"
        ),
    ],
)
def test_assignments_are_merged(current: list[Assignment], wanted: list[Assignment], purge: bool, merged: list[Assignment]) -> None:
    assert merge(current, wanted, purge) == tuple(merged)


@pytest.mark.parametrize("purge", [True, False])
def test_a_target_that_stays_keeps_its_filter(purge: bool) -> None:
    assert merge([GROUP_FILTERED], [GROUP, DEVICES], purge)[1].filter == FILTERED


def test_a_target_that_is_not_named_keeps_its_filter() -> None:
    assert merge([GROUP_FILTERED], [DEVICES], False)[1].filter == FILTERED


@given(some_assignments, some_assignments, st.booleans())
def test_merging_again_changes_nothing(current: tuple[Assignment, ...], wanted: tuple[Assignment, ...], purge: bool) -> None:
    once = merge(current, wanted, purge)
    assert merge(once, wanted, purge) == once


# --- calls ----------------------------------------------------------------------------------------------------------


def test_assignments_are_read_in_beta_and_sorted() -> None:
    world = tenant([page(target("group", groupId=G1), target("all_devices"))])
    assert assignments.read(world.client, PATH) == (DEVICES, GROUP)
    assert world.transport.targets == [f"GET /beta{PATH}/assignments"]


def test_assignments_are_written_whole_with_their_filters() -> None:
    world = tenant([answer(200, {"value": []})])
    assignments.write(world.client, PATH, [DEVICES, GROUP_FILTERED])
    request = world.transport.sent[0]
    assert (request.target, request.repeatable) == (f"POST /beta{PATH}/assign", True)
    assert body_of(request) == {"assignments": [DEVICES.render(), GROUP_FILTERED.render()]}


def resolve(world: Tenant, *entries: dict[str, t.Any], known: t.Iterable[Assignment] = ()) -> tuple[Assignment, ...]:
    return assignments.resolve(world.client, entries, known)


def test_targets_without_a_group_need_no_look_up() -> None:
    world = tenant()
    assert resolve(world, {"target": "all_users", "group": None}, {"target": "all_devices"}) == (DEVICES, Assignment("all_users"))
    assert world.transport.sent == []


def test_a_group_is_found_by_its_name() -> None:
    world = tenant([page({"id": G1.upper(), "displayName": "O'Brien's"})])
    assert resolve(world, {"target": "group", "group": "O'Brien's"}) == (GROUP,)
    assert query_of(world.transport.sent[0])["$filter"] == "displayName eq 'O''Brien''s'"


def test_a_group_is_found_by_its_id() -> None:
    world = tenant([answer(200, {"id": G1})])
    assert resolve(world, {"target": "group", "group": f"{{{G1.upper()}}}"}) == (GROUP,)
    assert world.transport.targets == [f"GET /v1.0/groups/{G1}"]


def test_a_group_that_is_assigned_already_is_not_looked_up() -> None:
    world = tenant()
    assert resolve(world, {"target": "exclude_group", "group": G1}, known=[GROUP]) == (Assignment("exclude_group", G1),)
    assert world.transport.sent == []


def test_a_group_spelt_the_same_is_preferred() -> None:
    world = tenant([page({"id": G2, "displayName": "ops"}, {"id": G1, "displayName": "Ops"})])
    assert resolve(world, {"target": "group", "group": "Ops"}) == (GROUP,)


def test_a_group_spelt_in_another_case_is_found() -> None:
    assert resolve(tenant([page({"id": G1, "displayName": "ops"})]), {"target": "group", "group": "Ops"}) == (GROUP,)


def test_one_target_named_twice_is_one() -> None:
    world = tenant([page({"id": G1, "displayName": "Ops"}), answer(200, {"id": G1})])
    assert resolve(world, {"target": "group", "group": "Ops"}, {"target": "group", "group": G1}) == (GROUP,)


def test_all_names_that_mean_no_group_or_several_are_told_at_once() -> None:
    twins = page({"id": G2, "displayName": "Twins"}, {"id": G1, "displayName": "Twins"})
    world = tenant([page(), twins, error(404)])
    with pytest.raises(errors.SelectionError) as caught:
        resolve(world, *({"target": "group", "group": name} for name in ("Nobody", "Twins", G1)))
    assert caught.value.message == (
        f"There is no group named 'Nobody'. Several groups are named 'Twins': {G1}, {G2}. There is no group with the ID {G1}."
    )
    assert caught.value.hint and caught.value.hint.startswith("Nothing was written.")


@pytest.mark.parametrize("group", ["Ops", G1], ids=["name", "id"])
def test_a_refused_look_up_names_the_permissions(group: str) -> None:
    with pytest.raises(errors.ForbiddenError) as caught:
        resolve(tenant([error(403)]), {"target": "group", "group": group})
    assert "GroupMember.Read.All" in (caught.value.hint or "")


def test_a_target_for_all_takes_no_group() -> None:
    world = tenant([page({"id": G1, "displayName": "Ops"})])
    with pytest.raises((errors.InvalidOptionError, errors.SelectionError)):
        resolve(world, {"target": "all_devices", "group": "Ops"})
