# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The calls for the probe. Only the beta version of Microsoft Graph has remediations."""

from __future__ import annotations

import contextlib
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .._graph.client import BETA, GraphClient
from .._graph.odata import render_path
from .._http.message import Request
from .._names import show
from .model import LISTED, SCHEDULED, SCRIPT_PACKAGE, Found, Probe, parse_found, parse_listed, render_probe
from .plan import MOST_PACKAGES, Change, ProbePlan, plan

LICENSE = "/deviceManagement/dataProcessorServiceForWindowsFeaturesOnboarding"
CREATED = shapes.object_of({"id": shapes.identity})
CONFIRMATION = shapes.object_of({"hasValidWindowsLicense": shapes.optional(shapes.boolean)})
PATH = "/deviceManagement/deviceHealthScripts"
EXPAND = {"$expand": "assignments"}


def fetch_probes(client: GraphClient) -> list[Found]:
    """Return the tenant's remediations without scripts and assignments, which the list does not show. Leave out Microsoft's own.

    They are filtered here, because the service does not filter them reliably.
    """
    return [parse_listed(raw) for raw in client.list_items(PATH, version=BETA, item=LISTED) if not raw.get("isGlobalScript")]


def render_list_request(client: GraphClient) -> Request:
    """Return the request of the first page of ``fetch_probes``."""
    return client.request("GET", PATH, version=BETA)


def find_probe(client: GraphClient, name: str) -> Found | None:
    """Return the remediation with exactly this name, its script, and its assignments; raise SelectionError if several have the name."""
    return choose_probe(client, fetch_probes(client), name)


def choose_probe(client: GraphClient, listed: list[Found], name: str) -> Found | None:
    """Return the remediation of the list with exactly this name, and read its script and assignments."""
    found = choose_listed(listed, name)
    return fetch_probe(client, found.id) if found else None


def choose_listed(listed: list[Found], name: str) -> Found | None:
    """Return the remediation of the list with exactly this name, as the list shows it."""
    found = [probe for probe in listed if probe.name == name]
    if len(found) > 1:
        ids = ", ".join(sorted(probe.id for probe in found))
        raise errors.SelectionError(
            f"Several remediations are named '{show(name)}': {ids}.",
            hint="Delete or rename all but one in the Intune admin center, or choose another name.",
            effects="none",
        )
    return found[0] if found else None


def render_probe_request(client: GraphClient, identity: str) -> Request:
    """Return the request of ``fetch_probe``."""
    return client.request("GET", PATH + render_path(identity), EXPAND, version=BETA)


def fetch_probe(client: GraphClient, identity: str) -> Found | None:
    """Return the remediation with an ID, including its script and assignments, or None if there is none."""
    path = PATH + render_path(identity)
    raw = client.find(path, EXPAND, version=BETA, shape=SCRIPT_PACKAGE)
    if raw is not None and raw.get("assignments@odata.nextLink"):
        # $expand shows only the first of many assignments.
        raw = {**raw, "assignments": list(client.list_items(f"{path}/assignments", version=BETA, item=SCHEDULED))}
    return None if raw is None else parse_found(raw)


def render_license_request(client: GraphClient) -> Request:
    """Return the request of ``is_license_confirmed``."""
    return client.request("GET", LICENSE, version=BETA)


def is_license_confirmed(client: GraphClient) -> bool | None:
    """Return whether an administrator confirmed the Windows licenses that remediations need, or None if that cannot be read.

    Source: Graph dataProcessorServiceForWindowsFeaturesOnboarding. Microsoft does not document that remediations depend on it.
    """
    try:
        return client.get(LICENSE, version=BETA, shape=CONFIRMATION).get("hasValidWindowsLicense")
    except (errors.GraphError, errors.LostResponseError, errors.UnexpectedResponseError):
        return None


# --- writing --------------------------------------------------------------------------------------------------------


def apply(client: GraphClient, planned: ProbePlan) -> str | None:
    """Write the changes in order and return the ID of the probe. An error reports the changes that were made before it."""
    current, desired = planned.current, planned.desired
    identity = current.id if current else None
    if "delete" in planned.changes:
        client.delete(PATH + render_path(identity or ""), version=BETA)
    if desired is None:
        return identity
    if "create" in planned.changes:
        identity = _create(client, desired, planned.packages)
    if "update" in planned.changes and current is not None:
        _update(client, desired, current)
    if "assign" in planned.changes:
        with report_partial(planned.changes[:-1]):
            _assign(client, identity or "", desired)
    return identity


def _create(client: GraphClient, desired: Probe, packages: int) -> str:
    """Create the probe without assignments, and return its ID."""
    try:
        return str(client.post(PATH, render_probe(desired, None), version=BETA, shape=CREATED)["id"])
    except errors.ApprovalPendingError:
        raise
    except errors.IntuneError as failure:
        advice: list[str] = []
        if failure.effects == "unknown":
            advice.append("The probe may have been made. Run again: a remediation of that name is found and finished, not made twice.")
        if packages >= MOST_PACKAGES and isinstance(failure, errors.GraphError):
            advice.append(f"The tenant has {packages} remediations, and Intune takes {MOST_PACKAGES}: delete those that nobody needs.")
        if not advice:
            raise
        raise failure.with_more_advice(" ".join(advice)) from failure


def _update(client: GraphClient, desired: Probe, current: Found) -> None:
    try:
        client.patch(PATH + render_path(current.id), render_probe(desired, current), version=BETA)
    except errors.NotFoundError as failure:
        raise failure.with_more_advice("The remediation was deleted meanwhile. Run again to make a new one.") from failure


def _assign(client: GraphClient, identity: str, desired: Probe) -> None:
    """Replace all assignments."""
    body = {"deviceHealthScriptAssignments": [target.render() for target in desired.targets]}
    try:
        client.post(f"{PATH}{render_path(identity)}/assign", body, version=BETA, idempotent=True)
    except errors.ApprovalPendingError:
        raise
    except errors.IntuneError as failure:
        raise failure.with_more_advice(f"The probe {identity} exists, but its assignments were not set. Run again to finish.") from failure


@contextlib.contextmanager
def report_partial(changes: t.Collection[Change]) -> t.Iterator[None]:
    """Add to errors of the block that these changes were made before it; without changes, leave the errors unchanged."""
    try:
        yield
    except errors.IntuneError as failure:
        if not changes:
            raise
        raise failure.with_effects("partial") from failure


def wait_until_shown(client: GraphClient, identity: str | None, desired: Probe | None, *, timeout: float) -> Found | None:
    """Read the probe until Intune shows the desired state, and return it, or None for a deleted probe."""
    what = f"Intune to show the probe '{desired.name if desired else identity}' as it was written"
    found = client.wait_until(
        lambda: fetch_probe(client, identity or ""), lambda found: not plan(found, desired), timeout=timeout, what=what
    )
    return t.cast("Found | None", found)
