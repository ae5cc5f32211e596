# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""To whom a policy goes. Pure but for the calls at the end.

An assignment is ``{target, group_id}``; target: all_devices, all_users, group, exclude_group; group_id null for the first two.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._graph import errors
from .._graph.client import GraphClient, Json
from .._graph.protocol import literal, segments
from . import guid, permissions

TYPES = {
    "all_devices": "#microsoft.graph.allDevicesAssignmentTarget",
    "all_users": "#microsoft.graph.allLicensedUsersAssignmentTarget",
    "group": "#microsoft.graph.groupAssignmentTarget",
    "exclude_group": "#microsoft.graph.exclusionGroupAssignmentTarget",
}
TARGETS = {odata_type: target for target, odata_type in TYPES.items()}

# The fields of a filter, which this collection does not manage: kept as they are on targets that stay.
FILTER = ("deviceAndAppManagementAssignmentFilterId", "deviceAndAppManagementAssignmentFilterType")


@dataclasses.dataclass(frozen=True, order=True)
class Assignment:
    target: str
    group_id: str = ""
    filter: tuple[tuple[str, t.Any], ...] = dataclasses.field(default=(), compare=False)

    @property
    def known(self) -> bool:
        return self.target in TYPES

    def describe(self) -> Json:
        return {"target": self.target, "group_id": self.group_id or None}

    def render(self) -> Json:
        target: Json = {"@odata.type": TYPES[self.target], **dict(self.filter)}
        if self.group_id:
            target["groupId"] = self.group_id
        return {"target": target}


def normalise(found: Json) -> Assignment:
    target = found.get("target") or {}
    odata_type = target.get("@odata.type", "")
    filtered = tuple((key, target[key]) for key in FILTER if target.get(key) not in (None, "none"))
    # A target of a kind that we do not know keeps its own name; check_known() sees to it that it is never written.
    return Assignment(
        TARGETS.get(odata_type, odata_type), (target.get("groupId") or "").lower(), filtered if len(filtered) == len(FILTER) else ()
    )


def check_known(current: t.Iterable[Assignment]) -> None:
    """Refuses to manage assignments of which one would be lost."""
    strange = sorted({assignment.target for assignment in current if not assignment.known})
    if strange:
        raise errors.SelectionError(
            f"The policy is also assigned to a target that this version does not know: {', '.join(strange)}.",
            hint="Nothing was written. Leave the option assignments unset, and assign the policy in the Intune admin center.",
        )


def merge(current: t.Iterable[Assignment], wanted: t.Iterable[Assignment], purge: bool) -> tuple[Assignment, ...]:
    """What should be there: the wanted ones, with the filters that current ones have; and the others unless purged."""
    have = {assignment: assignment for assignment in current}
    result = {assignment: have.get(assignment, assignment) for assignment in wanted}
    return tuple(sorted(result.values() if purge else {**have, **result}.values()))


def read(client: GraphClient, path: str) -> tuple[Assignment, ...]:
    """Of the beta version, since v1.0 shows no filters and would lose them on the way back."""
    return tuple(sorted(normalise(found) for found in client.items(f"{path}/assignments", version="beta")))


def write(client: GraphClient, path: str, wanted: t.Iterable[Assignment]) -> None:
    """Replaces all assignments of the policy."""
    client.post(f"{path}/assign", {"assignments": [assignment.render() for assignment in wanted]}, version="beta", repeatable=True)


def resolve(client: GraphClient, wanted: t.Iterable[t.Mapping[str, t.Any]], known: t.Iterable[Assignment]) -> tuple[Assignment, ...]:
    """The option's entries as assignments; all names that mean no group, or several, are refused at once.

    Groups that the policy is assigned to already need no look-up by id.
    """
    known_ids = {assignment.group_id for assignment in known if assignment.group_id}
    resolved, problems = [], []
    for entry in wanted:
        group = entry.get("group")
        if group is not None and not entry["target"].endswith("group"):
            problems.append(f"The target {entry['target']} takes no group, and '{group}' is given.")
            continue
        if group is None and entry["target"].endswith("group"):
            problems.append(f"The target {entry['target']} needs a group.")
            continue
        if group is None:
            resolved.append(Assignment(entry["target"]))
            continue
        try:
            resolved.append(Assignment(entry["target"], _group_id(client, group, known_ids)))
        except errors.SelectionError as problem:
            problems.append(problem.message)
    if problems:
        raise errors.SelectionError(" ".join(problems), hint="Nothing was written. Use the group's object ID where a name is not enough.")
    return tuple(sorted(set(resolved)))


def _group_id(client: GraphClient, group: str, known_ids: t.Collection[str]) -> str:
    group_id = guid.normalise(group)
    if group_id in known_ids:
        return t.cast(str, group_id)
    try:
        return _look_up(client, group, group_id)
    except errors.ForbiddenError as failure:
        failure.hint = f"To look groups up, the application needs one of the permissions {', '.join(permissions.READ_GROUPS)}."
        raise


def _look_up(client: GraphClient, group: str, group_id: str | None) -> str:
    if group_id is not None:
        if client.find(segments("groups", group_id), {"$select": "id"}) is None:
            raise errors.SelectionError(f"There is no group with the ID {group_id}.")
        return group_id
    query = {"$filter": f"displayName eq {literal(group)}", "$select": "id,displayName"}
    found = list(client.items("/groups", query))
    # Entra compares without case: prefer the group that is spelt the same.
    exact = [item for item in found if item["displayName"] == group]
    candidates = sorted(item["id"].lower() for item in exact or found)
    if not candidates:
        raise errors.SelectionError(f"There is no group named '{group}'.")
    if len(candidates) > 1:
        raise errors.SelectionError(f"Several groups are named '{group}': {', '.join(candidates)}.")
    return candidates[0]
