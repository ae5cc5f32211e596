# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Custom profiles and their assignments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from emulator_support.profiles import BETA, FILTER, GROUP, V1, assign, create, policy, setting, target
from intune_emulator.state.journal import Recorder


@pytest.mark.parity(
    "emulated",
    "Custom profiles",
    "Custom profiles are created and read; v1.0 neither shows nor accepts scope tags and encryption marks.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-deviceconfiguration",
    calls=("POST /deviceManagement/deviceConfigurations", "GET /deviceManagement/deviceConfigurations/{id}"),
)
def test_create_and_read(client: Any) -> None:
    made = create(client)
    assert made["version"] == 1
    read = client.json(f"{V1}/{made['id']}")
    assert read["omaSettings"] == [{**setting(), "description": None}]
    assert not {"roleScopeTagIds", "supportsScopeTags"} & set(read)
    beta = client.json(f"{BETA}/{made['id']}")
    assert beta["roleScopeTagIds"] == ["0"]
    assert beta["omaSettings"][0]["isEncrypted"] is False


@pytest.mark.parity(
    "emulated",
    "Custom profiles",
    "Names of profiles are not unique, and the list takes `$filter` by name and by type.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-deviceconfiguration",
    calls=("GET /deviceManagement/deviceConfigurations",),
)
def test_names_are_not_unique(client: Any) -> None:
    create(client)
    create(client)
    found = client.json(f"{V1}?$filter=displayName eq 'pin recovery'")["value"]
    assert len(found) == 2
    assert len(client.json(V1)["value"]) == 3
    assert len(client.json(f"{V1}?$filter=isof('microsoft.graph.windows10CustomConfiguration')")["value"]) == 2
    assert client.get(f"{V1}?$filter=description eq 'x'").status_code == 400


@pytest.mark.parity(
    "emulated",
    "Custom profiles",
    "A body with an unknown property, a wrong type, or no type is refused with 400 and the code and text of the service.",
    source=(
        "https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-deviceconfiguration",
        "https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-omasetting",
    ),
)
@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ({"displayName": "x"}, "ModelValidationFailure", "Cannot create an abstract class."),
        ({"@odata.type": "#microsoft.graph.deviceConfiguration", "displayName": "x"}, "ModelValidationFailure", "abstract"),
        (policy(setting(), roleScopeTagIds=["0"]), "BadRequest", "The property 'roleScopeTagIds' does not exist on type"),
        (policy(setting(), nonsense=1), "BadRequest", "The property 'nonsense' does not exist on type"),
        (policy(setting(value="true")), "BadRequest", "Cannot convert the literal 'true' to the expected type 'Edm.Boolean'"),
        (policy(setting("Integer", True)), "BadRequest", "Edm.Int32"),
        (policy(setting(nonsense=1)), "BadRequest", "'nonsense'"),
        (policy(setting(isEncrypted=False)), "BadRequest", "'isEncrypted'"),
        (policy(setting(), displayName=""), "BadRequest", "DisplayName"),
    ],
)
def test_create_refusals(client: Any, body: dict[str, Any], code: str, text: str) -> None:
    response = client.call("POST", V1, body)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, code)
    assert text in error["message"]


@pytest.mark.parity(
    "emulated",
    "Custom profiles",
    "A value with `secretReferenceValueId` is refused on creation (observed text).",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-omasetting",
)
def test_secret_reference_is_refused_on_create(client: Any) -> None:
    response = client.call("POST", BETA, policy(setting("String", "****", isEncrypted=True, secretReferenceValueId="x")))
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "NotSupported")
    assert json.loads(error["message"])["Message"].startswith("SecretReferenceValueId invalid for create. - Operation ID")


@pytest.mark.parity(
    "emulated",
    "Custom profiles",
    "Texts, XML, and base64 values of OMA settings read as `****`; numbers and booleans are in clear.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-omasetting",
)
def test_hidden_values(client: Any) -> None:
    kinds = {"String": "text", "Base64": "AAAA", "StringXml": "PGE+"}
    made = create(client, *(setting(kind, value) for kind, value in kinds.items()), setting("Integer", 5))
    v1, beta = client.json(f"{V1}/{made['id']}"), client.json(f"{BETA}/{made['id']}")
    assert [item["value"] for item in v1["omaSettings"]] == ["****", "****", "****", 5]
    assert [item["isEncrypted"] for item in beta["omaSettings"]] == [True, True, True, False]
    assert all(item["secretReferenceValueId"] for item in beta["omaSettings"][:3])


@pytest.mark.parity(
    "assumed",
    "Custom profiles",
    "PATCH of a profile returns 200 with body (documented); 204 was observed.",
    source="https://learn.microsoft.com/graph/api/intune-deviceconfig-windows10customconfiguration-update",
    settings=("configuration_patch_status",),
    calls=("PATCH /deviceManagement/deviceConfigurations/{id}",),
)
def test_patch(client: Any) -> None:
    made = create(client)
    path = f"{V1}/{made['id']}"
    kind = {"@odata.type": made["@odata.type"]}
    assert client.call("PATCH", path, {"displayName": "x"}).status_code == 400
    kept = client.call("PATCH", path, {**kind, "displayName": "New"})
    assert kept.status_code == 200
    assert (kept.json()["version"], len(kept.json()["omaSettings"])) == (2, 1)
    assert client.call("PATCH", path, {**kind, "displayName": "New"}).json()["version"] == 2
    client.settings(configuration_patch_status="204")
    replaced = client.call("PATCH", path, {**kind, "omaSettings": [setting(value=False)]})
    assert (replaced.status_code, replaced.text) == (204, "")
    assert client.json(path)["omaSettings"][0]["value"] is False
    assert client.call("PATCH", path, {**kind, "omaSettings": []}).status_code == 204
    assert client.json(path)["omaSettings"] == []


@pytest.mark.parity(
    "emulated",
    "Custom profiles",
    "A profile can be deleted once; then it returns 404.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-deviceconfiguration",
    calls=("DELETE /deviceManagement/deviceConfigurations/{id}",),
)
def test_delete_twice(client: Any) -> None:
    made = create(client)
    assert client.call("DELETE", f"{V1}/{made['id']}").status_code == 204
    assert client.call("DELETE", f"{V1}/{made['id']}").status_code == 404


@pytest.mark.parity(
    "assumed",
    "Custom profiles",
    "A new custom profile may hold settings of the settings catalog; Microsoft announced that it blocks such profiles, without "
    "a text or a list.",
    source="https://learn.microsoft.com/mem/intune/configuration/custom-settings-windows-10",
    settings=("custom_profile_block",),
)
def test_custom_profile_block(client: Any) -> None:
    made = create(client)
    client.settings(custom_profile_block="catalog")
    assert client.call("POST", V1, policy(setting())).status_code == 400
    assert client.call("PATCH", f"{V1}/{made['id']}", policy(setting(value=False))).status_code == 200
    other = setting(omaUri="./Device/Vendor/MSFT/Other")
    assert client.call("POST", V1, policy(other)).status_code == 201


@pytest.mark.parametrize(
    ("node", "blocked"),
    [
        ("User/Vendor/MSFT/PassportForWork/x/Policies/EnablePinRecovery", True),
        ("Device/Vendor/MSFT/PassportForWork/x/Policies/PINComplexity/MinimumPINLength", True),
        ("Device/Vendor/MSFT/PassportForWork/DynamicLock/Plugins", True),
        ("Device/Vendor/MSFT/Policy/Config/Authentication/EnableWebSignIn", True),
        ("Device/Vendor/MSFT/PassportForWork/x/Policies/DisablePostLogonProvisioning", False),
        ("User/Vendor/MSFT/PassportForWork/DynamicLock/Plugins", False),
        ("Device/Vendor/MSFT/PassportForWork/x/y/Policies/EnablePinRecovery", False),
        ("Device/Vendor/MSFT/PassportForWork/x", False),
    ],
)
def test_what_the_catalog_has_is_blocked(client: Any, node: str, blocked: bool) -> None:
    client.settings(custom_profile_block="catalog")
    response = client.call("POST", V1, policy(setting(omaUri=f"./{node}")))
    assert response.status_code == (400 if blocked else 201)


@pytest.mark.parity(
    "emulated",
    "Custom profiles",
    "The plain text of a hidden value is read by its reference.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-omasetting",
    calls=("GET /deviceManagement/deviceConfigurations/{id}/getOmaSettingPlainTextValue(secretReferenceValueId='{secret}')",),
)
@pytest.mark.parametrize("path", [V1, BETA])
def test_plain_text_value(client: Any, path: str) -> None:
    made = create(client, setting("String", "clear text"), setting("Integer", 5))["id"]
    reference = client.json(f"{BETA}/{made}")["omaSettings"][0]["secretReferenceValueId"]
    assert "clear text" not in client.control("GET", "secrets")
    call = f"{path}/{made}/getOmaSettingPlainTextValue(secretReferenceValueId='{reference}')"
    assert client.json(call)["value"] == "clear text"
    assert "clear text" in client.control("GET", "secrets")
    for wrong in (call.replace(reference, "none"), call.replace(made, "none")):
        assert client.get(wrong).status_code == 404


@pytest.mark.parametrize(
    ("mode", "role", "status"),
    [
        ("read", "Read", 200),
        ("read", "ReadWrite", 200),
        pytest.param(
            "write",
            "Read",
            403,
            marks=pytest.mark.parity(
                "assumed",
                "Custom profiles",
                "The permission to read suffices for the plain text of a hidden value, as documented earlier; "
                "since 2022, the one to write was reported, and a refusal of every application was observed.",
                source="https://learn.microsoft.com/graph/api/intune-deviceconfig-deviceconfiguration-getomasettingplaintextvalue",
                settings=("plain_text_value",),
            ),
        ),
        ("write", "ReadWrite", 200),
        ("refuse", "ReadWrite", 403),
    ],
)
def test_who_may_read_plain_text(client: Any, mode: str, role: str, status: int) -> None:
    made = create(client, setting("String", "clear text"))["id"]
    reference = client.json(f"{BETA}/{made}")["omaSettings"][0]["secretReferenceValueId"]
    client.settings(plain_text_value=mode)
    call = f"{V1}/{made}/getOmaSettingPlainTextValue(secretReferenceValueId='{reference}')"
    response = client.call("GET", call, roles=[f"DeviceManagementConfiguration.{role}.All"])
    assert response.status_code == status
    if mode == "refuse":
        assert response.json()["error"]["code"] == "UnknownInConvertApiError"
    assert client.call("GET", call, roles=["Device.Read.All"]).status_code == 403


def test_recordings_hide_plain_text(client: Any, tmp_path: Path) -> None:
    made = create(client, setting("String", "clear text"))["id"]
    reference = client.json(f"{BETA}/{made}")["omaSettings"][0]["secretReferenceValueId"]
    client.tenant.recorder = recorder = Recorder(tmp_path / "exchanges.jsonl")
    url = f"/deviceManagement/deviceConfigurations/{made}/getOmaSettingPlainTextValue(secretReferenceValueId='{reference}')"
    assert "clear text" in client.get(f"/v1.0{url}").text
    assert "clear text" in client.call("POST", "/v1.0/$batch", {"requests": [{"id": "1", "method": "GET", "url": url}]}).text
    recorder.close()
    written = (tmp_path / "exchanges.jsonl").read_text()
    assert written.count("REDACTED") == 3 and "clear text" not in written + str(client.journal())


def test_list_with_filter_and_assignments(client: Any) -> None:
    made = create(client)["id"]
    create(client, displayName="Other")
    listed = assign(client, made, target("allDevices"), path=BETA).json()["value"]
    for path in (f"{BETA}?$filter=displayName eq 'PIN recovery'&$expand=assignments", f"{BETA}?$expand=assignments"):
        found = {item["id"]: item["assignments"] for item in client.json(path)["value"]}
        assert found[made] == listed
    assert client.json(f"{BETA}/{made}?$expand=assignments")["assignments"] == listed


@pytest.mark.parity(
    "emulated",
    "Custom profiles",
    "`assign` replaces all assignments, and an assignment has the ID of its policy and its group (observed).",
    source="https://learn.microsoft.com/graph/api/intune-deviceconfig-deviceconfiguration-assign",
    calls=("POST /deviceManagement/deviceConfigurations/{id}/assign", "GET /deviceManagement/deviceConfigurations/{id}/assignments"),
)
def test_assign_replaces_all(client: Any) -> None:
    made = create(client)["id"]
    first = assign(client, made, target("allDevices"), target("exclusionGroup", groupId=GROUP))
    assert first.status_code == 200
    assert [item["id"] for item in first.json()["value"]] == [f"{made}_adadadad-808e-44e2-905a-0b7873a8a531", f"{made}_{GROUP}"]
    assign(client, made, target("allLicensedUsers"))
    listed = client.json(f"{V1}/{made}/assignments")["value"]
    assert [item["target"] for item in listed] == [{"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}]
    assert client.json(f"{V1}/{made}?$expand=assignments")["assignments"] == listed
    assert assign(client, made).json()["value"] == []


@pytest.mark.parity(
    "assumed",
    "Custom profiles",
    "v1.0 neither shows nor accepts filters of assignments, and its `assign` removes those that beta has set.",
    source=(
        "https://learn.microsoft.com/graph/api/intune-deviceconfig-deviceconfiguration-assign",
        "https://learn.microsoft.com/graph/api/resources/intune-shared-deviceandappmanagementassignmenttarget",
    ),
    settings=("v1_assign_drops_filters",),
)
def test_filters_are_beta_only(client: Any) -> None:
    made = create(client)["id"]
    assert assign(client, made, target("group", groupId=GROUP, **FILTER)).status_code == 400
    assert assign(client, made, target("group", groupId=GROUP, **FILTER), path=BETA).status_code == 200
    shown = client.json(f"{BETA}/{made}/assignments")["value"][0]
    assert (shown["target"] | FILTER) == shown["target"]
    assert set(client.json(f"{V1}/{made}/assignments")["value"][0]["target"]) == {"@odata.type", "groupId"}
    client.settings(v1_assign_drops_filters=False)
    assign(client, made, target("group", groupId=GROUP))
    assert client.json(f"{BETA}/{made}/assignments")["value"][0]["target"]["deviceAndAppManagementAssignmentFilterType"] == "include"
    client.settings(v1_assign_drops_filters=True)
    assign(client, made, target("group", groupId=GROUP))
    assert client.json(f"{BETA}/{made}/assignments")["value"][0]["target"]["deviceAndAppManagementAssignmentFilterType"] == "none"


@pytest.mark.parity(
    "assumed",
    "Custom profiles",
    "`assign` does not check whether a group exists.",
    source="https://learn.microsoft.com/graph/api/intune-deviceconfig-deviceconfiguration-assign",
    settings=("assign_checks_groups",),
)
def test_assign_refusals(client: Any) -> None:
    made = create(client)["id"]
    for bad in (target("deviceAndAppManagement"), target("group", groupId="no"), target("allDevices", groupId=GROUP), {}):
        assert assign(client, made, bad).status_code == 400
    assert client.call("POST", f"{V1}/{made}/assign", {"other": []}).status_code == 400
    client.settings(assign_checks_groups=True)
    assert assign(client, made, target("group", groupId=GROUP)).status_code == 400
    known = client.json("/v1.0/groups")["value"][0]["id"]
    assert assign(client, made, target("group", groupId=known)).status_code == 200


@pytest.mark.parity(
    "emulated",
    "Policy states and reports",
    "v1.0 counts the states of a profile in `deviceStatusOverview`.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-deviceconfigurationdeviceoverview",
    calls=("GET /deviceManagement/deviceConfigurations/{id}/deviceStatusOverview",),
)
def test_status_overview(client: Any) -> None:
    made = create(client)["id"]
    assign(client, made, target("allDevices"))
    assert client.json(f"{V1}/{made}/deviceStatusOverview")["pendingCount"] == 30
    assert client.get(f"{BETA}/{made}/deviceStatusOverview").status_code == 400
