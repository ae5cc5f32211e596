# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Emulated time: the real clock plus an offset, several times as fast, or frozen."""

from __future__ import annotations

import math
import time
from datetime import datetime, timezone

# about 30 years, in which dates stay representable
MOST_SECONDS = 10**9
EARLIEST, LATEST = (datetime(year, 1, 1, tzinfo=timezone.utc) for year in (1990, 2200))


def check_seconds(name: str, value: object) -> float:
    """Return a number of seconds; ValueError with its name for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MOST_SECONDS:
        raise ValueError(f"{name} must be a number of seconds, 0 to {MOST_SECONDS}, not {value!r}")
    return value


def parse_iso(text: str) -> datetime:
    """Read an ISO 8601 date-time (any number of fractional digits, `Z` or an offset); UTC if none is given."""
    head, dot, tail = text.strip().replace("Z", "+00:00").partition(".")
    if dot:
        sign = max(tail.find("+"), tail.find("-"))
        digits, zone = (tail, "") if sign < 0 else (tail[:sign], tail[sign:])
        head = f"{head}.{(digits + '000000')[:6]}{zone}"
    value = datetime.fromisoformat(head)
    try:
        return value.astimezone(timezone.utc) if value.tzinfo else value.replace(tzinfo=timezone.utc)
    except OverflowError:
        raise ValueError(f"{text} is not in the years 1 to 9999 of UTC") from None


def parse_start(text: str) -> datetime:
    """Read a date-time at which the clock can start."""
    value = parse_iso(text)
    _check_time(value.timestamp())
    return value


def _check_time(timestamp: float) -> None:
    """Raise ValueError for a time from which dates cannot be counted back and forth."""
    if not EARLIEST.timestamp() <= timestamp < LATEST.timestamp():
        raise ValueError(f"the clock must be in the years {EARLIEST.year} to {LATEST.year - 1}")


def iso(value: datetime) -> str:
    """Render whole seconds, as Graph writes most dates: 2026-01-05T10:00:00Z."""
    return f"{value.isoformat()[:19]}Z"


def iso_fractional(value: datetime) -> str:
    """Render seven fractional digits, as Intune writes the dates of device actions."""
    return f"{value.isoformat(timespec='microseconds')[:26]}0Z"


class Clock:
    """One clock for tokens, life cycles, quotas, visibility, and the Date header.

    It starts, and restarts, at `start` (None: the real time), and does not advance if it is `frozen`.
    """

    def __init__(self, start: datetime | None = None, frozen: bool = False) -> None:
        self.usual_start, self.is_usually_frozen = start, frozen
        self.reset()

    def reset(self, start: datetime | None = None, frozen: bool | None = None) -> None:
        """Restart; change the start or whether it is frozen if they are given."""
        start = start or self.usual_start
        self._began = time.time()
        self._time = start.timestamp() if start else self._began
        self.rate = 1.0
        # without `freeze`, to be at the start exactly and not a few microseconds later
        self._frozen: float | None = self._time if (self.is_usually_frozen if frozen is None else frozen) else None

    def timestamp(self) -> float:
        """Return the emulated time as seconds since 1970."""
        return self._frozen if self._frozen is not None else self._time + (time.time() - self._began) * self.rate

    def now(self) -> datetime:
        """Return the emulated time in UTC."""
        return datetime.fromtimestamp(self.timestamp(), timezone.utc)

    def advance(self, seconds: float) -> None:
        """Move forward (or back, when negative)."""
        _check_time(self.timestamp() + seconds)
        if self._frozen is not None:
            self._frozen += seconds
        else:
            self._time += seconds

    def set(self, value: datetime) -> None:
        """Jump to a point in time; a frozen clock stays frozen."""
        self.advance(value.timestamp() - self.timestamp())

    def freeze(self, frozen: bool) -> None:
        """Stop the clock, or let it continue from the point at which it stopped."""
        if frozen and self._frozen is None:
            self._frozen = self.timestamp()
        elif not frozen and self._frozen is not None:
            self._began, self._time, self._frozen = time.time(), self._frozen, None

    @property
    def frozen(self) -> bool:
        """Return whether the clock is stopped."""
        return self._frozen is not None

    def speed_up(self, rate: float) -> None:
        """Set how many emulated seconds pass in a real second from now on."""
        if not 0 < rate < math.inf:
            raise ValueError("rate must be a number above 0")
        self._time = self._time + (time.time() - self._began) * self.rate
        self._began, self.rate = time.time(), rate
