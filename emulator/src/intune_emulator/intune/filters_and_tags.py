# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""assignmentFilters and roleScopeTags, to be read; beta only (facts: assignments)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from ..control.clock import iso_fractional
from ..control.tenant import Tenant, stable_id
from ..http.errors import intune_error
from ..http.message import Call, Reply
from ..http.odata import check_select, read_options
from ..http.paging import collection, page

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


def plant_default_tag(tenant: Tenant) -> None:
    """Every tenant has it."""
    tenant.scope_tags["0"] = {"id": "0", "displayName": "Default", "description": "Default Role Scope Tag.", "isBuiltIn": True}


def plant_demo(tenant: Tenant) -> None:
    """Filters, two of them with the same name, and scope tags."""
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


def _rows(call: Call, path: str) -> dict[str, dict[str, Any]]:
    return call.tenant.assignment_filters if path == FILTERS else call.tenant.scope_tags


def _list(path: str, call: Call) -> Reply:
    options = read_options(call.query, LIST_OPTIONS, 1000)
    check_select(options.select, NAMES[path], TYPES[path])
    rows, link = page(call, options, list(_rows(call, path).values()), call.tenant.settings.page_size)
    shown = [{name: row[name] for name in options.select or row} for row in rows]
    return Reply(200, collection(call, path, options, shown, link, None))


def _get(path: str, call: Call) -> Reply:
    options = read_options(call.query, frozenset({"$select"}), 1000)
    check_select(options.select, NAMES[path], TYPES[path])
    row = _rows(call, path).get(call.params["id"].lower())
    if row is None:
        raise intune_error(404, "ResourceNotFound", f"{TYPES[path]} with id {call.params['id']} was not found.")
    shown = {name: row[name] for name in options.select or row}
    return Reply(200, {"@odata.context": call.context(path, options.select, entity=True), **shown})


list_filters, get_filter = partial(_list, FILTERS), partial(_get, FILTERS)
list_tags, get_tag = partial(_list, TAGS), partial(_get, TAGS)
