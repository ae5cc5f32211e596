# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""System query options: the allowed ones, $select, page sizes, and the support of $filter.

Source: https://learn.microsoft.com/graph/query-parameters
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import GraphError, bad_request, not_emulated

Row = Callable[[str], Any]
Predicate = Callable[[Row], bool]


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
    """Parse the query string; refuse options that the route lacks."""
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
    # more digits than any page size has
    if len(value) > 9 or int(value) < 1:
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


def check_select(select: list[str] | None, known: Collection[str], type_name: str, elsewhere: Collection[str] = ()) -> None:
    """Raise 400 for a property that the type lacks in this version; `elsewhere`: those of the other version."""
    for name in select or ():
        if name not in known:
            raise no_property(name, type_name, "Parsing OData Select and Expand failed: ", elsewhere)


def no_property(name: str, type_name: str, prefix: str = "", elsewhere: Collection[str] = ()) -> GraphError:
    """Return the error for an unknown property. `elsewhere`: those of the other version, which Graph itself refuses in this one."""
    message = f"{prefix}Could not find a property named '{name}' on type 'microsoft.graph.{type_name}'."
    return bad_request(message) if name in elsewhere else not_emulated(message, f"unknown property '{name}' of {type_name}")


@dataclass
class FilterSpec:
    """The support of $filter for a resource. `unlisted`: refuse or ignore properties without a rule, by `setting` if there is one.

    `elsewhere`: properties of the other version. `is_known`: assume that Graph refuses properties without a rule.
    """

    type_name: str
    known: Collection[str]
    rules: Mapping[str, FilterRule]
    ignored: Collection[str] = ()
    unlisted: str = "refuse"
    unsupported_code: str = "BadRequest"
    any_or: bool = False
    elsewhere: Collection[str] = ()
    setting: str = ""
    is_known: bool = False


def compile_filter(text: str, spec: FilterSpec, count: bool = False) -> Predicate:
    """Return a predicate over a row getter; GraphError 400 for expressions that the resource does not support."""
    from .filters import Compiler, parse_filter

    return Compiler(spec, count).build(parse_filter(text))
