# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that the emulated tenant and the collection share no code, because their licenses differ and neither may need the other."""

from __future__ import annotations

import io
import pathlib
import re
import tokenize

import pytest

ROOT = pathlib.Path(__file__).parents[2]
EMULATOR = sorted((ROOT / "emulator" / "src").rglob("*.py"))
PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))
# So many equal lines in a row are no coincidence.
BLOCK = 8


def normalized(text: str) -> list[str]:
    """Return lines of code without comments, indentation, spaces, and blank lines."""
    lines: dict[int, list[str]] = {}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            for number, part in enumerate(token.string.split("\n"), token.start[0]):
                lines.setdefault(number, []).append(part.strip())
    return [line for line in ("".join(lines[number]) for number in sorted(lines)) if line]


def blocks(text: str) -> set[tuple[str, ...]]:
    lines = normalized(text)
    return {tuple(lines[start : start + BLOCK]) for start in range(len(lines) - BLOCK + 1)}


def test_they_have_no_code_in_common():
    assert EMULATOR and PLUGINS
    theirs: dict[tuple[str, ...], str] = {}
    for path in PLUGINS:
        theirs.update(dict.fromkeys(blocks(path.read_text(encoding="utf-8")), str(path.relative_to(ROOT))))
    same = {
        (str(path.relative_to(ROOT)), theirs[block], block[0])
        for path in EMULATOR
        for block in blocks(path.read_text(encoding="utf-8"))
        if block in theirs
    }
    assert not same


def test_code_in_common_would_be_found():
    path = PLUGINS[-1]
    copied = path.read_text(encoding="utf-8").replace("    ", "\t").replace("\n", "  # copied\n", 3)
    assert blocks(path.read_text(encoding="utf-8")) & blocks(re.sub(r"(?m)^(#.*)$", "# MIT", copied))


@pytest.mark.parametrize(
    ("paths", "other"),
    [(PLUGINS, r"intune_emulator"), (EMULATOR, r"ansible|ansible_collections|msal|tests")],
    ids=["plugins", "emulator"],
)
def test_neither_imports_the_other(paths, other):
    pattern = re.compile(rf"^\s*(?:from|import)\s+(?:{other})\b", re.MULTILINE)
    assert paths and not [str(path) for path in paths if pattern.search(path.read_text(encoding="utf-8"))]
