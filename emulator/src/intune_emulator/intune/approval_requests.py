# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""operationApprovalRequests and operationApprovalPolicies (beta), to be read only; the control API's view of them (facts: MAA)."""

from __future__ import annotations

from typing import Any

from ..control.clock import iso_fractional
from ..control.tenant import Tenant, stable_id
from ..http.errors import intune_error
from ..http.journal import redact
from ..http.message import Call, Reply
from ..http.odata import FilterSpec, Options, Rule, check_select, compile_filter, read_options
from ..http.paging import collection, page
from .approvals import Approval

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
# Microsoft's pages filter by it; its OpenAPI does not have it (settings `approval_code_is`, `approval_filter`).
CODE_NAME = "requestId"
RULES = {CODE_NAME: Rule(frozenset({"eq"})), "status": Rule(frozenset({"eq"}))}
LIST_OPTIONS = frozenset({"$filter", "$top", "$skiptoken", "$select"})
POLICY_OPTIONS = frozenset({"$top", "$skiptoken", "$select"})
TITLES = {
    "configuration_policies": "Configuration policies",
    "device_configurations": "Device configurations",
    "reset_passcode": "Device actions: reset passcode",
}
# A kind that the enum of the OpenAPI does not know yet.
KIND = "unknownFutureValue"


def _show(call: Call, item: Approval) -> dict[str, Any]:
    now = call.tenant.clock.now()
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
        "requiredOperationApprovalPolicyTypes": [KIND],
    }
    if item.id != item.code:
        body[CODE_NAME] = item.code
    return body


def _approver() -> dict[str, Any]:
    return {"application": None, "device": None, "user": {"id": stable_id("user", "approver"), "displayName": "Second Administrator"}}


def _names(call: Call) -> tuple[str, ...]:
    return (*REQUEST_NAMES, CODE_NAME) if call.tenant.settings.approval_code_is == "requestId" else REQUEST_NAMES


def _chosen(row: dict[str, Any], options: Options) -> dict[str, Any]:
    return row if options.select is None else {name: row.get(name) for name in options.select}


def list_all(call: Call) -> Reply:
    """Every request of the tenant, oldest first."""
    options = read_options(call.query, LIST_OPTIONS, 1000)
    check_select(options.select, _names(call), "operationApprovalRequest")
    found = list(call.tenant.approvals.values())
    if options.filter:
        allowed = call.tenant.settings.approval_filter == "allow"
        known = (*REQUEST_NAMES, CODE_NAME) if allowed else _names(call)
        test = compile_filter(options.filter, FilterSpec("operationApprovalRequest", known, RULES if allowed else {}))
        now = call.tenant.clock.now()
        found = [item for item in found if test({CODE_NAME: item.code, "status": item.status(now)}.get)]
    rows, link = page(call, options, found, call.tenant.settings.page_size)
    return Reply(200, collection(call, REQUESTS, options, [_chosen(_show(call, item), options) for item in rows], link, None))


def get(call: Call) -> Reply:
    """One request by the id of the entity."""
    options = read_options(call.query, frozenset({"$select"}), 1000)
    check_select(options.select, _names(call), "operationApprovalRequest")
    wanted = call.params["id"].lower()
    item = next((item for item in call.tenant.approvals.values() if item.id == wanted), None)
    if item is None:
        raise intune_error(404, "ResourceNotFound", f"OperationApprovalRequest with id {call.params['id']} was not found.")
    body = {"@odata.context": call.context(REQUESTS, options.select, entity=True), **_chosen(_show(call, item), options)}
    return Reply(200, body)


def list_policies(call: Call) -> Reply:
    """One access policy for each kind that is protected."""
    options = read_options(call.query, POLICY_OPTIONS, 1000)
    check_select(options.select, POLICY_NAMES, "operationApprovalPolicy")
    found = [_policy(call.tenant, kind) for kind in call.tenant.settings.approval_protects]
    rows, link = page(call, options, found, call.tenant.settings.page_size)
    return Reply(200, collection(call, POLICIES, options, [_chosen(row, options) for row in rows], link, None))


def _policy(tenant: Tenant, kind: str) -> dict[str, Any]:
    return {
        "id": stable_id("approvalPolicy", kind),
        "displayName": TITLES[kind],
        "description": None,
        "lastModifiedDateTime": iso_fractional(tenant.started),
        "policyType": KIND,
        "policyPlatform": "notApplicable",
        "policySet": {"policyType": KIND, "policyPlatform": "notApplicable"},
        "approverGroupIds": [stable_id("group", "approvers")],
    }


def control_view(item: Approval, tenant: Tenant) -> dict[str, Any]:
    """For the control API: what was filed, without secrets."""
    version, _separator, path = item.url.lstrip("/").partition("/")
    return {
        "code": item.code,
        "id": item.id,
        "status": item.status(tenant.clock.now()),
        "method": item.method,
        "version": version,
        "path": f"/{path}",
        "justification": item.justification,
        "body": redact(item.body),
    }
