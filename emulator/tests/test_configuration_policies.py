# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Policies of the settings catalog."""

from __future__ import annotations

import json
from typing import Any

import pytest
from emulator_support import profiles as configurations
from emulator_support.catalog import (
    CP,
    GROUP,
    KEY,
    LENGTH,
    ON,
    PLUGINS,
    RECOVERY,
    TYPE,
    URLS,
    USER_GROUP,
    Json,
    assign,
    choice,
    create,
    group,
    instance,
    number,
    policy,
    settings_of,
    simple,
    text,
    texts,
)


@pytest.mark.parity(
    "emulated",
    "Settings catalog",
    "Policies are created with settings of Windows Hello for Business and web sign-in, and read.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationpolicy",
    calls=(
        "POST /deviceManagement/configurationPolicies",
        "GET /deviceManagement/configurationPolicies/{id}",
        "GET /deviceManagement/configurationPolicies/{id}/settings",
    ),
)
@pytest.mark.parity(
    "emulated",
    "Settings catalog",
    "Settings and assignments appear with `$expand` only.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationpolicy",
)
def test_create_and_read(client: Any) -> None:
    made = create(client, group(choice(RECOVERY, "true"), number(LENGTH, 6)), choice(KEY, "1"), text(PLUGINS, "x"), texts(URLS, "a", "b"))
    assert {"settings", "assignments"}.isdisjoint(made)
    assert (made["settingCount"], made["isAssigned"], made["creationSource"], made["roleScopeTagIds"]) == (4, False, None, ["0"])
    assert made["templateReference"]["templateFamily"] == "none"
    assert {"settings", "assignments"}.isdisjoint(client.json(f"{CP}/{made['id']}"))
    read = settings_of(client, made["id"])
    assert [item["id"] for item in read] == ["0", "1", "2", "3"]
    assert client.json(f"{CP}/{made['id']}?$expand=settings")["settings"] == read
    assert read[0]["settingInstance"] == {
        "@odata.type": f"{TYPE}GroupSettingCollectionInstance",
        "settingDefinitionId": GROUP,
        "settingInstanceTemplateReference": None,
        "groupSettingCollectionValue": [
            {
                "settingValueTemplateReference": None,
                "children": [
                    {
                        "@odata.type": f"{TYPE}ChoiceSettingInstance",
                        "settingDefinitionId": RECOVERY,
                        "settingInstanceTemplateReference": None,
                        "choiceSettingValue": {"settingValueTemplateReference": None, "value": f"{RECOVERY}_true", "children": []},
                    },
                    {
                        "@odata.type": f"{TYPE}SimpleSettingInstance",
                        "settingDefinitionId": LENGTH,
                        "settingInstanceTemplateReference": None,
                        "simpleSettingValue": {
                            "@odata.type": f"{TYPE}IntegerSettingValue",
                            "settingValueTemplateReference": None,
                            "value": 6,
                        },
                    },
                ],
            }
        ],
    }
    assert [item["value"] for item in read[3]["settingInstance"]["simpleSettingCollectionValue"]] == ["a", "b"]


def test_what_was_read_can_be_written(client: Any) -> None:
    made = create(client, ON, texts(URLS, "a"))
    read = client.json(f"{CP}/{made['id']}?$expand=settings")
    again = client.call("POST", CP, {name: value for name, value in read.items() if name != "settings@odata.context"})
    assert again.status_code == 201
    assert settings_of(client, again.json()["id"]) == read["settings"]


@pytest.mark.parity(
    "emulated",
    "Settings catalog",
    "A page of the list without `$top` has 25 policies (observed).",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationpolicy",
    calls=("GET /deviceManagement/configurationPolicies",),
)
def test_the_page_of_a_list_is_short(client: Any) -> None:
    for index in range(27):
        create(client, name=f"Policy {index:02}")
    first = client.json(f"{CP}?$select=id,name")
    assert len(first["value"]) == 25
    assert set(first["value"][0]) == {"id", "name"}
    second = client.json(first["@odata.nextLink"])
    assert [item["name"] for item in second["value"]] == ["Policy 25", "Policy 26"]
    assert len(client.json(f"{CP}?$top=26")["value"]) == 26


def test_settings_are_paged(client: Any) -> None:
    made = create(client, ON, choice(KEY, "0"))
    first = client.json(f"{CP}/{made['id']}/settings?$top=1")
    second = client.json(first["@odata.nextLink"])
    assert [item["id"] for item in first["value"] + second["value"]] == ["0", "1"]
    refused = client.get(f"{CP}/{made['id']}/settings?$expand=settingDefinitions")
    assert (refused.status_code, "settingDefinitions" in refused.headers["x-emulator-refused"]) == (400, True)


@pytest.mark.parity(
    "emulated",
    "Settings catalog",
    "`$filter` takes `eq` and `contains` on name, `has` on technologies, and the template family.",
    source=(
        "https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationpolicy",
        "https://learn.microsoft.com/graph/query-parameters",
    ),
)
@pytest.mark.parametrize(
    ("filter_text", "found"),
    [
        ("name eq 'pin recovery'", ["PIN recovery"]),
        ("contains(name,'recovery')", ["PIN recovery", "It has 'recovery'"]),
        ("technologies has 'mdm'", ["PIN recovery", "It has 'recovery'"]),
        ("technologies has 'configManager'", []),
        ("technologies has 'md'", []),
        ("templateReference/templateFamily eq 'none' and name eq 'It has ''recovery'''", ["It has 'recovery'"]),
        ("templateReference/templateFamily eq 'baseline'", []),
    ],
)
def test_filters(client: Any, filter_text: str, found: list[str]) -> None:
    create(client)
    create(client, name="It has 'recovery'")
    assert [item["name"] for item in client.json(f"{CP}?$filter={filter_text}")["value"]] == found


@pytest.mark.parametrize(
    "filter_text",
    [
        "description eq 'x'",
        "nonsense eq 'x'",
        "startswith(name,'x')",
        "technologies eq 'mdm'",
        "name has 'x'",
        "hassubset(technologies,'mdm')",
        "name eq 'a' or name eq 'b'",
        "templateReference/templateId eq 'x'",
    ],
)
def test_filters_refused(client: Any, filter_text: str) -> None:
    assert client.get(f"{CP}?$filter={filter_text}").status_code == 400


SETTING = {"settingInstance": choice(KEY, "1")}
TWICE = instance("GroupSettingCollection", GROUP, "groupSettingCollectionValue", [{"children": []}, {"children": []}])
INTUNE: dict[str, tuple[list[Json], str]] = {
    "unknown": ([choice("device_vendor_msft_nothing", "1")], "Invalid Reference id found in Policy"),
    "not defined": ([group(choice(f"{GROUP}_policies_disablepostlogonprovisioning", "true"))], "Invalid Reference id found in Policy"),
    "letter case": ([choice(KEY.upper(), "1")], "Invalid Reference id found in Policy"),
    "child at the top": ([choice(RECOVERY, "true")], "cannot stand at the top"),
    "child of another group": ([group(choice(RECOVERY, "true"), definition=USER_GROUP)], "cannot stand in the group"),
    "root in a group": ([group(choice(KEY, "1"))], "cannot stand in the group"),
    "group in a group": ([group(group())], "cannot stand in the group"),
    "type": ([number(KEY, 1)], "needs an instance of type"),
    "type of a value": ([group(instance("SimpleSetting", LENGTH, "simpleSettingValue", simple("String", "6")))], "needs a value of type"),
    "option": ([choice(KEY, "2")], "is not an option"),
    "option of another": ([instance("ChoiceSetting", KEY, "choiceSettingValue", {"value": f"{RECOVERY}_true"})], "is not an option"),
    "child of an option": (
        [instance("ChoiceSetting", KEY, "choiceSettingValue", {"value": f"{KEY}_1", "children": [choice(RECOVERY, "true")]})],
        "no child settings",
    ),
    "too small": ([group(number(LENGTH, 3))], "out of range"),
    "too large": ([group(number(LENGTH, 128))], "out of range"),
    "twice in a group": ([group(choice(RECOVERY, "true"), choice(RECOVERY, "true"))], "more than once"),
    "group twice": ([group(choice(RECOVERY, "true")), group()], "more than once"),
    "two values": ([TWICE], "takes one value, not 2"),
    "no value": ([{"@odata.type": f"{TYPE}ChoiceSettingInstance", "settingDefinitionId": KEY}], "no choiceSettingValue"),
    "too long": ([text(PLUGINS, "x" * 87517)], "at most 87516"),
    "too many": ([texts(URLS, *["x"] * 1001)], "at most 1000"),
}


@pytest.mark.parity(
    "emulated",
    "Requests and errors",
    "Members of enumerations are matched without regard to case, and returned as they are described.",
    source="https://learn.microsoft.com/graph/query-parameters",
)
def test_members_of_enumerations_may_be_in_any_letter_case(client: Any) -> None:
    made = client.call("POST", CP, policy(ON, platforms="Windows10", technologies="MDM"))
    assert (made.status_code, made.json()["platforms"], made.json()["technologies"]) == (201, "windows10", "mdm")
    filters = client.json("/beta/deviceManagement/assignmentFilters")["value"]
    target = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget", "deviceAndAppManagementAssignmentFilterType": "INCLUDE"}
    target["deviceAndAppManagementAssignmentFilterId"] = next(found["id"] for found in filters if found["platform"] == "windows10AndLater")
    assert assign(client, made.json()["id"], {"target": target}).status_code == 200
    (shown,) = client.json(f"{CP}/{made.json()['id']}/assignments")["value"]
    assert shown["target"]["deviceAndAppManagementAssignmentFilterType"] == "include"


@pytest.mark.parity(
    "emulated",
    "Settings catalog",
    "An unknown `settingDefinitionId` is refused with the text of the service for an unknown reference.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationsettingdefinition",
)
@pytest.mark.parity(
    "assumed",
    "Settings catalog",
    "The checks of a setting's position, type, option, and range are not documented; the texts are invented. The pattern of "
    "a text is not checked.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationsettingdefinition",
)
@pytest.mark.parametrize("name", INTUNE)
def test_settings_that_intune_refuses(client: Any, name: str) -> None:
    instances, words = INTUNE[name]
    response = client.call("POST", CP, policy(*instances))
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "BadRequest")
    assert words in json.loads(error["message"])["Message"]
    assert client.json(CP)["value"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (policy(ON, name=None), "Name must not be empty"),
        (policy(ON, name=" "), "Name must not be empty"),
        (policy(ON, displayName="x"), "'displayName' does not exist"),
        (policy(ON, platforms="windows"), "Cannot convert the literal 'windows'"),
        (policy(ON, platforms="macOS"), "must be 'windows10'"),
        (policy(ON, technologies="mdm,nonsense"), "Cannot convert the literal"),
        (policy(ON, technologies="configManager"), "must be 'mdm'"),
        (policy(ON, technologies=None), "must be 'mdm'"),
        (policy(ON, roleScopeTagIds="0"), "roleScopeTagIds"),
        (policy(ON, templateReference={"templateId": "fcef01f2-439d-4c3f-9184-823fd6e97646_1"}), "template is not supported"),
        (policy(ON, templateReference={"nonsense": 1}), "'nonsense' does not exist"),
        (policy(ON, assignments=[{}]), "'assignments' is not supported"),
        (policy(ON, **{"@odata.type": "#microsoft.graph.deviceConfiguration"}), "is not 'microsoft.graph.deviceManagementConfig"),
        (policy(ON, settings={}), "A collection was expected"),
        (policy(instance("ChoiceSetting", KEY, "choiceSettingValue", {"value": f"{KEY}_1", "children": ""})), "for property 'children'"),
        (policy(ON, settings=None), "A collection was expected"),
        (policy(ON, settings=[{}]), "An object was expected"),
        (policy(ON, settings=[{**SETTING, "name": "x"}]), "'name' does not exist"),
        (policy({**choice(KEY, "1"), "value": 1}), "'value' does not exist"),
        (policy({"settingDefinitionId": KEY}), "abstract"),
        (policy(group(number(LENGTH, "6"))), "Edm.Int32"),
        (policy(group(number(LENGTH, True))), "Edm.Int32"),
        (policy(group(number(LENGTH, 6.5))), "Edm.Int32"),
        (policy(text(PLUGINS, 1)), "Edm.String"),
        (policy(instance("SimpleSetting", PLUGINS, "simpleSettingValue", {"value": "x"})), "abstract"),
        (policy({**choice(KEY, "1"), "settingInstanceTemplateReference": {"settingInstanceTemplateId": "x"}}), "settingInstanceTemplate"),
        ([], "Empty Payload"),
    ],
)
def test_bodies_that_are_refused(client: Any, body: Any, words: str) -> None:
    response = client.call("POST", CP, body)
    assert (response.status_code, response.json()["error"]["code"]) in {(400, "BadRequest"), (400, "ModelValidationFailure")}
    assert words in response.json()["error"]["message"]
    assert client.json(CP)["value"] == []


@pytest.mark.parity(
    "assumed",
    "Settings catalog",
    "PUT replaces the policy, and removes the settings when the body has none; it returns 204, or 200 with body; neither is documented.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationpolicy",
    settings=("configuration_put_status",),
    calls=("PUT /deviceManagement/configurationPolicies/{id}",),
)
def test_put_replaces_all(client: Any) -> None:
    made = create(client, ON, description="Old")
    path = f"{CP}/{made['id']}"
    assign(client, made["id"], configurations.target("allDevices"))
    client.advance(5)
    replaced = client.call("PUT", path, policy(choice(KEY, "1"), name="New"))
    assert (replaced.status_code, replaced.text) == (204, "")
    read = client.json(path)
    assert (read["name"], read["description"], read["isAssigned"], read["settingCount"]) == ("New", None, True, 1)
    assert (read["createdDateTime"], read["lastModifiedDateTime"] > made["lastModifiedDateTime"]) == (made["createdDateTime"], True)
    assert [item["settingInstance"]["settingDefinitionId"] for item in settings_of(client, made["id"])] == [KEY]
    client.settings(configuration_put_status="200")
    without = policy(name="New")
    del without["settings"]
    emptied = client.call("PUT", path, without)
    assert (emptied.status_code, emptied.json()["settingCount"]) == (200, 0)
    assert settings_of(client, made["id"]) == []


@pytest.mark.parity(
    "assumed",
    "Settings catalog",
    "PUT without `roleScopeTagIds`, or with null, is refused (observed; the text is invented).",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationpolicy",
)
def test_put_that_is_refused_changes_nothing(client: Any) -> None:
    made = create(client)
    path = f"{CP}/{made['id']}"
    for body in (policy(choice(KEY, "7"), name="New"), policy(ON, name=""), policy(ON, roleScopeTagIds=None)):
        assert client.call("PUT", path, body).status_code == 400
    assert client.json(path) == {**made, "@odata.context": client.json(path)["@odata.context"]}
    assert client.call("PUT", f"{CP}/none", policy(ON)).status_code == 404


@pytest.mark.parity(
    "emulated",
    "Settings catalog",
    "PATCH changes names and scope tags; with `settings` it is refused (observed text).",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationpolicy",
    calls=("PATCH /deviceManagement/configurationPolicies/{id}",),
)
@pytest.mark.parity(
    "assumed",
    "Settings catalog",
    "PATCH of a policy returns 200 with body (documented), or 204.",
    source="https://learn.microsoft.com/graph/api/intune-deviceconfigv2-devicemanagementconfigurationpolicy-update",
    settings=("configuration_patch_status",),
)
def test_patch_changes_metadata_only(client: Any) -> None:
    made = create(client)
    path = f"{CP}/{made['id']}"
    changed = client.call("PATCH", path, {"name": "New", "description": "Why"})
    assert (changed.status_code, changed.json()["name"], changed.json()["description"]) == (200, "New", "Why")
    client.settings(configuration_patch_status="204")
    assert client.call("PATCH", path, {"description": None}).status_code == 204
    assert (client.json(path)["name"], client.json(path)["description"]) == ("New", None)
    assert len(settings_of(client, made["id"])) == 1
    refused = client.call("PATCH", path, {"settings": []})
    assert (refused.status_code, "Cannot apply PATCH to navigation property 'settings'" in refused.text) == (400, True)
    for body in ({"platforms": "windows10"}, {"name": ""}, {"nonsense": 1}, {"description": 1}):
        assert client.call("PATCH", path, body).status_code == 400
    assert client.json(path)["name"] == "New"


@pytest.mark.parity(
    "emulated",
    "Settings catalog",
    "A policy can be deleted once; then it and its settings are a 404.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationpolicy",
    calls=("DELETE /deviceManagement/configurationPolicies/{id}",),
)
def test_delete_twice(client: Any) -> None:
    made = create(client)["id"]
    assert client.call("DELETE", f"{CP}/{made}").status_code == 204
    assert client.call("DELETE", f"{CP}/{made}").status_code == 404
    assert client.get(f"{CP}/{made}/settings").status_code == 404


@pytest.mark.parity(
    "emulated",
    "Settings catalog",
    "`assign` replaces all assignments, and `isAssigned` follows.",
    source="https://learn.microsoft.com/graph/api/intune-deviceconfigv2-devicemanagementconfigurationpolicy-assign",
    calls=("POST /deviceManagement/configurationPolicies/{id}/assign", "GET /deviceManagement/configurationPolicies/{id}/assignments"),
)
def test_assign_replaces_all(client: Any) -> None:
    made = create(client)["id"]
    first = assign(client, made, configurations.target("allDevices"), configurations.target("exclusionGroup", groupId=configurations.GROUP))
    assert first.status_code == 200
    assert [item["id"].removeprefix(f"{made}_") for item in first.json()["value"]] == [
        "adadadad-808e-44e2-905a-0b7873a8a531",
        configurations.GROUP,
    ]
    assert "intent" not in first.json()["value"][0]
    assign(client, made, configurations.target("allLicensedUsers"))
    listed = client.json(f"{CP}/{made}/assignments")["value"]
    assert [item["target"]["@odata.type"] for item in listed] == ["#microsoft.graph.allLicensedUsersAssignmentTarget"]
    assert client.json(f"{CP}/{made}")["isAssigned"] is True
    assert assign(client, made).json()["value"] == []
    assert client.json(f"{CP}/{made}")["isAssigned"] is False
    assert assign(client, made, {**configurations.target("allDevices"), "intent": "apply"}).status_code == 400


@pytest.mark.parity(
    "emulated",
    "Settings catalog",
    "`{id}?$expand=assignments` always has an empty list; `{id}/assignments` and the list with `$expand` show them (observed).",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationpolicy",
)
def test_only_lists_expand_assignments(client: Any) -> None:
    made = create(client)["id"]
    create(client, name="Other")
    listed = assign(client, made, configurations.target("allDevices")).json()["value"]
    found = client.json(f"{CP}?$filter=name eq 'PIN recovery'&$expand=settings,assignments")["value"]
    assert [(item["id"], item["assignments"], len(item["settings"])) for item in found] == [(made, listed, 1)]
    assert [item["assignments"] for item in client.json(f"{CP}?$expand=assignments")["value"]] == [listed, []]
    assert client.json(f"{CP}/{made}?$expand=assignments")["assignments"] == []
    both = client.json(f"{CP}/{made}?$expand=settings,assignments")
    assert (both["assignments"], len(both["settings"])) == ([], 1)
    assert client.get(f"{CP}/{made}?$expand=nonsense").status_code == 400


@pytest.mark.parity(
    "emulated",
    "Settings catalog",
    "v1.0 has no policies of the settings catalog.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationpolicy",
)
def test_beta_only(client: Any) -> None:
    made = create(client)["id"]
    for path in ("", f"/{made}", f"/{made}/settings"):
        response = client.get(f"/v1.0/deviceManagement/configurationPolicies{path}")
        assert (response.status_code, "x-emulator-refused" in response.headers) == (400, False)


def test_roles_and_quota(client: Any) -> None:
    reader, writer = "DeviceManagementConfiguration.Read.All", "DeviceManagementConfiguration.ReadWrite.All"
    assert client.call("GET", CP, roles=[reader]).status_code == 200
    assert client.call("POST", CP, policy(ON), roles=[reader]).status_code == 403
    assert client.call("PUT", f"{CP}/x", policy(ON), roles=[reader]).status_code == 403
    assert client.call("POST", CP, policy(ON), roles=[writer]).status_code == 201
    assert {entry["workload"] for entry in client.journal() if "configurationPolicies" in entry["path"]} == {"configuration"}
