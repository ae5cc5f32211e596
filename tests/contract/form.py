# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The compact form of Microsoft's description of one version of Graph: its structure, reading, and writing.

The facts are those of the OpenAPI descriptions that Microsoft publishes (https://github.com/microsoftgraph/msgraph-metadata): paths,
methods, query options, bodies, responses, types with their properties, enumerations. `compact.py` writes the files; do not edit them.
`expressions.py` describes the text of a property, for example `[deviceActionResult] read-only`.
"""

from __future__ import annotations

import json
import pathlib
import typing as t

VERSIONS = ("v1.0", "beta")
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
FOLDER = pathlib.Path(__file__).parent / "graph"
SOURCE = "https://github.com/microsoftgraph/msgraph-metadata"
# Responses that are not JSON, and the beginning of the text of a list that comes in pages.
TEXT, STREAM, PAGE_OF = "text", "stream", "page of "
# Each error of Graph has this type, regardless of the operation.
ERROR = "ODataErrors.ODataError"


class ObjectForm(t.TypedDict, total=False):
    """An object: `properties` are expressions by name. For an `untyped` one only these are checked; it may have others."""

    base: str
    properties: dict[str, str]
    required: list[str]
    untyped: bool


class EnumForm(t.TypedDict, total=False):
    """An enumeration; with `flags`, a value names several members."""

    flags: bool
    members: list[str]


TypeForm = ObjectForm | EnumForm
# An expression, `text`, `stream` or `page of …`; an object without a name; or no body.
Body = str | ObjectForm | None


class OperationForm(t.TypedDict):
    """One method on one path; `answers`: responses by status or range of it, without errors."""

    answers: dict[str, Body]
    body: Body
    query: dict[str, str]


class VersionForm(t.TypedDict):
    """One version of Graph; names of types are without `microsoft.graph.`."""

    paths: dict[str, dict[str, OperationForm]]
    source: str
    types: dict[str, TypeForm]
    version: str


def file_of(version: str, folder: pathlib.Path = FOLDER) -> pathlib.Path:
    """Return the file of a version."""
    return folder / f"{version}.json"


def load(version: str, folder: pathlib.Path = FOLDER) -> VersionForm:
    """Read the compact form of a version."""
    form: VersionForm = json.loads(file_of(version, folder).read_text(encoding="utf-8"))
    return form


def render(form: VersionForm) -> str:
    """Make the text of a file: sorted, one fact in a line, so that two files can be compared by line."""
    return json.dumps(form, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def is_enum(form: TypeForm) -> t.TypeGuard[EnumForm]:
    """Return whether a type is an enumeration."""
    return "members" in form
