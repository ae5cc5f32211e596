# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The policies of Windows Hello for Business: managed by intune_pin_policy, or found in the tenant, and their OMA settings.

Pure. OMA settings are parsed here because custom profiles, discovery, and findings must parse them in the same way.
Source: Graph windows10CustomConfiguration and omaSetting.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _json as shapes
from .._directory.display_names import NO_NAMES, Names
from .._types import Json
from .assignments import ASSIGNMENT, Assignment, AssignmentResult
from .paths import expand_uri, is_path_of
from .settings import BOTH, HIDDEN, SETTINGS, BackendName, Kind, Scope, Setting, Values
from .settings import describe as describe_settings

# The policy types of Intune that can hold settings of Windows Hello for Business.
Surface = t.Literal[
    "custom", "settings_catalog", "account_protection", "security_baseline", "template", "identity_protection", "intent", "enrollment"
]
# The surfaces that intune_pin_policy manages.
BACKENDS: t.Mapping[Surface, BackendName] = {"custom": "custom", "settings_catalog": "settings_catalog"}
SCOPES: tuple[Scope, ...] = BOTH
DEFAULT_SCOPE_TAG = "0"

# The members that all policies of Intune have. The files that read the policy types add further members.
POLICY_MEMBERS: t.Mapping[str, shapes.Shape[t.Any]] = {
    "id": shapes.identity,
    **dict.fromkeys(("@odata.type", "description", "assignments@odata.nextLink"), shapes.optional(shapes.text)),
    "roleScopeTagIds": shapes.optional(shapes.list_of(shapes.text)),
    "assignments": shapes.optional(shapes.list_of(ASSIGNMENT)),
}
OMA_SETTING = shapes.object_of(dict.fromkeys(("@odata.type", "omaUri", "secretReferenceValueId"), shapes.optional(shapes.text)))

OMA_BOOLEAN = "#microsoft.graph.omaSettingBoolean"
OMA_INTEGER = "#microsoft.graph.omaSettingInteger"
OMA_STRING = "#microsoft.graph.omaSettingString"
OMA_TYPES: t.Mapping[Kind, str] = {
    "bool": OMA_BOOLEAN,
    "flag": OMA_INTEGER,
    "choice": OMA_INTEGER,
    "int": OMA_INTEGER,
    "text": OMA_STRING,
    "list": OMA_STRING,
}


class PinPolicyResult(t.TypedDict):
    """The return value ``pin_policy``. ``settings``: every setting, by its option."""

    id: str | None
    name: str
    description: str
    backend: BackendName
    scope: Scope
    oma_uri: str
    settings: Values
    assignments: list[AssignmentResult]
    scope_tag_ids: list[str]


class FoundPolicyResult(t.TypedDict):
    """An entry of the return value ``pin_policies``, without its check-in status.

    ``settings``: every setting of the ``scope``, by its option. ``user_settings``: the settings for users, if the policy also has some for
    devices.
    """

    id: str
    name: str
    description: str
    surface: Surface
    backend: BackendName | None
    scope: Scope
    settings: Values
    user_settings: Values
    assignments: list[AssignmentResult]
    scope_tag_ids: list[str]


@dataclasses.dataclass(frozen=True)
class PolicyScope:
    """The scope of settings: a tenant (its ID is a GUID), and devices or users."""

    tenant_id: str
    scope: Scope

    def uri(self, setting: Setting) -> str:
        """Return the OMA-URI of a setting."""
        return setting.uri(self.tenant_id, self.scope)


@dataclasses.dataclass(frozen=True)
class Policy:
    """A policy that intune_pin_policy manages, of any backend.

    ``settings`` by option. ``hidden``: options whose value Intune hides and did not reveal. ``raw``: the JSON of Graph. ``written_back``:
    hidden values that the task does not name, revealed only to be written back, and never shown.
    """

    name: str
    description: str = ""
    settings: Values = dataclasses.field(default_factory=dict)
    assignments: tuple[Assignment, ...] = ()
    scope_tags: tuple[str, ...] = (DEFAULT_SCOPE_TAG,)
    id: str | None = None
    hidden: tuple[str, ...] = ()
    raw: Json = dataclasses.field(default_factory=dict, compare=False, repr=False)
    written_back: Values = dataclasses.field(default_factory=dict, compare=False, repr=False)


@dataclasses.dataclass(frozen=True)
class RequestedPolicy:
    """The policy that a task requests. None means no change; so does a setting that is missing from ``settings``."""

    name: str | None = None
    description: str | None = None
    settings: Values = dataclasses.field(default_factory=dict)
    assignments: tuple[Assignment, ...] | None = None
    purge_assignments: bool = True
    scope_tags: tuple[str, ...] | None = None


@dataclasses.dataclass(frozen=True)
class FoundPolicy:
    """A policy of the tenant that concerns Windows Hello for Business, of any policy type.

    ``values`` by scope. ``oma``: all OMA settings of a custom profile, including incorrect ones. ``priority``: of an enrollment
    configuration, 0 for the default.
    """

    surface: Surface
    id: str
    name: str
    description: str = ""
    values: t.Mapping[Scope, Values] = dataclasses.field(default_factory=dict)
    assignments: tuple[Assignment, ...] = ()
    scope_tags: tuple[str, ...] = ()
    oma: tuple[Json, ...] = ()
    priority: int = 0

    def describe(self, names: Names = NO_NAMES) -> FoundPolicyResult:
        """Return the policy as a return value."""
        scope: Scope = "user" if self.values.get("user") and not self.values.get("device") else "device"
        has_both = bool(self.values.get("user")) and scope == "device"
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "surface": self.surface,
            "backend": BACKENDS.get(self.surface),
            "scope": scope,
            "settings": describe_settings(self.values.get(scope, {})),
            "user_settings": describe_settings(self.values["user"]) if has_both else {},
            "assignments": [assignment.describe(names) for assignment in self.assignments],
            "scope_tag_ids": list(self.scope_tags),
        }


# --- OMA settings ---------------------------------------------------------------------------------------------------


def is_hidden(item: Json) -> bool:
    """Return whether Intune hides the value of an OMA setting."""
    return bool(item.get("value") == HIDDEN)


def parse_oma_settings(oma: t.Sequence[Json], policy_scope: PolicyScope, *, alone: bool = False) -> tuple[Values, list[str]]:
    """Return the values of our settings, and the options whose value is hidden.

    A setting that does not work on devices counts as not set: a value of another type ("true" as a string, as some scripts write it), a
    path in another letter case, and a path that occurs twice. ``alone``: also ignore a setting that has a second, nonworking path in the
    profile, because writing it replaces both.
    """
    values: Values = {}
    hidden = []
    for setting in SETTINGS:
        item = _find_item(oma, setting, policy_scope, alone)
        if item is None:
            continue
        if not is_written_so(setting, item):
            continue
        if is_hidden(item):
            hidden.append(setting.option)
        else:
            values[setting.option] = parse_oma_value(setting, item)
    return values, hidden


def _find_item(oma: t.Sequence[Json], setting: Setting, policy_scope: PolicyScope, alone: bool) -> Json | None:
    """Return the only item of a setting with the correct path, or None for any other number of items."""
    if policy_scope.scope not in setting.scopes:
        return None
    uri = policy_scope.uri(setting)
    exact = [item for item in oma if expand_uri(item.get("omaUri")) == uri]
    meant = [item for item in oma if is_path_of(item.get("omaUri"), uri)] if alone else exact
    return exact[0] if len(exact) == len(meant) == 1 else None


def parse_oma_value(setting: Setting, item: Json) -> t.Any:
    """Return the value of an OMA setting, or None if the setting cannot have it."""
    value = item.get("value")
    if item.get("@odata.type") != OMA_TYPES[setting.kind]:
        return None
    if setting.kind == "bool":
        return value if isinstance(value, bool) else None
    if setting.kind in ("text", "list"):
        return parse_oma_text(setting, value)
    number = shapes.lenient(shapes.integer)(value, "value")
    return number if setting.kind == "int" or number is None else _parse_index(setting, number)


def is_written_so(setting: Setting, item: Json) -> bool:
    """Return whether this collection can have written an OMA setting: the type matches, and so does the value unless it is hidden."""
    is_hidden_text = is_hidden(item) and item.get("@odata.type") == OMA_TYPES[setting.kind] == OMA_STRING
    return is_hidden_text or parse_oma_value(setting, item) is not None


def _parse_index(setting: Setting, index: int) -> bool | str | None:
    known = (False, True) if setting.kind == "flag" else setting.words
    return known[index] if 0 <= index < len(known) else None


def parse_oma_text(setting: Setting, value: t.Any) -> t.Any:
    """Return the value of a string, or None for an empty or hidden one."""
    if not isinstance(value, str) or value == HIDDEN:
        return None
    if setting.kind == "list":
        return tuple(sorted({host.strip().lower() for host in value.split(";") if host.strip()})) or None
    return value or None


def render_oma_setting(setting: Setting, value: t.Any, policy_scope: PolicyScope) -> Json:
    """Return an OMA setting in Graph's JSON."""
    wire: t.Any = value
    if setting.kind == "flag":
        wire = int(value)
    elif setting.kind == "choice":
        wire = setting.words.index(value)
    elif setting.kind == "list":
        wire = ";".join(value)
    return {
        "@odata.type": OMA_TYPES[setting.kind],
        "displayName": setting.node.rpartition("/")[2],
        "description": "",
        "omaUri": policy_scope.uri(setting),
        "value": wire,
    }
