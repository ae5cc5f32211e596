# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Verify the credentials of a token request: client secret, client assertion, or federated assertion.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING, Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ..state.applications import Application, Certificate, FederatedCredential, Secret
from ..state.tenant import Tenant
from .login_errors import LoginError

if TYPE_CHECKING:
    from jwt.types import Options

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SKEW_SECONDS = 300
# this file checks aud and times by the emulated clock
SIGNATURE_ONLY: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}


def authenticate(tenant: Tenant, app: Application, form: dict[str, str]) -> None:
    """Raise LoginError unless the credential in `form` belongs to `app`."""
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
        if _is_known(tenant, secret) and hmac.compare_digest(secret.value.encode(), presented.encode()):
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
    entry = _registered(tenant, app, header)
    if entry is None:
        shown = header.get("x5t#S256") or header.get("x5t") or "none"
        raise LoginError(
            700027, app=app.client_id, reason=f"[Reason - The key was not found., Thumbprint of key used by client: '{shown}']"
        )
    certificate = entry.certificate
    if entry.expires is not None and tenant.clock.now() >= entry.expires:
        raise LoginError(700027, app=app.client_id, reason="[Reason - The key used is expired.]")
    try:
        jwt.decode(token, _rsa_key(certificate), algorithms=["PS256", "RS256"], options=SIGNATURE_ONLY)
    except jwt.PyJWTError:
        raise LoginError(700027, reason="[Reason - The key was found, but use of the key to verify the signature failed.]") from None
    if claims.get("iss") != app.client_id or claims.get("sub") != app.client_id:
        raise LoginError(700021)
    if claims.get("aud") not in _audiences(tenant):
        raise LoginError(700023)
    if not claims.get("jti"):
        raise LoginError(50027, reason="The 'jti' claim is missing.")
    _check_time(tenant, claims)


def _audiences(tenant: Tenant) -> tuple[str, ...]:
    base = f"{tenant.origin}/{tenant.tenant_id}"
    return f"{base}/oauth2/v2.0/token", f"{base}/v2.0", f"{tenant.origin}/{tenant.domain}/oauth2/v2.0/token"


def _is_known(tenant: Tenant, credential: Secret | Certificate | FederatedCredential) -> bool:
    """Return whether the login service already accepts a credential: a new one takes a while to reach it."""
    return credential.known is None or tenant.clock.now() >= credential.known


def _registered(tenant: Tenant, app: Application, header: dict[str, Any]) -> Certificate | None:
    """Return the certificate that the header names: by a SHA-256 thumbprint (PS256) or a SHA-1 one (RS256)."""
    for name, digest in (("x5t#S256", hashes.SHA256()), ("x5t", hashes.SHA1())):  # a thumbprint, not a signature
        shown = header.get(name)
        if shown:
            for entry in app.certificates:
                thumbprint = base64.urlsafe_b64encode(entry.certificate.fingerprint(digest)).rstrip(b"=").decode()
                if entry.usage == "Verify" and _is_known(tenant, entry) and thumbprint == shown.rstrip("="):
                    return entry
    return None


def _rsa_key(certificate: x509.Certificate) -> RSAPublicKey:
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise TypeError("applications are registered with RSA certificates")
    return key


def _check_federated(tenant: Tenant, app: Application, token: str, claims: dict[str, Any]) -> None:
    audience = claims.get("aud")
    seen = (claims.get("iss"), claims.get("sub"), audience[0] if isinstance(audience, list) and len(audience) == 1 else audience)
    if not any((trust.issuer, trust.subject, trust.audience) == seen for trust in app.federated if _is_known(tenant, trust)):
        raise _no_federated_record(tenant, app, *seen)
    try:
        jwt.decode(token, tenant.keys.federated.rsa_key.public_key(), algorithms=["RS256"], options=SIGNATURE_ONLY)
    except jwt.PyJWTError:
        raise LoginError(700027, reason="[Reason - The signature of the federated assertion could not be verified.]") from None
    _check_time(tenant, claims)


def _no_federated_record(tenant: Tenant, app: Application, issuer: Any, subject: Any, audience: Any) -> LoginError:
    """Return the refusal of an assertion without a federated credential: one code for all, or that of the part that differs.

    Source of the numbers and texts: https://github.com/Azure/login/issues/515 and
    https://github.com/Azure/azure-workload-identity/issues/1200
    """
    if tenant.settings.federated_refusal == "generic":
        return LoginError(70021, reason=f"Assertion Issuer: '{issuer}'. Assertion Subject: '{subject}'. Assertion Audience: '{audience}'.")
    advice = "Check your federated identity credential Subject, Audience and Issuer against the presented assertion."
    issued = [trust for trust in app.federated if trust.issuer == issuer]
    if not issued:
        return LoginError(700211, reason=f"'{issuer}'. {advice}")
    if any(trust.subject != subject and trust.subject.lower() == str(subject).lower() for trust in issued):
        cases = "The subject matches with case-insensitive comparison, but not with case-sensitive comparison."
        return LoginError(7002138, reason=f"'{subject}'. {cases} {advice}")
    if not any(trust.subject == subject for trust in issued):
        return LoginError(700213, reason=f"'{subject}'. {advice}")
    return LoginError(700212, reason=f"'{audience}'. {advice}")


def _check_time(tenant: Tenant, claims: dict[str, Any]) -> None:
    now = tenant.clock.timestamp()
    expires, not_before = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(expires, (int, float)) or now > expires + SKEW_SECONDS or now < not_before - SKEW_SECONDS:
        raise LoginError(700024, reason=f"Current time: {int(now)}, expiry time of assertion: {expires}.")
