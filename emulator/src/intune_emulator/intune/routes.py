# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Routes of Intune. Roles: https://learn.microsoft.com/graph/permissions-reference"""

from __future__ import annotations

from ..http.routing import BETA, BOTH, V1, Route
from . import (
    account,
    approval_requests,
    configuration_policies,
    configuration_settings,
    device_configurations,
    devices,
    enrollment_configurations,
    filters_and_tags,
    health_scripts,
    intents,
    on_demand,
    script_states,
)
from .roles import (
    APPROVALS_READ,
    CONFIG_READ,
    CONFIG_WRITE,
    DEVICES_PRIVILEGED,
    DEVICES_READ,
    RBAC_READ,
    SCRIPTS_READ,
    SCRIPTS_WRITE,
    SERVICE_READ,
)

DEVICE_CONFIGS = "/deviceManagement/deviceConfigurations"
CONFIG_POLICIES = "/deviceManagement/configurationPolicies"
PLAIN_TEXT = "/{id}/getOmaSettingPlainTextValue(secretReferenceValueId='{secret}')"
FILTERS = "/deviceManagement/assignmentFilters"
INTENTS = "/deviceManagement/intents"
ENROLLMENT = "/deviceManagement/deviceEnrollmentConfigurations"
TAGS = "/deviceManagement/roleScopeTags"
MANAGED_DEVICES = "/deviceManagement/managedDevices"
SCRIPTS = "/deviceManagement/deviceHealthScripts"
APPROVALS = "/deviceManagement/operationApprovalRequests"

ROUTES: tuple[Route, ...] = (
    Route(BOTH, "GET", MANAGED_DEVICES, devices.list_all, DEVICES_READ, "devices"),
    Route(BOTH, "GET", MANAGED_DEVICES + "/$count", devices.count, DEVICES_READ, "devices"),
    Route(BOTH, "GET", MANAGED_DEVICES + "/{id}", devices.get, DEVICES_READ, "devices"),
    Route(BOTH, "POST", MANAGED_DEVICES + "/{id}/resetPasscode", devices.reset_passcode, DEVICES_PRIVILEGED, "devices"),
    Route(BOTH, "POST", MANAGED_DEVICES + "/{id}/syncDevice", devices.sync_device, DEVICES_PRIVILEGED, "devices"),
    Route(BOTH, "POST", MANAGED_DEVICES + "/{id}/remoteLock", devices.remote_lock, DEVICES_PRIVILEGED, "devices"),
    Route(BETA, "GET", APPROVALS, approval_requests.list_all, APPROVALS_READ, "configuration"),
    Route(BETA, "GET", APPROVALS + "/{id}", approval_requests.get, APPROVALS_READ, "configuration"),
    Route(BETA, "GET", "/deviceManagement/operationApprovalPolicies", approval_requests.list_policies, APPROVALS_READ, "configuration"),
    Route(BETA, "GET", "/deviceManagement/remoteActionAudits", devices.audits, DEVICES_READ, "auditing"),
    Route(BOTH, "GET", DEVICE_CONFIGS, device_configurations.list_all, CONFIG_READ, "configuration"),
    Route(BOTH, "POST", DEVICE_CONFIGS, device_configurations.create, CONFIG_WRITE, "configuration"),
    Route(BOTH, "GET", DEVICE_CONFIGS + "/{id}", device_configurations.get, CONFIG_READ, "configuration"),
    Route(BOTH, "PATCH", DEVICE_CONFIGS + "/{id}", device_configurations.update, CONFIG_WRITE, "configuration"),
    Route(BOTH, "DELETE", DEVICE_CONFIGS + "/{id}", device_configurations.delete, CONFIG_WRITE, "configuration"),
    Route(BOTH, "GET", DEVICE_CONFIGS + "/{id}/assignments", device_configurations.ASSIGNMENTS.list_all, CONFIG_READ, "configuration"),
    Route(BOTH, "POST", DEVICE_CONFIGS + "/{id}/assign", device_configurations.ASSIGNMENTS.assign, CONFIG_WRITE, "configuration"),
    Route(BOTH, "GET", DEVICE_CONFIGS + PLAIN_TEXT, device_configurations.plain_text_value, CONFIG_READ, "configuration"),
    Route(V1, "GET", DEVICE_CONFIGS + "/{id}/deviceStatusOverview", device_configurations.status_overview, CONFIG_READ, "configuration"),
    Route(BETA, "GET", CONFIG_POLICIES, configuration_policies.list_all, CONFIG_READ, "configuration"),
    Route(BETA, "POST", CONFIG_POLICIES, configuration_policies.create, CONFIG_WRITE, "configuration"),
    Route(BETA, "GET", CONFIG_POLICIES + "/{id}", configuration_policies.get, CONFIG_READ, "configuration"),
    Route(BETA, "PUT", CONFIG_POLICIES + "/{id}", configuration_policies.replace, CONFIG_WRITE, "configuration"),
    Route(BETA, "PATCH", CONFIG_POLICIES + "/{id}", configuration_policies.update, CONFIG_WRITE, "configuration"),
    Route(BETA, "DELETE", CONFIG_POLICIES + "/{id}", configuration_policies.delete, CONFIG_WRITE, "configuration"),
    Route(BETA, "GET", CONFIG_POLICIES + "/{id}/settings", configuration_policies.list_settings, CONFIG_READ, "configuration"),
    Route(BETA, "GET", CONFIG_POLICIES + "/{id}/assignments", configuration_policies.ASSIGNMENTS.list_all, CONFIG_READ, "configuration"),
    Route(BETA, "POST", CONFIG_POLICIES + "/{id}/assign", configuration_policies.ASSIGNMENTS.assign, CONFIG_WRITE, "configuration"),
    Route(BETA, "GET", "/deviceManagement/configurationSettings/{id}", configuration_settings.get, CONFIG_READ, "configuration"),
    Route(BETA, "GET", FILTERS, filters_and_tags.list_filters, CONFIG_READ, "configuration"),
    Route(BETA, "GET", FILTERS + "/{id}", filters_and_tags.get_filter, CONFIG_READ, "configuration"),
    Route(BETA, "GET", TAGS, filters_and_tags.list_tags, RBAC_READ, "configuration"),
    Route(BETA, "GET", TAGS + "/{id}", filters_and_tags.get_tag, RBAC_READ, "configuration"),
    Route(BETA, "GET", INTENTS, intents.list_all, CONFIG_READ, "configuration"),
    Route(BETA, "GET", INTENTS + "/{id}", intents.get, CONFIG_READ, "configuration"),
    Route(BETA, "GET", INTENTS + "/{id}/settings", intents.list_settings, CONFIG_READ, "configuration"),
    Route(BETA, "GET", INTENTS + "/{id}/assignments", intents.ASSIGNMENTS.list_all, CONFIG_READ, "configuration"),
    Route(BOTH, "GET", ENROLLMENT, enrollment_configurations.list_all, (*SERVICE_READ, *CONFIG_READ), "configuration"),
    Route(BETA, "GET", SCRIPTS, health_scripts.list_all, SCRIPTS_READ, "configuration"),
    Route(BETA, "POST", SCRIPTS, health_scripts.create, SCRIPTS_WRITE, "configuration"),
    Route(BETA, "GET", SCRIPTS + "/{id}", health_scripts.get, SCRIPTS_READ, "configuration"),
    Route(BETA, "PATCH", SCRIPTS + "/{id}", health_scripts.update, SCRIPTS_WRITE, "configuration"),
    Route(BETA, "DELETE", SCRIPTS + "/{id}", health_scripts.delete, SCRIPTS_WRITE, "configuration"),
    Route(BETA, "GET", SCRIPTS + "/{id}/assignments", health_scripts.list_assignments, SCRIPTS_READ, "configuration"),
    Route(BETA, "POST", SCRIPTS + "/{id}/assign", health_scripts.assign, SCRIPTS_WRITE, "configuration"),
    Route(BETA, "GET", SCRIPTS + "/{id}/deviceRunStates", script_states.list_run_states, SCRIPTS_READ, "configuration"),
    Route(BETA, "GET", SCRIPTS + "/{id}/runSummary", script_states.run_summary, SCRIPTS_READ, "configuration"),
    Route(BETA, "GET", MANAGED_DEVICES + "/{id}/deviceHealthScriptStates", script_states.list_of_device, SCRIPTS_READ, "devices"),
    Route(BETA, "POST", MANAGED_DEVICES + "/{id}/initiateOnDemandProactiveRemediation", on_demand.start, DEVICES_READ, "devices"),
    Route(BETA, "GET", f"/{on_demand.LICENSE_PATH}", on_demand.get_license, CONFIG_READ, "configuration"),
    Route(V1, "GET", "/deviceManagement", account.get, CONFIG_READ, "configuration"),
)

# Paths that the service has but the emulator lacks.
NOT_EMULATED: dict[str, tuple[str, ...]] = {
    "/deviceManagement/configurationPolicies": BETA,
    "/deviceManagement/configurationSettings": BETA,
    "/deviceManagement/configurationPolicyTemplates": BETA,
    "/deviceManagement/assignmentFilters": BETA,
    "/deviceManagement/roleScopeTags": BETA,
    "/deviceManagement/deviceHealthScripts": BETA,
    "/deviceManagement/operationApprovalPolicies": BETA,
    "/deviceManagement/operationApprovalRequests": BETA,
    "/deviceManagement/reports": BOTH,
    "/deviceManagement": BOTH,
}
# Segments of beta only: v1.0 refuses them as the service does.
BETA_ONLY = (
    "operationApprovalPolicies",
    "operationApprovalRequests",
    "remoteActionAudits",
    "configurationPolicies",
    "configurationSettings",
    "configurationPolicyTemplates",
    "assignmentFilters",
    "roleScopeTags",
    "deviceHealthScripts",
    "deviceHealthScriptStates",
    "initiateOnDemandProactiveRemediation",
    "dataProcessorServiceForWindowsFeaturesOnboarding",
    "intents",
)
# Segments below which the service has no routes to items, although Microsoft's metadata has them.
NO_ITEM_ROUTES = (
    "/deviceManagement/deviceHealthScripts/{id}/assignments",
    "/deviceManagement/deviceHealthScripts/{id}/deviceRunStates",
)
