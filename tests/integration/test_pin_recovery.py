# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test a help desk with only the survey: users of each kind, with the playbook."""

from __future__ import annotations

import pathlib
import subprocess
import typing as t

import pytest

from .harness import one_of
from .test_device_passcode_info import recipient
from .test_role import run, summary, writes

MODULE = "intune_pin_recovery"
DOMAIN = "@contoso.onmicrosoft.com"
CLARA, EMMA, ADMIN, WAREHOUSE, SOFIA = (
    f"{name}{DOMAIN}" for name in ("clara.hoffmann", "emma.fischer", "ada.admin", "warehouse.one", "sofia.rossi")
)
GUEST = f"eva.lund_fabrikam.com#EXT#{DOMAIN}"
FIND, ISSUE = "Recover | Find the right steps", "Recover | Issue a pass"
LAPTOP = "LT-BERLIN-012"
WIDTH = 78


@pytest.fixture
def desk(tmp_path: pathlib.Path) -> dict[str, str]:
    """Return the variables of the job template, which the administrator sets, and the answer that names the verifier of the caller."""
    return {"pin_reset_seal_to": str(recipient(tmp_path)[0]), "pin_reset_recover_verified_by": "Jonas, by video"}


def recover(ansible, user: str, *arguments: str, **variables: t.Any):
    return run(ansible, "recover", *arguments, pin_reset_recover_user=user, **variables)


def passes(ansible) -> int:
    return sum(map(len, ansible.tenant.control.access_passes().values()))


def web_sign_in(ansible, state: str = "succeeded") -> None:
    """Apply a policy that turns web sign-in on to the laptop."""
    policy = {"name": "Web sign-in", "enable_web_sign_in": "enabled", "assignments": [{"target": "all_devices"}]}
    made = ansible.module("intune_pin_policy", policy)
    device = ansible.tenant.control.device(LAPTOP)["id"]
    ansible.tenant.control.policy_states(made.result["pin_policy"]["id"], {device: state})


@pytest.mark.parametrize("execution", one_of("in_process", "module"))
def test_the_module_finds_the_steps(ansible, execution):
    ansible.execution = execution
    found = ansible.module(MODULE, {"user": CLARA})
    recovery = found.result["recovery"]
    assert (found.status, found.writes, recovery["devices"][0]["device_name"]) == ("ok", [], LAPTOP)
    assert recovery["pass"] == {"can_help": True, "reasons": []} and len(recovery["steps"]) > 3
    assert "There is no user" in ansible.module(MODULE, {"user": f"nobody{DOMAIN}"}).result["msg"]


def test_a_joined_device_without_web_sign_in(ansible, desk):
    play = recover(ansible, CLARA, **desk)
    assert play.code == 0 and passes(ansible) == 1, play.output
    told = summary(play)
    assert f"Device {LAPTOP}: Microsoft Entra joined, web sign-in off; PIN reset deletes the credentials" in told
    assert "Pass: issued for one use" in told and "sealed to CN=Helpdesk" in told
    assert "sign in with something else first" in told and "verify their identity with the pass" in told
    lines = play["Summary | PIN reset"].result["msg"]
    assert max(len(f"  {line}") for line in lines if " " in line.strip()) <= WIDTH
    (entry,) = play[ISSUE].result["results"]
    assert entry["verified_by"] == "Jonas, by video" and "temporary_access_pass" not in entry
    assert "BEGIN CMS" in entry["sealed_temporary_access_pass"]


def test_a_second_run_prints_the_same_steps_and_leaves_the_pass_alone(ansible, desk):
    first, second = recover(ansible, CLARA, **desk), recover(ansible, CLARA, **desk)
    assert second.code == 0 and writes(second) == [] and passes(ansible) == 1
    assert "No new pass: The user has a usable pass" in summary(second) and "Set pin_reset_recover_replace to true" in summary(second)
    assert summary(first).partition("Steps:")[2] == summary(second).partition("Steps:")[2]
    third = recover(ansible, CLARA, **desk, pin_reset_recover_replace="true")
    assert third.code == 0 and "replaces an earlier one" in summary(third)


def test_a_joined_device_with_web_sign_in(ansible, desk):
    web_sign_in(ansible)
    told = summary(recover(ansible, CLARA, **desk))
    assert "web sign-in on" in told and f"On {LAPTOP}, have the user choose web sign-in (the globe)" in told
    web_sign_in(ansible, "pending")
    told = summary(recover(ansible, CLARA, **desk))
    assert "web sign-in not known" in told and "look for web sign-in" in told


@pytest.mark.exhaustive
def test_a_hybrid_joined_device(ansible, desk):
    told = summary(recover(ansible, EMMA, **desk))
    assert "Pass: issued" in told and "web sign-in" not in told
    assert "On WS-BERLIN-101, have the user sign in with the password. No pass signs in to this device." in told


@pytest.mark.parametrize(
    ("user", "device", "step"),
    [
        pytest.param("clara.hoffmann", "web sign-in on; PIN reset keeps the credentials", "only the PIN on", id="proven"),
        pytest.param(
            "amelie.novak",
            "web sign-in on; PIN reset deletes the credentials",
            "is set up again on",
            id="destructive",
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(
            "jonas.weber", "web sign-in off; no PIN to be reset", "the user has no PIN yet", id="no PIN", marks=pytest.mark.exhaustive
        ),
        pytest.param(
            "ines.garcia",
            "web sign-in not known; whether",
            "whether its keys are kept is not known",
            id="nothing reported",
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(
            "emma.fischer", "hybrid joined; PIN reset keeps the credentials", "only the PIN on", id="hybrid", marks=pytest.mark.exhaustive
        ),
    ],
)
def test_what_devices_say_themselves(ansible, desk, user, device, step):
    ansible.tenant.control.reset("helpdesk")
    run(ansible, "onboard", pin_reset_assignments=[{"target": "all_devices"}])
    play = recover(ansible, f"{user}{DOMAIN}", **desk)
    assert play.code == 0 and device in summary(play) and step in summary(play), play.output


@pytest.mark.exhaustive
def test_devices_that_are_asked_and_stay_silent(ansible, desk):
    control = ansible.tenant.control
    control.reset("helpdesk")
    play = recover(ansible, CLARA, **desk, pin_reset_recover_fresh=True, pin_reset_recover_fresh_timeout=0)
    assert play.code == 0 and play[FIND].changed and play[FIND].result["recovery"]["fresh"] is None
    assert "has reported no newer answer within 0 seconds. The last known answer stands." in summary(play)


@pytest.mark.parametrize(
    ("user", "words", "step"),
    [
        pytest.param(GUEST, "No pass: The user is a guest from another tenant", "help desk of their own organization", id="guest"),
        pytest.param(ADMIN, "Global Administrator", "Privileged Authentication Administrator issue the pass", id="privileged"),
        pytest.param(
            WAREHOUSE,
            "Windows devices: none in Intune, but Android",
            "'Intune PIN reset: reset passcode'",
            id="Android only",
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(
            SOFIA, "registered, not joined; no PIN to be reset", "it is not the work account", id="registered", marks=pytest.mark.exhaustive
        ),
    ],
)
def test_a_user_without_a_pass(ansible, desk, user, words, step):
    play = recover(ansible, user, **desk)
    assert play.code == 0 and passes(ansible) == 0, play.output
    told = summary(play)
    assert words in told and "No pass:" in told and step in told.partition("Steps:")[2]
    assert "with the pass" not in told.replace("with the password", "")


@pytest.mark.exhaustive
def test_a_user_without_a_device(ansible, desk):
    ansible.tenant.control.add_user("new.joiner")
    told = summary(recover(ansible, f"new.joiner{DOMAIN}", **desk))
    assert "Windows devices: none in Intune" in told and "Pass: issued" in told and "mysecurityinfo" in told


@pytest.mark.exhaustive
def test_a_disabled_account(ansible, desk):
    control = ansible.tenant.control
    (clara,) = [user["id"] for user in control.users() if user["userPrincipalName"] == CLARA]
    control.change_user(clara, accountEnabled=False)
    play = recover(ansible, CLARA, **desk)
    assert play.code == 0 and passes(ansible) == 0
    assert "account disabled" in summary(play) and "enable it in Microsoft Entra" in summary(play)


def test_a_tenant_that_has_passes_turned_off(ansible, desk):
    ansible.tenant.control.access_pass_policy(state="disabled")
    play = recover(ansible, CLARA, **desk)
    assert play.code == 0 and writes(play) == []
    assert "No pass: The authentication methods policy has Temporary Access Pass in the state 'disabled'" in summary(play)
    assert "To be able to use a pass" in summary(play) and "Authenticator app" in summary(play)


@pytest.mark.exhaustive
def test_a_group_that_the_user_is_not_in(ansible, desk):
    group = ansible.tenant.graph("GET", "/groups")["value"][0]["id"]
    ansible.tenant.control.access_pass_policy(includeTargets=[{"targetType": "group", "id": group, "isRegistrationRequired": False}])
    play = recover(ansible, CLARA, **desk)
    assert play.code == 0 and writes(play) == []
    assert "does not include the user" in summary(play) and "with the pass" not in summary(play).replace("with the password", "")


def test_a_lifetime_that_the_policy_does_not_allow_is_a_mistake(ansible, desk):
    play = recover(ansible, CLARA, **desk, pin_reset_recover_lifetime_minutes="9999")
    assert play.code == 2 and passes(ansible) == 0
    assert "No pass: lifetime_minutes is 9999, and the authentication methods policy allows 60 to 480." in summary(play)
    play = recover(ansible, CLARA, **desk, pin_reset_recover_lifetime_minutes="")
    assert play.code == 0 and "Pass: issued" in summary(play), "an empty answer is none"


@pytest.mark.exhaustive
def test_a_lifetime_of_zero_is_not_the_default_one(ansible, desk):
    play = recover(ansible, CLARA, **desk, pin_reset_recover_lifetime_minutes=0)
    assert play.code == 2 and "lifetime_minutes must be from 10 to 43200, not 0." in play[ISSUE].result["msg"] and passes(ansible) == 0


@pytest.mark.parametrize("given", [{}, {"pin_reset_recover_return_pass": "false"}], ids=["not set", "as text, as on a command line"])
def test_a_pass_that_nobody_could_read_is_not_issued(ansible, given):
    play = recover(ansible, CLARA, **given)
    assert play.code == 0 and writes(play) == [] and passes(ansible) == 0
    assert "No pass: nobody could read it. Set pin_reset_seal_to" in summary(play)
    assert "with the pass" not in summary(play).replace("with the password", "")


def test_check_mode_issues_nothing(ansible, desk):
    play = recover(ansible, CLARA, "--check", **desk)
    assert play.code == 0 and writes(play) == [] and "Pass: would be issued (check mode)" in summary(play)


def test_a_lost_value_ends_red_after_the_steps(ansible, desk):
    ansible.tenant.control.arm("drop_after", "POST", r"temporaryAccessPassMethods$")
    play = recover(ansible, CLARA, **desk)
    assert play.code == 2 and "whose value nobody has seen" in summary(play) and "pin_reset_recover_replace: true" in summary(play)
    assert "Steps: 1. Verify the caller" in summary(play)
    assert "with the pass" not in summary(play).replace("with the password", "")
    again = recover(ansible, CLARA, **desk, pin_reset_recover_replace="true")
    assert again.code == 0 and "Pass: issued for one use" in summary(again)


@pytest.mark.exhaustive
def test_an_unexpected_failure_ends_red_after_the_steps(ansible, desk):
    ansible.tenant.control.arm("status", "POST", r"temporaryAccessPassMethods$", status=400)
    play = recover(ansible, CLARA, **desk)
    assert play.code == 2 and "No pass:" in summary(play) and "Steps: 1. Verify the caller" in summary(play)


@pytest.mark.exhaustive
def test_a_user_who_does_not_exist_ends_red(ansible, desk):
    play = recover(ansible, f"nobody{DOMAIN}", **desk)
    assert play.code == 2 and "User: There is no user with the principal name" in summary(play)


def test_what_is_handed_on_holds_no_secret(ansible, desk):
    play = recover(ansible, CLARA, **desk, pin_reset_recover_return_pass=True)
    statistics = play["Summary | PIN reset"].result["ansible_stats"]["data"]["pin_reset_summary"]["recovery"]
    assert statistics == {
        "user": CLARA,
        "devices": 1,
        "can_help": True,
        "pass": "issued",
        "reason": None,
        "verified_by": "Jonas, by video",
    }
    assert passes(ansible) == 1 and not [secret for secret in ansible.tenant.control.secrets() if secret in play.output]


def test_the_facts_hold_the_sealed_pass(ansible, tmp_path):
    certificate, key = recipient(tmp_path)
    role = {"name": "endpointops.intune.pin_reset", "tasks_from": "recover"}
    given = {"pin_reset_recover_user": CLARA, "pin_reset_seal_to": [str(certificate)]}
    copied = {"content": "{{ pin_reset_results[0].sealed_temporary_access_pass }}", "dest": str(tmp_path / "pass.cms"), "mode": "0600"}
    play = ansible.tasks(
        [
            {"name": "recover", "ansible.builtin.import_role": role, "vars": given},
            {"name": "keep", "ansible.builtin.copy": copied},
        ]
    )
    assert play.code == 0, play.output
    command = ["openssl", "cms", "-decrypt", "-inform", "PEM", "-in", str(tmp_path / "pass.cms"), "-recip", str(certificate)]
    opened = subprocess.run([*command, "-inkey", str(key)], check=True, capture_output=True, text=True).stdout
    assert opened in ansible.tenant.control.secrets() and opened not in play.output


@pytest.mark.exhaustive
def test_a_name_with_blanks_around_it_and_a_word_for_a_boolean_are_taken(ansible):
    """A name copied into a survey can have blanks, and each extra variable of the command line is text."""
    answers = [f"pin_reset_recover_user=' {CLARA} '", "pin_reset_recover_return_pass=true"]
    play = ansible.playbook("endpointops.intune.recover", *(part for answer in answers for part in ("-e", answer)))
    assert play.code == 0 and passes(ansible) == 1 and "Pass: issued for one use" in summary(play), play.output
