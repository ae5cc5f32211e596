# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The devices that a task means: names and groups to device IDs, and the properties of devices.

Few names are searched for one by one, in batches; for many the list of devices is read once, whichever is fewer requests. Either way every
device is compared on our side too: Intune responds to filters that it does not know with every device. All problems are reported at once,
before anything is done.
"""

from __future__ import annotations

import dataclasses
import math
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .. import _permissions as permissions
from .._directory.lookup import DirectoryLookup
from .._graph.batch_scheduler import BatchScheduler
from .._graph.client import BETA, GraphClient
from .._graph.odata import render_literal, render_path
from .._graph.responses import parse_error, parse_response
from .._http.message import Request, Response
from .._types import Json
from .model import (
    DEVICE,
    FIND,
    IDENTIFIERS,
    INFO,
    MATCH_BY,
    PATH,
    QUOTA,
    Device,
    MatchBy,
    Pair,
    SearchTerm,
    fold,
    parse_device,
    parse_names,
    raise_problems,
    shape_of,
)

FEW = 3  # names that are searched for without asking how many devices there are
PAGE = 1000  # devices in a page of the list
SLICE = 1000  # names that were not in the list, and are searched for together
DEVICES = shapes.object_of({"value": shapes.list_of(DEVICE)})
MEMBER = shapes.object_of(
    {"id": shapes.identity, **dict.fromkeys(("@odata.type", "deviceId", "userPrincipalName"), shapes.optional(shapes.text))}
)
LARGE = 100_000  # devices of a tenant that does not say how many it has
SHOWN_CANDIDATES = 10  # devices in the message for a name that matches several


@dataclasses.dataclass(frozen=True)
class Selection:
    """``ids``: device ID to the names that mean it, or ``group <name>``, in the order given, groups after names."""

    ids: dict[str, list[str]]
    warnings: list[str]


def select(
    client: GraphClient,
    scheduler: BatchScheduler,
    *,
    names: t.Sequence[str],
    match_by: MatchBy | t.Literal["auto"],
    groups: t.Sequence[str],
) -> Selection:
    """Return the devices that names and groups mean.

    Raises SelectionError for names and groups that match no device or several, InvalidOptionError for none or too many.
    """
    terms = parse_names(names, groups, match_by)
    problems: list[str] = []
    members = _fetch_members(client, groups, problems)
    search = _Search(client, scheduler, [*terms, *(member for found in members.values() for member in found)])
    search.run()
    ids: dict[str, list[str]] = {}
    for term in terms:
        problem = _find_problem(term, search)
        if problem:
            problems.append(problem)
        else:
            ids.setdefault(next(iter(search.devices_of(term))), []).append(term.label)
    warnings = []
    for group, terms_of_group in members.items():
        devices = [search.devices_of(member) for member in terms_of_group]
        for device in (device for each in devices for device in each):
            ids.setdefault(device, []).append(f"group {group}")
        without = sum(not each for each in devices)
        if without == len(devices):
            problems.append(f"No member of the group '{group}' has a device in Intune.")
        elif without:
            warnings.append(f"{without} of {len(devices)} members of the group '{group}' have no device in Intune.")
    raise_problems(problems)
    return Selection({device: list(dict.fromkeys(labels)) for device, labels in ids.items()}, warnings)


def prefer_list(terms: int, devices: int) -> bool:
    """Return whether counting the devices, and reading the whole list, takes fewer requests than one for each term."""
    return 1 + math.ceil(devices / PAGE) < terms


def _find_problem(term: SearchTerm, search: _Search) -> str | None:
    refusal, found = search.refusal_of(term), search.devices_of(term)
    if refusal:
        return f"'{term.label}' could not be looked for: {refusal}"
    if not found:
        return f"There is no managed device '{term.label}' (looked for by {', '.join(identifier for identifier, _value in term.pairs)})."
    if len(found) > 1:
        matched = next(pair[0] for pair in term.pairs if search.hits_of(pair))
        more = f" and {len(found) - SHOWN_CANDIDATES} more" if len(found) > SHOWN_CANDIDATES else ""
        return f"'{term.label}' means {len(found)} devices by {matched}: {', '.join(sorted(found.values())[:SHOWN_CANDIDATES])}{more}."
    return None


# --- devices --------------------------------------------------------------------------------------------------------


def fetch_all_devices(client: GraphClient) -> t.Iterator[Device]:
    """Yield all devices with the properties of INFO, page by page. A list that changes while it is read may have a device twice."""
    return map(parse_device, client.list_items(PATH, {"$select": ",".join(INFO)}, version=BETA, item=DEVICE))


def fetch_selected_devices(
    client: GraphClient, *, names: t.Sequence[str], match_by: MatchBy | t.Literal["auto"], groups: t.Sequence[str]
) -> tuple[list[Device], list[str]]:
    """Return the devices that names and groups mean, in that order, with the properties of INFO, and warnings. Raises as ``select``."""
    scheduler = BatchScheduler(client, QUOTA)
    selection = select(client, scheduler, names=names, match_by=match_by, groups=groups)
    found = fetch_devices(client, scheduler, list(selection.ids))
    gone = len(selection.ids) - len(found)
    return found, selection.warnings + ([f"{gone} devices were removed from Intune while they were read."] if gone else [])


def fetch_devices(client: GraphClient, scheduler: BatchScheduler, ids: t.Sequence[str]) -> list[Device]:
    """Return these devices in their order, with the properties of INFO, without those that Intune no longer knows."""
    found: dict[str, Device] = {}
    query = {"$select": ",".join(INFO)}
    if len(ids) > FEW and prefer_list(len(ids), _fetch_count(client)):
        selected = frozenset(ids)
        found = {device.id: device for device in fetch_all_devices(client) if device.id in selected}
    missing = [device for device in ids if device not in found]
    requests = [client.request("GET", PATH + render_path(device), query, version=BETA) for device in missing]
    for device, request, response in zip(missing, requests, scheduler.fetch_all(requests), strict=True):
        if response.status != 404:
            found[device] = parse_device(parse_response(request, response, shape_of(device)))
    return [found[device] for device in ids if device in found]


def _fetch_count(client: GraphClient) -> int:
    try:
        number = client.get(PATH + "/$count", shape=shapes.lenient(shapes.integer))
    except errors.GraphError:
        # It only decides what is faster. Where nothing may be read, the next request says so.
        return LARGE
    return LARGE if number is None else number


# --- groups ---------------------------------------------------------------------------------------------------------


def _fetch_members(client: GraphClient, groups: t.Sequence[str], problems: list[str]) -> dict[str, list[SearchTerm]]:
    """Return the devices and users in each group, also those in nested groups. A group with a problem is left out."""
    directory = DirectoryLookup(client)
    members = {}
    for group in dict.fromkeys(groups):
        group_id = directory.find_group_id(group)
        if group_id is None:
            continue
        found, missing_permissions = _fetch_members_of(client, group_id)
        if missing_permissions:
            needed = " and ".join(sorted(missing_permissions))
            problems.append(
                f"Microsoft Graph does not return the members of the group '{group}': the application needs the permission {needed}."
            )
        else:
            members[group] = found
    problems += directory.problems
    return members


def _fetch_members_of(client: GraphClient, group_id: str) -> tuple[list[SearchTerm], set[str]]:
    """Return the members, and the permissions that are missing to read some."""
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
        raise failure.with_hint(
            f"To read the members of groups, the application needs one of the permissions {', '.join(permissions.READ_GROUPS)}."
        ) from failure
    return found, missing_permissions


def _parse_member(member: Json) -> SearchTerm | str | None:
    """Return a member that is a device or a user; the permission to read it where Graph hides its properties; null for other kinds."""
    kind, identity = member.get("@odata.type"), str(member.get("id"))
    if kind == "#microsoft.graph.device":
        device = member.get("deviceId")
        return SearchTerm(identity, (("azure_ad_device_id", str(device)),)) if device else permissions.READ_DIRECTORY_DEVICES[0]
    if kind == "#microsoft.graph.user":
        user = member.get("userPrincipalName")
        pairs: tuple[Pair, ...] = (("user_principal_name", str(user)), ("user_id", identity))
        return SearchTerm(identity, pairs, matches_all=True) if user else permissions.READ_USERS[0]
    return None


# --- search ---------------------------------------------------------------------------------------------------------


class _Search:
    """Finds the devices that each term means. Only devices that a term means are kept, and these as a line of text."""

    def __init__(self, client: GraphClient, scheduler: BatchScheduler, terms: t.Iterable[SearchTerm]) -> None:
        self._client = client
        self._scheduler = scheduler
        self._terms = list(dict.fromkeys(terms))
        self._hits: dict[Pair, dict[str, str]] = {_fold_pair(pair): {} for term in self._terms for pair in term.pairs}
        self._refusals: dict[Pair, str] = {}
        self._searched: set[Pair] = set()
        self._is_listed = False

    def hits_of(self, pair: Pair) -> dict[str, str]:
        """Return the devices that match a pair: device ID to the text that names it in messages."""
        return self._hits[_fold_pair(pair)]

    def devices_of(self, term: SearchTerm) -> dict[str, str]:
        """Return the devices that a term means, in the same form."""
        found = [hits for pair in term.pairs if (hits := self.hits_of(pair))]
        return {device: text for hits in (found if term.matches_all else found[:1]) for device, text in hits.items()}

    def refusal_of(self, term: SearchTerm) -> str | None:
        """Return why the service did not search for a term; null where it did."""
        return next((self._refusals[key] for pair in term.pairs if (key := _fold_pair(pair)) in self._refusals), None)

    def run(self) -> None:
        """Search for all terms."""
        if len(self._terms) <= FEW or not prefer_list(len(self._terms), _fetch_count(self._client)):
            self._search_one_by_one(self._terms)
            return
        for device in self._client.list_items(PATH, {"$select": ",".join(FIND)}, item=DEVICE):
            self._add_device(device)
        self._is_listed = True
        # The list is incomplete at times: terms without a device are searched for, until that does not help.
        missing = [term for term in self._terms if not self.devices_of(term)]
        for start in range(0, len(missing), SLICE):
            part = missing[start : start + SLICE]
            self._search_one_by_one(part)
            if not all(self.devices_of(term) for term in part):
                return

    def _search_one_by_one(self, terms: t.Sequence[SearchTerm]) -> None:
        """Search for all by their first pair, then for those without a device by their second."""
        for turn in range(max((len(term.pairs) for term in terms), default=0)):
            pairs = list(dict.fromkeys(term.pairs[turn] for term in terms if self._is_due(term, turn)))
            requests = [self._request(pair) for pair in pairs]
            for pair, request, response in zip(pairs, requests, self._scheduler.fetch_all(requests), strict=True):
                self._add_response(pair, request, response)
                self._searched.add(_fold_pair(pair))

    def _is_due(self, term: SearchTerm, turn: int) -> bool:
        return turn < len(term.pairs) and term.pairs[turn][0] in MATCH_BY and not self._is_found(term)

    def _is_found(self, term: SearchTerm) -> bool:
        """Return whether a search for the term found devices: one that another search returned may not be the only one that matches."""
        return any((self._is_listed or _fold_pair(pair) in self._searched) and self.hits_of(pair) for pair in term.pairs)

    def _request(self, pair: Pair) -> Request:
        if pair[0] == "id":
            return self._client.request("GET", PATH + render_path(pair[1]), {"$select": ",".join(FIND)})
        return self._client.request("GET", PATH, _render_query(pair))

    def _add_response(self, pair: Pair, request: Request, response: Response) -> None:
        if response.status == 404 and pair[0] == "id":
            return
        failure = parse_error(request, response) if response.status == 400 else None
        if failure is not None and failure.hint is None:
            # It is about this name. One with a hint is about the tenant.
            self._refusals[_fold_pair(pair)] = failure.message
            return
        if pair[0] == "id":
            self._add_device(parse_response(request, response, shape_of(pair[1])))
            return
        found = parse_response(request, response, DEVICES)
        query = _render_query(pair)
        devices = self._client.list_items(PATH, query, item=DEVICE) if "@odata.nextLink" in found else found["value"]
        for device in devices:
            self._add_device(device)

    def _add_device(self, device: Json) -> None:
        for identifier, name in IDENTIFIERS.items():
            hits = self._hits.get((identifier, fold(device.get(name))))
            if hits is not None and device.get("id"):
                hits[str(device["id"])] = f"{device['id']} ({device.get('deviceName')}, {device.get('serialNumber')})"


def _fold_pair(pair: Pair) -> Pair:
    return pair[0], fold(pair[1])


def _render_query(pair: Pair) -> dict[str, str]:
    return {"$filter": f"{IDENTIFIERS[pair[0]]} eq {render_literal(pair[1])}", "$select": ",".join(FIND)}
