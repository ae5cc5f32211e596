# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that enroll while a task waits for them, in an emulated tenant whose requests can take time and fail."""

from __future__ import annotations

import typing as t

from intune_emulator.control.planted_devices import plant_device
from intune_emulator.entra.tokens import issue_token
from intune_emulator.intune.policy_states import set_states

from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from ansible_collections.endpointops.intune.plugins.modules import intune_pin_readiness_info
from tests.support.fakes import Tenant
from tests.support.readiness_tasks import READERS, Given, Json, expect

NAME, SERIAL = "NEW-0001", "PF3XYZ12"
LAPTOP = {
    "deviceName": NAME,
    "serialNumber": SERIAL,
    "operatingSystem": "Windows",
    "osVersion": "10.0.26100.4061",
    "deviceType": "desktop",
    "joinType": "azureADJoined",
    "managedDeviceOwnerType": "company",
}
ARRIVED = "succeeded"


def _fail(failure: Exception) -> t.NoReturn:
    raise failure


class Waiting(Given):
    """A connected tenant with a policy. ``duration``: seconds that a request takes. ``meanwhile``: called before each request.

    ``starts``: the sending time of each request of the task, in seconds since it began.
    """

    def __init__(
        self, backend: str | None = "settings_catalog", *, duration: float = 0.0, retry_timeout: float = 0.0, **settings: t.Any
    ) -> None:
        super().__init__(**settings)
        self.duration, self.starts, self._began = 0.0, [], 0.0
        self.meanwhile: t.Callable[[float, Request], Response | Exception | None] = lambda _seconds, _request: None
        self._retry_timeout = retry_timeout
        self.connect()
        self.policy_id = self.policy("PIN", backend) if backend else ""
        self.duration = duration
        self._is_ready = True

    _is_ready = False
    starts: list[float]

    def world(self, **options: t.Any) -> Tenant:
        return super().world(**{**options, "retry_timeout": self._retry_timeout})

    def send(self, request: Request) -> Response:
        if not self._is_ready:
            return super().send(request)
        seconds = self.clock.monotonic() - self._began
        self.starts.append(seconds)
        self.clock.sleep(self.duration)
        found = self.meanwhile(seconds, request)
        if found is None:
            return super().send(request)
        self.sent.append(request)
        return found if isinstance(found, Response) else _fail(found)

    def restrict(self, permission: str) -> None:
        """Remove a permission from the application."""
        roles = [role for role in READERS if role != permission]
        self.claims = {**self.claims, "roles": roles}
        self.token = issue_token(self.tenant, next(iter(self.tenant.applications.values())), roles=roles)

    def enroll(self, after: float | None = None, **changes: t.Any) -> str:
        """Let a device enroll after so many seconds, or now."""
        return plant_device(self.tenant, {**LAPTOP, **changes, "enrolls_after": after}).id

    def report(self, device_id: str, *states: t.Any, policy_id: str | None = None) -> None:
        """Let the device report these states of the policy."""
        set_states(self.tenant, {"policy_id": policy_id or self.policy_id, "states": {device_id: list(states)}})

    def wait(self, device: str = SERIAL, *, check: bool = False, **given: t.Any) -> Outcome:
        """Return the outcome of a task that waits for a device, for ten minutes."""
        self._began, self.starts = self.clock.monotonic(), []
        own = {"device": device, "wait_timeout": 600.0, "interval": 30.0, "expect": expect(), **given}
        return self.run(intune_pin_readiness_info, check=check, **own)

    @property
    def elapsed(self) -> float:
        """Return the seconds since the task began."""
        return self.clock.monotonic() - self._began


def verdict_of(outcome: Outcome) -> Json:
    return t.cast("Json", outcome.values["readiness"])


def codes_of(outcome: Outcome) -> list[str]:
    return [reason["code"] for reason in verdict_of(outcome)["reasons"]]
