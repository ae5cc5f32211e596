# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make docs/sample: a report on the demo tenant, with equal bytes each time. ``make sample-report`` runs it.

The scenario: one report before the onboarding, and three days later another one, which is compared with it.
"""

from __future__ import annotations

import json
import pathlib
import tempfile
import types
import typing as t
from unittest import mock

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from intune_emulator.control.policies import add_policy
from intune_emulator.entra.tokens import issue_token
from intune_emulator.intune import policy_states

from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._lifetime import Lifetime
from ansible_collections.endpointops.intune.plugins.modules import (
    intune_device_passcode,
    intune_pin_policy,
    intune_pin_probe,
    intune_pin_report,
    intune_pinreset_consent,
)
from tests.support.emulated import Emulated
from tests.support.fakes import CLIENT_ID, START, FakeCredential

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "sample"
BASENAME = "pin-reset-report"
DAYS = 3
EVERYWHERE = [{"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}]
WRONG_PATH = "./Vendor/MSFT/Policy/PassportForWork/{tenant}/Policies/EnablePinRecovery"
DEVICES = ["PHONE-HELPDESK-01", "PHONE-HELPDESK-02", "LT-BERLIN-014", "LT-ARCHIVE-001", "PHONE-FIELD-05", "PHONE-FIELD-06"]
# It ends some days after the second report, so that both show it.
CERTIFICATE = Lifetime("certificate", app_id=CLIENT_ID, ends=START + 21 * 86400, name="CN=PIN reset automation", thumbprint="AB" * 20)
# Of the Windows devices in their order; the others have checked in, and have the policy.
STATES = {3: "pending", 7: "pending", 11: "conflict", 16: {"state": "error", "code": -2016281112}}


class Wire(Emulated):
    """The demo tenant, which responds to each request."""

    def __init__(self) -> None:
        # The dates of the demo are counted back from its creation, which is also the time of its frozen clock.
        with mock.patch("time.time", return_value=START):
            super().__init__("demo", quota=False)

    def sign_in(self) -> None:
        """Take a new token, which is valid from the tenant's present time on."""
        self.token = issue_token(self.tenant, next(iter(self.tenant.applications.values())))

    def send(self, request: Request) -> Response:
        """Respond after as much time has passed here as for the sender."""
        self.sent.append(request)
        self.catch_up()
        return self.ask(request)


class Tenant:
    """The demo tenant, on a clock that is frozen between the steps."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.tenant = self.wire.tenant
        roles = sorted(next(iter(self.tenant.applications.values())).roles)
        claims = {"tid": self.tenant.tenant_id, "appid": CLIENT_ID, "app_displayname": "PIN reset automation", "roles": roles}
        self._client = self.wire.world(credential=FakeCredential(claims, CERTIFICATE)).client

    def run(self, module: types.ModuleType, **options: t.Any) -> t.Mapping[str, t.Any]:
        """Run a task and return its values."""
        spec = module.SPEC
        validated = ArgumentSpecValidator(spec.argument_spec, **spec.relations).validate(options)
        if validated.error_messages:
            raise ValueError("; ".join(validated.error_messages))
        values: t.Mapping[str, t.Any] = module.run(validated.validated_parameters, self._client, False).values
        return values

    def wait(self, days: float) -> None:
        """Let days pass."""
        self.wire.clock.seconds += days * 86400
        self.tenant.clock.advance(days * 86400)
        self.wire.sign_in()


def make(folder: pathlib.Path) -> None:
    """Write the sample into a folder."""
    world = Tenant()
    uri = WRONG_PATH.format(tenant=world.tenant.tenant_id)
    oma = {"@odata.type": "#microsoft.graph.omaSettingBoolean", "displayName": "PIN", "description": "", "omaUri": uri, "value": True}
    plant(world, "custom", "PIN reset (from a blog)", {"omaSettings": [oma]})
    with tempfile.TemporaryDirectory() as first:
        world.run(intune_pin_report, directory=first, basename=BASENAME)
        world.run(intune_pinreset_consent)
        settings = {"enable_pin_recovery": True, "minimum_pin_length": 6}
        target = [{"target": "all_devices"}, {"target": "exclude_group", "group": "Helpdesk phones"}]
        made = world.run(intune_pin_policy, name="Windows Hello PIN recovery", backend="settings_catalog", assignments=target, **settings)
        plant(world, "identity_protection", "Windows 10 baseline of 2021", {"pinMinimumLength": 8})
        world.run(intune_pin_probe, assignments=[{"target": "all_devices"}])
        world.wait(DAYS)
        check_in(world, made["pin_policy"]["id"])
        options = {"platforms": ["windows", "android"], "ownerships": ["company", "personal"], "wait_timeout": 8, "lock_directory": first}
        resets = world.run(intune_device_passcode, devices=DEVICES, **options)
        compared = {"compare_with": f"{first}/{BASENAME}.json", "results": resets["results"]}
        world.run(intune_pin_report, directory=str(folder), basename=BASENAME, mode="0644", probe=True, **compared)


def plant(world: Tenant, surface: str, name: str, values: dict[str, t.Any]) -> None:
    """Add a policy like one that an administrator made by hand."""
    add_policy(world.tenant, {"surface": surface, "name": name, "values": values, "assignments": EVERYWHERE})


def check_in(world: Tenant, policy_id: str) -> None:
    """Let the targeted Windows devices report the state of a policy."""
    policy = policy_states.find_policy(world.tenant, policy_id)
    if policy is None:
        raise ValueError(f"There is no policy {policy_id}.")
    devices = [device.id for device, _state in policy_states.device_states(world.tenant, policy)]
    states = {device: STATES.get(place, "succeeded") for place, device in enumerate(devices)}
    policy_states.set_states(world.tenant, {"policy_id": policy_id, "states": states})


def main() -> None:
    """Write the sample, and print its contents."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    make(FOLDER)
    # A table for spreadsheets has other line ends than the files of this repository.
    (FOLDER / f"{BASENAME}.csv").unlink()
    report = json.loads((FOLDER / f"{BASENAME}.json").read_text(encoding="utf-8"))
    print(f"Wrote {FOLDER.relative_to(ROOT)}/{BASENAME}.html and .json: {report['verdict']['heading']}. {report['verdict']['text']}")


if __name__ == "__main__":
    main()
