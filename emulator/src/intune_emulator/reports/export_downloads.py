# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Serve the result of an export like blob storage: to any request with the signed address, except those with a token."""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import parse_qsl

from ..http.message import Response
from ..state.clock import iso_fractional
from ..state.journal import Entry, redact
from ..state.tenant import Tenant
from .export_jobs import result_url

PREFIX = "/exports/"
SUFFIX = ".zip"


class ExportDownloads:
    """The blob storage of exports."""

    def accepts(self, path: str) -> bool:
        """Return whether the path belongs to the storage."""
        return path.startswith(PREFIX)

    def open_entry(self, tenant: Tenant, method: str, path: str, query: str, headers: dict[str, str]) -> Entry:
        """Add a journal entry with the signature hidden."""
        return tenant.journal.open(
            time=iso_fractional(tenant.clock.now()),
            method=method,
            path=path,
            query=redact(query),
            kind="download",
            client_request_id=headers.get("client-request-id") or headers.get("x-ms-client-request-id"),
            user_agent=headers.get("user-agent"),
        )

    def handle(self, tenant: Tenant, entry: Entry, headers: dict[str, str], query: str, raw: bytes) -> Response:
        """Return 200 with the zip, or 403 for a wrong address."""
        if entry["method"] != "GET":
            return _error(405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb.")
        if "authorization" in headers:
            # a signature and a token exclude each other
            return _forbidden()
        job = tenant.export_jobs.get(entry["path"].removeprefix(PREFIX).removesuffix(SUFFIX).lower())
        given = dict(parse_qsl(query)).get("sig", "")
        if job is None or result_url(job, tenant) is None or not hmac.compare_digest(given.encode(), job.signature.encode()):
            return _forbidden()
        if job.expires is None or tenant.clock.now() >= job.expires:
            return _forbidden()
        return Response(200, content=job.content, headers={"content-type": "application/octet-stream"})

    def fault_response(self, details: dict[str, Any]) -> Response:
        """Return the response of a `status` fault."""
        response = _error(details.get("status", 503), details.get("code") or "ServerBusy", details.get("message") or "The server is busy.")
        if details.get("retry_after") is not None:
            response.headers["retry-after"] = str(details["retry_after"])
        return response


def _forbidden() -> Response:
    text = "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly"
    return _error(403, "AuthenticationFailed", f"{text} including the signature.")


def _error(status: int, code: str, text: str) -> Response:
    """Render an error as the XML of blob storage."""
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{text}</Message></Error>'
    return Response(status, text=body, headers={"content-type": "application/xml", "x-ms-error-code": code})
