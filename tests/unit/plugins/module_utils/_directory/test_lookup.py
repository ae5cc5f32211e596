# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._directory.display_names import NO_NAMES, Names
from ansible_collections.endpointops.intune.plugins.module_utils._directory.lookup import DirectoryLookup, fetch_names
from ansible_collections.endpointops.intune.plugins.module_utils._guid import NIL
from tests.support.fakes import FakeCredential, answer, error, page, query_of, tenant

ONE = "aaaaaaaa-0000-4000-8000-000000000001"
TWO = "aaaaaaaa-0000-4000-8000-000000000002"
GROUPS = "GET /v1.0/groups"
FILTERS = "GET /beta/deviceManagement/assignmentFilters"
TAGS = "GET /beta/deviceManagement/roleScopeTags"
KINDS = ["group", "filter", "scope_tag"]
WORDS = {"group": "group", "filter": "assignment filter", "scope_tag": "scope tag"}


def thing(identity: str, name: str, **more: t.Any) -> dict[str, t.Any]:
    return {"id": identity, "displayName": name, "platform": "windows10AndLater", **more}


def world_of(*things: dict[str, t.Any]) -> t.Any:
    """Return a tenant in which every list contains these objects."""
    return tenant({GROUPS: page(*things), FILTERS: page(*things), TAGS: page(*things)})


def find(lookup: DirectoryLookup, kind: str, name: str) -> t.Any:
    return getattr(lookup, f"find_{kind}_id")(name)


def look_up(kind: str, name: str, *things: dict[str, t.Any]) -> tuple[str | None, list[str]]:
    lookup = DirectoryLookup(world_of(*things).client)
    return find(lookup, kind, name), lookup.problems


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "things"),
    [
        pytest.param("Ops", [thing(TWO, "Others"), thing(ONE, "Ops")], id="the same"),
        pytest.param("Ops", [thing(TWO, "ops"), thing(ONE, "Ops")], id="the same is preferred"),
        pytest.param("Ops", [thing(ONE, "oPS")], id="another letter case"),
        pytest.param(" Ops ", [thing(TWO, "Ops"), thing(ONE, " Ops ")], id="with its blanks"),
        pytest.param("O'Brien's", [thing(ONE, "O'Brien's")], id="an apostrophe"),
    ],
)
def test_a_thing_is_found_by_its_name(kind: str, name: str, things: list[dict[str, t.Any]]) -> None:
    assert look_up(kind, name, *things) == (ONE, [])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["Nobody", "Op"], ids=["unknown", "a part"])
def test_a_name_that_means_nothing_is_a_problem(kind: str, name: str) -> None:
    assert look_up(kind, name, thing(ONE, "Ops")) == (None, [f"There is no {WORDS[kind]} named '{name}'."])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("", "A name is blank.", id="empty"),
        pytest.param("   ", "A name is blank.", id="blanks"),
        pytest.param("\u200b", "A name is blank: it holds nothing but U+200B zero width space at position 1.", id="nothing that is seen"),
        pytest.param(NIL, f"'{NIL}' is the nil GUID, which stands for no ID: it identifies nothing.", id="case 1: nil"),
        pytest.param(f"{{{NIL}}}", f"'{{{NIL}}}' is the nil GUID, which stands for no ID: it identifies nothing.", id="case 1: in braces"),
        pytest.param("a\nb", "A name holds control characters: 'a\\nb'.", id="a line end"),
    ],
)
def test_what_identifies_nothing_is_refused_without_a_look_up(kind: str, name: str, told: str) -> None:
    world = tenant()
    lookup = DirectoryLookup(world.client)
    assert find(lookup, kind, name) is None
    assert [problem.endswith(told) for problem in lookup.problems] == [True], lookup.problems
    assert world.transport.sent == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "there", "told"),
    [
        pytest.param(" Ops ", "Ops", "The name holds a blank at its beginning, a blank at its end. Did you mean 'Ops' ({})?", id="blanks"),
        pytest.param("Ops", "Ops ", "Did you mean 'Ops ' ({})? 'Ops ' holds a blank at its end.", id="case 6: a survey that trims"),
        pytest.param(
            "\ufeffOps",
            "Ops",
            "The name holds U+FEFF byte order mark at position 1. Did you mean 'Ops' ({})?",
            id="case 6: byte order mark",
        ),
        pytest.param("Ops' ring", "Ops\u2019 ring", "Did you mean 'Ops\u2019 ring' ({})?", id="case 6: curly apostrophe"),
        pytest.param("Ops\u00e9", "Opse\u0301", "Did you mean 'Opse\u0301' ({})?", id="case 6: decomposed"),
        pytest.param("Helpdesk phonse", "Helpdesk phones", "Did you mean 'Helpdesk phones' ({})?", id="swapped letters"),
        pytest.param("Helpdesk phone", "Helpdesk phones", "Did you mean 'Helpdesk phones' ({})?", id="a letter is missing"),
        pytest.param("helpdesk-phones", "Helpdesk phones", "Did you mean 'Helpdesk phones' ({})?", id="another sign"),
    ],
)
def test_a_name_that_looks_the_same_or_nearly_so_is_offered_and_not_taken(kind: str, name: str, there: str, told: str) -> None:
    def answer_as_the_service(request: t.Any) -> t.Any:
        return page() if " eq " in query_of(request).get("$filter", "") else page(thing(ONE, there), thing(TWO, "Other"))

    lookup = DirectoryLookup(tenant({path: answer_as_the_service for path in (GROUPS, FILTERS, TAGS)}).client)
    assert find(lookup, kind, name) is None
    assert len(lookup.problems) == 1 and lookup.problems[0].endswith(told.format(ONE)), lookup.problems


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("names", [("Ops", "Ops"), ("ops", "OPS")], ids=["the same", "another letter case"])
def test_a_name_that_means_several_things_is_a_problem_with_their_ids(kind: str, names: tuple[str, str]) -> None:
    found = look_up(kind, "Ops", thing(TWO.upper(), names[0]), thing(ONE, names[1]))
    assert found == (None, [f"Several {WORDS[kind]}s are named 'Ops': {ONE}, {TWO}."])


def test_things_without_a_name_are_passed_over() -> None:
    assert look_up("scope_tag", "None", {"id": ONE}) == (None, ["There is no scope tag named 'None'."])


def test_a_groups_name_cannot_leave_the_filter() -> None:
    world = world_of(thing(ONE, "O'Brien's"))
    DirectoryLookup(world.client).find_group_id("O'Brien's")
    assert query_of(world.transport.sent[0]) == {"$filter": "displayName eq 'O''Brien''s'", "$select": "id,displayName"}


# --- IDs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [ONE, ONE.upper(), f"{{{ONE}}}", f" {ONE} "], ids=["plain", "upper case", "braces", "spaces"])
@pytest.mark.parametrize("kind", ["group", "filter"])
def test_a_thing_is_found_by_its_id(kind: str, given: str) -> None:
    world = tenant(
        {GROUPS: page(), f"{GROUPS}/{ONE}": answer(200, {"id": ONE}), FILTERS: page(thing(TWO, "Other"), thing(ONE.upper(), "Ops"))}
    )
    lookup = DirectoryLookup(world.client)
    assert (find(lookup, kind, given), lookup.problems) == (ONE, [])


@pytest.mark.parametrize("kind", ["group", "filter"])
def test_an_id_that_is_also_a_name_is_refused(kind: str) -> None:
    script = {
        GROUPS: page(thing(TWO, ONE)),
        f"{GROUPS}/{ONE}": answer(200, thing(ONE, "Ops")),
        FILTERS: page(thing(TWO, ONE), thing(ONE, "Ops")),
    }
    lookup = DirectoryLookup(tenant(script).client)
    told = f"'{ONE}' is the ID of one {WORDS[kind]} and the name of another one ({TWO})."
    assert (find(lookup, kind, ONE), lookup.problems) == (None, [told])


def test_so_is_the_number_of_a_scope_tag() -> None:
    found = look_up("scope_tag", "7", {"id": "7", "displayName": "Berlin"}, {"id": "3", "displayName": "7"})
    assert found == (None, ["'7' is the ID of one scope tag and the name of another one (3)."])


def test_a_group_id_that_means_nothing_is_a_problem() -> None:
    lookup = DirectoryLookup(tenant({GROUPS: page(), f"{GROUPS}/{ONE}": error(404)}).client)
    assert (lookup.find_group_id(ONE), lookup.problems) == (None, [f"There is no group with the ID {ONE}."])


@pytest.mark.parametrize("given", [ONE, ONE.upper(), f"{{{ONE}}}"], ids=["plain", "upper case", "braces"])
@pytest.mark.parametrize("kind", ["group", "filter"])
def test_an_id_that_the_policy_has_already_is_not_looked_up(kind: str, given: str) -> None:
    world = tenant()
    assert find(DirectoryLookup(world.client, {ONE}), kind, given) == ONE
    assert world.transport.sent == []


@pytest.mark.parametrize(("given", "known"), [("0", set()), (" 0 ", set()), ("7", {"7"})], ids=["default", "default, spaces", "in use"])
def test_a_scope_tag_that_is_known_is_not_looked_up(given: str, known: set[str]) -> None:
    world = tenant()
    assert DirectoryLookup(world.client, known).find_scope_tag_id(given) == given.strip()
    assert world.transport.sent == []


def test_a_scope_tag_is_a_number_as_text() -> None:
    lookup = DirectoryLookup(world_of({"id": "7", "displayName": "Berlin"}).client)
    assert (lookup.find_scope_tag_id("Berlin"), lookup.find_scope_tag_id("7")) == ("7", "7")


# --- filters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["android", "windows81AndLater", None])
def test_a_filter_for_another_platform_is_a_problem(platform: str | None) -> None:
    found = look_up("filter", "Lab", thing(ONE, "Lab", platform=platform))
    assert found == (None, [f"The assignment filter 'Lab' is for the platform {platform}, not for Windows."])


# --- a single request -----------------------------------------------------------------------------------------------


def test_each_thing_is_asked_for_once() -> None:
    world = world_of(thing(ONE, "Ops"), thing(TWO, "Dev"))
    lookup = DirectoryLookup(world.client)
    for name in ("Ops", "Dev", "Ops"):
        assert lookup.find_group_id(name) and lookup.find_filter_id(name) and lookup.find_scope_tag_id(name)
    assert sorted(world.transport.targets) == sorted([GROUPS, GROUPS, FILTERS, TAGS])


def test_lists_are_asked_for_what_is_needed() -> None:
    world = world_of()
    lookup = DirectoryLookup(world.client)
    lookup.find_filter_id("x")
    lookup.find_scope_tag_id("x")
    assert [query_of(request)["$select"] for request in world.transport.sent] == ["id,displayName,platform", "id,displayName"]


# --- problems -------------------------------------------------------------------------------------------------------


def test_all_problems_are_reported_at_once_and_each_once() -> None:
    lookup = DirectoryLookup(world_of().client)
    for _again in range(2):
        lookup.find_group_id("A")
        lookup.find_filter_id("B")
        lookup.find_scope_tag_id("C")
    with pytest.raises(errors.SelectionError) as caught:
        lookup.validate()
    assert caught.value.message == "There is no group named 'A'. There is no assignment filter named 'B'. There is no scope tag named 'C'."
    assert caught.value.effects == "none" and "Nothing was changed." in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "things", "advice"),
    [
        pytest.param("Op", [], "Correct the name of the {}, or use its ID.", id="case 68: an unknown name"),
        pytest.param(NIL, [], "Correct or remove the {}.", id="case 68: an ID that identifies nothing"),
        pytest.param("Ops", [(ONE, "Ops"), (TWO, "Ops")], "Use the ID of the {} that you mean.", id="case 68: a name of several"),
        pytest.param(ONE, [(TWO, ONE), (ONE, "Ops")], f"Rename the {{}} {TWO}, or use its ID.", id="case 68: an ID that is a name"),
        pytest.param(TWO, [], "Check the ID: the {} may have been deleted.", id="case 68: an unknown ID"),
    ],
)
def test_the_advice_fits_the_problem(kind: str, name: str, things: list[tuple[str, str]], advice: str) -> None:
    every = page(*(thing(*one) for one in things))
    by_id = {f"{GROUPS}/{identity}": answer(200, thing(identity, shown)) for identity, shown in things}
    lookup = DirectoryLookup(tenant({GROUPS: every, FILTERS: every, TAGS: every, f"{GROUPS}/{TWO}": error(404), **by_id}).client)
    assert find(lookup, kind, name) is None
    with pytest.raises(errors.SelectionError) as caught:
        lookup.validate()
    assert caught.value.hint == advice.format(WORDS[kind])


def test_case_68_the_advice_for_a_filter_of_another_platform_is_another_filter() -> None:
    lookup = DirectoryLookup(world_of(thing(ONE, "Lab", platform="android")).client)
    lookup.find_filter_id("Lab")
    with pytest.raises(errors.SelectionError, match="Choose an assignment filter for the platform windows10AndLater"):
        lookup.validate()


def test_case_68_an_advice_is_given_once() -> None:
    lookup = DirectoryLookup(world_of().client)
    for name in ("A", "B", ONE):
        lookup.find_filter_id(name)
    with pytest.raises(errors.SelectionError) as caught:
        lookup.validate()
    advice = "Correct the name of the assignment filter, or use its ID. Check the ID: the assignment filter may have been deleted."
    assert caught.value.hint == advice


def test_no_problem_is_none() -> None:
    lookup = DirectoryLookup(world_of(thing(ONE, "Ops")).client)
    assert lookup.find_group_id("Ops") == ONE
    lookup.validate()
    assert lookup.problems == []


@pytest.mark.parametrize(
    ("kind", "name", "permission"),
    [
        ("group", "Ops", "GroupMember.Read.All"),
        ("group", ONE, "GroupMember.Read.All"),
        ("filter", "Ops", "DeviceManagementConfiguration.Read.All"),
        ("scope_tag", "Ops", "DeviceManagementRBAC.Read.All"),
    ],
)
def test_a_refused_look_up_names_the_permissions(kind: str, name: str, permission: str) -> None:
    world = tenant({GROUPS: error(403), f"{GROUPS}/{ONE}": error(403), FILTERS: error(403), TAGS: error(403)})
    with pytest.raises(errors.ForbiddenError) as caught:
        find(DirectoryLookup(world.client), kind, name)
    assert permission in (caught.value.hint or "")


def test_another_failure_of_a_look_up_is_reported_as_it_is() -> None:
    with pytest.raises(errors.ServiceError) as caught:
        DirectoryLookup(tenant({GROUPS: error(500)}).client).find_group_id("Ops")
    assert caught.value.hint is None


# --- names of identified objects ------------------------------------------------------------------------------------

BATCH = "POST /beta/$batch"
READERS = ["GroupMember.Read.All", "DeviceManagementConfiguration.Read.All", "DeviceManagementRBAC.Read.All"]


def named(script: dict[str, t.Any], roles: list[str] | None = None, known: Names = NO_NAMES, **ids: t.Any) -> tuple[Names, list[str]]:
    world = tenant(script, credential=FakeCredential({} if roles is None else {"roles": roles}))
    return fetch_names(world.client, known, **{"groups": (), "filters": (), "tags": (), **ids}), world.transport.targets


def batch_of(*bodies: dict[str, t.Any] | int) -> t.Any:
    responses = [
        {"id": str(number), "status": body, "body": {"error": {"code": "Forbidden", "message": "No."}}}
        if isinstance(body, int)
        else {"id": str(number), "status": 200, "body": body}
        for number, body in enumerate(bodies)
    ]
    return answer(200, {"responses": responses})


def test_the_names_of_what_was_looked_up_are_known() -> None:
    lookup = DirectoryLookup(world_of(thing(ONE, "Ops"), thing(TWO, "Others")).client)
    assert lookup.names == NO_NAMES
    for kind in KINDS:
        find(lookup, kind, "Ops")
    lists = {ONE: "Ops", TWO: "Others"}
    assert lookup.names == Names({ONE: "Ops"}, lists, {"0": "Default", **lists})


def test_groups_that_still_exist_are_known_by_name_and_asked_for_no_more() -> None:
    world = world_of(thing(ONE, "Ops"))
    lookup = DirectoryLookup(world.client)
    assert lookup.find_missing_groups({ONE, TWO}) == {TWO}
    assert fetch_names(world.client, lookup.names, groups=[ONE], filters=(), tags=()).groups == {ONE: "Ops"}
    assert world.transport.targets == [GROUPS]


@pytest.mark.parametrize("roles", [None, ["Device.Read.All"]], ids=["refused", "case 62: known to be refused, and not asked for"])
def test_case_49_groups_that_may_not_be_read_are_not_missing(roles: list[str] | None) -> None:
    world = tenant({GROUPS: error(403)}, credential=FakeCredential({} if roles is None else {"roles": roles}))
    assert DirectoryLookup(world.client).find_missing_groups({ONE}) == set()
    assert world.transport.targets == ([GROUPS] if roles is None else [])


def test_another_failure_to_find_missing_groups_is_reported_as_it_is() -> None:
    with pytest.raises(errors.ServiceError):
        DirectoryLookup(tenant({GROUPS: error(500)}).client).find_missing_groups({ONE})


@pytest.mark.parametrize(
    ("ids", "asked"),
    [
        pytest.param({}, [], id="nothing to name"),
        pytest.param({"tags": ["0"]}, [], id="the default tag"),
        pytest.param({"groups": [ONE]}, [GROUPS], id="a group"),
        pytest.param({"filters": [ONE]}, [FILTERS], id="a filter"),
        pytest.param({"filters": [ONE], "tags": [ONE]}, [BATCH], id="a filter and a tag"),
        pytest.param({"groups": [ONE], "filters": [ONE], "tags": [ONE]}, [BATCH, GROUPS], id="one of each"),
    ],
)
def test_names_take_the_fewest_requests(ids: dict[str, list[str]], asked: list[str]) -> None:
    every = {"value": [thing(ONE, "Ops")]}
    found, targets = named({GROUPS: answer(200, every), FILTERS: answer(200, every), BATCH: batch_of(every, every)}, READERS, **ids)
    assert targets == asked
    assert [found.groups, found.filters] == [{ONE: "Ops"} if part in ids else {} for part in ("groups", "filters")]
    assert found.tags == ({"0": "Default", ONE: "Ops"} if ids.get("tags") == [ONE] else {"0": "Default"})


def test_known_names_are_not_asked_for() -> None:
    known = Names({ONE: "Ops"}, {TWO: "Laptops"}, {"0": "Default", "1": "Berlin"})
    assert named({}, READERS, known, groups=[ONE], filters=[TWO], tags=["1"]) == (known, [])


@pytest.mark.parametrize(
    ("roles", "script", "found"),
    [
        pytest.param(["Device.Read.All"], {}, NO_NAMES, id="case 62: known to be refused, and not asked for"),
        pytest.param(None, {GROUPS: error(403), BATCH: batch_of(403, 403), FILTERS: error(403), TAGS: error(403)}, NO_NAMES, id="refused"),
        pytest.param(READERS, {GROUPS: error(500), BATCH: error(500), FILTERS: error(500), TAGS: error(500)}, NO_NAMES, id="out of order"),
        pytest.param(READERS, {GROUPS: page(), BATCH: batch_of({"value": 5}, 403), TAGS: error(403)}, NO_NAMES, id="odd answers"),
        pytest.param(
            READERS,
            {GROUPS: error(403), BATCH: batch_of({"value": [thing(ONE, "Laptops")]}, 403)},
            Names(filters={ONE: "Laptops"}),
            id="some of them",
        ),
    ],
)
def test_names_that_cannot_be_read_are_left_out(roles: list[str] | None, script: dict[str, t.Any], found: Names) -> None:
    shown, targets = named(script, roles, groups=[ONE], filters=[ONE], tags=["7"])
    assert shown == found
    assert bool(targets) is bool(script)
