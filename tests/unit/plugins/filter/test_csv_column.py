# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.endpointops.intune.plugins.filter.csv_column import FilterModule

EXPORT = '\ufeff"Device ID";"Device name"\r\n"1";"A"\r\n"2";"B"\r\n'


def test_a_column_is_returned() -> None:
    assert FilterModule().filters()["csv_column"](EXPORT, "Device ID") == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        (EXPORT, "Serial number", "csv_column: The CSV text has no column 'Serial number'"),
        ([EXPORT], "Device ID", "must get the text of a CSV file, not a value of the type list"),
        (EXPORT, 1, "must get the name of a column as text, not a value of the type int"),
    ],
    ids=["no such column", "no text", "no name"],
)
def test_what_cannot_be_read_is_told(text: t.Any, column: t.Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        FilterModule().filters()["csv_column"](text, column)


def test_a_mistake_is_told_once() -> None:
    # ansible-core adds the causes of an exception to its message.
    with pytest.raises(AnsibleFilterError) as raised:
        FilterModule().filters()["csv_column"]('Device ID,x\n"1,2\n', "Device ID")
    assert str(raised.value).count("unexpected end of data") == 1
