# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of the login service and of the managed identity endpoint, with their journal entries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ..control.clock import iso_fractional
from ..http.message import Reply
from . import login
from .login_errors import LoginError

if TYPE_CHECKING:
    from ..control.tenant import Tenant

IDENTITY_PATH = "/msi/token"
JSON = {"content-type": "application/json; charset=utf-8", "cache-control": "no-store, no-cache", "pragma": "no-cache"}
_DISCOVERY = re.compile(r"^/([^/]+)/v2\.0/\.well-known/openid-configuration$")
_KEYS = re.compile(r"^/([^/]+)/discovery/v2\.0/keys$")
_TOKEN = re.compile(r"^/([^/]+)/oauth2/v2\.0/token$")


def open_entry(tenant: Tenant, method: str, path: str, query: str, headers: dict[str, str]) -> dict[str, Any]:
    """The journal entry of a request that is not for Graph."""
    kind = "token" if _TOKEN.match(path) else "managed_identity" if path == IDENTITY_PATH else "metadata"
    return tenant.journal.open(
        time=iso_fractional(tenant.clock.now()),
        method=method,
        path=path,
        query=query,
        kind=kind,
        client_request_id=headers.get("client-request-id"),
        user_agent=headers.get("user-agent"),
    )


def handle(tenant: Tenant, entry: dict[str, Any], headers: dict[str, str], raw: bytes) -> Reply:
    """Answer a request to the login service."""
    try:
        status, body = _dispatch(tenant, entry, headers, raw)
    except LoginError as error:
        status, body = login.error_reply(error, tenant, headers)
    return Reply(status, body, dict(JSON))


def _dispatch(tenant: Tenant, entry: dict[str, Any], headers: dict[str, str], raw: bytes) -> tuple[int, dict[str, Any]]:
    method, path = entry["method"], entry["path"]
    if method == "GET":
        if found := _DISCOVERY.match(path):
            return 200, login.discovery(tenant, found[1])
        if found := _KEYS.match(path):
            return 200, login.keys(tenant, found[1])
        if path == IDENTITY_PATH:
            return login.managed_identity(tenant, dict(parse_qsl(entry["query"])), headers, entry)
    if method == "POST" and (found := _TOKEN.match(path)):
        return 200, login.token(tenant, found[1], raw, headers, entry)
    entry["refused"] = "unknown path"
    return 404, {"error": "not_found", "error_description": f"The emulated tenant has no {method} {path}"}
