# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Two listeners: one for the tenant, which can refuse connections for a while, and one for the control API, which never does."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn

LOOPBACK = "127.0.0.1"
START_POLL_SECONDS = 0.005
# to finish responses before aborting connections
GRACE_SECONDS = 0.05


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an IPv4 address or host name; port 0 takes a free one."""
    # with an explicit protocol, because asyncio only then disables Nagle's delay
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.set_inheritable(False)
    except OSError:
        sock.close()
        raise
    return sock


class _Server(uvicorn.Server):
    """A server that leaves signals to its caller."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Listener:
    """One HTTPS port that can be closed and opened again."""

    def __init__(self, sock: socket.socket, certificate: Path, key: Path) -> None:
        self._certificate, self._key = certificate, key
        self._socket: socket.socket | None = sock
        self._host, self.port = sock.getsockname()
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, app: Any) -> None:
        """Begin to serve an ASGI application."""
        config = uvicorn.Config(
            app,
            # explicit, so that uvicorn searches for and imports nothing else
            http="httptools",
            ws="none",
            loop="none",
            interface="asgi3",
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            date_header=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
            backlog=2048,
            ssl_certfile=str(self._certificate),
            ssl_keyfile=str(self._key),
        )
        self._server = _Server(config)
        sock = self._socket or bind(self._host, self.port)
        self._socket = None
        self._task = asyncio.get_running_loop().create_task(self._server.serve(sockets=[sock]))

    async def started(self) -> None:
        """Wait until connections are accepted."""
        while self._server is not None and not self._server.started:
            if self._task is not None and self._task.done():
                await self._task
                raise RuntimeError("the server did not start")
            await asyncio.sleep(START_POLL_SECONDS)

    async def stop(self) -> None:
        """Close the port and all connections."""
        server, task = self._server, self._task
        self._server = self._task = None
        if server is None or task is None:
            return
        # now, not with the next tick of the server, so that no further connection is accepted
        for listening in getattr(server, "servers", []):
            listening.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(GRACE_SECONDS)
        for connection in list(server.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        server.should_exit = True
        await task


class Listeners:
    """The tenant's listener and the control listener."""

    def __init__(self, tenant: Listener, control: Listener) -> None:
        self._tenant, self._control = tenant, control
        self._app: Any = None
        self._refusal: asyncio.Task[None] | None = None
        self._accepting = asyncio.Event()

    async def start(self, app: Any) -> None:
        """Serve an ASGI application on both ports."""
        self._app = app
        self._tenant.start(app)
        self._control.start(app)
        await self._tenant.started()
        await self._control.started()

    def refuse_connections(self, seconds: float) -> None:
        """Close the tenant's port for some real seconds, or until `accept_connections`."""
        if self._refusal is None or self._refusal.done():
            self._accepting.clear()
            self._refusal = asyncio.get_running_loop().create_task(self._refuse(seconds))

    async def _refuse(self, seconds: float) -> None:
        await self._tenant.stop()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._accepting.wait(), seconds)
        self._tenant.start(self._app)
        await self._tenant.started()

    def accept_connections(self) -> None:
        """Open the port again."""
        self._accepting.set()

    async def stop(self) -> None:
        """Close everything."""
        self.accept_connections()
        if self._refusal is not None:
            await self._refusal
        await asyncio.gather(self._tenant.stop(), self._control.stop())
