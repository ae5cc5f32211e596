# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Compile $filter to a predicate from the AST of odata-query; `odata.py` imports this file on first use, as its grammar loads slowly."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

from ..state.clock import parse_iso
from .errors import GraphError, bad_request
from .odata import FilterRule, FilterSpec, Predicate, Row, no_property

_TEXT = re.compile(r"('(?:[^']|'')*')")
# The grammar lacks `has`, so this function, which Graph does not have, replaces it.
_HAS, _HAS_FUNCTION = re.compile(r"(\w+)\s+has\s*$"), "hassubset"
# The grammar requires a comma after the only value of a list.
_LIST_BEGIN = re.compile(r"\bin\s*\(\s*$", re.IGNORECASE)
COMPARATORS = {ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.Gt: "gt", ast.LtE: "le", ast.GtE: "ge", ast.In: "in"}


LITERALS: dict[str, tuple[type, ...]] = {"string": (ast.String, ast.Null), "date": (ast.DateTime, ast.Date), "bool": (ast.Boolean,)}


@lru_cache(maxsize=4096)
def parse_filter(text: str) -> Any:
    """Parse a $filter into its AST."""
    try:
        return ODataParser().parse(ODataLexer().tokenize(_rewrite(text)))
    except ODataException:
        raise bad_request(f"Invalid filter clause: Syntax error at position {len(text)} in '{text}'.") from None


def _rewrite(text: str) -> str:
    """Rewrite `x has 'y'` as a function call, and add a comma to `x in ('y')`; keep texts in quotes."""
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


class Compiler:
    """Make the predicate of a filter for a resource. `count`: whether the request also has $count."""

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

    def _unsupported(self, expression: str, is_known: bool = False) -> GraphError:
        spec = self._spec
        message = f"Invalid filter clause: {expression} is not supported on type 'microsoft.graph.{spec.type_name}'."
        setting = f" (the setting {spec.setting} decides about it)" if spec.setting else ""
        refused = None if is_known or spec.is_known else f"$filter of {spec.type_name}: {expression}{setting}"
        return GraphError(400, spec.unsupported_code, message, refused=refused)

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
        """Return the rule of a property; None to ignore the clause."""
        spec = self._spec
        if name not in spec.known:
            raise no_property(name, spec.type_name, "Invalid filter clause: ", spec.elsewhere)
        if name in spec.ignored:
            return None
        rule = spec.rules.get(name)
        if rule is None or operator not in rule.operators:
            if spec.unlisted == "ignore":
                return None
            raise self._unsupported(f"operator '{operator}' on property '{name}'")
        if rule.no_count and self._count:
            raise self._unsupported(f"property '{name}' together with $count", is_known=True)
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
            return self._read_date(node.val if "T" in node.val else f"{node.val}T00:00:00Z", name)
        value = node.py_val
        return value.lower() if isinstance(value, str) else value

    def _read_date(self, text: str, name: str) -> datetime:
        try:
            return parse_iso(text)
        except ValueError:
            raise bad_request(f"Invalid filter clause: '{text}' is not a date-time for property '{name}'.") from None

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
