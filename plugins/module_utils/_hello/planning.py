# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The plan of a task of intune_pin_policy: what is read of the tenant, and the names that are looked up, before anything is written."""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .._directory.lookup import DirectoryLookup
from .._graph.client import GraphClient
from . import api, assignments, migration, policy, settings
from .custom_profile import CustomProfile
from .model import Policy, PolicyScope, RequestedPolicy
from .policy import PolicyPlan, PolicyTask
from .settings_catalog import SettingsCatalog

BACKENDS: t.Mapping[settings.BackendName, api.Backend] = {"custom": CustomProfile(), "settings_catalog": SettingsCatalog()}
OTHER_BACKENDS: t.Mapping[settings.BackendName, api.Backend] = {"custom": SettingsCatalog(), "settings_catalog": CustomProfile()}


def find_current(client: GraphClient, task: PolicyTask, policy_scope: PolicyScope) -> Policy | None:
    """Return the policy that the task names, with the hidden values of the options that it gives."""
    backend = BACKENDS[task.backend]
    return api.find_policy(client, backend, policy_scope, policy_id=task.id, name=task.name, reveal=task.settings)


def make_plan(client: GraphClient, task: PolicyTask, policy_scope: PolicyScope) -> PolicyPlan:
    """Return the plan of the task; raise an error for everything that can be refused before the first write."""
    backend = BACKENDS[task.backend]
    current = find_current(client, task, policy_scope)
    replaced = migration.find_replaced(client, task, policy_scope, current, backend, OTHER_BACKENDS[task.backend])
    desired = make_desired(client, task, current, replaced) if task.is_present else None
    if current is not None and desired is not None:
        current = backend.prepare_update(client, current, desired, policy_scope)
    is_found = current is not None or replaced is not None
    absence = None if is_found or not task.name else api.explain_absence(client, [backend, OTHER_BACKENDS[task.backend]], task.name)
    return PolicyPlan(current, desired, replaced, tuple(policy.plan(current, desired)), absence)


def make_desired(client: GraphClient, task: PolicyTask, current: Policy | None, replaced: Policy | None) -> Policy:
    """Return the policy after the task, with the names of its assignments and scope tags looked up."""
    if current is None and task.id:
        raise errors.SelectionError(f"There is no policy with the ID {task.id}.", effects="none")
    base = policy.inherit(current, replaced) if replaced else current
    lookup = DirectoryLookup(client, {*assignments.collect_ids(base.assignments), *base.scope_tags} if base else ())
    targets = None if task.assignments is None else assignments.resolve(lookup, task.assignments)
    tags = None if task.scope_tags is None else {tag for name in task.scope_tags if (tag := lookup.find_scope_tag_id(name)) is not None}
    lookup.validate()
    requested = RequestedPolicy(
        task.name, task.description, task.settings, targets, task.purge_assignments, None if tags is None else tuple(sorted(tags))
    )
    return policy.make_desired(base, requested)
