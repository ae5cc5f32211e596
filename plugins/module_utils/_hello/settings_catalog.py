# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The backend settings_catalog. Source: Graph deviceManagementConfigurationPolicy, which only beta has.

Such a policy does not contain the tenant ID: the IDs of definitions contain {tenantid} literally, and Intune replaces it with the GUID.
"""

from __future__ import annotations

import json
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .._graph.client import BETA, GraphClient
from .._graph.odata import render_literal, render_path
from .._http.message import Request
from .._types import Json
from . import api
from .model import DEFAULT_SCOPE_TAG, POLICY_MEMBERS, Policy, PolicyScope
from .ownership import PolicyContents
from .settings import BOTH, BY_OPTION, SETTINGS, BackendName, Kind, Scope, Setting, Values

PATH = "/deviceManagement/configurationPolicies"
PREFIX = "#microsoft.graph.deviceManagementConfiguration"
SECRET = "deviceManagementConfigurationSecretSettingValue"
# Also used together with $filter. On a single policy, $expand shows settings, but no assignments.
EXPAND = "settings,assignments"
TEXT = shapes.optional(shapes.text)
INSTANCE_MEMBERS: t.Mapping[str, shapes.Shape[t.Any]] = {
    "settingDefinitionId": TEXT,
    "simpleSettingCollectionValue": shapes.optional(shapes.list_of(shapes.an_object)),
    "simpleSettingValue": shapes.optional(shapes.an_object),
    "choiceSettingValue": shapes.optional(shapes.object_of({"value": TEXT})),
}
GROUP_VALUE = shapes.object_of({"children": shapes.optional(shapes.list_of(shapes.object_of(INSTANCE_MEMBERS)))})
INSTANCE = shapes.object_of({**INSTANCE_MEMBERS, "groupSettingCollectionValue": shapes.optional(shapes.list_of(GROUP_VALUE))})
SETTING = shapes.object_of({"settingInstance": shapes.optional(INSTANCE)})
CATALOG_MEMBERS: t.Mapping[str, shapes.Shape[t.Any]] = {
    **POLICY_MEMBERS,
    "templateReference": shapes.optional(shapes.object_of({"templateId": TEXT, "templateFamily": TEXT})),
    "settings": shapes.optional(shapes.list_of(SETTING)),
}
CATALOG_POLICY = shapes.object_of({**CATALOG_MEMBERS, **dict.fromkeys(("name", "platforms", "technologies"), shapes.text)})
INSTANCE_KINDS: t.Mapping[Kind, str] = {
    "bool": "ChoiceSetting",
    "flag": "ChoiceSetting",
    "choice": "ChoiceSetting",
    "int": "SimpleSetting",
    "text": "SimpleSetting",
    "list": "SimpleSettingCollection",
}


class SettingsCatalog:
    """The backend settings_catalog."""

    name: BackendName = "settings_catalog"
    path = PATH
    name_property = "name"
    version = BETA

    def fetch_by_name(self, client: GraphClient, name: str) -> list[Json]:
        """Return all settings catalog policies with exactly this name."""
        found = [raw for raw in client.list_items(PATH, _query_name(name), version=BETA, item=CATALOG_POLICY) if raw.get("name") == name]
        return [fetch_all_settings(client, raw) for raw in found]

    def render_name_request(self, client: GraphClient, name: str) -> Request:
        """Return the request of ``fetch_by_name``."""
        return client.request("GET", PATH, _query_name(name), version=BETA)

    def find_by_id(self, client: GraphClient, policy_id: str) -> Json | None:
        """Return the settings catalog policy with this ID."""
        path = PATH + render_path(policy_id)
        raw = client.find(path, {"$expand": "settings"}, version=BETA, shape=CATALOG_POLICY)
        return None if raw is None else {**fetch_all_settings(client, raw), "assignments": api.fetch_assignments(client, path)}

    def find_mismatch(self, raw: Json) -> str | None:
        """Return why the backend does not manage a policy, or None if it does."""
        template = (raw.get("templateReference") or {}).get("templateId")
        if template:
            return f"made from the template {template}"
        if raw.get("platforms") != "windows10":
            return f"for the platform {raw.get('platforms')}"
        return None

    def fetch_policy(self, client: GraphClient, raw: Json, policy_scope: PolicyScope, reveal: t.Collection[str] = ()) -> Policy:
        """Return the policy. Intune hides none of our values here, so none must be revealed."""
        return Policy(
            name=raw["name"],
            description=raw.get("description") or "",
            settings=parse_settings(raw.get("settings") or [], policy_scope.scope),
            assignments=api.fetch_all_assignments(client, raw, PATH),
            scope_tags=tuple(sorted(raw.get("roleScopeTagIds") or [DEFAULT_SCOPE_TAG])),
            id=raw["id"],
            raw=raw,
        )

    def read_contents(self, raw: Json, tenant_id: str) -> PolicyContents:
        """Return everything that a policy sets."""
        options, others = set(), set()
        for instance in _flatten(setting.get("settingInstance") or {} for setting in raw.get("settings") or []):
            found = _find_setting(instance)
            if found is None:
                others.add(_definition(instance))
            else:
                options.add(found.option)
        return PolicyContents(frozenset(options), tuple(sorted(others)))

    def create(self, client: GraphClient, desired: Policy, policy_scope: PolicyScope) -> str:
        """Create the policy without assignments, and return its ID."""
        body = _render_policy(desired, "windows10", "mdm", merge_settings([], {}, desired.settings, policy_scope.scope))
        try:
            return str(client.post(PATH, body, version=BETA, shape=api.CREATED)["id"])
        except errors.IntuneError as failure:
            if failure.effects != "unknown":
                raise
            advice = "The policy may have been made. Run again: a policy of that name is found and finished, not made twice."
            raise failure.with_hint(advice) from failure

    def prepare_update(self, client: GraphClient, current: Policy, desired: Policy, policy_scope: PolicyScope) -> Policy:
        """Return the current policy; raise SelectionError if an update would lose a secret value."""
        if desired.settings != current.settings and SECRET in json.dumps(current.raw.get("settings") or []):
            raise errors.SelectionError(
                "The policy also holds a secret value, which Intune does not show: it cannot be written back whole.",
                hint="Use a separate policy for PIN recovery, or set it in the Intune admin center.",
                effects="none",
            )
        return current

    def update(self, client: GraphClient, current: Policy, desired: Policy, policy_scope: PolicyScope) -> None:
        """Update the policy, except its assignments."""
        path = PATH + render_path(current.id or "")
        if desired.settings == current.settings:
            body = {"name": desired.name, "description": desired.description, "roleScopeTagIds": list(desired.scope_tags)}
            client.patch(path, {"@odata.type": f"{PREFIX}Policy", **body}, version=BETA)
            return
        # Settings can only be replaced together with the whole policy.
        settings = merge_settings(current.raw.get("settings") or [], current.settings, desired.settings, policy_scope.scope)
        client.put(path, _render_policy(desired, current.raw["platforms"], current.raw["technologies"], settings), version=BETA)


def _query_name(name: str) -> dict[str, str]:
    return {"$filter": f"name eq {render_literal(name)}", "$expand": EXPAND}


def fetch_all_settings(client: GraphClient, raw: Json) -> Json:
    """Return a policy with all its settings, because $expand shows only the first of a long list."""
    if len(raw.get("settings") or []) == raw.get("settingCount", 0):
        return raw
    return {**raw, "settings": list(client.list_items(PATH + render_path(raw["id"], "settings"), version=BETA, item=SETTING))}


def _render_policy(policy: Policy, platforms: str, technologies: str, settings: list[Json]) -> Json:
    return {
        "@odata.type": f"{PREFIX}Policy",
        "name": policy.name,
        "description": policy.description,
        "platforms": platforms,
        "technologies": technologies,
        "roleScopeTagIds": list(policy.scope_tags),
        "settings": settings,
    }


# --- reading settings -----------------------------------------------------------------------------------------------


def group_definition(scope: Scope) -> str:
    """Return the ID of the definition that groups the settings of a tenant."""
    return f"{scope}_vendor_msft_passportforwork_{{tenantid}}"


def parse_settings(settings: t.Iterable[Json], scope: Scope) -> Values:
    """Return the values of our settings of one scope."""
    instances = [setting.get("settingInstance") or {} for setting in settings]
    ours = [instance for instance in instances if not _is_group(instance, scope)]
    ours += [child for instance in instances if _is_group(instance, scope) for child in _children(instance)]
    found = {_definition(instance): instance for instance in ours}
    values: Values = {}
    for setting in SETTINGS:
        instance = found.get(setting.definition(scope)) if scope in setting.scopes else None
        value = parse_instance(setting, instance, scope) if instance else None
        if value is not None:
            values[setting.option] = value
    return values


def _definition(instance: Json) -> str:
    return str(instance.get("settingDefinitionId")).lower()


def _flatten(instances: t.Iterable[Json]) -> t.Iterator[Json]:
    """Yield the instances. Replace the groups of the tenant with the instances that they contain."""
    for instance in instances:
        if any(_is_group(instance, scope) for scope in BOTH):
            yield from _children(instance)
        else:
            yield instance


def _find_setting(instance: Json) -> Setting | None:
    """Return the setting of an instance that this collection can have written, or None for all others."""
    ours = [(setting, scope) for setting in SETTINGS for scope in setting.scopes if _definition(instance) == setting.definition(scope)]
    if not ours or SECRET in json.dumps(instance) or (instance.get("choiceSettingValue") or {}).get("children"):
        return None
    (setting, scope), *_no_others = ours
    return setting if parse_instance(setting, instance, scope) is not None else None


def _is_group(instance: Json, scope: Scope) -> bool:
    return _definition(instance) == group_definition(scope)


def _children(instance: Json) -> list[Json]:
    return [child for value in instance.get("groupSettingCollectionValue") or [] for child in value.get("children") or []]


def parse_instance(setting: Setting, instance: Json, scope: Scope) -> t.Any:
    """Return the value of a setting instance, or None if the setting cannot have it."""
    if setting.kind == "list":
        hosts = {str(item.get("value") or "").strip().lower() for item in instance.get("simpleSettingCollectionValue") or []}
        return tuple(sorted(hosts - {""})) or None
    if setting.kind in ("int", "text"):
        # The setting cannot have another type, and an empty text sets nothing.
        shape = shapes.lenient(shapes.integer if setting.kind == "int" else shapes.text)
        value = shape((instance.get("simpleSettingValue") or {}).get("value"), "value")
        return None if value == "" else value
    choice = str((instance.get("choiceSettingValue") or {}).get("value")).lower()
    return {_render_choice(setting, value, scope): value for value in _choices(setting)}.get(choice)


def _choices(setting: Setting) -> tuple[t.Any, ...]:
    return setting.words or (False, True)


# --- writing settings -----------------------------------------------------------------------------------------------


def _render_choice(setting: Setting, value: t.Any, scope: Scope) -> str:
    """Return the ID of a choice: the definition's ID with the value that the device gets."""
    ending = str(value).lower() if setting.kind == "bool" else _choices(setting).index(value)
    return f"{setting.definition(scope)}_{ending}"


def render_instance(setting: Setting, value: t.Any, scope: Scope) -> Json:
    """Return a setting instance in Graph's JSON."""
    kind = INSTANCE_KINDS[setting.kind]
    instance: Json = {"@odata.type": f"{PREFIX}{kind}Instance", "settingDefinitionId": setting.definition(scope)}
    if setting.kind == "list":
        instance["simpleSettingCollectionValue"] = [_render_simple("String", host) for host in value]
    elif kind == "SimpleSetting":
        instance["simpleSettingValue"] = _render_simple("Integer" if setting.kind == "int" else "String", value)
    else:
        instance["choiceSettingValue"] = {
            "@odata.type": f"{PREFIX}ChoiceSettingValue",
            "value": _render_choice(setting, value, scope),
            "children": [],
        }
    return instance


def _render_simple(kind: str, value: t.Any) -> Json:
    return {"@odata.type": f"{PREFIX}{kind}SettingValue", "value": value}


def merge_settings(raw: t.Iterable[Json], current: Values, desired: Values, scope: Scope) -> list[Json]:
    """Return all settings of a policy, with ours changed and all others unchanged."""
    changed = [setting for name, setting in BY_OPTION.items() if current.get(name) != desired.get(name)]
    gone = {setting.definition(scope) for setting in changed}
    new = [setting for setting in changed if setting.option in desired]
    children = [render_instance(setting, desired[setting.option], scope) for setting in new if setting.is_per_tenant]
    kept = [setting.get("settingInstance") or {} for setting in raw]
    instances = _merge_group([instance for instance in kept if _definition(instance) not in gone], gone, children, scope)
    instances += [render_instance(setting, desired[setting.option], scope) for setting in new if not setting.is_per_tenant]
    return [{"@odata.type": f"{PREFIX}Setting", "settingInstance": instance} for instance in instances]


def _merge_group(instances: t.Iterable[Json], gone: t.Collection[str], children: list[Json], scope: Scope) -> list[Json]:
    """Return the instances with children of the tenant's group removed and added. A group without children is removed."""
    merged, missing = [], children
    for instance in instances:
        if not _is_group(instance, scope):
            merged.append(instance)
            continue
        kept = [child for child in _children(instance) if _definition(child) not in gone]
        if kept or missing:
            merged.append(_render_group(scope, [*kept, *missing], instance))
        missing = []
    return [*merged, _render_group(scope, missing)] if missing else merged


def _render_group(scope: Scope, children: list[Json], like: Json | None = None) -> Json:
    """Return the tenant's group with these children, and with the other members of an existing group."""
    (value, *_more) = (like or {}).get("groupSettingCollectionValue") or [{"@odata.type": f"{PREFIX}GroupSettingValue"}]
    instance = like or {"@odata.type": f"{PREFIX}GroupSettingCollectionInstance", "settingDefinitionId": group_definition(scope)}
    return {**instance, "groupSettingCollectionValue": [{**value, "children": children}]}
