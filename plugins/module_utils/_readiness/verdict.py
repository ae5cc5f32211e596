# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Decide whether a tenant is ready for PIN resets, and give the reasons if not. Pure. Unknown is not yes."""

from __future__ import annotations

import collections
import typing as t

from .._consent.model import NAMES, App
from .._consent.model import State as Consent
from .._consent.plan import Change, describe, plan_present
from .._directory.display_names import Names
from .._hello.check_in import Status as CheckIn
from .._hello.terms import Terms
from .model import (
    CountedResult,
    DeploymentResult,
    Evidence,
    Judged,
    LevelsResult,
    ReadinessResult,
    Reason,
    ReasonCode,
    State,
)
from .on_device import BEST, CHECK_IN, count_device, judge_device
from .policies import judge_policies


def judge(evidence: Evidence, terms: Terms) -> ReadinessResult:
    """Return the verdict."""
    connected = judge_consent(evidence, terms)
    configured = judge_policies(evidence, terms)
    deployment = add_up(configured.policies, evidence)
    device, expiry = evidence.device, evidence.expiry
    arrived = judge_device(device, configured, terms) if device else judge_arrival(evidence, configured, deployment, terms)
    ready = combine(level.state for level in (connected, configured, arrived))
    levels: LevelsResult = {
        "connected": {"state": connected.state},
        "configured": {"state": configured.state, "policies": list(configured.policies)},
        "arrived": count_device(arrived.state) if device else _count(arrived.state, deployment),
        "proven": count_proof(evidence),
    }
    return {
        "ready": ready,
        "levels": levels,
        "reasons": [reason.describe() for level in (connected, configured, arrived) for reason in level.reasons],
        "differs": [difference.describe() for difference in evidence.differences],
        "consent": describe(evidence.consent, evidence.goal, evidence.consent_urls) if evidence.consent else None,
        "policies": [
            {**policy.describe(Names(evidence.group_names)), "rollout": evidence.statuses.get(policy.id)} for policy in evidence.policies
        ],
        "findings": [finding.describe() for finding in evidence.findings],
        "deployment": deployment,
        "devices": evidence.devices.describe() if evidence.devices else None,
        "device": device.describe() if device else None,
        "probe": evidence.probe.describe() if evidence.probe else None,
        "credential": expiry.result if expiry else None,
        "problems": list(dict.fromkeys(_list_problems(evidence))),
    }


def _list_problems(evidence: Evidence) -> t.Iterator[str]:
    yield from (found.problem for found in (*evidence.unread.values(), *evidence.unread_statuses.values()))
    if evidence.expiry and evidence.expiry.problem:
        yield evidence.expiry.problem


def combine(states: t.Iterable[State]) -> bool | None:
    """Return whether all deciding levels are reached, or None if one is unknown and none is unreached."""
    found = set(states)
    if found == {"yes"}:
        return True
    return False if "no" in found else None


def _count(state: State, deployment: DeploymentResult | None) -> CountedResult:
    if deployment is None:
        return {"state": state, "devices": None, "total": None}
    return {"state": state, "devices": deployment["succeeded"], "total": deployment["total"]}


# --- connected ------------------------------------------------------------------------------------------------------


def judge_consent(evidence: Evidence, terms: Terms) -> Judged:
    """Return the verdict on the level connected."""
    if evidence.consent is None:
        unread = evidence.unread.get("consent")
        message = "Whether the tenant is connected to the Microsoft PIN Reset Service is not known."
        hint = unread.hint if unread else "Run the task again."
        return Judged("unknown", (_connection("consent_unread", f"{message} {unread.problem if unread else ''}".strip(), hint, "unknown"),))
    if describe(evidence.consent, evidence.goal, evidence.consent_urls)["ready"]:
        return Judged("yes")
    return Judged("no", tuple(_explain_consent(evidence.consent, plan_present(evidence.consent, evidence.goal), terms)))


def _explain_consent(consent: Consent, changes: t.Sequence[Change], terms: Terms) -> t.Iterator[Reason]:
    """Yield a reason for each cause, based on the changes that would connect the tenant."""
    task = f"Run {terms.consent_task()}"
    if not any(app.is_present or app.deleted_id for app in consent.apps().values()):
        text = "The tenant is not connected to the Microsoft PIN Reset Service: neither of its two enterprise applications exists."
        yield _connection(
            "not_connected", text, f"{task}, or let an administrator consent on the pages in consent_urls of intune_pinreset_consent_info."
        )
        return
    made = [change.app for change in changes if change.kind in ("create", "restore")]
    for change in changes:
        app = consent.apps()[change.app]
        # For a missing application, its missing properties and its missing consent follow from that.
        if change.app in made and change.kind not in ("create", "restore"):
            continue
        if change.kind == "grant" and change.scopes is None:
            continue
        yield _explain_change(change, app, task)


def _explain_change(change: Change, app: App, task: str) -> Reason:
    name = f"The enterprise application {NAMES[app.app_id]}"
    if change.kind == "create":
        return _connection("application_missing", f"{name} ({app.app_id}) does not exist.", f"{task}, which creates it.")
    if change.kind == "restore":
        text = f"{name} was deleted ({app.deleted_at or 'at an unknown time'}), and is in the recycle bin."
        return _connection("application_deleted", text, f"{task}, which restores it.")
    if change.kind == "enable":
        return _connection("application_disabled", f"{name} is disabled: no user can sign in to it.", f"{task}, which enables it.")
    text = f"{name} lacks admin consent for {', '.join(change.scopes or ())}{_say_granted(app)}."
    return _connection("permissions_missing", text, f"{task}, which grants it.")


def _say_granted(app: App) -> str:
    return f" (it has {', '.join(app.scopes)})" if app.scopes else ""


def _connection(code: ReasonCode, message: str, hint: str, state: State = "no") -> Reason:
    return Reason(code, "connected", state, message, hint)


# --- proven ---------------------------------------------------------------------------------------------------------


def count_proof(evidence: Evidence) -> CountedResult:
    """Return the level proven: yes if any device reports that its user can reset the PIN, no if devices report only the opposite."""
    proof = evidence.probe
    if proof is None or proof.states is None:
        return {"state": "unknown", "devices": None, "total": None}
    proven, not_proven = proof.counts["proven"], proof.counts["not_proven"]
    state: State = "yes" if proven else "no" if not_proven else "unknown"
    if evidence.device:
        return count_device(state)
    return {"state": state, "devices": proven, "total": len(proof.states)}


# --- arrived --------------------------------------------------------------------------------------------------------


def add_up(policies: t.Sequence[str], evidence: Evidence) -> DeploymentResult | None:
    """Return the total check-in status of policies, None if none is known. A device counts once if every policy lists all its devices."""
    known = [identity for identity in policies if identity in evidence.statuses]
    if not known:
        return None
    if len(known) > 1 and all(identity in evidence.device_statuses for identity in known):
        return _count_devices(known, evidence)
    statuses = [evidence.statuses[identity] for identity in known]
    # An overview counts conflicts as errors.
    conflicts = [status["conflict"] for status in statuses if status["conflict"] is not None]
    return {
        "policies": known,
        "total": sum(status["total"] for status in statuses),
        "succeeded": sum(status["succeeded"] for status in statuses),
        "error": sum(status["error"] for status in statuses),
        "conflict": sum(conflicts) if len(conflicts) == len(known) else None,
        "pending": sum(status["pending"] for status in statuses),
        "not_applicable": sum(status["not_applicable"] for status in statuses),
        "other": sum(status["other"] for status in statuses),
    }


def _count_devices(policies: list[str], evidence: Evidence) -> DeploymentResult:
    """Return the numbers of devices by their best status, because one arrived policy is sufficient."""
    best: dict[str, CheckIn] = {}
    for identity in policies:
        for device, status in evidence.device_statuses[identity].items():
            best[device] = min(status, best.get(device, status), key=BEST.index)
    counts = collections.Counter(best.values())
    return {
        "policies": policies,
        "total": len(best),
        "succeeded": counts["succeeded"],
        "error": counts["error"],
        "conflict": counts["conflict"],
        "pending": counts["pending"],
        "not_applicable": counts["not_applicable"],
        "other": counts["other"],
    }


def judge_arrival(evidence: Evidence, configured: Judged, deployment: DeploymentResult | None, terms: Terms) -> Judged:
    """Return the verdict on the level arrived. It has no separate reason if no policy works, because that is the cause."""
    if configured.state != "yes" and not configured.policies:
        return Judged("not_applicable" if configured.state == "no" else "unknown")
    if deployment and deployment["succeeded"]:
        return Judged("yes")
    unknown = [identity for identity in configured.policies if identity not in evidence.statuses]
    if deployment and deployment["total"] and not unknown:
        return Judged("no", () if configured.state == "no" else (_explain_pending(deployment),))
    return Judged("unknown", () if configured.state == "no" else (_explain_unknown(evidence, configured, unknown, terms),))


def _explain_pending(deployment: DeploymentResult) -> Reason:
    counts = {
        "in error": deployment["error"],
        "in conflict": deployment["conflict"],
        "pending": deployment["pending"],
        "not applicable": deployment["not_applicable"],
        "other": deployment["other"],
    }
    told = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
    text = f"The policy is configured; 0 of {deployment['total']} devices have it so far ({told})."
    return Reason("not_arrived", "arrived", "no", text, CHECK_IN, tuple(deployment["policies"]))


def _explain_unknown(evidence: Evidence, configured: Judged, unknown: list[str], terms: Terms) -> Reason:
    option = "pin_reset_rollout" if terms.is_role else "'rollout' of intune_pin_readiness_info"
    unread = [evidence.unread_statuses[identity] for identity in unknown if identity in evidence.unread_statuses]
    if evidence.rollout == "none":
        return _arrival("status_not_asked", "It was not asked whether devices have the policy.", f"Set {option} to overview.", configured)
    if unread:
        text = f"Whether devices have the policy is not known. {unread[0].problem}"
        return _arrival("status_unread", text, unread[0].hint, configured)
    if unknown:
        text = "Intune has no overview of the devices that have the policy."
        return _arrival("status_not_available", text, f"Set {option} to devices, which lets Intune export a report.", configured)
    return _arrival("nothing_reported", "No device has reported on the policy yet.", CHECK_IN, configured)


def _arrival(code: ReasonCode, message: str, hint: str, configured: Judged) -> Reason:
    return Reason(code, "arrived", "unknown", message, hint, configured.policies)
