# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Decide whether to issue or remove the pass of a user, and refuse unsuitable users. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .._time import parse_timestamp, render_timestamp
from .._types import Json
from .model import ALL_USERS, LONGEST, SHORTEST, AccessPass, Desired, Policy, Reason, Target, UserPass

Change = t.Literal["issue", "remove"]
RETRY = "Set replace to true to issue another one, which ends this one at once."


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """The inputs of a plan other than the user.

    ``policy``: None if it could not be read. ``members``: the users in each group, None for a group that could not be read. ``caller``: the
    caller's user ID, None for an application. ``now``: seconds since the epoch.
    """

    policy: Policy | None
    members: t.Mapping[str, frozenset[str] | None]
    caller: str | None
    now: float


def parse_desired(params: t.Mapping[str, t.Any]) -> Desired:
    """Return the pass that the options request; raise InvalidOptionError for options that no policy allows."""
    lifetime = params["lifetime_minutes"]
    if lifetime is not None and not SHORTEST <= lifetime <= LONGEST:
        raise errors.InvalidOptionError(f"lifetime_minutes must be from {SHORTEST} to {LONGEST}, not {lifetime}.")
    start = parse_timestamp(params["start"]) if params["start"] else None
    if params["start"] and start is None:
        raise errors.InvalidOptionError(f"start must be a timestamp, not '{params['start']}'.", hint="Write it as 2026-01-31T08:00:00Z.")
    return Desired(lifetime, params["is_usable_once"], start, params["replace"])


def plan_issue(item: UserPass, desired: Desired, around: Surroundings) -> Change | None:
    """Return the change that issues a pass. Without one, set the outcome of the user."""
    if item.current is not None and not desired.replace and not item.current.is_spent(around.now):
        item.settle("exists", describe_standing(item.current, desired))
        return None
    refusal = find_refusal(item, desired, around)
    if refusal is not None:
        reason, message = refusal
        item.settle("refused", message, reason)
        return None
    return "issue"


def plan_removal(item: UserPass) -> Change | None:
    """Return the change that removes the pass. Without one, set the outcome of the user."""
    if item.current is None:
        item.settle("absent")
        return None
    return "remove"


def find_refusal(item: UserPass, desired: Desired, around: Surroundings) -> tuple[Reason, str] | None:
    """Return why no pass can be issued, before anything is sent, or None if no reason is known."""
    if around.caller == item.user.id:
        return "self", "You are signed in as this user, and the service lets nobody issue a pass for themselves. Ask another administrator."
    if item.user.is_external:
        return "external_guest", "The user is a guest from another tenant. A pass must be issued by that tenant."
    if desired.start is not None and desired.start <= around.now:
        when = render_timestamp(desired.start)
        return "start_passed", f"start is {when}, which has passed. Leave it out for a pass that can be used at once."
    return None if around.policy is None else _find_refusal_of_policy(item, desired, around.policy, around.members)


def _find_refusal_of_policy(
    item: UserPass, desired: Desired, policy: Policy, members: t.Mapping[str, frozenset[str] | None]
) -> tuple[Reason, str] | None:
    if not policy.is_enabled:
        return "method_disabled", (
            f"The authentication methods policy has Temporary Access Pass in the state '{policy.state}'. Enable it in Microsoft Entra."
        )
    if is_in_scope(item.user.id, policy, members) is False:
        return "out_of_scope", (
            "The authentication methods policy does not include the user for Temporary Access Pass, or excludes the user. Add the user to "
            "a group that it includes."
        )
    low, high = policy.minimum or SHORTEST, policy.maximum or LONGEST
    if desired.lifetime_minutes is not None and not low <= desired.lifetime_minutes <= high:
        return "lifetime_out_of_range", (
            f"lifetime_minutes is {desired.lifetime_minutes}, and the authentication methods policy allows {low} to {high}."
        )
    if policy.is_one_time_only and not desired.is_usable_once:
        return "one_time_only", (
            "is_usable_once is false, and the authentication methods policy allows passes for one use only. Set it to true."
        )
    return None


def is_in_scope(user: str, policy: Policy, members: t.Mapping[str, frozenset[str] | None]) -> bool | None:
    """Return whether the policy includes a user and does not exclude them, or None if that is unknown."""
    excluded, included = _is_met(user, policy.excludes, members), _is_met(user, policy.includes, members)
    if excluded or included is False:
        return False
    return None if excluded is None or included is None else True


def _is_met(user: str, targets: t.Sequence[Target] | None, members: t.Mapping[str, frozenset[str] | None]) -> bool | None:
    """Return whether any target includes a user, or None if only an unreadable target may."""
    if targets is None:
        return None
    found = [_is_meant(user, target, members) for target in targets]
    return True if True in found else None if None in found else False


def _is_meant(user: str, target: Target, members: t.Mapping[str, frozenset[str] | None]) -> bool | None:
    if target.id == ALL_USERS:
        return True
    if target.kind == "user":
        return target.id == user
    group = members.get(target.id) if target.kind == "group" else None
    return None if group is None else user in group


def describe_standing(found: AccessPass, desired: Desired) -> str:
    """Return a sentence about a pass that stays: it cannot be read again, and may differ from the requested one."""
    if found.is_usable is False and (found.reason or "").lower() == "notyetvalid":
        begin = f"The user has a pass that can be used from {render_timestamp(found.start) or 'a later time'} on"
    elif found.is_usable is False:
        begin = f"The user has a pass that cannot be used now (reason {found.reason or 'unknown'})"
    else:
        begin = "The user has a usable pass"
    differs = found.is_usable_once is False and desired.is_usable_once
    more = " It can be used many times, and the task asks for a pass for one use." if differs else ""
    return f"{begin}, which the service does not show again.{more} {RETRY}"


def project(desired: Desired, policy: Policy | None) -> AccessPass:
    """Return the pass that a task would issue. Members that cannot be known in advance are None."""
    lifetime = desired.lifetime_minutes if desired.lifetime_minutes is not None else policy.default if policy else None
    return AccessPass(None, start=desired.start, lifetime_minutes=lifetime, is_usable_once=desired.is_usable_once)


def render_body(desired: Desired) -> Json:
    """Return the body of the request for a pass."""
    body: Json = {"isUsableOnce": desired.is_usable_once}
    if desired.lifetime_minutes is not None:
        body["lifetimeInMinutes"] = desired.lifetime_minutes
    if desired.start is not None:
        body["startDateTime"] = render_timestamp(desired.start)
    return body
