# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import collections

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import Item
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.queue import PHASES, Lineup, Work


def lineup_of(number: int) -> Lineup:
    return Lineup([Item(f"id-{place}", [f"PC-{place}"]) for place in range(number)])


def test_at_first_all_are_queued_in_their_order() -> None:
    lineup = lineup_of(3)
    assert [work.item.id for work in lineup.queued] == ["id-0", "id-1", "id-2"] == [work.item.id for work in lineup.works]
    assert (lineup.to_send, lineup.open, lineup.next_time, lineup.take(1e9)) == (3, 3, None, None)


@pytest.mark.parametrize(
    ("phase", "to_send", "is_open"),
    [
        ("queued", 1, 1),
        ("looking", 1, 1),
        ("due", 1, 1),
        ("sent", 1, 1),
        ("accepted", 0, 1),
        ("lost", 0, 1),
        ("finished", 0, 0),
    ],
)
def test_who_may_still_be_reset_and_who_has_an_outcome(phase: str, to_send: int, is_open: int) -> None:
    lineup = lineup_of(1)
    lineup.move(lineup.works[0], phase)
    assert (lineup.to_send, lineup.open) == (to_send, is_open)


@hypothesis.given(strategies.lists(strategies.tuples(strategies.integers(0, 3), strategies.sampled_from(PHASES)), max_size=30))
def test_the_count_is_that_of_the_phases(moves: list[tuple[int, str]]) -> None:
    lineup = lineup_of(4)
    for place, phase in moves:
        lineup.move(lineup.works[place], phase)
    assert +lineup.count == collections.Counter(work.phase for work in lineup.works)


def test_whose_time_has_come_longest_ago_is_first_and_nobody_is_early() -> None:
    lineup = lineup_of(3)
    for work, when in zip(lineup.works, (7.0, 5.0, 6.0), strict=True):
        lineup.later(work, when)
    assert lineup.next_time == 5.0 and lineup.take(4.9) is None
    assert lineup.take(5.0) is lineup.works[1] and lineup.next_time == 6.0
    assert [lineup.take(99.0), lineup.take(99.0), lineup.take(99.0)] == [lineup.works[2], lineup.works[0], None]


def test_of_one_moment_who_came_first_is_first() -> None:
    lineup = lineup_of(30)
    for work in lineup.works:
        lineup.later(work, 1.0)
    assert [lineup.take(1.0) for _work in lineup.works] == lineup.works


def test_all_that_wait_are_taken_at_once_and_once() -> None:
    lineup = lineup_of(3)
    for work in lineup.works[:2]:
        lineup.later(work, 1e9)
    assert set(map(id, lineup.take_all())) == set(map(id, lineup.works[:2]))
    assert lineup.take_all() == [] and lineup.next_time is None


def test_trouble_is_kept_by_kind_of_request_and_by_device() -> None:
    one, other = Work(Item("1", ["1"])), Work(Item("1", ["1"]))
    one.trouble["POST"].number += 1
    assert (one.trouble["POST"].number, one.trouble["GET"].number, other.trouble["POST"].number) == (1, 0, 0)
    assert one != other, "two devices are never one, whatever they hold"
