# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The calls that read an application."""

from __future__ import annotations

import dataclasses

from .. import _errors as errors
from .._graph.client import GraphClient
from .._graph.odata import render_literal, render_path
from .._guid import parse_guid
from .._json import Shape
from .._types import Json
from . import model
from .model import GRAPH_APP_ID, MANAGED_IDENTITY, State
from .options import Goal

APPLICATION = "id,appId,displayName,uniqueName,description,notes,serviceManagementReference,requiredResourceAccess"
SELECT = f"{APPLICATION},keyCredentials,passwordCredentials"
PRINCIPAL = "id,appId,displayName,servicePrincipalType,accountEnabled"
# Azure keeps those of a managed identity.
OWN_CREDENTIALS = ("keyCredentials", "passwordCredentials")


def fetch_state(client: GraphClient, goal: Goal, graph: model.GraphRoles | None = None) -> State:
    """Return the application or the managed identity of a goal."""
    graph = graph or fetch_graph(client)
    if goal.managed_identity:
        return _with_principal(client, State(graph, is_managed_identity=True), _find_identity(client, goal.managed_identity))
    found = client.find(path_of(goal), {"$select": SELECT}, shape=model.APPLICATION)
    if found is None:
        return State(graph)
    state = State(
        graph,
        id=found["id"],
        client_id=found["appId"].lower(),
        name=found.get("displayName"),
        unique_name=found.get("uniqueName"),
        description=found.get("description"),
        notes=found.get("notes"),
        service_management_reference=found.get("serviceManagementReference"),
        required=tuple(found.get("requiredResourceAccess") or ()),
        certificates=tuple(model.parse_certificate(key) for key in found.get("keyCredentials") or () if model.signs_in(key)),
        other_keys=tuple({**key, "key": None} for key in found.get("keyCredentials") or () if not model.signs_in(key)),
        secrets=tuple(map(model.parse_secret, found.get("passwordCredentials") or ())),
    )
    federated = _list_or_none(client, render_path("applications", found["id"], "federatedIdentityCredentials"), model.FEDERATED)
    state = dataclasses.replace(state, federated=tuple(map(model.parse_federated, federated)))
    principal = find_principal(client, state.client_id or "")
    return state if principal is None else _with_principal(client, state, principal)


def _list_or_none(client: GraphClient, path: str, item: Shape[Json]) -> list[Json]:
    """Return the items of a list; none if another server of Microsoft Entra does not know the parent object yet, or no longer knows it."""
    try:
        return list(client.list_items(path, {"$top": "999"}, item=item))
    except errors.NotFoundError:
        return []


def fetch_graph(client: GraphClient) -> model.GraphRoles:
    """Return Microsoft Graph's service principal and its application permissions in this tenant."""
    found = client.get(_by_app_id("servicePrincipals", GRAPH_APP_ID), {"$select": "id,appRoles"}, shape=model.GRAPH)
    return model.parse_graph(found)


def list_app_ids(client: GraphClient, name: str) -> list[str]:
    """Return the application IDs of the applications with a display name."""
    query = {"$filter": f"displayName eq {render_literal(name)}", "$select": "id,appId"}
    return [item["appId"] for item in client.list_items("/applications", query, item=model.APPLICATION)]


def find_principal(client: GraphClient, app_id: str) -> Json | None:
    """Return the service principal of an application, or None if there is none, or it is not visible yet."""
    return client.find(_by_app_id("servicePrincipals", app_id), {"$select": ",".join((PRINCIPAL, *OWN_CREDENTIALS))}, shape=model.PRINCIPAL)


def path_of(goal: Goal) -> str:
    """Return the path of the application of a goal."""
    if goal.app_id:
        return _by_app_id("applications", goal.app_id)
    return f"/applications(uniqueName={render_literal(goal.unique_name or '')})"


def _by_app_id(collection: str, app_id: str) -> str:
    return f"/{collection}(appId={render_literal(app_id)})"


def _with_principal(client: GraphClient, state: State, principal: Json) -> State:
    """Return the state with the service principal and its permissions for Graph."""
    assignments = _list_or_none(client, render_path("servicePrincipals", principal["id"], "appRoleAssignments"), model.ASSIGNMENT)
    on_graph = [item for item in assignments if item["resourceId"].lower() == state.graph.id.lower()]
    return dataclasses.replace(
        state,
        client_id=principal["appId"].lower(),
        name=principal.get("displayName") if state.is_managed_identity else state.name,
        principal_id=principal["id"],
        own_credentials=sum(len(principal.get(name) or ()) for name in OWN_CREDENTIALS),
        is_enabled=principal.get("accountEnabled") is not False,
        granted={state.graph.name_of(item["appRoleId"]): item["id"] for item in on_graph},
    )


def _find_identity(client: GraphClient, named: str) -> Json:
    """Return the service principal of a managed identity, found by client ID, object ID, resource ID, or name."""
    query = {"$select": PRINCIPAL}
    found: list[Json | None] = []
    if guid := parse_guid(named):
        found = [client.find(_by_app_id("servicePrincipals", guid), query, shape=model.PRINCIPAL)]
        if found == [None]:
            found = [client.find(render_path("servicePrincipals", guid), query, shape=model.PRINCIPAL)]
    elif named.startswith("/"):
        condition = f"alternativeNames/any(a:a eq {render_literal(named)})"
        found = list(client.list_items("/servicePrincipals", {"$filter": condition, **query}, item=model.PRINCIPAL))
    else:
        condition = f"displayName eq {render_literal(named)}"
        found = list(client.list_items("/servicePrincipals", {"$filter": condition, **query}, item=model.PRINCIPAL))
    identities = [item for item in found if item is not None and item.get("servicePrincipalType") == MANAGED_IDENTITY]
    if len(identities) == 1:
        return identities[0]
    if identities:
        listed = ", ".join(sorted(item["id"] for item in identities))
        raise errors.SelectionError(
            f"'{named}' matches {len(identities)} managed identities by name: {listed}.",
            hint="Set managed_identity to the object ID, the client ID, or the resource ID of one of them.",
            effects="none",
        )
    other = next((item for item in found if item is not None), None)
    if other is not None:
        raise errors.SelectionError(
            f"'{named}' is the service principal of an application, not of a managed identity.",
            hint="For an application, set app_id or unique_name.",
            effects="none",
        )
    raise errors.SelectionError(
        f"The tenant has no managed identity '{named}'.",
        hint="Set managed_identity to its client ID, its object ID, its resource ID, or its name. Microsoft Entra shows a new one after a "
        "minute or two.",
        effects="none",
    )
