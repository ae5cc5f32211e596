# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Passcode resets: the resets on a device's record, and the reset of one device of a task. Pure.

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
SKEW = 5.0  # seconds by which the record's start may lie before the response's Date
SAME_TIME = 1.0  # seconds; times no further apart than that are of the same moment
LONGEST_AGE = 10**9  # seconds; no device is that old

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

# Why a device is not done: it is not eligible, or one of these.
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

# Graph's actionState -> our status. Anything newer is "unknown", never a success.
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
    """A reset on a device's record. ``started`` in seconds since the epoch, 0 when unreadable; the passcode is a secret."""

    state: str
    started: float
    updated: float | None = None
    error_code: int | None = None
    passcode: str | None = dataclasses.field(default=None, repr=False)

    @property
    def status(self) -> Status:
        """Our word for the state."""
        return STATUS.get(self.state.lower(), "unknown")


@dataclasses.dataclass(eq=False)
class DeviceReset:
    """The reset of one device of a task, and its outcome. The only thing here that changes. Times are the service's, in seconds."""

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
    since: float = 0.0  # an entry that started before is not of the reset that is meant
    before: float | None = None  # when the newest entry before that reset started
    confirmed: bool | None = None  # whether the service shows the reset that it accepted; null where it accepted none
    is_repeated: bool = False  # the service shows another reset of the device too, in the time that counts

    @property
    def shown_name(self) -> str:
        """The name of the device in messages: as the task names it, and its own for a member of a group."""
        if not self.names[0].startswith("group "):
            return self.names[0]
        return (self.device.device_name if self.device else None) or self.id


def list_resets(device: Device) -> list[RecordedReset]:
    """Return the resetPasscode entries of a device; the record keeps no order and names no request."""
    return [parse_reset(entry) for entry in device.actions if str(entry.get("actionName")).lower() == ACTION]


def find_last_reset(device: Device) -> RecordedReset | None:
    """Return the newest resetPasscode entry of a device."""
    return max(list_resets(device), key=lambda reset: reset.started, default=None)


def parse_reset(entry: t.Mapping[str, t.Any]) -> RecordedReset:
    """Return an entry of deviceActionResults as a reset."""
    state, passcode = entry.get("actionState"), entry.get("passcode")
    return RecordedReset(
        # A state that is no text is not "none", which means that the device has yet to carry the reset out.
        state="none" if state is None else state if isinstance(state, str) else "unreadable",
        started=parse_timestamp(entry.get("startDateTime")) or 0.0,
        updated=parse_timestamp(entry.get("lastUpdatedDateTime")),
        error_code=shapes.lenient(shapes.integer)(entry.get("errorCode"), "errorCode"),
        # A number would have lost its zeros in front.
        passcode=passcode if isinstance(passcode, str) else None,
    )


def is_own(item: DeviceReset, found: RecordedReset) -> bool:
    """Return whether an entry is of the reset that is meant, and not of one that the device had before."""
    return found.started >= item.since and (item.before is None or found.started > item.before)


def parse_moment(option: str, value: str, now: float) -> float:
    """Return the moment that an option names, in seconds since the epoch; raise InvalidOptionError for any other text."""
    moment = parse_timestamp(value)
    if moment is None:
        raise errors.InvalidOptionError(f"{option} must be a timestamp, not '{value}'.", hint="Write it as 2026-01-31T08:00:00Z.")
    if moment > now:
        raise errors.InvalidOptionError(
            f"{option} must not lie in the future, as '{value}' does.", hint="It is the moment since which a reset counts."
        )
    return moment


def warn_of_zone(option: str, value: str | None) -> list[str]:
    """Return a warning for a moment that an option names without a time zone; empty for others."""
    # With a zone of its own, another one makes it no timestamp.
    moment = parse_timestamp(f"{value.strip()}Z") if value else None
    if moment is None:
        return []
    return [f"{option} '{value}' has no time zone and counts as UTC: {render_timestamp(moment)}. Add Z or an offset such as +02:00."]


def earliest_counted(now: float, reset_since: str | None, max_age: float) -> float:
    """Return the moment since which a reset satisfies the task."""
    return parse_moment("reset_since", reset_since, now) if reset_since else now - max_age
