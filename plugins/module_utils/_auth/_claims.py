# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The claims in a token, used only for diagnosis. The signature is not verified, and no decision depends on the claims."""

from __future__ import annotations

import base64

from .. import _json as shapes
from .._types import Json
from ._answers import parse_seconds

TEXT = shapes.lenient(shapes.text)
CLAIMS = shapes.object_of(
    {
        **dict.fromkeys(("tid", "appid", "azp", "scp"), TEXT),
        "roles": shapes.lenient(shapes.list_of(shapes.text)),
    }
)


def parse_claims(token: str) -> Json:
    """Return the claims of a JWT, with None for a claim of a wrong type, or an empty result for any other token."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        return CLAIMS(shapes.parse_json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))), "claims")
    except ValueError:
        return {}


def find_end(token: str) -> float | None:
    """Return the end of a JWT in seconds since the epoch, or None for another token or a JWT without an end."""
    return parse_seconds(parse_claims(token).get("exp"))
