# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test whole runs over a fleet of the emulated tenant: refusals, journal lines, reports, and the remains of a killed run."""

from __future__ import annotations

import base64
import bisect
import collections
import datetime
import json
import pathlib
import types
import typing as t

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from intune_emulator.control import planted_directory
from intune_emulator.state.guids import stable_id

from ansible_collections.endpointops.intune.plugins.module_utils import _cms
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._event_limit import measure
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import journal_format
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from ansible_collections.endpointops.intune.plugins.module_utils._time import render_timestamp
from ansible_collections.endpointops.intune.plugins.modules import intune_device_passcode
from tests.support.emulated import Died
from tests.support.fakes import START, TENANT_ID, FakeCredential, options
from tests.support.fleets import FleetWire

OTHER_TENANT = "99999999-aaaa-4bbb-8ccc-222222222222"


def client_of(wire: FleetWire, tenant_id: str | None = TENANT_ID) -> GraphClient:
    return wire.world(retry_timeout=120.0, credential=FakeCredential({"tid": tenant_id} if tenant_id else {})).client


def params_of(wire: FleetWire, **given: t.Any) -> dict[str, t.Any]:
    defaults = {name: option.get("default") for name, option in intune_device_passcode.SPEC.argument_spec.items()}
    return {**options(), **defaults, "devices": wire.ids, "max_devices": 1000, "wait_timeout": 60.0, **given}


def run(wire: FleetWire, check: bool = False, tenant_id: str | None = TENANT_ID, **given: t.Any) -> Outcome:
    """Run one task in a separate process; its messages are in the clock of the wire."""
    wire.clock.told.clear()
    return intune_device_passcode.run(params_of(wire, **given), client_of(wire, tenant_id), check)


def statuses(outcome: Outcome) -> dict[str, int]:
    return dict(collections.Counter(entry["status"] for entry in outcome.values["results"]))


def writes(wire: FleetWire) -> list[str]:
    """Return the write requests of the tenant, in batches or alone."""
    return [entry["path"] for entry in wire.tenant.journal.since(0) if entry["write"]]


def refused(wire: FleetWire, kind: type[errors.IntuneError], check: bool = False, **given: t.Any) -> str:
    """Return the message of a task that was refused before any write."""
    with pytest.raises(kind) as caught:
        run(wire, check, **given)
    assert writes(wire) == []
    return str(caught.value)


def is_reset(request: Request) -> bool:
    if request.url.endswith("/$batch"):
        return any(item["url"].endswith("/resetPasscode") for item in json.loads(request.body or b"")["requests"])
    return request.url.endswith("/resetPasscode")


def from_reset(number: int, fault: str) -> t.Callable[[Request], str | None]:
    """Return the fault of the reset, or batch of resets, number ``number`` (from 1), and of all after it."""
    left = [number]

    def plan(request: Request) -> str | None:
        left[0] -= is_reset(request)
        return fault if is_reset(request) and left[0] <= 0 else None

    return plan


def killed(wire: FleetWire, journal: pathlib.Path, number: int, kind: str, **given: t.Any) -> set[str]:
    """Run a task that dies at its reset, or batch of resets, number ``number``. Return the devices in the journal without a reset."""
    wire.plan = from_reset(number, kind)
    with pytest.raises(Died):
        run(wire, journal_path=str(journal), **given)
    wire.plan = lambda request: None
    lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    return {line["device"] for line in lines if line["event"] == "intent"} - set(wire.resets)


def events(journal: pathlib.Path) -> dict[str, int]:
    return dict(collections.Counter(json.loads(line)["event"] for line in journal.read_text(encoding="utf-8").splitlines()))


def left(journal: pathlib.Path) -> list[set[str]]:
    """Return the devices that a later task has to settle, of each unfinished run."""
    with journal.open("rb") as file:
        return [set(run.remaining) for run in journal_format.parse_lines(file, str(journal)).runs.values()]


@pytest.fixture
def journal(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "resets.jsonl"


# --- refusals before any write --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"max_age": -1}, "max_age must be a number of seconds", id="max_age"),
        pytest.param({"max_age": 10**12}, "max_age must be a number of seconds", id="max_age beyond any calendar"),
        pytest.param({"max_age": 10**400}, "max_age must be a number of seconds", id="max_age that is no number of a machine"),
        pytest.param({"confirm_timeout": -1.0}, "confirm_timeout must be a number of seconds from 0", id="confirm_timeout"),
        pytest.param({"confirm_timeout": float("nan")}, "confirm_timeout must be a number of seconds", id="confirm_timeout that is none"),
        pytest.param({"confirm_timeout": float("inf")}, "confirm_timeout must be a number of seconds", id="confirm_timeout without end"),
        pytest.param({"write_quota": 0}, "write_quota must be at least 1", id="no writes"),
        pytest.param({"write_quota": -5}, "write_quota must be at least 1", id="less than no writes"),
        pytest.param({"write_quota": 201, "request_quota": 200}, "no more than request_quota", id="more writes than requests"),
        pytest.param({"lock_directory": "/nowhere"}, "lock_directory '/nowhere' cannot be used: No such file", id="no folder for locks"),
        pytest.param({"reset_since": "yesterday"}, "reset_since must be a timestamp, not 'yesterday'", id="no timestamp"),
        pytest.param({"reset_since": "2026-13-01"}, "must be a timestamp", id="no such month"),
        pytest.param({"seal_to": []}, "seal_to is empty", id="nobody to seal to"),
        pytest.param({"seal_to": ["/nowhere/cert.pem"]}, "seal_to cannot be used", id="no certificate"),
        pytest.param({"devices": []}, "devices and device_groups are empty", id="no device"),
        pytest.param({"devices": None, "device_groups": []}, "devices and device_groups are empty", id="no group"),
        pytest.param({"devices": [f"PC-{number}" for number in range(50_001)]}, "50000 is the most", id="too many names"),
        pytest.param({"devices": ["PC\n1"]}, "control characters", id="newline"),
    ],
)
@pytest.mark.parametrize("check", [False, True], ids=["run", "check"])
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(given: dict[str, t.Any], told: str, check: bool) -> None:
    wire = FleetWire(2)
    assert told in refused(wire, errors.IntuneError, check, **given)
    assert wire.sent == []


@pytest.mark.parametrize("ahead", [2.0, 3600.0, 86400.0 * 365])
@pytest.mark.parametrize("check", [False, True], ids=["run", "check"])
def test_a_moment_in_the_future_is_refused_before_any_write(journal: pathlib.Path, ahead: float, check: bool) -> None:
    """By the service's clock: that of this host is five minutes behind it here."""
    wire = FleetWire(2)
    wire.tenant.clock.advance(300.0)
    moment = render_timestamp(wire.tenant.clock.timestamp() + ahead)
    assert "must not lie in the future" in refused(wire, errors.InvalidOptionError, check, reset_since=moment, journal_path=str(journal))
    assert not journal.exists()


def test_a_moment_in_the_past_is_that_of_the_service() -> None:
    wire = FleetWire(2)
    wire.tenant.clock.advance(300.0)
    began = render_timestamp(wire.tenant.clock.timestamp())
    assert wire.tenant.clock.timestamp() == START + 300
    run(wire, devices=wire.ids[:1])
    wire.clock.sleep(3600)
    outcome = run(wire, reset_since=began)
    assert [entry["changed"] for entry in outcome.values["results"]] == [False, True] and set(wire.resets.values()) == {1}


def test_more_devices_than_max_devices_are_refused() -> None:
    wire = FleetWire(3)
    assert "3 devices are named, and max_devices allows 2." in refused(wire, errors.SelectionError, max_devices=2)
    assert statuses(run(wire, max_devices=3)) == {"done": 3}


@pytest.mark.parametrize("check", [True, False])
def test_more_devices_than_a_journal_can_have_are_refused_before_the_first_reset(
    check: bool, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intune_device_passcode, "MOST_DEVICES", 2)
    wire, path = FleetWire(3), str(tmp_path / "journal")
    told = refused(wire, errors.SelectionError, check=check, journal_path=path)
    assert "3 devices are named, and a task with journal_path can have at most 2." in told
    assert statuses(run(wire, devices=wire.ids[1:], journal_path=path)) == {"done": 2}


def test_max_devices_counts_devices_not_names() -> None:
    wire = FleetWire(2)
    outcome = run(wire, devices=[*wire.ids, *wire.ids, "FLEET-000001"], device_groups=["Fleet pilot"], max_devices=2)
    assert statuses(outcome) == {"done": 2} and set(wire.resets.values()) == {1}
    assert outcome.values["results"][0]["device"] == wire.ids[0]


def test_a_group_can_be_too_many() -> None:
    wire = FleetWire(51)
    told = refused(wire, errors.SelectionError, devices=None, device_groups=["All fleet devices"], max_devices=50)
    assert "51 devices are named" in told


def test_unknown_names_are_refused_all_at_once() -> None:
    wire = FleetWire(2)
    told = refused(wire, errors.SelectionError, devices=["FLEET-000001", "NO-1", "NO-2"])
    assert "'NO-1'" in told and "'NO-2'" in told and "FLEET" not in told


# --- results and messages -------------------------------------------------------------------------------------------


def test_a_fleet_with_some_failures() -> None:
    wire = FleetWire(14)
    wire.tenant.devices.get(wire.ids[1]).change({"managedDeviceOwnerType": "personal"})
    for device in wire.ids[2:13]:
        wire.tenant.devices.get(device).simulation.patch({"outcome": "failed"})
    outcome = run(wire)
    assert statuses(outcome) == {"done": 2, "refused": 1, "failed": 11}
    assert outcome.values["failed_devices"] == wire.ids[1:13]
    expected = {"total": 14, "changed": 13, "done": 2, "refused": 1, "failed": 11}
    assert outcome.values["summary"] == {**dict.fromkeys(outcome.values["summary"], 0), **expected}
    assert [entry["id"] for entry in outcome.values["results"]] == wire.ids and outcome.changed is True
    told = str(outcome.failure)
    assert isinstance(outcome.failure, errors.PartialError) and "The task failed for 12 of 14 devices; of the others, 2 are done. " in told
    assert f"11 failed (device_failed): {', '.join(wire.ids[2:5])}, and 8 more. The device reported that the reset failed" in told
    assert f"1 refused (personally_owned): {wire.ids[1]}. " in told
    assert wire.ids[12] not in told


def test_a_task_without_failures_has_none() -> None:
    outcome = run(FleetWire(2))
    assert (outcome.failure, outcome.values["failed_devices"], outcome.warnings) == (None, [], [])


def test_what_stops_all_comes_beside_the_results() -> None:
    wire = FleetWire(60)
    wire.plan = from_reset(2, "expired")
    outcome = run(wire, wait=False)
    assert statuses(outcome) == {"pending": 20, "not_attempted": 40}
    assert isinstance(outcome.failure, errors.UnauthorizedError) and len(outcome.values["failed_devices"]) == 40
    assert outcome.changed is True


@pytest.mark.parametrize(("size", "tables"), [(1, 0), (2, 1), (45, 1)])
@pytest.mark.parametrize("check", [False, True], ids=["run", "check"])
def test_a_table_is_told_once_at_the_end_and_not_for_one_device(size: int, tables: int, check: bool) -> None:
    wire = FleetWire(size)
    run(wire, check)
    found = [text for text in wire.clock.told if "\n" in text]
    assert len(found) == tables and wire.clock.told[-1:] == found
    assert all(f"reset by this task  {0 if check else size:>6}" in text for text in found)


def test_one_device_is_quiet_however_long_it_takes() -> None:
    wire = FleetWire(1)
    wire.tenant.devices.get(wire.ids[0]).simulation.patch({"outcome": "offline"})
    assert statuses(run(wire)) == {"pending": 1} and wire.clock.told == []


def test_warnings_of_the_selection_come_through() -> None:
    wire = FleetWire(3)
    (group,) = wire.tenant.groups.find(lambda group: group["displayName"] == "Fleet pilot")
    wire.tenant.members.set(group["id"], [("device", wire.ids[0]), ("user", stable_id("user", "nobody"))])
    planted_directory.add_user(wire.tenant, "nobody")
    outcome = run(wire, devices=None, device_groups=["Fleet pilot"])
    assert outcome.warnings == ["1 of 2 members of the group 'Fleet pilot' have no device in Intune."]
    assert [entry["device"] for entry in outcome.values["results"]] == ["group Fleet pilot"]


# --- check mode -----------------------------------------------------------------------------------------------------


def test_check_mode_writes_nothing_and_makes_no_journal(journal: pathlib.Path) -> None:
    wire = FleetWire(5)
    outcome = run(wire, True, journal_path=str(journal))
    assert statuses(outcome) == {"planned": 5} and outcome.changed is True
    assert not wire.resets and not journal.exists()


def test_check_mode_reads_the_journal_and_leaves_it_as_it_is(journal: pathlib.Path) -> None:
    wire = FleetWire(200)
    lost = killed(wire, journal, 3, "dies")
    reset, unwritten = len(wire.resets), 200 - len(wire.resets) - len(lost)
    assert reset == 40 and lost and unwritten
    wire.clock.sleep(3600)  # beyond max_age
    before, taken = journal.read_bytes(), writes(wire)
    outcome = run(wire, True, journal_path=str(journal))
    assert statuses(outcome) == {"done": reset, "unknown": len(lost), "planned": unwritten}
    assert journal.read_bytes() == before and writes(wire) == taken
    assert any("did not come to its end" in text for text in outcome.warnings)


# --- the journal ----------------------------------------------------------------------------------------------------


def test_a_whole_run_is_in_the_journal_and_no_passcode_is(journal: pathlib.Path) -> None:
    wire = FleetWire(5)
    run(wire, journal_path=str(journal), return_passcode=True)
    assert events(journal) == {"journal": 1, "begin": 1, "intent": 5, "accepted": 5, "outcome": 5, "end": 1}
    text = journal.read_text(encoding="utf-8")
    passcodes = [action.passcode for action in wire.tenant.actions.resets]
    assert all(passcodes) and not any(passcode in text for passcode in passcodes)


@pytest.mark.parametrize("kind", ["dies", "dies_done"])
@pytest.mark.parametrize("number", [1, 2, 10])
def test_a_run_that_was_killed_is_continued(journal: pathlib.Path, number: int, kind: str) -> None:
    """No device is reset twice, and none is forgotten.

    A device that was written down but not reset is reset once a later reset of another device proves that its own was not run. If all
    others were reset before, it stays unknown.
    """
    wire = FleetWire(190)
    lost = killed(wire, journal, number, kind)
    taken = len(wire.resets)
    assert taken == min(20 * (number - (kind == "dies")), 190) and bool(lost) is (kind == "dies")
    wire.clock.sleep(3600)  # beyond max_age: only the journal has them
    outcome = run(wire, journal_path=str(journal))
    if taken < 170:
        lost = set()
    assert {entry["id"] for entry in outcome.values["results"] if entry["status"] == "unknown"} == lost
    assert statuses(outcome) == {"done": 190 - len(lost), **({"unknown": len(lost)} if lost else {})}
    assert set(wire.resets) == set(wire.ids) - lost and set(wire.resets.values()) == {1}
    assert outcome.values["summary"]["changed"] == 190 - len(lost) - taken
    assert any("The journal holds a run of 190 devices that did not come to its end." in text for text in outcome.warnings)
    assert left(journal) == ([lost] if lost else []), "what is unknown stays with the run that began it"


@pytest.mark.parametrize("number", [1, 4])
def test_in_a_large_fleet_each_device_is_reset_though_a_run_was_killed(journal: pathlib.Path, number: int) -> None:
    wire = FleetWire(900, latency=0.05)
    lost = killed(wire, journal, number, "dies", wait=False)
    assert lost and len(wire.resets) == 20 * (number - 1)
    outcome = run(wire, journal_path=str(journal), wait=False)
    assert set(wire.resets.values()) == {1} and len(wire.resets) == 900
    assert set(statuses(outcome)) <= {"pending", "done"} and outcome.failure is None
    assert left(journal) == [] and events(journal)["settled"] == len(lost)


def test_a_run_that_came_to_its_end_is_not_continued(journal: pathlib.Path) -> None:
    wire = FleetWire(3)
    run(wire, journal_path=str(journal))
    wire.clock.sleep(3600)
    outcome = run(wire, journal_path=str(journal))
    assert outcome.warnings == [] and set(wire.resets.values()) == {2}


def test_a_second_run_within_max_age_resets_nothing(journal: pathlib.Path) -> None:
    wire = FleetWire(3)
    for device in wire.tenant.devices:
        device.simulation.patch({"visible": 30.0, "active": 31.0, "terminal": 32.0})
    run(wire, journal_path=str(journal), wait=False)
    outcome = run(wire, journal_path=str(journal))
    assert statuses(outcome) == {"done": 3} and set(wire.resets.values()) == {1} and not outcome.changed


def test_max_age_zero_always_issues_a_reset_with_a_journal_too(journal: pathlib.Path) -> None:
    wire = FleetWire(3)
    for _turn in range(2):
        outcome = run(wire, journal_path=str(journal), max_age=0)
        assert statuses(outcome) == {"done": 3} and outcome.values["summary"]["changed"] == 3
    assert set(wire.resets.values()) == {2}


def test_a_run_of_some_devices_does_not_end_that_of_all(journal: pathlib.Path) -> None:
    wire = FleetWire(45)
    assert not killed(wire, journal, 3, "dies_done")
    run(wire, journal_path=str(journal), devices=wire.ids[:5])
    assert left(journal) == [set(wire.ids[5:])]
    wire.clock.sleep(3600)
    outcome = run(wire, journal_path=str(journal))
    assert statuses(outcome) == {"done": 45} and "a run of 45 devices that did not come to its end" in outcome.warnings[0]
    assert set(wire.resets.values()) == {1} and left(journal) == []


@pytest.mark.parametrize("check", [False, True], ids=["run", "check"])
@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"reset_since": "2026-01-05T10:59:00Z"}, 'reset_since was null and is "2026-01-05T10:59:00Z"', id="reset_since"),
        pytest.param({"max_age": 0}, "max_age was 900 and is 0", id="max_age"),
        pytest.param({"match_by": "id"}, 'match_by was "auto" and is "id"', id="match_by"),
        pytest.param({"platforms": ["windows", "android"]}, 'platforms was ["windows"] and is ["android", "windows"]', id="platforms"),
        pytest.param({"ownerships": ["personal"]}, 'ownerships was ["company"] and is ["personal"]', id="ownerships"),
    ],
)
def test_a_run_that_is_continued_with_other_options_is_refused(
    journal: pathlib.Path, given: dict[str, t.Any], told: str, check: bool
) -> None:
    wire = FleetWire(60)
    killed(wire, journal, 3, "dies_done", devices=wire.ids[:45])
    wire.clock.sleep(3600)
    wire.catch_up()
    before, taken = journal.read_bytes(), writes(wire)
    with pytest.raises(errors.InvalidOptionError) as caught:
        run(wire, check, journal_path=str(journal), **{"devices": wire.ids[:45], **given})
    assert told in str(caught.value) and "begun at 2026-01-05T10:00:00Z" in str(caught.value)
    assert "name another file in journal_path" in str(caught.value)
    assert journal.read_bytes() == before and writes(wire) == taken
    assert statuses(run(wire, devices=wire.ids[:45], journal_path=str(journal))) == {"done": 45}
    assert set(wire.resets.values()) == {1} and left(journal) == []


def test_devices_that_are_not_in_the_unfinished_run_are_a_run_of_their_own(journal: pathlib.Path) -> None:
    """One journal for all tickets of a help desk: the unknown state of one device does not stop the others."""
    wire = FleetWire(2)
    killed(wire, journal, 1, "dies", devices=wire.ids[:1], match_by="id")
    wire.clock.sleep(60)
    other = run(wire, devices=wire.ids[1:], journal_path=str(journal), max_age=60)
    assert (statuses(other), other.warnings) == ({"done": 1}, []) and events(journal)["end"] == 1
    wire.clock.sleep(3600)
    first = run(wire, devices=wire.ids[:1], journal_path=str(journal), match_by="id")
    assert "did not come to its end" in first.warnings[0]


def test_a_group_that_has_another_member_by_now_is_continued(journal: pathlib.Path) -> None:
    wire = FleetWire(45)
    (group,) = wire.tenant.groups.find(lambda group: group["displayName"] == "Fleet pilot")
    wire.tenant.members.set(group["id"], [("device", device) for device in wire.ids[:40]])
    options = {"devices": None, "device_groups": ["Fleet pilot"], "journal_path": str(journal)}
    killed(wire, journal, 2, "dies_done", **{name: value for name, value in options.items() if name != "journal_path"})
    wire.tenant.members.set(group["id"], [("device", device) for device in wire.ids[1:]])
    outcome = run(wire, **options)
    assert statuses(outcome) == {"done": 44} and set(wire.resets.values()) == {1} and events(journal)["end"] == 1


def test_case_17_what_was_dropped_before_it_ran_is_reset_once_the_audit_log_proves_it(journal: pathlib.Path) -> None:
    wire = FleetWire(2)
    options = {"devices": wire.ids[:1], "journal_path": str(journal)}
    wire.plan = from_reset(1, "lost")
    for _turn in range(3):
        outcome = run(wire, **options)
        (entry,) = outcome.values["results"]
        assert (entry["status"], entry["reason"], not wire.resets) == ("unknown", "answer_lost", True)
        assert "max_age 0 and without the journal" in entry["message"] and "Graph activity logs" in entry["message"]
        wire.plan = lambda request: None
        wire.clock.sleep(3600)
    run(wire, devices=wire.ids[1:])
    outcome = run(wire, **options)
    assert statuses(outcome) == {"done": 1} and outcome.failure is None and wire.resets == dict.fromkeys(wire.ids, 1)
    assert left(journal) == []


def test_case_17_what_was_run_is_not_run_again_whatever_was_reset_later(journal: pathlib.Path) -> None:
    """Its record shows nothing, and the audit log lags: until it shows later resets, and with them this one."""
    wire = FleetWire(3, audit_delay=600.0)
    wire.tenant.devices.get(wire.ids[0]).simulation.patch({"visible": 7200.0, "active": 7201.0, "terminal": 7202.0})
    killed(wire, journal, 1, "dies_done", devices=wire.ids[:1])
    for device in wire.ids[1:]:
        wire.clock.sleep(120)
        run(wire, devices=[device])
        run(wire, devices=wire.ids[:1], journal_path=str(journal))
    wire.clock.sleep(600)
    outcome = run(wire, devices=wire.ids[:1], journal_path=str(journal))
    assert statuses(outcome) == {"pending": 1} and wire.resets[wire.ids[0]] == 1


def test_a_line_that_was_cut_off_is_survived(journal: pathlib.Path) -> None:
    wire = FleetWire(45)
    killed(wire, journal, 3, "dies_done")
    with journal.open("ab") as file:
        file.write(b'{"time": "2026-01-05T10:0')
    assert statuses(run(wire, journal_path=str(journal))) == {"done": 45}
    assert set(wire.resets.values()) == {1}


@pytest.mark.parametrize("check", [False, True], ids=["run", "check"])
def test_the_journal_of_another_tenant_is_refused_and_left_as_it_is(journal: pathlib.Path, check: bool) -> None:
    wire = FleetWire(2)
    run(wire, tenant_id=OTHER_TENANT, journal_path=str(journal), devices=wire.ids[:1])
    before, taken = journal.read_bytes(), writes(wire)
    with pytest.raises(errors.InvalidOptionError, match=f"is of the tenant {OTHER_TENANT}"):
        run(wire, check, journal_path=str(journal))
    assert journal.read_bytes() == before and writes(wire) == taken


def test_what_is_no_journal_is_refused_and_left_as_it_is(journal: pathlib.Path) -> None:
    journal.write_text("devices:\n  - PC-1\n", encoding="utf-8")
    journal.chmod(0o600)
    wire = FleetWire(2)
    assert "cannot be used because of its line 1" in refused(wire, errors.InvalidOptionError, journal_path=str(journal))
    assert journal.read_text(encoding="utf-8") == "devices:\n  - PC-1\n"


def test_a_second_task_on_the_same_journal_is_refused(journal: pathlib.Path) -> None:
    wire, told = FleetWire(2), list[str]()

    def plan(request: Request) -> None:
        if is_reset(request) and not told:
            told.append("")
            other = FleetWire(2)
            told.append(refused(other, errors.InvalidOptionError, journal_path=str(journal)))

    wire.plan = plan
    assert statuses(run(wire, journal_path=str(journal))) == {"done": 2}
    assert "is in use by another run" in told[1]


# --- two tasks at once ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [pytest.param(None, id="case 12: by default"), "locks"])
def test_a_second_task_leaves_devices_alone_that_the_first_one_resets(tmp_path: pathlib.Path, path: str | None) -> None:
    directory = str(tmp_path / path) if path else None
    if directory:
        (tmp_path / "locks").mkdir(0o700)
    wire, others = FleetWire(2), list[Outcome]()

    def plan(request: Request) -> None:
        if is_reset(request) and not others:
            wire.plan = lambda request: None
            others.append(run(wire, lock_directory=directory, wait_timeout=3.0))

    wire.plan = plan
    assert statuses(run(wire, lock_directory=directory)) == {"done": 2}
    assert set(wire.resets.values()) == {1}
    (other,) = others
    assert statuses(other) == {"not_attempted": 2} and not other.changed
    assert other.failure is not None and other.failure.effects == "none" and "2 not attempted (locked): " in str(other.failure)
    assert other.values["failed_devices"] == wire.ids
    after = run(wire, lock_directory=directory)
    assert statuses(after) == {"done": 2} and not after.changed and set(wire.resets.values()) == {1}


def test_a_folder_in_which_no_file_can_be_made_is_refused_before_anything_is_written(tmp_path: pathlib.Path, journal: pathlib.Path) -> None:
    (tmp_path / "devices-0.lock").mkdir()
    told = refused(FleetWire(2), errors.InvalidOptionError, lock_directory=str(tmp_path), journal_path=str(journal))
    assert f"lock_directory '{tmp_path}/devices-0.lock' cannot be used: Is a directory" in told


def test_check_mode_locks_nothing_and_makes_no_file(tmp_path: pathlib.Path) -> None:
    wire = FleetWire(2)
    assert statuses(run(wire, check=True, lock_directory=str(tmp_path))) == {"planned": 2}
    assert list(tmp_path.iterdir()) == []


# --- passcodes ------------------------------------------------------------------------------------------------------


class Recipient(t.NamedTuple):
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def open(self, sealed: str) -> str:
        content = base64.b64decode("".join(sealed.splitlines()[1:-1]))
        return pkcs7.pkcs7_decrypt_der(content, self.certificate, self.key, []).decode()


@pytest.fixture(scope="module")
def recipient() -> Recipient:
    """Return a recipient whose certificate is valid by the clock of the host, which is that of the tests."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "help desk")])
    start = datetime.datetime.fromtimestamp(START - 3600, datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    builder = builder.not_valid_before(start).not_valid_after(start + datetime.timedelta(days=1))
    return Recipient(key, builder.sign(key, hashes.SHA256()))


needs_decryption = pytest.mark.skipif(
    not _cms.HAS_ENVELOPES or not hasattr(pkcs7, "pkcs7_decrypt_der"), reason="cryptography here is too old to open what is sealed"
)


@needs_decryption
def test_a_sealed_passcode_opens_and_is_nowhere_in_clear(recipient: Recipient) -> None:
    wire = FleetWire(3)
    wire.tenant.devices.get(wire.ids[1]).simulation.patch({"outcome": "failed"})
    outcome = run(wire, seal_to=[recipient.pem])
    made = {action.device_id: action.passcode for action in wire.tenant.actions.resets}
    entries = {entry["id"]: entry for entry in outcome.values["results"]}
    for device in (wire.ids[0], wire.ids[2]):
        assert made[device] and recipient.open(entries[device]["sealed_passcode"]) == made[device]
    assert entries[wire.ids[1]]["sealed_passcode"] is None
    assert all("passcode" not in entry for entry in entries.values())
    assert not any(passcode and passcode in repr(outcome.describe(diff=True)) for passcode in made.values())


@pytest.mark.parametrize("return_passcode", [False, True])
def test_a_passcode_is_returned_only_where_it_is_asked_for(return_passcode: bool) -> None:
    wire = FleetWire(2)
    outcome = run(wire, return_passcode=return_passcode)
    made = [action.passcode for action in wire.tenant.actions.resets]
    assert len(outcome.values["results"]) == len(made) == 2 and all(made)
    assert all(("passcode" in entry) is return_passcode and "sealed_passcode" not in entry for entry in outcome.values["results"])
    if return_passcode:
        assert sorted(entry["passcode"] for entry in outcome.values["results"]) == sorted(made)
    else:
        assert not any(passcode in repr(outcome) for passcode in made)


def test_an_expired_certificate_is_refused_before_anything_is_sent(recipient: Recipient) -> None:
    wire = FleetWire(1)
    wire.clock.seconds += 86400 * 2
    told = refused(wire, errors.IntuneError, seal_to=[recipient.pem])
    assert wire.sent == [] and "expired" in told


def test_passcodes_are_not_told_to_who_watches() -> None:
    wire = FleetWire(5)
    run(wire, return_passcode=True)
    made = [action.passcode for action in wire.tenant.actions.resets]
    assert len(made) == 5 and all(made)
    assert wire.clock.told and not any(passcode in text for passcode in made for text in wire.clock.told)


# --- dropped results of a job ---------------------------------------------------------------------------------------


def run_in_job(wire: FleetWire, limit: int | None, *, shows: bool = True, check: bool = False, **given: t.Any) -> Outcome:
    """Run one task of a job that keeps results up to a limit."""
    client = client_of(wire)
    client.largest_result, client.shows_result = limit, shows
    return intune_device_passcode.run(params_of(wire, **given), client, check)


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "unsealed"])
def test_case_72_results_that_the_job_drops_are_refused_before_the_first_reset(recipient: Recipient, sealed: bool, check: bool) -> None:
    wire = FleetWire(20)
    given = {"seal_to": [recipient.pem]} if sealed else {}
    with pytest.raises(errors.SelectionError, match="The result for 20 devices will have about ") as raised:
        run_in_job(wire, 8000, check=check, **given)
    assert "8000 (MAX_EVENT_RES). Nothing was changed. Run the playbook endpointops.intune.reset_passcode" in str(raised.value)
    assert writes(wire) == []


@pytest.mark.parametrize(
    ("limit", "given"),
    [
        pytest.param(8000, {"shows": False}, id="case 72: hidden, and handed over by other tasks"),
        pytest.param(8000, {"return_passcode": True}, id="case 72: hidden, since it holds passcodes"),
        pytest.param(8000, {"sealed_directory": True}, id="case 72: a file for each"),
        pytest.param(None, {}, id="no limit"),
        pytest.param(700_000, {}, id="case 72: it fits"),
    ],
)
def test_other_results_are_not_refused(recipient: Recipient, tmp_path: pathlib.Path, limit: int | None, given: dict[str, t.Any]) -> None:
    files = {"sealed_directory": str(tmp_path)} if given.get("sealed_directory") else {}
    outcome = run_in_job(FleetWire(20), limit, **{**given, **files, "seal_to": [recipient.pem]})
    assert statuses(outcome) == {"done": 20} and all(entry["sealed_passcode"] for entry in outcome.values["results"])


@pytest.mark.parametrize("shows", [True, False])
def test_case_72_a_passcode_that_no_piece_can_hold_is_refused(recipient: Recipient, shows: bool) -> None:
    wire = FleetWire(1)
    with pytest.raises(errors.SelectionError, match="The result for each of the devices will have about .* Seal to fewer recipients"):
        run_in_job(wire, 2000, shows=shows, seal_to=[recipient.pem])
    assert writes(wire) == []


def test_case_72_results_are_about_as_large_as_expected(recipient: Recipient) -> None:
    """Thus accepted results fit, and results that would fit are not refused."""
    outcome = run(FleetWire(20), seal_to=[recipient.pem])
    found = measure(outcome.values["results"]) / 20
    largest = bisect.bisect_left(range(1000), True, key=lambda number: not _is_accepted(number, recipient)) - 1
    assert 0.7 < largest * found / 700_000 < 1


def _is_accepted(number: int, recipient: Recipient) -> bool:
    client = client_of(FleetWire(1))
    client.largest_result = 700_000
    sealed = {"sealed_passcode": _cms.Sealer([recipient.pem], START).seal("1234")}
    handover = types.SimpleNamespace(describe_usual=lambda: sealed)
    try:
        intune_device_passcode.refuse_lost_results({"sealed_directory": None, "return_passcode": False}, client, handover, number)
    except errors.SelectionError:
        return False
    return True
