# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Throttle with the published limits in sliding windows of the emulated clock, and detect early retries.

Source: https://learn.microsoft.com/graph/throttling-limits
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .tenant import Tenant


OTHER_APPLICATION = "another application"
STYLES = ("integer", "missing", "zero", "fractional", "date")  # of Retry-After; `mixed`: any of them for each request
PUNISHMENT_SECONDS = 20.0
LONGEST_EXTRA_SECONDS = 2  # that `mixed` adds to some of its times


@dataclass(frozen=True)
class Limit:
    """`amount` requests (or resource units) in `seconds`; `per`: app (with tenant) or tenant."""

    per: str
    writes: bool
    amount: int
    seconds: float


LIMITS: dict[str, tuple[Limit, ...]] = {
    "devices": (
        Limit("app", True, 200, 20),
        Limit("tenant", True, 400, 20),
        Limit("app", False, 2000, 20),
        Limit("tenant", False, 4000, 20),
    ),
    "configuration": (
        Limit("app", True, 100, 20),
        Limit("tenant", True, 200, 20),
        Limit("app", False, 1000, 20),
        Limit("tenant", False, 2000, 20),
    ),
    "auditing": (
        Limit("app", True, 100, 20),
        Limit("tenant", True, 200, 20),
        Limit("app", False, 1000, 20),
        Limit("tenant", False, 2000, 20),
    ),
    # of the export API for reports: https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-apis
    "exports": (Limit("app", False, 48, 60), Limit("tenant", False, 100, 60)),
    # small tenant (less than 50 users); resource units
    "identity": (Limit("app", False, 3500, 10), Limit("app", True, 3000, 150), Limit("tenant", True, 18000, 300)),
}


def _number(body: dict[str, Any], name: str, otherwise: int) -> int:
    value = body.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be a whole number, 0 or more")
    return value


@dataclass
class Window:
    """Charges within the time of a limit: (time, cost), oldest first."""

    used: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0

    def expire(self, before: float) -> None:
        """Remove older charges."""
        while self.used and self.used[0][0] <= before:
            self.total -= self.used.popleft()[1]

    def add(self, now: float, cost: int) -> None:
        """Add a charge."""
        self.used.append((now, cost))
        self.total += cost

    def wait(self, now: float, seconds: float, free: int) -> float:
        """Return the seconds until `free` more units fit."""
        for when, cost in self.used:
            free -= cost
            if free <= 0:
                return max(when + seconds - now, 0.001)
        return seconds


@dataclass(frozen=True)
class Caller:
    """The sender of a request. `run`: the token, which each process fetches for itself. `origin`: its $batch, or itself."""

    client_id: str
    run: str
    origin: int


@dataclass
class Announcement:
    """The latest retry time announced to a run: by any response so far, and by those before the responses of `origin`."""

    origin: int = -1
    until: float = 0.0
    until_before: float = 0.0

    def add(self, origin: int, until: float) -> None:
        """Record a time that a response to `origin` announces."""
        if origin != self.origin:
            self.origin, self.until_before = origin, self.until
        self.until = max(self.until, until)

    def is_early(self, origin: int, now: float) -> bool:
        """Return whether a request comes too early. Requests of one $batch cannot know the times that its responses announce."""
        return now < (self.until_before if origin == self.origin else self.until)


@dataclass(frozen=True)
class Decision:
    """The decision on a request. `early`: it came before its run's retry time. `retry_after`: header of a refusal, None for no header."""

    early: bool
    throttled: bool = False
    retry_after: str | None = None


class Quota:
    """Charge each request, or refuse it. Do not charge refused requests."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._windows: dict[tuple[str, Limit, str], Window] = {}
        # By run, workload, and whether it is about writes alone.
        self._announced: dict[tuple[str, str, bool], Announcement] = {}

    def charge(self, caller: Caller, workload: str, *, write: bool, cost: int) -> Decision:
        """Charge a request, or throttle it."""
        settings = self._tenant.settings
        now = self._tenant.clock.timestamp()
        early = any(
            announced.is_early(caller.origin, now)
            for kind in ((True, False) if write else (False,))
            if (announced := self._announced.get((caller.run, workload, kind)))
        )
        if not settings.quota:
            return Decision(early)
        if early and settings.quota_punish:
            # a request before the announced time restarts the waiting time
            return self._refuse(caller, workload, write, early, PUNISHMENT_SECONDS)
        windows = [self._window(workload, limit, caller.client_id) for limit in LIMITS[workload] if write or not limit.writes]
        wait, only_writes = 0.0, write
        for limit, window in windows:
            window.expire(now - limit.seconds)
            excess = window.total + cost - max(1, int(limit.amount * settings.quota_scale))
            if excess > 0:
                wait = max(wait, window.wait(now, limit.seconds, excess))
                only_writes = only_writes and limit.writes
        if wait:
            return self._refuse(caller, workload, only_writes, early, wait)
        for _limit, window in windows:
            window.add(now, cost)
        return Decision(early)

    def charge_others(self, body: dict[str, Any]) -> dict[str, Any]:
        """Charge requests of another application, or of another process of `client_id`, by the JSON of POST /_emulator/usage.

        `requests` (for the directory: resource units) includes the writes. ValueError changes nothing.
        """
        unknown = set(body) - {"workload", "writes", "requests", "client_id"}
        if unknown:
            raise ValueError(f"unknown fields: {sorted(unknown)}")
        workload, writes = body.get("workload"), _number(body, "writes", 0)
        requests = _number(body, "requests", writes)
        client_id = str(body.get("client_id") or OTHER_APPLICATION).lower()
        if workload not in LIMITS:
            raise ValueError(f"workload must be one of {', '.join(LIMITS)}")
        if requests < writes:
            raise ValueError("requests includes the writes, so it must not be less")
        if client_id != OTHER_APPLICATION and client_id not in self._tenant.applications:
            raise ValueError(f"unknown client_id {client_id}")
        now = self._tenant.clock.timestamp()
        for limit in LIMITS[workload]:
            _limit, window = self._window(workload, limit, client_id)
            window.expire(now - limit.seconds)
            window.add(now, writes if limit.writes else requests)
        return {"workload": workload, "writes": writes, "requests": requests, "client_id": client_id}

    def _window(self, workload: str, limit: Limit, client_id: str) -> tuple[Limit, Window]:
        owner = client_id if limit.per == "app" else ""
        return limit, self._windows.setdefault((workload, limit, owner), Window())

    def _refuse(self, caller: Caller, workload: str, only_writes: bool, early: bool, wait: float) -> Decision:
        style = self._tenant.settings.retry_after
        header, seconds = self._retry_after(self._tenant.rng.choice(STYLES) if style == "mixed" else style, wait, mixed=style == "mixed")
        announced = self._announced.setdefault((caller.run, workload, only_writes), Announcement())
        announced.add(caller.origin, self._tenant.clock.timestamp() + seconds)
        return Decision(early, throttled=True, retry_after=header)

    def _retry_after(self, style: str, wait: float, *, mixed: bool = False) -> tuple[str | None, float]:
        """Return (header, announced seconds)."""
        if style == "missing":
            return None, 0.0
        if style == "zero":
            return "0", 0.0
        if mixed:
            wait += self._tenant.rng.randint(0, LONGEST_EXTRA_SECONDS)
        if style == "fractional":
            tenths = math.ceil(wait * 10) / 10
            return f"{tenths:.1f}", tenths
        if style == "date":
            # whole seconds: round up to make it long enough
            now = self._tenant.clock.now()
            when = (now + timedelta(seconds=wait + 1)).replace(microsecond=0)
            return format_datetime(when, usegmt=True), (when - now).total_seconds()
        whole = math.ceil(wait)
        return str(whole), float(whole)
