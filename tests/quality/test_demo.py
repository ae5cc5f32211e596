# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that the output of `make demo` fits into a terminal; the demo itself shows that it works, as a part of `make test`."""

from __future__ import annotations

import pathlib

import pytest

from tests.demo import STEPS, WIDTH, drop_noise, fit, render_counts

ROOT = pathlib.Path(__file__).parents[2]
RED, END = "\x1b[0;31m", "\x1b[0m"


def test_every_step_is_a_playbook():
    assert {step.playbook for step in STEPS} <= {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    assert STEPS[-1].playbook == "report"


def test_in_the_end_the_tenant_is_ready():
    """A user of the demo must see the success, and not only the obstacles."""
    assert [step.says[-3:] for step in STEPS if step.playbook == "verify"] == [" no", "yes"]


@pytest.mark.parametrize("color", [("", ""), (RED, END)], ids=["plain", "in color"])
def test_what_says_nothing_new_is_not_shown(color):
    lines = [
        "PLAY [a play] ***",
        "",
        "TASK [endpointops.intune.pin_reset : Validating arguments against arg spec 'main' - Connect] ***",
        "ok: [localhost]",
        "",
        "TASK [endpointops.intune.pin_reset : Devices | Reset passcodes] ***",
        "[ERROR]: Task failed: Action failed: The task failed for 3 of 6 devices.",
        "Origin: devices.yml:4:7",
        "",
        "    ^ column 7",
        "",
        'fatal: [localhost]: FAILED! => {"changed": true}',
        "[ERROR]: Another error.",
    ]
    colored = [f"{color[0]}{line}{color[1]}\n" for line in lines]
    assert list(drop_noise(colored)) == [*colored[:2], colored[5], colored[11], colored[12]]


def test_a_variable_that_is_refused_is_shown():
    """The role's argument specs refuse it in the task whose title is hidden."""
    lines = ["TASK [r : Validating arguments against arg spec 'main'] ***\n", "[ERROR]: Task failed: No.\n", "fatal: [localhost]: No.\n"]
    assert list(drop_noise(lines)) == lines[2:]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="an empty line"),
        pytest.param("  Tenant: Contoso", id="a short line"),
        pytest.param(f"{RED}ok: [localhost]{END}", id="in color"),
        pytest.param(f"  {'x' * 120}", id="a word that is longer"),
    ],
)
def test_a_line_that_fits_or_cannot_be_wrapped_is_shown_as_it_is(line):
    assert fit(line) == line


RESET = {"path": "/beta/deviceManagement/managedDevices/1/resetPasscode"}
POLICY = {"path": "/v1.0/deviceManagement/deviceConfigurations"}


@pytest.mark.parametrize(
    ("code", "changed", "failed", "writes", "told"),
    [
        pytest.param(0, 2, 0, [POLICY] * 6, "exit code 0, 2 tasks changed, 6 writes reached the tenant.", id="changed"),
        pytest.param(0, 1, 0, [POLICY], "exit code 0, 1 task changed, 1 write reached the tenant.", id="one"),
        pytest.param(
            2,
            0,
            1,
            [RESET] * 5,
            "exit code 2, 0 tasks changed, 5 writes reached the tenant. Ansible does not count a failed task as changed: 5 resets were "
            "sent.",
            id="failed after resets",
        ),
        pytest.param(
            2,
            0,
            1,
            [POLICY],
            "exit code 2, 0 tasks changed, 1 write reached the tenant. Ansible does not count a failed task as changed.",
            id="failed after another write",
        ),
        pytest.param(2, 0, 1, [], "exit code 2, 0 tasks changed, 0 writes reached the tenant.", id="failed without a write"),
    ],
)
def test_the_counts_of_a_step_agree_with_each_other(code, changed, failed, writes, told):
    assert render_counts(code, changed, failed, writes) == told


@pytest.mark.parametrize("color", [("", ""), (RED, END)], ids=["plain", "in color"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"TASK [a task] {'*' * 200}", id="case 71: stars"),
        pytest.param(f"[ERROR]: Task failed: {'word ' * 60}", id="case 71: an error"),
        pytest.param(f'+    "description": "{"word " * 30}",', id="case 71: a difference"),
        pytest.param('fatal: [localhost]: FAILED! => {"changed": ' + "x" * 6000 + "}", id="case 71: a result as JSON"),
    ],
)
def test_no_line_is_wider_than_a_terminal(text, color):
    shown = fit(color[0] + text.rstrip() + color[1])
    lines = [line.removeprefix(color[0]).removesuffix(color[1]) for line in shown.splitlines()]
    assert max(map(len, lines)) <= WIDTH and lines[0][:13] == text[:13]
    assert len(lines) > 1 or "fatal" in text or "***" in text
