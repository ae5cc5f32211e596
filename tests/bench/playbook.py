# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run tasks with the real ansible-playbook, and report the duration of each."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import typing as t

import yaml
from intune_emulator import EmulatorProcess

from tests.integration.harness import Ansible, Running, rescued

from .plan import ROOT

RESET = "endpointops.intune.intune_device_passcode"
HERE = pathlib.Path(__file__).parent
POLL_SECONDS = 0.1
Task = dict[str, t.Any]
Play = dict[str, t.Any]


class Timed(t.NamedTuple):
    """One task, all rounds of its loop together. ``seconds``: from its start to its result."""

    name: str
    status: str
    seconds: float
    result: dict[str, t.Any]


class Playbook:
    """Run plays against one tenant in their own folder."""

    def __init__(self, emulator: EmulatorProcess, folder: pathlib.Path) -> None:
        self._emulator = emulator
        self._folder = folder
        self._timing = folder / "timing.jsonl"
        self._output = folder / "output.txt"

    def run(self, tasks: list[Task]) -> list[Timed]:
        """Run tasks to the end; raise RuntimeError with the output unless every task has a result."""
        with self._started(tasks) as process:
            process.wait()
        lines = self._timing.read_text(encoding="utf-8").splitlines() if self._timing.exists() else []
        if len(lines) != len(tasks):
            raise RuntimeError(f"{len(lines)} of {len(tasks)} tasks have a result:\n{self._output.read_text(encoding='utf-8')[-3000:]}")
        return [Timed(**json.loads(line)) for line in lines]

    def run_and_kill(self, tasks: list[Task], began: t.Callable[[], bool], seconds: float) -> bool:
        """Send kill -9 so many seconds after something began; return whether the process was still running then."""
        with self._started(tasks) as process:
            while process.poll() is None and not began():
                time.sleep(POLL_SECONDS)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
            return process.poll() is None

    @contextlib.contextmanager
    def _started(self, tasks: list[Task]) -> t.Iterator[subprocess.Popen[str]]:
        """Yield the process of a play; at the end, kill it and its children if it still runs."""
        path = self._folder / "play.yml"
        path.write_text(yaml.safe_dump([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]))
        self._timing.unlink(missing_ok=True)
        with self._output.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                Ansible.command(str(path)),
                env=environment(self._emulator, self._folder, TIMING_FILE=str(self._timing), ANSIBLE_CALLBACKS_ENABLED="timing"),
                cwd=self._folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                # Ctrl+C must only reach this process, which ends the playbook.
                start_new_session=True,
            )
            with Running(process, self._emulator):
                yield process


def environment(emulator: EmulatorProcess, folder: pathlib.Path, **more: str) -> dict[str, str]:
    """Return the variables of an ansible-playbook against a tenant, with its own files in a folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("INTUNE_", "AZURE_", "ANSIBLE_", "EMULATOR_"))}
    ours = {
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
        "ANSIBLE_CONFIG": str(ROOT / "tests" / "tools" / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "HOME": str(folder),
    }
    return {**kept, **emulator.env, **ours, **more}


def run_whole(emulator: EmulatorProcess, folder: pathlib.Path, play: Play, *arguments: str) -> None:
    """Run a play with its own inventory to the end; raise RuntimeError if it fails."""
    path = folder / "play.yml"
    path.write_text(yaml.safe_dump([play]), encoding="utf-8")
    command = [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), str(path), *arguments]
    done = subprocess.run(command, env=environment(emulator, folder), cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ansible-playbook failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")


@contextlib.contextmanager
def playbook(emulator: EmulatorProcess) -> t.Iterator[Playbook]:
    with tempfile.TemporaryDirectory(prefix="intune-bench-") as folder:
        yield Playbook(emulator, pathlib.Path(folder))


def reset(task_name: str, *names: str, **options: t.Any) -> Task:
    """Return a task of this collection, which does not wait for the devices."""
    devices = {"devices": list(names)} if names else {}
    return {"name": task_name, RESET: {**devices, "wait": False, **options}}


def token(emulator: EmulatorProcess) -> Task:
    """Return the task by which a playbook without a collection gets a token; registered as ``token``."""
    env = emulator.env
    form = {
        "grant_type": "client_credentials",
        "client_id": env["INTUNE_CLIENT_ID"],
        "client_secret": env["INTUNE_CLIENT_SECRET"],
        "scope": f"{env['INTUNE_GRAPH_URL']}/.default",
    }
    options = {
        "url": f"{env['INTUNE_AUTHORITY_URL']}/{env['INTUNE_TENANT_ID']}/oauth2/v2.0/token",
        "method": "POST",
        "body_format": "form-urlencoded",
        "body": form,
        "ca_path": env["INTUNE_CA_PATH"],
    }
    return {"name": "token", "ansible.builtin.uri": options, "register": "token"}


def uri_loop(emulator: EmulatorProcess, ids: t.Sequence[str], **more: t.Any) -> Task:
    """Return the loop that playbooks use today, after ``token``."""
    options = {
        "url": emulator.env["INTUNE_GRAPH_URL"] + "/v1.0/deviceManagement/managedDevices/{{ item }}/resetPasscode",
        "method": "POST",
        "headers": {"Authorization": "Bearer {{ token.json.access_token }}"},
        "status_code": 204,
        "ca_path": emulator.env["INTUNE_CA_PATH"],
    }
    return rescued({"name": "uri", "ansible.builtin.uri": options, "loop": list(ids), **more})


def now() -> float:
    """Return the emulated tenant's time, correct as long as nothing moves its clock."""
    return time.time()
