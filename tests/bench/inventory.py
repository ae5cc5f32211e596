# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare ansible-inventory over a large tenant with the same hosts and variables in a file of Ansible's own."""

from __future__ import annotations

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import typing as t

from .figures import Figure
from .plan import Plan
from .tenant import tenant

PLUGIN = {"plugin": "endpointops.intune.intune_devices"}
GROUPS = {"keyed_groups": [{"prefix": "platform", "key": "intune_platform"}], "groups": {"resettable": "intune_eligible"}}


def inventory(plan: Plan) -> list[Figure]:
    with tenant(plan.listed, latency=0.0) as emulator, tempfile.TemporaryDirectory(prefix="intune-bench-") as place:
        folder = pathlib.Path(place)
        hosts, ours = _listed(folder / "plain.intune_devices.yml", PLUGIN, emulator.env)
        if len(hosts) != plan.listed:
            raise RuntimeError(f"{len(hosts)} devices were listed")
        _hosts, grouped = _listed(folder / "grouped.intune_devices.yml", {**PLUGIN, **GROUPS}, emulator.env)
        _hosts, static = _listed(folder / "static.json", {"all": {"hosts": hosts}}, emulator.env)
    note = f"{ours:.1f} s of processor time, {static:.1f} s for the file"
    return [
        Figure(f"{plan.listed} devices, to a file with the same", ours / static, most=1.5, note=note),
        Figure("with two kinds of groups", grouped / static, note=f"{grouped:.1f} s"),
    ]


def _listed(path: pathlib.Path, content: t.Any, env: t.Mapping[str, str]) -> tuple[dict[str, t.Any], float]:
    """Return the host variables of ansible-inventory --list, and the seconds of processor time that it took."""
    path.write_text(json.dumps(content), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("INTUNE_", "AZURE_"))}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [str(pathlib.Path(sys.executable).with_name("ansible-inventory")), "-i", str(path), "--list"],
        env={**kept, **env, "ANSIBLE_HOME": str(path.parent), "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"ansible-inventory failed:\n{done.stdout[-1000:]}{done.stderr[-3000:]}")
    return json.loads(done.stdout)["_meta"]["hostvars"], after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
