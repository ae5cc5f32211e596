# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Read JSON that can be written again: the standard library also reads NaN, Infinity, and halves of surrogate pairs."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

# The greatest depth of lists and objects in each other.
MOST_DEPTH = 100
MOST_INTEGER = 2**63


def parse_json(raw: bytes) -> Any:
    """Return the value of a JSON text; ValueError when it is not one, or when it cannot be written as one."""
    text = raw.decode("utf-8-sig")
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_read_float, parse_int=_read_integer)
    except RecursionError:
        raise ValueError(f"the JSON must not be nested more than {MOST_DEPTH} times") from None
    if raw.count(b"[") + raw.count(b"{") > MOST_DEPTH and _is_deeper(value, MOST_DEPTH):
        raise ValueError(f"the JSON must not be nested more than {MOST_DEPTH} times")
    if "\\u" in text:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("the JSON must not contain a half of a surrogate pair") from None
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _read_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:20]} is too large")
    return value


def _read_integer(text: str) -> int:
    # first the length: Python refuses to read thousands of digits
    value = int(text) if len(text) <= 20 else MOST_INTEGER
    if not -MOST_INTEGER <= value < MOST_INTEGER:
        raise ValueError(f"the number {text[:20]} is too large")
    return value


def _is_deeper(value: Any, depth: int) -> bool:
    """Return whether lists and objects are nested more than so many times."""
    level = [value]
    for _number in range(depth):
        items = (item for each in level for item in (each.values() if isinstance(each, dict) else each))
        level = [item for item in items if isinstance(item, (list, dict))]
    return bool(level)
