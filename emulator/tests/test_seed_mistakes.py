# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test mistakes in a seed file: each reports line, value, and allowed values; none causes half a tenant, or a traceback."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from emulator_support.client import Client
from emulator_support.seed_files import NAME, SCHOOL, fill
from intune_emulator.control.seed_document import SeedFileError
from intune_emulator.state.keys import Keys

USERS = "users:\n  - name: ada\n"
DEVICES = "devices:\n  - name: PHONE\n    "
GROUPS = "groups:\n  - name: Staff\n    members:\n      "
POLICIES = "policies:\n  - surface: custom\n    name: P\n    "
APPLICATIONS = "applications:\n  - name: Tool\n    "
GUID = "11111111-2222-4333-8444-555555555555"


def mistakes(text: str, keys: Keys) -> list[str]:
    """Return the lines of the error about a file."""
    with pytest.raises(SeedFileError) as refused:
        fill(text, keys)
    return str(refused.value).splitlines()


SECTIONS = [
    ("- a\n", "1:1: the file must be a mapping, not a list"),
    ("extends: demos\n", "1:10: unknown seed 'demos'. Did you mean 'demo'? Seeds: empty, demo, helpdesk or fleet:N (N up to 1000000)"),
    ("extends: other.yml\n", "1:10: unknown seed 'other.yml'."),
    ("extends: fleet:2000000\n", "1:10: unknown seed 'fleet:2000000'."),
    ("extends: 5\n", "1:10: extends must be a text, not the number 5. Put it in quotes"),
    ("device: []\n", "1:1: unknown key 'device'. Did you mean 'devices'?"),
    ("zzz: 1\n", "1:1: unknown key 'zzz'. It must be one of extends, clock, preset, settings, "),
    ("devices: {name: A}\n", "1:10: devices must be a list, not a mapping"),
    ("devices:\n", "1:9: devices must be a list, not nothing"),
    ("devices: [A]\n", "1:11: an item of devices must be a mapping, not 'A'"),
    ("preset: throtled\n", "1:9: unknown preset 'throtled'. Did you mean 'throttled'? Presets: "),
    ("preset: ''\n", "1:9: unknown preset ''."),
    ("clock:\n  now: yesterday\n", "2:8: now must be an ISO 8601 date-time such as 2026-01-05T10:00:00Z, not 'yesterday'"),
    ("clock:\n  now: 9999-01-01T00:00:00Z\n", "2:8: the clock must be in the years 1990 to 2199"),
    ("clock:\n  now: 0001-01-01T00:00:00+14:00\n", "2:8: now must be an ISO 8601 date-time"),
    ("clock:\n  frozen: yes\n", "2:11: frozen must be true or false, not 'yes'"),
    ("clock:\n  rate: 2\n", "2:3: unknown key of the clock 'rate'. It must be one of now, frozen"),
    ("settings:\n  page_sice: 3\n", "2:3: unknown setting 'page_sice'. Did you mean 'page_size'?"),
    ("settings:\n  zzz: 3\n", "2:3: unknown setting 'zzz'. It must be one of those that GET /_emulator/settings returns"),
    ("settings:\n  page_size: many\n", "2:14: setting 'page_size' must be a whole number, 0 to 1000000000, not 'many'"),
    ("settings:\n  page_size: 1.5\n", "2:14: setting 'page_size' must be a whole number"),
    ("settings:\n  action_delay: 1e999\n", "2:17: setting 'action_delay' must be a number, 0 to"),
    ("settings:\n  quota: 1\n", "2:10: setting 'quota' must be true or false, not 1"),
    ("settings:\n  consent: maybe\n", "2:12: setting 'consent' must be one of allow, "),
    ("faults:\n  - match: {method: POST}\n    fault: {kind: nothing}\n", "3:12: fault must have a kind, one of "),
    ("faults:\n  - match: {path: '['}\n    fault: {kind: html}\n", "2:12: path of match must be a regular expression, not '[': "),
    ("faults:\n  - fault: {kind: html}\n    times: often\n", "3:12: times must be a whole number, 0 or more, not 'often'"),
    (
        "faults:\n  - fault: {kind: html}\n    when: now\n",
        "3:5: unknown key of a fault 'when'. It must be one of match, skip, every, times, fault",
    ),
    ("access_pass_policy: {state: on}\n", "1:29: Invalid value for property 'state'."),
    ("consents: [a]\n", "1:12: a consent must be one of b8456c59-1230-44c7-a4a2-99b085333e84, "),
]
OBJECTS = [
    ("users:\n  - jobTitle: x\n", "2:5: the user must have a name"),
    (USERS + "    jobTitel: x\n", "3:5: unknown key of a user 'jobTitel'. Did you mean 'jobTitle'?"),
    (USERS + "  - name: ada\n", "3:11: name must be unique: the tenant has a user 'ada'"),
    ("users: [{name: ada@contoso.com}]\n", "1:16: name must be the part before the @, not 'ada@contoso.com'"),
    ("users: [{name: ' '}]\n", "1:16: name must be a text, not ' '"),
    (USERS + "    roles: Global Administrator\n", "3:12: roles must be a list, not 'Global Administrator'"),
    ("devices:\n  - platform: ios\n", "2:5: the device must have a name"),
    (DEVICES + "zzz: x\n", "3:5: unknown key of a device 'zzz'. It must be one of name, platform, user, "),
    (DEVICES + "serialNumer: x\n", "3:5: unknown key of a device 'serialNumer'. Did you mean 'serialNumber'?"),
    (DEVICES + "deviceActionResults: []\n", "3:5: unknown key of a device 'deviceActionResults'."),
    (DEVICES + "serialNumber: 0123\n", None),
    (DEVICES + "serialNumber: 123\n", "3:19: serialNumber must be a text, not the number 123. Put it in quotes"),
    (
        DEVICES + "joinType: azureAdJoined\n",
        "3:15: joinType must be one of azureADJoined, azureADRegistered, hybridAzureADJoined, unknown, not 'azure",
    ),
    (DEVICES + "platform: beos\n", "3:15: platform must be one of windows, windows_10, "),
    (DEVICES + "ownership: mine\n", "3:16: ownership must be one of company, personal, unknown, not 'mine'"),
    (DEVICES + "user: ada\n", "3:11: The tenant has no user 'ada'."),
    (USERS + DEVICES + "user: adda\n", "5:11: The tenant has no user 'adda'. Did you mean 'ada'?"),
    (DEVICES + "id: 5a\n", "3:9: id must be a GUID, not '5a'"),
    (DEVICES + f"id: {GUID}\n  - name: B\n    id: {GUID}\n", f"5:9: id {GUID} is that of another device"),
    (DEVICES + f"id: {GUID}\n    enrolls_after: 5\n  - name: B\n    id: {GUID.upper()}\n", f"6:9: id {GUID} is that of another device"),
    (DEVICES + "outcome: fine\n", "3:14: outcome must be one of done, failed, "),
    (DEVICES + "visible: -1\n", "3:14: visible must be a number of seconds, 0 to 1000000000, not -1"),
    (DEVICES + "enrolls_after: 1e12\n", "3:20: enrolls_after must be a number of seconds"),
    (DEVICES + "terminal: 1e999\n", "3:15: terminal is too large"),
    (DEVICES + "lastSyncDateTime: monday\n", "3:23: lastSyncDateTime must be an ISO 8601 date-time"),
    (DEVICES + "script_result: {exit_code: high}\n", "3:20: wrong value of 'exit_code': 'high'"),
    (DEVICES + "platform: ios\n    script_result: x\n", "4:20: "),
    ("groups: [{description: x}]\n", "1:10: the group must have a name"),
    (GROUPS + "devices: [PHONE]\n", "4:17: The tenant has no device 'PHONE'."),
    (DEVICES + "user:\n", "3:10: user must be a text, not nothing"),
    (DEVICES + "notes: x\n" + GROUPS + "devices: [PHONES]\n", "7:17: The tenant has no device 'PHONES'. Did you mean 'PHONE'?"),
    (
        DEVICES + "notes: x\n  - name: PHONE\n" + GROUPS + "devices: [PHONE]\n",
        "8:17: 'PHONE' matches 2 objects of the kind device. Use one of the IDs ",
    ),
    (GROUPS + "users: [ada]\n", "4:15: The tenant has no user 'ada'."),
    (
        USERS + GROUPS + "users: [ada, ada@contoso.onmicrosoft.com]\n",
        "6:20: the user 'ada@contoso.onmicrosoft.com' is already a member of the group",
    ),
    (GROUPS + "groups: [Stuff]\n", "4:16: The tenant has no group 'Stuff'. Did you mean 'Staff'?"),
    (GROUPS + "groups: [Staff]\n", "4:15: a group cannot be a member of itself"),
    (GROUPS + "printers: [x]\n", "4:7: unknown key 'printers'. It must be one of devices, users, groups"),
    ("policies: [{name: P}]\n", "1:12: the policy must have a surface"),
    ("policies: [{surface: gpo, name: P}]\n", "1:22: "),
    ("policies: [{surface: custom}]\n", "1:12: a policy needs a name"),
    (
        POLICIES + "assignments: [everybody]\n",
        "4:19: a target must be one of all_devices, all_users, or a mapping with group or exclude, not 'everybody'",
    ),
    (POLICIES + "assignments: [{group: Staff}]\n", "4:27: The tenant has no group 'Staff'."),
    (POLICIES + "assignments: [{group: A, exclude: B}]\n", "4:27: a target has one of "),
    (POLICIES + "assignments: [{all_devices: , filter: F}]\n", "4:43: The tenant has no filter 'F'."),
    (
        POLICIES + "assignments: [{'@odata.type': '#microsoft.graph.groupAssignmentTarget', groupId: x}]\n",
        "4:19: GroupId 'x' is not a valid Guid.",
    ),
    (POLICIES + "assignments: [{all_devices: , filter_type: odd}]\n", "4:48: filter_type needs a filter"),
    ("extends: demo\n" + POLICIES + "assignments: [{all_users: , filter: Corporate laptops, filter_type: odd}]\n", "5:19: "),
    (POLICIES + "states: {PHONE: succeeded}\n", "4:21: The tenant has no device 'PHONE'."),
    (POLICIES + "values: {omaSettings: [1]}\n", "4:13: "),
    ("policies:\n  - surface: identity_protection\n    name: P\n    values: {pinRecovery: true}\n", "4:13: "),
    (APPLICATIONS + "permissions: [Device.Read.Al]\n", "3:19: unknown permission 'Device.Read.Al'. Did you mean 'Device.Read.All'?"),
    (APPLICATIONS + "client_id: tool\n", "3:16: client_id must be a GUID, not 'tool'"),
    (APPLICATIONS + f"client_id: {GUID}\n  - name: B\n    client_id: {GUID}\n", f"5:16: client_id {GUID} is that of another application"),
    (APPLICATIONS + "client_id: 00000003-0000-0000-c000-000000000000\n", "3:16: client_id 00000003-0000-0000-c000-000000000000 is that of"),
    (APPLICATIONS + "secret: 12345678\n", "3:13: secret must be a text. Put it in quotes"),
    (APPLICATIONS + "secret: ''\n", "3:13: secret must be a text that is not blank"),
    (APPLICATIONS + "secret_valid_days: 1e9\n", "3:24: secret_valid_days must be a number of days, -36500 to 36500, not "),
]


@pytest.mark.parametrize(("text", "told"), SECTIONS + OBJECTS)
def test_a_mistake_is_told_with_its_place(text: str, told: str | None, keys: Keys) -> None:
    if told is None:
        fill(text, keys)
        return
    (line,) = mistakes(text, keys)
    assert line.startswith(f"{NAME}:{told}"), line


def test_all_mistakes_of_a_section_are_told(keys: Keys) -> None:
    text = "extends: demo\n" + DEVICES.replace("PHONE\n    ", "A\n    user: x1\n  - name: B\n    user: x2\n")
    assert [line.split(": ")[0] for line in mistakes(text, keys)] == [f"{NAME}:4:11", f"{NAME}:6:11"]


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value."""
    yield path
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from places(value, (*path, key))


def replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    data = copy.copy(data)
    data[path[0]] = replaced(data[path[0]], path[1:], value)
    return data


ODD = [None, True, -1, 0, 1.5, 1e15, 10**40, "", "odd", "\u00e9", [], [None], ["odd"], [[]], {}, {"odd": None}, {"odd": ["odd"]}]
EXAMPLE = yaml.safe_load(
    SCHOOL.replace("2026-01-05T10:00:00Z", "'2026-01-05T10:00:00Z'").replace("2025-12-24T08:00:00+01:00", "'2025-12-24'")
)


FEW = [None, "odd", {"odd": ["odd"]}]


@pytest.mark.parametrize("values", [FEW, pytest.param(ODD, marks=pytest.mark.exhaustive)], ids=["few", "all"])
@pytest.mark.parametrize("path", list(places(EXAMPLE)), ids=lambda path: ".".join(map(str, path)) or "file")
def test_any_other_value_is_used_or_refused_with_its_place(path: tuple[Any, ...], values: list[Any], keys: Keys) -> None:
    """A value of another kind anywhere makes a tenant that responds, or an error about a line of the file."""
    for value in values:
        text = json.dumps(replaced(EXAMPLE, path, value), indent=1)
        try:
            tenant = fill(text, keys)
        except SeedFileError as refused:
            assert all(line.startswith(f"{NAME}:") for line in str(refused).splitlines()), (value, str(refused))
            continue
        if path[:1] == ("faults",):
            continue
        client = Client(tenant)
        for read in ("deviceManagement/managedDevices", "groups", "users", "applications", "deviceManagement/deviceConfigurations"):
            version = "beta" if read.startswith("deviceManagement") else "v1.0"
            assert client.get(f"/{version}/{read}").status_code == 200, (path, value, read)
