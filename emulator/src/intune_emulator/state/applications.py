# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Applications of the tenant that may request tokens, and their credentials."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509

# All roles that the emulated calls need: https://learn.microsoft.com/graph/permissions-reference
DEFAULT_ROLES: tuple[str, ...] = (
    "Application.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Device.Read.All",
    "DeviceManagementConfiguration.ReadWrite.All",
    "DeviceManagementManagedDevices.PrivilegedOperations.All",
    "DeviceManagementManagedDevices.Read.All",
    "DeviceManagementRBAC.Read.All",
    "DeviceManagementScripts.ReadWrite.All",
    "DeviceManagementServiceConfig.Read.All",
    "Group.Read.All",
    "GroupMember.Read.All",
    "Organization.Read.All",
    "Policy.Read.AuthenticationMethod",
    "RoleManagement.Read.Directory",
    "User.Read.All",
    "UserAuthMethod-TAP.ReadWrite.All",
)

FEDERATED_AUDIENCE = "api://AzureADTokenExchange"


@dataclass
class Secret:
    """A client secret; valid while the emulated clock is before `expires`."""

    value: str
    expires: datetime


@dataclass
class FederatedCredential:
    """Trust in another issuer's tokens; all three must match exactly."""

    issuer: str
    subject: str
    audience: str = FEDERATED_AUDIENCE


@dataclass
class Application:
    """An app registration with its service principal (`object_id`)."""

    client_id: str
    object_id: str
    display_name: str
    roles: list[str] = field(default_factory=lambda: list(DEFAULT_ROLES))
    secrets: list[Secret] = field(default_factory=list)
    certificates: list[x509.Certificate] = field(default_factory=list)
    federated: list[FederatedCredential] = field(default_factory=list)
    managed_identity: bool = False
