# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Stored requests for Multi Admin Approval."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LIFETIME = timedelta(days=3)
DECISIONS = {"approve": "approved", "reject": "rejected", "cancel": "cancelled"}
OPEN = ("needsApproval", "approved")


@dataclass
class ApprovalRequest:
    """A filed request. `id`: of the entity in Graph; `code`: as the service returned it. `url` has version and query; `decided`: status."""

    id: str
    code: str
    kind: str
    method: str
    url: str
    entity: str | None
    body: Any
    justification: str
    client_id: str
    client_name: str
    requested: datetime
    modified: datetime
    decided: str = "needsApproval"
    decision_justification: str | None = None
    by_person: bool = False

    @property
    def expires(self) -> datetime:
        """Return the expiration time: three days after it was filed, approved or not."""
        return self.requested + LIFETIME

    def status(self, now: datetime) -> str:
        """Return the status in the spelling of Graph's enumeration; an open request expires by itself."""
        return "expired" if self.decided in OPEN and now >= self.expires else self.decided

    def decide(self, decision: str, justification: str | None, now: datetime) -> None:
        """Apply a decision of the admin center: approve, reject, or cancel (one's own request); ValueError if it is not possible."""
        if decision not in DECISIONS:
            raise ValueError(f"decision must be one of {', '.join(DECISIONS)}")
        status = self.status(now)
        if status not in (OPEN if decision == "cancel" else OPEN[:1]):
            raise ValueError(f"cannot {decision} a request that is {status}")
        self.decided, self.modified = DECISIONS[decision], now
        self.by_person = decision != "cancel"
        self.decision_justification = justification if self.by_person else None

    def matches(self, method: str, url: str, body: Any) -> bool:
        """Return whether method, URL, and body match the filed ones; ignore the order of members in the body."""
        return (self.method, self.url, _canonical(self.body)) == (method, url, _canonical(body))


def _canonical(body: Any) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"))
