# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The settings of a policy on a device: one report for device configurations, and one for the settings catalog (beta)."""

from __future__ import annotations

import re

from ..http.message import GraphRequest
from ..intune import policy_states
from ..intune.policy_states import ReportedPolicy
from ..state.policies import PolicyState
from .tables import GUID, Row, TableReport

FILTER = re.compile(rf"\(PolicyId eq {GUID}\) and \(DeviceId eq {GUID}\) and \(UserId eq {GUID}\)")
FILTER_TEXT = "(PolicyId eq '<guid>') and (DeviceId eq '<guid>') and (UserId eq '<guid>')"


FAILED = {policy_states.NUMBERS[name] for name in ("nonCompliant", "error", "conflict")}


def _of_profile(request: GraphRequest, found: tuple[str, ...]) -> list[Row]:
    policy, settings = policy_states.find_policy(request.tenant, found[0]), request.tenant.settings
    if policy is None or (policy.is_catalog_policy and settings.setting_report != "all"):
        return []
    rows = _rows(request, policy, found)
    return rows if settings.setting_report_rows == "all" else [row for row in rows if row["SettingStatus"] in FAILED]


def _of_catalog_policy(request: GraphRequest, found: tuple[str, ...]) -> list[Row]:
    policy, covers_all = policy_states.find_policy(request.tenant, found[0]), request.tenant.settings.catalog_report == "all"
    return _rows(request, policy, found) if policy and (covers_all or policy.is_catalog_policy) else []


def _rows(request: GraphRequest, policy: ReportedPolicy, found: tuple[str, ...]) -> list[Row]:
    """Return each setting of the policy with the state of the row of this device and user."""
    _policy_id, device_id, user_id = (key.lower() for key in found)
    for row in policy_states.report_rows(request.tenant, policy):
        if (row.device.id.lower(), row.user_id.lower()) == (device_id, user_id):
            return [_row(policy, number, row.state) for number in range(len(policy.settings))]
    return []


def _row(policy: ReportedPolicy, number: int, state: PolicyState) -> Row:
    setting = policy.settings[number]
    return {
        "ErrorCode": state.code,
        "SettingId": setting.path,
        "SettingInstanceId": setting.instance,
        "SettingInstancePath": setting.path,
        "SettingName": setting.name,
        "SettingStatus": policy_states.NUMBERS[state.name],
    }


PROFILES = TableReport(
    "getConfigurationSettingNonComplianceReport",
    {
        "ErrorCode": "Int64",
        "SettingInstanceId": "String",
        "SettingInstancePath": "String",
        "SettingName": "String",
        "SettingStatus": "Int32",
    },
    FILTER,
    FILTER_TEXT,
    _of_profile,
)
CATALOG = TableReport(
    "getConfigurationSettingsReport",
    {"ErrorCode": "Int64", "SettingId": "String", "SettingInstanceId": "String", "SettingName": "String", "SettingStatus": "Int32"},
    FILTER,
    FILTER_TEXT,
    _of_catalog_policy,
)
