# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""omaSettings of a custom profile: types, checks, and hidden values.

Source: https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-omasetting
"""

from __future__ import annotations

import re
from typing import Any

from ..http.errors import GraphError, bad_request, intune_error, not_emulated
from ..state.tenant import Tenant
from .setting_definitions import DEFINITIONS

PREFIX = "#microsoft.graph."
# For each type: the JSON types of `value`, extra properties, and whether it is hidden when read.
TYPES: dict[str, tuple[tuple[type, ...], tuple[str, ...], bool]] = {
    "omaSettingBoolean": ((bool,), (), False),
    "omaSettingInteger": ((int,), (), False),
    "omaSettingFloatingPoint": ((int, float), (), False),
    "omaSettingDateTime": ((str,), (), False),
    "omaSettingString": ((str,), (), True),
    "omaSettingBase64": ((str,), ("fileName",), True),
    "omaSettingStringXml": ((str,), ("fileName",), True),
}
EDM = {bool: "Edm.Boolean", int: "Edm.Int32", float: "Edm.Single", str: "Edm.String"}
HIDDEN_VALUE = "****"
MAX_SETTINGS = 1000
_CATALOG = (re.escape(entry.oma_uri).replace(re.escape("{0}"), "[^/]+") for entry in DEFINITIONS.values() if entry.kind != "group")
CATALOG_URI = re.compile(f"^({'|'.join(_CATALOG)})$", re.IGNORECASE)

Setting = dict[str, Any]


def unknown_property(name: str, type_name: str) -> GraphError:
    """Return the error of OData's model validation for an unknown property."""
    text = f"The property '{name}' does not exist on type 'microsoft.graph.{type_name}'."
    text += " Make sure to only use property names that are defined by the type."
    return not_emulated(text, f"unknown property '{name}' of {type_name}")


def validate(value: Any, version: str, creating: bool) -> list[Setting]:
    """Return the settings of a request body; raise GraphError for wrong ones."""
    if not isinstance(value, list):
        raise bad_request("A collection was expected for property 'omaSettings'.")
    if len(value) > MAX_SETTINGS:
        raise intune_error(400, "BadRequest", f"OmaSettings can hold at most {MAX_SETTINGS} items.")
    return [_check_one(item, version, creating) for item in value]


def _check_one(item: Any, version: str, creating: bool) -> Setting:
    if not isinstance(item, dict):
        raise bad_request("An object was expected in property 'omaSettings'.")
    type_name = str(item.get("@odata.type", "")).removeprefix(PREFIX)
    if type_name in ("", "omaSetting"):
        raise bad_request("Cannot create an abstract class.", "ModelValidationFailure")
    if type_name not in TYPES:
        raise not_emulated(f"The type 'microsoft.graph.{type_name}' is not known.", f"oma setting type {type_name}")
    _check_names(item, type_name, version)
    for name in ("displayName", "omaUri"):
        if not isinstance(item.get(name), str) or not item[name]:
            raise intune_error(400, "BadRequest", f"{name} of an OMA setting must not be empty.")
    if creating and item.get("secretReferenceValueId"):
        raise intune_error(400, "NotSupported", "SecretReferenceValueId invalid for create.")
    if creating and item.get("isEncrypted"):
        raise intune_error(400, "NotSupported", "IsEncrypted invalid for create.")
    _check_value(item, type_name)
    return item


def _check_names(item: Setting, type_name: str, version: str) -> None:
    known = {"@odata.type", "displayName", "description", "omaUri", "value", *TYPES[type_name][1]}
    if version == "beta":
        known |= {"isEncrypted", "secretReferenceValueId"} | ({"isReadOnly"} if type_name == "omaSettingInteger" else set())
    for name in item:
        if name not in known and not (name.startswith("@") or "@" in name):
            raise unknown_property(name, type_name)


def _check_value(item: Setting, type_name: str) -> None:
    kinds = TYPES[type_name][0]
    value = item.get("value")
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise bad_request(f"Cannot convert the literal '{value}' to the expected type '{EDM[kinds[0]]}'.")


def check_catalog_block(tenant: Tenant, settings: list[Setting]) -> None:
    """Refuse settings of the settings catalog in new custom profiles (setting `custom_profile_block`); the real text is not known."""
    if tenant.settings.custom_profile_block == "catalog" and any(CATALOG_URI.match(item["omaUri"]) for item in settings):
        raise intune_error(400, "BadRequest", "Custom profile cannot be created for a setting that exists in the settings catalog.")


def store(tenant: Tenant, policy_id: str, settings: list[Setting], before: list[Setting]) -> list[Setting]:
    """Return the settings in stored form, with hidden values in plain text with a reference id.

    The value `****` with a known reference keeps the old value.
    """
    kept = {item.get("secretReferenceValueId"): item for item in before if item.get("secretReferenceValueId")}
    result = []
    for item in settings:
        type_name = item["@odata.type"].removeprefix(PREFIX)
        entry: Setting = {
            "@odata.type": PREFIX + type_name,
            "displayName": item["displayName"],
            "description": item.get("description"),
            "omaUri": item["omaUri"],
        }
        entry.update({name: item.get(name) for name in TYPES[type_name][1]})
        entry["value"] = item["value"]
        if TYPES[type_name][2]:
            old = kept.get(item.get("secretReferenceValueId"))
            if old is not None and item["value"] == HIDDEN_VALUE:
                entry["value"] = old["value"]
            same = next((one for one in before if one["omaUri"] == entry["omaUri"] and one["value"] == entry["value"]), None)
            entry["secretReferenceValueId"] = (
                same.get("secretReferenceValueId") if same else f"{tenant.tenant_id}_{policy_id}_{tenant.new_id()}"
            )
        result.append(entry)
    return result


def render(item: Setting, version: str) -> Setting:
    """Render a setting; hide the value if the service does."""
    type_name = item["@odata.type"].removeprefix(PREFIX)
    hidden = TYPES[type_name][2]
    body = {name: value for name, value in item.items() if name != "secretReferenceValueId"}
    if hidden:
        body["value"] = HIDDEN_VALUE
    if version == "beta":
        body["isEncrypted"] = hidden
        body["secretReferenceValueId"] = item.get("secretReferenceValueId")
        if type_name == "omaSettingInteger":
            body["isReadOnly"] = False
    return body
