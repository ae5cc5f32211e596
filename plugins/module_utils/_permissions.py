# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The least application permissions of each module. Source: https://learn.microsoft.com/graph/permissions-reference"""

from __future__ import annotations

import typing as t

from . import _errors as errors

# One permission of each row is needed. The first of a row is the least.
Rows = tuple[tuple[str, ...], ...]

READ_DEVICES = ("DeviceManagementManagedDevices.Read.All", "DeviceManagementManagedDevices.ReadWrite.All")
READ_APPLICATIONS = ("Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
# To read the application that signs in. It is not documented yet whether ReadUpdate is sufficient; the response decides.
READ_OWN_APPLICATION = (*READ_APPLICATIONS, "Application.ReadWrite.OwnedBy", "Application.ReadUpdate.All")
READ_GRANTS = (
    "DelegatedPermissionGrant.Read.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
)
DIRECTORY_WRITER = "Directory.ReadWrite.All"  # listed by older pages of Microsoft for grants and applications
WRITE_APPLICATIONS = ("Application.ReadWrite.All",)
WRITE_GRANTS = ("DelegatedPermissionGrant.ReadWrite.All",)
WRITE_CONFIGURATION = ("DeviceManagementConfiguration.ReadWrite.All",)
READ_CONFIGURATION = ("DeviceManagementConfiguration.Read.All", "DeviceManagementConfiguration.ReadWrite.All")
# Since July 2025, instead of DeviceManagementConfiguration, which older pages of Microsoft still name.
WRITE_SCRIPTS = ("DeviceManagementScripts.ReadWrite.All",)
READ_SCRIPTS = ("DeviceManagementScripts.Read.All", *WRITE_SCRIPTS)
# Newer pages of Microsoft also name DeviceManagementConfiguration; it is unknown whether it is sufficient in every tenant.
READ_ENROLLMENT = ("DeviceManagementServiceConfig.Read.All", "DeviceManagementServiceConfig.ReadWrite.All")
READ_ORGANIZATION = ("Organization.Read.All", "Directory.Read.All")
READ_LICENSES = ("LicenseAssignment.Read.All", *READ_ORGANIZATION)
READ_GROUPS = ("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All")  # if the task names groups
READ_DIRECTORY_DEVICES = ("Device.Read.All", "Directory.Read.All")  # if groups have devices as members
READ_USERS = ("User.Read.All", "Directory.Read.All")  # if the task names users, or users are members of groups
# Since July 2025, these are needed instead of DeviceManagementConfiguration, which some of Microsoft's pages still name.
READ_TAGS = ("DeviceManagementRBAC.Read.All", "DeviceManagementRBAC.ReadWrite.All")  # if the task names scope tags
# Microsoft's page on creating a pass lists permissions to read as the least ones, but these cannot create a pass.
WRITE_PASSES = ("UserAuthMethod-TAP.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All")
READ_PASSES = ("UserAuthMethod-TAP.Read.All", "UserAuthenticationMethod.Read.All", *WRITE_PASSES)
READ_ROLES = ("RoleManagement.Read.Directory", "Directory.Read.All")  # if users hold directory roles
READ_METHODS_POLICY = ("Policy.Read.AuthenticationMethod", "Policy.Read.All", "Policy.ReadWrite.AuthenticationMethod")
WRITE_ASSIGNMENTS = ("AppRoleAssignment.ReadWrite.All",)
RESET_PASSCODE = ("DeviceManagementManagedDevices.PrivilegedOperations.All",)
# A person with a directory role uses these once. The holder of one of them can give itself others.
FOR_PERSONS = frozenset((*WRITE_APPLICATIONS, *WRITE_GRANTS, *WRITE_ASSIGNMENTS))

NO_DIRECTORY_ROLE = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"  # the claim wids of an application without a directory role
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"  # the application ID of az, the same in all tenants
PERSON_OF_AZURE_CLI = (
    "You are signed in as a person by the Azure CLI, whose token never holds a permission of Intune or for passes of users, "
    "regardless of grants. Sign in as an application: by auth_method client_certificate, client_secret, workload_identity or "
    "managed_identity, or by 'az login --service-principal'. Modules that need no permission of Intune, such as "
    "intune_pinreset_consent, work with it."
)

BY_A_PERSON = (
    "Let an administrator do this once, signed in by 'az login' (auth_method azure_cli). To connect the tenant, the administrator runs the "
    "playbook endpointops.intune.bootstrap, or consents on the pages in consent_urls of intune_pinreset_consent_info. Afterwards, that "
    "module reports whether the tenant is connected."
)

MODULES: dict[str, Rows] = {
    "intune_pinreset_consent": (WRITE_APPLICATIONS, WRITE_GRANTS),
    "intune_pinreset_consent_info": (READ_APPLICATIONS, READ_GRANTS),
    "intune_pin_policy": (WRITE_CONFIGURATION,),
    "intune_pin_policy_info": (READ_CONFIGURATION,),
    "intune_pin_probe": (WRITE_SCRIPTS,),
    "intune_pin_readiness_info": (READ_APPLICATIONS, READ_GRANTS, READ_CONFIGURATION, READ_ENROLLMENT),
    "intune_pin_recovery": (READ_USERS, READ_DEVICES, READ_APPLICATIONS, READ_GRANTS, READ_CONFIGURATION, READ_ENROLLMENT),
    "intune_pin_report": (READ_APPLICATIONS, READ_GRANTS, READ_CONFIGURATION, READ_ENROLLMENT, READ_DEVICES),
    "intune_device_info": (READ_DEVICES,),
    "intune_device_passcode": (READ_DEVICES, RESET_PASSCODE),
    "intune_device_passcode_info": (READ_DEVICES,),
    "entra_temporary_access_pass": (WRITE_PASSES, READ_USERS),
    "entra_temporary_access_pass_info": (READ_PASSES, READ_USERS),
    "intune_connection_info": (READ_ORGANIZATION, READ_CONFIGURATION),
    "entra_application": (WRITE_APPLICATIONS, WRITE_ASSIGNMENTS),
    "entra_application_info": (READ_APPLICATIONS,),
}

# The modules that each entry point of the role uses, except the consent to the PIN Reset Service, which a person grants once, and resets
# after onboarding. With Organization.Read.All, summaries also contain the tenant's name.
ENTRY_POINTS: dict[str, tuple[str, ...]] = {
    "main": ("intune_pin_policy", "intune_pinreset_consent_info", "intune_pin_readiness_info"),
    "verify": ("intune_pin_readiness_info",),
    "wait_ready": ("intune_pin_readiness_info", "intune_device_info"),
    "report": ("intune_pin_report",),
    "reset": ("intune_device_passcode",),
    "fetch": ("intune_device_passcode_info",),
    "recover": ("intune_pin_recovery", "entra_temporary_access_pass"),
}

# Objects that a task can name or read in addition to those that its module always needs.
LOOKUPS: dict[str, tuple[str, ...]] = {
    "groups": READ_GROUPS,
    "group_devices": READ_DIRECTORY_DEVICES,
    "users": READ_USERS,
    "scope_tags": READ_TAGS,
    "directory_roles": READ_ROLES,
    "pass_policy": READ_METHODS_POLICY,
    "probe": READ_SCRIPTS,
    "organization": READ_ORGANIZATION,
}

# In check mode, a module that writes only reads.
CHECK_MODE: dict[str, Rows] = {
    "intune_pinreset_consent": MODULES["intune_pinreset_consent_info"],
    "intune_pin_policy": MODULES["intune_pin_policy_info"],
    "intune_pin_probe": (READ_SCRIPTS,),
    "intune_device_passcode": MODULES["intune_device_passcode_info"],
    "entra_temporary_access_pass": MODULES["entra_temporary_access_pass_info"],
    "entra_application": MODULES["entra_application_info"],
}


def parse_granted(claims: t.Mapping[str, t.Any]) -> set[str] | None:
    """Return the permissions in the claims of an application's or a user's token, or None for a token that cannot be read."""
    if not claims:
        return None
    roles, scopes = claims.get("roles"), claims.get("scp")
    granted = {role for role in roles if isinstance(role, str)} if isinstance(roles, list) else set()
    return granted | set(scopes.split() if isinstance(scopes, str) else ())


def advise(missing: t.Iterable[str], once: str = BY_A_PERSON) -> str:
    """Return what to do about permissions that an application lacks.

    Those that let their holder take over the tenant are not to be granted. ``once``: who does instead what needs them.
    """
    names = list(missing)
    plain, risky = ([name for name in names if (name in FOR_PERSONS) == is_risky] for is_risky in (False, True))
    sentences = []
    if plain:
        it = "it" if len(plain) == 1 else "them"
        which = " and ".join(plain) if risky else it
        sentences.append(
            f"Sign in as an application that has {which}, or grant {it} to this one in Microsoft Entra, and consent to {it} as an "
            "administrator."
        )
    if risky:
        sentences += [once, warn_of_risk(risky)]
    return " ".join(sentences)


def advise_on_one(purpose: str, needed: t.Iterable[str]) -> str:
    """Return the hint of a refused request that takes one of these permissions, none of which lets its holder take over the tenant."""
    return (
        f"{purpose}, the application needs one of the permissions {', '.join(needed)}. Grant it in Microsoft Entra, and consent to it as "
        "an administrator."
    )


def warn_of_risk(risky: t.Sequence[str]) -> str:
    """Return the advice not to grant permissions that let their holder take over the tenant."""
    return f"Grant {' and '.join(risky)} to an application only as a last resort: its holder can take over the tenant."


def list_missing_writes(claims: t.Mapping[str, t.Any], rows: t.Iterable[tuple[str, ...]]) -> list[str]:
    """Return the least permissions of these rows that an application's token certainly lacks.

    Empty for a person, whose directory roles may permit more than the token shows; for a token that cannot be read or has no permissions;
    and with a permission that may replace them.
    """
    granted = parse_granted(claims) or set()
    if not granted or "scp" in claims or DIRECTORY_WRITER in granted:
        return []
    return [row[0] for row in dict.fromkeys(rows) if not set(row) & granted]


def is_refused(claims: t.Mapping[str, t.Any], row: t.Collection[str]) -> bool:
    """Return whether a read that needs one of these permissions is certainly refused for an application's token.

    False for a person; for a token that cannot be read or has no permissions; with a directory role, which may also permit it; and with a
    permission to write the same objects.
    """
    granted, directory_roles = parse_granted(claims) or set(), claims.get("wids") or [NO_DIRECTORY_ROLE]
    if not granted or "scp" in claims or directory_roles != [NO_DIRECTORY_ROLE]:
        return False
    return not set(row) & {name for found in granted for name in (found, found.replace(".ReadWrite.", ".Read."))}


def validate_writes(claims: t.Mapping[str, t.Any], rows: t.Iterable[tuple[str, ...]]) -> None:
    """Raise MissingPermissionError if an application's token certainly lacks one of these permissions, so that nothing is written."""
    missing = list_missing_writes(claims, rows)
    if missing:
        raise errors.MissingPermissionError(
            f"The token does not have the application permission {' and '.join(missing)}, which the changes need.",
            hint=advise(missing),
            effects="none",
        )


def is_person_of_azure_cli(claims: t.Mapping[str, t.Any]) -> bool:
    """Return whether the Azure CLI got a token for a person. Such a token has a fixed list of permissions, without Intune's."""
    return (claims.get("appid") or claims.get("azp")) == AZURE_CLI and "scp" in claims


def list_missing(module: str, have: t.Collection[str] | None, *, check: bool = False) -> list[str]:
    """Return the least permissions that a module still needs, optionally in check mode; none if those of the token are unknown."""
    rows = CHECK_MODE.get(module, MODULES[module]) if check else MODULES[module]
    return [] if have is None else [row[0] for row in rows if not set(row) & set(have)]
