# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Admin consent by an administrator in a browser: https://login.microsoftonline.com/{tenant}/adminconsent?client_id=…

Source: https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent
"""

from __future__ import annotations

from ..state.tenant import Tenant
from . import first_party_applications as first_party
from . import grants, registrations, service_principals
from .graph_permissions import VALUES


def consent(tenant: Tenant, client_id: str) -> list[str]:
    """Grant all permissions that an application requests and return them; add the applications of the PIN Reset Service."""
    if client_id in (first_party.PIN_SERVICE, first_party.PIN_CLIENT):
        return _consent_to_first_party(tenant, client_id)
    app = tenant.applications.get(client_id)
    if app is None or app.managed_identity:
        raise ValueError(f"unknown client_id '{client_id}'")
    if not app.object_id:
        app.object_id = tenant.new_id()
        tenant.service_principals.write(app.object_id, registrations.make_service_principal(tenant, app, app.object_id))
    asked = [
        VALUES.get(row["id"], row["id"])
        for entry in app.registration.get("requiredResourceAccess", [])
        if entry["resourceAppId"] == first_party.MS_GRAPH
        for row in entry["resourceAccess"]
        if row["type"] == "Role"
    ]
    # The service may revoke grants that are not listed.
    app.roles = asked
    return asked


def _consent_to_first_party(tenant: Tenant, client_id: str) -> list[str]:
    """Add the application, with a grant for all users: the service on the directory, the client on the service."""
    principals = {entry["appId"]: entry for entry in tenant.service_principals.all_written()}
    if client_id not in principals:
        made = service_principals.instantiate(tenant, client_id)
        tenant.service_principals.write(made["id"], made)
        principals[client_id] = made
    on = first_party.AAD_GRAPH if client_id == first_party.PIN_SERVICE else first_party.PIN_SERVICE
    if on not in principals:
        raise ValueError("consent to the PIN Reset Service first: the client asks for its scopes")
    scopes = ["User.Read"] if on == first_party.AAD_GRAPH else [scope["value"] for scope in principals[on]["oauth2PermissionScopes"]]
    client, resource = principals[client_id]["id"], principals[on]["id"]
    body = {"clientId": client, "resourceId": resource, "consentType": "AllPrincipals", "principalId": None}
    grant = {**body, "scope": " ".join(scopes), "id": grants.make_id(body)}
    tenant.grants.write(grant["id"], grant)
    return scopes
