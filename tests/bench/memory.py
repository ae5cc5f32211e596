# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Peak memory of a process that works on a very large tenant, less that of one that only gets ready for it."""

from __future__ import annotations

import os
import subprocess
import sys

from intune_emulator import EmulatorProcess

from .figures import Figure
from .plan import ROOT, Plan
from .tenant import tenant


def memory(plan: Plan) -> list[Figure]:
    # A read of so many devices takes a hundred pages: their latency has no part in memory.
    with tenant(plan.tenant, latency=0.0) as emulator:
        figures = []
        for what, work in (
            (f"{plan.named} names of {plan.tenant} devices, check mode", "module"),
            (f"{plan.tenant} devices read", "items"),
            (f"{plan.tenant} devices read for an inventory", "inventory"),
        ):
            ready, whole = (peak(emulator, plan, work, mode, plan.tenant) for mode in ("ready", "whole"))
            note = f"{whole:.0f} MB with, {ready:.0f} MB without"
            figures.append(Figure(what, whole - ready, " MB", most=60.0, note=note))
        return figures


def peak(emulator: EmulatorProcess, plan: Plan, work: str, mode: str, devices: int) -> float:
    """MB"""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("INTUNE_", "AZURE_"))}
    command = [sys.executable, "-m", "tests.bench.memory_child", work, mode, str(devices), str(plan.named)]
    # run() kills it when we are stopped.
    done = subprocess.run(command, env={**kept, **emulator.env}, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return float(done.stdout)
