# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Lines for the output of the process, each once."""

from __future__ import annotations

from collections.abc import Callable

MAX_LINES, MAX_LENGTH = 200, 1000
LAST_LINE = f"{MAX_LINES} kinds of requests were refused or read in part. Further ones are in the journal only."


class Notices:
    """Write each line once. Without `write`, discard the lines."""

    def __init__(self, write: Callable[[str], None] = lambda line: None) -> None:
        self._write = write
        self._told: set[str] = set()

    def tell(self, line: str) -> None:
        """Write a line, unless it was written before or there were too many; a request can control its content."""
        line = "".join(sign if sign.isprintable() else "?" for sign in line[:MAX_LENGTH])
        if line in self._told or len(self._told) > MAX_LINES:
            return
        self._told.add(line)
        self._write(line if len(self._told) <= MAX_LINES else LAST_LINE)
