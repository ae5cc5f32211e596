# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import DeviceReset
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.queue import Phase, QueuedReset, ResetQueue


def queue_of(number: int) -> ResetQueue:
    return ResetQueue([DeviceReset(f"id-{place}", [f"PC-{place}"]) for place in range(number)])


def ids(works: t.Iterable[QueuedReset]) -> list[str]:
    return [work.item.id for work in works]


def test_at_first_all_are_queued_in_their_order() -> None:
    queue = queue_of(3)
    assert (queue.to_send, queue.is_open, queue.has_queued, queue.has_writes, queue.next_time) == (3, True, True, False, None)
    assert queue.take_timed(1e9) is None
    assert ids(queue.take_queued(2)) == ["id-0", "id-1"] and ids(queue.take_queued(2)) == ["id-2"] and queue.take_queued(2) == []


@pytest.mark.parametrize(
    ("phase", "to_send", "is_open"),
    [
        ("queued", 1, True),
        ("reading", 1, True),
        ("due", 1, True),
        ("sent", 1, True),
        ("accepted", 0, True),
        ("lost", 0, True),
        ("finished", 0, False),
    ],
)
def test_who_may_still_be_reset_and_who_has_an_outcome(phase: Phase, to_send: int, is_open: bool) -> None:
    queue = queue_of(1)
    queue.move(queue.all[0], phase)
    assert (queue.to_send, queue.is_open) == (to_send, is_open)


@hypothesis.given(strategies.lists(strategies.tuples(strategies.integers(0, 3), strategies.sampled_from(t.get_args(Phase))), max_size=30))
def test_the_count_is_that_of_the_phases(moves: list[tuple[int, Phase]]) -> None:
    queue = queue_of(4)
    for place, phase in moves:
        queue.move(queue.all[place], phase)
    for phase in t.get_args(Phase):
        assert queue.count(phase) == sum(work.phase == phase for work in queue.all)
    assert queue.count(*t.get_args(Phase)) == 4


def test_who_is_queued_again_comes_last_or_first() -> None:
    queue = queue_of(3)
    one, two = queue.take_queued(2)
    queue.move(one, "reading")
    queue.requeue(one)
    queue.requeue_first(two)
    assert ids(queue.take_queued(9)) == ["id-1", "id-2", "id-0"] and one.phase == two.phase == "queued"


def test_who_was_read_too_long_ago_is_not_reset_but_read_again_first() -> None:
    queue = queue_of(4)
    one, two, three = queue.take_queued(3)
    for work, read_at in ((one, 5.0), (two, 1.0), (three, 6.0)):
        work.read_at = read_at
        queue.make_due(work)
    assert queue.has_writes and queue.count("due") == 3
    assert ids(queue.take_due(2, read_since=5.0)) == ["id-0", "id-2"]
    assert ids(queue.take_queued(9)) == ["id-1", "id-3"] and two.phase == "queued"


def test_no_more_are_due_than_are_wanted() -> None:
    queue = queue_of(3)
    for work in queue.take_queued(3):
        queue.make_due(work)
    assert queue.take_due(0, 0.0) == [] and ids(queue.take_due(2, 0.0)) == ["id-0", "id-1"] and ids(queue.take_due(2, 0.0)) == ["id-2"]


def test_whose_time_has_come_longest_ago_is_first_and_nobody_is_early() -> None:
    queue = queue_of(3)
    for work, when in zip(queue.all, (7.0, 5.0, 6.0), strict=True):
        queue.look_at(when, work)
    assert queue.next_time == 5.0 and queue.take_timed(4.9) is None
    assert queue.take_timed(5.0) is queue.all[1] and queue.next_time == 6.0
    assert [queue.take_timed(99.0), queue.take_timed(99.0), queue.take_timed(99.0)] == [queue.all[2], queue.all[0], None]


def test_of_one_moment_who_came_first_is_first() -> None:
    queue = queue_of(30)
    for work in queue.all:
        queue.look_at(1.0, work)
    assert [queue.take_timed(1.0) for _work in queue.all] == queue.all


def test_all_that_wait_for_a_time_are_taken_at_once_and_once() -> None:
    queue = queue_of(3)
    for work in queue.all[:2]:
        queue.look_at(1e9, work)
    assert set(map(id, queue.take_all_timed())) == set(map(id, queue.all[:2]))
    assert queue.take_all_timed() == [] and queue.next_time is None


def test_a_request_to_check_in_keeps_the_queue_open() -> None:
    queue = queue_of(2)
    for work in queue.take_queued(2):
        queue.finish(work)
        queue.add_sync(work)
    assert queue.is_open and queue.has_writes and ids(queue.take_syncs(1)) == ["id-0"]
    assert ids(queue.take_syncs(5)) == ["id-1"] and not queue.is_open


def test_when_all_are_taken_nothing_waits_any_more() -> None:
    queue = queue_of(4)
    due, timed = queue.take_queued(2)
    queue.make_due(due)
    queue.look_at(3.0, timed)
    queue.add_sync(due)
    assert sorted(ids(queue.take_all())) == ["id-0", "id-1", "id-2", "id-3"]
    assert queue.take_all() == [] and not queue.has_queued and not queue.has_writes and queue.next_time is None


def test_some_can_be_taken_out_by_their_ids() -> None:
    queue = queue_of(4)
    assert ids(queue.take_by_id({"id-3", "id-1", "id-9"})) == ["id-1", "id-3"]
    assert ids(queue.take_queued(9)) == ["id-0", "id-2"]


def test_who_was_moved_is_told_once() -> None:
    queue = queue_of(3)
    one, two = queue.take_queued(2)
    queue.move(one, "reading")
    queue.make_due(two)
    assert queue.take_moved() == [one, two] and queue.take_moved() == []
    queue.requeue(one)
    queue.finish(two)
    assert queue.take_moved() == [one, two]


def test_failures_are_kept_by_kind_of_request_and_by_device() -> None:
    one, other = QueuedReset(DeviceReset("1", ["1"])), QueuedReset(DeviceReset("1", ["1"]))
    one.attempts["POST"] = one.attempts_of("POST").after_failure(1.0, timeout=9.0, jitter=1.0)
    assert (one.attempts_of("POST").number, one.attempts_of("GET").number, other.attempts_of("POST").number) == (1, 0, 0)
    assert one != other, "two devices are never one, whatever they hold"
