# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test reading and writing remediations in the format of Microsoft Graph."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import Assignment
from ansible_collections.endpointops.intune.plugins.module_utils._probe.model import (
    Found,
    Schedule,
    Target,
    decode,
    parse_found,
    parse_schedule,
    parse_target,
)

PREFIX = "#microsoft.graph.deviceHealthScript"
EVERYBODY = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}


def test_what_graph_leaves_out_is_the_default():
    assert parse_found({"id": "1"}) == Found(id="1", name="", run_as_account="", scope_tags=())


def test_a_package_with_a_remediation_script_says_so():
    assert parse_found({"id": "1", "remediationScriptContent": "ZXhpdCAw"}).is_remediating
    assert not parse_found({"id": "1", "remediationScriptContent": ""}).is_remediating


@pytest.mark.parametrize("script", [b"\xff\xfe>?", b"exit 0", b"\xef\xbb\xbfexit"])
def test_both_alphabets_of_base64_are_read(script):
    assert decode(base64.b64encode(script).decode()) == decode(base64.urlsafe_b64encode(script).decode()) == script


@pytest.mark.parametrize("content", [None, "", "no base64!", "YQ", "ü"])
def test_what_is_no_base64_cannot_be_read(content):
    assert decode(content) is None


@pytest.mark.parametrize(
    ("wire", "schedule"),
    [
        (
            {"@odata.type": f"{PREFIX}DailySchedule", "interval": 1, "time": "18:00:00.0000000", "useUtc": False},
            Schedule("daily", 1, "18:00:00"),
        ),
        ({"@odata.type": f"{PREFIX}DailySchedule", "time": "18:00:00", "useUtc": True}, Schedule("daily", 1, "18:00:00", True)),
        ({"@odata.type": f"{PREFIX}HourlySchedule", "interval": 8}, Schedule("hourly", 8)),
        ({"@odata.type": f"{PREFIX}HourlySchedule", "interval": 8, "time": "00:00:00", "useUtc": True}, Schedule("hourly", 8)),
        (
            {"@odata.type": f"{PREFIX}RunOnceSchedule", "interval": 0, "date": "2026-12-01", "time": "08:00:00", "useUtc": True},
            Schedule("once", 1, "08:00:00", True, "2026-12-01"),
        ),
        ({"@odata.type": f"{PREFIX}WeeklySchedule", "interval": 2}, Schedule(f"{PREFIX}WeeklySchedule", 2)),
        (None, None),
    ],
    ids=["daily", "daily, no interval", "hourly", "hourly with a time", "once", "unknown", "none"],
)
def test_schedules_are_read(wire, schedule):
    assert parse_schedule(wire) == schedule
    if schedule is not None and schedule.is_known:
        assert parse_schedule(schedule.render()) == schedule, "and written"


def test_a_schedule_is_shown_as_the_options_have_it():
    shown = {"repeat": "daily", "interval": 2, "time": "09:30", "date": None, "use_utc": False}
    assert Schedule("daily", 2, "09:30:00").describe() == shown
    assert Schedule("daily", 2, "09:30:15").describe() == {**shown, "time": "09:30:15"}
    assert Schedule("hourly", 8).describe() == {"repeat": "hourly", "interval": 8, "time": None, "date": None, "use_utc": None}
    once = {"repeat": "once", "interval": None, "time": "08:00", "date": "2026-12-01", "use_utc": True}
    assert Schedule("once", 1, "08:00:00", True, "2026-12-01").describe() == once


def test_the_switch_that_always_reads_false_is_neither_read_nor_written():
    wire = {"target": EVERYBODY, "runRemediationScript": False, "runSchedule": None}
    assert parse_target(wire) == parse_target({**wire, "runRemediationScript": True}) == Target(Assignment("all_devices"))
    assert Target(Assignment("all_devices")).render() == {"@odata.type": f"{PREFIX}Assignment", "target": EVERYBODY}


def test_an_excluded_group_has_no_schedule():
    target = {"@odata.type": "#microsoft.graph.exclusionGroupAssignmentTarget", "groupId": "G"}
    schedule = {"@odata.type": f"{PREFIX}HourlySchedule", "interval": 1}
    assert parse_target({"target": target, "runSchedule": schedule}) == Target(Assignment("exclude_group", "g"))
