# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Decide whether a passcode reset is supported on a managed device, and give the reason if not. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .model import OWNERSHIPS, PIN_RESET_GUIDE, Device, parse_version, platform_of

Reason = t.Literal[
    "platform_not_supported",
    "platform_not_selected",
    "being_removed",
    "not_managed",
    "build_unknown",
    "build_too_old",
    "hybrid_joined",
    "not_joined",
    "join_unknown",
    "personally_owned",
    "company_owned",
    "ownership_unknown",
]

CREATORS_UPDATE = (10, 0, 15063)
# managementState, in lower case, of a device that Intune is about to release. After a failed or canceled command, the device is still
# managed.
LEAVING = frozenset({"retirepending", "retireissued", "wipepending", "wipeissued", "deletepending"})
# managementAgent, in lower case, without an MDM channel from Intune to the device: only Exchange ActiveSync, only Configuration Manager,
# the PC client that preceded MDM, Defender, and devices that Jamf or Google manage and Intune only lists. Future members are accepted.
WITHOUT_MDM = frozenset({"unknown", "eas", "configurationmanagerclient", "intuneclient", "easintuneclient", "mssense", "jamf", "google"})


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Whether a reset is supported. ``message`` is a sentence with the alternative; it and ``reason`` are None for an eligible device."""

    eligible: bool
    reason: Reason | None = None
    message: str | None = None


def evaluate(device: Device, platforms: t.Collection[str], ownerships: t.Collection[str] = ("company",)) -> Verdict:
    """Return the verdict on a device: Windows 10 Creators Update or later, Entra joined; Android and iOS if requested.

    On every platform: Intune manages the device and is not about to release it, and its ownership is one of the ``ownerships``.
    """
    return (
        _find_platform_refusal(device, platforms)
        or find_management_refusal(device)
        or _find_windows_refusal(device)
        or _find_ownership_refusal(device, ownerships)
        or Verdict(True)
    )


def find_selection_refusal(device: Device, platforms: t.Collection[str] | None, ownerships: t.Collection[str] | None) -> Verdict | None:
    """Return the refusal of a device with another platform or ownership than the named ones (None names all), or None."""
    return (_find_platform_refusal(device, platforms) if platforms is not None else None) or (
        _find_ownership_refusal(device, ownerships) if ownerships is not None else None
    )


def may_settle(device: Device, verdict: Verdict) -> bool:
    """Return whether a device may become eligible without action: Intune lacks data for the verdict so far, as after enrollment."""
    if verdict.reason == "platform_not_supported":
        return not (device.operating_system or "").strip()
    if verdict.reason == "not_managed":
        return (device.management_state or "").lower() == "discovered" or (device.management_agent or "").lower() == "unknown"
    return verdict.reason in ("build_unknown", "join_unknown", "ownership_unknown")


def _find_platform_refusal(device: Device, platforms: t.Collection[str]) -> Verdict | None:
    found = platform_of(device)
    if found not in ("android", "ios", "windows"):
        return _refuse(
            "platform_not_supported",
            f"It runs {device.operating_system or 'an unknown operating system'}; resets are sent to Windows, Android, and iOS only.",
        )
    if found not in platforms:
        return _refuse("platform_not_selected", f"It runs {device.operating_system}; add {found} to platforms to reset its passcode.")
    return None


def find_management_refusal(device: Device) -> Verdict | None:
    """Return the refusal of a device that Intune does not manage or is about to release, or None."""
    state = (device.management_state or "").lower()
    if state in LEAVING:
        return _refuse(
            "being_removed",
            f"Intune is about to remove it ({device.management_state}). Cancel that first, or enroll the device again afterwards.",
        )
    if state == "discovered":
        return _refuse("not_managed", "Intune has only discovered it, and does not manage it. Enroll it in Intune.")
    if (device.management_agent or "").lower() in WITHOUT_MDM:
        return _refuse(
            "not_managed",
            f"Intune has no MDM channel to it (its management agent is {device.management_agent}). Enroll it, or use what manages it.",
        )
    return None


def _find_windows_refusal(device: Device) -> Verdict | None:
    if platform_of(device) != "windows":
        return None
    build = parse_version(device.os_version)
    if len(build) < 3:
        return _refuse("build_unknown", f"Its Windows version is not known ({device.os_version}); let it sync with Intune and run again.")
    if build < CREATORS_UPDATE:
        return _refuse("build_too_old", f"It runs Windows {device.os_version}; 10.0.15063 (Creators Update) or later is needed. Update it.")
    return _find_join_refusal(device)


def _find_join_refusal(device: Device) -> Verdict | None:
    if device.join_type == "azureADJoined":
        return None
    if device.join_type == "hybridAzureADJoined":
        return _refuse(
            "hybrid_joined",
            f"It is hybrid joined; only Microsoft Entra joined devices are supported. "
            f"Its user can reset the PIN on the device: {PIN_RESET_GUIDE}",
        )
    if device.join_type == "azureADRegistered":
        return _refuse(
            "not_joined", "It is registered with Microsoft Entra, not joined. Join it, or let its user set a new PIN in Settings."
        )
    return _refuse("join_unknown", "Intune does not know how it is joined to Microsoft Entra; let it sync and run again.")


def _find_ownership_refusal(device: Device, ownerships: t.Collection[str]) -> Verdict | None:
    ownership = device.ownership if device.ownership in OWNERSHIPS else "unknown"
    if ownership in ownerships:
        return None
    if ownership == "personal":
        return _refuse(
            "personally_owned", "It is personally owned. Let its owner set a new passcode, or add personal to ownerships if you may do so."
        )
    if ownership == "company":
        return _refuse("company_owned", "The device is company-owned. Add 'company' to ownerships to include it.")
    return _refuse("ownership_unknown", "Intune does not know who owns it. Set its ownership in Intune, or add unknown to ownerships.")


def _refuse(reason: Reason, message: str) -> Verdict:
    return Verdict(False, reason, message)
