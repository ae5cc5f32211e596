# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The order in which the devices of a task are read, reset, and read again, and the phase of each device. Pure."""

from __future__ import annotations

import collections
import dataclasses
import heapq
import itertools
import typing as t

from .._devices.model import Device
from .._http.retry import Attempts
from .journal_format import KnownReset
from .model import DeviceReset

FIRST_LOOK = 1.0  # seconds
FRESH = 2.0  # seconds for which a device's record is considered current

# Locked by another process, to be read, being read, to be reset, reset in progress, accepted by the service, response lost, complete.
Phase = t.Literal["locked", "queued", "reading", "due", "sent", "accepted", "lost", "finished"]
BEFORE_SENT: tuple[Phase, ...] = ("queued", "reading", "due", "sent")


@dataclasses.dataclass(eq=False)
class QueuedReset:
    """A device in the queue, with the state of its reset. Times are the service's, except ``read_at``, which is by the monotonic clock."""

    item: DeviceReset
    phase: Phase = "queued"
    attempt: int = 0  # the number of recorded reset requests
    read_at: float = 0.0  # when its record arrived
    record_requested_at: float = 0.0  # when its record was requested
    requested_at: float = 0.0  # the earliest time at which its reset was sent
    intended_at: float = 0.0  # the same, by the clock for later tasks
    lost_at: float = 0.0  # when the task stopped waiting for the response
    pause: float = FIRST_LOOK
    attempts: dict[str, Attempts] = dataclasses.field(default_factory=dict)  # consecutive failures, by method
    without_join_type: Device | None = None  # the device as read, while its join type is still unknown
    join_type: str | None = None  # from its object in Microsoft Entra
    remembered: KnownReset | None = None  # its last reset in the machine's record when the device was locked

    def attempts_of(self, method: str) -> Attempts:
        """Return the consecutive failures of one kind of request."""
        return self.attempts.get(method, Attempts())


class ResetQueue:
    """All devices of a task. Each is in one state: queued, due, waiting for a time, or held by the caller."""

    def __init__(self, items: t.Iterable[DeviceReset]) -> None:
        self.all = [QueuedReset(item) for item in items]
        self._queued = collections.deque(self.all)
        self._due: collections.deque[QueuedReset] = collections.deque()
        self._syncs: collections.deque[QueuedReset] = collections.deque()
        self._counts: collections.Counter[Phase] = collections.Counter({"queued": len(self.all)})
        self._timed: list[tuple[float, int, QueuedReset]] = []
        self._moved: list[QueuedReset] = []
        self._number = itertools.count()

    @property
    def is_open(self) -> bool:
        """Whether a device has no outcome yet, or must still be asked to check in."""
        return self._counts["finished"] < len(self.all) or bool(self._syncs)

    @property
    def to_send(self) -> int:
        """The number of devices that may still be reset, or are being reset."""
        return sum(self._counts[phase] for phase in BEFORE_SENT)

    @property
    def retried(self) -> int:
        """The number of devices that may still be reset and have a failed request that is repeated."""
        return sum(work.phase in BEFORE_SENT and bool(work.attempts) for work in self.all)

    @property
    def has_queued(self) -> bool:
        """Whether a device waits to be read."""
        return bool(self._queued)

    @property
    def has_writes(self) -> bool:
        """Whether a reset or a request to check in waits to be sent."""
        return bool(self._due or self._syncs)

    @property
    def next_time(self) -> float | None:
        """The time of the next read of a device, or None when there is none."""
        return self._timed[0][0] if self._timed else None

    def count(self, *phases: Phase) -> int:
        """Return the number of devices in these phases."""
        return sum(self._counts[phase] for phase in phases)

    def move(self, work: QueuedReset, phase: Phase) -> None:
        """Change the phase of a device that the caller holds."""
        self._counts[work.phase] -= 1
        self._counts[phase] += 1
        work.phase = phase
        self._moved.append(work)

    def take_moved(self) -> list[QueuedReset]:
        """Return the devices whose phase was set since the last call. A device occurs once for each time."""
        moved, self._moved = self._moved, []
        return moved

    def requeue(self, work: QueuedReset) -> None:
        """Put a device at the end of the queue to be read again."""
        self.move(work, "queued")
        self._queued.append(work)

    def requeue_first(self, work: QueuedReset) -> None:
        """Put a device at the front of the queue to be read again."""
        self.move(work, "queued")
        self._queued.appendleft(work)

    def list_by_time(self) -> list[QueuedReset]:
        """Return all devices that wait for a time, without removing them."""
        return [work for _when, _number, work in self._timed]

    def make_due(self, work: QueuedReset) -> None:
        """Mark a device as ready to be reset, after those that already are."""
        self.move(work, "due")
        self._due.append(work)

    def finish(self, work: QueuedReset) -> None:
        """Record that a device has its outcome."""
        self.move(work, "finished")

    def look_at(self, when: float, work: QueuedReset) -> None:
        """Schedule the next read of a device at a time of the monotonic clock."""
        heapq.heappush(self._timed, (when, next(self._number), work))

    def add_sync(self, work: QueuedReset) -> None:
        """Schedule a request that asks a device to check in."""
        self._syncs.append(work)

    def take_by_id(self, ids: t.Container[str]) -> list[QueuedReset]:
        """Remove and return the queued devices with these IDs, in lower case."""
        chosen = [work for work in self._queued if work.item.id.lower() in ids]
        self._queued = collections.deque(work for work in self._queued if work.item.id.lower() not in ids)
        return chosen

    def take_queued(self, number: int) -> list[QueuedReset]:
        """Remove and return devices to be read. The caller changes their phase."""
        return [self._queued.popleft() for _index in range(min(number, len(self._queued)))]

    def take_due(self, number: int, read_since: float) -> list[QueuedReset]:
        """Remove and return devices to be reset. Those that were read before a time are read again first."""
        chosen: list[QueuedReset] = []
        while self._due and len(chosen) < number:
            work = self._due.popleft()
            if work.read_at >= read_since:
                chosen.append(work)
            else:
                self.requeue_first(work)
        return chosen

    def take_syncs(self, number: int) -> list[QueuedReset]:
        """Remove and return devices to be asked to check in."""
        return [self._syncs.popleft() for _index in range(min(number, len(self._syncs)))]

    def take_timed(self, now: float) -> QueuedReset | None:
        """Remove and return the device that has been due longest, or None if none is due."""
        return heapq.heappop(self._timed)[2] if self._timed and self._timed[0][0] <= now else None

    def take_all_timed(self) -> list[QueuedReset]:
        """Remove and return all devices that wait for a time."""
        waiting, self._timed = [work for _when, _number, work in self._timed], []
        return waiting

    def take_all(self) -> list[QueuedReset]:
        """Remove and return all waiting devices, and drop the requests to check in."""
        waiting = [*self._queued, *self._due, *self.take_all_timed()]
        self._queued.clear()
        self._due.clear()
        self._syncs.clear()
        return waiting
