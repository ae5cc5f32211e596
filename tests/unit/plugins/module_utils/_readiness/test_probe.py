# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Response
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.model import Unread
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.probe import read_device, read_probe
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.proof import Proof
from tests.support.dsregcmd import possible, render_line
from tests.support.fakes import FakeCredential, Tenant, answer, error, intune, page, tenant

SCRIPT, OTHER = "cccccccc-0000-4000-8000-00000000000c", "dddddddd-0000-4000-8000-00000000000d"
DEVICE = "aaaaaaaa-0000-4000-8000-000000000001"
SCRIPTS = "GET /beta/deviceManagement/deviceHealthScripts"
BATCH = "POST /beta/$batch"
ON_DEVICE = f"GET /beta/deviceManagement/managedDevices/{DEVICE}/deviceHealthScriptStates"
EVERYBODY = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
ROW = {"id": "1", "preRemediationDetectionScriptOutput": render_line(possible), "managedDevice": {"id": DEVICE, "deviceName": "PC-1"}}
PROBE: dict[str, t.Any] = {"id": SCRIPT, "displayName": "Mine", "isGlobalScript": False}
REFUSED = (
    "Application is not authorized to perform this operation. Application must have one of the following scopes: DeviceManagementScripts"
)


def together(*parts: tuple[int, t.Any]) -> Response:
    """Return the response to a batch."""
    return answer(200, {"responses": [{"id": str(number), "status": status, "body": body} for number, (status, body) in enumerate(parts)]})


def service(listed: t.Any, batch: t.Any = None, roles: t.Sequence[str] = (), **more: t.Any) -> Tenant:
    return tenant({SCRIPTS: listed, BATCH: batch, **more}, credential=FakeCredential({"roles": list(roles)}))


def read(given: Tenant, *, reads_results: bool = True) -> tuple[Proof, Unread | None, str | None]:
    proof, unread = read_probe(given.client, "Mine", reads_results=reads_results)
    return proof, unread, proof.obstacle.code if proof.obstacle else None


def test_the_probe_and_its_first_results_are_read_together() -> None:
    given = service(
        page({**PROBE, "id": OTHER, "displayName": "Another"}, PROBE),
        together((200, {**PROBE, "assignments": [EVERYBODY]}), (200, {"value": [ROW]}), (200, {})),
    )
    proof, unread, code = read(given)
    assert (proof.id, proof.is_assigned, unread, code) == (SCRIPT, True, None, None)
    assert proof.states is not None and [(state.device_id, state.state) for state in proof.states] == [(DEVICE, "proven")]
    assert given.transport.targets == [SCRIPTS, BATCH]


@pytest.mark.parametrize(
    ("assignments", "license_", "code", "is_problem"),
    [
        pytest.param([EVERYBODY], (200, {"hasValidWindowsLicense": True}), "no_results", False, id="assigned"),
        pytest.param([EVERYBODY], (200, {"hasValidWindowsLicense": False}), "license_unconfirmed", True, id="without the license"),
        pytest.param([EVERYBODY], (200, {}), "no_results", False, id="nothing is said of the license"),
        pytest.param([EVERYBODY], (403, {"error": {"code": "x", "message": "No."}}), "no_results", False, id="the license is hidden"),
        pytest.param([], (200, {"hasValidWindowsLicense": False}), "probe_not_assigned", False, id="to nobody"),
    ],
)
def test_a_probe_without_results(assignments: list[t.Any], license_: tuple[int, t.Any], code: str, is_problem: bool) -> None:
    given = service(page(PROBE), together((200, {**PROBE, "assignments": assignments}), (200, {"value": []}), license_))
    proof, unread, found = read(given)
    assert (proof.states, unread is not None, found) == ((), is_problem, code)
    assert given.transport.targets == [SCRIPTS, BATCH]


@pytest.mark.parametrize(
    "listed",
    [
        pytest.param(page(), id="none at all"),
        pytest.param(page({**PROBE, "displayName": "mine"}), id="in another letter case"),
        pytest.param(page({**PROBE, "isGlobalScript": True}), id="one of Microsoft's own"),
    ],
)
def test_no_probe_of_the_name(listed: Response) -> None:
    proof, unread, code = read(service(listed))
    assert (proof.id, proof.states, code) == (None, None, "probe_missing")
    assert unread is not None and "'Mine'" in unread.problem


def test_several_probes_of_the_name() -> None:
    proof, unread, code = read(service(page(PROBE, {**PROBE, "id": OTHER})))
    assert (proof.id, proof.states, code) == (None, None, "probe_several")
    assert unread is not None and SCRIPT in unread.problem and OTHER in unread.problem


@pytest.mark.parametrize(
    ("roles", "told", "is_about_license"),
    [
        pytest.param(["DeviceManagementConfiguration.Read.All"], "DeviceManagementScripts.Read.All is missing", False, id="permission"),
        pytest.param(["DeviceManagementScripts.Read.All"], "Application is not authorized", True, id="it has the permission"),
    ],
)
def test_a_refused_list(roles: list[str], told: str, is_about_license: bool) -> None:
    proof, unread, code = read(service(intune(403, REFUSED), roles=roles))
    assert (proof.id, proof.states, code) == (None, None, "probe_unread")
    assert unread is not None and told in unread.problem and ("license" in unread.hint) is is_about_license
    assert not unread.may_pass


def test_results_that_may_not_be_read_leave_the_probe_known() -> None:
    body = {"error": {"code": "Forbidden", "message": REFUSED}}
    given = service(
        page(PROBE), together((200, {**PROBE, "assignments": [EVERYBODY]}), (403, body), (200, {})), ["DeviceManagementScripts.Read.All"]
    )
    proof, unread, code = read(given)
    assert (proof.id, proof.is_assigned, proof.states, code) == (SCRIPT, True, None, "probe_unread")
    assert unread is not None and "DeviceManagementManagedDevices.Read.All is missing" in unread.problem


def test_a_probe_that_was_deleted_meanwhile() -> None:
    body = {"error": {"code": "NotFound", "message": "Gone."}}
    assert read(service(page(PROBE), together((404, body), (404, body), (200, {}))))[2] == "probe_missing"


def test_a_failure_that_may_pass_says_nothing_of_licenses() -> None:
    _proof, unread, code = read(service(error(503)))
    assert code == "probe_unread" and unread is not None and unread.may_pass and "license" not in unread.hint


def test_a_token_that_is_refused_ends_the_task() -> None:
    with pytest.raises(errors.UnauthorizedError):
        read(service(error(401)))


# --- one device -----------------------------------------------------------------------------------------------------


def test_for_one_device_no_results_of_all_are_read() -> None:
    target = f"{SCRIPTS}/{SCRIPT}"
    given = tenant({SCRIPTS: page(PROBE), target: answer(200, {**PROBE, "assignments": [EVERYBODY]})})
    proof, unread, code = read(given, reads_results=False)
    assert (proof.id, proof.states, unread, code) == (SCRIPT, None, None, None)
    assert given.transport.targets == [SCRIPTS, target]


@pytest.mark.parametrize(
    ("response", "states", "code", "is_problem"),
    [
        pytest.param(page({**ROW, "policyId": SCRIPT, "deviceId": DEVICE}), ["proven"], None, False, id="an answer"),
        pytest.param(page(), [], "no_results", False, id="no answer"),
        pytest.param(error(403), None, "probe_unread", True, id="refused"),
    ],
)
def test_the_word_about_one_device(response: Response, states: list[str] | None, code: str | None, is_problem: bool) -> None:
    given = tenant({ON_DEVICE: response})
    proof, unread = read_device(given.client, Proof("Mine", SCRIPT, True), SCRIPT, DEVICE)
    assert (None if proof.states is None else [state.state for state in proof.states]) == states
    assert (proof.obstacle.code if proof.obstacle else None, unread is not None) == (code, is_problem)
    assert proof.lists_devices
