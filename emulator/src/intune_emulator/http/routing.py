# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Routes of Graph: the paths of each version, the roles that they need, and the quota that they use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from .errors import GraphError, no_item_route, no_segment
from .message import GraphRequest, Response

BOTH = ("v1.0", "beta")
V1 = ("v1.0",)
BETA = ("beta",)

Handler = Callable[[GraphRequest], Response]

_KEY = re.compile(r"\('([^'=()]+)'\)")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Route:
    """`workload`: devices, configuration, auditing, exports (Intune), identity, or None for $batch. `units`: resource units."""

    versions: tuple[str, ...]
    method: str
    template: str
    handler: Handler
    roles: tuple[str, ...]
    workload: str | None
    units: int = 1

    @property
    def is_intune(self) -> bool:
        """Return whether Intune responds, not the directory."""
        return self.workload in ("devices", "configuration", "auditing", "exports")

    @property
    def is_write(self) -> bool:
        """Return whether the request counts as a write."""
        return self.method != "GET"


class RouteTable:
    """All routes. `not_emulated`: prefixes of real paths that are missing here, by version; `beta_only`: segments that v1.0 lacks.

    `no_item_routes`: beta collections whose items have no routes in the service.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        not_emulated: Mapping[str, tuple[str, ...]],
        beta_only: Sequence[str],
        no_item_routes: Sequence[str] = (),
    ) -> None:
        self._not_emulated, self._beta_only = not_emulated, beta_only
        self._no_item_routes = [f"{template}/{{item}}" for template in no_item_routes]
        self._routes: dict[tuple[str, str, int], list[Route]] = {}
        for route in routes:
            for version in route.versions:
                key = (version, route.method, route.template.count("/"))
                self._routes.setdefault(key, []).append(route)

    def match(self, request: GraphRequest) -> tuple[Route, dict[str, str]]:
        """Return (route, path parameters); raise the error of Graph for an unknown path."""
        path = _KEY.sub(r"/\1", request.path.rstrip("/"))
        for route in self._routes.get((request.version, request.method, path.count("/")), ()):
            found = _match(route.template, path)
            # `$count` is not an id
            if found and not found.groupdict().get("id", "").startswith(("$", "microsoft.graph.", "graph.")):
                return route, found.groupdict()
        raise self._error(request, path)

    def _error(self, request: GraphRequest, path: str) -> GraphError:
        if request.version == "beta" and any(_match(template, path) for template in self._no_item_routes):
            return no_item_route(request)
        if self._has_other_method(request, path):
            error = no_segment(path.rpartition("/")[2], f"{request.method} on this path")
            error.status, error.message = 405, "Specified HTTP method is not allowed for the request target."
            return error
        segments = [segment for segment in path.split("/") if segment]
        if request.version == "v1.0":
            for segment in segments:
                if segment in self._beta_only:
                    return no_segment(segment)
        for prefix, versions in self._not_emulated.items():
            if request.version in versions and path.lower().startswith(prefix.lower()):
                known = prefix.count("/")
                return no_segment(segments[min(known, len(segments)) - 1], f"{prefix} in {request.version} is not emulated")
        return no_segment(segments[0] if segments else "", "unknown path")

    def _has_other_method(self, request: GraphRequest, path: str) -> bool:
        return any(
            any(_match(route.template, path) for route in routes)
            for (version, method, depth), routes in self._routes.items()
            if version == request.version and depth == path.count("/") and method != request.method
        )


def _match(template: str, path: str) -> re.Match[str] | None:
    return _pattern(template).match(path)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Compile a template on first use: compiling all takes longer than a request."""
    text = _PLACEHOLDER.sub(lambda match: f"(?P<{match[1]}>[^/()']+)", re.sub(r"([$().])", r"\\\1", template))
    return re.compile(f"^{text}$", re.IGNORECASE)
