# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The body of a write to configurationPolicies: its checks, and the fields of the policy."""

from __future__ import annotations

from typing import Any

from ..http.enumerations import find_member
from ..http.errors import bad_request, intune_error, not_emulated
from ..http.message import GraphRequest
from . import setting_instances
from .filters_and_tags import check_scope_tags
from .oma_settings import unknown_property

TYPE = "deviceManagementConfigurationPolicy"
READ_ONLY = {"id", "createdDateTime", "creationSource", "isAssigned", "lastModifiedDateTime", "settingCount"}
METADATA = {"name", "description", "roleScopeTagIds"}
WRITABLE = METADATA | {"platforms", "technologies", "templateReference", "settings"}
# Properties of the type; the way in which the service writes them is not known.
OTHER = {"assignments", "disableEntraGroupPolicyAssignment", "priorityMetaData"}
TEMPLATE = {"templateId", "templateFamily", "templateDisplayName", "templateDisplayVersion"}
PLATFORMS = "none android iOS macOS windows10X windows10 linux unknownFutureValue androidEnterprise aosp visionOS tvOS"
TECHNOLOGIES = (
    "none mdm windows10XManagement configManager intuneManagementExtension thirdParty documentGateway appleRemoteManagement"
    " microsoftSense exchangeOnline mobileApplicationManagement linuxMdm enrollment endpointPrivilegeManagement unknownFutureValue"
    " windowsOsRecovery android"
)

Json = dict[str, Any]


def read(request: GraphRequest) -> Json:
    """Return the fields of ConfigurationPolicy for a whole policy; raise GraphError for a wrong body."""
    body = _checked(request)
    if not isinstance(body.get("name"), str) or not body["name"].strip():
        raise intune_error(400, "BadRequest", "Name must not be empty.")
    _check_template(body.get("templateReference"))
    return {
        "name": body["name"],
        "description": body.get("description"),
        "platforms": _flags(body, "platforms", PLATFORMS, "windows10"),
        "technologies": _flags(body, "technologies", TECHNOLOGIES, "mdm"),
        "scope_tags": body.get("roleScopeTagIds") or ["0"],
        "instances": setting_instances.validate(body.get("settings", [])),
    }


def read_metadata(request: GraphRequest) -> Json:
    """Return the fields that a PATCH changes."""
    body = _checked(request)
    if "settings" in body:
        raise bad_request(
            "Cannot apply PATCH to navigation property 'settings' on entity type"
            " 'microsoft.management.services.api.deviceManagementConfigurationPolicy'."
        )
    for name in WRITABLE - METADATA:
        if name in body:
            raise not_emulated(f"Property '{name}' cannot be changed.", f"PATCH of {name}")
    if "name" in body and (not isinstance(body["name"], str) or not body["name"].strip()):
        raise intune_error(400, "BadRequest", "Name must not be empty.")
    fields = {"name": body.get("name"), "description": body.get("description"), "scope_tags": body.get("roleScopeTagIds")}
    names = {"name": "name", "description": "description", "scope_tags": "roleScopeTagIds"}
    found = {field: value for field, value in fields.items() if names[field] in body}
    if "scope_tags" in found:
        found["scope_tags"] = found["scope_tags"] or ["0"]
    return found


def _checked(request: GraphRequest) -> Json:
    body = request.body
    if not isinstance(body, dict):
        raise bad_request("Empty Payload. JSON content expected.", "ModelValidationFailure")
    if body.get("@odata.type", f"#microsoft.graph.{TYPE}") != f"#microsoft.graph.{TYPE}":
        raise bad_request(f"The type '{body['@odata.type']}' is not 'microsoft.graph.{TYPE}'.", "ModelValidationFailure")
    for name in body:
        if name not in WRITABLE | READ_ONLY | OTHER and "@" not in name:
            raise unknown_property(name, TYPE)
    for name in OTHER:
        if body.get(name):
            raise not_emulated(f"Property '{name}' is not supported.", f"property {name}")
    if body.get("description") is not None and not isinstance(body["description"], str):
        raise bad_request("Cannot convert the value of property 'description' to the expected type 'Edm.String'.")
    check_scope_tags(request.tenant, body.get("roleScopeTagIds"))
    return body


def _flags(body: Json, name: str, members: str, supported: str) -> str:
    """Return the value of an enumeration with flags; only the member of the emulated definitions is supported."""
    value = body.get(name)
    given = value.split(",") if isinstance(value, str) else [value]
    for member in given:
        if value is not None and find_member(member, members.split()) is None:
            enum = f"microsoft.graph.deviceManagementConfiguration{name.title()}"
            raise bad_request(f"Cannot convert the literal '{value}' to the expected type '{enum}'.")
    if find_member(value, (supported,)) is None:
        raise not_emulated(f"Property '{name}' must be '{supported}'.", f"{name} other than {supported}")
    return supported


def _check_template(value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        raise bad_request("An object was expected in property 'templateReference'.")
    for name in value:
        if name not in TEMPLATE and "@" not in name:
            raise unknown_property(name, f"{TYPE}TemplateReference")
    if value.get("templateId") or value.get("templateFamily") not in (None, "none"):
        raise not_emulated("The template is not supported.", "writing a policy from a template")
