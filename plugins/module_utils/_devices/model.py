# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Managed devices: what Intune says of one, what it is compared by, and whether a passcode reset is supported on it.

Pure.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .. import _guid as guid
from .._graph.rate_limit import Quota
from .._types import Json

PATH = "/deviceManagement/managedDevices"
# Of one application in one tenant. Source: https://learn.microsoft.com/graph/throttling-limits#intune-service-limits
QUOTA = Quota(writes=200, requests=2000, seconds=20.0)

# Option value -> Graph property.
MATCH_BY = {
    "id": "id",
    "device_name": "deviceName",
    "serial_number": "serialNumber",
    "user_principal_name": "userPrincipalName",
    "azure_ad_device_id": "azureADDeviceId",
}
FIND = ("id", "deviceName", "serialNumber", "userPrincipalName", "userId", "azureADDeviceId")
# What the gate looks at, in both versions; and two properties that exist in beta only.
GATE_V1 = ("id", "deviceName", "operatingSystem", "osVersion", "managedDeviceOwnerType", "managementState", "managementAgent")
GATE = (*GATE_V1, "joinType", "deviceType")
# deviceActionResults is filled for single devices only. READ_V1 has azureADDeviceId, which leads to /devices and its trustType.
READ = (*GATE, "deviceActionResults")
READ_V1 = (*GATE_V1, "azureADDeviceId", "deviceActionResults")
# What is told of a device: no action results, which hold passcodes.
INFO = (
    *GATE,
    "managedDeviceName",
    "serialNumber",
    "userPrincipalName",
    "azureADDeviceId",
    "complianceState",
    "lastSyncDateTime",
    "enrolledDateTime",
)

CREATORS_UPDATE = (10, 0, 15063)
# managementState, in lower case, of a device that Intune is about to let go. After a failed or canceled command it is managed still.
LEAVING = frozenset({"retirepending", "retireissued", "wipepending", "wipeissued", "deletepending"})
# managementAgent, in lower case, where Intune has no MDM channel to the device: RetryingSender alone, Configuration Manager alone, the PC
# client of before MDM, Defender, and devices that Jamf or Google manage and Intune only lists. Members to come are let through.
WITHOUT_MDM = frozenset({"unknown", "eas", "configurationmanagerclient", "intuneclient", "easintuneclient", "mssense", "jamf", "google"})
OWNERSHIPS = ("company", "personal", "unknown")
GUIDE = "https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/pin-reset"


@dataclasses.dataclass(frozen=True)
class Device:
    """A managed device as far as it matters here. ``actions``: its raw deviceActionResults, which hold passcodes."""

    id: str
    device_name: str | None = None
    operating_system: str | None = None
    os_version: str | None = None
    join_type: str | None = None
    device_type: str | None = None
    actions: tuple[Json, ...] = dataclasses.field(default=(), repr=False)
    owner: str | None = None
    management_state: str | None = None
    management_agent: str | None = None
    managed_device_name: str | None = None
    serial_number: str | None = None
    user_principal_name: str | None = None
    azure_ad_device_id: str | None = None
    compliance_state: str | None = None
    last_sync: str | None = None
    enrolled: str | None = None


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Whether a reset is supported. ``reason`` is a stable name, ``message`` a sentence with what to do instead; null when eligible."""

    eligible: bool
    reason: str | None = None
    message: str | None = None


# --- pure -----------------------------------------------------------------------------------------------------------


def normalise(found: Json) -> Device:
    """What is not of its type counts as not told."""
    actions = found.get("deviceActionResults")
    return Device(
        id=str(found.get("id")),
        device_name=_text(found.get("deviceName")),
        operating_system=_text(found.get("operatingSystem")),
        os_version=_text(found.get("osVersion")),
        join_type=_text(found.get("joinType")),
        device_type=_text(found.get("deviceType")),
        actions=tuple(entry for entry in actions if isinstance(entry, dict)) if isinstance(actions, list) else (),
        owner=_text(found.get("managedDeviceOwnerType")),
        management_state=_text(found.get("managementState")),
        management_agent=_text(found.get("managementAgent")),
        managed_device_name=_text(found.get("managedDeviceName")),
        serial_number=_text(found.get("serialNumber")),
        user_principal_name=_text(found.get("userPrincipalName")),
        azure_ad_device_id=_unless(found.get("azureADDeviceId"), "00000000-"),
        compliance_state=_text(found.get("complianceState")),
        last_sync=_unless(found.get("lastSyncDateTime"), "0001-"),
        enrolled=_unless(found.get("enrolledDateTime"), "0001-"),
    )


def _text(value: t.Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _unless(value: t.Any, void: str) -> str | None:
    """Null also for what begins as Graph's word for nothing does: the GUID of zeros, the year 1."""
    text = _text(value)
    return None if text is None or text.startswith(void) else text


def describe(device: Device, verdict: Verdict) -> Json:
    """An entry of the ``devices`` return value."""
    return {
        "id": device.id,
        "device_name": device.device_name,
        "managed_device_name": device.managed_device_name,
        "operating_system": device.operating_system,
        "os_version": device.os_version,
        "platform": platform(device),
        "serial_number": device.serial_number,
        "user_principal_name": device.user_principal_name,
        "azure_ad_device_id": device.azure_ad_device_id,
        "ownership": device.owner,
        "management_state": device.management_state,
        "join_type": device.join_type,
        "compliance_state": device.compliance_state,
        "last_sync": device.last_sync,
        "enrolled": device.enrolled,
        "eligible": verdict.eligible,
        "reason": verdict.reason,
        "message": verdict.message,
    }


def join_of_trust(trust: str | None) -> str:
    """The joinType that the trustType of the device's object in Microsoft Entra stands for: v1.0 has no joinType."""
    return {"AzureAd": "azureADJoined", "ServerAd": "hybridAzureADJoined", "Workplace": "azureADRegistered"}.get(trust or "", "unknown")


def platform(device: Device) -> str:
    """windows, holographic, windows_phone, android, ios, macos, linux or other.

    Intune's operatingSystem is free text, so what it begins with counts; deviceType is surer where it is there.
    """
    kind = (device.device_type or "").lower()
    system = (device.operating_system or "").lower()
    if kind == "hololens" or "holographic" in system:
        return "holographic"
    for name, beginnings in (
        ("android", ("android", "aosp")),
        ("ios", ("ios", "ipados")),
        ("macos", ("macos", "mac os", "macmdm")),
        ("linux", ("linux",)),
    ):
        if system.startswith(beginnings):
            return name
    if system.startswith("windows"):
        return "windows_phone" if _build(device.os_version)[:1] == (8,) else "windows"
    return "other"


def eligibility(device: Device, platforms: t.Collection[str], ownerships: t.Collection[str] = ("company",)) -> Verdict:
    """The support table of the brief: Windows 10 Creators Update or later, Entra joined; Android and iOS where asked for.

    And, whatever the platform: Intune manages the device, is not about to let it go, and it is of one of the ``ownerships``.
    """
    return (
        _platform_refusal(device, platforms)
        or _management_refusal(device)
        or _windows_refusal(device)
        or _ownership_refusal(device, ownerships)
        or Verdict(True)
    )


def _platform_refusal(device: Device, platforms: t.Collection[str]) -> Verdict | None:
    found = platform(device)
    if found not in ("android", "ios", "windows"):
        return _refuse(
            "platform_not_supported", f"Intune has no passcode reset for {device.operating_system or 'an unknown operating system'}."
        )
    if found not in platforms:
        return _refuse("platform_not_selected", f"It runs {device.operating_system}; add {found} to platforms to reset its passcode.")
    return None


def _management_refusal(device: Device) -> Verdict | None:
    if (device.management_state or "").lower() in LEAVING:
        return _refuse(
            "being_removed",
            f"Intune is about to remove it ({device.management_state}). Cancel that first, or enroll the device again afterwards.",
        )
    if (device.management_state or "").lower() == "discovered":
        return _refuse("not_managed", "Intune has only discovered it, and does not manage it. Enroll it in Intune.")
    if (device.management_agent or "").lower() in WITHOUT_MDM:
        return _refuse(
            "not_managed",
            f"Intune has no MDM channel to it (its management agent is {device.management_agent}). Enroll it, or use what manages it.",
        )
    return None


def _windows_refusal(device: Device) -> Verdict | None:
    if platform(device) != "windows":
        return None
    build = _build(device.os_version)
    if len(build) < 3:
        return _refuse("build_unknown", f"Its Windows version is not known ({device.os_version}); let it sync with Intune and run again.")
    if build < CREATORS_UPDATE:
        return _refuse("build_too_old", f"It runs Windows {device.os_version}; 10.0.15063 (Creators Update) or later is needed. Update it.")
    return _join_refusal(device)


def _join_refusal(device: Device) -> Verdict | None:
    if device.join_type == "azureADJoined":
        return None
    if device.join_type == "hybridAzureADJoined":
        return _refuse(
            "hybrid_joined",
            f"It is hybrid joined; only Microsoft Entra joined devices are supported. Its user can reset the PIN on the device: {GUIDE}",
        )
    if device.join_type == "azureADRegistered":
        return _refuse(
            "not_joined", "It is registered with Microsoft Entra, not joined. Join it, or let its user set a new PIN in Settings."
        )
    return _refuse("join_unknown", "Intune does not know how it is joined to Microsoft Entra; let it sync and run again.")


def _ownership_refusal(device: Device, ownerships: t.Collection[str]) -> Verdict | None:
    owner = device.owner if device.owner in OWNERSHIPS else "unknown"
    if owner in ownerships:
        return None
    if owner == "personal":
        return _refuse(
            "personally_owned", "It is personally owned. Let its owner set a new passcode, or add personal to ownerships if you may do so."
        )
    if owner == "company":
        return _refuse("company_owned", "It is owned by the company, which is not among ownerships. Add company to them.")
    return _refuse("ownership_unknown", "Intune does not know who owns it. Set its ownership in Intune, or add unknown to ownerships.")


def _refuse(reason: str, message: str) -> Verdict:
    return Verdict(False, reason, message)


def _build(version: str | None) -> tuple[int, ...]:
    """The leading numbers of a version: '10.0.15063.1 (x)' gives (10, 0, 15063, 1); empty when there are none."""
    found = re.match(r"[0-9]{1,9}(\.[0-9]{1,9})*", version or "")
    return tuple(int(part) for part in found.group(0).split(".")) if found else ()


def ways(name: str, match_by: str) -> list[str]:
    """Which properties to try for a name, in order."""
    if match_by != "auto":
        return [match_by]
    if guid.parse_guid(name):
        return ["id", "azure_ad_device_id"]
    return ["user_principal_name"] if "@" in name else ["device_name", "serial_number"]


def fold(value: t.Any) -> str:
    """A property or a name to be compared, as Intune does, without case. Not casefold: that makes one of straße and strasse."""
    return str(value or "").lower()
