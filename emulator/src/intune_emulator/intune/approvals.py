# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Multi Admin Approval of protected writes: justification, code, approval by a person, the same request again (facts: MAA)."""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..http.errors import GraphError, intune_error
from ..http.message import Call

JUSTIFICATION = "x-msft-approval-justification"
CODE = "x-msft-approval-code"
MAX_JUSTIFICATION = 1024
LIFETIME = timedelta(days=3)
OPAQUE = "An error has occurred"
NO_BASE64 = f"Header '{JUSTIFICATION}' must be the base64 encoding of UTF-8 text."
TOO_LONG = f"Decoded content of '{JUSTIFICATION}' header must be no greater than {MAX_JUSTIFICATION} characters"
FILED = f"Approval Required. Request Approval using the request ID returned as part of the {CODE} response header. {CODE}: "

# What a protected kind covers, by path without version: the collection and all below it, or one action.
KINDS: dict[str, re.Pattern[str]] = {
    "configuration_policies": re.compile(r"^/deviceManagement/configurationPolicies(?=$|[/(])", re.IGNORECASE),
    "device_configurations": re.compile(r"^/deviceManagement/deviceConfigurations(?=$|[/(])", re.IGNORECASE),
    "reset_passcode": re.compile(r"^/deviceManagement/managedDevices(?:/[^/]+|\('[^/']+'\))/resetPasscode$", re.IGNORECASE),
}
_ENTITY = re.compile(r"^/deviceManagement/\w+(?:/|\(')([^/()']+)", re.IGNORECASE)
DECISIONS = {"approve": "approved", "reject": "rejected", "cancel": "cancelled"}
OPEN = ("needsApproval", "approved")


@dataclass
class Approval:
    """A filed request. `id`: of the entity in Graph; `code`: what the service told. `url` with version and query; `decided`: status."""

    id: str
    code: str
    method: str
    url: str
    entity: str | None
    body: Any
    justification: str
    client_id: str
    client_name: str
    requested: datetime
    modified: datetime
    decided: str = "needsApproval"
    decision_justification: str | None = None
    by_person: bool = False

    @property
    def expires(self) -> datetime:
        """Three days after it was made, whatever happened since."""
        return self.requested + LIFETIME

    def status(self, now: datetime) -> str:
        """As the enum of Graph spells it; what is open expires by itself."""
        return "expired" if self.decided in OPEN and now >= self.expires else self.decided

    def decide(self, decision: str, justification: str | None, now: datetime) -> None:
        """What a person does in the admin centre: approve, reject, or cancel (an own request)."""
        if decision not in DECISIONS:
            raise ValueError(f"decision is one of {', '.join(DECISIONS)}")
        status = self.status(now)
        if status not in (OPEN if decision == "cancel" else OPEN[:1]):
            raise ValueError(f"cannot {decision} a request that is {status}")
        self.decided, self.modified = DECISIONS[decision], now
        self.by_person = decision != "cancel"
        self.decision_justification = justification if self.by_person else None

    def same(self, call: Call) -> bool:
        """Method, URL and body are those that were filed; the order of members in the body does not count."""
        return (self.method, self.url, _canonical(self.body)) == (call.method, _url(call), _canonical(call.body))


def kind_of(method: str, path: str) -> str | None:
    """The kind that would protect this request, or None."""
    if method == "GET":
        return None
    return next((kind for kind, pattern in KINDS.items() if pattern.match(path.rstrip("/"))), None)


def check(call: Call) -> None:
    """Let a write pass that needs no approval or brings one (it is completed now); GraphError for every other."""
    if kind_of(call.method, call.path) not in call.tenant.settings.approval_protects:
        return
    code = call.headers.get(CODE, "").strip()
    if code:
        _complete(call, code)
        return
    text = _justification(call)
    if _active(call):
        raise intune_error(409, "Conflict", "An active Approval Request already exists")
    raise _file(call, text)


def _url(call: Call) -> str:
    return f"/{call.version}{call.path}" + (f"?{call.query_string}" if call.query_string else "")


def _canonical(body: Any) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def _entity(call: Call) -> str | None:
    """The id of the object that a write is about; None when it makes one."""
    found = _ENTITY.match(call.path)
    return found[1].lower() if found else None


def _justification(call: Call) -> str:
    """The decoded header, or GraphError."""
    value = call.headers.get(JUSTIFICATION, "").strip()
    if not value:
        status = int(call.tenant.settings.approval_missing_status)
        code = "BadRequest" if status == 400 else "Forbidden"
        raise intune_error(status, code, f"Header '{JUSTIFICATION}' is required to request approval.")
    try:
        text = base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise intune_error(400, "BadRequest", NO_BASE64) from None
    if len(text) > MAX_JUSTIFICATION:
        raise intune_error(400, "BadRequest", TOO_LONG)
    return text


def _active(call: Call) -> bool:
    """Is there an open request for the same (by setting: for the same object)?"""
    now, entity = call.tenant.clock.now(), _entity(call)
    by_entity = call.tenant.settings.approval_active == "entity" and entity is not None
    return any(
        item.status(now) in OPEN and (item.same(call) or (by_entity and item.entity == entity)) for item in call.tenant.approvals.values()
    )


def _file(call: Call, text: str) -> GraphError:
    """Keep the request for approval; the answer is an error that tells its code."""
    tenant = call.tenant
    now, code = tenant.clock.now(), tenant.new_id()
    tenant.approvals[code] = Approval(
        id=code if tenant.settings.approval_code_is == "id" else tenant.new_id(),
        code=code,
        method=call.method,
        url=_url(call),
        entity=_entity(call),
        body=call.body,
        justification=text,
        client_id=call.client_id,
        client_name=str(call.claims.get("app_displayname", "")),
        requested=now,
        modified=now,
    )
    status = int(tenant.settings.approval_filed_status)
    headers = {CODE: code} if tenant.settings.approval_code_header else {}
    error_code = "BadRequest" if status == 412 else "ApprovalRequired"
    return intune_error(status, error_code, FILED + code, headers=headers, inner_headers={CODE: code})


def _complete(call: Call, code: str) -> None:
    """Use up an approval. `completed` says nothing of success: a body that is refused afterwards has used it up as well."""
    try:
        key = str(uuid.UUID(code))
    except ValueError:
        raise intune_error(400, "BadRequest", "Invalid approval header format, expected GUID format") from None
    item = call.tenant.approvals.get(key)
    if item is None:
        raise intune_error(400, "BadRequest", f"Approval Request '{code}' was not found.")
    if item.client_id != call.client_id:
        raise intune_error(403, "Forbidden", OPAQUE)
    now = call.tenant.clock.now()
    status = item.status(now)
    if status != "approved":
        raise intune_error(412, "BadRequest", f"Approval Request '{code}' cannot be completed: its status is '{status}'.")
    if not item.same(call):
        if call.tenant.settings.approval_mismatch_status == "403":
            raise intune_error(403, "Forbidden", OPAQUE)
        raise intune_error(400, "BadRequest", f"Approval Request '{code}' was made for another method, URL or body.")
    item.decided, item.modified = "completed", now
