# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Service principals, grants, groups, organization; deleted objects and delayed visibility."""

from __future__ import annotations

from typing import Any

import pytest

SP = "/v1.0/servicePrincipals"
BIN = "/v1.0/directory/deletedItems"
GRANTS = "/v1.0/oauth2PermissionGrants"
SERVICE = "b8456c59-1230-44c7-a4a2-99b085333e84"
CLIENT = "9115dd05-fad5-4f9c-acc7-305d08b1b04e"
AAD_GRAPH = "00000002-0000-0000-c000-000000000000"


def make(client: Any, app_id: str = SERVICE) -> dict[str, Any]:
    response = client.call("POST", SP, {"appId": app_id})
    assert response.status_code == 201, response.text
    return response.json()


def grant_body(client: Any) -> dict[str, Any]:
    return {
        "clientId": make(client, CLIENT)["id"],
        "resourceId": make(client, SERVICE)["id"],
        "consentType": "AllPrincipals",
        "scope": "user_impersonation",
    }


def by_app(app_id: str) -> str:
    return f"{SP}(appId='{app_id}')"


@pytest.mark.parity(
    "emulated",
    "Enterprise applications and grants",
    "A service principal is created by appId, also one of a first-party application, and found by id, by appId, and by `$filter`.",
    source="https://learn.microsoft.com/graph/api/resources/serviceprincipal",
    calls=("POST /servicePrincipals", "GET /servicePrincipals", "GET /servicePrincipals(appId='{appId}')"),
)
def test_create_and_find(client: Any) -> None:
    made = make(client)
    assert (made["displayName"], made["accountEnabled"]) == ("Microsoft Pin Reset Service Production", True)
    assert [scope["value"] for scope in made["oauth2PermissionScopes"]] == ["user_impersonation"]
    assert client.json(f"{by_app(SERVICE)}?$select=id") == {
        "@odata.context": f"{client.tenant.origin}/v1.0/$metadata#servicePrincipals(id)/$entity",
        "id": made["id"],
    }
    for text in (
        f"appId eq '{SERVICE}'",
        "displayName eq 'microsoft pin reset service production'",
        "startswith(displayName,'Microsoft Pin')",
    ):
        assert [row["id"] for row in client.json(f"{SP}?$filter={text}")["value"]] == [made["id"]]
    assert client.json(by_app(AAD_GRAPH))["oauth2PermissionScopes"][0]["value"] == "User.Read"


@pytest.mark.parity(
    "emulated",
    "Enterprise applications and grants",
    "`appId in (…)` finds several service principals in one request; other properties do not take `in`.",
    source=("https://learn.microsoft.com/graph/api/resources/serviceprincipal", "https://learn.microsoft.com/graph/query-parameters"),
    settings=("directory_page_size",),
)
def test_several_by_app_id(client: Any) -> None:
    made = [make(client)["id"], make(client, CLIENT)["id"]]

    def found(text: str) -> list[str]:
        return [row["id"] for row in client.json(f"{SP}?$filter={text}&$select=id")["value"]]

    assert found(f"appId in ('{SERVICE}','{CLIENT.upper()}','33333333-3333-4333-8333-333333333333')") == made
    client.settings(directory_page_size=1)
    first = client.json(f"{SP}?$filter=appId in ('{SERVICE}','{CLIENT}')")
    assert [row["id"] for row in first["value"]] == made[:1]
    assert "@odata.nextLink" in first
    for bad in ("id in ('a','b')", "displayName in ('a','b')", "appId in (1,2)", "appId in 'a'", "appId in displayName"):
        assert client.get(f"{SP}?$filter={bad}").status_code == 400


@pytest.mark.parity(
    "emulated",
    "Enterprise applications and grants",
    "A second service principal of an application is refused with 409 `Request_MultipleObjectsWithSameKeyValue`, one of an "
    "unknown application with `NoBackingApplicationObject`.",
    source=("https://learn.microsoft.com/graph/api/resources/serviceprincipal", "https://learn.microsoft.com/graph/errors"),
)
@pytest.mark.parity(
    "assumed",
    "Enterprise applications and grants",
    "Microsoft lets applications create the service principals of the PIN Reset Service and consent to them; no page says so.",
    source=(
        "https://learn.microsoft.com/graph/api/resources/serviceprincipal",
        "https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/pin-reset",
    ),
    settings=("consent",),
)
def test_create_refusals(client: Any) -> None:
    make(client)
    again = client.call("POST", SP, {"appId": SERVICE})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "Request_MultipleObjectsWithSameKeyValue")
    unknown = client.call("POST", SP, {"appId": "33333333-3333-4333-8333-333333333333"})
    assert (unknown.status_code, unknown.json()["error"]["details"][0]["code"]) == (400, "NoBackingApplicationObject")
    assert client.get(by_app(CLIENT)).json()["error"]["code"] == "Request_ResourceNotFound"
    client.settings(consent="refuse_service_principal")
    assert client.call("POST", SP, {"appId": CLIENT}).status_code == 403


@pytest.mark.parity(
    "emulated",
    "Enterprise applications and grants",
    "A service principal is changed and deleted by id and by appId; unknown properties are refused.",
    source="https://learn.microsoft.com/graph/api/resources/serviceprincipal",
    calls=("PATCH /servicePrincipals/{id}",),
)
def test_update(client: Any) -> None:
    path = f"{SP}/{make(client)['id']}"
    assert client.call("PATCH", path, {"accountEnabled": False}).status_code == 204
    assert client.json(path)["accountEnabled"] is False
    for bad in ({"accountEnabled": "no"}, {"nonsense": 1}, {"id": "x"}):
        assert client.call("PATCH", path, bad).status_code == 400


@pytest.mark.parity(
    "emulated",
    "Enterprise applications and grants",
    "PATCH by appId with `Prefer: create-if-missing` creates (201) or changes (204).",
    source="https://learn.microsoft.com/graph/api/serviceprincipal-upsert",
    calls=("PATCH /servicePrincipals(appId='{appId}')",),
)
def test_create_if_missing(client: Any) -> None:
    assert client.call("PATCH", by_app(CLIENT), {"accountEnabled": True}).status_code == 404
    made = client.call("PATCH", by_app(CLIENT), {"accountEnabled": True}, Prefer="create-if-missing")
    assert made.status_code == 201
    assert client.call("PATCH", by_app(CLIENT), {"accountEnabled": True}, Prefer="create-if-missing").status_code == 204


@pytest.mark.parity(
    "emulated",
    "Enterprise applications and grants",
    "A deleted service principal is listed by its type in `deletedItems`, and can be restored; the list without a type is refused.",
    source="https://learn.microsoft.com/graph/api/resources/directory",
    calls=(
        "DELETE /servicePrincipals/{id}",
        "GET /directory/deletedItems/microsoft.graph.servicePrincipal",
        "GET /directory/deletedItems/graph.servicePrincipal",
        "GET /directory/deletedItems/{id}",
        "POST /directory/deletedItems/{id}/restore",
        "GET /servicePrincipals/{id}",
    ),
)
def test_soft_delete_and_restore(client: Any) -> None:
    body = grant_body(client)
    client.call("POST", GRANTS, body)
    service = body["resourceId"]
    assert client.call("DELETE", f"{SP}/{service}").status_code == 204
    assert client.get(f"{SP}/{service}").status_code == 404
    assert client.json(GRANTS)["value"] == []
    for cast in ("microsoft.graph.servicePrincipal", "graph.servicePrincipal"):
        rows = client.json(f"{BIN}/{cast}?$filter=appId eq '{SERVICE}'")["value"]
        assert [row["id"] for row in rows] == [service]
        assert rows[0]["deletedDateTime"]
    assert client.get(BIN).status_code == 400
    assert client.json(f"{BIN}/{service}")["id"] == service
    restored = client.call("POST", f"{BIN}/{service}/restore")
    assert (restored.status_code, restored.json()["id"]) == (200, service)
    assert client.json(f"{SP}/{service}")["deletedDateTime"] is None
    assert client.json(GRANTS)["value"] == []


@pytest.mark.parity(
    "assumed",
    "Enterprise applications and grants",
    "A restored service principal has no grants; whether the service brings them back is not documented.",
    source="https://learn.microsoft.com/graph/api/directory-deleteditems-restore",
    settings=("restore_brings_grants",),
)
def test_restore_may_bring_grants_back(client: Any) -> None:
    client.settings(restore_brings_grants=True)
    body = grant_body(client)
    client.call("POST", GRANTS, body)
    client.call("DELETE", f"{SP}/{body['clientId']}")
    client.call("POST", f"{BIN}/{body['clientId']}/restore")
    assert len(client.json(GRANTS)["value"]) == 1


@pytest.mark.parity(
    "emulated",
    "Enterprise applications and grants",
    "A deleted service principal can be removed permanently.",
    source="https://learn.microsoft.com/graph/api/directory-deleteditems-delete",
    calls=("DELETE /directory/deletedItems/{id}",),
)
def test_purge(client: Any) -> None:
    service = make(client)["id"]
    client.call("DELETE", f"{SP}/{service}")
    assert client.call("DELETE", f"{BIN}/{service}").status_code == 204
    assert client.call("DELETE", f"{BIN}/{service}").status_code == 404
    assert client.call("POST", f"{BIN}/{service}/restore").status_code == 404


@pytest.mark.parity(
    "assumed",
    "Enterprise applications and grants",
    "A new service principal of an application is created beside a deleted one; a refusal (409) or a restore is possible too.",
    source="https://learn.microsoft.com/graph/api/resources/serviceprincipal",
    settings=("create_over_deleted",),
)
def test_create_over_deleted(client: Any) -> None:
    first = make(client)["id"]
    client.call("DELETE", f"{SP}/{first}")
    client.settings(create_over_deleted="conflict")
    assert client.call("POST", SP, {"appId": SERVICE}).status_code == 409
    client.settings(create_over_deleted="restore")
    assert make(client)["id"] == first
    client.call("DELETE", f"{SP}/{first}")
    client.settings(create_over_deleted="new")
    assert make(client)["id"] != first
    assert client.call("POST", f"{BIN}/{first}/restore").status_code == 400


@pytest.mark.parity(
    "emulated",
    "Enterprise applications and grants",
    "Delegated permission grants are created, listed with `$filter`, read, changed, and deleted.",
    source="https://learn.microsoft.com/graph/api/resources/oauth2permissiongrant",
    calls=(
        "GET /oauth2PermissionGrants",
        "POST /oauth2PermissionGrants",
        "GET /oauth2PermissionGrants/{id}",
        "PATCH /oauth2PermissionGrants/{id}",
        "DELETE /oauth2PermissionGrants/{id}",
        "GET /servicePrincipals/{id}/oauth2PermissionGrants",
    ),
)
def test_grants(client: Any) -> None:
    body = grant_body(client)
    made = client.call("POST", GRANTS, body)
    assert made.status_code == 201
    grant = made.json()["id"]
    text = f"clientId eq '{body['clientId']}' and resourceId eq '{body['resourceId']}' and consentType eq 'AllPrincipals'"
    assert [row["id"] for row in client.json(f"{GRANTS}?$filter={text}")["value"]] == [grant]
    assert len(client.json(f"{SP}/{body['clientId']}/oauth2PermissionGrants")["value"]) == 1
    assert client.json(f"{SP}/{body['resourceId']}/oauth2PermissionGrants")["value"] == []
    assert client.call("PATCH", f"{GRANTS}/{grant}", {"scope": "a b"}).status_code == 204
    assert client.json(f"{GRANTS}/{grant}")["scope"] == "a b"
    assert client.call("DELETE", f"{GRANTS}/{grant}").status_code == 204
    assert client.call("DELETE", f"{GRANTS}/{grant}").status_code == 404


@pytest.mark.parity(
    "assumed",
    "Enterprise applications and grants",
    "A second grant of a client for a resource is refused with 400; 409 was observed too.",
    source="https://learn.microsoft.com/graph/api/resources/oauth2permissiongrant",
    settings=("duplicate_grant",),
)
def test_grant_refusals(client: Any) -> None:
    body = grant_body(client)
    for bad in (
        {**body, "consentType": "All"},
        {**body, "principalId": "x"},
        {**body, "startTime": "x"},
        {**body, "scope": 1},
        {"clientId": body["clientId"]},
    ):
        assert client.call("POST", GRANTS, bad).status_code == 400
    missing = client.call("POST", GRANTS, {**body, "clientId": "33333333-3333-4333-8333-333333333333"})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "Directory_ObjectNotFound")
    client.call("POST", GRANTS, body)
    for status, code in (("400", "Request_BadRequest"), ("409", "Request_MultipleObjectsWithSameKeyValue")):
        client.settings(duplicate_grant=status)
        again = client.call("POST", GRANTS, {**body, "scope": "other"})
        assert (again.status_code, again.json()["error"]["code"]) == (int(status), code)
        assert again.json()["error"]["message"] == "Permission entry already exists."


@pytest.mark.parity(
    "assumed",
    "Enterprise applications and grants",
    "A grant that Microsoft does not allow returns 403, or 400 with AADSTS65002.",
    source="https://learn.microsoft.com/entra/identity-platform/reference-error-codes",
    settings=("refuse_grant_status", "consent"),
)
def test_consent_refused(client: Any) -> None:
    body = grant_body(client)
    client.settings(consent="refuse_grant")
    assert client.call("POST", GRANTS, body).status_code == 403
    client.settings(refuse_grant_status="400")
    assert "AADSTS65002" in client.call("POST", GRANTS, body).json()["error"]["message"]


@pytest.mark.parity(
    "assumed",
    "Enterprise applications and grants",
    "A write of the directory is visible after a number of reads; the service is eventually consistent.",
    source="https://devblogs.microsoft.com/identity/designing-for-eventual-consistency-for-microsoft-entra/",
    settings=("visibility_reads",),
)
def test_visibility_by_reads(client: Any) -> None:
    client.settings(visibility_reads=2)
    made = make(client)
    assert [client.get(by_app(SERVICE)).status_code for _time in range(3)] == [404, 404, 200]
    client.call("PATCH", f"{SP}/{made['id']}", {"accountEnabled": False})
    assert [client.json(f"{SP}/{made['id']}")["accountEnabled"] for _time in range(3)] == [True, True, False]


@pytest.mark.parity(
    "assumed",
    "Enterprise applications and grants",
    "A write of the directory is visible after a time; how long is not documented.",
    source="https://devblogs.microsoft.com/identity/designing-for-eventual-consistency-for-microsoft-entra/",
    settings=("visibility_delay",),
)
def test_visibility_by_time(client: Any) -> None:
    client.settings(visibility_delay=30)
    make(client)
    path = f"{SP}?$filter=appId eq '{SERVICE}'"
    assert client.json(path)["value"] == []
    client.advance(30)
    assert len(client.json(path)["value"]) == 1


@pytest.mark.parity(
    "assumed",
    "Enterprise applications and grants",
    "A grant for a service principal that is not visible yet returns 404 and is not created; it was observed that it is created anyway.",
    source="https://devblogs.microsoft.com/identity/designing-for-eventual-consistency-for-microsoft-entra/",
    settings=("grant_applied_on_invisible", "visibility_delay"),
)
def test_grant_for_invisible_service_principal(client: Any) -> None:
    client.settings(visibility_delay=30, grant_applied_on_invisible=True)
    body = grant_body(client)
    refused = client.call("POST", GRANTS, body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "Directory_ObjectNotFound")
    client.advance(31)
    assert len(client.json(GRANTS)["value"]) == 1


@pytest.mark.parity(
    "emulated",
    "Organization, groups, and users",
    "Groups are listed with `$filter`, and their members with those of nested groups.",
    source="https://learn.microsoft.com/graph/api/resources/group",
    calls=("GET /groups", "GET /groups/{id}/transitiveMembers"),
)
@pytest.mark.parity(
    "emulated",
    "Organization, groups, and users",
    "Members of a group have only id and type for a caller without the permission to read that type.",
    source="https://learn.microsoft.com/graph/api/group-list-transitivemembers",
)
def test_groups(client: Any) -> None:
    rows = client.json("/v1.0/groups?$filter=displayName eq 'Warehouse'&$select=id,displayName")["value"]
    assert len(rows) == 2
    pilot = client.json("/v1.0/groups?$filter=displayName eq 'Pilot ring'")["value"][0]["id"]
    members = client.json(f"/v1.0/groups/{pilot}/transitiveMembers")["value"]
    kinds = [member["@odata.type"].rpartition(".")[2] for member in members]
    assert (kinds.count("device"), kinds.count("group")) == (7, 1)
    limited = client.call("GET", f"/v1.0/groups/{pilot}/transitiveMembers", roles=["GroupMember.Read.All"]).json()["value"]
    device = next(member for member in limited if member["@odata.type"].endswith("device"))
    assert device["id"]
    assert device["deviceId"] is None


def test_groups_by_several_ids(client: Any) -> None:
    known = [row["id"] for row in client.json("/v1.0/groups?$select=id")["value"]]
    for ids in ([known[0], known[2], "99999999-1111-4222-8333-444444444444"], [known[1]]):
        found = client.json(f"/v1.0/groups?$filter=id in ({','.join(map(repr, ids))})&$select=id")["value"]
        assert {row["id"] for row in found} == set(ids) & set(known)


@pytest.mark.parity(
    "emulated",
    "Organization, groups, and users",
    "A device of the directory is found by its deviceId, and has the trust type.",
    source="https://learn.microsoft.com/graph/api/resources/device",
    calls=("GET /devices(deviceId='{deviceId}')",),
)
def test_entra_device(client: Any) -> None:
    for name, trust in (("LT-BERLIN-014", "AzureAd"), ("WS-BERLIN-101", "ServerAd"), ("HOME-PC-ROSSI", "Workplace")):
        device_id = client.device(name)["azureADDeviceId"]
        assert client.json(f"/v1.0/devices(deviceId='{device_id}')?$select=id,trustType")["trustType"] == trust
    assert client.get("/v1.0/devices(deviceId='33333333-3333-4333-8333-333333333333')").status_code == 404


@pytest.mark.parity(
    "emulated",
    "Organization, groups, and users",
    "The MDM authority of the organization is on the item only, with `$select`.",
    source="https://learn.microsoft.com/graph/api/resources/organization",
    calls=("GET /organization", "GET /organization/{id}"),
)
@pytest.mark.parity(
    "emulated",
    "Organization, groups, and users",
    "The subscribed SKUs have service plans, and `deviceManagement` has the state of the subscription.",
    source=(
        "https://learn.microsoft.com/graph/api/resources/subscribedsku",
        "https://learn.microsoft.com/graph/api/resources/intune-onboarding-devicemanagement",
    ),
    calls=("GET /subscribedSkus", "GET /deviceManagement"),
)
def test_organization(client: Any) -> None:
    row = client.json("/v1.0/organization?$select=id,displayName,verifiedDomains")["value"][0]
    assert row["id"] == client.tenant.tenant_id
    path = f"/v1.0/organization/{row['id']}"
    assert client.json(f"{path}?$select=mobileDeviceManagementAuthority")["mobileDeviceManagementAuthority"] == "intune"
    assert "mobileDeviceManagementAuthority" not in client.json(path)
    plans = [plan["servicePlanName"] for sku in client.json("/v1.0/subscribedSkus")["value"] for plan in sku["servicePlans"]]
    assert "INTUNE_A" in plans
    assert client.json("/v1.0/deviceManagement?$select=intuneAccountId,subscriptionState")["subscriptionState"] == "active"


@pytest.mark.parity(
    "emulated",
    "Throttling",
    "Requests to the directory cost resource units: less with `$select` or a small `$top`; the header `x-ms-resource-unit` has them.",
    source="https://learn.microsoft.com/graph/throttling-limits",
)
def test_resource_units(client: Any) -> None:
    units = [
        client.get(path).headers["x-ms-resource-unit"] for path in ("/v1.0/subscribedSkus", "/v1.0/subscribedSkus?$select=id", GRANTS, SP)
    ]
    assert units == ["3", "2", "2", "1"]


@pytest.mark.parity(
    "assumed",
    "Enterprise applications and grants",
    "A grant for a service principal that is not visible yet returns 404; 400 was observed too.",
    source="https://devblogs.microsoft.com/identity/designing-for-eventual-consistency-for-microsoft-entra/",
    settings=("grant_on_invisible",),
)
def test_the_refusal_of_an_early_grant_may_be_400(client: Any) -> None:
    client.settings(visibility_delay=30, grant_on_invisible="400")
    assert client.call("POST", GRANTS, grant_body(client)).status_code == 400
    client.advance(31)
    assert client.json(GRANTS)["value"] == []


@pytest.mark.parity(
    "assumed",
    "Enterprise applications and grants",
    "A grant can name a scope that the resource does not have; whether the service checks it is not documented.",
    source="https://learn.microsoft.com/graph/api/resources/oauth2permissiongrant",
    settings=("grant_scope_check",),
)
def test_scopes_of_a_grant_may_be_checked(client: Any) -> None:
    body = {**grant_body(client), "scope": "nonsense"}
    client.settings(grant_scope_check="strict")
    assert client.call("POST", GRANTS, body).status_code == 400
    client.settings(grant_scope_check="none")
    assert client.call("POST", GRANTS, body).status_code == 201


@pytest.mark.parity(
    "assumed",
    "Enterprise applications and grants",
    "The scopes of the PIN Reset Service are not documented: `user_impersonation` is assumed, and there can be others or none.",
    source="https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/pin-reset",
    settings=("service_scopes",),
)
def test_the_scopes_of_the_service_are_a_setting(client: Any) -> None:
    client.settings(service_scopes=[])
    assert make(client)["oauth2PermissionScopes"] == []


@pytest.mark.parity(
    "emulated",
    "Enterprise applications and grants",
    "A service principal is deleted by its appId.",
    source="https://learn.microsoft.com/graph/api/serviceprincipal-delete",
    calls=("DELETE /servicePrincipals(appId='{appId}')",),
)
def test_delete_by_app_id(client: Any) -> None:
    made = make(client)
    assert client.call("DELETE", by_app(SERVICE)).status_code == 204
    assert client.get(f"{SP}/{made['id']}").status_code == 404


@pytest.mark.parity(
    "emulated",
    "Organization, groups, and users",
    "A group is read by its ID.",
    source="https://learn.microsoft.com/graph/api/resources/group",
    calls=("GET /groups/{id}",),
)
def test_a_group_by_id(client: Any) -> None:
    first = client.json("/v1.0/groups")["value"][0]
    assert client.json(f"/v1.0/groups/{first['id']}")["displayName"] == first["displayName"]
    assert client.get("/v1.0/groups/33333333-3333-4333-8333-333333333333").status_code == 404
