# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Whether a reset whose answer got lost was run: what the service says decides, and nothing else.

Two sources: the device's own record, and the tenant's list of remote actions (remoteActionAudits, beta). Both lag behind. That a
reset is in one of them proves that it was run. That it is in neither proves nothing until the list is shown to have come past it: by
a later reset that it does hold. Pure but for read_audits. Moments are the service's, in seconds since the epoch.
"""

from __future__ import annotations

import dataclasses
import math
import typing as t

from .. import _errors as errors
from .._graph.client import BETA, GraphClient, Json
from .model import ACTION, SKEW, parse_time, show_time

PATH = "/deviceManagement/remoteActionAudits"
# A request may still be on its way when nobody waits for its answer any more, and the list need not be in order to the second.
QUIET = 30.0
PATIENCE = 15.0  # seconds for which the record of a reset that was run is waited for


@dataclasses.dataclass(frozen=True)
class Audits:
    """The newest reset of each device in the list (by ID in lower case), and of all devices."""

    by_device: t.Mapping[str, float] = dataclasses.field(default_factory=dict)
    newest: float = 0.0


def ran(device_id: str, asked: float, before: float | None, audits: Audits) -> bool | None:
    """Whether the list holds a reset of the device that was asked for since then; null where it may be the one that started ``before``."""
    newest = audits.by_device.get(device_id.lower(), 0.0)
    if newest < asked - SKEW:
        return False
    return True if before is None or newest > before + SKEW else None


def did_not_run(lost: float, read: float, audits: Audits) -> bool:
    """Whether what is in neither source was not run.

    ``lost``: when the answer was given up; ``read``: when the device's record was asked for, which came without it.
    """
    return read >= lost + QUIET and audits.newest >= lost + QUIET


def give_up_at(lost: float, last_sent: float) -> float:
    """When to stop asking, once nothing more is sent: a later reset may still show up in the list, and so may this one."""
    return (max(lost, last_sent) if last_sent >= lost + QUIET else lost) + PATIENCE


def gather(entries: t.Iterable[Json]) -> Audits:
    newest: dict[str, float] = {}
    for entry in entries:
        when = parse_time(entry.get("requestDateTime"))
        if when is not None and str(entry.get("action")).lower() == ACTION:
            device = str(entry.get("managedDeviceId")).lower()
            newest[device] = max(when, newest.get(device, 0.0))
    return Audits(newest, max(newest.values(), default=0.0))


class AuditReader:
    """Reads the list when it is asked for, at most every ten seconds; empty where it cannot be read, and says so once."""

    def __init__(self, client: GraphClient, allowed: bool, warn: t.Callable[[str], None]) -> None:
        self._client = client
        self._allowed = allowed
        self._warn = warn
        self._kept = Audits()
        self._since = self._tried = math.inf  # what is kept goes back to, and what was last asked for
        self._next = 0.0
        self._filtered = True

    def read(self, since: float) -> Audits:
        """The resets since a moment, and maybe older ones; empty, which proves nothing, where they are not known since then."""
        if self._allowed and (self._client.clock.monotonic() >= self._next or since < self._tried):
            found, self._tried = self._read(since - SKEW), since
            self._next = self._client.clock.monotonic() + 10.0
            if found is not None:
                self._kept, self._since = found, since
        return self._kept if since >= self._since else Audits()

    def _read(self, since: float) -> Audits | None:
        query = {"$select": "action,managedDeviceId,requestDateTime"}
        try:
            if self._filtered:
                try:
                    return gather(self._client.items(PATH, {**query, "$filter": f"requestDateTime ge {show_time(since)}"}, version=BETA))
                except errors.GraphError as failure:
                    if failure.status != 400:
                        raise
                    # Whether the list can be filtered is not documented.
                    self._filtered = False
            return gather(self._client.items(PATH, query, version=BETA))
        except (errors.ForbiddenError, errors.NotFoundError) as failure:
            self._allowed = False
            self._warn(f"Lost answers are settled by the devices' records alone, for the tenant's remote actions cannot be read: {failure}")
        except errors.IntuneError as failure:
            self._warn(f"The tenant's remote actions could not be read this time: {failure}")
        return None
