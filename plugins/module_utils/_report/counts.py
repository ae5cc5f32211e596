# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Count managed devices for the report. Pure. The rows of each table add up to the number of devices."""

from __future__ import annotations

import collections
import typing as t

from .._devices.model import parse_version
from .._types import Json
from .words import LABELS, count, label, show

ORDER: tuple[str | None, ...] = ("yes", "no", "unknown", "not_applicable", None)
MOST_ROWS = 20  # of a table; the last row contains the rest
NOT_KNOWN = frozenset({"build_unknown", "join_unknown", "ownership_unknown"})  # reasons that make eligibility unknown
ELIGIBLE = "eligible_"  # prefix of the predicted outcome
DESKTOP = (10, 0)
# Source: https://learn.microsoft.com/windows/release-health/windows11-release-information and .../release-information
WINDOWS = {
    14393: "Windows 10 1607",
    15063: "Windows 10 1703",
    15254: "Windows 10 Mobile 1709",
    16299: "Windows 10 1709",
    17134: "Windows 10 1803",
    17763: "Windows 10 1809",
    18362: "Windows 10 1903",
    18363: "Windows 10 1909",
    19041: "Windows 10 2004",
    19042: "Windows 10 20H2",
    19043: "Windows 10 21H1",
    19044: "Windows 10 21H2",
    19045: "Windows 10 22H2",
    22000: "Windows 11 21H2",
    22621: "Windows 11 22H2",
    22631: "Windows 11 23H2",
    26100: "Windows 11 24H2",
    26200: "Windows 11 25H2",
}
TITLES = {
    "platform": "Platform",
    "join": "Join type",
    "build": "Version",
    "eligibility": "Reset requests, with the options of this report",
    "predicted": "Predicted outcome, if a request were sent to each device",
}


class DeviceCounts:
    """Counts of managed devices, added one by one in the form of ``describe`` of _devices.eligibility. Duplicates count once."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._counters: dict[str, collections.Counter[str]] = {name: collections.Counter() for name in TITLES}

    def add(self, device: t.Mapping[str, t.Any]) -> bool:
        """Count a device; return False if it was already counted."""
        identity = str(device["id"]).lower()
        if identity in self._seen:
            return False
        self._seen.add(identity)
        for name, value in classify(device).items():
            self._counters[name][value] += 1
        return True

    def has(self, device_id: str) -> bool:
        """Return whether a device was counted."""
        return device_id.lower() in self._seen

    def describe(self) -> Json:
        """Return the number of devices, and a table for each of TITLES."""
        total = len(self._seen)
        return {"total": total, "tables": [make_table(name, TITLES[name], counter) for name, counter in self._counters.items()]}


def classify(device: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Return the row of each table in which a device counts."""
    platform, join = str(device.get("platform") or "other"), str(device.get("join_type") or "unknown")
    predicted = str(device.get("predicted_outcome") or "unknown")
    return {
        "platform": platform if platform in LABELS["platform"] else "other",
        "join": join if join in LABELS["join"] else "unknown",
        "build": name_version(platform, device.get("os_version")),
        # Eligibility to send a request does not determine its outcome.
        "eligibility": f"{ELIGIBLE}{predicted}" if device.get("eligible") else str(device.get("reason") or "unknown"),
        "predicted": predicted,
    }


def name_version(platform: str, os_version: t.Any) -> str:
    """Return the common name of a device's version: the release of Windows with its build, the major version of others."""
    version = parse_version(os_version if isinstance(os_version, str) else None)
    name = label("platform", platform) if platform in LABELS["platform"] and platform != "other" else "Other"
    if not version:
        return f"{name}, version not known"
    if platform != "windows" or version[:2] != DESKTOP or len(version) < 3:
        return f"{name} {version[0]}"
    return f"{WINDOWS.get(version[2], 'Windows')} (build {version[2]})"


def state_of(kind: str, value: str) -> str | None:
    """Return the state that a row represents, or None for a row that only counts."""
    if kind == "reset":
        return RESET_STATES.get(value, "no")
    if kind == "eligibility" and value.startswith(ELIGIBLE):
        return state_of("predicted", value.removeprefix(ELIGIBLE))
    if kind == "eligibility":
        return "unknown" if value in NOT_KNOWN or value == "unknown" else "no"
    if kind == "probe":
        return {"proven": "yes", "not_proven": "no"}.get(value, "unknown")
    if kind == "predicted":
        return {"new_passcode": "yes", "passcode_removed": "yes", "not_supported": "no"}.get(value, "unknown")
    return None


def make_table(kind: str, title: str, counter: t.Mapping[str, int]) -> Json:
    """Return a table of at most MOST_ROWS rows, sorted by state and then by size, whose counts add up to its total."""
    ranked = sorted(((value, number) for value, number in counter.items() if number), key=lambda row: (-row[1], row[0]))
    kept = ranked if len(ranked) <= MOST_ROWS else ranked[: MOST_ROWS - 1]
    rows = [
        {
            "value": show(value) if kind == "build" else value,
            "label": label(kind, value) if kind in LABELS else show(value),
            "state": state_of(kind, value),
            "devices": number,
        }
        for value, number in kept
    ]
    rows.sort(key=lambda row: ORDER.index(row["state"]))
    rest = ranked[len(kept) :]
    if rest:
        rows.append(
            {"value": None, "label": count(len(rest), "other value"), "state": None, "devices": sum(number for _value, number in rest)}
        )
    return {"name": kind, "title": title, "total": sum(counter.values()), "rows": rows}


def make_check_in(status: t.Mapping[str, t.Any]) -> Json:
    """Return a check-in status as a table. Devices missing from its counts have an unknown status, so that the table adds up."""
    counter = {name: max(status.get(name) or 0, 0) for name in LABELS["check_in"]}
    counter["other"] += max((status.get("total") or 0) - sum(counter.values()), 0)
    rows = [
        {"value": name, "label": label("check_in", name), "state": CHECK_IN_STATES[name], "devices": counter[name]}
        for name in LABELS["check_in"]
        if counter[name]
    ]
    return {"name": "check_in", "title": "Check-in status", "total": sum(counter.values()), "rows": rows}


RESET_STATES = {
    "done": "yes",
    "pending": "unknown",
    "unknown": "unknown",
    "needs_approval": "unknown",
    "planned": "not_applicable",
    "none": "not_applicable",
}
CHECK_IN_STATES = {
    "succeeded": "yes",
    "error": "no",
    "conflict": "no",
    "pending": "unknown",
    "not_applicable": "not_applicable",
    "other": "unknown",
}
