# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Parse the check-in status of a policy: the number of devices by status, and the devices on which it failed.

Pure. Numbers decide. Without a number, the members of an enumeration decide; localized words never do.
Sources: Graph complianceStatus, deviceConfigurationDeviceOverview; Intune, reports and properties available by Graph.
"""

from __future__ import annotations

import collections
import re
import typing as t

from .. import _json as shapes
from .._types import Json
from .model import FoundPolicyResult

Status = t.Literal["succeeded", "error", "conflict", "pending", "not_applicable", "other"]
Source = t.Literal["overview", "report"]
Rollout = t.Literal["none", "overview", "devices"]
Row = t.Mapping[str, t.Any]
NUMBER = re.compile(r"-?[0-9]{1,9}")

# PolicyStatus and SettingStatus are complianceStatus: unknown, notApplicable, compliant, remediated, nonCompliant, error, conflict.
BY_NUMBER: t.Mapping[int, Status] = {
    0: "pending",
    1: "not_applicable",
    2: "succeeded",
    3: "succeeded",
    4: "error",
    5: "error",
    6: "conflict",
}
# ReportStatus, if localized words have their own column. These members were observed together with the numbers above.
BY_MEMBER: t.Mapping[str, Status] = {
    "pending": "pending",
    "notapplicable": "not_applicable",
    "succeeded": "succeeded",
    "noncompliant": "error",
    "error": "error",
    "conflict": "conflict",
}
# The worst status first: it decides among several rows of a device. "Not applicable" counts only if no other row has a result.
SEVERITY: tuple[Status, ...] = ("conflict", "error", "other", "pending", "succeeded", "not_applicable")
FAILED: tuple[Status, ...] = ("error", "conflict")
SHOWN: tuple[Status, ...] = (*FAILED, "other")

# Intune's status codes of a setting, as text.
CODE_WORDS = {
    -2016281105: "the device could not evaluate the setting",
    -2016281106: "another policy won the conflict",
    -2016281107: "the way to find the setting is not supported",
    -2016281108: "a setting that this one refers to was not found",
    -2016281109: "the value is of another type than the device expects",
    -2016281110: "the device finds a parameter of the setting invalid",
    -2016281111: "not applicable for this device",
    -2016281112: "the device could not set it (remediation failed)",
    -2016345612: "the device met an error of its own (SyncML 500)",
    -2016345707: "the device does not allow the command on this path (SyncML 405)",
    -2016345708: "the device does not know this path (SyncML 404)",
    -2016345709: "the device refused the command (SyncML 403)",
    -2016345712: "the device finds the path or value malformed (SyncML 400)",
    65000: "the device could not set it and gave no reason; often its edition of Windows or its hardware does not support the setting",
    65001: "not applicable",
}


class FailedDevice(t.TypedDict):
    """A device in error or conflict, or with an unknown status, as a return value."""

    device_id: str | None
    device_name: str | None
    user_principal_name: str | None
    status: Status
    error_code: int | None
    error: str | None


class SettingCounts(t.TypedDict):
    """The number of devices by the result of one setting, as a return value."""

    name: str
    succeeded: int | None
    error: int | None
    conflict: int | None


class CheckInStatus(t.TypedDict):
    """The return value ``rollout`` of a policy. An overview counts conflicts as errors, and lists no devices."""

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
    settings: list[SettingCounts] | None


class PolicyOnDevice(t.TypedDict):
    """The check-in status of a policy on one device, as a return value. ``status``: None if no status is reported."""

    id: str
    name: str
    status: Status | None
    error_code: int | None
    error: str | None


class FoundPolicyStatusResult(FoundPolicyResult):
    """An entry of the return value ``pin_policies``."""

    rollout: CheckInStatus | None


# --- codes ----------------------------------------------------------------------------------------------------------


def parse_error_code(value: t.Any) -> int | None:
    """Return a code as a signed 32-bit number, from a signed or unsigned number or its text, or None for 0 and for anything else."""
    try:
        code = value if isinstance(value, int) else int(str(value).strip(), 0)
    except ValueError:
        return None
    if isinstance(value, bool) or not code or not -shapes.LARGEST_INTEGER <= code < shapes.LARGEST_INTEGER:
        return None
    return code - 2**32 if 2**31 <= code < 2**32 else code


def describe_error_code(code: t.Any) -> str | None:
    """Return the text for an error code, or None without a code."""
    number = parse_error_code(code)
    return None if number is None else CODE_WORDS.get(number, f"error code {number} ({number & 0xFFFFFFFF:#010x})")


def find_error_code(rows: t.Iterable[Row]) -> int | None:
    """Return the error code of the first failed setting, from the settings of a policy on a device."""
    for row in rows:
        code, status = parse_error_code(row.get("ErrorCode")), _parse_number(row, "SettingStatus")
        if code is not None and (status is None or BY_NUMBER.get(status) in FAILED):
            return code
    return None


# --- statuses -------------------------------------------------------------------------------------------------------


def _read_text(row: Row, name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value).strip()


def _parse_number(row: Row, name: str) -> int | None:
    """Return a whole number, or its text, as a number, or None for anything else."""
    text = _read_text(row, name)
    return int(text) if NUMBER.fullmatch(text) else None


def parse_status(row: Row) -> Status:
    """Return the status of a row."""
    number = _parse_number(row, "PolicyStatus")
    if number is not None:
        return BY_NUMBER.get(number, "other")
    return BY_MEMBER.get(_read_text(row, "ReportStatus").lower(), "other")


def find_worst(statuses: t.Iterable[Status]) -> Status | None:
    """Return the deciding status among several of a device, or None if there are none."""
    return min(statuses, key=SEVERITY.index, default=None)


def describe_on_device(policy_id: str, policy_name: str, settings: t.Sequence[Row], rows: t.Sequence[Row]) -> PolicyOnDevice:
    """Return the status of a policy on one device, by its settings there, or by the device's rows in the table if there are no settings."""
    known = [parse_setting_status(row) for row in settings] or [parse_status(row) for row in rows]
    worst = find_worst(known)
    code = find_error_code(settings) if worst in FAILED else None
    return {"id": policy_id, "name": policy_name, "status": worst, "error_code": code, "error": describe_error_code(code)}


def parse_setting_status(row: Row) -> Status:
    """Return the status of one setting on a device."""
    number = _parse_number(row, "SettingStatus")
    return "other" if number is None else BY_NUMBER.get(number, "other")


def group_by_device(rows: t.Iterable[Row]) -> list[list[Row]]:
    """Return the rows of each device, the worst first. A row without a device ID represents a separate device.

    A device has a row for the system account and one for each of its users.
    """
    found: dict[str | int, list[Row]] = {}
    for number, row in enumerate(rows):
        found.setdefault(_read_text(row, "IntuneDeviceId").lower() or number, []).append(row)
    return [sorted(same, key=lambda row: SEVERITY.index(parse_status(row))) for same in found.values()]


def map_devices(rows: t.Iterable[Row], others: str) -> dict[str, Status]:
    """Return the status of each device by its ID in lower case. Devices without an ID are numbered, with ``others`` as prefix."""
    return {
        _read_text(same[0], "IntuneDeviceId").lower() or f"{others} {number}": parse_status(same[0])
        for number, same in enumerate(group_by_device(rows))
    }


def _describe_device(rows: t.Sequence[Row]) -> FailedDevice:
    worst, status = rows[0], parse_status(rows[0])
    names = [_read_text(row, "UPN") for row in rows]
    raw = _read_text(worst, "PolicyStatus") or _read_text(worst, "ReportStatus")
    unknown = f"Intune reports the status '{raw}', which is not known here" if raw else "Intune reports no status"
    return {
        "device_id": _read_text(worst, "IntuneDeviceId") or None,
        "device_name": _read_text(worst, "DeviceName") or None,
        # The row of the system account has no user, or a localized text instead.
        "user_principal_name": next((name for name in names if "@" in name), None),
        "status": status,
        "error_code": None,
        "error": unknown if status == "other" else None,
    }


def describe_rows(rows: t.Iterable[Row]) -> CheckInStatus:
    """Return the check-in status of a report with each device counted once, by its worst row."""
    devices = group_by_device(rows)
    counts = collections.Counter(parse_status(same[0]) for same in devices)
    return {
        "source": "report",
        "updated": None,
        "total": len(devices),
        "succeeded": counts["succeeded"],
        "error": counts["error"],
        "conflict": counts["conflict"],
        "pending": counts["pending"],
        "not_applicable": counts["not_applicable"],
        "other": counts["other"],
        "devices": [_describe_device(same) for same in devices if parse_status(same[0]) in SHOWN],
        "settings": None,
    }


def describe_overview(found: Json) -> CheckInStatus:
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
        "settings": None,
    }


def describe_settings(rows: t.Iterable[Row]) -> list[SettingCounts]:
    """Return the counts of each setting, in the order of the report."""
    return [
        {
            "name": _read_text(row, "SettingName"),
            "succeeded": _parse_number(row, "NumberOfCompliantDevices"),
            "error": _parse_number(row, "NumberOfErrorDevices"),
            "conflict": _parse_number(row, "NumberOfConflictDevices"),
        }
        for row in rows
    ]
