# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Which runs in the journal a task continues, what it takes over from them, and when a run has come to its end. Pure.

A run is open while a later task has to settle one of its devices (see ``is_settled``). A task that names such a device continues the run:
for all its devices the resets count that were written down since it began, unless a newer run has such a device to settle: then those
since that one began. Other devices know nothing of it. The options must be the same; a task with others is refused. A run that is too old
is not continued: it ends, and the task begins anew.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

from .. import _errors as errors
from .._time import parse_timestamp, render_timestamp
from .._types import Json
from . import reset_state
from .journal_format import BegunRun, History
from .model import DeviceReset, Reason, Status
from .reset_state import EarlierReset

GREATEST_AGE = 86400.0  # seconds for which a run is continued, unless its max_age is longer


@dataclasses.dataclass(frozen=True)
class RunPlan:
    """``since``: resets since then count. ``again``: none but those of this run and of continued ones. ``earlier``: those of runs before.

    ``continued``: runs that did not end, and left devices of this one. ``expired``: those that are too old for that.
    """

    since: float
    again: bool
    earlier: t.Mapping[str, EarlierReset]
    continued: tuple[BegunRun, ...] = ()
    expired: tuple[BegunRun, ...] = ()


def identify(params: t.Mapping[str, t.Any]) -> Json:
    """Return the options that must be the same when a run is continued."""
    since = params["reset_since"] or None
    return {
        "match_by": params["match_by"],
        "platforms": sorted(params["platforms"]),
        "ownerships": sorted(params["ownerships"]),
        "max_age": None if since else params["max_age"],
        "reset_since": since and render_timestamp(parse_timestamp(since)),
    }


def plan_run(history: History, options: Json, ids: t.Iterable[str], since: float, *, now: float, again: bool) -> RunPlan:
    """Return what a task takes over from the journal; raise InvalidOptionError if its options are not those of a run that it meets."""
    own = frozenset(device.lower() for device in ids)
    met = [run for run in history.runs.values() if run.remaining & own]
    expired = tuple(run for run in met if _is_expired(run, options, now))
    continued = tuple(run for run in met if run not in expired)
    for run in continued:
        _validate(run, options)
    return RunPlan(since, again, find_earlier(history, own, None if again else since, continued), continued, expired)


def find_earlier(history: History, ids: t.Iterable[str], since: float | None, runs: t.Sequence[BegunRun] = ()) -> dict[str, EarlierReset]:
    """Return the resets of earlier runs that count, by device ID in lower case.

    :param since: resets since then count, or None if only those of ``runs``, the continued ones, do.
    """
    found = {}
    for device in ids:
        own = [run.since for run in runs if device in run.remaining] or [run.since for run in runs if device in run.ids]
        moments = own + ([] if since is None else [since])
        if moments and (earlier := reset_state.find_earlier(history.resets.get(device), min(moments))):
            found[device] = earlier
    return found


def describe_runs(plan: RunPlan) -> list[str]:
    """Return the sentences on runs that are continued, or too old for that; none without one."""
    # With reset_since the task names the moment itself.
    continued = [run for run in plan.continued if run.options.get("reset_since") is None]
    return [
        *(
            f"The journal holds a run of {len(run.ids)} devices that did not come to its end. {_render_remaining(run)} It is continued: "
            f"its resets since {render_timestamp(run.since)} count. To begin anew, name another file in journal_path."
            for run in continued
        ),
        *(
            f"The journal holds a run of {len(run.ids)} devices, begun at {render_timestamp(run.begun_at)}, that did not come to its end. "
            f"{_render_remaining(run)} It is too old to be continued. This task is a new run: only resets since "
            f"{render_timestamp(plan.since)} count."
            for run in plan.expired
        ),
    ]


# --- the end of a run -----------------------------------------------------------------------------------------------


def is_settled(status: Status, reason: Reason | None) -> bool:
    """Return whether a device needs no later task to find out, or to do, what this one was to do.

    Two do: one that the task did not come to, and one whose response was lost, so that nothing tells yet whether it was reset. For each
    other one the task did what it could: the device was reset, or the service or a rule said no, or the device is gone. A later task
    decides on it anew.
    """
    return status != "not_attempted" and (status, reason) != ("unknown", "answer_lost")


def find_remaining(plan: RunPlan, run_id: str, items: t.Iterable[DeviceReset]) -> dict[str, frozenset[str]]:
    """Return the devices that later tasks have to settle, by run: of this one, and of each continued one that has fewer now.

    A device that a continued run left stays with that run, which has its own age, and not with this one too.
    """
    settled, unsettled = (
        frozenset(item.id.lower() for item in items if is_settled(item.status, item.reason) is wanted) for wanted in (True, False)
    )
    kept = {run.run: run.remaining - settled for run in plan.continued}
    fewer = {run.run: kept[run.run] for run in plan.continued if kept[run.run] != run.remaining}
    return {**fewer, run_id: unsettled.difference(*kept.values())}


# --- the age and the options of a run -------------------------------------------------------------------------------


def _expires_at(run: BegunRun) -> float:
    max_age = run.options.get("max_age")
    return run.begun_at + max(GREATEST_AGE, max_age if isinstance(max_age, int) else 0)


def _is_expired(run: BegunRun, options: Json, now: float) -> bool:
    """Return whether a run is too old to be continued. With the same reset_since none is: the task names the moment itself."""
    is_same_moment = options["reset_since"] is not None and run.options == options
    return not is_same_moment and now > _expires_at(run)


def _validate(run: BegunRun, options: Json) -> None:
    differing = [
        f"{name} was {json.dumps(run.options.get(name))} and is {json.dumps(value)}"
        for name, value in options.items()
        if run.options.get(name) != value
    ]
    if differing:
        raise errors.InvalidOptionError(
            f"The journal of journal_path holds a run of {len(run.ids)} devices, begun at {render_timestamp(run.begun_at)}, that did not "
            f"end, with other options: {'; '.join(differing)}. {_render_remaining(run)}",
            hint="To continue that run, use the options with which it was begun. To begin another run, name another file in journal_path, "
            "which knows of earlier resets only those that Intune shows, or wait: after "
            f"{render_timestamp(_expires_at(run))} that run is too old to be continued, and a task begins anew.",
            effects="none",
        )


def _render_remaining(run: BegunRun) -> str:
    return f"Devices that are still to be settled: {len(run.remaining)}."
