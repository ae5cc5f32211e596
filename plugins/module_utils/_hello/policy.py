# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Decide on the policy that intune_pin_policy manages: the state that a task requests, and the changes that lead to it.

Pure. The calls are in ``api``. Policies of all backends have the same form here.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .._directory.display_names import Names
from .._types import Json
from . import assignments, settings
from .model import DEFAULT_SCOPE_TAG, PinPolicyResult, Policy, PolicyScope, RequestedPolicy
from .settings import BackendName, Scope, Values
from .terms import name_option

State = t.Literal["present", "absent"]
Change = t.Literal["create", "update", "assign", "delete"]
DEFAULT_BACKEND: BackendName = "custom"


@dataclasses.dataclass(frozen=True)
class PolicyTask:
    """The parsed options of a task. None means no change; ``settings`` contains those that the task sets."""

    state: State
    name: str | None
    id: str | None
    backend: BackendName | None
    replace_custom: bool
    description: str | None
    scope: Scope
    settings: Values
    assignments: tuple[assignments.Entry, ...] | None
    purge_assignments: bool
    scope_tags: tuple[str, ...] | None
    tenant_id: str | None
    wait_timeout: float
    force: bool = False

    @property
    def is_present(self) -> bool:
        """Whether the policy must exist after the task."""
        return self.state == "present"

    @property
    def written_backend(self) -> BackendName:
        """The backend of a policy that the task creates or changes."""
        return self.backend or DEFAULT_BACKEND

    def is_rename(self, current: Policy | None) -> bool:
        """Return whether the task renames the policy that it identifies by ID."""
        return bool(self.id and self.name) and self.is_present and current is not None and current.name != self.name

    def needs_other_backend(self, current: Policy | None) -> bool:
        """Return whether the task must check for a policy of the other backend with the same name."""
        if not self.name:
            return False
        if self.id:
            return self.is_rename(current) or self.replace_custom
        # The name of an existing policy was free when the policy was created.
        return current is None or self.replace_custom


@dataclasses.dataclass(frozen=True)
class PolicyPlan:
    """The changes from ``current`` to ``desired``, both of this backend. Afterwards the custom profile ``replaced`` is removed."""

    backend: BackendName
    current: Policy | None
    desired: Policy | None
    replaced: Policy | None
    changes: tuple[Change, ...]
    warnings: tuple[str, ...] = ()
    names: Names = dataclasses.field(default_factory=Names)

    def __bool__(self) -> bool:
        return bool(self.changes or self.replaced)


def parse_task(params: t.Mapping[str, t.Any]) -> PolicyTask:
    """Parse a task from a module's parameters."""
    entries, tags = params["assignments"], params["scope_tags"]
    return PolicyTask(
        state=params["state"],
        name=params["name"],
        id=params["id"],
        backend=params["backend"],
        replace_custom=params["replace_custom"],
        description=params["description"],
        scope=params["scope"],
        settings=settings.parse_values(params),
        assignments=None if entries is None else tuple(entries),
        purge_assignments=params["purge_assignments"],
        scope_tags=None if tags is None else tuple(tags),
        tenant_id=params["tenant_id"],
        wait_timeout=params["wait_timeout"],
        force=params["force"],
    )


def validate_task(task: PolicyTask) -> None:
    """Raise InvalidOptionError for options that no policy can have, before anything is sent."""
    if task.name is not None and not task.name.strip():
        raise errors.InvalidOptionError("name is blank.", hint="Name the policy.", effects="none")
    is_catalog = task.backend == "settings_catalog" or (task.backend is None and not task.is_present)
    if task.replace_custom and not (is_catalog and task.name):
        raise errors.InvalidOptionError(
            "replace_custom needs the backend settings_catalog, and the name that both policies have.",
            hint=f"Set {name_option('backend')} to settings_catalog, and name to the name of the custom profile.",
            effects="none",
        )
    if task.is_present:
        settings.validate(task.settings, task.scope, task.written_backend)
        assignments.validate_options(task.assignments or ())


def make_subject(name: str) -> assignments.Subject:
    """Return a policy of this name as the subject of messages about its assignments."""
    return assignments.Subject("policy", name, name_option)


def make_desired(current: Policy | None, requested: RequestedPolicy, *, is_writer: bool = True) -> Policy:
    """Return the policy after the task. A new one has no ID yet.

    ``is_writer``: whether the application may write. Intune may hide values from other applications that it would reveal to a writer; then
    a hidden value counts as different.
    """
    if current is None:
        current = _make_new(requested)
    if is_writer:
        _validate_comparable(current, requested)
    values = settings.merge(current.settings, requested.settings)
    # A task that does not change settings need not report an existing contradiction.
    problems = settings.find_contradictions(values) if requested.settings else []
    if problems:
        raise errors.InvalidOptionError(" ".join(problems), effects="none")
    targets = current.assignments
    if requested.assignments is not None:
        assignments.validate_known(targets, make_subject(current.name))
        targets = assignments.merge(targets, requested.assignments, requested.purge_assignments)
    return dataclasses.replace(
        current,
        name=current.name if requested.name is None else requested.name,
        description=current.description if requested.description is None else requested.description,
        settings=values,
        assignments=targets,
        scope_tags=current.scope_tags if requested.scope_tags is None else requested.scope_tags or (DEFAULT_SCOPE_TAG,),
    )


def _make_new(requested: RequestedPolicy) -> Policy:
    if not requested.name:
        raise errors.InvalidOptionError("A new policy needs a name.", hint="Set name.", effects="none")
    if not settings.merge({}, requested.settings):
        raise errors.InvalidOptionError(
            f"There is no policy named '{requested.name}', and no setting is given: a new policy would set nothing.",
            hint="Set enable_pin_recovery to true, or another setting.",
            effects="none",
        )
    return Policy(requested.name)


def _validate_comparable(current: Policy, requested: RequestedPolicy) -> None:
    unknown = [name for name in current.hidden if name in requested.settings]
    if unknown:
        raise errors.SelectionError(
            f"Intune does not reveal the policy's value of {', '.join(unknown)}, so that it cannot be compared.",
            hint=f"Leave the setting out, set {name_option('backend')} to settings_catalog, or give the application "
            "DeviceManagementConfiguration.ReadWrite.All.",
            effects="none",
        )


def plan(current: Policy | None, desired: Policy | None) -> list[Change]:
    """Return the changes from one policy to the other, in order."""
    if desired is None:
        return ["delete"] if current is not None else []
    changes: list[Change] = []
    if current is None:
        changes.append("create")
    elif _content(current) != _content(desired):
        changes.append("update")
    if desired.assignments != (current.assignments if current else ()):
        changes.append("assign")
    return changes


def _content(policy: Policy) -> tuple[t.Any, ...]:
    return policy.name, policy.description, policy.settings, policy.scope_tags


def inherit(current: Policy | None, replaced: Policy) -> Policy:
    """Return the starting point of a replacing policy, with everything from the replaced one that it does not set itself."""
    assignments.validate_known((*(current.assignments if current else ()), *replaced.assignments), make_subject(replaced.name))
    return overlay(current, replaced)


def overlay(current: Policy | None, replaced: Policy) -> Policy:
    """Return the combination of two policies of one name, in which values of ``current`` take precedence."""
    if current is None:
        return dataclasses.replace(replaced, id=None, raw={})
    return dataclasses.replace(
        current,
        description=current.description or replaced.description,
        settings=settings.merge(replaced.settings, current.settings),
        assignments=assignments.merge(replaced.assignments, current.assignments, purge=False),
    )


def settle_values(replaced: Policy, desired: Policy) -> Policy:
    """Return the replaced policy with the values of the new one, so that devices never get two values of a setting."""
    return dataclasses.replace(replaced, settings={name: desired.settings.get(name, value) for name, value in replaced.settings.items()})


def drop_settings(policy: Policy, names: t.Collection[str]) -> Policy:
    """Return the policy without settings that cannot be compared."""
    return dataclasses.replace(policy, settings={name: value for name, value in policy.settings.items() if name not in names})


def describe(policy: Policy | None, backend: BackendName, policy_scope: PolicyScope, names: Names) -> PinPolicyResult | None:
    """Return the ``pin_policy`` return value."""
    if policy is None:
        return None
    return {
        "id": policy.id,
        "backend": backend,
        "scope": policy_scope.scope,
        "oma_uri": policy_scope.uri(settings.BY_OPTION["enable_pin_recovery"]),
        "name": policy.name,
        "description": policy.description,
        "settings": settings.describe(policy.settings),
        "assignments": [assignment.describe(names) for assignment in policy.assignments],
        "scope_tag_ids": list(policy.scope_tags),
    }


def describe_replaced(replaced: Policy) -> Json:
    """Return the custom profile that a task moves or removes, for its diff."""
    return {"name": replaced.name, "settings": settings.describe(replaced.settings, replaced.settings)}


def diff(before: Policy | None, after: Policy | None, names: Names) -> tuple[Json, Json]:
    """Return the managed keys of both, and the settings that at least one of them has; empty for a policy that does not exist."""
    options = {"enable_pin_recovery", *(before.settings if before else ()), *(after.settings if after else ())}
    return _describe_managed(before, options, names), _describe_managed(after, options, names)


def _describe_managed(policy: Policy | None, options: t.Iterable[str], names: Names) -> Json:
    if policy is None:
        return {}
    return {
        "name": policy.name,
        "description": policy.description,
        "settings": settings.describe(policy.settings, options),
        "assignments": [assignment.label(names) for assignment in policy.assignments],
        "scope_tags": sorted(map(names.label_tag, policy.scope_tags)),
    }
