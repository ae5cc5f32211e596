# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results that all pages of a list share."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

MAX_RESULTS = 16


class Cache:
    """A few results; `state` tells what they were made from, and a new state forgets them all."""

    def __init__(self) -> None:
        self._state: Hashable = None
        self._results: dict[Hashable, Any] = {}

    def get(self, state: Hashable, key: Hashable, make: Callable[[], Any]) -> Any:
        """The result for `key`, made when it is not there; what `make` raises is not kept."""
        if state != self._state or len(self._results) >= MAX_RESULTS and key not in self._results:
            self._results.clear()
            self._state = state
        if key not in self._results:
            self._results[key] = make()
        return self._results[key]
