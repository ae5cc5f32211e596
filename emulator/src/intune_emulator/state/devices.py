# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The managed devices of the tenant. Keep changes only, so that 100,000 devices start quickly and need little memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from .cache import Cache
from .device_actions import Action, Simulation
from .device_properties import ALIASES, BETA_DEFAULTS

# The beginnings of operatingSystem of devices whose passcode can be reset or removed.
RESET_ON = ("Windows", "Android", "iOS", "iPadOS", "visionOS")
REMOVED_ON = ("iOS", "iPadOS", "visionOS")
USER_ENROLLMENTS = ("appleUserEnrollment", "appleUserEnrollmentWithServiceAccount", "appleAccountDrivenUserEnrollment")

T = TypeVar("T")
NO_ACTIONS: dict[str, list[Action]] = {}


class Source(Protocol):
    """Makes the properties of a device."""

    def get(self, name: str, default: Any) -> Any:
        """Return a property, or the default where the device has none of its own."""

    def as_dict(self) -> dict[str, Any]:
        """Return all properties that differ from the defaults."""


class Device:
    """A managed device: properties from a source, except for those that were changed."""

    __slots__ = ("id", "_source", "_changes", "_simulation", "_absences", "_actions")

    def __init__(
        self, device_id: str, source: Source, changes: Mapping[str, Any] | None = None, simulation: Simulation | None = None
    ) -> None:
        self.id = device_id
        self._source = source
        # those of most devices stay empty, and an empty one for each would need memory
        self._changes: dict[str, Any] | None = None
        self._simulation = simulation
        self._absences: tuple[tuple[datetime, datetime | None], ...] = ()
        self._actions: dict[str, list[Action]] | None = None
        if changes:
            self.change(changes)

    @property
    def own(self) -> dict[str, Any]:
        """Return the properties that differ from the defaults."""
        return {**self._source.as_dict(), "id": self.id, **(self._changes or {})}

    def change(self, properties: Mapping[str, Any]) -> None:
        """Set properties by their names in v1.0 or beta."""
        self._changes = {**(self._changes or {}), **{ALIASES.get(name, name): value for name, value in properties.items()}}

    @property
    def actions(self) -> Mapping[str, list[Action]]:
        """Return the remote actions on this device by name, oldest first."""
        return self._actions or NO_ACTIONS

    def add_action(self, action: Action) -> None:
        """Add a remote action."""
        if self._actions is None:
            self._actions = {}
        self._actions.setdefault(action.name, []).append(action)

    @property
    def is_changed(self) -> bool:
        """Return whether a property differs from what the source makes, which is always the same."""
        return bool(self._changes)

    @property
    def simulation(self) -> Simulation:
        """Return the device's reaction to actions; made on first use."""
        if self._simulation is None:
            self._simulation = Simulation()
        return self._simulation

    def get(self, name: str) -> Any:
        """Return a property by its name in v1.0 or beta."""
        name = ALIASES.get(name, name)
        if self._changes is not None and name in self._changes:
            return self._changes[name]
        if name == "id":
            return self.id
        return self._source.get(name, BETA_DEFAULTS[name])

    def check_in(self, now: datetime) -> None:
        """Connect the device to the service: waiting actions start."""
        self.simulation.offline = False
        self.record_connection(now)
        for actions in self.actions.values():
            for action in actions:
                action.check_in(now)

    def record_connection(self, now: datetime) -> None:
        """Record since when the device is offline, or that it is online again."""
        is_absent = self.offline_since is not None
        if self.simulation.offline and not is_absent:
            self._absences = (*self._absences, (now, None))
        elif is_absent and not self.simulation.offline:
            self._absences = (*self._absences[:-1], (self._absences[-1][0], now))

    @property
    def offline_since(self) -> datetime | None:
        """Return the time since which the device is offline; None if it is online."""
        return self._absences[-1][0] if self._absences and self._absences[-1][1] is None else None

    def find_online(self, moment: datetime) -> datetime | None:
        """Return the first time from this one on at which the device was online; None if it has been offline since."""
        for begin, end in self._absences:
            if begin <= moment and (end is None or moment < end):
                return end
        return moment

    @property
    def is_windows_desktop(self) -> bool:
        """Return whether it runs Windows and is neither a phone nor a HoloLens."""
        return self.get("operatingSystem") == "Windows" and self.get("deviceType") not in ("windowsPhone", "holoLens")

    @property
    def can_reset(self) -> bool:
        """Return whether its passcode can be reset or removed: not with Apple User Enrollment, nor on HoloLens."""
        is_refused = self.get("deviceType") == "holoLens" or self.get("deviceEnrollmentType") in USER_ENROLLMENTS
        return str(self.get("operatingSystem")).startswith(RESET_ON) and not is_refused

    @property
    def loses_passcode(self) -> bool:
        """Return whether a reset removes its passcode without setting a new one."""
        return str(self.get("operatingSystem")).startswith(REMOVED_ON)

    def outcome(self, windows_desktop: str) -> str:
        """Return the outcome of the next reset.

        Platforms: https://learn.microsoft.com/intune/device-management/actions/reset-passcode and
        https://learn.microsoft.com/intune/device-management/actions/remove-passcode
        """
        if self.simulation.outcome is not None:
            return self.simulation.outcome
        if self.is_windows_desktop:
            return windows_desktop
        return "done" if self.can_reset else "not_supported"


class Devices:
    """Devices by id, in a stable order, with an index for the Entra device id. `now`: the time of the tenant."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._planned: list[tuple[datetime, Device]] = []
        self._by_id: dict[str, Device] = {}
        self._entra: dict[str, Device] | None = None
        self._changes = 0
        self._cache = Cache()

    def add(self, device: Device) -> None:
        """Add a device, or replace the one with its id."""
        self._by_id[device.id] = device
        self.forget_results()

    def plan(self, device: Device, enrolls_at: datetime) -> None:
        """Add a device when the clock reaches this time."""
        self._planned.append((enrolls_at, device))

    def _enroll(self) -> None:
        """Add the planned devices that are due, in the order of their times."""
        if not self._planned:
            return
        now = self._now()
        due = sorted((entry for entry in self._planned if entry[0] <= now), key=lambda entry: entry[0])
        self._planned = [entry for entry in self._planned if entry[0] > now]
        for _time, device in due:
            self.add(device)

    def get(self, device_id: str) -> Device | None:
        """Return a device by its managed device id, ignoring letter case."""
        self._enroll()
        return self._by_id.get(device_id) or self._by_id.get(device_id.lower())

    def find(self, device_id: str) -> Device | None:
        """Return the same, including devices that have not enrolled yet."""
        planned = (device for _time, device in self._planned if device.id == device_id.lower())
        return self.get(device_id) or next(planned, None)

    def by_entra_id(self, device_id: str) -> Device | None:
        """Return a device by its azureADDeviceId."""
        self._enroll()
        if self._entra is None:
            self._entra = {str(device.get("azureADDeviceId")).lower(): device for device in self}
        return self._entra.get(device_id.lower())

    def forget_results(self) -> None:
        """Clear the index and the results of lists, after a property was changed."""
        self._entra = None
        self._changes += 1

    def remember(self, key: Hashable, find: Callable[[], T]) -> T:
        """Return the result of `find`, called once until a device changes."""
        self._enroll()
        return self._cache.get(self._changes, key, find)

    def list_known(self) -> Iterator[Device]:
        """Return all devices, including those that have not enrolled yet."""
        yield from self
        yield from (device for _time, device in self._planned)

    def count_known(self) -> int:
        """Return the number of these devices."""
        return len(self._by_id) + len(self._planned)

    def __iter__(self) -> Iterator[Device]:
        self._enroll()
        return iter(self._by_id.values())

    def __len__(self) -> int:
        self._enroll()
        return len(self._by_id)
