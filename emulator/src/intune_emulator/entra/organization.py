# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight reads: organization, subscribedSkus, deviceManagement (facts: preflight)."""

from __future__ import annotations

import uuid
from typing import Any

from ..http.errors import directory_not_found
from ..http.message import Call, Reply
from ..http.odata import check_select, read_options
from ..http.paging import collection
from .directory import project

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
SKU = {
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
INTUNE_PROPERTIES = frozenset({"id", "intuneAccountId", "subscriptionState", "settings"})


def _organization(call: Call) -> dict[str, Any]:
    domain = call.tenant.domain
    domains = [
        {"capabilities": "Email, OfficeCommunicationsOnline", "isDefault": True, "isInitial": True, "name": domain, "type": "Managed"}
    ]
    return {**DEFAULTS, "id": call.tenant.tenant_id, "verifiedDomains": domains, "technicalNotificationMails": [f"admin@{domain}"]}


def list_all(call: Call) -> Reply:
    """The one organization. The MDM authority is told on the item only."""
    options = read_options(call.query, frozenset({"$select"}), 999)
    check_select(options.select, KNOWN, "organization")
    row = project(_organization(call), options)
    row.pop(MDM, None)
    return Reply(200, collection(call, "organization", options, [row], None, None))


def get(call: Call) -> Reply:
    """One organization; mobileDeviceManagementAuthority with $select only."""
    options = read_options(call.query, frozenset({"$select"}), 999)
    check_select(options.select, KNOWN, "organization")
    if call.params["id"].lower() != call.tenant.tenant_id:
        raise directory_not_found(call.params["id"])
    properties = _organization(call)
    if options.select and MDM in options.select:
        properties[MDM] = "intune" if call.tenant.settings.intune else "unknown"
    return Reply(200, {"@odata.context": call.context("organization", options.select, entity=True), **project(properties, options)})


def subscribed_skus(call: Call) -> Reply:
    """Licences; without Intune the plan is missing."""
    options = read_options(call.query, frozenset({"$select"}), 999)
    check_select(options.select, SKU, "subscribedSku")
    skus = SKUS if call.tenant.settings.intune else SKUS[1:]
    rows = [project(_sku(call, name, plans), options) for name, plans in skus]
    return Reply(200, collection(call, "subscribedSkus", options, rows, None, None))


def _sku(call: Call, name: str, plans: tuple[str, ...]) -> dict[str, Any]:
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
    tenant_id = call.tenant.tenant_id
    return {**SKU, "id": f"{tenant_id}_{sku_id}", "skuId": sku_id, "skuPartNumber": name, "servicePlans": listed, "accountId": tenant_id}


def device_management(call: Call) -> Reply:
    """The singleton: account id and subscription state."""
    options = read_options(call.query, frozenset({"$select"}), 999)
    check_select(options.select, INTUNE_PROPERTIES, "deviceManagement")
    account = str(uuid.uuid5(uuid.UUID(call.tenant.tenant_id), "intune"))
    properties = {
        "id": account,
        "intuneAccountId": account,
        "subscriptionState": "active",
        "settings": {"deviceComplianceCheckinThresholdDays": 30, "isScheduledActionEnabled": True, "secureByDefault": True},
    }
    return Reply(200, {"@odata.context": call.context("deviceManagement", options.select, entity=True), **project(properties, options)})
