# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The check-in status of a policy: on how many devices it succeeded, and on which ones it failed.

The overview is quick, exists for custom profiles only, and has numbers. The report is exported by Intune, takes a while, and has devices.
Sources: Graph deviceConfigurationDeviceOverview and deviceManagementExportJob; Intune, reports by Graph.
"""

from __future__ import annotations

import collections
import csv
import io
import typing as t
import zipfile
import zlib

from .. import _errors as errors
from .. import _json as shapes
from .._graph.client import GraphClient
from .._graph.odata import render_literal, render_path
from .._types import Json
from . import custom_profile
from .model import FoundPolicy, FoundPolicyResult

JOBS = "/deviceManagement/reports/exportJobs"
SETTINGS_REPORT = "/deviceManagement/reports/getConfigurationSettingNonComplianceReport"
REPORT = "DeviceStatusesByConfigurationProfile"
COLUMNS = ("IntuneDeviceId", "DeviceName", "UPN", "UserId", "ReportStatus", "PolicyStatus")
LARGEST = 128 * 1024 * 1024  # bytes of a report, unpacked
MOST_EXPLAINED = 20  # devices whose error code is asked for, each by a request
Status = t.Literal["succeeded", "error", "conflict", "pending", "not_applicable", "other"]
Source = t.Literal["overview", "report"]
Rollout = t.Literal["none", "overview", "devices"]
STATUSES: t.Mapping[str, Status] = {
    "succeeded": "succeeded",
    "success": "succeeded",
    "error": "error",
    "failed": "error",
    "conflict": "conflict",
    "pending": "pending",
    "notapplicable": "not_applicable",
}
FAILED: tuple[Status, ...] = ("error", "conflict")
# SettingStatus of a setting that did not fail: notApplicable and compliant, by their numbers in complianceStatus.
NOT_FAILED = ("1", "2")

COUNT = shapes.lenient(shapes.integer)
OVERVIEW = shapes.object_of(
    {
        **dict.fromkeys(("successCount", "pendingCount", "notApplicableCount", "errorCount", "failedCount"), COUNT),
        "lastUpdateDateTime": shapes.lenient(shapes.text),
    }
)
JOB = shapes.object_of({"id": shapes.identity, "status": shapes.optional(shapes.text), "url": shapes.optional(shapes.text)})
LIST = shapes.lenient(shapes.list_of(shapes.anything))
CODES = shapes.object_of({"Schema": LIST, "Values": LIST})

COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# The errors of zipfile and csv for content that is cut off, damaged, or encrypted.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, csv.Error)

# Intune's status codes of a setting, in words.
CODE_WORDS = {
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


Row = t.Mapping[str, str]


class FailedDevice(t.TypedDict):
    """A device in error or conflict, as a return value."""

    device_id: str | None
    device_name: str | None
    user_principal_name: str | None
    status: Status
    error_code: int | None
    error: str | None


class CheckInStatus(t.TypedDict):
    """The return value ``rollout`` of a policy. An overview counts conflicts as errors, and knows no devices."""

    source: Source
    updated: str | None
    total: int
    succeeded: int
    error: int
    conflict: int | None
    pending: int
    not_applicable: int
    other: int
    devices: list[FailedDevice] | None


class FoundPolicyStatusResult(FoundPolicyResult):
    """An entry of the return value ``pin_policies``."""

    rollout: CheckInStatus | None


# --- reading --------------------------------------------------------------------------------------------------------


def parse_error_code(value: t.Any) -> int | None:
    """Return a code as a signed number of 32 bits, from a signed or unsigned number or its text; null for anything else, and for 0."""
    try:
        code = value if isinstance(value, int) else int(str(value).strip(), 0)
    except ValueError:
        return None
    if isinstance(value, bool) or not code or not -shapes.LARGEST_INTEGER <= code < shapes.LARGEST_INTEGER:
        return None
    return code - 2**32 if 2**31 <= code < 2**32 else code


def describe_error_code(code: t.Any) -> str | None:
    """Return an error code in words; null for no code."""
    number = parse_error_code(code)
    return None if number is None else CODE_WORDS.get(number, f"error code {number} ({number & 0xFFFFFFFF:#010x})")


def parse_overview(found: Json) -> CheckInStatus:
    """Return the check-in status of an overview."""
    succeeded, pending, other = found.get("successCount") or 0, found.get("pendingCount") or 0, found.get("notApplicableCount") or 0
    failed = (found.get("errorCount") or 0) + (found.get("failedCount") or 0)
    return {
        "source": "overview",
        "updated": found.get("lastUpdateDateTime"),
        "total": succeeded + failed + pending + other,
        "succeeded": succeeded,
        "error": failed,
        "conflict": None,
        "pending": pending,
        "not_applicable": other,
        "other": 0,
        "devices": None,
    }


def parse_report(content: bytes) -> list[dict[str, str]]:
    """Return the rows of an exported report, which is a zip with one CSV file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".csv")]
            if len(files) != 1 or files[0].file_size > LARGEST or files[0].compress_type not in COMPRESSIONS:
                raise errors.UnexpectedResponseError("The report is not a zip with one CSV file of a size and kind that can be read.")
            with archive.open(files[0]) as file:
                return list(csv.DictReader(io.TextIOWrapper(file, encoding="utf-8-sig", newline="")))
    except UNREADABLE as failure:
        raise errors.UnexpectedResponseError(f"The report could not be read: {failure}.", hint="Run again.") from None


def parse_status(row: Row) -> Status:
    """Return the status of a row."""
    text = (row.get("ReportStatus") or "").replace(" ", "").replace("_", "").lower()
    return STATUSES.get(text, "other")


def describe_report(rows: t.Sequence[Row]) -> CheckInStatus:
    """Return the check-in status of a report."""
    counts = collections.Counter(map(parse_status, rows))
    return {
        "source": "report",
        "updated": None,
        "total": len(rows),
        "succeeded": counts["succeeded"],
        "error": counts["error"],
        "conflict": counts["conflict"],
        "pending": counts["pending"],
        "not_applicable": counts["not_applicable"],
        "other": counts["other"],
        "devices": [_describe_device(row) for row in rows if parse_status(row) in FAILED],
    }


def _describe_device(row: Row) -> FailedDevice:
    return {
        "device_id": row.get("IntuneDeviceId") or None,
        "device_name": row.get("DeviceName") or None,
        "user_principal_name": row.get("UPN") or None,
        "status": parse_status(row),
        "error_code": None,
        "error": None,
    }


# --- calls ----------------------------------------------------------------------------------------------------------


def fetch_status(client: GraphClient, policy: FoundPolicy, rollout: Rollout, timeout: float) -> tuple[CheckInStatus | None, str | None]:
    """Return the check-in status of a policy, null where Intune has none; and a problem where it could not be read."""
    is_assigned = any(assignment.target != "exclude_group" for assignment in policy.assignments)
    if rollout == "none" or not is_assigned or policy.surface == "enrollment":
        return None, None
    is_profile = policy.surface in ("custom", "identity_protection")
    try:
        if rollout == "devices":
            return fetch_report(client, policy.id, timeout, is_profile=is_profile), None
        return (fetch_overview(client, policy.id) if is_profile else None), None
    except errors.IntuneError as failure:
        # This includes a firewall that blocks only the storage of reports. The other results do not depend on it.
        return None, f"Could not read the check-in status of '{policy.name}': {failure}"


def fetch_overview(client: GraphClient, policy_id: str) -> CheckInStatus:
    """Return the check-in status of a device configuration, by its overview."""
    return parse_overview(client.get(custom_profile.PATH + render_path(policy_id, "deviceStatusOverview"), shape=OVERVIEW))


def fetch_report(client: GraphClient, policy_id: str, timeout: float, *, is_profile: bool) -> CheckInStatus:
    """Return the check-in status by an export job, which changes nothing, but requires the permission to write configuration.

    ``is_profile``: a device configuration. Error codes are asked for these only: for other policies public tools use another report.
    """
    job = _export(client, policy_id)

    def read() -> Json:
        return client.get(JOBS + render_path(job["id"]), shape=JOB)

    def is_over(found: Json) -> bool:
        # Completed jobs were seen without their address for a while.
        return found.get("status") == "failed" or bool(found.get("status") == "completed" and found.get("url"))

    ended = client.wait_until(read, is_over, timeout=timeout, what=f"Intune to export {REPORT}")
    if ended.get("status") == "failed":
        raise errors.UnexpectedResponseError(f"Intune could not export {REPORT} for the policy {policy_id}.", hint="Run again later.")
    rows = parse_report(client.download(ended["url"]))
    result = describe_report(rows)
    if is_profile:
        failed = [row for row in rows if parse_status(row) in FAILED]
        _add_error_codes(client, policy_id, failed, result["devices"] or [])
    return result


def _export(client: GraphClient, policy_id: str) -> Json:
    body = {"reportName": REPORT, "filter": f"(PolicyId eq '{policy_id}')", "format": "csv", "localizationType": "replaceLocalizableValues"}
    try:
        return client.post_query(JOBS, {**body, "select": list(COLUMNS)}, shape=JOB)
    except errors.GraphError as failure:
        if failure.status != 400:
            raise
        # Some tenants accept no choice of columns for this report; its own columns include the needed ones.
        return client.post_query(JOBS, body, shape=JOB)


def _add_error_codes(client: GraphClient, policy_id: str, rows: t.Sequence[Row], devices: t.Sequence[FailedDevice]) -> None:
    """Add the error code of the first devices. A code that the service does not return stays null."""
    for row, device in list(zip(rows, devices, strict=True))[:MOST_EXPLAINED]:
        if not row.get("UserId") or not row.get("IntuneDeviceId"):
            continue
        ids = {"PolicyId": policy_id, "DeviceId": row["IntuneDeviceId"], "UserId": row["UserId"]}
        where = " and ".join(f"({name} eq {render_literal(value)})" for name, value in ids.items())
        body = {"select": ["SettingName", "SettingStatus", "ErrorCode"], "filter": where, "skip": 0, "top": 50, "orderBy": []}
        try:
            found = client.post_query(SETTINGS_REPORT, body, shape=CODES)
        except (errors.GraphError, errors.LostResponseError, errors.UnexpectedResponseError):
            # The codes are details of a report that is complete without them.
            return
        device["error_code"] = _find_error_code(found)
        device["error"] = describe_error_code(device["error_code"])


def _find_error_code(report: Json) -> int | None:
    """Return the error code of the first setting that failed, from a report of columns and rows."""
    columns = [str(column.get("Column")) for column in report.get("Schema") or [] if isinstance(column, dict)]
    for values in report.get("Values") or []:
        row = dict(zip(columns, values, strict=False)) if isinstance(values, list) else {}
        code = parse_error_code(row.get("ErrorCode"))
        if code is not None and str(row.get("SettingStatus")) not in NOT_FAILED:
            return code
    return None
