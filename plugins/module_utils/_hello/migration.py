# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Moving a custom profile into the settings catalog: the new policy is made and assigned first, then the old one is removed.

Both have the same name, so that a run that was interrupted anywhere is continued by the next one.
"""

from __future__ import annotations

from .. import _errors as errors
from .._graph.client import GraphClient
from . import api, settings
from .api import Backend
from .custom_profile import CustomProfile, list_uris
from .model import Policy, PolicyScope
from .policy import PolicyTask


def find_replaced(
    client: GraphClient, task: PolicyTask, policy_scope: PolicyScope, current: Policy | None, backend: Backend, other: Backend
) -> Policy | None:
    """Return the custom profile that the task moves or removes.

    Raise SelectionError for a policy whose name the task would give a second time, or that it would leave behind. ``backend`` is that
    of the task.
    """
    if not task.name or not task.needs_other_backend(current):
        return None
    if task.is_rename(current):
        api.validate_name_is_free(client, backend, task.name)
    reveal = settings.BY_OPTION if task.replace_custom else ()
    found = api.find_only_policy(client, other, policy_scope, name=task.name, reveal=reveal)
    if not task.replace_custom:
        validate_no_conflict(other, found)
    elif found is not None and task.is_present:
        validate_movable(found, policy_scope)
    return found


def validate_no_conflict(other: Backend, found: Policy | None) -> None:
    """Raise SelectionError where a policy of the other backend has the name: the task would make a second one, or leave it behind."""
    if found is None:
        return
    way = ", set replace_custom to true to move or remove it," if other.name == "custom" else ""
    raise errors.SelectionError(
        f"There is a policy named '{found.name}' of the type {other.name} ({found.id}).",
        hint=f"Set backend to {other.name}{way} or choose another name.",
        effects="none",
    )


def validate_movable(replaced: Policy, policy_scope: PolicyScope) -> None:
    """Raise an error for a profile with settings that are not this module's, or a value that the settings catalog cannot hold."""
    ours = {policy_scope.uri(settings.BY_OPTION[name]) for name in replaced.settings}
    unmanaged = list_uris(replaced.raw, without=ours)
    if unmanaged:
        raise errors.SelectionError(
            f"The custom profile '{replaced.name}' ({replaced.id}) also has settings that cannot be moved: {', '.join(unmanaged)}.",
            hint="Remove them from the profile, or make the new policy under another name.",
            effects="none",
        )
    settings.validate(replaced.settings, policy_scope.scope, "settings_catalog")


def remove_replaced(client: GraphClient, replaced: Policy, policy_scope: PolicyScope, *, timeout: float) -> None:
    """Delete the old profile, once the new policy exists and is assigned, and wait until Intune no longer shows it."""
    custom = CustomProfile()
    try:
        client.delete(api.render_policy_path(custom, replaced.id), version=custom.version)
    except errors.ApprovalPendingError:
        raise
    except errors.IntuneError as failure:
        raise failure.with_more_advice(
            f"The new policy is in place; the custom profile {replaced.id} is still there, with the same settings. Run again to finish."
        ) from failure
    with api.report_partial(("delete",)):
        api.wait_until_shown(client, custom, policy_scope, replaced.id, None, timeout=timeout)
