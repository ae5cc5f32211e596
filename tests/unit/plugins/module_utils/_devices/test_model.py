# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.endpointops.intune.plugins.module_utils._devices import model as devices
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import Device, eligibility, platform, ways
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import find_last_reset

ID_1 = "aaaaaaaa-0000-4000-8000-000000000001"
ALL = ("windows", "android", "ios")


def windows(version: str | None = "10.0.22631.3155", join_type: str | None = "azureADJoined", **more: t.Any) -> Device:
    given = {"operating_system": "Windows", "os_version": version, "join_type": join_type, "owner": "company", **more}
    return Device(ID_1, **given)


def found(device_id: str = ID_1, **properties: t.Any) -> dict[str, t.Any]:
    return {"id": device_id, **properties}


def test_a_device_is_read_from_graphs_properties() -> None:
    device = devices.normalise(
        {
            "id": ID_1,
            "deviceName": "PC-1",
            "operatingSystem": "Windows",
            "osVersion": "10.0.22631.3155",
            "joinType": "azureADJoined",
            "deviceType": "desktop",
            "deviceActionResults": [{"actionName": "syncDevice"}],
        }
    )
    assert device == Device(
        ID_1,
        "PC-1",
        "Windows",
        "10.0.22631.3155",
        "azureADJoined",
        "desktop",
        ({"actionName": "syncDevice"},),
    )


@pytest.mark.parametrize("value", [None, ""], ids=["null", "blank"])
def test_what_graph_does_not_know_is_null(value: str | None) -> None:
    properties = {name: value for name in (*devices.READ, *devices.INFO) if name not in ("id", "deviceActionResults")}
    assert devices.normalise(found(deviceActionResults=None, **properties)) == Device(ID_1)


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
    strategies.fixed_dictionaries({}, optional={name: ODD for name in (*devices.READ, *devices.INFO) if name != "deviceActionResults"}),
    strategies.one_of(ODD, strategies.lists(strategies.one_of(ODD, strategies.just({"actionName": "resetPasscode"})), max_size=3)),
)
def test_no_damaged_record_breaks_the_gate(properties: dict[str, t.Any], actions: t.Any) -> None:
    device = devices.normalise({**properties, "deviceActionResults": actions})
    assert eligibility(device, ALL, devices.OWNERSHIPS).reason in {None, *REASONS}
    devices.describe(device, devices.Verdict(True))
    find_last_reset(device)
    texts = {name: value for name, value in vars(device).items() if name not in ("id", "actions")}
    assert all(value is None or (isinstance(value, str) and value) for value in texts.values()), texts


@pytest.mark.parametrize("record", [{}, {"id": None}, {"id": 7}], ids=["no id", "null", "a number"])
def test_a_record_without_a_readable_id_is_of_no_device_that_is_looked_for(record: dict[str, t.Any]) -> None:
    assert devices.normalise(record).id in ("None", "7")


def test_only_whole_entries_of_actions_are_kept() -> None:
    whole = {"actionName": "syncDevice"}
    assert devices.normalise(found(deviceActionResults=[None, whole, "x"])).actions == (whole,)
    assert devices.normalise(found(deviceActionResults="x")).actions == ()


def test_a_device_does_not_show_its_action_results() -> None:
    assert "s3cret" not in repr(Device(ID_1, actions=({"passcode": "s3cret"},)))


@pytest.mark.parametrize(
    ("system", "version", "kind", "name"),
    [
        ("Windows", "10.0.22631.3155", None, "windows"),
        ("windows", "10.0.22631.3155", "desktop", "windows"),
        ("Windows 10 Mobile", "10.0.15254.603", "windowsPhone", "windows"),
        ("Windows Phone", "8.10.14219.0", "windowsPhone", "windows_phone"),
        ("Windows", "6.3.9600", None, "windows"),
        ("Windows", None, None, "windows"),
        ("Windows Holographic", "10.0.22621.1", None, "holographic"),
        ("Windows", "10.0.22621.1", "holoLens", "holographic"),
        ("Android", "14", None, "android"),
        ("AndroidEnterprise", "14", None, "android"),
        ("AOSP", "12", None, "android"),
        ("iOS", "17.1", None, "ios"),
        ("iPadOS", "17.1", None, "ios"),
        ("macOS", "14.1", None, "macos"),
        ("Mac OS X", "10.15", None, "macos"),
        ("macMDM", "10.15", None, "macos"),
        ("Linux", "22.04", None, "linux"),
        ("ChromeOS", "120", None, "other"),
        ("visionOS", "1.0", None, "other"),
        ("", None, None, "other"),
        (None, None, None, "other"),
    ],
)
def test_platforms(system: str | None, version: str | None, kind: str | None, name: str) -> None:
    assert platform(Device(ID_1, operating_system=system, os_version=version, device_type=kind)) == name


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
        pytest.param(Device(ID_1, operating_system="Android", owner="company"), ["android"], None, id="Android asked for"),
        pytest.param(Device(ID_1, operating_system="iPadOS"), ["windows"], "platform_not_selected", id="iOS not asked for"),
        pytest.param(Device(ID_1, operating_system="iOS", owner="company"), ALL, None, id="iOS asked for"),
        pytest.param(Device(ID_1, operating_system="macOS"), ALL, "platform_not_supported", id="macOS"),
        pytest.param(Device(ID_1, operating_system="Linux"), ALL, "platform_not_supported", id="Linux"),
        pytest.param(Device(ID_1), ALL, "platform_not_supported", id="unknown system"),
    ],
)
def test_eligibility(device: Device, platforms: list[str], reason: str | None) -> None:
    verdict = eligibility(device, platforms)
    assert (verdict.eligible, verdict.reason) == (reason is None, reason)
    assert (verdict.message is None) == verdict.eligible


@pytest.mark.parametrize(
    ("name", "match_by", "expected"),
    [
        (ID_1, "auto", ["id", "azure_ad_device_id"]),
        (f"{{{ID_1.upper()}}}", "auto", ["id", "azure_ad_device_id"]),
        ("ann@contoso.test", "auto", ["user_principal_name"]),
        ("PC-1", "auto", ["device_name", "serial_number"]),
        (ID_1, "device_name", ["device_name"]),
        ("PC-1", "serial_number", ["serial_number"]),
    ],
)
def test_ways(name: str, match_by: str, expected: list[str]) -> None:
    assert ways(name, match_by) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("PC-1", "pc-1", True, id="other case"),
        pytest.param("PC-10", "PC-1", False, id="begins the same"),
        pytest.param("Ann@Contoso.test", "ann@contoso.test", True, id="user"),
        pytest.param("\u00c4RZTE", "\u00e4rzte", True, id="umlaut"),
        pytest.param("Stra\u00dfe", "STRASSE", False, id="two names in German"),
        pytest.param(None, "None", False, id="nothing is not a word"),
        pytest.param(None, "", True, id="nothing is blank"),
    ],
)
def test_names_are_compared_without_case(one: str | None, other: str, same: bool) -> None:
    assert (devices.fold(one) == devices.fold(other)) is same


# --- the gate, as a whole --------------------------------------------------------------------------------------------

WORDS = strategies.one_of(
    strategies.none(),
    strategies.sampled_from(
        [
            *("Windows", "windows 10", "Android", "iOS", "macOS", "desktop", "holoLens", "10.0.22631.1", "10.0.14393", "10.0", "8.1"),
            *("azureADJoined", "hybridAzureADJoined", "azureADRegistered", "company", "personal", "unknown", "unknownFutureValue"),
            *("managed", "unhealthy", "discovered", "mdm", "easMdm"),
            *devices.LEAVING,
            *devices.WITHOUT_MDM,
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
    owner=WORDS,
    management_state=WORDS,
    management_agent=WORDS,
)
REASONS = {
    *("platform_not_supported", "platform_not_selected", "being_removed", "not_managed", "build_unknown", "build_too_old"),
    *("hybrid_joined", "not_joined", "join_unknown", "personally_owned", "company_owned", "ownership_unknown"),
}
CHOICES = strategies.sets(strategies.sampled_from(ALL)), strategies.sets(strategies.sampled_from(devices.OWNERSHIPS))


@hypothesis.given(ANY_DEVICE, *CHOICES)
def test_every_device_gets_a_verdict(device: Device, platforms: set[str], ownerships: set[str]) -> None:
    verdict = eligibility(device, platforms, ownerships)
    assert verdict.eligible == (verdict.reason is None) == (verdict.message is None)
    assert verdict.eligible or verdict.reason in REASONS
    assert verdict.eligible or (verdict.message or "").endswith((".", devices.GUIDE))


NEARLY = {
    "operating_system": ["Windows", "Android", "iOS", "macOS", None],
    "os_version": ["10.0.22631.1", "10.0.14393", None],
    "join_type": ["azureADJoined", "hybridAzureADJoined", "azureADRegistered", "unknown", None],
    "device_type": ["desktop", "holoLens", None],
    "owner": ["company", "personal", "unknown", None],
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
    name = platform(Device(ID_1, **given))
    conditions = [
        name in {"windows", "android", "ios"} & platforms,
        given["management_state"] not in ("retirePending", "discovered"),
        given["management_agent"] != "eas",
        name != "windows" or (given["os_version"] == "10.0.22631.1" and given["join_type"] == "azureADJoined"),
        (given["owner"] or "unknown") in ownerships,
    ]
    assert eligibility(Device(ID_1, **given), platforms, ownerships).eligible is all(conditions)


@pytest.mark.parametrize("state", ["retirePending", "retireIssued", "wipePending", "wipeIssued", "deletePending", "WIPEPENDING"])
def test_a_device_that_is_being_removed_is_refused(state: str) -> None:
    verdict = eligibility(windows(management_state=state), ["windows"])
    assert verdict.reason == "being_removed" and state in (verdict.message or "")


@pytest.mark.parametrize("state", ["managed", "retireFailed", "wipeFailed", "unhealthy", "wipeCanceled", "retireCanceled", "new", None])
def test_a_device_that_stays_is_not(state: str | None) -> None:
    assert eligibility(windows(management_state=state), ["windows"]).eligible


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
    verdict = eligibility(windows(management_agent=agent), ["windows"])
    assert verdict.reason == (None if managed else "not_managed")
    assert managed or str(agent) in (verdict.message or "")


def test_a_discovered_device_is_not_managed() -> None:
    assert eligibility(windows(management_state="discovered"), ["windows"]).reason == "not_managed"


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
    device = windows(owner=owner, operating_system=system)
    assert eligibility(device, ALL, ownerships).reason == reason


def test_only_what_the_company_owns_is_meant_where_nothing_is_said() -> None:
    assert eligibility(windows(), ["windows"]).eligible
    assert eligibility(windows(owner="personal"), ["windows"]).reason == "personally_owned"


def test_reasons_are_looked_for_in_their_order() -> None:
    faults: list[tuple[str, dict[str, t.Any]]] = [
        ("platform_not_supported", {"operating_system": "macOS"}),
        ("being_removed", {"management_state": "wipePending"}),
        ("not_managed", {"management_agent": "eas"}),
        ("build_too_old", {"os_version": "10.0.1"}),
        ("not_joined", {"join_type": "azureADRegistered"}),
        ("personally_owned", {"owner": "personal"}),
    ]
    for number, (reason, _fault) in enumerate(faults):
        properties = {name: value for _reason, fault in reversed(faults[number:]) for name, value in fault.items()}
        assert eligibility(windows(**properties), ["windows"]).reason == reason


@pytest.mark.parametrize(
    ("trust", "join"),
    [
        ("AzureAd", "azureADJoined"),
        ("ServerAd", "hybridAzureADJoined"),
        ("Workplace", "azureADRegistered"),
        ("Other", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_how_v1_tells_a_joined_device(trust: str | None, join: str) -> None:
    assert devices.join_of_trust(trust) == join


def test_each_version_is_asked_for_what_it_has() -> None:
    only_beta = {"joinType", "deviceType"}
    assert only_beta <= set(devices.READ) and not only_beta & set(devices.READ_V1)
    assert set(devices.READ) - only_beta <= set(devices.READ_V1)
    assert "deviceActionResults" not in devices.INFO


def test_what_is_told_of_a_device() -> None:
    # Only what is asked for comes back, each with a value of its own.
    device = devices.normalise({**{name: f"the {name}" for name in devices.INFO}, "deviceActionResults": [{"passcode": "s3cret"}]})
    assert devices.describe(device, devices.Verdict(False, "why", "Because.")) == {
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
    }


def test_what_stands_for_nothing_is_null() -> None:
    zeros, year_1 = "00000000-0000-0000-0000-000000000000", "0001-01-01T00:00:00Z"
    never = devices.normalise({"id": ID_1, "azureADDeviceId": zeros, "lastSyncDateTime": year_1, "enrolledDateTime": year_1})
    assert never == Device(ID_1)
