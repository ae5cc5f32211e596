# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Find the setting of Windows Hello for Business that an OMA-URI means, correct or not. Pure.

Windows compares paths letter by letter. A path that means a setting but is not exactly correct has no effect.
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
LONGEST = 1000  # characters of a simplified path that are compared
# Characters that look like a slash.
SLASHES = dict.fromkeys(map(ord, "\\\u00a5\u2044\u2215\u2216\u29f5\u29f8"), "/")
DROPPED = re.compile(r"[^\w/.~{}-]|[_\u00aa\u00ba]")
# Words in a path that mean Windows Hello in any context.
WORDS = ("passportforwork", "windowshello", "pinrecovery", "pinreset")
ROOT = "passportforwork"
ROOT_ERRORS = 3  # wrong, missing, additional, or swapped letters in the root
NODE_ERRORS = 2  # the same in the name of a node
SHORTEST_NODE = 12  # letters of a name that is specific enough; a shorter one is only compared together with its parent node
LONGEST_SPLIT = 3  # maximum number of parts that slashes may split a name into
# Paths that continue with a freely chosen name: ADMX files and the settings that they define.
ADMX = re.compile(r"\./((Device|User)/)?Vendor/MSFT/Policy/(ConfigOperations/ADMXInstall/|Config/[^/]+~Policy~)")


def expand_uri(uri: t.Any) -> str:
    """Return an OMA-URI in its long form. ./Vendor is another way to write ./Device/Vendor."""
    return re.sub(r"^\./Vendor/", "./Device/Vendor/", str(uri))


def simplify(uri: str, *, decode: bool = True) -> tuple[str, ...]:
    """Return the parts of a path without letter case, invisible characters, blanks, quotes, and doubled or other slashes.

    ``decode``: also decode percent escapes, repeatedly if needed.
    """
    text, before = uri[:LONGEST_WRITTEN], ""
    while text != before:
        before, text = text, unicodedata.normalize("NFKC", urllib.parse.unquote(text) if decode else text)
    text = re.sub("//+", "/", DROPPED.sub("", text.translate(SLASHES).casefold()))[:LONGEST]
    return tuple(part for part in text.split("/") if part.strip("."))


def find_meaning(uri: t.Any) -> tuple[str, ...]:
    """Return the meaning of a path, which is equal for the correct path and for those with only a different spelling.

    Differences in spelling: letter case, blanks, slashes, the leading dot, the tenant ID in braces, Device in another form, and Policy/ or
    Policy/Config/ at the position where Microsoft's PIN reset page prints it.
    """
    parts = [part.strip("{}") for part in simplify(str(uri))]
    scope = "user" if parts[:1] in (["user"], ["users"]) else "device"
    rest = parts[1:] if parts[:1] != ["vendor"] else parts
    for misprint in (["policy", "config"], ["policy"]):
        if rest[2 : 3 + len(misprint)] == [*misprint, ROOT]:
            rest = [*rest[:2], *rest[2 + len(misprint) :]]
    return (scope, *rest)


def is_path_of(uri: t.Any, right: str) -> bool:
    """Return whether a path means the correct path of a setting, even if no device accepts it."""
    return find_meaning(uri) == find_meaning(right)


@functools.lru_cache(maxsize=4096)
def means_hello(uri: str) -> bool:
    """Return whether a path, even with errors, means Windows Hello for Business: it contains something similar to the CSP or a setting."""
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
    """Yield the names that identify a setting without the CSP: with its parent node, and alone if the name is specific enough."""
    above, name = setting.node.lower().split("/")[-2:]
    yield _letters(above + name)
    if len(name) >= SHORTEST_NODE:
        yield name


def _list_nodes() -> dict[int, frozenset[str]]:
    """Return the names of nodes that a name may mean, by the length of that name."""
    names = {name for setting in SETTINGS for name in _node_names(setting)}
    longest = max(map(len, names)) + NODE_ERRORS
    return {length: frozenset(name for name in names if abs(len(name) - length) <= NODE_ERRORS) for length in range(longest + 1)}


NODES = _list_nodes()


def _is_near(word: str, text: str, limit: int, *, anywhere: bool = False) -> bool:
    """Return whether a text equals a word with at most this number of errors. ``anywhere``: or contains it."""
    # An error changes at most two neighboring pieces, so one of these pieces remains. This avoids most of the counting.
    return any(piece in text for piece in _split(word, 2 * limit + 1)) and count_errors(word, text, anywhere=anywhere) <= limit


@functools.cache
def _split(word: str, number: int) -> tuple[str, ...]:
    bounds = [len(word) * place // number for place in range(number + 1)]
    return tuple(word[first:last] for first, last in itertools.pairwise(bounds))


def count_errors(word: str, text: str, *, anywhere: bool = False) -> int:
    """Return the number of wrong, missing, additional, or swapped letters. ``anywhere``: in the part of the text that fits best."""
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
