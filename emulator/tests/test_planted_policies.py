# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test planted policies like those of an administrator, of every kind that sets Windows Hello for Business."""

from __future__ import annotations

from typing import Any

import pytest
from emulator_support import catalog
from emulator_support import profiles as configurations

INTENTS = "/beta/deviceManagement/intents"
ENROLLMENT = "deviceManagement/deviceEnrollmentConfigurations"
IDENTITY = "#microsoft.graph.windowsIdentityProtectionConfiguration"
ALL_DEVICES = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
GROUP = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": configurations.GROUP}

Json = dict[str, Any]


def plant(client: Any, surface: str, name: str | None = "Planted", **more: Any) -> str:
    return client.control("POST", "policies", {"surface": surface, "name": name, **more})["id"]


def test_custom(client: Any) -> None:
    client.settings(custom_profile_block="catalog")
    made = plant(client, "custom", values={"omaSettings": [configurations.setting()]}, assignments=[ALL_DEVICES])
    read = client.json(f"{configurations.V1}/{made}?$expand=assignments")
    assert (read["displayName"], read["omaSettings"][0]["omaUri"]) == ("Planted", configurations.URI)
    assert [item["target"] for item in read["assignments"]] == [ALL_DEVICES]


def test_settings_catalog(client: Any) -> None:
    values = {"settings": catalog.policy(catalog.ON)["settings"]}
    made = plant(client, "settings_catalog", description="Why", values=values, assignments=[GROUP])
    read = client.json(f"{catalog.CP}/{made}")
    assert (read["description"], read["isAssigned"], read["settingCount"]) == ("Why", True, 1)
    assert client.call("PUT", f"{catalog.CP}/{made}", catalog.policy(name="New")).status_code == 204


@pytest.mark.parity(
    "emulated",
    "Settings catalog",
    "A policy of the template Account protection is read, assigned, renamed, and deleted; the control API adds it.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationpolicy",
)
def test_account_protection(client: Any) -> None:
    group = catalog.group({**catalog.choice(catalog.RECOVERY, "true"), "settingInstanceTemplateReference": None})
    reference = {"settingInstanceTemplateId": "0ece2bdc-57c1-4be9-93e9-ac9c395a9c94"}
    group["settingInstanceTemplateReference"] = reference
    made = plant(client, "account_protection", values={"settings": [{"settingInstance": group}]}, assignments=[ALL_DEVICES])
    path = f"{catalog.CP}/{made}"
    template = client.json(path)["templateReference"]
    assert (template["templateId"], template["templateFamily"]) == (
        "fcef01f2-439d-4c3f-9184-823fd6e97646_1",
        "endpointSecurityAccountProtection",
    )
    assert catalog.settings_of(client, made)[0]["settingInstance"]["settingInstanceTemplateReference"] == reference
    found = client.json(f"{catalog.CP}?$filter=templateReference/templateFamily eq 'endpointSecurityAccountProtection'")["value"]
    assert [item["id"] for item in found] == [made]
    assert client.call("PATCH", path, {"name": "New"}).json()["name"] == "New"
    refused = client.call("PUT", path, catalog.policy(catalog.ON))
    assert (refused.status_code, "x-emulator-refused" in refused.headers) == (400, True)
    assert client.call("DELETE", path).status_code == 204


@pytest.mark.parity(
    "emulated",
    "Other policies",
    "Identity protection profiles are read, assigned, and deleted, in beta with all their properties.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-windowsidentityprotectionconfiguration",
)
def test_identity_protection(client: Any) -> None:
    made = plant(client, "identity_protection", values={"pinRecoveryEnabled": True, "pinMinimumLength": 8}, assignments=[ALL_DEVICES])
    read = client.json(f"{configurations.BETA}/{made}?$expand=assignments")
    assert (read["@odata.type"], read["pinRecoveryEnabled"]) == (IDENTITY, True)
    assert (read["pinMinimumLength"], read["pinMaximumLength"]) == (8, None)
    assert read["pinUppercaseCharactersUsage"] == "notConfigured"
    assert len(read["assignments"]) == 1
    assert "omaSettings" not in read
    found = client.json(f"{configurations.BETA}?$filter=isof('{IDENTITY[1:]}')")["value"]
    assert [item["id"] for item in found] == [made]
    chosen = client.json(f"{configurations.BETA}/{made}?$select=id,displayName")
    assert set(chosen) == {"@odata.context", "@odata.type", "id", "displayName"}
    assert client.call("PATCH", f"{configurations.BETA}/{made}", {"@odata.type": IDENTITY, "displayName": "x"}).status_code == 400
    assert client.call("DELETE", f"{configurations.BETA}/{made}").status_code == 204


@pytest.mark.parity(
    "emulated",
    "Other policies",
    "v1.0 shows an identity protection profile as a plain `deviceConfiguration`, since it does not have the type.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-windowsidentityprotectionconfiguration",
)
def test_v1_shows_identity_protection_as_base_type(client: Any) -> None:
    made = plant(client, "identity_protection", values={"pinRecoveryEnabled": True})
    read = client.json(f"{configurations.V1}/{made}")
    assert read["@odata.type"] == "#microsoft.graph.deviceConfiguration"
    assert "pinRecoveryEnabled" not in read
    assert client.json(f"{configurations.V1}?$filter=isof('{IDENTITY[1:]}')")["value"] == []


@pytest.mark.parity(
    "assumed",
    "Other policies",
    "A new identity protection profile is refused, as since July 2024; the text is invented.",
    source="https://learn.microsoft.com/intune/device-security/identity-protection/ref-settings",
)
def test_new_identity_protection_is_refused(client: Any) -> None:
    body = {"@odata.type": IDENTITY, "displayName": "x", "pinRecoveryEnabled": True}
    beta = client.call("POST", configurations.BETA, body)
    assert (beta.status_code, "no longer supports creating" in beta.text, "x-emulator-refused" in beta.headers) == (400, True, False)
    v1 = client.call("POST", configurations.V1, body)
    assert (v1.status_code, "is not known" in v1.text) == (400, True)


@pytest.mark.parity(
    "emulated",
    "Other policies",
    "Intents of the old template Account protection (Preview) are listed by template, and read with their settings and assignments.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceintent-devicemanagementintent",
    calls=(
        "GET /deviceManagement/intents",
        "GET /deviceManagement/intents/{id}",
        "GET /deviceManagement/intents/{id}/settings",
        "GET /deviceManagement/intents/{id}/assignments",
    ),
)
def test_intents(client: Any) -> None:
    values: Json = {"windowsHelloForBusinessBlocked": False, "pinRecoveryEnabled": True}
    values |= {"pinMinimumLength": 6, "pinSpecialCharactersUsage": "allowed"}
    made = plant(client, "intent", values=values, assignments=[GROUP])
    plant(client, "intent", "Bare")
    listed = client.json(f"{INTENTS}?$filter=templateId eq '0f2b5d70-d4e9-4156-8c16-1397eb6c54a5'")["value"]
    assert [(item["displayName"], item["isAssigned"]) for item in listed] == [("Planted", True), ("Bare", False)]
    assert client.json(f"{INTENTS}?$filter=templateId eq 'other' or templateId eq 'another'")["value"] == []
    one = client.json(f"{INTENTS}/{made}")
    assert {"settings", "assignments"}.isdisjoint(one) and one["id"] == made
    name = "deviceConfiguration--windowsIdentityProtectionConfiguration_"
    found = {item["definitionId"].removeprefix(name): item for item in client.json(f"{INTENTS}/{made}/settings")["value"]}
    assert {key: item["value"] for key, item in found.items()} == values
    assert [item["valueJson"] for item in found.values()] == ["false", "true", "6", '"allowed"']
    assert [item["@odata.type"].removeprefix("#microsoft.graph.deviceManagement") for item in found.values()] == [
        "BooleanSettingInstance",
        "BooleanSettingInstance",
        "IntegerSettingInstance",
        "StringSettingInstance",
    ]
    first = client.json(f"{INTENTS}/{made}/settings?$top=3")
    assert len(client.json(first["@odata.nextLink"])["value"]) == 1
    assignment = client.json(f"{INTENTS}/{made}/assignments")["value"][0]
    assert (set(assignment), assignment["target"]["groupId"]) == ({"id", "target"}, configurations.GROUP)


def test_intents_refusals(client: Any) -> None:
    made = plant(client, "intent")
    for path in (f"{INTENTS}?$filter=displayName eq 'x'", f"{INTENTS}?$expand=settings", f"{INTENTS}/{made}?$select=settings"):
        assert client.get(path).status_code == 400
    assert client.get(f"{INTENTS}/none/settings").status_code == 404
    assert client.call("DELETE", f"{INTENTS}/{made}").status_code == 405
    v1 = client.get(INTENTS.replace("beta", "v1.0"))
    assert (v1.status_code, "x-emulator-refused" in v1.headers) == (400, False)


@pytest.mark.parity(
    "emulated",
    "Other policies",
    "Every tenant has the default enrollment configuration of Windows Hello for Business, which is not configured.",
    source="https://learn.microsoft.com/graph/api/resources/intune-onboarding-deviceenrollmentwindowshelloforbusinessconfiguration",
)
@pytest.mark.parametrize("seed", ["demo", "empty"])
def test_every_tenant_has_an_enrollment_configuration(make_client: Any, seed: str) -> None:
    client = make_client(seed)
    (found,) = client.json(f"/beta/{ENROLLMENT}")["value"]
    assert found["@odata.type"] == "#microsoft.graph.deviceEnrollmentWindowsHelloForBusinessConfiguration"
    assert found["id"].endswith("_DefaultWindowsHelloForBusiness")
    assert (found["state"], found["pinMinimumLength"], found["securityKeyForSignIn"]) == ("notConfigured", 6, "notConfigured")
    assert not [name for name in found if "recovery" in name.lower()]


@pytest.mark.parity(
    "emulated",
    "Other policies",
    "Enrollment configurations of Windows Hello for Business are listed; v1.0 lacks the properties that only beta has.",
    source="https://learn.microsoft.com/graph/api/resources/intune-onboarding-deviceenrollmentconfiguration",
    calls=("GET /deviceManagement/deviceEnrollmentConfigurations",),
)
def test_enrollment_configurations(client: Any) -> None:
    default = plant(client, "enrollment", None, values={"state": "enabled"})
    other = plant(client, "enrollment", values={"state": "disabled", "pinMinimumLength": 8})
    found = client.json(f"/v1.0/{ENROLLMENT}")["value"]
    assert [(item["id"], item["state"], item["priority"]) for item in found] == [(default, "enabled", 0), (other, "disabled", 1)]
    beta_only = {"securityKeyForSignIn", "enhancedSignInSecurity", "deviceEnrollmentConfigurationType", "roleScopeTagIds"}
    assert beta_only.isdisjoint(found[0])
    assert beta_only <= set(client.json(f"/beta/{ENROLLMENT}")["value"][0])
    assert set(client.json(f"/v1.0/{ENROLLMENT}?$select=id,priority")["value"][0]) == {"@odata.type", "id", "priority"}
    for query in ("$select=state", "$filter=priority eq 0", "$expand=nothing"):
        assert client.get(f"/v1.0/{ENROLLMENT}?{query}").status_code == 400


@pytest.mark.parity(
    "assumed",
    "Other policies",
    "The default enrollment configuration has no assignments, although it is for all users and devices.",
    source="https://learn.microsoft.com/graph/api/resources/intune-onboarding-deviceenrollmentconfiguration",
)
def test_enrollment_configurations_are_assigned_except_the_default_one(client: Any) -> None:
    other = plant(client, "enrollment", assignments=[ALL_DEVICES])
    found = {item["id"]: item for item in client.json(f"/beta/{ENROLLMENT}?$expand=assignments")["value"]}
    assert [entry["target"]["@odata.type"] for entry in found.pop(other)["assignments"]] == [ALL_DEVICES["@odata.type"]]
    (default,) = found.values()
    assert (default["priority"], default["assignments"]) == (0, [])
    assert not any("assignments" in item for item in client.json(f"/beta/{ENROLLMENT}")["value"])


@pytest.mark.parity(
    "emulated",
    "Other policies",
    "Enrollment configurations take DeviceManagementServiceConfig.",
    source="https://learn.microsoft.com/graph/api/intune-onboarding-deviceenrollmentconfiguration-list",
)
def test_enrollment_needs_its_own_role(client: Any) -> None:
    for role, status in (("DeviceManagementServiceConfig.Read.All", 200), ("DeviceManagementConfiguration.ReadWrite.All", 403)):
        assert client.call("GET", f"/v1.0/{ENROLLMENT}", roles=[role]).status_code == status


@pytest.mark.parity(
    "assumed",
    "Other policies",
    "Newer pages name DeviceManagementConfiguration for enrollment configurations as well.",
    source="https://learn.microsoft.com/graph/api/intune-onboarding-deviceenrollmentconfiguration-list",
    settings=("enrollment_access",),
)
def test_enrollment_may_take_the_role_of_configuration(client: Any) -> None:
    client.settings(enrollment_access="configuration")
    for role, status in (("DeviceManagementConfiguration.Read.All", 200), ("DeviceManagementManagedDevices.Read.All", 403)):
        assert client.call("GET", f"/v1.0/{ENROLLMENT}", roles=[role]).status_code == status


def test_list_of_policies(client: Any) -> None:
    surfaces = ("custom", "settings_catalog", "account_protection", "identity_protection", "intent")
    made = {surface: plant(client, surface) for surface in surfaces}
    found = client.control("GET", "policies")
    assert {item["surface"]: item["id"] for item in found if item["name"] == "Planted"} == made
    others = [(item["surface"], item["name"]) for item in found if item["name"] != "Planted"]
    assert others == [("other", "Baseline device restrictions"), ("enrollment", "All users and all devices")]


@pytest.mark.parametrize(
    "body",
    [
        {"surface": "nonsense", "name": "x"},
        {"surface": "custom"},
        {"surface": "custom", "name": ""},
        {"surface": "custom", "name": "x", "other": 1},
        {"surface": "custom", "name": "x", "values": {"settings": []}},
        {"surface": "custom", "name": "x", "values": {"omaSettings": [{"@odata.type": "#microsoft.graph.omaSettingBoolean"}]}},
        {"surface": "custom", "name": "x", "assignments": [{}]},
        {"surface": "settings_catalog", "name": "x", "values": {"settings": catalog.policy(catalog.choice(catalog.KEY, "7"))["settings"]}},
        {"surface": "identity_protection", "name": "x", "values": {"enablePinRecovery": True}},
        {"surface": "identity_protection", "name": "x", "values": {"pinRecoveryEnabled": "true"}},
        {"surface": "identity_protection", "name": "x", "values": {"pinUppercaseCharactersUsage": "disallowed"}},
        {"surface": "intent", "name": "x", "values": {"pinMinimumLength": True}},
        {"surface": "enrollment", "values": {"pinRecoveryEnabled": True}},
        {"surface": "enrollment", "values": {"state": "blocked"}},
        {"surface": "enrollment", "values": {"pinMinimumLength": None}},
        {"surface": "enrollment", "assignments": [ALL_DEVICES]},
    ],
)
def test_what_cannot_be_planted(client: Any, body: Json) -> None:
    before = client.control("GET", "policies")
    assert client.http.post("/_emulator/policies", json=body).status_code == 400
    assert client.control("GET", "policies") == before
