# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""oauth2PermissionGrants (facts: grants)."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from ..http.errors import GraphError, bad_request, directory_not_found
from ..http.message import Call, Reply
from ..http.odata import FilterSpec, Options, Rule, check_select, compile_filter, no_property, read_options
from ..http.paging import collection, page
from .directory import Properties, project

KNOWN = ("clientId", "consentType", "id", "principalId", "resourceId", "scope")
RULES = {name: Rule(frozenset({"eq"})) for name in ("clientId", "consentType", "principalId", "resourceId")}
SPEC = FilterSpec("oAuth2PermissionGrant", KNOWN, RULES, unsupported_code="Request_UnsupportedQuery")
LIST_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken"})
SHORT_LIST_OPTIONS = frozenset({"$select", "$top", "$skiptoken"})
MAX_SCOPE = 3850


def _options(call: Call, allowed: frozenset[str]) -> Options:
    options = read_options(call.query, allowed, 999)
    check_select(options.select, KNOWN, "oAuth2PermissionGrant")
    return options


def _reply(call: Call, options: Options, found: list[Properties], resource: str) -> Reply:
    rows, link = page(call, options, found, call.tenant.settings.directory_page_size if not options.top else 999)
    return Reply(200, collection(call, resource, options, [project(row, options) for row in rows], link, None))


def list_all(call: Call) -> Reply:
    """With $filter: eq on the four keys, combined with `and`."""
    options = _options(call, LIST_OPTIONS)
    test = compile_filter(options.filter, SPEC) if options.filter else lambda row: True
    return _reply(call, options, call.tenant.grants.find(lambda entry: test(entry.get)), "oauth2PermissionGrants")


def list_of_service_principal(call: Call) -> Reply:
    """Grants in which the service principal is the client."""
    options = _options(call, SHORT_LIST_OPTIONS)
    owner = call.tenant.service_principals.read(call.params["id"])
    if owner is None:
        raise directory_not_found(call.params["id"])
    found = call.tenant.grants.find(lambda entry: entry["clientId"] == owner["id"])
    return _reply(call, options, found, f"servicePrincipals('{owner['id']}')/oauth2PermissionGrants")


def get(call: Call) -> Reply:
    """One grant."""
    options = _options(call, frozenset({"$select"}))
    found = _read(call)
    return Reply(200, {"@odata.context": call.context("oauth2PermissionGrants", options.select, entity=True), **project(found, options)})


def _read(call: Call) -> Properties:
    for found in call.tenant.grants.find(lambda entry: entry["id"] == call.params["id"]):
        return found
    raise directory_not_found(call.params["id"])


def create(call: Call) -> Reply:
    """POST: exactly one grant per client, resource, consent type and principal."""
    body = _checked(call)
    tenant = call.tenant
    invisible = _check_principals(call, body)
    if tenant.settings.consent == "refuse_grant":
        raise _refusal(call)
    key = ("clientId", "resourceId", "consentType", "principalId")
    if any(all(grant[name] == body[name] for name in key) for grant in tenant.grants.all()):
        code = "Request_BadRequest" if tenant.settings.duplicate_grant == "400" else "Request_MultipleObjectsWithSameKeyValue"
        raise GraphError(int(tenant.settings.duplicate_grant), code, "Permission entry already exists.")
    grant = {**body, "id": _grant_id(body)}
    if invisible is None or tenant.settings.grant_applied_on_invisible:
        tenant.grants.write(grant["id"], grant)
    if invisible is not None:
        raise invisible
    return Reply(201, {"@odata.context": call.context("oauth2PermissionGrants", None, entity=True), **grant})


def _grant_id(body: Properties) -> str:
    """Ids of grants are no GUIDs: 43 URL-safe characters, made of the ids."""
    data = b"".join(uuid.UUID(body[name]).bytes for name in ("clientId", "resourceId")) + (body["principalId"] or "").encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _checked(call: Call) -> Properties:
    body = call.body
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


def _check_principals(call: Call, body: Properties) -> GraphError | None:
    """404 at once for unknown ids; for one that exists but is not visible yet, the error to answer with."""
    tenant = call.tenant
    problem = None
    for name in ("clientId", "resourceId"):
        body[name] = body[name].lower()
        truth = tenant.service_principals.truth(body[name])
        if truth is None:
            raise _missing(body[name], "404")
        if tenant.service_principals.read(body[name]) is None:
            problem = _missing(body[name], tenant.settings.grant_on_invisible)
    resource = tenant.service_principals.truth(body["resourceId"]) or {}
    known = {scope["value"] for scope in resource.get("oauth2PermissionScopes", ())}
    if tenant.settings.grant_scope_check == "strict" and not set((body["scope"] or "").split()) <= known:
        raise bad_request("Permission scope is not valid for the resource.", "Request_BadRequest")
    return problem


def _missing(object_id: str, kind: str) -> GraphError:
    message = f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present."
    return GraphError(404, "Directory_ObjectNotFound", message) if kind == "404" else bad_request(message, "Request_BadRequest")


def _refusal(call: Call) -> GraphError:
    """How Microsoft would refuse a first-party client is open; both known relatives."""
    if call.tenant.settings.refuse_grant_status == "403":
        return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    text = "AADSTS65002: Consent between first party application and first party resource must be configured via preauthorization."
    return bad_request(text, "Request_BadRequest")


def update(call: Call) -> Reply:
    """PATCH {"scope"}: 204."""
    found = _read(call)
    body = call.body if isinstance(call.body, dict) else {}
    changes = {name: value for name, value in body.items() if not name.startswith("@")}
    if set(changes) - {"scope"}:
        name = sorted(set(changes) - {"scope"})[0]
        raise bad_request(f"Invalid property '{name}'.", "Request_BadRequest")
    if "scope" not in changes:
        raise bad_request("A value is required for property 'scope' of resource 'OAuth2PermissionGrant'.", "Request_BadRequest")
    _check_scope_text(changes["scope"])
    current = call.tenant.grants.truth_exact(found["id"])
    if current is None:
        raise directory_not_found(found["id"])
    call.tenant.grants.write(found["id"], {**current, **changes})
    return Reply(204)


def delete(call: Call) -> Reply:
    """Revoke: 204, then 404."""
    found = _read(call)
    if call.tenant.grants.truth_exact(found["id"]) is None:
        raise directory_not_found(found["id"])
    call.tenant.grants.write(found["id"], None)
    return Reply(204)
