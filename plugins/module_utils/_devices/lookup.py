# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Which devices a task means: names and groups to device IDs. Everything that is wrong is told at once, before anything is done.

Few names are asked for one by one, in batches; for many the list of devices is read once, whichever is fewer requests. Either way every
device is compared on our side too: Intune answers filters that it does not know with every device.
"""

from __future__ import annotations

import dataclasses
import math
import re
import typing as t

from .. import _errors as errors
from .. import _guid as guid
from .. import _permissions as permissions
from .._directory.lookup import DirectoryLookup
from .._graph.batch_scheduler import BatchScheduler
from .._graph.client import BETA, GraphClient
from .._graph.odata import render_literal, render_path
from .._graph.responses import parse_error, parse_response
from .._http.message import Request, Response
from .._types import Json
from .model import FIND, INFO, MATCH_BY, PATH, QUOTA, Device, fold, normalise, ways

MOST_NAMES = 50_000
LONGEST_NAME = 256  # characters
# Also halves of characters, which no request can carry.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
FEW = 3  # names for which it is not asked how many devices there are
PAGE = 1000  # devices in a page of the list
AGAIN = 1000  # names that were not in the list, and are asked for together
LARGE = 100_000  # devices of a tenant that does not say how many it has
TOLD = 20  # problems told in full
CANDIDATES = 10  # devices told of a name that means several
HINT = "Nothing was done. Correct the names, or use device IDs."

# What a device is compared by. Not every one may be in a $filter: who is asked for only by what MATCH_BY has.
PROPERTIES = {**MATCH_BY, "user_id": "userId"}
Pair = tuple[str, str]  # one of PROPERTIES, and a value


@dataclasses.dataclass(frozen=True)
class Chosen:
    """``ids``: device ID to the names that mean it, or ``group <name>``, in the order given, groups after names."""

    ids: dict[str, list[str]]
    warnings: list[str]


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A name, or a member of a group, by pairs in the order in which they are tried; ``every``: what any of them means is meant."""

    label: str
    pairs: tuple[Pair, ...]
    every: bool = False


def select(client: GraphClient, scheduler: BatchScheduler, *, names: t.Sequence[str], match_by: str, groups: t.Sequence[str]) -> Chosen:
    """Raises SelectionError for names and groups that do not mean what they must, InvalidOptionError for none or too many."""
    wanted = check(names, groups, match_by)
    problems: list[str] = []
    members = _members(client, groups, problems)
    search = _Search(client, scheduler, [*wanted, *(member for found in members.values() for member in found)])
    search.run()
    ids: dict[str, list[str]] = {}
    for one in wanted:
        problem = _problem(one, search)
        if problem:
            problems.append(problem)
        else:
            ids.setdefault(next(iter(search.devices(one))), []).append(one.label)
    warnings = []
    for group, found in members.items():
        devices = [search.devices(member) for member in found]
        for device in (device for each in devices for device in each):
            ids.setdefault(device, []).append(f"group {group}")
        without = sum(not each for each in devices)
        if without == len(found):
            problems.append(f"No member of the group '{group}' has a device in Intune.")
        elif without:
            warnings.append(f"{without} of {len(found)} members of the group '{group}' have no device in Intune.")
    _raise(problems)
    return Chosen({device: list(dict.fromkeys(labels)) for device, labels in ids.items()}, warnings)


# --- pure -----------------------------------------------------------------------------------------------------------


def check(names: t.Sequence[str], groups: t.Sequence[str], match_by: str) -> list[Wanted]:
    """The names as they are to be looked for; raises where any cannot be one."""
    if not names and not groups:
        raise errors.InvalidOptionError("No device is meant: devices and device_groups are empty.", hint="Name a device or a group.")
    if len(names) > MOST_NAMES:
        raise errors.InvalidOptionError(f"devices holds {len(names)} names; {MOST_NAMES} is the most for one task.", hint="Split them.")
    problems = [problem for name in (*names, *groups) if (problem := _malformed(name))]
    by_guid = match_by in ("id", "azure_ad_device_id")
    problems += [f"'{name}' is not a GUID, which match_by {match_by} needs." for name in names if by_guid and not guid.parse_guid(name)]
    _raise(problems)
    return [_wanted(name, match_by) for name in names]


def _malformed(name: str) -> str | None:
    if not name.strip():
        return "A name is blank."
    if len(name) > LONGEST_NAME:
        return f"A name is {len(name)} characters long, and {LONGEST_NAME} is the most: {name[:40]!r}..."
    if CONTROL.search(name):
        return f"A name holds control characters: {name[:80]!r}."
    return None


def _wanted(name: str, match_by: str) -> Wanted:
    tried = ways(name, match_by)
    value = guid.parse_guid(name) if tried[0] in ("id", "azure_ad_device_id") else None
    return Wanted(name, tuple((way, value or name) for way in tried))


def prefer_list(wanted: int, devices: int) -> bool:
    """Whether asking how many devices there are, and reading the whole list, takes fewer requests than asking for each one."""
    return 1 + math.ceil(devices / PAGE) < wanted


def _problem(one: Wanted, search: _Search) -> str | None:
    refusal, found = search.refusal(one), search.devices(one)
    if refusal:
        return f"'{one.label}' could not be looked for: {refusal}"
    if not found:
        return f"There is no managed device '{one.label}' (looked for by {', '.join(way for way, _value in one.pairs)})."
    if len(found) > 1:
        way = next(way for way, value in one.pairs if search.hits(way, value))
        more = f" and {len(found) - CANDIDATES} more" if len(found) > CANDIDATES else ""
        return f"'{one.label}' means {len(found)} devices by {way}: {', '.join(sorted(found.values())[:CANDIDATES])}{more}."
    return None


def _raise(problems: t.Iterable[str]) -> None:
    told = list(dict.fromkeys(problems))
    if told:
        more = f" ... and {len(told) - TOLD} more problems." if len(told) > TOLD else ""
        raise errors.SelectionError(" ".join(told[:TOLD]) + more, hint=HINT)


# --- calls ----------------------------------------------------------------------------------------------------------


def every(client: GraphClient) -> t.Iterator[Device]:
    """What INFO has of all devices, page by page. A list that changes while it is read may have a device twice."""
    return map(normalise, client.list_items(PATH, {"$select": ",".join(INFO)}, version=BETA))


def find(client: GraphClient, *, names: t.Sequence[str], match_by: str, groups: t.Sequence[str]) -> tuple[list[Device], list[str]]:
    """What INFO has of the devices that names and groups mean, in that order, and warnings. Raises as select does."""
    scheduler = BatchScheduler(client, QUOTA)
    chosen = select(client, scheduler, names=names, match_by=match_by, groups=groups)
    found = read(client, scheduler, list(chosen.ids))
    gone = len(chosen.ids) - len(found)
    return found, chosen.warnings + ([f"{gone} devices were removed from Intune while they were read."] if gone else [])


def read(client: GraphClient, scheduler: BatchScheduler, ids: t.Sequence[str]) -> list[Device]:
    """What INFO has of these devices, in their order; without those that Intune no longer knows."""
    found: dict[str, Device] = {}
    query = {"$select": ",".join(INFO)}
    if len(ids) > FEW and prefer_list(len(ids), _count(client)):
        chosen = frozenset(ids)
        found = {device.id: device for device in every(client) if device.id in chosen}
    missing = [device for device in ids if device not in found]
    requests = [client.request("GET", PATH + render_path(device), query, version=BETA) for device in missing]
    for device, request, answer in zip(missing, requests, scheduler.fetch_all(requests), strict=True):
        if answer.status != 404:
            found[device] = normalise(parse_response(request, answer))
    return [found[device] for device in ids if device in found]


def _count(client: GraphClient) -> int:
    try:
        number = client.get(PATH + "/$count")
    except errors.GraphError:
        # It only decides what is faster. Where nothing may be read, the next request says so.
        return LARGE
    return number if isinstance(number, int) else LARGE


def _members(client: GraphClient, groups: t.Sequence[str], problems: list[str]) -> dict[str, list[Wanted]]:
    """The devices and users in each group, also those in nested groups; a group with a problem is left out."""
    references = DirectoryLookup(client)
    members = {}
    for group in dict.fromkeys(groups):
        identity = references.find_group_id(group)
        if identity is None:
            continue
        found, unreadable = _members_of(client, identity)
        if unreadable:
            needed = " and ".join(sorted(unreadable))
            problems.append(
                f"Microsoft Graph does not tell who the members of the group '{group}' are: the application needs the permission {needed}."
            )
        else:
            members[group] = found
    problems += references.problems
    return members


def _members_of(client: GraphClient, group: str) -> tuple[list[Wanted], set[str]]:
    """The members, and the permissions that are missing to read some."""
    found, unreadable = [], set()
    query = {"$select": "id,deviceId,userPrincipalName", "$top": "999"}
    try:
        for member in client.list_items(render_path("groups", group, "transitiveMembers"), query):
            kind, identity = member.get("@odata.type"), str(member.get("id"))
            device, user = member.get("deviceId"), member.get("userPrincipalName")
            if kind == "#microsoft.graph.device" and device:
                found.append(Wanted(identity, (("azure_ad_device_id", str(device)),)))
            elif kind == "#microsoft.graph.device":
                unreadable.add(permissions.READ_DIRECTORY_DEVICES[0])
            elif kind == "#microsoft.graph.user" and user:
                found.append(Wanted(identity, (("user_principal_name", str(user)), ("user_id", identity)), every=True))
            elif kind == "#microsoft.graph.user":
                unreadable.add(permissions.READ_USERS[0])
    except errors.ForbiddenError as failure:
        failure.hint = f"To read the members of groups, the application needs one of the permissions {', '.join(permissions.READ_GROUPS)}."
        raise
    return found, unreadable


class _Search:
    """Finds what each one means. Of the devices only those are kept that one of them means, and these as a line of text."""

    def __init__(self, client: GraphClient, scheduler: BatchScheduler, wanted: t.Iterable[Wanted]) -> None:
        self._client = client
        self._scheduler = scheduler
        self._wanted = list(dict.fromkeys(wanted))
        self._hits: dict[Pair, dict[str, str]] = {(way, fold(value)): {} for one in self._wanted for way, value in one.pairs}
        self._refusals: dict[Pair, str] = {}

    def hits(self, way: str, value: str) -> dict[str, str]:
        """Device ID to how the device is told from others."""
        return self._hits[way, fold(value)]

    def devices(self, one: Wanted) -> dict[str, str]:
        """What it means, likewise."""
        found = [hits for way, value in one.pairs if (hits := self.hits(way, value))]
        return {device: text for hits in (found if one.every else found[:1]) for device, text in hits.items()}

    def refusal(self, one: Wanted) -> str | None:
        """Why the service did not look for it."""
        return next((self._refusals[key] for way, value in one.pairs if (key := (way, fold(value))) in self._refusals), None)

    def run(self) -> None:
        if len(self._wanted) <= FEW or not prefer_list(len(self._wanted), _count(self._client)):
            self._ask(self._wanted)
            return
        for device in self._client.list_items(PATH, {"$select": ",".join(FIND)}):
            self._note(device)
        # The list is incomplete at times: who is not in it is asked for, until that does not help.
        missing = [one for one in self._wanted if not self.devices(one)]
        for start in range(0, len(missing), AGAIN):
            part = missing[start : start + AGAIN]
            self._ask(part)
            if not all(self.devices(one) for one in part):
                return

    def _ask(self, wanted: t.Sequence[Wanted]) -> None:
        """First all by their first way, then those without a device by their second."""
        for turn in range(max((len(one.pairs) for one in wanted), default=0)):
            pairs = list(dict.fromkeys(one.pairs[turn] for one in wanted if self._is_due(one, turn)))
            requests = [self._request(pair) for pair in pairs]
            for pair, request, answer in zip(pairs, requests, self._scheduler.fetch_all(requests), strict=True):
                self._take(pair, request, answer)

    def _is_due(self, one: Wanted, turn: int) -> bool:
        return turn < len(one.pairs) and one.pairs[turn][0] in MATCH_BY and not self.devices(one)

    def _request(self, pair: Pair) -> Request:
        if pair[0] == "id":
            return self._client.request("GET", PATH + render_path(pair[1]), {"$select": ",".join(FIND)})
        return self._client.request("GET", PATH, _query(pair))

    def _take(self, pair: Pair, request: Request, answer: Response) -> None:
        if answer.status == 404 and pair[0] == "id":
            return
        failure = parse_error(request, answer) if answer.status == 400 else None
        if failure is not None and failure.hint is None:
            # It is about this name. One with a hint is about the tenant.
            self._refusals[pair[0], fold(pair[1])] = failure.message
            return
        found = parse_response(request, answer)
        found = {"value": [found]} if pair[0] == "id" else found
        if not isinstance(found, dict) or not isinstance(found.get("value"), list):
            raise errors.UnexpectedResponseError(f"{request.target} did not return a list.", target=request.target)
        devices = self._client.list_items(PATH, _query(pair)) if "@odata.nextLink" in found else found["value"]
        for device in devices:
            self._note(device)

    def _note(self, device: Json) -> None:
        for way, name in PROPERTIES.items():
            hits = self._hits.get((way, fold(device.get(name))))
            if hits is not None and device.get("id"):
                hits[str(device["id"])] = f"{device['id']} ({device.get('deviceName')}, {device.get('serialNumber')})"


def _query(pair: Pair) -> dict[str, str]:
    return {"$filter": f"{MATCH_BY[pair[0]]} eq {render_literal(pair[1])}", "$select": ",".join(FIND)}
