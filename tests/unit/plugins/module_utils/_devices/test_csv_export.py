# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test a column of an export: each device of it is found regardless of the program that wrote it, and none is silently missed."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._devices.csv_export import read_column

HEADER = ["Device ID", "Device name", "Serial number"]
TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=12)
CELLS = st.one_of(TEXT, st.sampled_from(['"', ",", ";", "\n", "a\r\nb", " x ", "0012345", 'say "hi"; now', "a,b"]))
VALUES = CELLS.filter(lambda text: bool(text.strip()))


@given(
    rows=st.lists(st.tuples(VALUES, CELLS, CELLS), max_size=5),
    separator=st.sampled_from([",", ";", "\t"]),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    mark=st.sampled_from(["", "\ufeff"]),
    last=st.booleans(),
)
def test_whatever_wrote_the_file_each_value_is_read(
    rows: list[tuple[str, str, str]], separator: str, end: str, quoting: int, mark: str, last: bool
) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=separator, lineterminator=end, quoting=quoting).writerows([HEADER, *rows])
    text = mark + (written.getvalue() if last else written.getvalue().rstrip("\r\n"))
    assert read_column(text, "device id") == [row[0].strip() for row in rows]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("Serial number\r\n0012345\r\n", ["0012345"], id="one column, and zeros stay"),
        pytest.param("Device name;Serial number\nA;1\n\nB;2\n;;\n", ["1", "2"], id="empty lines"),
        pytest.param('"Serial number"\t"x, y; z"\n1\ta', ["1"], id="tabs, and other separators in the header"),
        pytest.param("Serial number,Notes\n1\n2,\n3,x,,", ["1", "2", "3"], id="values at the end left out, or empty ones added"),
        pytest.param("Serial number ,Model\rS1,M\rS2,M", ["S1", "S2"], id="ends of an old Mac, and a blank in the header"),
        pytest.param('Serial number,Notes\n1,"a\nb"\n2,c', ["1", "2"], id="a value on two lines"),
        pytest.param("Serial number", [], id="a header alone"),
    ],
)
def test_exports_are_taken_as_they_are(text: str, found: list[str]) -> None:
    assert read_column(text, "Serial number") == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "Device name,Serial\nA,1", "has no column 'Serial number'. Its columns are 'Device name', 'Serial'.", id="no such column"
        ),
        pytest.param("Serial number,serial NUMBER\n1,2", "has several columns 'Serial number'", id="twice"),
        pytest.param("", "has no column 'Serial number'. Its columns are none.", id="an empty file"),
        pytest.param("Serial number,Model\n1,a\n,b", "Line 3 of the CSV text has no value in the column 'Serial number'.", id="no value"),
        pytest.param("Model,Serial number\na\nb", "Each of the lines 2, 3 of the CSV text has no value", id="a line that ends early"),
        pytest.param("Serial number,Model\n" + ",x\n" * 12, "the lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more", id="many lines"),
        pytest.param("Name,Serial number\nMeier, Anna,1", "Line 2 of the CSV text has more values than", id="a separator in a name"),
        pytest.param('Serial number,Model\n"1,a\n2,b', "The text is not CSV: unexpected end of data.", id="quotes that do not end"),
        pytest.param('Serial number,Model\n"1"x,a', "The text is not CSV: ',' expected after '\"'.", id="text after quotes"),
        pytest.param('Model;Serial number\na;"1"x', "The text is not CSV: ';' expected after '\"'.", id="the same, semicolons"),
    ],
)
def test_what_could_miss_or_mix_up_a_device_is_refused(text: str, message: str) -> None:
    with pytest.raises(errors.InvalidOptionError) as raised:
        read_column(text, "Serial number")
    assert message in str(raised.value)
