# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Multi Admin Approval of protected writes: justification, code, approval by a person, the same request again.

Source: https://learn.microsoft.com/intune/intune-service/fundamentals/multi-admin-approval
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Collection

from ..http.errors import GraphError, intune_error
from ..http.message import GraphRequest
from ..state.approval_requests import OPEN, ApprovalRequest

JUSTIFICATION = "x-msft-approval-justification"
CODE = "x-msft-approval-code"
MAX_JUSTIFICATION = 1024
UNSPECIFIC_MESSAGE = "An error has occurred"
NO_BASE64 = f"Header '{JUSTIFICATION}' must be the base64 encoding of UTF-8 text."
TOO_LONG = f"Decoded content of '{JUSTIFICATION}' header must be no greater than {MAX_JUSTIFICATION} characters"
FILED = f"Approval Required. Request Approval using the request ID returned as part of the {CODE} response header. {CODE}: "

# The paths of a protected kind, without version: the collection and all paths below it, or one action.
KINDS: dict[str, re.Pattern[str]] = {
    "configuration_policies": re.compile(r"^/deviceManagement/configurationPolicies(?=$|[/(])", re.IGNORECASE),
    "device_configurations": re.compile(r"^/deviceManagement/deviceConfigurations(?=$|[/(])", re.IGNORECASE),
    "scripts": re.compile(
        r"^/deviceManagement/(?:deviceHealthScripts(?=$|[/(])|managedDevices(?:/[^/]+|\('[^/']+'\))/initiateOnDemandProactiveRemediation$)",
        re.IGNORECASE,
    ),
    "reset_passcode": re.compile(r"^/deviceManagement/managedDevices(?:/[^/]+|\('[^/']+'\))/resetPasscode$", re.IGNORECASE),
}
# Actions of the kind `scripts` that need approval only with the setting `approval_scripts_cover`.
SCRIPT_ACTIONS = {"/assign": "assign", "/initiateondemandproactiveremediation": "on_demand"}
_ENTITY = re.compile(r"^/deviceManagement/\w+(?:/|\(')([^/()']+)", re.IGNORECASE)


def protected_kind(method: str, path: str, script_actions: Collection[str]) -> str | None:
    """Return the kind that can protect this request, or None. `script_actions`: the actions of scripts that are protected too."""
    path = path.rstrip("/")
    action = next((name for ending, name in SCRIPT_ACTIONS.items() if path.lower().endswith(ending)), None)
    for kind, pattern in KINDS.items() if method != "GET" else ():
        if pattern.match(path):
            return None if kind == "scripts" and action is not None and action not in script_actions else kind
    return None


def check_approval(request: GraphRequest) -> None:
    """Raise GraphError for a write that needs an approval and has none; complete the named approval."""
    settings = request.tenant.settings
    kind = protected_kind(request.method, request.path, settings.approval_scripts_cover)
    if kind is None or kind not in settings.approval_protects:
        return
    code = request.headers.get(CODE, "").strip()
    if code:
        _complete(request, code)
        return
    text = _justification(request)
    if _has_open_request(request):
        raise intune_error(409, "Conflict", "An active Approval Request already exists")
    raise _file(request, kind, text)


def _matches(item: ApprovalRequest, request: GraphRequest) -> bool:
    return item.matches(request.method, request.url, request.body)


def _entity(request: GraphRequest) -> str | None:
    """Return the id of the object that a write changes; None if it creates one."""
    found = _ENTITY.match(request.path)
    return found[1].lower() if found else None


def _justification(request: GraphRequest) -> str:
    """Return the decoded header, or raise GraphError."""
    value = request.headers.get(JUSTIFICATION, "").strip()
    if not value:
        status = int(request.tenant.settings.approval_missing_status)
        code = "BadRequest" if status == 400 else "Forbidden"
        raise intune_error(status, code, f"Header '{JUSTIFICATION}' is required to request approval.")
    try:
        text = base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise intune_error(400, "BadRequest", NO_BASE64) from None
    if len(text) > MAX_JUSTIFICATION:
        raise intune_error(400, "BadRequest", TOO_LONG)
    return text


def _has_open_request(request: GraphRequest) -> bool:
    """Return whether a request for the same write (by setting: for the same object) is open."""
    now, entity = request.tenant.clock.now(), _entity(request)
    by_entity = request.tenant.settings.approval_active == "entity" and entity is not None
    return any(
        item.status(now) in OPEN and (_matches(item, request) or (by_entity and item.entity == entity))
        for item in request.tenant.approvals.values()
    )


def _file(request: GraphRequest, kind: str, text: str) -> GraphError:
    """Store the request for approval; return the error with its code."""
    tenant = request.tenant
    now, code = tenant.clock.now(), tenant.new_id()
    tenant.approvals[code] = ApprovalRequest(
        id=code if tenant.settings.approval_code_is == "id" else tenant.new_id(),
        code=code,
        kind=kind,
        method=request.method,
        url=request.url,
        entity=_entity(request),
        body=request.body,
        justification=text,
        client_id=request.client_id,
        client_name=str(request.claims.get("app_displayname", "")),
        requested=now,
        modified=now,
    )
    status = int(tenant.settings.approval_filed_status)
    headers = {CODE: code} if tenant.settings.approval_code_header else {}
    error_code = "BadRequest" if status == 412 else "ApprovalRequired"
    return intune_error(status, error_code, FILED + code, headers=headers, inner_headers={CODE: code})


def _complete(request: GraphRequest, code: str) -> None:
    """Complete an approval. `completed` does not mean success: a body that is refused afterwards has also used the approval."""
    try:
        key = str(uuid.UUID(code))
    except ValueError:
        raise intune_error(400, "BadRequest", "Invalid approval header format, expected GUID format") from None
    item = request.tenant.approvals.get(key)
    if item is None:
        raise intune_error(400, "BadRequest", f"Approval Request '{code}' was not found.")
    if item.client_id != request.client_id:
        raise intune_error(403, "Forbidden", UNSPECIFIC_MESSAGE)
    now = request.tenant.clock.now()
    status = item.status(now)
    if status != "approved":
        raise intune_error(412, "BadRequest", f"Approval Request '{code}' cannot be completed: its status is '{status}'.")
    if not _matches(item, request):
        if request.tenant.settings.approval_mismatch_status == "403":
            raise intune_error(403, "Forbidden", UNSPECIFIC_MESSAGE)
        raise intune_error(400, "BadRequest", f"Approval Request '{code}' was made for another method, URL or body.")
    item.decided, item.modified = "completed", now
