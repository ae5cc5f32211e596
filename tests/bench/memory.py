# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure the peak memory of a process that works on a very large tenant, less that of one that only prepares for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import typing as t

from intune_emulator import EmulatorProcess

from .figures import Figure
from .plan import ROOT, Plan
from .tenant import tenant


class Usage(t.NamedTuple):
    """``mb``: the peak of the process. ``seconds``: processor time of the call alone, in this process and not in the tenant's."""

    mb: float
    seconds: float


def memory(plan: Plan) -> list[Figure]:
    # Reading so many devices takes a hundred pages, whose latency does not affect memory.
    with tenant(plan.tenant, latency=0.0) as emulator:
        figures = []
        for what, work in (
            (f"{plan.named} names of {plan.tenant} devices, check mode", "names"),
            (f"{plan.tenant} devices read", "items"),
            (f"{plan.tenant} devices read for an inventory", "inventory"),
        ):
            ready, whole = (usage(emulator, work, plan.tenant, plan.named, mode=mode) for mode in ("ready", "whole"))
            note = f"{whole.mb:.0f} MB with, {ready.mb:.0f} MB without; {whole.seconds:.1f} s of processor time"
            figures.append(Figure(what, whole.mb - ready.mb, " MB", most=60.0, note=note))
        return figures


def usage(emulator: EmulatorProcess, work: str, devices: int, names: int = 1, *, mode: str = "whole", rate: float = 1.0) -> Usage:
    """Return the resources of a process that does this work, see child.py. ``rate``: how fast time runs, for the tenant too."""
    clock = {"BENCH_CLOCK": f"{rate} {emulator.control.speed_up(rate)['timestamp']} {time.time()}"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("INTUNE_", "AZURE_"))}
    command = [sys.executable, "-m", "tests.bench.child", work, mode, str(devices), str(names)]
    # run() kills it when this process is stopped.
    done = subprocess.run(command, env={**kept, **emulator.env, **clock}, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return Usage(**json.loads(done.stdout.splitlines()[-1]))
