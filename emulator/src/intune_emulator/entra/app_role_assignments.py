# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Granted application permissions: appRoleAssignments of a client, which are appRoleAssignedTo of Microsoft Graph.

Source: https://learn.microsoft.com/graph/api/resources/approleassignment
"""

from __future__ import annotations

import base64
import uuid

from ..http.errors import GraphError, bad_request, directory_not_found
from ..http.message import GraphRequest, Response
from ..http.odata import check_select, no_property, read_options
from ..http.paging import collection, page
from ..state.applications import Application
from ..state.clock import iso
from ..state.directory_store import Properties
from ..state.tenant import Tenant
from . import first_party_applications as first_party
from .directory import select_properties
from .directory_rights import GRANT_GRAPH, require_role
from .graph_permissions import PERMISSIONS, VALUES

KNOWN = (
    "id",
    "deletedDateTime",
    "appRoleId",
    "createdDateTime",
    "principalDisplayName",
    "principalId",
    "principalType",
    "resourceDisplayName",
    "resourceId",
)
GIVEN = ("appRoleId", "principalId", "resourceId")
OPTIONS = frozenset({"$select", "$top", "$skiptoken"})
NOT_VALID = "Not a valid reference update."


def list_of_client(request: GraphRequest) -> Response:
    """List the permissions granted to a service principal."""
    app = _principal(request, request.params["id"])
    return _list(request, [] if app is None else [app], f"servicePrincipals('{request.params['id']}')/appRoleAssignments")


def list_of_resource(request: GraphRequest) -> Response:
    """List the permissions of a resource granted to any service principal."""
    _require_visible(request, request.params["id"])
    is_graph = request.params["id"].lower() == _graph(request.tenant)["id"]
    apps = list(request.tenant.applications.values()) if is_graph else []
    return _list(request, apps, f"servicePrincipals('{request.params['id']}')/appRoleAssignedTo")


def _list(request: GraphRequest, apps: list[Application], resource: str) -> Response:
    options = read_options(request.query, OPTIONS, 999)
    check_select(options.select, KNOWN, "appRoleAssignment")
    found = [_render(request.tenant, app, value) for app in apps for value in app.roles if app.object_id and value in PERMISSIONS]
    rows, link = page(request, options, found, request.tenant.settings.directory_page_size if not options.top else 999)
    return Response(200, collection(request, resource, options, [select_properties(row, options) for row in rows], link, None))


def _graph(tenant: Tenant) -> Properties:
    return next(entry for entry in tenant.service_principals.all_written() if entry["appId"] == first_party.MS_GRAPH)


def _require_visible(request: GraphRequest, object_id: str) -> Properties:
    found = request.tenant.service_principals.read(object_id)
    if found is None:
        raise directory_not_found(object_id)
    return found


def _principal(request: GraphRequest, object_id: str) -> Application | None:
    """Return the application of a service principal; None for one of Microsoft's."""
    found = _require_visible(request, object_id)
    return request.tenant.applications.get(found["appId"])


def _render(tenant: Tenant, app: Application, value: str) -> Properties:
    graph, role_id = _graph(tenant), PERMISSIONS[value]
    return {
        "id": _id(app.object_id, role_id),
        "deletedDateTime": None,
        "appRoleId": role_id,
        "createdDateTime": iso(tenant.started),
        "principalDisplayName": app.display_name,
        "principalId": app.object_id,
        "principalType": "ServicePrincipal",
        "resourceDisplayName": graph["displayName"],
        "resourceId": graph["id"],
    }


def _id(principal: str, role: str) -> str:
    data = uuid.UUID(principal).bytes + uuid.UUID(role).bytes
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def create(request: GraphRequest) -> Response:
    """Grant a permission, by the path of the client or of the resource."""
    require_role(request, GRANT_GRAPH)
    tenant, body = request.tenant, request.body
    if not isinstance(body, dict):
        raise bad_request("Write requests (excluding DELETE) must contain the Content-Type header declaration.", "Request_BadRequest")
    for name in body:
        if name not in KNOWN and not name.startswith("@"):
            raise no_property(name, "appRoleAssignment")
    if not all(isinstance(body.get(name), str) for name in GIVEN):
        raise bad_request("One or more properties are invalid.", "Request_BadRequest")
    role, principal, resource = (body[name].lower() for name in GIVEN)
    end = request.path.rpartition("/")[2]
    if request.params["id"].lower() != (resource if end == "appRoleAssignedTo" else principal):
        raise bad_request(NOT_VALID, "Request_BadRequest")
    seen = tenant.service_principals.read(principal)
    app = tenant.applications.get(seen["appId"]) if seen else None
    if app is None or resource != _graph(tenant)["id"]:
        # Also for a grant that was just created.
        raise bad_request(NOT_VALID, "Request_BadRequest")
    value = VALUES.get(role)
    if value is None:
        message = "Permission being assigned was not found on application"
        raise GraphError(404, "Request_ResourceNotFound", f"{message} '{resource}'.")
    if value in app.roles:
        raise bad_request("Permission being assigned already exists on the object", "Request_BadRequest")
    app.roles.append(value)
    context = request.context("appRoleAssignments", None, entity=True)
    return Response(201, {"@odata.context": context, **_render(tenant, app, value)})


def delete(request: GraphRequest) -> Response:
    """Revoke a permission, by the path of the client or of the resource."""
    require_role(request, GRANT_GRAPH)
    wanted = request.params["assignment"]
    for app in request.tenant.applications.values():
        for value in app.roles:
            if app.object_id and value in PERMISSIONS and _id(app.object_id, PERMISSIONS[value]) == wanted:
                app.roles.remove(value)
                return Response(204)
    raise directory_not_found(wanted)
