# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Check that the emulator refuses unsupported requests, and that the response states this."""

from __future__ import annotations

from typing import Any

import pytest
from emulator_support import catalog, profiles, scripts

V1, BETA = "/v1.0/deviceManagement", "/beta/deviceManagement"
UNKNOWN = "33333333-3333-4333-8333-333333333333"
TEMPLATE = {"templateId": "fcef01f2-439d-4c3f-9184-823fd6e97646_1"}
RULE = {"deviceManagementApplicabilityRuleOsEdition": {"name": "x", "osEditionTypes": ["windows10Enterprise"], "ruleType": "include"}}
COLLECTION = {"@odata.type": "#microsoft.graph.configurationManagerCollectionAssignmentTarget", "collectionId": "x"}
IDENTITY = {"@odata.type": "#microsoft.graph.windowsIdentityProtectionConfiguration", "displayName": "x"}
RESTRICTIONS = {"@odata.type": "#microsoft.graph.windows10GeneralConfiguration", "displayName": "x"}
EXPORT = {"reportName": "DeviceStatusesByConfigurationProfile", "filter": f"(PolicyId eq '{UNKNOWN}')", "format": "csv"}


@pytest.fixture
def places(client: Any) -> dict[str, str]:
    """Return the IDs of objects of each kind, by name."""
    planted = {"surface": "identity_protection", "name": "x", "values": {}}
    return {
        "device": client.device("PHONE-HELPDESK-01")["id"],
        "user": client.json("/v1.0/users")["value"][0]["id"],
        "group": client.json("/v1.0/groups")["value"][0]["id"],
        "profile": profiles.create(client)["id"],
        "policy": catalog.create(client)["id"],
        "script": scripts.create(client)["id"],
        "enrollment": client.json(f"{V1}/deviceEnrollmentConfigurations")["value"][0]["id"],
        "intent": client.control("POST", "policies", {"surface": "intent", "name": "x", "values": {}})["id"],
        "identity": client.control("POST", "policies", planted)["id"],
    }


@pytest.mark.parametrize(
    "requests",
    [
        pytest.param(
            [
                ("GET", "/v1.0/nonsense"),
                ("GET", "/beta/me"),
                ("GET", "/v1.0/auditLogs/signIns"),
                ("GET", "/v1.0/deviceAppManagement/mobileApps"),
            ],
            id="unknown",
            marks=pytest.mark.parity(
                "refused",
                "Requests and errors",
                "An unknown path is refused, and the reason is in the header `x-emulator-refused` and in the journal.",
            ),
        ),
        pytest.param(
            [("GET", "/v1.0/$metadata")],
            id="metadata",
            marks=pytest.mark.parity("refused", "Requests and errors", "The metadata document is not emulated."),
        ),
        pytest.param(
            [
                ("GET", V1 + "/managedDevices?$search=x"),
                ("GET", V1 + "/managedDevices?$skip=1"),
                ("GET", V1 + "/managedDevices/{device}?$expand=users"),
                ("GET", "/v1.0/users?$search=x"),
                ("GET", "/v1.0/groups?$expand=members"),
                ("GET", "/v1.0/users?$count=true"),
            ],
            id="options",
            marks=pytest.mark.parity(
                "refused",
                "Requests and errors",
                "`$search`, `$skip`, and `$expand` of other relations than assignments and settings are not emulated.",
            ),
        ),
        pytest.param(
            [
                ("POST", V1 + "/managedDevices/{device}/wipe", {}),
                ("POST", V1 + "/managedDevices/{device}/retire", {}),
                ("POST", V1 + "/managedDevices/{device}/rebootNow", {}),
                ("POST", BETA + "/managedDevices/executeAction", {}),
            ],
            id="actions",
            marks=pytest.mark.parity(
                "refused",
                "Devices and resets",
                "Other remote actions than `resetPasscode`, `syncDevice`, and `remoteLock` are not emulated, nor is `executeAction`.",
            ),
        ),
        pytest.param(
            [("PATCH", V1 + "/managedDevices/{device}", {"notes": "x"}), ("DELETE", V1 + "/managedDevices/{device}")],
            id="changes",
            marks=pytest.mark.parity(
                "refused", "Devices and resets", "Devices are not changed or deleted by Graph: the control API changes them."
            ),
        ),
        pytest.param(
            [("GET", "/v1.0/users/{user}/managedDevices")],
            id="of a user",
            marks=pytest.mark.parity("refused", "Devices and resets", "The devices of a user have no path of their own."),
        ),
        pytest.param(
            [("GET", V1 + "/auditEvents"), ("GET", BETA + "/auditEvents")],
            id="audit log",
            marks=pytest.mark.parity("refused", "Devices and resets", "`auditEvents` are not emulated."),
        ),
        pytest.param(
            [("GET", V1 + "/windowsAutopilotDeviceIdentities"), ("GET", V1 + "/deviceCompliancePolicies")],
            id="autopilot",
            marks=pytest.mark.parity("refused", "Devices and resets", "Autopilot devices and compliance policies are not emulated."),
        ),
        pytest.param(
            [("POST", V1 + "/deviceConfigurations", RESTRICTIONS)],
            id="types",
            marks=pytest.mark.parity("refused", "Custom profiles", "Other types of profiles are not created."),
        ),
        pytest.param(
            [("POST", BETA + "/deviceConfigurations", profiles.policy(profiles.setting(), **RULE))],
            id="rules",
            marks=pytest.mark.parity("refused", "Custom profiles", "Applicability rules are not emulated."),
        ),
        pytest.param(
            [("POST", BETA + "/deviceConfigurations/{profile}/assign", {"assignments": [{"target": COLLECTION}]})],
            id="collections",
            marks=pytest.mark.parity("refused", "Custom profiles", "Assignments to collections of Configuration Manager are not emulated."),
        ),
        pytest.param(
            [
                ("GET", V1 + "/deviceConfigurations/{profile}/deviceStatuses"),
                ("GET", V1 + "/deviceConfigurations/{profile}/userStatusOverview"),
            ],
            id="statuses",
            marks=pytest.mark.parity("refused", "Custom profiles", "`deviceStatuses` and `userStatusOverview` are not emulated."),
        ),
        pytest.param(
            [
                ("POST", BETA + "/configurationPolicies", catalog.policy(catalog.ON, platforms="macOS")),
                ("POST", BETA + "/configurationPolicies", catalog.policy(catalog.ON, technologies="configManager")),
            ],
            id="platforms",
            marks=pytest.mark.parity(
                "refused", "Settings catalog", "Policies of other platforms and technologies than windows10 and mdm are not emulated."
            ),
        ),
        pytest.param(
            [
                ("GET", BETA + "/configurationPolicyTemplates"),
                ("POST", BETA + "/configurationPolicies", catalog.policy(catalog.ON, templateReference=TEMPLATE)),
            ],
            id="templates",
            marks=pytest.mark.parity("refused", "Settings catalog", "Templates are not read, and a policy is not written from one."),
        ),
        pytest.param(
            [
                ("POST", BETA + "/configurationPolicies", catalog.policy(catalog.ON, disableEntraGroupPolicyAssignment=True)),
                ("POST", BETA + "/configurationPolicies", catalog.policy(catalog.ON, priorityMetaData={"priority": 1})),
            ],
            id="properties",
            marks=pytest.mark.parity(
                "refused", "Settings catalog", "`disableEntraGroupPolicyAssignment` and `priorityMetaData` are not emulated."
            ),
        ),
        pytest.param(
            [
                ("GET", BETA + "/configurationPolicies/{policy}/settings?$expand=settingDefinitions"),
                ("GET", BETA + "/configurationPolicies/{policy}?$expand=settingDefinitions"),
                ("GET", BETA + "/configurationSettings"),
                ("GET", BETA + "/reusablePolicySettings"),
            ],
            id="definitions",
            marks=pytest.mark.parity(
                "refused", "Settings catalog", "`$expand=settingDefinitions`, and the list of all definitions, are not emulated."
            ),
        ),
        pytest.param(
            [
                ("POST", BETA + "/intents", {"displayName": "x"}),
                ("PATCH", BETA + "/intents/{intent}", {"displayName": "x"}),
                ("DELETE", BETA + "/intents/{intent}"),
                ("GET", BETA + "/intents/{intent}/categories"),
                ("GET", BETA + "/intents/{intent}/deviceStates"),
            ],
            id="intents",
            marks=pytest.mark.parity("refused", "Other policies", "Intents are not written, and their categories and states are not read."),
        ),
        pytest.param(
            [
                ("POST", BETA + "/deviceEnrollmentConfigurations", {}),
                ("GET", BETA + "/deviceEnrollmentConfigurations/{enrollment}"),
                ("GET", BETA + "/deviceEnrollmentConfigurations/{enrollment}/assignments"),
            ],
            id="enrollment",
            marks=pytest.mark.parity(
                "refused", "Other policies", "Enrollment configurations are not written, and a single one and its assignments are not read."
            ),
        ),
        pytest.param(
            [("PATCH", BETA + "/deviceConfigurations/{identity}", IDENTITY)],
            id="identity protection",
            marks=pytest.mark.parity("refused", "Other policies", "Identity protection profiles are not changed."),
        ),
        pytest.param(
            [
                ("POST", BETA + "/assignmentFilters", {"displayName": "x"}),
                ("POST", BETA + "/roleScopeTags", {"displayName": "x"}),
                ("DELETE", BETA + "/roleScopeTags/1"),
            ],
            id="writes",
            marks=pytest.mark.parity("refused", "Filters and scope tags", "Filters and scope tags are not written."),
        ),
        pytest.param(
            [("GET", BETA + "/assignmentFilters?$filter=displayName eq 'x'"), ("GET", BETA + "/roleScopeTags?$filter=displayName eq 'x'")],
            id="filters",
            marks=pytest.mark.parity("refused", "Filters and scope tags", "Lists of filters and scope tags take no `$filter`."),
        ),
        pytest.param(
            [("POST", BETA + "/operationApprovalPolicies", {}), ("POST", BETA + "/operationApprovalRequests", {})],
            id="policies",
            marks=pytest.mark.parity(
                "refused", "Multi Admin Approval", "Approval policies are not written, and requests are not created without their write."
            ),
        ),
        pytest.param(
            [
                ("POST", V1 + "/reports/exportJobs", {**EXPORT, "reportName": "Devices"}),
                ("POST", BETA + "/reports/getCachedReport", {}),
                ("POST", V1 + "/reports/getConfigurationPolicyNonComplianceReport", {}),
            ],
            id="reports",
            marks=pytest.mark.parity("refused", "Policy states and reports", "Other reports are not emulated."),
        ),
        pytest.param(
            [
                ("POST", V1 + "/reports/exportJobs", {**EXPORT, "format": "pdf"}),
                ("POST", V1 + "/reports/exportJobs", {**EXPORT, "snapshotId": "x"}),
                ("POST", V1 + "/reports/exportJobs", {**EXPORT, "filter": "(PolicyStatus eq '2')"}),
                ("PATCH", V1 + "/reports/exportJobs/x", {}),
            ],
            id="exports",
            marks=pytest.mark.parity(
                "refused", "Policy states and reports", "Exports as PDF, snapshots, other filters, and changes of a job are not emulated."
            ),
        ),
        pytest.param(
            [
                ("POST", V1 + "/reports/exportJobs", {**EXPORT, "select": ["TemplateVersion"]}),
                ("POST", V1 + "/reports/exportJobs", {**EXPORT, "select": ["AssignmentFilterIds"]}),
                ("POST", V1 + "/reports/exportJobs", {**EXPORT, "select": ["UnifiedPolicyPlatformType"]}),
            ],
            id="columns",
            marks=pytest.mark.parity(
                "refused",
                "Policy states and reports",
                "The columns AssignmentFilterIds, TemplateVersion, and UnifiedPolicyPlatformType are not emulated.",
            ),
        ),
        pytest.param(
            [
                ("POST", BETA + "/deviceHealthScripts", scripts.package(detectionScriptContent="")),
                ("POST", BETA + "/deviceHealthScripts", scripts.package(detectionScriptParameters=[{"name": "x"}])),
                ("POST", BETA + "/deviceHealthScripts", scripts.package(version="3")),
                ("POST", BETA + "/deviceHealthScripts", scripts.package(deviceHealthScriptType="managedInstallerScript")),
            ],
            id="packages",
            marks=pytest.mark.parity(
                "refused",
                "Remediations",
                "A package without a detection script, with parameters, with a version, or of another type is not emulated.",
            ),
        ),
        pytest.param(
            [
                ("GET", BETA + "/deviceHealthScripts?$filter=displayName eq 'x'"),
                ("GET", BETA + "/deviceHealthScripts/{script}/getRemediationHistory"),
            ],
            id="queries",
            marks=pytest.mark.parity("refused", "Remediations", "The list takes no `$filter`, and the history is not emulated."),
        ),
        pytest.param(
            [("GET", BETA + "/deviceManagementScripts")],
            id="platform scripts",
            marks=pytest.mark.parity("refused", "Remediations", "Platform scripts are not emulated."),
        ),
        pytest.param(
            [
                ("GET", "/beta/groups"),
                ("GET", "/beta/users"),
                ("GET", "/beta/devices"),
                ("GET", "/beta/servicePrincipals"),
                ("GET", "/beta/applications"),
                ("GET", "/beta/organization"),
                ("GET", "/beta/subscribedSkus"),
                ("GET", "/beta/deviceManagement"),
                ("GET", "/beta/oauth2PermissionGrants"),
            ],
            id="beta",
            marks=pytest.mark.parity(
                "refused",
                "Organization, groups, and users",
                "Beta has nothing of the directory, no `deviceManagement`, and no `subscribedSkus`.",
            ),
        ),
        pytest.param(
            [
                ("POST", "/v1.0/users", {"displayName": "x"}),
                ("PATCH", "/v1.0/users/{user}", {"displayName": "x"}),
                ("DELETE", "/v1.0/users/{user}"),
            ],
            id="users",
            marks=pytest.mark.parity(
                "refused", "Organization, groups, and users", "Users are not written by Graph: the control API adds and changes them."
            ),
        ),
        pytest.param(
            [
                ("POST", "/v1.0/groups", {"displayName": "x"}),
                ("PATCH", "/v1.0/groups/{group}", {"displayName": "x"}),
                ("GET", "/v1.0/groups/{group}/owners"),
                ("GET", "/v1.0/groups/{group}/members"),
                ("POST", "/v1.0/groups/{group}/members/$ref", {}),
            ],
            id="groups",
            marks=pytest.mark.parity(
                "refused", "Organization, groups, and users", "Groups are not written, and their owners and direct members are not read."
            ),
        ),
        pytest.param(
            [("GET", "/v1.0/directoryRoles"), ("GET", "/v1.0/devices")],
            id="directory",
            marks=pytest.mark.parity(
                "refused", "Organization, groups, and users", "Directory roles and the list of devices of the directory are not emulated."
            ),
        ),
        pytest.param(
            [("GET", "/v1.0/applications/{user}/owners")],
            id="owners",
            marks=pytest.mark.parity("refused", "Application registrations", "Owners of applications are not emulated."),
        ),
        pytest.param(
            [
                ("GET", "/v1.0/users/{user}/authentication/methods"),
                ("GET", "/v1.0/users/{user}/authentication/phoneMethods"),
                ("GET", "/v1.0/policies/authenticationMethodsPolicy"),
                ("GET", "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Fido2"),
            ],
            id="methods",
            marks=pytest.mark.parity(
                "refused", "Temporary Access Passes", "Other authentication methods and their policies are not emulated."
            ),
        ),
        pytest.param(
            [("DELETE", "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/TemporaryAccessPass")],
            id="defaults",
            marks=pytest.mark.parity("refused", "Temporary Access Passes", "The policy is not set back to its defaults by DELETE."),
        ),
    ],
)
def test_graph(client: Any, places: dict[str, str], requests: list[tuple[Any, ...]]) -> None:
    for method, path, *body in requests:
        response = client.call(method, path.format(**places), *body)
        assert 400 <= response.status_code < 500, (method, path, response.text)
        assert response.headers.get("x-emulator-refused"), (method, path, response.text)
        assert client.journal()[-1]["refused"] == response.headers["x-emulator-refused"]


@pytest.mark.parametrize(
    "requests",
    [
        pytest.param(
            [("POST", "{tenant}/oauth2/v2.0/devicecode"), ("GET", "{tenant}/oauth2/v2.0/authorize"), ("GET", "{tenant}/adminconsent")],
            id="people",
            marks=pytest.mark.parity(
                "refused", "Sign-in", "Nobody signs in as a person: there is no page for sign-in or consent, and no device code."
            ),
        ),
        pytest.param(
            [("GET", "common/discovery/instance"), ("GET", "common/v2.0/.well-known/openid-configuration")],
            id="common",
            marks=pytest.mark.parity("refused", "Sign-in", "There is no instance discovery, and no tenant `common`."),
        ),
        pytest.param(
            [("POST", "{tenant}/oauth2/token")],
            id="version 1.0",
            marks=pytest.mark.parity("refused", "Sign-in", "The token endpoint of version 1.0 does not exist."),
        ),
    ],
)
def test_the_login(client: Any, requests: list[tuple[str, str]]) -> None:
    for method, path in requests:
        response = client.http.request(method, "/" + path.format(tenant=client.tenant.tenant_id))
        assert response.status_code in (400, 404) and response.json()["error_description"], (method, path)


@pytest.mark.parity("refused", "Sign-in", "Only `client_credentials` is a grant type: on-behalf-of, passwords, and refresh tokens are not.")
@pytest.mark.parametrize("kind", ["urn:ietf:params:oauth:grant-type:jwt-bearer", "password", "refresh_token", "authorization_code"])
def test_grant_types(client: Any, kind: str) -> None:
    own = client.tenant
    form = {"grant_type": kind, "client_id": own.client_id, "client_secret": own.keys.client_secret, "scope": f"{own.origin}/.default"}
    response = client.http.post(f"/{own.tenant_id}/oauth2/v2.0/token", data=form)
    assert (response.status_code, response.json()["error_codes"]) == (400, [70003])
