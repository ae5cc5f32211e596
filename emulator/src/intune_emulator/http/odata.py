# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""System query options: which are allowed, $select, paging numbers, and $filter as a predicate (AST by odata-query).

Source: https://learn.microsoft.com/graph/query-parameters
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

from ..state.clock import parse_iso
from .errors import GraphError, bad_request, not_emulated

Row = Callable[[str], Any]
Predicate = Callable[[Row], bool]

_TEXT = re.compile(r"('(?:[^']|'')*')")
# The grammar has no `has`; this function, which Graph does not have, replaces it.
_HAS, _HAS_FUNCTION = re.compile(r"(\w+)\s+has\s*$"), "hassubset"
# The grammar wants a comma behind the only value of a list.
_LIST_BEGIN = re.compile(r"\bin\s*\(\s*$", re.IGNORECASE)
COMPARATORS = {ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.Gt: "gt", ast.LtE: "le", ast.GtE: "ge", ast.In: "in"}


LITERALS: dict[str, tuple[type, ...]] = {"string": (ast.String, ast.Null), "date": (ast.DateTime, ast.Date), "bool": (ast.Boolean,)}


@dataclass(frozen=True)
class FilterRule:
    """The support of $filter for a property. `same_or`: `or` between clauses on this same property."""

    operators: frozenset[str]
    same_or: bool = False
    kind: str = "string"
    startswith_is_contains: bool = False
    no_count: bool = False


@dataclass
class QueryOptions:
    """The options of one request. `select` None: all properties."""

    select: list[str] | None = None
    filter: str | None = None
    top: int | None = None
    orderby: tuple[str, bool] | None = None
    count: bool = False
    skiptoken: str | None = None
    expand: list[str] = field(default_factory=list)


def read_options(query: list[tuple[str, str]], allowed: Collection[str], max_top: int) -> QueryOptions:
    """Parse the query string; refuse options that the route does not have."""
    options = QueryOptions()
    seen: set[str] = set()
    for name, value in query:
        key = name.lower()
        if not key.startswith("$"):
            raise not_emulated(f"The query parameter '{name}' is not supported.", "query parameter without $")
        if key in seen:
            raise bad_request(f"Query option '{name}' was specified more than once, but it must be specified at most once.")
        seen.add(key)
        if key not in allowed:
            raise not_emulated(f"The query parameter '{name}' is not supported.", f"query option {key} on this path")
        _READERS[key](options, value, max_top)
    return options


def _read_select(options: QueryOptions, value: str, _max_top: int) -> None:
    names = [name.strip() for name in value.split(",")]
    if not all(names):
        raise bad_request("Parsing OData Select and Expand failed: Term '' is not valid in a $select or $expand expression.")
    options.select = list(dict.fromkeys(names))


def _read_top(options: QueryOptions, value: str, max_top: int) -> None:
    if not value.isascii() or not value.isdigit():
        raise bad_request(
            f"Invalid value '{value}' for $top query option found. The $top query option requires a non-negative integer value."
        )
    if int(value) < 1:
        raise bad_request(f"Invalid page size specified: '{value}'. Must be between 1 and {max_top} inclusive.", "Request_UnsupportedQuery")
    options.top = int(value)


def _read_orderby(options: QueryOptions, value: str, _max_top: int) -> None:
    words = value.split()
    if not words or len(words) > 2 or (len(words) == 2 and words[1].lower() not in ("asc", "desc")):
        raise bad_request(f"Syntax error at position {len(value)} in '{value}'.")
    options.orderby = (words[0], len(words) == 2 and words[1].lower() == "desc")


def _read_count(options: QueryOptions, value: str, _max_top: int) -> None:
    if value.lower() not in ("true", "false"):
        raise bad_request(f"Invalid value '{value}' for $count query option found. Valid values are 'true' and 'false'.")
    options.count = value.lower() == "true"


def _read_expand(options: QueryOptions, value: str, _max_top: int) -> None:
    options.expand = [name.strip() for name in value.split(",")]


_READERS: dict[str, Callable[[QueryOptions, str, int], None]] = {
    "$select": _read_select,
    "$filter": lambda options, value, _max_top: setattr(options, "filter", value),
    "$top": _read_top,
    "$orderby": _read_orderby,
    "$count": _read_count,
    "$skiptoken": lambda options, value, _max_top: setattr(options, "skiptoken", value),
    "$expand": _read_expand,
}


def check_select(select: list[str] | None, known: Collection[str], type_name: str) -> None:
    """Raise 400 for a property that the type does not have in this version."""
    for name in select or ():
        if name not in known:
            raise no_property(name, type_name, "Parsing OData Select and Expand failed: ")


def no_property(name: str, type_name: str, prefix: str = "") -> GraphError:
    """Return the error for an unknown property."""
    return bad_request(f"{prefix}Could not find a property named '{name}' on type 'microsoft.graph.{type_name}'.")


@lru_cache(maxsize=4096)
def parse_filter(text: str) -> Any:
    """Parse a $filter into its AST."""
    try:
        return ODataParser().parse(ODataLexer().tokenize(_rewrite(text)))
    except ODataException:
        raise bad_request(f"Invalid filter clause: Syntax error at position {len(text)} in '{text}'.") from None


def _rewrite(text: str) -> str:
    """Rewrite `x has 'y'` as a function call, and `x in ('y')` with a comma; texts in quotes stay."""
    parts = _TEXT.split(text)
    for index in range(0, len(parts), 2):
        if _HAS_FUNCTION in parts[index].lower():
            raise bad_request(f"Invalid filter clause: An unknown function with name '{_HAS_FUNCTION}' was found.")
        if index + 1 < len(parts) and (found := _HAS.search(parts[index])):
            parts[index] = f"{parts[index][: found.start()]}{_HAS_FUNCTION}({found[1]},"
            parts[index + 1] += ")"
        if _LIST_BEGIN.search(parts[index]) and index + 2 < len(parts) and parts[index + 2].lstrip().startswith(")"):
            parts[index + 1] += ","
    return "".join(parts)


@dataclass
class FilterSpec:
    """The support of $filter for a resource. `unlisted`: refuse or ignore properties without a rule."""

    type_name: str
    known: Collection[str]
    rules: Mapping[str, FilterRule]
    ignored: Collection[str] = ()
    unlisted: str = "refuse"
    unsupported_code: str = "BadRequest"
    any_or: bool = False


def compile_filter(text: str, spec: FilterSpec, count: bool = False) -> Predicate:
    """Return a predicate over a row getter; GraphError 400 for expressions that the resource does not support."""
    return _Compiler(spec, count).build(parse_filter(text))


class _Compiler:
    def __init__(self, spec: FilterSpec, count: bool) -> None:
        self._spec, self._count = spec, count

    def build(self, node: Any) -> Predicate:
        if isinstance(node, ast.BoolOp):
            return self._bool(node)
        if isinstance(node, ast.Compare):
            return self._compare(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        raise self._unsupported("this expression")

    def _unsupported(self, expression: str) -> GraphError:
        message = f"Invalid filter clause: {expression} is not supported on type 'microsoft.graph.{self._spec.type_name}'."
        return GraphError(400, self._spec.unsupported_code, message)

    def _bool(self, node: ast.BoolOp) -> Predicate:
        if isinstance(node.op, ast.Or) and not self._spec.any_or:
            names = self._properties(node)
            rule = self._spec.rules.get(next(iter(names))) if len(names) == 1 else None
            ignored = names <= set(self._spec.ignored)
            if not ignored and (rule is None or not rule.same_or):
                raise self._unsupported("'or' between these clauses")
        left, right = self.build(node.left), self.build(node.right)
        if isinstance(node.op, ast.Or):
            return lambda row: left(row) or right(row)
        return lambda row: left(row) and right(row)

    def _properties(self, node: Any) -> set[str]:
        if isinstance(node, ast.BoolOp):
            return self._properties(node.left) | self._properties(node.right)
        name = None
        if isinstance(node, ast.Compare):
            name = _path(node.left)
        elif isinstance(node, ast.Call) and node.args:
            name = _path(node.args[0])
        return {name} if name else set()

    def _compare(self, node: Any) -> Predicate:
        operator = COMPARATORS.get(type(node.comparator))
        name = _path(node.left)
        if operator is None or name is None:
            raise self._unsupported("this comparison")
        rule = self._rule(name, operator)
        if rule is None:
            return lambda row: True
        if operator == "in":
            return self._in(node, name, rule)
        return _comparison(name, operator, self._literal(node.right, rule, name, operator), rule)

    def _in(self, node: Any, name: str, rule: FilterRule) -> Predicate:
        """Compile `name in ('a','b')` as `eq` with each."""
        tests = [_comparison(name, "eq", self._literal(value, rule, name, "in"), rule) for value in node.right.val]
        return lambda row: any(test(row) for test in tests)

    def _rule(self, name: str, operator: str) -> FilterRule | None:
        """Return the rule of a property; None means that the clause is ignored."""
        spec = self._spec
        if name not in spec.known:
            raise no_property(name, spec.type_name, "Invalid filter clause: ")
        if name in spec.ignored:
            return None
        rule = spec.rules.get(name)
        if rule is None or operator not in rule.operators:
            if spec.unlisted == "ignore":
                return None
            raise self._unsupported(f"operator '{operator}' on property '{name}'")
        if rule.no_count and self._count:
            raise self._unsupported(f"property '{name}' together with $count")
        return rule

    def _literal(self, node: Any, rule: FilterRule, name: str, operator: str) -> Any:
        allowed = LITERALS[rule.kind]
        if type(node) not in allowed:
            kind = type(node).__name__
            raise bad_request(
                "Invalid filter clause: A binary operator with incompatible types was detected. "
                f"Found operand types for property '{name}' and 'Edm.{kind}' for operator kind '{operator}'."
            )
        if rule.kind == "date":
            return parse_iso(node.val if "T" in node.val else f"{node.val}T00:00:00Z")
        value = node.py_val
        return value.lower() if isinstance(value, str) else value

    def _call(self, node: Any) -> Predicate:
        function = "has" if node.func.name == _HAS_FUNCTION else node.func.name.lower()
        valid = len(node.args) == 2 and isinstance(node.args[0], ast.Identifier) and isinstance(node.args[1], ast.String)
        if function not in ("contains", "startswith", "has") or not valid:
            raise self._unsupported(f"function '{node.func.name}'")
        name, text = node.args[0].name, node.args[1].py_val.lower()
        rule = self._rule(name, function)
        if rule is None:
            return lambda row: True
        if function == "has":
            return lambda row: text in str(row(name)).lower().split(",")
        if function == "contains" or rule.startswith_is_contains:
            return lambda row: text in str(row(name) or "").lower()
        return lambda row: str(row(name) or "").lower().startswith(text)


def _path(node: Any) -> str | None:
    """Return the name of a property, or of a property of a property with a slash between."""
    if isinstance(node, ast.Attribute) and isinstance(node.owner, ast.Identifier):
        return f"{node.owner.name}/{node.attr}"
    return node.name if isinstance(node, ast.Identifier) else None


def _comparison(name: str, operator: str, wanted: Any, rule: FilterRule) -> Predicate:
    if rule.kind == "date":
        return _date_comparison(name, operator, wanted)

    def value(row: Row) -> Any:
        found = row(name)
        return found.lower() if isinstance(found, str) else found

    if operator == "eq":
        return lambda row: value(row) == wanted
    if operator == "ne":
        return lambda row: value(row) != wanted
    raise bad_request(f"Invalid filter clause: operator '{operator}' on property '{name}'.")


def _date_comparison(name: str, operator: str, wanted: datetime) -> Predicate:
    tests: dict[str, Callable[[datetime], bool]] = {
        "lt": lambda value: value < wanted,
        "gt": lambda value: value > wanted,
        "le": lambda value: value <= wanted,
        "ge": lambda value: value >= wanted,
        "eq": lambda value: value == wanted,
    }
    test = tests[operator]
    return lambda row: test(value if isinstance(value := row(name), datetime) else parse_iso(value))
