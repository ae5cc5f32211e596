# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The Intune policy that configures Windows Hello for Business: as it is, as it should be, and the steps between.

Pure: desired, plan, describe. Calls: find, apply, settled. The two kinds of policy (backends) are custom_profile and
settings_catalog; a policy looks the same from here, whichever it is.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .. import _guid as guid
from .._directory.lookup import DEFAULT_TAG
from .._graph.client import GraphClient
from .._graph.odata import render_path
from .._types import Json
from . import assignments
from . import settings as pin_settings
from .assignments import Assignment
from .settings import Values


@dataclasses.dataclass(frozen=True)
class Place:
    """Where the settings are: the tenant's GUID, and device or user."""

    tenant: str
    scope: str


@dataclasses.dataclass(frozen=True)
class Policy:
    """``settings`` by option. ``hidden``: options whose value Intune hides, and that was not revealed. ``raw``: as the backend read it.

    ``kept``: hidden values that are no matter of the task, revealed to be written back, and shown nowhere.
    """

    name: str
    description: str = ""
    settings: Values = dataclasses.field(default_factory=dict)
    assignments: tuple[Assignment, ...] = ()
    scope_tags: tuple[str, ...] = (DEFAULT_TAG,)
    id: str | None = None
    hidden: tuple[str, ...] = ()
    raw: Json = dataclasses.field(default_factory=dict, compare=False, repr=False)
    kept: Values = dataclasses.field(default_factory=dict, compare=False, repr=False)


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What the user asked for; null leaves alone, and so does a setting that is not among ``settings``."""

    name: str | None = None
    description: str | None = None
    settings: Values = dataclasses.field(default_factory=dict)
    assignments: tuple[Assignment, ...] | None = None
    purge_assignments: bool = True
    scope_tags: tuple[str, ...] | None = None


class Backend(t.Protocol):
    """One kind of Intune policy. ``named`` and ``numbered`` answer with the policy, its settings and its assignments."""

    name: str
    path: str
    version: str  # of the Graph API, for deleting

    def named(self, client: GraphClient, name: str) -> list[Json]: ...

    def numbered(self, client: GraphClient, policy_id: str) -> Json | None: ...

    def other_kind(self, raw: Json) -> str | None:
        """What it is, if it is not a policy of this kind."""

    def normalise(self, client: GraphClient, raw: Json, place: Place, reveal: t.Collection[str] = ()) -> Policy:
        """``reveal``: the options whose value is to be asked for where Intune hides it."""

    def foreign(self, raw: Json, place: Place) -> list[str]:
        """The settings that no option stands for, by their path or definition."""

    def create(self, client: GraphClient, after: Policy, place: Place) -> str: ...

    def update(self, client: GraphClient, before: Policy, after: Policy, place: Place) -> None: ...

    def ready(self, client: GraphClient, before: Policy, after: Policy, place: Place) -> Policy:
        """``before`` with all that an update needs. Refuses an update that would lose something, before anything is written."""


# --- pure -----------------------------------------------------------------------------------------------------------


def desired(current: Policy | None, wanted: Wanted) -> Policy:
    """The policy as it should be; a new one has no id yet."""
    if current is None:
        current = _new(wanted)
    _check_comparable(current, wanted)
    settings = pin_settings.merge(current.settings, wanted.settings)
    # What does not fit together already is not this task's, as long as it leaves settings alone.
    problems = pin_settings.together(settings) if wanted.settings else []
    if problems:
        raise errors.InvalidOptionError(" ".join(problems), hint="Nothing was written.")
    targets = current.assignments
    if wanted.assignments is not None:
        assignments.check_known(targets)
        targets = assignments.merge(targets, wanted.assignments, wanted.purge_assignments)
    return dataclasses.replace(
        current,
        name=current.name if wanted.name is None else wanted.name,
        description=current.description if wanted.description is None else wanted.description,
        settings=settings,
        assignments=targets,
        scope_tags=current.scope_tags if wanted.scope_tags is None else wanted.scope_tags or (DEFAULT_TAG,),
    )


def _new(wanted: Wanted) -> Policy:
    if not wanted.name:
        raise errors.InvalidOptionError("A policy that is to be made needs a name.")
    if not pin_settings.merge({}, wanted.settings):
        raise errors.InvalidOptionError(
            f"There is no policy named '{wanted.name}', and no setting is given: a new policy would set nothing.",
            hint="Set enable_pin_recovery to true, or another setting.",
        )
    return Policy(wanted.name)


def _check_comparable(current: Policy, wanted: Wanted) -> None:
    unknown = [name for name in current.hidden if name in wanted.settings]
    if unknown:
        raise errors.SelectionError(
            f"Intune does not reveal the policy's value of {', '.join(unknown)}, so that it cannot be compared.",
            hint="Nothing was written. Leave the option out, use the backend settings_catalog, or give the application "
            "DeviceManagementConfiguration.ReadWrite.All.",
        )


def plan(current: Policy | None, after: Policy | None) -> list[str]:
    """The steps from one to the other, in order: create, update, assign, delete."""
    if after is None:
        return ["delete"] if current is not None else []
    steps = []
    if current is None:
        steps.append("create")
    elif _content(current) != _content(after):
        steps.append("update")
    if after.assignments != (current.assignments if current else ()):
        steps.append("assign")
    return steps


def _content(policy: Policy) -> tuple[t.Any, ...]:
    return policy.name, policy.description, policy.settings, policy.scope_tags


def moved(current: Policy | None, old: Policy) -> Policy:
    """The base of a policy that takes an old one's place: what it does not say itself comes from the old one."""
    targets = current.assignments if current else ()
    assignments.check_known((*targets, *old.assignments))
    if current is None:
        return dataclasses.replace(old, id=None, raw={})
    return dataclasses.replace(
        current,
        description=current.description or old.description,
        settings=pin_settings.merge(old.settings, current.settings),
        assignments=assignments.merge(old.assignments, targets, purge=False),
    )


def describe(policy: Policy | None, backend: str, place: Place) -> Json | None:
    """The ``pin_policy`` return value."""
    if policy is None:
        return None
    return {
        "id": policy.id,
        "backend": backend,
        "scope": place.scope,
        "oma_uri": pin_settings.BY_OPTION["enable_pin_recovery"].uri(place.tenant, place.scope),
        "name": policy.name,
        "description": policy.description,
        **pin_settings.shown(policy.settings),
        "assignments": [assignment.describe() for assignment in policy.assignments],
        "scope_tag_ids": list(policy.scope_tags),
    }


def diff(before: Policy | None, after: Policy | None) -> tuple[Json, Json]:
    """Managed keys of both, and of the settings those that one of them has; empty for a policy that is not there."""
    names = {"enable_pin_recovery", *(before.settings if before else ()), *(after.settings if after else ())}
    return _managed(before, names), _managed(after, names)


def _managed(policy: Policy | None, names: t.Iterable[str]) -> Json:
    if policy is None:
        return {}
    return {
        "name": policy.name,
        "description": policy.description,
        **pin_settings.shown(policy.settings, names),
        "assignments": [assignment.describe() for assignment in policy.assignments],
        "scope_tag_ids": list(policy.scope_tags),
    }


# --- calls ----------------------------------------------------------------------------------------------------------


def tenant_guid(client: GraphClient, tenant_id: str | None) -> str:
    """The GUID of the tenant that we are signed in to, which the option need not name, but must not contradict."""
    found = guid.parse_guid(str(client.credential.identity().get("tid") or ""))
    if found is None:
        organization = next(client.list_items("/organization", {"$select": "id"}), {})
        found = guid.parse_guid(organization.get("id") or "")
    if found is None:
        raise errors.UnexpectedResponseError("The tenant does not say its ID.", hint="Check cloud and graph_url.")
    told = guid.parse_guid(tenant_id or "")
    if told not in (None, found):
        raise errors.InvalidOptionError(
            f"tenant_id is {told}, but the credential belongs to the tenant {found}.", hint="Correct tenant_id, or leave it out."
        )
    return found


def find(
    client: GraphClient, backend: Backend, policy_id: str | None, name: str | None, place: Place, reveal: t.Collection[str] = ()
) -> Policy | None:
    """The policy of this id or name; null when there is none."""
    raw = _by_id(client, backend, policy_id) if policy_id else _by_name(client, backend, name or "")
    return None if raw is None else backend.normalise(client, raw, place, reveal)


def _by_id(client: GraphClient, backend: Backend, policy_id: str) -> Json | None:
    identity = guid.parse_guid(policy_id)
    if identity is None:
        raise errors.InvalidOptionError(f"id '{policy_id}' is not a GUID.")
    raw = backend.numbered(client, identity)
    other = backend.other_kind(raw) if raw else None
    if raw is not None and other is not None:
        raise errors.SelectionError(
            f"The policy {identity} ('{raw.get('displayName', raw.get('name'))}') is not of the backend {backend.name}: it is {other}.",
            hint="Nothing was written.",
        )
    return raw


def _by_name(client: GraphClient, backend: Backend, name: str) -> Json | None:
    found = backend.named(client, name)
    fitting = [raw for raw in found if backend.other_kind(raw) is None]
    if len(fitting) > 1:
        ids = ", ".join(sorted(raw["id"] for raw in fitting))
        raise errors.SelectionError(
            f"Several policies are named '{name}': {ids}.", hint="Nothing was written. Choose one with the option id."
        )
    if found and not fitting:
        kinds = ", ".join(sorted(f"{raw['id']} ({backend.other_kind(raw)})" for raw in found))
        raise errors.SelectionError(
            f"'{name}' is the name of a policy of another kind: {kinds}.", hint="Nothing was written. Choose another name."
        )
    return fitting[0] if fitting else None


def check_free(client: GraphClient, backend: Backend, name: str) -> None:
    """Refuses to give a policy a name that another one of its kind has."""
    found = backend.named(client, name)
    if found:
        ids = ", ".join(sorted(raw["id"] for raw in found))
        raise errors.SelectionError(f"There is a policy named '{name}' already: {ids}.", hint="Nothing was written. Choose another name.")


def apply(
    client: GraphClient, backend: Backend, current: Policy | None, after: Policy | None, steps: t.Sequence[str], place: Place
) -> str | None:
    """Carries the steps out; the id of the policy. A failure says what was done before it."""
    policy_id = current.id if current else None
    done = "is as it was"
    for step in steps:
        if step == "create":
            policy_id, done = backend.create(client, t.cast(Policy, after), place), "was made"
        elif step == "update":
            backend.update(client, t.cast(Policy, current), t.cast(Policy, after), place)
            done = "was changed"
        elif step == "delete":
            client.delete(path(backend, policy_id), version=backend.version)
        else:
            _assign(client, path(backend, policy_id), t.cast(Policy, after), f"The policy {policy_id} {done}")
    return policy_id


def _assign(client: GraphClient, policy_path: str, after: Policy, done: str) -> None:
    try:
        assignments.write(client, policy_path, after.assignments)
    except errors.ApprovalPendingError as pending:
        raise (pending if done == "is as it was" else pending.with_effects("partial")) from None
    except errors.IntuneError as failure:
        failure.hint = f"{failure.hint or ''} {done}, but its assignments were not set; run again to finish.".strip()
        if done != "is as it was":
            failure.effects = "partial"
        raise


def settled(
    client: GraphClient,
    backend: Backend,
    policy_id: str | None,
    promised: Policy | None,
    place: Place,
    timeout: float,
    reveal: t.Collection[str] = (),
) -> Policy | None:
    """Reads until Intune shows what was promised."""

    def found() -> Policy | None:
        try:
            return find(client, backend, policy_id, None, place, reveal)
        except errors.NotFoundError:
            # There, but not its assignments yet; or gone between two reads.
            return None

    def good(policy: Policy | None) -> bool:
        return plan(policy, promised and without(promised, policy.hidden if policy else ())) == []

    what = f"Intune to show the policy '{promised.name if promised else policy_id}' as it was written"
    return t.cast("Policy | None", client.wait_until(found, good, timeout=timeout, what=what))


def without(policy: Policy, names: t.Collection[str]) -> Policy:
    """The policy without settings that cannot be compared."""
    return dataclasses.replace(policy, settings={name: value for name, value in policy.settings.items() if name not in names})


def path(backend: Backend, policy_id: str | None) -> str:
    return backend.path + render_path(policy_id or "")
