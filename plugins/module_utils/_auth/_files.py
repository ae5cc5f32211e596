# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Credentials read from files and texts. Errors name the option and never show the content."""

from __future__ import annotations

import re

from .. import _errors as errors

UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_file(option: str, path: str) -> bytes:
    """Return the content of a file; raise InvalidOptionError if it cannot be read or is blank."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except (OSError, ValueError) as failure:
        raise errors.InvalidOptionError(
            f"{option} '{path}' cannot be read: {getattr(failure, 'strerror', None) or failure}.",
            hint="The file is read on the host that runs the module, by the user who runs it.",
        ) from failure
    if not content.strip():
        raise errors.InvalidOptionError(f"{option} '{path}' is empty.", hint="Check what writes this file.")
    return content


def read_token(option: str, path: str) -> str:
    """Return the token in a file; raise InvalidOptionError if the file contains anything else."""
    content = read_file(option, path)
    if content.startswith(UTF_16) or b"\0" in content:
        raise errors.InvalidOptionError(
            f"{option} '{path}' is UTF-16 text.",
            hint="Write the file as ASCII, without a byte order mark (in Windows PowerShell: Out-File -Encoding ascii).",
        )
    return validate_token(f"{option} '{path}'", content.decode("utf-8", errors="replace"))


def validate_token(name: str, text: str) -> str:
    """Return a token without surrounding blanks; raise InvalidOptionError, which describes the text, if it cannot be a token."""
    token = text.strip()
    others = (
        (token.startswith("\ufeff"), "begins with a byte order mark", "Write it as ASCII or UTF-8 without a byte order mark."),
        (token[:1] in ("{", "["), "is JSON", "Give the token in it alone: for GitHub the member 'value', for others 'access_token'."),
        (token[:1] in ("'", '"') or token[-1:] in ("'", '"'), "stands in quotes", "Give it without them."),
        (token[:7].lower() == "bearer ", "begins with the word Bearer", "Give the token alone."),
        (token.startswith("-----BEGIN"), "is PEM and no token", "Set client_certificate_path for a certificate."),
        # Neither a header nor a token can contain other characters.
        (not re.fullmatch(r"[!-~]+", token), "holds blanks or characters that no token has", "Check how it was copied."),
    )
    for found, what, hint in others:
        if found:
            raise errors.InvalidOptionError(f"{name} {what}.", hint=hint)
    return token
