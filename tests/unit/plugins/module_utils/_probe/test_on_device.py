# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._probe import dsregcmd, on_device
from ansible_collections.endpointops.intune.plugins.module_utils._probe.on_device import Answer, Answers, DeviceResult
from tests.support.dsregcmd import OUTPUTS, SIGNED_OUT, TENANT, WITHOUT_PIN, Output, change, possible
from tests.support.dsregcmd import render as render_status
from tests.support.reg_query import BUILD, DEVICE, GROUP_POLICY, ON, OTHER_PERSON, PERSON, USER_GROUP_POLICY, Registry, render

NOT_THERE = Answer("", 1)
WINDOWS = Answer(BUILD, 0)
destructive = OUTPUTS["destructive reset only"]
# A joined device over WinRM: the account has neither a PIN nor a token of Microsoft Entra ID.
remote = change(possible, UserState={**WITHOUT_PIN, "NgcKeyId": None, "CanReset": None}, SSOState=SIGNED_OUT)
JOINED = [name for name in OUTPUTS if name not in ("registered with a work account", "through WinRM")]


def answer(registry: Registry | None) -> Answer:
    return Answer(render(registry), 0) if registry else NOT_THERE


def judged(
    output: Output,
    intune: Registry | t.Literal["on"] | None = "on",
    computer: Registry | None = None,
    user: Registry | None = None,
    windows: Answer = WINDOWS,
) -> DeviceResult:
    status, set_by_intune = Answer(render_status(output), 0), ON if intune == "on" else intune
    return on_device.describe(Answers(status, answer(set_by_intune), answer(computer), answer(user), windows))


def codes(found: DeviceResult) -> list[str]:
    return [reason["code"] for reason in found["reasons"]]


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_verdict_is_that_of_windows(name: str) -> None:
    found, filtered = judged(OUTPUTS[name]), dsregcmd.describe(render_status(OUTPUTS[name]))
    assert found["non_destructive_reset"] is filtered["non_destructive_reset"]
    # The policy is correct, and adds no reason.
    assert found["reasons"] == filtered["reasons"] and found["join_type"] == filtered["join_type"]
    is_joined = name in JOINED
    assert found["policy"] == (
        {"tenant_id": TENANT, "pin_recovery": "on", "windows_hello": "on", "users_on": 0, "users_off": 0} if is_joined else None
    )
    assert found["group_policy"] == ("not_set" if is_joined else None)


@pytest.mark.parametrize(
    ("intune", "computer", "user", "further"),
    [
        pytest.param(ON, None, None, [], id="as it should be"),
        pytest.param(None, None, None, ["policy_not_arrived"], id="no policy"),
        pytest.param({DEVICE: {"EnablePinRecovery": 0}}, None, None, ["pin_recovery_off"], id="off"),
        pytest.param({DEVICE: {"UsePassportForWork": 0}}, None, None, ["hello_off", "policy_not_arrived"], id="Windows Hello off"),
        pytest.param(ON, {GROUP_POLICY: {"Enabled": 1}}, None, ["group_policy"], id="a group policy beats it"),
        pytest.param(None, {GROUP_POLICY: {"EnablePinRecovery": 1}}, None, [], id="a group policy alone"),
        pytest.param({PERSON: {"EnablePinRecovery": 1}}, None, None, [], id="for a user"),
        pytest.param({PERSON: {"EnablePinRecovery": 0}}, None, None, ["pin_recovery_off"], id="off for a user"),
        pytest.param({**ON, PERSON: {"EnablePinRecovery": 1}}, None, None, [], id="for a user and the device"),
        pytest.param({**ON, PERSON: {"EnablePinRecovery": 0}}, None, None, ["users_differ"], id="off for one of the users"),
        pytest.param(
            {PERSON: {"EnablePinRecovery": 0}, OTHER_PERSON: {"EnablePinRecovery": 1}}, None, None, ["users_differ"], id="two users"
        ),
        pytest.param(
            {**ON, PERSON: {"EnablePinRecovery": 0}},
            {GROUP_POLICY: {"Enabled": 1}},
            None,
            ["group_policy"],
            id="two users and a group policy",
        ),
    ],
)
def test_policies_that_keep_it_from_working_are_reasons(
    intune: Registry | None, computer: Registry | None, user: Registry | None, further: list[str]
) -> None:
    here = judged(destructive, intune, computer, user)
    assert (here["non_destructive_reset"], codes(here)) == (False, ["destructive_only", *further])
    away = judged(remote, intune, computer, user)
    assert (away["non_destructive_reset"], codes(away)) == (None, ["other_session", *further])
    # The value that Windows itself shows the user decides.
    assert judged(possible, intune, computer, user)["non_destructive_reset"] is True and codes(judged(possible, intune, computer)) == []


def test_a_group_policy_of_the_user_counts_for_the_user_alone() -> None:
    policy = {USER_GROUP_POLICY: {"Enabled": 1}}
    assert codes(judged(destructive, user=policy)) == ["destructive_only", "group_policy"]
    assert judged(remote, user=policy)["group_policy"] == "not_set" and codes(judged(remote, user=policy)) == ["other_session"]


def test_a_reason_is_told_once() -> None:
    found = judged(OUTPUTS["Windows Hello off"], {DEVICE: {"UsePassportForWork": 0, "EnablePinRecovery": 1}})
    assert codes(found) == ["no_pin", "hello_off"]


def test_how_many_users_have_a_policy_of_their_own() -> None:
    found = judged(remote, {**ON, PERSON: {"EnablePinRecovery": 0}, OTHER_PERSON: {"EnablePinRecovery": 1}})
    assert found["policy"] == {"tenant_id": TENANT, "pin_recovery": "on", "windows_hello": "on", "users_on": 1, "users_off": 1}
    assert "  Intune's policies of users: PIN recovery on for 1, off for 1" in on_device.render("pc", found)


@pytest.mark.parametrize("tenant", [None, "", "Contoso", "..\\..\\Policies"], ids=repr)
def test_without_a_tenant_its_policies_are_not_known(tenant: str | None) -> None:
    found = judged(change(remote, TenantDetails={"TenantId": tenant}))
    assert codes(found) == ["other_session", "registry_unread"]
    assert found["policy"] == {"tenant_id": None, "pin_recovery": None, "windows_hello": None, "users_on": 0, "users_off": 0}


@pytest.mark.parametrize("code", [0, 1, 127, 9009, None], ids=str)
@pytest.mark.parametrize("text", ["", "sh: 1: dsregcmd.exe: not found\n", "x" * 2**20], ids=["nothing", "an error", "a megabyte"])
def test_a_host_that_is_no_windows(text: str, code: int | None) -> None:
    found = on_device.describe(Answers(Answer(text, code), *[Answer(text, code)] * 4))
    assert found["non_destructive_reset"] is None and codes(found) == ["dsregcmd_unread"]
    assert (found["join_type"], found["policy"], found["group_policy"]) == (None, None, None)
    assert (f"exit code {code}." in found["reasons"][0]["message"]) is (code is not None)


def test_two_outputs_are_not_those_of_one_device() -> None:
    text = render_status(possible) + render_status(remote)
    found = on_device.describe(Answers(Answer(text, 0), answer(ON), NOT_THERE, NOT_THERE, WINDOWS))
    assert codes(found) == ["several_outputs"] and found["join_type"] is None and found["policy"] is None


@pytest.mark.parametrize("name", OUTPUTS)
def test_nothing_personal_is_returned_and_lines_are_short(name: str) -> None:
    found = judged(OUTPUTS[name], {PERSON: {"EnablePinRecovery": 0}})
    lines = on_device.render("pc-0001.example.test", found)
    assert all(len(line) <= on_device.WIDTH for line in lines) and lines[0].startswith("pc-0001.example.test: ")
    for text in ("ada@contoso.test", "AdaExample", "Ren", "S-1-12", "Contoso", "CORP", "0011223344", "aaaaaaaa-0000"):
        assert text not in json.dumps(found) and text not in "\n".join(lines)


ODD = "\x1b[2J\x1b]0;x\x07\x0b\u202e\u2028"


@pytest.mark.parametrize("odd", [ODD, f"{ODD}eyJhbGciOiJub25lIn0"])
def test_a_device_cannot_control_the_terminal_that_shows_its_lines(odd: str) -> None:
    found = judged(change(possible, UserState={"CanReset": odd}))
    (reason, *_others) = found["reasons"]
    assert "CanReset is '\\x1b[2J\\x1b]0;x\\x07" in reason["message"] and reason["message"].isprintable()
    lines = on_device.render(f"pc{ODD}", found)
    assert all(line.isprintable() for line in lines) and lines[0].startswith("pc\\x1b[2J")
    assert "eyJhbGci" not in "".join(lines)


def test_the_lines_of_a_device_over_winrm() -> None:
    assert on_device.render("pc-0001", judged(remote, ON, {GROUP_POLICY: {"Enabled": 1}})) == [
        "pc-0001: Microsoft Entra joined",
        "  Intune's policy: PIN recovery on, Windows Hello on",
        "  Group policy: is set, and does not turn PIN recovery on",
        "  Can the user reset the PIN and keep the credentials? not known",
        "    - dsregcmd did not run in the session of the person who uses the device,",
        "      and says nothing about that person. Run dsregcmd /status as the",
        "      signed-in user, in the session at the screen, without another account",
        "      and not through WinRM or SSH.",
        "    - A group policy for Windows Hello for Business, which does not turn PIN",
        "      recovery on, keeps Intune's policy from counting. Turn 'Use PIN",
        "      Recovery' on in that group policy, or set it to 'Not configured' so",
        "      that Intune's policy counts.",
    ]


@pytest.mark.parametrize("windows", [Answer("", 1), Answer("", None), Answer("Access is denied.", 1), Answer("", 0)])
def test_a_reg_that_answers_nothing_at_all_says_of_no_key_that_it_is_missing(windows: Answer) -> None:
    found = judged(remote, None, windows=windows)
    assert found["policy"] and found["policy"]["pin_recovery"] is None and found["group_policy"] is None
    assert codes(found) == ["other_session", "registry_unread"]
    assert codes(judged(remote, None)) == ["other_session", "policy_not_arrived"]
