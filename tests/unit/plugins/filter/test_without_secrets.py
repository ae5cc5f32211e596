# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test results without their secrets."""

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.filter.without_secrets import FilterModule

drop_secrets = FilterModule().filters()["without_secrets"]


def test_secrets_are_dropped_wherever_they_are_and_the_rest_stays():
    item = {"device": "D", "passcode": "hunter2", "sealed_passcode": "-----BEGIN CMS-----"}
    given = {
        "devices": {"results": [item, {"device": "E", "passcode": None}], "summary": {"total": 2}},
        "users": ({"temporary_access_pass": "x"},),
    }
    assert drop_secrets(given) == {
        "devices": {"results": [{"device": "D", "sealed_passcode": "-----BEGIN CMS-----"}, {"device": "E"}], "summary": {"total": 2}},
        "users": [{}],
    }
    assert item["passcode"] == "hunter2", "the results themselves are not changed"


@pytest.mark.parametrize("value", [None, "text", 7, [], {}, True])
def test_anything_else_stays_as_it_is(value):
    assert drop_secrets(value) == value
