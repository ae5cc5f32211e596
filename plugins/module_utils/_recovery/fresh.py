# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Ask devices to run the probe now, and wait for their results for a limited time.

A device does not report a result that is the same as before, so only a newer result proves that the probe has run. A newer sync of the
agent is no proof, because it also happens without a run. It is mentioned if no newer result arrived.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .._graph.client import GraphClient
from .._names import show
from .._probe.results import fetch_device_states
from .._probe.states import DeviceState
from . import api
from .model import UserDevice

States: t.TypeAlias = "t.Mapping[str, DeviceState | None]"
FIRST_LOOK, PAUSE = 10.0, 5.0  # seconds


@dataclasses.dataclass(frozen=True)
class FreshRun:
    """The results after a run on demand. ``is_fresh``: true if all devices responded in time, else None. ``asked``: whether any was."""

    states: States
    is_fresh: bool | None
    asked: bool
    problems: tuple[str, ...] = ()


def run(
    client: GraphClient, script_id: str, devices: t.Sequence[UserDevice], before: States, timeout: float, users: t.Collection[str]
) -> FreshRun:
    """Ask devices to run the probe, and return their results for a user, or the last known ones."""
    asked, problems = _ask(client, script_id, devices)
    if not asked:
        return FreshRun(before, None, False, tuple(problems))
    latest: dict[str, DeviceState | None] = dict(before)

    def look() -> States:
        latest.update(fetch_device_states(client, script_id, asked, users))
        return latest

    try:
        client.wait_until(
            look,
            lambda states: all(_is_newer(states.get(device), before.get(device)) for device in asked),
            timeout=timeout,
            what="the probe",
            delay=FIRST_LOOK,
            pause=PAUSE,
        )
    except errors.NotReadyError:
        problems += [
            _say_silence(device, latest, before, timeout)
            for device in devices
            if device.record.id in asked and not _is_newer(latest.get(device.record.id), before.get(device.record.id))
        ]
    except api.UNREADABLE as failure:
        problems.append(f"The answers of the probe could not be read. {failure}")
    else:
        return FreshRun(latest, True if len(asked) == len(devices) else None, True, tuple(problems))
    return FreshRun(latest, None, True, tuple(problems))


def _ask(client: GraphClient, script_id: str, devices: t.Sequence[UserDevice]) -> tuple[list[str], list[str]]:
    """Ask the devices one by one; return the IDs of those that may run the probe, and sentences about the others."""
    asked: list[str] = []
    problems: list[str] = []
    for device in devices:
        try:
            api.request_run(client, script_id, device.record.id)
        except errors.IntuneError as failure:
            if failure.effects == "unknown":
                asked.append(device.record.id)
            elif not isinstance(failure, errors.GraphError):
                raise
            else:
                problems.append(f"{show(device.name)} was not asked to run the probe. {failure}")
            continue
        asked.append(device.record.id)
    return asked, problems


def _is_newer(found: DeviceState | None, before: DeviceState | None) -> bool:
    """Return whether a result is newer. A pending result does not count, even if it has a date."""
    if found is None or found.state == "pending" or found.changed is None:
        return False
    return before is None or found.changed != before.changed


def _say_silence(device: UserDevice, latest: States, before: States, timeout: float) -> str:
    found, earlier = latest.get(device.record.id), before.get(device.record.id)
    text = f"{show(device.name)} has reported no newer answer within {timeout:g} seconds. The last known answer stands."
    if found and found.synced and found.synced != (earlier.synced if earlier else None):
        text += " It was online since, and a device does not report an answer that is the same as before."
    return text
