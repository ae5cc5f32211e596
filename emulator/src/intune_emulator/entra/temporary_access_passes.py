# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Temporary Access Passes: a user has one at a time, and only the response that creates it contains its text.

Source: https://learn.microsoft.com/graph/api/resources/temporaryaccesspassauthenticationmethod
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..http.errors import GraphError, bad_request
from ..http.message import GraphRequest, Response
from ..http.odata import check_select, no_property, read_options
from ..http.paging import collection
from ..state.access_passes import AccessPass
from ..state.clock import iso, iso_fractional, parse_iso
from ..state.directory_store import Properties
from . import access_pass_policy
from .users import find_user

TYPE = "temporaryAccessPassAuthenticationMethod"
WRITABLE = ("startDateTime", "lifetimeInMinutes", "isUsableOnce")
KNOWN = ("id", "temporaryAccessPass", "createdDateTime", *WRITABLE, "isUsable", "methodUsabilityReason")
# Observed by three independent public tools; the page on the method says that the pass is created but cannot be used.
NOT_ALLOWED = "Converged UserCredentialPolicy does not allow creating or updating authentication method TemporaryAccessPass for this user."
EXTERNAL_GUEST = "Temporary Access Pass cannot be added to an external guest user"
UNAUTHORIZED = "Request Authorization failed"


def list_all(request: GraphRequest) -> Response:
    """List the pass of a user, if there is one."""
    options = read_options(request.query, frozenset({"$select"}), 999)
    check_select(options.select, KNOWN, TYPE)
    user = _find_user(request)
    found = _find_pass(request, user)
    items = [_select(_render(request, user, found), options.select)] if found else []
    return Response(200, collection(request, _resource(user), options, items, None, None))


def get(request: GraphRequest) -> Response:
    """Return a pass by its ID, without its text."""
    options = read_options(request.query, frozenset({"$select"}), 999)
    check_select(options.select, KNOWN, TYPE)
    user = _find_user(request)
    return Response(200, _entity(request, user, _select(_render(request, user, _require(request, user)), options.select)))


def create(request: GraphRequest) -> Response:
    """Create a pass that replaces the user's current one, and return its text."""
    user = _find_user(request)
    _check_target(request, user)
    made = _make(request, user)
    request.tenant.access_passes[user["id"]] = made
    request.tenant.created_access_passes.setdefault(user["id"], []).append(iso_fractional(made.created))
    return Response(201, _entity(request, user, {**_render(request, user, made), "temporaryAccessPass": made.value}))


def delete(request: GraphRequest) -> Response:
    """Delete the pass of a user."""
    user = _find_user(request)
    _require(request, user)
    _check_target(request, user, is_new=False)
    del request.tenant.access_passes[user["id"]]
    return Response(204)


def _find_user(request: GraphRequest) -> Properties:
    return find_user(request, request.tenant.settings.access_pass_unknown_user)


def _find_pass(request: GraphRequest, user: Properties) -> AccessPass | None:
    found = request.tenant.access_passes.get(user["id"])
    return found if found and request.tenant.clock.timestamp() >= found.shown_from else None


def _require(request: GraphRequest, user: Properties) -> AccessPass:
    found = _find_pass(request, user)
    if found is None or found.id != request.params["pass"].lower():
        raise GraphError(404, "resourceNotFound", "The requested authentication method was not found.")
    return found


def _check_target(request: GraphRequest, user: Properties, *, is_new: bool = True) -> None:
    """Refuse users for whom the caller, or anyone, cannot create or delete a pass."""
    settings = request.tenant.settings
    if request.claims.get("idtyp") == "user" and request.claims.get("oid") == user["id"]:
        raise GraphError(403, "accessDenied", f"Self-service operations are currently not supported for user {user['id']}")
    if request.tenant.directory_roles.get(user["id"]) and settings.access_pass_privileged == "refuse":
        raise GraphError(403, "accessDenied", UNAUTHORIZED)
    if not is_new:
        return
    if "#ext#" in user["userPrincipalName"].lower():
        raise bad_request(EXTERNAL_GUEST, "badRequest")
    if settings.access_pass_out_of_scope == "refuse" and not access_pass_policy.is_in_scope(request.tenant, user["id"]):
        raise bad_request(NOT_ALLOWED, "badRequest")


def _make(request: GraphRequest, user: Properties) -> AccessPass:
    tenant, policy = request.tenant, request.tenant.access_pass_policy
    body = _read_body(request)
    low, high = policy["minimumLifetimeInMinutes"], policy["maximumLifetimeInMinutes"]
    lifetime = body.get("lifetimeInMinutes", policy["defaultLifetimeInMinutes"])
    if not low <= lifetime <= high:
        raise bad_request(f"Invalid LifetimeInMinutes specified. The valid range between {low} and {high}.", "badRequest")
    is_usable_once = body.get("isUsableOnce", policy["isUsableOnce"])
    if policy["isUsableOnce"] and not is_usable_once and tenant.settings.access_pass_multi_use == "refuse":
        raise bad_request(NOT_ALLOWED, "badRequest")
    now = tenant.clock.now()
    return AccessPass(
        tenant.new_id(),
        tenant.new_access_pass(policy["defaultLength"]),
        now,
        body.get("startDateTime", now),
        lifetime,
        is_usable_once,
        shown_from=tenant.clock.timestamp() + tenant.settings.access_pass_visibility_delay,
    )


def _read_body(request: GraphRequest) -> dict[str, Any]:
    """Return the members of a new pass, with the start as a time; treat null members as missing."""
    if not isinstance(request.body, dict):
        raise bad_request("Write requests (excluding DELETE) must contain the Content-Type header declaration.", "badRequest")
    kinds: dict[str, type] = {"startDateTime": str, "lifetimeInMinutes": int, "isUsableOnce": bool}
    body: dict[str, Any] = {}
    for name, value in request.body.items():
        if name.startswith("@"):
            continue
        if name not in KNOWN:
            raise no_property(name, TYPE)
        # A boolean is an integer to Python, but not to the service.
        is_right = name in kinds and isinstance(value, kinds[name]) and (kinds[name] is bool or not isinstance(value, bool))
        if not is_right and (name not in kinds or value is not None):
            raise bad_request(f"Invalid value for property '{name}'.", "badRequest")
        if value is not None:
            body[name] = _read_time(str(value)) if name == "startDateTime" else value
    return body


def _read_time(value: str) -> datetime:
    try:
        return parse_iso(value)
    except (ValueError, OverflowError):
        raise bad_request(f"Cannot convert the literal '{value[:40]}' to the expected type 'Edm.DateTimeOffset'.") from None


def _render(request: GraphRequest, user: Properties, found: AccessPass) -> dict[str, Any]:
    tenant = request.tenant
    by_policy = access_pass_policy.is_in_scope(tenant, user["id"]) and (
        found.is_usable_once or not tenant.access_pass_policy["isUsableOnce"]
    )
    reason = found.find_own_reason(tenant.clock.now()) or ("EnabledByPolicy" if by_policy else "DisabledByPolicy")
    return {
        "id": found.id,
        "temporaryAccessPass": None,
        "createdDateTime": iso_fractional(found.created),
        "startDateTime": iso(found.start),
        "lifetimeInMinutes": found.lifetime_minutes,
        "isUsableOnce": found.is_usable_once,
        "isUsable": reason == "EnabledByPolicy",
        "methodUsabilityReason": reason,
    }


def _select(item: dict[str, Any], select: list[str] | None) -> dict[str, Any]:
    return item if select is None else {name: item[name] for name in select}


def _entity(request: GraphRequest, user: Properties, item: dict[str, Any]) -> dict[str, Any]:
    return {"@odata.context": request.context(_resource(user), None, entity=True), **item}


def _resource(user: Properties) -> str:
    return f"users('{user['id']}')/authentication/temporaryAccessPassMethods"
