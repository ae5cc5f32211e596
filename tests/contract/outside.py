# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations that Microsoft's full description has, but not the part of it that we compare with: each is named here, with the reason.

Nothing but the form of their answers is compared; an operation that is in neither is a problem.
"""

from __future__ import annotations

import re
import typing as t

from jsonschema import Draft202012Validator

BOTH, BETA = ("v1.0", "beta"), ("beta",)
_ITEM = Draft202012Validator({"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}})
_ITEMS = Draft202012Validator(
    {"type": "object", "required": ["value"], "properties": {"value": {"type": "array", "items": _ITEM.schema}}},
)
_TEXT = Draft202012Validator({"type": "object", "required": ["value"], "properties": {"value": {"type": ["string", "null"]}}})


class Outside(t.NamedTuple):
    """`path`: regular expression; `reason`: why it is called at all; `answer`: of status 200."""

    versions: tuple[str, ...]
    path: str
    reason: str
    answer: Draft202012Validator


_PLAIN = r"/deviceManagement/deviceConfigurations/[^/]+/getOmaSettingPlainTextValue\(secretReferenceValueId='[^']+'\)"
_INTENTS, _ENROLLMENT = "/deviceManagement/intents", "/deviceManagement/deviceEnrollmentConfigurations"
_CLOSED = "policies of old templates may set PIN recovery too; they are only read, to find conflicts"
_TENANT_WIDE = "the tenant-wide policy of Windows Hello for Business is only read, to find conflicts"

# All are GET.
OPERATIONS: tuple[Outside, ...] = (
    Outside(BOTH, _PLAIN, "a function with a parameter in its name; it answers one text, the value that reads of a profile hide", _TEXT),
    Outside(BETA, "/deviceManagement/assignmentFilters/[^/]+", "a filter by the id that a policy names", _ITEM),
    Outside(BETA, "/deviceManagement/roleScopeTags/[^/]+", "a scope tag by the id that a policy names", _ITEM),
    Outside(BETA, _INTENTS, _CLOSED, _ITEMS),
    Outside(BETA, f"{_INTENTS}/[^/]+", _CLOSED, _ITEM),
    Outside(BETA, f"{_INTENTS}/[^/]+/(settings|assignments)", _CLOSED, _ITEMS),
    Outside(BOTH, _ENROLLMENT, _TENANT_WIDE, _ITEMS),
)


def find(version: str, method: str, path: str) -> Outside | None:
    """The operation for a path without version and query."""
    fitting = (entry for entry in OPERATIONS if version in entry.versions and re.fullmatch(entry.path, path))
    return next(fitting, None) if method == "GET" else None
