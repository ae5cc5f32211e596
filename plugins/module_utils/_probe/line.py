# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Parse and evaluate the line that the probe prints on a device. Pure.

``pin1;aj=YES;dj=NO;ngc=YES;cr=DestructiveAndNonDestructive;…;end``. Intune keeps the end of a long output, so both ends prove that the line
is complete. The line does not show the account that ran the probe; the system account has neither a PIN nor a token.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from . import dsregcmd
from .reason import Code, Reason
from .registry import MISSING, UNREAD, judge_registry

START, END = "pin1;", ";end"
# The values of dsregcmd, by section and key; then those of the registry.
STATUS: t.Mapping[str, tuple[str, str]] = {
    "aj": (dsregcmd.DEVICE, "AzureAdJoined"),
    "dj": (dsregcmd.DEVICE, "DomainJoined"),
    "ngc": (dsregcmd.USER, "NgcSet"),
    "cr": (dsregcmd.USER, "CanReset"),
    "pe": (dsregcmd.PREREQUISITES, "PolicyEnabled"),
    "nr": (dsregcmd.PREREQUISITES, "SessionIsNotRemote"),
    "da": (dsregcmd.DETAILS, "DeviceAuthStatus"),
    "prt": (dsregcmd.SSO, "AzureAdPrt"),
}
FIELDS = (*STATUS, "rec", "use", "gpo", "urec")
VALUE = re.compile(r"[A-Za-z0-9.-]{1,40}|\?")

UNREAD_STATUS = Reason(
    "dsregcmd_unread",
    "The probe ran, but dsregcmd did not tell it how the device is joined, or whether the user has a PIN.",
    "Run dsregcmd /status on the device as the signed-in user, and check that no policy blocks it.",
)
HINTS: t.Mapping[Code, str] = {
    "other_session": "Wait until a user of the device signs in with the Microsoft Entra account. The probe must run as the signed-in user, "
    "which intune_pin_probe sets.",
    "can_reset_unknown": "Look on the device into the event log HelloForBusiness/Operational for 8060 and 7060.",
}
# For another account, or a device that is not joined, the policies explain nothing.
ABOUT_USER: t.Collection[Code] = ("destructive_only", "no_pin", "hello_off", "can_reset_unknown")


def parse_line(text: object) -> dict[str, str] | None:
    """Return the values of a line by field, or None for anything except one complete line of the probe."""
    line = text.strip() if isinstance(text, str) else ""
    if not (line.startswith(START) and line.endswith(END)):
        return None
    pairs = [part.partition("=") for part in line[len(START) : -len(END)].split(";")]
    if sorted(key for key, _sign, _value in pairs) != sorted(FIELDS):
        return None
    return {key: value for key, _sign, value in pairs} if all(VALUE.fullmatch(value) for _key, _sign, value in pairs) else None


def judge_line(fields: t.Mapping[str, str]) -> tuple[bool | None, list[Reason]]:
    """Return whether the user can reset the PIN and keep the credentials, and the reasons if that is false or unknown."""
    sections = _make_sections(fields)
    join_type = dsregcmd.find_join_type(sections)
    if join_type is None or (join_type in dsregcmd.JOINED and fields["ngc"] not in dsregcmd.WORDS):
        return None, [UNREAD_STATUS]
    verdict, found = dsregcmd.judge(sections)
    reasons = [dataclasses.replace(reason, hint=HINTS.get(reason.code, reason.hint)) for reason in found]
    codes = {reason.code for reason in reasons}
    if codes & set(ABOUT_USER):
        policies = judge_registry(fields["rec"], fields["use"], fields["gpo"], fields["urec"])
        reasons += [reason for reason in policies if reason.code not in codes]
    return verdict, reasons


def find_join_type(fields: t.Mapping[str, str]) -> dsregcmd.JoinType | None:
    """Return how the device is joined, or None. The line does not distinguish a registered device from one that is not joined."""
    found = dsregcmd.find_join_type(_make_sections(fields))
    return None if found == "not_joined" else found


def _make_sections(fields: t.Mapping[str, str]) -> dsregcmd.Sections:
    """Return the sections of dsregcmd from which the probe took the values."""
    sections: dsregcmd.Sections = {dsregcmd.USER: {}}
    for field, (title, key) in STATUS.items():
        if fields[field] not in (MISSING, UNREAD):
            sections.setdefault(title, {})[key] = fields[field]
    return sections
