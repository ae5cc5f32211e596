# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The page at /_emulator/, which shows the tenant to a person. Its script reads GET /_emulator/overview."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

FOLDER = Path(__file__).with_name("static")
FILES = {
    "/_emulator/": ("page.html", "text/html"),
    "/_emulator/page.css": ("page.css", "text/css"),
    "/_emulator/page.js": ("page.js", "text/javascript"),
    "/_emulator/tables.js": ("tables.js", "text/javascript"),
}


def _serve_file(request: Request) -> Response:
    name, media_type = FILES[request.url.path]
    return Response(_read(name), media_type=media_type)


@cache
def _read(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


ROUTES = (
    *(Route(path, _serve_file, methods=["GET"]) for path in FILES),
    Route("/_emulator", lambda _request: RedirectResponse("/_emulator/", 308), methods=["GET"]),
)
