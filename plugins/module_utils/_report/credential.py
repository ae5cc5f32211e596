# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Render the end of the credential in use for the report: a finding if it ends soon, and a row of the coverage. Pure."""

from __future__ import annotations

import collections
import typing as t

from .._types import Json
from .findings import make_anchor
from .tasks import CREDENTIALS, make_credential_task
from .words import tell

CODE = "credential_expires_soon"
NOT_ASKED = "When the credential ends was not asked."


def make_findings(credential: Json | None, client_id: str | None, read: str) -> list[Json]:
    """Return the finding about a credential of this application that ends soon; empty if it does not. ``read``: the time of reading."""
    if not credential or credential.get("expires_soon") is not True:
        return []
    title, address = CREDENTIALS
    return [
        {
            "code": CODE,
            "severity": "warning",
            "message": tell(credential.get("message")),
            "hint": tell(credential.get("hint")),
            "evidence": [],
            "read": read,
            "affected": {"devices": None, "text": "everything that signs in with this credential"},
            "task": make_credential_task(str(credential.get("kind")), client_id),
            "link": {"title": title, "url": address},
            "anchor": make_anchor("finding", {"code": CODE}, collections.Counter()),
        }
    ]


def describe(credential: Json | None) -> Json | None:
    """Return the credential for the report, or None if it was not requested."""
    return {name: credential.get(name) for name in ("kind", "expires", "days_left", "expires_soon")} if credential else None


def describe_coverage(credential: Json | None) -> tuple[str, str]:
    """Return whether the end of the credential is known, and the end as text."""
    if not credential:
        return "unknown", NOT_ASKED
    state: t.Literal["yes", "unknown"] = "unknown" if credential.get("expires_soon") is None else "yes"
    return state, tell(credential.get("message"))
