# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Determine the size limit of a task's result in a job, and split results to fit it. Pure.

The output plugin of ansible-runner, with which AWX runs jobs, drops a whole result if its text in Python is longer than MAX_EVENT_RES. AWX
sends events to a log with the same number as the maximum bytes of a message. So a result is measured in both ways.
Sources: awx_display.py of ansible-runner; MAX_EVENT_RES_DATA in the settings and external_logging.py of AWX.
"""

from __future__ import annotations

import json
import math
import typing as t

from . import _errors as errors

VARIABLE = "MAX_EVENT_RES"
RUNNER = "AWX_ISOLATED_DATA_DIR"  # in the environment of each job of ansible-runner
DEFAULT = 700_000
OVERHEAD = 1_000  # maximum characters of a result outside its entries
MARGIN = 1.1  # factor by which entries may exceed the usual size: long names, several recipients


def find_limit(environment: t.Mapping[str, str]) -> int | None:
    """Return the maximum number of characters of a result that the job keeps, or None outside a job of ansible-runner."""
    try:
        return int(environment[VARIABLE])
    except (KeyError, ValueError):
        return DEFAULT if VARIABLE in environment or environment.get(RUNNER) else None


def measure(value: t.Any) -> int:
    """Return the size of a result, or of a part of it."""
    return max(len(str(value)), len(json.dumps(value, default=str)))


def split(entries: t.Sequence[t.Any], limit: int) -> list[tuple[int, int]]:
    """Return the first and the last entry of each piece, counted from 1, so that the result of each stays below the limit.

    An entry that is too large by itself is a separate piece.
    """
    pieces: list[tuple[int, int]] = []
    first, size = 1, 0
    for number, entry in enumerate(entries, 1):
        added = measure(entry) + 2
        if number > first and size + added > limit - OVERHEAD:
            pieces.append((first, number - 1))
            first, size = number, 0
        size += added
    return [*pieces, (first, len(entries))] if entries else []


def refuse_too_large(limit: int | None, number: int, entry: t.Any, *, is_shown: bool, noun: str, advice: str) -> None:
    """Raise SelectionError, before anything is written, for a result that the job would drop.

    ``entry``: one of ``number`` entries of similar size. ``is_shown``: whether one event contains all of them; otherwise other tasks hand
    them over, at least one each.
    """
    size = math.ceil((measure(entry) + 2) * MARGIN)
    if limit is None:
        return
    if size + OVERHEAD > limit:
        raise errors.SelectionError(
            f"The result for each of the {noun} will have about {size} characters, and this job drops each result above {limit} "
            f"({VARIABLE}).",
            hint="Seal to fewer recipients, set sealed_directory to a folder that outlives the job, or let an administrator of AWX raise "
            "its setting MAX_EVENT_RES_DATA.",
            effects="none",
        )
    if is_shown and number * size + OVERHEAD > limit:
        raise errors.SelectionError(
            f"The result for {number} {noun} will have about {number * size} characters, and this job drops each result above {limit} "
            f"({VARIABLE}).",
            hint=advice,
            effects="none",
        )
