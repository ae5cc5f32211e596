# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test the states of a policy on each device, and their counts."""

from __future__ import annotations

from typing import Any

import pytest
from emulator_support.profiles import V1, create, setting, target
from emulator_support.states import ERROR, WINDOWS, assigned, set_states, with_catalog
from intune_emulator.intune import policy_states


def overview(client: Any, policy_id: str) -> dict[str, int]:
    found = client.json(f"{V1}/{policy_id}/deviceStatusOverview")
    return {name: value for name, value in found.items() if name.endswith("Count") and value}


def names(client: Any, policy_id: str) -> list[str]:
    """Return the names of the devices that have a state; names are not unique."""
    found = client.control("POST", "policy_states", {"policy_id": policy_id, "states": {}})["states"]
    return sorted(device["deviceName"] for device in client.control("GET", "devices") if device["id"] in found)


@pytest.mark.parity(
    "assumed",
    "Policy states and reports",
    "A policy is pending on every Windows device that it is assigned to until the control API sets another state: devices "
    "never report one by themselves.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-deviceconfigurationdeviceoverview",
)
def test_windows_devices_of_an_assigned_policy_are_pending(client: Any) -> None:
    assert overview(client, create(client)["id"]) == {}
    made = assigned(client)
    assert overview(client, made) == {"pendingCount": WINDOWS}
    assert not {"MAC-DESIGN-01", "XCOVER-SPARE"} & set(names(client, made))


@pytest.mark.parity(
    "assumed",
    "Policy states and reports",
    "The counts of `deviceStatusOverview` for conflict, remediated, nonCompliant, and notAssigned are assumed; so are their "
    "members of ReportStatus.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-deviceconfigurationdeviceoverview",
)
def test_states_are_counted(client: Any) -> None:
    made = assigned(client)
    states = {"LT_BERLIN_012": "succeeded", "LT_BERLIN_013": "succeeded", "LT_BERLIN_014": ERROR, "LT_BERLIN_015": "conflict"}
    shown = set_states(client, made, **states, LT_PARIS_003="notApplicable", LT_PARIS_004="pending")
    assert overview(client, made) == {"pendingCount": WINDOWS - 5, "notApplicableCount": 1, "successCount": 2, "errorCount": 2}
    assert shown[client.device("LT-BERLIN-014")["id"]] == ERROR
    assert shown[client.device("LT-BERLIN-015")["id"]] == {"state": "conflict", "code": -2016281106}
    assert shown[client.device("LT-BERLIN-012")["id"]] == {"state": "succeeded", "code": 0}
    set_states(client, made, LT_BERLIN_014="succeeded", LT_BERLIN_015="pending")
    assert overview(client, made) == {"pendingCount": WINDOWS - 4, "notApplicableCount": 1, "successCount": 3}


def test_states_over_time(client: Any) -> None:
    made = assigned(client)
    rest = {"pendingCount": WINDOWS - 1}
    device = client.device("LT-BERLIN-012")["id"]
    shown = set_states(client, made, LT_BERLIN_012=[{"state": "error", "after": 60}, {"state": "succeeded", "after": 120}])
    assert shown[device] == {"state": "pending", "code": 0} and overview(client, made) == {"pendingCount": WINDOWS}
    client.advance(60)
    assert overview(client, made) == {**rest, "errorCount": 1}
    reported = client.json(f"{V1}/{made}/deviceStatusOverview")["lastUpdateDateTime"]
    client.advance(59)
    assert overview(client, made) == {**rest, "errorCount": 1}
    client.advance(1)
    assert overview(client, made) == {**rest, "successCount": 1}
    assert client.json(f"{V1}/{made}/deviceStatusOverview")["lastUpdateDateTime"] > reported
    set_states(client, made, LT_BERLIN_012={"state": "conflict", "after": 10})
    assert overview(client, made) == {**rest, "successCount": 1}, "what comes later leaves the state of now"
    set_states(client, made, LT_BERLIN_012="pending")
    client.advance(10)
    assert overview(client, made) == {"pendingCount": WINDOWS}, "a state of now takes the place of all"


def test_a_device_that_enrolls_later_reports_later(client: Any) -> None:
    made = assigned(client)
    device = client.control("POST", "devices", {"deviceName": "NEW-1", "operatingSystem": "Windows", "enrolls_after": 60})["id"]
    shown = client.control("POST", "policy_states", {"policy_id": made, "states": {device: {"state": "succeeded", "after": 90}}})["states"]
    assert device not in shown and overview(client, made) == {"pendingCount": WINDOWS}
    client.advance(60)
    assert overview(client, made) == {"pendingCount": WINDOWS + 1}
    client.advance(30)
    assert overview(client, made) == {"pendingCount": WINDOWS, "successCount": 1}


def test_a_user_may_have_another_state(client: Any) -> None:
    made = assigned(client)
    shown = set_states(client, made, LT_BERLIN_012={"state": "succeeded", "user": {"state": "error", "code": 65000}})
    assert shown[client.device("LT-BERLIN-012")["id"]] == {"state": "succeeded", "code": 0, "user": {"state": "error", "code": 65000}}
    assert overview(client, made) == {"pendingCount": WINDOWS - 1, "successCount": 1}


def test_the_overview_tells_when_a_device_reported_last(client: Any) -> None:
    made = assigned(client)
    path = f"{V1}/{made}/deviceStatusOverview"
    before = client.json(path)["lastUpdateDateTime"]
    assert before == client.json(f"{V1}/{made}")["lastModifiedDateTime"]
    client.advance(60)
    set_states(client, made, LT_BERLIN_012="pending")
    assert client.json(path)["lastUpdateDateTime"] == before
    set_states(client, made, LT_BERLIN_012="error")
    assert client.json(path)["lastUpdateDateTime"] > before


@pytest.mark.parity(
    "emulated",
    "Policy states and reports",
    "A policy is on the devices of its groups with their nested groups, and on those of its users; exclusions count, and "
    "filters of assignments are not evaluated.",
    source="https://learn.microsoft.com/graph/api/intune-deviceconfig-deviceconfiguration-assign",
)
def test_assignments_say_which_devices(client: Any) -> None:
    groups = client.json("/v1.0/groups")["value"]
    ids = {group["displayName"]: group["id"] for group in groups}
    pilot = assigned(client, target("group", groupId=ids["Pilot ring"]))
    berlin = [f"LT-BERLIN-0{number}" for number in range(12, 16)]
    assert names(client, pilot) == berlin + [f"PHONE-HELPDESK-0{number}" for number in range(1, 4)]
    without = assigned(client, target("allDevices"), target("exclusionGroup", groupId=ids["Helpdesk phones"]))
    assert len(names(client, without)) == WINDOWS - 3
    users = assigned(client, target("group", groupId=ids["Field service"]))
    # a person of the group has a workstation too
    assert "WS-BERLIN-103" in names(client, users)
    everyone = assigned(client, target("allLicensedUsers"))
    assert len(names(client, everyone)) == WINDOWS
    nobody = assigned(client, target("group", groupId="11111111-1111-4111-8111-111111111111"))
    assert names(client, nobody) == []


def test_groups_may_hold_each_other(client: Any) -> None:
    first, second = (group["id"] for group in client.json("/v1.0/groups")["value"][:2])
    members = client.tenant.members
    members.set(first, [*members.get(first), ("group", second)])
    members.set(second, [*members.get(second), ("group", first)])
    found = [names(client, assigned(client, target("group", groupId=group_id))) for group_id in (first, second)]
    assert found[0] == found[1] != []


def test_a_state_of_a_device_that_is_not_assigned_is_told_all_the_same(client: Any) -> None:
    made = create(client)["id"]
    set_states(client, made, LT_OSLO_001="succeeded")
    assert overview(client, made) == {"successCount": 1}


def test_all_devices_that_a_policy_targets_check_in_at_once(client: Any) -> None:
    made = assigned(client)
    other = assigned(client)
    shown = client.control("POST", "policy_states", {"policy_id": made, "states": "succeeded"})
    assert shown["policy_id"] == made and len(shown["states"]) == WINDOWS
    assert overview(client, made) == {"successCount": WINDOWS} and overview(client, other) == {"pendingCount": WINDOWS}
    client.control("POST", "policy_states", {"policy_id": made, "states": "error"})
    assert overview(client, made) == {"errorCount": WINDOWS}


def test_all_devices_check_in_for_each_policy(client: Any) -> None:
    """Thus one call makes a tenant ready, regardless of the ID of its policy."""
    made, catalog, unassigned = assigned(client), with_catalog(client), create(client)["id"]
    shown = client.control("POST", "policy_states", {"states": "succeeded"})["policies"]
    told = {each["policy_id"]: set(state["state"] for state in each["states"].values()) for each in shown}
    assert told[made] == told[catalog] == {"succeeded"} and told[unassigned] == set()
    assert overview(client, made) == {"successCount": WINDOWS}


def test_what_cannot_be_planted_changes_nothing(client: Any) -> None:
    made = assigned(client)
    right = client.device("LT-OSLO-001")["id"]
    mac = client.device("MAC-DESIGN-01")["id"]
    for body in (
        {"policy_id": "none", "states": {}},
        {"states": {}},
        {"states": {right: "succeeded"}},
        {"states": "fine"},
        {"policy_id": made},
        {"policy_id": made, "states": "fine"},
        {"policy_id": create(client)["id"], "states": "fine"},
        {"policy_id": made, "states": {}, "more": 1},
        *({"policy_id": made, "states": {right: "succeeded", **wrong}} for wrong in ({"none": "error"}, {mac: "notApplicable"})),
        *(
            {"policy_id": made, "states": {client.device("LT-PARIS-003")["id"]: "succeeded", right: wrong}}
            for wrong in (
                "fine",
                {"state": "fine"},
                {"code": 1},
                {**ERROR, "after": -1},
                {**ERROR, "after": True},
                {**ERROR, "user": "fine"},
                {**ERROR, "x": 1},
                {**ERROR, "code": "1"},
                {**ERROR, "code": 2**31},
            )
        ),
    ):
        assert client.http.post("/_emulator/policy_states", json=body).status_code == 400, body
    assert overview(client, made) == {"pendingCount": WINDOWS}


def test_reset_forgets_states(client: Any) -> None:
    made = assigned(client)
    set_states(client, made, LT_OSLO_001="error")
    client.control("POST", "reset", {})
    assert client.tenant.policy_states == {}


def test_policies_of_the_settings_catalog(client: Any) -> None:
    policy_id = with_catalog(client)
    shown = set_states(client, policy_id.upper(), LT_OSLO_001="error")
    assert len(shown) == WINDOWS
    found = policy_states.find_policy(client.tenant, policy_id)
    assert found is not None and (found.kind, found.is_catalog_policy) == ("DeviceManagementConfigurationPolicy", True)
    assert [(item.name, item.path) for item in found.settings] == [
        ("group_first", "group/group_first"),
        ("group_second", "group/group_second"),
        ("alone", "alone"),
    ]


@pytest.mark.parametrize("size", [0, 2])
def test_profiles_have_their_oma_settings(client: Any, size: int) -> None:
    made = client.call("POST", V1, {"@odata.type": "#microsoft.graph.windows10CustomConfiguration", "displayName": "x"}).json()["id"]
    if size:
        made = create(client, *(setting(displayName=f"Setting {number}") for number in range(size)))["id"]
    found = policy_states.find_policy(client.tenant, made)
    assert found is not None and (found.kind, found.is_catalog_policy) == ("windows10CustomConfiguration", False)
    assert [item.name for item in found.settings] == [f"Setting {number}" for number in range(size)]
