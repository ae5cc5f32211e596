# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Whether a reset whose response got lost was run: the service's sources decide, and nothing else.

Two sources: the device's own record, and the tenant's remote action audit log (remoteActionAudits, beta). Both lag behind. A reset in
one of them was run. Absence from both proves nothing until the log is shown to have come past it: by a later reset that it does hold.
Times are the service's, in seconds since the epoch.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import typing as t

from .. import _errors as errors
from .._graph.client import BETA, GraphClient
from .._time import parse_timestamp, render_timestamp
from .._types import Json
from .model import ACTION, SKEW

PATH = "/deviceManagement/remoteActionAudits"
# A request may still be on its way when nobody waits for its response any more, and the log need not be in order to the second.
QUIET = 30.0
PATIENCE = 15.0  # seconds for which the record of a reset that was run is waited for
READ_EVERY = 10.0  # seconds


@dataclasses.dataclass(frozen=True)
class AuditLog:
    """The newest reset of each device in the log, by ID in lower case."""

    by_device: t.Mapping[str, float] = dataclasses.field(default_factory=dict)

    @functools.cached_property
    def newest(self) -> float:
        """When the newest reset of any device was requested; 0 where the log has none."""
        return max(self.by_device.values(), default=0.0)


def audit_shows(device_id: str, requested_at: float, before: float | None, log: AuditLog) -> bool | None:
    """Return whether the log holds a reset of the device since then; null where it may be the one that started ``before``."""
    newest = log.by_device.get(device_id.lower(), 0.0)
    if newest < requested_at - SKEW:
        return False
    return True if before is None or newest > before + SKEW else None


def proves_not_run(lost_at: float, record_requested_at: float, log: AuditLog) -> bool:
    """Return whether absence from both sources proves that a reset was not run.

    :param lost_at: when the response was given up.
    :param record_requested_at: when the device's record was asked for, which came without the reset.
    """
    return record_requested_at >= lost_at + QUIET and log.newest >= lost_at + QUIET


def give_up_at(lost_at: float, last_sent: float) -> float:
    """Return when to stop asking, once nothing more is sent: a later reset may still show up in the log, and so may this one."""
    return (max(lost_at, last_sent) if last_sent >= lost_at + QUIET else lost_at) + PATIENCE


def parse_log(entries: t.Iterable[Json]) -> AuditLog:
    """Return the resets among the entries of the log."""
    newest: dict[str, float] = {}
    for entry in entries:
        when = parse_timestamp(entry.get("requestDateTime"))
        if when is not None and str(entry.get("action")).lower() == ACTION:
            device = str(entry.get("managedDeviceId")).lower()
            newest[device] = max(when, newest.get(device, 0.0))
    return AuditLog(newest)


class AuditLogReader:
    """Reads the log when it is asked for, at most every ten seconds. Where it cannot be read it is empty, with one warning."""

    def __init__(self, client: GraphClient, allowed: bool, warn: t.Callable[[str], None]) -> None:
        self._client = client
        self._allowed = allowed
        self._warn = warn
        self._kept = AuditLog()
        self._since = self._tried = math.inf  # what is kept goes back to, and what was last asked for
        self._next = 0.0
        self._filtered = True

    def read(self, since: float) -> AuditLog:
        """Return the resets since a moment, and maybe older ones; an empty log, which proves nothing, where they are unknown since then."""
        if self._allowed and (self._client.clock.monotonic() >= self._next or since < self._tried):
            found, self._tried = self._fetch_or_none(since - SKEW), since
            self._next = self._client.clock.monotonic() + READ_EVERY
            if found is not None:
                self._kept, self._since = found, since
        return self._kept if since >= self._since else AuditLog()

    def _fetch_or_none(self, since: float) -> AuditLog | None:
        try:
            return self._fetch(since)
        except (errors.ForbiddenError, errors.NotFoundError) as failure:
            self._allowed = False
            self._warn(
                f"Lost responses are settled by the devices' records alone, since the remote action audit log cannot be read: {failure}"
            )
        except errors.IntuneError as failure:
            self._warn(f"The remote action audit log could not be read this time: {failure}")
        return None

    def _fetch(self, since: float) -> AuditLog:
        query = {"$select": "action,managedDeviceId,requestDateTime"}
        if self._filtered:
            condition = f"requestDateTime ge {render_timestamp(since)}"
            try:
                return parse_log(self._client.list_items(PATH, {**query, "$filter": condition}, version=BETA))
            except errors.GraphError as failure:
                if failure.status != 400:
                    raise
                # Whether the log can be filtered is not documented.
                self._filtered = False
        return parse_log(self._client.list_items(PATH, query, version=BETA))
