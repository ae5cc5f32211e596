# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test seeds from a YAML file: the tenant that a file makes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from emulator_support.client import Client
from emulator_support.seed_files import SCHOOL, TOOL, connect, fill
from intune_emulator.control.planted_devices import PLATFORMS
from intune_emulator.control.seed_schema import SCHEMA
from intune_emulator.state.device_enumerations import ENUMERATIONS
from intune_emulator.state.keys import Keys

DEVICES = "/v1.0/deviceManagement/managedDevices"


@pytest.fixture
def school(keys: Keys) -> Client:
    return connect(SCHOOL, keys)


def found(client: Client, path: str, name: str) -> dict[str, Any]:
    (item,) = [item for item in client.json(path)["value"] if item["displayName"] == name]
    return dict(item)


def test_the_example_uses_every_section() -> None:
    assert yaml.safe_load(SCHOOL).keys() == SCHEMA.known.keys()


def test_it_adds_to_another_seed(school: Client) -> None:
    assert school.control("GET", "health")["devices"] == 42
    assert {"PHONE-HELPDESK-01", "SCHOOL-01", "SCHOOL-PHONE"} <= {device["deviceName"] for device in school.control("GET", "devices")}


def test_without_extends_it_starts_with_an_empty_tenant(keys: Keys) -> None:
    client = connect("devices: [{name: ONLY}]\n", keys)
    assert [device["deviceName"] for device in client.json(DEVICES)["value"]] == ["ONLY"]
    assert client.json("/v1.0/users")["value"] == []


def test_the_clock(school: Client) -> None:
    clock = school.control("GET", "clock")
    assert (clock["now"], clock["frozen"]) == ("2026-01-05T10:00:00.0000000Z", True)


def test_settings_take_precedence_over_the_preset(school: Client) -> None:
    settings = school.control("GET", "settings")
    assert (settings["page_size"], settings["directory_page_size"], settings["approval_protects"]) == (50, 3, ["reset_passcode"])
    assert [preset["name"] for preset in school.control("GET", "presets") if preset["applied"]] == ["small-pages"]


def test_faults(school: Client) -> None:
    (fault,) = school.control("GET", "faults")
    assert (fault["skip"], fault["times"], fault["fault"]) == (1, 1, {"kind": "status", "status": 503})


def test_users(school: Client) -> None:
    users = {user["userPrincipalName"].partition("@")[0]: user for user in school.control("GET", "users")}
    assert (users["mia.lang"]["displayName"], users["mia.lang"]["jobTitle"]) == ("Mia Lang", "Teacher")
    assert users["mia.lang"]["roles"] == ["Global Administrator"]
    guest = users["guest_fabrikam.com#EXT#"]
    assert (guest["displayName"], guest["mail"], guest["userType"]) == ("A guest", None, "Guest")


def test_devices(school: Client) -> None:
    school.settings(page_size=1000)
    (laptop,) = [device for device in school.json(DEVICES)["value"] if device["deviceName"] == "SCHOOL-01"]
    assert laptop["id"] == "99999999-2222-4333-8444-555555555555"
    assert (laptop["operatingSystem"], laptop["managedDeviceOwnerType"], laptop["complianceState"]) == (
        "Windows",
        "personal",
        "noncompliant",
    )
    assert laptop["lastSyncDateTime"] == "2025-12-24T07:00:00Z"
    assert (laptop["userPrincipalName"], laptop["userDisplayName"]) == ("mia.lang@contoso.onmicrosoft.com", "Mia Lang")
    phone = school.device("SCHOOL-PHONE")
    assert (phone["operatingSystem"], phone["userDisplayName"], phone["emailAddress"]) == ("Android", "A guest", "")
    assert [phone[name] for name in ("outcome", "error_code", "visible", "active", "terminal")] == ["failed", 7, 1, 2.5, 3]
    assert school.control("GET", "script_results")[laptop["id"]]["output"] == "ready"


def test_a_device_enrolls_later(school: Client) -> None:
    def names() -> set[str]:
        return {device["deviceName"] for device in school.control("GET", "devices")}

    assert "LATER" not in names()
    school.advance(600)
    assert "LATER" in names()


def test_a_group_contains_one_that_comes_later(school: Client) -> None:
    school.settings(directory_page_size=100)
    group = found(school, "/v1.0/groups", "School")
    assert group["description"] == "Everything of the school"
    school.advance(600)
    members = school.json(f"/v1.0/groups/{group['id']}/transitiveMembers")["value"]
    assert {member["displayName"] for member in members} == {"SCHOOL-01", "LATER", "Staff", "Mia Lang", "Ada Admin"}


def test_policies(school: Client) -> None:
    policy = found(school, "/beta/deviceManagement/deviceConfigurations", "School PIN")
    assert (policy["description"], policy["pinRecoveryEnabled"]) == ("PIN recovery", True)
    rows = school.json(f"/beta/deviceManagement/deviceConfigurations/{policy['id']}/assignments")["value"]
    targets = [row["target"] for row in rows]
    assert [target["@odata.type"].rpartition(".")[2].removesuffix("AssignmentTarget") for target in targets] == [
        "allLicensedUsers",
        "exclusionGroup",
        "group",
    ]
    assert targets[2]["deviceAndAppManagementAssignmentFilterType"] == "exclude"
    (default,) = school.json("/beta/deviceManagement/deviceEnrollmentConfigurations")["value"]
    assert default["state"] == "enabled"


def test_states_of_a_policy(school: Client) -> None:
    policy = found(school, "/beta/deviceManagement/deviceConfigurations", "School PIN")["id"]
    later = school.control("POST", "policy_states", {"policy_id": policy, "states": {}})["states"]
    assert later["99999999-2222-4333-8444-555555555555"]["state"] == "succeeded"
    school.advance(600)
    states = school.control("POST", "policy_states", {"policy_id": policy, "states": {}})["states"]
    assert states[school.device("LATER")["id"]] == {"state": "error", "code": 5}


def test_applications(school: Client, keys: Keys) -> None:
    app = school.tenant.applications[TOOL]
    assert (app.display_name, app.roles) == ("School tool", ["DeviceManagementManagedDevices.Read.All"])
    token = f"/{school.tenant.tenant_id}/oauth2/v2.0/token"
    form = {
        "grant_type": "client_credentials",
        "client_id": TOOL,
        "client_secret": "secret-of-the-school",
        "scope": f"{school.tenant.origin}/.default",
    }
    assert "AADSTS7000222" in school.http.post(token, data=form).json()["error_description"], "the secret has expired"
    assert "secret-of-the-school" in school.control("GET", "secrets")
    lasting = connect(SCHOOL.replace("secret_valid_days: -1", "secret_valid_days: 1"), keys)
    form["scope"] = f"{lasting.tenant.origin}/.default"
    assert "access_token" in lasting.http.post(token, data=form).json()


def test_consents(school: Client) -> None:
    school.settings(directory_page_size=100)
    names = {principal["displayName"] for principal in school.json("/v1.0/servicePrincipals")["value"]}
    assert {"Microsoft Pin Reset Service Production", "Microsoft Pin Reset Client Production"} <= names
    assert len(school.json("/v1.0/oauth2PermissionGrants")["value"]) == 2


def test_the_policy_for_access_passes(school: Client) -> None:
    assert school.tenant.access_pass_policy["state"] == "disabled"


def test_equal_files_give_equal_ids(keys: Keys) -> None:
    def ids() -> list[list[str]]:
        tenant = fill(SCHOOL, keys)
        policies = [*tenant.configurations, *tenant.enrollment_configurations]
        return [
            [device.id for device in tenant.devices],
            policies,
            list(tenant.users),
            [app.object_id for app in tenant.applications.values()],
        ]

    assert ids() == ids()


def test_settings_do_not_hide_the_objects_of_the_file(keys: Keys) -> None:
    client = connect(SCHOOL.replace("page_size: 50", "visibility_delay: 60"), keys)
    assert client.json(f"/v1.0/applications(appId='{TOOL}')")["displayName"] == "School tool"
    client.settings(directory_page_size=100)
    assert found(client, "/v1.0/groups", "Staff")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_platforms_have_the_members_that_a_file_can_name(keys: Keys, platform: str) -> None:
    device = connect(f"devices: [{{name: A, platform: {platform}}}]\n", keys).device("A")
    assert {name: value for name, value in device.items() if value not in ENUMERATIONS.get(name, (value,))} == {}


@pytest.mark.parametrize("platform", ["windows", "windows_10", "windows_hybrid", "windows_registered", "windows_mobile", "hololens"])
def test_windows_platforms(keys: Keys, platform: str) -> None:
    assert connect(f"devices: [{{name: A, platform: {platform}}}]\n", keys).device("A")["operatingSystem"] == "Windows"


@pytest.mark.parametrize(
    ("platform", "system"),
    [("android", "Android"), ("android_dedicated", "Android"), ("ios", "iOS"), ("ipados", "iOS"), ("macos", "macOS")],
)
def test_other_platforms(keys: Keys, platform: str, system: str) -> None:
    assert connect(f"devices: [{{name: A, platform: {platform}}}]\n", keys).device("A")["operatingSystem"] == system


def test_a_number_of_devices_by_aliases(keys: Keys) -> None:
    text = "devices:\n  - &phone {name: PHONE, platform: windows_mobile}\n  - *phone\n"
    assert [device["deviceName"] for device in connect(text, keys).control("GET", "devices")] == ["PHONE", "PHONE"]
