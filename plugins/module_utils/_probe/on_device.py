# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Evaluate a Windows device from the outputs of dsregcmd and reg query, and render the lines about it. Pure.

Over WinRM or SSH, the account is rarely the person at the screen. Then dsregcmd shows nothing about that person, so the verdict is None,
and the reasons are those that apply to every user of the device: its join type and its policies.
"""

from __future__ import annotations

import textwrap
import typing as t

from .._guid import parse_guid
from .._text import clean
from . import dsregcmd, reg_query, registry
from .reason import Reason, ReasonResult

State = t.Literal["on", "off", "not_set"]
STATES: t.Mapping[str, State] = {registry.ON: "on", registry.OFF: "off", registry.MISSING: "not_set"}
WIDTH = 76  # columns of a line, which is indented by two when shown
JOIN_TYPES: t.Mapping[dsregcmd.JoinType | None, str] = {
    "entra_joined": "Microsoft Entra joined",
    "hybrid_joined": "Microsoft Entra hybrid joined",
    "registered": "Microsoft Entra registered",
    "domain_joined": "joined to a domain, and not to Microsoft Entra ID",
    "not_joined": "not joined",
    None: "not known",
}
ANSWERS: t.Mapping[bool | None, str] = {True: "yes", False: "no", None: "not known"}
WORDS: t.Mapping[State | None, str] = {"on": "on", "off": "off", "not_set": "not set", None: "not known"}
# A group policy decides about PIN recovery even if it does not set it.
GROUP_POLICY: t.Mapping[State | None, str] = {
    **{"on": "turns PIN recovery on", "off": "is set, and does not turn PIN recovery on"},
    **{"not_set": "none", None: "not known"},
}

USERS_DIFFER = Reason(
    "users_differ",
    "Intune's policies on the device turn PIN recovery on for some users and off for others.",
    "Have the person at the screen run dsregcmd /status, and assign one policy to all users of the device.",
)


class Answer(t.NamedTuple):
    """The output of a command on the device, and its exit code, None if there is none."""

    text: str
    code: int | None


class Answers(t.NamedTuple):
    """The outputs of ``dsregcmd /status``, and of ``reg query`` for the keys in reg_query. ``windows``: for the key that always exists."""

    status: Answer
    intune: Answer
    group_policy: Answer
    user_group_policy: Answer
    windows: Answer


class PolicyResult(t.TypedDict):
    """Intune's policies in the registry, None if unknown, and the numbers of users with their own setting."""

    tenant_id: str | None
    pin_recovery: State | None
    windows_hello: State | None
    users_on: int
    users_off: int


class DeviceResult(t.TypedDict):
    """The verdict on a device."""

    non_destructive_reset: bool | None
    reasons: list[ReasonResult]
    join_type: dsregcmd.JoinType | None
    policy: PolicyResult | None
    group_policy: State | None


def describe(answers: Answers) -> DeviceResult:
    """Return the verdict on a device, the reasons if it is not true, its join type, and its policies."""
    sections, is_repeated = dsregcmd.parse(answers.status.text)
    if dsregcmd.DEVICE not in sections:
        reasons = [_not_windows(answers.status.code)]
        return _result(None, reasons, join_type=None, policy=None, group_policy=None)
    verdict, reasons = dsregcmd.judge(sections, is_repeated=is_repeated)
    join_type = None if is_repeated else dsregcmd.find_join_type(sections)
    if join_type not in dsregcmd.JOINED:
        # Without the tenant ID, its policies cannot be evaluated.
        return _result(verdict, reasons, join_type=join_type, policy=None, group_policy=None)
    tenant_id = parse_guid(sections.get("Tenant Details", {}).get("TenantId", ""))
    policies = _read_intune(answers, tenant_id)
    is_other_session = any(reason.code == "other_session" for reason in reasons)
    group_policy = _read_group_policy(answers, is_other_session=is_other_session)
    if verdict is not True:
        known = {reason.code for reason in reasons}
        reasons = [*reasons, *(reason for reason in _judge_policies(policies, group_policy) if reason.code not in known)]
    policy = _describe_policy(policies, tenant_id)
    return _result(verdict, reasons, join_type=join_type, policy=policy, group_policy=STATES.get(group_policy))


def _not_windows(code: int | None) -> Reason:
    ended = "" if code is None else f", and ended with exit code {code}"
    return Reason(
        "dsregcmd_unread",
        f"dsregcmd /status printed nothing that Windows prints{ended}.",
        "Check that the host runs Windows 10 or later, and that the account of the connection may run commands. To see the output, run the "
        "playbook with -v.",
    )


def _read_intune(answers: Answers, tenant_id: str | None) -> reg_query.IntunePolicies:
    if tenant_id is None:
        return reg_query.IntunePolicies(registry.UNREAD, registry.UNREAD)
    return reg_query.read_intune(_read_keys(answers, reg_query.INTUNE, answers.intune), tenant_id)


def _read_group_policy(answers: Answers, *, is_other_session: bool) -> str:
    """Return the group policy that counts. The user's policy counts only if the account is that user."""
    user = {} if is_other_session else _read_keys(answers, reg_query.USER_GROUP_POLICY, answers.user_group_policy)
    return reg_query.read_group_policy(_read_keys(answers, reg_query.GROUP_POLICY, answers.group_policy), user)


def _read_keys(answers: Answers, key: str, answer: Answer) -> reg_query.Keys | None:
    """Return the values below a key. A missing key is trusted only if reg can read another key."""
    return reg_query.parse(key, answer.text, answer.code if reg_query.can_ask(answers.windows.text) else None)


def _judge_policies(policies: reg_query.IntunePolicies, group_policy: str) -> list[Reason]:
    found = registry.judge_registry(policies.recovery, policies.hello, group_policy, policies.user_recovery)
    return [USERS_DIFFER if reason is registry.NOT_READ and policies.has_different_users else reason for reason in found]


def _describe_policy(policies: reg_query.IntunePolicies, tenant_id: str | None) -> PolicyResult:
    return {
        "tenant_id": tenant_id,
        "pin_recovery": STATES.get(policies.recovery),
        "windows_hello": STATES.get(policies.hello),
        "users_on": policies.users.count(registry.ON),
        "users_off": policies.users.count(registry.OFF),
    }


def _result(
    verdict: bool | None,
    reasons: t.Iterable[Reason],
    *,
    join_type: dsregcmd.JoinType | None,
    policy: PolicyResult | None,
    group_policy: State | None,
) -> DeviceResult:
    return {
        "non_destructive_reset": verdict,
        "reasons": [reason.describe() for reason in reasons],
        "join_type": join_type,
        "policy": policy,
        "group_policy": group_policy,
    }


# --- lines ----------------------------------------------------------------------------------------------------------


def render(host: str, found: DeviceResult) -> list[str]:
    """Return the lines about a device, none of which is longer than WIDTH."""
    lines: list[str] = []
    for line in _tell(host, found):
        indent = " " * (len(line) - len(line.lstrip(" ")) + 2)
        lines += textwrap.wrap(clean(line), WIDTH, subsequent_indent=indent, break_on_hyphens=False)
    return lines


def _tell(host: str, found: DeviceResult) -> t.Iterator[str]:
    yield f"{host}: {JOIN_TYPES[found['join_type']]}"
    policy = found["policy"]
    if policy:
        yield f"  Intune's policy: PIN recovery {WORDS[policy['pin_recovery']]}, Windows Hello {WORDS[policy['windows_hello']]}"
        if policy["users_on"] or policy["users_off"]:
            yield f"  Intune's policies of users: PIN recovery on for {policy['users_on']}, off for {policy['users_off']}"
        yield f"  Group policy: {GROUP_POLICY[found['group_policy']]}"
    yield f"  Can the user reset the PIN and keep the credentials? {ANSWERS[found['non_destructive_reset']]}"
    for reason in found["reasons"]:
        yield f"    - {reason['message']} {reason['hint']}"
