# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Paths of the login service and of the managed identity endpoint, with their journal entries."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from ..http.message import Response
from ..http.refusals import tell_login_refusal
from ..state.clock import iso_fractional
from ..state.journal import Entry
from ..state.tenant import Tenant
from . import login
from .login_errors import LoginError

IDENTITY_PATH = "/msi/token"
JSON_HEADERS = {"content-type": "application/json; charset=utf-8", "cache-control": "no-store, no-cache", "pragma": "no-cache"}
_DISCOVERY = re.compile(r"^/([^/]+)/v2\.0/\.well-known/openid-configuration$")
_KEYS = re.compile(r"^/([^/]+)/discovery/v2\.0/keys$")
_TOKEN = re.compile(r"^/([^/]+)/oauth2/v2\.0/token$")


class LoginService:
    """The login service. Accept every path, and refuse the unknown ones."""

    def accepts(self, path: str) -> bool:
        """Return True."""
        return True

    def open_entry(self, tenant: Tenant, method: str, path: str, query: str, headers: dict[str, str]) -> Entry:
        """Add a journal entry for a request that is not for Graph."""
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

    def handle(self, tenant: Tenant, entry: Entry, headers: dict[str, str], query: str, raw: bytes) -> Response:
        """Respond to a request to the login service."""
        try:
            status, body = _dispatch(tenant, entry, headers, query, raw)
        except LoginError as error:
            if error.refused:
                tell_login_refusal(tenant, entry, error.refused, login.FILE)
            status, body = login.error_response(error, tenant, headers)
        return Response(status, body, dict(JSON_HEADERS))

    def fault_response(self, details: dict[str, Any]) -> Response:
        """Return the response of a `status` fault."""
        headers = {"retry-after": str(details["retry_after"])} if details.get("retry_after") is not None else {}
        body = {
            "error": "temporarily_unavailable",
            "error_description": "AADSTS90033: A transient error has occurred. Please try again.",
            "error_codes": [90033],
        }
        return Response(details.get("status", 503), body, headers)


def _dispatch(tenant: Tenant, entry: Entry, headers: dict[str, str], query: str, raw: bytes) -> tuple[int, dict[str, Any]]:
    method, path = entry["method"], entry["path"]
    if method == "GET":
        if found := _DISCOVERY.match(path):
            return 200, login.discovery(tenant, found[1])
        if found := _KEYS.match(path):
            return 200, login.keys(tenant, found[1])
        if path == IDENTITY_PATH:
            return login.managed_identity(tenant, dict(parse_qsl(query)), headers, entry)
    if method == "POST" and (found := _TOKEN.match(path)):
        return 200, login.request_token(tenant, found[1], raw, headers, entry)
    tell_login_refusal(tenant, entry, "unknown path", "intune_emulator/entra/login_routes.py")
    return 404, {"error": "not_found", "error_description": f"The emulated tenant has no {method} {path}"}
