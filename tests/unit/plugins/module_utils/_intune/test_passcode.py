# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._graph import errors
from ansible_collections.endpointops.intune.plugins.module_utils._intune import passcode
from ansible_collections.endpointops.intune.plugins.module_utils._intune.devices import Device, Verdict
from ansible_collections.endpointops.intune.plugins.module_utils._intune.passcode import Item, Reset
from tests.unit.fakes import START, FakeClock, Step, Tenant, answer, error, tenant

ID = "aaaaaaaa-0000-4000-8000-000000000001"
POST = f"POST /v1.0/deviceManagement/managedDevices/{ID}/resetPasscode"
READ = f"GET /beta/deviceManagement/managedDevices/{ID}"
ELIGIBLE = Verdict(True)


def stamp(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def entry(state: str = "done", started: float = START, **more: t.Any) -> dict[str, t.Any]:
    """One of a device's deviceActionResults."""
    times = {"startDateTime": stamp(started), "lastUpdatedDateTime": stamp(started + 60)}
    return {"actionName": "resetPasscode", "actionState": state, **times, "errorCode": 0, "passcode": None, **more}


def item(*actions: dict[str, t.Any], verdict: Verdict = ELIGIBLE, system: str = "Windows", **more: t.Any) -> Item:
    return Item(Device(ID, "PC-1", operating_system=system, os_version="10.0.22631", actions=actions), ["PC-1"], verdict, **more)


def record_of(*actions: dict[str, t.Any]) -> t.Any:
    """Graph's answer to a read of the device."""
    return answer(200, {"id": ID, "deviceName": "PC-1", "operatingSystem": "Windows", "deviceActionResults": list(actions)})


# --- what the record says -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actions", "state"),
    [
        pytest.param([], None, id="no action"),
        pytest.param([{**entry(), "actionName": "syncDevice"}], None, id="another action"),
        pytest.param([{**entry(), "actionName": None}], None, id="an action without a name"),
        pytest.param([{**entry("done"), "actionName": "ResetPasscode"}], "done", id="other case"),
        pytest.param([entry("failed", START), entry("done", START + 9)], "done", id="the newest, last"),
        pytest.param([entry("done", START + 9), entry("failed", START)], "done", id="the newest, first"),
        pytest.param([entry("done"), {**entry("pending", START + 9), "actionName": "rebootNow"}], "done", id="beside a newer other action"),
        pytest.param([{"actionName": "resetPasscode"}], "none", id="nothing but a name"),
        pytest.param([{**entry("failed"), "startDateTime": "never"}, entry("done")], "done", id="one without a readable start"),
    ],
)
def test_the_last_reset_is_the_newest(actions: list[dict[str, t.Any]], state: str | None) -> None:
    found = passcode.last_reset(item(*actions).device)
    assert (found.state if found else None) == state


def test_a_reset_is_read_whole() -> None:
    found = passcode.last_reset(item(entry("done", START, errorCode=7, passcode="1234")).device)
    assert found == Reset("done", START, START + 60, 7, "1234")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("none", "pending"),
        ("pending", "pending"),
        ("active", "pending"),
        ("done", "done"),
        ("failed", "failed"),
        ("canceled", "canceled"),
        ("notSupported", "not_supported"),
        ("NOTSUPPORTED", "not_supported"),
        ("approvalRequired", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_state_has_a_status_and_a_new_one_is_no_success(state: str, status: str) -> None:
    assert Reset(state, START).status == status


@pytest.mark.parametrize("show", [repr, str])
def test_a_reset_does_not_show_its_passcode(show: t.Callable[[object], str]) -> None:
    reset = Reset("done", START, passcode="s3cret")
    assert "s3cret" not in show(reset)
    assert "s3cret" not in show(item(entry(passcode="s3cret"), reset=reset))


# --- time -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("2026-01-05T10:00:00Z", START, id="Z"),
        pytest.param("2026-01-05T10:00:00+00:00", START, id="offset zero"),
        pytest.param("2026-01-05T11:00:00+01:00", START, id="offset"),
        pytest.param("2026-01-05T10:00:00", START, id="no zone is UTC"),
        pytest.param("2026-01-05 10:00:00Z", START, id="a space for T"),
        pytest.param(" 2026-01-05T10:00:00Z\n", START, id="space around"),
        pytest.param("2026-01-05", START - 36000, id="a day"),
        pytest.param("2026-01-05T10:00:00.5Z", START + 0.5, id="one digit of a second"),
        pytest.param("2026-01-05T10:00:00.1234567Z", START + 0.123456, id="seven digits of a second"),
        pytest.param("2026-01-05T11:00:00.1234567+01:00", START + 0.123456, id="seven digits and an offset"),
        pytest.param("2026-01-05T10:00:00.Z", START, id="no digit of a second"),
        pytest.param("0001-01-01T00:00:00Z", -62135596800.0, id="never, in Graph's words"),
        pytest.param("2026-13-05T10:00:00Z", None, id="no such month"),
        pytest.param("yesterday", None, id="a word"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="null"),
        pytest.param(1767607200, None, id="a number"),
    ],
)
def test_timestamps_are_read(text: t.Any, seconds: float | None) -> None:
    assert passcode.parse_time(text) == pytest.approx(seconds)


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*)?(Z|[+-]\d\d:\d\d)?", fullmatch=True))
def test_no_text_breaks_the_reading_of_a_timestamp(text: str) -> None:
    passcode.parse_time(text)


@given(st.datetimes(timezones=st.just(datetime.timezone.utc)).map(lambda moment: moment.replace(microsecond=0).timestamp()))
def test_a_timestamp_that_is_shown_reads_back(seconds: float) -> None:
    assert passcode.parse_time(passcode.show_time(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(START + 0.9, "2026-01-05T10:00:00Z"), (-62135596800.0, "0001-01-01T00:00:00Z"), (None, None)],
    ids=["whole seconds", "the year 1", "unknown"],
)
def test_timestamps_are_shown(seconds: float | None, shown: str | None) -> None:
    assert passcode.show_time(seconds) == shown


@pytest.mark.parametrize(
    ("reset_since", "max_age", "since"),
    [
        pytest.param(None, 900, START - 900, id="an age"),
        pytest.param(None, 0, START, id="no age: always anew"),
        pytest.param("2026-01-05T08:00:00Z", 900, START - 7200, id="a moment beats the age"),
        pytest.param("2026-01-05T10:00:00Z", 900, START, id="this moment"),
    ],
)
def test_the_window(reset_since: str | None, max_age: float, since: float) -> None:
    assert passcode.window(START, reset_since, max_age) == since


@pytest.mark.parametrize(("reset_since", "words"), [("yesterday", "not a timestamp"), ("2026-01-05T10:00:01Z", "lies in the future")])
def test_a_window_that_cannot_be_meant(reset_since: str, words: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match=words):
        passcode.window(START, reset_since, 900)


# --- what to do -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actions", "due"),
    [
        pytest.param([], True, id="never reset"),
        pytest.param([entry("done", START - 901)], True, id="reset before the window"),
        pytest.param([entry("done", START - 900)], False, id="reset at its beginning"),
        pytest.param([entry("pending", START)], False, id="under way"),
        pytest.param([entry("failed", START)], False, id="failed: one reset a window, whatever came of it"),
        pytest.param([entry("done", START - 901), {**entry(), "actionName": "syncDevice"}], True, id="another action in the window"),
    ],
)
def test_a_reset_is_due_unless_one_was_started(actions: list[dict[str, t.Any]], due: bool) -> None:
    assert passcode.judge(item(*actions), START - 900) is due


@pytest.mark.parametrize(("how", "due"), [({}, False), ({"again": True}, True)], ids=["once", "again"])
def test_a_reset_that_still_waits_counts_however_old_it_is(how: dict[str, bool], due: bool) -> None:
    assert passcode.judge(item(entry("pending", START - 86400)), START - 900, **how) is due


def test_a_device_that_is_not_eligible_is_refused_with_its_reason() -> None:
    subject = item(entry("done"), verdict=Verdict(False, "hybrid_joined", "It is hybrid joined."))
    assert not passcode.judge(subject, START - 900)
    assert (subject.status, subject.reason, subject.message, subject.changed) == ("refused", "hybrid_joined", "It is hybrid joined.", False)


def test_a_reset_that_is_there_is_taken_over_and_changes_nothing() -> None:
    subject = item(entry("done", START - 60, passcode="1234"))
    passcode.judge(subject, START - 900)
    assert (subject.status, subject.changed, subject.since) == ("done", False, START - 60)
    assert passcode.describe(subject, True)["passcode"] == "1234"


@pytest.mark.parametrize(
    ("state", "status", "reason", "words"),
    [
        ("none", "pending", None, "queued the reset"),
        ("pending", "pending", None, "queued the reset"),
        ("active", "pending", None, "queued the reset"),
        ("done", "done", None, ""),
        ("failed", "failed", "device_failed", "error code 42"),
        ("notSupported", "not_supported", "not_supported", "I forgot my PIN"),
        ("canceled", "canceled", "canceled", "max_age 0"),
        ("approvalRequired", "unknown", "state_unknown", "approvalRequired"),
    ],
)
def test_what_the_service_reports_is_recorded(state: str, status: str, reason: str | None, words: str) -> None:
    subject = item()
    passcode.record(subject, Reset(state, START, error_code=42))
    assert (subject.status, subject.reason) == (status, reason)
    assert words in (subject.message or "")


def test_a_later_report_leaves_nothing_of_an_earlier_one() -> None:
    subject = item(reason="answer_lost", message="Lost.")
    passcode.record(subject, Reset("done", START))
    assert (subject.status, subject.reason, subject.message) == ("done", None, None)


def test_an_android_device_is_not_told_about_windows() -> None:
    subject = item(system="Android")
    passcode.record(subject, Reset("notSupported", START))
    assert "On Windows" not in (subject.message or "")


# --- what is returned -----------------------------------------------------------------------------------------------


def test_an_entry_says_everything_about_a_device() -> None:
    subject = item(reset=Reset("done", START, START + 60, 0, "1234"), status="done", changed=True, request_id="r-1")
    assert passcode.describe(subject, False) == {
        "device": "PC-1",
        "id": ID,
        "device_name": "PC-1",
        "operating_system": "Windows",
        "os_version": "10.0.22631",
        "status": "done",
        "reason": None,
        "message": None,
        "changed": True,
        "action_state": "done",
        "started": "2026-01-05T10:00:00Z",
        "last_updated": "2026-01-05T10:01:00Z",
        "error_code": 0,
        "request_id": "r-1",
        "approval": None,
    }


@pytest.mark.parametrize("reset", [None, Reset("done", START, passcode="1234")], ids=["without a reset", "with one"])
def test_an_entry_always_has_the_same_keys(reset: Reset | None) -> None:
    assert set(passcode.describe(item(reset=reset), False)) == set(passcode.describe(item(), False))


def test_a_passcode_is_not_shown_unless_asked_for() -> None:
    assert "1234" not in str(passcode.describe(item(entry(passcode="1234"), reset=Reset("done", START, passcode="1234")), False))


@pytest.mark.parametrize(
    ("reset", "shown"),
    [
        pytest.param(None, None, id="no reset"),
        pytest.param(Reset("done", START, passcode="1234"), "1234", id="done"),
        pytest.param(Reset("done", START), None, id="done without a passcode"),
        pytest.param(Reset("failed", START, passcode="1234"), None, id="failed"),
        pytest.param(Reset("pending", START, passcode="1234"), None, id="pending"),
    ],
)
def test_a_passcode_is_shown_when_the_reset_is_done(reset: Reset | None, shown: str | None) -> None:
    assert passcode.describe(item(reset=reset), True)["passcode"] == shown


def test_a_reset_without_a_readable_start_shows_none() -> None:
    found = passcode.last_reset(item({"actionName": "resetPasscode", "actionState": "done"}).device)
    assert passcode.describe(item(reset=found), False)["started"] is None


def test_the_summary_counts_every_status() -> None:
    subjects = [item(status="done", changed=True), item(status="done"), item(status="pending", changed=True), item(status="refused")]
    found = passcode.summarise(subjects)
    assert (found["total"], found["changed"], found["done"], found["pending"], found["refused"]) == (4, 2, 2, 1, 1)


@pytest.mark.parametrize("status", sorted({*passcode.STATUS.values(), *passcode.BAD, "planned"}))
def test_every_status_has_a_place_in_the_summary(status: str) -> None:
    assert passcode.summarise([item(status=status)])[status] == 1


def test_the_summary_of_nothing_has_the_same_keys() -> None:
    assert set(passcode.summarise([])) == set(passcode.summarise([item()]))


# --- issuing --------------------------------------------------------------------------------------------------------


def issued(*steps: Step, record: t.Any = None, subject: Item | None = None) -> tuple[Item, Tenant]:
    world = tenant({POST: list(steps), READ: record if record is not None else record_of()}, clock=FakeClock(START))
    subject = subject or item()
    passcode.issue(world.client, subject)
    return subject, world


@pytest.mark.parametrize(
    ("failure", "status", "reason", "approval"),
    [
        pytest.param(errors.ApprovalPendingError("Waits.", {"code": "c"}), "needs_approval", None, {"code": "c"}, id="waits"),
        pytest.param(errors.ApprovalError("Rejected.", code="rejected"), "failed", "approval_refused", None, id="rejected"),
    ],
)
def test_an_approval_concerns_one_device_and_nothing_was_issued(
    failure: errors.IntuneError, status: str, reason: str | None, approval: t.Any
) -> None:
    subject, world = issued(failure)
    assert (subject.status, subject.reason, subject.changed, subject.approval) == (status, reason, False, approval)
    assert failure.message in (subject.message or "")
    assert passcode.summarise([subject])[status] == 1
    assert world.transport.targets == [POST], "nothing is to be settled"


def test_an_accepted_reset_is_pending_and_no_more() -> None:
    subject, world = issued(answer(204))
    assert (subject.status, subject.changed, subject.reason, subject.message) == ("pending", True, None, "Intune accepted the reset.")
    assert world.transport.writes == [POST]


def test_the_reset_is_sent_with_an_empty_object() -> None:
    _subject, world = issued(answer(204))
    assert (world.transport.sent[0].body, world.transport.sent[0].repeatable) == (b"{}", False)


@pytest.mark.parametrize("status", [400, 404, 409, 412])
def test_a_refusal_of_this_device_is_noted(status: int) -> None:
    subject, world = issued(error(status, "BadRequest", "Not for this device.", request_id="r-1"))
    assert (subject.status, subject.reason, subject.changed, subject.request_id) == ("failed", "service_refused", False, "r-1")
    assert f"{status} BadRequest: Not for this device. On Windows the way that works" in (subject.message or "")
    assert world.transport.writes == [POST]


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        pytest.param(error(403), errors.ForbiddenError, id="403"),
        pytest.param(error(401), errors.UnauthorizedError, id="401"),
        pytest.param(error(429), errors.ThrottledError, id="429"),
        pytest.param(errors.NotSentError("No connection."), errors.NotSentError, id="no connection"),
    ],
)
def test_what_concerns_all_devices_is_raised(step: Step, kind: type[Exception]) -> None:
    subject = item()
    with pytest.raises(kind):
        issued(step, subject=subject)
    assert (subject.status, subject.changed) == ("not_attempted", False)


DOUBTFUL = [
    pytest.param(errors.LostAnswerError("Lost."), id="lost"),
    pytest.param(error(408), id="408"),
    pytest.param(error(500), id="500"),
    pytest.param(error(503), id="503"),
    pytest.param(answer(504, b"<html>"), id="504 in HTML"),
    pytest.param(answer(200, b"<html>"), id="200 in HTML"),
]


@pytest.mark.parametrize("step", DOUBTFUL)
def test_a_doubtful_reset_that_is_in_the_record_was_started(step: Step) -> None:
    subject, world = issued(step, record=[record_of(), record_of(entry("pending", START + 1))])
    assert (subject.status, subject.reason, subject.changed) == ("pending", None, True)
    assert world.transport.writes == [POST]


@pytest.mark.parametrize("step", DOUBTFUL)
def test_a_doubtful_reset_that_is_not_in_the_record_stays_unknown(step: Step) -> None:
    subject, world = issued(step, record=record_of(entry("done", START - 3600)))
    assert (subject.status, subject.reason, subject.changed) == ("unknown", "answer_lost", False)
    assert "Run again later" in (subject.message or "")
    assert world.transport.writes == [POST]


@pytest.mark.parametrize("status", [408, 500])
def test_a_doubtful_reset_keeps_the_id_that_support_asks_for(status: int) -> None:
    subject, _world = issued(error(status, request_id="r-1"))
    assert subject.request_id == "r-1"


@pytest.mark.parametrize("record", [error(404), error(403), errors.LostAnswerError("x")], ids=["gone", "may not be read", "lost too"])
def test_a_record_that_cannot_be_read_settles_nothing(record: Step) -> None:
    subject, _world = issued(errors.LostAnswerError("Lost."), record=record)
    assert (subject.status, subject.reason) == ("unknown", "answer_lost")


def test_settling_takes_a_bounded_time() -> None:
    _subject, world = issued(errors.LostAnswerError("Lost."))
    assert sum(world.clock.slept) <= 15.0


def test_a_doubtful_reset_is_not_taken_for_one_that_was_known_before() -> None:
    earlier = entry("done", START - 2)
    subject, _world = issued(errors.LostAnswerError("Lost."), record=record_of(earlier), subject=item(earlier))
    assert (subject.status, subject.changed) == ("unknown", False)


def test_the_services_clock_counts() -> None:
    record = record_of(entry("done", START + 600))
    world = tenant({"GET /v1.0/x": answer(204, date="Mon, 05 Jan 2026 10:20:00 GMT"), POST: errors.LostAnswerError("Lost."), READ: record})
    world.client.get("/x")
    subject = item()
    passcode.issue(world.client, subject)
    assert subject.status == "unknown"


def issued_if_due(subject: Item, record: Step, seconds: float) -> Tenant:
    """Comes to a device this long after it was read."""
    world = tenant({POST: answer(204), READ: record}, clock=FakeClock(START + seconds))
    passcode.issue_if_due(world.client, subject, START - 900, False)
    return world


def test_a_device_that_was_read_just_now_is_not_read_again() -> None:
    subject = item(read_at=1000.0)
    world = issued_if_due(subject, record_of(), 1000.0 + passcode.FRESH)
    assert (subject.status, world.transport.targets) == ("pending", [POST])


def test_a_device_that_was_read_long_ago_is_read_again_before_its_reset() -> None:
    subject = item()
    world = issued_if_due(subject, record_of(), passcode.FRESH + 1)
    assert (subject.status, world.transport.targets) == ("pending", [READ, POST])


@pytest.mark.parametrize(
    ("record", "status", "reason"),
    [
        pytest.param(record_of(entry("done")), "done", None, id="reset by another run"),
        pytest.param(error(404), "failed", "device_gone", id="gone"),
    ],
)
def test_what_has_changed_since_a_device_was_read_counts(record: Step, status: str, reason: str | None) -> None:
    subject = item()
    world = issued_if_due(subject, record, passcode.FRESH + 1)
    assert (subject.status, subject.reason, subject.changed, world.transport.writes) == (status, reason, False, [])


# --- following ------------------------------------------------------------------------------------------------------


def followed(*records: Step, timeout: float = 600.0, subject: Item | None = None) -> tuple[Item, Tenant]:
    world = tenant({READ: list(records)}, clock=FakeClock(START))
    subject = subject or item(status="pending", changed=True, since=START - passcode.SKEW)
    passcode.follow(world.client, [subject], timeout)
    return subject, world


def test_a_pending_reset_is_followed_to_its_end() -> None:
    records = [record_of(), record_of(entry("pending")), record_of(entry("active")), record_of(entry("done", passcode="1234"))]
    subject, _world = followed(*records)
    assert (subject.status, subject.changed, passcode.describe(subject, True)["passcode"]) == ("done", True, "1234")


def test_a_reset_that_was_under_way_before_is_followed_to_its_end() -> None:
    subject = item(entry("pending", START - 60))
    passcode.judge(subject, START - 900)
    followed(record_of(entry("active", START - 60)), record_of(entry("done", START - 60, passcode="1234")), subject=subject)
    assert (subject.status, subject.changed, passcode.describe(subject, True)["passcode"]) == ("done", False, "1234")


def test_a_reset_that_starts_at_the_first_moment_counts() -> None:
    subject, _world = followed(record_of(entry("done")), subject=item(status="pending", changed=True, since=START))
    assert subject.status == "done"


def test_an_earlier_reset_is_not_taken_for_this_one() -> None:
    records = [record_of(entry("done", START - 60, passcode="old")), record_of(entry("done", START, passcode="new"))]
    subject, _world = followed(*records)
    assert passcode.describe(subject, True)["passcode"] == "new"


def test_an_earlier_reset_of_a_moment_ago_is_not_taken_for_this_one() -> None:
    earlier = entry("done", START - 2, passcode="old")
    subject = item(earlier, status="pending", changed=True, since=START - passcode.SKEW)
    followed(record_of(earlier), record_of(entry("done", START, passcode="new")), subject=subject)
    assert passcode.describe(subject, True)["passcode"] == "new"


def test_following_ends_with_the_time() -> None:
    subject, world = followed(record_of(entry("pending")), timeout=10.0)
    assert subject.status == "pending"
    assert sum(world.clock.slept) <= 10.0


def test_following_for_no_time_reads_nothing() -> None:
    _subject, world = followed(record_of(), timeout=0.0)
    assert world.transport.sent == []


def test_pauses_grow_while_following() -> None:
    _subject, world = followed(record_of(entry("pending")), timeout=200.0)
    assert world.clock.slept[:3] == pytest.approx([1.0, 1.5, 2.25])
    assert max(world.clock.slept) == 20.0


@pytest.mark.parametrize("status", ["done", "failed", "refused", "unknown"])
def test_what_has_an_outcome_is_not_read(status: str) -> None:
    _subject, world = followed(record_of(), subject=item(status=status))
    assert (world.transport.sent, world.clock.slept) == ([], [])


def test_a_device_that_leaves_is_unknown() -> None:
    subject, _world = followed(error(404))
    assert (subject.status, subject.reason) == ("unknown", "device_gone")


def test_a_refused_read_is_raised() -> None:
    with pytest.raises(errors.ForbiddenError):
        followed(error(403))
