# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types
import typing as t
import urllib.parse

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._graph import errors
from ansible_collections.endpointops.intune.plugins.module_utils._graph.protocol import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._intune import consent
from ansible_collections.endpointops.intune.plugins.module_utils._intune.consent import (
    CLIENT_APP_ID,
    DIRECTORY_APP_ID,
    SERVICE_APP_ID,
    App,
    Change,
    State,
    describe,
    managed,
    missing_scopes,
    plan_absent,
    plan_present,
    project,
)
from tests.unit.fakes import FakeTransport, Step, Tenant, answer, body_of, error, page, query_of, tenant

URLS = consent.consent_urls(None)
WANTED: consent.Wanted = types.MappingProxyType({"service": ("User.Read",), "client": None})


def app(name: str, **more: t.Any) -> App:
    """A present, enabled application with its whole consent, but for what is given."""
    if name == "service":
        usual = {"id": "sp-service", "resource_id": "sp-directory", "published": ("Other", "User.Read"), "scopes": ("User.Read",)}
        return App(SERVICE_APP_ID, DIRECTORY_APP_ID, **{**usual, "enabled": True, "grant_id": "g-service", **more})
    usual = {"id": "sp-client", "resource_id": "sp-service", "published": ("user_impersonation",), "scopes": ("user_impersonation",)}
    return App(CLIENT_APP_ID, SERVICE_APP_ID, **{**usual, "enabled": True, "grant_id": "g-client", **more})


def state(service: dict[str, t.Any] | None = None, client: dict[str, t.Any] | None = None) -> State:
    return State(app("service", **(service or {})), app("client", **(client or {})))


GONE = {"id": None, "enabled": False, "grant_id": None, "scopes": ()}
DELETED = {**GONE, "deleted_id": "sp-deleted"}
NOTHING = state(GONE, {**GONE, "resource_id": None, "published": ()})
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
        pytest.param(state({"enabled": False}), [Change("enable", "service")], id="service disabled"),
        pytest.param(state({"scopes": (), "grant_id": None}), [Change("grant", "service", ("User.Read",))], id="service without a grant"),
        pytest.param(state({"scopes": ("Other",)}), [Change("widen", "service", ("User.Read",))], id="service with another grant"),
        pytest.param(state({"scopes": ("Other", "User.Read")}), [], id="service with more than asked for"),
        pytest.param(
            state(None, {"scopes": (), "grant_id": None}), [Change("grant", "client", ("user_impersonation",))], id="client without a grant"
        ),
        pytest.param(state(None, {"scopes": ("something",)}), [], id="client with a grant that somebody made"),
        pytest.param(state(None, {"scopes": (), "grant_id": None, "published": ()}), [], id="service publishes nothing: nothing to grant"),
        pytest.param(
            state(None, {**GONE, "deleted_id": "sp-deleted"}),
            [Change("restore", "client"), Change("enable", "client"), Change("grant", "client", ("user_impersonation",))],
            id="client in the bin",
        ),
    ],
)
def test_what_is_missing_is_planned(found: State, changes: list[Change]) -> None:
    assert plan_present(found, WANTED) == changes


@pytest.mark.parametrize(
    ("given", "scopes", "missing"),
    [
        pytest.param(("a", "b"), ("a",), ("b",), id="one of two is there"),
        pytest.param(("a",), ("a", "b"), (), id="more is there"),
        pytest.param((), (), (), id="none asked for"),
        pytest.param(("a",), None, ("a",), id="not known what is there"),
        pytest.param(None, (), ("user_impersonation",), id="unset: all that is published"),
        pytest.param(None, ("x",), (), id="unset: what somebody granted will do"),
    ],
)
def test_scopes_that_are_missing(given: tuple[str, ...] | None, scopes: tuple[str, ...] | None, missing: tuple[str, ...] | None) -> None:
    assert missing_scopes(state(None, {"scopes": scopes}), "client", given) == missing


@pytest.mark.parametrize(
    ("given", "scopes"),
    [
        pytest.param(None, None, id="unset"),
        pytest.param([], (), id="none"),
        pytest.param(["b", "a"], ("b", "a"), id="two"),
        pytest.param(["b a", " c"], ("b", "a", "c"), id="blanks between"),
        pytest.param(["a", "a"], ("a",), id="one twice"),
        pytest.param(["", " "], None, id="nothing but blanks: unset"),
    ],
)
def test_scopes_as_people_give_them(given: list[str] | None, scopes: tuple[str, ...] | None) -> None:
    assert consent.scopes_of(given) == scopes


def test_scopes_of_a_resource_that_is_not_there_cannot_be_known() -> None:
    assert missing_scopes(NOTHING, "client", None) is None


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
    assert plan_absent(found) == changes


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(state({"enabled": False}), id="disabled"),
        pytest.param(state({"scopes": ("Other",)}), id="another grant"),
        pytest.param(state({"scopes": (), "grant_id": None}, {"scopes": (), "grant_id": None}), id="no grant"),
        pytest.param(state(DELETED), id="service in the bin"),
        pytest.param(state(None, GONE), id="no client"),
        pytest.param(COMPLETE, id="complete"),
    ],
)
def test_after_a_plan_nothing_is_left_to_do(found: State) -> None:
    assert plan_present(project(found, plan_present(found, WANTED)), WANTED) == []


@pytest.mark.parametrize(
    "found", [COMPLETE, NOTHING, state({"enabled": False}), state(GONE)], ids=["complete", "nothing", "disabled", "half"]
)
def test_after_taking_away_nothing_is_left_to_take_away(found: State) -> None:
    assert plan_absent(project(found, plan_absent(found))) == []


def test_what_entra_will_name_is_null_in_a_projection() -> None:
    shown = describe(project(NOTHING, plan_present(NOTHING, WANTED)), WANTED, URLS)
    assert (shown["ready"], shown["service"]["id"], shown["client"]["id"]) == (True, None, None)
    assert (shown["service"]["scopes"], shown["client"]["scopes"]) == (["User.Read"], None)


@pytest.mark.parametrize(
    ("found", "change", "after"),
    [
        pytest.param({}, Change("revoke", "service"), {"grant_id": None, "scopes": ()}, id="revoke"),
        pytest.param(DELETED, Change("restore", "service"), {**GONE, "id": "sp-deleted"}, id="restore"),
        pytest.param(GONE, Change("create", "service"), {**GONE, "id": "", "enabled": True}, id="create"),
        pytest.param({"enabled": False}, Change("enable", "service"), {}, id="enable"),
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
    assert project(found, plan_present(found, WANTED)).service.id == "sp-deleted"


def test_a_widened_grant_keeps_what_was_there() -> None:
    found = state({"scopes": ("Other",)})
    assert project(found, plan_present(found, WANTED)).service.scopes == ("Other", "User.Read")


def test_an_application_is_shown_whole() -> None:
    assert describe(COMPLETE, WANTED, URLS)["client"] == {
        "app_id": CLIENT_APP_ID,
        "id": "sp-client",
        "display_name": None,
        "present": True,
        "enabled": True,
        "consented": True,
        "scopes": ["user_impersonation"],
    }


@pytest.mark.parametrize(
    ("found", "service", "client"),
    [
        pytest.param(COMPLETE, (True, True, True), (True, True, True), id="complete"),
        pytest.param(NOTHING, (False, False, False), (False, False, False), id="nothing there"),
        pytest.param(state({"enabled": False}), (True, False, True), (True, True, True), id="service disabled"),
        pytest.param(state({"scopes": ()}), (True, True, False), (True, True, True), id="service not consented"),
        pytest.param(state(None, {"scopes": ()}), (True, True, True), (True, True, False), id="client not consented"),
        pytest.param(
            state(GONE, {"resource_id": None, "published": (), "grant_id": None, "scopes": ()}),
            (False, False, False),
            (True, True, False),
            id="client there, its resource not",
        ),
    ],
)
def test_present_enabled_and_consented_are_told_apart(found: State, service: tuple[bool, ...], client: tuple[bool, ...]) -> None:
    shown = describe(found, WANTED, URLS)
    keys = ("present", "enabled", "consented")
    assert tuple(shown["service"][key] for key in keys) == service
    assert tuple(shown["client"][key] for key in keys) == client
    assert shown["ready"] is (all(service) and all(client))


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        pytest.param({}, {"present": True, "enabled": True, "scopes": ["User.Read"]}, id="complete"),
        pytest.param({"enabled": False}, {"present": True, "enabled": False, "scopes": ["User.Read"]}, id="disabled"),
        pytest.param(GONE, {"present": False, "enabled": False, "scopes": []}, id="not there"),
        pytest.param({"scopes": None}, {"present": True, "enabled": True, "scopes": None}, id="scopes to come"),
    ],
)
def test_a_diff_has_managed_keys_only(found: dict[str, t.Any], shown: dict[str, t.Any]) -> None:
    assert managed(state(found))["service"] == shown


@pytest.mark.parametrize(("tenant_id", "part"), [("contoso.test", "contoso.test"), (None, "common"), ("", "common")])
def test_the_documented_consent_pages(tenant_id: str | None, part: str) -> None:
    urls = {name: urllib.parse.urlsplit(url) for name, url in consent.consent_urls(tenant_id).items()}
    queries = {name: dict(urllib.parse.parse_qsl(url.query)) for name, url in urls.items()}
    assert urls["service"].geturl().startswith(f"https://login.windows.net/{part}/oauth2/authorize?response_type=code&client_id=")
    assert queries["service"] == {
        "response_type": "code",
        "client_id": SERVICE_APP_ID,
        "resource": "https://graph.windows.net",
        "redirect_uri": "https://cred.microsoft.com",
        "prompt": "admin_consent",
    }
    assert queries["client"] == {
        "response_type": "code",
        "client_id": CLIENT_APP_ID,
        "resource": "https://cred.microsoft.com/",
        "redirect_uri": f"ms-appx-web://Microsoft.AAD.BrokerPlugin/{CLIENT_APP_ID}",
        "prompt": "admin_consent",
    }


@pytest.mark.parametrize(("status", "shown"), [(400, True), (403, True), (404, False), (500, False)])
def test_a_refusal_shows_the_pages_for_a_consent_by_hand(status: int, shown: bool) -> None:
    hint = consent.explain(errors.for_status(status)("No.", status=status), URLS).hint or ""
    assert all(url in hint for url in URLS.values()) is shown


def test_a_resource_that_cannot_be_made_is_missed_before_anything_is_written() -> None:
    with pytest.raises(errors.SelectionError, match=DIRECTORY_APP_ID):
        consent.check_resource(state({**GONE, "resource_id": None}), WANTED)


@pytest.mark.parametrize(
    ("found", "scopes"),
    [
        pytest.param(NOTHING, ("User.Read",), id="it is there"),
        pytest.param(state({"resource_id": None}), (), id="no scope is asked for"),
    ],
)
def test_a_resource_is_not_missed_without_need(found: State, scopes: tuple[str, ...]) -> None:
    consent.check_resource(found, {**WANTED, "service": scopes})


def test_a_failure_that_is_no_refusal_keeps_its_own_hint() -> None:
    assert consent.explain(errors.NotReadyError("Late.", hint="Wait."), URLS).hint == "Wait."


@pytest.mark.parametrize(
    ("found", "wanted", "warned"),
    [
        pytest.param(state(None, {"published": (), "scopes": ()}), WANTED, True, id="nothing published, nothing granted"),
        pytest.param(state(None, {"published": ()}), WANTED, False, id="nothing published, but granted"),
        pytest.param(state(None, {"scopes": ()}), WANTED, False, id="published, not yet granted"),
        pytest.param(state(None, {"published": (), "scopes": ()}), {**WANTED, "client": ("a",)}, False, id="scopes given"),
        pytest.param(COMPLETE, WANTED, False, id="complete"),
        pytest.param(NOTHING, WANTED, False, id="nothing there"),
    ],
)
def test_a_service_that_publishes_nothing_is_warned_of(found: State, wanted: consent.Wanted, warned: bool) -> None:
    assert bool(consent.warnings(found, wanted)) is warned


# --- calls ----------------------------------------------------------------------------------------------------------

PUBLISHED = {DIRECTORY_APP_ID: ["User.Read"], SERVICE_APP_ID: ["user_impersonation"], CLIENT_APP_ID: []}
GRANTS = "POST /v1.0/oauth2PermissionGrants"
PRINCIPALS = "POST /v1.0/servicePrincipals"
INTERRUPTIONS = [
    pytest.param(error(403, "Authorization_RequestDenied"), id="403"),
    pytest.param(error(400, "Request_BadRequest", "Odd."), id="400 for another reason"),
    pytest.param(error(403, "Authorization_RequestDenied", "What already exists is not yours."), id="403 in the same words"),
    pytest.param(error(500), id="500"),
    pytest.param(errors.NotSentError("No connection."), id="no connection"),
]


class FakeDirectory(FakeTransport):
    """As much of Microsoft Entra as consent needs: service principals, their bin, grants.

    ``first`` is a script of answers that come, for ``METHOD /path``, before the directory's own. What is new is seen by none of
    the ``late`` reads after it was made, nor can it be changed before.
    """

    def __init__(self, *present: str, deleted: t.Iterable[str] = (), first: dict[str, list[Step]] | None = None, late: int = 0) -> None:
        super().__init__()
        self.enabled = dict.fromkeys([DIRECTORY_APP_ID, *present], True)
        self.deleted = list(deleted)
        self.grants: dict[str, dict[str, t.Any]] = {}
        self.first = first or {}
        self.late = late
        self.unseen: dict[str, int] = {}

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        step = self.first[request.target].pop(0) if self.first.get(request.target) else None
        if isinstance(step, Exception):
            raise step
        if callable(step):
            return step(request)
        return step or self._own(request.method, request.target.partition(" /v1.0/")[2], request)

    def grant(self, app_id: str, resource: str, scope: str) -> None:
        body = {"clientId": f"sp-{app_id}", "resourceId": f"sp-{resource}", "consentType": "AllPrincipals", "scope": scope}
        self.grants[f"grant-{app_id}"] = {"id": f"grant-{app_id}", **body}

    def _own(self, method: str, path: str, request: Request) -> Response:
        if path.startswith("servicePrincipals(appId='"):
            return self._principal(path.split("'")[1])
        if path.startswith("directory/deletedItems/microsoft.graph"):
            return page(*({"id": f"sp-{app_id}", "appId": app_id} for app_id in self.deleted))
        if method == "GET":
            client = query_of(request)["$filter"].split("'")[1]
            return page(*(grant for grant in self.grants.values() if grant["clientId"] == client and self._seen(grant["id"])))
        return self._write(method, path, body_of(request))

    def _seen(self, object_id: str) -> bool:
        left = self.unseen.get(object_id, 0)
        self.unseen[object_id] = left - 1
        return left <= 0

    def _principal(self, app_id: str) -> Response:
        if app_id not in self.enabled or not self._seen(f"sp-{app_id}"):
            return error(404)
        scopes = [{"value": value, "isEnabled": True} for value in PUBLISHED[app_id]]
        return answer(200, {"id": f"sp-{app_id}", "accountEnabled": self.enabled[app_id], "oauth2PermissionScopes": scopes})

    def _write(self, method: str, path: str, body: t.Any) -> Response:
        kind, _slash, name = path.partition("/")
        if kind == "directory":
            app_id = self.deleted.pop()
            self.enabled[app_id], self.unseen[f"sp-{app_id}"] = False, self.late
        elif method == "PATCH" and self.unseen.get(name, 0) > 0:
            return error(404)
        elif kind == "servicePrincipals" and method == "DELETE":
            del self.enabled[name.removeprefix("sp-")]
        elif kind == "servicePrincipals":
            app_id = body.get("appId") or name.removeprefix("sp-")
            self.enabled[app_id] = body.get("accountEnabled", True)
            self.unseen[f"sp-{app_id}"] = self.late if "appId" in body else 0
        elif method == "DELETE":
            del self.grants[name]
        elif method == "PATCH":
            self.grants[name].update(body)
        else:
            app_id, resource = body["clientId"].removeprefix("sp-"), body["resourceId"].removeprefix("sp-")
            self.grant(app_id, resource, body["scope"])
            self.unseen[f"grant-{app_id}"] = self.late
        return answer(200, {"id": "x"})


def both(**more: t.Any) -> FakeDirectory:
    return FakeDirectory(SERVICE_APP_ID, CLIENT_APP_ID, **more)


@pytest.fixture
def complete() -> FakeDirectory:
    directory = both()
    directory.grant(SERVICE_APP_ID, DIRECTORY_APP_ID, "User.Read")
    directory.grant(CLIENT_APP_ID, SERVICE_APP_ID, "user_impersonation")
    return directory


def connected(directory: FakeDirectory, wanted: consent.Wanted = WANTED, timeout: float = 120.0) -> tuple[State, t.Any, Tenant]:
    world = tenant(directory)
    before = consent.read(world.client)
    directory.sent.clear()
    after, failure = consent.connect(world.client, before, plan_present(before, wanted), wanted, timeout)
    return after, failure, world


def test_an_empty_tenant_is_read() -> None:
    found = consent.read(tenant(FakeDirectory()).client)
    assert (found.service.present, found.service.resource_id, found.client.present, found.client.resource_id) == (
        False,
        f"sp-{DIRECTORY_APP_ID}",
        False,
        None,
    )


def test_a_tenant_is_read_whole() -> None:
    directory = both()
    directory.grant(SERVICE_APP_ID, DIRECTORY_APP_ID, " User.Read  Other ")
    found = consent.read(tenant(directory).client)
    assert (found.service.scopes, found.client.scopes, found.client.published) == (("Other", "User.Read"), (), ("user_impersonation",))


@pytest.mark.parametrize("other", [{"consentType": "Principal"}, {"resourceId": "sp-other"}], ids=["of one user", "on another resource"])
def test_other_grants_are_no_admin_consent(other: dict[str, str]) -> None:
    directory = both()
    directory.grant(SERVICE_APP_ID, DIRECTORY_APP_ID, "User.Read")
    directory.grants[f"grant-{SERVICE_APP_ID}"].update(other)
    assert consent.read(tenant(directory).client).service.scopes == ()


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
    found = {"id": "sp", "oauth2PermissionScopes": scopes}
    script = {f"GET /v1.0/servicePrincipals(appId='{app_id}')": answer(200, found) for app_id in PUBLISHED}
    script["GET /v1.0/oauth2PermissionGrants"] = page()
    assert consent.read(tenant(script).client).client.published == published


def test_an_empty_tenant_is_connected() -> None:
    directory = FakeDirectory()
    after, failure, world = connected(directory)
    assert failure is None
    assert describe(after, WANTED, URLS)["ready"]
    assert world.transport.writes == [PRINCIPALS, PRINCIPALS, GRANTS, GRANTS]


def test_what_is_written_is_consent_for_all_users() -> None:
    _after, _failure, world = connected(both())
    assert body_of(next(request for request in world.transport.sent if request.method == "POST")) == {
        "clientId": f"sp-{SERVICE_APP_ID}",
        "consentType": "AllPrincipals",
        "resourceId": f"sp-{DIRECTORY_APP_ID}",
        "scope": "User.Read",
    }


def test_an_application_in_the_bin_is_restored_and_enabled() -> None:
    directory = FakeDirectory(CLIENT_APP_ID, deleted=[SERVICE_APP_ID])
    after, failure, world = connected(directory)
    assert (failure, after.service.enabled) == (None, True)
    assert world.transport.writes[:2] == [
        f"POST /v1.0/directory/deletedItems/sp-{SERVICE_APP_ID}/restore",
        f"PATCH /v1.0/servicePrincipals/sp-{SERVICE_APP_ID}",
    ]
    assert PRINCIPALS not in world.transport.writes


def test_new_applications_are_waited_for_before_anything_is_granted() -> None:
    _after, failure, world = connected(FakeDirectory(late=3))
    assert failure is None
    assert world.transport.writes == [PRINCIPALS, PRINCIPALS, GRANTS, GRANTS]


def test_a_restored_application_is_waited_for_before_it_is_enabled() -> None:
    after, failure, _world = connected(FakeDirectory(CLIENT_APP_ID, deleted=[SERVICE_APP_ID], late=3))
    assert (failure, after.service.enabled) == (None, True)


def test_a_disabled_application_is_enabled(complete: FakeDirectory) -> None:
    complete.enabled[CLIENT_APP_ID] = False
    after, failure, world = connected(complete)
    assert (failure, after.client.enabled) == (None, True)
    assert world.transport.writes == [f"PATCH /v1.0/servicePrincipals/sp-{CLIENT_APP_ID}"]


def test_a_grant_is_widened(complete: FakeDirectory) -> None:
    complete.grant(SERVICE_APP_ID, DIRECTORY_APP_ID, "b d")
    _after, _failure, world = connected(complete, {"service": ("c", "a", "e"), "client": None})
    assert world.transport.writes == [f"PATCH /v1.0/oauth2PermissionGrants/grant-{SERVICE_APP_ID}"]
    assert complete.grants[f"grant-{SERVICE_APP_ID}"]["scope"] == "a b c d e"


def test_what_was_written_is_seen_twice_before_it_is_believed() -> None:
    _after, _failure, world = connected(both())
    targets = world.transport.targets
    last = max(index for index, target in enumerate(targets) if target == GRANTS)
    assert targets[last:].count(f"GET /v1.0/servicePrincipals(appId='{SERVICE_APP_ID}')") == 2


@pytest.mark.parametrize(
    "first",
    [
        pytest.param([error(409, "Request_MultipleObjectsWithSameKeyValue")], id="it exists"),
        pytest.param([errors.LostAnswerError("Lost.")], id="lost"),
        pytest.param([answer(200, b"<html>")], id="an answer of somebody else"),
    ],
)
def test_an_application_that_may_be_there_is_not_made_twice(first: list[Step]) -> None:
    directory = FakeDirectory(CLIENT_APP_ID, first={PRINCIPALS: first})
    world = tenant(directory)
    before = consent.read(world.client)
    directory.enabled[SERVICE_APP_ID] = True
    after, failure = consent.connect(world.client, before, plan_present(before, WANTED), WANTED, 120.0)
    assert (failure, after.service.present) == (None, True)
    assert world.transport.writes.count(PRINCIPALS) == 1


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(error(400, "Request_BadRequest", "Permission entry already exists."), id="400 already exists"),
        pytest.param(error(409, "Request_MultipleObjectsWithSameKeyValue"), id="409"),
        pytest.param(error(404, "Directory_ObjectNotFound"), id="404: Entra does not see the application everywhere yet"),
        pytest.param(error(400, "Request_BadRequest", "Resource does not exist."), id="400 does not exist yet"),
        pytest.param(errors.LostAnswerError("Lost."), id="lost"),
        pytest.param(answer(200, b"<html>"), id="an answer of somebody else"),
    ],
)
def test_a_grant_that_is_refused_for_now_is_tried_again(refusal: Step) -> None:
    directory = both(first={GRANTS: [refusal]})
    after, failure, world = connected(directory)
    assert failure is None
    assert describe(after, WANTED, URLS)["ready"]
    assert world.transport.writes == [GRANTS, GRANTS, GRANTS]


def test_a_grant_that_was_written_all_the_same_is_not_written_twice() -> None:
    directory = both()

    def written_but_lost(_request: Request) -> t.NoReturn:
        directory.grant(SERVICE_APP_ID, DIRECTORY_APP_ID, "User.Read")
        raise errors.LostAnswerError("Lost.")

    directory.first = {GRANTS: [written_but_lost]}
    _after, failure, world = connected(directory)
    assert failure is None
    assert world.transport.writes == [GRANTS, GRANTS]


def test_an_accepted_grant_is_waited_for_and_not_written_again() -> None:
    _after, failure, world = connected(both(late=3))
    assert (failure, world.transport.writes) == (None, [GRANTS, GRANTS])


def test_a_refused_grant_comes_back_beside_what_was_reached() -> None:
    after, failure, _world = connected(FakeDirectory(first={GRANTS: [error(403, "Authorization_RequestDenied")]}))
    assert isinstance(failure, errors.ForbiddenError)
    assert (after.service.present, after.client.present, after.service.scopes) == (True, True, ())


@pytest.mark.parametrize("interruption", INTERRUPTIONS)
def test_an_interruption_after_a_write_comes_back_beside_what_was_reached(interruption: Step) -> None:
    after, failure, _world = connected(FakeDirectory(first={GRANTS: [interruption]}))
    assert isinstance(failure, errors.IntuneError)
    assert (after.service.present, after.client.present) == (True, True)


def test_an_interruption_after_which_nothing_can_be_read_says_so() -> None:
    directory = FakeDirectory()

    def refuse_from_now_on(_request: Request) -> Response:
        directory.first = {f"GET /v1.0/servicePrincipals(appId='{DIRECTORY_APP_ID}')": [error(500)]}
        return error(403, "Authorization_RequestDenied")

    directory.first = {GRANTS: [refuse_from_now_on]}
    with pytest.raises(errors.ForbiddenError, match="could not be read back"):
        connected(directory)


def test_a_grant_that_does_not_show_in_time_comes_back_beside_what_was_reached() -> None:
    after, failure, _world = connected(both(late=10_000), timeout=30.0)
    assert isinstance(failure, errors.NotReadyError)
    assert (after.service.present, after.client.present) == (True, True)


def test_a_tenant_without_the_resource_is_connected_when_no_scope_is_asked_for() -> None:
    directory = both()
    del directory.enabled[DIRECTORY_APP_ID]
    _after, failure, _world = connected(directory, {"service": (), "client": None})
    assert failure is None


def disconnected(directory: FakeDirectory) -> tuple[State, t.Any, Tenant]:
    world = tenant(directory)
    before = consent.read(world.client)
    after, failure = consent.disconnect(world.client, before, plan_absent(before), WANTED, 60.0)
    return after, failure, world


def test_grants_are_revoked_before_the_applications_go(complete: FakeDirectory) -> None:
    after, failure, world = disconnected(complete)
    assert (failure, after.service.present, after.client.present) == (None, False, False)
    assert world.transport.writes == [
        f"DELETE /v1.0/oauth2PermissionGrants/grant-{SERVICE_APP_ID}",
        f"DELETE /v1.0/oauth2PermissionGrants/grant-{CLIENT_APP_ID}",
        f"DELETE /v1.0/servicePrincipals/sp-{SERVICE_APP_ID}",
        f"DELETE /v1.0/servicePrincipals/sp-{CLIENT_APP_ID}",
    ]


def test_a_refused_delete_comes_back_beside_what_was_reached(complete: FakeDirectory) -> None:
    complete.first = {f"DELETE /v1.0/servicePrincipals/sp-{CLIENT_APP_ID}": [error(403)]}
    after, failure, _world = disconnected(complete)
    assert isinstance(failure, errors.ForbiddenError)
    assert (after.service.present, after.client.present, after.client.scopes) == (False, True, ())
