# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Members of enumerations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def find_member(value: Any, members: Iterable[str]) -> str | None:
    """Return the member that a text names, or None; the service ignores letter case."""
    return {member.lower(): member for member in members}.get(value.lower()) if isinstance(value, str) else None
