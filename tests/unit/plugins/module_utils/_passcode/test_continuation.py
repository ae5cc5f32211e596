# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._devices.eligibility import Reason as RefusalReason
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import continuation
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.continuation import RunPlan, identify, plan_run
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.journal_format import BegunRun, History, KnownReset
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import SKEW, DeviceReset, Reason, Status
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.reset_state import EarlierReset
from tests.support.fakes import START

A, B, C = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002", "aaaaaaaa-0000-4000-8000-000000000003"
DAY = 86400.0
PARAMS = {
    **{"match_by": "auto", "devices": ["PC-1", "PC-2"], "device_groups": None, "platforms": ["windows", "ios"]},
    **{"ownerships": ["company"], "max_age": 900, "reset_since": None},
}


def begun(
    run: str = "1", ids: t.Iterable[str] = (A, B), since: float = START - 5000, left: t.Iterable[str] | None = None, **given: t.Any
) -> BegunRun:
    """Return a run that began 4000 seconds ago. ``left``: its devices that a later task has to settle; by default all."""
    return BegunRun(run, START - 4000, since, frozenset(ids), frozenset(ids if left is None else left), identify({**PARAMS, **given}))


def plan(
    *runs: BegunRun, ids: t.Iterable[str] = (A, B), resets: dict[str, KnownReset] | None = None, later: float = 0.0, **given: t.Any
) -> RunPlan:
    """Return the plan of a task that begins now, or ``later``."""
    history, now = History(runs={run.run: run for run in runs}, resets=resets or {}), START + later
    return plan_run(history, identify({**PARAMS, **given}), ids, now - 900, now=now, again=given.get("max_age") == 0)


@pytest.mark.parametrize(
    ("given", "same"),
    [
        pytest.param({}, True, id="the same"),
        pytest.param({"devices": ["PC-1"], "device_groups": ["Pilot"], "platforms": ["ios", "windows"]}, True, id="other devices"),
        pytest.param({"match_by": "id"}, False, id="names that mean something else"),
        pytest.param({"max_age": 60}, False, id="another window"),
    ],
)
def test_the_options_that_must_stay_the_same(given: dict[str, t.Any], same: bool) -> None:
    assert (identify({**PARAMS, **given}) == identify(PARAMS)) is same


def test_with_reset_since_max_age_is_not_looked_at_and_a_moment_can_be_written_in_other_ways() -> None:
    first, second = (
        identify({**PARAMS, "reset_since": text, "max_age": age})
        for text, age in (("2026-01-05T10:00:00Z", 900), ("2026-01-05 11:00:00+01:00", 60))
    )
    assert first == second != identify(PARAMS)


@pytest.mark.parametrize("again", [False, True])
def test_without_a_run_that_did_not_end_nothing_is_continued(again: bool) -> None:
    resets = {A: KnownReset("accepted", START - 100, START)}
    found = plan(resets=resets, max_age=0 if again else 900)
    assert found == RunPlan(START - 900, again, {} if again else {A: EarlierReset(START - 100, True)})
    assert continuation.describe_runs(found) == []


@pytest.mark.parametrize(
    ("ids", "left", "is_continued"),
    [
        pytest.param([A, B], [A, B], True, id="the same"),
        pytest.param([A.upper(), B.upper()], [A, B], True, id="upper case"),
        pytest.param([A, B], [B], True, id="of a run that left one"),
        pytest.param([B], [B], True, id="the one that was left"),
        pytest.param([A, C], [A, B], True, id="some of its devices and others"),
        pytest.param([A], [B], False, id="a device that was settled"),
        pytest.param([C], [A, B], False, id="another one"),
    ],
)
def test_a_run_is_continued_by_a_task_that_has_a_device_which_it_left(ids: list[str], left: list[str], is_continued: bool) -> None:
    found = plan(run := begun(left=left), ids=ids)
    assert found == RunPlan(START - 900, False, {}, (run,) if is_continued else ())
    told = continuation.describe_runs(found)
    assert len(told) == is_continued
    for text in told:
        assert (
            f"a run of 2 devices that did not come to its end. Devices that are still to be settled: {len(left)}. It is continued" in text
        )
        assert "its resets since 2026-01-05T08:36:40Z count" in text


def test_the_resets_of_a_run_that_did_not_end_count_for_its_devices_alone() -> None:
    known = KnownReset("accepted", START - 4000, START - 4000)
    found = plan(begun(left=[B]), ids=[A, B, C], resets=dict.fromkeys((A, C), known))
    assert found.earlier == {A: EarlierReset(START - 4000, True)}


def test_of_several_runs_those_with_these_devices_are_continued() -> None:
    one, two = begun("1", [A]), begun("2", [B], since=START - 7000)
    known = KnownReset("accepted", START - 6000, START - 6000)
    found = plan(one, two, ids=[B], resets={B: known})
    assert (found.continued, found.earlier) == ((two,), {B: EarlierReset(START - 6000, True)})
    both = plan(one, two, resets={A: known, B: known})
    assert (both.continued, both.earlier) == ((one, two), {B: EarlierReset(START - 6000, True)})


def test_of_runs_that_are_continued_the_one_that_has_a_device_to_settle_says_since_when_resets_of_it_count() -> None:
    """The older one reset the device; the newer one had to do it again, but did not reach it."""
    older, newer = begun("1", [A, B], left=[B]), begun("2", [A], since=START - 1000)
    known = {A: KnownReset("accepted", START - 4000, START - 4000)}
    assert plan(older, newer, resets=known).earlier == {}
    assert plan(older, resets=known).earlier == {A: EarlierReset(START - 4000, True)}


def test_a_run_that_resets_whatever_was_before_goes_on_and_does_not_begin_again() -> None:
    """Its own resets count; for a device that it did not reach, none does."""
    known = KnownReset("accepted", START - 4000, START - 4000)
    found = plan(begun(max_age=0), ids=[A, B, C], resets=dict.fromkeys((A, C), known), max_age=0)
    assert (found.again, found.earlier) == (True, {A: EarlierReset(START - 4000, True)})


# --- the age of a run -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "later", "is_expired"),
    [
        pytest.param({}, DAY - 4001, False, id="a day"),
        pytest.param({}, DAY - 3999, True, id="more than a day"),
        pytest.param({"max_age": 0}, DAY - 3999, True, id="more than a day, with max_age 0"),
        pytest.param({"max_age": 3 * 86400}, 3 * DAY - 4001, False, id="max_age"),
        pytest.param({"max_age": 3 * 86400}, 3 * DAY - 3999, True, id="more than max_age"),
        pytest.param({"reset_since": "2026-01-05T08:00:00Z"}, 300 * DAY, False, id="the same moment, whenever"),
        pytest.param({}, -5000.0, False, id="a clock that was put back"),
    ],
)
def test_a_run_is_continued_for_a_day_or_for_its_max_age(given: dict[str, t.Any], later: float, is_expired: bool) -> None:
    known, run = KnownReset("accepted", START - 4000, START - 4000), begun(**given)
    found = plan(run, resets={A: known}, later=later, **given)
    assert (found.continued, found.expired) == (((), (run,)) if is_expired else ((run,), ()))
    assert found.earlier == ({} if is_expired else {A: EarlierReset(START - 4000, True)})


@pytest.mark.parametrize("given", [{"max_age": 60}, {"reset_since": "2026-01-05T08:00:00Z"}, {"platforms": []}], ids=str)
@pytest.mark.parametrize("before", [{}, {"reset_since": "2026-01-05T07:00:00Z"}], ids=str)
def test_a_run_that_is_too_old_refuses_no_other_options(before: dict[str, t.Any], given: dict[str, t.Any]) -> None:
    run = begun(**before)
    found = plan(run, later=DAY - 3999, **given)
    assert found.expired == (run,) and not found.continued


def test_of_a_run_that_is_too_old_what_counts_is_told() -> None:
    (text,) = continuation.describe_runs(plan(begun(left=[B]), later=DAY))
    assert text.startswith("The journal holds a run of 2 devices, begun at 2026-01-05T08:53:20Z, that did not come to its end. Devices")
    assert "to be settled: 1. It is too old to be continued. This task is a new run: only resets since 2026-01-06T09:45:00Z count" in text


def test_a_reset_of_a_run_that_is_too_old_counts_where_it_is_young_enough_itself() -> None:
    """A reset from the end of a long run; also one with a lost response, which is settled first."""
    known = KnownReset("open", START + DAY - 100, START + DAY - 100)
    assert plan(begun(), resets={A: known}, later=DAY).earlier == {A: EarlierReset(START + DAY - 100, False)}


def test_with_reset_since_a_run_that_is_continued_is_not_told_of() -> None:
    given = {"reset_since": "2026-01-05T08:00:00Z"}
    found = plan(begun(**given), **given)
    assert found.continued and continuation.describe_runs(found) == []


# --- the end of a run -----------------------------------------------------------------------------------------------

SETTLED: list[tuple[Status, Reason | None, bool]] = [
    ("planned", None, True),
    ("none", None, True),
    ("done", None, True),
    ("pending", None, True),
    ("failed", "device_failed", True),
    ("failed", "service_refused", True),
    ("failed", "approval_refused", True),
    ("failed", "unavailable", True),
    ("failed", "device_gone", True),
    ("not_supported", "not_supported", True),
    ("canceled", "canceled", True),
    ("unknown", "device_gone", True),
    ("unknown", "state_unknown", True),
    ("unknown", "answer_lost", False),
    ("needs_approval", None, True),
    ("not_attempted", None, False),
    ("not_attempted", "locked", False),
    *(("refused", reason, True) for reason in t.get_args(RefusalReason)),
]


@pytest.mark.parametrize(("status", "reason", "settled"), SETTLED)
def test_a_run_ends_unless_a_later_task_has_something_to_settle(status: Status, reason: Reason | None, settled: bool) -> None:
    assert continuation.is_settled(status, reason) is settled
    item = DeviceReset(A.upper(), ["PC-1"], status=status, reason=reason)
    assert continuation.find_remaining(plan(), "2", [item]) == {"2": frozenset() if settled else frozenset({A})}


def test_each_status_and_each_reason_is_decided_on() -> None:
    assert {status for status, _reason, _settled in SETTLED} == set(t.get_args(Status))
    assert {reason for _status, reason, _settled in SETTLED} - {None} == set(flat(Reason))


def flat(kind: t.Any) -> t.Iterator[str]:
    """Yield the words of a Literal, including nested ones."""
    for part in t.get_args(kind):
        yield from flat(part) if t.get_args(part) else [part]


@pytest.mark.parametrize(
    ("settled", "left", "expected"),
    [
        pytest.param([A, B], [], {"1": [], "2": []}, id="all"),
        pytest.param([B], [], {"1": [A], "2": []}, id="some, and others are not named"),
        pytest.param([A], [B], {"1": [B], "2": []}, id="some"),
        pytest.param([], [A, B], {"2": []}, id="none"),
        pytest.param([A, B], [C], {"1": [], "2": [C]}, id="all, and one of the new run is left"),
        pytest.param([C], [B], {"2": []}, id="another one"),
    ],
)
def test_the_devices_that_are_settled_leave_the_run_that_began_them(
    settled: list[str], left: list[str], expected: dict[str, list[str]]
) -> None:
    items = [DeviceReset(device, ["PC"], status="done") for device in settled]
    items += [DeviceReset(device, ["PC"], status="unknown", reason="answer_lost") for device in left]
    found = continuation.find_remaining(plan(begun(), ids=[item.id for item in items]), "2", items)
    assert found == {run: frozenset(ids) for run, ids in expected.items()}


def test_a_device_that_two_killed_runs_left_leaves_both() -> None:
    runs = [begun("1"), dataclasses.replace(begun("2", [A]), begun_at=START - 100)]
    assert continuation.find_remaining(plan(*runs), "3", [DeviceReset(A, ["PC"], status="done")]) == {
        "1": frozenset({B}),
        "2": frozenset(),
        "3": frozenset(),
    }


# --- other options --------------------------------------------------------------------------------------------------


def refusal(*runs: BegunRun, **given: t.Any) -> str:
    with pytest.raises(errors.InvalidOptionError) as caught:
        plan(*runs, **given)
    assert caught.value.effects == "none" and "name another file in journal_path" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"match_by": "id"}, 'match_by was "auto" and is "id"'),
        ({"platforms": ["windows"]}, 'platforms was ["ios", "windows"] and is ["windows"]'),
        ({"ownerships": []}, 'ownerships was ["company"] and is []'),
        ({"max_age": 0}, "max_age was 900 and is 0"),
        ({"reset_since": "2026-01-05T10:00:00Z"}, 'reset_since was null and is "2026-01-05T10:00:00Z"'),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_other_options_are_refused_with_what_differs(given: dict[str, t.Any], told: str) -> None:
    text = refusal(begun(), **given)
    assert told in text and "a run of 2 devices, begun at 2026-01-05T08:53:20Z, that did not end, with other options: " in text
    assert "Devices that are still to be settled: 2." in text
    assert "after 2026-01-06T08:53:20Z that run is too old to be continued" in text


@pytest.mark.parametrize(
    ("known", "found"),
    [
        pytest.param(KnownReset("accepted", START - SKEW, START), EarlierReset(START - SKEW, True), id="at the beginning"),
        pytest.param(KnownReset("accepted", START - SKEW - 0.1, START), None, id="before"),
        pytest.param(KnownReset("open", START, START), EarlierReset(START, False), id="not known whether it ran"),
        pytest.param(KnownReset("open", START, START, START + 9), EarlierReset(START, False, START + 9), id="given up"),
        pytest.param(KnownReset("free", START, START), None, id="did not run"),
        pytest.param(
            KnownReset("free", START + 9, START + 9, previous=KnownReset("accepted", START, START)),
            EarlierReset(START, True),
            id="did not run, and one before it did",
        ),
        pytest.param(
            KnownReset("free", START + 9, START + 9, previous=KnownReset("accepted", START - 60, START)), None, id="one long before it did"
        ),
    ],
)
def test_an_earlier_reset_counts_from_the_moment_that_is_asked_for(known: KnownReset, found: EarlierReset | None) -> None:
    assert continuation.find_earlier(History(resets={"a": known}), ["a"], START).get("a") == found
