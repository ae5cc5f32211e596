# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Check each instance of a settings catalog policy against its definition, and store it in the form of reads.

The refusal of an unknown id and its text are known. Other checks of the service are not known: their texts are made up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..http.errors import GraphError, bad_request, intune_error, not_emulated
from .oma_settings import unknown_property
from .setting_definitions import DEFINITIONS, MAX_TEXT, PREFIX, Definition

# kind: (ending of the instance's type, its property)
INSTANCES: dict[str, tuple[str, str]] = {
    "choice": ("ChoiceSettingInstance", "choiceSettingValue"),
    "integer": ("SimpleSettingInstance", "simpleSettingValue"),
    "text": ("SimpleSettingInstance", "simpleSettingValue"),
    "texts": ("SimpleSettingCollectionInstance", "simpleSettingCollectionValue"),
    "group": ("GroupSettingCollectionInstance", "groupSettingCollectionValue"),
}
INT32 = range(-(2**31), 2**31)

Json = dict[str, Any]


def refusal(text: str) -> GraphError:
    """Return a 400 of Intune."""
    return intune_error(400, "BadRequest", text)


def unknown_reference(reference: str) -> GraphError:
    """Return the error of Intune for an unknown id; its lines contain no policy and no template."""
    return refusal(f"Info\nInvalid Reference id found in Policy \nPolicyId\n\nTemplateId\n\nInvalidReferenceId\n{reference}")


def validate(settings: Any, templated: bool = False) -> list[Json]:
    """Return the instances of `settings` in a request body; raise GraphError for wrong ones. `templated`: can refer to a template."""
    if not isinstance(settings, list):
        raise bad_request("A collection was expected for property 'settings'.")
    checker = _Checker(templated)
    return [checker.setting(item) for item in settings]


def render(instances: list[Json]) -> list[Json]:
    """Render the settings; the id is the position in the list."""
    return [{"id": str(number), "settingInstance": instance} for number, instance in enumerate(instances)]


def _object(item: Any, where: str, known: set[str], type_name: str) -> Json:
    if not isinstance(item, dict):
        raise bad_request(f"An object was expected in property '{where}'.")
    for name in item:
        if name not in known and "@" not in name:
            raise unknown_property(name, f"deviceManagementConfiguration{type_name}")
    return item


class _Checker:
    """Check one policy, which contains no definition twice."""

    def __init__(self, templated: bool) -> None:
        self._templated = templated
        self._seen: set[str] = set()
        self._values: dict[str, Callable[[Definition, Any], Any]] = {
            "choice": self._choice,
            "integer": self._simple,
            "text": self._simple,
            "texts": self._texts,
            "group": self._group,
        }

    def setting(self, item: Any) -> Json:
        """Check a deviceManagementConfigurationSetting and return its instance."""
        return self._instance(_object(item, "settings", {"id", "settingInstance"}, "Setting").get("settingInstance"), None)

    def _instance(self, item: Any, group: str | None) -> Json:
        definition = self._definition(item, group)
        ending, name = INSTANCES[definition.kind]
        if item["@odata.type"] != PREFIX + ending:
            raise refusal(f"The setting '{definition.id}' needs an instance of type '{PREFIX[1:]}{ending}', not '{item['@odata.type']}'.")
        _object(item, "settingInstance", {"settingDefinitionId", "settingInstanceTemplateReference", name}, ending)
        reference = self._reference(item, "settingInstanceTemplateReference")
        if item.get(name) is None:
            raise refusal(f"The setting '{definition.id}' has no {name}.")
        return {
            "@odata.type": item["@odata.type"],
            "settingDefinitionId": definition.id,
            **reference,
            name: self._values[definition.kind](definition, item[name]),
        }

    def _reference(self, item: Json, name: str) -> Json:
        """Return the property that refers to a template, usually null."""
        if item.get(name) is not None and not self._templated:
            raise not_emulated(f"Property '{name}' is not supported.", f"property {name}: policies from a template")
        return {name: item.get(name)}

    def _definition(self, item: Any, group: str | None) -> Definition:
        if not isinstance(item, dict):
            raise bad_request("An object was expected in property 'settingInstance'.")
        if item.get("@odata.type") in (None, f"{PREFIX}SettingInstance"):
            raise bad_request("Cannot create an abstract class.", "ModelValidationFailure")
        definition = DEFINITIONS.get(str(item.get("settingDefinitionId")))
        if definition is None:
            raise unknown_reference(str(item.get("settingDefinitionId")))
        if definition.group != group:
            place = f"in the group '{group}'" if group else "at the top"
            raise refusal(f"The setting '{definition.id}' cannot stand {place}: its parent is '{definition.group or 'none'}'.")
        if definition.id in self._seen:
            raise refusal(f"The setting '{definition.id}' is there more than once.")
        self._seen.add(definition.id)
        return definition

    def _choice(self, definition: Definition, value: Any) -> Json:
        _object(value, "choiceSettingValue", {"settingValueTemplateReference", "value", "children"}, "ChoiceSettingValue")
        reference = self._reference(value, "settingValueTemplateReference")
        if value.get("value") not in definition.options:
            raise refusal(f"'{value.get('value')}' is not an option of the setting '{definition.id}'.")
        children = value.get("children")
        if children is not None and not isinstance(children, list):
            raise bad_request("A collection was expected for property 'children'.")
        if children:
            raise refusal(f"The option '{value['value']}' has no child settings.")
        return {**reference, "value": value["value"], "children": []}

    def _simple(self, definition: Definition, value: Any) -> Json:
        kind = "Integer" if definition.kind == "integer" else "String"
        item = self._simple_value(value, kind, definition)
        if kind == "Integer":
            low, high = definition.bounds
            if not low <= item["value"] <= high:
                raise refusal(f"{item['value']} is out of range for the setting '{definition.id}': {low} to {high}.")
        return item

    def _texts(self, definition: Definition, value: Any) -> list[Json]:
        if not isinstance(value, list):
            raise bad_request("A collection was expected for property 'simpleSettingCollectionValue'.")
        if len(value) > definition.limit:
            raise refusal(f"The setting '{definition.id}' takes at most {definition.limit} values.")
        return [self._simple_value(item, "String", definition) for item in value]

    def _group(self, definition: Definition, value: Any) -> list[Json]:
        if not isinstance(value, list):
            raise bad_request("A collection was expected for property 'groupSettingCollectionValue'.")
        if len(value) != 1:
            raise refusal(f"The group '{definition.id}' takes one value, not {len(value)}.")
        entry = _object(value[0], "groupSettingCollectionValue", {"settingValueTemplateReference", "children"}, "GroupSettingValue")
        reference = self._reference(entry, "settingValueTemplateReference")
        if not isinstance(entry.get("children"), list):
            raise bad_request("A collection was expected for property 'children'.")
        children = [self._instance(child, definition.id) for child in entry["children"]]
        return [{**reference, "children": children}]

    def _simple_value(self, item: Any, kind: str, definition: Definition) -> Json:
        """Return an integer or a text, with its type."""
        type_name = f"{PREFIX}{kind}SettingValue"
        _object(item, "simpleSettingValue", {"settingValueTemplateReference", "value"}, f"{kind}SettingValue")
        reference = self._reference(item, "settingValueTemplateReference")
        if item.get("@odata.type") is None:
            raise bad_request("Cannot create an abstract class.", "ModelValidationFailure")
        if item["@odata.type"] != type_name:
            raise refusal(f"The setting '{definition.id}' needs a value of type '{type_name[1:]}', not '{item['@odata.type']}'.")
        value = item.get("value")
        right = isinstance(value, int) and not isinstance(value, bool) and value in INT32 if kind == "Integer" else isinstance(value, str)
        if not right:
            raise bad_request(f"Cannot convert the literal '{value}' to the expected type 'Edm.{'Int32' if kind == 'Integer' else kind}'.")
        if kind == "String" and len(value) > MAX_TEXT:
            raise refusal(f"The setting '{definition.id}' takes at most {MAX_TEXT} characters.")
        return {"@odata.type": type_name, **reference, "value": value}
