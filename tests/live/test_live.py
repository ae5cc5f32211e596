# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that each planted difference of a service is found, and no other one."""

from __future__ import annotations

import dataclasses
import json
import re
import tempfile

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Response

from .compare import Event, compare_events
from .planted import PHONE, Twisted, change_body, run
from .recorder import Exchange
from .report import render
from .shapes import Facts

DEVICES, PROFILES, SCRIPTS = (
    "/deviceManagement/managedDevices",
    "/deviceManagement/deviceConfigurations",
    "/deviceManagement/deviceHealthScripts",
)


@pytest.fixture(autouse=True)
def _own_locks(tmp_path, monkeypatch):
    """Separate this machine's records of resets from other tests."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"intune": False},
        *(
            pytest.param(settings, marks=pytest.mark.exhaustive)
            for settings in (
                {"configuration_patch_status": "204", "script_patch_status": "204"},
                {"select_adds_id": True, "action_timestamps": "seconds", "error_date_zone": False},
                {"audit_access": "refuse", "audit_delay": 20.0, "visibility_delay": 30.0, "visibility_reads": 2},
                {"page_size": 2, "directory_page_size": 2, "batch_shuffle": False, "batch_item_header_case": True},
                {"windows_desktop": "done", "windows_license": "none", "beta": "allow", "unlisted_filter": "ignore"},
                {"approval_protects": ["scripts", "configuration_policies", "device_configurations", "reset_passcode"]},
            )
        ),
    ],
    ids=str,
)
def test_the_same_configuration_on_both_sides_gives_an_empty_report(settings, tmp_path):
    found = run(Twisted(**settings), device=None if "intune" in settings else PHONE, folder=str(tmp_path), **settings)
    assert found.comparison.differences == [] and found.comparison.uncompared == []
    assert "No difference was found." in render(found.comparison, cloud="global", modes=["reads"], skipped=[])


def each_item(change):
    return lambda body: [change(item) for item in body["value"]]


def first_item(change):
    return lambda body: change(body["value"][0])


PLANTED = {
    "an extra member": (
        change_body(DEVICES, each_item(lambda item: item.update(newProperty=1))),
        {("member", "answer.value[] has a member newProperty, which the emulated tenant never has")},
    ),
    "an extra member in one item": (
        change_body(DEVICES, first_item(lambda item: item.update(notes="x"))),
        {("member", "answer.value[] has a member notes, which the emulated tenant never has")},
    ),
    "an extra annotation": (
        change_body(DEVICES, lambda body: body.update({"@odata.deltaLink": "x"})),
        {("member", "answer has a member @odata.deltaLink, which the emulated tenant never has")},
    ),
    "a missing member": (
        change_body(DEVICES, each_item(lambda item: item.pop("joinType"))),
        {("member", "answer.value[] lacks the member joinType, which the emulated tenant always has")},
    ),
    "a member that is missing in one item": (
        change_body(DEVICES, first_item(lambda item: item.pop("joinType"))),
        {("member", "answer.value[] sometimes lacks the member joinType, which the emulated tenant always has")},
    ),
    "another type": (
        change_body(DEVICES, each_item(lambda item: item.update(osVersion=10))),
        {("type", "answer.value[].osVersion is number, and on the emulated tenant string")},
    ),
    "null": (
        change_body(DEVICES, first_item(lambda item: item.update(deviceName=None))),
        {("type", "answer.value[].deviceName is null or string, and on the emulated tenant string")},
    ),
    "text that is a list": (
        change_body("/organization", each_item(lambda item: item.update(displayName=["x"]))),
        {("type", "answer.value[].displayName is array, and on the emulated tenant string")},
    ),
    "a type that is not stated": (
        change_body("/deviceManagement/deviceEnrollmentConfigurations", each_item(lambda item: item.pop("@odata.type"))),
        {("member", "answer.value[] lacks the member @odata.type, which the emulated tenant always has")},
    ),
    "an enumeration's value": (
        change_body(DEVICES, first_item(lambda item: item.update(complianceState="quantum"))),
        {("enumeration", "answer.value[].complianceState has a value that complianceState does not have by Microsoft's description")},
    ),
    "a member of a created object": (
        change_body(PROFILES, lambda body: body.pop("version"), "POST"),
        {("member", "answer lacks the member version, which the emulated tenant always has")},
    ),
    "a member in a $batch": (
        change_body("/deviceManagement/remoteActionAudits", each_item(lambda item: item.update(extra=None))),
        {("member", "answer.value[] has a member extra, which the emulated tenant never has")},
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_a_response_holds_differently_is_found_and_nothing_else(name, tmp_path):
    twist, expected = PLANTED[name]
    is_followed = name in ("a member of a created object", "a member in a $batch")
    device = PHONE if is_followed else None
    found = run(Twisted(twist), may_write=is_followed, device=device, folder=str(tmp_path)).comparison.differences
    assert {(each.kind, each.what) for each in found} == expected, found
    assert len({each.where for each in found}) == 1, "each once, although several tasks ask"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"configuration_patch_status": "204"}, {("status", "answers 204, and on the emulated tenant 200")}),
        ({"script_patch_status": "204"}, {("status", "answers 204, and on the emulated tenant 200")}),
        ({"audit_access": "refuse"}, {("status", "answers 403 Forbidden, and on the emulated tenant 200, then 200 +1 items")}),
        ({"audit_delay": 90.0}, {("status", "answers 200, and on the emulated tenant 200, then 200 +1 items")}),
    ],
    ids=str,
)
def test_what_another_configuration_answers_is_found(settings, expected, tmp_path):
    found = run(Twisted(**settings), folder=str(tmp_path)).comparison.differences
    assert expected == {(each.kind, each.what) for each in found}, found


def status(path, number, code="Forbidden", method="GET"):
    inner = {"date": "2026-01-05T10:00:00", "request-id": "x", "client-request-id": "x"}
    body = {"error": {"code": code, "message": "No.", "innerError": inner}}

    def twist(asked, found, response):
        fits = asked == method and found == path
        return Response(number, response.headers, json.dumps(body).encode()) if fits else response

    return twist


def test_an_error_instead_of_an_answer_is_found_with_its_consequences(tmp_path):
    found = run(Twisted(status("/subscribedSkus", 403)), folder=str(tmp_path)).comparison.differences
    assert [(each.kind, each.what) for each in found] == [("status", "answers 403 Forbidden, and on the emulated tenant 200")]
    found = run(Twisted(status(SCRIPTS, 500)), may_write=False, device=None).comparison.differences
    kinds = {(each.kind, each.where.partition("?")[0]) for each in found}
    assert kinds >= {("outcome", "probe, check mode"), ("status", f"GET /beta{SCRIPTS}")}


def phone(wire):
    return next(each for each in wire.tenant.devices if each.own["deviceName"] == PHONE)


def test_a_delay_of_a_device_is_found(tmp_path):
    wire = Twisted()
    phone(wire).simulation.patch({"active": 60.0, "terminal": 120.0})
    found = run(wire, folder=str(tmp_path)).comparison.differences
    delays = [each for each in found if each.kind == "delay" and each.where.endswith(" 200 done")]
    assert [re.sub(r"1[23]\d", "N", each.what) for each in delays] == [
        "came after N seconds of waiting, and on the emulated tenant after 2"
    ], found


def test_a_slow_response_is_found():
    wire = Twisted()

    def wait(request):
        wire.clock.seconds += 20 if request.url.partition("?")[0].endswith("/deviceHealthScripts") else 0

    wire.before = wait
    (found,) = run(wire, may_write=False, device=None).comparison.differences
    assert (found.kind, found.what) == ("delay", "took 20 seconds, and on the emulated tenant 0")


def test_a_change_that_is_read_late_is_found():
    """Show the profile for ten seconds as it was before its change."""
    changed: list[float] = []

    def twist(method, path, response):
        if not path.startswith(f"{PROFILES}/") or response.status >= 300:
            return response
        if method == "PATCH":
            changed.append(wire.clock.seconds)
        elif changed and wire.clock.seconds < changed[0] + 10:
            old = {**json.loads(response.body), "description": ""}
            return dataclasses.replace(response, body=json.dumps(old).encode())
        return response

    wire = Twisted(twist)
    (found,) = run(wire, device=None).comparison.differences
    assert (found.kind, found.where, found.tasks) == ("delay", "the end of the task", ("profile, change",))
    assert re.fullmatch(r"came after 1\d seconds of waiting, and on the emulated tenant after 0", found.what)


def test_headers_that_are_missing_are_found():
    def twist(_method, path, response):
        kept = {name: value for name, value in response.headers.items() if path != DEVICES or name != "request-id"}
        return dataclasses.replace(response, headers=kept)

    (found,) = run(Twisted(twist), may_write=False, device=None).comparison.differences
    assert (found.kind, found.what) == ("header", "lacks the header request-id, which the emulated tenant always has")


def test_an_object_that_is_visible_late_is_found(tmp_path):
    asked: list[str] = []

    def twist(method, path, response):
        if method == "GET" and path.startswith(f"{PROFILES}/") and response.status == 200 and not asked:
            asked.append(path)
            return status(path, 404, "ResourceNotFound")(method, path, response)
        return response

    found = run(Twisted(twist), folder=str(tmp_path)).comparison.differences
    told = {(each.kind, each.what, each.tasks) for each in found}
    assert told == {("status", "answers 404 ResourceNotFound, then 200, and on the emulated tenant 200", ("profile, create",))}


# --- order and delays of otherwise equal exchanges -------------------------------------------------------------------


def exchange(operation, status=200, *, progress=(), waited=0.0, items=None):
    return Exchange("reset", operation, status, None, Facts(), False, frozenset(), tuple(progress), items, waited, 0.1)


def test_another_order_is_found():
    here = [exchange("POST /a", 204), exchange("GET /b"), exchange("GET /b", progress=["pending"]), exchange("GET /b", progress=["done"])]
    there = [here[0], here[1], here[3], here[2]]
    assert list(compare_events("reset", here, here)) == []
    (found,) = compare_events("reset", there, here)
    assert (found.kind, found.where) == ("order", "GET /b 200 done")
    assert found.what == "comes before: GET /b 200 pending; on the emulated tenant it comes after it"


def test_a_whole_run_finds_another_order(tmp_path):
    wire = Twisted()
    phone(wire).simulation.patch({"active": 0.0, "terminal": 0.5})
    found = run(wire, folder=str(tmp_path)).comparison.differences
    assert {each.kind for each in found} == {"order", "status"}, found


def test_what_repeats_is_one_event():
    here = [exchange("GET /b", 404), exchange("GET /b", 404), exchange("GET /b")]
    assert list(compare_events("reset", [here[0], here[2]], here)) == []


def test_what_was_there_before_is_no_event():
    there = [exchange("GET /b", progress=["done", "failed"], items=7), exchange("GET /b", progress=["done", "failed", "done"], items=8)]
    here = [exchange("GET /b", items=0), exchange("GET /b", progress=["done"], items=1)]
    assert list(compare_events("reset", there, here)) == []


def test_a_delay_is_told_once_and_a_short_one_not():
    here = [exchange("POST /a", 204), exchange("GET /b", waited=2.0), exchange("GET /c", waited=3.0)]
    there = [here[0], exchange("GET /b", waited=62.0), exchange("GET /c", waited=63.0)]
    (found,) = compare_events("reset", there, here)
    assert (found.kind, found.where) == ("delay", str(Event("GET /b", "200")))
    assert found.what == "came after 62 seconds of waiting, and on the emulated tenant after 2"
    assert list(compare_events("reset", [here[0], exchange("GET /b", waited=3.5), exchange("GET /c", waited=4.5)], here)) == []


def test_names_that_nobody_knows_are_listed_to_be_looked_at():
    twist = change_body(DEVICES, each_item(lambda item: item.update(newProperty=1, notes="x", x_y=2)))
    found = run(Twisted(twist), may_write=False, device=None)
    assert found.comparison.new_names == ["newProperty"]
    report = render(found.comparison, cloud="global", modes=["reads"], skipped=[])
    assert "Names of members that Microsoft's description does not have: `newProperty`. Remove any" in report
