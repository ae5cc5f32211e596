# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Multi Admin Approval: repeat a write with its approval, or request one.

Intune refuses a protected write without a justification. With one, it creates a request, responds with its code, and changes nothing. After
a person approves that request, the identical write is sent with the code.
Source: Microsoft Intune, Multi Admin Approval (https://learn.microsoft.com/intune/fundamentals/multi-admin-approval).
"""

from __future__ import annotations

import base64
import dataclasses
import typing as t

from .. import _errors as errors
from .._graph.client import BETA, GraphClient
from .._graph.responses import is_refusal
from .._http.message import Request, Response
from .._types import Json
from . import requests
from .options import JUSTIFICATION_HEADER, ApprovalOptions
from .requests import CODE_HEADER, OPEN

PATH = "/deviceManagement/operationApprovalRequests"


class ApprovalFlow:
    """Approvals for a client's hook. The tenant's requests are read once for all writes of a run, and again after one is created."""

    def __init__(self, options: ApprovalOptions, client: GraphClient) -> None:
        self._options = options
        self._client = client
        self._kept: list[Json] | None = None

    def obtain(self, request: Request, refusal: Response) -> Response:
        """Send the write again with an approval and return the response.

        Raise ApprovalPendingError while a person must decide, and ApprovalError if an administrator rejected the write.
        """
        options = self._options
        if not options.justification and not options.code:
            raise requests.not_asked(request, refusal)
        found = requests.choose(self._fetch_or_none(), options, request)
        if found is not None:
            response = self._send_approved(found, request)
            if response is not None:
                return response
        if not options.justification:
            raise requests.unknown_code(options.code, request)
        return self._ask(request)

    def _send_approved(self, found: Json, request: Request) -> Response | None:
        """Return the response to the write with its code, or None if the code belongs to another write."""
        if requests.status_of(found) == "needs_approval":
            raise requests.pending(found, request)
        if requests.status_of(found) != "approved":
            raise requests.refused(found, request)
        response = self._send(request, CODE_HEADER, requests.code_of(found))
        # A code that does not name its write may belong to another write of this run; then nothing was done.
        is_ours = not self._options.justification or requests.mark_of(found) is not None
        is_of_code = response.status in (400, 403, 412) and is_refusal(response)
        return response if is_ours or not is_of_code else None

    def _ask(self, request: Request) -> Response:
        text = f"{self._options.justification} {requests.render_mark(request)}"
        try:
            response = self._send(request, JUSTIFICATION_HEADER, base64.b64encode(text.encode()).decode())
        except errors.LostResponseError as failure:
            raise self._after_lost_response(request, str(failure)) from None
        code = requests.parse_code(response)
        if code is not None:
            created = self._find_created(lambda item: requests.has_code(item, code)) or {"id": code, "requestJustification": text}
            raise requests.pending(created, request)
        if response.status >= 300 and not is_refusal(response):
            raise self._after_lost_response(request, f"{request.target} was answered with {response.status}.")
        if response.status == 409 and "approval request" in response.text.lower():
            raise self._conflict(request)
        return response

    def _conflict(self, request: Request) -> errors.IntuneError:
        own, text = requests.render_mark(request), self._options.justification
        created = self._find_created(lambda item: requests.mark_of(item) == own and requests.justification_of(item) == text)
        if created is not None:
            return requests.pending(created, request)
        return requests.duplicate([item for item in self._fetch_or_none(again=True) or () if requests.status_of(item) in OPEN], request)

    def _after_lost_response(self, request: Request, what: str) -> errors.IntuneError:
        """Return the error after a lost response. The request may exist or not; in both cases, the write was not done."""
        created = self._find_created(lambda item: requests.mark_of(item) == requests.render_mark(request))
        if created is not None:
            return requests.pending(created, request)
        return requests.unreadable(f"Whether an approval was asked for is unknown: {what}", request.target)

    def _find_created(self, fits: t.Callable[[Json], bool]) -> Json | None:
        """Return the matching open request, or None if there is none, or none can be read."""
        try:
            return requests.newest(item for item in self._fetch(again=True) if fits(item) and requests.status_of(item) in OPEN)
        except errors.IntuneError:
            return None

    def _fetch_or_none(self, *, again: bool = False) -> list[Json] | None:
        """Return the tenant's requests, or None if this application may not read them."""
        try:
            return self._fetch(again=again)
        except (errors.ForbiddenError, errors.NotFoundError):
            return None
        except errors.IntuneError as failure:
            # Not raised unchanged: a lost response to this read does not concern the write, which was refused.
            raise requests.unreadable(f"The approval requests could not be read: {failure}") from None

    def _fetch(self, *, again: bool) -> list[Json]:
        if again or self._kept is None:
            self._kept = list(self._client.list_items(PATH, version=BETA, item=requests.APPROVAL_REQUEST))
        return self._kept

    def _send(self, request: Request, header: str, value: str) -> Response:
        return self._client.send_authorized(dataclasses.replace(request, headers={**request.headers, header: value}))
