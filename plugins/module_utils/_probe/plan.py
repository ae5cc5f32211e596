# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Decide on the probe that intune_pin_probe manages: the state that a task requests, and the changes that lead to it. Pure."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .. import _errors as errors
from .._directory.display_names import NO_NAMES, Names
from .._hello import assignments
from .._hello.assignments import Assignment, AssignmentResult
from .._names import show
from .._types import Json
from . import contents
from .model import DEFAULT_SCOPE_TAG, Found, Probe, Schedule, ScheduleResult, Target

State = t.Literal["present", "absent"]
Change = t.Literal["create", "update", "assign", "delete"]
OptionRepeat = t.Literal["daily", "hourly"]
LONGEST_INTERVAL: t.Mapping[OptionRepeat, int] = {"daily": 30, "hourly": 23}
UNITS: t.Mapping[OptionRepeat, str] = {"daily": "days", "hourly": "hours"}
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
DEFAULT_TIME = "12:00"  # when people are usually signed in
DEFAULT_SCHEDULE = Schedule("daily", 1, f"{DEFAULT_TIME}:00")
USER = "user"  # dsregcmd reports on the account that runs it
DESCRIPTION = (
    "Detection only: reports whether Windows can reset the PIN of the signed-in user without loss. Kept by the Ansible module "
    "endpointops.intune.intune_pin_probe."
)
MOST_PACKAGES = 200  # in a tenant. Source: https://learn.microsoft.com/intune/device-management/tools/deploy-remediations


class ProbeResult(t.TypedDict):
    """The return value ``pin_probe``."""

    id: str | None
    name: str
    description: str
    assignments: list[Json]
    schedule: ScheduleResult | None
    scope_tag_ids: list[str]
    run_as_account: str
    enforce_signature_check: bool
    is_signed: bool
    is_current: bool
    script_sha256: str | None


@dataclasses.dataclass(frozen=True)
class ProbeTask:
    """The parsed options of a task. None means no change. ``signed``: the bytes of the signed copy."""

    state: State
    name: str
    description: str | None
    assignments: tuple[assignments.Entry, ...] | None
    purge_assignments: bool
    schedule: Schedule | None
    scope_tags: tuple[str, ...] | None
    enforces_signature: bool | None
    signed: bytes | None
    force: bool
    wait_timeout: float

    @property
    def is_present(self) -> bool:
        """Whether the probe must exist after the task."""
        return self.state == "present"


@dataclasses.dataclass(frozen=True)
class ProbePlan:
    """The changes from ``current`` to ``desired``. ``packages``: the number of remediations in the tenant, without Microsoft's own."""

    current: Found | None
    desired: Probe | None
    changes: tuple[Change, ...]
    warnings: tuple[str, ...] = ()
    names: Names = NO_NAMES
    packages: int = 0

    def __bool__(self) -> bool:
        return bool(self.changes)


# --- the options ----------------------------------------------------------------------------------------------------


def parse_task(params: t.Mapping[str, t.Any]) -> ProbeTask:
    """Parse a task from a module's parameters; raise InvalidOptionError for options that no probe can have."""
    entries, tags, signed = params["assignments"], params["scope_tags"], params["signed_script"]
    if not params["name"].strip():
        raise errors.InvalidOptionError("name is blank.", hint="Name the remediation, or leave name out.", effects="none")
    assignments.validate_options(entries or ())
    return ProbeTask(
        state=params["state"],
        name=params["name"],
        description=params["description"],
        assignments=None if entries is None else tuple(entries),
        purge_assignments=params["purge_assignments"],
        schedule=None if params["schedule"] is None else parse_schedule(params["schedule"]),
        scope_tags=None if tags is None else tuple(tags),
        enforces_signature=params["enforce_signature_check"],
        signed=None if signed is None else contents.parse_signed(signed),
        force=params["force"],
        wait_timeout=params["wait_timeout"],
    )


def parse_schedule(given: t.Mapping[str, t.Any]) -> Schedule:
    """Parse the option schedule; raise InvalidOptionError for a schedule that Intune does not support."""
    repeat: OptionRepeat = given["repeat"]
    interval, time, use_utc = given["interval"], given["time"], given["use_utc"]
    longest, unit = LONGEST_INTERVAL[repeat], UNITS[repeat]
    problem = None
    if not 1 <= interval <= longest:
        problem = f"schedule.interval must be 1 to {longest} {unit} with repeat {repeat}, not {interval}."
    elif repeat == "hourly" and (time is not None or use_utc is not None):
        problem = "schedule.time and schedule.use_utc are for repeat daily: an hourly schedule has no time of day."
    elif time is not None and not TIME.fullmatch(time):
        problem = f"schedule.time must be a time of day as HH:MM in quotes, such as '{DEFAULT_TIME}', not '{show(time)}'."
    if problem:
        raise errors.InvalidOptionError(problem, effects="none")
    return Schedule("hourly", interval) if repeat == "hourly" else Schedule("daily", interval, f"{time or DEFAULT_TIME}:00", bool(use_utc))


# --- ownership ------------------------------------------------------------------------------------------------------


def list_foreign_parts(current: Found) -> list[str]:
    """Return the parts of a remediation that this collection never writes."""
    parts = []
    if current.content is None:
        parts.append("its detection script cannot be read")
    elif not contents.is_ours(current.content):
        parts.append("its detection script is not the probe's")
    if current.is_remediating:
        parts.append("it has a remediation script, and the probe has none")
    return parts


def validate_own(current: Found, task: ProbeTask) -> list[str]:
    """Return a warning about a foreign remediation that is replaced or removed; without ``force`` raise SelectionError for it."""
    parts = list_foreign_parts(current)
    done = "changed" if task.is_present else "removed"
    if not parts:
        return []
    if not task.force:
        raise errors.SelectionError(
            f"The remediation '{show(current.name)}' ({current.id}) is not {done}, because {' and '.join(parts)}.",
            hint="Choose another name. If nobody needs that remediation, set force to true to make it the probe, or to remove it.",
            effects="none",
        )
    return [f"The remediation '{show(current.name)}' ({current.id}) was not the probe's: {' and '.join(parts)}."]


# --- the plan -------------------------------------------------------------------------------------------------------


def make_subject(name: str) -> assignments.Subject:
    """Return the probe of this name as the subject of messages about its assignments."""
    return assignments.Subject("probe", name, lambda option: option)


def make_desired(
    current: Found | None, task: ProbeTask, requested: tuple[Assignment, ...] | None, scope_tags: tuple[str, ...] | None
) -> Probe:
    """Return the probe after the task. ``requested`` and ``scope_tags``: those of the task with IDs, None to keep the current ones."""
    base = current or Probe(name=task.name, description=DESCRIPTION)
    kept = base.content if contents.is_current(base.content) else contents.PLAIN
    desired = dataclasses.replace(
        base,
        description=base.description if task.description is None else task.description,
        content=kept if task.signed is None else task.signed,
        is_remediating=False,
        run_as_account=USER,
        is_32_bit=False,
        enforces_signature=base.enforces_signature if task.enforces_signature is None else task.enforces_signature,
        scope_tags=base.scope_tags if scope_tags is None else scope_tags or (DEFAULT_SCOPE_TAG,),
        targets=_make_targets(base, task, requested),
    )
    if desired.enforces_signature and not contents.is_signed(desired.content):
        raise errors.InvalidOptionError(
            "The probe enforces the signature check, and there is no signed copy of this version of the script: devices would refuse it.",
            hint=f"{contents.SIGN_HINT} Or set enforce_signature_check to false.",
            effects="none",
        )
    return desired


def _make_targets(base: Probe, task: ProbeTask, requested: tuple[Assignment, ...] | None) -> tuple[Target, ...]:
    current = [target.assignment for target in base.targets]
    if requested is None and task.schedule is None:
        return base.targets
    subject = make_subject(base.name)
    assignments.validate_known(current, subject)
    merged = tuple(current) if requested is None else assignments.merge(current, requested, task.purge_assignments)
    schedules = {target.assignment.key: target.schedule for target in base.targets if target.is_included}
    fallback = find_common_schedule(base.targets) or DEFAULT_SCHEDULE
    made = [Target(each, task.schedule or schedules.get(each.key, fallback)) for each in merged]
    found = tuple(target if target.is_included else Target(target.assignment) for target in made)
    unknown = sorted({target.schedule.repeat for target in found if target.schedule and not target.schedule.is_known})
    if unknown:
        raise errors.SelectionError(
            f"The probe has a schedule that this version does not know: {', '.join(unknown)}.",
            hint="Set schedule, which replaces it, or leave assignments unset.",
            effects="none",
        )
    return found


def find_common_schedule(targets: t.Iterable[Target]) -> Schedule | None:
    """Return the common schedule of all included targets, or None if there is none or they differ."""
    found = {target.schedule for target in targets if target.is_included}
    return found.pop() if len(found) == 1 else None


def plan(current: Found | None, desired: Probe | None) -> list[Change]:
    """Return the changes from the current to the desired state, in order."""
    if desired is None:
        return ["delete"] if current is not None else []
    changes: list[Change] = []
    if current is None:
        changes.append("create")
    elif _list_managed(current) != _list_managed(desired):
        changes.append("update")
    if desired.targets != (current.targets if current else ()):
        changes.append("assign")
    return changes


def _list_managed(probe: Probe) -> tuple[t.Any, ...]:
    return tuple(getattr(probe, field.name) for field in dataclasses.fields(Probe) if field.name != "targets")


# --- results --------------------------------------------------------------------------------------------------------


def describe(probe: Probe | None, names: Names = NO_NAMES) -> ProbeResult | None:
    """Return the ``pin_probe`` return value."""
    if probe is None:
        return None
    common = find_common_schedule(probe.targets)
    return {
        "id": probe.id if isinstance(probe, Found) else None,
        "name": probe.name,
        "description": probe.description,
        "assignments": [_describe_target(target, names) for target in probe.targets],
        "schedule": None if common is None else common.describe(),
        "scope_tag_ids": list(probe.scope_tags),
        "run_as_account": probe.run_as_account,
        "enforce_signature_check": probe.enforces_signature,
        "is_signed": contents.is_signed(probe.content),
        "is_current": contents.is_current(probe.content),
        "script_sha256": None if probe.content is None else contents.digest(probe.content),
    }


def _describe_target(target: Target, names: Names) -> Json:
    found: AssignmentResult = target.assignment.describe(names)
    return {**found, "schedule": None if target.schedule is None else target.schedule.describe()}


def diff(before: Probe | None, after: Probe | None, names: Names) -> tuple[Json, Json]:
    """Return the managed keys of both; empty for a probe that does not exist."""
    return _describe_managed(before, names), _describe_managed(after, names)


def _describe_managed(probe: Probe | None, names: Names) -> Json:
    if probe is None:
        return {}
    return {
        "name": probe.name,
        "description": probe.description,
        "script": contents.label(probe.content),
        "has_remediation_script": probe.is_remediating,
        "run_as_account": probe.run_as_account,
        "run_as_32_bit": probe.is_32_bit,
        "enforce_signature_check": probe.enforces_signature,
        "assignments": [{**target.assignment.label(names), "schedule": target.label()} for target in probe.targets],
        "scope_tags": sorted(map(names.label_tag, probe.scope_tags)),
    }
