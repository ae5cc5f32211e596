# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the inventory plugin in Ansible's inventory manager, over the emulated tenant behind a fake wire."""

from __future__ import annotations

import contextlib
import json
import pathlib
import re
import typing as t

import hypothesis
import pytest
import yaml
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.utils.display import Display
from hypothesis import strategies as st
from intune_emulator.control.planted_devices import plant_device
from intune_emulator.state.devices import Device

from ansible_collections.endpointops.intune.plugins.inventory import intune_devices
from ansible_collections.endpointops.intune.plugins.module_utils import _module
from ansible_collections.endpointops.intune.plugins.module_utils._argspec import CONNECTION
from ansible_collections.endpointops.intune.plugins.module_utils._devices import eligibility
from ansible_collections.endpointops.intune.plugins.module_utils._errors import MissingLibraryError
from ansible_collections.endpointops.intune.plugins.module_utils._guid import NIL
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.support.emulated import Emulated
from tests.support.fakes import answer, error
from tests.support.inventory import NAME, load


def deep(depth: int) -> t.Any:
    value: t.Any = "x"
    for _level in range(depth):
        value = [value]
    return value


PATH = "/beta/deviceManagement/managedDevices"
EVIL = "{{ lookup('ansible.builtin.pipe', 'echo it-ran') }}"


class Wire(Emulated):
    """``after``: the number of requests before the service refuses all."""

    after = 1000

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        return self.ask(request) if len(self.sent) <= self.after else error(403)


class Source:
    """A file, and its tenant. ``params`` are the arguments of the last connection."""

    def __init__(self, folder: pathlib.Path, wire: Wire) -> None:
        self.folder = folder
        self.wire = wire
        self.connections: list[t.Mapping[str, t.Any]] = []

    @contextlib.contextmanager
    def connected(self, params: t.Mapping[str, t.Any]) -> t.Iterator[t.Any]:
        self.connections.append(params)
        yield self.wire.world().client

    def parse(
        self, inventory: InventoryData | None = None, *, refresh: bool = False, given: t.Any = None, **options: t.Any
    ) -> InventoryData:
        path = self.folder / "x.intune_devices.yml"
        path.write_text(yaml.safe_dump({"plugin": NAME, **(given or {}), **options}, sort_keys=False), encoding="utf-8")
        inventory = inventory or InventoryData()
        plugin = load()
        assert plugin.verify_file(str(path))
        plugin.parse(inventory, DataLoader(), str(path), cache=not refresh)
        if getattr(plugin, "_cache", None):
            plugin.update_cache_if_changed()
        return inventory

    def refusal(self, given: t.Any = None, **options: t.Any) -> str:
        inventory = InventoryData()
        with pytest.raises(AnsibleError) as caught:
            self.parse(inventory, given=given, **options)
        assert not inventory.hosts
        return str(caught.value)

    def names(self, **options: t.Any) -> set[str]:
        return {host.vars["intune_device_name"] for host in self.parse(**options).hosts.values()}


@pytest.fixture
def source(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    source = Source(tmp_path, Wire("demo"))
    monkeypatch.setattr(_module, "connect", source.connected)
    return source


def of(inventory: InventoryData, name: str) -> t.Any:
    return next(host for host in inventory.hosts.values() if host.vars["intune_device_name"] == name)


def test_each_device_is_one_host(source: Source) -> None:
    inventory = source.parse()
    devices = {device.id: device.get("deviceName") for device in source.wire.tenant.devices}
    assert {host.vars["intune_id"] for host in inventory.hosts.values()} == set(devices) and len(inventory.hosts) == len(devices) > 20
    for host in inventory.hosts.values():
        assert host.vars["intune_device_name"] == devices[host.vars["intune_id"]]
        assert host.vars["ansible_connection"] == "local"
        assert host.vars["ansible_python_interpreter"] == "{{ ansible_playbook_python }}"


def test_the_verdict_is_a_host_variable(source: Source) -> None:
    inventory = source.parse(platforms=["windows", "android"])
    assert of(inventory, "PHONE-HELPDESK-01").vars["intune_eligible"] is True
    old = of(inventory, "LT-ARCHIVE-001").vars
    assert (old["intune_eligible"], old["intune_reason"]) == (False, "build_too_old") and "10.0.15063" in old["intune_message"]


def test_eligible_chooses(source: Source) -> None:
    every, good, others = (source.names(**options) for options in ({}, {"eligible": True}, {"eligible": False}))
    assert good and others and not good & others and good | others == every


def test_a_group_stands_for_the_devices_of_its_members(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(tmp_path, Wire("fleet:300"))
    monkeypatch.setattr(_module, "connect", source.connected)
    pilot = source.names(device_groups=["Fleet pilot"])
    assert 0 < len(pilot) < 300 == len(source.names())
    assert "There is no group named 'Nobody'" in source.refusal(device_groups=["Nobody"])
    assert "No device is meant" in source.refusal(device_groups=[])


def test_case_2_a_device_of_another_user_is_left_out_of_a_group_and_told(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda self, text, *_more, **_options: told.append(text))
    before = source.names(device_groups=["Field service"])
    device = next(device for device in source.wire.tenant.devices if device.get("deviceName") == "PHONE-FIELD-02")
    user = device.get("userPrincipalName")
    other = "aaaaaaaa-0000-4000-8000-000000000001"
    plant_device(source.wire.tenant, {"deviceName": "STALE", "userPrincipalName": user, "userId": other})
    assert source.names(device_groups=["Field service"]) == before
    assert [text for text in told if "does not include STALE (" in text]


# --- names of hosts and groups --------------------------------------------------------------------------------------


def rename(source: Source, *names: str | None) -> list[str]:
    """Rename the first devices, and return their IDs."""
    devices = list(source.wire.tenant.devices)[: len(names)]
    for device, name in zip(devices, names, strict=True):
        device.change({"deviceName": name})
    source.wire.tenant.devices.forget_results()
    return [device.id for device in devices]


def host_of(inventory: InventoryData, identity: str) -> t.Any:
    (host,) = [host for host in inventory.hosts.values() if host.vars.get("intune_id") == identity]
    return host


def test_case_69_a_host_has_the_name_of_its_device(source: Source) -> None:
    inventory = source.parse()
    assert inventory.hosts["LT-BERLIN-014"].vars["intune_device_name"] == "LT-BERLIN-014"
    assert inventory.hosts["O_Brien_s_phone"].vars["intune_device_name"] == "O'Brien's phone"


@pytest.mark.parametrize(
    ("hostnames", "expected"),
    [
        (["id"], lambda own: own["id"]),
        (["serial_number"], lambda own: own["serialNumber"]),
        (["managed_device_name", "id"], lambda own: f"{own['managedDeviceName']}_{own['id'][:8]}"),
        (["user_principal_name"], lambda own: own["userPrincipalName"].replace("@", "_") + "_" + own["id"][:8]),
        (["azure_ad_device_id"], lambda own: own["azureADDeviceId"]),
    ],
    ids=lambda value: "case 69: " + ", ".join(value) if isinstance(value, list) else "",
)
def test_the_first_property_with_a_value_gives_the_name(source: Source, hostnames: list[str], expected: t.Callable[..., str]) -> None:
    device = list(source.wire.tenant.devices)[3]
    assert host_of(source.parse(hostnames=hostnames), device.id).name == expected(device.own)


def test_case_69_a_property_without_a_value_gives_no_name(source: Source) -> None:
    device = list(source.wire.tenant.devices)[3]
    device.change({"serialNumber": "To be filled by O.E.M.", "userPrincipalName": ""})
    name = device.get("deviceName")
    assert host_of(source.parse(hostnames=["serial_number", "user_principal_name", "device_name"]), device.id).name == name
    assert host_of(source.parse(hostnames=["serial_number"]), device.id).name == device.id


def test_case_69_two_devices_of_a_name_both_stay_under_names_that_never_change(source: Source) -> None:
    first, second = rename(source, "TWIN", "twin")
    for options in ({}, {"filters": [{"include": "intune_device_name == 'twin'"}, {"exclude": True}]}):
        inventory = source.parse(**options)
        assert "TWIN" not in inventory.hosts and "twin" not in inventory.hosts
        assert host_of(inventory, second).name == f"twin_{second[:8]}"
    assert host_of(source.parse(), first).name == f"TWIN_{first[:8]}"
    tenant = source.wire.tenant
    tenant.devices = type(tenant.devices)(tenant.clock.now)
    assert not source.parse().hosts


@pytest.mark.parametrize(
    "name", ["localhost", "LOCALHOST", "127.0.0.1", "all", "ungrouped", "server1", "webservers", "resettable", "of_all"]
)
def test_case_69_a_name_with_another_meaning_gets_a_suffix(source: Source, name: str) -> None:
    (identity,) = rename(source, name)
    inventory = InventoryData()
    inventory.add_group("webservers")
    inventory.add_host("server1", "webservers")
    source.parse(
        inventory,
        groups={"resettable": "true"},
        keyed_groups=[{"prefix": "", "separator": "", "key": "'of_all'"}],
    )
    assert host_of(inventory, identity).name == f"{name}_{identity[:8]}"
    assert "ansible_connection" not in inventory.hosts["server1"].vars
    assert inventory.localhost is None and not set(inventory.hosts) & set(inventory.groups)


@pytest.mark.parametrize("key", ["localhost", "all", "ungrouped", "server1"])
def test_case_69_no_group_has_a_name_with_another_meaning(source: Source, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda self, text, *_more, **_options: told.append(text))
    (identity,) = rename(source, key)
    inventory = InventoryData()
    inventory.add_host("server1")
    source.parse(inventory, keyed_groups=[{"prefix": "", "separator": "", "key": "intune_device_name"}], groups={"localhost": "true"})
    groups = {group.name for group in host_of(inventory, identity).groups}
    assert groups >= {"localhost_group", f"{key}_group"}
    assert {"localhost", "server1"}.isdisjoint(inventory.groups) and not inventory.groups["ungrouped"].get_hosts()
    (warning,) = told
    assert "'localhost' is 'localhost_group'" in warning


def test_case_69_a_group_that_would_contain_itself_does_not_end_the_task(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda self, text, *_more, **_options: told.append(text))
    rename(source, "phones", "laptops", "tablets")
    plain = {"prefix": "", "separator": "", "key": "intune_device_name"}
    keyed = [{**plain, "parent_group": parent} for parent in ("phones", "laptops", "all", "{{ intune_platform }}")]
    inventory = source.parse(strict=True, keyed_groups=keyed)
    inventory.reconcile_inventory()
    assert [text for text in told if "'phones' in 'phones'" in text and "not in their parent_group" in text]
    assert "tablets" in {group.name for group in inventory.groups["phones"].child_groups}
    assert "all_group" not in inventory.groups, "every group is in all"
    assert {group.name for group in inventory.groups["windows"].child_groups} >= {"LT_BERLIN_014", "tablets"}


def test_a_device_of_an_earlier_source_keeps_its_host(source: Source) -> None:
    inventory = source.parse(hostnames=["serial_number"], compose={"first": "1"})
    hosts = set(inventory.hosts)
    source.parse(inventory, compose={"second": "2"})
    assert set(inventory.hosts) == hosts
    assert all({"first", "second"} <= set(host.vars) for host in inventory.hosts.values())


def test_a_server_that_is_linked_to_a_device_stays_a_server(source: Source) -> None:
    (identity,) = rename(source, "server1")
    inventory = InventoryData()
    inventory.set_variable(inventory.add_host("server1"), "intune_id", identity)
    source.parse(inventory)
    assert "ansible_connection" not in inventory.hosts["server1"].vars and f"server1_{identity[:8]}" in inventory.hosts


HOSTILE = st.one_of(
    st.sampled_from(
        [
            *("localhost", "LocalHost", "127.0.0.1", "::1", "all", "ungrouped", "server1", "web", "good", "parent", "../../etc/passwd"),
            *("-i", "@file", "~x", "!x", "&x", "*", "a[1:3]", "a,b", "a:b", "{{ x }}", EVIL, "\u202ex", "\u3164", "", " ", "x" * 400),
            *("071a79a0-b681-52cd-a363-11aaffd1bf10", "A", "a", "a_071a79a0", "ＬＯＣＡＬＨＯＳＴ"),
        ]
    ),
    st.text(max_size=12),
)


@hypothesis.settings(max_examples=60, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(st.lists(HOSTILE, min_size=1, max_size=8), st.sampled_from(["", "p"]))
def test_case_69_no_name_of_a_device_harms_the_inventory(source: Source, names: list[str], prefix: str) -> None:
    devices = [{"id": f"071a79a0-b681-52cd-a363-{number:012x}", "deviceName": name} for number, name in enumerate(names)]
    found = []
    for order in (devices, devices[::-1]):
        source.wire.send = lambda request, order=order: answer(200, {"value": order})  # type: ignore[method-assign]  # one answer for all
        inventory = InventoryData()
        inventory.add_group("web")
        server = inventory.add_host("server1", "web")
        keyed = [{"prefix": prefix, "separator": "", "key": "intune_device_name", "parent_group": parent} for parent in ("parent", "all")]
        source.parse(inventory, strict=False, groups={"good": "true"}, keyed_groups=keyed)
        inventory.reconcile_inventory()
        assert not {"ansible_connection", "intune_id"} & set(inventory.hosts[server].vars)
        ours = {host.vars["intune_id"]: name for name, host in inventory.hosts.items() if name != server}
        assert set(ours) == {device["id"] for device in devices}
        assert len({name.lower() for name in inventory.hosts}) == len(devices) + 1
        assert all(re.fullmatch(r"[\w.-]{1,250}", name) and name[0] not in ".-" for name in ours.values())
        assert {name.lower() for name in ours.values()}.isdisjoint({"localhost", "127.0.0.1", "::1", "all", "ungrouped"})
        assert set(inventory.groups).isdisjoint([*inventory.hosts, "localhost"]) and inventory.localhost is None
        assert {host.name for host in inventory.groups["good"].get_hosts()} == set(ours.values())
        found.append(ours)
    assert found[0] == found[1], "names do not depend on the order"


@pytest.mark.parametrize("groups", [[0o12345], [True], ["Fleet", 1.5]], ids=["case 3: an octal number", "yes", "one of two"])
def test_a_group_that_is_not_text_is_refused(source: Source, groups: t.Any) -> None:
    assert "is not text" in source.refusal(device_groups=groups) and "Put it in quotes" in source.refusal(device_groups=groups)


def test_case_1_a_group_that_is_the_nil_guid_is_refused(source: Source) -> None:
    assert "is the nil GUID" in source.refusal(device_groups=["00000000-0000-0000-0000-000000000000"])


def test_the_first_filter_that_holds_decides(source: Source) -> None:
    phones = source.names(filters=[{"include": "intune_device_name is match('PHONE-HELPDESK')"}, {"exclude": True}])
    assert phones == {"PHONE-HELPDESK-01", "PHONE-HELPDESK-02", "PHONE-HELPDESK-03"}
    others = source.names(filters=[{"exclude": "intune_device_name is match('PHONE-HELPDESK')"}])
    assert others == source.names() - phones
    assert source.names(filters=[{"exclude": "false"}, {"include": False}]) == source.names()


def test_hosts_get_groups_and_variables_of_their_own(source: Source) -> None:
    inventory = source.parse(
        strict=True,
        compose={"label": "intune_device_name ~ '!'"},
        groups={"phones": "label is match('PHONE-')"},
        keyed_groups=[{"prefix": "platform", "key": "intune_platform"}],
    )
    phone = of(inventory, "PHONE-HELPDESK-01")
    assert phone.vars["label"] == "PHONE-HELPDESK-01!"
    assert {group.name for group in phone.groups} >= {"phones", f"platform_{phone.vars['intune_platform']}"}
    assert "phones" not in {group.name for group in of(inventory, "LT-BERLIN-014").groups}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"keyed_group": []}, "has no option keyed_group"),
        ({"eligable": True, "plattforms": []}, "has no option eligable and no option plattforms"),
        ({"filters": [{"include": "nope"}]}, "filters: include: nope: 'nope' is undefined"),
        ({"filters": [{"include": True, "exclude": True}]}, "mutually exclusive: include|exclude"),
        ({"eligible": "\u202eno"}, "\\u202eno"),
        ({"x\x1b[2J": 1}, "has no option x\\x1b[2J"),
        ({"filters": [{"include": "a\u202eb"}]}, "filters: include: a\\u202eb"),
        ({"filters": [{}]}, "one of the following is required: include, exclude"),
        ({"strict": True, "groups": {"x": "nope"}}, "nope"),
        ({"client_id": "{{ nope }}"}, "client_id could not be templated: 'nope' is undefined"),
        ({"timeout": "soon"}, "timeout"),
        ({7: 1, None: 2, "x": 3}, "has no option 7 and no option None and no option x"),
        ({"filters": [{"include": deep(25)}]}, "filters must not have more than 20 lists or dictionaries in each other"),
        ({"device_groups": deep(25)}, "device_groups must not have more than 20 lists or dictionaries in each other"),
    ],
    ids=str,
)
def test_a_wrong_file_is_explained_and_leaves_no_host(source: Source, options: dict[str, t.Any], told: str) -> None:
    assert told in source.refusal(options)


def test_a_number_without_end_is_refused(source: Source) -> None:
    """Older releases of ansible-core refuse it themselves, and name the option."""
    told = source.refusal({"timeout": 10**400})
    assert "An option has a value that no option takes (OverflowError)." in told or "retrieving timeout:\nint too large" in told


def test_a_wrong_value_is_told_without_secrets(source: Source) -> None:
    told = source.refusal(client_secret="Swordfish", filters=[{"include": "x", "Swordfish": 1}])
    assert "Swordfish" not in told and "Supported parameters include" in told
    told = source.refusal(client_secret="{{ Swordfish }}")
    assert "Swordfish" not in told and "client_secret could not be templated." in told


def test_a_read_that_breaks_off_leaves_no_host(source: Source) -> None:
    """Ansible continues without a failed source: a part of the devices would look like all of them."""
    inventory = InventoryData()
    other = inventory.add_host("other")
    source.wire.tenant.settings.patch({"page_size": 10})
    source.wire.after = 1
    with pytest.raises(AnsibleParserError, match="403"):
        source.parse(inventory)
    assert len(source.wire.sent) == 2 and list(inventory.hosts) == [other]


class TestStrangeAnswers:
    """Unexpected responses, which a proxy or a later version of the service may send."""

    @pytest.fixture
    def second(self, source: Source) -> Device:
        """Return the second device, which the test changes. Another source already has a host."""
        return list(source.wire.tenant.devices)[1]

    @pytest.mark.parametrize("identity", ["localhost", "other", "all", "platform_windows", "", "[1:3]", NIL, NIL.replace("-", ""), None])
    def test_what_is_no_id_becomes_no_host(self, source: Source, second: Device, identity: str | None) -> None:
        second.change({"id": identity})
        inventory = InventoryData()
        inventory.add_host("other")
        with pytest.raises(AnsibleParserError, match="must be (a GUID|an ID)"):
            source.parse(inventory, keyed_groups=[{"prefix": "platform", "key": "intune_platform"}])
        assert set(inventory.hosts) == {"other"} and inventory.hosts["other"].vars.keys() <= {"inventory_file", "inventory_dir"}

    def test_a_version_of_thousands_of_digits_is_not_known(self, source: Source, second: Device) -> None:
        change = {"operatingSystem": "Windows", "osVersion": "9" * 5000, "joinType": "azureADJoined", "managedDeviceOwnerType": "company"}
        second.change(change)
        assert of(source.parse(), second.get("deviceName")).vars["intune_reason"] == "build_unknown"

    def test_a_list_of_something_else_is_refused(self, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(source.wire, "send", lambda request: answer(200, {"value": [{"id": "x"}, "y"]}))
        assert "value[1] must be an object, not a text" in source.refusal()

    def test_an_error_of_any_kind_leaves_no_host(self, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
        verdicts = iter([eligibility.Verdict(True)])
        monkeypatch.setattr(eligibility, "evaluate", lambda *_args: next(verdicts))
        inventory = InventoryData()
        with pytest.raises(AnsibleParserError, match="StopIteration at inventory/intune_devices.py"):
            source.parse(inventory)
        assert not inventory.hosts

    def test_a_device_that_is_told_twice_is_as_it_was_at_first(self, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
        first = {"id": "071a79a0-b681-52cd-a363-11aaffd1bf10", "deviceName": "FIRST"}
        monkeypatch.setattr(source.wire, "send", lambda request: answer(200, {"value": [first, {**first, "deviceName": "AGAIN"}]}))
        assert source.names() == {"FIRST"}


def test_a_missing_library_is_named(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    def connected(params: t.Any) -> t.Any:
        raise MissingLibraryError("msal")

    monkeypatch.setattr(_module, "connect", connected)
    assert "Failed to import the required Python library (msal)" in source.refusal()


def test_options_are_those_of_a_module(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "INTUNE_TENANT_ID": "ours",
        "AZURE_TENANT_ID": "late",
        "INTUNE_CLIENT_ID": "",
        "AZURE_CLIENT_ID": "azure",
        "INTUNE_CLIENT_SECRET": "",
        "INTUNE_CLOUD": "china",
        "SECRET_OF_MINE": "s3cret",
    }.items():
        monkeypatch.setenv(name, value)
    source.parse(client_secret="{{ lookup('env', 'SECRET_OF_MINE') }}", authority_url="", timeout=7)
    (params,) = source.connections
    assert {name: params[name] for name in ("tenant_id", "client_id", "client_secret", "cloud", "authority_url", "timeout")} == {
        "tenant_id": "ours",
        "client_id": "azure",
        "client_secret": "s3cret",
        "cloud": "china",
        "authority_url": None,
        "timeout": 7.0,
    }


def rewrite(folder: pathlib.Path, spoil: t.Callable[[t.Any], None]) -> None:
    """Change the devices in the only file of the cache."""
    (file,) = folder.glob("cache/*")
    content = json.loads(file.read_text())
    # Since ansible-core 2.19 the devices are JSON in JSON.
    devices = json.loads(content["__payload__"]) if isinstance(content, dict) else content
    spoil(devices)
    file.write_text(json.dumps({**content, "__payload__": json.dumps(devices)} if isinstance(content, dict) else devices))


class TestCache:
    @pytest.fixture
    def cached(self, source: Source, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[..., InventoryData]:
        monkeypatch.setenv("INTUNE_TENANT_ID", "t1")

        def parse(**options: t.Any) -> InventoryData:
            return source.parse(cache_plugin="jsonfile", cache_connection=str(tmp_path / "cache"), **options)

        return parse

    def test_devices_are_read_once_and_evaluated_again(self, source: Source, cached: t.Callable[..., InventoryData]) -> None:
        first, second = (cached(**{"cache": True, "platforms": [platform]}) for platform in ("windows", "android"))
        assert len(source.connections) == 1 and set(first.hosts) == set(second.hosts)
        assert [of(found, "PHONE-HELPDESK-01").vars["intune_eligible"] for found in (first, second)] == [True, False]

    def test_it_is_asked_for(self, source: Source, cached: t.Callable[..., InventoryData], tmp_path: pathlib.Path) -> None:
        cached(), cached()
        assert len(source.connections) == 2 and not list(tmp_path.glob("cache/*"))

    def test_what_is_read_depends_on(self, source: Source, cached: t.Callable[..., InventoryData], monkeypatch: pytest.MonkeyPatch) -> None:
        cached(cache=True)
        monkeypatch.setenv("INTUNE_TENANT_ID", "t2")
        cached(cache=True)
        assert len(source.connections) == 2

    def test_a_refresh_reads_again(self, source: Source, cached: t.Callable[..., InventoryData]) -> None:
        cached(cache=True)
        next(iter(source.wire.tenant.devices)).change({"deviceName": "RENAMED"})
        source.wire.tenant.devices.forget_results()
        assert of(cached(refresh=True, cache=True), "RENAMED") and len(source.connections) == 2
        assert of(cached(cache=True), "RENAMED") and len(source.connections) == 2

    def test_it_holds_no_action_results(self, source: Source, cached: t.Callable[..., InventoryData], tmp_path: pathlib.Path) -> None:
        cached(cache=True)
        (file,) = tmp_path.glob("cache/*")
        text = file.read_text(encoding="utf-8")
        assert "PHONE-HELPDESK-01" in text and "passcode" not in text.lower()

    @pytest.mark.parametrize(
        "spoil",
        [
            pytest.param(lambda devices: devices[0].update(device_name=[EVIL]), id="case 37: a list"),
            pytest.param(lambda devices: devices[0].update(device_name={"a": EVIL}), id="case 37: a dictionary"),
            pytest.param(lambda devices: devices[0].update(device_name=7), id="case 37: a number"),
            pytest.param(lambda devices: devices[0].update(os_version=True), id="case 37: a boolean"),
            pytest.param(lambda devices: devices[0].update(id="localhost"), id="case 37: the ID of a host"),
            pytest.param(lambda devices: devices[0].update(id=None), id="case 37: no ID"),
            pytest.param(lambda devices: devices[0].update(actions=[{"passcode": EVIL}]), id="case 37: action results"),
            pytest.param(lambda devices: devices[0].update(ansible_connection="local"), id="case 37: another member"),
            pytest.param(lambda devices: devices[0].pop("serial_number"), id="case 37: a member less"),
            pytest.param(lambda devices: devices.append("x"), id="case 37: no device"),
            pytest.param(lambda devices: devices.append(None), id="case 37: null"),
        ],
    )
    def test_what_others_wrote_into_it_is_not_used(
        self, source: Source, cached: t.Callable[..., InventoryData], tmp_path: pathlib.Path, spoil: t.Callable[[t.Any], None]
    ) -> None:
        found = cached(cache=True)
        rewrite(tmp_path, spoil)
        again = cached(cache=True)
        assert len(source.connections) == 2 and set(again.hosts) == set(found.hosts) and EVIL not in str(vars(again))

    @pytest.mark.skipif(intune_devices.trust_as_template is None, reason="before ansible-core 2.19 no text is trusted")
    def test_a_text_that_the_cache_trusts_is_no_template(
        self, source: Source, cached: t.Callable[..., InventoryData], tmp_path: pathlib.Path
    ) -> None:
        """case 37: since ansible-core 2.19, a cache records that a text is trusted as a template."""
        tags = [{"__ansible_type": "TrustedAsTemplate"}]
        trusted = {"__ansible_type": "_AnsibleTaggedStr", "value": EVIL, "tags": tags}
        cached(cache=True)
        rewrite(tmp_path, lambda devices: devices[0].update(device_name=trusted))
        (host,) = [host for host in cached(cache=True).hosts.values() if host.vars["intune_device_name"] == EVIL]
        assert len(source.connections) == 1, "the cache was used"
        assert Templar(DataLoader()).template(host.vars["intune_device_name"]) == EVIL

    @pytest.mark.parametrize("content", ['{"a": "b"}', '"text"', "null", "7", "[[]]"])
    def test_a_cache_of_something_else_is_not_used(
        self, source: Source, cached: t.Callable[..., InventoryData], tmp_path: pathlib.Path, content: str
    ) -> None:
        found = cached(cache=True)
        (file,) = tmp_path.glob("cache/*")
        file.write_text(content)
        assert set(cached(cache=True).hosts) == set(found.hosts) and len(source.connections) == 2


def test_what_the_service_says_is_no_template(monkeypatch: pytest.MonkeyPatch) -> None:
    """Since ansible-core 2.19, only a trusted string can be a template; before, only one without a mark."""
    trusted: list[str] = []
    # Without its cache, which has marks of other tests.
    monkeypatch.setattr(intune_devices, "mark_template", intune_devices.mark_template.__wrapped__)
    monkeypatch.setattr(intune_devices, "trust_as_template", lambda value: trusted.append(value) or value)
    evil = "{{ lookup('ansible.builtin.env', 'HOME') }}"
    values = [evil, "{% x %}", "#jinja2: variable_start_string: '('", "plain", None, True]
    assert [intune_devices.mark_data(value) for value in values] == values
    assert trusted == ["plain"]
    monkeypatch.setattr(intune_devices, "trust_as_template", None)
    marked: list[str] = []
    monkeypatch.setattr(intune_devices, "wrap_var", lambda value: marked.append(value) or value)
    assert [intune_devices.mark_data(value) for value in values] == values
    assert marked == values[:3]
    assert intune_devices.mark_template("{{ x }}") == "{{ x }}"


def test_the_options_are_documented_as_they_are() -> None:
    told = yaml.safe_load(intune_devices.DOCUMENTATION)["options"]
    own = {name: option for name, option in intune_devices.SPEC.items() if name not in CONNECTION}
    assert set(told) == {"plugin", *own}
    for name, spec in own.items():
        assert {key: told[name].get(key) for key in ("type", "elements", "choices", "default")} == {
            key: spec.get(key) for key in ("type", "elements", "choices", "default")
        }
        assert set(told[name].get("suboptions", ())) == set(spec.get("options", ()))


def test_the_suffix_tells_whose_file_it_is(tmp_path: pathlib.Path) -> None:
    plugin = load()
    for name, ours in {"a.intune_devices.yaml": True, "intune_devices.yml": True, "devices.yml": False}.items():
        path = tmp_path / name
        path.touch()
        assert plugin.verify_file(str(path)) is ours
    assert not plugin.verify_file(str(tmp_path / "missing.intune_devices.yml"))


def test_devices_share_the_values_that_they_have_in_common() -> None:
    one, other = (intune_devices.mark_data({"system": "".join(["Win", "dows"]), "name": name}) for name in ("A", "B"))
    assert one["system"] is other["system"] and (one["system"], one["name"]) == ("Windows", "A")


@pytest.mark.parametrize("value", [pytest.param([EVIL], id="case 37: list"), pytest.param({"a": [EVIL]}, id="case 37: dictionary"), EVIL])
def test_data_is_never_a_template(value: t.Any) -> None:
    marked = intune_devices.mark_data(value)
    assert marked == value and Templar(DataLoader()).template(marked) == value
