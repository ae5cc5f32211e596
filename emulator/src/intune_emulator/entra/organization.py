# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The organization and its subscriptions.

Source: https://learn.microsoft.com/graph/api/resources/organization
"""

from __future__ import annotations

import uuid
from typing import Any

from ..http.errors import directory_not_found
from ..http.message import GraphRequest, Response
from ..http.odata import check_select, read_options
from ..http.paging import collection
from .directory import select_properties

DEFAULTS: dict[str, Any] = {
    "id": "",
    "deletedDateTime": None,
    "businessPhones": [],
    "city": None,
    "country": None,
    "countryLetterCode": "DE",
    "createdDateTime": "2019-03-04T08:30:00Z",
    "defaultUsageLocation": None,
    "displayName": "Contoso",
    "marketingNotificationEmails": [],
    "onPremisesLastSyncDateTime": None,
    "onPremisesSyncEnabled": None,
    "partnerTenantType": None,
    "postalCode": None,
    "preferredLanguage": "en",
    "securityComplianceNotificationMails": [],
    "securityComplianceNotificationPhones": [],
    "state": None,
    "street": None,
    "technicalNotificationMails": [],
    "tenantType": "AAD",
    "assignedPlans": [],
    "privacyProfile": None,
    "provisionedPlans": [],
    "verifiedDomains": [],
}
MDM = "mobileDeviceManagementAuthority"
KNOWN = frozenset(DEFAULTS) | {MDM}
SKU: dict[str, Any] = {
    "accountId": None,
    "accountName": "Contoso",
    "appliesTo": "User",
    "capabilityStatus": "Enabled",
    "consumedUnits": 38,
    "id": "",
    "prepaidUnits": {"enabled": 100, "suspended": 0, "warning": 0, "lockedOut": 0},
    "servicePlans": [],
    "skuId": "",
    "skuPartNumber": "",
    "subscriptionIds": [],
}
# (skuPartNumber, service plans); the ids are made up, the names are real
SKUS = (
    ("EMS", ("INTUNE_A", "AAD_PREMIUM", "MFA_PREMIUM")),
    ("OFFICESUBSCRIPTION", ("OFFICESUBSCRIPTION", "SHAREPOINTWAC")),
)


def _organization(request: GraphRequest) -> dict[str, Any]:
    domain = request.tenant.domain
    domains = [
        {"capabilities": "Email, OfficeCommunicationsOnline", "isDefault": True, "isInitial": True, "name": domain, "type": "Managed"}
    ]
    return {**DEFAULTS, "id": request.tenant.tenant_id, "verifiedDomains": domains, "technicalNotificationMails": [f"admin@{domain}"]}


def list_all(request: GraphRequest) -> Response:
    """Return the one organization, without the MDM authority."""
    options = read_options(request.query, frozenset({"$select"}), 999)
    check_select(options.select, KNOWN, "organization")
    row = select_properties(_organization(request), options)
    row.pop(MDM, None)
    return Response(200, collection(request, "organization", options, [row], None, None))


def get(request: GraphRequest) -> Response:
    """Return one organization; mobileDeviceManagementAuthority with $select only."""
    options = read_options(request.query, frozenset({"$select"}), 999)
    check_select(options.select, KNOWN, "organization")
    if request.params["id"].lower() != request.tenant.tenant_id:
        raise directory_not_found(request.params["id"])
    properties = _organization(request)
    if options.select and MDM in options.select:
        properties[MDM] = "intune" if request.tenant.settings.intune else "unknown"
    context = request.context("organization", options.select, entity=True)
    return Response(200, {"@odata.context": context, **select_properties(properties, options)})


def subscribed_skus(request: GraphRequest) -> Response:
    """Return the licenses; a tenant without Intune lacks the Intune license."""
    options = read_options(request.query, frozenset({"$select"}), 999)
    check_select(options.select, SKU, "subscribedSku")
    skus = SKUS if request.tenant.settings.intune else SKUS[1:]
    rows = [select_properties(_sku(request, name, plans), options) for name, plans in skus]
    return Response(200, collection(request, "subscribedSkus", options, rows, None, None))


def _sku(request: GraphRequest, name: str, plans: tuple[str, ...]) -> dict[str, Any]:
    sku_id = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
    listed = [
        {
            "servicePlanId": str(uuid.uuid5(uuid.NAMESPACE_DNS, plan)),
            "servicePlanName": plan,
            "provisioningStatus": "Success",
            "appliesTo": "User",
        }
        for plan in plans
    ]
    tenant_id = request.tenant.tenant_id
    return {**SKU, "id": f"{tenant_id}_{sku_id}", "skuId": sku_id, "skuPartNumber": name, "servicePlans": listed, "accountId": tenant_id}
