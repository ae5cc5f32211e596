# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
import typing as t
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._text import HIDDEN, LONGEST, SHORT, UNSEEN, clean, hide_secrets, quote
from tests.support.fakes import jwt

TOKEN = jwt(roles=["Device.Read.All"], name="x" * 40)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("PC-1", "PC-1", id="nothing odd"),
        pytest.param("Büro 1 \U0001f600", "Büro 1 \U0001f600", id="other alphabets"),
        pytest.param("a\x1b[31mb", "a\\x1b[31mb", id="case 21: ESC"),
        pytest.param("a\r\nok: [x]\tb", "a\\r\\nok: [x]\\tb", id="case 21: line ends"),
        pytest.param("a\x00\x7f\x85\x9bb", "a\\x00\\x7f\\x85\\x9bb", id="case 21: C0 and C1"),
        pytest.param("a\u2028b\u2029c", "a\\u2028b\\u2029c", id="case 21: line separators"),
        pytest.param("\u202egnp.exe\u2066\u200f", "\\u202egnp.exe\\u2066\\u200f", id="case 21: direction"),
        pytest.param("a\u200bb\ufeff\xad\u2060", "a\\u200bb\\ufeff\\xad\\u2060", id="case 21: what cannot be seen"),
        pytest.param("a\ud800b", "a\\ud800b", id="case 21: half a character"),
        pytest.param(f"Bearer {TOKEN} is wrong", f"{HIDDEN} is wrong", id="case 21: the header"),
        pytest.param(f"Authorization: bearer\t{TOKEN}", f"Authorization: {HIDDEN}", id="case 21: the header in small letters"),
        pytest.param(f"token={TOKEN}", f"token={HIDDEN}", id="case 21: a token"),
        pytest.param(f"\\n{TOKEN}", f"\\n{HIDDEN}", id="case 21: a token behind an escape"),
        pytest.param(TOKEN[:30], HIDDEN, id="case 21: the beginning of a token"),
        pytest.param(f"{TOKEN.rpartition('.')[0]}.", HIDDEN, id="case 21: a token without its signature"),
        pytest.param("Basic authentication is off, bearer tokens too", "Basic authentication is off, bearer tokens too", id="plain words"),
    ],
)
def test_a_text_is_shown_safely(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(st.text())
def test_nothing_unseen_is_left_and_twice_is_once(text: str) -> None:
    once = clean(text)
    assert not UNSEEN.search(once) and clean(once) == once


def test_case_20_a_text_is_cut_before_it_is_searched() -> None:
    assert clean("x" * (LONGEST + 1)) == "x" * LONGEST + "..."
    assert quote("a" + " " * 80_000 + "b") == "a"
    assert quote("first\r\n   second\u2028third") == "first second third"
    assert len(quote("word " * 10_000)) == SHORT + 3


@pytest.mark.parametrize("length", [40, 90, len(TOKEN) - 3, len(TOKEN)], ids=lambda length: f"case 21: {length} characters")
@pytest.mark.parametrize("start", [0, 45], ids=["from the beginning", "from within"])
def test_a_body_is_without_the_token_and_without_parts_of_it(length: int, start: int) -> None:
    part = TOKEN[start:length] if start < length else TOKEN[start : start + length]
    found = hide_secrets(f'{{"a": "x {part} y"}}'.encode(), [TOKEN]).decode()
    assert HIDDEN in found and found.startswith('{"a": "x ') and found.endswith(' y"}')
    assert not any(part[at : at + 32] in found for at in range(len(part) - 31))


def test_a_body_without_the_token_is_as_it_was() -> None:
    assert hide_secrets(b"opaque-token", []) == b"opaque-token"
    assert hide_secrets(b"a ok b", ["ok.token"]) == b"a ok b"
    assert hide_secrets(b"a short b", ["short"]) == f"a {HIDDEN} b".encode()


SECRET = "abc/8Q~Th1s+IsTheClientSecretValue.x=+/"


@pytest.mark.parametrize(
    "escape",
    [
        lambda text: text,
        urllib.parse.quote_plus,
        lambda text: re.sub("%..", lambda found: found.group().lower(), urllib.parse.quote_plus(text)),
        lambda text: text.replace("+", "\\u002B").replace("/", "\\/"),
        lambda text: text.replace("+", "\\\\u002b").replace("/", "\\\\/"),
        lambda text: text.replace("+", "&#x2B;"),
        lambda text: "".join(f"\\u{ord(sign):04x}" for sign in text),
    ],
    ids=["raw", "percent", "percent in small letters", "JSON", "JSON in JSON", "HTML", "JSON, all of it"],
)
@pytest.mark.parametrize("secret", [SECRET, SECRET * 20], ids=["short", "long"])
def test_an_escaped_secret_is_hidden_too(secret: str, escape: t.Callable[[str], str]) -> None:
    text = f'{{"a": "x {escape(secret)} y", "b": "\\\\ \\" %22 \\u0022 \\u005c"}}'
    found = json.loads(hide_secrets(text.encode(), [secret]))
    assert found == {**json.loads(text), "a": f"x {HIDDEN} y"}


def test_escapes_stay_where_there_is_no_secret() -> None:
    text = b'{"a": "\\u002B %2B \\/"}'
    assert hide_secrets(text, [SECRET]) == text
