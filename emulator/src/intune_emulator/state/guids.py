# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""GUIDs as text, equal to those of the uuid module but faster to make: a fleet needs some for each device."""

from __future__ import annotations

import hashlib
from uuid import UUID

NAMESPACE = UUID("6f0f1a52-3c77-5d0e-9d57-5c5d7d8e4b11")


def random_guid(bits: int) -> str:
    """Return a GUID of version 4, made from 128 random bits."""
    return _text(bits, 4)


def named_guid(namespace: UUID, name: str) -> str:
    """Return a GUID of version 5: the same for the same name."""
    digest = hashlib.sha1(namespace.bytes + name.encode(), usedforsecurity=False).digest()
    return _text(int.from_bytes(digest[:16], "big"), 5)


def stable_id(*names: object) -> str:
    """Return the same GUID for the same names, in every run."""
    return named_guid(NAMESPACE, "/".join(map(str, names)))


def _text(bits: int, version: int) -> str:
    # the four bits of the version, the two of the variant
    bits = bits & ~(0xF << 76 | 0x3 << 62) | version << 76 | 0x2 << 62
    digits = f"{bits:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
