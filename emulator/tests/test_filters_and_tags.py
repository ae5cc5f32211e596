# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Assignment filters and scope tags, and policies that name them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from emulator_support import catalog
from emulator_support import profiles as configurations

FILTERS = "/beta/deviceManagement/assignmentFilters"
TAGS = "/beta/deviceManagement/roleScopeTags"
UNKNOWN = {**configurations.FILTER, "deviceAndAppManagementAssignmentFilterId": "22222222-2222-4222-8222-222222222222"}


@pytest.mark.parity(
    "emulated",
    "Filters and scope tags",
    "Assignment filters are listed and read.",
    source="https://learn.microsoft.com/graph/api/resources/intune-policyset-deviceandappmanagementassignmentfilter",
    calls=("GET /deviceManagement/assignmentFilters", "GET /deviceManagement/assignmentFilters/{id}"),
)
def test_filters_are_read(client: Any) -> None:
    found = client.json(FILTERS)["value"]
    platforms = Counter(item["platform"] for item in found)
    names = Counter(item["displayName"] for item in found if item["platform"] == "windows10AndLater")
    assert platforms["windows10AndLater"] >= 4 and len(platforms) == 2
    assert sorted(names.values()) == [1, 1, 2], "two can be told apart by name, two cannot"
    assert {item["assignmentFilterManagementType"] for item in found} == {"devices"}
    one = client.json(f"{FILTERS}/{found[0]['id'].upper()}?$select=id,rule")
    assert (one["id"], one["rule"]) == (found[0]["id"], found[0]["rule"])
    assert set(one) == {"@odata.context", "id", "rule"}
    assert client.get(f"{FILTERS}/none").status_code == 404


@pytest.mark.parity(
    "emulated",
    "Filters and scope tags",
    "Scope tags are listed and read.",
    source="https://learn.microsoft.com/graph/api/resources/intune-rbac-rolescopetag",
    calls=("GET /deviceManagement/roleScopeTags", "GET /deviceManagement/roleScopeTags/{id}"),
)
def test_tags_are_read(client: Any) -> None:
    found = client.json(TAGS)["value"]
    assert [(item["id"], item["isBuiltIn"]) for item in found] == [("0", True), ("1", False), ("2", False)]
    assert client.json(f"{TAGS}/0")["displayName"] == "Default"
    assert client.get(f"{TAGS}/3").status_code == 404


@pytest.mark.parity(
    "emulated",
    "Filters and scope tags",
    "A new tenant has the scope tag Default, with the ID 0, and no filters.",
    source="https://learn.microsoft.com/graph/api/resources/intune-rbac-rolescopetag",
)
def test_every_tenant_has_the_default_tag_only(make_client: Any) -> None:
    client = make_client("empty")
    assert [item["id"] for item in client.json(TAGS)["value"]] == ["0"]
    assert client.json(FILTERS)["value"] == []


def test_lists_are_paged_and_nothing_else(client: Any) -> None:
    first = client.json(f"{FILTERS}?$top=4")
    assert len(first["value"] + client.json(first["@odata.nextLink"])["value"]) == 5
    for query in ("$filter=displayName eq 'Pilot'", "$expand=payloads", "$select=nonsense", "$orderby=displayName"):
        assert client.get(f"{FILTERS}?{query}").status_code == 400
    for path in ("assignmentFilters", "roleScopeTags"):
        response = client.get(f"/v1.0/deviceManagement/{path}")
        assert (response.status_code, "x-emulator-refused" in response.headers) == (400, False)


@pytest.mark.parity(
    "emulated",
    "Filters and scope tags",
    "Filters take the permissions for configuration, scope tags those for RBAC.",
    source="https://learn.microsoft.com/graph/permissions-reference",
)
def test_roles(client: Any) -> None:
    configuration, rbac = ["DeviceManagementConfiguration.Read.All"], ["DeviceManagementRBAC.Read.All"]
    assert [client.call("GET", FILTERS, roles=roles).status_code for roles in (configuration, rbac)] == [200, 403]
    assert [client.call("GET", TAGS, roles=roles).status_code for roles in (configuration, rbac)] == [403, 200]


@pytest.mark.parametrize(
    "checks",
    [
        True,
        pytest.param(
            False,
            marks=pytest.mark.parity(
                "assumed",
                "Filters and scope tags",
                "A filter or scope tag that does not exist is refused in profiles and policies; the texts are invented.",
                source=(
                    "https://learn.microsoft.com/graph/api/resources/intune-policyset-deviceandappmanagementassignmentfilter",
                    "https://learn.microsoft.com/graph/api/resources/intune-rbac-rolescopetag",
                ),
                settings=("checks_references",),
            ),
        ),
    ],
)
def test_unknown_references(client: Any, checks: bool) -> None:
    client.settings(checks_references=checks)
    made, profile = catalog.create(client)["id"], configurations.create(client)["id"]
    target = configurations.target("group", groupId=configurations.GROUP, **UNKNOWN)
    kind = {"@odata.type": "#microsoft.graph.windows10CustomConfiguration"}
    answers = [
        catalog.assign(client, made, target),
        configurations.assign(client, profile, target, path=configurations.BETA),
        client.call("POST", catalog.CP, catalog.policy(catalog.ON, roleScopeTagIds=["0", "7"])),
        client.call("PUT", f"{catalog.CP}/{made}", catalog.policy(catalog.ON, roleScopeTagIds=["7"])),
        client.call("PATCH", f"{catalog.CP}/{made}", {"roleScopeTagIds": ["7"]}),
        client.call("POST", configurations.BETA, configurations.policy(configurations.setting(), roleScopeTagIds=["7"])),
        client.call("PATCH", f"{configurations.BETA}/{profile}", {**kind, "roleScopeTagIds": ["7"]}),
    ]
    wanted = [400] * 7 if checks else [200, 200, 201, 204, 200, 201, 200]
    assert [answer.status_code for answer in answers] == wanted
    assert client.json(f"{catalog.CP}/{made}")["roleScopeTagIds"] == (["0"] if checks else ["7"])


@pytest.mark.parity(
    "assumed",
    "Filters and scope tags",
    "Whether the filter of an assignment fits the platform of the policy is not checked.",
    source="https://learn.microsoft.com/graph/api/resources/intune-policyset-deviceandappmanagementassignmentfilter",
)
def test_known_references(client: Any) -> None:
    made = catalog.create(client, roleScopeTagIds=["0", "2"])
    assert made["roleScopeTagIds"] == ["0", "2"]
    target = configurations.target("group", groupId=configurations.GROUP, **configurations.FILTER)
    kept = catalog.assign(client, made["id"], target).json()["value"][0]["target"]
    assert (kept | configurations.FILTER) == kept
    assert client.call("PATCH", f"{catalog.CP}/{made['id']}", {"roleScopeTagIds": []}).json()["roleScopeTagIds"] == ["0"]
