# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test exports of a policy's states, their download, and the reports with immediate responses."""

from __future__ import annotations

import base64
import csv
import io
import json
import zipfile
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from emulator_support.client import ORIGIN
from emulator_support.profiles import create, setting
from emulator_support.states import ERROR, WINDOWS, assigned, set_states, with_catalog
from intune_emulator.state.journal import Recorder

JOBS = "/v1.0/deviceManagement/reports/exportJobs"
NAME = "DeviceStatusesByConfigurationProfile"
COUNTS = "PerSettingDeviceSummaryByConfigurationPolicy"
REPORTS = "/beta/deviceManagement/reports"
SETTINGS = f"{REPORTS}/getConfigurationSettingNonComplianceReport"
CATALOG_SETTINGS = f"{REPORTS}/getConfigurationSettingsReport"
DEVICES = f"{REPORTS}/getConfigurationPolicyDevicesReport"
NOBODY = "00000000-0000-0000-0000-000000000000"
HOUR = 3600


def body(policy_id: str, **more: Any) -> dict[str, Any]:
    return {"reportName": NAME, "filter": f"(PolicyId eq '{policy_id}')", "format": "csv", **more}


def export(client: Any, policy_id: str, path: str = JOBS, **more: Any) -> dict[str, Any]:
    response = client.call("POST", path, body(policy_id, **more))
    assert response.status_code == 201, response.text
    return response.json()


def wait(client: Any, job: dict[str, Any]) -> dict[str, Any]:
    """Read a job until it ends."""
    for _read in range(5):
        job = client.json(f"{JOBS}/{job['id']}")
        if job["status"] in ("completed", "failed"):
            return job
    raise AssertionError(job)


def download(client: Any, url: str, **headers: str) -> Any:
    return client.http.get(url.removeprefix(ORIGIN), headers=headers)


def content(client: Any, job: dict[str, Any]) -> bytes:
    """Return the one file of the result."""
    response = download(client, wait(client, job)["url"])
    assert (response.status_code, response.headers["content-type"]) == (200, "application/octet-stream")
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        (name,) = archive.namelist()
        assert name == f"{job['id']}.{job['format']}"
        return archive.read(name)


def table(client: Any, policy_id: str, **more: Any) -> list[dict[str, str]]:
    text = content(client, export(client, policy_id, **more)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def refusal(client: Any, sent: dict[str, Any], path: str = JOBS) -> Any:
    response = client.call("POST", path, sent)
    assert response.status_code == 400, response.text
    return response


@pytest.mark.parity(
    "emulated",
    "Policy states and reports",
    "An export of DeviceStatusesByConfigurationProfile or PerSettingDeviceSummaryByConfigurationPolicy is started, is in "
    "progress, and is completed with an address.",
    source=(
        "https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-apis",
        "https://learn.microsoft.com/graph/api/resources/intune-reporting-devicemanagementexportjob",
    ),
    calls=(
        "POST /deviceManagement/reports/exportJobs",
        "GET /deviceManagement/reports/exportJobs",
        "GET /deviceManagement/reports/exportJobs/{id}",
    ),
)
def test_a_job_goes_its_way(client: Any) -> None:
    made = assigned(client)
    job = export(client, made)
    kind, _separator, _guid = job["id"].partition("_")
    assert (kind, job["status"], job["url"], job["expirationDateTime"]) == (NAME, "notStarted", None, "0001-01-01T00:00:00Z")
    reading = client.json(f"{JOBS}/{job['id']}")
    assert (reading["status"], reading["url"]) == ("inProgress", None)
    done = client.json(f"{JOBS}('{job['id']}')")
    assert done["status"] == "completed" and done["expirationDateTime"] > done["requestDateTime"]
    assert done["url"].startswith(f"{ORIGIN}/exports/{job['id']}.zip?")
    done.pop("@odata.context")
    assert client.json(JOBS)["value"] == [done]
    assert client.get(f"{JOBS}/none").status_code == 404
    chosen = client.json(f"/beta/deviceManagement/reports/exportJobs/{job['id']}?$select=id,status")
    assert {name for name in chosen if "@" not in name} == {"id", "status"}


@pytest.mark.parity(
    "emulated",
    "Policy states and reports",
    "How many reads and how many seconds an export takes can be set.",
    source="https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-apis",
    settings=("export_reads", "export_delay"),
)
def test_reads_and_time_until_it_is_completed(client: Any) -> None:
    made = assigned(client)
    client.settings(export_reads=0)
    assert client.json(f"{JOBS}/{export(client, made)['id']}")["status"] == "completed"
    client.settings(export_reads=3)
    job = export(client, made)
    seen = [client.json(JOBS)["value"][-1]["status"] for _read in range(4)]
    assert seen == ["inProgress"] * 3 + ["completed"]
    client.settings(export_reads=0, export_delay=30)
    job = export(client, made)
    assert client.json(f"{JOBS}/{job['id']}")["status"] == "inProgress"
    client.advance(30)
    assert client.json(f"{JOBS}/{job['id']}")["status"] == "completed"


@pytest.mark.parity(
    "emulated",
    "Policy states and reports",
    "An export can fail.",
    source="https://learn.microsoft.com/graph/api/resources/intune-reporting-devicemanagementexportjob",
    settings=("export_outcome",),
)
@pytest.mark.parity(
    "assumed",
    "Policy states and reports",
    "A completed export has its address at once; it was observed to come later.",
    source="https://learn.microsoft.com/graph/api/resources/intune-reporting-devicemanagementexportjob",
    settings=("export_url_reads",),
)
def test_it_may_fail_or_have_its_address_later(client: Any) -> None:
    made = assigned(client)
    client.settings(export_outcome="failed")
    assert wait(client, export(client, made))["url"] is None
    client.settings(export_outcome="completed", export_url_reads=1)
    job = wait(client, export(client, made))
    assert (job["status"], job["url"]) == ("completed", None)
    assert wait(client, job)["url"]


@pytest.mark.parity(
    "emulated",
    "Policy states and reports",
    "An export without `select` has the columns of an observed response.",
    source="https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-available-reports",
)
def test_rows(client: Any) -> None:
    made = assigned(client)
    set_states(client, made, LT_BERLIN_012="succeeded", LT_BERLIN_013=ERROR, LT_BERLIN_014="conflict", LT_PARIS_003="notApplicable")
    rows = table(client, made)
    assert len(rows) == WINDOWS
    device = client.device("LT-BERLIN-012")
    assert next(row for row in rows if row["DeviceName"] == "LT-BERLIN-012") == {
        "PolicyId": made,
        "PolicyName": "PIN recovery",
        "IntuneDeviceId": device["id"],
        "DeviceName": "LT-BERLIN-012",
        "UPN": device["userPrincipalName"],
        "PolicyStatus": "2",
        "ReportStatus": "Succeeded",
        "ReportStatus_loc": "Succeeded",
        "UnifiedPolicyType": "windows10CustomConfiguration",
    }
    shown = {row["DeviceName"]: (row["PolicyStatus"], row["ReportStatus"]) for row in rows}
    assert [shown[f"LT-{name}"] for name in ("BERLIN-013", "BERLIN-014", "PARIS-003", "OSLO-001")] == [
        ("5", "Error"),
        ("6", "Conflict"),
        ("1", "NotApplicable"),
        ("0", "Pending"),
    ]


@pytest.mark.parity(
    "assumed",
    "Policy states and reports",
    "This report accepts `select` with the columns that Microsoft documents; a refusal was reported.",
    source="https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-available-reports",
    settings=("export_select",),
)
@pytest.mark.parity(
    "assumed",
    "Policy states and reports",
    "The date format of PspdpuLastModifiedTimeUtc is assumed.",
    source="https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-available-reports",
)
def test_select(client: Any) -> None:
    made = assigned(client)
    client.advance(60)
    set_states(client, made, LT_BERLIN_012="succeeded")
    rows = table(client, made, select=["PspdpuLastModifiedTimeUtc", "Model", "IntuneDeviceId"])
    device = client.device("LT-BERLIN-012")
    (row,) = (row for row in rows if row["IntuneDeviceId"] == device["id"])
    assert list(row) == ["PspdpuLastModifiedTimeUtc", "Model", "IntuneDeviceId"]
    assert row["Model"] == device["model"]
    assert row["PspdpuLastModifiedTimeUtc"] > rows[0]["PspdpuLastModifiedTimeUtc"]
    assert len(table(client, made, select=[])[0]) == 9
    for column in ("UserId", "Nonsense", "ReportStatus_loc"):
        assert "x-emulator-refused" not in refusal(client, body(made, select=["DeviceName", column])).headers
    assert "x-emulator-refused" in refusal(client, body(made, select=["TemplateVersion"])).headers
    client.settings(export_select="refuse")
    assert len(table(client, made)) == WINDOWS
    for select in (["DeviceName"], []):
        refusal(client, body(made, select=select))


@pytest.mark.parametrize(
    "name", ["localizedValuesAsAdditionalColumn", "LocalizedValuesAsAdditionalColumn", "LOCALIZEDVALUESASADDITIONALCOLUMN"]
)
def test_enumerations_are_matched_without_regard_to_case(client: Any, name: str) -> None:
    job = export(client, assigned(client), localizationType=name, format="CSV")
    assert (job["localizationType"], job["format"]) == ("localizedValuesAsAdditionalColumn", "csv")
    assert wait(client, job)["url"]


@pytest.mark.parity(
    "emulated",
    "Policy states and reports",
    "Localized words are in a column of their own, or replace the members.",
    source="https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-apis",
)
@pytest.mark.parity(
    "assumed",
    "Policy states and reports",
    "ReportStatus has the member of the enumeration (observed) beside its words, or a number; the German words are the project's own.",
    source="https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-available-reports",
    settings=("report_status", "report_language"),
)
def test_words_are_in_a_column_of_their_own_or_replace_the_member(client: Any) -> None:
    made = assigned(client)
    set_states(
        client, made, LT_BERLIN_012="notApplicable", LT_BERLIN_013="nonCompliant", LT_BERLIN_014="remediated", LT_BERLIN_015="notAssigned"
    )
    names = [f"LT-BERLIN-0{number}" for number in range(12, 16)]

    def shown(**more: Any) -> list[tuple[str, ...]]:
        rows = {row["DeviceName"]: row for row in table(client, made, select=["DeviceName", "PolicyStatus", "ReportStatus"], **more)}
        return [tuple(rows[name].values())[1:] for name in names]

    client.settings(report_language="de")
    numbers, members = ("1", "4", "3", "7"), ("NotApplicable", "Noncompliant", "Remediated", "NotAssigned")
    words = ("Nicht zutreffend", "Nicht konform", "Behoben", "Nicht zugewiesen")
    assert shown() == list(zip(numbers, members, words, strict=True))
    assert shown(localizationType="replaceLocalizableValues") == list(zip(numbers, words, strict=True))
    client.settings(report_status="number")
    assert shown() == list(zip(numbers, numbers, words, strict=True))


@pytest.mark.parity(
    "assumed",
    "Policy states and reports",
    "A report has one row for each device, with its user; for some policies the admin center shows a row of the system account as well.",
    source="https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-available-reports",
    settings=("report_rows", "report_system_upn", "report_language"),
)
def test_a_device_may_have_a_row_of_the_system_account_and_one_of_its_user(client: Any) -> None:
    made = assigned(client)
    nobody = client.device("LT-BERLIN-013")
    client.control("PATCH", f"devices/{nobody['id']}", {"userId": "", "userPrincipalName": ""})
    set_states(client, made, LT_BERLIN_012={"state": "pending", "user": ERROR}, LT_BERLIN_013="succeeded")
    user = client.device("LT-BERLIN-012")["userPrincipalName"]

    def shown(name: str) -> list[tuple[str, str]]:
        return [(row["UPN"], row["PolicyStatus"]) for row in table(client, made) if row["DeviceName"] == name]

    assert shown("LT-BERLIN-012") == [(user, "0")]
    client.settings(report_rows="system_and_user")
    assert shown("LT-BERLIN-012") == [("System account", "0"), (user, "5")]
    assert shown("LT-BERLIN-013") == [("System account", "2")]
    client.settings(report_language="de")
    assert shown("LT-BERLIN-013") == [("Systemkonto", "2")]
    client.settings(report_system_upn="blank")
    assert shown("LT-BERLIN-013") == [("", "2")]
    assert ask(client, made).json()["Values"][0][0] == -5
    found = client.device("LT-BERLIN-012")
    system = f"(PolicyId eq '{made}') and (DeviceId eq '{found['id']}') and (UserId eq '{NOBODY}')"
    assert ask(client, made, filter=system).json()["Values"][0][0] == 0


@pytest.mark.parity(
    "assumed",
    "Policy states and reports",
    "All settings of a policy have the state of the policy, and PerSettingDeviceSummaryByConfigurationPolicy counts each device once.",
    source="https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-available-reports",
)
def test_counts_of_each_setting(client: Any) -> None:
    made = two_settings(client)
    set_states(
        client, made, LT_BERLIN_012={"state": "succeeded", "user": "conflict"}, LT_BERLIN_013="remediated", LT_BERLIN_014="nonCompliant"
    )
    rows = table(client, made, reportName=COUNTS)
    counts = [
        (row["SettingName"], row["NumberOfCompliantDevices"], row["NumberOfErrorDevices"], row["NumberOfConflictDevices"]) for row in rows
    ]
    assert counts == [("B", "2", "1", "0"), ("A", "2", "1", "0")]
    assert {row["PolicyId"] for row in rows} == {made} and len({row["SettingId"] for row in rows}) == 2
    client.settings(report_rows="system_and_user")
    (first, _second) = table(client, made, reportName=COUNTS, select=["NumberOfConflictDevices", "SettingName", "NumberOfCompliantDevices"])
    assert first == {"NumberOfConflictDevices": "1", "SettingName": "B", "NumberOfCompliantDevices": "1"}
    for column in ("SettingId", "PolicyId", "DeviceName"):
        refusal(client, body(made, reportName=COUNTS, select=[column]))
    assert len(table(client, with_catalog(client), reportName=COUNTS)) == 3


@pytest.mark.parity(
    "emulated",
    "Throttling",
    "Exports have their documented quota: 48 requests a minute for an application, 100 for a tenant.",
    source="https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-apis",
)
def test_exports_have_a_quota_of_their_own(client: Any) -> None:
    made = assigned(client)
    statuses = [client.get(JOBS).status_code for _read in range(47)]
    assert set(statuses) == {200} and client.call("POST", JOBS, body(made)).status_code == 201
    refused = client.get(JOBS)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert client.journal()[-1]["workload"] == "exports"
    assert client.call("POST", DEVICES, {"filter": f"(PolicyId eq '{made}')"}).status_code == 200
    client.advance(60)
    assert client.get(JOBS).status_code == 200
    client.control("POST", "usage", {"workload": "exports", "requests": 99})
    assert client.get(JOBS).status_code == 429, "a tenant has 100 requests"


@pytest.mark.parity(
    "assumed",
    "Policy states and reports",
    "CSV is as in RFC 4180, behind a byte order mark (observed).",
    source=(
        "https://www.rfc-editor.org/rfc/rfc4180",
        "https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-apis",
    ),
    settings=("export_bom",),
)
def test_csv_is_as_rfc_4180_says_behind_a_mark(client: Any) -> None:
    made = client.control("POST", "devices", {"deviceName": 'Desk, "left"', "userPrincipalName": ""})["id"]
    policy_id = create(client)["id"]
    client.control("POST", "policy_states", {"policy_id": policy_id, "states": {made: "succeeded"}})
    select = ["DeviceName", "UPN"]
    text = content(client, export(client, policy_id, select=select))
    assert text == '\ufeffDeviceName,UPN\r\n"Desk, ""left""",\r\n'.encode()
    client.settings(export_bom=False)
    assert content(client, export(client, policy_id, select=select)).startswith(b"DeviceName")


@pytest.mark.parity(
    "assumed",
    "Policy states and reports",
    "As JSON, the rows are in `values`, as public tools read it.",
    source="https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-apis",
)
def test_json(client: Any) -> None:
    made = assigned(client)
    rows = json.loads(content(client, export(client, made, format="json", select=["DeviceName"])))["values"]
    assert len(rows) == WINDOWS and set(rows[0]) == {"DeviceName"}


@pytest.mark.parity(
    "assumed",
    "Policy states and reports",
    "The rows of an export are those at the time of its completion.",
    source="https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-apis",
)
def test_states_are_those_of_the_moment_of_completion(client: Any) -> None:
    made = assigned(client)
    job = export(client, made)
    set_states(client, made, LT_BERLIN_012="succeeded")
    url = wait(client, job)["url"]
    set_states(client, made, LT_BERLIN_012="error")
    assert url == client.json(f"{JOBS}/{job['id']}")["url"]
    text = content(client, job).decode()
    assert "Succeeded" in text and "Error" not in text


def test_a_policy_that_is_not_there_has_no_rows(client: Any) -> None:
    assert table(client, NOBODY) == []
    assert content(client, export(client, NOBODY)).decode().startswith("\ufeffPolicyId,")


@pytest.mark.parity(
    "assumed",
    "Policy states and reports",
    "UnifiedPolicyType is the name of the type; its values are invented for this report.",
    source="https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-available-reports",
)
def test_policies_of_the_settings_catalog(client: Any) -> None:
    rows = table(client, with_catalog(client))
    assert {(row["PolicyName"], row["UnifiedPolicyType"]) for row in rows} == {("Catalog", "DeviceManagementConfigurationPolicy")}
    assert len(rows) == WINDOWS


@pytest.mark.parametrize(
    ("change", "emulator"),
    [
        ({"reportName": "Devices"}, True),
        ({"reportName": "Geräte…\n"}, True),
        ({"filter": "PolicyId eq '{id}'"}, True),
        ({"filter": "(PolicyId eq '{id}') and (PolicyStatus eq '2')"}, True),
        ({"filter": "(PolicyId eq 'none')"}, True),
        ({"filter": None}, True),
        ({"format": "pdf"}, True),
        ({"snapshotId": "x"}, True),
        ({"status": "completed"}, True),
        ({"format": "xml"}, False),
        ({"localizationType": "none"}, False),
        ({"select": "DeviceName"}, False),
        ({"nonsense": 1}, True),
    ],
)
def test_create_refusals(client: Any, change: dict[str, Any], emulator: bool) -> None:
    made = assigned(client)
    sent = {name: value.replace("{id}", made) if isinstance(value, str) else value for name, value in change.items()}
    response = refusal(client, body(made, **sent))
    assert ("x-emulator-refused" in response.headers) is emulator
    assert client.json(JOBS)["value"] == []


def test_who_may_export(client: Any) -> None:
    sent = body(assigned(client))

    def status(method: str, role: str) -> int:
        return client.call(method, JOBS, sent if method == "POST" else None, roles=[f"DeviceManagement{role}"]).status_code

    for role in ("Configuration.ReadWrite.All", "ManagedDevices.ReadWrite.All"):
        assert (status("POST", role), status("GET", role)) == (201, 200)
    for role in ("Configuration.Read.All", "ManagedDevices.Read.All"):
        assert (status("POST", role), status("GET", role)) == (403, 200)


@pytest.mark.parity(
    "emulated",
    "Policy states and reports",
    "The address of an export works for six hours, without `Authorization`, and with its signature only.",
    source="https://learn.microsoft.com/graph/api/resources/intune-reporting-devicemanagementexportjob",
)
def test_the_address_is_for_who_shows_no_token(client: Any) -> None:
    url = wait(client, export(client, assigned(client)))["url"]
    for wrong in (
        download(client, url, Authorization=f"Bearer {client.token}"),
        download(client, url.partition("?")[0]),
        download(client, url[:-1]),
        download(client, unquote(url).replace("+", " ")),
        download(client, url.replace(NAME, f"Other{NAME}")),
    ):
        assert wrong.status_code == 403 and "<Code>AuthenticationFailed</Code>" in wrong.text
    assert client.http.post(url.removeprefix(ORIGIN)).status_code == 405
    client.advance(6 * HOUR - 1)
    assert download(client, url).status_code == 200
    client.advance(1)
    assert download(client, url).status_code == 403


def test_the_signature_is_a_secret(client: Any, tmp_path: Any) -> None:
    client.tenant.recorder = Recorder(tmp_path / "exchanges.jsonl")
    url = wait(client, export(client, assigned(client)))["url"]
    download(client, url)
    client.tenant.recorder.close()
    (signature,) = parse_qs(urlsplit(url).query)["sig"]
    quoted = url.rpartition("sig=")[2]
    assert {signature, quoted} <= set(client.control("GET", "secrets"))
    recorded = (tmp_path / "exchanges.jsonl").read_text(encoding="utf-8")
    assert "/exports/" in recorded and "sig=REDACTED" in recorded
    journal = client.journal()
    assert (journal[-1]["kind"], journal[-1]["status"]) == ("download", 200)
    assert not any(secret in text for secret in (signature, quoted) for text in (recorded, json.dumps(journal)))


def test_faults_of_downloads_are_those_of_storage(client: Any) -> None:
    url = wait(client, export(client, assigned(client)))["url"]
    fault = {"match": {"path": "/exports/.*"}, "fault": {"kind": "status", "status": 503, "retry_after": 2}}
    client.control("POST", "faults", fault)
    response = download(client, url)
    assert (response.status_code, response.headers["retry-after"]) == (503, "2") and "<Code>ServerBusy</Code>" in response.text
    assert download(client, url).status_code == 200


@pytest.mark.parity(
    "real",
    "Policy states and reports",
    "An export is a ZIP archive over HTTPS, which requests and zipfile read.",
    source="https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-apis",
)
def test_over_https(emulator: Any, session: Any) -> None:
    origin = emulator.env["INTUNE_GRAPH_URL"]
    header = {"Authorization": f"Bearer {emulator.control.token()}"}
    sent = session.post(f"{origin}{JOBS}", json=body(NOBODY), headers=header)
    emulator.control.settings(export_reads=0)
    url = session.get(f"{origin}{JOBS}/{sent.json()['id']}", headers=header).json()["url"]
    assert url.startswith(f"{origin}/exports/")
    answer = session.get(url)
    assert answer.status_code == 200 and zipfile.is_zipfile(io.BytesIO(answer.content))
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert session.get(url, headers=header).status_code == 403
    assert emulator.control.journal()[-2]["query"].endswith("sig=REDACTED")


def ask(client: Any, policy_id: str, device: str = "LT-BERLIN-012", path: str = SETTINGS, **more: Any) -> Any:
    found = client.device(device)
    text = f"(PolicyId eq '{policy_id}') and (DeviceId eq '{found['id']}') and (UserId eq '{found['userId'] or NOBODY}')"
    sent = {"select": [], "filter": text, "skip": 0, "top": 50, "orderBy": [], **more}
    return client.call("POST", path, sent)


def two_settings(client: Any) -> str:
    made = create(client, setting(displayName="B"), setting(displayName="A", omaUri="./Device/Other"))["id"]
    set_states(client, made, LT_BERLIN_012=ERROR)
    return made


@pytest.mark.parity(
    "assumed",
    "Policy states and reports",
    "`getConfigurationSettingNonComplianceReport` returns every setting of a policy on a device, with columns sorted by "
    "name; their types, SettingId, and SettingInstanceId are invented.",
    source="https://learn.microsoft.com/graph/api/intune-reporting-devicemanagementreports-getconfigurationsettingnoncompliancereport",
    calls=("POST /deviceManagement/reports/getConfigurationSettingNonComplianceReport",),
)
def test_settings_of_a_policy_on_a_device(client: Any) -> None:
    made = two_settings(client)
    response = ask(client, made)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/octet-stream")
    assert json.loads(response.content) == {
        "TotalRowCount": 2,
        "Schema": [
            {"Column": "ErrorCode", "PropertyType": "Int64"},
            {"Column": "SettingInstanceId", "PropertyType": "String"},
            {"Column": "SettingInstancePath", "PropertyType": "String"},
            {"Column": "SettingName", "PropertyType": "String"},
            {"Column": "SettingStatus", "PropertyType": "Int32"},
        ],
        "Values": [[-5, "0", setting()["omaUri"], "B", 5], [-5, "1", "./Device/Other", "A", 5]],
    }
    assert ask(client, made, path=SETTINGS.replace("beta", "v1.0")).json() == response.json()


def test_columns_pages_and_order_of_settings(client: Any) -> None:
    made = two_settings(client)
    names = ["SettingName", "ErrorCode"]
    assert ask(client, made, select=names, orderBy=["SettingName"]).json()["Values"] == [[-5, "A"], [-5, "B"]]
    assert ask(client, made, select=names, orderBy=["SettingName desc"], top=1).json()["Values"] == [[-5, "B"]]
    second = ask(client, made, select=names, orderBy=["SettingName asc", "SettingInstanceId"], skip=1).json()
    assert (second["TotalRowCount"], second["Values"]) == (2, [[-5, "B"]])
    for wrong in (
        {"select": ["Nonsense"]},
        {"select": ["SettingName desc"]},
        {"select": "SettingName"},
        {"orderBy": ["Nonsense"]},
        {"orderBy": ["SettingName down"]},
        {"top": -1},
        {"top": 0},
        {"skip": "1"},
        {"filter": f"(PolicyId eq '{made}')"},
        {"search": "x"},
        {"nonsense": 1},
    ):
        assert ask(client, made, **wrong).status_code == 400, wrong
    assert ask(client, made, search="", groupBy=[]).status_code == 200
    assert ask(client, made, path=f"{SETTINGS}?$top=1").status_code == 400


def test_no_rows_where_nothing_fits(client: Any) -> None:
    made = two_settings(client)
    assert ask(client, NOBODY).json()["Values"] == []
    assert ask(client, made, "LT-BERLIN-013").json()["Values"] == []
    found = client.device("LT-BERLIN-012")
    other = f"(PolicyId eq '{made}') and (DeviceId eq '{found['id']}') and (UserId eq '{NOBODY}')"
    assert ask(client, made, filter=other).json() == {**ask(client, NOBODY).json(), "TotalRowCount": 0}
    client.control("PATCH", f"devices/{found['id']}", {"userId": ""})
    assert ask(client, made, filter=other).json()["TotalRowCount"] == 2


@pytest.mark.parity(
    "assumed",
    "Policy states and reports",
    "`getConfigurationSettingNonComplianceReport` covers policies of the settings catalog; public tools use another report for these.",
    source="https://learn.microsoft.com/graph/api/intune-reporting-devicemanagementreports-getconfigurationsettingnoncompliancereport",
    settings=("setting_report",),
)
def test_settings_of_catalog_policies_by_setting(client: Any) -> None:
    policy_id = with_catalog(client)
    set_states(client, policy_id, LT_BERLIN_012="conflict")
    rows = ask(client, policy_id, select=["SettingName", "ErrorCode", "SettingStatus"]).json()["Values"]
    assert rows == [[-2016281106, name, 6] for name in ("group_first", "group_second", "alone")]
    client.settings(setting_report="profiles")
    assert ask(client, policy_id).json()["TotalRowCount"] == 0


@pytest.mark.parity(
    "emulated",
    "Policy states and reports",
    "`getConfigurationSettingsReport` returns the settings of policies of the settings catalog.",
    source="https://learn.microsoft.com/graph/api/resources/intune-reporting-devicemanagementreports",
    calls=("POST /deviceManagement/reports/getConfigurationSettingsReport",),
)
def test_settings_of_catalog_policies_have_a_report_of_their_own(client: Any) -> None:
    made, policy_id = two_settings(client), with_catalog(client)
    set_states(client, policy_id, LT_BERLIN_012="conflict")
    client.settings(setting_report="profiles")
    found = ask(client, policy_id, path=CATALOG_SETTINGS).json()
    assert [column["Column"] for column in found["Schema"]] == [
        "ErrorCode",
        "SettingId",
        "SettingInstanceId",
        "SettingName",
        "SettingStatus",
    ]
    assert [(row[0], row[3], row[4]) for row in found["Values"]] == [
        (-2016281106, name, 6) for name in ("group_first", "group_second", "alone")
    ]
    assert ask(client, made, path=CATALOG_SETTINGS).json()["TotalRowCount"] == 0
    assert ask(client, NOBODY, path=CATALOG_SETTINGS).json()["TotalRowCount"] == 0
    assert ask(client, policy_id, path=CATALOG_SETTINGS.replace("beta", "v1.0")).status_code == 400


def devices(client: Any, policy_id: str, base: str = "", **more: Any) -> Any:
    text = f"{base}{' and ' if base else ''}(PolicyId eq '{policy_id}')"
    response = client.call("POST", DEVICES, {"select": [], "filter": text, "skip": 0, "top": 50, "orderBy": [], **more})
    assert (response.status_code, response.headers["content-type"]) == (200, "application/octet-stream"), response.text
    return response.json()


@pytest.mark.parity(
    "emulated",
    "Policy states and reports",
    "`getConfigurationPolicyDevicesReport` returns the devices of a policy, with columns sorted by name, whatever `select` "
    "says (public tools rely on it).",
    source="https://learn.microsoft.com/graph/api/resources/intune-reporting-devicemanagementreports",
    calls=("POST /deviceManagement/reports/getConfigurationPolicyDevicesReport",),
)
def test_devices_of_a_policy_at_once(client: Any) -> None:
    made = assigned(client)
    set_states(client, made, LT_BERLIN_012=ERROR)
    found = devices(client, made)
    names = [column["Column"] for column in found["Schema"]]
    assert names == sorted(names, key=str.lower) and found["TotalRowCount"] == len(found["Values"]) == WINDOWS
    rows = [dict(zip(names, values, strict=True)) for values in found["Values"]]
    device = client.device("LT-BERLIN-012")
    (row,) = (row for row in rows if row["DeviceName"] == "LT-BERLIN-012")
    assert row.pop("PspdpuLastModifiedTimeUtc")
    assert row == {
        "DeviceName": "LT-BERLIN-012",
        "IntuneDeviceId": device["id"],
        "Manufacturer": device["manufacturer"],
        "Model": device["model"],
        "PolicyBaseTypeName": "Microsoft.Management.Services.Api.DeviceConfiguration",
        "PolicyId": made,
        "PolicyStatus": 5,
        "ReportStatus": "Error",
        "ReportStatus_loc": "Error",
        "UPN": device["userPrincipalName"],
        "UserId": device["userId"],
    }
    chosen = devices(client, made, select=["ReportStatus", "IntuneDeviceId"])
    assert [column["Column"] for column in chosen["Schema"]] == ["IntuneDeviceId", "ReportStatus", "ReportStatus_loc"]


@pytest.mark.parity(
    "emulated",
    "Policy states and reports",
    "`getConfigurationPolicyDevicesReport` returns 50 rows at most, whatever `top` says (reported).",
    source="https://learn.microsoft.com/graph/api/resources/intune-reporting-devicemanagementreports",
)
def test_pages_of_devices_have_fifty_rows_at_most(client: Any) -> None:
    made = assigned(client)
    client.settings(report_rows="system_and_user")
    total = devices(client, made)["TotalRowCount"]
    first, second = devices(client, made, top=500), devices(client, made, skip=50)
    assert total > 50 and (len(first["Values"]), len(second["Values"])) == (50, total - 50)
    assert devices(client, made, skip=total)["Values"] == []
    ordered = devices(client, made, select=["DeviceName"], orderBy=["DeviceName desc"], top=2)["Values"]
    assert ordered == sorted(ordered, reverse=True)


PROFILE, CATALOG = "Microsoft.Management.Services.Api.DeviceConfiguration", "DeviceManagementConfigurationPolicy"
INTENT = "Microsoft.Management.Services.Api.DeviceManagementIntent"


def test_devices_by_the_type_of_the_policy(client: Any) -> None:
    profile, catalog = assigned(client), with_catalog(client)
    target = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
    planted = {"surface": "intent", "name": "Old", "values": {"pinRecoveryEnabled": True}, "assignments": [target]}
    intent = client.control("POST", "policies", planted)["id"]
    for made, own in ((profile, PROFILE), (catalog, CATALOG), (intent, INTENT)):
        for base in (PROFILE, CATALOG, INTENT):
            assert (devices(client, made, f"(PolicyBaseTypeName eq '{base}')")["TotalRowCount"] > 0) is (base == own)
        both = f"((PolicyBaseTypeName eq '{PROFILE}') or (PolicyBaseTypeName eq '{own}'))"
        assert devices(client, made, both)["TotalRowCount"] == WINDOWS
    assert devices(client, NOBODY)["TotalRowCount"] == 0


@pytest.mark.parametrize(
    ("change", "emulator"),
    [
        ({"filter": "PolicyId eq 'x'"}, True),
        ({"filter": "(PolicyId eq '{id}') and (PolicyStatus eq '5')"}, True),
        ({"filter": "(PolicyBaseTypeName eq 'a') or (PolicyId eq '{id}')"}, True),
        ({"filter": None}, True),
        ({"select": ["UnifiedPolicyPlatformType"]}, True),
        ({"top": 0}, True),
        ({"search": "x"}, True),
        ({"select": ["ReportStatus_loc"]}, False),
        ({"select": ["Nonsense"]}, False),
        ({"nonsense": 1}, True),
    ],
)
def test_refusals_of_the_report_on_devices(client: Any, change: dict[str, Any], emulator: bool) -> None:
    made = assigned(client)
    sent = {name: value.replace("{id}", made) if isinstance(value, str) else value for name, value in change.items()}
    response = refusal(client, {"filter": f"(PolicyId eq '{made}')", **sent}, DEVICES)
    assert ("x-emulator-refused" in response.headers) is emulator


def test_who_may_read_the_report_on_devices(client: Any) -> None:
    sent = {"filter": f"(PolicyId eq '{assigned(client)}')"}
    client.control("DELETE", "journal")
    roles = ["DeviceManagementConfiguration.Read.All", "DeviceManagementServiceConfig.Read.All"]
    assert [client.call("POST", DEVICES, sent, roles=[role]).status_code for role in roles] == [200, 403]
    assert [entry["write"] for entry in client.journal()] == [False, False]
    assert client.call("POST", DEVICES.replace("beta", "v1.0"), sent).status_code == 400


@pytest.mark.parity(
    "assumed",
    "Throttling",
    "The quotas of reports that are answered at once, of approval requests, and of approval policies are not documented: "
    "that of configuration is assumed.",
    source="https://learn.microsoft.com/graph/throttling-limits",
    settings=("quota_scale",),
)
def test_reading_by_post_is_no_write_but_counts_as_one_for_the_quota(client: Any) -> None:
    made = two_settings(client)
    assert client.call("POST", SETTINGS, {}, roles=["DeviceManagementManagedDevices.Read.All"]).status_code == 403
    client.control("DELETE", "journal")
    client.settings(quota_scale=0.01)
    assert [ask(client, made).status_code for _call in range(3)].count(429) >= 1
    entries = client.journal()
    assert [entry["write"] for entry in entries] == [False] * 3 and entries[0]["workload"] == "configuration"
    client.settings(quota=False)
    export(client, made)
    assert client.journal()[-1]["write"] is True


@pytest.mark.parity(
    "emulated", "Batches", "The body of a report in a `$batch` is base64.", source="https://learn.microsoft.com/graph/json-batching"
)
def test_in_a_batch_a_stream_is_base64(client: Any) -> None:
    made = two_settings(client)
    found = client.device("LT-BERLIN-012")
    text = f"(PolicyId eq '{made}') and (DeviceId eq '{found['id']}') and (UserId eq '{found['userId']}')"
    headers = {"Content-Type": "application/json"}
    item = {"id": "1", "method": "POST", "url": SETTINGS.removeprefix("/beta"), "headers": headers, "body": {"filter": text}}
    response = client.call("POST", "/beta/$batch", {"requests": [item]}).json()["responses"][0]
    assert response["headers"]["Content-Type"] == "application/octet-stream"
    assert json.loads(base64.b64decode(response["body"])) == ask(client, made).json()


@pytest.mark.parity(
    "assumed",
    "Policy states and reports",
    "`getConfigurationSettingNonComplianceReport` lists settings that did not fail as well.",
    source="https://learn.microsoft.com/graph/api/intune-reporting-devicemanagementreports-getconfigurationsettingnoncompliancereport",
    settings=("setting_report_rows",),
)
def test_a_report_may_list_failed_settings_alone(client: Any) -> None:
    made = two_settings(client)
    set_states(client, made, LT_BERLIN_013="succeeded", LT_BERLIN_014="nonCompliant", LT_BERLIN_015="conflict")

    def count(device: str, path: str = SETTINGS) -> int:
        return int(ask(client, made, device, path).json()["TotalRowCount"])

    every = ["LT-BERLIN-012", "LT-BERLIN-013", "LT-BERLIN-014", "LT-BERLIN-015", "LT-PARIS-003"]
    set_states(client, made, LT_PARIS_003="pending")
    assert [count(device) for device in every] == [2] * 5
    client.settings(setting_report_rows="failed")
    assert [count(device) for device in every] == [2, 0, 2, 2, 0]


@pytest.mark.parity(
    "assumed",
    "Policy states and reports",
    "`getConfigurationSettingsReport` does not cover profiles and intents.",
    source="https://learn.microsoft.com/graph/api/resources/intune-reporting-devicemanagementreports",
    settings=("catalog_report",),
)
def test_the_report_of_the_settings_catalog_may_cover_profiles(client: Any) -> None:
    made = two_settings(client)
    assert ask(client, made, path=CATALOG_SETTINGS).json()["TotalRowCount"] == 0
    client.settings(catalog_report="all")
    assert ask(client, made, path=CATALOG_SETTINGS).json()["TotalRowCount"] == 2
    assert ask(client, with_catalog(client), path=CATALOG_SETTINGS).json()["TotalRowCount"] == 3
