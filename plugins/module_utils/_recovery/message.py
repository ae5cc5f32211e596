# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Render the message for the user, to be read out or sent: in plain words, without a secret. Pure."""

from __future__ import annotations

import typing as t

from .._names import show
from .model import PHONES, UNJOINED, JudgedDevice, Situation
from .steps import SECURITY_INFO, SETTINGS

CONFIRM = "confirm that it is you in another way, such as with the app on your phone"


def render_message(situation: Situation, *, has_pass: bool) -> str:
    """Return the message. ``has_pass``: the user gets a pass with it."""
    codes = {reason.code for reason in situation.verdict.reasons}
    greeting = f"Hello {show(situation.user.name)}," if situation.user.name else "Hello,"
    if "external_guest" in codes:
        lines = ["please ask the help desk of your own organization. You sign in there, and they can help you in."]
    elif "account_disabled" in codes:
        lines = ["your account is switched off at the moment. We will look into it, and get back to you."]
    else:
        lines = ["this is how you get in again.", *_list_lines(situation, has_pass=has_pass)]
    if has_pass:
        lines.append("Keep the pass to yourself. We never ask you for it.")
    return "\n".join([f"{greeting} {lines[0]}", *lines[1:]])


def _list_lines(situation: Situation, *, has_pass: bool) -> t.Iterator[str]:
    if situation.devices is None:
        yield "Tell us which computer it is, and we tell you how to sign in."
    elif situation.devices:
        for judged in situation.devices:
            yield " ".join(_list_for_device(judged, has_pass=has_pass))
    elif situation.others and set(situation.others) <= set(PHONES):
        yield "Tell us which phone or tablet it is. We look for a way to unlock it."
    elif has_pass:
        yield f"On any computer, open {SECURITY_INFO}, enter your work address, and then the pass that we give you."
    else:
        yield f"Tell us which computer it is. You can also open {SECURITY_INFO} and {CONFIRM}."


def _list_for_device(judged: JudgedDevice, *, has_pass: bool) -> t.Iterator[str]:
    name = show(judged.device.name)
    if judged.device.join in UNJOINED:
        yield f"On {name} you sign in with an account of your own. Use the password of that account."
        return
    yield f"On {name}: {_say_sign_in(judged, has_pass=has_pass)}."
    if judged.is_hello_off:
        return
    if judged.reset == "none":
        yield "Then open Settings > Accounts > Sign-in options > PIN, and set a PIN."
        yield from _say_proof(judged, has_pass=has_pass)
        return
    yield f"Then open {SETTINGS}."
    yield from _say_proof(judged, has_pass=has_pass)
    yield "Choose a new PIN."
    if judged.reset != "non_destructive":
        yield "You may have to set up your fingerprint or face again."


def _say_proof(judged: JudgedDevice, *, has_pass: bool) -> t.Iterator[str]:
    """Yield the proof for the next prompt. Web sign-in has used up a one-time pass, and counts as proof for 10 minutes."""
    if not has_pass:
        yield f"When Windows asks you to verify your identity, {CONFIRM}."
    elif judged.web_sign_in == "unknown" and judged.device.join == "entra_joined":
        yield "If you used your password, enter the pass when Windows asks you to verify your identity."
    elif judged.web_sign_in != "on":
        yield "When Windows asks you to verify your identity, enter the pass that we give you."


def _say_sign_in(judged: JudgedDevice, *, has_pass: bool) -> str:
    if judged.device.join == "entra_joined" and judged.web_sign_in == "on" and has_pass:
        return "choose the globe on the sign-in screen, enter the pass that we give you, and finish within 10 minutes"
    if judged.device.join == "entra_joined" and judged.web_sign_in == "unknown" and has_pass:
        return (
            "if you see a globe on the sign-in screen, choose it, enter the pass that we give you, and finish within 10 minutes; "
            "if not, use your password"
        )
    if judged.device.join == "entra_joined":
        return "sign in with your password, or with a security key or card if you have one"
    return "sign in with your password; if it is new, connect to the company network first"
