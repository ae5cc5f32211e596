# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start an emulated tenant as a process, and talk to its control API; for tests and demonstrations."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

READY = "The emulated tenant is ready."
START_TIMEOUT = 60.0
STOP_TIMEOUT = 15.0


class ControlError(Exception):
    """The control API refused a call."""


class ControlClient:
    """The control API, one method a call. Environment variables for proxies and CA bundles are not used."""

    def __init__(self, url: str, ca_path: str) -> None:
        self._url = f"{url}/_emulator"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca_path

    def call(self, method: str, path: str, body: Any = None, params: dict[str, Any] | None = None) -> Any:
        """Send JSON, return JSON; ControlError when refused."""
        response = self._session.request(method, f"{self._url}/{path}", json=body, params=params, timeout=60)
        if response.status_code >= 400:
            raise ControlError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def health(self) -> dict[str, Any]:
        """Seed, number of devices, origin."""
        return self.call("GET", "health")

    def reset(self, seed: str | None = None) -> dict[str, Any]:
        """Start anew (same seed when none is given); keys, secrets and URLs stay."""
        return self.call("POST", "reset", {"seed": seed} if seed else {})

    def clock(self) -> dict[str, Any]:
        """now, timestamp, frozen."""
        return self.call("GET", "clock")

    def advance(self, seconds: float) -> dict[str, Any]:
        """Move the clock."""
        return self.call("POST", "clock", {"advance": seconds})

    def set_clock(self, now: str) -> dict[str, Any]:
        """Jump to an ISO date-time."""
        return self.call("POST", "clock", {"now": now})

    def freeze(self, frozen: bool = True) -> dict[str, Any]:
        """Stop the clock, or let it run."""
        return self.call("POST", "clock", {"frozen": frozen})

    def journal(self, since: int = 0) -> list[dict[str, Any]]:
        """Entries after `since`."""
        return self.call("GET", "journal", params={"since": since})["entries"]

    def mark(self) -> int:
        """The number of the last journal entry, to ask for what comes after."""
        return self.call("GET", "journal", params={"since": 10**12})["last"]

    def writes(self, since: int = 0) -> list[dict[str, Any]]:
        """Journal entries that are Graph writes."""
        return [entry for entry in self.journal(since) if entry["write"]]

    def counts(self, since: int = 0) -> dict[str, int]:
        """writes, reads, throttled, early_retry, envelopes, tokens after `since`."""
        return self.call("GET", "counts", params={"since": since})

    def use(self, workload: str, writes: int = 0, requests: int | None = None, client_id: str | None = None) -> dict[str, Any]:
        """Charge the quota with what another application (or another process of `client_id`) has sent; `requests` includes the writes."""
        told = {"workload": workload, "writes": writes, "requests": requests, "client_id": client_id}
        return self.call("POST", "usage", {name: value for name, value in told.items() if value is not None})

    def clear_journal(self) -> int:
        """Forget the entries."""
        return self.call("DELETE", "journal")["last"]

    def arm(self, kind: str, method: str | None = None, path: str | None = None, **options: Any) -> dict[str, Any]:
        """Arm a fault; options: version, skip, times, and the fields of the fault (status, retry_after, seconds, …)."""
        match = {"method": method, "path": path, "version": options.pop("version", None)}
        spec: dict[str, Any] = {name: options.pop(name) for name in ("skip", "times") if name in options}
        spec["match"] = {name: value for name, value in match.items() if value is not None}
        spec["fault"] = {"kind": kind, **options}
        return self.call("POST", "faults", spec)

    def faults(self) -> list[dict[str, Any]]:
        """Armed and spent faults with their hits."""
        return self.call("GET", "faults")

    def disarm(self) -> None:
        """Remove all faults; a closed port opens again."""
        self.call("DELETE", "faults")

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change settings (when any are given) and return all."""
        return self.call("PATCH", "settings", changes) if changes else self.call("GET", "settings")

    def devices(self) -> list[dict[str, Any]]:
        """All devices with their simulation."""
        return self.call("GET", "devices")

    def device(self, name: str) -> dict[str, Any]:
        """The first device of a name."""
        for device in self.devices():
            if device["deviceName"] == name:
                return device
        raise ControlError(f"no device named {name}")

    def patch_device(self, device_id: str, **changes: Any) -> dict[str, Any]:
        """Change properties, outcome, delays; check_in=True lets an offline device come back."""
        return self.call("PATCH", f"devices/{device_id}", changes)

    def add_device(self, **properties: Any) -> dict[str, Any]:
        """A further device."""
        return self.call("POST", "devices", properties)

    def policies(self) -> list[dict[str, Any]]:
        """Every policy: surface, id, name."""
        return self.call("GET", "policies")

    def plant_policy(self, surface: str, name: str | None = None, **options: Any) -> str:
        """A policy as an administrator left it: its id; options: description, values, assignments (targets)."""
        return self.call("POST", "policies", {"surface": surface, "name": name, **options})["id"]

    def add_app(self, roles: list[str] | None = None, secret_valid_days: float = 365, federated: bool = False) -> dict[str, Any]:
        """A further app registration: client_id, client_secret."""
        body = {"secret_valid_days": secret_valid_days, "federated": federated, **({"roles": roles} if roles is not None else {})}
        return self.call("POST", "apps", body)

    def token(self, **options: Any) -> str:
        """A signed token; options: client_id, roles, audience, expires_in."""
        return self.call("POST", "tokens", options)["access_token"]

    def secrets(self) -> list[str]:
        """Every secret string the tenant knows."""
        return self.call("GET", "secrets")

    def resets(self) -> dict[str, list[str]]:
        """Accepted reset POSTs: times by device id."""
        return self.call("GET", "resets")

    def policy_states(self, policy_id: str, states: dict[str, Any]) -> dict[str, Any]:
        """Plant states of a policy by device id, each a name or {"state", "code"}; all that there are now."""
        return self.call("POST", "policy_states", {"policy_id": policy_id, "states": states})["states"]

    def approvals(self) -> list[dict[str, Any]]:
        """Requests for approval, oldest first: code, id, status, method, version, path, justification, body."""
        return self.call("GET", "approvals")

    def decide(self, code: str, decision: str, justification: str | None = None) -> dict[str, Any]:
        """approve, reject or cancel a request."""
        return self.call("POST", f"approvals/{code}", {"decision": decision, "justification": justification})


class EmulatorProcess:
    """`with EmulatorProcess("demo") as emulator: emulator.env, emulator.control`."""

    def __init__(self, seed: str = "demo", *, record: Path | None = None, port: int = 0, python: str = sys.executable) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="emulator-process-"))
        self._env_file = self._folder / "env"
        self._command = [python, "-m", "intune_emulator", "--seed", seed, "--env-file", str(self._env_file), "--port", str(port)]
        if record:
            self._command += ["--record", str(record.resolve())]
        self._process: subprocess.Popen[str] | None = None
        self._lines: list[str] = []
        self._ready = threading.Event()
        self.env: dict[str, str] = {}
        self.control: ControlClient

    def start(self) -> EmulatorProcess:
        """Start and wait until it is ready."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self._ready.wait(START_TIMEOUT)
            if not self._env_file.exists():
                raise RuntimeError("the emulator did not start:\n" + "".join(self._lines))
            self.env = dict(line.split("=", 1) for line in self._env_file.read_text(encoding="utf-8").splitlines())
            self.control = ControlClient(self.env["EMULATOR_URL"], self.env["INTUNE_CA_PATH"])
        except BaseException:
            self.stop()
            raise
        return self

    def _read(self) -> None:
        """Follow the output to its end; ready on the line that says so, or when the process is gone."""
        process = self._process
        if process is None or process.stdout is None:
            return
        for line in process.stdout:
            self._lines.append(line)
            if line.startswith(READY):
                self._ready.set()
        self._ready.set()

    @property
    def pid(self) -> int:
        """The process id."""
        if self._process is None:
            raise RuntimeError("not started")
        return self._process.pid

    @property
    def output(self) -> str:
        """What it printed so far."""
        return "".join(self._lines)

    def environment(self) -> dict[str, str]:
        """A copy of this process's environment with the variables of the emulator."""
        return {**os.environ, **self.env}

    def stop(self) -> int | None:
        """Stop this process only; its exit code."""
        process, self._process = self._process, None
        code = None
        if process is not None:
            if hasattr(self, "control"):
                self.control.close()
            process.terminate()
            try:
                code = process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
        return code

    def __enter__(self) -> EmulatorProcess:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
