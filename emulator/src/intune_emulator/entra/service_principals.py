# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""servicePrincipals and the bin they are deleted into (facts: servicePrincipals)."""

from __future__ import annotations

import uuid
from typing import Any

from ..control.clock import iso
from ..control.tenant import Tenant
from ..http.errors import GraphError, bad_request, directory_not_found
from ..http.message import Call, Reply
from ..http.odata import FilterSpec, Options, Rule, check_select, compile_filter, no_property, read_options
from ..http.paging import collection, page
from . import first_party_applications as catalogue
from .directory import Properties, project

KNOWN = frozenset(catalogue.DEFAULTS) | frozenset(catalogue.SELECT_ONLY)
RULES = {
    "appId": Rule(frozenset({"eq", "in"})),
    "displayName": Rule(frozenset({"eq", "startswith"})),
    "id": Rule(frozenset({"eq"})),
}
SPEC = FilterSpec("servicePrincipal", KNOWN, RULES, unsupported_code="Request_UnsupportedQuery", any_or=True)
ITEM_OPTIONS = frozenset({"$select"})
LIST_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken"})


def instantiate(tenant: Tenant, app_id: str) -> Properties:
    """A new service principal of a first-party application."""
    app = catalogue.CATALOGUE[app_id]
    scopes = app.scopes
    if scopes is None:
        scopes = tuple((str(uuid.uuid5(uuid.UUID(app_id), value)), value, "Access the service") for value in tenant.settings.service_scopes)
    return {
        **catalogue.DEFAULTS,
        "id": tenant.new_id(),
        "appId": app_id,
        "appDisplayName": app.display_name,
        "displayName": app.display_name,
        "servicePrincipalNames": [app_id, *app.names],
        "oauth2PermissionScopes": [catalogue.scope(*entry) for entry in scopes],
    }


def _options(call: Call, allowed: frozenset[str]) -> Options:
    options = read_options(call.query, allowed, 999)
    check_select(options.select, KNOWN, "servicePrincipal")
    return options


def _entity(call: Call, properties: Properties, options: Options, status: int = 200) -> Reply:
    context = call.context("servicePrincipals", options.select, entity=True)
    return Reply(status, {"@odata.context": context, **project(properties, options)})


def _find(call: Call) -> tuple[Properties | None, str]:
    """(what a read sees, how it was named)."""
    store = call.tenant.service_principals
    if "appId" in call.params:
        app_id = call.params["appId"].lower()
        found = store.find(lambda entry: entry["appId"] == app_id)
        return (found[0] if found else None), app_id
    return store.read(call.params["id"]), call.params["id"]


def _require(call: Call) -> Properties:
    found, name = _find(call)
    if found is None:
        raise directory_not_found(name)
    return found


def get(call: Call) -> Reply:
    """By object id or by alternate key."""
    options = _options(call, ITEM_OPTIONS)
    return _entity(call, _require(call), options)


def list_all(call: Call) -> Reply:
    """With $filter on appId, displayName or id."""
    options = _options(call, LIST_OPTIONS)
    return _list(call, call.tenant.service_principals, options, "servicePrincipals")


def list_deleted(call: Call) -> Reply:
    """The bin; the cast is in the path."""
    options = _options(call, LIST_OPTIONS)
    return _list(call, call.tenant.deleted_items, options, "servicePrincipals")


def _list(call: Call, store: Any, options: Options, resource: str) -> Reply:
    test = compile_filter(options.filter, SPEC) if options.filter else lambda row: True
    found = store.find(lambda entry: test(entry.get))
    rows, link = page(call, options, found, call.tenant.settings.directory_page_size if not options.top else 999)
    return Reply(200, collection(call, resource, options, [project(row, options) for row in rows], link, None))


def create(call: Call) -> Reply:
    """POST {"appId"}: 201, or one of the documented refusals."""
    body = _body(call)
    app_id = body.get("appId")
    if not isinstance(app_id, str) or not app_id:
        raise bad_request("A value is required for property 'appId' of resource 'ServicePrincipal'.", "Request_BadRequest")
    for name in body:
        if name != "appId" and name not in catalogue.WRITABLE:
            raise (
                bad_request(f"Property '{name}' cannot be set at creation.", "Request_BadRequest")
                if name in KNOWN
                else no_property(name, "servicePrincipal")
            )
    created, status = _create(call, app_id.lower())
    created.update({name: value for name, value in body.items() if name != "appId"})
    call.tenant.service_principals.write(created["id"], created)
    return _entity(call, created, Options(), status)


def _create(call: Call, app_id: str) -> tuple[Properties, int]:
    tenant = call.tenant
    if any(entry["appId"] == app_id for entry in tenant.service_principals.all()):
        message = (
            f"The service principal cannot be created, updated, or restored because the service principal name {app_id} is already in use."
        )
        raise GraphError(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            message,
            details=[{"code": "ObjectConflict", "target": "servicePrincipalNames", "message": message}],
        )
    if app_id not in catalogue.CATALOGUE:
        message = f"The appId '{app_id}' of the service principal does not reference a valid application object."
        raise bad_request(
            message, "Request_BadRequest", details=[{"code": "NoBackingApplicationObject", "target": "appId", "message": message}]
        )
    _check_consent(call)
    if any(entry["appId"] == app_id for entry in tenant.deleted_items.all()):
        if tenant.settings.create_over_deleted == "conflict":
            message = "Another object with the same value for property servicePrincipalNames already exists in deleted items."
            raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue", message)
        if tenant.settings.create_over_deleted == "restore":
            deleted = next(entry for entry in tenant.deleted_items.all() if entry["appId"] == app_id)
            return _restore(tenant, deleted), 201
    return instantiate(tenant, app_id), 201


def _check_consent(call: Call) -> None:
    """Whether Microsoft lets these apps be made by an application is open (setting `consent`)."""
    if call.tenant.settings.consent == "refuse_service_principal":
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    if "Application.ReadWrite.All" not in call.claims.get("roles", ()):
        message = "When using this permission, the backing application of the service principal being created must in the local tenant"
        raise GraphError(403, "Authorization_RequestDenied", message)


def _body(call: Call) -> dict[str, Any]:
    if not isinstance(call.body, dict):
        raise bad_request("Write requests (excluding DELETE) must contain the Content-Type header declaration.", "Request_BadRequest")
    return {name: value for name, value in call.body.items() if not name.startswith("@")}


def update(call: Call) -> Reply:
    """PATCH: 204; with `Prefer: create-if-missing` on the alternate key also 201."""
    body = _body(call)
    found, name = _find(call)
    if found is None and "appId" in call.params and "create-if-missing" in call.headers.get("prefer", ""):
        call.body = {"appId": call.params["appId"], **{key: value for key, value in body.items() if key != "appId"}}
        return create(call)
    if found is None:
        raise directory_not_found(name)
    for key, value in body.items():
        _check_writable(key, value, found)
    current = call.tenant.service_principals.truth(found["id"]) or found
    call.tenant.service_principals.write(found["id"], {**current, **body})
    return Reply(204)


def _check_writable(name: str, value: object, current: Properties) -> None:
    if name not in KNOWN:
        raise bad_request(f"Invalid property '{name}'.", "Request_BadRequest")
    if name not in catalogue.WRITABLE:
        if name == "appId" and value == current["appId"]:
            return
        raise bad_request(f"Property '{name}' is read-only and cannot be set.", "Request_BadRequest")
    if value is not None and not isinstance(value, catalogue.WRITABLE[name]):
        raise bad_request(f"Invalid value specified for property '{name}' of resource 'ServicePrincipal'.", "Request_BadRequest")


def delete(call: Call) -> Reply:
    """Into the bin; its grants go with it."""
    tenant = call.tenant
    object_id = _require(call)["id"]
    current = tenant.service_principals.truth(object_id)
    if current is None:
        raise directory_not_found(object_id)
    gone = [grant for grant in tenant.grants.all() if object_id in (grant["clientId"], grant["resourceId"])]
    for grant in gone:
        tenant.grants.write(grant["id"], None)
    tenant.bin_grants[object_id] = gone
    tenant.service_principals.write(object_id, None)
    tenant.deleted_items.write(object_id, {**current, "deletedDateTime": iso(tenant.clock.now())})
    return Reply(204)


def _deleted(call: Call) -> Properties:
    found = call.tenant.deleted_items.read(call.params["id"])
    if found is None or call.tenant.deleted_items.truth(found["id"]) is None:
        raise directory_not_found(call.params["id"])
    return found


def get_deleted(call: Call) -> Reply:
    """One object of the bin."""
    options = _options(call, ITEM_OPTIONS)
    body = {"@odata.type": "#microsoft.graph.servicePrincipal", **project(_deleted(call), options)}
    return Reply(200, {"@odata.context": call.context("directoryObjects", options.select, entity=True), **body})


def restore(call: Call) -> Reply:
    """Out of the bin, with the same id."""
    deleted = _deleted(call)
    if any(entry["appId"] == deleted["appId"] for entry in call.tenant.service_principals.all()):
        message = "Another object with the same value for property servicePrincipalNames already exists."
        raise bad_request(
            message, "Request_BadRequest", details=[{"code": "ObjectConflict", "target": "servicePrincipalNames", "message": message}]
        )
    restored = _restore(call.tenant, deleted)
    call.tenant.service_principals.write(restored["id"], restored)
    body = {"@odata.type": "#microsoft.graph.servicePrincipal", **restored}
    return Reply(200, {"@odata.context": call.context("directoryObjects", None, entity=True), **body})


def _restore(tenant: Tenant, deleted: Properties) -> Properties:
    tenant.deleted_items.write(deleted["id"], None)
    grants = tenant.bin_grants.pop(deleted["id"], [])
    if tenant.settings.restore_brings_grants:
        for grant in grants:
            tenant.grants.write(grant["id"], grant)
    return {**deleted, "deletedDateTime": None}


def purge(call: Call) -> Reply:
    """Delete for good."""
    deleted = _deleted(call)
    call.tenant.deleted_items.write(deleted["id"], None)
    call.tenant.bin_grants.pop(deleted["id"], None)
    return Reply(204)
