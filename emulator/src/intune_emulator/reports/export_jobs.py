# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Export of a report: a job, its completion, and the address of the result; the download itself is in downloads.py (facts: status)."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import secrets
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..control.clock import iso, iso_fractional
from ..http.errors import bad_request, intune_error, not_emulated
from ..http.message import Call, Reply
from ..http.odata import Options, check_select, read_options
from ..http.paging import collection, page
from ..intune import policy_states
from ..intune.device_model import NEVER
from ..intune.oma_settings import unknown_property

if TYPE_CHECKING:
    from ..control.tenant import Tenant
    from ..intune.devices_store import Device

PATH = "deviceManagement/reports/exportJobs"
TYPE = "deviceManagementExportJob"
REPORT = "DeviceStatusesByConfigurationProfile"
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
LOCALIZATION = ("localizedValuesAsAdditionalColumn", "replaceLocalizableValues")
# Without select; a live answer had just these.
COLUMNS = ("PolicyId", "PolicyName", "IntuneDeviceId", "DeviceName", "UPN", "PolicyStatus", "ReportStatus", "UnifiedPolicyType")
ALL_COLUMNS = (*COLUMNS, "UserId", "PspdpuLastModifiedTimeUtc")
# Documented, but not here.
OTHER_COLUMNS = ("AssignmentFilterIds", "Manufacturer", "Model", "TemplateVersion", "UnifiedPolicyPlatformType")
LIST_OPTIONS = frozenset({"$top", "$skiptoken", "$select"})
# As in a documented example, about six hours.
LIFETIME = timedelta(hours=6)
_FILTER = re.compile(r"\(PolicyId eq '([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})'\)")


def _new_signature() -> str:
    """Begins with ++//, so that an address that was decoded on the way never fits."""
    return base64.b64encode(b"\xfb\xef\xff" + secrets.token_bytes(29)).decode()


@dataclass
class Job:
    """`policy_id`: out of the filter. `reads`: how often it was read. `signature`: what the address is good for; a secret."""

    id: str
    sent: dict[str, Any]
    policy_id: str
    requested: datetime
    reads: int = 0
    signature: str = field(default_factory=_new_signature)
    status: str = "notStarted"
    completed_reads: int = 0
    expires: datetime | None = None
    content: bytes = b""

    def read(self, tenant: Tenant) -> None:
        """One more read: the first ones see it in progress."""
        if self.status in ("completed", "failed"):
            self.completed_reads += 1
            return
        settings, now = tenant.settings, tenant.clock.now()
        self.reads += 1
        if self.reads <= settings.export_reads or now < self.requested + timedelta(seconds=settings.export_delay):
            self.status = "inProgress"
            return
        self.status = settings.export_outcome
        if self.status == "completed":
            self.expires = now + LIFETIME
            self.content = _zip(self, tenant)

    def url(self, tenant: Tenant) -> str | None:
        """Where the result is; seen in the wild: a completed job without one at first."""
        if self.expires is None or self.completed_reads < tenant.settings.export_url_reads:
            return None
        expires = quote(iso(self.expires), safe="")
        return f"{tenant.origin}/exports/{self.id}.zip?sv=2019-02-02&sr=b&se={expires}&sp=r&sig={quote(self.signature, safe='')}"

    def show(self, tenant: Tenant) -> dict[str, Any]:
        """As read."""
        return {
            "id": self.id,
            **{name: self.sent[name] for name in SENT},
            "status": self.status,
            "url": self.url(tenant),
            "requestDateTime": iso_fractional(self.requested),
            "expirationDateTime": iso_fractional(self.expires) if self.expires else NEVER,
        }


def create(call: Call) -> Reply:
    """201; the report is made later."""
    sent = _checked(call)
    found = _FILTER.fullmatch(str(sent["filter"]))
    if found is None:
        raise not_emulated(f"The filter '{sent['filter']}' is not valid.", f"filter of {REPORT} other than (PolicyId eq '<guid>')")
    tenant = call.tenant
    job = Job(f"{REPORT}_{tenant.new_id()}", sent, found[1].lower(), tenant.clock.now())
    tenant.export_jobs[job.id.lower()] = job
    tenant.secrets |= {job.signature, quote(job.signature, safe="")}
    return _entity(call, job, Options(), 201)


def _checked(call: Call) -> dict[str, Any]:
    """The properties as kept."""
    body = call.body
    if not isinstance(body, dict):
        raise bad_request("Empty Payload. JSON content expected.", "ModelValidationFailure")
    for name in body:
        if "@" not in name and name not in NAMES:
            raise unknown_property(name, TYPE)
        if name in NAMES and name not in SENT:
            raise not_emulated(f"Property '{name}' is not supported.", f"property {name} of an export job that is made")
    if body.get("reportName") != REPORT:
        raise not_emulated(f"The report '{body.get('reportName')}' is not valid.", f"report {body.get('reportName')}")
    if body.get("snapshotId"):
        raise not_emulated("Property 'snapshotId' is not supported.", "snapshotId")
    return {
        "reportName": REPORT,
        "filter": body.get("filter"),
        "select": _select(call, body.get("select")),
        "format": _format(body.get("format", "csv")),
        "snapshotId": body.get("snapshotId"),
        "localizationType": _member("localizationType", body.get("localizationType", LOCALIZATION[0]), LOCALIZATION),
    }


def _member(name: str, value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise bad_request(f"Cannot convert the literal '{value}' to the expected type of property '{name}'.")
    return value


def _format(value: Any) -> str:
    if value == "pdf":
        raise not_emulated("The format 'pdf' is not supported.", "export as pdf")
    return _member("format", value, ("csv", "json"))


def _select(call: Call, value: Any) -> list[str]:
    if value is None:
        return []
    if call.tenant.settings.export_select == "refuse":
        raise intune_error(400, "BadRequest", f"Select is not valid for the report '{REPORT}'.")
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise bad_request("Cannot convert the value of property 'select' to the expected type 'Collection(Edm.String)'.")
    for name in value:
        if name in OTHER_COLUMNS:
            raise not_emulated(f"The column '{name}' is not valid.", f"column {name}")
        if name not in ALL_COLUMNS:
            raise intune_error(400, "BadRequest", f"The column '{name}' is not valid for the report '{REPORT}'.")
    return value


def _options(call: Call, allowed: frozenset[str]) -> Options:
    options = read_options(call.query, allowed, 1000)
    check_select(options.select, NAMES, TYPE)
    return options


def _chosen(job: Job, call: Call, options: Options) -> dict[str, Any]:
    shown = job.show(call.tenant)
    return {name: shown[name] for name in options.select or NAMES}


def _entity(call: Call, job: Job, options: Options, status: int = 200) -> Reply:
    return Reply(status, {"@odata.context": call.context(PATH, options.select, entity=True), **_chosen(job, call, options)})


def get(call: Call) -> Reply:
    """One job; counts as a read of it."""
    options = _options(call, frozenset({"$select"}))
    job = call.tenant.export_jobs.get(call.params["id"].lower())
    if job is None:
        raise intune_error(404, "ResourceNotFound", f"ExportJob with id {call.params['id']} was not found.")
    job.read(call.tenant)
    return _entity(call, job, options)


def list_all(call: Call) -> Reply:
    """All jobs; counts as a read of each one that is in the page."""
    options = _options(call, LIST_OPTIONS)
    jobs, link = page(call, options, list(call.tenant.export_jobs.values()), call.tenant.settings.page_size)
    for job in jobs:
        job.read(call.tenant)
    return Reply(200, collection(call, PATH, options, [_chosen(job, call, options) for job in jobs], link, None))


def _zip(job: Job, tenant: Tenant) -> bytes:
    """One file in a zip."""
    names = tuple(job.sent["select"]) or COLUMNS
    policy = policy_states.find_policy(tenant, job.policy_id)
    found = policy_states.rows(tenant, policy) if policy else []
    rows = [{name: value for name, value in _row(policy, *entry).items() if name in names} for entry in found if policy]
    mark = "\ufeff" if tenant.settings.export_bom else ""
    text = mark + _csv(names, rows) if job.sent["format"] == "csv" else json.dumps({"values": rows}, ensure_ascii=False)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{job.id}.{job.sent['format']}", text.encode())
    return stream.getvalue()


def _row(policy: policy_states.Policy, device: Device, state: policy_states.State) -> dict[str, str]:
    return {
        "PolicyId": policy.id,
        "PolicyName": policy.name,
        "IntuneDeviceId": device.id,
        "DeviceName": str(device.get("deviceName") or ""),
        "UPN": str(device.get("userPrincipalName") or ""),
        "PolicyStatus": str(policy_states.NUMBERS[state.name]),
        "ReportStatus": policy_states.TEXTS[state.name],
        "UnifiedPolicyType": policy.kind,
        "UserId": str(device.get("userId") or ""),
        "PspdpuLastModifiedTimeUtc": iso_fractional(state.since or policy.modified),
    }


def _csv(names: tuple[str, ...], rows: list[dict[str, str]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
