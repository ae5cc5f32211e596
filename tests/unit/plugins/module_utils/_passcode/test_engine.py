# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the engine against the emulated tenant behind a fake wire: compare the tenant's resets with the task's report."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import itertools
import json
import typing as t

import pytest
from intune_emulator.state import quota

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._approval.options import ApprovalOptions
from ansible_collections.endpointops.intune.plugins.module_utils._graph.batch_scheduler import BatchScheduler
from ansible_collections.endpointops.intune.plugins.module_utils._graph.rate_limit import Quota
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import lost_responses, reset_response, result
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import DeviceReset
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.reset_state import EarlierReset
from tests.support.fakes import START, body_of, error
from tests.support.fleets import FleetWire

SIZES = pytest.mark.parametrize("size", [1, 3], ids=["alone", "in a batch"])


def is_reset(request: Request) -> bool:
    """Return whether a request, or an item of a batch, is a reset."""
    if request.url.endswith("/$batch"):
        return any(item["url"].endswith("/resetPasscode") for item in json.loads(request.body)["requests"])
    return request.url.endswith("/resetPasscode")


def is_read(request: Request) -> bool:
    return not is_reset(request) and "operationApproval" not in request.url and "remoteActionAudits" not in request.url


def first(kind: t.Callable[[Request], bool], *faults: str | None) -> t.Callable[[Request], str | None]:
    """Return the faults of the first requests of a kind, one after the other."""
    left = list(faults)
    return lambda request: left.pop(0) if left and kind(request) else None


def always(kind: t.Callable[[Request], bool], fault: str) -> t.Callable[[Request], str | None]:
    return lambda request: fault if kind(request) else None


def statuses(items: list[DeviceReset]) -> dict[str, int]:
    return dict(collections.Counter(item.status for item in items))


def assert_truthful(wire: FleetWire, items: list[DeviceReset]) -> None:
    """Assert at most one reset a device, and that the task reports each one correctly."""
    for item in items:
        taken = wire.resets[item.id]
        assert taken <= 1, f"{item.status}: {taken} resets"
        if item.status in ("done", "pending", "failed") and item.reason in (None, "device_failed"):
            assert taken == 1, item.status
        if item.status == "not_attempted" or item.reason in ("unavailable", "service_refused"):
            assert taken == 0, (item.status, item.reason)


# --- no faults ------------------------------------------------------------------------------------------------------


def test_every_device_is_reset_once_and_followed_to_its_outcome() -> None:
    wire = FleetWire(45)
    engine, items = wire.run()
    assert engine.failure is None and engine.warnings == []
    assert statuses(items) == {"done": 45} and all(item.changed for item in items)
    assert set(wire.resets.values()) == {1} and len(wire.resets) == 45


def test_one_device_does_not_wait_for_a_pacer() -> None:
    wire = FleetWire(1)
    _engine, items = wire.run(wait=False)
    assert statuses(items) == {"pending": 1} and wire.clock.slept == []
    assert [request.target for request in wire.sent] == [
        "POST /beta/$batch",
        f"POST /v1.0/deviceManagement/managedDevices/{wire.ids[0]}/resetPasscode",
        "POST /beta/$batch",
    ]
    look, confirmation = ([item["url"].partition("?")[0] for item in body_of(request)["requests"]] for request in wire.sent[::2])
    assert look == confirmation == [f"/deviceManagement/managedDevices/{wire.ids[0]}", "/deviceManagement/remoteActionAudits"]


def test_twenty_devices_are_read_reset_and_confirmed_in_a_batch_each_and_the_audit_log_is_read_before_and_after() -> None:
    wire = FleetWire(20)
    wire.run(wait=False)
    audits = "GET /beta/deviceManagement/remoteActionAudits"
    assert wire.targets == ["POST /beta/$batch", audits, "POST /v1.0/$batch", "POST /beta/$batch", audits]


def test_nothing_is_throttled_at_the_published_quota_and_none_of_it_is_left_unused() -> None:
    wire = FleetWire(1000, latency=0.05)
    _engine, items = wire.run(wait=False)
    assert statuses(items) == {"pending": 1000}
    assert not [entry for entry in wire.tenant.journal.since(0) if entry["throttled"]]
    # Two hundred at once, and then two hundred every 20 seconds.
    assert 80 <= wire.clock.monotonic() < 90


def test_in_check_mode_nothing_is_sent_and_all_is_assessed() -> None:
    wire = FleetWire(45)
    wire.run(wire.ids[:5], wait=False)
    engine, items = wire.run(check=True)
    assert statuses(items) == {"pending": 5, "planned": 40}
    assert len(wire.resets) == 5 and engine.failure is None
    assert [item.changed for item in items] == [False] * 5 + [True] * 40


def test_devices_that_are_not_supported_are_refused_and_the_rest_is_reset() -> None:
    wire = FleetWire(3)
    wire.tenant.devices.get(wire.ids[1]).change({"managedDeviceOwnerType": "personal"})
    _engine, items = wire.run()
    assert [(item.status, item.reason) for item in items] == [("done", None), ("refused", "personally_owned"), ("done", None)]
    assert wire.resets[wire.ids[1]] == 0


def test_where_beta_may_not_be_used_the_directory_says_how_a_device_is_joined() -> None:
    wire = FleetWire(3)
    wire.tenant.devices.get(wire.ids[1]).change({"joinType": "hybridAzureADJoined"})
    _engine, items = wire.run(beta=False)
    assert [(item.status, item.reason) for item in items] == [("done", None), ("refused", "hybrid_joined"), ("done", None)]
    assert not [target for target in wire.targets if "beta" in target]


def test_each_device_is_asked_to_check_in_where_that_is_wished_for() -> None:
    wire = FleetWire(3)
    wire.run(sync=True)
    paths = [entry["path"].rsplit("/", 1)[-1] for entry in wire.tenant.journal.since(0) if entry["write"]]
    assert sorted(paths) == ["resetPasscode"] * 3 + ["syncDevice"] * 3


# --- devices with earlier resets ------------------------------------------------------------------------------------


def test_a_second_run_sends_nothing() -> None:
    wire = FleetWire(25)
    wire.run()
    _engine, items = wire.run()
    assert statuses(items) == {"done": 25} and not any(item.changed for item in items)
    assert set(wire.resets.values()) == {1}


def test_a_reset_that_somebody_else_starts_just_before_ours_is_seen() -> None:
    wire = FleetWire(400, latency=0.2)
    late = wire.ids[-1]

    def plan(request: Request) -> None:
        if wire.clock.monotonic() > 10 and not wire.resets[late]:
            wire.ask(wire.world().client.request("POST", f"/deviceManagement/managedDevices/{late}/resetPasscode"))

    wire.plan = plan
    _engine, items = wire.run(wait=False)
    assert_truthful(wire, items)
    assert items[-1].changed is False and {item.status for item in items} == {"pending", "done"}


def test_a_device_that_is_offline_stays_pending() -> None:
    wire = FleetWire(2)
    wire.tenant.devices.get(wire.ids[0]).simulation.patch({"outcome": "offline"})
    engine, items = wire.run()
    assert [item.status for item in items] == ["pending", "done"] and engine.failure is None
    assert wire.clock.monotonic() <= 65


@pytest.mark.parametrize(
    ("outcome", "status"), [("failed", "failed"), ("not_supported", "not_supported"), ("canceled", "canceled"), ("refuse", "failed")]
)
@SIZES
def test_terminal_states_are_told_apart(outcome: str, status: str, size: int) -> None:
    wire = FleetWire(size)
    wire.tenant.devices.get(wire.ids[0]).simulation.patch({"outcome": outcome})
    _engine, items = wire.run()
    assert [item.status for item in items] == [status] + ["done"] * (size - 1)


# --- the fault matrix -----------------------------------------------------------------------------------------------

NOT_DONE = ["not_sent", "throttled", "throttled_silently", "throttled_zero", "503_later", "expired"]
GATEWAY = ["gateway_400", "gateway_403", "gateway_404", "gateway_499"]
MAYBE_DONE = ["lost", "500", "503", *GATEWAY]
DONE = [*(f"{fault}_done" for fault in GATEWAY), "lost_done", "500_done", "502_done", "503_done", "504_done", "408_done", "html_done"]


@SIZES
@pytest.mark.parametrize("fault", NOT_DONE)
def test_a_reset_that_was_not_run_is_sent_again(fault: str, size: int) -> None:
    wire = FleetWire(size)
    wire.plan = first(is_reset, fault)
    engine, items = wire.run()
    assert statuses(items) == {"done": size} and engine.failure is None
    assert_truthful(wire, items)


@SIZES
@pytest.mark.parametrize("fault", DONE)
def test_a_reset_whose_answer_got_lost_is_found_and_not_sent_again(fault: str, size: int) -> None:
    wire = FleetWire(size)
    wire.plan = first(is_reset, fault)
    engine, items = wire.run()
    assert statuses(items) == {"done": size} and engine.failure is None
    assert all(item.changed for item in items)
    assert_truthful(wire, items)


@SIZES
@pytest.mark.parametrize("fault", [*MAYBE_DONE, "redirect"])
def test_a_reset_of_which_nothing_can_be_learnt_is_unknown_and_not_sent_again(fault: str, size: int) -> None:
    wire = FleetWire(size)
    wire.plan = first(is_reset, fault)
    engine, items = wire.run()
    assert [(item.status, item.reason) for item in items] == [("unknown", "answer_lost")] * size
    assert engine.failure is None and not wire.resets
    assert sum(is_reset(request) for request in wire.sent) == 1


@SIZES
@pytest.mark.parametrize("fault", [*NOT_DONE, "lost", "500", "503", "504_done", "html_done"])
def test_a_read_is_repeated(fault: str, size: int) -> None:
    wire = FleetWire(size)
    wire.plan = first(is_read, fault, None, fault)
    engine, items = wire.run()
    assert statuses(items) == {"done": size} and engine.failure is None
    assert_truthful(wire, items)


@SIZES
@pytest.mark.parametrize("fault", ["throttled", "throttled_silently", "503_later", "not_sent", "expired", "proxy"])
def test_what_stays_closed_stops_the_task_and_says_why(fault: str, size: int) -> None:
    wire = FleetWire(size)
    wire.plan = always(is_reset, fault)
    engine, items = wire.run()
    assert statuses(items) == {"not_attempted": size} and not wire.resets
    assert isinstance(engine.failure, errors.IntuneError) and wire.clock.monotonic() <= 125


@SIZES
@pytest.mark.parametrize("fault", ["lost", "500", "throttled", "html_done"])
def test_a_service_that_cannot_be_read_stops_the_task_before_anything_is_reset(fault: str, size: int) -> None:
    wire = FleetWire(size)
    wire.plan = always(is_read, fault)
    engine, items = wire.run()
    assert statuses(items) == {"not_attempted": size} and not wire.resets and engine.failure is not None


@SIZES
@pytest.mark.parametrize("role", ["DeviceManagementManagedDevices.Read.All", "DeviceManagementManagedDevices.PrivilegedOperations.All"])
def test_a_missing_permission_stops_the_task(role: str, size: int) -> None:
    wire = FleetWire(size)
    engine, items = wire.engine()
    wire.token = FleetWire(0, roles=[role]).token
    engine.run()
    assert isinstance(engine.failure, errors.ForbiddenError)
    assert statuses(items) == {"not_attempted": size} and not wire.resets


# --- one item of a batch --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "taken"),
    [
        ({"kind": "status", "status": 429}, 1),
        ({"kind": "status", "status": 429, "retry_after": "0"}, 1),
        ({"kind": "status", "status": 429, "retry_after": "2.5"}, 1),
        ({"kind": "status", "status": 429, "retry_after": "Mon, 05 Jan 2026 10:00:07 GMT"}, 1),
        ({"kind": "status", "status": 503, "retry_after": "3"}, 1),
        ({"kind": "status", "status": 500, "processed": True}, 1),
        ({"kind": "status", "status": 504, "processed": True}, 1),
        ({"kind": "omit", "processed": True}, 1),
        ({"kind": "duplicate"}, 1),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else str(value),
)
def test_each_item_of_a_batch_is_assessed_for_itself(fault: dict[str, t.Any], taken: int) -> None:
    wire = FleetWire(5)
    details = dict(fault)
    wire.fault(details.pop("kind"), f"{wire.ids[2]}/resetPasscode$", **details)
    engine, items = wire.engine()
    engine.run()
    assert statuses(items) == {"done": 5} and engine.failure is None
    assert wire.resets[wire.ids[2]] == taken
    assert_truthful(wire, items)


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "omit"}])
def test_an_item_that_cannot_be_settled_is_unknown_and_the_others_are_done(fault: dict[str, t.Any]) -> None:
    wire = FleetWire(5)
    details = dict(fault)
    wire.fault(details.pop("kind"), f"{wire.ids[2]}/resetPasscode$", **details)
    _engine, items = wire.run()
    assert [item.status for item in items] == ["done", "done", "unknown", "done", "done"]
    assert_truthful(wire, items)


def test_one_device_that_is_always_throttled_does_not_stop_the_others() -> None:
    wire = FleetWire(60)
    wire.fault("status", f"{wire.ids[2]}/resetPasscode$", times=None, status=429, retry_after="86400")
    engine, items = wire.run()
    assert statuses(items) == {"done": 59, "failed": 1} and items[2].reason == "unavailable"
    assert engine.failure is None
    assert_truthful(wire, items)


def test_one_device_that_cannot_be_read_does_not_stop_the_others() -> None:
    wire = FleetWire(60)
    wire.fault("status", f"managedDevices/{wire.ids[2]}$", method="GET", times=None, status=500)
    engine, items = wire.run()
    assert statuses(items) == {"done": 59, "failed": 1} and items[2].reason == "unavailable"
    assert engine.failure is None and "500" in (items[2].message or "")


def test_a_device_that_is_gone_is_told() -> None:
    wire = FleetWire(3)
    _engine, items = wire.run([*wire.ids[:2], "00000000-0000-4000-8000-000000000000"])
    assert [(item.status, item.reason) for item in items][2] == ("failed", "device_gone")


def test_a_batch_that_is_refused_as_a_whole_stops_the_task_and_was_not_run() -> None:
    wire = FleetWire(3)
    engine, items = wire.engine()
    original = wire.ask

    def ask(request: Request) -> t.Any:
        return error(400, "BadRequest", "Invalid batch payload format.") if request.url.endswith("$batch") else original(request)

    wire.ask = ask
    engine.run()
    assert statuses(items) == {"not_attempted": 3} and "Invalid batch" in str(engine.failure)


# --- lost responses, settled by other evidence ----------------------------------------------------------------------


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
def test_a_lost_batch_is_settled_by_the_resets_that_came_after_it(done: bool) -> None:
    """The list of remote actions shows later resets but not these: they were not run, and are sent again."""
    wire = FleetWire(900, latency=0.05)
    wire.plan = first(is_reset, "lost_done" if done else "lost")
    engine, items = wire.run(wait=False)
    assert engine.failure is None and statuses(items) == {"pending": 900}
    assert_truthful(wire, items)
    assert len(wire.resets) == 900


def test_where_the_list_is_late_what_was_run_is_never_sent_again() -> None:
    wire = FleetWire(900, latency=0.05, audit_delay=50.0)
    for device in wire.tenant.devices:
        device.simulation.patch({"visible": 40.0})
    wire.plan = first(is_reset, "lost_done", None, None, "500_done")
    _engine, items = wire.run(wait=False)
    assert_truthful(wire, items)
    assert len(wire.resets) == 900


@pytest.mark.parametrize("settings", [{"audit_access": "refuse"}, {"audit_filter": "allow"}])
def test_where_the_list_cannot_be_read_nothing_is_guessed(settings: dict[str, t.Any]) -> None:
    wire = FleetWire(900, latency=0.05, **settings)
    wire.plan = first(is_reset, "lost")
    engine, items = wire.run(wait=False)
    assert_truthful(wire, items)
    if "audit_access" in settings:
        assert statuses(items) == {"pending": 880, "unknown": 20} and len(engine.warnings) == 1
    else:
        assert statuses(items) == {"pending": 900} and engine.warnings == []


# --- earlier runs ---------------------------------------------------------------------------------------------------


def test_what_an_earlier_run_has_sent_is_not_sent_again_even_if_the_record_does_not_show_it_yet() -> None:
    wire = FleetWire(2)
    wire.tenant.devices.get(wire.ids[0]).simulation.patch({"visible": 30.0, "terminal": 31.0})
    wire.run(wire.ids[:1], wait=False)
    _engine, items = wire.run(earlier={wire.ids[0].lower(): EarlierReset(START, True)})
    assert statuses(items) == {"done": 2} and [item.changed for item in items] == [False, True]
    assert_truthful(wire, items)


@pytest.mark.parametrize("ran", [True, False])
def test_an_intent_without_an_answer_is_settled_first(ran: bool) -> None:
    wire = FleetWire(900, latency=0.05)
    if ran:
        wire.run(wire.ids[:1], wait=False)
    engine, items = wire.run(earlier={wire.ids[0].lower(): EarlierReset(START, False)}, wait=False)
    assert items[0].status in ("pending", "done") and items[0].changed is not ran and engine.failure is None
    assert_truthful(wire, items)
    assert len(wire.resets) == 900


# --- the quota ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["integer", "missing", "zero", "fractional", "date"])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_a_smaller_quota_is_found_whatever_retry_after_says(style: str, scale: float) -> None:
    wire = FleetWire(600, latency=0.05, retry_after=style, quota_scale=scale)
    _engine, items = wire.run(wait=False)
    assert statuses(items) == {"pending": 600}
    assert_truthful(wire, items)
    # Without throttling, 600 take two windows and the time between them, at half the quota five.
    assert wire.clock.monotonic() < (50 if scale == 1.0 else 190)


def test_another_quota_can_be_kept() -> None:
    wire = FleetWire(60, latency=0.01)
    wire.run(wait=False, quota=Quota(writes=20, requests=100, seconds=20.0))
    assert 40 <= wire.clock.monotonic() < 45


# --- stopping everything --------------------------------------------------------------------------------------------


class FullDisk:
    """A journal that accepts only so many lines."""

    def __init__(self, left: int) -> None:
        self.left = left

    def intent(self, devices: t.Iterable[tuple[str, str | None]]) -> None:
        self._take(len(list(devices)))

    def write(self, _event: str, _device: str, _detail: str | bool | None) -> None:
        self._take(1)

    def _take(self, number: int) -> None:
        self.left -= number
        if self.left < 0:
            raise errors.PartialError("The journal cannot be written.")


@pytest.mark.parametrize("left", [0, 1, 20, 25, 45, 70])
def test_nothing_is_sent_that_could_not_be_written_down(left: int) -> None:
    wire = FleetWire(60)
    engine, items = wire.run(wait=False, journal=FullDisk(left))
    assert "journal" in str(engine.failure)
    assert len(wire.resets) <= left
    assert_truthful(wire, items)


def test_approvals_are_asked_for_device_by_device_and_the_requests_are_read_once() -> None:
    wire = FleetWire(3, approval_protects=["reset_passcode"])
    asked = ApprovalOptions("Lost phones")
    _engine, items = wire.run(approval=asked)
    assert statuses(items) == {"needs_approval": 3} and not wire.resets
    assert len({item.approval["code"] for item in items if item.approval}) == 3
    assert sum("operationApprovalRequests" in target for target in wire.targets) == 1 + 3, "once to know them, once for each new one"


def test_progress_is_told_where_something_changed_and_one_device_is_quiet() -> None:
    wire = FleetWire(450, latency=0.05)
    wire.run(wait=False)
    # Two full windows of the quota are sent at once; between them nothing changes.
    assert 2 <= len(wire.clock.told) <= 4 and all("of 450 devices" in line for line in wire.clock.told)
    alone = FleetWire(1)
    alone.tenant.devices.get(alone.ids[0]).simulation.patch({"outcome": "offline"})
    alone.run()
    assert alone.clock.told == []


# --- following one reset closely ------------------------------------------------------------------------------------


def reads_of(wire: FleetWire) -> list[float]:
    """Return the times at which the one device was read, in seconds after the first one."""
    times = [entry["time"] for entry in wire.tenant.journal.since(0) if entry["method"] == "GET" and entry["path"].endswith(wire.ids[0])]
    # Six of the seven digits: before Python 3.11 no more can be read.
    moments = [datetime.datetime.fromisoformat(f"{text[:26]}+00:00").timestamp() for text in times]
    return [moment - moments[0] for moment in moments]


def test_a_reset_is_sent_with_an_empty_object_and_never_as_one_that_may_be_repeated() -> None:
    wire = FleetWire(1)
    wire.run(wait=False)
    (reset,) = [request for request in wire.sent if is_reset(request)]
    assert (reset.body, reset.idempotent) == (b"{}", False)


@pytest.mark.parametrize("status", [400, 404, 405, 409, 412])
@SIZES
def test_a_refusal_is_of_one_device_and_says_what_support_asks_for(status: int, size: int) -> None:
    wire = FleetWire(size)
    wire.fault("status", f"{wire.ids[0]}/resetPasscode$", status=status, code="Odd", message="Not for this device.")
    engine, items = wire.run()
    assert (items[0].status, items[0].reason, items[0].changed) == ("failed", "service_refused", False) and engine.failure is None
    assert f"{status} " in (items[0].message or "") and "On Windows" in (items[0].message or "")
    assert items[0].request_id
    assert [item.status for item in items[1:]] == ["done"] * (size - 1)


@pytest.mark.parametrize("status", [408, 500])
def test_a_doubtful_refusal_keeps_the_id_that_support_asks_for(status: int) -> None:
    wire = FleetWire(1)
    wire.fault("status", "resetPasscode$", status=status)
    _engine, items = wire.run()
    assert (items[0].reason, items[0].request_id) == ("answer_lost", "request-1")


@pytest.mark.parametrize(
    ("decision", "status", "reason"), [(None, "needs_approval", None), ("reject", "failed", "approval_refused"), ("approve", "done", None)]
)
def test_an_approval_concerns_one_device(decision: str | None, status: str, reason: str | None) -> None:
    wire = FleetWire(1, approval_protects=["reset_passcode"])
    _engine, items = wire.run(approval=ApprovalOptions("Lost phones"))
    code = (items[0].approval or {})["code"]
    if decision:
        wire.tenant.approvals[code].decide(decision, "Seen.", wire.tenant.clock.now())
    engine, items = wire.run(approval=ApprovalOptions("Lost phones", code))
    assert (items[0].status, items[0].reason, engine.failure) == (status, reason, None)
    assert wire.resets[wire.ids[0]] == (decision == "approve")


def test_resets_that_are_sent_again_with_an_approval_keep_to_the_quota() -> None:
    wire = FleetWire(150, approval_protects=["reset_passcode"], latency=0.05)
    asked = ApprovalOptions("Lost phones")
    _engine, items = wire.run(approval=asked)
    for item in items:
        wire.tenant.approvals[(item.approval or {})["code"]].decide("approve", "Seen.", wire.tenant.clock.now())
    wire.clock.sleep(20)
    _engine, items = wire.run(approval=asked, wait=False)
    assert all(item.changed for item in items) and set(wire.resets.values()) == {1} and len(wire.resets) == 150
    assert not [entry for entry in wire.tenant.journal.since(0) if entry["throttled"]]


def test_a_device_that_alone_is_throttled_for_ever_is_given_up_although_others_are_off() -> None:
    wire = FleetWire(3)
    wire.fault("status", f"managedDevices/{wire.ids[0]}$", method="GET", times=None, status=429)
    for device in wire.ids[1:]:
        wire.tenant.devices.get(device).simulation.patch({"outcome": "offline"})
    engine, items = wire.run(retry_timeout=120.0, wait_timeout=600.0)
    assert (items[0].status, items[0].reason, engine.failure) == ("failed", "unavailable", None)
    assert statuses(items[1:]) == {"pending": 2} and 600 < wire.clock.monotonic() < 900


@pytest.mark.parametrize(
    ("status", "reason"),
    [(404, "device_gone"), (403, "answer_lost"), (500, "answer_lost")],
    ids=["gone", "may not be read any more", "cannot be read any more"],
)
def test_a_record_that_cannot_be_read_settles_nothing(status: int, reason: str) -> None:
    wire = FleetWire(1)
    wire.fault("status", f"managedDevices/{wire.ids[0]}$", method="GET", skip=1, times=None, status=status)
    wire.plan = first(is_reset, "lost_done")
    _engine, items = wire.run()
    assert (items[0].status, items[0].reason, items[0].changed) == ("unknown", reason, False)
    assert sum(is_reset(request) for request in wire.sent) == 1


def test_one_lost_answer_does_not_take_long_to_settle() -> None:
    wire = FleetWire(1)
    wire.plan = first(is_reset, "lost")
    _engine, items = wire.run(wait=False)
    assert items[0].status == "unknown" and "Run the task again later" in (items[0].message or "")
    assert lost_responses.PATIENCE <= wire.clock.monotonic() <= lost_responses.PATIENCE + 10


@pytest.mark.parametrize("fault", [None, "lost_done", "lost"])
def test_the_reset_of_a_moment_before_is_not_taken_for_this_one(fault: str | None) -> None:
    wire = FleetWire(1)
    _engine, (old,) = wire.run()
    wire.plan = first(is_reset, fault)
    wire.tenant.devices.get(wire.ids[0]).simulation.patch({"visible": 3.0, "active": 3.5, "terminal": 4.0})
    _engine, (new,) = wire.run(max_age=0.0, again=True)
    assert sum(is_reset(request) for request in wire.sent) == 2
    if fault == "lost":
        assert (new.status, new.reason) == ("unknown", "answer_lost")
    else:
        assert new.status == "done" and result.new_passcode(new) not in (None, result.new_passcode(old))
        assert wire.resets[wire.ids[0]] == 2


def test_a_reset_that_was_under_way_before_is_followed_to_its_end() -> None:
    wire = FleetWire(1)
    wire.tenant.devices.get(wire.ids[0]).simulation.patch({"active": 30.0, "terminal": 40.0})
    wire.run(wait=False)
    _engine, (found,) = wire.run()
    assert (found.status, found.changed) == ("done", False) and result.new_passcode(found)
    assert wire.resets[wire.ids[0]] == 1


def test_pauses_between_two_reads_grow_to_twenty_seconds() -> None:
    wire = FleetWire(1)
    wire.tenant.devices.get(wire.ids[0]).simulation.patch({"outcome": "offline"})
    wire.run(wait_timeout=200.0)
    times = reads_of(wire)
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert pauses[:3] == pytest.approx([1.0, 1.5, 2.25], abs=0.02)
    assert max(pauses) == pytest.approx(20.0, abs=0.02) and times[-1] <= 200.0


@pytest.mark.parametrize(
    ("status", "outcome", "reason"), [(404, "unknown", "device_gone"), (403, "pending", None), (500, "pending", None)], ids=str
)
def test_a_reset_that_was_taken_stays_so_where_the_device_can_be_read_no_more(status: int, outcome: str, reason: str | None) -> None:
    wire = FleetWire(1)
    wire.fault("status", f"managedDevices/{wire.ids[0]}$", method="GET", skip=1, times=None, status=status)
    engine, items = wire.run()
    assert (items[0].status, items[0].reason, items[0].changed) == (outcome, reason, True)
    assert isinstance(engine.failure, errors.ForbiddenError) is (status == 403)


# --- defects --------------------------------------------------------------------------------------------------------


@SIZES
def test_case_14_a_defect_leaves_the_outcomes_of_all_devices(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After any exception while a result is recorded, the other devices have theirs, and a sent reset may have been run."""
    wire = FleetWire(size)
    real = reset_response.classify

    def classify(found: t.Any, **more: t.Any) -> t.Any:
        if found.key.item.id == wire.ids[0]:
            raise OverflowError("s3cret")
        return real(found, **more)

    monkeypatch.setattr(reset_response, "classify", classify)
    engine, items = wire.run()
    assert isinstance(engine.failure, errors.InternalError) and "s3cret" not in str(engine.failure)
    assert (items[0].status, items[0].reason) == ("unknown", "answer_lost")
    assert all(item.status in ("done", "pending") for item in items[1:]) and set(wire.resets.values()) == {1}


def test_case_14_a_defect_of_the_engine_itself_leaves_what_was_sent_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = FleetWire(3)
    engine, items = wire.engine()
    started = BatchScheduler.start

    def start(self: t.Any, calls: t.Any) -> None:
        started(self, calls)
        if any(request.url.endswith("resetPasscode") for _work, request in calls):
            raise RecursionError

    monkeypatch.setattr(BatchScheduler, "start", start)
    engine.run()
    assert isinstance(engine.failure, errors.InternalError)
    assert statuses(items) == {"unknown": 3} and {item.reason for item in items} == {"answer_lost"}


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"lastUpdatedDateTime": ["x"]}, id="case 14: a date that is a list"),
        pytest.param({"errorCode": 10**400}, id="case 14: a huge error code"),
        pytest.param({"errorCode": {"a": 1}}, id="case 14: an error code that is an object"),
    ],
)
def test_an_odd_value_in_a_record_is_null_and_the_passcode_comes(changed: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch) -> None:
    wire = FleetWire(1, windows_desktop="done")
    real = wire.ask

    def ask(request: Request) -> t.Any:
        answer = real(request)
        body = json.loads(answer.body or b"null")
        for entry in (body or {}).get("deviceActionResults") or () if isinstance(body, dict) else ():
            entry.update(changed)
        return dataclasses.replace(answer, body=json.dumps(body).encode()) if body else answer

    monkeypatch.setattr(wire, "ask", ask)
    _engine, items = wire.run()
    found = result.describe(items[0])
    assert found["status"] == "done" and result.new_passcode(items[0])
    name = {"lastUpdatedDateTime": "last_updated", "errorCode": "error_code"}[next(iter(changed))]
    assert found[name] is None  # type: ignore[literal-required]  # the key is chosen above


def test_the_record_of_another_device_is_not_taken_for_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = FleetWire(2)
    real = wire.ask

    def ask(request: Request) -> t.Any:
        answer = real(request)
        return dataclasses.replace(answer, body=answer.body.replace(wire.ids[0].encode(), wire.ids[1].encode()))

    engine, items = wire.engine(wire.ids[:1], retry_timeout=5.0)
    monkeypatch.setattr(wire, "ask", ask)
    engine.run()
    assert "id must be the ID that was asked for" in str(engine.failure) and not wire.resets
    assert statuses(items) == {"not_attempted": 1}


# --- others use the requests up -------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["integer", pytest.param("missing", marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("left", [2, 8, 16])
def test_few_requests_that_others_leave_are_enough_for_reads_and_the_resets_that_follow_them(
    left: int, style: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(quota.LIMITS, "devices", (quota.Limit("app", True, 200, 20), quota.Limit("app", False, left, 20)))
    wire = FleetWire(24, latency=0.3, retry_after=style)
    wire.plan = lambda _request: "dies" if wire.clock.monotonic() > 1800 else None
    engine, items = wire.run(wait=False)
    assert engine.failure is None and all(item.changed for item in items)
    assert_truthful(wire, items)


@pytest.mark.parametrize("kind", [is_read, is_reset], ids=["reads", "resets"])
@pytest.mark.parametrize("fault", ["throttled", "throttled_silently", "throttled_zero"])
def test_with_a_retry_timeout_of_zero_a_throttled_request_is_tried_once(fault: str, kind: t.Callable[[Request], bool]) -> None:
    wire = FleetWire(1)
    wire.plan = always(kind, fault)
    engine, items = wire.run(retry_timeout=0.0)
    assert engine.failure is not None and statuses(items) == {"not_attempted": 1}
    assert sum(map(kind, wire.sent)) == 1
