# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""A client of the control API, for tests and demonstrations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests

from .seed_document import read_text
from .seed_names import is_file

TIMEOUT_SECONDS = 60.0


class ControlError(Exception):
    """A call that the control API refused."""


def _read_seed(seed: str | Path | None) -> dict[str, Any]:
    """Return the fields of a reset for a seed."""
    if not seed or (isinstance(seed, str) and not is_file(seed)):
        return {"seed": seed or None}
    return {"seed_text": read_text(Path(seed)), "seed_name": str(seed)}


def _find_reason(response: requests.Response) -> str:
    """Return the message of a refusal, or the text of any other response."""
    try:
        return str(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        return response.text


class ControlClient:
    """Call the control API, one method a call. Ignore environment variables for proxies and CA bundles.

    `url`: EMULATOR_URL. `ca_path`: INTUNE_CA_PATH; None: the CAs that requests trusts.
    """

    def __init__(self, url: str, ca_path: str | None, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._url = f"{url.rstrip('/')}/_emulator"
        self._timeout_seconds = timeout_seconds
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca_path or True

    def call(self, method: str, path: str, body: Any = None, params: dict[str, Any] | None = None) -> Any:
        """Send JSON and return JSON; ControlError if the API refuses the call."""
        response = self._session.request(method, f"{self._url}/{path}", json=body, params=params, timeout=self._timeout_seconds)
        if response.status_code >= 400:
            raise ControlError(f"{method} {path}: {response.status_code} {_find_reason(response)}")
        return response.json()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def health(self) -> dict[str, Any]:
        """Return seed, number of devices, and origin."""
        result: dict[str, Any] = self.call("GET", "health")
        return result

    def overview(self, search: str = "") -> dict[str, Any]:
        """Return the data of the page at /_emulator/: the first rows of each kind that contain a text, with counts and without secrets."""
        result: dict[str, Any] = self.call("GET", "overview", params={"search": search})
        return result

    def reset(
        self, seed: str | Path | None = None, *, now: str | None = None, frozen: bool | None = None, preset: str | None = None
    ) -> dict[str, Any]:
        """Start over with the same seed unless one is given; keys, secrets, and URLs stay.

        `seed`: a name, or the path of a seed file, which this process reads; ValueError if it cannot. `now`: the start of the clock;
        `preset`: a name, or "" for none. The defaults are those of the file, then those of the process.
        """
        body = {**_read_seed(seed), "now": now, "frozen": frozen, "preset": preset}
        result: dict[str, Any] = self.call("POST", "reset", {name: value for name, value in body.items() if value is not None})
        return result

    def preset(self, name: str) -> dict[str, Any]:
        """Add the settings and faults of a preset, and return all settings and faults."""
        result: dict[str, Any] = self.call("POST", "presets", {"name": name})
        return result

    def presets(self) -> list[dict[str, Any]]:
        """Return name, description, and applied (since the last reset) of each preset."""
        result: list[dict[str, Any]] = self.call("GET", "presets")
        return result

    def clock(self) -> dict[str, Any]:
        """Return now, timestamp, frozen, rate."""
        result: dict[str, Any] = self.call("GET", "clock")
        return result

    def advance(self, seconds: float) -> dict[str, Any]:
        """Move the clock."""
        result: dict[str, Any] = self.call("POST", "clock", {"advance": seconds})
        return result

    def set_clock(self, now: str) -> dict[str, Any]:
        """Set the clock to an ISO date-time."""
        result: dict[str, Any] = self.call("POST", "clock", {"now": now})
        return result

    def freeze(self, frozen: bool = True) -> dict[str, Any]:
        """Stop the clock, or let it run."""
        result: dict[str, Any] = self.call("POST", "clock", {"frozen": frozen})
        return result

    def speed_up(self, rate: float) -> dict[str, Any]:
        """Set how many emulated seconds pass in a real second."""
        result: dict[str, Any] = self.call("POST", "clock", {"rate": rate})
        return result

    def journal(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the journal entries after `since`."""
        result: list[dict[str, Any]] = self.call("GET", "journal", params={"since": since})["entries"]
        return result

    def mark(self) -> int:
        """Return the number of the last journal entry, for a later `since`."""
        result: int = self.call("GET", "journal", params={"since": 10**12})["last"]
        return result

    def writes(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the journal entries of Graph writes."""
        return [entry for entry in self.journal(since) if entry["write"]]

    def counts(self, since: int = 0) -> dict[str, int]:
        """Return the numbers of writes, reads, throttled, early_retry, envelopes, tokens after `since`."""
        result: dict[str, int] = self.call("GET", "counts", params={"since": since})
        return result

    def runs(self, since: int = 0) -> list[dict[str, Any]]:
        """Return for each run (a token) after `since`: client_id, writes, accepted_writes, reads, envelopes, throttled, early_retry."""
        result: list[dict[str, Any]] = self.call("GET", "runs", params={"since": since})
        return result

    def charge_quota(self, workload: str, writes: int = 0, requests: int | None = None, client_id: str | None = None) -> dict[str, Any]:
        """Charge the quota with requests of another application, or of another process of `client_id`; `requests` includes the writes."""
        body = {"workload": workload, "writes": writes, "requests": requests, "client_id": client_id}
        result: dict[str, Any] = self.call("POST", "usage", {name: value for name, value in body.items() if value is not None})
        return result

    def clear_journal(self) -> int:
        """Remove the journal entries; return the number of the last one."""
        result: int = self.call("DELETE", "journal")["last"]
        return result

    def arm(self, kind: str, method: str | None = None, path: str | None = None, **options: Any) -> dict[str, Any]:
        """Arm a fault; options: version, skip, every, times, and the fields of the fault (status, retry_after, seconds, …)."""
        match = {"method": method, "path": path, "version": options.pop("version", None)}
        spec: dict[str, Any] = {name: options.pop(name) for name in ("skip", "every", "times") if name in options}
        spec["match"] = {name: value for name, value in match.items() if value is not None}
        spec["fault"] = {"kind": kind, **options}
        result: dict[str, Any] = self.call("POST", "faults", spec)
        return result

    def faults(self) -> list[dict[str, Any]]:
        """Return all faults with their hits."""
        result: list[dict[str, Any]] = self.call("GET", "faults")
        return result

    def disarm(self) -> None:
        """Remove all faults, and open a closed port again."""
        self.call("DELETE", "faults")

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change settings, if any are given, and return all."""
        result: dict[str, Any] = self.call("PATCH", "settings", changes) if changes else self.call("GET", "settings")
        return result

    def devices(self) -> list[dict[str, Any]]:
        """Return all devices with their simulation."""
        result: list[dict[str, Any]] = self.call("GET", "devices")
        return result

    def device(self, name: str) -> dict[str, Any]:
        """Return the first device with a name."""
        for device in self.devices():
            if device["deviceName"] == name:
                return device
        raise ControlError(f"no device named {name}")

    def patch_device(self, device_id: str, **changes: Any) -> dict[str, Any]:
        """Change properties, outcome, delays; check_in=True connects an offline device."""
        result: dict[str, Any] = self.call("PATCH", f"devices/{device_id}", changes)
        return result

    def add_device(self, **properties: Any) -> dict[str, Any]:
        """Add a device; enrolls_after: seconds until it is enrolled in Intune."""
        result: dict[str, Any] = self.call("POST", "devices", properties)
        return result

    def users(self) -> list[dict[str, Any]]:
        """Return all users with their directory roles."""
        result: list[dict[str, Any]] = self.call("GET", "users")
        return result

    def add_user(self, name: str, **changes: Any) -> dict[str, Any]:
        """Add a user by the name before the @; changes: properties, and roles (names of directory roles)."""
        result: dict[str, Any] = self.call("POST", "users", {"name": name, **changes})
        return result

    def change_user(self, user_id: str, **changes: Any) -> dict[str, Any]:
        """Change properties of a user, and the names of its directory roles (roles)."""
        result: dict[str, Any] = self.call("PATCH", f"users/{user_id}", changes)
        return result

    def access_pass_policy(self, **changes: Any) -> dict[str, Any]:
        """Change properties of the policy for Temporary Access Passes, and return all."""
        result: dict[str, Any] = self.call("PATCH", "access_pass_policy", changes)
        return result

    def access_passes(self) -> dict[str, list[str]]:
        """Return the times at which passes were created, by user id."""
        result: dict[str, list[str]] = self.call("GET", "access_passes")
        return result

    def add_group(self, name: str, **options: Any) -> str:
        """Add a group, and return its id; options: description, members {"devices", "users", "groups": names or ids}."""
        result: str = self.call("POST", "groups", {"name": name, **options})["id"]
        return result

    def use_access_pass(self, user_id: str) -> None:
        """Mark the pass of a user as used."""
        self.call("PATCH", f"access_passes/{user_id}", {"used": True})

    def policies(self) -> list[dict[str, Any]]:
        """Return surface, id, and name of every policy."""
        result: list[dict[str, Any]] = self.call("GET", "policies")
        return result

    def add_policy(self, surface: str, name: str | None = None, **options: Any) -> str:
        """Add a policy like one that an administrator created, and return its id; options: description, values, assignments (targets)."""
        result: str = self.call("POST", "policies", {"surface": surface, "name": name, **options})["id"]
        return result

    def add_app(self, roles: list[str] | None = None, secret_valid_days: float = 365, federated: bool = False) -> dict[str, Any]:
        """Register an application; return client_id and client_secret."""
        body = {"secret_valid_days": secret_valid_days, "federated": federated, **({"roles": roles} if roles is not None else {})}
        result: dict[str, Any] = self.call("POST", "apps", body)
        return result

    def token(self, **options: Any) -> str:
        """Return a signed token; options: client_id, roles, audience, expires_in, person, directory_roles, user."""
        result: str = self.call("POST", "tokens", options)["access_token"]
        return result

    def consent(self, client_id: str) -> list[str]:
        """Grant the permissions that an application requests, like the admin consent link, and return them."""
        result: list[str] = self.call("POST", "consents", {"client_id": client_id})["granted"]
        return result

    def secrets(self) -> list[str]:
        """Return every secret string of the tenant."""
        result: list[str] = self.call("GET", "secrets")
        return result

    def resets(self) -> dict[str, list[str]]:
        """Return the times of accepted resets by device id."""
        result: dict[str, list[str]] = self.call("GET", "resets")
        return result

    def policy_states(self, policy_id: str, states: dict[str, Any] | str) -> dict[str, Any]:
        """Set states of a policy by device id, each a name, {"state", "code", "after", "user"}, or a list; return its current states.

        A name instead of the states by device applies to all devices that the policy targets.
        """
        result: dict[str, Any] = self.call("POST", "policy_states", {"policy_id": policy_id, "states": states})["states"]
        return result

    def check_in(self, state: str = "succeeded") -> dict[str, dict[str, Any]]:
        """Set this state of each policy on all devices that it targets; return the current states by device id, by policy id."""
        found = self.call("POST", "policy_states", {"states": state})["policies"]
        return {each["policy_id"]: each["states"] for each in found}

    def script_results(self, results: dict[str, Any] | None = None, script_id: str | None = None) -> dict[str, Any]:
        """Plant script outputs by device id, if any are given, and return the current result of a run of any script by device id.

        Each is an output, {"output", "exit_code", "error", "state", "user", "after"}, or a list; script_id: for this package only.
        """
        if results is None:
            shown: dict[str, Any] = self.call("GET", "script_results")
        else:
            shown = self.call("POST", "script_results", {"results": results, "script_id": script_id})
        return shown

    def approvals(self) -> list[dict[str, Any]]:
        """Return the requests for approval, oldest first: code, id, status, method, version, path, justification, body."""
        result: list[dict[str, Any]] = self.call("GET", "approvals")
        return result

    def decide(self, code: str, decision: str, justification: str | None = None) -> dict[str, Any]:
        """Approve, reject or cancel a request for approval."""
        result: dict[str, Any] = self.call("POST", f"approvals/{code}", {"decision": decision, "justification": justification})
        return result
