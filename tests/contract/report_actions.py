# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check reports read by POST: Microsoft describes them as any bytes, and its pages and public tools show that they are JSON."""

from __future__ import annotations

import typing as t

from .expressions import parse
from .form import TypeForm
from .type_check import Problems, TypeChecker

PREFIX = "/deviceManagement/reports/"
TYPES: dict[str, TypeForm] = {
    # stricter than described: there, each may be missing or null
    "reportRequest": {
        "untyped": True,
        "properties": {
            "filter": "string",
            "groupBy": "[string]",
            "name": "string",
            "orderBy": "[string]",
            "search": "string",
            "select": "[string]",
            "sessionId": "string",
            "skip": "int32",
            "top": "int32",
        },
        "required": ["filter"],
    },
    "reportColumn": {"untyped": True, "properties": {"Column": "string", "PropertyType": "string"}, "required": ["Column", "PropertyType"]},
    "reportTable": {
        "untyped": True,
        "properties": {"Schema": "[reportColumn]", "TotalRowCount": "int64"},
        "required": ["Schema", "TotalRowCount", "Values"],
    },
}
_COUNTS = ("skip", "top")


def is_report(method: str, path: str) -> bool:
    """Return whether an operation with a stream as response is a report."""
    return method == "POST" and path.startswith(PREFIX)


def check_request(checker: TypeChecker, body: t.Any) -> Problems:
    """Find problems in the body of a request beyond its description."""
    yield from checker.check("request.body", parse("reportRequest"), body)
    for name in _COUNTS:
        value = body.get(name) if isinstance(body, dict) else None
        if isinstance(value, int) and value < 0:
            yield f"request.body.{name}", "must not be negative"


def check_answer(checker: TypeChecker, body: t.Any) -> Problems:
    """Find all problems in a table."""
    where = "response.body"
    yield from checker.check(where, parse("reportTable"), body)
    if not isinstance(body, dict) or "Values" not in body:
        return
    rows, columns = body["Values"], body.get("Schema")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        yield f"{where}.Values", "must be a list of lists"
    elif isinstance(columns, list) and any(len(row) != len(columns) for row in rows):
        yield f"{where}.Values", "a row has not one value for each column"
    count = body.get("TotalRowCount")
    if isinstance(count, int) and count < 0:
        yield f"{where}.TotalRowCount", "must not be negative"
