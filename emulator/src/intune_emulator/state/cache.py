# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""A cache of results that all pages of a list share."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

MAX_RESULTS = 16

T = TypeVar("T")


class Cache:
    """Keep a few results; `state` identifies the data that they were made from, and a new state clears them all."""

    def __init__(self) -> None:
        self._state: Hashable = None
        self._results: dict[Hashable, Any] = {}

    def get(self, state: Hashable, key: Hashable, make: Callable[[], T]) -> T:
        """Return the result for `key`, made on first use; do not keep an exception of `make`."""
        if state != self._state or len(self._results) >= MAX_RESULTS and key not in self._results:
            self._results.clear()
            self._state = state
        if key not in self._results:
            self._results[key] = make()
        result: T = self._results[key]
        return result
