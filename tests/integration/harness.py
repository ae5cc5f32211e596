# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the real ansible-playbook against the emulated tenant, and return each task's result and the requests that the tenant received."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pathlib
import runpy
import signal
import subprocess
import sys
import time
import typing as t
import warnings

import pytest
import yaml

HERE = pathlib.Path(__file__).parent
REPOSITORY = HERE.parent.parent
COLLECTION = "endpointops.intune"
PLAYBOOK_SECONDS = 240
POLL_SECONDS = 0.05
# Imports of a Warm process. The action plugins import all modules and module_utils; tests without a Warm import them each time.
IMPORTED = (
    *("ansible.cli.playbook", "ansible.executor.process.worker", "ansible.executor.task_executor"),
    *("concurrent.futures", "cryptography.hazmat.primitives.serialization.pkcs12", "cryptography.x509", "msal", "requests"),
)
OURS = [f"ansible_collections.{COLLECTION}.plugins.action.{path.stem}" for path in (REPOSITORY / "plugins/action").glob("intune_*.py")]
# The kinds of Ansible's own plugins that each playbook loads, most of them for their options.
LOADED = ("become", "cache", "callback", "connection", "inventory", "shell", "strategy", "vars")
# Variables that those imports read.
READ_EARLY = ("ANSIBLE_", "PYTHON", "LANG", "LC_")


def one_of(first: t.Any, *others: t.Any) -> list[t.Any]:
    """Return the values of a parameter that hardly differ: `make test` runs the first, `make test-all` also the others."""
    return [first, *[pytest.param(*(other if isinstance(other, tuple) else [other]), marks=pytest.mark.exhaustive) for other in others]]


def rescued(task: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return a task whose failure does not end its play."""
    return {"block": [dict(task)], "rescue": [{"name": "go on", "ansible.builtin.meta": "noop"}]}


class TaskRun(t.NamedTuple):
    """One task's result as output plugins see it, and the tenant's journal entries during the task."""

    name: str
    status: str
    result: dict[str, t.Any]
    journal: list[dict[str, t.Any]]

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))

    @property
    def writes(self) -> list[str]:
        """Return ``METHOD path`` of each write that Graph received."""
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
    """An ansible-playbook in progress, with all its child processes."""

    def __init__(self, process: subprocess.Popen[str], tenant: t.Any) -> None:
        self._process = process
        self._tenant = tenant

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_details: object) -> None:
        self.kill()

    def until(self, happened: t.Callable[[], bool]) -> None:
        """Wait for an event that only this run can cause."""
        deadline = time.monotonic() + PLAYBOOK_SECONDS
        while not happened():
            assert self._process.poll() is None, f"it has ended: {self.output()}"
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(POLL_SECONDS)

    def kill(self) -> None:
        """Send kill -9 to all processes, which cannot react."""
        # Ansible's workers have their own sessions: a signal to the process group does not reach them.
        for process in [self._process.pid, *_descendants(self._process.pid)] if self._process.poll() is None else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.communicate(timeout=PLAYBOOK_SECONDS)

    def output(self) -> str:
        """Return the whole output after the end."""
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


class Warm:
    """A process that has imported Ansible and runs each playbook in a fork of itself, which saves most of the start time."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self._env = environment(folder)
        self._process = subprocess.Popen(
            [sys.executable, __file__], env=self._env, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Warm:
        # Wait here, so that the first test does not include this time.
        assert self._process.stdout and self._process.stdout.readline(), "it has ended"
        return self

    def __exit__(self, *_details: object) -> None:
        self._process.communicate(timeout=PLAYBOOK_SECONDS)

    def can_run(self, extra: t.Mapping[str, str]) -> bool:
        """Return whether the settings equal those that it has read."""
        return all(value == self._env.get(name) for name, value in extra.items() if name.startswith(READ_EARLY))

    def run(self, command: list[str], env: t.Mapping[str, str], folder: pathlib.Path) -> tuple[int, str]:
        """Run ansible-playbook; return its exit code and output."""
        output = folder / "ansible-output.txt"
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"command": command, "env": env, "folder": str(folder), "output": str(output)}) + "\n")
        self._process.stdin.flush()
        code = self._process.stdout.readline()
        assert code, "it has ended"
        return int(code), output.read_text(encoding="utf-8")


class Ansible:
    """Run ansible-playbook in its own folder, against one tenant. Without a Warm, start it each time.

    ``execution``: "in_process" lets tasks run in the controller's process, "module" makes each a module's process.
    """

    def __init__(self, folder: pathlib.Path, tenant: t.Any, execution: str = "in_process", warm: Warm | None = None) -> None:
        self.folder = folder
        self.tenant = tenant
        self.execution = execution
        self._warm = warm

    def module(self, module: str, options: t.Mapping[str, t.Any], env: t.Mapping[str, str] | None = None, **keywords: t.Any) -> TaskRun:
        """Run one task in its own play."""
        play = self.tasks([{"name": module, f"{COLLECTION}.{module}": dict(options), **keywords}], env=env)
        assert play.tasks, play.output
        return play.tasks[-1]

    def cases(
        self, module: str, cases: t.Mapping[str, t.Mapping[str, t.Any]], env: t.Mapping[str, str] | None = None, **keywords: t.Any
    ) -> dict[str, TaskRun]:
        """Run a task for each of several options, by its name, in one play that continues after a failure."""
        return self.attempts({name: {f"{COLLECTION}.{module}": dict(options), **keywords} for name, options in cases.items()}, env)

    def attempts(self, tasks: t.Mapping[str, t.Mapping[str, t.Any]], env: t.Mapping[str, str] | None = None) -> dict[str, TaskRun]:
        """Run tasks by their names, in one play that continues after a failure."""
        play = self.tasks([rescued({"name": name, **task}) for name, task in tasks.items()], env=env)
        assert [task.name for task in play.tasks] == list(tasks), play.output
        return {task.name: task for task in play.tasks}

    def tasks(self, tasks: list[dict[str, t.Any]], *arguments: str, env: t.Mapping[str, str] | None = None, **play: t.Any) -> PlayRun:
        return self.playbook(self.write([{**play, "tasks": tasks}]), *arguments, env=env)

    def plays(self, plays: list[dict[str, t.Any]], *arguments: str, env: t.Mapping[str, str] | None = None) -> PlayRun:
        """Run several plays, on localhost unless they name other hosts."""
        return self.playbook(self.write(plays), *arguments, env=env)

    def start(self, tasks: list[dict[str, t.Any]], *arguments: str, env: t.Mapping[str, str] | None = None) -> Running:
        """Start a playbook in the background; another one can run beside it."""
        folder = self.folder / f"beside-{len(list(self.folder.glob('beside-*')))}"
        folder.mkdir()
        beside = Ansible(folder, self.tenant, self.execution)
        process = subprocess.Popen(
            beside.command(beside.write([{"tasks": tasks}]), *arguments),
            env=beside.environment({"TMPDIR": str(self.folder), **(env or {})}),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        return Running(process, self.tenant)

    def write(self, plays: list[dict[str, t.Any]]) -> str:
        """Return the path of a playbook of these plays."""
        # A task with its own environment never runs in the controller's process.
        as_module = {"environment": {"INTEGRATION_EXECUTION": "module"}} if self.execution == "module" else {}
        path = self.folder / "play.yml"
        plays = [{"hosts": "localhost", "connection": "local", "gather_facts": False, **as_module, **play} for play in plays]
        path.write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
        return str(path)

    @staticmethod
    def command(playbook: str, *arguments: str) -> list[str]:
        return [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", playbook, *arguments]

    def playbook(self, playbook: str, *arguments: str, env: t.Mapping[str, str] | None = None) -> PlayRun:
        record = self.folder / "record.jsonl"
        record.unlink(missing_ok=True)
        start = self.tenant.journal_end()
        code, output = self._run(self.command(playbook, *arguments), env or {})
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        return PlayRun(code, output, self._task_runs([json.loads(line) for line in lines], start))

    def _run(self, command: list[str], extra: t.Mapping[str, str]) -> tuple[int, str]:
        if self._warm and self._warm.can_run(extra):
            return self._warm.run(command, self.environment(extra, self._warm.folder), self.folder)
        done = subprocess.run(
            command,
            env=self.environment(extra),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=PLAYBOOK_SECONDS,
            check=False,
        )
        return done.returncode, done.stdout

    def _task_runs(self, lines: list[dict[str, t.Any]], start: int) -> list[TaskRun]:
        entries = self.tenant.journal(start)
        runs, before = [], start
        for line in lines:
            mine = [entry for entry in entries if before < entry["seq"] <= line["journal"]]
            runs.append(TaskRun(line["task"], line["status"], line["result"], mine))
            before = line["journal"]
        return runs

    def environment(self, extra: t.Mapping[str, str], place: pathlib.Path | None = None) -> dict[str, str]:
        # All tasks of a test are on one machine, and only they share its records of resets.
        ours = {"HOME": str(self.folder), "TMPDIR": str(self.folder), "RECORD_FILE": str(self.folder / "record.jsonl")}
        return {**environment(place or self.folder), **self.tenant.env, **ours, **extra}


def environment(place: pathlib.Path) -> dict[str, str]:
    """Return the machine's variables without settings, and Ansible's, with its own files in a folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("INTUNE_", "AZURE_", "ANSIBLE_", "EMULATOR_"))}
    ours = {
        # Without it, async searches for its jobs in the home of the password file, and writes them to HOME.
        "ANSIBLE_ASYNC_DIR": str(place / "async"),
        "ANSIBLE_BECOME_PLUGINS": str(HERE / "become"),
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "record",
        "ANSIBLE_CONNECTION_PLUGINS": str(HERE / "connection"),
        "ANSIBLE_HOME": str(place / "ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        # Include a task's arguments in its result, also from ansible-core 2.21 on.
        "ANSIBLE_INJECT_INVOCATION": "true",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "ANSIBLE_REMOTE_TEMP": str(place / "remote"),
        "HOME": str(place),
        # Locks of devices: the tenants of other workers have the same devices.
        "TMPDIR": str(place),
        "XDG_RUNTIME_DIR": "",
    }
    # Another copy of the collection than the repository's: the installed artifact.
    if os.environ.get("COLLECTION_UNDER_TEST"):
        ours["ANSIBLE_COLLECTIONS_PATH"] = os.environ["COLLECTION_UNDER_TEST"]
    return {**kept, **ours}


class Beats(t.NamedTuple):
    """check, run, check again, run again"""

    check: TaskRun
    run: TaskRun
    check_again: TaskRun
    run_again: TaskRun


def four_beats(ansible: Ansible, module: str, options: t.Mapping[str, t.Any]) -> Beats:
    """Run the same task four times. Assert the rules for every module here; the caller checks the return values."""
    task = {f"{COLLECTION}.{module}": dict(options), "diff": True}
    play = ansible.tasks([{"name": beat, **task, **({"check_mode": True} if "check" in beat else {})} for beat in Beats._fields])
    assert play.code == 0, play.output
    beats = Beats(*(play[name] for name in Beats._fields))
    assert [beat.changed for beat in beats] == [True, True, False, False], play.output
    assert beats.check.writes == [], "check mode wrote"
    assert beats.check_again.writes == [], "check mode wrote"
    assert beats.run_again.writes == [], "the second run wrote"
    assert beats.run.writes, "the run wrote nothing"
    assert [beat.tokens for beat in beats] == [1, 1, 1, 1], "one token for one task"
    assert beats.check.result.get("diff") == beats.run.result.get("diff"), "the diff of check mode differs"
    assert set(beats.check.result) == set(beats.run.result) == set(beats.run_again.result), "the result's keys differ"
    return beats


def serve() -> None:
    """Serve as the Warm process: run a fork for each line of input, and respond with its exit code."""
    # Like ansible-playbook itself, it does not find files beside the tests.
    sys.path[:] = [path for path in sys.path if path != str(HERE)]
    for module in IMPORTED:
        importlib.import_module(module)
    loader = importlib.import_module("ansible.plugins.loader")
    # Each playbook finds that this is already done.
    warnings.filterwarnings("ignore", "AnsibleCollectionFinder has already been configured")
    loader.init_plugin_loader()
    for module in OURS:
        importlib.import_module(module)
    for kind in LOADED:
        list(getattr(loader, f"{kind}_loader").all(class_only=True))
    gc.freeze()
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            become(**json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def become(command: list[str], env: dict[str, str], folder: str, output: str) -> t.NoReturn:
    """Act as the process of a Python script, from its start to its end."""
    # The process that made Ansible's folder for temporary files removes it. It holds the modules as they are sent, for all.
    atexit.unregister(importlib.import_module("ansible.utils.path").cleanup_tmp_file)
    signal.alarm(PLAYBOOK_SECONDS)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    for path, flags, targets in ((os.devnull, os.O_RDONLY, (0,)), (output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, (1, 2))):
        opened = os.open(path, flags, 0o600)
        for target in targets:
            os.dup2(opened, target)
        os.close(opened)
    sys.argv = command
    runpy.run_path(command[0], run_name="__main__")
    sys.exit()


if __name__ == "__main__":
    serve()
