# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""How much may be sent now: the quota of one application in one tenant, in a sliding window of time.

Pure: time is handed in, as seconds of a monotonic clock. Source: Microsoft Graph, service-specific throttling limits
(https://learn.microsoft.com/graph/throttling-limits).
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t

SMALLEST_SHARE = 0.05  # of the quota: as much is tried even where others use it all
CUT = 0.9  # of the requests that were granted in a window in which the service throttled
GROWTH = 0.1  # of the quota in the first window without throttling, and faster then


@dataclasses.dataclass(frozen=True)
class Quota:
    """``writes`` and ``requests`` (reads and writes together) in any ``seconds``."""

    writes: int
    requests: int
    seconds: float


class SlidingWindow:
    """One limit. A request counts from when its response came, which is never before the service counted it."""

    def __init__(self, amount: int, seconds: float) -> None:
        self._amount = amount
        self._seconds = seconds
        self._limit = amount
        self._reduced_at = 0.0
        self._used: collections.deque[tuple[float, int]] = collections.deque()
        self._total = 0
        self.under_way = 0

    def capacity(self, now: float) -> int:
        """Return how many requests may be sent at this moment, which may lie a little ahead."""
        gone = sum(number for when, number in self._used if when <= now - self._seconds)
        return max(0, self._limit_at(now) - (self._total - gone) - self.under_way)

    def delay(self, now: float) -> float:
        """Return the seconds until one may be sent, if nothing more is; one window where that hangs on requests under way."""
        excess = self._total + self.under_way - self._limit_at(now) + 1
        for when, number in self._used:
            if excess <= 0:
                return 0.0
            excess -= number
            if excess <= 0:
                return max(0.0, when + self._seconds - now)
        return 0.0 if excess <= 0 else self._seconds

    def count(self, now: float, number: int) -> None:
        """Count requests that the service counted."""
        while self._used and self._used[0][0] <= now - self._seconds:
            self._total -= self._used.popleft()[1]
        if number:
            self._used.append((now, number))
            self._total += number

    def reduce(self, now: float) -> None:
        """Try less than was granted: the service throttles before our limit, so others use the quota, or it is smaller."""
        self.count(now, 0)
        self._limit = min(self._limit_at(now), int(max(1.0, SMALLEST_SHARE * self._amount, CUT * self._total)))
        self._reduced_at = now

    def _limit_at(self, now: float) -> int:
        """Return the limit, which recovers after throttling, at first little by little."""
        windows = max(0.0, now - self._reduced_at) / self._seconds
        return min(self._amount, int(self._limit + self._amount * GROWTH * (windows + windows**2)))


class Limit:
    """The limit of one kind of request. A request of ``within`` counts there too, and waits where that limit is used up."""

    def __init__(self, amount: int, seconds: float, within: Limit | None = None) -> None:
        self._window = SlidingWindow(amount, seconds)
        self._within = within
        self._paused_until = 0.0

    def capacity(self, now: float) -> int:
        """Return how many may be sent at this moment, which may lie a little ahead."""
        own = 0 if now < self._paused_until else self._window.capacity(now)
        return own if self._within is None else min(own, self._within.capacity(now))

    def delay(self, now: float) -> float:
        """Return the seconds until one may be sent."""
        own = max(0.0, self._window.delay(now), self._paused_until - now)
        return own if self._within is None else max(own, self._within.delay(now))

    def reserve(self, number: int) -> None:
        """Note that so many are on their way."""
        self._window.under_way += number
        if self._within is not None:
            self._within.reserve(number)

    def complete(self, now: float, number: int, counted: int) -> None:
        """Note that so many are no longer on their way, of which the service counted some: those that it did not throttle."""
        self._window.under_way -= number
        self._window.count(now, counted)
        if self._within is not None:
            self._within.complete(now, number, counted)

    def restore(self, moments: t.Iterable[float]) -> None:
        """Count requests of another process with the same quota, by when they were counted."""
        for moment in sorted(moments):
            self.complete(moment, 0, 1)

    def reduce(self, now: float) -> None:
        """Try less: the service throttled this kind of request."""
        self._window.reduce(now)

    def pause_until(self, moment: float) -> None:
        """Send nothing of this kind before a moment."""
        self._paused_until = max(self._paused_until, moment)


class RateLimit:
    """The two limits of one run: ``requests`` for all, and ``writes`` within it. Where all are paused, writes are too."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self.requests = Limit(quota.requests, quota.seconds)
        self.writes = Limit(quota.writes, quota.seconds, within=self.requests)

    def limit_of(self, *, is_write: bool) -> Limit:
        """Return the limit of a kind of request."""
        return self.writes if is_write else self.requests
