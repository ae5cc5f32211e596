# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the envelope of a $batch, which Microsoft's OpenAPI does not describe (learn.microsoft.com/graph/json-batching)."""

from __future__ import annotations

import re
import typing as t

from .expressions import parse
from .form import TypeForm
from .type_check import Problems, TypeChecker, short

MAXIMUM = 20
TYPES: dict[str, TypeForm] = {
    "batchMethod": {"members": ["DELETE", "GET", "PATCH", "POST", "PUT"]},
    "batchObject": {"untyped": True},
    "batchRequest": {
        "properties": {
            "body": "batchObject",
            "dependsOn": "[string]",
            "headers": "batchObject",
            "id": "string",
            "method": "batchMethod",
            "url": "string",
        },
        "required": ["id", "method", "url"],
    },
    "batchRequests": {"properties": {"requests": "[batchRequest]"}, "required": ["requests"]},
    "batchResponse": {
        "untyped": True,
        "properties": {"headers": "batchObject", "id": "string", "status": "int32"},
        "required": ["id", "status"],
    },
    "batchResponses": {"untyped": True, "properties": {"responses": "[batchResponse]"}, "required": ["responses"]},
}
_RELATIVE = re.compile(r"/(?!v1\.0|beta|\$batch)")


def check_request(checker: TypeChecker, body: t.Any) -> Problems:
    """Find all problems in the body of a $batch."""
    yield from checker.check("request.body", parse("batchRequests"), body)
    requests = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(requests, list):
        return
    if not 1 <= len(requests) <= MAXIMUM:
        yield "request.body.requests", f"must be 1 to {MAXIMUM} requests, not {len(requests)}"
    for request in requests:
        if isinstance(request, dict):
            yield from _check_item("request.body.requests[*]", request)


def _check_item(where: str, request: dict[str, t.Any]) -> Problems:
    url = request.get("url")
    if isinstance(url, str) and not _RELATIVE.match(url):
        yield f"{where}.url", f"must be relative, without a version, not {short(url)}"
    if request.get("id") == "":
        yield f"{where}.id", "must not be empty"
    if "body" in request and "headers" not in request:
        yield f"{where}.headers", "is missing: there is a body"
    yield from _check_headers(where, request)


def _check_headers(where: str, item: dict[str, t.Any]) -> Problems:
    headers = item.get("headers")
    for name, value in headers.items() if isinstance(headers, dict) else ():
        if not isinstance(value, str):
            yield f"{where}.headers.{name}", f"must be a string, not {short(value)}"


def check_answer(checker: TypeChecker, sent: t.Any, body: t.Any) -> Problems:
    """Find all problems in the response to a $batch; `sent` is the body of the request."""
    yield from checker.check("response.body", parse("batchResponses"), body)
    for response in _items(body, "responses"):
        yield from _check_headers("response.body.responses[*]", response)
    if _ids(sent, "requests") != _ids(body, "responses"):
        yield "response.body.responses", "the ids are not those of the requests"


def _items(body: t.Any, name: str) -> list[dict[str, t.Any]]:
    items = body.get(name) if isinstance(body, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _ids(body: t.Any, name: str) -> list[str]:
    return sorted(str(item.get("id")) for item in _items(body, name))
