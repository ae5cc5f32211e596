# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Interpret identifiers: the properties to compare with, whether a value can identify a device, and the reason if not. Pure."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .. import _errors as errors
from .. import _names
from .._guid import parse_guid, parse_identity
from .._names import fold
from .._time import parse_timestamp
from .._types import Json

MatchBy = t.Literal["id", "device_name", "serial_number", "user_principal_name", "azure_ad_device_id"]
MatchOption = t.Literal[MatchBy, "auto"]
Identifier = t.Literal[MatchBy, "user_id"]

# Option value -> Graph property.
MATCH_BY: dict[MatchBy, str] = {
    "id": "id",
    "device_name": "deviceName",
    "serial_number": "serialNumber",
    "user_principal_name": "userPrincipalName",
    "azure_ad_device_id": "azureADDeviceId",
}
# The properties by which devices are compared. Only those of MATCH_BY can be used in a $filter.
IDENTIFIERS: dict[Identifier, str] = dict([*MATCH_BY.items(), ("user_id", "userId")])
GUIDS: frozenset[Identifier] = frozenset({"id", "azure_ad_device_id", "user_id"})
# The properties to read of each candidate device. Those that do not identify a device help to choose between two.
FIND = (*IDENTIFIERS.values(), "operatingSystem", "lastSyncDateTime", "enrolledDateTime")

MAX_NAMES = 50_000
SHOWN_PROBLEMS = 20  # problems with names in one message; the rest are counted
SHOWN_CANDIDATES = 10  # devices in the message for a name that matches several

# Values that firmware contains if nobody set a serial number: letters and digits only, in the form of squash(). Sources: the lists of
# invalid serial numbers that OCS Inventory (https://github.com/OCSInventory-NG/OCSInventory-Server) and GLPI
# (https://github.com/glpi-project/glpi) ship, and the default values of the firmware of American Megatrends and Insyde.
PLACEHOLDERS = frozenset(
    {
        *("12345678900", "123456789000", "abc123", "asset1234567890", "sys1234567890", "sys9876543210", "mb1234567890"),
        *("sn12345", "sn1234567890", "sn123456fvgv3i0b8o5n6n7k", "bsn12345678901234567", "mmxxxxxxxxxx", "serialnumberxxxxxx"),
        *("none", "null", "nullstring", "nil", "empty", "blank", "na", "unknow", "unknown", "undefined", "unavailable", "notavailable"),
        *("notapplicable", "notspecified", "unspecified", "notdefined", "notset", "notpresent", "notprovided", "notsettable"),
        *("noenclosure", "noassetinformation", "tbd", "tobedefined", "default", "defaultstring", "invalid", "eval", "iatpass", "sim"),
        *("tobefilledbyoem", "tobefilled", "filledbyoem", "fillbyoem", "oem", "oemstring", "oemdefaultstring"),
        *("sn", "sernum", "sernum0", "sernum1", "systemserialnumb", "systemmanufacturer", "systemproductname", "systemname"),
        *("systemversion", "systemsku", "sku", "tulipcomputers"),
    }
)
# The name of the property instead of its value, such as Type2 - Board Serial Number, Unknown Serial, or No Asset Tag.
DESCRIPTION = re.compile(
    r"(type\d|no|not|unknown|invalid|default|system|chassis|enclosure|base|mother|board|product|module|bios|oem|pc)*"
    r"(serial(number|num|no|string)?|assettag(number)?)"
)
# The first six or more characters of these sequences are not real serial numbers.
SEQUENCES = (
    "0123456789abcdef",
    "0123456789" * 4,
    "1234567890" * 4,
    "123456789abcdef0",
    "9876543210" * 4,
    "fedcba9876543210",
    "abcdefghijkl",
)
SHORTEST_SEQUENCE = 6
REPETITION = re.compile(r"(0x)?(0+|1{3,}|(.)\3{3,})")

Problem = tuple[str, str]  # a problem with a name or a group, and advice
Pair = tuple[Identifier, str]  # a property, and a value: one reading of a name


@dataclasses.dataclass(frozen=True)
class SearchTerm:
    """A name in the task, and its readings. Any reading may match a device."""

    label: str
    pairs: tuple[Pair, ...]


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A device that a name may mean: the properties that identify it, and those that help to choose."""

    id: str
    device_name: str
    serial_number: str
    user_principal_name: str
    user_id: str | None
    platform: str
    last_sync: str
    enrolled: str

    def __str__(self) -> str:
        """Return the device with the properties that distinguish it, for a message."""
        facts = [
            f"'{_names.show(self.device_name)}'" if self.device_name else "no name",
            f"serial number {_names.show(self.serial_number)}" if self.serial_number else "no serial number",
            _names.show(self.user_principal_name) or "no user",
            _names.show(self.platform) or "unknown platform",
            f"enrolled {self.enrolled or 'at an unknown time'}",
            f"last check-in {self.last_sync or 'unknown'}",
        ]
        return f"{self.id} ({', '.join(facts)})"


# --- values of devices ----------------------------------------------------------------------------------------------


def parse_candidate(item: Json) -> Candidate | None:
    """Parse a device from Graph's JSON, or return None for one whose ID identifies nothing."""
    identity = parse_identity(item.get("id"))
    if identity is None:
        return None
    return Candidate(
        id=str(item["id"]),
        device_name=_text(item, "deviceName"),
        serial_number=_text(item, "serialNumber"),
        user_principal_name=_text(item, "userPrincipalName"),
        user_id=parse_identity(item.get("userId")),
        platform=_text(item, "operatingSystem"),
        last_sync=_text(item, "lastSyncDateTime"),
        enrolled=_text(item, "enrolledDateTime"),
    )


def _text(item: Json, name: str) -> str:
    value = item.get(name)
    is_date = name.endswith("DateTime")
    return value if isinstance(value, str) and not (is_date and value.startswith("0001-")) else ""


def fold_value(identifier: Identifier, value: t.Any) -> str | None:
    """Return a property's value in the form for comparison, or None if it identifies nothing."""
    if identifier in GUIDS:
        return parse_identity(value)
    return fold(value) if isinstance(value, str) and value.strip() else None


def fold_pair(pair: Pair) -> Pair:
    """Return a reading in the form for comparison."""
    return pair[0], fold_value(*pair) or ""


def is_placeholder(value: str) -> bool:
    """Return whether a serial number is a placeholder of firmware."""
    plain = re.sub(r"[\W_]+", "", _names.squash(value))
    is_sequence = len(plain) >= SHORTEST_SEQUENCE and any(sequence.startswith(plain) for sequence in SEQUENCES)
    return not plain or plain in PLACEHOLDERS or is_sequence or any(pattern.fullmatch(plain) for pattern in (REPETITION, DESCRIPTION))


# --- names of a task ------------------------------------------------------------------------------------------------


def parse_names(names: t.Sequence[str], groups: t.Sequence[str], match_by: MatchOption) -> list[SearchTerm]:
    """Return the search terms of the names; raise InvalidOptionError or SelectionError if a name or group cannot be one."""
    if not names and not groups:
        raise errors.InvalidOptionError("No device is meant: devices and device_groups are empty.", hint="Name a device or a group.")
    if len(names) > MAX_NAMES:
        raise errors.InvalidOptionError(f"devices holds {len(names)} names; {MAX_NAMES} is the most for one task.", hint="Split them.")
    problems = [problem for name in names if (problem := find_problem(name, match_by))]
    problems += [(malformation, "Correct or remove the group.") for group in groups if (malformation := _names.find_malformation(group))]
    raise_problems(problems)
    return [parse_name(name, match_by) for name in names]


def find_problem(name: t.Any, match_by: MatchOption) -> Problem | None:
    """Return why a value cannot identify a device, with advice, or None if it can."""
    malformation = _names.find_malformation(name)
    if malformation:
        return malformation, "Correct or remove the device."
    if match_by in ("id", "azure_ad_device_id") and not parse_guid(name):
        told = f"'{_names.show(name)}' is not a GUID, which match_by {match_by} needs.{_names.explain_missing(name, ())}"
        return told, "Correct the ID of the device, or change match_by."
    if match_by in ("auto", "serial_number") and is_placeholder(name):
        told = f"'{_names.show(name)}' is a placeholder that devices have where no serial number was written: it identifies none."
        return told, "Use the ID of the device" + ("." if match_by == "serial_number" else ", or set match_by to device_name.")
    return None


def parse_name(name: str, match_by: MatchOption) -> SearchTerm:
    """Return the readings of a name. With ``auto``, these are all properties that may contain it, in the order used in messages."""
    guid = parse_guid(name)
    if match_by != "auto":
        return SearchTerm(name, ((match_by, (guid or name) if match_by in GUIDS else name),))
    texts: tuple[Pair, ...] = (("device_name", name), ("serial_number", name))
    if guid:
        return SearchTerm(name, (("id", guid), ("azure_ad_device_id", guid), *texts))
    return SearchTerm(name, (("user_principal_name", name), *texts) if "@" in name else texts)


def raise_problems(problems: t.Iterable[Problem]) -> None:
    """Raise SelectionError for these problems with names and groups, with matching advice, if there are any."""
    every = list(dict.fromkeys(problems))
    if every:
        more = f" ... and {len(every) - SHOWN_PROBLEMS} more problems." if len(every) > SHOWN_PROBLEMS else ""
        told, advice = (" ".join(dict.fromkeys(texts)) for texts in zip(*every[:SHOWN_PROBLEMS], strict=True))
        raise errors.SelectionError(told + more, hint=advice, effects="none")


# --- a choice between several devices -------------------------------------------------------------------------------


def describe_several(term: SearchTerm, found: t.Mapping[Pair, t.Mapping[str, Candidate]]) -> str:
    """Return the sentences for a name that several devices have. ``found``: the devices of each reading of the term."""
    readings = {pair[0]: hits for pair in term.pairs if (hits := found.get(pair))}
    devices = {identity: device for hits in readings.values() for identity, device in hits.items()}
    name = f"'{_names.show(term.label)}' matches {len(devices)} devices"
    if len(readings) == 1:
        return f"{name} by {next(iter(readings))}: {_join(devices.values())}.{_advise(list(devices.values()))}"
    each = "; ".join(f"by {identifier} {_join(hits.values())}" for identifier, hits in readings.items())
    # Even with one property, the name may match several devices.
    return f"{name} in different ways: {each}. Set match_by to the property that is meant, or use the ID."


def _join(devices: t.Iterable[Candidate]) -> str:
    ordered = sorted(devices, key=lambda device: (-_recency(device)[0], -_recency(device)[1], device.id))
    more = f" and {len(ordered) - SHOWN_CANDIDATES} more" if len(ordered) > SHOWN_CANDIDATES else ""
    return ", ".join(map(str, ordered[:SHOWN_CANDIDATES])) + more


def _recency(device: Candidate) -> tuple[float, float]:
    return parse_timestamp(device.last_sync) or 0.0, parse_timestamp(device.enrolled) or 0.0


def _advise(devices: list[Candidate]) -> str:
    """Return which record is current, if all of them belong to one device that was enrolled again."""
    names = {fold(device.device_name) for device in devices}
    serials = {fold(device.serial_number) for device in devices}
    if len(serials) > 1 or len(names) > 1 or not all(serials) or is_placeholder(devices[0].serial_number):
        return ""
    ordered = sorted(devices, key=_recency, reverse=True)
    told = "They have one name and serial number, as a device does that was enrolled again"
    if _recency(ordered[0]) == _recency(ordered[1]):
        return f" {told}; their check-ins do not say which record is current."
    current = f"the record {ordered[0].id} is current, since it checked in last"
    return f" {told}: {current}. Use its ID, and delete records that are left over in Intune."
