# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Render and parse $batch requests: up to twenty requests in one, each with its own result. Pure functions.

Source: Microsoft Graph, JSON batching (https://learn.microsoft.com/graph/json-batching). Responses come in any order. Each request is
charged and throttled separately.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

from .. import _errors as errors
from .._http.message import Request, Response
from .._http.retry import TRANSIENT, is_cut_off, retry_after_of
from .._types import Json
from .responses import parse_response

MAX_BATCH = 20


@dataclasses.dataclass(frozen=True)
class CallResult:
    """The result of one request: a whole response, or the failure to send the request or to receive its response.

    The caller chooses ``key``.
    """

    key: t.Any
    request: Request
    response: Response | None = None
    failure: errors.IntuneError | None = None

    @property
    def status(self) -> int | None:
        """The status of the response, or None without one."""
        return self.response.status if self.response is not None else None

    @property
    def is_transient(self) -> bool:
        """Whether a read may succeed if it is sent again."""
        if isinstance(self.failure, errors.NotSentError):
            return self.failure.is_transient
        if self.failure is not None:
            return isinstance(self.failure, errors.LostResponseError)
        if self.response is not None and is_cut_off(self.request, self.response):
            return True
        return self.response is None or self.response.status in (401, 429) or self.response.status in TRANSIENT

    def retry_after(self, now: float) -> float | None:
        """Return the seconds that the service asks to wait, or None if it does not ask. ``now``: seconds since the epoch."""
        return None if self.response is None else retry_after_of(self.response, now)

    def error(self) -> errors.IntuneError:
        """Return this result as an error."""
        if self.failure is not None:
            return self.failure
        if self.response is None:
            return errors.LostResponseError(f"{self.request.target}: the response of the batch leaves it out.", target=self.request.target)
        try:
            parse_response(self.request, self.response)
        except errors.IntuneError as failure:
            return failure
        return errors.UnexpectedResponseError(
            f"{self.request.target} returned an unexpected response (status {self.response.status}).", target=self.request.target
        )


def render_batch(origin: str, version: str, requests: t.Sequence[Request]) -> Request:
    """Return one batch for requests of the same API version. Their positions are their IDs."""
    items = [_render_item(f"{origin}/{version}", number, request) for number, request in enumerate(requests)]
    body = json.dumps({"requests": items}).encode()
    return Request("POST", f"{origin}/{version}/$batch", {"Content-Type": "application/json"}, body)


def version_of(origin: str, request: Request) -> str:
    """Return v1.0 or beta, because all requests of a $batch must have the same version."""
    return request.url.removeprefix(origin).lstrip("/").partition("/")[0]


def parse_batch(number: int, envelope: Response) -> list[Response | None]:
    """Return the responses in the order of the requests, with None for one that is missing, duplicated, or unreadable."""
    found: dict[str, list[Response | None]] = {}
    for item in _responses(envelope):
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            found.setdefault(item["id"], []).append(_parse_item(item, envelope))
    return [responses[0] if len(responses) == 1 else None for responses in (found.get(str(position), []) for position in range(number))]


def _render_item(base: str, number: int, request: Request) -> Json:
    item: Json = {"id": str(number), "method": request.method, "url": request.url.removeprefix(base)}
    if request.headers:
        item["headers"] = dict(request.headers)
    if request.body is not None:
        item["body"] = json.loads(request.body)
    return item


def _responses(envelope: Response) -> list[t.Any]:
    try:
        # Not parse_json: one unusable response must not invalidate the others. parse_json reads each of them later.
        body = json.loads(envelope.body)
    except (ValueError, RecursionError):
        return []
    responses = body.get("responses") if isinstance(body, dict) else None
    return responses if isinstance(responses, list) else []


def _parse_item(item: Json, envelope: Response) -> Response | None:
    status, headers = item.get("status"), item.get("headers")
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status < 600:
        return None
    named = {str(name).lower(): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
    if "date" in envelope.headers:
        # A Retry-After in the form of a date is measured from the service's clock.
        named.setdefault("date", envelope.headers["date"])
    try:
        return Response(status, named, _render_body(item.get("body")))
    except RecursionError:
        return None


def _render_body(body: t.Any) -> bytes:
    if body is None:
        return b""
    return body.encode("utf-8", "replace") if isinstance(body, str) else json.dumps(body).encode()
