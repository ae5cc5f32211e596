# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test GET /_emulator/overview: the state of the tenant in brief, without secrets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from emulator_support.client import Client
from intune_emulator.control.api import ControlApi
from intune_emulator.control.masking import Mask
from intune_emulator.control.overview import Overview
from starlette.routing import Route

DEVICES = "/v1.0/deviceManagement/managedDevices"
EVIL = "<img src=x onerror=alert(1)>"
SECTIONS = ("devices", "resets", "policies", "requests", "faults")


def overview(client: Client, search: str = "") -> dict[str, Any]:
    found: dict[str, Any] = client.control("GET", f"overview?search={quote(search)}")
    return found


def reset(client: Client, name: str = "PHONE-HELPDESK-01") -> dict[str, Any]:
    device = client.device(name)
    assert client.call("POST", f"{DEVICES}/{device['id']}/resetPasscode").status_code == 204
    return device


def test_a_new_tenant(client: Client) -> None:
    found = overview(client)
    assert found["tenant"] == {"seed": "demo", "origin": client.tenant.origin, "tenant_id": client.tenant.tenant_id}
    assert found["clock"] == {"now": found["clock"]["now"], "frozen": True, "rate": 1.0}
    assert set(found["counts"].values()) == {0}
    assert [found[name]["total"] for name in SECTIONS] == [40, 0, 2, 0, 0]
    first = client.control("GET", "devices")[0]
    assert found["devices"]["rows"][0] == {
        "id": first["id"],
        "name": first["deviceName"],
        "owner": first["userPrincipalName"],
        "platform": f"{first['operatingSystem']} {first['osVersion']}",
        "last_check_in": first["lastSyncDateTime"],
        "offline": False,
        "resets": 0,
        "reset": None,
    }
    assert (found["presets"], found["settings"]) == ([], {})


def test_resets_and_their_states(client: Client) -> None:
    device = reset(client)
    client.advance(5)
    reset(client)
    found = overview(client)
    newest, oldest = found["resets"]["rows"]
    assert (newest["device"], newest["owner"], newest["state"]) == (device["deviceName"], device["userPrincipalName"], "pending")
    assert oldest["state"] == "done" and oldest["requested"] < oldest["since"] < newest["requested"]
    (row,) = [row for row in found["devices"]["rows"] if row["id"] == device["id"]]
    assert (row["resets"], row["reset"]) == (2, {"state": "pending", "since": newest["since"]})
    assert found["counts"]["writes"] == 2


def test_policies_with_targets_and_reported_states(client: Client) -> None:
    group = client.json("/v1.0/groups?$select=id,displayName")["value"][0]
    targets = [
        {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"},
        {"@odata.type": "#microsoft.graph.exclusionGroupAssignmentTarget", "groupId": group["id"]},
    ]
    body = {"surface": "settings_catalog", "name": "PIN", "values": {"settings": []}, "assignments": targets}
    policy = client.control("POST", "policies", body)
    windows = [device["id"] for device in client.control("GET", "devices") if device["operatingSystem"] == "Windows"][:3]
    states = dict(zip(windows, ("succeeded", "succeeded", {"state": "error", "after": 60}), strict=True))
    client.control("POST", "policy_states", {"policy_id": policy["id"], "states": states})
    (row,) = [row for row in overview(client)["policies"]["rows"] if row["id"] == policy["id"]]
    assert (row["name"], row["surface"]) == ("PIN", "settings_catalog")
    assert row["assigned"] == ["all devices", f"not {group['displayName']}"]
    assert row["states"] == {"succeeded": 2, "pending": 1}
    client.advance(61)
    assert overview(client, "PIN")["policies"]["rows"][0]["states"] == {"succeeded": 2, "error": 1}


@pytest.mark.parametrize("surface", ["custom", "identity_protection", "account_protection", "intent", "enrollment"])
def test_targets_of_every_type_of_policy(client: Client, surface: str) -> None:
    body = {"surface": surface, "name": "X", "assignments": [{"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}]}
    policy = client.control("POST", "policies", body)
    (row,) = [row for row in overview(client)["policies"]["rows"] if row["id"] == policy["id"]]
    assert row["assigned"] == ["all users"]


def test_requests_newest_first(client: Client) -> None:
    client.get(f"{DEVICES}?$filter=deviceName%20eq%20'PHONE%2B1'")
    client.control("POST", "faults", {"match": {"method": "GET", "path": "groups"}, "fault": {"kind": "status", "status": 503}})
    client.get("/v1.0/groups")
    newest, oldest = overview(client)["requests"]["rows"]
    journal = client.journal()
    assert (newest["method"], newest["path"], newest["status"], newest["fault"]) == ("GET", "/v1.0/groups", 503, "status")
    assert (oldest["path"], oldest["query"]) == (DEVICES, "$filter=deviceName eq 'PHONE+1'")
    assert [newest["request_id"], oldest["request_id"]] == [entry["request_id"] for entry in reversed(journal)]
    assert [fault["hits"] for fault in overview(client)["faults"]["rows"]] == [1]


def test_faults_presets_and_settings_in_force(client: Client) -> None:
    for _time in range(2):
        client.control("POST", "presets", {"name": "lost-responses"})
    client.settings(page_size=7)
    found = overview(client)
    assert [preset["name"] for preset in found["presets"]] == ["lost-responses"]
    assert found["settings"] == {"page_size": 7}
    assert found["faults"]["rows"][0]["kind"] == "drop_after" and found["faults"]["total"] == len(client.control("GET", "faults"))


def test_open_approvals_are_counted(client: Client) -> None:
    client.control("POST", "presets", {"name": "approval"})
    device = client.device("PHONE-HELPDESK-01")
    client.call("POST", f"{DEVICES}/{device['id']}/resetPasscode", **{"x-msft-approval-justification": "d2h5"})
    (filed,) = client.control("GET", "approvals")
    assert overview(client)["counts"]["open_approvals"] == 1
    client.control("POST", f"approvals/{filed['code']}", {"decision": "reject"})
    assert overview(client)["counts"]["open_approvals"] == 0


def test_a_search_is_of_all_tables(client: Client) -> None:
    device = reset(client)
    client.get("/v1.0/groups")
    client.control("POST", "faults", {"match": {"path": "wipe"}, "fault": {"kind": "delay"}})
    found = overview(client, f" {device['deviceName'].lower()} ")
    assert [found[name]["found"] for name in SECTIONS] == [1, 1, 0, 0, 0]
    assert [found[name]["total"] for name in SECTIONS] == [40, 1, 2, 2, 1]
    assert overview(client, device["userPrincipalName"])["resets"]["found"] == 1
    assert [row["path"] for row in overview(client, "GROUPS")["requests"]["rows"]] == ["/v1.0/groups"]
    assert overview(client, client.journal()[0]["request_id"])["requests"]["found"] == 1
    assert overview(client, "wipe")["faults"]["found"] == 1
    assert overview(client, "Baseline")["policies"]["found"] == 1
    assert [overview(client, "%_'\"no such")[name]["rows"] for name in SECTIONS] == [[]] * 5


def test_a_search_sees_changes(make_client: Callable[..., Client]) -> None:
    client = make_client("fleet:60")
    assert overview(client, "renamed")["devices"]["found"] == 0
    last = list(client.tenant.devices)[-1]
    assert not last.is_changed
    client.control("PATCH", f"devices/{last.id}", {"deviceName": "RENAMED"})
    assert [row["id"] for row in overview(client, "renamed")["devices"]["rows"]] == [last.id]
    assert overview(client, "fleet-000060")["devices"]["found"] == 0, "by its old name"
    client.control("POST", "reset", {"seed": "fleet:3"})
    assert [overview(client, text)["devices"]["found"] for text in ("renamed", "fleet-00000")] == [0, 3]


def test_a_large_fleet_is_cut(make_client: Callable[..., Client]) -> None:
    client = make_client("fleet:200")
    found = overview(client)["devices"]
    assert (found["total"], found["found"], len(found["rows"])) == (200, 200, 50)
    matching = overview(client, "fleet-0001")["devices"]
    assert (matching["found"], len(matching["rows"]), matching["rows"][0]["name"]) == (100, 50, "FLEET-000100")


def test_a_search_lets_other_requests_pass(make_client: Callable[..., Client]) -> None:
    """This includes the first one after a reset."""
    client = make_client("fleet:200")
    searched = Overview(client.tenant)

    async def search() -> tuple[int, int]:
        task, turns = asyncio.ensure_future(searched.render("fleet")), 0
        while not task.done():
            turns += 1
            await asyncio.sleep(0)
        return task.result()["devices"]["found"], turns

    for size in (200, 210):
        client.control("POST", "reset", {"seed": f"fleet:{size}"})
        found, turns = asyncio.run(search())
        assert found == size and turns >= 4


def test_the_newest_requests_are_searched(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intune_emulator.control.overview.SEARCHED", 3)
    for path in ("groups", "groups", "users", "users", "users"):
        client.get(f"/v1.0/{path}")
    found = overview(client, "groups")["requests"]
    assert (found["total"], found["searched"], found["found"]) == (5, 3, 0)
    assert overview(client)["requests"]["found"] == 5


def test_the_counters_are_those_of_the_journal(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get("/v1.0/groups")
    client.control("DELETE", "journal")
    reset(client)
    assert (overview(client)["counts"]["reads"], overview(client)["counts"]["writes"]) == (0, 1)
    monkeypatch.setattr("intune_emulator.state.journal.MAX_ENTRIES", 1)
    assert overview(client)["counts"]["writes"] == 1, "also when the journal has no longer all entries"


def test_hostile_names_are_data(client: Client) -> None:
    device = client.device("PHONE-HELPDESK-01")
    client.control("PATCH", f"devices/{device['id']}", {"deviceName": EVIL})
    response = client.http.get(f"/_emulator/overview?search={quote(EVIL)}")
    assert response.headers["content-type"] == "application/json" and response.headers["x-content-type-options"] == "nosniff"
    assert [row["name"] for row in response.json()["devices"]["rows"]] == [EVIL]


def use_secrets(client: Client) -> set[str]:
    """Make secrets of each kind, put each into addresses, bodies, names, and faults, and return them."""
    device = reset(client)
    client.advance(5)
    assert client.json(f"/beta/deviceManagement/managedDevices/{device['id']}")["deviceActionResults"][0]["passcode"]
    user = client.json("/v1.0/users/clara.hoffmann@contoso.onmicrosoft.com")["id"]
    made = client.call("POST", f"/v1.0/users/{user}/authentication/temporaryAccessPassMethods", {"lifetimeInMinutes": 60})
    assert made.status_code == 201, made.text
    client.control("POST", "apps", {})
    found = {text for text in client.control("GET", "secrets") if len(text) >= 8}
    assert made.json()["temporaryAccessPass"] in found
    for number, text in enumerate(sorted(found)):
        whole = quote(text, safe="")
        client.get(f"/v1.0/users/{whole}")
        client.get(f"/v1.0/users?$filter=displayName%20eq%20'{whole}'")
        client.http.get(f"/common/oauth2/v2.0/token?client_secret={text}&access_token={whole}")
        client.call("POST", f"/v1.0/users/{user}", {"displayName": text, text: [text]}, **{"client-request-id": text})
        client.call("POST", "/v1.0/$batch", {"requests": [{"id": "1", "method": "GET", "url": f"/users/{whole}?x={text}"}]})
        client.control("POST", "faults", {"match": {"path": "never" + quote(text, safe="")}, "fault": {"kind": "status", "message": text}})
        client.control("POST", "devices", {"deviceName": f"X{text}Y", "userPrincipalName": text, "osVersion": text})
        client.control("POST", "policies", {"surface": "custom", "name": f"{number} {text}", "values": {"omaSettings": []}})
    return found


def test_it_has_no_secret(client: Client) -> None:
    secrets = use_secrets(client)
    assert len(secrets) > 6
    searches = ("", "REDACTED", *(text[:100] for text in secrets), "users", "token")
    for search in searches:
        text = json.dumps(overview(client, search), ensure_ascii=False)
        assert not [secret for secret in secrets if secret in text]
    assert "REDACTED" in text, "the secrets were in the requests"


@pytest.mark.parametrize("secret", ["ab+cd+ef12", "ab%41cdef", "abc#defgh"])
def test_a_secret_that_decoding_would_change(client: Client, secret: str) -> None:
    client.tenant.secrets.add(secret)
    for text in (secret, quote(secret, safe="")):
        client.tenant.journal.open(path=f"/users/{text}", query=f"$filter=id%20eq%20'{text}'")
    rows = overview(client)["requests"]["rows"]
    assert [(row["path"], row["query"]) for row in rows] == [("/users/REDACTED", "$filter=id eq 'REDACTED'")] * 2


def test_a_search_does_not_find_secrets(client: Client) -> None:
    """Otherwise a secret could be guessed character by character."""
    passcode = client.tenant.new_passcode()
    client.call("GET", f"/v1.0/users/{passcode}", **{"client-request-id": f"id-{passcode}"})
    client.control("POST", "faults", {"match": {"path": "never"}, "fault": {"kind": "status", "message": f"id-{passcode}"}})
    client.control("POST", "policies", {"surface": "custom", "name": f"id-{passcode}", "values": {"omaSettings": []}})
    tables = ("requests", "faults", "policies")
    assert [overview(client, "id-")[name]["found"] for name in tables] == [1, 1, 1]
    for text in (f"/users/{passcode[:2]}", f"id-{passcode[:2]}", passcode):
        assert [overview(client, text)[name]["found"] for name in tables] == [0, 0, 0]


def test_no_call_that_only_reads_gives_a_passcode_or_pass_except_secrets(client: Client) -> None:
    device = reset(client)
    client.advance(5)
    client.get(f"{DEVICES}/{device['id']}")
    user = client.json("/v1.0/users/clara.hoffmann@contoso.onmicrosoft.com")["id"]
    client.call("POST", f"/v1.0/users/{user}/authentication/temporaryAccessPassMethods", {"lifetimeInMinutes": 60})
    secrets = {text for text in client.control("GET", "secrets") if len(text) >= 8}
    routes = [route for route in ControlApi(client.tenant).application().routes if isinstance(route, Route)]
    paths = {route.path for route in routes if "GET" in (route.methods or ())} - {"/_emulator/secrets"}
    assert len(paths) > 10
    for path in paths:
        response = client.http.get(path.replace("{id}", device["id"]))
        assert response.status_code == 200 and not [secret for secret in secrets if secret in response.text], path


SECRET_A, SECRET_B = "abcdefghij", "abcdefgh"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        (SECRET_A, "REDACTED"),
        (f"x{SECRET_A}y{SECRET_B}", "xREDACTEDyREDACTED"),
        (f"{SECRET_A}{SECRET_A}", "REDACTEDREDACTED"),
        (f"{SECRET_B}i", "REDACTEDi"),
        ("a value of 1", "a value of 1"),
        ("x" * 501, "(501 characters)"),
        ("x" * 491 + SECRET_A, "(501 characters)"),
        ("x" * 490 + SECRET_A, "x" * 490 + "REDACTED"),
        (None, None),
        (12345678, 12345678),
    ],
)
def test_a_mask(text: Any, shown: Any) -> None:
    secrets = {SECRET_B, "1", "", "t" * 1200}
    mask = Mask(secrets)
    assert mask.apply("known") == "known"
    secrets.add(SECRET_A)
    assert mask.apply({"a": [text]}) == {"a": [shown]}
    if isinstance(text, str):
        assert mask.apply({text: 1}) == {shown: 1}
