# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Evaluate the policies for Windows Hello for Business in the registry of a device. Pure.

Source: https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/configure. A value is its number as text,
``MISSING`` if the registry has none, and ``UNREAD`` if it could not be read.
"""

from __future__ import annotations

import typing as t

from .reason import Reason

MISSING, UNREAD = "-", "?"
ON, OFF = "1", "0"
ARRIVAL = "Check the assignments and the check-in status of the policy with intune_pin_policy_info, and have the device sync with Intune."

GROUP_POLICY = Reason(
    "group_policy",
    "A group policy for Windows Hello for Business, which does not turn PIN recovery on, keeps Intune's policy from counting.",
    "Turn 'Use PIN Recovery' on in that group policy, or set it to 'Not configured' so that Intune's policy counts.",
)
HELLO_OFF = Reason(
    "hello_off",
    "Windows Hello for Business is turned off on the device by Intune's policy (UsePassportForWork 0).",
    "Turn it on with 'use_passport_for_work' of intune_pin_policy, or find the other policy that turns it off.",
)
RECOVERY_OFF = Reason(
    "pin_recovery_off",
    "The policy that arrived on the device turns PIN recovery off (EnablePinRecovery 0).",
    "Set 'enable_pin_recovery' with intune_pin_policy, and look for a second policy with readiness.findings.",
)
NOT_ARRIVED = Reason("policy_not_arrived", "No policy with PIN recovery has arrived on the device.", ARRIVAL)
NOT_READ = Reason(
    "registry_unread",
    "The policies on the device are not known: a value of the registry could not be read.",
    "Run dsregcmd /status and reg query on the device as the signed-in user.",
)


def judge_registry(rec: str, use: str, gpo: str, user_rec: str) -> list[Reason]:
    """Return the reasons in the registry that prevent PIN recovery; none if the registry turns PIN recovery on.

    ``rec``, ``use``: EnablePinRecovery and UsePassportForWork of Intune's policy for the device. ``user_rec``: EnablePinRecovery of the
    policy for the user, which overrides ``rec``. ``gpo``: a group policy for Windows Hello for Business, which overrides both even if it
    does not set PIN recovery; ``ON`` if it turns PIN recovery on, ``OFF`` if not, ``MISSING`` if there is none.
    """
    if gpo == ON:
        return []
    if gpo == OFF:
        return [GROUP_POLICY]
    found = [HELLO_OFF] if use == OFF else []
    found += _judge_recovery(rec, user_rec)
    # Any other value is unknown.
    is_unread = NOT_READ in found or gpo != MISSING or use not in (ON, OFF, MISSING)
    return [reason for reason in found if reason is not NOT_READ] + ([NOT_READ] if is_unread else [])


def _judge_recovery(rec: str, user_rec: str) -> t.Sequence[Reason]:
    effective = rec if user_rec == MISSING else user_rec
    return {ON: (), OFF: (RECOVERY_OFF,), MISSING: (NOT_ARRIVED,)}.get(effective, (NOT_READ,))
