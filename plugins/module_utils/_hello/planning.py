# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Plan a task of intune_pin_policy: read the tenant and look up names before anything is written."""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .. import _permissions as permissions
from .._directory.display_names import NO_NAMES, Names
from .._directory.lookup import DirectoryLookup, fetch_names
from .._graph.client import GraphClient
from .._guid import parse_guid
from .._names import show
from . import api, assignments, migration, policy, settings
from .custom_profile import CustomProfile
from .model import Policy, PolicyScope, RequestedPolicy
from .policy import PolicyPlan, PolicyTask
from .references import validate_references
from .removal import plan_removal
from .settings_catalog import SettingsCatalog

BACKENDS: t.Mapping[settings.BackendName, api.Backend] = {"custom": CustomProfile(), "settings_catalog": SettingsCatalog()}
OTHER_BACKENDS: t.Mapping[settings.BackendName, api.Backend] = {"custom": SettingsCatalog(), "settings_catalog": CustomProfile()}


# A task that removes both starts with the settings catalog policy.
BOTH: t.Sequence[api.Backend] = (BACKENDS["settings_catalog"], BACKENDS["custom"])


def make_plan(client: GraphClient, task: PolicyTask, policy_scope: PolicyScope) -> PolicyPlan:
    """Return the plan of the task; raise an error for everything that can be refused before the first write."""
    if not task.is_present:
        removal = plan_removal(client, task, policy_scope, BOTH)
        return dataclasses.replace(removal, names=name_references(client, NO_NAMES, removal.current, removal.replaced))
    backend, other = BACKENDS[task.written_backend], OTHER_BACKENDS[task.written_backend]
    current = api.find_policy(client, backend, policy_scope, policy_id=task.id, name=task.name, reveal=task.settings)
    if current is None and task.id:
        raise _make_missing_error(client, task, policy_scope, other)
    replaced = migration.find_replaced(client, task, policy_scope, current, backend, other)
    is_writer = not permissions.list_missing_writes(client.credential.identity(), [permissions.WRITE_CONFIGURATION])
    desired, known = make_desired(client, task, current, replaced, is_writer)
    warnings = [] if is_writer or current is None else _warn_of_hidden(current, task)
    if current is not None:
        # Never written, because a task without the permission to write only makes a plan.
        unknown = {} if is_writer else dict.fromkeys(current.hidden, settings.HIDDEN)
        current = backend.prepare_update(client, dataclasses.replace(current, written_back=unknown), desired, policy_scope)
    if current is None and replaced is None and task.name:
        absence = api.explain_absence(client, [backend, other], task.name)
        warnings += [f"There is no policy named '{show(task.name)}', so a new policy is made. {absence}"] if absence else []
    names = name_references(client, known, current, replaced, desired)
    return PolicyPlan(task.written_backend, current, desired, replaced, tuple(policy.plan(current, desired)), tuple(warnings), names)


def _warn_of_hidden(current: Policy, task: PolicyTask) -> list[str]:
    unknown = ", ".join(name for name in current.hidden if name in task.settings)
    if not unknown:
        return []
    return [f"Intune does not reveal the value of {unknown} to an application that may only read. It counts as a change, and may be none."]


def _make_missing_error(client: GraphClient, task: PolicyTask, policy_scope: PolicyScope, other: api.Backend) -> errors.SelectionError:
    """Return the error for an ID that no policy of the task's backend has."""
    found = api.find_policy(client, other, policy_scope, policy_id=task.id)
    if found is not None:
        return api.make_backend_error(other, found)
    return errors.SelectionError(
        f"There is no policy with the ID {task.id}.", hint="Check the ID: the policy may have been removed.", effects="none"
    )


def make_desired(
    client: GraphClient, task: PolicyTask, current: Policy | None, replaced: Policy | None, is_writer: bool = True
) -> tuple[Policy, Names]:
    """Return the policy after the task, with the IDs of its assignments and scope tags, and the names of these IDs."""
    base = policy.inherit(current, replaced) if replaced else current
    kept = base.assignments if base else ()
    lookup = DirectoryLookup(client, {*assignments.collect_ids(kept), *(base.scope_tags if base else ())})
    targets = None if task.assignments is None else assignments.resolve(lookup, task.assignments)
    tags = None if task.scope_tags is None else {tag for name in task.scope_tags if (tag := lookup.find_scope_tag_id(name)) is not None}
    lookup.validate()
    requested = RequestedPolicy(
        task.name, task.description, task.settings, targets, task.purge_assignments, None if tags is None else tuple(sorted(tags))
    )
    desired = policy.make_desired(base, requested, is_writer=is_writer)
    if "assign" in policy.plan(current, desired):
        validate_references(lookup, kept, targets or (), desired.assignments, policy.make_subject(desired.name))
    return desired, lookup.names


def name_references(client: GraphClient, known: Names, *policies: Policy | None) -> Names:
    """Return the known names, and those of all groups, filters, and scope tags in the policies, as far as they can be read."""
    found = [each for each in policies if each is not None]
    targets = [target for each in found for target in each.assignments]
    return fetch_names(
        client,
        known,
        groups={target.group_id for target in targets if parse_guid(target.group_id)},
        filters={target.filter_id for target in targets if target.filter_id},
        tags={tag for each in found for tag in each.scope_tags},
    )
