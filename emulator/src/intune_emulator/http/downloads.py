# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of an export, as blob storage hands it out: to whoever has the signed address, and to nobody who shows a token."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ..control.clock import iso_fractional
from .journal import redact
from .message import Reply

if TYPE_CHECKING:
    from ..control.tenant import Tenant

PREFIX = "/exports/"
KIND = "download"
SUFFIX = ".zip"


def open_entry(tenant: Tenant, method: str, path: str, query: str, headers: dict[str, str]) -> dict[str, Any]:
    """The journal entry; the signature is hidden."""
    return tenant.journal.open(
        time=iso_fractional(tenant.clock.now()),
        method=method,
        path=path,
        query=redact(query),
        kind=KIND,
        client_request_id=headers.get("client-request-id") or headers.get("x-ms-client-request-id"),
        user_agent=headers.get("user-agent"),
    )


def handle(tenant: Tenant, entry: dict[str, Any], headers: dict[str, str], query: str) -> Reply:
    """200 with the zip, 403 for whatever is not right with the address."""
    if entry["method"] != "GET":
        return problem(405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb.")
    if "authorization" in headers:
        # a signature and a token exclude each other
        return _forbidden()
    job = tenant.export_jobs.get(entry["path"].removeprefix(PREFIX).removesuffix(SUFFIX).lower())
    given = dict(parse_qsl(query)).get("sig", "")
    if job is None or job.url(tenant) is None or not hmac.compare_digest(given.encode(), job.signature.encode()):
        return _forbidden()
    if job.expires is None or tenant.clock.now() >= job.expires:
        return _forbidden()
    return Reply(200, content=job.content, headers={"content-type": "application/octet-stream"})


def _forbidden() -> Reply:
    text = "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly"
    return problem(403, "AuthenticationFailed", f"{text} including the signature.")


def problem(status: int, code: str, text: str) -> Reply:
    """The XML of blob storage."""
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{text}</Message></Error>'
    return Reply(status, text=body, headers={"content-type": "application/xml", "x-ms-error-code": code})


def fault_reply(details: dict[str, Any]) -> Reply:
    """The answer of a `status` fault."""
    reply = problem(details.get("status", 503), details.get("code") or "ServerBusy", details.get("message") or "The server is busy.")
    if details.get("retry_after") is not None:
        reply.headers["retry-after"] = str(details["retry_after"])
    return reply
