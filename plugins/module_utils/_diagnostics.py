# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The doctor: what can be learnt of a connection, as far as its permissions go."""

from __future__ import annotations

import typing as t

from . import _errors as errors
from . import _permissions as permissions
from ._graph.client import GraphClient
from ._time import render_timestamp
from ._types import Json

TOLERABLE_SKEW = 60.0  # seconds; tokens are refused from about five minutes on


def examine(client: GraphClient) -> Json:
    """The ``connection`` return value. Raises only when there is no token, or no Graph."""
    claims = client.credential.identity()
    problems: list[str] = []
    organization = _ask(
        client, problems, "the tenant's name", lambda: next(client.list_items("/organization", {"$select": "id,displayName"}), {})
    )
    intune = _ask(
        client, problems, "the state of Intune", lambda: client.get("/deviceManagement", {"$select": "intuneAccountId,subscriptionState"})
    )
    licences = _ask(
        client, problems, "the licences", lambda: list(client.list_items("/subscribedSkus", {"$select": "capabilityStatus,servicePlans"}))
    )
    granted = permissions.granted(claims)
    report = {
        "auth_method": client.credential.method,
        "tenant_id": (organization or {}).get("id") or claims.get("tid"),
        "tenant_name": (organization or {}).get("displayName"),
        "client_id": claims.get("appid") or claims.get("azp"),
        "graph_url": client.origin,
        "roles": None if granted is None else sorted(granted),
        "permissions": _permissions(granted),
        "intune": (intune or {}).get("subscriptionState"),
        "licensed": None if licences is None else any(_has_intune(sku) for sku in licences),
        "token_expires": render_timestamp(claims.get("exp")),
        "clock_skew": None if client.clock_skew is None else round(client.clock_skew, 1),
    }
    return {**report, "problems": problems + _judge(report)}


def _ask(client: GraphClient, problems: list[str], what: str, read: t.Callable[[], t.Any]) -> t.Any:
    """What the service says, or null and a problem; a refusal of one read does not end the examination."""
    try:
        return read()
    except errors.GraphError as failure:
        problems.append(f"Could not read {what}: {failure}")
        return None


def _permissions(granted: t.Collection[str] | None) -> Json:
    found = {module: permissions.missing(module, granted) for module in permissions.MODULES}
    return {module: {"ready": not missing, "missing": missing} for module, missing in found.items()}


def _has_intune(sku: t.Mapping[str, t.Any]) -> bool:
    """An enabled licence whose service plans name Intune (INTUNE_A, INTUNE_A_D, INTUNE_EDU and others)."""
    plans = sku.get("servicePlans") or []
    return sku.get("capabilityStatus") == "Enabled" and any(
        str(plan.get("servicePlanName")).startswith("INTUNE_") and plan.get("provisioningStatus") == "Success" for plan in plans
    )


def _judge(report: Json) -> list[str]:
    problems = []
    if report["roles"] is None:
        problems.append("The token cannot be read, so that its permissions are not known.")
    elif not report["roles"]:
        problems.append(
            "The token holds no application permission: grant some to the application, and consent to them as an administrator."
        )
    if report["intune"] not in (None, "active", "warning"):
        problems.append(f"The tenant's Intune subscription is {report['intune']}.")
    if report["licensed"] is False:
        problems.append("The tenant has no enabled licence with Intune in it.")
    if abs(report["clock_skew"] or 0.0) > TOLERABLE_SKEW:
        problems.append(f"The clocks differ by {report['clock_skew']:g} seconds: set this machine's clock.")
    return problems
