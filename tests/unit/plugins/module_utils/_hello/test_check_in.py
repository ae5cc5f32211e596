# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._hello import check_in
from ansible_collections.endpointops.intune.plugins.module_utils._hello.check_in import (
    SEVERITY,
    CheckInStatus,
    describe_error_code,
    describe_overview,
    describe_rows,
    describe_settings,
    find_error_code,
    group_by_device,
    parse_error_code,
    parse_status,
)

REMEDIATION = "the device could not set it (remediation failed)"
LOST = "another policy won the conflict"
NUMBERS = {"pending": 0, "not_applicable": 1, "succeeded": 2, "error": 5, "conflict": 6, "other": 9}


def row(status: t.Any = 5, number: int = 1, **more: t.Any) -> dict[str, t.Any]:
    known = {"IntuneDeviceId": f"d-{number}", "DeviceName": f"PC-{number}", "UPN": f"u{number}@contoso.test"}
    return {**known, "PolicyStatus": status, "ReportStatus": "", **more}


def add_up(found: CheckInStatus) -> int:
    return sum((found["succeeded"], found["error"], found["conflict"] or 0, found["pending"], found["not_applicable"], found["other"]))


# --- codes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-2016281106, LOST),
        (-2016281107, "the way to find the setting is not supported"),
        (-2016281108, "a setting that this one refers to was not found"),
        (-2016281109, "the value is of another type than the device expects"),
        (-2016281111, "not applicable for this device"),
        (-2016281112, REMEDIATION),
        (-2016345612, "the device met an error of its own (SyncML 500)"),
        (-2016345707, "the device does not allow the command on this path (SyncML 405)"),
        (-2016345708, "the device does not know this path (SyncML 404)"),
        (-2016345709, "the device refused the command (SyncML 403)"),
        (-2016345712, "the device finds the path or value malformed (SyncML 400)"),
        (-2016281105, "the device could not evaluate the setting"),
        (-2016281110, "the device finds a parameter of the setting invalid"),
        pytest.param(
            65000,
            "the device could not set it and gave no reason; often its edition of Windows or its hardware does not support the setting",
            id="case 53: 65000",
        ),
        (65001, "not applicable"),
    ],
)
def test_a_code_is_reported_in_words_however_it_is_written(code: int, words: str) -> None:
    unsigned = code & 0xFFFFFFFF
    for form in (code, str(code), f" {code} ", unsigned, str(unsigned), hex(unsigned)):
        assert (parse_error_code(form), describe_error_code(form)) == (code, words)


def test_remediation_failed_is_the_same_signed_and_unsigned() -> None:
    assert describe_error_code(-2016281112) == describe_error_code(2278686184) == REMEDIATION


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-2016281199, "error code -2016281199 (0x87d1fd91)"),
        (0x87D1FD91, "error code -2016281199 (0x87d1fd91)"),
        (5, "error code 5 (0x00000005)"),
        (2**31 - 1, "error code 2147483647 (0x7fffffff)"),
        (2**31, "error code -2147483648 (0x80000000)"),
        (2**32 - 1, "error code -1 (0xffffffff)"),
    ],
)
def test_a_code_that_is_not_known_is_reported_as_a_number(code: int, words: str) -> None:
    assert describe_error_code(code) == words


@pytest.mark.parametrize("value", [None, 0, "0", "0x0", "", " ", "Remediation failed", "1.5", True, False, [], {}])
def test_what_is_no_code_has_no_words(value: t.Any) -> None:
    assert (parse_error_code(value), describe_error_code(value)) == (None, None)


@pytest.mark.parametrize("code", [2**32, 2**32 + 5, -(2**31) - 1])
def test_a_number_of_more_than_32_bits_is_left_as_it_is(code: int) -> None:
    assert parse_error_code(code) == code


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())))
def test_reading_a_code_never_fails(value: t.Any) -> None:
    code = parse_error_code(value)
    assert code is None or (isinstance(code, int) and parse_error_code(code) == code and describe_error_code(code))


# --- the overview ---------------------------------------------------------------------------------------------------


def test_an_overview_is_counted() -> None:
    found = {"pendingCount": 1, "notApplicableCount": 2, "successCount": 4, "errorCount": 8, "failedCount": 16, "configurationVersion": 3}
    assert describe_overview({**found, "lastUpdateDateTime": "2026-01-05T10:00:00Z"}) == {
        "source": "overview",
        "updated": "2026-01-05T10:00:00Z",
        "total": 31,
        "succeeded": 4,
        "error": 24,
        "conflict": None,
        "pending": 1,
        "not_applicable": 2,
        "other": 0,
        "devices": None,
        "settings": None,
    }


@pytest.mark.parametrize("value", [None, 0])
def test_numbers_that_an_overview_does_not_have_are_zero(value: int | None) -> None:
    names = ("pendingCount", "notApplicableCount", "successCount", "errorCount", "failedCount")
    for found in ({}, dict.fromkeys(names, value)):
        parsed = describe_overview(found)
        assert [parsed[name] for name in ("total", "succeeded", "error", "pending", "not_applicable", "updated")] == [0, 0, 0, 0, 0, None]


@given(
    st.dictionaries(st.sampled_from(["successCount", "errorCount", "failedCount", "pendingCount", "notApplicableCount"]), st.integers(0))
)
def test_an_overview_adds_up(found: dict[str, t.Any]) -> None:
    result = describe_overview(found)
    assert result["total"] == add_up(result) == sum(found.values())


def test_all_sources_have_the_same_keys() -> None:
    assert list(describe_overview({})) == list(describe_rows([])) == list(CheckInStatus.__annotations__)


# --- the status of a row --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (0, "pending"),
        (1, "not_applicable"),
        (2, "succeeded"),
        (3, "succeeded"),
        (4, "error"),
        (5, "error"),
        (6, "conflict"),
        (7, "other"),
        (-1, "other"),
        (999999999, "other"),
    ],
)
def test_numbers_decide(number: int, status: str) -> None:
    for form in (number, str(number), f" {number} "):
        for word in ("Succeeded", "Erfolgreich", "Error", "", None):
            assert parse_status({"PolicyStatus": form, "ReportStatus": word}) == status


@pytest.mark.parametrize("number", ["", None, "x", "1.5", True, "1" * 30, "²"])
def test_what_is_no_number_decides_nothing(number: t.Any) -> None:
    assert parse_status({"PolicyStatus": number}) == "other"
    assert parse_status({"PolicyStatus": number, "ReportStatus": "Succeeded"}) == "succeeded"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Pending", "pending"),
        ("NotApplicable", "not_applicable"),
        ("notApplicable", "not_applicable"),
        ("SUCCEEDED", "succeeded"),
        ("Noncompliant", "error"),
        ("NonCompliant", "error"),
        ("Error", "error"),
        ("Conflict", "conflict"),
        pytest.param("Not applicable", "other", id="case 52: English words"),
        pytest.param("Erfolgreich", "other", id="case 52: German words"),
        pytest.param("成功", "other", id="case 52: Chinese words"),
        pytest.param("2", "other", id="numbers of ReportStatus are not known"),
        ("", "other"),
        (None, "other"),
    ],
)
def test_without_a_number_members_of_the_enumeration_decide_and_words_do_not(word: str | None, status: str) -> None:
    assert parse_status({"ReportStatus": word}) == status


LANGUAGES = [
    pytest.param(["Succeeded", "Error", "Conflict", "Pending", "Not applicable"], id="case 52: English"),
    pytest.param(["Erfolgreich", "Fehler", "Konflikt", "Ausstehend", "Nicht zutreffend"], id="case 52: German"),
    pytest.param(["Error", "Succeeded", "Pending", "Conflict", "Error"], id="case 52: words that contradict"),
    pytest.param([""] * 5, id="case 52: no words"),
]


@pytest.mark.parametrize("words", LANGUAGES)
def test_the_counts_are_the_same_in_every_language(words: list[str]) -> None:
    numbers = ["2", "5", "6", "0", "1"]
    found = describe_rows(row(number, place, ReportStatus=word) for place, (number, word) in enumerate(zip(numbers, words, strict=True)))
    assert [found[name] for name in ("succeeded", "error", "conflict", "pending", "not_applicable", "other")] == [1, 1, 1, 1, 1, 0]


def test_a_row_without_a_status_is_other() -> None:
    assert parse_status({}) == "other"


# --- devices --------------------------------------------------------------------------------------------------------


def test_a_report_is_counted_and_names_the_devices_that_failed() -> None:
    rows = [row(number, place) for place, number in enumerate([2, 5, 0, 6, 1, 9])]
    assert describe_rows(rows) == {
        "source": "report",
        "updated": None,
        "total": 6,
        "succeeded": 1,
        "error": 1,
        "conflict": 1,
        "pending": 1,
        "not_applicable": 1,
        "other": 1,
        "devices": [
            {
                "device_id": f"d-{number}",
                "device_name": f"PC-{number}",
                "user_principal_name": f"u{number}@contoso.test",
                "status": status,
                "error_code": None,
                "error": error,
            }
            for number, status, error in (
                (1, "error", None),
                (3, "conflict", None),
                (5, "other", "Intune reports the status '9', which is not known here"),
            )
        ],
        "settings": None,
    }


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"PolicyStatus": "12"}, "Intune reports the status '12', which is not known here"),
        ({"ReportStatus": "Erfolgreich"}, "Intune reports the status 'Erfolgreich', which is not known here"),
        ({"PolicyStatus": "", "ReportStatus": None}, "Intune reports no status"),
        ({}, "Intune reports no status"),
    ],
)
def test_a_status_that_is_not_known_is_said_as_it_is(found: dict[str, t.Any], words: str) -> None:
    result = describe_rows([{"IntuneDeviceId": "d-1", **found}])
    assert (result["total"], result["other"]) == (1, 1)
    assert [device["error"] for device in result["devices"] or []] == [words]


@pytest.mark.parametrize("missing", ["IntuneDeviceId", "DeviceName", "UPN"])
@pytest.mark.parametrize("nothing", ["", None, "gone"])
def test_what_a_report_does_not_have_is_null(missing: str, nothing: str | None) -> None:
    found = {**row(), missing: nothing}
    if nothing == "gone":
        del found[missing]
    (device,) = describe_rows([found])["devices"] or []
    key = {"IntuneDeviceId": "device_id", "DeviceName": "device_name", "UPN": "user_principal_name"}[missing]
    assert [name for name, value in device.items() if value is None] == [key, "error_code", "error"]


USERS = ["System account", "Systemkonto", "", "ann@contoso.test", "bob@contoso.test"]


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        pytest.param(["succeeded", "succeeded"], "succeeded", id="case 53: the system account and a user"),
        (["succeeded", "error"], "error"),
        (["pending", "succeeded"], "pending"),
        (["not_applicable", "succeeded"], "succeeded"),
        (["not_applicable", "not_applicable"], "not_applicable"),
        (["conflict", "error", "succeeded"], "conflict"),
        (["other", "succeeded", "pending"], "other"),
        (["pending", "other", "error", "not_applicable"], "error"),
    ],
)
def test_a_device_is_counted_once_by_its_worst_row(statuses: list[str], status: str) -> None:
    rows = [row(NUMBERS[name], UPN=user) for name, user in zip(statuses, USERS, strict=False)]
    for order in (rows, rows[::-1]):
        found = describe_rows(order)
        counts = {name: found[name] for name in NUMBERS}  # type: ignore[literal-required]  # all are keys of CheckInStatus
        assert (found["total"], counts) == (1, {**dict.fromkeys(NUMBERS, 0), status: 1})
        assert len(found["devices"] or []) == (status in ("error", "conflict", "other"))


def test_the_ids_of_a_device_may_be_in_any_letter_case() -> None:
    assert describe_rows([row(IntuneDeviceId="AB"), row(IntuneDeviceId=" ab ")])["total"] == 1


def test_devices_of_one_name_stay_apart() -> None:
    assert describe_rows([row(2, 1, DeviceName="PC"), row(5, 2, DeviceName="PC")])["total"] == 2


def test_rows_without_a_device_id_are_not_taken_for_one_device() -> None:
    found = describe_rows([row(IntuneDeviceId=""), row(IntuneDeviceId=None), row(IntuneDeviceId="row 0")])
    assert (found["total"], found["error"]) == (3, 3)


@pytest.mark.parametrize("system", ["System account", "Systemkonto", "", None])
def test_the_system_account_is_nobodys_name(system: str | None) -> None:
    (alone,) = describe_rows([row(UPN=system)])["devices"] or []
    assert alone["user_principal_name"] is None
    (device,) = describe_rows([row(5, UPN=system), row(2, UPN="ann@contoso.test")])["devices"] or []
    assert (device["status"], device["user_principal_name"]) == ("error", "ann@contoso.test")


def test_rows_that_are_too_short_or_too_long_are_read_as_far_as_they_go() -> None:
    rows: list[dict[t.Any, t.Any]] = [
        {"PolicyStatus": "5", "DeviceName": None},
        {"PolicyStatus": "6", "DeviceName": "PC-2", None: ["more"]},  # as csv does
    ]
    found = describe_rows(rows)
    assert [(device["status"], device["device_name"]) for device in found["devices"] or []] == [("error", None), ("conflict", "PC-2")]


ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "IntuneDeviceId": st.one_of(st.none(), st.sampled_from(["", "a", "A", "b", "c"])),
            "DeviceName": st.one_of(st.none(), st.text(max_size=3)),
            "UPN": st.one_of(st.none(), st.sampled_from(["System account", "x@y.test"])),
            "PolicyStatus": st.one_of(st.none(), st.integers(-3, 12), st.integers(-3, 12).map(str), st.text(max_size=4)),
            "ReportStatus": st.one_of(st.none(), st.sampled_from(["Succeeded", "Fehler"]), st.text(max_size=4)),
        },
    ),
    max_size=12,
)


@given(ROWS)
def test_totals_add_up_and_no_row_is_a_traceback(rows: list[dict[str, t.Any]]) -> None:
    found = describe_rows(rows)
    named = {str(each["IntuneDeviceId"]).lower() for each in rows if each.get("IntuneDeviceId")}
    nameless = sum(not each.get("IntuneDeviceId") for each in rows)
    assert found["total"] == add_up(found) == len(named) + nameless
    assert len(found["devices"] or []) == found["error"] + (found["conflict"] or 0) + found["other"]


@given(ROWS)
def test_another_row_never_makes_a_device_better(rows: list[dict[str, t.Any]]) -> None:
    for same in group_by_device(rows):
        assert SEVERITY.index(parse_status(same[0])) == min(SEVERITY.index(parse_status(each)) for each in same)


# --- settings -------------------------------------------------------------------------------------------------------


def test_settings_are_counted() -> None:
    counts = {"NumberOfCompliantDevices": "6", "NumberOfErrorDevices": 8, "NumberOfConflictDevices": "0"}
    rows = [{"SettingName": "B", **counts}, {"SettingName": "A", "NumberOfCompliantDevices": "x"}, {}]
    assert describe_settings(rows) == [
        {"name": "B", "succeeded": 6, "error": 8, "conflict": 0},
        {"name": "A", "succeeded": None, "error": None, "conflict": None},
        {"name": "", "succeeded": None, "error": None, "conflict": None},
    ]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], None),
        ([{"ErrorCode": 0, "SettingStatus": 5}], None),
        ([{"ErrorCode": "Remediation failed", "SettingStatus": 5}], None),
        ([{"ErrorCode": value} for value in (0, None, "", "0", -2016281106, -2016281112)], -2016281106),
        ([{"ErrorCode": 65000, "SettingStatus": status} for status in (0, 1, 2, 3, 9)], None),
        *(([{"ErrorCode": 65000, "SettingStatus": status}], 65000) for status in (4, 5, 6, "6", None)),
    ],
)
def test_the_first_setting_that_failed_counts(rows: list[dict[str, t.Any]], code: int | None) -> None:
    assert find_error_code(rows) == code


def test_every_status_has_its_place() -> None:
    assert set(SEVERITY) == {*check_in.BY_NUMBER.values(), *check_in.BY_MEMBER.values(), "other"} == set(t.get_args(check_in.Status))


def test_each_device_has_one_status_and_those_without_an_id_stay_apart() -> None:
    rows = [
        {"IntuneDeviceId": "D-1", "PolicyStatus": 2},
        {"IntuneDeviceId": "d-1", "PolicyStatus": 5},
        {"IntuneDeviceId": "", "PolicyStatus": 2},
        {"PolicyStatus": 0},
    ]
    assert check_in.map_devices(rows, "p-1") == {"d-1": "error", "p-1 1": "succeeded", "p-1 2": "pending"}
