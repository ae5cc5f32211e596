# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module documents is what it takes and returns."""

from __future__ import annotations

import typing as t

import pytest
import yaml

from ansible_collections.endpointops.intune.plugins.doc_fragments import readiness as fragment
from ansible_collections.endpointops.intune.plugins.module_utils import _readiness_options
from ansible_collections.endpointops.intune.plugins.module_utils._hello.check_in import PolicyOnDevice
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import SETTINGS
from ansible_collections.endpointops.intune.plugins.module_utils._readiness import model
from ansible_collections.endpointops.intune.plugins.modules import intune_pin_policy, intune_pin_readiness_info
from tests.support.readiness_tasks import ALL_DEVICES, Given, Json, expect

RETURN = yaml.safe_load(intune_pin_readiness_info.RETURN)["readiness"]["contains"]
DOCUMENTED = yaml.safe_load(fragment.ModuleDocFragment.DOCUMENTATION)["options"]
OPTIONS = intune_pin_readiness_info.SPEC.argument_spec


@pytest.fixture(scope="module")
def readiness() -> Json:
    """Return a verdict with all parts filled."""
    given = Given()
    given.policy("PIN", assignments=[ALL_DEVICES])
    found, _asked = given.read(expect=expect(scope_tags=["Berlin"]), count_devices=True)
    of_device, _asked = given.read(device="LT-BERLIN-012")
    return {**found, "device": of_device["device"]}


@pytest.mark.parametrize(
    ("names", "shape"),
    [
        ((), model.ReadinessResult),
        (("levels",), model.LevelsResult),
        (("levels", "connected"), model.ConnectedResult),
        (("levels", "configured"), model.ConfiguredResult),
        (("levels", "arrived"), model.CountedResult),
        (("levels", "proven"), model.CountedResult),
        (("reasons",), model.ReasonResult),
        (("differs",), model.DifferenceResult),
        (("deployment",), model.DeploymentResult),
        (("devices",), model.DevicesResult),
        (("device",), model.DeviceReadinessResult),
        (("device", "policies"), PolicyOnDevice),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else "",
)
def test_the_return_values_have_the_documented_keys(readiness: Json, names: tuple[str, ...], shape: t.Any) -> None:
    documented, found = RETURN, readiness
    for name in names:
        documented, found = documented[name]["contains"], found[name]
    assert found
    for item in found if isinstance(found, list) else [found]:
        assert set(item) == set(shape.__annotations__) == set(documented)


def test_the_documented_codes_are_those_that_can_come_back() -> None:
    reasons = " ".join(RETURN["reasons"]["contains"]["code"]["description"])
    assert [code for code in t.get_args(model.ReasonCode) if code not in reasons] == []
    differences = " ".join(RETURN["differs"]["contains"]["code"]["description"])
    assert [code for code in t.get_args(model.DifferenceCode) if f"V({code})" not in differences] == []


def test_every_setting_can_be_expected() -> None:
    settings = OPTIONS["expect"]["options"]["settings"]["options"]
    assert list(settings) == list(DOCUMENTED["expect"]["suboptions"]["settings"]["suboptions"]) == [each.option for each in SETTINGS]
    assert settings["enable_pin_recovery"]["default"] is True
    assert intune_pin_policy.SPEC.argument_spec["enable_pin_recovery"].get("default") is None, "nothing is expected of that module"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(None, {"enable_pin_recovery": True}, id="nothing"),
        pytest.param({"enable_pin_recovery": None, "pin_history": 5}, {"pin_history": 5}, id="null is not compared"),
    ],
)
def test_pin_recovery_is_expected_where_no_setting_is_given(given: Json | None, expected: Json) -> None:
    task = _readiness_options.parse_expected(expect(settings=given), None)
    assert task.settings == expected and task.is_present


def test_the_return_value_is_the_same_in_check_mode() -> None:
    given = Given()
    given.policy()
    assert given.read(check=True)[0] == given.read()[0]
