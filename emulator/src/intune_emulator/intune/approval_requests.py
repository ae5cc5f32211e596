# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Read access to operationApprovalRequests and operationApprovalPolicies, beta only.

Source: https://learn.microsoft.com/graph/api/resources/intune-rbac-operationapprovalrequest
"""

from __future__ import annotations

from typing import Any

from ..http.errors import intune_error
from ..http.message import GraphRequest, Response
from ..http.odata import FilterRule, FilterSpec, QueryOptions, check_select, compile_filter, read_options
from ..http.paging import collection, page
from ..state.approval_requests import ApprovalRequest
from ..state.clock import iso_fractional
from ..state.guids import stable_id
from ..state.tenant import Tenant

REQUESTS = "deviceManagement/operationApprovalRequests"
POLICIES = "deviceManagement/operationApprovalPolicies"
REQUEST_NAMES = (
    "id",
    "requestDateTime",
    "expirationDateTime",
    "lastModifiedDateTime",
    "requestor",
    "approver",
    "status",
    "requestJustification",
    "approvalJustification",
    "requiredOperationApprovalPolicyTypes",
)
POLICY_NAMES = (
    "id",
    "displayName",
    "description",
    "lastModifiedDateTime",
    "policyType",
    "policyPlatform",
    "policySet",
    "approverGroupIds",
)
# Microsoft's pages filter by it, but its OpenAPI description lacks it (settings `approval_code_is`, `approval_filter`).
CODE_NAME = "requestId"
RULES = {CODE_NAME: FilterRule(frozenset({"eq"})), "status": FilterRule(frozenset({"eq"}))}
LIST_OPTIONS = frozenset({"$filter", "$top", "$skiptoken", "$select"})
POLICY_OPTIONS = frozenset({"$top", "$skiptoken", "$select"})
TITLES = {
    "configuration_policies": "Configuration policies",
    "device_configurations": "Device configurations",
    "scripts": "Scripts",
    "reset_passcode": "Device actions: reset passcode",
}
# The members of operationApprovalPolicyType; the enumeration has none for the other kinds.
POLICY_TYPES = {"scripts": "script"}
OTHER_TYPE = "unknownFutureValue"


def _render(request: GraphRequest, item: ApprovalRequest) -> dict[str, Any]:
    now = request.tenant.clock.now()
    status = item.status(now)
    body: dict[str, Any] = {
        "id": item.id,
        "requestDateTime": iso_fractional(item.requested),
        "expirationDateTime": iso_fractional(item.expires),
        "lastModifiedDateTime": iso_fractional(item.expires if status == "expired" else item.modified),
        "requestor": {"application": {"id": item.client_id, "displayName": item.client_name}, "device": None, "user": None},
        "approver": _approver() if item.by_person else None,
        "status": status,
        "requestJustification": item.justification,
        "approvalJustification": item.decision_justification,
        "requiredOperationApprovalPolicyTypes": [POLICY_TYPES.get(item.kind, OTHER_TYPE)],
    }
    if item.id != item.code:
        body[CODE_NAME] = item.code
    return body


def _approver() -> dict[str, Any]:
    return {"application": None, "device": None, "user": {"id": stable_id("user", "approver"), "displayName": "Second Administrator"}}


def _names(request: GraphRequest) -> tuple[str, ...]:
    return (*REQUEST_NAMES, CODE_NAME) if request.tenant.settings.approval_code_is == "requestId" else REQUEST_NAMES


def _chosen(row: dict[str, Any], options: QueryOptions) -> dict[str, Any]:
    return row if options.select is None else {name: row.get(name) for name in options.select}


def list_all(request: GraphRequest) -> Response:
    """List every request of the tenant, oldest first."""
    options = read_options(request.query, LIST_OPTIONS, 1000)
    check_select(options.select, _names(request), "operationApprovalRequest", (CODE_NAME,))
    found = list(request.tenant.approvals.values())
    if options.filter:
        allowed = request.tenant.settings.approval_filter == "allow"
        known = (*REQUEST_NAMES, CODE_NAME) if allowed else _names(request)
        rules = RULES if allowed else {}
        spec = FilterSpec("operationApprovalRequest", known, rules, elsewhere=(CODE_NAME,), is_known=not allowed)
        test = compile_filter(options.filter, spec)
        now = request.tenant.clock.now()
        found = [item for item in found if test({CODE_NAME: item.code, "status": item.status(now)}.get)]
    rows, link = page(request, options, found, request.tenant.settings.page_size)
    return Response(200, collection(request, REQUESTS, options, [_chosen(_render(request, item), options) for item in rows], link, None))


def get(request: GraphRequest) -> Response:
    """Return a request by the id of the entity."""
    options = read_options(request.query, frozenset({"$select"}), 1000)
    check_select(options.select, _names(request), "operationApprovalRequest", (CODE_NAME,))
    wanted = request.params["id"].lower()
    item = next((item for item in request.tenant.approvals.values() if item.id == wanted), None)
    if item is None:
        raise intune_error(404, "ResourceNotFound", f"OperationApprovalRequest with id {request.params['id']} was not found.")
    body = {"@odata.context": request.context(REQUESTS, options.select, entity=True), **_chosen(_render(request, item), options)}
    return Response(200, body)


def list_policies(request: GraphRequest) -> Response:
    """List an access policy for each protected kind."""
    options = read_options(request.query, POLICY_OPTIONS, 1000)
    check_select(options.select, POLICY_NAMES, "operationApprovalPolicy")
    found = [_policy(request.tenant, kind) for kind in request.tenant.settings.approval_protects]
    rows, link = page(request, options, found, request.tenant.settings.page_size)
    return Response(200, collection(request, POLICIES, options, [_chosen(row, options) for row in rows], link, None))


def _policy(tenant: Tenant, kind: str) -> dict[str, Any]:
    policy_type = POLICY_TYPES.get(kind, OTHER_TYPE)
    return {
        "id": stable_id("approvalPolicy", kind),
        "displayName": TITLES[kind],
        "description": None,
        "lastModifiedDateTime": iso_fractional(tenant.started),
        "policyType": policy_type,
        "policyPlatform": "notApplicable",
        "policySet": {"policyType": policy_type, "policyPlatform": "notApplicable"},
        "approverGroupIds": [stable_id("group", "approvers")],
    }
