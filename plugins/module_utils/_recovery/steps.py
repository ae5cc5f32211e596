# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Render the steps for the help desk, in short imperative sentences. Pure.

A step follows Microsoft's documentation. A step based only on reports is marked as such, and unknown never counts as yes.
"""

from __future__ import annotations

import typing as t

from .._names import show
from .device_state import is_older
from .model import PHONES, UNJOINED, JudgedDevice, Situation

CHECK_CALLER = "Verify the caller by the rules of your organization."
HAND_OVER = "Give the pass to the user by phone or in person, and not by mail or chat."
SETTINGS = "Settings > Accounts > Sign-in options > PIN > I forgot my PIN"
OTHER_METHOD = "another method that the user still has, such as the Authenticator app or a security key"
SOMETHING_ELSE = "the password, a security key, or a smart card"
WHICH = "Ask which device it is."
PASSCODE_JOB = "Intune PIN reset: reset passcode"
FIRST_LOCK_SCREEN = (10, 0, 16299)  # Windows 10 1709, the first whose lock screen has the link
SECURITY_INFO = "https://aka.ms/mysecurityinfo"


def list_steps(situation: Situation, *, has_pass: bool) -> list[str]:
    """Return the steps; there is always at least one. ``has_pass``: the help desk has a pass."""
    codes = {reason.code for reason in situation.verdict.reasons}
    if "external_guest" in codes:
        return [
            "Send the user to the help desk of their own organization: the user signs in there, and only it can issue a pass.",
        ]
    if "account_disabled" in codes:
        return [CHECK_CALLER, *(reason.hint for reason in situation.verdict.reasons)]
    lead = [CHECK_CALLER, HAND_OVER] if has_pass else [CHECK_CALLER]
    return [*lead, *_list_ways(situation, has_pass=has_pass), *([] if has_pass else _list_remedies(situation))]


def _list_remedies(situation: Situation) -> t.Iterator[str]:
    """Yield the ways to have a pass available next time, if none can be issued now and one would help."""
    for reason in situation.verdict.reasons:
        if reason.code in ("method_disabled", "out_of_scope"):
            yield f"To be able to use a pass: {reason.hint} Then run this job again."
        elif reason.code in ("self", "administrator"):
            yield f"For a pass: {reason.hint}"


def _list_ways(situation: Situation, *, has_pass: bool) -> list[str]:
    if situation.devices is None:
        return _list_for_unknown("the device", has_pass=has_pass)
    if situation.devices:
        steps = [step for device in situation.devices for step in list_device_steps(device, has_pass=has_pass)]
        return [WHICH, *steps] if len(situation.devices) > 1 else steps
    phones = [other for other in situation.others if other in PHONES]
    if phones and len(phones) == len(situation.others):
        return [f"{WHICH} To reset the passcode of a device with {' or '.join(phones)}, run the job '{PASSCODE_JOB}' for it."]
    return list(_list_without_device(has_pass=has_pass))


def _list_without_device(*, has_pass: bool) -> t.Iterator[str]:
    yield f"{WHICH} Intune has no Windows device of this user. One whose main user is another person is found in Intune by its name."
    if has_pass:
        yield f"Have the user sign in at {SECURITY_INFO} with the pass, and register a sign-in method."
        yield "If the user sets up a new device, have them use the pass where Windows asks to sign in."
    else:
        yield f"Have the user sign in at {SECURITY_INFO} with {OTHER_METHOD}, and check the sign-in methods."


def list_device_steps(judged: JudgedDevice, *, has_pass: bool) -> list[str]:
    """Return the steps on one device."""
    name, probe = show(judged.device.name), judged.device.probe
    steps = _list_by_join(judged, name, has_pass=has_pass)
    if probe and "device_refused" in probe.codes:
        return [f"Look {name} up in Microsoft Entra first: it may be disabled or deleted there, and then a PIN reset fails.", *steps]
    return steps


def _list_by_join(judged: JudgedDevice, name: str, *, has_pass: bool) -> list[str]:
    join = judged.device.join
    if join in UNJOINED:
        return [
            f"On {name}, help with the account that signs in to Windows: it is not the work account, and a pass does not open it.",
        ]
    end = list(_list_first_pin(judged, name, has_pass=has_pass)) if judged.reset == "none" else [_say_reset(judged, name)]
    if join == "unknown":
        return [*_list_for_unknown(name, has_pass=has_pass), *end]
    if judged.reset == "none":
        return [*_list_sign_in(judged, name, has_pass=has_pass), *end]
    steps = [*_list_sign_in(judged, name, has_pass=has_pass), *_list_reset(judged, has_pass=has_pass)]
    if join == "hybrid_joined" and judged.reset != "non_destructive":
        steps.append(
            "Keep the device in reach of a domain controller until the PIN is set. Use Settings, since the lock screen may refuse."
        )
    return [*steps, *end]


def _list_sign_in(judged: JudgedDevice, name: str, *, has_pass: bool) -> t.Iterator[str]:
    """Yield the steps to sign in. A hybrid joined device never accepts a pass on its sign-in screen."""
    if judged.device.join == "hybrid_joined":
        yield f"On {name}, have the user sign in with the password. No pass signs in to this device."
        yield "If the password is new, connect the device to the company network first: it must reach a domain controller."
    elif judged.web_sign_in == "on" and has_pass:
        yield f"On {name}, have the user choose web sign-in (the globe) at the sign-in screen, and sign in with the pass."
    elif judged.web_sign_in == "on":
        yield f"On {name}, have the user sign in with {SOMETHING_ELSE}, or choose web sign-in (the globe) and use {OTHER_METHOD}."
    elif judged.web_sign_in == "unknown" and has_pass:
        yield f"On {name}, look for web sign-in (the globe) at the sign-in screen. If it is there, have the user sign in with the pass."
        yield f"If it is not there, have the user sign in with {SOMETHING_ELSE}."
    else:
        yield f"On {name}, have the user sign in with something else first: {SOMETHING_ELSE}."


def _list_reset(judged: JudgedDevice, *, has_pass: bool) -> t.Iterator[str]:
    """Yield the steps to set a new PIN after sign-in and, where documented or reported, without it."""
    web_sign_in = judged.web_sign_in if has_pass else "off"
    at_once = f"have the user open {SETTINGS}, and set a new PIN."
    proof = "the pass" if has_pass else OTHER_METHOD
    answer = f"have the user open {SETTINGS}. Have them verify their identity with {proof}, and set a new PIN."
    if web_sign_in == "on":
        yield f"Then, within 10 minutes, {at_once}"
        return
    if web_sign_in == "unknown":
        # The sign-in uses up a one-time pass.
        yield f"If the user has signed in with the pass, then within 10 minutes {at_once}"
        yield f"If not, {answer}"
    else:
        yield f"Then {answer}"
    if judged.device.join != "entra_joined" or is_older(judged.device.record, FIRST_LOCK_SCREEN):
        return
    if has_pass:
        yield (
            "If the user has nothing else to sign in with, try I forgot my PIN at the lock screen with the pass. Users report that it "
            "works; Microsoft does not say so."
        )
    else:
        yield f"If the user cannot sign in, have them choose I forgot my PIN at the lock screen, and use {OTHER_METHOD}."


def _list_first_pin(judged: JudgedDevice, name: str, *, has_pass: bool) -> t.Iterator[str]:
    """Yield the steps to set up a PIN if there is none to reset."""
    if judged.is_hello_off:
        yield f"On {name} a policy turns Windows Hello off: the user has no PIN there, and cannot set one up."
        return
    yield f"On {name} the user has no PIN yet. Have them set one up in Settings > Accounts > Sign-in options > PIN."
    if has_pass and judged.web_sign_in == "on":
        yield "They must do so within 10 minutes of the sign-in with the pass."
    elif has_pass:
        yield "If Windows asks them to verify their identity there, the pass does that."


def _list_for_unknown(name: str, *, has_pass: bool) -> list[str]:
    """Return the steps that are correct for every join type."""
    proof = "the pass" if has_pass else OTHER_METHOD
    return [
        f"Find out how {name} is joined: run dsregcmd /status on it, or look it up in Microsoft Entra.",
        f"Until that is known, have the user sign in with {SOMETHING_ELSE}, and do not rely on a pass at the sign-in screen.",
        f"Then have the user open {SETTINGS}. Have them verify their identity with {proof}, and set a new PIN.",
    ]


def _say_reset(judged: JudgedDevice, name: str) -> str:
    if judged.reset == "non_destructive":
        return f"Tell the user that only the PIN on {name} changes."
    if judged.reset == "destructive":
        return f"Tell the user that Windows Hello is set up again on {name}: its keys and certificates there are deleted."
    return f"Tell the user that Windows Hello may have to be set up again on {name}: whether its keys are kept is not known."
