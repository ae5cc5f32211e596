# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Prepare findings, reasons, and differences for the report: with evidence, a stable anchor, a task, and a page. Pure."""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import typing as t

from .._hello.settings import BY_OPTION, Scope
from .._types import Json
from .counts import make_check_in
from .tasks import find_link, make_finding_task, make_reason_task
from .words import STATES, count, is_code, label, show, tell

LEVELS = ("connected", "configured", "arrived", "proven")
SEVERITIES = ("error", "warning", "info")
TARGETS = {"all_devices": "all devices", "all_users": "all users"}
NOBODY = "nobody"


def make_policies(readiness: Json, groups: t.Mapping[str, str] | None = None) -> list[Json]:
    """Return the policies of a verdict for the report, sorted by name. ``groups``: the known names of groups, by ID."""
    found = [_make_policy(policy, groups or {}) for policy in readiness.get("policies") or []]
    return sorted(found, key=lambda policy: (policy["name"], policy["id"]))


def _make_policy(policy: Json, groups: t.Mapping[str, str]) -> Json:
    scope = policy.get("scope") or "device"
    settings, user_settings = policy.get("settings") or {}, policy.get("user_settings") or {}
    recovery = settings.get("enable_pin_recovery", user_settings.get("enable_pin_recovery"))
    status = policy.get("rollout")
    return {
        "id": str(policy["id"]),
        "name": str(policy.get("name") or ""),
        "surface": str(policy.get("surface")),
        "backend": policy.get("backend"),
        "scope": scope,
        "pin_recovery": "yes" if recovery is True else "no" if recovery is False else "not_applicable",
        "settings": {name: value for name, value in settings.items() if value is not None},
        "user_settings": {name: value for name, value in user_settings.items() if value is not None},
        "assignments": [describe_assignment(assignment, groups) for assignment in policy.get("assignments") or []],
        "check_in": None if status is None else {**make_check_in(status), "updated": status.get("updated"), "source": status.get("source")},
        "findings": [],
    }


def describe_assignment(assignment: Json, groups: t.Mapping[str, str] | None = None) -> str:
    """Return an assignment as text, with the name of its group if known."""
    target, group_id = str(assignment.get("target")), str(assignment.get("group_id"))
    group = show((groups or {}).get(group_id, group_id))
    words = {"group": f"group {group}", "exclude_group": f"not group {group}", **TARGETS}.get(target, show(target))
    filter_id = assignment.get("filter_id")
    return f"{words} ({assignment.get('filter_type') or 'include'} filter {show(filter_id)})" if filter_id else words


@dataclasses.dataclass(frozen=True)
class Reading:
    """The origin of evidence: the tenant, the time, and the paths in custom profiles with their values, by policy ID."""

    tenant_id: str
    read: str
    paths: t.Mapping[str, t.Sequence[tuple[str, t.Any]]] = dataclasses.field(default_factory=dict)


def make_findings(readiness: Json, policies: t.Sequence[Json], reading: Reading) -> list[Json]:
    """Return the findings of a verdict, errors first. Also add the anchor of each to its policies."""
    by_id = {policy["id"]: policy for policy in policies}
    anchors: collections.Counter[str] = collections.Counter()
    found = []
    for finding in sorted(readiness.get("findings") or [], key=_rank):
        concerned = [by_id[identity] for identity in finding.get("policies") or [] if identity in by_id]
        item = _make_finding(finding, concerned, reading)
        item["anchor"] = make_anchor("finding", finding, anchors)
        for policy in concerned:
            policy["findings"].append(item["anchor"])
        found.append(item)
    return found


def _rank(finding: Json) -> tuple[int, str, list[str], str]:
    severity = str(finding.get("severity"))
    rank = SEVERITIES.index(severity) if severity in SEVERITIES else 0
    return rank, str(finding.get("code")), list(finding.get("policies") or []), str(finding.get("message"))


def _make_finding(finding: Json, policies: t.Sequence[Json], reading: Reading) -> Json:
    code, settings = str(finding.get("code")), [str(name) for name in finding.get("settings") or []]
    title, address = find_link("configured", code)
    named = [pair for policy in policies for pair in _list_named(policy, str(finding.get("message")), reading)]
    return {
        "code": code,
        "severity": finding.get("severity") if finding.get("severity") in SEVERITIES else "error",
        "message": tell(finding.get("message")),
        "hint": tell(finding.get("hint")),
        "evidence": list(_list_evidence(policies, settings, str(finding.get("message")), reading)),
        "read": reading.read,
        "affected": describe_affected(policies),
        "task": make_finding_task(code, policies, settings, named),
        "link": {"title": title, "url": address},
    }


def _list_evidence(policies: t.Sequence[Json], settings: t.Sequence[str], message: str, reading: Reading) -> t.Iterator[Json]:
    """Yield a row for each value that a finding concerns, by its settings or by a path in its message; one for a policy without any."""
    for policy in policies:
        common = {"policy_id": policy["id"], "policy": show(policy["name"]), "surface": label("surface", policy["surface"])}
        scopes: tuple[tuple[Scope, Json], ...] = ((policy["scope"], policy["settings"]), ("user", policy["user_settings"]))
        rows = [
            {**common, "path": _find_path(name, scope, reading.tenant_id), "value": show(render_value(values[name]))}
            for scope, values in scopes
            for name in settings
            if name in values
        ]
        rows += [
            {**common, "path": show(path), "value": show(render_value(value))} for path, value in _list_named(policy, message, reading)
        ]
        yield from rows or [{**common, "path": None, "value": None}]


def _list_named(policy: Json, message: str, reading: Reading) -> list[tuple[str, t.Any]]:
    """Return the paths of a custom profile in a message, with their values."""
    return [(path, value) for path, value in reading.paths.get(policy["id"], ()) if path and path in message]


def _find_path(option: str, scope: Scope, tenant_id: str) -> str:
    return BY_OPTION[option].uri(tenant_id, scope) if option in BY_OPTION else option


def render_value(value: t.Any) -> str:
    """Return the value of a setting as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def describe_affected(policies: t.Sequence[Json]) -> Json:
    """Return the devices that a finding concerns: a number if check-in status has one, and the assignments as text."""
    counted = [policy["check_in"]["total"] for policy in policies if policy["check_in"]]
    names = list(dict.fromkeys(name for policy in policies for name in policy["assignments"]))
    words = "; ".join(names) if names else NOBODY if policies else "the whole tenant"
    # Policies can reach the same devices, so the largest number is certain, but a sum is not.
    number = max(counted) if counted else None
    return {"devices": number, "text": words if number is None else f"{words}: at least {count(number, 'device')}"}


def make_anchor(prefix: str, item: Json, taken: collections.Counter[str]) -> str:
    """Return an anchor that is the same in every report, from the code, policies, and settings; duplicates are numbered."""
    code = str(item.get("code") or item.get("option") or "other")
    identity = "|".join([code, *sorted(map(str, item.get("policies") or [])), "|", *sorted(map(str, item.get("settings") or []))])
    anchor = f"{prefix}-{code if is_code(code) else 'other'}-{hashlib.sha256(identity.encode('utf-8', 'replace')).hexdigest()[:8]}"
    taken[anchor] += 1
    return anchor if taken[anchor] == 1 else f"{anchor}-{taken[anchor]}"


# --- reasons and steps ----------------------------------------------------------------------------------------------


def make_reasons(readiness: Json) -> list[Json]:
    """Return the reasons why the verdict is not yes, by level."""
    anchors: collections.Counter[str] = collections.Counter()
    found = []
    for reason in sorted(
        readiness.get("reasons") or [], key=lambda reason: LEVELS.index(reason["level"]) if reason["level"] in LEVELS else 9
    ):
        found.append(
            {
                "code": str(reason.get("code")),
                "level": str(reason.get("level")),
                "state": reason.get("state") if reason.get("state") in STATES else "unknown",
                "message": tell(reason.get("message")),
                "hint": tell(reason.get("hint")),
                "policies": [str(identity) for identity in reason.get("policies") or []],
                "anchor": make_anchor("reason", reason, anchors),
            }
        )
    return found


def make_steps(reasons: t.Sequence[Json], findings: t.Sequence[Json], differs: t.Sequence[Json], policies: t.Sequence[Json]) -> list[Json]:
    """Return the next steps in order: obstacles by level, then differences, then other findings."""
    by_id = {policy["id"]: policy for policy in policies}
    # A reason that repeats a finding has the same message.
    left = {finding["message"]: finding for finding in reversed(findings)}
    steps = []
    for reason in reasons:
        finding = left.pop(reason["message"], None)
        concerned = [by_id[identity] for identity in reason["policies"] if identity in by_id]
        task = make_reason_task(reason["code"], reason["level"], concerned) if finding is None else None
        steps.append(
            {
                "state": reason["state"],
                "text": reason["hint"] or reason["message"],
                "why": reason["message"],
                "anchor": finding["anchor"] if finding else None,
                "task": task,
            }
        )
    if differs:
        names = ", ".join(dict.fromkeys(show(difference.get("option") or difference.get("code")) for difference in differs))
        text = f"Settle {count(len(differs), 'difference')} from the expected policy: {names}."
        steps.append({"state": "no", "text": text, "why": "The tenant is not as the task expects it.", "anchor": "differs", "task": None})
    steps += [
        {
            "state": "no" if finding["severity"] == "error" else "unknown",
            "text": finding["hint"] or finding["message"],
            "why": finding["message"],
            "anchor": finding["anchor"],
            "task": None,
        }
        for finding in findings
        if left.get(finding["message"]) is finding
    ]
    return steps


def make_differs(readiness: Json) -> list[Json]:
    """Return the differences from the policy that the task expects."""
    return [
        {
            "option": show(difference.get("option") or difference.get("code")),
            "current": None if difference.get("current") is None else show(render_value(difference["current"])),
            "expected": None if difference.get("expected") is None else show(render_value(difference["expected"])),
            "message": tell(difference.get("message")),
        }
        for difference in readiness.get("differs") or []
    ]
