# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Plan the removal of a policy: find the policies with its name or ID in all backends, and check whether they may be removed."""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .._graph.client import GraphClient
from .._names import show
from . import api
from .api import Backend
from .model import Policy, PolicyScope
from .ownership import validate_own, warn_of_others
from .policy import DEFAULT_BACKEND, PolicyPlan, PolicyTask
from .terms import name_option

Found = tuple[Backend, Policy]


def plan_removal(client: GraphClient, task: PolicyTask, policy_scope: PolicyScope, backends: t.Sequence[Backend]) -> PolicyPlan:
    """Return the plan; raise SelectionError if the task does not select one of several policies, or if they contain unmanaged settings."""
    found = _find_by_id(client, task, policy_scope, backends) if task.id else _find_by_name(client, task, policy_scope, backends)
    chosen = [one for one in found if task.replace_custom or task.backend in (None, one[0].name)]
    if len(chosen) > 1 and not task.replace_custom:
        raise _make_doubt(chosen)
    warnings = [warning for one in chosen for warning in _check_contents(task, policy_scope, one)]
    warnings += _warn_of_rest(task, chosen, [one for one in found if one not in chosen])
    if not found and task.name:
        absence = api.explain_absence(client, backends, task.name)
        warnings += [f"There is no policy named '{show(task.name)}', so nothing is removed. {absence}"] if absence else []
    current = chosen[0][1] if chosen else None
    return PolicyPlan(
        backend=chosen[0][0].name if chosen else task.backend or DEFAULT_BACKEND,
        current=current,
        desired=None,
        # The order of the backends ensures that a custom profile is removed after a settings catalog policy.
        replaced=chosen[1][1] if len(chosen) > 1 else None,
        changes=("delete",) if current else (),
        warnings=tuple(warnings),
    )


def _find_by_name(client: GraphClient, task: PolicyTask, policy_scope: PolicyScope, backends: t.Iterable[Backend]) -> list[Found]:
    found = [(backend, api.find_only_policy(client, backend, policy_scope, name=task.name or "")) for backend in backends]
    return [(backend, policy) for backend, policy in found if policy is not None]


def _find_by_id(client: GraphClient, task: PolicyTask, policy_scope: PolicyScope, backends: t.Iterable[Backend]) -> list[Found]:
    """Return the policy with this ID; raise SelectionError if it has another backend than the task names."""
    for backend in sorted(backends, key=lambda backend: backend.name != task.backend):
        policy = api.find_policy(client, backend, policy_scope, policy_id=task.id)
        if policy is not None and task.backend not in (None, backend.name):
            raise api.make_backend_error(backend, policy)
        if policy is not None:
            return [(backend, policy)]
    return []


def _make_doubt(found: t.Sequence[Found]) -> errors.SelectionError:
    every = " and ".join(f"{policy.id} of the type {backend.name}" for backend, policy in found)
    return errors.SelectionError(
        f"Two policies are named '{show(found[0][1].name)}': {every}.",
        hint=f"Choose one with backend or id, or set {name_option('replace_custom')} to true to remove both.",
        effects="none",
    )


def _check_contents(task: PolicyTask, policy_scope: PolicyScope, found: Found) -> list[str]:
    """Return the warnings about unmanaged settings that are also removed; raise SelectionError without ``force``."""
    backend, policy = found
    contents = backend.read_contents(policy.raw, policy_scope.tenant_id)
    if not task.force:
        validate_own(policy, backend.name, contents)
    return warn_of_others(contents)


def _warn_of_rest(task: PolicyTask, chosen: t.Sequence[Found], rest: t.Iterable[Found]) -> t.Iterator[str]:
    for backend, policy in rest:
        missing = "" if chosen else f"There is no policy of the type {task.backend} named '{show(policy.name)}', so nothing is removed. "
        yield f"{missing}The policy {policy.id} of the type {backend.name} has the same name, and stays."
