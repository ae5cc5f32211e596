# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Evaluate the results of the probe: the numbers of the level proven, and the reasons. Pure. A missing result is not yes."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from .._names import show
from .._probe.reason import Reason
from .._probe.states import DeviceState, DeviceStateResult, ReasonCountResult, count_reasons, find_newest

LICENSE = (
    "Remediations need Windows Enterprise or Education licenses of the users, which an administrator confirms once in the Intune admin "
    "center under Tenant administration, Connectors and tokens, Windows data."
)


@dataclasses.dataclass(frozen=True)
class Proof:
    """The probe and its last results.

    ``id``: None if there is no probe, or it could not be read. ``states``: None if they were not read. ``obstacle``: why they contain, or
    can contain, no device. ``lists_devices``: the return value lists every device.
    """

    name: str
    id: str | None = None
    is_assigned: bool | None = None
    states: tuple[DeviceState, ...] | None = None
    obstacle: Reason | None = None
    lists_devices: bool = False

    @property
    def counts(self) -> collections.Counter[str]:
        """The number of devices by state."""
        return collections.Counter(state.state for state in self.states or ())

    @property
    def by_device(self) -> dict[str, DeviceState]:
        """The last result of each device that Intune names, by its ID in lower case."""
        return {state.device_id.lower(): state for state in self.states or () if state.device_id}

    def describe(self) -> ProbeResult:
        """Return the results of the probe as a return value."""
        states, counts = self.states, self.counts
        total, proven, not_proven, unknown, pending = (
            None if states is None else number
            for number in (len(states or ()), counts["proven"], counts["not_proven"], counts["unknown"], counts["pending"])
        )
        own: list[ReasonCountResult] = [] if self.obstacle is None else [{**self.obstacle.describe(), "devices": 0}]
        return {
            "name": self.name,
            "id": self.id,
            "assigned": self.is_assigned,
            "total": total,
            "proven": proven,
            "not_proven": not_proven,
            "unknown": unknown,
            "pending": pending,
            "changed": find_newest(states or ()),
            "reasons": [*own, *count_reasons(states or ())],
            "devices": [state.describe() for state in states or ()] if self.lists_devices and states is not None else None,
        }


class ProbeResult(t.TypedDict):
    """``probe`` in the return value ``readiness``. The numbers are None if they are unknown."""

    name: str
    id: str | None
    assigned: bool | None
    total: int | None
    proven: int | None
    not_proven: int | None
    unknown: int | None
    pending: int | None
    changed: str | None
    reasons: list[ReasonCountResult]
    devices: list[DeviceStateResult] | None


def explain_missing(name: str) -> Reason:
    """Return the reason for a missing probe."""
    return Reason(
        "probe_missing",
        f"There is no remediation named '{show(name)}' in Intune, so devices were not asked whether the PIN can be reset.",
        "Create it with intune_pin_probe, or set 'probe_name' to its name.",
    )


def explain_license(name: str) -> Reason:
    """Return the reason for missing results while no administrator has confirmed the licenses."""
    return Reason(
        "license_unconfirmed",
        f"No device has reported a result of the probe '{show(name)}', and Intune says that no administrator has confirmed the Windows "
        "licenses that remediations need.",
        LICENSE,
    )


def explain_device_silence(name: str) -> Reason:
    """Return the reason for a missing result of the one requested device."""
    return Reason(
        "no_results",
        f"The device has reported no result of the probe '{show(name)}' yet.",
        "Check that the probe is assigned to it. It gets the probe within 8 hours, runs it on its schedule while a user is signed in, and "
        "reports within an hour.",
    )


def explain_not_asked(name: str) -> Reason:
    """Return the reason for a device whose result was not read, because Intune does not know the device or time ran out."""
    return Reason("probe_unread", f"The results of the probe '{show(name)}' on the device were not read.", "Run the task again.")


def explain_silence(name: str, *, is_assigned: bool) -> Reason:
    """Return the reason for a probe without results of any device."""
    if not is_assigned:
        return Reason(
            "probe_not_assigned",
            f"No device runs the probe '{show(name)}': it is assigned to nobody.",
            "Assign it to a group of devices with 'assignments' of intune_pin_probe.",
        )
    return Reason(
        "no_results",
        f"No device has reported a result of the probe '{show(name)}' yet.",
        f"After it was assigned, wait up to 8 hours for devices to get it, and one hour more for their reports. {LICENSE}",
    )
