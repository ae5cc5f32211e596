# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The hook of a client that detects writes without a required approval. The code to obtain one is imported for the first such write."""

from __future__ import annotations

import typing as t

from .._graph.client import GraphClient
from .._http.message import Request, Response
from .options import JUSTIFICATION_HEADER, ApprovalOptions

if t.TYPE_CHECKING:
    from .flow import ApprovalFlow


class ApprovalHook:
    """The approval hook for all writes of a run."""

    def __init__(self, options: ApprovalOptions, client: GraphClient) -> None:
        self._options = options
        self._client = client
        self._flow: ApprovalFlow | None = None

    def is_required(self, response: Response) -> bool:
        """Return whether a write was refused because it lacks a justification. Status 400 was observed; 403 is announced."""
        return response.status in (400, 403) and JUSTIFICATION_HEADER in response.text and "required" in response.text

    def obtain(self, request: Request, refusal: Response) -> Response:
        """Send the write again with its approval and return the response; raise ApprovalPendingError or ApprovalError."""
        if self._flow is None:
            from .flow import ApprovalFlow

            self._flow = ApprovalFlow(self._options, self._client)
        return self._flow.obtain(request, refusal)
