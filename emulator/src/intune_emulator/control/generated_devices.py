# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The properties of generated devices, each made when it is read: a hundred thousand devices would need half a gigabyte for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ..state.clock import iso
from ..state.guids import stable_id
from .demo_devices import DeviceKind

MOBILE_TYPES = ("windowsPhone", "androidEnterprise", "iPhone")


class GeneratedDevice:
    """What the properties of a device are made from. `moment`: from which its dates are counted back; `index`: its number, from 1."""

    __slots__ = ("domain", "index", "kind", "moment", "name", "_user")

    def __init__(self, domain: str, moment: datetime, name: str, kind: DeviceKind, index: int, user: str | None = None) -> None:
        self.domain, self.moment, self.name, self.kind, self.index = domain, moment, name, kind, index
        self._user = user

    @property
    def user(self) -> str:
        """Return the name of its user before the @."""
        return self._user or f"user{self.index:06d}"

    @property
    def principal(self) -> str:
        """Return the name that its user signs in with."""
        return f"{self.user}@{self.domain}"

    def get(self, name: str, default: Any) -> Any:
        """Return a property, or the default where a device like this has none of its own."""
        make = self._makers.get(name)
        return default if make is None else make(self)

    def as_dict(self) -> dict[str, Any]:
        """Return all properties that differ from the defaults."""
        return {name: make(self) for name, make in self._makers.items()}

    @property
    def _makers(self) -> dict[str, Callable[[GeneratedDevice], Any]]:
        return MOBILE_PROPERTIES if self.kind.device_type in MOBILE_TYPES else PROPERTIES


PROPERTIES: dict[str, Callable[[GeneratedDevice], Any]] = {
    "deviceName": lambda device: device.name,
    "managedDeviceName": lambda device: f"{device.user}_{device.kind.system}_{iso(device.moment - timedelta(days=30))[:10]}",
    "userId": lambda device: stable_id("user", device.user),
    "userPrincipalName": lambda device: device.principal,
    "emailAddress": lambda device: device.principal,
    "userDisplayName": lambda device: device.user.replace(".", " ").title(),
    "operatingSystem": lambda device: device.kind.system,
    "osVersion": lambda device: device.kind.version,
    "deviceType": lambda device: device.kind.device_type,
    "joinType": lambda device: device.kind.join_type,
    "manufacturer": lambda device: device.kind.manufacturer,
    "model": lambda device: device.kind.model,
    "deviceEnrollmentType": lambda device: device.kind.enrollment,
    "managedDeviceOwnerType": lambda device: device.kind.owner,
    "chassisType": lambda device: device.kind.chassis,
    "skuFamily": lambda device: device.kind.sku,
    "azureADDeviceId": lambda device: stable_id("entra", device.name, device.index),
    "serialNumber": lambda device: stable_id("serial", device.name, device.index)[:13].replace("-", "").upper(),
    "wiFiMacAddress": lambda device: stable_id("wifi", device.name, device.index).replace("-", "")[:12].upper(),
    "enrolledDateTime": lambda device: iso(device.moment - timedelta(days=30 + device.index % 300)),
    "lastSyncDateTime": lambda device: iso(device.moment - timedelta(minutes=5 + device.index * 7 % 900)),
    "totalStorageSpaceInBytes": lambda device: 128 * 1024**3,
    "freeStorageSpaceInBytes": lambda device: (20 + device.index % 80) * 1024**3,
    "physicalMemoryInBytes": lambda device: 8 * 1024**3,
    "notes": lambda device: "",
    "roleScopeTagIds": lambda device: ["0"],
    "azureADRegistered": lambda device: True,
}
MOBILE_PROPERTIES = {
    **PROPERTIES,
    "imei": lambda device: f"35{device.index:013d}",
    "phoneNumber": lambda device: f"+49151{device.index:07d}",
}
