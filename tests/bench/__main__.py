# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the benchmark, which is not a test: reset rates of a fleet, the cost of one task, and the results of alternatives.

    make bench                                  # all, about half an hour
    make bench BENCH_ARGS="--quick"             # all, in a few minutes, with smaller numbers
    make bench BENCH_ARGS="one loop"            # some
    make bench BENCH_ARGS="fleet --devices 600"

Each scenario has its own emulated tenant, with Intune's quota, 0.1 s a request, and a Retry-After of 0 while it
throttles, except for the last one. Duplicates and lost devices are counted from the tenant's own records.

fleet         one task for the whole fleet; fleet_killed: kill -9 at a random moment, and run again with the same journal;
              fleet_lost: with lost responses
shared        2, 4, and 8 processes at once with one application, for several forms of Retry-After
slices        a host for each device, in one job and in two job slices, beside the list of them in one task
uri, sdk      the same lost responses, for a loop of ansible.builtin.uri and for one over Microsoft's SDK with its own retry handler
one           a task for one device against ansible.builtin.ping: in the controller's process, and as a module; medians. And its round
              trips to Graph, against whose latency its time in the controller's process is measured
loop          a loop of such tasks against the same loop of ansible.builtin.uri, and how often it signs in
memory        peak memory with a very large tenant, less that of a process that only prepares
report        the report on ten thousand devices: time of the task, and peak memory of a process that makes it
inventory     ansible-inventory with a host for each device, against the same hosts and variables in a file; processor time
growing_fleet, growing_inventory
              processor time and memory per device, from hundreds of devices to tens of thousands, with an accelerated clock
emulator      the emulated tenant itself: time until `intune-emulator start` is ready, requests per second without quota, and memory with
              a very large fleet. It needs two idle processors

How to read it: trust ratios, not seconds, and compare only within one run; other work on the machine disturbs it. A second of the
quota is 10 resets. A fleet's rate can exceed it, because the first 200 go at once; the "shortest time" figure cannot exceed 1.
The figures are also written to tests/output/bench.json. The exit code is 1 if a scenario did not finish, regardless of its figures.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
import typing as t

from . import emulator, figures, fleets, inventory, memory, others, reports, scale, shared, slices, tasks
from .plan import QUICK, ROOT, Plan

OUTPUT = ROOT / "tests" / "output" / "bench.json"
Scenario = t.Callable[[Plan], list[figures.Figure]]
SCENARIOS: dict[str, Scenario] = {
    "fleet": fleets.fleet,
    "fleet_killed": fleets.fleet_killed,
    "fleet_lost": fleets.fleet_lost,
    "shared": shared.shared,
    "slices": slices.slices,
    "uri": others.uri,
    "sdk": others.sdk,
    "one": tasks.one,
    "loop": tasks.loop,
    "memory": memory.memory,
    "report": reports.report,
    "inventory": inventory.inventory,
    "growing_fleet": scale.fleets,
    "growing_inventory": scale.inventories,
    "emulator": emulator.emulator,
}


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    names, plan = _arguments()
    circumstances = figures.environment()
    print(f"{', '.join(f'{what} {value}' for what, value in circumstances.items())}\n{plan}", flush=True)
    found: list[figures.Found] = []
    try:
        for name in names:
            start = time.monotonic()
            print(f"{name} ...", end=" ", flush=True)
            found.append(_measure(name, plan))
            print(f"{time.monotonic() - start:.0f} s, load {found[-1].load:.1f}", flush=True)
    finally:
        # Keep the results found before Ctrl+C.
        if found:
            figures.write(OUTPUT, found, environment=circumstances, plan=plan._asdict())
            print(f"\n\n{figures.table(found)}\n\nWritten to {OUTPUT.relative_to(ROOT)}.", flush=True)
    return 1 if any(one.error for one in found) else 0


def _arguments() -> tuple[list[str], Plan]:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="scenario", help=f"{', '.join(SCENARIOS)} (default: all)")
    parser.add_argument(
        "--devices", type=int, help=f"number of devices of the fleet (default: {Plan().devices}; with --quick {QUICK.devices})"
    )
    parser.add_argument("--quick", action="store_true", help="measure less: fewer devices, tasks, and repetitions")
    parser.add_argument("--seed", type=int, default=Plan().seed, help="seed for the random moment of the kill (default: %(default)s)")
    given = parser.parse_args()
    if unknown := sorted(set(given.names) - set(SCENARIOS)):
        parser.error(f"unknown scenario {', '.join(unknown)}: there are {', '.join(SCENARIOS)}")
    plan = (QUICK if given.quick else Plan())._replace(seed=given.seed)
    if given.devices is not None:
        # The fleet must be large enough for the quota to have an effect.
        if given.devices <= fleets.QUOTA:
            parser.error(f"--devices is more than {fleets.QUOTA}: that many are reset at once, and there is no rate")
        plan = plan._replace(devices=given.devices)
    return given.names or list(SCENARIOS), plan


def _measure(name: str, plan: Plan) -> figures.Found:
    try:
        return figures.Found(name, SCENARIOS[name](plan), load=os.getloadavg()[0])
    except Exception as failure:  # a failed scenario must not stop the others; the output and the exit code report it
        return figures.Found(name, [], f"{type(failure).__name__}: {failure}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nStopped, with everything that it started.")
        sys.exit(130)
