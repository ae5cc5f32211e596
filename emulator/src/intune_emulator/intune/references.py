# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ids of other objects in a policy: scope tags and assignment filters. Whether the service looks for them is open (checks_references)."""

from __future__ import annotations

from typing import Any

from ..control.tenant import Tenant
from ..http.errors import bad_request, intune_error


def check_scope_tags(tenant: Tenant, value: Any) -> None:
    """`roleScopeTagIds` of a body; None is left to the caller."""
    if value is not None and not (isinstance(value, list) and all(isinstance(tag, str) for tag in value)):
        raise bad_request("Cannot convert the value of property 'roleScopeTagIds' to the expected type 'Collection(Edm.String)'.")
    for tag in value or ():
        if tenant.settings.checks_references and tag not in tenant.scope_tags:
            raise intune_error(400, "BadRequest", f"The scope tag '{tag}' does not exist.")


def check_filter(tenant: Tenant, filter_id: str) -> None:
    """The id of an assignment filter."""
    if tenant.settings.checks_references and filter_id.lower() not in tenant.assignment_filters:
        raise intune_error(400, "BadRequest", f"The assignment filter '{filter_id}' does not exist.")
