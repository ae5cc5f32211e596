# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Directory roles of a signed-in person: the scopes of a token are an upper bound, and a role must permit the write too.

Source of the IDs: https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
"""

from __future__ import annotations

from ..http.errors import GraphError
from ..http.message import GraphRequest

ROLES = {
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
    "Privileged Role Administrator": "e8611ab8-c189-46e8-94e2-60213ab1f814",
    "Application Administrator": "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    "Cloud Application Administrator": "158c047a-c907-4556-b7ef-446551a6b5f7",
}
# Roles that can grant the application permissions of Microsoft Graph, and roles that can manage applications.
GRANT_GRAPH = ("Global Administrator", "Privileged Role Administrator")
MANAGE_APPLICATIONS = ("Global Administrator", "Application Administrator", "Cloud Application Administrator")


def require_role(request: GraphRequest, roles: tuple[str, ...]) -> None:
    """Raise 403 for a person without one of these roles; an application needs none."""
    claims = request.claims
    if "scp" in claims and not {ROLES[name] for name in roles} & set(claims.get("wids", ())):
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
