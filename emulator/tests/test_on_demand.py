# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Runs of a remediation on demand, and the Windows license of the tenant."""

from __future__ import annotations

from typing import Any

import pytest
from emulator_support.profiles import GROUP
from emulator_support.scripts import SCRIPTS, assign, create, package, target

DEVICES = "/beta/deviceManagement/managedDevices"
LICENSE = "/beta/deviceManagement/dataProcessorServiceForWindowsFeaturesOnboarding"
MINUTE, HOUR = 60, 3600


def path_of(client: Any, name: str = "LT-BERLIN-012") -> str:
    return f"{DEVICES}/{client.device(name)['id']}"


def run(client: Any, script_id: Any, name: str = "LT-BERLIN-012", **more: Any) -> int:
    path = f"{path_of(client, name)}/initiateOnDemandProactiveRemediation"
    status: int = client.call("POST", path, {"scriptPolicyId": script_id}, **more).status_code
    return status


def states(client: Any, name: str = "LT-BERLIN-012") -> dict[str, tuple[str, str]]:
    """Return (detectionState, lastStateUpdateDateTime) by the name of the package."""
    found = client.json(f"{path_of(client, name)}/deviceHealthScriptStates")["value"]
    return {row["policyName"]: (row["detectionState"], row["lastStateUpdateDateTime"]) for row in found}


def plant(client: Any, value: Any, name: str = "LT-BERLIN-012") -> None:
    client.control("POST", "script_results", {"results": {client.device(name)["id"]: value}})


@pytest.mark.parity(
    "emulated",
    "Remediations",
    "A run on demand needs no assignment.",
    source=(
        "https://learn.microsoft.com/intune/device-management/actions/run-remediation",
        "https://learn.microsoft.com/graph/api/intune-devices-manageddevice-initiateondemandproactiveremediation",
    ),
    calls=("POST /deviceManagement/managedDevices/{id}/initiateOnDemandProactiveRemediation",),
)
def test_a_package_without_assignment_runs_on_demand(client: Any) -> None:
    made = create(client, displayName="One")["id"]
    assert run(client, made) == 204 and run(client, made.upper(), "LT-BERLIN-013") == 204
    client.advance(MINUTE - 1)
    assert {state for state, _time in states(client).values()} == {"pending"}
    client.advance(1)
    assert {name: state for name, (state, _time) in states(client).items()} == {"One": "success"}
    assert len(client.json(f"{SCRIPTS}/{made}/deviceRunStates")["value"]) == 2
    assert states(client, "LT-BERLIN-014") == {}


@pytest.mark.parametrize(
    ("report", "is_newer"),
    [
        ("changes", False),
        pytest.param(
            "always",
            True,
            marks=pytest.mark.parity(
                "assumed",
                "Remediations",
                "A run on demand is reported only when the result has changed.",
                source="https://learn.microsoft.com/intune/device-management/actions/run-remediation",
                settings=("on_demand_report",),
            ),
        ),
    ],
)
def test_whether_an_unchanged_result_is_reported_is_a_setting(client: Any, report: str, is_newer: bool) -> None:
    client.settings(on_demand_report=report)
    made = create(client, displayName="One")["id"]
    run(client, made)
    client.advance(10 * MINUTE)
    before = states(client)["One"][1]
    run(client, made)
    client.advance(10 * MINUTE)
    assert (states(client)["One"][1] > before) is is_newer
    plant(client, {"output": "new", "exit_code": 1})
    run(client, made)
    client.advance(10 * MINUTE)
    assert states(client)["One"][0] == "fail" and states(client)["One"][1] > before


@pytest.mark.parity(
    "emulated",
    "Remediations",
    "A second run on demand on a device overwrites one that has not run yet.",
    source="https://learn.microsoft.com/intune/device-management/actions/run-remediation",
)
def test_a_second_run_overwrites_the_first_one(client: Any) -> None:
    one, two = (create(client, displayName=name)["id"] for name in ("One", "Two"))
    run(client, one)
    client.advance(MINUTE / 2)
    run(client, two)
    client.advance(HOUR / 2)
    assert {name: state for name, (state, _time) in states(client).items()} == {"One": "pending", "Two": "success"}
    run(client, one)
    client.advance(MINUTE)
    assert states(client)["One"][0] == "success"


@pytest.mark.parity(
    "emulated",
    "Remediations",
    "A device that is offline runs the package when it checks in.",
    source="https://learn.microsoft.com/intune/device-management/actions/run-remediation",
)
def test_an_offline_device_runs_it_at_its_check_in(client: Any) -> None:
    made = create(client, displayName="One")["id"]
    device = f"devices/{client.device('LT-BERLIN-012')['id']}"
    client.control("PATCH", device, {"offline": True})
    run(client, made)
    client.advance(HOUR / 2)
    assert states(client)["One"][0] == "pending"
    client.control("PATCH", device, {"check_in": True})
    client.advance(MINUTE)
    assert states(client)["One"][0] == "success"


def test_it_runs_between_the_runs_by_schedule(client: Any) -> None:
    made = create(client, displayName="One")["id"]
    assign(client, made, target(run=None))
    client.advance(HOUR / 2)
    client.advance(HOUR / 2)
    client.token = client.control("POST", "tokens", {"expires_in": 86400})["access_token"]
    plant(client, {"output": "new", "exit_code": 1})
    client.advance(HOUR)
    assert states(client)["One"][0] == "success"
    run(client, made)
    client.advance(MINUTE)
    assert states(client)["One"][0] == "fail"


def test_nobody_is_signed_in(client: Any) -> None:
    made = create(client, displayName="One")["id"]
    run(client, made, "LT-MADRID-007")
    client.advance(HOUR / 2)
    assert states(client, "LT-MADRID-007")["One"][0] == "pending"


@pytest.mark.parametrize(("body", "status"), [(None, 400), ({}, 400), ({"scriptPolicyId": "x"}, 400), ({"scriptPolicyId": None}, 400)])
def test_wrong_requests_are_refused(client: Any, body: Any, status: int) -> None:
    assert client.call("POST", f"{path_of(client)}/initiateOnDemandProactiveRemediation", body).status_code == status


def test_unknown_package_and_device(client: Any) -> None:
    made = create(client)["id"]
    assert run(client, GROUP) == 404
    response = client.call("POST", f"{DEVICES}/{GROUP}/initiateOnDemandProactiveRemediation", {"scriptPolicyId": made})
    assert response.status_code == 404
    path = f"{path_of(client)}/initiateOnDemandProactiveRemediation"
    assert client.call("POST", path, {"scriptPolicyId": made, "force": True}).status_code == 400
    assert client.call("POST", path.replace("beta", "v1.0"), {"scriptPolicyId": made}).status_code == 400


@pytest.mark.parity(
    "assumed",
    "Remediations",
    "A run on demand takes DeviceManagementManagedDevices and DeviceManagementScripts; pages of before July 2025 name "
    "DeviceManagementConfiguration.",
    source="https://learn.microsoft.com/graph/api/intune-devices-manageddevice-initiateondemandproactiveremediation",
    settings=("on_demand_access",),
)
def test_who_may_run(client: Any) -> None:
    made = create(client)["id"]
    devices, scripts, configuration = (f"DeviceManagement{name}.Read.All" for name in ("ManagedDevices", "Scripts", "Configuration"))
    for setting, other in (("scripts", scripts), ("documented", configuration)):
        client.settings(on_demand_access=setting)
        assert run(client, made, roles=[devices, other]) == 204
        wrong = {scripts, configuration} - {other}
        assert [run(client, made, roles=roles) for roles in ([devices], [other], [devices, *wrong])] == [403, 403, 403]


@pytest.mark.parity(
    "emulated",
    "Remediations",
    "The confirmation of the Windows license is read; without it, devices run nothing.",
    source="https://learn.microsoft.com/graph/api/resources/intune-onboarding-dataprocessorserviceforwindowsfeaturesonboarding",
    settings=("windows_license",),
    calls=("GET /deviceManagement/dataProcessorServiceForWindowsFeaturesOnboarding",),
)
@pytest.mark.parity(
    "assumed",
    "Remediations",
    "Without the confirmed license, the service accepts packages, assignments, and runs; it may refuse them.",
    source="https://learn.microsoft.com/intune/device-management/tools/deploy-remediations",
    settings=("windows_license_refusal",),
)
def test_the_license(client: Any) -> None:
    assert client.json(LICENSE)["hasValidWindowsLicense"] is True
    made = create(client, displayName="One")["id"]
    client.settings(windows_license="unconfirmed")
    assert client.json(f"{LICENSE}?$select=hasValidWindowsLicense")["hasValidWindowsLicense"] is False
    assert assign(client, made, target()).status_code == 204
    client.advance(HOUR / 2)
    assert run(client, made) == 204
    client.advance(HOUR / 3)
    assert states(client)["One"][0] == "pending"
    for status in (400, 403):
        client.settings(windows_license_refusal=str(status))
        calls = (client.call("POST", SCRIPTS, package()).status_code, assign(client, made).status_code, run(client, made))
        assert calls == (status, status, status)
    assert client.get(LICENSE.replace("beta", "v1.0")).status_code == 400


@pytest.mark.parity(
    "assumed",
    "Remediations",
    "The result of a run on demand is in Graph after a minute; how long it takes is not documented.",
    source="https://learn.microsoft.com/intune/device-management/actions/run-remediation",
    settings=("on_demand_delay",),
)
def test_a_result_on_demand_may_take_longer(client: Any) -> None:
    client.settings(on_demand_delay=10 * MINUTE)
    made = create(client, displayName="One")["id"]
    run(client, made)
    client.advance(9 * MINUTE)
    assert states(client)["One"][0] == "pending"
    client.advance(MINUTE)
    assert states(client)["One"][0] == "success"
