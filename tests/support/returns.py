# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the types of return values with the RETURN documentation of the modules."""

from __future__ import annotations

import types
import typing as t

import yaml

SIMPLE = {str: "str", bool: "bool", int: "int", float: "float"}


def documented(module: types.ModuleType, key: str) -> dict[str, t.Any]:
    """Return the documentation of one return value."""
    found: dict[str, t.Any] = yaml.safe_load(module.RETURN)[key]
    return found


def differences(annotation: t.Any, documentation: t.Mapping[str, t.Any], path: str) -> list[str]:
    """Return the differences between a type and its documentation: in keys, types, or types of elements."""
    kind = without_none(annotation)
    if t.is_typeddict(kind):
        return _typed_differences(kind, documentation, path)
    if t.get_origin(kind) is list:
        (element,) = t.get_args(kind)
        wrong = [] if documentation["type"] == "list" else [f"{path} is a list, not {documentation['type']}"]
        elements = {**documentation, "type": documentation.get("elements")}
        return wrong + differences(element, elements, f"{path}[]")
    name = "str" if t.get_origin(kind) is t.Literal else "dict" if t.get_origin(kind) is dict else SIMPLE[kind]
    return [] if documentation["type"] == name else [f"{path} is {name}, not {documentation['type']}"]


def without_none(annotation: t.Any) -> t.Any:
    """Return the one type of ``X | None``."""
    if t.get_origin(annotation) not in (t.Union, types.UnionType):
        return annotation
    (kind,) = [argument for argument in t.get_args(annotation) if argument is not types.NoneType]
    return kind


def _typed_differences(kind: t.Any, documentation: t.Mapping[str, t.Any], path: str) -> list[str]:
    contains = documentation.get("contains", {})
    hints = t.get_type_hints(kind)
    found = [] if documentation["type"] == "dict" else [f"{path} is a dict, not {documentation['type']}"]
    found += [f"{path}.{name} is only in one of the two" for name in sorted(set(hints) ^ set(contains))]
    for name in hints.keys() & contains.keys():
        found += differences(hints[name], contains[name], f"{path}.{name}")
    return found
