# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Collect the outcomes of passcode resets for the report: from results of tasks, from their summary, and from journals. Pure."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from .. import _errors as errors
from .._passcode.journal_format import History, KnownReset
from .._time import render_timestamp
from .._types import Json
from .counts import make_table
from .words import LABELS, is_code, label

STATUSES = tuple(LABELS["reset"])
STATES_OF_JOURNALS: t.Mapping[str, tuple[str, str | None]] = {
    "open": ("unknown", "answer_lost"),
    "accepted": ("pending", None),
    "free": ("not_attempted", None),
}


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The outcome of the reset of one device. ``at``: the time at which a journal recorded it, else None."""

    status: str
    reason: str | None = None
    at: float | None = None


class Outcomes:
    """The outcomes by device. Results of a task take precedence over a journal, and among journals the newest line counts."""

    def __init__(self) -> None:
        self._found: dict[str, Outcome] = {}
        self._sources: list[Json] = []
        self._summary: collections.Counter[str] = collections.Counter()

    def add_journal(self, path: str, history: History) -> None:
        """Add the resets of a journal."""
        for device, known in history.resets.items():
            outcome = read_journal(known)
            before = self._found.get(device)
            if before is None or (before.at is not None and (outcome.at or 0.0) >= before.at):
                self._found[device] = outcome
        newest = max((known.last_written_at for known in history.resets.values()), default=None)
        self._sources.append({"kind": "journal", "path": path, "devices": len(history.resets), "newest": render_timestamp(newest)})

    def add_results(self, results: t.Sequence[t.Any]) -> None:
        """Add the results of tasks. The last result of a device counts."""
        for number, result in enumerate(results):
            if not isinstance(result, t.Mapping) or not isinstance(result.get("id"), str) or not isinstance(result.get("status"), str):
                raise errors.InvalidOptionError(
                    f"results[{number}] must be a dictionary with 'id' and 'status'.",
                    hint="Give the results that intune_device_passcode or intune_device_passcode_info returned.",
                )
            self._found[result["id"].lower()] = read_result(result)
        self._sources.append({"kind": "results", "path": None, "devices": len({item["id"].lower() for item in results}), "newest": None})

    def add_summary(self, summary: t.Mapping[str, t.Any]) -> None:
        """Add the numbers of a task's summary, if its results are not available."""
        for status, number in summary.items():
            if status in STATUSES and isinstance(number, int) and number > 0:
                self._summary[status] += number
        self._sources.append({"kind": "summary", "path": None, "devices": sum(self._summary.values()), "newest": None})

    def find(self, device_id: str) -> Outcome | None:
        """Return the outcome of a device, or None for one without."""
        return self._found.get(device_id.lower())

    def describe(self, is_managed: t.Callable[[str], bool] | None) -> Json | None:
        """Return the outcomes as a part of the report, or None if nothing was given. ``is_managed``: None if devices were not read."""
        if not self._sources:
            return None
        counter = collections.Counter(outcome.status for outcome in self._found.values()) + self._summary
        reasons = collections.Counter((outcome.status, outcome.reason) for outcome in self._found.values())
        reasons += collections.Counter({(status, None): number for status, number in self._summary.items()})
        table = make_table("reset", "Outcome", counter)
        named = collections.Counter({_name_reason(*key): number for key, number in reasons.items()})
        gone = None if is_managed is None else sum(not is_managed(device) for device in self._found)
        return {
            "total": sum(counter.values()),
            "no_longer_managed": gone,
            "sources": self._sources,
            "tables": [table, make_table("reason", "Outcome and reason", named)],
        }


def read_result(result: t.Mapping[str, t.Any]) -> Outcome:
    """Return the outcome in an entry of a task's results."""
    status, reason = str(result["status"]), result.get("reason")
    if result.get("confirmed") is False and status == "pending":
        reason = "unconfirmed"
    return Outcome(status if status in STATUSES else "unknown", str(reason) if is_code(reason) and reason else None)


def read_journal(known: KnownReset) -> Outcome:
    """Return the outcome of a device from its lines in a journal."""
    status, reason = STATES_OF_JOURNALS[known.state]
    if known.outcome:
        status, reason = known.outcome if known.outcome in STATUSES else "unknown", None
    return Outcome(status, reason, known.last_written_at)


def _name_reason(status: str, reason: str | None) -> str:
    if reason is None or reason == status:
        return label("reset", status)
    kind = "reset_reason" if reason in LABELS["reset_reason"] else "eligibility"
    return f"{label('reset', status)}: {label(kind, reason).removeprefix('ineligible: ').removeprefix('not known: ')}"
