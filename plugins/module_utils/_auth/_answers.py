# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Checks of a response that contains a token, independent of the endpoint that sent it."""

from __future__ import annotations

import json
import re
import typing as t

LATEST = 1e11  # the latest valid time (seconds since the epoch, in the year 5138) and the longest valid lifetime (seconds)
TEXTS = ("access_token", "token_type", "token_endpoint", "authorization_endpoint", "issuer")
NUMBERS = ("expires_in", "ext_expires_in", "refresh_in", "expires_on")


def parse_json(text: str) -> t.Any:
    """Return the content of a JSON text, or None for any other text.

    Unlike ``_json.parse_json``, accept a number that no float can hold. The check of its member reports it, or ignores it if the member is
    not needed.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def parse_seconds(value: t.Any) -> float | None:
    """Return a number of seconds, given as a number or as text, or None for anything else."""
    if isinstance(value, str):
        return float(value) if re.fullmatch(r"\s*-?\d{1,12}(\.\d{0,9})?\s*", value) else None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < LATEST else None


def is_token(value: t.Any) -> bool:
    """Return whether a value can be a token: text that holds only characters allowed in a header."""
    return isinstance(value, str) and re.fullmatch(r"[!-~]+", value) is not None


def find_problem(content: t.Any) -> str | None:
    """Return why this is not a valid token or discovery response, or None if it is valid."""
    if not isinstance(content, dict):
        return "it is not a JSON object"
    problems = [f"its '{name}' is not text" for name in TEXTS if not isinstance(content.get(name, ""), str)]
    problems += [f"its '{name}' is not a number of seconds" for name in NUMBERS if parse_seconds(content.get(name, 0)) is None]
    if not problems and not is_token(content.get("access_token", "-")):
        return "its 'access_token' holds characters that a token cannot have"
    if not problems and content.get("token_type", "bearer").lower() != "bearer":
        return "its 'token_type' is not Bearer"
    return problems[0] if problems else None
