# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages with opaque nextLinks."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from .errors import bad_request
from .message import Call
from .odata import Options

T = TypeVar("T")


def page(call: Call, options: Options, rows: Sequence[T], size: int) -> tuple[Sequence[T], str | None]:
    """(rows of this page, nextLink or None). `size`: page size when $top is absent."""
    size = min(options.top or size, size) if options.top else size
    start = _read(options.skiptoken, call) if options.skiptoken else 0
    chosen = rows[start : start + size]
    if start + size >= len(rows):
        return chosen, None
    return chosen, _link(call, _write(start + size, call))


def _signature(call: Call) -> str:
    return "&".join(f"{name}={value}" for name, value in call.query if name.lower() != "$skiptoken")


def _write(start: int, call: Call) -> str:
    text = json.dumps({"s": start, "q": _signature(call), "p": call.path.lower()})
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _read(token: str, call: Call) -> int:
    try:
        content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        start, query, path = content["s"], content["q"], content["p"]
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise bad_request("Skip token is null or invalid.") from None
    # a link is followed as it is: other options with the same token are a client's mistake
    if query != _signature(call) or path != call.path.lower():
        raise bad_request("Skip token is not valid for this query.")
    return int(start)


def _link(call: Call, token: str) -> str:
    pairs = [(name, value) for name, value in call.query if name.lower() != "$skiptoken"]
    text = "&".join(f"{quote(name, safe='$')}={quote(value, safe=',()')}" for name, value in [*pairs, ("$skiptoken", token)])
    return f"{call.tenant.origin}/{call.version}{quote(call.path, safe='/()=,$')}?{text}"


def collection(call: Call, resource: str, options: Options, items: Sequence[Any], link: str | None, count: int | None) -> dict[str, Any]:
    """The body of a list answer."""
    body: dict[str, Any] = {"@odata.context": call.context(resource, options.select)}
    if count is not None:
        body["@odata.count"] = count
    if link:
        body["@odata.nextLink"] = link
    body["value"] = list(items)
    return body
