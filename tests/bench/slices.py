# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reset the devices of a fleet as hosts, one task each, in one job and in job slices, and as a list in one task."""

from __future__ import annotations

import concurrent.futures
import json
import pathlib
import resource
import tempfile
import time
import typing as t

from intune_emulator import EmulatorProcess

from .figures import Figure
from .plan import Plan
from .playbook import RESET, Play, run_whole
from .tenant import tally, tenant

FORKS = 20


class Cost(t.NamedTuple):
    """The cost of a whole way to reset a fleet: ``seconds`` and ``cpu`` seconds of all its processes, ``tokens`` and Graph ``requests``."""

    seconds: float
    cpu: float
    tokens: int
    requests: int
    duplicates: int
    lost: int


def slices(plan: Plan) -> list[Figure]:
    whole = _measure(plan.sliced, lambda ids: [_list(ids)])
    hosts = _measure(plan.sliced, lambda ids: [_hosts(ids)])
    sliced = _measure(plan.sliced, lambda ids: [_hosts(ids[number :: plan.slices]) for number in range(plan.slices)])
    return [
        figure
        for what, cost in ((f"{plan.sliced} hosts, one job", hosts), (f"{plan.sliced} hosts, {plan.slices} slices", sliced))
        for figure in (
            Figure(
                f"{what}: time, to the list", cost.seconds / whole.seconds, note=f"{cost.seconds:.0f} s, the list {whole.seconds:.0f} s"
            ),
            Figure(f"{what}: processor time, to the list", cost.cpu / whole.cpu, note=f"{cost.cpu:.0f} s, the list {whole.cpu:.1f} s"),
            Figure(
                f"{what}: requests, to the list", cost.requests / whole.requests, note=f"{cost.tokens} sign-ins, the list {whole.tokens}"
            ),
            Figure(f"{what}: duplicates", cost.duplicates, most=0),
            Figure(f"{what}: lost devices", cost.lost, most=0),
        )
    ]


def _measure(devices: int, jobs: t.Callable[[list[str]], list[tuple[Play, dict[str, t.Any]]]]) -> Cost:
    with tenant(devices) as emulator:
        ids = [device["id"] for device in emulator.control.devices()]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        plays = jobs(ids)
        with concurrent.futures.ThreadPoolExecutor(len(plays)) as threads:
            list(threads.map(lambda job: _run(emulator, *job), plays))
        seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        found, kinds = tally(emulator.control, ids), [entry["kind"] for entry in emulator.control.journal()]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, cpu, kinds.count("token"), kinds.count("graph"), found.duplicates, found.lost)


def _run(emulator: EmulatorProcess, play: Play, inventory: dict[str, t.Any]) -> None:
    with tempfile.TemporaryDirectory(prefix="intune-bench-") as place:
        path = pathlib.Path(place) / "hosts.json"
        path.write_text(json.dumps(inventory), encoding="utf-8")
        run_whole(emulator, pathlib.Path(place), play, "-i", str(path), "--forks", str(FORKS))


def _list(ids: list[str]) -> tuple[Play, dict[str, t.Any]]:
    task = {RESET: {"devices": ids, "match_by": "id", "max_devices": len(ids), "wait": False}}
    return {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}, {}


def _hosts(ids: list[str]) -> tuple[Play, dict[str, t.Any]]:
    task = {RESET: {"devices": ["{{ inventory_hostname }}"], "match_by": "id", "wait": False}, "delegate_to": "localhost"}
    return {"hosts": "all", "gather_facts": False, "tasks": [task]}, {"all": {"hosts": dict.fromkeys(ids, {})}}
