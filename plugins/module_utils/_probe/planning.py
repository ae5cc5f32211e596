# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Plan a task of intune_pin_probe: read the tenant and look up names before anything is written."""

from __future__ import annotations

import typing as t

from .._directory.display_names import NO_NAMES, Names
from .._directory.lookup import DirectoryLookup, fetch_names
from .._graph.client import GraphClient
from .._guid import parse_guid
from .._hello import assignments
from .._hello.references import validate_references
from .._names import explain_missing, show
from . import api
from .model import Found, Probe
from .plan import MOST_PACKAGES, ProbePlan, ProbeTask, make_desired, make_subject, plan, validate_own

UNCONFIRMED = (
    "Intune says that no administrator has confirmed the Windows licenses that remediations need (Windows Enterprise E3 or E5, Education "
    "A3 or A5, or VDA). Confirm them once in the Intune admin center, under Tenant administration, Connectors and tokens, Windows data."
)


def make_plan(client: GraphClient, task: ProbeTask) -> ProbePlan:
    """Return the plan of the task; raise an error for everything that can be refused before the first write."""
    listed = api.fetch_probes(client)
    current = api.choose_probe(client, listed, task.name)
    warnings = validate_own(current, task) if current else _explain_absence(task, listed)
    desired, known = _look_up(client, task, current) if task.is_present else (None, NO_NAMES)
    changes = tuple(plan(current, desired))
    if "create" in changes and len(listed) >= MOST_PACKAGES:
        warnings.append(f"The tenant has {len(listed)} remediations, and Intune takes {MOST_PACKAGES}: it may refuse another one.")
    if desired is not None and task.schedule is not None and not desired.is_assigned:
        warnings.append("The schedule has no effect, because the probe is not assigned.")
    if desired is not None and changes and api.is_license_confirmed(client) is False:
        warnings.append(UNCONFIRMED)
    names = _name_references(client, known, current, desired)
    return ProbePlan(current, desired, changes, tuple(warnings), names, len(listed))


def _explain_absence(task: ProbeTask, listed: t.Iterable[Found]) -> list[str]:
    """Return a warning if a remediation has a similar name."""
    similar = explain_missing(task.name, [(probe.name, probe.id) for probe in listed]).strip()
    then = "a new one is made" if task.is_present else "nothing is removed"
    return [f"There is no remediation named '{show(task.name)}', so {then}. {similar}"] if similar else []


def _look_up(client: GraphClient, task: ProbeTask, current: Found | None) -> tuple[Probe, Names]:
    """Return the probe after the task, with the IDs of its assignments and scope tags, and the names of these IDs."""
    kept = [target.assignment for target in current.targets] if current else []
    lookup = DirectoryLookup(client, {*assignments.collect_ids(kept), *(current.scope_tags if current else ())})
    requested = None if task.assignments is None else assignments.resolve(lookup, task.assignments)
    tags = None if task.scope_tags is None else {tag for name in task.scope_tags if (tag := lookup.find_scope_tag_id(name)) is not None}
    lookup.validate()
    desired = make_desired(current, task, requested, None if tags is None else tuple(sorted(tags)))
    if "assign" in plan(current, desired):
        wanted = [target.assignment for target in desired.targets]
        validate_references(lookup, kept, requested or (), wanted, make_subject(desired.name))
    return desired, lookup.names


def _name_references(client: GraphClient, known: Names, *probes: Probe | None) -> Names:
    """Return the known names, and those of all groups, filters, and scope tags in the probes, as far as they can be read."""
    found = [each for each in probes if each is not None]
    targets = [target.assignment for each in found for target in each.targets]
    return fetch_names(
        client,
        known,
        groups={target.group_id for target in targets if parse_guid(target.group_id)},
        filters={target.filter_id for target in targets if target.filter_id},
        tags={tag for each in found for tag in each.scope_tags},
    )
