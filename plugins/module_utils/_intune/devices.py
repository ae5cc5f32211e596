# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Managed devices: which ones a name means, and whether a passcode reset is supported on one.

Pure: normalise, matches, platform, eligibility. Thin calls: resolve, read.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._graph import errors
from .._graph.client import GraphClient, Json
from .._graph.protocol import literal, segments
from . import guid

PATH = "/deviceManagement/managedDevices"

# Option value -> Graph property.
MATCH_BY = {
    "id": "id",
    "device_name": "deviceName",
    "serial_number": "serialNumber",
    "user_principal_name": "userPrincipalName",
    "azure_ad_device_id": "azureADDeviceId",
}
FIND = ("id", "deviceName", "serialNumber", "userPrincipalName", "azureADDeviceId")
# joinType and deviceType exist in the beta version only; deviceActionResults is filled for single devices only.
READ = ("id", "deviceName", "operatingSystem", "osVersion", "joinType", "deviceType", "deviceActionResults")

CREATORS_UPDATE = (10, 0, 15063)
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


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Whether a reset is supported. ``reason`` is a stable name, ``message`` a sentence with what to do instead; null when eligible."""

    eligible: bool
    reason: str | None = None
    message: str | None = None


# --- pure -----------------------------------------------------------------------------------------------------------


def normalise(found: Json) -> Device:
    return Device(
        id=found["id"],
        device_name=found.get("deviceName") or None,
        operating_system=found.get("operatingSystem") or None,
        os_version=found.get("osVersion") or None,
        join_type=found.get("joinType") or None,
        device_type=found.get("deviceType") or None,
        actions=tuple(found.get("deviceActionResults") or ()),
    )


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


def eligibility(device: Device, platforms: t.Collection[str]) -> Verdict:
    """The support table of the brief: Windows 10 Creators Update or later, Entra joined; Android and iOS where asked for."""
    found = platform(device)
    if found in ("android", "ios", "windows") and found not in platforms:
        return _refuse("platform_not_selected", f"It runs {device.operating_system}; add {found} to platforms to reset its passcode.")
    if found in ("android", "ios"):
        return Verdict(True)
    if found != "windows":
        return _refuse(
            "platform_not_supported", f"Intune has no passcode reset for {device.operating_system or 'an unknown operating system'}."
        )
    build = _build(device.os_version)
    if len(build) < 3:
        return _refuse("build_unknown", f"Its Windows version is not known ({device.os_version}); let it sync with Intune and run again.")
    if build < CREATORS_UPDATE:
        return _refuse("build_too_old", f"It runs Windows {device.os_version}; 10.0.15063 (Creators Update) or later is needed. Update it.")
    return _join_verdict(device)


def _join_verdict(device: Device) -> Verdict:
    if device.join_type == "azureADJoined":
        return Verdict(True)
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


def _refuse(reason: str, message: str) -> Verdict:
    return Verdict(False, reason, message)


def _build(version: str | None) -> tuple[int, ...]:
    """The leading numbers of a version: '10.0.15063.1 (x)' gives (10, 0, 15063, 1); empty when there are none."""
    found = re.match(r"\d+(\.\d+)*", version or "")
    return tuple(int(part) for part in found.group(0).split(".")) if found else ()


def ways(name: str, match_by: str) -> list[str]:
    """Which properties to try for a name, in order."""
    if match_by != "auto":
        return [match_by]
    if guid.normalise(name):
        return ["id", "azure_ad_device_id"]
    return ["user_principal_name"] if "@" in name else ["device_name", "serial_number"]


def matches(found: Json, way: str, name: str) -> bool:
    """Whether this device is meant. Checked on our side too: Intune answers filters that it does not know with every device."""
    value = str(found.get(MATCH_BY[way]) or "")
    return bool(value) and value.casefold() == name.casefold()


# --- calls ----------------------------------------------------------------------------------------------------------


def read(client: GraphClient, device_id: str) -> Device | None:
    """One device with its action results; null when Intune does not know it."""
    found = client.find(PATH + segments(device_id), {"$select": ",".join(READ)}, version="beta")
    return normalise(found) if found is not None else None


def resolve(client: GraphClient, names: t.Iterable[str], match_by: str) -> dict[str, list[str]]:
    """Names to device: ``{id: [names that mean it]}`` in the order given. Every name must mean one device, or none is returned."""
    resolved: dict[str, list[str]] = {}
    problems = []
    for name in names:
        try:
            resolved.setdefault(_one(client, name, match_by), []).append(name)
        except errors.SelectionError as problem:
            problems.append(problem.message)
    if problems:
        raise errors.SelectionError(" ".join(problems), hint="Nothing was reset. Correct the names, or use device IDs.")
    return resolved


def _one(client: GraphClient, name: str, match_by: str) -> str:
    if not name.strip():
        raise errors.SelectionError("A name is blank.")
    for way in ways(name, match_by):
        found = _by(client, way, name)
        if len(found) > 1:
            candidates = ", ".join(sorted(f"{item['id']} ({item.get('deviceName')}, {item.get('serialNumber')})" for item in found))
            raise errors.SelectionError(f"'{name}' means {len(found)} devices by {way}: {candidates}.")
        if found:
            return found[0]["id"]
    raise errors.SelectionError(f"There is no managed device '{name}' (looked for by {', '.join(ways(name, match_by))}).")


def _by(client: GraphClient, way: str, name: str) -> list[Json]:
    if way in ("id", "azure_ad_device_id"):
        wanted = guid.normalise(name)
        if wanted is None:
            raise errors.SelectionError(f"'{name}' is not a GUID, which match_by {way} needs.")
        name = wanted
    if way == "id":
        found = client.find(PATH + segments(name), {"$select": ",".join(FIND)})
        return [found] if found is not None else []
    query = {"$filter": f"{MATCH_BY[way]} eq {literal(name)}", "$select": ",".join(FIND)}
    return [item for item in client.items(PATH, query) if matches(item, way, name)]
