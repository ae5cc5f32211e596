# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test results of fleets in a job with a size limit per result: they arrive in pieces, or are refused before the first reset."""

from __future__ import annotations

import json
import typing as t

import pytest

from .harness import COLLECTION, PlayRun
from .test_device_passcode_info import recipient, unseal
from .test_fleet import EVERYONE, MODULE, events, names

SIZE = 24
LIMIT = 12_000


@pytest.fixture
def fleet(tenant):
    tenant.control.reset(f"fleet:{SIZE}")
    return tenant


def read_passcodes(tenant: t.Any) -> dict[str, str]:
    """Return the passcode of each device that was reset."""
    path = "/deviceManagement/managedDevices/{}?$select=id,deviceActionResults"
    found = {device: tenant.graph("GET", path.format(device), version="beta") for device in tenant.control.resets()}
    return {device: record["deviceActionResults"][-1]["passcode"] for device, record in found.items()}


GIVEN = {"pin_reset_device_groups": EVERYONE, "pin_reset_max_devices": SIZE, "pin_reset_platforms": ["windows", "android"]}


def weigh(result: t.Any) -> int:
    """Return the size of a result as the output plugin counts it, and as a log does."""
    return max(len(str(result)), len(json.dumps(result)))


def test_case_72_what_nothing_hands_over_is_refused_before_the_first_reset(fleet, ansible):
    certificate, _key = recipient(ansible.folder)
    given = {"device_groups": [EVERYONE], "max_devices": SIZE, "seal_to": [str(certificate)]}
    found = ansible.module(MODULE, given, env={"MAX_EVENT_RES": str(LIMIT)})
    assert found.status == "failed" and found.writes == [] and fleet.control.resets() == {}
    assert "The result for 24 devices will have about" in found.result["msg"]
    assert "12000 (MAX_EVENT_RES). Nothing was changed. Run the playbook" in found.result["msg"]


def run(ansible: t.Any, playbook: str, *arguments: str, **variables: t.Any) -> PlayRun:
    return ansible.playbook(f"{COLLECTION}.{playbook}", "-e", json.dumps(variables), *arguments, env={"MAX_EVENT_RES": str(LIMIT)})


def collect(play: PlayRun, limit: int = LIMIT) -> list[dict[str, t.Any]]:
    """Return the results of devices that output plugins got in pieces, each of which they keep."""
    found = [task.result for task in play.tasks if " : Results | " in task.name]
    assert all(weigh(task.result) <= limit for task in play.tasks)
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


def test_case_72_what_is_fetched_later_arrives_too(fleet, ansible):
    certificate, key = recipient(ansible.folder)
    assert run(ansible, "reset_passcode", **GIVEN).code == 0
    given = {name: value for name, value in GIVEN.items() if name != "pin_reset_max_devices"}
    play = run(ansible, "fetch_passcode", **given, pin_reset_seal_to=str(certificate))
    opened = {entry["id"]: unseal(entry["sealed_passcode"], key, certificate) for entry in collect(play)}
    assert play.code == 0 and opened == read_passcodes(fleet), play.output


@pytest.mark.parametrize(
    ("arguments", "in_clear"),
    [
        pytest.param([], False, id="sealed", marks=pytest.mark.exhaustive),
        pytest.param(["--tags", "preflight,reset"], False, id="sealed, by tags", marks=pytest.mark.exhaustive),
        pytest.param([], True, id="sealed and in clear"),
    ],
)
def test_case_72_what_is_reset_beside_onboarding_arrives_too(fleet, ansible, arguments, in_clear):
    certificate, key = recipient(ansible.folder)
    given = {**GIVEN, "pin_reset_seal_to": str(certificate), "pin_reset_return_passcode": in_clear}
    play = run(ansible, "onboard", *arguments, **given, pin_reset_assignments=[{"target": "all_devices"}])
    opened = {entry["id"]: unseal(entry["sealed_passcode"], key, certificate) for entry in collect(play)}
    assert play.code == 0 and opened == read_passcodes(fleet), play.output
    assert not [secret for secret in fleet.control.secrets() if secret in play.output]


def test_case_72_what_is_sealed_arrives_beside_passcodes_in_clear(fleet, each_execution):
    certificate, key = recipient(each_execution.folder)
    given = {**GIVEN, "pin_reset_seal_to": str(certificate), "pin_reset_return_passcode": True}
    play = each_execution.playbook(f"{COLLECTION}.reset_passcode", "-e", json.dumps(given))
    opened = {entry["id"]: unseal(entry["sealed_passcode"], key, certificate) for entry in collect(play, 700_000)}
    assert play.code == 0 and opened == read_passcodes(fleet), play.output
    assert not [secret for secret in fleet.control.secrets() if secret in play.output]


def test_case_72_a_process_without_the_environment_of_the_job_refuses_what_would_be_lost(fleet, ansible):
    certificate, _key = recipient(ansible.folder)
    given = {"device_groups": [EVERYONE], "max_devices": SIZE, "platforms": ["windows", "android"], "seal_to": [str(certificate)]}
    found = ansible.module(MODULE, given, env={"MAX_EVENT_RES": str(LIMIT)}, environment={"MAX_EVENT_RES": ""})
    assert found.status == "failed" and "12000 (MAX_EVENT_RES). Nothing was changed." in found.result["msg"]
    assert fleet.control.resets() == {}


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
    assert int(play["after"].result["msg"]) == SIZE and all(entry["user_principal_name"] for entry in collect(play))


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
    assert play.code == 0 and int(play["used"].result["msg"]) == SIZE, play.output
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
