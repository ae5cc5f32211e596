# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the permissions that an application gets, and the effect of strong ones."""

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils import _permissions as permissions
from ansible_collections.endpointops.intune.plugins.module_utils._application.powers import (
    ELEVATING,
    REVEALING,
    STRONG,
    describe_power,
    list_needed,
    validate_powers,
)

READ = "DeviceManagementConfiguration.Read.All"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(([], [], [], []), [], id="nothing"),
        pytest.param((["intune_device_info"], [], [], []), ["DeviceManagementManagedDevices.Read.All"], id="a module"),
        pytest.param(([], [], ["groups"], ["Z.Read.All"]), ["GroupMember.Read.All", "Z.Read.All"], id="a lookup and a further one"),
        pytest.param(
            (["intune_pin_policy", "intune_pin_policy_info"], [], [], []),
            ["DeviceManagementConfiguration.ReadWrite.All"],
            id="to write includes to read",
        ),
    ],
)
def test_the_least_are_listed(given: tuple[list[str], ...], expected: list[str]) -> None:
    assert list_needed(*given) == expected


def test_no_entry_point_needs_one_that_can_take_over_the_tenant() -> None:
    for entry_point in permissions.ENTRY_POINTS:
        validate_powers(list_needed([], [entry_point], list(permissions.LOOKUPS), []), ())


@pytest.mark.parametrize("name", ELEVATING)
def test_one_that_can_is_forced_by_its_name_alone(name: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match=name):
        validate_powers([READ, name], [other for other in ELEVATING if other != name])
    validate_powers([READ, name], [name])


def test_one_that_reads_a_secret_is_explained() -> None:
    assert "can read a new passcode" in (describe_power("DeviceManagementManagedDevices.Read.All") or "")
    validate_powers(list(REVEALING), ())


def test_every_permission_to_write_that_a_module_needs_is_explained() -> None:
    needed = {row[0] for rows in permissions.MODULES.values() for row in rows}
    writing = {name for name in needed if ".Read." not in name}
    assert writing <= set(ELEVATING) | set(STRONG) and all(describe_power(name) for name in writing)
    assert describe_power(READ) is None
