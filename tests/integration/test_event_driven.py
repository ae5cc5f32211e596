# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the rulebooks in a real ansible-rulebook that listens on 127.0.0.1, against the emulated tenant."""

from __future__ import annotations

import datetime
import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import typing as t

import pytest
import requests
import yaml

from .harness import COLLECTION, REPOSITORY, Running

RULEBOOKS = ("reset_from_ticket", "reset_from_ticket_job_template")
TOKEN = "help-desk-token-7f1c"
CONTROLLER_TOKEN = "controller-token-93ab"
# Templates read the second name as a number if they can.
FIRST, SECOND = "PHONE-HELPDESK-01", "0x1F"

needs_java = pytest.mark.skipif(
    not (os.environ.get("JAVA_HOME") or shutil.which("java")), reason="Java 17 or later, in which ansible-rulebook runs, is not installed"
)


def rulebook(name: str) -> list[dict[str, t.Any]]:
    root = os.environ.get("COLLECTION_UNDER_TEST")
    collection = pathlib.Path(root, "ansible_collections", *COLLECTION.split(".")) if root else REPOSITORY
    return yaml.safe_load((collection / "extensions" / "eda" / "rulebooks" / f"{name}.yml").read_text(encoding="utf-8"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Controller:
    """Emulate AWX's requests of ansible-rulebook: a job template, a launch, and the status of the job."""

    def __init__(self) -> None:
        self.launched: list[dict[str, t.Any]] = []
        controller = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(controller.get(self.path.partition("?")[0]))

            def do_POST(self) -> None:
                assert self.path == "/api/v2/job_templates/7/launch/" and self.headers["Authorization"] == f"Bearer {CONTROLLER_TOKEN}"
                controller.launched.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self._answer({"id": len(controller.launched), "url": f"/api/v2/jobs/{len(controller.launched)}/"})

            def _answer(self, body: dict[str, t.Any]) -> None:
                data = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_details: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def get(self, path: str) -> dict[str, t.Any]:
        asks = {f"ask_{name}_on_launch": False for name in ("limit", "labels", "inventory", "variables")}
        template = {"id": 7, "type": "job_template", "name": "Reset passcode", "related": {"launch": "/api/v2/job_templates/7/launch/"}}
        jobs = [{"id": number, "status": "successful", "created": "2026-01-31T08:00:00Z"} for number in range(1, len(self.launched) + 1)]
        return {
            "/api/v2/config/": {"version": "24.6.1"},
            "/api/v2/unified_job_templates/": {"next": None, "results": [{**template, **asks}]},
            "/api/v2/jobs/": {"results": jobs},
        }[path]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Desk:
    """A help desk that sends tickets to both rulebooks, and their outcomes."""

    def __init__(self, ansible: t.Any, controller: Controller) -> None:
        self.folder: pathlib.Path = ansible.folder
        self.ports = [free_port(), free_port()]
        # Both in one process, each with its own port.
        rulesets = [ruleset for name in RULEBOOKS for ruleset in rulebook(name)]
        rulesets[1]["sources"][0]["eda.builtin.webhook"]["port"] = self.ports[1]
        variables = {"pin_reset_webhook_port": self.ports[0], "pin_reset_job_template": "Reset passcode"}
        self._write("rulebook.yml", rulesets)
        self._write("variables.yml", variables)
        settings = {"pin_reset_journal_path": str(self.folder / "journal.jsonl"), "pin_reset_wait": False}
        self._write("inventory.yml", {"all": {"hosts": {"localhost": settings}}})
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        env = {
            "EDA_CONTROLLER_TOKEN": CONTROLLER_TOKEN,
            "EDA_CONTROLLER_URL": controller.url,
            "EDA_JOB_TEMPLATE_REFRESH_DELAY": "0.05",
            "TMPDIR": str(self.temporary),
            "pin_reset_webhook_token": TOKEN,
        }
        arguments = ["-r", "rulebook.yml", "-i", "inventory.yml", "-e", "variables.yml", "-E", "pin_reset_webhook_token"]
        with (self.folder / "output.txt").open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                [str(pathlib.Path(sys.executable).with_name("ansible-rulebook")), *arguments],
                env=ansible.environment(env),
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            )
        self.running = Running(process, ansible.tenant)

    def _write(self, name: str, content: t.Any) -> None:
        (self.folder / name).write_text(yaml.safe_dump(content), encoding="utf-8")

    @property
    def output(self) -> str:
        return (self.folder / "output.txt").read_text(encoding="utf-8")

    def send(self, port: int, body: t.Any, **headers: str) -> int:
        headers = {"Authorization": f"Bearer {TOKEN}", **headers}
        with requests.Session() as session:
            session.trust_env = False
            data = body if isinstance(body, str) else json.dumps(body)
            return session.post(f"http://127.0.0.1:{port}/tickets", data=data, headers=headers, timeout=60).status_code

    def resets(self) -> list[dict[str, t.Any]]:
        """Return the return values of each playbook's reset, in order."""
        record = self.folder / "record.jsonl"
        lines = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()] if record.exists() else []
        return [line["result"] for line in lines if line["action"] == f"{COLLECTION}.intune_device_passcode"]


@pytest.fixture
def controller() -> t.Iterator[Controller]:
    controller = Controller()
    yield controller
    controller.close()


def now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@needs_java
@pytest.mark.exhaustive
def test_each_ticket_resets_its_device_once_and_nothing_else_gets_through(ansible, controller):
    ansible.tenant.control.add_device(deviceName=SECOND)
    desk = Desk(ansible, controller)
    template = f"{{{{ lookup('ansible.builtin.pipe', 'touch {desk.folder}/templated') }}}}"
    good = {"ticket": "INC0012345", "device": FIRST, "opened": now(), "notes": template}
    bad: list[t.Any] = [
        {**good, "ticket": "INC0012345; reboot"},
        {**good, "ticket": "INC0012346\n"},
        {**good, "ticket": template},
        {**good, "device": template},
        {**good, "device": f"{FIRST}\n"},
        {**good, "device": "amelie.novak@contoso.com"},
        {**good, "device": "x" * 65},
        {**good, "device": [FIRST]},
        {**good, "opened": "yesterday"},
        {**good, "opened": "2026-19-39T08:00:00Z"},
        {**good, "opened": "2026-01-31T29:00:00Z"},
        # case 43: numbers and booleans, whose text would be valid.
        {**good, "ticket": 4711},
        {**good, "device": 12345},
        {**good, "device": True},
        {**good, "device": [True]},
        {**good, "opened": 20260131},
        {**good, "ticket": True},
        {"ticket": "INC0012346", "device": FIRST},
        [good],
        None,
    ]
    with desk.running:
        desk.running.until(lambda: all(map(listens, desk.ports)))
        for port in desk.ports:
            assert desk.send(port, good, Authorization="Bearer guessed") == 401
            assert desk.send(port, good, Authorization="") == 401
            assert desk.send(port, "no JSON") == 400
            assert [desk.send(port, body) for body in bad] == [200] * len(bad)
            assert [desk.send(port, good), desk.send(port, good)] == [200, 200]
            # Another ticket for a device that was reset after the ticket was opened.
            assert desk.send(port, {**good, "ticket": "INC0012347"}) == 200
            assert desk.send(port, {**good, "ticket": "4711", "device": SECOND}) == 200
        desk.running.until(lambda: desk.output.count("PLAY RECAP") >= 3 and len(controller.launched) >= 3)
        # The files of a run hold its environment, and are removed with it.
        desk.running.until(lambda: not list(desk.temporary.glob("eda*")))
    assert desk.output.count("Refused, nothing was reset") == 2 * len(bad)
    reset = [[(one["device"], one["changed"]) for one in result["results"]] for result in desk.resets()]
    assert reset == [[(FIRST, True)], [(FIRST, False)], [(SECOND, True)]], desk.output
    posts = [entry["path"] for entry in ansible.tenant.journal() if entry["write"]]
    devices = {name: ansible.tenant.control.device(name)["id"] for name in (FIRST, SECOND)}
    assert posts == [f"/deviceManagement/managedDevices/{devices[name]}/resetPasscode" for name in (FIRST, SECOND)]
    assert [job["extra_vars"] for job in controller.launched] == [
        {
            "pin_reset_devices": device,
            "pin_reset_reset_since": good["opened"],
            "pin_reset_approval_justification": f"Ticket {ticket}",
        }
        for ticket, device in (("INC0012345", FIRST), ("INC0012347", FIRST), ("4711", SECOND))
    ]
    assert not (desk.folder / "templated").exists()
    told = [TOKEN, CONTROLLER_TOKEN, *ansible.tenant.control.secrets()]
    kept = [path.read_text(encoding="utf-8") for path in [*desk.folder.rglob("*.jsonl"), desk.folder / "output.txt"]]
    assert not [secret for secret in told if any(secret in text for text in kept)]
