# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure alternatives to this collection: a loop of ansible.builtin.uri, and a loop over Microsoft's SDK."""

from __future__ import annotations

import sys
import time
import typing as t

from intune_emulator import EmulatorProcess

from .figures import Figure
from .plan import ROOT, Plan
from .playbook import playbook, token, uri_loop
from .tenant import lose_answers, tally, tenant

PER_SECOND = 10.0


def uri(plan: Plan) -> list[Figure]:
    """Use the retries of the examples, which Ansible makes five seconds apart."""
    with tenant(plan.others) as emulator, playbook(emulator) as plays:
        meant = [device["id"] for device in emulator.control.devices()]
        lose_answers(emulator.control, plan.others)
        retried = {"register": "reset", "until": "reset.status == 204", "retries": 3, "delay": 5}
        _token, loop = plays.run([token(emulator), uri_loop(emulator, meant, **retried)])
        failed = {entry["item"] for entry in loop.result["results"] if entry.get("failed")}
        return _figures(emulator, meant, failed, loop.seconds)


def sdk(plan: Plan) -> list[Figure]:
    """Use the built-in retry handler of the SDK; skip a device whose reset raises, and count it as failed."""
    # The path by which pytest finds the support of the emulated tenant's tests.
    sys.path.append(str(ROOT / "emulator" / "tests"))
    # Slow to load, and only needed here.
    from msgraph import GraphServiceClient

    from tests.contract.test_msgraph_sdk import Sdk

    with tenant(plan.others) as emulator:
        meant = [device["id"] for device in emulator.control.devices()]
        lose_answers(emulator.control, plan.others)

        async def loop(graph: GraphServiceClient) -> dict[str, str]:
            failed = {}
            for device in meant:
                try:
                    await graph.device_management.managed_devices.by_managed_device_id(device).reset_passcode.post()
                except Exception as failure:  # the loop continues after any exception of the SDK
                    failed[device] = type(failure).__name__
            return failed

        start = time.monotonic()
        failed = Sdk(emulator).run(loop)
        return _figures(emulator, meant, failed, time.monotonic() - start)


def _figures(emulator: EmulatorProcess, meant: t.Sequence[str], failed: t.Collection[str], seconds: float) -> list[Figure]:
    found = tally(emulator.control, meant)
    wrong = sum((device in failed) == (device in found.reset) for device in meant)
    note = f"{found.answers_lost} answers to resets were lost, {found.throttled} requests throttled, it took {seconds:.1f} s"
    return [
        Figure("devices a second / 10", len(found.reset) / seconds / PER_SECOND, note=note),
        Figure("duplicates", found.duplicates),
        Figure("lost devices", found.lost),
        Figure("devices told otherwise than they are", wrong),
    ]
