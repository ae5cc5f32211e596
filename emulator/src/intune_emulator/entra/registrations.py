# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Application registrations in Graph and their service principals, made from the applications of the login service.

Source: https://learn.microsoft.com/graph/api/resources/application
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization

from ..state.applications import Application, Certificate, Secret
from ..state.clock import iso
from ..state.directory_store import Properties
from ..state.tenant import Tenant
from . import first_party_applications as first_party

# application in v1.0, with the values of a new one.
DEFAULTS: dict[str, Any] = {
    "id": "",
    "deletedDateTime": None,
    "addIns": [],
    "api": {
        "acceptMappedClaims": None,
        "knownClientApplications": [],
        "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
        "requestedAccessTokenVersion": None,
    },
    "appId": None,
    "applicationTemplateId": None,
    "appRoles": [],
    "certification": None,
    "createdByAppId": None,
    "createdDateTime": None,
    "defaultRedirectUri": None,
    "description": None,
    "disabledByMicrosoftStatus": None,
    "displayName": None,
    "groupMembershipClaims": None,
    "identifierUris": [],
    "info": {"logoUrl": None, "marketingUrl": None, "privacyStatementUrl": None, "supportUrl": None, "termsOfServiceUrl": None},
    "isDeviceOnlyAuthSupported": None,
    "isDisabled": None,
    "isFallbackPublicClient": None,
    "keyCredentials": [],
    "notes": None,
    "optionalClaims": None,
    "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
    "passwordCredentials": [],
    "publicClient": {"redirectUris": []},
    "publisherDomain": None,
    "requestSignatureVerification": None,
    "requiredResourceAccess": [],
    "samlMetadataUrl": None,
    "serviceManagementReference": None,
    "servicePrincipalLockConfiguration": None,
    "signInAudience": "AzureADMyOrg",
    "spa": {"redirectUris": []},
    "tags": [],
    "tokenEncryptionKeyId": None,
    "uniqueName": None,
    "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
    "web": {
        "homePageUrl": None,
        "logoutUrl": None,
        "redirectUris": [],
        "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
    },
}
WRITABLE: dict[str, type] = {
    "description": str,
    "displayName": str,
    "notes": str,
    "requiredResourceAccess": list,
    "serviceManagementReference": str,
    "signInAudience": str,
    "tags": list,
}
HINT = 3  # characters of a secret that its hint shows


def add_visible(tenant: Tenant, app: Application) -> None:
    """Make an initial application and its service principal visible at once."""
    if not app.managed_identity:
        app.registration_id = app.registration_id or tenant.new_id()
        app.registration.setdefault("createdDateTime", iso(tenant.clock.now()))
        tenant.registrations.add_visible(render(tenant, app))
    tenant.service_principals.add_visible(make_service_principal(tenant, app, app.object_id))


def publish(tenant: Tenant, app: Application) -> Properties:
    """Write an application to the directory, where reads see it after the delays of the settings; return it as written."""
    properties = render(tenant, app)
    tenant.registrations.write(app.registration_id, properties)
    return properties


def render(tenant: Tenant, app: Application) -> Properties:
    """Render an application with the `key` of its certificates, which most reads leave out."""
    return {
        **DEFAULTS,
        "publisherDomain": tenant.domain,
        **app.registration,
        "id": app.registration_id,
        "appId": app.client_id,
        "displayName": app.display_name,
        "keyCredentials": [_render_certificate(tenant, entry) for entry in app.certificates],
        "passwordCredentials": [render_secret(entry) for entry in app.secrets],
    }


def render_secret(secret: Secret) -> Properties:
    """Render a client secret without its text."""
    return {
        "customKeyIdentifier": None,
        "displayName": secret.display_name,
        "endDateTime": iso(secret.expires),
        "hint": secret.value[:HINT],
        "keyId": secret.key_id,
        "secretText": None,
        "startDateTime": _iso(secret.begins or secret.expires),
    }


def _render_certificate(tenant: Tenant, entry: Certificate) -> Properties:
    thumbprint = entry.certificate.fingerprint(hashes.SHA1())  # a thumbprint, not a signature
    forms = {"hex": thumbprint.hex().upper(), "base64": base64.b64encode(thumbprint).decode(), "name": "cmVhZGVy"}
    return {
        "customKeyIdentifier": forms[tenant.settings.custom_key_identifier],
        "displayName": entry.display_name,
        "endDateTime": _iso(entry.expires or entry.certificate.not_valid_after_utc),
        "key": base64.b64encode(entry.certificate.public_bytes(serialization.Encoding.DER)).decode(),
        "keyId": entry.key_id,
        "startDateTime": _iso(entry.begins or entry.certificate.not_valid_before_utc),
        "type": "AsymmetricX509Cert",
        "usage": entry.usage,
    }


def _iso(value: datetime) -> str:
    return iso(value)


def make_service_principal(tenant: Tenant, app: Application, object_id: str) -> Properties:
    """Return a new service principal of an application of this tenant, or of a managed identity."""
    resource = f"/subscriptions/{tenant.tenant_id}/resourcegroups/automation/providers/Microsoft.Web/sites/{app.display_name}"
    return {
        **first_party.DEFAULTS,
        "id": object_id,
        "appId": app.client_id,
        "appDisplayName": None if app.managed_identity else app.display_name,
        "displayName": app.display_name,
        "servicePrincipalNames": [app.client_id],
        "servicePrincipalType": "ManagedIdentity" if app.managed_identity else "Application",
        "signInAudience": None if app.managed_identity else "AzureADMyOrg",
        "appOwnerOrganizationId": tenant.tenant_id,
        "alternativeNames": ["isExplicit=False", resource] if app.managed_identity else [],
        # Leave out the entry of a managed identity's own credential, because nobody can use it.
        "keyCredentials": [],
    }
