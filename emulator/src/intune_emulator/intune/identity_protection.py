# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The properties of Windows Hello for Business in profiles of old templates and in the tenant-wide policy, with their defaults.

Sources: https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-windowsidentityprotectionconfiguration,
https://learn.microsoft.com/graph/api/resources/intune-onboarding-deviceenrollmentwindowshelloforbusinessconfiguration
"""

from __future__ import annotations

from typing import Any

USAGES = ("blocked", "required", "allowed", "notConfigured")
PIN_USAGES = ("allowed", "required", "disallowed")
STATES = ("notConfigured", "enabled", "disabled")

# windowsIdentityProtectionConfiguration (beta); None: a number that is not set.
PROFILE: dict[str, Any] = {
    "useSecurityKeyForSignin": False,
    "enhancedAntiSpoofingForFacialFeaturesEnabled": False,
    "pinMinimumLength": None,
    "pinMaximumLength": None,
    "pinUppercaseCharactersUsage": "notConfigured",
    "pinLowercaseCharactersUsage": "notConfigured",
    "pinSpecialCharactersUsage": "notConfigured",
    "pinExpirationInDays": None,
    "pinPreviousBlockCount": None,
    "pinRecoveryEnabled": False,
    "securityDeviceRequired": False,
    "unlockWithBiometricsEnabled": False,
    "useCertificatesForOnPremisesAuthEnabled": False,
    "windowsHelloForBusinessBlocked": False,
}
# deviceEnrollmentWindowsHelloForBusinessConfiguration, as observed in a tenant that never changed it.
ENROLLMENT: dict[str, Any] = {
    "pinMinimumLength": 6,
    "pinMaximumLength": 127,
    "pinUppercaseCharactersUsage": "disallowed",
    "pinLowercaseCharactersUsage": "disallowed",
    "pinSpecialCharactersUsage": "disallowed",
    "state": "notConfigured",
    "securityDeviceRequired": False,
    "unlockWithBiometricsEnabled": True,
    "remotePassportEnabled": True,
    "pinPreviousBlockCount": 0,
    "pinExpirationInDays": 0,
    "enhancedBiometricsState": "notConfigured",
    "securityKeyForSignIn": "notConfigured",
    "enhancedSignInSecurity": 0,
}
ENROLLMENT_BETA = ("securityKeyForSignIn", "enhancedSignInSecurity")


def value_kind(name: str) -> str:
    """Return Boolean, Integer or String for a property of the profile."""
    default = PROFILE[name]
    if default is None:
        return "Integer"
    return "Boolean" if isinstance(default, bool) else "String"


def validate(values: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Return `values`; ValueError for a name, type, or member that `known` lacks."""
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"unknown property '{name}'")
        if isinstance(known[name], str):
            members = _members(name, known is ENROLLMENT)
            right = value in members
        elif isinstance(known[name], bool):
            right = isinstance(value, bool)
        else:
            right = isinstance(value, int) and not isinstance(value, bool) or (value is None and known[name] is None)
        if not right:
            raise ValueError(f"'{value}' is not a value of property '{name}'")
    return values


def _members(name: str, enrollment: bool) -> tuple[str, ...]:
    if not name.endswith("Usage"):
        return STATES
    return PIN_USAGES if enrollment else USAGES
