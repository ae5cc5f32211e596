# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Certificates and secrets of an application, and the policy that can refuse them.

Sources: https://learn.microsoft.com/graph/api/application-addpassword, https://learn.microsoft.com/graph/api/resources/keycredential, and
https://learn.microsoft.com/graph/api/resources/tenantappmanagementpolicy
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from ..http.errors import bad_request, not_emulated
from ..http.message import GraphRequest, Response
from ..state.applications import Application, Certificate, Secret
from ..state.clock import parse_iso
from ..state.directory_store import Properties
from ..state.keys import random_text
from ..state.tenant import Tenant
from . import applications, registrations

LONGEST_DISPLAY_NAME = 90
DEFAULT_DAYS = 730  # of a secret
NOT_ALLOWED = "Credential type not allowed as per assigned policy"
TOO_LONG = "Credential lifetime exceeds the max value allowed as per assigned policy"


def replace(tenant: Tenant, app: Application, entries: Any) -> list[Certificate]:
    """Return the certificates after PATCH keyCredentials, which replaces the list. An entry without `key` keeps the one with its ID."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _invalid("keyCredentials")
    return [_kept(tenant, app, entry) if entry.get("key") is None else _added(tenant, entry) for entry in entries]


def _invalid_end() -> Exception:
    return bad_request("Key credential end date is invalid.", "KeyCredentialsInvalidEndDate")


def _kept(tenant: Tenant, app: Application, entry: Properties) -> Certificate:
    for known in app.certificates:
        if known.key_id == entry.get("keyId"):
            # Some users report that an expired certificate makes the whole list invalid.
            is_over = (known.expires or known.certificate.not_valid_after_utc) <= tenant.clock.now()
            if (entry.get("type"), entry.get("usage")) != ("AsymmetricX509Cert", known.usage):
                raise not_emulated("Invalid value specified for property 'keyCredentials'.", "another type or usage for a key that is kept")
            if is_over and tenant.settings.kept_expired_certificate == "refuse":
                raise _invalid_end()
            return known
    raise bad_request("No credentials found to be removed.", "Request_BadRequest")


def _added(tenant: Tenant, entry: Properties) -> Certificate:
    if entry.get("type") != "AsymmetricX509Cert" or entry.get("usage") not in ("Verify", "Encrypt"):
        raise _invalid("keyCredentials")
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(entry["key"], validate=True))
        begins = _moment(entry.get("startDateTime")) or certificate.not_valid_before_utc
        expires = _moment(entry.get("endDateTime")) or certificate.not_valid_after_utc
    except (ValueError, TypeError, binascii.Error):
        raise bad_request("Invalid certificate: Key value is invalid certificate", "Request_BadRequest") from None
    if expires > certificate.not_valid_after_utc:
        raise _invalid_end()
    _check_lifetime(tenant, expires - begins)
    name = (entry.get("displayName") or certificate.subject.rfc4514_string())[:LONGEST_DISPLAY_NAME]
    known = tenant.clock.now() + timedelta(seconds=tenant.settings.credential_delay)
    return Certificate(
        certificate, entry.get("keyId") or tenant.new_id(), name[:LONGEST_DISPLAY_NAME], begins, expires, known, entry["usage"]
    )


def _moment(text: Any) -> datetime | None:
    return parse_iso(text) if text is not None else None


def _invalid(name: str) -> Exception:
    return bad_request(f"Invalid value specified for property '{name}' of resource 'Application'.", "Request_BadRequest")


def _check_lifetime(tenant: Tenant, lifetime: timedelta) -> None:
    longest = tenant.settings.credential_max_days
    if longest and lifetime > timedelta(days=longest):
        raise bad_request(TOO_LONG, "CredentialInvalidLifetimeAsPerAppPolicy")


def add_password(request: GraphRequest) -> Response:
    """Add a secret; only this response shows its text."""
    app, tenant = applications.require(request), request.tenant
    given = (request.body or {}).get("passwordCredential") or {} if isinstance(request.body or {}, dict) else None
    if not isinstance(given, dict):
        raise _invalid("passwordCredential")
    if tenant.settings.application_secrets == "refuse":
        raise bad_request(NOT_ALLOWED, "CredentialTypeNotAllowedAsPerAppPolicy")
    now = tenant.clock.now()
    try:
        begins = _moment(given.get("startDateTime")) or now
        expires = _moment(given.get("endDateTime")) or begins + timedelta(days=DEFAULT_DAYS)
    except (ValueError, TypeError, AttributeError):
        raise _invalid("endDateTime") from None
    _check_lifetime(tenant, expires - begins)
    secret = Secret(random_text(), expires, tenant.new_id(), given.get("displayName"), begins)
    secret.known = now + timedelta(seconds=tenant.settings.credential_delay)
    tenant.secrets.add(secret.value)
    app.secrets.append(secret)
    registrations.publish(tenant, app)
    body = {**registrations.render_secret(secret), "secretText": secret.value}
    return Response(200, {"@odata.context": request.context("microsoft.graph.passwordCredential"), **body})


def remove_password(request: GraphRequest) -> Response:
    """Remove a secret by its ID."""
    app = applications.require(request)
    key_id = (request.body or {}).get("keyId") if isinstance(request.body or {}, dict) else None
    left = [secret for secret in app.secrets if secret.key_id != key_id]
    if len(left) == len(app.secrets):
        raise bad_request(f"No password credential found with keyId {key_id}.", "Request_BadRequest")
    app.secrets = left
    registrations.publish(request.tenant, app)
    return Response(204)
