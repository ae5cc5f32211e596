# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ids of other objects in a policy: scope tags and assignment filters."""

from __future__ import annotations

from typing import Any

from .errors import bad_request
from .tenant import Tenant


def check_scope_tags(tenant: Tenant, value: Any) -> None:
    """`roleScopeTagIds` of a body; None is left to the caller."""
    if value is not None and not (isinstance(value, list) and all(isinstance(tag, str) for tag in value)):
        raise bad_request("Cannot convert the value of property 'roleScopeTagIds' to the expected type 'Collection(Edm.String)'.")
