# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of fleets in a job that keeps no result above a limit, as AWX does: they arrive in pieces, or are refused before."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from .harness import COLLECTION, PlayRun
from .test_awx import Controller, Job, assert_secret
from .test_device_passcode_info import recipient, unseal
from .test_fleet import EVERYONE, MODULE, events, names

SIZE = 24
LIMIT = 12_000


@pytest.fixture
def fleet(tenant):
    tenant.control.reset(f"fleet:{SIZE}")
    return tenant


@pytest.fixture
def controller(tmp_path: pathlib.Path, fleet: t.Any) -> Controller:
    return Controller(tmp_path, fleet)


def read_passcodes(tenant: t.Any) -> dict[str, str]:
    """Return the passcode of each device that was reset."""
    path = "/deviceManagement/managedDevices/{}?$select=id,deviceActionResults"
    found = {device: tenant.graph("GET", path.format(device), version="beta") for device in tenant.control.resets()}
    return {device: record["deviceActionResults"][-1]["passcode"] for device, record in found.items()}


GIVEN = {"pin_reset_device_groups": EVERYONE, "pin_reset_max_devices": SIZE, "pin_reset_platforms": ["windows", "android"]}


def weigh(result: t.Any) -> int:
    """Return the size of a result as the output plugin counts it, and as a log does."""
    return max(len(str(result)), len(json.dumps(result)))


def list_results(job: Job) -> list[tuple[str, t.Any]]:
    """Return the result of each task that AWX keeps, with the name of the task."""
    return [(event["event_data"]["task"], event["event_data"]["res"]) for event in job.events if "res" in event.get("event_data", {})]


def list_entries(job: Job) -> list[dict[str, t.Any]]:
    """Return the results of devices that are in the events of a job."""
    pieces = [result for name, result in list_results(job) if name.startswith("Results | ")]
    assert [piece["first"] for piece in pieces] == [1 + sum(len(piece["results"]) for piece in pieces[:n]) for n in range(len(pieces))]
    assert {piece["total"] for piece in pieces} <= {SIZE}
    return [entry for piece in pieces for entry in piece["results"]]


def assert_kept(job: Job) -> None:
    """Nothing was dropped, and nothing is near the limit but the pieces."""
    found = list_results(job)
    assert found and all(result != {} for _name, result in found), "the output plugin has emptied a result"
    assert max(weigh(result) for _name, result in found) <= LIMIT


def test_case_72_every_sealed_passcode_of_a_fleet_is_in_the_events_of_the_job(controller, tmp_path):
    certificate, key = recipient(tmp_path)
    extra = {"pin_reset_seal_to": [certificate.read_text(encoding="utf-8")]}
    job = controller.launch("reset fleet", controller.secret, GIVEN, extra=extra, limit=LIMIT)
    assert job.code == 0 and job.summary["devices"]["done"] == SIZE, job.output
    assert_kept(job)
    entries = list_entries(job)
    assert [entry["device_name"] for entry in entries] == names(1, SIZE)
    opened = {entry["id"]: unseal(entry["sealed_passcode"], key, certificate) for entry in entries}
    assert opened == read_passcodes(controller.tenant)
    assert_secret(controller, job)


def test_case_72_a_fleet_that_fails_says_so_beside_its_pieces(controller, tmp_path):
    control = controller.tenant.control
    control.patch_device(control.device("FLEET-000007")["id"], outcome="failed")
    certificate, key = recipient(tmp_path)
    extra = {"pin_reset_seal_to": [certificate.read_text(encoding="utf-8")]}
    job = controller.launch("reset fleet", controller.secret, GIVEN, extra=extra, limit=LIMIT)
    assert job.code == 2 and "The task failed for 1 of 24 devices; of the others, 23 are done." in job.output, job.output
    assert_kept(job)
    entries = list_entries(job)
    (failed,) = [entry for entry in entries if entry["status"] == "failed"]
    assert failed["device_name"] == "FLEET-000007" and job.artifacts["pin_reset_failed_devices"] == [failed["id"]]
    assert sum(bool(entry["sealed_passcode"]) for entry in entries) == SIZE - 1


def test_case_72_the_dry_run_lists_every_device_for_the_approver(controller):
    control = controller.tenant.control
    control.reset("fleet:60")
    personal = control.device("FLEET-000005")["id"]
    control.patch_device(personal, managedDeviceOwnerType="personal")
    given = {**GIVEN, "pin_reset_max_devices": 60}
    job = controller.launch("reset fleet", controller.secret, given, "check", limit=LIMIT)
    assert job.code == 2 and control.writes() == [], job.output
    assert_kept(job)
    entries = [entry for name, result in list_results(job) if name.startswith("Results | ") for entry in result["results"]]
    assert [entry["device_name"] for entry in entries] == names(1, 60)
    shown = [event["stdout"] for event in job.events if "would be reset" in event["stdout"] and not event["event_data"].get("res")]
    lines = [line.strip() for text in shown for line in text.splitlines()]
    assert max(map(len, shown)) <= 1024, "AWX's pages cut the output of an event there"
    for device in control.devices():
        user, system = device["userPrincipalName"] or "no user", f"{device['operatingSystem']} {device['osVersion']}"
        owner, end = ("personally owned", "refused (personally_owned)") if device["id"] == personal else ("company-owned", "would be reset")
        (line,) = [line for line in lines if device["id"] in line]
        assert line.startswith(f"{device['deviceName']} ({device['id']}, {system}, {user}, {owner}): {end}"), line
    assert_secret(controller, job)


@pytest.mark.parametrize(
    ("module", "options", "told"),
    [
        pytest.param(MODULE, {}, "The result for 24 devices will have about", id="case 72: sealed, by the module"),
        pytest.param(None, {}, "The result for 24 devices will have about", id="case 72: sealed, beside onboarding"),
    ],
)
def test_what_nothing_hands_over_is_refused_before_the_first_reset(fleet, ansible, module, options, told):
    certificate, _key = recipient(ansible.folder)
    if module:
        given = {"device_groups": [EVERYONE], "max_devices": SIZE, "seal_to": [str(certificate)], **options}
        found = ansible.module(module, given, env={"MAX_EVENT_RES": str(LIMIT)})
    else:
        given = {**GIVEN, "pin_reset_seal_to": str(certificate), "pin_reset_assignments": [{"target": "all_devices"}]}
        found = run(ansible, "onboard", **given)["Devices | Reset passcodes"]
    assert found.status == "failed" and found.writes == [] and fleet.control.resets() == {}
    assert told in found.result["msg"] and "12000 (MAX_EVENT_RES). Nothing was changed. Run the playbook" in found.result["msg"]


def run(ansible: t.Any, playbook: str, *arguments: str, **variables: t.Any) -> PlayRun:
    return ansible.playbook(f"{COLLECTION}.{playbook}", "-e", json.dumps(variables), *arguments, env={"MAX_EVENT_RES": str(LIMIT)})


def collect(play: PlayRun) -> list[dict[str, t.Any]]:
    """Return the results of devices that output plugins got in pieces, each of which they keep."""
    found = [task.result for task in play.tasks if " : Results | " in task.name]
    assert all(weigh(task.result) <= LIMIT for task in play.tasks)
    return [entry for result in found for entry in result["results"]]


def test_case_72_a_run_that_was_killed_is_continued_and_hands_all_over(fleet, each_execution):
    control, path = fleet.control, each_execution.folder / "journal.jsonl"
    certificate, key = recipient(each_execution.folder)
    task = {
        "device_groups": [EVERYONE],
        "max_devices": SIZE,
        "platforms": ["windows", "android"],
        "write_quota": 12,
        "journal_path": str(path),
    }
    killed = {"name": "reset", f"{COLLECTION}.{MODULE}": task}
    with each_execution.start([killed]) as running:
        running.until(lambda: len(control.resets()) == 12 and events(path)["accepted"] == 12)
        running.kill()
    given = {**GIVEN, "pin_reset_seal_to": str(certificate), "pin_reset_journal_path": str(path)}
    play = run(each_execution, "reset_passcode", **given)
    assert play.code == 0 and "did not come to its end" in play.output, play.output
    opened = {entry["id"]: unseal(entry["sealed_passcode"], key, certificate) for entry in collect(play)}
    assert len(opened) == SIZE and opened == read_passcodes(fleet)
    assert {len(times) for times in control.resets().values()} == {1}
    assert not [secret for secret in control.secrets() if secret in play.output]


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        pytest.param({"ansible.builtin.import_role": {}}, ["--tags", "mine"], id="import_role, tags of the user's own"),
        pytest.param({"ansible.builtin.include_role": {"apply": {"tags": ["mine"]}}}, ["--tags", "mine"], id="include_role with apply"),
        pytest.param({"ansible.builtin.include_role": {}}, ["-v"], id="include_role, verbose"),
    ],
)
def test_pieces_arrive_however_the_role_is_called(fleet, ansible, call, arguments):
    ((module, options),) = call.items()
    role = {"name": "endpointops.intune.pin_reset", "tasks_from": "reset", **options}
    task = {"name": "role", module: role, "vars": {**GIVEN, "pin_reset_return_passcode": False}, "tags": ["mine"]}
    after = {"name": "after", "ansible.builtin.debug": {"msg": "{{ pin_reset_results | length }}"}, "tags": ["mine"]}
    play = ansible.tasks([task, after], *arguments, env={"MAX_EVENT_RES": str(LIMIT)})
    assert play.code == 0 and [entry["device_name"] for entry in collect(play)] == names(1, SIZE), play.output
    assert play["after"].result["msg"] == SIZE and all(entry["user_principal_name"] for entry in collect(play))


def test_passcodes_in_clear_are_in_no_piece(fleet, each_execution):
    play = run(each_execution, "reset_passcode", **GIVEN, pin_reset_return_passcode=True)
    entries = collect(play)
    assert play.code == 0 and all("passcode" not in entry for entry in entries), play.output
    assert not [secret for secret in fleet.control.secrets() if secret in play.output + json.dumps(entries)]


def test_case_72_large_reads_say_that_the_job_does_not_keep_them(fleet, each_execution):
    env = {"MAX_EVENT_RES": str(LIMIT)}
    read = {"name": "read", f"{COLLECTION}.intune_device_info": {"match_by": "device_name"}, "register": "found"}
    used = {"name": "used", "ansible.builtin.debug": {"msg": "{{ found.devices | length }}"}}
    play = each_execution.tasks([read, used], env=env)
    assert play.code == 0 and play["used"].result["msg"] == SIZE, play.output
    (told,) = [warning for warning in play["read"].result["warnings"] if "MAX_EVENT_RES" in warning]
    assert "keeps no result above 12000" in told
    piece = [
        {
            "name": "piece",
            f"{COLLECTION}.pin_reset_results": {
                "results": "{{ found.devices[part.first - 1:part.last] }}",
                "first": "{{ part.first }}",
                "total": "{{ part.total }}",
            },
        }
    ]
    (each_execution.folder / "piece.yml").write_text(json.dumps(piece), encoding="utf-8")
    handed = {
        "name": "hand over",
        "ansible.builtin.include_tasks": "piece.yml",
        "loop": "{{ found | endpointops.intune.pieces(key='devices') }}",
        "loop_control": {"loop_var": "part"},
    }
    play = each_execution.tasks([{**read, "no_log": True}, handed], env=env)
    pieces = [task.result for task in play.tasks if task.name == "piece"]
    assert play.code == 0 and [entry["device_name"] for piece in pieces for entry in piece["results"]] == names(1, SIZE), play.output
    assert all(weigh(task.result) <= LIMIT for task in play.tasks)
