# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""How much may be sent now: the quota of one application in one tenant, in a sliding window of time.

A task takes the whole quota, at once, until the service throttles it: then others use the quota too, or it is smaller. Processes do not
know of one another, and share it so:

* After each throttling, a process waits for as long as the service says, and then begins again with as little as every other process.
* It tries more with each half second, slowly at first and then faster. All processes do so at the same pace: they share the free part of
  the quota equally, and fill it together before half of its window is over, however few or many they are.
* The service counts an accepted request for one window, so the quota gets free, and is filled, in the same part of the next window. No
  process has to know when another one begins or ends: after one window without throttling, it takes the whole quota.
* A request that is under way when a response announces a time to wait would break that time, so throttled requests are sent one by one.

Pure: time is handed in, as seconds of a monotonic clock. Source: Microsoft Graph, service-specific throttling limits
(https://learn.microsoft.com/graph/throttling-limits).
"""

from __future__ import annotations

import collections
import dataclasses
import math
import typing as t

from .._http.retry import backoff
from .batch import MAX_BATCH

# Of the quota, that a process tries after a throttling: at once, and in a window by its length and by the square of its length. Of a
# window of 20 seconds, eight processes fill the quota within two, two of them within six, and one of them, alone, within ten.
FIRST, GROWTH, FASTER = 0.02, 1.0, 2.0
STEPS = 40  # of a window: small ones let processes take turns, and many would make a request of each write
# Of a window, the longest pause of our own: a process that waits longer misses the time in which the quota is filled.
LONGEST_PAUSE = 0.1
# Of a growing pause, the least part to wait, also where an own request leaves the window before.
SHORTEST_PAUSE = 0.25
# Of a window, the time within which its writes are to be sent: where a batch takes too long for that, several are under way.
SEND_WITHIN = 0.5


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
        self._used: collections.deque[tuple[float, int]] = collections.deque()
        self._total = 0
        self._shared_since: float | None = None  # the end of the pause after the last throttling; null while the quota is our own
        self._counted_since = 0  # requests since that throttling
        self._first = FIRST  # of the quota, that is tried at the end of that pause
        self.under_way = 0

    @property
    def is_shared(self) -> bool:
        """Whether the service throttled before our limit, less than a window ago."""
        return self._shared_since is not None

    def capacity(self, now: float) -> int:
        """Return how many requests may be sent at this moment, which may lie a little ahead."""
        gone = sum(number for when, number in self._used if when <= now - self._seconds)
        free = self._amount - (self._total - gone)
        return max(0, min(free, self._share_at(now)) - self.under_way)

    def delay(self, now: float, number: int) -> float:
        """Return the seconds until so many may be sent, if nothing more is; one window where that hangs on requests under way."""
        return max(self._window_delay(now, number), self._share_delay(now, number))

    def count(self, now: float, number: int) -> None:
        """Count requests that the service counted."""
        while self._used and self._used[0][0] <= now - self._seconds:
            self._total -= self._used.popleft()[1]
        if self._shared_since is not None and now >= self._shared_since + self._seconds:
            self._shared_since = None
        if number:
            self._used.append((now, number))
            self._total += number
            self._counted_since += number

    def share(self, now: float, until: float, *, leaves_half: bool = False) -> None:
        """Begin with little at the end of a pause: the service throttles before our limit, so others use the quota, or it is smaller.

        ``leaves_half``: with at most half of the requests granted in the last window, if any were: the writes that follow need the rest.
        """
        self.count(now, 0)
        self._first = min(FIRST, self.granted(now) / 2 / self._amount or FIRST) if leaves_half else FIRST
        self._shared_since, self._counted_since = until, 0

    def granted(self, now: float) -> int:
        """Return how many the service counted in the last window."""
        return sum(number for when, number in self._used if when > now - self._seconds)

    def next_free(self, now: float) -> float:
        """Return when a request that the service counted leaves the window; infinite without one."""
        return next((when + self._seconds for when, _number in self._used if when + self._seconds > now), math.inf)

    def _window_delay(self, now: float, number: int) -> float:
        excess = self._total + self.under_way - self._amount + number
        for when, counted in self._used:
            if excess <= 0:
                return 0.0
            excess -= counted
            if excess <= 0:
                return max(0.0, when + self._seconds - now)
        return 0.0 if excess <= 0 else self._seconds

    def _share_at(self, now: float) -> int:
        """Return how many may be counted or under way since the last throttling, less those that were counted."""
        if self._shared_since is None or now >= self._shared_since + self._seconds:
            return self._amount
        # A moment that was meant to be the end of a step must not lie before it by the rounding of floating point.
        step = math.floor((now - self._shared_since) / self._seconds * STEPS + 1e-6)
        return self._after_steps(step) - self._counted_since

    def _share_delay(self, now: float, number: int) -> float:
        if self._shared_since is None:
            return 0.0
        needed = self._counted_since + self.under_way + number
        step = next((step for step in range(STEPS) if self._after_steps(step) >= needed), STEPS)
        return max(0.0, self._shared_since + step * self._seconds / STEPS - now)

    def _after_steps(self, step: int) -> int:
        window = step / STEPS
        return max(1, int(self._amount * (self._first + GROWTH * window + FASTER * window**2))) if step >= 0 else 0


class Limit:
    """The limit of one kind of request. A request of ``within`` counts there too, and waits where that limit is used up.

    ``one_by_one``: one request or batch is under way at a time; the others only while the quota is shared.
    """

    def __init__(self, amount: int, seconds: float, within: Limit | None = None, *, one_by_one: bool = False) -> None:
        self._window = SlidingWindow(amount, seconds)
        self._within = within
        self._per_second = amount / seconds
        self._seconds = seconds
        self._one_by_one = one_by_one
        self._paused_until = 0.0
        self._envelopes = 0  # under way
        self._latency = 0.0  # seconds, of the last one
        self._throttled_in_a_row = 0

    @property
    def is_shared(self) -> bool:
        """Whether the service throttled this kind of request less than a window ago."""
        return self._window.is_shared

    def capacity(self, now: float) -> int:
        """Return how many may be sent at this moment."""
        return 0 if self._must_wait_for_response() else self.capacity_at(now)

    def capacity_at(self, moment: float) -> int:
        """Return how many may be sent at a moment that lies a little ahead, if all responses came by then and none tells to wait."""
        own = 0 if moment < self._paused_until else self._window.capacity(moment)
        return own if self._within is None else min(own, self._within.capacity_at(moment))

    def delay(self, now: float, number: int = 1) -> float:
        """Return the seconds until so many may be sent; one window where that hangs on requests under way."""
        waiting = self._seconds if self._must_wait_for_response() else 0.0
        own = max(0.0, waiting, self._window.delay(now, number), self._paused_until - now)
        return own if self._within is None else max(own, self._within.delay(now, number))

    def reserve(self, number: int) -> None:
        """Note that so many are on their way, in one envelope."""
        self._window.under_way += number
        self._envelopes += number > 0
        if self._within is not None:
            self._within.reserve(number)

    def complete(self, now: float, number: int, counted: int, *, latency: float = 0.0) -> None:
        """Note that so many are no longer on their way, of which the service counted some: those that it did not throttle."""
        self._window.under_way -= number
        self._envelopes -= number > 0
        self._window.count(now, counted)
        if number:
            self._latency = latency
        if self._within is not None:
            self._within.complete(now, number, counted, latency=latency)

    def restore(self, moments: t.Iterable[float]) -> None:
        """Count requests of another process with the same quota, by when they were counted."""
        for moment in sorted(moments):
            self.complete(moment, 0, 1)

    def throttle(self, now: float, seconds: float, jitter: float) -> None:
        """Pause, and try less then: the service throttled this kind of request.

        :param seconds: the longest time that it asks to wait, 0 without one: then the pause is our own, and grows by each throttling in a
            row. It ends where a request that the service counted gets free before.
        :param jitter: a random number from 0 to 1.
        """
        self._throttled_in_a_row += 1
        own = min(backoff(self._throttled_in_a_row, None, jitter), LONGEST_PAUSE * self._seconds)
        until = now + seconds if seconds else min(now + own, max(self._window.next_free(now), now + SHORTEST_PAUSE * own))
        self._paused_until = max(self._paused_until, until)
        # A read counts for two seconds. Where reads take the whole rest of the quota, no write follows in time, and all are read again.
        self._window.share(now, self._paused_until, leaves_half=not self._one_by_one)

    def seconds_for(self, now: float, number: int) -> float | None:
        """Return about how long so many take, at the quota, or at the share of it in the last window, or None if there was none."""
        if not self.is_shared:
            return max(0, number - self._window.capacity(now)) / self._per_second
        granted = self._window.granted(now)
        return number / (granted / self._seconds) if granted else None

    def end_row(self) -> None:
        """Note that the service let one of this kind through: the next throttling is the first in a row."""
        self._throttled_in_a_row = 0

    def _must_wait_for_response(self) -> bool:
        """Return whether a response that may tell to wait has to come first."""
        if self._within is not None and self._within._must_wait_for_response():
            return True
        if not self._one_by_one and not self.is_shared:
            return False
        return self._envelopes >= max(1, math.ceil(self._per_second / SEND_WITHIN * self._latency / MAX_BATCH))


class RateLimit:
    """The two limits of one run: ``requests`` for all, and ``writes`` within it. Where all are paused, writes are too."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self.requests = Limit(quota.requests, quota.seconds)
        self.writes = Limit(quota.writes, quota.seconds, within=self.requests, one_by_one=True)

    def limit_of(self, *, is_write: bool) -> Limit:
        """Return the limit of a kind of request."""
        return self.writes if is_write else self.requests
