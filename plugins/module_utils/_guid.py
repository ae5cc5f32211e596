# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Parse GUIDs as people write them into the form for Microsoft Graph."""

from __future__ import annotations

import re
import typing as t

PATTERN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NIL = "00000000-0000-0000-0000-000000000000"  # Graph's value for no ID


def parse_guid(text: str) -> str | None:
    """Return a GUID in lower case, without braces or the prefix urn:uuid:, or None for any other text."""
    plain = text.strip().lower().removeprefix("urn:uuid:").strip("{}")
    return plain if PATTERN.fullmatch(plain) else None


def parse_identity(value: t.Any) -> str | None:
    """Return an ID from the service in lower case, or None if it identifies nothing: not text, blank, or the nil GUID."""
    if not isinstance(value, str) or not value.strip():
        return None
    plain = value.strip().lower()
    return None if parse_guid(plain) == NIL else plain
