# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the unchanged examples of the documentation against an emulated tenant."""

from __future__ import annotations

import datetime
import importlib
import os
import pathlib

import pytest
import yaml

from ansible_collections.endpointops.intune.plugins.modules import entra_application, intune_pin_readiness_info, intune_pin_recovery
from tests.support.modules import list_modules
from tests.tools.interface import list_released, read_released

from .test_connection import fake_az
from .test_fleet import certificate

MODULES = [importlib.import_module(f"ansible_collections.endpointops.intune.plugins.modules.{name}") for name in list_modules()]


def list_examples() -> list:
    """Return each module with its examples, and with those of earlier releases that differ: playbooks written for these must still run."""
    found = []
    for module in MODULES:
        name = module.SPEC.module
        texts = {module.EXAMPLES: name}
        for version in list_released():
            texts.setdefault(read_released(version).get(f"module {name}", {}).get("examples", module.EXAMPLES), f"{name} of {version}")
        found += [pytest.param(module, text, id=shown) for text, shown in texts.items()]
    return found


@pytest.mark.parametrize(("module", "examples"), list_examples())
def test_the_examples_run_and_return_what_is_documented(ansible, module, examples, tmp_path: pathlib.Path):
    if module is intune_pin_recovery:
        ansible.tenant.control.reset("helpdesk")
        ansible.tenant.control.settings(on_demand_delay=0, on_demand_report="always")
    ansible.tenant.control.settings(windows_desktop="done")
    lost = [ansible.tenant.control.device(name)["serialNumber"] for name in ("PHONE-FIELD-01", "PHONE-FIELD-02")]
    variables = {"lost_devices": lost, "handover_path": str(tmp_path / "passcode"), "script_path": str(tmp_path / "probe.ps1")}
    tomorrow = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    variables["tomorrow"] = tomorrow.isoformat(timespec="seconds")
    (tmp_path / "passes").mkdir(mode=0o700)
    variables |= {"certificate_path": str(certificate(tmp_path, "helpdesk")), "handover_directory": str(tmp_path / "passes")}
    variables["resets"] = {"results": [{"id": ansible.tenant.control.device("PHONE-FIELD-01")["id"], "status": "done"}]}
    # The folder of the reports.
    (ansible.folder / "reports").mkdir()
    if module is intune_pin_readiness_info:
        onboard(ansible, "LT-BERLIN-012")
    env = {}
    if module is entra_application:
        # An administrator has signed in with the Azure CLI.
        env["PATH"] = f"{fake_az(tmp_path, ansible.tenant, person=True)}:{os.environ['PATH']}"
    play = ansible.tasks(yaml.safe_load(examples), vars=variables, env=env)
    assert play.code == 0, play.output
    returns = yaml.safe_load(module.RETURN)
    ours = [task.result for task in play.tasks if task.result.get("invocation") and "auth_method" in str(task.result["invocation"])]
    assert ours
    for result in ours:
        assert_documented(result, returns, "")


def onboard(ansible, device: str) -> None:
    """Make a tenant ready, with the policy on one device: the example waits for it."""
    policy = {"name": "PIN recovery", "enable_pin_recovery": True, "assignments": [{"target": "all_devices"}]}
    names = ("intune_pinreset_consent", "intune_pin_policy")
    tasks = [{f"endpointops.intune.{name}": options} for name, options in zip(names, ({}, policy), strict=True)]
    assert ansible.tasks(tasks).code == 0
    control = ansible.tenant.control
    (found,) = [policy["id"] for policy in control.policies() if policy["name"] == "PIN recovery"]
    control.policy_states(found, {control.device(device)["id"]: ["succeeded"]})


COMMON = {"changed", "invocation", "diff", "warnings", "failed", "msg", "error"}


def assert_documented(result: dict, returns: dict, where: str) -> None:
    """Assert that every returned key is documented, and that every documented key that is always returned exists."""
    keys = {key for key in result if not key.startswith("_ansible")} - (COMMON if not where else set())
    if "censored" in keys:
        return
    assert keys <= set(returns), f"{where}: undocumented {keys - set(returns)}"
    always = {key for key, spec in returns.items() if spec["returned"] in ("always", "success")}
    assert always <= keys, f"{where}: missing {always - keys}"
    for key in keys:
        contains, value = returns[key].get("contains"), result[key]
        for item in value if isinstance(value, list) else [value]:
            if contains and isinstance(item, dict):
                assert_documented(item, contains, f"{where}.{key}")
