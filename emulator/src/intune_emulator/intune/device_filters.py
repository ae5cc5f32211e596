# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The properties of managedDevice that $filter supports in each version."""

from __future__ import annotations

from ..http.odata import FilterRule

_EQ_OR = {
    name: FilterRule(frozenset({"eq"}), same_or=True)
    for name in (
        "serialNumber",
        "imei",
        "manufacturer",
        "operatingSystem",
        "complianceState",
        "managementAgent",
        "managementState",
        "deviceCategoryDisplayName",
        "jailBroken",
        "exchangeAccessState",
    )
}
_DATES = ("lastSyncDateTime", "enrolledDateTime", "complianceGracePeriodExpirationDateTime")

V1_FILTERS: dict[str, FilterRule] = {
    **_EQ_OR,
    # the service treats startswith as contains (a known quirk)
    "deviceName": FilterRule(frozenset({"eq", "contains", "startswith"}), startswith_is_contains=True),
    "model": FilterRule(frozenset({"eq", "contains"})),
    "userPrincipalName": FilterRule(frozenset({"eq", "ne"})),
    "azureADDeviceId": FilterRule(frozenset({"eq"}), no_count=True),
    **{name: FilterRule(frozenset({"contains"})) for name in ("emailAddress", "osVersion", "phoneNumber")},
    **{name: FilterRule(frozenset({"lt", "gt"}), kind="date") for name in _DATES},
}
BETA_FILTERS: dict[str, FilterRule] = {
    **V1_FILTERS,
    **{name: FilterRule(frozenset({"eq"}), same_or=True) for name in ("ownerType", "deviceType")},
}
FILTERS: dict[str, dict[str, FilterRule]] = {"v1.0": V1_FILTERS, "beta": BETA_FILTERS}

# The service is known to ignore these filters: the response contains every device.
IGNORED_FILTERS: dict[str, frozenset[str]] = {"v1.0": frozenset({"id"}), "beta": frozenset({"id", "skuFamily"})}
