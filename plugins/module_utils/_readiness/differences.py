# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Find the differences between the policy that a task expects and the policy of the tenant. Pure.

Both come from the plan of intune_pin_policy: the current policy, and the policy as that module would change it. Groups, filters, and scope
tags are compared by name, not by ID.
"""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .._directory.display_names import Names
from .._hello.model import Policy
from .._hello.policy import diff
from .._hello.settings import BY_OPTION, BackendName
from .._hello.terms import Terms
from .._types import Json
from .model import Difference


def compare(current: Policy, desired: Policy, names: Names, terms: Terms) -> list[Difference]:
    """Return the differences between the current and the expected policy, by option."""
    before, after = map(_flatten, diff(current, desired, names))
    return [
        _differ(option, before.get(option), expected, current.name, terms)
        for option, expected in after.items()
        if before.get(option) != expected
    ]


def report_missing(name: str, terms: Terms) -> Difference:
    """Return the difference for a policy that does not exist."""
    text = f"There is no policy named '{name}'. Run {terms.policy_task()}, which creates it."
    return Difference("missing", "name", None, name, text)


def report_several(name: str, ids: t.Sequence[str]) -> Difference:
    """Return the difference for a name that several policies have."""
    text = f"Several policies are named '{name}' ({', '.join(ids)}), and were not compared. Remove or rename all except one."
    return Difference("several", "name", list(ids), name, text)


def report_backend(name: str, found: BackendName, expected: BackendName, terms: Terms) -> Difference:
    """Return the difference for a policy of another type than the expected one, with advice."""
    move = f"set {terms.option('replace_custom')} to true to move it, or " if found == "custom" else ""
    text = (
        f"The policy '{name}' is of the type {found}; {expected} is expected. To settle it, {move}set {terms.option('backend')} to {found}."
    )
    return Difference("different", "backend", found, expected, text)


def report_hidden(name: str, option: str, expected: t.Any, terms: Terms) -> Difference:
    """Return the difference for a setting whose value Intune does not reveal."""
    text = f"{terms.setting(option)} cannot be compared: Intune does not reveal its value in the policy '{name}'."
    return Difference("hidden", option, None, expected, text)


def report_unresolved(failure: errors.IntuneError) -> Difference:
    """Return the difference for an expectation that names missing or ambiguous objects.

    It mentions no changes, because reading changes nothing.
    """
    return Difference("unresolved", None, None, None, " ".join(text for text in (failure.message, failure.hint) if text))


def _flatten(values: Json) -> Json:
    """Return the managed values of a policy by option."""
    return {
        "description": values["description"],
        **values["settings"],
        "assignments": values["assignments"],
        "scope_tags": values["scope_tags"],
    }


def _differ(option: str, current: t.Any, expected: t.Any, policy: str, terms: Terms) -> Difference:
    label = terms.setting(option) if option in BY_OPTION else terms.option(option)
    text = f"The policy '{policy}' has {_say(current)} for {label}; {_say(expected)} is expected."
    return Difference("different", option, current, expected, text)


def _say(value: t.Any) -> str:
    """Return a value for a message."""
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return _say_assignments(value)
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and " " in value:
        return f"'{value}'"
    return "nothing" if value in (None, "") else str(value)


def _say_assignments(assignments: t.Sequence[Json]) -> str:
    included = [_say_target(each) for each in assignments if each["target"] != "exclude_group"]
    excluded = [_say_target(each) for each in assignments if each["target"] == "exclude_group"]
    return (", ".join(included) or "nobody") + (f", except {', '.join(excluded)}" if excluded else "")


def _say_target(assignment: Json) -> str:
    target = assignment["group"] or assignment["target"].replace("_", " ")
    return f"{target} (filter {assignment['filter']}, {assignment['filter_type']})" if assignment["filter"] else str(target)
