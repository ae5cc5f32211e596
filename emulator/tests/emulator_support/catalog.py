# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Policies of the settings catalog."""

from __future__ import annotations

from typing import Any

from .client import Client

CP = "/beta/deviceManagement/configurationPolicies"
GROUP = "device_vendor_msft_passportforwork_{tenantid}"
USER_GROUP = "user_vendor_msft_passportforwork_{tenantid}"
RECOVERY = f"{GROUP}_policies_enablepinrecovery"
LENGTH = f"{GROUP}_policies_pincomplexity_minimumpinlength"
DIGITS = f"{GROUP}_policies_pincomplexity_digits"
KEY = "device_vendor_msft_passportforwork_securitykey_usesecuritykeyforsignin"
PLUGINS = "device_vendor_msft_passportforwork_dynamiclock_plugins"
URLS = "device_vendor_msft_policy_config_authentication_configurewebsigninallowedurls"
TYPE = "#microsoft.graph.deviceManagementConfiguration"

Json = dict[str, Any]


def instance(kind: str, definition: str, name: str, value: Any) -> Json:
    return {"@odata.type": f"{TYPE}{kind}Instance", "settingDefinitionId": definition, name: value}


def choice(definition: str, ending: str) -> Json:
    return instance("ChoiceSetting", definition, "choiceSettingValue", {"value": f"{definition}_{ending}", "children": []})


def simple(kind: str, value: Any) -> Json:
    return {"@odata.type": f"{TYPE}{kind}SettingValue", "value": value}


def number(definition: str, value: Any) -> Json:
    return instance("SimpleSetting", definition, "simpleSettingValue", simple("Integer", value))


def text(definition: str, value: Any) -> Json:
    return instance("SimpleSetting", definition, "simpleSettingValue", simple("String", value))


def texts(definition: str, *values: Any) -> Json:
    return instance("SimpleSettingCollection", definition, "simpleSettingCollectionValue", [simple("String", value) for value in values])


def group(*children: Json, definition: str = GROUP) -> Json:
    return instance("GroupSettingCollection", definition, "groupSettingCollectionValue", [{"children": list(children)}])


def policy(*instances: Json, **more: Any) -> Json:
    return {
        "name": "PIN recovery",
        "description": None,
        "platforms": "windows10",
        "technologies": "mdm",
        "roleScopeTagIds": ["0"],
        "settings": [{"@odata.type": f"{TYPE}Setting", "settingInstance": item} for item in instances],
        **more,
    }


ON = group(choice(RECOVERY, "true"))


def create(client: Client, *instances: Json, **more: Any) -> Json:
    response = client.call("POST", CP, policy(*(instances or (ON,)), **more))
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


def settings_of(client: Client, policy_id: str) -> list[Json]:
    settings: list[Json] = client.json(f"{CP}/{policy_id}/settings")["value"]
    return settings


def assign(client: Client, policy_id: str, *assignments: Json) -> Any:
    return client.call("POST", f"{CP}/{policy_id}/assign", {"assignments": list(assignments)})
