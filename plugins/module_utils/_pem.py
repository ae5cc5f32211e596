# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Parse texts in PEM form: find certificates and private keys in them. Pure."""

from __future__ import annotations

import base64
import binascii
import re
import typing as t

from . import _errors as errors
from ._values import walk

MARKER = "-----BEGIN"
UNREADABLE = "holds no readable certificate in PEM or DER form"
# A block may be indented, with any or no line ends. Text around the blocks is ignored.
BLOCK = re.compile(r"-----BEGIN (X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END (?:X509 )?CERTIFICATE-----")
# A private key, rather than words about one, is recognized by the dashes of PEM, by a line with only its begin or end (a word processor may
# have changed the dashes), or by lines of base64 after its begin. Encrypted and damaged keys count too.
DASH = "[-\u2010-\u2015\u2212]"
MARK = r"(?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?"
KEY_LINE = re.compile(
    rf"PRIVATE KEY(?: BLOCK)?-{{4,}}|PuTTY-User-Key-File-\d+:|"
    rf"^[^\w\n]*(?:{DASH} ?(?:BEGIN|END) {MARK} ?{DASH}|-{{4,}} ?(?:BEGIN|END) {MARK})[^\w\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
KEY_BEGIN = re.compile(rf"BEGIN {MARK}", re.IGNORECASE)
# With digits and letters of both cases, which distinguishes it from a thumbprint.
KEY_BASE64 = re.compile(r"(?=[A-Z0-9+/]*[a-z])(?=[a-z0-9+/]*[A-Z])(?=[A-Za-z+/]*[0-9])[A-Za-z0-9+/]{40,}")
BARE_BASE64 = re.compile(r"[A-Za-z0-9+/=]{40,}")


def is_pem(text: str) -> bool:
    """Return whether a text is content in PEM form, rather than the path of a file."""
    return MARKER in text or holds_private_key(text)


def is_fragment(text: str) -> bool:
    """Return whether a text may be one line of a PEM text that was split."""
    return text.count(MARKER) != text.count("-----END") or bool(BARE_BASE64.fullmatch(text.strip()))


def holds_private_key(text: str) -> bool:
    """Return whether a text contains a private key, or the begin or end of one."""
    begin = KEY_BEGIN.search(text)
    return bool(KEY_LINE.search(text) or (begin and KEY_BASE64.search(text, begin.end())))


def parse_certificates(text: str) -> list[bytes]:
    """Return the certificates in a text as DER; raise InvalidOptionError whose message continues the text's name."""
    if holds_private_key(text):
        raise errors.InvalidOptionError("holds a private key, which must not be here and may now have to be replaced")
    blocks = [match[2] for match in BLOCK.finditer(text)]
    if not blocks:
        raise errors.InvalidOptionError(UNREADABLE)
    if MARKER in BLOCK.sub("", text):
        raise errors.InvalidOptionError("holds a part in PEM form that is not a whole certificate")
    try:
        return [base64.b64decode("".join(block.split()), validate=True) for block in blocks]
    except binascii.Error:
        # Raised without its context, which contains the text.
        raise errors.InvalidOptionError(UNREADABLE) from None


def find_private_key(value: t.Any) -> bool:
    """Return whether the value of an option contains a private key at any level."""
    return any(isinstance(item, str) and holds_private_key(item) for item in walk(value))
