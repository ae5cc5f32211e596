# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Read a tenant for its report: the verdict, all managed devices page by page, and the outcomes of resets that the task provides."""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .. import _permissions as permissions
from .._devices import lookup
from .._devices.eligibility import evaluate
from .._devices.result import describe
from .._graph.client import GraphClient
from .._hello import api
from .._hello.check_in import SEVERITY, Status
from .._readiness.collect import Question, collect
from .._readiness.model import Evidence
from .._readiness.unread import explain
from .._readiness.verdict import judge
from .._time import render_timestamp
from .._types import Json
from . import changes, files
from .counts import DeviceCounts
from .page import render_page
from .report import Context, Known, build
from .resets import Outcomes
from .table import DeviceTable

ORGANIZATION = shapes.object_of({"displayName": shapes.lenient(shapes.text)})
UNREADABLE = (errors.GraphError, errors.LostResponseError, errors.UnexpectedResponseError)


@dataclasses.dataclass(frozen=True)
class Request:
    """A report that a task requests. ``results`` and ``summary`` are those of tasks, or None if they were not given."""

    question: Question
    collection: str
    platforms: t.Sequence[str]
    ownerships: t.Sequence[str]
    results: t.Sequence[t.Any] | None = None
    summary: t.Mapping[str, t.Any] | None = None
    journals: t.Sequence[str] = ()
    compare_with: str | None = None


@dataclasses.dataclass(frozen=True)
class Composed:
    """A report, its verdict, and the content of its files by kind."""

    report: Json
    readiness: Json
    contents: t.Mapping[str, bytes]


def compose(client: GraphClient, request: Request) -> Composed:
    """Return the report. Read the files in the options first, so that nothing is sent if one cannot be used."""
    earlier = files.read_earlier(request.compare_with) if request.compare_with else None
    outcomes = _read_given(request)
    tenant_id = api.fetch_tenant_id(client, request.question.tenant_id)
    if request.compare_with:
        changes.validate_earlier(earlier, request.compare_with, tenant_id)
    for path in request.journals:
        outcomes.add_journal(path, files.read_journal(path, tenant_id, client.origin))
    context = _make_context(client, request, tenant_id)
    evidence = collect(client, request.question)
    readiness: Json = dict(judge(evidence, request.question.terms))
    counts, table = DeviceCounts(), DeviceTable()
    devices = _read_devices(client, request, counts, table, outcomes, evidence)
    resets = outcomes.describe(None if devices["total"] is None else counts.has)
    report = build(context, readiness, devices, resets, earlier, _list_known(evidence))
    contents = {"csv": table.render(), "json": files.render_json(report), "html": render_page(report)}
    return Composed(report, readiness, contents)


def _read_given(request: Request) -> Outcomes:
    outcomes = Outcomes()
    if request.results is not None:
        outcomes.add_results(request.results)
    if request.summary is not None:
        outcomes.add_summary(request.summary)
    return outcomes


def _make_context(client: GraphClient, request: Request, tenant_id: str) -> Context:
    """Return the context of the read. The name of the tenant only informs, and is omitted if it cannot be read."""
    try:
        found = next(client.list_items("/organization", {"$select": "id,displayName"}, item=ORGANIZATION), {})
    except UNREADABLE:
        found = {}
    claims = client.credential.identity()
    granted = permissions.parse_granted(claims)
    return Context(
        # After a response, which shows the service's clock.
        generated=render_timestamp(client.service_now()) or "",
        collection=request.collection,
        graph_url=client.origin,
        tenant_id=tenant_id,
        tenant_name=found.get("displayName"),
        client_id=_text(claims.get("appid")) or _text(claims.get("azp")),
        client_name=_text(claims.get("app_displayname")),
        permissions=None if granted is None else tuple(sorted(granted)),
    )


def _text(value: t.Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _list_known(evidence: Evidence) -> Known:
    deleted = {group: f"{group} (deleted)" for group in evidence.missing_groups or ()}
    paths = {policy.id: [(str(item.get("omaUri")), item.get("value")) for item in policy.oma] for policy in evidence.policies if policy.oma}
    return Known(tuple(evidence.unread), {**evidence.group_names, **deleted}, paths)


def _read_devices(
    client: GraphClient, request: Request, counts: DeviceCounts, table: DeviceTable, outcomes: Outcomes, evidence: Evidence
) -> Json:
    """Count all devices and add each to the table. Return the counts, or the problem if the list cannot be read completely."""
    statuses = _list_statuses(evidence)
    proofs = evidence.probe.by_device if evidence.probe else {}
    try:
        for found in lookup.fetch_all_devices(client):
            device = describe(found, evaluate(found, request.platforms, request.ownerships))
            if counts.add(device):
                identity = found.id.lower()
                table.add(device, statuses.get(identity), outcomes.find(found.id), proofs.get(identity))
    except UNREADABLE as failure:
        table.clear()
        return {"total": None, "problem": explain(client, "the managed devices", failure).problem}
    return counts.describe()


def _list_statuses(evidence: Evidence) -> dict[str, str]:
    """Return the worst policy status on a device, by its ID in lower case, if Intune lists devices."""
    told: list[tuple[str, Status]] = [pair for listed in evidence.device_statuses.values() for pair in listed.items()]
    for status in evidence.statuses.values():
        told += [(str(device["device_id"]).lower(), device["status"]) for device in status["devices"] or ()]
    found: dict[str, str] = {}
    for identity, word in sorted(told, key=lambda pair: SEVERITY.index(pair[1])):
        found.setdefault(identity, word)
    return found
