# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _json as shapes
from ansible_collections.endpointops.intune.plugins.module_utils._json import DEEPEST, Misfit, parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


@given(VALUES)
def test_json_is_read_as_it_was_written(value: t.Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"value": [', id="case 18: cut off"),
        pytest.param(b'{"a": NaN}', id="case 18: NaN"),
        pytest.param(b"-Infinity", id="case 18: infinity"),
        pytest.param(b'{"a": 1e999}', id="case 18: a float that is too large"),
        pytest.param(b"1" * 5000, id="case 18: a number of thousands of digits"),
        pytest.param(nested(DEEPEST + 1), id="case 18: one level too deep"),
        pytest.param(nested(200_000), id="case 18: deeper than Python goes"),
        pytest.param(b'{"a":' * 200_000, id="case 18: deep and cut off"),
        pytest.param(b'"\xff"', id="case 18: not UTF-8"),
        pytest.param('{"a": 1}'.encode("utf-16"), id="case 18: UTF-16"),
        pytest.param(b"", id="case 18: empty"),
    ],
)
def test_what_cannot_be_used_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError):
        parse_json(content)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        pytest.param(nested(DEEPEST)[:-DEEPEST] + b"7" + b"]" * DEEPEST, 7, id="as deep as may be"),
        pytest.param(b"\xef\xbb\xbf7", 7, id="a byte order mark"),
        pytest.param(b'"\\ud83d\\ude00"', "\U0001f600", id="a whole character in two escapes"),
        pytest.param(b'"a\\ud83d"', "a\ufffd", id="case 18: half a character"),
        pytest.param(b'{"a\\udc00": ["\\udc00"]}', {"a\ufffd": ["\ufffd"]}, id="case 18: half a character in a name"),
        pytest.param(b'{"id": 1, "id": 2}', {"id": 2}, id="a member that is there twice"),
        pytest.param(b"9223372036854775808", 2**63, id="a number of more than 64 bits"),
    ],
)
def test_what_can_be_used_is_read(content: bytes, value: t.Any) -> None:
    found = parse_json(content)
    while isinstance(found, list) and not isinstance(value, list):
        (found,) = found
    assert found == value


# --- shapes ---------------------------------------------------------------------------------------------------------

WRONG: tuple[t.Any, ...] = (None, True, 0, 1.5, "", " ", [], {}, [None], {"a": 1}, 10**400)


@pytest.mark.parametrize(
    ("shape", "accepted"),
    [
        pytest.param(shapes.text, ("", " "), id="text"),
        pytest.param(shapes.identity, (), id="identity"),
        pytest.param(shapes.boolean, (True,), id="boolean"),
        pytest.param(shapes.integer, (0,), id="integer"),
        pytest.param(shapes.moment, (0, 1.5), id="moment"),
        pytest.param(shapes.an_object, ({}, {"a": 1}), id="object"),
        pytest.param(shapes.list_of(shapes.text), ([],), id="list"),
        pytest.param(shapes.optional(shapes.integer), (None, 0), id="optional"),
        pytest.param(shapes.same_identity("AB"), (), id="same identity"),
        pytest.param(shapes.anything, WRONG, id="anything"),
    ],
)
def test_a_shape_accepts_its_type_alone(shape: shapes.Shape[t.Any], accepted: tuple[t.Any, ...]) -> None:
    for value in WRONG:
        is_accepted = any(value is good or (type(value) is type(good) and value == good) for good in accepted)
        if is_accepted:
            assert shape(value, "a") == value
        else:
            with pytest.raises(Misfit, match="^a(\\[0\\])? must be "):
                shape(value, "a")
        assert shapes.lenient(shape)(value, "a") == (value if is_accepted else None)


def test_the_member_is_named_by_its_path_and_no_value_is_shown() -> None:
    shape = shapes.object_of({"value": shapes.list_of(shapes.object_of({"target": shapes.object_of({"groupId": shapes.text})}))})
    with pytest.raises(Misfit) as caught:
        shape({"value": [{"target": {"groupId": "g"}}, {"target": {"groupId": ["s3cret"]}}]}, "")
    assert str(caught.value) == "value[1].target.groupId must be a text, not a list"


def test_an_object_keeps_its_other_members_and_gains_none() -> None:
    shape = shapes.object_of({"a": shapes.lenient(shapes.text), "b": shapes.optional(shapes.text), "c": shapes.lenient(shapes.text)})
    assert shape({"a": 7, "c": "x", "other": [1]}, "") == {"a": None, "c": "x", "other": [1]}


def test_an_id_of_another_object_is_refused() -> None:
    assert shapes.same_identity("AB-1")("ab-1", "id") == "ab-1"
    with pytest.raises(Misfit, match="id must be the ID that was asked for, not a text"):
        shapes.same_identity("AB-1")("AB-2", "id")
