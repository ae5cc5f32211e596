# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""A client of a tenant in process."""

from __future__ import annotations

from typing import Any

from intune_emulator.application import create_application
from intune_emulator.state.tenant import Tenant
from starlette.testclient import TestClient

ORIGIN = "https://127.0.0.1:8443"


class Client:
    """Send requests with a token of the tenant's own application, or with a token that has other `roles`."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.http = TestClient(create_application(tenant), base_url=ORIGIN, follow_redirects=False)
        self.token = self.control("POST", "tokens", {})["access_token"]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API and return its JSON."""
        response = self.http.request(method, f"/_emulator/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def call(self, method: str, path: str, body: Any = None, *, roles: list[str] | None = None, **headers: str) -> Any:
        """Send a request to Graph; `path` with version, keyword arguments are headers with _ for -."""
        token = self.token if roles is None else self.control("POST", "tokens", {"roles": roles})["access_token"]
        sent = {"Authorization": f"Bearer {token}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.http.request(method, path, json=body, headers=sent)

    def get(self, path: str, **headers: str) -> Any:
        """Send a GET request."""
        return self.call("GET", path, None, roles=None, **headers)

    def json(self, path: str) -> Any:
        """Return the JSON of a GET request that succeeds."""
        response = self.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    def settings(self, **changes: Any) -> None:
        """Change settings."""
        self.control("PATCH", "settings", changes)

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        self.control("POST", "clock", {"advance": seconds})

    def device(self, name: str) -> dict[str, Any]:
        """Return the first device of a name."""
        devices: list[dict[str, Any]] = self.control("GET", "devices")
        return next(device for device in devices if device["deviceName"] == name)

    def journal(self) -> list[dict[str, Any]]:
        """Return the journal."""
        entries: list[dict[str, Any]] = self.control("GET", "journal")["entries"]
        return entries
