# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Export of a report: a job, its completion, and the address of the result. export_downloads.py serves the result.

Source: https://learn.microsoft.com/intune/intune-service/fundamentals/reports-export-graph-apis
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from ..http.enumerations import find_member
from ..http.errors import bad_request, intune_error, not_emulated
from ..http.message import GraphRequest, Response
from ..http.odata import QueryOptions, check_select, read_options
from ..http.paging import collection, page
from ..intune import policy_states
from ..intune.oma_settings import unknown_property
from ..state.clock import iso, iso_fractional
from ..state.device_properties import NEVER
from ..state.export_jobs import ExportJob
from ..state.tenant import Tenant
from .exported_reports import REPORTS, ExportedReport

PATH = "deviceManagement/reports/exportJobs"
TYPE = "deviceManagementExportJob"
NAMES = (
    "id",
    "reportName",
    "filter",
    "select",
    "format",
    "snapshotId",
    "localizationType",
    "status",
    "url",
    "requestDateTime",
    "expirationDateTime",
)
SENT = ("reportName", "filter", "select", "format", "snapshotId", "localizationType")
ADDITIONAL_COLUMN, REPLACE = LOCALIZATION = ("localizedValuesAsAdditionalColumn", "replaceLocalizableValues")
LIST_OPTIONS = frozenset({"$top", "$skiptoken", "$select"})
# As in a documented example, about six hours.
LIFETIME = timedelta(hours=6)
_FILTER = re.compile(r"\(PolicyId eq '([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})'\)")


def read_job(job: ExportJob, tenant: Tenant) -> None:
    """Count a read of a job: the first reads see it in progress."""
    if job.status in ("completed", "failed"):
        job.completed_reads += 1
        return
    settings, now = tenant.settings, tenant.clock.now()
    job.reads += 1
    if job.reads <= settings.export_reads or now < job.requested + timedelta(seconds=settings.export_delay):
        job.status = "inProgress"
        return
    job.status = settings.export_outcome
    if job.status == "completed":
        job.expires = now + LIFETIME
        job.content = _zip(job, tenant)


def result_url(job: ExportJob, tenant: Tenant) -> str | None:
    """Return the address of the result. Observed: a completed job can lack one at first."""
    if job.expires is None or job.completed_reads < tenant.settings.export_url_reads:
        return None
    expires = quote(iso(job.expires), safe="")
    return f"{tenant.origin}/exports/{job.id}.zip?sv=2019-02-02&sr=b&se={expires}&sp=r&sig={quote(job.signature, safe='')}"


def _properties(job: ExportJob, tenant: Tenant) -> dict[str, Any]:
    return {
        "id": job.id,
        **{name: job.sent[name] for name in SENT},
        "status": job.status,
        "url": result_url(job, tenant),
        "requestDateTime": iso_fractional(job.requested),
        "expirationDateTime": iso_fractional(job.expires) if job.expires else NEVER,
    }


def create(request: GraphRequest) -> Response:
    """Create a job, without making the report yet."""
    sent = _checked(request)
    found = _FILTER.fullmatch(str(sent["filter"]))
    if found is None:
        text = f"filter of {sent['reportName']} other than (PolicyId eq '<guid>')"
        raise not_emulated(f"The filter '{sent['filter']}' is not valid.", text)
    tenant = request.tenant
    job = ExportJob(f"{sent['reportName']}_{tenant.new_id()}", sent, found[1].lower(), tenant.clock.now())
    tenant.export_jobs[job.id.lower()] = job
    tenant.secrets |= {job.signature, quote(job.signature, safe="")}
    return _entity(request, job, QueryOptions(), 201)


def _checked(request: GraphRequest) -> dict[str, Any]:
    """Return the properties in stored form; raise GraphError for a wrong body."""
    body = request.body
    if not isinstance(body, dict):
        raise bad_request("Empty Payload. JSON content expected.", "ModelValidationFailure")
    for name in body:
        if "@" not in name and name not in NAMES:
            raise unknown_property(name, TYPE)
        if name in NAMES and name not in SENT:
            raise not_emulated(f"Property '{name}' is not supported.", f"property {name} of an export job that is made")
    report = REPORTS.get(str(body.get("reportName")))
    if report is None:
        raise not_emulated(f"The report '{body.get('reportName')}' is not valid.", f"report {body.get('reportName')}")
    if body.get("snapshotId"):
        raise not_emulated("Property 'snapshotId' is not supported.", "snapshotId")
    return {
        "reportName": report.name,
        "filter": body.get("filter"),
        "select": _select(request, report, body.get("select")),
        "format": _format(body.get("format", "csv")),
        "snapshotId": body.get("snapshotId"),
        "localizationType": _enum_member("localizationType", body.get("localizationType", ADDITIONAL_COLUMN), LOCALIZATION),
    }


def _enum_member(name: str, value: Any, known: tuple[str, ...]) -> str:
    member = find_member(value, known)
    if member is None:
        raise bad_request(f"Cannot convert the literal '{value}' to the expected type of property '{name}'.")
    return member


def _format(value: Any) -> str:
    if find_member(value, ("pdf",)):
        raise not_emulated("The format 'pdf' is not supported.", "export as pdf")
    return _enum_member("format", value, ("csv", "json"))


def _select(request: GraphRequest, report: ExportedReport, value: Any) -> list[str]:
    if value is None:
        return []
    if request.tenant.settings.export_select == "refuse":
        raise intune_error(400, "BadRequest", f"Select is not valid for the report '{report.name}'.")
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise bad_request("Cannot convert the value of property 'select' to the expected type 'Collection(Edm.String)'.")
    for name in value:
        if name in report.other_columns:
            raise not_emulated(f"The column '{name}' is not valid.", f"column {name}")
        if name not in report.columns:
            raise intune_error(400, "BadRequest", f"The column '{name}' is not valid for the report '{report.name}'.")
    return value


def _options(request: GraphRequest, allowed: frozenset[str]) -> QueryOptions:
    options = read_options(request.query, allowed, 1000)
    check_select(options.select, NAMES, TYPE)
    return options


def _render(job: ExportJob, request: GraphRequest, options: QueryOptions) -> dict[str, Any]:
    known = _properties(job, request.tenant)
    return {name: known[name] for name in options.select or NAMES}


def _entity(request: GraphRequest, job: ExportJob, options: QueryOptions, status: int = 200) -> Response:
    return Response(status, {"@odata.context": request.context(PATH, options.select, entity=True), **_render(job, request, options)})


def get(request: GraphRequest) -> Response:
    """Return a job, and count the read."""
    options = _options(request, frozenset({"$select"}))
    job = request.tenant.export_jobs.get(request.params["id"].lower())
    if job is None:
        raise intune_error(404, "ResourceNotFound", f"ExportJob with id {request.params['id']} was not found.")
    read_job(job, request.tenant)
    return _entity(request, job, options)


def list_all(request: GraphRequest) -> Response:
    """List jobs, and count a read of each one in the page."""
    options = _options(request, LIST_OPTIONS)
    jobs, link = page(request, options, list(request.tenant.export_jobs.values()), request.tenant.settings.page_size)
    for job in jobs:
        read_job(job, request.tenant)
    return Response(200, collection(request, PATH, options, [_render(job, request, options) for job in jobs], link, None))


def _zip(job: ExportJob, tenant: Tenant) -> bytes:
    """Return the report as one file in a zip."""
    report = REPORTS[job.sent["reportName"]]
    policy = policy_states.find_policy(tenant, job.policy_id)
    found = report.rows(tenant, policy) if policy else []
    names = _columns(report, job)
    if job.sent["localizationType"] == REPLACE:
        found = [{**row, **{name: row[f"{name}_loc"] for name in report.localized}} for row in found]
    rows = [{name: row[name] for name in names} for row in found]
    mark = "\ufeff" if tenant.settings.export_bom else ""
    text = mark + _csv(names, rows) if job.sent["format"] == "csv" else json.dumps({"values": rows}, ensure_ascii=False)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{job.id}.{job.sent['format']}", text.encode())
    return stream.getvalue()


def _columns(report: ExportedReport, job: ExportJob) -> list[str]:
    """Return the columns of a file: each one is followed by its column of words, if it has one."""
    names = job.sent["select"] or report.default
    if job.sent["localizationType"] == REPLACE:
        return list(names)
    return [column for name in names for column in (name, *([f"{name}_loc"] if name in report.localized else []))]


def _csv(names: list[str], rows: list[dict[str, str]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
