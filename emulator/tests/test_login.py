# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Check that the token endpoint refuses like Entra."""

from __future__ import annotations

import base64
import time
import uuid
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from intune_emulator.state.keys import make_key_pair


def ask(client: Any, tenant: str | None = None, **form: str) -> Any:
    own = client.tenant
    data = {
        "grant_type": "client_credentials",
        "client_id": own.client_id,
        "client_secret": own.keys.client_secret,
        "scope": f"{own.origin}/.default",
        **form,
    }
    data = {name: value for name, value in data.items() if value}
    return client.http.post(f"/{tenant or own.tenant_id}/oauth2/v2.0/token", data=data)


def assert_refused(response: Any, status: int, code: int, error: str) -> None:
    body = response.json()
    assert (response.status_code, body["error_codes"], body["error"]) == (status, [code], error)
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert " Trace ID: " in body["error_description"]
    assert {"timestamp", "trace_id", "correlation_id", "error_uri"} <= set(body)


@pytest.mark.parity(
    "emulated",
    "Sign-in",
    "An app-only token has the claims of an access token of version 1.0: audience, tenant, application, `idtyp`, the "
    "granted roles, and a lifetime of 3,599 seconds.",
    source="https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference",
)
def test_token_claims(client: Any) -> None:
    response = ask(client)
    assert response.status_code == 200
    claims = jwt.decode(response.json()["access_token"], options={"verify_signature": False})
    assert claims["aud"] == client.tenant.origin
    assert (claims["tid"], claims["appid"], claims["idtyp"]) == (client.tenant.tenant_id, client.tenant.client_id, "app")
    assert "DeviceManagementManagedDevices.PrivilegedOperations.All" in claims["roles"]
    assert claims["exp"] - claims["iat"] == 3599


@pytest.mark.parity(
    "real",
    "Sign-in",
    "Tokens are JSON Web Tokens that PyJWT verifies with the published keys.",
    source=("https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference", "https://www.rfc-editor.org/rfc/rfc7519"),
)
def test_token_is_signed_by_published_key(client: Any) -> None:
    token = ask(client).json()["access_token"]
    jwks = client.http.get(f"/{client.tenant.tenant_id}/discovery/v2.0/keys").json()
    key = jwt.PyJWK(jwks["keys"][0])
    assert jwt.decode(token, key.key, algorithms=["RS256"], audience=client.tenant.origin)["ver"] == "1.0"


@pytest.mark.parity(
    "emulated",
    "Sign-in",
    "The client secret can be in the body or in an `Authorization: Basic` header.",
    source="https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow",
)
def test_basic_authentication(client: Any) -> None:
    own = client.tenant
    basic = base64.b64encode(f"{own.client_id}:{own.keys.client_secret}".encode()).decode()
    data = {"grant_type": "client_credentials", "scope": f"{own.origin}/.default"}
    response = client.http.post(f"/{own.tenant_id}/oauth2/v2.0/token", data=data, headers={"Authorization": f"Basic {basic}"})
    assert response.status_code == 200


@pytest.mark.parity(
    "emulated",
    "Sign-in",
    "A wrong, missing, or unknown secret, client, scope, resource, or grant type is refused with the AADSTS code, the "
    "error, and the body of the service.",
    source="https://learn.microsoft.com/entra/identity-platform/reference-error-codes",
)
@pytest.mark.parametrize(
    ("form", "status", "code", "error"),
    [
        ({"client_secret": "wrong"}, 401, 7000215, "invalid_client"),
        ({"client_secret": ""}, 401, 7000216, "invalid_client"),
        ({"client_id": str(uuid.uuid4())}, 400, 700016, "unauthorized_client"),
        ({"scope": ""}, 400, 70011, "invalid_scope"),
        ({"scope": "https://127.0.0.1:8443/User.Read"}, 400, 1002012, "invalid_scope"),
        ({"scope": "https://elsewhere.example/.default"}, 400, 500011, "invalid_resource"),
        ({"grant_type": "password"}, 400, 70003, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, 900144, "invalid_request"),
    ],
)
def test_refusals(client: Any, form: dict[str, str], status: int, code: int, error: str) -> None:
    assert_refused(ask(client, **form), status, code, error)


@pytest.mark.parity(
    "emulated",
    "Sign-in",
    "An unknown tenant is refused with AADSTS90002, by the token endpoint and by the discovery document.",
    source="https://learn.microsoft.com/entra/identity-platform/reference-error-codes",
)
def test_unknown_tenant(client: Any) -> None:
    assert_refused(ask(client, tenant="fabrikam.example"), 400, 90002, "invalid_request")
    response = client.http.get("/fabrikam.example/v2.0/.well-known/openid-configuration")
    assert_refused(response, 400, 90002, "invalid_request")


@pytest.mark.parity(
    "emulated",
    "Sign-in",
    "A secret ends at its end date by the emulated clock: AADSTS7000222.",
    source="https://learn.microsoft.com/entra/identity-platform/reference-error-codes",
)
def test_expired_secret(client: Any) -> None:
    app = client.control("POST", "apps", {"secret_valid_days": 1})
    form = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
    assert ask(client, **form).status_code == 200
    client.advance(86401)
    assert_refused(ask(client, **form), 401, 7000222, "invalid_client")


def assertion(client: Any, **changes: Any) -> str:
    own, now = client.tenant, int(time.time())
    claims = {
        "aud": f"{own.origin}/{own.tenant_id}/oauth2/v2.0/token",
        "iss": own.client_id,
        "sub": own.client_id,
        "jti": "1",
        "nbf": now,
        "exp": now + 600,
    }
    pair = changes.pop("pair", own.keys.client)
    thumbprint = base64.urlsafe_b64encode(pair.certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
    header = {"x5t#S256": changes.pop("thumbprint", thumbprint)}
    return jwt.encode({**claims, **changes}, pair.key, algorithm="PS256", headers=header)


def ask_assertion(client: Any, token: str) -> Any:
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return ask(client, client_secret="", client_assertion=token, client_assertion_type=kind)


@pytest.mark.parity(
    "real",
    "Sign-in",
    "A client assertion signed with PS256 by PyJWT and cryptography is verified with the certificate of the application.",
    source="https://learn.microsoft.com/entra/identity-platform/certificate-credentials",
)
def test_assertion(client: Any) -> None:
    assert ask_assertion(client, assertion(client)).status_code == 200


@pytest.mark.parity(
    "emulated",
    "Sign-in",
    "A client assertion with another audience, subject, expiry, or thumbprint, or without `jti`, is refused with the code for its fault.",
    source=(
        "https://learn.microsoft.com/entra/identity-platform/certificate-credentials",
        "https://learn.microsoft.com/entra/identity-platform/reference-error-codes",
    ),
)
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aud": "https://elsewhere.example"}, 700023),
        ({"sub": "someone"}, 700021),
        ({"exp": 1_000_000_000}, 700024),
        ({"jti": ""}, 50027),
        ({"thumbprint": "AAAA"}, 700027),
    ],
)
def test_assertion_refusals(client: Any, changes: dict[str, Any], code: int) -> None:
    assert ask_assertion(client, assertion(client, **changes)).json()["error_codes"] == [code]


@pytest.mark.parity(
    "real",
    "Sign-in",
    "A client assertion signed by another key is refused with AADSTS700027, also when it names the right thumbprint.",
    source="https://learn.microsoft.com/entra/identity-platform/certificate-credentials",
)
def test_assertion_with_foreign_key(client: Any) -> None:
    own = client.tenant.keys.client.certificate
    thumbprint = base64.urlsafe_b64encode(own.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
    token = assertion(client, pair=make_key_pair("stranger"), thumbprint=thumbprint)
    response = ask_assertion(client, token)
    assert_refused(response, 401, 700027, "invalid_client")


@pytest.mark.parity(
    "assumed",
    "Sign-in",
    "A federated token that fits no trust is refused with AADSTS70021; since 2024 a code for each part was observed as well "
    "(700211 to 700213, 7002138).",
    source=(
        "https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations",
        "https://github.com/Azure/azure-workload-identity/issues/1200",
        "https://github.com/Azure/login/issues/515",
    ),
    settings=("federated_refusal",),
)
@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"iss": "https://other.example/"}, 700211),
        ({"aud": "api://other"}, 700212),
        ({"sub": "system:serviceaccount:other"}, 700213),
        ({"sub": str.upper}, 7002138),
    ],
)
def test_federated_refusals_by_the_part_that_differs(client: Any, claims: dict[str, Any], code: int) -> None:
    client.control("PATCH", "settings", {"federated_refusal": "specific"})
    own = jwt.decode(client.tenant.federated_token, options={"verify_signature": False})
    changed = {name: value(own[name]) if callable(value) else value for name, value in claims.items()}
    other = jwt.encode({**own, **changed}, client.tenant.keys.federated.key, algorithm="RS256")
    assert_refused(ask_assertion(client, other), 401, code, "invalid_client")


@pytest.mark.parity(
    "real",
    "Sign-in",
    "A federated token is verified by the keys of its issuer, and must have the issuer, subject, and audience of the trust.",
    source="https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations",
)
def test_federated(client: Any) -> None:
    assert ask_assertion(client, client.tenant.federated_token).status_code == 200
    claims = jwt.decode(client.tenant.federated_token, options={"verify_signature": False})
    other = jwt.encode({**claims, "sub": "system:serviceaccount:other"}, client.tenant.keys.federated.key, algorithm="RS256")
    assert_refused(ask_assertion(client, other), 400, 70021, "invalid_request")
    forged = jwt.encode(claims, client.tenant.keys.client.key, algorithm="RS256")
    assert ask_assertion(client, forged).json()["error_codes"] == [700027]


@pytest.mark.parity(
    "emulated",
    "Sign-in",
    "The managed identity endpoint checks its header, the resource, and the client ID.",
    source="https://learn.microsoft.com/azure/app-service/overview-managed-identity",
)
def test_managed_identity(client: Any) -> None:
    params = {"api-version": "2019-08-01", "resource": client.tenant.origin}
    header = {"X-IDENTITY-HEADER": client.tenant.keys.identity_header}
    good = client.http.get("/msi/token", params=params, headers=header)
    assert good.status_code == 200
    assert int(good.json()["expires_on"]) > time.time()
    assert client.http.get("/msi/token", params=params).status_code == 401
    assert client.http.get("/msi/token", params={**params, "resource": "https://vault.example"}, headers=header).status_code == 400
    assert client.http.get("/msi/token", params={**params, "client_id": str(uuid.uuid4())}, headers=header).status_code == 400


def test_journal_tells_tokens_without_secrets(client: Any) -> None:
    ask(client)
    entry = client.journal()[-1]
    assert (entry["kind"], entry["client_id"], entry["status"]) == ("token", client.tenant.client_id, 200)
    assert client.tenant.keys.client_secret not in str(client.journal())


@pytest.mark.parity(
    "emulated",
    "Sign-in",
    "The lifetime of tokens can be another one, as by a policy of the tenant.",
    source="https://learn.microsoft.com/entra/identity-platform/configurable-token-lifetimes",
    settings=("token_lifetime",),
)
def test_tokens_may_live_shorter(client: Any) -> None:
    client.settings(token_lifetime=60)
    body = ask(client).json()
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert (body["expires_in"], claims["exp"] - claims["iat"]) == (60, 60)
