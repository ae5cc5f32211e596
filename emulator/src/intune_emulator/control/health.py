# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Read the health of a tenant with the standard library only, because the command must not wait for imports."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit


class NoHealthError(Exception):
    """Nothing responds, or the response is not from an emulated tenant; the message has the reason."""


def fetch_health(url: str, ca_path: str | None, timeout_seconds: float) -> dict[str, Any]:
    """Return the health of the tenant with this control API. `ca_path` None: the CAs of the system. Ignore proxies."""
    try:
        health = json.loads(_read(url, ca_path, timeout_seconds))
    except (OSError, OverflowError, http.client.HTTPException, ValueError) as error:
        raise NoHealthError(f"{url} does not respond: {error}") from None
    if not isinstance(health, dict) or health.get("status") != "ok":
        raise NoHealthError(f"{url} is not an emulated tenant")
    return health


def _read(url: str, ca_path: str | None, timeout_seconds: float) -> bytes:
    address = urlsplit(url)
    if address.hostname is None:
        raise ValueError("it is not a URL")
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=timeout_seconds)
    if address.scheme == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(ca_path) if ca_path else context.load_default_certs()
        connection = http.client.HTTPSConnection(address.hostname, address.port, timeout=timeout_seconds, context=context)
    try:
        connection.request("GET", f"{address.path.rstrip('/')}/_emulator/health")
        response = connection.getresponse()
        if response.status >= 400:
            raise ValueError(f"status {response.status}")
        return response.read()
    finally:
        connection.close()
