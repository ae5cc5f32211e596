# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Request headers that change the response of Graph but not that of the emulator.

Graph ignores unknown headers, and no request fails because of one; the emulator behaves in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass

from .message import GraphRequest

UPSERT = "create-if-missing"
_ETAGS = "objects have no ETags here, so the request is not conditional"
IGNORED = {
    "if-match": _ETAGS,
    "if-none-match": _ETAGS,
    # https://learn.microsoft.com/graph/aad-advanced-queries
    "consistencylevel": "advanced queries are not emulated, and others do not depend on it",
    # https://learn.microsoft.com/graph/throttling-limits
    "x-ms-throttle-priority": "all requests are throttled with the same priority",
}


@dataclass(frozen=True)
class Ignored:
    """An unsupported header, and the reason."""

    header: str
    reason: str


def find_ignored(request: GraphRequest) -> list[Ignored]:
    """Return the unsupported headers of a request."""
    headers = request.headers
    found = [Ignored(name, reason) for name, reason in IGNORED.items() if name in headers]
    if "prefer" in headers:
        found += [Ignored("prefer", f"preference {name} is not followed") for name in _preferences(headers["prefer"], request)]
    if "odata.metadata=" in headers.get("accept", "") and "odata.metadata=minimal" not in headers["accept"]:
        found.append(Ignored("accept", "responses have the minimal metadata only"))
    return found


def _preferences(value: str, request: GraphRequest) -> list[str]:
    """Return the preferences that have no effect on this request.

    Source: https://learn.microsoft.com/graph/best-practices-concept, and the pages of the calls that create missing objects
    """
    names = [part.partition(";")[0].strip() for part in value.split(",")]
    is_upsert = request.method == "PATCH" and "='" in request.path
    return [name for name in dict.fromkeys(names) if name and not (is_upsert and name.lower() == UPSERT)]
