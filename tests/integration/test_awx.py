# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run jobs like AWX: with ansible-runner, the environment of the credential type, and the answers of the survey."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import typing as t

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.tools import awx

from .harness import PLAYBOOK_SECONDS, REPOSITORY
from .test_fleet import certificate

# The installed artifact's, if that is under test.
UNDER_TEST = os.environ.get("COLLECTION_UNDER_TEST")
COLLECTION = pathlib.Path(UNDER_TEST, "ansible_collections/endpointops/intune") if UNDER_TEST else REPOSITORY
PATTERN = pathlib.PurePath("extensions/patterns/pin_reset")
CREDENTIAL_TYPE = yaml.safe_load((COLLECTION / "extensions/awx/credential_type.yml").read_text(encoding="utf-8"))
TEMPLATES = {
    template["name"].removeprefix("Intune PIN reset: "): template
    for template in json.loads((COLLECTION / PATTERN / "meta/pattern.json").read_text(encoding="utf-8"))["aap_resources"][
        "controller_job_templates"
    ]
}
CREDENTIAL_SECRETS = {field["id"]: field.get("secret") for field in CREDENTIAL_TYPE["inputs"]["fields"]}
PASSPHRASE = "of-the-private-key"
# Set by the job template: the user who launches a job does not choose them.
PLATFORMS = {"pin_reset_platforms": ["windows", "android"]}


class Job(t.NamedTuple):
    """A finished job, and the data that AWX keeps of it."""

    code: int
    output: str
    events: list[dict[str, t.Any]]
    kept: str
    command: str

    @property
    def artifacts(self) -> dict[str, t.Any]:
        (last,) = [event for event in self.events if event["event"] == "playbook_on_stats"]
        return last["event_data"]["artifact_data"]

    @property
    def summary(self) -> dict[str, t.Any]:
        return self.artifacts["pin_reset_summary"]

    def result(self, task: str) -> dict[str, t.Any]:
        ended = ("runner_on_ok", "runner_on_failed")
        return next(e for e in self.events if e["event"] in ended and e["event_data"]["task"].endswith(task))["event_data"]["res"]


def environment(folder: pathlib.Path) -> dict[str, str]:
    """Return the environment of a machine without data of a tenant or a controller."""
    others = ("INTUNE_", "AZURE_", "ANSIBLE_", "EMULATOR_", "CONTROLLER_", "TOWER_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    path = f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"
    installed = {"ANSIBLE_COLLECTIONS_PATH": UNDER_TEST} if UNDER_TEST else {}
    return {**kept, **installed, "PATH": path, "HOME": str(folder), "ANSIBLE_HOME": str(folder / "home")}


class Controller:
    """One private data directory a job, filled as AWX fills it."""

    def __init__(self, folder: pathlib.Path, tenant: t.Any) -> None:
        self.folder = folder
        self.tenant = tenant
        env = tenant.env
        self.where = {
            "tenant_id": env["INTUNE_TENANT_ID"],
            "client_id": env["INTUNE_CLIENT_ID"],
            "graph_url": env["INTUNE_GRAPH_URL"],
            "authority_url": env["INTUNE_AUTHORITY_URL"],
            "ca": pathlib.Path(env["INTUNE_CA_PATH"]).read_text(encoding="utf-8"),
        }
        self.secret = {**self.where, "client_secret": env["INTUNE_CLIENT_SECRET"]}

    def certificate(self) -> dict[str, str]:
        """Return the inputs of a credential with the emulated application's certificate, its key encrypted."""
        pem = pathlib.Path(self.tenant.env["EMULATOR_CERTIFICATE_PEM"]).read_bytes()
        how = serialization.BestAvailableEncryption(PASSPHRASE.encode())
        key = serialization.load_pem_private_key(pem, None).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how
        )
        chain = key + x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.PEM)
        return {**self.where, "client_certificate": chain.decode(), "client_certificate_passphrase": PASSPHRASE}

    def prepare(
        self,
        name: str,
        inputs: dict[str, str],
        given: dict[str, t.Any],
        job_type: str | None = None,
        *,
        after: Job | None = None,
        seen: pathlib.Path | None = None,
        extra: dict[str, t.Any] | None = None,
        limit: int = 700_000,
    ) -> str:
        """Write the files that AWX writes before a job.

        ``after``: the previous job in a workflow, whose artifacts are variables. ``seen``: the folder that the job sees, if not this one.
        ``extra``: the extra variables of the job template. ``limit``: the most characters of a result that AWX keeps, by its settings.
        """
        template = TEMPLATES[name]
        private = self.folder / name.replace(" ", "-") / (job_type or template["job_type"])
        shutil.copytree(COLLECTION / PATTERN, private / "project" / PATTERN)
        env = awx.injected(CREDENTIAL_TYPE, inputs, private, seen or private)
        options = ["-vvvv"]
        options += ["--check"] if (job_type or template["job_type"]) == "check" else []
        options += ["--diff"] if template.get("diff_mode") else []
        inventory = private / "inventory" / "hosts"
        inventory.parent.mkdir()
        inventory.write_text('#!/bin/sh\necho \'{"all": {"hosts": []}, "_meta": {"hostvars": {}}}\'\n', encoding="utf-8")
        inventory.chmod(0o700)
        for file, content in {
            "envvars": {**env, "ANSIBLE_HOME": str(self.folder / "home"), "MAX_EVENT_RES": str(limit), "JOB_ID": "1"},
            "extravars": {"awx_job_id": 1, **(extra or {}), **(after.artifacts if after else {}), **awx.answers(template["survey"], given)},
            "settings": {"suppress_ansible_output": True, "suppress_output_file": True},
        }.items():
            (private / "env" / file).write_text(json.dumps(content), encoding="utf-8")
        (private / "env" / "cmdline").write_text(" ".join(options), encoding="utf-8")
        return str(private)

    def runner(self, *arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Call ansible-runner once, on a machine without data of a tenant."""
        binary = str(pathlib.Path(sys.executable).with_name("ansible-runner"))
        return subprocess.run(
            [binary, *arguments],
            input=stdin or b"",
            env=environment(self.folder),
            cwd=self.folder,
            capture_output=True,
            timeout=PLAYBOOK_SECONDS,
            check=False,
        )

    def launch(
        self,
        name: str,
        inputs: dict[str, str],
        given: dict[str, t.Any],
        job_type: str | None = None,
        *,
        after: Job | None = None,
        extra: dict[str, t.Any] | None = None,
        limit: int = 700_000,
    ) -> Job:
        private = self.prepare(name, inputs, given, job_type, after=after, extra=extra, limit=limit)
        done = self.runner("run", private, "--omit-env-files", "-i", "1", "-p", self.playbook(name))
        return self.ended(pathlib.Path(private), done)

    def update_inventory(self, inputs: dict[str, str]) -> dict[str, t.Any]:
        """Return the inventory of the source file, as in an inventory update, which gets no variables of a credential."""
        private = self.folder / "inventory-update"
        standard = {"ANSIBLE_INVENTORY_UNPARSED_FAILED": "True", "ANSIBLE_INVENTORY_EXPORT": "True", "ANSIBLE_VERBOSE_TO_STDERR": "True"}
        env = {**environment(self.folder), **standard, **awx.injected(CREDENTIAL_TYPE, inputs, private, private)}
        binary = str(pathlib.Path(sys.executable).with_name("ansible-inventory"))
        command = [binary, "-vvv", "--list", "--export", "-i", str(COLLECTION / "extensions/awx/intune_devices.yml")]
        done = subprocess.run(command, env=env, cwd=self.folder, capture_output=True, text=True, timeout=PLAYBOOK_SECONDS, check=False)
        assert done.returncode == 0, done.stderr
        assert [value for name, value in inputs.items() if CREDENTIAL_SECRETS[name] and value in done.stdout + done.stderr] == []
        return json.loads(done.stdout)

    @staticmethod
    def playbook(name: str) -> str:
        return str(PATTERN / "playbooks" / TEMPLATES[name]["playbook"])

    @staticmethod
    def ended(private: pathlib.Path, done: subprocess.CompletedProcess[bytes]) -> Job:
        artifacts = private / "artifacts" / "1"
        assert (artifacts / "rc").exists(), done.stdout.decode() + done.stderr.decode()
        events = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((artifacts / "job_events").glob("*.json"))]
        events.sort(key=lambda event: event["counter"])
        # In "command" the runner records the unmasked environment. AWX keeps it with secrets masked, and removes the file with the folder.
        kept = [path for path in artifacts.rglob("*") if path.is_file() and path.name != "command"]
        text = done.stdout.decode() + "".join(path.read_text(encoding="utf-8") for path in kept)
        output = "".join(event["stdout"] + "\n" for event in events)
        return Job(int((artifacts / "rc").read_text()), output, events, text, (artifacts / "command").read_text(encoding="utf-8"))


@pytest.fixture
def controller(tmp_path: pathlib.Path, tenant: t.Any) -> Controller:
    return Controller(tmp_path, tenant)


def assert_secret(controller: Controller, *jobs: Job) -> None:
    """Assert that the kept data of the jobs contains neither a credential nor a passcode."""
    env = controller.tenant.env
    key = pathlib.Path(env["EMULATOR_CERTIFICATE_PEM"]).read_text(encoding="utf-8").splitlines()[2]
    secrets = [*controller.tenant.control.secrets(), env["INTUNE_CLIENT_SECRET"], key, PASSPHRASE, "PRIVATE KEY"]
    for job in jobs:
        assert [secret for secret in secrets if secret in job.command], "it would be found"
        assert len(job.kept) > 10_000 and [secret for secret in secrets if secret in job.kept] == []


def test_onboarding_from_dry_run_to_the_end(controller):
    control = controller.tenant.control
    target = {"pin_reset_assignments": "target=all_devices, target=exclude_group group='Field service'"}
    dry = controller.launch("onboard (dry run)", controller.secret, target)
    assert dry.code == 0 and control.writes() == [], dry.output
    assert dry.summary["connected"] is False and dry.summary["ready"] is False
    first = controller.launch("onboard", controller.certificate(), target)
    assert first.code == 0 and first.summary["connected"] and first.summary["ready"] is False, "no device has the policy so far"
    assigned = first.result("Policy | Allow PIN recovery on devices")["pin_policy"]["assignments"]
    assert [item["target"] for item in assigned] == ["all_devices", "exclude_group"]
    verified = controller.launch("verify", controller.secret, {"pin_reset_rollout": "none"}, after=dry)
    assert verified.code == 0, verified.output
    application = controller.tenant.graph("GET", f"/applications(appId='{controller.tenant.env['INTUNE_CLIENT_ID']}')")
    (ends,) = [secret["endDateTime"] for secret in application["passwordCredentials"]]
    assert verified.artifacts == {
        "pin_reset_failed_devices": [],
        "pin_reset_summary": {
            "tenant_id": controller.where["tenant_id"],
            "connected": True,
            "ready": None,
            "reasons": ["It was not asked whether devices have the policy."],
            "differs": [],
            "needs_approval": False,
            "devices": {},
            "recovery": None,
            "credential_expires": ends,
            "credential_expires_soon": False,
        },
    }
    gone = controller.launch("offboard", controller.secret, {}, after=verified)
    assert gone.code == 0 and gone.summary["connected"] is False, gone.output
    assert_secret(controller, dry, first, verified, gone)


def test_the_help_desk_resets_devices_and_hands_the_failed_ones_on(controller, tmp_path):
    recipients = [certificate(tmp_path, name) for name in ("helpdesk", "deputy")]
    given = {"pin_reset_devices": " PHONE-HELPDESK-01\r\n\r\nPHONE-FIELD-05\n"}
    extra = {**PLATFORMS, "pin_reset_seal_to": "\n".join(recipient.read_text(encoding="utf-8") for recipient in recipients)}
    job = controller.launch("reset passcode", controller.certificate(), given, extra=extra)
    assert job.code == 2, job.output
    (failed,) = job.artifacts["pin_reset_failed_devices"]
    assert failed == controller.tenant.control.device("PHONE-FIELD-05")["id"]
    counts = job.summary["devices"]
    assert (counts["total"], counts["done"], counts["failed"]) == (2, 1, 1)
    # The help desk finds the sealed passcode in the result of the task, which AWX shows as JSON. Either recipient can open it.
    sealed = job.result("Devices | Reset passcodes")["results"][0]["sealed_passcode"]
    for recipient in recipients:
        command = ["openssl", "cms", "-decrypt", "-inform", "PEM", "-recip", recipient, "-inkey", recipient.with_suffix(".key")]
        opened = subprocess.run(command, input=sealed.encode(), capture_output=True, check=True, timeout=30)
        assert opened.stdout.decode() in controller.tenant.control.secrets()
    # case 77: another job reads the later results of a device that was off; it resets nothing, and hands over to the same recipients.
    posts = controller.tenant.control.writes()
    fetched = controller.launch("fetch passcode", controller.certificate(), {"pin_reset_devices": given["pin_reset_devices"]}, extra=extra)
    assert fetched.code == 0 and controller.tenant.control.writes() == posts, fetched.output
    done, failed = fetched.result("Fetch | Read the outcomes and hand the passcodes over")["results"]
    assert done["sealed_passcode"].startswith("-----BEGIN CMS") and (failed["status"], failed["sealed_passcode"]) == ("failed", None)
    assert_secret(controller, job, fetched)


def test_the_help_desk_helps_a_locked_out_user(controller, tmp_path):
    recipient = certificate(tmp_path, "helpdesk")
    given = {"pin_reset_recover_user": "clara.hoffmann@contoso.onmicrosoft.com", "pin_reset_recover_verified_by": "Jonas, by video"}
    extra = {"pin_reset_seal_to": [recipient.read_text(encoding="utf-8")]}
    job = controller.launch("help a locked-out user", controller.certificate(), given, extra=extra)
    assert job.code == 0 and "1. Verify the caller" in job.output, job.output
    assert (job.summary["recovery"]["pass"], job.summary["recovery"]["verified_by"]) == ("issued", "Jonas, by video")
    sealed = job.result("Recover | Issue a pass")["results"][0]["sealed_temporary_access_pass"]
    command = ["openssl", "cms", "-decrypt", "-inform", "PEM", "-recip", recipient, "-inkey", recipient.with_suffix(".key")]
    opened = subprocess.run(command, input=sealed.encode(), capture_output=True, check=True, timeout=30)
    assert opened.stdout.decode() in controller.tenant.control.secrets()
    assert_secret(controller, job)


def test_a_dry_run_before_the_approval_hands_nothing_over(controller, tmp_path):
    """case 36: passcodes of earlier resets are available, and the recipient is one."""
    reset = controller.launch("reset passcode", controller.secret, {"pin_reset_devices": "PHONE-FIELD-01"}, extra=PLATFORMS)
    assert reset.code == 0 and reset.summary["devices"]["done"] == 1, reset.output
    extra = {**PLATFORMS, "pin_reset_seal_to": [certificate(tmp_path, "helpdesk").read_text(encoding="utf-8")]}
    given = {"pin_reset_device_groups": "Field service", "pin_reset_reset_since": "2020-01-01T00:00:00Z", "pin_reset_max_devices": 100}
    dry = controller.launch("reset fleet", controller.secret, given, "check", extra=extra)
    found = dry.result("Devices | Reset passcodes")
    assert {entry["sealed_passcode"] for entry in found["results"]} == {None}, dry.output
    assert "BEGIN CMS" not in dry.kept
    (recipient,) = found["recipients"]
    assert recipient[
        "subject"
    ] == "CN=helpdesk" and f"New passcodes are sealed to CN=helpdesk, SHA-256 {recipient['fingerprint']}" in " ".join(dry.output.split())


def test_a_fleet_is_reset_by_the_nodes_of_a_mesh(controller):
    """Process the job like AWX with a remote node: send it, work on it, and receive its events."""
    given = {"pin_reset_device_groups": "Field service\n", "pin_reset_max_devices": 25}
    there = controller.folder / "there"
    private = controller.prepare("reset fleet", controller.secret, given, "check", seen=there, extra=PLATFORMS)
    sent = controller.runner("transmit", private, "--omit-env-files", "-i", "1", "-p", controller.playbook("reset fleet"))
    assert sent.returncode == 0, sent.stderr.decode()
    worked = controller.runner("worker", "--private-data-dir", str(there), stdin=sent.stdout)
    back = controller.folder / "back"
    done = controller.runner("process", str(back), "-i", "1", stdin=worked.stdout)
    job = controller.ended(back, done)
    assert job.summary["devices"]["planned"] > 1 and controller.tenant.control.writes() == [], job.output
    assert_secret(controller, job)


def test_devices_are_an_inventory(controller):
    found = controller.update_inventory(controller.certificate())
    hostvars = found["_meta"]["hostvars"]
    devices = {device["id"] for device in controller.tenant.control.devices()}
    assert {variables["intune_id"] for variables in hostvars.values()} == devices != set() and len(hostvars) == len(devices)
    assert hostvars["LT-BERLIN-014"]["intune_device_name"] == "LT-BERLIN-014"
    assert set(found["resettable"]["hosts"]) < set(hostvars)
    for group in ("platform_windows", "platform_android", "platform_ios"):
        assert found[group]["hosts"], group
