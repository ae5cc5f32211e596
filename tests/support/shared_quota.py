# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulate processes that share the quota of one application: real schedulers, the emulated tenant's quota, and a clock that jumps.

Each process sends its writes through its own BatchScheduler, independently of the others. The service counts a request in the middle of its
latency.
"""

from __future__ import annotations

import dataclasses
import datetime
import email.utils
import heapq
import itertools
import json
import random
import types
import typing as t

from intune_emulator.state.quota import Caller
from intune_emulator.state.quota import Quota as ServiceQuota
from intune_emulator.state.settings import Settings

from ansible_collections.endpointops.intune.plugins.module_utils._graph.batch import MAX_BATCH
from ansible_collections.endpointops.intune.plugins.module_utils._graph.batch_scheduler import BatchScheduler
from ansible_collections.endpointops.intune.plugins.module_utils._graph.rate_limit import Quota
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.support.fakes import GRAPH, START

WIDTH = 8  # maximum number of concurrent requests of a process
LARGE = Quota(writes=200, requests=2000, seconds=20.0)
NEVER = 3600.0


class World:
    """Time, and the scheduled events."""

    def __init__(self, seed: int) -> None:
        self.seconds = 0.0
        self.dice = random.Random(seed)
        self._events: list[tuple[float, int, t.Callable[[], None]]] = []
        self._number = itertools.count()

    def at(self, when: float, action: t.Callable[[], None]) -> None:
        heapq.heappush(self._events, (max(when, self.seconds), next(self._number), action))

    def run(self, until: t.Callable[[], bool]) -> None:
        while self._events and not until():
            self.seconds, _number, action = heapq.heappop(self._events)
            assert self.seconds < NEVER, "it does not end"
            action()

    # the clock of a client, and of the service

    def monotonic(self) -> float:
        return self.seconds

    def timestamp(self) -> float:
        return START + self.seconds

    def now(self) -> float:
        return START + self.seconds

    def random(self) -> float:
        return self.dice.random()


class Service:
    """The emulated tenant's quota, one response for each request."""

    def __init__(self, world: World, style: str, scale: float) -> None:
        self.world = world
        clock = types.SimpleNamespace(
            timestamp=world.timestamp, now=lambda: datetime.datetime.fromtimestamp(world.timestamp(), datetime.timezone.utc)
        )
        settings = Settings(retry_after=style, quota_scale=scale)
        self._quota = ServiceQuota(t.cast(t.Any, types.SimpleNamespace(settings=settings, clock=clock, rng=world.dice)))
        self._origin = itertools.count()

    def serve(self, process: Process, request: Request) -> Response:
        """Decide on a request, or on each of a batch."""
        origin = next(self._origin)
        date = {"date": email.utils.formatdate(self.world.timestamp(), usegmt=True)}
        if not request.url.endswith("/$batch"):
            status, headers = self._decide(process, request.method, origin)
            return Response(status, {**headers, **date}, b"")
        answers = []
        for item in json.loads(request.body or b"")["requests"]:
            status, headers = self._decide(process, item["method"], origin)
            answers.append({"id": item["id"], "status": status, "headers": headers})
        return Response(200, date, json.dumps({"responses": answers}).encode())

    def _decide(self, process: Process, method: str, origin: int) -> tuple[int, dict[str, str]]:
        is_write = method == "POST"
        decision = self._quota.charge(Caller("application", process.name, origin), "devices", write=is_write, cost=1)
        process.early += decision.early
        process.throttled += decision.throttled
        if decision.throttled:
            return 429, {} if decision.retry_after is None else {"retry-after": decision.retry_after}
        if is_write:
            process.accepted.append(self.world.seconds)
        return 204 if is_write else 200, {}


class Process:
    """One task: its writes, and the client and the pool of its scheduler."""

    origin = GRAPH
    has_written = False
    retry_timeout = 120.0
    width = WIDTH

    def __init__(self, name: str, service: Service, writes: int, latency: tuple[float, float], quota: Quota = LARGE) -> None:
        self.name, self.left = name, writes
        self.accepted: list[float] = []
        self.early = self.throttled = self.envelopes = 0
        self._service, self._latency = service, latency
        self.clock = service.world
        self.worker_pool = self
        self.busy = 0
        self._arrived: list[tuple[t.Any, Response]] = []
        self._wakes_at = NEVER
        self.scheduler = BatchScheduler(t.cast(t.Any, self), quota)

    # the client

    def token(self) -> str:
        return f"token of {self.name}"

    def observe_clock(self, _response: Response) -> None:
        pass

    # the pool

    def start(self, key: t.Any, request: Request) -> None:
        self.busy += 1
        self.envelopes += 1
        latency = self.clock.dice.uniform(*self._latency)

        def serve() -> None:
            response = self._service.serve(self, request)
            self.clock.at(self.clock.seconds + latency / 2, lambda: arrive(response))

        def arrive(response: Response) -> None:
            self._arrived.append((key, response))
            self.turn()

        self.clock.at(self.clock.seconds + latency / 2, serve)

    def collect(self, _timeout: float) -> list[tuple[t.Any, Response]]:
        found, self._arrived = self._arrived, []
        self.busy -= len(found)
        return found

    # the task

    def turn(self) -> None:
        """Take the results, and send the allowed requests; then wait for a result, or for capacity."""
        if self._arrived:
            self.left += sum(result.status == 429 for result in self.scheduler.collect(0))
        while self.left and self.scheduler.free and (number := min(self.scheduler.write_capacity(), MAX_BATCH, self.left)):
            self.left -= number
            request = Request("POST", f"{GRAPH}/v1.0/devices/1/reset", {"Content-Type": "application/json"}, b"{}")
            self.scheduler.start([(place, request) for place in range(number)])
        if self.left and self.scheduler.free:
            self._wake(self.clock.seconds + max(self.scheduler.write_delay(), 0.01))

    def _wake(self, when: float) -> None:
        self._wakes_at = when
        self.clock.at(when, lambda: self.turn() if self._wakes_at == when else None)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """``ratio``: the shortest time that the quota allows, by the actual time. ``rate``: accepted while all had work, by the quota.

    ``spread``: by how much the smallest share was less than the largest one, when the first process had done its work.
    """

    ratio: float
    rate: float
    spread: float
    early: int
    throttled: int
    envelopes: int
    seconds: float
    first_done: float
    shares: tuple[int, ...]


def share(
    sizes: t.Sequence[int],
    *,
    style: str = "integer",
    latency: tuple[float, float] = (0.1, 0.5),
    starts: t.Sequence[float] | None = None,
    scale: float = 1.0,
    seed: int = 1,
) -> Outcome:
    """Run processes with so many writes each to their end. ``starts``: seconds; within half a second of each other by default."""
    world = World(seed)
    service = Service(world, style, scale)
    processes = [Process(f"process {number}", service, size, latency) for number, size in enumerate(sizes)]
    for number, process in enumerate(processes):
        world.at(starts[number] if starts else world.dice.uniform(0.0, 0.5), process.turn)
    world.run(lambda: sum(len(process.accepted) for process in processes) == sum(sizes))
    return _assess(processes, sizes, LARGE.writes * scale)


def _assess(processes: t.Sequence[Process], sizes: t.Sequence[int], quota: float) -> Outcome:
    moments = sorted(moment for process in processes for moment in process.accepted)
    seconds = max(moments[-1] - moments[0], 0.001)
    first_done = min(process.accepted[-1] for process in processes)
    shares = tuple(sum(moment <= first_done for moment in process.accepted) for process in processes)
    # Each window begins with its full quota.
    shortest = (-(-len(moments) // quota) - 1) * LARGE.seconds
    # The quota until then: the first window at once, and the others at their start.
    allowed = quota + (first_done - moments[0]) // LARGE.seconds * quota
    return Outcome(
        ratio=shortest / seconds,
        rate=sum(shares) / ((first_done - moments[0]) * quota / LARGE.seconds) if first_done > moments[0] else sum(shares) / allowed,
        spread=1 - min(shares) / max(shares),
        early=sum(process.early for process in processes),
        throttled=sum(process.throttled for process in processes),
        envelopes=sum(process.envelopes for process in processes),
        seconds=seconds,
        first_done=first_done - moments[0],
        shares=shares,
    )
