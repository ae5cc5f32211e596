# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts that Microsoft's description, or its part in the compact form, lacks: each is named here, with the reason.

An operation that neither the compact form nor this file has is a problem, and so is a property.
"""

from __future__ import annotations

import re
import typing as t

from .expressions import Expression, parse
from .form import ObjectForm
from .scalars import LOCAL_DATE_TIME

BOTH, BETA = ("v1.0", "beta"), ("beta",)

# Actual types in responses, with the base type that an instance is compared with. Its other properties are not checked.
UNDESCRIBED_TYPES = {
    "windows10GeneralConfiguration": "deviceConfiguration",
    "windowsIdentityProtectionConfiguration": "deviceConfiguration",
    "deviceManagementConfigurationChoiceSettingDefinition": "deviceManagementConfigurationSettingDefinition",
    "deviceManagementConfigurationSimpleSettingDefinition": "deviceManagementConfigurationSettingDefinition",
    "deviceManagementConfigurationSimpleSettingCollectionDefinition": "deviceManagementConfigurationSettingDefinition",
    "deviceManagementConfigurationSettingGroupCollectionDefinition": "deviceManagementConfigurationSettingDefinition",
    "deviceManagementConfigurationWindowsSettingApplicability": "deviceManagementConfigurationSettingApplicability",
    "omaSettingBase64": "omaSetting",
    "omaSettingStringXml": "omaSetting",
    "omaSettingDateTime": "omaSetting",
    "omaSettingFloatingPoint": "omaSetting",
}
UNDESCRIBED_PROPERTIES: dict[str, dict[str, str]] = {
    # the pages on Multi Admin Approval filter by it, to find a request by its code
    "operationApprovalRequest": {"requestId": "string"},
    # the service writes this date without a zone, against its own pattern (also in Microsoft's own pages)
    "ODataErrors.InnerError": {"date": f"{LOCAL_DATE_TIME}?"},
}
# OData open types: any property may be added.
OPEN_TYPES = {"customSecurityAttributeValue"}
# Lists of these hold several kinds of objects, and $select accepts the properties of each.
MIXED_TYPES = {"directoryObject"}

# Operations of a version that are the same in the other one, and only described there.
IN_OTHER_VERSION: dict[str, tuple[str, ...]] = {
    "beta": (
        "/deviceManagement/managedDevices/$count",
        "/deviceManagement/managedDevices/{managedDevice-id}/syncDevice",
        "/deviceManagement/managedDevices/{managedDevice-id}/remoteLock",
        "/deviceManagement/reports/exportJobs",
        "/deviceManagement/reports/exportJobs/{deviceManagementExportJob-id}",
    ),
    # No other operation returns the failed settings of a policy on a device with their errors.
    "v1.0": ("/deviceManagement/reports/getConfigurationSettingNonComplianceReport",),
}
# Methods that the service has and Microsoft's description lacks, each with the method of the same path that it is compared with: PUT
# replaces a settings catalog policy with its settings, which PATCH refuses. The admin center and public tools send it.
SUBSTITUTES = {("beta", "PUT", "/deviceManagement/configurationPolicies/{deviceManagementConfigurationPolicy-id}"): "PATCH"}

# Members that the service requires to create anything, by Microsoft's pages on the operations (learn.microsoft.com/graph/api).
REQUIRED_TO_CREATE: dict[str, frozenset[str]] = {
    "POST /applications": frozenset({"displayName"}),
    "POST /applications/{application-id}/federatedIdentityCredentials": frozenset({"audiences", "issuer", "name", "subject"}),
    "POST /servicePrincipals/{servicePrincipal-id}/appRoleAssignedTo": frozenset({"appRoleId", "principalId", "resourceId"}),
    "POST /servicePrincipals/{servicePrincipal-id}/appRoleAssignments": frozenset({"appRoleId", "principalId", "resourceId"}),
}

# The form of responses whose types are not described.
TYPES: dict[str, ObjectForm] = {
    "undescribedObject": {"properties": {}, "required": [], "untyped": True},
    "undescribedItem": {"properties": {"id": "string"}, "required": ["id"], "untyped": True},
    "undescribedItems": {"properties": {"value": "[undescribedItem]"}, "required": ["value"], "untyped": True},
    "undescribedText": {"properties": {"value": "string?"}, "required": ["value"], "untyped": True},
}
_OBJECT, _ITEM, _ITEMS, _TEXT = map(parse, TYPES)


class UndescribedOperation(t.NamedTuple):
    """A GET whose response is only compared by its form. `path`: regular expression; `reason`: why it is called at all."""

    versions: tuple[str, ...]
    path: str
    reason: str
    answer: Expression


_PLAIN = r"/deviceManagement/deviceConfigurations/[^/]+/getOmaSettingPlainTextValue\(secretReferenceValueId='[^']+'\)"
_INTENTS, _ENROLLMENT = "/deviceManagement/intents", "/deviceManagement/deviceEnrollmentConfigurations"
_DEVICE_SCRIPTS = "/deviceManagement/managedDevices/[^/]+/deviceHealthScriptStates"
_LICENSE = "/deviceManagement/dataProcessorServiceForWindowsFeaturesOnboarding"
_OLD_TEMPLATES = "policies of old templates may set PIN recovery too; they are only read, to find conflicts"
_TENANT_WIDE = "the tenant-wide policy of Windows Hello for Business is only read, to find conflicts"
_PLAIN_TEXT = "a function with a parameter in its name; it answers one text, the value that reads of a profile hide"

UNDESCRIBED_OPERATIONS: tuple[UndescribedOperation, ...] = (
    UndescribedOperation(BOTH, _PLAIN, _PLAIN_TEXT, _TEXT),
    UndescribedOperation(BETA, "/deviceManagement/assignmentFilters/[^/]+", "a filter by the id that a policy names", _ITEM),
    UndescribedOperation(BETA, "/deviceManagement/roleScopeTags/[^/]+", "a scope tag by the id that a policy names", _ITEM),
    UndescribedOperation(BETA, _INTENTS, _OLD_TEMPLATES, _ITEMS),
    UndescribedOperation(BETA, f"{_INTENTS}/[^/]+", _OLD_TEMPLATES, _ITEM),
    UndescribedOperation(BETA, f"{_INTENTS}/[^/]+/(settings|assignments)", _OLD_TEMPLATES, _ITEMS),
    UndescribedOperation(BETA, _DEVICE_SCRIPTS, "what a device reported of each remediation, and who ran it", _ITEMS),
    UndescribedOperation(BETA, _LICENSE, "whether remediations run at all in the tenant", _OBJECT),
    UndescribedOperation(BOTH, _ENROLLMENT, _TENANT_WIDE, _ITEMS),
)


def find_undescribed_operation(version: str, method: str, path: str) -> UndescribedOperation | None:
    """Return the operation for a path without version and query."""
    fitting = (entry for entry in UNDESCRIBED_OPERATIONS if version in entry.versions and re.fullmatch(entry.path, path))
    return next(fitting, None) if method == "GET" else None
