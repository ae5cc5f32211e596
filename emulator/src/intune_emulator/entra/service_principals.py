# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Service principals, including soft-deleted ones.

Source: https://learn.microsoft.com/graph/api/resources/serviceprincipal
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from ..http.errors import GraphError, bad_request, directory_not_found
from ..http.message import GraphRequest, Response
from ..http.odata import FilterRule, FilterSpec, Predicate, QueryOptions, check_select, compile_filter, no_property, read_options
from ..http.paging import collection, page
from ..state.clock import iso
from ..state.directory_store import Properties
from ..state.tenant import Tenant
from . import first_party_applications as first_party
from . import graph_permissions, registrations
from .directory import select_properties
from .directory_rights import MANAGE_APPLICATIONS, require_role

KNOWN = frozenset(first_party.DEFAULTS) | frozenset(first_party.SELECT_ONLY)
RULES = {
    "appId": FilterRule(frozenset({"eq", "in"})),
    "displayName": FilterRule(frozenset({"eq", "startswith"})),
    "id": FilterRule(frozenset({"eq"})),
}
SPEC = FilterSpec("servicePrincipal", KNOWN, RULES, unsupported_code="Request_UnsupportedQuery", any_or=True)
ITEM_OPTIONS = frozenset({"$select"})
LIST_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken"})
_ALTERNATIVE_NAME = re.compile(r"alternativeNames/any\((\w+):\s*\1 eq '((?:[^']|'')*)'\)")


def instantiate(tenant: Tenant, app_id: str) -> Properties:
    """Return a new service principal of a first-party application."""
    app = first_party.FIRST_PARTY_APPLICATIONS[app_id]
    scopes = app.scopes
    if scopes is None:
        scopes = tuple((str(uuid.uuid5(uuid.UUID(app_id), value)), value, "Access the service") for value in tenant.settings.service_scopes)
    return {
        **first_party.DEFAULTS,
        "id": tenant.new_id(),
        "appId": app_id,
        "appDisplayName": app.display_name,
        "displayName": app.display_name,
        "servicePrincipalNames": [app_id, *app.names],
        "oauth2PermissionScopes": [first_party.permission_scope(*entry) for entry in scopes],
        "appRoles": graph_permissions.render_app_roles() if app_id == first_party.MS_GRAPH else [],
    }


def _options(request: GraphRequest, allowed: frozenset[str]) -> QueryOptions:
    options = read_options(request.query, allowed, 999)
    check_select(options.select, KNOWN, "servicePrincipal")
    return options


def _entity(request: GraphRequest, properties: Properties, options: QueryOptions, status: int = 200) -> Response:
    context = request.context("servicePrincipals", options.select, entity=True)
    return Response(status, {"@odata.context": context, **select_properties(properties, options)})


def _find(request: GraphRequest) -> tuple[Properties | None, str]:
    """Return (the service principal as a read sees it, the id in the request)."""
    store = request.tenant.service_principals
    if "appId" in request.params:
        app_id = request.params["appId"].lower()
        found = store.find(lambda entry: entry["appId"] == app_id)
        return (found[0] if found else None), app_id
    return store.read(request.params["id"]), request.params["id"]


def _require(request: GraphRequest) -> Properties:
    found, name = _find(request)
    if found is None:
        raise directory_not_found(name)
    return found


def get(request: GraphRequest) -> Response:
    """Return a service principal by object id or by alternate key."""
    options = _options(request, ITEM_OPTIONS)
    return _entity(request, _require(request), options)


def list_all(request: GraphRequest) -> Response:
    """List service principals, with $filter on appId, displayName, id, or a member of alternativeNames."""
    options = _options(request, LIST_OPTIONS)
    if options.filter and (found := _ALTERNATIVE_NAME.fullmatch(options.filter)):
        wanted = found[2].replace("''", "'").lower()
        return _list(
            request,
            request.tenant.service_principals,
            options,
            "servicePrincipals",
            lambda row: wanted in map(str.lower, row("alternativeNames")),
        )
    return _list(request, request.tenant.service_principals, options, "servicePrincipals")


def list_deleted(request: GraphRequest) -> Response:
    """List the soft-deleted service principals; the cast is in the path."""
    options = _options(request, LIST_OPTIONS)
    return _list(request, request.tenant.deleted_items, options, "servicePrincipals")


def _list(request: GraphRequest, store: Any, options: QueryOptions, resource: str, test: Predicate | None = None) -> Response:
    test = test or (compile_filter(options.filter, SPEC) if options.filter else lambda row: True)
    found = store.find(lambda entry: test(entry.get))
    rows, link = page(request, options, found, request.tenant.settings.directory_page_size if not options.top else 999)
    return Response(200, collection(request, resource, options, [select_properties(row, options) for row in rows], link, None))


def create(request: GraphRequest) -> Response:
    """Create a service principal by appId."""
    body = _body(request)
    app_id = body.get("appId")
    if not isinstance(app_id, str) or not app_id:
        raise bad_request("A value is required for property 'appId' of resource 'ServicePrincipal'.", "Request_BadRequest")
    for name in body:
        if name != "appId" and name not in first_party.WRITABLE:
            raise (
                bad_request(f"Property '{name}' cannot be set at creation.", "Request_BadRequest")
                if name in KNOWN
                else no_property(name, "servicePrincipal")
            )
    created, status = _create(request, app_id.lower())
    created.update({name: value for name, value in body.items() if name != "appId"})
    request.tenant.service_principals.write(created["id"], created)
    return _entity(request, created, QueryOptions(), status)


def _create(request: GraphRequest, app_id: str) -> tuple[Properties, int]:
    tenant = request.tenant
    if any(entry["appId"] == app_id for entry in tenant.service_principals.all_written()):
        message = (
            f"The service principal cannot be created, updated, or restored because the service principal name {app_id} is already in use."
        )
        raise GraphError(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            message,
            details=[{"code": "ObjectConflict", "target": "servicePrincipalNames", "message": message}],
        )
    local = tenant.applications.get(app_id)
    is_seen = bool(local and local.registration_id and tenant.registrations.read(local.registration_id))
    if app_id not in first_party.FIRST_PARTY_APPLICATIONS and not is_seen:
        message = f"The appId '{app_id}' of the service principal does not reference a valid application object."
        raise bad_request(
            message, "Request_BadRequest", details=[{"code": "NoBackingApplicationObject", "target": "appId", "message": message}]
        )
    require_role(request, MANAGE_APPLICATIONS)
    if local is not None:
        local.object_id = tenant.new_id()
        return registrations.make_service_principal(tenant, local, local.object_id), 201
    _check_consent(request)
    if any(entry["appId"] == app_id for entry in tenant.deleted_items.all_written()):
        if tenant.settings.create_over_deleted == "conflict":
            message = "Another object with the same value for property servicePrincipalNames already exists in deleted items."
            raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue", message)
        if tenant.settings.create_over_deleted == "restore":
            deleted = next(entry for entry in tenant.deleted_items.all_written() if entry["appId"] == app_id)
            return _restore(tenant, deleted), 201
    return instantiate(tenant, app_id), 201


def _check_consent(request: GraphRequest) -> None:
    """Refuse the creation by the setting `consent`: the documentation does not say if applications can create these principals."""
    if request.tenant.settings.consent == "refuse_service_principal":
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    granted = (*request.claims.get("roles", ()), *request.claims.get("scp", "").split())
    if "Application.ReadWrite.All" not in granted:
        message = "When using this permission, the backing application of the service principal being created must in the local tenant"
        raise GraphError(403, "Authorization_RequestDenied", message)


def _body(request: GraphRequest) -> dict[str, Any]:
    if not isinstance(request.body, dict):
        raise bad_request("Write requests (excluding DELETE) must contain the Content-Type header declaration.", "Request_BadRequest")
    return {name: value for name, value in request.body.items() if not name.startswith("@")}


def update(request: GraphRequest) -> Response:
    """Change a service principal; with `Prefer: create-if-missing` on the alternate key, create it."""
    body = _body(request)
    found, name = _find(request)
    if found is None and "appId" in request.params and "create-if-missing" in request.headers.get("prefer", ""):
        request.body = {"appId": request.params["appId"], **{key: value for key, value in body.items() if key != "appId"}}
        return create(request)
    if found is None:
        raise directory_not_found(name)
    for key, value in body.items():
        _check_writable(key, value, found)
    current = request.tenant.service_principals.written(found["id"]) or found
    request.tenant.service_principals.write(found["id"], {**current, **body})
    return Response(204)


def _check_writable(name: str, value: object, current: Properties) -> None:
    if name not in KNOWN:
        raise bad_request(f"Invalid property '{name}'.", "Request_BadRequest", refused=f"unknown property '{name}' of servicePrincipal")
    if name not in first_party.WRITABLE:
        if name == "appId" and value == current["appId"]:
            return
        raise bad_request(f"Property '{name}' is read-only and cannot be set.", "Request_BadRequest")
    if value is not None and not isinstance(value, first_party.WRITABLE[name]):
        raise bad_request(f"Invalid value specified for property '{name}' of resource 'ServicePrincipal'.", "Request_BadRequest")


def delete(request: GraphRequest) -> Response:
    """Soft-delete a service principal and its grants."""
    require_role(request, MANAGE_APPLICATIONS)
    object_id = _require(request)["id"]
    if request.tenant.service_principals.written(object_id) is None:
        raise directory_not_found(object_id)
    soft_delete(request.tenant, object_id)
    return Response(204)


def soft_delete(tenant: Tenant, object_id: str) -> None:
    """Move a service principal to the deleted items, without its grants."""
    current = tenant.service_principals.written(object_id) or {}
    for app in tenant.applications.values():
        if app.object_id == object_id:
            app.object_id, app.roles = "", []
    removed = [grant for grant in tenant.grants.all_written() if object_id in (grant["clientId"], grant["resourceId"])]
    for grant in removed:
        tenant.grants.write(grant["id"], None)
    tenant.deleted_grants[object_id] = removed
    tenant.service_principals.write(object_id, None)
    tenant.deleted_items.write(object_id, {**current, "deletedDateTime": iso(tenant.clock.now())})


def _deleted(request: GraphRequest) -> Properties:
    found = request.tenant.deleted_items.read(request.params["id"])
    if found is None or request.tenant.deleted_items.written(found["id"]) is None:
        raise directory_not_found(request.params["id"])
    return found


def get_deleted(request: GraphRequest) -> Response:
    """Return a soft-deleted service principal."""
    options = _options(request, ITEM_OPTIONS)
    body = {"@odata.type": "#microsoft.graph.servicePrincipal", **select_properties(_deleted(request), options)}
    return Response(200, {"@odata.context": request.context("directoryObjects", options.select, entity=True), **body})


def restore(request: GraphRequest) -> Response:
    """Restore a soft-deleted service principal with its id."""
    deleted = _deleted(request)
    if any(entry["appId"] == deleted["appId"] for entry in request.tenant.service_principals.all_written()):
        message = "Another object with the same value for property servicePrincipalNames already exists."
        raise bad_request(
            message, "Request_BadRequest", details=[{"code": "ObjectConflict", "target": "servicePrincipalNames", "message": message}]
        )
    restored = _restore(request.tenant, deleted)
    request.tenant.service_principals.write(restored["id"], restored)
    body = {"@odata.type": "#microsoft.graph.servicePrincipal", **restored}
    return Response(200, {"@odata.context": request.context("directoryObjects", None, entity=True), **body})


def _restore(tenant: Tenant, deleted: Properties) -> Properties:
    tenant.deleted_items.write(deleted["id"], None)
    grants = tenant.deleted_grants.pop(deleted["id"], [])
    if tenant.settings.restore_brings_grants:
        for grant in grants:
            tenant.grants.write(grant["id"], grant)
    return {**deleted, "deletedDateTime": None}


def purge(request: GraphRequest) -> Response:
    """Delete a soft-deleted service principal permanently."""
    deleted = _deleted(request)
    request.tenant.deleted_items.write(deleted["id"], None)
    request.tenant.deleted_grants.pop(deleted["id"], None)
    return Response(204)
