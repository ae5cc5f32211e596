# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GUIDs as text. The same as uuid makes them, but quicker: a fleet needs some for each device."""

from __future__ import annotations

import hashlib
from uuid import UUID


def random_guid(bits: int) -> str:
    """Version 4, of 128 random bits."""
    return _text(bits, 4)


def named_guid(namespace: UUID, name: str) -> str:
    """Version 5: the same for the same name."""
    digest = hashlib.sha1(namespace.bytes + name.encode(), usedforsecurity=False).digest()
    return _text(int.from_bytes(digest[:16], "big"), 5)


def _text(bits: int, version: int) -> str:
    # the four bits of the version, the two of the variant
    bits = bits & ~(0xF << 76 | 0x3 << 62) | version << 76 | 0x2 << 62
    digits = f"{bits:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
