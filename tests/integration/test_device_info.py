# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._devices import prediction

MODULE = "intune_device_info"
PHONES = [f"PHONE-HELPDESK-0{number}" for number in (1, 2, 3)]
REFUSED = {
    "WS-BERLIN-101": "hybrid_joined",
    "HOME-PC-ROSSI": "not_joined",
    "LT-ARCHIVE-001": "build_too_old",
    "HOLO-LAB-01": "platform_not_supported",
    "MAC-DESIGN-01": "platform_not_supported",
    "XCOVER-WAREHOUSE-01": "platform_not_selected",
    "iPhone von Clara": "platform_not_selected",
}


def names(run) -> list[str]:
    assert run.status == "ok", run.result
    assert (run.changed, run.writes) == (False, [])
    # A batch of reads is a POST, but not a write.
    assert all(entry["method"] == "GET" or entry["path"].endswith(("$batch", "/token")) for entry in run.journal)
    return [device["device_name"] for device in run.result["devices"]]


def test_all_devices_with_their_verdict(both_executions):
    found = both_executions.module(MODULE, {})
    there = both_executions.tenant.control.devices()
    assert names(found) == sorted((device["deviceName"] for device in there), key=str.lower)
    spares = [device["id"] for device in found.result["devices"] if device["device_name"] == "PHONE-SPARE"]
    assert len(spares) == 2 and spares == sorted(spares)
    reasons = {device["device_name"]: device["reason"] for device in found.result["devices"]}
    assert {name: reasons[name] for name in REFUSED} == REFUSED
    assert reasons["PHONE-HELPDESK-01"] is None and reasons["LT-BERLIN-014"] is None
    assert all(device["eligible"] == (device["message"] is None) for device in found.result["devices"])
    assert [entry["path"] for entry in found.journal if entry["kind"] == "graph"] == ["/deviceManagement/managedDevices"]


def test_what_is_told_of_a_device(each_execution):
    there = each_execution.tenant.control.device("O'Brien's phone")
    (device,) = each_execution.module(MODULE, {"devices": ["O'Brien's phone"]}).result["devices"]
    assert device == {
        "id": there["id"],
        "device_name": "O'Brien's phone",
        "managed_device_name": there["managedDeviceName"],
        "operating_system": "Windows",
        "os_version": "10.0.15254.603",
        "platform": "windows",
        "serial_number": there["serialNumber"],
        "user_principal_name": there["userPrincipalName"],
        "azure_ad_device_id": there["azureADDeviceId"],
        "ownership": "company",
        "management_state": "managed",
        "join_type": "azureADJoined",
        "compliance_state": "compliant",
        "last_sync": there["lastSyncDateTime"],
        "enrolled": there["enrolledDateTime"],
        "eligible": True,
        "reason": None,
        "message": None,
        "predicted_outcome": "unknown",
        "predicted_reason": prediction.WINDOWS_MOBILE.reason,
    }


def test_case_70_the_outcome_to_expect_is_told_beside_the_eligibility(each_execution):
    control = each_execution.tenant.control
    properties = {"operatingSystem": "iOS", "deviceType": "iPhone", "deviceEnrollmentType": "appleUserEnrollment"}
    enrolled = control.add_device(deviceName="ENROLLED-BY-USER", **properties)
    names = {
        "LT-BERLIN-014": (True, "not_supported"),
        "WS-BERLIN-101": (False, "not_supported"),
        "PHONE-HELPDESK-01": (True, "unknown"),
        "XCOVER-WAREHOUSE-01": (True, "new_passcode"),
        "TC58-KIOSK-01": (True, "new_passcode"),
        "iPhone de Louise": (True, "passcode_removed"),
        "MAC-DESIGN-01": (False, "not_supported"),
        "HOLO-LAB-01": (False, "not_supported"),
        enrolled["deviceName"]: (True, "not_supported"),
    }
    run = each_execution.module(MODULE, {"devices": list(names), "platforms": ["windows", "android", "ios"]})
    found = {device["device_name"]: (device["eligible"], device["predicted_outcome"]) for device in run.result["devices"]}
    assert found == names
    reasons = {device["device_name"]: device["predicted_reason"] for device in run.result["devices"]}
    assert reasons["XCOVER-WAREHOUSE-01"] == prediction.FULLY_MANAGED.reason and reasons["TC58-KIOSK-01"] == prediction.DEDICATED.reason


def test_only_those_that_can_be_reset_or_the_others(each_execution):
    options = {"platforms": ["windows", "android"], "ownerships": ["company", "personal"]}
    runs = each_execution.cases(MODULE, {str(eligible): {"eligible": eligible, **options} for eligible in (True, False)})
    for eligible, found in zip((True, False), runs.values(), strict=True):
        assert ("XCOVER-SPARE" in names(found), "iPhone de Louise" in names(found)) == (eligible, not eligible)
        assert {device["eligible"] for device in found.result["devices"]} == {eligible}


def test_whose_device_and_how_managed(each_execution):
    control = each_execution.tenant.control
    changes = {
        "PHONE-FIELD-01": {"managementState": "wipePending"},
        "PHONE-FIELD-02": {"managementAgent": "eas"},
        "PHONE-FIELD-03": {"managedDeviceOwnerType": "unknown"},
        "PHONE-FIELD-04": {"managedDeviceOwnerType": "personal"},
    }
    for name, change in changes.items():
        control.patch_device(control.device(name)["id"], **change)
    found = each_execution.module(MODULE, {"devices": list(changes)})
    assert names(found) == list(changes)
    assert [device["reason"] for device in found.result["devices"]] == [
        "being_removed",
        "not_managed",
        "ownership_unknown",
        "personally_owned",
    ]


@pytest.mark.parametrize("many", [False, True], ids=["few", "many"])
def test_each_selector(ansible, many):
    selectors = {
        "id": "id",
        "device_name": "deviceName",
        "serial_number": "serialNumber",
        "user_principal_name": "userPrincipalName",
        "azure_ad_device_id": "azureADDeviceId",
    }
    cases, wanted = {}, {}
    for match_by, property_ in selectors.items():
        devices = ["MAC-DESIGN-02", "O'Brien's phone", "HOLO-LAB-01", "iPad-Conference", "TC58-KIOSK-01"] if many else ["O'Brien's phone"]
        if match_by == "user_principal_name":
            devices = [name for name in devices if name != "MAC-DESIGN-02"]
        given = [ansible.tenant.control.device(name)[property_] for name in devices]
        for name, options in ((match_by, {"match_by": match_by}), (f"auto {match_by}", {})):
            cases[name], wanted[name] = {"devices": given, **options}, devices
    for name, found in ansible.cases(MODULE, cases).items():
        assert names(found) == wanted[name], name
        listed = [
            entry for entry in found.journal if entry["path"] == "/deviceManagement/managedDevices" and "filter" not in entry["query"]
        ]
        assert [entry["version"] for entry in listed] == (["v1.0", "beta"] if len(wanted[name]) > 3 else []), name


def test_quotes_and_braces_are_plain_characters(each_execution):
    odd = ["O'Brien's phone", "a&b #1 +50% /x?", "Büro 'Süd'", "tablet {west}"]
    for name in odd[1:]:
        each_execution.tenant.control.add_device(deviceName=name)
    found = each_execution.cases(MODULE, {"four": {"devices": odd}, "three": {"devices": odd[:3]}})
    assert (names(found["four"]), names(found["three"])) == (odd, odd[:3])


def test_groups_nested_and_with_users(each_execution):
    found = each_execution.module(MODULE, {"devices": ["PHONE-HELPDESK-03"], "device_groups": ["Pilot ring", "Field service"]})
    shown = names(found)
    assert shown[0] == "PHONE-HELPDESK-03" and len(shown) == len(set(shown))
    fleet = {*PHONES, *(f"LT-BERLIN-0{number}" for number in (12, 13, 14, 15)), *(f"PHONE-FIELD-0{number}" for number in range(1, 8))}
    assert set(shown) == {*fleet, "WS-BERLIN-103", "MAC-DESIGN-01"}, "the last two belong to users in a group"
    assert not found.result.get("warnings")


def test_a_group_by_id(ansible):
    group = ansible.tenant.graph("GET", "/groups?$filter=displayName eq 'Warehouse'")["value"][0]["id"]
    assert names(ansible.module(MODULE, {"device_groups": [group]})) == ["XCOVER-WAREHOUSE-01", "XCOVER-WAREHOUSE-02"]


def test_members_without_a_device_are_a_warning(each_execution):
    control = each_execution.tenant.control
    for name in ("PHONE-FIELD-01", "WS-BERLIN-103"):
        control.patch_device(control.device(name)["id"], userPrincipalName="", userId="")
    found = each_execution.module(MODULE, {"device_groups": ["Field service"]})
    assert len(names(found)) == 8
    assert found.result["warnings"] == ["1 of 9 members of the group 'Field service' have no device in Intune."]


BAD = (
    ({"devices": ["PHONE-SPARE"]}, ["'PHONE-SPARE' matches 2 devices by device_name"]),
    ({"devices": ["NO-1", "NO-2", "PHONE-FIELD-01"], "device_groups": ["Nobody"]}, ["'NO-1'", "'NO-2'", "no group named 'Nobody'"]),
    ({"device_groups": ["Warehouse"]}, ["Several groups are named 'Warehouse'"]),
    ({"devices": []}, ["No device is meant"]),
    ({"device_groups": []}, ["No device is meant"]),
    ({"devices": [], "device_groups": []}, ["No device is meant"]),
    ({"devices": ["a\nb"]}, ["control characters"]),
    ({"devices": ["x" * 257]}, ["257 characters"]),
    ({"devices": [" "]}, ["blank"]),
    ({"devices": ["PC-1"], "match_by": "id"}, ["'PC-1' is not a GUID"]),
    ({"platforms": ["macos"]}, ["platforms"]),
    ({"ownerships": ["mine"]}, ["ownerships"]),
)


def test_bad_input_is_told(ansible):
    runs = ansible.cases(MODULE, {f"case {number}": options for number, (options, _told) in enumerate(BAD)})
    for (options, told), found in zip(BAD, runs.values(), strict=True):
        assert found.status == "failed" and found.writes == [] and "Traceback" not in str(found.result), (options, found.result)
        assert all(part in found.result["msg"] for part in told), (options, found.result["msg"])
        assert "devices" not in found.result, options


def test_what_is_missing_to_read_is_named(ansible):
    def signed(*roles: str) -> dict[str, str]:
        app = ansible.tenant.control.add_app(roles=list(roles))
        return {"client_id": app["client_id"], "client_secret": app["client_secret"]}

    read = "DeviceManagementManagedDevices.Read.All"
    groups = {"device_groups": ["Field service"]}
    enough = {**groups, **signed(read, "GroupMember.Read.All", "Device.Read.All", "User.Read.All")}
    cases = {
        read: signed("Device.Read.All"),
        "GroupMember.Read.All": {**groups, **signed(read)},
        "Device.Read.All and User.Read.All": {**groups, **signed(read, "GroupMember.Read.All")},
    }
    runs = ansible.cases(MODULE, {**cases, "enough": enough})
    assert len(names(runs.pop("enough"))) == 9
    for told, found in runs.items():
        assert found.status == "failed" and told in found.result["msg"], (told, found.result)


def test_a_fleet_is_read_page_by_page(ansible):
    ansible.tenant.control.settings(page_size=7)
    found = ansible.cases(MODULE, {"all": {"eligible": True}, "few": {"devices": ["PHONE-SPARE"]}})
    assert len(names(found["all"])) > 7
    few = found["few"]
    assert few.status == "failed" and "matches 2 devices" in few.result["msg"]


def test_no_passcode_is_read(ansible):
    ansible.module("intune_device_passcode", {"devices": PHONES, "return_passcode": True})
    secrets = ansible.tenant.control.secrets()
    found = ansible.module(MODULE, {"devices": PHONES})
    assert names(found) == PHONES and not any(secret in str(found.result) for secret in secrets)
    assert not any("deviceActionResults" in entry["query"] for entry in found.journal)
