# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Reported states of a remediation: deviceRunStates, runSummary, and deviceHealthScriptStates of a device; beta only.

Source: https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscriptdevicestate
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..http.errors import not_emulated
from ..http.message import GraphRequest, Response
from ..http.odata import QueryOptions, check_select, read_options
from ..http.paging import collection, page
from ..state.clock import iso_fractional
from ..state.device_properties import NEVER
from ..state.devices import Device
from ..state.health_scripts import HealthScript
from ..state.script_results import result_at
from ..state.tenant import Tenant
from .assignments import FILTER_ID
from .devices import find_device
from .health_scripts import PATH, find
from .roles import DEVICES_READ, check_further_role
from .script_runs import Plan, Report, can_run, find_assigned, find_next_run, find_reports, history_of, make_plan, runs_scripts, who_ran

TYPE = "deviceHealthScriptDeviceState"
NAMES = (
    "id",
    "detectionState",
    "lastStateUpdateDateTime",
    "expectedStateUpdateDateTime",
    "lastSyncDateTime",
    "preRemediationDetectionScriptOutput",
    "preRemediationDetectionScriptError",
    "remediationScriptError",
    "postRemediationDetectionScriptOutput",
    "postRemediationDetectionScriptError",
    "remediationState",
    "assignmentFilterIds",
)
POLICY_NAMES = ("policyId", "policyName", "deviceId", "deviceName", "osVersion", "userName", *NAMES)
OPTIONS = frozenset({"$select", "$expand", "$top", "$skiptoken"})
POLICY_OPTIONS = frozenset({"$select", "$top", "$skiptoken"})
# Some refused a longer $select within $expand.
EXPANDED = ("id", "deviceName", "userId", "userPrincipalName", "osVersion")
_EXPAND = re.compile(r"managedDevice\(\$select=([\w,\s]+)\)")
# deviceHealthScriptRunSummary: the count of a detectionState, without the devices that have not run the latest version.
COUNTS = {
    "success": "noIssueDetectedDeviceCount",
    "fail": "issueDetectedDeviceCount",
    "scriptError": "detectionScriptErrorDeviceCount",
    "pending": "detectionScriptPendingDeviceCount",
    "notApplicable": "detectionScriptNotApplicableDeviceCount",
}
OTHER_COUNTS = (
    "issueRemediatedDeviceCount",
    "issueReoccurredDeviceCount",
    "issueRemediatedCumulativeDeviceCount",
    "remediationScriptErrorDeviceCount",
    "remediationSkippedDeviceCount",
)

Json = dict[str, Any]
Target = tuple[Device, "Json | None"]


@dataclass(frozen=True)
class Row:
    """A row of deviceRunStates. `report` None: the device has not reported; `user`: its user, if each person has a row."""

    script: HealthScript
    device: Device
    assignment: Json | None
    plan: Plan
    report: Report | None
    state: str
    user: str | None = None


def _find_targets(tenant: Tenant, script: HealthScript) -> list[Target]:
    """Return the devices with a row, each with its assignment; None if it ran on demand only. Found once for all pages."""
    on_demand = {device_id for device_id, runs in tenant.on_demand_runs.items() if any(run.script_id == script.id for run in runs)}

    def find_targets() -> list[Target]:
        assigned = find_assigned(tenant, script)
        devices = (device for device in tenant.devices if device.id in assigned or device.id in on_demand)
        return [(device, assigned.get(device.id)) for device in devices if runs_scripts(tenant, device)]

    key = (script.id, repr(script.assignments), len(on_demand), len(tenant.script_results))
    return tenant.devices.remember(key, find_targets)


def _find_rows(tenant: Tenant, script: HealthScript, targets: Iterable[Target]) -> Iterator[Row]:
    for device, assignment in targets:
        yield from _rows_of(tenant, script, device, assignment)


def _rows_of(tenant: Tenant, script: HealthScript, device: Device, assignment: Json | None) -> Iterator[Row]:
    plan = make_plan(tenant, script, device, assignment)
    newest: dict[str | None, Report] = {}
    for report in find_reports(tenant, script, device, plan):
        newest[who_ran(device, report.result) if tenant.settings.script_rows == "user" else None] = report
    for user, report in newest.items():
        yield Row(script, device, assignment, plan, report, report.result.detection_state, user)
    if not newest:
        state = _state_without_report(tenant, script, device)
        if state != "missing":
            yield Row(script, device, assignment, plan, None, state)


def _state_without_report(tenant: Tenant, script: HealthScript, device: Device) -> str:
    result = result_at(history_of(tenant, script, device), tenant.clock.now())
    return "pending" if can_run(script, device, result) else tenant.settings.script_without_user


def _render(tenant: Tenant, row: Row) -> Json:
    report, filter_id = row.report, row.assignment and row.assignment["target"].get(FILTER_ID)
    expected = find_next_run(tenant, row.plan)
    return {
        "id": f"{row.script.id}:{row.device.id}" + (f":{row.user}" if row.user else ""),
        "detectionState": row.state,
        "lastStateUpdateDateTime": iso_fractional(report.shown_from) if report else NEVER,
        "expectedStateUpdateDateTime": iso_fractional(expected) if expected else None,
        "lastSyncDateTime": _last_sync(tenant, row.device),
        "preRemediationDetectionScriptOutput": report.result.reported_output if report else None,
        "preRemediationDetectionScriptError": report.result.reported_error if report else None,
        "remediationScriptError": None,
        "postRemediationDetectionScriptOutput": None,
        "postRemediationDetectionScriptError": None,
        # No remediation script runs here: its state is known only if there is none.
        "remediationState": "skipped" if report and not row.script.remediation else "unknown",
        "assignmentFilterIds": [filter_id] if filter_id else [],
    }


def _last_sync(tenant: Tenant, device: Device) -> str:
    """Return the last time at which the agent was online."""
    since = device.offline_since
    if since is None:
        return iso_fractional(tenant.clock.now())
    return str(device.get("lastSyncDateTime")) if since <= tenant.started else iso_fractional(since)


def list_run_states(request: GraphRequest) -> Response:
    """List the rows of a package, with $expand=managedDevice($select=…)."""
    options = read_options(request.query, OPTIONS, 1000)
    check_select(options.select, NAMES, TYPE)
    names = _read_expand(request, ",".join(options.expand))
    script, tenant = find(request), request.tenant
    rows, link = _page_of_rows(request, options, script)
    items = []
    for row in rows:
        known = _render(tenant, row)
        items.append({name: known[name] for name in options.select or known})
        if names:
            items[-1]["managedDevice"] = {name: row.device.get(name) for name in names}
    return Response(200, collection(request, f"{PATH}('{script.id}')/deviceRunStates", options, items, link, None))


def _page_of_rows(request: GraphRequest, options: QueryOptions, script: HealthScript) -> tuple[list[Row], str | None]:
    """Return a page; if each device has exactly one row, make only those of the page."""
    tenant = request.tenant
    targets, size = _find_targets(tenant, script), tenant.settings.page_size
    if tenant.settings.script_rows == "device" and tenant.settings.script_without_user != "missing":
        chosen, link = page(request, options, targets, size)
        return list(_find_rows(tenant, script, chosen)), link
    rows, link = page(request, options, list(_find_rows(tenant, script, targets)), size)
    return list(rows), link


def _read_expand(request: GraphRequest, text: str) -> list[str]:
    """Return the properties of the device to show; reading them needs the permission for devices."""
    if not text:
        return []
    found = _EXPAND.fullmatch(text)
    names = [name.strip() for name in found[1].split(",")] if found else []
    if not names or set(names) - set(EXPANDED):
        raise not_emulated(f"The query parameter '$expand={text}' is not supported.", f"$expand={text}")
    _check_device_access(request)
    return names


def _check_device_access(request: GraphRequest) -> None:
    if request.tenant.settings.script_device_access == "both":
        check_further_role(request, DEVICES_READ)


def run_summary(request: GraphRequest) -> Response:
    """Return the counts of a package."""
    options = read_options(request.query, frozenset({"$select"}), 1000)
    script, tenant = find(request), request.tenant
    counts = dict.fromkeys((*COUNTS.values(), *OTHER_COUNTS), 0)
    ran: list[datetime] = []
    for row in _find_rows(tenant, script, _find_targets(tenant, script)):
        is_current = row.report is None or not row.plan.starts or row.report.ran >= max(script.changes)
        counts[COUNTS[row.state if is_current else "pending"]] += 1
        counts["remediationSkippedDeviceCount"] += row.state == "fail" and not script.remediation
        ran += [row.report.ran] if row.report else []
    body = {"id": script.id, **counts, "lastScriptRunDateTime": iso_fractional(max(ran)) if ran else None}
    check_select(options.select, body, "deviceHealthScriptRunSummary")
    context = request.context(f"{PATH}('{script.id}')/runSummary", options.select, entity=True)
    return Response(200, {"@odata.context": context, **{name: body[name] for name in options.select or body}})


def list_of_device(request: GraphRequest) -> Response:
    """List the reports of a device on each package."""
    _check_device_access(request)
    options = read_options(request.query, POLICY_OPTIONS, 1000)
    check_select(options.select, POLICY_NAMES, "deviceHealthScriptPolicyState")
    tenant = request.tenant
    device = find_device(request)
    scripts = tenant.health_scripts.values()
    own = ([entry for entry in _find_targets(tenant, script) if entry[0] is device] for script in scripts)
    found = [row for script, targets in zip(scripts, own, strict=True) for row in _find_rows(tenant, script, targets)]
    rows, link = page(request, options, found, tenant.settings.page_size)
    items = []
    for row in rows:
        known = {**_describe_policy(tenant, row), **_render(tenant, row)}
        items.append({name: known[name] for name in options.select or known})
    resource = f"deviceManagement/managedDevices('{device.id}')/deviceHealthScriptStates"
    return Response(200, collection(request, resource, options, items, link, None))


def _describe_policy(tenant: Tenant, row: Row) -> Json:
    return {
        "policyId": row.script.id,
        "policyName": row.script.display_name,
        "deviceId": row.device.id,
        "deviceName": row.device.get("deviceName"),
        "osVersion": row.device.get("osVersion"),
        "userName": _user_name(tenant, row),
    }


def _user_name(tenant: Tenant, row: Row) -> str:
    """Return the user of the run; neither the format of the name nor the value for the system context is known."""
    if row.report is None or row.script.run_as_account == "system":
        return ""
    principal = who_ran(row.device, row.report.result)
    if tenant.settings.script_user_name == "upn":
        return principal
    found = (user for user in tenant.users.values() if user["userPrincipalName"].lower() == principal.lower())
    return str(next((user["displayName"] for user in found), principal))
