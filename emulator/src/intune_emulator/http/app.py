# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The ASGI application: read a request, apply faults, and pass it to Graph, another service, or the control API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any, Protocol, cast
from urllib.parse import parse_qsl

from ..state.faults import Fault
from ..state.journal import Entry
from ..state.tenant import Tenant
from .dispatch import JSON_TYPE, GraphService
from .message import GraphRequest, Response
from .recording import open_entry, record

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Sleep = Callable[[float], Awaitable[None]]

CONTROL_PATH = "/_emulator/"
DEFAULT_SECONDS = 2
HTML = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
# made once: json.dumps makes an encoder for each call
_render_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Service(Protocol):
    """A service beside Graph, with its own paths."""

    def accepts(self, path: str) -> bool:
        """Return whether the path belongs to the service."""

    def open_entry(self, tenant: Tenant, method: str, path: str, query: str, headers: dict[str, str]) -> Entry:
        """Add a journal entry for a request."""

    def handle(self, tenant: Tenant, entry: Entry, headers: dict[str, str], query: str, raw: bytes) -> Response:
        """Respond to a request."""

    def fault_response(self, details: dict[str, Any]) -> Response:
        """Return the response of a `status` fault."""


@dataclass
class _Exchange:
    """A request in progress. `graph_request`: None for other services. `process` runs it; `fault_response`: as in Service."""

    entry: Entry
    process: Callable[[], Response]
    fault_response: Callable[[dict[str, Any]], Response]
    graph_request: GraphRequest | None = None


class _ConnectionDropped(Exception):
    """Close the connection without a response."""


class Application:
    """The emulated services and, behind /_emulator/, the control API.

    `services`: the first one that accepts a path gets the request. `refuse_connections` closes the listening socket for some seconds.
    `sleep` is used for the latency and for the fault `delay`.
    """

    def __init__(
        self,
        tenant: Tenant,
        graph: GraphService,
        services: Sequence[Service],
        control: AsgiApp,
        refuse_connections: Callable[[float], None] | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.tenant, self._graph, self._services = tenant, graph, services
        self._control, self._sleep = control, sleep
        self._refuse_connections = refuse_connections or (lambda seconds: None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        if f"{scope['path']}/".startswith(CONTROL_PATH):
            await self._control(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        exchange = self._open(scope, headers, await _read_body(receive))
        entry = exchange.entry
        fault = self.tenant.faults.hit(scope["method"], entry["path"], entry["version"])
        if fault:
            entry["fault"] = fault.kind
        try:
            response = await self._respond(exchange, fault)
        except _ConnectionDropped:
            _transport(receive).abort()
            return
        if exchange.graph_request is not None:
            record(exchange.graph_request, response)
        entry["status"] = response.status
        await self._send(response, fault, receive, send)
        if fault and fault.kind == "refuse_connection":
            self._refuse_connections(float(fault.details.get("seconds", DEFAULT_SECONDS)))

    def _open(self, scope: Scope, headers: dict[str, str], raw: bytes) -> _Exchange:
        """Open the journal entry of a request, and find the service that handles it."""
        tenant, path, method = self.tenant, scope["path"], scope["method"]
        query = scope["query_string"].decode("latin-1")
        version, _separator, rest = path.lstrip("/").partition("/")
        if version.lower() in ("v1.0", "beta"):
            request = _graph_request(tenant, method, version.lower(), "/" + rest, query, headers, raw)
            return _Exchange(
                request.entry,
                lambda: self._graph.handle(request),
                lambda details: self._graph.fault_response(request, details),
                request,
            )
        service = next(service for service in self._services if service.accepts(path))
        entry = service.open_entry(tenant, method, path, query, headers)
        return _Exchange(entry, lambda: service.handle(tenant, entry, headers, query, raw), service.fault_response)

    async def _respond(self, exchange: _Exchange, fault: Fault | None) -> Response:
        if exchange.graph_request is not None and self.tenant.settings.latency > 0:
            await self._sleep(self.tenant.settings.latency)
        if fault is None or fault.kind in ("refuse_connection", "truncate"):
            return exchange.process()
        if fault.kind == "delay":
            response = exchange.process() if fault.details.get("processed") else None
            await self._sleep(float(fault.details.get("seconds", DEFAULT_SECONDS)))
            return response or exchange.process()
        return self._respond_with_fault(exchange, fault)

    def _respond_with_fault(self, exchange: _Exchange, fault: Fault) -> Response:
        kind, details = fault.kind, fault.details
        if kind == "drop_before":
            raise _ConnectionDropped
        if kind == "drop_after":
            exchange.process()
            raise _ConnectionDropped
        if kind in ("expire_token", "claims_challenge"):
            if exchange.graph_request is not None:
                self._graph.apply_token_fault(exchange.graph_request, fault)
            return exchange.process()
        if details.get("processed"):
            exchange.process()
        if kind == "html":
            return Response(details.get("status", 502), text=HTML, headers={"content-type": "text/html"})
        if kind == "redirect":
            location = details.get("location") or "https://127.0.0.1:9/elsewhere"
            return Response(details.get("status", 302), headers={"location": location})
        return exchange.fault_response(details)

    async def _send(self, response: Response, fault: Fault | None, receive: Receive, send: Send) -> None:
        content = _encode(response)
        headers = dict(response.headers)
        headers["date"] = format_datetime(self.tenant.clock.now(), usegmt=True)
        headers.setdefault("cache-control", "no-cache")
        headers.setdefault("strict-transport-security", "max-age=31536000")
        truncated = fault is not None and fault.kind == "truncate"
        if response.status != 204:
            headers["content-length"] = str(len(content) + (1000 if truncated and not content else 0))
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": raw})
        if truncated:
            await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
            _transport(receive).close()
            return
        await send({"type": "http.response.body", "body": content})


def _graph_request(tenant: Tenant, method: str, version: str, path: str, query: str, headers: dict[str, str], raw: bytes) -> GraphRequest:
    request_id = tenant.new_request_id()
    request = GraphRequest(
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
    request.entry = open_entry(request, kind="graph", user_agent=headers.get("user-agent"))
    return request


def _encode(response: Response) -> bytes:
    if response.content is not None:
        return response.content
    if response.text is not None:
        return response.text.encode()
    if response.body is None:
        return b""
    response.headers.setdefault("content-type", JSON_TYPE)
    return _render_json(response.body).encode()


async def _read_body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return b"".join(chunks)


def _transport(receive: Receive) -> asyncio.Transport:
    """Return uvicorn's connection, which ASGI does not offer; None without a real socket."""
    transport: asyncio.Transport = cast(Any, receive).__self__.transport
    return transport
