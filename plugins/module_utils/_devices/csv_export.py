# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Read a column of a CSV text, such as an export of the Intune admin center. Pure.

Nothing is guessed: a line that does not match the header could name the wrong device, so it is refused.
"""

from __future__ import annotations

import csv
import io
import typing as t

from .. import _errors as errors
from .._names import show

BYTE_ORDER_MARK = "\ufeff"
SEPARATORS = (",", ";", "\t")
SHOWN_LINES = 10  # lines in one message; the rest are counted
SHOWN_COLUMNS = 40


class Table(t.NamedTuple):
    """The names of the columns, and the rows, each with the number of its last line."""

    header: list[str]
    rows: list[tuple[int, list[str]]]

    def find(self, column: str) -> list[int]:
        """Return the positions of a column, ignoring letter case in its name."""
        return [place for place, name in enumerate(self.header) if name.casefold() == column.strip().casefold()]


def read_column(text: str, column: str) -> list[str]:
    """Return the values of a column in row order; raise InvalidOptionError if any value is unclear."""
    content = text.removeprefix(BYTE_ORDER_MARK)
    headers = {separator: _parse_header(content, separator) for separator in SEPARATORS}
    # Only the correct separator splits the header.
    separator = max(SEPARATORS, key=lambda each: (bool(headers[each].find(column)), len(headers[each].header)))
    try:
        rows = list(_parse(content, separator))
    except csv.Error as failure:
        raise errors.InvalidOptionError(f"The text is not CSV: {failure}.", hint="Export the file again.") from failure
    return _read(Table(headers[separator].header, rows[1:]), column)


def _parse(content: str, separator: str) -> t.Iterator[tuple[int, list[str]]]:
    """Yield the nonempty rows, with the number of their last line."""
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=separator, strict=True)
    return ((reader.line_num, row) for row in reader if any(value.strip() for value in row))


def _parse_header(content: str, separator: str) -> Table:
    try:
        _line, row = next(_parse(content, separator), (0, []))
    except csv.Error:
        row = []
    return Table([name.strip() for name in row], [])


def _read(table: Table, column: str) -> list[str]:
    places = table.find(column)
    if len(places) != 1:
        many = "several columns" if places else "no column"
        listed = ", ".join(f"'{show(name)}'" for name in table.header[:SHOWN_COLUMNS]) or "none"
        raise errors.InvalidOptionError(f"The CSV text has {many} '{show(column)}'. Its columns are {listed}.", hint="Name one of them.")
    long = [line for line, row in table.rows if any(value.strip() for value in row[len(table.header) :])]
    values = {line: row[places[0]].strip() if places[0] < len(row) else "" for line, row in table.rows}
    empty = [line for line, value in values.items() if not value]
    if long:
        raise errors.InvalidOptionError(
            f"{_name(long)} of the CSV text has more values than the header has columns.",
            hint="Put a value that has the separator in it in quotes, or export the file again.",
        )
    if empty:
        raise errors.InvalidOptionError(
            f"{_name(empty)} of the CSV text has no value in the column '{show(column)}'.",
            hint="Remove the line, or use a column that has a value for each device.",
        )
    return list(values.values())


def _name(lines: list[int]) -> str:
    if len(lines) == 1:
        return f"Line {lines[0]}"
    more = f" and {len(lines) - SHOWN_LINES} more" if len(lines) > SHOWN_LINES else ""
    return f"Each of the lines {', '.join(map(str, lines[:SHOWN_LINES]))}{more}"
