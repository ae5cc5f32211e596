# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Reports that an action returns at once: read by POST, returned as a stream of JSON.

Source: https://learn.microsoft.com/graph/api/intune-reporting-devicemanagementreports-getconfigurationsettingnoncompliancereport
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from ..http.errors import bad_request, intune_error, no_parameter, not_emulated
from ..http.message import GraphRequest, Response

PREFIX = "/deviceManagement/reports/"
PARAMETERS = ("select", "filter", "skip", "top", "orderBy")
OTHER_PARAMETERS = ("name", "search", "groupBy", "sessionId")
STREAM = {"content-type": "application/octet-stream"}
# The service returns no more, regardless of `top` (reported).
PAGE = 50
GUID = r"'([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})'"

Row = dict[str, Any]


@dataclass(frozen=True)
class TableReport:
    """A report. `columns`: type by name; their order is fixed, regardless of the order in `select`, each with its column of words.

    `filter`: the accepted filters; `rows`: makes the rows from the captured groups.
    """

    name: str
    columns: dict[str, str]
    filter: re.Pattern[str]
    filter_text: str
    rows: Callable[[GraphRequest, tuple[str, ...]], list[Row]]
    other_columns: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Return the path of its route."""
        return PREFIX + self.name

    def run(self, request: GraphRequest) -> Response:
        """Return {"TotalRowCount", "Schema", "Values"}; without a match there are no rows."""
        body = self._checked(request)
        found = self.filter.fullmatch(str(body.get("filter")))
        if found is None:
            raise not_emulated(f"The filter '{body.get('filter')}' is not valid.", f"filter other than {self.filter_text}")
        names = self._columns("select", body.get("select"))
        rows = self._sorted(self.rows(request, found.groups()), body.get("orderBy"))
        start, size = _number("skip", body.get("skip"), 0), min(PAGE, _number("top", body.get("top"), PAGE))
        if size == 0:
            raise not_emulated("The parameter 'top' is not valid.", "top 0")
        chosen = [name for name in self.columns if not names or name.removesuffix("_loc") in names]
        report = {
            "TotalRowCount": len(rows),
            "Schema": [{"Column": name, "PropertyType": self.columns[name]} for name in chosen],
            "Values": [[row[name] for name in chosen] for row in rows[start : start + size]],
        }
        return Response(200, report, dict(STREAM))

    def _checked(self, request: GraphRequest) -> Row:
        if request.query:
            name = request.query[0][0]
            raise not_emulated(f"The query parameter '{name}' is not supported.", f"query option {name} on this path")
        body = request.body
        if not isinstance(body, dict):
            raise bad_request("Empty Payload. JSON content expected.", "ModelValidationFailure")
        for name, value in body.items():
            if name in OTHER_PARAMETERS and value:
                raise not_emulated(f"The parameter '{name}' is not supported.", f"parameter {name} of {self.name}")
            if name not in PARAMETERS and name not in OTHER_PARAMETERS:
                raise no_parameter(name, self.name)
        return body

    def _columns(self, parameter: str, value: Any) -> list[str]:
        names = [] if value is None else value
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise bad_request(f"A collection was expected for parameter '{parameter}'.")
        for name in names:
            column = name.partition(" ")[0] if parameter == "orderBy" else name
            if column in self.other_columns:
                raise not_emulated(f"The column '{name}' is not valid for this report.", f"column {column} of {self.name}")
            if column not in self.columns or column.endswith("_loc"):
                raise intune_error(400, "BadRequest", f"The column '{name}' is not valid for this report.")
        return names

    def _sorted(self, rows: list[Row], value: Any) -> list[Row]:
        """Sort by `orderBy`: columns, each with an optional asc or desc."""
        for entry in reversed(self._columns("orderBy", value)):
            name, _space, direction = entry.partition(" ")
            if direction.lower() not in ("", "asc", "desc"):
                raise intune_error(400, "BadRequest", f"The order '{entry}' is not valid for this report.")
            rows = sorted(rows, key=itemgetter(name), reverse=direction.lower() == "desc")
        return rows


def _number(name: str, value: Any, default: int) -> int:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise bad_request(f"Cannot convert the literal '{value}' of parameter '{name}' to the expected type 'Edm.Int32'.")
    return value
