# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Parse Intune's reports into rows: an export, which is a zip with one CSV file, and the table in the response to an action.

Pure. Source: Intune, export reports by Graph; the pages of Graph's deviceManagementReports.
"""

from __future__ import annotations

import csv
import io
import typing as t
import zipfile
import zlib

from .. import _errors as errors
from .. import _json as shapes
from .._types import Json

LARGEST = 128 * 1024 * 1024  # bytes of a report, unpacked
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# The errors of zipfile and csv for content that is cut off, damaged, or encrypted.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, csv.Error)

COLUMN = shapes.object_of({"Column": shapes.text})
TABLE = shapes.object_of(
    {"TotalRowCount": shapes.integer, "Schema": shapes.list_of(COLUMN), "Values": shapes.list_of(shapes.list_of(shapes.anything))}
)


def parse_export(content: bytes) -> list[dict[str, str]]:
    """Return the rows of an export."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".csv")]
            if len(files) != 1 or files[0].file_size > LARGEST or files[0].compress_type not in COMPRESSIONS:
                raise errors.UnexpectedResponseError("The report is not a zip with one CSV file of a size and kind that can be read.")
            with archive.open(files[0]) as file:
                return list(csv.DictReader(io.TextIOWrapper(file, encoding="utf-8-sig", newline="")))
    except UNREADABLE as failure:
        raise errors.UnexpectedResponseError(f"The report could not be read: {failure}.", hint="Run again.") from None


def parse_table(table: Json) -> list[dict[str, t.Any]]:
    """Return the rows of a table. The service chooses the order of the columns."""
    names = [column["Column"] for column in table["Schema"]]
    return [dict(zip(names, values, strict=False)) for values in table["Values"]]
