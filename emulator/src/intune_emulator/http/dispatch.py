# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Process a Graph request from token check to response, either a single request or an item of a $batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..state.faults import Fault
from ..state.quota import Caller
from ..state.tenant import Tenant
from . import batch
from .errors import UNREADABLE, GraphError, bad_request, forbidden, not_emulated, render_error
from .json_text import parse_json
from .message import GraphRequest, Response
from .refusals import tell_ignored, tell_refusal
from .routing import BOTH, Route, RouteTable

JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
DIAGNOSTIC = '{"ServerInfo":{"DataCenter":"Emulated","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"EMULATOR"}}'
# Values of $top that cost less.
SMALL_PAGES = frozenset(str(number) for number in range(20))
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

VerifyToken = Callable[[Tenant, str | None], dict[str, Any]]
CheckApproval = Callable[[GraphRequest], None]


class GraphService:
    """Microsoft Graph.

    `verify_token` returns the claims of an Authorization header, or raises GraphError. `check_approval` raises GraphError for a write that
    needs an approval and has none.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        not_emulated: Mapping[str, tuple[str, ...]],
        beta_only: Sequence[str],
        no_item_routes: Sequence[str],
        verify_token: VerifyToken,
        check_approval: CheckApproval,
    ) -> None:
        own = Route(BOTH, "POST", "/$batch", self._run_batch, (), None)
        self._routes = RouteTable((own, *routes), not_emulated, beta_only, no_item_routes)
        self._verify_token, self._check_approval = verify_token, check_approval

    def handle(self, request: GraphRequest) -> Response:
        """Respond to a request and complete its journal entry."""
        route = None
        try:
            self._check_caller(request)
            route, request.params = self._routes.match(request)
            tell_ignored(request, route)
            response = self._respond(request, route)
        except GraphError as error:
            response = render_error(error, request, request.tenant.clock.now())
            if error.refused:
                tell_refusal(request, route, error.refused, response)
        _finish(request, response)
        return response

    def _run_batch(self, request: GraphRequest) -> Response:
        return batch.run(request, self._handle_item)

    def _handle_item(self, request: GraphRequest, fault: Fault | None) -> Response:
        """Respond to an item of a $batch, with the fault that hits it."""
        if fault is not None and fault.kind == "status":
            if fault.details.get("processed"):
                self.handle(request)
            return self.fault_response(request, fault.details)
        if fault is not None and fault.kind in ("expire_token", "claims_challenge"):
            self.apply_token_fault(request, fault)
        return self.handle(request)

    def _check_caller(self, request: GraphRequest) -> None:
        tenant = request.tenant
        request.claims = self._verify_token(tenant, request.headers.get("authorization"))
        request.entry["client_id"] = request.client_id
        request.entry["run"] = str(request.claims["uti"])
        if request.version == "beta" and tenant.settings.beta == "refuse":
            raise GraphError(403, "Forbidden", "Access to the beta endpoint is blocked by a policy of your organization.")

    def _respond(self, request: GraphRequest, route: Route) -> Response:
        tenant = request.tenant
        request.roles = route.roles
        request.entry["workload"] = route.workload
        units = _units(request, route) if route.workload == "identity" else 1
        if route.workload:
            if route.is_intune and not tenant.settings.intune:
                raise bad_request("Request not applicable to target tenant.")
            _check_roles(request, route)
            _charge_quota(request, route, route.workload, units)
        _read_body(request)
        self._check_approval(request)
        response = route.handler(request)
        if route.workload == "identity":
            response.headers["x-ms-resource-unit"] = str(units)
        if response.status == 201 and isinstance(response.body, dict) and "id" in response.body:
            response.headers.setdefault("location", f"{tenant.origin}/{request.version}{request.path}/{response.body['id']}")
        return response

    def apply_token_fault(self, request: GraphRequest, fault: Fault) -> None:
        """Apply expire_token or claims_challenge to the state, so that the token check refuses the request."""
        try:
            claims = self._verify_token(request.tenant, request.headers.get("authorization"))
        except GraphError:
            return
        if fault.kind == "expire_token":
            request.tenant.expired_tokens.add(claims["uti"])
        else:
            request.tenant.challenges[claims["appid"]] = str(int(request.tenant.clock.timestamp()) + fault.hits)

    def fault_response(self, request: GraphRequest, details: dict[str, Any]) -> Response:
        """Return the response of a `status` fault."""
        status = details.get("status", 503)
        code = details.get("code") or STATUS_CODES.get(status, "UnknownError")
        error = GraphError(status, code, details.get("message") or "The service is temporarily unavailable.")
        if details.get("retry_after") is not None:
            error.headers["retry-after"] = str(details["retry_after"])
        response = render_error(error, request, request.tenant.clock.now())
        _finish(request, response)
        return response


def _finish(request: GraphRequest, response: Response) -> None:
    """Set the headers of every response, and the status in the journal."""
    response.headers.setdefault("request-id", request.request_id)
    response.headers.setdefault("client-request-id", request.client_request_id)
    response.headers.setdefault("x-ms-ags-diagnostic", DIAGNOSTIC)
    if response.text is not None:
        response.headers.setdefault("content-type", "text/plain")
    elif response.body is not None:
        response.headers.setdefault("content-type", JSON_TYPE)
    request.entry["status"] = response.status


def _units(request: GraphRequest, route: Route) -> int:
    """Return the resource units of the directory: $select and a small $top cost less.

    Source: https://learn.microsoft.com/graph/throttling-limits
    """
    units = route.units
    for name, value in request.query:
        if name.lower() == "$select" or (name.lower() == "$top" and value in SMALL_PAGES):
            units -= 1
    return max(1, units)


def _check_roles(request: GraphRequest, route: Route) -> None:
    granted = {*request.claims.get("roles", ()), *request.claims.get("scp", "").split()}
    if not granted.isdisjoint(route.roles):
        return
    if route.is_intune:
        raise forbidden(route.roles)
    if "/authentication/" in route.template or route.template.startswith("/policies/authenticationMethodsPolicy/"):
        raise GraphError(403, "accessDenied", "Request Authorization failed")
    raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def _charge_quota(request: GraphRequest, route: Route, workload: str, units: int) -> None:
    caller = Caller(request.client_id, request.entry["run"], request.entry["batch"] or request.entry["seq"])
    decision = request.tenant.quota.charge(caller, workload, write=route.is_write, cost=units)
    request.entry["early_retry"] = decision.early
    if decision.throttled:
        request.entry["throttled"] = True
        headers = {"retry-after": decision.retry_after} if decision.retry_after is not None else {}
        raise GraphError(429, "TooManyRequests", "Too Many Requests", headers=headers)


def _read_body(request: GraphRequest) -> None:
    if request.method in ("GET", "DELETE") or not request.raw:
        return
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise not_emulated(UNREADABLE, "header content-encoding: a compressed body")
    if "application/json" not in request.headers.get("content-type", "").lower():
        raise bad_request("Write requests (excluding DELETE) must contain the Content-Type header declaration.")
    # an item of a $batch already has its body as JSON
    if request.body is not None:
        return
    try:
        request.body = parse_json(request.raw)
    except ValueError:
        raise bad_request(UNREADABLE) from None
