# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the reasons to stop a run of the role, as its tasks request them. Each single reason is in test_summary.py."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.endpointops.intune.plugins.filter.pin_reset_obstacles import FilterModule

find_obstacles = FilterModule().filters()["pin_reset_obstacles"]
LACKING = {"connection": {"client_id": "app-1", "permissions": {"m": {"missing": ["W"], "missing_in_check_mode": []}}}}
UNKNOWN_GROUP = {"code": "unresolved", "option": None, "message": "No such group."}
UNREAD = {"code": "policies_unread", "level": "configured", "state": "unknown", "message": "Not read.", "hint": "Grant it."}
BEFORE = {"readiness": {"ready": None, "reasons": [UNREAD], "differs": [UNKNOWN_GROUP]}}


def test_permissions_are_asked_for_the_modules_that_are_named():
    assert "lacks permissions: W." in find_obstacles({"connection": LACKING}, ["m"])[0]
    assert find_obstacles({"connection": LACKING}, ["m"], check=True) == find_obstacles({"connection": LACKING}) == []


def test_names_matter_before_the_policy_is_written():
    assert find_obstacles({"before": BEFORE}) == []
    assert find_obstacles({"before": BEFORE}, writes=True) == ["No such group."]


def test_readiness_matters_at_the_end():
    assert find_obstacles({"before": BEFORE}, ends=True) == ["Not read. Grant it.", "No such group."]
    assert find_obstacles({"before": BEFORE}, ends=True, must_know=False) == ["No such group."]


NOT_ASSIGNED = {"code": "not_assigned", "level": "configured", "state": "no", "message": "For nobody.", "hint": ""}
FOR_NOBODY = {"before": {"readiness": {"ready": False, "reasons": [NOT_ASSIGNED], "differs": []}}}


@pytest.mark.parametrize("no", [False, "false", "no", "False", "0"])
@pytest.mark.parametrize("yes", [True, "true", "yes", "True", "1"])
def test_booleans_may_be_text_as_a_survey_gives_them(yes, no):
    assert find_obstacles(FOR_NOBODY, writes=yes, assigns=no, allow_unassigned=no)
    assert not find_obstacles(FOR_NOBODY, writes=yes, assigns=no, allow_unassigned=yes)
    assert not find_obstacles(FOR_NOBODY, writes=no, ends=no, assigns=no)
    assert find_obstacles(FOR_NOBODY, ends=yes, allow_unassigned=no) == ["For nobody."]
    assert not find_obstacles(FOR_NOBODY, ends=yes, allow_unassigned=yes)


# --- before the policy is removed -----------------------------------------------------------------------------------

OURS = {
    "name": "Hello PIN",
    "backend": "custom",
    "settings": {"enable_pin_recovery": True},
    "user_settings": {},
    "assignments": [{"target": "all_devices"}],
}
OFF = {**OURS, "name": "Off", "settings": {"enable_pin_recovery": False}}
ALIEN = {**OURS, "name": "Alien", "backend": None, "settings": {}, "user_settings": {"enable_pin_recovery": True}, "assignments": []}
MISSING = {"code": "missing", "option": "name", "expected": "PIN", "message": "There is no policy."}


def seen(*policies, differs=(MISSING,), connected="yes"):
    return {"seen": {"readiness": {"policies": policies, "differs": differs, "levels": {"connected": {"state": connected}}}}}


@pytest.mark.parametrize("connected", ["yes", "unknown"])
def test_a_name_that_no_policy_has_stops_offboarding_where_others_turn_pin_recovery_on(connected):
    (told,) = find_obstacles(seen(OURS, OFF, ALIEN, connected=connected))
    assert "No policy named 'PIN' of either type" in told and "'Hello PIN' (assigned to all devices), 'Alien' (assigned to nobody)" in told
    assert "Set pin_reset_policy_name to the name of one of them" in told and "--tags preflight,consent" in told and "'Off'" not in told


def test_a_policy_that_the_role_cannot_remove_is_not_one_to_name():
    (told,) = find_obstacles(seen(ALIEN))
    assert "'Alien'" in told and "pin_reset_policy_name" not in told and "The role does not remove policies of their type" in told


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(seen(), id="no policy"),
        pytest.param(seen(OFF), id="none that turns it on"),
        pytest.param(seen(OURS, differs=()), id="the name exists"),
        pytest.param(seen(OURS, connected="no"), id="nothing to disconnect"),
        pytest.param({"before": seen(OURS)["seen"]}, id="another entry point"),
    ],
)
def test_nothing_else_stops_offboarding(given):
    assert find_obstacles(given) == []


@pytest.mark.parametrize("given", [None, "text", ["a list"], 7])
def test_results_that_are_no_dictionary_are_refused(given):
    with pytest.raises(AnsibleFilterError, match="must get a dictionary"):
        find_obstacles(given)
