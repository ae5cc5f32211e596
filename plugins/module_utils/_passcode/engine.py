# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Reset the passcodes of many devices, each at most once, as fast as the quota permits.

A device is read, assessed, and reset within two seconds, so that no action of another run is missed. One thread decides; the scheduler
sends the requests. This file decides on the next requests. result_handler processes the results, and reset_state decides on each of them.
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

READ_AHEAD = 1.0  # seconds before there is capacity for a reset at which its device is read
SHORTEST_PAUSE, LONGEST_PAUSE = 0.01, 5.0


class ResetEngine:
    """The engine of one task; call ``run`` once. ``failure`` is then the error that stopped the task; the items have their outcomes."""

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
        """Store the devices.

        :param earlier: by device ID in lower case, resets of incomplete runs.
        :param run: identifies this run in the journal; the client-request-id of each reset is computed from it.
        :param locks: keep other processes from a device while it is reset. Without locks, all devices are available.
        """
        self._run_id = run or uuid.uuid4()
        self._locks = locks or DeviceLocks()
        self._locked: set[QueuedReset] = set()  # by this task
        self._client, self._scheduler, self._rules, self._journal = client, scheduler, rules, journal
        self._clock = client.clock
        self._queue = ResetQueue(items)
        self._results = ResultHandler(client, rules, journal, self._queue, self._locks, scheduler.wait_to_write)
        self._progress = Progress(items, client, scheduler.limit.limit_of(is_write=not rules.check), self._queue)
        self._waiting_since: float | None = None  # the time since which nothing is left to send or settle
        self._looked_last = False  # whether resets that the service does not show were read once more after confirm_timeout
        earlier = earlier or {}
        for work in self._queue.take_by_id(earlier):
            self._results.resume(work, earlier[work.item.id.lower()])

    @property
    def failure(self) -> errors.IntuneError | None:
        """The error that stopped the whole task, or None."""
        return self._results.failure

    @property
    def warnings(self) -> list[str]:
        """Sentences about problems other than failed resets."""
        return [*self._results.warnings, *self._locks.warnings]

    def run(self) -> None:
        """Reset all devices, and wait for their outcomes as the rules require. After any exception, the items keep their outcomes."""
        try:
            self._run()
        except Exception as failure:  # after writes, a defect must not discard the results of a run
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

    # --- next requests ----------------------------------------------------------------------------------------------

    def _next_resets(self) -> list[tuple[QueuedReset, Request]]:
        """Return the resets for which there is capacity. They are recorded before they are sent."""
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
        """Return reads, together with that of the audit log if it is needed."""
        capacity = min(self._scheduler.read_capacity(), MAX_BATCH)
        # If the log is read again, these devices are assessed with it, and there is capacity for both.
        chosen = self._choose_reads(capacity - 1 if capacity > 1 and self._results.shown.is_old else capacity)
        calls: list[tuple[QueuedReset | None, Request]] = [(work, self._read_request(work)) for work in chosen]
        has_room = 0 < len(calls) < capacity and self._rules.beta
        return [*calls, (None, self._results.shown.request_log())] if has_room and self._results.shown.wants_log else calls

    def _next_log(self) -> list[tuple[None, Request]]:
        """Return the read of the audit log if the other reads left no capacity for it."""
        is_late = self._results.shown.must_look_back and self._queue.count("reading") and self._scheduler.read_capacity()
        return [(None, self._results.shown.request_log())] if is_late else []

    def _choose_reads(self, capacity: int) -> list[QueuedReset]:
        """Return devices to read: first those to be reset next, then those whose outcome is pending."""
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

    # --- devices that other processes also reset ----------------------------------------------------------------------

    def _take_unlocked(self, number: int) -> list[QueuedReset]:
        """Return devices to read, after locking each for this task."""
        chosen: list[QueuedReset] = []
        while len(chosen) < number and (found := self._queue.take_queued(number - len(chosen))):
            chosen += [work for work in found if self._lock(work)]
        return chosen

    def _lock(self, work: QueuedReset) -> bool:
        """Lock a device for this task, and return whether that succeeded. If another process holds it, try again after a pause."""
        is_ours = self._locks.take(work.item.id)
        note_lock(work, is_ours)
        if is_ours:
            if work not in self._locked:
                work.remembered = self._locks.find_remembered(work.item.id)
            self._locked.add(work)
            if work.phase == "locked":
                # The device's record may not show the other process's reset yet.
                self._results.shown.look_back_again()
        else:
            self._queue.move(work, "locked")
            self._queue.look_at(self._clock.monotonic() + work.pause, work)
            work.pause = min(work.pause * 1.5, LONGEST_PAUSE)
        return is_ours

    def _unlock(self) -> None:
        """Release devices that no longer need a lock."""
        # A task that only waits for locks keeps none, because two such tasks would wait for each other. A task that waits for a lock reads
        # the log again.
        is_busy = self._queue.to_send > 0 or self._queue.count("accepted", "lost") > 0
        # Not all locked devices: if the service shows resets late, or devices are off, those are the whole fleet.
        moved = {work for work in self._queue.take_moved() if work in self._locked and not keeps_lock(work)}
        for work in moved if is_busy else list(self._locked):
            self._locked.remove(work)
            self._locks.release(work.item.id)

    def _pause(self) -> float:
        """Return the seconds until something can be started if no response arrives earlier."""
        queue, waits = self._queue, [LONGEST_PAUSE]
        if self._scheduler.free:
            if queue.has_writes:
                waits.append(self._scheduler.write_delay())
            if queue.has_queued:
                # One more than the number of devices that are read or being read.
                number = queue.count("due", "reading") + 1
                ahead = 0.0 if self._rules.check else self._scheduler.write_delay(number) - READ_AHEAD
                waits.append(max(ahead, self._scheduler.read_delay()))
            if queue.next_time is not None:
                waits.append(max(queue.next_time - self._clock.monotonic(), self._scheduler.read_delay()))
        if self._waiting_since is not None and self._clock.monotonic() < (deadline := self._waiting_since + self._rules.confirm_timeout):
            waits.append(deadline - self._clock.monotonic())
        return max(min(waits), SHORTEST_PAUSE)

    def _expire(self) -> None:
        """End the wait for devices. It starts when nothing is left to send or settle."""
        queue, rules, now = self._queue, self._rules, self._clock.monotonic()
        if queue.to_send or queue.count("lost"):
            self._waiting_since = None
            return
        self._waiting_since = now if self._waiting_since is None else self._waiting_since
        # Checked before the devices, which are many, because this runs in each iteration.
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
    """Return the client-request-id of a reset, which depends only on run, device, and attempt."""
    return str(uuid.uuid5(run, f"{device_id.lower()}/{attempt}"))
