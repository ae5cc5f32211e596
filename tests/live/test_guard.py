# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that a run only reads without permission to write, changes only its own objects, and always removes them."""

from __future__ import annotations

import json
import tempfile

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response

from .guard import Guard
from .planted import DESCRIPTIONS, PHONE, Twisted, find_path, run
from .run import RunError, Runner, Wanted
from .sides import make_emulated, make_side

GRAPH = "https://graph.test"
OWN, OTHER = "11111111-2222-4333-8444-555555555555", "99999999-2222-4333-8444-555555555555"
PROFILES, DEVICES = "/deviceManagement/deviceConfigurations", "/deviceManagement/managedDevices"
REMOVED = ("tenant.device_configurations", "tenant.configuration_policies", "tenant.health_scripts")


@pytest.fixture(autouse=True)
def _own_locks(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


# --- allowed requests -----------------------------------------------------------------------------------------------


def request(method, path, body=None, version="v1.0"):
    return Request(method, f"{GRAPH}/{version}{path}", body=None if body is None else json.dumps(body).encode())


def batch(*items):
    return request(
        "POST", "/$batch", {"requests": [{"id": str(number), "method": method, "url": url} for number, (method, url) in enumerate(items)]}
    )


def is_sent(guard, wanted):
    try:
        guard.check(wanted)
    except errors.NotSentError:
        return False
    return True


READS = [
    request("GET", DEVICES),
    request("GET", f"{DEVICES}('{OWN}')", version="beta"),
    request("POST", "/deviceManagement/reports/getConfigurationPolicyDevicesReport", {}),
    batch(("GET", f"{DEVICES}/{OWN}"), ("GET", "/organization")),
]
CREATIONS = [request("POST", PROFILES, {}), request("POST", "/deviceManagement/configurationPolicies", {}, "beta")]
OWN_CHANGES = [
    request("PATCH", f"{PROFILES}/{OWN}", {}),
    request("DELETE", f"{PROFILES}/{OWN.upper()}"),
    request("PUT", f"{PROFILES}/{OWN}", {}),
]
NEVER = [
    request("POST", f"{PROFILES}/{OWN}/assign", {}),
    request("POST", f"{PROFILES}/{OWN}", {}),
    request("DELETE", f"{PROFILES}/{OTHER}"),
    request("DELETE", PROFILES),
    request("PATCH", f"{PROFILES}/{OTHER}/{OWN}", {}),
    request("POST", f"{DEVICES}/{OWN}/wipe"),
    request("POST", f"{DEVICES}/{OWN}/retire"),
    request("DELETE", f"{DEVICES}/{OWN}"),
    request("POST", "/deviceManagement/reports/exportJobs", {}),
    request("POST", "/servicePrincipals", {}),
    request("PATCH", "/organization/x", {}),
    batch(("GET", DEVICES), ("DELETE", f"{PROFILES}/{OTHER}")),
    batch(("POST", f"{DEVICES}/{OWN}/wipe")),
]
RESETS = [request("POST", f"{DEVICES}/{OWN}/resetPasscode"), batch(("POST", f"{DEVICES}/{OWN}/resetPasscode"))]


def test_reads_are_sent_and_nothing_else():
    guard = Guard()
    assert all(is_sent(guard, each) for each in READS)
    assert not any(is_sent(guard, each) for each in [*CREATIONS, *OWN_CHANGES, *RESETS, *NEVER])
    # Not even a created object, or a named device.
    guard.learn(CREATIONS[0], Response(201, {}, json.dumps({"id": OWN}).encode()))
    guard.allow_reset(OWN)
    assert not any(is_sent(guard, each) for each in [*CREATIONS, *OWN_CHANGES, *RESETS])
    assert f"POST /v1.0{PROFILES}" in guard.refused


def test_writes_change_what_was_created_and_nothing_else():
    guard = Guard(may_write=True)
    assert all(is_sent(guard, each) for each in [*READS, *CREATIONS])
    assert not any(is_sent(guard, each) for each in [*OWN_CHANGES, *RESETS, *NEVER])
    guard.learn(CREATIONS[0], Response(409, {}, json.dumps({"id": OWN}).encode()))
    guard.learn(CREATIONS[0], Response(201, {}, json.dumps({"id": ""}).encode()))
    guard.learn(READS[0], Response(200, {}, json.dumps({"id": OWN}).encode()))
    assert not any(is_sent(guard, each) for each in OWN_CHANGES)
    guard.learn(CREATIONS[0], Response(201, {}, json.dumps({"id": OWN}).encode()))
    assert all(is_sent(guard, each) for each in OWN_CHANGES)
    assert not any(is_sent(guard, each) for each in [*RESETS, *NEVER])


def test_the_device_that_was_named_is_reset_and_no_other():
    guard = Guard(may_write=True)
    guard.allow_reset(OTHER)
    assert not any(is_sent(guard, each) for each in RESETS)
    guard.allow_reset(OWN)
    assert all(is_sent(guard, each) for each in RESETS)
    assert not any(is_sent(guard, each) for each in NEVER)


def writes(wire):
    return [f"{each.method} {find_path(each.url)}" for each in wire.sent if each.is_write and not each.url.endswith("/$batch")]


@pytest.mark.parametrize("device", [None, PHONE])
def test_a_run_only_reads_by_default(device):
    wire = Twisted()
    found = run(wire, may_write=False, device=device)
    assert writes(wire) == [] and not any(each.is_write for each in wire.sent if b"resetPasscode" in (each.body or b""))
    assert "what creates and removes something: LIVE_WRITE is not 1" in found.skipped
    assert ("the reset of the device: LIVE_WRITE is not 1" in found.skipped) == (device is not None)


def test_a_run_resets_nothing_without_a_device():
    wire = Twisted()
    run(wire, device=None)
    assert writes(wire) and not any("resetPasscode" in f"{each.url}{each.body!r}" for each in wire.sent)


@pytest.mark.parametrize("device", ["NO-SUCH-DEVICE", "LT-DUPLICATE"])
def test_a_device_must_be_one(device):
    wire = Twisted()
    with pytest.raises(RunError, match="must be the name, serial number, or ID of one device"):
        run(wire, device=device)
    assert writes(wire) == []


# --- removals -------------------------------------------------------------------------------------------------------


def own_objects(wire):
    """Return the names of the existing objects that the run created."""
    answers = [wire.admin_list(path) for path in ("deviceConfigurations", "configurationPolicies", "deviceHealthScripts")]
    return sorted(name for names in answers for name in names if name.startswith("PIN reset live test"))


class Service(Twisted):
    """A service that shows a test all policies and scripts."""

    def admin_list(self, collection):
        answer = self.ask(Request("GET", f"{GRAPH}/beta/deviceManagement/{collection}"))
        return [str(each.get("displayName") or each.get("name")) for each in json.loads(answer.body)["value"]]


def runner(wire, **options):
    wanted = Wanted("PIN reset live test 1", may_write=True)
    emulated = make_emulated(DESCRIPTIONS)
    return Runner(make_side(wire, DESCRIPTIONS, Guard(may_write=True)), emulated, wanted, options.get("roles"), lambda _text: None)


def test_everything_is_removed():
    wire = Service()
    found = runner(wire).run()
    assert found.left == [] and own_objects(wire) == []
    # Each request occurred: a creation, a change, and a removal of each kind.
    assert [each.split()[0] for each in writes(wire)] == ["POST", "PATCH", "DELETE"] * 3


class Refusing(Service):
    """A service that does not process a refused request."""

    def __init__(self, method, path):
        super().__init__()
        self.refused = method, path

    def ask(self, request):
        if request.method == self.refused[0] and find_path(request.url).startswith(self.refused[1]):
            return Response(500, {}, json.dumps({"error": {"code": "InternalServerError", "message": "No."}}).encode())
        return super().ask(request)


def test_what_cannot_be_removed_is_told():
    wire = Refusing("DELETE", PROFILES)
    found = runner(wire).run()
    assert found.left == ["PIN reset live test 1 profile"] == own_objects(wire)
    assert ("outcome", "profile, remove") in {(each.kind, each.where) for each in found.comparison.differences}


def test_a_failed_change_is_no_reason_to_leave_something():
    wire = Refusing("PATCH", "/deviceManagement/")
    found = runner(wire).run()
    assert found.left == [] and own_objects(wire) == []
    assert {"profile, change", "catalog policy, change"} <= {each.where for each in found.comparison.differences}


@pytest.mark.parametrize("failure", [KeyboardInterrupt, SystemExit, MemoryError])
def test_an_interrupted_run_removes_what_it_created(failure):
    wire = Service()

    def interrupt(sent):
        if sent.method == "PATCH":
            wire.before = None
            raise failure

    wire.before = interrupt
    running = runner(wire)
    if failure is MemoryError:
        running.run()
    else:
        with pytest.raises(failure):
            running.run()
    assert running.left == [] and own_objects(wire) == []


def test_an_interrupted_removal_is_told():
    wire = Service()

    def interrupt(sent):
        if sent.method == "DELETE":
            raise KeyboardInterrupt

    wire.before = interrupt
    running = runner(wire)
    with pytest.raises(KeyboardInterrupt):
        running.run()
    assert running.left == ["PIN reset live test 1 profile"] == own_objects(wire)


def test_what_was_created_and_is_not_found_is_told():
    """The list does not show the new profile yet when the run removes it."""

    def twist(method, path, response):
        deletes = [each for each in wire.sent if each.method == "PATCH"]
        if method == "GET" and path == PROFILES and deletes:
            return Response(200, response.headers, json.dumps({"value": []}).encode())
        return response

    wire = Service(twist)
    found = runner(wire).run()
    assert found.left == ["PIN reset live test 1 profile"] == own_objects(wire)


def test_groups_without_their_permission_are_not_run():
    wire = Service()
    found = runner(wire, roles=["DeviceManagementConfiguration.ReadWrite.All"]).run()
    assert found.skipped == ["probe: the token does not have the permission DeviceManagementScripts.ReadWrite.All"]
    assert not any("deviceHealthScripts" in each for each in writes(wire))
