# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Prepare external texts for messages: short, visible, and without credentials. Pure.

Values that are returned as data, such as a device's name, are unchanged.
"""

from __future__ import annotations

import functools
import re
import typing as t

SHORT = 1000  # characters of a text of the service within a message
LONGEST = 20_000  # characters of a whole message
HIDDEN = "********"

# Control characters (C0, C1, U+2028, U+2029), invisible marks and marks that change the direction of a text, and half surrogate pairs.
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")
# The header of a request, and tokens: a JWT begins with '{"' in base64, even if the text was cut off after its beginning.
CREDENTIAL = re.compile(r"\b(?i:bearer|basic)\s+[!-~]{20,}|eyJ[\w-]{8,}(?:\.[\w-]*)*", re.ASCII)
PIECE = 16  # characters of a token that are hidden separately; fewer also occur in other texts
# A visible character as JSON, a URL, or HTML may write it.
ESCAPED = re.compile(rb"\\+u00([2-7][0-9a-f])|%([2-7][0-9a-f])|&#x([2-7][0-9a-f]);|\\+/", re.IGNORECASE)
SHORT_PIECE = 8  # the same for a secret of 32 to 64 characters, of which 16 are too large a part


def clean(text: str, limit: int = LONGEST) -> str:
    """Return a text for a message: shortened, with invisible characters escaped, and without tokens.

    The text is shortened before any search. Cleaning a text twice has no further effect.
    """
    cut = text if len(text) <= limit else f"{text[:limit]}..."
    return UNSEEN.sub(lambda found: escape(found.group()), CREDENTIAL.sub(HIDDEN, cut))


def quote(text: t.Any, limit: int = SHORT) -> str:
    """Return a text of the service for a message, in one line: runs of blanks and line ends become one blank."""
    return clean(" ".join(str(text)[: limit * 2].split()), limit)


def hide_secrets(content: bytes, secrets: t.Iterable[str]) -> bytes:
    """Return an external text without the secrets of its request, of which it may contain a part, or an escaped form.

    Less than two pieces of a secret may remain; they are useless. JSON remains JSON of the same shape.
    """
    wholes = [secret.encode("utf-8", "replace") for secret in secrets]
    pieces = [piece for whole in wholes for piece in _pieces(whole)]
    if not pieces:
        return content
    # Hide whole secrets before the escapes, which may be a part of them.
    content = _hide(content, wholes)
    plain = ESCAPED.sub(_unescape, content)
    return _hide(plain if any(piece in plain for piece in pieces) else content, pieces)


def _hide(content: bytes, pieces: t.Iterable[bytes]) -> bytes:
    found = [piece for piece in pieces if piece in content]
    for piece in found:
        content = content.replace(piece, HIDDEN.encode())
    return re.sub(rb"(?:\*{8}){2,}", HIDDEN.encode(), content) if found else content


@functools.lru_cache(maxsize=16)
def _pieces(whole: bytes) -> tuple[bytes, ...]:
    """Return the secret and its pieces."""
    size = SHORT_PIECE if 4 * SHORT_PIECE <= len(whole) <= 8 * SHORT_PIECE else PIECE
    parts = (whole[start : start + size] for start in range(0, len(whole), size))
    return (whole, *(part for part in parts if len(part) == size))


def _unescape(found: re.Match[bytes]) -> bytes:
    number = found[1] or found[2] or found[3]
    sign = bytes([int(number, 16)]) if number else b"/"
    # These two would break the JSON.
    return found[0] if sign in b'"\\' else sign


def escape(character: str) -> str:
    """Return an escape that identifies a character."""
    return character.encode("unicode_escape").decode()


def join_words(words: t.Sequence[str]) -> str:
    """Return ``a``, ``a and b``, or ``a, b, and c``."""
    return " and ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])}, and {words[-1]}"
