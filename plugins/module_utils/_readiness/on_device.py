# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Decide whether a policy has arrived on one device, and give the reason if not. Pure. Unknown is not yes."""

from __future__ import annotations

import dataclasses
import typing as t

from .._devices.eligibility import Verdict, evaluate, may_settle
from .._devices.model import Device
from .._hello.check_in import FAILED, PolicyOnDevice
from .._hello.check_in import Status as CheckIn
from .._hello.terms import Terms
from .._names import explain_missing, show
from .model import CountedResult, DeviceEvidence, Judged, ReadinessResult, Reason, ReasonCode, State

# The statuses of a device with several policies. The first one counts.
BEST: tuple[CheckIn, ...] = ("succeeded", "pending", "other", "error", "conflict", "not_applicable")
CHECK_IN = "Devices check in about every 8 hours. Run the task again later, or let a device sync."
SYNC = "Let the device sync (Settings > Accounts > Access work or school), and run the task again."
HINTS: t.Mapping[CheckIn, str] = {
    "pending": SYNC,
    "other": f"Look at the policy on this device in the Intune admin center. {SYNC}",
    "error": f"{SYNC} If the error stays, look at the policy on this device in the Intune admin center.",
    "conflict": "Find the policy that sets another value, in the findings or in the Intune admin center, and leave one of the two.",
    "not_applicable": "Check the filters of the policy's assignments, and the edition and version of Windows on the device.",
}
# The reasons that concern only the device, regardless of its policies.
OF_DEVICE: tuple[ReasonCode, ...] = ("device_missing", "device_unread", "device_not_eligible")
OTHER_PLATFORM = ("platform_not_selected", "platform_not_supported")


def evaluate_device(device: Device, ownerships: t.Collection[str]) -> Verdict:
    """Return whether a device is eligible for a policy for Windows Hello for Business."""
    verdict = evaluate(device, ("windows",), ownerships)
    if verdict.reason not in OTHER_PLATFORM:
        return verdict
    system = device.operating_system or "an unknown operating system"
    return dataclasses.replace(verdict, message=f"It runs {system}; Windows Hello for Business is for Windows devices.")


def is_refused(device: DeviceEvidence) -> bool:
    """Return whether waiting cannot help: the device is not eligible, or reading is not permitted."""
    # A status that can be read may still become the required one.
    unread = device.unread or (None if device.statuses else device.unread_status)
    if unread is not None:
        return not unread.may_pass
    if device.record is None or device.verdict is None or device.verdict.eligible:
        return False
    return not may_settle(device.record, device.verdict)


def judge_device(device: DeviceEvidence, configured: Judged, terms: Terms) -> Judged:
    """Return the verdict on the level arrived for one device. A policy that does not work is not a reason on this level."""
    reason = _find_obstacle(device, configured, terms)
    told = (reason,) if reason and (configured.state != "no" or reason.code in OF_DEVICE) else ()
    if not configured.policies:
        return Judged("not_applicable" if configured.state == "no" else "unknown", told)
    return Judged("yes") if reason is None else Judged(reason.state, told)


def count_device(state: State) -> CountedResult:
    """Return the level arrived for one device."""
    return {"state": state, "devices": {"yes": 1, "no": 0}.get(state), "total": 1}


def _find_obstacle(device: DeviceEvidence, configured: Judged, terms: Terms) -> Reason | None:
    if device.unread:
        text = f"Whether the device '{show(device.name)}' is ready is not known. {device.unread.problem}"
        return _reason("device_unread", "unknown", text, device.unread.hint, configured)
    if not device.is_known:
        return _explain_missing(device, configured, terms)
    if not device.verdict or not device.record:
        text = f"Intune knows the device '{show(device.name)}', and its record was not read in the time given."
        return _reason("device_unread", "unknown", text, f"Run the task again, with a longer {terms.option('wait_timeout')}.", configured)
    if not device.verdict.eligible:
        return _explain_verdict(device, device.record, device.verdict, configured)
    return _find_missing_policy(device, configured) if configured.policies else None


def _explain_missing(device: DeviceEvidence, configured: Judged, terms: Terms) -> Reason:
    looked_for = " and ".join(device.identifiers)
    since = f" that enrolled since {device.enrolled_since}" if device.enrolled_since else ""
    text = f"Intune does not know a device '{show(device.name)}'{since} (looked for by {looked_for}).{explain_missing(device.name, ())}"
    hint = (
        f"Check that it has enrolled, and that {terms.option('device')} names it as Intune does. Then run the task again, with a longer "
        f"{terms.option('wait_timeout')} where enrollment takes longer."
    )
    return _reason("device_missing", "no", text, hint, configured)


def _explain_verdict(device: DeviceEvidence, record: Device, verdict: Verdict, configured: Judged) -> Reason:
    text = f"The device {_name(device)} is not eligible ({verdict.reason}). {verdict.message}"
    if may_settle(record, verdict):
        return _reason("device_not_eligible", "unknown", text, SYNC, configured)
    return _reason("device_not_eligible", "no", text, "Waiting does not change that. Run the task again when it is changed.", configured)


def _find_missing_policy(device: DeviceEvidence, configured: Judged) -> Reason | None:
    known = [each for each in device.statuses if each["status"] is not None]
    best = min(known, key=lambda each: BEST.index(each["status"] or "other"), default=None)
    if best is not None and best["status"] == "succeeded":
        return None
    if device.unread_status:
        text = f"Whether the device {_name(device)} has the policy is not known. {device.unread_status.problem}"
        return _reason("status_unread", "unknown", text, device.unread_status.hint, configured)
    if best is None:
        names = " and ".join(f"'{each['name']}'" for each in device.statuses) or "the policy"
        text = f"Nothing is reported about {names} on the device {_name(device)} yet."
        hint = f"Check that the policy is assigned to the device or to its user. {SYNC}"
        return _reason("nothing_reported", "unknown", text, hint, configured)
    return _explain_status(device, best, configured)


def _explain_status(device: DeviceEvidence, found: PolicyOnDevice, configured: Judged) -> Reason:
    status: CheckIn = found["status"] or "other"
    if status in FAILED:
        cause = f": {found['error']}" if found["error"] else f" (status {status})"
        text = f"The device {_name(device)} could not set '{found['name']}'{cause}."
        return _reason("device_failed", "no", text, HINTS[status], configured)
    words = "is not known here" if status == "other" else f"is {status.replace('_', ' ')}"
    text = f"'{found['name']}' has not arrived on the device {_name(device)}: its status {words}."
    return _reason("not_arrived", "unknown" if status == "other" else "no", text, HINTS[status], configured)


def _name(device: DeviceEvidence) -> str:
    """Return the name in the task, and Intune's name if it differs."""
    found = device.record.device_name if device.record else None
    given = f"'{show(device.name)}'"
    return f"{given} ({show(found)})" if found and found.lower() != device.name.lower() else given


def _reason(code: ReasonCode, state: State, message: str, hint: str, configured: Judged) -> Reason:
    return Reason(code, "arrived", state, message, hint, configured.policies)


def explain_end(readiness: ReadinessResult, device: DeviceEvidence) -> tuple[str, str]:
    """Return why a wait ended without success, with the time, a code, and the next step."""
    reasons = readiness["reasons"]
    code, message, hint = (reasons[0]["code"], reasons[0]["message"], reasons[0]["hint"]) if reasons else ("unknown", "", "Run it again.")
    return f"The device '{show(device.name)}' is not ready after waiting for {device.waited} s ({code}): {message}", hint
