# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Graph request and its answer, whether it came alone or as an item of a $batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..control.tenant import Tenant
    from .routes import Route


@dataclass
class Reply:
    """`body` is JSON (None: no body); `text` is sent as text/plain instead (for $count), `content` as it is (for downloads)."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    content: bytes | None = None


@dataclass
class Call:
    """`path` without version (`/deviceManagement/…`), header names in lower case, `body` parsed JSON or None."""

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
    route: Route | None = None
    params: dict[str, str] = field(default_factory=dict)
    entry: dict[str, Any] = field(default_factory=dict)

    @property
    def client_id(self) -> str:
        """The application that holds the token."""
        return str(self.claims.get("appid", ""))

    def context(self, resource: str, select: list[str] | None = None, entity: bool = False) -> str:
        """The @odata.context of an answer."""
        chosen = f"({','.join(select)})" if select else ""
        return f"{self.tenant.origin}/{self.version}/$metadata#{resource}{chosen}{'/$entity' if entity else ''}"
