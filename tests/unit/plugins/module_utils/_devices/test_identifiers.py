# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._devices import identifiers
from ansible_collections.endpointops.intune.plugins.module_utils._devices.identifiers import (
    FIND,
    IDENTIFIERS,
    MATCH_BY,
    MatchBy,
    SearchTerm,
    find_problem,
    is_placeholder,
    parse_candidate,
    parse_name,
    parse_names,
)

ID_1 = "aaaaaaaa-0000-4000-8000-000000000001"
NIL = "00000000-0000-0000-0000-000000000000"
TEXTS = ["device_name", "serial_number"]


@pytest.mark.parametrize(
    ("name", "match_by", "expected"),
    [
        (ID_1, "auto", ["id", "azure_ad_device_id", *TEXTS]),
        (f"{{{ID_1.upper()}}}", "auto", ["id", "azure_ad_device_id", *TEXTS]),
        ("ann@contoso.test", "auto", ["user_principal_name", *TEXTS]),
        ("PC-1", "auto", TEXTS),
        (ID_1, "device_name", ["device_name"]),
        ("PC-1", "serial_number", ["serial_number"]),
    ],
)
def test_the_readings_of_a_name(name: str, match_by: t.Any, expected: list[str]) -> None:
    assert [pair[0] for pair in parse_name(name, match_by).pairs] == expected


def test_every_way_to_match_has_a_property() -> None:
    assert set(MATCH_BY) == set(t.get_args(MatchBy)) and IDENTIFIERS == {**MATCH_BY, "user_id": "userId"}
    assert set(IDENTIFIERS.values()) <= set(FIND)


def test_names_become_search_terms() -> None:
    braces = f"{{{ID_1.upper()}}}"
    assert parse_names(["PC-1", braces], ["A group"], "auto") == [
        SearchTerm("PC-1", (("device_name", "PC-1"), ("serial_number", "PC-1"))),
        SearchTerm(braces, (("id", ID_1), ("azure_ad_device_id", ID_1), ("device_name", braces), ("serial_number", braces))),
    ]
    assert parse_names([braces], [], "azure_ad_device_id") == [SearchTerm(braces, (("azure_ad_device_id", ID_1),))]


def test_a_wrong_name_changes_nothing() -> None:
    with pytest.raises(errors.SelectionError, match="A name is blank") as caught:
        parse_names(["PC-1"], [""], "auto")
    assert caught.value.effects == "none" and "Nothing was changed." in str(caught.value)


@pytest.mark.parametrize("value", [5349, True, 1.5, None])
def test_case_3_an_entry_that_is_not_text_is_refused_here_too(value: t.Any) -> None:
    with pytest.raises(errors.SelectionError, match="text"):
        parse_names(["PC-1", value], [], "auto")
    with pytest.raises(errors.SelectionError, match="text"):
        parse_names([], [value], "auto")


@pytest.mark.parametrize(
    "value",
    [
        *("0", "00000000", "0000-0000", "0x00000000", "1111111", "1111", "XXXXXXX", "xx:xx:xx", "----", "...", "?????", "ffff ffff"),
        *("none", "NONE", "None", "N/A", "na", "null", "(null string)", "Unknown", "Unknow", "Empty", "Not Specified", "Not Applicable"),
        *("Default string", "To be filled by O.E.M.", "To Be Filled By O.E.M", "OEM", "OEM_Serial", "INVALID", "EVAL", "IATPASS"),
        *("System Serial Number", "SystemSerialNumb", "Chassis Serial Number", "Base Board Serial Number", "Serial Number xxxxxx"),
        *("SYS-1234567890", "MB-1234567890", "SN-1234567890", "123456789", "0123456789", "Tulip Computers", " default   STRING "),
        *("12345678", "123456", "0123456789ABCDEF", "01234567890123456789", "FEDCBA98", "987654", "0x0000", "abcdefgh", "12-34-56-78"),
        *("O.E.M", "Default String.", "Default-String", "To Be Filled By O.E.M...", "N/A.", "#N/A", "(null)", "<EMPTY>", "_none_"),
        *("Unknown Serial", "Type2 - Board Serial Number", "Type 3 Chassis Serial Number", "No Asset Tag", "Default Serial No."),
    ],
)
def test_placeholders(value: str) -> None:
    assert is_placeholder(value)
    assert find_problem(value, "serial_number") and find_problem(value, "auto")
    assert find_problem(value, "device_name") is None


@pytest.mark.parametrize(
    "value",
    ["0012345", "5349", "PF3ABCDE", "1", "11", "A", "A0", "10000000", "C02XXXXXXXXX", "PC-1", "00-11", "Unknown-17", "VMware-56 4d 3a"]
    + ["12345", "1234568", "01234567X", "BOARD-1", "Serial-17", "abcdef1", "Type2", "234567"],
)
def test_real_serial_numbers_are_no_placeholders(value: str) -> None:
    assert not is_placeholder(value)


@pytest.mark.parametrize("identity", [None, "", " ", NIL, NIL.upper(), 7, True, ["x"]])
def test_a_record_whose_id_identifies_nothing_is_no_device(identity: t.Any) -> None:
    assert parse_candidate({"id": identity, "deviceName": "PC-1"}) is None


@pytest.mark.parametrize("identifier", ["id", "azure_ad_device_id", "user_id"])
@pytest.mark.parametrize("value", [None, "", NIL, f"{{{NIL}}}", 7])
def test_a_value_that_identifies_nothing_is_compared_with_nothing(identifier: t.Any, value: t.Any) -> None:
    assert identifiers.fold_value(identifier, value) is None


def test_a_device_is_shown_with_what_tells_it_from_another() -> None:
    full = parse_candidate(
        {
            "id": ID_1,
            "deviceName": "PC\u200b1",
            "serialNumber": "S-1",
            "userPrincipalName": "ann@x.test",
            "operatingSystem": "Windows",
            "enrolledDateTime": "2025-01-01T00:00:00Z",
            "lastSyncDateTime": "2026-01-01T00:00:00Z",
        }
    )
    assert str(full) == (
        f"{ID_1} ('PC\\u200b1', serial number S-1, ann@x.test, Windows, enrolled 2025-01-01T00:00:00Z, last check-in 2026-01-01T00:00:00Z)"
    )
    bare = parse_candidate({"id": ID_1, "deviceName": 7, "lastSyncDateTime": "0001-01-01T00:00:00Z"})
    assert str(bare) == f"{ID_1} (no name, no serial number, no user, unknown platform, enrolled at an unknown time, last check-in unknown)"
