# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The backend settings_catalog. Source: Graph deviceManagementConfigurationPolicy, which only beta has.

The tenant's GUID is nowhere in such a policy: {tenantid} stands in the definitions' IDs, and Intune puts the GUID in its place.
"""

from __future__ import annotations

import json
import typing as t

from .. import _errors as errors
from .._directory.lookup import DEFAULT_TAG
from .._graph.client import BETA, GraphClient
from .._graph.odata import render_literal, render_path
from .._types import Json
from . import assignments
from .policy import Place, Policy
from .settings import BY_OPTION, SETTINGS, Setting, Values

PATH = "/deviceManagement/configurationPolicies"
PREFIX = "#microsoft.graph.deviceManagementConfiguration"
SECRET = "deviceManagementConfigurationSecretSettingValue"
# Also together with $filter; on a single policy, $expand shows settings, but no assignments.
EXPAND = "settings,assignments"


class SettingsCatalog:
    name = "settings_catalog"
    path = PATH
    version = BETA

    def named(self, client: GraphClient, name: str) -> list[Json]:
        query = {"$filter": f"name eq {render_literal(name)}", "$expand": EXPAND}
        found = [raw for raw in client.list_items(PATH, query, version=BETA) if raw.get("name") == name]
        return [whole(client, raw) for raw in found]

    def numbered(self, client: GraphClient, policy_id: str) -> Json | None:
        path = PATH + render_path(policy_id)
        raw = client.find(path, {"$expand": "settings"}, version=BETA)
        return None if raw is None else {**whole(client, raw), "assignments": assignments.read(client, path)}

    def other_kind(self, raw: Json) -> str | None:
        template = (raw.get("templateReference") or {}).get("templateId")
        if template:
            return f"made from the template {template}"
        if raw.get("platforms") != "windows10":
            return f"for the platform {raw.get('platforms')}"
        return None

    def normalise(self, client: GraphClient, raw: Json, place: Place, reveal: t.Collection[str] = ()) -> Policy:
        return Policy(
            name=raw["name"],
            description=raw.get("description") or "",
            settings=values_of(raw.get("settings") or [], place.scope),
            assignments=assignments.expanded(client, raw, PATH + render_path(raw["id"])),
            scope_tags=tuple(sorted(raw.get("roleScopeTagIds") or [DEFAULT_TAG])),
            id=raw["id"],
            raw=raw,
        )

    def foreign(self, raw: Json, place: Place) -> list[str]:
        ours = {setting.definition(scope) for setting in SETTINGS for scope in setting.scopes}
        instances = [setting.get("settingInstance") or {} for setting in raw.get("settings") or []]
        groups = [group("device"), group("user")]
        inner = [child for instance in instances if _definition(instance) in groups for child in _children(instance)]
        return sorted({_definition(instance) for instance in instances + inner} - ours - set(groups))

    def create(self, client: GraphClient, after: Policy, place: Place) -> str:
        body = _body(after, "windows10", "mdm", settings_of([], {}, after.settings, place.scope))
        try:
            return str(client.post(PATH, body, version=BETA)["id"])
        except (errors.LostResponseError, errors.UnexpectedResponseError, errors.ServiceError) as failure:
            failure.hint = "The policy may have been made. Run again: a policy of that name is found and finished, not made twice."
            raise

    def update(self, client: GraphClient, before: Policy, after: Policy, place: Place) -> None:
        path = PATH + render_path(before.id or "")
        if after.settings == before.settings:
            body = {"name": after.name, "description": after.description, "roleScopeTagIds": list(after.scope_tags)}
            client.patch(path, {"@odata.type": f"{PREFIX}Policy", **body}, version=BETA)
            return
        # Settings can only be replaced with the whole policy.
        settings = settings_of(before.raw.get("settings") or [], before.settings, after.settings, place.scope)
        client.put(path, _body(after, before.raw["platforms"], before.raw["technologies"], settings), version=BETA)

    def ready(self, _client: GraphClient, before: Policy, after: Policy, place: Place) -> Policy:
        if after.settings != before.settings and SECRET in json.dumps(before.raw.get("settings") or []):
            raise errors.SelectionError(
                "The policy also holds a secret value, which Intune does not show: it cannot be written back whole.",
                hint="Nothing was written. Use a policy of its own for PIN recovery, or set it in the Intune admin center.",
            )
        return before


def whole(client: GraphClient, raw: Json) -> Json:
    """With all settings: of a long list, $expand shows the beginning only."""
    if len(raw.get("settings") or []) == raw.get("settingCount", 0):
        return raw
    return {**raw, "settings": list(client.list_items(PATH + render_path(raw["id"], "settings"), version=BETA))}


def _body(policy: Policy, platforms: str, technologies: str, settings: list[Json]) -> Json:
    return {
        "@odata.type": f"{PREFIX}Policy",
        "name": policy.name,
        "description": policy.description,
        "platforms": platforms,
        "technologies": technologies,
        "roleScopeTagIds": list(policy.scope_tags),
        "settings": settings,
    }


def group(scope: str) -> str:
    """The definition that holds the settings of a tenant."""
    return f"{scope}_vendor_msft_passportforwork_{{tenantid}}"


def values_of(settings: t.Iterable[Json], scope: str) -> Values:
    """The settings of one scope that are ours."""
    instances = [setting.get("settingInstance") or {} for setting in settings]
    ours = [instance for instance in instances if _definition(instance) != group(scope)]
    ours += [child for instance in instances if _definition(instance) == group(scope) for child in _children(instance)]
    found = {_definition(instance): instance for instance in ours}
    values: Values = {}
    for setting in SETTINGS:
        instance = found.get(setting.definition(scope)) if scope in setting.scopes else None
        value = parse(setting, instance, scope) if instance else None
        if value is not None:
            values[setting.option] = value
    return values


def _definition(instance: Json) -> str:
    return str(instance.get("settingDefinitionId")).lower()


def _children(instance: Json) -> list[Json]:
    return [child for value in instance.get("groupSettingCollectionValue") or [] for child in value.get("children") or []]


def parse(setting: Setting, instance: Json, scope: str) -> t.Any:
    """The value of a setting instance; null where it is none that this setting can have."""
    if setting.kind == "list":
        hosts = {str(item.get("value") or "").strip().lower() for item in instance.get("simpleSettingCollectionValue") or []}
        return tuple(sorted(hosts - {""})) or None
    if setting.kind in ("int", "text"):
        value = (instance.get("simpleSettingValue") or {}).get("value")
        # A bool is an int for Python, and a blank text is none.
        fits = isinstance(value, int if setting.kind == "int" else str) and not isinstance(value, bool)
        return value if fits and value != "" else None
    option = str((instance.get("choiceSettingValue") or {}).get("value")).lower()
    return {_option(setting, value, scope): value for value in _choices(setting)}.get(option)


def _choices(setting: Setting) -> tuple[t.Any, ...]:
    return setting.words or (False, True)


def _option(setting: Setting, value: t.Any, scope: str) -> str:
    """The ID of a choice: the definition's with the value that the device gets."""
    place = _choices(setting).index(value)
    return f"{setting.definition(scope)}_{str(value).lower() if setting.kind == 'bool' else place}"


def render(setting: Setting, value: t.Any, scope: str) -> Json:
    """A setting instance."""
    kind = {"int": "SimpleSetting", "text": "SimpleSetting", "list": "SimpleSettingCollection"}.get(setting.kind, "ChoiceSetting")
    instance: Json = {"@odata.type": f"{PREFIX}{kind}Instance", "settingDefinitionId": setting.definition(scope)}
    if setting.kind == "list":
        instance["simpleSettingCollectionValue"] = [_simple("String", host) for host in value]
    elif kind == "SimpleSetting":
        instance["simpleSettingValue"] = _simple("Integer" if setting.kind == "int" else "String", value)
    else:
        instance["choiceSettingValue"] = {
            "@odata.type": f"{PREFIX}ChoiceSettingValue",
            "value": _option(setting, value, scope),
            "children": [],
        }
    return instance


def _simple(kind: str, value: t.Any) -> Json:
    return {"@odata.type": f"{PREFIX}{kind}SettingValue", "value": value}


def settings_of(raw: t.Iterable[Json], before: Values, after: Values, scope: str) -> list[Json]:
    """All settings of a policy with ours changed; all that is not changed goes back as it came."""
    changed = [name for name in BY_OPTION if before.get(name) != after.get(name)]
    gone = {BY_OPTION[name].definition(scope) for name in changed}
    new = [BY_OPTION[name] for name in changed if name in after]
    children = [render(setting, after[setting.option], scope) for setting in new if setting.of_tenant]
    instances = []
    for setting in raw:
        instance = setting.get("settingInstance") or {}
        if _definition(instance) == group(scope):
            kept = [child for child in _children(instance) if _definition(child) not in gone]
            instance, children = _group_instance(scope, [*kept, *children], instance), []
        if _definition(instance) not in gone:
            instances.append(instance)
    if children:
        instances.append(_group_instance(scope, children))
    instances += [render(setting, after[setting.option], scope) for setting in new if not setting.of_tenant]
    # A group that has lost its last child is none.
    filled = [instance for instance in instances if _definition(instance) != group(scope) or _children(instance)]
    return [{"@odata.type": f"{PREFIX}Setting", "settingInstance": instance} for instance in filled]


def _group_instance(scope: str, children: list[Json], like: Json | None = None) -> Json:
    (value, *_more) = (like or {}).get("groupSettingCollectionValue") or [{"@odata.type": f"{PREFIX}GroupSettingValue"}]
    instance = like or {"@odata.type": f"{PREFIX}GroupSettingCollectionInstance", "settingDefinitionId": group(scope)}
    return {**instance, "groupSettingCollectionValue": [{**value, "children": children}]}
