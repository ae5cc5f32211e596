# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.endpointops.intune.plugins.filter.pin_reset_on_device import FilterModule, judge_device
from tests.support.dsregcmd import possible, render

NAMES = ("status", "intune", "group_policy", "user_group_policy", "windows")


def results(**status: t.Any) -> dict[str, dict[str, t.Any]]:
    return {**{name: {"rc": 1, "stdout": "", "stderr": "x"} for name in NAMES}, "status": status}


def test_what_windows_prints_decides_and_not_the_exit_code() -> None:
    assert judge_device(results(rc=1, stdout=render(possible), failed=True))["non_destructive_reset"] is True


@pytest.mark.parametrize(
    "status",
    [{"skipped": True}, {"unreachable": True, "msg": "x"}, {"failed": True, "msg": "x"}, {"stdout": None, "rc": "0"}, {}],
    ids=["skipped", "unreachable", "failed", "of other types", "empty"],
)
def test_a_task_that_did_not_run_has_no_answer(status: dict[str, t.Any]) -> None:
    found = judge_device(results(**status))
    assert found["non_destructive_reset"] is None and [reason["code"] for reason in found["reasons"]] == ["dsregcmd_unread"]
    assert "exit code" not in found["reasons"][0]["message"]


@pytest.mark.parametrize(
    "given",
    [None, "x", [], {}, {"status": {}}, {**results(), "x": {}}, {**results(), "intune": "text"}],
    ids=["null", "text", "a list", "empty", "one", "one more", "text for a result"],
)
def test_anything_else_is_refused_with_what_to_give(given: t.Any) -> None:
    with pytest.raises(
        AnsibleFilterError, match="a dictionary with status, intune, group_policy, user_group_policy, windows. Each must be the regis"
    ):
        judge_device(given)


def test_the_filter_has_its_name() -> None:
    assert FilterModule().filters() == {"pin_reset_on_device": judge_device}
