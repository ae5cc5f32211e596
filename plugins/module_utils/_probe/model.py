# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The probe: an Intune remediation (in Microsoft Graph, a device health script) with only a detection script. Pure.

Source: Graph deviceHealthScript, deviceHealthScriptAssignment, and deviceHealthScriptRunSchedule (beta).
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import typing as t

from .. import _json as shapes
from .._hello.assignments import TARGET, Assignment, parse_assignment
from .._types import Json

NAME = "PIN reset probe"
PUBLISHER = "endpointops.intune"
DEFAULT_SCOPE_TAG = "0"
PREFIX = "#microsoft.graph.deviceHealthScript"
TYPE = "@odata.type"

Repeat = t.Literal["daily", "hourly", "once"]
SCHEDULES: t.Mapping[str, str] = {  # by Repeat
    "daily": f"{PREFIX}DailySchedule",
    "hourly": f"{PREFIX}HourlySchedule",
    "once": f"{PREFIX}RunOnceSchedule",
}
REPEATS = {odata_type: repeat for repeat, odata_type in SCHEDULES.items()}

SCHEDULE = shapes.object_of(
    {
        TYPE: shapes.optional(shapes.text),
        "interval": shapes.optional(shapes.integer),
        "time": shapes.optional(shapes.text),
        "date": shapes.optional(shapes.text),
        "useUtc": shapes.optional(shapes.boolean),
    }
)
SCHEDULED = shapes.object_of({"target": shapes.optional(TARGET), "runSchedule": shapes.optional(SCHEDULE)})
LISTED = shapes.object_of(
    {
        "id": shapes.identity,
        "isGlobalScript": shapes.optional(shapes.boolean),
        **dict.fromkeys(("displayName", "description"), shapes.optional(shapes.text)),
    }
)
SCRIPT_PACKAGE = shapes.object_of(
    {
        "id": shapes.identity,
        **dict.fromkeys(
            ("displayName", "description", "runAsAccount", "detectionScriptContent", "remediationScriptContent"),
            shapes.optional(shapes.text),
        ),
        **dict.fromkeys(("isGlobalScript", "runAs32Bit", "enforceSignatureCheck"), shapes.optional(shapes.boolean)),
        "roleScopeTagIds": shapes.optional(shapes.list_of(shapes.text)),
        "assignments": shapes.optional(shapes.list_of(SCHEDULED)),
        "assignments@odata.nextLink": shapes.optional(shapes.text),
    }
)


class ScheduleResult(t.TypedDict):
    """A schedule as a return value."""

    repeat: str
    interval: int | None
    time: str | None
    date: str | None
    use_utc: bool | None


@dataclasses.dataclass(frozen=True)
class Schedule:
    """The schedule on which devices run the script.

    ``repeat`` is a Repeat, or an OData type that this version does not know. ``interval``: days or hours. ``time`` as HH:MM:SS, '' for a
    schedule without a time; ``date`` of a single run.
    """

    repeat: str
    interval: int = 1
    time: str = ""
    use_utc: bool = False
    date: str = ""

    @property
    def is_known(self) -> bool:
        """Whether this version knows the schedule and can write it."""
        return self.repeat in SCHEDULES

    def describe(self) -> ScheduleResult:
        """Return the schedule as a return value."""
        return {
            "repeat": self.repeat,
            "interval": None if self.repeat == "once" else self.interval,
            "time": self.time.removesuffix(":00") if self.time.count(":") == 2 else self.time or None,
            "date": self.date or None,
            "use_utc": self.use_utc if self.time else None,
        }

    def label(self) -> str:
        """Return the schedule for people, in one line."""
        shown = self.describe()
        clock = "UTC" if self.use_utc else "local time"
        texts = {
            "daily": f"every {self._render_interval('day')} at {shown['time']} {clock}",
            "hourly": f"every {self._render_interval('hour')}",
            "once": f"once on {self.date} at {shown['time']} {clock}",
        }
        return texts.get(self.repeat, self.repeat)

    def _render_interval(self, unit: str) -> str:
        return unit if self.interval == 1 else f"{self.interval} {unit}s"

    def render(self) -> Json:
        """Return the schedule in Graph's JSON."""
        body: Json = {TYPE: SCHEDULES[self.repeat]}
        if self.repeat != "once":
            body["interval"] = self.interval
        if self.repeat != "hourly":
            body |= {"time": self.time, "useUtc": self.use_utc}
        if self.repeat == "once":
            body["date"] = self.date
        return body


@dataclasses.dataclass(frozen=True)
class Target:
    """One assignment of the probe with its schedule: None for an excluded group, and if Intune has none, which means every 24 hours."""

    assignment: Assignment
    schedule: Schedule | None = None

    @property
    def is_included(self) -> bool:
        """Whether devices run the script because of this assignment."""
        return self.assignment.target != "exclude_group"

    def label(self) -> str | None:
        """Return the schedule for people, in one line, or None for an excluded group, which has none."""
        return (self.schedule.label() if self.schedule else "every 24 hours") if self.is_included else None

    def render(self) -> Json:
        """Return the assignment in Graph's JSON.

        Omit runRemediationScript: the probe has no remediation script, and Intune always returns false there.
        """
        body: Json = {TYPE: f"{PREFIX}Assignment", **self.assignment.render()}
        return body if self.schedule is None else {**body, "runSchedule": self.schedule.render()}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Probe:
    """A remediation that this collection manages.

    ``content`` is the detection script, None if it cannot be read. ``is_remediating``: whether it also has a remediation script.
    """

    name: str
    description: str = ""
    content: bytes | None = None
    is_remediating: bool = False
    run_as_account: str = "user"
    is_32_bit: bool = False
    enforces_signature: bool = False
    scope_tags: tuple[str, ...] = (DEFAULT_SCOPE_TAG,)
    targets: tuple[Target, ...] = ()

    @property
    def is_assigned(self) -> bool:
        """Whether any devices run it."""
        return any(target.is_included for target in self.targets)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found(Probe):
    """A remediation of the tenant. One from the list of all remediations has neither its script nor its assignments."""

    id: str


def parse_listed(raw: Json) -> Found:
    """Parse a remediation of Graph's list. Nothing else is read of it, because most remediations are unrelated."""
    return Found(id=raw["id"], name=raw.get("displayName") or "", description=raw.get("description") or "")


def parse_found(raw: Json) -> Found:
    """Parse a remediation from Graph."""
    return Found(
        id=raw["id"],
        name=raw.get("displayName") or "",
        description=raw.get("description") or "",
        content=decode(raw.get("detectionScriptContent")),
        is_remediating=bool(raw.get("remediationScriptContent")),
        run_as_account=raw.get("runAsAccount") or "",
        is_32_bit=bool(raw.get("runAs32Bit")),
        enforces_signature=bool(raw.get("enforceSignatureCheck")),
        scope_tags=tuple(sorted(raw.get("roleScopeTagIds") or ())),
        targets=parse_targets(raw.get("assignments") or ()),
    )


def render_probe(desired: Probe, current: Probe | None) -> Json:
    """Return the body that changes ``current`` to ``desired``, or without ``current``, the body of a new remediation.

    An unchanged script is omitted, because new contents would be a new version, which devices run again.
    """
    body: Json = {
        TYPE: PREFIX,
        "displayName": desired.name,
        "description": desired.description,
        "publisher": PUBLISHER,
        "runAsAccount": desired.run_as_account,
        "runAs32Bit": desired.is_32_bit,
        "enforceSignatureCheck": desired.enforces_signature,
        "roleScopeTagIds": list(desired.scope_tags),
    }
    if current is None or current.content != desired.content:
        body["detectionScriptContent"] = encode(desired.content or b"")
    if current is not None and current.is_remediating:
        body["remediationScriptContent"] = None
    return body


def encode(content: bytes) -> str:
    """Return the bytes of a script in Graph's encoding."""
    return base64.b64encode(content).decode()


def decode(content: str | None) -> bytes | None:
    """Return the bytes of a script, or None if Graph returns none, or text that is not base64."""
    if not content:
        return None
    try:
        return base64.b64decode(content.translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        return None


def parse_targets(found: t.Iterable[Json]) -> tuple[Target, ...]:
    """Parse Graph's assignments of a remediation, in a stable order."""
    return tuple(sorted((parse_target(item) for item in found), key=lambda target: target.assignment))


def parse_target(found: Json) -> Target:
    """Parse an assignment from Graph."""
    target = Target(parse_assignment(found), parse_schedule(found.get("runSchedule")))
    # The schedule of an excluded group has no effect.
    return target if target.is_included else Target(target.assignment)


def parse_schedule(found: Json | None) -> Schedule | None:
    """Parse a schedule from Graph."""
    if found is None:
        return None
    odata_type, interval = str(found.get(TYPE) or ""), found.get("interval")
    repeat = REPEATS.get(odata_type, odata_type)
    has_time = repeat != "hourly"
    return Schedule(
        repeat,
        1 if interval is None or repeat == "once" else interval,
        # Graph returns 09:00:00.0000000.
        (found.get("time") or "").partition(".")[0] if has_time else "",
        bool(found.get("useUtc")) and has_time,
        (found.get("date") or "") if repeat == "once" else "",
    )
