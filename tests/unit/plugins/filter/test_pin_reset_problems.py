# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the check of the role's variables."""

from __future__ import annotations

import pathlib

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.endpointops.intune.plugins.filter.pin_reset_problems import FilterModule

KNOWN = ["pin_reset_assignments", "pin_reset_devices", "pin_reset_platforms", "pin_reset_results"]
ROOT = pathlib.Path(__file__).parents[4]
CHOICES = {"pin_reset_platforms": ["windows", "android"], "pin_reset_assignments": {"target": ["group", "all_users"]}}
find_problems = FilterModule().filters()["pin_reset_problems"]


def test_known_variables_are_no_problem():
    assert find_problems(KNOWN, KNOWN) == []


@pytest.mark.parametrize(
    ("name", "near"),
    [
        pytest.param("pin_reset_assignment", "pin_reset_assignments", id="case 61: a letter is missing"),
        ("pin_reset_assigments", "pin_reset_assignments"),
        ("pin_reset_device", "pin_reset_devices"),
        ("pin_reset_platfroms", "pin_reset_platforms"),
    ],
)
def test_an_unknown_variable_is_told_with_the_nearest_one(name, near):
    assert find_problems([name], KNOWN) == [f"{name} is not a variable of the role pin_reset. Did you mean {near}?"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        pytest.param("pin_reset_report_probe", "pin_reset_verify_probe", id="what it is comes last"),
        pytest.param("pin_reset_groups", "pin_reset_device_groups", id="a word is missing"),
        pytest.param("pin_reset_recover_users", "pin_reset_recover_user", id="a letter too many"),
        pytest.param("pin_reset_device", "pin_reset_devices", id="a slip, though pin_reset_on_device ends alike"),
        pytest.param("pin_reset_polcy_name", "pin_reset_policy_name", id="a slip in the first word"),
        pytest.param("pin_reset_sealed_dir", "pin_reset_sealed_directory", id="no other one ends alike"),
    ],
)
def test_of_all_variables_the_one_that_is_meant_is_told(name, meant):
    known = yaml.safe_load((ROOT / "roles" / "pin_reset" / "vars" / "main.yml").read_text(encoding="utf-8"))["__pin_reset_known"]
    assert find_problems([name], known)[0].endswith(f"Did you mean {meant}?")


def test_a_variable_like_none_of_the_roles_is_refused_with_the_reason():
    (problem,) = find_problems(["pin_reset_zzzz"], KNOWN)
    assert "Names that begin with pin_reset_ belong to the role" in problem


def test_problems_come_in_a_stable_order_and_each_once():
    assert find_problems(["pin_reset_b", "pin_reset_a", "pin_reset_b"], KNOWN) == find_problems(["pin_reset_a", "pin_reset_b"], KNOWN)


@pytest.mark.parametrize("value", [None, "", "windows, android", "windows,", [], ["windows", "android"]])
def test_lists_that_the_role_takes(value):
    assert find_problems([], KNOWN, {"pin_reset_platforms": value}, CHOICES) == []


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        ({"pin_reset_platforms": ["beos"]}, "pin_reset_platforms: 'beos' must be one of windows, android."),
        ({"pin_reset_platforms": "windows, beos"}, "pin_reset_platforms: 'beos' must be one of windows, android."),
        ({"pin_reset_platforms": 7}, "pin_reset_platforms: '7' must be one of windows, android."),
        ({"pin_reset_assignments": [{"target": "everybody"}]}, "pin_reset_assignments: 'everybody' must be one of group, all_users."),
        ({"pin_reset_assignments": [{"group": "A"}]}, "pin_reset_assignments: an entry has no target. It must be one of group, all_users."),
        ({"pin_reset_assignments": ["all_users"]}, "pin_reset_assignments: 'all_users' must be a dictionary, such as {target: all_users}."),
        (
            {"pin_reset_assignments": ["target=group"]},
            "pin_reset_assignments: 'target=group' must be a dictionary, such as {target: group}.",
        ),
        ({"pin_reset_assignments": [["group"]]}, "pin_reset_assignments: '['group']' must be a dictionary, such as {target: group}."),
        ({"pin_reset_assignments": 7}, "pin_reset_assignments: '7' must be a dictionary, such as {target: group}."),
        ({"pin_reset_assignments": [None]}, "pin_reset_assignments: 'None' must be a dictionary, such as {target: group}."),
        ({"pin_reset_platforms": [{"target": "windows"}]}, "pin_reset_platforms: '{'target': 'windows'}' must be one of windows, android."),
    ],
)
def test_an_entry_that_no_module_takes_is_told(lists, told):
    assert [problem.replace("\\'", "'") for problem in find_problems([], KNOWN, lists, CHOICES)] == [told]


MOVE = {"pin_reset_policy_replace_custom": True, "pin_reset_policy_backend": "custom"}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (MOVE, "Set pin_reset_policy_backend to settings_catalog"),
        ({**MOVE, "pin_reset_policy_replace_custom": "yes"}, "Set pin_reset_policy_backend to settings_catalog"),
        ({"pin_reset_sealed_directory": "/out", "pin_reset_seal_to": False}, "pin_reset_sealed_directory needs pin_reset_seal_to"),
        ({"pin_reset_approval_code": "4711"}, "pin_reset_approval_code must be a GUID, not '4711'."),
        ({"pin_reset_approval_code": 4711}, "pin_reset_approval_code must be a GUID, not '4711'."),
        ({"pin_reset_approval_justification": "x" * 2000}, "pin_reset_approval_justification must have at most"),
        ({"pin_reset_policy_settings": False}, "pin_reset_policy_settings must be a dictionary, not text."),
        ({"pin_reset_policy_settings": "False"}, "pin_reset_policy_settings must be a dictionary, not text."),
        ({"pin_reset_reset_since": "yesterday"}, "pin_reset_reset_since must be a timestamp, not 'yesterday'."),
    ],
)
def test_a_value_that_a_later_step_would_refuse_is_told_before(values, told):
    (problem,) = find_problems([], KNOWN, values=values)
    assert told in problem


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"pin_reset_policy_replace_custom": True},
        {"pin_reset_policy_settings": True},
        {**MOVE, "pin_reset_policy_backend": "settings_catalog"},
        {**MOVE, "pin_reset_policy_replace_custom": "false"},
        {"pin_reset_sealed_directory": "/out", "pin_reset_seal_to": True},
        {"pin_reset_approval_code": "", "pin_reset_approval_justification": None, "pin_reset_reset_since": ""},
        {"pin_reset_approval_code": "6e4a0e0b-5c1f-4d19-9f5b-1f5b7a3c2d10", "pin_reset_reset_since": "2026-01-31T08:00:00Z"},
    ],
)
def test_values_that_the_role_takes(values):
    assert find_problems([], KNOWN, values=values) == []


@pytest.mark.parametrize("names", ["pin_reset_devices", None, 7])
def test_names_that_are_no_list_are_refused(names):
    with pytest.raises(AnsibleFilterError, match="must get a list"):
        find_problems(names, KNOWN)
