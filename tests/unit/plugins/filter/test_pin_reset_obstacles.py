# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reasons to stop a run of the role, as its tasks ask for them. Each reason by itself is in test_summary.py."""

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


@pytest.mark.parametrize("given", [None, "text", ["a list"], 7])
def test_results_that_are_no_dictionary_are_refused(given):
    with pytest.raises(AnsibleFilterError, match="must get a dictionary"):
        find_obstacles(given)
