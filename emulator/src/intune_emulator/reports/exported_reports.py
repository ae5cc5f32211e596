# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The reports that can be exported: their columns and rows.

Source: https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-available-reports
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from ..intune import policy_states
from ..intune.policy_states import NUMBERS, SEVERITY, ReportedPolicy, StateRow
from ..state.clock import iso_fractional
from ..state.tenant import Tenant
from .status_columns import report_status, status_words, user_name

Row = dict[str, str]


@dataclass(frozen=True)
class ExportedReport:
    """A report. `default`: columns without select. `columns`: selectable ones; `other_columns`: documented, but not emulated.

    `localized`: columns with words, which are in a further column `…_loc` or replace the values. `rows` have all columns, with `…_loc`.
    """

    name: str
    default: tuple[str, ...]
    columns: tuple[str, ...]
    other_columns: tuple[str, ...]
    localized: tuple[str, ...]
    rows: Callable[[Tenant, ReportedPolicy], list[Row]]


def _device_rows(tenant: Tenant, policy: ReportedPolicy) -> list[Row]:
    return [_device_row(tenant, policy, row) for row in policy_states.report_rows(tenant, policy)]


def _device_row(tenant: Tenant, policy: ReportedPolicy, row: StateRow) -> Row:
    return {
        "PolicyId": policy.id,
        "PolicyName": policy.name,
        "IntuneDeviceId": row.device.id,
        "DeviceName": str(row.device.get("deviceName") or ""),
        "UPN": user_name(tenant, row),
        "PolicyStatus": str(NUMBERS[row.state.name]),
        "ReportStatus": report_status(tenant, row.state),
        "ReportStatus_loc": status_words(tenant, row.state),
        "UnifiedPolicyType": policy.kind,
        "PspdpuLastModifiedTimeUtc": iso_fractional(row.state.since or policy.modified),
        "Manufacturer": str(row.device.get("manufacturer") or ""),
        "Model": str(row.device.get("model") or ""),
    }


def _setting_rows(tenant: Tenant, policy: ReportedPolicy) -> list[Row]:
    """Return the counts of each setting. All settings of a policy have the state of the policy; each device counts once."""
    worst: dict[str, str] = {}
    for row in policy_states.report_rows(tenant, policy):
        worst[row.device.id] = min(worst.get(row.device.id, row.state.name), row.state.name, key=SEVERITY.index)
    counts = Counter(worst.values())
    return [
        {
            "PolicyId": policy.id,
            "SettingId": str(uuid.uuid5(uuid.UUID(policy.id), setting.path)),
            "SettingName": setting.name,
            "NumberOfCompliantDevices": str(counts["succeeded"] + counts["remediated"]),
            "NumberOfErrorDevices": str(counts["error"] + counts["nonCompliant"]),
            "NumberOfConflictDevices": str(counts["conflict"]),
        }
        for setting in policy.settings
    ]


_COUNTS = ("NumberOfCompliantDevices", "NumberOfErrorDevices", "NumberOfConflictDevices")
# Observed responses had exactly these columns.
_DEVICE = ("PolicyId", "PolicyName", "IntuneDeviceId", "DeviceName", "UPN", "PolicyStatus", "ReportStatus", "UnifiedPolicyType")
REPORTS = {
    report.name: report
    for report in (
        ExportedReport(
            "DeviceStatusesByConfigurationProfile",
            _DEVICE,
            (*_DEVICE, "PspdpuLastModifiedTimeUtc", "Manufacturer", "Model"),
            ("AssignmentFilterIds", "TemplateVersion", "UnifiedPolicyPlatformType"),
            ("ReportStatus",),
            _device_rows,
        ),
        ExportedReport(
            "PerSettingDeviceSummaryByConfigurationPolicy",
            ("PolicyId", "SettingId", "SettingName", *_COUNTS),
            ("SettingName", *_COUNTS),
            (),
            (),
            _setting_rows,
        ),
    )
}
