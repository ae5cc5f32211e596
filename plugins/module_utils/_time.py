# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Time: the clock that is handed in, and timestamps as text."""

from __future__ import annotations

import datetime
import email.utils
import typing as t


class Clock(t.Protocol):
    """The time, and chance; both are injected."""

    def now(self) -> float:
        """Return seconds since the epoch."""

    def monotonic(self) -> float:
        """Return seconds since some moment; they never go back."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def random(self) -> float:
        """Return a random number from 0 to 1."""


def parse_timestamp(text: t.Any) -> float | None:
    """Return a Graph or ISO 8601 timestamp as seconds since the epoch (UTC without a zone); null for anything else."""
    if not isinstance(text, str):
        return None
    # Python 3.10 reads neither Z nor Graph's seven digits of a second.
    head, dot, tail = text.strip().replace("Z", "+00:00").partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        tail = tail[:digits][:6].ljust(6, "0") + tail[digits:]
    try:
        when = datetime.datetime.fromisoformat(head + dot + tail)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=datetime.timezone.utc)).timestamp()


@t.overload
def render_timestamp(seconds: float, timespec: str = "seconds") -> str: ...


@t.overload
def render_timestamp(seconds: float | None, timespec: str = "seconds") -> str | None: ...


def render_timestamp(seconds: float | None, timespec: str = "seconds") -> str | None:
    """Return seconds since the epoch as an ISO 8601 timestamp in UTC, rounded down to ``timespec``; null for null."""
    if seconds is None:
        return None
    when = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return when.isoformat(timespec=timespec).replace("+00:00", "Z")


def parse_http_date(value: str | None) -> float | None:
    """Return an HTTP date as seconds since the epoch; null for anything else."""
    if not value:
        return None
    try:
        date = email.utils.parsedate_to_datetime(value)
        # HTTP dates are in GMT, also where one does not say so.
        return (date if date.tzinfo else date.replace(tzinfo=datetime.timezone.utc)).timestamp()
    except (TypeError, ValueError):
        return None
