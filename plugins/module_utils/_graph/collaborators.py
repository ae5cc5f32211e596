# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Interfaces of the client's collaborators: tokens, approvals, and concurrent requests. The client imports no implementation."""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .._http.message import Request, Response
from .._lifetime import Lifetime
from .._types import Json


class TokenSource(t.Protocol):
    """The interface of a credential."""

    method: str

    def token(self, *, claims: str | None = None, renew: bool = False) -> str:
        """Return a usable token."""

    def identity(self) -> Json:
        """Return the claims of the token."""

    def lifetime(self) -> Lifetime:
        """Return the lifetime of the credential as far as the credential itself shows it."""


class Approval(t.Protocol):
    """A hook for writes that the service accepts only after another administrator approves them."""

    def is_required(self, response: Response) -> bool:
        """Return whether the service refused a write because it requires an approval."""

    def obtain(self, request: Request, refusal: Response) -> Response:
        """Send the write again with its approval and return the response; raise ApprovalPendingError or ApprovalError."""


class NoApproval:
    """A hook that uses no approvals and returns each response unchanged."""

    def is_required(self, response: Response) -> bool:
        """Return false."""
        return False

    def obtain(self, request: Request, refusal: Response) -> Response:
        """Return the refusal."""
        return refusal


class Pool(t.Protocol):
    """Several concurrent requests (see worker_pool)."""

    width: int

    @property
    def busy(self) -> int:
        """The number of requests in flight."""

    def start(self, key: t.Any, request: Request) -> None:
        """Send a request concurrently with others."""

    def collect(self, timeout: float) -> list[tuple[t.Any, Response | errors.IntuneError]]:
        """Return all responses and failures that have arrived, by key."""
