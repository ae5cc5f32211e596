# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens: minted by the login endpoint, checked by Graph. RS256 with the tenant's signing key."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import jwt

from ..http.errors import GraphError

if TYPE_CHECKING:
    from ..control.tenant import Tenant
    from .applications import Application

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"


def mint(
    tenant: Tenant,
    app: Application,
    *,
    audience: str | None = None,
    roles: list[str] | None = None,
    lifetime: int | None = None,
    challenge: str | None = None,
) -> str:
    """A signed app-only token. `challenge`: the claims value that the client brought back (CAE)."""
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
    token = jwt.encode(claims, tenant.keys.signing.key, algorithm="RS256", headers={"kid": tenant.keys.signing_id})
    if challenge is not None:
        tenant.answered_challenges[uti] = challenge
    tenant.secrets.add(token)
    return token


def _refuse(message: str, description: str = "") -> GraphError:
    header = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="' + GRAPH_APP_ID + '"'
    )
    if description:
        header += f', error="invalid_token", error_description="{description}"'
    return GraphError(401, "InvalidAuthenticationToken", message, headers={"www-authenticate": header})


def challenge_error(claims_base64: str) -> GraphError:
    """The claims challenge of continuous access evaluation."""
    header = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
        f'client_id="{GRAPH_APP_ID}", error="insufficient_claims", claims="{claims_base64}"'
    )
    message = (
        "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenCreatedWithOutdatedPolicies"
    )
    return GraphError(401, "InvalidAuthenticationToken", message, headers={"www-authenticate": header})


class Verifier:
    """Signature checks are remembered; audience, time, revocation and challenges are checked on every request."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._known: dict[str, dict[str, Any]] = {}

    def check(self, authorization: str | None) -> dict[str, Any]:
        """The claims of a valid bearer token, or GraphError 401."""
        if not authorization:
            raise _refuse("Access token is empty.")
        scheme, _separator, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _refuse("Access token is empty.")
        claims = self._known.get(token)
        if claims is None:
            claims = self._known[token] = self._decode(token.strip())
        self._check_claims(claims)
        return claims

    def _decode(self, token: str) -> dict[str, Any]:
        if token.count(".") != 2:
            raise _refuse(
                "IDX14100: JWT is not well formed, there are no dots (.).\n"
                "The token needs to be in JWS or JWE Compact Serialization Format."
            )
        options = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
        try:
            return jwt.decode(token, self._tenant.keys.signing.key.public_key(), algorithms=["RS256"], options=options)
        except jwt.InvalidSignatureError:
            raise _refuse("Invalid JWT access token: signature validation failed.") from None
        except jwt.PyJWTError:
            raise _refuse("CompactToken parsing failed with error code: 80049217") from None

    def _check_claims(self, claims: dict[str, Any]) -> None:
        tenant = self._tenant
        now = tenant.clock.timestamp()
        if claims.get("aud") not in (tenant.origin, tenant.origin + "/"):
            raise _refuse("Access token validation failure. Invalid audience.")
        if claims.get("tid") != tenant.tenant_id:
            raise _refuse("Access token validation failure. Invalid tenant.")
        if now >= claims.get("exp", 0) or claims.get("uti") in tenant.expired_tokens:
            text = "Lifetime validation failed, the token is expired."
            raise _refuse(text, text)
        if now < claims.get("nbf", 0) - 300:
            raise _refuse("Lifetime validation failed, the token is not yet valid.")
        demanded = tenant.challenges.get(claims.get("appid", ""))
        if demanded is not None and tenant.answered_challenges.get(claims.get("uti", "")) != demanded:
            raise challenge_error(tenant.challenge_claims(demanded))
