# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Applications of the tenant that can request tokens, and their credentials."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

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
    """A client secret; valid from `begins` until `expires`, by the emulated clock. The login service accepts it from `known` on."""

    value: str
    expires: datetime
    key_id: str = ""
    display_name: str | None = None
    begins: datetime | None = None
    known: datetime | None = None


@dataclass
class Certificate:
    """The public part of a key pair, as in `keyCredentials`. The login service accepts it from `known` on."""

    certificate: x509.Certificate
    key_id: str
    display_name: str | None = None
    begins: datetime | None = None
    expires: datetime | None = None
    known: datetime | None = None
    usage: str = "Verify"


@dataclass
class FederatedCredential:
    """Trust in another issuer's tokens; all three must match exactly. The login service accepts it from `known` on."""

    issuer: str
    subject: str
    audience: str = FEDERATED_AUDIENCE
    id: str = ""
    name: str = ""
    description: str | None = None
    known: datetime | None = None


@dataclass
class Application:
    """An application registration with its service principal (`object_id`), or a managed identity, which has no registration.

    `registration_id` is the object ID of the registration, and `registration` the other properties that Graph shows of it. `roles` are the
    permissions granted to the service principal. The login service accepts the application from `known` on.
    """

    client_id: str
    object_id: str
    display_name: str
    roles: list[str] = field(default_factory=lambda: list(DEFAULT_ROLES))
    secrets: list[Secret] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    federated: list[FederatedCredential] = field(default_factory=list)
    managed_identity: bool = False
    registration_id: str = ""
    registration: dict[str, Any] = field(default_factory=dict)
    known: datetime | None = None
