# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Application roles of Intune, with the names of https://learn.microsoft.com/graph/permissions-reference."""

from __future__ import annotations

from collections.abc import Sequence

from ..http.errors import forbidden
from ..http.message import GraphRequest

DEVICES_READ = ("DeviceManagementManagedDevices.Read.All", "DeviceManagementManagedDevices.ReadWrite.All")
DEVICES_WRITE = ("DeviceManagementManagedDevices.ReadWrite.All",)
DEVICES_PRIVILEGED = ("DeviceManagementManagedDevices.PrivilegedOperations.All",)
CONFIG_READ = ("DeviceManagementConfiguration.Read.All", "DeviceManagementConfiguration.ReadWrite.All")
CONFIG_WRITE = ("DeviceManagementConfiguration.ReadWrite.All",)
SERVICE_READ = ("DeviceManagementServiceConfig.Read.All", "DeviceManagementServiceConfig.ReadWrite.All")
RBAC_READ = ("DeviceManagementRBAC.Read.All", "DeviceManagementRBAC.ReadWrite.All")
APPROVALS_READ = (*RBAC_READ, *CONFIG_READ)
# Since July 2025 these, not DeviceManagementConfiguration.
SCRIPTS_READ = ("DeviceManagementScripts.Read.All", "DeviceManagementScripts.ReadWrite.All")
SCRIPTS_WRITE = ("DeviceManagementScripts.ReadWrite.All",)


def check_further_role(request: GraphRequest, roles: Sequence[str]) -> None:
    """Raise 403 for a caller without any of these roles, which a request needs beside those of its route."""
    granted = {*request.claims.get("roles", ()), *request.claims.get("scp", "").split()}
    if granted.isdisjoint(roles):
        raise forbidden(roles)
