# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test script packages of remediations: stored values, refusals, and assignments."""

from __future__ import annotations

import json
from typing import Any

import pytest
from emulator_support.profiles import FILTER, GROUP
from emulator_support.scripts import DAILY, SCRIPTS, assign, assignments_of, create, encoded, package, schedule, target
from intune_emulator.intune.health_script_body import MAX_CONTENT_BYTES

UNKNOWN = "99999999-9999-4999-8999-999999999999"
READ, WRITE = "DeviceManagementScripts.Read.All", "DeviceManagementScripts.ReadWrite.All"


def message(response: Any) -> str:
    text: str = response.json()["error"]["message"]
    return str(json.loads(text)["Message"]).partition(" - Operation ID")[0] if text.startswith("{") else text


def own(client: Any, query: str = "") -> list[dict[str, Any]]:
    return [row for row in client.json(SCRIPTS + query)["value"] if not row["isGlobalScript"]]


@pytest.mark.parity(
    "emulated",
    "Remediations",
    "A script package is created and read.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscript",
    calls=("POST /deviceManagement/deviceHealthScripts", "GET /deviceManagement/deviceHealthScripts/{id}"),
)
def test_create_and_read(client: Any) -> None:
    made = create(client)
    shown = client.json(f"{SCRIPTS}/{made['id']}")
    assert {**shown, "@odata.context": ""} == {**made, "@odata.context": ""}
    assert {name: shown[name] for name in package() if "@" not in name} == {k: v for k, v in package().items() if "@" not in k}
    assert (shown["version"], shown["isGlobalScript"], shown["remediationScriptContent"]) == ("1", False, "")


@pytest.mark.parity(
    "emulated",
    "Remediations",
    "A package without `runAsAccount` and `runAs32Bit` runs as the system, in 64 bits (observed).",
    source="https://github.com/fadwen/IntuneScriptLab",
)
def test_defaults_of_a_new_package(client: Any) -> None:
    """Through Graph, a package without these runs in the system context, in 64 bits."""
    body = {"displayName": "Plain", "detectionScriptContent": encoded("exit 0")}
    shown = client.call("POST", SCRIPTS, body).json()
    assert (shown["runAsAccount"], shown["runAs32Bit"], shown["enforceSignatureCheck"]) == ("system", False, False)
    assert (shown["roleScopeTagIds"], shown["publisher"], shown["description"]) == (["0"], None, None)


@pytest.mark.parity(
    "emulated",
    "Remediations",
    "The list has empty contents (observed).",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscript",
    calls=("GET /deviceManagement/deviceHealthScripts",),
)
def test_the_list_has_no_contents(client: Any) -> None:
    made = create(client, remediationScriptContent=encoded("exit 1"))
    (row,) = own(client)
    assert (row["id"], row["detectionScriptContent"], row["remediationScriptContent"]) == (made["id"], "", "")
    assert client.json(f"{SCRIPTS}/{made['id']}")["remediationScriptContent"] == encoded("exit 1")
    chosen = client.json(f"{SCRIPTS}?$select=id,detectionScriptContent")["value"][-1]
    assert chosen == {"id": made["id"], "detectionScriptContent": ""}


def test_the_list_is_paged_and_expands_assignments(client: Any) -> None:
    made = [create(client, displayName=f"Package {number}")["id"] for number in range(3)]
    assert assign(client, made[1], target()).status_code == 204
    first = client.json(f"{SCRIPTS}?$top=2&$expand=assignments")
    second = client.json(first["@odata.nextLink"].partition("8443")[2])
    rows = {row["id"]: row["assignments"] for row in first["value"] + second["value"]}
    assert [len(rows[name]) for name in made] == [0, 1, 0]
    assert client.json(f"{SCRIPTS}/{made[1]}?$expand=assignments")["assignments"] == rows[made[1]]
    assert "assignments" not in client.json(f"{SCRIPTS}/{made[1]}")


@pytest.mark.parity(
    "assumed",
    "Remediations",
    "A list with `$expand=assignments` works with any page size; a 500 was reported from a big tenant for more than 50 packages a page.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscript",
    settings=("script_expand",),
)
def test_a_big_tenant_does_not_expand_a_hundred(client: Any) -> None:
    assert client.get(f"{SCRIPTS}?$top=100&$expand=assignments").status_code == 200
    client.settings(script_expand="limit")
    assert client.get(f"{SCRIPTS}?$top=100&$expand=assignments").status_code == 500
    assert client.get(f"{SCRIPTS}?$top=50&$expand=assignments").status_code == 200
    assert client.get(f"{SCRIPTS}?$top=100").status_code == 200


@pytest.mark.parametrize("query", ["$filter=displayName eq 'x'", "$orderby=displayName", "$expand=deviceRunStates", "$select=nothing"])
def test_other_queries_are_refused(client: Any, query: str) -> None:
    assert client.get(f"{SCRIPTS}?{query}").status_code == 400


@pytest.mark.parity(
    "emulated",
    "Remediations",
    "PATCH changes a package, and a new content counts the version up.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscript",
    calls=("PATCH /deviceManagement/deviceHealthScripts/{id}",),
)
@pytest.mark.parity(
    "assumed",
    "Remediations",
    "PATCH of a package returns 200 with body (documented), or 204.",
    source="https://learn.microsoft.com/graph/api/intune-devices-devicehealthscript-update",
    settings=("script_patch_status",),
)
def test_patch_changes_and_counts_the_version(client: Any) -> None:
    made = create(client)
    path = f"{SCRIPTS}/{made['id']}"
    client.advance(60)
    changed = client.call("PATCH", path, {"detectionScriptContent": encoded("exit 1")})
    assert (changed.status_code, changed.json()["version"], changed.json()["displayName"]) == (200, "2", made["displayName"])
    assert changed.json()["lastModifiedDateTime"] > made["lastModifiedDateTime"]
    same = client.call("PATCH", path, {"runAsAccount": "user", "description": made["description"]})
    assert (same.json()["version"], same.json()["runAsAccount"]) == ("2", "user")
    client.settings(script_patch_status="204")
    assert client.call("PATCH", path, {"description": None}).status_code == 204
    assert client.json(path)["description"] is None


@pytest.mark.parity(
    "emulated",
    "Remediations",
    "A package can be deleted once.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscript",
    calls=("DELETE /deviceManagement/deviceHealthScripts/{id}",),
)
def test_delete_twice(client: Any) -> None:
    path = f"{SCRIPTS}/{create(client)['id']}"
    assert client.call("DELETE", path).status_code == 204
    assert [client.call(method, path, body).status_code for method, body in (("DELETE", None), ("GET", None), ("PATCH", {}))] == [404] * 3


@pytest.mark.parity(
    "assumed",
    "Remediations",
    "Microsoft's own packages are read-only; the text of the refusal is invented.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscript",
)
def test_one_of_microsofts_own_is_read_only(client: Any) -> None:
    (row,) = [row for row in client.json(SCRIPTS)["value"] if row["isGlobalScript"]]
    path = f"{SCRIPTS}/{row['id']}"
    assert client.json(path)["publisher"] == "Microsoft"
    assert [client.call(*call).status_code for call in (("PATCH", path, {"description": "x"}), ("DELETE", path))] == [400, 400]
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"displayName": None},
        {"displayName": " "},
        {"displayName": 1},
        {"publisher": 1},
        {"description": []},
        {"runAsAccount": "admin"},
        {"runAsAccount": None},
        {"runAs32Bit": "false"},
        {"enforceSignatureCheck": None},
        {"detectionScriptContent": "no base64!"},
        {"detectionScriptContent": 1},
        {"detectionScriptContent": ""},
        {"detectionScriptContent": None},
        {"remediationScriptContent": "="},
        {"roleScopeTagIds": ["99"]},
        {"roleScopeTagIds": "0"},
        {"version": "3"},
        {"isGlobalScript": True},
        {"deviceHealthScriptType": "managedInstallerScript"},
        {"detectionScriptParameters": [{"name": "x"}]},
        {"assignments": []},
        {"scriptContent": ""},
        {"@odata.type": "#microsoft.graph.deviceManagementScript"},
    ],
    ids=str,
)
def test_wrong_properties_are_refused(client: Any, changes: dict[str, Any]) -> None:
    made = create(client)
    assert client.call("POST", SCRIPTS, package(**changes)).status_code == 400
    assert client.call("PATCH", f"{SCRIPTS}/{made['id']}", changes).status_code == 400
    assert len(own(client)) == 1 and client.json(f"{SCRIPTS}/{made['id']}")["version"] == "1"


@pytest.mark.parity(
    "emulated",
    "Remediations",
    "A script of more than 504 KB is refused with `An error has occurred` (observed).",
    source="https://github.com/fadwen/IntuneScriptLab",
)
def test_the_size_of_a_script(client: Any) -> None:
    assert create(client, detectionScriptContent=encoded(b"#" * MAX_CONTENT_BYTES))
    refused = client.call("POST", SCRIPTS, package(detectionScriptContent=encoded(b"#" * (MAX_CONTENT_BYTES + 1))))
    assert (refused.status_code, message(refused)) == (400, "An error has occurred")


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(
            400,
            marks=pytest.mark.parity(
                "emulated",
                "Remediations",
                "A tenant has 200 script packages at most, without those of Microsoft.",
                source="https://learn.microsoft.com/intune/device-management/tools/deploy-remediations",
                settings=("script_limit",),
            ),
        ),
        pytest.param(
            403,
            marks=pytest.mark.parity(
                "assumed",
                "Remediations",
                "One more package is refused with 400 or 403, and `An error has occurred`.",
                source="https://learn.microsoft.com/intune/device-management/tools/deploy-remediations",
                settings=("script_limit_status",),
            ),
        ),
    ],
)
def test_a_tenant_has_a_greatest_number_of_packages(client: Any, status: int) -> None:
    client.settings(script_limit=2, script_limit_status=str(status))
    made = [create(client)["id"] for _number in range(2)]
    assert client.call("POST", SCRIPTS, package()).status_code == status
    assert client.call("DELETE", f"{SCRIPTS}/{made[0]}").status_code == 204
    assert create(client)


@pytest.mark.parity(
    "emulated",
    "Remediations",
    "`assign` replaces all assignments; `runRemediationScript` of an assignment always reads false (observed).",
    source=("https://learn.microsoft.com/graph/api/intune-devices-devicehealthscript-assign", "https://github.com/fadwen/IntuneScriptLab"),
    calls=("POST /deviceManagement/deviceHealthScripts/{id}/assign", "GET /deviceManagement/deviceHealthScripts/{id}/assignments"),
)
def test_assign_replaces_all(client: Any) -> None:
    made = create(client)["id"]
    for targets in ([target("group", groupId=GROUP, **FILTER)], [target("allLicensedUsers", run=None), target()], []):
        assert assign(client, made, *targets).status_code == 204
        shown = assignments_of(client, made)
        assert [row["target"]["@odata.type"] for row in shown] == [entry["target"]["@odata.type"] for entry in targets]
        assert [row["runSchedule"] is None for row in shown] == [entry["runSchedule"] is None for entry in targets]
        # regardless of the written value
        assert not [row for row in shown if row["runRemediationScript"]]


def test_a_filter_of_an_assignment_is_kept(client: Any) -> None:
    made = create(client)["id"]
    assert assign(client, made, target("group", groupId=GROUP, **FILTER)).status_code == 204
    (row,) = assignments_of(client, made)
    assert {name: row["target"][name] for name in FILTER} == FILTER and row["target"]["groupId"] == GROUP


@pytest.mark.parity(
    "emulated",
    "Remediations",
    "If one group is both included and excluded, the include is kept (observed).",
    source="https://github.com/fadwen/IntuneScriptLab",
)
@pytest.mark.parametrize("order", [("group", "exclusionGroup"), ("exclusionGroup", "group")])
def test_of_include_and_exclude_of_one_group_the_include_stays(client: Any, order: tuple[str, str]) -> None:
    made = create(client)["id"]
    assert assign(client, made, *(target(kind, groupId=GROUP) for kind in order)).status_code == 204
    (row,) = assignments_of(client, made)
    assert row["target"]["@odata.type"] == "#microsoft.graph.groupAssignmentTarget"


@pytest.mark.parity(
    "assumed",
    "Remediations",
    "Times of a schedule are read with seven digits, as in Microsoft's examples, or in whole seconds.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscriptrunschedule",
    settings=("script_schedule_time",),
)
def test_schedules_are_kept(client: Any) -> None:
    made = create(client)["id"]
    other = [f"{GROUP[:-1]}{number}" for number in range(3)]
    given = [schedule("Hourly", interval=4), DAILY, schedule("RunOnce", date="2026-12-01", time="08:30:00.5", useUtc=True)]
    assert assign(client, made, *(target("group", run, groupId=group) for run, group in zip(given, other, strict=True))).status_code == 204
    hourly, daily, once = (row["runSchedule"] for row in assignments_of(client, made))
    assert hourly == given[0]
    assert daily == {**DAILY, "time": "09:00:00.0000000"}
    assert once == {**given[2], "interval": 1, "time": "08:30:00.5000000"}
    client.settings(script_schedule_time="seconds")
    assert [row["runSchedule"].get("time") for row in assignments_of(client, made)] == [None, "09:00:00", "08:30:00"]


@pytest.mark.parity(
    "assumed",
    "Remediations",
    "Wrong schedules are refused; the texts are invented.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscriptrunschedule",
)
@pytest.mark.parametrize(
    "run",
    [
        {"interval": 1},
        schedule("Run", interval=1),
        schedule("Time", interval=1),
        schedule("Weekly", interval=1),
        schedule("Hourly", interval=0),
        schedule("Hourly", interval=24),
        schedule("Hourly", interval="1"),
        schedule("Hourly", interval=1, time="09:00:00"),
        schedule("Daily", interval=1),
        schedule("Daily", interval=1, time="24:00:00"),
        schedule("Daily", interval=1, time="09:00"),
        schedule("Daily", interval=1, time="09:00:00", useUtc=None),
        schedule("RunOnce", time="09:00:00"),
        schedule("RunOnce", time="09:00:00", date="2026-02-30"),
        "daily",
    ],
    ids=str,
)
def test_wrong_schedules_are_refused(client: Any, run: Any) -> None:
    made = create(client)["id"]
    assert assign(client, made, target()).status_code == 204
    assert assign(client, made, target(run=run)).status_code == 400
    assert len(assignments_of(client, made)) == 1


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"assignments": []},
        {"deviceHealthScriptAssignments": None},
        {"deviceHealthScriptAssignments": [{"runRemediationScript": True}]},
        {"deviceHealthScriptAssignments": [{**target(), "source": "direct"}]},
        {"deviceHealthScriptAssignments": [{**target(), "runRemediationScript": None}]},
        {"deviceHealthScriptAssignments": [target("group", groupId="x")]},
        {"deviceHealthScriptAssignments": [target("")]},
    ],
    ids=str,
)
def test_wrong_assignments_are_refused(client: Any, body: Any) -> None:
    made = create(client)["id"]
    assert client.call("POST", f"{SCRIPTS}/{made}/assign", body).status_code == 400


@pytest.mark.parity(
    "emulated",
    "Remediations",
    "Items of `assignments` and `deviceRunStates` have no route (observed code and text).",
    source="https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/9264",
)
@pytest.mark.parametrize(("method", "part"), [("PATCH", "assignments"), ("GET", "assignments"), ("GET", "deviceRunStates")])
def test_items_below_a_package_have_no_route(client: Any, method: str, part: str) -> None:
    made = create(client)["id"]
    response = client.call(method, f"{SCRIPTS}/{made}/{part}/{made}:{GROUP}", {} if method == "PATCH" else None)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "No method match route template")
    assert f"with http verb {method} for request /DeviceFE/" in message(response)
    assert "x-emulator-refused" not in response.headers


@pytest.mark.parity(
    "emulated",
    "Remediations",
    "Remediations take DeviceManagementScripts, not DeviceManagementConfiguration.",
    source="https://learn.microsoft.com/graph/permissions-reference",
)
def test_who_may_read_and_write(client: Any) -> None:
    made = create(client)["id"]
    path = f"{SCRIPTS}/{made}"
    calls: list[tuple[str, str, Any, int]] = [
        ("GET", SCRIPTS, None, 200),
        ("GET", path, None, 200),
        ("GET", f"{path}/assignments", None, 200),
        ("POST", SCRIPTS, package(), 201),
        ("PATCH", path, {}, 200),
        ("POST", f"{path}/assign", {"deviceHealthScriptAssignments": []}, 204),
        ("DELETE", path, None, 204),
    ]
    for method, url, body, status in calls:
        for role in ("DeviceManagementConfiguration.ReadWrite.All", *([] if method == "GET" else [READ])):
            refused = client.call(method, url, body, roles=[role])
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "Forbidden"), (method, url)
        assert client.call(method, url, body, roles=[READ if method == "GET" else WRITE]).status_code == status, (method, url)


def test_the_text_of_a_missing_permission(client: Any) -> None:
    text = "Application is not authorized to perform this operation. Application must have one of the following scopes: "
    assert message(client.call("GET", SCRIPTS, roles=[])) == f"{text}{READ}, {WRITE}"


def test_v1_has_none(client: Any) -> None:
    response = client.get(SCRIPTS.replace("beta", "v1.0"))
    assert response.status_code == 400 and "x-emulator-refused" not in response.headers


def test_an_unknown_package(client: Any) -> None:
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/assignments", None),
        ("POST", "/assign", {"deviceHealthScriptAssignments": []}),
    ):
        assert client.call(method, f"{SCRIPTS}/{UNKNOWN}{path}", body).status_code == 404


def test_members_are_matched_in_any_case(client: Any) -> None:
    assert create(client, runAsAccount="USER")["runAsAccount"] == "user"
