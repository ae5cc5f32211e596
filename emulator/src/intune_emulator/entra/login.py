# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The login service: discovery, keys, token endpoint, and the managed identity endpoint of an App Service."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from typing import Any
from urllib.parse import parse_qsl, unquote

from jwt.algorithms import RSAAlgorithm

from ..http.refusals import tell_login_refusal
from ..state.tenant import Tenant
from .credentials import authenticate
from .login_errors import LoginError, render_login_error
from .tokens import issue_token

FILE = "intune_emulator/entra/login.py"
# Names that stand for any tenant: https://learn.microsoft.com/entra/identity-platform/v2-protocols#endpoints
SHARED_TENANTS = ("common", "organizations", "consumers")


def discovery(tenant: Tenant, name: str) -> dict[str, Any]:
    """Return the OpenID configuration of the tenant, addressed by id or by domain."""
    _require_tenant(tenant, name)
    base = f"{tenant.origin}/{tenant.tenant_id}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "msgraph_host": tenant.origin.partition("//")[2],
    }


def keys(tenant: Tenant, name: str) -> dict[str, Any]:
    """Return the JWKS of the signing key."""
    _require_tenant(tenant, name)
    key = json.loads(RSAAlgorithm.to_jwk(tenant.keys.signing.rsa_key.public_key()))
    return {
        "keys": [{**key, "use": "sig", "kid": tenant.keys.signing_id, "alg": "RS256", "issuer": f"{tenant.origin}/{tenant.tenant_id}/v2.0"}]
    }


def _require_tenant(tenant: Tenant, name: str) -> None:
    if name.lower() not in (tenant.tenant_id, tenant.domain):
        raise LoginError(90002, tenant=name, refused=f"tenant name '{name}'" if name.lower() in SHARED_TENANTS else "")


def request_token(tenant: Tenant, name: str, raw: bytes, headers: dict[str, str], entry: dict[str, Any]) -> dict[str, Any]:
    """Respond to POST /{tenant}/oauth2/v2.0/token, grant type client_credentials only."""
    form = dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    _read_basic(form, headers.get("authorization", ""))
    entry["client_id"] = form.get("client_id")
    entry["body"] = {key: form[key] for key in ("grant_type", "scope", "client_assertion_type", "claims") if key in form}
    _require_tenant(tenant, name)
    for required in ("grant_type", "client_id"):
        if not form.get(required):
            raise LoginError(900144, reason=required)
    if form["grant_type"] != "client_credentials":
        raise LoginError(70003, reason=form["grant_type"], refused=f"grant type '{form['grant_type']}'")
    app = tenant.applications.get(form["client_id"].lower())
    if app is None or (app.known is not None and tenant.clock.now() < app.known):
        raise LoginError(700016, app=form["client_id"])
    if not app.object_id:
        raise LoginError(7000229, app=form["client_id"])
    principal = tenant.service_principals.written(app.object_id)
    if principal is not None and not principal["accountEnabled"]:
        raise LoginError(7000112, app=form["client_id"], reason=app.display_name)
    _check_scope(tenant, form.get("scope", ""))
    authenticate(tenant, app, form)
    access_token = issue_token(tenant, app, challenge=_challenge_value(form.get("claims")))
    lifetime = tenant.settings.token_lifetime
    return {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": access_token}


def _read_basic(form: dict[str, str], authorization: str) -> None:
    """Read client_secret_basic; if both are given, the body takes precedence."""
    if authorization.lower().startswith("basic "):
        try:
            name, _separator, secret = base64.b64decode(authorization[6:]).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return
        form.setdefault("client_id", unquote(name))
        form.setdefault("client_secret", unquote(secret))


def _check_scope(tenant: Tenant, text: str) -> None:
    scopes = [scope for scope in text.split() if scope not in ("openid", "profile", "offline_access")]
    if not scopes:
        raise LoginError(70011)
    if len(scopes) > 1:
        raise LoginError(70011, reason=f"The scope {text} is not valid.")
    if not scopes[0].endswith("/.default"):
        raise LoginError(1002012, scope=scopes[0])
    resource = scopes[0][: -len("/.default")].rstrip("/")
    if resource != tenant.origin:
        raise LoginError(500011, scope=resource)


def _challenge_value(claims: str | None) -> str | None:
    """Return the value of a claims challenge that the client sent back."""
    if not claims:
        return None
    try:
        return str(json.loads(claims)["access_token"]["nbf"]["value"])
    except (ValueError, KeyError, TypeError):
        return None


def managed_identity(tenant: Tenant, query: dict[str, str], headers: dict[str, str], entry: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Respond to GET {IDENTITY_ENDPOINT}?api-version=2019-08-01&resource=… with (status, JSON).

    Source: https://learn.microsoft.com/azure/app-service/overview-managed-identity
    """
    app = tenant.managed_identity
    wanted = query.get("client_id")
    entry["client_id"] = wanted or app.client_id
    if not hmac.compare_digest(headers.get("x-identity-header", "").encode(), tenant.keys.identity_header.encode()):
        return 401, {"statusCode": 401, "message": "Unauthorized: the X-IDENTITY-HEADER value is missing or wrong."}
    if query.get("api-version") != "2019-08-01":
        tell_login_refusal(tenant, entry, f"api-version '{query.get('api-version')}' of the managed identity", FILE)
        return 400, {"statusCode": 400, "message": "The api-version is not supported."}
    if query.get("resource", "").rstrip("/") != tenant.origin:
        return 400, {
            "statusCode": 400,
            "message": f"AADSTS500011: The resource principal named {query.get('resource')} was not found in the tenant.",
        }
    if wanted and wanted.lower() != app.client_id:
        return 400, {
            "statusCode": 400,
            "message": "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
        }
    expires = int(tenant.clock.timestamp()) + tenant.settings.token_lifetime
    access_token = issue_token(tenant, app)
    return 200, {
        "access_token": access_token,
        "expires_on": str(expires),
        "resource": query["resource"],
        "token_type": "Bearer",
        "client_id": app.client_id,
    }


def error_response(error: LoginError, tenant: Tenant, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Return (status, JSON) of an AADSTS refusal with the caller's correlation id."""
    return render_login_error(error, tenant, headers.get("client-request-id") or tenant.new_request_id())
