# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._probe.results import (
    fetch_device_states,
    fetch_states,
    render_states_request,
)
from tests.support.dsregcmd import OUTPUTS, possible, render_line
from tests.support.fakes import GRAPH, answer, error, page, query_of, tenant

SCRIPT = "cccccccc-0000-4000-8000-00000000000c"
ROWS = f"GET /beta/deviceManagement/deviceHealthScripts/{SCRIPT}/deviceRunStates"
ONE, TWO = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"


def row(number: int, output: str = render_line(possible)) -> dict[str, t.Any]:
    device = {"id": f"device-{number:05}", "deviceName": f"PC-{number:05}"}
    return {"id": f"{SCRIPT}:{number}", "preRemediationDetectionScriptOutput": output, "managedDevice": device}


def on_device(device: str, **members: t.Any) -> dict[str, t.Any]:
    line = render_line(OUTPUTS["destructive reset only"])
    return {"policyId": SCRIPT, "deviceId": device, "userName": "Ada", "preRemediationDetectionScriptOutput": line, **members}


def states_of(device: str) -> str:
    return f"GET /beta/deviceManagement/managedDevices/{device}/deviceHealthScriptStates"


def test_all_pages_are_read_with_what_is_needed_of_a_row() -> None:
    following = f"{GRAPH}/beta/deviceManagement/deviceHealthScripts/{SCRIPT}/deviceRunStates?$skiptoken=2"
    service = tenant({ROWS: [page(row(1), next_link=following), page(row(2, "")), page()]})
    assert [(state.device_name, state.state) for state in fetch_states(service.client, SCRIPT)] == [
        ("PC-00001", "proven"),
        ("PC-00002", "unknown"),
    ]
    first, second = service.transport.sent
    assert first.url == render_states_request(service.client, SCRIPT).url and second.url == following
    assert query_of(first) == {
        "$select": "id,detectionState,lastStateUpdateDateTime,lastSyncDateTime,preRemediationDetectionScriptOutput,"
        "preRemediationDetectionScriptError",
        "$expand": "managedDevice($select=id,deviceName,userPrincipalName)",
        "$top": "100",
    }


def test_ten_thousand_rows_take_a_request_for_each_page() -> None:
    pages = [
        page(
            *(row(number) for number in range(start, start + 100)),
            next_link=f"{GRAPH}/beta/x?$skiptoken={start}" if start < 9900 else None,
        )
        for start in range(0, 10_000, 100)
    ]
    service = tenant(pages)
    assert len(fetch_states(service.client, SCRIPT)) == 10_000
    assert len(service.transport.sent) == 100


def test_a_refusal_is_raised() -> None:
    with pytest.raises(errors.ForbiddenError):
        fetch_states(tenant({ROWS: error(403)}).client, SCRIPT)


def test_one_device_is_one_request() -> None:
    service = tenant({states_of(ONE): page(on_device(ONE, policyId=SCRIPT.upper()), on_device(ONE, policyId=TWO))})
    found = fetch_device_states(service.client, SCRIPT, [ONE, ONE])
    state = found[ONE]
    assert list(found) == [ONE] and state is not None and (state.state, state.user_name) == ("not_proven", "Ada")
    assert service.transport.targets == [states_of(ONE)]


def test_several_devices_are_one_batch() -> None:
    rows = {ONE: [on_device(ONE)], TWO: []}

    def respond(request: Request) -> Response:
        assert request.body is not None
        calls = json.loads(request.body)["requests"]
        bodies = [{"value": rows[call["url"].split("/")[3]]} for call in calls]
        return answer(
            200, {"responses": [{"id": call["id"], "status": 200, "body": body} for call, body in zip(calls, bodies, strict=True)]}
        )

    service = tenant({"POST /beta/$batch": respond})
    found = fetch_device_states(service.client, SCRIPT, [ONE, TWO])
    assert {device: state and state.state for device, state in found.items()} == {ONE: "not_proven", TWO: None}
    assert service.transport.targets == ["POST /beta/$batch"]


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(error(404), id="no such device"),
        pytest.param(page(), id="it has run nothing"),
        pytest.param(page(on_device(ONE, policyId=TWO)), id="it has run another script"),
        pytest.param(page(on_device(TWO)), id="the answer of another device"),
        pytest.param(page({}), id="an empty row"),
    ],
)
def test_a_device_without_an_answer(response: Response) -> None:
    assert fetch_device_states(tenant({states_of(ONE): response}).client, SCRIPT, [ONE]) == {ONE: None}


def test_no_device_is_no_request() -> None:
    assert fetch_device_states(tenant().client, SCRIPT, []) == {}


def test_the_pages_of_a_device_are_read() -> None:
    following = f"{GRAPH}/beta/deviceManagement/managedDevices/{ONE}/deviceHealthScriptStates?$skiptoken=2"
    service = tenant({states_of(ONE): [page(next_link=following), page(on_device(ONE)), page()]})
    assert fetch_device_states(service.client, SCRIPT, [ONE])[ONE] is not None


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        pytest.param(("ada@contoso.test", "Ada"), "ADA@contoso.test", id="of one of them"),
        pytest.param(("eve@contoso.test",), "bob@contoso.test", id="of neither"),
        pytest.param((), "bob@contoso.test", id="of anybody"),
    ],
)
def test_of_several_users_of_a_device_the_answer_about_the_one_that_is_asked_for_counts(users: tuple[str, ...], expected: str) -> None:
    own = on_device(ONE, userName="ADA@contoso.test", lastStateUpdateDateTime="2026-01-01T08:00:00Z")
    newer = on_device(ONE, userName="bob@contoso.test", lastStateUpdateDateTime="2026-01-02T08:00:00Z")
    state = fetch_device_states(tenant({states_of(ONE): page(own, newer)}).client, SCRIPT, [ONE], users)[ONE]
    assert state and state.user_name == expected
