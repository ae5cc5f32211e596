# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Directory objects in responses."""

from __future__ import annotations

from ..http.odata import QueryOptions
from ..state.directory_store import Properties


def select_properties(properties: Properties, options: QueryOptions, hidden: tuple[str, ...] = ()) -> Properties:
    """Return only the properties of $select (directory objects do not add the id); without $select all but `hidden`."""
    if options.select is None:
        return {name: value for name, value in properties.items() if name not in hidden}
    return {name: properties.get(name) for name in options.select}
