# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Read the names of groups by ID. A group without a name in the result no longer exists; its assignments remain."""

from __future__ import annotations

import typing as t

from .. import _json as shapes
from .._graph.client import GraphClient
from .._graph.odata import render_literal
from .._http.message import Request

MOST_IDS = 15  # values of an in operator. Source: https://learn.microsoft.com/graph/filter-query-parameter
GROUP = shapes.object_of({"id": shapes.identity, "displayName": shapes.lenient(shapes.text)})


def fetch_group_names(client: GraphClient, ids: t.Iterable[str]) -> dict[str, str]:
    """Return the display names of groups by object ID in lower case, without groups that do not exist."""
    return {
        item["id"].lower(): item.get("displayName") or item["id"].lower()
        for query in _render_queries(ids)
        for item in client.list_items("/groups", query, item=GROUP)
    }


def render_name_requests(client: GraphClient, ids: t.Iterable[str]) -> list[Request]:
    """Return the requests of ``fetch_group_names``."""
    return [client.request("GET", "/groups", query) for query in _render_queries(ids)]


def _render_queries(ids: t.Iterable[str]) -> t.Iterator[dict[str, str]]:
    wanted = sorted({identity.lower() for identity in ids})
    for start in range(0, len(wanted), MOST_IDS):
        some = ",".join(map(render_literal, wanted[start : start + MOST_IDS]))
        yield {"$filter": f"id in ({some})", "$select": "id,displayName"}
