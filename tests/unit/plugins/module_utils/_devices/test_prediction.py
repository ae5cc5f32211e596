# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.endpointops.intune.plugins.module_utils._devices import prediction
from ansible_collections.endpointops.intune.plugins.module_utils._devices.eligibility import LEAVING, WITHOUT_MDM, evaluate
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import OWNERSHIPS, Device
from ansible_collections.endpointops.intune.plugins.module_utils._devices.prediction import PREDICTIONS, PredictedOutcome, predict
from ansible_collections.endpointops.intune.plugins.modules import intune_device_info
from tests.support.returns import documented

ID_1 = "aaaaaaaa-0000-4000-8000-000000000001"


def device(system: str | None = "Windows", version: str | None = "10.0.26100.1", **more: t.Any) -> Device:
    return Device(ID_1, operating_system=system, os_version=version, **more)


EXPECTED: list[tuple[str, Device, prediction.Prediction]] = [
    ("Windows 11", device(), prediction.WINDOWS),
    ("Windows 10, joined", device(version="10.0.19045.1", join_type="azureADJoined", device_type="desktop"), prediction.WINDOWS),
    ("hybrid joined", device(join_type="hybridAzureADJoined"), prediction.WINDOWS),
    ("Cloud PC", device(device_type="cloudPC"), prediction.WINDOWS),
    ("Windows 10 Mobile", device(version="10.0.15254.603", device_type="windowsPhone"), prediction.WINDOWS_MOBILE),
    ("HoloLens", device(device_type="holoLens"), prediction.HOLOLENS),
    ("HoloLens by its system", device("Windows Holographic"), prediction.HOLOLENS),
    ("Windows Phone 8", device("Windows Phone", "8.1"), prediction.OTHERS),
    ("dedicated", device("AndroidEnterprise", enrollment_type="androidEnterpriseDedicatedDevice"), prediction.DEDICATED),
    ("fully managed", device("Android", enrollment_type="androidEnterpriseFullyManaged"), prediction.FULLY_MANAGED),
    ("corporate profile", device("Android", enrollment_type="AndroidEnterpriseCorporateWorkProfile"), prediction.CORPORATE_PROFILE),
    ("personal profile", device("Android", device_type="androidForWork", enrollment_type="userEnrollment"), prediction.PERSONAL_PROFILE),
    ("personal profile by its system", device("AndroidForWork"), prediction.PERSONAL_PROFILE),
    ("Enterprise by its type", device("Android", device_type="androidEnterprise"), prediction.ENTERPRISE),
    ("Enterprise by its agent", device("Android", management_agent="googleCloudDevicePolicyController"), prediction.ENTERPRISE),
    (
        "Enterprise in v1.0",
        device("Android", management_agent="googleCloudDevicePolicyController", enrollment_type="unknownFutureValue"),
        prediction.ENTERPRISE,
    ),
    ("AOSP with a user", device("Android", enrollment_type="androidAOSPUserOwnedDeviceEnrollment"), prediction.AOSP),
    ("AOSP without a user", device("Android", enrollment_type="androidAOSPUserlessDeviceEnrollment"), prediction.AOSP),
    ("AOSP by its agent", device("Android", management_agent="intuneAosp"), prediction.AOSP),
    ("AOSP by its system", device("Android (AOSP)"), prediction.AOSP),
    ("device administrator", device("Android", device_type="android", management_agent="mdm"), prediction.ANDROID),
    ("Android of which nothing is known", device("Android"), prediction.ANDROID),
    ("iPhone", device("iOS", "18.5", enrollment_type="userEnrollment"), prediction.IOS),
    ("iPad", device("iPadOS", "18.5", enrollment_type="appleBulkWithoutUser"), prediction.IOS),
    ("User Enrollment", device("iOS", enrollment_type="appleUserEnrollment"), prediction.IOS_USER_ENROLLMENT),
    ("User Enrollment 2", device("iOS", enrollment_type="appleUserEnrollmentWithServiceAccount"), prediction.IOS_USER_ENROLLMENT),
    ("User Enrollment 3", device("iOS", enrollment_type="appleAccountDrivenUserEnrollment"), prediction.IOS_USER_ENROLLMENT),
    ("iOS, unknown enrollment", device("iOS", enrollment_type="unknown"), prediction.IOS_UNKNOWN),
    ("iOS, enrollment of a new kind in v1.0", device("iOS", enrollment_type="unknownFutureValue"), prediction.IOS_UNKNOWN),
    ("iOS, no enrollment", device("iOS"), prediction.IOS_UNKNOWN),
    ("visionOS", device("visionOS", "2.0"), prediction.VISION),
    ("visionOS 1.1", device("visionOS", "1.1"), prediction.VISION),
    ("visionOS 1.0", device("visionOS", "1.0.9"), prediction.OTHERS),
    ("macOS", device("macOS", "15.5 (24F74)"), prediction.OTHERS),
    ("Linux", device("Linux (ubuntu)"), prediction.OTHERS),
    ("tvOS", device("tvOS"), prediction.OTHERS),
    ("ChromeOS", device("ChromeOS"), prediction.OTHERS),
    ("no system", device(None), prediction.NO_SYSTEM),
    ("unknown system", device("Unknown"), prediction.NO_SYSTEM),
]


@pytest.mark.parametrize(("subject", "expected"), [pytest.param(*rest, id=f"case 70: {name}") for name, *rest in EXPECTED])
def test_the_outcome_to_expect(subject: Device, expected: prediction.Prediction) -> None:
    assert predict(subject) == expected
    assert expected in PREDICTIONS


def test_every_kind_has_a_test() -> None:
    assert {expected.kind for _name, _device, expected in EXPECTED} == {each.kind for each in PREDICTIONS}
    assert len({each.kind for each in PREDICTIONS}) == len(PREDICTIONS)


@pytest.mark.parametrize("system", ["Android", "iOS"])
def test_case_70_nothing_is_promised_where_intune_has_no_channel_to_the_device(system: str) -> None:
    enrolled = {"enrollment_type": "androidEnterpriseDedicatedDevice" if system == "Android" else "userEnrollment"}
    promised = predict(device(system, **enrolled)).outcome
    assert promised in ("new_passcode", "passcode_removed")
    for properties, outcome in (
        ({"management_agent": "eas"}, "not_supported"),
        ({"management_state": "discovered"}, "not_supported"),
        ({"management_state": "wipePending"}, "unknown"),
        ({"management_state": "wipeFailed"}, promised),
    ):
        assert predict(device(system, **enrolled, **properties)).outcome == outcome


WORDS = strategies.one_of(
    strategies.none(),
    strategies.sampled_from(
        [
            *(
                "Windows",
                "Android",
                "AndroidForWork",
                "Android (AOSP)",
                "iOS",
                "visionOS",
                "macOS",
                "windowsPhone",
                "holoLens",
                "1.0",
                "10.0",
            ),
            *("unknown", "unknownFutureValue", "userEnrollment", "appleUserEnrollment", "androidEnterpriseFullyManaged", "intuneAosp"),
            *LEAVING,
            *WITHOUT_MDM,
        ]
    ),
    strategies.text(max_size=8),
)
NAMES = (
    "operating_system",
    "os_version",
    "device_type",
    "enrollment_type",
    "management_agent",
    "management_state",
    "join_type",
    "ownership",
)


@hypothesis.given(strategies.fixed_dictionaries(dict.fromkeys(NAMES, WORDS)))
def test_every_device_gets_a_prediction_with_a_sentence(properties: dict[str, t.Any]) -> None:
    found = predict(Device(ID_1, **properties))
    assert found.outcome in t.get_args(PredictedOutcome)
    assert found.reason[0].isupper() and found.reason.rstrip().endswith((".", "pin-reset"))


@hypothesis.given(strategies.fixed_dictionaries(dict.fromkeys(NAMES, WORDS)))
def test_a_prediction_decides_nothing(properties: dict[str, t.Any]) -> None:
    """Windows is eligible and predicted as not supported: the task still sends the reset."""
    joined = {
        **properties,
        "operating_system": "Windows",
        "device_type": "desktop",
        "os_version": "10.0.26100.1",
        "join_type": "azureADJoined",
    }
    subject = Device(ID_1, **{**joined, "management_agent": "mdm", "management_state": "managed"})
    assert evaluate(subject, ["windows"], OWNERSHIPS).eligible and predict(subject) == prediction.WINDOWS


def test_every_outcome_is_documented() -> None:
    text = " ".join(documented(intune_device_info, "devices")["contains"]["predicted_outcome"]["description"])
    assert [word for word in t.get_args(PredictedOutcome) if f"V({word})" not in text] == []
