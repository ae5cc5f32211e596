# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import functools
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._devices.eligibility import find_selection_refusal
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import QUOTA, Device
from ansible_collections.endpointops.intune.plugins.module_utils._graph.batch_scheduler import BatchScheduler
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import status
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import DeviceReset
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.result import new_passcode
from tests.support.fakes import START, answer, error, intune, query_of, tenant
from tests.support.fleets import FleetWire

NOBODY = "aaaaaaaa-0000-4000-8000-000000000001"
WHEN = "2026-01-05T09:00:00Z"
RESET = {"actionName": "resetPasscode", "startDateTime": WHEN, "lastUpdatedDateTime": "2026-01-05T09:01:00Z", "errorCode": 0}


def item(*actions: dict[str, t.Any], system: str = "Android") -> DeviceReset:
    return DeviceReset(NOBODY, ["PC-1"], Device(NOBODY, "PC-1", operating_system=system, actions=actions))


def assessed(*actions: dict[str, t.Any], since: float | None = None, system: str = "Android") -> DeviceReset:
    found = item(*actions, system=system)
    status.assess(found, since)
    return found


# --- the record's statements ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "expected", "reason"),
    [
        ("none", "pending", None),
        ("active", "pending", None),
        ("done", "done", None),
        ("failed", "failed", "device_failed"),
        ("canceled", "canceled", "canceled"),
        ("notSupported", "not_supported", "not_supported"),
        ("newer", "unknown", "state_unknown"),
    ],
)
def test_each_state(state: str, expected: str, reason: str | None) -> None:
    found = assessed({**RESET, "actionState": state})
    assert (found.status, found.reason) == (expected, reason)
    assert expected in status.STATUSES and status.describe(found)["action_state"] == state


@pytest.mark.parametrize(
    ("passcode", "system", "words"),
    [
        ("1234", "Android", None),
        (None, "Android", "no longer holds"),
        ("", "Windows", "no longer holds"),
        (None, "iOS", "The passcode is removed"),
        (None, "iPadOS", "The passcode is removed"),
    ],
)
def test_a_done_reset_says_where_its_passcode_is(passcode: str | None, system: str, words: str | None) -> None:
    found = assessed({**RESET, "actionState": "done", "passcode": passcode}, system=system)
    entry = status.describe(found)
    assert (entry["message"] is None) if words is None else words in entry["message"]
    assert (entry["passcode_expires"], new_passcode(found)) == (("2026-01-12T09:01:00Z", "1234") if passcode else (None, passcode))
    assert "1234" not in str(entry) + repr(found)


def test_a_reset_that_is_not_done_does_not_speak_of_its_passcode() -> None:
    assert status.NOT_HELD not in str(assessed({**RESET, "actionState": "pending"}).message)


@pytest.mark.parametrize(
    ("platforms", "ownerships", "reason"),
    [
        (None, None, None),
        (["android"], ["personal"], None),
        (["android"], None, None),
        (["windows"], ["personal"], "platform_not_selected"),
        ([], None, "platform_not_selected"),
        (None, ["company", "unknown"], "personally_owned"),
        (["windows"], ["company"], "platform_not_selected"),
    ],
)
def test_a_device_of_others_is_refused_and_nothing_is_told_of_its_reset(platforms, ownerships, reason) -> None:
    found = item({**RESET, "actionState": "done", "passcode": "1234"})
    found.device = dataclasses.replace(found.device, ownership="personal")
    status.assess(found, None, functools.partial(find_selection_refusal, platforms=platforms, ownerships=ownerships))
    assert (found.status, found.reason) == (("refused", reason) if reason else ("done", None))
    assert new_passcode(found) == (None if reason else "1234")
    assert (status.describe(found)["started"] is None) == bool(reason)


@pytest.mark.parametrize("actions", [(), ({**RESET, "actionName": "syncDevice", "actionState": "done"},)])
def test_no_reset_on_record(actions: tuple[dict[str, t.Any], ...]) -> None:
    found = assessed(*actions)
    assert (found.status, found.reason, found.reset) == ("none", None, None) and "on record" in str(found.message)


@pytest.mark.parametrize(("later", "status"), [(-0.5, "done"), (0.0, "done"), (0.5, "none")])
def test_since(later: float, status: str) -> None:
    found = assessed({**RESET, "actionState": "done", "passcode": "1234"}, since=START - 3600 + later)
    assert found.status == status
    assert (new_passcode(found), WHEN in str(found.message)) == (("1234", False) if status == "done" else (None, True))


def test_a_device_that_is_gone() -> None:
    found = DeviceReset(NOBODY, ["PC-1"])
    status.assess(found, None)
    assert (found.status, found.reason, found.message) == ("unknown", "device_gone", "Intune no longer manages the device.")


def test_an_entry_has_nothing_of_a_task_that_resets() -> None:
    found = status.describe(assessed(RESET))
    assert found and not {"changed", "request_id", "approval", "passcode"} & set(found)


def test_the_summary_has_every_status() -> None:
    results = [{"status": "done"}, {"status": "none"}, {"status": "done"}]
    nothing = dict.fromkeys(status.STATUSES, 0)
    assert status.summarize(results) == {"total": 3, **nothing, "done": 2, "none": 1}
    assert status.summarize([]) == {"total": 0, **nothing}


@pytest.mark.parametrize(("since", "seconds"), [(None, None), ("", None), (WHEN, START - 3600), ("2026-01-05T11:00:00+01:00", START)])
def test_moment(since: str | None, seconds: float | None) -> None:
    assert status.parse_since(since, START) == seconds


@pytest.mark.parametrize(
    ("since", "words"),
    [("noon", "since must be a timestamp, not 'noon'. Write it as"), ("2026-01-05T10:00:01Z", "does. It is the moment")],
)
def test_a_moment_that_cannot_be_one(since: str, words: str) -> None:
    with pytest.raises(errors.InvalidOptionError) as caught:
        status.parse_since(since, START)
    assert words in str(caught.value)


# --- calls ----------------------------------------------------------------------------------------------------------


def test_each_device_is_read_in_order_and_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "SLICE", 3)
    wire = FleetWire(8)
    client = wire.world().client
    ids = {device.id: [device.get("deviceName")] for device in wire.tenant.devices}
    found = status.fetch_items(client, BatchScheduler(client, QUOTA), ids, None)
    assert wire.sent == [] and next(found).id == next(iter(ids))
    assert len(wire.sent) == 1, "a slice is asked for when it is wanted"
    rest = list(found)
    assert len(wire.sent) == 3, "three, three and two"
    assert [one.id for one in rest] == list(ids)[1:] and {one.status for one in rest} == {"none"}
    assert [one.device and one.device.device_name for one in rest] == [one.names[0] for one in rest]
    users = [device.get("userPrincipalName") for device in wire.tenant.devices]
    assert [status.describe(one)["user_principal_name"] for one in rest] == users[1:] and all(users)
    assert [entry["path"] for entry in wire.tenant.journal.since(0) if entry["kind"] == "batch_item"] == [
        f"/deviceManagement/managedDevices/{identity}" for identity in ids
    ]


def test_a_thousand_records_are_in_memory_together() -> None:
    wire = FleetWire(1001)
    client = wire.world().client
    found = status.fetch_items(client, BatchScheduler(client, QUOTA), dict.fromkeys(wire.ids, ["PC"]), None)
    requests = []
    for _device in range(1001):
        next(found)
        requests.append(len(wire.sent))
    assert requests == [50] * 1000 + [51], "each batch reads twenty devices"


def test_a_device_that_is_gone_is_an_item_and_others_are_read() -> None:
    wire = FleetWire(2)
    client = wire.world().client
    first, last = wire.ids
    found = list(status.fetch_items(client, BatchScheduler(client, QUOTA), {first: ["A"], NOBODY: ["B"], last: ["C"]}, None))
    assert [one.names for one in found] == [["A"], ["B"], ["C"]]
    assert [(one.status, one.device is None) for one in found] == [("none", False), ("unknown", True), ("none", False)]


def test_one_device_is_one_request_for_no_more_than_is_told() -> None:
    record = {"id": NOBODY, "deviceActionResults": [{**RESET, "actionState": "done", "passcode": "1234"}]}
    world = tenant({f"GET /v1.0/deviceManagement/managedDevices/{NOBODY}": answer(200, record)})
    (found,) = status.fetch_items(world.client, BatchScheduler(world.client, QUOTA), {NOBODY: ["PC-1"]}, None)
    assert (found.status, new_passcode(found)) == ("done", "1234")
    assert [query_of(request) for request in world.transport.sent] == [{"$select": ",".join(status.PROPERTIES)}]


@pytest.mark.parametrize("refusal", [intune(403, "Application is not authorized."), error(400), error(503)])
def test_what_cannot_be_read_is_raised(refusal: t.Any) -> None:
    world = tenant({f"GET /v1.0/deviceManagement/managedDevices/{NOBODY}": refusal})
    with pytest.raises(errors.GraphError):
        list(status.fetch_items(world.client, BatchScheduler(world.client, QUOTA), {NOBODY: ["PC-1"]}, None))
