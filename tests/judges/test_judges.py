# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that Microsoft's other clients work against the emulated tenant; ``make judges`` installs and runs them.

Its SDK for v1.0 in Python is in ``tests/contract``. A client that is not installed fails its tests.
"""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import typing as t
import uuid

import pytest
from intune_emulator import EmulatorProcess

PLACE = pathlib.Path(__file__).resolve().parents[2] / ".cache" / "judges"
PHONE = "PHONE-HELPDESK-01"
UNKNOWN = "00000000-1111-2222-3333-444444444444"
# Longer than both libraries wait without the header.
RETRY_AFTER_SECONDS = 5


def run(arguments: list[str], tenant: EmulatorProcess, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a program of a client, without settings of the person who runs the tests."""
    missing = [part for part in arguments[:2] if part.startswith("/") and not pathlib.Path(part).exists()]
    assert not missing, f"{missing[0]} does not exist. Run make judges, which installs the clients."
    env = {"PATH": os.environ["PATH"], "HOME": str(PLACE), **tenant.env, **more}
    return subprocess.run(arguments, env=env, capture_output=True, text=True, timeout=280, check=False)


class Library:
    """A client library of Microsoft: a program does one task with it, and prints the result as JSON."""

    def __init__(self, tenant: EmulatorProcess, *command: str) -> None:
        self.tenant = tenant
        self.control = tenant.control
        self._command = command

    def do(self, task: str, value: str) -> t.Any:
        done = run([*self._command, task, value], self.tenant, NODE_EXTRA_CA_CERTS=self.tenant.env["INTUNE_CA_PATH"])
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(params=["msgraph-beta-sdk", "microsoft-graph-client"])
def library(tenant: EmulatorProcess, request: pytest.FixtureRequest) -> Library:
    if request.param == "msgraph-beta-sdk":
        return Library(tenant, str(PLACE / "beta" / "bin" / "python"), str(pathlib.Path(__file__).with_name("beta_client.py")))
    node = shutil.which("node")
    assert node, "Node.js is missing. Install it, and run make judges."
    return Library(tenant, node, str(PLACE / "javascript" / "javascript_client.js"))


@pytest.mark.parity(
    "real",
    "Sign-in",
    "Microsoft's library azure-identity, for Python and for JavaScript, gets tokens by client secret.",
    source="https://learn.microsoft.com/graph/sdks/choose-authentication-providers",
)
@pytest.mark.parity(
    "real",
    "Devices and resets",
    "Microsoft's libraries msgraph-beta-sdk (Python) and microsoft-graph-client (JavaScript) read devices page by page.",
    source="https://learn.microsoft.com/graph/sdks/paging",
)
def test_pages(library: Library) -> None:
    pages = library.do("pages", "15")
    names = [device["deviceName"] for device in library.control.devices()]
    assert [len(page) for page in pages] == [15, 15, len(names) - 30] and len(names) > 30
    assert sorted(name for page in pages for name in page) == sorted(names)


@pytest.mark.parity(
    "real",
    "Devices and resets",
    "msgraph-beta-sdk and microsoft-graph-client reset a passcode, and read it from the action results.",
    source="https://learn.microsoft.com/graph/api/intune-devices-manageddevice-resetpasscode",
)
def test_reset(library: Library) -> None:
    device = library.control.device(PHONE)["id"]
    library.control.patch_device(device, active=0, terminal=0)
    (result,) = library.do("reset", device)
    assert result["state"] == "done" and result["passcode"] in library.control.secrets()
    assert list(library.control.resets()) == [device]


@pytest.mark.parity(
    "real",
    "Requests and errors",
    "msgraph-beta-sdk and microsoft-graph-client read code, message, and request ID of an error.",
    source="https://learn.microsoft.com/graph/errors",
)
def test_error(library: Library) -> None:
    error = library.do("error", UNKNOWN)
    assert (error["status"], error["code"]) == (404, "ResourceNotFound")
    assert "Device not found" in json.loads(error["message"])["Message"]
    assert error["request_id"] == library.control.journal()[-1]["request_id"] and uuid.UUID(error["request_id"])


@pytest.mark.parity(
    "real",
    "Throttling",
    "msgraph-beta-sdk and microsoft-graph-client wait as long as `Retry-After` says, and send the request again.",
    source="https://learn.microsoft.com/graph/throttling",
)
def test_throttled(library: Library) -> None:
    library.control.arm("status", "GET", "managedDevices$", status=429, retry_after=RETRY_AFTER_SECONDS)
    (page,) = library.do("pages", "50")
    assert PHONE in page
    refused, accepted = [entry for entry in library.control.journal() if entry["kind"] == "graph"]
    assert (refused["status"], accepted["status"]) == (429, 200)
    first, second = (datetime.datetime.fromisoformat(entry["time"]) for entry in (refused, accepted))
    assert (second - first).total_seconds() >= RETRY_AFTER_SECONDS


class AzureCli:
    """The Azure CLI with the emulated tenant registered as a separate cloud."""

    def __init__(self, tenant: EmulatorProcess, folder: pathlib.Path) -> None:
        self.tenant = tenant
        self.url = tenant.env["INTUNE_GRAPH_URL"]
        self._settings = {
            "AZURE_CONFIG_DIR": str(folder),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            # Clouds other than Microsoft's have none.
            "AZURE_CORE_INSTANCE_DISCOVERY": "no",
            "REQUESTS_CA_BUNDLE": tenant.env["INTUNE_CA_PATH"],
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run([str(PLACE / "azure-cli" / "bin" / "az"), *arguments], self.tenant, **self._settings)

    def login(self) -> None:
        names = ("active-directory", "active-directory-resource-id", "active-directory-graph-resource-id", "microsoft-graph-resource-id")
        endpoints = [part for name in names for part in (f"--endpoint-{name}", self.url)]
        manager = ("--endpoint-resource-manager", "https://management.invalid")
        env = self.tenant.env
        who = ("--username", env["INTUNE_CLIENT_ID"], "--password", env["INTUNE_CLIENT_SECRET"], "--tenant", env["INTUNE_TENANT_ID"])
        for arguments in (
            ("cloud", "register", "--name", "emulated", "--skip-endpoint-discovery", *endpoints, *manager),
            ("cloud", "set", "--name", "emulated"),
            ("login", "--service-principal", *who, "--skip-subscription-discovery"),
        ):
            done = self.run(*arguments)
            assert done.returncode == 0, done.stderr

    def rest(self, method: str, path: str) -> t.Any:
        done = self.run("rest", "--method", method, "--url", path if "://" in path else f"{self.url}{path}")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    def fail(self, method: str, path: str) -> tuple[str, dict[str, t.Any]]:
        """Return the reason and the error of a request that fails."""
        done = self.run("rest", "--method", method, "--url", f"{self.url}{path}")
        found = re.search(r"ERROR: ([\w ]+)\((\{.*\})\)", done.stderr)
        assert done.returncode == 1 and found, done.stderr
        return found[1], json.loads(found[2])["error"]


@pytest.fixture
def az(tenant: EmulatorProcess, tmp_path: pathlib.Path) -> AzureCli:
    cli = AzureCli(tenant, tmp_path)
    cli.login()
    return cli


@pytest.mark.parity(
    "real",
    "Sign-in",
    "The Azure CLI signs in with a client secret to the emulated tenant, which is registered as a cloud, and `az rest` uses its tokens.",
    source="https://learn.microsoft.com/cli/azure/manage-clouds-azure-cli",
)
@pytest.mark.parity(
    "real",
    "Devices and resets",
    "`az rest` reads devices page by page by their nextLinks, and resets a passcode.",
    source="https://learn.microsoft.com/cli/azure/use-azure-cli-rest-command",
)
def test_az_rest(az: AzureCli) -> None:
    names, path = [], "/v1.0/deviceManagement/managedDevices?$select=deviceName&$top=25"
    while path:
        page = az.rest("get", path)
        names.append([device["deviceName"] for device in page["value"]])
        path = page.get("@odata.nextLink")
    control = az.tenant.control
    assert [len(page) for page in names] == [25, 15] and PHONE in names[0]
    device = control.device(PHONE)["id"]
    assert az.rest("post", f"/v1.0/deviceManagement/managedDevices/{device}/resetPasscode") is None
    assert list(control.resets()) == [device]


@pytest.mark.parity(
    "real",
    "Requests and errors",
    "`az rest` shows an error with its reason, code, and request ID, also that of a throttled request, which it does not send again.",
    source=("https://learn.microsoft.com/cli/azure/use-azure-cli-rest-command", "https://learn.microsoft.com/graph/errors"),
)
def test_az_rest_errors(az: AzureCli) -> None:
    control = az.tenant.control
    reason, error = az.fail("post", f"/beta/deviceManagement/managedDevices/{UNKNOWN}/resetPasscode")
    assert (reason, error["code"]) == ("Not Found", "ResourceNotFound")
    assert error["innerError"]["request-id"] == control.journal()[-1]["request_id"]
    control.charge_quota("devices", requests=100_000)
    before = control.mark()
    reason, error = az.fail("get", "/v1.0/deviceManagement/managedDevices")
    assert (reason, error["code"]) == ("Too Many Requests", "TooManyRequests")
    counts = control.counts(before)
    assert (counts["reads"], counts["throttled"]) == (1, 1), "the Azure CLI does not repeat a request"
