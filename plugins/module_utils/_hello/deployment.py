# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""How far a policy has come on devices. Pure: parse_report, count. Calls: overview, report.

The overview is quick, of custom profiles only, and knows numbers. The report is exported by Intune, takes a while, and knows devices.
Sources: Graph deviceConfigurationDeviceOverview and deviceManagementExportJob; Intune, reports by Graph.
"""

from __future__ import annotations

import csv
import io
import typing as t
import zipfile
import zlib

from .. import _errors as errors
from .._graph.client import GraphClient
from .._graph.odata import render_literal, render_path
from .._types import Json
from . import custom_profile

JOBS = "/deviceManagement/reports/exportJobs"
SETTINGS_REPORT = "/deviceManagement/reports/getConfigurationSettingNonComplianceReport"
REPORT = "DeviceStatusesByConfigurationProfile"
COLUMNS = ("IntuneDeviceId", "DeviceName", "UPN", "UserId", "ReportStatus", "PolicyStatus")
LARGEST = 128 * 1024 * 1024  # bytes of a report, unpacked
MOST_EXPLAINED = 20  # devices whose error code is asked for, each by a request
COUNTS = ("total", "succeeded", "error", "conflict", "pending", "not_applicable", "other")
STATUS = {
    "succeeded": "succeeded",
    "success": "succeeded",
    "error": "error",
    "failed": "error",
    "conflict": "conflict",
    "pending": "pending",
    "notapplicable": "not_applicable",
}
BAD = ("error", "conflict")
# SettingStatus of a setting that did not fail: notApplicable and compliant, by their place in complianceStatus.
FINE = ("1", "2")

PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile and csv raise for content that is cut off, damaged or encrypted.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, csv.Error)

# Intune's status codes of a setting, in words.
WORDS = {
    -2016281106: "another policy won the conflict",
    -2016281107: "the way to find the setting is not supported",
    -2016281108: "a setting that this one refers to was not found",
    -2016281109: "the value is of another type than the device expects",
    -2016281111: "not applicable for this device",
    -2016281112: "the device could not set it (remediation failed)",
    -2016345612: "the device met an error of its own (SyncML 500)",
    -2016345707: "the device does not allow the command on this path (SyncML 405)",
    -2016345708: "the device does not know this path (SyncML 404)",
    -2016345709: "the device refused the command (SyncML 403)",
    -2016345712: "the device finds the path or value malformed (SyncML 400)",
    65001: "not applicable",
}


# --- pure -----------------------------------------------------------------------------------------------------------


def read_code(value: t.Any) -> int | None:
    """A code as a signed number of 32 bits, whether it came as one, as an unsigned one or as text; null for none, and for what is none."""
    try:
        code = value if isinstance(value, int) else int(str(value).strip(), 0)
    except ValueError:
        return None
    if isinstance(value, bool) or not code:
        return None
    return code - 2**32 if 2**31 <= code < 2**32 else code


def in_words(code: int | None) -> str | None:
    number = read_code(code)
    return None if number is None else WORDS.get(number, f"error code {number} ({number & 0xFFFFFFFF:#010x})")


def parse_overview(found: Json) -> Json:
    """The ``rollout`` of a policy, as far as an overview knows it: conflicts are among its errors."""
    counts = {
        "succeeded": found.get("successCount") or 0,
        "error": (found.get("errorCount") or 0) + (found.get("failedCount") or 0),
        "conflict": None,
        "pending": found.get("pendingCount") or 0,
        "not_applicable": found.get("notApplicableCount") or 0,
        "other": 0,
    }
    total = sum(value or 0 for value in counts.values())
    return {"source": "overview", "updated": found.get("lastUpdateDateTime"), "total": total, **counts, "devices": None}


def parse_report(content: bytes) -> list[dict[str, str]]:
    """The rows of an exported report: a zip with one CSV file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".csv")]
            if len(files) != 1 or files[0].file_size > LARGEST or files[0].compress_type not in PACKED:
                raise errors.UnexpectedResponseError("The report is not a zip with one CSV file of a size and kind that can be read.")
            with archive.open(files[0]) as file:
                return list(csv.DictReader(io.TextIOWrapper(file, encoding="utf-8-sig", newline="")))
    except UNREADABLE as failure:
        raise errors.UnexpectedResponseError(f"The report could not be read: {failure}.", hint="Run again.") from None


def status_of(row: t.Mapping[str, str]) -> str:
    text = (row.get("ReportStatus") or "").replace(" ", "").replace("_", "").lower()
    return STATUS.get(text, "other")


def count(rows: t.Sequence[t.Mapping[str, str]]) -> Json:
    """The ``rollout`` of a policy by its report."""
    counts = dict.fromkeys(COUNTS, 0)
    counts["total"] = len(rows)
    for row in rows:
        counts[status_of(row)] += 1
    return {"source": "report", "updated": None, **counts, "devices": [_device(row) for row in rows if status_of(row) in BAD]}


def _device(row: t.Mapping[str, str]) -> Json:
    return {
        "device_id": row.get("IntuneDeviceId") or None,
        "device_name": row.get("DeviceName") or None,
        "user_principal_name": row.get("UPN") or None,
        "status": status_of(row),
        "error_code": None,
        "error": None,
    }


# --- calls ----------------------------------------------------------------------------------------------------------


def overview(client: GraphClient, policy_id: str) -> Json:
    return parse_overview(client.get(custom_profile.PATH + render_path(policy_id, "deviceStatusOverview")))


def report(client: GraphClient, policy_id: str, timeout: float, *, profile: bool) -> Json:
    """By an export job, which changes nothing but takes the permission to write configuration.

    ``profile``: a device configuration. Error codes are asked for these only: for other policies public tools use another report.
    """
    job = _export(client, policy_id)

    def now() -> Json:
        return t.cast(Json, client.get(JOBS + render_path(str(job["id"]))))

    def over(found: Json) -> bool:
        # Completed jobs were seen without their address for a while.
        return found.get("status") == "failed" or bool(found.get("status") == "completed" and found.get("url"))

    ended = client.wait_until(now, over, timeout=timeout, what=f"Intune to export {REPORT}")
    if ended.get("status") == "failed":
        raise errors.UnexpectedResponseError(f"Intune could not export {REPORT} for the policy {policy_id}.", hint="Run again later.")
    rows = parse_report(client.download(ended["url"]))
    result = count(rows)
    if profile:
        _explain(client, policy_id, [row for row in rows if status_of(row) in BAD], result["devices"])
    return result


def _export(client: GraphClient, policy_id: str) -> Json:
    body = {"reportName": REPORT, "filter": f"(PolicyId eq '{policy_id}')", "format": "csv", "localizationType": "replaceLocalizableValues"}
    try:
        return t.cast(Json, client.query(JOBS, {**body, "select": list(COLUMNS)}))
    except errors.GraphError as failure:
        if failure.status != 400:
            raise
        # Seen in the wild: no choice of columns is taken for this report, and those that are needed come by themselves.
        return t.cast(Json, client.query(JOBS, body))


def _explain(client: GraphClient, policy_id: str, rows: t.Sequence[t.Mapping[str, str]], devices: t.Sequence[Json]) -> None:
    """Adds the error code of the first devices. What the service does not tell stays null."""
    for row, device in list(zip(rows, devices, strict=True))[:MOST_EXPLAINED]:
        if not row.get("UserId") or not row.get("IntuneDeviceId"):
            continue
        ids = {"PolicyId": policy_id, "DeviceId": row["IntuneDeviceId"], "UserId": row["UserId"]}
        where = " and ".join(f"({name} eq {render_literal(value)})" for name, value in ids.items())
        body = {"select": ["SettingName", "SettingStatus", "ErrorCode"], "filter": where, "skip": 0, "top": 50, "orderBy": []}
        try:
            answer = client.query(SETTINGS_REPORT, body)
        except (errors.GraphError, errors.LostResponseError, errors.UnexpectedResponseError):
            # A detail of a report that is there all the same.
            return
        device["error_code"] = _first_code(answer)
        device["error"] = in_words(device["error_code"])


def _first_code(answer: t.Any) -> int | None:
    """The error code of the first setting that failed, in a report of columns and rows; null where there is none, or no such report."""
    table = answer if isinstance(answer, dict) else {}
    columns = [column.get("Column") for column in table.get("Schema") or [] if isinstance(column, dict)]
    for values in table.get("Values") or []:
        row = dict(zip(columns, values, strict=False)) if isinstance(values, list) else {}
        code = read_code(row.get("ErrorCode"))
        if code is not None and str(row.get("SettingStatus")) not in FINE:
            return code
    return None
