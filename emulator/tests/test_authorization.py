# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Check that Graph refuses tokens and roles with the service's own bodies."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

DEVICES = "/v1.0/deviceManagement/managedDevices"


@pytest.mark.parity(
    "emulated",
    "Requests and errors",
    "A missing or malformed token returns 401 `InvalidAuthenticationToken` with the texts of the service and a `WWW-Authenticate` header.",
    source="https://learn.microsoft.com/graph/errors",
)
@pytest.mark.parametrize(
    ("header", "text"),
    [(None, "Access token is empty."), ("Bearer garbage", "IDX14100"), ("Bearer a.b.c", "CompactToken parsing failed")],
)
def test_no_token(client: Any, header: str | None, text: str) -> None:
    response = client.http.get(DEVICES, headers={"Authorization": header} if header else {})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (401, "InvalidAuthenticationToken")
    assert text in error["message"]
    assert response.headers["www-authenticate"].startswith("Bearer ")


@pytest.mark.parity(
    "emulated",
    "Requests and errors",
    "A token for another audience and an expired token are refused with 401.",
    source="https://learn.microsoft.com/graph/errors",
)
@pytest.mark.parametrize(
    ("options", "text"), [({"audience": "https://other.example"}, "Invalid audience"), ({"expires_in": -10}, "the token is expired")]
)
def test_wrong_token(client: Any, options: dict[str, Any], text: str) -> None:
    token = client.control("POST", "tokens", options)["access_token"]
    response = client.http.get(DEVICES, headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401
    assert text in response.json()["error"]["message"]


@pytest.mark.parity(
    "emulated",
    "Sign-in",
    "A token that the Azure CLI gets for a person has a fixed list of scopes, with none of Intune; the control API issues such tokens.",
    source="https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference",
)
def test_a_person_of_the_azure_cli_has_its_scopes_and_none_of_intune(client: Any) -> None:
    token = client.control("POST", "tokens", {"person": True})["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.http.get("/v1.0/servicePrincipals", headers=headers).status_code == 200
    refused = client.http.get(DEVICES, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "Forbidden")
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["idtyp"] == "user" and "roles" not in claims and "DeviceManagement" not in claims["scp"]


@pytest.mark.parity(
    "real",
    "Sign-in",
    "A token whose claims were changed is refused, because its signature does not fit.",
    source="https://www.rfc-editor.org/rfc/rfc7519",
)
def test_altered_token(client: Any) -> None:
    head, body, signature = client.token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["roles"] = ["Everything"]
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    response = client.http.get(DEVICES, headers={"Authorization": f"Bearer {head}.{forged}.{signature}"})
    assert response.status_code == 401


@pytest.mark.parity(
    "assumed",
    "Sign-in",
    "A token ends exactly at its expiry by the emulated clock, without tolerance for clock skew.",
    source="https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference",
)
def test_token_expires_by_the_clock(client: Any) -> None:
    assert client.get(DEVICES).status_code == 200
    client.advance(3600)
    assert client.get(DEVICES).status_code == 401


@pytest.mark.parity(
    "emulated",
    "Requests and errors",
    "Intune refuses a token without the application permission of the call with 403 `Forbidden`, and lists the permissions that would do.",
    source=("https://learn.microsoft.com/graph/errors", "https://learn.microsoft.com/graph/permissions-reference"),
)
def test_missing_role_intune(client: Any) -> None:
    response = client.call("GET", DEVICES, roles=["Organization.Read.All"])
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (403, "Forbidden")
    inner = json.loads(error["message"])
    assert inner["Message"].startswith(
        "Application is not authorized to perform this operation. Application must have one of the following scopes: "
    )
    assert "DeviceManagementManagedDevices.Read.All" in inner["Message"]
    assert " - Operation ID (for customer support): " in inner["Message"]
    assert "\r\n" in error["message"]


@pytest.mark.parity(
    "emulated",
    "Requests and errors",
    "The directory refuses a token without the permission with 403 `Authorization_RequestDenied`.",
    source=("https://learn.microsoft.com/graph/errors", "https://learn.microsoft.com/graph/permissions-reference"),
)
def test_missing_role_directory(client: Any) -> None:
    response = client.call("GET", "/v1.0/groups", roles=[])
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "Authorization_RequestDenied"


@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "Only DeviceManagementManagedDevices.PrivilegedOperations.All can reset a passcode.",
    source="https://learn.microsoft.com/graph/api/intune-devices-manageddevice-resetpasscode",
)
def test_read_role_does_not_act(client: Any) -> None:
    device = client.device("PHONE-HELPDESK-01")["id"]
    response = client.call("POST", f"{DEVICES}/{device}/resetPasscode", roles=["DeviceManagementManagedDevices.ReadWrite.All"])
    assert response.status_code == 403
    assert client.control("GET", "resets") == {}


def test_owned_by_is_not_enough_for_a_foreign_app(client: Any) -> None:
    body = {"appId": "b8456c59-1230-44c7-a4a2-99b085333e84"}
    response = client.call("POST", "/v1.0/servicePrincipals", body, roles=["Application.ReadWrite.OwnedBy"])
    assert response.status_code == 403
    assert "backing application" in response.json()["error"]["message"]


@pytest.mark.parity(
    "emulated",
    "Sign-in",
    "After a claims challenge, every token of the client without the claims is refused, also that of a client that did not "
    "announce support for challenges.",
    source="https://learn.microsoft.com/entra/identity-platform/claims-challenge",
)
def test_claims_challenge(client: Any) -> None:
    client.control("POST", "faults", {"match": {"path": "managedDevices"}, "fault": {"kind": "claims_challenge"}})
    response = client.get(DEVICES)
    assert response.status_code == 401
    header = response.headers["www-authenticate"]
    assert 'error="insufficient_claims"' in header
    claims = base64.b64decode(header.partition('claims="')[2].rstrip('"')).decode()
    assert client.get(DEVICES).status_code == 401
    own = client.tenant
    form = {
        "grant_type": "client_credentials",
        "client_id": own.client_id,
        "client_secret": own.keys.client_secret,
        "scope": f"{own.origin}/.default",
    }
    plain = client.http.post(f"/{own.tenant_id}/oauth2/v2.0/token", data=form).json()["access_token"]
    assert client.http.get(DEVICES, headers={"Authorization": f"Bearer {plain}"}).status_code == 401
    answered = client.http.post(f"/{own.tenant_id}/oauth2/v2.0/token", data={**form, "claims": claims}).json()["access_token"]
    assert client.http.get(DEVICES, headers={"Authorization": f"Bearer {answered}"}).status_code == 200


@pytest.mark.parity(
    "emulated",
    "Requests and errors",
    "In a tenant without Intune, each call to Intune returns 400 `Request not applicable to target tenant.`, and the directory works.",
    source="https://learn.microsoft.com/graph/api/resources/intune-onboarding-devicemanagement",
    settings=("intune",),
)
def test_tenant_without_intune(client: Any) -> None:
    client.settings(intune=False)
    response = client.get(DEVICES)
    assert (response.status_code, response.json()["error"]["message"]) == (400, "Request not applicable to target tenant.")
    assert client.get("/v1.0/organization").status_code == 200


@pytest.mark.parity(
    "emulated",
    "Requests and errors",
    "Each response has `request-id`, `client-request-id` (of the request, if there is one), `x-ms-ags-diagnostic`, and "
    "`Date` by the emulated clock; the metadata level is minimal.",
    source="https://learn.microsoft.com/graph/errors",
)
def test_headers_of_every_answer(client: Any) -> None:
    client.control("POST", "clock", {"now": "2031-02-03T04:05:06Z"})
    client.token = client.control("POST", "tokens", {})["access_token"]
    response = client.get(DEVICES, client_request_id="0d4f4e7c-0000-4000-8000-000000000001")
    assert response.headers["client-request-id"] == "0d4f4e7c-0000-4000-8000-000000000001"
    assert response.headers["date"] == "Mon, 03 Feb 2031 04:05:06 GMT"
    assert response.headers["request-id"]
    assert response.headers["x-ms-ags-diagnostic"]
    assert response.headers["content-type"].startswith("application/json;odata.metadata=minimal")


@pytest.mark.parity(
    "assumed",
    "Requests and errors",
    "The date in `innerError` ends with Z, as documented; responses without it were observed.",
    source="https://learn.microsoft.com/graph/errors",
    settings=("error_date_zone",),
)
def test_the_date_of_an_error_may_have_no_zone(client: Any) -> None:
    path = "/v1.0/groups/33333333-3333-4333-8333-333333333333"
    assert client.get(path).json()["error"]["innerError"]["date"].endswith("Z")
    client.settings(error_date_zone=False)
    assert not client.get(path).json()["error"]["innerError"]["date"].endswith("Z")
