# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Plan the changes that bring the PIN Reset Service to the goal of a task, and describe state and changes. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .. import _permissions as permissions
from .._types import Json
from .model import (
    ALL_PRINCIPALS,
    DIRECTORY_APP_ID,
    MAX_GRANT_LENGTH,
    NAMES,
    NEW_ID,
    App,
    AppName,
    AppResult,
    ConsentResult,
    ConsentType,
    Goal,
    GrantResult,
    State,
    is_too_long,
)

# grant: create a grant with these scopes. widen: add them to it. replace: set it to them.
ChangeKind = t.Literal["restore", "create", "enable", "grant", "widen", "replace", "revoke", "delete"]


@dataclasses.dataclass(frozen=True)
class Change:
    """One write."""

    kind: ChangeKind
    app: AppName
    scopes: tuple[str, ...] | None = None


MANAGE_APPLICATIONS: frozenset[ChangeKind] = frozenset({"restore", "create", "enable", "delete"})

# --- obstacles ------------------------------------------------------------------------------------------------------


def find_obstacle(state: State, goal: Goal) -> errors.IntuneError | None:
    """Return the error for a goal that cannot be reached, as far as known before anything is written, or None."""
    if not goal.is_present:
        return None
    if state.service.resource_id is None and goal.service_scopes:
        return errors.SelectionError(
            f"The tenant has no enterprise application {DIRECTORY_APP_ID} (Azure AD Graph), on which the service is to be granted "
            + " and ".join(goal.service_scopes)
            + ".",
            hint="Consent by hand, or set service_scopes to [] to leave this grant out.",
            effects="none",
        )
    after = project(state, plan(state, goal)).apps()
    for name, app in state.apps().items():
        if not app.is_present and app.deleted_id and not goal.restore_deleted:
            return make_deleted_error(app)
        if after[name].scopes != app.scopes and is_too_long(after[name].scopes):
            return errors.InvalidOptionError(
                f"With its present permissions, the grant of {NAMES[app.app_id]} would be longer than {MAX_GRANT_LENGTH} characters.",
                hint="Ask for fewer permissions, or set purge_grants to true to replace those that are there.",
                effects="none",
            )
    return None


def find_missing_permission(changes: t.Iterable[Change], claims: t.Mapping[str, t.Any]) -> errors.IntuneError | None:
    """Return the error for changes that the token does not permit completely, so that none of them are written, or None."""
    rows = [permissions.WRITE_APPLICATIONS if change.kind in MANAGE_APPLICATIONS else permissions.WRITE_GRANTS for change in changes]
    try:
        permissions.validate_writes(claims, rows)
    except errors.MissingPermissionError as failure:
        return failure
    return None


def make_deleted_error(app: App) -> errors.IntuneError:
    """Return the error for an application in the recycle bin that the task may not restore."""
    return errors.SelectionError(
        f"{NAMES[app.app_id]} ({app.app_id}) is in the recycle bin as {app.deleted_id}, deleted {app.deleted_at or 'at an unknown time'}, "
        "and restore_deleted is false.",
        hint="Either set restore_deleted to true to restore it, or delete it for good (Microsoft Entra admin center, Enterprise "
        "applications, Deleted applications) so that a new one is made.",
        effects="none",
    )


# --- changes --------------------------------------------------------------------------------------------------------


def plan(state: State, goal: Goal) -> list[Change]:
    """Return the changes from a state to a goal, in the order in which they can be written."""
    return plan_present(state, goal) if goal.is_present else plan_absent(state, goal)


def plan_present(state: State, goal: Goal) -> list[Change]:
    """Return the changes that add missing permissions and, with ``purge_grants``, those that reduce a grant."""
    changes: list[Change] = []
    for name, app in state.apps().items():
        if not app.is_present:
            changes.append(Change("restore" if app.deleted_id else "create", name))
        if not app.is_enabled and (app.is_present or app.deleted_id):
            changes.append(Change("enable", name))
        changes += _plan_grant(name, app, goal)
    return changes


def _plan_grant(name: AppName, app: App, goal: Goal) -> list[Change]:
    """Return the changes of an application's grant: it must contain the given scopes, or all that the resource publishes."""
    given, own = goal.scopes_of(name), _own_scopes(name, app, goal)
    if app.scopes is None:
        return []
    if own is None:
        return [Change("grant", name, None)]
    if goal.purge_grants and (own or given is not None):
        # If no scopes are given or published, the exact scopes are unknown.
        return _plan_exact_grant(name, app, own)
    missing = list_missing_scopes(name, app, goal)
    return [Change("grant" if app.grant_id is None else "widen", name, missing)] if missing else []


def list_missing_scopes(name: AppName, app: App, goal: Goal) -> tuple[str, ...] | None:
    """Return the scopes that an application's grant must contain and lacks, or None if they cannot be known yet."""
    own = _own_scopes(name, app, goal)
    return None if own is None or app.scopes is None else tuple(scope for scope in own if scope not in app.scopes)


def _own_scopes(name: AppName, app: App, goal: Goal) -> tuple[str, ...] | None:
    """Return the scopes that ``present`` grants, or None while the resource that publishes them does not exist."""
    given = goal.scopes_of(name)
    if given is not None:
        return given
    return app.published_scopes if app.resource_id is not None else None


def _plan_exact_grant(name: AppName, app: App, scopes: tuple[str, ...]) -> list[Change]:
    """Return the changes after which the grant contains exactly these scopes. Without scopes, the grant is removed."""
    if not scopes:
        return [] if app.grant_id is None else [Change("revoke", name)]
    if set(scopes) == set(app.scopes or ()):
        return []
    return [Change("grant" if app.grant_id is None else "replace", name, scopes)]


def plan_absent(state: State, goal: Goal) -> list[Change]:
    """Return the changes that revoke our grants, and then delete the applications without foreign grants."""
    apps = state.apps()
    changes = [change for name, app in apps.items() for change in _plan_exact_grant(name, app, _foreign_scopes(name, app, goal))]
    return changes + [Change("delete", name) for name, app in apps.items() if app.is_present and not _reasons_to_keep(state, name, goal)]


def _foreign_scopes(name: AppName, app: App, goal: Goal) -> tuple[str, ...]:
    """Return the scopes in an application's grant that ``present`` would not grant; none if they are also to be removed."""
    own = _own_scopes(name, app, goal) or ()
    return () if goal.purge_grants else tuple(scope for scope in app.scopes or () if scope not in own)


def _reasons_to_keep(state: State, name: AppName, goal: Goal) -> list[str]:
    """Return why an application is not deleted: the deletion would remove foreign grants."""
    if goal.purge_grants:
        return []
    app = state.apps()[name]
    own_grants = {other.grant_id for other in state.apps().values()}
    foreign = len([grant for grant in app.inbound_grants if grant.id not in own_grants])
    if name == "service":
        foreign += bool(_foreign_scopes("client", state.client, goal))
    kept = _foreign_scopes(name, app, goal)
    return [
        *([f"permissions that others granted it for all users ({', '.join(kept)})"] if kept else []),
        *([f"{_render_count(len(app.other_grants))} to it, for single users or on other applications"] if app.other_grants else []),
        *([f"{_render_count(foreign)} of permissions on it"] if foreign else []),
    ]


def _render_count(number: int) -> str:
    return f"{number} grant{'' if number == 1 else 's'}"


def project(state: State, changes: t.Iterable[Change]) -> State:
    """Return the state after these changes, as far as it can be known. Objects that Entra will create have the ID NEW_ID."""
    apps, revoked = state.apps(), set()
    for change in changes:
        if change.kind == "revoke":
            revoked.add(apps[change.app].grant_id)
        apps[change.app] = _project_app(apps[change.app], change)
    return State(**{name: _without_grants(app, revoked) for name, app in apps.items()})


def _without_grants(app: App, revoked: t.Collection[str | None]) -> App:
    return dataclasses.replace(app, inbound_grants=tuple(grant for grant in app.inbound_grants if grant.id not in revoked))


def _project_app(app: App, change: Change) -> App:
    if change.kind == "delete":
        return App(app.app_id, app.resource_app_id)
    if change.kind == "revoke":
        return dataclasses.replace(app, grant_id=None, scopes=())
    if change.kind == "restore":
        return dataclasses.replace(app, id=app.deleted_id, deleted_id=None, deleted_at=None)
    if change.kind == "create":
        return dataclasses.replace(app, id=NEW_ID, is_enabled=True)
    if change.kind == "enable":
        return dataclasses.replace(app, is_enabled=True)
    kept = app.scopes or () if change.kind == "widen" else ()
    scopes = None if change.scopes is None else tuple(sorted({*kept, *change.scopes}))
    return dataclasses.replace(app, grant_id=app.grant_id or NEW_ID, scopes=scopes)


# --- return values --------------------------------------------------------------------------------------------------


def describe(state: State, goal: Goal, urls: t.Mapping[AppName, str]) -> ConsentResult:
    """Return the ``pinreset_consent`` return value."""
    service, client = (_describe_app(name, app, goal) for name, app in state.apps().items())
    ready = all(app["present"] and app["enabled"] and app["consented"] for app in (service, client))
    return {"service": service, "client": client, "ready": ready, "consent_urls": dict(urls)}


def _is_consented(name: AppName, app: App, goal: Goal) -> bool:
    if not goal.is_present:
        # Here a foreign grant does not count as a consent.
        own = _own_scopes(name, app, goal) or ()
        return app.is_present and bool(own) and set(own) <= set(app.scopes or ())
    return app.is_present and not _plan_grant(name, app, goal) and not (name == "client" and holds_unpublished_only(app))


def holds_unpublished_only(app: App) -> bool:
    """Return whether a grant contains only scopes that the resource does not publish; no token ever has such a scope."""
    return bool(app.scopes and app.published_scopes) and not set(app.scopes or ()) & set(app.published_scopes)


def _describe_app(name: AppName, app: App, goal: Goal) -> AppResult:
    missing = list_missing_scopes(name, app, goal)
    return {
        "app_id": app.app_id,
        "id": app.id or None,
        "display_name": app.display_name,
        "present": app.is_present,
        "enabled": app.is_present and app.is_enabled,
        "deleted": app.deleted_at,
        "consented": _is_consented(name, app, goal),
        "scopes": None if app.scopes is None else list(app.scopes),
        "missing_scopes": None if missing is None else list(missing),
        "grants": _describe_grants(app),
    }


def _describe_grants(app: App) -> list[GrantResult]:
    """Return the grants in which an application is the client, those for all users first."""
    shown = [
        _describe_grant(other.resource_app_id, other.resource_id, other.consent_type, other.principal_id, other.scopes)
        for other in app.other_grants
    ]
    if app.grant_id is not None:
        shown.append(_describe_grant(app.resource_app_id, app.resource_id, ALL_PRINCIPALS, None, app.scopes))
    return sorted(
        shown,
        key=lambda grant: (grant["consent_type"], grant["resource_app_id"] or "", grant["resource_id"] or "", grant["principal_id"] or ""),
    )


def _describe_grant(
    resource_app_id: str | None,
    resource_id: str | None,
    consent_type: ConsentType,
    principal_id: str | None,
    scopes: tuple[str, ...] | None,
) -> GrantResult:
    return {
        "resource_app_id": resource_app_id,
        "resource_id": resource_id or None,
        "consent_type": consent_type,
        "principal_id": principal_id,
        "scopes": None if scopes is None else list(scopes),
    }


def describe_managed(state: State) -> Json:
    """Return the managed keys for a diff."""
    return {
        name: {
            "present": app.is_present,
            "enabled": app.is_present and app.is_enabled,
            "scopes": None if app.scopes is None else list(app.scopes),
        }
        for name, app in state.apps().items()
    }


def describe_warnings(state: State, goal: Goal) -> list[str]:
    """Return the warnings about the state after a task."""
    if not goal.is_present:
        return [
            f"{NAMES[app.app_id]} ({app.app_id}) was kept, with {'; '.join(reasons)}. "
            "Set purge_grants to true to remove it with all of that."
            for name, app in state.apps().items()
            if app.is_present and (reasons := _reasons_to_keep(state, name, goal))
        ]
    # A planned service is no resource yet, and its published scopes are unknown.
    client = state.client
    if goal.client_scopes is None and client.resource_id is not None and not client.published_scopes and client.scopes == ():
        return ["The PIN Reset Service publishes no delegated permission in this tenant: there is nothing to grant to its client."]
    if not holds_unpublished_only(client):
        return []
    return [
        f"{NAMES[client.app_id]} is granted {', '.join(client.scopes or ())} only, which the PIN Reset Service does not publish in this "
        f"tenant: no token holds it, so the grant does not count as consent. The service publishes {', '.join(client.published_scopes)}."
    ]
