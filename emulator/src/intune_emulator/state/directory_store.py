# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Directory objects with the delayed visibility of Microsoft Entra: a read does not see a write at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .tenant import Tenant

Properties = dict[str, Any]


@dataclass
class Entry:
    """`current`: as written (None: deleted). `shown`: as reads see it until `due` (emulated time) and until `reads` reads have passed."""

    current: Properties | None
    shown: Properties | None = None
    due: float = 0.0
    reads: int = 0


class DirectoryStore:
    """Objects of one kind by id, in order of creation."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._entries: dict[str, Entry] = {}

    def add_visible(self, properties: Properties) -> None:
        """Add an object that reads see at once."""
        self._entries[properties["id"]] = Entry(properties, properties)

    def write(self, object_id: str, properties: Properties | None) -> None:
        """Create, change, or (None) delete an object; visible to reads after the delays of the settings."""
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
        """Return an object as a read sees it, and count the read."""
        entry = self._entries.get(object_id.lower())
        return self._read(entry) if entry else None

    def find(self, test: Callable[[Properties], bool]) -> list[Properties]:
        """Return the objects as a list sees them, and count a read of each that matches as written or as shown."""
        found = []
        for entry in list(self._entries.values()):
            if any(version is not None and test(version) for version in (entry.current, entry.shown)):
                seen = self._read(entry)
                if seen is not None and test(seen):
                    found.append(seen)
        return found

    def written(self, object_id: str) -> Properties | None:
        """Return the object as written, even if reads do not see it yet."""
        entry = self._entries.get(object_id.lower())
        return entry.current if entry else None

    def written_exact(self, object_id: str) -> Properties | None:
        """Return the object like `written`, for case-sensitive ids."""
        entry = self._entries.get(object_id)
        return entry.current if entry else None

    def all_written(self) -> Iterator[Properties]:
        """Return all objects as written."""
        return (entry.current for entry in self._entries.values() if entry.current is not None)
