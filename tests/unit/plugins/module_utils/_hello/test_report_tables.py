# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._hello import report_tables
from ansible_collections.endpointops.intune.plugins.module_utils._hello.report_tables import parse_export, parse_table

HEADER = "DeviceName,ReportStatus"


def packed(*files: tuple[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return stream.getvalue()


def report(text: str | bytes) -> bytes:
    return packed(("report.csv", text))


def lines(count: int = 1) -> str:
    return "\r\n".join([HEADER, *(f"PC-{number},Error" for number in range(count))]) + "\r\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("DeviceName,ReportStatus\r\nPC-1,Error\r\n", id="plain"),
        pytest.param("\ufeffDeviceName,ReportStatus\r\nPC-1,Error\r\n", id="byte order mark"),
        pytest.param('\ufeff"DeviceName","ReportStatus"\r\n"PC-1","Error"\r\n', id="byte order mark and quotes"),
        pytest.param("DeviceName,ReportStatus\nPC-1,Error\n", id="line feeds"),
        pytest.param("DeviceName,ReportStatus\r\nPC-1,Error", id="no end of line"),
        pytest.param("DeviceName,ReportStatus\r\n\r\nPC-1,Error\r\n\r\n", id="blank lines"),
    ],
)
def test_a_report_is_read(text: str) -> None:
    assert parse_export(report(text)) == [{"DeviceName": "PC-1", "ReportStatus": "Error"}]


def test_quoted_commas_quotes_and_line_ends_are_kept() -> None:
    text = 'DeviceName,UPN,ReportStatus\r\n"PC 1, ""spare""","a\r\nb",Ärger\r\n'
    assert parse_export(report(text)) == [{"DeviceName": 'PC 1, "spare"', "UPN": "a\r\nb", "ReportStatus": "Ärger"}]


@pytest.mark.parametrize("text", [HEADER, HEADER + "\r\n", ""], ids=["header", "header and line end", "nothing"])
def test_an_empty_report_has_no_rows(text: str) -> None:
    assert parse_export(report(text)) == []


def test_a_report_may_have_other_files_beside_it_and_any_name() -> None:
    assert len(parse_export(packed(("readme.txt", "x"), ("A/B.CSV", lines())))) == 1


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


GOOD = report(lines(50))
ENCRYPTED = bytearray(GOOD)
ENCRYPTED[6] |= 1
ENCRYPTED[GOOD.index(b"PK\x01\x02") + 8] |= 1


def packed_as(method: int) -> bytes:
    content = bytearray(GOOD)
    content[8] = content[GOOD.index(b"PK\x01\x02") + 10] = method
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(packed(), id="no file"),
        pytest.param(packed(("report.json", "{}")), id="no CSV file"),
        pytest.param(packed(("a.csv", "A\r\n"), ("b.csv", "A\r\n")), id="two CSV files"),
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>Not found</html>", id="a page"),
        pytest.param(lines().encode(), id="not packed"),
        pytest.param(GOOD[:-10], id="cut off at the end"),
        pytest.param(GOOD[: len(GOOD) // 2], id="cut off in the middle"),
        pytest.param(flipped(GOOD, 60), id="damaged"),
        pytest.param(bytes(ENCRYPTED), id="encrypted"),
        pytest.param(packed_as(zipfile.ZIP_BZIP2), id="packed by bzip2"),
        pytest.param(packed_as(97), id="packed in an unknown way"),
        pytest.param(report("DeviceName\r\nÄ\r\n".encode("latin-1")), id="not UTF-8"),
        pytest.param(report(lines().encode("utf-16")), id="UTF-16"),
        pytest.param(report("DeviceName\r\n" + "x" * 200_000), id="a field without end"),
    ],
)
def test_what_is_no_report_is_refused(content: bytes) -> None:
    with pytest.raises(errors.UnexpectedResponseError, match=r"^The report (could not be read|is not a zip with one CSV file)"):
        parse_export(content)


def test_a_report_that_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    size, content = len(lines()), report(lines())
    monkeypatch.setattr(report_tables, "LARGEST", size)
    assert len(parse_export(content)) == 1
    monkeypatch.setattr(report_tables, "LARGEST", size - 1)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_args: pytest.fail("it is unpacked"))
    with pytest.raises(errors.UnexpectedResponseError, match="of a size and kind that can be read"):
        parse_export(content)


def test_the_limit_is_128_mebibytes() -> None:
    assert report_tables.LARGEST == 2**27


@given(st.integers(0, len(GOOD)), st.integers(0, 255), st.booleans())
def test_a_damaged_report_is_read_or_refused(place: int, byte: int, cut: bool) -> None:
    content = GOOD[:place] if cut else GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
    try:
        assert len(parse_export(content)) in (0, 50)
    except errors.UnexpectedResponseError as failure:
        assert failure.message.startswith("The report ")


@given(st.binary(max_size=200))
def test_no_content_is_a_traceback(content: bytes) -> None:
    try:
        parse_export(report(content))
    except errors.UnexpectedResponseError as failure:
        assert failure.message.startswith("The report ")


@pytest.mark.parametrize("names", [["A", "B"], ["B", "A"]])
def test_a_table_has_its_columns_in_an_order_of_its_own(names: list[str]) -> None:
    values = [[{"A": 1, "B": None}[name] for name in names]]
    table = {"TotalRowCount": 1, "Schema": [{"Column": name, "PropertyType": "String"} for name in names], "Values": values}
    assert parse_table(report_tables.TABLE(table, "")) == [{"A": 1, "B": None}]


@pytest.mark.parametrize(
    "table",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"TotalRowCount": 0, "Schema": None, "Values": None}, id="nulls"),
        pytest.param({"TotalRowCount": "0", "Schema": [], "Values": []}, id="a text as number"),
        pytest.param({"TotalRowCount": 1, "Schema": [{}], "Values": [[1]]}, id="a column without a name"),
        pytest.param({"TotalRowCount": 1, "Schema": [{"Column": "A"}], "Values": [{"A": 1}]}, id="a row that is no list"),
    ],
)
def test_what_is_no_table_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(report_tables.shapes.Misfit):
        report_tables.TABLE(table, "")
