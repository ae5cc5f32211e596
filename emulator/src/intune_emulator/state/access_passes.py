# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Temporary Access Passes of users, and the tenant's policy for them.

Source: https://learn.microsoft.com/graph/api/resources/temporaryaccesspassauthenticationmethod
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

ALL_USERS = "all_users"
# The policy of a tenant that never changed it.
UNTOUCHED: dict[str, Any] = {
    "state": "disabled",
    "defaultLifetimeInMinutes": 60,
    "defaultLength": 8,
    "minimumLifetimeInMinutes": 60,
    "maximumLifetimeInMinutes": 480,
    "isUsableOnce": False,
    "includeTargets": [],
    "excludeTargets": [],
}
EVERYBODY: dict[str, Any] = {
    **UNTOUCHED,
    "state": "enabled",
    "includeTargets": [{"targetType": "group", "id": ALL_USERS, "isRegistrationRequired": False}],
}


@dataclass
class AccessPass:
    """A pass. `shown_from`: the emulated time from which reads show it; `value` is returned once."""

    id: str
    value: str
    created: datetime
    start: datetime
    lifetime_minutes: int
    is_usable_once: bool
    shown_from: float = 0.0
    is_used: bool = False

    def find_own_reason(self, now: datetime) -> str | None:
        """Return why the pass is unusable regardless of the policy; None if it is usable."""
        if self.is_usable_once and self.is_used:
            return "OneTimeUsed"
        if now < self.start:
            return "NotYetValid"
        return "Expired" if now >= self.start + timedelta(minutes=self.lifetime_minutes) else None
