# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Parse JSON from other systems strictly and within limits, and validate it at once. Pure.

A shape validates a value: it returns the value in its final form, and raises Misfit for an invalid one. Shapes of deciding members refuse
an invalid value. Members that only inform are ``lenient``: an invalid value counts as unknown, which is None.
"""

from __future__ import annotations

import json
import math
import re
import typing as t

from ._types import Json
from ._values import is_too_deep

DEEPEST = 64  # nested levels of objects and lists; Microsoft's have about ten
LARGEST_INTEGER = 2**63  # the limit of Edm.Int64, the largest numeric type
LATEST = 253402300799  # the last second of the year 9999, in seconds since the epoch
LONGEST_IDENTITY = 1024  # characters
# Half a surrogate pair, as an escape. JSON can contain it, but no other text can.
HALF = re.compile(r"\\u[dD][89a-fA-F]")
UNPAIRED = re.compile("[\ud800-\udfff]")
REPLACEMENT = "\ufffd"

T = t.TypeVar("T")
Shape = t.Callable[[t.Any, str], T]


def parse_json(content: bytes | str) -> t.Any:
    """Return the value of a JSON text in UTF-8; raise ValueError for anything else, and for text that is nested too deeply.

    Numbers that no float can hold (NaN, 1e999) are refused. If an object has a member twice, the last one counts. Half a surrogate pair
    becomes U+FFFD.
    """
    text = content if isinstance(content, str) else content.decode("utf-8-sig")
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_parse_float)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if is_too_deep(value, DEEPEST):
        raise ValueError("it is nested too deeply")
    return _without_halves(value) if HALF.search(text) else value


def _refuse_constant(name: str) -> t.NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _parse_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _without_halves(value: t.Any) -> t.Any:
    if isinstance(value, str):
        return UNPAIRED.sub(REPLACEMENT, value)
    if isinstance(value, list):
        return [_without_halves(item) for item in value]
    if isinstance(value, dict):
        return {_without_halves(name): _without_halves(item) for name, item in value.items()}
    return value


# --- shapes ---------------------------------------------------------------------------------------------------------


class Misfit(ValueError):
    """A value does not fit its shape. The message states the requirement for this member."""

    def __init__(self, member: str, expected: str, value: t.Any) -> None:
        super().__init__(f"{member or 'the response'} must be {expected}, not {describe_type(value)}")


def describe_type(value: t.Any) -> str:
    """Return the JSON type of a value as text. Not the value, which may be a secret."""
    words = {type(None): "null", bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return words.get(type(value), "another type")


def anything(value: t.Any, member: str) -> t.Any:
    """Accept any value."""
    return value


def text(value: t.Any, member: str) -> str:
    """Accept a text."""
    if not isinstance(value, str):
        raise Misfit(member, "a text", value)
    return value


def identity(value: t.Any, member: str) -> str:
    """Accept the ID of an object: a text that is not blank."""
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_IDENTITY:
        raise Misfit(member, "an ID", value)
    return value


def same_identity(expected: str) -> Shape[str]:
    """Accept only the requested ID, in any letter case, so that another object's data is not mistaken for this object's."""

    def parse(value: t.Any, member: str) -> str:
        if not isinstance(value, str) or value.lower() != expected.lower():
            raise Misfit(member, "the ID that was asked for", value)
        return value

    return parse


def boolean(value: t.Any, member: str) -> bool:
    """Accept true and false."""
    if not isinstance(value, bool):
        raise Misfit(member, "true or false", value)
    return value


def integer(value: t.Any, member: str) -> int:
    """Accept a 64-bit integer."""
    # In Python, a bool is an int.
    if not isinstance(value, int) or isinstance(value, bool) or not -LARGEST_INTEGER <= value < LARGEST_INTEGER:
        raise Misfit(member, "a whole number", value)
    return value


def moment(value: t.Any, member: str) -> float:
    """Accept a time in seconds since the epoch, as in tokens: a number from 0 to the end of the year 9999."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= LATEST:
        raise Misfit(member, "a time in seconds", value)
    return value


def optional(shape: Shape[T]) -> Shape[T | None]:
    """Accept the shape, and null."""
    return lambda value, member: None if value is None else shape(value, member)


def lenient(shape: Shape[T]) -> Shape[T | None]:
    """Accept the shape; any other value counts as unknown."""

    def parse(value: t.Any, member: str) -> T | None:
        try:
            return None if value is None else shape(value, member)
        except Misfit:
            return None

    return parse


def list_of(shape: Shape[T]) -> Shape[list[T]]:
    """Accept a list of values of one shape."""

    def parse(value: t.Any, member: str) -> list[T]:
        if not isinstance(value, list):
            raise Misfit(member, "a list", value)
        return [shape(item, f"{member}[{number}]") for number, item in enumerate(value)]

    return parse


def object_of(shapes: t.Mapping[str, Shape[t.Any]]) -> Shape[Json]:
    """Accept an object whose members have these shapes, by name. Other members are unchanged; a missing one counts as null."""

    def parse(value: t.Any, member: str) -> Json:
        if not isinstance(value, dict):
            raise Misfit(member, "an object", value)
        checked = {name: shape(value.get(name), f"{member}.{name}" if member else name) for name, shape in shapes.items()}
        # Missing members stay missing, because an object that is written back must not gain any.
        return {**value, **{name: found for name, found in checked.items() if name in value}}

    return parse


an_object = object_of({})
