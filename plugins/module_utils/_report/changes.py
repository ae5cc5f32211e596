# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Find the changes since an earlier report. Pure."""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .._types import Json

FORMAT = "endpointops.intune PIN reset report"
VERSION = 1


def validate_earlier(earlier: t.Any, path: str, tenant_id: str) -> None:
    """Raise InvalidOptionError for JSON that is not a report, is of another version, or of another tenant."""
    problem = _find_problem(earlier, tenant_id)
    if problem:
        raise errors.InvalidOptionError(
            f"compare_with '{path}' cannot be used: {problem}.", hint="Give the JSON file of an earlier report of this tenant."
        )


def _find_problem(earlier: t.Any, tenant_id: str) -> str | None:
    if not isinstance(earlier, dict) or earlier.get("format") != FORMAT:
        return "it is not the JSON of a report"
    if earlier.get("version") != VERSION:
        return f"its format has version {earlier.get('version')}, and this release of the collection reads version {VERSION} only"
    tenant = earlier.get("tenant")
    found = tenant.get("id") if isinstance(tenant, dict) else None
    if not isinstance(found, str) or found.lower() != tenant_id.lower():
        return f"it is of the tenant {found}, and this one is {tenant_id}"
    try:
        for name in ("findings", "reasons"):
            list(map(_shorten, earlier[name]))
        is_whole = isinstance(earlier["generated"], str) and "arrived" in _states(earlier) and bool(_numbers(earlier))
    except (KeyError, TypeError, AttributeError, ValueError):
        is_whole = False
    return None if is_whole else "its content is damaged"


def compare(report: Json, earlier: Json) -> Json:
    """Return the new, fixed, and remaining reasons and findings. A missing one counts as fixed only if everything was read."""
    now, before = _index(report), _index(earlier)
    gone = [_shorten(item) for anchor, item in before.items() if anchor not in now]
    is_whole = not report["problems"]
    return {
        "since": earlier["generated"],
        "new": [_shorten(item) for anchor, item in now.items() if anchor not in before],
        "still": [_shorten(item) for anchor, item in now.items() if anchor in before],
        "fixed": gone if is_whole else [],
        "unknown": [] if is_whole else gone,
        "levels": [{"name": name, "before": _states(earlier).get(name), "now": state} for name, state in _states(report).items()],
        "numbers": [{"name": name, "before": _numbers(earlier).get(name), "now": number} for name, number in _numbers(report).items()],
    }


def _index(report: Json) -> dict[str, Json]:
    """Return the reasons and findings of a report by anchor. A reason that repeats a finding is not separate."""
    told = {finding["message"] for finding in report["findings"]}
    reasons = [reason for reason in report["reasons"] if reason["message"] not in told]
    return {item["anchor"]: item for item in [*reasons, *report["findings"]]}


def _shorten(item: Json) -> Json:
    return {"anchor": str(item["anchor"]), "code": str(item["code"]), "message": str(item["message"])}


def _states(report: Json) -> dict[str, str]:
    return {str(level["name"]): str(level["state"]) for level in report["levels"]}


def _numbers(report: Json) -> dict[str, int | None]:
    """Return the numbers for comparison, None if unknown."""
    found: dict[str, int | None] = {"managed devices": report["devices"]["total"]}
    arrived = next(level for level in report["levels"] if level["name"] == "arrived")
    found["devices that have the policy"] = arrived["devices"]
    # Older reports lack this level.
    found["devices that say it works"] = next((level["devices"] for level in report["levels"] if level["name"] == "proven"), None)
    found["findings"] = len(report["findings"])
    if any(number is not None and not isinstance(number, int) for number in found.values()):
        raise ValueError("a number is not a number")
    return found
