# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Stored script packages of Intune's remediations.

Source: https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscript
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


def _default_scope_tags() -> list[str]:
    return ["0"]


@dataclass
class HealthScript:
    """A script package. `is_global`: one of Microsoft's own, which can only be read and assigned.

    `changes`: the times of the assignment and of each later version, after which a device runs it again.
    """

    id: str
    display_name: str
    created: datetime
    modified: datetime
    description: str | None = None
    publisher: str | None = None
    version: int = 1
    detection: bytes = b""
    remediation: bytes = b""
    run_as_account: str = "system"
    run_as_32_bit: bool = False
    enforce_signature_check: bool = False
    scope_tags: list[str] = field(default_factory=_default_scope_tags)
    is_global: bool = False
    assignments: list[dict[str, Any]] = field(default_factory=list)
    changes: list[datetime] = field(default_factory=list)
