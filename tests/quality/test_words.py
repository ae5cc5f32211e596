# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the words of all texts for people: nouns instead of clauses, no archaisms, American spelling, short sentences in errors."""

from __future__ import annotations

import ast
import collections.abc as c
import functools
import re
import typing as t

import pytest

from tests.tools.tree import ROOT, listed_files

CLAUSE = re.compile(
    r"\b(what|who|whoever|whatever)\s+(is|was|are|were|has|have|had|came|comes|becomes|became|it|they|each|a|the|of|to|may|can|does|did|cannot"
    r"|Microsoft|Intune|Graph|others?|somebody|nobody)\b",
    re.IGNORECASE,
)
ARCHAIC = re.compile(
    r"\b(in\s+vain|no\s+business|but\s+for|for\s+want\s+of|likewise|all\s+the\s+same|thereby|whoever|it\s+is\s+not\s+so|door|lane|lineup|doctor|anew)\b",
    re.IGNORECASE,
)
BRITISH = re.compile(
    r"\b(licen[c]e[sd]?|behaviours?|colours?|favour\w*|honours?|centre[sd]?|cancelling|normalis\w+|organis\w+|recognis\w+|serialis\w+|"
    r"initialis\w+|authoris\w+|summaris\w+|minimis\w+|analys(?:e|ed|es|ing)|catalogues?|fulfil|judgement)\b",
    re.IGNORECASE,
)
LONGEST_SENTENCE = 35  # words, in a message
DOCUMENTATION = {"DOCUMENTATION", "EXAMPLES", "RETURN"}
# The texts of licenses are not ours; this file contains the words that it searches for.
NOT_OURS = ("LICENSE", "LICENSES/", "emulator/LICENSE", "tests/quality/test_words.py", "tests/contract/")


@functools.cache
def texts(*suffixes: str) -> dict[str, str]:
    found = {}
    for name in listed_files():
        if name.endswith(suffixes) and not name.startswith(NOT_OURS):
            found[name] = (ROOT / name).read_text(encoding="utf-8")
    return found


def guides() -> dict[str, str]:
    return {name: text for name, text in texts(".md", ".rst").items() if not name.startswith("tests/")}


@functools.cache
def plugins() -> dict[str, ast.Module]:
    return {name: ast.parse(text) for name, text in texts(".py").items() if name.startswith("plugins/")}


def clauses(several: c.Iterable[str]) -> float:
    """Return the clauses of the kind "what was …" in 1,000 words."""
    joined = " ".join(several)
    return 1000 * len(CLAUSE.findall(joined)) / max(len(joined.split()), 1)


def documentation(tree: ast.Module, name: str) -> c.Iterator[ast.Constant]:
    """Yield the documentation that users read; a document fragment holds several, by any name."""
    is_fragment = "doc_fragments" in name
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant):
            is_read = isinstance(node.value.value, str) if is_fragment else node.targets[0].id in DOCUMENTATION
            if is_read:
                yield node.value


def docstrings(tree: ast.Module) -> c.Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.Module)) and ast.get_docstring(node) is not None:
            yield t.cast("t.Any", node.body[0]).value


def messages(tree: ast.Module, name: str) -> c.Iterator[str]:
    """Yield each text of the code that holds a blank, with … for each value."""
    passed = {id(node) for node in (*documentation(tree, name), *docstrings(tree))}
    for node in ast.walk(tree):
        if id(node) in passed:
            continue
        if isinstance(node, ast.JoinedStr):
            passed |= {id(part) for part in node.values}
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value


def test_guides_name_things_by_nouns() -> None:
    found = {name: clauses([text]) for name, text in guides().items()}
    assert {name: each for name, each in found.items() if each > 0.5} == {}


def test_documentation_of_plugins_names_things_by_nouns() -> None:
    found = [str(node.value) for name, tree in plugins().items() for node in documentation(tree, name)]
    assert len(found) > 40
    assert clauses(found) <= 1


def test_messages_name_things_by_nouns() -> None:
    assert clauses(text for name, tree in plugins().items() for text in messages(tree, name)) <= 1


@pytest.mark.parametrize("words", [ARCHAIC, BRITISH], ids=["archaic", "British"])
def test_no_text_has_a_word_that_slows_readers_down(words: re.Pattern[str]) -> None:
    found = {
        f"{name}: {match.group()}"
        for name, text in texts(".md", ".rst", ".py", ".yml", ".yaml", ".j2", ".html", ".json", ".toml", ".sh").items()
        for match in words.finditer(text)
    }
    assert not found


def test_messages_have_short_sentences() -> None:
    found = [
        f"{name}: {sentence}"
        for name, tree in plugins().items()
        if name != "plugins/module_utils/_probe/script.py"  # PowerShell, not sentences
        for text in messages(tree, name)
        for sentence in re.split(r"(?<=[.:;!?])\s", text)
        if len(sentence.split()) > LONGEST_SENTENCE
    ]
    assert not found


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (CLAUSE, "says what was done"),
        (ARCHAIC, "Waited, in vain"),
        (ARCHAIC, "all the\n  same"),
        (BRITISH, "the licence"),
        (BRITISH, "behaviour"),
    ],
)
def test_the_words_are_found(words: re.Pattern[str], text: str) -> None:
    assert words.search(text)
