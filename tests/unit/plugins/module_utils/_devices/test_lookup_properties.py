# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the possible devices of a selection for any tenant and names, without the code that decides it."""

from __future__ import annotations

import typing as t
import unicodedata

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._devices import lookup, search
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.support.fakes import FakeTransport, answer, error, page, query_of, tenant

NIL = "00000000-0000-0000-0000-000000000000"
GUIDS = [f"aaaaaaaa-0000-4000-8000-00000000000{number}" for number in range(1, 6)]
USERS = [f"bbbbbbbb-0000-4000-8000-00000000000{number}" for number in range(1, 4)]
GROUP = "cccccccc-0000-4000-8000-000000000001"
PLACEHOLDERS = ["0", "000000", "None", "Default string", "To Be Filled By O.E.M.", "System Serial Number", "XXXXXX", "N/A"]
PEOPLE = ["ann@x.test", "Ann@X.test", "bob@x.test"]
WORDS = ["PC-1", "pc-1", "PC-1 ", "PC\u200b-1", "PC-2", "S-1", "s-1", "\u00c9va", "E\u0301va", "O'B", "O\u2019B", "5349"]
# Values that people, devices, and others write anywhere.
ANYTHING = [*GUIDS, *USERS[:1], NIL, *PLACEHOLDERS, *PEOPLE, *WORDS]

Device = dict[str, t.Any]

values = strategies.sampled_from([*ANYTHING, "", None])
device_properties = strategies.fixed_dictionaries(
    {
        "deviceName": values,
        "serialNumber": values,
        # Each has an @, even for devices without a user: u@..., package_...@...
        "userPrincipalName": strategies.sampled_from([*PEOPLE, "", None]),
        "userId": strategies.sampled_from([*USERS, USERS[0].upper(), NIL, "", None]),
        "azureADDeviceId": strategies.sampled_from([*GUIDS, GUIDS[1].upper(), NIL, "", None]),
        "lastSyncDateTime": strategies.sampled_from(["2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z", None]),
    }
)
devices_of_tenant = strategies.lists(device_properties, min_size=1, max_size=5).map(
    lambda found: [{"id": identity, **properties} for identity, properties in zip(GUIDS, found, strict=False)]
)
members_of_group = strategies.lists(
    strategies.one_of(
        strategies.sampled_from([*GUIDS, NIL]).map(
            lambda device: {"@odata.type": "#microsoft.graph.device", "id": "x", "deviceId": device}
        ),
        strategies.tuples(strategies.sampled_from([*USERS, NIL]), strategies.sampled_from(PEOPLE)).map(
            lambda user: {"@odata.type": "#microsoft.graph.user", "id": user[0], "userPrincipalName": user[1]}
        ),
    ),
    max_size=4,
)
spellings = strategies.sampled_from([str, str.upper, lambda text: f"{{{text}}}", lambda text: f"urn:uuid:{text}", lambda text: f" {text}"])


def names_for(devices: list[Device]) -> strategies.SearchStrategy[list[str]]:
    """Return names of a task: mostly values of the tenant's devices, in any spelling."""
    owned = sorted({str(value) for device in devices for name, value in device.items() if value and name != "lastSyncDateTime"})
    name = strategies.one_of(strategies.sampled_from(owned), strategies.sampled_from(owned), strategies.sampled_from(ANYTHING))
    spelled = strategies.tuples(name, spellings).map(lambda pair: pair[1](pair[0]))
    return strategies.lists(strategies.one_of(name, name, spelled), max_size=2)


ways = strategies.sampled_from(["auto", "auto", "id", "device_name", "serial_number", "user_principal_name", "azure_ad_device_id"])
PROPERTIES = {
    "id": "id",
    "device_name": "deviceName",
    "serial_number": "serialNumber",
    "user_principal_name": "userPrincipalName",
    "azure_ad_device_id": "azureADDeviceId",
}


class Service(FakeTransport):
    """Respond to lists, filters with eq and contains, single devices, and one group."""

    def __init__(self, devices: list[Device], members: list[Device]) -> None:
        super().__init__()
        self.devices, self.members = devices, members

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        path, query = request.target.removeprefix("GET /v1.0"), query_of(request)
        if path.endswith("transitiveMembers"):
            return page(*self.members)
        if path.startswith("/groups"):
            return page() if path == "/groups" else answer(200, {"id": GROUP})
        if path.endswith("/$count"):
            return answer(200, len(self.devices))
        if path == "/deviceManagement/managedDevices":
            return page(*(device for device in self.devices if not query.get("$filter") or self.matches(device, query["$filter"])))
        return next((answer(200, device) for device in self.devices if path.endswith(device["id"])), error(404))

    @staticmethod
    def matches(device: Device, condition: str) -> bool:
        if condition.startswith("contains("):
            return True
        name, value = condition.split(" eq ", 1)
        return str(device[name] or "").lower() == value[1:-1].replace("''", "'").lower()


class Straight:
    def __init__(self, client: t.Any) -> None:
        self.client = client

    def fetch_all(self, requests: t.Sequence[Request]) -> list[Response]:
        return [self.client.send_authorized(request) for request in requests]


def plain(text: str) -> str:
    return text.strip().lower().removeprefix("urn:uuid:").strip("{}")


def has(device: Device, way: str, name: str) -> bool:
    value = str(device[PROPERTIES[way]] or "")
    if way in ("id", "azure_ad_device_id"):
        return plain(value) == plain(name) != NIL
    return value.lower() == name.lower() != ""


def is_unique(devices: list[Device], name: str, match_by: str, chosen: str) -> bool:
    """Return whether a name only identifies this device."""
    ways_of = PROPERTIES if match_by == "auto" else [match_by]
    meant = {device["id"] for device in devices for way in ways_of if has(device, way, name)}
    is_placeholder = match_by in ("auto", "serial_number") and unicodedata.normalize("NFKC", name).strip() in PLACEHOLDERS
    return meant == {chosen} and plain(name) != NIL and not is_placeholder


def is_member(device: Device, members: list[Device]) -> bool:
    """Return whether a device is one of the members, or its own record names one of them and no other user."""
    user = str(device["userId"] or "").lower()
    owner = None if user in ("", NIL) else user
    entra = str(device["azureADDeviceId"] or "").lower()
    for member in members:
        if member["@odata.type"].endswith("device"):
            if entra == member["deviceId"] and entra not in ("", NIL):
                return True
        elif owner == member["id"] or (
            owner is None and str(device["userPrincipalName"] or "").lower() == member["userPrincipalName"].lower()
        ):
            return True
    return False


def select(devices: list[Device], members: list[Device], names: list[str], match_by: str, *, group: bool, listed: bool) -> t.Any:
    client = tenant(Service(devices, members)).client
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "FEW", -1 if listed else 99)
        patch.setattr(search, "prefer_list", lambda wanted, there: listed)
        return lookup.select(
            client, t.cast(t.Any, Straight(client)), names=names, match_by=t.cast(t.Any, match_by), groups=[GROUP] if group else []
        )


@hypothesis.settings(max_examples=600, deadline=None)
@hypothesis.given(
    tenant_and_names=devices_of_tenant.flatmap(lambda devices: strategies.tuples(strategies.just(devices), names_for(devices))),
    members=members_of_group,
    match_by=ways,
    group=strategies.booleans(),
    listed=strategies.booleans(),
)
def test_no_device_is_selected_that_nobody_named(
    tenant_and_names: tuple[list[Device], list[str]], members: list[Device], match_by: str, group: bool, listed: bool
) -> None:
    """Cases 1 to 4: a name identifies the one device; a member's device names no other user."""
    devices, names = tenant_and_names
    by_id = {device["id"]: device for device in devices}
    try:
        chosen = select(devices, members, names, match_by, group=group, listed=listed)
    except errors.IntuneError:
        return
    for identity, labels in chosen.ids.items():
        for label in labels:
            if label == f"group {GROUP}":
                assert is_member(by_id[identity], members)
            else:
                assert is_unique(devices, label, match_by, identity), label
    told = {label for labels in chosen.ids.values() for label in labels}
    assert set(names) <= told, "each name means a device"


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(devices=devices_of_tenant, name=strategies.sampled_from(ANYTHING), match_by=ways, listed=strategies.booleans())
def test_a_name_that_identifies_one_device_selects_it(devices: list[Device], name: str, match_by: str, listed: bool) -> None:
    """The selection does not refuse too much: the first test does not pass by refusing everything."""
    meant = [device["id"] for device in devices if is_unique(devices, name, match_by, device["id"])]
    hypothesis.assume(meant and not (match_by in ("id", "azure_ad_device_id") and name not in GUIDS))
    assert list(select(devices, [], [name], match_by, group=False, listed=listed).ids) == meant


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(devices=devices_of_tenant, members=members_of_group, listed=strategies.booleans())
def test_a_group_brings_in_each_device_of_its_members_and_tells_the_others(
    devices: list[Device], members: list[Device], listed: bool
) -> None:
    try:
        chosen = select(devices, members, [], "auto", group=True, listed=listed)
    except errors.SelectionError as failure:
        chosen, told = lookup.Selection({}, []), failure.message
    else:
        told = " ".join(chosen.warnings)
    records = [str(device["azureADDeviceId"] or "").lower() for device in devices]
    is_ambiguous = any(records.count(member["deviceId"]) > 1 for member in members if member.get("deviceId") not in (None, NIL))
    assert ("by azure_ad_device_id: " in told) is is_ambiguous
    for device in devices:
        by_name = str(device["userPrincipalName"] or "").lower() in {str(member.get("userPrincipalName")).lower() for member in members}
        if is_member(device, members):
            assert device["id"] in chosen.ids or is_ambiguous
        else:
            assert device["id"] not in chosen.ids
            assert not by_name or device["id"] in told
