# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role by its playbooks, called by name as users call them."""

from __future__ import annotations

import json
import os

import pytest

PLAYBOOK = "endpointops.intune.{}"
ASSIGNED = {"pin_reset_assignments": [{"target": "all_devices"}]}


def run(ansible, playbook: str, *arguments: str, **variables):
    return ansible.playbook(PLAYBOOK.format(playbook), "-e", json.dumps(variables), *arguments)


def summary(play) -> str:
    return "\n".join(play["Summary | PIN reset"].result["msg"])


def writes(play) -> list[str]:
    return [write for task in play.tasks for write in task.writes]


def changed(play) -> list[str]:
    return [task.name for task in play.tasks if task.changed]


def test_onboards_and_a_second_run_changes_nothing(ansible):
    dry = run(ansible, "onboard", "--check", "--diff", **ASSIGNED)
    assert dry.code == 0 and writes(dry) == [] and len(changed(dry)) == 2, dry.output
    assert "not (wholly) connected yet" in summary(dry) and "it is not so yet" in summary(dry)
    first = run(ansible, "onboard", **ASSIGNED)
    assert first.code == 0 and len(changed(first)) == 2, first.output
    assert f"included: {os.environ.get('COLLECTION_UNDER_TEST', '')}" in first.output, "another copy of the collection ran"
    assert "PIN Reset Service: connected" in summary(first) and "assigned to all devices" in summary(first)
    second = run(ansible, "onboard", **ASSIGNED)
    assert second.code == 0 and changed(second) == [] and writes(second) == []
    assert summary(second) == summary(first)


def test_verify_fails_before_and_passes_after(ansible):
    before = run(ansible, "verify", **ASSIGNED)
    assert before.code == 2 and writes(before) == [] and changed(before) == []
    assert "PIN Reset Service is not (wholly) connected" in before["Readiness | Judge"].result["msg"]
    assert "connected yet" in summary(before)
    run(ansible, "onboard", **ASSIGNED)
    for arguments in ([], ["--check"]):
        after = run(ansible, "verify", *arguments, **ASSIGNED)
        assert after.code == 0 and writes(after) == [] and changed(after) == [], after.output
        assert "PIN Reset Service: connected" in summary(after)


def test_a_second_call_does_not_tell_of_the_first(ansible):
    """As a loop over tenants does: the second one cannot be reached."""
    role = {"name": "endpointops.intune.pin_reset", "tasks_from": "main"}
    first = {"name": "first", "ansible.builtin.include_role": role, "vars": {**ASSIGNED, "pin_reset_devices": ["PHONE-HELPDESK-01"]}}
    broken = {"group/endpointops.intune.intune": {"authority_url": "https://127.0.0.1:9", "retry_timeout": 0}}
    second = {"name": "second", "ansible.builtin.include_role": role}
    rescue = [{"name": "rescue", "ansible.builtin.debug": {"var": "pin_reset_results"}}]
    play = ansible.tasks([first, {"name": "both", "module_defaults": broken, "block": [second], "rescue": rescue}])
    told = [task.result["msg"] for task in play.tasks if task.name.endswith("Summary | PIN reset")]
    assert len(told) == 2 and any("1 done" in line for line in told[0])
    assert told[1] == ["Tenant: not reached"], told[1]
    assert play.tasks[-1].result["pin_reset_results"] == []


def test_a_policy_for_nobody_is_said(ansible):
    assert "nobody (set pin_reset_assignments)" in summary(run(ansible, "onboard"))


def test_offboard_undoes_it_and_nothing_else(ansible):
    before = (
        ansible.tenant.graph("GET", "/servicePrincipals")["value"],
        ansible.tenant.graph("GET", "/deviceManagement/deviceConfigurations")["value"],
    )
    run(ansible, "onboard", **ASSIGNED)
    dry = run(ansible, "offboard", "--check")
    assert dry.code == 0 and writes(dry) == [] and len(changed(dry)) == 2
    done = run(ansible, "offboard")
    assert done.code == 0 and "Policy: none" in summary(done) and "not connected" in summary(done)
    assert changed(run(ansible, "offboard")) == []
    after = (
        ansible.tenant.graph("GET", "/servicePrincipals")["value"],
        ansible.tenant.graph("GET", "/deviceManagement/deviceConfigurations")["value"],
    )
    assert after == before


def test_resets_devices_and_tells_each_ones_fate(ansible):
    devices = ["PHONE-HELPDESK-01", "PHONE-FIELD-05", "LT-ARCHIVE-001", "LT-BERLIN-014"]
    dry = run(ansible, "reset_passcode", "--check", pin_reset_devices=devices)
    assert writes(dry) == [] and "3 planned, 1 refused" in summary(dry)
    play = run(ansible, "reset_passcode", pin_reset_devices=devices)
    assert play.code == 2
    text = summary(play)
    assert "Devices: 4 in all, 1 done, 1 failed, 1 not supported, 1 refused" in text
    assert "PHONE-HELPDESK-01: done" in text
    assert "LT-ARCHIVE-001: refused (build_too_old)" in text
    assert "PHONE-FIELD-05: failed (device_failed)" in text and "https://learn.microsoft.com" in text


def test_onboards_and_resets_in_one_run(ansible):
    play = run(ansible, "onboard", pin_reset_devices=["PHONE-HELPDESK-01"], pin_reset_return_passcode=True, **ASSIGNED)
    assert play.code == 0 and "1 done" in summary(play), play.output
    assert [secret for secret in ansible.tenant.control.secrets() if secret in play.output] == []


def test_tags_choose_the_steps(ansible):
    play = run(ansible, "onboard", "--tags", "preflight,consent", **ASSIGNED)
    assert play.code == 0 and "PIN Reset Service: connected" in summary(play) and "Policy" not in summary(play)
    assert "not reached" not in summary(run(ansible, "onboard", "--tags", "consent"))
    assert ansible.tenant.control.writes() and not any("deviceConfigurations" in write for write in writes(play))


def test_a_missing_permission_stops_it_before_any_write(ansible):
    app = ansible.tenant.control.add_app(roles=["Organization.Read.All", "DeviceManagementConfiguration.ReadWrite.All"])
    env = {"INTUNE_CLIENT_ID": app["client_id"], "INTUNE_CLIENT_SECRET": app["client_secret"]}
    play = ansible.playbook(PLAYBOOK.format("onboard"), env=env)
    assert play.code == 2 and writes(play) == []
    assert "Application.ReadWrite.All" in play["Preflight | Check the permissions"].result["msg"]


def test_a_refused_consent_shows_the_pages_in_the_summary(ansible):
    ansible.tenant.control.settings(consent="refuse_service_principal")
    play = run(ansible, "onboard", **ASSIGNED)
    assert play.code == 2 and "Consent by hand" in summary(play) and "prompt=admin_consent" in summary(play)


@pytest.mark.parametrize(
    ("playbook", "variables", "word"),
    [
        ("reset_passcode", {"pin_reset_devices": ["x"], "pin_reset_match_by": "colour"}, "colour"),
        ("onboard", {"pin_reset_assignments": [{"target": "everybody"}]}, "everybody"),
        ("onboard", {"pin_reset_policy_scope": "planet"}, "planet"),
    ],
)
def test_bad_variables_are_refused_by_the_roles_argument_specs(ansible, playbook, variables, word):
    play = run(ansible, playbook, **variables)
    assert play.code == 2 and word in play.tasks[0].result["msg"] and "Validating arguments" in play.tasks[0].name
    assert ansible.tenant.journal() == []


def test_no_device_is_said_before_anything_is_sent(ansible):
    play = run(ansible, "reset_passcode")
    assert play.code == 2 and "set pin_reset_devices" in play["Reset | Check that devices are named"].result["msg"]
    assert ansible.tenant.journal() == []


def test_an_unreachable_tenant_is_said_in_the_summary(ansible):
    play = ansible.playbook(PLAYBOOK.format("verify"), env={"INTUNE_AUTHORITY_URL": "https://127.0.0.1:9"})
    assert play.code == 2 and "Tenant: not reached" in summary(play)
