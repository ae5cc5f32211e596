# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The help for one locked-out user: the evidence that was read, and the evaluation. Pure.

Sources: https://learn.microsoft.com/entra/identity/authentication/howto-authentication-temporary-access-pass,
https://learn.microsoft.com/windows/security/identity-protection/web-sign-in, and
https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/pin-reset.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._access_pass.model import User
from .._devices.model import Device
from .._hello.check_in import Status as CheckIn
from .._readiness.model import State

Join = t.Literal["entra_joined", "hybrid_joined", "registered", "not_joined", "unknown"]
WebSignIn = t.Literal["on", "off", "unknown", "not_applicable"]
Reset = t.Literal["non_destructive", "destructive", "unknown", "none"]
PassCode = t.Literal[
    "self",
    "external_guest",
    "method_disabled",
    "out_of_scope",
    "account_disabled",
    "other_platforms_only",
    "not_joined",
    "policy_unread",
    "scope_unread",
    "administrator",
    "roles_unread",
    "devices_unread",
    "join_type_unknown",
]
JOINED: tuple[Join, ...] = ("entra_joined", "hybrid_joined")
# Terms for devices without Windows for desktops. The first ones support a passcode reset.
Other = t.Literal["Android", "iOS", "Windows phone", "HoloLens", "macOS", "Linux", "another system"]
PHONES: tuple[Other, ...] = ("Android", "iOS", "Windows phone")
# Users sign in to these devices with another account than their account in Microsoft Entra ID.
UNJOINED: tuple[Join, ...] = ("registered", "not_joined")


# --- evidence -------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class PolicyStatus:
    """An assigned policy, and its check-in status on one device, None if it is not reported or was not read.

    ``value``: whether it turns the setting on.
    """

    name: str
    value: bool
    status: CheckIn | None = None


@dataclasses.dataclass(frozen=True)
class ProbeReport:
    """The last result of the probe on a device. ``changed``: the time of the last change, as text; ``user``: the person who ran it.

    ``codes``: the codes of ``reasons``.
    """

    state: str
    user: str | None = None
    changed: str | None = None
    age_seconds: int | None = None
    codes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class UserDevice:
    """A Windows device of the user, with its evidence. ``web_sign_in``, ``recovery``: the policies that set each of them."""

    record: Device
    join: Join
    web_sign_in: tuple[PolicyStatus, ...] = ()
    recovery: tuple[PolicyStatus, ...] = ()
    probe: ProbeReport | None = None
    name: str = ""  # a name that no other device of the user has


@dataclasses.dataclass(frozen=True)
class Tenant:
    """The settings of the tenant. ``web_sign_in_known``: all policies that could turn web sign-in on were read."""

    connected: State
    configured: State
    web_sign_in_known: bool


# --- evaluation -----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class JudgedDevice:
    """A Windows device of the user with its evaluation."""

    device: UserDevice
    web_sign_in: WebSignIn
    web_sign_in_reasons: tuple[str, ...]
    reset: Reset
    reset_reasons: tuple[str, ...]

    @property
    def is_hello_off(self) -> bool:
        """Whether the user has no PIN and cannot set one up, because a policy turns Windows Hello off."""
        return self.reset == "none" and self.device.probe is not None and "hello_off" in self.device.probe.codes


@dataclasses.dataclass(frozen=True)
class PassReason:
    """A reason why a pass cannot help, or may not help, with the alternative."""

    code: PassCode
    message: str
    hint: str


@dataclasses.dataclass(frozen=True)
class PassVerdict:
    """Whether a Temporary Access Pass can help, or None if that is unknown."""

    can_help: bool | None
    reasons: tuple[PassReason, ...] = ()


@dataclasses.dataclass(frozen=True)
class Situation:
    """The inputs for the steps. ``devices``: None if they could not be read. ``others``: the user's other devices."""

    user: User
    devices: tuple[JudgedDevice, ...] | None
    others: tuple[Other, ...]
    verdict: PassVerdict
