# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._probe.registry import judge_registry


@pytest.mark.parametrize(
    ("rec", "use", "gpo", "user_rec", "codes"),
    [
        pytest.param("1", "1", "-", "-", [], id="on for the device"),
        pytest.param("1", "-", "-", "-", [], id="Hello is on by default"),
        pytest.param("-", "-", "-", "1", [], id="on for the user"),
        pytest.param("0", "1", "-", "1", [], id="that for the user wins"),
        pytest.param("?", "1", "-", "1", [], id="that for the user is enough"),
        pytest.param("1", "1", "-", "0", ["pin_recovery_off"], id="off for the user"),
        pytest.param("0", "1", "-", "-", ["pin_recovery_off"], id="off for the device"),
        pytest.param("-", "-", "-", "-", ["policy_not_arrived"], id="no policy"),
        pytest.param("-", "0", "-", "-", ["hello_off", "policy_not_arrived"], id="Hello off, and no recovery"),
        pytest.param("1", "0", "-", "-", ["hello_off"], id="Hello off"),
        pytest.param("1", "1", "0", "1", ["group_policy"], id="a group policy beats Intune's"),
        pytest.param("-", "0", "0", "-", ["group_policy"], id="a group policy beats what is missing"),
        pytest.param("-", "0", "1", "0", [], id="on by a group policy"),
        pytest.param("?", "1", "-", "-", ["registry_unread"], id="the device's could not be asked"),
        pytest.param("1", "1", "-", "?", ["registry_unread"], id="the user's could not be asked"),
        pytest.param("1", "?", "-", "-", ["registry_unread"], id="Hello could not be asked"),
        pytest.param("1", "1", "?", "-", ["registry_unread"], id="the group policy could not be asked"),
        pytest.param("-", "1", "?", "-", ["policy_not_arrived", "registry_unread"], id="a fact, and one that could not be asked"),
        pytest.param("2", "1", "-", "-", ["registry_unread"], id="a value that is not known"),
    ],
)
def test_what_the_registry_explains(rec: str, use: str, gpo: str, user_rec: str, codes: list[str]) -> None:
    assert [reason.code for reason in judge_registry(rec, use, gpo, user_rec)] == codes


@pytest.mark.parametrize("values", list(itertools.product("01-?", repeat=4)), ids="".join)
def test_a_value_that_could_not_be_asked_is_never_a_no(values: tuple[str, str, str, str]) -> None:
    """Only a present or a missing value is a separate reason."""
    rec, use, gpo, user_rec = values
    codes = {reason.code for reason in judge_registry(rec, use, gpo, user_rec)}
    assert "group_policy" not in codes or gpo == "0"
    assert "hello_off" not in codes or use == "0"
    assert "pin_recovery_off" not in codes or "0" in (rec, user_rec)
    assert "policy_not_arrived" not in codes or (rec, user_rec) == ("-", "-")
    assert "registry_unread" not in codes or "?" in values
