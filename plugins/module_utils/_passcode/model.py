# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Passcode resets: the entries in a device's action results, and the reset of one device in a task. Pure.

Source: Graph managedDevice resetPasscode (https://learn.microsoft.com/graph/api/intune-devices-manageddevice-resetpasscode).
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .._devices.eligibility import Reason as RefusalReason
from .._devices.eligibility import Verdict
from .._devices.model import Device
from .._time import parse_timestamp, render_timestamp
from .._types import Json

ACTION = "resetpasscode"
SKEW = 5.0  # seconds by which the start in the record may precede the response's Date
SAME_TIME = 1.0  # seconds; times that differ by no more than this are the same
LONGEST_AGE = 10**9  # seconds; no device is older

Status = t.Literal[
    "planned",
    "none",
    "done",
    "pending",
    "failed",
    "not_supported",
    "canceled",
    "unknown",
    "refused",
    "needs_approval",
    "not_attempted",
]

# Why a device is not done: it is not eligible, or one of these reasons.
Reason = t.Literal[
    RefusalReason,
    "device_failed",
    "not_supported",
    "canceled",
    "service_refused",
    "approval_refused",
    "answer_lost",
    "device_gone",
    "state_unknown",
    "unavailable",
    "locked",
]

# Graph's actionState -> our status. Any other value is "unknown", never a success.
STATUS: t.Mapping[str, Status] = {
    "none": "pending",
    "pending": "pending",
    "active": "pending",
    "done": "done",
    "failed": "failed",
    "canceled": "canceled",
    "notsupported": "not_supported",
}
OPEN: frozenset[Status] = frozenset({"pending"})
BAD: frozenset[Status] = frozenset({"failed", "not_supported", "canceled", "unknown", "refused", "not_attempted"})


@dataclasses.dataclass(frozen=True)
class RecordedReset:
    """A reset in a device's action results. ``started`` in seconds since the epoch, 0 when unreadable; the passcode is a secret."""

    state: str
    started: float
    updated: float | None = None
    error_code: int | None = None
    passcode: str | None = dataclasses.field(default=None, repr=False)

    @property
    def status(self) -> Status:
        """The status for the state."""
        return STATUS.get(self.state.lower(), "unknown")


@dataclasses.dataclass(eq=False)
class DeviceReset:
    """The reset of one device of a task, and its outcome. The only mutable object here. Times are the service's, in seconds."""

    id: str
    names: list[str]
    device: Device | None = None
    verdict: Verdict | None = None
    status: Status = "not_attempted"
    reason: Reason | None = None
    message: str | None = None
    changed: bool = False
    reset: RecordedReset | None = None
    request_id: str | None = None
    approval: Json | None = None
    since: float = 0.0  # entries that started earlier do not belong to this reset
    before: float | None = None  # the start of the newest entry before that reset
    confirmed: bool | None = None  # whether the service shows the reset that it accepted; None if it accepted none
    is_repeated: bool = False  # whether the service also shows another reset of the device within the time that counts

    @property
    def shown_name(self) -> str:
        """The name of the device in messages: the name in the task, or the device's own name for a member of a group."""
        if not self.names[0].startswith("group "):
            return self.names[0]
        return (self.device.device_name if self.device else None) or self.id


def list_resets(device: Device) -> list[RecordedReset]:
    """Return the resetPasscode entries of a device. The record is unordered and does not identify requests."""
    return [parse_reset(entry) for entry in device.actions if str(entry.get("actionName")).lower() == ACTION]


def find_last_reset(device: Device) -> RecordedReset | None:
    """Return the newest resetPasscode entry of a device."""
    return max(list_resets(device), key=lambda reset: reset.started, default=None)


def parse_reset(entry: t.Mapping[str, t.Any]) -> RecordedReset:
    """Parse an entry of deviceActionResults as a reset."""
    state, passcode = entry.get("actionState"), entry.get("passcode")
    return RecordedReset(
        # A state that is not text must not become "none", which means that the device has yet to carry out the reset.
        state="none" if state is None else state if isinstance(state, str) else "unreadable",
        started=parse_timestamp(entry.get("startDateTime")) or 0.0,
        updated=parse_timestamp(entry.get("lastUpdatedDateTime")),
        error_code=shapes.lenient(shapes.integer)(entry.get("errorCode"), "errorCode"),
        # A number would have lost its leading zeros.
        passcode=passcode if isinstance(passcode, str) else None,
    )


def is_own(item: DeviceReset, found: RecordedReset) -> bool:
    """Return whether an entry belongs to this reset, rather than to an earlier reset of the device."""
    return found.started >= item.since and (item.before is None or found.started > item.before)


def parse_moment(option: str, value: str, now: float) -> float:
    """Return the time in an option, in seconds since the epoch; raise InvalidOptionError for any other text."""
    moment = parse_timestamp(value)
    if moment is None:
        raise errors.InvalidOptionError(f"{option} must be a timestamp, not '{value}'.", hint="Write it as 2026-01-31T08:00:00Z.")
    if moment > now:
        raise errors.InvalidOptionError(
            f"{option} must not lie in the future, as '{value}' does.", hint="It is the moment since which a reset counts."
        )
    return moment


def warn_of_zone(option: str, value: str | None) -> list[str]:
    """Return a warning for a time without a time zone in an option, or an empty list."""
    # If the text has its own time zone, adding another one makes it invalid.
    moment = parse_timestamp(f"{value.strip()}Z") if value else None
    if moment is None:
        return []
    return [f"{option} '{value}' has no time zone and counts as UTC: {render_timestamp(moment)}. Add Z or an offset such as +02:00."]


def earliest_counted(now: float, reset_since: str | None, max_age: float) -> float:
    """Return the time since which a reset satisfies the task."""
    return parse_moment("reset_since", reset_since, now) if reset_since else now - max_age
