# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports that are read by POST. They are no part of the description that we compare with, and it would not help if they were: there
they answer any bytes. Each is named here, and its form is compared with what Microsoft's pages and public tools tell."""

from __future__ import annotations

import typing as t

from jsonschema import Draft202012Validator

PREFIX = "/deviceManagement/reports/"
# why it is called: which settings of a policy failed on a device, and with which error, is told nowhere else
NAMES = ("getConfigurationSettingNonComplianceReport",)

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_COUNT = {"type": "integer", "minimum": 0}
REQUEST = Draft202012Validator(
    {
        "type": "object",
        "required": ["filter"],
        "additionalProperties": False,
        "properties": {
            "name": _TEXT,
            "select": _TEXTS,
            "search": _TEXT,
            "groupBy": _TEXTS,
            "orderBy": _TEXTS,
            "skip": _COUNT,
            "top": _COUNT,
            "sessionId": _TEXT,
            "filter": _TEXT,
        },
    }
)
_COLUMN = {"type": "object", "required": ["Column", "PropertyType"], "properties": {"Column": _TEXT, "PropertyType": _TEXT}}
ANSWER = Draft202012Validator(
    {
        "type": "object",
        "required": ["TotalRowCount", "Schema", "Values"],
        "properties": {
            "TotalRowCount": _COUNT,
            "Schema": {"type": "array", "items": _COLUMN},
            "Values": {"type": "array", "items": {"type": "array"}},
        },
    }
)


def is_one(method: str, path: str) -> bool:
    """Is this one of the reports, in either version?"""
    return method == "POST" and path.startswith(PREFIX) and path.removeprefix(PREFIX) in NAMES


def problems(where: str, body: t.Any) -> t.Iterator[tuple[str, str]]:
    """(place, what is wrong) in an answer."""
    wrong = False
    for error in ANSWER.iter_errors(body):
        wrong = True
        yield ".".join([where, *(str(step) for step in error.absolute_path)]), error.message
    if not wrong and any(len(row) != len(body["Schema"]) for row in body["Values"]):
        yield f"{where}.Values", "a row has not one value for each column"
