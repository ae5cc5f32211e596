# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""To whom a policy goes. Pure but for the calls at the end. Source: Graph deviceAndAppManagementAssignmentTarget (beta has filters).

An assignment is ``{target, group_id, filter_id, filter_type}``; target: all_devices, all_users, group, exclude_group.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .._directory.lookup import References
from .._graph.client import BETA, GraphClient
from .._types import Json

TYPES = {
    "all_devices": "#microsoft.graph.allDevicesAssignmentTarget",
    "all_users": "#microsoft.graph.allLicensedUsersAssignmentTarget",
    "group": "#microsoft.graph.groupAssignmentTarget",
    "exclude_group": "#microsoft.graph.exclusionGroupAssignmentTarget",
}
TARGETS = {odata_type: target for target, odata_type in TYPES.items()}
FILTER_ID = "deviceAndAppManagementAssignmentFilterId"
FILTER_TYPE = "deviceAndAppManagementAssignmentFilterType"
NIL = "00000000-0000-0000-0000-000000000000"


@dataclasses.dataclass(frozen=True, order=True)
class Assignment:
    """``filter_id``: '' for none. In what is wanted, null leaves the filter of a target that stays as it is."""

    target: str
    group_id: str = ""
    filter_id: str | None = ""
    filter_type: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """A policy has one assignment a group: it is included or excluded."""
        return ("group", self.group_id) if self.group_id else (self.target, "")

    @property
    def known(self) -> bool:
        return self.target in TYPES

    def describe(self) -> Json:
        return {
            "target": self.target,
            "group_id": self.group_id or None,
            "filter_id": self.filter_id or None,
            "filter_type": self.filter_type or None,
        }

    def render(self) -> Json:
        target: Json = {"@odata.type": TYPES[self.target]}
        if self.group_id:
            target["groupId"] = self.group_id
        if self.filter_id:
            target.update({FILTER_ID: self.filter_id, FILTER_TYPE: self.filter_type})
        return {"target": target}


def normalise(found: Json) -> Assignment:
    target = found.get("target") or {}
    odata_type = str(target.get("@odata.type") or "")
    filter_id, filter_type = str(target.get(FILTER_ID) or "").lower(), str(target.get(FILTER_TYPE) or "none")
    if filter_type == "none" or filter_id in ("", NIL):
        filter_id, filter_type = "", ""
    # A target of a kind that we do not know keeps its own name; check_known() sees to it that it is never written.
    return Assignment(TARGETS.get(odata_type, odata_type), (target.get("groupId") or "").lower(), filter_id, filter_type)


def normalise_all(found: t.Iterable[Json]) -> tuple[Assignment, ...]:
    return tuple(sorted(normalise(item) for item in found))


def check_known(current: t.Iterable[Assignment]) -> None:
    """Refuses to manage assignments of which one would be lost."""
    strange = sorted({assignment.target for assignment in current if not assignment.known})
    if strange:
        raise errors.SelectionError(
            f"The policy is also assigned to a target that this version does not know: {', '.join(strange)}.",
            hint="Nothing was written. Leave the option assignments unset, and assign the policy in the Intune admin center.",
        )


def merge(current: t.Iterable[Assignment], wanted: t.Iterable[Assignment], purge: bool) -> tuple[Assignment, ...]:
    """What should be there: the wanted ones, and the others unless purged."""
    have = {assignment.key: assignment for assignment in current}
    result = {assignment.key: _with_filter(assignment, have.get(assignment.key)) for assignment in wanted}
    return tuple(sorted(result.values() if purge else {**have, **result}.values()))


def _with_filter(wanted: Assignment, current: Assignment | None) -> Assignment:
    if wanted.filter_id is not None:
        return wanted
    if current is not None and current.target == wanted.target:
        return current
    return dataclasses.replace(wanted, filter_id="", filter_type="")


def check_options(entries: t.Iterable[t.Mapping[str, t.Any]]) -> None:
    """What is wrong with the option itself, before anything is sent."""
    problems = []
    for entry in entries:
        target, group = entry["target"], entry.get("group")
        if group is not None and not target.endswith("group"):
            problems.append(f"The target {target} takes no group, and '{group}' is given.")
        if not (group or "").strip() and target.endswith("group"):
            problems.append(f"The target {target} needs a group.")
        if entry.get("filter_type") and not (entry.get("filter") or "").strip():
            problems.append(f"filter_type is given for the target {_name(entry)}, and no filter.")
    if problems:
        raise errors.InvalidOptionError(" ".join(problems), hint="Nothing was written.")


def resolve(references: References, entries: t.Iterable[t.Mapping[str, t.Any]]) -> tuple[Assignment, ...]:
    """The option's entries as assignments; what cannot be resolved, or contradicts, is among the problems of ``references``."""
    resolved: dict[tuple[str, str], Assignment] = {}
    for entry in entries:
        group_id = references.group(entry["group"]) if entry["target"].endswith("group") else ""
        wanted = _wanted(references, entry, group_id or "")
        if group_id is None:
            continue
        other = resolved.setdefault(wanted.key, wanted)
        if other.target != wanted.target:
            references.problems.append(f"The group '{entry['group']}' is both included and excluded.")
        elif other != wanted:
            references.problems.append(f"The target {_name(entry)} is named twice, with different filters.")
    return tuple(sorted(resolved.values(), key=lambda assignment: assignment.key))


def _wanted(references: References, entry: t.Mapping[str, t.Any], group_id: str) -> Assignment:
    name = entry.get("filter")
    if name is None:
        return Assignment(entry["target"], group_id, None)
    if not name.strip():
        return Assignment(entry["target"], group_id)
    return Assignment(entry["target"], group_id, references.filter(name) or "", entry.get("filter_type") or "include")


def _name(entry: t.Mapping[str, t.Any]) -> str:
    return f"{entry['target']} '{entry['group']}'" if entry.get("group") else str(entry["target"])


def ids(current: t.Iterable[Assignment]) -> set[str]:
    """Groups and filters that the policy refers to already."""
    return {identity for assignment in current for identity in (assignment.group_id, assignment.filter_id) if identity}


# --- calls ----------------------------------------------------------------------------------------------------------


def read(client: GraphClient, path: str) -> list[Json]:
    """Of the beta version, since v1.0 shows no filters."""
    return list(client.list_items(f"{path}/assignments", version=BETA))


def expanded(client: GraphClient, raw: Json, path: str) -> tuple[Assignment, ...]:
    """Those that a policy was read with; of a long list, $expand shows the beginning only."""
    found = read(client, path) if raw.get("assignments@odata.nextLink") else raw.get("assignments") or []
    return normalise_all(found)


def write(client: GraphClient, path: str, wanted: t.Iterable[Assignment]) -> None:
    """Replaces all assignments of the policy; by beta, since v1.0 would lose the filters."""
    client.post(f"{path}/assign", {"assignments": [assignment.render() for assignment in wanted]}, version=BETA, idempotent=True)
