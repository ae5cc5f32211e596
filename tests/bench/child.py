# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run as the measured process: ``python -m tests.bench.child WORK ready|whole DEVICES NAMES``, with a WORK of ``WORKS``.

``ready`` does everything except the call. Print, as JSON, the peak memory of the process in MB, and the seconds of processor time that the
call took. Requires Linux.
"""

from __future__ import annotations

import json
import os
import pathlib
import resource
import sys
import tempfile
import time
import typing as t

from ansible.inventory.data import InventoryData
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from intune_emulator.state.keys import make_key_pair

from ansible_collections.endpointops.intune.plugins.inventory import intune_devices
from ansible_collections.endpointops.intune.plugins.module_utils import _module
from ansible_collections.endpointops.intune.plugins.modules import intune_device_passcode, intune_pin_report
from ansible_collections.endpointops.intune.plugins.plugin_utils import _action_base
from tests.support.inventory import load

from .tenant import GROUP, name

# In seconds of a clock that may run faster than this machine's.
PATIENT = {"timeout": 3600.0, "retry_timeout": 3600.0}
VARIABLES = 22  # of a host of the plugin
PLUGIN = {"plugin": "endpointops.intune.intune_devices"}


def reset_fleet(devices: int, _names: int) -> None:
    """Run the whole task: journal, locks, audit log, wait for the devices, sealed passcodes, and the result as JSON."""
    with tempfile.TemporaryDirectory(prefix="intune-bench-") as folder:
        certificate = make_key_pair("Help desk").certificate_pem().decode()
        options = {"journal_path": f"{folder}/journal.jsonl", "lock_directory": folder, "seal_to": [certificate]}
        result = _run({"device_groups": [GROUP], "max_devices": devices, **options}, check=False)
    sealed = sum(bool(entry["sealed_passcode"]) for entry in result.get("results", ()))
    if sealed != devices or len(json.dumps(result)) < devices:
        raise RuntimeError(f"{sealed} passcodes were sealed: {result.get('msg')} {result.get('warnings')}")


def find_names(devices: int, names: int) -> None:
    step = devices // names
    wanted = [name(number) for number in range(1, devices + 1, step)][:names]
    result = _run({"devices": wanted, "max_devices": names}, check=True)
    if result["summary"]["planned"] != names:
        raise RuntimeError(result.get("msg") or str(result["summary"]))


def _run(args: dict[str, t.Any], *, check: bool) -> dict[str, t.Any]:
    return _action_base.run_in_process(intune_device_passcode, {**PATIENT, **args}, check=check, diff=False, memory=_action_base.TOKENS)


def report(devices: int, _names: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        result = _action_base.run_in_process(intune_pin_report, {"directory": folder}, check=False, diff=False)
    if result.get("failed") or result["numbers"]["devices"]["total"] != devices:
        raise RuntimeError(result.get("msg") or str(result["numbers"]))


def list_items(devices: int, _names: int) -> None:
    with _module.connect(_connection()) as client:
        _check(devices, sum(1 for _device in client.list_items("/deviceManagement/managedDevices")))


def list_for_inventory(devices: int, _names: int) -> None:
    """Do all that the plugin does except planning and making hosts, which Ansible keeps in memory."""
    _check(devices, sum(1 for _device in intune_devices.InventoryModule()._fetch_devices({**_connection(), "device_groups": None})))


def _connection() -> dict[str, t.Any]:
    spec = intune_device_passcode.SPEC
    args = {"devices": ["x"], **PATIENT}
    return dict(ArgumentSpecValidator(spec.argument_spec, **spec.relations).validate(args).validated_parameters)


def add_hosts(devices: int, _names: int) -> None:
    """Make an inventory as Ansible does, with the plugin."""
    with tempfile.TemporaryDirectory(prefix="intune-bench-") as folder:
        path = pathlib.Path(folder) / "x.intune_devices.yml"
        path.write_text(json.dumps(PLUGIN), encoding="utf-8")
        inventory = InventoryData()
        load().parse(inventory, DataLoader(), str(path))
    inventory.reconcile_inventory()
    _check(devices, len(inventory.hosts))


def add_same_hosts(devices: int, _names: int) -> None:
    """Do the same work in Ansible itself for as many hosts with as many variables."""
    inventory, variables = InventoryData(), [f"intune_{number}" for number in range(VARIABLES)]
    for number in range(1, devices + 1):
        host = inventory.add_host(name(number))
        for variable in variables:
            inventory.set_variable(host, variable, f"a value of {number}")
    inventory.reconcile_inventory()
    _check(devices, len(inventory.hosts))


def _check(devices: int, number: int) -> None:
    if number != devices:
        raise RuntimeError(f"{number} devices were read")


WORKS: dict[str, t.Callable[[int, int], object]] = {
    "fleet": reset_fleet,
    "names": find_names,
    "report": report,
    "items": list_items,
    "inventory": list_for_inventory,
    "hosts": add_hosts,
    "same hosts": add_same_hosts,
}


def hasten(rate: float, there: float, here: float) -> None:
    """Make the collection's clock run faster from a moment on, given in the tenant's time and in that of this machine."""
    faster = {
        "now": lambda: there + (time.time() - here) * rate,
        "monotonic": lambda: time.monotonic() * rate,
        "sleep": lambda seconds: time.sleep(seconds / rate),
    }
    vars(_module.SYSTEM_CLOCK).update(faster)


def main(work: str, mode: str, devices: int, names: int) -> None:
    hasten(*map(float, os.environ["BENCH_CLOCK"].split()))
    before = _processor_time()
    if mode == "whole":
        WORKS[work](devices, names)
    print(json.dumps({"mb": _peak(), "seconds": _processor_time() - before}))


def _processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> float:
    # Do not use getrusage: its figure starts with the memory of the parent process.
    lines = pathlib.Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
