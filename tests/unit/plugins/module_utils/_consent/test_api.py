# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test reading and writing the consent, one response at a time. Whole runs are in tests/unit/plugins/modules."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._consent.api import apply, fetch_state
from ansible_collections.endpointops.intune.plugins.module_utils._consent.model import (
    CLIENT_APP_ID,
    DIRECTORY_APP_ID,
    NAMES,
    SERVICE_APP_ID,
    Goal,
    State,
)
from ansible_collections.endpointops.intune.plugins.module_utils._consent.plan import describe, plan
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.support.emulated import Directory
from tests.support.fakes import Step, answer, body_of, error, page, query_of, tenant

USUAL = Goal()
ABSENT = Goal(is_present=False)
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
USER = "66666666-6666-4666-8666-666666666666"

PRINCIPALS = "POST /v1.0/servicePrincipals"
GRANTS = "POST /v1.0/oauth2PermissionGrants"
READ_PRINCIPALS = "GET /v1.0/servicePrincipals"
READ_GRANTS = "GET /v1.0/oauth2PermissionGrants"
READ_BIN = "GET /v1.0/directory/deletedItems/microsoft.graph.servicePrincipal"


def made(*app_ids: str, **more: t.Any) -> Directory:
    directory = Directory(**more)
    for app_id in app_ids:
        directory.make(app_id)
    return directory


def both(**more: t.Any) -> Directory:
    return made(SERVICE_APP_ID, CLIENT_APP_ID, **more)


@pytest.fixture
def complete() -> Directory:
    directory = both()
    directory.grant(SERVICE_APP_ID, DIRECTORY_APP_ID, "User.Read")
    directory.grant(CLIENT_APP_ID, SERVICE_APP_ID, "user_impersonation")
    return directory


def applied(directory: Directory, goal: Goal = USUAL, timeout: float = 120.0) -> tuple[State, t.Any]:
    client = directory.world().client
    before = fetch_state(client, goal)
    directory.sent.clear()
    return apply(client, before, plan(before, goal), goal, timeout)


def ready(state: State) -> bool:
    return describe(state, USUAL, {})["ready"]


# --- reading --------------------------------------------------------------------------------------------------------


def test_an_empty_tenant_is_read() -> None:
    directory = Directory()
    found = fetch_state(directory.world().client)
    assert (found.service.is_present, found.client.is_present, found.client.resource_id) == (False, False, None)
    assert (found.service.resource_id, found.service.published_scopes) == (directory.id_of(DIRECTORY_APP_ID), ("User.Read",))
    assert directory.targets == [READ_PRINCIPALS, READ_BIN, READ_BIN], "the bin once for each application that is missing"


def test_a_tenant_that_is_complete_is_read_in_three_requests(complete: Directory) -> None:
    found = fetch_state(complete.world().client, USUAL)
    assert ready(found)
    assert [query_of(request)["$filter"] for request in complete.sent] == [
        f"appId in ('{DIRECTORY_APP_ID}','{SERVICE_APP_ID}','{CLIENT_APP_ID}')",
        f"clientId eq '{complete.id_of(SERVICE_APP_ID)}'",
        f"clientId eq '{complete.id_of(CLIENT_APP_ID)}'",
    ]


def test_who_else_is_granted_is_read_where_it_is_asked_for(complete: Directory) -> None:
    found = fetch_state(complete.world().client, ABSENT)
    ends = [query_of(request)["$filter"].split()[0] for request in complete.sent]
    assert ends == ["appId", "clientId", "resourceId", "clientId", "resourceId"]
    assert [grant.id for grant in found.service.inbound_grants] == [found.client.grant_id]
    fetch_state(complete.world().client, Goal(is_present=False, purge_grants=True))
    assert len(complete.sent) == 5 + 3, "with purge it does not matter"


def test_every_page_is_read() -> None:
    directory = both(directory_page_size=1)
    directory.grant(CLIENT_APP_ID, GRAPH_APP_ID, "a")
    directory.grant(CLIENT_APP_ID, SERVICE_APP_ID, " b  a ")
    found = fetch_state(directory.world().client)
    assert found.service.is_present and found.client.is_present and found.service.resource_id
    assert (found.client.scopes, [grant.scopes for grant in found.client.other_grants]) == (("a", "b"), [("a",)])


def test_other_grants_are_no_admin_consent() -> None:
    directory = both()
    directory.grant(SERVICE_APP_ID, GRAPH_APP_ID, "User.Read")
    directory.grant(SERVICE_APP_ID, DIRECTORY_APP_ID, "User.Read", principal=USER)
    found = fetch_state(directory.world().client)
    assert (found.service.scopes, found.service.grant_id) == ((), None)
    shown = [(grant.resource_app_id, grant.consent_type, grant.principal_id) for grant in found.service.other_grants]
    assert shown == [(None, "AllPrincipals", None), (DIRECTORY_APP_ID, "Principal", USER)]


def test_of_several_in_the_bin_the_newest_counts() -> None:
    directory = Directory()
    first = directory.make(SERVICE_APP_ID)
    directory.admin("DELETE", f"/servicePrincipals/{first}")
    directory.tenant.clock.advance(3600)
    second = directory.make(SERVICE_APP_ID, accountEnabled=False)
    directory.admin("DELETE", f"/servicePrincipals/{second}")
    found = fetch_state(directory.world().client).service
    assert (found.deleted_id, found.is_enabled, bool(found.deleted_at)) == (second, False, True)


ON, OFF = {"isEnabled": True}, {"isEnabled": False}


@pytest.mark.parametrize(
    ("scopes", "published"),
    [
        pytest.param([{"value": "a", **OFF}, {"value": "b", **ON}], ("b",), id="one is disabled"),
        pytest.param([ON, {"value": None, **ON}], (), id="without a name"),
        pytest.param([{"value": "b", **ON}, {"value": "a", **ON}], ("a", "b"), id="in order"),
        pytest.param(None, (), id="null"),
    ],
)
def test_what_an_application_publishes(scopes: list[dict[str, t.Any]] | None, published: tuple[str, ...]) -> None:
    every = [{"id": f"sp-{app_id}", "appId": app_id, "oauth2PermissionScopes": scopes} for app_id in NAMES]
    script = {READ_PRINCIPALS: page(*every), READ_GRANTS: page(), "POST /v1.0/$batch": answer(200, {"responses": []})}
    assert fetch_state(tenant(script).client).client.published_scopes == published


# --- writing --------------------------------------------------------------------------------------------------------


def test_what_is_written_is_consent_for_all_users() -> None:
    directory = both()
    ids = {app_id: directory.id_of(app_id) for app_id in (SERVICE_APP_ID, DIRECTORY_APP_ID)}
    applied(directory)
    assert body_of(next(request for request in directory.sent if request.method == "POST")) == {
        "clientId": ids[SERVICE_APP_ID],
        "consentType": "AllPrincipals",
        "resourceId": ids[DIRECTORY_APP_ID],
        "scope": "User.Read",
    }


def test_what_was_written_is_seen_three_times_before_it_is_believed() -> None:
    directory = both()
    applied(directory)
    last = max(index for index, target in enumerate(directory.targets) if target == GRANTS)
    assert directory.targets[last:].count(READ_PRINCIPALS) == 3


@pytest.mark.parametrize(
    "doubt",
    [
        pytest.param(error(409, "Request_MultipleObjectsWithSameKeyValue"), id="it exists"),
        pytest.param(errors.LostResponseError("Lost."), id="lost"),
        pytest.param(answer(200, b"<html>"), id="an answer of somebody else"),
    ],
)
def test_an_application_that_may_be_there_is_not_made_twice(doubt: Step) -> None:
    directory = made(CLIENT_APP_ID)

    def made_all_the_same(_request: Request) -> Response:
        directory.make(SERVICE_APP_ID)
        if isinstance(doubt, Exception):
            raise doubt
        return doubt

    directory.first = {PRINCIPALS: [made_all_the_same]}
    after, failure = applied(directory)
    assert (failure, after.service.is_present) == (None, True)
    assert directory.writes.count(PRINCIPALS) == 1


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(error(400, "Request_BadRequest", "Permission entry already exists."), id="400 already exists"),
        pytest.param(error(409, "Request_MultipleObjectsWithSameKeyValue"), id="409"),
        pytest.param(error(404, "Directory_ObjectNotFound"), id="404: Entra does not see the application everywhere yet"),
        pytest.param(error(400, "Request_BadRequest", "Resource does not exist."), id="400 does not exist yet"),
        pytest.param(errors.LostResponseError("Lost."), id="lost"),
        pytest.param(answer(200, b"<html>"), id="an answer of somebody else"),
    ],
)
def test_a_doubtful_write_is_repeated_when_three_reads_miss_it(refusal: Step) -> None:
    directory = both()
    directory.first = {GRANTS: [refusal]}
    after, failure = applied(directory)
    assert failure is None and ready(after)
    assert directory.writes == [GRANTS, GRANTS, GRANTS]
    service = directory.sent[directory.targets.index(GRANTS)]
    again = [index for index, request in enumerate(directory.sent) if request.body == service.body]
    assert directory.targets[again[0] : again[1]].count(READ_PRINCIPALS) == 3


def test_an_accepted_write_is_waited_for_and_not_written_again() -> None:
    directory = both(replicas=(6,))
    after, failure = applied(directory)
    assert (failure, directory.writes) == (None, [GRANTS, GRANTS])
    assert ready(after)


@pytest.mark.parametrize("lost", [error(404), errors.LostResponseError("Lost.")], ids=["404", "lost"])
@pytest.mark.parametrize("kind", ["restore", "enable", "widen", "revoke", "delete"])
def test_each_kind_of_write_may_have_been_done_whatever_the_answer(complete: Directory, kind: str, lost: Step) -> None:
    service = f"/servicePrincipals/{complete.id_of(SERVICE_APP_ID)}"
    goal = ABSENT if kind in ("revoke", "delete") else USUAL
    if kind == "restore":
        complete.admin("DELETE", service)
    if kind == "enable":
        complete.admin("PATCH", service, {"accountEnabled": False})
    if kind == "widen":
        goal = Goal(service_scopes=("Other",))
    doubted: list[str] = []

    def done_all_the_same(request: Request) -> Response:
        complete.ask(request)
        doubted.append(request.target)
        if isinstance(lost, Exception):
            raise lost
        return lost

    client = complete.world().client
    before = fetch_state(client, goal)
    target = {
        "restore": f"POST /v1.0/directory/deletedItems/{service.rpartition('/')[2]}/restore",
        "enable": f"PATCH /v1.0{service}",
        "widen": f"PATCH /v1.0/oauth2PermissionGrants/{fetch_state(client).service.grant_id}",
        "revoke": f"DELETE /v1.0/oauth2PermissionGrants/{fetch_state(client).service.grant_id}",
        "delete": f"DELETE /v1.0{service}",
    }[kind]
    complete.first = {target: [done_all_the_same]}
    after, failure = apply(client, before, plan(before, goal), goal, 120.0)
    assert (failure, doubted) == (None, [target])
    assert plan(after, goal) == []
    assert complete.writes.count(target) == 1


def test_a_404_for_an_application_that_still_exists_is_no_deletion(complete: Directory) -> None:
    target = f"DELETE /v1.0/servicePrincipals/{complete.id_of(SERVICE_APP_ID)}"
    complete.first = {target: [error(404, "Request_ResourceNotFound")]}
    after, failure = applied(complete, ABSENT)
    assert (failure, after.service.is_present, complete.writes.count(target)) == (None, False, 2)


INTERRUPTIONS = [
    pytest.param(error(403, "Authorization_RequestDenied"), id="403"),
    pytest.param(error(400, "Request_BadRequest", "Odd."), id="400 for another reason"),
    pytest.param(error(403, "Authorization_RequestDenied", "What already exists is not yours."), id="403 in the same words"),
    pytest.param(error(500), id="500"),
    pytest.param(errors.NotSentError("No connection."), id="no connection"),
]


@pytest.mark.parametrize("interruption", INTERRUPTIONS)
def test_a_refusal_comes_back_beside_what_was_reached(interruption: Step) -> None:
    directory = Directory()
    directory.first = {GRANTS: [interruption]}
    after, failure = applied(directory)
    assert isinstance(failure, errors.IntuneError)
    assert failure.effects == "partial" and "Some changes were made." in str(failure)
    assert (after.service.is_present, after.client.is_present, after.service.scopes) == (True, True, ())


def test_a_failure_after_which_nothing_can_be_read_says_so() -> None:
    directory = Directory()

    def refuse_from_now_on(_request: Request) -> Response:
        directory.first = {READ_PRINCIPALS: [error(500)]}
        return error(403, "Authorization_RequestDenied")

    directory.first = {GRANTS: [refuse_from_now_on]}
    with pytest.raises(errors.ForbiddenError, match="could not be read back") as caught:
        applied(directory)
    assert caught.value.effects == "partial"


@pytest.mark.parametrize(
    ("first", "effects"),
    [
        pytest.param(error(403, "Authorization_RequestDenied"), "none", id="refused"),
        pytest.param(errors.NotSentError("No connection."), "none", id="no connection"),
        pytest.param(errors.ApprovalPendingError("Waits.", {"code": "x"}), "none", id="waits for its approval"),
        pytest.param(error(500), "unknown", id="500: it may have been done"),
    ],
)
@pytest.mark.parametrize("is_readable", [True, False], ids=["read back", "not read back"])
def test_a_failure_of_the_first_write_says_what_it_changed(first: Step, effects: str, is_readable: bool) -> None:
    directory = both()

    def refuse_from_now_on(_request: Request) -> Response:
        if not is_readable:
            directory.first = {READ_PRINCIPALS: [error(500)]}
        if isinstance(first, Exception):
            raise first
        return t.cast(Response, first)

    directory.first = {GRANTS: [refuse_from_now_on]}
    if is_readable:
        _after, failure = applied(directory)
    else:
        with pytest.raises(errors.IntuneError, match="could not be read back") as caught:
            applied(directory)
        failure = caught.value
    assert failure.effects == effects
    assert ("Nothing was changed." in str(failure)) is (effects == "none")


def test_a_write_that_waits_for_its_approval_after_another_was_accepted_is_partial() -> None:
    directory = both()
    client = directory.id_of(CLIENT_APP_ID)

    def wait_for_approval(request: Request) -> Response:
        if body_of(request)["clientId"] != client:
            return directory.ask(request)
        raise errors.ApprovalPendingError("Waits.", {"code": "x"})

    directory.first = {GRANTS: [wait_for_approval, wait_for_approval]}
    after, failure = applied(directory)
    assert isinstance(failure, errors.ApprovalPendingError) and failure.approval == {"code": "x"}
    assert (failure.effects, after.service.scopes, after.client.scopes) == ("partial", ("User.Read",), ())


def test_a_write_that_was_done_with_an_error_is_a_change_where_it_is_seen() -> None:
    directory = both()

    def fail_afterwards(request: Request) -> Response:
        directory.ask(request)
        return error(500)

    directory.first = {GRANTS: [fail_afterwards]}
    after, failure = applied(directory)
    assert (failure.effects, after.service.scopes) == ("partial", ("User.Read",))


def test_a_grant_that_does_not_show_in_time_is_said() -> None:
    directory = both(replicas=(10_000,))
    after, failure = applied(directory, timeout=30.0)
    assert isinstance(failure, errors.NotReadyError)
    assert "Timed out after 30 seconds" in str(failure) and "last response" not in str(failure)
    assert failure.effects == "partial", "both writes were accepted"
    assert after.service.is_present and directory.writes == [GRANTS, GRANTS]


def test_a_wait_in_vain_tells_the_last_doubtful_answer() -> None:
    directory = both()
    directory.first = {GRANTS: [error(404, "Directory_ObjectNotFound", "Not here.")] * 1000}
    _after, failure = applied(directory, timeout=30.0)
    assert isinstance(failure, errors.NotReadyError)
    assert "Not here." in str(failure) and "request-1" in str(failure)
    assert failure.effects == "unknown"


def test_an_application_that_shows_up_in_the_bin_late_is_restored_if_that_is_allowed() -> None:
    directory = made(SERVICE_APP_ID, create_over_deleted="conflict")
    directory.admin("DELETE", f"/servicePrincipals/{directory.id_of(SERVICE_APP_ID)}")
    directory.first = {READ_BIN: [page(), page()]}
    after, failure = applied(directory)
    assert failure is None and ready(after)


def test_and_refused_if_not() -> None:
    directory = made(SERVICE_APP_ID, create_over_deleted="conflict")
    directory.admin("DELETE", f"/servicePrincipals/{directory.id_of(SERVICE_APP_ID)}")
    directory.first = {READ_BIN: [page(), page()]}
    after, failure = applied(directory, Goal(restore_deleted=False))
    assert isinstance(failure, errors.SelectionError) and "restore_deleted" in str(failure)
    assert (failure.effects, directory.writes) == ("none", [])
    assert not after.service.is_present


def test_an_application_that_was_made_is_not_restored_beside() -> None:
    directory = made(SERVICE_APP_ID, visibility_reads=12)
    directory.admin("DELETE", f"/servicePrincipals/{directory.id_of(SERVICE_APP_ID)}")
    directory.first = {READ_BIN: [page()] * 4}
    after, failure = applied(directory)
    assert failure is None and ready(after)
    assert directory.writes.count(PRINCIPALS) == 2 and not [target for target in directory.writes if "restore" in target]
