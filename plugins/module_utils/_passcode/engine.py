# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The engine: resets the passcodes of many devices, each at most once, as fast as the quota lets it.

A device is read, assessed, and reset within two seconds, so that nothing which another run did meanwhile is missed. One thread decides; the
scheduler has the requests on their way. Here is what is sent, and when; result_handler takes the results, and reset_state decides on each.
"""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .._devices.model import PATH, READ, READ_V1
from .._graph.batch import MAX_BATCH
from .._graph.batch_scheduler import BatchScheduler
from .._graph.client import BETA, V1, GraphClient
from .._graph.odata import render_literal, render_path
from .._http.message import Request
from .model import SKEW, DeviceReset, find_last_reset
from .progress import Progress
from .queue import QueuedReset, ResetQueue
from .reset_state import EarlierReset, Rules
from .result_handler import Journal, ResultHandler

FRESH = 2.0  # seconds for which a device's record is taken as it was read
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
    ) -> None:
        """Take the devices. ``earlier``, by device ID in lower case: resets of runs that did not come to their end."""
        self._client, self._scheduler, self._rules, self._journal = client, scheduler, rules, journal
        self._clock = client.clock
        self._queue = ResetQueue(items)
        self._results = ResultHandler(client, rules, journal, self._queue)
        self._progress = Progress(items, client)
        self._waiting_since: float | None = None  # since when nothing is left to be sent or settled
        for work in self._queue.all if earlier else ():
            if found := (earlier or {}).get(work.item.id.lower()):
                self._queue.remove(work)
                self._results.resume(work, found)

    @property
    def failure(self) -> errors.IntuneError | None:
        """The error that stopped the whole task; null without one."""
        return self._results.failure

    @property
    def warnings(self) -> list[str]:
        """Sentences on what could not be done beside the resets."""
        return self._results.warnings

    def run(self) -> None:
        """Reset all devices, and wait for their outcomes as the rules say. Whatever is raised, the items keep their outcomes."""
        try:
            self._run()
        except Exception as failure:  # a defect must not take the results of a run with it that has written
            error = failure if isinstance(failure, errors.IntuneError) else errors.InternalError(failure)
            self._results.abort(error, [work for work in self._queue.all if work.phase == "sent"])

    def _run(self) -> None:
        while self._queue.is_open or self._scheduler.is_busy:
            while self._scheduler.free and (calls := self._next_resets() or self._next_reads() or self._next_syncs()):
                try:
                    self._scheduler.start(calls)
                except errors.IntuneError as failure:
                    self._results.note_not_started([work for work, _request in calls], failure)
            self._expire()
            if self._queue.is_open or self._scheduler.is_busy:
                self._results.take(self._scheduler.collect(self._pause()))
            self._progress.report()

    # --- what is sent next ------------------------------------------------------------------------------------------

    def _next_resets(self) -> list[tuple[QueuedReset, Request]]:
        """Return the resets for which there is capacity, written down before they go."""
        capacity = min(self._scheduler.write_capacity(), MAX_BATCH)
        chosen = self._queue.take_due(capacity, self._clock.monotonic() - FRESH)
        if not chosen:
            return []
        requested_at = self._client.service_now()
        try:
            self._journal.intent([(work.item.id, work.item.device.device_name if work.item.device else None) for work in chosen])
        except errors.IntuneError as failure:
            for work in chosen:
                self._queue.make_due(work)
            self._results.stop(failure)
            return []
        for work in chosen:
            newest = find_last_reset(work.item.device) if work.item.device else None
            work.requested_at, work.item.since, work.item.before = requested_at, requested_at - SKEW, newest.started if newest else None
            self._queue.move(work, "sent")
        return [(work, self._client.request("POST", PATH + render_path(work.item.id, "resetPasscode"))) for work in chosen]

    def _next_reads(self) -> list[tuple[QueuedReset, Request]]:
        """Return reads: first of devices whose turn to be reset comes, then of those whose outcome is waited for."""
        queue, capacity = self._queue, min(self._scheduler.read_capacity(), MAX_BATCH)
        ahead = capacity if self._rules.check else self._scheduler.write_capacity(READ_AHEAD) - queue.count("due", "reading")
        chosen = queue.take_queued(max(0, min(capacity, ahead)))
        capacity = min(capacity, self._scheduler.spare_read_capacity()) if queue.to_send else capacity
        while len(chosen) < capacity and (work := queue.take_timed(self._clock.monotonic())):
            chosen.append(work)
        now = self._client.service_now()
        for work in chosen:
            work.record_requested_at = now
            if work.phase == "queued":
                queue.move(work, "reading")
        return [(work, self._read_request(work)) for work in chosen]

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

    def _pause(self) -> float:
        """Return the seconds until something can be started, if no response comes before."""
        queue, waits = self._queue, [LONGEST_PAUSE]
        if self._scheduler.free:
            if queue.has_writes:
                waits.append(self._scheduler.write_delay())
            if queue.has_queued:
                check = self._rules.check
                waits.append(self._scheduler.read_delay() if check else self._scheduler.write_delay() - READ_AHEAD)
            if queue.next_time is not None:
                waits.append(max(queue.next_time - self._clock.monotonic(), self._scheduler.read_delay()))
        return max(min(waits), SHORTEST_PAUSE)

    def _expire(self) -> None:
        """End the wait for devices, which begins when nothing is left to be sent or settled."""
        queue, now = self._queue, self._clock.monotonic()
        if queue.to_send or queue.count("lost"):
            self._waiting_since = None
            return
        self._waiting_since = now if self._waiting_since is None else self._waiting_since
        if max(queue.next_time or 0.0, now) > self._waiting_since + self._rules.wait_timeout:
            for work in queue.take_all_timed():
                queue.finish(work)
