# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The calls for the probe. Microsoft Graph has remediations in its beta version only."""

from __future__ import annotations

from .. import _errors as errors
from .._graph.client import BETA, GraphClient
from .._graph.odata import render_path
from .._http.message import Request
from .._names import show
from .model import LISTED, SCHEDULED, SCRIPT_PACKAGE, Found, parse_found

PATH = "/deviceManagement/deviceHealthScripts"
EXPAND = {"$expand": "assignments"}


def fetch_probes(client: GraphClient) -> list[Found]:
    """Return the tenant's remediations without scripts and assignments, which the list does not show. Microsoft's own are left out.

    They are filtered here: the service does not filter them reliably.
    """
    return [parse_found(raw) for raw in client.list_items(PATH, version=BETA, item=LISTED) if not raw.get("isGlobalScript")]


def render_list_request(client: GraphClient) -> Request:
    """Return the request of the first page of ``fetch_probes``."""
    return client.request("GET", PATH, version=BETA)


def find_probe(client: GraphClient, name: str) -> Found | None:
    """Return the remediation of exactly this name, with its script and assignments; raise SelectionError where several have it."""
    return choose_probe(client, fetch_probes(client), name)


def choose_probe(client: GraphClient, listed: list[Found], name: str) -> Found | None:
    """Return the one of exactly this name among those of the list, with its script and assignments."""
    found = [probe for probe in listed if probe.name == name]
    if len(found) > 1:
        ids = ", ".join(sorted(probe.id for probe in found))
        raise errors.SelectionError(
            f"Several remediations are named '{show(name)}': {ids}.",
            hint="Delete or rename all but one in the Intune admin center, or choose another name.",
            effects="none",
        )
    return fetch_probe(client, found[0].id) if found else None


def render_probe_request(client: GraphClient, identity: str) -> Request:
    """Return the request of ``fetch_probe``."""
    return client.request("GET", PATH + render_path(identity), EXPAND, version=BETA)


def fetch_probe(client: GraphClient, identity: str) -> Found | None:
    """Return the remediation of an ID, with its script and assignments; null where there is none."""
    path = PATH + render_path(identity)
    raw = client.find(path, EXPAND, version=BETA, shape=SCRIPT_PACKAGE)
    if raw is not None and raw.get("assignments@odata.nextLink"):
        # Of many, $expand shows only the beginning.
        raw = {**raw, "assignments": list(client.list_items(f"{path}/assignments", version=BETA, item=SCHEDULED))}
    return None if raw is None else parse_found(raw)
