# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Read YAML as plain data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from .seed_document import Document, Path, Problem, SeedFileError, describe, make_error

TAG = "tag:yaml.org,2002:"
SCALARS = tuple(TAG + name for name in ("str", "null", "bool", "int", "float"))
# Values that aliases repeat: a few lines can expand to billions of them.
MOST_REPEATED = 10_000
# https://yaml.org/spec/1.2.2/#51-character-set
NOT_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(BASE):  # type: ignore[misc]  # which of the two classes it is shows at run time
    """Read plain scalars as YAML 1.2 does: no, on, 010, and 2026-01-05 are texts."""

    yaml_implicit_resolvers: dict[str, Any] = {}


_DIGITS = list("-0123456789")
for _name, _pattern, _first in (
    ("null", "null|~|", ["n", "~", ""]),
    ("bool", "true|false", ["t", "f"]),
    ("int", "-?(?:0|[1-9][0-9]*)", _DIGITS),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)", _DIGITS),
):
    _Loader.add_implicit_resolver(TAG + _name, re.compile(f"^(?:{_pattern})$"), _first)


def read_yaml(text: str, name: str) -> Document:
    """Return the document of a text; SeedFileError if it is empty, not YAML, or not plain data."""
    if wrong := NOT_PRINTABLE.search(text):
        place = text.count("\n", 0, wrong.start()) + 1, wrong.start() - text.rfind("\n", 0, wrong.start())
        raise SeedFileError(name, [Problem(*place, f"the character U+{ord(wrong[0]):04X} is not allowed")])
    document = Document(name)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is not None:
            document.data = _Builder(loader, document).build(node, (), ())
    except yaml.MarkedYAMLError as error:
        raise SeedFileError(name, [*document.problems, _syntax_problem(error, text)]) from None
    except RecursionError:
        raise make_error(name, "the data is nested too deeply") from None
    finally:
        loader.dispose()
    document.check()
    if document.data is None:
        raise make_error(name, "the file is empty. For a tenant without devices, write extends: empty")
    return document


def _syntax_problem(error: yaml.MarkedYAMLError, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    reason = str(error.problem or error.context)
    lines = text.splitlines()
    before = lines[line][: column + 1] if line < len(lines) else ""
    if "\t" in before and not before.strip():
        reason = "a line is indented by a tab. Use spaces"
    elif "another document" in reason:
        reason = "the file must have one document"
    else:
        reason = f"this is not YAML: {reason}"
    return Problem(line + 1, column + 1, reason)


class _Builder:
    """Convert nodes to data, and record the positions in it."""

    def __init__(self, loader: Any, document: Document) -> None:
        self._loader, self._document = loader, document
        self._built: set[int] = set()
        self._repeated = 0

    def build(self, node: yaml.Node, path: Path, above: tuple[int, ...]) -> Any:
        """Return the data of a node. `above`: the enclosing nodes."""
        document = self._document
        document.values.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
        if id(node) in above:
            document.report(path, "this value contains an alias of itself")
            return None
        self._count(node, path)
        around = (*above, id(node))
        if isinstance(node, yaml.MappingNode) and node.tag == f"{TAG}map":
            return {key: self.build(value, (*path, key), around) for key, value in self._pairs(node, path)}
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{TAG}seq":
            return [self.build(value, (*path, number), around) for number, value in enumerate(node.value)]
        return self._read_scalar(node, path)

    def _count(self, node: yaml.Node, path: Path) -> None:
        """Raise SeedFileError if aliases repeat too many values."""
        if id(node) not in self._built:
            self._built.add(id(node))
            return
        self._repeated += 1
        if self._repeated > MOST_REPEATED:
            self._document.report(path, f"aliases repeat more than {MOST_REPEATED} values of the file")
            self._document.check()

    def _pairs(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, yaml.Node]]:
        document = self._document
        seen: dict[str, int] = {}
        for key, value in node.value:
            line, column = key.start_mark.line + 1, key.start_mark.column + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag != f"{TAG}str":
                shown = describe(key.value) if isinstance(key, yaml.ScalarNode) else "a list or a mapping"
                document.problems.append(Problem(line, column, f"a key must be a text, not {shown}. Put it in quotes"))
            elif key.value in seen:
                document.problems.append(Problem(line, column, f"the key {describe(key.value)} is already in line {seen[key.value]}"))
            else:
                seen[key.value] = line
                own = (*path, key.value)
                document.keys[own] = line, column
                yield key.value, value

    def _read_scalar(self, node: yaml.Node, path: Path) -> Any:
        kind = node.tag.removeprefix(TAG)
        if node.tag not in SCALARS:
            self._document.report(path, f"the tag {describe(kind)} is not supported. Write plain data")
            return None
        try:
            return self._loader.construct_object(node)
        except (ValueError, KeyError):
            self._document.report(path, f"{describe(node.value)} cannot be read as the type {kind}")
            return None
