# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test Multi Admin Approval: every protected write needs a person's approval of exactly this request."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from emulator_support import scripts
from emulator_support.profiles import BETA, V1, assign, create, policy, setting, target
from intune_emulator.intune.approval_checks import protected_kind

REQUESTS = "/beta/deviceManagement/operationApprovalRequests"
CODE = "x-msft-approval-code"
JUSTIFICATION = "x-msft-approval-justification"
DAY = 86400


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def protect(client: Any, *kinds: str, **settings: Any) -> None:
    client.settings(approval_protects=list(kinds or ("device_configurations",)), **settings)


def write(client: Any, body: Any = None, path: str = V1, method: str = "POST", **headers: str) -> Any:
    return client.call(method, path, body or policy(setting()), **headers)


def file(client: Any, body: Any = None, text: str = "Change 4711", **more: Any) -> str:
    """File a request and return its code."""
    response = write(client, body, x_msft_approval_justification=encoded(text), **more)
    assert response.status_code == 412, response.text
    return response.headers[CODE]


def complete(client: Any, code: str, body: Any = None, **more: Any) -> Any:
    return write(client, body, x_msft_approval_code=code, **more)


def decide(client: Any, code: str, decision: str = "approve", **more: Any) -> dict[str, Any]:
    return client.control("POST", f"approvals/{code}", {"decision": decision, **more})


def wrapped(response: Any) -> dict[str, Any]:
    """Return the JSON of Intune inside the message."""
    return json.loads(response.json()["error"]["message"])


def refusal(response: Any) -> tuple[int, str, str]:
    return response.status_code, response.json()["error"]["code"], wrapped(response)["Message"].partition(" - Operation ID")[0]


def policies(client: Any) -> int:
    return len(client.json(V1)["value"])


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/deviceManagement/configurationPolicies", "configuration_policies"),
        ("PUT", "/deviceManagement/configurationPolicies('1')", "configuration_policies"),
        ("PATCH", "/devicemanagement/configurationpolicies/1/", "configuration_policies"),
        ("POST", "/deviceManagement/configurationPolicies/1/assign", "configuration_policies"),
        ("GET", "/deviceManagement/configurationPolicies", None),
        ("POST", "/deviceManagement/configurationPolicyTemplates", None),
        ("DELETE", "/deviceManagement/deviceConfigurations/1", "device_configurations"),
        ("POST", "/deviceManagement/managedDevices/1/resetPasscode", "reset_passcode"),
        ("POST", "/deviceManagement/managedDevices('1')/resetPasscode", "reset_passcode"),
        ("POST", "/deviceManagement/managedDevices/1/syncDevice", None),
        ("POST", "/deviceManagement/reports/exportJobs", None),
        ("PATCH", "/deviceManagement/deviceHealthScripts/1", "scripts"),
        ("POST", "/deviceManagement/deviceHealthScripts", "scripts"),
        ("POST", "/deviceManagement/deviceHealthScripts('1')/assign", None),
        ("POST", "/deviceManagement/managedDevices/1/initiateOnDemandProactiveRemediation", None),
        ("POST", "/$batch", None),
    ],
)
def test_what_each_kind_covers(method: str, path: str, kind: str | None) -> None:
    assert protected_kind(method, path, ()) == kind


@pytest.mark.parity(
    "assumed",
    "Multi Admin Approval",
    "What the service protects beyond policies of the settings catalog is not documented; nothing is protected by default, "
    "and the headers are ignored then.",
    source=(
        "https://learn.microsoft.com/intune/intune-service/fundamentals/multi-admin-approval",
        "https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
    ),
    settings=("approval_protects",),
)
def test_nothing_is_protected_by_default_and_the_header_is_ignored(client: Any) -> None:
    assert write(client, x_msft_approval_justification="not base64").status_code == 201
    assert client.control("GET", "approvals") == []
    protect(client, "configuration_policies", "reset_passcode")
    assert write(client).status_code == 201


@pytest.mark.parity(
    "emulated",
    "Multi Admin Approval",
    "A protected write is filed with a justification, is not processed, and is processed when it comes again with the code "
    "of the approved request.",
    source="https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
)
@pytest.mark.parity(
    "assumed",
    "Multi Admin Approval",
    "A request that is not approved, or is completed, rejected, canceled, or expired, returns 412 without a code; the text is invented.",
    source="https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
)
def test_filed_approved_completed(client: Any) -> None:
    protect(client)
    before = policies(client)
    response = write(client, x_msft_approval_justification=encoded("Änderung 4711"))
    code = response.headers[CODE]
    assert refusal(response) == (
        412,
        "BadRequest",
        "Approval Required. Request Approval using the request ID returned as part of the x-msft-approval-code response header. "
        f"x-msft-approval-code: {code}",
    )
    assert json.loads(wrapped(response)["HttpHeaders"]) == {CODE: code}
    assert refusal(complete(client, code))[0] == 412
    decide(client, code, justification="Reviewed")
    assert policies(client) == before
    assert complete(client, code).status_code == 201
    assert policies(client) == before + 1
    assert refusal(complete(client, code)) == (
        412,
        "BadRequest",
        f"Approval Request '{code}' cannot be completed: its status is 'completed'.",
    )
    found = client.control("GET", "approvals")
    assert found == [
        {
            "code": code,
            "id": code,
            "status": "completed",
            "method": "POST",
            "version": "v1.0",
            "path": "/deviceManagement/deviceConfigurations",
            "justification": "Änderung 4711",
            "body": policy(setting()),
        }
    ]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("400", "BadRequest"),
        pytest.param(
            "403",
            "Forbidden",
            marks=pytest.mark.parity(
                "assumed",
                "Multi Admin Approval",
                "A protected write without a justification returns 400 (documented), or 403 as announced; its code `Forbidden` is assumed.",
                source="https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
                settings=("approval_missing_status",),
            ),
        ),
    ],
)
def test_without_justification(client: Any, status: str, code: str) -> None:
    protect(client, approval_missing_status=status)
    expected = (int(status), code, "Header 'x-msft-approval-justification' is required to request approval.")
    assert refusal(write(client)) == expected
    assert wrapped(write(client))["HttpHeaders"] == "{}"
    assert refusal(write(client, x_msft_approval_justification=" ")) == expected
    assert client.control("GET", "approvals") == []


@pytest.mark.parity(
    "assumed",
    "Multi Admin Approval",
    "A justification that is not base64 of UTF-8 returns 400; the text is invented.",
    source="https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
)
def test_justification_must_be_base64_of_utf8(client: Any) -> None:
    protect(client)
    for value in ("Change 4711", "YQ", base64.b64encode(b"\xff\xfe").decode(), "YQ==\u007f"):
        assert refusal(write(client, x_msft_approval_justification=value))[:2] == (400, "BadRequest"), value
    assert client.control("GET", "approvals") == []


@pytest.mark.parity(
    "emulated",
    "Multi Admin Approval",
    "A justification has 1,024 characters at most (observed text).",
    source="https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
)
def test_justification_has_a_greatest_length_in_characters(client: Any) -> None:
    protect(client)
    text = "Decoded content of 'x-msft-approval-justification' header must be no greater than 1024 characters"
    assert refusal(write(client, x_msft_approval_justification=encoded("ä" * 1025))) == (400, "BadRequest", text)
    assert file(client, text="ä" * 1024)


@pytest.mark.parity(
    "assumed",
    "Multi Admin Approval",
    "A filed request returns 412 `BadRequest` (documented); 403 `ApprovalRequired` was observed.",
    source=(
        "https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
        "https://github.com/fadwen/IntuneScriptLab",
    ),
    settings=("approval_filed_status",),
)
def test_filed_with_403(client: Any) -> None:
    protect(client, approval_filed_status="403")
    response = write(client, x_msft_approval_justification=encoded("x"))
    assert refusal(response)[:2] == (403, "ApprovalRequired")
    assert response.headers[CODE] in refusal(response)[2]


@pytest.mark.parity(
    "assumed",
    "Multi Admin Approval",
    "The code of a filed request is in a header, in the text, and in the inner headers; the header may be missing.",
    source="https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
    settings=("approval_code_header",),
)
def test_the_code_may_be_in_the_body_only(client: Any) -> None:
    protect(client, approval_code_header=False)
    response = write(client, x_msft_approval_justification=encoded("x"))
    assert CODE not in response.headers
    code = json.loads(wrapped(response)["HttpHeaders"])[CODE]
    assert refusal(response)[2].endswith(f"x-msft-approval-code: {code}")
    decide(client, code)
    assert complete(client, code).status_code == 201


@pytest.mark.parity(
    "emulated",
    "Multi Admin Approval",
    "The same request cannot be filed again while it is open: 409 (observed text; its code `Conflict` is assumed).",
    source="https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
)
def test_the_same_request_cannot_be_filed_twice_while_it_is_open(client: Any) -> None:
    protect(client)
    code = file(client)
    again = dict(reversed(policy(setting()).items()))
    for _status in ("needsApproval", "approved"):
        response = write(client, again, x_msft_approval_justification=encoded("other words"))
        assert refusal(response) == (409, "Conflict", "An active Approval Request already exists")
        assert CODE not in response.headers
        if _status == "needsApproval":
            decide(client, code)
    assert file(client, policy(setting(value=False)))
    assert complete(client, code).status_code == 201
    assert file(client) != code


@pytest.mark.parity(
    "assumed",
    "Multi Admin Approval",
    "A further request is refused while the same request is open; for apps, any open request for the same entity was "
    "observed to refuse it.",
    source="https://learn.microsoft.com/graph/api/resources/intune-rbac-operationapprovalrequest",
    settings=("approval_active",),
)
def test_one_open_request_for_each_object_by_setting(client: Any) -> None:
    made = create(client)["id"]
    protect(client)
    file(client, {"assignments": [target("allDevices")]}, path=f"{V1}/{made}/assign")
    patch = {"@odata.type": policy()["@odata.type"], "displayName": "New"}
    assert file(client, patch, path=f"{V1}/{made}", method="PATCH")
    client.settings(approval_active="entity")
    response = write(client, {**patch, "displayName": "Newer"}, f"{BETA}('{made}')", "PATCH", x_msft_approval_justification=encoded("x"))
    assert response.status_code == 409
    assert file(client) and file(client, policy(setting(), displayName="Another"))


@pytest.mark.parametrize("decision", ["reject", "cancel"])
def test_what_was_not_approved_is_not_done(client: Any, decision: str) -> None:
    protect(client)
    code = file(client)
    status = decide(client, code, decision)["status"]
    assert status == {"reject": "rejected", "cancel": "cancelled"}[decision]
    text = f"Approval Request '{code}' cannot be completed: its status is '{status}'."
    assert refusal(complete(client, code)) == (412, "BadRequest", text)
    assert file(client) != code
    for again in ("approve", "reject", "cancel"):
        with pytest.raises(AssertionError, match=f"cannot {again} a request that is {status}"):
            decide(client, code, again)


@pytest.mark.parity(
    "emulated",
    "Multi Admin Approval",
    "A request expires three days after it was filed, approved or not.",
    source="https://learn.microsoft.com/intune/intune-service/fundamentals/multi-admin-approval",
)
@pytest.mark.parametrize("approved", [True, False])
def test_a_request_expires_three_days_after_it_was_made(client: Any, approved: bool) -> None:
    protect(client)
    code = file(client)
    client.advance(3 * DAY - 1)
    client.token = client.control("POST", "tokens", {"expires_in": 10 * DAY})["access_token"]
    if approved:
        decide(client, code)
    else:
        client.advance(1)
        with pytest.raises(AssertionError, match="cannot approve a request that is expired"):
            decide(client, code)
    client.advance(1)
    shown = client.json(f"{REQUESTS}/{code}")
    assert (shown["status"], shown["lastModifiedDateTime"]) == ("expired", shown["expirationDateTime"])
    assert "its status is 'expired'" in refusal(complete(client, code))[2]
    assert file(client) != code


@pytest.mark.parity(
    "emulated",
    "Multi Admin Approval",
    "A code is for one method, URL, body, and application; that of another application returns 403 `An error has occurred` (observed).",
    source="https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
)
@pytest.mark.parity(
    "assumed",
    "Multi Admin Approval",
    "A code with another method, URL, or body returns 400 with an invented text; a bare 403 was observed for apps.",
    source="https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
    settings=("approval_mismatch_status",),
)
def test_a_code_is_for_one_request_of_one_application(client: Any) -> None:
    made = create(client)["id"]
    protect(client)
    code = file(client)
    decide(client, code)
    others: list[Any] = [
        complete(client, code, policy(setting(value=False))),
        complete(client, code, path=BETA),
        complete(client, code, path=f"{V1}?x=1"),
        complete(client, code, path=f"{V1}/{made}", method="PATCH"),
    ]
    assert {refusal(response)[:2] for response in others} == {(400, "BadRequest")}
    assert refusal(others[0])[2] == f"Approval Request '{code}' was made for another method, URL or body."
    client.settings(approval_mismatch_status="403")
    assert refusal(complete(client, code, policy(setting(value=False)))) == (403, "Forbidden", "An error has occurred")
    own, client.token = client.token, other_token(client)
    assert refusal(complete(client, code)) == (403, "Forbidden", "An error has occurred")
    client.token = own
    assert complete(client, code).status_code == 201


def other_token(client: Any) -> str:
    other = client.control("POST", "apps", {})
    return client.control("POST", "tokens", {"client_id": other["client_id"]})["access_token"]


@pytest.mark.parity(
    "emulated",
    "Multi Admin Approval",
    "A code that is not a GUID returns 400 (observed text).",
    source="https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
)
@pytest.mark.parity(
    "assumed",
    "Multi Admin Approval",
    "An unknown code returns 400; the text is invented.",
    source="https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
)
def test_unknown_codes(client: Any) -> None:
    protect(client)
    unknown = "99999999-9999-4999-8999-999999999999"
    assert refusal(complete(client, unknown)) == (400, "BadRequest", f"Approval Request '{unknown}' was not found.")
    assert refusal(complete(client, encoded(unknown)))[2] == "Invalid approval header format, expected GUID format"


def test_the_code_wins_over_the_justification(client: Any) -> None:
    protect(client)
    code = file(client)
    both = {"x_msft_approval_code": code.upper(), "x_msft_approval_justification": encoded("x")}
    assert "needsApproval" in refusal(write(client, **both))[2]
    decide(client, code)
    assert write(client, **both).status_code == 201
    assert len(client.control("GET", "approvals")) == 1


@pytest.mark.parity(
    "assumed",
    "Multi Admin Approval",
    "Authorization, quota, and the syntax of the JSON are checked before a request is filed, its content only when it is "
    "processed. A wrong body uses the approval.",
    source="https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
)
def test_authorization_comes_first_and_the_body_last(client: Any) -> None:
    protect(client)
    response = client.call("POST", V1, policy(setting()), roles=["DeviceManagementConfiguration.Read.All"])
    assert refusal(response)[:2] == (403, "Forbidden") and "scopes" in refusal(response)[2]
    code = file(client, {"displayName": "no type"})
    decide(client, code)
    refused = complete(client, code, {"displayName": "no type"})
    assert refused.json()["error"]["code"] == "ModelValidationFailure"
    assert client.json(f"{REQUESTS}/{code}")["status"] == "completed"


def test_every_write_below_a_policy_is_protected(client: Any) -> None:
    made = create(client)["id"]
    protect(client)
    assert assign(client, made, target("allDevices")).status_code == 400
    assert client.call("DELETE", f"{V1}/{made}").status_code == 400
    code = file(client, method="DELETE", path=f"{V1}/{made}")
    decide(client, code)
    assert complete(client, code, method="DELETE", path=f"{V1}/{made}").status_code == 204
    assert client.get(f"{V1}/{made}").status_code == 404


@pytest.mark.parity(
    "assumed",
    "Multi Admin Approval",
    "Whether resets of passcodes are protected is not documented; they can be.",
    source=(
        "https://learn.microsoft.com/intune/intune-service/fundamentals/multi-admin-approval",
        "https://learn.microsoft.com/graph/api/resources/intune-rbac-operationapprovalpolicy",
    ),
    settings=("approval_protects",),
)
def test_reset_passcode(client: Any) -> None:
    protect(client, "reset_passcode")
    path = f"/v1.0/deviceManagement/managedDevices/{client.device('PHONE-HELPDESK-01')['id']}/resetPasscode"
    assert client.call("POST", path).status_code == 400
    filed = client.call("POST", path, x_msft_approval_justification=encoded("lost"))
    decide(client, filed.headers[CODE])
    assert client.control("GET", "resets") == {}
    assert client.call("POST", path, x_msft_approval_code=filed.headers[CODE]).status_code == 204
    assert len(client.control("GET", "resets")) == 1
    entries = [entry for entry in client.journal() if entry["method"] == "POST"]
    assert [(entry["write"], entry["status"]) for entry in entries] == [(True, 400), (True, 412), (True, 204)]


def batch(client: Any, *headers: dict[str, str]) -> dict[str, Any]:
    items = [
        {
            "id": str(number),
            "method": "POST",
            "url": "/deviceManagement/deviceConfigurations",
            "headers": {"Content-Type": "application/json", **more},
            "body": policy(setting(), displayName=f"Policy {number}"),
        }
        for number, more in enumerate(headers)
    ]
    # headers of the envelope do not apply to its items
    response = client.call("POST", "/v1.0/$batch", {"requests": items}, x_msft_approval_justification=encoded("envelope"))
    assert response.status_code == 200, response.text
    return {item["id"]: item for item in response.json()["responses"]}


@pytest.mark.parity(
    "emulated",
    "Multi Admin Approval",
    "Remediations can be protected.",
    source="https://learn.microsoft.com/graph/api/resources/intune-rbac-operationapprovalpolicy",
    settings=("approval_protects",),
)
def test_scripts(client: Any) -> None:
    made = scripts.create(client)["id"]
    path = f"{scripts.SCRIPTS}/{made}"
    protect(client, "scripts")
    entries = {"deviceHealthScriptAssignments": [scripts.target()]}
    calls = [("POST", scripts.SCRIPTS, scripts.package()), ("POST", f"{path}/assign", entries), ("PATCH", path, {}), ("DELETE", path, None)]
    for method, url, body in calls:
        assert client.call(method, url, body).status_code == 400, (method, url)
        filed = client.call(method, url, body, x_msft_approval_justification=encoded("x"))
        assert filed.status_code == 412, (method, url)
        decide(client, filed.headers[CODE])
        assert client.call(method, url, body, x_msft_approval_code=filed.headers[CODE]).status_code < 300, (method, url)
    assert client.get(scripts.SCRIPTS).status_code == 200
    assert {kind for item in client.json(REQUESTS)["value"] for kind in item["requiredOperationApprovalPolicyTypes"]} == {"script"}
    assert [item["policyType"] for item in client.json("/beta/deviceManagement/operationApprovalPolicies")["value"]] == ["script"]


@pytest.mark.parity(
    "assumed",
    "Multi Admin Approval",
    "An assignment of a protected script is protected, a run on demand is not.",
    source=(
        "https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
        "https://learn.microsoft.com/graph/api/resources/intune-rbac-operationapprovalpolicy",
    ),
    settings=("approval_scripts_cover",),
)
def test_whether_an_assignment_of_a_script_is_protected_is_a_setting(client: Any) -> None:
    made = scripts.create(client)["id"]
    protect(client, "scripts", approval_scripts_cover=[])
    assert scripts.assign(client, made, scripts.target()).status_code == 204
    assert client.call("DELETE", f"{scripts.SCRIPTS}/{made}").status_code == 400
    on_demand = f"/beta/deviceManagement/managedDevices/{client.device('LT-BERLIN-012')['id']}/initiateOnDemandProactiveRemediation"
    assert client.call("POST", on_demand, {"scriptPolicyId": made}).status_code == 204
    client.settings(approval_scripts_cover=["assign", "on_demand"])
    assert scripts.assign(client, made).status_code == 400
    assert client.call("POST", on_demand, {"scriptPolicyId": made}).status_code == 400


@pytest.mark.parity(
    "assumed",
    "Multi Admin Approval",
    "Items of a `$batch` bring their own approval headers.",
    source=(
        "https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
        "https://learn.microsoft.com/graph/json-batching",
    ),
)
def test_items_of_a_batch_bring_their_own_headers(client: Any) -> None:
    protect(client)
    found = batch(client, {}, {JUSTIFICATION: encoded("x")}, {"X-MSFT-Approval-Justification": encoded("y")})
    assert [found[name]["status"] for name in ("0", "1", "2")] == [400, 412, 412]
    code = found["1"]["headers"][CODE]
    assert code in found["1"]["body"]["error"]["message"]
    decide(client, code)
    # the same request, in an envelope or on its own
    assert complete(client, code, policy(setting(), displayName="Policy 1")).status_code == 201
    assert [entry["justification"] for entry in client.control("GET", "approvals")] == ["x", "y"]


@pytest.mark.parity(
    "emulated",
    "Multi Admin Approval",
    "A request is read with its status, times, requestor, and justifications; the approver is invented.",
    source="https://learn.microsoft.com/graph/api/resources/intune-rbac-operationapprovalrequest",
    calls=("GET /deviceManagement/operationApprovalRequests", "GET /deviceManagement/operationApprovalRequests/{id}"),
)
def test_the_entity(client: Any) -> None:
    protect(client)
    code = file(client)
    shown = client.json(f"{REQUESTS}/{code}")
    shown.pop("@odata.context")
    assert client.json(REQUESTS)["value"] == [shown]
    assert {name: shown[name] for name in ("id", "status", "approver", "requestJustification", "approvalJustification")} == {
        "id": code,
        "status": "needsApproval",
        "approver": None,
        "requestJustification": "Change 4711",
        "approvalJustification": None,
    }
    assert shown["requestor"] == {
        "application": {"id": client.tenant.client_id, "displayName": "Endpoint automation"},
        "device": None,
        "user": None,
    }
    assert shown["requiredOperationApprovalPolicyTypes"] == ["unknownFutureValue"]
    client.advance(60)
    decide(client, code, justification="Reviewed")
    decided = client.json(f"{REQUESTS}('{code}')")
    assert (decided["status"], decided["approvalJustification"]) == ("approved", "Reviewed")
    assert decided["approver"]["user"]["displayName"] and decided["approver"]["application"] is None
    assert decided["requestDateTime"] == shown["requestDateTime"] < decided["lastModifiedDateTime"]
    assert client.get(f"{REQUESTS}/{client.tenant.tenant_id}").status_code == 404
    assert client.get(f"{REQUESTS}?$select=requestId").status_code == 400


def test_pages_and_select(client: Any) -> None:
    protect(client)
    codes = [file(client, policy(setting(), displayName=f"Policy {number}")) for number in range(3)]
    first = client.json(f"{REQUESTS}?$top=2&$select=id,status")
    second = client.json(first["@odata.nextLink"].partition("8443")[2])
    assert first["value"] + second["value"] == [{"id": code, "status": "needsApproval"} for code in codes]


@pytest.mark.parity(
    "assumed",
    "Multi Admin Approval",
    "The code is the id of the request; pages name a property `requestId`, which the description lacks.",
    source=(
        "https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
        "https://learn.microsoft.com/graph/api/resources/intune-rbac-operationapprovalrequest",
    ),
    settings=("approval_code_is",),
)
def test_the_code_may_be_another_property(client: Any) -> None:
    protect(client, approval_code_is="requestId")
    code = file(client)
    shown = client.json(f"{REQUESTS}?$select=id,requestId")["value"][0]
    assert shown["requestId"] == code != shown["id"]
    assert client.get(f"{REQUESTS}/{code}").status_code == 404
    assert client.json(f"{REQUESTS}/{shown['id']}")["requestId"] == code
    assert decide(client, code)["id"] == shown["id"]
    assert complete(client, code).status_code == 201


@pytest.mark.parity(
    "assumed",
    "Multi Admin Approval",
    "Requests cannot be filtered, although the page shows a `$filter` on `requestId`.",
    source="https://learn.microsoft.com/intune/fundamentals/role-based-access-control/multi-admin-approval-graph-api",
    settings=("approval_filter",),
)
def test_filter(client: Any) -> None:
    protect(client)
    first, second = file(client), file(client, policy(setting(value=False)))
    decide(client, second)
    assert client.get(f"{REQUESTS}?$filter=requestId eq '{first}'").status_code == 400
    assert client.get(f"{REQUESTS}?$filter=status eq 'approved'").status_code == 400
    client.settings(approval_filter="allow")

    def found(text: str) -> list[str]:
        return [item["id"] for item in client.json(f"{REQUESTS}?$filter={text}")["value"]]

    assert found(f"requestId eq '{first}'") == [first]
    assert found("status eq 'approved'") == [second]
    assert found(f"requestId eq '{first}' and status eq 'approved'") == []
    assert client.get(f"{REQUESTS}?$filter=requestDateTime gt 2026-01-01T00:00:00Z").status_code == 400


@pytest.mark.parity(
    "emulated",
    "Multi Admin Approval",
    "The approval policies are listed.",
    source="https://learn.microsoft.com/graph/api/resources/intune-rbac-operationapprovalpolicy",
    calls=("GET /deviceManagement/operationApprovalPolicies",),
)
def test_policies(client: Any) -> None:
    path = "/beta/deviceManagement/operationApprovalPolicies"
    assert client.json(path)["value"] == []
    protect(client, "configuration_policies", "reset_passcode")
    found = client.json(path)["value"]
    assert [item["displayName"] for item in found] == ["Configuration policies", "Device actions: reset passcode"]
    assert {item["policyType"] for item in found} == {"unknownFutureValue"}


@pytest.mark.parity(
    "emulated",
    "Multi Admin Approval",
    "Requests take DeviceManagementRBAC or DeviceManagementConfiguration, in beta only.",
    source="https://learn.microsoft.com/graph/api/resources/intune-rbac-operationapprovalrequest",
)
def test_who_may_read_and_where(client: Any) -> None:
    for role in ("RBAC.Read.All", "RBAC.ReadWrite.All", "Configuration.Read.All", "Configuration.ReadWrite.All"):
        assert client.call("GET", REQUESTS, roles=[f"DeviceManagement{role}"]).status_code == 200
    assert client.call("GET", REQUESTS, roles=["DeviceManagementManagedDevices.Read.All"]).status_code == 403
    v1 = client.get(REQUESTS.replace("beta", "v1.0"))
    assert v1.status_code == 400 and "x-emulator-refused" not in v1.headers


@pytest.mark.parity(
    "refused",
    "Multi Admin Approval",
    "Decisions by Graph (`approve`, `reject`, `cancelMyRequest`, `cancelApproval`) are not emulated: the control API decides.",
    source="https://learn.microsoft.com/graph/api/resources/intune-rbac-operationapprovalrequest",
)
def test_no_decision_by_graph(client: Any) -> None:
    protect(client)
    code = file(client)
    for path in (f"{REQUESTS}/{code}/approve", f"{REQUESTS}/{code}/reject", f"{REQUESTS}/cancelMyRequest"):
        response = client.call("POST", path, {"justification": "x"})
        assert response.status_code in (400, 405) and "x-emulator-refused" in response.headers, path
    assert client.json(f"{REQUESTS}/{code}")["status"] == "needsApproval"


def test_control_refuses_nonsense(client: Any) -> None:
    protect(client)
    code = file(client)
    for body in ({"decision": "maybe"}, {}, {"decision": "approve", "why": "x"}):
        assert client.http.post(f"/_emulator/approvals/{code}", json=body).status_code == 400, body
    assert client.http.post("/_emulator/approvals/none", json={"decision": "approve"}).status_code == 400
    for value in (["nothing"], "reset_passcode"):
        assert client.http.patch("/_emulator/settings", json={"approval_protects": value}).status_code == 400


def test_no_secret_of_a_body_is_told(client: Any) -> None:
    protect(client)
    file(client, policy(setting("String", "hunter2")))
    assert "hunter2" not in json.dumps([client.journal(), client.control("GET", "approvals")])


def test_reset_forgets_approvals(client: Any) -> None:
    protect(client)
    file(client)
    client.control("POST", "reset", {})
    assert client.control("GET", "approvals") == []
    assert client.control("GET", "settings")["approval_protects"] == []
