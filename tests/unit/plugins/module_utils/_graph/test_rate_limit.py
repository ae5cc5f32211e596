# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._graph.rate_limit import Quota, RateLimit

QUOTA = Quota(writes=10, requests=30, seconds=20.0)


def spend(limit: RateLimit, now: float, writes: int = 0, reads: int = 0) -> None:
    limit.writes.reserve(writes)
    limit.requests.reserve(reads)
    limit.writes.complete(now, writes, writes)
    limit.requests.complete(now, reads, reads)


def test_a_small_job_starts_at_full_speed() -> None:
    limit = RateLimit(QUOTA)
    assert (limit.writes.capacity(0.0), limit.requests.capacity(0.0), limit.writes.delay(0.0)) == (10, 30, 0.0)


def test_what_is_under_way_takes_capacity() -> None:
    limit = RateLimit(QUOTA)
    limit.writes.reserve(4)
    limit.requests.reserve(6)
    assert (limit.writes._window.capacity(0.0), limit.requests.capacity(0.0)) == (6, 20)


def test_a_write_counts_for_both_limits_and_a_read_for_one() -> None:
    limit = RateLimit(QUOTA)
    spend(limit, 1.0, writes=4, reads=6)
    assert (limit.writes.capacity(1.0), limit.requests.capacity(1.0)) == (6, 20)


def test_writes_wait_where_reads_have_used_all() -> None:
    limit = RateLimit(QUOTA)
    spend(limit, 1.0, reads=30)
    assert limit.writes.capacity(1.0) == 0 and limit.writes.delay(5.0) == pytest.approx(16.0)


def test_the_window_slides_from_when_the_answers_came() -> None:
    limit = RateLimit(QUOTA)
    spend(limit, 0.0, writes=6)
    spend(limit, 5.0, writes=4)
    assert limit.writes.capacity(19.9) == 0 and limit.writes.delay(19.9) == pytest.approx(0.1)
    assert limit.writes.capacity(20.0) == 6
    assert limit.writes.capacity(25.0) == 10


def test_capacity_can_be_foreseen() -> None:
    limit = RateLimit(QUOTA)
    spend(limit, 0.0, writes=10)
    assert limit.writes.capacity(19.5) == 0 and limit.writes.capacity(19.5 + 1.0) == 10


def test_when_all_is_under_way_one_window_is_the_guess() -> None:
    limit = RateLimit(QUOTA)
    limit.writes.reserve(10)
    assert limit.writes.delay(0.0) == QUOTA.seconds


def test_a_hold_on_writes_lets_reads_through_and_one_on_all_does_not() -> None:
    limit = RateLimit(QUOTA)
    limit.writes.throttle(1.0, 6.0, 0.0)
    assert (limit.writes.capacity(1.0), limit.requests.capacity(1.0), limit.writes.delay(1.0)) == (0, 30, 6.0)
    limit.requests.throttle(1.0, 8.0, 0.0)
    assert (limit.writes.capacity(7.0), limit.requests.capacity(7.0), limit.writes.delay(7.0)) == (0, 0, 2.0)
    assert (limit.writes.capacity(9.0), limit.requests.capacity(9.0)) == (1, 1)


def test_a_shorter_hold_does_not_end_a_longer_one() -> None:
    limit = RateLimit(QUOTA)
    limit.writes.throttle(0.0, 9.0, 0.0)
    limit.writes.throttle(1.0, 2.0, 0.0)
    assert limit.writes.capacity(5.0) == 0 and limit.writes.delay(5.0) == pytest.approx(4.0)


# --- other users of the quota ---------------------------------------------------------------------------------------

LARGE = Quota(writes=200, requests=2000, seconds=20.0)


def test_after_a_throttling_each_process_begins_again_with_as_little() -> None:
    capacities = []
    for granted in (0, 60, 200):
        limit = RateLimit(LARGE)
        spend(limit, 0.0, writes=granted)
        limit.writes.throttle(0.5, 19.5, 0.0)
        capacities.append([limit.writes.capacity(moment) for moment in (19.9, 20.0, 20.4, 20.5, 21.0, 25.0)])
    assert capacities == [[0, 4, 4, 9, 15, 79]] * 3


def test_less_than_a_window_after_the_end_of_the_pause_the_whole_quota_is_tried() -> None:
    limit = RateLimit(LARGE)
    limit.writes.throttle(0.0, 5.0, 0.0)
    assert [limit.writes.capacity(5.0 + seconds) for seconds in (5.0, 9.0, 10.0, 20.0)] == [79, 175, 200, 200]
    assert limit.writes.is_shared
    spend(limit, 25.0, writes=1)
    assert not limit.writes.is_shared and limit.writes.capacity(25.0) == 199


def test_what_was_granted_since_the_throttling_counts() -> None:
    limit = RateLimit(LARGE)
    spend(limit, 0.0, writes=100)
    limit.writes.throttle(0.0, 20.0, 0.0)
    spend(limit, 20.0, writes=4)
    assert limit.writes.capacity(20.0) == 0 and limit.writes.delay(20.0) == pytest.approx(0.5)
    assert limit.writes.capacity(20.5) == 5


@pytest.mark.parametrize("one_by_one", [True, False], ids=["writes", "requests"])
def test_while_a_response_may_tell_to_wait_nothing_more_is_sent(one_by_one: bool) -> None:
    limit = RateLimit(LARGE)
    kind = limit.writes if one_by_one else limit.requests
    kind.reserve(20)
    assert (kind.capacity(0.0) == 0) is one_by_one
    kind.complete(0.3, 20, 20)
    kind.throttle(0.3, 1.0, 0.0)
    kind.reserve(1)
    assert kind.capacity(10.0) == 0 and kind.delay(10.0) == LARGE.seconds
    kind.complete(10.2, 1, 1)
    assert kind.capacity(10.2) > 0


@pytest.mark.parametrize(("latency", "batches"), [(0.1, 1), (1.0, 1), (1.1, 2), (2.5, 3)])
def test_where_a_batch_takes_long_as_many_are_under_way_as_the_quota_needs(latency: float, batches: int) -> None:
    limit = RateLimit(LARGE)
    limit.writes.reserve(20)
    limit.writes.complete(latency, 20, 20, latency=latency)
    started = 0
    while limit.writes.capacity(latency) >= 20:
        limit.writes.reserve(20)
        started += 1
    assert started == batches


def test_our_own_pause_grows_by_each_throttling_in_a_row_up_to_a_tenth_of_a_window() -> None:
    limit, now, pauses = RateLimit(LARGE), 0.0, []
    for _time in range(5):
        limit.writes.throttle(now, 0.0, 1.0)
        pauses.append(limit.writes.delay(now))
        now += pauses[-1]
    assert pauses == pytest.approx([1.0, 2.0, 2.0, 2.0, 2.0])
    limit.writes.end_row()
    limit.writes.throttle(now, 0.0, 1.0)
    assert limit.writes.delay(now) == pytest.approx(1.0)


def test_case_80_a_read_that_got_through_does_not_shorten_the_pause_of_writes() -> None:
    limit = RateLimit(LARGE)
    limit.writes.throttle(0.0, 0.0, 1.0)
    spend(limit, 1.0, reads=20)
    limit.requests.end_row()
    limit.writes.throttle(1.0, 0.0, 1.0)
    assert limit.writes.delay(1.0) == pytest.approx(2.0)


@pytest.mark.parametrize(("granted_at", "pause"), [(0.0, 2.0), (-1.0, 1.0), (-1.9, 0.5)], ids=["later", "within it", "at its beginning"])
def test_our_own_pause_ends_where_an_own_request_leaves_the_window(granted_at: float, pause: float) -> None:
    limit = RateLimit(LARGE)
    spend(limit, granted_at, writes=5)
    for _time in range(2):
        limit.writes.throttle(18.0, 0.0, 1.0)
    assert limit.writes.delay(18.0) == pytest.approx(pause)


@pytest.mark.parametrize(("granted", "tried"), [(0, 40), (1, 1), (8, 4), (60, 30), (1000, 40)])
def test_after_reads_were_throttled_half_of_what_was_granted_is_tried_so_that_writes_find_room(granted: int, tried: int) -> None:
    limit = RateLimit(LARGE)
    spend(limit, 0.0, reads=granted)
    limit.requests.throttle(0.0, 5.0, 0.0)
    assert limit.requests.capacity(5.0) == tried
    limit.writes.throttle(0.0, 5.0, 0.0)
    assert limit.writes._window.capacity(5.0) == 4, "as little as every other process, whatever it was granted"


def test_one_is_always_tried() -> None:
    limit = RateLimit(Quota(writes=1, requests=2, seconds=20.0))
    for _time in range(2):
        limit.writes.throttle(0.0, 1.0, 0.0)
    assert limit.writes.capacity(1.0) == 1


def test_what_another_process_sent_a_moment_ago_counts_still() -> None:
    limit = RateLimit(QUOTA)
    limit.writes.restore([99.0, 85.0, 95.0])
    assert (limit.writes.capacity(100.0), limit.requests.capacity(100.0)) == (7, 27)
    assert (limit.writes.capacity(105.0), limit.writes.capacity(116.0)) == (8, 9)


def test_what_was_never_sent_is_given_back() -> None:
    limit = RateLimit(QUOTA)
    limit.writes.reserve(10)
    limit.writes.complete(1.0, 10, 0)
    assert limit.writes.capacity(1.0) == 10


@given(
    st.lists(st.tuples(st.floats(0, 5), st.integers(1, 20), st.booleans(), st.floats(0, 3)), max_size=60),
    st.integers(1, 50),
    st.integers(50, 100),
)
def test_no_window_of_the_service_ever_holds_more_than_the_quota(
    steps: list[tuple[float, int, bool, float]], writes: int, requests: int
) -> None:
    """The window is never exceeded, regardless of the time between sending and response at which the service counts a request."""
    quota, now = Quota(writes, requests, 20.0), 0.0
    limit, counted = RateLimit(quota), []
    for pause, wanted, write, latency in steps:
        now += pause
        number = min(wanted, limit.limit_of(is_write=write).capacity(now))
        limit.limit_of(is_write=write).reserve(number)
        counted.append((now + latency / 2, number, write))
        now += latency
        limit.limit_of(is_write=write).complete(now, number, number)
    for end, _number, _write in counted:
        window = [(number, write) for when, number, write in counted if end - quota.seconds < when <= end]
        assert sum(number for number, write in window if write) <= writes
        assert sum(number for number, _write in window) <= requests


@given(st.floats(0, 100), st.lists(st.tuples(st.floats(0, 30), st.integers(1, 10)), max_size=20))
def test_there_is_capacity_when_it_was_announced(start: float, steps: list[tuple[float, int]]) -> None:
    limit, now = RateLimit(QUOTA), start
    for pause, number in steps:
        now += pause
        spend(limit, now, writes=min(number, limit.writes.capacity(now)))
        assert limit.writes.capacity(now + limit.writes.delay(now) + 1e-6) > 0
