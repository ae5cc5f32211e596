# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test values against types, and the expressions for types."""

from __future__ import annotations

import typing as t

import pytest

from . import scalars
from .expressions import Expression, parse
from .form import TypeForm
from .type_check import TypeChecker, Types, Usage

TYPES: dict[str, TypeForm] = {
    "animal": {"properties": {"id": "string", "name": "string? read-only", "color": "color?", "tags": "[string?]"}, "required": ["id"]},
    "dog": {"base": "animal", "properties": {"age": "int32", "collar": "collar"}},
    "puppy": {"base": "dog"},
    "stone": {"properties": {"weight": "double?", "parts": "[stone]?"}},
    "collar": {"properties": {"colors": "colors"}},
    "color": {"members": ["blue", "red"]},
    "colors": {"members": ["blue", "red"], "flags": True},
    "customSecurityAttributeValue": {"properties": {"id": "string"}},
}


def problems(text: str, value: t.Any, is_request: bool = False) -> list[tuple[str, str]]:
    """Return the problems of a value."""
    return list(TypeChecker(Types(TYPES), is_request).check("it", parse(text), value))


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("string", Expression("string")),
        ("a.b-c?", Expression("a.b-c", is_nullable=True)),
        ("[string?]", Expression(item=Expression("string", is_nullable=True))),
        ("[string]?", Expression(item=Expression("string"), is_nullable=True)),
        ("[[x]] navigation", Expression(item=Expression(item=Expression("x")), is_navigation=True)),
        ("x? read-only navigation", Expression("x", is_nullable=True, is_read_only=True, is_navigation=True)),
    ],
)
def test_expressions(text: str, expression: Expression) -> None:
    assert parse(text) == expression and str(expression) == text


@pytest.mark.parametrize("text", ["", "?", "[]", "[x", "x]", "x??", "two words", "x nullable", "a b read-only"])
def test_what_is_not_an_expression(text: str) -> None:
    with pytest.raises(ValueError, match="not an expression"):
        parse(text)


GOOD = {
    "boolean": [True, False],
    "string": ["", "x"],
    "base64url": ["eA"],
    "binary": ["eA"],
    "date": ["2026-02-28"],
    "date-time": ["2026-01-05T10:00:00Z", "2026-01-05T10:00:00.1234567Z", "0001-01-01T00:00:00+01:00"],
    scalars.LOCAL_DATE_TIME: ["2026-01-05T10:00:00", "2026-01-05T10:00:00Z"],
    "duration": ["PT1H", "P1DT2M3.5S", "-P1D"],
    "time": ["23:59:59", "00:00:00.5"],
    "uuid": ["7b1f0c52-6c1e-4f0a-9d53-0a3a4c9e1d11"],
    "int8": [-128, 127],
    "int16": [-32768, 32767],
    "int32": [-(2**31), 2**31 - 1, 1.0],
    "int64": [-(2**63), 2**63 - 1],
    "uint8": [0, 255],
    "double": [1, 1.5, -2, "NaN", "INF", "-INF"],
    "float": [1.5],
    "decimal": [1.5],
}
BAD = {
    "boolean": ["true", 0, 1],
    "string": [1, True, [], {}],
    "base64url": [1],
    "binary": [1],
    "date": ["2026-13-01", "2026-01-05T10:00:00Z", "today", "2026-01-05\n"],
    "date-time": ["2026-01-05T10:00:00", "2026-01-05", "2026-01-05 10:00:00Z", "2026-01-05T24:00:00Z", "", 1],
    scalars.LOCAL_DATE_TIME: ["2026-01-05", "now"],
    "duration": ["1H", "P1H"],
    "time": ["24:00:00", "10:00"],
    "uuid": ["7b1f0c52", "7b1f0c52-6c1e-4f0a-9d53-0a3a4c9e1d11x", "{7b1f0c52-6c1e-4f0a-9d53-0a3a4c9e1d11}"],
    "int8": [-129, 128],
    "int16": [-32769, 32768],
    "int32": [-(2**31) - 1, 2**31, 1.5, "1", True, float("nan"), float("inf")],
    "int64": [-(2**63) - 1, 2**63],
    "uint8": [-1, 256],
    "double": ["1.5", "x", True, []],
    "float": ["x"],
    "decimal": ["x"],
}


def test_each_scalar_has_examples() -> None:
    assert GOOD.keys() == BAD.keys() == scalars.SCALARS


@pytest.mark.parametrize("scalar", sorted(scalars.SCALARS))
def test_scalars(scalar: str) -> None:
    for value in GOOD[scalar]:
        assert problems(scalar, value) == [], value
    for value in [*BAD[scalar], None]:
        assert [path for path, _message in problems(scalar, value)] == ["it"], value
    assert problems(f"{scalar}?", None) == []


RIGHT = {"id": "1", "name": None, "color": "red", "tags": ["a", None], "@odata.etag": "x"}


@pytest.mark.parametrize(
    ("text", "value", "path"),
    [
        ("animal", {**RIGHT, "id": None}, "it.id"),
        ("animal", {"name": "x"}, "it.id"),
        ("animal", {**RIGHT, "age": 1}, "it.age"),
        ("animal", {**RIGHT, "tags": None}, "it.tags"),
        ("animal", {**RIGHT, "tags": "a"}, "it.tags"),
        ("animal", {**RIGHT, "tags": {}}, "it.tags"),
        ("animal", {**RIGHT, "tags": [1]}, "it.tags[*]"),
        ("animal", {**RIGHT, "color": "green"}, "it.color"),
        ("animal", {**RIGHT, "color": ["red"]}, "it.color"),
        ("animal", {**RIGHT, "color": "red,blue"}, "it.color"),
        ("animal", {**RIGHT, "@odata.type": "#microsoft.graph.dog", "age": "1"}, "it.age"),
        ("animal", {**RIGHT, "@odata.type": "#microsoft.graph.stone"}, "it.@odata.type"),
        ("animal", {**RIGHT, "@odata.type": "#microsoft.graph.nothing"}, "it.@odata.type"),
        ("animal", {**RIGHT, "@odata.type": "dog"}, "it.@odata.type"),
        ("animal", {**RIGHT, "@odata.type": None}, "it.@odata.type"),
        ("animal", {**RIGHT, "@odata.type": 1}, "it.@odata.type"),
        ("dog", {"id": "1", "@odata.type": "#microsoft.graph.animal"}, "it.@odata.type"),
        ("dog", {"id": "1", "collar": None}, "it.collar"),
        ("dog", {"id": "1", "collar": {"colors": "red,green"}}, "it.collar.colors"),
        ("dog", {"id": "1", "collar": {"colors": ""}}, "it.collar.colors"),
        ("dog", {"id": "1", "collar": {"colors": None}}, "it.collar.colors"),
        ("stone", {"parts": [{"weight": "x"}]}, "it.parts[*].weight"),
        ("stone", {"parts": [None]}, "it.parts[*]"),
        ("animal", None, "it"),
        ("animal", [], "it"),
        ("[animal]", [RIGHT, "x"], "it[*]"),
        ("customSecurityAttributeValue", {"id": 1, "other": 1}, "it.id"),
    ],
)
def test_wrong_values(text: str, value: t.Any, path: str) -> None:
    assert [where for where, _message in problems(text, value)] == [path]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("animal", RIGHT),
        ("animal", {**RIGHT, "@odata.type": "#microsoft.graph.animal"}),
        ("animal", {**RIGHT, "@odata.type": "microsoft.graph.animal"}),
        ("animal", {**RIGHT, "@odata.type": "#microsoft.graph.dog", "age": 1}),
        ("animal", {**RIGHT, "@odata.type": "#microsoft.graph.puppy", "age": 1}),
        ("puppy", {"id": "1", "collar": {"colors": "red, blue"}}),
        ("stone", {"parts": None, "weight": None}),
        ("stone?", None),
        ("[stone]?", None),
        ("customSecurityAttributeValue", {"other": 1}),
    ],
)
def test_right_values(text: str, value: t.Any) -> None:
    assert problems(text, value) == []


def test_a_request_must_not_set_what_is_read_only_and_must_name_its_type() -> None:
    sent = {"id": "1", "@odata.type": "#microsoft.graph.animal"}
    assert problems("animal", sent, is_request=True) == []
    assert problems("animal", {**sent, "name": "x"}, is_request=True) == [("it.name", "is read-only")]
    assert [path for path, _message in problems("animal", {"id": "1"}, is_request=True)] == ["it.@odata.type"]
    assert problems("puppy", {"id": "1"}, is_request=True) == [], "nothing is derived from it"


def test_what_values_hold_is_noted() -> None:
    usage = Usage()
    value = {**RIGHT, "@odata.type": "#microsoft.graph.dog", "collar": {"colors": "red,blue,green"}}
    assert list(TypeChecker(Types(TYPES), False, usage).check("it", parse("animal"), value))
    assert usage.types == {"animal", "dog", "collar"}
    assert usage.properties == {*(("animal", name) for name in ("id", "name", "color", "tags")), ("dog", "collar"), ("collar", "colors")}
    assert usage.members == {("color", "red"), ("colors", "red"), ("colors", "blue")}
