# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Graph request from token check to answer: the same for a request of its own and for an item of a $batch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..intune import approvals
from . import routes
from .errors import GraphError, bad_request, forbidden, render
from .message import Call, Reply

if TYPE_CHECKING:
    from .faults import Fault

JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
DIAGNOSTIC = '{"ServerInfo":{"DataCenter":"Emulated","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"EMULATOR"}}'
STATUS_CODES = {
    400: "BadRequest",
    401: "InvalidAuthenticationToken",
    403: "Forbidden",
    404: "ResourceNotFound",
    409: "Conflict",
    412: "PreconditionFailed",
    429: "TooManyRequests",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}


def handle(call: Call) -> Reply:
    """Answer a call and complete its journal entry."""
    tenant = call.tenant
    try:
        reply = _answer(call)
    except GraphError as error:
        call.entry["refused"] = error.refused
        reply = render(error, call, tenant.clock.now())
    finish(call, reply)
    return reply


def finish(call: Call, reply: Reply) -> None:
    """Headers of every answer; status in the journal."""
    reply.headers.setdefault("request-id", call.request_id)
    reply.headers.setdefault("client-request-id", call.client_request_id)
    reply.headers.setdefault("x-ms-ags-diagnostic", DIAGNOSTIC)
    if reply.text is not None:
        reply.headers.setdefault("content-type", "text/plain")
    elif reply.body is not None:
        reply.headers.setdefault("content-type", JSON_TYPE)
    call.entry["status"] = reply.status


def _answer(call: Call) -> Reply:
    tenant = call.tenant
    call.claims = tenant.verifier.check(call.headers.get("authorization"))
    call.entry["client_id"] = call.client_id
    if call.version == "beta" and tenant.settings.beta == "refuse":
        raise GraphError(403, "Forbidden", "Access to the beta endpoint is blocked by a policy of your organization.")
    call.route, call.params = routes.match(call)
    call.entry["workload"] = call.route.workload
    if call.route.workload:
        if call.route.intune and not tenant.settings.intune:
            raise bad_request("Request not applicable to target tenant.")
        _check_roles(call, call.route)
        units = _units(call, call.route)
        tenant.quota.charge(call, call.route.workload, call.route.write, units if call.route.workload == "identity" else 1)
    _read_body(call)
    approvals.check(call)
    reply = call.route.handler(call)
    if call.route.workload == "identity":
        reply.headers["x-ms-resource-unit"] = str(units)
    if reply.status == 201 and isinstance(reply.body, dict) and "id" in reply.body:
        reply.headers.setdefault("location", f"{tenant.origin}/{call.version}{call.path}/{reply.body['id']}")
    return reply


def _units(call: Call, route: routes.Route) -> int:
    """Resource units of the directory: $select and a small $top cost less."""
    units = route.units
    for name, value in call.query:
        if name.lower() == "$select" or (name.lower() == "$top" and value.isdigit() and int(value) < 20):
            units -= 1
    return max(1, units)


def _check_roles(call: Call, route: routes.Route) -> None:
    if not set(route.roles).isdisjoint(call.claims.get("roles", ())):
        return
    if route.intune:
        raise forbidden(route.roles)
    raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def _read_body(call: Call) -> None:
    if call.method in ("GET", "DELETE") or not call.raw:
        return
    if "application/json" not in call.headers.get("content-type", "").lower():
        raise bad_request("Write requests (excluding DELETE) must contain the Content-Type header declaration.")
    # an item of a $batch has its body as JSON already
    if call.body is not None:
        return
    try:
        call.body = json.loads(call.raw)
    except ValueError:
        text = "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
        raise bad_request(text) from None


def apply_auth_fault(call: Call, fault: Fault) -> None:
    """expire_token and claims_challenge change the state; the token check then refuses by itself."""
    try:
        claims = call.tenant.verifier.check(call.headers.get("authorization"))
    except GraphError:
        return
    if fault.kind == "expire_token":
        call.tenant.expired_tokens.add(claims["uti"])
    else:
        call.tenant.challenges[claims["appid"]] = str(int(call.tenant.clock.timestamp()) + fault.hits)


def fault_reply(call: Call, details: dict[str, Any]) -> Reply:
    """The answer of a `status` fault."""
    status = details.get("status", 503)
    code = details.get("code") or STATUS_CODES.get(status, "UnknownError")
    error = GraphError(status, code, details.get("message") or "The service is temporarily unavailable.")
    if details.get("retry_after") is not None:
        error.headers["retry-after"] = str(details["retry_after"])
    reply = render(error, call, call.tenant.clock.now())
    finish(call, reply)
    return reply
