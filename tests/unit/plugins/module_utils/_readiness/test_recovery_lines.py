# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the text for the help desk: the pass, and the steps that fit it."""

from __future__ import annotations

import typing as t

import pytest
import yaml

from ansible_collections.endpointops.intune.plugins.module_utils._access_pass import model as passes
from ansible_collections.endpointops.intune.plugins.module_utils._readiness import summary
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.found import parse_found
from tests.support.modules import FOLDER

Json = dict[str, t.Any]
SECRET = "+drkzqAD"


def recovery(can_help: bool | None = True, **changes: t.Any) -> Json:
    device = {
        "id": "1",
        "device_name": "PC-1",
        "join_type": "entra_joined",
        "web_sign_in": {"state": "off", "reasons": ["No policy of Intune turns web sign-in on for this device."], "policies": []},
        "reset": {"kind": "unknown", "reasons": ["The device itself has not said so."], "policies": []},
        "probe": None,
    }
    user = {"user_principal_name": "ada@contoso.test", "display_name": "Ada", "account_enabled": True}
    reasons = [{"code": "method_disabled", "message": "Passes are disabled.", "hint": "Enable them."}] if can_help is False else []
    found = {
        "user": user,
        "devices": [device],
        "other_platforms": [],
        "pass": {"can_help": can_help, "reasons": reasons},
        "steps": ["Use the pass.", "Set a PIN."],
        "message_to_user": "Hello Ada, enter the pass.\nKeep it.",
        "steps_without_pass": ["Use the password."],
        "message_without_pass": "Hello Ada, use your password.",
        "problems": ["Something was not read."],
        **changes,
    }
    return {"recovery": found}


def issued(status: str = "issued", **changes: t.Any) -> Json:
    entry = {"status": status, "reason": None, "message": None, "ends": "2026-01-05T11:00:00Z", "is_usable_once": True, **changes}
    return {"results": [{**entry, "sealed_temporary_access_pass": "-----BEGIN CMS-----", "verified_by": "Jonas"}]}


def tell(result: Json, access_pass: Json | None = None, *, check: bool = False) -> list[str]:
    return summary.render_summary(parse_found({"recovery": result, "access_pass": access_pass or {}}, check=check))


def test_the_lines_with_a_pass() -> None:
    assert tell(recovery(), issued()) == [
        "User: Ada (ada@contoso.test)",
        "Device PC-1: Microsoft Entra joined, web sign-in off; whether a PIN reset",
        "  keeps the credentials is not known",
        "  - No policy of Intune turns web sign-in on for this device.",
        "  - The device itself has not said so.",
        "Pass: issued for one use, until 2026-01-05T11:00:00Z",
        "  The sealed pass is sealed_temporary_access_pass in the result of the task",
        "    'Recover | Issue a pass', and in the fact pin_reset_results.",
        "Steps:",
        "  1. Use the pass.",
        "  2. Set a PIN.",
        "Text for the user:",
        "  Hello Ada, enter the pass.",
        "  Keep it.",
        "Note: Something was not read.",
    ]


@pytest.mark.parametrize(
    ("result", "access_pass", "word", "has_pass"),
    [
        pytest.param(recovery(), issued(sealed_file="/x/pass.cms"), "is the file /x/pass.cms", True, id="file"),
        pytest.param(recovery(), issued(replaced=True), "replaces an earlier one", True, id="replaced"),
        pytest.param(recovery(), issued("planned"), "Pass: would be issued (check mode)", True, id="check mode"),
        pytest.param(
            recovery(),
            issued("exists", message="The user has a usable pass. Set replace to true to issue another one, which ends this one at once."),
            "Set pin_reset_recover_replace to true",
            True,
            id="exists",
        ),
        pytest.param(
            recovery(),
            issued("exists", is_usable=False, message="The user has a pass that can be used from 2026-01-06T08:00:00Z on."),
            "The steps are those without a pass.",
            False,
            id="exists, and cannot be used now",
        ),
        pytest.param(recovery(), issued("exists", is_usable=True, message="It is usable."), "those with that pass", True, id="usable"),
        pytest.param(recovery(False), {}, "No pass: Passes are disabled.", False, id="cannot help"),
        pytest.param(recovery(), {}, "No pass: nobody could read it. Set pin_reset_seal_to", False, id="no way to hand it over"),
        pytest.param(recovery(None), {"msg": "A permission is missing."}, "No pass: A permission is missing.", False, id="failed"),
        pytest.param(recovery(), issued("refused", message="Not in scope."), "No pass: Not in scope.", False, id="refused"),
        pytest.param(
            recovery(),
            issued("value_lost", message="Nobody has seen it. Run the task again with replace: true for another."),
            "with pin_reset_recover_replace: true",
            False,
            id="value lost",
        ),
    ],
)
def test_the_steps_fit_what_is_in_hand(result: Json, access_pass: Json, word: str, has_pass: bool) -> None:
    lines = tell(result, access_pass)
    told = " ".join(" ".join(lines).split())
    assert word in told and max(map(len, lines)) <= summary.WIDTH
    assert ("1. Use the pass." in told) is has_pass and ("1. Use the password." in told) is not has_pass
    assert ("enter the pass." in told) is has_pass


def test_a_user_that_is_not_found_is_told() -> None:
    assert tell({"failed": True, "msg": "There is no user."}) == ["User: There is no user."]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"devices": None}, "Windows devices: not known"),
        ({"devices": []}, "Windows devices: none in Intune"),
        ({"devices": [], "other_platforms": ["Android"]}, "Windows devices: none in Intune, but Android"),
    ],
)
def test_a_user_without_known_devices(changes: Json, line: str) -> None:
    assert line in tell(recovery(**changes))


def test_names_cannot_control_the_terminal_that_shows_the_lines() -> None:
    odd = "\x1b[2J\x1b]0;x\x07\u202e\r\nPass: issued"
    found = recovery(user={"user_principal_name": f"ada{odd}", "display_name": odd, "account_enabled": True}, problems=[odd], steps=[odd])
    device = found["recovery"]["devices"][0]
    device["device_name"] = odd
    device["reset"]["reasons"] = [odd]
    lines = tell(found, issued(message=odd))
    assert all(line.isprintable() for line in lines) and sum("Pass: issued for one use" in line for line in lines) == 1
    assert not any(line.startswith("Pass: issued") and "for one use" not in line for line in lines)


def test_neither_lines_nor_statistics_hold_the_pass() -> None:
    found = parse_found({"recovery": recovery(), "access_pass": issued(temporary_access_pass=SECRET)}, check=False)
    statistics = summary.make_statistics(found)
    assert SECRET not in str((summary.render_summary(found), statistics))
    assert statistics["pin_reset_summary"]["recovery"] == {
        "user": "ada@contoso.test",
        "devices": 1,
        "can_help": True,
        "pass": "issued",
        "reason": None,
        "verified_by": "Jonas",
    }


def test_the_refusals_that_are_answers_are_reasons_of_the_module() -> None:
    variables = yaml.safe_load((FOLDER.parents[1] / "roles/pin_reset/vars/main.yml").read_text(encoding="utf-8"))
    refusals = set(variables["__pin_reset_refusals"])
    assert refusals <= set(t.get_args(passes.Reason))
    assert not refusals & {"answer_lost", "not_sealed", "unavailable", "forbidden", "service_refused", "user_gone"}
