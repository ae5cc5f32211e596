# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The deviceManagement singleton: the Intune account of the tenant.

Source: https://learn.microsoft.com/graph/api/resources/intune-onboarding-devicemanagement
"""

from __future__ import annotations

import uuid

from ..http.message import GraphRequest, Response
from ..http.odata import check_select, read_options

NAMES = frozenset({"id", "intuneAccountId", "subscriptionState", "settings"})


def get(request: GraphRequest) -> Response:
    """Return account id and subscription state."""
    options = read_options(request.query, frozenset({"$select"}), 999)
    check_select(options.select, NAMES, "deviceManagement")
    account = str(uuid.uuid5(uuid.UUID(request.tenant.tenant_id), "intune"))
    properties = {
        "id": account,
        "intuneAccountId": account,
        "subscriptionState": "active",
        "settings": {"deviceComplianceCheckinThresholdDays": 30, "isScheduledActionEnabled": True, "secureByDefault": True},
    }
    context = request.context("deviceManagement", options.select, entity=True)
    return Response(200, {"@odata.context": context, **{name: properties[name] for name in options.select or properties}})
