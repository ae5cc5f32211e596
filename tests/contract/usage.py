# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collect the parts of Microsoft's description that the collection uses: the content of recorded exchanges and of the emulated tenant."""

from __future__ import annotations

import pathlib
import typing as t

from intune_emulator.application import ROUTES

from . import recordings
from .checker import Checker
from .contract import Contract
from .type_check import Usage


class Route(t.NamedTuple):
    """One method on one path of a version."""

    version: str
    method: str
    path: str


def list_emulated_routes() -> list[Route]:
    """Return the routes of the emulated tenant, except $batch, which Microsoft's OpenAPI does not describe."""
    routes = [Route(version, route.method, route.template) for route in ROUTES for version in route.versions]
    return [route for route in routes if route.path != "/$batch"]


def collect_usage(contracts: t.Mapping[str, Contract], files: t.Iterable[pathlib.Path], routes: t.Iterable[Route]) -> dict[str, Usage]:
    """Return the used parts of each version; raise ValueError if a version has no exchange that was compared."""
    summary = recordings.Summary(Checker(contracts))
    for path in files:
        summary.add_all(recordings.read(path))
    missing = [version for version in contracts if not summary.compared[version]]
    if missing:
        raise ValueError(f"no exchange of {' and '.join(missing)} is recorded: run `make integration` first")
    for route in routes:
        operation = contracts[route.version].find_operation(route.method, route.path)
        if operation is not None:
            operation.contract.usage.operations.add(operation.described_as)
    return {version: contract.usage for version, contract in contracts.items()}
