# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the entry point device: the commands for a Windows host over a connection, and the evaluation of the responses.

Windows itself is emulated: programs in a folder that print the samples. The connection is a real plugin of Ansible.
"""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
import yaml

from ansible_collections.endpointops.intune.plugins.module_utils._probe import dsregcmd, reg_query
from tests.integration.connection.windows import split
from tests.integration.harness import REPOSITORY, Ansible, PlayRun
from tests.quality.test_guides import blocks
from tests.support.dsregcmd import OUTPUTS, SIGNED_OUT, WITHOUT_PIN, change, possible, render
from tests.support.reg_query import BUILD, DEVICE, GROUP_POLICY, NOT_THERE, ON
from tests.support.reg_query import render as render_registry

GUIDE = REPOSITORY / "docs/docsite/rst/guide_device_proof.rst"
COMMANDS = {
    "dsregcmd.exe /status": "status",
    rf"reg.exe query {reg_query.INTUNE} /s /reg:64": "intune",
    rf"reg.exe query {reg_query.GROUP_POLICY} /s /reg:64": "group_policy",
    rf"reg.exe query {reg_query.USER_GROUP_POLICY} /s /reg:64": "user_group_policy",
    rf"reg.exe query {reg_query.WINDOWS} /v CurrentBuild /reg:64": "windows",
}
# Print the file of the given command, or fail like reg if there is none.
PROGRAM = r"""#!/bin/sh
here="${0%/*}"
printf '%s\n' "${0##*/} $*" >> "$here/calls"
case "${0##*/} $*" in
CASES*) echo "unknown: $*" >&2; exit 87 ;;
esac
if [ -f "$here/$answer" ]; then cat "$here/$answer"; else cat "$here/error" >&2; exit 1; fi
"""
remote = change(possible, UserState={**WITHOUT_PIN, "NgcKeyId": None, "CanReset": None}, SSOState=SIGNED_OUT)
Device = dict[str, t.Any]


class Windows:
    """Windows hosts, and playbooks that query them."""

    def __init__(self, ansible: Ansible) -> None:
        self.ansible = ansible
        self.hosts: dict[str, dict[str, str]] = {}

    def add(self, name: str, status: bytes | str | None, error: str = "English", shell: str = "cmd", **registry: str) -> pathlib.Path:
        """Add a host whose dsregcmd prints this; without it the host has no such program."""
        folder = self.ansible.folder / "hosts" / name
        folder.mkdir(parents=True)
        cases = "".join(f"'{command}') answer={answer} ;;\n" for command, answer in COMMANDS.items())
        for program in ("dsregcmd.exe", "reg.exe") if status is not None else ():
            (folder / program).write_text(PROGRAM.replace("CASES", cases), encoding="utf-8")
            (folder / program).chmod(0o755)
        (folder / "status").write_bytes(status.encode() if isinstance(status, str) else status or b"")
        (folder / "error").write_bytes(NOT_THERE[error])
        (folder / "windows").write_text(BUILD, encoding="utf-8", newline="")
        for answer, text in registry.items():
            (folder / answer).write_text(text, encoding="utf-8", newline="")
        self.hosts[name] = {"ansible_connection": "windows", "windows_folder": str(folder), "windows_shell": shell}
        return folder

    def run(self, *arguments: str, **variables: t.Any) -> tuple[PlayRun, dict[str, Device]]:
        """Run the entry point on all hosts; return the run, and the fact of each host that has it."""
        inventory = self.ansible.folder / "inventory.yml"
        inventory.write_text(yaml.safe_dump({"windows": {"hosts": self.hosts}}), encoding="utf-8")
        facts = self.ansible.folder / "facts"
        facts.mkdir(exist_ok=True)
        role = {"name": "endpointops.intune.pin_reset", "tasks_from": "device"}
        keep = {
            "name": "Keep",
            "ansible.builtin.copy": {"content": "{{ pin_reset_on_device | to_json }}", "dest": f"{facts}/{{{{ inventory_hostname }}}}"},
            "delegate_to": "localhost",
            "vars": {"ansible_connection": "local"},
            "check_mode": False,
        }
        ask = {"name": "Ask", "ansible.builtin.include_role": role, "vars": variables}
        fallible = {"block": [ask], "always": [keep]}
        play = {"hosts": "windows", "connection": "windows", "tasks": [fallible]}
        run = self.ansible.plays([play], "-i", str(inventory), *arguments)
        return run, {path.name: json.loads(path.read_text(encoding="utf-8")) for path in facts.iterdir()}


@pytest.fixture
def windows(ansible: Ansible) -> Windows:
    return Windows(ansible)


def codes(device: Device) -> list[str]:
    return [reason["code"] for reason in device["reasons"]]


def calls(folder: pathlib.Path) -> list[str]:
    return (folder / "calls").read_text(encoding="utf-8").splitlines()


@pytest.mark.exhaustive
def test_each_sample_has_the_verdict_of_the_filter(windows: Windows) -> None:
    """Several hosts at once, half of them with each shell."""
    names = {f"host-{number}": name for number, name in enumerate(OUTPUTS)}
    folders = {}
    for number, (host, name) in enumerate(names.items()):
        shell = ("cmd", "powershell")[number % 2]
        folders[host] = windows.add(host, render(OUTPUTS[name]), shell=shell, intune=render_registry(ON))
    run, devices = windows.run()
    assert run.code == 0, run.output
    assert set(devices) == set(names)
    for host, name in names.items():
        told = dsregcmd.describe(render(OUTPUTS[name]))
        assert devices[host]["non_destructive_reset"] is told["non_destructive_reset"] and devices[host]["join_type"] == told["join_type"]
        assert codes(devices[host]) == [reason["code"] for reason in told["reasons"]]
        # Each command once, and complete.
        assert calls(folders[host]) == list(COMMANDS)
        assert f"  {host}: " in run.output
    assert not any(task.changed for task in run.tasks if task.name.startswith("endpointops.intune.pin_reset : Device | ")), run.output


@pytest.mark.parametrize("shell", ["cmd", "powershell"])
def test_the_commands_are_split_alike_by_each_shell(shell: str) -> None:
    tasks = yaml.safe_load((REPOSITORY / "roles/pin_reset/tasks/device.yml").read_text(encoding="utf-8"))
    sent = [
        task["ansible.builtin.raw"].replace("{{ item }}", item)
        for task in tasks
        if "ansible.builtin.raw" in task
        for item in task.get("loop", [""])
    ]
    assert [" ".join(split(command, shell)) for command in sent] == list(COMMANDS)
    assert [len(split(command, shell)) for command in sent] == [2, 5, 5, 5, 6]


# By the name of a host: the output of dsregcmd, the language of the error of reg, and the output of reg.
FORMS: dict[str, tuple[bytes | str, str, str]] = {
    "lf": (render(remote, "\n"), "English", render_registry(ON, "\n")),
    "oem-code-page": (render(remote).replace("Contoso", "Répertoire").encode("cp850"), "French", render_registry(ON)),
    "utf-16": (b"\xff\xfe" + render(remote).encode("utf-16-le"), "French", render_registry(ON)),
    "junk": ("x" * 2**20 + "\r\n" + render(remote), "English", "y" * 2**20 + render_registry(ON)),
}


@pytest.mark.exhaustive
def test_output_in_other_forms_is_read(windows: Windows) -> None:
    for name, (status, error, registry) in FORMS.items():
        windows.add(name, status, error, intune=registry)
    run, devices = windows.run()
    assert run.code == 0, run.output
    for name in FORMS:
        assert (devices[name]["join_type"], codes(devices[name])) == ("entra_joined", ["other_session"]), name
        assert devices[name]["policy"]["pin_recovery"] == "on" and devices[name]["group_policy"] == "not_set", name


@pytest.mark.exhaustive
def test_missing_keys_are_no_failure(windows: Windows) -> None:
    for error in NOT_THERE:
        windows.add(error, render(OUTPUTS["destructive reset only"]), error)
    run, devices = windows.run()
    assert run.code == 0, run.output
    for error in NOT_THERE:
        assert devices[error]["non_destructive_reset"] is False and codes(devices[error]) == ["destructive_only", "policy_not_arrived"]


def test_a_host_that_does_not_answer_is_unreachable_and_the_others_go_on(windows: Windows) -> None:
    windows.add("pc-1", render(possible), intune=render_registry(ON))
    windows.hosts["gone"] = {"ansible_connection": "windows"}
    run, devices = windows.run()
    assert run.code == 4 and "UNREACHABLE" in run.output and "the host does not answer" in run.output
    assert set(devices) == {"pc-1"} and devices["pc-1"]["non_destructive_reset"] is True


@pytest.mark.exhaustive
def test_check_mode_asks_the_same(windows: Windows) -> None:
    folder = windows.add("pc-1", render(possible), intune=render_registry(ON))
    run, devices = windows.run("--check")
    assert run.code == 0, run.output
    assert calls(folder) == list(COMMANDS) and devices["pc-1"]["non_destructive_reset"] is True


@pytest.mark.exhaustive
def test_a_host_must_be_ready_only_where_that_is_known_and_one_that_is_no_windows_is_told(windows: Windows) -> None:
    windows.add("ready", render(possible), intune=render_registry(ON))
    windows.add("unknown", render(remote), intune=render_registry({DEVICE: {"EnablePinRecovery": 0}}))
    windows.add("unready", render(OUTPUTS["destructive reset only"]), intune=render_registry({DEVICE: {"EnablePinRecovery": 0}}))
    windows.add("linux", None)
    run, devices = windows.run(pin_reset_device_must_be_ready=True)
    assert run.code == 2 and "Traceback" not in run.output, run.output
    failed = [task for task in run.tasks if task.status == "failed"]
    assert len(failed) == 1 and failed[0].result["msg"].startswith("The user can reset the PIN, but loses the credentials")
    assert "(EnablePinRecovery 0)" in failed[0].result["msg"] and "fatal: [unready]" in run.output
    # The host that failed also has the fact.
    assert {host: device["non_destructive_reset"] for host, device in devices.items()} == {
        **{"ready": True, "unready": False},
        **{"unknown": None, "linux": None},
    }
    assert codes(devices["linux"]) == ["dsregcmd_unread"] and "with exit code 127." in devices["linux"]["reasons"][0]["message"]


@pytest.mark.exhaustive
def test_a_variable_that_the_role_does_not_know_is_refused(windows: Windows) -> None:
    folder = windows.add("pc-1", render(possible))
    run, _devices = windows.run("-e", "pin_reset_device_must_be_redy=true")
    assert run.code == 2 and "Did you mean pin_reset_device_must_be_ready?" in run.output
    assert not (folder / "calls").exists()


def test_the_playbook_asks_the_hosts_of_a_group(windows: Windows) -> None:
    """Over the connection local, with the shell of this machine."""
    folder = windows.add("pc-1", render(possible), intune=render_registry(ON))
    inventory = windows.ansible.folder / "inventory.yml"
    hosts = {"ansible_connection": "local"}
    inventory.write_text(yaml.safe_dump({"laptops": {"hosts": {"pc-1": hosts}}, "windows": {"hosts": {"pc-2": hosts}}}), encoding="utf-8")
    env = {"PATH": f"{folder}:/usr/bin:/bin"}
    run = windows.ansible.playbook(
        "endpointops.intune.device", "-i", str(inventory), "-e", "pin_reset_device_hosts=laptops", "--check", env=env
    )
    assert run.code == 0, run.output
    assert "  pc-1: Microsoft Entra joined" in run.output and "pc-2" not in run.output
    assert "  Can the user reset the PIN and keep the credentials? yes" in run.output
    assert calls(folder) == list(COMMANDS)


def test_the_guide_shows_what_is_printed_over_winrm(windows: Windows) -> None:
    (shown,) = [block.text for block in blocks(GUIDE) if block.kind == "ansible-output"]
    group_policy = render_registry({GROUP_POLICY: {"Enabled": 1}})
    windows.add("lt-berlin-014", render(remote), intune=render_registry(ON), group_policy=group_policy)
    run, devices = windows.run()
    assert run.code == 0, run.output
    device = devices["lt-berlin-014"]
    assert device["non_destructive_reset"] is None and codes(device) == ["other_session", "group_policy"]
    printed = run.output.splitlines()
    # The guide cuts a longer text in the middle of its line.
    told = [line.removesuffix(" [...]") for line in shown.splitlines()]
    assert [line for line in told if not any(there.startswith(line) for there in printed)] == []
    assert [line for line in told if line.startswith("  ")] and "not known" in shown
    assert all(len(line) <= 78 for line in printed if line.startswith("  "))
    assert "ada@contoso.test" not in run.output and "AdaExample" not in run.output


@pytest.mark.exhaustive
def test_the_examples_of_the_guide_run(windows: Windows) -> None:
    # The third one is a task, which needs a signed copy of the script.
    outputs, devices = (block.content for block in blocks(GUIDE) if block.kind == "yaml+jinja" and "hosts" in block.content[0])
    group_policy = render_registry({GROUP_POLICY: {"Enabled": 1}})
    windows.add("right", render(remote), intune=render_registry(ON))
    windows.add("beaten", render(remote), intune=render_registry(ON), group_policy=group_policy)
    inventory = windows.ansible.folder / "windows.yml"
    inventory.write_text(yaml.safe_dump({"windows": {"hosts": windows.hosts}}), encoding="utf-8")
    (windows.ansible.folder / "dsregcmd.txt").write_text(render(OUTPUTS["no PIN yet"]), encoding="utf-8", newline="")
    run = windows.ansible.plays([*outputs, {**devices[0], "connection": "windows"}], "-i", str(inventory))
    assert run.code == 2, run.output
    assert run["Show whether the user can reset the PIN, and why not"].result["msg"].startswith("False The user has no PIN")
    assert "fatal: [beaten]" in run.output and "Turn 'Use PIN Recovery' on" in run.output and "fatal: [right]" not in run.output


def test_the_example_of_the_probe_runs(ansible: Ansible) -> None:
    (play,) = next(block.content for block in blocks(GUIDE) if block.kind == "yaml" and isinstance(block.content, list))
    run = ansible.plays([play])
    assert run.code == 0, run.output
    assert run["Keep the probe in Intune"].changed
    assert run["Read the reports of the devices so far"].result["readiness"]["probe"]["name"] == "PIN reset probe"
