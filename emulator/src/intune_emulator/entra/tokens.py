# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Access tokens: issued by the login endpoint, verified by Graph. RS256 with the tenant's signing key."""

from __future__ import annotations

import base64
import json
import uuid
from typing import TYPE_CHECKING, Any

import jwt

from ..http.errors import GraphError
from ..state.applications import Application
from ..state.tenant import Tenant
from .directory_rights import ROLES

if TYPE_CHECKING:
    from jwt.types import Options

SKEW_SECONDS = 300
# The Azure CLI and the scopes of its token for a person, which are the same in all tenants and include none of Intune.
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
AZURE_CLI_SCOPES = (
    "Application.ReadWrite.All AppRoleAssignment.ReadWrite.All AuditLog.Read.All DelegatedPermissionGrant.ReadWrite.All "
    "Directory.AccessAsUser.All email Group.ReadWrite.All openid profile User.Read.All User.ReadWrite.All"
)
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"


def issue_token(
    tenant: Tenant,
    app: Application,
    *,
    audience: str | None = None,
    roles: list[str] | None = None,
    lifetime: int | None = None,
    challenge: str | None = None,
    person: bool = False,
    directory_roles: tuple[str, ...] = ("Global Administrator",),
    user: str | None = None,
) -> str:
    """Issue an app-only token, the token of the Azure CLI for a `person`, or one for a `user` (an ID) with `roles` as its scopes.

    A person holds the `directory_roles`.

    `challenge`: the value that the client sent for a claims challenge.

    Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
    """
    now = int(tenant.clock.timestamp())
    uti = uuid.uuid4().hex[:22]
    claims = {
        "aud": audience or tenant.origin,
        "iss": f"{tenant.origin}/{tenant.tenant_id}/",
        "iat": now,
        "nbf": now if lifetime is None or lifetime > 0 else now + lifetime - 3600,
        "exp": now + (tenant.settings.token_lifetime if lifetime is None else lifetime),
        "app_displayname": app.display_name,
        "appid": app.client_id,
        "appidacr": "1",
        "idtyp": "app",
        "oid": app.object_id,
        "sub": app.object_id,
        "roles": list(app.roles if roles is None else roles),
        "tid": tenant.tenant_id,
        "uti": uti,
        "ver": "1.0",
    }
    if person:
        del claims["roles"]
        claims |= {"appid": AZURE_CLI, "app_displayname": "Microsoft Azure CLI", "appidacr": "0", "idtyp": "user", "scp": AZURE_CLI_SCOPES}
        claims["wids"] = [ROLES[name] for name in directory_roles]
    if user:
        del claims["roles"]
        scopes = " ".join(app.roles if roles is None else roles)
        claims |= {"appidacr": "0", "idtyp": "user", "oid": user, "sub": user, "scp": scopes}
    token = jwt.encode(claims, tenant.keys.signing.rsa_key, algorithm="RS256", headers={"kid": tenant.keys.signing_id})
    if challenge is not None:
        tenant.answered_challenges[uti] = challenge
    tenant.secrets.add(token)
    return token


def _refusal(message: str, description: str = "") -> GraphError:
    header = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="' + GRAPH_APP_ID + '"'
    )
    if description:
        header += f', error="invalid_token", error_description="{description}"'
    return GraphError(401, "InvalidAuthenticationToken", message, headers={"www-authenticate": header})


def _challenge(claims: str) -> GraphError:
    """Return the claims challenge of continuous access evaluation; `claims` are base64.

    Source: https://learn.microsoft.com/entra/identity-platform/claims-challenge
    """
    header = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
        f'client_id="{GRAPH_APP_ID}", error="insufficient_claims", claims="{claims}"'
    )
    message = (
        "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenCreatedWithOutdatedPolicies"
    )
    return GraphError(401, "InvalidAuthenticationToken", message, headers={"www-authenticate": header})


def verify_token(tenant: Tenant, authorization: str | None) -> dict[str, Any]:
    """Return the claims of a valid bearer token; GraphError 401 for any other header.

    Keep the result of the signature check, but check audience, time, revocation, and challenges for every request.
    """
    if not authorization:
        raise _refusal("Access token is empty.")
    scheme, _separator, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _refusal("Access token is empty.")
    claims = tenant.verified_tokens.get(token)
    if claims is None:
        claims = tenant.verified_tokens[token] = _decode(tenant, token.strip())
    _check_claims(tenant, claims)
    return claims


def _decode(tenant: Tenant, token: str) -> dict[str, Any]:
    if token.count(".") != 2:
        raise _refusal(
            "IDX14100: JWT is not well formed, there are no dots (.).\nThe token needs to be in JWS or JWE Compact Serialization Format."
        )
    options: Options = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
    try:
        return jwt.decode(token, tenant.keys.signing.rsa_key.public_key(), algorithms=["RS256"], options=options)
    except jwt.InvalidSignatureError:
        raise _refusal("Invalid JWT access token: signature validation failed.") from None
    except jwt.PyJWTError:
        raise _refusal("CompactToken parsing failed with error code: 80049217") from None


def _check_claims(tenant: Tenant, claims: dict[str, Any]) -> None:
    now = tenant.clock.timestamp()
    if claims.get("aud") not in (tenant.origin, tenant.origin + "/"):
        raise _refusal("Access token validation failure. Invalid audience.")
    if claims.get("tid") != tenant.tenant_id:
        raise _refusal("Access token validation failure. Invalid tenant.")
    if now >= claims.get("exp", 0) or claims.get("uti") in tenant.expired_tokens:
        text = "Lifetime validation failed, the token is expired."
        raise _refusal(text, text)
    if now < claims.get("nbf", 0) - SKEW_SECONDS:
        raise _refusal("Lifetime validation failed, the token is not yet valid.")
    demanded = tenant.challenges.get(claims.get("appid", ""))
    if demanded is not None and tenant.answered_challenges.get(claims.get("uti", "")) != demanded:
        raise _challenge(_challenge_claims(demanded))


def _challenge_claims(value: str) -> str:
    """Return the base64 `claims` of a challenge."""
    return base64.b64encode(json.dumps({"access_token": {"nbf": {"essential": True, "value": value}}}).encode()).decode()
