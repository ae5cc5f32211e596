# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""What became of the last passcode reset of each device, by its record. Changes nothing."""

from __future__ import annotations

import itertools
import typing as t

from .. import _errors as errors
from .._devices import model as devices
from .._devices.model import Device
from .._graph.batch_scheduler import Dispatcher
from .._graph.client import GraphClient
from .._http import message as protocol
from .._http.message import segments
from . import model as passcode
from .model import Item

RECORD = ("id", "deviceName", "operatingSystem", "osVersion", "deviceActionResults")
SLICE = 1000  # devices whose records are in memory together
STATUSES = ("none", "done", "pending", "failed", "not_supported", "canceled", "unknown")
OF_A_RUN = frozenset({"changed", "request_id", "approval"})  # what only a task that resets has to say
NOT_HELD = "The reset is done, and Intune no longer holds the new passcode: it keeps one for seven days. Reset again if nobody has it."


# --- pure -----------------------------------------------------------------------------------------------------------


def moment(since: str | None, now: float) -> float | None:
    """The moment of the option ``since``, in seconds since the epoch; null where it is not set."""
    if not since:
        return None
    found = passcode.parse_time(since)
    if found is None:
        raise errors.InvalidOptionError(f"since '{since}' is not a timestamp.", hint="Write it as 2026-01-31T08:00:00Z.")
    if found > now:
        raise errors.InvalidOptionError(f"since '{since}' lies in the future.", hint="It is the moment since which resets are told.")
    return found


def judge(item: Item, since: float | None) -> None:
    """Says what the device's record has of its last reset; the item without a device is one that Intune no longer knows."""
    if item.device is None:
        item.status, item.reason, item.message = "unknown", "device_gone", passcode.GONE
        return
    found = passcode.last_reset(item.device)
    if found is None:
        item.status, item.message = "none", "Intune has no passcode reset of this device on record."
    elif since is not None and found.started < since:
        item.status = "none"
        item.message = f"The last passcode reset of this device started at {passcode.show_time(found.started)}, which is before since."
    else:
        passcode.record(item, found)
        if item.status == "done" and not found.passcode and item.message is None:
            item.message = NOT_HELD


def describe(item: Item) -> dict[str, t.Any]:
    """An entry of the ``results`` return value, without the passcode."""
    return {name: value for name, value in passcode.describe(item).items() if name not in OF_A_RUN}


def summarise(results: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, int]:
    return {"total": len(results), **{status: sum(entry["status"] == status for entry in results) for status in STATUSES}}


# --- calls ----------------------------------------------------------------------------------------------------------


def inspect(client: GraphClient, dispatcher: Dispatcher, ids: t.Mapping[str, list[str]], since: float | None) -> t.Iterator[Item]:
    """One judged item a device, in order. ``ids``: device ID to its names.

    Take what is needed of an item and let it go: it holds a passcode, and memory stays flat then.
    """
    waiting = iter(ids.items())
    while part := dict(itertools.islice(waiting, SLICE)):
        for (identity, names), device in zip(part.items(), _records(client, dispatcher, part), strict=True):
            item = Item(identity, names, device)
            judge(item, since)
            yield item


def _records(client: GraphClient, dispatcher: Dispatcher, ids: t.Iterable[str]) -> t.Iterator[Device | None]:
    """Each device with its action results, which only a read of the single device has; null for one that is gone."""
    query = {"$select": ",".join(RECORD)}
    requests = [client.request("GET", devices.PATH + segments(identity), query) for identity in ids]
    for request, answer in zip(requests, dispatcher.fetch(requests), strict=True):
        yield None if answer.status == 404 else devices.normalise(protocol.decode(request, answer))
