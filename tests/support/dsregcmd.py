# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outputs of dsregcmd /status with invented names and IDs. Their structure is that of Microsoft's pages and of public logs."""

from __future__ import annotations

import typing as t

Output = dict[str, dict[str, str]]  # values by section and key
RULE = "+" + "-" * 70 + "+"
FOOTER = "For more information, please visit https://www.microsoft.com/aadjerrors"
TENANT = "11111111-2222-3333-4444-555555555555"
LOGIN = "https://login.microsoftonline.com"

JOINED = {"AzureAdJoined": "YES", "EnterpriseJoined": "NO", "DomainJoined": "NO", "Virtual Desktop": "NOT SET", "Device Name": "PC-0001"}
HYBRID = {**JOINED, "DomainJoined": "YES", "DomainName": "CORP", "Device Name": "PC-0003.corp.contoso.test"}
DETAILS = {
    "DeviceId": "aaaaaaaa-0000-4000-8000-00000000000a",
    "Thumbprint": "00112233445566778899AABBCCDDEEFF00112233",
    "DeviceCertificateValidity": "[ 2025-02-03 08:15:20.000 UTC -- 2035-02-03 08:45:20.000 UTC ]",
    "KeyProvider": "Microsoft Platform Crypto Provider",
    "TpmProtected": "YES",
    "DeviceAuthStatus": "SUCCESS",
}
TENANT_DETAILS = {
    "TenantName": "Contoso",
    "TenantId": TENANT,
    "AuthCodeUrl": f"{LOGIN}/{TENANT}/oauth2/authorize",
    "SettingsUrl": "",
    "JoinSrvVersion": "2.0",
    "JoinSrvId": "urn:ms-drs:enterpriseregistration.windows.net",
}
WITH_PIN = {
    "NgcSet": "YES",
    "NgcKeyId": "{CCCCCCCC-0000-4000-8000-00000000000C}",
    "CanReset": "DestructiveAndNonDestructive",
    "WorkplaceJoined": "NO",
    "WamDefaultSet": "YES",
    "WamDefaultGUID": "{B16898C6-A148-4967-9171-64D755DA8520} (AzureAd)",
}
WITHOUT_PIN = {key: value for key, value in {**WITH_PIN, "NgcSet": "NO"}.items() if key not in ("NgcKeyId", "CanReset")}
SIGNED_IN = {
    "AzureAdPrt": "YES",
    "AzureAdPrtUpdateTime": "2026-11-27 07:58:11.000 UTC",
    "AzureAdPrtAuthority": f"{LOGIN}/{TENANT}",
    "EnterprisePrt": "NO",
    "EnterprisePrtAuthority": "NO",
}
SIGNED_OUT = {"AzureAdPrt": "NO", "AzureAdPrtAuthority": "NO", "EnterprisePrt": "NO", "EnterprisePrtAuthority": "NO"}
DIAGNOSTICS = {
    "AadRecoveryEnabled": "NO",
    "Executing Account Name": "AzureAD\\AdaExample, ada@contoso.test",
    "KeySignTest": "MUST Run elevated to test.",
}
PROXY = {"Auto Detect Settings": "YES", "Auto-Configuration URL": "", "Proxy Server List": ""}
CHECK = {
    "IsDeviceJoined": "YES",
    "IsUserAzureAD": "YES",
    "PolicyEnabled": "YES",
    "PostLogonEnabled": "YES",
    "DeviceEligible": "YES",
    "SessionIsNotRemote": "YES",
    "CertEnrollment": "none",
    "PreReqResult": "WillProvision",
}
WORK_ACCOUNT = {
    "WorkplaceTenantName": "Contoso",
    "TpmProtected": "YES",
    "KeyProvider": "Microsoft Platform Crypto Provider",
    "NgcSet": "NO",
}

possible: Output = {
    "Device State": JOINED,
    "Device Details": DETAILS,
    "Tenant Details": TENANT_DETAILS,
    "User State": WITH_PIN,
    "SSO State": SIGNED_IN,
    "Diagnostic Data": DIAGNOSTICS,
    "IE Proxy Config for Current User": PROXY,
    "WinHttp Default Proxy Config": {"Access Type": "DIRECT"},
}


def change(output: Output, **sections: t.Mapping[str, str | None] | None) -> Output:
    """Return an output with other values. Sections by their titles without blanks; None removes a value or a section."""
    titles = {"".join(title.split()): title for title in (*output, "Ngc Prerequisite Check", "Work Account 1")}
    found = dict(output)
    for short, values in sections.items():
        title = titles[short]
        if values is None:
            del found[title]
        else:
            merged = {**found.get(title, {}), **values}
            found[title] = {key: value for key, value in merged.items() if value is not None}
    return found


without_pin = {**possible, "User State": WITHOUT_PIN, "Ngc Prerequisite Check": CHECK}
OUTPUTS: dict[str, Output] = {
    "non-destructive reset is possible": possible,
    "destructive reset only": change(possible, UserState={"CanReset": "DestructiveOnly"}),
    "hybrid joined, destructive reset only, elevated": {
        **change(possible, UserState={"CanReset": "DestructiveOnly"}, DiagnosticData={"KeySignTest": "PASSED"}),
        "Device State": {key: value for key, value in HYBRID.items() if key != "Virtual Desktop"},
        "Ngc Prerequisite Check": {**CHECK, "IsUserAzureAD": "NO", "PolicyEnabled": "NO", "PreReqResult": "WillNotProvision"},
    },
    "hybrid joined with key trust": {**change(possible, UserState={"CanReset": "NonDestructiveOnly"}), "Device State": HYBRID},
    "registered with a work account": {
        "Device State": {**JOINED, "AzureAdJoined": "NO"},
        "User State": {"NgcSet": "NO", "WorkplaceJoined": "YES", "WorkAccountCount": "1", "WamDefaultSet": "NO"},
        "SSO State": SIGNED_OUT,
        "Work Account 1": WORK_ACCOUNT,
        "Ngc Prerequisite Check": {**CHECK, "IsDeviceJoined": "NO", "IsUserAzureAD": "NO", "PolicyEnabled": "NO"},
    },
    "no PIN yet": without_pin,
    "Windows Hello off": change(without_pin, NgcPrerequisiteCheck={"PolicyEnabled": "NO", "PreReqResult": "WillNotProvision"}),
    "French Windows": change(
        possible, TenantDetails={"TenantName": "RÚpertoire Exemple"}, DiagnosticData={"Executing Account Name": "AzureAD\\RenÚExemple"}
    ),
    "through WinRM": {
        "Device State": {**JOINED, "AzureAdJoined": "NO", "DomainJoined": "YES", "DomainName": "CORP"},
        "User State": {"NgcSet": "NO", "WorkplaceJoined": "NO", "WamDefaultSet": "ERROR (0x80070520)"},
        "SSO State": SIGNED_OUT,
        "Diagnostic Data": {"User Context": "UN-ELEVATED User", "AD Configuration Test": "FAIL [0x80070002]"},
        "Ngc Prerequisite Check": {"NgcPreReq": "ERROR (0xd0020017)", "IsDeviceJoined": "UNKNOWN", "PolicyEnabled": "UNKNOWN"},
    },
}


def render(output: Output, end: str = "\r\n") -> str:
    """Return an output as Windows prints it."""
    lines = []
    for title, values in output.items():
        lines += [RULE, f"| {title:<69}|", RULE, "", *(f"{key:>26} : {value}".rstrip() for key, value in values.items()), ""]
    return end.join([*lines, FOOTER, ""])


def render_line(output: Output, *, rec: str = "1", use: str = "1", gpo: str = "-", urec: str = "-") -> str:
    """Return the line that the probe prints for an output of dsregcmd."""
    keys = {
        "aj": ("Device State", "AzureAdJoined"),
        "dj": ("Device State", "DomainJoined"),
        "ngc": ("User State", "NgcSet"),
        "cr": ("User State", "CanReset"),
        "pe": ("Ngc Prerequisite Check", "PolicyEnabled"),
        "nr": ("Ngc Prerequisite Check", "SessionIsNotRemote"),
        "da": ("Device Details", "DeviceAuthStatus"),
        "prt": ("SSO State", "AzureAdPrt"),
    }
    values = {field: output.get(title, {}).get(key, "-").split(".")[0] for field, (title, key) in keys.items()}
    values |= {"rec": rec, "use": use, "gpo": gpo, "urec": urec}
    return ";".join(["pin1", *(f"{field}={value}" for field, value in values.items()), "end"])
