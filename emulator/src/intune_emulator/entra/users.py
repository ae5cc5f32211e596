# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Users, and the directory roles that they hold.

Source: https://learn.microsoft.com/graph/api/resources/user
"""

from __future__ import annotations

from typing import Any

from ..http.errors import GraphError, directory_not_found
from ..http.message import GraphRequest, Response
from ..http.odata import FilterRule, FilterSpec, check_select, compile_filter, read_options
from ..http.paging import collection, page
from ..state.directory_store import Properties
from ..state.guids import stable_id
from .directory import select_properties

# The properties of a response without $select.
USER_PROPERTIES = (
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
)
FURTHER: dict[str, Any] = {"accountEnabled": True, "userType": "Member", "onPremisesSyncEnabled": None, "externalUserState": None}
KNOWN = frozenset(USER_PROPERTIES) | frozenset(FURTHER)
RULES = {
    "id": FilterRule(frozenset({"eq", "in"})),
    "userPrincipalName": FilterRule(frozenset({"eq", "in", "startswith"})),
    "displayName": FilterRule(frozenset({"eq", "in", "startswith"})),
    "mail": FilterRule(frozenset({"eq", "in", "startswith"})),
}
SPEC = FilterSpec("user", KNOWN, RULES, unsupported_code="Request_UnsupportedQuery", any_or=True)
LIST_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken"})
ROLE_OPTIONS = frozenset({"$select", "$top", "$skiptoken"})
ROLE_DEFAULTS: dict[str, Any] = {"id": "", "deletedDateTime": None, "description": None, "displayName": None, "roleTemplateId": None}
ROLE_READERS = {"RoleManagement.Read.Directory", "RoleManagement.ReadWrite.Directory", "Directory.Read.All", "Directory.ReadWrite.All"}


def user_defaults(user: Properties) -> Properties:
    """Return the properties of a user that a response has without $select."""
    return {name: user.get(name) for name in USER_PROPERTIES}


def find_user(request: GraphRequest, code: str = "Request_ResourceNotFound") -> Properties:
    """Return the user that the path names by ID or user principal name; 404 with this code for any other."""
    name = request.params["id"].lower()
    for user in request.tenant.users.values():
        if name in (user["id"], user["userPrincipalName"].lower()):
            return {**FURTHER, **user}
    if code == "Request_ResourceNotFound":
        raise directory_not_found(request.params["id"])
    raise GraphError(404, code, "Resource not found.")


def list_all(request: GraphRequest) -> Response:
    """List users, with $filter on the ID and on names."""
    options = read_options(request.query, LIST_OPTIONS, 999)
    check_select(options.select, KNOWN, "user")
    test = compile_filter(options.filter, SPEC) if options.filter else lambda row: True
    users = [{**FURTHER, **user} for user in request.tenant.users.values()]
    size = request.tenant.settings.directory_page_size if not options.top else 999
    rows, link = page(request, options, [user for user in users if test(user.get)], size)
    items = [select_properties(row, options) if options.select else user_defaults(row) for row in rows]
    return Response(200, collection(request, "users", options, items, link, None))


def get(request: GraphRequest) -> Response:
    """Return one user."""
    options = read_options(request.query, frozenset({"$select"}), 999)
    check_select(options.select, KNOWN, "user")
    user = find_user(request)
    chosen = select_properties(user, options) if options.select else user_defaults(user)
    return Response(200, {"@odata.context": request.context("users", options.select, entity=True), **chosen})


def list_roles(request: GraphRequest) -> Response:
    """List the directory roles of a user; without a permission to read roles, all except the ID is null."""
    options = read_options(request.query, ROLE_OPTIONS, 999)
    check_select(options.select, ROLE_DEFAULTS, "directoryRole")
    user = find_user(request)
    granted = set(request.claims.get("roles", ())) | set(request.claims.get("scp", "").split())
    names = request.tenant.directory_roles.get(user["id"], [])
    roles = [_render_role(name, is_shown=not granted.isdisjoint(ROLE_READERS)) for name in names]
    rows, link = page(request, options, roles, request.tenant.settings.directory_page_size if not options.top else 999)
    return Response(200, collection(request, "directoryRoles", options, [select_properties(row, options) for row in rows], link, None))


def _render_role(name: str, *, is_shown: bool) -> Properties:
    role = {**ROLE_DEFAULTS, "id": stable_id("directoryRole", name)}
    return {**role, "displayName": name, "roleTemplateId": stable_id("roleTemplate", name)} if is_shown else role
