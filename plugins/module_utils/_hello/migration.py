# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Move a custom profile to the settings catalog: create and assign the new policy, then remove the old profile.

If a setting changes during the move, the old profile gets the new value first, because two policies with different values conflict. Both
have the same name, so the next run continues an interrupted one at any point.
"""

from __future__ import annotations

from .. import _errors as errors
from .._graph.client import GraphClient
from .._names import show
from . import api, settings
from .api import Backend
from .custom_profile import CustomProfile, list_uris
from .model import Policy, PolicyScope
from .policy import Change, PolicyTask, settle_values
from .terms import name_option


def find_replaced(
    client: GraphClient, task: PolicyTask, policy_scope: PolicyScope, current: Policy | None, backend: Backend, other: Backend
) -> Policy | None:
    """Return the custom profile that the task moves.

    Raise SelectionError for a policy whose name the task would duplicate. ``backend`` is that of the task.
    """
    if not task.name or not task.needs_other_backend(current):
        return None
    if task.is_rename(current):
        api.validate_name_is_free(client, backend, task.name)
    reveal = settings.BY_OPTION if task.replace_custom else ()
    found = api.find_only_policy(client, other, policy_scope, name=task.name, reveal=reveal)
    if not task.replace_custom:
        validate_no_conflict(other, found)
    elif found is not None:
        validate_movable(found, policy_scope)
    return found


def validate_no_conflict(other: Backend, found: Policy | None) -> None:
    """Raise SelectionError if a policy of the other backend has the name, because the task would create a duplicate."""
    if found is None:
        return
    way = f" To move it into the settings catalog, set {name_option('replace_custom')} to true." if other.name == "custom" else ""
    raise errors.SelectionError(
        f"There is a policy named '{show(found.name)}' of the type {other.name} ({found.id}).",
        hint=f"To manage this policy, set {name_option('backend')} to {other.name}.{way} To make a second policy, choose another "
        f"{name_option('name')}.",
        effects="none",
    )


def validate_movable(replaced: Policy, policy_scope: PolicyScope) -> None:
    """Raise an error for a profile with unmanaged settings, or with a value that the settings catalog cannot hold."""
    ours = {policy_scope.uri(settings.BY_OPTION[name]) for name in replaced.settings}
    unmanaged = list_uris(replaced.raw, without=ours)
    if unmanaged:
        raise errors.SelectionError(
            f"The custom profile '{show(replaced.name)}' ({replaced.id}) also has settings that cannot be moved: {', '.join(unmanaged)}.",
            hint=f"Remove them from the profile, or give the new policy another {name_option('name')}.",
            effects="none",
        )
    settings.validate(replaced.settings, policy_scope.scope, "settings_catalog")


def settle(client: GraphClient, replaced: Policy, desired: Policy, policy_scope: PolicyScope) -> tuple[Change, ...]:
    """Set the new policy's values in the old profile, so that both agree while both are assigned. Return the changes."""
    settled = settle_values(replaced, desired)
    if not replaced.assignments or settled.settings == replaced.settings:
        return ()
    CustomProfile().update(client, replaced, settled, policy_scope)
    return ("update",)


def remove_replaced(client: GraphClient, replaced: Policy, policy_scope: PolicyScope, *, timeout: float) -> None:
    """Delete the old profile after the new policy exists and is assigned, and wait until Intune no longer shows it."""
    custom = CustomProfile()
    try:
        client.delete(api.render_policy_path(custom, replaced.id), version=custom.version)
    except errors.ApprovalPendingError:
        raise
    except errors.IntuneError as failure:
        raise failure.with_more_advice(f"The custom profile {replaced.id} is still there. Run again to finish.") from failure
    with api.report_partial(("delete",)):
        api.wait_until_shown(client, custom, policy_scope, replaced.id, None, timeout=timeout)
