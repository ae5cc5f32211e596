# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Identify a detection script by its bytes: its author, version, and signature. Pure.

A signed script is the unchanged text, followed by the signature as a block of comments. Source:
https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_signing
"""

from __future__ import annotations

import hashlib
import re

from .. import _errors as errors
from .script import SCRIPT

# The first line of each version of the script.
MARK = re.compile(rb"# endpointops\.intune PIN reset probe (\d{1,6})\r?\n")
SIGNATURE = re.compile(r"\n*# SIG # Begin signature block\n(?:# [^\n]*\n)+# SIG # End signature block\n*")
BYTE_ORDER_MARK = "\ufeff"
LONGEST = 200_000  # bytes, according to Microsoft's page on remediations
PLAIN = SCRIPT.encode("ascii")
SIGN_HINT = (
    "Save the return value detection_script as ASCII, or as UTF-8 without a byte-order mark, sign it with Set-AuthenticodeSignature, and "
    "give the signed text unchanged as signed_script."
)


def parse_signed(text: str) -> bytes:
    """Return the bytes of a signed copy of the script; raise InvalidOptionError for anything else."""
    if text.startswith(BYTE_ORDER_MARK):
        problem = "begins with a byte-order mark, with which devices refuse the signature"
    elif not text.isascii():
        problem = "holds characters that are not ASCII, which devices read by their own code page"
    elif len(text) > LONGEST:
        problem = f"has {len(text)} characters; Intune takes {LONGEST}"
    elif not _is_signed(text):
        problem = "must be the script of this version of the collection, unchanged, with a signature block behind it"
    else:
        return text.encode("ascii")
    raise errors.InvalidOptionError(f"signed_script {problem}.", hint=SIGN_HINT, effects="none")


def is_current(content: bytes | None) -> bool:
    """Return whether this is the script of this version of the collection, signed or not."""
    return content == PLAIN or is_signed(content)


def is_signed(content: bytes | None) -> bool:
    """Return whether this is a signed copy of the script of this version. Only devices verify the signature."""
    return content is not None and content.isascii() and _is_signed(content.decode("ascii"))


def _is_signed(text: str) -> bool:
    """Ignore line endings, because saving a copy before signing can change them."""
    plain = text.replace("\r\n", "\n")
    return plain.startswith(SCRIPT) and SIGNATURE.fullmatch(plain[len(SCRIPT) :]) is not None


def is_ours(content: bytes | None) -> bool:
    """Return whether this is a script of this collection, of any version."""
    return content is not None and MARK.match(content) is not None


def label(content: bytes | None) -> str | None:
    """Return a label of a script for a difference: its version, and the first characters of its digest, or None for no script."""
    if content is None:
        return None
    mark = MARK.match(content)
    version = f"version {mark[1].decode()}" if mark else "not of this collection"
    return f"{version}{', signed' if is_signed(content) else ''}, SHA-256 {digest(content)[:16]}"


def digest(content: bytes) -> str:
    """Return the SHA-256 of a script in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
