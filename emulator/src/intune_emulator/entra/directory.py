# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directory objects with Entra's delayed visibility: a write is not at once what a read sees (facts: eventual consistency)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..http.odata import Options

if TYPE_CHECKING:
    from ..control.tenant import Tenant

Properties = dict[str, Any]


@dataclass
class Entry:
    """`current`: as written (None: gone). `shown`: as reads see it until `due` (emulated time) and `reads` reads have passed."""

    current: Properties | None
    shown: Properties | None = None
    due: float = 0.0
    reads: int = 0


class Store:
    """Objects of one kind by id, in order of creation."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._entries: dict[str, Entry] = {}

    def seed(self, properties: Properties) -> None:
        """An object that has always been there."""
        self._entries[properties["id"]] = Entry(properties, properties)

    def write(self, object_id: str, properties: Properties | None) -> None:
        """Create, change, or (None) delete; visible to reads after the delays of the settings."""
        settings = self._tenant.settings
        entry = self._entries.setdefault(object_id, Entry(None))
        entry.shown = self._seen(entry)
        entry.current = properties
        entry.due = self._tenant.clock.timestamp() + settings.visibility_delay
        entry.reads = settings.visibility_reads

    def _seen(self, entry: Entry) -> Properties | None:
        if entry.reads <= 0 and self._tenant.clock.timestamp() >= entry.due:
            entry.shown = entry.current
        return entry.shown

    def _read(self, entry: Entry) -> Properties | None:
        seen = self._seen(entry)
        if entry.reads > 0:
            entry.reads -= 1
        return seen

    def read(self, object_id: str) -> Properties | None:
        """What a read of one object sees; counts as a read."""
        entry = self._entries.get(object_id.lower())
        return self._read(entry) if entry else None

    def find(self, test: Callable[[Properties], bool]) -> list[Properties]:
        """What a list sees; counts as a read of each object that matches as written or as shown."""
        found = []
        for entry in list(self._entries.values()):
            if any(version is not None and test(version) for version in (entry.current, entry.shown)):
                seen = self._read(entry)
                if seen is not None and test(seen):
                    found.append(seen)
        return found

    def truth(self, object_id: str) -> Properties | None:
        """The object as written, whatever reads see."""
        entry = self._entries.get(object_id.lower())
        return entry.current if entry else None

    def truth_exact(self, object_id: str) -> Properties | None:
        """As `truth`, for ids in which letter case counts."""
        entry = self._entries.get(object_id)
        return entry.current if entry else None

    def all(self) -> Iterator[Properties]:
        """All objects as written."""
        return (entry.current for entry in self._entries.values() if entry.current is not None)


def project(properties: Properties, options: Options, hidden: tuple[str, ...] = ()) -> Properties:
    """$select: only the chosen properties (directory objects do not add the id)."""
    if options.select is None:
        return {name: value for name, value in properties.items() if name not in hidden}
    return {name: properties.get(name) for name in options.select}
