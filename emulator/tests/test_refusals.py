# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Check that the response, the journal, and once per kind the output report unsupported requests, with the missing support."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import intune_emulator
import pytest
import requests
from emulator_support.client import ORIGIN
from intune_emulator import EmulatorProcess
from intune_emulator.application import ROUTES
from intune_emulator.http.refusals import ISSUES, find_file
from intune_emulator.state.notices import LAST_LINE, MAX_LINES, Notices

FOLDER = Path(intune_emulator.__file__).parents[1]
HEADER = "x-emulator-refused"
V1, BETA = "/v1.0/deviceManagement", "/beta/deviceManagement"
DEVICES = f"{V1}/managedDevices"
UNKNOWN = "33333333-3333-4333-8333-333333333333"


@pytest.fixture
def lines(client: Any) -> list[str]:
    """Return the lines of the output so far."""
    told: list[str] = []
    client.tenant.notices = Notices(told.append)
    return told


@pytest.mark.parametrize(
    ("method", "path", "body", "reason", "file"),
    [
        pytest.param("GET", "/v1.0/nonsense", None, "unknown path", "entra/routes.py", id="route"),
        pytest.param("GET", "/v1.0/users/x/manager", None, "/users in v1.0 is not emulated", "entra/routes.py", id="route of a known one"),
        pytest.param("GET", f"{V1}/detectedApps", None, "/deviceManagement in v1.0", "intune/routes.py", id="route of Intune"),
        pytest.param("GET", "/beta/deviceAppManagement/mobileApps", None, "unknown path", "intune/routes.py", id="route of its apps"),
        pytest.param("DELETE", f"{DEVICES}/{UNKNOWN}", None, "DELETE on this path", "intune/routes.py", id="method"),
        pytest.param("GET", f"{DEVICES}?$search=x", None, "query option $search", "intune/devices.py", id="query option"),
        pytest.param("GET", f"{DEVICES}?select=id", None, "query parameter without $", "intune/devices.py", id="query parameter"),
        pytest.param("GET", f"{DEVICES}?$orderby=model", None, "$orderby=model", "intune/devices.py", id="order"),
        pytest.param("GET", f"{DEVICES}?$select=id,color", None, "'color' of managedDevice", "intune/devices.py", id="property"),
        pytest.param("GET", "/v1.0/users?$select=department", None, "'department' of user", "entra/users.py", id="property of a user"),
        pytest.param("GET", f"{DEVICES}?$filter=color eq 'x'", None, "'color' of managedDevice", "intune/devices.py", id="name"),
        pytest.param("GET", f"{DEVICES}?$filter=notes eq 'x'", None, "setting unlisted_filter", "intune/devices.py", id="filter"),
        pytest.param("GET", f"{DEVICES}?$filter=endswith(model,'x')", None, "function 'endswith'", "intune/devices.py", id="function"),
        pytest.param("GET", "/v1.0/users?$filter=userType eq 'Guest'", None, "'eq' on property 'userType'", "entra/users.py", id="rule"),
        pytest.param(
            "POST", "/v1.0/applications", {"displayName": "x", "color": 1}, "'color' of application", "entra/applications.py", id="body"
        ),
        pytest.param("POST", f"{DEVICES}/{{device}}/resetPasscode", {"x": 1}, "parameter 'x'", "intune/devices.py", id="parameter"),
    ],
)
def test_each_kind_is_told_in_three_places(
    client: Any, lines: list[str], method: str, path: str, body: Any, reason: str, file: str
) -> None:
    path = path.format(device=client.device("PHONE-HELPDESK-01")["id"])
    refused = [client.call(method, path, body) for _time in range(2)]
    assert [response.status_code in (400, 405) for response in refused] == [True, True], refused[0].text
    text = refused[0].headers[HEADER]
    assert reason in text and text.endswith(f"add it to intune_emulator/{file}, or open an issue: {ISSUES}")
    assert (FOLDER / "intune_emulator" / file).is_file()
    assert [entry["refused"] for entry in client.journal()[-2:]] == [text, text]
    assert len(lines) == 1 and lines[0].startswith(f"Refused {method} /") and lines[0].endswith(f": {text}")


def test_what_the_service_refuses_is_not_told(client: Any, lines: list[str]) -> None:
    paths = [
        f"{DEVICES}?$select=id,roleScopeTagIds",
        f"{DEVICES}?$filter=ownerType2 eq",
        f"{DEVICES}?$top=1&$top=2",
        f"{DEVICES}/{UNKNOWN}",
        f"{V1}/remoteActionAudits",
        f"{DEVICES}/$count?$filter=azureADDeviceId eq '{UNKNOWN}'",
        f"{BETA}/remoteActionAudits?$filter=managedDeviceId eq '{UNKNOWN}'",
    ]
    responses = [client.get(path) for path in paths]
    assert {response.status_code for response in responses} == {400, 404}
    assert not [path for path, response in zip(paths, responses, strict=True) if HEADER in response.headers] and lines == []
    assert client.call("GET", DEVICES, roles=["User.Read.All"]).status_code == 403 and lines == []


def test_a_kind_is_one_line_whatever_the_ids(client: Any, lines: list[str]) -> None:
    for name in (UNKNOWN, UNKNOWN.replace("3", "4")):
        client.get(f"{DEVICES}/{name}?$expand=users")
        client.get(f"{DEVICES}/{name}/detectedApps")
        client.get(f"/v1.0/groups(uniqueName='{name}')/sites/{name[0]}")
    assert [line.partition(": ")[0] for line in lines] == [
        "Refused GET /v1.0/deviceManagement/managedDevices/{id}",
        "Refused GET /v1.0/deviceManagement/managedDevices/{id}/detectedApps",
        "Refused GET /v1.0/groups(uniqueName='{name}')/sites/{id}",
    ]


def test_the_directory_names_what_advanced_queries_need(client: Any, lines: list[str]) -> None:
    advanced = client.get("/v1.0/users?$count=true&$filter=displayName ne 'x'", consistencylevel="eventual")
    assert "ConsistencyLevel: eventual and $count=true" in advanced.headers[HEADER]
    plain = client.get("/v1.0/users?$select=department")
    assert "ConsistencyLevel" not in plain.headers[HEADER]
    intune = client.get(f"{DEVICES}?$search=x")
    assert "ConsistencyLevel" not in intune.headers[HEADER]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("If-Match", '"x"', "header if-match: objects have no ETags here"),
        ("If-None-Match", "*", "header if-none-match: objects have no ETags here"),
        ("ConsistencyLevel", "eventual", "header consistencylevel: advanced queries are not emulated"),
        ("x-ms-throttle-priority", "Low", "header x-ms-throttle-priority"),
        ("Prefer", "include-unknown-enum-members", "header prefer: preference include-unknown-enum-members"),
        ("Prefer", "create-if-missing", "header prefer: preference create-if-missing"),
        ("Prefer", "odata.maxpagesize=5; x=y", "header prefer: preference odata.maxpagesize=5"),
        ("Accept", "application/json;odata.metadata=full", "header accept: responses have the minimal metadata only"),
    ],
)
def test_headers_that_matter_are_told_and_refuse_nothing(client: Any, lines: list[str], name: str, value: str, reason: str) -> None:
    for _time in range(2):
        response = client.get(DEVICES, **{name: value})
        assert response.status_code == 200 and HEADER not in response.headers
    (text,) = client.journal()[-1]["ignored"]
    assert text.startswith(reason) and "change intune_emulator/http/headers.py, or open an issue" in text
    assert lines == [f"Ignored in GET /v1.0/deviceManagement/managedDevices: {text}"]


def test_headers_that_are_followed_or_unknown_are_silent(client: Any, lines: list[str]) -> None:
    path = "/v1.0/applications(uniqueName='automation')"
    made = client.call("PATCH", path, {"displayName": "Automation"}, prefer="create-if-missing", accept="application/json")
    assert made.status_code == 201
    known = {"x-own": "1", "accept": "application/json;odata.metadata=minimal", "prefer": "", "sdkversion": "x"}
    assert client.get(DEVICES, **known).status_code == 200
    assert lines == [] and not [entry for entry in client.journal() if entry["ignored"] or entry["refused"]]


def test_preferences_are_told_one_by_one(client: Any, lines: list[str]) -> None:
    client.get(DEVICES, prefer="return=minimal, respond-async;wait=5")
    assert [text.partition(" is ")[0] for text in client.journal()[-1]["ignored"]] == [
        "header prefer: preference return=minimal",
        "header prefer: preference respond-async",
    ]


def test_items_of_a_batch_are_told_too(client: Any, lines: list[str]) -> None:
    items = [
        {"id": "1", "method": "GET", "url": "/deviceManagement/managedDevices?$skip=1"},
        {"id": "2", "method": "GET", "url": "/deviceManagement/managedDevices", "headers": {"If-Match": "x"}},
    ]
    responses = {item["id"]: item for item in client.call("POST", "/v1.0/$batch", {"requests": items}).json()["responses"]}
    assert "query option $skip" in responses["1"]["headers"][HEADER] and responses["2"]["status"] == 200
    assert [line.split()[0] for line in lines] == ["Refused", "Ignored"]


def test_compressed_bodies_are_refused(client: Any) -> None:
    body = gzip.compress(json.dumps({"displayName": "x"}).encode())
    headers = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/json", "Content-Encoding": "gzip"}
    response = client.http.post("/v1.0/applications", content=body, headers=headers)
    assert response.status_code == 400 and "header content-encoding" in response.headers[HEADER]


def test_the_login_service_tells_unknown_paths(client: Any, lines: list[str]) -> None:
    response = client.http.post("/common/oauth2/v2.0/devicecode")
    assert response.status_code == 404 and len(lines) == 1
    assert lines[0].startswith("Refused POST /common/oauth2/v2.0/devicecode: unknown path. ")
    assert client.journal()[-1]["refused"] in lines[0] and "entra/login_routes.py" in lines[0]


@pytest.mark.parametrize(
    ("method", "path", "form", "reason"),
    [
        ("POST", "/{tenant}/oauth2/v2.0/token", {"grant_type": "password", "client_id": "x"}, "grant type 'password'"),
        ("POST", "/common/oauth2/v2.0/token", {"grant_type": "client_credentials", "client_id": "x"}, "tenant name 'common'"),
        ("GET", "/organizations/v2.0/.well-known/openid-configuration", None, "tenant name 'organizations'"),
        ("GET", "/msi/token?api-version=2018-02-01", None, "api-version '2018-02-01' of the managed identity"),
    ],
)
def test_the_login_service_tells_what_it_does_not_have(
    client: Any, lines: list[str], method: str, path: str, form: dict[str, str] | None, reason: str
) -> None:
    headers = {"X-IDENTITY-HEADER": client.tenant.keys.identity_header}
    response = client.http.request(method, path.format(tenant=client.tenant.tenant_id), data=form, headers=headers)
    assert response.status_code == 400 and client.journal()[-1]["refused"].startswith(f"{reason}. If the login service accepts this")
    assert len(lines) == 1 and reason in lines[0] and (FOLDER / "intune_emulator/entra/login.py").is_file()


def test_the_login_service_is_silent_about_wrong_credentials(client: Any, lines: list[str]) -> None:
    form = {"grant_type": "client_credentials", "client_id": client.tenant.client_id, "client_secret": "x", "scope": f"{ORIGIN}/.default"}
    assert client.http.post(f"/{client.tenant.tenant_id}/oauth2/v2.0/token", data=form).status_code == 401
    assert client.http.get("/contoso.example/v2.0/.well-known/openid-configuration").status_code == 400
    assert lines == [] and not [entry for entry in client.journal() if entry["refused"]]


def test_texts_of_the_client_are_made_harmless(client: Any, lines: list[str]) -> None:
    response = client.get(f"{DEVICES}?$select=" + "%0A%C3%A4" + "x" * 5000)
    text = response.headers[HEADER]
    assert response.status_code == 400 and "'?xxx" in text and len(text) < 600
    client.http.post("/x%0a%1b[31m" + "y" * 5000)
    assert all(line.isprintable() and len(line) <= 1000 for line in lines) and len(lines) == 2


def test_notices_are_bounded() -> None:
    told: list[str] = []
    notices = Notices(told.append)
    for number in range(MAX_LINES * 3):
        notices.tell(f"line {number // 2}")
    assert len(told) == MAX_LINES + 1 and told[-1] == LAST_LINE and told[0] == "line 0"


def test_every_route_names_the_file_of_its_handler(client: Any) -> None:
    files = {find_file(None, route) for route in ROUTES}  # type: ignore[arg-type]  # the request is for unknown paths only
    assert len(files) > 15 and not [file for file in files if not (FOLDER / file).is_file()]


def test_the_process_shows_each_kind_once(emulator: EmulatorProcess, session: requests.Session) -> None:
    headers = {"Authorization": f"Bearer {emulator.control.token()}"}
    path = f"/v1.0/onlyInThisTest{emulator.pid}"
    for _time in range(2):
        assert session.get(emulator.env["INTUNE_GRAPH_URL"] + path, headers=headers).status_code == 400
    emulator.control.health()
    assert [line for line in emulator.output.splitlines() if path in line] != [] and emulator.output.count(path) == 1
