# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that no passcode or credential is shown: on screen at any verbosity, in a log, or in the data of output plugins."""

from __future__ import annotations

import importlib.util
import json
import pathlib
import re
import typing as t

import pytest
import yaml

from .harness import REPOSITORY, Ansible, PlayRun, one_of, rescued
from .test_fleet import certificate

RESET = "endpointops.intune.intune_device_passcode"
PHONES = ["PHONE-FIELD-01", "PHONE-FIELD-02"]
WRONG = "my-wrong-secret"
SEAL = {"seal_to": ["{{ lookup('env', 'CERTIFICATE') }}"], "journal_path": "{{ lookup('env', 'JOURNAL') }}"}

PASS = "endpointops.intune.entra_temporary_access_pass"
USERS = [f"{name}@contoso.onmicrosoft.com" for name in ("clara.hoffmann", "felix.wagner")]
SEAL_PASS = {"users": USERS, "seal_to": SEAL["seal_to"]}
PASS_TASKS: list[dict[str, t.Any]] = [
    {"name": "check passes", PASS: {**SEAL_PASS, "return_pass": True}, "check_mode": True, "diff": True},
    {"name": "passes", PASS: {**SEAL_PASS, "return_pass": True}, "register": "passes"},
    {
        "name": "passes can be used",
        "ansible.builtin.assert": {
            "that": [
                "passes.results | map(attribute='temporary_access_pass') | select | length == 2",
                "passes.results | map(attribute='sealed_temporary_access_pass') | select | length == 2",
                "'_ansible_no_log' not in passes.results[0]",
            ]
        },
    },
    {
        "name": "passes in a loop",
        PASS: {"users": ["{{ item }}"], "return_pass": True, "replace": True},
        "loop": USERS,
        "register": "looped_passes",
    },
    {
        "name": "passes of its items can be used",
        "ansible.builtin.assert": {"that": "looped_passes.results[1].results[0].temporary_access_pass | length > 3"},
    },
    {"name": "passes sealed only", PASS: {**SEAL_PASS, "replace": True}, "register": "sealed_passes"},
    {"name": "show passes that are sealed", "ansible.builtin.debug": {"var": "sealed_passes"}},
    {"name": "passes async and sealed", PASS: {**SEAL_PASS, "replace": True}, "async": 60, "poll": 1},
    {
        "name": "passes fail",
        PASS: {"users": [*USERS, "ada.admin@contoso.onmicrosoft.com"], "return_pass": True, "replace": True},
        "failed_when": False,
    },
]
TASKS: list[dict[str, t.Any]] = [
    *PASS_TASKS,
    {"name": "check", RESET: {"devices": PHONES, "return_passcode": True, **SEAL}, "check_mode": True, "diff": True},
    {"name": "run", RESET: {"devices": PHONES, "return_passcode": True, **SEAL}, "register": "reset"},
    {
        "name": "the registered variable can be used",
        "ansible.builtin.assert": {
            "that": [
                "reset.results | map(attribute='passcode') | select | length == 2",
                "reset.results | map(attribute='sealed_passcode') | select | length == 2",
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
    {"name": "sealed only", RESET: {"devices": PHONES, **SEAL}, "register": "sealed"},
    {"name": "sealed in a loop", RESET: {"devices": ["{{ item }}"], **SEAL}, "loop": PHONES},
    {"name": "without asking", RESET: {"devices": PHONES}, "register": "plain"},
    {"name": "there is none", "ansible.builtin.assert": {"that": "'passcode' not in plain.results[0]"}},
    {"name": "show what is harmless", "ansible.builtin.debug": {"var": "plain"}},
    {"name": "show what is sealed", "ansible.builtin.debug": {"var": "sealed"}},
    {"name": "async", RESET: {"devices": [*PHONES, "PHONE-FIELD-03"], **SEAL}, "async": 60, "poll": 1},
    {"name": "fail", RESET: {"devices": [*PHONES, "PHONE-FIELD-05"], "return_passcode": True, **SEAL}, "failed_when": False},
    {"name": "fail in a loop", RESET: {"devices": ["{{ item }}"], **SEAL}, "loop": ["PHONE-FIELD-05", "NOBODY"]},
    {"name": "wrong secret", RESET: {"devices": PHONES, "client_secret": "{{ lookup('env', 'WRONG') }}"}},
]
MAY_FAIL = ("fail in a loop", "wrong secret")


def everywhere(ansible: Ansible, play: PlayRun) -> dict[str, str]:
    """Return all data that a run leaves, by place: its output, and every file of its folder (log, journal, records, Ansible's own)."""
    files = [path for path in ansible.folder.rglob("*") if path.is_file()]
    return {"the output": play.output, **{path.name: path.read_bytes().decode("utf-8", errors="replace") for path in files}}


def leaks(found: t.Mapping[str, str], secrets: list[str]) -> dict[str, list[str]]:
    """Return the secrets in each place."""
    return {where: shown for where, text in found.items() if (shown := [secret for secret in secrets if secret in text])}


@pytest.fixture
def surroundings(tmp_path: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the options of logs, a recipient whose key is elsewhere, and a journal."""
    recipient = certificate(tmp_path_factory.mktemp("recipient"), "helpdesk")
    return {
        "ANSIBLE_LOG_PATH": str(tmp_path / "ansible.log"),
        "CERTIFICATE": str(recipient),
        "JOURNAL": str(tmp_path / "journal.jsonl"),
        "WRONG": WRONG,
    }


@pytest.mark.parametrize(
    ("execution", "style", "debug"),
    # test_no_secret_is_in_any_channel also runs them as modules.
    one_of(("in_process", "yaml", "1"), ("in_process", "json", ""), ("module", "json", ""), ("module", "yaml", "1")),
)
def test_nothing_leaks_at_the_highest_verbosity(tenant, tmp_path, surroundings, execution, style, debug):
    ansible, tasks = Ansible(tmp_path, tenant, execution), TASKS
    if execution == "module":
        # With ANSIBLE_DEBUG, the module refuses data that could not be hidden, see below.
        tasks = [task for task in TASKS if bool(debug) == ("sealed" in task["name"] or task["name"] == "async")]
    env = {**surroundings, "ANSIBLE_CALLBACK_RESULT_FORMAT": style, "ANSIBLE_DEBUG": debug}
    play = ansible.tasks([rescued(task) if task["name"] in MAY_FAIL else task for task in tasks], "-vvvvv", "--diff", env=env)
    assert play.code == 0, play.output[-3000:]
    assert [task.name for task in play.tasks] == [task["name"] for task in tasks]
    assert len(tenant.control.resets()) >= 3, "there are passcodes that could leak"
    assert len(tenant.control.access_passes()) == 2, "there are passes that could leak"
    secrets = [*tenant.control.secrets(), WRONG]
    assert len(secrets) > 5
    found = everywhere(ansible, play)
    assert {"ansible.log", "journal.jsonl", "record.jsonl"} <= set(found)
    assert leaks(found, secrets) == {}


# --- every channel of the page on security ---------------------------------------------------------------------------

ROLE = {
    "name": "role",
    "ansible.builtin.include_role": {"name": "endpointops.intune.pin_reset", "tasks_from": "reset"},
    "vars": {
        "pin_reset_devices": PHONES,
        "pin_reset_seal_to": ["{{ lookup('env', 'CERTIFICATE') }}"],
        "pin_reset_sealed_directory": "{{ lookup('env', 'SEALED') }}",
        "pin_reset_return_passcode": True,
    },
}
CHANNEL_TASKS: list[dict[str, t.Any]] = [
    {"name": "check", RESET: {"devices": PHONES, "return_passcode": True, **SEAL}, "check_mode": True, "diff": True},
    {"name": "run", RESET: {"devices": PHONES, "return_passcode": True, **SEAL}, "register": "reset"},
    {"name": "later", RESET: {"devices": PHONES, **SEAL}, "register": "plain"},
    {"name": "facts", "ansible.builtin.set_fact": {"resets": "{{ plain.results }}", "cacheable": True}},
    {"name": "async", RESET: {"devices": PHONES, **SEAL}, "async": 60, "poll": 0, "register": "job"},
    {
        "name": "ended",
        "ansible.builtin.async_status": {"jid": "{{ job.ansible_job_id }}"},
        "register": "status",
        "until": "status.finished",
        "retries": 120,
        "delay": 0.5,
    },
    {"name": "check passes", PASS: {**SEAL_PASS, "return_pass": True}, "check_mode": True, "diff": True},
    {
        "name": "passes",
        PASS: {**SEAL_PASS, "return_pass": True, "sealed_directory": "{{ lookup('env', 'SEALED') }}"},
        "register": "passes",
        "diff": True,
    },
    {"name": "passes later", PASS: SEAL_PASS, "register": "plain_passes"},
    {"name": "facts of passes", "ansible.builtin.set_fact": {"passes_kept": "{{ plain_passes.results }}", "cacheable": True}},
    {"name": "passes async", PASS: {**SEAL_PASS, "replace": True}, "async": 60, "poll": 1},
    {"name": "consent", "endpointops.intune.intune_pinreset_consent": {"client_scopes": ["x"]}, "check_mode": True, "diff": True},
    ROLE,
]


def channels(ansible: Ansible, play: PlayRun) -> dict[str, str]:
    """Return the text of each channel, by the names on the page on security."""

    def files(pattern: str) -> str:
        return "\n".join(path.read_bytes().decode(errors="replace") for path in ansible.folder.glob(pattern) if path.is_file())

    return {
        "output": play.output,
        "log": files("ansible.log"),
        "callback": files("record.jsonl"),
        "diff": json.dumps([task.result["diff"] for task in play.tasks if task.result.get("diff")]),
        "journal": files("journal.jsonl"),
        "statistics": play.output.partition("CUSTOM STATS:")[2],
        "facts": files("facts/**/*"),
        "sealed files": files("sealed/*"),
        "async results": files("async/*"),
        "remote files": files("remote/**/*"),
        "inventory cache": files("inventory-cache/*"),
    }


@pytest.mark.parametrize("execution", ["in_process", "module"])
def test_no_secret_is_in_any_channel(tenant, tmp_path, surroundings, execution):
    ansible, sealed, inventory = Ansible(tmp_path, tenant, execution), tmp_path / "sealed", tmp_path / "x.intune_devices.yml"
    sealed.mkdir(mode=0o700)
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "inventory-cache")}
    inventory.write_text(yaml.safe_dump({"plugin": "endpointops.intune.intune_devices", **cache}))
    env = {
        **surroundings,
        "SEALED": str(sealed),
        "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(tmp_path / "facts"),
        "ANSIBLE_KEEP_REMOTE_FILES": "1",
        "ANSIBLE_SHOW_CUSTOM_STATS": "1",
    }
    play = ansible.tasks(CHANNEL_TASKS, "-vvvvv", "--diff", "-i", str(inventory), env=env)
    assert play.code == 0, play.output[-3000:]
    secrets = [*tenant.control.secrets(), tenant.env["INTUNE_CLIENT_SECRET"]]
    assert len(secrets) > 3 and sum(map(len, tenant.control.access_passes().values())) == 4
    found = channels(ansible, play)
    assert [name for name, text in found.items() if len(text) < 20] == [], "there is something to search"
    assert leaks({**found, **everywhere(ansible, play)}, secrets) == {}


def test_the_channels_are_those_of_the_page_on_security(tmp_path, tenant):
    text = (REPOSITORY / "docs/docsite/rst/guide_security.rst").read_text(encoding="utf-8")
    table = text.partition("\nChannels\n")[2].partition("\nSettings of Ansible")[0]
    named = re.findall(r"^   \* - ``(.+)``$", table, re.MULTILINE)
    assert named == list(channels(Ansible(tmp_path, tenant), PlayRun(0, "", [])))


def test_a_passcode_that_is_printed_would_be_found(ansible, surroundings):
    run = {"name": "run", RESET: {"devices": PHONES, "return_passcode": True}, "register": "reset"}
    show = {"name": "show", "ansible.builtin.debug": {"msg": "{{ reset.results[0].passcode }}"}}
    play = ansible.tasks([run, show], env=surroundings)
    assert play.code == 0, play.output
    assert set(leaks(everywhere(ansible, play), ansible.tenant.control.secrets())) == {"the output", "ansible.log", "record.jsonl"}


HAS_POSIX = bool(importlib.util.find_spec("ansible_collections.ansible")) and bool(
    importlib.util.find_spec("ansible_collections.ansible.posix")
)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("callback", "mark"),
    [
        ("ansible.builtin.minimal", " => {"),
        pytest.param(
            *("ansible.posix.json", '"plays"'),
            marks=pytest.mark.skipif(not HAS_POSIX, reason="the collection ansible.posix is not installed"),
        ),
    ],
)
def test_nothing_leaks_through_another_callback(ansible, surroundings, callback, mark):
    play = ansible.tasks(TASKS, "-vvvvv", env={**surroundings, "ANSIBLE_STDOUT_CALLBACK": callback})
    assert mark in play.output
    assert leaks(everywhere(ansible, play), [*ansible.tenant.control.secrets(), WRONG]) == {}


RECOVER = {"name": "endpointops.intune.pin_reset", "tasks_from": "recover"}
RECOVERED: list[dict[str, t.Any]] = [
    {
        "name": f"recover {number}",
        "ansible.builtin.include_role": RECOVER,
        "vars": {"pin_reset_recover_user": user, "pin_reset_seal_to": SEAL["seal_to"], "pin_reset_recover_return_pass": True},
    }
    for number, user in enumerate([*USERS, "ada.admin@contoso.onmicrosoft.com"])
]


@pytest.mark.parametrize(
    ("callback", "debug"),
    [
        ("ansible.builtin.default", {"ANSIBLE_DEBUG": "1"}),
        pytest.param("ansible.builtin.minimal", {}, marks=pytest.mark.exhaustive),
    ],
)
def test_the_help_for_a_locked_out_user_never_shows_the_pass(tenant, tmp_path, surroundings, callback, debug):
    """Check the results of the task, the facts, and the summary for an issued, an existing, and a refused pass."""
    ansible = Ansible(tmp_path, tenant, "in_process")
    again = {**RECOVERED[0], "name": "recover again"}
    used = {"name": "the pass can be used", "ansible.builtin.assert": {"that": "pin_reset_results[0].temporary_access_pass | length > 3"}}
    env = {**surroundings, "ANSIBLE_STDOUT_CALLBACK": callback, "ANSIBLE_SHOW_CUSTOM_STATS": "1", **debug}
    play = ansible.tasks([RECOVERED[0], used, again, *RECOVERED[1:]], "-vvvv", "--diff", env=env)
    assert play.code == 0, play.output[-3000:]
    assert sum(map(len, tenant.control.access_passes().values())) == 2
    assert leaks(everywhere(ansible, play), tenant.control.secrets()) == {}


def test_a_pass_that_is_printed_would_be_found(ansible, surroundings):
    run = {"name": "run", PASS: {"users": USERS, "return_pass": True}, "register": "passes"}
    show = {"name": "show", "ansible.builtin.debug": {"msg": "{{ passes.results[0].temporary_access_pass }}"}}
    play = ansible.tasks([run, show], env=surroundings)
    assert play.code == 0, play.output
    assert set(leaks(everywhere(ansible, play), ansible.tenant.control.secrets())) == {"the output", "ansible.log", "record.jsonl"}


@pytest.mark.parametrize(("task", "env"), [({"async": 60, "poll": 0}, {}), ({"environment": {"X": "y"}}, {"ANSIBLE_DEBUG": "1"})])
def test_return_pass_is_refused_where_it_could_not_be_hidden(ansible, task, env):
    play = ansible.tasks([{"name": "issue", PASS: {"users": USERS, "return_pass": True}, **task}], env=env)
    assert play["issue"].status == "failed" and "return_pass" in play["issue"].result["msg"]
    assert ansible.tenant.control.access_passes() == {}


@pytest.mark.parametrize(("task", "env"), [({"async": 60, "poll": 0}, {}), ({"environment": {"X": "y"}}, {"ANSIBLE_DEBUG": "1"})])
def test_return_passcode_is_refused_where_it_could_not_be_hidden(ansible, task, env):
    play = ansible.tasks([{"name": "reset", RESET: {"devices": PHONES, "return_passcode": True}, **task}], env=env)
    assert play["reset"].status == "failed" and "return_passcode" in play["reset"].result["msg"]
    assert ansible.tenant.control.resets() == {}


def test_a_credential_is_refused_where_it_could_not_be_hidden(ansible):
    task = {"name": "reset", RESET: {"devices": PHONES, "client_secret": WRONG}, "environment": {"X": "y"}}
    play = ansible.tasks([task], env={"ANSIBLE_DEBUG": "1"})
    assert play["reset"].status == "failed" and "client_secret is refused: ANSIBLE_DEBUG is on" in play["reset"].result["msg"]
    assert WRONG not in play.output and play["reset"].journal == []


def test_a_credential_is_refused_where_it_would_be_kept(ansible):
    """case 42: ANSIBLE_KEEP_REMOTE_FILES."""
    given = {"devices": PHONES, "client_secret": WRONG}
    kept = {"name": "kept", RESET: given, "environment": {"X": "y"}}
    play = ansible.tasks([rescued(kept), {"name": "in process", RESET: {"devices": PHONES}}], env={"ANSIBLE_KEEP_REMOTE_FILES": "1"})
    assert "client_secret is refused: ANSIBLE_KEEP_REMOTE_FILES is on" in play["kept"].result["msg"]
    assert leaks(everywhere(ansible, play), [WRONG]) == {"play.yml": [WRONG]}


# --- all ways to reach the module -----------------------------------------------------------------------------------

ACTION = """
from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    _supports_async = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        result.update(self._execute_module(
            "endpointops.intune.intune_device_passcode", self._task.args, task_vars=task_vars, wrap_async=self._task.async_val
        ))
        return result
"""
INFO = "endpointops.intune.intune_device_passcode_info"
ROUTING = {
    "plugin_routing": {
        "modules": {
            "issue": {"redirect": PASS},
            "reset": {"redirect": RESET},
            "fetch": {"redirect": INFO},
            "twice": {"redirect": "me.own.reset"},
        },
        "action": {"action_too": {"redirect": RESET}},
    }
}
ROUTING["plugin_routing"]["modules"]["action_too"] = {"redirect": RESET}


@pytest.fixture
def own_collection(tmp_path: pathlib.Path) -> None:
    """Make a user's collection beside the playbook, and a copy of the module in library."""
    place = tmp_path / "collections" / "ansible_collections" / "me" / "own"
    for name, text in {
        "meta/runtime.yml": yaml.safe_dump({"requires_ansible": ">=2.16", **ROUTING}),
        "plugins/action/wrapped.py": ACTION,
        "plugins/modules/wrapped.py": "DOCUMENTATION = ''",
    }.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    library = tmp_path / "library"
    library.mkdir()
    (library / "copied.py").write_bytes((REPOSITORY / "plugins/modules/intune_device_passcode.py").read_bytes())
    (library / "copied_pass.py").write_bytes((REPOSITORY / "plugins/modules/entra_temporary_access_pass.py").read_bytes())


WAYS: dict[str, dict[str, t.Any]] = {
    "plain": {},
    "loop": {"loop": [1, 2]},
    "environment": {"environment": {"X": "y"}},
    "delegated": {"delegate_to": "127.0.0.1", "vars": {"ansible_connection": "local"}},
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("me.own.reset", id="case 35: redirect of a module", marks=pytest.mark.exhaustive),
        pytest.param("me.own.fetch", id="case 35: redirect to the _info module", marks=pytest.mark.exhaustive),
        pytest.param("me.own.twice", id="case 35: redirect to a redirect", marks=pytest.mark.exhaustive),
        pytest.param("me.own.action_too", id="case 35: redirect of module and action"),
    ],
)
@pytest.mark.usefixtures("own_collection")
def test_a_passcode_is_hidden_behind_a_redirect(ansible, surroundings, name):
    first = {"name": "reset", RESET: {"devices": PHONES}}
    tasks = [
        {"name": way, name: {"devices": PHONES, "return_passcode": True}, "register": f"way_{way}", **more} for way, more in WAYS.items()
    ]
    used = {
        "name": "used",
        "ansible.builtin.assert": {
            "that": [
                "way_plain.results[0].passcode | length > 3",
                "way_loop.results[1].results[1].passcode == way_plain.results[1].passcode",
            ]
        },
    }
    play = ansible.tasks([first, *tasks, used], "-vvvvv", env=surroundings)
    assert play.code == 0, play.output[-3000:]
    secrets = ansible.tenant.control.secrets()
    assert len(secrets) > 2 and leaks(everywhere(ansible, play), secrets) == {}


@pytest.mark.exhaustive
@pytest.mark.usefixtures("own_collection")
def test_a_pass_is_hidden_behind_a_redirect(ansible, surroundings):
    tasks = [
        {"name": way, "me.own.issue": {"users": USERS, "return_pass": True, "replace": True}, "register": f"way_{way}", **more}
        for way, more in WAYS.items()
    ]
    used = {"name": "used", "ansible.builtin.assert": {"that": "way_loop.results[1].results[1].temporary_access_pass | length > 3"}}
    play = ansible.tasks([*tasks, used], "-vvvvv", env=surroundings)
    assert play.code == 0, play.output[-3000:]
    assert sum(map(len, ansible.tenant.control.access_passes().values())) == 10
    assert leaks(everywhere(ansible, play), ansible.tenant.control.secrets()) == {}


@pytest.mark.exhaustive
@pytest.mark.usefixtures("own_collection")
def test_a_copy_that_is_not_hidden_refuses_to_return_passes(ansible):
    ways = {**WAYS, "async": {"async": 60, "poll": 1}}
    play = ansible.attempts({way: {"copied_pass": {"users": USERS, "return_pass": True}, **more} for way, more in ways.items()})
    for run in play.values():
        assert run.status == "failed" and "would show the passes" in json.dumps(run.result)
    assert ansible.tenant.control.access_passes() == {}, "it is refused before anything is issued"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("me.own.wrapped", id="case 35: an action of somebody else", marks=pytest.mark.exhaustive),
        pytest.param("copied", id="case 35: a copy of the module"),
    ],
)
@pytest.mark.usefixtures("own_collection")
def test_a_module_that_is_not_hidden_refuses_to_return_passcodes(ansible, name):
    ways = {**WAYS, "async": {"async": 60, "poll": 1}}
    play = ansible.attempts({way: {name: {"devices": PHONES, "return_passcode": True}, **more} for way, more in ways.items()})
    for run in play.values():
        assert run.status == "failed" and "Set no_log: true on the task" in json.dumps(run.result)
    assert ansible.tenant.control.resets() == {}, "it is refused before anything is reset"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("me.own.wrapped", id="case 35: an action of somebody else", marks=pytest.mark.exhaustive),
        pytest.param("copied", id="case 35: a copy of the module"),
    ],
)
@pytest.mark.usefixtures("own_collection")
def test_a_module_that_is_hidden_by_its_task_returns_passcodes(ansible, surroundings, name):
    task = {"name": "reset", name: {"devices": PHONES, "return_passcode": True}, "no_log": True, "register": "reset"}
    usable = ["reset.results[0].passcode | length > 3", "'_ansible_no_log' not in reset.results[0]"]
    used = {"name": "used", "ansible.builtin.assert": {"that": usable}}
    play = ansible.tasks([task, used], "-vvv", env=surroundings)
    assert play.code == 0, play.output[-3000:]
    assert leaks(everywhere(ansible, play), ansible.tenant.control.secrets()) == {}


@pytest.mark.usefixtures("own_collection")
def test_a_module_that_debugging_would_show_refuses_to_return_passcodes(ansible, surroundings):
    """case 35: no_log does not hide the output of ANSIBLE_DEBUG."""
    task = {"name": "reset", "copied": {"devices": PHONES, "return_passcode": True}, "no_log": True}
    play = ansible.tasks([task], env={**surroundings, "ANSIBLE_DEBUG": "1"})
    assert play["reset"].status == "failed" and ansible.tenant.control.resets() == {}


def test_debug_lines_of_each_execution_scrub_secrets_that_are_options(both_executions):
    play = both_executions.tasks(
        [{"name": "x", RESET: {"devices": ["NOBODY"], "client_secret": both_executions.tenant.env["INTUNE_CLIENT_SECRET"]}}], "-vvv"
    )
    assert play["x"].status == "failed"
    assert play["x"].result["invocation"]["module_args"]["client_secret"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def test_case_83_a_process_without_a_result_says_why_and_shows_no_output(ansible, tmp_path):
    broken = tmp_path / "broken"
    broken.write_text('#!/bin/sh\necho \'{"results": [{"passcode": "48151623"\'\nkill -9 $$\n', encoding="utf-8")
    broken.chmod(0o700)
    interpreters = {"missing": str(tmp_path / "none"), "killed": str(broken)}
    task = {RESET: {"devices": PHONES, "return_passcode": True}, "environment": {"X": "y"}}
    tasks = [rescued({"name": name, **task, "vars": {"ansible_python_interpreter": path}}) for name, path in interpreters.items()]
    play = ansible.tasks(tasks, "-vvvv")
    missing, killed = play["missing"].result, play["killed"].result
    assert (missing["rc"], killed["rc"]) == (127, 137)
    assert f"the interpreter '{interpreters['missing']}' was not found" in missing["msg"]
    assert "it was killed by signal 9 (SIGKILL)" in killed["msg"]
    assert "48151623" not in play.output + json.dumps([missing, killed])
