# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Stored export jobs of reports."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


def _new_signature() -> str:
    """Return a signature that begins with ++//, so that an address that was decoded in transit never matches."""
    return base64.b64encode(b"\xfb\xef\xff" + secrets.token_bytes(29)).decode()


@dataclass
class ExportJob:
    """`policy_id`: from the filter. `reads`: number of reads. `signature`: secret part of the address of the result."""

    id: str
    sent: dict[str, Any]
    policy_id: str
    requested: datetime
    reads: int = 0
    signature: str = field(default_factory=_new_signature)
    status: str = "notStarted"
    completed_reads: int = 0
    expires: datetime | None = None
    content: bytes = b""
