# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The Microsoft PIN Reset Service in a tenant: two enterprise applications and their admin consent.

Pure: state_of, plan, project. Thin calls: read, apply. Source of ids and URLs: Microsoft's PIN reset page (2024-04).
"""

from __future__ import annotations

import dataclasses
import typing as t
import urllib.parse

from .._graph import errors
from .._graph.client import GraphClient, Json
from .._graph.protocol import literal, segments

SERVICE_APP_ID = "b8456c59-1230-44c7-a4a2-99b085333e84"
CLIENT_APP_ID = "9115dd05-fad5-4f9c-acc7-305d08b1b04e"
DIRECTORY_APP_ID = "00000002-0000-0000-c000-000000000000"  # Azure AD Graph, which the service's documented consent names

# Scopes by application; null for those that its resource publishes.
Wanted = t.Mapping[str, "tuple[str, ...] | None"]

SELECT = {"$select": "id,appId,displayName,accountEnabled,oauth2PermissionScopes"}
BROKER = f"ms-appx-web://Microsoft.AAD.BrokerPlugin/{CLIENT_APP_ID}"


@dataclasses.dataclass(frozen=True)
class App:
    """One enterprise application. ``scopes``: what an administrator granted it on its resource, for all users.

    ``scopes`` is null where it cannot be known yet (check mode, before the resource exists).
    """

    app_id: str
    resource_app_id: str
    id: str | None = None
    display_name: str | None = None
    enabled: bool = False
    deleted_id: str | None = None
    resource_id: str | None = None
    published: tuple[str, ...] = ()
    grant_id: str | None = None
    scopes: tuple[str, ...] | None = ()

    @property
    def present(self) -> bool:
        return self.id is not None


@dataclasses.dataclass(frozen=True)
class State:
    service: App
    client: App

    def apps(self) -> dict[str, App]:
        return {"service": self.service, "client": self.client}


@dataclasses.dataclass(frozen=True)
class Change:
    """One write. ``kind``: restore, create, enable, grant, widen, revoke, delete. ``app``: service or client."""

    kind: str
    app: str
    scopes: tuple[str, ...] | None = None


# --- pure -----------------------------------------------------------------------------------------------------------


def plan_present(state: State, wanted: Wanted) -> list[Change]:
    """What is missing."""
    changes = []
    for name, app in state.apps().items():
        if not app.present:
            changes.append(Change("restore" if app.deleted_id else "create", name))
        if not app.enabled and (app.present or app.deleted_id):
            changes.append(Change("enable", name))
        missing = missing_scopes(state, name, wanted[name])
        if missing is None or missing:
            changes.append(Change("widen" if app.grant_id else "grant", name, missing))
    return changes


def scopes_of(given: t.Sequence[str] | None) -> tuple[str, ...] | None:
    """Scopes as given: one an entry, or several with blanks between. Entries of nothing but blanks count as not given."""
    if given is None:
        return None
    scopes = tuple(dict.fromkeys(scope for entry in given for scope in entry.split()))
    return None if given and not scopes else scopes


def check_resource(state: State, wanted: Wanted) -> None:
    """The service's own resource is Microsoft's and cannot be made here: refused before anything is written."""
    if state.service.resource_id is None and wanted["service"]:
        raise errors.SelectionError(
            f"The tenant has no enterprise application {DIRECTORY_APP_ID} (Azure AD Graph), on which the service is to be granted "
            + " and ".join(wanted["service"])
            + ".",
            hint="Nothing was written. Consent by hand, or set service_scopes to [] to leave this grant out.",
        )


def missing_scopes(state: State, name: str, given: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Scopes to grant; null while the resource that would name them is not there.

    Scopes that are given are a claim. Without any, a grant that somebody made, in a browser for instance, is a consent
    as it is; else everything that the resource publishes is granted.
    """
    app = state.apps()[name]
    if given is not None:
        return tuple(scope for scope in given if scope not in (app.scopes or ()))
    if app.scopes:
        return ()
    return app.published if app.resource_id else None


def plan_absent(state: State) -> list[Change]:
    apps = state.apps()
    revoke = [Change("revoke", name) for name, app in apps.items() if app.grant_id]
    return revoke + [Change("delete", name) for name, app in apps.items() if app.present]


def project(state: State, changes: t.Iterable[Change]) -> State:
    """The state after these changes, as far as it can be known; ids that Entra will make are null."""
    apps = state.apps()
    for change in changes:
        apps[change.app] = _after(apps[change.app], change)
    return State(**apps)


def _after(app: App, change: Change) -> App:
    if change.kind in ("revoke", "delete"):
        app = dataclasses.replace(app, grant_id=None, scopes=())
        return App(app.app_id, app.resource_app_id) if change.kind == "delete" else app
    if change.kind == "restore":
        return dataclasses.replace(app, id=app.deleted_id, deleted_id=None)
    if change.kind == "create":
        return dataclasses.replace(app, id="", enabled=True)
    if change.kind == "enable":
        return dataclasses.replace(app, enabled=True)
    scopes = None if change.scopes is None else tuple(sorted({*(app.scopes or ()), *change.scopes}))
    return dataclasses.replace(app, scopes=scopes)


def describe(state: State, wanted: Wanted, urls: t.Mapping[str, str]) -> Json:
    """The ``pinreset_consent`` return value."""
    shown: Json = {name: _describe(app, missing_scopes(state, name, wanted[name])) for name, app in state.apps().items()}
    ready = all(app["present"] and app["enabled"] and app["consented"] for app in shown.values())
    return {**shown, "ready": ready, "consent_urls": dict(urls)}


def _describe(app: App, missing: tuple[str, ...] | None) -> Json:
    return {
        "app_id": app.app_id,
        "id": app.id or None,
        "display_name": app.display_name,
        "present": app.present,
        "enabled": app.present and app.enabled,
        # Scopes of null are planned ones: a grant will be there.
        "consented": app.present and (app.scopes is None or missing == ()),
        "scopes": None if app.scopes is None else list(app.scopes),
    }


def managed(state: State) -> Json:
    """Managed keys for a diff."""
    return {
        name: {"present": app.present, "enabled": app.present and app.enabled, "scopes": None if app.scopes is None else list(app.scopes)}
        for name, app in state.apps().items()
    }


def consent_urls(tenant: str | None) -> dict[str, str]:
    """The two documented admin-consent pages, for this tenant where it is known."""
    return {
        "service": _consent_url(tenant, SERVICE_APP_ID, "https://graph.windows.net", "https://cred.microsoft.com"),
        "client": _consent_url(tenant, CLIENT_APP_ID, "https://cred.microsoft.com/", BROKER),
    }


def _consent_url(tenant: str | None, app_id: str, resource: str, redirect: str) -> str:
    query = {"response_type": "code", "client_id": app_id, "resource": resource, "redirect_uri": redirect, "prompt": "admin_consent"}
    return f"https://login.windows.net/{tenant or 'common'}/oauth2/authorize?{urllib.parse.urlencode(query)}"


# --- calls ----------------------------------------------------------------------------------------------------------


def read(client: GraphClient) -> State:
    directory = _principal(client, DIRECTORY_APP_ID)
    service = _principal(client, SERVICE_APP_ID)
    broker = _principal(client, CLIENT_APP_ID)
    return State(
        service=_app(client, SERVICE_APP_ID, DIRECTORY_APP_ID, service, directory),
        client=_app(client, CLIENT_APP_ID, SERVICE_APP_ID, broker, service),
    )


def _principal(client: GraphClient, app_id: str) -> Json | None:
    return client.find(f"/servicePrincipals(appId={literal(app_id)})", SELECT)


def _app(client: GraphClient, app_id: str, resource_app_id: str, found: Json | None, resource: Json | None) -> App:
    app = App(app_id, resource_app_id)
    if resource is not None:
        published = [
            scope["value"] for scope in resource.get("oauth2PermissionScopes") or [] if scope.get("isEnabled") and scope.get("value")
        ]
        app = dataclasses.replace(app, resource_id=resource["id"], published=tuple(sorted(published)))
    if found is None:
        binned = _deleted(client, app_id) or {}
        return dataclasses.replace(app, deleted_id=binned.get("id"), enabled=bool(binned.get("accountEnabled")))
    app = dataclasses.replace(app, id=found["id"], display_name=found.get("displayName"), enabled=bool(found.get("accountEnabled")))
    grant = _grant(client, app) if app.resource_id else None
    if grant is None:
        return app
    return dataclasses.replace(app, grant_id=grant["id"], scopes=tuple(sorted((grant.get("scope") or "").split())))


def _deleted(client: GraphClient, app_id: str) -> Json | None:
    query = {"$filter": f"appId eq {literal(app_id)}", "$select": "id,appId,accountEnabled"}
    bin_ = client.items("/directory/deletedItems/microsoft.graph.servicePrincipal", query)
    return next((item for item in bin_ if item.get("appId") == app_id), None)


def _grant(client: GraphClient, app: App) -> Json | None:
    """The one grant for all users of an app on its resource."""
    grants = client.items("/oauth2PermissionGrants", {"$filter": f"clientId eq {literal(app.id or '')}"})
    return next((g for g in grants if g.get("resourceId") == app.resource_id and g.get("consentType") == "AllPrincipals"), None)


def connect(
    client: GraphClient, before: State, changes: t.Sequence[Change], wanted: Wanted, timeout: float
) -> tuple[State, errors.IntuneError | None]:
    """Carries a plan out. A failure comes back beside the state that was reached, so that nothing stays half-done unsaid."""
    try:
        _make_principals(client, before, changes, timeout)
        _enable_principals(client, before, changes, timeout)
        return _grant_scopes(client, wanted, timeout), None
    except errors.IntuneError as failure:
        return _reached(client, failure), failure


def disconnect(
    client: GraphClient, before: State, changes: t.Sequence[Change], wanted: Wanted, timeout: float
) -> tuple[State, errors.IntuneError | None]:
    try:
        for change in changes:
            app = before.apps()[change.app]
            if change.kind == "revoke":
                client.delete(segments("oauth2PermissionGrants", app.grant_id or ""))
            else:
                client.delete(segments("servicePrincipals", app.id or ""))
        return _await(client, lambda now: not plan_absent(now), timeout, "both enterprise applications to be gone"), None
    except errors.IntuneError as failure:
        return _reached(client, failure), failure


def _reached(client: GraphClient, failure: errors.IntuneError) -> State:
    try:
        return read(client)
    except errors.IntuneError:
        failure.hint = f"{failure.hint or ''} What was done before could not be read back; run again to finish.".strip()
        raise failure from None


def explain(failure: errors.IntuneError, urls: t.Mapping[str, str]) -> errors.IntuneError:
    """A refusal with the way that is left: consent by hand."""
    if isinstance(failure, errors.GraphError) and failure.status in (400, 403):
        failure.hint = (
            "The application needs Application.ReadWrite.All and DelegatedPermissionGrant.ReadWrite.All. Where it has them and "
            "Microsoft refuses all the same, open these two pages as an Application Administrator (or higher), accept, and run again: "
            + " and ".join(urls.values())
        )
    return failure


def warnings(state: State, wanted: Wanted) -> list[str]:
    # A service that is only planned has no id, and has published nothing yet.
    if wanted["client"] is None and state.service.id and not state.client.published and not state.client.scopes:
        return ["The PIN Reset Service publishes no delegated permission in this tenant: there is nothing to grant to its client."]
    return []


def _make_principals(client: GraphClient, state: State, changes: t.Iterable[Change], timeout: float) -> None:
    made = [change for change in changes if change.kind in ("restore", "create")]
    for change in made:
        app = state.apps()[change.app]
        if change.kind == "restore":
            client.post(segments("directory", "deletedItems", app.deleted_id or "", "restore"), repeatable=True)
        else:
            _create(client, app.app_id)
    if made:
        _await(client, lambda now: all(app.present for app in now.apps().values()), timeout, "both enterprise applications to be visible")


def _enable_principals(client: GraphClient, state: State, changes: t.Iterable[Change], timeout: float) -> None:
    disabled = [state.apps()[change.app] for change in changes if change.kind == "enable"]
    for app in disabled:
        client.patch(segments("servicePrincipals", app.id or app.deleted_id or ""), {"accountEnabled": True})
    if disabled:
        _await(client, lambda now: all(app.enabled for app in now.apps().values()), timeout, "both enterprise applications to be enabled")


def _create(client: GraphClient, app_id: str) -> None:
    try:
        client.post("/servicePrincipals", {"appId": app_id})
    except (errors.ConflictError, errors.LostAnswerError, errors.UnexpectedAnswerError):
        # Already there, or perhaps: the wait for it tells.
        return


def _await(client: GraphClient, good: t.Callable[[State], bool], timeout: float, what: str) -> State:
    """Entra shows a write late: two reads in a row must agree."""
    return client.wait_until(lambda: read(client), good, timeout=timeout, what=what, agree=2)


def _grant_scopes(client: GraphClient, wanted: Wanted, timeout: float) -> State:
    """Grants what is missing, for all users. Reads before each write, since a write that was refused may have been applied."""
    written: set[str] = set()

    def attempt() -> State:
        now = read(client)
        for name, app in now.apps().items():
            scopes = missing_scopes(now, name, wanted[name])
            if scopes and app.present and app.resource_id and name not in written and _write_grant(client, app, scopes):
                written.add(name)
        return now

    return client.wait_until(
        attempt, lambda now: not plan_present(now, wanted), timeout=timeout, what="the consent of both applications to be visible", agree=2
    )


def _write_grant(client: GraphClient, app: App, scopes: tuple[str, ...]) -> bool:
    """Whether the write was accepted; false where Entra does not see the new application everywhere yet."""
    try:
        if app.grant_id is not None:
            everything = sorted({*(app.scopes or ()), *scopes})
            client.patch(segments("oauth2PermissionGrants", app.grant_id), {"scope": " ".join(everything)})
        else:
            body = {"clientId": app.id, "consentType": "AllPrincipals", "resourceId": app.resource_id, "scope": " ".join(scopes)}
            client.post("/oauth2PermissionGrants", body)
    except (errors.NotFoundError, errors.ConflictError, errors.LostAnswerError, errors.UnexpectedAnswerError):
        return False
    except errors.GraphError as failure:
        if failure.status == 400 and ("already exists" in failure.message or "does not exist" in failure.message):
            return False
        raise
    return True
