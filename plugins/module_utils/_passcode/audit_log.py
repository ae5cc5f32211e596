# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Read the resets in the tenant's remote action audit log (remoteActionAudits, beta).

Neither the order of the log nor a filter for it is documented. It is read newest first, and only back to the required time. If it turns out
to be in another order, or to be too long, a filter is tried. Times are the service's, in seconds since the epoch.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .._graph.batch import CallResult
from .._graph.client import BETA, GraphClient
from .._graph.responses import parse_response
from .._http.message import Request
from .._time import parse_timestamp, render_timestamp
from .._types import Json
from .model import ACTION, SKEW

PATH = "/deviceManagement/remoteActionAudits"
QUERY = {"$select": "id,action,managedDeviceId,requestDateTime"}
PAGE = shapes.object_of({"value": shapes.list_of(shapes.an_object), "@odata.nextLink": shapes.optional(shapes.text)})
MAX_PAGES = 5  # pages to read, newest first
DISORDER = 30.0  # seconds; the order of the log may be inexact by this much
READ_EVERY = 10.0  # seconds
COST = (
    "Earlier resets are therefore known from the devices' action results alone, and lost responses are settled by them alone: a task on "
    "another machine that follows this one, or a killed one, before these show its resets can reset a device again."
)


@dataclasses.dataclass(frozen=True)
class AuditLog:
    """The resets of each device in the log, by its ID in lower case, oldest first.

    ``complete_since``: the log was read back to this time, and may contain older resets that are missing here. ``read_at``: the time of the
    read.
    """

    by_device: t.Mapping[str, tuple[float, ...]] = dataclasses.field(default_factory=dict)
    complete_since: float = math.inf
    read_at: float = -math.inf

    @functools.cached_property
    def newest(self) -> float:
        """The time of the newest reset request for any device; 0 if the log has none."""
        return max((times[-1] for times in self.by_device.values()), default=0.0)

    def times_of(self, device_id: str) -> tuple[float, ...]:
        """Return the times at which resets of a device were requested."""
        return self.by_device.get(device_id.lower(), ())

    def newest_of(self, device_id: str) -> float:
        """Return the time of the newest reset request for a device; 0 if the log has none."""
        return max(self.times_of(device_id), default=0.0)


def parse_log(entries: t.Iterable[Json], complete_since: float) -> AuditLog:
    """Return the resets among the entries of the log."""
    found: dict[str, list[float]] = {}
    for entry in entries:
        when = parse_timestamp(entry.get("requestDateTime"))
        if when is not None and str(entry.get("action")).lower() == ACTION:
            found.setdefault(str(entry.get("managedDeviceId")).lower(), []).append(when)
    return AuditLog({device: tuple(sorted(times)) for device, times in found.items()}, complete_since)


class PagesBack:
    """The pages of the log that were read, and how far back they are complete, as their entries show."""

    def __init__(self) -> None:
        self.entries: list[Json] = []
        self._newest, self._oldest = -math.inf, math.inf
        self._is_ordered = True

    def add(self, page: t.Iterable[Json]) -> None:
        """Add the next page."""
        for entry in page:
            self.entries.append(entry)
            when = parse_timestamp(entry.get("requestDateTime"))
            if when is not None:
                self._is_ordered = self._is_ordered and when <= self._oldest + DISORDER
                self._newest, self._oldest = max(self._newest, when), min(self._oldest, when)

    @property
    def complete_since(self) -> float:
        """The time since which the pages contain all entries, if there are more pages; infinite if their order does not show it."""
        is_newest_first = self._is_ordered and self._newest > self._oldest + DISORDER
        return self._oldest + DISORDER if is_newest_first else math.inf


class AuditLogReader:
    """A reader of the log that reads at most every ten seconds. If the log cannot be read, it is empty, with one warning."""

    def __init__(self, client: GraphClient, allowed: bool, warn: t.Callable[[str], None]) -> None:
        self._client = client
        self.is_allowed = allowed
        self._warn = warn
        self._entries: dict[str, Json] = {}  # all entries that were read, by their IDs
        self._kept = AuditLog()
        self._asked_since = math.inf  # the time that the last caller requested
        self._next = 0.0
        self._can_filter = True
        self._has_warned = False

    def request(self) -> Request:
        """Return the request for the newest page, for a caller that sends it with others and passes the result to ``take``."""
        return self._client.request("GET", PATH, QUERY, version=BETA)

    def take(self, result: CallResult, since: float, enough: float = -math.inf) -> AuditLog:
        """Return the log from the result of ``request``. If that does not reach back to ``since``, read the log again as ``read`` does."""
        page, back = _parse_page(result), PagesBack()
        back.add(page.get("value", ()) if page else ())
        complete_since = -math.inf if page and not page.get("@odata.nextLink") else back.complete_since
        if complete_since > since - SKEW:
            if self.is_allowed and result.status == 429:
                # Wait until the time that the service names. The client knows that time only for its own requests.
                told = result.retry_after(self._client.clock.now()) or 0.0
                self._client.clock.sleep(min(told, self._client.retry_timeout))
            return self.read(since, renew=True, enough=enough)
        self._keep(back.entries, complete_since)
        self._note_read(since)
        return self._kept

    def read(self, since: float, *, renew: bool = False, enough: float = -math.inf) -> AuditLog:
        """Return the resets since a time, and possibly older ones. ``complete_since`` shows how far the log was read.

        :param renew: read the log even if it was read recently.
        :param enough: a later time that is sufficient if the log is long, because older entries were read before.
        """
        if self.is_allowed and (renew or self._client.clock.monotonic() >= self._next or since < self._asked_since):
            self._fetch_or_warn(since - SKEW, enough - SKEW)
            self._note_read(since)
        return self._kept

    def _note_read(self, since: float) -> None:
        self._asked_since, self._next = since, self._client.clock.monotonic() + READ_EVERY

    def _keep(self, entries: t.Iterable[Json], complete_since: float) -> None:
        """Add entries to those read before. The log is as complete as the newest read."""
        read = {str(entry.get("id") or (entry.get("managedDeviceId"), entry.get("requestDateTime"))): entry for entry in entries}
        new = {key: entry for key, entry in read.items() if self._entries.get(key) != entry}
        is_changed = any(key in self._entries for key in new)
        self._entries.update(new)
        # Parse only new entries, because a long task reads the log many times.
        before = {} if is_changed else self._kept.by_device
        found = parse_log((self._entries if is_changed else new).values(), complete_since).by_device
        both = {device: tuple(sorted((*before.get(device, ()), *times))) for device, times in found.items()}
        self._kept = AuditLog({**before, **both}, complete_since, self._client.service_now())

    def _fetch_or_warn(self, since: float, enough: float) -> None:
        try:
            self._fetch(since, enough)
        except (errors.ForbiddenError, errors.NotFoundError) as failure:
            self.is_allowed = False
            self._warn_once(f"The remote action audit log cannot be read: {failure} {COST}")
        except errors.IntuneError as failure:
            self._warn_once(f"The remote action audit log could not be read: {failure} {COST}")

    def _warn_once(self, text: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            self._warn(text)

    def _fetch(self, since: float, enough: float) -> None:
        back = PagesBack()
        for number, page in enumerate(self._client.list_pages(PATH, QUERY, version=BETA), start=1):
            back.add(page)
            is_long = number == MAX_PAGES
            if back.complete_since <= (max(since, enough) if is_long else since):
                self._keep(back.entries, back.complete_since)
                return
            if is_long:
                break
        else:
            self._keep(back.entries, -math.inf)
            return
        if self._can_filter:
            condition = f"requestDateTime ge {render_timestamp(since)}"
            try:
                self._keep(self._client.list_items(PATH, {**QUERY, "$filter": condition}, version=BETA), since)
                return
            except errors.GraphError as failure:
                if failure.status != 400:
                    raise
                self._can_filter = False
        self._warn_once(
            f"The remote action audit log could not be read back to {render_timestamp(since)}: it cannot be filtered, and the first "
            f"{MAX_PAGES} pages do not reach so far, or are not ordered. {COST}"
        )
        self._keep(back.entries, back.complete_since)


def _parse_page(result: CallResult) -> Json | None:
    """Return a page of the log, or None for any other result."""
    if result.response is None:
        return None
    try:
        return parse_response(result.request, result.response, PAGE)
    except errors.IntuneError:
        return None
