# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render YAML in the style of this project: short lists in one line, text wrapped, no anchors."""

from __future__ import annotations

import json
import re
import textwrap
import typing as t

import yaml

WIDTH = 132
MARKUP = re.compile(r"\b(?:[OVCEMIB]|RV)\((?:[\w.]+#\w+:)?([^()]*)\)")


def render_yaml(data: t.Mapping[str, t.Any], indent: int = 0) -> str:
    """Render a mapping of scalars, texts, lists of these, and further mappings."""
    return "".join(line + "\n" for key, value in data.items() for line in _entry(f"{key}:", value, indent))


def documented(description: str | list[str], option: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the documentation of an option, without its default."""
    return {"description": description, **{key: option[key] for key in ("type", "elements", "choices", "required") if key in option}}


def without_markup(text: str) -> str:
    """Return a text of the documentation as plain text."""
    return MARKUP.sub(r"\1", text)


def _entry(key: str, value: t.Any, indent: int) -> list[str]:
    pad = " " * indent
    if isinstance(value, dict) and value:
        return [pad + key, *render_yaml(value, indent + 2).splitlines()]
    if isinstance(value, list) and not _is_short(value):
        return [pad + key, *(line for item in value for line in _entry("-", item, indent + 2))]
    if isinstance(value, str):
        return _text(key, value, indent)
    return [f"{pad}{key} {_scalar(value)}"]


def _is_short(items: list[t.Any]) -> bool:
    """Return whether a list fits in one line: words and numbers, no sentences."""
    return all(isinstance(item, (bool, int, float)) or (isinstance(item, str) and " " not in item) for item in items)


def _scalar(value: t.Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_scalar(item) for item in value)}]"
    if isinstance(value, str):
        return value if _reads_as(f"[{value}]", [value]) else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def _text(key: str, text: str, indent: int) -> list[str]:
    """Render a text: plain if YAML allows that, else in quotes or as a block."""
    pad, deeper = " " * indent, " " * (indent + 2)
    if text.endswith("\n"):
        return [f"{pad}{key} |", *(deeper + line if line else "" for line in text.splitlines())]
    plain = _reads_as(f"key: {text}", {"key": text})
    if not plain and len(pad + key + text) + 3 <= WIDTH:
        return [f"{pad}{key} {json.dumps(text, ensure_ascii=False)}"]
    first, begin = ([], f"{pad}{key} ") if plain else ([f"{pad}{key} >-"], deeper)
    wrapped = textwrap.wrap(text, WIDTH, initial_indent=begin, subsequent_indent=deeper, break_long_words=False, break_on_hyphens=False)
    return first + wrapped


def _reads_as(text: str, value: t.Any) -> bool:
    try:
        return bool(yaml.safe_load(text) == value)
    except yaml.YAMLError:
        return False
