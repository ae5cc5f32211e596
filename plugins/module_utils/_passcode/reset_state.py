# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The states of a reset, and the transitions after a response or record. Only this file decides whether a reset may be sent again.

It may be sent again if the service reported that it did not run it: throttled, unavailable with a Retry-After, not signed in, no
connection. After a lost response, the service's records are read first (see lost_responses), and a reset that neither of them shows is
unknown.

    locked <-> queued -> reading -> due -> sent -> accepted -> finished
                  ^                         |         ^
                  +---- did not run --------+-> lost -+

Pure: functions take responses, records, and evidence as values, update the device's item, and return a Transition.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .._devices.eligibility import evaluate
from .._devices.model import Device, platform_of
from .journal_format import KnownReset
from .model import OPEN, SAME_TIME, SKEW, DeviceReset, RecordedReset, find_last_reset, is_own, list_resets
from .queue import FIRST_LOOK, Phase, QueuedReset
from .reset_response import ResetResponse, ResponseKind
from .result import GONE, alternative, record

UNSETTLED = (
    "Whether the reset was started is unknown: neither the device's action results nor the remote action audit log show it yet. "
    "Run the task again later: a reset that was started then counts. A task with the journal, or on this machine, resets the device once "
    "the audit log shows a later reset of any device, and not this one. If it stays unknown, look the device up in Intune, or the request "
    "in the Microsoft Graph activity logs; if it was not reset, name it in a task with max_age 0 and without the journal."
)
AUDITED = "The remote action audit log shows a reset of the device; its action results do not show it yet."
UNCONFIRMED = "Intune accepted the reset; neither the device's action results nor the remote action audit log show it yet."
LOCKED = (
    "Another process on this machine is resetting this device, and kept it locked for as long as this task could wait. Run the task again "
    "when that process has ended."
)
Event = t.Literal["accepted", "refused", "lost", "settled"]


@dataclasses.dataclass(frozen=True)
class Rules:
    """The rules of a task.

    ``since``: resets since this time count. ``again``: a pending reset of the device does not count. ``beta``: whether Graph's beta version
    may be used.
    """

    since: float
    again: bool = False
    platforms: t.Collection[str] = ("windows",)
    ownerships: t.Collection[str] = ("company",)
    check: bool = False
    confirm_timeout: float = 60.0
    wait: bool = True
    wait_timeout: float = 600.0
    beta: bool = True
    sync: bool = False


@dataclasses.dataclass(frozen=True)
class EarlierReset:
    """A reset that an earlier run sent, or was about to send, at a time of the service. ``ran``: the service certainly accepted it.

    ``lost_at``: the time at which that run stopped waiting for the response, or None if that is unknown.
    """

    requested_at: float
    ran: bool
    lost_at: float | None = None


@dataclasses.dataclass(frozen=True)
class Transition:
    """The next phase of a device.

    ``entry``: a line of the journal, as event and detail. ``look_again``: read the record again after a pause. ``queue_at``: the position
    of a queued device; "retry" means that the caller must try again. ``earlier``: the reset of another task, with which the device
    continues instead.
    """

    phase: Phase
    entry: tuple[Event, str | bool | None] | None = None
    look_again: bool = False
    queue_at: t.Literal["front", "back", "retry"] | None = None
    earlier: EarlierReset | None = None


# --- the lock of a device -------------------------------------------------------------------------------------------


def note_lock(work: QueuedReset, is_ours: bool) -> None:
    """Record whether a device could be locked for this task. While another process holds it, that is the reason for the missing outcome."""
    item = work.item
    if not is_ours:
        item.reason, item.message = "locked", LOCKED
    elif item.reason == "locked":
        item.reason, item.message, work.pause = None, None, FIRST_LOOK


def keeps_lock(work: QueuedReset) -> bool:
    """Return whether another process that reads the device now could miss a reset of this task, or send one at the same time."""
    item = work.item
    if work.phase == "finished":
        return item.reset is None and (item.changed or item.reason == "answer_lost")
    return item.reset is None


# --- the response to a reset ----------------------------------------------------------------------------------------


def after_response(work: QueuedReset, response: ResetResponse, rules: Rules, *, stopped: bool) -> Transition:
    """Return the transition after a response, except one that needs an approval. ``stopped``: the task sends nothing more."""
    item = work.item
    if response.kind is ResponseKind.ACCEPTED:
        item.changed, item.status, item.reason, item.message = True, "pending", None, "Intune accepted the reset."
        item.confirmed = False
        return dataclasses.replace(_follow(work, rules, stopped=stopped), entry=("accepted", None))
    failure = response.failure
    if isinstance(failure, errors.GraphError) and response.kind is not ResponseKind.NOT_RUN:
        item.request_id = failure.request_id
    if response.kind is ResponseKind.NOT_RUN:
        return Transition("queued", ("refused", str(failure)), queue_at="retry")
    if response.kind is ResponseKind.LOST:
        return after_lost(work, failure.message)
    item.status, item.reason = "failed", "service_refused"
    reason = f"{failure.status} {failure.code}: {failure.message}" if isinstance(failure, errors.GraphError) else str(failure)
    item.message = f"Intune refused the reset: {reason} {alternative(item)}"
    return Transition("finished", ("refused", str(failure)))


def after_lost(work: QueuedReset, message: str) -> Transition:
    """Return the transition after a lost response."""
    item, work.pause = work.item, FIRST_LOOK
    item.status, item.reason, item.message = "unknown", "answer_lost", f"{message} {UNSETTLED}"
    return Transition("lost", ("lost", message), look_again=True)


def after_approval(work: QueuedReset, failure: errors.ApprovalPendingError | errors.ApprovalError) -> Transition:
    """Return the transition of a device whose reset waits for an approval, or is not approved."""
    item = work.item
    item.message = str(failure)
    if isinstance(failure, errors.ApprovalPendingError):
        item.status, item.approval = "needs_approval", failure.approval
    else:
        item.status, item.reason = "failed", "approval_refused"
    return Transition("finished", ("refused", item.status))


def find_earlier(known: KnownReset | None, since: float) -> EarlierReset | None:
    """Return the last reset of a device that may have run, if it was sent since the given time, or None."""
    last = known and known.effective
    if last is None or last.intended_at < since - SKEW:
        return None
    return EarlierReset(last.intended_at, last.state == "accepted", last.lost_at)


def after_resume(work: QueuedReset, earlier: EarlierReset) -> Transition:
    """Return the transition of a device whose reset an earlier run sent."""
    if not earlier.ran:
        return dataclasses.replace(after_lost(work, "An earlier run was interrupted while it sent the reset."), entry=None)
    work.item.status, work.item.message, work.item.confirmed = "pending", "An earlier run started the reset.", False
    return Transition("accepted", look_again=True)


# --- a device's record ----------------------------------------------------------------------------------------------


def after_read(work: QueuedReset, device: Device | None, rules: Rules, *, stopped: bool, audited: float = 0.0) -> Transition:
    """Return the transition after a read of a device, None if it is gone. After a lost response, use ``after_evidence``.

    :param audited: the time of the device's newest reset request in the audit log; 0 if there is none.
    """
    item = work.item
    if device is None:
        item.status, item.reason, item.message = "failed" if work.phase == "reading" else "unknown", "device_gone", GONE
        return Transition("finished")
    if work.phase != "reading":
        return _refresh(work, device, rules, stopped=stopped)
    if rules.beta or device.join_type or not device.azure_ad_device_id or platform_of(device) != "windows":
        return after_assessment(work, device, rules, stopped=stopped, audited=audited)
    if work.join_type is not None:
        device = dataclasses.replace(device, join_type=work.join_type)
        return after_assessment(work, device, rules, stopped=stopped, audited=audited)
    work.without_join_type = device
    return Transition("queued", queue_at="front")


def after_assessment(work: QueuedReset, device: Device, rules: Rules, *, stopped: bool, audited: float = 0.0) -> Transition:
    """Return the transition of a device after a complete read: refused, satisfied by an earlier reset, or due."""
    item = work.item
    item.device, item.verdict = device, evaluate(device, rules.platforms, rules.ownerships)
    if stopped:
        return Transition("finished")
    if not must_reset(item, rules.since, rules.again, audited):
        return _follow(work, rules, stopped=stopped)
    if earlier := _find_remembered(work, rules):
        return Transition(work.phase, earlier=earlier)
    if rules.check:
        item.status, item.changed, item.message = "planned", True, "A reset would be issued."
        return Transition("finished")
    return Transition("due")


def _find_remembered(work: QueuedReset, rules: Rules) -> EarlierReset | None:
    """Return the reset in the machine's record if it counts and is newer than the one with which the device already continues."""
    earlier = None if rules.again else find_earlier(work.remembered, rules.since)
    # The journal and the machine record the same reset with slightly different clocks.
    return earlier if earlier is not None and earlier.requested_at > work.requested_at + SKEW else None


def must_reset(item: DeviceReset, since: float, again: bool = False, audited: float = 0.0) -> bool:
    """Return whether a reset must be issued; if not, record why in the item. ``again``: only a reset that this task itself sent counts."""
    if item.device is None or item.verdict is None:
        raise ValueError("assessed before it was read")
    if not item.verdict.eligible:
        item.status, item.reason, item.message = "refused", item.verdict.reason, item.verdict.message
        return False
    found = find_last_reset(item.device)
    if found is not None and _counts(item, found, since, again):
        # A reset with any outcome counts: one reset per device and period.
        item.since = found.started
        record(item, found)
        return False
    if audited >= since and not again:
        # The device's record is late, or shows the previous reset.
        item.since = audited - SKEW
        item.before = found.started if found is not None and found.started < item.since else None
        item.status, item.message, item.confirmed = "pending", AUDITED, True
        return False
    return True


def _counts(item: DeviceReset, found: RecordedReset, since: float, again: bool) -> bool:
    if again:
        # The service's times are whole seconds, so by time alone, a reset just before the task would count.
        return item.since > 0 and is_own(item, found)
    return found.started >= since or found.status in OPEN


def _refresh(work: QueuedReset, device: Device, rules: Rules, *, stopped: bool) -> Transition:
    """Store this reset's entry. Ignore that of an earlier reset, which the service returns until it shows the new one."""
    item = work.item
    item.device = item.device or device
    found = find_own_reset(item, device)
    if found is not None:
        item.is_repeated = item.is_repeated or _shows_another(item, device)
        record(item, found)
    return _follow(work, rules, stopped=stopped)


def _shows_another(item: DeviceReset, device: Device) -> bool:
    """Return whether a device's record shows, or has shown, another reset since ours was sent."""
    started = {reset.started for reset in list_resets(device) if is_own(item, reset)} | ({item.reset.started} if item.reset else set())
    return item.changed and max(started) - min(started) > SAME_TIME


def _follow(work: QueuedReset, rules: Rules, *, stopped: bool) -> Transition:
    """Wait for the device if the task requires it, and until the service shows the reset. A device with an outcome is finished."""
    is_waited_for = (rules.wait and not stopped) or must_confirm(work, rules)
    if work.item.status in OPEN and is_waited_for and not rules.check:
        return Transition("accepted", look_again=True)
    return Transition("finished")


def must_confirm(work: QueuedReset, rules: Rules) -> bool:
    """Return whether the service must still show a reset that it accepted."""
    return work.item.confirmed is False and rules.confirm_timeout > 0


def is_repeated(item: DeviceReset, since: float, times: t.Iterable[float]) -> bool:
    """Return whether the audit log, with these times of a device's resets, shows a reset other than ours since a time."""
    counted = [time for time in times if time >= since and (item.before is None or time > item.before + SKEW)]
    return item.changed and len(counted) > 1


# --- after a lost response ------------------------------------------------------------------------------------------


def find_own_reset(item: DeviceReset, device: Device) -> RecordedReset | None:
    """Return the entry of this reset in the device's action results, or None if it is missing."""
    newest = find_last_reset(device)
    return newest if newest is not None and is_own(item, newest) else None


def after_evidence(
    work: QueuedReset, found: RecordedReset | None, ran: bool | None, rules: Rules, *, stopped: bool, can_wait: bool
) -> Transition:
    """Return the transition of a device whose response was lost.

    :param found: the reset's entry in the device's action results.
    :param ran: whether the service ran the reset, or None while its records do not show it.
    :param can_wait: whether a later read may show it.
    """
    item = work.item
    if ran:
        item.changed = work.attempt > 0
        item.status, item.reason, item.message, work.pause = "pending", None, "Intune accepted the reset.", FIRST_LOOK
        item.confirmed = True
        if found is not None:
            record(item, found)
        return dataclasses.replace(_follow(work, rules, stopped=stopped), entry=("settled", True))
    if ran is False and not stopped and not rules.check:
        item.status, item.reason, item.message, work.pause = "not_attempted", None, None, FIRST_LOOK
        return Transition("queued", ("settled", False), queue_at="back")
    return Transition("lost", look_again=True) if can_wait and not rules.check else Transition("finished")
