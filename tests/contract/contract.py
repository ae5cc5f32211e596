# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations of one version of Graph by method and path, with their requests and responses."""

from __future__ import annotations

import pathlib
import re
import typing as t
from functools import cached_property

from . import batch, report_actions, supplements
from .expressions import parse
from .form import ERROR, FOLDER, METHODS, PAGE_OF, STREAM, TEXT, VERSIONS, Body, OperationForm, VersionForm, load
from .type_check import ObjectType, Shape, TypeChecker, Types, Usage

_KEY = re.compile(r"\{[^}]+\}")
# neither `$count` nor a cast
_ID = r"(?!\$|graph\.)[^/]+?"
# An address may have a single key in parentheses; the description always has it as a segment.
_KEY_IN_PARENTHESES = re.compile(r"\('([^'=()]*)'\)")
# The description has casts without the beginning of the name.
_CAST = "/microsoft.graph."

AnswerKind = t.Literal["nothing", "text", "stream", "page", "value"]


class Answer(t.NamedTuple):
    """The response of an operation; `shape`: of JSON; `item`: of an item of a page, else the same."""

    kind: AnswerKind
    shape: Shape | None = None
    item: Shape | None = None


class Operation:
    """One method on one path; `contract` is the version that describes it, which need not be the one that has it."""

    def __init__(self, method: str, path: str, form: OperationForm, contract: Contract, substitute: str | None = None) -> None:
        self.name = f"{method} {path}"
        # the operation of the description with which this one is compared
        self.described_as = f"{substitute or method} {path}"
        self.path = path
        self.query = form["query"]
        self.contract = contract
        self.required = supplements.REQUIRED_TO_CREATE.get(self.name, frozenset())
        self._form = form

    @cached_property
    def body(self) -> Shape | None:
        """Return the shape of the body that it takes, or None."""
        return self.contract.shape(self._form["body"])

    @cached_property
    def _answers(self) -> dict[str, Answer]:
        return {status: self.contract.answer(body) for status, body in self._form["answers"].items()}

    def find_answer(self, status: int) -> Answer | None:
        """Return the response by exact status, else by its range; None if there is no such response."""
        return self._answers.get(str(status)) or self._answers.get(f"{status // 100}XX")

    @property
    def answers_page(self) -> bool:
        """Return whether the response is a list in pages."""
        answer = self.find_answer(200)
        return answer is not None and answer.kind == "page"

    @cached_property
    def entity(self) -> ObjectType | None:
        """Return the type of the response, or of its items, to which the query options apply."""
        answer = self.find_answer(200)
        return None if answer is None or answer.item is None else self.contract.find_object(answer.item)

    @cached_property
    def selectable(self) -> dict[str, ObjectType]:
        """Return the names that $select, $filter, and $orderby accept, each with the type that has it."""
        if self.entity is None:
            return {}
        kinds = [self.entity]
        if self.entity.name in supplements.MIXED_TYPES:
            kinds += [self.contract.types.object(name) for name in sorted(self.entity.derived)]
        return {name: kind for kind in reversed(kinds) for name in kind.structural}


class Contract:
    """All operations of one version."""

    def __init__(self, form: VersionForm, usage: Usage | None = None) -> None:
        self.version = form["version"]
        self.usage = usage or Usage()
        self.types = Types({**form["types"], **supplements.TYPES, **batch.TYPES, **report_actions.TYPES})
        self.requests = TypeChecker(self.types, is_request=True, usage=self.usage)
        self.answers = TypeChecker(self.types, is_request=False, usage=self.usage)
        self.error = parse(ERROR)
        # the most literal path first: `…/$count` is not an id
        paths = sorted(form["paths"].items(), key=lambda item: len(_KEY.findall(item[0])))
        self._operations = [(_pattern(path), self._read(path, methods)) for path, methods in paths]

    def _read(self, path: str, methods: dict[str, OperationForm]) -> dict[str, Operation]:
        """Return the operations of a path by method."""
        found = {method: Operation(method, path, form, self) for method, form in methods.items()}
        for method in METHODS:
            substitute = supplements.SUBSTITUTES.get((self.version, method, path))
            if substitute is not None and method not in found:
                found[method] = Operation(method, path, methods[substitute], self, substitute)
        return found

    def add_from(self, other: Contract, paths: t.Collection[str]) -> None:
        """Add operations of another version, except those that this one has."""
        own = [pattern.pattern for pattern, _operations in self._operations]
        found = [entry for entry in other._operations if entry[0].pattern not in own]
        self._operations[:0] = [entry for entry in found if any(each.path in paths for each in entry[1].values())]

    def find_operation(self, method: str, path: str) -> Operation | None:
        """Return the operation for a path without version and query."""
        plain = _KEY_IN_PARENTHESES.sub(r"/\1", path).replace(_CAST, "/graph.")
        for pattern, operations in self._operations:
            if pattern.match(plain):
                return operations.get(method)
        return None

    def shape(self, body: Body) -> Shape | None:
        """Return the shape of a body."""
        if body is None:
            return None
        return parse(body) if isinstance(body, str) else self.types.unnamed(body)

    def answer(self, body: Body) -> Answer:
        """Return a response by its form."""
        if body is None:
            return Answer("nothing")
        if body == TEXT:
            return Answer("text")
        if body == STREAM:
            return Answer("stream")
        if isinstance(body, str) and body.startswith(PAGE_OF):
            item = parse(body.removeprefix(PAGE_OF))
            page = {"@odata.count": "int64?", "@odata.nextLink": "string?", "value": f"[{item}]"}
            return Answer("page", self.types.unnamed({"properties": page, "required": ["value"]}, "the page"), item)
        shape = self.shape(body)
        return Answer("value", shape, shape)

    def find_object(self, shape: Shape) -> ObjectType | None:
        """Return the object type of a shape, or None for a list, a scalar, or an enumeration."""
        if isinstance(shape, ObjectType):
            return shape
        return self.types.object(shape.name) if shape.item is None and self.types.is_object(shape.name) else None


def load_contracts(folder: pathlib.Path = FOLDER) -> dict[str, Contract]:
    """Read both versions, each with its supplements."""
    contracts = {version: Contract(load(version, folder)) for version in VERSIONS}
    share_operations(contracts)
    return contracts


def share_operations(contracts: t.Mapping[str, Contract]) -> None:
    """Add to each version the operations that only the other one describes."""
    stable, beta = (contracts[version] for version in VERSIONS)
    stable.add_from(beta, supplements.IN_OTHER_VERSION[stable.version])
    beta.add_from(stable, supplements.IN_OTHER_VERSION[beta.version])


def _pattern(path: str) -> re.Pattern[str]:
    literal = [re.escape(text) for text in _KEY.split(path)]
    return re.compile("^" + _ID.join(literal) + "$")
