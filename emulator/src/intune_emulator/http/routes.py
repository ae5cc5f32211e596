# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The route table: what exists in which version, who may call it, and which quota it draws on (facts: permissions, throttling)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..entra import grants, groups, organization, service_principals
from ..intune import (
    approval_requests,
    configuration_policies,
    configuration_settings,
    device_configurations,
    devices,
    filters_and_tags,
    intents,
)
from ..reports import export_jobs, setting_report
from . import batch
from .errors import no_segment
from .message import Call, Reply

BOTH = ("v1.0", "beta")
V1 = ("v1.0",)
BETA = ("beta",)

DEVICES_READ = ("DeviceManagementManagedDevices.Read.All", "DeviceManagementManagedDevices.ReadWrite.All")
DEVICES_ACT = ("DeviceManagementManagedDevices.PrivilegedOperations.All",)
CONFIG_READ = ("DeviceManagementConfiguration.Read.All", "DeviceManagementConfiguration.ReadWrite.All")
SERVICE_READ = ("DeviceManagementServiceConfig.Read.All", "DeviceManagementServiceConfig.ReadWrite.All")
RBAC_READ = ("DeviceManagementRBAC.Read.All", "DeviceManagementRBAC.ReadWrite.All")
CONFIG_WRITE = ("DeviceManagementConfiguration.ReadWrite.All",)
EXPORTS_READ = (*CONFIG_READ, *DEVICES_READ)
EXPORTS_WRITE = (*CONFIG_WRITE, "DeviceManagementManagedDevices.ReadWrite.All")
APPROVALS_READ = ("DeviceManagementRBAC.Read.All", "DeviceManagementRBAC.ReadWrite.All", *CONFIG_READ)
DIRECTORY = ("Directory.Read.All", "Directory.ReadWrite.All")
APPS_READ = ("Application.Read.All", "Application.ReadWrite.All", *DIRECTORY)
APPS_WRITE = ("Application.ReadWrite.All",)
APPS_CREATE = ("Application.ReadWrite.All", "Application.ReadWrite.OwnedBy")
GRANTS_READ = ("DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All", *DIRECTORY)
GRANTS_WRITE = ("DelegatedPermissionGrant.ReadWrite.All",)
GROUPS_READ = ("GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", *DIRECTORY)
ORGANIZATION_READ = ("Organization.Read.All", "Organization.ReadWrite.All", *DIRECTORY)
SKUS_READ = ("LicenseAssignment.Read.All", *ORGANIZATION_READ)
ENTRA_DEVICE_READ = ("Device.Read.All", "Device.ReadWrite.All", *DIRECTORY)

Handler = Callable[[Call], Reply]


@dataclass(frozen=True)
class Route:
    """`workload`: devices, configuration, auditing (Intune), identity, or None for $batch. `units`: resource units."""

    versions: tuple[str, ...]
    method: str
    template: str
    handler: Handler
    roles: tuple[str, ...]
    workload: str | None
    units: int = 1

    @property
    def intune(self) -> bool:
        """Answered by Intune, not by the directory."""
        return self.workload in ("devices", "configuration", "auditing")

    @property
    def write(self) -> bool:
        """Counts as a write."""
        return self.method != "GET"


DC = "/deviceManagement/deviceConfigurations"
CP = "/deviceManagement/configurationPolicies"
PLAIN_TEXT = "/{id}/getOmaSettingPlainTextValue(secretReferenceValueId='{secret}')"
FILTERS = "/deviceManagement/assignmentFilters"
INTENTS = "/deviceManagement/intents"
ENROLLMENT = "/deviceManagement/deviceEnrollmentConfigurations"
TAGS = "/deviceManagement/roleScopeTags"
MD = "/deviceManagement/managedDevices"
EXPORTS = "/deviceManagement/reports/exportJobs"
APPROVALS = "/deviceManagement/operationApprovalRequests"
SP_KEYS = ("/servicePrincipals/{id}", "/servicePrincipals(appId='{appId}')")
BIN_CASTS = ("/directory/deletedItems/microsoft.graph.servicePrincipal", "/directory/deletedItems/graph.servicePrincipal")

ROUTES: tuple[Route, ...] = (
    Route(BOTH, "POST", "/$batch", batch.run, (), None),
    Route(BOTH, "GET", MD, devices.list_all, DEVICES_READ, "devices"),
    Route(BOTH, "GET", MD + "/$count", devices.count, DEVICES_READ, "devices"),
    Route(BOTH, "GET", MD + "/{id}", devices.get, DEVICES_READ, "devices"),
    Route(BOTH, "POST", MD + "/{id}/resetPasscode", devices.reset_passcode, DEVICES_ACT, "devices"),
    Route(BOTH, "POST", MD + "/{id}/syncDevice", devices.sync_device, DEVICES_ACT, "devices"),
    Route(BOTH, "POST", MD + "/{id}/remoteLock", devices.remote_lock, DEVICES_ACT, "devices"),
    Route(BOTH, "POST", EXPORTS, export_jobs.create, EXPORTS_WRITE, "configuration"),
    Route(BOTH, "GET", EXPORTS, export_jobs.list_all, EXPORTS_READ, "configuration"),
    Route(BOTH, "GET", EXPORTS + "/{id}", export_jobs.get, EXPORTS_READ, "configuration"),
    Route(BOTH, "POST", setting_report.PATH, setting_report.run, CONFIG_READ, "configuration"),
    Route(BETA, "GET", APPROVALS, approval_requests.list_all, APPROVALS_READ, "configuration"),
    Route(BETA, "GET", APPROVALS + "/{id}", approval_requests.get, APPROVALS_READ, "configuration"),
    Route(BETA, "GET", "/deviceManagement/operationApprovalPolicies", approval_requests.list_policies, APPROVALS_READ, "configuration"),
    Route(BETA, "GET", "/deviceManagement/remoteActionAudits", devices.audits, DEVICES_READ, "auditing"),
    Route(BOTH, "GET", DC, device_configurations.list_all, CONFIG_READ, "configuration"),
    Route(BOTH, "POST", DC, device_configurations.create, CONFIG_WRITE, "configuration"),
    Route(BOTH, "GET", DC + "/{id}", device_configurations.get, CONFIG_READ, "configuration"),
    Route(BOTH, "PATCH", DC + "/{id}", device_configurations.update, CONFIG_WRITE, "configuration"),
    Route(BOTH, "DELETE", DC + "/{id}", device_configurations.delete, CONFIG_WRITE, "configuration"),
    Route(BOTH, "GET", DC + "/{id}/assignments", device_configurations.ASSIGNMENTS.list_all, CONFIG_READ, "configuration"),
    Route(BOTH, "POST", DC + "/{id}/assign", device_configurations.ASSIGNMENTS.assign, CONFIG_WRITE, "configuration"),
    Route(BOTH, "GET", DC + PLAIN_TEXT, device_configurations.plain_text_value, CONFIG_READ, "configuration"),
    Route(V1, "GET", DC + "/{id}/deviceStatusOverview", device_configurations.status_overview, CONFIG_READ, "configuration"),
    Route(BETA, "GET", CP, configuration_policies.list_all, CONFIG_READ, "configuration"),
    Route(BETA, "POST", CP, configuration_policies.create, CONFIG_WRITE, "configuration"),
    Route(BETA, "GET", CP + "/{id}", configuration_policies.get, CONFIG_READ, "configuration"),
    Route(BETA, "PUT", CP + "/{id}", configuration_policies.replace, CONFIG_WRITE, "configuration"),
    Route(BETA, "PATCH", CP + "/{id}", configuration_policies.update, CONFIG_WRITE, "configuration"),
    Route(BETA, "DELETE", CP + "/{id}", configuration_policies.delete, CONFIG_WRITE, "configuration"),
    Route(BETA, "GET", CP + "/{id}/settings", configuration_policies.list_settings, CONFIG_READ, "configuration"),
    Route(BETA, "GET", CP + "/{id}/assignments", configuration_policies.ASSIGNMENTS.list_all, CONFIG_READ, "configuration"),
    Route(BETA, "POST", CP + "/{id}/assign", configuration_policies.ASSIGNMENTS.assign, CONFIG_WRITE, "configuration"),
    Route(BETA, "GET", "/deviceManagement/configurationSettings/{id}", configuration_settings.get, CONFIG_READ, "configuration"),
    Route(BETA, "GET", FILTERS, filters_and_tags.list_filters, CONFIG_READ, "configuration"),
    Route(BETA, "GET", FILTERS + "/{id}", filters_and_tags.get_filter, CONFIG_READ, "configuration"),
    Route(BETA, "GET", TAGS, filters_and_tags.list_tags, RBAC_READ, "configuration"),
    Route(BETA, "GET", TAGS + "/{id}", filters_and_tags.get_tag, RBAC_READ, "configuration"),
    Route(BETA, "GET", INTENTS, intents.list_intents, CONFIG_READ, "configuration"),
    Route(BETA, "GET", INTENTS + "/{id}", intents.get_intent, CONFIG_READ, "configuration"),
    Route(BETA, "GET", INTENTS + "/{id}/settings", intents.list_settings, CONFIG_READ, "configuration"),
    Route(BETA, "GET", INTENTS + "/{id}/assignments", intents.ASSIGNMENTS.list_all, CONFIG_READ, "configuration"),
    Route(BOTH, "GET", ENROLLMENT, intents.list_enrollment, SERVICE_READ, "configuration"),
    Route(V1, "GET", "/deviceManagement", organization.device_management, CONFIG_READ, "configuration"),
    Route(V1, "GET", "/organization", organization.list_all, ORGANIZATION_READ, "identity"),
    Route(V1, "GET", "/organization/{id}", organization.get, ORGANIZATION_READ, "identity"),
    Route(V1, "GET", "/subscribedSkus", organization.subscribed_skus, SKUS_READ, "identity", 3),
    Route(V1, "GET", "/groups", groups.list_all, GROUPS_READ, "identity"),
    Route(V1, "GET", "/groups/{id}", groups.get, GROUPS_READ, "identity"),
    Route(V1, "GET", "/groups/{id}/transitiveMembers", groups.transitive_members, GROUPS_READ, "identity"),
    Route(V1, "GET", "/devices(deviceId='{deviceId}')", groups.device_by_device_id, ENTRA_DEVICE_READ, "identity"),
    Route(V1, "GET", "/servicePrincipals", service_principals.list_all, APPS_READ, "identity"),
    Route(V1, "POST", "/servicePrincipals", service_principals.create, APPS_CREATE, "identity"),
    *(Route(V1, "GET", path, service_principals.get, APPS_READ, "identity") for path in SP_KEYS),
    *(Route(V1, "PATCH", path, service_principals.update, APPS_WRITE, "identity") for path in SP_KEYS),
    *(Route(V1, "DELETE", path, service_principals.delete, APPS_WRITE, "identity") for path in SP_KEYS),
    Route(V1, "GET", "/servicePrincipals/{id}/oauth2PermissionGrants", grants.list_of_service_principal, GRANTS_READ, "identity", 2),
    *(Route(V1, "GET", path, service_principals.list_deleted, APPS_READ, "identity") for path in BIN_CASTS),
    Route(V1, "GET", "/directory/deletedItems/{id}", service_principals.get_deleted, APPS_READ, "identity"),
    Route(V1, "POST", "/directory/deletedItems/{id}/restore", service_principals.restore, APPS_WRITE, "identity"),
    Route(V1, "DELETE", "/directory/deletedItems/{id}", service_principals.purge, APPS_WRITE, "identity"),
    Route(V1, "GET", "/oauth2PermissionGrants", grants.list_all, GRANTS_READ, "identity", 2),
    Route(V1, "POST", "/oauth2PermissionGrants", grants.create, GRANTS_WRITE, "identity"),
    Route(V1, "GET", "/oauth2PermissionGrants/{id}", grants.get, GRANTS_READ, "identity", 2),
    Route(V1, "PATCH", "/oauth2PermissionGrants/{id}", grants.update, GRANTS_WRITE, "identity"),
    Route(V1, "DELETE", "/oauth2PermissionGrants/{id}", grants.delete, GRANTS_WRITE, "identity"),
)

# Real, but not here; an unknown path that starts so is marked as not emulated.
NOT_EMULATED: dict[str, tuple[str, ...]] = {
    "/deviceManagement/configurationPolicies": BETA,
    "/deviceManagement/configurationSettings": BETA,
    "/deviceManagement/configurationPolicyTemplates": BETA,
    "/deviceManagement/assignmentFilters": BETA,
    "/deviceManagement/roleScopeTags": BETA,
    "/deviceManagement/operationApprovalPolicies": BETA,
    "/deviceManagement/operationApprovalRequests": BETA,
    "/deviceManagement/reports": BOTH,
    "/deviceManagement": BOTH,
    "/users": BOTH,
    "/applications": BOTH,
    "/directory": BOTH,
    "/devices": BOTH,
    "/groups": BOTH,
    "/servicePrincipals": BOTH,
    "/oauth2PermissionGrants": BOTH,
    "/organization": BOTH,
    "/subscribedSkus": BOTH,
}
# In beta only: v1.0 refuses them because they do not exist there.
BETA_ONLY = (
    "operationApprovalPolicies",
    "operationApprovalRequests",
    "remoteActionAudits",
    "configurationPolicies",
    "configurationSettings",
    "configurationPolicyTemplates",
    "assignmentFilters",
    "roleScopeTags",
    "intents",
)

_KEY = re.compile(r"\('([^'=()]+)'\)")
_PLACE = re.compile(r"\{(\w+)\}")


def _pattern(template: str) -> re.Pattern[str]:
    text = _PLACE.sub(lambda match: f"(?P<{match[1]}>[^/()']+)", re.sub(r"([$().])", r"\\\1", template))
    return re.compile(f"^{text}$", re.IGNORECASE)


_COMPILED: dict[tuple[str, str, int], list[tuple[re.Pattern[str], Route]]] = {}
for _route in ROUTES:
    for _version in _route.versions:
        _COMPILED.setdefault((_version, _route.method, _route.template.count("/")), []).append((_pattern(_route.template), _route))


def match(call: Call) -> tuple[Route, dict[str, str]]:
    """(route, path parameters), or the refusal of Graph."""
    path = _KEY.sub(r"/\1", call.path.rstrip("/"))
    for pattern, route in _COMPILED.get((call.version, call.method, path.count("/")), ()):
        found = pattern.match(path)
        # `$count` must not be taken for an id
        if found and not found.groupdict().get("id", "").startswith(("$", "microsoft.graph.", "graph.")):
            return route, found.groupdict()
    raise _refusal(call, path)


def _refusal(call: Call, path: str) -> Exception:
    for version, method, depth in _COMPILED:
        other = version == call.version and depth == path.count("/") and method != call.method
        if other and any(pattern.match(path) for pattern, _route in _COMPILED[version, method, depth]):
            error = no_segment(path.rpartition("/")[2], f"{call.method} on this path")
            error.status, error.message = 405, "Specified HTTP method is not allowed for the request target."
            return error
    segments = [segment for segment in path.split("/") if segment]
    if call.version == "v1.0":
        for segment in segments:
            if segment in BETA_ONLY:
                return no_segment(segment)
    for prefix, versions in NOT_EMULATED.items():
        if call.version in versions and path.lower().startswith(prefix.lower()):
            known = prefix.count("/")
            return no_segment(segments[min(known, len(segments)) - 1], f"{prefix} in {call.version} is not emulated")
    return no_segment(segments[0] if segments else "", "unknown path")
