# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Find reasons why a run of the role pin_reset must stop before it writes, or must fail at its end. Pure."""

from __future__ import annotations

import typing as t

from .._types import Json
from .found import Found
from .lacking import advise, list_lacking
from .summary import list_other_policies, render_assignments

NOBODY = "The policy would be assigned to nobody. Set pin_reset_assignments, or pin_reset_allow_unassigned if that is intended."


def list_missing_permissions(found: Found, *, removes: bool = False) -> list[str]:
    """Return a text with the permissions that the run needs and the application lacks, and what to do; none where there are none.

    ``removes``: the run takes the policy and the consent back.
    """
    missing = list_lacking(found, check=found.check)
    if not missing:
        return []
    client_id = (found.connection.get("connection") or {}).get("client_id")
    return [f"The application {client_id} lacks permissions: {', '.join(missing)}. {advise(found, missing, removes=removes)}"]


def list_unwritable(found: Found, *, moves: bool, assigns: bool, allow_unassigned: bool) -> list[str]:
    """Return a text for each reason why the requested policy cannot be written.

    ``moves``: the task moves a custom profile to the settings catalog. ``assigns``: the task has assignments. ``allow_unassigned``: a
    policy without recipients is intended.
    """
    differs = found.before.get("differs") or []
    codes = {each["code"] for each in (*differs, *(found.before.get("reasons") or ()))}
    is_for_nobody = any(map(_takes_everybody_away, differs)) or (not assigns and bool(codes & {"missing", "not_assigned"}))
    return ([NOBODY] if is_for_nobody and not allow_unassigned else []) + [
        each["message"] for each in differs if _is_unwritable(each, moves=moves, check=found.check)
    ]


def _takes_everybody_away(difference: Json) -> bool:
    targets = difference.get("expected") or []
    return difference.get("option") == "assignments" and all(each.get("target") == "exclude_group" for each in targets)


def _is_unwritable(difference: Json, *, moves: bool, check: bool) -> bool:
    if difference["code"] == "hidden":
        # In check mode, the module makes its plan with the values that an application with only read permissions can see.
        return not check
    if difference.get("option") == "backend":
        return not (moves and difference.get("current") == "custom")
    return difference["code"] in ("unresolved", "several")


def list_unremovable(found: Found) -> list[str]:
    """Return a text if removing the consent would defeat remaining policies, because offboarding finds none with the given name.

    Nothing depends on the consent in a tenant that is not connected.
    """
    others = list_other_policies(found)
    if not others or found.seen["levels"]["connected"]["state"] == "no":
        return []
    (name,) = (each["expected"] for each in found.seen["differs"] if each["code"] == "missing")
    listed = ", ".join(f"'{each['name']}' (assigned to {render_assignments(each['assignments'])})" for each in others)
    is_known = any(each["backend"] for each in others)
    advice = "Set pin_reset_policy_name to the name of one of them." if is_known else "The role does not remove policies of their type."
    return [
        f"No policy named '{name}' of either type exists, and these policies turn PIN recovery on: {listed}. {advice} "
        "To revoke only the consent, run the playbook with --tags preflight,consent."
    ]


def list_obstacles(found: Found, *, must_know: bool, must_arrive: bool, allow_unassigned: bool) -> list[str]:
    """Return a text with advice for each reason why the run must fail.

    A value that Intune hides from the application is not known to differ, and is no reason. Nor is another description. ``must_know``: a
    part that could not be read is an obstacle. ``must_arrive``: devices must have the policy, which none has right after onboarding.
    ``allow_unassigned``: a policy without recipients is intended.
    """
    reasons = [
        reason
        for reason in found.readiness.get("reasons") or ()
        if (must_know or reason["state"] == "no")
        and (must_arrive or reason["level"] != "arrived")
        and not (allow_unassigned and reason["code"] == "not_assigned")
    ]
    told = {reason["code"] for reason in reasons}
    differs = [
        each
        for each in found.readiness.get("differs") or ()
        if each["code"] not in _list_other_codes(told) and each.get("option") != "description"
    ]
    return [f"{reason['message']} {reason['hint']}".rstrip() for reason in reasons] + [each["message"] for each in differs]


def _list_other_codes(told: t.Collection[str]) -> tuple[str, ...]:
    """Return the codes of differences that are no separate obstacle."""
    return ("hidden", "missing") if "policy_missing" in told else ("hidden",)
