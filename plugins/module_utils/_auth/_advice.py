# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The remedy for each AADSTS number.

Sources: https://learn.microsoft.com/entra/identity-platform/reference-error-codes, and for federated credentials
https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations. Longer numbers are special cases of the shorter
number that they begin with.
"""

from __future__ import annotations

import re

GENERAL = "Check tenant_id, client_id, the credential, and cloud."

_FEDERATED = "Compare it, letter by letter, with the federated credential of the application (Certificates & secrets)"
_SIGN_IN = "The person's session is over or must be stronger: sign in again with 'az login', or use an auth_method without a person."
_ACCOUNT = "The person cannot sign in: check the account in Microsoft Entra, or use an auth_method without a person."
_LATER = "The sign-in service is busy or out of order: try again later."
_CLOUD = "The tenant belongs to another cloud: set cloud to it."
_TENANT = "The tenant is not known: check tenant_id, cloud, and, if it is set, authority_url."
_ASSERTION = "The assertion is not valid: check that the federated token or the certificate is for this application and tenant."
_CONSENT = "No administrator has consented: grant admin consent to the application."
_RESTRICTED = "A tenant restriction of the network's proxy, or a cross-tenant policy, does not let this tenant be used from here."
_RESOURCE = "The tenant does not know the resource: check cloud and graph_url."

_FAMILIES: tuple[tuple[tuple[str, ...], str], ...] = (
    # Application
    (("70001", "700016"), "The application is not known in this tenant: check client_id, tenant_id, and cloud."),
    (("7000112",), "The application is disabled: enable its enterprise application in Microsoft Entra."),
    (("7000229",), "The application has no service principal in this tenant: create its enterprise application, or check tenant_id."),
    (("90112",), "client_id must be the application's ID, a GUID."),
    (("700025",), "The application is a public client: choose one that may have credentials."),
    # Secret
    (("70002", "7000215"), "The secret is wrong: use the secret's value, not its ID, and the application that it belongs to."),
    (("7000222",), "The secret has expired: make a new one for the application in Microsoft Entra."),
    (("7000216", "7000218", "90014"), "The request had no credential: check that client_secret or the token file is not empty."),
    # Certificate
    (
        ("700027", "50012"),
        "The certificate is not one of the application's, or is no longer valid: upload its public part to the application.",
    ),
    (("700030",), "The subject of the certificate is not among those that the application trusts."),
    (("50032",), "The key is too weak: use an RSA key of 2048 bits or more."),
    # Assertions of both kinds
    (("700021", "50048"), "The assertion is for another application: check client_id."),
    (("700023",), "The audience of the assertion is another tenant or cloud: check tenant_id, cloud, and authority_url."),
    (
        ("700024", "500133"),
        "The client assertion is outside its time range: check the clock of the machine that runs the module, and get a new federated "
        "token right before the run.",
    ),
    (("50013", "50027", "50120", "900384"), _ASSERTION),
    # Federated credentials
    (("70021",), "The federated token's issuer, subject, and audience fit no federated credential of the application."),
    (("700211",), f"No federated credential has this issuer. {_FEDERATED}: a slash at the end counts."),
    (
        ("700212",),
        f"No federated credential has this audience. {_FEDERATED}, and request the platform's token for it: api://AzureADTokenExchange "
        "in the global cloud.",
    ),
    (
        ("700213",),
        f"No federated credential has this subject. {_FEDERATED}. GitHub's subject names the branch, tag, environment, or pull request, "
        "and holds IDs (repo:OWNER@ID/NAME@ID:...) for repositories that were made, renamed, or transferred since 2026-07-15.",
    ),
    (
        ("7002138",),
        "The subject differs from that of the federated credential in the case of its letters only, which counts: write both alike.",
    ),
    # Tenant and cloud
    (("90002", "50049", "50059", "50128", "90019", "9001023"), _TENANT),
    (("900023", "90013"), "tenant_id is neither a GUID nor a domain of the tenant."),
    (("90038", "90051", "900382", "900432", "1000104"), _CLOUD),
    # Resource
    (("50001", "500011", "70011", "28002", "1002012", "650057"), _RESOURCE),
    (("500014", "650052"), "The resource is disabled in this tenant: its subscription may have lapsed, or an administrator disabled it."),
    # Conditional Access and other policies
    (("50002", "500212", "500213"), _RESTRICTED),
    (("53003",), "A Conditional Access policy for workload identities blocks this application from here."),
    (("530035",), "The security defaults of the tenant block this sign-in."),
    (("53000", "53001", "53002", "53011", "50131"), "A Conditional Access policy blocks this sign-in from this device or place."),
    (("65001", "90094"), _CONSENT),
    (
        ("65002",),
        "The Azure CLI may not ask for this permission for a person: sign in with a service principal, for example with auth_method "
        "client_certificate.",
    ),
    # Sign-in of a person with the Azure CLI
    (("50072", "50074", "50076", "50078", "50079", "50097", "50158", "53004"), _SIGN_IN),
    (("50089", "50132", "50133", "50173", "70000", "70008", "70043", "700084"), _SIGN_IN),
    (("50020", "50034", "50053", "50055", "50056", "50057", "50126", "51004", "90072"), _ACCOUNT),
    # Microsoft Entra itself
    (("50000", "50033", "50196", "90006", "90012", "90024", "90033", "90055", "90090", "90091"), _LATER),
)

HINTS: dict[str, str] = {number: hint for numbers, hint in _FAMILIES for number in numbers}


def find_number(text: str) -> str | None:
    """Return the AADSTS number in a text."""
    found = re.search(r"AADSTS(\d{5,8})", text)
    return found.group(1) if found else None


def find_hint(number: str | None, other: str = GENERAL) -> str:
    """Return the remedy for an AADSTS number, or that of the shorter number of which it is a special case."""
    known = [HINTS[number[:length]] for length in range(len(number), 4, -1) if number[:length] in HINTS] if number else []
    return known[0] if known else other
