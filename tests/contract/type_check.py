# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check JSON values against the types of a compact form.

A value is an instance of one named type, stated by `@odata.type`. It may only have the properties of that type and of its bases, except
annotations, which have `@` in their names.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from functools import cached_property

from . import scalars
from .expressions import Expression, parse
from .form import EnumForm, ObjectForm, TypeForm, is_enum
from .openapi import GRAPH, TYPE
from .supplements import OPEN_TYPES, UNDESCRIBED_PROPERTIES, UNDESCRIBED_TYPES

UNNAMED = "the object"
# (place, problem)
Problems = t.Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Property:
    """A property and the type that declares it."""

    owner: str
    expression: Expression


@dataclass(frozen=True)
class ObjectType:
    """An object with the properties of its bases; `derived`: the names of the types that are derived from it, directly or not."""

    name: str
    properties: t.Mapping[str, Property]
    required: frozenset[str] = frozenset()
    derived: frozenset[str] = frozenset()
    is_open: bool = False
    is_untyped: bool = False

    @cached_property
    def structural(self) -> set[str]:
        """Return the names that $select, $filter, and $orderby accept."""
        return {name for name, each in self.properties.items() if not each.expression.is_navigation}

    @cached_property
    def navigation(self) -> set[str]:
        """Return the names that $expand accepts."""
        return set(self.properties) - self.structural


Shape = Expression | ObjectType


@dataclass
class Usage:
    """The parts that exchanges used: operations by name, (operation, query option), types, (type, property), (enumeration, member)."""

    operations: set[str] = field(default_factory=set)
    query: set[tuple[str, str]] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    properties: set[tuple[str, str]] = field(default_factory=set)
    members: set[tuple[str, str]] = field(default_factory=set)


class Types:
    """The types of one version."""

    def __init__(self, forms: t.Mapping[str, TypeForm]) -> None:
        self._forms = forms
        self._objects: dict[str, ObjectType] = {}
        self._derived: dict[str, set[str]] = {}
        for name in forms:
            for base in self.bases(name):
                self._derived.setdefault(base, set()).add(name)

    @property
    def names(self) -> t.Collection[str]:
        """Return the names of all types."""
        return self._forms.keys()

    def bases(self, name: str) -> list[str]:
        """Return the base of a type, the base of that, and so on."""
        found: list[str] = []
        base = t.cast(ObjectForm, self._forms[name]).get("base")
        while base is not None:
            found.append(base)
            base = t.cast(ObjectForm, self._forms[base]).get("base")
        return found

    def find_enum(self, name: str) -> EnumForm | None:
        """Return an enumeration by name, or None for an object."""
        form = self._forms[name]
        return form if is_enum(form) else None

    def is_object(self, name: str) -> bool:
        """Return whether a name is that of an object type."""
        return name in self._forms and not is_enum(self._forms[name])

    def object(self, name: str) -> ObjectType:
        """Return an object type by name."""
        if name not in self._objects:
            self._objects[name] = self.unnamed(t.cast(ObjectForm, self._forms[name]), name)
        return self._objects[name]

    def unnamed(self, form: ObjectForm, name: str = UNNAMED) -> ObjectType:
        """Return the object type of a form."""
        base = self.object(form["base"]) if "base" in form else ObjectType(name, {})
        texts = {**form.get("properties", {}), **UNDESCRIBED_PROPERTIES.get(name, {})}
        return ObjectType(
            name,
            {**base.properties, **{key: Property(name, parse(text)) for key, text in texts.items()}},
            base.required.union(form.get("required", ())),
            frozenset(self._derived.get(name, ())),
            name in OPEN_TYPES,
            form.get("untyped", False),
        )


class TypeChecker:
    """Check sent values, or received ones."""

    def __init__(self, types: Types, is_request: bool, usage: Usage | None = None) -> None:
        self._types = types
        self._is_request = is_request
        self._usage = usage or Usage()
        self._flags: dict[str, re.Pattern[str]] = {}

    def check(self, where: str, shape: Shape, value: t.Any) -> Problems:
        """Find all problems of a value."""
        if isinstance(shape, ObjectType):
            yield from self._check_object(where, shape, value)
        elif value is None and shape.is_nullable:
            return
        elif shape.item is not None:
            yield from self._check_list(where, shape.item, value)
        elif shape.name in scalars.SCALARS:
            problem = scalars.find_problem(shape.name, value)
            if problem:
                yield where, f"{problem}, not {short(value)}"
        else:
            yield from self._check_named(where, shape.name, value)

    def _check_list(self, where: str, item: Expression, value: t.Any) -> Problems:
        if not isinstance(value, list):
            yield where, f"must be a list, not {short(value)}"
            return
        for each in value:
            yield from self.check(f"{where}[*]", item, each)

    def _check_named(self, where: str, name: str, value: t.Any) -> Problems:
        enum = self._types.find_enum(name)
        if enum is None:
            yield from self._check_object(where, self._types.object(name), value)
            return
        members = re.split(", ?", value) if enum.get("flags") and isinstance(value, str) else [value]
        unknown = [member for member in members if member not in enum["members"]]
        if unknown:
            yield where, f"must be one of {', '.join(enum['members'])}, not {short(value)}"
        self._usage.members.update((name, member) for member in members if member not in unknown)

    def _check_object(self, where: str, declared: ObjectType, value: t.Any) -> Problems:
        if not isinstance(value, dict):
            yield where, f"{short(value)} is not an object"
            return
        try:
            actual, is_open = self._find_type(declared, value)
        except LookupError as error:
            yield f"{where}.{TYPE}", str(error.args[0])
            return
        self._usage.types |= {declared.name, actual.name}
        for name in sorted(actual.required - set(value)):
            yield f"{where}.{name}", "is missing"
        for name, each in value.items():
            yield from self._check_property(f"{where}.{name}", actual, is_open, name, each)

    def _check_property(self, where: str, actual: ObjectType, is_open: bool, name: str, value: t.Any) -> Problems:
        known = actual.properties.get(name)
        if known is None:
            if "@" not in name and not is_open:
                yield where, f"{actual.name} has no such property"
            return
        self._usage.properties.add((known.owner, name))
        if self._is_request and known.expression.is_read_only:
            yield where, "is read-only"
        yield from self.check(where, known.expression, value)

    def _find_type(self, declared: ObjectType, value: dict[str, t.Any]) -> tuple[ObjectType, bool]:
        """Return the type of a value, and whether it may have more than that; raise LookupError if it is not allowed there."""
        if declared.is_untyped:
            return declared, True
        stated = value.get(TYPE, ...)
        if stated is ...:
            if self._is_request and declared.derived:
                raise LookupError(f"is missing: {declared.name} has derived types")
            return declared, declared.is_open
        if not isinstance(stated, str):
            raise LookupError(f"must be a string, not {short(stated)}")
        if stated in (f"#{GRAPH}{declared.name}", f"{GRAPH}{declared.name}"):
            return declared, declared.is_open
        name = stated.removeprefix(f"#{GRAPH}")
        if stated != name and name in declared.derived:
            return self._types.object(name), False
        if UNDESCRIBED_TYPES.get(name) == declared.name:
            return declared, True
        raise LookupError(f"{short(stated)} is not {declared.name} and not derived from it")


def short(value: t.Any) -> str:
    """Return a value as a short text."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
