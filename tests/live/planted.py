# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Emulate the service with a tenant that responds differently where a test needs it."""

from __future__ import annotations

import dataclasses
import json
import typing as t
import urllib.parse

from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.support.emulated import Live as EmulatedWire

from .compare import Comparison
from .guard import Guard
from .recorder import Descriptions
from .run import Run, Runner, Wanted
from .shapes import make_readers
from .sides import make_emulated, make_side

Json = dict[str, t.Any]
# (method, path without version, response) -> response
Twist = t.Callable[[str, str, Response], Response]
PHONE = "PHONE-HELPDESK-01"
DESCRIPTIONS = Descriptions(*make_readers())


class Twisted(EmulatedWire):
    """Change each response, including those in a $batch, and keep all texts of responses. ``before``: is called with each request."""

    def __init__(self, twist: Twist | None = None, before: t.Callable[[Request], None] | None = None, **settings: t.Any) -> None:
        super().__init__("demo", **settings)
        self.twist, self.before = twist, before
        self.texts: set[str] = set()

    def send(self, request: Request) -> Response:
        if self.before is not None:
            self.before(request)
        response = super().send(request)
        path = find_path(request.url)
        response = self._twist_items(request, response) if path == "/$batch" else self._twisted(request.method, path, response)
        self.texts |= set(
            list_texts(parse(response)),
        )
        return response

    def _twisted(self, method: str, path: str, response: Response) -> Response:
        return response if self.twist is None else self.twist(method, path, response)

    def _twist_items(self, request: Request, response: Response) -> Response:
        sent = {item["id"]: item for item in json.loads(request.body or b"")["requests"]}
        envelope = parse(response)
        for answer in envelope["responses"]:
            item = sent[answer["id"]]
            inner = Response(
                answer["status"], answer["headers"], json.dumps(answer["body"]).encode() if answer.get("body") is not None else b""
            )
            twisted = self._twisted(item["method"], find_path(f"/v1.0{item['url']}"), inner)
            answer |= {"status": twisted.status, "headers": dict(twisted.headers), "body": parse(twisted)}
        return dataclasses.replace(response, body=json.dumps(envelope).encode())


def find_path(url: str) -> str:
    return "/" + urllib.parse.unquote(urllib.parse.urlsplit(url).path).split("/", 2)[2]


def parse(response: Response) -> t.Any:
    return json.loads(response.body) if response.body.lstrip()[:1] in (b"{", b"[") else None


def list_texts(value: t.Any) -> t.Iterator[str]:
    """Yield all texts in a value, and the names of members."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from list_texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from list_texts(each)
    elif isinstance(value, str):
        yield value


def change_body(path: str, change: t.Callable[[Json], t.Any], method: str = "GET") -> Twist:
    """Return a twist that changes the body of successful responses of one path, or of all below it if it ends with a slash."""

    def twist(asked: str, found: str, response: Response) -> Response:
        fits = found == path or (path.endswith("/") and found.startswith(path) and found.count("/") == path.count("/"))
        if asked != method or not fits or response.status >= 300:
            return response
        body = parse(response)
        change(body)
        return dataclasses.replace(response, body=json.dumps(body).encode())

    return twist


def run(service: EmulatedWire, *, may_write: bool = True, device: str | None = PHONE, folder: str | None = None, **settings: t.Any) -> Run:
    """Compare a service with an emulated tenant that has these settings."""
    wanted = Wanted("PIN reset live test 1", may_write, device, folder)
    there = make_side(service, DESCRIPTIONS, Guard(may_write=may_write))
    return Runner(there, make_emulated(DESCRIPTIONS, **settings), wanted, None, lambda _text: None).run()


def differences(comparison: Comparison) -> set[tuple[str, str]]:
    """Return the differences by kind, with the operation and the description."""
    return {(each.kind, f"{each.where} {each.what}") for each in comparison.differences}
