# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Limit the requests of one application in one tenant to its quota in a sliding window of time.

A task uses the whole quota at once until the service throttles it. Throttling means that others share the quota, or that it is smaller.
Processes do not know about each other and share the quota as follows:

* After each throttling, a process waits as long as the service asks, and then starts with the same small rate as every other process.
* It raises its rate every half second, slowly at first and then faster. All processes raise it at the same pace, so they share the free
  part of the quota equally, and together use all of it before half of its window is over, regardless of their number.
* The service counts an accepted request for one window, so the quota becomes free, and is used again, in the same part of the next window.
  No process needs to know when another one starts or ends: after one window without throttling, it uses the whole quota.
* A request in flight when a response announces a time to wait would violate that time, so throttled requests are sent one at a time.

Pure: callers pass the time as seconds of a monotonic clock. Source: Microsoft Graph, service-specific throttling limits
(https://learn.microsoft.com/graph/throttling-limits).
"""

from __future__ import annotations

import collections
import dataclasses
import math
import typing as t

from .._http.retry import backoff
from .batch import MAX_BATCH

# The part of the quota that a process tries after throttling: immediately, per window (linear), and per window squared. In a window of 20
# seconds, eight processes use the whole quota within two seconds, two processes within six, and one process within ten.
FIRST, GROWTH, FASTER = 0.02, 1.0, 2.0
STEPS = 40  # per window: small steps let processes alternate, but too many would send each write in its own request
# Of a window, the longest pause without Retry-After: a longer pause would miss the time in which the quota is used up.
LONGEST_PAUSE = 0.1
# The minimum part of a growing pause, even if a request of this process leaves the window earlier.
SHORTEST_PAUSE = 0.25
# Of a window, the time within which its writes must be sent. If a batch takes longer, several are sent concurrently.
SEND_WITHIN = 0.5


@dataclasses.dataclass(frozen=True)
class Quota:
    """The limits ``writes`` and ``requests`` (reads and writes together) in any period of ``seconds``."""

    writes: int
    requests: int
    seconds: float


class SlidingWindow:
    """One limit. A request counts from the arrival of its response, which is never before the service counted it."""

    def __init__(self, amount: int, seconds: float) -> None:
        self._amount = amount
        self._seconds = seconds
        self._used: collections.deque[tuple[float, int]] = collections.deque()
        self._total = 0
        self._shared_since: float | None = None  # the end of the pause after the last throttling; None while the quota is not shared
        self._counted_since = 0  # requests since the last throttling
        self._first = FIRST  # the part of the quota to try at the end of that pause
        self.under_way = 0

    @property
    def is_shared(self) -> bool:
        """Whether the service throttled below our limit less than a window ago."""
        return self._shared_since is not None

    def capacity(self, now: float) -> int:
        """Return the number of requests that may be sent at this time, which may be slightly in the future."""
        gone = sum(number for when, number in self._used if when <= now - self._seconds)
        free = self._amount - (self._total - gone)
        return max(0, min(free, self._share_at(now)) - self.under_way)

    def delay(self, now: float, number: int) -> float:
        """Return the seconds until this number may be sent if nothing else is sent, or one window if that depends on requests in flight."""
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
        """Restart with a small rate at the end of a pause, because throttling below our limit means that the quota is shared or smaller.

        ``leaves_half``: use at most half of the requests granted in the last window, if any, because the writes that follow need the rest.
        """
        self.count(now, 0)
        self._first = min(FIRST, self.granted(now) / 2 / self._amount or FIRST) if leaves_half else FIRST
        self._shared_since, self._counted_since = until, 0

    def granted(self, now: float) -> int:
        """Return the number of requests that the service counted in the last window."""
        return sum(number for when, number in self._used if when > now - self._seconds)

    def next_free(self, now: float) -> float:
        """Return the time at which the next counted request leaves the window, infinite without one."""
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
        """Return the number of requests that may be counted or in flight since the last throttling, minus those already counted."""
        if self._shared_since is None or now >= self._shared_since + self._seconds:
            return self._amount
        # Floating point rounding must not move a time at the end of a step to before that end.
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
    """The limit of one kind of request. Its requests also count in ``within``, and wait if that limit is used up.

    ``one_by_one``: only one request or batch is in flight at a time; other kinds do so only while the quota is shared.
    """

    def __init__(self, amount: int, seconds: float, within: Limit | None = None, *, one_by_one: bool = False) -> None:
        self._window = SlidingWindow(amount, seconds)
        self._within = within
        self._per_second = amount / seconds
        self._seconds = seconds
        self._one_by_one = one_by_one
        self._paused_until = 0.0
        self._envelopes = 0  # in flight
        self._latency = 0.0  # seconds, of the last envelope
        self._throttled_in_a_row = 0

    @property
    def is_shared(self) -> bool:
        """Whether the service throttled this kind of request less than a window ago."""
        return self._window.is_shared

    def capacity(self, now: float) -> int:
        """Return the number that may be sent at this time."""
        return 0 if self._must_wait_for_response() else self.capacity_at(now)

    def capacity_at(self, moment: float) -> int:
        """Return the number that may be sent slightly later if all responses arrive by then and none asks to wait."""
        own = 0 if moment < self._paused_until else self._window.capacity(moment)
        return own if self._within is None else min(own, self._within.capacity_at(moment))

    def delay(self, now: float, number: int = 1) -> float:
        """Return the seconds until this number may be sent, or one window if that depends on requests in flight."""
        waiting = self._seconds if self._must_wait_for_response() else 0.0
        own = max(0.0, waiting, self._window.delay(now, number), self._paused_until - now)
        return own if self._within is None else max(own, self._within.delay(now, number))

    def reserve(self, number: int) -> None:
        """Record that this number is in flight, in one envelope."""
        self._window.under_way += number
        self._envelopes += number > 0
        if self._within is not None:
            self._within.reserve(number)

    def complete(self, now: float, number: int, counted: int, *, latency: float = 0.0) -> None:
        """Record that this number is no longer in flight. The service counted ``counted`` of them; it throttled the others."""
        self._window.under_way -= number
        self._envelopes -= number > 0
        self._window.count(now, counted)
        if number:
            self._latency = latency
        if self._within is not None:
            self._within.complete(now, number, counted, latency=latency)

    def restore(self, moments: t.Iterable[float]) -> None:
        """Count requests of another process with the same quota at the given times."""
        for moment in sorted(moments):
            self.complete(moment, 0, 1)

    def throttle(self, now: float, seconds: float, jitter: float) -> None:
        """Pause, and restart with a small rate, because the service throttled this kind of request.

        :param seconds: the longest time that the service asks to wait, or 0. With 0, our own pause grows with each consecutive throttling,
            and ends early when a request that the service counted leaves the window.
        :param jitter: a random number from 0 to 1.
        """
        self._throttled_in_a_row += 1
        own = min(backoff(self._throttled_in_a_row, None, jitter), LONGEST_PAUSE * self._seconds)
        until = now + seconds if seconds else min(now + own, max(self._window.next_free(now), now + SHORTEST_PAUSE * own))
        self._paused_until = max(self._paused_until, until)
        # A read is valid for two seconds. If reads used the whole rest of the quota, no write would follow in time, and all reads would be
        # repeated.
        self._window.share(now, self._paused_until, leaves_half=not self._one_by_one)

    def seconds_for(self, now: float, number: int) -> float | None:
        """Return the approximate seconds for this number, at the quota or at the share granted in the last window, None without a share."""
        if not self.is_shared:
            return max(0, number - self._window.capacity(now)) / self._per_second
        granted = self._window.granted(now)
        return number / (granted / self._seconds) if granted else None

    def end_row(self) -> None:
        """Record that the service accepted a request of this kind: the next throttling starts a new series."""
        self._throttled_in_a_row = 0

    def _must_wait_for_response(self) -> bool:
        """Return whether to wait for a response that may ask to wait before sending more."""
        if self._within is not None and self._within._must_wait_for_response():
            return True
        if not self._one_by_one and not self.is_shared:
            return False
        return self._envelopes >= max(1, math.ceil(self._per_second / SEND_WITHIN * self._latency / MAX_BATCH))


class RateLimit:
    """The two limits of one run: ``requests`` for all requests, and ``writes`` within it. A pause of all requests also pauses writes."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self.requests = Limit(quota.requests, quota.seconds)
        self.writes = Limit(quota.writes, quota.seconds, within=self.requests, one_by_one=True)

    def limit_of(self, *, is_write: bool) -> Limit:
        """Return the limit of a kind of request."""
        return self.writes if is_write else self.requests
