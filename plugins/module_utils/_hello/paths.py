# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""OMA-URIs as people write them: which setting of Windows Hello for Business one means, right or wrong. Pure.

Windows compares paths letter by letter. A path that means a setting and is not exactly right sets nothing.
"""

from __future__ import annotations

import functools
import itertools
import re
import typing as t
import unicodedata
import urllib.parse

from .settings import SETTINGS, Setting

LONGEST_WRITTEN = 4000  # characters of a path that are read
LONGEST = 1000  # characters of a simplified path that are looked at
# Signs that are drawn as a slash.
SLASHES = dict.fromkeys(map(ord, "\\\u00a5\u2044\u2215\u2216\u29f5\u29f8"), "/")
DROPPED = re.compile(r"[^\w/.~{}-]|[_\u00aa\u00ba]")
# Words in a path that mean Windows Hello, whatever is around them.
WORDS = ("passportforwork", "windowshello", "pinrecovery", "pinreset")
ROOT = "passportforwork"
ROOT_ERRORS = 3  # wrong, missing, additional, or swapped letters in it
NODE_ERRORS = 2  # the same in the name of a node
SHORTEST_NODE = 12  # letters of a name that no other CSP has; a shorter one counts with the node above it
LONGEST_SPLIT = 3  # parts between slashes that a name can be split into
# Where a path goes on with a name that somebody chose: ADMX files, and the settings that they bring.
ADMX = re.compile(r"\./((Device|User)/)?Vendor/MSFT/Policy/(ConfigOperations/ADMXInstall/|Config/[^/]+~Policy~)")


def expand_uri(uri: t.Any) -> str:
    """Return an OMA-URI in its long form: ./Vendor is another way to write ./Device/Vendor."""
    return re.sub(r"^\./Vendor/", "./Device/Vendor/", str(uri))


def simplify(uri: str, *, decode: bool = True) -> tuple[str, ...]:
    """Return the parts of a path without letter case, invisible characters, blanks, quotes, and doubled or other slashes.

    ``decode``: percent escapes are read, as often as they were applied.
    """
    text, before = uri[:LONGEST_WRITTEN], ""
    while text != before:
        before, text = text, unicodedata.normalize("NFKC", urllib.parse.unquote(text) if decode else text)
    text = re.sub("//+", "/", DROPPED.sub("", text.translate(SLASHES).casefold()))[:LONGEST]
    return tuple(part for part in text.split("/") if part.strip("."))


def find_meaning(uri: t.Any) -> tuple[str, ...]:
    """Return what a path means, equal for the right path and for those that differ in spelling only.

    In spelling: letter case, blanks, slashes, the dot in front, the tenant ID in braces, Device in another form, and Policy/ or
    Policy/Config/ where Microsoft's PIN reset page prints it.
    """
    parts = [part.strip("{}") for part in simplify(str(uri))]
    scope = "user" if parts[:1] in (["user"], ["users"]) else "device"
    rest = parts[1:] if parts[:1] != ["vendor"] else parts
    for misprint in (["policy", "config"], ["policy"]):
        if rest[2 : 3 + len(misprint)] == [*misprint, ROOT]:
            rest = [*rest[:2], *rest[2 + len(misprint) :]]
    return (scope, *rest)


def is_path_of(uri: t.Any, right: str) -> bool:
    """Return whether a path means the right one of a setting, even where no device knows it."""
    return find_meaning(uri) == find_meaning(right)


@functools.lru_cache(maxsize=4096)
def means_hello(uri: str) -> bool:
    """Return whether a path means Windows Hello for Business, even a wrong one: it holds something close to the CSP or to a setting."""
    if ADMX.match(uri):
        return False
    return any(_is_close(parts) for parts in (simplify(uri), simplify(uri, decode=False)))


def _is_close(parts: tuple[str, ...]) -> bool:
    text = _letters("".join(parts))
    if any(word in text for word in WORDS):
        return True
    names = {_letters("".join(parts[first : first + size])) for first in range(len(parts)) for size in range(1, LONGEST_SPLIT + 1)}
    if any(_is_near(node, name, NODE_ERRORS) for name in names for node in NODES.get(len(name), ())):
        return True
    return _is_near(ROOT, text, ROOT_ERRORS, anywhere=True)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _node_names(setting: Setting) -> t.Iterator[str]:
    """Yield the names by which a setting is known without the CSP in front: with the node above it, and alone where that is enough."""
    above, name = setting.node.lower().split("/")[-2:]
    yield _letters(above + name)
    if len(name) >= SHORTEST_NODE:
        yield name


def _list_nodes() -> dict[int, frozenset[str]]:
    """Return the names of nodes that a name of a length may mean, by that length."""
    names = {name for setting in SETTINGS for name in _node_names(setting)}
    longest = max(map(len, names)) + NODE_ERRORS
    return {length: frozenset(name for name in names if abs(len(name) - length) <= NODE_ERRORS) for length in range(longest + 1)}


NODES = _list_nodes()


def _is_near(word: str, text: str, limit: int, *, anywhere: bool = False) -> bool:
    """Return whether a text is a word with so many errors at most. ``anywhere``: or holds it."""
    # An error changes two neighboring pieces at most: one of these is left. It spares most of the counting.
    return any(piece in text for piece in _split(word, 2 * limit + 1)) and count_errors(word, text, anywhere=anywhere) <= limit


@functools.cache
def _split(word: str, number: int) -> tuple[str, ...]:
    bounds = [len(word) * place // number for place in range(number + 1)]
    return tuple(word[first:last] for first, last in itertools.pairwise(bounds))


def count_errors(word: str, text: str, *, anywhere: bool = False) -> int:
    """Return how many letters are wrong, missing, additional, or swapped. ``anywhere``: in the part of a text that fits best."""
    before: list[int] = []
    row = [0] * (len(text) + 1) if anywhere else list(range(len(text) + 1))
    for number, letter in enumerate(word):
        next_row = [number + 1]
        for place, other in enumerate(text):
            errors = min(row[place + 1] + 1, next_row[place] + 1, row[place] + (letter != other))
            if number and place and letter == text[place - 1] and word[number - 1] == other:
                errors = min(errors, before[place - 1] + 1)
            next_row.append(errors)
        before, row = row, next_row
    return min(row) if anywhere else row[-1]
