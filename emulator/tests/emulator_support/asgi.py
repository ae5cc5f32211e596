# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Requests to the application without a socket."""

from __future__ import annotations

import json
from typing import Any

from intune_emulator.application import create_application
from intune_emulator.http.app import Sleep

from .client import Client


class AsgiCaller:
    """Call the application of a tenant without a socket, with its own sleep."""

    def __init__(self, client: Client, sleep: Sleep) -> None:
        self._token = client.token
        self._application = create_application(client.tenant, sleep=sleep)

    async def send(self, method: str, path: str, body: Any = None) -> int:
        """Send a request and return the status of the response."""
        statuses: list[int] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": json.dumps(body).encode() if body is not None else b"", "more_body": False}

        async def answer(message: Any) -> None:
            if "status" in message:
                statuses.append(message["status"])

        headers = [(b"authorization", f"Bearer {self._token}".encode()), (b"content-type", b"application/json")]
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
        await self._application(scope, receive, answer)
        return statuses[0]
