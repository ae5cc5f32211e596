# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test devices, groups, users, and applications that the control API adds in the format of seed files."""

from __future__ import annotations

from typing import Any

import pytest
from emulator_support.client import Client

GUID = "11111111-2222-4333-8444-555555555555"


def refusal(client: Client, path: str, body: Any, method: str = "POST") -> str:
    response = client.http.request(method, f"/_emulator/{path}", json=body)
    assert response.status_code == 400, response.text
    return str(response.json()["error"])


def test_a_device_by_short_names(client: Client) -> None:
    added = client.control(
        "POST", "devices", {"name": "A", "platform": "ios", "user": "ada.admin", "ownership": "personal", "id": GUID.upper()}
    )
    assert (added["deviceName"], added["operatingSystem"], added["managedDeviceOwnerType"]) == ("A", "iOS", "personal")
    shown = client.json(f"/v1.0/deviceManagement/managedDevices/{GUID}")
    assert (shown["userDisplayName"], shown["userPrincipalName"]) == ("Ada Admin", "ada.admin@contoso.onmicrosoft.com")


def test_devices_that_enroll_later_are_different_ones(client: Client) -> None:
    added = [client.control("POST", "devices", {"name": "A", "enrolls_after": 5}) for _time in range(2)]
    assert not [name for name in ("serialNumber", "azureADDeviceId", "wiFiMacAddress") if added[0][name] == added[1][name]]


def test_a_group_with_members(client: Client) -> None:
    members = {"devices": ["LT-BERLIN-012"], "users": ["ada.admin"], "groups": ["Pilot ring"]}
    added = client.control("POST", "groups", {"name": "New", "description": "d", "members": members})
    direct = client.tenant.members.get(added["id"])
    assert [kind for kind, _member in direct] == ["device", "user", "group"]
    assert client.json(f"/v1.0/groups/{added['id']}")["displayName"] == "New"
    # another one of the same name is another group
    assert client.control("POST", "groups", {"name": "New"})["id"] != added["id"]


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("devices", {"user": "nobody"}, "The tenant has no user 'nobody'."),
        ("devices", {"platform": "beos"}, "platform must be one of windows, "),
        ("devices", {"visible": float("1e300")}, "visible must be a number of seconds, 0 to 1000000000, not 1e+300"),
        ("devices", {"offline": 1}, "offline must be true or false, not 1"),
        ("devices", {"error_code": "5"}, "error_code must be a whole number, not '5'"),
        ("groups", {"name": ""}, "name must be a text, not ''"),
        ("groups", {"name": "A", "owner": "x"}, "unknown fields: ['owner']; known: ['description', 'members', 'name']"),
        (
            "groups",
            {"name": "A", "members": {"devices": ["PHONE-SPARE"]}},
            "'PHONE-SPARE' matches 2 objects of the kind device. Use one of",
        ),
        (
            "groups",
            {"name": "A", "members": {"users": ["ada.admin", "ada.admin"]}},
            "the user 'ada.admin' is already a member of the group",
        ),
        ("users", {"name": "ada.admin"}, "name must be unique: the tenant has a user 'ada.admin'"),
        ("users", {"name": "b", "roles": "Global Administrator"}, "roles must be a list of names of directory roles, not 'Global "),
        ("apps", {"client_id": "x"}, "client_id must be a GUID, not 'x'"),
        ("apps", {"secret_valid_days": 1e300}, "secret_valid_days must be a number of days, -36500 to 36500, not 1e+300"),
        ("apps", {"secret": 5}, "secret must be a text that is not blank"),
        ("faults", {"fault": {"kind": "status"}, "match": {"path": "("}}, "path of match must be a regular expression, not '(': "),
        ("faults", {"fault": {"kind": "delay", "seconds": -1}}, "seconds must be a number of seconds, 0 to 1000000000, not -1"),
        ("faults", {"fault": {"kind": "status"}, "skip": None}, "skip must be a whole number, 0 or more, not None"),
        ("devices", {"lastSyncDateTime": "yesterday"}, "lastSyncDateTime must be an ISO 8601 date-time such as 2026-01-05T10:00:00Z, not "),
        ("devices", {"lastSyncDateTime": None}, "lastSyncDateTime must be an ISO 8601 date-time such as 2026-01-05T10:00:00Z, not None"),
        ("devices", {"deviceEnrollmentType": []}, "deviceEnrollmentType must be a text or null, not []"),
        ("devices", {"deviceName": 5}, "deviceName must be a text or null, not 5"),
        ("devices", {"isEncrypted": 1}, "isEncrypted must be true or false, not 1"),
        ("devices", {"skuNumber": True}, "skuNumber must be a whole number, not True"),
        ("devices", {"roleScopeTagIds": "0"}, "roleScopeTagIds must be a list, not '0'"),
        ("devices", {"hardwareInformation": "x"}, "hardwareInformation must be an object or null, not 'x'"),
        ("users", {"name": "b", "userPrincipalName": None}, "userPrincipalName must be a text, not None"),
        (
            "users",
            {"name": "b", "userPrincipalName": "Ada.Admin@contoso.onmicrosoft.com"},
            "userPrincipalName must be unique: the tenant has a ",
        ),
        ("users", {"name": "b", "displayName": 5}, "displayName must be a text or null, not 5"),
        ("users", {"name": "b", "accountEnabled": "no"}, "accountEnabled must be true or false, not 'no'"),
        ("users", {"name": "b", "businessPhones": "1"}, "businessPhones must be a list of texts, not '1'"),
        ("groups", {"name": "A", "description": 5}, "description must be a text or null, not 5"),
        ("policies", {"surface": "custom", "name": "A", "description": []}, "description must be a text or null, not []"),
        ("policies", {"surface": "custom", "name": "A", "assignments": {}}, "assignments must be a list, not {}"),
        ("apps", {"name": " "}, "name must be a text, not ' '"),
        ("apps", {"roles": "User.Read.All"}, "roles must be a list of texts, not 'User.Read.All'"),
        ("apps", {"federated": "no"}, "federated must be true or false, not 'no'"),
        ("tokens", {"roles": "User.Read.All"}, "roles must be a list of texts, not 'User.Read.All'"),
        ("faults", {"fault": {"kind": "status", "status": 42}}, "status of fault must be a number from 200 to 599, not 42"),
        ("faults", {"fault": {"kind": "status", "status": True}}, "wrong value of 'status' of fault: True"),
        ("faults", {"fault": {"kind": "status", "retry_after": "1\r\nx: y"}}, "retry_after of fault must be printable Latin-1, not '1"),
        ("faults", {"fault": {"kind": "redirect", "location": "\u20ac"}}, "location of fault must be printable Latin-1, not '"),
        (
            "faults",
            {"fault": {"kind": "html"}, "match": {"version": "V1.0"}},
            "version of match must be one of v1.0, beta, any, not 'V1.0'",
        ),
        ("faults", {"fault": {"kind": "html"}, "match": {"method": "POTS"}}, "method of match must be one of GET, HEAD, "),
        ("clock", {"advance": 1e300}, "the clock must be in the years 1990 to 2199"),
        ("clock", {"now": "9999-12-31T23:59:59Z"}, "the clock must be in the years 1990 to 2199"),
    ],
)
def test_a_wrong_body_is_told(client: Client, path: str, body: Any, told: str) -> None:
    assert refusal(client, path, body).startswith(told)
    assert client.json("/v1.0/deviceManagement/managedDevices?$top=1")["value"], "it changes nothing"


@pytest.mark.parametrize(
    ("name", "value"),
    [("page_size", 0.5), ("page_size", True), ("action_delay", -1), ("action_delay", 1e300), ("latency", "1"), ("quota", 1)],
)
def test_wrong_numbers_of_settings_are_told(client: Client, name: str, value: Any) -> None:
    told = refusal(client, "settings", {name: value}, "PATCH")
    assert told.startswith(f"setting '{name}' must be ") and told.endswith(f", not {value!r}")


def test_a_device_keeps_its_id(client: Client) -> None:
    device = client.device("LT-BERLIN-012")["id"]
    assert refusal(client, f"devices/{device}", {"id": GUID}, "PATCH") == "the id of a device cannot change"
    assert client.control("PATCH", f"devices/{device}", {"id": device})["id"] == device


def test_fields_of_a_fault_that_are_null_are_missing(client: Client) -> None:
    client.control("POST", "faults", {"fault": {"kind": "status", "status": None, "retry_after": None}})
    response = client.get("/v1.0/users")
    assert response.status_code == 503 and "retry-after" not in response.headers


def test_a_refused_user_is_not_added(client: Client) -> None:
    assert refusal(client, "users", {"name": "b", "displayName": 5})
    assert client.control("POST", "users", {"name": "b"})["displayName"] == "B"
