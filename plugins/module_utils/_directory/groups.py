# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Groups by their IDs: which of those that assignments name still exist. An assignment outlives its group."""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .._graph.client import GraphClient
from .._graph.odata import render_literal

MOST_IDS = 15  # values of an in operator. Source: https://learn.microsoft.com/graph/filter-query-parameter
GROUP = shapes.object_of({"id": shapes.identity})


def fetch_missing_groups(client: GraphClient, ids: t.Iterable[str]) -> frozenset[str] | None:
    """Return the object IDs that no group has, in lower case; null where the application may not read groups."""
    wanted = sorted({identity.lower() for identity in ids})
    try:
        found = {
            item["id"].lower()
            for start in range(0, len(wanted), MOST_IDS)
            for item in client.list_items("/groups", _render_query(wanted[start : start + MOST_IDS]), item=GROUP)
        }
    except errors.ForbiddenError:
        return None
    return frozenset(wanted) - found


def _render_query(ids: t.Iterable[str]) -> dict[str, str]:
    return {"$filter": f"id in ({','.join(map(render_literal, ids))})", "$select": "id"}
