# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""A Graph request and its response, sent alone or as an item of a $batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..state.journal import Entry
from ..state.tenant import Tenant


@dataclass
class Response:
    """`body` is JSON (None: no body); `text` is sent as text/plain instead (for $count), `content` as it is (for downloads)."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    content: bytes | None = None


@dataclass
class GraphRequest:
    """`path` without version (`/deviceManagement/…`), header names in lower case, `body` parsed JSON or None.

    `claims`, `roles` (those that the route accepts) and `params` (of the path) are set on the way to the handler.
    """

    tenant: Tenant
    method: str
    version: str
    path: str
    query_string: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    raw: bytes
    request_id: str
    client_request_id: str
    body: Any = None
    claims: dict[str, Any] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    params: dict[str, str] = field(default_factory=dict)
    entry: Entry = field(default_factory=dict)

    @property
    def client_id(self) -> str:
        """Return the application to which the token was issued."""
        return str(self.claims.get("appid", ""))

    @property
    def url(self) -> str:
        """Return version, path and query."""
        return f"/{self.version}{self.path}" + (f"?{self.query_string}" if self.query_string else "")

    def context(self, resource: str, select: list[str] | None = None, entity: bool = False) -> str:
        """Return the @odata.context of a response."""
        chosen = f"({','.join(select)})" if select else ""
        return f"{self.tenant.origin}/{self.version}/$metadata#{resource}{chosen}{'/$entity' if entity else ''}"
