# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import typing as t

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._consent.model import (
    CLIENT_APP_ID,
    DIRECTORY_APP_ID,
    SERVICE_APP_ID,
    App,
    Goal,
    Grant,
    State,
)
from ansible_collections.endpointops.intune.plugins.module_utils._consent.plan import (
    Change,
    describe,
    describe_managed,
    describe_warnings,
    find_obstacle,
    holds_unpublished_only,
    plan,
    project,
)
from ansible_collections.endpointops.intune.plugins.module_utils._consent.urls import render_consent_urls

URLS = render_consent_urls(None)
USUAL = Goal()
PURGE = Goal(purge_grants=True)
ABSENT = Goal(is_present=False)
ABSENT_PURGE = Goal(is_present=False, purge_grants=True)


def app(name: str, **more: t.Any) -> App:
    """Return a present, enabled application with its whole consent, except for the given fields."""
    if name == "service":
        usual = {"id": "sp-service", "resource_id": "sp-directory", "published_scopes": ("Other", "User.Read"), "scopes": ("User.Read",)}
        return App(SERVICE_APP_ID, DIRECTORY_APP_ID, **{**usual, "is_enabled": True, "grant_id": "g-service", **more})
    usual = {"id": "sp-client", "resource_id": "sp-service", "published_scopes": ("user_impersonation",), "scopes": ("user_impersonation",)}
    return App(CLIENT_APP_ID, SERVICE_APP_ID, **{**usual, "is_enabled": True, "grant_id": "g-client", **more})


def state(service: dict[str, t.Any] | None = None, client: dict[str, t.Any] | None = None) -> State:
    return State(app("service", **(service or {})), app("client", **(client or {})))


GONE = {"id": None, "is_enabled": False, "grant_id": None, "scopes": ()}
DELETED = {**GONE, "deleted_id": "sp-deleted"}
NOTHING = state(GONE, {**GONE, "resource_id": None, "published_scopes": ()})
COMPLETE = state()


# --- pure -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "changes"),
    [
        pytest.param(COMPLETE, [], id="complete"),
        pytest.param(
            NOTHING,
            [
                Change("create", "service"),
                Change("grant", "service", ("User.Read",)),
                Change("create", "client"),
                Change("grant", "client", None),
            ],
            id="nothing there",
        ),
        pytest.param(
            state(DELETED),
            [Change("restore", "service"), Change("enable", "service"), Change("grant", "service", ("User.Read",))],
            id="service in the bin",
        ),
        pytest.param(state({"is_enabled": False}), [Change("enable", "service")], id="service disabled"),
        pytest.param(state({"scopes": (), "grant_id": None}), [Change("grant", "service", ("User.Read",))], id="service without a grant"),
        pytest.param(state({"scopes": ("Other",)}), [Change("widen", "service", ("User.Read",))], id="service with another grant"),
        pytest.param(state({"scopes": ("Other", "User.Read")}), [], id="service with more than asked for"),
        pytest.param(
            state(None, {"scopes": (), "grant_id": None}), [Change("grant", "client", ("user_impersonation",))], id="client without a grant"
        ),
        pytest.param(
            state(None, {"scopes": ("something",)}),
            [Change("widen", "client", ("user_impersonation",))],
            id="case 47: client with a grant of what the service does not publish",
        ),
        pytest.param(
            state(None, {"scopes": (), "grant_id": None, "published_scopes": ()}), [], id="service publishes nothing: nothing to grant"
        ),
        pytest.param(
            state(None, {**GONE, "deleted_id": "sp-deleted"}),
            [Change("restore", "client"), Change("enable", "client"), Change("grant", "client", ("user_impersonation",))],
            id="client in the bin",
        ),
    ],
)
def test_what_is_missing_is_planned(found: State, changes: list[Change]) -> None:
    assert plan(found, USUAL) == changes


@pytest.mark.parametrize(
    ("given", "found", "changes"),
    [
        pytest.param(("a", "b"), {"scopes": ("a",)}, [Change("widen", "client", ("b",))], id="one of two is there"),
        pytest.param(("a",), {"scopes": ("a", "b")}, [], id="more is there"),
        pytest.param((), {"scopes": (), "grant_id": None}, [], id="none asked for"),
        pytest.param(("a",), {"scopes": ()}, [Change("widen", "client", ("a",))], id="an empty grant"),
        pytest.param(None, {"scopes": None}, [], id="planned already, not known which"),
        pytest.param(None, {"scopes": ()}, [Change("widen", "client", ("user_impersonation",))], id="unset: all that is published"),
        pytest.param(None, {"scopes": ("x",)}, [Change("widen", "client", ("user_impersonation",))], id="case 47: unset, another granted"),
        pytest.param(None, {"scopes": ("user_impersonation", "x")}, [], id="unset, and more granted"),
        pytest.param(None, {"published_scopes": ("a", "b"), "scopes": ("a",)}, [Change("widen", "client", ("b",))], id="unset: one of two"),
        pytest.param(None, {"scopes": (), "grant_id": None, "resource_id": None}, [Change("grant", "client")], id="no resource"),
    ],
)
def test_scopes_that_are_missing(given: tuple[str, ...] | None, found: dict[str, t.Any], changes: list[Change]) -> None:
    assert plan(state(None, found), Goal(client_scopes=given)) == changes


@pytest.mark.parametrize(
    ("given", "found", "changes"),
    [
        pytest.param(("a",), {"scopes": ("a", "b")}, [Change("replace", "client", ("a",))], id="too much"),
        pytest.param(("a",), {"scopes": ("b",)}, [Change("replace", "client", ("a",))], id="another"),
        pytest.param(("b", "a"), {"scopes": ("a", "b")}, [], id="as it is, in another order"),
        pytest.param(("a",), {"scopes": (), "grant_id": None}, [Change("grant", "client", ("a",))], id="no grant"),
        pytest.param((), {"scopes": ("a",)}, [Change("revoke", "client")], id="none wanted"),
        pytest.param((), {"scopes": ()}, [Change("revoke", "client")], id="none wanted, an empty grant"),
        pytest.param((), {"scopes": (), "grant_id": None}, [], id="none wanted, none there"),
        pytest.param(None, {"scopes": ("x",)}, [Change("replace", "client", ("user_impersonation",))], id="unset: what is published"),
        pytest.param(None, {"scopes": ("user_impersonation",)}, [], id="unset, as published"),
    ],
)
def test_with_purge_a_grant_is_made_exact(given: tuple[str, ...] | None, found: dict[str, t.Any], changes: list[Change]) -> None:
    assert plan(state(None, found), Goal(client_scopes=given, purge_grants=True)) == changes


@pytest.mark.parametrize(
    ("found", "changes"),
    [
        pytest.param(
            COMPLETE,
            [Change("revoke", "service"), Change("revoke", "client"), Change("delete", "service"), Change("delete", "client")],
            id="complete",
        ),
        pytest.param(state({"grant_id": None, "scopes": ()}, GONE), [Change("delete", "service")], id="one, without a grant"),
        pytest.param(NOTHING, [], id="nothing there"),
        pytest.param(state(DELETED, {**GONE, "deleted_id": "x"}), [], id="both in the bin"),
    ],
)
def test_what_is_there_is_taken_away(found: State, changes: list[Change]) -> None:
    assert plan(found, ABSENT) == changes


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(state({"is_enabled": False}), id="disabled"),
        pytest.param(state({"scopes": ("Other",)}), id="another grant"),
        pytest.param(state({"scopes": (), "grant_id": None}, {"scopes": (), "grant_id": None}), id="no grant"),
        pytest.param(state(DELETED), id="service in the bin"),
        pytest.param(state(None, GONE), id="no client"),
        pytest.param(COMPLETE, id="complete"),
        pytest.param(NOTHING, id="nothing there"),
    ],
)
def test_after_a_plan_nothing_is_left_to_do(found: State) -> None:
    assert plan(project(found, plan(found, USUAL)), USUAL) == []


@pytest.mark.parametrize(
    "found", [COMPLETE, NOTHING, state({"is_enabled": False}), state(GONE)], ids=["complete", "nothing", "disabled", "half"]
)
def test_after_taking_away_nothing_is_left_to_take_away(found: State) -> None:
    assert plan(project(found, plan(found, ABSENT)), ABSENT) == []


def test_what_entra_will_name_is_null_in_a_projection() -> None:
    shown = describe(project(NOTHING, plan(NOTHING, USUAL)), USUAL, URLS)
    assert (shown["ready"], shown["service"]["id"], shown["client"]["id"]) == (True, None, None)
    assert (shown["service"]["scopes"], shown["client"]["scopes"]) == (["User.Read"], None)


@pytest.mark.parametrize(
    ("found", "change", "after"),
    [
        pytest.param({}, Change("revoke", "service"), {"grant_id": None, "scopes": ()}, id="revoke"),
        pytest.param(DELETED, Change("restore", "service"), {**GONE, "id": "sp-deleted"}, id="restore"),
        pytest.param(GONE, Change("create", "service"), {**GONE, "id": "", "is_enabled": True}, id="create"),
        pytest.param({"is_enabled": False}, Change("enable", "service"), {}, id="enable"),
        pytest.param({"scopes": ()}, Change("grant", "service", ("User.Read",)), {}, id="grant"),
        pytest.param({"scopes": None}, Change("grant", "service", ("User.Read",)), {}, id="grant beside what is not known"),
        pytest.param({"scopes": ()}, Change("grant", "service", None), {"scopes": None}, id="grant of what is not known"),
        pytest.param(
            {"scopes": ("b", "d", "f")}, Change("widen", "service", ("e", "c", "a")), {"scopes": tuple("abcdef")}, id="widen, in order"
        ),
    ],
)
def test_each_change_is_projected(found: dict[str, t.Any], change: Change, after: dict[str, t.Any]) -> None:
    assert project(state(found), [change]) == state(after)


def test_nothing_is_left_of_a_deleted_application() -> None:
    assert project(COMPLETE, [Change("delete", "service")]).service == App(SERVICE_APP_ID, DIRECTORY_APP_ID)


def test_a_restored_application_has_its_id_again() -> None:
    found = state(DELETED)
    assert project(found, plan(found, USUAL)).service.id == "sp-deleted"


def test_a_widened_grant_keeps_what_was_there() -> None:
    found = state({"scopes": ("Other",)})
    assert project(found, plan(found, USUAL)).service.scopes == ("Other", "User.Read")


def test_an_application_is_shown_whole() -> None:
    assert describe(COMPLETE, USUAL, URLS)["client"] == {
        "app_id": CLIENT_APP_ID,
        "id": "sp-client",
        "display_name": None,
        "present": True,
        "enabled": True,
        "deleted": None,
        "consented": True,
        "scopes": ["user_impersonation"],
        "missing_scopes": [],
        "grants": [
            {
                "resource_app_id": SERVICE_APP_ID,
                "resource_id": "sp-service",
                "consent_type": "AllPrincipals",
                "principal_id": None,
                "scopes": ["user_impersonation"],
            }
        ],
    }


@pytest.mark.parametrize(
    ("found", "goal", "missing"),
    [
        pytest.param({}, USUAL, [], id="nothing is missing"),
        pytest.param({"scopes": ("x",)}, USUAL, ["user_impersonation"], id="case 47: what the service publishes"),
        pytest.param({"published_scopes": ("a", "b"), "scopes": ("a",)}, USUAL, ["b"], id="one of two"),
        pytest.param({"scopes": ("x",)}, Goal(client_scopes=("y", "x")), ["y"], id="what is asked for"),
        pytest.param({"resource_id": None, "published_scopes": (), "scopes": ()}, USUAL, None, id="no service to publish any"),
        pytest.param({"scopes": None}, USUAL, None, id="planned, not known which"),
    ],
)
def test_missing_scopes_are_named(found: dict[str, t.Any], goal: Goal, missing: list[str] | None) -> None:
    assert describe(state(None, found), goal, URLS)["client"]["missing_scopes"] == missing


@pytest.mark.parametrize(
    ("client", "goal", "warned"),
    [
        pytest.param({"scopes": ("x",)}, Goal(client_scopes=("x",)), True, id="case 47: granted and asked for, not published"),
        pytest.param({"scopes": ("user_impersonation", "x")}, USUAL, False, id="beside a published one"),
        pytest.param({"scopes": ("x",), "published_scopes": ()}, USUAL, False, id="nothing is published"),
    ],
)
def test_a_grant_of_what_is_not_published_is_warned_of(client: dict[str, t.Any], goal: Goal, warned: bool) -> None:
    found = describe_warnings(state(None, client), goal)
    assert bool(found) is warned
    assert not warned or all(word in found[0] for word in ("x only", "publishes user_impersonation"))


def test_an_application_in_the_bin_says_since_when() -> None:
    shown = describe(state({**DELETED, "deleted_at": "2026-01-05T10:00:00Z"}), USUAL, URLS)["service"]
    assert (shown["present"], shown["id"], shown["deleted"]) == (False, None, "2026-01-05T10:00:00Z")


@pytest.mark.parametrize(
    ("found", "service", "client"),
    [
        pytest.param(COMPLETE, (True, True, True), (True, True, True), id="complete"),
        pytest.param(NOTHING, (False, False, False), (False, False, False), id="nothing there"),
        pytest.param(state({"is_enabled": False}), (True, False, True), (True, True, True), id="service disabled"),
        pytest.param(state({"scopes": ()}), (True, True, False), (True, True, True), id="service not consented"),
        pytest.param(state(None, {"scopes": ()}), (True, True, True), (True, True, False), id="client not consented"),
        pytest.param(
            state(GONE, {"resource_id": None, "published_scopes": (), "grant_id": None, "scopes": ()}),
            (False, False, False),
            (True, True, False),
            id="client there, its resource not",
        ),
    ],
)
def test_present_enabled_and_consented_are_told_apart(found: State, service: tuple[bool, ...], client: tuple[bool, ...]) -> None:
    shown = describe(found, USUAL, URLS)
    keys = ("present", "enabled", "consented")
    assert tuple(shown["service"][key] for key in keys) == service
    assert tuple(shown["client"][key] for key in keys) == client
    assert shown["ready"] is (all(service) and all(client))


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        pytest.param({}, {"present": True, "enabled": True, "scopes": ["User.Read"]}, id="complete"),
        pytest.param({"is_enabled": False}, {"present": True, "enabled": False, "scopes": ["User.Read"]}, id="disabled"),
        pytest.param(GONE, {"present": False, "enabled": False, "scopes": []}, id="not there"),
        pytest.param({"scopes": None}, {"present": True, "enabled": True, "scopes": None}, id="scopes to come"),
    ],
)
def test_a_diff_has_managed_keys_only(found: dict[str, t.Any], shown: dict[str, t.Any]) -> None:
    assert describe_managed(state(found))["service"] == shown


NO_DIRECTORY = {**GONE, "resource_id": None}


@pytest.mark.parametrize(
    ("found", "goal", "named"),
    [
        pytest.param(state(NO_DIRECTORY), USUAL, [DIRECTORY_APP_ID, "User.Read"], id="no resource"),
        pytest.param(
            state({**DELETED, "deleted_at": "2026-01-05"}),
            Goal(restore_deleted=False),
            [SERVICE_APP_ID, "sp-deleted", "2026-01-05", "restore_deleted to true", "delete it for good"],
            id="in the bin",
        ),
        pytest.param(state(DELETED), Goal(restore_deleted=False), ["unknown time"], id="in the bin, nobody knows since when"),
        pytest.param(
            state(None, {"scopes": tuple(f"{'s' * 100}{number:03}" for number in range(37))}),
            Goal(client_scopes=("t" * 120,)),
            ["3850", "purge_grants"],
            id="too long with what is there",
        ),
    ],
)
def test_what_stands_in_the_way_is_said_before_anything_is_written(found: State, goal: Goal, named: list[str]) -> None:
    failure = find_obstacle(found, goal)
    message = str(failure)
    assert failure is not None and failure.effects == "none" and "Nothing was changed." in message
    assert [part for part in named if part not in message] == []


@pytest.mark.parametrize(
    ("found", "goal"),
    [
        pytest.param(NOTHING, USUAL, id="nothing there, but the resource"),
        pytest.param(state(NO_DIRECTORY), Goal(service_scopes=()), id="no resource, no scope asked for"),
        pytest.param(state(DELETED), USUAL, id="in the bin, and may be restored"),
        pytest.param(state({**DELETED, "resource_id": None}), Goal(is_present=False, restore_deleted=False), id="to be taken away"),
        pytest.param(NOTHING, Goal(restore_deleted=False), id="nothing in the bin"),
        pytest.param(
            state(None, {"scopes": ("user_impersonation", *(f"{'s' * 100}{number:03}" for number in range(38)))}),
            USUAL,
            id="a long grant that stays as it is",
        ),
    ],
)
def test_nothing_is_missed_without_need(found: State, goal: Goal) -> None:
    assert find_obstacle(found, goal) is None


@pytest.mark.parametrize(
    ("found", "goal", "warned"),
    [
        pytest.param(state(None, {"published_scopes": (), "scopes": ()}), USUAL, True, id="nothing published, nothing granted"),
        pytest.param(state(None, {"published_scopes": ()}), USUAL, False, id="nothing published, but granted"),
        pytest.param(state(None, {"scopes": ()}), USUAL, False, id="published, not yet granted"),
        pytest.param(state(None, {"published_scopes": (), "scopes": ()}), Goal(client_scopes=("a",)), False, id="scopes given"),
        pytest.param(COMPLETE, USUAL, False, id="complete"),
        pytest.param(NOTHING, USUAL, False, id="nothing there"),
        pytest.param(project(NOTHING, plan(NOTHING, USUAL)), USUAL, False, id="planned: not known yet"),
        pytest.param(state(None, {"resource_id": None, "published_scopes": (), "scopes": ()}), USUAL, False, id="the service is not there"),
    ],
)
def test_a_service_that_publishes_nothing_is_warned_of(found: State, goal: Goal, warned: bool) -> None:
    assert bool(describe_warnings(found, goal)) is warned


# --- revoking -------------------------------------------------------------------------------------------------------

OF_ONE_USER = Grant("g-user", "sp-service", "Principal", "user-1", ("x",), SERVICE_APP_ID)
ELSEWHERE = Grant("g-elsewhere", "sp-graph", "AllPrincipals", None, ("y",))
OF_ANOTHER = Grant("g-another", "sp-service", "AllPrincipals", None, ("z",), SERVICE_APP_ID)
OF_THE_CLIENT = Grant("g-client", "sp-service", "AllPrincipals", None, ("user_impersonation",), SERVICE_APP_ID)
REVOKES = [Change("revoke", "service"), Change("revoke", "client")]


@pytest.mark.parametrize(
    ("found", "changes", "kept"),
    [
        pytest.param(
            state({"scopes": ("Other", "User.Read")}),
            [Change("replace", "service", ("Other",)), Change("revoke", "client"), Change("delete", "client")],
            {"service": "(Other)"},
            id="the service has more",
        ),
        pytest.param(
            state(None, {"scopes": ("more", "user_impersonation")}),
            [Change("revoke", "service"), Change("replace", "client", ("more",))],
            {"service": "1 grant of permissions on it", "client": "(more)"},
            id="the client has more, on the service",
        ),
        pytest.param(
            state({"scopes": ("Other",)}),
            [Change("revoke", "client"), Change("delete", "client")],
            {"service": "(Other)"},
            id="nothing of ours is left of it",
        ),
        pytest.param(
            state({"inbound_grants": (OF_ONE_USER, OF_THE_CLIENT)}, {"other_grants": (OF_ONE_USER,)}),
            REVOKES,
            {"service": "1 grant of permissions on it", "client": "1 grant to it"},
            id="a user has consented for himself",
        ),
        pytest.param(
            state({"other_grants": (ELSEWHERE,)}), [*REVOKES, Change("delete", "client")], {"service": "1 grant to it"}, id="elsewhere"
        ),
        pytest.param(
            state({"inbound_grants": (OF_ANOTHER, OF_THE_CLIENT, dataclasses.replace(OF_ANOTHER, id="g-2"))}),
            [*REVOKES, Change("delete", "client")],
            {"service": "2 grants of permissions on it"},
            id="other clients",
        ),
        pytest.param(
            state({"inbound_grants": (OF_THE_CLIENT,)}),
            [*REVOKES, Change("delete", "service"), Change("delete", "client")],
            {},
            id="all is ours",
        ),
    ],
)
def test_what_others_granted_is_kept_and_said(found: State, changes: list[Change], kept: dict[str, str]) -> None:
    assert plan(found, ABSENT) == changes
    after = project(found, changes)
    assert plan(after, ABSENT) == []
    assert {name for name, app in after.apps().items() if app.is_present} == set(kept)
    warnings = describe_warnings(after, ABSENT)
    assert len(warnings) == len(kept)
    for name, part in kept.items():
        (mine,) = [text for text in warnings if found.apps()[name].app_id in text]
        assert part in mine and "purge_grants to true" in mine
    shown = describe(after, ABSENT, URLS)
    assert [(shown[name]["present"], shown[name]["consented"]) for name in kept] == [(True, False)] * len(kept)


def test_with_purge_all_of_it_goes() -> None:
    found = state({"scopes": ("Other", "User.Read"), "inbound_grants": (OF_ANOTHER,)}, {"other_grants": (OF_ONE_USER,)})
    assert plan(found, ABSENT_PURGE) == [*REVOKES, Change("delete", "service"), Change("delete", "client")]
    assert describe_warnings(project(found, plan(found, ABSENT_PURGE)), ABSENT_PURGE) == []


@pytest.mark.parametrize(
    ("scopes", "goal", "consented"),
    [
        pytest.param(("user_impersonation",), ABSENT, True, id="still there"),
        pytest.param(("more",), ABSENT, False, id="only what others granted"),
        pytest.param(("more",), USUAL, False, id="case 47: only what the service does not publish"),
        pytest.param(("more",), Goal(client_scopes=("more",)), False, id="case 47: also where it is asked for"),
        pytest.param(("more",), Goal(client_scopes=()), False, id="case 47: also where nothing is asked for"),
        pytest.param(("more", "user_impersonation"), USUAL, True, id="more than what is published"),
        pytest.param(("more", "user_impersonation"), PURGE, False, id="but not exactly that"),
        pytest.param((), ABSENT, False, id="none"),
        pytest.param(("a",), Goal(client_scopes=(), is_present=False), False, id="nothing to take back"),
    ],
)
def test_what_counts_as_consent(scopes: tuple[str, ...], goal: Goal, consented: bool) -> None:
    assert describe(state(None, {"scopes": scopes}), goal, URLS)["client"]["consented"] is consented


def test_every_grant_is_shown_those_for_all_users_first() -> None:
    shown = describe(state({"other_grants": (ELSEWHERE,)}, {"other_grants": (OF_ONE_USER,)}), USUAL, URLS)
    of_the_client = {"resource_app_id": SERVICE_APP_ID, "resource_id": "sp-service"}
    assert shown["client"]["grants"] == [
        {**of_the_client, "consent_type": "AllPrincipals", "principal_id": None, "scopes": ["user_impersonation"]},
        {**of_the_client, "consent_type": "Principal", "principal_id": "user-1", "scopes": ["x"]},
    ]
    assert [(grant["resource_app_id"], grant["resource_id"]) for grant in shown["service"]["grants"]] == [
        (None, "sp-graph"),
        (DIRECTORY_APP_ID, "sp-directory"),
    ]


def test_a_planned_grant_is_shown_as_far_as_it_is_known() -> None:
    shown = describe(project(NOTHING, plan(NOTHING, USUAL)), USUAL, URLS)["client"]["grants"]
    assert shown == [
        {
            "resource_app_id": SERVICE_APP_ID,
            "resource_id": None,
            "consent_type": "AllPrincipals",
            "principal_id": None,
            "scopes": None,
        }
    ]


# --- any state ------------------------------------------------------------------------------------------------------

NAMES = st.lists(st.sampled_from(["User.Read", "a", "b", "c"]), unique=True).map(tuple)
FLAG = st.booleans()


@st.composite
def apps(draw: st.DrawFn, name: str, app_id: str, resource_app_id: str, resource_id: str | None, published: tuple[str, ...]) -> App:
    known = {"resource_id": resource_id, "published_scopes": published if resource_id else ()}
    if not draw(FLAG):
        return App(app_id, resource_app_id, deleted_id=draw(st.sampled_from([None, f"sp-{name}"])), is_enabled=draw(FLAG), **known)
    granted = resource_id is not None and draw(FLAG)
    others = [Grant(f"g-{name}-other", resource_id or "sp-gone", "Principal", "user-1", draw(NAMES))] * draw(FLAG)
    return App(
        app_id,
        resource_app_id,
        id=f"sp-{name}",
        is_enabled=draw(FLAG),
        grant_id=f"g-{name}" if granted else None,
        scopes=tuple(sorted(draw(NAMES))) if granted else (),
        other_grants=tuple(others),
        inbound_grants=tuple([Grant(f"g-{name}-in", f"sp-{name}", "AllPrincipals")] * draw(FLAG)),
        **known,
    )


@st.composite
def states(draw: st.DrawFn) -> State:
    service = draw(apps("service", SERVICE_APP_ID, DIRECTORY_APP_ID, draw(st.sampled_from([None, "sp-directory"])), draw(NAMES)))
    client = draw(apps("client", CLIENT_APP_ID, SERVICE_APP_ID, service.id, draw(NAMES)))
    on_it = tuple(grant for grant in client.other_grants if grant.resource_id == service.id)
    if client.grant_id:
        on_it += (Grant(client.grant_id, "sp-service", "AllPrincipals", None, client.scopes or ()),)
    return State(dataclasses.replace(service, inbound_grants=service.inbound_grants + on_it), client)


GOALS = st.builds(Goal, service_scopes=NAMES, client_scopes=st.none() | NAMES, is_present=FLAG, purge_grants=FLAG)


@hypothesis.settings(max_examples=500)
@hypothesis.given(found=states(), goal=GOALS)
def test_after_any_plan_nothing_is_left_to_do_and_nothing_of_others_is_lost(found: State, goal: Goal) -> None:
    after = project(found, plan(found, goal))
    assert plan(after, goal) == []
    if goal.purge_grants:
        return
    for name, app in found.apps().items():
        ours = goal.scopes_of(name)
        kept = set(app.scopes or ()) if goal.is_present else set(app.scopes or ()) - set(app.published_scopes if ours is None else ours)
        assert kept <= set(after.apps()[name].scopes or ()), "scopes that others granted"
        assert after.apps()[name].other_grants == app.other_grants, "grants for single users, or elsewhere"
        foreign = [grant for grant in app.inbound_grants if grant.id != found.client.grant_id]
        assert goal.is_present or not foreign or after.apps()[name].is_present, "grants on it"


@pytest.mark.slow
@hypothesis.settings(max_examples=300)
@hypothesis.given(found=states(), goal=GOALS.filter(lambda goal: goal.purge_grants))
def test_with_purge_the_consent_is_what_is_asked_for_and_no_more(found: State, goal: Goal) -> None:
    after = project(found, plan(found, goal))
    for name, app in after.apps().items():
        wanted = goal.scopes_of(name) if goal.is_present else ()
        # If nothing is given and nothing published, the exact scopes are unknown.
        wanted = found.apps()[name].published_scopes or found.apps()[name].scopes or () if wanted is None else wanted
        assert app.scopes is None or set(app.scopes) == set(wanted)
        assert app.is_present is goal.is_present
        assert not goal.is_present or app.other_grants == found.apps()[name].other_grants


@pytest.mark.slow
@hypothesis.settings(max_examples=300)
@hypothesis.given(found=states(), goal=GOALS)
def test_what_is_shown_agrees_with_the_plan(found: State, goal: Goal) -> None:
    after = project(found, plan(found, goal))
    shown = describe(after, goal, URLS)
    # A task may request permissions that the service does not publish.
    assert shown["ready"] is (goal.is_present and not (goal.client_scopes and holds_unpublished_only(after.client)))
    for app in shown.values():
        assert not isinstance(app, dict) or "grants" not in app or app["scopes"] is None or set(app["scopes"]) <= granted(app)


def granted(app: dict[str, t.Any]) -> set[str]:
    mine = [grant for grant in app["grants"] if grant["consent_type"] == "AllPrincipals"]
    return {scope for grant in mine for scope in grant["scopes"]}
