# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Find the resets that the service shows: before resets are sent, for each reset that was sent, and once more at the end."""

from __future__ import annotations

import heapq
import itertools
import math
import typing as t

from .._devices.model import Device
from .._graph.batch import CallResult
from .._graph.client import GraphClient
from .._http.message import Request
from . import reset_state
from .audit_log import COST, READ_EVERY, AuditLog, AuditLogReader
from .lost_responses import LONGEST_EXCHANGE, audit_shows, give_up_at, proves_not_run
from .model import DeviceReset, RecordedReset
from .queue import FRESH, QueuedReset, ResetQueue
from .reset_state import EarlierReset, Rules
from .result import is_unconfirmed, render_names

LOOK_EVERY = READ_EVERY - FRESH  # seconds: a device that is assessed now is reset within FRESH
LATE = 60.0  # seconds before the last read from which the next one reads the log again, for late entries


class ShownResets:
    """The resets in two records: the action results of each device, which the caller reads, and the audit log, which is read here.

    The engine sends ``request_log`` together with reads of devices when the log is needed. No device is reset before ``has_looked_back``.
    The log is requested again, at the latest with the device's record, when it is older than ten seconds.
    """

    def __init__(self, client: GraphClient, rules: Rules, queue: ResetQueue, warn: t.Callable[[str], None]) -> None:
        self._client, self._rules, self._queue = client, rules, queue
        self._audit_log = AuditLogReader(client, rules.beta, warn)
        self._look_back: t.Literal["wanted", "asked", "done"] = "wanted" if rules.beta and not rules.again else "done"
        self._looks_again = self._look_back == "wanted" and not rules.check
        self._audited = AuditLog()  # from the last read
        self._asked_at = self._looked_at = -math.inf  # of the read in flight, and of the last read, by the monotonic clock
        self._is_current = True  # whether the log was requested after the newest reset was accepted
        self._last_sent = 0.0  # the time of the newest accepted reset, by the service's clock; 0 before the first
        self._unconfirmed, self._lost = _Oldest(lambda work: work.item.confirmed is False), _Oldest(lambda work: work.phase == "lost")
        if not rules.beta and not rules.again:
            warn(f"use_beta is false, so the remote action audit log is not read. {COST}")

    # --- before a reset ---------------------------------------------------------------------------------------------

    @property
    def must_look_back(self) -> bool:
        """Whether the log was not requested yet, and must be before the next reset."""
        return self._look_back == "wanted"

    @property
    def is_old(self) -> bool:
        """Whether to request the log again together with the next reads of devices."""
        is_looked_at = self._looks_again and self._look_back == "done" and self._audit_log.is_allowed
        return is_looked_at and self._client.clock.monotonic() >= self._looked_at + LOOK_EVERY

    @property
    def wants_log(self) -> bool:
        """Whether to request the log together with the next reads: before resets, and after the last one."""
        is_next = self.is_old and self._queue.count("reading") > 0
        is_last = not self._is_current and not self._queue.to_send and not self._rules.check
        return self._audit_log.is_allowed and (self.must_look_back or is_next or is_last)

    def request_log(self) -> Request:
        """Return the request for the log. Its result has no key."""
        if self.must_look_back or self.is_old:
            self._look_back, self._asked_at = "asked", self._client.clock.monotonic()
        self._is_current = not self._queue.to_send
        return self._audit_log.request()

    def take_log(self, result: CallResult) -> None:
        """Store the result of ``request_log``."""
        if self._look_back == "asked":
            self._note_look(self._audit_log.take(result, self._look_since()), self._asked_at)
        else:
            self._audit_log.take(result, self._rules.since, self._look_since())

    def has_looked_back(self) -> bool:
        """Return whether the log was read, or cannot be read. If the engine had no capacity for it, read it now."""
        if self.must_look_back:
            asked_at = self._client.clock.monotonic()
            self._note_look(self._audit_log.read(self._look_since(), renew=True), asked_at)
        return self._look_back == "done"

    def _look_since(self) -> float:
        """Return the time to read back to: first that of all resets that count, then that of resets which the last read may have missed."""
        return max(self._rules.since, self._audited.read_at - LATE)

    def _note_look(self, log: AuditLog, asked_at: float) -> None:
        self._look_back, self._audited, self._looked_at = "done", log, asked_at

    def look_back_again(self) -> None:
        """Request the log once more before the next reset, because it may now show a reset of another process."""
        if self._rules.beta and not self._rules.again:
            self._look_back = "wanted"

    def end_look_back(self) -> None:
        """Continue without the log, because nothing more can be sent."""
        self._look_back, self._looks_again = "done", False

    def audited_at(self, work: QueuedReset) -> float:
        """Return the time of a device's newest reset request in the log at the last read; 0 if there was none."""
        return self._audited.newest_of(work.item.id)

    # --- resets that were sent --------------------------------------------------------------------------------------

    def note_sent(self, work: QueuedReset) -> None:
        """Record a reset that the service accepted."""
        self._last_sent = max(self._last_sent, work.requested_at)
        self._unconfirmed.add(work)
        self._is_current = False

    def note_lost(self, work: QueuedReset) -> None:
        """Record a reset whose response was lost just now."""
        work.lost_at = self._client.service_now()
        self._lost.add(work)

    def note_earlier(self, work: QueuedReset, earlier: EarlierReset) -> None:
        """Record a reset that an earlier run sent."""
        if earlier.ran:
            self.note_sent(work)
            return
        self.note_lost(work)
        # That process has ended, and its request with it, so no part of it is sent after this time.
        work.lost_at = min(work.lost_at, earlier.requested_at + LONGEST_EXCHANGE if earlier.lost_at is None else earlier.lost_at)

    def confirm(self, work: QueuedReset, device: Device) -> None:
        """Record that the log shows an accepted reset that the device's record does not show yet."""
        item = work.item
        if item.confirmed is False and reset_state.find_own_reset(item, device) is None:
            log = self._audit_log.read(self._unconfirmed.find_oldest(work.requested_at))
            item.confirmed = bool(audit_shows(item.id, work.requested_at, item.before, log))

    def settle(self, work: QueuedReset, device: Device) -> tuple[RecordedReset | None, bool | None, bool]:
        """Return the evidence for a reset whose response was lost.

        The evidence is the entry in the device's action results; whether the reset ran, None while unknown; and whether a later read may
        show more.
        """
        item, now = work.item, self._client.service_now()
        item.device = item.device or device
        found, ran = reset_state.find_own_reset(item, device), t.cast("bool | None", True)
        if found is None:
            log = self._audit_log.read(self._lost.find_oldest(work.requested_at))
            ran = audit_shows(item.id, work.requested_at, item.before, log)
            if ran is False and not self._proves_not_run(work, log):
                ran = None
        if ran:
            self.note_sent(work)
        return found, ran, self._queue.to_send > 0 or now < give_up_at(work.lost_at, self._last_sent)

    def _proves_not_run(self, work: QueuedReset, log: AuditLog) -> bool:
        """Return whether a reset certainly did not run. Nothing is certain while the time is doubtful."""
        is_certain = self._client.doubtful_skew is None
        return is_certain and proves_not_run(work.requested_at, work.lost_at, work.record_requested_at, log)

    # --- at the end -------------------------------------------------------------------------------------------------

    def report(self, *, stopped: bool) -> list[str]:
        """Return sentences about resets that the service does not show, and about resets by others in the same time."""
        if self._rules.check:
            return []
        unconfirmed = [work.item for work in self._queue.all if is_unconfirmed(work.item)]
        for item in unconfirmed:
            item.message = reset_state.UNCONFIRMED
        if self._last_sent and not stopped:
            log = self._audit_log.read(self._rules.since, renew=not self._is_current, enough=self._look_since())
            for work in self._queue.all:
                shown = reset_state.is_repeated(work.item, self._rules.since, log.times_of(work.item.id))
                work.item.is_repeated = work.item.is_repeated or shown
        repeated = [work.item for work in self._queue.all if work.item.is_repeated]
        timeout = self._rules.confirm_timeout
        return [
            *(_warn_unconfirmed(unconfirmed, timeout) for _any in unconfirmed[:1]),
            *(_warn_repeated(repeated) for _any in repeated[:1]),
        ]


class _Oldest:
    """The earliest reset that still waits, so that the log is read back only to that reset, not to the first one of the fleet."""

    def __init__(self, waits: t.Callable[[QueuedReset], bool]) -> None:
        self._waits = waits
        self._works: list[tuple[float, int, QueuedReset]] = []
        self._number = itertools.count()

    def add(self, work: QueuedReset) -> None:
        heapq.heappush(self._works, (work.requested_at, next(self._number), work))

    def find_oldest(self, otherwise: float) -> float:
        """Return the time at which the earliest waiting reset was sent, or the given time if that is earlier."""
        while self._works and not self._waits(self._works[0][2]):
            heapq.heappop(self._works)
        return min(otherwise, self._works[0][0]) if self._works else otherwise


def _warn_unconfirmed(items: t.Sequence[DeviceReset], timeout: float) -> str:
    """Return the sentences about resets that the service does not show yet."""
    return (
        f"Intune accepted {len(items)} resets that neither the devices' action results nor the remote action audit log show after "
        f"{timeout:g} seconds (confirm_timeout). If the same task is run again before they are shown, without the journal of this run and "
        f"on another machine (with another lock_directory), it can reset these devices again: {render_names(items)}."
    )


def _warn_repeated(items: t.Sequence[DeviceReset]) -> str:
    """Return the sentences about devices that others also reset."""
    return (
        f"This task reset {len(items)} devices that another run or person reset too, within the time in which a reset counts: "
        f"{render_names(items)}. The newest passcode of each device is the one that holds. Run one task at a time over the same devices."
    )
