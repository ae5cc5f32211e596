# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test faults with waiting times, without waiting."""

from __future__ import annotations

import asyncio

import pytest
from emulator_support.asgi import AsgiCaller
from emulator_support.client import Client

DEVICES = "/v1.0/deviceManagement/managedDevices"


@pytest.mark.parametrize("processed", [False, True])
def test_delay(client: Client, processed: bool) -> None:
    device = client.device("PHONE-HELPDESK-01")["id"]
    accepted_before_the_sleep: list[tuple[float, bool]] = []

    async def sleep(seconds: float) -> None:
        accepted_before_the_sleep.append((seconds, bool(client.tenant.actions.resets)))

    fault = {"kind": "delay", "seconds": 0.3, "processed": processed}
    client.control("POST", "faults", {"match": {"method": "POST", "path": "resetPasscode"}, "fault": fault})
    caller = AsgiCaller(client, sleep)
    assert asyncio.run(caller.send("POST", f"{DEVICES}/{device}/resetPasscode")) == 204
    assert accepted_before_the_sleep == [(0.3, processed)]
    assert len(client.tenant.actions.resets) == 1
    assert asyncio.run(caller.send("GET", DEVICES)) == 200
    assert len(accepted_before_the_sleep) == 1


def test_delay_has_a_default(client: Client) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    client.control("POST", "faults", {"match": {}, "fault": {"kind": "delay"}})
    assert asyncio.run(AsgiCaller(client, sleep).send("GET", DEVICES)) == 200
    assert slept == [2.0]
