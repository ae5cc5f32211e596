# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a task of a module in this process for either side of a run, over a transport that records shapes."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import typing as t
from unittest import mock

from ansible_collections.endpointops.intune.plugins.module_utils import _module
from ansible_collections.endpointops.intune.plugins.module_utils._application import own
from ansible_collections.endpointops.intune.plugins.module_utils._http.transport import Transport
from ansible_collections.endpointops.intune.plugins.module_utils._types import Json
from ansible_collections.endpointops.intune.plugins.plugin_utils._action_base import run_in_process
from tests.support.emulated import Live as EmulatedWire
from tests.support.fakes import GRAPH, LOGIN, FakeWorkerPool

from .guard import Guard
from .recorder import Descriptions, Log, Recorder, Wire
from .tasks import Task

MODULES = "ansible_collections.endpointops.intune.plugins.modules"
# The variables of a connection to a real tenant, which must not reach the emulated one.
OF_CONNECTIONS = ("INTUNE_", "AZURE_")


class CountingClock:
    """A clock that counts the seconds slept."""

    def __init__(self, clock: t.Any) -> None:
        self._clock = clock
        self.slept = 0.0

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._clock, name)

    def sleep(self, seconds: float) -> None:
        """Sleep, and count it."""
        self.slept += seconds
        self._clock.sleep(seconds)


class Outcome(t.NamedTuple):
    """How a task ended according to its module, and the seconds that it waited, without its return values."""

    task: str
    is_changed: bool
    failure: str | None
    waited: float


class Side:
    """One side of a run. ``make_wire`` takes the arguments of Transport; ``options``: of the connection, beside the environment."""

    def __init__(
        self,
        make_wire: t.Callable[..., Wire],
        clock: t.Any,
        descriptions: Descriptions,
        guard: Guard,
        options: t.Mapping[str, t.Any] | None = None,
        *,
        has_environment: bool = True,
    ) -> None:
        self.guard, self.outcomes = guard, list[Outcome]()
        self._clock, self._options, self._has_environment = CountingClock(clock), dict(options or {}), has_environment
        self._make_wire, self.descriptions = make_wire, descriptions
        self.log = Log()

    def run(self, task: Task) -> Json:
        """Run a task, and return its result, which holds data of the tenant: nothing of it may go into the report."""
        code = importlib.import_module(f"{MODULES}.{task.module}")
        self._clock.slept = 0.0
        with self._environment(), self._patches(task):
            result: Json = run_in_process(code, {**self._options, **task.options}, check=task.check, diff=False)
        error = result.get("error")
        failure = str(error["kind"]) if isinstance(error, dict) else "InvalidOption" if result.get("failed") else None
        self.outcomes.append(Outcome(task.name, bool(result.get("changed")), failure, self._clock.slept))
        return result

    @contextlib.contextmanager
    def _environment(self) -> t.Iterator[None]:
        kept = {name: value for name, value in os.environ.items() if self._has_environment or not name.startswith(OF_CONNECTIONS)}
        with mock.patch.dict(os.environ, kept, clear=True):
            yield

    @contextlib.contextmanager
    def _patches(self, task: Task) -> t.Iterator[None]:
        def make_recorder(**arguments: t.Any) -> Recorder:
            return Recorder(self._make_wire(**arguments), self.guard, self._clock, self.descriptions, task, self.log)

        # One request after the other, so that their order has a meaning.
        with (
            mock.patch.object(_module, "Transport", make_recorder),
            mock.patch.object(_module, "WorkerPool", FakeWorkerPool),
            mock.patch.object(_module, "connect", functools.partial(_module.connect, clock=self._clock)),
            # The comparison is not about the credential of the sides, and only some credentials let a task read their application.
            mock.patch.object(own, "_find_obstacle", lambda *_: ""),
        ):
            yield


class Everything:
    """Contains all."""

    def __contains__(self, _item: object) -> bool:
        return True


def make_service(descriptions: Descriptions, guard: Guard) -> Side:
    """Return the tenant that the environment names."""
    return Side(Transport, _module.SYSTEM_CLOCK, descriptions, guard)


def make_emulated(descriptions: Descriptions, roles: list[str] | None = None, seed: str = "demo", **settings: t.Any) -> Side:
    """Return an emulated tenant whose token has the same permissions; its time only passes by waiting."""
    return make_side(EmulatedWire(seed, roles=roles, **settings), descriptions)


def make_side(wire: EmulatedWire, descriptions: Descriptions, guard: Guard | None = None) -> Side:
    """Return a side that an emulated tenant plays."""
    wire.clock.seconds = wire.tenant.clock.timestamp()
    options = {"auth_method": "access_token", "access_token": wire.token, "graph_url": GRAPH, "authority_url": LOGIN}
    side = Side(lambda **_arguments: wire, wire.clock, descriptions, guard or Guard(may_write=True), options, has_environment=False)
    side.log.codes = Everything()
    return side
