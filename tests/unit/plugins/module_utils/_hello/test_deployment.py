# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import io
import typing as t
import zipfile

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._guid import NIL
from ansible_collections.endpointops.intune.plugins.module_utils._hello import deployment
from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import Assignment
from ansible_collections.endpointops.intune.plugins.module_utils._hello.check_in import Rollout
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import FoundPolicy, Surface
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Response
from tests.support.fakes import FakeTransport, Tenant, answer, body_of, error, tenant

ID = "bbbbbbbb-0000-4000-8000-000000000001"
JOB_ID = f"DeviceStatusesByConfigurationProfile_{ID}"
SETTINGS_JOB_ID = f"PerSettingDeviceSummaryByConfigurationPolicy_{ID}"
REPORTS = "deviceManagement/reports"
JOBS = f"POST /v1.0/{REPORTS}/exportJobs"
JOB = f"GET /v1.0/{REPORTS}/exportJobs/{JOB_ID}"
SETTINGS_JOB = f"GET /v1.0/{REPORTS}/exportJobs/{SETTINGS_JOB_ID}"
URL = f"https://storage.test/{ID}.zip?sig=a%2Bb%3D"
SETTINGS_URL = "https://storage.test/settings.zip?sig=a%2Bb%3D"
FETCH, FETCH_SETTINGS = f"GET /{ID}.zip", "GET /settings.zip"
BATCH = "POST /beta/$batch"
TABLE = f"POST /beta/{REPORTS}/getConfigurationPolicyDevicesReport"
PROFILE_CODES = f"POST /beta/{REPORTS}/getConfigurationSettingNonComplianceReport"
CATALOG_CODES = f"POST /beta/{REPORTS}/getConfigurationSettingsReport"
OVERVIEW = f"GET /v1.0/deviceManagement/deviceConfigurations/{ID}/deviceStatusOverview"
COLUMNS = ["IntuneDeviceId", "DeviceName", "UPN", "PolicyStatus", "ReportStatus"]
COUNTS = ["SettingName", "NumberOfCompliantDevices", "NumberOfErrorDevices", "NumberOfConflictDevices"]
REMEDIATION = "the device could not set it (remediation failed)"
LOST = "another policy won the conflict"

Row = dict[str, t.Any]


def policy(surface: Surface = "custom", *targets: t.Any) -> FoundPolicy:
    return FoundPolicy(surface, ID, "PIN", assignments=tuple(map(Assignment, targets or ("all_devices",))))


def row(status: int = 5, number: int = 1, **more: t.Any) -> Row:
    known = {"IntuneDeviceId": f"d-{number}", "DeviceName": f"PC-{number}", "UPN": f"u{number}@contoso.test", "UserId": f"u-{number}"}
    return {**known, "PolicyStatus": status, "ReportStatus": "Error", **more}


def report(columns: t.Sequence[str], *rows: Row) -> bytes:
    lines = [",".join(columns), *(",".join(str(found[name]) for name in columns) for found in rows)]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.csv", "\r\n".join(lines))
    return stream.getvalue()


def table(
    *rows: Row, columns: t.Sequence[str] = ("DeviceName", "IntuneDeviceId", "PolicyStatus", "UPN", "UserId"), total: int = -1
) -> t.Any:
    schema = [{"Column": name, "PropertyType": "String"} for name in columns]
    values = [[found.get(name) for name in columns] for found in rows]
    return answer(200, {"TotalRowCount": len(rows) if total < 0 else total, "Schema": schema, "Values": values})


def codes(*values: t.Any, status: int = 5) -> t.Any:
    rows = [{"ErrorCode": value, "SettingName": "PIN", "SettingStatus": status} for value in values]
    return table(*rows, columns=("ErrorCode", "SettingName", "SettingStatus"))


def ask(script: Row | FakeTransport, rollout: Rollout = "overview", surface: Surface = "settings_catalog", timeout: float = 60) -> t.Any:
    """Return the status, the problem, and the tenant."""
    world = tenant(script)
    return (*deployment.fetch_status(world.client, policy(surface), rollout, timeout), world)


# --- choice of the source -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("surface", "rollout", "targets", "asked"),
    [
        ("custom", "none", (), []),
        ("custom", "overview", (), [OVERVIEW]),
        ("identity_protection", "overview", (), [OVERVIEW]),
        ("settings_catalog", "overview", (), [TABLE]),
        ("account_protection", "overview", (), [TABLE]),
        ("security_baseline", "overview", (), [TABLE]),
        ("template", "overview", (), [TABLE]),
        ("intent", "overview", (), [TABLE]),
        ("enrollment", "overview", (), []),
        ("enrollment", "devices", (), []),
        ("settings_catalog", "devices", (), [JOBS]),
        ("custom", "devices", (), [JOBS]),
        ("custom", "devices", ("exclude_group",), []),
        ("custom", "overview", ("exclude_group", "group"), [OVERVIEW]),
    ],
)
def test_each_policy_type_has_its_source(surface: Surface, rollout: Rollout, targets: t.Any, asked: list[str]) -> None:
    world = tenant({OVERVIEW: answer(200, {}), TABLE: table(), JOBS: error(403)})
    deployment.fetch_status(world.client, policy(surface, *targets), rollout, 60)
    assert world.transport.targets == asked


def test_the_overview_is_read_of_the_policy() -> None:
    found, problem, world = ask({OVERVIEW: answer(200, {"successCount": 7})}, surface="custom")
    assert (found["source"], found["succeeded"], problem) == ("overview", 7, None)
    assert world.transport.writes == []


@pytest.mark.parametrize(("surface", "target"), [("custom", OVERVIEW), ("settings_catalog", TABLE)])
def test_a_refusal_is_a_problem(surface: Surface, target: str) -> None:
    found, problem, _world = ask({target: error(403)}, surface=surface)
    assert found is None and problem.startswith("Could not read the check-in status of 'PIN': ") and "permission" in problem


# --- the table of devices -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("surface", "base"),
    [
        ("settings_catalog", "DeviceManagementConfigurationPolicy"),
        ("account_protection", "DeviceManagementConfigurationPolicy"),
        ("intent", "Microsoft.Management.Services.Api.DeviceManagementIntent"),
    ],
)
def test_a_table_counts_devices_at_once(surface: Surface, base: str) -> None:
    rows = [row(2), row(2, UPN="System account", UserId=NIL), row(5, 2), row(6, 3), row(0, 4), row(1, 5), row(9, 6)]
    found, problem, world = ask({TABLE: table(*rows)}, surface=surface)
    names = ("source", "total", "succeeded", "error", "conflict", "pending", "not_applicable", "other", "settings")
    assert ([found[name] for name in names], problem) == (["report", 6, 1, 1, 1, 1, 1, 1, None], None)
    assert [device["device_name"] for device in found["devices"]] == ["PC-2", "PC-3", "PC-6"]
    (request,) = world.transport.sent
    assert body_of(request) == {
        "select": ["IntuneDeviceId", "DeviceName", "UPN", "UserId", "PolicyStatus", "ReportStatus"],
        "filter": f"(PolicyBaseTypeName eq '{base}') and (PolicyId eq '{ID}')",
        "skip": 0,
        "top": 50,
        "orderBy": [],
    }
    assert world.clock.slept == []


def test_a_table_is_read_page_by_page_whatever_their_size() -> None:
    rows = [row(2, number) for number in range(7)]
    script = {TABLE: [table(*rows[:3], total=7), table(*rows[3:4], total=7), table(*rows[4:], total=7)]}
    found, problem, world = ask(script)
    assert (found["total"], problem) == (7, None)
    assert [body_of(request)["skip"] for request in world.transport.sent] == [0, 3, 4]


def test_a_row_that_comes_twice_is_counted_once() -> None:
    found, _problem, _world = ask({TABLE: [table(row(2, 1), row(2, 2), total=4), table(row(2, 2), row(2, 3), total=4)]})
    assert found["total"] == 3


def test_a_table_that_ends_early_is_no_status() -> None:
    found, problem, world = ask({TABLE: [table(row(2), total=2), table(total=2)]})
    assert found is None and "ended after 1 of 2 rows" in problem
    assert len(world.transport.sent) == 2


def test_a_table_of_tiny_pages_is_given_up() -> None:
    found, problem, world = ask({TABLE: table(row(2), total=1000)})
    assert found is None and "ended after 40 of 1000 rows" in problem
    assert len(world.transport.sent) == 40


def in_batch(number: int, page: Response) -> dict[str, t.Any]:
    """Return a page as in a batch: a table is a stream, which is not JSON there."""
    return {
        "id": str(number),
        "status": 200,
        "headers": {"Content-Type": "application/octet-stream"},
        "body": base64.b64encode(page.body).decode(),
    }


def paged(total: int, start: int = 0) -> list[t.Any]:
    """Return the pages of a table of this size."""
    rows = [row(2, number) for number in range(start, total)]
    return [table(*rows[skip : skip + 50], total=total) for skip in range(0, total, 50)]


def test_a_table_of_a_thousand_rows_is_the_largest_one_that_is_read() -> None:
    first, *others = paged(1000)
    together = answer(200, {"responses": [in_batch(number, page) for number, page in enumerate(others)]})
    found, problem, world = ask({TABLE: first, BATCH: together})
    assert (found["total"], problem, world.transport.targets) == (1000, None, [TABLE, BATCH])
    # One by one, because the batch has no usable response.
    found, problem, world = ask({TABLE: paged(1000), BATCH: error(400)})
    assert (found["total"], problem, world.transport.targets.count(TABLE)) == (1000, None, 20)
    found, problem, world = ask({TABLE: paged(1001)})
    assert (found, len(world.transport.sent)) == (None, 1)
    assert problem == (
        "The check-in status of 'PIN' has 1001 rows, and at most 1000 are read for an overview. "
        "Set the rollout to 'devices' to let Intune export a report."
    )


def test_a_policy_without_devices_has_a_status_of_zeros() -> None:
    found, problem, _world = ask({TABLE: table()})
    assert (found["total"], found["devices"], problem) == (0, [], None)


@pytest.mark.parametrize("body", [{}, ["x"], "text", None, b"<html></html>"], ids=["no table", "a list", "a text", "nothing", "a page"])
def test_what_is_no_table_is_a_problem(body: t.Any) -> None:
    found, problem, _world = ask({TABLE: answer(200, body)})
    assert found is None and problem.startswith("Could not read the check-in status of 'PIN': ")


# --- exports --------------------------------------------------------------------------------------------------------


def job(status: str = "completed", url: str | None = URL, job_id: str = JOB_ID) -> Row:
    return {"id": job_id, "status": status, "url": url if status == "completed" else None}


def exported(*rows: Row, **more: t.Any) -> Row:
    counts = {"SettingName": "PIN recovery", "NumberOfCompliantDevices": 3, "NumberOfErrorDevices": 1, "NumberOfConflictDevices": 0}

    def start(request: t.Any) -> t.Any:
        is_settings = body_of(request)["reportName"].startswith("PerSetting")
        return answer(201, job("notStarted", job_id=SETTINGS_JOB_ID if is_settings else JOB_ID))

    script = {
        JOBS: start,
        JOB: answer(200, job()),
        FETCH: answer(200, report(COLUMNS, *rows)),
        SETTINGS_JOB: answer(200, job(url=SETTINGS_URL, job_id=SETTINGS_JOB_ID)),
        FETCH_SETTINGS: answer(200, report(COUNTS, counts)),
    }
    return {**script, **more}


def export(script: Row, surface: Surface = "custom", timeout: float = 60) -> t.Any:
    return ask(script, "devices", surface, timeout)


@pytest.mark.parametrize("surface", ["custom", "settings_catalog"])
def test_reports_are_exported_waited_for_and_fetched(surface: Surface) -> None:
    script = exported(row(2), row(2, UPN="System account"), row(1, 2))
    script[JOB] = [answer(200, job("notStarted")), answer(200, job("inProgress")), answer(200, job())]
    found, problem, world = export(script, surface)
    names = ("source", "total", "succeeded", "not_applicable")
    assert ([found[name] for name in names], problem) == (["report", 2, 1, 1], None)
    assert found["settings"] == [{"name": "PIN recovery", "succeeded": 3, "error": 1, "conflict": 0}]
    assert world.transport.targets == [JOBS, JOB, JOB, JOB, FETCH, JOBS, SETTINGS_JOB, FETCH_SETTINGS]


def test_case_52_the_exports_ask_for_documented_columns_and_no_words_of_a_language() -> None:
    _found, _problem, world = export(exported())
    bodies = [body_of(request) for request in world.transport.sent if request.target == JOBS]
    common = {"filter": f"(PolicyId eq '{ID}')", "format": "csv", "localizationType": "localizedValuesAsAdditionalColumn"}
    assert bodies == [
        {"reportName": "DeviceStatusesByConfigurationProfile", "select": COLUMNS, **common},
        {"reportName": "PerSettingDeviceSummaryByConfigurationPolicy", "select": COUNTS, **common},
    ]


def test_case_52_an_export_is_looked_at_every_three_seconds_or_more() -> None:
    """An application has 48 requests a minute for exports: those of a policy take six seconds or more."""
    _found, _problem, world = export(exported())
    assert world.clock.slept == [3.0, 3.0]
    of_exports = [target for target in world.transport.targets if "exportJobs" in target]
    assert len(of_exports) / sum(world.clock.slept) * 60 <= 48
    world = export(exported(**{JOB: answer(200, job("inProgress"))}), timeout=300)[2]
    assert min(world.clock.slept) >= 3.0 and world.clock.slept[:4] == [3.0, 3.0, 4.5, 6.75] and max(world.clock.slept) == 10.0


def test_the_reports_are_fetched_without_a_token() -> None:
    _found, _problem, world = export(exported())
    bearers = {request.url: request.bearer for request in world.transport.sent}
    assert (bearers.pop(URL), bearers.pop(SETTINGS_URL)) == (None, None)
    assert all(bearers.values())


def test_a_choice_of_columns_that_is_refused_is_left_out() -> None:
    started = answer(201, job("notStarted"))
    script = exported(row(2), **{JOBS: [error(400, message="Select is not valid."), started, error(403)]})
    found, _problem, world = export(script)
    assert found["succeeded"] == 1
    first, second = (body_of(request) for request in world.transport.sent[:2])
    assert {**second, "select": COLUMNS} == first and "select" not in second


@pytest.mark.parametrize(
    ("change", "text", "targets"),
    [
        pytest.param({JOBS: error(400, message="No such report.")}, "No such report.", [JOBS, JOBS], id="refused whole"),
        pytest.param({JOBS: error(403)}, "permission", [JOBS], id="forbidden"),
        pytest.param({JOB: answer(200, job("failed"))}, "could not export DeviceStatuses", [JOBS, JOB], id="failed"),
        pytest.param({JOB: answer(200, {**job("failed"), "url": URL})}, "could not export", [JOBS, JOB], id="failed with an address"),
        pytest.param({JOB: error(404)}, "404", [JOBS, JOB], id="vanished"),
        pytest.param({FETCH: answer(404)}, "could not be downloaded (status 404)", [JOBS, JOB, FETCH], id="address vanished"),
        pytest.param({FETCH: answer(200, b"<html></html>")}, "could not be read", [JOBS, JOB, FETCH], id="no report"),
    ],
)
def test_an_export_of_devices_that_does_not_come_is_a_problem(change: Row, text: str, targets: list[str]) -> None:
    found, problem, world = export(exported(row(), **change))
    assert found is None and problem.startswith("Could not read the check-in status of 'PIN': ") and text in problem
    assert world.transport.targets == targets and "sig=" not in problem


@pytest.mark.parametrize("state", [job("inProgress"), job("notStarted"), job("somethingNew"), job(url=None)])
def test_an_export_that_never_ends_is_given_up(state: Row) -> None:
    found, problem, world = export(exported(**{JOB: answer(200, state)}))
    assert found is None and "Timed out after 60 seconds waiting for Intune to export DeviceStatusesByConfigurationProfile" in problem
    assert 45 < sum(world.clock.slept) <= 60


@pytest.mark.parametrize("timeout", [0, 1, 3])
def test_an_export_is_looked_at_once_however_short_the_time_is(timeout: float) -> None:
    found, problem, world = export(exported(row(2), **{SETTINGS_JOB: answer(200, job("inProgress"))}), timeout=timeout)
    assert found["succeeded"] == 1 and f"Timed out after {timeout} seconds" in problem
    assert sum(world.clock.slept) == 2 * timeout


def test_a_completed_export_gets_its_address_later() -> None:
    script = exported(
        row(2),
        **{JOB: [answer(200, {**job("inProgress"), "url": URL}), answer(200, job(url=None)), answer(200, job(url="")), answer(200, job())]},
    )
    found, _problem, world = export(script)
    assert found["total"] == 1 and world.transport.targets[:6] == [JOBS, JOB, JOB, JOB, JOB, FETCH]


@pytest.mark.parametrize(
    "change",
    [{SETTINGS_JOB: answer(200, job("failed", job_id=SETTINGS_JOB_ID))}, {SETTINGS_JOB: error(403)}, {FETCH_SETTINGS: answer(403)}],
    ids=["failed", "forbidden", "address refused"],
)
def test_without_the_counts_of_settings_the_devices_are_there(change: Row) -> None:
    found, problem, _world = export(exported(row(2), **change))
    assert (found["succeeded"], found["settings"]) == (1, None)
    assert problem.startswith("Could not read the counts of each setting of 'PIN': ")


# --- reasons of failed devices --------------------------------------------------------------------------------------


def explained(
    *devices: Row, script: t.Any, rows: t.Any = None, surface: Surface = "custom"
) -> tuple[list[tuple[t.Any, t.Any]], t.Any, Tenant]:
    report_on_settings = PROFILE_CODES if surface == "custom" else CATALOG_CODES
    pages = table(*devices) if rows is None else rows
    found, problem, world = export(exported(*devices, **{TABLE: pages, report_on_settings: script}), surface)
    return [(device["error_code"], device["error"]) for device in found["devices"]], problem, world


@pytest.mark.parametrize("surface", ["custom", "settings_catalog"])
@pytest.mark.parametrize("code", [-2016281112, 2278686184, "-2016281112", "2278686184", "0x87D1FDE8"])
def test_the_code_is_reported_with_words(surface: Surface, code: t.Any) -> None:
    reported, problem, world = explained(row(), script=codes(code), surface=surface)
    assert (reported, problem) == ([(-2016281112, REMEDIATION)], None)
    assert body_of(world.transport.sent[-1]) == {
        "select": ["SettingName", "SettingStatus", "ErrorCode"],
        "filter": f"(PolicyId eq '{ID}') and (DeviceId eq 'd-1') and (UserId eq 'u-1')",
        "skip": 0,
        "top": 50,
        "orderBy": [],
    }


def test_the_user_is_that_of_the_row_that_failed() -> None:
    rows = table(row(2, UserId="u-2"), row(5, UserId=NIL, UPN="System account"), row(0, UserId="u-3"))
    _reported, _problem, world = explained(row(), script=codes(65000), rows=rows)
    assert f"(UserId eq '{NIL}')" in body_of(world.transport.sent[-1])["filter"]


@pytest.mark.parametrize("nobody", ["", None])
def test_a_row_without_a_user_is_of_the_nil_guid(nobody: str | None) -> None:
    _reported, _problem, world = explained(row(), script=codes(65000), rows=table(row(UserId=nobody)))
    assert f"(UserId eq '{NIL}')" in body_of(world.transport.sent[-1])["filter"]


def test_a_quote_in_a_report_stays_within_the_filter() -> None:
    _reported, _problem, world = explained(row(IntuneDeviceId="d'1"), script=codes(-2016281112))
    assert "(DeviceId eq 'd''1')" in body_of(world.transport.sent[-1])["filter"]


def test_each_device_has_its_own_code() -> None:
    reported, _problem, _world = explained(row(), row(2, 2), row(6, 3), script=[codes(-2016281112), codes(-2016281106)])
    assert reported == [(-2016281112, REMEDIATION), (-2016281106, LOST)]


def test_a_status_that_is_not_known_has_no_code() -> None:
    reported, _problem, world = explained(row(9), script=codes(-2016281112))
    assert reported == [(None, "Intune reports the status '9', which is not known here")]
    assert TABLE not in world.transport.targets


@pytest.mark.parametrize("script", [codes(), codes(0), codes("Remediation failed")], ids=["no rows", "no code", "a code that is none"])
def test_a_code_that_the_service_does_not_return_is_null(script: t.Any) -> None:
    assert explained(row(), script=script)[:2] == ([(None, None)], None)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(answer(200, {}), id="no table"),
        pytest.param(answer(200), id="nothing"),
        pytest.param(error(400), id="refused"),
        pytest.param(error(403), id="forbidden"),
        pytest.param(error(503), id="not available"),
        pytest.param(answer(200, b"<html></html>"), id="a page"),
        pytest.param(errors.LostResponseError("Lost."), id="lost"),
    ],
)
@pytest.mark.parametrize("is_table", [True, False])
def test_codes_that_cannot_be_read_are_a_problem_and_the_report_is_there(script: t.Any, is_table: bool) -> None:
    reported, problem, _world = explained(row(), **({"script": codes(5), "rows": script} if is_table else {"script": script}))
    assert reported == [(None, None)] and problem.startswith("Could not read why devices failed to set 'PIN': ")


def test_a_refusal_ends_the_questions_and_keeps_the_codes_before_it() -> None:
    reported, _problem, world = explained(row(), row(5, 2), row(5, 3), script=[codes(-2016281112), error(403)])
    assert reported == [(-2016281112, REMEDIATION), (None, None), (None, None)]
    assert world.transport.targets.count(PROFILE_CODES) == 2


def test_nobody_asks_for_a_device_without_an_id_or_a_row() -> None:
    rows = table(row(5, 2), row(IntuneDeviceId=None))
    reported, problem, world = explained(row(IntuneDeviceId=""), row(5, 2), row(5, 3), script=codes(-2016281106), rows=rows)
    assert (reported, problem) == ([(None, None), (-2016281106, LOST), (None, None)], None)
    assert world.transport.targets.count(PROFILE_CODES) == 1


def test_at_most_twenty_devices_are_asked_for_among_the_first_thousand_rows() -> None:
    failed = [row(5, number) for number in range(975, 1025)]
    reported, problem, world = explained(*failed, script=codes(-2016281106), rows=paged(1200))
    assert ([code is not None for code, _words in reported], problem) == ([True] * 20 + [False] * 30, None)
    assert (world.transport.targets.count(TABLE), world.transport.targets.count(PROFILE_CODES)) == (20, 20)


def test_nobody_asks_where_there_is_no_report_on_settings_or_no_failure() -> None:
    found, problem, world = export(exported(row()), "intent")
    assert (found["devices"][0]["error_code"], problem) == (None, None)
    assert TABLE not in world.transport.targets
    assert TABLE not in export(exported(row(2)))[2].transport.targets
