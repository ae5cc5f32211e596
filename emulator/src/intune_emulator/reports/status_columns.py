# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The forms of a status in reports: the number, the member of an enumeration, and the words of a language."""

from __future__ import annotations

from ..intune.policy_states import NUMBERS, StateRow
from ..state.policies import PolicyState
from ..state.tenant import Tenant

# Observed: Pending, NotApplicable, Succeeded, Noncompliant, Error, Conflict.
MEMBERS = {
    "pending": "Pending",
    "notApplicable": "NotApplicable",
    "succeeded": "Succeeded",
    "remediated": "Remediated",
    "nonCompliant": "Noncompliant",
    "error": "Error",
    "conflict": "Conflict",
    "notAssigned": "NotAssigned",
}
WORDS = {
    "en": {**MEMBERS, "notApplicable": "Not applicable", "nonCompliant": "Non-compliant", "notAssigned": "Not assigned"},
    "de": {
        "pending": "Ausstehend",
        "notApplicable": "Nicht zutreffend",
        "succeeded": "Erfolgreich",
        "remediated": "Behoben",
        "nonCompliant": "Nicht konform",
        "error": "Fehler",
        "conflict": "Konflikt",
        "notAssigned": "Nicht zugewiesen",
    },
}
SYSTEM_ACCOUNT = {"en": "System account", "de": "Systemkonto"}


def status_words(tenant: Tenant, state: PolicyState) -> str:
    """Return a status in the language of the reports."""
    return WORDS[tenant.settings.report_language][state.name]


def report_status(tenant: Tenant, state: PolicyState) -> str:
    """Return ReportStatus if its words have their own column. Use the numbers of PolicyStatus, because its own are not known."""
    return str(NUMBERS[state.name]) if tenant.settings.report_status == "number" else MEMBERS[state.name]


def user_name(tenant: Tenant, row: StateRow) -> str:
    """Return the UPN of a row. The system account has its own words in the admin center, and none in an observed export."""
    if row.upn is not None:
        return row.upn
    settings = tenant.settings
    return "" if settings.report_system_upn == "blank" else SYSTEM_ACCOUNT[settings.report_language]
