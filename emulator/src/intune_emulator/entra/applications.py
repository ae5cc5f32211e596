# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Application registrations: create, upsert by uniqueName, read, change, delete.

Source: https://learn.microsoft.com/graph/api/resources/application
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..http.errors import GraphError, bad_request, directory_not_found
from ..http.message import GraphRequest, Response
from ..http.odata import FilterRule, FilterSpec, QueryOptions, check_select, compile_filter, no_property, read_options
from ..http.paging import collection, page
from ..state.applications import Application
from ..state.clock import iso
from ..state.directory_store import Properties
from ..state.tenant import Tenant
from . import key_credentials, registrations, service_principals
from .directory import select_properties
from .directory_rights import MANAGE_APPLICATIONS, require_role

KNOWN = frozenset(registrations.DEFAULTS)
RULES = {
    "appId": FilterRule(frozenset({"eq", "in"})),
    "displayName": FilterRule(frozenset({"eq", "startswith"})),
    "id": FilterRule(frozenset({"eq"})),
    "uniqueName": FilterRule(frozenset({"eq"})),
}
SPEC = FilterSpec("application", KNOWN, RULES, unsupported_code="Request_UnsupportedQuery", any_or=True)
ITEM_OPTIONS = frozenset({"$select"})
LIST_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken"})
LONGEST_NAME, LONGEST_DESCRIPTION = 256, 1024
AUDIENCES = ("AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")


def find(request: GraphRequest) -> Properties | None:
    """Return the application that the path names, as a read sees it; None if there is none."""
    store, params = request.tenant.registrations, request.params
    key = next((name for name in ("appId", "uniqueName") if name in params), None)
    if key is None:
        return store.read(params["id"])
    wanted = params[key].lower()
    found = store.find(lambda entry: str(entry[key] or "").lower() == wanted)
    return found[0] if found else None


def require(request: GraphRequest) -> Application:
    """Return the application that the path names; 404 if a read does not see it, and 403 if the caller must not change it."""
    found = find(request)
    app = request.tenant.applications.get(found["appId"]) if found else None
    if app is None:
        raise directory_not_found(next(iter(request.params.values())))
    if request.method != "GET":
        check_owner(request, app)
    return app


def check_owner(request: GraphRequest, app: Application) -> None:
    """Raise 403 unless the caller can change this application: as its owner with only OwnedBy, or with a role for all."""
    require_role(request, MANAGE_APPLICATIONS)
    if "scp" in request.claims or "Application.ReadWrite.All" in request.claims.get("roles", ()):
        return
    if app.registration.get("createdByAppId") != request.client_id:
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def get(request: GraphRequest) -> Response:
    """Return an application; `key` of its certificates only with $select=keyCredentials."""
    options = read_options(request.query, ITEM_OPTIONS, 999)
    check_select(options.select, KNOWN, "application")
    found = find(request)
    if found is None:
        raise directory_not_found(next(iter(request.params.values())))
    return _entity(request, found, options, with_keys="keyCredentials" in (options.select or ()))


def _entity(request: GraphRequest, found: Properties, options: QueryOptions, status: int = 200, *, with_keys: bool = False) -> Response:
    context = request.context("applications", options.select, entity=True)
    shown = found if with_keys else without_keys(found)
    return Response(status, {"@odata.context": context, **select_properties(shown, options)})


def without_keys(found: Properties) -> Properties:
    """Return an application without the certificates themselves, as in most reads."""
    return {**found, "keyCredentials": [{**entry, "key": None} for entry in found["keyCredentials"]]}


def list_all(request: GraphRequest) -> Response:
    """List applications, with $filter on appId, displayName, id, or uniqueName."""
    options = read_options(request.query, LIST_OPTIONS, 999)
    check_select(options.select, KNOWN, "application")
    test = compile_filter(options.filter, SPEC) if options.filter else lambda row: True
    found = request.tenant.registrations.find(lambda entry: test(entry.get))
    rows, link = page(request, options, found, request.tenant.settings.directory_page_size if not options.top else 999)
    shown = [select_properties(without_keys(row), options) for row in rows]
    return Response(200, collection(request, "applications", options, shown, link, None))


def create(request: GraphRequest) -> Response:
    """Create an application: a second call with the same name creates another one."""
    return _create(request, _body(request), None)


def _create(request: GraphRequest, body: Properties, unique_name: str | None) -> Response:
    tenant = request.tenant
    require_role(request, MANAGE_APPLICATIONS)
    name = body.get("displayName")
    if not isinstance(name, str) or not name:
        raise bad_request("A value is required for property 'displayName' of resource 'Application'.", "Request_BadRequest")
    if tenant.settings.deleted_unique_name == "conflict" and unique_name in tenant.deleted_unique_names:
        message = "Another object with the same value for property uniqueName already exists."
        raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue", message)
    app = Application(tenant.new_id(), "", name, roles=[], registration_id=tenant.new_id())
    app.registration = {"createdDateTime": iso(tenant.clock.now()), "createdByAppId": request.client_id, "uniqueName": unique_name}
    app.known = tenant.clock.now() + timedelta(seconds=tenant.settings.credential_delay)
    _change(tenant, app, body)
    tenant.applications[app.client_id] = app
    return _entity(request, registrations.publish(tenant, app), QueryOptions(), 201)


def update(request: GraphRequest) -> Response:
    """Change an application; with `Prefer: create-if-missing` on uniqueName, create a missing one."""
    body = _body(request)
    if find(request) is None and "uniqueName" in request.params and "create-if-missing" in request.headers.get("prefer", ""):
        return _upsert(request, body)
    app = require(request)
    _change(request.tenant, app, body)
    registrations.publish(request.tenant, app)
    return Response(204)


def _upsert(request: GraphRequest, body: Properties) -> Response:
    """Create the application, or change it if it is written but not visible to reads yet."""
    name = request.params["uniqueName"]
    for written in request.tenant.registrations.all_written():
        if str(written["uniqueName"] or "").lower() == name.lower():
            app = request.tenant.applications[written["appId"]]
            check_owner(request, app)
            _change(request.tenant, app, body)
            registrations.publish(request.tenant, app)
            return Response(204)
    return _create(request, body, name)


def _body(request: GraphRequest) -> dict[str, Any]:
    if not isinstance(request.body, dict):
        raise bad_request("Write requests (excluding DELETE) must contain the Content-Type header declaration.", "Request_BadRequest")
    return {name: value for name, value in request.body.items() if not name.startswith("@")}


def _change(tenant: Tenant, app: Application, body: Properties) -> None:
    """Check all values, and then change the application."""
    for name, value in body.items():
        _check(name, value)
    credentials = body.get("keyCredentials")
    certificates = None if credentials is None else key_credentials.replace(tenant, app, credentials)
    if certificates is not None:
        app.certificates = certificates
    app.display_name = body.get("displayName", app.display_name)
    app.registration.update({name: value for name, value in body.items() if name not in ("displayName", "keyCredentials")})


def _check(name: str, value: object) -> None:
    if name not in KNOWN:
        raise no_property(name, "application")
    if name == "keyCredentials":
        return
    if name == "passwordCredentials":
        raise bad_request("Updating passwordCredentials is not supported: use addPassword and removePassword.", "Request_BadRequest")
    if name not in registrations.WRITABLE:
        raise bad_request(f"Property '{name}' is read-only and cannot be set.", "Request_BadRequest")
    is_long = isinstance(value, str) and len(value) > {"displayName": LONGEST_NAME, "description": LONGEST_DESCRIPTION}.get(name, 4096)
    is_unknown = name == "signInAudience" and value not in AUDIENCES
    if is_long or is_unknown or (value is not None and not isinstance(value, registrations.WRITABLE[name])):
        raise bad_request(f"Invalid value specified for property '{name}' of resource 'Application'.", "Request_BadRequest")
    if name == "requiredResourceAccess":
        _check_required(value)


def _check_required(value: object) -> None:
    is_right = isinstance(value, list) and all(map(_is_required_access, value))
    if not is_right:
        raise bad_request("Invalid value specified for property 'requiredResourceAccess' of resource 'Application'.", "Request_BadRequest")


def _is_required_access(entry: object) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("resourceAppId"), str) or not isinstance(entry.get("resourceAccess"), list):
        return False
    rows = entry["resourceAccess"]
    return all(isinstance(row, dict) and isinstance(row.get("id"), str) and row.get("type") in ("Role", "Scope") for row in rows)


def delete(request: GraphRequest) -> Response:
    """Soft-delete an application and its service principal."""
    app, tenant = require(request), request.tenant
    if app.client_id == tenant.client_id:
        raise bad_request("The application of the variables of this tenant cannot be deleted here.", "Request_BadRequest")
    tenant.registrations.write(app.registration_id, None)
    tenant.deleted_unique_names.add(app.registration.get("uniqueName"))
    del tenant.applications[app.client_id]
    if app.object_id:
        service_principals.soft_delete(tenant, app.object_id)
    return Response(204)
