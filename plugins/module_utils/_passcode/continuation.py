# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Decide which runs in the journal a task continues, which resets it takes over, and when a run is complete. Pure.

A run is open while a later task must settle one of its devices (see ``is_settled``). A task that names such a device continues the run. For
all devices of the run, the resets recorded since its start count. If a newer open run also has a device to settle, the resets since the
start of that run count for the device. Other devices are not affected. The options must be the same; a task with other options is refused.
A run that is too old is not continued: it ends, and the task starts a new one.
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

GREATEST_AGE = 86400.0  # seconds for which a run can be continued, unless its max_age is longer


@dataclasses.dataclass(frozen=True)
class RunPlan:
    """The parts of the journal that a task takes over.

    ``since``: resets since this time count. ``again``: only resets of this run and of continued runs count. ``earlier``: the resets of
    earlier runs. ``continued``: incomplete runs with devices of this one. ``expired``: those that are too old to be continued.
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
    """Return the parts of the journal that a task takes over; raise InvalidOptionError if its options differ from a continued run's."""
    own = frozenset(device.lower() for device in ids)
    met = [run for run in history.runs.values() if run.remaining & own]
    expired = tuple(run for run in met if _is_expired(run, options, now))
    continued = tuple(run for run in met if run not in expired)
    for run in continued:
        _validate(run, options)
    return RunPlan(since, again, find_earlier(history, own, None if again else since, continued), continued, expired)


def find_earlier(history: History, ids: t.Iterable[str], since: float | None, runs: t.Sequence[BegunRun] = ()) -> dict[str, EarlierReset]:
    """Return the resets of earlier runs that count, by device ID in lower case.

    :param since: resets since this time count. With None, only those of ``runs``, the continued runs, count.
    """
    found = {}
    for device in ids:
        own = [run.since for run in runs if device in run.remaining] or [run.since for run in runs if device in run.ids]
        moments = own + ([] if since is None else [since])
        if moments and (earlier := reset_state.find_earlier(history.resets.get(device), min(moments))):
            found[device] = earlier
    return found


def describe_runs(plan: RunPlan) -> list[str]:
    """Return sentences about runs that are continued or too old, or an empty list if there are none."""
    # With reset_since, the task itself names the time.
    continued = [run for run in plan.continued if run.options.get("reset_since") is None]
    return [
        *(
            f"The journal holds a run of {len(run.ids)} devices that did not come to its end. {_render_remaining(run)} It is continued: "
            f"its resets since {render_timestamp(run.since)} count. To start over, name another file in journal_path."
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
    """Return whether a device needs no later task to complete the work of this one.

    Two kinds need one: a device that the task did not reach, and a device whose response was lost, so that it is unknown whether it was
    reset. For every other device the task is complete: the device was reset, the service or a rule refused, or the device is gone. A later
    task decides on it again.
    """
    return status != "not_attempted" and (status, reason) != ("unknown", "answer_lost")


def find_remaining(plan: RunPlan, run_id: str, items: t.Iterable[DeviceReset]) -> dict[str, frozenset[str]]:
    """Return the devices that later tasks must settle, by run: this run, and each continued run that now has fewer.

    A device that a continued run left stays with that run, which has its own age, and is not added to this run.
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
    """Return whether a run is too old to be continued. With the same reset_since, no run is, because the task itself names the time."""
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
            f"{render_timestamp(_expires_at(run))} that run is too old to be continued, and a task starts over.",
            effects="none",
        )


def _render_remaining(run: BegunRun) -> str:
    return f"Devices that are still to be settled: {len(run.remaining)}."
