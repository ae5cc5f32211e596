# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Assignments of policies of any type; `assign` replaces them all.

Source: https://learn.microsoft.com/graph/api/intune-deviceconfig-deviceconfiguration-assign
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..http.enumerations import find_member
from ..http.errors import NIL_GUID, bad_request, intune_error, no_parameter, not_emulated
from ..http.message import GraphRequest, Response
from ..http.odata import read_options
from ..http.paging import collection, page
from ..state.tenant import Tenant
from .filters_and_tags import check_filter
from .oma_settings import unknown_property

PREFIX = "#microsoft.graph."
GROUP_TARGETS = ("groupAssignmentTarget", "exclusionGroupAssignmentTarget")
FIXED = {
    "allDevicesAssignmentTarget": "adadadad-808e-44e2-905a-0b7873a8a531",
    "allLicensedUsersAssignmentTarget": "acacacac-9df4-4c7d-9d50-4ef0226f57a9",
}
FILTER_ID = "deviceAndAppManagementAssignmentFilterId"
FILTER_TYPE = "deviceAndAppManagementAssignmentFilterType"
LIST_OPTIONS = frozenset({"$top", "$skiptoken"})


class AssignablePolicy(Protocol):
    """A policy that can be assigned."""

    id: str
    assignments: list[dict[str, Any]]


@dataclass(frozen=True)
class PolicyAssignments:
    """The assignments of a policy type. `beta_names`: properties of an assignment in beta, beside the target."""

    path: str
    type_name: str
    find: Callable[[GraphRequest], AssignablePolicy]
    beta_names: tuple[str, ...] = ("source", "sourceId")

    def render(self, item: dict[str, Any], version: str) -> dict[str, Any]:
        """Render an assignment; v1.0 has no filters."""
        target = dict(item["target"])
        if version == "v1.0":
            target = {name: value for name, value in target.items() if not name.startswith("deviceAndAppManagement")}
            return {"id": item["id"], "target": target}
        values = {"source": "direct", "sourceId": item["id"].partition("_")[0], "intent": "apply"}
        return {"id": item["id"], **{name: values[name] for name in self.beta_names}, "target": target}

    def list_all(self, request: GraphRequest) -> Response:
        """List the assignments of a policy."""
        options = read_options(request.query, LIST_OPTIONS, 1000)
        item = self.find(request)
        rows, link = page(request, options, item.assignments, request.tenant.settings.page_size)
        rendered = [self.render(row, request.version) for row in rows]
        return Response(200, collection(request, f"{self.path}('{item.id}')/assignments", options, rendered, link, None))

    def assign(self, request: GraphRequest) -> Response:
        """Replace the assignments; return 200 with the new ones."""
        item = self.find(request)
        entries = _entries(request)
        before = {entry["id"]: entry for entry in item.assignments}
        item.assignments = [self.make(request.tenant, request.version, item.id, entry, before) for entry in entries]
        rendered = [self.render(entry, request.version) for entry in item.assignments]
        context = f"{request.tenant.origin}/{request.version}/$metadata#Collection(microsoft.graph.{self.type_name})"
        return Response(200, {"@odata.context": context, "value": rendered})

    def make(
        self, tenant: Tenant, version: str, policy_id: str, entry: Any, before: Mapping[str, dict[str, Any]] | None = None
    ) -> dict[str, Any]:
        """Return an assignment in stored form; `before`: the previous ones by id."""
        known = {"id", "target", *(self.beta_names if version == "beta" else ())}
        if not isinstance(entry, dict) or not isinstance(entry.get("target"), dict):
            raise bad_request("The property 'target' is required.", "ModelValidationFailure")
        for name in entry:
            if name not in known and not name.startswith("@"):
                raise unknown_property(name, self.type_name)
        target, key = read_target(tenant, version, entry["target"])
        assignment_id = f"{policy_id}_{key}"
        target.update(read_filter(tenant, version, entry["target"], (before or {}).get(assignment_id)))
        return {"id": assignment_id, "target": target}


def read_target(tenant: Tenant, version: str, given: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return a target in stored form, without its filter, and the id of its group or of its kind."""
    type_name, key = _target(tenant, version, given)
    return {"@odata.type": PREFIX + type_name, **({"groupId": key} if type_name in GROUP_TARGETS else {})}, key


def _entries(request: GraphRequest) -> list[Any]:
    body = request.body
    if not isinstance(body, dict):
        raise bad_request("Empty Payload. JSON content expected.", "ModelValidationFailure")
    for name in body:
        if name != "assignments" and not name.startswith("@"):
            raise no_parameter(name, "assign")
    if not isinstance(body.get("assignments"), list):
        raise bad_request("A collection was expected for parameter 'assignments'.")
    entries: list[Any] = body["assignments"]
    return entries


def _target(tenant: Tenant, version: str, target: dict[str, Any]) -> tuple[str, str]:
    """Return (type, group id or fixed id)."""
    type_name = str(target.get("@odata.type", "")).removeprefix(PREFIX)
    if type_name in ("", "deviceAndAppManagementAssignmentTarget"):
        raise bad_request("Cannot create an abstract class.", "ModelValidationFailure")
    if type_name not in GROUP_TARGETS and type_name not in FIXED:
        raise not_emulated(f"The type 'microsoft.graph.{type_name}' is not known.", f"assignment target {type_name}")
    known = {"groupId"} if type_name in GROUP_TARGETS else set()
    known |= {FILTER_ID, FILTER_TYPE} if version == "beta" else set()
    for name in target:
        if name not in known and not name.startswith("@"):
            raise unknown_property(name, type_name)
    if type_name in FIXED:
        return type_name, FIXED[type_name]
    try:
        group_id = str(uuid.UUID(str(target.get("groupId"))))
    except ValueError:
        raise intune_error(400, "BadRequest", f"GroupId '{target.get('groupId')}' is not a valid Guid.") from None
    if tenant.settings.assign_checks_groups and tenant.groups.written(group_id) is None:
        raise intune_error(400, "BadRequest", f"Group '{group_id}' was not found in the directory.")
    return type_name, group_id


def read_filter(tenant: Tenant, version: str, target: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    """Return the filter of a target; `before`: the previous assignment of the same target, whose filter v1.0 can keep."""
    if version == "v1.0":
        kept = before["target"] if before and not tenant.settings.v1_assign_drops_filters else {}
        return {FILTER_ID: kept.get(FILTER_ID), FILTER_TYPE: kept.get(FILTER_TYPE, "none")}
    kind = find_member(target.get(FILTER_TYPE) or "none", ("none", "include", "exclude"))
    if kind is None:
        raise bad_request(f"Cannot convert the literal '{target.get(FILTER_TYPE)}' to the expected type 'microsoft.graph.{FILTER_TYPE}'.")
    filter_id = target.get(FILTER_ID)
    if kind != "none" and (not filter_id or filter_id == NIL_GUID):
        raise intune_error(400, "BadRequest", "An assignment filter type needs a filter id.")
    if kind != "none":
        check_filter(tenant, str(filter_id))
    return {FILTER_ID: filter_id if kind != "none" else None, FILTER_TYPE: kind}
