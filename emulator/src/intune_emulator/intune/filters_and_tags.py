# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Read access to assignmentFilters and roleScopeTags, beta only, and the checks of their ids in policies.

Source: https://learn.microsoft.com/graph/api/resources/intune-policyset-deviceandappmanagementassignmentfilter
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from ..http.errors import bad_request, intune_error
from ..http.message import GraphRequest, Response
from ..http.odata import check_select, read_options
from ..http.paging import collection, page
from ..state.clock import iso_fractional
from ..state.guids import stable_id
from ..state.tenant import Tenant

FILTERS, TAGS = "deviceManagement/assignmentFilters", "deviceManagement/roleScopeTags"
TYPES = {FILTERS: "deviceAndAppManagementAssignmentFilter", TAGS: "roleScopeTag"}
NAMES = {
    FILTERS: (
        "id",
        "createdDateTime",
        "lastModifiedDateTime",
        "displayName",
        "description",
        "platform",
        "rule",
        "roleScopeTags",
        "assignmentFilterManagementType",
        "payloads",
    ),
    TAGS: ("id", "displayName", "description", "isBuiltIn"),
}
LIST_OPTIONS = frozenset({"$select", "$top", "$skiptoken"})

# (displayName, platform, rule)
DEMO_FILTERS: tuple[tuple[str, str, str], ...] = (
    ("Corporate laptops", "windows10AndLater", '(device.deviceOwnership -eq "Corporate")'),
    ("Field phones", "windows10AndLater", '(device.deviceName -startsWith "PHONE-FIELD-")'),
    ("Pilot", "windows10AndLater", '(device.deviceName -startsWith "LT-BERLIN-")'),
    ("Pilot", "windows10AndLater", '(device.deviceName -startsWith "WS-BERLIN-")'),
    ("Warehouse scanners", "androidForWork", '(device.manufacturer -eq "samsung")'),
)
DEMO_TAGS = (("1", "Berlin", "Devices in Berlin"), ("2", "Field service", None))


def add_default_tag(tenant: Tenant) -> None:
    """Add the scope tag of every tenant."""
    tenant.scope_tags["0"] = {"id": "0", "displayName": "Default", "description": "Default Role Scope Tag.", "isBuiltIn": True}


def add_demo(tenant: Tenant) -> None:
    """Add filters, two of them with the same name, and scope tags."""
    made = iso_fractional(tenant.clock.now() - timedelta(days=200))
    for number, (name, platform, rule) in enumerate(DEMO_FILTERS, start=1):
        filter_id = stable_id("filter", number)
        tenant.assignment_filters[filter_id] = {
            "id": filter_id,
            "createdDateTime": made,
            "lastModifiedDateTime": made,
            "displayName": name,
            "description": None,
            "platform": platform,
            "rule": rule,
            "roleScopeTags": ["0"],
            "assignmentFilterManagementType": "devices",
            "payloads": [],
        }
    for tag_id, name, description in DEMO_TAGS:
        tenant.scope_tags[tag_id] = {"id": tag_id, "displayName": name, "description": description, "isBuiltIn": False}


def _rows(request: GraphRequest, path: str) -> dict[str, dict[str, Any]]:
    return request.tenant.assignment_filters if path == FILTERS else request.tenant.scope_tags


def _list(path: str, request: GraphRequest) -> Response:
    options = read_options(request.query, LIST_OPTIONS, 1000)
    check_select(options.select, NAMES[path], TYPES[path])
    rows, link = page(request, options, list(_rows(request, path).values()), request.tenant.settings.page_size)
    shown = [{name: row[name] for name in options.select or row} for row in rows]
    return Response(200, collection(request, path, options, shown, link, None))


def _get(path: str, request: GraphRequest) -> Response:
    options = read_options(request.query, frozenset({"$select"}), 1000)
    check_select(options.select, NAMES[path], TYPES[path])
    row = _rows(request, path).get(request.params["id"].lower())
    if row is None:
        raise intune_error(404, "ResourceNotFound", f"{TYPES[path]} with id {request.params['id']} was not found.")
    shown = {name: row[name] for name in options.select or row}
    return Response(200, {"@odata.context": request.context(path, options.select, entity=True), **shown})


list_filters, get_filter = partial(_list, FILTERS), partial(_get, FILTERS)
list_tags, get_tag = partial(_list, TAGS), partial(_get, TAGS)


def check_scope_tags(tenant: Tenant, value: Any) -> None:
    """Raise GraphError for a wrong `roleScopeTagIds` of a body; it is not known if the service checks that the tags exist."""
    if value is not None and not (isinstance(value, list) and all(isinstance(tag, str) for tag in value)):
        raise bad_request("Cannot convert the value of property 'roleScopeTagIds' to the expected type 'Collection(Edm.String)'.")
    for tag in value or ():
        if tenant.settings.checks_references and tag not in tenant.scope_tags:
            raise intune_error(400, "BadRequest", f"The scope tag '{tag}' does not exist.")


def check_filter(tenant: Tenant, filter_id: str) -> None:
    """Raise GraphError for an assignment filter that does not exist; it is not known if the service does so."""
    if tenant.settings.checks_references and filter_id.lower() not in tenant.assignment_filters:
        raise intune_error(400, "BadRequest", f"The assignment filter '{filter_id}' does not exist.")
