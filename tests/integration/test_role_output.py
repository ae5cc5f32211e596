# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the output of the role's playbooks: a person's view of a run, and the place of a sealed passcode afterwards."""

from __future__ import annotations

import json

import pytest

from tests.integration.test_device_passcode_info import recipient, unseal

ASSIGNED = {"pin_reset_assignments": [{"target": "all_devices"}]}
RESET = {"pin_reset_devices": ["PHONE-HELPDESK-01", "LT-BERLIN-014", "PHONE-FIELD-05"]}


def run(ansible, playbook: str, *arguments: str, **variables):
    return ansible.playbook(f"endpointops.intune.{playbook}", "-e", json.dumps(variables), *arguments)


@pytest.mark.parametrize(
    ("playbook", "variables", "arguments"),
    [
        pytest.param("verify", {}, [], id="case 65: verify"),
        pytest.param("onboard", {**ASSIGNED, **RESET, "pin_reset_wait": False}, [], id="case 65: onboard, and reset"),
        pytest.param("onboard", {**ASSIGNED, **RESET}, ["--check", "--diff"], id="case 65: a plan"),
        pytest.param("reset_passcode", {**RESET, "pin_reset_wait_timeout": 6}, [], id="case 65: reset"),
        pytest.param("fetch_passcode", RESET, [], id="case 65: fetch"),
        pytest.param("report", {"pin_reset_report_directory": "."}, [], id="case 65: report"),
        pytest.param("offboard", {}, [], id="case 65: offboard"),
    ],
)
def test_a_run_prints_at_most_thirteen_tasks_each_of_which_tells_its_reader_something(ansible, playbook, variables, arguments):
    play = run(ansible, playbook, *arguments, **variables)
    names = [task.name.rpartition(" : ")[2] for task in play.tasks]
    assert 3 <= len(names) <= 13 and len(set(names)) == len(names), names
    # An entry point, and an imperative: no title reports variables that are set only for the role.
    plumbing = ("forget", "remember", "set ", "note", "collect", "prepare", "include")
    assert not [name for name in names if name.rpartition("| ")[2].lower().startswith(plumbing)], names
    assert "include_role" not in play.output and "Traceback" not in play.output


@pytest.mark.parametrize("playbook", ["verify", "report"])
def test_what_devices_say_is_told_in_numbers_and_fails_no_run(ansible, tenant, playbook):
    tenant.control.reset("helpdesk")
    folder = {"pin_reset_report_directory": str(ansible.folder)} if playbook == "report" else {}
    play = run(ansible, playbook, pin_reset_verify_probe=True, **folder)
    told = " ".join(" ".join(play["Summary | PIN reset"].result["msg"]).split())
    assert "PIN reset keeps the credentials: proven on 4 of 14 devices (4 not proven, 3 unknown, 3 pending); last change 20" in told
    assert "4: No policy with PIN recovery has arrived on the device." in told
    assert (play.code == 0) is (playbook == "report"), "nothing is connected"
    missing = run(ansible, playbook, pin_reset_verify_probe="true", pin_reset_probe_name="Mine", **folder)
    told = " ".join(" ".join(missing["Summary | PIN reset"].result["msg"]).split())
    assert told.count("There is no remediation named 'Mine'") == 1 and missing.code == play.code


def test_case_2_a_secret_that_ends_soon_is_told_in_one_line_and_in_the_report(ansible, tenant):
    app = tenant.control.add_app(secret_valid_days=12.5)
    env = {"INTUNE_CLIENT_ID": app["client_id"], "INTUNE_CLIENT_SECRET": app["client_secret"]}
    reported = {"pin_reset_report_directory": str(ansible.folder)}
    for playbook, variables in (("verify", {}), ("report", reported)):
        play = ansible.playbook(f"endpointops.intune.{playbook}", "-e", json.dumps(variables), env=env)
        summary = play["Summary | PIN reset"].result
        told = " ".join(" ".join(summary["msg"]).split())
        assert told.count("in 12 days.") == 1 and "Credential: The client secret of the application" in told
        assert summary["summary"]["credential_expires_soon"] is True
    report = json.loads((ansible.folder / "pin-reset-report.json").read_text(encoding="utf-8"))
    assert [found["code"] for found in report["findings"]][-1:] == ["credential_expires_soon"]
    quiet = ansible.playbook("endpointops.intune.verify", "-e", json.dumps({"pin_reset_expiry_warning_days": "12"}), env=env)
    assert "in 12 days" not in quiet.output


def test_case_64_a_failed_fleet_says_why_before_its_result(ansible):
    play = run(ansible, "reset_passcode", **RESET, pin_reset_wait_timeout=6)
    told = play["Devices | Reset passcodes"].result["msg"]
    assert play.code == 2 and told.startswith("The task failed for 2 of 3 devices; of the others, 1 is done. "), told
    assert "1 not supported: LT-BERLIN-014. The device reported" in told and "1 failed (device_failed): PHONE-FIELD-05." in told
    told = " ".join(" ".join(play["Summary | PIN reset"].result["msg"]).split())
    assert "Devices: 3 in all, 1 done, 1 failed, 1 not supported" in told


def test_case_67_the_stock_playbook_leaves_a_file_for_each_sealed_passcode(ansible):
    certificate, key = recipient(ansible.folder)
    folder = ansible.folder / "sealed"
    folder.mkdir(mode=0o700)
    sealed = {"pin_reset_devices": ["PHONE-HELPDESK-01"], "pin_reset_seal_to": [str(certificate)]}
    play = run(ansible, "reset_passcode", **sealed, pin_reset_sealed_directory=str(folder))
    assert play.code == 0, play.output
    (path,) = folder.iterdir()
    assert unseal(path.read_text(), key, certificate)
    told = " ".join(" ".join(play["Summary | PIN reset"].result["msg"]).split())
    assert f"1 sealed passcode, each in a file of its own, such as {path}" in told
    alone = run(ansible, "reset_passcode", **sealed)
    told = " ".join(" ".join(alone["Summary | PIN reset"].result["msg"]).split())
    assert "are in the fact pin_reset_results. For files, set pin_reset_sealed_directory to a folder." in told, alone.output


@pytest.mark.exhaustive
def test_case_77_a_device_that_was_off_is_looked_at_later_without_another_reset(ansible):
    """The output of the reset names the command that fetches the passcode, and that command does."""
    certificate, key = recipient(ansible.folder)
    named = {"pin_reset_devices": ["PHONE-FIELD-06"], "pin_reset_seal_to": [str(certificate)]}
    first = run(ansible, "reset_passcode", **named, pin_reset_wait=False)
    told = " ".join(" ".join(first["Summary | PIN reset"].result["msg"]).split())
    assert "1 pending" in told and "run endpointops.intune.fetch_passcode, which resets nothing" in told
    control, device = ansible.tenant.control, ansible.tenant.control.device("PHONE-FIELD-06")["id"]
    control.patch_device(device, check_in=True)
    # Long after the time within which an earlier reset is enough.
    control.advance(86400)
    later = run(ansible, "fetch_passcode", **named)
    (found,) = later["Fetch | Read the outcomes and hand the passcodes over"].result["results"]
    assert (later.code, found["status"]) == (0, "done") and unseal(found["sealed_passcode"], key, certificate)
    assert len(control.resets()[device]) == 1
    told = " ".join(" ".join(later["Summary | PIN reset"].result["msg"]).split())
    assert "Devices: 1 in all, 1 done" in told and "sealed to CN=Helpdesk" in told
    control.patch_device(device, managedDeviceOwnerType="personal")
    refused = run(ansible, "fetch_passcode", **named)
    told = " ".join(" ".join(refused["Summary | PIN reset"].result["msg"]).split())
    assert "1 refused" in told and "BEGIN CMS" not in refused.output + json.dumps(refused.tasks[-2].result)
    nobody = run(ansible, "fetch_passcode")
    assert nobody.code == 2 and "No device is named." in nobody.output


def test_case_70_a_plan_says_which_outcome_to_expect(ansible):
    named = {"pin_reset_devices": ["LT-BERLIN-014", "XCOVER-WAREHOUSE-01"], "pin_reset_platforms": ["windows", "android"]}
    play = run(ansible, "reset_passcode", "--check", **named)
    told = " ".join(" ".join(play["Summary | PIN reset"].result["msg"]).split())
    assert "To expect of 1 device: not supported. Microsoft's current pages" in told
    assert "To expect of 1 device: a new passcode. " in told and play.code == 0


def test_case_62_an_application_for_resets_alone_gets_one_short_note(ansible):
    app = ansible.tenant.control.add_app(
        roles=["DeviceManagementManagedDevices.PrivilegedOperations.All", "DeviceManagementManagedDevices.Read.All"]
    )
    env = {"INTUNE_CLIENT_ID": app["client_id"], "INTUNE_CLIENT_SECRET": app["client_secret"]}
    play = ansible.playbook("endpointops.intune.reset_passcode", "-e", json.dumps({"pin_reset_devices": ["PHONE-HELPDESK-01"]}), env=env)
    assert play.code == 0, play.output
    lines = play["Summary | PIN reset"].result["msg"]
    assert lines[1:2] == ["  Note: Not permitted to read: tenant's name, state of Intune, licenses."], lines
    assert lines[0] == f"Tenant: {ansible.tenant.env['INTUNE_TENANT_ID']}" and "unknown" not in " ".join(lines)
