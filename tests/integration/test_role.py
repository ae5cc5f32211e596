# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the role with its playbooks, called by name as users call them."""

from __future__ import annotations

import json
import os

import pytest
from ansible.release import __version__ as ansible_version

from .harness import one_of

# Before ansible-core 2.19, a template that is one variable renders a number as text.
RENDERS_TEXT = tuple(map(int, ansible_version.split(".")[:2])) < (2, 19)
PLAYBOOK = "endpointops.intune.{}"
OUTCOME = "Outcome | Fail if the consent or the policy keeps users from resetting their PIN"
CHECK = "Check | Look for reasons not to begin"
ASSIGNED = {"pin_reset_assignments": [{"target": "all_devices"}]}


def run(ansible, playbook: str, *arguments: str, **variables):
    return ansible.playbook(PLAYBOOK.format(playbook), "-e", json.dumps(variables), *arguments)


def summary(play) -> str:
    """Return the summary as if no line were wrapped."""
    return " ".join(" ".join(play["Summary | PIN reset"].result["msg"]).split())


def printed(play) -> list[str]:
    """Return the names of the tasks that a run prints, including skipped ones."""
    return [task.name for task in play.tasks]


def writes(play) -> list[str]:
    return [write for task in play.tasks for write in task.writes]


def changed(play) -> list[str]:
    return [task.name for task in play.tasks if task.changed]


def test_onboards_and_a_second_run_changes_nothing(ansible):
    dry = run(ansible, "onboard", "--check", "--diff", **ASSIGNED)
    assert dry.code == 0 and writes(dry) == [] and len(changed(dry)) == 2, dry.output
    assert "PIN Reset Service: would be connected (check mode)" in summary(dry)
    assert "would be created (check mode); it allows PIN recovery for all devices" in summary(dry)
    first = run(ansible, "onboard", **ASSIGNED)
    assert first.code == 0 and len(changed(first)) == 2, first.output
    assert "PIN Reset Service: connected" in summary(first) and "PIN recovery for all devices" in summary(first)
    second = run(ansible, "onboard", **ASSIGNED)
    assert second.code == 0 and changed(second) == [] and writes(second) == []
    assert "today?): no" in summary(first) and "0 of 30 devices have it so far" in summary(first)
    assert "no change" in summary(second)
    # This includes Ansible's own tasks, such as the check of the arguments.
    assert max(len(printed(play)) for play in (dry, first, second)) <= 13, printed(first)


@pytest.mark.parametrize("backend", one_of("custom", "settings_catalog"))
def test_a_second_run_asks_as_little_as_proves_that_nothing_is_to_be_done(ansible, backend):
    """Consent: one list of the three applications, and the grants of the two clients in one batch. Policy: one list with all data."""
    run(ansible, "onboard", pin_reset_policy_backend=backend, **ASSIGNED)
    second = run(ansible, "onboard", pin_reset_policy_backend=backend, **ASSIGNED)
    asked = {task.name.split(" : ")[-1]: [entry["path"] for entry in task.journal if entry["kind"] == "graph"] for task in second.tasks}
    policies = "/deviceManagement/" + ("deviceConfigurations" if backend == "custom" else "configurationPolicies")
    assert asked["Consent | Connect the tenant to the PIN Reset Service"] == ["/servicePrincipals", "/$batch"]
    assert asked["Policy | Allow PIN recovery on devices"] == [policies]
    assert asked["Verify | Read the tenant's state again"] == [], "what was found as it should be needs no second look"
    # The other requests return the identity and the tenant, to explain failures.
    assert asked["Preflight | Sign in to Microsoft Graph"] == ["/$batch"]


def test_verify_fails_before_and_passes_after(ansible):
    before = run(ansible, "verify", **ASSIGNED)
    assert before.code == 2 and writes(before) == [] and changed(before) == []
    assert "not connected to the Microsoft PIN Reset Service" in before[OUTCOME].result["msg"]
    assert "PIN Reset Service: not connected" in summary(before) and "today?): no" in summary(before)
    assert "No policy named 'PIN recovery'" in summary(before)
    run(ansible, "onboard", **ASSIGNED)
    for arguments in ([], ["--check"]):
        after = run(ansible, "verify", *arguments, **ASSIGNED)
        assert after.code == 0 and writes(after) == [] and changed(after) == [], after.output
        assert "PIN Reset Service: connected" in summary(after) and "0 of 30 devices have it so far" in summary(after)
    arrived = run(ansible, "verify", pin_reset_must_arrive=True, **ASSIGNED)
    assert arrived.code == 2 and "0 of 30 devices have it so far" in arrived[OUTCOME].result["msg"]


@pytest.mark.exhaustive
def test_verify_says_what_makes_the_policy_void_and_what_else_is_wrong(ansible):
    run(ansible, "onboard", **ASSIGNED)
    tenant = ansible.tenant.env["INTUNE_TENANT_ID"]
    setting = {"@odata.type": "#microsoft.graph.omaSettingBoolean", "displayName": "PIN", "description": "", "value": False}
    everywhere = [{"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}]
    wrong = {**setting, "omaUri": f"./Vendor/MSFT/Policy/PassportForWork/{tenant}/Policies/EnablePinRecovery"}
    ansible.tenant.control.add_policy("custom", "Copied", values={"omaSettings": [wrong]}, assignments=everywhere)
    stray = run(ansible, "verify", **ASSIGNED)
    assert stray.code == 0 and "Error: 'Copied' sets" in summary(stray), "it does not touch our policy"
    right = {**setting, "omaUri": f"./Device/Vendor/MSFT/PassportForWork/{tenant}/Policies/EnablePinRecovery"}
    ansible.tenant.control.add_policy("custom", "Other", values={"omaSettings": [right]}, assignments=everywhere)
    against = run(ansible, "verify", **ASSIGNED)
    assert against.code == 2 and writes(against) == []
    told = against[OUTCOME].result["msg"]
    assert "'Other' and 'PIN recovery' disagree on enable_pin_recovery" in told
    assert "today?): no" in summary(against)


@pytest.mark.exhaustive
def test_verify_tells_what_differs_from_what_does_not_work(ansible):
    run(ansible, "onboard", **ASSIGNED)
    (policy,) = [item["id"] for item in ansible.tenant.control.policies() if item["name"] == "PIN recovery"]
    ansible.module("intune_pin_policy", {"id": policy, "description": "Edited."})
    edited = run(ansible, "verify", **ASSIGNED)
    assert edited.code == 0, "a description has no effect"
    assert "Differs: " in summary(edited) and "Edited." in summary(edited)
    ansible.module("intune_pin_policy", {"id": policy, "use_passport_for_work": False})
    off = run(ansible, "verify", **ASSIGNED)
    assert off.code == 2 and "today?): no" in summary(off) and "turns Windows Hello" in summary(off)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "settings", [lambda wrong, right: [wrong], lambda wrong, right: [right, wrong]], ids=["alone", "beside the right one"]
)
def test_onboarding_repairs_the_path_of_microsofts_page(ansible, settings):
    tenant = ansible.tenant.env["INTUNE_TENANT_ID"]
    uri = f"./Vendor/MSFT/Policy/PassportForWork/{tenant}/Policies/EnablePinRecovery"
    setting = {"@odata.type": "#microsoft.graph.omaSettingBoolean", "displayName": "PIN", "description": "", "omaUri": uri, "value": True}
    right = {**setting, "omaUri": uri.replace("./Vendor/MSFT/Policy/", "./Device/Vendor/MSFT/")}
    ansible.tenant.control.add_policy("custom", "PIN recovery", values={"omaSettings": settings(setting, right)})
    assert run(ansible, "onboard", **ASSIGNED).code == 0
    checked = run(ansible, "verify", **ASSIGNED)
    assert checked.code == 0 and "Error" not in summary(checked), checked.output


@pytest.mark.exhaustive
def test_verify_fails_for_a_policy_that_nobody_gets(ansible):
    run(ansible, "onboard", pin_reset_allow_unassigned=True)
    found = run(ansible, "verify")
    assert found.code == 2 and "assigned to nobody" in found[OUTCOME].result["msg"]
    assert run(ansible, "verify", pin_reset_allow_unassigned=True).code == 0


@pytest.mark.exhaustive
def test_configures_by_the_settings_catalog_with_further_settings_and_moves_there(ansible):
    run(ansible, "onboard", **ASSIGNED)
    further = {"minimum_pin_length": 8, "digits": "required", "web_sign_in_allowed_urls": ["login.contoso.com"]}
    variables = {"pin_reset_policy_backend": "settings_catalog", "pin_reset_policy_settings": further, **ASSIGNED}
    refused = run(ansible, "onboard", **variables)
    assert refused.code == 2 and writes(refused) == [] and "pin_reset_policy_replace_custom" in refused[CHECK].result["msg"]
    moved = run(ansible, "onboard", pin_reset_policy_replace_custom=True, **variables)
    assert moved.code == 0 and "(settings catalog)" in summary(moved), moved.output
    found = moved["Policy | Allow PIN recovery on devices"].result["pin_policy"]
    assert {name: found["settings"][name] for name in further} == further
    assert run(ansible, "verify", **variables).code == 0
    # Without options, because the role finds the policy of any type.
    gone = run(ansible, "offboard")
    assert gone.code == 0 and ansible.tenant.graph("GET", "/deviceManagement/configurationPolicies", version="beta")["value"] == []


@pytest.mark.exhaustive
def test_waits_for_approvals_between_runs_and_says_so(ansible):
    """Run it like an AWX workflow, with an approval node between two runs of the job template."""
    ansible.tenant.control.settings(approval_protects=["configuration_policies"])
    variables = {
        "pin_reset_policy_backend": "settings_catalog",
        "pin_reset_approval_justification": "Change 4711",
        "pin_reset_devices": ["PHONE-HELPDESK-01"],
        **ASSIGNED,
    }
    for _write in ("create", "assign"):
        play = ansible.playbook(PLAYBOOK.format("onboard"), "-e", json.dumps(variables), env={"ANSIBLE_SHOW_CUSTOM_STATS": "true"})
        code = ansible.tenant.control.approvals()[-1]["code"]
        assert play.code == 0 and "Waits for the approval of another administrator" in summary(play) and code in summary(play), play.output
        assert play.output.count(f'"pin_reset_approval_code": "{code}"') == 1, "handed on to the next node"
        assert ansible.tenant.control.resets() == {} and "Devices:" not in summary(play)
        ansible.tenant.control.decide(code, "approve")
    done = run(ansible, "onboard", **variables)
    assert done.code == 0 and "1 done" in summary(done), done.output
    waits = run(ansible, "offboard", **{name: variables[name] for name in list(variables)[:2]})
    assert waits.code == 0 and "Waits for the approval of another administrator" in summary(waits)
    assert ansible.tenant.principal("b8456c59-1230-44c7-a4a2-99b085333e84"), "the service stays as long as the policy"
    ansible.tenant.control.decide(ansible.tenant.control.approvals()[-1]["code"], "approve")
    assert run(ansible, "offboard", **{name: variables[name] for name in list(variables)[:2]}).code == 0


@pytest.mark.exhaustive
def test_a_second_call_does_not_tell_of_the_first(ansible):
    """Call it like a loop over tenants: the second one cannot be reached."""
    role = {"name": "endpointops.intune.pin_reset", "tasks_from": "main"}
    first = {"name": "first", "ansible.builtin.include_role": role, "vars": {**ASSIGNED, "pin_reset_devices": ["PHONE-HELPDESK-01"]}}
    broken = {"group/endpointops.intune.intune": {"authority_url": "https://127.0.0.1:9", "retry_timeout": 0}}
    second = {"name": "second", "ansible.builtin.include_role": role}
    rescue = [{"name": "rescue", "ansible.builtin.debug": {"var": "pin_reset_results"}}]
    play = ansible.tasks([first, {"name": "both", "module_defaults": broken, "block": [second], "rescue": rescue}])
    told = [task.result["msg"] for task in play.tasks if task.name.endswith("Summary | PIN reset")]
    assert len(told) == 2 and any("1 done" in line for line in told[0])
    assert told[1] == ["Tenant: not signed in"], told[1]
    assert play.tasks[-1].result["pin_reset_results"] == []


@pytest.mark.exhaustive
def test_case_61_a_policy_for_nobody_stops_onboarding_before_its_first_write(ansible):
    play = run(ansible, "onboard")
    assert play.code == 2 and writes(play) == [] and "Set pin_reset_assignments" in play[CHECK].result["msg"], play.output
    excluded = [{"target": "exclude_group", "group": "Field service"}]
    left = run(ansible, "onboard", pin_reset_assignments=excluded)
    assert left.code == 2 and "assigned to nobody" in left[OUTCOME].result["msg"]
    allowed = run(ansible, "onboard", pin_reset_allow_unassigned=True)
    assert allowed.code == 0 and "PIN recovery for nobody" in summary(allowed)


@pytest.mark.exhaustive
def test_case_51_onboarding_does_not_end_well_where_another_policy_defeats_it(ansible):
    tenant = ansible.tenant.env["INTUNE_TENANT_ID"]
    uri = f"./Device/Vendor/MSFT/PassportForWork/{tenant}/Policies/EnablePinRecovery"
    setting = {"@odata.type": "#microsoft.graph.omaSettingBoolean", "displayName": "PIN", "description": "", "omaUri": uri, "value": False}
    everywhere = [{"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}]
    ansible.tenant.control.add_policy("custom", "Other", values={"omaSettings": [setting]}, assignments=everywhere)
    for changes in (2, 0):
        play = run(ansible, "onboard", **ASSIGNED)
        assert play.code == 2 and len(changed(play)) == changes, play.output
        assert "'Other' and 'PIN recovery' disagree" in play[OUTCOME].result["msg"]
        assert "today?): no" in summary(play)


def test_case_50_names_are_looked_up_before_the_first_write(ansible):
    play = run(ansible, "onboard", pin_reset_assignments=[{"target": "group", "group": "Nobody knows it"}])
    assert play.code == 2 and writes(play) == [] and "There is no group named 'Nobody knows it'" in play[CHECK].result["msg"], play.output
    assert play[CHECK].result["msg"].count("Nothing was changed.") == 1 and play[CHECK].result["msg"].endswith(" Nothing was changed.")
    assert "Error: There is no group named 'Nobody knows it'" in summary(play) and "Differs" not in summary(play)
    tagged = run(ansible, "onboard", pin_reset_scope_tags=["No such tag"], **ASSIGNED)
    assert tagged.code == 2 and writes(tagged) == [] and "No such tag" in tagged[CHECK].result["msg"], tagged.output


def test_case_61_an_unknown_variable_is_refused_with_the_nearest_name(ansible):
    play = run(ansible, "onboard", pin_reset_assignment=[{"target": "all_devices"}])
    told = play["Begin | Check the variables"].result["msg"]
    assert play.code == 2 and "Did you mean pin_reset_assignments?" in told, play.output
    assert ansible.tenant.journal() == []


@pytest.mark.exhaustive
def test_the_role_runs_twice_in_one_play_with_its_own_facts(ansible):
    role = {"name": "endpointops.intune.pin_reset", "tasks_from": "main"}
    calls = [{"name": name, "ansible.builtin.include_role": role, "vars": ASSIGNED} for name in ("first", "second")]
    shown = {"name": "facts", "ansible.builtin.debug": {"msg": "{{ [pin_reset_summary, pin_reset_failed_devices, pin_reset_results] }}"}}
    play = ansible.tasks([*calls, shown])
    assert play.code == 0, play.output
    facts, failed, results = play.tasks[-1].result["msg"]
    assert facts["connected"] is True and facts["ready"] is False and failed == results == []


def test_case_66_facts_are_there_for_the_users_own_rescue(ansible):
    role = {"name": "endpointops.intune.pin_reset", "tasks_from": "reset"}
    call = {"name": "reset", "ansible.builtin.include_role": role, "vars": {"pin_reset_devices": ["LT-ARCHIVE-001"]}}
    told = "{{ [pin_reset_summary.devices.refused, pin_reset_failed_devices | length] }}"
    shown = {"name": "facts", "ansible.builtin.debug": {"msg": told}}
    play = ansible.tasks([{"name": "both", "block": [call], "rescue": [shown]}])
    assert play.tasks[-1].result["msg"] == [1, 1], play.output


@pytest.mark.exhaustive
def test_case_56_offboard_finds_the_policy_whatever_its_type(ansible):
    run(ansible, "onboard", pin_reset_policy_backend="settings_catalog", **ASSIGNED)
    done = run(ansible, "offboard")
    assert done.code == 0 and "Policy: removed" in summary(done), done.output
    assert [policy for policy in ansible.tenant.control.policies() if policy["name"] == "PIN recovery"] == []


def test_case_48_offboard_takes_back_only_what_onboarding_made(ansible):
    run(ansible, "onboard", **ASSIGNED)
    profiles = "/deviceManagement/deviceConfigurations"
    ours = next(item["id"] for item in ansible.tenant.graph("GET", profiles)["value"] if item["displayName"] == "PIN recovery")
    ansible.tenant.graph("DELETE", f"{profiles}/{ours}")
    kind = "#microsoft.graph.omaSettingString"
    secret = {"@odata.type": kind, "displayName": "VPN", "description": "", "omaUri": "./Vendor/MSFT/VPNv2/Office/ProfileXML", "value": "x"}
    theirs = ansible.tenant.control.add_policy("custom", "PIN recovery", values={"omaSettings": [secret]})
    refused = run(ansible, "offboard")
    assert refused.code == 2 and writes(refused) == [], "neither the policy nor the consent"
    message = refused["Offboard | Remove the policy"].result["msg"]
    assert theirs in message and "VPNv2/Office/ProfileXML" in message and "pin_reset_policy_force" in message
    forced = run(ansible, "offboard", pin_reset_policy_force=True)
    assert forced.code == 0 and f"DELETE {profiles}/{theirs}" in writes(forced)


@pytest.mark.exhaustive
@pytest.mark.parametrize("backend", one_of("custom", "settings_catalog"))
def test_offboarding_stops_where_no_policy_has_the_name_and_others_turn_pin_recovery_on(ansible, backend):
    run(ansible, "onboard", pin_reset_policy_name="Hello PIN", pin_reset_policy_backend=backend, **ASSIGNED)
    for arguments in ([], ["--check"], ["--tags", "policy"], ["--tags", "preflight"], ["--skip-tags", "preflight"]):
        play = run(ansible, "offboard", *arguments, pin_reset_policy_name="PIN recovry")
        assert play.code == 2 and writes(play) == [] and changed(play) == [], play.output
        assert play[CHECK].result["msg"] == (
            "No policy named 'PIN recovry' of either type exists, and these policies turn PIN recovery on: 'Hello PIN' (assigned to all "
            "devices). Set pin_reset_policy_name to the name of one of them. To revoke only the consent, run the playbook "
            "with --tags preflight,consent. Nothing was changed."
        )
    alone = run(ansible, "offboard", "--tags", "consent", pin_reset_policy_name="PIN recovry")
    assert alone.code == 0 and any("oauth2PermissionGrants" in write for write in writes(alone)), alone.output
    rest = run(ansible, "offboard", pin_reset_policy_name="PIN recovry")
    assert rest.code == 0 and writes(rest) == [], "nothing is left to cut the tenant off from"
    assert "Policy: none of this name; 'Hello PIN' turns PIN recovery on for all devices" in summary(rest)
    assert run(ansible, "offboard", pin_reset_policy_name="Hello PIN").code == 0


TAGS = ["policy", "preflight", "consent", "verify", "reset"]


@pytest.mark.parametrize("tag", one_of(*TAGS))
@pytest.mark.parametrize("how", ["--tags", "--skip-tags"])
def test_case_58_every_tag_can_be_run_and_skipped_alone(ansible, how, tag):
    play = run(ansible, "onboard", how, tag, pin_reset_devices=["PHONE-HELPDESK-01"], **ASSIGNED)
    assert play.code == (2 if (how, tag) in ALONE else 0), play.output
    assert "undefined" not in play.output and summary(play)
    steps = {"consent": "/servicePrincipals", "policy": "deviceConfigurations", "reset": "resetPasscode"}
    for name, path in steps.items():
        is_run = (name == tag) is (how == "--tags")
        # No reset is sent if verifying has failed.
        is_run = is_run and not (name == "reset" and play.code)
        assert any(path in write for write in writes(play)) is is_run, (name, writes(play))


# Without consent, or without the policy, no user can reset a PIN, and verifying reports it.
ALONE = {("--tags", "verify"), ("--skip-tags", "consent"), ("--skip-tags", "policy")}


@pytest.mark.exhaustive
@pytest.mark.parametrize("tag", one_of("policy", "preflight", "consent"))
@pytest.mark.parametrize("how", ["--tags", "--skip-tags"])
def test_case_59_every_tag_of_offboarding_can_be_run_and_skipped_alone(ansible, how, tag):
    run(ansible, "onboard", **ASSIGNED)
    play = run(ansible, "offboard", how, tag)
    assert play.code == 0 and "undefined" not in play.output, play.output
    for name, path in {"consent": "oauth2PermissionGrants", "policy": "deviceConfigurations"}.items():
        is_run = (name == tag) is (how == "--tags")
        assert any(path in write for write in writes(play)) is is_run, (name, writes(play))


READER = [
    "Organization.Read.All",
    "Application.Read.All",
    "DelegatedPermissionGrant.Read.All",
    "DeviceManagementConfiguration.Read.All",
    "DeviceManagementServiceConfig.Read.All",
    "DeviceManagementManagedDevices.Read.All",
    "GroupMember.Read.All",
]


@pytest.mark.parametrize("playbook", one_of("onboard", "verify", "reset_passcode", "offboard"))
def test_case_60_check_mode_needs_permissions_to_read_only(ansible, playbook):
    app = ansible.tenant.control.add_app(roles=READER)
    env = {"INTUNE_CLIENT_ID": app["client_id"], "INTUNE_CLIENT_SECRET": app["client_secret"]}
    run(ansible, "onboard", **ASSIGNED)
    variables = json.dumps({**ASSIGNED, "pin_reset_devices": ["PHONE-HELPDESK-01"]})
    play = ansible.playbook(PLAYBOOK.format(playbook), "-e", variables, "--check", "--diff", env=env)
    assert play.code == 0 and writes(play) == [], play.output
    note = "Note: Without check mode, this run fails: the application lacks"
    assert (note in summary(play)) is (playbook != "verify"), "check mode is no promise that the run succeeds"


@pytest.mark.exhaustive
def test_offboard_removes_both_after_a_move_that_was_interrupted(ansible):
    run(ansible, "onboard", **ASSIGNED)
    moving = {"pin_reset_policy_backend": "settings_catalog", "pin_reset_policy_replace_custom": True}
    ansible.tenant.control.arm("status", "DELETE", "/deviceConfigurations/", status=400)
    assert run(ansible, "onboard", **moving, **ASSIGNED).code == 2
    refused = run(ansible, "offboard")
    assert refused.code == 2 and writes(refused) == [], "case 56: of two, none is taken by chance"
    assert "pin_reset_policy_replace_custom" in refused["Offboard | Remove the policy"].result["msg"]
    done = run(ansible, "offboard", **moving)
    assert done.code == 0, done.output
    left = ansible.tenant.control.policies()
    assert [policy for policy in left if policy["name"] == "PIN recovery"] == []


def test_a_reset_that_waits_for_an_approval_is_told(ansible):
    ansible.tenant.control.settings(approval_protects=["reset_passcode"])
    variables = {"pin_reset_devices": ["PHONE-HELPDESK-01"], "pin_reset_approval_justification": "Ticket 4711"}
    waits = run(ansible, "reset_passcode", **variables)
    code = ansible.tenant.control.approvals()[-1]["code"]
    assert waits.code == 0 and "1 needs approval" in summary(waits) and code in summary(waits), waits.output
    assert waits["Summary | PIN reset"].result["approval"]["code"] == code


def test_offboard_undoes_it_and_nothing_else(ansible):
    before = (
        ansible.tenant.graph("GET", "/servicePrincipals")["value"],
        ansible.tenant.graph("GET", "/deviceManagement/deviceConfigurations")["value"],
    )
    run(ansible, "onboard", **ASSIGNED)
    dry = run(ansible, "offboard", "--check")
    assert dry.code == 0 and writes(dry) == [] and len(changed(dry)) == 2
    done = run(ansible, "offboard")
    assert done.code == 0 and "Policy: removed" in summary(done) and "not connected" in summary(done)
    assert changed(run(ansible, "offboard")) == []
    after = (
        ansible.tenant.graph("GET", "/servicePrincipals")["value"],
        ansible.tenant.graph("GET", "/deviceManagement/deviceConfigurations")["value"],
    )
    assert after == before


def test_a_reset_of_nothing_says_so_and_nothing_else(ansible):
    """As with a blank field of a survey."""
    play = run(ansible, "reset_passcode", "-vv", pin_reset_devices=" \n")
    assert f"task path: {os.environ.get('COLLECTION_UNDER_TEST', '')}" in play.output, "another copy of the collection ran"
    (failed,) = [task for task in play.tasks if task.status == "failed"]
    assert play.code == 2 and "No device is named" in failed.result["msg"], play.output
    assert all(task.journal == [] for task in play.tasks)
    assert summary(play) == "Nothing was read or done."


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


def test_a_missing_permission_stops_it_before_any_write(ansible):
    app = ansible.tenant.control.add_app(roles=["Organization.Read.All", "DeviceManagementConfiguration.ReadWrite.All"])
    env = {"INTUNE_CLIENT_ID": app["client_id"], "INTUNE_CLIENT_SECRET": app["client_secret"]}
    play = ansible.playbook(PLAYBOOK.format("onboard"), env=env)
    assert play.code == 2 and writes(play) == []
    told = play[CHECK].result["msg"]
    assert "An administrator connects the tenant once, by the playbook endpointops.intune.bootstrap" in told
    assert "Grant Application.ReadWrite.All and DelegatedPermissionGrant.ReadWrite.All to an application only as a last resort" in told


def test_a_refused_consent_shows_the_pages_in_the_summary(ansible):
    ansible.tenant.control.settings(consent="refuse_service_principal")
    play = run(ansible, "onboard", **ASSIGNED)
    assert play.code == 2 and "Consent by hand" in summary(play) and "prompt=admin_consent" in summary(play)


@pytest.mark.parametrize(
    ("playbook", "variables", "word"),
    [
        ("reset_passcode", {"pin_reset_devices": ["x"], "pin_reset_match_by": "color"}, "color"),
        ("onboard", {"pin_reset_policy_scope": "planet"}, "planet"),
    ],
)
def test_bad_variables_are_refused_by_the_roles_argument_specs(ansible, playbook, variables, word):
    play = run(ansible, playbook, **variables)
    assert play.code == 2 and word in play.tasks[0].result["msg"] and "Validating arguments" in play.tasks[0].name
    assert ansible.tenant.journal() == []


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("playbook", "variables", "word"),
    [
        ("onboard", {"pin_reset_assignments": [{"target": "everybody"}]}, "'everybody' must be one of all_devices"),
        pytest.param(
            *("onboard", {"pin_reset_assignments": 12345}, "'12345' must be a dictionary, such as {target: all_devices}"),
            marks=pytest.mark.skipif(RENDERS_TEXT, reason="this ansible-core renders the number as text, which a later task refuses"),
        ),
        ("onboard", {"pin_reset_assignments": ["all_users"]}, "'all_users' must be a dictionary, such as {target: all_users}"),
        ("onboard", {"pin_reset_assignments": [{"group": "Pilot ring"}]}, "an entry has no target"),
        ("reset_passcode", {"pin_reset_devices": ["x"], "pin_reset_platforms": ["beos"]}, "'beos' must be one of"),
        ("reset_passcode", {"pin_reset_devices": ["x"], "pin_reset_ownerships": ["mine"]}, "'mine' must be one of"),
        ("onboard", {"pin_reset_policy_replace_custom": True, **ASSIGNED}, "Set pin_reset_policy_backend to settings_catalog"),
        ("onboard", {"pin_reset_approval_code": "4711", **ASSIGNED}, "pin_reset_approval_code must be a GUID"),
        ("onboard", {"pin_reset_policy_settings": '{"minimum_pin_length": 6}', **ASSIGNED}, "must be a dictionary, not text"),
        ("onboard", {"pin_reset_reset_since": "yesterday", **ASSIGNED}, "pin_reset_reset_since must be a timestamp"),
        ("onboard", {"pin_reset_sealed_directory": "/out", **ASSIGNED}, "pin_reset_sealed_directory needs pin_reset_seal_to"),
    ],
)
def test_case_8_values_that_are_not_taken_are_told_before_anything_is_sent(ansible, playbook, variables, word):
    play = run(ansible, playbook, **variables)
    assert play.code == 2 and word in play["Begin | Check the variables"].result["msg"], play.output
    assert ansible.tenant.journal() == []


UNSET = [pytest.param(None, id="case 8: null"), pytest.param("", id="case 8: empty text")]


@pytest.mark.exhaustive
@pytest.mark.parametrize("unset", UNSET)
def test_a_variable_that_is_null_or_blank_counts_as_not_set(ansible, unset):
    lists = (
        "assignments",
        "scope_tags",
        "service_scopes",
        "client_scopes",
        "platforms",
        "ownerships",
        "devices",
        "device_groups",
        "seal_to",
    )
    more = {"pin_reset_policy_settings": None} if unset is None else {}
    play = run(ansible, "onboard", pin_reset_allow_unassigned=True, **{f"pin_reset_{name}": unset for name in lists}, **more)
    assert play.code == 0 and "PIN recovery for nobody" in summary(play), play.output
    assert not any("resetPasscode" in request for request in writes(play))


@pytest.mark.parametrize("unset", UNSET)
def test_no_device_is_said_for_it(ansible, unset):
    play = run(ansible, "reset_passcode", pin_reset_devices=unset, pin_reset_device_groups=unset)
    assert play.code == 2 and "No device is named" in play["Begin | Check the variables"].result["msg"], play.output


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "value", [pytest.param(12345, id="case 8: a number"), pytest.param([5349], id="case 3: an entry"), pytest.param(True, id="case 8: yes")]
)
@pytest.mark.parametrize("variable", ["pin_reset_devices", "pin_reset_device_groups"])
def test_a_name_that_is_not_text_is_told_in_one_sentence(ansible, variable, value):
    play = run(ansible, "reset_passcode", **{variable: value})
    (told,) = {task.result["msg"] for task in play.tasks if task.status == "failed"}
    shown = value[0] if isinstance(value, list) else value
    assert play.code == 2 and writes(play) == []
    if RENDERS_TEXT and value == 12345:
        assert told.startswith("There is no ") and "'12345'" in told, play.output
    else:
        assert told.startswith(f"{variable.removeprefix('pin_reset_')}: {shown} is not text") and "Put it in quotes" in told, play.output


@pytest.mark.exhaustive
def test_case_8_assignments_may_be_text_with_commas_in_quotes(ansible):
    text = "target=group group='Comma, Inc', target=exclude_group group='Field service'"
    play = run(ansible, "onboard", "--check", pin_reset_assignments=text)
    assert "There is no group named 'Comma, Inc'." in play[CHECK].result["msg"], play.output
    play = run(ansible, "onboard", pin_reset_assignments="target=group group=Comma, Inc")
    (told,) = {task.result["msg"] for task in play.tasks if task.status == "failed"}
    assert "assignments: 'Inc' must be name=value" in told, play.output
    play = run(ansible, "onboard", pin_reset_assignments=text.replace("Comma, Inc", "Helpdesk phones"))
    assert play.code == 0, play.output


def test_no_device_is_said_before_anything_is_sent(ansible):
    play = run(ansible, "reset_passcode")
    assert play.code == 2 and "Set pin_reset_devices" in play["Begin | Check the variables"].result["msg"]
    assert ansible.tenant.journal() == []


def test_an_unreachable_tenant_is_said_in_the_summary(ansible):
    play = ansible.playbook(PLAYBOOK.format("verify"), env={"INTUNE_AUTHORITY_URL": "https://127.0.0.1:9"})
    assert play.code == 2 and "Tenant: not signed in" in summary(play)


def test_the_report_is_written_and_changes_nothing_in_the_tenant(ansible, tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    play = run(ansible, "report", pin_reset_report_directory=str(folder), **ASSIGNED)
    assert play.code == 0 and writes(play) == [] and "today?): no" in summary(play), play.output
    assert str(folder / "pin-reset-report.html") in summary(play)
    assert sorted(path.suffix for path in folder.iterdir()) == [".csv", ".html", ".json"]
    assert "Run endpointops.intune.onboard" in (folder / "pin-reset-report.html").read_text(encoding="utf-8")
    again = run(ansible, "report", "--check", pin_reset_report_directory=str(folder / "none"))
    assert again.code == 2 and "none" in summary(again) + again.output


def test_no_passcode_is_in_what_a_run_prints_or_gives_to_its_tasks(ansible):
    """Use a verbosity that shows the options of tasks, and check the data of output plugins."""
    variables = {"pin_reset_devices": ["PHONE-HELPDESK-01"], "pin_reset_return_passcode": True}
    before = set(ansible.tenant.control.secrets())  # including earlier tests
    for playbook in ("onboard", "reset_passcode"):
        play = run(ansible, playbook, "-vvv", **variables, **ASSIGNED)
        secrets = set(ansible.tenant.control.secrets()) - before
        record = (ansible.folder / "record.jsonl").read_text(encoding="utf-8")
        assert play.code == 0 and secrets and '"modules": ["intune_' in record and '"results":' in record, play.output
        assert [secret for secret in secrets if secret in play.output + record] == []


def test_a_report_on_results_with_passcodes_leaves_them_out(ansible, tmp_path):
    resets = {"pin_reset_devices": ["PHONE-HELPDESK-01"], "pin_reset_return_passcode": True}
    calls = [
        {"name": entry, "ansible.builtin.include_role": {"name": "endpointops.intune.pin_reset", "tasks_from": entry}, "vars": variables}
        for entry, variables in (
            ("reset", resets),
            ("report", {"pin_reset_report_directory": str(tmp_path), "pin_reset_report_results": "{{ pin_reset_results }}"}),
        )
    ]
    before = set(ansible.tenant.control.secrets())
    play = ansible.tasks(calls, "-vvv")
    secrets = set(ansible.tenant.control.secrets()) - before
    left = [path.read_text(encoding="utf-8") for path in tmp_path.glob("*.*") if path.suffix in (".html", ".json", ".csv", ".jsonl")]
    assert play.code == 0 and len(left) == 4 and secrets, play.output
    assert [secret for secret in secrets for text in (play.output, *left) if secret in text] == []


@pytest.mark.exhaustive
def test_verify_does_not_fail_for_values_that_intune_hides_from_an_application_that_may_only_read(ansible):
    ansible.tenant.control.settings(plain_text_value="write")
    variables = {**ASSIGNED, "pin_reset_policy_settings": {"device_unlock_plugins": "<rule/>", "minimum_pin_length": 6}}
    assert run(ansible, "onboard", **variables).code == 0
    app = ansible.tenant.control.add_app(roles=READER)
    env = {"INTUNE_CLIENT_ID": app["client_id"], "INTUNE_CLIENT_SECRET": app["client_secret"]}
    play = ansible.playbook(PLAYBOOK.format("verify"), "-e", json.dumps(variables), env=env)
    assert play.code == 0, play.output
    assert "Not known: pin_reset_policy_settings.device_unlock_plugins cannot be compared" in summary(play)
    variables["pin_reset_policy_settings"]["minimum_pin_length"] = 8
    play = ansible.playbook(PLAYBOOK.format("verify"), "-e", json.dumps(variables), env=env)
    told = play[OUTCOME].result["msg"]
    assert play.code == 2 and "minimum_pin_length" in told and "device_unlock_plugins" not in told, play.output


@pytest.mark.exhaustive
def test_what_was_read_before_a_change_is_not_told_where_the_run_stops_after_it(ansible):
    run(ansible, "onboard", **ASSIGNED)
    play = run(ansible, "onboard", "--skip-tags", "verify", pin_reset_policy_description="Another one.", **ASSIGNED)
    assert play.code == 0 and "not read again after the changes" in summary(play) and "devices have it" not in summary(play), play.output


@pytest.mark.exhaustive
def test_a_job_uses_and_hands_on_nothing_of_the_job_before_it(ansible):
    """In a workflow, AWX passes the artifacts of earlier jobs as extra variables, which facts cannot replace."""
    old = {
        "pin_reset_summary": {"tenant_id": "old", "connected": False, "ready": False, "reasons": ["old"], "devices": {"total": 99}},
        "pin_reset_failed_devices": ["old-device"],
        "pin_reset_approval_code": "6e4a0e0b-5c1f-4d19-9f5b-1f5b7a3c2d10",
        "pin_reset_results": [{"device": "old-device", "status": "failed"}],
        "pin_reset_approval": {"code": "old"},
    }
    env = {"ANSIBLE_SHOW_CUSTOM_STATS": "true"}
    play = ansible.playbook(PLAYBOOK.format("onboard"), "-e", json.dumps({**ASSIGNED, **old}), env=env)
    statistics = play.output.partition("CUSTOM STATS:")[2]
    assert play.code == 0 and "old" not in summary(play) + statistics and '"pin_reset_approval_code": ""' in statistics, play.output
    told = play["Summary | PIN reset"].result
    assert (
        told["summary"]["connected"] is True and told["ansible_stats"]["data"]["pin_reset_failed_devices"] == [] and told["approval"] == {}
    )


# --- a device that has just enrolled ----------------------------------------------------------------------------------

WAIT = "Wait | Wait until the policy has arrived on the device"
LAPTOP = {
    "deviceName": "NEW-0001",
    "serialNumber": "PF3XYZ12",
    "operatingSystem": "Windows",
    "osVersion": "10.0.26100.4061",
    "deviceType": "desktop",
}
SERIAL = {"pin_reset_ready_device": "PF3XYZ12", "pin_reset_match_by": "serial_number", "pin_reset_ready_interval": 1}


def onboarded(ansible, **device) -> str:
    """Return the ID of a new device in a tenant whose policy is for all devices."""
    assert run(ansible, "onboard", **ASSIGNED).code == 0
    return ansible.tenant.control.add_device(**{**LAPTOP, **device})["id"]


def report(ansible, device: str, *states) -> None:
    control = ansible.tenant.control
    (policy,) = [policy["id"] for policy in control.policies() if policy["name"] == "PIN recovery"]
    control.policy_states(policy, {device: list(states)})


def test_a_new_device_is_waited_for(ansible):
    device = onboarded(ansible, enrolls_after=1)
    report(ansible, device, {"state": "succeeded", "after": 2})
    play = run(ansible, "wait_ready", **SERIAL)
    assert play.code == 0 and writes(play) == [] and changed(play) == [], play.output
    assert "Device 'PF3XYZ12': eligible; waited" in summary(play) and "'PIN recovery': succeeded" in summary(play)
    assert "Ready (can the user of this device reset the PIN?): yes" in summary(play)
    assert len(printed(play)) <= 13, printed(play)
    assert max(map(len, play["Summary | PIN reset"].result["msg"])) <= 78


@pytest.mark.exhaustive
def test_a_wait_without_success_fails_in_the_words_of_the_role(ansible):
    onboarded(ansible, managedDeviceOwnerType="personal")
    refused = run(ansible, "wait_ready", **SERIAL)
    assert refused.code == 2 and "(device_not_eligible)" in refused[WAIT].result["msg"], refused.output
    assert "not eligible (personally_owned)" in summary(refused) and "Ready (can the user of this device reset the PIN?): no" in summary(
        refused
    )
    allowed = run(ansible, "wait_ready", **{**SERIAL, "pin_reset_ownerships": ["company", "personal"], "pin_reset_ready_timeout": 1})
    assert allowed.code == 2 and "(not_arrived)" in allowed[WAIT].result["msg"]
    missing = run(ansible, "wait_ready", **{**SERIAL, "pin_reset_ready_device": "PF3XYZ13", "pin_reset_ready_timeout": 1})
    assert "pin_reset_ready_timeout" in missing[WAIT].result["msg"] and "intune_pin_readiness_info" not in missing[WAIT].result["msg"]
    named = run(ansible, "wait_ready")
    assert named.code == 2 and "missing required arguments: pin_reset_ready_device" in named.output


def test_a_tenant_that_is_not_ready_ends_the_wait(ansible):
    play = run(ansible, "wait_ready", **SERIAL)
    assert play.code == 2 and "(not_connected)" in play[WAIT].result["msg"]
    assert "endpointops.intune.onboard" in play[WAIT].result["msg"]


@pytest.mark.exhaustive
def test_check_mode_looks_at_a_new_device_once_with_permissions_to_read(ansible):
    device = onboarded(ansible)
    readers = ("Application", "DelegatedPermissionGrant", "DeviceManagementConfiguration", "DeviceManagementServiceConfig")
    roles = [f"{name}.Read.All" for name in (*readers, "DeviceManagementManagedDevices")]
    app = ansible.tenant.control.add_app(roles=roles)
    env = {"INTUNE_CLIENT_ID": app["client_id"], "INTUNE_CLIENT_SECRET": app["client_secret"]}
    looked = ansible.playbook(PLAYBOOK.format("wait_ready"), "-e", json.dumps(SERIAL), "--check", env=env)
    assert looked.code == 0 and "'PIN recovery': pending" in summary(looked), looked.output
    report(ansible, device, "succeeded")
    waited = ansible.playbook(PLAYBOOK.format("wait_ready"), "-e", json.dumps(SERIAL), env=env)
    assert waited.code == 0 and "reset the PIN?): yes" in summary(waited), waited.output
