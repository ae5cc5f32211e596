# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Find the members of groups and their devices. IDs take precedence over user principal names."""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .. import _permissions as permissions
from .._directory.lookup import DirectoryLookup
from .._graph.client import GraphClient
from .._graph.odata import render_path
from .._guid import parse_identity
from .._names import show
from .._types import Json
from .identifiers import Candidate, Pair, Problem, SearchTerm, describe_several
from .search import Search

MEMBER = shapes.object_of(
    {"id": shapes.identity, **dict.fromkeys(("@odata.type", "deviceId", "userPrincipalName"), shapes.optional(shapes.text))}
)
SHOWN_DEVICES = 10  # devices in a warning


@dataclasses.dataclass(frozen=True)
class Belonging:
    """The devices of a member, and those that have the member's user principal name, but another user ID.

    ``problem``: why the member does not identify one device.
    """

    devices: list[Candidate]
    left_out: list[Candidate]
    problem: str | None = None


def fetch_members(client: GraphClient, groups: t.Sequence[str], problems: list[Problem]) -> dict[str, list[SearchTerm]]:
    """Return the devices and users in each group, including nested groups. Omit a group with a problem."""
    directory = DirectoryLookup(client)
    members = {}
    for group in dict.fromkeys(groups):
        group_id = directory.find_group_id(group)
        if group_id is None:
            continue
        found, missing_permissions = _fetch_members_of(client, group_id)
        if missing_permissions:
            needed = " and ".join(sorted(missing_permissions))
            told = (
                f"Microsoft Graph does not return the members of the group '{show(group)}': the application needs the permission {needed}."
            )
            problems.append((told, "Grant the permission in Microsoft Entra, and consent to it as an administrator."))
        else:
            members[group] = found
    problems += directory.list_problems()
    return members


def _fetch_members_of(client: GraphClient, group_id: str) -> tuple[list[SearchTerm], set[str]]:
    """Return the members, and the permissions that are missing to read some of them."""
    found: list[SearchTerm] = []
    missing_permissions: set[str] = set()
    query = {"$select": "id,deviceId,userPrincipalName", "$top": "999"}
    try:
        for member in client.list_items(render_path("groups", group_id, "transitiveMembers"), query, item=MEMBER):
            parsed = _parse_member(member)
            if isinstance(parsed, SearchTerm):
                found.append(parsed)
            elif parsed is not None:
                missing_permissions.add(parsed)
    except errors.ForbiddenError as failure:
        raise failure.with_permission_hint(permissions.advise_on_one("To read the members of groups", permissions.READ_GROUPS)) from failure
    return found, missing_permissions


def _parse_member(member: Json) -> SearchTerm | str | None:
    """Return a member that is a device or a user; the missing permission if Graph hides its properties; or None for other kinds.

    A device or user whose ID identifies nothing is a member without a device.
    """
    kind, identity = member.get("@odata.type"), str(member.get("id"))
    if kind == "#microsoft.graph.device":
        if not member.get("deviceId"):
            return permissions.READ_DIRECTORY_DEVICES[0]
        device = parse_identity(member["deviceId"])
        return SearchTerm(device, (("azure_ad_device_id", device),)) if device else SearchTerm(identity, ())
    if kind == "#microsoft.graph.user":
        name = member.get("userPrincipalName")
        if not name:
            return permissions.READ_USERS[0]
        user = parse_identity(member.get("id"))
        by_id: tuple[Pair, ...] = (("user_id", user),) if user else ()
        return SearchTerm(identity, (*by_id, ("user_principal_name", str(name))))
    return None


def find_belonging(search: Search, member: SearchTerm) -> Belonging:
    """Return the devices of a member: any number for a user, one for a device.

    A user principal name can be reassigned to another person while a device's record keeps the old one. So it counts only for a device
    without a user ID.
    """
    found = search.devices_of(member)
    user = dict(member.pairs).get("user_id")
    if "user_principal_name" not in dict(member.pairs):
        if len(found) > 1:
            # Several records, or clones, of one device. The group does not distinguish them.
            return Belonging([], [], describe_several(member, {pair: search.hits_of(pair) for pair in member.pairs}))
        return Belonging(list(found.values()), [])
    devices = [device for device in found.values() if device.user_id in (None, user)]
    return Belonging(devices, [device for device in found.values() if device.user_id not in (None, user)])


def describe_left_out(group: str, devices: t.Iterable[Candidate]) -> str:
    """Return the sentence about devices that have the user principal name of a group member, but belong to another user."""
    every = sorted({f"{show(device.device_name) or 'a device without a name'} ({device.id})" for device in devices})
    more = f" and {len(every) - SHOWN_DEVICES} more" if len(every) > SHOWN_DEVICES else ""
    return (
        f"The group '{show(group)}' does not include {', '.join(every[:SHOWN_DEVICES])}{more}: the user principal name in the record is "
        "that of a member, but the user ID is that of another user. If such a device is meant, name it in devices."
    )
