# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Read access to deviceEnrollmentConfigurations of Windows Hello for Business.

Source: https://learn.microsoft.com/graph/api/resources/intune-onboarding-deviceenrollmentconfiguration
"""

from __future__ import annotations

import uuid
from typing import Any

from ..http.errors import forbidden, not_emulated
from ..http.message import GraphRequest, Response
from ..http.odata import check_select, read_options
from ..http.paging import collection, page
from ..state.clock import iso_fractional
from ..state.tenant import Tenant
from .assignments import AssignablePolicy, PolicyAssignments
from .identity_protection import ENROLLMENT, ENROLLMENT_BETA
from .roles import SERVICE_READ

PATH = "deviceManagement/deviceEnrollmentConfigurations"
BASE_NAMES = ("id", "createdDateTime", "description", "displayName", "lastModifiedDateTime", "priority", "version")
BASE_BETA = ("deviceEnrollmentConfigurationType", "roleScopeTagIds")
LIST_OPTIONS = frozenset({"$select", "$top", "$skiptoken", "$expand"})

Json = dict[str, Any]


def _find(request: GraphRequest) -> AssignablePolicy:
    raise not_emulated("Assignments of enrollment configurations cannot be read alone.", f"{PATH}/{request.params['id']}/assignments")


ASSIGNMENTS = PolicyAssignments(PATH, "enrollmentConfigurationAssignment", _find)


def list_all(request: GraphRequest) -> Response:
    """List the configurations of Windows Hello for Business; other kinds are missing."""
    granted = request.claims.get("roles", ())
    if request.tenant.settings.enrollment_access == "service" and set(SERVICE_READ).isdisjoint(granted):
        raise forbidden(SERVICE_READ)
    options = read_options(request.query, LIST_OPTIONS, 1000)
    names = BASE_NAMES + (BASE_BETA if request.version == "beta" else ())
    check_select(options.select, names, "deviceEnrollmentConfiguration", BASE_BETA)
    for name in options.expand:
        if name != "assignments":
            raise not_emulated(
                f"Could not find a property named '{name}' on type 'microsoft.graph.deviceEnrollmentConfiguration'.", f"$expand={name}"
            )
    rows, link = page(request, options, list(request.tenant.enrollment_configurations.values()), request.tenant.settings.page_size)
    hidden = {"assignments"} if request.version == "beta" else {"assignments", *BASE_BETA, *ENROLLMENT_BETA}
    rendered = []
    for row in rows:
        chosen = ["@odata.type", *options.select] if options.select else [name for name in row if name not in hidden]
        body = {name: row[name] for name in chosen}
        if options.expand:
            body["assignments"] = [ASSIGNMENTS.render(entry, request.version) for entry in row["assignments"]]
        rendered.append(body)
    return Response(200, collection(request, PATH, options, rendered, link, None))


def add_default(tenant: Tenant) -> None:
    """Add the unchanged configuration of every tenant."""
    account = uuid.uuid5(uuid.UUID(tenant.tenant_id), "intune")
    text = "This is the default Windows Hello for Business configuration applied with the lowest priority to all users regardless of group"
    add(tenant, f"{account}_DefaultWindowsHelloForBusiness", "All users and all devices", f"{text} membership.", 0, {})


def add(tenant: Tenant, object_id: str, name: str, description: str | None, priority: int, values: Json) -> Json:
    """Add a configuration without assignments, and return it. The default one never has any: it applies to all users without another."""
    now = iso_fractional(tenant.clock.now())
    tenant.enrollment_configurations[object_id] = {
        "@odata.type": "#microsoft.graph.deviceEnrollmentWindowsHelloForBusinessConfiguration",
        "id": object_id,
        "createdDateTime": "0001-01-01T00:00:00Z" if priority == 0 else now,
        "description": description,
        "displayName": name,
        "lastModifiedDateTime": now,
        "priority": priority,
        "version": 0 if priority == 0 else 1,
        "deviceEnrollmentConfigurationType": "windowsHelloForBusiness",
        "roleScopeTagIds": [],
        "assignments": [],
        **ENROLLMENT,
        **values,
    }
    return tenant.enrollment_configurations[object_id]
