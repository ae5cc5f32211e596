# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Decide whether a policy of a tenant allows PIN recovery on devices, and no other policy defeats it. Pure.

A policy type that could not be read may contain a policy that turns PIN recovery or Windows Hello off, so the verdict is unknown at best:
device configurations, the settings catalog, and intents can set both. Enrollment configurations have no PIN recovery. They apply to devices
on which no policy sets Windows Hello, so they cannot defeat a policy that sets use_passport_for_work itself.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._hello.assignments import Assignment
from .._hello.finding import Finding
from .._hello.findings import list_included, list_reaching, overlap, turns_off
from .._hello.model import FoundPolicy
from .._hello.terms import Terms
from .._text import clean, join_words
from .model import Evidence, Judged, Part, Reason, ReasonCode, State

RECOVERY, HELLO = "enable_pin_recovery", "use_passport_for_work"
# The policy types that can set both. Enrollment configurations can only set Windows Hello.
HOLDERS: tuple[Part, ...] = ("profiles", "catalog", "intents")
# Findings about the paths and values of a custom profile, and the end of a path meant for PIN recovery.
PROFILE_CODES = ("wrong_path", "unknown_path", "braces", "wrong_tenant_id", "letter_case", "wrong_type", "wrong_value", "set_twice")
RECOVERY_NODE = re.compile(r"[^/\\]*(recover|reset)[^/\\]*[/\\\s]*$", re.IGNORECASE)
SHOWN_NAMES = 3
ADMIN_CENTER = "Devices > Enrollment > Windows > Windows Hello for Business in the Intune admin center"


def judge_policies(evidence: Evidence, terms: Terms) -> Judged:
    """Return the verdict on the level configured. ``policies``: those that work, or those that should."""
    allowing = [policy for policy in _list_expected(evidence) if _allows(policy, evidence)]
    if not allowing:
        return _judge_absence(evidence, terms)
    judged = [_judge_policy(policy, evidence, terms) for policy in allowing]
    state = _best(candidate.state for candidate in judged)
    best = [candidate for candidate in judged if candidate.state == state]
    reasons = _merge(reason for candidate in best for reason in candidate.reasons)
    return Judged(state, reasons, tuple(identity for candidate in best for identity in candidate.policies))


def _best(states: t.Iterable[State]) -> State:
    found = set(states)
    return "yes" if "yes" in found else "unknown" if "unknown" in found else "no"


def _merge(reasons: t.Iterable[Reason]) -> tuple[Reason, ...]:
    """Return the reasons without duplicates of one cause, because the same object may defeat several policies."""
    by_message = {reason.message: reason for reason in reasons}
    by_cause: dict[tuple[ReasonCode, str], Reason] = {}
    for reason in by_message.values():
        by_cause.setdefault((reason.code, reason.cause or reason.message), reason)
    return tuple(by_cause.values())


def _list_expected(evidence: Evidence) -> list[FoundPolicy]:
    """Return the policies that may allow PIN recovery: that of the expected name, or any, except enrollment configurations."""
    name = evidence.expected.name
    return [policy for policy in evidence.policies if policy.surface != "enrollment" and name in (None, policy.name)]


def _allows(policy: FoundPolicy, evidence: Evidence) -> bool:
    scope = evidence.expected.scope
    return any(values.get(RECOVERY) is True for name, values in policy.values.items() if scope in (None, name))


# --- no policy allows it --------------------------------------------------------------------------------------------


def _judge_absence(evidence: Evidence, terms: Terms) -> Judged:
    unread = tuple(_report_unread(part, evidence) for part in HOLDERS if part in evidence.unread)
    if unread:
        return Judged("unknown", _merge(unread))
    found = _list_expected(evidence)
    wrong = [finding for finding in evidence.findings if _explains(finding, found)]
    if wrong:
        return Judged("no", tuple(_no("policy_wrong", finding.message, finding.hint, finding.policies) for finding in wrong))
    advice = terms.allow_recovery()
    if evidence.expected.name is None:
        return Judged("no", (_no("policy_missing", f"No policy sets {RECOVERY} to true.", advice),))
    if not found:
        message = f"No policy named '{evidence.expected.name}' sets {RECOVERY}."
        others = [f"'{policy.name}'" for policy in evidence.policies if policy.surface != "enrollment" and _allows(policy, evidence)]
        if others:
            shown = others if len(others) <= SHOWN_NAMES else [*others[:SHOWN_NAMES], f"{len(others) - SHOWN_NAMES} more"]
            message = f"{message} {join_words(shown)} {'does' if len(others) == 1 else 'do'}."
            advice = f"To use another policy, set {terms.expected_name()} to its name. Otherwise: {advice}"
        return Judged("no", (_no("policy_missing", message, advice),))
    return Judged("no", tuple(_no("pin_recovery_off", _say_recovery(policy), advice, (policy.id,)) for policy in found))


def _explains(finding: Finding, policies: t.Iterable[FoundPolicy]) -> bool:
    """Return whether a finding explains why one of these policies does not allow PIN recovery although it was meant to."""
    if finding.severity != "error" or finding.code not in PROFILE_CODES:
        return False
    paths = [str(item.get("omaUri")) for policy in policies if policy.id in finding.policies for item in policy.oma]
    # A message shows invisible characters as escapes.
    return any(clean(path) in clean(finding.message) for path in paths if RECOVERY_NODE.search(path))


def _say_recovery(policy: FoundPolicy) -> str:
    is_off = any(values.get(RECOVERY) is False for values in policy.values.values())
    return f"'{policy.name}' sets {RECOVERY} to false." if is_off else f"'{policy.name}' does not set {RECOVERY}."


# --- one policy -----------------------------------------------------------------------------------------------------


def _judge_policy(policy: FoundPolicy, evidence: Evidence, terms: Terms) -> Judged:
    """Return the verdict on a policy that allows PIN recovery."""
    obstacles = [*_find_own_obstacles(policy, evidence, terms), *_find_defeats(policy, evidence, terms)]
    certain = tuple(reason for reason in obstacles if reason.state == "no")
    if certain:
        return Judged("no", certain, (policy.id,))
    doubts = [*obstacles, *(_report_unread(part, evidence) for part in _list_hiding(policy, evidence))]
    return Judged("unknown" if doubts else "yes", tuple(doubts), (policy.id,))


def _list_hiding(policy: FoundPolicy, evidence: Evidence) -> list[Part]:
    """Return the policy types that could not be read and may contain a policy that defeats this one."""
    parts: tuple[Part, ...] = HOLDERS if _sets_hello(policy, True) else (*HOLDERS, "enrollment")
    return [part for part in parts if part in evidence.unread]


def _find_own_obstacles(policy: FoundPolicy, evidence: Evidence, terms: Terms) -> t.Iterator[Reason]:
    included = list_included(policy)
    groups = {assignment.group_id for assignment in included if assignment.group_id}
    advice = f"Set {terms.option('assignments')}."
    if not included:
        yield _no("not_assigned", f"'{policy.name}' is assigned to nobody.", advice, (policy.id,))
    elif not _has_certain_target(included):
        if evidence.missing_groups is None:
            cause = evidence.unread.get("groups")
            text = f"'{policy.name}' is assigned to groups only, and whether they exist is not known."
            yield _unknown("groups_unread", f"{text} {cause.problem if cause else ''}", cause.hint if cause else advice, (policy.id,))
        elif groups <= evidence.missing_groups:
            text = f"'{policy.name}' is assigned to nobody: no group that it includes exists any more ({', '.join(sorted(groups))})."
            yield _no("deleted_groups", text, advice, (policy.id,))
    if turns_off(policy):
        text = f"'{policy.name}' turns Windows Hello for Business off: {HELLO} is false."
        yield _no("hello_off", text, f"Set {terms.setting(HELLO)} to true, or remove it from the policy.", (policy.id,))


def _has_certain_target(included: t.Iterable[Assignment]) -> bool:
    """Return whether a target is included that certainly exists."""
    return any(not assignment.group_id for assignment in included)


def _find_defeats(policy: FoundPolicy, evidence: Evidence, terms: Terms) -> t.Iterator[Reason]:
    """Yield the reasons why other policies, including enrollment configurations, defeat a policy."""
    told = set()
    for finding in evidence.findings:
        if _is_defeat(finding, policy, evidence):
            others = tuple(identity for identity in finding.policies if identity != policy.id)
            told |= set(others)
            yield _no("defeated", finding.message, finding.hint, finding.policies, cause=" ".join(others))
    if turns_off(policy):
        return
    for other in evidence.policies:
        is_told = other.id in told or other.id == policy.id or other.surface == "enrollment"
        if not is_told and turns_off(other) and _meet(policy, other, evidence):
            text = f"'{other.name}' turns Windows Hello for Business off on devices that also get '{policy.name}'."
            hint = f"Set {HELLO} to true in '{other.name}', remove it there, or assign the two to different devices."
            yield _no("defeated", text, hint, (policy.id, other.id), cause=other.id)
    yield from _find_enrollment(policy, evidence, terms)


def _is_defeat(finding: Finding, policy: FoundPolicy, evidence: Evidence) -> bool:
    """Return whether a finding means that devices do not get the settings for PIN recovery from the policy."""
    return policy.id in finding.policies and any(_is_lost(name, finding, evidence) for name in (RECOVERY, HELLO))


def _is_lost(name: str, finding: Finding, evidence: Evidence) -> bool:
    """Return whether a finding means that a setting is not true on devices that get the policies."""
    if finding.severity != "error" or name not in finding.settings:
        return False
    if finding.code == "conflict":
        return True
    # Windows uses the user's value, which may be the required one. The policy with that value comes first.
    for_user = [policy for policy in evidence.policies if policy.id == finding.policies[0]]
    return finding.code == "user_against_device" and any(policy.values.get("user", {}).get(name) is False for policy in for_user)


def _find_enrollment(policy: FoundPolicy, evidence: Evidence, terms: Terms) -> t.Iterator[Reason]:
    off = [found for found in list_reaching(found for found in evidence.policies if found.surface == "enrollment") if turns_off(found)]
    if not off or _is_rescued(policy, evidence):
        return
    names = " and ".join(f"'{found.name}'" for found in off)
    text = f"Windows Hello for Business is off at enrollment ({names}), and no policy turns it on: devices that enroll get no PIN."
    hint = f"Set {terms.setting(HELLO)} to true, or turn it on in {ADMIN_CENTER}."
    # A part that could not be read may contain a policy that turns it on.
    state: State = "unknown" if any(part in evidence.unread for part in HOLDERS) else "no"
    yield Reason("hello_off_at_enrollment", "configured", state, text, hint, tuple(found.id for found in off), cause="enrollment")


def _is_rescued(policy: FoundPolicy, evidence: Evidence) -> bool:
    """Return whether a policy that reaches the same devices turns Windows Hello on, and no other policy defeats that."""
    lost = {identity for finding in evidence.findings if _is_lost(HELLO, finding, evidence) for identity in finding.policies}
    return any(
        _sets_hello(other, True) and other.id not in lost and (other.id == policy.id or _meet(policy, other, evidence))
        for other in evidence.policies
        if other.surface != "enrollment"
    )


def _meet(first: FoundPolicy, second: FoundPolicy, evidence: Evidence) -> bool:
    """Return whether some devices get both policies, ignoring groups that no longer exist."""
    missing = evidence.missing_groups or ()
    live = [
        dataclasses.replace(policy, assignments=tuple(each for each in policy.assignments if each.group_id not in missing))
        for policy in (first, second)
    ]
    return overlap(*live)


def _sets_hello(policy: FoundPolicy, value: bool) -> bool:
    return any(values.get(HELLO) is value for values in policy.values.values())


# --- reasons --------------------------------------------------------------------------------------------------------


def _report_unread(part: Part, evidence: Evidence) -> Reason:
    cause = evidence.unread[part]
    return _unknown("policies_unread", f"Whether another policy decides on PIN recovery is not known. {cause.problem}", cause.hint)


def _no(code: ReasonCode, message: str, hint: str, policies: tuple[str, ...] = (), cause: str = "") -> Reason:
    return Reason(code, "configured", "no", message, hint, policies, cause)


def _unknown(code: ReasonCode, message: str, hint: str, policies: tuple[str, ...] = ()) -> Reason:
    return Reason(code, "configured", "unknown", message.strip(), hint, policies)
