# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Check whether a test shows its claims about the service.

A test claims by `@pytest.mark.parity(kind, area, claim, source=…, settings=…, calls=…)`. Claims become a page of the documentation, so a
test must make each call that it names, set each setting to another value than the default, and, for a refusal, see one of the emulator.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from intune_emulator.entra import login_routes
from intune_emulator.http.dispatch import GraphService
from intune_emulator.http.message import GraphRequest, Response
from intune_emulator.http.routing import Route, RouteTable
from intune_emulator.state.settings import Settings


class Witness:
    """Record the actions of a test: successful calls, changed settings, and whether the emulator refused something."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: set[str] = set()
        self.settings: set[str] = set()
        self.has_refusal = False
        self._routes: dict[int, Route] = {}
        real_match, real_handle, real_patch = RouteTable.match, GraphService.handle, Settings.patch
        real_login = login_routes.LoginService.handle

        def match(table: RouteTable, request: GraphRequest) -> tuple[Route, dict[str, str]]:
            route, parameters = real_match(table, request)
            self._routes[id(request)] = route
            return route, parameters

        def handle(service: GraphService, request: GraphRequest) -> Response:
            response = real_handle(service, request)
            self._see(self._routes.pop(id(request), None), response.status)
            self.has_refusal = self.has_refusal or bool(request.entry["refused"])
            return response

        def patch(settings: Settings, changes: dict[str, object]) -> None:
            real_patch(settings, changes)
            defaults = Settings().as_dict()
            self.settings |= {name for name in changes if settings.as_dict()[name] != defaults[name]}

        def login(service: login_routes.LoginService, *arguments: Any) -> Response:
            response = real_login(service, *arguments)
            self.has_refusal = self.has_refusal or response.status >= 400
            return response

        monkeypatch.setattr(RouteTable, "match", match)
        monkeypatch.setattr(GraphService, "handle", handle)
        monkeypatch.setattr(Settings, "patch", patch)
        monkeypatch.setattr(login_routes.LoginService, "handle", login)

    def _see(self, route: Route | None, status: int) -> None:
        if route is not None and status < 400:
            self.calls.add(f"{route.method} {route.template}")

    def missing(self, kind: str, calls: Iterable[str], settings: Iterable[str]) -> list[str]:
        """Return the parts of a claim that the test did not show."""
        refusal = ["a refusal of the emulator"] if kind == "refused" and not self.has_refusal else []
        return [*sorted(set(calls) - self.calls), *sorted(set(settings) - self.settings), *refusal]


def find_gaps(witness: Witness, markers: Iterable[pytest.Mark]) -> list[str]:
    """Return a line for each claim that is not shown."""
    gaps = []
    for marker in markers:
        kind, _area, claim = marker.args
        missing = witness.missing(kind, marker.kwargs.get("calls", ()), marker.kwargs.get("settings", ()))
        if missing:
            gaps.append(f"{claim} The test does not show: {', '.join(missing)}.")
    return gaps
