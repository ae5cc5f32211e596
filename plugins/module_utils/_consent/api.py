# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The PIN Reset Service in a tenant: reading it, and carrying a plan out although Microsoft Entra shows writes late."""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .._graph.client import GraphClient
from .._graph.odata import render_literal, render_path
from .._types import Json
from .plan import CLIENT_APP_ID, DIRECTORY_APP_ID, MAKE, SERVICE_APP_ID, App, Change, Goal, Grant, State, in_the_bin, plan

SELECT = "id,appId,displayName,accountEnabled,oauth2PermissionScopes"

# Reads in a row that must say the same before it is believed. Several servers answer for Entra, and learn of a write one
# after the other: of two reads both may have asked those that know. A run that finds nothing to do does not wait at all.
AGREE = 3

# What Entra says of an object that it does not show everywhere yet, or that is there already: the write may have been done.
DOUBTFUL = (errors.NotFoundError, errors.ConflictError, errors.LostResponseError, errors.UnexpectedResponseError)
DOUBTFUL_TEXTS = ("already exists", "does not exist")

PlanOf = t.Callable[[State], "list[Change]"]


def read(client: GraphClient, goal: Goal | None = None) -> State:
    """Both applications: one request for them and their resource, one for the grants of each.

    The bin is read for an application that is missing. Grants on the applications are read where it is asked whether
    they may be deleted. Graph documents no ``or`` and no ``in`` for clientId: each application's grants are a request.
    """
    found = _principals(client)
    names = {principal["id"]: app_id for app_id, principal in found.items()}
    resources = goal is not None and not goal.present and not goal.purge
    return State(
        service=_app(client, SERVICE_APP_ID, DIRECTORY_APP_ID, found, names, resources),
        client=_app(client, CLIENT_APP_ID, SERVICE_APP_ID, found, names, resources),
    )


def _principals(client: GraphClient) -> dict[str, Json]:
    wanted = (DIRECTORY_APP_ID, SERVICE_APP_ID, CLIENT_APP_ID)
    query = {"$filter": f"appId in ({','.join(map(render_literal, wanted))})", "$select": SELECT}
    found = {item["appId"].lower(): item for item in client.list_items("/servicePrincipals", query)}
    return {app_id: found[app_id] for app_id in wanted if app_id in found}


def _app(
    client: GraphClient, app_id: str, resource_app_id: str, found: t.Mapping[str, Json], names: t.Mapping[str, str], resources: bool
) -> App:
    app = _with_resource(App(app_id, resource_app_id), found.get(resource_app_id))
    principal = found.get(app_id)
    if principal is None:
        binned = _deleted(client, app_id) or {}
        return dataclasses.replace(
            app, deleted_id=binned.get("id"), deleted=binned.get("deletedDateTime"), enabled=bool(binned.get("accountEnabled"))
        )
    app = dataclasses.replace(
        app, id=principal["id"], display_name=principal.get("displayName"), enabled=bool(principal.get("accountEnabled"))
    )
    grants = _grants(client, "clientId", principal["id"], names)
    main = next((g for g in grants if g.consent_type == "AllPrincipals" and g.resource_id == app.resource_id), None)
    app = dataclasses.replace(app, others=tuple(grant for grant in grants if grant is not main))
    if main is not None:
        app = dataclasses.replace(app, grant_id=main.id, scopes=main.scopes)
    return dataclasses.replace(app, inbound=tuple(_grants(client, "resourceId", principal["id"], names))) if resources else app


def _with_resource(app: App, resource: Json | None) -> App:
    if resource is None:
        return app
    scopes = resource.get("oauth2PermissionScopes") or []
    published = sorted(scope["value"] for scope in scopes if scope.get("isEnabled") and scope.get("value"))
    return dataclasses.replace(app, resource_id=resource["id"], published=tuple(published))


def _deleted(client: GraphClient, app_id: str) -> Json | None:
    """The newest one: an application may have been made and deleted more than once."""
    query = {"$filter": f"appId eq {render_literal(app_id)}", "$select": "id,appId,accountEnabled,deletedDateTime"}
    found = client.list_items("/directory/deletedItems/microsoft.graph.servicePrincipal", query)
    mine = [item for item in found if (item.get("appId") or "").lower() == app_id]
    return max(mine, key=lambda item: item.get("deletedDateTime") or "", default=None)


def _grants(client: GraphClient, end: str, object_id: str, names: t.Mapping[str, str]) -> list[Grant]:
    """Grants in which this object is the client, or the resource (``end``: clientId or resourceId)."""
    return [
        Grant(
            id=item["id"],
            client_id=item["clientId"],
            resource_id=item["resourceId"],
            consent_type=item["consentType"],
            principal_id=item.get("principalId"),
            scopes=tuple(sorted((item.get("scope") or "").split())),
            resource_app_id=names.get(item["resourceId"]),
        )
        for item in client.list_items("/oauth2PermissionGrants", {"$filter": f"{end} eq {render_literal(object_id)}"})
    ]


def apply(client: GraphClient, changes: t.Sequence[Change], goal: Goal, timeout: float) -> tuple[State, errors.IntuneError | None]:
    """Carries a plan out. A failure comes back beside the state that was reached, so that nothing stays half-done unsaid."""
    writer = _Writer(client, changes, goal, timeout)
    try:
        if any(change.kind in MAKE for change in changes):
            # A grant for an application that is not seen everywhere yet is refused, or seems to be.
            writer.until_done(
                lambda now: [change for change in plan(now, goal) if change.kind in MAKE], "both enterprise applications to be visible"
            )
        what = "the consent of both applications to be visible" if goal.present else "the consent to be gone"
        return writer.until_done(lambda now: plan(now, goal), what), None
    except errors.IntuneError as failure:
        return _reached(client, goal, failure), failure


def _reached(client: GraphClient, goal: Goal, failure: errors.IntuneError) -> State:
    try:
        return read(client, goal)
    except errors.IntuneError:
        failure.hint = f"{failure.hint or ''} What was done before could not be read back; run again to finish.".strip()
        raise failure from None


class _Writer:
    """Reads, writes what the reads say is missing, and reads again until nothing is.

    A change that was accepted is not written again, though reads may not show it for long. One of the plan is written at
    once. One that got a doubtful answer, or that was not in the plan, is written when ``AGREE`` reads in a row ask for it.
    """

    def __init__(self, client: GraphClient, changes: t.Iterable[Change], goal: Goal, timeout: float) -> None:
        self._client, self._goal, self._timeout = client, goal, timeout
        self._at_once = {_key(change) for change in changes}
        self._accepted: set[tuple[str, str]] = set()
        self._in_a_row: dict[tuple[str, str], int] = {}
        self._doubt: errors.IntuneError | None = None

    def until_done(self, plan_of: PlanOf, what: str) -> State:
        def attempt() -> State:
            now = read(self._client, self._goal)
            self._step(now, plan_of(now))
            return now

        try:
            return self._client.wait_until(attempt, lambda now: not plan_of(now), timeout=self._timeout, what=what, agree=AGREE)
        except errors.NotReadyError as failure:
            if self._doubt is not None:
                failure.message += f" Microsoft Graph's last word on a write: {self._doubt}"
            raise

    def _step(self, now: State, changes: t.Sequence[Change]) -> None:
        self._in_a_row = {key: self._in_a_row.get(key, 0) + 1 for key in map(_key, changes)}
        open_ = [change for change in changes if _key(change) not in self._accepted]
        for change in open_:
            # An application goes after its grants are gone: a restore may bring back those that it was deleted with.
            if change.kind == "delete" and any(other.kind != "delete" and _key(other) not in self._accepted for other in open_):
                return
            self._attempt(now.apps()[change.app], change)

    def _attempt(self, app: App, change: Change) -> None:
        key = _key(change)
        due = key in self._at_once or self._in_a_row[key] >= AGREE
        if not due or not _possible(app, change):
            return
        if change.kind == "restore" and not self._goal.restore:
            # It came to light only after the first look.
            raise in_the_bin(app)
        self._at_once.discard(key)
        self._in_a_row[key] = 0
        if self._write(app, change):
            self._accepted.add(key)

    def _write(self, app: App, change: Change) -> bool:
        """Whether the write was accepted; false where it may or may not have been done."""
        try:
            _send(self._client, app, change)
            return True
        except errors.IntuneError as failure:
            text = isinstance(failure, errors.GraphError) and failure.status == 400 and any(s in failure.message for s in DOUBTFUL_TEXTS)
            if not text and not isinstance(failure, DOUBTFUL):
                raise
            self._doubt = failure
            return False


def _key(change: Change) -> tuple[str, str]:
    """Changes that are the same thing done twice: an application is restored or created, never both."""
    return ("make" if change.kind in MAKE else change.kind), change.app


def _possible(app: App, change: Change) -> bool:
    """Not before the objects that it is about are seen."""
    if change.kind in MAKE:
        return True
    return app.present and (change.kind != "grant" or (app.resource_id is not None and change.scopes is not None))


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
        body = {"clientId": app.id, "consentType": "AllPrincipals", "resourceId": app.resource_id, "scope": " ".join(scopes)}
        client.post("/oauth2PermissionGrants", body)
    elif change.kind == "widen":
        client.patch(grant, {"scope": " ".join(sorted({*(app.scopes or ()), *scopes}))})
    elif change.kind == "replace":
        client.patch(grant, {"scope": " ".join(scopes)})
    else:
        # Not client.delete: a 404 may be an object that is not seen everywhere yet, and the next read tells.
        client.send("DELETE", grant if change.kind == "revoke" else principal, idempotent=True)
