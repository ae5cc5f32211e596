# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Evaluate one device: its join type, web sign-in, and the possible PIN reset. Pure. Unknown is not yes."""

from __future__ import annotations

import collections
import typing as t

from .._access_pass.model import User
from .._devices.model import Device, Platform, parse_version, platform_of
from .._hello.check_in import Status as CheckIn
from .._names import fold, show
from .model import JOINED, UNJOINED, Join, JudgedDevice, Other, PolicyStatus, ProbeReport, Reset, Tenant, UserDevice, WebSignIn

JOINS: t.Mapping[str, Join] = {
    "azureADJoined": "entra_joined",
    "hybridAzureADJoined": "hybrid_joined",
    "azureADRegistered": "registered",
}
# The join type that the probe reports, used if Intune does not report one.
PROBED_JOINS: t.Mapping[str, Join] = {
    "entra_joined": "entra_joined",
    "hybrid_joined": "hybrid_joined",
    "registered": "registered",
    "domain_joined": "not_joined",
    "not_joined": "not_joined",
}
# Windows 10 Mobile is also "windows"; its passcode belongs to the job for phones.
WINDOWS_PHONE = "windowsphone"
OTHERS: t.Mapping[Platform, Other] = {
    "android": "Android",
    "ios": "iOS",
    "windows": "Windows phone",
    "windows_phone": "Windows phone",
    "holographic": "HoloLens",
    "macos": "macOS",
    "linux": "Linux",
}
# Windows 11 22H2 with KB5030310. Source: https://support.microsoft.com/help/5030310
FIRST_WEB_SIGN_IN = (10, 0, 22621, 2361)
FIRST_RECOVERY = (10, 0, 15063)  # Windows 10 1703, the first with the setting for PIN recovery
CO_MANAGED = "configurationmanager"
UPDATE = "Web sign-in needs Windows 11 22H2 with the update KB5030310, or later"
GROUP_POLICIES = "Group policies of the domain win over Intune's, and are not seen here."


def is_computer(device: Device) -> bool:
    """Return whether a device runs Windows for desktops, where a user has a PIN of Windows Hello."""
    return platform_of(device) == "windows" and (device.device_type or "").lower() != WINDOWS_PHONE


def list_others(devices: t.Iterable[Device]) -> tuple[Other, ...]:
    """Return the kinds of the user's other devices, each once."""
    kinds = (OTHERS.get(platform_of(device), "another system") for device in devices if not is_computer(device))
    return tuple(dict.fromkeys(kinds))


def name_devices(devices: t.Sequence[Device]) -> dict[str, str]:
    """Return a name for each device by its ID. Equal names are distinguished by the serial number or the ID."""
    counts = collections.Counter((device.device_name or "").lower() for device in devices)
    return {device.id: _name(device, is_only=counts[(device.device_name or "").lower()] == 1) for device in devices}


def _name(device: Device, *, is_only: bool) -> str:
    if not device.device_name:
        return f"the device {device.serial_number or device.id}"
    return device.device_name if is_only else f"{device.device_name} ({device.serial_number or device.id})"


def parse_join(join_type: str | None, probed: str | None = None) -> Join:
    """Return how a device is joined, as reported by Intune or, if unknown, by the device itself."""
    return JOINS.get(join_type or "") or PROBED_JOINS.get(probed or "", "unknown")


def judge(device: UserDevice, tenant: Tenant, user: User) -> JudgedDevice:
    """Return the evaluation of a device for this user."""
    web_sign_in, why = judge_web_sign_in(device, tenant)
    reset, because = judge_reset(device, tenant, user)
    return JudgedDevice(device, web_sign_in, why, reset, because)


# --- web sign-in ----------------------------------------------------------------------------------------------------


def judge_web_sign_in(device: UserDevice, tenant: Tenant) -> tuple[WebSignIn, tuple[str, ...]]:
    """Return whether the sign-in screen of a device offers web sign-in, and the reasons."""
    if device.join == "hybrid_joined" or device.join in UNJOINED:
        return "not_applicable", ("Web sign-in is for devices that are Microsoft Entra joined, and for no others.",)
    if is_older(device.record, FIRST_WEB_SIGN_IN):
        return "off", (f"{UPDATE}. The device has {device.record.os_version}.",)
    state, why = _judge_policies(device.web_sign_in, tenant)
    doubts = []
    if device.join == "unknown":
        doubts.append("How the device is joined is not known.")
    if len(parse_version(device.record.os_version)) < len(FIRST_WEB_SIGN_IN):
        doubts.append(f"{UPDATE}. The version of the device is not known.")
    return ("unknown", (*doubts, why)) if doubts and state == "on" else (state, (why,))


def is_older(device: Device, first: tuple[int, ...]) -> bool:
    """Return whether the Windows version of a device is certainly older. A shorter version is compared by its parts."""
    version = parse_version(device.os_version)
    return bool(version) and version < first[: len(version)]


def _judge_policies(policies: t.Sequence[PolicyStatus], tenant: Tenant) -> tuple[WebSignIn, str]:
    turning_on, turning_off = ([each for each in policies if each.value is value] for value in (True, False))
    stopped = _find(turning_off, "succeeded")
    arrived = _find(turning_on, "succeeded")
    if arrived and stopped:
        return "unknown", f"{_quote(arrived)} turns web sign-in on and {_quote(stopped)} turns it off, and both are reported as applied."
    if stopped:
        return "off", f"{_quote(stopped)} turns web sign-in off on the device."
    if arrived:
        return "on", f"{_quote(arrived)} turns web sign-in on, and has arrived on the device."
    possible = [each for each in turning_on if each.status != "not_applicable"]
    if possible:
        return "unknown", f"{_quote(possible[0])} turns web sign-in on, if it reaches this device ({_say_status(possible[0])})."
    if not tenant.web_sign_in_known:
        return "unknown", "Whether a policy turns web sign-in on is not known: not all policies could be read."
    return "off", "No policy of Intune turns web sign-in on for this device."


def _find(policies: t.Iterable[PolicyStatus], status: CheckIn) -> PolicyStatus | None:
    return next((each for each in policies if each.status == status), None)


def _quote(policy: PolicyStatus) -> str:
    return f"'{show(policy.name)}'"


def _say_status(policy: PolicyStatus) -> str:
    return f"its check-in status is {policy.status.replace('_', ' ')}" if policy.status else "no check-in status is known"


# --- the PIN reset --------------------------------------------------------------------------------------------------


def judge_reset(device: UserDevice, tenant: Tenant, user: User) -> tuple[Reset, tuple[str, ...]]:
    """Return which PIN reset the user gets on a device, and the reasons."""
    if device.join in UNJOINED:
        return "none", ("The PIN Reset Service is for devices that are joined to Microsoft Entra ID. This one is not.",)
    if is_older(device.record, FIRST_RECOVERY):
        return "destructive", (f"PIN recovery needs Windows 10 1703 or later. The device has {device.record.os_version}.",)
    reset, reasons = _judge_probe(device.probe, tenant, user) or _judge_tenant(device, tenant)
    # The reason for a missing probe result may be the problem of the device.
    silent = device.probe.reasons if device.probe and device.probe.state == "unknown" else ()
    return reset, (*reasons, *silent, *_list_limits(device, reset))


def _judge_probe(probe: ProbeReport | None, tenant: Tenant, user: User) -> tuple[Reset, tuple[str, ...]] | None:
    """Return the evaluation from the last result of the probe, or None if it has none about this user."""
    if probe is None or probe.state not in ("proven", "not_proven"):
        return None
    when = _say_age(probe)
    # Microsoft does not document which name this is. The device belongs to the user, so a display name is sufficient.
    if fold(probe.user or "") not in {fold(name) for name in user.names}:
        ran = f"'{show(probe.user)}'" if probe.user else "an unknown person"
        return "unknown", (f"The probe has run for {ran}{when}, and not for this user as far as that is known.",)
    if probe.state == "not_proven":
        # A result from a time when the device was not joined shows nothing about its PIN if the device is joined now, or Intune reports
        # that it is.
        kind: Reset = "none" if "no_pin" in probe.codes else "unknown" if "not_joined" in probe.codes else "destructive"
        return kind, (f"The device itself says so{when}.", *probe.reasons)
    if tenant.connected == "no":
        return "unknown", (f"The device says that it is possible{when}, but the tenant is not connected to the PIN Reset Service.",)
    return "non_destructive", (f"The device itself says so{when}.",)


def _say_age(probe: ProbeReport) -> str:
    """Return the age of the last change. A probe with the same result does not report it again."""
    if probe.age_seconds is None:
        return ""
    hours = probe.age_seconds // 3600
    age = f"{hours // 24} days" if hours >= 48 else f"{hours} hours" if hours >= 2 else f"{probe.age_seconds // 60} minutes"
    return f" (last change {age} ago)"


def _judge_tenant(device: UserDevice, tenant: Tenant) -> tuple[Reset, tuple[str, ...]]:
    """Return the evaluation without a result of the device. A non-destructive reset is never certain then."""
    if tenant.connected == "no":
        return "destructive", ("The tenant is not connected to the Microsoft PIN Reset Service.",)
    if tenant.configured == "no":
        why = "No policy of Intune allows PIN recovery, or another one defeats it."
        # A group policy of the domain, or Configuration Manager, may allow it anyway.
        return "unknown" if device.join != "entra_joined" or _is_co_managed(device) else "destructive", (why,)
    if "unknown" in (tenant.connected, tenant.configured):
        return "unknown", ("Whether the tenant allows PIN recovery is not known.",)
    silent = "The device itself has not said so, and it does not tell when it has made its recovery key."
    arrived = _find(device.recovery, "succeeded")
    if arrived:
        return "unknown", (f"{_quote(arrived)} allows PIN recovery, and has arrived on the device. {silent}",)
    if device.recovery:
        first = device.recovery[0]
        return "unknown", (f"{_quote(first)} allows PIN recovery, if it reaches this device ({_say_status(first)}). {silent}",)
    return "unknown", (silent,)


def _list_limits(device: UserDevice, reset: Reset) -> t.Iterator[str]:
    """Yield the facts that Intune cannot see. A result of the device itself includes all of them."""
    if reset in ("non_destructive", "none") or device.join not in (*JOINED, "unknown"):
        return
    if device.join == "hybrid_joined":
        yield GROUP_POLICIES
    if _is_co_managed(device):
        yield "Configuration Manager manages the device too. Its policies are not seen here."


def _is_co_managed(device: UserDevice) -> bool:
    return CO_MANAGED in (device.record.management_agent or "").lower()
