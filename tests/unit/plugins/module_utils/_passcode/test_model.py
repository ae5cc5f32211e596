# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import Device, Verdict
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import model as passcode
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import Item, Reset
from tests.support.fakes import START

ID = "aaaaaaaa-0000-4000-8000-000000000001"
ELIGIBLE = Verdict(True)


def stamp(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def entry(state: str = "done", started: float = START, **more: t.Any) -> dict[str, t.Any]:
    """One of a device's deviceActionResults."""
    times = {"startDateTime": stamp(started), "lastUpdatedDateTime": stamp(started + 60)}
    return {"actionName": "resetPasscode", "actionState": state, **times, "errorCode": 0, "passcode": None, **more}


def item(*actions: dict[str, t.Any], verdict: Verdict = ELIGIBLE, system: str = "Windows", **more: t.Any) -> Item:
    device = Device(ID, "PC-1", operating_system=system, os_version="10.0.22631", actions=actions)
    return Item(ID, ["PC-1"], device, verdict, **more)


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
@pytest.mark.parametrize("state", ["none", "pending", "active"])
def test_a_reset_that_still_waits_counts_however_old_it_is(state: str, how: dict[str, bool], due: bool) -> None:
    assert passcode.judge(item(entry(state, START - 86400)), START - 900, **how) is due


@pytest.mark.parametrize(
    ("since", "before", "started", "due"),
    [
        pytest.param(0.0, None, START, True, id="this task has sent none"),
        pytest.param(START - 5, None, START - 5, False, id="its own, at the first moment"),
        pytest.param(START - 5, None, START - 6, True, id="one from before"),
        pytest.param(START - 5, START - 2, START - 2, True, id="the one that was there within these seconds"),
        pytest.param(START - 5, START - 2, START - 1, False, id="its own, beside one within these seconds"),
    ],
)
def test_always_anew_means_that_only_the_reset_of_this_task_counts(since: float, before: float | None, started: float, due: bool) -> None:
    subject = item(entry("done", started), since=since, before=before)
    assert passcode.judge(subject, START, again=True) is due


@pytest.mark.parametrize("subject", [Item(ID, ["PC-1"]), Item(ID, ["PC-1"], Device(ID)), Item(ID, ["PC-1"], verdict=ELIGIBLE)])
def test_nothing_is_judged_that_was_not_read(subject: Item) -> None:
    with pytest.raises(ValueError, match="judged before it was read"):
        passcode.judge(subject, START - 900)


@pytest.mark.parametrize(
    ("since", "before", "started", "new"),
    [
        (START, None, START, True),
        (START, None, START - 1, False),
        (START, START + 2, START + 2, False),
        (START, START + 2, START + 1, False),
        (START, START + 2, START + 3, True),
        (START, START - 60, START, True),
        (START, None, 0.0, False),
    ],
)
def test_whose_entry_it_is(since: float, before: float | None, started: float, new: bool) -> None:
    assert passcode.is_new(item(since=since, before=before), Reset("done", started)) is new


def test_a_device_that_is_not_eligible_is_refused_with_its_reason() -> None:
    subject = item(entry("done"), verdict=Verdict(False, "hybrid_joined", "It is hybrid joined."))
    assert not passcode.judge(subject, START - 900)
    assert (subject.status, subject.reason, subject.message, subject.changed) == ("refused", "hybrid_joined", "It is hybrid joined.", False)


def test_a_reset_that_is_there_is_taken_over_and_changes_nothing() -> None:
    subject = item(entry("done", START - 60, passcode="1234"))
    passcode.judge(subject, START - 900)
    assert (subject.status, subject.changed, subject.since) == ("done", False, START - 60)
    assert passcode.new_passcode(subject) == "1234"


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


@pytest.mark.parametrize(("state", "told"), [("done", True), ("pending", False), ("failed", False)])
@pytest.mark.parametrize("system", ["iOS", "iPadOS", "Android", "Windows"])
def test_on_ios_there_is_no_new_passcode_and_this_is_said(system: str, state: str, told: bool) -> None:
    subject = item(system=system)
    passcode.record(subject, Reset(state, START))
    assert ("The passcode is removed." in (subject.message or "")) is (told and system in ("iOS", "iPadOS"))


@pytest.mark.parametrize("system", ["Windows", "Windows Holographic", "Android", "iOS"])
def test_only_windows_users_are_sent_to_their_own_reset(system: str) -> None:
    subject = item(system=system)
    passcode.record(subject, Reset("notSupported", START))
    assert ("On Windows" in (subject.message or "")) is (system == "Windows")
    assert (passcode.instead(subject) == passcode.SELF_SERVICE) is (system == "Windows")


def test_where_the_device_was_not_read_the_help_is_named() -> None:
    assert passcode.instead(Item(ID, ["PC-1"])) == f"See {passcode.HELP}"


# --- what is returned -----------------------------------------------------------------------------------------------


def test_an_entry_says_everything_about_a_device() -> None:
    subject = item(reset=Reset("done", START, START + 60, 0, "1234"), status="done", changed=True, request_id="r-1")
    assert passcode.describe(subject) == {
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
        "passcode_expires": "2026-01-12T10:01:00Z",
        "error_code": 0,
        "request_id": "r-1",
        "approval": None,
    }


@pytest.mark.parametrize(
    "subject",
    [Item(ID, ["PC-1"]), item(), item(reset=Reset("done", START, START, passcode="1234"))],
    ids=["not read", "without a reset", "with one"],
)
def test_an_entry_always_has_the_same_keys(subject: Item) -> None:
    shown = passcode.describe(subject)
    assert list(shown) == list(passcode.describe(item(reset=Reset("failed", START))))
    assert (shown["device"], shown["id"]) == ("PC-1", ID)


def test_what_was_not_read_is_null() -> None:
    shown = passcode.describe(Item(ID, ["PC-1", "S-1"]))
    assert {name for name, value in shown.items() if value is not None} == {"device", "id", "status", "changed"}
    assert (shown["device"], shown["status"], shown["changed"]) == ("PC-1", "not_attempted", False)


def test_an_entry_never_holds_the_passcode() -> None:
    subject = item(entry(passcode="s3cret"), status="done", reset=Reset("done", START, START, passcode="s3cret"))
    assert "s3cret" not in str(passcode.describe(subject))
    assert "s3cret" not in repr(vars(subject))


@pytest.mark.parametrize(
    ("reset", "shown"),
    [
        pytest.param(None, None, id="no reset"),
        pytest.param(Reset("done", START, passcode="1234"), "1234", id="done"),
        pytest.param(Reset("done", START), None, id="done without a passcode"),
        pytest.param(Reset("failed", START, passcode="1234"), None, id="failed"),
        pytest.param(Reset("pending", START, passcode="1234"), None, id="pending"),
        pytest.param(Reset("somethingNew", START, passcode="1234"), None, id="a state that is not known"),
    ],
)
def test_there_is_a_passcode_when_the_reset_is_done(reset: Reset | None, shown: str | None) -> None:
    assert passcode.new_passcode(item(reset=reset)) == shown


@pytest.mark.parametrize(
    ("reset", "expires"),
    [
        pytest.param(None, None, id="no reset"),
        pytest.param(Reset("done", START - 60, START, passcode="1234"), "2026-01-12T10:00:00Z", id="seven days after it was done"),
        pytest.param(Reset("done", START - 60, None, passcode="1234"), None, id="not known when it was done"),
        pytest.param(Reset("done", START - 60, START), None, id="no passcode"),
        pytest.param(Reset("done", START - 60, START, passcode=""), None, id="an empty one is none"),
        pytest.param(Reset("active", START - 60, START, passcode="1234"), None, id="not done yet"),
    ],
)
def test_how_long_intune_shows_a_passcode(reset: Reset | None, expires: str | None) -> None:
    assert passcode.describe(item(reset=reset))["passcode_expires"] == expires


def test_a_reset_without_a_readable_start_shows_none() -> None:
    found = passcode.last_reset(item({"actionName": "resetPasscode", "actionState": "done"}).device)
    assert passcode.describe(item(reset=found))["started"] is None


def test_the_summary_counts_every_status() -> None:
    subjects = [item(status="done", changed=True), item(status="done"), item(status="pending", changed=True), item(status="refused")]
    found = passcode.summarise(subjects)
    assert (found["total"], found["changed"], found["done"], found["pending"], found["refused"]) == (4, 2, 2, 1, 1)


@pytest.mark.parametrize("status", sorted({*passcode.STATUS.values(), *passcode.BAD, "planned"}))
def test_every_status_has_a_place_in_the_summary(status: str) -> None:
    assert passcode.summarise([item(status=status)])[status] == 1


def test_the_summary_of_nothing_has_the_same_keys() -> None:
    assert set(passcode.summarise([])) == set(passcode.summarise([item()]))
