# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Predict the outcome of a passcode reset from Microsoft's platform pages and the record of the device. Pure.

A prediction decides nothing: a reset is sent as the task requests it, and only the service's report counts as an outcome. Sources:
https://learn.microsoft.com/intune/device-management/actions/reset-passcode and
https://learn.microsoft.com/intune/device-management/actions/remove-passcode
"""

from __future__ import annotations

import dataclasses
import typing as t

from .eligibility import find_management_refusal
from .model import PIN_RESET_GUIDE, Device, parse_version, platform_of

PredictedOutcome = t.Literal["new_passcode", "passcode_removed", "not_supported", "unknown"]

WORK_PROFILE = (
    "The work profile gets a new passcode if a policy requires one and the user has activated the reset token; until then Intune answers "
    "not supported. The passcode of the device stays."
)
DEVICE = "The device gets a new passcode if a policy requires one; without such a policy the reset fails."
REMOVED = "The passcode is removed, and the user sets a new one on the device. No passcode is returned."


@dataclasses.dataclass(frozen=True)
class Prediction:
    """The predicted outcome for a kind of device. ``kind``: a description; ``reason``: one or two sentences, with conditions."""

    kind: str
    outcome: PredictedOutcome
    reason: str


WINDOWS = Prediction(
    "Windows 10 and 11",
    "not_supported",
    f"Microsoft's current pages list no passcode reset for Windows desktops. The user can reset the PIN on the device: {PIN_RESET_GUIDE}",
)
WINDOWS_MOBILE = Prediction(
    "Windows 10 Mobile",
    "unknown",
    "Microsoft listed the reset for Windows 10 Mobile until support for it ended. The current pages do not list it.",
)
HOLOLENS = Prediction("HoloLens", "not_supported", "Microsoft's current pages list no passcode reset for HoloLens.")
DEDICATED = Prediction("Android Enterprise, dedicated", "new_passcode", DEVICE)
FULLY_MANAGED = Prediction("Android Enterprise, fully managed", "new_passcode", WORK_PROFILE)
CORPORATE_PROFILE = Prediction("Android Enterprise, corporate-owned with a work profile", "new_passcode", WORK_PROFILE)
PERSONAL_PROFILE = Prediction("Android Enterprise, personally owned with a work profile", "new_passcode", WORK_PROFILE)
ENTERPRISE = Prediction(
    "Android Enterprise, mode not known",
    "new_passcode",
    "If a policy requires one, a new passcode is set: of the device where it is dedicated, else of the work profile. Intune's record does "
    "not say which one it is.",
)
AOSP = Prediction("Android (AOSP)", "new_passcode", DEVICE)
ANDROID = Prediction(
    "Android, enrollment not known",
    "unknown",
    "Microsoft lists the reset for Android Enterprise and AOSP. Intune's record does not say whether the device is enrolled as one of "
    "them.",
)
IOS = Prediction("iOS and iPadOS", "passcode_removed", REMOVED)
IOS_USER_ENROLLMENT = Prediction(
    "iOS and iPadOS, User Enrollment", "not_supported", "Microsoft lists no removal of the passcode for devices with Apple User Enrollment."
)
IOS_UNKNOWN = Prediction(
    "iOS and iPadOS, enrollment not known",
    "unknown",
    "The passcode is removed, except under Apple User Enrollment. Intune's record does not say how the device is enrolled.",
)
VISION = Prediction("visionOS 1.1 or later", "passcode_removed", REMOVED)
OTHERS = Prediction(
    "Other operating systems", "not_supported", "Microsoft's current pages list no passcode reset for the operating system of the device."
)
NO_SYSTEM = Prediction("Operating system not known", "unknown", "Intune's record does not say which operating system the device runs.")
PREDICTIONS = (
    *(WINDOWS, WINDOWS_MOBILE, HOLOLENS, DEDICATED, FULLY_MANAGED, CORPORATE_PROFILE, PERSONAL_PROFILE, ENTERPRISE, AOSP, ANDROID),
    *(IOS, IOS_USER_ENROLLMENT, IOS_UNKNOWN, VISION, OTHERS, NO_SYSTEM),
)

# deviceEnrollmentType, in lower case. v1.0 returns unknownFutureValue for those that only beta has.
ANDROID_ENROLLMENTS = {
    "androidenterprisededicateddevice": DEDICATED,
    "androidenterprisefullymanaged": FULLY_MANAGED,
    "androidenterprisecorporateworkprofile": CORPORATE_PROFILE,
    "androidaospuserowneddeviceenrollment": AOSP,
    "androidaospuserlessdeviceenrollment": AOSP,
}
USER_ENROLLMENTS = frozenset({"appleuserenrollment", "appleuserenrollmentwithserviceaccount", "appleaccountdrivenuserenrollment"})
NOT_SAID = frozenset({"", "unknown", "unknownfuturevalue"})


def predict(device: Device) -> Prediction:
    """Return the predicted outcome of a reset on a device, whether or not a task would send it."""
    by_platform = _predict_by_platform(device)
    refusal = find_management_refusal(device) if by_platform.outcome != "not_supported" else None
    if refusal is None or refusal.message is None:
        return by_platform
    return Prediction(by_platform.kind, "unknown" if refusal.reason == "being_removed" else "not_supported", refusal.message)


def _predict_by_platform(device: Device) -> Prediction:
    platform = platform_of(device)
    if platform == "windows":
        return WINDOWS_MOBILE if _fold(device.device_type) == "windowsphone" else WINDOWS
    if platform == "android":
        return _predict_android(device)
    if platform == "ios":
        return _predict_ios(device)
    if _fold(device.operating_system).startswith("visionos") and parse_version(device.os_version) >= (1, 1):
        return VISION
    if platform == "holographic":
        return HOLOLENS
    return OTHERS if _fold(device.operating_system) not in NOT_SAID else NO_SYSTEM


def _predict_android(device: Device) -> Prediction:
    agent, words = _fold(device.management_agent), {_fold(device.operating_system), _fold(device.device_type)}
    if found := ANDROID_ENROLLMENTS.get(_fold(device.enrollment_type)):
        return found
    if agent == "intuneaosp" or any("aosp" in word for word in words):
        return AOSP
    if "androidforwork" in words:
        return PERSONAL_PROFILE
    return ENTERPRISE if agent == "googleclouddevicepolicycontroller" or "androidenterprise" in words else ANDROID


def _predict_ios(device: Device) -> Prediction:
    enrollment = _fold(device.enrollment_type)
    if enrollment in USER_ENROLLMENTS:
        return IOS_USER_ENROLLMENT
    return IOS_UNKNOWN if enrollment in NOT_SAID else IOS


def _fold(value: str | None) -> str:
    return (value or "").strip().lower()
