# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The assignments of a policy: targets, groups, and filters. Source: Graph deviceAndAppManagementAssignmentTarget (beta has filters).

Pure. An assignment is ``{target, group_id, filter_id, filter_type}``; target: all_devices, all_users, group, exclude_group.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .._directory.display_names import NO_NAMES, Names
from .._guid import NIL
from .._types import Json

Target = t.Literal["all_devices", "all_users", "group", "exclude_group"]
FilterType = t.Literal["include", "exclude"]
ODATA_TYPES: t.Mapping[str, str] = {  # by Target
    "all_devices": "#microsoft.graph.allDevicesAssignmentTarget",
    "all_users": "#microsoft.graph.allLicensedUsersAssignmentTarget",
    "group": "#microsoft.graph.groupAssignmentTarget",
    "exclude_group": "#microsoft.graph.exclusionGroupAssignmentTarget",
}
TARGETS = {odata_type: target for target, odata_type in ODATA_TYPES.items()}
FILTER_ID = "deviceAndAppManagementAssignmentFilterId"
FILTER_TYPE = "deviceAndAppManagementAssignmentFilterType"
TARGET = shapes.object_of(dict.fromkeys(("@odata.type", "groupId", FILTER_ID, FILTER_TYPE), shapes.optional(shapes.text)))
ASSIGNMENT = shapes.object_of({"target": shapes.optional(TARGET)})
NO_GROUP = ""
NO_FILTER = ""
KEEP_FILTER = None  # of a requested assignment: keep the filter of an existing target

# An entry of the option assignments: target, and optionally group, filter, filter_type.
Entry = t.Mapping[str, t.Any]


class AssignmentResult(t.TypedDict):
    """An entry of the return value ``assignments``."""

    target: str
    group: str | None
    group_id: str | None
    filter: str | None
    filter_id: str | None
    filter_type: str | None


@dataclasses.dataclass(frozen=True)
class Subject:
    """The assigned object, for messages: a noun, its name, and a function that names its options."""

    noun: str
    name: str
    name_option: t.Callable[[str], str]


class NameLookup(t.Protocol):
    """A lookup of groups and filters by name or ID. A name that matches no object, or several, is a problem."""

    def add_problem(self, problem: str, advice: str) -> None:
        """Add a sentence about a name or ID, and one with advice."""

    def find_group_id(self, name: str) -> str | None:
        """Return the ID of a group, or None after a problem."""

    def find_filter_id(self, name: str) -> str | None:
        """Return the ID of an assignment filter, or None after a problem."""


@dataclasses.dataclass(frozen=True, order=True)
class Assignment:
    """One target of a policy.

    ``target`` is a Target, or an OData type that this version does not know. ``group_id``: NO_GROUP for all devices and users.
    ``filter_id``: NO_FILTER, or KEEP_FILTER in a requested assignment. ``filter_type`` is a FilterType, '' without a filter.
    """

    target: str
    group_id: str = NO_GROUP
    filter_id: str | None = NO_FILTER
    filter_type: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The key that identifies an assignment of a policy: a group is either included or excluded."""
        return ("group", self.group_id) if self.group_id else (self.target, NO_GROUP)

    @property
    def is_known(self) -> bool:
        """Whether this version knows the target and can write it."""
        return self.target in ODATA_TYPES

    def describe(self, names: Names = NO_NAMES) -> AssignmentResult:
        """Return the assignment as a return value. Unknown names are None."""
        return {
            "target": self.target,
            "group": names.groups.get(self.group_id),
            "group_id": self.group_id or None,
            "filter": names.filters.get(self.filter_id or NO_FILTER),
            "filter_id": self.filter_id or None,
            "filter_type": self.filter_type or None,
        }

    def label(self, names: Names) -> Json:
        """Return the assignment for people, in the terms of the option: by name, and by ID if the name is unknown or not unique."""
        return {
            "target": self.target,
            "group": names.label_group(self.group_id) if self.group_id else None,
            "filter": names.label_filter(self.filter_id) if self.filter_id else None,
            "filter_type": self.filter_type or None,
        }

    def render(self) -> Json:
        """Return the assignment in Graph's JSON."""
        target: Json = {"@odata.type": ODATA_TYPES[self.target]}
        if self.group_id:
            target["groupId"] = self.group_id
        if self.filter_id:
            target.update({FILTER_ID: self.filter_id, FILTER_TYPE: self.filter_type})
        return {"target": target}


def parse_assignment(found: Json) -> Assignment:
    """Parse an assignment from Graph."""
    target = found.get("target") or {}
    odata_type = str(target.get("@odata.type") or "")
    filter_id, filter_type = str(target.get(FILTER_ID) or "").lower(), str(target.get(FILTER_TYPE) or "none")
    if filter_type == "none" or filter_id in (NO_FILTER, NIL):
        filter_id, filter_type = NO_FILTER, ""
    # An unknown kind of target keeps its own name; validate_known() ensures that it is never written.
    return Assignment(TARGETS.get(odata_type, odata_type), (target.get("groupId") or NO_GROUP).lower(), filter_id, filter_type)


def parse_assignments(found: t.Iterable[Json]) -> tuple[Assignment, ...]:
    """Parse Graph's assignments of a policy, in a stable order."""
    return tuple(sorted(parse_assignment(item) for item in found))


def validate_known(current: t.Iterable[Assignment], subject: Subject) -> None:
    """Raise SelectionError if managing these assignments would lose one."""
    unknown = sorted({assignment.target for assignment in current if not assignment.is_known})
    if unknown:
        raise errors.SelectionError(
            f"The {subject.noun} is also assigned to a target that this version does not know: {', '.join(unknown)}.",
            hint=f"Leave {subject.name_option('assignments')} unset, and assign the {subject.noun} in the Intune admin center.",
            effects="none",
        )


def merge(current: t.Iterable[Assignment], requested: t.Iterable[Assignment], purge: bool) -> tuple[Assignment, ...]:
    """Return the assignments after a task: the requested ones, and the others unless they are purged."""
    have = {assignment.key: assignment for assignment in current}
    result = {assignment.key: _with_filter(assignment, have.get(assignment.key)) for assignment in requested}
    return tuple(sorted(result.values() if purge else {**have, **result}.values()))


def _with_filter(requested: Assignment, current: Assignment | None) -> Assignment:
    if requested.filter_id is not KEEP_FILTER:
        return requested
    if current is not None and current.target == requested.target:
        return current
    return dataclasses.replace(requested, filter_id=NO_FILTER, filter_type="")


def validate_options(entries: t.Iterable[Entry]) -> None:
    """Raise InvalidOptionError for contradictory entries, listing all problems."""
    problems = [problem for entry in entries for problem in _entry_problems(entry)]
    if problems:
        raise errors.InvalidOptionError(" ".join(problems), effects="none")


def _entry_problems(entry: Entry) -> t.Iterator[str]:
    target, group = entry["target"], entry.get("group")
    if group is not None and not target.endswith("group"):
        yield f"The target {target} takes no group, but '{group}' is given. Leave group out."
    if not (group or "").strip() and target.endswith("group"):
        yield f"The target {target} needs a group. Set group to its name or ID."
    if entry.get("filter_type") and not (entry.get("filter") or "").strip():
        yield f"filter_type is given for the target {_label(entry)}, but no filter. Set filter to its name or ID, or leave filter_type out."


def resolve(lookup: NameLookup, entries: t.Iterable[Entry]) -> tuple[Assignment, ...]:
    """Return the option's entries as assignments. Names that cannot be resolved, and contradictions, become problems of the lookup."""
    resolved: dict[tuple[str, str], Assignment] = {}
    for entry in entries:
        group_id = lookup.find_group_id(entry["group"]) if entry["target"].endswith("group") else NO_GROUP
        requested = _make_assignment(lookup, entry, group_id or NO_GROUP)
        if group_id is None:
            continue
        other = resolved.setdefault(requested.key, requested)
        if other.target != requested.target:
            lookup.add_problem(f"The group '{entry['group']}' is both included and excluded.", "Name each group once.")
        elif other != requested:
            lookup.add_problem(f"The target {_label(entry)} is named twice, with different filters.", "Name each target once.")
    return tuple(sorted(resolved.values(), key=lambda assignment: assignment.key))


def _make_assignment(lookup: NameLookup, entry: Entry, group_id: str) -> Assignment:
    name = entry.get("filter")
    if name is None:
        return Assignment(entry["target"], group_id, KEEP_FILTER)
    if not name.strip():
        return Assignment(entry["target"], group_id, NO_FILTER)
    return Assignment(entry["target"], group_id, lookup.find_filter_id(name) or NO_FILTER, entry.get("filter_type") or "include")


def _label(entry: Entry) -> str:
    return f"{entry['target']} '{entry['group']}'" if entry.get("group") else str(entry["target"])


def collect_ids(current: t.Iterable[Assignment]) -> set[str]:
    """Return the IDs of the groups and filters in assignments."""
    return {identity for assignment in current for identity in (assignment.group_id, assignment.filter_id) if identity}
