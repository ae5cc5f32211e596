# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Compute the runs of a remediation and their reports from assignments, schedules, and planted results.

The agent reports only a result that differs from the previous one (measured). It always reports the first run after an assignment or a
change of the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from typing import Any

from ..state.clock import parse_iso
from ..state.devices import Device
from ..state.health_scripts import HealthScript
from ..state.script_results import ResultHistory, ScriptResult, result_at
from ..state.tenant import Tenant
from .health_script_schedules import DAILY, HOURLY, ONCE, PREFIX
from .policy_states import find_targets

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
JOINED = ("azureADJoined", "hybridAzureADJoined")

Json = dict[str, Any]


@dataclass(frozen=True)
class Report:
    """A result that a device reported. `ran`: the time of the run; `shown_from`: the time from which Graph shows it."""

    ran: datetime
    shown_from: datetime
    result: ScriptResult


@dataclass(frozen=True)
class Plan:
    """The runs of a package on a device: the first one after each change, and the later ones with their interval."""

    starts: list[datetime]
    schedule: Json | None

    @property
    def step(self) -> timedelta | None:
        """Return the time between two runs; None if there is only one. Without a schedule it is a day."""
        if self.schedule is None:
            return DAY
        kind = self.schedule["@odata.type"].removeprefix(PREFIX)
        if kind == ONCE:
            return None
        return timedelta(hours=self.schedule["interval"]) if kind == HOURLY else self.schedule["interval"] * DAY

    def find_run(self, start: datetime, after: datetime) -> datetime | None:
        """Return the first run at or after a time, in the series that begins with `start`."""
        step = self.step
        if after <= start:
            return start
        if step is None:
            return None
        first = start + step if self.schedule is None or not self._is_daily else _next_time(self.schedule["time"], start)
        missing = (after - first) / step
        return first + max(0, -int(-missing // 1)) * step

    @property
    def _is_daily(self) -> bool:
        return self.schedule is not None and self.schedule["@odata.type"] == PREFIX + DAILY


def _next_time(text: str, after: datetime) -> datetime:
    """Return the next time of day after a moment. Use UTC, because emulated devices have no time zone."""
    found = datetime.combine(after.date(), time.fromisoformat(text[:8]), timezone.utc)
    return found if found > after else found + DAY


def find_assigned(tenant: Tenant, script: HealthScript) -> dict[str, Json]:
    """Return the effective assignment of each assigned device by its id; of several, the first one."""
    excludes = [entry for entry in script.assignments if _is_exclude(entry)]
    found: dict[str, Json] = {}
    for entry in script.assignments:
        if not _is_exclude(entry):
            for device_id in find_targets(tenant, [entry, *excludes]):
                found.setdefault(device_id, entry)
    return found


def _is_exclude(entry: Json) -> bool:
    return str(entry["target"]["@odata.type"]).endswith(".exclusionGroupAssignmentTarget")


def make_plan(tenant: Tenant, script: HealthScript, device: Device, assignment: Json | None) -> Plan:
    """Return the runs of a package on a device by its assignment; without one, only runs on demand occur."""
    if assignment is None:
        return Plan([], None)
    schedule = assignment["runSchedule"]
    delay = timedelta(seconds=tenant.settings.script_run_delay)
    enrolled = parse_iso(device.get("enrolledDateTime"))
    starts = sorted({max(changed, enrolled) + delay for changed in script.changes})
    if schedule is not None and schedule["@odata.type"] == PREFIX + ONCE:
        due = parse_iso(f"{schedule['date']}T{schedule['time'][:8]}Z")
        starts = sorted({max(start, due) for start in starts})
    return Plan(starts, schedule)


def history_of(tenant: Tenant, script: HealthScript, device: Device) -> ResultHistory:
    """Return the planted results of a device for a package; those without a package apply to all."""
    own = tenant.script_results.get((device.id, script.id))
    return own if own is not None else tenant.script_results.get((device.id, None), ())


def runs_scripts(tenant: Tenant, device: Device) -> bool:
    """Return whether a device has the agent: a Windows desktop, or another Windows device with a planted result (seed fleet)."""
    return device.is_windows_desktop or (device.get("operatingSystem") == "Windows" and (device.id, None) in tenant.script_results)


def can_run(script: HealthScript, device: Device, result: ScriptResult) -> bool:
    """Return whether a run is possible: in the user context, only on joined devices with a signed-in user (measured)."""
    if script.run_as_account == "system":
        return True
    return device.get("joinType") in JOINED and bool(who_ran(device, result))


def who_ran(device: Device, result: ScriptResult) -> str:
    """Return the user principal name of the signed-in person; blank if nobody is signed in."""
    return str(device.get("userPrincipalName")) if result.user is None else result.user


def find_reports(tenant: Tenant, script: HealthScript, device: Device, plan: Plan) -> list[Report]:
    """Return the reports of a device so far, oldest first."""
    now = tenant.clock.now()
    if tenant.settings.windows_license != "confirmed":
        return []
    history = history_of(tenant, script, device)
    last: dict[str, ScriptResult] = {}
    found: list[Report] = []
    for ran, is_forced, delay in _find_runs(tenant, script, device, plan, history):
        result = result_at(history, ran)
        user = who_ran(device, result)
        shown_from = ran + timedelta(seconds=delay)
        if shown_from <= now and can_run(script, device, result) and (is_forced or last.get(user) != result):
            last[user] = result
            found.append(Report(ran, shown_from, result))
    return found


def _find_runs(
    tenant: Tenant, script: HealthScript, device: Device, plan: Plan, history: ResultHistory
) -> list[tuple[datetime, bool, float]]:
    """Return (time, whether it is always reported, seconds until Graph shows it) of the runs that can change the reported result."""
    settings = tenant.settings
    scheduled = ((device.find_online(ran), is_forced) for ran, is_forced in _find_scheduled(tenant, plan, history))
    runs = [(ran, is_forced, settings.script_report_delay) for ran, is_forced in scheduled if ran is not None]
    is_forced = settings.on_demand_report == "always"
    return sorted([*runs, *((ran, is_forced, 0.0) for ran in _find_on_demand(tenant, script, device))])


def _find_scheduled(tenant: Tenant, plan: Plan, history: ResultHistory) -> Iterator[tuple[datetime, bool]]:
    now = tenant.clock.now()
    for start, end in zip(plan.starts, [*plan.starts[1:], now], strict=False):
        if start > now:
            return
        yield start, True
        for changed, _result in history:
            ran = plan.find_run(start, changed)
            if ran is not None and start < ran <= min(end, now):
                yield ran, False
        weeks = int((end - start) / WEEK) if tenant.settings.script_weekly_report else 0
        yield from ((start + number * WEEK, True) for number in range(1, weeks + 1))


def _find_on_demand(tenant: Tenant, script: HealthScript, device: Device) -> Iterator[datetime]:
    """Return the runs on demand, one at a time: a request overwrites the previous one if that has not run yet."""
    delay = timedelta(seconds=tenant.settings.on_demand_delay)
    requests = tenant.on_demand_runs.get(device.id, [])
    for request, following in zip(requests, [*requests[1:], None], strict=False):
        online = device.find_online(request.requested)
        is_overwritten = following is not None and (online is None or following.requested < online + delay)
        if request.script_id == script.id and online is not None and not is_overwritten:
            yield online + delay


def find_next_run(tenant: Tenant, plan: Plan) -> datetime | None:
    """Return the expected time of the next scheduled run; None if there is none."""
    now = tenant.clock.now()
    for start in reversed(plan.starts):
        if start <= now:
            return plan.find_run(start, now + timedelta(seconds=1))
    return plan.starts[0] if plan.starts else None
