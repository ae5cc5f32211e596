# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""oauth2PermissionGrants.

Source: https://learn.microsoft.com/graph/api/resources/oauth2permissiongrant
"""

from __future__ import annotations

import base64
import uuid
from typing import Any

from ..http.errors import GraphError, bad_request, directory_not_found
from ..http.message import GraphRequest, Response
from ..http.odata import FilterRule, FilterSpec, QueryOptions, check_select, compile_filter, no_property, read_options
from ..http.paging import collection, page
from ..state.directory_store import Properties
from .directory import select_properties

KNOWN = ("clientId", "consentType", "id", "principalId", "resourceId", "scope")
RULES = {name: FilterRule(frozenset({"eq"})) for name in ("clientId", "consentType", "principalId", "resourceId")}
SPEC = FilterSpec("oAuth2PermissionGrant", KNOWN, RULES, unsupported_code="Request_UnsupportedQuery")
LIST_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken"})
SHORT_LIST_OPTIONS = frozenset({"$select", "$top", "$skiptoken"})
MAX_SCOPE = 3850


def _options(request: GraphRequest, allowed: frozenset[str]) -> QueryOptions:
    options = read_options(request.query, allowed, 999)
    check_select(options.select, KNOWN, "oAuth2PermissionGrant")
    return options


def _reply(request: GraphRequest, options: QueryOptions, found: list[Properties], resource: str) -> Response:
    rows, link = page(request, options, found, request.tenant.settings.directory_page_size if not options.top else 999)
    return Response(200, collection(request, resource, options, [select_properties(row, options) for row in rows], link, None))


def list_all(request: GraphRequest) -> Response:
    """List grants, with $filter: eq on the four keys, combined with `and`."""
    options = _options(request, LIST_OPTIONS)
    test = compile_filter(options.filter, SPEC) if options.filter else lambda row: True
    return _reply(request, options, request.tenant.grants.find(lambda entry: test(entry.get)), "oauth2PermissionGrants")


def list_of_service_principal(request: GraphRequest) -> Response:
    """List the grants in which the service principal is the client."""
    options = _options(request, SHORT_LIST_OPTIONS)
    owner = request.tenant.service_principals.read(request.params["id"])
    if owner is None:
        raise directory_not_found(request.params["id"])
    found = request.tenant.grants.find(lambda entry: entry["clientId"] == owner["id"])
    return _reply(request, options, found, f"servicePrincipals('{owner['id']}')/oauth2PermissionGrants")


def get(request: GraphRequest) -> Response:
    """Return one grant."""
    options = _options(request, frozenset({"$select"}))
    found = _read(request)
    context = request.context("oauth2PermissionGrants", options.select, entity=True)
    return Response(200, {"@odata.context": context, **select_properties(found, options)})


def _read(request: GraphRequest) -> Properties:
    for found in request.tenant.grants.find(lambda entry: entry["id"] == request.params["id"]):
        return found
    raise directory_not_found(request.params["id"])


def create(request: GraphRequest) -> Response:
    """Create a grant: exactly one per client, resource, consent type and principal."""
    body = _checked(request)
    tenant = request.tenant
    invisible = _check_principals(request, body)
    if tenant.settings.consent == "refuse_grant":
        raise _refusal(request)
    key = ("clientId", "resourceId", "consentType", "principalId")
    if any(all(grant[name] == body[name] for name in key) for grant in tenant.grants.all_written()):
        code = "Request_BadRequest" if tenant.settings.duplicate_grant == "400" else "Request_MultipleObjectsWithSameKeyValue"
        raise GraphError(int(tenant.settings.duplicate_grant), code, "Permission entry already exists.")
    grant = {**body, "id": make_id(body)}
    if invisible is None or tenant.settings.grant_applied_on_invisible:
        tenant.grants.write(grant["id"], grant)
    if invisible is not None:
        raise invisible
    return Response(201, {"@odata.context": request.context("oauth2PermissionGrants", None, entity=True), **grant})


def make_id(body: Properties) -> str:
    """Return the id of a grant, which is not a GUID: 43 URL-safe characters, made of the ids."""
    data = b"".join(uuid.UUID(body[name]).bytes for name in ("clientId", "resourceId")) + (body["principalId"] or "").encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _checked(request: GraphRequest) -> Properties:
    body = request.body
    if not isinstance(body, dict):
        raise bad_request("Write requests (excluding DELETE) must contain the Content-Type header declaration.", "Request_BadRequest")
    for name, value in body.items():
        if name not in KNOWN and not name.startswith("@"):
            raise no_property(name, "oAuth2PermissionGrant")
        if name == "id":
            raise bad_request("Property 'id' is read-only and cannot be set.", "Request_BadRequest")
        if value is not None and not isinstance(value, str):
            raise bad_request(f"Invalid value specified for property '{name}' of resource 'OAuth2PermissionGrant'.", "Request_BadRequest")
    for name in ("clientId", "consentType", "resourceId"):
        if not body.get(name):
            raise bad_request(f"A value is required for property '{name}' of resource 'OAuth2PermissionGrant'.", "Request_BadRequest")
    if body["consentType"] not in ("AllPrincipals", "Principal"):
        raise bad_request("Invalid value specified for property 'consentType' of resource 'OAuth2PermissionGrant'.", "Request_BadRequest")
    if (body["consentType"] == "Principal") != bool(body.get("principalId")):
        raise bad_request("Invalid value specified for property 'principalId' of resource 'OAuth2PermissionGrant'.", "Request_BadRequest")
    _check_scope_text(body.get("scope"))
    return {name: body.get(name) for name in KNOWN if name != "id"}


def _check_scope_text(scope: Any) -> None:
    if scope is not None and (not isinstance(scope, str) or len(scope) > MAX_SCOPE):
        raise bad_request("Invalid value specified for property 'scope' of resource 'OAuth2PermissionGrant'.", "Request_BadRequest")


def _check_principals(request: GraphRequest, body: Properties) -> GraphError | None:
    """Raise 404 for unknown ids; return the error for an object that exists but is not visible yet."""
    tenant = request.tenant
    problem = None
    for name in ("clientId", "resourceId"):
        body[name] = body[name].lower()
        written = tenant.service_principals.written(body[name])
        if written is None:
            raise _missing(body[name], "404")
        if tenant.service_principals.read(body[name]) is None:
            problem = _missing(body[name], tenant.settings.grant_on_invisible)
    resource = tenant.service_principals.written(body["resourceId"]) or {}
    known = {scope["value"] for scope in resource.get("oauth2PermissionScopes", ())}
    if tenant.settings.grant_scope_check == "strict" and not set((body["scope"] or "").split()) <= known:
        raise bad_request("Permission scope is not valid for the resource.", "Request_BadRequest")
    return problem


def _missing(object_id: str, kind: str) -> GraphError:
    message = f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present."
    return GraphError(404, "Directory_ObjectNotFound", message) if kind == "404" else bad_request(message, "Request_BadRequest")


def _refusal(request: GraphRequest) -> GraphError:
    """Return the refusal of a first-party client; the setting selects it, because that of the service is not known."""
    if request.tenant.settings.refuse_grant_status == "403":
        return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    text = "AADSTS65002: Consent between first party application and first party resource must be configured via preauthorization."
    return bad_request(text, "Request_BadRequest")


def update(request: GraphRequest) -> Response:
    """Change the scope."""
    found = _read(request)
    body = request.body if isinstance(request.body, dict) else {}
    changes = {name: value for name, value in body.items() if not name.startswith("@")}
    if set(changes) - {"scope"}:
        name = sorted(set(changes) - {"scope"})[0]
        raise bad_request(f"Invalid property '{name}'.", "Request_BadRequest")
    if "scope" not in changes:
        raise bad_request("A value is required for property 'scope' of resource 'OAuth2PermissionGrant'.", "Request_BadRequest")
    _check_scope_text(changes["scope"])
    current = request.tenant.grants.written_exact(found["id"])
    if current is None:
        raise directory_not_found(found["id"])
    request.tenant.grants.write(found["id"], {**current, **changes})
    return Response(204)


def delete(request: GraphRequest) -> Response:
    """Delete a grant."""
    found = _read(request)
    if request.tenant.grants.written_exact(found["id"]) is None:
        raise directory_not_found(found["id"])
    request.tenant.grants.write(found["id"], None)
    return Response(204)
