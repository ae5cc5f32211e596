# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._auth._claims import parse_claims
from tests.support.fakes import jwt


def encoded(payload: bytes) -> str:
    return f"e30.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.x"


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text())))
def test_the_claims_of_a_token_are_read(claims: dict[str, t.Any]) -> None:
    assert parse_claims(jwt(**claims)) == claims


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("opaque", id="opaque"),
        pytest.param("a.b", id="two parts"),
        pytest.param("a.b.c.d", id="four parts"),
        pytest.param("a.!!!.c", id="not base64"),
        pytest.param(encoded(b"not JSON"), id="not JSON"),
        pytest.param(encoded(b"[1]"), id="not an object"),
        pytest.param(encoded(b"\xff\xfe"), id="not text"),
        pytest.param("a.\u00e4.c", id="not ASCII"),
    ],
)
def test_what_is_no_token_claims_nothing(token: str) -> None:
    assert parse_claims(token) == {}


def test_claims_that_are_nested_too_deep_are_none() -> None:
    content = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    assert parse_claims(f"a.{content}.c") == {}
