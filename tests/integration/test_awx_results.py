# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test results of fleets in job events as in AWX: with ansible-runner, whose output plugin drops each result above a limit."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from .test_awx import Controller, Job, assert_secret
from .test_device_passcode_info import recipient, unseal
from .test_fleet import names
from .test_results import GIVEN, LIMIT, SIZE, read_passcodes, weigh

PLATFORMS = {"pin_reset_platforms": GIVEN["pin_reset_platforms"]}
ANSWERS = {name: value for name, value in GIVEN.items() if name not in PLATFORMS}


@pytest.fixture
def controller(tmp_path: pathlib.Path, tenant: t.Any) -> Controller:
    tenant.control.reset(f"fleet:{SIZE}")
    return Controller(tmp_path, tenant)


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
    """Assert that nothing was dropped, and that only the pieces are near the limit."""
    found = list_results(job)
    assert found and all(result != {} for _name, result in found), "the output plugin has emptied a result"
    assert max(weigh(result) for _name, result in found) <= LIMIT


def test_case_72_every_sealed_passcode_of_a_fleet_is_in_the_events_of_the_job(controller, tmp_path):
    certificate, key = recipient(tmp_path)
    extra = {**PLATFORMS, "pin_reset_seal_to": [certificate.read_text(encoding="utf-8")]}
    job = controller.launch("reset fleet", controller.secret, ANSWERS, extra=extra, limit=LIMIT)
    assert job.code == 0 and job.summary["devices"]["done"] == SIZE, job.output
    assert_kept(job)
    entries = list_entries(job)
    assert [entry["device_name"] for entry in entries] == names(1, SIZE)
    opened = {entry["id"]: unseal(entry["sealed_passcode"], key, certificate) for entry in entries}
    assert opened == read_passcodes(controller.tenant)
    assert_secret(controller, job)


@pytest.mark.exhaustive
def test_case_72_a_fleet_that_fails_says_so_beside_its_pieces(controller, tmp_path):
    control = controller.tenant.control
    control.patch_device(control.device("FLEET-000007")["id"], outcome="failed")
    certificate, key = recipient(tmp_path)
    extra = {**PLATFORMS, "pin_reset_seal_to": [certificate.read_text(encoding="utf-8")]}
    job = controller.launch("reset fleet", controller.secret, ANSWERS, extra=extra, limit=LIMIT)
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
    given = {**ANSWERS, "pin_reset_max_devices": 60}
    job = controller.launch("reset fleet", controller.secret, given, "check", extra=PLATFORMS, limit=LIMIT)
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
