# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Describe the shape of a JSON value without data: places, types, names of members, and whether enumerations are known.

A name is shown if Microsoft's description has it, or if it looks like one of Graph's in an object of a described type. Names that an
organization may have chosen are not shown: those of extensions, and the keys of objects that the description leaves open.
"""

from __future__ import annotations

import collections
import re
import typing as t
from dataclasses import dataclass, field

from tests.contract import scalars, supplements
from tests.contract.contract import Contract, load_contracts
from tests.contract.openapi import GRAPH, TYPE
from tests.contract.type_check import ObjectType, Shape

HIDDEN = "(a name that is not shown)"
OTHER = "(another type)"
NAME = re.compile(r"[a-z][A-Za-z]{1,49}")
ANNOTATION = re.compile(
    r"([A-Za-z]*)@odata\.(?:associationLink|bind|context|count|deltaLink|editLink|etag|id|mediaContentType|mediaEditLink|mediaEtag"
    r"|mediaReadLink|navigationLink|nextLink|readLink|type)"
)
DEEPEST = 12


@dataclass
class Facts:
    """The facts about each place: types of values, number of objects, number of those with each member, and unknown enumerations."""

    types: dict[str, set[str]] = field(default_factory=lambda: collections.defaultdict(set))
    objects: collections.Counter[str] = field(default_factory=collections.Counter)
    members: dict[str, collections.Counter[str]] = field(default_factory=lambda: collections.defaultdict(collections.Counter))
    unknown: set[tuple[str, str]] = field(default_factory=set)

    def add(self, other: Facts) -> None:
        """Add facts from elsewhere."""
        self.objects += other.objects
        self.unknown |= other.unknown
        for place, types in other.types.items():
            self.types[place] |= types
        for place, members in other.members.items():
            self.members[place] += members


class Vocabulary:
    """The names in a description: of members, and of properties that a request may select."""

    def __init__(self, contracts: t.Mapping[str, Contract]) -> None:
        self._names: set[str] = set()
        for contract in contracts.values():
            types = contract.types
            for name in types.names:
                if types.is_object(name):
                    self._names |= set(types.object(name).properties)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def show(self, name: str, *, is_typed: bool) -> str:
        """Return a name of a member as the report may show it. ``is_typed``: its object has a described type."""
        annotation = ANNOTATION.fullmatch(name)
        if annotation is not None:
            return name if not annotation[1] or self._is_shown(annotation[1], is_typed) else HIDDEN
        return name if self._is_shown(name, is_typed) else HIDDEN

    def _is_shown(self, name: str, is_typed: bool) -> bool:
        return name in self._names or (is_typed and NAME.fullmatch(name) is not None)


class Reader:
    """Read shapes of the responses of one version of Graph."""

    def __init__(self, contract: Contract, vocabulary: Vocabulary) -> None:
        self._types = contract.types
        self._vocabulary = vocabulary

    def read(self, place: str, shape: Shape | None, value: t.Any) -> Facts:
        """Return the facts about a value that should have this shape; None if the shape is not known."""
        facts = Facts()
        self._read(facts, place, shape, value, DEEPEST)
        return facts

    def _read(self, facts: Facts, place: str, shape: Shape | None, value: t.Any, depth: int) -> None:
        facts.types[place].add(name_type(value))
        if not depth:
            return
        if isinstance(value, list):
            item = None if shape is None or isinstance(shape, ObjectType) else shape.item
            for each in value:
                self._read(facts, f"{place}[]", item, each, depth - 1)
        elif isinstance(value, dict):
            self._read_object(facts, place, self._find_object(shape), value, depth)
        elif shape is not None and isinstance(value, str) and not isinstance(shape, ObjectType):
            self._read_text(facts, place, shape.name, value)

    def _read_object(self, facts: Facts, place: str, declared: ObjectType | None, value: dict[str, t.Any], depth: int) -> None:
        actual, own_place = (declared, place) if declared is None or TYPE not in value else self._find_actual(declared, value[TYPE], place)
        for each_place in {place: 1, own_place: 1}:
            facts.objects[each_place] += 1
        is_typed = actual is not None and not (actual.is_open or actual.is_untyped)
        for name, each in value.items():
            known = actual.properties.get(name) if actual is not None else None
            # Objects of several types in one list share the members of their base.
            is_shared = "@" in name or declared is None or name in declared.properties
            where = place if is_shared else own_place
            if known is None and not is_shared and own_place.endswith(OTHER):
                continue
            shown = self._vocabulary.show(name, is_typed=is_typed)
            facts.members[where][shown] += 1
            self._read(facts, f"{where}.{shown}", known.expression if known else None, each, depth - 1)

    def _find_actual(self, declared: ObjectType, stated: t.Any, place: str) -> tuple[ObjectType, str]:
        """Return the type that an object states, and its place with that: objects of several types have different members."""
        name = stated.removeprefix("#").removeprefix(GRAPH) if isinstance(stated, str) else ""
        if name == declared.name:
            return declared, place
        if name in declared.derived:
            return self._types.object(name), f"{place}<{name}>"
        if name in supplements.UNDESCRIBED_TYPES:
            return declared, f"{place}<{name}>{OTHER}"
        return declared, f"{place}{OTHER}"

    def _find_object(self, shape: Shape | None) -> ObjectType | None:
        if shape is None or isinstance(shape, ObjectType):
            return shape
        return self._types.object(shape.name) if shape.item is None and self._types.is_object(shape.name) else None

    def _read_text(self, facts: Facts, place: str, name: str, value: str) -> None:
        """Record an enumeration's name if it lacks such a member; do not keep the value."""
        enum = None if name in scalars.SCALARS or name not in self._types.names else self._types.find_enum(name)
        if enum is None:
            return
        members = re.split(", ?", value) if enum.get("flags") else [value]
        if any(member not in enum["members"] for member in members):
            facts.unknown.add((place, name))


def name_type(value: t.Any) -> str:
    """Return the name of a JSON type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def make_readers() -> tuple[dict[str, Contract], dict[str, Reader], Vocabulary]:
    """Return the descriptions, a reader for each version, and the names."""
    contracts = load_contracts()
    vocabulary = Vocabulary(contracts)
    return contracts, {version: Reader(contract, vocabulary) for version, contract in contracts.items()}, vocabulary
