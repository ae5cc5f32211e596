# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The return value of a device: its properties, the verdict, and the predicted outcome. Pure."""

from __future__ import annotations

import typing as t

from .eligibility import Reason, Verdict
from .model import Device, Platform, platform_of
from .prediction import PredictedOutcome, predict


class DeviceResult(t.TypedDict):
    """An entry of the ``devices`` return value."""

    id: str
    device_name: str | None
    managed_device_name: str | None
    operating_system: str | None
    os_version: str | None
    platform: Platform
    serial_number: str | None
    user_principal_name: str | None
    azure_ad_device_id: str | None
    ownership: str | None
    management_state: str | None
    join_type: str | None
    compliance_state: str | None
    last_sync: str | None
    enrolled: str | None
    eligible: bool
    reason: Reason | None
    message: str | None
    predicted_outcome: PredictedOutcome
    predicted_reason: str


def describe(device: Device, verdict: Verdict) -> DeviceResult:
    """Return an entry of the ``devices`` return value."""
    prediction = predict(device)
    return {
        "id": device.id,
        "device_name": device.device_name,
        "managed_device_name": device.managed_device_name,
        "operating_system": device.operating_system,
        "os_version": device.os_version,
        "platform": platform_of(device),
        "serial_number": device.serial_number,
        "user_principal_name": device.user_principal_name,
        "azure_ad_device_id": device.azure_ad_device_id,
        "ownership": device.ownership,
        "management_state": device.management_state,
        "join_type": device.join_type,
        "compliance_state": device.compliance_state,
        "last_sync": device.last_sync,
        "enrolled": device.enrolled,
        "eligible": verdict.eligible,
        "reason": verdict.reason,
        "message": verdict.message,
        "predicted_outcome": prediction.outcome,
        "predicted_reason": prediction.reason,
    }
