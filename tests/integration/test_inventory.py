# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the inventory plugin in ansible-inventory, and playbooks with a host for each device."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import typing as t

import pytest
import yaml

from ansible_collections.endpointops.intune.plugins.inventory import intune_devices

from .harness import Ansible

EVIL = "{{ lookup('ansible.builtin.env', 'INTUNE_CLIENT_SECRET') }}"
SECONDS = 120


class Inventory:
    def __init__(self, ansible: Ansible) -> None:
        self.ansible = ansible

    def write(self, name: str, **options: t.Any) -> pathlib.Path:
        path = self.ansible.folder / f"{name}.intune_devices.yml"
        path.write_text(yaml.safe_dump({"plugin": "endpointops.intune.intune_devices", **options}), encoding="utf-8")
        return path

    def run(self, source: pathlib.Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(pathlib.Path(sys.executable).with_name("ansible-inventory")), "-i", str(source), *arguments],
            env={**self.ansible.environment({}), "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true", **env},
            cwd=self.ansible.folder,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def listed(self, source: pathlib.Path, *arguments: str, **env: str) -> dict[str, t.Any]:
        done = self.run(source, "--list", *arguments, **env)
        assert done.returncode == 0 and not done.stderr, done.stderr
        return json.loads(done.stdout)


class Slice(Ansible):
    @staticmethod
    def command(playbook: str, *arguments: str) -> list[str]:
        """Return the command without localhost in the inventory: AWX's contains only the devices."""
        return [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), playbook, *arguments]


@pytest.fixture
def inventory(ansible: Ansible) -> Inventory:
    return Inventory(ansible)


def plain(value: t.Any) -> t.Any:
    """Return a value without the marks that --export puts around strings that are not templates."""
    return value["__ansible_unsafe"] if isinstance(value, dict) and set(value) == {"__ansible_unsafe"} else value


def in_awx(exported: dict[str, t.Any], number: int, count: int, path: pathlib.Path) -> pathlib.Path:
    """Return the inventory of one slice of a job, as AWX gives it: a script that prints the hosts of the slice, with their variables."""
    hostvars = exported["_meta"]["hostvars"]
    mine = sorted(hostvars)[number - 1 :: count]
    data = {"all": {"hosts": mine}, "_meta": {"hostvars": {host: hostvars[host] for host in mine}}}
    path.write_text(f"#!{sys.executable}\nprint({json.dumps(data)!r})\n", encoding="utf-8")
    path.chmod(0o700)
    return path


def test_devices_are_listed_for_awx(inventory: Inventory) -> None:
    """As an inventory source: credentials only by environment, unset ones as ''; the whole output is JSON."""
    tenant = inventory.ansible.tenant
    evil = tenant.control.device("LT-BERLIN-014")["id"]
    tenant.control.patch_device(evil, deviceName=EVIL)
    source = inventory.write(
        "prod",
        platforms=["windows", "android"],
        strict=True,
        keyed_groups=[{"prefix": "platform", "key": "intune_platform"}, {"prefix": "named", "key": "intune_device_name"}],
        groups={"resettable": "intune_eligible"},
        compose={"label": "intune_device_name ~ '!'"},
    )
    unset = {name: "" for name in ("INTUNE_CLIENT_CERTIFICATE_PATH", "INTUNE_ACCESS_TOKEN", "INTUNE_CLOUD", "AZURE_TENANT_ID")}
    mark = tenant.journal_end()
    found = inventory.listed(source, "--export", INVENTORY_UPDATE_ID="1", **unset)
    journal = tenant.journal(mark)
    assert not [entry for entry in journal if entry["write"]] and sum("managedDevices" in entry["path"] for entry in journal) == 1
    hostvars = found["_meta"]["hostvars"]
    assert set(found["resettable"]["hosts"]) == {host for host, variables in hostvars.items() if variables["intune_eligible"]}
    assert {"platform_windows", "platform_android", "platform_ios"} <= set(found)
    (evil_host,) = [host for host, variables in hostvars.items() if variables["intune_id"] == evil]
    assert evil_host == "___lookup__ansible.builtin.env____INTUNE_CLIENT_SECRET_____"
    assert plain(hostvars[evil_host]["intune_device_name"]) == EVIL and plain(hostvars[evil_host]["label"]) == EVIL + "!"
    assert tenant.env["INTUNE_CLIENT_SECRET"] not in json.dumps(found)
    others = [variables["intune_device_name"] for host, variables in hostvars.items() if host != evil_host]
    assert all(isinstance(name, str) for name in others)
    assert hostvars[evil_host]["ansible_python_interpreter"] == "{{ ansible_playbook_python }}"


def test_case_69_a_device_is_chosen_by_its_name(inventory: Inventory) -> None:
    """--limit takes the name; of two devices with one name, both hosts exist, and neither has only the name."""
    ansible = inventory.ansible
    source = inventory.write("prod", platforms=["windows", "android"])
    tasks = [{"name": "Show", "ansible.builtin.debug": {"msg": "{{ intune_id }} {{ intune_predicted_outcome }}"}}]
    path = ansible.folder / "limited.yml"
    path.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    spares = [device["id"] for device in ansible.tenant.control.devices() if device["deviceName"] == "PHONE-SPARE"]
    assert len(spares) == 2
    expected = {
        "LT-BERLIN-014": [f"{ansible.tenant.control.device('LT-BERLIN-014')['id']} not_supported"],
        "PHONE-SPARE*": [f"{identity} unknown" for identity in spares],
        f"PHONE-SPARE_{spares[0][:8]}": [f"{spares[0]} unknown"],
    }
    for limit, messages in expected.items():
        play = Slice(ansible.folder, ansible.tenant).playbook(str(path), "-i", str(source), "--limit", limit)
        assert play.code == 0, play.output
        assert sorted(run.result["msg"] for run in play.tasks if run.name == "Show") == sorted(messages)


@pytest.mark.exhaustive
def test_a_source_that_fails_lists_nothing_and_says_why(inventory: Inventory) -> None:
    source = inventory.write("prod", timeout=5)
    done = inventory.run(source, "--list", INTUNE_CLIENT_SECRET="Swordfish")
    assert done.returncode != 0 and "AADSTS7000215" in done.stderr and "Swordfish" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr and '"hostvars"' not in done.stdout
    application = inventory.ansible.tenant.control.add_app(roles=["Group.Read.All"])
    done = inventory.run(source, "--list", INTUNE_CLIENT_ID=application["client_id"], INTUNE_CLIENT_SECRET=application["client_secret"])
    # ansible-core breaks warnings into lines before 2.18.
    told = " ".join(done.stderr.split())
    assert "intune_devices needs the application permission DeviceManagementManagedDevices.Read.All" in told


def test_the_example_lists_devices_and_so_does_its_required_line(inventory: Inventory) -> None:
    inventory.ansible.tenant.control.reset("fleet:40")
    options = yaml.safe_load(intune_devices.EXAMPLES)
    options.pop("plugin")
    for chosen in (options, {}):
        assert inventory.listed(inventory.write("example", **chosen))["_meta"]["hostvars"]


@pytest.mark.exhaustive
def test_two_slices_of_a_job_reset_each_device_once(inventory: Inventory) -> None:
    """A host for each device, in two independent jobs, as AWX slices them."""
    ansible, tenant = inventory.ansible, inventory.ansible.tenant
    tenant.control.reset("fleet:9")
    tenant.control.patch_device(tenant.control.devices()[0]["id"], deviceName=EVIL)
    exported = inventory.listed(inventory.write("prod", platforms=["windows", "android"], eligible=True), "--export")
    devices = {variables["intune_id"] for variables in exported["_meta"]["hostvars"].values()}
    tasks = [
        {
            "name": "Reset",
            "endpointops.intune.intune_device_passcode": {
                "devices": ["{{ intune_id }}"],
                "platforms": ["windows", "android"],
                "wait": False,
            },
            "delegate_to": "localhost",
        },
        {"name": "Name", "ansible.builtin.debug": {"msg": "{{ intune_device_name }}"}},
        # A module outside this collection also runs on the controller.
        {"name": "Ping", "ansible.builtin.ping": None},
    ]
    path = ansible.folder / "slice.yml"
    path.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    shares: list[set[str]] = []
    named: list[str] = []
    for number in (1, 2):
        script = in_awx(exported, number, 2, ansible.folder / "slice")
        play = Slice(ansible.folder, tenant).playbook(str(path), "-i", str(script))
        assert play.code == 0, play.output
        shares.append({identity for identity, resets in tenant.control.resets().items() if resets} - set().union(*shares))
        named += [run.result["msg"] for run in play.tasks if run.name == "Name"]
        assert tenant.env["INTUNE_CLIENT_SECRET"] not in play.output
    assert len(named) == len(devices) and EVIL in named
    assert devices and shares[0] and shares[1] and shares[0] | shares[1] == devices
    assert {len(resets) for resets in tenant.control.resets().values()} == {1}
