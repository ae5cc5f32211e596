# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process whose memory is measured: ``python -m tests.bench.memory_child module|items|inventory|report ready|whole DEVICES NAMES``.

``ready`` does everything but the call. Prints the peak of what it had in memory, in MB. For Linux.
"""

from __future__ import annotations

import pathlib
import sys
import tempfile
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.endpointops.intune.plugins.inventory import intune_devices
from ansible_collections.endpointops.intune.plugins.module_utils import _module
from ansible_collections.endpointops.intune.plugins.modules import intune_device_passcode, intune_pin_report
from ansible_collections.endpointops.intune.plugins.plugin_utils import _action_base

from .tenant import name


def main(work: str, mode: str, devices: int, names: int) -> None:
    step = devices // names
    args = {"devices": [name(number) for number in range(1, devices + 1, step)][:names], "max_devices": 50_000, "retry_timeout": 600}
    if mode == "whole":
        if work == "module":
            _run_module(args)
        elif work == "report":
            _report(devices)
        else:
            _read(work, args, devices)
    print(_peak())


def _report(devices: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        result = _action_base.run_in_process(intune_pin_report, {"directory": folder}, check=False, diff=False)
    if result.get("failed") or result["numbers"]["devices"]["total"] != devices:
        raise RuntimeError(result.get("msg") or str(result["numbers"]))


def _run_module(args: dict[str, t.Any]) -> None:
    result = _action_base.run_in_process(intune_device_passcode, args, check=True, diff=False)
    if result["summary"]["planned"] != len(args["devices"]):
        raise RuntimeError(result.get("msg") or str(result["summary"]))


def _read(work: str, args: dict[str, t.Any], devices: int) -> None:
    spec = intune_device_passcode.SPEC
    params = ArgumentSpecValidator(spec.argument_spec, **spec.relations).validate(args).validated_parameters
    if work == "inventory":
        # All that the plugin does except planning and making hosts, which Ansible keeps in memory.
        number = sum(1 for _device in intune_devices.InventoryModule()._fetch_devices({**params, "device_groups": None}))
    else:
        with _module.connect(params) as client:
            number = sum(1 for _device in client.list_items("/deviceManagement/managedDevices"))
    if number != devices:
        raise RuntimeError(f"{number} devices were read")


def _peak() -> float:
    # Not getrusage: its figure begins with the memory of the process that started this one.
    lines = pathlib.Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
