# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Build the data of the report: every number and sentence that the page, the JSON, and the table of devices show. Pure.

A state is yes, no, unknown, or not_applicable. A part that was not read is unknown, never yes.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._types import Json
from . import changes, credential, proof
from .findings import LEVELS, Reading, make_differs, make_findings, make_policies, make_reasons, make_steps
from .words import LABELS, STATES, count, show, tell

QUESTION = "Can users reset their PIN today?"
HEADINGS = {"yes": "Yes", "no": "No", "unknown": "Not known"}
MOST_STEPS = 20
POLICY_PARTS = frozenset({"profiles", "catalog", "intents", "enrollment"})  # of _readiness: the policy types
GROUP_POLICIES = "Intune cannot see group policies of a domain. They win over every policy in this report."


@dataclasses.dataclass(frozen=True)
class Known:
    """Additional results of the read. ``unread``: the parts that could not be read, as named in _readiness.

    ``groups``: names of groups by ID. ``paths``: the paths of a custom profile with their values, by policy ID.
    """

    unread: t.Collection[str] = ()
    groups: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    paths: t.Mapping[str, t.Sequence[tuple[str, t.Any]]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Context:
    """The context of the read. ``generated``: its start, by the service's clock. ``permissions``: None if the token hides them."""

    generated: str
    collection: str
    graph_url: str
    tenant_id: str
    tenant_name: str | None = None
    client_id: str | None = None
    client_name: str | None = None
    permissions: tuple[str, ...] | None = None


def build(
    context: Context, readiness: Json, devices: Json, resets: Json | None, earlier: Json | None = None, known: Known = Known()
) -> Json:
    """Return the report.

    ``readiness``: the return value of intune_pin_readiness_info. ``devices``: from DeviceCounts, or ``{"total": null, "problem"}``.
    ``resets``: from Outcomes, or None if none were given. ``earlier``: another report, validated.
    """
    policies, sign_in = make_policies(readiness, known.groups), readiness.get("credential")
    findings = make_findings(readiness, policies, Reading(context.tenant_id, context.generated, known.paths))
    findings += credential.make_findings(sign_in, context.client_id, context.generated)
    reasons, differs, levels = make_reasons(readiness), make_differs(readiness), _make_levels(readiness)
    problems = [tell(problem) for problem in [*(readiness.get("problems") or []), devices.get("problem")] if problem]
    probe = proof.make_probe(readiness)
    steps = make_steps(reasons, findings, differs, policies)
    report: Json = {
        "format": changes.FORMAT,
        "version": changes.VERSION,
        "generated": context.generated,
        "collection": context.collection,
        "tenant": {"id": context.tenant_id, "name": context.tenant_name, "graph_url": context.graph_url},
        "application": {
            "id": context.client_id,
            "name": context.client_name,
            "permissions": None if context.permissions is None else sorted(context.permissions),
            "credential": credential.describe(sign_in),
        },
        "verdict": _make_verdict(readiness, reasons, levels),
        "levels": levels,
        "steps": steps[:MOST_STEPS] + _close_steps(steps, levels, probe),
        "reasons": reasons,
        "differs": differs,
        "findings": findings,
        "policies": policies,
        "devices": {"total": devices.get("total"), "tables": devices.get("tables") or []},
        "probe": probe,
        "resets": resets,
        "problems": problems,
        "coverage": _make_coverage(readiness, devices, resets, earlier, known.unread, probe),
        "changes": None,
    }
    if earlier is not None:
        report["changes"] = changes.compare(report, earlier)
    return report


def _make_levels(readiness: Json) -> list[Json]:
    """Return the four levels. A level that the verdict lacks is unknown."""
    found = readiness.get("levels") or {}
    levels = []
    for name in LEVELS:
        level: Json = found.get(name) or {}
        state = str(level.get("state")) if level.get("state") in STATES else "unknown"
        devices, total = (level.get(key) if name in ("arrived", "proven") else None for key in ("devices", "total"))
        if total is None or devices is None:
            devices, total = None, None
        text = _describe_level(name, state, devices, total)
        levels.append({"name": name, "state": state, "text": text, "devices": devices, "total": total})
    return levels


def _describe_level(name: str, state: str, devices: int | None, total: int | None) -> str:
    if name == "arrived" and devices is not None and total is not None:
        return f"{devices:,} of {count(total, 'device')} have the policy."
    if name == "proven" and devices is not None and total is not None:
        return f"{devices:,} of {count(total, 'device')} say that the user can reset the PIN and keep the credentials."
    texts = {
        "connected": (
            "The tenant is connected to the Microsoft PIN Reset Service.",
            "The tenant is not connected to the PIN Reset Service.",
        ),
        "configured": ("A policy turns PIN recovery on.", "No policy turns PIN recovery on without an obstacle."),
        "arrived": ("Devices have the policy.", "No device has the policy so far."),
        "proven": (
            "Devices say that their user can reset the PIN and keep the credentials.",
            "No device says that its user can reset the PIN and keep the credentials.",
        ),
    }
    unknown = {
        "connected": "Whether the tenant is connected to the PIN Reset Service is not known.",
        "configured": "Whether a policy turns PIN recovery on is not known.",
        "arrived": "How many devices have the policy is not known.",
        "proven": "Whether the users of devices can reset the PIN and keep the credentials is not known.",
    }
    if state == "not_applicable":
        return "There is no policy yet that could arrive." if name == "arrived" else "This does not apply."
    return unknown[name] if state == "unknown" else texts[name][state == "no"]


def _make_verdict(readiness: Json, reasons: t.Sequence[Json], levels: t.Sequence[Json]) -> Json:
    by_name = {level["name"]: level for level in levels}
    ready = readiness.get("ready")
    if ready is True and not all(by_name[name]["state"] == "yes" for name in LEVELS[:3]):
        # An unknown level is never green.
        ready = None
    state = "yes" if ready is True else "no" if ready is False else "unknown"
    heading = HEADINGS[state]
    if state == "yes":
        text = f"The tenant is connected, and a policy turns PIN recovery on. {by_name['arrived']['text']}"
    else:
        first = next((reason for reason in reasons if reason["state"] == state), None) or next(iter(reasons), None)
        lowest = next((level for level in levels if level["state"] == state), levels[-1])
        text = first["message"] if first else lowest["text"]
    if state == "no" and all(by_name[name]["state"] == "yes" for name in LEVELS[:2]):
        heading = "Not yet"
    return {"question": QUESTION, "ready": ready if isinstance(ready, bool) else None, "state": state, "heading": heading, "text": text}


def _close_steps(steps: t.Sequence[Json], levels: t.Sequence[Json], probe: Json | None) -> list[Json]:
    """Return the last step: a reference to omitted steps, or the proof that is still missing."""
    if len(steps) > MOST_STEPS:
        text = f"See {count(len(steps) - MOST_STEPS, 'more finding')} below."
        return [{"state": "unknown", "text": text, "why": "", "anchor": "findings", "task": None}]
    by_name = {level["name"]: level["state"] for level in levels}
    if by_name["proven"] != "yes" and all(by_name[name] == "yes" for name in LEVELS[:3]):
        return [proof.make_step(probe)]
    return []


def _make_coverage(
    readiness: Json, devices: Json, resets: Json | None, earlier: Json | None, unread: t.Collection[str], probe: Json | None
) -> list[Json]:
    """Return the parts that were read, and those that were not. A part that was read with problems is not completely known."""
    policies = readiness.get("policies")
    number = len(policies or [])
    asked = [policy for policy in policies or [] if policy.get("assignments") and policy.get("surface") != "enrollment"]
    with_status = sum(policy.get("rollout") is not None for policy in asked)
    total = devices.get("total")
    read_policies = "unknown" if policies is None or POLICY_PARTS & set(unread) else "yes"
    given = [] if resets is None else [f"{source['kind']}: {count(source['devices'], 'device')}" for source in resets["sources"]]
    rows = (
        ("PIN Reset Service", "yes" if readiness.get("consent") else "unknown", "Enterprise applications and admin consent."),
        ("Policies", read_policies, f"{count(number, 'policy', 'policies')} of Windows Hello for Business."),
        (
            "Check-in status",
            "not_applicable" if not asked else "yes" if with_status == len(asked) else "unknown",
            f"Of {with_status} of {count(len(asked), 'assigned policy', 'assigned policies')}.",
        ),
        ("Managed devices", "unknown" if total is None else "yes", "Could not be read." if total is None else f"{count(total, 'device')}."),
        ("Outcomes of resets", "not_applicable" if resets is None else "yes", "; ".join(given) + "." if given else "None were given."),
        ("Proof on devices", *proof.describe_coverage(probe)),
        ("End of the credential in use", *credential.describe_coverage(readiness.get("credential"))),
        ("Group policies of a domain", "unknown", GROUP_POLICIES),
        (
            "Earlier report",
            "not_applicable" if earlier is None else "yes",
            "None was given." if earlier is None else f"Of {show(earlier['generated'])}.",
        ),
    )
    return [{"part": part, "state": state, "text": text} for part, state, text in rows]


def summarize(report: Json) -> Json:
    """Return the numbers of a report as a return value. Its size does not grow with the number of devices."""
    findings = [finding["severity"] for finding in report["findings"]]
    found = report["changes"]
    return {
        "ready": report["verdict"]["ready"],
        "state": report["verdict"]["state"],
        "levels": {level["name"]: level["state"] for level in report["levels"]},
        "steps": len(report["steps"]),
        "findings": {severity: findings.count(severity) for severity in ("error", "warning", "info")},
        "policies": len(report["policies"]),
        "devices": {
            "total": report["devices"]["total"],
            **{table["name"]: {row["label"]: row["devices"] for row in table["rows"]} for table in report["devices"]["tables"]},
        },
        "probe": _count_probe(report["probe"]),
        "resets": None if report["resets"] is None else {"total": report["resets"]["total"], **_count_resets(report["resets"])},
        "changes": None if found is None else {name: len(found[name]) for name in ("new", "fixed", "still", "unknown")},
        "problems": len(report["problems"]),
    }


def _count_probe(probe: Json | None) -> dict[str, int] | None:
    if probe is None or probe["table"] is None:
        return None
    counted = {row["value"]: row["devices"] for row in probe["table"]["rows"]}
    return {"total": probe["table"]["total"], **{name: counted.get(name, 0) for name in LABELS["probe"]}}


def _count_resets(resets: Json) -> dict[str, int]:
    counted = {row["value"]: row["devices"] for row in resets["tables"][0]["rows"]}
    return {status: counted.get(status, 0) for status in LABELS["reset"]}
