# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Compare the policy that a task expects with that of the tenant, using the plan of intune_pin_policy."""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .._directory.display_names import Names
from .._directory.lookup import render_lookup_requests
from .._graph.client import GraphClient
from .._hello.model import Policy, PolicyScope
from .._hello.planning import BACKENDS, make_desired, name_references
from .._hello.policy import PolicyTask
from .._hello.settings import BackendName, describe_value
from .._hello.terms import Terms
from .._http.message import Request
from .._types import Json
from .differences import compare, report_backend, report_hidden, report_missing, report_several, report_unresolved
from .model import Difference


def render_expected_requests(client: GraphClient, task: PolicyTask) -> list[Request]:
    """Return the requests that depend on no response: the policies with the name, and the names in the task."""
    entries = task.assignments or ()
    groups = dict.fromkeys(entry["group"] for entry in entries if entry.get("group"))
    has_filters = any(entry.get("filter") for entry in entries)
    return [
        *(backend.render_name_request(client, task.name or "") for backend in BACKENDS.values()),
        *render_lookup_requests(client, groups=groups, filters=has_filters, tags=bool(task.scope_tags)),
    ]


def compare_policy(
    client: GraphClient, task: PolicyTask, expected: BackendName | None, tenant_id: str, groups: t.Mapping[str, str], terms: Terms
) -> list[Difference]:
    """Return the differences. ``groups``: the known names of groups, by ID."""
    name = task.name or ""
    found = {backend: _fetch_managed(client, backend, name) for backend in BACKENDS}
    backend = _choose_backend(found, expected)
    if not found[backend]:
        return [report_missing(name, terms), *_report_unresolved(client, dataclasses.replace(task, backend=backend))]
    if sum(map(len, found.values())) > 1:
        return [report_several(name, sorted(str(raw["id"]) for policies in found.values() for raw in policies))]
    differences = [report_backend(name, backend, expected, terms)] if expected not in (None, backend) else []
    policy_scope = PolicyScope(tenant_id, task.scope)
    current = BACKENDS[backend].fetch_policy(client, found[backend][0], policy_scope, task.settings)
    hidden = [option for option in current.hidden if option in task.settings]
    differences += [report_hidden(name, option, describe_value(task.settings[option]), terms) for option in hidden]
    shown = {option: value for option, value in task.settings.items() if option not in hidden}
    try:
        desired, known = make_desired(client, dataclasses.replace(task, backend=backend, settings=shown), current, None)
    except (errors.SelectionError, errors.InvalidOptionError) as failure:
        return [*differences, report_unresolved(failure)]
    return [*differences, *compare(current, desired, _fetch_names(client, current, desired, known.with_more(Names(groups))), terms)]


def _report_unresolved(client: GraphClient, task: PolicyTask) -> list[Difference]:
    """Return the problems that prevent the creation of a missing policy, such as the name of a group that does not exist either."""
    try:
        make_desired(client, task, None, None)
    except (errors.SelectionError, errors.InvalidOptionError) as failure:
        return [report_unresolved(failure)]
    return []


def _fetch_managed(client: GraphClient, backend: BackendName, name: str) -> list[Json]:
    """Return the policies with a name that intune_pin_policy manages with a backend."""
    found = BACKENDS[backend].fetch_by_name(client, name)
    return [raw for raw in found if BACKENDS[backend].find_mismatch(raw) is None]


def _choose_backend(found: t.Mapping[BackendName, t.Sequence[Json]], expected: BackendName | None) -> BackendName:
    """Return the expected backend if it has a policy with the name, or else one that has."""
    with_policy: list[BackendName] = [backend for backend, policies in found.items() if policies]
    if not with_policy:
        return expected or "custom"
    return expected if expected in with_policy and expected is not None else with_policy[0]


def _fetch_names(client: GraphClient, current: Policy, desired: Policy, known: Names) -> Names:
    """Return the names of all differing objects, in as few requests as possible."""
    nothing: Json = {}
    if current.assignments == desired.assignments:
        nothing["assignments"] = ()
    if current.scope_tags == desired.scope_tags:
        nothing["scope_tags"] = ()
    return name_references(client, known, *(dataclasses.replace(policy, **nothing) for policy in (current, desired)))
