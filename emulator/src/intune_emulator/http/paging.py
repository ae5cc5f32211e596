# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Pages with opaque nextLinks."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from .errors import bad_request
from .json_text import parse_json
from .message import GraphRequest
from .odata import QueryOptions

T = TypeVar("T")


def page(request: GraphRequest, options: QueryOptions, rows: Sequence[T], size: int) -> tuple[Sequence[T], str | None]:
    """Return (rows of this page, nextLink or None). `size`: page size if $top is absent."""
    size = min(options.top or size, size) if options.top else size
    start = _read_token(options.skiptoken, request) if options.skiptoken else 0
    chosen = rows[start : start + size]
    if start + size >= len(rows):
        return chosen, None
    return chosen, _next_link(request, _make_token(start + size, request))


def _query_without_token(request: GraphRequest) -> str:
    return "&".join(f"{name}={value}" for name, value in request.query if name.lower() != "$skiptoken")


def _make_token(start: int, request: GraphRequest) -> str:
    text = json.dumps({"s": start, "q": _query_without_token(request), "p": request.path.lower()})
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _read_token(token: str, request: GraphRequest) -> int:
    try:
        content: dict[str, Any] = parse_json(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        start, query, path = int(content["s"]), content["q"], content["p"]
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise bad_request("Skip token is null or invalid.") from None
    # a client must follow a link unchanged: other options with the same token are an error
    if query != _query_without_token(request) or path != request.path.lower():
        raise bad_request("Skip token is not valid for this query.")
    return start


def _next_link(request: GraphRequest, token: str) -> str:
    pairs = [(name, value) for name, value in request.query if name.lower() != "$skiptoken"]
    text = "&".join(f"{quote(name, safe='$')}={quote(value, safe=',()')}" for name, value in [*pairs, ("$skiptoken", token)])
    return f"{request.tenant.origin}/{request.version}{quote(request.path, safe='/()=,$')}?{text}"


def collection(
    request: GraphRequest, resource: str, options: QueryOptions, items: Sequence[Any], link: str | None, count: int | None
) -> dict[str, Any]:
    """Return the body of a list response."""
    body: dict[str, Any] = {"@odata.context": request.context(resource, options.select)}
    if count is not None:
        body["@odata.count"] = count
    if link:
        body["@odata.nextLink"] = link
    body["value"] = list(items)
    return body
