# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the steps of the role: their order, the choice of them, and their requests and checks."""

from __future__ import annotations

import json
import os

import pytest

from .harness import one_of
from .test_connection import fake_az
from .test_role import ASSIGNED, CHECK, OUTCOME, READER, changed, printed, run, summary, writes

PHONE = {"pin_reset_devices": ["PHONE-HELPDESK-01"]}
ROLE = {"name": "endpointops.intune.pin_reset"}


def resets(play) -> list[str]:
    return [write for write in writes(play) if "resetPasscode" in write]


def add_opponent(ansible) -> None:
    """Add a policy of another team that turns PIN recovery off for everybody."""
    tenant = ansible.tenant.env["INTUNE_TENANT_ID"]
    uri = f"./Device/Vendor/MSFT/PassportForWork/{tenant}/Policies/EnablePinRecovery"
    setting = {"@odata.type": "#microsoft.graph.omaSettingBoolean", "displayName": "PIN", "description": "", "omaUri": uri, "value": False}
    everywhere = [{"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}]
    ansible.tenant.control.add_policy("custom", "Other", values={"omaSettings": [setting]}, assignments=everywhere)


# --- order ----------------------------------------------------------------------------------------------------------


@pytest.mark.exhaustive
def test_no_reset_is_sent_in_a_run_that_fails_for_a_reason_that_was_known_before(ansible):
    add_opponent(ansible)
    for _again in range(2):
        play = run(ansible, "onboard", **ASSIGNED, **PHONE)
        assert play.code == 2 and "'Other' and 'PIN recovery' disagree" in play[OUTCOME].result["msg"], play.output
        assert resets(play) == [] and ansible.tenant.control.resets() == {}
    assert len(printed(run(ansible, "onboard", pin_reset_allow_unassigned=True, **ASSIGNED, **PHONE))) <= 13


def test_the_tenant_is_judged_between_its_changes_and_the_resets(ansible):
    play = run(ansible, "onboard", **ASSIGNED, **PHONE)
    steps = [name.split(" : ")[-1].split(" | ")[0] for name in printed(play)]
    order = ["Begin", "Preflight", "Look", "Check", "Consent", "Policy", "Verify", "Outcome", "Devices", "Summary"]
    assert [name for name in dict.fromkeys(steps) if name in order] == order and len(printed(play)) <= 13
    assert play.code == 0 and len(resets(play)) == 1


# --- requests and checks --------------------------------------------------------------------------------------------

FOR_POLICY = ["Organization.Read.All", "DeviceManagementConfiguration.ReadWrite.All"]
FOR_CONSENT = ["Organization.Read.All", "Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"]


def signed_in_with(ansible, roles: list[str]) -> dict[str, str]:
    """Return the environment of an application with these permissions only."""
    app = ansible.tenant.control.add_app(roles=roles)
    return {"INTUNE_CLIENT_ID": app["client_id"], "INTUNE_CLIENT_SECRET": app["client_secret"]}


def run_as(ansible, roles: list[str], playbook: str, *arguments: str, **variables):
    env = signed_in_with(ansible, roles)
    return ansible.playbook(f"endpointops.intune.{playbook}", "-e", json.dumps(variables), *arguments, env=env)


@pytest.mark.parametrize(
    ("roles", "skipped", "variables", "path"),
    [
        (FOR_POLICY, "consent,verify", {**ASSIGNED, "pin_reset_devices": []}, "deviceConfigurations"),
        (FOR_POLICY, "consent,verify,reset", {**ASSIGNED, **PHONE}, "deviceConfigurations"),
        (FOR_CONSENT, "policy,verify", {}, "oauth2PermissionGrants"),
        (FOR_CONSENT, "policy,verify,reset", PHONE, "oauth2PermissionGrants"),
    ],
)
def test_a_step_that_is_skipped_needs_neither_permissions_nor_assignments(ansible, roles, skipped, variables, path):
    play = run_as(ansible, roles, "onboard", "--skip-tags", skipped, **variables)
    assert play.code == 0 and any(path in write for write in writes(play)), play.output


@pytest.mark.parametrize(
    ("arguments", "lacking"),
    [
        (["--skip-tags", "policy"], "Application.ReadWrite.All"),
        (["--skip-tags", "consent"], "DeviceManagementConfiguration.ReadWrite.All"),
        (["--tags", "preflight"], "Application.ReadWrite.All"),
        (["--tags", "preflight,reset"], "DeviceManagementManagedDevices.PrivilegedOperations.All"),
    ],
)
def test_the_other_steps_need_theirs_before_the_first_write(ansible, arguments, lacking):
    play = run_as(ansible, ["Organization.Read.All"], "onboard", *arguments, **ASSIGNED, **PHONE)
    assert play.code == 2 and writes(play) == [] and lacking in play[CHECK].result["msg"], play.output


def test_an_application_without_consent_rights_offboards_in_two_parts(ansible, tmp_path):
    """As the error and the guide advise: the application removes the policy, and an administrator revokes the consent."""
    run(ansible, "onboard", **ASSIGNED)
    play = run_as(ansible, READER, "offboard")
    told = play[CHECK].result["msg"]
    assert play.code == 2 and writes(play) == [] and "--tags preflight,policy" in told and "--tags preflight,consent" in told, play.output
    policy = run_as(ansible, FOR_POLICY, "offboard", "--tags", "preflight,policy")
    assert policy.code == 0 and "Tenant: " in summary(policy) and changed(policy)[0].endswith("Offboard | Remove the policy"), policy.output
    # The credential of the application is still in the environment.
    administrator = {"INTUNE_AUTH_METHOD": "azure_cli", "PATH": f"{fake_az(tmp_path, ansible.tenant, person=True)}:{os.environ['PATH']}"}
    consent = ansible.playbook("endpointops.intune.offboard", "--tags", "preflight,consent", env=administrator)
    assert consent.code == 0 and "Tenant: " in summary(consent), consent.output
    assert changed(consent)[0].endswith("Offboard | Disconnect the tenant from the PIN Reset Service"), consent.output


@pytest.mark.parametrize(
    ("playbook", "variables", "lacking"),
    [
        ("fetch_passcode", PHONE, "DeviceManagementManagedDevices.Read.All"),
        ("recover", {"pin_reset_recover_user": "x@contoso.com", "pin_reset_recover_return_pass": True}, "UserAuthMethod-TAP.ReadWrite.All"),
    ],
)
def test_the_other_entry_points_say_at_once_what_they_lack(ansible, playbook, variables, lacking):
    play = run_as(ansible, ["Organization.Read.All"], playbook, **variables)
    told = play[CHECK].result["msg"]
    assert play.code == 2 and lacking in told and "Sign in as an application that has" in told, play.output
    assert told.count("in Microsoft Entra") == 1 and play.tasks[-1].status != "failed", "the summary is last"


@pytest.mark.exhaustive
def test_preflight_alone_looks_at_all_that_is_not_skipped(ansible):
    play = run_as(ansible, FOR_POLICY, "onboard", "--tags", "preflight", "--skip-tags", "consent", **ASSIGNED)
    assert play.code == 0 and writes(play) == [], play.output
    nobody = run(ansible, "onboard", "--tags", "preflight")
    assert nobody.code == 2 and "assigned to nobody" in nobody[CHECK].result["msg"], nobody.output
    assert run(ansible, "onboard", "--tags", "preflight", "--skip-tags", "policy").code == 0


@pytest.mark.exhaustive
@pytest.mark.parametrize("arguments", one_of(["--tags", "policy"], ["--tags", "consent,policy"], ["--skip-tags", "preflight,verify"]))
def test_a_policy_for_nobody_is_not_made_whatever_steps_are_chosen(ansible, arguments):
    play = run(ansible, "onboard", *arguments)
    assert play.code == 2 and writes(play) == [] and "assigned to nobody" in play[CHECK].result["msg"], play.output
    unknown = run(ansible, "onboard", *arguments, pin_reset_assignments=[{"target": "group", "group": "Nobody knows it"}])
    assert unknown.code == 2 and writes(unknown) == [], unknown.output
    assert run(ansible, "onboard", *arguments, **ASSIGNED).code == 0


@pytest.mark.exhaustive
def test_offboarding_needs_the_permissions_of_the_steps_that_run(ansible):
    run(ansible, "onboard", **ASSIGNED)
    refused = run_as(ansible, FOR_POLICY, "offboard")
    assert refused.code == 2 and writes(refused) == [] and "Application.ReadWrite.All" in refused[CHECK].result["msg"], refused.output
    play = run_as(ansible, FOR_POLICY, "offboard", "--skip-tags", "consent")
    assert play.code == 0 and "Policy: removed" in summary(play), play.output


@pytest.mark.parametrize(
    ("around", "selected"),
    one_of(
        ({"tags": ["onboarding"]}, "onboarding"),
        ({"tags": ["always"]}, "something"),
        ({"tags": "{{ ['onboarding'] }}"}, "onboarding,something"),
    ),
)
def test_tags_of_the_users_own_choose_all_steps(ansible, around, selected):
    call = {"name": "role", "ansible.builtin.import_role": {**ROLE, "tasks_from": "main"}, **around}
    play = ansible.tasks([call], "--tags", selected)
    assert play.code == 2 and writes(play) == [] and "assigned to nobody" in play[CHECK].result["msg"], play.output
    skipped = ansible.tasks([{"name": "block", "block": [call], "vars": ASSIGNED}], "--tags", selected, "--skip-tags", "policy")
    assert skipped.code == 2 and writes(skipped) and not any("deviceConfigurations" in write for write in writes(skipped)), skipped.output


@pytest.mark.parametrize("wrong", [{"step": ["policy"]}, {"steps": "policy"}, {"problems": "No."}])
def test_the_first_task_refuses_what_it_does_not_take(ansible, wrong):
    play = ansible.tasks([{"name": "begin", "endpointops.intune.pin_reset_begin": wrong}])
    assert play.code == 2 and "must get the lists 'problems' and 'steps'" in play.tasks[0].result["msg"], play.output


# --- tags outside the role ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", one_of("main", "offboard", "verify", "reset", "report"))
def test_a_run_for_other_tags_says_nothing_and_sets_nothing(ansible, entry):
    needed = {"reset": PHONE, "report": {"pin_reset_report_directory": "/nowhere"}}.get(entry, {})
    call = {"name": "role", "ansible.builtin.import_role": {**ROLE, "tasks_from": entry}, "vars": {**needed, "pin_reset_typo": 1}}
    shown = {"name": "facts", "ansible.builtin.debug": {"msg": "{{ pin_reset_summary is defined }}"}, "tags": ["other"]}
    play = ansible.tasks([call, shown], "--tags", "other", env={"ANSIBLE_SHOW_CUSTOM_STATS": "true"})
    assert play.code == 0 and play.tasks[-1].result["msg"] is False, play.output
    assert "CUSTOM STATS" not in play.output and "Nothing was read" not in play.output
    assert ansible.tenant.journal() == [] and all(task.status in ("ok", "skipped") for task in play.tasks)


@pytest.mark.parametrize(("entry", "tags", "told"), [("main", "other,consnet", "consent"), ("offboard", "polcy", "policy")])
def test_a_tag_that_is_nearly_a_step_s_is_refused(ansible, entry, tags, told):
    playbook = "endpointops.intune." + {"main": "onboard"}.get(entry, entry)
    play = ansible.playbook(playbook, "--tags", tags)
    wrong = tags.rpartition(",")[2]
    message = f"Tag '{wrong}' selects no step of the role. Did you mean {told}? Nothing was sent."
    assert play.code == 2 and play["Begin | Check the variables"].result["msg"] == message, play.output
    assert ansible.tenant.journal() == []


# --- check mode by a keyword ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["import_role", "include_role"])
def test_check_mode_by_a_keyword_is_check_mode(ansible, how):
    reader = signed_in_with(ansible, READER)
    call = {"name": "role", f"ansible.builtin.{how}": {**ROLE, "tasks_from": "main"}}
    block = {"name": "block", "block": [call], "check_mode": True, "vars": {**ASSIGNED, **PHONE}}
    play = ansible.tasks([block], env=reader)
    assert play.code == 0 and writes(play) == [] and len(changed(play)) == 3, play.output
    assert "would be connected (check mode)" in summary(play) and "would be created (check mode)" in summary(play)
    assert play["Verify | Read the tenant's state again"].status == play[OUTCOME].status == "skipped"


@pytest.mark.exhaustive
def test_a_keyword_against_check_mode_counts_too(ansible):
    call = {"name": "role", "ansible.builtin.import_role": {**ROLE, "tasks_from": "main"}, "check_mode": False, "vars": ASSIGNED}
    play = ansible.tasks([call], "--check")
    assert play.code == 0 and writes(play) and "connected, changed by this run" in summary(play), play.output
    assert play[OUTCOME].status == "ok" and "0 of 30 devices have it so far" in summary(play)


@pytest.mark.exhaustive
def test_check_mode_judges_the_tenant_where_it_would_change_nothing(ansible):
    run(ansible, "onboard", **ASSIGNED)
    assert run(ansible, "onboard", "--check", **ASSIGNED, **PHONE).code == 0
    add_opponent(ansible)
    play = run(ansible, "onboard", "--check", **ASSIGNED, **PHONE)
    assert play.code == 2 and "disagree" in play[OUTCOME].result["msg"] and "planned" not in summary(play), play.output
