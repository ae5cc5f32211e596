# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""configurationSettings: the definitions of the settings catalog, beta only. Long texts are missing.

Source: https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationsettingdefinition
"""

from __future__ import annotations

from typing import Any

from ..http.errors import intune_error
from ..http.message import GraphRequest, Response
from ..http.odata import check_select, read_options
from .setting_definitions import AREAS, DEFINITIONS, MAX_TEXT, PREFIX, Definition

PATH = "deviceManagement/configurationSettings"
TYPES = {
    "choice": "ChoiceSettingDefinition",
    "integer": "SimpleSettingDefinition",
    "text": "SimpleSettingDefinition",
    "texts": "SimpleSettingCollectionDefinition",
    "group": "SettingGroupCollectionDefinition",
}
SKUS = (
    "windowsEnterprise",
    "windowsProfessional",
    "windowsHome",
    "windowsEducation",
    "holographicForBusiness",
    "windowsMultiSession",
    "iotEnterprise",
    "windowsCloudN",
    "windows11SE",
    "iotEnterpriseSEval",
    "windowsCPC",
)
NOT_FOR_SIGN_IN = ("windowsHome", "holographicForBusiness")
HOLOLENS = "holographicForBusiness"
# Properties of the base type, which $select accepts.
NAMES = (
    "id",
    "accessTypes",
    "applicability",
    "baseUri",
    "categoryId",
    "description",
    "displayName",
    "helpText",
    "infoUrls",
    "keywords",
    "name",
    "occurrence",
    "offsetUri",
    "referredSettingInformationList",
    "riskLevel",
    "rootDefinitionId",
    "settingUsage",
    "uxBehavior",
    "visibility",
)

Json = dict[str, Any]


def get(request: GraphRequest) -> Response:
    """Return a definition."""
    options = read_options(request.query, frozenset({"$select"}), 1000)
    check_select(options.select, NAMES, "deviceManagementConfigurationSettingDefinition")
    definition = DEFINITIONS.get(request.params["id"])
    if definition is None:
        raise intune_error(404, "ResourceNotFound", f"ConfigurationSetting with id {request.params['id']} was not found.")
    rendered = render(definition)
    names = ["@odata.type", *options.select] if options.select else list(rendered)
    context = request.context(PATH, options.select, entity=True)
    return Response(200, {"@odata.context": context, **{name: rendered[name] for name in names}})


def render(definition: Definition) -> Json:
    """Render a definition."""
    return {"@odata.type": PREFIX + TYPES[definition.kind], **_base(definition), **_own(definition)}


def _base(definition: Definition) -> Json:
    group = definition.kind == "group"
    row = definition.row
    return {
        "id": definition.id,
        "accessTypes": "add,delete,get" if group else "add,delete,get,replace",
        "applicability": _applicability(definition),
        "baseUri": definition.base,
        "categoryId": definition.category,
        "description": None,
        "displayName": row.title,
        "helpText": "",
        "infoUrls": [],
        "keywords": [],
        "name": row.path.rpartition("/")[2],
        "occurrence": {"minDeviceOccurrence": 0, "maxDeviceOccurrence": 100 if group else 1},
        "offsetUri": definition.offset,
        "referredSettingInformationList": [],
        "riskLevel": "low",
        "rootDefinitionId": definition.group or definition.id,
        "settingUsage": "configuration",
        "uxBehavior": "toggle" if "t" in row.more else "default",
        "visibility": "settingsCatalog,template",
    }


def _applicability(definition: Definition) -> Json:
    since, _space, csp = definition.row.since.partition(" ")
    missing = NOT_FOR_SIGN_IN if definition.category in AREAS.values() else ()
    skus = [sku for sku in SKUS if sku not in missing or (sku == HOLOLENS and "h" in definition.row.more)]
    return {
        "@odata.type": f"{PREFIX}WindowsSettingApplicability",
        "description": None,
        "platform": "windows10",
        "deviceMode": "none",
        "technologies": "mdm" if "m" in definition.row.more else "mdm,configManager",
        "configurationServiceProviderVersion": csp,
        "maximumSupportedVersion": None,
        "minimumSupportedVersion": since,
        "windowsSkus": skus,
        "requiresAzureAd": False,
        "requiredAzureAdTrustType": "none",
    }


def _own(definition: Definition) -> Json:
    """Return the properties of the derived type."""
    if definition.kind == "choice":
        return {"defaultOptionId": f"{definition.id}_{definition.row.default}", "options": _options(definition)}
    dependent = {"dependentOn": _dependent(definition), "dependedOnBy": []}
    if definition.kind == "group":
        needed = [{"dependedOnBy": child, "required": False} for child in definition.children]
        return {"childIds": list(definition.children), "maximumCount": 1, "minimumCount": 0, **dependent, "dependedOnBy": needed}
    kind = "Integer" if definition.kind == "integer" else "String"
    count = {"maximumCount": definition.limit, "minimumCount": 0} if definition.kind == "texts" else {}
    return {**count, "valueDefinition": _value_definition(definition), "defaultValue": _value(kind, definition.row.default), **dependent}


def _dependent(definition: Definition) -> list[Json]:
    return [{"dependentOn": definition.group, "parentSettingId": definition.group}] if definition.group else []


def _options(definition: Definition) -> list[Json]:
    """Return the options without their texts; the value of an option is the ending of its id."""
    result = []
    for ending, item_id in zip(str(definition.row.values).split(), definition.options, strict=True):
        value = _value("Integer", int(ending)) if ending.isdigit() else _value("String", ending)
        option = {"itemId": item_id, "description": None, "helpText": None, "name": None, "displayName": None, "optionValue": value}
        result.append({**option, "dependentOn": _dependent(definition), "dependedOnBy": []})
    return result


def _value(kind: str, value: Any) -> Json:
    return {"@odata.type": f"{PREFIX}{kind}SettingValue", "settingValueTemplateReference": None, "value": value}


def _value_definition(definition: Definition) -> Json:
    if definition.kind == "integer":
        low, high = definition.bounds
        return {"@odata.type": f"{PREFIX}IntegerSettingValueDefinition", "maximumValue": high, "minimumValue": low}
    pattern = definition.row.values if definition.kind == "text" and definition.row.values else None
    return {
        "@odata.type": f"{PREFIX}StringSettingValueDefinition",
        "format": "regEx" if pattern else "none",
        "inputValidationSchema": pattern,
        "maximumLength": MAX_TEXT,
        "minimumLength": 0,
        "isSecret": False,
        "fileTypes": [],
    }
