# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The data of a seed file with the positions of its values, so that messages can name them."""

from __future__ import annotations

import pathlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from .suggestions import suggest

Path = tuple[str | int, ...]
Place = tuple[int, int]
MOST_SHOWN = 15
MOST_CHARACTERS = 60
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, order=True)
class Problem:
    """A mistake in a file, and its position. `line` and `column` count from 1; line 0: the file as a whole."""

    line: int
    column: int
    text: str

    def render(self, name: str) -> str:
        """Return the line that names the file, the position, and the mistake."""
        return f"{name}:{self.line}:{self.column}: {self.text}" if self.line else f"{name}: {self.text}"


class SeedFileError(ValueError):
    """All mistakes of a file."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        self.problems = sorted(set(problems))
        more = len(self.problems) - MOST_SHOWN
        last = [f"{name}: {more} more problems"] if more > 0 else []
        super().__init__("\n".join([*(problem.render(name) for problem in self.problems[:MOST_SHOWN]), *last]))


@dataclass
class Document:
    """The data of a file. `values` and `keys`: positions by the path of a value."""

    name: str
    data: Any = None
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def report(self, path: Path, text: str, *, key: bool = False) -> None:
        """Add a problem with a value, or with its key."""
        place = (self.keys.get(path) if key else None) or self._find_place(path)
        self.problems.append(Problem(*place, text))

    def _find_place(self, path: Path) -> Place:
        """Return the position of a value, or of the nearest enclosing one in the file."""
        return next((self.values[path[:length]] for length in range(len(path), -1, -1) if path[:length] in self.values), (1, 1))

    def check(self) -> None:
        """Raise SeedFileError if there are problems."""
        if self.problems:
            raise SeedFileError(self.name, self.problems)


def read_text(path: pathlib.Path) -> str:
    """Return the text of a file, without a byte order mark; SeedFileError if the file is not readable or not UTF-8."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise make_error(str(path), f"the file cannot be read: {error.strerror}") from None
    if data.startswith(UTF_16):
        raise make_error(str(path), "the file must be UTF-8, not UTF-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise SeedFileError(str(path), [Problem(line, column, f"the file must be UTF-8: byte 0x{data[error.start]:02x} is not")]) from None


def make_error(name: str, text: str) -> SeedFileError:
    """Return the error about a file as a whole."""
    return SeedFileError(name, [Problem(0, 0, text)])


def describe(value: object) -> str:
    """Return a value as a message shows it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    shown = str(value) if len(str(value)) <= MOST_CHARACTERS else f"{str(value)[:MOST_CHARACTERS]}…"
    return f"'{shown}'" if isinstance(value, str) else f"the number {shown}"


def describe_unknown(what: str, name: str, known: Collection[str], allowed: str = "") -> str:
    """Return the message about an unknown name. `allowed`: words for names that are too many to list."""
    listed = f"It must be {allowed or 'one of ' + ', '.join(known)}"
    return f"unknown {what} {describe(name)}.{suggest(name, known) or ' ' + listed}"
