# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Find groups and assignment filters that a policy or the probe still refers to although they were deleted.

An assignment remains when its group is deleted. Intune replaces all assignments of a policy at once, and can refuse all of them because of
one group.
"""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .._directory.lookup import DirectoryLookup
from .._names import show
from .assignments import Assignment, Subject


def validate_references(
    lookup: DirectoryLookup,
    kept: t.Iterable[Assignment],
    given: t.Collection[Assignment],
    desired: t.Collection[Assignment],
    subject: Subject,
) -> None:
    """Raise SelectionError if the assignments ``desired`` would name a deleted group or filter, before anything is written.

    Only the references of ``kept``, the existing assignments, are requested, because all others were just looked up. ``given``: the
    assignments of the task. Without the permission to read groups, Intune decides.
    """
    was_there, named = list(kept), _collect(given)
    groups = _collect(desired)[0] & _collect(was_there)[0]
    filters = _collect(desired)[1] & _collect(was_there)[1]
    problems = [
        *_explain("groups", lookup.find_missing_groups(groups), named[0], subject),
        *_explain("assignment filters", lookup.find_missing_filters(filters), named[1], subject),
    ]
    if problems:
        message, hint = (" ".join(dict.fromkeys(texts)) for texts in zip(*problems, strict=True))
        raise errors.SelectionError(message, hint=hint, effects="none")


def _collect(targets: t.Iterable[Assignment]) -> tuple[set[str], set[str]]:
    """Return the IDs of groups, and the IDs of filters."""
    every = list(targets)
    return {target.group_id for target in every if target.group_id}, {target.filter_id for target in every if target.filter_id}


def _explain(kind: str, missing: t.Iterable[str], named: t.Collection[str], subject: Subject) -> t.Iterator[tuple[str, str]]:
    """Yield a problem and advice for the references that the task names, and for those that the object would keep."""
    given, kept = sorted(set(missing) & set(named)), sorted(set(missing) - set(named))
    assignments, purge = subject.name_option("assignments"), subject.name_option("purge_assignments")
    if given:
        yield f"There are no {kind} with the IDs that assignments names: {', '.join(given)}.", f"Remove them from {assignments}."
    if kept:
        yield (
            f"The {subject.noun} '{show(subject.name)}' is assigned with {kind} that no longer exist: {', '.join(kept)}. Intune can "
            "refuse all assignments because of them.",
            f"Name all targets that the {subject.noun} must have in {assignments} and set {purge} to true, which removes these {kind}, or "
            f"remove them from the {subject.noun} in the Intune admin center.",
        )
