# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Read the outcome of the last passcode reset of each device from its action results. This changes nothing."""

from __future__ import annotations

import itertools
import typing as t

from .._devices.eligibility import Verdict
from .._devices.model import PATH, Device, parse_device, shape_of
from .._graph.batch_scheduler import BatchScheduler
from .._graph.client import GraphClient
from .._graph.odata import render_path
from .._graph.responses import parse_response
from .._time import render_timestamp
from .model import DeviceReset, find_last_reset, parse_moment
from .result import GONE, ResetResult, record
from .result import describe as describe_reset

PROPERTIES = ("id", "deviceName", "operatingSystem", "osVersion", "userPrincipalName", "managedDeviceOwnerType", "deviceActionResults")
SLICE = 1000  # devices whose records are in memory together
STATUSES = ("none", "done", "pending", "failed", "not_supported", "canceled", "unknown", "refused")
# Keys that only a task that resets devices returns.
OF_A_RUN = frozenset({"changed", "confirmed", "request_id", "approval", "predicted_outcome", "predicted_reason"})
NOT_HELD = "The reset is done, and Intune no longer holds the new passcode: it keeps one for seven days. Reset again if nobody has it."


def parse_since(since: str | None, now: float) -> float | None:
    """Return the time in the option ``since``, in seconds since the epoch, or None if it is not set."""
    return parse_moment("since", since, now) if since else None


def assess(item: DeviceReset, since: float | None, refuse: t.Callable[[Device], Verdict | None] | None = None) -> None:
    """Record the last reset in the device's action results. An item without a device is one that Intune no longer knows.

    ``refuse``: returns the refusal for a device whose outcome and passcode must not be returned, or None for others.
    """
    if item.device is None:
        item.status, item.reason, item.message = "unknown", "device_gone", GONE
        return
    refusal = refuse(item.device) if refuse else None
    if refusal:
        item.status, item.reason, item.message = "refused", refusal.reason, refusal.message
        return
    found = find_last_reset(item.device)
    if found is None:
        item.status, item.message = "none", "Intune has no passcode reset of this device on record."
    elif since is not None and found.started < since:
        item.status = "none"
        started = render_timestamp(found.started)
        item.message = f"The last passcode reset of this device started at {started}, which is before since."
    else:
        record(item, found)
        if item.status == "done" and not found.passcode and item.message is None:
            item.message = NOT_HELD


def describe(item: DeviceReset) -> ResetResult:
    """Return an entry of the ``results`` return value, without the passcode."""
    entry = {name: value for name, value in describe_reset(item).items() if name not in OF_A_RUN}
    return t.cast(ResetResult, entry)


def summarize(results: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, int]:
    """Return the ``summary`` return value: the number of devices, and of each status."""
    return {"total": len(results), **{status: sum(entry["status"] == status for entry in results) for status in STATUSES}}


# --- calls ----------------------------------------------------------------------------------------------------------


def fetch_items(
    client: GraphClient,
    scheduler: BatchScheduler,
    ids: t.Mapping[str, list[str]],
    since: float | None,
    refuse: t.Callable[[Device], Verdict | None] | None = None,
) -> t.Iterator[DeviceReset]:
    """Yield one assessed item per device, in order. ``ids``: device ID to its names. ``refuse``: as for ``assess``.

    Do not keep items: each contains a passcode, and memory use stays constant without them.
    """
    waiting = iter(ids.items())
    while part := dict(itertools.islice(waiting, SLICE)):
        for (identity, names), device in zip(part.items(), _fetch_devices(client, scheduler, part), strict=True):
            item = DeviceReset(identity, names, device)
            assess(item, since, refuse)
            yield item


def _fetch_devices(client: GraphClient, scheduler: BatchScheduler, ids: t.Collection[str]) -> t.Iterator[Device | None]:
    """Yield each device with its action results, which only a read of the single device returns, or None for a device that is gone."""
    query = {"$select": ",".join(PROPERTIES)}
    requests = [client.request("GET", PATH + render_path(identity), query) for identity in ids]
    for identity, request, response in zip(ids, requests, scheduler.fetch_all(requests), strict=True):
        yield None if response.status == 404 else parse_device(parse_response(request, response, shape_of(identity)))
