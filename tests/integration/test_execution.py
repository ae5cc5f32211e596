# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that a task has the same result in process and as a module, and runs as a module if it cannot."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from .harness import Ansible, PlayRun, TaskRun, one_of, rescued

CONNECTION = "endpointops.intune.intune_connection_info"
RESET = "endpointops.intune.intune_device_passcode"
PHONES = ["PHONE-HELPDESK-01", "PHONE-HELPDESK-02"]
TASKS: dict[str, dict[str, t.Any]] = {CONNECTION: {}, RESET: {"devices": PHONES, "max_age": 0, "wait": False}}
# A setting that only makes a task run as a module.
AS_MODULE: dict[str, t.Any] = {"environment": {"ANYTHING": "at all"}}

# Each form of a task by its additions, and the number of processes that it starts.
WAYS: dict[str, tuple[dict[str, t.Any], int]] = {
    "plain": ({}, 0),
    "diff": ({"diff": True}, 0),
    "loop": ({"loop": ["once", "twice"], "register": "looped"}, 0),
    "delegated": ({"delegate_to": "second"}, 0),
    "delegated to localhost": ({"delegate_to": "localhost"}, 0),
    "empty environment": ({"environment": {}}, 0),
    "no async": ({"async": 0, "poll": 5}, 0),
    "no become": ({"become": False, "become_method": "as_is"}, 0),
    "plain module": (AS_MODULE, 1),
    "diff module": ({"diff": True, **AS_MODULE}, 1),
    "loop module": ({"loop": ["once", "twice"], "register": "looped", **AS_MODULE}, 2),
    "async": ({"async": 60, "poll": 1}, 1),
    "become": ({"become": True, "become_method": "as_is"}, 1),
    "delegated elsewhere": ({"delegate_to": "elsewhere"}, 1),
}
# Values that change from one moment to the next.
VOLATILE = ("clock_skew", "token_expires", "started", "last_updated")
# Values that Ansible itself adds to the result of a task.
ANSIBLES = {
    *("ansible_job_id", "finished", "started", "results_file", "stdout", "stderr", "stdout_lines", "stderr_lines"),
    *("item", "ansible_loop_var", "failed", "_ansible_delegated_vars", "_ansible_item_label"),
}


@pytest.fixture
def playbooks(tmp_path, tenant) -> Ansible:
    """Let the tasks themselves choose their execution."""
    return Ansible(tmp_path, tenant, "in_process")


@pytest.fixture
def hosts(tmp_path) -> list[str]:
    """Return arguments that add other hosts: three with the connection local, and one elsewhere."""
    path = tmp_path / "hosts.yml"
    local = "{ansible_connection: local}"
    path.write_text(f"all: {{hosts: {{first: {local}, second: {local}, third: {local}, elsewhere: {{ansible_connection: remote}}}}}}\n")
    return ["-i", str(path)]


def results(task: TaskRun) -> list[dict[str, t.Any]]:
    """Return the one result, or those of a loop."""
    entries = task.result.get("results") or []
    return entries if any("ansible_loop_var" in entry for entry in entries) else [task.result]


def steady(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {name: steady(item) for name, item in value.items() if name not in VOLATILE}
    if isinstance(value, str):
        # Before ansible-core 2.19, messages name Ansible's own type for a text.
        return re.sub(r"<class '[\w.]+'>", "<class>", value)
    return [steady(item) for item in value] if isinstance(value, list) else value


def assert_same(found: t.Mapping[str, t.Any], plain: t.Mapping[str, t.Any]) -> None:
    assert steady({name: found.get(name) for name in plain}) == steady(plain)
    assert set(found) - set(plain) <= ANSIBLES


def processes(play: PlayRun) -> dict[str, int]:
    """Return the number of processes of our modules for each task, by its name: -vvv shows the code that is sent for one."""
    found = re.findall(r"^TASK \[(.*?)\] \**$(.*?)(?=^TASK|^PLAY|\Z)", play.output, re.MULTILINE | re.DOTALL)
    return {name: len(re.findall(r" PUT .*/AnsiballZ_intune_\w+\.py$", text, re.MULTILINE)) for name, text in found}


@pytest.mark.parametrize("module", one_of(RESET, CONNECTION))
def test_each_way_to_say_a_task_has_the_same_result(playbooks, hosts, module):
    play = playbooks.tasks([{"name": name, module: TASKS[module], **way} for name, (way, _number) in WAYS.items()], "-vvv", *hosts)
    assert play.code == 0, play.output[-3000:]
    assert processes(play) == {name: number for name, (_way, number) in WAYS.items()}
    plain = play.tasks[0].result
    for task in play.tasks:
        assert len(results(task)) == (2 if "loop" in task.name else 1)
        for found in results(task):
            assert_same(found, plain)
    if module == RESET:
        assert plain["changed"] and plain["summary"]["pending"] == len(PHONES)
        assert [len(times) for times in playbooks.tenant.control.resets().values()] == [len(WAYS) + 2] * len(PHONES)


@pytest.mark.exhaustive
def test_check_mode_and_failures_are_the_same_by_both(playbooks):
    tasks: dict[str, dict[str, t.Any]] = {
        "check": {RESET: {"devices": PHONES}, "check_mode": True, "diff": True},
        "wrong name": {RESET: {"devices": ["NOBODY"]}},
        "no devices": {RESET: {}},
        "wrong choice": {RESET: {"devices": PHONES, "match_by": "color"}},
        "wrong type": {RESET: {"devices": PHONES, "max_age": "old"}},
        "unknown option": {RESET: {"devices": PHONES, "device": "one"}},
        "refused": {RESET: {"devices": ["WS-BERLIN-101", "HOME-PC-ROSSI"]}},
        "wrong secret": {CONNECTION: {"client_secret": "wrong"}},
    }
    ways: list[dict[str, t.Any]] = [{}, AS_MODULE]
    play = playbooks.tasks([rescued({"name": name, **task, **way}) for name, task in tasks.items() for way in ways])
    assert [task.name for task in play.tasks] == [name for name in tasks for _way in ways]
    assert "Traceback" not in play.output
    for inside, module in zip(play.tasks[::2], play.tasks[1::2], strict=True):
        assert (inside.status, inside.writes, module.writes) == (module.status, [], [])
        assert inside.status == ("ok" if inside.name == "check" else "failed")
        # Graph and Entra give each response its own ID, which is returned.
        assert_same(*(without_ids(task.result) for task in (inside, module)))


def without_ids(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {name: without_ids(item) for name, item in value.items() if name not in ("request_id", "client_request_id")}
    if isinstance(value, list):
        return [without_ids(item) for item in value]
    return re.sub(r"[0-9a-f-]{36}|\d{4}-\d\d-\d\d.\d\d:\d\d:\d\dZ", "", value) if isinstance(value, str) else value


@pytest.mark.exhaustive
def test_several_hosts_by_each_strategy(playbooks, hosts):
    """Once for many hosts, for each of them at once, and for one elsewhere."""
    many = {"hosts": "first,second,third"}
    check = {RESET: TASKS[RESET], "check_mode": True}
    play = playbooks.plays(
        [
            {**many, "tasks": [{"name": "once", RESET: TASKS[RESET], "run_once": True}]},
            {**many, "strategy": "free", "tasks": [{"name": "free", CONNECTION: {}}, {"name": "free check", **check}]},
            {"hosts": "elsewhere", "tasks": [{"name": "elsewhere", CONNECTION: {}}, {"name": "elsewhere check", **check}]},
            {"hosts": "localhost", "tasks": [{"name": "here", CONNECTION: {}}, {"name": "here check", **check}]},
        ],
        "-vvv",
        *hosts,
    )
    assert play.code == 0, play.output[-3000:]
    assert [len(times) for times in playbooks.tenant.control.resets().values()] == [1, 1]
    assert sorted(task.name for task in play.tasks if "free" in task.name) == ["free"] * 3 + ["free check"] * 3
    started = processes(play)
    assert (started["once"], started["here"], started["elsewhere"], started["elsewhere check"]) == (0, 0, 1, 1)
    assert sum(number for name, number in started.items() if "free" in name) == 0
    for task in play.tasks:
        if task.name != "once":
            assert_same(task.result, play["here check" if "check" in task.name else "here"].result)


@pytest.mark.parametrize("way", [pytest.param({}, id="in process"), pytest.param(AS_MODULE, id="module", marks=pytest.mark.exhaustive)])
def test_options_come_from_defaults_and_vaults_and_blank_ones_do_not_count(playbooks, way):
    env = playbooks.tenant.env
    vault, password = playbooks.folder / "vault.yml", playbooks.folder / "password"
    password.write_text("of the vault", encoding="utf-8")
    secret = f"vaulted_secret: {env['INTUNE_CLIENT_SECRET']}\n"
    vault.write_bytes(VaultLib([(None, VaultSecret(b"of the vault"))]).encrypt(secret))
    blank = {"access_token": "", "client_certificate_path": "{{ nothing | default('') }}", "graph_url": "{{ '' }}", "cloud": ""}
    defaults = {"client_id": env["INTUNE_CLIENT_ID"], "client_secret": "{{ vaulted_secret }}"}
    play = playbooks.tasks(
        [
            {"name": "look", CONNECTION: {}, **way},
            {"name": "look, blank", CONNECTION: blank, **way},
            {"name": "reset", RESET: {"devices": "{{ phones }}", **blank}, "loop": [PHONES], "loop_control": {"loop_var": "phones"}, **way},
        ],
        *("--vault-password-file", str(password)),
        env={"INTUNE_CLIENT_SECRET": "", "INTUNE_CLIENT_ID": ""},
        vars_files=[str(vault)],
        module_defaults={"group/endpointops.intune.intune": defaults},
    )
    assert play.code == 0, play.output[-3000:]
    assert play["look"].result["connection"]["client_id"] == env["INTUNE_CLIENT_ID"]
    assert_same(play["look, blank"].result, play["look"].result)
    (reset,) = results(play["reset"])
    assert (reset["changed"], reset["summary"]["done"]) == (True, 2)
    assert env["INTUNE_CLIENT_SECRET"] not in play.output
