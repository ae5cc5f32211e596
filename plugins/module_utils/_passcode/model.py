# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Resetting a passcode: what a device's record says of its last reset, what to do about it, and how a result shows it.

Pure. Source: Graph managedDevice resetPasscode.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .. import _errors as errors
from .._devices import model as devices
from .._devices.model import Device, Verdict

ACTION = "resetpasscode"
SKEW = 5.0  # seconds by which the record's start may lie before the answer's Date
HELP = "https://learn.microsoft.com/intune/device-management/actions/reset-passcode"
GONE = "Intune no longer manages the device."
SELF_SERVICE = (
    "On Windows the way that works today is the user's own: 'I forgot my PIN' on the lock screen or in Settings, with a Temporary "
    f"Access Pass where needed ({devices.GUIDE})."
)

# Graph's actionState -> our status. Anything newer is "unknown", never a success.
STATUS = {
    "none": "pending",
    "pending": "pending",
    "active": "pending",
    "done": "done",
    "failed": "failed",
    "canceled": "canceled",
    "notsupported": "not_supported",
}
OPEN = frozenset({"pending"})
SHOWN_FOR = 7 * 86400.0  # seconds for which Intune shows a new passcode
BAD = frozenset({"failed", "not_supported", "canceled", "unknown", "refused", "not_attempted"})


@dataclasses.dataclass(frozen=True)
class Reset:
    """What Intune records of the last reset. ``started`` in seconds since the epoch, 0 when unreadable; the passcode is a secret."""

    state: str
    started: float
    updated: float | None = None
    error_code: int | None = None
    passcode: str | None = dataclasses.field(default=None, repr=False)

    @property
    def status(self) -> str:
        return STATUS.get(self.state.lower(), "unknown")


@dataclasses.dataclass(eq=False)
class Item:
    """One device of a task, and what became of it. The only thing here that changes. Moments are the service's, in seconds."""

    id: str
    names: list[str]
    device: Device | None = None
    verdict: Verdict | None = None
    status: str = "not_attempted"
    reason: str | None = None
    message: str | None = None
    changed: bool = False
    reset: Reset | None = None
    request_id: str | None = None
    approval: dict[str, t.Any] | None = None
    since: float = 0.0  # an entry that started before is not of the reset that is meant
    before: float | None = None  # when the newest entry before that reset started


# --- pure -----------------------------------------------------------------------------------------------------------


def last_reset(device: Device) -> Reset | None:
    """The newest resetPasscode entry; the record keeps no order and names no request."""
    resets = [_reset(entry) for entry in device.actions if str(entry.get("actionName")).lower() == ACTION]
    return max(resets, key=lambda reset: reset.started, default=None)


def _reset(entry: t.Mapping[str, t.Any]) -> Reset:
    return Reset(
        state=str(entry.get("actionState") or "none"),
        started=parse_time(entry.get("startDateTime")) or 0.0,
        updated=parse_time(entry.get("lastUpdatedDateTime")),
        error_code=entry.get("errorCode"),
        passcode=None if entry.get("passcode") is None else str(entry["passcode"]),
    )


def parse_time(text: t.Any) -> float | None:
    """A Graph or ISO 8601 timestamp as seconds since the epoch; without a zone it is UTC. Null when it is not one."""
    if not isinstance(text, str):
        return None
    # Python 3.10 reads neither Z nor Graph's seven digits of a second.
    head, dot, tail = text.strip().replace("Z", "+00:00").partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        tail = tail[:digits][:6].ljust(6, "0") + tail[digits:]
    try:
        when = datetime.datetime.fromisoformat(head + dot + tail)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=datetime.timezone.utc)).timestamp()


def show_time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def window(now: float, reset_since: str | None, max_age: float) -> float:
    """The moment since which a reset satisfies the task."""
    if not reset_since:
        return now - max_age
    since = parse_time(reset_since)
    if since is None:
        raise errors.InvalidOptionError(f"reset_since '{reset_since}' is not a timestamp.", hint="Write it as 2026-01-31T08:00:00Z.")
    if since > now:
        raise errors.InvalidOptionError(
            f"reset_since '{reset_since}' lies in the future.", hint="It is the moment since which a reset counts."
        )
    return since


def judge(item: Item, since: float, again: bool = False) -> bool:
    """Whether a reset is to be issued; if not, the item says why. ``again``: only one that came after this task had sent its own does."""
    if item.device is None or item.verdict is None:
        raise ValueError("judged before it was read")
    if not item.verdict.eligible:
        item.status, item.reason, item.message = "refused", item.verdict.reason, item.verdict.message
        return False
    found = last_reset(item.device)
    if found is not None and _counts(item, found, since, again):
        # Any outcome counts: one reset a device and window, whatever came of it.
        item.since = found.started
        record(item, found)
        return False
    return True


def _counts(item: Item, found: Reset, since: float, again: bool) -> bool:
    if again:
        # The service tells its time in whole seconds: by the time alone, a reset of a moment before the task would count.
        return item.since > 0 and is_new(item, found)
    return found.started >= since or found.status in OPEN


def is_new(item: Item, found: Reset) -> bool:
    """Whether an entry is of the reset that is meant, and not of one that the device had before."""
    return found.started >= item.since and (item.before is None or found.started > item.before)


def record(item: Item, reset: Reset) -> None:
    """Takes over what the service reports."""
    item.reset = reset
    item.status = reset.status
    item.reason, item.message = None, None
    if reset.status == "done" and item.device is not None and devices.platform(item.device) == "ios":
        item.message = "The passcode is removed. On this platform there is no new one: the user sets it on the device."
    elif reset.status == "pending":
        item.message = "Intune has queued the reset; the device carries it out when it checks in."
    elif reset.status == "failed":
        item.reason, item.message = (
            "device_failed",
            f"The device reported that the reset failed (error code {reset.error_code}). See {HELP}",
        )
    elif reset.status == "not_supported":
        item.reason, item.message = "not_supported", f"The device reported that it does not support the reset. {instead(item)}"
    elif reset.status == "canceled":
        item.reason, item.message = (
            "canceled",
            "The reset was canceled before the device carried it out. To issue another, reset it with max_age 0.",
        )
    elif reset.status == "unknown":
        item.reason, item.message = "state_unknown", f"Intune reports a state that this version does not know: {reset.state}."


def instead(item: Item) -> str:
    """What to do where Intune does not reset."""
    return SELF_SERVICE if item.device is not None and devices.platform(item.device) == "windows" else f"See {HELP}"


def describe(item: Item) -> dict[str, t.Any]:
    """An entry of the ``results`` return value, without the passcode."""
    reset, device = item.reset, item.device
    done = reset is not None and reset.status == "done"
    return {
        "device": item.names[0],
        "id": item.id,
        "device_name": device.device_name if device else None,
        "operating_system": device.operating_system if device else None,
        "os_version": device.os_version if device else None,
        "status": item.status,
        "reason": item.reason,
        "message": item.message,
        "changed": item.changed,
        "action_state": reset.state if reset else None,
        "started": show_time(reset.started or None) if reset else None,
        "last_updated": show_time(reset.updated) if reset else None,
        "passcode_expires": show_time(reset.updated + SHOWN_FOR) if reset and done and reset.passcode and reset.updated else None,
        "error_code": reset.error_code if reset else None,
        "request_id": item.request_id,
        "approval": item.approval,
    }


def new_passcode(item: Item) -> str | None:
    """The secret itself; null until the reset is done, and where there is none."""
    return item.reset.passcode if item.reset is not None and item.reset.status == "done" else None


def summarise(items: t.Sequence[Item]) -> dict[str, int]:
    counts = dict.fromkeys(
        (
            *("total", "changed", "planned", "done", "pending", "failed", "not_supported", "canceled", "unknown", "refused"),
            *("needs_approval", "not_attempted"),
        ),
        0,
    )
    counts["total"] = len(items)
    for item in items:
        counts[item.status] += 1
        counts["changed"] += item.changed
    return counts
