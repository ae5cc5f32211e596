# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two listeners on 127.0.0.1: the tenant, which can refuse connections for a while, and the control API, which never does."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn

HOST = "127.0.0.1"


def listen(port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one."""
    # with the protocol named: asyncio switches Nagle's delay off only then
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((HOST, port))
    sock.set_inheritable(False)
    return sock


class _Server(uvicorn.Server):
    """Signals are handled by Service."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Listener:
    """One HTTPS port that can be closed and opened again."""

    def __init__(self, app: Any, certificate: Path, key: Path, port: int) -> None:
        self._app, self._certificate, self._key = app, certificate, key
        self._socket: socket.socket | None = listen(port)
        self.port: int = self._socket.getsockname()[1]
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to serve."""
        config = uvicorn.Config(
            self._app,
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
        sock = self._socket or listen(self.port)
        self._socket = None
        self._task = asyncio.get_running_loop().create_task(self._server.serve(sockets=[sock]))

    async def started(self) -> None:
        """Wait until connections are accepted."""
        while self._server is not None and not self._server.started:
            if self._task is not None and self._task.done():
                await self._task
                raise RuntimeError("the server did not start")
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Close the port and all connections."""
        server, task = self._server, self._task
        self._server = self._task = None
        if server is None or task is None:
            return
        # at once, not at the next tick: nobody must get in any more
        for listening in getattr(server, "servers", []):
            listening.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        # answers on their way get out, then nobody is waited for
        await asyncio.sleep(0.05)
        for connection in list(server.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        server.should_exit = True
        await task

    @property
    def is_open(self) -> bool:
        """True while it serves."""
        return self._server is not None


class Service:
    """The tenant's listener and the control listener."""

    def __init__(self, tenant: Listener, control: Listener) -> None:
        self._tenant, self._control = tenant, control
        self._work: asyncio.Task[None] | None = None
        self._admitted = asyncio.Event()

    async def start(self) -> None:
        """Serve on both ports."""
        self._tenant.start()
        self._control.start()
        await self._tenant.started()
        await self._control.started()

    def refuse(self, seconds: float) -> None:
        """Close the tenant's port for some real seconds, or until `admit`."""
        if self._work is None or self._work.done():
            self._admitted.clear()
            self._work = asyncio.get_running_loop().create_task(self._refuse(seconds))

    async def _refuse(self, seconds: float) -> None:
        await self._tenant.stop()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._admitted.wait(), seconds)
        self._tenant.start()
        await self._tenant.started()

    def admit(self) -> None:
        """Open the port again."""
        self._admitted.set()

    async def stop(self) -> None:
        """Close everything."""
        self.admit()
        if self._work is not None:
            await self._work
        await asyncio.gather(self._tenant.stop(), self._control.stop())
