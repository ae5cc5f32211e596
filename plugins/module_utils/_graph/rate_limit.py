# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""How much may be sent now: the quota of one application in one tenant, in a window of time that slides.

Pure: time is handed in, as seconds of a monotonic clock. Source: Microsoft Graph, service-specific throttling limits, Intune devices.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t

SMALLEST_SHARE = 0.05  # of the quota: as much is tried even where others use it all
CUT = 0.9  # of what was granted in a window in which the service throttled
GROWTH = 0.1  # of the quota in the first window without throttling, and faster then


@dataclasses.dataclass(frozen=True)
class Quota:
    """``writes`` and ``requests`` (reads and writes together) in any ``seconds``."""

    writes: int = 200
    requests: int = 2000
    seconds: float = 20.0


class Meter:
    """One limit. What was sent counts from when its answer came, which is never before the service counted it."""

    def __init__(self, amount: int, seconds: float) -> None:
        self._amount = amount
        self._seconds = seconds
        self._limit = amount
        self._cut_at = 0.0
        self._used: collections.deque[tuple[float, int]] = collections.deque()
        self._total = 0
        self.under_way = 0

    def room(self, now: float) -> int:
        """How many may be sent at this moment, which may lie a little ahead."""
        gone = sum(number for when, number in self._used if when <= now - self._seconds)
        return max(0, self._limit_at(now) - (self._total - gone) - self.under_way)

    def opens(self, now: float) -> float:
        """Seconds until one may be sent, if nothing more is; one window where that hangs on what is under way."""
        excess = self._total + self.under_way - self._limit_at(now) + 1
        for when, number in self._used:
            if excess <= 0:
                return 0.0
            excess -= number
            if excess <= 0:
                return max(0.0, when + self._seconds - now)
        return 0.0 if excess <= 0 else self._seconds

    def count(self, now: float, number: int) -> None:
        """What was under way was counted by the service."""
        while self._used and self._used[0][0] <= now - self._seconds:
            self._total -= self._used.popleft()[1]
        if number:
            self._used.append((now, number))
            self._total += number

    def cut(self, now: float) -> None:
        """The service throttles before our limit: somebody else uses the quota, or it is smaller. Less than was granted is tried."""
        self.count(now, 0)
        self._limit = min(self._limit_at(now), int(max(1.0, SMALLEST_SHARE * self._amount, CUT * self._total)))
        self._cut_at = now

    def _limit_at(self, now: float) -> int:
        """The limit that a throttled window left comes back, at first little by little."""
        windows = max(0.0, now - self._cut_at) / self._seconds
        return min(self._amount, int(self._limit + self._amount * GROWTH * (windows + windows**2)))


class Budget:
    """Reads and writes of one run, which share the limit for all requests."""

    def __init__(self, quota: Quota | None = None) -> None:
        self.quota = quota or Quota()
        self._writes = Meter(self.quota.writes, self.quota.seconds)
        self._requests = Meter(self.quota.requests, self.quota.seconds)
        self._held = {True: 0.0, False: 0.0}  # writes, all: until when

    def room(self, now: float, write: bool) -> int:
        if now < max(self._held[False], self._held[True] if write else 0.0):
            return 0
        room = self._requests.room(now)
        return min(room, self._writes.room(now)) if write else room

    def opens(self, now: float, write: bool) -> float:
        """Seconds until there is room for one."""
        waits = [self._requests.opens(now), self._held[False] - now]
        if write:
            waits += [self._writes.opens(now), self._held[True] - now]
        return max(0.0, *waits)

    def reserve(self, writes: int, reads: int) -> None:
        """They are on their way."""
        self._writes.under_way += writes
        self._requests.under_way += writes + reads

    def settle(self, now: float, writes: int, reads: int, *, counted_writes: int, counted_reads: int) -> None:
        """Their answers came, or will not come. The service counts what it did not throttle."""
        self._writes.under_way -= writes
        self._requests.under_way -= writes + reads
        self._writes.count(now, counted_writes)
        self._requests.count(now, counted_writes + counted_reads)

    def remember(self, whens: t.Iterable[float]) -> None:
        """Writes of another process with the same quota, by when they were counted."""
        for when in sorted(whens):
            self._writes.count(when, 1)
            self._requests.count(when, 1)

    def cut(self, now: float, write: bool) -> None:
        """The service throttled writes alone, or all requests."""
        (self._writes if write else self._requests).cut(now)

    def hold(self, until: float, write: bool) -> None:
        """Nothing of this kind is sent before; where reads are throttled, writes are too."""
        self._held[write] = max(self._held[write], until)
