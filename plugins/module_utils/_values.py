# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.
"""Lists and dictionaries in each other: how deep they are, and all that is in them, without recursion. Pure."""

from __future__ import annotations

import typing as t

CONTAINERS = (dict, list, tuple, set)


def is_too_deep(value: t.Any, deepest: int) -> bool:
    """Return whether more lists and dictionaries than this are in each other."""
    level = [value]
    for _depth in range(deepest + 1):
        # One that is in several others counts once, or a few lines of YAML with aliases take all memory.
        containers = {id(item): item for item in level if isinstance(item, CONTAINERS)}
        if not containers:
            return False
        level = [part for item in containers.values() for part in _list_parts(item)]
    return True


def walk(value: t.Any) -> t.Iterator[t.Any]:
    """Yield a value and all that is in it, keys of dictionaries too, however deep it is; what is in several others comes once."""
    seen: set[int] = set()
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, CONTAINERS):
            if id(item) in seen:
                continue
            seen.add(id(item))
            left += _list_parts(item)
        yield item


def _list_parts(value: t.Any) -> list[t.Any]:
    return [*value, *value.values()] if isinstance(value, dict) else list(value)
