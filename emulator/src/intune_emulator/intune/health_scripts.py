# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""deviceHealthScripts, the script packages of remediations; beta only.

Source: https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscript
"""

from __future__ import annotations

import base64
from typing import Any

from ..http.errors import bad_request, intune_error, no_parameter, not_emulated
from ..http.message import GraphRequest, Response
from ..http.odata import QueryOptions, check_select, read_options
from ..http.paging import collection, page
from ..state.clock import iso_fractional
from ..state.health_scripts import HealthScript
from ..state.tenant import Tenant
from . import health_script_body, health_script_schedules
from .assignments import read_filter, read_target
from .oma_settings import unknown_property

PATH = "deviceManagement/deviceHealthScripts"
TYPE = health_script_body.TYPE
ASSIGNMENT = "deviceHealthScriptAssignment"
LIST_OPTIONS = frozenset({"$select", "$top", "$skiptoken", "$expand"})
ITEM_OPTIONS = frozenset({"$select", "$expand"})
ASSIGNMENT_OPTIONS = frozenset({"$top", "$skiptoken"})
# Reported for a big tenant: a page of 100 packages with their assignments fails, a page of 50 works.
MAX_EXPANDED = 50
READ_ONLY_SCRIPT = "A script package of Microsoft cannot be changed or deleted."


def _properties(item: HealthScript, in_list: bool) -> dict[str, Any]:
    """Return all properties except assignments. Lists have empty contents."""
    detection, remediation = (b"", b"") if in_list else (item.detection, item.remediation)
    return {
        "id": item.id,
        "createdDateTime": iso_fractional(item.created),
        "lastModifiedDateTime": iso_fractional(item.modified),
        "displayName": item.display_name,
        "description": item.description,
        "publisher": item.publisher,
        "version": str(item.version),
        "detectionScriptContent": base64.b64encode(detection).decode(),
        "remediationScriptContent": base64.b64encode(remediation).decode(),
        "runAsAccount": item.run_as_account,
        "runAs32Bit": item.run_as_32_bit,
        "enforceSignatureCheck": item.enforce_signature_check,
        "roleScopeTagIds": item.scope_tags,
        "isGlobalScript": item.is_global,
        "highestAvailableVersion": str(item.version) if item.is_global else None,
        "deviceHealthScriptType": TYPE,
        "detectionScriptParameters": [],
        "remediationScriptParameters": [],
    }


def _render(request: GraphRequest, item: HealthScript, options: QueryOptions, in_list: bool = False) -> dict[str, Any]:
    known = _properties(item, in_list)
    body = {name: known[name] for name in options.select or known}
    if "assignments" in options.expand:
        body["assignments"] = [_render_assignment(request, entry) for entry in item.assignments]
    return body


def _render_assignment(request: GraphRequest, entry: dict[str, Any]) -> dict[str, Any]:
    """Render an assignment; runRemediationScript always reads false, regardless of the written value (measured)."""
    schedule = health_script_schedules.render(entry["runSchedule"], request.tenant.settings.script_schedule_time)
    return {"id": entry["id"], "target": entry["target"], "runRemediationScript": False, "runSchedule": schedule}


def _options(request: GraphRequest, allowed: frozenset[str]) -> QueryOptions:
    options = read_options(request.query, allowed, 1000)
    check_select(options.select, health_script_body.NAMES, TYPE)
    for name in options.expand:
        if name != "assignments":
            raise not_emulated(f"Could not find a property named '{name}' on type 'microsoft.graph.{TYPE}'.", f"$expand={name}")
    return options


def find(request: GraphRequest) -> HealthScript:
    """Return the script package that the path names; 404 for any other."""
    found = request.tenant.health_scripts.get(request.params["id"].lower())
    if found is None:
        raise intune_error(404, "ResourceNotFound", f"DeviceHealthScript with id {request.params['id']} was not found.")
    return found


def _find_own(request: GraphRequest) -> HealthScript:
    """Return the script package to change; the text for one of Microsoft's own is invented."""
    item = find(request)
    if item.is_global:
        raise intune_error(400, "BadRequest", READ_ONLY_SCRIPT)
    return item


def check_license(tenant: Tenant) -> None:
    """Refuse a write while the tenant's Windows license is not confirmed, by setting: it is not known if the service does so."""
    status = tenant.settings.windows_license_refusal
    if tenant.settings.windows_license != "confirmed" and status != "none":
        code = "BadRequest" if status == "400" else "Forbidden"
        raise intune_error(int(status), code, health_script_body.UNSPECIFIC_MESSAGE)


def _entity(request: GraphRequest, item: HealthScript, options: QueryOptions, status: int = 200) -> Response:
    context = request.context(PATH, options.select, entity=True)
    return Response(status, {"@odata.context": context, **_render(request, item, options)})


def list_all(request: GraphRequest) -> Response:
    """List script packages, without their contents."""
    options = _options(request, LIST_OPTIONS)
    if options.expand and request.tenant.settings.script_expand == "limit" and (options.top or 0) > MAX_EXPANDED:
        raise intune_error(500, "InternalServerError", health_script_body.UNSPECIFIC_MESSAGE)
    rows, link = page(request, options, list(request.tenant.health_scripts.values()), request.tenant.settings.page_size)
    items = [_render(request, item, options, in_list=True) for item in rows]
    return Response(200, collection(request, PATH, options, items, link, None))


def get(request: GraphRequest) -> Response:
    """Return a script package with its contents, also with $expand=assignments."""
    options = _options(request, ITEM_OPTIONS)
    return _entity(request, find(request), options)


def create(request: GraphRequest) -> Response:
    """Create a script package; names need not be unique."""
    fields = health_script_body.read(request, is_new=True)
    tenant = request.tenant
    check_license(tenant)
    own = [item for item in tenant.health_scripts.values() if not item.is_global]
    if len(own) >= tenant.settings.script_limit:
        status = int(tenant.settings.script_limit_status)
        raise intune_error(status, "BadRequest" if status == 400 else "Forbidden", health_script_body.UNSPECIFIC_MESSAGE)
    now, script_id = tenant.clock.now(), tenant.new_id()
    item = HealthScript(script_id, created=now, modified=now, **fields)
    tenant.health_scripts[script_id] = item
    return _entity(request, item, QueryOptions(), 201)


def update(request: GraphRequest) -> Response:
    """Change a script package; each change increments the version."""
    item = _find_own(request)
    fields = health_script_body.read(request, is_new=False)
    before = {name: getattr(item, name) for name in fields}
    for name, value in fields.items():
        setattr(item, name, value)
    item.modified = request.tenant.clock.now()
    if before != fields:
        item.version += 1
        item.changes += [item.modified] if item.changes else []
    if request.tenant.settings.script_patch_status == "204":
        return Response(204)
    return _entity(request, item, QueryOptions())


def delete(request: GraphRequest) -> Response:
    """Delete a script package and its assignments."""
    del request.tenant.health_scripts[_find_own(request).id]
    return Response(204)


def list_assignments(request: GraphRequest) -> Response:
    """List the assignments of a script package."""
    options = read_options(request.query, ASSIGNMENT_OPTIONS, 1000)
    item = find(request)
    rows, link = page(request, options, item.assignments, request.tenant.settings.page_size)
    rendered = [_render_assignment(request, row) for row in rows]
    return Response(200, collection(request, f"{PATH}('{item.id}')/assignments", options, rendered, link, None))


def assign(request: GraphRequest) -> Response:
    """Replace the assignments. If a group is both included and excluded, keep the include (measured)."""
    item = find(request)
    check_license(request.tenant)
    kept: dict[str, dict[str, Any]] = {}
    for entry in _entries(request):
        made = _make_assignment(request, item, entry)
        is_exclude = made["target"]["@odata.type"].endswith(".exclusionGroupAssignmentTarget")
        if not (is_exclude and made["id"] in kept):
            kept[made["id"]] = made
    item.assignments = list(kept.values())
    item.changes = (item.changes or [request.tenant.clock.now()]) if kept else []
    return Response(204)


def _entries(request: GraphRequest) -> list[Any]:
    body, name = request.body, "deviceHealthScriptAssignments"
    if not isinstance(body, dict):
        raise bad_request("Empty Payload. JSON content expected.", "ModelValidationFailure")
    for other in body:
        if other != name and not other.startswith("@"):
            raise no_parameter(other, "assign")
    if not isinstance(body.get(name), list):
        raise bad_request(f"A collection was expected for parameter '{name}'.")
    entries: list[Any] = body[name]
    return entries


def _make_assignment(request: GraphRequest, item: HealthScript, entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict) or not isinstance(entry.get("target"), dict):
        raise bad_request("The property 'target' is required.", "ModelValidationFailure")
    for name in entry:
        if name not in ("id", "target", "runRemediationScript", "runSchedule") and not name.startswith("@"):
            raise unknown_property(name, ASSIGNMENT)
    if not isinstance(entry.get("runRemediationScript", False), bool):
        raise bad_request("Cannot convert the value of property 'runRemediationScript' to the expected type 'Edm.Boolean'.")
    target, key = read_target(request.tenant, request.version, entry["target"])
    target.update(read_filter(request.tenant, request.version, entry["target"], None))
    return {"id": f"{item.id}:{key}", "target": target, "runSchedule": health_script_schedules.read(entry.get("runSchedule"))}
