# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure processor time and peak memory of the client per device in a small and a large fleet, regardless of the tenant's own.

Time runs ten times as fast, for the tenant and for the task: the quota accepts a hundred devices a second, and all periodic work, such as
reads of the audit log, happens as often for a device as it does in a real run. Fixed costs of a task, such as signing in, make the first
figures larger; from the second size on a device must cost the same.
"""

from __future__ import annotations

import typing as t

from .figures import Figure
from .memory import Usage, usage
from .plan import Plan
from .tenant import tenant

DRIFT = 1.1
RATE = 10.0
LONG = 10**6  # seconds; msal uses the real time only


def fleets(plan: Plan) -> list[Figure]:
    return _grow("fleet", plan.fleets)


def inventories(plan: Plan) -> list[Figure]:
    return _grow("hosts", plan.inventories, beside="same hosts")


def _grow(work: str, sizes: t.Sequence[int], *, beside: str | None = None) -> list[Figure]:
    """Return the cost of a device by the number of devices. ``beside``: work whose cost is not ours."""
    costs = [_measure(work, size, beside) for size in sizes]
    seconds, mb = ([cost[part] / size for cost, size in zip(costs, sizes, strict=True)] for part in (1, 0))
    return [
        *_figures("processor time per 1,000 devices", " s", sizes, [1_000 * second for second in seconds]),
        *_figures("memory per 10,000 devices", " MB", sizes, [10_000 * one for one in mb]),
    ]


def _measure(work: str, size: int, beside: str | None) -> Usage:
    """Return the extra usage of the work over a process that only prepares for it, or over one that does the work beside it."""
    with tenant(size, latency=0.0) as emulator:
        emulator.control.settings(token_lifetime=LONG)
        whole = usage(emulator, work, size, rate=RATE)
        less = usage(emulator, beside, size) if beside else usage(emulator, work, size, mode="ready")
    return Usage(whole.mb - less.mb, whole.seconds - less.seconds)


def _figures(what: str, unit: str, sizes: t.Sequence[int], costs: t.Sequence[float]) -> list[Figure]:
    """Return the cost at each size, and from the third on its increase over that at the second."""
    found = [Figure(f"{what}, of {size}", cost, unit) for size, cost in zip(sizes, costs, strict=True)]
    grown = [Figure(f"{what}, {size} / {sizes[1]}", cost / costs[1], most=DRIFT) for size, cost in list(zip(sizes, costs, strict=True))[2:]]
    return [*found, *grown]
