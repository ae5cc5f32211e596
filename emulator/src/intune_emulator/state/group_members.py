# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The members of groups, direct ones and those of nested groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableSet

from .cache import Cache

# (kind, id); kind: device, user, group
Member = tuple[str, str]


class GroupMembers:
    """Direct members by group id. Tuples: only `set` changes them, so that no page is made from an old list."""

    def __init__(self) -> None:
        self._direct: dict[str, tuple[Member, ...]] = {}
        self._changes = 0
        self._cache = Cache()

    def set(self, group_id: str, members: Iterable[Member]) -> None:
        """Replace the members of a group."""
        self._direct[group_id] = tuple(members)
        self._changes += 1

    def get(self, group_id: str) -> tuple[Member, ...]:
        """Return the direct members of a group."""
        return self._direct.get(group_id, ())

    def transitive(self, group_id: str) -> list[Member]:
        """Return each member once, nested groups before their own members."""
        return self._cache.get(self._changes, group_id, lambda: list(self._walk(group_id, set())))

    def _walk(self, group_id: str, seen: MutableSet[str]) -> Iterator[Member]:
        for kind, object_id in self.get(group_id):
            if object_id not in seen:
                seen.add(object_id)
                yield kind, object_id
                if kind == "group":
                    yield from self._walk(object_id, seen)
