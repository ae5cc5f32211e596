# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Find the devices of a task: resolve names and groups to device IDs, and read the properties of devices.

All problems with names are reported at once, before anything is done.
"""

from __future__ import annotations

import dataclasses
import math
import typing as t

from .._graph.batch_scheduler import BatchScheduler
from .._graph.client import BETA, GraphClient
from .._graph.odata import render_path
from .._graph.responses import parse_response
from .._guid import parse_guid
from .._http.message import Request
from .._names import explain_missing, show
from .._time import parse_timestamp
from .identifiers import Candidate, MatchOption, Problem, SearchTerm, describe_several, parse_names, raise_problems
from .model import DEVICE, INFO, PATH, QUOTA, Device, parse_device, shape_of
from .search import FEW, Search, fetch_count, prefer_list

MAY_MISS_USERS = (
    "Intune's list of devices lacks some, or Intune does not say how many there are. Devices of users in device_groups may be missing "
    "where their record has an old user principal name. Run the task again, or name such devices in devices."
)

BY_NAME = "Correct the name of the device, or use its ID."
BY_ID = "Check the ID: the device may have been removed from Intune."


@dataclasses.dataclass(frozen=True)
class Selection:
    """The selected devices. ``ids``: device ID to its names in the task, or ``group <name>``; in the given order, groups after names."""

    ids: dict[str, list[str]]
    warnings: list[str]


def select(
    client: GraphClient,
    scheduler: BatchScheduler,
    *,
    names: t.Sequence[str],
    match_by: MatchOption,
    groups: t.Sequence[str],
) -> Selection:
    """Return the devices that names and groups select.

    Raises SelectionError for names and groups that match no device or several, InvalidOptionError for none or too many.
    """
    terms = parse_names(names, groups, match_by)
    problems: list[Problem] = []
    members = _fetch_members(client, groups, problems) if groups else {}
    search = Search(client, scheduler, terms, (member for found in members.values() for member in found))
    search.run()
    search.search_similar([term for term in terms if not search.devices_of(term) and not search.refusal_of(term)])
    ids: dict[str, list[str]] = {}
    for term in terms:
        problem = _find_problem(term, search)
        if problem:
            problems.append(problem)
        else:
            ids.setdefault(next(iter(search.devices_of(term))), []).append(term.label)
    warnings: list[str] = []
    for group, found in members.items():
        for device in _find_devices_of_group(group, found, search, problems, warnings):
            ids.setdefault(device.id, []).append(f"group {group}")
    raise_problems(problems)
    if search.may_miss_users:
        warnings.append(MAY_MISS_USERS)
    return Selection({device: list(dict.fromkeys(labels)) for device, labels in ids.items()}, warnings)


def find_device(client: GraphClient, scheduler: BatchScheduler, term: SearchTerm, enrolled_since: float | None = None) -> Candidate | None:
    """Return the device that a name selects, or None while there is none. Raises SelectionError if the name matches several.

    ``enrolled_since``: ignore a record that is older, or of unknown age.
    """
    search = Search(client, scheduler, [term])
    search.run()
    devices = search.devices_of(term).values()
    found = [device for device in devices if enrolled_since is None or (parse_timestamp(device.enrolled) or -math.inf) >= enrolled_since]
    if len(found) > 1 or search.refusal_of(term):
        raise_problems(filter(None, [_find_problem(term, search)]))
    return found[0] if found else None


def _fetch_members(client: GraphClient, groups: t.Sequence[str], problems: list[Problem]) -> dict[str, list[SearchTerm]]:
    # Most tasks only name devices, and need not import the code for groups.
    from .members import fetch_members

    return fetch_members(client, groups, problems)


def _find_problem(term: SearchTerm, search: Search) -> Problem | None:
    refusal, found = search.refusal_of(term), search.devices_of(term)
    if refusal:
        return f"'{show(term.label)}' could not be looked for: {refusal}", BY_NAME
    if not found:
        looked_for = ", ".join(identifier for identifier, _value in term.pairs)
        advice = explain_missing(term.label, search.similar_to(term))
        told = f"There is no managed device '{show(term.label)}' (looked for by {looked_for}).{advice}"
        return told, BY_ID if parse_guid(term.label) else BY_NAME
    if len(found) > 1:
        return describe_several(term, {pair: search.hits_of(pair) for pair in term.pairs}), "Use the ID of the device that you mean."
    return None


def _find_devices_of_group(
    group: str, members: t.Sequence[SearchTerm], search: Search, problems: list[Problem], warnings: list[str]
) -> list[Candidate]:
    """Return the devices of a group's members, and add problems and warnings."""
    from .members import describe_left_out, find_belonging

    belongings = [find_belonging(search, member) for member in members]
    ambiguous = [f"In the group '{show(group)}', the Entra device ID {each.problem}" for each in belongings if each.problem]
    devices = {device.id: device for each in belongings for device in each.devices}
    left_out = [device for each in belongings for device in each.left_out if device.id not in devices]
    told = [describe_left_out(group, left_out)] if left_out else []
    without = sum(not each.devices for each in belongings)
    if ambiguous:
        problems += [(text, "Correct the members of the group, or name its devices in devices.") for text in (*ambiguous, *told)]
        return []
    if not devices:
        nobody = f"No member of the group '{show(group)}' has a device in Intune."
        problems += [(text, "Check the members of the group.") for text in (nobody, *told)]
        return []
    if without:
        warnings.append(f"{without} of {len(members)} members of the group '{show(group)}' have no device in Intune.")
    warnings += told
    return list(devices.values())


# --- devices --------------------------------------------------------------------------------------------------------


def fetch_all_devices(client: GraphClient, properties: t.Sequence[str] = INFO) -> t.Iterator[Device]:
    """Yield all devices with these properties, page by page. If the list changes during the read, a device may occur twice."""
    return map(parse_device, client.list_items(PATH, {"$select": ",".join(properties)}, version=BETA, item=DEVICE))


def render_list_request(client: GraphClient, properties: t.Sequence[str]) -> Request:
    """Return the request of the first page of ``fetch_all_devices``."""
    return client.request("GET", PATH, {"$select": ",".join(properties)}, version=BETA)


def fetch_selected_devices(
    client: GraphClient, *, names: t.Sequence[str], match_by: MatchOption, groups: t.Sequence[str]
) -> tuple[list[Device], list[str]]:
    """Return the devices that names and groups select, in that order, with the properties of INFO, and warnings. Raises as ``select``."""
    scheduler = BatchScheduler(client, QUOTA)
    selection = select(client, scheduler, names=names, match_by=match_by, groups=groups)
    found = fetch_devices(client, scheduler, list(selection.ids))
    gone = len(selection.ids) - len(found)
    return found, selection.warnings + ([f"{gone} devices were removed from Intune while they were read."] if gone else [])


def fetch_devices(client: GraphClient, scheduler: BatchScheduler, ids: t.Sequence[str]) -> list[Device]:
    """Return these devices in order, with the properties of INFO, without those that Intune no longer knows."""
    found: dict[str, Device] = {}
    query = {"$select": ",".join(INFO)}
    if len(ids) > FEW and prefer_list(len(ids), fetch_count(client)):
        selected = frozenset(ids)
        found = {device.id: device for device in fetch_all_devices(client) if device.id in selected}
    missing = [device for device in ids if device not in found]
    requests = [client.request("GET", PATH + render_path(device), query, version=BETA) for device in missing]
    for device, request, response in zip(missing, requests, scheduler.fetch_all(requests), strict=True):
        if response.status != 404:
            found[device] = parse_device(parse_response(request, response, shape_of(device)))
    return [found[device] for device in ids if device in found]
