# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The permissions that an application needs for its work, and the effects of strong ones. Pure.

Source: https://learn.microsoft.com/graph/permissions-reference
"""

from __future__ import annotations

import re
import typing as t

from .. import _errors as errors
from .. import _permissions as permissions

# The holder of one of these can grant itself others, directly or through a stronger application or user.
ELEVATING: t.Mapping[str, str] = {
    "AppRoleAssignment.ReadWrite.All": "its holder can grant itself every permission, and so take over the tenant",
    "Application.ReadUpdate.All": "its holder can add a credential to a stronger application, and act as it",
    "Application.ReadWrite.All": "its holder can add a credential to a stronger application, and act as it",
    "DelegatedPermissionGrant.ReadWrite.All": "its holder can grant delegated permissions to applications for all users",
    "Directory.ReadWrite.All": "its holder can change nearly all of the directory",
    "RoleManagement.ReadWrite.Directory": "its holder can make itself a Global Administrator, and so take over the tenant",
    "UserAuthenticationMethod.ReadWrite.All": "its holder can add a way to sign in as any user, administrators among them",
}
# Strong permissions that modules of this collection need.
STRONG: t.Mapping[str, str] = {
    "DeviceManagementManagedDevices.PrivilegedOperations.All": "its holder can reset, lock, and wipe every managed device",
    "DeviceManagementConfiguration.ReadWrite.All": "its holder can change the settings of all managed devices",
    "DeviceManagementScripts.ReadWrite.All": "its holder can run a script of its own as SYSTEM on every Windows device",
    "UserAuthMethod-TAP.ReadWrite.All": "its holder can sign in as any user in the scope of the policy for Temporary Access Passes",
}
# These permissions only read, but the data that they read is secret.
REVEALING: t.Mapping[str, str] = {
    "BitlockerKey.Read.All": "its holder can read the keys that unlock encrypted Windows devices",
    "DeviceLocalCredential.Read.All": "its holder can read the passwords of local administrators of Windows devices",
    "DeviceManagementManagedDevices.Read.All": "its holder can read a new passcode of every managed device for as long as Intune shows it",
}
OTHER = "its holder can change what no module of this collection changes; see Microsoft's reference of permissions"
READS = re.compile(r"\.Read(Basic)?(\.|$)")


def list_needed(
    modules: t.Iterable[str],
    entry_points: t.Iterable[str],
    lookups: t.Iterable[str],
    further: t.Iterable[str],
    *,
    is_least: bool = True,
) -> list[str]:
    """Return the sorted names of the least permissions for these modules, entry points of the role, and lookups, plus further ones.

    ``is_least``: omit a permission to read if another one permits to write the same.
    """
    named = {module for entry_point in entry_points for module in permissions.ENTRY_POINTS[entry_point]} | set(modules)
    rows = [row for module in named for row in permissions.MODULES[module]] + [permissions.LOOKUPS[lookup] for lookup in lookups]
    wanted = {row[0] for row in rows} | set(further)
    return sorted(name for name in wanted if not (is_least and ".Read." in name and name.replace(".Read.", ".ReadWrite.") in wanted))


def validate_powers(wanted: t.Iterable[str], forced: t.Collection[str]) -> None:
    """Raise InvalidOptionError for a permission stronger than modules of this collection need, unless it is listed in ``forced``.

    Its holder might grant itself others. Microsoft adds such permissions, so a list of them would never be complete.
    """
    refused = [name for name in wanted if not READS.search(name) and name not in STRONG and name not in forced]
    if refused:
        reasons = "; ".join(f"{name}: {describe_power(name)}" for name in refused)
        raise errors.InvalidOptionError(
            f"These permissions are not granted to an application that runs unattended: {reasons}.",
            hint="Let a person do once what needs them, such as the consent to the PIN Reset Service. To grant one anyway, name it in "
            "force_permissions.",
        )


def describe_power(name: str) -> str | None:
    """Return the powers of a permission in words, or None for one that only reads non-secret data."""
    return ELEVATING.get(name) or STRONG.get(name) or REVEALING.get(name) or (None if READS.search(name) else OTHER)
