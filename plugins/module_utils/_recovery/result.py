# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Build the return value ``recovery``. Pure."""

from __future__ import annotations

import typing as t

from .._access_pass.model import UserPass
from .._access_pass.result import describe_user
from .._types import Json
from .message import render_message
from .model import JudgedDevice, PassVerdict, PolicyStatus, ProbeReport, Situation
from .steps import list_steps


def describe(item: UserPass, situation: Situation, *, tenant: Json, problems: t.Sequence[str], fresh: bool | None) -> Json:
    """Return the evaluation of a user. ``steps`` assume a pass unless none can help."""
    has_pass = situation.verdict.can_help is not False
    devices = situation.devices
    return {
        "user": describe_user(item),
        "devices": None if devices is None else [describe_device(judged) for judged in devices],
        "other_platforms": list(situation.others),
        "tenant": tenant,
        "pass": describe_verdict(situation.verdict),
        "steps": list_steps(situation, has_pass=has_pass),
        "message_to_user": render_message(situation, has_pass=has_pass),
        "steps_without_pass": list_steps(situation, has_pass=False),
        "message_without_pass": render_message(situation, has_pass=False),
        "problems": list(problems),
        "fresh": fresh,
    }


def describe_verdict(verdict: PassVerdict) -> Json:
    """Return whether a pass can help, and the reasons."""
    reasons = [{"code": reason.code, "message": reason.message, "hint": reason.hint} for reason in verdict.reasons]
    return {"can_help": verdict.can_help, "reasons": reasons}


def describe_device(judged: JudgedDevice) -> Json:
    """Return the evaluation of a device."""
    record = judged.device.record
    return {
        "id": record.id,
        "device_name": record.device_name,
        "os_version": record.os_version,
        "serial_number": record.serial_number,
        "last_sync": record.last_sync,
        "join_type": judged.device.join,
        "web_sign_in": {
            "state": judged.web_sign_in,
            "reasons": list(judged.web_sign_in_reasons),
            "policies": _describe_policies(judged.device.web_sign_in),
        },
        "reset": {
            "kind": judged.reset,
            "reasons": list(judged.reset_reasons),
            "policies": _describe_policies(judged.device.recovery),
        },
        "probe": _describe_probe(judged.device.probe),
    }


def _describe_policies(policies: t.Iterable[PolicyStatus]) -> list[Json]:
    return [{"name": each.name, "turns_on": each.value, "status": each.status} for each in policies]


def _describe_probe(probe: ProbeReport | None) -> Json | None:
    if probe is None:
        return None
    return {
        "state": probe.state,
        "user": probe.user,
        "changed": probe.changed,
        "age_seconds": probe.age_seconds,
        "reasons": list(probe.reasons),
    }
