# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""What the client needs of others: tokens, approvals, and requests beside each other. It imports none of them."""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .._http.message import Request, Response
from .._lifetime import Lifetime
from .._types import Json


class TokenSource(t.Protocol):
    """What the client needs of a credential."""

    method: str

    def token(self, *, claims: str | None = None, renew: bool = False) -> str:
        """Return a usable token."""

    def identity(self) -> Json:
        """Return the token's claims."""

    def lifetime(self) -> Lifetime:
        """Return how long the credential lasts, as far as it tells by itself."""


class Approval(t.Protocol):
    """A hook for writes that the service accepts only once somebody has approved them."""

    def is_required(self, response: Response) -> bool:
        """Return whether the service refused a write because it lacks an approval."""

    def obtain(self, request: Request, refusal: Response) -> Response:
        """Return the response of the write, sent again with its approval; raise ApprovalPendingError or ApprovalError."""


class NoApproval:
    """Approvals are not used: each response is taken as it is."""

    def is_required(self, response: Response) -> bool:
        """Return false."""
        return False

    def obtain(self, request: Request, refusal: Response) -> Response:
        """Return the refusal."""
        return refusal


class Pool(t.Protocol):
    """Several requests under way at once (see worker_pool)."""

    width: int

    @property
    def busy(self) -> int:
        """How many requests are under way."""

    def start(self, key: t.Any, request: Request) -> None:
        """Send a request beside others."""

    def collect(self, timeout: float) -> list[tuple[t.Any, Response | errors.IntuneError]]:
        """Return all that has arrived, by key."""
