# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Diagnose a connection: identity, tenant, permissions, licenses, and clock, as far as its permissions allow."""

from __future__ import annotations

import typing as t

from . import _errors as errors
from . import _json as shapes
from . import _permissions as permissions
from ._application.expiry import DEFAULT_WARNING_DAYS, CredentialResult
from ._application.own import read_expiry, render_own_request
from ._graph.client import GraphClient
from ._http.message import Request
from ._time import render_timestamp
from ._types import Json

# These values only inform and decide nothing, so a value of another type counts as unknown.
TEXT = shapes.lenient(shapes.text)
MOMENT = shapes.lenient(shapes.moment)
ORGANIZATION = shapes.object_of({"id": TEXT, "displayName": TEXT})
INTUNE = shapes.object_of({"subscriptionState": TEXT})
PLAN = shapes.object_of({"servicePlanName": TEXT, "provisioningStatus": TEXT})
LICENSE = shapes.object_of({"capabilityStatus": TEXT, "servicePlans": shapes.lenient(shapes.list_of(PLAN))})
# Paths, and their queries.
ORGANIZATION_READ = ("/organization", {"$select": "id,displayName"})
INTUNE_READ = ("/deviceManagement", {"$select": "intuneAccountId,subscriptionState"})
LICENSES_READ = ("/subscribedSkus", {"$select": "capabilityStatus,servicePlans"})
TOLERABLE_SKEW = 60.0  # seconds; tokens are refused from a difference of about five minutes

Read = t.TypeVar("Read")


class PermissionsResult(t.TypedDict):
    """Whether the token is sufficient for a module, and the least missing permissions, also for check mode."""

    ready: bool
    missing: list[str]
    missing_in_check_mode: list[str]


class ConnectionResult(t.TypedDict):
    """The ``connection`` return value."""

    auth_method: str
    tenant_id: str | None
    tenant_name: str | None
    client_id: str | None
    graph_url: str
    roles: list[str] | None
    permissions: dict[str, PermissionsResult]
    intune: str | None
    licensed: bool | None
    token_expires: str | None
    certificate_thumbprint: str | None
    credential: CredentialResult
    clock_skew: float | None
    problems: list[str]


def fetch_connection(client: GraphClient, warning_days: int = DEFAULT_WARNING_DAYS) -> ConnectionResult:
    """Return the ``connection`` return value. Raise only if there is no token, or no response from Graph.

    ``warning_days``: the credential ends soon if no more days than these are left.
    """
    claims = client.credential.identity()
    reader = _Reader(client)
    client.read_ahead(_render_requests(client))
    # Read something in any case, to show that Graph is reachable and accepts the token.
    is_alone = all(permissions.is_refused(claims, row) for row in (permissions.READ_CONFIGURATION, permissions.READ_LICENSES))
    organization = reader.read("tenant's name", permissions.READ_ORGANIZATION, _fetch_organization, is_needed=is_alone)
    intune = reader.read("state of Intune", permissions.READ_CONFIGURATION, _fetch_intune)
    licenses = reader.read("licenses", permissions.READ_LICENSES, _fetch_licenses)
    expiry = read_expiry(client, warning_days)
    granted = permissions.parse_granted(claims)
    result: ConnectionResult = {
        "auth_method": client.credential.method,
        "tenant_id": (organization or {}).get("id") or claims.get("tid"),
        "tenant_name": (organization or {}).get("displayName"),
        "client_id": claims.get("appid") or claims.get("azp"),
        "graph_url": client.origin,
        "roles": None if granted is None else sorted(granted),
        "permissions": _describe_permissions(granted),
        "intune": (intune or {}).get("subscriptionState"),
        "licensed": None if licenses is None else any(_has_intune(sku) for sku in licenses),
        "token_expires": render_timestamp(MOMENT(claims.get("exp"), "exp")),
        "certificate_thumbprint": client.credential.lifetime().thumbprint,
        "credential": expiry.result,
        "clock_skew": None if client.clock_skew is None else round(client.clock_skew, 1),
        "problems": [],
    }
    problems = [*reader.list_problems(), *([expiry.problem] if expiry.problem else [])]
    if permissions.is_person_of_azure_cli(claims):
        problems.append(permissions.PERSON_OF_AZURE_CLI)
    return {**result, "problems": problems + find_problems(result)}


def _render_requests(client: GraphClient) -> list[Request]:
    """Return the reads that are not certainly refused. They are sent together."""
    claims, own = client.credential.identity(), render_own_request(client)
    reads = (
        (permissions.READ_ORGANIZATION, ORGANIZATION_READ),
        (permissions.READ_CONFIGURATION, INTUNE_READ),
        (permissions.READ_LICENSES, LICENSES_READ),
    )
    found = [client.request("GET", *read) for row, read in reads if not permissions.is_refused(claims, row)]
    return found if own is None else [*found, own]


class _Reader:
    """A reader that skips reads that are certainly refused, unless they are needed."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client
        self._problems: list[str] = []
        self._unasked: list[str] = []

    def read(self, what: str, needed: t.Collection[str], fetch: t.Callable[[GraphClient], Read], *, is_needed: bool = False) -> Read | None:
        """Return the response to a read, or None, with a problem, if the token's permissions or the service refuse it."""
        is_refused = permissions.is_refused(self._client.credential.identity(), needed)
        if is_refused:
            self._unasked.append(what)
        if is_refused and not is_needed:
            return None
        try:
            return fetch(self._client)
        except (errors.GraphError, errors.UnexpectedResponseError) as failure:
            if not (is_refused and isinstance(failure, errors.ForbiddenError)):
                self._problems.append(f"Could not read the {what}: {failure}")
            return None

    def list_problems(self) -> list[str]:
        """Return the failed reads, and in one line all reads that the token's permissions do not allow."""
        return [*([f"Not permitted to read: {', '.join(self._unasked)}."] if self._unasked else []), *self._problems]


def _fetch_organization(client: GraphClient) -> Json:
    return next(client.list_items(*ORGANIZATION_READ, item=ORGANIZATION), {})


def _fetch_intune(client: GraphClient) -> Json:
    return client.get(*INTUNE_READ, shape=INTUNE)


def _fetch_licenses(client: GraphClient) -> list[Json]:
    return list(client.list_items(*LICENSES_READ, item=LICENSE))


def _describe_permissions(granted: t.Collection[str] | None) -> dict[str, PermissionsResult]:
    found: dict[str, PermissionsResult] = {}
    for module in permissions.MODULES:
        missing, in_check_mode = (permissions.list_missing(module, granted, check=check) for check in (False, True))
        found[module] = {"ready": not missing, "missing": missing, "missing_in_check_mode": in_check_mode}
    return found


def _has_intune(sku: t.Mapping[str, t.Any]) -> bool:
    """Return whether this is an enabled license whose service plans name Intune (INTUNE_A, INTUNE_A_D, INTUNE_EDU, and others)."""
    plans = sku.get("servicePlans") or []
    return sku.get("capabilityStatus") == "Enabled" and any(
        str(plan.get("servicePlanName")).startswith("INTUNE_") and plan.get("provisioningStatus") == "Success" for plan in plans
    )


def find_problems(result: ConnectionResult) -> list[str]:
    """Return sentences about problems that the values of a result show."""
    problems = []
    if result["roles"] is None:
        problems.append("The token cannot be read, so its permissions are not known. A request that they do not allow fails with a hint.")
    elif not result["roles"]:
        problems.append(
            "The token holds no application permission: grant some to the application, and consent to them as an administrator."
        )
    if result["intune"] not in (None, "active", "warning"):
        problems.append(f"The tenant's Intune subscription is {result['intune']}. Check its licenses in the Microsoft 365 admin center.")
    if result["licensed"] is False:
        problems.append("The tenant has no enabled license with Intune in it. Check its licenses in the Microsoft 365 admin center.")
    if abs(result["clock_skew"] or 0.0) > TOLERABLE_SKEW:
        problems.append(f"The clocks differ by {result['clock_skew']:g} seconds: set this machine's clock.")
    return problems
