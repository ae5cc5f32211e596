# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Managed devices: the properties that Intune has of one, its platform, and the names that match it.

Pure. Source of the properties: https://learn.microsoft.com/graph/api/resources/intune-devices-manageddevice
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .._graph.rate_limit import Quota
from .._guid import parse_guid
from .._types import Json

PATH = "/deviceManagement/managedDevices"
# Of one application in one tenant. Source: https://learn.microsoft.com/graph/throttling-limits#intune-service-limits
QUOTA = Quota(writes=200, requests=2000, seconds=20.0)

MatchBy = t.Literal["id", "device_name", "serial_number", "user_principal_name", "azure_ad_device_id"]
Identifier = t.Literal[MatchBy, "user_id"]
Ownership = t.Literal["company", "personal", "unknown"]
Platform = t.Literal["windows", "holographic", "windows_phone", "android", "ios", "macos", "linux", "other"]
JoinType = t.Literal["azureADJoined", "hybridAzureADJoined", "azureADRegistered", "unknown"]

OWNERSHIPS: tuple[Ownership, ...] = ("company", "personal", "unknown")

# Option value -> Graph property.
MATCH_BY: dict[MatchBy, str] = {
    "id": "id",
    "device_name": "deviceName",
    "serial_number": "serialNumber",
    "user_principal_name": "userPrincipalName",
    "azure_ad_device_id": "azureADDeviceId",
}
# The properties by which a device is compared. Not every one may be in a $filter: only those of MATCH_BY are asked for.
IDENTIFIERS: dict[Identifier, str] = dict([*MATCH_BY.items(), ("user_id", "userId")])
FIND = ("id", "deviceName", "serialNumber", "userPrincipalName", "userId", "azureADDeviceId")
# The properties that decide on the eligibility: those that both versions have, and two that only beta has.
ELIGIBILITY_V1 = ("id", "deviceName", "operatingSystem", "osVersion", "managedDeviceOwnerType", "managementState", "managementAgent")
ELIGIBILITY = (*ELIGIBILITY_V1, "joinType", "deviceType")
# deviceActionResults is filled for single devices only. READ_V1 has azureADDeviceId, which leads to /devices and its trustType.
READ = (*ELIGIBILITY, "deviceActionResults")
READ_V1 = (*ELIGIBILITY_V1, "azureADDeviceId", "deviceActionResults")
# The properties that are returned of a device: no action results, which hold passcodes.
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
# The beginnings of Graph's values for nothing: the nil GUID, and the year 1.
NO_GUID = "00000000-"
NO_DATE = "0001-"

DEVICE = shapes.object_of({"id": shapes.identity})  # the rest parse_device takes as it comes
TRUST = shapes.object_of({"trustType": shapes.lenient(shapes.text)})

PIN_RESET_GUIDE = "https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/pin-reset"

MAX_NAMES = 50_000
MAX_NAME_LENGTH = 256  # characters
# Also halves of characters, which no request can carry.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
SHOWN_PROBLEMS = 20  # problems with names in one message; the rest is counted


# --- devices --------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Device:
    """The properties of a managed device, null where Intune does not know one. ``actions``: its raw deviceActionResults, with passcodes."""

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


def shape_of(device_id: str) -> shapes.Shape[Json]:
    """Return the shape of the record of this device: that of another one must not pass for it."""
    return shapes.object_of({"id": shapes.same_identity(device_id)})


def parse_device(item: Json) -> Device:
    """Return the device in Graph's JSON. A value of another type than its property's counts as unknown."""
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
        azure_ad_device_id=_parse_text(item.get("azureADDeviceId"), nothing=NO_GUID),
        compliance_state=_parse_text(item.get("complianceState")),
        last_sync=_parse_text(item.get("lastSyncDateTime"), nothing=NO_DATE),
        enrolled=_parse_text(item.get("enrolledDateTime"), nothing=NO_DATE),
    )


def _parse_text(value: t.Any, nothing: str | None = None) -> str | None:
    """Return a text; null for anything else, and for one that begins as ``nothing`` does."""
    if not isinstance(value, str) or not value:
        return None
    return None if nothing is not None and value.startswith(nothing) else value


def parse_trust_type(trust: str | None) -> JoinType:
    """Return the joinType for the trustType of the device's object in Microsoft Entra: v1.0 has no joinType."""
    join_types: dict[str, JoinType] = {"AzureAd": "azureADJoined", "ServerAd": "hybridAzureADJoined", "Workplace": "azureADRegistered"}
    return join_types.get(trust or "", "unknown")


def platform_of(device: Device) -> Platform:
    """Return the platform of a device.

    Intune's operatingSystem is free text, so its beginning counts; deviceType is more reliable where it is known.
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
    """Return the leading numbers of a version: '10.0.15063.1 (x)' gives (10, 0, 15063, 1). Empty where there are none."""
    found = re.match(r"[0-9]{1,9}(\.[0-9]{1,9})*", version or "")
    return tuple(int(part) for part in found.group(0).split(".")) if found else ()


# --- names ----------------------------------------------------------------------------------------------------------

Pair = tuple[Identifier, str]  # a property, and a value


@dataclasses.dataclass(frozen=True)
class SearchTerm:
    """A name, or a member of a group, as pairs in the order in which they are tried.

    ``matches_all``: the devices that match any of the pairs are meant, and not only those that match the first pair with a match.
    """

    label: str
    pairs: tuple[Pair, ...]
    matches_all: bool = False


def parse_names(names: t.Sequence[str], groups: t.Sequence[str], match_by: MatchBy | t.Literal["auto"]) -> list[SearchTerm]:
    """Return the search terms of the names; raise InvalidOptionError or SelectionError where a name or group cannot be one."""
    if not names and not groups:
        raise errors.InvalidOptionError("No device is meant: devices and device_groups are empty.", hint="Name a device or a group.")
    if len(names) > MAX_NAMES:
        raise errors.InvalidOptionError(f"devices holds {len(names)} names; {MAX_NAMES} is the most for one task.", hint="Split them.")
    problems = [problem for name in (*names, *groups) if (problem := _find_malformation(name))]
    by_guid = match_by in ("id", "azure_ad_device_id")
    problems += [f"'{name}' is not a GUID, which match_by {match_by} needs." for name in names if by_guid and not parse_guid(name)]
    raise_problems(problems)
    return [_parse_name(name, match_by) for name in names]


def _find_malformation(name: str) -> str | None:
    if not name.strip():
        return "A name is blank."
    if len(name) > MAX_NAME_LENGTH:
        return f"A name is {len(name)} characters long, and {MAX_NAME_LENGTH} is the most: {name[:40]!r}..."
    if CONTROL.search(name):
        return f"A name holds control characters: {name[:80]!r}."
    return None


def _parse_name(name: str, match_by: MatchBy | t.Literal["auto"]) -> SearchTerm:
    properties = choose_properties(name, match_by)
    value = parse_guid(name) if properties[0] in ("id", "azure_ad_device_id") else None
    return SearchTerm(name, tuple((choice, value or name) for choice in properties))


def choose_properties(name: str, match_by: MatchBy | t.Literal["auto"]) -> list[MatchBy]:
    """Return the properties by which to search for a name, in order."""
    if match_by != "auto":
        return [match_by]
    if parse_guid(name):
        return ["id", "azure_ad_device_id"]
    return ["user_principal_name"] if "@" in name else ["device_name", "serial_number"]


def fold(value: t.Any) -> str:
    """Return a property or a name for a comparison without case, as Intune compares. Not casefold: it equates straße and strasse."""
    return str(value or "").lower()


def raise_problems(problems: t.Iterable[str]) -> None:
    """Raise SelectionError for these problems with names and groups, if there are any."""
    every = list(dict.fromkeys(problems))
    if every:
        more = f" ... and {len(every) - SHOWN_PROBLEMS} more problems." if len(every) > SHOWN_PROBLEMS else ""
        raise errors.SelectionError(" ".join(every[:SHOWN_PROBLEMS]) + more, hint="Correct the names, or use device IDs.", effects="none")
