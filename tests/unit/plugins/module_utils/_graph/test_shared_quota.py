# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulate independent processes that share a quota: they use it up evenly, and never retry earlier than announced."""

from __future__ import annotations

import statistics

import pytest

from tests.support.shared_quota import share

STYLES = ("integer", "missing", "zero", "fractional", "date", "mixed")
SEEDS = 1
# The share of the shortest time that the quota allows. Processes wait for the announced time: `date` rounds it up to more than a second,
# and `mixed` adds up to two seconds, in each window of 20 seconds.
LEAST = {"date": 0.84, "mixed": 0.77}


@pytest.mark.parametrize("style", [pytest.param(style, id=f"case 81: {style}") for style in STYLES])
@pytest.mark.parametrize("number", [2, pytest.param(4, marks=pytest.mark.exhaustive), 8])
def test_processes_use_the_whole_quota_and_come_back_no_earlier_than_told(number: int, style: str) -> None:
    outcomes = [share([1200 // number] * number, style=style, seed=seed) for seed in range(SEEDS)]
    assert [outcome.early for outcome in outcomes] == [0] * SEEDS, "case 80"
    assert min(outcome.rate for outcome in outcomes) >= 0.9, "accepted, of what the quota allows while all have work"
    assert statistics.mean(outcome.ratio for outcome in outcomes) >= LEAST.get(style, 0.86), "the shortest time, of the time that it took"


@pytest.mark.parametrize("style", ["integer", "missing", pytest.param("date", marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("number", [2, 4])
def test_case_81_the_shares_of_processes_differ_by_less_than_a_fifth(number: int, style: str) -> None:
    # Without an announced time, they hit the moment of free quota only by chance.
    least = 0.3 if style == "missing" else 0.2
    assert statistics.mean(share([1200 // number] * number, style=style, seed=seed).spread for seed in range(3)) < least


@pytest.mark.exhaustive
@pytest.mark.parametrize("style", ["integer", "date"])
def test_case_81_what_many_processes_get_after_their_first_window_differs_by_less_than_a_fifth(style: str) -> None:
    assert share([600] * 8, style=style).spread < 0.2


def test_the_rest_are_back_at_the_whole_quota_in_one_window_after_the_others_ended() -> None:
    outcome = share([1200, 100, 100, 100], seed=3)
    # The rest after the end of the first three takes as long as for one process alone, and a window.
    assert outcome.seconds <= 20.0 * 8


@pytest.mark.parametrize(
    ("size", "latency", "least"),
    [(2000, (0.1, 0.1), 0.97), (2000, (0.1, 0.5), 0.95), (2000, (0.5, 0.5), 0.93), (2000, (2.0, 3.0), 0.8)],
)
def test_one_process_alone_takes_hardly_longer_than_the_quota_allows(size: int, latency: tuple[float, float], least: float) -> None:
    outcome = share([size], latency=latency)
    assert outcome.throttled == 0 and outcome.ratio >= least


@pytest.mark.parametrize("style", ["integer", "missing", "mixed"])
def test_one_process_with_a_smaller_quota_uses_it(style: str) -> None:
    outcome = share([600], style=style, scale=0.5)
    assert outcome.early == 0 and outcome.rate >= 0.8


def test_a_process_that_begins_later_gets_its_share() -> None:
    outcome = share([900, 300], starts=[0.0, 30.0], latency=(0.1, 0.2))
    assert outcome.early == 0 and outcome.rate >= 0.9 and outcome.first_done < 120.0
