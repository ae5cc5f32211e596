# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Problems of the policies of a tenant. Pure.

``error``: does not work as it stands. ``warning``: may not work for some devices or users. Sources: PassportForWork CSP (paths),
Windows Hello for Business configuration (user before device, conflicts).
"""

from __future__ import annotations

import dataclasses
import itertools
import re
import typing as t

from .._guid import parse_guid
from .._types import Json
from .assignments import Assignment
from .model import OMA_TYPES, FoundPolicy, expand_uri, is_hidden, parse_oma_value
from .settings import BY_OPTION, SETTINGS, Scope, Setting

Code = t.Literal[
    "wrong_path",
    "unknown_path",
    "braces",
    "wrong_tenant_id",
    "letter_case",
    "wrong_type",
    "wrong_value",
    "set_twice",
    "conflict",
    "user_against_device",
    "not_assigned",
]
Severity = t.Literal["error", "warning"]

# Also as people mistype it: without the dot, with blanks, with Policy/Config/.
PATH = re.compile(
    r"\s*\.?/?(Device/|User/|)Vendor/MSFT/(?P<policy>Policy/(Config/)?)?PassportForWork(/(?P<rest>.*)|\s*)", re.IGNORECASE | re.DOTALL
)
# Nodes that no option of intune_pin_policy manages: one that is deprecated, and one of which only the name is known.
OTHERS = ("./Device/Vendor/MSFT/PassportForWork/UseBiometrics", "./Device/Vendor/MSFT/{policies}/DisablePostLogonCredentialCaching")
EVERYBODY = ("all_devices", "all_users")


class FindingResult(t.TypedDict):
    """An entry of the return value ``findings``."""

    code: Code
    severity: Severity
    policies: list[str]
    settings: list[str]
    message: str
    hint: str


@dataclasses.dataclass(frozen=True)
class Finding:
    """A problem. ``policies``: the IDs of those concerned. ``settings``: the options that policies disagree on."""

    code: Code
    severity: Severity
    policies: tuple[str, ...]
    message: str
    hint: str
    settings: tuple[str, ...] = ()

    def describe(self) -> FindingResult:
        """Return the finding as a return value."""
        return {
            "code": self.code,
            "severity": self.severity,
            "policies": list(self.policies),
            "settings": list(self.settings),
            "message": self.message,
            "hint": self.hint,
        }


def list_findings(policies: t.Sequence[FoundPolicy], tenant_id: str) -> list[Finding]:
    """Return all findings, errors first."""
    found = [finding for policy in policies for finding in _check_profile(policy, tenant_id)]
    found += [finding for policy in policies for finding in _check_assigned(policy)]
    # Enrollment settings are used at enrollment only: they cannot conflict with a policy.
    live = [policy for policy in policies if _included(policy) and policy.surface != "enrollment"]
    for first, second in itertools.combinations(live, 2):
        found += _check_conflict(first, second)
    found += _check_user_against_device(live)
    return sorted(found, key=lambda finding: (finding.severity, finding.code, finding.policies, finding.message))


def correct_uri(setting: Setting, tenant_id: str, scope: Scope) -> str:
    """Return the OMA-URI of a setting: that of the scope, or of the device where Windows does not know the setting for users."""
    return setting.uri(tenant_id, scope if scope in setting.scopes else "device")


# --- one custom profile -------------------------------------------------------------------------------------------------


def _check_profile(policy: FoundPolicy, tenant_id: str) -> t.Iterator[Finding]:
    seen: set[str] = set()
    for item in policy.oma:
        uri = str(item.get("omaUri"))
        if _fold(uri) in seen:
            yield _error(
                "set_twice", policy, f"'{policy.name}' has the path {uri} twice.", "Remove one of the two; intune_pin_policy leaves one."
            )
        seen.add(_fold(uri))
        problem = _check_path(policy, uri, tenant_id)
        if problem is not None:
            yield problem
            continue
        yield from _check_value(policy, item, tenant_id)


def _check_path(policy: FoundPolicy, uri: str, tenant_id: str) -> Finding | None:
    """Return the finding of a wrong path of the PassportForWork CSP; null for a right one, and for one of another CSP."""
    if _find_setting(uri, tenant_id) is not None:
        return None
    if any(_fold(uri) == _fold(setting.uri(tenant_id, scope)) for setting in SETTINGS for scope in setting.scopes):
        return _report_letter_case(policy, uri, tenant_id)
    parts = PATH.fullmatch(uri)
    if parts is None or expand_uri(uri) in [other.format(policies=f"PassportForWork/{tenant_id}/Policies") for other in OTHERS]:
        return None
    if parts["policy"]:
        return _error(
            "wrong_path",
            policy,
            f"'{policy.name}' sets {uri}: no device knows this path, which has Policy/ in it (as Microsoft's PIN reset page prints it).",
            _make_advice(uri, tenant_id),
        )
    first, _slash, rest = (parts["rest"] or "").partition("/")
    if rest.lower().startswith("policies/"):
        return _report_tenant(policy, uri, first, tenant_id)
    return _report_unknown_path(policy, uri, tenant_id)


def _report_tenant(policy: FoundPolicy, uri: str, first: str, tenant_id: str) -> Finding:
    named = parse_guid(first)
    advice = _make_advice(uri, tenant_id)
    if named == tenant_id and first.strip("{}") != first:
        return _error("braces", policy, f"'{policy.name}' sets {uri}: the tenant ID is in braces.", advice)
    if named != tenant_id:
        message = f"'{policy.name}' sets {uri}: {first} is not the ID of this tenant, which is {tenant_id}."
        return _error("wrong_tenant_id", policy, message, advice)
    return _report_unknown_path(policy, uri, tenant_id)


def _report_letter_case(policy: FoundPolicy, uri: str, tenant_id: str) -> Finding:
    # Windows compares letter by letter. Whether that includes the tenant ID is not documented.
    only_tenant = _find_setting(re.sub(tenant_id, tenant_id, uri, flags=re.IGNORECASE), tenant_id) is not None
    message = f"'{policy.name}' sets {uri}: the path must be spelled as the CSP spells it, in the same letter case."
    return Finding("letter_case", "warning" if only_tenant else "error", (policy.id,), message, _make_advice(uri, tenant_id))


def _report_unknown_path(policy: FoundPolicy, uri: str, tenant_id: str) -> Finding:
    message = f"'{policy.name}' sets {uri}: the PassportForWork CSP has no such node."
    return _error("unknown_path", policy, message, _make_advice(uri, tenant_id))


def _find_setting(uri: str, tenant_id: str) -> Setting | None:
    """Return the setting of exactly this path."""
    plain = expand_uri(uri)
    return next((setting for setting in SETTINGS for scope in setting.scopes if setting.uri(tenant_id, scope) == plain), None)


def _fold(uri: str) -> str:
    """Return a path for comparing without letter case."""
    return re.sub(r"^\./vendor/", "./device/vendor/", uri.lower())


def _make_advice(uri: str, tenant_id: str) -> str:
    setting = _guess_setting(uri)
    if setting is None:
        return "Correct the path, or remove it."
    scope: Scope = "user" if re.match(r"\s*\.?/?user/", uri, re.IGNORECASE) else "device"
    uri = correct_uri(setting, tenant_id, scope)
    return f"The right path is {uri}; set it by {setting.option} of intune_pin_policy, which replaces this one."


def _guess_setting(uri: str) -> Setting | None:
    """Return the setting whose node shares the longest end with the path: Plugins alone is the end of two."""
    given = uri.strip().rstrip("/").lower().split("/")
    alike = {setting: _count_same_ends(given, setting.node.lower().split("/")) for setting in SETTINGS}
    best = max(SETTINGS, key=lambda setting: alike[setting])
    if alike[best]:
        return best
    return BY_OPTION["enable_pin_recovery"] if re.search("recover|reset", given[-1]) else None


def _count_same_ends(first: list[str], second: list[str]) -> int:
    pairs = zip(reversed(first), reversed(second), strict=False)
    return sum(1 for _pair in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _check_value(policy: FoundPolicy, item: Json, tenant_id: str) -> t.Iterator[Finding]:
    setting = _find_setting(str(item.get("omaUri")), tenant_id)
    if setting is None:
        return
    expected = OMA_TYPES[setting.kind]
    actual = str(item.get("@odata.type"))
    if actual != expected:
        yield _error(
            "wrong_type",
            policy,
            f"'{policy.name}' sets {item.get('omaUri')} as {_short_type(actual)}; devices take it as {_short_type(expected)} only.",
            f"Set it by intune_pin_policy with {setting.option}, or change its type in the profile.",
        )
    elif not is_hidden(item) and not _is_possible(setting, parse_oma_value(setting, item)):
        message = f"'{policy.name}' sets {item.get('omaUri')} to {item.get('value')!r}, which is not a possible value."
        yield _error("wrong_value", policy, message, "Correct the value.")


def _is_possible(setting: Setting, value: t.Any) -> bool:
    return value is not None and (setting.kind != "int" or setting.low <= value <= setting.high)


def _short_type(odata_type: str) -> str:
    return odata_type.removeprefix("#microsoft.graph.omaSetting").lower()


# --- several policies ----------------------------------------------------------------------------------------------------


def _check_assigned(policy: FoundPolicy) -> t.Iterator[Finding]:
    if not _included(policy) and policy.surface != "enrollment":
        yield Finding(
            "not_assigned",
            "warning",
            (policy.id,),
            f"'{policy.name}' is assigned to nobody.",
            "Assign it, for instance with the option assignments of intune_pin_policy, or remove it.",
        )


def _check_conflict(first: FoundPolicy, second: FoundPolicy) -> t.Iterator[Finding]:
    for scope, values in first.values.items():
        others = second.values.get(scope, {})
        differing = sorted(name for name, value in values.items() if name in others and others[name] != value)
        if differing:
            both = ", ".join(f"{name} ({values[name]} and {others[name]})" for name in differing)
            yield Finding(
                "conflict",
                "error" if _overlap(first, second) else "warning",
                (first.id, second.id),
                f"'{first.name}' and '{second.name}' disagree on {both} for the scope {scope}: Intune reports a conflict on devices "
                "that get both, and sets neither.",
                "Set it in one of the two only, or assign them to different devices.",
                tuple(differing),
            )


def _check_user_against_device(policies: t.Sequence[FoundPolicy]) -> t.Iterator[Finding]:
    for for_user, for_device in itertools.product(policies, repeat=2):
        users, devices = for_user.values.get("user", {}), for_device.values.get("device", {})
        differing = sorted(name for name, value in users.items() if name in devices and devices[name] != value)
        if differing:
            both = ", ".join(f"{name} ({users[name]} and {devices[name]})" for name in differing)
            yield Finding(
                "user_against_device",
                "error" if for_user.id == for_device.id or _overlap(for_user, for_device) else "warning",
                tuple(dict.fromkeys((for_user.id, for_device.id))),
                f"'{for_user.name}' sets for the user what '{for_device.name}' sets otherwise for the device: {both}. Windows takes the "
                "user's value and ignores the device's.",
                "Set it for one of the two scopes only.",
                tuple(differing),
            )


def _included(policy: FoundPolicy) -> list[Assignment]:
    return [assignment for assignment in policy.assignments if assignment.target != "exclude_group"]


def _overlap(first: FoundPolicy, second: FoundPolicy) -> bool:
    """Return whether some devices get both, as far as assignments show: one includes everybody, or both the same group.

    Filters may keep them apart, and so does a group that one of them includes and the other one excludes.
    """
    excluded = {a.group_id for policy in (first, second) for a in policy.assignments if a.target == "exclude_group"}
    plain = [{_receiver(a) for a in _included(policy) if not a.filter_id} - excluded - {""} for policy in (first, second)]
    everybody = any(targets & set(EVERYBODY) for targets in plain)
    return bool(plain[0] and plain[1]) and (everybody or bool(plain[0] & plain[1]))


def _receiver(assignment: Assignment) -> str:
    """Return a group's ID, or a target that is everybody; '' for an unknown target."""
    return assignment.target if assignment.target in EVERYBODY else assignment.group_id


def _error(code: Code, policy: FoundPolicy, message: str, hint: str) -> Finding:
    return Finding(code, "error", (policy.id,), message, hint)
