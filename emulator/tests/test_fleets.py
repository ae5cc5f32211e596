# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test large tenants: groups of the whole fleet, pages that share one search, late audits, latency, blocked beta."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from datetime import datetime, timezone
from typing import Any

import pytest
from emulator_support.asgi import AsgiCaller
from intune_emulator.intune import devices
from intune_emulator.state.cache import MAX_RESULTS, Cache
from intune_emulator.state.clock import iso, iso_fractional
from intune_emulator.state.group_members import GroupMembers
from intune_emulator.state.guids import named_guid, random_guid

V1 = "/v1.0/deviceManagement/managedDevices"
AUDITS = "/beta/deviceManagement/remoteActionAudits"


@pytest.fixture
def fleet(make_client: Any) -> Any:
    return make_client("fleet:120")


def pages(client: Any, path: str) -> list[list[dict[str, Any]]]:
    found = []
    while path:
        body = client.json(path)
        found.append(body["value"])
        path = body.get("@odata.nextLink", "")
    return found


def group(client: Any, name: str) -> str:
    (row,) = client.json(f"/v1.0/groups?$filter=displayName eq '{name}'&$select=id")["value"]
    return row["id"]


def calls(monkeypatch: pytest.MonkeyPatch, place: Any, name: str) -> list[Any]:
    """Record the calls of a function from now on."""
    seen: list[Any] = []
    real = getattr(place, name)

    def counted(*arguments: Any) -> Any:
        seen.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(place, name, counted)
    return seen


def reset(client: Any, device: str) -> None:
    assert client.call("POST", f"{V1}/{device}/resetPasscode").status_code == 204


def audited(client: Any) -> list[str]:
    return [row["managedDeviceId"] for row in client.json(AUDITS)["value"]]


def test_groups_of_the_fleet(fleet: Any) -> None:
    entra = [device["azureADDeviceId"] for device in fleet.control("GET", "devices")]
    pilot = fleet.json(f"/v1.0/groups/{group(fleet, 'Fleet pilot')}/transitiveMembers?$select=deviceId")["value"]
    assert [row["deviceId"] for row in pilot] == entra[:50]
    found = pages(fleet, f"/v1.0/groups/{group(fleet, 'All fleet devices')}/transitiveMembers?$top=50")
    assert [len(page) for page in found] == [50, 50, 21]
    rows = [row for page in found for row in page]
    assert [row["deviceId"] for row in rows if row["@odata.type"].endswith("device")] == entra
    assert [row["displayName"] for row in rows if row["@odata.type"].endswith("group")] == ["Fleet pilot"]
    assert len({row["id"] for row in rows}) == 121


@pytest.mark.parametrize(("size", "pilot"), [(0, 0), (7, 7)])
def test_groups_of_a_small_fleet(make_client: Any, size: int, pilot: int) -> None:
    client = make_client(f"fleet:{size}")
    assert len(client.json(f"/v1.0/groups/{group(client, 'Fleet pilot')}/transitiveMembers")["value"]) == pilot
    assert len(client.json(f"/v1.0/groups/{group(client, 'All fleet devices')}/transitiveMembers")["value"]) == size + 1


def test_members_are_walked_once_for_all_pages(fleet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    everything, pilot = group(fleet, "All fleet devices"), group(fleet, "Fleet pilot")
    walks = calls(monkeypatch, GroupMembers, "_walk")
    path = f"/v1.0/groups/{everything}/transitiveMembers?$top=50"
    assert len(pages(fleet, path)) == 3
    # the group and its nested group
    assert len(walks) == 2
    body = fleet.json(path)
    fleet.tenant.members.set(pilot, [("device", "gone")])
    fleet.tenant.members.set(everything, [*fleet.tenant.members.get(everything)[:51], ("group", pilot)])
    second = fleet.json(body["@odata.nextLink"])
    assert [row["@odata.type"].rpartition(".")[2] for row in second["value"]] == ["device", "group"]


@pytest.mark.parametrize("query", ["$filter=operatingSystem eq 'Windows'&$top=50", "$top=50", "$orderby=deviceName desc&$top=50"])
def test_devices_are_searched_once_for_all_pages(fleet: Any, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    searches = calls(monkeypatch, devices, "_find")
    assert [len(page) for page in pages(fleet, f"{V1}?{query}")] == [50, 50, 20]
    assert len(searches) == 1


def test_a_changed_device_is_found_again(fleet: Any) -> None:
    path = f"{V1}?$filter=operatingSystem eq 'Windows'&$top=100"
    first = fleet.json(path)
    gone = first["value"][0]["id"]
    fleet.control("PATCH", f"devices/{gone}", {"operatingSystem": "macOS"})
    assert len(fleet.json(first["@odata.nextLink"])["value"]) == 19
    assert gone not in [row["id"] for row in fleet.json(path)["value"]]
    fleet.control("POST", "devices", {"deviceName": "LATE-01"})
    assert "LATE-01" in [row["deviceName"] for page in pages(fleet, path) for row in page]
    assert fleet.get(f"{V1}/$count").text == "121"


def test_what_was_found_depends_on_the_settings_and_the_version(fleet: Any) -> None:
    beta_only = "deviceManagement/managedDevices?$filter=deviceType eq 'desktop'"
    assert fleet.json(f"/beta/{beta_only}")["value"] == []
    assert fleet.get(f"/v1.0/{beta_only}").status_code == 400
    unlisted = f"{V1}?$filter=userId eq 'x'"
    fleet.settings(unlisted_filter="ignore")
    assert len(fleet.json(unlisted)["value"]) == 120
    fleet.settings(unlisted_filter="refuse")
    assert fleet.get(unlisted).status_code == 400


def test_cache_is_small_and_keeps_no_failure() -> None:
    cache, made = Cache(), []

    def make() -> int:
        made.append(1)
        return len(made)

    assert [cache.get(1, "a", make), cache.get(1, "a", make), cache.get(2, "a", make)] == [1, 1, 2]
    for key in range(MAX_RESULTS):
        cache.get(2, key, make)
    assert len(cache._results) <= MAX_RESULTS
    with pytest.raises(ZeroDivisionError):
        cache.get(2, "b", lambda: 1 // 0)
    assert cache.get(2, "b", lambda: 5) == 5


@pytest.mark.parity(
    "assumed",
    "Devices and resets",
    "`remoteActionAudits` show an accepted action at once; how late the service shows it is not documented.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-remoteactionaudit",
    settings=("audit_delay",),
)
def test_audits_come_late(client: Any) -> None:
    client.settings(audit_delay=30)
    device = client.device("PHONE-HELPDESK-01")["id"]
    reset(client, device)
    client.advance(29)
    assert audited(client) == []
    client.advance(1)
    assert audited(client) == [device]
    client.settings(audit_delay=31)
    assert audited(client) == []


def test_audits_by_pages_make_their_own_rows_only(fleet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [device["id"] for device in fleet.control("GET", "devices")][:25]
    for device in ids:
        reset(fleet, device)
        fleet.advance(0.001)
    made = calls(monkeypatch, devices, "_audit")
    found = [row["managedDeviceId"] for page in pages(fleet, f"{AUDITS}?$top=10") for row in page]
    assert found == ids[::-1]
    assert len(made) == 25
    ascending = [row["managedDeviceId"] for row in fleet.json(f"{AUDITS}?$orderby=requestDateTime")["value"]]
    assert ascending == ids
    reset(fleet, ids[3])
    assert audited(fleet)[0] == ids[3]


def test_audits_keep_to_the_times_when_the_clock_was_put_back(fleet: Any) -> None:
    first, second = (device["id"] for device in fleet.control("GET", "devices")[:2])
    reset(fleet, first)
    fleet.advance(-60)
    reset(fleet, second)
    fleet.advance(60)
    assert audited(fleet) == [first, second]
    fleet.settings(audit_delay=60)
    assert audited(fleet) == [second]


def test_filtered_audits(fleet: Any) -> None:
    fleet.settings(audit_filter="allow")
    first, second = (device["id"] for device in fleet.control("GET", "devices")[:2])
    reset(fleet, first)
    fleet.advance(10)
    now = fleet.control("GET", "clock")["now"]
    reset(fleet, second)
    for text, expected in (
        (f"managedDeviceId eq '{first.upper()}'", [first]),
        (f"requestDateTime ge {now}", [second]),
        (f"requestDateTime gt {now}", []),
        (f"requestDateTime lt {now} and managedDeviceId eq '{second}'", []),
    ):
        path = f"{AUDITS}?$filter={text}"
        assert [row["managedDeviceId"] for row in fleet.json(path)["value"]] == expected
    reset(fleet, first)
    assert len(fleet.json(f"{AUDITS}?$filter=managedDeviceId eq '{first}'")["value"]) == 2
    fleet.settings(audit_filter="refuse")
    assert fleet.get(f"{AUDITS}?$filter=managedDeviceId eq '{first}'").status_code == 400


@pytest.mark.parity(
    "assumed",
    "Devices and resets",
    "`remoteActionAudits` take the permissions for devices; no permission is documented.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-remoteactionaudit",
    settings=("audit_access",),
)
def test_audits_may_be_refused(client: Any) -> None:
    client.settings(audit_access="refuse")
    response = client.get(AUDITS)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (403, "Forbidden")
    text = json.loads(error["message"])["Message"]
    assert "must have one of the following scopes: DeviceManagementManagedDevices.Read.All" in text
    assert client.get(V1 + "?$top=1").status_code == 200


@pytest.mark.parity(
    "assumed",
    "Requests and errors",
    "An organization can block beta: each request returns 403, whose text is invented.",
    source="https://learn.microsoft.com/graph/versioning-and-support",
    settings=("beta",),
)
def test_beta_may_be_blocked(client: Any) -> None:
    client.settings(beta="refuse")
    item = {"id": "1", "method": "GET", "url": "/deviceManagement/managedDevices?$top=1"}
    for response in (
        client.get(AUDITS),
        client.get("/beta/nonsense"),
        client.call("POST", "/beta/$batch", {"requests": [item]}),
    ):
        assert (response.status_code, response.json()["error"]["code"]) == (403, "Forbidden")
    assert not [entry for entry in client.journal() if entry["kind"] == "batch_item"]
    assert client.call("POST", "/v1.0/$batch", {"requests": [item]}).json()["responses"][0]["status"] == 200
    assert client.http.get(AUDITS).status_code == 401


@pytest.mark.parity(
    "emulated",
    "Requests and errors",
    "Each Graph request can take additional real time, a `$batch` once.",
    source="https://learn.microsoft.com/graph/json-batching",
    settings=("latency",),
)
def test_latency_of_each_graph_request(client: Any) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    caller = AsgiCaller(client, sleep)
    assert asyncio.run(caller.send("GET", V1)) == 200
    assert slept == []
    client.settings(latency=0.2)
    assert asyncio.run(caller.send("GET", V1)) == 200
    items = [{"id": str(number), "method": "GET", "url": "/organization"} for number in range(5)]
    assert asyncio.run(caller.send("POST", "/v1.0/$batch", {"requests": items})) == 200
    assert slept == [0.2, 0.2]
    assert asyncio.run(caller.send("GET", f"/{client.tenant.tenant_id}/v2.0/.well-known/openid-configuration")) == 200
    assert slept == [0.2, 0.2]


def test_requests_overlap_in_their_latency(client: Any) -> None:
    client.settings(latency=1)
    waiting: list[float] = []

    async def both() -> list[int]:
        together = asyncio.Event()

        async def sleep(seconds: float) -> None:
            waiting.append(seconds)
            if len(waiting) == 2:
                together.set()
            await asyncio.wait_for(together.wait(), 10)

        caller = AsgiCaller(client, sleep)
        return await asyncio.gather(caller.send("GET", V1), caller.send("GET", V1))

    assert asyncio.run(both()) == [200, 200]
    assert waiting == [1, 1]


def test_guids_are_those_of_uuid() -> None:
    source = random.Random(7)
    for bits in (0, 2**128 - 1, *(source.getrandbits(128) for _time in range(50))):
        assert random_guid(bits) == str(uuid.UUID(int=bits, version=4))
        assert named_guid(uuid.NAMESPACE_OID, str(bits)) == str(uuid.uuid5(uuid.NAMESPACE_OID, str(bits)))


def test_dates_are_written_as_before() -> None:
    first = datetime(1, 1, 1, tzinfo=timezone.utc)
    assert (iso(first), iso_fractional(first)) == ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000Z")
    later = datetime(2026, 11, 24, 7, 5, 3, 120, tzinfo=timezone.utc)
    assert (iso(later), iso_fractional(later)) == ("2026-11-24T07:05:03Z", "2026-11-24T07:05:03.0001200Z")
