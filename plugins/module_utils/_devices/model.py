# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Managed devices: the properties of a device in Intune, and its platform.

Pure. Source of the properties: https://learn.microsoft.com/graph/api/resources/intune-devices-manageddevice
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .. import _json as shapes
from .._graph.rate_limit import Quota
from .._guid import parse_identity
from .._types import Json

PATH = "/deviceManagement/managedDevices"
# Of one application in one tenant. Source: https://learn.microsoft.com/graph/throttling-limits#intune-service-limits
QUOTA = Quota(writes=200, requests=2000, seconds=20.0)

Ownership = t.Literal["company", "personal", "unknown"]
Platform = t.Literal["windows", "holographic", "windows_phone", "android", "ios", "macos", "linux", "other"]
JoinType = t.Literal["azureADJoined", "hybridAzureADJoined", "azureADRegistered", "unknown"]

OWNERSHIPS: tuple[Ownership, ...] = ("company", "personal", "unknown")

# The properties for the eligibility and the prediction: those in both versions, and two that only beta has.
ELIGIBILITY_V1 = (
    *("id", "deviceName", "operatingSystem", "osVersion", "managedDeviceOwnerType", "managementState", "managementAgent"),
    "deviceEnrollmentType",
)
ELIGIBILITY = (*ELIGIBILITY_V1, "joinType", "deviceType")
# deviceActionResults has content only for single devices. READ_V1 has azureADDeviceId, which leads to /devices and its trustType.
READ = (*ELIGIBILITY, "userPrincipalName", "deviceActionResults")
READ_V1 = (*ELIGIBILITY_V1, "userPrincipalName", "azureADDeviceId", "deviceActionResults")
# The returned properties of a device, without its action results, which contain passcodes.
INFO = (
    *ELIGIBILITY,
    "managedDeviceName",
    "serialNumber",
    "userPrincipalName",
    "azureADDeviceId",
    "complianceState",
    "lastSyncDateTime",
    "enrolledDateTime",
)
# The beginning of Graph's value for a missing date: the year 1.
NO_DATE = "0001-"

DEVICE = shapes.object_of({"id": shapes.identity})  # parse_device accepts any value for the rest
TRUST = shapes.object_of({"trustType": shapes.lenient(shapes.text)})

PIN_RESET_GUIDE = "https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/pin-reset"


# --- devices --------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Device:
    """The properties of a managed device, None if Intune does not know one. ``actions``: its raw deviceActionResults, with passcodes."""

    id: str
    device_name: str | None = None
    operating_system: str | None = None
    os_version: str | None = None
    join_type: str | None = None
    device_type: str | None = None
    actions: tuple[Json, ...] = dataclasses.field(default=(), repr=False)
    ownership: str | None = None
    management_state: str | None = None
    management_agent: str | None = None
    managed_device_name: str | None = None
    serial_number: str | None = None
    user_principal_name: str | None = None
    azure_ad_device_id: str | None = None
    compliance_state: str | None = None
    last_sync: str | None = None
    enrolled: str | None = None
    enrollment_type: str | None = None
    user_id: str | None = None


def shape_of(device_id: str) -> shapes.Shape[Json]:
    """Return the shape of the record of this device, which rejects that of another device."""
    return shapes.object_of({"id": shapes.same_identity(device_id)})


def parse_device(item: Json) -> Device:
    """Parse a device from Graph's JSON. A value of the wrong type counts as unknown."""
    actions = item.get("deviceActionResults")
    return Device(
        id=str(item.get("id")),
        device_name=_parse_text(item.get("deviceName")),
        operating_system=_parse_text(item.get("operatingSystem")),
        os_version=_parse_text(item.get("osVersion")),
        join_type=_parse_text(item.get("joinType")),
        device_type=_parse_text(item.get("deviceType")),
        actions=tuple(entry for entry in actions if isinstance(entry, dict)) if isinstance(actions, list) else (),
        ownership=_parse_text(item.get("managedDeviceOwnerType")),
        management_state=_parse_text(item.get("managementState")),
        management_agent=_parse_text(item.get("managementAgent")),
        managed_device_name=_parse_text(item.get("managedDeviceName")),
        serial_number=_parse_text(item.get("serialNumber")),
        user_principal_name=_parse_text(item.get("userPrincipalName")),
        azure_ad_device_id=_parse_text(item.get("azureADDeviceId")) if parse_identity(item.get("azureADDeviceId")) else None,
        compliance_state=_parse_text(item.get("complianceState")),
        last_sync=_parse_text(item.get("lastSyncDateTime"), nothing=NO_DATE),
        enrolled=_parse_text(item.get("enrolledDateTime"), nothing=NO_DATE),
        enrollment_type=_parse_text(item.get("deviceEnrollmentType")),
        user_id=parse_identity(item.get("userId")),
    )


def _parse_text(value: t.Any, nothing: str | None = None) -> str | None:
    """Return a text, or None for anything else, and for a text that starts with ``nothing``."""
    if not isinstance(value, str) or not value:
        return None
    return None if nothing is not None and value.startswith(nothing) else value


def parse_trust_type(trust: str | None) -> JoinType:
    """Return the joinType for the trustType of the device's object in Microsoft Entra, because v1.0 has no joinType."""
    join_types: dict[str, JoinType] = {"AzureAd": "azureADJoined", "ServerAd": "hybridAzureADJoined", "Workplace": "azureADRegistered"}
    return join_types.get(trust or "", "unknown")


def platform_of(device: Device) -> Platform:
    """Return the platform of a device.

    Intune's operatingSystem is free text, so only its beginning counts. A known deviceType is more reliable.
    """
    kind = (device.device_type or "").lower()
    system = (device.operating_system or "").lower()
    if kind == "hololens" or "holographic" in system:
        return "holographic"
    beginnings: dict[Platform, tuple[str, ...]] = {
        "android": ("android", "aosp"),
        "ios": ("ios", "ipados"),
        "macos": ("macos", "mac os", "macmdm"),
        "linux": ("linux",),
    }
    for name, texts in beginnings.items():
        if system.startswith(texts):
            return name
    if system.startswith("windows"):
        return "windows_phone" if parse_version(device.os_version)[:1] == (8,) else "windows"
    return "other"


def parse_version(version: str | None) -> tuple[int, ...]:
    """Return the leading numbers of a version: '10.0.15063.1 (x)' gives (10, 0, 15063, 1). Empty if there are none."""
    found = re.match(r"[0-9]{1,9}(\.[0-9]{1,9})*", version or "")
    return tuple(int(part) for part in found.group(0).split(".")) if found else ()
