# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Build the results of a task on passes. Pure."""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .._time import render_timestamp
from .._types import Json
from .model import BAD, AccessPass, Policy, Status, UserPass

NAMED = 5  # users listed in a message
COUNTED: tuple[str, ...] = ("total", "changed", *t.get_args(Status))
HELD: tuple[str, ...] = ("usable", "not_usable", "none")


class ReturnedPass(t.TypedDict):
    """The properties of a pass, without its text."""

    pass_id: str | None
    created: str | None
    starts: str | None
    ends: str | None
    lifetime_minutes: int | None
    is_usable_once: bool | None
    is_usable: bool | None
    usability_reason: str | None


def describe_pass(found: AccessPass | None) -> ReturnedPass:
    """Return the properties of a pass, all None without one."""
    return {
        "pass_id": found.id if found else None,
        "created": render_timestamp(found.created) if found else None,
        "starts": render_timestamp(found.start) if found else None,
        "ends": render_timestamp(found.end) if found else None,
        "lifetime_minutes": found.lifetime_minutes if found else None,
        "is_usable_once": found.is_usable_once if found else None,
        "is_usable": found.is_usable if found else None,
        "usability_reason": found.reason if found else None,
    }


def describe_user(item: UserPass) -> Json:
    """Return the properties of a user."""
    return {
        "user": item.names[0],
        "id": item.user.id,
        "user_principal_name": item.user.principal,
        "display_name": item.user.name,
        "user_type": item.user.kind,
        "account_enabled": item.user.is_enabled,
        "directory_roles": item.roles,
    }


def describe(item: UserPass, verified_by: str | None) -> Json:
    """Return the entry of ``results`` for a user, without the text of the pass."""
    return {
        **describe_user(item),
        "status": item.status,
        "reason": item.reason,
        "message": item.message,
        "changed": item.changed,
        "replaced": item.replaced,
        "verified_by": verified_by,
        **describe_pass(find_shown(item)),
        "request_id": item.request_id,
    }


def find_shown(item: UserPass) -> AccessPass | None:
    """Return the pass that a user has after the task, or would have."""
    if item.made is not None:
        return item.made
    return None if item.changed else item.current


def describe_policy(policy: Policy | None) -> Json | None:
    """Return the ``policy`` return value, or None if it could not be read."""
    if policy is None:
        return None
    return {
        "enabled": policy.is_enabled,
        "minimum_lifetime_minutes": policy.minimum,
        "maximum_lifetime_minutes": policy.maximum,
        "default_lifetime_minutes": policy.default,
        "length": policy.length,
        "one_time_only": policy.is_one_time_only,
    }


def describe_holder(item: UserPass, now: float) -> Json:
    """Return the entry of ``results`` of the info module."""
    held = item.current
    status = "none" if held is None else "usable" if held.is_usable and not held.is_spent(now) else "not_usable"
    return {**describe_user(item), "status": status, **describe_pass(held)}


def summarize(items: t.Sequence[UserPass]) -> dict[str, int]:
    """Return the ``summary`` return value: the number of users, of changes, and of each status."""
    counts = dict.fromkeys(COUNTED, 0)
    counts["total"] = len(items)
    for item in items:
        counts[item.status] += 1
        counts["changed"] += item.changed
    return counts


def summarize_holders(results: t.Sequence[Json]) -> dict[str, int]:
    """Return the ``summary`` of the info module."""
    return {"total": len(results), **{status: sum(entry["status"] == status for entry in results) for status in HELD}}


def describe_diff(items: t.Sequence[UserPass], planned: AccessPass | None) -> tuple[Json, Json]:
    """Return the state before and after, by user. It is the same in check mode and in a real run, without IDs, dates, and secrets.

    ``planned``: the pass that the task issues, or None if it removes passes.
    """
    ordered = sorted(items, key=lambda item: item.user.principal)
    before = {item.user.principal: _describe_state(item.current) for item in ordered}
    after = {item.user.principal: _describe_state(planned if item.changed else item.current) for item in ordered}
    return {"temporary_access_passes": before}, {"temporary_access_passes": after}


def _describe_state(found: AccessPass | None) -> Json | None:
    return None if found is None else {"lifetime_minutes": found.lifetime_minutes, "is_usable_once": found.is_usable_once}


def warn_of_accounts(items: t.Sequence[UserPass]) -> list[str]:
    """Return warnings about passes that cannot be used, or that may be refused; empty without one."""
    planned = [item for item in items if item.status in ("planned", "issued")]
    disabled = [item for item in planned if item.user.is_enabled is False]
    privileged = [item for item in planned if item.roles and item.status == "planned"]
    found = []
    if disabled:
        found.append(f"The accounts of {_name(disabled)} are disabled: nobody can sign in with their passes.")
    if privileged:
        found.append(
            f"{_name(privileged)} hold directory roles: the service may refuse to issue their passes. For administrators the caller needs "
            "the role Privileged Authentication Administrator."
        )
    return found


def _name(items: t.Sequence[UserPass]) -> str:
    named = ", ".join(item.user.principal for item in items[:NAMED])
    return named + (f", and {len(items) - NAMED} more" if len(items) > NAMED else "")


def effects_of(items: t.Sequence[UserPass]) -> errors.Effects:
    """Return the effects of a task that failed for some of its users."""
    if any(item.changed for item in items):
        return "partial"
    return "unknown" if any(item.status == "unknown" for item in items) else "none"


def find_failure(items: t.Sequence[UserPass]) -> errors.PartialError | None:
    """Return the error for failed users, or None if there are none."""
    bad = [item for item in items if item.status in BAD]
    if not bad:
        return None
    named = ", ".join(
        f"{item.names[0]} {item.status} ({item.reason})" if item.reason else f"{item.names[0]} {item.status}" for item in bad[:NAMED]
    )
    more = f" and {len(bad) - NAMED} more" if len(bad) > NAMED else ""
    # For a single user, the message contains all details.
    story = f" {bad[0].message}" if len(bad) == 1 and bad[0].message else ""
    return errors.PartialError(
        f"The task failed for {len(bad)} of {len(items)} users: {named}{more}.{story}", hint="See results for each user's reason."
    )
