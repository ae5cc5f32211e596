# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the steps and the text for the user, over all combinations of known facts."""

from __future__ import annotations

import dataclasses
import itertools
import json
import pathlib
import re
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._access_pass.model import User
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import Device
from ansible_collections.endpointops.intune.plugins.module_utils._recovery import steps
from ansible_collections.endpointops.intune.plugins.module_utils._recovery.message import render_message
from ansible_collections.endpointops.intune.plugins.module_utils._recovery.model import (
    JudgedDevice,
    PassReason,
    PassVerdict,
    ProbeReport,
    Situation,
    UserDevice,
)

ADA = User("1", "ada@contoso.test", "Ada", "Member", True)
JOINS = ("entra_joined", "hybrid_joined", "registered", "not_joined", "unknown")
SIGN_INS = ("on", "off", "unknown", "not_applicable")
RESETS = ("non_destructive", "destructive", "unknown", "none")
CODES: tuple[t.Any, ...] = (
    *("self", "external_guest", "method_disabled", "out_of_scope", "account_disabled", "other_platforms_only", "not_joined"),
    *("policy_unread", "scope_unread", "administrator", "roles_unread", "devices_unread", "join_type_unknown"),
)
WEB = ("web sign-in", "globe")
JARGON = re.compile(r"\b(Entra|Intune|hybrid|TAP|Temporary|MFA|multifactor|join\w*|tenant|policy|dsregcmd|destructive|Hello for)\b", re.I)


def device(join: t.Any = "entra_joined", web: t.Any = "off", reset: t.Any = "unknown", version: str = "10.0.26100.1") -> JudgedDevice:
    return JudgedDevice(UserDevice(Device("1", "PC-1", "Windows", version), join, name="PC-1"), web, ("why",), reset, ("why",))


def situation(*devices: JudgedDevice, others: t.Any = (), codes: t.Any = (), unread: bool = False) -> Situation:
    verdict = PassVerdict(not codes, tuple(PassReason(code, "It is so.", "Do this.") for code in codes))
    return Situation(ADA, None if unread else devices, others, verdict)


EVERY_DEVICE = [device(*found) for found in itertools.product(JOINS, SIGN_INS, RESETS)]
EVERY_SITUATION = [
    *(situation(found) for found in EVERY_DEVICE),
    *(situation(found, codes=(code,)) for found in EVERY_DEVICE for code in CODES),
    *(situation(others=others, codes=codes) for others in ((), ("Android",), ("macOS",)) for codes in ((), *((code,) for code in CODES))),
    situation(unread=True),
    situation(unread=True, codes=("devices_unread",)),
    situation(device(), device("hybrid_joined")),
]


@pytest.mark.parametrize("has_pass", [True, False])
def test_every_combination_has_a_step_and_a_text(has_pass: bool) -> None:
    for found in EVERY_SITUATION:
        told = steps.list_steps(found, has_pass=has_pass)
        assert told and all(step.endswith(".") and len(step) < 250 for step in told)
        assert len(set(told)) == len(told) or len(found.devices or ()) > 1
        message = render_message(found, has_pass=has_pass)
        assert message.startswith("Hello Ada, ") and not JARGON.search(message)


def test_without_a_pass_no_step_hands_one_over() -> None:
    for found in EVERY_SITUATION:
        told = " ".join(steps.list_steps(found, has_pass=False))
        assert not re.search(r"with the pass\b", told) and steps.HAND_OVER not in told
        assert "pass that we give you" not in render_message(found, has_pass=False)


@pytest.mark.parametrize("has_pass", [True, False])
def test_no_pass_signs_in_to_a_hybrid_joined_device(has_pass: bool) -> None:
    for web, reset in itertools.product(SIGN_INS, RESETS):
        told = steps.list_device_steps(device("hybrid_joined", web, reset), has_pass=has_pass)
        assert told[0] == "On PC-1, have the user sign in with the password. No pass signs in to this device."
        assert not any(word in " ".join(told) for word in WEB) and "domain controller" in " ".join(told)
        message = render_message(situation(device("hybrid_joined", web, reset)), has_pass=has_pass)
        assert "globe" not in message and "sign in with your password" in message


@pytest.mark.parametrize("has_pass", [True, False])
def test_web_sign_in_is_named_only_where_it_is_or_may_be(has_pass: bool) -> None:
    for join, reset in itertools.product(JOINS, RESETS):
        for web in ("off", "not_applicable"):
            found = device(join, web, reset)
            told = " ".join([*steps.list_device_steps(found, has_pass=has_pass), render_message(situation(found), has_pass=has_pass)])
            assert not any(word in told for word in WEB)


def test_what_is_unknown_is_a_question_and_no_answer() -> None:
    told = steps.list_device_steps(device("entra_joined", "unknown"), has_pass=True)
    assert "look for web sign-in" in told[0] and "If it is there" in told[0] and told[1].startswith("If it is not there")
    assert "whether its keys are kept is not known" in told[-1]
    unknown = steps.list_device_steps(device("unknown", "unknown"), has_pass=True)
    assert "dsregcmd /status" in unknown[0] and "do not rely on a pass at the sign-in screen" in unknown[1]


def test_with_web_sign_in_the_pass_comes_first() -> None:
    told = steps.list_device_steps(device("entra_joined", "on", "non_destructive"), has_pass=True)
    assert told == [
        "On PC-1, have the user choose web sign-in (the globe) at the sign-in screen, and sign in with the pass.",
        "Then, within 10 minutes, have the user open Settings > Accounts > Sign-in options > PIN > I forgot my PIN, and set a new PIN.",
        "Tell the user that only the PIN on PC-1 changes.",
    ]


def test_a_pass_for_one_use_is_not_asked_for_after_it_signed_in() -> None:
    told = steps.list_device_steps(device("entra_joined", "unknown"), has_pass=True)
    assert told[2].startswith("If the user has signed in with the pass, then within 10 minutes have the user open Settings")
    assert "verify" not in told[2] and told[3].startswith("If not, have the user open Settings")
    assert "verify their identity with the pass" in told[3]
    without = " ".join(steps.list_device_steps(device("entra_joined", "unknown"), has_pass=False))
    assert "If not" not in without and "10 minutes" not in without
    message = render_message(situation(device("entra_joined", "unknown")), has_pass=True)
    assert "If you used your password, enter the pass when Windows asks you to verify your identity." in message


@pytest.mark.parametrize("join", ["entra_joined", "hybrid_joined", "unknown"])
def test_nobody_is_sent_to_set_up_a_pin_where_windows_hello_is_off(join: str) -> None:
    found = device(join, "off", "none")
    off = dataclasses.replace(found.device, probe=ProbeReport("not_proven", ADA.principal, codes=("no_pin", "hello_off")))
    judged = dataclasses.replace(found, device=off)
    told = steps.list_device_steps(judged, has_pass=True)
    assert told[-1] == "On PC-1 a policy turns Windows Hello off: the user has no PIN there, and cannot set one up."
    assert "set one up in Settings" in " ".join(steps.list_device_steps(found, has_pass=True))
    assert "PIN" not in render_message(situation(judged), has_pass=True) and "set a PIN" in render_message(situation(found), has_pass=True)


def test_without_web_sign_in_something_else_comes_first() -> None:
    told = steps.list_device_steps(device(), has_pass=True)
    assert "something else first: the password, a security key, or a smart card" in told[0]
    assert "verify their identity with the pass" in told[1]
    assert "Users report that it works; Microsoft does not say so." in told[2]


@pytest.mark.parametrize("web", SIGN_INS)
def test_where_there_is_no_pin_yet_the_pass_has_a_use(web: t.Any) -> None:
    found = device("entra_joined", web, "none")
    for told in (" ".join(steps.list_device_steps(found, has_pass=True)), render_message(situation(found), has_pass=True)):
        assert "the pass" in told and "I forgot my PIN" not in told


@pytest.mark.parametrize("join", JOINS)
def test_a_device_that_is_refused_is_looked_up_first(join: t.Any) -> None:
    found = device(join)
    refused = dataclasses.replace(found, device=dataclasses.replace(found.device, probe=ProbeReport("unknown", codes=("device_refused",))))
    told = steps.list_device_steps(refused, has_pass=True)
    assert told[0].startswith("Look PC-1 up in Microsoft Entra first") and told[1:] == steps.list_device_steps(found, has_pass=True)


def test_an_old_lock_screen_has_no_link() -> None:
    told = steps.list_device_steps(device(version="10.0.15063.1"), has_pass=True)
    assert not any("lock screen" in step for step in told)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        pytest.param(situation(codes=("external_guest",)), ["their own organization"], id="guest"),
        pytest.param(situation(device(), codes=("account_disabled",)), ["Do this."], id="disabled account"),
        pytest.param(situation(device(), codes=("method_disabled",)), ["To be able to use a pass: Do this."], id="disabled"),
        pytest.param(situation(device(), codes=("administrator",)), ["For a pass: Do this."], id="privileged"),
        pytest.param(situation(others=("Android",), codes=("other_platforms_only",)), ["'Intune PIN reset: reset passcode'"], id="phone"),
        pytest.param(situation(device("registered"), codes=("not_joined",)), ["not the work account"], id="registered"),
        pytest.param(situation(), ["no Windows device", "mysecurityinfo"], id="no device"),
        pytest.param(situation(unread=True), ["dsregcmd"], id="devices unread"),
    ],
)
def test_where_no_pass_helps_the_steps_say_what_does(found: Situation, words: list[str]) -> None:
    told = " ".join(steps.list_steps(found, has_pass=False))
    assert all(word in told for word in words)


def test_of_several_devices_the_right_one_is_asked_for() -> None:
    told = steps.list_steps(situation(device(), device("hybrid_joined")), has_pass=True)
    assert told[2] == "Ask which device it is."
    assert "Ask which" not in " ".join(steps.list_steps(situation(device()), has_pass=True))


def test_the_job_for_passcodes_is_called_as_its_template() -> None:
    pattern = pathlib.Path(__file__).parents[5] / "extensions/patterns/pin_reset/meta/pattern.json"
    templates = json.loads(pattern.read_text(encoding="utf-8"))["aap_resources"]["controller_job_templates"]
    assert steps.PASSCODE_JOB in [template["name"] for template in templates]
