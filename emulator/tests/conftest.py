# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant in process (no socket, frozen clock), and one as a process (real HTTPS)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from intune_emulator.control.control import Control
from intune_emulator.control.process import EmulatorProcess
from intune_emulator.control.tenant import Keys, Tenant
from intune_emulator.http.app import Application
from starlette.testclient import TestClient

ORIGIN = "https://127.0.0.1:8443"


class Client:
    """Requests with a token of the tenant's own application; `roles` makes one with other roles."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.http = TestClient(Application(tenant, Control(tenant).application()), base_url=ORIGIN, follow_redirects=False)
        self.token = self.control("POST", "tokens", {})["access_token"]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = self.http.request(method, f"/_emulator/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def call(self, method: str, path: str, body: Any = None, *, roles: list[str] | None = None, **headers: str) -> Any:
        """`path` with version; keyword arguments are headers with _ for -."""
        token = self.token if roles is None else self.control("POST", "tokens", {"roles": roles})["access_token"]
        sent = {"Authorization": f"Bearer {token}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.http.request(method, path, json=body, headers=sent)

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def json(self, path: str) -> Any:
        response = self.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    def settings(self, **changes: Any) -> None:
        self.control("PATCH", "settings", changes)

    def advance(self, seconds: float) -> None:
        self.control("POST", "clock", {"advance": seconds})

    def device(self, name: str) -> dict[str, Any]:
        return next(device for device in self.control("GET", "devices") if device["deviceName"] == name)

    def journal(self) -> list[dict[str, Any]]:
        return self.control("GET", "journal")["entries"]


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys()


@pytest.fixture
def make_client(keys: Keys) -> Any:
    def make(seed: str = "demo") -> Client:
        tenant = Tenant(ORIGIN, seed, keys)
        tenant.clock.freeze(True)
        return Client(tenant)

    return make


@pytest.fixture
def client(make_client: Any) -> Client:
    return make_client("demo")


@pytest.fixture(scope="session")
def running() -> Iterator[EmulatorProcess]:
    with EmulatorProcess("demo") as emulator:
        yield emulator


@pytest.fixture
def emulator(running: EmulatorProcess) -> EmulatorProcess:
    """The process, reset to the demo seed."""
    running.control.reset("demo")
    return running


@pytest.fixture
def session(emulator: EmulatorProcess) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = emulator.env["INTUNE_CA_PATH"]
        yield session
