# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Resetting a passcode: what a device's record says of its last reset, and what to do about it.

Pure: last_reset, judge, describe. Calls: issue, settle, follow. Source: Graph managedDevice resetPasscode.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._graph import errors
from .._graph.client import GraphClient
from .._graph.protocol import segments
from . import devices
from .devices import Device, Verdict

ACTION = "resetpasscode"
FRESH = 2.0  # seconds for which a device's record is taken as it was read
SKEW = 5.0  # seconds by which the record's start may lie before the answer's Date
HELP = "https://learn.microsoft.com/intune/device-management/actions/reset-passcode"
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


@dataclasses.dataclass
class Item:
    """One device of a task, and what became of it. The only thing here that changes."""

    device: Device
    names: list[str]
    verdict: Verdict
    status: str = "not_attempted"
    reason: str | None = None
    message: str | None = None
    changed: bool = False
    reset: Reset | None = None
    request_id: str | None = None
    approval: dict[str, t.Any] | None = None
    since: float = 0.0
    read_at: float = 0.0  # by the monotonic clock


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
        passcode=entry.get("passcode"),
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
    """Whether a reset is to be issued; if not, the item says why. ``again``: one that still waits for its device does not count."""
    if not item.verdict.eligible:
        item.status, item.reason, item.message = "refused", item.verdict.reason, item.verdict.message
        return False
    found = last_reset(item.device)
    if found is not None and (found.started >= since or (found.status in OPEN and not again)):
        # Any outcome counts: one reset a device and window, whatever came of it.
        item.since = found.started
        record(item, found)
        return False
    return True


def is_new(item: Item, found: Reset) -> bool:
    """Whether an entry is of the reset that this task issued, and not of one that the device had before."""
    before = last_reset(item.device)
    return found.started >= item.since and (before is None or found.started > before.started)


def record(item: Item, reset: Reset) -> None:
    """Takes over what the service reports."""
    item.reset = reset
    item.status = reset.status
    item.reason, item.message = None, None
    if reset.status == "pending":
        item.message = "Intune has queued the reset; the device carries it out when it checks in."
    elif reset.status == "failed":
        item.reason, item.message = (
            "device_failed",
            f"The device reported that the reset failed (error code {reset.error_code}). See {HELP}",
        )
    elif reset.status == "not_supported":
        item.reason, item.message = "not_supported", f"The device reported that it does not support the reset. {_instead(item)}"
    elif reset.status == "canceled":
        item.reason, item.message = (
            "canceled",
            "The reset was canceled before the device carried it out. Run again with max_age 0 to issue another.",
        )
    elif reset.status == "unknown":
        item.reason, item.message = "state_unknown", f"Intune reports a state that this version does not know: {reset.state}."


def _instead(item: Item) -> str:
    return SELF_SERVICE if devices.platform(item.device) == "windows" else f"See {HELP}"


def describe(item: Item, with_passcode: bool) -> dict[str, t.Any]:
    """An entry of the ``results`` return value."""
    reset = item.reset
    shown = {
        "device": item.names[0],
        "id": item.device.id,
        "device_name": item.device.device_name,
        "operating_system": item.device.operating_system,
        "os_version": item.device.os_version,
        "status": item.status,
        "reason": item.reason,
        "message": item.message,
        "changed": item.changed,
        "action_state": reset.state if reset else None,
        "started": show_time(reset.started or None) if reset else None,
        "last_updated": show_time(reset.updated) if reset else None,
        "error_code": reset.error_code if reset else None,
        "request_id": item.request_id,
        "approval": item.approval,
    }
    if with_passcode:
        shown["passcode"] = reset.passcode if reset and reset.status == "done" else None
    return shown


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


# --- calls ----------------------------------------------------------------------------------------------------------


def issue_if_due(client: GraphClient, item: Item, since: float, again: bool) -> None:
    """Issues a reset, unless another run has started one since the device was read."""
    if client.clock.monotonic() - item.read_at > FRESH:
        device = devices.read(client, item.device.id)
        if device is None:
            item.status, item.reason, item.message = "failed", "device_gone", "Intune no longer manages the device."
            return
        item.device = device
        if not judge(item, since, again):
            return
    issue(client, item)


def issue(client: GraphClient, item: Item) -> None:
    """Sends the reset once. What is refused for this device alone is noted; what concerns all is raised."""
    item.since = client.service_now() - SKEW
    try:
        client.post(devices.PATH + segments(item.device.id, "resetPasscode"))
    except errors.ApprovalPendingError as pending:
        item.status, item.approval, item.message = "needs_approval", pending.approval, str(pending)
        return
    except errors.ApprovalError as failure:
        item.status, item.reason, item.message = "failed", "approval_refused", str(failure)
        return
    except (errors.LostAnswerError, errors.UnexpectedAnswerError, errors.ServiceError) as failure:
        if getattr(failure, "status", None) == 503 and getattr(failure, "retry_after", None) is not None:
            # The service said that it did not run it, and still does after retry_timeout.
            raise
        item.request_id = getattr(failure, "request_id", None)
        settle(client, item, failure)
        return
    except errors.GraphError as failure:
        if failure.status in (401, 403, 429):
            raise
        if failure.status == 408:
            item.request_id = failure.request_id
            settle(client, item, failure)
            return
        item.status, item.reason, item.request_id = "failed", "service_refused", failure.request_id
        item.message = f"Intune refused the reset: {failure.status} {failure.code}: {failure.message} {_instead(item)}"
        return
    item.changed = True
    item.status = "pending"
    item.message = "Intune accepted the reset."


def settle(client: GraphClient, item: Item, failure: errors.IntuneError) -> None:
    """After a lost answer: asks the service whether it ran the reset, and never sends it again."""
    item.status, item.reason = "unknown", "answer_lost"
    item.message = (
        f"{failure.message} Whether the reset was started could not be settled: it is not in the device's record (yet). "
        "Run again later: a reset that was started then counts."
    )

    def recorded() -> Reset | None:
        device = devices.read(client, item.device.id)
        found = last_reset(device) if device else None
        return found if found is not None and is_new(item, found) else None

    try:
        reset = client.wait_until(recorded, lambda found: found is not None, timeout=15.0, what="the device's record")
    except errors.IntuneError:
        # Still unknown, and said so: the message above stands.
        return
    item.changed = True
    record(item, reset)


def follow(client: GraphClient, items: t.Sequence[Item], timeout: float) -> None:
    """Reads the pending devices until each has an outcome, or the time is up; a pause grows from 1 to 20 seconds."""
    deadline = client.clock.monotonic() + timeout
    pause = 1.0
    while any(item.status in OPEN for item in items) and client.clock.monotonic() + pause <= deadline:
        client.clock.sleep(pause)
        pause = min(pause * 1.5, 20.0)
        for item in items:
            if item.status in OPEN:
                refresh(client, item)


def refresh(client: GraphClient, item: Item) -> None:
    """Takes over this reset's entry, not that of an earlier one, which is read until the service shows the new one."""
    device = devices.read(client, item.device.id)
    if device is None:
        item.status, item.reason, item.message = "unknown", "device_gone", "Intune no longer manages the device."
        return
    found = last_reset(device)
    if found is not None and (is_new(item, found) if item.changed else found.started >= item.since):
        record(item, found)
