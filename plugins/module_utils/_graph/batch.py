# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""$batch as pure functions: up to twenty requests in one, each with an answer of its own.

Source: Microsoft Graph, JSON batching. Answers come in any order; each request is charged and throttled for itself.
"""

from __future__ import annotations

import json
import typing as t

from .._http.message import Request, Response

LIMIT = 20


def pack(origin: str, version: str, requests: t.Sequence[Request]) -> Request:
    """One request to the $batch of a version, of requests that are all of that version; their ids are their places."""
    items = [_item(f"{origin}/{version}", number, request) for number, request in enumerate(requests)]
    body = json.dumps({"requests": items}).encode()
    return Request("POST", f"{origin}/{version}/$batch", {"Content-Type": "application/json"}, body)


def version_of(origin: str, request: Request) -> str:
    """v1.0 or beta: a $batch holds requests of one version."""
    return request.url.removeprefix(origin).lstrip("/").partition("/")[0]


def unpack(number: int, envelope: Response) -> list[Response | None]:
    """The answers in the order of the requests; null for one that is missing, is there twice or cannot be read."""
    found: dict[int, list[Response | None]] = {}
    for item in _responses(envelope):
        place = item.get("id") if isinstance(item, dict) else None
        if isinstance(place, str) and place.isascii() and place.isdigit():
            found.setdefault(int(place), []).append(_answer(item, envelope))
    return [answers[0] if len(answers) == 1 else None for answers in (found.get(place, []) for place in range(number))]


def _item(base: str, number: int, request: Request) -> dict[str, t.Any]:
    item: dict[str, t.Any] = {"id": str(number), "method": request.method, "url": request.url.removeprefix(base)}
    if request.headers:
        item["headers"] = dict(request.headers)
    if request.body is not None:
        item["body"] = json.loads(request.body)
    return item


def _responses(envelope: Response) -> list[t.Any]:
    try:
        body = json.loads(envelope.body)
    except ValueError:
        return []
    responses = body.get("responses") if isinstance(body, dict) else None
    return responses if isinstance(responses, list) else []


def _answer(item: dict[str, t.Any], envelope: Response) -> Response | None:
    status, headers = item.get("status"), item.get("headers")
    if not isinstance(status, int) or isinstance(status, bool):
        return None
    named = {str(name).lower(): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
    if "date" in envelope.headers:
        # The service's clock, from which a Retry-After that is a date counts.
        named.setdefault("date", envelope.headers["date"])
    body = item.get("body")
    content = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Response(status, named, content)
