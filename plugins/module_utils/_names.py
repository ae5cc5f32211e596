# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Check names and IDs written by people: invalid values, invisible characters, and similar names."""

from __future__ import annotations

import difflib
import itertools
import re
import typing as t
import unicodedata

from ._guid import NIL, parse_guid
from ._text import escape
from ._values import is_too_deep

MAX_LENGTH = 256  # characters
SHOWN_LENGTH = 80  # characters of a malformed name in a message
DEEPEST_SHOWN = 20  # nested lists and dictionaries; Python cannot render hundreds of levels as text
CLOSENESS = 0.85  # of 1, for names that differ by a typing error: two swapped letters of fourteen
SHOWN_MARKS = 3  # invisible characters, and similar names, in a message
# Including line ends, and half surrogate pairs, which no request can contain.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Blank characters that Unicode does not classify as format characters or blanks.
BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Names that are clearer than those of Unicode.
KNOWN_AS = {"\ufeff": "byte order mark"}
APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u02bb\u02bc\u02b9\u2032\u00b4\u0060\uff07"), "'")
QUOTES = dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u2033\uff02\u00ab\u00bb"), '"')
ALIKE = {**APOSTROPHES, **QUOTES}
# Lists as text, and the parts between their commas: text with one bracket, text enclosed in brackets, and the dash of a YAML list.
LIST = re.compile(r"\[.*\]|\[[^\]]*|[^\[]*\]|- .*")
PLAIN_RUN = re.compile(r"[A-Za-z0-9._-]+")


def describe_non_text(value: t.Any) -> str | None:
    """Return why a value is not text, with advice, or None for text."""
    if isinstance(value, str):
        return None
    if value is None:
        return "An entry is null, and must be text. Remove it, or write the name or ID in quotes."
    if isinstance(value, (list, tuple, dict, set)):
        shown = "..." if is_too_deep(value, DEEPEST_SHOWN) else str(value)[:SHOWN_LENGTH]
        return f"An entry must be a name or an ID as text, not {shown}."
    return (
        f"{value} is not text: YAML reads {value} from a value without quotes, and changes numbers with leading zeros, dates, "
        f'and words such as yes. Put it in quotes, as in "0012345", or choose the type text for the question of a survey.'
    )


def find_malformation(name: t.Any) -> str | None:
    """Return why a value cannot be a name or an ID of any object, or None if it can."""
    problem = describe_non_text(name)
    if problem:
        return problem
    if not squash(name):
        marks = describe_invisible(name)
        return f"A name is blank: it holds nothing but {marks}." if marks else "A name is blank."
    if len(name) > MAX_LENGTH:
        return f"A name is {len(name)} characters long, and {MAX_LENGTH} is the most: {name[:40]!r}..."
    if CONTROL.search(name):
        return f"A name holds control characters: {name[:SHOWN_LENGTH]!r}."
    if parse_guid(name) == NIL:
        return f"'{name}' is the nil GUID, which stands for no ID: it identifies nothing."
    return None


# --- invisible characters -------------------------------------------------------------------------------------------


def is_invisible(character: str) -> bool:
    """Return whether a character is invisible on a screen, or looks like a blank."""
    if character < "\x7f":
        return False
    return (
        character in BLANK_LETTERS
        or unicodedata.category(character) in ("Cf", "Zs", "Zl", "Zp", "Cc")
        or unicodedata.name(character, "").startswith("VARIATION SELECTOR")
    )


def is_disguised(character: str) -> bool:
    """Return whether a character is invisible, or a symbol that looks like a letter, such as the kelvin sign."""
    return is_invisible(character) or (_is_no_capital(character) and unicodedata.normalize("NFKC", character) != character)


def show(name: str) -> str:
    """Return a name for a message, with invisible and misleading characters as escapes.

    These are more characters than ``_text.clean`` escapes in all messages: that prevents harm, but names must also be distinguishable.
    """
    if name.isascii() and not CONTROL.search(name):
        return name
    return "".join(escape(character) if is_disguised(character) or CONTROL.match(character) else character for character in name)


def describe_invisible(name: str) -> str | None:
    """Return the invisible and misleading characters of a name with their positions, or None if it has none."""
    found = [
        f"U+{ord(character):04X} {_name_of(character)} at position {place}"
        for place, character in enumerate(name, 1)
        if is_disguised(character)
    ]
    for place, text in ((1, "a blank at its beginning"), (-1, "a blank at its end")):
        if name.strip(" ") and name[0 if place == 1 else -1] == " ":
            found.append(text)
    if re.search(r"\S {2,}\S", name):
        found.append("several blanks in a row")
    if not found:
        return None
    more = f", and {len(found) - SHOWN_MARKS} more" if len(found) > SHOWN_MARKS else ""
    return ", ".join(found[:SHOWN_MARKS]) + more


def _name_of(character: str) -> str:
    return KNOWN_AS.get(character) or unicodedata.name(character, "character without a name").lower()


# --- similar names --------------------------------------------------------------------------------------------------


def fold(value: t.Any) -> str:
    """Return a property or a name for a comparison that ignores case as the services do. Not casefold, which equates straße and strasse.

    A character that is not the uppercase of its lowercase letter, such as the kelvin sign for k, is unchanged.
    """
    text = str(value or "")
    if text.isascii():
        return text.lower()
    return "".join("".join(part) if is_odd else "".join(part).lower() for is_odd, part in itertools.groupby(text, _is_no_capital))


def _is_no_capital(character: str) -> bool:
    small = character.lower()
    return small != character and small.upper() != character


def squash(name: str) -> str:
    """Return the visible form of a name: equal for names that differ only in case, blanks, quotes, or invisible characters."""
    if name.isascii():
        return " ".join(name.lower().replace("`", "'").split())
    seen = "".join(" " if unicodedata.category(character) == "Zs" else character for character in name)
    seen = "".join(character for character in seen if character == " " or not is_invisible(character)).translate(ALIKE)
    dashes = "".join("-" if unicodedata.category(character) == "Pd" else character for character in seen)
    # A dotted capital I becomes an i with a dot.
    return " ".join(unicodedata.normalize("NFKC", dashes).casefold().replace("i\u0307", "i").split())


def clean(name: str) -> str:
    """Return a name in the spelling of most tools: composed, straight quotes, single blanks, no invisible characters."""
    seen = "".join(" " if unicodedata.category(character) == "Zs" else character for character in name)
    seen = "".join(character for character in seen if character == " " or not is_invisible(character)).translate(ALIKE)
    return " ".join(unicodedata.normalize("NFC", seen).split())


def plain_runs(name: str, most: int = 3) -> list[str]:
    """Return the longest parts that are the same in every spelling of a name: ASCII letters, digits, and a few signs."""
    # A letter before a combining mark, or composed with one, can be written in two ways.
    decomposed = unicodedata.normalize("NFD", name)
    kept = re.sub(r".[\u0300-\u036f]+", " ", decomposed)
    return sorted(dict.fromkeys(PLAIN_RUN.findall(kept)), key=len, reverse=True)[:most]


def suggest(candidates: t.Iterable[tuple[str, str]]) -> str:
    """Return a question that suggests these objects, each a name and an ID; '' for none."""
    found = sorted(set(candidates))
    if not found:
        return ""
    shown = " or ".join(f"'{show(name)}' ({identity})" for name, identity in found[:SHOWN_MARKS])
    more = f", or one of {len(found) - SHOWN_MARKS} more" if len(found) > SHOWN_MARKS else ""
    return f" Did you mean {shown}{more}?"


def explain_missing(name: str, candidates: t.Iterable[tuple[str, str]]) -> str:
    """Return hints for a name that no object has: its invisible characters, and similar names."""
    marks = describe_invisible(name)
    found = _find_similar(name, list(candidates))
    hidden = [
        f" '{show(other)}' holds {seen}." for other, _identity in sorted(set(found))[:SHOWN_MARKS] if (seen := describe_invisible(other))
    ]
    return (f" The name holds {marks}." if marks else "") + _describe_list(name) + suggest(found) + "".join(hidden)


def _find_similar(name: str, candidates: t.Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the names that look the same as a name, or else those that differ by a typing error."""
    seen = [squash(other) for other, _identity in candidates]
    close = {squash(name)} if squash(name) in seen else {*difflib.get_close_matches(squash(name), seen, SHOWN_MARKS, CLOSENESS)}
    return [candidate for candidate, other in zip(candidates, seen, strict=True) if other in close]


def _describe_list(name: str) -> str:
    """Return advice on a name that is a list as text, or a part of one; '' for others. Such a name may exist."""
    return " It looks like a part of a list: give a YAML list, or names separated by commas." if LIST.fullmatch(name.strip()) else ""
