# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs real ansible-playbook against the emulated tenant, and says what each task returned and what the tenant received."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import yaml

HERE = pathlib.Path(__file__).parent
REPOSITORY = HERE.parent.parent
COLLECTION = "endpointops.intune"
PLAYBOOK_SECONDS = 240


class TaskRun(t.NamedTuple):
    """One task's result as output plugins see it, and the tenant's journal entries that came with it."""

    name: str
    status: str
    result: dict[str, t.Any]
    journal: list[dict[str, t.Any]]

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))

    @property
    def writes(self) -> list[str]:
        """``METHOD path`` of each write that Graph received."""
        return [f"{entry['method']} {entry['path']}" for entry in self.journal if entry["write"]]

    @property
    def tokens(self) -> int:
        return sum(entry["kind"] in ("token", "managed_identity") and entry["method"] == "POST" for entry in self.journal)


class PlayRun(t.NamedTuple):
    code: int
    output: str
    tasks: list[TaskRun]

    def __getitem__(self, name: str) -> TaskRun:
        return next(task for task in self.tasks if task.name.endswith(name))


class Ansible:
    """ansible-playbook in a folder of its own, against one tenant, through one of the two doors."""

    def __init__(self, folder: pathlib.Path, tenant: t.Any, door: str = "in_process") -> None:
        self.folder = folder
        self.tenant = tenant
        self.door = door

    def module(self, module: str, options: t.Mapping[str, t.Any], env: t.Mapping[str, str] | None = None, **keywords: t.Any) -> TaskRun:
        """One task in a play of its own."""
        play = self.tasks([{"name": module, f"{COLLECTION}.{module}": dict(options), **keywords}], env=env)
        assert play.tasks, play.output
        return play.tasks[-1]

    def tasks(self, tasks: list[dict[str, t.Any]], *arguments: str, env: t.Mapping[str, str] | None = None, **play: t.Any) -> PlayRun:
        if self.door == "module":
            # A task with an environment of its own is never run in the controller's process.
            play = {"environment": {"INTEGRATION_DOOR": "module"}, **play}
        content = [{"hosts": "localhost", "connection": "local", "gather_facts": False, **play, "tasks": tasks}]
        path = self.folder / "play.yml"
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return self.playbook(str(path), *arguments, env=env)

    def playbook(self, playbook: str, *arguments: str, env: t.Mapping[str, str] | None = None) -> PlayRun:
        record = self.folder / "record.jsonl"
        record.unlink(missing_ok=True)
        start = self.tenant.journal_end()
        command = [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", playbook, *arguments]
        done = subprocess.run(
            command,
            env=self._environment(record, env or {}),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=PLAYBOOK_SECONDS,
            check=False,
        )
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        return PlayRun(done.returncode, done.stdout, self._task_runs([json.loads(line) for line in lines], start))

    def _task_runs(self, lines: list[dict[str, t.Any]], start: int) -> list[TaskRun]:
        entries = self.tenant.journal(start)
        runs, before = [], start
        for line in lines:
            mine = [entry for entry in entries if before < entry["seq"] <= line["journal"]]
            runs.append(TaskRun(line["task"], line["status"], line["result"], mine))
            before = line["journal"]
        return runs

    def _environment(self, record: pathlib.Path, extra: t.Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("INTUNE_", "AZURE_", "ANSIBLE_", "EMULATOR_"))}
        ours = {
            # Without it async looks for its jobs in the home of the password file, and writes them into HOME.
            "ANSIBLE_ASYNC_DIR": str(self.folder / "async"),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "record",
            "ANSIBLE_HOME": str(self.folder / "ansible"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "HOME": str(self.folder),
            "RECORD_FILE": str(record),
        }
        # Another copy of the collection than the repository's: the installed artifact.
        if os.environ.get("COLLECTION_UNDER_TEST"):
            ours["ANSIBLE_COLLECTIONS_PATH"] = os.environ["COLLECTION_UNDER_TEST"]
        return {**kept, **self.tenant.env, **ours, **extra}


class Beats(t.NamedTuple):
    """check, run, check again, run again"""

    check: TaskRun
    run: TaskRun
    check_again: TaskRun
    run_again: TaskRun


def four_beats(ansible: Ansible, module: str, options: t.Mapping[str, t.Any]) -> Beats:
    """The same task four times. What holds for every module is asserted here; what it returned is the caller's to judge."""
    task = {f"{COLLECTION}.{module}": dict(options), "diff": True}
    play = ansible.tasks([{"name": beat, **task, **({"check_mode": True} if "check" in beat else {})} for beat in Beats._fields])
    assert play.code == 0, play.output
    beats = Beats(*(play[name] for name in Beats._fields))
    assert [beat.changed for beat in beats] == [True, True, False, False], play.output
    assert beats.check.writes == [], "check mode wrote"
    assert beats.check_again.writes == [], "check mode wrote"
    assert beats.run_again.writes == [], "the second run wrote"
    assert beats.run.writes or ansible.tenant.live, "the run wrote nothing"
    assert [beat.tokens for beat in beats] == [1, 1, 1, 1] or ansible.tenant.live, "one token for one task"
    assert beats.check.result.get("diff") == beats.run.result.get("diff"), "the diff of check mode differs"
    assert set(beats.check.result) == set(beats.run.result) == set(beats.run_again.result), "the result's keys differ"
    return beats
