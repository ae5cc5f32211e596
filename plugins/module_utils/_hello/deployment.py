# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Read the check-in status of policies.

There are three sources. The overview of a profile needs one request for any number of devices, but contains only numbers. The table of
devices responds immediately, in small pages, for all policy types. An export takes longer and contains every device.
Sources: Graph deviceConfigurationDeviceOverview, deviceManagementExportJob, deviceManagementReports; Intune, export reports by Graph.
"""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .._graph.client import BETA, GraphClient
from .._graph.odata import render_literal, render_path
from .._guid import NIL
from .._http.message import Request
from .._types import Json
from . import check_in, custom_profile
from .check_in import CheckInStatus, FailedDevice, Rollout, Row
from .model import FoundPolicy, Surface
from .report_tables import TABLE, parse_export, parse_table

REPORTS = "/deviceManagement/reports"
JOBS = f"{REPORTS}/exportJobs"
DEVICES_REPORT = f"{REPORTS}/getConfigurationPolicyDevicesReport"
PAGE = 50  # rows of a table; the service returns no more, even if asked
MOST_ROWS = 1000  # rows to read by pages
MOST_PAGES = 2 * MOST_ROWS // PAGE  # in case the service returns smaller pages
MOST_EXPLAINED = 20  # devices whose error code is requested, with one request each
# Seconds before the first check of an export, and the minimum between two checks. An application has 48 requests a minute for exports. A
# policy takes two to start its exports and at least two to check them.
EXPORT_PAUSE = 3.0

# The needed columns among those on Microsoft's page about the report. The service refuses unknown columns.
DEVICES_EXPORT = ("DeviceStatusesByConfigurationProfile", ("IntuneDeviceId", "DeviceName", "UPN", "PolicyStatus", "ReportStatus"))
SETTINGS_EXPORT = (
    "PerSettingDeviceSummaryByConfigurationPolicy",
    ("SettingName", "NumberOfCompliantDevices", "NumberOfErrorDevices", "NumberOfConflictDevices"),
)
DEVICES_COLUMNS = ("IntuneDeviceId", "DeviceName", "UPN", "UserId", "PolicyStatus", "ReportStatus")
SETTINGS_COLUMNS = ("SettingName", "SettingStatus", "ErrorCode")
Export = tuple[str, tuple[str, ...]]

PROFILES: tuple[Surface, ...] = ("custom", "identity_protection")
PROFILE_TYPE = "Microsoft.Management.Services.Api.DeviceConfiguration"
CATALOG_TYPE = "DeviceManagementConfigurationPolicy"
# PolicyBaseTypeName of a policy; all other surfaces use that of the settings catalog.
TYPES: t.Mapping[Surface, str] = {
    **dict.fromkeys(PROFILES, PROFILE_TYPE),
    "intent": "Microsoft.Management.Services.Api.DeviceManagementIntent",
}
# The settings of a policy on a device, with their error codes.
CODES_REPORTS = {
    PROFILE_TYPE: f"{REPORTS}/getConfigurationSettingNonComplianceReport",
    CATALOG_TYPE: f"{REPORTS}/getConfigurationSettingsReport",
}

COUNT = shapes.lenient(shapes.integer)
OVERVIEW = shapes.object_of(
    {
        **dict.fromkeys(("successCount", "pendingCount", "notApplicableCount", "errorCount", "failedCount"), COUNT),
        "lastUpdateDateTime": shapes.lenient(shapes.text),
    }
)
JOB = shapes.object_of({"id": shapes.identity, "status": shapes.optional(shapes.text), "url": shapes.optional(shapes.text)})

KeepRows = t.Callable[[t.Sequence[Row]], None]


def ignore_rows(rows: t.Sequence[Row]) -> None:
    """Discard the rows of a report."""


def fetch_status(client: GraphClient, policy: FoundPolicy, rollout: Rollout, timeout: float) -> tuple[CheckInStatus | None, str | None]:
    """Return the check-in status of a policy, None if Intune has none; and a problem if it could not be read completely."""
    try:
        return read_status(client, policy, rollout, timeout)
    except errors.IntuneError as failure:
        # This includes a firewall that blocks only the storage of reports. The other results do not depend on it.
        return None, f"Could not read the check-in status of '{policy.name}': {failure}"


def read_status(
    client: GraphClient, policy: FoundPolicy, rollout: Rollout, timeout: float, keep_rows: KeepRows = ignore_rows
) -> tuple[CheckInStatus | None, str | None]:
    """Return the same, but raise the failure if nothing could be read. ``keep_rows`` receives the rows of all devices if they were read."""
    if rollout == "none" or not _has_status(policy):
        return None, None
    if rollout == "devices":
        return fetch_report(client, policy, timeout, keep_rows)
    if policy.surface in PROFILES:
        return fetch_overview(client, policy.id), None
    return fetch_table(client, policy, keep_rows)


def render_overview_requests(client: GraphClient, policies: t.Iterable[FoundPolicy]) -> list[Request]:
    """Return the first requests for reading overviews."""
    return [_render_overview_request(client, policy) for policy in policies if _has_status(policy)]


def _render_overview_request(client: GraphClient, policy: FoundPolicy) -> Request:
    if policy.surface in PROFILES:
        return client.request("GET", _overview_path(policy.id))
    return client.request("POST", DEVICES_REPORT, None, render_page(DEVICES_COLUMNS, _filter_rows(policy)), version=BETA)


def _has_status(policy: FoundPolicy) -> bool:
    return policy.surface != "enrollment" and any(assignment.target != "exclude_group" for assignment in policy.assignments)


def _overview_path(policy_id: str) -> str:
    return custom_profile.PATH + render_path(policy_id, "deviceStatusOverview")


def fetch_overview(client: GraphClient, policy_id: str) -> CheckInStatus:
    """Return the check-in status of a device configuration from its overview."""
    return check_in.describe_overview(client.get(_overview_path(policy_id), shape=OVERVIEW))


# --- the table of devices -------------------------------------------------------------------------------------------


def fetch_table(client: GraphClient, policy: FoundPolicy, keep_rows: KeepRows = ignore_rows) -> tuple[CheckInStatus | None, str | None]:
    """Return the check-in status of a policy from its table of devices, or a problem if the table has too many rows."""
    rows, total = fetch_rows(client, policy, may_be_partial=False)
    if total > MOST_ROWS:
        advice = "Set the rollout to 'devices' to let Intune export a report."
        return None, f"The check-in status of '{policy.name}' has {total} rows, and at most {MOST_ROWS} are read for an overview. {advice}"
    if len(rows) < total:
        raise errors.UnexpectedResponseError(f"Intune's table of devices ended after {len(rows)} of {total} rows.", hint="Run again.")
    keep_rows(rows)
    return check_in.describe_rows(rows), None


def fetch_rows(
    client: GraphClient, policy: FoundPolicy, *, may_be_partial: bool, may_go_on: t.Callable[[], bool] = lambda: True
) -> tuple[list[Row], int]:
    """Return rows of a table, and their total number. If there are too many, return the first ones or those of the first page.

    ``may_go_on``: whether another request may be sent.
    """
    where = _filter_rows(policy)
    rows: list[Row] = []
    total = 0
    for _page in range(MOST_PAGES):
        page = _fetch_page(client, DEVICES_REPORT, DEVICES_COLUMNS, where, skip=len(rows))
        found, total = parse_table(page), page["TotalRowCount"]
        if not rows and len(found) == PAGE and total <= MOST_ROWS and may_go_on():
            others = [render_page(DEVICES_COLUMNS, where, skip) for skip in range(PAGE, total, PAGE)]
            client.read_ahead([client.request("POST", DEVICES_REPORT, None, body, version=BETA) for body in others])
        rows += found
        is_enough = len(rows) >= min(total, MOST_ROWS) or (total > MOST_ROWS and not may_be_partial)
        if is_enough or not found or not may_go_on():
            break
    return rows, total


def _fetch_page(client: GraphClient, report: str, columns: t.Sequence[str], where: str, skip: int = 0) -> Json:
    return client.post_query(report, render_page(columns, where, skip), version=BETA, shape=TABLE)


def render_page(columns: t.Sequence[str], where: str, skip: int = 0) -> Json:
    """Return the body of a request for a page of a table."""
    return {"select": list(columns), "filter": where, "skip": skip, "top": PAGE, "orderBy": []}


def filter_settings(policy: FoundPolicy, device_id: str, user_id: str) -> str:
    """Return the filter of a report on the settings of a policy on a device, for a user or, with the nil GUID, for none."""
    ids = {"PolicyId": policy.id, "DeviceId": device_id, "UserId": user_id}
    return " and ".join(f"({name} eq {render_literal(value)})" for name, value in ids.items())


def _filter_rows(policy: FoundPolicy) -> str:
    return f"(PolicyBaseTypeName eq '{TYPES.get(policy.surface, CATALOG_TYPE)}') and (PolicyId eq {render_literal(policy.id)})"


# --- exports --------------------------------------------------------------------------------------------------------


def fetch_report(
    client: GraphClient, policy: FoundPolicy, timeout: float, keep_rows: KeepRows = ignore_rows
) -> tuple[CheckInStatus, str | None]:
    """Return the check-in status from exports, and a problem if details could not be read.

    An export changes nothing, but requires the permission to write configuration. ``timeout``: seconds for each of two exports.
    """
    rows = _export(client, DEVICES_EXPORT, policy, timeout)
    keep_rows(rows)
    result = check_in.describe_rows(rows)
    problems = []
    try:
        result["settings"] = check_in.describe_settings(_export(client, SETTINGS_EXPORT, policy, timeout))
    except errors.IntuneError as failure:
        problems.append(f"Could not read the counts of each setting of '{policy.name}': {failure}")
    try:
        _add_error_codes(client, policy, result["devices"] or [])
    except errors.IntuneError as failure:
        problems.append(f"Could not read why devices failed to set '{policy.name}': {failure}")
    return result, " ".join(problems) or None


def _export(client: GraphClient, export: Export, policy: FoundPolicy, timeout: float) -> list[dict[str, str]]:
    """Return the rows of an export."""
    job = _start_export(client, export, policy)

    def read() -> Json:
        return client.get(JOBS + render_path(job["id"]), shape=JOB)

    def is_over(found: Json) -> bool:
        # Completed jobs were observed without their URL for a while.
        return found.get("status") == "failed" or bool(found.get("status") == "completed" and found.get("url"))

    what = f"Intune to export {export[0]}"
    ended = client.wait_until(read, is_over, timeout=timeout, what=what, delay=EXPORT_PAUSE, pause=EXPORT_PAUSE)
    if ended.get("status") == "failed":
        raise errors.UnexpectedResponseError(f"Intune could not export {export[0]} for the policy {policy.id}.", hint="Run again later.")
    return parse_export(client.download(ended["url"]))


def _start_export(client: GraphClient, export: Export, policy: FoundPolicy) -> Json:
    """Start an export and return its job."""
    name, columns = export
    body = {
        "reportName": name,
        "filter": f"(PolicyId eq {render_literal(policy.id)})",
        "format": "csv",
        # This puts localized words in separate columns.
        "localizationType": "localizedValuesAsAdditionalColumn",
    }
    try:
        return client.post_query(JOBS, {**body, "select": list(columns)}, shape=JOB)
    except errors.GraphError as failure:
        if failure.status != 400:
            raise
        # Some tenants refuse a selection of columns for a report. The default columns include the needed ones.
        return client.post_query(JOBS, body, shape=JOB)


# --- error codes ----------------------------------------------------------------------------------------------------


def _add_error_codes(client: GraphClient, policy: FoundPolicy, devices: t.Sequence[FailedDevice]) -> None:
    """Add the error code of the first failed devices that are among the first rows of the table. The others keep None.

    Only the table shows the user of a result, and Intune's reports on settings require one.
    """
    report = CODES_REPORTS.get(TYPES.get(policy.surface, CATALOG_TYPE))
    failed = {device["device_id"].lower(): device for device in devices if device["status"] in check_in.FAILED and device["device_id"]}
    if not report or not failed:
        return
    rows, _total = fetch_rows(client, policy, may_be_partial=True)
    worst = {str(same[0].get("IntuneDeviceId")).lower(): same[0] for same in check_in.group_by_device(rows)}
    for device_id, device in list(failed.items())[:MOST_EXPLAINED]:
        if device_id in worst:
            where = filter_settings(policy, str(device["device_id"]), str(worst[device_id].get("UserId") or NIL))
            page = _fetch_page(client, report, SETTINGS_COLUMNS, where)
            device["error_code"] = check_in.find_error_code(parse_table(page))
            device["error"] = check_in.describe_error_code(device["error_code"])
