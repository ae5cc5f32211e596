# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._graph import errors
from ansible_collections.endpointops.intune.plugins.module_utils._intune import devices
from ansible_collections.endpointops.intune.plugins.module_utils._intune.devices import Device, eligibility, matches, platform, ways
from tests.unit.fakes import Tenant, answer, error, page, query_of, tenant

ID_1 = "aaaaaaaa-0000-4000-8000-000000000001"
ID_2 = "aaaaaaaa-0000-4000-8000-000000000002"
LIST = "GET /v1.0/deviceManagement/managedDevices"
ONE = f"{LIST}/{ID_1}"


def windows(version: str | None = "10.0.22631.3155", join_type: str | None = "azureADJoined", **more: t.Any) -> Device:
    return Device(ID_1, operating_system="Windows", os_version=version, join_type=join_type, **more)


def found(device_id: str = ID_1, **properties: t.Any) -> dict[str, t.Any]:
    return {"id": device_id, **properties}


# --- pure -----------------------------------------------------------------------------------------------------------


def test_a_device_is_read_from_graphs_properties() -> None:
    device = devices.normalise(
        {
            "id": ID_1,
            "deviceName": "PC-1",
            "operatingSystem": "Windows",
            "osVersion": "10.0.22631.3155",
            "joinType": "azureADJoined",
            "deviceType": "desktop",
            "deviceActionResults": [{"actionName": "syncDevice"}],
        }
    )
    assert device == Device(
        ID_1,
        "PC-1",
        "Windows",
        "10.0.22631.3155",
        "azureADJoined",
        "desktop",
        ({"actionName": "syncDevice"},),
    )


@pytest.mark.parametrize("value", [None, ""], ids=["null", "blank"])
def test_what_graph_does_not_know_is_null(value: str | None) -> None:
    properties = {name: value for name in devices.READ if name not in ("id", "deviceActionResults")}
    assert devices.normalise(found(deviceActionResults=None, **properties)) == Device(ID_1)


def test_a_device_does_not_show_its_action_results() -> None:
    assert "s3cret" not in repr(Device(ID_1, actions=({"passcode": "s3cret"},)))


@pytest.mark.parametrize(
    ("system", "version", "kind", "name"),
    [
        ("Windows", "10.0.22631.3155", None, "windows"),
        ("windows", "10.0.22631.3155", "desktop", "windows"),
        ("Windows 10 Mobile", "10.0.15254.603", "windowsPhone", "windows"),
        ("Windows Phone", "8.10.14219.0", "windowsPhone", "windows_phone"),
        ("Windows", "6.3.9600", None, "windows"),
        ("Windows", None, None, "windows"),
        ("Windows Holographic", "10.0.22621.1", None, "holographic"),
        ("Windows", "10.0.22621.1", "holoLens", "holographic"),
        ("Android", "14", None, "android"),
        ("AndroidEnterprise", "14", None, "android"),
        ("AOSP", "12", None, "android"),
        ("iOS", "17.1", None, "ios"),
        ("iPadOS", "17.1", None, "ios"),
        ("macOS", "14.1", None, "macos"),
        ("Mac OS X", "10.15", None, "macos"),
        ("macMDM", "10.15", None, "macos"),
        ("Linux", "22.04", None, "linux"),
        ("ChromeOS", "120", None, "other"),
        ("visionOS", "1.0", None, "other"),
        ("", None, None, "other"),
        (None, None, None, "other"),
    ],
)
def test_platforms(system: str | None, version: str | None, kind: str | None, name: str) -> None:
    assert platform(Device(ID_1, operating_system=system, os_version=version, device_type=kind)) == name


ALL = ("windows", "android", "ios")


@pytest.mark.parametrize(
    ("device", "platforms", "reason"),
    [
        pytest.param(windows(), ["windows"], None, id="Windows 11, joined"),
        pytest.param(windows("10.0.15063"), ["windows"], None, id="Creators Update exactly"),
        pytest.param(windows("10.0.15063.0"), ["windows"], None, id="Creators Update with a revision"),
        pytest.param(windows("10.0.15254.603"), ["windows"], None, id="Windows 10 Mobile 1709"),
        pytest.param(windows("10.0.15062.9999"), ["windows"], "build_too_old", id="one build before"),
        pytest.param(windows("10.0.9999"), ["windows"], "build_too_old", id="9999 is less than 15063"),
        pytest.param(windows("10.0.100000"), ["windows"], None, id="100000 is more than 15063"),
        pytest.param(windows("6.3.9600"), ["windows"], "build_too_old", id="Windows 8.1"),
        pytest.param(windows("11.0.1"), ["windows"], None, id="a version to come"),
        pytest.param(windows(None), ["windows"], "build_unknown", id="no version"),
        pytest.param(windows("10.0"), ["windows"], "build_unknown", id="version without a build"),
        pytest.param(windows("unknown"), ["windows"], "build_unknown", id="version that is a word"),
        pytest.param(windows(join_type="hybridAzureADJoined"), ["windows"], "hybrid_joined", id="hybrid"),
        pytest.param(windows(join_type="azureADRegistered"), ["windows"], "not_joined", id="registered"),
        pytest.param(windows(join_type="unknown"), ["windows"], "join_unknown", id="join unknown"),
        pytest.param(windows(join_type=None), ["windows"], "join_unknown", id="join not said"),
        pytest.param(windows(join_type="azureADJoinedNext"), ["windows"], "join_unknown", id="join of a new kind"),
        pytest.param(windows(device_type="holoLens"), ALL, "platform_not_supported", id="HoloLens"),
        pytest.param(windows(), ["android"], "platform_not_selected", id="Windows not asked for"),
        pytest.param(Device(ID_1, operating_system="Windows Phone", os_version="8.1"), ALL, "platform_not_supported", id="Windows Phone 8"),
        pytest.param(Device(ID_1, operating_system="Android"), ["windows"], "platform_not_selected", id="Android not asked for"),
        pytest.param(Device(ID_1, operating_system="Android"), ["android"], None, id="Android asked for"),
        pytest.param(Device(ID_1, operating_system="iPadOS"), ["windows"], "platform_not_selected", id="iOS not asked for"),
        pytest.param(Device(ID_1, operating_system="iOS"), ALL, None, id="iOS asked for"),
        pytest.param(Device(ID_1, operating_system="macOS"), ALL, "platform_not_supported", id="macOS"),
        pytest.param(Device(ID_1, operating_system="Linux"), ALL, "platform_not_supported", id="Linux"),
        pytest.param(Device(ID_1), ALL, "platform_not_supported", id="unknown system"),
    ],
)
def test_eligibility(device: Device, platforms: list[str], reason: str | None) -> None:
    verdict = eligibility(device, platforms)
    assert (verdict.eligible, verdict.reason) == (reason is None, reason)
    assert (verdict.message is None) == verdict.eligible


@pytest.mark.parametrize(
    ("name", "match_by", "expected"),
    [
        (ID_1, "auto", ["id", "azure_ad_device_id"]),
        (f"{{{ID_1.upper()}}}", "auto", ["id", "azure_ad_device_id"]),
        ("ann@contoso.test", "auto", ["user_principal_name"]),
        ("PC-1", "auto", ["device_name", "serial_number"]),
        (ID_1, "device_name", ["device_name"]),
        ("PC-1", "serial_number", ["serial_number"]),
    ],
)
def test_ways(name: str, match_by: str, expected: list[str]) -> None:
    assert ways(name, match_by) == expected


@pytest.mark.parametrize(
    ("properties", "way", "name", "same"),
    [
        pytest.param({"deviceName": "PC-1"}, "device_name", "pc-1", True, id="other case"),
        pytest.param({"deviceName": "PC-10"}, "device_name", "PC-1", False, id="begins the same"),
        pytest.param({"deviceName": None}, "device_name", "PC-1", False, id="no name"),
        pytest.param({"deviceName": None}, "device_name", "None", False, id="no name is not None"),
        pytest.param({"serialNumber": "PC-1"}, "device_name", "PC-1", False, id="another property"),
        pytest.param({"userPrincipalName": "Ann@Contoso.test"}, "user_principal_name", "ann@contoso.test", True, id="user"),
        pytest.param({"serialNumber": None}, "serial_number", "", False, id="blank is no name"),
        pytest.param({"serialNumber": ""}, "serial_number", "", False, id="blank means no blank one"),
    ],
)
def test_a_device_is_compared_on_our_side_too(properties: dict[str, t.Any], way: str, name: str, same: bool) -> None:
    assert matches(properties, way, name) is same


# --- calls ----------------------------------------------------------------------------------------------------------


def resolve(world: Tenant, *names: str, match_by: str = "auto") -> dict[str, list[str]]:
    return devices.resolve(world.client, names, match_by)


def test_reading_asks_beta_for_what_v1_does_not_have() -> None:
    world = tenant([answer(200, found(joinType="azureADJoined"))])
    device = devices.read(world.client, ID_1)
    assert device is not None and device.join_type == "azureADJoined"
    request = world.transport.sent[0]
    assert request.target == f"GET /beta/deviceManagement/managedDevices/{ID_1}"
    assert {"joinType", "deviceActionResults"} <= set(query_of(request)["$select"].split(","))


def test_reading_what_is_gone_is_null() -> None:
    assert devices.read(tenant([error(404)]).client, ID_1) is None


def test_a_name_is_looked_up_by_filter() -> None:
    world = tenant([page(found(deviceName="O'Brien"))])
    assert resolve(world, "O'Brien") == {ID_1: ["O'Brien"]}
    assert query_of(world.transport.sent[0])["$filter"] == "deviceName eq 'O''Brien'"


def test_a_serial_number_is_tried_after_the_name() -> None:
    world = tenant([page(), page(found(serialNumber="S-1"))])
    assert resolve(world, "S-1") == {ID_1: ["S-1"]}
    assert query_of(world.transport.sent[1])["$filter"] == "serialNumber eq 'S-1'"


def test_an_id_is_read_directly() -> None:
    world = tenant({ONE: answer(200, found())})
    assert resolve(world, f"{{{ID_1.upper()}}}") == {ID_1: [f"{{{ID_1.upper()}}}"]}


def test_an_entra_id_is_tried_after_intunes() -> None:
    world = tenant({ONE: error(404), LIST: page(found(ID_2, azureADDeviceId=ID_1))})
    assert resolve(world, ID_1) == {ID_2: [ID_1]}


def test_a_filter_that_graph_ignores_finds_nobody_else() -> None:
    everybody = page(found(ID_1, deviceName="PC-1", serialNumber="S-1"), found(ID_2, deviceName="PC-2", serialNumber="S-2"))
    assert resolve(tenant([everybody]), "PC-2") == {ID_2: ["PC-2"]}


def test_names_of_one_device_come_together_in_the_order_given() -> None:
    world = tenant([page(found(ID_2, deviceName="PC-2")), page(found(deviceName="PC-1")), page(), page(found(ID_2, serialNumber="S-2"))])
    assert list(resolve(world, "PC-2", "PC-1", "S-2").items()) == [(ID_2, ["PC-2", "S-2"]), (ID_1, ["PC-1"])]


def test_all_unknown_and_ambiguous_names_are_told_at_once() -> None:
    twins = page(found(ID_2, deviceName="PC-1", serialNumber="S-2"), found(ID_1, deviceName="PC-1", serialNumber="S-1"))
    world = tenant([page(), page(), twins, page(found(ID_2, deviceName="PC-2")), page()])
    with pytest.raises(errors.SelectionError) as caught:
        resolve(world, "PC-0", "PC-1", "PC-2", "eve@contoso.test")
    message = caught.value.message
    assert "no managed device 'PC-0' (looked for by device_name, serial_number)" in message
    assert f"'PC-1' means 2 devices by device_name: {ID_1} (PC-1, S-1), {ID_2} (PC-1, S-2)" in message
    assert "no managed device 'eve@contoso.test'" in message
    assert "PC-2'" not in message
    assert caught.value.hint and caught.value.hint.startswith("Nothing was reset.")


def test_a_user_with_two_devices_is_ambiguous() -> None:
    both = page(found(ID_1, userPrincipalName="ann@contoso.test"), found(ID_2, userPrincipalName="ann@contoso.test"))
    with pytest.raises(errors.SelectionError, match="means 2 devices by user_principal_name"):
        resolve(tenant([both]), "ann@contoso.test")


@pytest.mark.parametrize("match_by", ["id", "azure_ad_device_id"])
def test_an_id_that_is_none_is_not_asked_for(match_by: str) -> None:
    world = tenant()
    with pytest.raises(errors.SelectionError, match="is not a GUID"):
        resolve(world, "PC-1", match_by=match_by)
    assert world.transport.sent == []


@pytest.mark.parametrize("name", ["", " "], ids=["empty", "space"])
@pytest.mark.parametrize("match_by", ["auto", *devices.MATCH_BY])
def test_a_blank_name_means_no_device(name: str, match_by: str) -> None:
    world = tenant({LIST: page(found(deviceName="", serialNumber=None, userPrincipalName=""))})
    with pytest.raises(errors.SelectionError):
        resolve(world, name, match_by=match_by)
    assert world.transport.sent == []


def test_a_refusal_ends_the_search() -> None:
    with pytest.raises(errors.ForbiddenError):
        resolve(tenant([error(403)]), "PC-1", "PC-2")
