# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test when the audit log is read, and the use of its entries. The results for devices are tested in test_at_most_once."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import Device
from ansible_collections.endpointops.intune.plugins.module_utils._graph.batch import CallResult
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Response
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.audit_log import DISORDER
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.lost_responses import LONGEST_EXCHANGE
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import SKEW, DeviceReset
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.queue import Phase, QueuedReset, ResetQueue
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.reset_state import EarlierReset, Rules
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.shown_resets import LATE, LOOK_EVERY, ShownResets
from ansible_collections.endpointops.intune.plugins.module_utils._time import render_timestamp
from tests.support.fakes import START, FakeClock, Step, Tenant, error, page, tenant
from tests.support.resets import ID


class Subject(t.NamedTuple):
    world: Tenant
    shown: ShownResets
    queue: ResetQueue
    warned: list[str]

    @property
    def work(self) -> QueuedReset:
        return self.queue.all[0]

    def answer(self, response: Response) -> None:
        self.shown.take_log(CallResult(None, self.shown.request_log(), response))


def subject(*steps: Step, **rules: t.Any) -> Subject:
    world, queue, warned = tenant(list(steps), clock=FakeClock(START)), ResetQueue([DeviceReset(ID, ["PC-1"])]), list[str]()
    return Subject(world, ShownResets(world.client, Rules(**{"since": START - 900, **rules}), queue, warned.append), queue, warned)


def audited(seconds: float, number: str = "1") -> dict[str, t.Any]:
    return {"id": number, "action": "resetPasscode", "managedDeviceId": ID, "requestDateTime": render_timestamp(seconds)}


@pytest.mark.parametrize(
    ("rules", "must"),
    [({}, True), ({"check": True}, True), ({"again": True}, False), ({"beta": False}, False)],
    ids=["a run", "check mode", "max_age is 0", "without beta"],
)
def test_case_11_nothing_is_reset_before_the_log_was_read(rules: dict[str, bool], must: bool) -> None:
    found = subject(**rules)
    assert (found.shown.must_look_back, found.shown.wants_log) == (must, must)
    if must:
        found.shown.request_log()
        assert not found.shown.has_looked_back() and not found.shown.must_look_back
    assert bool(found.warned) is ("beta" in rules)


def test_the_log_after_the_last_reset_changes_nothing_of_the_last_look() -> None:
    found = subject()
    found.answer(page(audited(START - 60)))
    assert found.shown.has_looked_back() and found.shown.audited_at(found.work) == START - 60
    found.answer(page(audited(START + 9, "2")))
    assert found.shown.audited_at(found.work) == START - 60


@pytest.mark.parametrize(
    ("seconds", "rules", "phase", "must"),
    [
        pytest.param(LOOK_EVERY, {}, "reading", True, id="case 12: a device is assessed later"),
        pytest.param(LOOK_EVERY - 1, {}, "reading", False, id="case 12: it was read a moment ago"),
        pytest.param(LOOK_EVERY, {}, "queued", False, id="case 12: no device is assessed"),
        pytest.param(LOOK_EVERY, {"check": True}, "reading", False, id="case 12: check mode"),
        pytest.param(LOOK_EVERY, {"again": True}, "reading", False, id="case 12: max_age is 0"),
    ],
)
def test_the_log_is_read_again_before_a_device_is_assessed(seconds: float, rules: dict[str, bool], phase: Phase, must: bool) -> None:
    found = subject(**rules)
    if not rules.get("again"):
        found.answer(page(audited(START - 60)))
    found.queue.move(found.work, phase)
    found.world.clock.sleep(seconds)
    assert found.shown.wants_log is must
    if must:
        request = found.shown.request_log()
        assert not found.shown.has_looked_back(), "the device is held until the log comes"
        found.shown.take_log(CallResult(None, request, page(audited(START + 5, "2"))))
        assert found.shown.has_looked_back() and found.shown.audited_at(found.work) == START + 5


def test_case_12_a_later_look_reads_no_more_pages_than_those_since_the_last_one() -> None:
    found = subject()
    found.answer(page(audited(START - 60)))
    found.queue.move(found.work, "reading")
    found.world.clock.sleep(LOOK_EVERY)
    times = [START + 5, START - LATE - SKEW - DISORDER]
    entries = [audited(time, str(number)) for number, time in enumerate(times, start=2)]
    found.answer(page(*entries, next_link="https://graph.microsoft.com/beta/more"))
    assert found.shown.audited_at(found.work) == START + 5 and not found.world.transport.sent


def test_case_12_a_later_look_that_fails_is_made_good_by_the_next_one() -> None:
    found = subject(error(400), page(audited(START - 300, "2")))
    found.answer(error(400))
    assert found.shown.has_looked_back() and found.shown.audited_at(found.work) == 0.0 and len(found.warned) == 1
    found.queue.move(found.work, "reading")
    found.world.clock.sleep(LOOK_EVERY)
    entries = [audited(START + 5, "3"), audited(START - 200, "4")]
    found.answer(page(*entries, next_link="https://graph.microsoft.com/beta/more"))
    assert found.shown.audited_at(found.work) == START - 300, "the page does not reach back to rules.since, so the log was read whole"


def test_without_the_log_no_later_look_is_made() -> None:
    found = subject()
    found.shown.request_log()
    found.shown.end_look_back()
    found.queue.move(found.work, "reading")
    found.world.clock.sleep(LOOK_EVERY)
    assert found.shown.has_looked_back() and not found.world.transport.sent


def test_case_11_where_no_batch_had_room_for_it_the_log_is_read_alone() -> None:
    found = subject(page(audited(START - 60)))
    assert found.shown.has_looked_back() and found.shown.audited_at(found.work) == START - 60
    assert len(found.world.transport.sent) == 1


def test_case_11_a_log_that_cannot_be_read_is_done_without() -> None:
    found = subject(error(403))
    found.answer(error(403))
    assert found.shown.has_looked_back() and found.shown.audited_at(found.work) == 0.0 and not found.shown.wants_log
    assert len(found.warned) == 1


def test_case_12_the_log_is_wanted_again_after_the_last_reset_and_not_before() -> None:
    found = subject()
    found.answer(page())
    found.shown.note_sent(found.work)
    assert not found.shown.wants_log, "more are to be sent"
    found.queue.move(found.work, "accepted")
    assert found.shown.wants_log
    found.answer(page())
    assert not found.shown.wants_log


@pytest.mark.parametrize(("at", "confirmed"), [(START + 1, True), (START - 60, False)], ids=["case 11: shown", "case 11: an older one"])
def test_a_reset_is_confirmed_by_the_log(at: float, confirmed: bool) -> None:
    found = subject(page(audited(at)))
    found.work.requested_at, found.work.item.since, found.work.item.confirmed = START, START - 5, False
    found.shown.note_sent(found.work)
    found.shown.confirm(found.work, Device(ID, "PC-1"))
    assert found.work.item.confirmed is confirmed


@pytest.mark.parametrize(
    ("requested_at", "lost_at", "expected"),
    [
        pytest.param(START - 9999, None, START - 9999 + LONGEST_EXCHANGE, id="case 17: killed while it waited"),
        pytest.param(START - 9999, START - 9000, START - 9000, id="case 17: given up"),
        pytest.param(START - 10, None, START, id="case 17: killed just now"),
    ],
)
def test_when_an_earlier_run_gave_a_response_up(requested_at: float, lost_at: float | None, expected: float) -> None:
    found = subject()
    found.work.requested_at = requested_at
    found.shown.note_earlier(found.work, EarlierReset(requested_at, False, lost_at))
    assert found.work.lost_at == expected


def test_in_check_mode_nothing_is_reported() -> None:
    found = subject(check=True)
    found.work.item.confirmed, found.work.item.status = False, "pending"
    assert found.shown.report(stopped=False) == [] and found.world.transport.sent == []


def test_a_task_that_was_stopped_does_not_ask_for_the_log_in_the_end() -> None:
    found = subject()
    found.shown.note_sent(found.work)
    assert found.shown.report(stopped=True) == [] and found.world.transport.sent == []
