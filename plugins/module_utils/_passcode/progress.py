# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Report the progress of a long run to a person who watches it: a line after changes, and a table at the end."""

from __future__ import annotations

import typing as t

from .._graph.client import GraphClient
from .._graph.rate_limit import Limit
from .model import DeviceReset
from .queue import ResetQueue
from .result import summarize

REPORT_EVERY = 5.0  # seconds, after a change
LIVES_EVERY = 60.0  # seconds, without a change
OTHERS = "throttled: others use the quota"
# Counts of the summary that a line reports in other words, or that are parts of other counts.
TOLD_OTHERWISE = frozenset({"total", "changed", "planned", "done", "not_attempted", "unconfirmed"})


class Progress:
    """The progress of a run. It reports nothing for one device, or for a run of a few seconds.

    The time to send the rest depends on the quota. The estimate grows only together with the reason for it.
    """

    def __init__(self, items: t.Sequence[DeviceReset], client: GraphClient, limit: Limit, queue: ResetQueue) -> None:
        self._items, self._client, self._limit, self._queue = items, client, limit, queue
        self._began = self._told_at = client.clock.monotonic()
        self._next = self._began + REPORT_EVERY
        self._told: t.Any = None  # in the last line
        self._end: float | None = None  # the time at which all requests are sent, in the last line

    def report(self) -> None:
        """Report a line if it is due and something changed."""
        now = self._client.clock.monotonic()
        if len(self._items) <= 1 or now < self._next:
            return
        self._next = now + REPORT_EVERY
        summary = summarize(self._items)
        left = summary["not_attempted"]
        reason = self._reason() if left else None
        if (summary, reason) == self._told and now < self._told_at + LIVES_EVERY:
            return
        self._told, self._told_at = (summary, reason), now
        self._client.report_progress(render_line(summary, now - self._began, self._seconds_left(now, left, reason), reason))

    def _reason(self) -> str | None:
        if self._limit.is_shared:
            return OTHERS
        retried = self._queue.retried
        return f"failed requests are repeated: {retried}" if retried else None

    def _seconds_left(self, now: float, left: int, reason: str | None) -> float | None:
        """Return the seconds to send the rest, or None if they are unknown or zero."""
        if reason not in (None, OTHERS):
            return None
        seconds = self._limit.seconds_for(now, left)
        if seconds is None:
            return None
        self._end = now + seconds if self._end is None or reason else min(self._end, now + seconds)
        return self._end - now if self._end > now else None


def render_line(summary: t.Mapping[str, int], seconds: float, left: float | None = None, reason: str | None = None) -> str:
    """Return ``120 of 2000 devices, 117 reset (9.8 a second), 40 pending, 3 failed, about 3 min to send the rest``.

    ``left``: seconds to send the rest. ``reason``: the reason for a longer time.
    """
    sent, behind = summary["changed"] - summary["planned"], summary["total"] - summary["not_attempted"]
    parts = [f"{behind} of {summary['total']} devices"]
    parts += [f"{summary['planned']} to be reset"] if summary["planned"] else [f"{sent} reset ({sent / max(seconds, 1.0):.1f} a second)"]
    parts += [f"{number} {_render_name(name)}" for name, number in summary.items() if number and name not in TOLD_OTHERWISE]
    parts += [f"about {_render_duration(left)} to send the rest"] if left is not None else []
    return ", ".join(parts) + (f" ({reason})" if reason else "")


def render_table(summary: t.Mapping[str, int], seconds: float) -> str:
    """Return one line for each status that occurs."""
    rows = [("devices", summary["total"]), ("reset by this task", summary["changed"] - summary["planned"])]
    rows += [(_render_name(name), number) for name, number in summary.items() if number and name not in ("total", "changed")]
    width = max(len(name) for name, _number in rows)
    time = f"  {'time':<{width}}  {_render_duration(seconds):>6}"
    return "\n".join([*(f"  {name:<{width}}  {number:>6}" for name, number in rows), time])


def _render_name(status: str) -> str:
    return status.replace("_", " ")


def _render_duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
