# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Suggest the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def suggest(text: object, known: Iterable[str]) -> str:
    """Return a question with the name that was probably meant, or nothing."""
    near = get_close_matches(str(text), list(known), 1)
    return f" Did you mean '{near[0]}'?" if near else ""
