# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the later tasks that a run in the journal affects: only the one that settles its open devices.

An open run must not claim the resets of a later task that only uses the same journal, such as the next one of a schedule.
"""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from intune_emulator.entra.tokens import issue_token

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import journal_format
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from tests.unit.plugins.module_utils._passcode.test_at_most_once import DAY, Lagging
from tests.unit.plugins.module_utils._passcode.test_engine import is_reset

MONTH = 30 * DAY
GIVEN_UP = "It is too old to be continued"


class Scheduled(Lagging):
    """Tasks that use one journal, on one machine."""

    def __init__(self, folder: pathlib.Path, size: int = 3, **settings: t.Any) -> None:
        super().__init__(size=size, token_lifetime=10**8, **settings)
        self.journal, self.locks = folder / "journal", folder / "locks"
        self.locks.mkdir(0o700)

    def task(self, check: bool = False, **given: t.Any) -> Outcome:
        given = {"journal_path": str(self.journal), "lock_directory": str(self.locks), "wait": True, "wait_timeout": 30.0, **given}
        return super().task(check, **given)

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.catch_up()
        self.token = issue_token(self.tenant, next(iter(self.tenant.applications.values())))

    def lose(self, *places: int, fault: str = "lost") -> Outcome:
        """Run a task that loses the responses to the resets of these devices, each sent alone."""
        for place in places:
            self.fault("omit", f"{self.ids[place]}/resetPasscode$", processed=fault == "lost_done")
        return self.task(devices=self.ids)

    @property
    def left(self) -> list[set[str]]:
        with self.journal.open("rb") as file:
            return [set(run.remaining) for run in journal_format.parse_lines(file, "journal").runs.values()]


@pytest.fixture
def wire(tmp_path: pathlib.Path) -> Scheduled:
    return Scheduled(tmp_path)


def statuses(outcome: Outcome) -> list[tuple[str, bool]]:
    return [(entry["status"], entry["changed"]) for entry in outcome.values["results"]]


def a_month_later(wire: Scheduled, **given: t.Any) -> Outcome:
    """Run the same task again: it must reset each device."""
    wire.sleep(MONTH)
    before = dict(wire.resets)
    outcome = wire.task(**given)
    assert set(statuses(outcome)) == {("done", True)} and outcome.failure is None
    assert [wire.resets[device] - before.get(device, 0) for device in wire.ids] == [1] * len(wire.ids)
    assert wire.left == []
    return outcome


# --- what ends a run ------------------------------------------------------------------------------------------------


def test_a_device_that_is_removed_after_its_reset_ends_the_run(wire: Scheduled) -> None:
    gone = wire.ids[1]

    def plan(request: Request) -> None:
        if is_reset(request):
            wire.fault("status", f"{gone}$", method="GET", times=None, status=404)

    wire.plan = plan
    first = wire.task()
    assert [entry["reason"] for entry in first.values["results"]] == [None, "device_gone", None]
    assert first.values["results"][1]["status"] == "unknown" and wire.resets[gone] == 1
    wire.ids.remove(gone)
    assert wire.left == []
    for _month in range(3):
        assert a_month_later(wire).warnings == []


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"outcome": "offline"}, "pending"),
        ({"outcome": "failed"}, "failed"),
        ({"outcome": "not_supported"}, "not_supported"),
        ({"outcome": "canceled"}, "canceled"),
        ({"outcome": "refuse"}, "failed"),
        ({"visible": 3600.0, "active": 3601.0, "terminal": 3602.0}, "pending"),
    ],
    ids=str,
)
def test_any_outcome_of_a_device_ends_the_run(wire: Scheduled, settings: dict[str, t.Any], status: str) -> None:
    wire.tenant.settings.patch({"audit_delay": 3600.0})
    wire.tenant.devices.get(wire.ids[1]).simulation.patch(settings)
    outcome = wire.task()
    assert outcome.values["results"][1]["status"] == status and wire.left == []


# --- open devices for a later task ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lost", "lost_done"])
@pytest.mark.parametrize("settled", [True, False], ids=["settled by a task for failed_devices", "never settled"])
def test_a_lost_response_keeps_a_run_open_no_longer_than_it_takes(wire: Scheduled, fault: str, settled: bool) -> None:
    wire.tenant.settings.patch({"audit_delay": 100.0})
    wire.tenant.devices.get(wire.ids[2]).simulation.patch({"visible": 100.0, "active": 100.5, "terminal": 101.5})
    first = wire.lose(2, fault=fault)
    assert [entry["reason"] for entry in first.values["results"]] == [None, None, "answer_lost"] and wire.left == [{wire.ids[2]}]
    if settled:
        wire.sleep(200.0)
        if fault == "lost":
            # A later reset of any device, which shows that the log is past the lost one.
            wire.ask(Request("POST", f"https://graph.test/v1.0/deviceManagement/managedDevices/{wire.ids[0]}/resetPasscode"))
            wire.sleep(200.0)
        again = wire.task(devices=first.values["failed_devices"])
        assert again.values["results"][0]["status"] in ("done", "pending") and wire.resets[wire.ids[2]] == 1 and wire.left == []
        assert "did not come to its end. Devices that are still to be settled: 1. It is continued" in again.warnings[0]
    wire.tenant.settings.patch({"audit_delay": 0.0})
    wire.tenant.devices.get(wire.ids[2]).simulation.patch({"visible": 0.0, "active": 0.5, "terminal": 1.5})
    outcome = a_month_later(wire)
    assert [GIVEN_UP in text for text in outcome.warnings] == ([] if settled else [True])
    assert a_month_later(wire).warnings == [], "it is told of once"


def test_a_device_that_was_settled_does_not_wait_for_one_that_was_not(wire: Scheduled) -> None:
    """An open run does not affect a task without any of its open devices."""
    wire.lose(2)
    wire.sleep(3600.0)
    outcome = wire.task(devices=wire.ids[:2], max_age=60)
    assert statuses(outcome) == [("done", True)] * 2 and outcome.warnings == [] and wire.left == [{wire.ids[2]}]


def test_a_task_that_was_stopped_is_continued_and_then_over(tmp_path: pathlib.Path) -> None:
    wire, left = Scheduled(tmp_path, size=45), [None]
    wire.plan = lambda request: (left.pop() if left else "expired") if is_reset(request) else None
    first = wire.task()
    assert len(wire.resets) == 20 and len(wire.left[0]) == 25 and first.failure is not None
    wire.plan = lambda request: None
    wire.sleep(3600.0)
    second = wire.task()
    assert {status for status, _changed in statuses(second)} == {"done"} and wire.counts == {1} and wire.left == []
    wire.sleep(3600.0)
    assert wire.task().warnings == [] and wire.counts == {2}


# --- the age of a run -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_age", [900, 0, 3 * 86400])
def test_a_run_that_was_killed_is_continued_for_a_day_or_for_max_age(wire: Scheduled, max_age: int) -> None:
    wire.kill(max_age=max_age)
    wire.sleep(max(DAY, max_age) - 60.0)
    outcome = wire.task(max_age=max_age)
    assert statuses(outcome) == [("done", False)] * 3 and wire.counts == {1} and wire.left == []
    assert "It is continued: its resets since" in outcome.warnings[0]


@pytest.mark.parametrize("max_age", [900, 0, 3 * 86400])
def test_a_run_that_was_killed_longer_ago_is_told_of_and_a_new_one_begins(wire: Scheduled, max_age: int) -> None:
    wire.kill(max_age=max_age)
    wire.sleep(max(DAY, max_age) + 60.0)
    before = wire.journal.read_bytes()
    check = wire.task(check=True, max_age=max_age)
    assert wire.journal.read_bytes() == before and {status for status, _changed in statuses(check)} == {"planned"}
    outcome = wire.task(max_age=max_age)
    assert statuses(outcome) == [("done", True)] * 3 and wire.counts == {2} and wire.left == []
    assert [GIVEN_UP in text for text in (*check.warnings, *outcome.warnings)] == [True, True]


def test_a_schedule_with_a_moment_of_its_own_each_time_is_refused_for_a_day_and_then_goes_on(wire: Scheduled) -> None:
    wire.lose(2)
    wire.sleep(3600.0)
    moment = journal_format.render_time(wire.tenant.clock.timestamp() - 60.0)
    with pytest.raises(errors.InvalidOptionError, match="after 2026-01-06T10:00:00Z that run is too old to be continued"):
        wire.task(reset_since=moment)
    wire.sleep(DAY)
    outcome = wire.task(reset_since=moment)
    assert statuses(outcome) == [("done", True)] * 3 and GIVEN_UP in outcome.warnings[0] and wire.left == []


def test_with_the_same_moment_a_run_is_continued_whenever(wire: Scheduled) -> None:
    """The moment names the resets that count, so an old one never replaces a requested one."""
    moment = journal_format.render_time(wire.tenant.clock.timestamp() - 60.0)
    wire.kill(reset_since=moment)
    wire.sleep(MONTH)
    outcome = wire.task(reset_since=moment)
    assert statuses(outcome) == [("done", False)] * 3 and wire.counts == {1} and wire.left == [] and outcome.warnings == []


def test_a_continued_run_with_max_age_zero_resets_again_only_what_it_did_not_reset(wire: Scheduled) -> None:
    """Another administrator's reset, before or since, does not satisfy max_age 0."""
    wire.kill(max_age=0, devices=wire.ids[:2])
    wire.ask(Request("POST", f"https://graph.test/v1.0/deviceManagement/managedDevices/{wire.ids[2]}/resetPasscode"))
    wire.sleep(60.0)
    outcome = wire.task(max_age=0)
    assert statuses(outcome) == [("done", False), ("done", False), ("done", True)]
    assert [wire.resets[device] for device in wire.ids] == [1, 1, 2] and wire.left == []
