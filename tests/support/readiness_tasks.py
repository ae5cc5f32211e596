# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of intune_pin_readiness_info against an emulated tenant that other tasks have prepared."""

from __future__ import annotations

import re
import types
import typing as t

from intune_emulator.intune.policy_states import is_windows, set_states

from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from ansible_collections.endpointops.intune.plugins.modules import (
    intune_pin_policy,
    intune_pin_readiness_info,
    intune_pinreset_consent,
)
from tests.support.emulated import Live
from tests.support.fakes import ENDLESS, FakeCredential, error, options

Json = dict[str, t.Any]
READERS = (
    "Application.Read.All",
    "DelegatedPermissionGrant.Read.All",
    "DeviceManagementConfiguration.Read.All",
    "DeviceManagementServiceConfig.Read.All",
    "GroupMember.Read.All",
    "DeviceManagementManagedDevices.Read.All",
    "DeviceManagementRBAC.Read.All",
    "DeviceManagementScripts.Read.All",
)
WRITERS = (
    "Application.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "DeviceManagementConfiguration.ReadWrite.All",
    "DeviceManagementScripts.ReadWrite.All",
)
DEFAULTS = {"name": None, "backend": None, "scope": "device", "description": None, "settings": None, "assignments": None}
ALL_DEVICES = {"target": "all_devices", "group": None, "filter": None, "filter_type": None}


class Given(Live):
    """An emulated tenant that tasks prepare with all permissions; later reads only have ``roles``."""

    def __init__(self, seed: str = "demo", **settings: t.Any) -> None:
        super().__init__(seed, quota=False, **settings)
        self.failures: dict[str, int] = {}
        self.lasts = ENDLESS
        self.claims: Json = {"tid": self.tenant.tenant_id, "roles": list(READERS)}

    def run(self, module: types.ModuleType, *, check: bool = False, **given: t.Any) -> Outcome:
        defaults = {name: option.get("default") for name, option in module.SPEC.argument_spec.items()}
        prepares = {"tid": self.tenant.tenant_id, "roles": [*READERS, *WRITERS]}
        reads = module is intune_pin_readiness_info
        world = self.world(credential=FakeCredential(self.claims, self.lasts) if reads else FakeCredential(prepares))
        outcome: Outcome = module.run({**options(), **defaults, **given}, world.client, check)
        return outcome

    def fail(self, path: str, status: int) -> None:
        """Let each read of a path fail with a status, also in a batch."""
        self.failures[path] = status
        match = {"method": "GET", "path": re.escape(path)}
        self.tenant.faults.arm({"match": match, "fault": {"kind": "status", "status": status}, "times": None})

    def ask(self, request: Request) -> Response:
        status = self.failures.get(request.target.partition(" ")[2].partition("/")[2].partition("/")[2])
        return error(status) if status else super().ask(request)

    def connect(self) -> None:
        assert self.run(intune_pinreset_consent).changed

    def policy(self, name: str = "PIN", backend: str = "settings_catalog", **given: t.Any) -> str:
        own = {"name": name, "backend": backend, "enable_pin_recovery": True, "assignments": [ALL_DEVICES], **given}
        return str(self.run(intune_pin_policy, **own).values["pin_policy"]["id"])

    def arrive(self, policy_id: str, *states: str) -> None:
        """Apply a policy to the first Windows devices."""
        windows = [device.id for device in self.tenant.devices if is_windows(device)]
        set_states(self.tenant, {"policy_id": policy_id, "states": dict(zip(windows, states, strict=False))})

    def read(self, *, check: bool = False, **given: t.Any) -> tuple[Json, list[str]]:
        """Return the verdict, and the requests that it took."""
        before = len(self.sent)
        outcome = self.run(intune_pin_readiness_info, check=check, **given)
        assert outcome.changed is False
        return dict(outcome.values["readiness"]), [request.target for request in self.sent[before:]]


def expect(name: str = "PIN", **given: t.Any) -> Json:
    return {**DEFAULTS, "purge_assignments": True, "scope_tags": None, "name": name, **given}
