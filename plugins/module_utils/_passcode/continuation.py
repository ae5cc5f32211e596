# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""What a task takes over from runs in the journal that did not come to their end. Pure.

It continues each run that has one of its devices, with the same options; with others it is refused. For each device of such a run the
resets count that were written down since the run began. Other devices know nothing of it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import typing as t

from .. import _errors as errors
from .._time import parse_timestamp, render_timestamp
from .._types import Json
from . import reset_state
from .journal_format import BegunRun, History
from .reset_state import EarlierReset

WAY_OUT = (
    "To continue that run, use the options with which it was begun. To begin another run, name another file in journal_path: it knows of "
    "earlier resets only those that Intune shows."
)


@dataclasses.dataclass(frozen=True)
class Identity:
    """The options that make two tasks the same run. ``selection``: a digest of those that name devices."""

    options: Json
    selection: str


@dataclasses.dataclass(frozen=True)
class RunPlan:
    """``since``: resets since then count. ``again``: one that waits for its device does not. ``earlier``: resets of runs before.

    ``continued``: runs that did not end, and have devices of this one. ``covered``: those of which it has all devices.
    """

    since: float
    again: bool
    earlier: t.Mapping[str, EarlierReset]
    continued: tuple[BegunRun, ...] = ()
    covered: tuple[BegunRun, ...] = ()

    @property
    def begun_since(self) -> float:
        """The moment since which the resets count that this run takes over."""
        return min([self.since, *(run.since for run in self.covered)])


def identify(params: t.Mapping[str, t.Any]) -> Identity:
    """Return the identity of a task by its options."""
    since = params["reset_since"] or None
    options = {
        "match_by": params["match_by"],
        "platforms": sorted(params["platforms"]),
        "ownerships": sorted(params["ownerships"]),
        "max_age": None if since else params["max_age"],
        "reset_since": since and render_timestamp(parse_timestamp(since)),
    }
    names = [params["match_by"], sorted(params["devices"] or ()), sorted(params["device_groups"] or ())]
    return Identity(options, hashlib.sha256(json.dumps(names).encode()).hexdigest()[:32])


def plan_run(history: History, identity: Identity, ids: t.Iterable[str], since: float, *, again: bool) -> RunPlan:
    """Return what a task takes over from the journal; raise InvalidOptionError where its options are not those of a run that it meets."""
    own = frozenset(device.lower() for device in ids)
    continued = tuple(run for run in history.runs.values() if run.selection == identity.selection or run.ids & own)
    for run in continued:
        _validate(run, identity)
    if again and continued:
        # What the task begins is over once each device was reset: a reset that was not written down counts too.
        since, again = min(run.since for run in continued), False
    covered = tuple(run for run in continued if run.selection == identity.selection or run.ids <= own)
    earlier = {} if again else find_earlier(history, own, since, continued)
    return RunPlan(since, again, earlier, continued, covered)


def find_earlier(history: History, ids: t.Iterable[str], since: float, runs: t.Sequence[BegunRun] = ()) -> dict[str, EarlierReset]:
    """Return the resets of earlier runs that count, by device ID in lower case. ``runs``: those that did not end."""
    found = {}
    for device in ids:
        counted = min([since, *(run.since for run in runs if device in run.ids)])
        if earlier := reset_state.find_earlier(history.resets.get(device), counted):
            found[device] = earlier
    return found


def describe_continued(plan: RunPlan) -> list[str]:
    """Return the sentences on runs that are continued; none without one."""
    return [
        f"The journal holds a run of {len(run.ids)} devices that did not come to its end. It is continued: its resets since "
        f"{render_timestamp(run.since)} count. To begin anew, name another file in journal_path."
        for run in plan.continued
    ]


def _validate(run: BegunRun, identity: Identity) -> None:
    differing = [
        f"{name} was {json.dumps(run.options.get(name))} and is {json.dumps(value)}"
        for name, value in identity.options.items()
        if run.options.get(name) != value
    ]
    if differing:
        raise errors.InvalidOptionError(
            f"The journal of journal_path holds a run of {len(run.ids)} devices, begun at {render_timestamp(run.begun_at)}, that did not "
            f"end, with other options: {'; '.join(differing)}.",
            hint=WAY_OUT,
            effects="none",
        )
