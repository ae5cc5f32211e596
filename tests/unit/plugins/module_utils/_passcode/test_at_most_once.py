# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the documented promise: at most once per journal and per machine; across machines, outside a window.

The window is the service's lag minus confirm_timeout, and the whole lag after a killed task.
"""

from __future__ import annotations

import dataclasses
import datetime
import email.utils
import json
import pathlib
import re
import typing as t
import uuid

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.engine import derive_request_id
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from ansible_collections.endpointops.intune.plugins.modules import intune_device_passcode as module
from tests.support.emulated import Died
from tests.support.fleets import FleetWire
from tests.unit.plugins.module_utils._passcode.test_engine import is_reset

LAGS = [0.0, 3.0, 60.0, 300.0]
SIZE = 25  # more than one batch
RESET_AGAIN = "can reset these devices again"
DAY = 86400.0


class Lagging(FleetWire):
    """``record`` and ``log``: seconds after which the service shows a reset there."""

    def __init__(self, record: float = 0.0, log: float = 0.0, size: int = SIZE, **settings: t.Any) -> None:
        super().__init__(size, audit_delay=log, **settings)
        for device in self.tenant.devices:
            device.simulation.patch({"visible": record, "active": record + 0.5, "terminal": record + 1.5})

    def task(self, check: bool = False, **given: t.Any) -> Outcome:
        """Run one task in its own process."""
        defaults = {name: option.get("default") for name, option in module.SPEC.argument_spec.items()}
        params = {**defaults, "devices": self.ids, "max_devices": 1000, "wait": False, **given}
        return module.run(params, self.world(retry_timeout=120.0).client, check)

    def kill(self, fault: str = "dies_done", **given: t.Any) -> None:
        """Run a task that dies after it has sent its resets."""
        self.plan = lambda request: fault if is_reset(request) else None
        with pytest.raises(Died):
            self.task(**given)
        self.plan = lambda request: None

    @property
    def counts(self) -> set[int]:
        """Return the numbers of resets of devices with at least one."""
        return set(self.resets.values())

    def rewrite(self, change: t.Callable[[Response], Response]) -> None:
        original = self.ask
        self.ask = lambda request: change(original(request))


def summary(outcome: Outcome) -> dict[str, int]:
    return t.cast("dict[str, int]", outcome.values["summary"])


@pytest.mark.parametrize("lag", LAGS, ids=lambda lag: f"case 11: the record lags {lag:g} s")
@pytest.mark.parametrize("given", [{"wait": False}, {"wait": True, "wait_timeout": 1.0}], ids=["no wait", "a short wait"])
def test_two_tasks_in_a_row_reset_each_device_once(lag: float, given: dict[str, t.Any]) -> None:
    wire = Lagging(record=lag)
    first, second = wire.task(**given), wire.task(**given)
    assert (first.changed, second.changed, wire.counts, len(wire.resets)) == (True, False, {1}, SIZE)
    assert summary(first)["unconfirmed"] == summary(second)["unconfirmed"] == 0 and first.warnings == second.warnings == []
    assert {entry["confirmed"] for entry in [*first.values["results"], *second.values["results"]]} == {True}


@pytest.mark.parametrize("lag", LAGS[1:], ids=lambda lag: f"case 12: the record lags {lag:g} s")
@pytest.mark.parametrize("shared", [True, False], ids=["one machine", "two machines"])
def test_a_reset_of_another_task_in_the_middle_of_a_long_one_is_found_in_the_log(tmp_path: pathlib.Path, lag: float, shared: bool) -> None:
    """The other task runs to its end when the first resets are sent; its device is the last one, after the quota."""
    wire, others = Lagging(record=lag, size=230), list[Outcome]()
    folders = [tmp_path / "a", tmp_path / ("a" if shared else "b")]
    for folder in folders:
        folder.mkdir(mode=0o700, exist_ok=True)

    def plan(request: Request) -> None:
        if is_reset(request) and not others:
            wire.plan = lambda _request: None
            others.append(wire.task(devices=wire.ids[-1:], lock_directory=str(folders[0])))

    wire.plan = plan
    outcome = wire.task(lock_directory=str(folders[1]))
    assert others[0].changed and wire.counts == {1} and summary(outcome)["changed"] == 229
    assert sum("remoteActionAudits" in request.url and "$batch" not in request.url for request in wire.sent) < 15


@pytest.mark.parametrize("lag", LAGS, ids=lambda lag: f"case 11: the record lags {lag:g} s")
def test_a_task_that_follows_a_killed_one_without_a_journal_resets_nothing_that_the_audit_log_shows(lag: float) -> None:
    wire = Lagging(record=lag, size=15)
    wire.kill()
    assert wire.counts == {1}
    check, second = wire.task(check=True), wire.task()
    assert summary(check)["planned"] == 0 and not second.changed and wire.counts == {1}
    assert summary(second)["unconfirmed"] == 0


@pytest.fixture
def another(tmp_path: pathlib.Path) -> dict[str, str]:
    """Return the options of a task on another machine."""
    folder = tmp_path / "another machine"
    folder.mkdir(0o700)
    return {"lock_directory": str(folder)}


@pytest.mark.parametrize("lag", LAGS, ids=lambda lag: f"case 11: both lag {lag:g} s")
@pytest.mark.parametrize("given", [{"wait": False}, {"wait": True, "wait_timeout": 1.0}], ids=["no wait", "a short wait"])
def test_a_task_ends_when_the_service_shows_its_resets_or_after_confirm_timeout(
    lag: float, given: dict[str, t.Any], another: dict[str, str]
) -> None:
    """Afterwards the documented window applies: the service's lag minus confirm_timeout."""
    wire = Lagging(record=lag, log=lag)
    first = wire.task(**given)
    took, shown = wire.clock.monotonic(), lag <= 60
    assert min(lag, 60.0) <= took <= min(lag, 60.0) + 6.0, "as long as the lag, but no longer than confirm_timeout"
    assert summary(first)["unconfirmed"] == (0 if shown else SIZE) and summary(first)["changed"] == SIZE and first.failure is None
    assert [RESET_AGAIN in text for text in first.warnings] == ([] if shown else [True])
    assert (wire.task(**given).changed, wire.counts) == (False, {1}), "on this machine"
    second = wire.task(**given, **another)
    assert (second.changed, wire.counts) == ((False, {1}) if shown else (True, {2})), "on another one, within the window"


@pytest.mark.parametrize(("later", "number"), [(230.0, 2), (245.0, 1)], ids=["case 11: within the window", "case 11: after the window"])
def test_the_window_is_the_lag_minus_confirm_timeout(later: float, number: int, another: dict[str, str]) -> None:
    wire = Lagging(record=300.0, log=300.0, size=1)
    first = wire.task()
    entry = first.values["results"][0]
    assert (entry["status"], entry["confirmed"], entry["changed"]) == ("pending", False, True)
    assert "neither the device's action results nor the remote action audit log show it yet" in entry["message"]
    assert first.warnings[0].startswith("Intune accepted 1 resets that") and "60 seconds" in first.warnings[0]
    wire.clock.sleep(later)
    second = wire.task(**another)
    assert wire.counts == {number} and second.changed is (number == 2)


@pytest.mark.parametrize("lag", LAGS, ids=lambda lag: f"case 11: both lag {lag:g} s")
@pytest.mark.parametrize("is_over", [True, False], ids=["after it", "within it"])
def test_after_a_task_that_was_killed_on_another_machine_the_window_is_the_whole_lag(
    lag: float, is_over: bool, another: dict[str, str]
) -> None:
    wire = Lagging(record=lag, log=lag, size=1)
    wire.kill()
    wire.clock.sleep(lag + 1.0 if is_over else 0.0)
    wire.task(**another)
    assert wire.counts == ({2} if lag and not is_over else {1})


@pytest.mark.parametrize("lag", LAGS, ids=lambda lag: f"case 12: both lag {lag:g} s")
@pytest.mark.parametrize("before", ["dies_done", "lost_done", "is done", "is done, not confirmed"])
@pytest.mark.parametrize("given", [{"wait": False}, {"wait": True, "wait_timeout": 1.0}, {"use_beta": False, "wait": False}], ids=str)
def test_without_a_journal_each_device_is_reset_once_on_one_machine(lag: float, before: str, given: dict[str, t.Any]) -> None:
    wire = Lagging(record=lag, log=lag, size=15 if before == "dies_done" else SIZE)
    if before == "dies_done":
        wire.kill(before, **given)
    else:
        wire.plan = lambda request: before if is_reset(request) and before == "lost_done" else None
        wire.task(**given, **({"confirm_timeout": 0.0} if "not" in before else {}))
        wire.plan = lambda request: None
    for later in (0.0, 0.0, 1.0, lag):
        wire.clock.sleep(later)
        outcome = wire.task(**given)
        assert wire.resets == dict.fromkeys(wire.ids, 1) and not outcome.changed
    # Without the log, the record is the only source.
    assert summary(outcome)["unconfirmed"] == summary(outcome)["unknown"] == 0


@pytest.mark.parametrize("lag", [3.0, 60.0, 300.0], ids=lambda lag: f"case 12: both lag {lag:g} s")
@pytest.mark.parametrize("before", ["dies_done", "is done"])
def test_check_mode_says_of_what_the_machine_remembers_what_it_says_of_a_journal(tmp_path: pathlib.Path, before: str, lag: float) -> None:
    said = []
    for number, name in enumerate(["the machine", "the journal"]):
        folder = tmp_path / name
        folder.mkdir(0o700)
        wire, given = Lagging(record=lag, log=lag, size=20), {"lock_directory": str(folder), "confirm_timeout": 0.0}
        given = {**given, "journal_path": str(folder / "journal")} if number else given
        if before == "dies_done":
            wire.kill(**given)
        else:
            wire.task(**given)
        if number:
            (folder / "empty").mkdir()
            given["lock_directory"] = str(folder / "empty")
        files = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}
        checked = wire.task(check=True, **given)
        assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()} == files
        said.append([(entry["status"], entry["reason"], entry["changed"], entry["message"]) for entry in checked.values["results"]])
    assert said[0] == said[1] and {entry[0] for entry in said[0]} == {"unknown" if before == "dies_done" else "pending"}


def test_a_reset_that_was_never_sent_is_sent_when_the_log_proves_it() -> None:
    wire = Lagging(record=3.0, log=3.0, size=2)
    wire.kill("dies")
    assert wire.resets == {}
    (unknown,) = {entry["status"] for entry in wire.task().values["results"]}
    assert unknown == "unknown" and wire.resets == {}, "nothing tells whether it was sent"
    wire.clock.sleep(400.0)
    wire.catch_up()
    wire.ask(Request("POST", f"https://graph.test/v1.0/deviceManagement/managedDevices/{wire.ids[1]}/resetPasscode"))
    wire.clock.sleep(5.0)
    outcome = wire.task()
    assert wire.counts == {1} and [entry["changed"] for entry in outcome.values["results"]] == [True, False]


def test_a_reset_that_was_never_sent_is_sent_when_the_window_is_over() -> None:
    wire = Lagging(record=3.0, log=3.0, size=2)
    wire.kill("dies", max_age=60)
    wire.clock.sleep(70.0)
    assert wire.task(max_age=60).changed and wire.resets == dict.fromkeys(wire.ids, 1)


@pytest.mark.parametrize("fault", ["throttled", "not_sent", "503_later"])
def test_a_reset_that_the_service_did_not_run_is_not_remembered(fault: str) -> None:
    wire = Lagging(record=300.0, log=300.0, size=3)
    left = [fault]
    wire.plan = lambda request: left.pop() if left and is_reset(request) else None
    outcome = wire.task()
    assert summary(outcome)["changed"] == 3 and wire.counts == {1}


def test_a_reset_that_was_refused_is_sent_by_the_next_task() -> None:
    wire = Lagging(record=300.0, log=300.0, size=3)
    wire.plan = lambda request: "expired" if is_reset(request) else None
    assert wire.task().failure is not None and wire.resets == {}
    wire.plan = lambda request: None
    assert wire.task().changed and wire.resets == dict.fromkeys(wire.ids, 1)


def test_what_the_machine_remembers_and_a_journal_are_of_the_same_reset(tmp_path: pathlib.Path) -> None:
    """With a journal, the task settles the device once, and not again for the machine's record."""
    wire, given = Lagging(record=3.0, log=3.0, size=2), {"journal_path": str(tmp_path / "journal")}
    wire.kill("dies", **given)
    wire.clock.sleep(400.0)
    wire.catch_up()
    wire.ask(Request("POST", f"https://graph.test/v1.0/deviceManagement/managedDevices/{wire.ids[1]}/resetPasscode"))
    wire.clock.sleep(5.0)
    began = wire.clock.monotonic()
    outcome = wire.task(**given)
    assert wire.counts == {1} and [entry["changed"] for entry in outcome.values["results"]] == [True, False]
    assert wire.clock.monotonic() - began < 10.0
    assert [json.loads(line)["event"] for line in (tmp_path / "journal").read_text().splitlines()].count("settled") == 2


@pytest.mark.parametrize("lag", LAGS, ids=lambda lag: f"case 11: both lag {lag:g} s")
@pytest.mark.parametrize("way", ["killed", "in a row"])
def test_with_a_journal_each_device_is_reset_once_whatever_the_lag(tmp_path: pathlib.Path, lag: float, way: str) -> None:
    wire, given = Lagging(record=lag, log=lag), {"journal_path": str(tmp_path / "journal")}
    if way == "killed":
        wire.kill(**given)
    else:
        wire.task(**given)
    for _turn in range(2):
        outcome = wire.task(**given)
        assert wire.counts == {1} and set(wire.resets) <= set(wire.ids)
    wire.clock.sleep(lag)
    outcome = wire.task(**given)
    assert wire.counts == {1} and summary(outcome)["unconfirmed"] == 0


@pytest.mark.parametrize("lag", [0.0, 300.0], ids=lambda lag: f"case 11: both lag {lag:g} s")
def test_confirm_timeout_zero_returns_at_once_and_warns(lag: float, another: dict[str, str]) -> None:
    wire = Lagging(record=lag, log=lag)
    outcome = wire.task(confirm_timeout=0.0)
    assert wire.clock.slept == [] and summary(outcome)["unconfirmed"] == SIZE and not outcome.failure
    (text,) = outcome.warnings
    assert "0 seconds (confirm_timeout)" in text and RESET_AGAIN in text
    assert wire.task(confirm_timeout=0.0, **another).changed is (lag > 0)


def test_case_11_a_record_that_shows_its_reset_at_once_costs_no_wait() -> None:
    wire = Lagging(log=3600.0)
    outcome = wire.task()
    assert wire.clock.slept == [] and summary(outcome)["unconfirmed"] == 0 and outcome.warnings == []


def test_case_11_one_device_that_is_not_shown_does_not_keep_the_others_from_their_outcome() -> None:
    wire = Lagging()
    wire.tenant.settings.patch({"audit_delay": 3600.0})
    wire.tenant.devices.get(wire.ids[3]).simulation.patch({"visible": 3600.0, "active": 3601.0, "terminal": 3602.0})
    outcome = wire.task(wait=True, wait_timeout=10.0)
    assert summary(outcome) == {**summary(outcome), "done": SIZE - 1, "pending": 1, "unconfirmed": 1}
    assert "FLEET-000004" in outcome.warnings[0] and "FLEET-000003" not in outcome.warnings[0]


def test_case_11_a_task_that_is_stopped_waits_for_what_it_has_sent() -> None:
    wire = Lagging(record=20.0, log=20.0)
    resets = [0]

    def plan(request: Request) -> str | None:
        resets[0] += is_reset(request)
        return "expired" if is_reset(request) and resets[0] > 1 else None

    wire.plan = plan
    outcome = wire.task()
    assert outcome.failure is not None and summary(outcome)["changed"] == len(wire.resets) == 20
    assert summary(outcome)["unconfirmed"] == 0 and wire.clock.monotonic() >= 20


@pytest.mark.parametrize("settings", [{"audit_access": "refuse"}, {"beta": "refuse"}], ids=["case 11: 403", "case 11: use_beta is false"])
def test_without_the_audit_log_the_record_alone_counts_and_that_is_said_once(settings: dict[str, str]) -> None:
    wire = Lagging(record=3.0, **settings)
    given = {"use_beta": "beta" not in settings}
    first, second = wire.task(**given), wire.task(**given)
    assert wire.counts == {1} and not second.changed
    for outcome in (first, second):
        (text,) = outcome.warnings
        assert "remote action audit log" in text and "known from the devices' action results alone" in text
        assert "can reset a device again" in text


def test_case_11_the_audit_log_is_read_in_the_same_batch_as_the_first_device() -> None:
    wire = Lagging(size=3)
    wire.task()
    (batch,) = [request for request in wire.sent if request.url.endswith("/beta/$batch")][:1]
    urls = [item["url"].partition("?")[0].rsplit("/", 2)[-2:] for item in json.loads(batch.body or b"")["requests"]]
    assert [name for _folder, name in urls] == [*wire.ids, "remoteActionAudits"]
    assert not [request for request in wire.sent[: wire.sent.index(batch)] if is_reset(request)]


def test_case_11_max_age_zero_looks_at_nothing_before() -> None:
    wire = Lagging(size=1)
    assert wire.task(max_age=0).changed and wire.task(max_age=0).changed and wire.counts == {2}


# --- two at once ----------------------------------------------------------------------------------------------------


def interleaved(wire: Lagging, other_machine: pathlib.Path, **given: t.Any) -> tuple[Outcome, Outcome]:
    """Run a task, and one on another machine when the first one has read everything and is about to send."""
    second: list[Outcome] = []

    def plan(request: Request) -> None:
        if is_reset(request) and not second:
            wire.plan = lambda _request: None
            second.append(wire.task(**given, lock_directory=str(other_machine)))

    wire.plan = plan
    return wire.task(**given), second[0]


def test_case_12_two_tasks_at_the_same_moment_are_told_of_with_the_names_of_the_devices(tmp_path: pathlib.Path) -> None:
    wire = Lagging(size=12)
    first, second = interleaved(wire, tmp_path)
    assert wire.counts == {2}, "on two machines, nothing can keep them apart"
    (text,) = first.warnings
    assert text.startswith("This task reset 12 devices that another run or person reset too")
    assert "FLEET-000001, " in text and "and 2 more" in text
    assert second.warnings == [], "it ended before the first one sent anything"


def test_case_12_the_record_alone_tells_of_another_reset_that_comes_later() -> None:
    wire = Lagging(size=1, beta="refuse")
    wire.tenant.devices.get(wire.ids[0]).simulation.patch({"outcome": "offline"})

    def plan(_request: Request) -> None:
        if wire.clock.monotonic() > 5:
            wire.plan = lambda request: None
            wire.ask(Request("POST", f"https://graph.test/v1.0/deviceManagement/managedDevices/{wire.ids[0]}/resetPasscode"))

    wire.plan = plan
    outcome = wire.task(use_beta=False, wait=True, wait_timeout=30.0)
    assert wire.counts == {2} and any("This task reset 1 devices that another run or person reset too" in text for text in outcome.warnings)


# --- clocks ---------------------------------------------------------------------------------------------------------


def dated(response: Response, ahead: float) -> Response:
    when = email.utils.parsedate_to_datetime(response.headers["date"]) + datetime.timedelta(seconds=ahead)
    return dataclasses.replace(response, headers={**response.headers, "date": email.utils.format_datetime(when, usegmt=True)})


def drift(wire: Lagging, ahead: float) -> None:
    """Set the service's clock ahead of this machine's."""
    if ahead > 0:
        wire.tenant.clock.advance(ahead)
    else:
        wire.clock.seconds -= ahead


@pytest.mark.parametrize("ahead", [590.0, 60.0], ids=lambda ahead: f"case 15: Date is {ahead:g} s ahead")
def test_a_date_that_is_a_little_ahead_of_the_records_resets_once(ahead: float) -> None:
    wire = Lagging()
    wire.rewrite(lambda response: dated(response, ahead))
    assert [wire.task().changed for _turn in range(3)] == [True, False, False] and wire.counts == {1}


@pytest.mark.parametrize("lag", [0.0, 3.0])
@pytest.mark.parametrize("journaled", [False, True], ids=["no journal", "journal"])
@pytest.mark.parametrize("ahead", [DAY, -DAY, 601.0, -601.0], ids=lambda ahead: f"case 15: Date is {ahead:g} s ahead")
def test_three_tasks_reset_once_while_the_date_is_wrong(tmp_path: pathlib.Path, ahead: float, lag: float, journaled: bool) -> None:
    wire = Lagging(record=lag)
    wire.rewrite(lambda response: dated(response, ahead))
    given = {"journal_path": str(tmp_path / "journal")} if journaled else {}
    for turn in range(3):
        outcome = wire.task(**given)
        assert outcome.changed is (turn == 0) and wire.counts == {1} and len(wire.resets) == SIZE
        (text,) = outcome.warnings
        assert text.startswith("The service's clock, by the Date of its responses, and this machine's clock differ by")


@pytest.mark.parametrize("ahead", [DAY, -DAY, 3600.0, -3600.0], ids=lambda ahead: f"case 15: this machine is {-ahead:g} s ahead")
def test_three_tasks_reset_once_while_this_machine_has_a_wrong_time(ahead: float) -> None:
    wire = Lagging(record=3.0, token_lifetime=10**8)
    drift(wire, ahead)
    for turn in range(3):
        outcome = wire.task()
        assert outcome.changed is (turn == 0) and wire.counts == {1}
        assert any("Set this machine's clock" in text for text in outcome.warnings)


@pytest.mark.parametrize("ahead", [600.0, -600.0, 59.0])
def test_case_15_clocks_that_drift_are_not_told_of(ahead: float) -> None:
    wire = Lagging(token_lifetime=10**8)
    drift(wire, ahead)
    assert wire.task().warnings == wire.task().warnings == [] and wire.counts == {1}


def test_case_15_while_the_time_is_doubtful_no_absence_proves_anything() -> None:
    wire = FleetWire(900, latency=0.05, token_lifetime=10**8)
    wire.tenant.clock.advance(DAY)
    left = ["lost"]
    wire.plan = lambda request: left.pop() if left and is_reset(request) else None
    _engine, items = wire.run(wait=False)
    assert sum(item.status == "unknown" for item in items) == 20 and set(wire.resets.values()) == {1}


# --- impossible times -----------------------------------------------------------------------------------------------

ODD = ["9999-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00Z", "0000-00-00T00:00:00Z", "10000-01-01T00:00:00Z", "", "\\ud800", "1e999"]


@pytest.mark.parametrize("text", ODD, ids=lambda text: f"case 14: {text!r}")
@pytest.mark.parametrize("name", ["lastUpdatedDateTime", "startDateTime", "requestDateTime"])
def test_a_time_that_cannot_be_loses_no_result(name: str, text: str) -> None:
    wire = Lagging(size=3)
    change = re.compile(rf'"{name}": "[^"]*"'.encode())
    wire.rewrite(
        lambda response: dataclasses.replace(response, body=change.sub(lambda _match: f'"{name}": "{text}"'.encode(), response.body))
    )
    outcome = wire.task(wait=True, wait_timeout=60.0, return_passcode=True)
    entries = outcome.values["results"]
    assert len(entries) == 3 and wire.counts == {1} and outcome.failure is None
    if name == "startDateTime":
        assert {entry["started"] for entry in entries} == {None} and {entry["status"] for entry in entries} == {"pending"}
        return
    made = {action.device_id: action.passcode for action in wire.tenant.actions.resets}
    assert {entry["id"]: entry["passcode"] for entry in entries} == made and all(made.values())
    if name == "lastUpdatedDateTime":
        assert {(entry["last_updated"], entry["passcode_expires"]) for entry in entries} == {(None, None)}


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 05 Jan 2026 10:00:00 +" + "9" * 30, "Mon, 99 Foo", ""])
def test_case_14_a_date_that_cannot_be_is_none(date: str) -> None:
    wire = Lagging(size=3)
    wire.rewrite(lambda response: dataclasses.replace(response, headers={**response.headers, "date": date}))
    first, second = wire.task(), wire.task()
    assert wire.counts == {1} and first.changed and not second.changed and first.warnings == []


# --- the request's own ID -------------------------------------------------------------------------------------------


def test_the_client_request_id_is_derived_from_run_device_and_attempt(tmp_path: pathlib.Path) -> None:
    """An administrator can find the request of an intent in the Graph activity logs."""
    wire, journal = Lagging(size=3), tmp_path / "journal"
    left = ["throttled"]
    wire.plan = lambda request: left.pop() if left and is_reset(request) else None
    wire.task(journal_path=str(journal))
    lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    (run,) = [line["run"] for line in lines if line["event"] == "begin"]
    written = [(line["device"], line["request"]) for line in lines if line["event"] == "intent"]
    attempts = [(device, derive_request_id(uuid.UUID(run), device, attempt)) for attempt in (1, 2) for device in wire.ids]
    assert sorted(written) == sorted(attempts) and len(set(written)) == 6
    sent = [item for request in wire.sent if is_reset(request) for item in json.loads(request.body or b"")["requests"]]
    assert [(item["url"].split("/")[-2], item["headers"]["client-request-id"]) for item in sent] == written


def test_the_client_request_id_of_a_reset_alone_is_its_header(tmp_path: pathlib.Path) -> None:
    wire, journal = Lagging(size=1), tmp_path / "journal"
    wire.task(journal_path=str(journal))
    (request,) = [request for request in wire.sent if is_reset(request)]
    assert request.headers["client-request-id"] in journal.read_text(encoding="utf-8")
    assert derive_request_id(uuid.UUID(int=7), "A", 1) == derive_request_id(uuid.UUID(int=7), "a", 1)
