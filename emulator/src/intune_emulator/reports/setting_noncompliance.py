# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""getConfigurationSettingNonComplianceReport: the settings of a policy on a device; read by POST, returned as a stream of JSON.

Source: https://learn.microsoft.com/graph/api/intune-reporting-devicemanagementreports-getconfigurationsettingnoncompliancereport
"""

from __future__ import annotations

import re
from operator import itemgetter
from typing import Any

from ..http.errors import NIL_GUID, bad_request, intune_error, not_emulated
from ..http.message import GraphRequest, Response
from ..intune import policy_states
from ..intune.policy_states import ReportedPolicy
from ..state.policies import PolicyState

NAME = "getConfigurationSettingNonComplianceReport"
PATH = f"/deviceManagement/reports/{NAME}"
# (column, type); they come in this order, whatever the order in `select`
COLUMNS = {
    "ErrorCode": "Int64",
    "SettingInstanceId": "String",
    "SettingInstancePath": "String",
    "SettingName": "String",
    "SettingStatus": "Int32",
}
PARAMETERS = ("select", "filter", "skip", "top", "orderBy")
OTHER_PARAMETERS = ("name", "search", "groupBy", "sessionId")
STREAM = {"content-type": "application/octet-stream"}
PAGE = 50
_GUID = r"'([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})'"
_FILTER = re.compile(rf"\(PolicyId eq {_GUID}\) and \(DeviceId eq {_GUID}\) and \(UserId eq {_GUID}\)")

Row = dict[str, Any]


def run(request: GraphRequest) -> Response:
    """Return {"TotalRowCount", "Schema", "Values"}; without a match there are no rows."""
    body = _checked(request)
    found = _FILTER.fullmatch(str(body.get("filter")))
    if found is None:
        text = "filter other than (PolicyId eq '<guid>') and (DeviceId eq '<guid>') and (UserId eq '<guid>')"
        raise not_emulated(f"The filter '{body.get('filter')}' is not valid.", text)
    names = _columns("select", body.get("select"))
    rows = _sorted(_rows(request, *found.groups()), body.get("orderBy"))
    start, size = _number("skip", body.get("skip"), 0), _number("top", body.get("top"), PAGE)
    if size == 0:
        raise not_emulated("The parameter 'top' is not valid.", "top 0")
    chosen = [name for name in COLUMNS if name in names or not names]
    report = {
        "TotalRowCount": len(rows),
        "Schema": [{"Column": name, "PropertyType": COLUMNS[name]} for name in chosen],
        "Values": [[row[name] for name in chosen] for row in rows[start : start + size]],
    }
    return Response(200, report, dict(STREAM))


def _checked(request: GraphRequest) -> Row:
    if request.query:
        name = request.query[0][0]
        raise not_emulated(f"The query parameter '{name}' is not supported.", f"query option {name} on this path")
    body = request.body
    if not isinstance(body, dict):
        raise bad_request("Empty Payload. JSON content expected.", "ModelValidationFailure")
    for name, value in body.items():
        if name in OTHER_PARAMETERS and value:
            raise not_emulated(f"The parameter '{name}' is not supported.", f"parameter {name} of {NAME}")
        if name not in PARAMETERS and name not in OTHER_PARAMETERS:
            raise bad_request(f"The parameter '{name}' in the request payload is not a valid parameter for the operation '{NAME}'.")
    return body


def _columns(parameter: str, value: Any) -> list[str]:
    names = [] if value is None else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise bad_request(f"A collection was expected for parameter '{parameter}'.")
    for name in names:
        column = name.partition(" ")[0] if parameter == "orderBy" else name
        if column not in COLUMNS:
            raise intune_error(400, "BadRequest", f"The column '{name}' is not valid for this report.")
    return names


def _number(name: str, value: Any, default: int) -> int:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise bad_request(f"Cannot convert the literal '{value}' of parameter '{name}' to the expected type 'Edm.Int32'.")
    return value


def _sorted(rows: list[Row], value: Any) -> list[Row]:
    """Sort by `orderBy`: columns, each with an optional asc or desc."""
    for entry in reversed(_columns("orderBy", value)):
        name, _space, direction = entry.partition(" ")
        if direction.lower() not in ("", "asc", "desc"):
            raise intune_error(400, "BadRequest", f"The order '{entry}' is not valid for this report.")
        rows = sorted(rows, key=itemgetter(name), reverse=direction.lower() == "desc")
    return rows


def _rows(request: GraphRequest, policy_id: str, device_id: str, user_id: str) -> list[Row]:
    """Return each setting of the policy with the state of the device, if the device has that user."""
    tenant = request.tenant
    policy = policy_states.find_policy(tenant, policy_id)
    if policy is None or (policy.is_catalog_policy and tenant.settings.setting_report == "profiles"):
        return []
    for device, state in policy_states.device_states(tenant, policy):
        if (device.id.lower(), str(device.get("userId") or NIL_GUID).lower()) == (device_id.lower(), user_id.lower()):
            return [_row(policy, number, state) for number in range(len(policy.settings))]
    return []


def _row(policy: ReportedPolicy, number: int, state: PolicyState) -> Row:
    setting = policy.settings[number]
    return {
        "ErrorCode": state.code,
        "SettingInstanceId": setting.instance,
        "SettingInstancePath": setting.path,
        "SettingName": setting.name,
        "SettingStatus": policy_states.NUMBERS[state.name],
    }
