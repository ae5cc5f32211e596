# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""First-party applications that have service principals by appId, and the properties of a service principal.

Source: https://learn.microsoft.com/graph/api/resources/serviceprincipal
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
PIN_SERVICE = "b8456c59-1230-44c7-a4a2-99b085333e84"
PIN_CLIENT = "9115dd05-fad5-4f9c-acc7-305d08b1b04e"
AAD_GRAPH = "00000002-0000-0000-c000-000000000000"
MS_GRAPH = "00000003-0000-0000-c000-000000000000"
USER_READ_AAD = "311a71cc-e848-46a1-bdf8-97ff7156d8e6"
USER_READ_GRAPH = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"


@dataclass(frozen=True)
class FirstParty:
    """A first-party application. `scopes`: (id, value, consent text); None means the setting `service_scopes`."""

    display_name: str
    names: tuple[str, ...]
    scopes: tuple[tuple[str, str, str], ...] | None = ()


FIRST_PARTY_APPLICATIONS: dict[str, FirstParty] = {
    PIN_SERVICE: FirstParty("Microsoft Pin Reset Service Production", ("https://cred.microsoft.com",), None),
    PIN_CLIENT: FirstParty("Microsoft Pin Reset Client Production", ()),
    AAD_GRAPH: FirstParty(
        "Windows Azure Active Directory", ("https://graph.windows.net",), ((USER_READ_AAD, "User.Read", "Sign in and read user profile"),)
    ),
    MS_GRAPH: FirstParty(
        "Microsoft Graph", ("https://graph.microsoft.com",), ((USER_READ_GRAPH, "User.Read", "Sign in and read user profile"),)
    ),
}

# servicePrincipal in v1.0, with the values of a new one.
DEFAULTS: dict[str, Any] = {
    "id": "",
    "deletedDateTime": None,
    "accountEnabled": True,
    "alternativeNames": [],
    "appDisplayName": None,
    "appDescription": None,
    "appId": None,
    "applicationTemplateId": None,
    "appOwnerOrganizationId": MICROSOFT,
    "appRoleAssignmentRequired": False,
    "description": None,
    "disabledByMicrosoftStatus": None,
    "displayName": None,
    "homepage": None,
    "loginUrl": None,
    "logoutUrl": None,
    "notes": None,
    "notificationEmailAddresses": [],
    "preferredSingleSignOnMode": None,
    "preferredTokenSigningKeyThumbprint": None,
    "replyUrls": [],
    "servicePrincipalNames": [],
    "servicePrincipalType": "Application",
    "signInAudience": "AzureADMultipleOrgs",
    "tags": [],
    "tokenEncryptionKeyId": None,
    "samlSingleSignOnSettings": None,
    "addIns": [],
    "appRoles": [],
    "info": None,
    "keyCredentials": [],
    "oauth2PermissionScopes": [],
    "passwordCredentials": [],
    "resourceSpecificApplicationPermissions": [],
    "verifiedPublisher": None,
}
# Only with $select.
SELECT_ONLY = ("customSecurityAttributes",)

WRITABLE: dict[str, type] = {
    "accountEnabled": bool,
    "appRoleAssignmentRequired": bool,
    "description": str,
    "displayName": str,
    "loginUrl": str,
    "notes": str,
    "notificationEmailAddresses": list,
    "preferredSingleSignOnMode": str,
    "tags": list,
}


def permission_scope(scope_id: str, value: str, text: str) -> dict[str, Any]:
    """Return a permissionScope."""
    return {
        "adminConsentDescription": text,
        "adminConsentDisplayName": text,
        "id": scope_id,
        "isEnabled": True,
        "type": "User",
        "userConsentDescription": text,
        "userConsentDisplayName": text,
        "value": value,
    }
