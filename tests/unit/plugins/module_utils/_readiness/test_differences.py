# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from hypothesis import given

from ansible_collections.endpointops.intune.plugins.module_utils._directory.display_names import Names
from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import Assignment
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import Policy
from ansible_collections.endpointops.intune.plugins.module_utils._hello.terms import MODULE_TERMS, ROLE_TERMS
from ansible_collections.endpointops.intune.plugins.module_utils._readiness import differences
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.differences import compare
from tests.support.policies import values_for
from tests.support.readiness import DEVICES, G1, G2, ON

FILTER = "bbbbbbbb-0000-4000-8000-000000000001"
NAMES = Names({G1: "Pilot ring", G2: "Helpdesk phones"}, {FILTER: "Laptops"}, {"0": "Default", "1": "Berlin"})
PLAIN = Policy("PIN", settings=dict(ON), assignments=(DEVICES,), id="p-1")
PILOT = (Assignment("exclude_group", G2), Assignment("group", G1, FILTER, "include"))


def shown(**values: t.Any) -> list[tuple[str, str | None, t.Any, t.Any]]:
    found = compare(PLAIN, dataclasses.replace(PLAIN, **values), NAMES, MODULE_TERMS)
    return [(each.code, each.option, each.current, each.expected) for each in found]


def target(kind: str, group: str | None = None, filter_: str | None = None) -> dict[str, t.Any]:
    return {"target": kind, "group": group, "filter": filter_, "filter_type": "include" if filter_ else None}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"settings": {**ON, "pin_history": 8}}, [("different", "pin_history", None, 8)], id="a setting that is not set"),
        pytest.param({"settings": {"enable_pin_recovery": False}}, [("different", "enable_pin_recovery", True, False)], id="another value"),
        pytest.param({"settings": {}}, [("different", "enable_pin_recovery", True, None)], id="a setting too many"),
        pytest.param({"description": "New"}, [("different", "description", "", "New")], id="the description"),
        pytest.param({"scope_tags": ("0", "1")}, [("different", "scope_tags", ["Default"], ["Berlin", "Default"])], id="scope tags"),
        pytest.param({"scope_tags": ("7",)}, [("different", "scope_tags", ["Default"], ["7"])], id="a scope tag without a name"),
        pytest.param(
            {"assignments": PILOT},
            [
                (
                    "different",
                    "assignments",
                    [target("all_devices")],
                    [target("exclude_group", "Helpdesk phones"), target("group", "Pilot ring", "Laptops")],
                )
            ],
            id="assignments",
        ),
        pytest.param({"assignments": ()}, [("different", "assignments", [target("all_devices")], [])], id="no assignments"),
    ],
)
def test_each_option_that_differs(values: dict[str, t.Any], expected: list[t.Any]) -> None:
    assert shown(**values) == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"settings": {**ON, "minimum_pin_length": 8}},
            "The policy 'PIN' has nothing for 'minimum_pin_length' of intune_pin_policy; 8 is expected.",
        ),
        (
            {"settings": {"enable_pin_recovery": False}},
            "The policy 'PIN' has true for 'enable_pin_recovery' of intune_pin_policy; false is expected.",
        ),
        (
            {"assignments": PILOT},
            "The policy 'PIN' has all devices for 'assignments' of intune_pin_policy; Pilot ring (filter Laptops, include), except "
            "Helpdesk phones is expected.",
        ),
        ({"assignments": ()}, "The policy 'PIN' has all devices for 'assignments' of intune_pin_policy; nothing is expected."),
        (
            {"settings": {**ON, "web_sign_in_allowed_urls": ("a.test", "b.test")}},
            "The policy 'PIN' has nothing for 'web_sign_in_allowed_urls' of intune_pin_policy; a.test, b.test is expected.",
        ),
    ],
)
def test_a_difference_in_a_sentence(values: dict[str, t.Any], message: str) -> None:
    (found,) = compare(PLAIN, dataclasses.replace(PLAIN, **values), NAMES, MODULE_TERMS)
    assert found.message == message and found.describe()["message"] == message


def test_the_words_are_those_of_the_caller() -> None:
    desired = dataclasses.replace(PLAIN, settings={**ON, "minimum_pin_length": 8}, assignments=())
    told = " ".join(found.message for found in compare(PLAIN, desired, NAMES, ROLE_TERMS))
    assert "pin_reset_policy_settings.minimum_pin_length" in told and "pin_reset_assignments" in told and "intune_pin" not in told


def test_a_policy_that_does_not_exist_or_several() -> None:
    missing = differences.report_missing("PIN", ROLE_TERMS)
    assert (missing.code, missing.option, missing.current, missing.expected) == ("missing", "name", None, "PIN")
    assert missing.message == "There is no policy named 'PIN'. Run endpointops.intune.onboard, which creates it."
    several = differences.report_several("PIN", ["a", "b"])
    assert (several.code, several.current) == ("several", ["a", "b"]) and "(a, b)" in several.message
    backend = differences.report_backend("PIN", "custom", "settings_catalog", MODULE_TERMS)
    assert (backend.code, backend.option, backend.current, backend.expected) == ("different", "backend", "custom", "settings_catalog")


@given(values_for("device"), values_for("device"))
def test_a_policy_differs_exactly_in_the_settings_that_differ(before: dict[str, t.Any], after: dict[str, t.Any]) -> None:
    current, desired = (dataclasses.replace(PLAIN, settings=settings) for settings in (before, after))
    differing = {name for name in {**before, **after} if before.get(name) != after.get(name)}
    assert {found.option for found in compare(current, desired, NAMES, MODULE_TERMS)} == differing
