# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""getConfigurationPolicyDevicesReport (beta): the state of a policy on each device, at once and in pages."""

from __future__ import annotations

import re

from ..http.message import GraphRequest
from ..intune import policy_states
from ..state.clock import iso_fractional
from .status_columns import report_status, status_words, user_name
from .tables import GUID, Row, TableReport

_TYPE = r"\(PolicyBaseTypeName eq '[\w.]+'\)"
_FILTER = re.compile(rf"(?:({_TYPE}|\({_TYPE}(?: or {_TYPE})+\)) and )?\(PolicyId eq {GUID}\)")
_TYPE_NAME = re.compile(r"'([\w.]+)'")


def _rows(request: GraphRequest, found: tuple[str, ...]) -> list[Row]:
    tenant = request.tenant
    types, policy_id = found
    policy = policy_states.find_policy(tenant, policy_id)
    if policy is None or (types and policy.base not in _TYPE_NAME.findall(types)):
        return []
    return [
        {
            "DeviceName": str(row.device.get("deviceName") or ""),
            "IntuneDeviceId": row.device.id,
            "Manufacturer": str(row.device.get("manufacturer") or ""),
            "Model": str(row.device.get("model") or ""),
            "PolicyBaseTypeName": policy.base,
            "PolicyId": policy.id,
            "PolicyStatus": policy_states.NUMBERS[row.state.name],
            "PspdpuLastModifiedTimeUtc": iso_fractional(row.state.since or policy.modified),
            "ReportStatus": report_status(tenant, row.state),
            "ReportStatus_loc": status_words(tenant, row.state),
            "UPN": user_name(tenant, row),
            "UserId": row.user_id,
        }
        for row in policy_states.report_rows(tenant, policy)
    ]


DEVICES = TableReport(
    "getConfigurationPolicyDevicesReport",
    {
        "DeviceName": "String",
        "IntuneDeviceId": "String",
        "Manufacturer": "String",
        "Model": "String",
        "PolicyBaseTypeName": "String",
        "PolicyId": "String",
        "PolicyStatus": "Int32",
        "PspdpuLastModifiedTimeUtc": "DateTime",
        "ReportStatus": "String",
        "ReportStatus_loc": "String",
        "UPN": "String",
        "UserId": "String",
    },
    _FILTER,
    "(PolicyId eq '<guid>'), with (PolicyBaseTypeName eq '<type>') or several of them in front",
    _rows,
    ("AssignmentFilterIds", "UnifiedPolicyPlatformType"),
)
