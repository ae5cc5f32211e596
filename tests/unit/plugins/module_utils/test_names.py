# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import typing as t
import unicodedata

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.endpointops.intune.plugins.module_utils import _names as names
from ansible_collections.endpointops.intune.plugins.module_utils._names import explain_missing, fold

NIL = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("PC-1", "pc-1", True, id="other case"),
        pytest.param("PC-10", "PC-1", False, id="begins the same"),
        pytest.param("Ann@Contoso.test", "ann@contoso.test", True, id="user"),
        pytest.param("\u00c4RZTE", "\u00e4rzte", True, id="umlaut"),
        pytest.param("Stra\u00dfe", "STRASSE", False, id="two names in German"),
        pytest.param("LT-KIEL-1", "LT-\u212aIEL-1", False, id="kelvin sign"),
        pytest.param("I-1", "\u0130-1", False, id="dotted capital I"),
        pytest.param("i\u0307-1", "\u0130-1", False, id="dotted capital I and an i with a dot"),
        pytest.param("\u03a9", "\u2126", False, id="ohm sign"),
        pytest.param("\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c2", True, id="Greek with a final sigma"),
        pytest.param(None, "None", False, id="nothing is not a word"),
        pytest.param(None, "", True, id="nothing is blank"),
    ],
)
def test_names_are_compared_without_case(one: str | None, other: str, same: bool) -> None:
    assert (fold(one) == fold(other)) is same


# --- possible names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    ["PC-1", "0012345", "yes", "1e5", "2026-11-28", "\u0661", f"x{NIL}"],
    ids=["name", "zeros", "yes", "float", "date", "digit", "almost nil"],
)
def test_text_can_be_a_name(value: str) -> None:
    assert names.find_malformation(value) is None


@pytest.mark.parametrize(
    ("value", "told"),
    [
        pytest.param(5349, "5349 is not text: YAML reads 5349 from a value without quotes", id="case 3: an octal number"),
        pytest.param(True, "True is not text", id="case 3: yes"),
        pytest.param(100000.0, "100000.0 is not text", id="case 3: 1e5"),
        pytest.param(datetime.date(2026, 11, 28), "2026-11-28 is not text", id="case 3: a date"),
        pytest.param(datetime.datetime(2026, 11, 28, 4, 30), "2026-11-28 04:30:00 is not text", id="case 3: a moment"),
        pytest.param(None, "An entry is null", id="null"),
        pytest.param(["PC-1"], "An entry must be a name or an ID as text, not ['PC-1'].", id="a list in a list"),
        pytest.param({"name": "PC-1"}, "An entry must be a name or an ID as text", id="a dictionary"),
        pytest.param(b"PC-1", "b'PC-1' is not text", id="bytes"),
    ],
)
def test_what_is_not_text_is_told_with_its_value(value: t.Any, told: str) -> None:
    assert (names.find_malformation(value) or "").startswith(told)
    assert names.describe_non_text(value) == names.find_malformation(value)


@pytest.mark.parametrize("value", [NIL, f"{{{NIL}}}", f"urn:uuid:{NIL}", f" {NIL} "], ids=["plain", "braces", "urn", "spaces"])
def test_case_1_the_nil_guid_identifies_nothing(value: str) -> None:
    assert names.find_malformation(value) == f"'{value}' is the nil GUID, which stands for no ID: it identifies nothing."


@pytest.mark.parametrize("value", ["", " ", "\u00a0", "\u200b", "\u2800\u3164", "\ufeff \u00ad"])
def test_a_name_of_which_nothing_is_seen_is_blank(value: str) -> None:
    assert (names.find_malformation(value) or "").startswith("A name is blank")


# --- invisible characters -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("PC-1", None),
        ("Berlin PC 1", None),
        ("\u00c9loise\u2019s PC \U0001f600", None),
        ("a\u200bb", "U+200B zero width space at position 2"),
        ("\ufeffab", "U+FEFF byte order mark at position 1"),
        ("ab\u202c", "U+202C pop directional formatting at position 3"),
        ("a\ufe0f", "U+FE0F variation selector-16 at position 2"),
        ("LT-\u212aIEL", "U+212A kelvin sign at position 4"),
        (" ab", "a blank at its beginning"),
        ("ab ", "a blank at its end"),
        ("a  b", "several blanks in a row"),
        (
            "\u200b\u200c\u200d\u2060",
            "U+200B zero width space at position 1, U+200C zero width non-joiner at position 2, U+200D zero width joiner at "
            "position 3, and 1 more",
        ),
    ],
)
def test_characters_that_nobody_sees_are_named_with_their_places(name: str, told: str | None) -> None:
    assert names.describe_invisible(name) == told


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("PC-1", "PC-1"),
        ("\u00c9loise", "\u00c9loise"),
        ("a\u200bb", "a\\u200bb"),
        ("a\nb", "a\\nb"),
        ("a\x1b[1m", "a\\x1b[1m"),
        ("\u2028", "\\u2028"),
        ("\u212aIEL", "\\u212aIEL"),
    ],
)
def test_they_are_shown_as_escapes(name: str, shown: str) -> None:
    assert names.show(name) == shown


# --- look-alikes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("PC-1", "pc-1 "),
        ("PC 1", "PC\u00a0\u00a01"),
        ("O'Brien", "O\u2019Brien"),
        ("\u00c9", "E\u0301"),
        ("PC-1", "PC\u20111"),
        ("PC-1", "\uff30\uff23-1"),
        ("ab", "a\u00adb"),
        ('"a"', "\u201ca\u201d"),
        ("kiel", "\u212aIEL"),
        ("IZMIR", "\u0130zmir"),
    ],
)
def test_names_that_look_the_same(one: str, other: str) -> None:
    assert names.squash(one) == names.squash(other)


@pytest.mark.parametrize(("one", "other"), [("PC-1", "PC-11"), ("PC-1", "PC 1"), ("\u00c9", "E"), ("PC-1", "PC-l")])
def test_names_that_do_not(one: str, other: str) -> None:
    assert names.squash(one) != names.squash(other)


@hypothesis.given(strategies.text())
def test_what_looks_the_same_stays_so(name: str) -> None:
    assert names.squash(names.squash(name)) == names.squash(name)
    assert names.squash(names.clean(name)) == names.squash(name) == names.squash(f" {name}\u200b ")
    assert names.show(name).isprintable() or any(unicodedata.category(c) in ("Cn", "Co", "Cs") for c in names.show(name))


@hypothesis.given(strategies.text(alphabet="aZ09.-_ '\u2019\u00e9\u200b\u00a0"))
def test_the_parts_of_a_name_that_every_spelling_has(name: str) -> None:
    for spelling in (name, names.clean(name), unicodedata.normalize("NFD", name), unicodedata.normalize("NFC", name)):
        assert all(run in spelling for run in names.plain_runs(name))


def test_similar_names_are_offered_with_their_ids() -> None:
    found = [("PC-1 ", "id-1"), ("PC-1", "id-2"), ("Other", "id-3")]
    assert names.explain_missing("pc-1", found) == " Did you mean 'PC-1' (id-2) or 'PC-1 ' (id-1)? 'PC-1 ' holds a blank at its end."
    assert names.explain_missing("PC-2", found) == "" and names.suggest([]) == ""
    many = [("PC-1", f"id-{number}") for number in range(5)]
    assert names.suggest(many) == " Did you mean 'PC-1' (id-0) or 'PC-1' (id-1) or 'PC-1' (id-2), or one of 2 more?"


@pytest.mark.parametrize(
    "name",
    ['["PC-1"]', "['PC-1']", "[PC-1]", '["PC-1"', '"PC-2"]', "[PC-1", "PC-2]", " [PC-1]", "- PC-1", "[]"],
)
def test_a_name_that_looks_like_a_list_is_told(name: str) -> None:
    assert "It looks like a part of a list: give a YAML list, or names separated by commas." in explain_missing(name, ())


@pytest.mark.parametrize("name", ["PC-1", "[Ops] Berlin", "Ops [Berlin]", "-PC-1", "PC - 1", "PC-1 "])
def test_other_names_are_not(name: str) -> None:
    assert "list" not in explain_missing(name, ())


def test_a_name_that_looks_the_same_is_offered_before_those_that_are_only_close() -> None:
    assert explain_missing("Pilot ring\u200b", [("Pilot rings", "1"), ("Pilot ring", "2")]).endswith(" Did you mean 'Pilot ring' (2)?")
    assert explain_missing("Pilot rnig", [("Pilot ring", "1"), ("Other", "2")]) == " Did you mean 'Pilot ring' (1)?"
    assert explain_missing("Pilot", [("Warehouse", "1"), ("", "2")]) == ""
