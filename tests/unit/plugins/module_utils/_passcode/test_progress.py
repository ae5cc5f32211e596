# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.endpointops.intune.plugins.module_utils._graph.rate_limit import Quota, RateLimit
from ansible_collections.endpointops.intune.plugins.module_utils._http.retry import Attempts
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import model, result
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import DeviceReset
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.progress import REPORT_EVERY, Progress, render_line, render_table
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.queue import ResetQueue
from tests.support.fakes import Tenant, tenant

NAMES = tuple(result.summarize([]))
STATUSES = [name for name in NAMES if name not in ("total", "changed")]


def counts(**given: int) -> dict[str, int]:
    total = sum(number for name, number in given.items() if name not in ("total", "changed"))
    return {**dict.fromkeys(NAMES, 0), "total": total, **given}


@pytest.mark.parametrize(
    ("summary", "seconds", "told"),
    [
        pytest.param(counts(not_attempted=3), 5, "0 of 3 devices, 0 reset (0.0 a second)", id="nothing yet"),
        pytest.param(
            counts(changed=100, pending=100, not_attempted=100),
            10,
            "100 of 200 devices, 100 reset (10.0 a second), 100 pending",
            id="half",
        ),
        pytest.param(counts(changed=40, done=40), 20, "40 of 40 devices, 40 reset (2.0 a second)", id="all"),
        pytest.param(counts(changed=2, done=2), 0.5, "2 of 2 devices, 2 reset (2.0 a second)", id="no rate of less than a second"),
        pytest.param(
            counts(planned=30, changed=30, not_attempted=30),
            5,
            "30 of 60 devices, 30 to be reset",
            id="check mode",
        ),
        pytest.param(
            counts(changed=1, done=1, failed=1, refused=2, unknown=3, not_supported=4, canceled=5, needs_approval=6, not_attempted=22),
            10,
            "22 of 44 devices, 1 reset (0.1 a second), 1 failed, 4 not supported, 5 canceled, 3 unknown, 2 refused, 6 needs approval",
            id="each status by its own word",
        ),
        pytest.param(counts(done=5), 5, "5 of 5 devices, 0 reset (0.0 a second)", id="those of an earlier run are not of this one"),
        pytest.param(
            counts(changed=1, done=1, not_attempted=9999),
            18,
            "1 of 10000 devices, 1 reset (0.1 a second)",
            id="one",
        ),
    ],
)
def test_a_line_says_where_the_run_is(summary: dict[str, int], seconds: float, told: str) -> None:
    assert render_line(summary, seconds) == told


def test_a_line_says_how_long_the_rest_takes_and_why() -> None:
    line = render_line(counts(changed=100, pending=100, not_attempted=100), 10, 10.0, "throttled: others use the quota")
    assert line.endswith("100 pending, about 10 s to send the rest (throttled: others use the quota)")


def test_a_line_uses_the_words_of_the_table_for_every_status() -> None:
    summary = counts(**dict.fromkeys(STATUSES, 7))
    rows = [" ".join(row.split()[:-1]) for row in render_table(summary, 5.0).splitlines()[:-1]]
    own = {"devices", "reset by this task", "planned", "done", "not attempted", "unconfirmed"}
    assert set(rows) - own == {part[2:] for part in render_line(summary, 5.0).split(", ") if part.startswith("7 ")} - {"to be reset"}


@hypothesis.given(strategies.lists(strategies.sampled_from(STATUSES), max_size=6), strategies.floats(0, 1e6))
def test_no_state_of_a_run_breaks_line_or_table(statuses: list[str], seconds: float) -> None:
    items = [DeviceReset("id", ["PC"], status=status, changed=status in ("planned", "done", "pending")) for status in statuses]
    summary = result.summarize(items)
    assert f"of {len(items)} devices" in render_line(summary, seconds)
    assert len(render_table(summary, seconds).splitlines()) == 3 + len(set(statuses))


def test_the_table_has_a_row_for_each_status_that_occurs() -> None:
    assert render_table(counts(changed=1998, done=1990, pending=8, not_supported=2), 213.0) == "\n".join(
        (
            "  devices               2000",
            "  reset by this task    1998",
            "  done                  1990",
            "  pending                  8",
            "  not supported            2",
            "  time                 4 min",
        )
    )


def test_in_check_mode_the_table_claims_no_reset() -> None:
    lines = render_table(counts(changed=40, planned=40), 5.0).splitlines()
    assert lines[1:3] == ["  reset by this task       0", "  planned                 40"]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (1.6, "2 s"), (89.4, "89 s"), (90, "2 min"), (150, "2 min"), (5399, "90 min"), (5400, "1.5 h"), (86400, "24.0 h")],
)
def test_a_time_is_told_as_a_person_would(seconds: float, told: str) -> None:
    assert render_table(counts(), seconds).endswith(f" {told}")


# --- when -----------------------------------------------------------------------------------------------------------


Watched = tuple[Tenant, Progress, list[DeviceReset], RateLimit, ResetQueue]


def watched(number: int) -> Watched:
    world, items = tenant(), [DeviceReset(f"id-{place}", ["PC"]) for place in range(number)]
    limit, queue = RateLimit(Quota(200, 2000, 20.0)), ResetQueue(items)
    return world, Progress(items, world.client, limit.writes, queue), items, limit, queue


def send(watch: Watched, number: int) -> None:
    world, _progress, items, limit, _queue = watch
    for item in [item for item in items if not item.changed][:number]:
        item.status, item.changed = "pending", True
    limit.writes.complete(world.clock.monotonic(), 0, number)


def test_a_line_comes_where_something_changed_and_once_a_minute_without() -> None:
    watch = watched(300)
    world, progress, _items, _limit, _queue = watch
    told: list[float] = []
    for second in range(200):
        if second == 12:
            send(watch, 20)
        count = len(world.clock.told)
        progress.report()
        told += [second] * (len(world.clock.told) - count)
        world.clock.sleep(1.0)
    assert told == [5, 15, 75, 135, 195]


def test_case_82_the_time_comes_from_the_quota() -> None:
    watch = watched(2000)
    world, progress, _items, _limit, _queue = watch
    world.clock.sleep(REPORT_EVERY)
    send(watch, 200)
    progress.report()
    assert world.clock.told == ["200 of 2000 devices, 200 reset (40.0 a second), 200 pending, about 3 min to send the rest"]


def test_case_82_the_time_does_not_grow_without_a_reason() -> None:
    watch = watched(2000)
    world, progress, _items, limit, _queue = watch
    times = []
    for number in (200, 1, 1, 100, 1, 1):
        send(watch, number)
        world.clock.sleep(REPORT_EVERY)
        progress.report()
        times.append(t.cast(float, progress._end) - world.clock.monotonic())
    assert times == sorted(times, reverse=True) and len(world.clock.told) == 6
    limit.writes.throttle(world.clock.monotonic(), 1.0, 0.0)
    world.clock.sleep(REPORT_EVERY)
    progress.report()
    assert world.clock.told[-1].endswith("to send the rest (throttled: others use the quota)")


def test_case_82_while_a_read_is_repeated_no_time_is_told() -> None:
    watch = watched(2)
    world, progress, _items, _limit, queue = watch
    send(watch, 1)
    queue.all[1].attempts["GET"] = Attempts(3)
    told = []
    for _turn in range(24):
        world.clock.sleep(REPORT_EVERY)
        progress.report()
        told.append(len(world.clock.told))
    assert told[-1] == 2 and all(line.endswith("1 pending (failed requests are repeated: 1)") for line in world.clock.told)


@pytest.mark.parametrize("number", [0, 1])
def test_of_one_device_nothing_is_told(number: int) -> None:
    world, watch, *_others = watched(number)
    world.clock.sleep(600)
    watch.report()
    assert world.clock.told == []


def test_a_line_holds_no_passcode() -> None:
    items = [DeviceReset("id", ["PC"], status="done", changed=True, reset=model.RecordedReset("done", 1.0, 2.0, 0, "s3cret"))] * 2
    world = tenant()
    watch = Progress(items, world.client, RateLimit(Quota(200, 2000, 20.0)).writes, ResetQueue(items))
    world.clock.sleep(REPORT_EVERY)
    watch.report()
    assert world.clock.told and "s3cret" not in str(world.clock.told)
