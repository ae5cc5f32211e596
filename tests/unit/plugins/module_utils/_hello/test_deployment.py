# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import typing as t
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._hello import deployment
from ansible_collections.endpointops.intune.plugins.module_utils._hello.deployment import (
    COLUMNS,
    describe_error_code,
    describe_report,
    parse_error_code,
    parse_overview,
    parse_report,
    parse_status,
)
from tests.support.fakes import FakeTransport, Tenant, answer, body_of, error, tenant

ID = "bbbbbbbb-0000-4000-8000-000000000001"
JOB_ID = f"DeviceStatusesByConfigurationProfile_{ID}"
JOBS = "POST /v1.0/deviceManagement/reports/exportJobs"
JOB = f"GET /v1.0/deviceManagement/reports/exportJobs/{JOB_ID}"
URL = f"https://storage.test/{ID}.zip?sig=a%2Bb%3D"
FETCH = f"GET /{ID}.zip"
SETTINGS = "POST /v1.0/deviceManagement/reports/getConfigurationSettingNonComplianceReport"
COUNTS = ("total", "succeeded", "error", "conflict", "pending", "not_applicable", "other")
OVERVIEW = f"GET /v1.0/deviceManagement/deviceConfigurations/{ID}/deviceStatusOverview"
REMEDIATION = "the device could not set it (remediation failed)"
LOST = "another policy won the conflict"


def packed(*files: tuple[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return stream.getvalue()


def report(text: str | bytes) -> bytes:
    return packed(("report.csv", text))


def row(status: str = "Error", number: int = 1, **more: str) -> dict[str, str]:
    known = {"IntuneDeviceId": f"d-{number}", "DeviceName": f"PC-{number}", "UPN": f"u{number}@contoso.test", "UserId": f"u-{number}"}
    return {**known, "ReportStatus": status, "PolicyStatus": "5", **more}


def csv_of(*rows: dict[str, str], columns: t.Sequence[str] = COLUMNS) -> str:
    lines = [",".join(columns), *(",".join(found[name] for name in columns) for found in rows)]
    return "\r\n".join(lines) + "\r\n"


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
    assert parse_overview({**found, "lastUpdateDateTime": "2026-01-05T10:00:00Z"}) == {
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
    }


@pytest.mark.parametrize("value", [None, 0])
def test_numbers_that_an_overview_does_not_have_are_zero(value: int | None) -> None:
    names = ("pendingCount", "notApplicableCount", "successCount", "errorCount", "failedCount")
    for found in ({}, dict.fromkeys(names, value)):
        parsed = parse_overview(found)
        assert [parsed[name] for name in ("total", "succeeded", "error", "pending", "not_applicable", "updated")] == [0, 0, 0, 0, 0, None]


def test_the_overview_and_the_report_have_the_same_keys() -> None:
    assert list(parse_overview({})) == list(describe_report([]))


def test_the_overview_is_read_of_the_policy() -> None:
    world = tenant({OVERVIEW: answer(200, {"successCount": 7})})
    assert deployment.fetch_overview(world.client, ID)["succeeded"] == 7
    assert world.transport.writes == []


def test_an_overview_that_is_refused_is_an_error() -> None:
    with pytest.raises(errors.ForbiddenError):
        deployment.fetch_overview(tenant({OVERVIEW: error(403)}).client, ID)


# --- reading a report -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("DeviceName,ReportStatus\r\nPC-1,Error\r\n", id="plain"),
        pytest.param("\ufeffDeviceName,ReportStatus\r\nPC-1,Error\r\n", id="byte order mark"),
        pytest.param('\ufeff"DeviceName","ReportStatus"\r\n"PC-1","Error"\r\n', id="byte order mark and quotes"),
        pytest.param("DeviceName,ReportStatus\nPC-1,Error\n", id="line feeds"),
        pytest.param("DeviceName,ReportStatus\r\nPC-1,Error", id="no end of line"),
        pytest.param("DeviceName,ReportStatus\r\n\r\nPC-1,Error\r\n\r\n", id="blank lines"),
    ],
)
def test_a_report_is_read(text: str) -> None:
    assert parse_report(report(text)) == [{"DeviceName": "PC-1", "ReportStatus": "Error"}]


def test_quoted_commas_quotes_and_line_ends_are_kept() -> None:
    text = 'DeviceName,UPN,ReportStatus\r\n"PC 1, ""spare""","a\r\nb",Ärger\r\n'
    assert parse_report(report(text)) == [{"DeviceName": 'PC 1, "spare"', "UPN": "a\r\nb", "ReportStatus": "Ärger"}]


def test_the_order_of_columns_and_those_that_are_not_known_do_not_matter() -> None:
    columns = ("PolicyStatus", "ReportStatus", "UnifiedPolicyType", "UPN", "IntuneDeviceId", "UserId", "DeviceName")
    found = describe_report(parse_report(report(csv_of({**row(), "UnifiedPolicyType": "Windows10"}, columns=columns))))
    assert found == describe_report(parse_report(report(csv_of(row()))))
    assert found["devices"][0]["device_name"] == "PC-1"


@pytest.mark.parametrize("missing", ["IntuneDeviceId", "DeviceName", "UPN"])
def test_what_a_report_does_not_have_is_null(missing: str) -> None:
    columns = [name for name in COLUMNS if name != missing]
    device = describe_report(parse_report(report(csv_of(row(), columns=columns))))["devices"][0]
    key = {"IntuneDeviceId": "device_id", "DeviceName": "device_name", "UPN": "user_principal_name"}[missing]
    assert [name for name, value in device.items() if value is None] == [key, "error_code", "error"]


def test_what_a_report_leaves_blank_is_null() -> None:
    device = describe_report([row(IntuneDeviceId="", DeviceName="", UPN="")])["devices"][0]
    assert (device["device_id"], device["device_name"], device["user_principal_name"]) == (None, None, None)


def test_rows_that_are_too_short_or_too_long_are_read_as_far_as_they_go() -> None:
    found = describe_report(parse_report(report("ReportStatus,DeviceName\r\nError\r\nConflict,PC-2,more,and more\r\n")))
    assert [(device["status"], device["device_name"]) for device in found["devices"]] == [("error", None), ("conflict", "PC-2")]


def test_without_its_status_a_device_counts_as_other() -> None:
    columns = [name for name in COLUMNS if name != "ReportStatus"]
    found = describe_report(parse_report(report(csv_of(row(), row(), columns=columns))))
    assert (found["total"], found["other"], found["devices"]) == (2, 2, [])


@pytest.mark.parametrize("text", [",".join(COLUMNS), ",".join(COLUMNS) + "\r\n", ""], ids=["header", "header and line end", "nothing"])
def test_an_empty_report_has_no_rows(text: str) -> None:
    assert parse_report(report(text)) == []
    assert describe_report([]) == {"source": "report", "updated": None, **dict.fromkeys(COUNTS, 0), "devices": []}


def test_a_report_may_have_other_files_beside_it_and_any_name() -> None:
    assert len(parse_report(packed(("readme.txt", "x"), ("A/B.CSV", csv_of(row()))))) == 1


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


GOOD = report(csv_of(*(row("Error", number) for number in range(50))))
ENCRYPTED = bytearray(GOOD)
ENCRYPTED[6] |= 1
ENCRYPTED[GOOD.index(b"PK\x01\x02") + 8] |= 1


def packed_as(method: int) -> bytes:
    content = bytearray(GOOD)
    content[8] = content[GOOD.index(b"PK\x01\x02") + 10] = method
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(packed(), id="no file"),
        pytest.param(packed(("report.json", "{}")), id="no CSV file"),
        pytest.param(packed(("a.csv", "A\r\n"), ("b.csv", "A\r\n")), id="two CSV files"),
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>Not found</html>", id="a page"),
        pytest.param(csv_of(row()).encode(), id="not packed"),
        pytest.param(GOOD[:-10], id="cut off at the end"),
        pytest.param(GOOD[: len(GOOD) // 2], id="cut off in the middle"),
        pytest.param(flipped(GOOD, 60), id="damaged"),
        pytest.param(bytes(ENCRYPTED), id="encrypted"),
        pytest.param(packed_as(zipfile.ZIP_BZIP2), id="packed by bzip2"),
        pytest.param(packed_as(97), id="packed in an unknown way"),
        pytest.param(report("DeviceName\r\nÄ\r\n".encode("latin-1")), id="not UTF-8"),
        pytest.param(report(csv_of(row()).encode("utf-16")), id="UTF-16"),
        pytest.param(report("DeviceName\r\n" + "x" * 200_000), id="a field without end"),
    ],
)
def test_what_is_no_report_is_refused(content: bytes) -> None:
    with pytest.raises(errors.UnexpectedResponseError, match=r"^The report (could not be read|is not a zip with one CSV file)"):
        parse_report(content)


def test_a_report_that_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    size, content = len(csv_of(row())), report(csv_of(row()))
    monkeypatch.setattr(deployment, "LARGEST", size)
    assert len(parse_report(content)) == 1
    monkeypatch.setattr(deployment, "LARGEST", size - 1)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_args: pytest.fail("it is unpacked"))
    with pytest.raises(errors.UnexpectedResponseError, match="of a size and kind that can be read"):
        parse_report(content)


def test_the_limit_is_128_mebibytes() -> None:
    assert deployment.LARGEST == 2**27


@given(st.integers(0, len(GOOD)), st.integers(0, 255), st.booleans())
def test_a_damaged_report_is_read_or_refused(place: int, byte: int, cut: bool) -> None:
    content = GOOD[:place] if cut else GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
    try:
        assert describe_report(parse_report(content))["total"] in (0, 50)
    except errors.UnexpectedResponseError as failure:
        assert failure.message.startswith("The report ")


@given(st.binary(max_size=200))
def test_no_content_is_a_traceback(content: bytes) -> None:
    try:
        describe_report(parse_report(report(content)))
    except errors.UnexpectedResponseError as failure:
        assert failure.message.startswith("The report ")


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)


@given(st.lists(st.tuples(NAMES, st.sampled_from(["Error", "Succeeded", "Conflict", "Pending", "Not applicable", "New"])), max_size=8))
def test_every_device_is_counted_once(found: list[tuple[str, str]]) -> None:
    quoted = [f'"{name.replace(chr(34), chr(34) * 2)}",{status}' for name, status in found]
    result = describe_report(parse_report(report("\r\n".join(["DeviceName,ReportStatus", *quoted]))))
    assert result["total"] == len(found) == sum(result[name] for name in COUNTS if name != "total")
    bad = [(name or None, status.lower()) for name, status in found if status in ("Error", "Conflict")]
    assert [(device["device_name"], device["status"]) for device in result["devices"]] == bad


# --- the status of a device -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Succeeded", "succeeded"),
        ("success", "succeeded"),
        ("Error", "error"),
        ("FAILED", "error"),
        ("Conflict", "conflict"),
        ("Pending", "pending"),
        ("Not applicable", "not_applicable"),
        ("notApplicable", "not_applicable"),
        ("NOT_APPLICABLE", "not_applicable"),
        ("Noncompliant", "other"),
        ("5", "other"),
        ("", "other"),
        (None, "other"),
    ],
)
def test_a_status_is_known_by_its_text(text: str | None, status: str) -> None:
    assert parse_status({"ReportStatus": text}) == status


def test_a_device_without_a_status_is_other() -> None:
    assert parse_status({}) == "other"


def test_a_report_is_counted_and_names_the_devices_that_failed() -> None:
    rows = [row(status, number) for number, status in enumerate(["Succeeded", "Error", "Pending", "Conflict", "Not applicable", "New"])]
    assert describe_report(rows) == {
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
                "error": None,
            }
            for number, status in ((1, "error"), (3, "conflict"))
        ],
    }


# --- an export ------------------------------------------------------------------------------------------------------


def job(status: str = "completed", url: str | None = URL) -> dict[str, t.Any]:
    return {"id": JOB_ID, "status": status, "url": url if status == "completed" else None}


def exported(*rows: dict[str, str], **more: t.Any) -> dict[str, t.Any]:
    made = {JOBS: answer(201, job("notStarted")), JOB: answer(200, job()), FETCH: answer(200, report(csv_of(*rows)))}
    return {**made, **more}


def codes(*values: t.Any, columns: t.Sequence[str] = ("ErrorCode", "SettingName", "SettingStatus"), status: int = 5) -> t.Any:
    schema = [{"Column": name, "PropertyType": "String"} for name in columns]
    known = [{"ErrorCode": value, "SettingName": "PIN", "SettingStatus": status} for value in values]
    return answer(200, {"TotalRowCount": len(values), "Schema": schema, "Values": [[found[name] for name in columns] for found in known]})


def ask(script: dict[str, t.Any] | FakeTransport, timeout: float = 60, is_profile: bool = False) -> tuple[t.Any, Tenant]:
    world = tenant(script)
    return deployment.fetch_report(world.client, ID, timeout, is_profile=is_profile), world


def test_a_report_is_exported_waited_for_and_fetched() -> None:
    script = exported(row("Succeeded"), row("Error", 2))
    script[JOB] = [answer(200, job("notStarted")), answer(200, job("inProgress")), answer(200, job())]
    found, world = ask(script)
    assert (found["source"], found["total"], found["succeeded"], found["error"]) == ("report", 2, 1, 1)
    assert world.transport.targets == [JOBS, JOB, JOB, JOB, FETCH]
    assert len(world.clock.slept) == 2
    assert body_of(world.transport.sent[0]) == {
        "reportName": "DeviceStatusesByConfigurationProfile",
        "filter": f"(PolicyId eq '{ID}')",
        "format": "csv",
        "localizationType": "replaceLocalizableValues",
        "select": ["IntuneDeviceId", "DeviceName", "UPN", "UserId", "ReportStatus", "PolicyStatus"],
    }


def test_the_report_is_fetched_without_a_token() -> None:
    _found, world = ask(exported())
    fetch = world.transport.sent[-1]
    assert (fetch.url, fetch.bearer) == (URL, None)
    assert all(request.bearer for request in world.transport.sent[:-1])


def test_a_choice_of_columns_that_is_refused_is_left_out() -> None:
    script = exported(row(), **{JOBS: [error(400, message="Select is not valid."), answer(201, job("notStarted"))]})
    found, world = ask(script)
    assert found["error"] == 1
    assert world.transport.targets[:2] == [JOBS, JOBS]
    first, second = (body_of(request) for request in world.transport.sent[:2])
    assert {**second, "select": list(COLUMNS)} == first and "select" not in second


def test_an_export_that_is_refused_whole_is_an_error() -> None:
    world = tenant({JOBS: error(400, message="No such report.")})
    with pytest.raises(errors.GraphError, match=r"No such report\."):
        deployment.fetch_report(world.client, ID, 60, is_profile=True)
    assert world.transport.targets == [JOBS, JOBS]


def test_an_export_that_is_forbidden_is_not_tried_again() -> None:
    world = tenant({JOBS: error(403)})
    with pytest.raises(errors.ForbiddenError, match="permission"):
        deployment.fetch_report(world.client, ID, 60, is_profile=True)
    assert world.transport.targets == [JOBS]


def test_an_export_that_failed_is_an_error() -> None:
    world = tenant(exported(**{JOB: answer(200, job("failed"))}))
    with pytest.raises(errors.UnexpectedResponseError, match=f"could not export .* for the policy {ID}") as caught:
        deployment.fetch_report(world.client, ID, 60, is_profile=True)
    assert caught.value.hint == "Run again later."
    assert FETCH not in world.transport.targets


@pytest.mark.parametrize("status", ["inProgress", "notStarted", "somethingNew"])
def test_an_export_that_never_ends_is_given_up(status: str) -> None:
    world = tenant(exported(**{JOB: answer(200, job(status))}))
    with pytest.raises(errors.NotReadyError, match=f"Timed out after 60 seconds waiting for Intune to export {deployment.REPORT}"):
        deployment.fetch_report(world.client, ID, 60, is_profile=True)
    assert 50 < sum(world.clock.slept) <= 60


def test_a_completed_export_gets_its_address_later() -> None:
    found, world = ask(exported(row(), **{JOB: [answer(200, job(url=None)), answer(200, job(url="")), answer(200, job())]}))
    assert found["total"] == 1
    assert world.transport.targets == [JOBS, JOB, JOB, JOB, FETCH]


def test_a_completed_export_that_never_gets_an_address_is_given_up() -> None:
    with pytest.raises(errors.NotReadyError):
        ask(exported(**{JOB: answer(200, job(url=None))}), timeout=5)


def test_an_export_that_failed_is_one_even_with_an_address() -> None:
    with pytest.raises(errors.UnexpectedResponseError, match="could not export"):
        ask(exported(**{JOB: answer(200, {**job("failed"), "url": URL})}))


def test_an_address_before_completion_is_not_taken() -> None:
    _found, world = ask(exported(**{JOB: [answer(200, {**job("inProgress"), "url": URL}), answer(200, job())]}))
    assert world.transport.targets == [JOBS, JOB, JOB, FETCH]


@pytest.mark.parametrize("status", [403, 404, 410])
def test_an_address_that_has_vanished_is_reported_without_the_address(status: int) -> None:
    with pytest.raises(errors.UnexpectedResponseError) as caught:
        ask(exported(**{FETCH: answer(status)}))
    assert str(caught.value) == f"The report could not be downloaded (status {status}). Run the task again."


def test_a_job_that_has_vanished_is_an_error() -> None:
    with pytest.raises(errors.NotFoundError):
        ask(exported(**{JOB: error(404)}))


def test_a_report_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(errors.UnexpectedResponseError, match=r"could not be read: .*\. Run again\."):
        ask(exported(**{FETCH: answer(200, b"<html></html>")}))


# --- why devices failed ---------------------------------------------------------------------------------------------


def explained(*devices: dict[str, str], script: t.Any) -> tuple[list[tuple[t.Any, t.Any]], Tenant]:
    found, world = ask(exported(*devices, **{SETTINGS: script}), is_profile=True)
    return [(device["error_code"], device["error"]) for device in found["devices"]], world


@pytest.mark.parametrize("code", [-2016281112, 2278686184, "-2016281112", "2278686184", "0x87D1FDE8"])
def test_the_code_is_reported_with_words(code: t.Any) -> None:
    reported, world = explained(row(), script=codes(code))
    assert reported == [(-2016281112, REMEDIATION)]
    assert body_of(world.transport.sent[-1]) == {
        "select": ["SettingName", "SettingStatus", "ErrorCode"],
        "filter": f"(PolicyId eq '{ID}') and (DeviceId eq 'd-1') and (UserId eq 'u-1')",
        "skip": 0,
        "top": 50,
        "orderBy": [],
    }


def test_a_quote_in_a_report_stays_within_the_filter() -> None:
    _found, world = explained(row(IntuneDeviceId="d'1"), script=codes(-2016281112))
    assert "(DeviceId eq 'd''1')" in body_of(world.transport.sent[-1])["filter"]


def test_each_device_has_its_own_code() -> None:
    reported, _world = explained(row(), row("Succeeded", 2), row("Conflict", 3), script=[codes(-2016281112), codes(-2016281106)])
    assert reported == [(-2016281112, REMEDIATION), (-2016281106, LOST)]


def test_the_first_setting_that_failed_counts() -> None:
    reported, _world = explained(row(), script=codes(0, None, "", "0", -2016281106, -2016281112))
    assert reported == [(-2016281106, LOST)]


@pytest.mark.parametrize("status", [1, "1", 2])
def test_a_setting_that_did_not_fail_does_not_count(status: t.Any) -> None:
    assert explained(row(), script=codes(-2016281111, status=status))[0] == [(None, None)]


def test_columns_come_in_any_order() -> None:
    columns = ("SettingStatus", "SettingName", "ErrorCode")
    assert explained(row(), script=codes(-2016281106, columns=columns))[0] == [(-2016281106, LOST)]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(codes(), id="no rows"),
        pytest.param(codes(0), id="no code"),
        pytest.param(codes("Remediation failed"), id="a code that is none"),
        pytest.param(answer(200, {}), id="no table"),
        pytest.param(answer(200, {"Schema": None, "Values": None}), id="nulls"),
        pytest.param(answer(200, {"Schema": [{}, None], "Values": [None, {}, [1, 2]]}), id="odd rows"),
        pytest.param(answer(200, ["x"]), id="a list"),
        pytest.param(answer(200, "text"), id="a text"),
        pytest.param(answer(200), id="nothing"),
        pytest.param(error(400), id="refused"),
        pytest.param(error(403), id="forbidden"),
        pytest.param(error(503), id="not available"),
        pytest.param(answer(200, b"<html></html>"), id="a page"),
        pytest.param(errors.LostResponseError("Lost."), id="lost"),
    ],
)
def test_a_code_that_the_service_does_not_return_is_null_and_the_report_is_there(script: t.Any) -> None:
    reported, _world = explained(row(), script=script)
    assert reported == [(None, None)]


def test_a_refusal_ends_the_questions_and_keeps_the_codes_before_it() -> None:
    reported, world = explained(row(), row("Error", 2), row("Error", 3), script=[codes(-2016281112), error(403)])
    assert reported == [(-2016281112, REMEDIATION), (None, None), (None, None)]
    assert world.transport.targets.count(SETTINGS) == 2


@pytest.mark.parametrize("missing", ["UserId", "IntuneDeviceId"])
def test_nobody_asks_for_a_device_that_is_not_named_whole(missing: str) -> None:
    reported, world = explained(row(**{missing: ""}), row("Error", 2), script=codes(-2016281106))
    assert reported == [(None, None), (-2016281106, LOST)]
    assert world.transport.targets.count(SETTINGS) == 1


def test_at_most_twenty_devices_are_asked_for() -> None:
    reported, world = explained(*(row("Error", number) for number in range(25)), script=codes(-2016281106))
    assert [code is not None for code, _words in reported] == [True] * 20 + [False] * 5
    assert world.transport.targets.count(SETTINGS) == 20


def test_nobody_asks_for_policies_of_the_settings_catalog() -> None:
    found, world = ask(exported(row()), is_profile=False)
    assert found["devices"][0]["error_code"] is None
    assert SETTINGS not in world.transport.targets
