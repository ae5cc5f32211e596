# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The Microsoft PIN Reset Service in a tenant: two enterprise applications and their admin consent.

Pure: what is there, what a task asks for, what is to be done, and how it is shown. The calls are in consent_calls.
Source of ids and URLs: Microsoft's PIN reset page (2024-04).
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
import urllib.parse

from .. import _clouds as clouds
from .. import _errors as errors

Json = dict[str, t.Any]

SERVICE_APP_ID = "b8456c59-1230-44c7-a4a2-99b085333e84"
CLIENT_APP_ID = "9115dd05-fad5-4f9c-acc7-305d08b1b04e"
DIRECTORY_APP_ID = "00000002-0000-0000-c000-000000000000"  # Azure AD Graph, which the service's documented consent names
NAMES = {SERVICE_APP_ID: "Microsoft Pin Reset Service Production", CLIENT_APP_ID: "Microsoft Pin Reset Client Production"}

MAKE = ("restore", "create")
BROKER = f"ms-appx-web://Microsoft.AAD.BrokerPlugin/{CLIENT_APP_ID}"
DOCUMENTED_LOGIN = "https://login.windows.net"  # as Microsoft's page has it, for the global cloud

LONGEST_GRANT = 3850  # characters of all scopes of a grant together (oAuth2PermissionGrant.scope)
LONGEST_SCOPE = 120  # characters of one (permissionScope.value)
# What may stand in a scope: RFC 6749, section 3.3. Microsoft's own list is within it, and forbids a dot in front.
SCOPE = re.compile(r"(?!\.)[\x21\x23-\x5b\x5d-\x7e]+")


@dataclasses.dataclass(frozen=True)
class Goal:
    """What a task asks for. Scopes of null: those that the resource publishes."""

    service: tuple[str, ...] | None = ("User.Read",)
    client: tuple[str, ...] | None = None
    present: bool = True
    purge: bool = False
    restore: bool = True

    def given(self, name: str) -> tuple[str, ...] | None:
        return self.service if name == "service" else self.client


@dataclasses.dataclass(frozen=True)
class Grant:
    """One oAuth2PermissionGrant. ``resource_app_id`` is null for an application that is none of these."""

    id: str
    client_id: str
    resource_id: str
    consent_type: str
    principal_id: str | None = None
    scopes: tuple[str, ...] = ()
    resource_app_id: str | None = None


@dataclasses.dataclass(frozen=True)
class App:
    """One enterprise application. ``scopes``: what an administrator granted it on its resource, for all users.

    ``scopes`` is null where it is planned and cannot be known yet (check mode, before the resource exists). Ids that Entra
    has yet to make are ''. ``others``: grants in which it is the client, but for that one. ``inbound``: grants in which it
    is the resource, as far as they were read.
    """

    app_id: str
    resource_app_id: str
    id: str | None = None
    display_name: str | None = None
    enabled: bool = False
    deleted_id: str | None = None
    deleted: str | None = None
    resource_id: str | None = None
    published: tuple[str, ...] = ()
    grant_id: str | None = None
    scopes: tuple[str, ...] | None = ()
    others: tuple[Grant, ...] = ()
    inbound: tuple[Grant, ...] = ()

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
    """One write. ``app``: service or client.

    ``kind``: restore, create, enable, grant (a new one), widen (by these scopes), replace (by these scopes), revoke, delete.
    """

    kind: str
    app: str
    scopes: tuple[str, ...] | None = None


# --- what a task asks for -------------------------------------------------------------------------------------------


def goal_of(params: t.Mapping[str, t.Any]) -> Goal:
    """From the options of a module. Blanks alone count as not given, which is no scope for the service."""
    return Goal(
        service=scopes_of("service_scopes", params["service_scopes"]) or (),
        client=scopes_of("client_scopes", params["client_scopes"]),
        present=params.get("state", "present") == "present",
        purge=params.get("purge_grants", False),
        restore=params.get("restore_deleted", True),
    )


def scopes_of(option: str, given: t.Sequence[str] | None) -> tuple[str, ...] | None:
    """Scopes as given: one an entry, or several with blanks between. Entries of nothing but blanks count as not given."""
    if given is None:
        return None
    scopes = tuple(dict.fromkeys(scope for entry in given for scope in entry.split()))
    for scope in scopes:
        if len(scope) > LONGEST_SCOPE or not SCOPE.fullmatch(scope):
            shown = scope if len(scope) <= LONGEST_SCOPE else f"{scope[:40]}..."
            raise errors.InvalidOptionError(
                f"{option}: '{shown}' is not the name of a permission.",
                hint=f"A name has at most {LONGEST_SCOPE} characters, no quotation mark, backslash or accent, and no dot in front.",
            )
    if _too_long(scopes):
        raise errors.InvalidOptionError(f"{option} is longer than the {LONGEST_GRANT} characters that one grant holds.")
    return None if given and not scopes else scopes


def _too_long(scopes: t.Iterable[str] | None) -> bool:
    return len(" ".join(scopes or ())) > LONGEST_GRANT


def obstacle(state: State, goal: Goal) -> errors.IntuneError | None:
    """What stands in the way of a plan and is known before anything is written."""
    if not goal.present:
        return None
    if state.service.resource_id is None and goal.service:
        return errors.SelectionError(
            f"The tenant has no enterprise application {DIRECTORY_APP_ID} (Azure AD Graph), on which the service is to be granted "
            + " and ".join(goal.service)
            + ".",
            hint="Nothing was written. Consent by hand, or set service_scopes to [] to leave this grant out.",
        )
    after = project(state, plan(state, goal)).apps()
    for name, app in state.apps().items():
        if not app.present and app.deleted_id and not goal.restore:
            return in_the_bin(app)
        if after[name].scopes != app.scopes and _too_long(after[name].scopes):
            return errors.InvalidOptionError(
                f"With what is granted to {NAMES[app.app_id]} already, its grant would be longer than {LONGEST_GRANT} characters.",
                hint="Nothing was written. Ask for fewer permissions, or set purge_grants to true to replace those that are there.",
            )
    return None


def in_the_bin(app: App) -> errors.IntuneError:
    return errors.SelectionError(
        f"{NAMES[app.app_id]} ({app.app_id}) lies in the recycle bin as {app.deleted_id}, deleted {app.deleted or 'at an unknown time'}, "
        "and restore_deleted is false.",
        hint="Either set restore_deleted to true to restore it, or delete it for good (Microsoft Entra admin center, Enterprise "
        "applications, Deleted applications) so that a new one is made.",
    )


# --- what is to be done ---------------------------------------------------------------------------------------------


def plan(state: State, goal: Goal) -> list[Change]:
    return plan_present(state, goal) if goal.present else plan_absent(state, goal)


def plan_present(state: State, goal: Goal) -> list[Change]:
    """What is missing; with ``purge`` also what is too much of a grant."""
    changes = []
    for name, app in state.apps().items():
        if not app.present:
            changes.append(Change("restore" if app.deleted_id else "create", name))
        if not app.enabled and (app.present or app.deleted_id):
            changes.append(Change("enable", name))
        changes += _plan_grant(name, app, goal)
    return changes


def _plan_grant(name: str, app: App, goal: Goal) -> list[Change]:
    """Scopes that are given are a claim. Without any, a grant that somebody made, in a browser for instance, is a consent
    as it is; else everything that the resource publishes is granted.
    """
    wanted = _wanted(app, goal.given(name))
    if app.scopes is None:
        return []
    if wanted is None:
        return [Change("grant", name, None)]
    if goal.purge and (wanted or goal.given(name) is not None):
        # Where nothing is given and nothing published, nobody knows what would be exact.
        return _exactly(name, app, wanted)
    if goal.given(name) is None and app.scopes:
        return []
    missing = tuple(scope for scope in wanted if scope not in app.scopes)
    return [Change("grant" if app.grant_id is None else "widen", name, missing)] if missing else []


def _wanted(app: App, given: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Scopes to grant; null while the resource that would name them is not there."""
    if given is not None:
        return given
    return app.published if app.resource_id is not None else None


def _exactly(name: str, app: App, scopes: tuple[str, ...]) -> list[Change]:
    """The grant made these scopes and no others; none at all for no scopes."""
    if not scopes:
        return [] if app.grant_id is None else [Change("revoke", name)]
    if set(scopes) == set(app.scopes or ()):
        return []
    return [Change("grant" if app.grant_id is None else "replace", name, scopes)]


def plan_absent(state: State, goal: Goal) -> list[Change]:
    """Grants first, then applications that nothing is left of which is not ours."""
    apps = state.apps()
    changes = [change for name, app in apps.items() for change in _exactly(name, app, _foreign_scopes(name, app, goal))]
    return changes + [Change("delete", name) for name, app in apps.items() if app.present and not _reasons_to_stay(state, name, goal)]


def _foreign_scopes(name: str, app: App, goal: Goal) -> tuple[str, ...]:
    """Scopes of an application's grant that are not ours. Ours are those that ``present`` would give it."""
    ours = _wanted(app, goal.given(name)) or ()
    return () if goal.purge else tuple(scope for scope in app.scopes or () if scope not in ours)


def _reasons_to_stay(state: State, name: str, goal: Goal) -> list[str]:
    """Why an application is not deleted: what others granted would go with it."""
    if goal.purge:
        return []
    app = state.apps()[name]
    main = {other.grant_id for other in state.apps().values()}
    foreign = len([grant for grant in app.inbound if grant.id not in main])
    if name == "service":
        foreign += bool(_foreign_scopes("client", state.client, goal))
    kept = _foreign_scopes(name, app, goal)
    return [
        *([f"permissions that others granted it for all users ({', '.join(kept)})"] if kept else []),
        *([f"{_count(len(app.others))} to it, for single users or on other applications"] if app.others else []),
        *([f"{_count(foreign)} of permissions on it"] if foreign else []),
    ]


def _count(number: int) -> str:
    return f"{number} grant{'' if number == 1 else 's'}"


def project(state: State, changes: t.Iterable[Change]) -> State:
    """The state after these changes, as far as it can be known; ids that Entra will make are ''."""
    apps, gone = state.apps(), set()
    for change in changes:
        if change.kind == "revoke":
            gone.add(apps[change.app].grant_id)
        apps[change.app] = _after(apps[change.app], change)
    left = {name: tuple(grant for grant in app.inbound if grant.id not in gone) for name, app in apps.items()}
    return State(**{name: dataclasses.replace(app, inbound=left[name]) for name, app in apps.items()})


def _after(app: App, change: Change) -> App:
    if change.kind == "delete":
        return App(app.app_id, app.resource_app_id)
    if change.kind == "revoke":
        return dataclasses.replace(app, grant_id=None, scopes=())
    if change.kind == "restore":
        return dataclasses.replace(app, id=app.deleted_id, deleted_id=None, deleted=None)
    if change.kind == "create":
        return dataclasses.replace(app, id="", enabled=True)
    if change.kind == "enable":
        return dataclasses.replace(app, enabled=True)
    kept = app.scopes or () if change.kind == "widen" else ()
    scopes = None if change.scopes is None else tuple(sorted({*kept, *change.scopes}))
    return dataclasses.replace(app, grant_id=app.grant_id or "", scopes=scopes)


# --- how it is shown ------------------------------------------------------------------------------------------------


def describe(state: State, goal: Goal, urls: t.Mapping[str, str]) -> Json:
    """The ``pinreset_consent`` return value."""
    shown: Json = {name: _describe(app, _consented(name, app, goal)) for name, app in state.apps().items()}
    ready = all(app["present"] and app["enabled"] and app["consented"] for app in shown.values())
    return {**shown, "ready": ready, "consent_urls": dict(urls)}


def _consented(name: str, app: App, goal: Goal) -> bool:
    if not goal.present:
        # Here a grant that others made is no consent.
        wanted = _wanted(app, goal.given(name)) or ()
        return app.present and bool(wanted) and set(wanted) <= set(app.scopes or ())
    return app.present and not _plan_grant(name, app, goal)


def _describe(app: App, consented: bool) -> Json:
    return {
        "app_id": app.app_id,
        "id": app.id or None,
        "display_name": app.display_name,
        "present": app.present,
        "enabled": app.present and app.enabled,
        "deleted": app.deleted,
        "consented": consented,
        "scopes": None if app.scopes is None else list(app.scopes),
        "grants": _grants(app),
    }


def _grants(app: App) -> list[Json]:
    shown = [_grant(other.resource_app_id, other.resource_id, other.consent_type, other.principal_id, other.scopes) for other in app.others]
    if app.grant_id is not None:
        shown.append(_grant(app.resource_app_id, app.resource_id, "AllPrincipals", None, app.scopes))
    return sorted(shown, key=lambda grant: [grant[key] or "" for key in ("consent_type", "resource_app_id", "resource_id", "principal_id")])


def _grant(
    resource_app_id: str | None, resource_id: str | None, consent_type: str, principal_id: str | None, scopes: tuple[str, ...] | None
) -> Json:
    return {
        "resource_app_id": resource_app_id,
        "resource_id": resource_id or None,
        "consent_type": consent_type,
        "principal_id": principal_id,
        "scopes": None if scopes is None else list(scopes),
    }


def managed(state: State) -> Json:
    """Managed keys for a diff."""
    return {
        name: {"present": app.present, "enabled": app.present and app.enabled, "scopes": None if app.scopes is None else list(app.scopes)}
        for name, app in state.apps().items()
    }


def warnings(state: State, goal: Goal) -> list[str]:
    if not goal.present:
        return [
            f"{NAMES[app.app_id]} ({app.app_id}) was kept, with {'; '.join(reasons)}. "
            "Set purge_grants to true to remove it with all of that."
            for name, app in state.apps().items()
            if app.present and (reasons := _reasons_to_stay(state, name, goal))
        ]
    # A service that is only planned is no resource yet, and what it publishes is not known.
    if goal.client is None and state.client.resource_id is not None and not state.client.published and state.client.scopes == ():
        return ["The PIN Reset Service publishes no delegated permission in this tenant: there is nothing to grant to its client."]
    return []


def explain(failure: errors.IntuneError, urls: t.Mapping[str, str]) -> errors.IntuneError:
    """A refusal with the way that is left: consent by hand."""
    if isinstance(failure, errors.GraphError) and failure.status in (400, 403):
        failure.hint = (
            "The application needs Application.ReadWrite.All and DelegatedPermissionGrant.ReadWrite.All. Where it has them and "
            "Microsoft refuses all the same, open these two pages as an Application Administrator (or higher), accept, and run again: "
            + " and ".join(urls.values())
        )
    return failure


def consent_urls(tenant: str | None, cloud: str = "global") -> dict[str, str]:
    """The two documented admin-consent pages, for this tenant where it is known, at the sign-in service of this cloud.

    Microsoft documents them for the global cloud alone; elsewhere they are the same pages of that cloud's sign-in service.
    """
    login = DOCUMENTED_LOGIN if cloud == "global" else clouds.CLOUDS[cloud].authority
    return {
        "service": _consent_url(login, tenant, SERVICE_APP_ID, "https://graph.windows.net", "https://cred.microsoft.com"),
        "client": _consent_url(login, tenant, CLIENT_APP_ID, "https://cred.microsoft.com/", BROKER),
    }


def _consent_url(login: str, tenant: str | None, app_id: str, resource: str, redirect: str) -> str:
    query = {"response_type": "code", "client_id": app_id, "resource": resource, "redirect_uri": redirect, "prompt": "admin_consent"}
    return f"{login}/{tenant or 'common'}/oauth2/authorize?{urllib.parse.urlencode(query)}"
