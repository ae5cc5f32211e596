# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The terms of the report: its four states, and labels for the codes of other parts of the collection. Pure."""

from __future__ import annotations

import re
import typing as t

from .._text import clean

State = t.Literal["yes", "no", "unknown", "not_applicable"]
STATES: t.Mapping[State, str] = {"yes": "yes", "no": "no", "unknown": "not known", "not_applicable": "not applicable"}
LONGEST_NAME = 200  # characters of a name from another system
LONGEST_SENTENCE = 2000

LABELS: t.Mapping[str, t.Mapping[str, str]] = {
    "level": {
        "connected": "Connected",
        "configured": "Configured",
        "arrived": "Arrived",
        "proven": "Proven",
    },
    "surface": {
        "custom": "custom profile",
        "settings_catalog": "settings catalog policy",
        "account_protection": "account protection policy",
        "security_baseline": "security baseline",
        "template": "policy from a template",
        "identity_protection": "identity protection profile",
        "intent": "endpoint security intent",
        "enrollment": "enrollment configuration",
    },
    "check_in": {
        "succeeded": "succeeded",
        "error": "error",
        "conflict": "conflict",
        "pending": "pending",
        "not_applicable": "not applicable",
        "other": "status not known",
    },
    "probe": {
        "proven": "the user can reset the PIN and keeps the credentials",
        "not_proven": "the user cannot, or loses the credentials",
        "pending": "not run yet",
        "unknown": "no answer",
    },
    "platform": {
        "windows": "Windows",
        "holographic": "HoloLens",
        "windows_phone": "Windows Phone",
        "android": "Android",
        "ios": "iOS and iPadOS",
        "macos": "macOS",
        "linux": "Linux",
        "other": "other or not known",
    },
    "join": {
        "azureADJoined": "Microsoft Entra joined",
        "hybridAzureADJoined": "hybrid joined",
        "azureADRegistered": "registered",
        "unknown": "not known",
    },
    "eligibility": {
        "eligible_new_passcode": "eligible, a request would be sent; predicted: a new passcode",
        "eligible_passcode_removed": "eligible, a request would be sent; predicted: the passcode is removed",
        "eligible_not_supported": "eligible, a request would be sent; predicted: not supported by the platform",
        "eligible_unknown": "eligible, a request would be sent; predicted: not known",
        "platform_not_supported": "ineligible: platform without a passcode reset",
        "platform_not_selected": "ineligible: platform not among 'platforms'",
        "being_removed": "ineligible: about to be removed from Intune",
        "not_managed": "ineligible: not managed by Intune",
        "build_unknown": "not known: Windows version missing",
        "build_too_old": "ineligible: Windows version too old",
        "hybrid_joined": "ineligible: hybrid joined",
        "not_joined": "ineligible: registered, not joined",
        "join_unknown": "not known: join type missing",
        "personally_owned": "ineligible: personally owned",
        "company_owned": "ineligible: corporate-owned",
        "ownership_unknown": "not known: ownership missing",
    },
    "predicted": {
        "new_passcode": "a new passcode",
        "passcode_removed": "the passcode is removed",
        "not_supported": "not supported by the platform",
        "unknown": "not known",
    },
    "reset": {
        "done": "done",
        "pending": "pending",
        "planned": "planned",
        "failed": "failed",
        "not_supported": "not supported",
        "canceled": "canceled",
        "refused": "refused",
        "needs_approval": "needs approval",
        "not_attempted": "not attempted",
        "none": "no reset on record",
        "unknown": "not known",
    },
    "reset_reason": {
        "answer_lost": "the response was lost",
        "approval_refused": "the approval was refused",
        "device_failed": "the device reported a failure",
        "device_gone": "Intune no longer knows the device",
        "locked": "another task was resetting the device",
        "service_refused": "the service refused the request",
        "state_unknown": "Intune reports a state that is not known here",
        "unavailable": "the service was unavailable",
        "unconfirmed": "accepted, not yet visible in Intune",
    },
}


def label(kind: str, value: t.Any) -> str:
    """Return the label of a code, or the code itself with blanks if it has none."""
    code = str(value)
    return LABELS[kind].get(code) or show(code.replace("_", " "))


def show(text: t.Any, limit: int = LONGEST_NAME) -> str:
    """Return external text for the report: in one line, short, visible, and without credentials; 'without a name' for none."""
    return clean(" ".join(str("" if text is None else text)[: limit * 4].split()), limit) or "without a name"


def tell(text: t.Any) -> str:
    """Return a sentence for the report."""
    return clean(" ".join(str(text or "").split()), LONGEST_SENTENCE)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def is_code(text: t.Any) -> bool:
    """Return whether a text can be part of a URL: letters, digits, '_', and '-'."""
    return bool(re.fullmatch(r"[A-Za-z0-9_-]{1,80}", str(text)))
