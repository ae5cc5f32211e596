# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _permissions as permissions

DEVICES = "DeviceManagementManagedDevices"
CONFIGURATION = "DeviceManagementConfiguration"


@pytest.mark.parametrize(
    ("module", "granted", "missing"),
    [
        pytest.param(
            "intune_device_passcode", [], [f"{DEVICES}.Read.All", f"{DEVICES}.PrivilegedOperations.All"], id="none: the least ones"
        ),
        pytest.param("intune_device_passcode", [f"{DEVICES}.Read.All"], [f"{DEVICES}.PrivilegedOperations.All"], id="one of two"),
        pytest.param(
            "intune_device_passcode", [f"{DEVICES}.ReadWrite.All", f"{DEVICES}.PrivilegedOperations.All"], [], id="a greater one will do"
        ),
        pytest.param(
            "intune_device_passcode", [f"{DEVICES}.ReadWrite.All"], [f"{DEVICES}.PrivilegedOperations.All"], id="but not for a reset"
        ),
        pytest.param(
            "intune_pin_policy", [f"{CONFIGURATION}.Read.All", "Group.Read.All"], [f"{CONFIGURATION}.ReadWrite.All"], id="read only"
        ),
        pytest.param(
            "intune_pinreset_consent",
            ["Directory.Read.All"],
            ["Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"],
            id="other",
        ),
        pytest.param(
            "intune_pinreset_consent_info", [], ["Application.Read.All", "DelegatedPermissionGrant.Read.All"], id="to read the consent"
        ),
        pytest.param("intune_pinreset_consent_info", ["Directory.Read.All"], [], id="one that suffices for both"),
        pytest.param("intune_connection_info", ["Organization.Read.All", f"{CONFIGURATION}.ReadWrite.All"], [], id="complete"),
    ],
)
def test_what_a_module_lacks(module: str, granted: list[str], missing: list[str]) -> None:
    assert permissions.list_missing(module, granted) == missing


@pytest.mark.parametrize(
    ("module", "granted", "missing"),
    [
        pytest.param("intune_pin_policy", [f"{CONFIGURATION}.Read.All"], [], id="case 60: a policy"),
        pytest.param("intune_pin_policy", [f"{CONFIGURATION}.ReadWrite.All"], [], id="case 60: more than it takes"),
        pytest.param("intune_pin_policy", [], [f"{CONFIGURATION}.Read.All"], id="case 60: none"),
        pytest.param("intune_device_passcode", [f"{DEVICES}.Read.All"], [], id="case 60: devices"),
        pytest.param("intune_pinreset_consent", ["Directory.Read.All"], [], id="case 60: the consent"),
        pytest.param("intune_device_info", [], [f"{DEVICES}.Read.All"], id="a module that only reads"),
    ],
)
def test_what_a_module_lacks_in_check_mode(module: str, granted: list[str], missing: list[str]) -> None:
    assert permissions.list_missing(module, granted, check=True) == missing


@pytest.mark.parametrize(
    ("claims", "is_refused"),
    [
        pytest.param({"roles": ["Device.Read.All"]}, True, id="case 62: an application without the permission"),
        pytest.param({"roles": ["Device.Read.All", "Group.Read.All"]}, False, id="with one of them"),
        pytest.param({"roles": ["Group.ReadWrite.All"]}, False, id="with one to write"),
        pytest.param({"roles": ["Directory.ReadWrite.All"]}, False, id="with one to write the directory"),
        pytest.param({"roles": ["Device.Read.All"], "wids": [permissions.NO_DIRECTORY_ROLE]}, True, id="no directory role"),
        pytest.param({"roles": ["Device.Read.All"], "wids": ["88d8e3e3-8f55-4a1e-953a-9b9898b8876b"]}, False, id="a directory role"),
        pytest.param({"scp": "User.Read"}, False, id="a person, whose roles count"),
        pytest.param({"roles": []}, False, id="a token that says nothing"),
        pytest.param({}, False, id="a token that cannot be read"),
    ],
)
def test_a_read_that_is_certainly_refused(claims: dict[str, t.Any], is_refused: bool) -> None:
    assert permissions.is_refused(claims, permissions.READ_GROUPS) is is_refused


def test_case_60_each_module_that_writes_only_reads_in_check_mode() -> None:
    # The report writes files on the machine, and only reads the tenant. Requesting a probe run from devices needs no other permissions.
    reading = {"intune_pin_report", "intune_pin_recovery"}
    writing = {module for module in permissions.MODULES if not module.endswith("_info")} - reading
    assert set(permissions.CHECK_MODE) == writing
    assert all(".Read." in row[0] for rows in permissions.CHECK_MODE.values() for row in rows)


@pytest.mark.parametrize(
    ("claims", "granted"),
    [
        ({}, None),
        ({"tid": "t"}, set()),
        ({"roles": ["A"], "scp": "B C"}, {"A", "B", "C"}),
        ({"roles": "A"}, set()),
        ({"roles": ["A", 5, None, ["B"]]}, {"A"}),
        ({"roles": 5, "scp": ["B"]}, set()),
        ({"roles": None, "scp": None}, set()),
    ],
    ids=["opaque", "none", "both", "text", "case 18: among others", "case 18: other types", "null"],
)
def test_what_a_token_grants(claims: dict[str, t.Any], granted: set[str] | None) -> None:
    assert permissions.parse_granted(claims) == granted


@pytest.mark.parametrize(
    ("claims", "is_person"),
    [
        ({"appid": permissions.AZURE_CLI, "scp": "User.Read.All"}, True),
        ({"azp": permissions.AZURE_CLI, "scp": ""}, True),
        ({"appid": permissions.AZURE_CLI, "roles": ["A"]}, False),
        ({"appid": "app-1", "scp": "User.Read.All"}, False),
        ({}, False),
    ],
    ids=["case 32: a person", "case 32: a person, version 2", "an application", "a person by another application", "opaque"],
)
def test_who_signed_in_by_the_azure_cli(claims: dict[str, t.Any], is_person: bool) -> None:
    assert permissions.is_person_of_azure_cli(claims) is is_person
