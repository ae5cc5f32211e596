# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure the report on a fleet: the task's duration in the controller's process, and the peak memory of a process that makes it."""

from __future__ import annotations

import pathlib
import tempfile

from .figures import Figure
from .memory import usage
from .plan import Plan
from .playbook import playbook
from .tenant import tenant


def report(plan: Plan) -> list[Figure]:
    # Measure only our own share: a tenant with latency would add it for each page of devices.
    with tenant(plan.reported, latency=0.0) as emulator, tempfile.TemporaryDirectory() as folder:
        task = {"name": "report", "endpointops.intune.intune_pin_report": {"directory": folder}}
        with playbook(emulator) as plays:
            (done,) = plays.run([task])
        rows = (pathlib.Path(folder) / "pin-reset-report.csv").read_bytes().count(b"\r\n") - 1
        if done.status != "ok" or rows != plan.reported:
            raise RuntimeError(f"the report was not written: {done.status}, {rows} rows")
        ready, whole = (usage(emulator, "report", plan.reported, mode=mode).mb for mode in ("ready", "whole"))
    what = f"report on {plan.reported} devices"
    return [
        Figure(f"{what}, time", done.seconds, " s", most=10.0),
        Figure(f"{what}, memory", whole, " MB", most=150.0, note=f"{ready:.0f} MB of it without the call"),
    ]
