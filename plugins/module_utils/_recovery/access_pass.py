# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Decide whether a Temporary Access Pass can help the user. Pure. Unknown is not yes."""

from __future__ import annotations

import typing as t

from .._access_pass.model import Desired, Policy, User, UserPass
from .._access_pass.plan import Surroundings, find_refusal, is_in_scope
from .model import PHONES, UNJOINED, Other, PassCode, PassReason, PassVerdict, UserDevice

HINTS: t.Mapping[str, str] = {
    "self": "Let a colleague run this job.",
    "external_guest": "Send the user to the help desk of their own organization.",
    "method_disabled": "Turn Temporary Access Pass on in Microsoft Entra, under Authentication methods > Policies.",
    "out_of_scope": "Add the user to a group that the policy for Temporary Access Pass includes.",
}


def judge_pass(
    user: User,
    *,
    roles: t.Sequence[str] | None,
    policy: Policy | None,
    caller: str | None,
    devices: t.Sequence[UserDevice] | None,
    others: t.Sequence[Other],
    now: float,
) -> PassVerdict:
    """Return whether a pass can help. ``policy``, ``roles``, and ``devices``: None if they could not be read.

    ``caller``: the user ID of the caller, None for an application. ``others``: the user's devices without Windows.
    """
    against = [*_find_against(user, policy, caller, now), *_find_useless(devices, others)]
    if against:
        return PassVerdict(False, tuple(against))
    doubts = tuple(_list_doubts(user, roles, policy, devices))
    return PassVerdict(None if doubts else True, doubts)


def _find_against(user: User, policy: Policy | None, caller: str | None, now: float) -> t.Iterator[PassReason]:
    """Yield the reasons why no pass can be issued or used."""
    if user.is_enabled is False:
        text = "The account is disabled: nobody can sign in to it, with or without a pass."
        hint = "Find out why it is disabled. If it is to be used again, enable it in Microsoft Entra, and run this job again."
        yield PassReason("account_disabled", text, hint)
    # The task that issues the pass checks the user's groups.
    refusal = find_refusal(UserPass(user, []), Desired(), Surroundings(policy, {}, caller, now))
    if refusal:
        code, message = refusal
        yield PassReason(t.cast(PassCode, code), message, HINTS[code])


def _find_useless(devices: t.Sequence[UserDevice] | None, others: t.Sequence[Other]) -> t.Iterator[PassReason]:
    """Yield the reasons why a pass unlocks none of the user's devices."""
    if devices is None:
        return
    if not devices and others and set(others) <= set(PHONES):
        text = f"The user has no Windows device, but {_list(others)}. A pass does not unlock it."
        hint = "Reset the passcode of the device with the job 'Intune PIN reset: reset passcode'."
        yield PassReason("other_platforms_only", text, hint)
    if devices and all(device.join in UNJOINED for device in devices):
        text = "No Windows device of the user is joined to Microsoft Entra ID: people sign in to it with another account."
        hint = "Help with the account that signs in to Windows. Its password and PIN are not in Microsoft Entra ID."
        yield PassReason("not_joined", text, hint)


def _list(platforms: t.Sequence[Other]) -> str:
    return " and ".join(f"a device with {platform}" for platform in platforms)


def _list_doubts(
    user: User, roles: t.Sequence[str] | None, policy: Policy | None, devices: t.Sequence[UserDevice] | None
) -> t.Iterator[PassReason]:
    if policy is None:
        text = "Whether the tenant allows Temporary Access Passes is not known: its policy was not read."
        yield PassReason("policy_unread", text, "The task that issues the pass shows whether the service allows it.")
    elif is_in_scope(user.id, policy, {}) is None:
        text = "The tenant allows Temporary Access Passes to members of groups. Whether the user is one was not read."
        yield PassReason("scope_unread", text, "The task that issues the pass shows whether the service allows it.")
    if roles is None:
        text = "Whether the user holds directory roles was not read. The service may refuse to issue passes to administrators."
        yield PassReason("roles_unread", text, "The task that issues the pass shows whether the service allows it.")
    elif roles:
        text = f"The user holds the directory roles {', '.join(roles)}. The service may refuse to issue the pass."
        hint = "Let a person with the role Privileged Authentication Administrator issue the pass in Microsoft Entra."
        yield PassReason("administrator", text, hint)
    if devices is None:
        yield PassReason("devices_unread", "The user's devices could not be read.", "Ask the user which device it is.")
    elif devices and all(device.join == "unknown" or device.join in UNJOINED for device in devices):
        text = "How the user's devices are joined is not known."
        yield PassReason("join_type_unknown", text, "Run dsregcmd /status on the device.")
