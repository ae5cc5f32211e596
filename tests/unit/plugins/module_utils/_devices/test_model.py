# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import (
    INFO,
    READ,
    READ_V1,
    Device,
    parse_device,
    parse_trust_type,
    platform_of,
)

ID_1 = "aaaaaaaa-0000-4000-8000-000000000001"


def found(device_id: str = ID_1, **properties: t.Any) -> dict[str, t.Any]:
    return {"id": device_id, **properties}


def test_a_device_is_read_from_graphs_properties() -> None:
    device = parse_device(
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
    properties = {name: value for name in (*READ, *INFO) if name not in ("id", "deviceActionResults")}
    assert parse_device(found(deviceActionResults=None, **properties)) == Device(ID_1)


@pytest.mark.parametrize("record", [{}, {"id": None}, {"id": 7}], ids=["no id", "null", "a number"])
def test_a_record_without_a_readable_id_is_of_no_device_that_is_looked_for(record: dict[str, t.Any]) -> None:
    assert parse_device(record).id in ("None", "7")


def test_only_whole_entries_of_actions_are_kept() -> None:
    whole = {"actionName": "syncDevice"}
    assert parse_device(found(deviceActionResults=[None, whole, "x"])).actions == (whole,)
    assert parse_device(found(deviceActionResults="x")).actions == ()


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
    assert platform_of(Device(ID_1, operating_system=system, os_version=version, device_type=kind)) == name


@pytest.mark.parametrize(
    ("trust", "join"),
    [
        ("AzureAd", "azureADJoined"),
        ("ServerAd", "hybridAzureADJoined"),
        ("Workplace", "azureADRegistered"),
        ("Other", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_how_v1_tells_a_joined_device(trust: str | None, join: str) -> None:
    assert parse_trust_type(trust) == join


def test_each_version_is_asked_for_what_it_has() -> None:
    only_beta = {"joinType", "deviceType"}
    assert only_beta <= set(READ) and not only_beta & set(READ_V1)
    assert set(READ) - only_beta <= set(READ_V1)
    assert "deviceActionResults" not in INFO


def test_what_stands_for_nothing_is_null() -> None:
    zeros, year_1 = "00000000-0000-0000-0000-000000000000", "0001-01-01T00:00:00Z"
    never = parse_device({"id": ID_1, "azureADDeviceId": zeros, "lastSyncDateTime": year_1, "enrolledDateTime": year_1})
    assert never == Device(ID_1)
