# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks for a token: client secret, client assertion, or another issuer's (federated) assertion. All are really checked."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING, Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from .login_errors import LoginError

if TYPE_CHECKING:
    from ..control.tenant import Tenant
    from .applications import Application

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SKEW = 300
NO_TIME = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}


def authenticate(tenant: Tenant, app: Application, form: dict[str, str]) -> None:
    """Return when the credential in `form` belongs to `app`, else raise LoginError."""
    if form.get("client_assertion"):
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise LoginError(900144, reason="client_assertion_type")
        _check_assertion(tenant, app, form["client_assertion"])
    elif form.get("client_secret"):
        _check_secret(tenant, app, form["client_secret"])
    else:
        raise LoginError(7000216)


def _check_secret(tenant: Tenant, app: Application, presented: str) -> None:
    for secret in app.secrets:
        if hmac.compare_digest(secret.value.encode(), presented.encode()):
            if tenant.clock.now() >= secret.expires:
                raise LoginError(7000222, app=app.client_id)
            return
    raise LoginError(7000215, app=app.client_id)


def _check_assertion(tenant: Tenant, app: Application, token: str) -> None:
    try:
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise LoginError(50027, reason="AADSTS50027: Invalid JWT token.") from None
    if claims.get("iss") == app.client_id or not app.federated:
        _check_certificate(tenant, app, token, header, claims)
    else:
        _check_federated(tenant, app, token, claims)


def _check_certificate(tenant: Tenant, app: Application, token: str, header: dict[str, Any], claims: dict[str, Any]) -> None:
    certificate = _registered(app, header)
    if certificate is None:
        shown = header.get("x5t#S256") or header.get("x5t") or "none"
        raise LoginError(
            700027, app=app.client_id, reason=f"[Reason - The key was not found., Thumbprint of key used by client: '{shown}']"
        )
    try:
        jwt.decode(token, certificate.public_key(), algorithms=["PS256", "RS256"], options=NO_TIME)
    except jwt.PyJWTError:
        raise LoginError(700027, reason="[Reason - The key was found, but use of the key to verify the signature failed.]") from None
    if claims.get("iss") != app.client_id or claims.get("sub") != app.client_id:
        raise LoginError(700021)
    if claims.get("aud") not in tenant.assertion_audiences():
        raise LoginError(700023)
    if not claims.get("jti"):
        raise LoginError(50027, reason="The 'jti' claim is missing.")
    _check_time(tenant, claims)


def _registered(app: Application, header: dict[str, Any]) -> x509.Certificate | None:
    """The certificate that the header names; PS256 goes with SHA-256 thumbprints, RS256 with SHA-1 ones."""
    for name, digest in (("x5t#S256", hashes.SHA256()), ("x5t", hashes.SHA1())):  # a thumbprint, not a signature
        shown = header.get(name)
        if shown:
            for certificate in app.certificates:
                if base64.urlsafe_b64encode(certificate.fingerprint(digest)).rstrip(b"=").decode() == shown.rstrip("="):
                    return certificate
    return None


def _check_federated(tenant: Tenant, app: Application, token: str, claims: dict[str, Any]) -> None:
    audience = claims.get("aud")
    seen = (claims.get("iss"), claims.get("sub"), audience[0] if isinstance(audience, list) and len(audience) == 1 else audience)
    if not any((trust.issuer, trust.subject, trust.audience) == seen for trust in app.federated):
        raise LoginError(70021, reason=f"Assertion Issuer: '{seen[0]}'. Assertion Subject: '{seen[1]}'. Assertion Audience: '{seen[2]}'.")
    try:
        jwt.decode(token, tenant.keys.federated.key.public_key(), algorithms=["RS256"], options=NO_TIME)
    except jwt.PyJWTError:
        raise LoginError(700027, reason="[Reason - The signature of the federated assertion could not be verified.]") from None
    _check_time(tenant, claims)


def _check_time(tenant: Tenant, claims: dict[str, Any]) -> None:
    now = tenant.clock.timestamp()
    expires, not_before = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(expires, (int, float)) or now > expires + SKEW or now < not_before - SKEW:
        raise LoginError(700024, reason=f"Current time: {int(now)}, expiry time of assertion: {expires}.")
