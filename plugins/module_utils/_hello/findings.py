# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Find problems of the policies of a tenant. Pure.

``error``: does not work in its present state. ``warning``: may not work for some devices or users. Sources: Windows Hello for Business
configuration (user before device, conflicts, enrollment), Intune's setting definitions, and Temporary Access Pass.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import typing as t

from .assignments import Assignment
from .finding import Finding, Severity
from .model import FoundPolicy
from .profile_findings import check_profile
from .settings import ESS, ESS_OFF
from .terms import MODULE_TERMS, Terms

EVERYBODY = ("all_devices", "all_users")
HELLO, RECOVERY, WEB_SIGN_IN = "use_passport_for_work", "enable_pin_recovery", "enable_web_sign_in"
GROUP_POLICY = (
    "Group policies, which Intune does not show, win over its policies. Look for them in Computer Configuration > Administrative "
    "Templates > Windows Components > Windows Hello for Business, or on a device below "
    r"HKLM\SOFTWARE\Policies\Microsoft\PassportForWork."
)


def list_findings(
    policies: t.Sequence[FoundPolicy], tenant_id: str, *, deleted_groups: t.Collection[str] = (), terms: Terms = MODULE_TERMS
) -> list[Finding]:
    """Return all findings, errors first. ``deleted_groups``: the IDs in assignments that belong to no group, in lower case."""
    found = [finding for policy in policies for finding in check_profile(policy, tenant_id, terms)]
    # Enrollment configurations apply only during enrollment, so they cannot conflict with a policy.
    lasting = [policy for policy in policies if policy.surface != "enrollment"]
    live = [policy for policy in (_without_groups(policy, deleted_groups) for policy in lasting) if list_included(policy)]
    for policy in lasting:
        found += _check_assigned(policy, deleted_groups, terms)
        found += _check_off(policy, live)
        found += _check_sign_in(policy)
    found += _check_enrollment([policy for policy in policies if policy.surface == "enrollment"], live, terms)
    for first, second in itertools.combinations(live, 2):
        found += _check_conflict(first, second)
    found += _check_user_against_device(live)
    return sorted(found, key=lambda finding: (finding.severity, finding.code, finding.policies, finding.message))


# --- assignments ----------------------------------------------------------------------------------------------------


def list_included(policy: FoundPolicy) -> list[Assignment]:
    """Return the assignments that include a target."""
    return [assignment for assignment in policy.assignments if assignment.target != "exclude_group"]


def _without_groups(policy: FoundPolicy, groups: t.Collection[str]) -> FoundPolicy:
    return dataclasses.replace(policy, assignments=tuple(found for found in policy.assignments if found.group_id not in groups))


def _check_assigned(policy: FoundPolicy, deleted_groups: t.Collection[str], terms: Terms) -> t.Iterator[Finding]:
    included = list_included(policy)
    if not included:
        yield Finding(
            "not_assigned",
            "warning",
            (policy.id,),
            f"'{policy.name}' is assigned to nobody.",
            f"Assign it, for instance with {terms.option('assignments')}, or remove it.",
        )
    deleted = sorted({assignment.group_id for assignment in policy.assignments if assignment.group_id in deleted_groups})
    if not deleted:
        return
    is_lost = bool(included) and all(assignment.group_id in deleted_groups for assignment in included)
    yield Finding(
        "deleted_group",
        "error" if is_lost else "warning",
        (policy.id,),
        f"'{policy.name}' is assigned to groups that no longer exist: {', '.join(deleted)}."
        + (" Nobody else is included, so nobody gets it." if is_lost else ""),
        f"Take these assignments out: list those that stay in {terms.option('assignments')}, and leave "
        f"{terms.option('purge_assignments')} true.",
    )


def overlap(first: FoundPolicy, second: FoundPolicy) -> bool:
    """Return whether some devices get both policies, as far as assignments show: one includes everybody, or both include the same group.

    Filters may separate them, and so does a group that one policy includes and the other excludes.
    """
    excluded = {a.group_id for policy in (first, second) for a in policy.assignments if a.target == "exclude_group"}
    plain = [{_receiver(a) for a in list_included(policy) if not a.filter_id} - excluded - {""} for policy in (first, second)]
    everybody = any(targets & set(EVERYBODY) for targets in plain)
    return bool(plain[0] and plain[1]) and (everybody or bool(plain[0] & plain[1]))


def _receiver(assignment: Assignment) -> str:
    """Return the ID of a group, or the target if it means everybody; '' for an unknown target."""
    return assignment.target if assignment.target in EVERYBODY else assignment.group_id


# --- one policy -----------------------------------------------------------------------------------------------------


def turns_off(policy: FoundPolicy) -> bool:
    """Return whether a policy turns Windows Hello for Business off. The user's value overrides the device's."""
    user, device = (policy.values.get(scope, {}).get(HELLO) for scope in ("user", "device"))
    return user is False or (device is False and user is None)


def _sets(policy: FoundPolicy, option: str, value: t.Any) -> bool:
    return any(values.get(option) == value for values in policy.values.values())


def _check_off(policy: FoundPolicy, live: t.Sequence[FoundPolicy]) -> t.Iterator[Finding]:
    """Yield a finding for a policy that turns Windows Hello off: an error if its devices also get PIN recovery."""
    if not turns_off(policy):
        return
    current = next((found for found in live if found.id == policy.id), None)
    defeated = [found for found in live if current and _sets(found, RECOVERY, True) and (found.id == policy.id or overlap(found, current))]
    others = [found for found in defeated if found.id != policy.id]
    names = f", and on devices that also get {_join_names(others)}" if others else ""
    yield Finding(
        "hello_off",
        "error" if defeated else "warning",
        (policy.id, *(found.id for found in others)),
        f"'{policy.name}' turns Windows Hello for Business off{names}: there is no PIN to reset.",
        f"Turn it on in '{policy.name}', or leave it unset there. Devices that need no Windows Hello get no policy for PIN recovery.",
        (HELLO,),
    )


def _check_sign_in(policy: FoundPolicy) -> t.Iterator[Finding]:
    """Yield findings for sign-in features, other than the PIN, that a policy turns off."""
    if _sets(policy, ESS, False):
        hint = f"Set {ESS} to true, or leave it unset, unless peripherals are worth that."
        yield Finding("ess_off", "warning", (policy.id,), f"'{policy.name}' sets {ESS} to false: {ESS_OFF}", hint, (ESS,))
    if _sets(policy, WEB_SIGN_IN, "disabled"):
        yield Finding(
            "web_sign_in_off",
            "warning",
            (policy.id,),
            f"'{policy.name}' turns web sign-in off: a Temporary Access Pass cannot sign in on Microsoft Entra joined devices that get it.",
            f"Set {WEB_SIGN_IN} to enabled where a Temporary Access Pass is the way in (Windows 11 22H2 or later). On hybrid joined "
            "devices it never signs in alone.",
            (WEB_SIGN_IN,),
        )


def _join_names(policies: t.Iterable[FoundPolicy]) -> str:
    return " and ".join(f"'{policy.name}'" for policy in policies)


# --- enrollment -----------------------------------------------------------------------------------------------------


def _check_enrollment(enrollment: t.Iterable[FoundPolicy], live: t.Sequence[FoundPolicy], terms: Terms) -> t.Iterator[Finding]:
    """Yield a finding for enrollment configurations that turn Windows Hello off: an error if no policy turns it on."""
    rescuers = [policy for policy in live if _sets(policy, HELLO, True)]
    defeated = [] if rescuers else [policy for policy in live if _sets(policy, RECOVERY, True)]
    severity: Severity = "warning" if rescuers else "error"
    end = f"Devices that also get {_join_names(rescuers)} have it." if rescuers else "No policy turns it on."
    for found in filter(turns_off, list_reaching(enrollment)):
        yield Finding(
            "hello_off_at_enrollment",
            severity,
            (found.id, *(policy.id for policy in defeated)),
            f"Windows Hello for Business is off at enrollment ('{found.name}'): devices that enroll under it get no PIN, and there is "
            f"none to reset. {end}",
            f"Set {terms.setting(HELLO)} to true for devices that are enrolled, and turn it on in Devices > Enrollment > Windows > "
            f"Windows Hello for Business for those to come. {GROUP_POLICY}",
            (HELLO,),
        )


def list_reaching(enrollment: t.Iterable[FoundPolicy]) -> list[FoundPolicy]:
    """Return the enrollment configurations that reach a user. The lowest priority value wins; the default configuration comes last."""
    reaching = []
    for found in sorted(enrollment, key=lambda policy: policy.priority or math.inf):
        receivers = [_receiver(assignment) for assignment in list_included(found) if not assignment.filter_id]
        if not found.priority or list_included(found):
            reaching.append(found)
        if set(receivers) & set(EVERYBODY):
            break
    return reaching


# --- several policies -----------------------------------------------------------------------------------------------


def _check_conflict(first: FoundPolicy, second: FoundPolicy) -> t.Iterator[Finding]:
    for scope, values in first.values.items():
        others = second.values.get(scope, {})
        differing = sorted(name for name, value in values.items() if name in others and others[name] != value)
        if differing:
            both = ", ".join(f"{name} ({values[name]} and {others[name]})" for name in differing)
            yield Finding(
                "conflict",
                "error" if overlap(first, second) else "warning",
                (first.id, second.id),
                f"'{first.name}' and '{second.name}' disagree on {both} for the scope {scope}: Intune reports a conflict on devices "
                "that get both, and sets neither.",
                "Set it in one of the two only, or assign them to different devices.",
                tuple(differing),
            )


def _check_user_against_device(policies: t.Sequence[FoundPolicy]) -> t.Iterator[Finding]:
    for for_user, for_device in itertools.product(policies, repeat=2):
        users, devices = for_user.values.get("user", {}), for_device.values.get("device", {})
        differing = sorted(name for name, value in users.items() if name in devices and devices[name] != value)
        if differing:
            both = ", ".join(f"{name} ({users[name]} and {devices[name]})" for name in differing)
            yield Finding(
                "user_against_device",
                "error" if for_user.id == for_device.id or overlap(for_user, for_device) else "warning",
                tuple(dict.fromkeys((for_user.id, for_device.id))),
                f"'{for_user.name}' sets for the user what '{for_device.name}' sets otherwise for the device: {both}. Windows takes the "
                "user's value and ignores the device's.",
                "Set it for one of the two scopes only.",
                tuple(differing),
            )
