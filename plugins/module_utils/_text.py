# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Texts of others in our messages: short, visible, and without credentials. Pure.

Values that are returned as data, such as a device's name, stay as they are.
"""

from __future__ import annotations

import functools
import re
import typing as t

SHORT = 1000  # characters of a text of the service within a message
LONGEST = 20_000  # characters of a whole message
HIDDEN = "********"

# Control characters (C0, C1, U+2028, U+2029), marks that change the direction of a text or cannot be seen, and halves of characters.
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")
# The header of a request, and tokens: a JWT begins with '{"' in base64, also where the text was cut off after its beginning.
CREDENTIAL = re.compile(r"\b(?i:bearer|basic)\s+[!-~]{20,}|eyJ[\w-]{8,}(?:\.[\w-]*)*", re.ASCII)
PIECE = 16  # characters of a token that are hidden by themselves: fewer also occur in other texts


def clean(text: str, limit: int = LONGEST) -> str:
    """Return a text as a message can hold it: cut off, with characters escaped that cannot be seen, and without tokens.

    The text is cut before anything searches it. To clean a text twice is the same as once.
    """
    cut = text if len(text) <= limit else f"{text[:limit]}..."
    return UNSEEN.sub(_escape, CREDENTIAL.sub(HIDDEN, cut))


def quote(text: t.Any, limit: int = SHORT) -> str:
    """Return a text of the service for a message, in one line: runs of blanks and line ends become one blank."""
    return clean(" ".join(str(text)[: limit * 2].split()), limit)


def hide_token(content: bytes, token: str | None) -> bytes:
    """Return the body of a response without the token of its request, of which it may hold a part as well.

    Less than two pieces of a token may be left: they are of no use.
    """
    found = [piece for piece in _pieces(token or "") if piece in content]
    for piece in found:
        content = content.replace(piece, HIDDEN.encode())
    return re.sub(rb"(?:\*{8}){2,}", HIDDEN.encode(), content) if found else content


@functools.lru_cache(maxsize=8)
def _pieces(token: str) -> tuple[bytes, ...]:
    secret = token.encode("utf-8", "replace")
    pieces = (secret[start : start + PIECE] for start in range(0, len(secret), PIECE))
    return tuple(piece for piece in pieces if len(piece) == PIECE or piece == secret)


def _escape(found: re.Match[str]) -> str:
    number = ord(found.group())
    return {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}.get(number, f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}")
