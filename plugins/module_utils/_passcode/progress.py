# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The progress of a long run, for a person who watches it: a line every few seconds, and a table at the end."""

from __future__ import annotations

import typing as t

from .._graph.client import GraphClient
from .model import DeviceReset
from .result import summarize

REPORT_EVERY = 5.0  # seconds
# Counts of the summary that a line tells in other words, or that are parts of another one.
TOLD_OTHERWISE = frozenset({"total", "changed", "planned", "done", "not_attempted", "unconfirmed"})


class Progress:
    """Quiet for one device, and for a run that takes no longer than a few seconds."""

    def __init__(self, items: t.Sequence[DeviceReset], client: GraphClient) -> None:
        self._items = items
        self._client = client
        self._began = client.clock.monotonic()
        self._next = self._began + REPORT_EVERY

    def report(self) -> None:
        """Report a line, if it is time for one."""
        now = self._client.clock.monotonic()
        if len(self._items) > 1 and now >= self._next:
            self._next = now + REPORT_EVERY
            self._client.report_progress(render_line(summarize(self._items), now - self._began))


def render_line(summary: t.Mapping[str, int], seconds: float) -> str:
    """Return ``120 of 2000 devices, 117 reset (9.8 a second), 40 pending, 3 failed, about 3 min to send the rest``."""
    total, left = summary["total"], summary["not_attempted"]
    sent, behind = summary["changed"] - summary["planned"], total - left
    parts = [f"{behind} of {total} devices"]
    parts += [f"{summary['planned']} to be reset"] if summary["planned"] else [f"{sent} reset ({sent / max(seconds, 1.0):.1f} a second)"]
    parts += [f"{number} {_render_name(name)}" for name, number in summary.items() if number and name not in TOLD_OTHERWISE]
    parts += [f"about {_render_duration(left * seconds / behind)} to send the rest"] if left and behind else []
    return ", ".join(parts)


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
