# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The order in which the devices of a task are read, reset, and looked at again; and the phase of each. Pure."""

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
FRESH = 2.0  # seconds for which a device's record is taken as it was read

# Locked by another process, to be read, being read, to be reset, reset on its way, accepted by the service, response lost, has an outcome.
Phase = t.Literal["locked", "queued", "reading", "due", "sent", "accepted", "lost", "finished"]
BEFORE_SENT: tuple[Phase, ...] = ("queued", "reading", "due", "sent")


@dataclasses.dataclass(eq=False)
class QueuedReset:
    """A device on its way. Times are the service's, except ``read_at``, which is one of the monotonic clock."""

    item: DeviceReset
    phase: Phase = "queued"
    attempt: int = 0  # how many requests to reset it were written down
    read_at: float = 0.0  # its record came
    record_requested_at: float = 0.0  # its record was asked for
    requested_at: float = 0.0  # its reset was sent, not before
    intended_at: float = 0.0  # the same, by the clock of what later tasks read
    lost_at: float = 0.0  # the response was given up
    pause: float = FIRST_LOOK
    attempts: dict[str, Attempts] = dataclasses.field(default_factory=dict)  # failures in a row, by method
    without_join_type: Device | None = None  # read, but not yet how it is joined
    join_type: str | None = None  # by its object in Microsoft Entra
    remembered: KnownReset | None = None  # its last reset, as the machine remembered it when the device was locked

    def attempts_of(self, method: str) -> Attempts:
        """Return the failures in a row of one kind of request."""
        return self.attempts.get(method, Attempts())


class ResetQueue:
    """All devices of a task. Each is in one place: queued, due, waiting for a time, or with its caller."""

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
        """How many may still be reset, or are being."""
        return sum(self._counts[phase] for phase in BEFORE_SENT)

    @property
    def retried(self) -> int:
        """How many that may still be reset had a request that failed, and is repeated."""
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
        """When the next device is to be looked at again, or None when there is none."""
        return self._timed[0][0] if self._timed else None

    def count(self, *phases: Phase) -> int:
        """Return how many devices are in these phases."""
        return sum(self._counts[phase] for phase in phases)

    def move(self, work: QueuedReset, phase: Phase) -> None:
        """Change the phase of a device that its caller holds."""
        self._counts[work.phase] -= 1
        self._counts[phase] += 1
        work.phase = phase
        self._moved.append(work)

    def take_moved(self) -> list[QueuedReset]:
        """Return the devices whose phase was set since the last call; a device whose phase was set twice comes twice."""
        moved, self._moved = self._moved, []
        return moved

    def requeue(self, work: QueuedReset) -> None:
        """Let a device be read again, after all others."""
        self.move(work, "queued")
        self._queued.append(work)

    def requeue_first(self, work: QueuedReset) -> None:
        """Let a device be read again, before all others."""
        self.move(work, "queued")
        self._queued.appendleft(work)

    def list_by_time(self) -> list[QueuedReset]:
        """Return all devices that wait for a time, which stay there."""
        return [work for _when, _number, work in self._timed]

    def make_due(self, work: QueuedReset) -> None:
        """Let a device be reset, after those that are due already."""
        self.move(work, "due")
        self._due.append(work)

    def finish(self, work: QueuedReset) -> None:
        """Note that a device has its outcome."""
        self.move(work, "finished")

    def look_at(self, when: float, work: QueuedReset) -> None:
        """Let a device be looked at again at a moment of the monotonic clock."""
        heapq.heappush(self._timed, (when, next(self._number), work))

    def add_sync(self, work: QueuedReset) -> None:
        """Let a device be asked to check in."""
        self._syncs.append(work)

    def take_by_id(self, ids: t.Container[str]) -> list[QueuedReset]:
        """Return the queued devices with one of these IDs in lower case; their caller holds them."""
        chosen = [work for work in self._queued if work.item.id.lower() in ids]
        self._queued = collections.deque(work for work in self._queued if work.item.id.lower() not in ids)
        return chosen

    def take_queued(self, number: int) -> list[QueuedReset]:
        """Return devices to be read, whose phase the caller changes."""
        return [self._queued.popleft() for _index in range(min(number, len(self._queued)))]

    def take_due(self, number: int, read_since: float) -> list[QueuedReset]:
        """Return devices to be reset; those that were read before a moment are read again first."""
        chosen: list[QueuedReset] = []
        while self._due and len(chosen) < number:
            work = self._due.popleft()
            if work.read_at >= read_since:
                chosen.append(work)
            else:
                self.requeue_first(work)
        return chosen

    def take_syncs(self, number: int) -> list[QueuedReset]:
        """Return devices to be asked to check in."""
        return [self._syncs.popleft() for _index in range(min(number, len(self._syncs)))]

    def take_timed(self, now: float) -> QueuedReset | None:
        """Return the device whose time came longest ago, or None if none has."""
        return heapq.heappop(self._timed)[2] if self._timed and self._timed[0][0] <= now else None

    def take_all_timed(self) -> list[QueuedReset]:
        """Return all devices that wait for a time."""
        waiting, self._timed = [work for _when, _number, work in self._timed], []
        return waiting

    def take_all(self) -> list[QueuedReset]:
        """Return all devices that wait for anything, and forget the requests to check in."""
        waiting = [*self._queued, *self._due, *self.take_all_timed()]
        self._queued.clear()
        self._due.clear()
        self._syncs.clear()
        return waiting
