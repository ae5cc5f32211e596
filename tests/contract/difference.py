# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List the differences between two compact forms of one version of Graph, and mark those that concern the collection."""

from __future__ import annotations

import typing as t

from .form import Body, EnumForm, ObjectForm, OperationForm, TypeForm, VersionForm, is_enum
from .type_check import Usage

Word = t.Literal["added", "changed", "removed"]


class Change(t.NamedTuple):
    """One difference; `is_breaking`: a part that the collection uses was removed, changed, or became required."""

    is_breaking: bool
    word: Word
    what: str


Changes = t.Iterator[Change]


class Difference:
    """The differences between an `old` and a `new` form."""

    def __init__(self, old: VersionForm, new: VersionForm, usage: Usage) -> None:
        self._old = old
        self._new = new
        self._usage = usage
        self._used_enums = {name for name, _member in usage.members}

    def list_changes(self) -> list[Change]:
        """Return all changes, the breaking ones first."""
        return sorted([*self._operations(), *self._types()], key=lambda change: (not change.is_breaking, change.what))

    def _operations(self) -> Changes:
        old, new = _by_name(self._old), _by_name(self._new)
        for name in sorted({*old, *new}):
            is_used = name in self._usage.operations
            if name not in new:
                yield Change(is_used, "removed", f"operation {name}")
            elif name not in old:
                yield Change(False, "added", f"operation {name}")
            else:
                yield from self._operation(name, old[name], new[name])

    def _operation(self, name: str, old: OperationForm, new: OperationForm) -> Changes:
        is_used = name in self._usage.operations
        used_options = {option for operation, option in self._usage.query if operation == name}
        yield from _entries(f"{name}: query option ", old["query"], new["query"], used_options)
        yield from _body(f"{name}: request", old["body"], new["body"], is_used)
        for status in sorted({*old["answers"], *new["answers"]}):
            place = f"{name}: answer {status}"
            if status not in new["answers"]:
                yield Change(is_used, "removed", place)
            elif status not in old["answers"]:
                yield Change(False, "added", place)
            else:
                yield from _body(place, old["answers"][status], new["answers"][status], is_used)

    def _types(self) -> Changes:
        old, new = self._old["types"], self._new["types"]
        for name in sorted({*old, *new}):
            is_used = name in self._usage.types or name in self._used_enums
            if name not in new:
                yield Change(is_used, "removed", f"type {name}")
            elif name not in old:
                yield Change(False, "added", f"type {name}")
            elif is_enum(old[name]) != is_enum(new[name]):
                yield Change(is_used, "changed", f"type {name}: between an object and an enumeration")
            elif is_enum(old[name]):
                yield from self._enum(name, t.cast(EnumForm, old[name]), t.cast(EnumForm, new[name]))
            else:
                yield from self._object(name, is_used)

    def _enum(self, name: str, old: EnumForm, new: EnumForm) -> Changes:
        if old.get("flags", False) != new.get("flags", False):
            yield Change(name in self._used_enums, "changed", f"enumeration {name}: whether a value may name several members")
        used = {member for enum, member in self._usage.members if enum == name}
        yield from _entries(f"enumeration {name}: member ", dict.fromkeys(old["members"], ""), dict.fromkeys(new["members"], ""), used)

    def _object(self, name: str, is_used: bool) -> Changes:
        """Compare properties by their declaration; one that moved to a base still exists."""
        old, new = t.cast(ObjectForm, self._old["types"][name]), t.cast(ObjectForm, self._new["types"][name])
        before, after = _flatten(self._old["types"], name), _flatten(self._new["types"], name)
        own = {key: before[key] for key in old.get("properties", {})}
        now = {key: text for key, text in after.items() if key in own or (key in new.get("properties", {}) and key not in before)}
        used = {key for owner, key in self._usage.properties if owner == name}
        yield from _entries(f"property {name}.", own, now, used)
        for key in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
            yield Change(is_used, "changed", f"property {name}.{key}: is required now")
        for key in sorted(set(old.get("required", ())) - set(new.get("required", ()))):
            yield Change(False, "changed", f"property {name}.{key}: is not required now")
        if old.get("base") != new.get("base") and old.get("base") not in [None, *_bases(self._new["types"], name)]:
            yield Change(is_used, "changed", f"type {name}: base from {old.get('base')} to {new.get('base')}")


def _by_name(form: VersionForm) -> dict[str, OperationForm]:
    return {f"{method} {path}": operation for path, methods in form["paths"].items() for method, operation in methods.items()}


def _bases(types: t.Mapping[str, TypeForm], name: str) -> list[str]:
    found: list[str] = []
    base = t.cast(ObjectForm, types[name]).get("base")
    while base is not None:
        found.append(base)
        base = t.cast(ObjectForm, types[base]).get("base")
    return found


def _flatten(types: t.Mapping[str, TypeForm], name: str) -> dict[str, str]:
    """Return the properties of a type and its bases."""
    lineage = [*reversed(_bases(types, name)), name]
    return {key: text for each in lineage for key, text in t.cast(ObjectForm, types[each]).get("properties", {}).items()}


def _entries(place: str, old: t.Mapping[str, str], new: t.Mapping[str, str], used: t.Collection[str]) -> Changes:
    for key in sorted({*old, *new}):
        if key not in new:
            yield Change(key in used, "removed", f"{place}{key}")
        elif key not in old:
            yield Change(False, "added", f"{place}{key}")
        elif old[key] != new[key]:
            yield Change(key in used, "changed", f"{place}{key}: from {old[key]} to {new[key]}")


def _body(place: str, old: Body, new: Body, is_used: bool) -> Changes:
    if isinstance(old, dict) and isinstance(new, dict):
        properties = old.get("properties", {})
        yield from _entries(f"{place} property ", properties, new.get("properties", {}), properties if is_used else ())
        for key in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
            yield Change(is_used, "changed", f"{place} property {key}: is required now")
        if old.get("base") != new.get("base"):
            yield Change(is_used, "changed", f"{place}: base from {old.get('base')} to {new.get('base')}")
    elif old != new:
        yield Change(is_used, "changed", f"{place}: from {_describe(old)} to {_describe(new)}")


def _describe(body: Body) -> str:
    if body is None:
        return "nothing"
    return body if isinstance(body, str) else f"an object with {', '.join(sorted(body.get('properties', {}))) or 'nothing'}"
