# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the unchanged examples of the guides, and compare their output with the guides.

Run every task of the guides in GUIDES, except for those in NOT_RUN, which has the reasons. tests/quality/test_guides.py checks all guides
for valid tasks; test_examples.py runs the examples of modules.
"""

from __future__ import annotations

import json
import pathlib
import re
import shlex
import string
import subprocess
import typing as t

import pytest
import yaml

from tests.quality.test_guides import ROOT, Block, blocks, tasks_of

from .test_device_passcode_info import recipient

RST = ROOT / "docs" / "docsite" / "rst"
# In this order: a guide uses the state that earlier ones leave. The last one moves a policy away.
GUIDES = (
    ROOT / "roles" / "pin_reset" / "README.md",
    RST / "guide_onboarding.rst",
    RST / "guide_policies.rst",
    RST / "guide_portal.rst",
    RST / "guide_authentication.rst",
    RST / "guide_check_and_diff.rst",
    RST / "guide_handover.rst",
    RST / "guide_troubleshooting.rst",
    ROOT / "README.md",
    RST / "guide_settings_catalog.rst",
)
# By the name of a task.
NOT_RUN = {
    "Sign in as this machine": "needs the variables of a machine in Azure; see test_connection.py",
    "Sign in as me": "needs az; see test_connection.py",
    "Apply the approved change": "needs a code; see test_approval.py",
}


def plays_of(path: pathlib.Path) -> list[dict[str, t.Any]]:
    """Return the plays of a guide, and its lists of tasks as plays, without excluded tasks."""
    plays = []
    for block in blocks(path):
        if not block.kind.startswith("yaml") or not list(tasks_of(block.content)):
            continue
        for play in block.content if "hosts" in block.content[0] else [{"name": str(block), "tasks": block.content}]:
            tasks = [task for task in play["tasks"] if task["name"] not in NOT_RUN]
            plays += [{**play, "tasks": tasks}] if tasks else []
    return plays


@pytest.fixture
def openssl(ansible) -> t.Callable[[Block], str]:
    """Return a function that runs the command of a block, in the test's folder."""

    def run(block: Block) -> str:
        command = shlex.split(block.text.removeprefix("$ ").replace("; echo", "").replace("\\\n", " "))
        return subprocess.run(command, cwd=ansible.folder, check=True, capture_output=True, text=True, timeout=120).stdout

    return run


def test_the_examples_of_the_guides_run(ansible, openssl):
    env, control = ansible.tenant.env, ansible.tenant.control
    make, compare, read = [block for block in blocks(RST / "guide_handover.rst") if block.kind == "console" and "openssl" in block.text]
    openssl(make)
    (ansible.folder / "sealed").mkdir(mode=0o700)
    variables = {
        "intune_tenant_id": env["INTUNE_TENANT_ID"],
        "intune_client_id": env["INTUNE_CLIENT_ID"],
        "vault_intune_client_secret": env["INTUNE_CLIENT_SECRET"],
        "intune_certificate_path": env["EMULATOR_CERTIFICATE_PEM"],
        "platform_token_path": env["EMULATOR_FEDERATED_TOKEN"],
        "graph_token": control.token(),
        "token_cache_path": str(ansible.folder / "tokens"),
        "certificate_path": str(ansible.folder / "helpdesk.pem"),
        "handover_path": str(ansible.folder / "handover"),
        "handover_directory": str(ansible.folder / "sealed"),
    }
    plays = [play for path in GUIDES for play in plays_of(path)]
    # Each play of the guide on handing over writes to the same file: keep the sealed one.
    sealed = next(task for play in plays for task in play["tasks"] if task["name"] == "Write the sealed passcode for the help desk")
    sealed["ansible.builtin.copy"]["dest"] = str(ansible.folder / "sealed.cms")
    done = ansible.plays(plays, "-e", json.dumps(variables))
    assert done.code == 0, done.output
    names = {task["name"] for play in plays for task in tasks_of([play]) if "import_role" not in str(task)}
    assert len(names) > 25 and names <= {run.name.rpartition(" : ")[2] for run in done.tasks}, names - {run.name for run in done.tasks}
    assert [done[name].tokens for name in ("Sign in", "Do not sign in again")] == [1, 0]
    assert done["Move the custom profile into the settings catalog"].changed
    # The page ends with a task that removes it.
    assert done["Remove the policy, whatever its kind"].changed
    assert [entry["surface"] for entry in control.policies() if entry["name"] == "PIN recovery"] == []
    assert "LT-ARCHIVE-001: It runs Windows 10.0.14393" in done.output
    written = done["Reset the passcodes of phones, with a sealed file for each"].result
    assert written["recipients"][0]["fingerprint"] in openssl(compare)
    files = {entry["sealed_file"] for entry in written["results"] if entry["sealed_file"]}
    assert files and files <= {str(path) for path in (ansible.folder / "sealed").iterdir()}
    # The result is a passcode, the same in both ways.
    passcode = openssl(read)
    assert passcode in control.secrets() and passcode == (ansible.folder / "handover").read_text(encoding="utf-8")
    assert passcode not in done.output


def test_the_examples_of_the_guide_on_approval_ask_and_then_do(ansible):
    ansible.tenant.control.settings(approval_protects=["configuration_policies"])
    (play,) = plays_of(RST / "guide_approval.rst")
    asked = ansible.plays([play])
    (request,) = ansible.tenant.control.approvals()
    assert asked.code == 0 and f'"code": "{request["code"]}"' in asked.output, asked.output
    ansible.tenant.control.decide(request["code"], "approve", "Fine.")
    done = ansible.plays([play])
    # Before ansible-core 2.19, debug prints null as an empty text.
    assert done["Ask for longer PINs"].changed and re.search('"policy.approval": (null|"")', done.output), done.output


def test_the_first_steps_print_what_the_guide_shows(ansible):
    text = blocks(RST / "guide_start.rst")
    files = iter(["pin_reset.yml", "devices.yml"])
    output, ran = "", 0
    for block in text:
        if block.kind == "yaml":
            assert all(name.startswith("pin_reset_") for name in yaml.safe_load(block.text))
            (ansible.folder / next(files)).write_text(block.text, encoding="utf-8")
        elif block.text.startswith("$ ansible-playbook "):
            _prompt, _command, playbook, *arguments = shlex.split(block.text)
            output, ran = ansible.playbook(playbook, *arguments).output, ran + 1
        elif block.text.startswith("$ curl "):
            command = shlex.split(string.Template(block.text.removeprefix("$ ").replace("\\\n", "")).substitute(ansible.tenant.env))
            subprocess.run(command, check=True, timeout=120)
        elif block.kind == "ansible-output":
            # The header of a task has as many stars as fit.
            shown = [re.sub(r" \*+$", "", line).replace(" [...]", "") for line in block.text.splitlines() if line]
            missing = [line for line in shown if line.strip(' ",') not in output]
            assert shown and not missing, (missing, output)
    assert ran == 5 and next(files, None) is None


def test_the_job_for_a_locked_out_user_prints_what_the_guide_shows(ansible):
    guide = RST / "guide_locked_out.rst"
    for made, name in zip(recipient(ansible.folder), ("helpdesk.pem", "helpdesk.key"), strict=True):
        made.rename(ansible.folder / name)
    command, read = [block.text for block in blocks(guide) if block.kind == "console"]
    (shown,) = [block for block in blocks(guide) if block.kind == "ansible-output"]
    make, run = command.removeprefix("$ ").replace("\\\n", " ").split("\n$ ")
    subprocess.run(shlex.split(make), cwd=ansible.folder, check=True)
    _command, playbook, *arguments = shlex.split(run)
    done = ansible.playbook(playbook, *arguments)
    missing = [line for line in shown.text.replace("[...]", "").splitlines() if line.strip() not in done.output]
    assert done.code == 0 and not missing, (missing, done.output)
    (sealed,) = (ansible.folder / "handover").glob("*.cms")
    opening = shlex.split(read.removeprefix("$ ").replace("; echo", "").replace("handover/*.cms", str(sealed)))
    assert (
        subprocess.run(opening, cwd=ansible.folder, check=True, capture_output=True, text=True).stdout in ansible.tenant.control.secrets()
    )


@pytest.mark.exhaustive
def test_the_recipe_for_new_devices_runs_and_prints_what_the_guide_shows(ansible):
    guide, control = RST / "guide_new_devices.rst", ansible.tenant.control
    assert ansible.playbook("endpointops.intune.onboard", "-e", '{"pin_reset_assignments": [{"target": "all_devices"}]}').code == 0
    laptop = {"operatingSystem": "Windows", "osVersion": "10.0.26100.4061", "deviceType": "desktop", "serialNumber": "PF3XYZ12"}
    device = control.add_device(deviceName="NEW-0001", enrolls_after=1, **laptop)["id"]
    (policy,) = [policy["id"] for policy in control.policies() if policy["name"] == "PIN recovery"]
    control.policy_states(policy, {device: {"state": "succeeded", "after": 1}})
    recipe, role = plays_of(guide)
    recipe["tasks"][0]["block"][0]["endpointops.intune.intune_pin_readiness_info"]["interval"] = 1
    variables = ["-e", '{"new_serial_number": "PF3XYZ12", "imaging_began": "2020-01-05T10:00:00Z"}']
    done = ansible.plays([recipe, role], *variables)
    assert done.code == 0 and "NEW-0001 is ready after" in done.output, done.output
    command, again = [block for block in blocks(guide) if block.kind == "console"]
    (shown,) = [block for block in blocks(guide) if block.kind == "ansible-output"]
    for block in (command, again):
        _prompt, _command, playbook, *arguments = shlex.split(block.text)
        output = ansible.playbook(playbook, *arguments).output
        missing = [line for line in shown.text.splitlines() if line.strip() not in output]
        assert not missing, (missing, output)
    refused = ansible.plays([recipe], *variables, "-e", '{"new_serial_number": "To Be Filled By O.E.M."}')
    assert refused.code == 2 and "is a placeholder" in refused["Show the reason, and the next step"].result["msg"]
