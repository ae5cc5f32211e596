# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A passcode or credential shows nowhere: not on screen at any verbosity, not in a log, not in what output plugins get."""

from __future__ import annotations

import json

import pytest

RESET = "endpointops.intune.intune_device_passcode"
PHONES = ["PHONE-FIELD-01", "PHONE-FIELD-02"]

TASKS = [
    {"name": "check", RESET: {"devices": PHONES, "return_passcode": True}, "check_mode": True, "diff": True},
    {"name": "run", RESET: {"devices": PHONES, "return_passcode": True}, "register": "reset"},
    {
        "name": "the registered variable can be used",
        "ansible.builtin.assert": {
            "that": [
                "reset.results | map(attribute='passcode') | select | length == 2",
                "not reset.failed",
                "'_ansible_no_log' not in reset.results[0]",
            ]
        },
    },
    {"name": "loop", RESET: {"devices": ["{{ item }}"], "return_passcode": True}, "loop": PHONES, "register": "looped"},
    {
        "name": "its items can be used",
        "ansible.builtin.assert": {"that": "looped.results[1].results[0].passcode == reset.results[1].passcode"},
    },
    {"name": "without asking", RESET: {"devices": PHONES}, "register": "plain"},
    {"name": "there is none", "ansible.builtin.assert": {"that": "'passcode' not in plain.results[0]"}},
    {"name": "show what is harmless", "ansible.builtin.debug": {"var": "plain"}},
    {"name": "fail", RESET: {"devices": [*PHONES, "PHONE-FIELD-05"], "return_passcode": True}, "register": "failed", "failed_when": False},
    {"name": "wrong secret", RESET: {"devices": PHONES, "client_secret": "my-wrong-secret"}, "failed_when": False},
]


def leaks(text: str, secrets: list[str]) -> list[str]:
    return [secret for secret in secrets if secret in text]


@pytest.mark.parametrize("debug", ["", "1"])
def test_nothing_leaks_at_the_highest_verbosity(both_doors, debug):
    if debug and both_doors.door == "module":
        pytest.skip("refused, see the next test")
    log = both_doors.folder / "ansible.log"
    play = both_doors.tasks(TASKS, "-vvvvv", "--diff", env={"ANSIBLE_LOG_PATH": str(log), "ANSIBLE_DEBUG": debug})
    assert play.code == 0, play.output[-3000:]
    secrets = [*both_doors.tenant.control.secrets(), "my-wrong-secret"]
    assert len(secrets) > 5
    shown = play.output + log.read_text(encoding="utf-8") + json.dumps([task.result for task in play.tasks])
    assert len(both_doors.tenant.control.resets()) == 3, "three devices were reset, so there are passcodes that could leak"
    # The wrong secret is in the play that the test itself wrote, which ansible does not print.
    assert leaks(shown, secrets) == []


@pytest.mark.parametrize(("task", "env"), [({"async": 60, "poll": 0}, {}), ({"environment": {"X": "y"}}, {"ANSIBLE_DEBUG": "1"})])
def test_return_passcode_is_refused_where_it_could_not_be_hidden(ansible, task, env):
    play = ansible.tasks([{"name": "reset", RESET: {"devices": PHONES, "return_passcode": True}, **task}], env=env)
    assert play["reset"].status == "failed" and "return_passcode" in play["reset"].result["msg"]
    assert ansible.tenant.control.resets() == {}


def test_async_without_passcodes_works(ansible):
    play = ansible.tasks([{"name": "reset", RESET: {"devices": PHONES}, "async": 60, "poll": 1}])
    assert play.code == 0, play.output
    assert play["reset"].result["summary"]["done"] == 2


def test_debug_lines_of_both_doors_scrub_secrets_that_are_options(both_doors):
    play = both_doors.tasks(
        [{"name": "x", RESET: {"devices": ["NOBODY"], "client_secret": both_doors.tenant.env["INTUNE_CLIENT_SECRET"]}}], "-vvv"
    )
    assert play["x"].status == "failed"
    assert play["x"].result["invocation"]["module_args"]["client_secret"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
