# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""A problem of policies, as a return value. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .model import FoundPolicy

Code = t.Literal[
    "wrong_path",
    "unknown_path",
    "braces",
    "wrong_tenant_id",
    "letter_case",
    "wrong_type",
    "wrong_value",
    "set_twice",
    "conflict",
    "user_against_device",
    "hello_off",
    "hello_off_at_enrollment",
    "not_assigned",
    "deleted_group",
    "ess_off",
    "web_sign_in_off",
]
Severity = t.Literal["error", "warning"]


class FindingResult(t.TypedDict):
    """An entry of the return value ``findings``."""

    code: Code
    severity: Severity
    policies: list[str]
    settings: list[str]
    message: str
    hint: str


@dataclasses.dataclass(frozen=True)
class Finding:
    """A problem. ``policies``: the IDs of the affected policies. ``settings``: the affected options, such as those in conflict."""

    code: Code
    severity: Severity
    policies: tuple[str, ...]
    message: str
    hint: str
    settings: tuple[str, ...] = ()

    def describe(self) -> FindingResult:
        """Return the finding as a return value."""
        return {
            "code": self.code,
            "severity": self.severity,
            "policies": list(self.policies),
            "settings": list(self.settings),
            "message": self.message,
            "hint": self.hint,
        }


def make_error(code: Code, policy: FoundPolicy, message: str, hint: str) -> Finding:
    """Return an error about one policy."""
    return Finding(code, "error", (policy.id,), message, hint)
