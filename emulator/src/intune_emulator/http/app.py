# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ASGI application: reads a request, applies faults, and hands it to login, Graph or the control API."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ..entra import login_routes
from . import dispatch as graph
from . import downloads
from .dispatch import JSON_TYPE
from .message import Call, Reply

if TYPE_CHECKING:
    from ..control.tenant import Tenant
    from .faults import Fault

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CONTROL = "/_emulator/"
HTML = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"


class Application:
    """`control` is the ASGI app behind /_emulator/. `refuse` closes the listening socket for some seconds. `sleep`: of the latency."""

    def __init__(
        self,
        tenant: Tenant,
        control: Callable[..., Awaitable[None]],
        refuse: Callable[[float], None] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.tenant, self._control, self._sleep = tenant, control, sleep
        self.refuse = refuse or (lambda seconds: None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        if scope["path"].startswith(CONTROL):
            await self._control(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        await self._serve(scope, headers, await _read_body(receive), receive, send)

    async def _serve(self, scope: Scope, headers: dict[str, str], raw: bytes, receive: Receive, send: Send) -> None:
        tenant, path, method = self.tenant, scope["path"], scope["method"]
        query = scope["query_string"].decode("latin-1")
        version, _separator, rest = path.lstrip("/").partition("/")
        call = None
        if version.lower() in ("v1.0", "beta"):
            call = _graph_call(tenant, method, version.lower(), "/" + rest, query, headers, raw)
            entry = call.entry
        elif path.startswith(downloads.PREFIX):
            entry = downloads.open_entry(tenant, method, path, query, headers)
        else:
            entry = login_routes.open_entry(tenant, method, path, query, headers)
        fault = tenant.faults.hit(method, entry["path"], entry["version"])
        if fault:
            entry["fault"] = fault.kind

        def process() -> Reply:
            if call is not None:
                return graph.handle(call)
            if entry["kind"] == downloads.KIND:
                return downloads.handle(tenant, entry, headers, query)
            return login_routes.handle(tenant, entry, headers, raw)

        try:
            reply = await self._reply(call, entry, process, fault)
        except _Dropped:
            _transport(receive).abort()
            return
        if call is not None:
            tenant.record(call, reply)
        entry["status"] = reply.status
        await self._send(reply, fault, receive, send)
        if fault and fault.kind == "refuse_connection":
            self.refuse(float(fault.details.get("seconds", 2)))

    async def _reply(self, call: Call | None, entry: dict[str, Any], process: Callable[[], Reply], fault: Fault | None) -> Reply:
        if call is not None and self.tenant.settings.latency > 0:
            await self._sleep(self.tenant.settings.latency)
        if fault is None or fault.kind in ("refuse_connection", "truncate"):
            return process()
        return await _faulty(call, entry, fault, process)

    async def _send(self, reply: Reply, fault: Fault | None, receive: Receive, send: Send) -> None:
        content = _encode(reply)
        headers = dict(reply.headers)
        headers["date"] = format_datetime(self.tenant.clock.now(), usegmt=True)
        headers.setdefault("cache-control", "no-cache")
        headers.setdefault("strict-transport-security", "max-age=31536000")
        cut = fault is not None and fault.kind == "truncate"
        if reply.status != 204:
            headers["content-length"] = str(len(content) + (1000 if cut and not content else 0))
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        if cut:
            await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
            _transport(receive).close()
            return
        await send({"type": "http.response.body", "body": content})


class _Dropped(Exception):
    """The connection is to be aborted without an answer."""


async def _faulty(call: Call | None, entry: dict[str, Any], fault: Fault, process: Callable[[], Reply]) -> Reply:
    kind, details = fault.kind, fault.details
    if kind == "drop_before":
        raise _Dropped
    if kind == "drop_after":
        process()
        raise _Dropped
    if kind == "delay":
        reply = process() if details.get("processed") else None
        await asyncio.sleep(float(details.get("seconds", 2)))
        return reply or process()
    if kind in ("expire_token", "claims_challenge"):
        if call:
            graph.apply_auth_fault(call, fault)
        return process()
    if details.get("processed"):
        process()
    if kind == "html":
        return Reply(details.get("status", 502), text=HTML, headers={"content-type": "text/html"})
    if kind == "redirect":
        return Reply(details.get("status", 302), headers={"location": details.get("location") or "https://127.0.0.1:9/elsewhere"})
    return _status_reply(call, entry, details)


def _status_reply(call: Call | None, entry: dict[str, Any], details: dict[str, Any]) -> Reply:
    """The answer of a `status` fault in the words of the service that it hits."""
    if call:
        return graph.fault_reply(call, details)
    if entry["kind"] == downloads.KIND:
        return downloads.fault_reply(details)
    headers = {"retry-after": str(details["retry_after"])} if details.get("retry_after") is not None else {}
    body = {
        "error": "temporarily_unavailable",
        "error_description": "AADSTS90033: A transient error has occurred. Please try again.",
        "error_codes": [90033],
    }
    return Reply(details.get("status", 503), body, headers)


def _graph_call(tenant: Tenant, method: str, version: str, path: str, query: str, headers: dict[str, str], raw: bytes) -> Call:
    request_id = str(uuid.uuid4())
    call = Call(
        tenant=tenant,
        method=method,
        version=version,
        path=path,
        query_string=query,
        query=parse_qsl(query, keep_blank_values=True),
        headers=headers,
        raw=raw,
        request_id=request_id,
        client_request_id=headers.get("client-request-id") or request_id,
    )
    call.entry = tenant.open_entry(call, kind="graph", user_agent=headers.get("user-agent"))
    return call


def _encode(reply: Reply) -> bytes:
    if reply.content is not None:
        return reply.content
    if reply.text is not None:
        return reply.text.encode()
    if reply.body is None:
        return b""
    reply.headers.setdefault("content-type", JSON_TYPE)
    return json.dumps(reply.body, ensure_ascii=False, separators=(",", ":")).encode()


async def _read_body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return b"".join(chunks)


def _transport(receive: Receive) -> asyncio.Transport:
    """uvicorn's connection; there is none without a real socket."""
    return receive.__self__.transport
