# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Record, explain, and return the outcomes of passcode resets. Pure."""

from __future__ import annotations

import collections
import typing as t

from .._devices.model import PIN_RESET_GUIDE, Device, platform_of
from .._devices.prediction import PREDICTIONS, PredictedOutcome, predict
from .._errors import Effects, PartialError
from .._text import join_words, quote
from .._time import render_timestamp
from .._types import Json
from .model import BAD, DeviceReset, Reason, RecordedReset, Status

HELP = "https://learn.microsoft.com/intune/device-management/actions/reset-passcode"
GONE = "Intune no longer manages the device."
SELF_SERVICE = (
    "On Windows the way that works today is the user's own: 'I forgot my PIN' on the lock screen or in Settings, with a Temporary "
    f"Access Pass where needed ({PIN_RESET_GUIDE})."
)
SHOWN_FOR = 7 * 86400.0  # seconds for which Intune shows a new passcode
NAMED = 10  # devices listed in a warning
NO_DEVICE = "00000000-0000-0000-0000-000000000000"
TOLD_REASONS = 3  # reasons in the message of a failed task
EXAMPLES = 3  # devices listed for each reason
LONGEST_REASON = 400  # characters of a reason
# Singular and plural.
OTHERS: t.Mapping[Status, tuple[str, str]] = {
    "planned": ("would be reset", "would be reset"),
    "done": ("is done", "are done"),
    "pending": ("is pending", "are pending"),
    "needs_approval": ("needs approval", "need approval"),
}
COUNTED = (
    *("total", "changed", "planned", "done", "pending", "failed", "not_supported", "canceled", "unknown", "refused"),
    *("needs_approval", "not_attempted", "unconfirmed"),
)


class ResetResult(t.TypedDict, total=False):
    """An entry of the ``results`` return value, without the keys of the handover."""

    device: str
    id: str
    device_name: str | None
    operating_system: str | None
    os_version: str | None
    user_principal_name: str | None
    ownership: str | None
    predicted_outcome: PredictedOutcome | None
    predicted_reason: str | None
    status: Status
    reason: Reason | None
    message: str | None
    changed: bool
    confirmed: bool | None
    action_state: str | None
    started: str | None
    last_updated: str | None
    passcode_expires: str | None
    error_code: int | None
    request_id: str | None
    approval: Json | None


def record(item: DeviceReset, reset: RecordedReset) -> None:
    """Store the outcome that the service reports."""
    item.reset = reset
    item.confirmed = True
    item.status = reset.status
    item.reason, item.message = _explain(item, reset)


def _explain(item: DeviceReset, reset: RecordedReset) -> tuple[Reason | None, str | None]:
    """Return the reason and the message for a recorded outcome."""
    is_removed = item.device is not None and platform_of(item.device) == "ios"
    removed = "The passcode is removed. On this platform there is no new one: the user sets it on the device."
    explained: dict[Status, tuple[Reason | None, str | None]] = {
        "done": (None, removed if is_removed else None),
        "pending": (None, "Intune has queued the reset; the device carries it out when it checks in."),
        "failed": ("device_failed", f"The device reported that the reset failed (error code {reset.error_code}). See {HELP}"),
        "not_supported": ("not_supported", f"The device reported that it does not support the reset. {alternative(item)}"),
        "canceled": ("canceled", "The reset was canceled before the device carried it out. To issue another, reset it with max_age 0."),
    }
    return explained.get(reset.status, ("state_unknown", f"Intune reports a state that this version does not know: {reset.state}."))


def alternative(item: DeviceReset) -> str:
    """Return the advice for a device that Intune does not reset."""
    return SELF_SERVICE if item.device is not None and platform_of(item.device) == "windows" else f"See {HELP}"


def describe(item: DeviceReset) -> ResetResult:
    """Return an entry of the ``results`` return value, without the passcode."""
    reset, device = item.reset, item.device
    prediction = predict(device) if device else None
    expires = reset.updated + SHOWN_FOR if reset and reset.status == "done" and reset.passcode and reset.updated else None
    return {
        "device": item.names[0],
        "id": item.id,
        "device_name": device.device_name if device else None,
        "operating_system": device.operating_system if device else None,
        "os_version": device.os_version if device else None,
        "user_principal_name": device.user_principal_name if device else None,
        "ownership": device.ownership if device else None,
        "predicted_outcome": prediction.outcome if prediction else None,
        "predicted_reason": prediction.reason if prediction else None,
        "status": item.status,
        "reason": item.reason,
        "message": item.message,
        "changed": item.changed,
        "confirmed": item.confirmed,
        "action_state": reset.state if reset else None,
        "started": render_timestamp(reset.started or None) if reset else None,
        "last_updated": render_timestamp(reset.updated) if reset else None,
        "passcode_expires": render_timestamp(expires),
        "error_code": reset.error_code if reset else None,
        "request_id": item.request_id,
        "approval": item.approval,
    }


def describe_usual() -> Json:
    """Return an entry of the ``results`` return value of usual size, to estimate the size of all results."""
    name = "D" * 24
    device = Device(NO_DEVICE, name, "Windows", "10.0.22631.4169", user_principal_name="U" * 40, ownership="company")
    item = DeviceReset(device.id, [name], device, status="done", changed=True, confirmed=True)
    item.reset = RecordedReset("done", started=1.0, updated=1.0, error_code=0, passcode="")
    return {**describe(item), "predicted_reason": max((each.reason for each in PREDICTIONS), key=len)}


def new_passcode(item: DeviceReset) -> str | None:
    """Return the passcode, or None until the reset is done, and for a reset without a passcode."""
    return item.reset.passcode if item.reset is not None and item.reset.status == "done" else None


def is_unconfirmed(item: DeviceReset) -> bool:
    """Return whether the service accepted a reset that it does not show yet."""
    return item.confirmed is False and item.status == "pending"


def render_names(items: t.Sequence[DeviceReset]) -> str:
    """Return the names of the first devices, and the number of the others."""
    named = [(item.device.device_name if item.device else None) or item.shown_name for item in items[:NAMED]]
    return ", ".join(named) + (f", and {len(items) - NAMED} more" if len(items) > NAMED else "")


def warn_of_prediction(items: t.Sequence[DeviceReset]) -> list[str]:
    """Return a warning about pending resets that Microsoft's pages do not support; empty without one."""
    open_items = [item for item in items if item.status in ("planned", "pending", "needs_approval")]
    doubtful = [item for item in open_items if item.device and predict(item.device).outcome == "not_supported"]
    if not doubtful:
        return []
    reasons = dict.fromkeys(predict(item.device).reason for item in doubtful if item.device)
    return [f"{len(doubtful)} of {len(items)} resets will most likely end as not_supported: {render_names(doubtful)}. {' '.join(reasons)}"]


def summarize(items: t.Sequence[DeviceReset]) -> dict[str, int]:
    """Return the ``summary`` return value: the number of devices, of changes, of each status, and of resets that are not shown yet."""
    counts = dict.fromkeys(COUNTED, 0)
    counts["total"] = len(items)
    for item in items:
        counts[item.status] += 1
        counts["changed"] += item.changed
        counts["unconfirmed"] += is_unconfirmed(item)
    return counts


def effects_of(items: t.Sequence[DeviceReset]) -> Effects:
    """Return the effects of a task that failed for some of its devices."""
    if any(item.changed for item in items):
        return "partial"
    return "unknown" if any(item.reason == "answer_lost" for item in items) else "none"


def find_failure(items: t.Sequence[DeviceReset]) -> PartialError | None:
    """Return the error for failed devices, or None if there are none."""
    failed = sum(item.status in BAD for item in items)
    if not failed:
        return None
    return PartialError(
        f"The task failed for {failed} of {len(items)} devices{_render_others(items)}. {render_failed(items)}",
        hint="See results for each device's reason.",
    )


def _render_others(items: t.Sequence[DeviceReset]) -> str:
    """Return the outcomes of the devices that did not fail; '' if there are none."""
    counts = collections.Counter(item.status for item in items)
    parts = [f"{counts[status]} {words[counts[status] > 1]}" for status, words in OTHERS.items() if counts[status]]
    return f"; of the others, {join_words(parts)}" if parts else ""


def render_failed(items: t.Sequence[DeviceReset]) -> str:
    """Return the most frequent reasons for failures: each with its number, the names of the first devices, and a sentence."""
    groups: dict[tuple[Status, Reason | None], list[DeviceReset]] = {}
    for item in items:
        if item.status in BAD:
            groups.setdefault((item.status, item.reason), []).append(item)
    by_size = sorted(groups.values(), key=len, reverse=True)
    rest = sum(map(len, by_size[TOLD_REASONS:]))
    return " ".join([*map(_render_group, by_size[:TOLD_REASONS]), *([f"{rest} more for other reasons."] if rest else [])])


def _render_group(group: t.Sequence[DeviceReset]) -> str:
    """Return a sentence about devices with one status and reason, and their most frequent message."""
    status, reason = group[0].status, group[0].reason
    names = ", ".join(item.shown_name for item in group[:EXAMPLES]) + (f", and {len(group) - EXAMPLES} more" if group[EXAMPLES:] else "")
    label = status.replace("_", " ") + (f" ({reason})" if reason not in (None, status) else "")
    message = collections.Counter(item.message for item in group if item.message).most_common(1)
    return f"{len(group)} {label}: {names}." + (f" {quote(message[0][0], LONGEST_REASON)}" if message else "")
