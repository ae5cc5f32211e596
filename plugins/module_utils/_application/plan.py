# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Plan the changes that bring an application to the goal of a task, in the order in which they can be written. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .._time import parse_timestamp
from .._types import Json
from .model import GRAPH_APP_ID, NEW_ID, Certificate, ClientSecret, Federated, State
from .options import Goal, SecretGoal

DAY = 86400.0
ChangeKind = t.Literal[
    "create",
    "update",
    "create_principal",
    "enable",
    "disable",
    "grant",
    "revoke",
    "set_certificates",
    "set_federated",
    "remove_federated",
    "add_secret",
    "remove_secret",
    "delete",
]
# Graph's name of each property.
NAMES = {
    "name": "displayName",
    "description": "description",
    "notes": "notes",
    "service_management_reference": "serviceManagementReference",
}


@dataclasses.dataclass(frozen=True)
class Change:
    """One write. ``name``: of a permission, a federated credential, or a secret; ``key_id``: of a secret to remove."""

    kind: ChangeKind
    name: str = ""
    body: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    certificates: tuple[Certificate, ...] = ()
    federated: Federated | None = None
    key_id: str = NEW_ID


def find_unknown_permissions(state: State, goal: Goal) -> errors.IntuneError | None:
    """Return the error for a permission that Microsoft Graph does not publish in this tenant, or None."""
    unknown = [name for name in goal.permissions or () if name not in state.graph.ids]
    if not unknown:
        return None
    return errors.SelectionError(
        f"Microsoft Graph has no application permission {' and '.join(unknown)} in this tenant.",
        hint="Check the names: those of delegated permissions alone cannot be granted to an application.",
        effects="none",
    )


def plan(state: State, goal: Goal, now: float) -> list[Change]:
    """Return the changes from a state to a goal. ``now``: seconds since the epoch."""
    if not goal.is_present:
        return _plan_absent(state, goal)
    if goal.managed_identity:
        return _plan_permissions(state, goal)
    is_enabled = state.is_enabled or state.principal_id is None  # as for a new one
    return [
        *_plan_application(state, goal),
        *([] if state.principal_id is not None else [Change("create_principal")]),
        # A leaked credential must stop working before any other change, and an application starts working again after all others.
        *([Change("disable")] if is_enabled and goal.is_enabled is False else []),
        *_plan_certificates(state, goal),
        *_plan_federated(state, goal),
        *_plan_secrets(state, goal, now),
        # Permissions come after the changes that a person with fewer roles may also write.
        *_plan_permissions(state, goal),
        *([Change("enable")] if not is_enabled and goal.is_enabled else []),
    ]


def _plan_absent(state: State, goal: Goal) -> list[Change]:
    """Return the changes that delete the application, or for a managed identity those that remove the permissions."""
    if not state.is_present:
        return []
    if not goal.managed_identity:
        return [Change("delete")]
    wanted = state.granted if goal.permissions is None else goal.permissions
    return [Change("revoke", name) for name in sorted(state.granted) if name in wanted]


def _plan_application(state: State, goal: Goal) -> list[Change]:
    wanted = {NAMES[name]: value for name, value in goal.properties.items()}
    # Graph refuses some empty texts, but accepts null for each.
    body: Json = {name: value or None for name, value in wanted.items() if value != (_current(state)[name] or "")}
    required = plan_required(state, goal)
    if required != list(state.required):
        body["requiredResourceAccess"] = required
    if state.is_present:
        return [Change("update", body=body)] if body else []
    name = goal.properties.get("name") or goal.unique_name
    return [Change("create", body={"signInAudience": "AzureADMyOrg", **body, "displayName": name})]


def _current(state: State) -> dict[str, str | None]:
    return {
        "displayName": state.name,
        "description": state.description,
        "notes": state.notes,
        "serviceManagementReference": state.service_management_reference,
    }


def plan_required(state: State, goal: Goal) -> list[Json]:
    """Return requiredResourceAccess with the wanted permissions of Graph: the portal shows it, and a consent in a browser grants it.

    Entries of other resources, and delegated permissions, are kept.
    """
    if goal.permissions is None:
        return list(state.required)
    wanted = [state.graph.ids[name] for name in goal.permissions if name in state.graph.ids]
    result: list[Json] = []
    is_there = False
    for entry in state.required:
        if entry["resourceAppId"].lower() != GRAPH_APP_ID:
            result.append(entry)
            continue
        is_there = True
        roles = [row["id"].lower() for row in entry["resourceAccess"] if row["type"] == "Role"]
        kept = [
            row for row in entry["resourceAccess"] if row["type"] != "Role" or not goal.purge_permissions or row["id"].lower() in wanted
        ]
        access = [*kept, *({"id": role, "type": "Role"} for role in wanted if role not in roles)]
        if access:
            result.append({**entry, "resourceAccess": access})
    if wanted and not is_there:
        result.append({"resourceAppId": GRAPH_APP_ID, "resourceAccess": [{"id": role, "type": "Role"} for role in wanted]})
    return result


def _plan_permissions(state: State, goal: Goal) -> list[Change]:
    if not goal.grant or goal.permissions is None:
        return []
    granted = [Change("grant", name) for name in list_missing(state, goal)]
    surplus = sorted(set(state.granted) - set(goal.permissions)) if goal.purge_permissions else []
    return [*granted, *(Change("revoke", name) for name in surplus)]


def list_missing(state: State, goal: Goal) -> list[str]:
    """Return the permissions of the goal that are not granted."""
    return [name for name in goal.permissions or () if name not in state.granted]


def _plan_certificates(state: State, goal: Goal) -> list[Change]:
    if goal.certificates is None:
        return []
    wanted = {certificate.thumbprint for certificate in goal.certificates}
    kept = tuple(found for found in state.certificates if found.thumbprint in wanted or not goal.purge_certificates)
    there = {found.thumbprint for found in kept}
    added = tuple(certificate for certificate in goal.certificates if certificate.thumbprint not in there)
    if not added and len(kept) == len(state.certificates):
        return []
    return [Change("set_certificates", certificates=(*kept, *added))]


def _plan_federated(state: State, goal: Goal) -> list[Change]:
    if goal.federated is None:
        return []
    there = {found.name: found for found in state.federated}
    wanted = {entry.name for entry in goal.federated}
    surplus = {name for name in there if name not in wanted} if goal.purge_federated else set()
    # A pair of issuer and subject is allowed only once, so a pair that moves to another name is removed from the old name first.
    moving = {name for name in wanted if any(each.name == name for each in _list_in_the_way(state, goal))}
    removed = sorted(surplus | moving)
    changes = [
        Change("set_federated", entry.name, federated=entry)
        for entry in goal.federated
        if entry.name in moving or _differs(there.get(entry.name), entry)
    ]
    return [*(Change("remove_federated", name) for name in removed), *changes]


def _list_in_the_way(state: State, goal: Goal) -> list[Federated]:
    """Return the federated credentials whose issuer and subject the goal gives to another name."""
    names = {(entry.issuer, entry.subject): entry.name for entry in goal.federated or ()}
    return [found for found in state.federated if names.get((found.issuer, found.subject), found.name) != found.name]


def find_federated_in_the_way(state: State, goal: Goal) -> errors.IntuneError | None:
    """Return the error for a kept credential that has the issuer and subject of a wanted one under another name, or None."""
    wanted = {entry.name for entry in goal.federated or ()}
    for found in _list_in_the_way(state, goal):
        if found.name not in wanted and not goal.purge_federated:
            return errors.SelectionError(
                f"The federated credential '{found.name}' has the issuer and subject of an entry of federated_credentials already.",
                hint="Use its name, or set purge_federated_credentials to true to remove those that the task does not name.",
                effects="none",
            )
    return None


def _differs(found: Federated | None, wanted: Federated) -> bool:
    if found is None:
        return True
    is_same = (found.issuer, found.subject, found.audience) == (wanted.issuer, wanted.subject, wanted.audience)
    return not is_same or (wanted.description is not None and wanted.description != (found.description or ""))


def find_expression(state: State, goal: Goal) -> errors.IntuneError | None:
    """Return the error for a federated credential that matches by an expression. v1.0 does not show it, and it must not be replaced."""
    flexible = {found.name for found in state.federated if found.subject is None}
    for wanted in goal.federated or ():
        if wanted.name in flexible:
            return errors.SelectionError(
                f"The federated credential '{wanted.name}' has no subject: it matches tokens by an expression, which is not changed here.",
                hint="Give the entry of federated_credentials another name, or delete that credential in Microsoft Entra.",
                effects="none",
            )
    return None


def _plan_secrets(state: State, goal: Goal, now: float) -> list[Change]:
    usable = find_usable_secret(state, goal.secret, now) if goal.secret else None
    added = [Change("add_secret", goal.secret.name)] if goal.secret and not usable else []
    surplus = [secret for secret in state.secrets if secret is not usable] if goal.purge_secrets else []
    # Keep valid secrets of the same name in the run that creates their successor, because nobody uses the successor yet.
    kept = {secret.key_id for secret in surplus if added and goal.secret and secret.name == goal.secret.name and _is_valid(secret, now)}
    return [*added, *(Change("remove_secret", secret.name or "", key_id=secret.key_id) for secret in surplus if secret.key_id not in kept)]


def _is_valid(secret: ClientSecret, now: float) -> bool:
    ends = parse_timestamp(secret.ends)
    return ends is None or ends > now


def find_usable_secret(state: State, wanted: SecretGoal, now: float) -> ClientSecret | None:
    """Return the secret of a name that lasts long enough and longest, or None if there is none."""
    named = [secret for secret in state.secrets if secret.name == wanted.name]
    lasting = [(end, secret) for secret in named if (end := parse_timestamp(secret.ends)) and end > now + wanted.renew_days * DAY]
    return max(lasting, key=lambda pair: pair[0], default=(0.0, None))[1]


def project(state: State, changes: t.Iterable[Change], goal: Goal, ends: str | None = None) -> State:
    """Return the state after these changes, as far as it can be known. Objects that Entra will create have the ID NEW_ID.

    ``ends``: the end of a new secret.
    """
    for change in changes:
        state = _project_one(state, change, goal, ends)
    return state


def _project_one(state: State, change: Change, goal: Goal, ends: str | None) -> State:
    if change.kind == "delete":
        return State(state.graph)
    values = _PROJECTIONS[change.kind](state, change)
    if change.kind == "create":
        values |= {"id": NEW_ID, "client_id": NEW_ID, "unique_name": goal.unique_name}
    if change.kind == "add_secret":
        values = {"secrets": (*state.secrets, ClientSecret(NEW_ID, change.name, None, None, ends))}
    return dataclasses.replace(state, **values)


def _project_properties(state: State, change: Change) -> Json:
    own = {name: change.body[key] for name, key in NAMES.items() if key in change.body}
    return {**own, "required": tuple(change.body.get("requiredResourceAccess", state.required))}


def _project_federated(state: State, change: Change) -> Json:
    others = tuple(found for found in state.federated if found.name != change.name)
    return {"federated": (*others, change.federated) if change.federated else others}


_PROJECTIONS: t.Mapping[ChangeKind, t.Callable[[State, Change], Json]] = {
    "create": _project_properties,
    "update": _project_properties,
    "create_principal": lambda _state, _change: {"principal_id": NEW_ID, "is_enabled": True},
    "enable": lambda _state, _change: {"is_enabled": True},
    "disable": lambda _state, _change: {"is_enabled": False},
    "grant": lambda state, change: {"granted": {**state.granted, change.name: NEW_ID}},
    "revoke": lambda state, change: {"granted": {name: key for name, key in state.granted.items() if name != change.name}},
    "set_certificates": lambda _state, change: {"certificates": change.certificates},
    "set_federated": _project_federated,
    "remove_federated": _project_federated,
    "add_secret": lambda _state, _change: {},
    "remove_secret": lambda state, change: {"secrets": tuple(each for each in state.secrets if each.key_id != change.key_id)},
}
