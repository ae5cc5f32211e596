# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Parse the last result of the probe for each device. Pure.

Intune reports every exit code except 0 as ``fail``, even if a policy blocked the script. So the line decides, and a row without one shows
nothing about the PIN. Devices report only changes: the time of a row is that of the last change, not of the last run.

Source: https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscriptdevicestate
"""

from __future__ import annotations

import dataclasses
import functools
import math
import typing as t

from .._guid import parse_identity
from .._text import quote
from .._time import parse_timestamp, render_timestamp
from .._types import Json
from .dsregcmd import JoinType
from .line import find_join_type, judge_line, parse_line
from .reason import Code, Reason, ReasonResult

# If Intune has several results with the same time, the later state in this order counts.
State = t.Literal["proven", "pending", "unknown", "not_proven"]
STATES: tuple[State, ...] = ("proven", "pending", "unknown", "not_proven")
VERDICTS: t.Mapping[bool | None, State] = {True: "proven", False: "not_proven", None: "unknown"}
LONGEST_ERROR = 200  # characters of a script's error

PENDING = Reason(
    "probe_pending",
    "Intune has no answer of the probe from the device yet.",
    "Wait: the device gets the probe within 8 hours, runs it on its schedule while a user is signed in, and reports within an hour. "
    "A device that is registered, and not joined, never runs it.",
)
NOT_APPLICABLE = Reason(
    "not_applicable",
    "Intune does not run the probe on the device (not applicable).",
    "Check the assignments and filters of the probe. The device must be Entra joined or hybrid joined, with Windows Enterprise, Pro or "
    "Education.",
)
BLOCKED = (
    "Check on the device whether the execution policy of a group policy, App Control, or AppLocker blocks scripts that are not signed. "
    "For details, see its log IntuneManagementExtension."
)
FAILED = Reason("probe_failed", "The probe could not run on the device.", BLOCKED)
OUTPUT_UNREAD = Reason(
    "output_unread",
    "The output of the script is not a line of the probe.",
    "Check with intune_pin_probe that the remediation has the script of this version of the collection, and wait for its next run.",
)


@dataclasses.dataclass(frozen=True)
class DeviceState:
    """The last result of a device.

    ``device_id``: None if Intune names no device. ``user_name``: the person who ran the probe, None if Intune does not report it.
    ``primary_user``: the user of the device, possibly another person. ``changed``: the time of the last change, None if unknown.
    ``synced``: the time of the last sync of the agent, which may be later than the last change.
    """

    device_id: str | None
    device_name: str | None
    user_name: str | None
    primary_user: str | None
    state: State
    reasons: tuple[Reason, ...] = ()
    join_type: JoinType | None = None
    changed: str | None = None
    synced: str | None = None

    def describe(self) -> DeviceStateResult:
        """Return the result as a return value."""
        return {
            "id": self.device_id,
            "device_name": self.device_name,
            "user_name": self.user_name,
            "primary_user": self.primary_user,
            "state": self.state,
            "reasons": [reason.describe() for reason in self.reasons],
            "join_type": self.join_type,
            "changed": self.changed,
            "last_sync": self.synced,
        }


class DeviceStateResult(t.TypedDict):
    """An entry of ``devices`` in the results of the probe."""

    id: str | None
    device_name: str | None
    user_name: str | None
    primary_user: str | None
    state: State
    reasons: list[ReasonResult]
    join_type: JoinType | None
    changed: str | None
    last_sync: str | None


def parse_rows(rows: t.Iterable[Json]) -> list[DeviceState]:
    """Return the last result of each device, by name and ID, from rows of which a device may have several.

    The rows come from a script and name the device in ``managedDevice``, or come from a device.
    """
    newest: dict[str, DeviceState] = {}
    for number, row in enumerate(rows):
        state = parse_row(row)
        # A row that names no device counts as a separate device.
        key = (state.device_id or f"{number}").lower()
        if key not in newest or _rank(newest[key]) < _rank(state):
            newest[key] = state
    return sorted(newest.values(), key=lambda state: ((state.device_name or "").lower(), state.device_id or ""))


def _rank(state: DeviceState) -> tuple[float, int]:
    changed = parse_timestamp(state.changed)
    return (-math.inf if changed is None else changed, STATES.index(state.state))


def parse_row(row: Json) -> DeviceState:
    """Return the result in a row. A member of another type than Microsoft documents counts as missing."""
    device = row.get("managedDevice")
    device = device if isinstance(device, dict) else {}
    answer = _read_line(_text(row.get("preRemediationDetectionScriptOutput")) or "")
    found = DeviceState(
        device_id=parse_identity(device.get("id")) or parse_identity(row.get("deviceId")),
        device_name=_text(device.get("deviceName")) or _text(row.get("deviceName")),
        user_name=_text(row.get("userName")),
        primary_user=_text(device.get("userPrincipalName")),
        state="pending",
        changed=render_timestamp(parse_timestamp(row.get("lastStateUpdateDateTime"))),
        synced=render_timestamp(parse_timestamp(row.get("lastSyncDateTime"))),
    )
    if answer is None:
        state, reason = _explain_missing(row)
        return dataclasses.replace(found, state=state, reasons=(reason,))
    state, reasons, join_type = answer
    return dataclasses.replace(found, state=state, reasons=reasons, join_type=join_type)


@functools.lru_cache(maxsize=1000)
def _read_line(text: str) -> tuple[State, tuple[Reason, ...], JoinType | None] | None:
    """Return the result in an output, or None if that is not a line of the probe. Thousands of devices print the same few lines."""
    fields = parse_line(text)
    if fields is None:
        return None
    verdict, reasons = judge_line(fields)
    return VERDICTS[verdict], tuple(reasons), find_join_type(fields)


def _explain_missing(row: Json) -> tuple[State, Reason]:
    """Return the state of a row without a line of the probe, and the reason."""
    state = _text(row.get("detectionState")) or "unknown"
    if state == "pending":
        return "pending", PENDING
    if state == "notApplicable":
        return "unknown", NOT_APPLICABLE
    if _text(row.get("preRemediationDetectionScriptOutput")):
        return "unknown", OUTPUT_UNREAD
    error = quote(_text(row.get("preRemediationDetectionScriptError")) or "", LONGEST_ERROR)
    if state in ("fail", "scriptError") or error:
        return "unknown", dataclasses.replace(FAILED, message=f"{FAILED.message[:-1]}: {error.rstrip('.')}.") if error else FAILED
    text = f"Intune has a result of the probe from the device, but no output (detectionState '{quote(state, 40)}')."
    return "unknown", Reason("no_output", text, "Wait for the next run of the probe.")


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


# --- all devices ----------------------------------------------------------------------------------------------------


class ReasonCountResult(t.TypedDict):
    """A reason, and the number of devices with it."""

    code: Code
    message: str
    hint: str
    devices: int


def count_reasons(states: t.Iterable[DeviceState]) -> list[ReasonCountResult]:
    """Return the reasons of all devices, the most frequent first. The most frequent message of a code represents the code.

    The error of a device stays with the device: it may contain a folder name of its user, and counts appear in job logs and reports.
    """
    counts: dict[Code, dict[Reason, int]] = {}
    for state in states:
        for reason in state.reasons:
            found = counts.setdefault(reason.code, {})
            found[reason] = found.get(reason, 0) + 1
    results: list[ReasonCountResult] = []
    for code, found in counts.items():
        reason = FAILED if code == FAILED.code else min(found, key=lambda each: (-found[each], each.message))
        results.append({"code": code, "message": reason.message, "hint": reason.hint, "devices": sum(found.values())})
    return sorted(results, key=lambda each: (-each["devices"], each["code"]))


def find_newest(states: t.Iterable[DeviceState]) -> str | None:
    """Return the time of the last change on any device, or None if there is none."""
    return max((state.changed for state in states if state.changed), default=None)
