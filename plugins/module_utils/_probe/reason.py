# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Reasons why a non-destructive PIN reset is not possible on a device, or why that is unknown. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

Code = t.Literal[
    # from an output of dsregcmd /status
    "not_dsregcmd",
    "several_outputs",
    "other_session",
    "user_state_missing",
    "not_joined",
    "device_refused",
    "no_pin",
    "hello_off",
    "destructive_only",
    "can_reset_unknown",
    # from the registry
    "group_policy",
    "pin_recovery_off",
    "policy_not_arrived",
    "registry_unread",
    "users_differ",
    # from the probe
    "dsregcmd_unread",
    "probe_pending",
    "probe_failed",
    "not_applicable",
    "no_output",
    "output_unread",
    # from Intune, about the probe itself
    "probe_missing",
    "probe_several",
    "probe_unread",
    "probe_not_assigned",
    "license_unconfirmed",
    "no_results",
]


@dataclasses.dataclass(frozen=True)
class Reason:
    """A reason why a non-destructive reset is not possible, or why that is unknown."""

    code: Code
    message: str
    hint: str

    def describe(self) -> ReasonResult:
        """Return the reason as a return value."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class ReasonResult(t.TypedDict):
    """An entry of ``reasons``."""

    code: Code
    message: str
    hint: str
