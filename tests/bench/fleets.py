# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reset a whole fleet in one task: undisturbed, killed and run again, and with lost responses."""

from __future__ import annotations

import math
import pathlib
import random
import tempfile
import typing as t

from tests.integration.harness import rescued

from .figures import Figure
from .plan import Plan
from .playbook import RESET, Playbook, Timed, now, playbook, reset
from .tenant import GROUP, Tally, lose_answers, tally, tenant

QUOTA, WINDOW = 200, 20.0  # writes in so many seconds
PER_SECOND = QUOTA / WINDOW


def fleet(plan: Plan) -> list[Figure]:
    with tenant(plan.devices) as emulator, playbook(emulator) as plays:
        meant = [device["id"] for device in emulator.control.devices()]
        task = _run(plays, plan.devices)
        found = tally(emulator.control, meant)
        return [
            Figure("resets a second / 10, first to last accepted", found.accepted / _span(found) / PER_SECOND, least=0.97),
            Figure("resets a second / 10, whole task", found.accepted / task.seconds / PER_SECOND, least=0.97),
            *_of_the_possible(plan.devices, _span(found), 0.97),
            *_truth(found, task, meant),
        ]


def fleet_killed(plan: Plan) -> list[Figure]:
    """Measure from the first start, before ansible-playbook itself is loaded, to the last accepted reset.

    The moment of the kill counts from the first reset, and is before the last one of an undisturbed run.
    """
    moment = random.Random(plan.seed).uniform(0.0, 1.0) * shortest(plan.devices)
    with tenant(plan.devices) as emulator, playbook(emulator) as plays, tempfile.TemporaryDirectory(prefix="intune-bench-") as folder:
        meant = [device["id"] for device in emulator.control.devices()]
        options = {"journal_path": str(pathlib.Path(folder) / "journal.jsonl")}
        start = now()
        died = plays.run_and_kill([_task(plan.devices, **options)], lambda: emulator.control.counts()["writes"] > 0, moment)
        before = sum(map(len, emulator.control.resets().values()))
        task = _run(plays, plan.devices, **options)
        found = tally(emulator.control, meant)
        seconds = found.last - start
        killed = f"killed {moment:.1f} s after the first reset" if died else f"not killed: it took less than {moment:.1f} s"
        note = f"seed {plan.seed}: {killed}, with {before} resets"
        return [
            Figure("resets a second / 10, both runs", found.accepted / seconds / PER_SECOND, least=0.95, note=note),
            *_of_the_possible(plan.devices, seconds, 0.95),
            *_truth(found, task, meant),
        ]


def fleet_lost(plan: Plan) -> list[Figure]:
    with tenant(plan.devices) as emulator, playbook(emulator) as plays:
        meant = [device["id"] for device in emulator.control.devices()]
        lose_answers(emulator.control, plan.devices)
        task = _run(plays, plan.devices)
        found = tally(emulator.control, meant)
        return [
            Figure("resets a second / 10, first to last accepted", found.accepted / _span(found) / PER_SECOND),
            *_of_the_possible(plan.devices, _span(found)),
            *_truth(found, task, meant),
        ]


def shortest(devices: int) -> float:
    """Return the seconds from the first to the last reset that the quota allows: each window begins with its full quota."""
    return (math.ceil(devices / QUOTA) - 1) * WINDOW


def _of_the_possible(devices: int, seconds: float, least: float | None = None) -> list[Figure]:
    """Return the stricter figure: the first quota window is full at once, so a rate may exceed 10 a second, but this ratio never 1."""
    note = f"{shortest(devices):.0f} s are the least for {devices} devices; it took {seconds:.1f} s"
    return [Figure("shortest time that the quota allows / time", shortest(devices) / seconds, least=least, note=note)]


def _span(found: Tally) -> float:
    return max(found.last - found.first, 0.001)


def _task(devices: int, **options: t.Any) -> dict[str, t.Any]:
    # A device with a failed reset fails the task, and is counted here.
    return rescued(reset("fleet", device_groups=[GROUP], max_devices=devices, **options))


def _run(plays: Playbook, devices: int, **options: t.Any) -> Timed:
    (task,) = plays.run([_task(devices, **options)])
    if "summary" not in task.result:
        raise RuntimeError(f"{RESET} reset no device: {task.result.get('msg')}")
    return task


def _truth(found: Tally, task: Timed, meant: t.Sequence[str]) -> list[Figure]:
    """Compare the tenant's own records with the results of the task."""
    told = {entry["id"]: entry["status"] for entry in task.result["results"]}
    unknown = sum(status == "unknown" for status in told.values())
    # This scenario does not test the device's outcome of its reset, and only sees it by chance.
    reset_told = {device for device, status in told.items() if status in ("pending", "done")}
    wrong = [device for device in meant if told.get(device) != "unknown" and (device in reset_told) != (device in found.reset)]
    note = f"{found.answers_lost} answers to resets were lost, {found.throttled} requests throttled, the task took {task.seconds:.1f} s"
    return [
        Figure("duplicates", found.duplicates, most=0, note=note, details={"summary": task.result["summary"]}),
        Figure("lost devices", found.lost, most=0),
        Figure("devices that the task calls unknown", unknown),
        Figure("devices told otherwise than they are", len(wrong), most=0, details={"ids": wrong[:20]}),
    ]
