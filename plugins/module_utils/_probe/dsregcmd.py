# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Parse the output of ``dsregcmd /status``, and decide whether a non-destructive PIN reset is possible. Pure.

Keys, titles, YES, and NO are English on every Windows. Only names given by people differ, and they may be decoded with the wrong code page.

Source: https://learn.microsoft.com/entra/identity/devices/troubleshoot-device-dsregcmd and
https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/pin-reset. Only the first page states that
NonDestructiveOnly is possible with hybrid key trust.
"""

from __future__ import annotations

import re
import typing as t

from .._text import quote
from .reason import Reason, ReasonResult

DEVICE, DETAILS, USER, SSO, DIAGNOSTICS, PREREQUISITES = (
    "Device State",
    "Device Details",
    "User State",
    "SSO State",
    "Diagnostic Data",
    "Ngc Prerequisite Check",
)
# Names given by people: one of them may be the word YES.
NAMES = frozenset({"TenantName", "WorkplaceTenantName", "DomainName", "Device Name", "Executing Account Name", "KerbTopLevelNames"})
AUTHORITIES = frozenset({"AzureAdPrtAuthority", "EnterprisePrtAuthority"})  # a URL, or NO without one
LONGEST_TITLE = 80  # characters
KEY = re.compile(r"[A-Za-z][A-Za-z0-9 /_-]{0,60}")
TIME = r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? UTC"
MOMENT = re.compile(TIME)
VALIDITY = re.compile(rf"\[ *{TIME} *-- *{TIME} *\]")
WORDS: t.Mapping[str, bool] = {"YES": True, "NO": False}

Value: t.TypeAlias = "bool | str | list[str] | None"
Sections = dict[str, dict[str, str]]
JoinType = t.Literal["entra_joined", "hybrid_joined", "registered", "domain_joined", "not_joined"]
JOINED: t.Collection[JoinType] = ("entra_joined", "hybrid_joined")
POSSIBLE = frozenset({"destructiveandnondestructive", "nondestructiveonly"})


class DsregcmdResult(t.TypedDict):
    """The return value of the filter."""

    non_destructive_reset: bool | None
    reasons: list[ReasonResult]
    join_type: JoinType | None
    sections: dict[str, dict[str, t.Any]]


OTHER_SESSION = Reason(
    "other_session",
    "dsregcmd did not run in the session of the person who uses the device, and says nothing about that person.",
    "Run dsregcmd /status as the signed-in user, in the session at the screen, without another account and not through WinRM or SSH.",
)


def describe(text: str) -> DsregcmdResult:
    """Return sections with typed values, the join type, and the verdict: true, false, or None, with the reasons."""
    sections, is_repeated = parse(text)
    verdict, reasons = judge(sections, is_repeated=is_repeated)
    return {
        "non_destructive_reset": verdict,
        "reasons": [reason.describe() for reason in reasons],
        "join_type": find_join_type(sections),
        "sections": {title: {key: convert(key, value) for key, value in values.items()} for title, values in sections.items()},
    }


# --- sections and values --------------------------------------------------------------------------------------------


def parse(text: str) -> tuple[Sections, bool]:
    """Return the values by section and key, and whether a section occurs twice; only its first occurrence counts.

    The same key can occur in several sections, such as NgcSet in the section of a work account.
    """
    sections: Sections = {}
    current: dict[str, str] = {}
    is_repeated = False
    # UTF-16 decoded byte by byte has a NUL in each character. Other line separators occur in names with a wrong code page.
    for line in re.split(r"[\r\n]+", text.replace("\0", "").replace("\ufeff", "")):
        stripped = line.strip(" \t")
        if title := _parse_title(stripped):
            is_repeated = is_repeated or title in sections
            # The lines of a repeated section are dropped.
            current = {} if title in sections else sections.setdefault(title, {})
        elif pair := _parse_pair(stripped):
            current.setdefault(*pair)
    return sections, is_repeated


def _parse_title(line: str) -> str | None:
    """Return the title of a section, which stands between two bars, or None for other lines."""
    # Not a regular expression: one with two runs of blanks would take days for a line with a million blanks.
    title = line[1:-1].strip(" \t") if line.startswith("|") and line.endswith("|") else ""
    return title if 0 < len(title) <= LONGEST_TITLE and "|" not in title else None


def _parse_pair(line: str) -> tuple[str, str] | None:
    """Return key and value of a line, or None for other lines, and for a URL, whose colon has no blank after it."""
    key, colon, rest = line.partition(":")
    key = key.rstrip(" \t")
    if not colon or rest[:1] not in ("", " ", "\t") or not KEY.fullmatch(key):
        return None
    value = rest.strip(" \t")
    # Older builds print the colon twice.
    return key, value[1:].lstrip(" \t") if value == ":" or value.startswith(": ") else value


def convert(key: str, value: str) -> Value:
    """Return a typed value: a boolean, None for none, a time in ISO 8601, a pair of times, or the text."""
    if not value or (key in AUTHORITIES and value == "NO"):
        return None
    if key in NAMES:
        return value
    if found := MOMENT.fullmatch(value):
        return f"{found[1]}T{found[2]}Z"
    if found := VALIDITY.fullmatch(value):
        return [f"{found[1]}T{found[2]}Z", f"{found[3]}T{found[4]}Z"]
    return WORDS.get(value, value)


def find_join_type(sections: Sections) -> JoinType | None:
    """Return how the device is joined, which is the same for every account, or None if the output does not show it."""
    device, user = sections.get(DEVICE, {}), sections.get(USER, {})
    entra, domain = (WORDS.get(device.get(key, "")) for key in ("AzureAdJoined", "DomainJoined"))
    if entra is None or domain is None:
        return None
    if entra:
        return "hybrid_joined" if domain else "entra_joined"
    if domain:
        return "domain_joined"
    return "registered" if user.get("WorkplaceJoined") == "YES" else "not_joined"


# --- the verdict ----------------------------------------------------------------------------------------------------


def judge(sections: Sections, *, is_repeated: bool = False) -> tuple[bool | None, list[Reason]]:
    """Return whether the user can reset the PIN and keep the credentials, and the reasons if that is false or unknown."""
    if DEVICE not in sections:
        return None, [
            Reason(
                "not_dsregcmd",
                f"The text is not an output of dsregcmd /status: it has no section '{DEVICE}'.",
                "Give the whole output of dsregcmd /status.",
            )
        ]
    if is_repeated:
        return None, [
            Reason(
                "several_outputs",
                "The text has a section twice. Outputs of several devices or accounts can differ.",
                "Give one output of dsregcmd /status at a time.",
            )
        ]
    join = _list_join_reasons(sections)
    if USER not in sections:
        return None, [
            *join,
            Reason(
                "user_state_missing",
                f"The output has no section '{USER}', or was cut off before it.",
                "Give the whole output of dsregcmd /status.",
            ),
        ]
    if _is_other_session(sections):
        return None, [*join, OTHER_SESSION]
    if join:
        return (False if join[0].code == "not_joined" else None), join
    return _judge_user(sections)


def _list_join_reasons(sections: Sections) -> list[Reason]:
    """Return the reasons in the state of the device, which is the same for every account."""
    join_type = find_join_type(sections)
    if join_type is None:
        return [
            Reason(
                "not_dsregcmd",
                f"The section '{DEVICE}' says neither YES nor NO to AzureAdJoined and DomainJoined.",
                "Give the whole output of dsregcmd /status, unchanged.",
            )
        ]
    if join_type not in JOINED:
        return [
            Reason(
                "not_joined",
                "The device is not joined to Microsoft Entra ID, which the PIN Reset Service requires.",
                "Join the device to Microsoft Entra ID, or make it hybrid joined. To register it is not enough.",
            )
        ]
    status = sections.get(DETAILS, {}).get("DeviceAuthStatus", "")
    if status.upper().startswith("FAILED"):
        return [
            Reason(
                "device_refused",
                "Microsoft Entra ID does not accept the device (DeviceAuthStatus FAILED): it may be disabled or deleted.",
                "Look the device up in Microsoft Entra ID. Enable it, or join it again.",
            )
        ]
    return []


def _is_other_session(sections: Sections) -> bool:
    """Return whether the output comes from the system, a service, or a remote session, and not from the person at the screen.

    An elevated prompt of the same user also shows an error in WamDefaultSet, but has that user's Hello key and refresh token.
    """
    user, diagnostics = sections[USER], sections.get(DIAGNOSTICS, {})
    if diagnostics.get("User Context", "").upper() == "SYSTEM" or _is_system(diagnostics.get("Executing Account Name", "")):
        return True
    has_key = user.get("NgcSet") == "YES"
    # Before Windows 10 1809, AzureAdPrt is in the section User State.
    has_token = (sections.get(SSO, {}).get("AzureAdPrt") or user.get("AzureAdPrt")) == "YES"
    if has_key or has_token:
        return False
    check = sections.get(PREREQUISITES, {})
    is_failing = user.get("WamDefaultSet", "").startswith("ERROR") or "NgcPreReq" in check or check.get("PolicyEnabled") == "UNKNOWN"
    # Without a key and a token, a signed-in user of Entra ID cannot be distinguished from another account.
    return is_failing or find_join_type(sections) in JOINED


def _is_system(account: str) -> bool:
    """Return whether an account belongs to the system, a service, or the computer itself."""
    name = account.split(",")[0].strip().upper()
    return name.startswith(("NT AUTHORITY\\", "NT SERVICE\\")) or name.endswith("$")


def _judge_user(sections: Sections) -> tuple[bool | None, list[Reason]]:
    user = sections[USER]
    if user.get("NgcSet") != "YES":
        return (False if user.get("NgcSet") == "NO" else None), _list_pin_reasons(sections)
    found = user.get("CanReset", "")
    if found.lower() in POSSIBLE:
        return True, []
    if found.lower() == "destructiveonly":
        return False, [
            Reason(
                "destructive_only",
                "The user can reset the PIN, but loses the credentials of Windows Hello (CanReset DestructiveOnly).",
                "Check that the policy with PIN recovery has arrived, that no group policy defeats it, and that the tenant is connected to "
                "the PIN Reset Service. Then have the user sign in or unlock with the PIN, which makes the recovery key.",
            )
        ]
    given = f"CanReset is '{quote(found, 40)}'" if found else "CanReset is missing"
    return None, [
        Reason(
            "can_reset_unknown",
            f"Windows does not say which reset is possible: {given}.",
            "Run dsregcmd /status again. If CanReset stays so, look into the event log HelloForBusiness/Operational for 8060 and 7060.",
        )
    ]


def _list_pin_reasons(sections: Sections) -> list[Reason]:
    reasons = [
        Reason(
            "no_pin",
            "The user has no PIN on this device, so there is none to be reset.",
            "Have the user set up Windows Hello on this device.",
        )
    ]
    if sections.get(PREREQUISITES, {}).get("PolicyEnabled") == "NO":
        reasons.append(
            Reason(
                "hello_off",
                "Windows Hello for Business is turned off for this user by a policy (PolicyEnabled NO).",
                "Turn it on with 'use_passport_for_work' of intune_pin_policy, or find the group policy that turns it off.",
            )
        )
    return reasons
