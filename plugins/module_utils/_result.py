# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""What a module returns, whoever runs it."""

from __future__ import annotations

import dataclasses
import typing as t

from ._errors import IntuneError


@dataclasses.dataclass
class Outcome:
    """``values`` are the documented return keys. ``before`` and ``after`` hold managed keys only: no ids, dates or secrets.

    A ``failure`` beside values is a task that failed after it did, or learnt, what the values say.
    """

    values: dict[str, t.Any]
    changed: bool = False
    before: dict[str, t.Any] | None = None
    after: dict[str, t.Any] | None = None
    warnings: list[str] = dataclasses.field(default_factory=list)
    failure: IntuneError | None = None

    def as_result(self, *, diff: bool) -> dict[str, t.Any]:
        result: dict[str, t.Any] = {"changed": self.changed, **self.values}
        if diff and self.before is not None:
            result["diff"] = {"before": self.before, "after": self.after}
        if self.warnings:
            result["warnings"] = list(self.warnings)
        if self.failure is not None:
            result.update(failed(self.failure))
        return result


def failed(failure: IntuneError) -> dict[str, t.Any]:
    return {"failed": True, "msg": str(failure), "error": failure.as_dict()}
