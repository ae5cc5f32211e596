# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Credentials in files, with errors that name the option."""

from __future__ import annotations

from .. import _errors as errors


def read_file(option: str, path: str) -> bytes:
    """Return the content of a file; raise InvalidOptionError for one that cannot be read or is blank."""
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
