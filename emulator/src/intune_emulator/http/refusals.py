# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Report unsupported requests in the response, in the journal, and once per kind in the output."""

from __future__ import annotations

import re

from ..state.journal import Entry
from ..state.tenant import Tenant
from .headers import find_ignored
from .message import GraphRequest, Response
from .routing import Route

REFUSED_HEADER = "x-emulator-refused"
ISSUES = "https://github.com/endpointops/endpointops.intune/issues"
MAX_REASON = 300
ADVANCED_OPTIONS = frozenset({"$count", "$filter", "$orderby", "$search"})
INTUNE_PATHS = ("/devicemanagement", "/deviceappmanagement")
# parts of a path that differ between requests
_QUOTED = re.compile(r"'[^']*'")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=/)\d+(?=/|$)", re.IGNORECASE)


def complete_reason(reason: str, need: str) -> str:
    """Return a reason in printable ASCII, as a header requires it, with the missing support."""
    shown = "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in reason)
    if len(shown) > MAX_REASON:
        shown = f"{shown[:MAX_REASON]}..."
    return f"{shown}. {need}, or open an issue: {ISSUES}"


def tell_refusal(request: GraphRequest, route: Route | None, reason: str, response: Response) -> None:
    """Report why the emulator refuses a request."""
    text = complete_reason(reason, f"{_hint(request, route)}If Graph accepts this, add it to {find_file(request, route)}")
    response.headers[REFUSED_HEADER] = text
    request.entry["refused"] = text
    request.tenant.notices.tell(f"Refused {_kind(request, route)}: {text}")


def tell_login_refusal(tenant: Tenant, entry: Entry, reason: str, file: str) -> None:
    """Tell why the emulator refuses a request to the login service."""
    entry["refused"] = complete_reason(reason, f"If the login service accepts this, add it to {file}")
    tenant.notices.tell(f"Refused {entry['method']} {entry['path']}: {entry['refused']}")


def tell_ignored(request: GraphRequest, route: Route) -> None:
    """Report the headers of a request that the emulator does not support."""
    need = "To emulate it, change intune_emulator/http/headers.py"
    found = [complete_reason(f"header {ignored.header}: {ignored.reason}", need) for ignored in find_ignored(request)]
    if found:
        request.entry["ignored"] = found
    for text in found:
        request.tenant.notices.tell(f"Ignored in {_kind(request, route)}: {text}")


def find_file(request: GraphRequest, route: Route | None) -> str:
    """Return the file that handles a path, or the one in which its route would be."""
    if route is not None:
        # some handlers are partial functions
        return f"{getattr(route.handler, 'func', route.handler).__module__.replace('.', '/')}.py"
    service = "intune" if request.path.lower().startswith(INTUNE_PATHS) else "entra"
    return f"intune_emulator/{service}/routes.py"


def _hint(request: GraphRequest, route: Route | None) -> str:
    """Return the requirements of Graph itself for some queries of the directory.

    Source: https://learn.microsoft.com/graph/aad-advanced-queries
    """
    options = {name.lower() for name, _value in request.query}
    if route is None or route.workload != "identity" or options.isdisjoint(ADVANCED_OPTIONS):
        return ""
    return "Advanced queries, which Graph accepts only with ConsistencyLevel: eventual and $count=true, are not emulated. "


def _kind(request: GraphRequest, route: Route | None) -> str:
    path = _ID.sub("{id}", _QUOTED.sub("'{name}'", request.path)) if route is None else route.template
    return f"{request.method} /{request.version}{path}"
