# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.endpointops.intune.plugins.module_utils._devices import prediction
from ansible_collections.endpointops.intune.plugins.module_utils._devices.eligibility import (
    LEAVING,
    WITHOUT_MDM,
    Reason,
    Verdict,
    evaluate,
)
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import (
    INFO,
    OWNERSHIPS,
    PIN_RESET_GUIDE,
    READ,
    Device,
    parse_device,
    platform_of,
)
from ansible_collections.endpointops.intune.plugins.module_utils._devices.result import DeviceResult, describe
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import find_last_reset
from ansible_collections.endpointops.intune.plugins.modules import intune_device_info
from tests.support.returns import differences, documented

ID_1 = "aaaaaaaa-0000-4000-8000-000000000001"
ALL = ("windows", "android", "ios")


def windows(version: str | None = "10.0.22631.3155", join_type: str | None = "azureADJoined", **more: t.Any) -> Device:
    given = {"operating_system": "Windows", "os_version": version, "join_type": join_type, "ownership": "company", **more}
    return Device(ID_1, **given)


ODD = strategies.one_of(
    strategies.none(),
    strategies.booleans(),
    strategies.integers(),
    strategies.floats(),
    strategies.lists(strategies.none(), max_size=2),
    strategies.dictionaries(strategies.text(max_size=2), strategies.none(), max_size=2),
    strategies.text(max_size=6),
)


@hypothesis.given(
    strategies.fixed_dictionaries({}, optional={name: ODD for name in (*READ, *INFO) if name != "deviceActionResults"}),
    strategies.one_of(ODD, strategies.lists(strategies.one_of(ODD, strategies.just({"actionName": "resetPasscode"})), max_size=3)),
)
def test_no_damaged_record_breaks_the_gate(properties: dict[str, t.Any], actions: t.Any) -> None:
    device = parse_device({**properties, "deviceActionResults": actions})
    assert evaluate(device, ALL, OWNERSHIPS).reason in {None, *REASONS}
    describe(device, Verdict(True))
    find_last_reset(device)
    texts = {name: value for name, value in vars(device).items() if name not in ("id", "actions")}
    assert all(value is None or (isinstance(value, str) and value) for value in texts.values()), texts


@pytest.mark.parametrize(
    ("device", "platforms", "reason"),
    [
        pytest.param(windows(), ["windows"], None, id="Windows 11, joined"),
        pytest.param(windows("10.0.15063"), ["windows"], None, id="Creators Update exactly"),
        pytest.param(windows("10.0.15063.0"), ["windows"], None, id="Creators Update with a revision"),
        pytest.param(windows("10.0.15254.603"), ["windows"], None, id="Windows 10 Mobile 1709"),
        pytest.param(windows("10.0.15062.9999"), ["windows"], "build_too_old", id="one build before"),
        pytest.param(windows("10.0.9999"), ["windows"], "build_too_old", id="9999 is less than 15063"),
        pytest.param(windows("10.0.100000"), ["windows"], None, id="100000 is more than 15063"),
        pytest.param(windows("6.3.9600"), ["windows"], "build_too_old", id="Windows 8.1"),
        pytest.param(windows("11.0.1"), ["windows"], None, id="a version to come"),
        pytest.param(windows(None), ["windows"], "build_unknown", id="no version"),
        pytest.param(windows("10.0"), ["windows"], "build_unknown", id="version without a build"),
        pytest.param(windows("unknown"), ["windows"], "build_unknown", id="version that is a word"),
        pytest.param(windows(join_type="hybridAzureADJoined"), ["windows"], "hybrid_joined", id="hybrid"),
        pytest.param(windows(join_type="azureADRegistered"), ["windows"], "not_joined", id="registered"),
        pytest.param(windows(join_type="unknown"), ["windows"], "join_unknown", id="join unknown"),
        pytest.param(windows(join_type=None), ["windows"], "join_unknown", id="join not said"),
        pytest.param(windows(join_type="azureADJoinedNext"), ["windows"], "join_unknown", id="join of a new kind"),
        pytest.param(windows(device_type="holoLens"), ALL, "platform_not_supported", id="HoloLens"),
        pytest.param(windows(), ["android"], "platform_not_selected", id="Windows not asked for"),
        pytest.param(Device(ID_1, operating_system="Windows Phone", os_version="8.1"), ALL, "platform_not_supported", id="Windows Phone 8"),
        pytest.param(Device(ID_1, operating_system="Android"), ["windows"], "platform_not_selected", id="Android not asked for"),
        pytest.param(Device(ID_1, operating_system="Android", ownership="company"), ["android"], None, id="Android asked for"),
        pytest.param(Device(ID_1, operating_system="iPadOS"), ["windows"], "platform_not_selected", id="iOS not asked for"),
        pytest.param(Device(ID_1, operating_system="iOS", ownership="company"), ALL, None, id="iOS asked for"),
        pytest.param(Device(ID_1, operating_system="macOS"), ALL, "platform_not_supported", id="macOS"),
        pytest.param(Device(ID_1, operating_system="Linux"), ALL, "platform_not_supported", id="Linux"),
        pytest.param(Device(ID_1), ALL, "platform_not_supported", id="unknown system"),
    ],
)
def test_eligibility(device: Device, platforms: list[str], reason: str | None) -> None:
    verdict = evaluate(device, platforms)
    assert (verdict.eligible, verdict.reason) == (reason is None, reason)
    assert (verdict.message is None) == verdict.eligible


# --- the gate, as a whole --------------------------------------------------------------------------------------------

WORDS = strategies.one_of(
    strategies.none(),
    strategies.sampled_from(
        [
            *("Windows", "windows 10", "Android", "iOS", "macOS", "desktop", "holoLens", "10.0.22631.1", "10.0.14393", "10.0", "8.1"),
            *("azureADJoined", "hybridAzureADJoined", "azureADRegistered", "company", "personal", "unknown", "unknownFutureValue"),
            *("managed", "unhealthy", "discovered", "mdm", "easMdm"),
            *LEAVING,
            *WITHOUT_MDM,
        ]
    ),
    strategies.text(max_size=12),
)
ANY_DEVICE = strategies.builds(
    Device,
    id=strategies.just(ID_1),
    operating_system=WORDS,
    os_version=WORDS,
    join_type=WORDS,
    device_type=WORDS,
    ownership=WORDS,
    management_state=WORDS,
    management_agent=WORDS,
)
REASONS = {
    *("platform_not_supported", "platform_not_selected", "being_removed", "not_managed", "build_unknown", "build_too_old"),
    *("hybrid_joined", "not_joined", "join_unknown", "personally_owned", "company_owned", "ownership_unknown"),
}
CHOICES = strategies.sets(strategies.sampled_from(ALL)), strategies.sets(strategies.sampled_from(OWNERSHIPS))


@hypothesis.given(ANY_DEVICE, *CHOICES)
def test_every_device_gets_a_verdict(device: Device, platforms: set[str], ownerships: set[str]) -> None:
    verdict = evaluate(device, platforms, ownerships)
    assert verdict.eligible == (verdict.reason is None) == (verdict.message is None)
    assert verdict.eligible or verdict.reason in REASONS
    assert verdict.eligible or (verdict.message or "").endswith((".", PIN_RESET_GUIDE))


NEARLY = {
    "operating_system": ["Windows", "Android", "iOS", "macOS", None],
    "os_version": ["10.0.22631.1", "10.0.14393", None],
    "join_type": ["azureADJoined", "hybridAzureADJoined", "azureADRegistered", "unknown", None],
    "device_type": ["desktop", "holoLens", None],
    "ownership": ["company", "personal", "unknown", None],
    "management_state": ["managed", "retirePending", "discovered", "wipeFailed", None],
    "management_agent": ["mdm", "eas", "configurationManagerClientMdm", "unknownFutureValue", None],
}


@hypothesis.settings(max_examples=400)
@hypothesis.given(
    strategies.fixed_dictionaries({name: strategies.sampled_from(values) for name, values in NEARLY.items()}),
    *CHOICES,
)
def test_eligible_is_who_fulfils_every_condition_and_nobody_else(
    given: dict[str, str | None], platforms: set[str], ownerships: set[str]
) -> None:
    name = platform_of(Device(ID_1, **given))
    conditions = [
        name in {"windows", "android", "ios"} & platforms,
        given["management_state"] not in ("retirePending", "discovered"),
        given["management_agent"] != "eas",
        name != "windows" or (given["os_version"] == "10.0.22631.1" and given["join_type"] == "azureADJoined"),
        (given["ownership"] or "unknown") in ownerships,
    ]
    assert evaluate(Device(ID_1, **given), platforms, ownerships).eligible is all(conditions)


@pytest.mark.parametrize("state", ["retirePending", "retireIssued", "wipePending", "wipeIssued", "deletePending", "WIPEPENDING"])
def test_a_device_that_is_being_removed_is_refused(state: str) -> None:
    verdict = evaluate(windows(management_state=state), ["windows"])
    assert verdict.reason == "being_removed" and state in (verdict.message or "")


@pytest.mark.parametrize("state", ["managed", "retireFailed", "wipeFailed", "unhealthy", "wipeCanceled", "retireCanceled", "new", None])
def test_a_device_that_stays_is_not(state: str | None) -> None:
    assert evaluate(windows(management_state=state), ["windows"]).eligible


@pytest.mark.parametrize(
    ("agent", "managed"),
    [
        ("mdm", True),
        ("easMdm", True),
        ("configurationManagerClientMdm", True),
        ("configurationManagerClientMdmEas", True),
        ("googleCloudDevicePolicyController", True),
        ("microsoft365ManagedMdm", True),
        ("intuneAosp", True),
        ("unknownFutureValue", True),
        ("somethingNew", True),
        (None, True),
        ("eas", False),
        ("EAS", False),
        ("intuneClient", False),
        ("easIntuneClient", False),
        ("configurationManagerClient", False),
        ("unknown", False),
        ("jamf", False),
        ("google", False),
        ("msSense", False),
    ],
)
def test_a_device_without_an_mdm_channel_is_refused(agent: str | None, managed: bool) -> None:
    verdict = evaluate(windows(management_agent=agent), ["windows"])
    assert verdict.reason == (None if managed else "not_managed")
    assert managed or str(agent) in (verdict.message or "")


def test_a_discovered_device_is_not_managed() -> None:
    assert evaluate(windows(management_state="discovered"), ["windows"]).reason == "not_managed"


@pytest.mark.parametrize("system", ["Windows", "Android", "iOS"])
@pytest.mark.parametrize(
    ("owner", "ownerships", "reason"),
    [
        ("company", ["company"], None),
        ("personal", ["company"], "personally_owned"),
        ("unknown", ["company"], "ownership_unknown"),
        (None, ["company"], "ownership_unknown"),
        ("unknownFutureValue", ["company", "personal"], "ownership_unknown"),
        ("company", ["personal"], "company_owned"),
        ("personal", ["company", "personal"], None),
        ("unknown", ["unknown"], None),
        ("unknownFutureValue", ["unknown"], None),
        ("company", [], "company_owned"),
    ],
)
def test_whose_device_it_is(system: str, owner: str | None, ownerships: list[str], reason: str | None) -> None:
    device = windows(ownership=owner, operating_system=system)
    assert evaluate(device, ALL, ownerships).reason == reason


def test_only_what_the_company_owns_is_meant_where_nothing_is_said() -> None:
    assert evaluate(windows(), ["windows"]).eligible
    assert evaluate(windows(ownership="personal"), ["windows"]).reason == "personally_owned"


def test_reasons_are_looked_for_in_their_order() -> None:
    faults: list[tuple[str, dict[str, t.Any]]] = [
        ("platform_not_supported", {"operating_system": "macOS"}),
        ("being_removed", {"management_state": "wipePending"}),
        ("not_managed", {"management_agent": "eas"}),
        ("build_too_old", {"os_version": "10.0.1"}),
        ("not_joined", {"join_type": "azureADRegistered"}),
        ("personally_owned", {"ownership": "personal"}),
    ]
    for number, (reason, _fault) in enumerate(faults):
        properties = {name: value for _reason, fault in reversed(faults[number:]) for name, value in fault.items()}
        assert evaluate(windows(**properties), ["windows"]).reason == reason


def test_what_is_told_of_a_device() -> None:
    # Only the requested properties are returned, each with its own value.
    device = parse_device({**{name: f"the {name}" for name in INFO}, "deviceActionResults": [{"passcode": "s3cret"}]})
    assert describe(device, Verdict(False, "why", "Because.")) == {
        "id": "the id",
        "device_name": "the deviceName",
        "managed_device_name": "the managedDeviceName",
        "operating_system": "the operatingSystem",
        "os_version": "the osVersion",
        "platform": "other",
        "serial_number": "the serialNumber",
        "user_principal_name": "the userPrincipalName",
        "azure_ad_device_id": "the azureADDeviceId",
        "ownership": "the managedDeviceOwnerType",
        "management_state": "the managementState",
        "join_type": "the joinType",
        "compliance_state": "the complianceState",
        "last_sync": "the lastSyncDateTime",
        "enrolled": "the enrolledDateTime",
        "eligible": False,
        "reason": "why",
        "message": "Because.",
        "predicted_outcome": "not_supported",
        "predicted_reason": prediction.OTHERS.reason,
    }


# --- documentation --------------------------------------------------------------------------------------------------


def test_the_return_value_is_documented_as_it_is() -> None:
    assert differences(list[DeviceResult], documented(intune_device_info, "devices"), "devices") == []
    assert set(describe(Device(ID_1), Verdict(True))) == set(DeviceResult.__annotations__)


def test_every_reason_is_documented() -> None:
    assert set(t.get_args(Reason)) == REASONS
    text = " ".join(documented(intune_device_info, "devices")["contains"]["reason"]["description"])
    assert [reason for reason in REASONS if reason not in text] == []
