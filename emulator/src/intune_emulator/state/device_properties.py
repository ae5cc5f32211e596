# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The properties of managedDevice in each version, and their defaults.

Source: https://learn.microsoft.com/graph/api/resources/intune-devices-manageddevice
"""

from __future__ import annotations

from typing import Any

NEVER = "0001-01-01T00:00:00Z"
LATE = "9999-12-31T23:59:59Z"

V1_DEFAULTS: dict[str, Any] = {
    "id": "",
    "userId": "",
    "deviceName": None,
    "managedDeviceOwnerType": "company",
    "enrolledDateTime": NEVER,
    "lastSyncDateTime": NEVER,
    "operatingSystem": "Windows",
    "complianceState": "compliant",
    "jailBroken": "Unknown",
    "managementAgent": "mdm",
    "osVersion": None,
    "easActivated": False,
    "easDeviceId": "",
    "easActivationDateTime": NEVER,
    "azureADRegistered": True,
    "deviceEnrollmentType": "windowsAzureADJoin",
    "activationLockBypassCode": None,
    "emailAddress": "",
    "azureADDeviceId": "00000000-0000-0000-0000-000000000000",
    "deviceRegistrationState": "registered",
    "deviceCategoryDisplayName": "Unknown",
    "isSupervised": False,
    "exchangeLastSuccessfulSyncDateTime": NEVER,
    "exchangeAccessState": "none",
    "exchangeAccessStateReason": "none",
    "remoteAssistanceSessionUrl": None,
    "remoteAssistanceSessionErrorDetails": None,
    "isEncrypted": True,
    "userPrincipalName": "",
    "model": None,
    "manufacturer": None,
    "imei": "",
    "complianceGracePeriodExpirationDateTime": LATE,
    "serialNumber": None,
    "phoneNumber": "",
    "androidSecurityPatchLevel": "",
    "userDisplayName": "",
    "configurationManagerClientEnabledFeatures": None,
    "wiFiMacAddress": "",
    "deviceHealthAttestationState": None,
    "subscriberCarrier": "",
    "meid": "",
    "totalStorageSpaceInBytes": 0,
    "freeStorageSpaceInBytes": 0,
    "managedDeviceName": None,
    "partnerReportedThreatState": "unknown",
    "requireUserEnrollmentApproval": None,
    "managementCertificateExpirationDate": NEVER,
    "iccid": None,
    "udid": None,
    "notes": None,
    "ethernetMacAddress": None,
    "physicalMemoryInBytes": 0,
    "enrollmentProfileName": None,
    "managementState": "managed",
    "deviceActionResults": [],
}

BETA_DEFAULTS: dict[str, Any] = {
    **V1_DEFAULTS,
    "autopilotEnrolled": False,
    "bootstrapTokenEscrowed": False,
    "chassisType": "unknown",
    "chromeOSDeviceInfo": [],
    "cloudPcRemoteActionResults": [],
    "configurationManagerClientHealthState": None,
    "configurationManagerClientInformation": None,
    "deviceFirmwareConfigurationInterfaceManaged": False,
    "deviceType": "desktop",
    "hardwareInformation": None,
    "joinType": "unknown",
    "lostModeState": "disabled",
    "managementFeatures": "none",
    "preferMdmOverGroupPolicyAppliedDateTime": NEVER,
    "processorArchitecture": "unknown",
    "retireAfterDateTime": NEVER,
    "roleScopeTagIds": [],
    "skuFamily": "",
    "skuNumber": 0,
    "specificationVersion": None,
    "usersLoggedOn": [],
    "windowsActiveMalwareCount": 0,
    "windowsRemediatedMalwareCount": 0,
    # other names of the same value, see ALIASES
    "aadRegistered": True,
    "azureActiveDirectoryDeviceId": None,
    "enrolledByUserPrincipalName": "",
    "ownerType": "company",
    "securityPatchLevel": "",
}

ALIASES: dict[str, str] = {
    "aadRegistered": "azureADRegistered",
    "azureActiveDirectoryDeviceId": "azureADDeviceId",
    "enrolledByUserPrincipalName": "userPrincipalName",
    "ownerType": "managedDeviceOwnerType",
    "securityPatchLevel": "androidSecurityPatchLevel",
}

DEFAULTS: dict[str, dict[str, Any]] = {"v1.0": V1_DEFAULTS, "beta": BETA_DEFAULTS}

# Members of enumerations that only beta has. v1.0 gives FUTURE for them, as for every member after unknownFutureValue.
# Source: https://learn.microsoft.com/graph/best-practices-concept#handling-future-members-in-evolvable-enumerations
FUTURE = "unknownFutureValue"
BETA_MEMBERS: dict[str, frozenset[str]] = {
    "deviceEnrollmentType": frozenset(
        {
            "azureAdJoinUsingAzureVmExtension",
            "androidEnterpriseDedicatedDevice",
            "androidEnterpriseFullyManaged",
            "androidEnterpriseCorporateWorkProfile",
            "androidAOSPUserOwnedDeviceEnrollment",
            "androidAOSPUserlessDeviceEnrollment",
            "appleAccountDrivenUserEnrollment",
        }
    ),
}

# Only GET {id}?$select=… returns real values; all other requests return these.
NON_DEFAULT: dict[str, Any] = {
    "activationLockBypassCode": None,
    "notes": None,
    "udid": None,
    "iccid": None,
    "ethernetMacAddress": None,
    "physicalMemoryInBytes": 0,
    "remoteAssistanceSessionUrl": None,
    "hardwareInformation": None,
    "windowsActiveMalwareCount": 0,
    "bootstrapTokenEscrowed": False,
}
