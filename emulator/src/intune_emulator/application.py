# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The emulator as one ASGI application: Graph with all routes, the login service, export downloads, and the control API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from starlette.applications import Starlette

from .control import page
from .control.api import ControlApi
from .control.guard import Guard
from .control.seed_file import SeedFile
from .entra import routes as entra_routes
from .entra.login_routes import LoginService
from .entra.tokens import verify_token
from .http.app import Application, Sleep
from .http.dispatch import GraphService
from .intune import routes as intune_routes
from .intune.approval_checks import check_approval
from .reports import routes as reports_routes
from .reports.export_downloads import ExportDownloads
from .state.keys import random_text
from .state.tenant import Tenant

ROUTES = (*intune_routes.ROUTES, *reports_routes.ROUTES, *entra_routes.ROUTES)
GRAPH = GraphService(
    routes=ROUTES,
    not_emulated={**intune_routes.NOT_EMULATED, **entra_routes.NOT_EMULATED},
    beta_only=intune_routes.BETA_ONLY,
    no_item_routes=intune_routes.NO_ITEM_ROUTES,
    verify_token=verify_token,
    check_approval=check_approval,
)


def create_application(
    tenant: Tenant,
    refuse_connections: Callable[[float], None] | None = None,
    accept_connections: Callable[[], None] | None = None,
    sleep: Sleep = asyncio.sleep,
    seed_file: SeedFile | None = None,
    host_names: Iterable[str] = (),
    control_token: str | None = None,
) -> Application:
    """Return the application of a tenant.

    `refuse_connections`, `accept_connections`: close and open its port; without them it stays open. `host_names`: further host names of the
    control API beside that of the tenant's origin. `control_token`: the token that a browser needs to make changes; without one, no browser
    can.
    """
    api = ControlApi(tenant, refuse_connections, accept_connections, seed_file).application()
    names = [urlsplit(tenant.origin).hostname or "", *host_names]
    control = Guard(Starlette(routes=[*page.ROUTES, *api.routes]), names, control_token or random_text())
    return Application(tenant, GRAPH, (ExportDownloads(), LoginService()), control, refuse_connections, sleep)
