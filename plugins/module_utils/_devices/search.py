# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Search for the devices that names and members of groups may mean.

A few names are searched for one by one, in batches. For many, the list of devices is read once, if that takes fewer requests. For users,
the list is always read. Intune's list sometimes lacks devices: if it has fewer than Intune counts, or Intune does not count, every name is
searched for as well. In any case, every device is also compared here, because Intune responds to filters that it does not know with every
device.
"""

from __future__ import annotations

import math
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .. import _names
from .._graph.batch_scheduler import BatchScheduler
from .._graph.client import GraphClient
from .._graph.odata import render_literal, render_path
from .._graph.responses import parse_error, parse_response
from .._http.message import Request, Response
from .._types import Json
from .identifiers import FIND, IDENTIFIERS, MATCH_BY, Candidate, Identifier, Pair, SearchTerm, fold_pair, fold_value, parse_candidate
from .model import DEVICE, PATH, shape_of

FEW = 3  # names to search for without requesting the number of devices
PAGE = 1000  # devices in a page of the list
SLICE = 1000  # names missing in the list that are searched for together
LARGE = 100_000  # assumed devices of a tenant that does not report their number
EXPLAINED = 20  # names without a device for which similar names are searched for
DEVICES = shapes.object_of({"value": shapes.list_of(DEVICE)})
# The identifiers that people type, so that similar ones are possible.
WRITTEN: tuple[Identifier, ...] = ("device_name", "serial_number", "user_principal_name")


def prefer_list(searches: int, devices: int | None) -> bool:
    """Return whether counting the devices and reading the whole list takes fewer requests than these searches."""
    return 1 + math.ceil((LARGE if devices is None else devices) / PAGE) < searches


def fetch_count(client: GraphClient) -> int | None:
    """Return the number of managed devices, or None if the tenant does not report it."""
    try:
        return client.get(PATH + "/$count", shape=shapes.lenient(shapes.integer))
    except errors.GraphError:
        # If reading is not permitted, the next request reports it.
        return None


class Search:
    """A search for the devices that each term may mean. It keeps only matching devices.

    ``may_miss_users``: users are searched for, and the list of devices is, or may be, incomplete.
    """

    def __init__(
        self, client: GraphClient, scheduler: BatchScheduler, names: t.Iterable[SearchTerm], members: t.Iterable[SearchTerm] = ()
    ) -> None:
        """Store the names, and the members of groups. Send nothing before ``run``."""
        self._client = client
        self._scheduler = scheduler
        names = tuple(names)
        self._terms = list(dict.fromkeys([*names, *members]))
        self._hits: dict[Pair, dict[str, Candidate]] = {fold_pair(pair): {} for term in self._terms for pair in term.pairs}
        self._alike: dict[Pair, dict[str, str]] = {
            (pair[0], _names.squash(pair[1])): {} for term in names for pair in term.pairs if pair[0] in WRITTEN
        }
        self._refusals: dict[Pair, str] = {}
        self._listed: set[str] = set()
        self.may_miss_users = False

    def hits_of(self, pair: Pair) -> dict[str, Candidate]:
        """Return the devices that have this property, by ID."""
        return self._hits[fold_pair(pair)]

    def devices_of(self, term: SearchTerm) -> dict[str, Candidate]:
        """Return the devices that any reading of a term matches, by ID."""
        return {identity: device for pair in term.pairs for identity, device in self.hits_of(pair).items()}

    def similar_to(self, term: SearchTerm) -> list[tuple[str, str]]:
        """Return the names similar to a term's, each with the ID of the device that has it."""
        keys = [(pair[0], _names.squash(pair[1])) for pair in term.pairs if pair[0] in WRITTEN]
        return [(name, identity) for key in keys for identity, name in self._alike[key].items()]

    def refusal_of(self, term: SearchTerm) -> str | None:
        """Return why the service did not search for a term, or None if it did."""
        return next((self._refusals[key] for pair in term.pairs if (key := fold_pair(pair)) in self._refusals), None)

    def run(self) -> None:
        """Search for all terms."""
        searches = len(self._searched_for(self._terms))
        has_users = any(pair[0] == "user_id" for term in self._terms for pair in term.pairs)
        if len(self._terms) <= FEW and not has_users:
            self._search_one_by_one(self._terms)
            return
        count = fetch_count(self._client)
        # The service cannot search by user ID, and a device's record may contain an outdated name of its user.
        if not has_users and (count is None or not prefer_list(searches, count)):
            self._search_one_by_one(self._terms)
            return
        self._read_list()
        is_incomplete = count is None or len(self._listed) < count or self._finds_more()
        self.may_miss_users = is_incomplete and has_users
        if is_incomplete:
            # A device missing in the list may be the second one with a name, so every term must be searched for.
            for start in range(0, len(self._terms), SLICE):
                self._search_one_by_one(self._terms[start : start + SLICE])

    def _read_list(self) -> None:
        for device in self._client.list_items(PATH, {"$select": ",".join(FIND)}, item=DEVICE):
            self._add_device(device)
            self._listed.add(str(device.get("id")))

    def _finds_more(self) -> bool:
        """Return whether a search finds a device for terms that have none in the list."""
        missing = [term for term in self._terms if not self.devices_of(term)][:SLICE]
        self._search_one_by_one(missing)
        return any(self.devices_of(term) for term in missing)

    def search_similar(self, terms: t.Sequence[SearchTerm]) -> None:
        """Search, in a batch, for names similar to those of some terms without a device. They are used only in messages."""
        if self._listed:
            return
        queries = dict.fromkeys(query for term in terms[:EXPLAINED] if not self.similar_to(term) for query in _similar_queries(term))
        requests = [self._client.request("GET", PATH, {"$filter": query, "$select": ",".join(FIND)}) for query in queries]
        for request, response in zip(requests, self._scheduler.fetch_all(requests), strict=True):
            # A service that refuses the filter gives no advice. The missing name is reported anyway.
            if response.status == 200:
                for device in parse_response(request, response, DEVICES)["value"]:
                    self._add_device(device)

    def _searched_for(self, terms: t.Iterable[SearchTerm]) -> list[Pair]:
        """Return the readings that the service can search by."""
        folded = {fold_pair(pair): pair for term in terms for pair in term.pairs if pair[0] in MATCH_BY}
        return list(folded.values())

    def _search_one_by_one(self, terms: t.Sequence[SearchTerm]) -> None:
        """Search for every reading, because the first one that matches may not be the intended one."""
        pairs = self._searched_for(terms)
        requests = [self._request(pair) for pair in pairs]
        for pair, request, response in zip(pairs, requests, self._scheduler.fetch_all(requests), strict=True):
            self._add_response(pair, request, response)

    def _request(self, pair: Pair) -> Request:
        if pair[0] == "id":
            return self._client.request("GET", PATH + render_path(pair[1]), {"$select": ",".join(FIND)})
        return self._client.request("GET", PATH, _render_query(pair))

    def _add_response(self, pair: Pair, request: Request, response: Response) -> None:
        if response.status == 404 and pair[0] == "id":
            return
        failure = parse_error(request, response) if response.status == 400 else None
        if failure is not None and failure.hint is None:
            # It concerns only this name. A failure with a hint concerns the tenant.
            self._refusals[fold_pair(pair)] = failure.message
            return
        if pair[0] == "id":
            self._add_device(parse_response(request, response, shape_of(pair[1])))
            return
        found = parse_response(request, response, DEVICES)
        query = _render_query(pair)
        devices = self._client.list_items(PATH, query, item=DEVICE) if "@odata.nextLink" in found else found["value"]
        for device in devices:
            self._add_device(device)

    def _add_device(self, item: Json) -> None:
        device: Candidate | None = None
        for identifier, name in IDENTIFIERS.items():
            value = fold_value(identifier, item.get(name))
            if value is None:
                continue
            hits = self._hits.get((identifier, value))
            if hits is not None and (device := device or parse_candidate(item)):
                hits[device.id] = device
            elif self._alike and identifier in WRITTEN:
                alike = self._alike.get((identifier, _names.squash(value)))
                if alike is not None and item.get("id"):
                    alike[str(item["id"])] = str(item[name])


def _render_query(pair: Pair) -> dict[str, str]:
    return {"$filter": _render_filter(pair), "$select": ",".join(FIND)}


def _render_filter(pair: Pair) -> str:
    return f"{IDENTIFIERS[pair[0]]} eq {render_literal(pair[1])}"


def _similar_queries(term: SearchTerm) -> t.Iterator[str]:
    """Yield filters for names similar to a term's: a part of a device name, and the usual format of another property."""
    for identifier, value in term.pairs:
        if identifier == "device_name" and (runs := _names.plain_runs(value)):
            yield " and ".join(f"contains(deviceName,{render_literal(run)})" for run in runs)
        elif identifier in WRITTEN and _names.clean(value) != value:
            yield _render_filter((identifier, _names.clean(value)))
