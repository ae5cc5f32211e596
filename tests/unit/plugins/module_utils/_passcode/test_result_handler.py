# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test results that need a separate tenant: lost, refused, and missing ones, approvals, and the end of a task."""

from __future__ import annotations

import dataclasses
import itertools
import json
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._approval.options import ApprovalOptions
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import parse_device
from ansible_collections.endpointops.intune.plugins.module_utils._graph.batch import CallResult
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._http.retry import Attempts
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import lost_responses, reset_state
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.engine import ResetEngine
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.reset_state import EarlierReset
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.result_handler import HOW_JOINED
from ansible_collections.endpointops.intune.plugins.module_utils._permissions import READ_DIRECTORY_DEVICES
from tests.support.fakes import START, FakeCredential, answer, error
from tests.support.fleets import FleetWire
from tests.unit.plugins.module_utils._passcode.test_engine import assert_truthful, first, is_read, is_reset, statuses


def reset_by_other(wire: FleetWire, device: str) -> None:
    wire.ask(Request("POST", f"https://graph.test/v1.0/deviceManagement/managedDevices/{device}/resetPasscode"))


def answering(wire: FleetWire, end: str, response: t.Callable[[Response], Response]) -> None:
    """Change the responses to requests whose path has this end with ``response``, also in a batch."""
    original = wire.ask

    def ask(request: Request) -> Response:
        found = original(request)
        if not request.url.endswith("/$batch"):
            return response(found) if request.url.partition("?")[0].endswith(end) else found
        body, items = json.loads(found.body), json.loads(request.body or b"")["requests"]
        met = {item["id"] for item in items if item["url"].partition("?")[0].endswith(end)}
        body["responses"] = [changed(item) if item["id"] in met else item for item in body["responses"]]
        return dataclasses.replace(found, body=json.dumps(body).encode())

    def changed(item: dict[str, t.Any]) -> dict[str, t.Any]:
        made = response(Response(item["status"], item["headers"], json.dumps(item.get("body")).encode()))
        try:
            content = json.loads(made.body)
        except ValueError:
            content = made.text
        return {"id": item["id"], "status": made.status, "headers": dict(made.headers), "body": content}

    wire.ask = ask


def note(engine: ResetEngine, event: str, devices: list[str]) -> None:
    """Collect the devices of the journal lines of this kind."""
    write = engine._journal.write

    def written(kind: str, device: str, detail: t.Any) -> None:
        if kind == event:
            devices.append(device)
        write(kind, device, detail)

    engine._journal.write = written


# --- freshness ------------------------------------------------------------------------------------------------------


def test_a_device_that_had_to_wait_for_its_turn_is_read_again() -> None:
    """With two workers, the third read is in progress while the writes are throttled; meanwhile another administrator is faster."""
    wire = FleetWire(60)
    wire.plan = first(is_reset, None, "throttled")
    late, reads, original = wire.ids[50], [0], wire.send

    def send(request: Request) -> Response:
        found = original(request)
        reads[0] += is_read(request)
        if reads[0] == 3 and not wire.resets[late]:
            reset_by_other(wire, late)
        return found

    wire.send = send
    engine, items = wire.engine(wait=False)
    engine._client.worker_pool.width = 2
    engine._client.worker_pool._send = send
    engine.run()
    assert_truthful(wire, items)
    assert items[50].changed is False and len(wire.resets) == 60


@pytest.mark.parametrize(("age", "phase"), [(1.9, "sent"), (2.1, "queued")])
def test_a_record_is_taken_as_it_was_read_for_two_seconds(age: float, phase: str) -> None:
    wire = FleetWire(1)
    engine, _items = wire.engine()
    (work,) = engine._queue.take_queued(1)
    engine._queue.make_due(work)
    work.read_at = wire.clock.monotonic() - age
    assert ([sent for sent, _request in engine._next_resets()], work.phase) == ([work] if phase == "sent" else [], phase)


@pytest.mark.parametrize(("left", "pause", "number"), [(3.0, 2.0, 0), (1.1, 0.1, 0), (0.9, 0.01, 1)])
def test_a_device_is_read_a_second_before_it_can_be_reset(left: float, pause: float, number: int) -> None:
    wire = FleetWire(1)
    engine, _items = wire.engine()
    engine._scheduler.limit.writes.throttle(wire.clock.monotonic(), left, 0.0)
    assert engine._pause() == pytest.approx(pause)
    assert len(engine._choose_reads(20)) == number


def test_the_engine_pauses_for_five_seconds_at_most_and_never_without_end() -> None:
    wire = FleetWire(2)
    engine, _items = wire.engine()
    works = engine._queue.take_queued(2)
    assert engine._pause() == 5.0, "nothing is to be done before a response comes"
    engine._queue.look_at(wire.clock.monotonic() + 3.0, works[0])
    assert engine._pause() == pytest.approx(3.0)
    engine._queue.look_at(wire.clock.monotonic() - 3.0, works[1])
    assert engine._pause() == 0.01, "a busy loop would take the whole processor"


def test_a_device_that_is_offline_is_looked_at_less_and_less_often() -> None:
    wire = FleetWire(1)
    wire.tenant.devices.get(wire.ids[0]).simulation.patch({"outcome": "offline"})
    engine, items = wire.engine(wait_timeout=200.0)
    reads, original = [0.0] * 0, wire.send

    def send(request: Request) -> Response:
        if is_read(request):
            reads.append(wire.clock.monotonic())
        return original(request)

    engine._client.worker_pool._send = send
    engine.run()
    pauses = [later - earlier for earlier, later in itertools.pairwise(reads)][1:]
    assert statuses(items) == {"pending": 1}
    # The first read comes before the reset, the second one a second after it.
    assert reads[1] - reads[0] == pytest.approx(1.0, abs=0.1)
    assert pauses[:8] == pytest.approx([1.5**power for power in range(1, 8)] + [20.0], abs=0.1)
    assert len(pauses) > 10 and pauses[8:] == pytest.approx([20.0] * len(pauses[8:]), abs=0.1)


@pytest.mark.parametrize(("began", "is_alone"), [(0.0, True), (0.9, True), (1.1, False)])
def test_failures_that_began_within_a_second_of_a_good_response_are_of_one_device(began: float, is_alone: bool) -> None:
    """Other requests succeeded at that time. Failures that began later may be those of the service, which stop the task."""
    wire = FleetWire(2)
    engine, items = wire.engine()
    (work,) = engine._queue.take_queued(1)
    engine._queue.move(work, "reading")
    engine._results._progress_at["GET"] = wire.clock.monotonic()
    work.attempts["GET"] = Attempts(1, wire.clock.monotonic() + began)
    engine._results._give_up(work, CallResult(work, engine._read_request(work), error(503)), can_repeat=True)
    assert (items[0].status, engine.failure is None) == (("failed", True) if is_alone else ("not_attempted", False))


# --- lost responses -------------------------------------------------------------------------------------------------


def test_an_item_that_is_answered_twice_is_not_believed() -> None:
    wire = FleetWire(3)
    wire.fault("duplicate", f"{wire.ids[1]}/resetPasscode$")
    lost: list[str] = []
    engine, items = wire.engine()
    note(engine, "lost", lost)
    engine.run()
    assert lost == [wire.ids[1]] and statuses(items) == {"done": 3}


def test_an_intent_without_an_answer_is_not_sent_again_before_it_is_settled() -> None:
    wire = FleetWire(1)
    wire.tenant.devices.get(wire.ids[0]).simulation.patch({"visible": 10.0, "terminal": 11.0})
    wire.run(wait=False)
    engine, items = wire.run(earlier={wire.ids[0].lower(): EarlierReset(START, False)})
    assert [(item.status, item.changed) for item in items] == [("done", False)] and engine.failure is None
    assert_truthful(wire, items)


@pytest.mark.parametrize(("to_send", "phase"), [(0, "finished"), (1, "lost")])
def test_a_lost_reset_is_looked_for_as_long_as_another_is_to_be_sent(to_send: int, phase: str) -> None:
    """The other one may appear in the audit log, and this one with it."""
    wire = FleetWire(1 + to_send)
    engine, _items = wire.engine()
    (work,) = engine._queue.take_queued(1)
    engine._queue.move(work, "lost")
    work.requested_at = work.lost_at = engine._client.service_now() - lost_responses.PATIENCE - 1
    engine._results._settle(work, parse_device({"id": work.item.id}))
    assert (work.phase, len(wire.resets)) == (phase, 0)


def test_case_14_a_defect_in_one_device_that_waited_for_the_log_ends_the_task_with_all_outcomes(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = FleetWire(3)
    engine, items = wire.engine()
    works = engine._queue.take_queued(3)
    for work in works:
        engine._queue.move(work, "reading")
        engine._results._held.append((work, parse_device({"id": work.item.id})))
    after_read, calls = reset_state.after_read, itertools.count()

    def fail_once(*args: t.Any, **named: t.Any) -> reset_state.Transition:
        if next(calls) == 0:
            raise TypeError("a defect")
        return after_read(*args, **named)

    monkeypatch.setattr(reset_state, "after_read", fail_once)
    monkeypatch.setattr(engine._results.shown, "has_looked_back", lambda: True)
    engine._results._assess_held()
    assert [work.phase for work in works] == ["finished"] * 3 and isinstance(engine.failure, errors.InternalError)
    assert statuses(items) == {"not_attempted": 3} and not wire.resets


@pytest.mark.parametrize("ran", [True, False])
def test_check_mode_settles_nothing_but_tells(ran: bool) -> None:
    wire = FleetWire(2)
    if ran:
        wire.run(wire.ids[:1], wait=False)
    engine, items = wire.run(earlier={wire.ids[0].lower(): EarlierReset(START, False)}, check=True)
    assert [item.status for item in items] == ["pending" if ran else "unknown", "planned"] and engine.failure is None
    assert len(wire.resets) == ran


def test_a_device_that_is_gone_while_its_answer_is_missing_is_unknown() -> None:
    wire = FleetWire(1)
    wire.plan = first(is_reset, "lost_done")
    engine, items = wire.engine()
    read_before = [False]

    def gone(found: Response) -> Response:
        first_read, read_before[0] = not read_before[0], True
        return found if first_read else error(404, "ResourceNotFound")

    answering(wire, wire.ids[0], gone)
    engine.run()
    assert [(item.status, item.reason) for item in items] == [("unknown", "device_gone")]


def test_where_its_record_cannot_be_read_any_more_a_lost_reset_stays_unknown_and_says_why() -> None:
    wire = FleetWire(2)
    wire.plan = first(is_reset, "lost")
    wire.fault("status", f"managedDevices/{wire.ids[0]}$", method="GET", times=None, skip=1, status=500)
    _engine, items = wire.run(retry_timeout=10.0)
    assert [item.status for item in items] == ["unknown", "unknown"]
    assert "Its record could not be read" in (items[0].message or "") and "500" in (items[0].message or "")
    assert "Its record" not in (items[1].message or "")


def test_a_task_that_stops_settles_what_got_lost_anyway() -> None:
    """The records show the resets that were run only after the task has stopped."""
    wire = FleetWire(30, audit_delay=60.0)
    for device in wire.tenant.devices:
        device.simulation.patch({"visible": 8.0, "terminal": 9.0})
    wire.plan = first(is_reset, "lost_done", "expired", "expired")
    engine, items = wire.run(wait=False)
    assert isinstance(engine.failure, errors.UnauthorizedError)
    assert statuses(items) == {"done": 20, "not_attempted": 10}
    assert_truthful(wire, items)


@pytest.mark.parametrize("status", [404, 500])
def test_a_list_of_remote_actions_that_fails_is_told(status: int) -> None:
    wire = FleetWire(1)
    wire.plan = first(is_reset, "lost")
    answering(wire, "/remoteActionAudits", lambda _found: error(status))
    engine, items = wire.run(retry_timeout=0.0)
    assert statuses(items) == {"unknown": 1} and "remote action audit log" in engine.warnings[0]


# --- stopping -------------------------------------------------------------------------------------------------------


class Ending(FakeCredential):
    """Return no further token after so many."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    def token(self, **options: t.Any) -> str:
        self.left -= 1
        if self.left < 0:
            raise errors.AuthenticationError("The secret has expired.")
        return super().token(**options)


@pytest.mark.parametrize("left", [0, 1])
def test_without_a_token_the_task_stops_and_nothing_was_sent(left: int) -> None:
    wire = FleetWire(3)
    engine, items = wire.engine()
    refused: list[str] = []
    engine._client.credential = Ending(left)
    note(engine, "refused", refused)
    engine.run()
    assert isinstance(engine.failure, errors.AuthenticationError) and statuses(items) == {"not_attempted": 3} and not wire.resets
    assert sorted(refused) == (sorted(wire.ids) if left else []), "the intents that were written down are taken back"


@pytest.mark.parametrize("fault", ["throttled", "503_later", "not_sent", "expired"])
def test_each_intent_that_came_to_nothing_is_taken_back(fault: str) -> None:
    """Otherwise the next run would treat them as lost responses."""
    wire = FleetWire(3)
    wire.plan = lambda request: fault if is_reset(request) else None
    engine, _items = wire.engine(retry_timeout=5.0)
    meant: list[str] = []
    refused: list[str] = []
    engine._journal.intent = lambda entries: meant.extend(device for device, _name, _request in entries)
    note(engine, "refused", refused)
    engine.run()
    assert len(meant) > 3 and sorted(refused) == sorted(meant)


def test_without_the_right_to_read_beta_it_is_said_how_to_do_without() -> None:
    wire = FleetWire(1)
    answering(wire, wire.ids[0], lambda _found: error(403, "Forbidden"))
    engine, _items = wire.run()
    assert "set use_beta to false" in str(engine.failure)


@pytest.mark.parametrize("body", [[], "a text", b"<html>"], ids=["a list", "a text", "html"])
def test_a_record_that_is_none_is_read_again_and_then_told(body: t.Any) -> None:
    wire = FleetWire(1)
    answering(wire, wire.ids[0], lambda _found: answer(200, body))
    engine, items = wire.run(retry_timeout=5.0)
    assert statuses(items) == {"not_attempted": 1} and not wire.resets and len(wire.sent) > 1
    assert isinstance(engine.failure, errors.UnexpectedResponseError)


def test_a_device_without_an_object_in_the_directory_is_not_known_to_be_joined() -> None:
    wire = FleetWire(2)
    wire.tenant.devices.get(wire.ids[0]).change({"azureADDeviceId": "00000000-0000-0000-0000-000000000000"})
    wire.tenant.devices.forget_results()
    _engine, items = wire.run(beta=False)
    assert [(item.status, item.reason) for item in items] == [("refused", "join_unknown"), ("done", None)]


def test_how_a_device_is_joined_is_asked_once() -> None:
    wire = FleetWire(1)
    wire.plan = first(is_reset, "throttled")
    _engine, items = wire.run(beta=False)
    assert statuses(items) == {"done": 1} and sum("/devices(" in target for target in wire.targets) == 1
    assert sum(is_reset(request) for request in wire.sent) == 2


# --- devices with a requested check-in ------------------------------------------------------------------------------


def test_who_cannot_be_asked_to_check_in_is_told_once_and_its_reset_stands() -> None:
    wire = FleetWire(3)
    wire.fault("status", "syncDevice$", times=2, status=500)
    engine, items = wire.run(sync=True)
    assert statuses(items) == {"done": 3} and len(engine.warnings) == 1
    assert engine.warnings[0].startswith("2 devices could not be asked to check in; their resets stand. The first is name of ")


def test_who_is_throttled_is_asked_to_check_in_later() -> None:
    wire = FleetWire(3)
    wire.fault("status", "syncDevice$", times=2, status=429, retry_after="3")
    engine, _items = wire.run(sync=True)
    asked = [entry for entry in wire.tenant.journal.since(0) if entry["path"].endswith("/syncDevice") and entry["status"] == 204]
    assert len(asked) == 3 and engine.warnings == []


# --- approvals ------------------------------------------------------------------------------------------------------


def approved_as(outcome: Response | errors.IntuneError) -> tuple[t.Any, list[t.Any], FleetWire]:
    """Return a task in a tenant that requires an approval, and the result of sending with one."""
    wire = FleetWire(2, approval_protects=["reset_passcode"])
    engine, items = wire.engine(approval=ApprovalOptions("Lost phones"), wait=False)

    def approved(_request: Request, _refusal: Response) -> Response:
        if isinstance(outcome, errors.IntuneError):
            raise outcome
        return outcome

    engine._client.approval.obtain = approved
    engine.run()
    return engine, items, wire


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        (answer(204), "pending", None),
        (error(400), "failed", "service_refused"),
        (errors.ApprovalError("Rejected.", code="rejected"), "failed", "approval_refused"),
        (errors.LostResponseError("Lost."), "unknown", "answer_lost"),
        (errors.ApprovalPendingError("Waits.", {"code": "1"}), "needs_approval", None),
    ],
    ids=["approved", "refused", "rejected", "lost", "pending"],
)
def test_what_an_approval_comes_to(outcome: t.Any, status: str, reason: str | None) -> None:
    engine, items, _wire = approved_as(outcome)
    assert [(item.status, item.reason) for item in items] == [(status, reason)] * 2 and engine.failure is None


def test_an_approval_that_cannot_be_asked_for_stops_the_task() -> None:
    failure = errors.ForbiddenError("No.", status=403)
    engine, items, wire = approved_as(failure)
    assert engine.failure is failure and statuses(items) == {"not_attempted": 2} and not wire.resets


def test_the_permission_that_a_message_names_is_the_one_that_is_checked() -> None:
    assert READ_DIRECTORY_DEVICES[0] in HOW_JOINED
