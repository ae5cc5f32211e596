# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assignments of policies, of whichever kind: `assign` replaces them all (facts: assignments)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..control.tenant import Tenant
from ..http.errors import NIL, bad_request, intune_error, not_emulated
from ..http.message import Call, Reply
from ..http.odata import read_options
from ..http.paging import collection, page
from .oma_settings import unknown_property
from .references import check_filter

PREFIX = "#microsoft.graph."
GROUP_TARGETS = ("groupAssignmentTarget", "exclusionGroupAssignmentTarget")
FIXED = {
    "allDevicesAssignmentTarget": "adadadad-808e-44e2-905a-0b7873a8a531",
    "allLicensedUsersAssignmentTarget": "acacacac-9df4-4c7d-9d50-4ef0226f57a9",
}
FILTER_ID = "deviceAndAppManagementAssignmentFilterId"
FILTER_TYPE = "deviceAndAppManagementAssignmentFilterType"
LIST_OPTIONS = frozenset({"$top", "$skiptoken"})


class Policy(Protocol):
    """What can be assigned."""

    id: str
    assignments: list[dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """A kind of policy: its path, the type of its assignments, how one is found, and what an assignment has in beta beside the target."""

    path: str
    type_name: str
    find: Callable[[Call], Policy]
    more: tuple[str, ...] = ("source", "sourceId")

    def show(self, item: dict[str, Any], version: str) -> dict[str, Any]:
        """v1.0 knows no filters."""
        target = dict(item["target"])
        if version == "v1.0":
            target = {name: value for name, value in target.items() if not name.startswith("deviceAndAppManagement")}
            return {"id": item["id"], "target": target}
        told = {"source": "direct", "sourceId": item["id"].partition("_")[0], "intent": "apply"}
        return {"id": item["id"], **{name: told[name] for name in self.more}, "target": target}

    def list_all(self, call: Call) -> Reply:
        """The assignments of a policy."""
        options = read_options(call.query, LIST_OPTIONS, 1000)
        item = self.find(call)
        rows, link = page(call, options, item.assignments, call.tenant.settings.page_size)
        shown = [self.show(row, call.version) for row in rows]
        return Reply(200, collection(call, f"{self.path}('{item.id}')/assignments", options, shown, link, None))

    def assign(self, call: Call) -> Reply:
        """POST {"assignments": […]}: 200 with what is there now."""
        item = self.find(call)
        entries = _entries(call)
        before = {entry["id"]: entry for entry in item.assignments}
        item.assignments = [self.make(call.tenant, call.version, item.id, entry, before) for entry in entries]
        shown = [self.show(entry, call.version) for entry in item.assignments]
        context = f"{call.tenant.origin}/{call.version}/$metadata#Collection(microsoft.graph.{self.type_name})"
        return Reply(200, {"@odata.context": context, "value": shown})

    def make(
        self, tenant: Tenant, version: str, policy_id: str, entry: Any, before: Mapping[str, dict[str, Any]] | None = None
    ) -> dict[str, Any]:
        """An assignment as it is kept; `before`: what was there, by id."""
        known = {"id", "target", *(self.more if version == "beta" else ())}
        if not isinstance(entry, dict) or not isinstance(entry.get("target"), dict):
            raise bad_request("The property 'target' is required.", "ModelValidationFailure")
        for name in entry:
            if name not in known and not name.startswith("@"):
                raise unknown_property(name, self.type_name)
        type_name, group_id = _target(tenant, version, entry["target"])
        assignment_id = f"{policy_id}_{group_id}"
        target: dict[str, Any] = {"@odata.type": PREFIX + type_name}
        if type_name in GROUP_TARGETS:
            target["groupId"] = group_id
        target.update(_filter(tenant, version, entry["target"], (before or {}).get(assignment_id)))
        return {"id": assignment_id, "target": target}


def _entries(call: Call) -> list[Any]:
    body = call.body
    if not isinstance(body, dict):
        raise bad_request("Empty Payload. JSON content expected.", "ModelValidationFailure")
    for name in body:
        if name != "assignments" and not name.startswith("@"):
            raise bad_request(f"The parameter '{name}' in the request payload is not a valid parameter for the operation 'assign'.")
    if not isinstance(body.get("assignments"), list):
        raise bad_request("A collection was expected for parameter 'assignments'.")
    return body["assignments"]


def _target(tenant: Tenant, version: str, target: dict[str, Any]) -> tuple[str, str]:
    """(type, group id or the fixed id)."""
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
    if tenant.settings.assign_checks_groups and tenant.groups.truth(group_id) is None:
        raise intune_error(400, "BadRequest", f"Group '{group_id}' was not found in the directory.")
    return type_name, group_id


def _filter(tenant: Tenant, version: str, target: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    if version == "v1.0":
        kept = before["target"] if before and not tenant.settings.v1_assign_drops_filters else {}
        return {FILTER_ID: kept.get(FILTER_ID), FILTER_TYPE: kept.get(FILTER_TYPE, "none")}
    kind = target.get(FILTER_TYPE) or "none"
    if kind not in ("none", "include", "exclude"):
        raise bad_request(f"Cannot convert the literal '{kind}' to the expected type 'microsoft.graph.{FILTER_TYPE}'.")
    filter_id = target.get(FILTER_ID)
    if kind != "none" and (not filter_id or filter_id == NIL):
        raise intune_error(400, "BadRequest", "An assignment filter type needs a filter id.")
    if kind != "none":
        check_filter(tenant, str(filter_id))
    return {FILTER_ID: filter_id if kind != "none" else None, FILTER_TYPE: kind}
