# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure one task, and a loop of tasks of one device each: ratios to Ansible's own modules, within one playbook."""

from __future__ import annotations

import statistics
import typing as t

from .figures import Figure
from .plan import Plan
from .playbook import playbook, reset, token, uri_loop
from .tenant import LATENCY, name, tenant

# The goals are about our own share, so one tenant responds at once and the other with latency.
TENANTS = {"tenant answers at once": 0.0, f"{LATENCY:g} s a request": LATENCY}


def one(plan: Plan) -> list[Figure]:
    return [figure for what, latency in TENANTS.items() for figure in _one(plan, what, latency)]


def _one(plan: Plan, what: str, latency: float) -> list[Figure]:
    tasks: list[dict[str, t.Any]] = []
    for number in range(1, 2 * plan.repeats, 2):
        tasks.append({"name": "ping", "ansible.builtin.ping": {}})
        tasks.append(reset("in process", name(number)))
        # A task with its own environment never runs in the controller's process.
        tasks.append({**reset("module", name(number + 1)), "environment": {"X": "y"}})
    with tenant(2 * plan.repeats, latency) as emulator, playbook(emulator) as plays:
        done = plays.run(tasks)
        counts, entries = emulator.control.counts(), emulator.control.journal()
    requests = {kind: round(counts[kind] / plan.repeats / 2, 1) for kind in ("tokens", "envelopes", "reads", "writes")}
    seconds = {kind: statistics.median(task.seconds for task in done if task.name == kind) for kind in ("ping", "in process", "module")}
    _check(task.status == "ok" for task in done)
    note = ", ".join(f"{kind} {value * 1000:.0f} ms" for kind, value in seconds.items())
    # The items of a batch are one round trip. Signing in takes no time here beside the work.
    trips = sum(entry["kind"] == "graph" for entry in entries) / plan.repeats / 2
    waited = [Figure(f"in process / waiting ({what})", seconds["in process"] / (trips * latency), most=1.1)] if latency else []
    return [
        Figure(f"round trips of a reset ({what})", trips, most=4),
        *waited,
        Figure(f"in process / ping ({what})", seconds["in process"] / seconds["ping"], most=0.5, note=note, details=requests),
        Figure(f"module / ping ({what})", seconds["module"] / seconds["ping"], most=1.6),
    ]


def loop(plan: Plan) -> list[Figure]:
    return [figure for what, latency in TENANTS.items() for figure in _loop(plan, what, latency)]


def _loop(plan: Plan, what: str, latency: float) -> list[Figure]:
    with tenant(2 * plan.rounds, latency) as emulator, playbook(emulator) as plays:
        ids = {device["deviceName"]: device["id"] for device in emulator.control.devices()}
        ours = {**reset("ours", "{{ item }}"), "loop": [name(number) for number in range(1, plan.rounds + 1)]}
        theirs = uri_loop(emulator, [ids[name(number)] for number in range(plan.rounds + 1, 2 * plan.rounds + 1)])
        done = {task.name: task for task in plays.run([token(emulator), theirs, ours])}
        _check([len(emulator.control.resets()) == 2 * plan.rounds])
        tokens = sum(
            entry["kind"] == "token" and str(entry["user_agent"]).startswith("endpointops") for entry in emulator.control.journal()
        )
    seconds = {kind: done[kind].seconds for kind in ("uri", "ours")}
    note = ", ".join(f"{kind} {value:.1f} s" for kind, value in seconds.items()) + f" for {plan.rounds} devices"
    return [
        Figure(f"uri / ours ({what})", seconds["uri"] / seconds["ours"], least=10.0, note=note),
        Figure(f"tokens of the loop ({what})", tokens, most=1),
    ]


def _check(good: t.Iterable[bool]) -> None:
    if not all(good):
        raise RuntimeError("not every task did what it was to do, so their times say nothing")
