# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Users, their Temporary Access Passes, and the tenant's policy for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

POLICY = "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/TemporaryAccessPass"
TYPE = {"@odata.type": "#microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration"}
READ = ["UserAuthMethod-TAP.Read.All"]


def principal(user: str = "clara.hoffmann") -> str:
    return f"{user}@contoso.onmicrosoft.com"


def user_id(client: Any, user: str = "clara.hoffmann") -> str:
    return str(client.json(f"/v1.0/users/{principal(user)}?$select=id")["id"])


def passes(client: Any, user: str = "clara.hoffmann") -> str:
    return f"/v1.0/users/{user_id(client, user)}/authentication/temporaryAccessPassMethods"


def error(response: Any) -> tuple[int, str, str]:
    found = response.json()["error"]
    return response.status_code, found["code"], found["message"]


def guest(client: Any) -> str:
    return str(next(user["id"] for user in client.control("GET", "users") if "#EXT#" in user["userPrincipalName"]))


@pytest.mark.parity(
    "emulated",
    "Organization, groups, and users",
    "Users are read by ID or user principal name; `$filter` takes `eq` and `in` on id and userPrincipalName; `userType` "
    "comes with `$select` only.",
    source="https://learn.microsoft.com/graph/api/resources/user",
    calls=("GET /users", "GET /users/{id}"),
)
def test_users(client: Any) -> None:
    found = client.json(f"/v1.0/users/{principal()}")
    assert found["displayName"] == "Clara Hoffmann"
    assert "userType" not in found
    assert client.json(f"/v1.0/users/{found['id'].upper()}?$select=userType,accountEnabled")["userType"] == "Member"
    names = f"'{principal()}','{principal('FELIX.wagner')}'"
    rows = client.json(f"/v1.0/users?$filter=userPrincipalName in ({names})&$select=id,userPrincipalName")["value"]
    assert {row["userPrincipalName"] for row in rows} == {principal(), principal("felix.wagner")}
    assert [row["id"] for row in client.json(f"/v1.0/users?$filter=id eq '{found['id']}'")["value"]] == [found["id"]]
    assert error(client.get("/v1.0/users/nobody"))[:2] == (404, "Request_ResourceNotFound")
    for bad in ("userType eq 'Guest'", "id eq 1", "nonsense eq 'x'"):
        assert client.get(f"/v1.0/users?$filter={bad}").status_code == 400
    assert client.call("GET", "/v1.0/users", roles=READ).status_code == 403


@pytest.mark.parity(
    "emulated",
    "Organization, groups, and users",
    "Lists of the directory have pages of 100 entries.",
    source="https://learn.microsoft.com/graph/paging",
    settings=("directory_page_size",),
)
def test_users_are_paged(client: Any) -> None:
    client.settings(directory_page_size=3)
    first = client.json("/v1.0/users?$select=id")
    assert len(first["value"]) == 3
    assert client.json(first["@odata.nextLink"].partition("8443")[2])["value"] != first["value"]


@pytest.mark.parity(
    "emulated",
    "Organization, groups, and users",
    "The directory roles of a user are listed; without the permission to read roles, an entry has only its id and type.",
    source="https://learn.microsoft.com/graph/api/resources/user",
    calls=("GET /users/{id}/transitiveMemberOf/microsoft.graph.directoryRole",),
)
def test_roles_of_a_user(client: Any) -> None:
    path = f"/v1.0/users/{user_id(client, 'ada.admin')}/transitiveMemberOf/microsoft.graph.directoryRole"
    assert [role["displayName"] for role in client.json(path)["value"]] == ["Global Administrator"]
    limited = client.call("GET", path, roles=["User.Read.All"]).json()["value"]
    assert [(role["displayName"], bool(role["id"])) for role in limited] == [(None, True)]
    assert client.json(path.replace(user_id(client, "ada.admin"), user_id(client)))["value"] == []


@pytest.mark.parity(
    "emulated",
    "Temporary Access Passes",
    "The pass is in the response to its creation only.",
    source="https://learn.microsoft.com/graph/api/authentication-post-temporaryaccesspassmethods",
    calls=(
        "GET /users/{id}/authentication/temporaryAccessPassMethods",
        "POST /users/{id}/authentication/temporaryAccessPassMethods",
        "GET /users/{id}/authentication/temporaryAccessPassMethods/{pass}",
    ),
)
def test_a_pass_is_told_once(client: Any) -> None:
    path = passes(client)
    assert client.json(path)["value"] == []
    made = client.call("POST", path, {"lifetimeInMinutes": 90, "isUsableOnce": True})
    assert made.status_code == 201
    body = made.json()
    assert (len(body["temporaryAccessPass"]), body["isUsable"], body["methodUsabilityReason"]) == (8, True, "EnabledByPolicy")
    assert body["temporaryAccessPass"] in client.control("GET", "secrets")
    (found,) = client.json(path)["value"]
    assert found == {**{name: body[name] for name in found}, "temporaryAccessPass": None}
    assert client.json(f"{path}/{found['id']}")["lifetimeInMinutes"] == 90
    assert client.json(f"{path}?$select=id")["value"] == [{"id": found["id"]}]
    assert body["temporaryAccessPass"] not in str(client.journal())


@pytest.mark.parity(
    "emulated",
    "Temporary Access Passes",
    "A user has one pass; a new one replaces it.",
    source="https://learn.microsoft.com/graph/api/authentication-post-temporaryaccesspassmethods",
)
def test_a_new_pass_takes_the_place_of_the_old_one(client: Any) -> None:
    path = passes(client)
    first, second = (client.call("POST", path, {}).json() for _time in range(2))
    assert [item["id"] for item in client.json(path)["value"]] == [second["id"]]
    assert client.get(f"{path}/{first['id']}").status_code == 404
    assert len(client.control("GET", "access_passes")[user_id(client)]) == 2


@pytest.mark.parity(
    "emulated",
    "Temporary Access Passes",
    "A pass can be deleted once.",
    source="https://learn.microsoft.com/graph/api/resources/temporaryaccesspassauthenticationmethod",
    calls=("DELETE /users/{id}/authentication/temporaryAccessPassMethods/{pass}",),
)
def test_a_pass_is_deleted(client: Any) -> None:
    path = passes(client)
    made = client.call("POST", path, {}).json()
    assert client.call("DELETE", f"{path}/{made['id']}").status_code == 204
    assert client.call("DELETE", f"{path}/{made['id']}").status_code == 404
    assert client.json(path)["value"] == []


@pytest.mark.parity(
    "emulated",
    "Temporary Access Passes",
    "`isUsable` and `methodUsabilityReason` follow the start, the lifetime, the policy, and the use; the control API marks "
    "a pass as used, since nobody signs in with it here.",
    source="https://learn.microsoft.com/graph/api/resources/temporaryaccesspassauthenticationmethod",
)
def test_why_a_pass_cannot_be_used(client: Any) -> None:
    path = passes(client)

    def reason() -> Any:
        (found,) = client.json(path)["value"]
        assert found["isUsable"] == (found["methodUsabilityReason"] == "EnabledByPolicy")
        return found["methodUsabilityReason"]

    later = client.tenant.clock.now() + timedelta(hours=1)
    client.call("POST", path, {"startDateTime": later.isoformat()})
    assert reason() == "NotYetValid"
    client.call("POST", path, {"isUsableOnce": True})
    assert reason() == "EnabledByPolicy"
    client.control("PATCH", "access_pass_policy", {"state": "disabled"})
    assert reason() == "DisabledByPolicy"
    client.control("PATCH", "access_pass_policy", {"state": "enabled"})
    client.control("PATCH", f"access_passes/{user_id(client)}", {"used": True})
    assert reason() == "OneTimeUsed"
    client.call("POST", path, {})
    client.advance(3600)
    client.token = client.control("POST", "tokens", {})["access_token"]
    assert reason() == "Expired"


@pytest.mark.parity(
    "emulated",
    "Temporary Access Passes",
    "The policy of the tenant is read and changed, with the ranges of its page.",
    source="https://learn.microsoft.com/graph/api/resources/temporaryaccesspassauthenticationmethodconfiguration",
    calls=(
        "GET /policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{id}",
        "PATCH /policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{id}",
    ),
)
def test_the_policy(client: Any) -> None:
    found = client.json(POLICY)
    assert (found["id"], found["state"], found["maximumLifetimeInMinutes"]) == ("TemporaryAccessPass", "enabled", 480)
    write = ["Policy.ReadWrite.AuthenticationMethod"]
    assert client.call("PATCH", POLICY, {**TYPE, "defaultLength": 12}, roles=write).status_code == 204
    assert client.json(POLICY.replace("Temporary", "temporary"))["defaultLength"] == 12
    assert client.json(f"{POLICY}?$select=state")["state"] == "enabled"
    assert client.get(f"{POLICY}?$select=nonsense").status_code == 400
    for bad in ({"defaultLength": 4}, {"state": "on"}, {"isUsableOnce": 1}, {"includeTargets": [{}]}, {"maximumLifetimeInMinutes": 20}):
        assert client.call("PATCH", POLICY, {**TYPE, **bad}, roles=write).status_code == 400
    assert client.call("PATCH", POLICY, {"defaultLength": 12}, roles=write).status_code == 400
    assert client.call("PATCH", POLICY, {**TYPE, "defaultLength": 12}).status_code == 403
    assert client.get(POLICY.replace("TemporaryAccessPass", "Fido2")).status_code == 400


@pytest.mark.parity(
    "assumed",
    "Temporary Access Passes",
    "The policy is disabled in a new tenant, and is for all users once enabled.",
    source="https://learn.microsoft.com/graph/api/resources/temporaryaccesspassauthenticationmethodconfiguration",
)
def test_a_tenant_that_never_touched_the_policy(client: Any) -> None:
    client.control("POST", "reset", {"seed": "empty"})
    assert (client.json(POLICY)["state"], client.json(POLICY)["includeTargets"]) == ("disabled", [])
    client.control("PATCH", "access_pass_policy", {"state": "enabled"})
    assert client.json(POLICY)["includeTargets"][0]["id"] == "all_users"


def test_targets_of_the_policy_have_their_types(client: Any) -> None:
    target = {"targetType": "group", "id": "all_users"}
    for value in ("no", 1, None, []):
        body = {"includeTargets": [{**target, "isRegistrationRequired": value}]}
        response = client.http.patch("/_emulator/access_pass_policy", json=body)
        assert (response.status_code, response.json()["error"]) == (400, "Invalid value for property 'includeTargets'.")


@pytest.mark.parity(
    "assumed",
    "Temporary Access Passes",
    "Policy.Read.AuthenticationMethod is enough to read the policy; Microsoft's page names only others.",
    source=(
        "https://learn.microsoft.com/graph/api/temporaryaccesspassauthenticationmethodconfiguration-get",
        "https://learn.microsoft.com/graph/permissions-reference",
    ),
    settings=("access_pass_policy_access",),
)
def test_who_may_read_the_policy(client: Any) -> None:
    least = ["Policy.Read.AuthenticationMethod"]
    assert client.call("GET", POLICY, roles=least).status_code == 200
    client.settings(access_pass_policy_access="older")
    assert error(client.call("GET", POLICY, roles=least))[:2] == (403, "accessDenied")
    assert client.call("GET", POLICY, roles=["Policy.Read.All"]).status_code == 200


@pytest.mark.parity(
    "emulated",
    "Temporary Access Passes",
    "A lifetime outside of the policy's range returns 400 with the text of the service (observed).",
    source="https://github.com/microsoftgraph/microsoft-graph-docs/issues/12187",
)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"lifetimeInMinutes": 10}, "Invalid LifetimeInMinutes specified. The valid range between 60 and 480."),
        ({"lifetimeInMinutes": "60"}, "Invalid value for property 'lifetimeInMinutes'."),
        ({"isUsable": True}, "Invalid value for property 'isUsable'."),
        ({"startDateTime": "soon"}, "Cannot convert the literal 'soon' to the expected type 'Edm.DateTimeOffset'."),
        ({"nonsense": 1}, None),
    ],
)
def test_bodies_that_are_refused(client: Any, body: dict[str, Any], message: str | None) -> None:
    status, _code, text = error(client.call("POST", passes(client), body))
    assert status == 400
    assert message in (None, text)
    assert client.control("GET", "access_passes") == {}


@pytest.mark.parity(
    "assumed",
    "Temporary Access Passes",
    "A pass for a user outside of the policy is refused, as in public tools; Microsoft's page says that it is created and not usable.",
    source="https://learn.microsoft.com/entra/identity/authentication/howto-authentication-temporary-access-pass",
    settings=("access_pass_out_of_scope",),
)
def test_scope(client: Any) -> None:
    group = client.json("/v1.0/groups?$filter=displayName eq 'Field service'")["value"][0]["id"]
    field, other = "lukas.meyer", "clara.hoffmann"
    target = {"targetType": "group", "id": group}
    client.control("PATCH", "access_pass_policy", {"includeTargets": [target]})
    assert client.call("POST", passes(client, field), {}).status_code == 201
    status, code, text = error(client.call("POST", passes(client, other), {}))
    assert (status, code, "Converged UserCredentialPolicy" in text) == (400, "badRequest", True)
    client.control("PATCH", "access_pass_policy", {"excludeTargets": [target]})
    assert client.call("POST", passes(client, field), {}).status_code == 400
    person = {"targetType": "user", "id": user_id(client, other)}
    client.control("PATCH", "access_pass_policy", {"includeTargets": [person]})
    assert client.call("POST", passes(client, other), {}).status_code == 201
    client.settings(access_pass_out_of_scope="create")
    made = client.call("POST", passes(client, field), {})
    assert (made.status_code, made.json()["methodUsabilityReason"]) == (201, "DisabledByPolicy")


@pytest.mark.parity(
    "assumed",
    "Temporary Access Passes",
    "A pass for many uses is refused while the policy allows passes for one use only; the text is invented.",
    source="https://learn.microsoft.com/entra/identity/authentication/howto-authentication-temporary-access-pass",
    settings=("access_pass_multi_use",),
)
def test_one_use(client: Any) -> None:
    client.control("PATCH", "access_pass_policy", {"isUsableOnce": True})
    path = passes(client)
    assert client.call("POST", path, {}).json()["isUsableOnce"] is True
    assert client.call("POST", path, {"isUsableOnce": False}).status_code == 400
    client.settings(access_pass_multi_use="create")
    assert client.call("POST", path, {"isUsableOnce": False}).json()["isUsable"] is False


@pytest.mark.parity(
    "emulated",
    "Temporary Access Passes",
    "A pass for an external guest, or for the caller, is refused.",
    source="https://learn.microsoft.com/entra/identity/authentication/howto-authentication-temporary-access-pass",
)
@pytest.mark.parity(
    "assumed",
    "Temporary Access Passes",
    "An application cannot give a pass to a user who holds a directory role; every role counts as privileged.",
    source="https://learn.microsoft.com/graph/api/authentication-post-temporaryaccesspassmethods",
    settings=("access_pass_privileged",),
)
def test_who_gets_no_pass(client: Any) -> None:
    external = f"/v1.0/users/{guest(client)}/authentication/temporaryAccessPassMethods"
    assert "external guest user" in error(client.call("POST", external, {}))[2]
    administrator = passes(client, "ada.admin")
    assert error(client.call("POST", administrator, {})) == (403, "accessDenied", "Request Authorization failed")
    client.settings(access_pass_privileged="allow")
    assert client.call("POST", administrator, {}).status_code == 201
    roles = ["UserAuthMethod-TAP.ReadWrite.All", "User.Read.All"]
    client.token = client.control("POST", "tokens", {"user": user_id(client), "roles": roles})["access_token"]
    assert "Self-service operations" in error(client.call("POST", passes(client), {}))[2]
    assert client.call("POST", passes(client, "felix.wagner"), {}).status_code == 201


@pytest.mark.parity(
    "emulated",
    "Temporary Access Passes",
    "Permissions to read passes are not enough to create one, although the table on Microsoft's page lists them.",
    source=(
        "https://learn.microsoft.com/graph/api/authentication-post-temporaryaccesspassmethods",
        "https://learn.microsoft.com/graph/permissions-reference",
    ),
)
def test_reading_rights_cannot_create(client: Any) -> None:
    path = passes(client)
    assert client.call("GET", path, roles=READ).status_code == 200
    assert error(client.call("POST", path, {}, roles=READ)) == (403, "accessDenied", "Request Authorization failed")


@pytest.mark.parity(
    "assumed",
    "Temporary Access Passes",
    "An unknown user returns 404 with the code `Request_ResourceNotFound`; `resourceNotFound` is possible too.",
    source="https://learn.microsoft.com/graph/errors",
    settings=("access_pass_unknown_user",),
)
def test_an_unknown_user(client: Any) -> None:
    path = "/v1.0/users/33333333-3333-4333-8333-333333333333/authentication/temporaryAccessPassMethods"
    for code in ("Request_ResourceNotFound", "resourceNotFound"):
        client.settings(access_pass_unknown_user=code)
        assert error(client.get(path))[:2] == (404, code)


@pytest.mark.parity(
    "assumed",
    "Temporary Access Passes",
    "A new pass shows at once; the page says that it can take minutes.",
    source="https://learn.microsoft.com/entra/identity/authentication/howto-authentication-temporary-access-pass",
    settings=("access_pass_visibility_delay",),
)
def test_a_pass_may_be_shown_late(client: Any) -> None:
    client.settings(access_pass_visibility_delay=30)
    path = passes(client)
    client.call("POST", path, {})
    assert client.json(path)["value"] == []
    client.advance(30)
    assert len(client.json(path)["value"]) == 1


def test_added_users(client: Any) -> None:
    made = client.control("POST", "users", {"name": "o'brien", "userType": "Guest", "roles": ["Reports Reader"]})
    assert (made["userType"], made["roles"]) == ("Guest", ["Reports Reader"])
    found = client.json("/v1.0/users?$filter=userPrincipalName eq 'o''brien@contoso.onmicrosoft.com'")["value"]
    assert [user["id"] for user in found] == [made["id"]]
    changed = client.control("PATCH", f"users/{made['id']}", {"accountEnabled": False, "roles": []})
    assert (changed["accountEnabled"], changed["roles"]) == (False, [])
