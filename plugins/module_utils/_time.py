# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The injected clock, and timestamps as text."""

from __future__ import annotations

import datetime
import email.utils
import math
import typing as t

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
# Seconds since the epoch: the years 2 to 9998. Arithmetic with them stays within the range of datetime.
FIRST, LAST = (datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc).timestamp() for year in (2, 9999))


class Clock(t.Protocol):
    """The time, and random numbers. Both are injected."""

    def now(self) -> float:
        """Return seconds since the epoch."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary time. They never decrease."""

    def sleep(self, seconds: float) -> None:
        """Wait for this number of seconds."""

    def random(self) -> float:
        """Return a random number from 0 to 1."""


def parse_timestamp(text: t.Any) -> float | None:
    """Return a Graph or ISO 8601 timestamp as seconds since the epoch (UTC without a zone), or None for anything else.

    In Graph, the first and the last year of a timestamp mean "never", and also give None.
    """
    if not isinstance(text, str):
        return None
    # Python 3.10 parses neither Z nor Graph's seven decimal places of a second.
    head, dot, tail = text.strip().replace("Z", "+00:00").partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        tail = tail[:digits][:6].ljust(6, "0") + tail[digits:]
    try:
        return _seconds_of(datetime.datetime.fromisoformat(head + dot + tail))
    except (ValueError, OverflowError):
        return None


def render_timestamp(seconds: float | None, timespec: str = "seconds") -> str | None:
    """Return seconds since the epoch as an ISO 8601 timestamp in UTC, rounded down to ``timespec``, or None for None.

    Also None for a number that is not a valid time: not finite, or outside the years of a timestamp.
    """
    if seconds is None or not FIRST <= seconds < LAST:
        return None
    # The resolution of a clock is a microsecond; the last one of a second must not round up to the next second.
    whole = math.floor(seconds)
    when = EPOCH + datetime.timedelta(seconds=whole, microseconds=min(round((seconds - whole) * 1_000_000), 999_999))
    return when.isoformat(timespec=timespec).replace("+00:00", "Z")


def parse_http_date(value: str | None) -> float | None:
    """Return an HTTP date as seconds since the epoch, or None for anything else."""
    if not value:
        return None
    try:
        # HTTP dates are in GMT, even if a date does not name the zone.
        return _seconds_of(email.utils.parsedate_to_datetime(value))
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def _seconds_of(when: datetime.datetime) -> float | None:
    """Return a time as seconds since the epoch (UTC without a zone), or None in the years that mean "never"."""
    seconds = (when if when.tzinfo else when.replace(tzinfo=datetime.timezone.utc)).timestamp()
    return seconds if FIRST <= seconds < LAST else None
