# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications of the tenant that may ask for tokens, and their credentials."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509

# What the collection's own flows need (facts: permissions).
DEFAULT_ROLES: tuple[str, ...] = (
    "Application.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Device.Read.All",
    "DeviceManagementConfiguration.ReadWrite.All",
    "DeviceManagementManagedDevices.PrivilegedOperations.All",
    "DeviceManagementManagedDevices.Read.All",
    "DeviceManagementRBAC.Read.All",
    "DeviceManagementServiceConfig.Read.All",
    "Group.Read.All",
    "GroupMember.Read.All",
    "Organization.Read.All",
    "User.Read.All",
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
