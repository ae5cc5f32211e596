# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The tenant's policy for Temporary Access Passes.

Source: https://learn.microsoft.com/graph/api/resources/temporaryaccesspassauthenticationmethodconfiguration
"""

from __future__ import annotations

from typing import Any

from ..http.errors import GraphError, bad_request, no_segment
from ..http.message import GraphRequest, Response
from ..http.odata import check_select, no_property, read_options
from ..state.access_passes import ALL_USERS
from ..state.tenant import Tenant

TYPE = "temporaryAccessPassAuthenticationMethodConfiguration"
ID = "TemporaryAccessPass"
RANGES = {
    "minimumLifetimeInMinutes": (10, 43200),
    "maximumLifetimeInMinutes": (10, 43200),
    "defaultLifetimeInMinutes": (10, 43200),
    "defaultLength": (8, 48),
}
TARGETS = {"includeTargets": {"targetType", "id", "isRegistrationRequired"}, "excludeTargets": {"targetType", "id"}}
KNOWN = frozenset({"id", "state", "isUsableOnce", *RANGES, *TARGETS})
# The base type has only these: $select cannot name the others without a cast.
SELECTABLE = frozenset({"id", "state", "excludeTargets"})
OLDER_READERS = {"Policy.Read.All", "Policy.ReadWrite.AuthenticationMethod"}


def get(request: GraphRequest) -> Response:
    """Return the policy."""
    _check_method(request)
    options = read_options(request.query, frozenset({"$select"}), 999)
    check_select(options.select, SELECTABLE, "authenticationMethodConfiguration")
    if request.tenant.settings.access_pass_policy_access == "older" and OLDER_READERS.isdisjoint(request.claims.get("roles", ())):
        raise GraphError(403, "accessDenied", "Request Authorization failed")
    found = {"id": ID, **request.tenant.access_pass_policy}
    chosen = {name: found[name] for name in options.select or found}
    context = request.context("authenticationMethodConfigurations", options.select, entity=True)
    return Response(200, {"@odata.context": context, "@odata.type": f"#microsoft.graph.{TYPE}", **chosen})


def update(request: GraphRequest) -> Response:
    """Change the policy."""
    _check_method(request)
    body = request.body
    if not isinstance(body, dict) or body.get("@odata.type") != f"#microsoft.graph.{TYPE}":
        raise bad_request(f"The body must have the type #microsoft.graph.{TYPE}.", "badRequest")
    change(request.tenant, {name: value for name, value in body.items() if not name.startswith("@")})
    return Response(204)


def change(tenant: Tenant, changes: dict[str, Any]) -> None:
    """Change the policy; GraphError 400 for invalid values."""
    for name, value in changes.items():
        _check(name, value)
    new = {**tenant.access_pass_policy, **changes}
    if new["state"] != tenant.access_pass_policy["state"] and new["state"] == "enabled" and not new["includeTargets"]:
        new["includeTargets"] = [{"targetType": "group", "id": ALL_USERS, "isRegistrationRequired": False}]
    if not new["minimumLifetimeInMinutes"] <= new["defaultLifetimeInMinutes"] <= new["maximumLifetimeInMinutes"]:
        raise bad_request("The default lifetime must lie between the minimum and the maximum.", "badRequest")
    tenant.access_pass_policy = new


def _check(name: str, value: Any) -> None:
    if name not in KNOWN:
        raise no_property(name, TYPE)
    if name == "id":
        raise bad_request("Property 'id' is read-only.", "badRequest")
    if not _is_right(name, value):
        raise bad_request(f"Invalid value for property '{name}'.", "badRequest")


def _is_right(name: str, value: Any) -> bool:
    if name == "state":
        return value in ("enabled", "disabled")
    if name == "isUsableOnce":
        return isinstance(value, bool)
    return _is_target_list(name, value) if name in TARGETS else _is_in_range(name, value)


def _is_in_range(name: str, value: Any) -> bool:
    low, high = RANGES[name]
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_target_list(name: str, value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(target, dict)
        and set(target) <= TARGETS[name]
        and target.get("targetType") in ("group", "user")
        and isinstance(target.get("id"), str)
        and isinstance(target.get("isRegistrationRequired", False), bool)
        for target in value
    )


def _check_method(request: GraphRequest) -> None:
    if request.params["id"].lower() != ID.lower():
        raise no_segment(request.params["id"], "only the method TemporaryAccessPass is emulated")


def is_in_scope(tenant: Tenant, user_id: str) -> bool:
    """Return whether the policy lets a user sign in with a pass: it is enabled, and the user is included and not excluded."""
    policy = tenant.access_pass_policy
    included, excluded = (any(_is_met(tenant, target, user_id) for target in policy[name]) for name in TARGETS)
    return policy["state"] == "enabled" and included and not excluded


def _is_met(tenant: Tenant, target: dict[str, Any], user_id: str) -> bool:
    name = target["id"].lower()
    if target["targetType"] == "user":
        return bool(name == user_id)
    return bool(name == ALL_USERS or ("user", user_id) in tenant.members.transitive(name))
