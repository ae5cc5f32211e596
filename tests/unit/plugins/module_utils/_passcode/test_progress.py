# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.endpointops.intune.plugins.module_utils._passcode import model, result
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import DeviceReset
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.progress import REPORT_EVERY, Progress, render_line, render_table
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
            "100 of 200 devices, 100 reset (10.0 a second), 100 pending, about 10 s to send the rest",
            id="half",
        ),
        pytest.param(counts(changed=40, done=40), 20, "40 of 40 devices, 40 reset (2.0 a second)", id="all"),
        pytest.param(counts(changed=2, done=2), 0.5, "2 of 2 devices, 2 reset (2.0 a second)", id="no rate of less than a second"),
        pytest.param(
            counts(planned=30, changed=30, not_attempted=30),
            5,
            "30 of 60 devices, 30 to be reset, about 5 s to send the rest",
            id="check mode",
        ),
        pytest.param(
            counts(changed=1, done=1, failed=1, refused=2, unknown=3, not_supported=4, canceled=5, needs_approval=6, not_attempted=22),
            10,
            "22 of 44 devices, 1 reset (0.1 a second), 1 failed, 4 not supported, 5 canceled, 3 unknown, 2 refused, 6 needs approval, "
            "about 10 s to send the rest",
            id="each status by its own word",
        ),
        pytest.param(counts(done=5), 5, "5 of 5 devices, 0 reset (0.0 a second)", id="those of an earlier run are not of this one"),
        pytest.param(
            counts(changed=1, done=1, not_attempted=9999),
            18,
            "1 of 10000 devices, 1 reset (0.1 a second), about 50.0 h to send the rest",
            id="hours",
        ),
    ],
)
def test_a_line_says_where_the_run_is(summary: dict[str, int], seconds: float, told: str) -> None:
    assert render_line(summary, seconds) == told


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


def watched(number: int) -> tuple[Tenant, Progress, list[DeviceReset]]:
    world, items = tenant(), [DeviceReset(f"id-{place}", ["PC"]) for place in range(number)]
    return world, Progress(items, world.client), items


def test_a_run_is_told_of_every_five_seconds_and_not_before() -> None:
    world, watch, items = watched(2)
    told: list[int] = []
    for _turn in range(21):
        watch.report()
        told.append(len(world.clock.told))
        world.clock.sleep(1.0)
    assert told == [seconds // int(REPORT_EVERY) for seconds in range(21)]


def test_what_is_told_is_how_things_are_then() -> None:
    world, watch, items = watched(2)
    world.clock.sleep(REPORT_EVERY)
    items[0].status, items[0].changed = "done", True
    watch.report()
    assert world.clock.told == ["1 of 2 devices, 1 reset (0.2 a second), about 5 s to send the rest"]


def test_after_a_long_pause_it_is_told_once() -> None:
    world, watch, _items = watched(2)
    world.clock.sleep(60)
    watch.report()
    watch.report()
    assert len(world.clock.told) == 1


@pytest.mark.parametrize("number", [0, 1])
def test_of_one_device_nothing_is_told(number: int) -> None:
    world, watch, _items = watched(number)
    world.clock.sleep(600)
    watch.report()
    assert world.clock.told == []


def test_a_line_holds_no_passcode() -> None:
    items = [DeviceReset("id", ["PC"], status="done", changed=True, reset=model.RecordedReset("done", 1.0, 2.0, 0, "s3cret"))] * 2
    world = tenant()
    watch = Progress(items, world.client)
    world.clock.sleep(REPORT_EVERY)
    watch.report()
    assert world.clock.told and "s3cret" not in str(world.clock.told)
