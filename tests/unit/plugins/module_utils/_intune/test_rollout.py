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

from ansible_collections.endpointops.intune.plugins.module_utils._graph import errors
from ansible_collections.endpointops.intune.plugins.module_utils._graph.protocol import Response
from ansible_collections.endpointops.intune.plugins.module_utils._intune import rollout
from tests.unit.fakes import Step, Tenant, answer, body_of, error, tenant

POLICY = "bbbbbbbb-0000-4000-8000-000000000001"
JOBS = "/v1.0/deviceManagement/reports/exportJobs"
JOB = "DeviceStatusesByConfigurationProfile_1"
BLOB = "https://blob.test/exports/1.zip?sig=secret"
HEADER = "PolicyId,IntuneDeviceId,DeviceName,UPN,UserId,PolicyStatus,ReportStatus"
ROWS = (
    f"{POLICY},d-1,PC-1,a@test,u-1,2,Succeeded",
    f'{POLICY},d-2,"PC-2, ""old""",b@test,u-2,5,Error',
    f"{POLICY},d-3,PC-3,,,6,Conflict",
    f"{POLICY},d-4,PC-4,c@test,u-4,0,Pending",
    f"{POLICY},d-5,PC-5,c@test,u-4,1,Not applicable",
    f"{POLICY},d-6,PC-6,c@test,u-4,9,Something new",
)


def zipped(*files: tuple[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return content.getvalue()


def exported(*rows: str, header: str = HEADER, end: str = "\r\n", bom: bytes = b"") -> bytes:
    return zipped(("report.csv", bom + end.join((header, *rows, "")).encode()))


def job(status: str, **more: t.Any) -> Response:
    return answer(200, {"id": JOB, "status": status, **more})


# --- pure -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["without BOM", "with BOM"])
def test_a_report_is_counted_and_its_bad_rows_are_told(end: str, bom: bytes) -> None:
    found = rollout.count(rollout.parse_report(exported(*ROWS, end=end, bom=bom)))
    assert {name: found[name] for name in rollout.COUNTS} == {
        "total": 6,
        "succeeded": 1,
        "error": 1,
        "conflict": 1,
        "pending": 1,
        "not_applicable": 1,
        "other": 1,
    }
    empty = {"error_code": None, "error": None}
    assert found["devices"] == [
        {"device_id": "d-2", "device_name": 'PC-2, "old"', "user_principal_name": "b@test", "status": "error", **empty},
        {"device_id": "d-3", "device_name": "PC-3", "user_principal_name": None, "status": "conflict", **empty},
    ]


def test_the_order_of_columns_does_not_count_and_missing_ones_are_null() -> None:
    (row,) = rollout.count(rollout.parse_report(exported("Error,d-2", header="ReportStatus,IntuneDeviceId")))["devices"]
    assert (row["device_id"], row["device_name"], row["status"]) == ("d-2", None, "error")


def test_an_empty_report_counts_nothing() -> None:
    found = rollout.count(rollout.parse_report(exported()))
    assert (found["total"], found["devices"], found["source"]) == (0, [], "report")


GOOD = exported(*ROWS)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html></html>", id="no zip"),
        pytest.param(GOOD[: len(GOOD) // 2], id="cut off"),
        pytest.param(GOOD[:60] + b"\x00" * 20 + GOOD[80:], id="damaged"),
        pytest.param(zipped(), id="no file"),
        pytest.param(zipped(("a.csv", b"x"), ("b.csv", b"x")), id="two files"),
        pytest.param(zipped(("a.txt", b"x")), id="no CSV"),
        pytest.param(zipped(("a.csv", b"ReportStatus\n\xff\xfe\n")), id="no text"),
    ],
)
def test_what_is_no_report_is_an_error_and_no_traceback(content: bytes) -> None:
    with pytest.raises(errors.UnexpectedAnswerError):
        rollout.count(rollout.parse_report(content))


def test_a_report_that_is_too_large_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "LARGEST", 10)
    with pytest.raises(errors.UnexpectedAnswerError, match="of a size"):
        rollout.parse_report(GOOD)


def test_an_overview_counts_failures_and_errors_as_one() -> None:
    found = rollout.parse_overview({"successCount": 1, "errorCount": 2, "failedCount": 3, "pendingCount": 4, "notApplicableCount": 5})
    assert (found["total"], found["succeeded"], found["error"], found["pending"], found["not_applicable"]) == (15, 1, 5, 4, 5)
    assert (found["conflict"], found["devices"], found["source"]) == (None, None, "overview")


@pytest.mark.parametrize("code", [-2016281112, "-2016281112", 2278686184, "2278686184"])
def test_a_code_has_the_same_words_however_it_is_written(code: t.Any) -> None:
    assert rollout.in_words(code) == "the device could not set it (remediation failed)"


@pytest.mark.parametrize(("code", "words"), [(None, None), (0, None), ("", None), ("x", None), (5, "error code 5 (0x00000005)")])
def test_a_code_without_words_of_its_own(code: t.Any, words: str | None) -> None:
    assert rollout.in_words(code) == words


# --- calls ----------------------------------------------------------------------------------------------------------


def world(*steps: Step, made: t.Any = None, detail: t.Any = None, content: bytes = GOOD) -> Tenant:
    return tenant(
        {
            f"POST {JOBS}": made or answer(201, {"id": JOB, "status": "notStarted"}),
            f"GET {JOBS}/{JOB}": list(steps) or [job("inProgress"), job("completed", url=BLOB)],
            "GET /exports/1.zip": answer(200, content),
            "POST /v1.0/deviceManagement/reports/getConfigurationSettingNonComplianceReport": detail or error(403),
        }
    )


def report(subject: Tenant, profile: bool = False, timeout: float = 60.0) -> dict[str, t.Any]:
    return rollout.report(subject.client, POLICY, timeout, profile=profile)


def test_a_report_is_asked_for_awaited_and_fetched_without_our_token() -> None:
    subject = world()
    assert report(subject)["total"] == 6
    assert body_of(subject.transport.sent[0])["filter"] == f"(PolicyId eq '{POLICY}')"
    assert subject.transport.sent[-1].url == BLOB and subject.transport.sent[-1].bearer is None
    assert subject.client.writes == 0, "nothing was changed"


def test_where_a_choice_of_columns_is_refused_all_are_taken() -> None:
    subject = world(made=[error(400), answer(201, {"id": JOB})])
    assert report(subject)["total"] == 6
    assert ["select" in body_of(request) for request in subject.transport.sent[:2]] == [True, False]


@pytest.mark.parametrize("status", [403, 500])
def test_another_refusal_is_an_error(status: int) -> None:
    with pytest.raises(errors.GraphError):
        report(world(made=error(status)))


def test_a_completed_job_without_its_address_is_waited_for() -> None:
    assert report(world(job("completed"), job("completed", url=BLOB)))["total"] == 6


def test_a_failed_job_is_an_error() -> None:
    with pytest.raises(errors.UnexpectedAnswerError, match="could not export"):
        report(world(job("failed")))


@pytest.mark.parametrize("step", [job("inProgress"), job("completed"), job("somethingNew")])
def test_a_job_that_does_not_end_is_waited_for_in_vain(step: Response) -> None:
    with pytest.raises(errors.NotReadyError, match="Waited 5 s"):
        report(world(step), timeout=5.0)


def detail(*values: list[t.Any], columns: t.Sequence[str] = ("SettingName", "SettingStatus", "ErrorCode")) -> Response:
    schema = [{"Column": name, "PropertyType": "String"} for name in columns]
    return answer(200, {"TotalRowCount": len(values), "Schema": schema, "Values": list(values)})


def test_the_code_of_the_first_setting_that_failed_is_told() -> None:
    subject = world(detail=detail(["A", "2", "-2016345708"], ["B", "5", "-2016281112"]))
    failed, conflict = report(subject, profile=True)["devices"]
    assert (failed["error_code"], failed["error"]) == (-2016281112, "the device could not set it (remediation failed)")
    assert conflict["error_code"] is None, "its row names no user, and cannot be asked for"
    asked = body_of(subject.transport.sent[-1])
    assert asked["filter"] == f"(PolicyId eq '{POLICY}') and (DeviceId eq 'd-2') and (UserId eq 'u-2')"


def test_of_other_policies_no_code_is_asked_for() -> None:
    subject = world(detail=detail(["B", "5", "-2016281112"]))
    assert report(subject)["devices"][0]["error_code"] is None
    assert not any("getConfigurationSetting" in target for target in subject.transport.targets)


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(error(403), id="403"),
        pytest.param(error(500), id="500"),
        pytest.param(answer(200, b"<html>"), id="HTML"),
        pytest.param(answer(200, ["x"]), id="a list"),
        pytest.param(answer(204), id="nothing"),
        pytest.param(detail(["B", "5", "none"]), id="no number"),
        pytest.param(detail(["B"]), id="short rows"),
        pytest.param(errors.LostAnswerError("No answer."), id="lost"),
    ],
)
def test_a_detail_that_is_not_told_stays_null_and_the_report_is_there(odd: t.Any) -> None:
    found = report(world(detail=odd), profile=True)
    assert (found["total"], found["devices"][0]["error_code"], found["devices"][0]["error"]) == (6, None, None)


def test_codes_are_asked_for_a_few_devices_only() -> None:
    rows = [f"{POLICY},d-{number},PC,a@test,u,5,Error" for number in range(rollout.MOST_EXPLAINED + 5)]
    subject = world(detail=detail(["B", "5", "1"]), content=exported(*rows))
    assert len(report(subject, profile=True)["devices"]) == rollout.MOST_EXPLAINED + 5
    assert sum("getConfigurationSetting" in target for target in subject.transport.targets) == rollout.MOST_EXPLAINED


def test_a_quote_in_a_report_stays_within_the_filter() -> None:
    subject = world(detail=detail(), content=exported(f"{POLICY},d'1,PC,a@test,u,5,Error"))
    report(subject, profile=True)
    assert "(DeviceId eq 'd''1')" in body_of(subject.transport.sent[-1])["filter"]


@given(st.binary(max_size=200))
def test_no_content_is_a_traceback(content: bytes) -> None:
    try:
        rollout.count(rollout.parse_report(zipped(("report.csv", content))))
    except errors.UnexpectedAnswerError:
        return
