# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that each table of device counts adds up for any devices."""

from __future__ import annotations

import collections

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._report.counts import (
    MOST_ROWS,
    TITLES,
    DeviceCounts,
    make_check_in,
    make_table,
    name_version,
)
from tests.support import reports


@given(st.lists(reports.DEVICES, max_size=30))
def test_every_table_adds_up_to_the_number_of_devices(devices: list[reports.Json]) -> None:
    found = reports.count(devices)
    assert found["total"] == len({device["id"] for device in devices})
    assert [table["name"] for table in found["tables"]] == list(TITLES)
    for table in found["tables"]:
        assert table["total"] == sum(row["devices"] for row in table["rows"]) == found["total"]
        assert len(table["rows"]) <= MOST_ROWS and all(row["devices"] > 0 for row in table["rows"])


def test_a_device_that_the_list_has_twice_counts_once() -> None:
    counts = DeviceCounts()
    assert [counts.add(reports.device(1)), counts.add(reports.device(1, id="DEVICE-1"))] == [True, False]
    assert counts.describe()["total"] == 1 and counts.has("Device-1") and not counts.has("device-2")


@given(st.dictionaries(st.text(min_size=1), st.integers(0, 99), max_size=60))
def test_a_table_has_at_most_twenty_rows_and_loses_nothing(counter: dict[str, int]) -> None:
    table = make_table("build", "Version", counter)
    assert sum(row["devices"] for row in table["rows"]) == table["total"] == sum(counter.values())
    assert len(table["rows"]) <= MOST_ROWS


def test_the_last_row_of_a_long_table_holds_the_rest() -> None:
    rows = make_table("build", "Version", collections.Counter({f"v{number:02}": 100 - number for number in range(25)}))["rows"]
    assert len(rows) == MOST_ROWS
    assert (rows[-1]["value"], rows[-1]["label"], rows[-1]["devices"]) == (None, "6 other values", sum(100 - n for n in range(19, 25)))


def test_states_keep_together_and_no_data_is_no_yes() -> None:
    devices = [
        reports.device(1),
        reports.device(2, eligible=False, reason="join_unknown"),
        reports.device(3, eligible=False, reason="hybrid_joined"),
        reports.device(4, eligible=False, reason="hybrid_joined"),
        reports.device(5, eligible=False, reason=None, predicted_outcome=None),
        reports.device(6, predicted_outcome="new_passcode"),
        reports.device(7, predicted_outcome=None),
    ]
    tables = {table["name"]: table for table in reports.count(devices)["tables"]}
    assert [(row["value"], row["state"], row["devices"]) for row in tables["eligibility"]["rows"]] == [
        ("eligible_new_passcode", "yes", 1),
        ("hybrid_joined", "no", 2),
        ("eligible_not_supported", "no", 1),
        ("eligible_unknown", "unknown", 1),
        ("join_unknown", "unknown", 1),
        ("unknown", "unknown", 1),
    ]
    assert [(row["value"], row["state"]) for row in tables["predicted"]["rows"]] == [
        ("new_passcode", "yes"),
        ("not_supported", "no"),
        ("unknown", "unknown"),
    ]


def test_eligible_devices_are_told_with_the_predicted_outcome() -> None:
    """A manager reads how many devices can be reset: no row claims it for devices without that prediction."""
    table = next(each for each in reports.count([reports.device(1)])["tables"] if each["name"] == "eligibility")
    assert table["title"] == "Reset requests, with the options of this report"
    assert [row["label"] for row in table["rows"]] == ["eligible, a request would be sent; predicted: not supported by the platform"]


@pytest.mark.parametrize(
    ("platform", "version", "name"),
    [
        ("windows", "10.0.26100.4349", "Windows 11 24H2 (build 26100)"),
        ("windows", "10.0.19045.1", "Windows 10 22H2 (build 19045)"),
        ("windows", "10.0.99999.1", "Windows (build 99999)"),
        ("windows", None, "Windows, version not known"),
        ("windows", "10", "Windows 10"),
        ("windows_phone", "8.10.14219", "Windows Phone 8"),
        ("ios", "18.1.2", "iOS and iPadOS 18"),
        ("android", "14", "Android 14"),
        ("other", "3", "Other 3"),
        ("other", "x", "Other, version not known"),
    ],
)
def test_versions_have_the_names_that_people_know(platform: str, version: str | None, name: str) -> None:
    assert name_version(platform, version) == name


@given(reports.STATUSES.filter(bool))
def test_a_check_in_status_adds_up(status: reports.Json) -> None:
    table = make_check_in(status)
    assert table["total"] == sum(row["devices"] for row in table["rows"]) >= status["total"]
    assert {row["value"]: row["devices"] for row in table["rows"]}.get("succeeded", 0) == status["succeeded"]


def test_devices_that_a_status_leaves_out_are_of_no_known_status() -> None:
    rows = make_check_in({**reports.status(succeeded=2, pending=1), "total": 5, "conflict": None})["rows"]
    assert [(row["value"], row["state"], row["devices"]) for row in rows] == [
        ("succeeded", "yes", 2),
        ("pending", "unknown", 1),
        ("other", "unknown", 2),
    ]
