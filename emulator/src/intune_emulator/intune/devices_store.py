# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The managed devices of the tenant. Properties are made on first use, so that 100,000 devices start quickly."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from datetime import datetime
from typing import Any

from ..http.cache import Cache
from .device_model import ALIASES, BETA_DEFAULTS
from .lifecycle import Action, Simulation

Make = Callable[[], dict[str, Any]]


class Device:
    """`own`: only the properties that differ from the defaults."""

    __slots__ = ("id", "_make", "_own", "_simulation", "actions")

    def __init__(self, device_id: str, make: Make, simulation: Simulation | None = None) -> None:
        self.id = device_id
        self._make: Make | None = make
        self._own: dict[str, Any] = {}
        self._simulation = simulation
        self.actions: dict[str, list[Action]] = {}

    @property
    def own(self) -> dict[str, Any]:
        """Own properties, made on first use."""
        if self._make is not None:
            self._own = {**self._make(), "id": self.id}
            self._make = None
        return self._own

    @property
    def simulation(self) -> Simulation:
        """How this device answers; a copy of its own on first use."""
        if self._simulation is None:
            self._simulation = Simulation()
        return self._simulation

    def get(self, name: str) -> Any:
        """One property under its name in v1.0 or beta."""
        own = self.own
        name = ALIASES.get(name, name)
        return own[name] if name in own else BETA_DEFAULTS[name]

    def check_in(self, now: datetime) -> None:
        """The device talks to the service: waiting actions start."""
        self.simulation.offline = False
        for actions in self.actions.values():
            for action in actions:
                action.check_in(now)

    @property
    def is_windows_desktop(self) -> bool:
        """Windows 10/11 that is neither a phone nor a HoloLens."""
        return self.get("operatingSystem") == "Windows" and self.get("deviceType") not in ("windowsPhone", "holoLens")

    def outcome(self, windows_desktop: str) -> str:
        """What the next action will come to (facts: platform matrix)."""
        if self.simulation.outcome is not None:
            return self.simulation.outcome
        if self.is_windows_desktop:
            return windows_desktop
        return "not_supported" if self.get("operatingSystem") == "macOS" or self.get("deviceType") == "holoLens" else "done"


class Devices:
    """By id, in a stable order, with an index for the Entra device id."""

    def __init__(self) -> None:
        self._by_id: dict[str, Device] = {}
        self._entra: dict[str, Device] | None = None
        self._changes = 0
        self._cache = Cache()

    def add(self, device: Device) -> None:
        """Take in a device (a known id is replaced)."""
        self._by_id[device.id] = device
        self.changed()

    def get(self, device_id: str) -> Device | None:
        """By managed device id, any letter case."""
        return self._by_id.get(device_id) or self._by_id.get(device_id.lower())

    def by_entra_id(self, device_id: str) -> Device | None:
        """By azureADDeviceId."""
        if self._entra is None:
            self._entra = {str(device.get("azureADDeviceId")).lower(): device for device in self}
        return self._entra.get(device_id.lower())

    def changed(self) -> None:
        """A property was changed from outside: forget the index and what lists have found."""
        self._entra = None
        self._changes += 1

    def remember(self, key: Hashable, find: Callable[[], list[Device]]) -> list[Device]:
        """What `find` returns, found once until a device changes."""
        return self._cache.get(self._changes, key, find)

    def __iter__(self) -> Iterator[Device]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)
