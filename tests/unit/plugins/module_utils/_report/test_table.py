# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the CSV of devices: a row each, and no cell that a spreadsheet evaluates."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._report.resets import Outcome
from ansible_collections.endpointops.intune.plugins.module_utils._report.table import COLUMNS, DeviceTable, neutralize
from tests.support import reports
from tests.support.readiness import answer_of

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@given(st.lists(reports.DEVICES, max_size=10))
def test_each_device_is_one_row_and_no_cell_is_a_formula(devices: list[reports.Json]) -> None:
    table = DeviceTable()
    for device in devices:
        table.add(device, None, None)
    rows = read(table.render())
    assert len(rows) == len(devices) and table.render().count(b"\r\n") == len(devices) + 1
    for row in rows:
        assert list(row) == list(COLUMNS)
        assert not any(cell.startswith(STARTS) for cell in row.values())
        assert all(character.isprintable() or ord(character) > 0x7F for cell in row.values() for character in cell)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+49 151", "'+49 151"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
        (" =1", "'=1"),
        ("\tx", "'x"),
        ("\uff1d1", "'\uff1d1"),
        ("PC-1", "PC-1"),
        ("a=b", "a=b"),
        ("\u202eevil", "\\u202eevil"),
        ("a\nb", "a b"),
        ("", ""),
        (None, ""),
        (True, "true"),
        (7, "7"),
    ],
)
def test_cells(value: object, cell: str) -> None:
    assert neutralize(value) == cell


def test_rows_come_by_name_with_status_and_outcome() -> None:
    table = DeviceTable()
    table.add(reports.device(2, device_name="b"), "conflict", Outcome("done"))
    table.add(reports.device(1, device_name="A"), None, Outcome("refused", "hybrid_joined"))
    table.add(reports.device(3, device_name=None), None, None)
    proof = answer_of("4", "not_proven")
    table.add(reports.device(4, device_name="c"), None, None, proof)
    *rows, proven = read(table.render())
    assert (proven["probe_state"], proven["probe_reason"], proven["probe_changed"]) == (
        "not_proven",
        "group_policy pin_recovery_off",
        proof.changed,
    )
    assert not any(row["probe_state"] or row["probe_reason"] or row["probe_changed"] for row in rows)
    assert [(row["device_name"], row["policy_status"], row["reset_status"], row["reset_reason"]) for row in rows] == [
        ("", "", "", ""),
        ("A", "", "refused", "hybrid_joined"),
        ("b", "conflict", "done", ""),
    ]
    assert rows[1]["version"] == "Windows 11 24H2 (build 26100)" and rows[1]["eligible"] == "true"
