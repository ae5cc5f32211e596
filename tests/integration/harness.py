# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs real ansible-playbook against the emulated tenant, and says what each task returned and what the tenant received."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import typing as t

import yaml

HERE = pathlib.Path(__file__).parent
REPOSITORY = HERE.parent.parent
COLLECTION = "endpointops.intune"
PLAYBOOK_SECONDS = 240
POLL_SECONDS = 0.05


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


class Running:
    """An ansible-playbook that is under way, with all that it started."""

    def __init__(self, process: subprocess.Popen[str], tenant: t.Any) -> None:
        self._process = process
        self._tenant = tenant

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_details: object) -> None:
        self.kill()

    def until(self, happened: t.Callable[[], bool]) -> None:
        """Waits until something has happened that only this run can bring about."""
        deadline = time.monotonic() + PLAYBOOK_SECONDS
        while not happened():
            assert self._process.poll() is None, f"it has ended: {self.output()}"
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(POLL_SECONDS)

    def kill(self) -> None:
        """kill -9 of all of it: nobody gets to say a last word."""
        # Ansible's workers have sessions of their own: a signal to the process group does not reach them.
        for process in [self._process.pid, *_descendants(self._process.pid)] if self._process.poll() is None else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.communicate(timeout=PLAYBOOK_SECONDS)

    def output(self) -> str:
        """All that it printed, when it has ended."""
        return self._process.communicate(timeout=PLAYBOOK_SECONDS)[0]

    @property
    def code(self) -> int:
        return self._process.wait(PLAYBOOK_SECONDS)


def _descendants(process: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(stat.parent.name))
    found = [process]
    for one in found:
        found += children.get(one, [])
    return found[1:]


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
        return self.playbook(self.write([{**play, "tasks": tasks}]), *arguments, env=env)

    def plays(self, plays: list[dict[str, t.Any]], *arguments: str, env: t.Mapping[str, str] | None = None) -> PlayRun:
        """Several plays, on localhost where they do not say otherwise."""
        return self.playbook(self.write(plays), *arguments, env=env)

    def start(self, tasks: list[dict[str, t.Any]], *arguments: str, env: t.Mapping[str, str] | None = None) -> Running:
        """A playbook that goes on meanwhile; another one may be run beside it."""
        folder = self.folder / f"beside-{len(list(self.folder.glob('beside-*')))}"
        folder.mkdir()
        beside = Ansible(folder, self.tenant, self.door)
        process = subprocess.Popen(
            beside.command(beside.write([{"tasks": tasks}]), *arguments),
            env=beside.environment(env or {}),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        return Running(process, self.tenant)

    def write(self, plays: list[dict[str, t.Any]]) -> str:
        """The path of a playbook of these plays."""
        # A task with an environment of its own is never run in the controller's process.
        door = {"environment": {"INTEGRATION_DOOR": "module"}} if self.door == "module" else {}
        path = self.folder / "play.yml"
        plays = [{"hosts": "localhost", "connection": "local", "gather_facts": False, **door, **play} for play in plays]
        path.write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
        return str(path)

    @staticmethod
    def command(playbook: str, *arguments: str) -> list[str]:
        return [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", playbook, *arguments]

    def playbook(self, playbook: str, *arguments: str, env: t.Mapping[str, str] | None = None) -> PlayRun:
        record = self.folder / "record.jsonl"
        record.unlink(missing_ok=True)
        start = self.tenant.journal_end()
        done = subprocess.run(
            self.command(playbook, *arguments),
            env=self.environment(env or {}),
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

    def environment(self, extra: t.Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("INTUNE_", "AZURE_", "ANSIBLE_", "EMULATOR_"))}
        ours = {
            # Without it async looks for its jobs in the home of the password file, and writes them into HOME.
            "ANSIBLE_ASYNC_DIR": str(self.folder / "async"),
            "ANSIBLE_BECOME_PLUGINS": str(HERE / "become"),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "record",
            "ANSIBLE_CONNECTION_PLUGINS": str(HERE / "connection"),
            "ANSIBLE_HOME": str(self.folder / "ansible"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_REMOTE_TEMP": str(self.folder / "remote"),
            "HOME": str(self.folder),
            "RECORD_FILE": str(self.folder / "record.jsonl"),
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
