# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import continuation
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.continuation import RunPlan, identify, plan_run
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.journal_format import BegunRun, History, KnownReset
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import SKEW
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.reset_state import EarlierReset
from tests.support.fakes import START

A, B, C = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002", "aaaaaaaa-0000-4000-8000-000000000003"
PARAMS = {
    **{"match_by": "auto", "devices": ["PC-1", "PC-2"], "device_groups": None, "platforms": ["windows", "ios"]},
    **{"ownerships": ["company"], "max_age": 900, "reset_since": None},
}


def begun(run: str = "1", ids: t.Iterable[str] = (A, B), since: float = START - 5000, **given: t.Any) -> BegunRun:
    identity = identify({**PARAMS, **given})
    return BegunRun(run, START - 4000, since, frozenset(ids), identity.options, identity.selection)


def plan(*runs: BegunRun, ids: t.Iterable[str] = (A, B), resets: dict[str, KnownReset] | None = None, **given: t.Any) -> RunPlan:
    history = History(runs={run.run: run for run in runs}, resets=resets or {})
    return plan_run(history, identify({**PARAMS, **given}), ids, START - 900, again=given.get("max_age") == 0)


@pytest.mark.parametrize(
    ("given", "same"),
    [
        pytest.param({}, True, id="the same"),
        pytest.param({"devices": ["PC-2", "PC-1"], "platforms": ["ios", "windows"]}, True, id="in another order"),
        pytest.param({"device_groups": []}, True, id="no groups"),
        pytest.param({"devices": ["PC-1"]}, False, id="other devices"),
        pytest.param({"device_groups": ["Pilot"]}, False, id="groups"),
        pytest.param({"match_by": "id"}, False, id="names that mean something else"),
    ],
)
def test_the_selection_is_told_by_its_digest(given: dict[str, t.Any], same: bool) -> None:
    assert (identify({**PARAMS, **given}).selection == identify(PARAMS).selection) is same


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
    assert continuation.describe_continued(found) == []


@pytest.mark.parametrize(
    ("ids", "given", "covers"),
    [
        pytest.param([A, B], {}, True, id="the same"),
        pytest.param([A.upper(), B.upper()], {}, True, id="upper case"),
        pytest.param([A, C], {}, True, id="the same options, which mean other devices by now"),
        pytest.param([A], {"devices": [A]}, False, id="some of its devices"),
        pytest.param([A, B], {"devices": [A, B]}, True, id="all of its devices by other names"),
        pytest.param([A, B, C], {"devices": [A, B, C]}, True, id="all of its devices and others"),
        pytest.param([A, C], {"devices": [A, C]}, False, id="some of its devices and others"),
    ],
)
def test_a_run_that_did_not_end_is_continued(ids: list[str], given: dict[str, t.Any], covers: bool) -> None:
    found = plan(begun(), ids=ids, **given)
    assert (found.since, found.again, found.continued, found.covered) == (START - 900, False, (begun(),), (begun(),) if covers else ())
    assert found.begun_since == (START - 5000 if covers else START - 900)
    (text,) = continuation.describe_continued(found)
    assert "a run of 2 devices that did not come to its end" in text and "its resets since 2026-01-05T08:36:40Z count" in text


def test_the_resets_of_a_run_that_did_not_end_count_for_its_devices_alone() -> None:
    known = KnownReset("accepted", START - 4000, START - 4000)
    found = plan(begun(), ids=[A, B, C], resets=dict.fromkeys((A, C), known))
    assert found.earlier == {A: EarlierReset(START - 4000, True)}


def test_other_devices_are_a_run_beside_it() -> None:
    assert plan(begun(), ids=[C], devices=["PC-3"], platforms=["android"]) == RunPlan(START - 900, False, {})


def test_of_several_runs_those_with_these_devices_are_continued() -> None:
    one, two = begun("1", [A], devices=["PC-1"]), begun("2", [B], since=START - 7000, devices=["PC-2"])
    assert plan(one, two, ids=[B], devices=["PC-2"]).continued == (two,)
    both = plan(one, two)
    assert both.covered == (one, two) and both.begun_since == START - 7000


def test_a_run_that_resets_whatever_was_before_goes_on_and_does_not_begin_anew() -> None:
    found = plan(begun(max_age=0), max_age=0)
    assert (found.since, found.again) == (START - 5000, False)


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
    assert told in text and "a run of 2 devices, begun at 2026-01-05T08:53:20Z, that did not end" in text


@pytest.mark.parametrize(
    ("known", "found"),
    [
        pytest.param(KnownReset("accepted", START - SKEW, START), EarlierReset(START - SKEW, True), id="at the beginning"),
        pytest.param(KnownReset("accepted", START - SKEW - 0.1, START), None, id="before"),
        pytest.param(KnownReset("open", START, START), EarlierReset(START, False), id="not known whether it ran"),
        pytest.param(KnownReset("open", START, START, START + 9), EarlierReset(START, False, START + 9), id="given up"),
        pytest.param(KnownReset("free", START, START), None, id="did not run"),
    ],
)
def test_an_earlier_reset_counts_from_the_moment_that_is_asked_for(known: KnownReset, found: EarlierReset | None) -> None:
    assert continuation.find_earlier(History(resets={"a": known}), ["a"], START).get("a") == found
