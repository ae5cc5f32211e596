# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test application registrations: credentials of all kinds, granted permissions, a person's rights, and sign-in with the results."""

from __future__ import annotations

import base64
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from intune_emulator.entra.graph_permissions import PERMISSIONS
from intune_emulator.state.clock import iso
from intune_emulator.state.keys import KeyPair, make_key_pair

APPS, SP = "/v1.0/applications", "/v1.0/servicePrincipals"
GRAPH = "00000003-0000-0000-c000-000000000000"
PIN_SERVICE, PIN_CLIENT = "b8456c59-1230-44c7-a4a2-99b085333e84", "9115dd05-fad5-4f9c-acc7-305d08b1b04e"
READ_DEVICES = "DeviceManagementManagedDevices.Read.All"
UPSERT = {"Prefer": "create-if-missing"}
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DENIED = "Insufficient privileges to complete the operation."


class Person:
    """Send requests as a person signed in with the Azure CLI."""

    def __init__(self, client: Any, *directory_roles: str) -> None:
        given = {"person": True, **({"directory_roles": list(directory_roles)} if directory_roles else {})}
        self._client, self._token = client, client.control("POST", "tokens", given)["access_token"]

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return self._client.http.request(method, path, json=body, headers={"Authorization": f"Bearer {self._token}", **headers})

    def ok(self, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        response = self.call(method, path, body, **headers)
        assert response.status_code == status, response.text
        return response.json() if response.content else None


@pytest.fixture
def person(client: Any) -> Person:
    return Person(client)


def make(person: Person, name: str = "ops-reader", **more: Any) -> dict[str, Any]:
    """Make an application with a service principal."""
    made = person.ok("PATCH", f"{APPS}(uniqueName='{name}')", {"displayName": name, **more}, 201, **UPSERT)
    principal = person.ok("POST", SP, {"appId": made["appId"]}, 201)
    return {**made, "principal": principal["id"]}


def graph_of(person: Person) -> dict[str, Any]:
    return person.ok("GET", f"{SP}(appId='{GRAPH}')?$select=id,appRoles")


def role_id(person: Person, value: str) -> str:
    return next(role["id"] for role in graph_of(person)["appRoles"] if role["value"] == value)


def grant(person: Person, principal: str, value: str, status: int = 201) -> Any:
    graph = graph_of(person)["id"]
    body = {"principalId": principal, "resourceId": graph, "appRoleId": role_id(person, value)}
    return person.ok("POST", f"{SP}/{graph}/appRoleAssignedTo", body, status)


def sign_in(client: Any, app_id: str, **form: str) -> Any:
    """Request a token; return the response."""
    given = {"grant_type": "client_credentials", "client_id": app_id, "scope": f"{client.tenant.origin}/.default", **form}
    return client.http.post(f"/{client.tenant.tenant_id}/oauth2/v2.0/token", data=given)


def assertion(client: Any, app_id: str, pair: KeyPair) -> dict[str, str]:
    """Return the form fields of a sign-in by certificate."""
    now = int(client.tenant.clock.timestamp())
    audience = f"{client.tenant.origin}/{client.tenant.tenant_id}/oauth2/v2.0/token"
    claims = {"iss": app_id, "sub": app_id, "aud": audience, "jti": "1", "nbf": now, "exp": now + 300}
    thumbprint = base64.urlsafe_b64encode(pair.certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
    token = jwt.encode(claims, pair.rsa_key, algorithm="PS256", headers={"x5t#S256": thumbprint})
    return {"client_assertion_type": ASSERTION, "client_assertion": token}


def key_credential(pair: KeyPair, **more: Any) -> dict[str, Any]:
    key = base64.b64encode(pair.certificate.public_bytes(serialization.Encoding.DER)).decode()
    return {"type": "AsymmetricX509Cert", "usage": "Verify", "key": key, "displayName": "CN=ops", **more}


def roles_of(client: Any, response: Any) -> list[str]:
    assert response.status_code == 200, response.text
    return jwt.decode(response.json()["access_token"], options={"verify_signature": False})["roles"]


def code_of(response: Any) -> int:
    return response.json()["error_codes"][0]


# --- the application ------------------------------------------------------------------------------------------------


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "PATCH by uniqueName with `Prefer: create-if-missing` creates an application (201) or changes it (204); it is read by "
    "id, appId, and uniqueName.",
    source=("https://learn.microsoft.com/graph/api/application-upsert", "https://learn.microsoft.com/graph/api/resources/application"),
    calls=(
        "PATCH /applications(uniqueName='{uniqueName}')",
        "GET /applications/{id}",
        "GET /applications(appId='{appId}')",
        "GET /applications(uniqueName='{uniqueName}')",
        "GET /applications",
    ),
)
def test_an_upsert_makes_one_and_changes_it_then(person: Person) -> None:
    path = f"{APPS}(uniqueName='ops')"
    assert person.call("PATCH", path, {"displayName": "Ops"}).status_code == 404
    made = person.ok("PATCH", path, {"displayName": "Ops", "notes": "a"}, 201, **UPSERT)
    assert (made["uniqueName"], made["displayName"], made["signInAudience"], made["notes"]) == ("ops", "Ops", "AzureADMyOrg", "a")
    assert person.ok("PATCH", path, {"displayName": "Ops", "notes": "b"}, 204, **UPSERT) is None
    for found in (f"{APPS}/{made['id']}", f"{APPS}(appId='{made['appId']}')", path):
        assert person.ok("GET", found)["notes"] == "b"
    listed = person.ok("GET", f"{APPS}?$filter=displayName eq 'Ops'")["value"]
    assert [entry["id"] for entry in listed] == [made["id"]]


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "POST creates another application of the same name.",
    source="https://learn.microsoft.com/graph/api/resources/application",
    calls=("POST /applications",),
)
def test_a_post_makes_a_twin(person: Person) -> None:
    ids = {person.ok("POST", APPS, {"displayName": "Twin"}, 201)["appId"] for _twin in range(2)}
    assert len(ids) == 2


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "Unknown, wrong, and read-only properties of an application are refused.",
    source="https://learn.microsoft.com/graph/api/resources/application",
)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "A value is required for property 'displayName'"),
        ({"displayName": "x" * 257}, "Invalid value specified for property 'displayName'"),
        ({"displayName": "x", "signInAudience": "Everybody"}, "Invalid value specified for property 'signInAudience'"),
        ({"displayName": "x", "uniqueName": "other"}, "Property 'uniqueName' is read-only"),
        ({"displayName": "x", "passwordCredentials": []}, "Updating passwordCredentials is not supported"),
        ({"displayName": "x", "color": "red"}, "Could not find a property named 'color'"),
        ({"displayName": "x", "requiredResourceAccess": [{"resourceAppId": GRAPH}]}, "property 'requiredResourceAccess'"),
        ({"displayName": "x", "keyCredentials": [{"type": "Symmetric"}]}, "No credentials found"),
    ],
)
def test_what_the_application_cannot_be(person: Person, body: dict[str, Any], message: str) -> None:
    response = person.call("PATCH", f"{APPS}(uniqueName='ops')", body, **UPSERT)
    assert response.status_code == 400 and message in response.json()["error"]["message"]
    assert person.call("GET", f"{APPS}(uniqueName='ops')").status_code == 404


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "A deleted application takes its service principal along, and cannot sign in.",
    source="https://learn.microsoft.com/graph/api/resources/application",
    calls=("DELETE /applications/{id}",),
)
def test_a_deleted_application_takes_its_service_principal_along(client: Any, person: Person) -> None:
    made = make(person)
    grant(person, made["principal"], READ_DEVICES)
    person.ok("DELETE", f"{APPS}/{made['id']}", None, 204)
    assert person.call("GET", f"{SP}/{made['principal']}").status_code == 404
    assert code_of(sign_in(client, made["appId"], client_secret="x")) == 700016
    assert person.ok("PATCH", f"{APPS}(uniqueName='ops-reader')", {"displayName": "again"}, 201, **UPSERT)["appId"] != made["appId"]


@pytest.mark.parity(
    "assumed",
    "Application registrations",
    "The uniqueName of a deleted application is free; whether it blocks a new one is not documented.",
    source="https://learn.microsoft.com/graph/api/application-upsert",
    settings=("deleted_unique_name",),
)
def test_a_deleted_name_can_be_in_the_way(client: Any, person: Person) -> None:
    made = make(person)
    person.ok("DELETE", f"{APPS}/{made['id']}", None, 204)
    client.settings(deleted_unique_name="conflict")
    assert person.call("PATCH", f"{APPS}(uniqueName='ops-reader')", {"displayName": "again"}, **UPSERT).status_code == 409


def test_a_new_application_shows_late(client: Any, person: Person) -> None:
    client.settings(visibility_reads=2)
    path = f"{APPS}(uniqueName='late')"
    made = person.ok("PATCH", path, {"displayName": "late"}, 201, **UPSERT)
    assert person.call("GET", path).status_code == 404
    response = person.call("POST", SP, {"appId": made["appId"]})
    assert (response.status_code, response.json()["error"]["details"][0]["code"]) == (400, "NoBackingApplicationObject")
    principal = person.ok("POST", SP, {"appId": made["appId"]}, 201)
    graph = graph_of(person)
    body = {"principalId": principal["id"], "resourceId": graph["id"], "appRoleId": graph["appRoles"][0]["id"]}
    refused = person.call("POST", f"{SP}/{graph['id']}/appRoleAssignedTo", body)
    assert (refused.status_code, refused.json()["error"]["message"]) == (400, "Not a valid reference update.")
    person.call("GET", f"{SP}/{principal['id']}")
    person.ok("POST", f"{SP}/{graph['id']}/appRoleAssignedTo", body, 201)


def test_an_upsert_of_what_does_not_show_yet_makes_no_twin(client: Any, person: Person) -> None:
    client.settings(visibility_reads=5)
    path = f"{APPS}(uniqueName='late')"
    person.ok("PATCH", path, {"displayName": "late"}, 201, **UPSERT)
    person.ok("PATCH", path, {"displayName": "late"}, 204, **UPSERT)


# --- granted permissions --------------------------------------------------------------------------------------------


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "Application permissions of Microsoft Graph can be granted and revoked; the next token shows it.",
    source=(
        "https://learn.microsoft.com/graph/api/resources/approleassignment",
        "https://learn.microsoft.com/graph/api/serviceprincipal-post-approleassignedto",
    ),
    calls=(
        "GET /servicePrincipals/{id}/appRoleAssignments",
        "GET /servicePrincipals/{id}/appRoleAssignedTo",
        "POST /servicePrincipals/{id}/appRoleAssignedTo",
        "DELETE /servicePrincipals/{id}/appRoleAssignments/{assignment}",
    ),
)
def test_permissions_are_granted_and_taken_back(client: Any, person: Person) -> None:
    made = make(person)
    secret = person.ok("POST", f"{APPS}/{made['id']}/addPassword", {"passwordCredential": {"displayName": "s"}})["secretText"]
    assert roles_of(client, sign_in(client, made["appId"], client_secret=secret)) == []
    granted = grant(person, made["principal"], READ_DEVICES)
    assert (granted["principalId"], granted["resourceDisplayName"]) == (made["principal"], "Microsoft Graph")
    assert roles_of(client, sign_in(client, made["appId"], client_secret=secret)) == [READ_DEVICES]
    path = f"{SP}/{made['principal']}/appRoleAssignments"
    assert [row["id"] for row in person.ok("GET", path)["value"]] == [granted["id"]]
    on_graph = person.ok("GET", f"{SP}/{graph_of(person)['id']}/appRoleAssignedTo?$top=999")["value"]
    assert granted["id"] in [row["id"] for row in on_graph] and len(on_graph) > 1
    assert grant(person, made["principal"], READ_DEVICES, 400)["error"]["message"].endswith("already exists on the object")
    person.ok("DELETE", f"{path}/{granted['id']}", None, 204)
    assert person.ok("GET", path)["value"] == []
    assert person.call("DELETE", f"{path}/{granted['id']}").status_code == 404


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "The paths of the client and of the resource grant alike.",
    source="https://learn.microsoft.com/graph/api/resources/approleassignment",
    calls=("POST /servicePrincipals/{id}/appRoleAssignments",),
)
def test_both_paths_grant(person: Person) -> None:
    made, graph = make(person), graph_of(person)
    body = {"principalId": made["principal"], "resourceId": graph["id"], "appRoleId": PERMISSIONS[READ_DEVICES]}
    person.ok("POST", f"{SP}/{made['principal']}/appRoleAssignments", body, 201)
    for wrong in ({"appRoleId": made["id"]}, {"resourceId": made["id"]}, {"principalId": made["id"]}, {"appRoleId": 1}, {"extra": "x"}):
        path = f"{SP}/{graph['id']}/appRoleAssignedTo"
        assert person.call("POST", path, {**body, **wrong}).status_code in (400, 404)


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "A managed identity has a service principal without an application, and is granted permissions as well.",
    source="https://learn.microsoft.com/graph/api/resources/serviceprincipal",
)
def test_a_managed_identity_is_granted_permissions_too(client: Any, person: Person) -> None:
    identity = client.tenant.managed_identity
    identity.roles = []
    resource = person.ok("GET", f"{SP}(appId='{identity.client_id}')")
    assert resource["servicePrincipalType"] == "ManagedIdentity"
    name = resource["alternativeNames"][1]
    found = person.ok("GET", f"{SP}?$filter=alternativeNames/any(a:a eq '{name}')")["value"]
    assert [entry["id"] for entry in found] == [identity.object_id]
    grant(person, identity.object_id, READ_DEVICES)
    assert identity.roles == [READ_DEVICES]


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "What an administrator does on the page of admin consent is a call of the control API: it grants the listed permissions.",
    source="https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent",
)
def test_a_link_for_admin_consent_grants_what_is_asked(client: Any, person: Person) -> None:
    access = [{"id": PERMISSIONS[READ_DEVICES], "type": "Role"}]
    made = person.ok(
        "POST", APPS, {"displayName": "x", "requiredResourceAccess": [{"resourceAppId": GRAPH, "resourceAccess": access}]}, 201
    )
    assert client.control("POST", "consents", {"client_id": made["appId"]}) == {"granted": [READ_DEVICES]}
    principal = person.ok("GET", f"{SP}(appId='{made['appId']}')")["id"]
    assert len(person.ok("GET", f"{SP}/{principal}/appRoleAssignments")["value"]) == 1
    assert client.http.post("/_emulator/consents", json={"client_id": "x"}).status_code == 400


def test_a_person_consents_to_the_pin_reset_service(client: Any, person: Person) -> None:
    assert client.http.post("/_emulator/consents", json={"client_id": PIN_CLIENT}).status_code == 400
    for app in (PIN_SERVICE, PIN_CLIENT, PIN_CLIENT):
        client.control("POST", "consents", {"client_id": app})
    found = person.ok("GET", "/v1.0/oauth2PermissionGrants")["value"]
    assert [(entry["scope"], entry["consentType"]) for entry in found] == [
        ("User.Read", "AllPrincipals"),
        ("user_impersonation", "AllPrincipals"),
    ]


# --- a person's rights ----------------------------------------------------------------------------------------------


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "A person needs a directory role beside the scopes: only a Privileged Role Administrator or a Global Administrator "
    "grants permissions of Microsoft Graph.",
    source="https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference",
)
def test_a_role_is_needed_beside_the_scopes(client: Any, person: Person) -> None:
    made = make(person)
    nobody, administrator = Person(client, "Privileged Role Administrator"), Person(client, "Cloud Application Administrator")
    assert nobody.call("PATCH", f"{APPS}(uniqueName='mine')", {"displayName": "x"}, **UPSERT).json()["error"]["message"] == DENIED
    assert nobody.call("PATCH", f"{APPS}/{made['id']}", {"notes": "x"}).status_code == 403
    assert administrator.call("PATCH", f"{APPS}/{made['id']}", {"notes": "x"}).status_code == 204
    body = {"principalId": made["principal"], "resourceId": graph_of(person)["id"], "appRoleId": PERMISSIONS[READ_DEVICES]}
    path = f"{SP}/{made['principal']}/appRoleAssignments"
    assert administrator.call("POST", path, body).status_code == 403
    granted = nobody.ok("POST", path, body, 201)
    assert administrator.call("DELETE", f"{path}/{granted['id']}").status_code == 403
    assert client.http.post("/_emulator/tokens", json={"person": True, "directory_roles": ["King"]}).status_code == 400


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "Application.ReadWrite.OwnedBy changes only what the application has created.",
    source="https://learn.microsoft.com/graph/permissions-reference",
    calls=("PATCH /applications/{id}",),
)
def test_an_application_changes_its_own_alone(client: Any, person: Person) -> None:
    made = make(person)
    roles = ["Application.ReadWrite.OwnedBy"]
    assert client.call("PATCH", f"{APPS}/{made['id']}", {"notes": "x"}, roles=roles).status_code == 403
    own = client.call("POST", APPS, {"displayName": "own"}, roles=roles).json()
    assert client.call("PATCH", f"{APPS}/{own['id']}", {"notes": "x"}, roles=roles).status_code == 204
    assert client.call("GET", f"{APPS}/{own['id']}", roles=["User.Read.All"]).status_code == 403


# --- credentials ----------------------------------------------------------------------------------------------------


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "A client secret is shown once, works until its end, and can be removed.",
    source="https://learn.microsoft.com/graph/api/application-addpassword",
    calls=("POST /applications/{id}/addPassword", "POST /applications/{id}/removePassword"),
)
def test_a_secret_is_shown_once_and_ends(client: Any, person: Person) -> None:
    made = make(person)
    end = iso(client.tenant.clock.now())[:4]
    given = {"displayName": "ops", "endDateTime": f"{int(end) + 1}-01-01T00:00:00Z"}
    secret = person.ok("POST", f"{APPS}/{made['id']}/addPassword", {"passwordCredential": given})
    assert secret["secretText"].startswith(secret["hint"]) and secret["endDateTime"] == given["endDateTime"]
    assert secret["secretText"] in client.control("GET", "secrets")
    (shown,) = person.ok("GET", f"{APPS}/{made['id']}?$select=passwordCredentials")["passwordCredentials"]
    assert (shown["secretText"], shown["hint"], shown["keyId"]) == (None, secret["hint"], secret["keyId"])
    assert sign_in(client, made["appId"], client_secret=secret["secretText"]).status_code == 200
    client.advance(800 * 86400)
    assert code_of(sign_in(client, made["appId"], client_secret=secret["secretText"])) == 7000222
    fresh = Person(client)
    fresh.ok("POST", f"{APPS}/{made['id']}/removePassword", {"keyId": secret["keyId"]}, 204)
    assert fresh.call("POST", f"{APPS}/{made['id']}/removePassword", {"keyId": secret["keyId"]}).status_code == 400
    assert code_of(sign_in(client, made["appId"], client_secret=secret["secretText"])) == 7000215


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "A client secret without an end lives for two years.",
    source="https://learn.microsoft.com/graph/api/application-addpassword",
)
def test_a_secret_lives_two_years_unless_told(person: Person) -> None:
    secret = person.ok("POST", f"{APPS}/{make(person)['id']}/addPassword", {})
    begins, ends = (int(secret[name][:4]) for name in ("startDateTime", "endDateTime"))
    assert ends - begins == 2


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "PATCH of keyCredentials replaces the list; a key is shown with `$select` only, and an entry with a null key stays. "
    "Sign-in by each certificate is verified.",
    source="https://learn.microsoft.com/graph/api/resources/keycredential",
)
def test_certificates_are_replaced_as_a_whole_list(client: Any, person: Person) -> None:
    made, first, second = make(person), make_key_pair("first"), make_key_pair("second")
    path = f"{APPS}/{made['id']}"
    person.ok("PATCH", path, {"keyCredentials": [key_credential(first)]}, 204)
    assert sign_in(client, made["appId"], **assertion(client, made["appId"], first)).status_code == 200
    (shown,) = person.ok("GET", path)["keyCredentials"]
    assert shown["key"] is None and shown["customKeyIdentifier"] == first.certificate.fingerprint(hashes.SHA1()).hex().upper()
    (whole,) = person.ok("GET", f"{path}?$select=keyCredentials")["keyCredentials"]
    assert whole["key"] == key_credential(first)["key"]
    person.ok("PATCH", path, {"keyCredentials": [shown, key_credential(second)]}, 204)
    for pair in (first, second):
        assert sign_in(client, made["appId"], **assertion(client, made["appId"], pair)).status_code == 200
    second_shown = person.ok("GET", path)["keyCredentials"][1]
    person.ok("PATCH", path, {"keyCredentials": [second_shown]}, 204)
    assert code_of(sign_in(client, made["appId"], **assertion(client, made["appId"], first))) == 700027
    assert sign_in(client, made["appId"], **assertion(client, made["appId"], second)).status_code == 200
    assert person.call("PATCH", path, {"keyCredentials": [shown]}).status_code == 400, "one that is gone cannot be kept"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"key": "AAAA"}, "Request_BadRequest"),
        ({"key": "?"}, "Request_BadRequest"),
        ({"type": "Symmetric"}, "Request_BadRequest"),
        ({"endDateTime": "2199-01-01T00:00:00Z"}, "KeyCredentialsInvalidEndDate"),
    ],
)
def test_a_bad_certificate_is_refused(person: Person, more: dict[str, Any], code: str) -> None:
    made = make(person)
    response = person.call("PATCH", f"{APPS}/{made['id']}", {"keyCredentials": [key_credential(make_key_pair("x"), **more)]})
    assert (response.status_code, response.json()["error"]["code"]) == (400, code)


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "An expired certificate signs nobody in: AADSTS700027.",
    source="https://learn.microsoft.com/entra/identity-platform/reference-error-codes",
)
def test_an_expired_certificate_signs_nobody_in(client: Any, person: Person) -> None:
    made, pair = make(person), make_key_pair("short")
    end = iso(client.tenant.clock.now().replace(microsecond=0))
    person.ok("PATCH", f"{APPS}/{made['id']}", {"keyCredentials": [key_credential(pair, endDateTime=end)]}, 204)
    response = sign_in(client, made["appId"], **assertion(client, made["appId"], pair))
    assert code_of(response) == 700027 and "The key used is expired" in response.json()["error_description"]


@pytest.mark.parametrize(
    ("setting", "status"),
    [
        ("keep", 204),
        pytest.param(
            "refuse",
            400,
            marks=pytest.mark.parity(
                "assumed",
                "Application registrations",
                "An expired certificate in the list that PATCH keyCredentials keeps is kept; some report that it refuses the whole list.",
                source="https://learn.microsoft.com/graph/api/resources/keycredential",
                settings=("kept_expired_certificate",),
            ),
        ),
    ],
)
def test_an_expired_certificate_may_be_in_the_way_of_another(client: Any, person: Person, setting: str, status: int) -> None:
    client.settings(kept_expired_certificate=setting)
    path = f"{APPS}/{make(person)['id']}"
    end = iso(client.tenant.clock.now().replace(microsecond=0))
    person.ok("PATCH", path, {"keyCredentials": [key_credential(make_key_pair("old"), endDateTime=end)]}, 204)
    (old,) = person.ok("GET", path)["keyCredentials"]
    person.ok("PATCH", path, {"keyCredentials": [old, key_credential(make_key_pair("new"))]}, status)


@pytest.mark.parity(
    "assumed",
    "Application registrations",
    "`customKeyIdentifier` of a certificate is its thumbprint as hex digits; some clients write base64.",
    source="https://learn.microsoft.com/graph/api/resources/keycredential",
    settings=("custom_key_identifier",),
)
def test_thumbprints_may_be_base64(client: Any, person: Person) -> None:
    client.settings(custom_key_identifier="base64")
    made, pair = make(person), make_key_pair("x")
    person.ok("PATCH", f"{APPS}/{made['id']}", {"keyCredentials": [key_credential(pair)]}, 204)
    (shown,) = person.ok("GET", f"{APPS}/{made['id']}")["keyCredentials"]
    assert base64.b64decode(shown["customKeyIdentifier"]) == pair.certificate.fingerprint(hashes.SHA1())


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "Federated credentials are created, read, changed, and deleted by id and name, and decide who signs in.",
    source="https://learn.microsoft.com/graph/api/resources/federatedidentitycredential",
    calls=(
        "GET /applications/{id}/federatedIdentityCredentials",
        "GET /applications/{id}/federatedIdentityCredentials/{credential}",
        "PATCH /applications/{id}/federatedIdentityCredentials(name='{name}')",
        "DELETE /applications/{id}/federatedIdentityCredentials(name='{name}')",
    ),
)
def test_federated_credentials(client: Any, person: Person) -> None:
    made = make(person)
    base = f"{APPS}/{made['id']}/federatedIdentityCredentials"
    trust = client.tenant._federated_credential()
    body = {"issuer": trust.issuer, "subject": trust.subject, "audiences": [trust.audience], "description": "AKS"}
    token = {"client_assertion_type": ASSERTION, "client_assertion": client.tenant.federated_token}
    assert code_of(sign_in(client, made["appId"], **token)) == 700027
    added = person.ok("PATCH", f"{base}(name='aks')", body, 201, **UPSERT)
    assert person.ok("GET", base)["value"] == [{name: added[name] for name in ("id", "name", *body)}]
    assert sign_in(client, made["appId"], **token).status_code == 200
    person.ok("PATCH", f"{base}(name='aks')", {**body, "subject": "other"}, 204, **UPSERT)
    assert code_of(sign_in(client, made["appId"], **token)) == 70021
    assert person.ok("GET", f"{base}/{added['id']}")["subject"] == "other"
    assert person.call("POST", base, {"name": "second", **body, "subject": "other"}).status_code == 400
    assert person.call("PATCH", f"{base}(name='aks')", {"name": "other"}).status_code == 400
    person.ok("DELETE", f"{base}(name='aks')", None, 204)
    assert person.call("GET", f"{base}/{added['id']}").status_code == 404 and person.ok("GET", base)["value"] == []


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "The documented limits of a federated credential hold: lengths, one audience, and the form of the name.",
    source=(
        "https://learn.microsoft.com/graph/api/resources/federatedidentitycredential",
        "https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations",
    ),
)
@pytest.mark.parametrize(
    "more",
    [{"audiences": []}, {"audiences": ["a", "b"]}, {"issuer": ""}, {"subject": "x" * 601}, {"name": "-x"}, {"name": "ab"}, {"odd": "x"}],
)
def test_a_bad_federated_credential_is_refused(person: Person, more: dict[str, Any]) -> None:
    body = {"name": "github", "issuer": "https://issuer.test", "subject": "s", "audiences": ["api://AzureADTokenExchange"], **more}
    assert person.call("POST", f"{APPS}/{make(person)['id']}/federatedIdentityCredentials", body).status_code == 400


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "An application has 20 federated credentials at most.",
    source="https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations",
)
def test_at_most_twenty_federated_credentials(person: Person) -> None:
    base = f"{APPS}/{make(person)['id']}/federatedIdentityCredentials"
    for number in range(21):
        body = {"name": f"name{number}", "issuer": "https://issuer.test", "subject": f"s{number}", "audiences": ["api://x"]}
        assert person.call("POST", base, body).status_code == (201 if number < 20 else 400)


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "A policy of the tenant can refuse secrets and long lifetimes, with observed codes and texts.",
    source="https://learn.microsoft.com/graph/api/resources/tenantappmanagementpolicy",
    settings=("application_secrets", "credential_max_days"),
)
def test_a_policy_refuses_secrets_and_long_credentials(client: Any, person: Person) -> None:
    made = make(person)
    client.settings(application_secrets="refuse", credential_max_days=90)
    refused = person.call("POST", f"{APPS}/{made['id']}/addPassword", {}).json()["error"]
    assert refused["code"] == "CredentialTypeNotAllowedAsPerAppPolicy" and "not allowed as per assigned policy" in refused["message"]
    long = person.call("PATCH", f"{APPS}/{made['id']}", {"keyCredentials": [key_credential(make_key_pair("x"))]}).json()["error"]
    assert long["code"] == "CredentialInvalidLifetimeAsPerAppPolicy"


@pytest.mark.parity(
    "assumed",
    "Application registrations",
    "The login knows a new credential at once; the service takes a time that is not documented.",
    source="https://devblogs.microsoft.com/identity/designing-for-eventual-consistency-for-microsoft-entra/",
    settings=("credential_delay",),
)
def test_the_login_learns_of_credentials_late(client: Any, person: Person) -> None:
    client.settings(credential_delay=60)
    made, pair = make(person), make_key_pair("late")
    secret = person.ok("POST", f"{APPS}/{made['id']}/addPassword", {})["secretText"]
    person.ok("PATCH", f"{APPS}/{made['id']}", {"keyCredentials": [key_credential(pair)]}, 204)
    assert code_of(sign_in(client, made["appId"], client_secret=secret)) == 700016
    client.tenant.applications[made["appId"]].known = None
    assert code_of(sign_in(client, made["appId"], client_secret=secret)) == 7000215
    assert code_of(sign_in(client, made["appId"], **assertion(client, made["appId"], pair))) == 700027
    client.advance(61)
    assert sign_in(client, made["appId"], client_secret=secret).status_code == 200
    assert sign_in(client, made["appId"], **assertion(client, made["appId"], pair)).status_code == 200


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "An application without a service principal cannot sign in: AADSTS7000229.",
    source="https://learn.microsoft.com/entra/identity-platform/reference-error-codes",
)
def test_an_application_without_service_principal_cannot_sign_in(client: Any, person: Person) -> None:
    made = person.ok("POST", APPS, {"displayName": "x"}, 201)
    secret = person.ok("POST", f"{APPS}/{made['id']}/addPassword", {})["secretText"]
    assert code_of(sign_in(client, made["appId"], client_secret=secret)) == 7000229


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "A disabled application gets no token, and keeps those that it has.",
    source="https://learn.microsoft.com/entra/identity-platform/reference-error-codes",
)
def test_a_disabled_application_gets_no_token_and_keeps_those_that_it_has(client: Any, person: Person) -> None:
    made = make(person)
    grant(person, made["principal"], "Organization.Read.All")
    secret = person.ok("POST", f"{APPS}/{made['id']}/addPassword", {})["secretText"]
    token = sign_in(client, made["appId"], client_secret=secret).json()["access_token"]
    person.ok("PATCH", f"{SP}/{made['principal']}", {"accountEnabled": False}, 204)
    assert code_of(sign_in(client, made["appId"], client_secret=secret)) == 7000112
    assert client.http.get("/v1.0/organization", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    person.ok("PATCH", f"{SP}/{made['principal']}", {"accountEnabled": True}, 204)
    assert sign_in(client, made["appId"], client_secret=secret).status_code == 200


def test_the_own_application_shows_its_credentials_and_permissions(client: Any) -> None:
    own = client.json(f"{APPS}(appId='{client.tenant.client_id}')")
    assert len(own["passwordCredentials"]) == len(own["keyCredentials"]) == 1
    principal = client.json(f"{SP}(appId='{client.tenant.client_id}')")
    granted = client.json(f"{SP}/{principal['id']}/appRoleAssignments")["value"]
    assert len(granted) == len(client.tenant.applications[client.tenant.client_id].roles)


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "An application is changed and deleted by its appId, and deleted by its uniqueName.",
    source=("https://learn.microsoft.com/graph/api/application-update", "https://learn.microsoft.com/graph/api/application-delete"),
    calls=(
        "PATCH /applications(appId='{appId}')",
        "DELETE /applications(appId='{appId}')",
        "DELETE /applications(uniqueName='{uniqueName}')",
    ),
)
def test_an_application_is_changed_and_deleted_by_each_key(person: Person) -> None:
    first, second = make(person, "first"), make(person, "second")
    person.ok("PATCH", f"{APPS}(appId='{first['appId']}')", {"notes": "x"}, 204)
    assert person.ok("GET", f"{APPS}/{first['id']}")["notes"] == "x"
    person.ok("DELETE", f"{APPS}(appId='{first['appId']}')", None, 204)
    person.ok("DELETE", f"{APPS}(uniqueName='second')", None, 204)
    assert [person.call("GET", f"{APPS}/{made['id']}").status_code for made in (first, second)] == [404, 404]


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "A federated credential is created by POST, read by name, and changed and deleted by id.",
    source="https://learn.microsoft.com/graph/api/resources/federatedidentitycredential",
    calls=(
        "POST /applications/{id}/federatedIdentityCredentials",
        "GET /applications/{id}/federatedIdentityCredentials(name='{name}')",
        "PATCH /applications/{id}/federatedIdentityCredentials/{credential}",
        "DELETE /applications/{id}/federatedIdentityCredentials/{credential}",
    ),
)
def test_a_federated_credential_by_id(person: Person) -> None:
    base = f"{APPS}/{make(person)['id']}/federatedIdentityCredentials"
    body = {"name": "github", "issuer": "https://issuer.test", "subject": "s", "audiences": ["api://AzureADTokenExchange"]}
    made = person.ok("POST", base, body, 201)
    person.ok("PATCH", f"{base}/{made['id']}", {"subject": "t"}, 204)
    assert person.ok("GET", f"{base}(name='github')")["subject"] == "t"
    person.ok("DELETE", f"{base}/{made['id']}", None, 204)
    assert person.ok("GET", base)["value"] == []


@pytest.mark.parity(
    "emulated",
    "Application registrations",
    "A granted permission can also be revoked on the resource.",
    source="https://learn.microsoft.com/graph/api/serviceprincipal-delete-approleassignedto",
    calls=("DELETE /servicePrincipals/{id}/appRoleAssignedTo/{assignment}",),
)
def test_a_permission_is_taken_back_from_the_resource(person: Person) -> None:
    made = make(person)
    granted = grant(person, made["principal"], READ_DEVICES)
    person.ok("DELETE", f"{SP}/{graph_of(person)['id']}/appRoleAssignedTo/{granted['id']}", None, 204)
    assert person.ok("GET", f"{SP}/{made['principal']}/appRoleAssignments")["value"] == []
