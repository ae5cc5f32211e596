# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Error responses of the login service: AADSTS codes, texts and status.

Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

from typing import Any

from ..state.tenant import Tenant

# code: (error, status, text)
TEXTS: dict[int, tuple[str, int, str]] = {
    7000215: (
        "invalid_client",
        401,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
        "not the client secret ID, for a secret added to app '{app}'.",
    ),
    7000222: (
        "invalid_client",
        401,
        "The provided client secret keys for app '{app}' are expired. Visit the Azure portal to create new keys for your app: "
        "https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.",
    ),
    7000216: (
        "invalid_client",
        401,
        "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
    ),
    700016: (
        "unauthorized_client",
        400,
        "Application with identifier '{app}' was not found in the directory '{tenant}'. This can happen if the application has not been "
        "installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication "
        "request to the wrong tenant.",
    ),
    90002: (
        "invalid_request",
        400,
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with "
        "your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
    ),
    700027: (
        "invalid_client",
        401,
        "The certificate with identifier used to sign the client assertion is not registered on application. {reason}",
    ),
    700024: ("invalid_client", 401, "Client assertion is not within its valid time range. {reason}"),
    700023: ("invalid_client", 401, "Client assertion audience claim does not match Realm issuer. {reason}"),
    700021: ("invalid_client", 401, "Client assertion application identifier doesn't match 'client_id' parameter. {reason}"),
    50027: ("invalid_request", 400, "JWT token is invalid or malformed. {reason}"),
    70021: ("invalid_request", 400, "No matching federated identity record found for presented assertion. {reason}"),
    700211: ("invalid_client", 401, "No matching federated identity record found for presented assertion issuer {reason}"),
    700212: ("invalid_client", 401, "No matching federated identity record found for presented assertion audience {reason}"),
    700213: ("invalid_client", 401, "No matching federated identity record found for presented assertion subject {reason}"),
    7002138: ("invalid_client", 401, "No matching federated identity record found for presented assertion subject {reason}"),
    70011: (
        "invalid_scope",
        400,
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. "
        "{reason}",
    ),
    1002012: (
        "invalid_scope",
        400,
        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the "
        "resource identifier (application ID URI).",
    ),
    500011: (
        "invalid_resource",
        400,
        "The resource principal named {scope} was not found in the tenant named {tenant}. This can happen if the application has not been "
        "installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication "
        "request to the wrong tenant.",
    ),
    7000112: ("unauthorized_client", 400, "Application '{app}'({reason}) is disabled."),
    7000229: ("invalid_client", 401, "The client application {app} is missing service principal in the tenant {tenant}."),
    70003: ("unsupported_grant_type", 400, "The app requested an unsupported grant type '{reason}'."),
    900144: ("invalid_request", 400, "The request body must contain the following parameter: '{reason}'."),
}


class LoginError(Exception):
    """An AADSTS refusal. `refused`: the reason, where the login service accepts it, and the emulator does not."""

    def __init__(self, code: int, *, refused: str = "", **values: str) -> None:
        super().__init__(str(code))
        self.code, self.refused, self.values = code, refused, values


def render_login_error(error: LoginError, tenant: Tenant, correlation_id: str) -> tuple[int, dict[str, Any]]:
    """Return (HTTP status, JSON body)."""
    name, status, text = TEXTS[error.code]
    values = {"app": "", "tenant": tenant.tenant_id, "reason": "", "scope": "", **error.values}
    trace_id = tenant.new_request_id()
    timestamp = tenant.clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
    description = f"AADSTS{error.code}: {text.format(**values).strip()}"
    return status, {
        "error": name,
        "error_description": f"{description} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}",
        "error_codes": [error.code],
        "timestamp": timestamp,
        "trace_id": trace_id,
        "correlation_id": correlation_id,
        "error_uri": f"{tenant.origin}/error?code={error.code}",
    }
