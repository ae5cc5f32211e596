# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Federated identity credentials of an application.

Sources: https://learn.microsoft.com/graph/api/resources/federatedidentitycredential and
https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from ..http.errors import GraphError, bad_request, directory_not_found
from ..http.message import GraphRequest, Response
from ..http.odata import QueryOptions, check_select, no_property, read_options
from ..http.paging import collection, page
from ..state.applications import Application, FederatedCredential
from ..state.directory_store import Properties
from . import applications, registrations
from .directory import select_properties

KNOWN = ("id", "name", "issuer", "subject", "description", "audiences")
WRITABLE = ("issuer", "subject", "description", "audiences")
MOST = 20
LONGEST = 600
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}")


def list_all(request: GraphRequest) -> Response:
    """List the federated credentials of an application."""
    options = read_options(request.query, frozenset({"$select", "$top", "$skiptoken"}), 999)
    check_select(options.select, KNOWN, "federatedIdentityCredential")
    rows, link = page(request, options, [render(entry) for entry in applications.require(request).federated], 999)
    return Response(
        200,
        collection(request, "federatedIdentityCredentials", options, [select_properties(row, options) for row in rows], link, None),
    )


def render(entry: FederatedCredential) -> Properties:
    """Render a federated credential."""
    return {
        "id": entry.id,
        "name": entry.name,
        "issuer": entry.issuer,
        "subject": entry.subject,
        "description": entry.description,
        "audiences": [entry.audience],
    }


def _find(request: GraphRequest, app: Application) -> FederatedCredential | None:
    wanted = request.params.get("name") or request.params.get("credential", "")
    return next((entry for entry in app.federated if wanted in (entry.id, entry.name)), None)


def _require(request: GraphRequest, app: Application) -> FederatedCredential:
    found = _find(request, app)
    if found is None:
        raise directory_not_found(request.params.get("name") or request.params.get("credential", ""))
    return found


def get(request: GraphRequest) -> Response:
    """Return a federated credential by ID or name."""
    found = _require(request, applications.require(request))
    options = read_options(request.query, frozenset({"$select"}), 999)
    check_select(options.select, KNOWN, "federatedIdentityCredential")
    return _entity(request, found, options)


def _entity(request: GraphRequest, found: FederatedCredential, options: QueryOptions, status: int = 200) -> Response:
    context = request.context("federatedIdentityCredentials", options.select, entity=True)
    return Response(status, {"@odata.context": context, **select_properties(render(found), options)})


def create(request: GraphRequest) -> Response:
    """Create a federated credential."""
    body = _body(request)
    return _create(request, applications.require(request), body.pop("name", None), body)


def update(request: GraphRequest) -> Response:
    """Change a federated credential; with `Prefer: create-if-missing` on its name, create a missing one."""
    app, body = applications.require(request), _body(request)
    found = _find(request, app)
    if found is None and "name" in request.params and "create-if-missing" in request.headers.get("prefer", ""):
        return _create(request, app, request.params["name"], {name: value for name, value in body.items() if name != "name"})
    found = _require(request, app)
    if body.get("name", found.name) != found.name:
        raise bad_request("Federated identity credential name is immutable.", "Request_BadRequest")
    changed = {**render(found), **{name: value for name, value in body.items() if name != "name"}}
    _check(app, changed, found)
    found.issuer, found.subject, found.description = changed["issuer"], changed["subject"], changed["description"]
    found.audience = changed["audiences"][0]
    registrations.publish(request.tenant, app)
    return Response(204)


def _create(request: GraphRequest, app: Application, name: Any, body: Properties) -> Response:
    tenant = request.tenant
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise bad_request("Federated identity credential name is invalid.", "Request_BadRequest")
    given = {**dict.fromkeys(WRITABLE), **body}
    _check(app, given, None)
    if any(entry.name == name for entry in app.federated):
        message = f"FederatedIdentityCredential with name {name} already exists."
        raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue", message)
    if len(app.federated) >= MOST:
        raise bad_request(f"The maximum number of federated identity credentials ({MOST}) was reached.", "Request_BadRequest")
    made = FederatedCredential(
        given["issuer"], given["subject"], given["audiences"][0], tenant.new_id(), name, given["description"],
        tenant.clock.now() + timedelta(seconds=tenant.settings.credential_delay),
    )  # fmt: skip  # one argument a line says nothing
    app.federated.append(made)
    registrations.publish(tenant, app)
    return _entity(request, made, QueryOptions(), 201)


def _body(request: GraphRequest) -> Properties:
    if not isinstance(request.body, dict):
        raise bad_request("Write requests (excluding DELETE) must contain the Content-Type header declaration.", "Request_BadRequest")
    for name in request.body:
        if name not in KNOWN and not name.startswith("@"):
            raise no_property(name, "federatedIdentityCredential")
    return {name: value for name, value in request.body.items() if not name.startswith("@") and name != "id"}


def _check(app: Application, given: Properties, own: FederatedCredential | None) -> None:
    for name in ("issuer", "subject"):
        value = given[name]
        if not isinstance(value, str) or not value or len(value) > LONGEST:
            raise bad_request(f"Federated identity credential {name} is invalid.", "Request_BadRequest")
    audiences = given["audiences"]
    if not isinstance(audiences, list) or len(audiences) != 1 or not isinstance(audiences[0], str):
        raise bad_request("Federated identity credentials must have exactly one audience.", "Request_BadRequest")
    pair = (given["issuer"], given["subject"])
    if any((entry.issuer, entry.subject) == pair for entry in app.federated if entry is not own):
        raise bad_request("Issuer and subject combination already exists for this application.", "Request_BadRequest")


def delete(request: GraphRequest) -> Response:
    """Delete a federated credential."""
    app = applications.require(request)
    app.federated.remove(_require(request, app))
    registrations.publish(request.tenant, app)
    return Response(204)
