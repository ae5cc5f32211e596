# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Find problems of one custom profile: each OMA setting that means Windows Hello for Business works, or has a finding. Pure.

Source: PassportForWork CSP (paths).
"""

from __future__ import annotations

import itertools
import re
import typing as t

from .._guid import parse_guid
from .._names import describe_invisible, show
from .._types import Json
from .finding import Finding, make_error
from .model import OMA_TYPES, FoundPolicy, is_hidden, parse_oma_value
from .paths import expand_uri, is_path_of, means_hello, simplify
from .settings import BY_OPTION, SETTINGS, Scope, Setting
from .terms import Terms

# Also with typical typing errors: without the dot, with blanks, with Policy/Config/.
PATH = re.compile(
    r"\s*\.?/?(Device/|User/|)Vendor/MSFT/(?P<policy>Policy/(Config/)?)?PassportForWork(/(?P<rest>.*)|\s*)", re.IGNORECASE | re.DOTALL
)
# Nodes that no option of intune_pin_policy manages: one is deprecated, and of the other only the name is known.
OTHERS = ("./Device/Vendor/MSFT/PassportForWork/UseBiometrics", "./Device/Vendor/MSFT/{policies}/DisablePostLogonCredentialCaching")


def check_profile(policy: FoundPolicy, tenant_id: str, terms: Terms) -> t.Iterator[Finding]:
    """Yield the problems of the OMA settings of a custom profile."""
    seen: set[str] = set()
    for item in policy.oma:
        uri = str(item.get("omaUri"))
        if _fold(uri) in seen:
            message, hint = f"'{policy.name}' has the path {show(uri)} twice.", f"Remove one of the two; {terms.policy_task()} leaves one."
            yield make_error("set_twice", policy, message, hint)
        seen.add(_fold(uri))
        problem = _check_path(policy, uri, tenant_id, terms)
        if problem is not None:
            yield problem
            continue
        yield from _check_value(policy, item, tenant_id, terms)


def correct_uri(setting: Setting, tenant_id: str, scope: Scope) -> str:
    """Return the OMA-URI of a setting for the scope, or for devices if Windows does not support the setting for users."""
    return setting.uri(tenant_id, scope if scope in setting.scopes else "device")


# --- paths ----------------------------------------------------------------------------------------------------------


def _check_path(policy: FoundPolicy, uri: str, tenant_id: str, terms: Terms) -> Finding | None:
    """Return the finding for a wrong path that means Windows Hello, or None for a correct path or a path of another CSP."""
    others = [other.format(policies=f"PassportForWork/{tenant_id}/Policies") for other in OTHERS]
    if _find_setting(uri, tenant_id) is not None or expand_uri(uri) in others:
        return None
    known = _find_known_mistake(policy, uri, tenant_id, terms)
    if known is not None or not means_hello(uri):
        return known
    message = f"'{policy.name}' sets {show(uri)}: no CSP has such a node, and the device sets nothing.{_describe_marks(uri)}"
    return make_error("unknown_path", policy, message, _make_advice(uri, tenant_id, terms))


def _find_known_mistake(policy: FoundPolicy, uri: str, tenant_id: str, terms: Terms) -> Finding | None:
    """Return the finding for a path with a well-known mistake."""
    sets, advice = f"'{policy.name}' sets {show(uri)}", _make_advice(uri, tenant_id, terms)
    if any(_fold(uri) == _fold(setting.uri(tenant_id, scope)) for setting in SETTINGS for scope in setting.scopes):
        # Windows compares letter by letter. Whether that includes the tenant ID is not documented.
        only_tenant = _find_setting(re.sub(tenant_id, tenant_id, uri, flags=re.IGNORECASE), tenant_id) is not None
        message = f"{sets}: the path must be spelled as the CSP spells it, in the same letter case."
        return Finding("letter_case", "warning" if only_tenant else "error", (policy.id,), message, advice)
    parts = PATH.fullmatch(uri)
    if parts is not None and parts["policy"]:
        message = f"{sets}: no device knows this path, which has Policy/ in it (as Microsoft's PIN reset page prints it)."
        return make_error("wrong_path", policy, message, advice)
    first, _slash, rest = ((parts["rest"] if parts else "") or "").partition("/")
    if not rest.lower().startswith("policies/"):
        return None
    named = parse_guid(first)
    if named == tenant_id and first.strip("{}") != first:
        return make_error("braces", policy, f"{sets}: the tenant ID is in braces.", advice)
    if named != tenant_id:
        message = f"{sets}: {show(first)} is not the ID of this tenant, which is {tenant_id}."
        return make_error("wrong_tenant_id", policy, message, advice)
    return None


def _describe_marks(uri: str) -> str:
    marks = describe_invisible(uri)
    return f" The path holds {marks}." if marks else ""


def _find_setting(uri: str, tenant_id: str) -> Setting | None:
    """Return the setting with exactly this path."""
    plain = expand_uri(uri)
    return next((setting for setting in SETTINGS for scope in setting.scopes if setting.uri(tenant_id, scope) == plain), None)


def _fold(uri: str) -> str:
    """Return a path for comparison without letter case."""
    return re.sub(r"^\./vendor/", "./device/vendor/", uri.lower())


def _make_advice(uri: str, tenant_id: str, terms: Terms) -> str:
    setting = _guess_setting(uri)
    if setting is None:
        return "Correct the path, or remove it."
    scope: Scope = "user" if simplify(uri)[:1] in (("user",), ("users",)) else "device"
    right = correct_uri(setting, tenant_id, scope)
    # Writing a setting replaces paths that differ only in spelling.
    end = "which replaces this one" if is_path_of(uri, right) else "and remove this one"
    return f"The right path is {right}; set it in this profile by {terms.means_to_set(setting.option)}, {end}."


def _guess_setting(uri: str) -> Setting | None:
    """Return the setting whose node shares the longest suffix with the path. Plugins alone is the suffix of two settings."""
    given = list(simplify(uri)) or [""]
    alike = {setting: _count_same_ends(given, list(simplify(setting.node))) for setting in SETTINGS}
    best = max(SETTINGS, key=lambda setting: alike[setting])
    if alike[best]:
        return best
    return BY_OPTION["enable_pin_recovery"] if re.search("recover|reset", given[-1]) else None


def _count_same_ends(first: list[str], second: list[str]) -> int:
    pairs = zip(reversed(first), reversed(second), strict=False)
    return sum(1 for _pair in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


# --- types and values -----------------------------------------------------------------------------------------------


def _check_value(policy: FoundPolicy, item: Json, tenant_id: str, terms: Terms) -> t.Iterator[Finding]:
    setting = _find_setting(str(item.get("omaUri")), tenant_id)
    if setting is None:
        return
    expected = OMA_TYPES[setting.kind]
    actual = str(item.get("@odata.type"))
    if actual != expected:
        yield make_error(
            "wrong_type",
            policy,
            f"'{policy.name}' sets {item.get('omaUri')} as {_short_type(actual)}; devices take it as {_short_type(expected)} only.",
            f"Set it by {terms.means_to_set(setting.option)}, or change its type in the profile.",
        )
    elif not is_hidden(item) and not _is_possible(setting, parse_oma_value(setting, item)):
        message = f"'{policy.name}' sets {item.get('omaUri')} to {item.get('value')!r}, which is not a possible value."
        yield make_error("wrong_value", policy, message, "Correct the value.")


def _is_possible(setting: Setting, value: t.Any) -> bool:
    return value is not None and (setting.kind != "int" or setting.low <= value <= setting.high)


def _short_type(odata_type: str) -> str:
    return odata_type.removeprefix("#microsoft.graph.omaSetting").lower()
