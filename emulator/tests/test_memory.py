# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""A device needs little memory, so that 100,000 of them fit into 200 MB, of which the process itself takes 50."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from emulator_support.client import ORIGIN, Client
from intune_emulator.control.seeds import make_tenant
from intune_emulator.state.keys import Keys

DEVICES = 1000
MOST_BYTES = 1000
PATH = "deviceManagement/managedDevices"


@pytest.fixture
def measure() -> Iterator[Callable[[], float]]:
    """Return a function that returns the bytes a device that were allocated since the start of the test."""
    gc.collect()
    tracemalloc.start()

    def read() -> float:
        gc.collect()
        return tracemalloc.get_traced_memory()[0] / DEVICES

    yield read
    tracemalloc.stop()


def test_a_device_needs_few_bytes_before_and_after_it_is_read(keys: Keys, measure: Callable[[], float]) -> None:
    before = measure()
    tenant = make_tenant(ORIGIN, f"fleet:{DEVICES}", keys)
    made = measure() - before
    assert 0 < made < MOST_BYTES
    client = Client(tenant)
    # imports and caches of the first request are not of the devices
    client.json(f"/v1.0/{PATH}?$top=1&$filter=model eq 'x'")
    ready = measure()
    for query in (f"/v1.0/{PATH}", f"/beta/{PATH}?$filter=deviceName eq 'FLEET-000007'", f"/beta/{PATH}?$orderby=deviceName"):
        link = query
        while link:
            link = client.json(link.removeprefix(ORIGIN)).get("@odata.nextLink", "")
    # some results of lists are kept, as references
    kept = measure() - ready
    assert kept < MOST_BYTES / 5 and made + kept < MOST_BYTES, (made, kept)
    # the page keeps what it searches
    assert client.control("GET", "overview?search=fleet-00")["devices"]["found"] == DEVICES
    searched = measure() - ready
    assert searched < MOST_BYTES * 2 / 5 and made + searched < MOST_BYTES, (made, searched)


def test_a_changed_device_keeps_what_was_changed(client: Any) -> None:
    name = "PHONE-HELPDESK-01"
    device_id = client.device(name)["id"]
    changed = client.control("PATCH", f"devices/{device_id}", {"ownerType": "personal", "notes": "x"})
    assert (changed["managedDeviceOwnerType"], changed["notes"], changed["deviceName"], changed["id"]) == ("personal", "x", name, device_id)
    read = client.json(f"/beta/{PATH}/{device_id}?$select=id,ownerType,managedDeviceOwnerType,notes,serialNumber")
    assert (read["id"], read["ownerType"], read["managedDeviceOwnerType"], read["notes"]) == (device_id, "personal", "personal", "x")
    assert read["serialNumber"] == changed["serialNumber"] == client.device(name)["serialNumber"]
    client.control("PATCH", f"devices/{device_id}", {"notes": "y"})
    assert client.device(name)["managedDeviceOwnerType"] == "personal"
