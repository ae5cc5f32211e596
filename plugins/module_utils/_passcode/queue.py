# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Where each device of a fleet stands: its phase, whose turn it is, and who is looked at again when. Pure."""

from __future__ import annotations

import collections
import dataclasses
import heapq
import itertools
import typing as t

from .._devices.model import Device
from .model import Item

FIRST_LOOK = 1.0  # seconds

# To be read, being read, to be reset, reset on its way, taken by the service, answer lost, has an outcome.
PHASES = ("queued", "looking", "due", "sent", "accepted", "lost", "finished")
BEFORE_SENT = ("queued", "looking", "due", "sent")


@dataclasses.dataclass
class Trouble:
    """Failures in a row of one kind of request; ``since`` by the monotonic clock. ``renewed``: the token was, for it."""

    number: int = 0
    since: float = 0.0
    renewed: bool = False


@dataclasses.dataclass(eq=False)
class Work:
    """One device on its way. ``asked``, ``lost`` and ``looked`` are moments of the service; ``read`` is one of the monotonic clock."""

    item: Item
    phase: str = "queued"
    read: float = 0.0
    asked: float = 0.0  # its reset was sent, not before
    lost: float = 0.0  # the answer was given up
    looked: float = 0.0  # its record was asked for
    pause: float = FIRST_LOOK
    trouble: dict[str, Trouble] = dataclasses.field(default_factory=lambda: collections.defaultdict(Trouble))  # by method
    unjoined: Device | None = None  # read, but not yet how it is joined
    join_type: str | None = None  # by its object in Microsoft Entra


class Lineup:
    """``count`` has how many are in each phase."""

    def __init__(self, items: t.Iterable[Item]) -> None:
        self.works = [Work(item) for item in items]
        self.queued = collections.deque(self.works)
        self.due: collections.deque[Work] = collections.deque()
        self.nudges: list[Work] = []  # to be asked to check in
        self.count = collections.Counter({"queued": len(self.works)})
        self._timed: list[tuple[float, int, Work]] = []
        self._number = itertools.count()

    @property
    def to_send(self) -> int:
        """How many may still be reset, or are being."""
        return sum(self.count[phase] for phase in BEFORE_SENT)

    @property
    def open(self) -> int:
        return len(self.works) - self.count["finished"]

    def move(self, work: Work, phase: str) -> None:
        self.count[work.phase] -= 1
        self.count[phase] += 1
        work.phase = phase

    def later(self, work: Work, when: float) -> None:
        heapq.heappush(self._timed, (when, next(self._number), work))

    @property
    def next_time(self) -> float | None:
        """When the next one is to be looked at again; null when there is none."""
        return self._timed[0][0] if self._timed else None

    def take(self, now: float) -> Work | None:
        """The one whose time has come longest ago."""
        return heapq.heappop(self._timed)[2] if self._timed and self._timed[0][0] <= now else None

    def take_all(self) -> list[Work]:
        """All that wait for a time."""
        waiting, self._timed = [work for _when, _number, work in self._timed], []
        return waiting
