# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Refuse requests by which another website could use the control API through the browser of a visitor.

Programs need no token: everybody who reaches the port can use the API. Headers that scripts of a page cannot change identify a browser:
https://www.w3.org/TR/fetch-metadata/ and https://fetch.spec.whatwg.org/#origin-header
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

PAGE_PATH = "/_emulator/"
SECRETS_PATH = "/_emulator/secrets"
TOKEN = "EMULATOR_CONTROL_TOKEN"
LOCAL_NAMES = ("127.0.0.1", "localhost")
SECURITY_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Guard:
    """An ASGI application that guards the control API. `names`: its hosts beside LOCAL_NAMES; `token`: for changes by a browser."""

    def __init__(self, application: AsgiApp, names: Iterable[str], token: str) -> None:
        self._application, self._token = application, token
        self._names = list(dict.fromkeys([*(name.lower() for name in names), *LOCAL_NAMES]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it with the reason."""

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        refusal = self._check_host(headers) or _check_origin(scope, headers) or self._check_token(scope, headers)
        await (refusal or self._application)(scope, receive, send_with_headers)

    def _check_host(self, headers: Headers) -> JSONResponse | None:
        """Refuse other host names: a page of an attacker's name that resolves to this address would be of the same origin."""
        given = headers.getlist("host")
        if len(given) == 1 and _split_host(given[0]) in self._names:
            return None
        return _refuse(
            421,
            f"The control API does not respond to the host {', '.join(given) or '(none)'}, but to {', '.join(self._names)}. "
            "To add a name, start the tenant with --host-name NAME.",
        )

    def _check_token(self, scope: Scope, headers: Headers) -> JSONResponse | None:
        """Refuse changes and secrets to a browser without the token."""
        is_open = scope["method"] in ("GET", "HEAD") and scope["path"].rstrip("/") != SECRETS_PATH
        if is_open or not _is_browser(headers):
            return None
        scheme, _separator, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self._token.encode()):
            return None
        response = _refuse(
            401,
            f"A browser needs the control token for {scope['method']} {scope['path']}: the value of {TOKEN}, which `intune-emulator env` "
            "prints, as Authorization: Bearer.",
        )
        response.headers["www-authenticate"] = "Bearer"
        return response


def _check_origin(scope: Scope, headers: Headers) -> JSONResponse | None:
    """Refuse requests that another site caused, except links to the page."""
    own = f"https://{headers['host'].lower()}"
    origins, sites = headers.getlist("origin"), headers.getlist("sec-fetch-site")
    if all(origin.lower() == own for origin in origins):
        if all(site in ("same-origin", "none") for site in sites):
            return None
        is_link = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == ("navigate", "document")
        if is_link and scope["method"] == "GET" and scope["path"] == PAGE_PATH:
            return None
    sender = ", ".join(origins) or "it sent no Origin"
    return _refuse(403, f"A page of another site sent this request ({sender}). In a browser, the control API is for {own}{PAGE_PATH} only.")


def _is_browser(headers: Headers) -> bool:
    # not Sec-Fetch-Mode, because fetch() of Node.js sends it too
    return "origin" in headers or "sec-fetch-site" in headers


def _split_host(value: str) -> str | None:
    """Return the name in a Host header without the port; None if the header is not a host."""
    try:
        return urlsplit(f"//{value}").hostname
    except ValueError:
        return None


def _refuse(status: int, reason: str) -> JSONResponse:
    return JSONResponse({"error": reason}, status_code=status)
