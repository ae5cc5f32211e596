# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the probe as operators manage it, in the controller's process and as a module."""

from __future__ import annotations

import base64
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._probe.script import SCRIPT
from tests.support.probe import OLD, SIGNED

from .harness import four_beats, one_of

MODULE = "intune_pin_probe"
NAME = "PIN reset probe"
SCRIPTS = "/deviceManagement/deviceHealthScripts"
ALL_DEVICES = {"assignments": [{"target": "all_devices"}]}
PILOT = {
    "assignments": [
        {"target": "group", "group": "Pilot ring", "filter": "Corporate laptops"},
        {"target": "exclude_group", "group": "Field service"},
    ],
    "schedule": {"repeat": "daily", "interval": 2, "time": "09:30", "use_utc": True},
    "scope_tags": ["Berlin"],
}


def encode(content: bytes) -> str:
    return base64.b64encode(content).decode()


def own(ansible) -> list[dict[str, t.Any]]:
    """Return the remediations of the tenant with their scripts and assignments, without Microsoft's own."""
    listed = [item["id"] for item in list_all(ansible) if not item["isGlobalScript"]]
    return [ansible.tenant.graph("GET", f"{SCRIPTS}/{identity}?$expand=assignments", version="beta") for identity in listed]


def list_all(ansible) -> list[dict[str, t.Any]]:
    return ansible.tenant.graph("GET", SCRIPTS, version="beta")["value"]


def plant(ansible, **more: t.Any) -> str:
    body = {"displayName": NAME, "publisher": "others", "detectionScriptContent": encode(b"exit 0"), **more}
    return str(ansible.tenant.graph("POST", SCRIPTS, body, version="beta")["id"])


def test_the_first_run_makes_the_probe_and_the_second_changes_nothing(each_execution):
    beats = four_beats(each_execution, MODULE, PILOT)
    (made,) = own(each_execution)
    assert base64.b64decode(made["detectionScriptContent"]) == SCRIPT.encode() and not made["remediationScriptContent"]
    assert (made["runAsAccount"], made["runAs32Bit"], made["publisher"]) == ("user", False, "endpointops.intune")
    schedules = {entry["target"]["@odata.type"].rpartition(".")[2]: entry["runSchedule"] for entry in made["assignments"]}
    assert schedules["groupAssignmentTarget"]["time"] == "09:30:00.0000000" and schedules["exclusionGroupAssignmentTarget"] is None
    after = beats.run.result["diff"]["after"]
    assert beats.run.result["diff"]["before"] == {} and after["scope_tags"] == ["Berlin"]
    assert {entry["group"]: entry["schedule"] for entry in after["assignments"]} == {
        "Pilot ring": "every 2 days at 09:30 UTC",
        "Field service": None,
    }
    probe = beats.run_again.result["pin_probe"]
    assert probe == {**beats.check.result["pin_probe"], "id": made["id"]} and probe["is_current"] is True


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"script_patch_status": "204", "script_schedule_time": "seconds"}, id="204, and times without fractions"),
        pytest.param(
            {"script_patch_status": "200", "script_schedule_time": "fractional"},
            id="200, and times with fractions",
            marks=pytest.mark.exhaustive,
        ),
    ],
)
def test_both_answers_of_the_service_do(ansible, settings):
    ansible.tenant.control.settings(**settings)
    plant(ansible, detectionScriptContent=encode(OLD), runAsAccount="user")
    beats = four_beats(ansible, MODULE, {**ALL_DEVICES, "schedule": {"repeat": "hourly", "interval": 8}})
    assert beats.run.result["pin_probe"]["schedule"]["interval"] == 8


def test_a_new_version_of_the_script_is_one_write(ansible):
    identity = plant(ansible, detectionScriptContent=encode(OLD), runAsAccount="user", description="Mine")
    run = ansible.module(MODULE, {}, diff=True)
    assert run.changed and len(run.writes) == 1 and run.result["pin_probe"]["id"] == identity
    before, after = (run.result["diff"][key] for key in ("before", "after"))
    assert [key for key in after if before[key] != after[key]] == ["script"] and before["script"].startswith("version 0, ")
    assert own(ansible)[0]["description"] == "Mine" and own(ansible)[0]["version"] == "2"


def test_assignments_are_added_and_cleared(ansible):
    assert ansible.module(MODULE, PILOT).changed
    added = ansible.module(MODULE, {**ALL_DEVICES, "purge_assignments": False})
    shown = {entry["target"]: entry["schedule"] for entry in added.result["pin_probe"]["assignments"]}
    assert set(shown) == {"all_devices", "group", "exclude_group"} and shown["all_devices"] == shown["group"] != shown["exclude_group"]
    cleared, last = ansible.cases(MODULE, {"cleared": {"assignments": []}, "last": {"assignments": []}}).values()
    assert cleared.changed and not last.changed and own(ansible)[0]["assignments"] == []


def test_a_signed_copy_is_kept(each_execution):
    options = {"signed_script": SIGNED, "enforce_signature_check": True}
    runs = each_execution.cases(MODULE, {"signed": options, "again": options, "later": {}})
    assert [run.changed for run in runs.values()] == [True, False, False], runs
    assert runs["later"].result["pin_probe"]["is_signed"] is True
    assert base64.b64decode(own(each_execution)[0]["detectionScriptContent"]) == SIGNED.encode()
    refused = each_execution.module(MODULE, {"signed_script": SIGNED.replace("exit 1", "exit 0")})
    assert refused.status == "failed" and "Set-AuthenticodeSignature" in refused.result["msg"]


def test_a_remediation_of_others_is_refused_and_taken_over_by_force_alone(ansible):
    identity = plant(ansible, remediationScriptContent=encode(b"exit 0"))
    for state in ("present", "absent"):
        refused = ansible.module(MODULE, {"state": state})
        assert refused.status == "failed" and identity in refused.result["msg"] and refused.writes == []
    taken = ansible.module(MODULE, {"force": True})
    assert taken.changed and "was not the probe's" in str(taken.result["warnings"])
    assert own(ansible)[0]["remediationScriptContent"] == "" and not ansible.module(MODULE, {}).changed


def test_the_probe_is_removed_once(each_execution):
    assert each_execution.module(MODULE, ALL_DEVICES).changed
    beats = four_beats(each_execution, MODULE, {"state": "absent"})
    assert beats.run.result["pin_probe"] is None and own(each_execution) == []


def test_one_of_microsofts_own_is_no_probe(ansible):
    (microsofts,) = [item["displayName"] for item in list_all(ansible) if item["isGlobalScript"]]
    removed = ansible.module(MODULE, {"name": microsofts, "state": "absent", "force": True})
    assert removed.status == "ok" and removed.writes == []


def test_several_of_one_name_are_refused(ansible):
    both = {plant(ansible), plant(ansible)}
    refused = ansible.module(MODULE, {})
    assert refused.status == "failed" and all(identity in refused.result["msg"] for identity in both)


@pytest.mark.parametrize("time", [720, "9:30"], ids=["12:00 without quotes", "without a zero"])
def test_a_time_that_yaml_made_a_number_of_is_refused(ansible, time):
    refused = ansible.module(MODULE, {**ALL_DEVICES, "schedule": {"time": time}})
    assert refused.status == "failed" and ("quotes" in refused.result["msg"]) and refused.writes == []


def test_a_group_that_is_included_and_excluded_is_refused(ansible):
    both = [{"target": "group", "group": "Pilot ring"}, {"target": "exclude_group", "group": "Pilot ring"}]
    refused = ansible.module(MODULE, {"assignments": both})
    assert refused.status == "failed" and "both included and excluded" in refused.result["msg"] and refused.writes == []


def test_the_license_is_warned_of_and_stops_nothing(ansible):
    ansible.tenant.control.settings(windows_license="unconfirmed")
    warned = ansible.module(MODULE, {})
    assert warned.changed and "Windows licenses" in str(warned.result["warnings"])
    token = ansible.tenant.control.token(roles=["DeviceManagementScripts.ReadWrite.All"])
    silent = ansible.module(MODULE, {**ALL_DEVICES, "access_token": token, "auth_method": "access_token"})
    assert silent.changed and "warnings" not in silent.result, "this application may not read it"


@pytest.mark.parametrize("status", one_of("400", "403"))
def test_a_refusal_without_the_license_names_it(ansible, status):
    ansible.tenant.control.settings(windows_license="unconfirmed", windows_license_refusal=status)
    refused = ansible.module(MODULE, ALL_DEVICES)
    assert refused.status == "failed" and "Windows licenses" in refused.result["msg"] and own(ansible) == []


def test_a_missing_permission_is_named(ansible):
    token = ansible.tenant.control.token(roles=["DeviceManagementConfiguration.ReadWrite.All"])
    refused = ansible.module(MODULE, {"access_token": token, "auth_method": "access_token"})
    assert refused.status == "failed" and "DeviceManagementScripts.ReadWrite.All" in refused.result["msg"]


def test_each_protected_write_is_approved_for_itself(ansible):
    control = ansible.tenant.control
    control.settings(approval_protects=["scripts"], approval_scripts_cover=["assign"])
    options = {**ALL_DEVICES, "approval_justification": "Change 4711"}
    for operation in (SCRIPTS, "/assign"):
        waiting = ansible.module(MODULE, options)
        assert waiting.result["approval"]["operation"].endswith(operation), waiting.result
        control.decide(waiting.result["approval"]["code"], "approve")
    done, last = ansible.cases(MODULE, {"done": options, "last": options}).values()
    assert done.changed and done.result["approval"] is None and not last.changed
    assert len(own(ansible)[0]["assignments"]) == 1
