# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Read and write the PIN Reset Service in a tenant, allowing for the delay with which Microsoft Entra shows writes."""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .._graph.client import GraphClient
from .._graph.odata import render_literal, render_path
from .._http.message import Request
from .._types import Json
from .model import ALL_PRINCIPALS, CLIENT_APP_ID, DIRECTORY_APP_ID, SERVICE_APP_ID, App, AppName, Goal, Grant, State
from .plan import Change, ChangeKind, describe_managed, make_deleted_error, plan

SELECT = "id,appId,displayName,accountEnabled,oauth2PermissionScopes"
WANTED = (DIRECTORY_APP_ID, SERVICE_APP_ID, CLIENT_APP_ID)
PRINCIPALS_QUERY = {"$filter": f"appId in ({','.join(map(render_literal, WANTED))})", "$select": SELECT}
GRANTS = "/oauth2PermissionGrants"
DELETED_PRINCIPALS = "/directory/deletedItems/microsoft.graph.servicePrincipal"

SCOPE = shapes.object_of({"value": shapes.optional(shapes.text), "isEnabled": shapes.optional(shapes.boolean)})
PRINCIPAL = shapes.object_of(
    {
        "id": shapes.identity,
        "appId": shapes.text,
        "displayName": shapes.lenient(shapes.text),
        "accountEnabled": shapes.optional(shapes.boolean),
        "oauth2PermissionScopes": shapes.optional(shapes.list_of(SCOPE)),
    }
)
DELETED = shapes.object_of(
    {
        "id": shapes.identity,
        "appId": shapes.optional(shapes.text),
        "accountEnabled": shapes.optional(shapes.boolean),
        "deletedDateTime": shapes.lenient(shapes.text),
    }
)
GRANT = shapes.object_of(
    {
        "id": shapes.identity,
        "resourceId": shapes.identity,
        "consentType": shapes.text,
        "principalId": shapes.optional(shapes.identity),
        "scope": shapes.optional(shapes.text),
    }
)

# The number of consecutive reads that must agree. Several servers respond for Microsoft Entra and learn of a write at different times, so
# two reads may both have reached updated servers. A run without changes does not wait at all.
AGREEING_READS = 3

# The responses for an object that Entra does not show on all servers yet, or that already exists: the write may have been done.
DOUBTFUL = (errors.NotFoundError, errors.ConflictError, errors.LostResponseError, errors.UnexpectedResponseError)
DOUBTFUL_TEXTS = ("already exists", "does not exist")

# The kinds of changes that create an application.
MAKING: frozenset[ChangeKind] = frozenset({"restore", "create"})

End = t.Literal["clientId", "resourceId"]
PlanOf = t.Callable[[State], "list[Change]"]
# The identity of a change: an application is restored or created, never both.
Key = tuple[t.Literal["make", ChangeKind], AppName]


# --- reading --------------------------------------------------------------------------------------------------------


def fetch_state(client: GraphClient, goal: Goal | None = None, principals: t.Mapping[str, Json] | None = None) -> State:
    """Return both applications: one request for them and their resource, and one batch for the grants of each.

    ``principals``: from ``fetch_principals``, if already read; then the caller sends the batch.

    The recycle bin is read for a missing application. Grants on the applications are read if the goal needs them to decide whether an
    application may be deleted. Graph documents neither ``or`` nor ``in`` for clientId, so the grants of each application need a separate
    request.
    """
    with_inbound = goal is not None and not goal.is_present and not goal.purge_grants
    if principals is None:
        principals = fetch_principals(client)
        client.read_ahead(render_state_requests(client, principals, with_inbound=with_inbound))
    app_ids = {principal["id"]: app_id for app_id, principal in principals.items()}
    return State(
        service=_fetch_app(client, App(SERVICE_APP_ID, DIRECTORY_APP_ID), principals, app_ids, with_inbound=with_inbound),
        client=_fetch_app(client, App(CLIENT_APP_ID, SERVICE_APP_ID), principals, app_ids, with_inbound=with_inbound),
    )


def fetch_principals(client: GraphClient) -> dict[str, Json]:
    """Return the service principals of both applications and of the service's resource, by application ID."""
    found = {item["appId"].lower(): item for item in client.list_items("/servicePrincipals", PRINCIPALS_QUERY, item=PRINCIPAL)}
    return {app_id: found[app_id] for app_id in WANTED if app_id in found}


def render_principals_request(client: GraphClient) -> Request:
    """Return the request of ``fetch_principals``."""
    return client.request("GET", "/servicePrincipals", PRINCIPALS_QUERY)


def render_state_requests(client: GraphClient, principals: t.Mapping[str, Json], *, with_inbound: bool = False) -> list[Request]:
    """Return the requests with which ``fetch_state`` reads the grants of these service principals."""
    ends: tuple[End, ...] = ("clientId", "resourceId") if with_inbound else ("clientId",)
    requests: list[Request] = []
    for app_id in (SERVICE_APP_ID, CLIENT_APP_ID):
        if app_id in principals:
            requests += [client.request("GET", GRANTS, _query_grants(end, principals[app_id]["id"])) for end in ends]
        else:
            requests.append(client.request("GET", DELETED_PRINCIPALS, _query_deleted(app_id)))
    return requests


def _fetch_app(client: GraphClient, app: App, principals: t.Mapping[str, Json], app_ids: t.Mapping[str, str], *, with_inbound: bool) -> App:
    app = _with_resource(app, principals.get(app.resource_app_id))
    principal = principals.get(app.app_id)
    if principal is None:
        deleted = _find_deleted(client, app.app_id) or {}
        return dataclasses.replace(
            app, deleted_id=deleted.get("id"), deleted_at=deleted.get("deletedDateTime"), is_enabled=bool(deleted.get("accountEnabled"))
        )
    app = dataclasses.replace(
        app, id=principal["id"], display_name=principal.get("displayName"), is_enabled=bool(principal.get("accountEnabled"))
    )
    app = _with_grants(app, _fetch_grants(client, "clientId", principal["id"], app_ids))
    if with_inbound:
        app = dataclasses.replace(app, inbound_grants=tuple(_fetch_grants(client, "resourceId", principal["id"], app_ids)))
    return app


def _with_resource(app: App, resource: Json | None) -> App:
    if resource is None:
        return app
    scopes = resource.get("oauth2PermissionScopes") or []
    published = sorted(scope["value"] for scope in scopes if scope.get("isEnabled") and scope.get("value"))
    return dataclasses.replace(app, resource_id=resource["id"], published_scopes=tuple(published))


def _with_grants(app: App, grants: t.Sequence[Grant]) -> App:
    main = next((grant for grant in grants if grant.consent_type == ALL_PRINCIPALS and grant.resource_id == app.resource_id), None)
    app = dataclasses.replace(app, other_grants=tuple(grant for grant in grants if grant is not main))
    return app if main is None else dataclasses.replace(app, grant_id=main.id, scopes=main.scopes)


def _find_deleted(client: GraphClient, app_id: str) -> Json | None:
    """Return the newest one in the recycle bin, because an application may have been created and deleted more than once."""
    found = client.list_items(DELETED_PRINCIPALS, _query_deleted(app_id), item=DELETED)
    mine = [item for item in found if (item.get("appId") or "").lower() == app_id]
    return max(mine, key=lambda item: item.get("deletedDateTime") or "", default=None)


def _query_deleted(app_id: str) -> dict[str, str]:
    return {"$filter": f"appId eq {render_literal(app_id)}", "$select": "id,appId,accountEnabled,deletedDateTime"}


def _query_grants(end: End, object_id: str) -> dict[str, str]:
    return {"$filter": f"{end} eq {render_literal(object_id)}"}


def _fetch_grants(client: GraphClient, end: End, object_id: str, app_ids: t.Mapping[str, str]) -> list[Grant]:
    """Return the grants in which this object is the client, or the resource."""
    return [
        Grant(
            id=item["id"],
            resource_id=item["resourceId"],
            consent_type=item["consentType"],
            principal_id=item.get("principalId"),
            scopes=tuple(sorted((item.get("scope") or "").split())),
            resource_app_id=app_ids.get(item["resourceId"]),
        )
        for item in client.list_items(GRANTS, _query_grants(end, object_id), item=GRANT)
    ]


# --- writing --------------------------------------------------------------------------------------------------------


def apply(
    client: GraphClient, before: State, changes: t.Sequence[Change], goal: Goal, timeout: float
) -> tuple[State, errors.IntuneError | None]:
    """Write the changes, and return the state that Entra shows afterwards.

    A failure is returned together with the state that was reached, and its effects show whether something was changed. It is raised if that
    state cannot be read.
    """
    writer = _Writer(client, changes, goal, timeout)
    try:
        if any(change.kind in MAKING for change in changes):
            # A grant for an application that is not visible everywhere yet is refused, or seems to be.
            writer.write_until_done(
                lambda now: [change for change in plan(now, goal) if change.kind in MAKING], "both enterprise applications to be visible"
            )
        what = "the consent of both applications to be visible" if goal.is_present else "the consent to be gone"
        return writer.write_until_done(lambda now: plan(now, goal), what), None
    except errors.IntuneError as failure:
        reached = _fetch_reached(client, goal, failure.with_effects(writer.effects))
        is_changed = describe_managed(reached) != describe_managed(before)
        return reached, failure.with_effects("partial" if is_changed else writer.effects)


def _fetch_reached(client: GraphClient, goal: Goal, failure: errors.IntuneError) -> State:
    """Return the state after a failure; raise that failure if the state cannot be read."""
    try:
        return fetch_state(client, goal)
    except errors.IntuneError:
        raise failure.with_more_advice("The state could not be read back; run the task again to finish.") from None


class _Writer:
    """A writer that reads, writes the changes that the reads require, and reads again until none are required.

    An accepted change is not written again, even if reads do not show it for a long time. A planned change is written immediately. A change
    with a doubtful response, or one that was not planned, is written when ``AGREEING_READS`` consecutive reads require it.
    """

    def __init__(self, client: GraphClient, changes: t.Iterable[Change], goal: Goal, timeout: float) -> None:
        self._client, self._goal, self._timeout = client, goal, timeout
        self._at_once = {_key_of(change) for change in changes}
        self._accepted: set[Key] = set()
        self._in_a_row: dict[Key, int] = {}
        self._doubt: errors.IntuneError | None = None
        self._is_uncertain = False

    @property
    def effects(self) -> errors.Effects:
        """The effects of the writes so far, according to their responses."""
        if self._accepted:
            return "partial"
        return "unknown" if self._is_uncertain else "none"

    def write_until_done(self, plan_of: PlanOf, what: str) -> State:
        """Return the first state without planned changes on which reads agree."""

        def attempt() -> State:
            now = fetch_state(self._client, self._goal)
            self._write_due(now, plan_of(now))
            return now

        try:
            state: State = self._client.wait_until(
                attempt, lambda now: not plan_of(now), timeout=self._timeout, what=what, agree=AGREEING_READS
            )
            return state
        except errors.NotReadyError as failure:
            if self._doubt is None:
                raise
            raise failure.with_message(f"{failure.message} Microsoft Graph's last response to a write: {self._doubt}") from failure

    def _write_due(self, now: State, changes: t.Sequence[Change]) -> None:
        self._in_a_row = {key: self._in_a_row.get(key, 0) + 1 for key in map(_key_of, changes)}
        open_ = [change for change in changes if _key_of(change) not in self._accepted]
        for change in open_:
            # Delete an application after its grants, because a restore may bring back the grants that it was deleted with.
            if change.kind == "delete" and any(other.kind != "delete" and _key_of(other) not in self._accepted for other in open_):
                return
            self._write_if_due(now.apps()[change.app], change)

    def _write_if_due(self, app: App, change: Change) -> None:
        key = _key_of(change)
        is_due = key in self._at_once or self._in_a_row[key] >= AGREEING_READS
        if not is_due or not _can_write(app, change):
            return
        if change.kind == "restore" and not self._goal.restore_deleted:
            # The application was not in the recycle bin when the plan was made.
            raise make_deleted_error(app)
        self._at_once.discard(key)
        self._in_a_row[key] = 0
        if self._write(app, change):
            self._accepted.add(key)

    def _write(self, app: App, change: Change) -> bool:
        """Write a change and return whether it was accepted; false if it may or may not have been done."""
        try:
            _send(self._client, app, change)
            return True
        except errors.IntuneError as failure:
            is_doubtful = _is_doubtful(failure)
            self._is_uncertain |= is_doubtful or failure.effects == "unknown"
            if not is_doubtful:
                raise
            self._doubt = failure
            return False


def _is_doubtful(failure: errors.IntuneError) -> bool:
    is_text = isinstance(failure, errors.GraphError) and failure.status == 400 and any(text in failure.message for text in DOUBTFUL_TEXTS)
    return is_text or isinstance(failure, DOUBTFUL)


def _key_of(change: Change) -> Key:
    return ("make" if change.kind in MAKING else change.kind), change.app


def _can_write(app: App, change: Change) -> bool:
    """Return whether the objects that a change needs are visible."""
    if change.kind in MAKING:
        return True
    return app.is_present and (change.kind != "grant" or (app.resource_id is not None and change.scopes is not None))


def _send(client: GraphClient, app: App, change: Change) -> None:
    principal = render_path("servicePrincipals", app.id) if app.id else ""
    grant = render_path("oauth2PermissionGrants", app.grant_id) if app.grant_id else ""
    scopes = change.scopes or ()
    if change.kind == "create":
        client.post("/servicePrincipals", {"appId": app.app_id})
    elif change.kind == "restore":
        client.post(render_path("directory", "deletedItems", app.deleted_id or "", "restore"), idempotent=True)
    elif change.kind == "enable":
        client.patch(principal, {"accountEnabled": True})
    elif change.kind == "grant":
        body = {"clientId": app.id, "consentType": ALL_PRINCIPALS, "resourceId": app.resource_id, "scope": " ".join(scopes)}
        client.post("/oauth2PermissionGrants", body)
    elif change.kind == "widen":
        client.patch(grant, {"scope": " ".join(sorted({*(app.scopes or ()), *scopes}))})
    elif change.kind == "replace":
        client.patch(grant, {"scope": " ".join(scopes)})
    else:
        # Not client.delete: a 404 may mean an object that is not visible everywhere yet, and the next read decides.
        client.send("DELETE", grant if change.kind == "revoke" else principal, idempotent=True)
