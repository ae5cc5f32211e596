# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The result of a task, as a module returns it."""

from __future__ import annotations

import dataclasses
import typing as t

from ._errors import IntuneError
from ._text import clean
from ._types import Json

# The keys of return values with our sentences, which may quote texts of the service. All other values are data.
SENTENCES = frozenset({"message", "hint", "problems", "reasons", "steps", "steps_without_pass"})
LONGEST_SENTENCE = 3000  # characters


@dataclasses.dataclass
class Outcome:
    """The outcome of a task.

    ``values`` are the documented return values. ``before`` and ``after`` contain only managed keys: no IDs, dates, or secrets. With a
    ``failure``, the values show everything that the task did, or learned, before it failed.
    """

    values: t.Mapping[str, t.Any]
    changed: bool = False
    before: Json | None = None
    after: Json | None = None
    warnings: list[str] = dataclasses.field(default_factory=list)
    failure: IntuneError | None = None

    def describe(self, *, diff: bool) -> Json:
        """Return the result of the task."""
        result: Json = {"changed": self.changed, **clean_sentences(self.values)}
        if diff and self.before is not None:
            result["diff"] = {"before": self.before, "after": self.after}
        if self.warnings:
            result["warnings"] = [clean(warning) for warning in self.warnings]
        if self.failure is not None:
            result.update(describe_failure(self.failure))
        return result


def clean_sentences(value: t.Any, key: t.Any = None) -> t.Any:
    """Return a value with its sentences processed by ``clean``."""
    if isinstance(value, t.Mapping):
        return {name: clean_sentences(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [clean_sentences(item, key) for item in value]
    return clean(value, LONGEST_SENTENCE) if key in SENTENCES and isinstance(value, str) else value


def describe_failure(failure: IntuneError) -> Json:
    """Return the part of a result that a failure adds."""
    return {"failed": True, "msg": str(failure), "error": failure.describe()}
