# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._auth import _answers


@pytest.mark.parametrize(
    ("text", "content"), [('{"a": 1}', {"a": 1}), ("", None), ("{", None), ("[" * 100_000, None)], ids=["good", "none", "cut", "deep"]
)
def test_only_json_is_read(text: str, content: t.Any) -> None:
    assert _answers.parse_json(text) == content


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (3600, 3600.0),
        (0, 0.0),
        (-5, -5.0),
        (1.5, 1.5),
        ("3600", 3600.0),
        (" 3600\n", 3600.0),
        ("-5", -5.0),
        ("1767607200.25", 1767607200.25),
        ("", None),
        ("soon", None),
        ("1e9", None),
        ("0x10", None),
        ("\u0663", 3.0),
        ("9" * 13, None),
        (True, None),
        (None, None),
        ([], None),
        ({}, None),
        (float("inf"), None),
        (float("nan"), None),
        (1e11, None),
        (10**400, None),
    ],
    ids=repr,
)
def test_seconds_are_numbers_or_digits(value: t.Any, seconds: float | None) -> None:
    assert _answers.parse_seconds(value) == seconds


@pytest.mark.parametrize(
    ("value", "good"), [("a.b-c_d~", True), ("", False), ("a b", False), ("a\n", False), ("\u00e4", False), (5, False), (None, False)]
)
def test_a_token_is_what_a_header_can_hold(value: t.Any, good: bool) -> None:
    assert _answers.is_token(value) is good


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"access_token": "a", "token_type": "Bearer", "expires_in": 3600}, None),
        ({"access_token": "a", "token_type": "bearer", "expires_on": "1767607200", "odd": [1]}, None),
        ({"token_endpoint": "https://login.test/t", "issuer": "https://login.test"}, None),
        ({}, None),
        ([], "it is not a JSON object"),
        (None, "it is not a JSON object"),
        ({"issuer": 5}, "its 'issuer' is not text"),
        ({"expires_in": "soon"}, "its 'expires_in' is not a number of seconds"),
        ({"access_token": "a b"}, "its 'access_token' holds characters that a token cannot have"),
        ({"access_token": "a", "token_type": "mac"}, "its 'token_type' is not Bearer"),
    ],
)
def test_an_answer_is_checked_for_the_members_that_are_used(content: t.Any, problem: str | None) -> None:
    assert _answers.find_problem(content) == problem
