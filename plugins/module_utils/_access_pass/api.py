# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The calls: users, their passes and directory roles, the tenant's policy, and the members of the groups in its scope."""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .._graph.client import GraphClient
from .._graph.odata import render_literal, render_path
from .._guid import parse_identity
from .._http.message import Request
from .._types import Json
from .model import NEW_PASS, PASS, POLICY, ROLE, USER, AccessPass, Policy, User, choose_pass, parse_pass, parse_policy, parse_user

POLICY_PATH = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/temporaryAccessPass"
MOST_VALUES = 15  # values of an in operator. Source: https://learn.microsoft.com/graph/filter-query-parameter
SELECT_USER = "id,userPrincipalName,displayName,userType,accountEnabled"
SELECT_ROLE = {"$select": "id,displayName"}
MEMBER = shapes.object_of({"id": shapes.identity})
UNNAMED_ROLE = "an unnamed role"


def fetch_users(client: GraphClient, name: str, values: t.Sequence[str]) -> list[User]:
    """Return the users with one of these values of a property."""
    found: list[User] = []
    for start in range(0, len(values), MOST_VALUES):
        some = ",".join(map(render_literal, values[start : start + MOST_VALUES]))
        query = {"$filter": f"{name} in ({some})", "$select": SELECT_USER}
        found += [user for item in client.list_items("/users", query, item=USER) if (user := parse_user(item))]
    return found


def render_pass_requests(client: GraphClient, users: t.Iterable[str], *, roles: bool) -> list[Request]:
    """Return the requests for the passes of users, and for their directory roles."""
    ids = list(users)
    return [
        *(client.request("GET", _passes_of(user)) for user in ids),
        *(render_roles_request(client, user) for user in ids if roles),
    ]


def render_roles_request(client: GraphClient, user: str) -> Request:
    """Return the request of the first page of ``fetch_roles``."""
    return client.request("GET", _roles_of(user), SELECT_ROLE)


def render_policy_request(client: GraphClient) -> Request:
    """Return the request of ``fetch_policy``."""
    return client.request("GET", POLICY_PATH)


def fetch_pass(client: GraphClient, user: str) -> AccessPass | None:
    """Return the pass of a user, or None if there is none."""
    return choose_pass([parse_pass(item) for item in client.list_items(_passes_of(user), item=PASS)], client.service_now())


def fetch_roles(client: GraphClient, user: str) -> list[str] | None:
    """Return the names of the directory roles that a user holds now, directly or through a group, or None if they cannot be read."""
    try:
        return [item.get("displayName") or UNNAMED_ROLE for item in client.list_items(_roles_of(user), SELECT_ROLE, item=ROLE)]
    except (errors.ForbiddenError, errors.NotFoundError):
        return None


def fetch_policy(client: GraphClient) -> Policy | None:
    """Return the tenant's policy for passes, or None if the caller may not read it."""
    try:
        return parse_policy(client.get(POLICY_PATH, shape=POLICY))
    except errors.ForbiddenError:
        return None


def fetch_members(client: GraphClient, group: str, users: frozenset[str]) -> frozenset[str] | None:
    """Return those of the users that are in a group, directly or through a nested group, or None if the caller may not read it.

    A group that no longer exists has no members.
    """
    found: set[str] = set()
    query = {"$select": "id", "$top": "999"}
    try:
        for item in client.list_items(f"{render_path('groups', group)}/transitiveMembers", query, item=MEMBER):
            identity = parse_identity(item["id"])
            if identity in users:
                found.add(identity)
            if found == users:
                break
    except errors.NotFoundError:
        return frozenset()
    except errors.ForbiddenError:
        return None
    return frozenset(found)


def create_pass(client: GraphClient, user: str, body: Json) -> tuple[AccessPass, str]:
    """Issue a pass, which ends the user's existing pass. Return it and its text, which cannot be read again.

    The request is not repeated if it may have run.
    """
    item = client.post(_passes_of(user), body, shape=NEW_PASS)
    return parse_pass(item), item["temporaryAccessPass"]


def delete_pass(client: GraphClient, user: str, identity: str) -> None:
    """Remove a pass. A pass that no longer exists counts as removed."""
    client.delete(_passes_of(user) + render_path(identity))


def _passes_of(user: str) -> str:
    return f"{render_path('users', user)}/authentication/temporaryAccessPassMethods"


def _roles_of(user: str) -> str:
    return f"{render_path('users', user)}/transitiveMemberOf/microsoft.graph.directoryRole"
