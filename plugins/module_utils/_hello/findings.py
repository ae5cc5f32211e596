# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""What is wrong with the policies of a tenant. Pure.

``error``: does not work as it stands. ``warning``: does not work for some, perhaps. Sources: PassportForWork CSP (paths), Windows
Hello for Business configuration (user before device, conflicts).
"""

from __future__ import annotations

import dataclasses
import itertools
import re
import typing as t

from .. import _guid as guid
from .._types import Json
from . import custom_profile
from .assignments import Assignment
from .custom_profile import whole_path
from .discovery import Found
from .settings import BY_OPTION, SETTINGS, Setting

# Also as people mistype it: without the dot, with blanks, with Policy/Config/.
PATH = re.compile(
    r"\s*\.?/?(Device/|User/|)Vendor/MSFT/(?P<policy>Policy/(Config/)?)?PassportForWork(/(?P<rest>.*)|\s*)", re.IGNORECASE | re.DOTALL
)
# Nodes that no option of intune_pin_policy stands for: one that is deprecated, and one that is known by name alone.
OTHERS = ("./Device/Vendor/MSFT/PassportForWork/UseBiometrics", "./Device/Vendor/MSFT/{policies}/DisablePostLogonCredentialCaching")
EVERYBODY = ("all_devices", "all_users")


@dataclasses.dataclass(frozen=True)
class Finding:
    """``policies``: the ids of those concerned. ``settings``: the options that policies disagree on."""

    code: str
    severity: str
    policies: tuple[str, ...]
    message: str
    hint: str
    settings: tuple[str, ...] = ()

    def describe(self) -> Json:
        return {
            "code": self.code,
            "severity": self.severity,
            "policies": list(self.policies),
            "settings": list(self.settings),
            "message": self.message,
            "hint": self.hint,
        }


def judge(policies: t.Sequence[Found], tenant: str) -> list[Finding]:
    """All findings, errors first."""
    found = [finding for policy in policies for finding in _in_profile(policy, tenant)]
    found += [finding for policy in policies for finding in _assigned_to_nobody(policy)]
    # Enrollment settings are used at enrollment only: they do not argue with a policy.
    live = [policy for policy in policies if _included(policy) and policy.surface != "enrollment"]
    for first, second in itertools.combinations(live, 2):
        found += _disagreements(first, second)
    found += _user_against_device(live)
    return sorted(found, key=lambda finding: (finding.severity, finding.code, finding.policies, finding.message))


def right_uri(setting: Setting, tenant: str, scope: str) -> str:
    return setting.uri(tenant, scope if scope in setting.scopes else "device")


# --- one custom profile -------------------------------------------------------------------------------------------------


def _in_profile(policy: Found, tenant: str) -> t.Iterator[Finding]:
    seen: set[str] = set()
    for item in policy.oma:
        uri = str(item.get("omaUri"))
        if _folded(uri) in seen:
            yield _error(
                "set_twice", policy, f"'{policy.name}' has the path {uri} twice.", "Remove one of the two; intune_pin_policy leaves one."
            )
        seen.add(_folded(uri))
        problem = _path_problem(policy, uri, tenant)
        if problem is not None:
            yield problem
            continue
        yield from _type_problem(policy, item, tenant)


def _path_problem(policy: Found, uri: str, tenant: str) -> Finding | None:
    """What is wrong with the path of a PassportForWork setting; null for a right one, and for one of another CSP."""
    if _setting_of(uri, tenant) is not None:
        return None
    if any(_folded(uri) == _folded(setting.uri(tenant, scope)) for setting in SETTINGS for scope in setting.scopes):
        return _case_problem(policy, uri, tenant)
    parts = PATH.fullmatch(uri)
    if parts is None or whole_path(uri) in [other.format(policies=f"PassportForWork/{tenant}/Policies") for other in OTHERS]:
        return None
    if parts["policy"]:
        return _error(
            "wrong_path",
            policy,
            f"'{policy.name}' sets {uri}: no device knows this path, which has Policy/ in it (as Microsoft's PIN reset page prints it).",
            _advice(uri, tenant),
        )
    first, _slash, rest = (parts["rest"] or "").partition("/")
    if rest.lower().startswith("policies/"):
        return _tenant_problem(policy, uri, first, tenant)
    return _unknown_path(policy, uri, tenant)


def _tenant_problem(policy: Found, uri: str, first: str, tenant: str) -> Finding:
    told = guid.parse_guid(first)
    advice = _advice(uri, tenant)
    if told == tenant and first.strip("{}") != first:
        return _error("braces", policy, f"'{policy.name}' sets {uri}: the tenant ID stands in braces.", advice)
    if told != tenant:
        message = f"'{policy.name}' sets {uri}: {first} is not the ID of this tenant, which is {tenant}."
        return _error("wrong_tenant_id", policy, message, advice)
    return _unknown_path(policy, uri, tenant)


def _case_problem(policy: Found, uri: str, tenant: str) -> Finding:
    """Windows compares letter by letter. Whether also the tenant ID is not documented."""
    only_tenant = _setting_of(re.sub(tenant, tenant, uri, flags=re.IGNORECASE), tenant) is not None
    message = f"'{policy.name}' sets {uri}: paths of a device are to be spelt as the CSP does."
    return Finding("letter_case", "warning" if only_tenant else "error", (policy.id,), message, _advice(uri, tenant))


def _unknown_path(policy: Found, uri: str, tenant: str) -> Finding:
    message = f"'{policy.name}' sets {uri}: the PassportForWork CSP has no such node."
    return _error("unknown_path", policy, message, _advice(uri, tenant))


def _setting_of(uri: str, tenant: str) -> tuple[Setting, str] | None:
    """The setting and scope that a path stands for, spelt exactly."""
    plain = whole_path(uri)
    return next(((setting, scope) for setting in SETTINGS for scope in setting.scopes if setting.uri(tenant, scope) == plain), None)


def _folded(uri: str) -> str:
    """For comparing without letter case."""
    return re.sub(r"^\./vendor/", "./device/vendor/", uri.lower())


def _advice(uri: str, tenant: str) -> str:
    setting = _meant(uri)
    if setting is None:
        return "Correct the path, or remove it."
    scope = "user" if re.match(r"\s*\.?/?user/", uri, re.IGNORECASE) else "device"
    return f"The right path is {right_uri(setting, tenant, scope)}; intune_pin_policy sets it by {setting.option}, in place of this one."


def _meant(uri: str) -> Setting | None:
    """The setting whose node ends as the path does: as much of it as possible, since Plugins is the end of two."""
    given = uri.strip().rstrip("/").lower().split("/")
    alike = {setting: _same_end(given, setting.node.lower().split("/")) for setting in SETTINGS}
    best = max(SETTINGS, key=lambda setting: alike[setting])
    if alike[best]:
        return best
    return BY_OPTION["enable_pin_recovery"] if re.search("recover|reset", given[-1]) else None


def _same_end(first: list[str], second: list[str]) -> int:
    pairs = zip(reversed(first), reversed(second), strict=False)
    return sum(1 for _pair in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _type_problem(policy: Found, item: Json, tenant: str) -> t.Iterator[Finding]:
    known = _setting_of(str(item.get("omaUri")), tenant)
    if known is None:
        return
    setting = known[0]
    wanted = custom_profile.OMA_TYPES[setting.kind]
    actual = str(item.get("@odata.type"))
    if actual != wanted:
        yield _error(
            "wrong_type",
            policy,
            f"'{policy.name}' sets {item.get('omaUri')} as {_short(actual)}; devices take it as {_short(wanted)} only.",
            f"Set it by intune_pin_policy with {setting.option}, or change its type in the profile.",
        )
    elif not custom_profile.is_hidden(item) and not _possible(setting, custom_profile.parse(setting, item)):
        yield _error(
            "wrong_value", policy, f"'{policy.name}' sets {item.get('omaUri')} to {item.get('value')!r}, which it cannot be.", "Correct it."
        )


def _possible(setting: Setting, value: t.Any) -> bool:
    return value is not None and (setting.kind != "int" or setting.low <= value <= setting.high)


def _short(odata_type: str) -> str:
    return odata_type.removeprefix("#microsoft.graph.omaSetting").lower()


# --- several policies ----------------------------------------------------------------------------------------------------


def _assigned_to_nobody(policy: Found) -> t.Iterator[Finding]:
    if not _included(policy) and policy.surface != "enrollment":
        yield Finding(
            "not_assigned",
            "warning",
            (policy.id,),
            f"'{policy.name}' is assigned to nobody.",
            "Assign it, for instance by intune_pin_policy with assignments, or remove it.",
        )


def _disagreements(first: Found, second: Found) -> t.Iterator[Finding]:
    for scope, values in first.values.items():
        others = second.values.get(scope, {})
        differing = sorted(name for name, value in values.items() if name in others and others[name] != value)
        if differing:
            told = ", ".join(f"{name} ({values[name]} and {others[name]})" for name in differing)
            yield Finding(
                "conflict",
                "error" if _overlap(first, second) else "warning",
                (first.id, second.id),
                f"'{first.name}' and '{second.name}' disagree on {told} for the scope {scope}: Intune reports a conflict on devices "
                "that get both, and sets neither.",
                "Set it in one of the two only, or assign them to different devices.",
                tuple(differing),
            )


def _user_against_device(policies: t.Sequence[Found]) -> t.Iterator[Finding]:
    for for_user, for_device in itertools.product(policies, repeat=2):
        users, devices = for_user.values.get("user", {}), for_device.values.get("device", {})
        differing = sorted(name for name, value in users.items() if name in devices and devices[name] != value)
        if differing:
            told = ", ".join(f"{name} ({users[name]} and {devices[name]})" for name in differing)
            yield Finding(
                "user_against_device",
                "error" if for_user.id == for_device.id or _overlap(for_user, for_device) else "warning",
                tuple(dict.fromkeys((for_user.id, for_device.id))),
                f"'{for_user.name}' sets for the user what '{for_device.name}' sets otherwise for the device: {told}. Windows takes the "
                "user's value and ignores the device's.",
                "Set it for one of the two scopes only.",
                tuple(differing),
            )


def _included(policy: Found) -> list[Assignment]:
    return [assignment for assignment in policy.assignments if assignment.target != "exclude_group"]


def _overlap(first: Found, second: Found) -> bool:
    """Whether devices get both, as far as assignments tell: one goes to everybody, or both to the same group.

    Filters may keep them apart, and so does a group that one of them is for and the other one excludes.
    """
    excluded = {a.group_id for policy in (first, second) for a in policy.assignments if a.target == "exclude_group"}
    plain = [{_receiver(a) for a in _included(policy) if not a.filter_id} - excluded - {""} for policy in (first, second)]
    everybody = any(targets & set(EVERYBODY) for targets in plain)
    return bool(plain[0] and plain[1]) and (everybody or bool(plain[0] & plain[1]))


def _receiver(assignment: Assignment) -> str:
    """A group's ID, or a target that is everybody; '' for a target that is not known."""
    return assignment.target if assignment.target in EVERYBODY else assignment.group_id


def _error(code: str, policy: Found, message: str, hint: str) -> Finding:
    return Finding(code, "error", (policy.id,), message, hint)
