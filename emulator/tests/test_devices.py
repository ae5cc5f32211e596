# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""managedDevices: versions, options, filter quirks, paging, remote actions on a frozen clock."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

V1 = "/v1.0/deviceManagement/managedDevices"
BETA = "/beta/deviceManagement/managedDevices"
BETA_ONLY = ("joinType", "deviceType", "skuFamily", "ownerType", "aadRegistered", "hardwareInformation")


def names(body: dict[str, Any]) -> list[str]:
    return [row["deviceName"] for row in body["value"]]


def where(client: Any, text: str, version: str = V1) -> Any:
    return client.get(f"{version}?$filter={quote(text)}")


@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "v1.0 has the 56 properties of its description, and refuses those that only beta has, such as `joinType`.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-manageddevice",
    calls=("GET /deviceManagement/managedDevices",),
)
def test_versions_are_apart(client: Any) -> None:
    old, new = client.json(V1)["value"][0], client.json(BETA)["value"][0]
    assert len(old) == 56
    assert not set(BETA_ONLY) & set(old)
    assert set(BETA_ONLY) <= set(new)
    for name in BETA_ONLY:
        response = client.get(f"{V1}?$select=id,{name}")
        assert response.status_code == 400
        assert f"Could not find a property named '{name}' on type 'microsoft.graph.managedDevice'." in response.json()["error"]["message"]


@pytest.mark.parity(
    "emulated",
    "Requests and errors",
    "v1.0 does not know paths that only beta has: 400 `Resource not found for the segment`.",
    source="https://learn.microsoft.com/graph/errors",
)
def test_beta_only_path_on_v1(client: Any) -> None:
    response = client.get("/v1.0/deviceManagement/remoteActionAudits")
    assert response.status_code == 400
    assert response.json()["error"]["message"] == "Resource not found for the segment 'remoteActionAudits'."
    assert "x-emulator-refused" not in response.headers


def test_not_emulated_is_marked(client: Any) -> None:
    response = client.get("/beta/deviceManagement/configurationPolicyTemplates")
    assert response.status_code == 400
    assert "not emulated" in response.headers["x-emulator-refused"]
    assert client.journal()[-1]["refused"]


@pytest.mark.parity(
    "emulated",
    "Requests and errors",
    "Unknown, wrong, and repeated query options are refused with 400.",
    source="https://learn.microsoft.com/graph/query-parameters",
)
@pytest.mark.parametrize(
    "query",
    ["$search=x", "$expand=users", "$skip=1", "$foo=1", "filter=x", "$top=0", "$top=a", "$select=", "$orderby=model", "$top=1&$top=2"],
)
def test_unknown_options_are_refused(client: Any, query: str) -> None:
    assert client.get(f"{V1}?{query}").status_code == 400


def test_select(client: Any) -> None:
    assert set(client.json(f"{V1}?$select=id,deviceName&$top=1")["value"][0]) == {"id", "deviceName"}


@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "`$filter` works for the properties and operators that the description names, without regard to case, joined by `and`; "
    "`or` only between clauses on one property.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-manageddevice",
)
@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "`startswith(deviceName, …)` acts as `contains`, and `$filter` on `id` is ignored: the list has all devices (both observed).",
    source=(
        "https://github.com/microsoftgraph/microsoft-graph-docs/issues/11809",
        "https://github.com/microsoftgraph/microsoft-graph-docs/issues/19890",
    ),
)
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("deviceName eq 'phone-spare'", 2),
        ("deviceName eq 'O''Brien''s phone'", 1),
        ("contains(deviceName,'BERLIN') and operatingSystem eq 'Windows'", 7),
        ("operatingSystem eq 'iOS' or operatingSystem eq 'macOS'", 5),
        ("userPrincipalName eq 'it.depot@contoso.onmicrosoft.com'", 4),
        ("lastSyncDateTime lt 2000-01-01T00:00:00Z", 0),
        ("enrolledDateTime gt 2000-01-01T00:00:00Z", 40),
        # quirks: startswith acts as contains, id is ignored
        ("startswith(deviceName,'BERLIN')", 7),
        ("id eq '00000000-0000-0000-0000-000000000000'", 40),
    ],
)
def test_filters(client: Any, text: str, count: int) -> None:
    response = where(client, text)
    assert response.status_code == 200, response.text
    assert len(response.json()["value"]) == count


@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "`$filter` on `skuFamily` is ignored in beta (observed).",
    source="https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/2416",
)
def test_ignored_in_beta_only(client: Any) -> None:
    assert len(where(client, "skuFamily eq 'Pro'", BETA).json()["value"]) == 40
    assert where(client, "skuFamily eq 'Pro'").status_code == 400
    assert len(where(client, "deviceType eq 'windowsPhone'", BETA).json()["value"]) == 15


@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "A `$filter` with another property, operator, or function is refused with 400.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-manageddevice",
)
@pytest.mark.parametrize(
    "text",
    [
        "userId eq 'x'",
        "joinType eq 'azureADJoined'",
        "lastSyncDateTime ge 2026-01-01T00:00:00Z",
        "deviceName ne 'x'",
        "deviceName eq 'a' or serialNumber eq 'b'",
        "deviceName eq 'a' or deviceName eq 'b'",
        "not contains(deviceName,'a')",
        "deviceName in ('a','b')",
        "endswith(deviceName,'a')",
        "tolower(deviceName) eq 'a'",
        "nonsense eq 'a'",
        "deviceName eq 5",
        "deviceName eq",
    ],
)
def test_refused_filters(client: Any, text: str) -> None:
    assert where(client, text).status_code == 400


@pytest.mark.parity(
    "assumed",
    "Devices and resets",
    "A `$filter` on a property whose description does not name it is refused; the service also was seen to ignore one.",
    source=(
        "https://learn.microsoft.com/graph/api/resources/intune-devices-manageddevice",
        "https://github.com/microsoftgraph/microsoft-graph-docs/issues/19890",
    ),
    settings=("unlisted_filter",),
)
def test_unlisted_filter_may_be_ignored(client: Any) -> None:
    client.settings(unlisted_filter="ignore")
    assert len(where(client, "managedDeviceOwnerType eq 'personal'").json()["value"]) == 40


@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "`$count` is plain text, and takes `$filter`, except on azureADDeviceId.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-manageddevice",
    calls=("GET /deviceManagement/managedDevices/$count",),
)
def test_count(client: Any) -> None:
    assert client.get(f"{V1}/$count").text == "40"
    assert client.get(f"{V1}/$count?$filter=operatingSystem eq 'iOS'").text == "3"
    assert client.get(f"{V1}/$count?$filter=azureADDeviceId eq 'x'").status_code == 400


@pytest.mark.parity(
    "emulated",
    "Requests and errors",
    "nextLinks are opaque and belong to their query; `@odata.count` is the number of items in the page (observed).",
    source=("https://learn.microsoft.com/graph/paging", "https://learn.microsoft.com/graph/api/resources/intune-devices-manageddevice"),
)
def test_paging(client: Any) -> None:
    body = client.json(f"{V1}?$top=15&$select=id,deviceName&$orderby=deviceName")
    pages, found = [body["@odata.count"]], names(body)
    while link := body.get("@odata.nextLink"):
        assert link.startswith(client.tenant.origin)
        body = client.json(link)
        pages.append(body["@odata.count"])
        found += names(body)
    assert pages == [15, 15, 10]
    assert found == sorted(found, key=str.lower)
    assert len(found) == 40
    assert client.get(f"{V1}?$top=15&$skiptoken=nonsense").status_code == 400
    other = client.json(f"{V1}?$top=15")["@odata.nextLink"].replace("$top=15", "$top=16")
    assert client.get(other).status_code == 400


@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "A page of devices has 1,000 entries without `$top` (observed).",
    source="https://github.com/microsoftgraph/powershell-intune-samples/issues/2",
)
def test_default_page_is_1000(make_client: Any) -> None:
    client = make_client("fleet:1001")
    body = client.json(V1)
    assert len(body["value"]) == 1000
    assert len(client.json(body["@odata.nextLink"])["value"]) == 1


@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "`notes`, `udid`, `iccid`, `ethernetMacAddress`, `physicalMemoryInBytes`, and others are empty, except with `GET {id}?$select=…`.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-manageddevice",
    calls=("GET /deviceManagement/managedDevices/{id}",),
)
def test_non_default_properties(client: Any) -> None:
    device = client.device("PHONE-HELPDESK-01")["id"]
    client.control("PATCH", f"devices/{device}", {"notes": "kept in the safe"})
    assert client.json(f"{V1}?$select=id,notes")["value"][0]["notes"] is None
    assert client.json(f"{V1}/{device}")["notes"] is None
    assert client.json(f"{V1}/{device}?$select=notes")["notes"] == "kept in the safe"


def reset(client: Any, device: str, version: str = V1) -> Any:
    return client.call("POST", f"{version}/{device}/resetPasscode")


def result(client: Any, device: str) -> dict[str, Any] | None:
    results = client.json(f"{V1}/{device}?$select=id,deviceActionResults")["deviceActionResults"]
    return results[0] if results else None


@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "204 to a reset means that it is queued. The entry of `deviceActionResults` goes from pending to active to a final "
    "state, and has the passcode when it is done.",
    source=(
        "https://learn.microsoft.com/graph/api/intune-devices-manageddevice-resetpasscode",
        "https://learn.microsoft.com/graph/api/resources/intune-devices-deviceactionresult",
    ),
    calls=("POST /deviceManagement/managedDevices/{id}/resetPasscode",),
)
@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "`deviceActionResults` is `[]` in lists (observed).",
    source="https://github.com/microsoftgraph/powershell-intune-samples/issues/13",
)
def test_life_cycle_done(client: Any) -> None:
    device = client.device("PHONE-HELPDESK-01")["id"]
    client.control("PATCH", f"devices/{device}", {"visible": 2, "active": 5, "terminal": 60})
    assert reset(client, device).status_code == 204
    assert result(client, device) is None
    states = []
    for step in (2, 3, 55):
        client.advance(step)
        entry = result(client, device) or {}
        states.append((entry["actionState"], entry["passcode"] is not None))
    assert states == [("pending", False), ("active", False), ("done", True)]
    entry = result(client, device) or {}
    assert entry["@odata.type"] == "#microsoft.graph.resetPasscodeActionResult"
    assert entry["errorCode"] == 0
    assert entry["passcode"] in client.control("GET", "secrets")
    assert client.json(f"{V1}?$select=deviceActionResults")["value"][0]["deviceActionResults"] == []


def test_passcode_disappears_after_seven_days(client: Any) -> None:
    device = client.device("PHONE-HELPDESK-01")["id"]
    reset(client, device)
    client.advance(7 * 86400)
    client.token = client.control("POST", "tokens", {"expires_in": 10**7})["access_token"]
    assert (result(client, device) or {})["passcode"]
    client.advance(2)
    entry = result(client, device) or {}
    assert (entry["actionState"], entry["passcode"]) == ("done", None)


@pytest.mark.parity(
    "assumed",
    "Devices and resets",
    "A reset on a device without support is accepted, and ends as notSupported; others end as failed, with an error code, or canceled.",
    source=(
        "https://learn.microsoft.com/intune/device-management/actions/reset-passcode",
        "https://learn.microsoft.com/graph/api/resources/intune-devices-deviceactionresult",
    ),
)
@pytest.mark.parametrize(
    ("name", "state", "code"),
    [
        ("PHONE-FIELD-05", "failed", 2016345612),
        ("PHONE-FIELD-07", "canceled", 0),
        ("LT-BERLIN-014", "notSupported", 0),
        ("MAC-DESIGN-01", "notSupported", 0),
    ],
)
def test_other_ends(client: Any, name: str, state: str, code: int) -> None:
    device = client.device(name)["id"]
    assert reset(client, device).status_code == 204
    client.advance(10)
    entry = result(client, device) or {}
    assert (entry["actionState"], entry["errorCode"], entry["passcode"]) == (state, code, None)


@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "On iOS the reset removes the passcode: it ends as done, without a passcode.",
    source="https://learn.microsoft.com/intune/device-management/actions/remove-passcode",
)
def test_ios_has_no_passcode(client: Any) -> None:
    device = client.device("iPhone von Clara")["id"]
    reset(client, device)
    client.advance(10)
    entry = result(client, device) or {}
    assert (entry["actionState"], entry["passcode"]) == ("done", None)


@pytest.mark.parity(
    "assumed",
    "Devices and resets",
    "A reset of a Windows desktop, whose outcome is not documented, is accepted and ends as notSupported.",
    source="https://learn.microsoft.com/intune/device-management/actions/reset-passcode",
    settings=("windows_desktop",),
)
def test_windows_desktop_may_be_refused(client: Any) -> None:
    client.settings(windows_desktop="refuse")
    response = reset(client, client.device("LT-BERLIN-014")["id"])
    assert response.status_code == 400
    assert json.loads(response.json()["error"]["message"])["_version"] == 3
    assert client.control("GET", "resets") == {}


@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "A reset of an offline device stays pending until it checks in.",
    source="https://learn.microsoft.com/intune/device-management/actions/reset-passcode",
)
def test_offline_until_check_in(client: Any) -> None:
    device = client.device("PHONE-FIELD-06")["id"]
    reset(client, device)
    client.advance(3000)
    assert (result(client, device) or {})["actionState"] == "pending"
    client.control("PATCH", f"devices/{device}", {"check_in": True})
    client.advance(2)
    assert (result(client, device) or {})["actionState"] == "done"


@pytest.mark.parity(
    "assumed",
    "Devices and resets",
    "The newest entry of an action name replaces the older one as soon as it is visible.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-deviceactionresult",
)
def test_new_reset_replaces_old_entry(client: Any) -> None:
    device = client.device("PHONE-HELPDESK-01")["id"]
    reset(client, device)
    client.advance(10)
    first = result(client, device) or {}
    client.control("PATCH", f"devices/{device}", {"visible": 1})
    reset(client, device)
    assert result(client, device) == first
    client.advance(10)
    second = result(client, device) or {}
    assert second["passcode"] != first["passcode"]
    assert len(client.json(f"{V1}/{device}")["deviceActionResults"]) == 1
    assert len(client.control("GET", "resets")[device]) == 2


@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "`syncDevice` and `remoteLock` have entries of their own in `deviceActionResults`.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-deviceactionresult",
    calls=("POST /deviceManagement/managedDevices/{id}/syncDevice", "POST /deviceManagement/managedDevices/{id}/remoteLock"),
)
def test_entries_of_other_actions(client: Any) -> None:
    device = client.device("PHONE-HELPDESK-01")["id"]
    for action in ("syncDevice", "remoteLock", "resetPasscode"):
        assert client.call("POST", f"{V1}/{device}/{action}", {}).status_code == 204
    shown = {entry["actionName"]: entry for entry in client.json(f"{V1}/{device}")["deviceActionResults"]}
    assert set(shown) == {"syncDevice", "remoteLock", "resetPasscode"}
    assert "@odata.type" not in shown["syncDevice"]


@pytest.mark.parity(
    "assumed",
    "Requests and errors",
    "The texts of Intune's 404 and 400 are invented where no sample is public; status, code, and the JSON text inside the "
    "message are those of the service.",
    source="https://learn.microsoft.com/graph/errors",
)
def test_action_refusals(client: Any) -> None:
    device = client.device("PHONE-HELPDESK-01")["id"]
    missing = reset(client, "00000000-0000-0000-0000-000000000001")
    assert missing.status_code == 404
    assert json.loads(missing.json()["error"]["message"])["Message"]
    assert client.call("POST", f"{V1}/{device}/resetPasscode", {"now": True}).status_code == 400
    assert client.get(f"{V1}/{device}/resetPasscode").status_code == 405


@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "`remoteActionAudits` list accepted resets, with the state that the device reports.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-remoteactionaudit",
    calls=("GET /deviceManagement/remoteActionAudits",),
)
@pytest.mark.parity(
    "assumed",
    "Devices and resets",
    "`remoteActionAudits` cannot be filtered.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-remoteactionaudit",
    settings=("audit_filter",),
)
def test_audits(client: Any) -> None:
    device = client.device("PHONE-HELPDESK-02")
    reset(client, device["id"])
    client.advance(5)
    rows = client.json("/beta/deviceManagement/remoteActionAudits")["value"]
    assert len(rows) == 1
    assert rows[0]["managedDeviceId"] == device["id"]
    assert (rows[0]["action"], rows[0]["actionState"], rows[0]["deviceDisplayName"]) == ("resetPasscode", "done", "PHONE-HELPDESK-02")
    path = f"/beta/deviceManagement/remoteActionAudits?$filter=managedDeviceId eq '{device['id']}'"
    assert client.get(path).status_code == 400
    client.settings(audit_filter="allow")
    assert len(client.json(path)["value"]) == 1


def test_key_in_parentheses(client: Any) -> None:
    device = client.device("PHONE-HELPDESK-02")["id"]
    assert client.json(f"{V1}('{device}')?$select=id")["id"] == device


@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "Android returns a passcode; iOS, iPadOS, and visionOS return done without one; Apple User Enrollment, macOS, and other "
    "systems end as notSupported.",
    source=(
        "https://learn.microsoft.com/intune/device-management/actions/reset-passcode",
        "https://learn.microsoft.com/intune/device-management/actions/remove-passcode",
    ),
)
@pytest.mark.parametrize(
    ("properties", "state", "has_passcode"),
    [
        ({"operatingSystem": "Android", "deviceEnrollmentType": "androidEnterpriseDedicatedDevice"}, "done", True),
        ({"operatingSystem": "iOS", "deviceEnrollmentType": "userEnrollment"}, "done", False),
        ({"operatingSystem": "iPadOS", "deviceEnrollmentType": "appleBulkWithoutUser"}, "done", False),
        ({"operatingSystem": "visionOS", "deviceEnrollmentType": "userEnrollment"}, "done", False),
        ({"operatingSystem": "iOS", "deviceEnrollmentType": "appleUserEnrollment"}, "notSupported", False),
        ({"operatingSystem": "iOS", "deviceEnrollmentType": "appleAccountDrivenUserEnrollment"}, "notSupported", False),
        ({"operatingSystem": "Linux"}, "notSupported", False),
        ({"operatingSystem": "macOS"}, "notSupported", False),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_a_reset_follows_the_platform_and_the_enrollment(client: Any, properties: dict[str, str], state: str, has_passcode: bool) -> None:
    device = client.control("POST", "devices", {"deviceName": "ONE", "deviceType": "unknown", **properties})["id"]
    assert reset(client, device).status_code == 204
    client.advance(600)
    (entry,) = client.json(f"{BETA}/{device}?$select=deviceActionResults")["deviceActionResults"]
    assert (entry["actionState"], bool(entry.get("passcode"))) == (state, has_passcode)


@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "v1.0 shows `unknownFutureValue` for members of `deviceEnrollmentType` that only beta has.",
    source="https://learn.microsoft.com/graph/best-practices-concept#handling-future-members-in-evolvable-enumerations",
)
def test_v1_does_not_have_the_newest_kinds_of_enrollment(client: Any) -> None:
    kinds = {version: {row["deviceEnrollmentType"] for row in client.json(version)["value"]} for version in (V1, BETA)}
    assert "androidEnterpriseFullyManaged" in kinds[BETA] - kinds[V1]
    assert "unknownFutureValue" in kinds[V1] - kinds[BETA] and "windowsAzureADJoin" in kinds[V1]


def test_a_device_that_enrolls_later_comes_with_its_time(client: Any) -> None:
    known = len(client.json(V1)["value"])
    made = client.control("POST", "devices", {"deviceName": "NEW-1", "serialNumber": "PF3XYZ12", "enrolls_after": 60})
    early = client.control(
        "POST", "devices", {"deviceName": "NEW-0", "azureADDeviceId": "eeeeeeee-0000-4000-8000-000000000001", "enrolls_after": 30}
    )
    entra = f"/v1.0/devices(deviceId='{early['azureADDeviceId']}')"
    assert client.get(f"{V1}/{made['id']}").status_code == 404 and client.get(entra).status_code == 404
    assert where(client, "serialNumber eq 'PF3XYZ12'").json()["value"] == [] and len(client.json(V1)["value"]) == known
    assert client.control("GET", f"devices/{made['id']}")["deviceName"] == "NEW-1", "the control API finds it"
    client.control("PATCH", f"devices/{made['id']}", {"managedDeviceOwnerType": "personal"})
    client.advance(59)
    assert client.get(f"{V1}/{made['id']}").status_code == 404 and client.get(entra).status_code == 200
    client.advance(1)
    found = client.json(f"{V1}/{made['id']}")
    assert (found["managedDeviceOwnerType"], found["enrolledDateTime"]) == ("personal", made["enrolledDateTime"])
    assert found["enrolledDateTime"] > early["enrolledDateTime"] and found["lastSyncDateTime"] == found["enrolledDateTime"]
    assert [row["deviceName"] for row in client.json(V1)["value"][known:]] == ["NEW-0", "NEW-1"]
    assert names(where(client, "serialNumber eq 'PF3XYZ12'").json()) == ["NEW-1"]


@pytest.mark.parametrize("value", [-1, True, "soon"])
def test_a_device_enrolls_after_a_number_of_seconds(client: Any, value: Any) -> None:
    known = len(client.control("GET", "devices"))
    refused = client.http.post("/_emulator/devices", json={"enrolls_after": value})
    assert refused.status_code == 400 and "enrolls_after must be" in refused.text
    assert len(client.control("GET", "devices")) == known


@pytest.mark.parity(
    "assumed",
    "Devices and resets",
    "How long Graph, unlike the admin center, keeps a passcode is not documented; the default is the seven days of the admin center.",
    source="https://learn.microsoft.com/intune/device-management/actions/reset-passcode",
    settings=("passcode_retention",),
)
def test_a_passcode_may_disappear_earlier(client: Any) -> None:
    client.settings(passcode_retention=60)
    device = client.device("PHONE-HELPDESK-01")["id"]
    reset(client, device)
    client.advance(30)
    assert (result(client, device) or {})["passcode"]
    client.advance(60)
    assert (result(client, device) or {})["passcode"] is None


@pytest.mark.parity(
    "assumed",
    "Devices and resets",
    "Times of actions have seven digits of a second, as other times of Intune; pages show them in whole seconds.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-deviceactionresult",
    settings=("action_timestamps",),
)
def test_times_of_actions_may_be_whole_seconds(client: Any) -> None:
    device = client.device("PHONE-HELPDESK-01")["id"]
    reset(client, device)
    client.advance(5)
    assert len((result(client, device) or {})["startDateTime"]) == len("2026-01-05T10:00:00.0000000Z")
    client.settings(action_timestamps="seconds")
    assert len((result(client, device) or {})["startDateTime"]) == len("2026-01-05T10:00:00Z")


@pytest.mark.parity(
    "emulated",
    "Requests and errors",
    "A page can be shorter than 1,000 entries, as some tenants return it.",
    source="https://learn.microsoft.com/graph/paging",
    settings=("page_size",),
)
def test_pages_may_be_shorter(client: Any) -> None:
    client.settings(page_size=7)
    body = client.json(V1)
    assert (len(body["value"]), "@odata.nextLink" in body) == (7, True)


@pytest.mark.parity(
    "assumed",
    "Devices and resets",
    "`$select` returns the selected properties only; Intune was seen to add `id`.",
    source="https://learn.microsoft.com/graph/query-parameters",
    settings=("select_adds_id",),
)
def test_select_may_add_the_id(client: Any) -> None:
    assert set(client.json(f"{V1}?$select=deviceName&$top=1")["value"][0]) == {"deviceName"}
    client.settings(select_adds_id=True)
    assert set(client.json(f"{V1}?$select=deviceName&$top=1")["value"][0]) == {"id", "deviceName"}


@pytest.mark.parity(
    "emulated",
    "Devices and resets",
    "A remote action can take longer to become visible, active, and ended.",
    source="https://learn.microsoft.com/graph/api/resources/intune-devices-deviceactionresult",
    settings=("action_delay",),
)
def test_actions_may_take_longer(client: Any) -> None:
    client.settings(action_delay=60)
    device = client.device("PHONE-HELPDESK-01")["id"]
    reset(client, device)
    client.advance(59)
    assert (result(client, device) or {}).get("actionState") != "done"
    client.advance(10)
    assert (result(client, device) or {})["actionState"] == "done"
