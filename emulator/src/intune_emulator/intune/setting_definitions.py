# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The definitions of the settings catalog for Windows Hello for Business and sign-in.

Sources: https://learn.microsoft.com/windows/client-management/mdm/passportforwork-csp,
https://learn.microsoft.com/windows/client-management/mdm/policy-csp-authentication, and
https://learn.microsoft.com/windows/client-management/mdm/policy-csp-kerberos
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

PREFIX = "#microsoft.graph.deviceManagementConfiguration"
HELLO = "e7ae2b99-0479-475f-af5c-96457121fcd0"
# Areas of the Policy CSP, with their categories.
AREAS = {"Authentication": "a79b2d36-7dea-4a84-81ef-27f99296bccf", "Kerberos": "14df2cb2-fc75-43af-87f8-a1fbd56a64e3"}
MAX_TEXT = 87516
GUID_LIST = r"{[0-9A-Fa-f]{8}\-[0-9A-Fa-f]{4}\-[0-9A-Fa-f]{4}\-[0-9A-Fa-f]{4}\-[0-9A-Fa-f]{12}\}"

Bounds = tuple[int, int]


class Row(NamedTuple):
    """A row of the table below.

    `values`: the options' endings, the bounds of an integer, the pattern of a text, or the largest number of texts. `more`: u in user
    scope too, m by MDM only, t a toggle, h for HoloLens too. `since`: the oldest Windows and the version of the CSP.
    """

    path: str
    title: str
    since: str
    values: str | Bounds | int
    default: str | int | None = None
    more: str = ""


BOOL, SWITCH, CHARACTERS = "false true", "0 1", "0 1 2"
# In the order of the group's childIds.
CHILDREN: tuple[Row | str, ...] = (
    Row("UsePassportForWork", "Use Windows Hello For Business (Device)", "10.0.10586 1.2", BOOL, "true", "u"),
    Row("RequireSecurityDevice", "Require Security Device", "10.0.10586 1.2", BOOL, "false", "u"),
    Row("ExcludeSecurityDevices/TPM12", "Restrict use of TPM 1.2", "10.0.15063 1.3", BOOL, "false", "mt"),
    Row("EnablePinRecovery", "Enable Pin Recovery", "10.0.15063 1.3", BOOL, "false", "u"),
    # children of the group without a definition in the service
    "EnableWindowsHelloProvisioningForSecurityKeys",
    "DisablePostLogonProvisioning",
    "DisablePostLogonCredentialCaching",
    Row("UseCertificateForOnPremAuth", "Use Certificate For On Prem Auth", "10.0.10586 1.2", BOOL, "false", "mt"),
    Row("UseCloudTrustForOnPremAuth", "Use Cloud Trust For On Prem Auth", "10.0.19044.1566 1.6", BOOL, "false", "t"),
    Row("PINComplexity/MinimumPINLength", "Minimum PIN Length", "10.0.10586 1.2", (4, 127), 4, "u"),
    Row("PINComplexity/MaximumPINLength", "Maximum PIN Length", "10.0.10586 1.2", (4, 127), 127, "u"),
    Row("PINComplexity/UppercaseLetters", "Uppercase Letters", "10.0.10586 1.2", CHARACTERS, "0", "u"),
    Row("PINComplexity/LowercaseLetters", "Lowercase Letters", "10.0.10586 1.2", CHARACTERS, "0", "u"),
    Row("PINComplexity/SpecialCharacters", "Special Characters", "10.0.10586 1.2", CHARACTERS, "2", "u"),
    Row("PINComplexity/Digits", "Digits", "10.0.10586 1.2", CHARACTERS, "0", "u"),
    Row("PINComplexity/History", "PIN History", "10.0.10586 1.2", (0, 50), 0, "u"),
    Row("PINComplexity/Expiration", "Expiration", "10.0.10586 1.2", (0, 730), 0, "u"),
    Row("Remote/UseRemotePassport", "Use Remote Passport", "10.0.10586 1.2", BOOL, "false", "mt"),
    Row(
        "UseHelloCertificatesAsSmartCardCertificates",
        "Use Hello Certificates As Smart Card Certificates",
        "10.0.17763 1.6",
        BOOL,
        "false",
        "mt",
    ),
)
ROOTS: tuple[Row, ...] = (
    Row("Biometrics/UseBiometrics", "Allow Use of Biometrics", "10.0.10586 1.2", BOOL, "false", "t"),
    Row("Biometrics/FacialFeaturesUseEnhancedAntiSpoofing", "Facial Features Use Enhanced Anti Spoofing", "10.0.10586 1.2", BOOL, "false"),
    Row("Biometrics/EnableESSwithSupportedPeripherals", "Enable ESS with Supported Peripherals", "10.0.22621 1.3", SWITCH, "1", "m"),
    Row("DeviceUnlock/GroupA", "Group A", "10.0.17134 1.4", GUID_LIST),
    Row("DeviceUnlock/GroupB", "Group B", "10.0.17134 1.4", GUID_LIST),
    Row("DeviceUnlock/Plugins", "Device Unlock Plugins", "10.0.17134 1.4", ""),
    Row("DynamicLock/DynamicLock", "Dynamic Lock", "10.0.17134 1.4", BOOL, "false", "t"),
    Row("DynamicLock/Plugins", "Dynamic Lock Plugins", "10.0.17134 1.4", ""),
    Row("SecurityKey/UseSecurityKeyForSignin", "Use Security Key For Signin", "10.0.18362 1.6", SWITCH, "0", "t"),
)
POLICIES: tuple[Row, ...] = (
    Row("Authentication/ConfigureWebSignInAllowedUrls", "Configure Web Sign In Allowed Urls", "10.0.17134.2145 7.0", 1000, None, "m"),
    Row("Authentication/EnableWebSignIn", "Enable Web Sign In", "10.0.17763 8.0", CHARACTERS, "0", "m"),
    Row("Authentication/EnablePasswordlessExperience", "Enable Passwordless Experience", "10.0.22631.2506 11.0", CHARACTERS, "0", "m"),
    Row("Authentication/AllowAadPasswordReset", "Allow Aad Password Reset", "10.0.16299 6.0", SWITCH, "0", "mt"),
    Row("Authentication/ConfigureWebcamAccessDomainNames", "Configure Webcam Access Domain Names", "10.0.22000 11.0", 600, None, "m"),
    Row("Authentication/PreferredAadTenantDomainName", "Preferred Aad Tenant Domain Name", "10.0.17763 8.0", "", None, "mh"),
    Row("Kerberos/CloudKerberosTicketRetrievalEnabled", "Cloud Kerberos Ticket Retrieval Enabled", "10.0.22000 11.0", SWITCH, "0", "mt"),
)


@dataclass(frozen=True)
class Definition:
    """A setting. `kind`: choice, integer, text, texts (a collection) or group; `group`: the id of the group that it belongs to."""

    id: str
    kind: str
    base: str
    offset: str
    row: Row
    category: str = HELLO
    group: str | None = None
    children: tuple[str, ...] = ()

    @property
    def options(self) -> list[str]:
        """Return the ids of a choice's options."""
        return [f"{self.id}_{ending}" for ending in str(self.row.values).split()] if self.kind == "choice" else []

    @property
    def bounds(self) -> Bounds:
        """Return the smallest and the largest value of an integer."""
        if not isinstance(self.row.values, tuple):
            raise TypeError(f"{self.id} has no bounds")
        return self.row.values

    @property
    def limit(self) -> int:
        """Return the largest number of texts."""
        if not isinstance(self.row.values, int):
            raise TypeError(f"{self.id} has no limit")
        return self.row.values

    @property
    def oma_uri(self) -> str:
        """Return the node of the CSP; {0} represents the tenant's id."""
        return self.base + self.offset


def _kind(row: Row) -> str:
    if isinstance(row.values, tuple):
        return "integer"
    if isinstance(row.values, int):
        return "texts"
    return "choice" if row.values in (BOOL, SWITCH, CHARACTERS) else "text"


def _hello(scope: str, offset: str) -> tuple[str, str]:
    """Return (id, base) of a node."""
    ending = offset.replace("{0}", "{tenantid}").replace("/", "_").lower()
    return f"{scope.lower()}_vendor_msft_passportforwork{ending}", f"./{scope}/Vendor/MSFT/PassportForWork"


def _group(scope: str) -> list[Definition]:
    """Return the group of a scope and its children."""
    group_id, base = _hello(scope, "/{0}")
    ids, members = [], []
    for entry in CHILDREN:
        if scope == "User" and (isinstance(entry, str) or "u" not in entry.more):
            continue
        offset = "/{0}/Policies/" + (entry if isinstance(entry, str) else entry.path)
        child_id = _hello(scope, offset)[0]
        ids.append(child_id)
        if isinstance(entry, Row):
            row = entry._replace(title=entry.title.removesuffix(" (Device)") + " (User)") if scope == "User" else entry
            members.append(Definition(child_id, _kind(row), base, offset, row, group=group_id))
    own = Row("{TenantId}", f"{scope}-scoped settings", "10.0.10586 1.2", "")
    return [Definition(group_id, "group", base, "/{0}", own, children=tuple(ids)), *members]


def _policies() -> list[Definition]:
    """Return the settings of the Policy CSP."""
    found = []
    for row in POLICIES:
        own_id = f"device_vendor_msft_policy_config_{row.path.replace('/', '_').lower()}"
        category = AREAS[row.path.partition("/")[0]]
        found.append(Definition(own_id, _kind(row), "./Device/Vendor/MSFT/Policy", f"/Config/{row.path}", row, category))
    return found


def _roots() -> list[Definition]:
    found = []
    for row in ROOTS:
        own_id, base = _hello("Device", f"/{row.path}")
        found.append(Definition(own_id, _kind(row), base, f"/{row.path}", row))
    return found


DEFINITIONS: dict[str, Definition] = {entry.id: entry for entry in (*_group("Device"), *_group("User"), *_roots(), *_policies())}
