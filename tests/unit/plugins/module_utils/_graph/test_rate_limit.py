# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._graph.rate_limit import Budget, Quota

QUOTA = Quota(writes=10, requests=30, seconds=20.0)


def spent(budget: Budget, now: float, writes: int = 0, reads: int = 0) -> None:
    budget.reserve(writes, reads)
    budget.settle(now, writes, reads, counted_writes=writes, counted_reads=reads)


def test_a_small_job_starts_at_full_speed() -> None:
    budget = Budget(QUOTA)
    assert (budget.room(0.0, True), budget.room(0.0, False), budget.opens(0.0, True)) == (10, 30, 0.0)


def test_what_is_under_way_takes_room() -> None:
    budget = Budget(QUOTA)
    budget.reserve(4, 6)
    assert (budget.room(0.0, True), budget.room(0.0, False)) == (6, 20)


def test_a_write_counts_for_both_limits_and_a_read_for_one() -> None:
    budget = Budget(QUOTA)
    spent(budget, 1.0, writes=4, reads=6)
    assert (budget.room(1.0, True), budget.room(1.0, False)) == (6, 20)


def test_writes_wait_where_reads_have_used_all() -> None:
    budget = Budget(QUOTA)
    spent(budget, 1.0, reads=30)
    assert budget.room(1.0, True) == 0 and budget.opens(5.0, True) == pytest.approx(16.0)


def test_the_window_slides_from_when_the_answers_came() -> None:
    budget = Budget(QUOTA)
    spent(budget, 0.0, writes=6)
    spent(budget, 5.0, writes=4)
    assert budget.room(19.9, True) == 0 and budget.opens(19.9, True) == pytest.approx(0.1)
    assert budget.room(20.0, True) == 6
    assert budget.room(25.0, True) == 10


def test_room_can_be_foreseen() -> None:
    budget = Budget(QUOTA)
    spent(budget, 0.0, writes=10)
    assert budget.room(19.5, True) == 0 and budget.room(19.5 + 1.0, True) == 10


def test_when_all_is_under_way_one_window_is_the_guess() -> None:
    budget = Budget(QUOTA)
    budget.reserve(10, 0)
    assert budget.opens(0.0, True) == QUOTA.seconds


def test_a_hold_on_writes_lets_reads_through_and_one_on_all_does_not() -> None:
    budget = Budget(QUOTA)
    budget.hold(7.0, True)
    assert (budget.room(1.0, True), budget.room(1.0, False), budget.opens(1.0, True)) == (0, 30, 6.0)
    budget.hold(9.0, False)
    assert (budget.room(7.0, True), budget.room(7.0, False), budget.opens(7.0, True)) == (0, 0, 2.0)
    assert budget.room(9.0, True) == 10


def test_a_shorter_hold_does_not_end_a_longer_one() -> None:
    budget = Budget(QUOTA)
    budget.hold(9.0, True)
    budget.hold(3.0, True)
    assert budget.room(5.0, True) == 0


def test_where_somebody_else_uses_the_quota_less_than_was_granted_is_tried() -> None:
    budget = Budget(Quota(writes=200, requests=2000))
    budget.reserve(200, 0)
    budget.settle(1.0, 200, 0, counted_writes=100, counted_reads=0)
    budget.cut(1.0, True)
    assert budget.room(1.0, True) == 0
    # 90 % of the hundred that were granted, and what has grown since.
    assert 90 <= budget.room(21.0, True) <= 130


def test_the_limit_comes_back_while_nothing_is_throttled() -> None:
    budget = Budget(Quota(writes=200, requests=2000))
    spent(budget, 0.0, writes=100)
    budget.cut(0.0, True)
    spent(budget, 400.0, writes=1)
    assert budget.room(420.0, True) == 200


def test_the_limit_comes_back_slowly_at_first_and_then_faster() -> None:
    budget = Budget(Quota(writes=200, requests=2000))
    spent(budget, 0.0, writes=100)
    budget.cut(0.0, True)
    rooms = [budget.room(moment, True) for moment in (20.0, 40.0, 60.0, 80.0)]
    assert rooms == [130, 200, 200, 200]


def test_what_another_process_sent_a_moment_ago_counts_still() -> None:
    budget = Budget(QUOTA)
    budget.remember([99.0, 85.0, 95.0])
    assert (budget.room(100.0, True), budget.room(100.0, False)) == (7, 27)
    assert (budget.room(105.0, True), budget.room(116.0, True)) == (8, 9)


def test_a_little_is_always_tried() -> None:
    budget = Budget(QUOTA)
    budget.cut(0.0, True)
    budget.cut(0.0, True)
    assert budget.room(0.0, True) == 1


def test_what_was_never_sent_is_given_back() -> None:
    budget = Budget(QUOTA)
    budget.reserve(10, 0)
    budget.settle(1.0, 10, 0, counted_writes=0, counted_reads=0)
    assert budget.room(1.0, True) == 10


@given(
    st.lists(st.tuples(st.floats(0, 5), st.integers(1, 20), st.booleans(), st.floats(0, 3)), max_size=60),
    st.integers(1, 50),
    st.integers(50, 100),
)
def test_no_window_of_the_service_ever_holds_more_than_the_quota(
    steps: list[tuple[float, int, bool, float]], writes: int, requests: int
) -> None:
    """Whenever between sending and answer the service counts a request: the window is never exceeded."""
    quota, now = Quota(writes, requests), 0.0
    budget, counted = Budget(quota), []
    for pause, wanted, write, latency in steps:
        now += pause
        number = min(wanted, budget.room(now, write))
        budget.reserve(number if write else 0, 0 if write else number)
        counted.append((now + latency / 2, number, write))
        now += latency
        budget.settle(
            now,
            number if write else 0,
            0 if write else number,
            counted_writes=number if write else 0,
            counted_reads=0 if write else number,
        )
    for end, _number, _write in counted:
        window = [(number, write) for when, number, write in counted if end - quota.seconds < when <= end]
        assert sum(number for number, write in window if write) <= writes
        assert sum(number for number, _write in window) <= requests


@given(st.floats(0, 100), st.lists(st.tuples(st.floats(0, 30), st.integers(1, 10)), max_size=20))
def test_there_is_room_when_it_was_said_to_open(start: float, steps: list[tuple[float, int]]) -> None:
    budget, now = Budget(QUOTA), start
    for pause, number in steps:
        now += pause
        spent(budget, now, writes=min(number, budget.room(now, True)))
        assert budget.room(now + budget.opens(now, True) + 1e-6, True) > 0
