# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sizes of the benchmark."""

from __future__ import annotations

import pathlib
import typing as t

ROOT = pathlib.Path(__file__).parents[2]


class Plan(t.NamedTuple):
    """``devices`` of a fleet, ``others`` for senders of single requests, ``repeats`` of one task, ``rounds`` of a loop.

    ``tenant`` devices are read for the memory, of which ``named`` are picked by name; ``listed`` are hosts of an inventory; ``reported``
    devices are in a report; ``shared`` devices are reset by so many ``processes`` at once, for each of the ``styles`` of Retry-After.
    ``sliced`` devices are hosts, in one job and in so many ``slices``. ``fleets`` and ``inventories``: their sizes while they grow.
    ``requests`` of each kind are sent to the emulated tenant itself. ``seed`` of all random choices.
    """

    devices: int = 2000
    others: int = 300
    repeats: int = 30
    rounds: int = 100
    tenant: int = 100_000
    named: int = 10_000
    listed: int = 5000
    reported: int = 10_000
    shared: int = 1200
    processes: tuple[int, ...] = (2, 4, 8)
    styles: tuple[str, ...] = ("integer", "missing", "mixed")
    fleets: tuple[int, ...] = (500, 2000, 10_000, 50_000)
    inventories: tuple[int, ...] = (500, 10_000, 100_000)
    sliced: int = 500
    slices: int = 2
    requests: int = 10_000
    seed: int = 1


QUICK = Plan(
    devices=400,
    others=60,
    repeats=7,
    rounds=20,
    tenant=10_000,
    named=1000,
    listed=1000,
    reported=2000,
    shared=500,
    processes=(2,),
    styles=("integer",),
    fleets=(500, 2000, 5000),
    inventories=(250, 1000, 10_000),
    sliced=60,
    requests=2000,
)
