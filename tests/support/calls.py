# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count calls of the collection's functions, which are equal in each run: superlinear growth shows at small sizes."""

from __future__ import annotations

import collections
import sys
import types
import typing as t

FEW = 500  # calls without a noticeable cost, regardless of their growth


def count_calls(run: t.Callable[[], object]) -> collections.Counter[str]:
    """Return the calls by function; each round of a generator counts."""
    calls: collections.Counter[str] = collections.Counter()

    def note(frame: types.FrameType, event: str, _argument: object) -> None:
        if event == "call" and "/plugins/" in frame.f_code.co_filename and "ansible_collections" in frame.f_globals.get("__name__", ""):
            calls[f"{frame.f_globals['__name__'].rpartition('plugins.')[2]}.{frame.f_code.co_name}:{frame.f_code.co_firstlineno}"] += 1

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return calls


def find_growing(run: t.Callable[[int], object], size: int, most: float = 1.3) -> dict[str, tuple[int, ...]]:
    """Return the functions that are called more often for each further input, with their calls for one, two, and three times the size.

    From two to three times a size, as many calls must be added as from once to twice; calls that grow with the square give a factor of
    1.67.
    """
    counts = [count_calls(lambda number=number: run(number * size)) for number in (1, 2, 3)]  # type: ignore[misc]  # of a default
    found = {name: tuple(calls[name] for calls in counts) for name in counts[-1]}
    return {name: calls for name, calls in found.items() if calls[2] - calls[1] > most * max(0, calls[1] - calls[0]) + FEW}
