# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The engine: resets the passcodes of many devices, each at most once, as fast as the quota lets it.

A device is read, assessed, and reset within two seconds, so that nothing which another run did meanwhile is missed. One thread decides; the
scheduler has the requests on their way. Here is what is sent, and when; result_handler takes the results, and reset_state decides on each.
"""

from __future__ import annotations

import dataclasses
import typing as t
import uuid

from .. import _errors as errors
from .._devices.model import PATH, READ, READ_V1
from .._graph.batch import MAX_BATCH
from .._graph.batch_scheduler import BatchScheduler
from .._graph.client import BETA, V1, GraphClient
from .._graph.odata import render_literal, render_path
from .._http.message import Request
from .device_lock import DeviceLocks
from .model import SKEW, DeviceReset, find_last_reset
from .progress import Progress
from .queue import FRESH, QueuedReset, ResetQueue
from .reset_state import EarlierReset, Rules, keeps_lock, must_confirm, note_lock
from .result_handler import Journal, ResultHandler

READ_AHEAD = 1.0  # seconds before there is capacity for a reset its device is read
SHORTEST_PAUSE, LONGEST_PAUSE = 0.01, 5.0


class ResetEngine:
    """``run`` once. An error that stops the whole task is in ``failure`` then, beside the items, which say the outcome of each."""

    def __init__(
        self,
        client: GraphClient,
        scheduler: BatchScheduler,
        items: t.Sequence[DeviceReset],
        rules: Rules,
        journal: Journal,
        earlier: t.Mapping[str, EarlierReset] | None = None,
        run: uuid.UUID | None = None,
        locks: DeviceLocks | None = None,
    ) -> None:
        """Take the devices.

        :param earlier: by device ID in lower case, resets of runs that did not come to their end.
        :param run: names this run in the journal; with it the client-request-id of each reset can be computed.
        :param locks: keep other processes from a device while it is reset; without them all can be taken.
        """
        self._run_id = run or uuid.uuid4()
        self._locks = locks or DeviceLocks()
        self._locked: set[QueuedReset] = set()  # for this task
        self._client, self._scheduler, self._rules, self._journal = client, scheduler, rules, journal
        self._clock = client.clock
        self._queue = ResetQueue(items)
        self._results = ResultHandler(client, rules, journal, self._queue, self._locks, scheduler.wait_to_write)
        self._progress = Progress(items, client, scheduler.limit.limit_of(is_write=not rules.check), self._queue)
        self._waiting_since: float | None = None  # since when nothing is left to be sent or settled
        self._looked_last = False  # at the resets that the service does not show, when confirm_timeout was over
        earlier = earlier or {}
        for work in self._queue.take_by_id(earlier):
            self._results.resume(work, earlier[work.item.id.lower()])

    @property
    def failure(self) -> errors.IntuneError | None:
        """The error that stopped the whole task, or None without one."""
        return self._results.failure

    @property
    def warnings(self) -> list[str]:
        """Sentences on what could not be done beside the resets."""
        return [*self._results.warnings, *self._locks.warnings]

    def run(self) -> None:
        """Reset all devices, and wait for their outcomes as the rules say. Whatever is raised, the items keep their outcomes."""
        try:
            self._run()
        except Exception as failure:  # a defect must not take the results of a run with it that has written
            error = failure if isinstance(failure, errors.IntuneError) else errors.InternalError(failure)
            self._results.abort(error, [work for work in self._queue.all if work.phase == "sent"])

    def _run(self) -> None:
        while self._queue.is_open or self._scheduler.is_busy:
            calls: t.Sequence[tuple[QueuedReset | None, Request]]
            while self._scheduler.free and (calls := self._next_resets() or self._next_log() or self._next_reads() or self._next_syncs()):
                try:
                    self._scheduler.start(calls)
                except errors.IntuneError as failure:
                    self._results.note_not_started([work for work, _request in calls], failure)
            self._expire()
            if self._queue.is_open or self._scheduler.is_busy:
                self._results.take(self._scheduler.collect(self._pause()))
            self._unlock()
            self._progress.report()
        self._results.finish()

    # --- what is sent next ------------------------------------------------------------------------------------------

    def _next_resets(self) -> list[tuple[QueuedReset, Request]]:
        """Return the resets for which there is capacity, written down before they go."""
        capacity = min(self._scheduler.write_capacity(), MAX_BATCH)
        chosen = self._queue.take_due(capacity, self._clock.monotonic() - FRESH)
        if not chosen:
            return []
        requested_at = self._client.service_now()
        for work in chosen:
            work.attempt += 1
        names = [work.item.device.device_name if work.item.device else None for work in chosen]
        ids = [derive_request_id(self._run_id, work.item.id, work.attempt) for work in chosen]
        try:
            self._journal.intent([(work.item.id, name, request_id) for work, name, request_id in zip(chosen, names, ids, strict=True)])
        except errors.IntuneError as failure:
            for work in chosen:
                self._queue.make_due(work)
            self._results.stop(failure)
            return []
        intended_at = self._client.steady_now()
        self._locks.remember([work.item.id for work in chosen], "open", intended_at)
        for work in chosen:
            work.intended_at = intended_at
            newest = find_last_reset(work.item.device) if work.item.device else None
            work.requested_at, work.item.since, work.item.before = requested_at, requested_at - SKEW, newest.started if newest else None
            self._queue.move(work, "sent")
        return [(work, self._reset_request(work, request_id)) for work, request_id in zip(chosen, ids, strict=True)]

    def _reset_request(self, work: QueuedReset, request_id: str) -> Request:
        request = self._client.request("POST", PATH + render_path(work.item.id, "resetPasscode"))
        return dataclasses.replace(request, headers={**request.headers, "client-request-id": request_id})

    def _next_reads(self) -> list[tuple[QueuedReset | None, Request]]:
        """Return reads, with that of the audit log beside them where it is wanted."""
        capacity = min(self._scheduler.read_capacity(), MAX_BATCH)
        # Where the log is read again, these devices are assessed with it: there is room for both.
        chosen = self._choose_reads(capacity - 1 if capacity > 1 and self._results.shown.is_old else capacity)
        calls: list[tuple[QueuedReset | None, Request]] = [(work, self._read_request(work)) for work in chosen]
        has_room = 0 < len(calls) < capacity and self._rules.beta
        return [*calls, (None, self._results.shown.request_log())] if has_room and self._results.shown.wants_log else calls

    def _next_log(self) -> list[tuple[None, Request]]:
        """Return the read of the audit log where it was wanted beside reads that left no room for it."""
        is_late = self._results.shown.must_look_back and self._queue.count("reading") and self._scheduler.read_capacity()
        return [(None, self._results.shown.request_log())] if is_late else []

    def _choose_reads(self, capacity: int) -> list[QueuedReset]:
        """Return devices to be read: first those whose turn to be reset comes, then those whose outcome is waited for."""
        queue = self._queue
        ahead = capacity if self._rules.check else self._scheduler.write_capacity(READ_AHEAD) - queue.count("due", "reading")
        chosen = self._take_unlocked(min(capacity, ahead))
        capacity = min(capacity, self._scheduler.spare_read_capacity()) if queue.to_send else capacity
        while len(chosen) < capacity and (work := queue.take_timed(self._clock.monotonic())):
            if work.phase != "locked":
                chosen.append(work)
            elif self._lock(work):
                queue.requeue_first(work)
        now = self._client.service_now()
        for work in chosen:
            work.record_requested_at = now
            if work.phase == "queued":
                queue.move(work, "reading")
        return chosen

    def _read_request(self, work: QueuedReset) -> Request:
        if work.without_join_type is not None:
            entra_id = render_literal(str(work.without_join_type.azure_ad_device_id))
            return self._client.request("GET", f"/devices(deviceId={entra_id})", {"$select": "trustType"})
        names, version = (READ, BETA) if self._rules.beta else (READ_V1, V1)
        return self._client.request("GET", PATH + render_path(work.item.id), {"$select": ",".join(names)}, version=version)

    def _next_syncs(self) -> list[tuple[QueuedReset, Request]]:
        """Return requests that ask devices to check in."""
        chosen = self._queue.take_syncs(min(self._scheduler.write_capacity(), MAX_BATCH))
        return [(work, self._client.request("POST", PATH + render_path(work.item.id, "syncDevice"))) for work in chosen]

    # --- devices that other processes reset too -----------------------------------------------------------------------

    def _take_unlocked(self, number: int) -> list[QueuedReset]:
        """Return devices to be read, each locked for this task before."""
        chosen: list[QueuedReset] = []
        while len(chosen) < number and (found := self._queue.take_queued(number - len(chosen))):
            chosen += [work for work in found if self._lock(work)]
        return chosen

    def _lock(self, work: QueuedReset) -> bool:
        """Return whether a device is locked for this task. While another process holds it, it is looked at again after a pause."""
        is_ours = self._locks.take(work.item.id)
        note_lock(work, is_ours)
        if is_ours:
            if work not in self._locked:
                work.remembered = self._locks.find_remembered(work.item.id)
            self._locked.add(work)
            if work.phase == "locked":
                # Its record may not show yet what the other process did.
                self._results.shown.look_back_again()
        else:
            self._queue.move(work, "locked")
            self._queue.look_at(self._clock.monotonic() + work.pause, work)
            work.pause = min(work.pause * 1.5, LONGEST_PAUSE)
        return is_ours

    def _unlock(self) -> None:
        """Let other processes take the devices that need no lock any more."""
        # A task that only waits for locks keeps none: two of them would wait for each other. Who waits for a lock reads the log again.
        is_busy = self._queue.to_send > 0 or self._queue.count("accepted", "lost") > 0
        # Not all that are locked: while the service is slow to show resets, or the devices are off, that is the whole fleet.
        moved = {work for work in self._queue.take_moved() if work in self._locked and not keeps_lock(work)}
        for work in moved if is_busy else list(self._locked):
            self._locked.remove(work)
            self._locks.release(work.item.id)

    def _pause(self) -> float:
        """Return the seconds until something can be started, if no response comes before."""
        queue, waits = self._queue, [LONGEST_PAUSE]
        if self._scheduler.free:
            if queue.has_writes:
                waits.append(self._scheduler.write_delay())
            if queue.has_queued:
                # One more than are read, or being read, already.
                number = queue.count("due", "reading") + 1
                ahead = 0.0 if self._rules.check else self._scheduler.write_delay(number) - READ_AHEAD
                waits.append(max(ahead, self._scheduler.read_delay()))
            if queue.next_time is not None:
                waits.append(max(queue.next_time - self._clock.monotonic(), self._scheduler.read_delay()))
        if self._waiting_since is not None and self._clock.monotonic() < (deadline := self._waiting_since + self._rules.confirm_timeout):
            waits.append(deadline - self._clock.monotonic())
        return max(min(waits), SHORTEST_PAUSE)

    def _expire(self) -> None:
        """End the wait for devices, which begins when nothing is left to be sent or settled."""
        queue, rules, now = self._queue, self._rules, self._clock.monotonic()
        if queue.to_send or queue.count("lost"):
            self._waiting_since = None
            return
        self._waiting_since = now if self._waiting_since is None else self._waiting_since
        # Asked before the devices are looked through: they are many, and this is decided in each turn.
        if (rules.wait or queue.count("locked")) and max(queue.next_time or 0.0, now) <= self._waiting_since + rules.wait_timeout:
            return
        is_unconfirmed = any(must_confirm(work, rules) for work in queue.list_by_time())
        if is_unconfirmed and now < self._waiting_since + rules.confirm_timeout:
            return
        is_last_look = is_unconfirmed and not self._looked_last
        self._looked_last = self._looked_last or is_last_look
        for work in queue.take_all_timed():
            if is_last_look and must_confirm(work, rules):
                queue.look_at(now, work)
            else:
                queue.finish(work)


def derive_request_id(run: uuid.UUID, device_id: str, attempt: int) -> str:
    """Return the client-request-id of a reset: the same for the same run, device, and attempt."""
    return str(uuid.uuid5(run, f"{device_id.lower()}/{attempt}"))
