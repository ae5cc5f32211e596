# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scalars of expressions, and the JSON values that they allow."""

from __future__ import annotations

import math
import re
import typing as t

_DATE = r"[0-9]{4,}-(0[1-9]|1[012])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,12})?"
_ZONE = r"(Z|[+-][0-9][0-9]:[0-9][0-9])"
# A date-time that may lack a zone; no description mentions it, see supplements.py.
LOCAL_DATE_TIME = "date-time-local"
PATTERNS = {
    "date": re.compile(_DATE),
    "date-time": re.compile(f"{_DATE}T{_TIME}{_ZONE}"),
    LOCAL_DATE_TIME: re.compile(f"{_DATE}T{_TIME}{_ZONE}?"),
    "duration": re.compile(r"-?P([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+([.][0-9]+)?S)?)?"),
    "time": re.compile(_TIME),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
}
TEXTS = {"string", "base64url", "binary", *PATTERNS}
RANGES = {
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint8": (0, 2**8 - 1),
}
FLOATS = {"decimal", "double", "float"}
# JSON has no numbers for these, so OData writes words.
NUMBER_WORDS = ("-INF", "INF", "NaN")
SCALARS = {"boolean", *TEXTS, *RANGES, *FLOATS}


def find_problem(scalar: str, value: t.Any) -> str | None:
    """Return the problem of a value, or None."""
    if scalar == "boolean":
        return None if isinstance(value, bool) else "must be a boolean"
    if scalar in TEXTS:
        return _find_text_problem(scalar, value)
    if scalar in FLOATS and isinstance(value, str):
        return None if value in NUMBER_WORDS else f"must be a number or one of {', '.join(NUMBER_WORDS)}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "must be a number"
    return None if scalar in FLOATS else _find_range_problem(scalar, value)


def _find_text_problem(scalar: str, value: t.Any) -> str | None:
    if not isinstance(value, str):
        return "must be a string"
    if scalar in PATTERNS and not PATTERNS[scalar].fullmatch(value):
        return f"must be a {scalar}"
    return None


def _find_range_problem(scalar: str, value: float) -> str | None:
    minimum, maximum = RANGES[scalar]
    if not math.isfinite(value) or value != int(value):
        return "must be an integer"
    if value < minimum:
        return f"is less than the minimum of {scalar}, {minimum}"
    return f"is greater than the maximum of {scalar}, {maximum}" if value > maximum else None
