# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import collections.abc
import json
import tracemalloc
import typing as t

import hypothesis
import pytest
from hypothesis import strategies
from intune_emulator.control import planted_directory
from intune_emulator.control.planted_devices import plant_device
from intune_emulator.state.guids import stable_id

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._devices import identifiers, lookup, model, search
from ansible_collections.endpointops.intune.plugins.module_utils._devices.lookup import Selection
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import QUOTA
from ansible_collections.endpointops.intune.plugins.module_utils._graph.batch_scheduler import BatchScheduler
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.support.emulated import Emulated
from tests.support.fakes import FakeTransport, answer, intune, page, query_of, tenant

LIST = "GET /v1.0/deviceManagement/managedDevices"
COUNT = f"{LIST}/$count"
MEMBERS = "transitiveMembers"
NOBODY = "aaaaaaaa-0000-4000-8000-000000000001"
# All roles except those of the directory.
INTUNE_ONLY = ["DeviceManagementManagedDevices.Read.All"]


class Straight:
    """A scheduler that sends one request after the other."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    def fetch_all(self, requests: t.Sequence[Request]) -> list[Response]:
        return [self._client.send_authorized(request) for request in requests]


class Intune(Emulated):
    """``hidden``: names of devices that the list omits. ``deaf``: filters are ignored. ``odd``: filters with this are refused."""

    def __init__(self, seed: str = "demo", **settings: t.Any) -> None:
        super().__init__(seed, quota=False, **settings)
        self.hidden: frozenset[str] = frozenset()
        self.deaf = False
        self.odd: str | None = None
        self.hint = ""

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        wanted = query_of(request).get("$filter")
        if self.odd and wanted and self.odd in wanted:
            return intune(400, "Invalid filter clause: Syntax error at position 9.")
        if self.deaf and wanted:
            plain = request.url.partition("?")[0]
            request = Request("GET", plain)
        found = self.ask(request)
        if request.target == LIST and not wanted and self.hidden:
            body = json.loads(found.body)
            body["value"] = [item for item in body["value"] if item["deviceName"] not in self.hidden]
            return Response(found.status, found.headers, json.dumps(body).encode())
        return found

    def add(self, **properties: t.Any) -> str:
        return plant_device(self.tenant, properties).id

    def device(self, name: str) -> dict[str, t.Any]:
        return next(device.own for device in self.tenant.devices if device.get("deviceName") == name)

    def change(self, name: str, **properties: t.Any) -> None:
        next(device for device in self.tenant.devices if device.get("deviceName") == name).change(properties)
        self.tenant.devices.forget_results()

    def group(self, name: str) -> str:
        return self.tenant.groups.find(lambda group: group["displayName"] == name)[0]["id"]

    def select(self, *names: str, match_by: str = "auto", groups: t.Sequence[str] = ()) -> Selection:
        client = self.world().client
        self.sent.clear()
        return lookup.select(client, t.cast(t.Any, Straight(client)), names=names, match_by=match_by, groups=groups)

    def refused(self, *names: str, **options: t.Any) -> str:
        with pytest.raises(errors.SelectionError) as caught:
            self.select(*names, **options)
        assert caught.value.hint
        self.hint = caught.value.hint
        assert caught.value.effects == "none" and "Nothing was changed." in str(caught.value)
        return caught.value.message

    @property
    def filters(self) -> list[str]:
        return [query_of(request)["$filter"] for request in self.sent if "$filter" in query_of(request)]

    @property
    def lists(self) -> list[Request]:
        return [request for request in self.sent if request.target == LIST and "$filter" not in query_of(request)]


@pytest.fixture
def wire() -> Intune:
    return Intune()


def by_list(wire: Intune, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the list, even if other requests would be fewer."""
    monkeypatch.setattr(search, "FEW", 0)
    monkeypatch.setattr(search, "prefer_list", lambda wanted, there: True)


MODES = pytest.mark.parametrize("mode", ["filter", "list"])


def set_mode(mode: str, wire: Intune, monkeypatch: pytest.MonkeyPatch) -> None:
    if mode == "list":
        by_list(wire, monkeypatch)


# --- names -----------------------------------------------------------------------------------------------------------


@MODES
@pytest.mark.parametrize("auto", [True, False], ids=["auto", "told"])
@pytest.mark.parametrize(("way", "name"), identifiers.MATCH_BY.items())
def test_a_device_is_found_by_each_property(
    wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str, way: str, name: str, auto: bool
) -> None:
    set_mode(mode, wire, monkeypatch)
    device = wire.device("O'Brien's phone")
    for value in (device[name], device[name].upper()):
        assert wire.select(value, match_by="auto" if auto else way) == Selection({device["id"]: [value]}, [])
    assert bool(wire.lists) == (mode == "list")


@MODES
@pytest.mark.parametrize(
    "name", ["O'Brien's", "{{ lookup('env', 'HOME') }}", "a&b=c #1 +50% /x?", "iPhone\u00a0d\u2019\u00c9lo\u00efse", "100%' or 1 eq 1"]
)
def test_quotes_braces_and_other_signs_are_plain_characters(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str, name: str) -> None:
    set_mode(mode, wire, monkeypatch)
    device = wire.add(deviceName=name)
    assert wire.select(name).ids == {device: [name]}


@MODES
def test_names_of_one_device_come_together_in_the_order_given(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    set_mode(mode, wire, monkeypatch)
    first, second = wire.device("PHONE-FIELD-01"), wire.device("PHONE-HELPDESK-01")
    names = ["PHONE-FIELD-01", second["serialNumber"], first["id"], "PHONE-FIELD-01", "phone-field-01"]
    assert list(wire.select(*names).ids.items()) == [
        (first["id"], ["PHONE-FIELD-01", first["id"], "phone-field-01"]),
        (second["id"], [second["serialNumber"]]),
    ]


@MODES
def test_a_guid_in_braces_is_one(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    set_mode(mode, wire, monkeypatch)
    device = wire.device("PHONE-FIELD-01")
    name = f"{{{device['azureADDeviceId'].upper()}}}"
    assert wire.select(name).ids == {device["id"]: [name]}


TWO_READINGS = [
    pytest.param(
        {"serialNumber": "PHONE-FIELD-02"}, "deviceName", "by device_name {b} ('PHONE-FIELD-02'", "by serial_number {a} (", id="case 4"
    ),
    pytest.param({"azureADDeviceId": "{id}"}, "id", "by id {b} (", "by azure_ad_device_id {a} (", id="case 4: Entra ID of another"),
    pytest.param({"deviceName": "{id}"}, "id", "by id {b} (", "by device_name {a} (", id="case 4: named like an ID"),
    pytest.param(
        {"serialNumber": "{azureADDeviceId}"}, "azureADDeviceId", "by azure_ad_device_id {b} (", "by serial_number {a} (", id="serial"
    ),
    pytest.param(
        {"deviceName": "{userPrincipalName}"},
        "userPrincipalName",
        "by user_principal_name {b} (",
        "by device_name {a} (",
        id="named like a user",
    ),
    pytest.param(
        {"deviceName": "{serialNumber}"}, "serialNumber", "by device_name {a} (", "by serial_number {b} (", id="named like a serial"
    ),
]


@MODES
@pytest.mark.parametrize(("changes", "given", "first", "second"), TWO_READINGS)
def test_a_name_that_means_two_devices_in_two_ways_is_refused_with_both(
    wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str, changes: dict[str, str], given: str, first: str, second: str
) -> None:
    set_mode(mode, wire, monkeypatch)
    wire.change("PHONE-FIELD-02", userPrincipalName="only.one@contoso.test")
    first_id, other = wire.device("PHONE-FIELD-01")["id"], wire.device("PHONE-FIELD-02")
    wire.change("PHONE-FIELD-01", **{name: value.format(**other) for name, value in changes.items()})
    message = wire.refused(other[given])
    ids = {"a": first_id, "b": other["id"]}
    assert message.startswith(f"'{other[given]}' matches 2 devices in different ways: {first.format(**ids)}")
    assert f"; {second.format(**ids)}" in message
    assert message.endswith("Set match_by to the property that is meant, or use the ID.")
    assert "last check-in 20" in message and "enrolled 20" in message and "only.one@contoso.test" in message and "Windows" in message


@MODES
def test_what_differs_by_more_than_case_is_another_name(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    set_mode(mode, wire, monkeypatch)
    wire.add(deviceName="STRASSE-1")
    wire.add(deviceName="PHONE-FIELD-011")
    assert "no managed device 'Straße-1'" in wire.refused("Straße-1")
    assert list(wire.select("PHONE-FIELD-01").ids) == [wire.device("PHONE-FIELD-01")["id"]]


@MODES
def test_a_device_without_a_property_is_not_found_by_a_word_for_nothing(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    set_mode(mode, wire, monkeypatch)
    wire.add(deviceName=None, serialNumber=None)
    assert "no managed device 'None'" in wire.refused("None", match_by="device_name")


@MODES
def test_a_name_of_two_devices_is_refused_with_its_candidates(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    set_mode(mode, wire, monkeypatch)
    twins = [device.own for device in wire.tenant.devices if device.get("deviceName") == "PHONE-SPARE"]
    twins.sort(key=lambda twin: twin["lastSyncDateTime"], reverse=True)
    told = ", ".join(
        f"{twin['id']} ('PHONE-SPARE', serial number {twin['serialNumber']}, {twin['userPrincipalName']}, Windows, "
        f"enrolled {twin['enrolledDateTime']}, last check-in {twin['lastSyncDateTime']})"
        for twin in twins
    )
    assert wire.refused("PHONE-SPARE") == f"'PHONE-SPARE' matches 2 devices by device_name: {told}."


@MODES
def test_case_5_two_records_of_one_device_are_shown_with_the_current_one(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    set_mode(mode, wire, monkeypatch)
    same = {"deviceName": "PC-1", "serialNumber": "S-1"}
    old = wire.add(**same, lastSyncDateTime="2026-01-01T00:00:00Z", enrolledDateTime="2025-01-01T00:00:00Z")
    new = wire.add(**same, lastSyncDateTime="2026-01-02T00:00:00Z", enrolledDateTime="2025-12-01T00:00:00Z")
    for name in ("PC-1", "S-1"):
        message = wire.refused(name)
        assert f"'{name}' matches 2 devices" in message and message.index(new) < message.index(old)
        assert "enrolled 2025-12-01T00:00:00Z, last check-in 2026-01-02T00:00:00Z" in message
        assert f"the record {new} is current, since it checked in last" in message
    assert list(wire.select(new).ids) == [new]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "2026-01-01T00:00:00Z"], ids=["never", "together"])
def test_case_5_where_nothing_tells_which_record_is_current_no_one_is_said_to_be(wire: Intune, moment: str) -> None:
    for _number in range(2):
        wire.add(deviceName="PC-1", serialNumber="S-1", lastSyncDateTime=moment, enrolledDateTime=moment)
    assert "their check-ins do not say which record is current." in wire.refused("PC-1")


def test_a_second_candidate_on_the_second_page_is_seen() -> None:
    wire = Intune(page_size=1)
    assert "matches 2 devices" in wire.refused("PHONE-SPARE")


def test_an_empty_page_is_not_the_end() -> None:
    device = {"id": NOBODY, "deviceName": "PC-1"}
    link = "https://graph.test/v1.0/deviceManagement/managedDevices?$skiptoken=x"
    world = tenant({LIST: [page(next_link=link), page(next_link=link), page(device)]})
    chosen = lookup.select(world.client, t.cast(t.Any, Straight(world.client)), names=["PC-1"], match_by="device_name", groups=[])
    assert chosen.ids == {NOBODY: ["PC-1"]}


@MODES
def test_a_user_with_two_devices_is_ambiguous(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    set_mode(mode, wire, monkeypatch)
    user = wire.device("PHONE-FIELD-01")["userPrincipalName"]
    assert f"'{user}' matches 2 devices by user_principal_name" in wire.refused(user)


@MODES
def test_a_name_of_two_devices_is_refused_although_another_name_means_one_of_them(
    wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    set_mode(mode, wire, monkeypatch)
    for user in ("one@contoso.test", "two@contoso.test"):
        wire.add(deviceName="OTHER", serialNumber="S-TWICE", userPrincipalName=user)
    assert "'S-TWICE' matches 2 devices by serial_number" in wire.refused("S-TWICE", "two@contoso.test")


def test_many_candidates_are_told_in_part(wire: Intune) -> None:
    for _number in range(12):
        wire.add(deviceName="TWELVE")
    message = wire.refused("TWELVE")
    assert "matches 12 devices" in message and message.count("'TWELVE', ") == 10 and message.endswith(" and 2 more.")
    for _number in range(10):
        wire.add(deviceName="TEN")
    message = wire.refused("TEN")
    assert message.count("'TEN', ") == 10 and "more" not in message


@MODES
def test_all_problems_are_told_at_once(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    set_mode(mode, wire, monkeypatch)
    message = wire.refused(
        "NO-1", "PHONE-FIELD-01", NOBODY, "PHONE-SPARE", "eve@contoso.test", groups=["Helpdesk phones", "No group", "Warehouse"]
    )
    for told in (
        "no managed device 'NO-1' (looked for by device_name, serial_number)",
        f"no managed device '{NOBODY}' (looked for by id, azure_ad_device_id, device_name, serial_number)",
        "no managed device 'eve@contoso.test' (looked for by user_principal_name, device_name, serial_number)",
        "'PHONE-SPARE' matches 2 devices",
        "There is no group named 'No group'.",
        "Several groups are named 'Warehouse'",
    ):
        assert told in message
    assert "FIELD-01'" not in message and "Helpdesk" not in message


ZEROS = "00000000-0000-0000-0000-000000000000"
BY_NAME = "Correct the name of the device, or use its ID."
BY_ID = "Check the ID: the device may have been removed from Intune."
MALFORMED = "Correct or remove the device."
GROUP = "Correct the name of the group, or use its ID."


@pytest.mark.parametrize(
    ("names", "match_by", "groups", "hint"),
    [
        pytest.param(["NO-1", "NO-2"], "auto", [], BY_NAME, id="devices"),
        pytest.param([NOBODY], "auto", [], BY_ID, id="ID of a device"),
        pytest.param(["PHONE-SPARE"], "auto", [], "Use the ID of the device that you mean.", id="several devices"),
        pytest.param([ZEROS], "auto", [], MALFORMED, id="nil GUID of a device"),
        pytest.param([""], "auto", [], MALFORMED, id="blank device"),
        pytest.param(["PC-1"], "id", [], "Correct the ID of the device, or change match_by.", id="name for an ID"),
        pytest.param(["000000"], "serial_number", [], "Use the ID of the device.", id="placeholder"),
        pytest.param([], "auto", ["No group"], GROUP, id="group"),
        pytest.param([], "auto", [NOBODY], "Check the ID: the group may have been deleted.", id="ID of a group"),
        pytest.param([], "auto", [ZEROS], "Correct or remove the group.", id="nil GUID of a group"),
        pytest.param([], "auto", ["Warehouse"], "Use the ID of the group that you mean.", id="several groups"),
        pytest.param([], "auto", ["Pilot ring"], "Check the members of the group.", id="group without devices"),
        pytest.param(["NO-1"], "auto", ["No group"], f"{GROUP} {BY_NAME}", id="both"),
    ],
)
def test_the_hint_fits_the_kind_of_entry(wire: Intune, names: list[str], match_by: str, groups: list[str], hint: str) -> None:
    wire.tenant.members.set(wire.group("Pilot ring"), [])
    wire.refused(*names, match_by=match_by, groups=groups)
    assert wire.hint == hint


def test_the_first_twenty_problems_are_told_and_the_rest_counted(wire: Intune) -> None:
    message = wire.refused(*(f"NO-{number:02}" for number in range(25)))
    assert message.count("There is no managed device") == 20
    assert "'NO-19'" in message and "'NO-20'" not in message and message.endswith("... and 5 more problems.")
    assert "more problems" not in wire.refused(*(f"NO-{number:02}" for number in range(20)))
    assert wire.refused("NO-1", "NO-1").count("NO-1") == 1


@pytest.mark.parametrize(
    ("names", "match_by", "told"),
    [
        pytest.param([""], "auto", "A name is blank.", id="empty"),
        pytest.param(["  "], "serial_number", "A name is blank.", id="space"),
        pytest.param(["a\nb"], "auto", r"A name holds control characters: 'a\nb'.", id="newline"),
        pytest.param(["a\x85b"], "device_name", r"A name holds control characters: 'a\x85b'.", id="C1"),
        pytest.param(["a\u2028b"], "device_name", r"A name holds control characters: 'a\u2028b'.", id="line separator"),
        pytest.param(["a\udc80b"], "auto", r"A name holds control characters: 'a\udc80b'.", id="what was not UTF-8"),
        pytest.param(["x" * 257], "auto", "A name is 257 characters long, and 256 is the most", id="long"),
        pytest.param(["PC-1"], "id", "'PC-1' is not a GUID, which match_by id needs.", id="no id"),
        pytest.param(["PC-1"], "azure_ad_device_id", "'PC-1' is not a GUID, which match_by azure_ad_device_id needs.", id="no Entra id"),
    ],
)
def test_what_cannot_be_a_name_is_told_before_any_request(wire: Intune, names: list[str], match_by: str, told: str) -> None:
    assert told in wire.refused("PHONE-FIELD-01" if match_by == "auto" else NOBODY, *names, match_by=match_by)
    assert wire.sent == []


@pytest.mark.parametrize("group", ["", "a\nb", "x" * 257])
def test_nor_is_a_group_that_cannot_be_one(wire: Intune, group: str) -> None:
    assert "A name" in wire.refused("PHONE-FIELD-01", groups=[group])
    assert wire.sent == []


def test_the_longest_name_is_one(wire: Intune) -> None:
    name = "xy" * 128
    device = wire.add(deviceName=name)
    assert list(wire.select(name).ids) == [device]


def test_no_name_at_all_means_nothing_not_everything(wire: Intune) -> None:
    with pytest.raises(errors.InvalidOptionError, match="devices and device_groups are empty"):
        wire.select()
    assert wire.sent == []


def test_there_is_a_most_of_names(wire: Intune) -> None:
    with pytest.raises(errors.InvalidOptionError, match="50001 names; 50000 is the most"):
        wire.select(*(f"PC-{number}" for number in range(50_001)))
    assert wire.sent == []
    assert len(identifiers.parse_names([f"PC-{number}" for number in range(50_000)], [], "auto")) == 50_000


@MODES
@pytest.mark.parametrize("match_by", ["auto", "id", "azure_ad_device_id", "device_name", "serial_number", "user_principal_name"])
@pytest.mark.parametrize("name", [ZEROS, f"{{{ZEROS}}}", f"urn:uuid:{ZEROS}", f" URN:UUID:{ZEROS} "])
def test_case_1_the_nil_guid_is_no_identifier(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str, match_by: str, name: str) -> None:
    set_mode(mode, wire, monkeypatch)
    wire.add(deviceName="UNREGISTERED", azureADDeviceId=ZEROS, userId=ZEROS)
    assert "is the nil GUID, which stands for no ID" in wire.refused(name, match_by=match_by)
    assert wire.sent == []


@MODES
def test_case_1_a_device_that_has_no_entra_id_is_no_member_of_a_group(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    set_mode(mode, wire, monkeypatch)
    group = wire.group("Helpdesk phones")
    member = wire.add(deviceName="MEMBER", azureADDeviceId=ZEROS)
    wire.add(deviceName="STRANGER", azureADDeviceId=ZEROS)
    wire.tenant.members.set(group, [*wire.tenant.members.get(group), ("device", member)])
    chosen = wire.select(groups=["Helpdesk phones"])
    assert sorted(wire.tenant.devices.get(device).get("deviceName") for device in chosen.ids) == [f"PHONE-HELPDESK-0{n}" for n in (1, 2, 3)]
    assert chosen.warnings == ["1 of 4 members of the group 'Helpdesk phones' have no device in Intune."]


@MODES
def test_case_2_a_device_of_another_user_is_left_out_and_told(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    set_mode(mode, wire, monkeypatch)
    before = set(wire.select(groups=["Field service"]).ids)
    member = wire.device("PHONE-FIELD-02")["userPrincipalName"]
    stale = wire.add(deviceName="STALE", userPrincipalName=member, userId=NOBODY)
    unowned = wire.add(deviceName="UNOWNED", userPrincipalName=member, userId="")
    nil = wire.add(deviceName="NIL", userPrincipalName=member, userId=ZEROS)
    chosen = wire.select(groups=["Field service"])
    assert set(chosen.ids) == {*before, unowned, nil}
    assert chosen.warnings == [
        f"The group 'Field service' does not include STALE ({stale}): the user principal name in the record is that of a member, but the "
        "user ID is that of another user. If such a device is meant, name it in devices."
    ]
    assert list(wire.select("STALE", groups=["Field service"]).ids)[0] == stale, "by its name it is meant"


def test_case_2_a_group_of_which_all_devices_are_left_out_is_refused_with_them(wire: Intune) -> None:
    planted_directory.add_user(wire.tenant, "new.one")
    user = stable_id("user", "new.one")
    wire.tenant.members.set(wire.group("Pilot ring"), [("user", user)])
    wire.add(deviceName="STALE", userPrincipalName=f"new.one@{wire.tenant.domain}", userId=NOBODY)
    message = wire.refused(groups=["Pilot ring"])
    assert message.startswith("No member of the group 'Pilot ring' has a device in Intune. The group 'Pilot ring' does not include STALE (")


@MODES
@pytest.mark.parametrize(
    "serial",
    [
        "0",
        "000000",
        "00-00-00",
        "None",
        "n/a",
        "Default string",
        "To Be Filled By O.E.M.",
        "System Serial Number",
        "INVALID",
        "Not Specified",
    ]
    + ["Chassis Serial Number", "FFFFFFFF", "xxxx-xxxx", "....", "1234567890", "to be  filled by\u00a0O.E.M."],
)
@pytest.mark.parametrize("match_by", ["auto", "serial_number"])
def test_a_placeholder_is_no_serial_number(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str, serial: str, match_by: str) -> None:
    set_mode(mode, wire, monkeypatch)
    device = wire.add(deviceName="BARE", serialNumber=serial)
    assert "is a placeholder that devices have where no serial number was written" in wire.refused(serial, match_by=match_by)
    assert wire.sent == []
    wire.change("BARE", deviceName=serial)
    assert list(wire.select(serial, match_by="device_name").ids) == [device]


@MODES
@pytest.mark.parametrize(
    ("given", "there", "told"),
    [
        pytest.param(
            "\ufeffPC-1", "PC-1", "The name holds U+FEFF byte order mark at position 1. Did you mean 'PC-1' ({})?", id="case 6: BOM"
        ),
        pytest.param("PC-\u200b1", "PC-1", "holds U+200B zero width space at position 4. Did you mean 'PC-1' ({})?", id="case 6: U+200B"),
        pytest.param(
            "\u00a0PC-1\u00a0", "PC-1", "U+00A0 no-break space at position 1, U+00A0 no-break space at position 6.", id="case 6: NBSP"
        ),
        pytest.param("PC-1\u202e", "PC-1", "U+202E right-to-left override at position 5. Did you mean 'PC-1' ({})?", id="case 6: bidi"),
        pytest.param("PC\u00ad-1", "PC-1", "U+00AD soft hyphen at position 3. Did you mean 'PC-1' ({})?", id="case 6: soft hyphen"),
        pytest.param("PC-1", "PC-1 ", "Did you mean 'PC-1 ' ({})? 'PC-1 ' holds a blank at its end.", id="case 6: a survey that trims"),
        pytest.param(" PC-1", "PC-1", "holds a blank at its beginning. Did you mean 'PC-1' ({})?", id="case 6: a blank"),
        pytest.param("PC 1", "PC  1", "Did you mean 'PC  1' ({})? 'PC  1' holds several blanks in a row.", id="case 6: two blanks"),
        pytest.param(
            "O'Brien's PC", "O\u2019Brien\u2019s PC", "Did you mean 'O\u2019Brien\u2019s PC' ({})?", id="case 6: curly apostrophe"
        ),
        pytest.param("\u00c9loise PC", "E\u0301loise PC", "Did you mean 'E\u0301loise PC' ({})?", id="case 6: NFC and NFD"),
        pytest.param("E\u0301loise PC", "\u00c9loise PC", "Did you mean '\u00c9loise PC' ({})?", id="case 6: NFD and NFC"),
        pytest.param("LT-KIEL-1", "LT-\u212aIEL-1", "Did you mean 'LT-\\u212aIEL-1' ({})?", id="kelvin sign"),
        pytest.param("LT-\u212aIEL-1", "LT-KIEL-1", "U+212A kelvin sign at position 4. Did you mean 'LT-KIEL-1' ({})?", id="to kelvin"),
        pytest.param("PC\u20131", "PC-1", "Did you mean 'PC-1' ({})?", id="a dash"),
    ],
)
def test_names_that_look_the_same_are_offered_and_not_taken(
    wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str, given: str, there: str, told: str
) -> None:
    set_mode(mode, wire, monkeypatch)
    device = wire.add(deviceName=there)
    assert told.format(device) in wire.refused(given)
    assert list(wire.select(there).ids) == [device]


@pytest.mark.parametrize(
    ("way", "given", "there"), [("serialNumber", "S-1\u200b", "S-1"), ("userPrincipalName", "a\u00ad@x.test", "a@x.test")]
)
@MODES
def test_a_serial_number_or_user_that_looks_the_same_is_offered(
    wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str, way: str, given: str, there: str
) -> None:
    set_mode(mode, wire, monkeypatch)
    device = wire.add(deviceName="OTHER", **{way: there})
    assert f"Did you mean '{there}' ({device})?" in wire.refused(given)


def test_a_list_as_text_is_told(wire: Intune) -> None:
    told = "It looks like a part of a list: give a YAML list, or names separated by commas."
    assert told in wire.refused('["PHONE-FIELD-01"]')
    assert told in wire.refused(groups=["['Helpdesk phones']"])
    device = wire.add(deviceName="[PHONE]")
    assert list(wire.select("[PHONE]").ids) == [device], "a name that exists is one"


def test_names_that_look_the_same_are_searched_for_in_one_batch_and_only_where_a_name_was_not_found(wire: Intune) -> None:
    names = [f"NO-{number} \u2019X" for number in range(3)]
    with pytest.raises(errors.SelectionError):
        packed(wire, *names)
    assert wire.targets == ["POST /v1.0/$batch", "POST /v1.0/$batch"]
    packed(wire, "PHONE-FIELD-01")
    assert wire.targets == ["POST /v1.0/$batch"]


def test_where_similar_names_cannot_be_searched_for_the_name_is_still_told(wire: Intune) -> None:
    wire.odd = "contains("
    assert wire.refused("NO-1").startswith("There is no managed device 'NO-1' (looked for by device_name, serial_number).")


# --- requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "there", "by_list"),
    [
        (1, 0, False),
        (2, 0, True),
        (2, 1, False),
        (2, 1000, False),
        (3, 1000, True),
        (3, 1001, False),
        (4, 1001, True),
        (101, 100_000, False),
        (102, 100_000, True),
        (50_000, 1_000_000, True),
        (50_000, 10**9, False),
    ],
)
def test_what_takes_fewer_requests(wanted: int, there: int, by_list: bool) -> None:
    assert search.prefer_list(wanted, there) is by_list


def test_three_names_are_asked_for_without_counting_devices(wire: Intune) -> None:
    wire.select("PHONE-FIELD-01", "PHONE-FIELD-02", "PHONE-FIELD-03")
    assert wire.filters == [f"{name} eq 'PHONE-FIELD-0{number}'" for number in (1, 2, 3) for name in ("deviceName", "serialNumber")]
    assert len(wire.sent) == 6


def test_the_same_name_many_times_is_asked_for_once(wire: Intune) -> None:
    assert len(wire.select(*["PHONE-FIELD-01"] * 9).ids) == 1
    assert wire.targets == [LIST, LIST]
    wire.select(*["PHONE-FIELD-01"] * 9, match_by="device_name")
    assert wire.targets == [LIST]


def test_four_names_of_few_devices_read_the_list_once(wire: Intune) -> None:
    assert len(wire.select(*(f"PHONE-FIELD-0{number}" for number in (1, 2, 3, 4))).ids) == 4
    assert wire.targets == [COUNT, LIST]
    assert query_of(wire.sent[1]) == {"$select": ",".join(identifiers.FIND)}


@pytest.mark.parametrize(
    ("terms", "devices", "preferred"),
    [(2, 0, True), (2, 1, False), (3, 1000, True), (3, 1001, False), (4, 2000, True), (4, 2001, False)],
)
def test_the_list_has_a_thousand_devices_a_page_and_is_read_where_that_takes_fewer_requests(
    terms: int, devices: int, preferred: bool
) -> None:
    assert search.prefer_list(terms, devices) is preferred


def test_four_names_of_very_many_devices_are_asked_for(wire: Intune, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAGE", 10)
    assert len(wire.select(*(f"PHONE-FIELD-0{number}" for number in (1, 2, 3, 4)), match_by="device_name").ids) == 4
    assert wire.targets == [COUNT, LIST, LIST, LIST, LIST] and len(wire.filters) == 4


@pytest.mark.parametrize("answered", [intune(400, "No OData route exists."), answer(200, "many")], ids=["refused", "no number"])
def test_where_a_tenant_does_not_count_its_devices_the_list_is_not_relied_on(answered: Response) -> None:
    for number in (101, 102):
        found = page(*({"id": f"id-{place}", "deviceName": f"PC-{place}"} for place in range(number)))
        world = tenant({COUNT: answered, LIST: found})
        names = [f"PC-{place}" for place in range(number)]
        lookup.select(world.client, t.cast(t.Any, Straight(world.client)), names=names, match_by="device_name", groups=[])
        assert len(world.transport.sent) == 1 + number


def test_every_reading_is_asked_for_in_one_go(wire: Intune) -> None:
    serial = wire.device("PHONE-FIELD-02")["serialNumber"]
    wire.select(serial, "PHONE-FIELD-01")
    assert wire.filters == [f"{name} eq '{value}'" for value in (serial, "PHONE-FIELD-01") for name in ("deviceName", "serialNumber")]


def test_a_name_in_two_spellings_is_asked_for_once(wire: Intune) -> None:
    assert len(wire.select("PHONE-FIELD-01", "phone-field-01").ids) == 1
    assert len(wire.filters) == 2


def test_an_id_is_read_directly_and_asked_for_by_filter_only_as_entras(wire: Intune) -> None:
    device = wire.device("PHONE-FIELD-01")
    wire.select(device["id"], match_by="id")
    assert wire.targets == [f"{LIST}/{device['id']}"]
    wire.select(device["azureADDeviceId"], match_by="azure_ad_device_id")
    assert wire.targets == [LIST] and wire.filters == [f"azureADDeviceId eq '{device['azureADDeviceId']}'"]
    wire.select(device["azureADDeviceId"])
    assert wire.targets == [f"{LIST}/{device['azureADDeviceId']}", LIST, LIST, LIST]
    assert wire.filters == [f"{name} eq '{device['azureADDeviceId']}'" for name in ("azureADDeviceId", "deviceName", "serialNumber")]


def test_a_filter_that_intune_does_not_know_finds_nobody_else(wire: Intune) -> None:
    wire.deaf = True
    serial = wire.device("PHONE-FIELD-02")["serialNumber"]
    assert [*wire.select("PHONE-FIELD-01", serial).ids] == [wire.device(f"PHONE-FIELD-0{number}")["id"] for number in (1, 2)]
    assert "no managed device 'PHONE-FIELD-0'" in wire.refused("PHONE-FIELD-0")


def test_who_is_not_in_the_list_is_asked_for(wire: Intune, monkeypatch: pytest.MonkeyPatch) -> None:
    by_list(wire, monkeypatch)
    wire.hidden = frozenset({"PHONE-FIELD-01", "PHONE-FIELD-02"})
    serial = wire.device("PHONE-FIELD-02")["serialNumber"]
    assert len(wire.select("PHONE-FIELD-01", serial, "PHONE-FIELD-03").ids) == 3
    expected = [f"{name} eq '{value}'" for value in ("PHONE-FIELD-01", serial, "PHONE-FIELD-03") for name in ("deviceName", "serialNumber")]
    assert wire.filters == expected, "the list has fewer devices than Intune counts, so that even a name with a device may have another one"


def test_what_a_search_finds_shows_that_the_list_lacks_devices_although_the_number_fits(
    wire: Intune, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_list(wire, monkeypatch)
    wire.hidden = frozenset({"PHONE-FIELD-01", "HIDDEN"})
    wire.add(deviceName="HIDDEN", serialNumber="PHONE-FIELD-02")
    monkeypatch.setattr(search, "fetch_count", lambda client: 0)
    assert "'PHONE-FIELD-02' matches 2 devices" in wire.refused("PHONE-FIELD-01", "PHONE-FIELD-02")


@pytest.mark.parametrize("others", [0, 3], ids=["one name", "four names"])
def test_a_second_device_that_the_list_lacks_makes_a_name_ambiguous(wire: Intune, others: int) -> None:
    wire.add(deviceName="TWIN-1", serialNumber="SER-A1")
    wire.add(deviceName="HIDDEN", serialNumber="TWIN-1")
    wire.hidden = frozenset({"HIDDEN"})
    names = [f"PHONE-FIELD-0{number}" for number in range(1, 1 + others)]
    assert "'TWIN-1' matches 2 devices in different ways" in wire.refused("TWIN-1", *names)
    assert bool(wire.lists) is bool(others)


def test_so_is_a_member_of_a_group(wire: Intune, monkeypatch: pytest.MonkeyPatch) -> None:
    by_list(wire, monkeypatch)
    wire.hidden = frozenset({"PHONE-HELPDESK-02"})
    chosen = wire.select(groups=["Helpdesk phones"])
    assert len(chosen.ids) == 3 and chosen.warnings == []
    expected = [f"azureADDeviceId eq '{wire.device(f'PHONE-HELPDESK-0{number}')['azureADDeviceId']}'" for number in (1, 2, 3)]
    assert sorted(wire.filters[1:]) == sorted(expected)


def test_names_that_are_wrong_by_the_thousand_are_not_all_asked_for(wire: Intune, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SLICE", 2)
    message = wire.refused(*(f"NO-{number}" for number in range(7)))
    assert message.count("There is no managed device") == 7
    assert wire.filters == [f"{name} eq 'NO-{number}'" for number in (0, 1) for name in ("deviceName", "serialNumber")]


def test_a_thousand_wrong_names_are_asked_for_at_most(wire: Intune) -> None:
    message = wire.refused(*(f"NO-{number}" for number in range(1001)), match_by="serial_number")
    assert wire.lists and message.startswith("There is no managed device 'NO-0'")
    assert wire.filters == [f"serialNumber eq 'NO-{number}'" for number in range(1000)]


def test_names_that_are_right_are_all_asked_for(wire: Intune, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SLICE", 2)
    names = [f"PHONE-FIELD-0{number}" for number in range(1, 8)]
    wire.hidden = frozenset(names)
    assert len(wire.select(*names).ids) == 7


@MODES
def test_a_name_that_graph_refuses_is_a_problem_of_that_name(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    set_mode(mode, wire, monkeypatch)
    wire.odd = "ODD"
    message = wire.refused("ODD-1", "NO-1")
    assert "'ODD-1' could not be looked for: Invalid filter clause: Syntax error at position 9." in message
    assert "no managed device 'NO-1'" in message


def test_a_refused_first_way_counts_although_the_second_finds_one(wire: Intune) -> None:
    wire.odd = "deviceName eq 'S-1'"
    wire.change("PHONE-FIELD-01", serialNumber="S-1")
    assert "'S-1' could not be looked for" in wire.refused("S-1")


def test_a_tenant_without_intune_is_no_problem_of_a_name() -> None:
    with pytest.raises(errors.GraphError) as caught:
        Intune(intune=False).select("PHONE-FIELD-01")
    assert caught.value.status == 400 and "no active Intune subscription" in str(caught.value)


@pytest.mark.parametrize("names", [["PHONE-FIELD-01"], ["A", "B", "C", "D"]], ids=["few", "many"])
def test_what_may_not_be_read_is_raised(names: list[str]) -> None:
    with pytest.raises(errors.ForbiddenError):
        Intune(roles=["Device.Read.All"]).select(*names)


@pytest.mark.parametrize("body", [[], {"value": None}, None])
def test_an_answer_that_is_no_list_is_raised(body: t.Any) -> None:
    world = tenant({LIST: answer(200, body)})
    with pytest.raises(errors.UnexpectedResponseError, match="must be (a list|an object), not "):
        lookup.select(world.client, t.cast(t.Any, Straight(world.client)), names=["PC-1"], match_by="device_name", groups=[])


def test_a_list_that_is_not_found_is_no_name_that_is_not_found() -> None:
    world = tenant({LIST: intune(404, "Not found.")})
    with pytest.raises(errors.NotFoundError):
        lookup.select(world.client, t.cast(t.Any, Straight(world.client)), names=["PC-1"], match_by="device_name", groups=[])


def test_selecting_writes_nothing(wire: Intune) -> None:
    wire.select("PHONE-FIELD-01", groups=["Field service", "Pilot ring"])
    assert wire.writes == []


def test_of_a_long_list_only_what_matches_is_kept() -> None:
    def peak(pages: int) -> int:
        whole = page(*({"id": f"id-{number}", "deviceName": f"PC-{number}", "serialNumber": f"S-{number}"} for number in range(1000)))
        body = json.loads(whole.body)

        def turn(number: int) -> collections.abc.Callable[[Request], Response]:
            link = f"https://graph.test/v1.0/deviceManagement/managedDevices?$skiptoken={number}"
            return lambda request: answer(200, {**body, **({"@odata.nextLink": link} if number < pages else {})})

        world = tenant(FakeTransport([answer(200, 1), *(turn(number) for number in range(1, pages + 1))]))
        names = [f"PC-{number}" for number in range(4)]
        tracemalloc.start()
        lookup.select(world.client, t.cast(t.Any, Straight(world.client)), names=names, match_by="device_name", groups=[])
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    assert peak(20) < 1.5 * peak(2)


NAMES = strategies.sampled_from(["A", "a", "B", "ä", "Ä", "S", "s", "x@y", "X@Y", "", None])


@hypothesis.example(there=[("B", "A", "A"), ("B", "A", "x@y")], names=["A", "x@y"], match_by="auto")
@hypothesis.given(
    there=strategies.lists(strategies.tuples(NAMES, NAMES, NAMES), min_size=1, max_size=4),
    names=strategies.lists(NAMES.filter(bool), min_size=1, max_size=4),
    match_by=strategies.sampled_from(["auto", "device_name", "serial_number", "user_principal_name"]),
)
def test_both_ways_of_asking_find_the_same(there: list[tuple[str | None, ...]], names: list[str], match_by: str) -> None:
    wire = Intune("empty")
    for name, serial, user in there:
        wire.add(deviceName=name, serialNumber=serial, userPrincipalName=user)
    outcomes = []
    for mode in ("filter", "list"):
        with pytest.MonkeyPatch.context() as patch:
            set_mode(mode, wire, patch)
            patch.setattr(search, "FEW", 0 if mode == "list" else 99)
            try:
                outcomes.append(wire.select(*names, match_by=match_by))
            except errors.SelectionError as failure:
                outcomes.append(failure.message)
    assert outcomes[0] == outcomes[1]


# --- groups ----------------------------------------------------------------------------------------------------------


@MODES
def test_a_group_stands_for_its_devices(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    set_mode(mode, wire, monkeypatch)
    expected = {wire.device(f"PHONE-HELPDESK-0{number}")["id"]: ["group Helpdesk phones"] for number in (1, 2, 3)}
    assert wire.select(groups=["Helpdesk phones"]) == Selection(expected, [])


def test_a_group_by_id(wire: Intune) -> None:
    group = wire.group("Helpdesk phones")
    assert set(map(tuple, wire.select(groups=[group]).ids.values())) == {(f"group {group}",)}


@MODES
def test_a_user_in_a_group_stands_for_all_devices_of_that_user(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    set_mode(mode, wire, monkeypatch)
    chosen = wire.select(groups=["Field service"])
    meant = {
        device.id
        for device in wire.tenant.devices
        if str(device.get("deviceName")).startswith("PHONE-FIELD-")
        or str(device.get("userPrincipalName")).startswith(("lukas.meyer@", "marta.kowalska@"))
    }
    assert set(chosen.ids) == meant and wire.device("MAC-DESIGN-01")["id"] in meant and chosen.warnings == []
    assert all(labels == ["group Field service"] for labels in chosen.ids.values()), "though some are members by device and by user"


@MODES
def test_a_user_is_known_by_id_too_where_the_name_has_changed(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    set_mode(mode, wire, monkeypatch)
    monkeypatch.setattr(search, "prefer_list", lambda wanted, there: mode == "list")
    wire.change("MAC-DESIGN-01", userPrincipalName="marta.nowak@contoso.test")
    chosen = wire.select(groups=["Field service"])
    assert {wire.device("MAC-DESIGN-01")["id"], wire.device("PHONE-FIELD-02")["id"]} <= set(chosen.ids) and chosen.warnings == []


def test_a_user_of_a_small_group_is_known_by_id(wire: Intune) -> None:
    wire.change("MAC-DESIGN-01", userPrincipalName="marta.nowak@contoso.test")
    user = wire.device("MAC-DESIGN-01")["userId"]
    wire.tenant.members.set(wire.group("Pilot ring"), [("user", user)])
    assert wire.device("MAC-DESIGN-01")["id"] in wire.select(groups=["Pilot ring"]).ids
    assert len(wire.lists) == 1


def test_where_the_list_lacks_devices_a_warning_tells_that_users_may_have_others(wire: Intune) -> None:
    wire.hidden = frozenset({"MAC-DESIGN-01"})
    wire.change("MAC-DESIGN-01", userPrincipalName="marta.nowak@contoso.test")
    assert wire.select(groups=["Field service"]).warnings == [lookup.MAY_MISS_USERS]
    assert wire.select(groups=["Helpdesk phones"]).warnings == [], "its members are devices"


@MODES
def test_a_device_of_a_group_with_two_records_is_refused_with_both(wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    set_mode(mode, wire, monkeypatch)
    member = wire.device("PHONE-HELPDESK-02")
    entra = member["azureADDeviceId"]
    clone = wire.add(deviceName="CLONE", serialNumber="OTHER", azureADDeviceId=entra, userId=NOBODY, userPrincipalName="x@contoso.test")
    message = wire.refused(groups=["Helpdesk phones"])
    assert message.startswith(f"In the group 'Helpdesk phones', the Entra device ID '{entra}' matches 2 devices by azure_ad_device_id: ")
    assert f"{clone} ('CLONE'" in message and f"{member['id']} ('PHONE-HELPDESK-02'" in message


@MODES
def test_a_device_of_a_group_that_was_enrolled_again_is_refused_with_the_current_record(
    wire: Intune, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    set_mode(mode, wire, monkeypatch)
    member = wire.device("PHONE-HELPDESK-02")
    same = {name: member[name] for name in ("deviceName", "serialNumber", "azureADDeviceId")}
    new = wire.add(**same, lastSyncDateTime="2099-01-02T00:00:00Z", enrolledDateTime="2099-01-01T00:00:00Z")
    assert f"the record {new} is current, since it checked in last" in wire.refused(groups=["Helpdesk phones"])


def test_nested_groups_count(wire: Intune) -> None:
    names = [wire.tenant.devices.get(device).get("deviceName") for device in wire.select(groups=["Pilot ring"]).ids]
    assert sorted(names) == sorted(
        [f"LT-BERLIN-01{number}" for number in (2, 3, 4, 5)] + [f"PHONE-HELPDESK-0{number}" for number in (1, 2, 3)]
    )


@pytest.mark.parametrize("size", [1, 2, 100])
def test_members_come_in_pages(size: int) -> None:
    wire = Intune(directory_page_size=size)
    assert len(wire.select(groups=["Pilot ring"]).ids) == 7


def test_a_device_by_name_and_by_groups_is_one_device_in_the_place_of_the_name(wire: Intune) -> None:
    chosen = wire.select("PHONE-HELPDESK-02", groups=["Pilot ring", "Helpdesk phones", "Helpdesk phones"])
    first, labels = next(iter(chosen.ids.items()))
    assert (first, labels) == (
        wire.device("PHONE-HELPDESK-02")["id"],
        ["PHONE-HELPDESK-02", "group Pilot ring", "group Helpdesk phones"],
    )
    assert len(chosen.ids) == 7
    assert len([target for target in wire.targets if target.endswith(MEMBERS)]) == 2


def test_members_that_intune_does_not_manage_are_passed_over_with_one_warning(wire: Intune) -> None:
    group = wire.group("Helpdesk phones")
    for name in ("new.one", "new.two"):
        planted_directory.add_user(wire.tenant, name)
    wire.tenant.members.set(
        group, [*wire.tenant.members.get(group), *(("user", stable_id("user", name)) for name in ("new.one", "new.two"))]
    )
    chosen = wire.select("PHONE-FIELD-01", groups=["Helpdesk phones"])
    assert len(chosen.ids) == 4
    assert chosen.warnings == ["2 of 5 members of the group 'Helpdesk phones' have no device in Intune."]


def test_a_group_without_any_managed_device_is_a_problem(wire: Intune) -> None:
    wire.tenant.members.set(wire.group("Helpdesk phones"), [])
    planted_directory.add_user(wire.tenant, "new.one")
    wire.tenant.members.set(wire.group("Pilot ring"), [("user", stable_id("user", "new.one"))])
    message = wire.refused("PHONE-FIELD-01", groups=["Helpdesk phones", "Pilot ring"])
    assert message == (
        "No member of the group 'Helpdesk phones' has a device in Intune. No member of the group 'Pilot ring' has a device in Intune."
    )


def test_members_of_other_kinds_are_passed_over() -> None:
    contact = {"@odata.type": "#microsoft.graph.orgContact", "id": NOBODY, "deviceId": "d-2", "userPrincipalName": "x@y"}
    device = {"@odata.type": "#microsoft.graph.device", "id": NOBODY, "deviceId": "d-1"}
    group = f"/groups/{NOBODY}"
    script = {
        "GET /v1.0/groups": page(),
        f"GET /v1.0{group}": answer(200, {"id": NOBODY}),
        f"GET /v1.0{group}/{MEMBERS}": page(contact, device, {"id": "x"}),
        LIST: page({"id": "id-1", "azureADDeviceId": "D-1"}),
    }
    world = tenant(script)
    chosen = lookup.select(world.client, t.cast(t.Any, Straight(world.client)), names=[], match_by="auto", groups=[NOBODY])
    assert chosen == Selection({"id-1": [f"group {NOBODY}"]}, [])


@pytest.mark.parametrize(
    ("group", "roles", "told"),
    [
        ("Helpdesk phones", ["User.Read.All"], "the permission Device.Read.All."),
        ("Field service", ["Device.Read.All"], "the permission User.Read.All."),
        ("Field service", [], "the permission Device.Read.All and User.Read.All."),
    ],
)
def test_members_that_may_not_be_read_are_told_with_the_permission(group: str, roles: list[str], told: str) -> None:
    wire = Intune(roles=[*INTUNE_ONLY, "GroupMember.Read.All", *roles])
    message = wire.refused("NO-1", groups=[group])
    assert message.startswith(f"Microsoft Graph does not return the members of the group '{group}': ") and told in message
    assert "no managed device 'NO-1'" in message


def test_groups_that_may_not_be_read_are_told_with_the_permission() -> None:
    wire = Intune(roles=INTUNE_ONLY)
    for group in ("Helpdesk phones", wire.group("Helpdesk phones")):
        with pytest.raises(errors.ForbiddenError, match="GroupMember.Read.All"):
            wire.select(groups=[group])


def test_members_that_may_not_be_listed_are_told_with_the_permission() -> None:
    group = f"/groups/{NOBODY}"
    world = tenant(
        {
            "GET /v1.0/groups": page(),
            f"GET /v1.0{group}": answer(200, {"id": NOBODY}),
            f"GET /v1.0{group}/{MEMBERS}": intune(403, "Insufficient privileges."),
        }
    )
    with pytest.raises(errors.ForbiddenError, match="To read the members of groups, .* GroupMember.Read.All"):
        lookup.select(world.client, t.cast(t.Any, Straight(world.client)), names=[], match_by="auto", groups=[NOBODY])


def test_a_large_group_reads_the_list_once() -> None:
    wire = Intune("fleet:120")
    assert len(wire.select("FLEET-000001", groups=["All fleet devices"]).ids) == 120
    assert wire.targets.count(LIST) == 1 and wire.filters == ["displayName eq 'All fleet devices'"]


# --- reading ---------------------------------------------------------------------------------------------------------


def read(wire: Intune, *ids: str) -> list[model.Device]:
    client = wire.world().client
    wire.sent.clear()
    return lookup.fetch_devices(client, t.cast(t.Any, Straight(client)), ids)


@pytest.mark.parametrize("number", [0, 1, 3, 7])
def test_devices_are_read_from_beta_in_their_order(wire: Intune, number: int) -> None:
    ids = [device.id for device in wire.tenant.devices][number::-1][:number]
    found = read(wire, *ids)
    assert [device.id for device in found] == ids
    assert all(device.join_type == "azureADJoined" and device.managed_device_name for device in found)
    assert [request.target for request in wire.sent] == (
        [COUNT, LIST.replace("v1.0", "beta")] if number > 3 else [f"{LIST.replace('v1.0', 'beta')}/{device}" for device in ids]
    )
    assert not any("deviceActionResults" in request.url for request in wire.sent), "they hold passcodes"


def test_a_device_that_is_gone_is_left_out_and_one_that_the_list_lacks_is_read(wire: Intune) -> None:
    ids = [wire.device(f"PHONE-FIELD-0{number}")["id"] for number in (1, 2, 3, 4)]
    assert [device.id for device in read(wire, ids[0], NOBODY, ids[1])] == ids[:2]
    body = page(*({"id": device} for device in ids[1:]))
    beta = LIST.replace("v1.0", "beta")
    world = tenant({COUNT: answer(200, 4), beta: body, f"{beta}/{ids[0]}": answer(200, {"id": ids[0]})})
    assert [device.id for device in lookup.fetch_devices(world.client, t.cast(t.Any, Straight(world.client)), ids)] == ids


def test_what_may_not_be_read_is_raised_there_too() -> None:
    wire = Intune(roles=["Device.Read.All"])
    with pytest.raises(errors.ForbiddenError):
        read(wire, NOBODY)


# --- through the scheduler of the engine -----------------------------------------------------------------------------


def packed(wire: Intune, *names: str, retry_timeout: float = 60.0, **options: t.Any) -> Selection:
    """Select like a module: in batches, under the quota."""
    client = wire.world(retry_timeout=retry_timeout).client
    wire.sent.clear()
    return lookup.select(client, BatchScheduler(client, QUOTA), names=names, **{"match_by": "auto", "groups": (), **options})


def test_few_names_are_one_request(wire: Intune) -> None:
    assert len(packed(wire, "PHONE-FIELD-01", "PHONE-FIELD-02", "PHONE-FIELD-03").ids) == 3
    assert wire.targets == ["POST /v1.0/$batch"]
    packed(wire, "PHONE-FIELD-01")
    assert wire.targets == ["POST /v1.0/$batch"]
    packed(wire, "PHONE-FIELD-01", match_by="device_name")
    assert wire.targets == [LIST], "and one reading is no batch"


def test_names_that_are_asked_for_go_by_twenties(wire: Intune, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAGE", 1)
    names = [str(device.get("serialNumber")) for device in wire.tenant.devices][:25]
    assert len(packed(wire, *names, match_by="serial_number").ids) == 25
    assert wire.targets == [COUNT, "POST /v1.0/$batch", "POST /v1.0/$batch"]
    assert [len(json.loads(request.body or b"")["requests"]) for request in wire.sent[1:]] == [20, 5]


@pytest.mark.parametrize(("names", "listed"), [(3, False), (4, True), (40, True)])
def test_of_few_devices_the_list_is_read_once(wire: Intune, names: int, listed: bool) -> None:
    chosen = packed(wire, *(device.id for device in list(wire.tenant.devices)[:names]))
    assert len(chosen.ids) == names and wire.targets == ([COUNT, LIST] if listed else ["POST /v1.0/$batch"])


def test_each_way_in_one_batch(wire: Intune) -> None:
    device, other, third = wire.device("O'Brien's phone"), wire.device("PHONE-FIELD-01"), wire.device("PHONE-FIELD-02")
    assert packed(wire, "O'Brien's phone", other["azureADDeviceId"], third["id"]).ids == {
        device["id"]: ["O'Brien's phone"],
        other["id"]: [other["azureADDeviceId"]],
        third["id"]: [third["id"]],
    }


def test_a_second_candidate_on_the_second_page_of_an_item_is_seen() -> None:
    wire = Intune(page_size=1)
    with pytest.raises(errors.SelectionError, match="'PHONE-SPARE' matches 2 devices"):
        packed(wire, "PHONE-SPARE", "PHONE-FIELD-01")


def fault_of(wire: Intune, times: int | None, **details: t.Any) -> None:
    wire.tenant.faults.arm({"match": {"path": "managedDevices$", "method": "GET"}, "times": times, "fault": {"kind": "status", **details}})


@pytest.mark.parametrize("details", [{"status": 503}, {"status": 429, "retry_after": "7"}, {"status": 500}, {"status": 504}], ids=str)
def test_an_item_that_fails_for_the_moment_is_asked_for_again(wire: Intune, details: dict[str, t.Any]) -> None:
    fault_of(wire, 1, **details)
    assert len(packed(wire, "PHONE-FIELD-01", "PHONE-FIELD-02").ids) == 2
    assert wire.targets == ["POST /v1.0/$batch", LIST]


def test_an_item_that_always_fails_ends_the_search_in_time(wire: Intune) -> None:
    fault_of(wire, None, status=503)
    with pytest.raises(errors.GraphError) as caught:
        packed(wire, "PHONE-FIELD-01", "PHONE-FIELD-02", retry_timeout=30.0)
    assert caught.value.status == 503 and wire.clock.monotonic() <= 30.0


def test_a_name_that_is_refused_in_a_batch_is_a_problem_of_that_name(wire: Intune) -> None:
    fault_of(wire, 1, status=400, message="Invalid filter clause.")
    with pytest.raises(errors.SelectionError) as caught:
        packed(wire, "PHONE-FIELD-01", "PHONE-FIELD-02", "NO-1")
    assert caught.value.message == (
        "'PHONE-FIELD-01' could not be looked for: Invalid filter clause. "
        "There is no managed device 'NO-1' (looked for by device_name, serial_number)."
    )


def test_what_may_not_be_read_is_raised_from_a_batch() -> None:
    with pytest.raises(errors.ForbiddenError):
        packed(Intune(roles=["Device.Read.All"]), "PHONE-FIELD-01", "PHONE-FIELD-02")


@pytest.mark.parametrize("kind", ["refuse", "ignore"])
def test_what_the_service_makes_of_unknown_filters_changes_nothing(kind: str) -> None:
    wire = Intune(unlisted_filter=kind)
    for way, name in identifiers.MATCH_BY.items():
        device = wire.device("PHONE-FIELD-01" if way != "user_principal_name" else "O'Brien's phone")
        assert list(packed(wire, device[name], match_by=way).ids) == [device["id"]]


def test_devices_are_read_in_batches_too(wire: Intune) -> None:
    client = wire.world().client
    ids = [device.id for device in wire.tenant.devices][:3]
    assert [device.id for device in lookup.fetch_devices(client, BatchScheduler(client, QUOTA), [*ids[:2], NOBODY])] == ids[:2]
    assert wire.targets == ["POST /beta/$batch"]


# --- one device that may not exist yet ------------------------------------------------------------------------------


def find(wire: Intune, name: str, match_by: identifiers.MatchOption = "auto") -> str | None:
    client = wire.world().client
    found = lookup.find_device(client, BatchScheduler(client, QUOTA), identifiers.parse_name(name, match_by))
    return found.id if found else None


def test_a_device_is_found_or_not_there_yet(wire: Intune) -> None:
    device = wire.device("PHONE-FIELD-01")
    assert find(wire, "phone-field-01") == find(wire, device["serialNumber"], "serial_number") == device["id"]
    assert find(wire, device["id"], "id") == device["id"] and find(wire, NOBODY, "id") is None
    before = len(wire.targets)
    assert find(wire, "NO-1") is None and len(wire.targets) == before + 1, "similar names are of no use while it is waited for"


def test_a_name_of_two_devices_is_refused_and_so_is_one_that_is_not_searched_for(wire: Intune) -> None:
    names = [device.get("deviceName") for device in wire.tenant.devices]
    (twice, *_others) = [name for name in names if names.count(name) > 1]
    with pytest.raises(errors.SelectionError, match="matches 2 devices"):
        find(wire, twice)
    fault_of(wire, 1, status=400, message="Invalid filter clause.")
    with pytest.raises(errors.SelectionError, match="could not be looked for: Invalid filter clause"):
        find(wire, "PHONE-FIELD-01")
