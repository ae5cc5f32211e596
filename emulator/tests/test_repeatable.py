# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Check that the same seed, a frozen clock, and the same calls give equal responses in every process, except keys, secrets, and tokens."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests
from emulator_support.client import Client
from intune_emulator import EmulatorProcess

NOW = "2026-01-05T10:00:00Z"
DEVICES, BETA = "/v1.0/deviceManagement/managedDevices", "/beta/deviceManagement"
SECRETS = r'"(?:passcode|secretText|hint|temporaryAccessPass)":"[^"]*"|"keyCredentials":\[[^]]*\]'
APP = {"displayName": "New application"}
PROFILE = {
    "@odata.type": "#microsoft.graph.windows10CustomConfiguration",
    "displayName": "Profile",
    "omaSettings": [
        {"@odata.type": "#microsoft.graph.omaSettingString", "displayName": "s", "omaUri": "./Device/Vendor/MSFT/x", "value": "v"}
    ],
}
SCRIPT = {
    "@odata.type": "#microsoft.graph.deviceHealthScript",
    "displayName": "Script",
    "description": "",
    "publisher": "",
    "runAsAccount": "user",
    "runAs32Bit": False,
    "enforceSignatureCheck": False,
    "detectionScriptContent": "eA==",
    "roleScopeTagIds": ["0"],
}
READS = (
    DEVICES,
    f"{BETA}/remoteActionAudits",
    f"{BETA}/deviceConfigurations",
    f"{BETA}/configurationPolicies",
    f"{BETA}/deviceEnrollmentConfigurations",
    f"{BETA}/deviceHealthScripts",
    f"{BETA}/assignmentFilters",
    f"{BETA}/roleScopeTags",
    f"{BETA}/intents",
    "/v1.0/applications",
    "/v1.0/servicePrincipals",
    "/v1.0/groups",
    "/v1.0/users",
    "/v1.0/organization",
    "/v1.0/subscribedSkus",
    "/v1.0/applications/nonsense",
)


class Recorded:
    """Call a process and keep every response, without the parts that differ by design."""

    def __init__(self, emulator: EmulatorProcess) -> None:
        self.control, self.origin, self.answers = emulator.control, emulator.env["INTUNE_GRAPH_URL"], list[tuple[str, int, str]]()
        self.session = requests.Session()
        self.session.trust_env, self.session.verify = False, emulator.env["INTUNE_CA_PATH"]
        self.session.headers["Authorization"] = f"Bearer {emulator.control.token()}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        response = self.session.request(method, self.origin + path, json=body, timeout=10)
        shown = re.sub(SECRETS, "", response.text.replace(self.origin, "ORIGIN"))
        headers = sorted((name, value) for name, value in response.headers.items() if name.lower() != "content-length")
        self.answers.append((f"{method} {path}", response.status_code, f"{headers}".replace(self.origin, "ORIGIN") + shown))
        return response.json() if response.content else None


def work(emulator: EmulatorProcess) -> list[tuple[str, int, str]]:
    """Make one object of each kind, act on devices, and read everything."""
    client = Recorded(emulator)
    control = client.control
    added = control.add_device(deviceName="ADDED")["id"]
    user = control.add_user("new.user")["id"]
    control.add_policy("intent", "Old", values={"pinRecoveryEnabled": True})
    control.add_app(["Device.Read.All"])
    phone = control.device("PHONE-HELPDESK-01")["id"]
    for device in (phone, added):
        client.call("POST", f"{DEVICES}/{device}/resetPasscode")
    control.advance(5)
    made = client.call("POST", "/v1.0/applications", APP)["id"]
    client.call("POST", f"/v1.0/applications/{made}/addPassword", {})
    profile = client.call("POST", f"{BETA}/deviceConfigurations", PROFILE)["id"]
    target = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
    client.call("POST", f"{BETA}/deviceConfigurations/{profile}/assign", {"assignments": [target]})
    client.call("POST", f"{BETA}/deviceHealthScripts", SCRIPT)
    client.call("POST", f"/v1.0/users/{user}/authentication/temporaryAccessPassMethods", {})
    items = [{"id": str(number), "method": "GET", "url": f"/deviceManagement/managedDevices/{phone}"} for number in range(5)]
    client.call("POST", "/v1.0/$batch", {"requests": items})
    job = {"reportName": "DeviceStatusesByConfigurationProfile", "filter": f"(PolicyId eq '{profile}')"}
    client.call("POST", f"{BETA}/reports/exportJobs", job)
    for path in READS:
        client.call("GET", path)
    client.session.close()
    return client.answers


def test_two_processes_and_a_reset_give_the_same_answers() -> None:
    with (
        EmulatorProcess("helpdesk", now=NOW, frozen=True) as first,
        EmulatorProcess("helpdesk", now=NOW, frozen=True, arguments=["--host-name", "localhost"]) as second,
    ):
        answers = work(first)
        assert [answer[:2] for answer in answers if answer[1] >= 400] == [("GET /v1.0/applications/nonsense", 404)]
        assert work(second) == answers
        second.control.reset()
        assert work(second) == answers
        # another seed gives other ids
        second.control.reset("demo")
        assert work(second) != answers


def test_what_was_asked_before_does_not_change_the_next_id(client: Client) -> None:
    def make() -> Any:
        return client.call("POST", f"{BETA}/deviceConfigurations", PROFILE).json()["id"]

    first = make()
    client.control("POST", "reset", {"frozen": True})
    client.json(DEVICES)
    items = [{"id": str(number), "method": "GET", "url": "/deviceManagement/managedDevices?$top=1"} for number in range(3)]
    assert client.call("POST", "/v1.0/$batch", {"requests": items}).status_code == 200
    assert make() == first


def test_a_reset_names_the_clock(client: Client) -> None:
    client.control("POST", "reset", {"now": NOW, "frozen": True})
    assert client.control("GET", "clock") == {"now": "2026-01-05T10:00:00.0000000Z", "timestamp": 1767607200.0, "frozen": True, "rate": 1.0}
    assert client.device("PHONE-HELPDESK-01")["lastSyncDateTime"] == "2026-01-05T09:48:00Z"
    client.control("POST", "reset", {"now": NOW, "frozen": False})
    assert client.control("GET", "clock")["now"].startswith("2026-01-05T10:00:")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"now": "yesterday"}, "yesterday"),
        ({"frozen": "false"}, "frozen must be true or false"),
        ({"clock": NOW}, "unknown fields: ['clock']; known: ['frozen', 'now', 'preset', 'seed', 'seed_name', 'seed_text']"),
    ],
)
def test_a_wrong_reset_changes_nothing(client: Client, body: dict[str, Any], told: str) -> None:
    client.settings(page_size=7)
    refused = client.http.post("/_emulator/reset", json=body)
    assert (refused.status_code, told in refused.json()["error"]) == (400, True), refused.text
    assert client.control("GET", "settings")["page_size"] == 7
