# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run several independent ansible-playbook processes that share the quota of one application."""

from __future__ import annotations

import concurrent.futures
import contextlib
import typing as t

from intune_emulator import EmulatorProcess
from intune_emulator.state.clock import parse_iso

from tests.integration.harness import rescued

from .figures import Figure
from .fleets import shortest
from .plan import Plan
from .playbook import Playbook, Timed, playbook, reset
from .tenant import name, tally, tenant


def shared(plan: Plan) -> list[Figure]:
    return [figure for number in plan.processes for style in plan.styles for figure in _shared(plan, number, style)]


def _shared(plan: Plan, number: int, style: str) -> list[Figure]:
    each = plan.shared // number
    with tenant(each * number) as emulator, contextlib.ExitStack() as stack:
        emulator.control.settings(retry_after=style)
        meant = [device["id"] for device in emulator.control.devices()]
        plays = [stack.enter_context(playbook(emulator)) for _process in range(number)]
        with concurrent.futures.ThreadPoolExecutor(number) as threads:
            tasks = list(threads.map(_run, plays, [range(place * each + 1, (place + 1) * each + 1) for place in range(number)]))
        found = tally(emulator.control, meant)
        shares, seconds = _shares(emulator)
        early = sum(run["early_retry"] for run in emulator.control.runs())
    what = f"{number} processes, Retry-After {style}"
    note = f"{found.last - found.first:.1f} s, the slowest task {max(task.seconds for task in tasks):.1f} s, {found.throttled} throttled"
    return [
        Figure(f"{what}: shortest time / time", shortest(each * number) / (found.last - found.first), least=0.9, note=note),
        Figure(f"{what}: shares differ by", 1 - min(shares) / max(shares), most=0.2, note=f"{shares} in {seconds:.1f} s with work for all"),
        Figure(f"{what}: early requests", early, most=0),
        Figure(f"{what}: duplicates", found.duplicates, most=0),
        Figure(f"{what}: lost devices", found.lost, most=0),
    ]


def _run(plays: Playbook, numbers: t.Iterable[int]) -> Timed:
    names = [name(number) for number in numbers]
    (task,) = plays.run([rescued(reset("shared", *names, max_devices=len(names)))])
    return task


def _shares(emulator: EmulatorProcess) -> tuple[list[int], float]:
    """Return the accepted resets of each process while all had work, and the length of that time."""
    times: dict[str, list[float]] = {}
    for entry in emulator.control.journal():
        if entry["write"] and entry["path"].endswith("/resetPasscode"):
            moments = times.setdefault(entry["run"], [])
            moments += [parse_iso(entry["time"]).timestamp()] * (entry["status"] == 204)
    begin, end = max(moments[0] for moments in times.values()), min(moments[-1] for moments in times.values())
    return [sum(begin <= moment <= end for moment in moments) for moments in times.values()], end - begin
