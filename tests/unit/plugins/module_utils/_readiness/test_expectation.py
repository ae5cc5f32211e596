# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the expected policy with that of the emulated tenant: the differences equal those of intune_pin_policy in check mode."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.modules import intune_pin_policy
from tests.support.readiness_tasks import ALL_DEVICES, Given, Json, expect

PILOT = {**ALL_DEVICES, "target": "group", "group": "Pilot ring"}
PHONES = {**ALL_DEVICES, "target": "exclude_group", "group": "Helpdesk phones"}
LAPTOPS = {**ALL_DEVICES, "filter": "Corporate laptops"}
ON = {"enable_pin_recovery": True}


def differs(tenant: Given, **wanted: t.Any) -> list[tuple[str, str | None]]:
    found, _asked = tenant.read(expect=expect(**wanted), rollout="none")
    assert all(difference["message"] for difference in found["differs"]) and found["problems"] == []
    return [(difference["code"], difference["option"]) for difference in found["differs"]]


@pytest.fixture(scope="module", params=["custom", "settings_catalog"])
def tenant(request: pytest.FixtureRequest) -> Given:
    """Return a tenant with a policy of this backend."""
    found = Given()
    found.policy("PIN", request.param, assignments=[PILOT, PHONES], minimum_pin_length=6, description="Ours", scope_tags=["Berlin"])
    return found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param({}, [], id="PIN recovery, and nothing else"),
        pytest.param({"settings": {**ON, "minimum_pin_length": 6}, "description": "Ours", "scope_tags": ["Berlin"]}, [], id="all as it is"),
        pytest.param({"settings": {"enable_pin_recovery": False}}, [("different", "enable_pin_recovery")], id="another value"),
        pytest.param({"settings": {**ON, "pin_history": 5}}, [("different", "pin_history")], id="a setting that is not set"),
        pytest.param({"description": "Theirs"}, [("different", "description")], id="another description"),
        pytest.param({"scope_tags": []}, [("different", "scope_tags")], id="the default tag"),
        pytest.param({"assignments": [PILOT, PHONES]}, [], id="the same assignments"),
        pytest.param({"assignments": [PILOT]}, [("different", "assignments")], id="one assignment too many"),
        pytest.param({"assignments": [PILOT], "purge_assignments": False}, [], id="others do not matter"),
        pytest.param({"assignments": [LAPTOPS]}, [("different", "assignments")], id="other assignments"),
        pytest.param({"assignments": [{**PILOT, "group": "Pilot rings"}]}, [("unresolved", None)], id="a group that does not exist"),
        pytest.param({"settings": {**ON, "maximum_pin_length": 5}}, [("unresolved", None)], id="a contradiction to what is there"),
        pytest.param({"name": "Other"}, [("missing", "name")], id="a policy that does not exist"),
        pytest.param({"scope": "user"}, [("different", "enable_pin_recovery")], id="for users"),
    ],
)
def test_differences(tenant: Given, wanted: Json, found: list[t.Any]) -> None:
    assert differs(tenant, **wanted) == found


def test_an_expectation_that_cannot_be_met_says_what_to_do_and_nothing_of_changes(tenant: Given) -> None:
    """The task writes nothing, so only the task that writes reports whether it changed something."""
    found, _asked = tenant.read(expect=expect(assignments=[{**PILOT, "group": "Pilot rings"}]), rollout="none")
    (message,) = (each["message"] for each in found["differs"])
    assert "'Pilot rings'" in message and "use its ID" in message and "Nothing was changed" not in message


def test_groups_filters_and_tags_are_named(tenant: Given) -> None:
    found, _asked = tenant.read(expect=expect(assignments=[LAPTOPS], scope_tags=[]), rollout="none")
    targets, tags = found["differs"]
    assert [(each["target"], each["group"], each["filter"]) for each in targets["current"]] == [
        ("exclude_group", "Helpdesk phones", None),
        ("group", "Pilot ring", None),
    ]
    assert [(each["target"], each["filter"], each["filter_type"]) for each in targets["expected"]] == [
        ("all_devices", "Corporate laptops", "include")
    ]
    assert (tags["current"], tags["expected"]) == (["Berlin"], ["Default"])
    assert "Pilot ring, except Helpdesk phones" in targets["message"]


def test_either_backend_is_found_and_another_than_the_expected_one_differs() -> None:
    """Case 56: after a move to the settings catalog."""
    tenant = Given()
    tenant.policy("PIN", "settings_catalog")
    assert differs(tenant) == differs(tenant, backend="settings_catalog") == []
    assert differs(tenant, backend="custom") == [("different", "backend")]


def test_policies_of_one_name_are_not_compared() -> None:
    tenant = Given()
    tenant.policy("PIN", "settings_catalog")
    other = tenant.policy("Other", "custom")
    tenant.tenant.configurations[other].display_name = "PIN"
    assert differs(tenant) == [("several", "name")]


def test_a_hidden_value_is_compared_where_intune_reveals_it_and_else_told() -> None:
    tenant = Given()
    tenant.policy("PIN", "custom", dynamic_lock_plugins="<rule/>")
    wanted = {**ON, "dynamic_lock_plugins": "<rule/>"}
    assert differs(tenant, settings=wanted) == []
    assert differs(tenant, settings={**ON, "dynamic_lock_plugins": "<other/>"}) == [("different", "dynamic_lock_plugins")]
    tenant.tenant.settings.patch({"plain_text_value": "refuse"})
    assert differs(tenant, settings=wanted) == [("hidden", "dynamic_lock_plugins")]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"name": " "}, "name is blank"),
        ({"settings": {"minimum_pin_length": 3}}, "minimum_pin_length must be from 4 to 127"),
        ({"settings": {"minimum_pin_length": 8, "maximum_pin_length": 6}}, "Windows would use neither"),
        ({"assignments": [{**ALL_DEVICES, "group": "Pilot ring"}]}, "takes no group"),
        ({"backend": "settings_catalog", "settings": {"disable_post_logon_provisioning": True}}, "not in Intune's settings catalog"),
        ({"scope": "user", "settings": {"use_biometrics": True}}, "for the device only"),
    ],
)
def test_an_expectation_that_no_policy_can_meet_is_refused_before_anything_is_sent(wanted: Json, message: str) -> None:
    tenant = Given()
    with pytest.raises(errors.InvalidOptionError, match=message):
        tenant.read(expect=expect(**{"name": "PIN", **wanted}))
    assert tenant.sent == []


SETTINGS = st.fixed_dictionaries(
    {"enable_pin_recovery": st.booleans()},
    optional={
        "use_passport_for_work": st.booleans(),
        "minimum_pin_length": st.integers(4, 6),
        "maximum_pin_length": st.integers(6, 8),
        "digits": st.sampled_from(["allowed", "required"]),
    },
)
TARGETS = st.none() | st.lists(st.sampled_from([PILOT, ALL_DEVICES, LAPTOPS]), unique_by=lambda each: each["target"], max_size=2)
TASKS = st.fixed_dictionaries(
    {"settings": SETTINGS, "assignments": TARGETS, "purge_assignments": st.booleans(), "description": st.sampled_from([None, "", "New"])}
)


@settings(max_examples=15)
@given(TASKS, TASKS)
def test_a_policy_differs_exactly_where_check_mode_would_change_it(made: Json, wanted: Json) -> None:
    tenant = Given()
    tenant.policy("PIN", **{name: value for name, value in made.items() if name != "settings"}, **made["settings"])
    task = {name: value for name, value in wanted.items() if name != "settings"}
    outcome = tenant.run(intune_pin_policy, check=True, name="PIN", backend="settings_catalog", **task, **wanted["settings"])
    assert bool(differs(tenant, **wanted)) is outcome.changed
