# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.
"""Measure and walk nested lists and dictionaries, without recursion. Pure."""

from __future__ import annotations

import typing as t

CONTAINERS = (dict, list, tuple, set)


def is_too_deep(value: t.Any, deepest: int) -> bool:
    """Return whether lists and dictionaries are nested more deeply than this."""
    level = [value]
    for _depth in range(deepest + 1):
        # A container in several others counts once; otherwise a few lines of YAML with aliases would use all memory.
        containers = {id(item): item for item in level if isinstance(item, CONTAINERS)}
        if not containers:
            return False
        level = [part for item in containers.values() for part in _list_parts(item)]
    return True


def walk(value: t.Any) -> t.Iterator[t.Any]:
    """Yield a value and everything in it, including keys of dictionaries, at any depth. A container in several others occurs once."""
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
