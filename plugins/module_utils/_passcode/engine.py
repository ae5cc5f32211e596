# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The fleet engine: resets the passcodes of many devices, each at most once, as fast as the quota lets it.

A device is read, judged and reset within two seconds, so that nothing which another run did meanwhile is missed. One thread decides;
the dispatcher has the requests on their way. Here is what is sent, and when; what an answer makes of a device is in steps.
"""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .._devices import model as devices
from .._graph.batch import LIMIT
from .._graph.batch_scheduler import Dispatcher
from .._graph.client import BETA, V1, GraphClient
from .._http import message as protocol
from .._http.message import Request, segments
from . import model as passcode
from .model import SKEW, Item
from .progress import Progress
from .queue import Lineup, Work
from .reset_state import Journal, Rules, Sent, Steps

FRESH = 2.0  # seconds for which a device's record is taken as it was read
AHEAD = 1.0  # seconds before there is room for a reset its device is read
SHORTEST_PAUSE, LONGEST_PAUSE = 0.01, 5.0


class Fleet:
    """``run`` once. What stops the whole task is in ``failure`` then, beside the items, which say what became of each."""

    def __init__(
        self,
        client: GraphClient,
        dispatcher: Dispatcher,
        items: t.Sequence[Item],
        rules: Rules,
        journal: Journal,
        earlier: t.Mapping[str, Sent] | None = None,
    ) -> None:
        """``earlier`` by device ID in lower case: what runs that did not come to their end have sent."""
        self._client, self._dispatcher, self._rules, self._journal = client, dispatcher, rules, journal
        self._clock = client.clock
        self._lineup = Lineup(items)
        self._steps = Steps(client, rules, journal, self._lineup)
        self._over: float | None = None  # since when nothing is left to be sent or settled
        self._progress = Progress(items, client)
        for work in self._lineup.works if earlier else ():
            if sent := (earlier or {}).get(work.item.id.lower()):
                self._lineup.queued.remove(work)
                self._steps.recall(work, sent)

    @property
    def failure(self) -> errors.IntuneError | None:
        return self._steps.failure

    @property
    def warnings(self) -> list[str]:
        return self._steps.warnings

    def run(self) -> None:
        while self._lineup.open or self._lineup.nudges or self._dispatcher.busy:
            while self._dispatcher.free and (calls := self._resets() or self._reads() or self._syncs()):
                try:
                    self._dispatcher.start(calls)
                except errors.IntuneError as failure:
                    self._steps.unsent([work for work, _request in calls], failure)
            self._expire()
            if self._lineup.open or self._lineup.nudges or self._dispatcher.busy:
                self._steps.take(self._dispatcher.wait(self._pause()))
            self._progress.tell()

    def _resets(self) -> list[tuple[Work, Request]]:
        """Those for which there is room, written down before they go."""
        room, now = min(self._dispatcher.room(True), LIMIT), self._clock.monotonic()
        chosen: list[Work] = []
        while self._lineup.due and len(chosen) < room:
            work = self._lineup.due.popleft()
            if now - work.read <= FRESH:
                chosen.append(work)
            else:
                self._lineup.move(work, "queued")
                self._lineup.queued.appendleft(work)
        if not chosen:
            return []
        asked = self._client.service_now()
        try:
            self._journal.intent([(work.item.id, work.item.device and work.item.device.device_name) for work in chosen])
        except errors.IntuneError as failure:
            self._lineup.due.extend(chosen)
            self._steps.stop(failure)
            return []
        for work in chosen:
            newest = passcode.last_reset(t.cast(devices.Device, work.item.device))
            work.asked, work.item.since, work.item.before = asked, asked - SKEW, newest.started if newest else None
            self._lineup.move(work, "sent")
        return [(work, self._client.request("POST", devices.PATH + segments(work.item.id, "resetPasscode"))) for work in chosen]

    def _reads(self) -> list[tuple[Work, Request]]:
        """First the devices whose turn to be reset comes, then those whose outcome is waited for."""
        lineup, room = self._lineup, min(self._dispatcher.room(False), LIMIT)
        ahead = room if self._rules.check else self._dispatcher.room(True, AHEAD) - lineup.count["due"] - lineup.count["looking"]
        chosen: list[Work] = []
        while lineup.queued and len(chosen) < min(room, ahead):
            chosen.append(lineup.queued.popleft())
        room = min(room, self._dispatcher.spare) if lineup.to_send else room
        while len(chosen) < room and (work := lineup.take(self._clock.monotonic())):
            chosen.append(work)
        looked = self._client.service_now()
        for work in chosen:
            work.looked = looked
            if work.phase == "queued":
                lineup.move(work, "looking")
        return [(work, self._read_request(work)) for work in chosen]

    def _read_request(self, work: Work) -> Request:
        if work.unjoined is not None:
            entra_id = protocol.literal(str(work.unjoined.azure_ad_device_id))
            return self._client.request("GET", f"/devices(deviceId={entra_id})", {"$select": "trustType"})
        names, version = (devices.READ, BETA) if self._rules.beta else (devices.READ_V1, V1)
        return self._client.request("GET", devices.PATH + segments(work.item.id), {"$select": ",".join(names)}, version=version)

    def _syncs(self) -> list[tuple[Work, Request]]:
        lineup, number = self._lineup, min(self._dispatcher.room(True), LIMIT)
        chosen, lineup.nudges = lineup.nudges[:number], lineup.nudges[number:]
        return [(work, self._client.request("POST", devices.PATH + segments(work.item.id, "syncDevice"))) for work in chosen]

    def _pause(self) -> float:
        """Seconds until something can be started, if no answer comes before."""
        lineup, waits = self._lineup, [LONGEST_PAUSE]
        if self._dispatcher.free:
            if lineup.due or lineup.nudges:
                waits.append(self._dispatcher.opens(True))
            if lineup.queued:
                waits.append(self._dispatcher.opens(False) if self._rules.check else self._dispatcher.opens(True) - AHEAD)
            if lineup.next_time is not None:
                waits.append(max(lineup.next_time - self._clock.monotonic(), self._dispatcher.opens(False)))
        return max(min(waits), SHORTEST_PAUSE)

    def _expire(self) -> None:
        """Ends the wait for devices: it begins when nothing is left to be sent or settled."""
        lineup, now = self._lineup, self._clock.monotonic()
        if lineup.to_send or lineup.count["lost"]:
            self._over = None
            return
        self._over = now if self._over is None else self._over
        if max(lineup.next_time or 0.0, now) > self._over + self._rules.wait_timeout:
            for work in lineup.take_all():
                lineup.move(work, "finished")
