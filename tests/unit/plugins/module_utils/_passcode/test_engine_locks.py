# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test several tasks at once on one machine: the tenant's resets of them together, and the report of each."""

from __future__ import annotations

import collections
import json
import multiprocessing
import pathlib
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.device_lock import DeviceLocks
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.engine import ResetEngine
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import DeviceReset, RecordedReset
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.queue import QueuedReset
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.reset_state import keeps_lock
from tests.support.fakes import START
from tests.support.fleets import FleetWire
from tests.support.turns import Turns

FORK = multiprocessing.get_context("fork")


class Machine(FleetWire):
    """Tasks take turns at each request, and whenever they wait. Each has the locks of a separate process."""

    def __init__(self, size: int, folder: pathlib.Path, **options: t.Any) -> None:
        super().__init__(size, **options)
        self.turns = Turns()
        self.folder = folder
        sleep = self.clock.sleep

        def sleep_in_turn(seconds: float) -> None:
            sleep(seconds)
            self.turns.turn()

        self.clock.sleep = sleep_in_turn

    def send(self, request: Request) -> Response:
        self.turns.turn()
        return super().send(request)

    def locks(self, **options: bool) -> DeviceLocks:
        return DeviceLocks([str(self.folder)], **options)

    def task(self, ids: t.Iterable[str] | None = None, **options: t.Any) -> tuple[ResetEngine, list[DeviceReset]]:
        """Run a task to its end."""
        with self.locks() as locks:
            return self.run(ids, locks=locks, **options)

    def at_once(self, *orders: t.Sequence[str], warns: str | None = None, **options: t.Any) -> list[list[DeviceReset]]:
        """Run tasks over these devices at once. Return the items of each."""
        found: dict[int, list[DeviceReset]] = {}

        def run(number: int) -> None:
            engine, found[number] = self.task(orders[number], **options)
            assert engine.failure is None and (engine.warnings == []) is (warns is None), engine.warnings
            assert warns is None or warns in engine.warnings[0], engine.warnings

        self.turns.run(*(lambda number=number: run(number) for number in range(len(orders))))
        return [found[number] for number in range(len(orders))]

    @property
    def held(self) -> list[str]:
        """Return the locked devices."""
        with self.locks() as locks:
            return [device for device in self.ids if not locks.take(device)]


def statuses(items: t.Iterable[DeviceReset]) -> dict[str, int]:
    return dict(collections.Counter(item.status for item in items))


def is_reset(request: Request) -> bool:
    if request.url.endswith("/$batch"):
        return any(item["url"].endswith("/resetPasscode") for item in json.loads(request.body or b"")["requests"])
    return request.url.endswith("/resetPasscode")


# --- the same devices -----------------------------------------------------------------------------------------------


LAGS = [(0, 0), (3, 0), (0, 3), (3, 3), (60, 3), (3, 60), (300, 30)]


@pytest.mark.parametrize(("record", "log"), [pytest.param(*lags, id=f"case 12: record {lags[0]} s, log {lags[1]} s late") for lags in LAGS])
@pytest.mark.parametrize("wait", [True, False], ids=["wait", "go on"])
@pytest.mark.parametrize(("tasks", "order"), [(2, "same"), (2, "reversed"), (4, "reversed")])
def test_tasks_at_once_reset_each_device_once(
    tmp_path: pathlib.Path, record: float, log: float, wait: bool, tasks: int, order: str
) -> None:
    machine = Machine(60, tmp_path, audit_delay=log)
    for device in machine.tenant.devices:
        device.simulation.patch({"visible": record, "active": record + 1.0, "terminal": record + 2.0})
    orders = [machine.ids[:: -1 if number % 2 and order == "reversed" else 1] for number in range(tasks)]
    found = machine.at_once(*orders, wait=wait, wait_timeout=600.0)
    assert machine.resets == dict.fromkeys(machine.ids, 1)
    assert {status for items in found for status in statuses(items)} <= ({"done"} if wait else {"done", "pending"})
    assert sum(item.changed for items in found for item in items) == 60
    assert machine.held == []


def test_case_12_a_reset_that_only_the_log_shows_is_found_when_its_device_gets_free(tmp_path: pathlib.Path) -> None:
    """The log was read before the first reset, when it did not show the one of the other task."""
    machine = Machine(60, tmp_path, audit_delay=3.0)
    for device in machine.tenant.devices:
        device.simulation.patch({"visible": 120, "active": 121, "terminal": 122})
    first, second = machine.at_once(machine.ids[:30], [*machine.ids[30:], *machine.ids[:30]], wait=False)
    assert machine.resets == dict.fromkeys(machine.ids, 1)
    assert statuses(first) == {"pending": 30} and statuses(second) == {"pending": 60}


@pytest.mark.parametrize(("record", "log"), [(300.0, 300.0), (60.0, 60.0), (3600.0, 3.0)], ids=lambda lag: f"case 12: {lag:g} s late")
def test_a_task_comes_to_a_device_after_the_other_one_ended(tmp_path: pathlib.Path, record: float, log: float) -> None:
    """The task read the log before that, and the device's record does not show the reset yet."""
    machine = Machine(500, tmp_path, audit_delay=log, latency=0.05)
    for device in machine.tenant.devices:
        device.simulation.patch({"visible": record, "active": record + 1.0, "terminal": record + 2.0})
    orders = machine.ids[:3], [*machine.ids[3:], *machine.ids[:3]]
    found: list[list[DeviceReset]] = [[], []]

    def run(number: int) -> None:
        _engine, found[number] = machine.task(orders[number], wait=False, confirm_timeout=5.0)

    machine.turns.run(lambda: run(0), lambda: run(1))
    assert machine.resets == dict.fromkeys(machine.ids, 1)
    assert sum(item.changed for items in found for item in items) == 500 and statuses(found[1]) == {"pending": 500}


def test_max_age_zero_resets_what_the_machine_remembers(tmp_path: pathlib.Path) -> None:
    machine = Machine(2, tmp_path)
    for number in (1, 2):
        machine.task(again=True, wait=False)
        assert machine.resets == dict.fromkeys(machine.ids, number)


@pytest.mark.parametrize("wait", [True, False], ids=["wait", "go on"])
def test_case_12_tasks_that_meet_halfway_do_not_wait_for_each_other(tmp_path: pathlib.Path, wait: bool) -> None:
    """Each reaches devices that the other one has finished, and whose records do not show it yet."""
    machine = Machine(500, tmp_path, audit_delay=3.0, latency=0.05)
    for device in machine.tenant.devices:
        device.simulation.patch({"visible": 120, "active": 121, "terminal": 122})
    found = machine.at_once(machine.ids, machine.ids[::-1], wait=wait, wait_timeout=600.0)
    assert machine.resets == dict.fromkeys(machine.ids, 1)
    assert {status for items in found for status in statuses(items)} <= ({"done"} if wait else {"done", "pending"})
    assert min(sum(item.changed for item in items) for items in found) > 50
    assert machine.clock.monotonic() < 300


@pytest.mark.parametrize(("again", "reads"), [(False, 2), (True, 0)])
def test_the_log_is_read_once_more_where_it_was_read_just_now(tmp_path: pathlib.Path, again: bool, reads: int) -> None:
    machine = Machine(1, tmp_path)
    engine, _items = machine.engine(again=again)
    shown = engine._results.shown
    assert shown.has_looked_back()
    shown.look_back_again()
    assert shown.has_looked_back()
    assert ["remoteActionAudits" in request.url for request in machine.sent] == [True] * reads


@pytest.mark.parametrize("wait", [True, False], ids=["wait", "go on"])
def test_case_12_without_the_audit_log_the_record_decides(tmp_path: pathlib.Path, wait: bool) -> None:
    machine = Machine(60, tmp_path, audit_access="refuse")
    for device in machine.tenant.devices:
        device.simulation.patch({"visible": 20, "active": 21, "terminal": 22})
    machine.at_once(machine.ids, machine.ids[::-1], wait=wait, warns="cannot be read")
    assert machine.resets == dict.fromkeys(machine.ids, 1)


def test_case_12_without_locks_both_reset_the_same_device(tmp_path: pathlib.Path) -> None:
    """This proves that the tests above can fail."""
    machine = Machine(60, tmp_path)
    machine.locks = DeviceLocks
    machine.at_once(machine.ids, machine.ids, warns="another run or person reset too")
    assert max(machine.resets.values()) == 2


def test_case_12_a_task_over_more_than_the_quota_shares_the_work(tmp_path: pathlib.Path) -> None:
    machine = Machine(500, tmp_path, latency=0.05)
    found = machine.at_once(machine.ids, machine.ids[::-1], wait_timeout=300.0)
    assert machine.resets == dict.fromkeys(machine.ids, 1)
    changed = [sum(item.changed for item in items) for items in found]
    assert sum(changed) == 500 and min(changed) > 50


# --- a device that stays locked -------------------------------------------------------------------------------------


def test_a_locked_device_is_waited_for_while_the_others_go_on(tmp_path: pathlib.Path) -> None:
    machine = Machine(45, tmp_path)
    with machine.locks() as other:
        assert other.take(machine.ids[0]) and other.take(machine.ids[30])
        began = machine.clock.monotonic()
        engine, items = machine.task(wait_timeout=60.0)
        waited = machine.clock.monotonic() - began
    assert statuses(items) == {"done": 43, "not_attempted": 2}
    assert {(item.id, item.reason, item.changed) for item in items if item.status == "not_attempted"} == {
        (machine.ids[0], "locked", False),
        (machine.ids[30], "locked", False),
    }
    assert "Another process on this machine is resetting this device" in str(items[0].message)
    assert machine.resets == dict.fromkeys({item.id for item in items if item.status == "done"}, 1)
    assert engine.failure is None and 50 < waited < 90
    # No busy waiting: a check after a second, and at most five seconds between two.
    assert len(machine.clock.slept) < 150


@pytest.mark.parametrize(("wait_timeout", "shortest", "longest"), [(0.0, 0.0, 1.0), (5.0, 1.0, 6.0), (60.0, 50.0, 61.0)])
def test_a_task_that_does_not_wait_for_outcomes_waits_for_locks(
    tmp_path: pathlib.Path, wait_timeout: float, shortest: float, longest: float
) -> None:
    machine = Machine(1, tmp_path)
    with machine.locks() as other:
        other.take(machine.ids[0])
        _engine, items = machine.task(wait=False, wait_timeout=wait_timeout)
    assert [(item.status, item.reason) for item in items] == [("not_attempted", "locked")]
    assert machine.resets == {} and shortest <= machine.clock.monotonic() <= longest
    assert [request for request in machine.sent if machine.ids[0] in request.url] == []


@pytest.mark.parametrize("wait", [True, False])
def test_a_device_that_gets_free_is_read_and_reset(tmp_path: pathlib.Path, wait: bool) -> None:
    machine = Machine(3, tmp_path)
    with machine.locks() as other:
        other.take(machine.ids[1])
        sleep = machine.clock.sleep

        def release_later(seconds: float) -> None:
            sleep(seconds)
            if machine.clock.monotonic() > 20:
                other.release(machine.ids[1])

        machine.clock.sleep = release_later
        _engine, items = machine.task(wait=wait)
    assert statuses(items) == ({"done": 3} if wait else {"pending": 3}) and {item.reason for item in items} == {None}
    assert machine.resets == dict.fromkeys(machine.ids, 1)
    assert machine.clock.monotonic() < 60


def test_a_reset_of_another_process_is_found_when_the_device_gets_free(tmp_path: pathlib.Path) -> None:
    machine = Machine(3, tmp_path)
    with machine.locks() as other:
        other.take(machine.ids[1])
        sleep = machine.clock.sleep

        def reset_later(seconds: float) -> None:
            sleep(seconds)
            if machine.clock.monotonic() > 20 and not machine.resets[machine.ids[1]]:
                machine.ask(machine.world().client.request("POST", f"/deviceManagement/managedDevices/{machine.ids[1]}/resetPasscode"))
                other.release(machine.ids[1])

        machine.clock.sleep = reset_later
        _engine, items = machine.task()
    assert [(item.status, item.changed) for item in items] == [("done", True), ("done", False), ("done", True)]
    assert machine.resets == dict.fromkeys(machine.ids, 1)


def test_a_task_that_must_stop_does_not_wait_for_locks(tmp_path: pathlib.Path) -> None:
    machine = Machine(3, tmp_path, roles=["DeviceManagementManagedDevices.Read.All"])
    with machine.locks() as other:
        other.take(machine.ids[1])
        engine, items = machine.task(wait_timeout=600.0)
    assert isinstance(engine.failure, errors.ForbiddenError) and machine.clock.monotonic() < 10
    assert statuses(items) == {"not_attempted": 3} and machine.resets == {}


def test_a_device_that_got_free_does_not_say_that_it_is_locked(tmp_path: pathlib.Path) -> None:
    machine = Machine(1, tmp_path)
    with machine.locks() as other:
        other.take(machine.ids[0])

        def plan(request: Request) -> str | None:
            return "forbidden" if is_reset(request) else None

        sleep = machine.clock.sleep

        def release_later(seconds: float) -> None:
            sleep(seconds)
            other.release(machine.ids[0])

        machine.clock.sleep, machine.plan = release_later, plan
        engine, items = machine.task()
    assert isinstance(engine.failure, errors.ForbiddenError)
    assert [(item.status, item.reason, item.message) for item in items] == [("not_attempted", None, None)]


# --- the time of a lock ---------------------------------------------------------------------------------------------


def test_a_device_is_locked_before_it_is_read_and_until_its_record_shows_the_reset(tmp_path: pathlib.Path) -> None:
    machine = Machine(2, tmp_path)
    for device in machine.tenant.devices:
        device.simulation.patch({"visible": 10.0, "active": 30.0, "terminal": 40.0})
    seen: list[tuple[float, int]] = []

    def plan(_request: Request) -> None:
        seen.append((machine.clock.monotonic(), len(machine.held)))

    engine, _items = machine.engine(locks=(locks := machine.locks()))
    machine.plan = plan
    with locks:
        engine.run()
        assert machine.held == []
    assert seen[0][1] == 2, "locked before the first read"
    shown = [held for when, held in seen if when > 15]
    assert {held for when, held in seen if when < 10} == {2} and shown and set(shown) == {0}


def test_a_device_that_is_not_reset_is_released_at_once(tmp_path: pathlib.Path) -> None:
    machine = Machine(3, tmp_path)
    machine.tenant.devices.get(machine.ids[0]).change({"managedDeviceOwnerType": "personal"})
    machine.run(machine.ids[1:2], wait=False)
    machine.tenant.devices.get(machine.ids[2]).simulation.patch({"outcome": "offline"})
    held: list[list[str]] = []
    machine.plan = lambda request: held.append(machine.held) if is_reset(request) else None
    _engine, items = machine.task(machine.ids, wait_timeout=10.0)
    assert [item.status for item in items] == ["refused", "done", "pending"]
    assert held == [machine.ids[2:]]


@pytest.mark.parametrize("fault", ["lost_done", "lost", "500_done"])
def test_a_device_stays_locked_while_its_response_is_not_settled(tmp_path: pathlib.Path, fault: str) -> None:
    machine = Machine(1, tmp_path)
    machine.tenant.devices.get(machine.ids[0]).simulation.patch({"visible": 9.0, "active": 10.0, "terminal": 11.0})
    faults, held = [fault], list[tuple[float, int]]()

    def plan(request: Request) -> str | None:
        held.append((machine.clock.monotonic(), len(machine.held)))
        return faults.pop() if is_reset(request) and faults else None

    engine, _items = machine.engine(locks=(locks := machine.locks()))
    machine.plan = plan
    with locks:
        engine.run()
    assert len(held) > 3 and {number for when, number in held if when < 9} == {1}


SHOWN = RecordedReset("pending", START)


@pytest.mark.parametrize(
    ("phase", "state", "expected"),
    [
        ("reading", {}, True),
        ("due", {}, True),
        ("sent", {}, True),
        ("accepted", {"changed": True}, True),
        ("accepted", {"changed": True, "confirmed": True}, True),
        ("accepted", {"changed": True, "reset": SHOWN}, False),
        ("accepted", {"reset": SHOWN}, False),
        ("lost", {"reason": "answer_lost"}, True),
        ("finished", {"reason": "answer_lost", "status": "unknown"}, True),
        ("finished", {"changed": True, "confirmed": True}, True),
        ("finished", {"changed": True, "reset": SHOWN}, False),
        ("finished", {"status": "refused", "reason": "personally_owned"}, False),
        ("finished", {"status": "needs_approval"}, False),
    ],
)
def test_a_device_needs_its_lock_until_its_record_shows_what_was_sent(phase: t.Any, state: dict[str, t.Any], expected: bool) -> None:
    assert keeps_lock(QueuedReset(DeviceReset("a", ["A"], **state), phase=phase)) is expected


def test_a_task_in_check_mode_sees_a_locked_device(tmp_path: pathlib.Path) -> None:
    machine = Machine(2, tmp_path)
    with machine.locks() as other:
        assert other.take(machine.ids[0])
        _engine, items = machine.run(check=True)
    assert statuses(items) == {"planned": 2}


def test_a_lock_that_cannot_be_had_is_a_warning_of_the_task(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(2, tmp_path)
    with machine.locks() as locks:
        engine, items = machine.engine(locks=locks)
        locks.warnings.append("Devices cannot be locked.")
        engine.run()
    assert "Devices cannot be locked." in engine.warnings and statuses(items) == {"done": 2}


# --- other devices --------------------------------------------------------------------------------------------------


class CountingLocks(DeviceLocks):
    refused = 0

    def take(self, device: str) -> bool:
        taken = super().take(device)
        self.refused += not taken
        return taken


def reset_part(folder: str | None, part: int, start: t.Any, result: t.Any) -> None:
    """Reset an eighth of a fleet in a separate process; send its statuses, refused locks, requests, and waiting times."""
    wire = FleetWire(320, latency=0.05)
    with CountingLocks([folder] if folder else []) as locks:
        start.wait()
        _engine, items = wire.run(wire.ids[part::8], locks=locks)
    result.send((statuses(items), locks.refused, wire.targets, wire.clock.slept))


def parts_at_once(folder: str | None) -> list[t.Any]:
    start, pipes = FORK.Barrier(8), [FORK.Pipe() for _number in range(8)]
    processes = [FORK.Process(target=reset_part, args=(folder, part, start, theirs)) for part, (_ours, theirs) in enumerate(pipes)]
    for process in processes:
        process.start()
    for _ours, theirs in pipes:
        theirs.close()
    found = [ours.recv() for ours, _theirs in pipes]
    for process in processes:
        process.join()
    return found


def test_case_12_eight_processes_over_other_devices_do_not_notice_one_another(tmp_path: pathlib.Path) -> None:
    """They wait no longer, and send the same requests at the same times, as without locks."""
    with_locks, without = parts_at_once(str(tmp_path)), parts_at_once(None)
    assert [(found, refused) for found, refused, _targets, _slept in with_locks] == [({"done": 40}, 0)] * 8
    assert with_locks == without
