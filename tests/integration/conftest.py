# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import socketserver
import tempfile
import threading
import typing as t

import pytest
import requests
from intune_emulator import IntuneTenant

from .harness import Ansible, Warm


class EmulatedTenant:
    """The tests' access to the tenant: its connection, the requests that it received, and changes outside Graph."""

    def __init__(self, running: IntuneTenant) -> None:
        self.control = running.control
        self.env: dict[str, str] = dict(running.env)

    def journal(self, since: int = 0) -> list[dict[str, t.Any]]:
        return self.control.journal(since)

    def graph(self, method: str, path: str, body: dict[str, t.Any] | None = None, version: str = "v1.0") -> t.Any:
        """Make a call outside the collection, like an administrator."""
        token = self.control.token()
        answer = requests.request(
            method,
            f"{self.env['INTUNE_GRAPH_URL']}/{version}{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            verify=self.env["INTUNE_CA_PATH"],
            timeout=30,
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def principal(self, app_id: str) -> dict[str, t.Any]:
        return self.graph("GET", f"/servicePrincipals(appId='{app_id}')")

    def journal_end(self) -> int:
        return self.control.mark()


@pytest.fixture(autouse=True)
def _own_locks(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Separate this machine's records of resets from other tests, also for tasks that run in the process of the tests."""
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("locks")))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


@pytest.fixture
def tenant(intune_tenant: IntuneTenant) -> EmulatedTenant:
    """Return the emulated tenant in its initial state."""
    return EmulatedTenant(intune_tenant)


class ConnectProxy:
    """An HTTP proxy on 127.0.0.1 that forwards connections."""

    def __init__(self) -> None:
        self.connections: list[str] = []
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._serve)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _serve(self, client: socket.socket, _address: t.Any, _server: t.Any) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        host, _colon, port = head.split()[1].decode().rpartition(":")
        self.connections.append(f"{host}:{port}")
        with socket.create_connection((host, int(port))) as there:
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=self._pass_on, args=(there, client), daemon=True)
            back.start()
            self._pass_on(client, there)
            back.join()

    @staticmethod
    def _pass_on(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def connect_proxy() -> t.Iterator[ConnectProxy]:
    proxy = ConnectProxy()
    yield proxy
    proxy.close()


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Warm]:
    """Yield the process that saves playbooks the start time."""
    with Warm(tmp_path_factory.mktemp("warm")) as process:
        yield process


@pytest.fixture
def ansible(tmp_path: pathlib.Path, tenant: EmulatedTenant, warm: Warm) -> Ansible:
    """Run tasks as INTEGRATION_EXECUTION states: in the controller's process (in_process, the default), or as a module (module)."""
    return Ansible(tmp_path, tenant, os.environ.get("INTEGRATION_EXECUTION") or "in_process", warm)


@pytest.fixture(params=["in_process", "module"])
def both_executions(tmp_path: pathlib.Path, tenant: EmulatedTenant, request: pytest.FixtureRequest, warm: Warm) -> Ansible:
    """Run the test once with tasks in the controller's process, and once with tasks as modules."""
    return Ansible(tmp_path, tenant, request.param, warm)


@pytest.fixture(params=["in_process", pytest.param("module", marks=pytest.mark.exhaustive)])
def each_execution(tmp_path: pathlib.Path, tenant: EmulatedTenant, request: pytest.FixtureRequest, warm: Warm) -> Ansible:
    """Run the test like both_executions, but as modules only in `make test-all`: for results that hardly depend on the execution."""
    return Ansible(tmp_path, tenant, request.param, warm)
