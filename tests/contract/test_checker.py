# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that the comparison finds problems: each case is a valid exchange with one change."""

from __future__ import annotations

import copy
import json
import pathlib
import typing as t

import pytest

from . import recordings
from .checker import Checker, find_names
from .contract import Contract
from .exchange import Exchange
from .form import ObjectForm, OperationForm
from .recordings import Summary

DEVICE = "7b1f0c52-6c1e-4f0a-9d53-0a3a4c9e1d11"
APP = "b8456c59-1230-44c7-a4a2-99b085333e84"
CUSTOM = "#microsoft.graph.windows10CustomConfiguration"
ALL_DEVICES = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
JSON = {"content-type": "application/json;odata.metadata=minimal", "request-id": "1"}

GONE = object()

Line = dict[str, t.Any]


def line(call: str, status: int, answer: t.Any = None, body: t.Any = None, version: str = "v1.0") -> Line:
    method, path = call.split(" ", 1)
    return {
        "method": method,
        "version": version,
        "path": path,
        "request_headers": {"content-type": "application/json"},
        "request_body": body,
        "status": status,
        "response_headers": dict(JSON),
        "response_body": answer,
    }


def error(code: str) -> t.Any:
    return {"error": {"code": code, "message": "No.", "innerError": {"date": "2026-01-05T10:00:00", "request-id": "1"}}}


RESULT = {
    "@odata.type": "#microsoft.graph.resetPasscodeActionResult",
    "actionName": "resetPasscode",
    "actionState": "done",
    "startDateTime": "2026-01-05T10:00:00.1234567Z",
    "lastUpdatedDateTime": "2026-01-05T10:03:11Z",
    "errorCode": 0,
    "passcode": None,
}
PROFILE = {
    "@odata.type": CUSTOM,
    "displayName": "PIN recovery",
    "description": None,
    "omaSettings": [
        {"@odata.type": "#microsoft.graph.omaSettingBoolean", "displayName": "E", "omaUri": "./Device/Vendor/MSFT/X", "value": True}
    ],
}
LISTED = {"@odata.context": "c", "@odata.count": 1, "value": [{"id": DEVICE, "deviceName": "PC-1"}]}

RIGHT: dict[str, Line] = {
    "list": line(
        "GET /deviceManagement/managedDevices?$select=id,deviceName&$filter=operatingSystem%20eq%20'joinType%20is%20text'&$top=2",
        200,
        LISTED,
    ),
    "next page": line("GET /deviceManagement/managedDevices?$select=id,deviceName&$skiptoken=abc", 200, LISTED),
    "count": {**line("GET /deviceManagement/managedDevices/$count", 200, "15"), "response_headers": {**JSON, "content-type": "text/plain"}},
    "count in beta": {
        **line("GET /deviceManagement/managedDevices/$count", 200, 15, version="beta"),
        "response_headers": {**JSON, "content-type": "text/plain"},
    },
    "device": line(
        f"GET /deviceManagement/managedDevices/{DEVICE}?$select=id,isEncrypted,deviceActionResults",
        200,
        {"id": DEVICE, "isEncrypted": True, "deviceActionResults": [RESULT, {"actionName": "syncDevice", "actionState": "pending"}]},
    ),
    "key in parentheses": line(f"GET /deviceManagement/managedDevices('{DEVICE}')", 200, {"id": DEVICE}),
    "reset": line(f"POST /deviceManagement/managedDevices/{DEVICE}/resetPasscode", 204),
    "reset with an empty object": line(f"POST /deviceManagement/managedDevices/{DEVICE}/resetPasscode", 204, body={}),
    "profile": line("POST /deviceManagement/deviceConfigurations", 201, {**PROFILE, "id": "1", "version": 1}, PROFILE),
    "expanded": line("GET /deviceManagement/deviceConfigurations/1?$expand=assignments($select=id)", 200, {**PROFILE, "assignments": []}),
    "an undescribed type": line(
        "GET /deviceManagement/deviceConfigurations/1",
        200,
        {"@odata.type": "#microsoft.graph.windows10GeneralConfiguration", "id": "1", "displayName": "Baseline", "cameraBlocked": True},
    ),
    "assign": line(
        "POST /deviceManagement/deviceConfigurations/1/assign",
        200,
        {"value": [{"id": "1_2", "target": ALL_DEVICES}]},
        {"assignments": [{"target": ALL_DEVICES}]},
    ),
    "alternate key": line(f"GET /servicePrincipals(appId='{APP}')?$select=id,appId", 200, {"id": DEVICE, "appId": APP}),
    "no content": line(f"PATCH /servicePrincipals(appId='{APP}')", 204, body={"accountEnabled": True}),
    "deleted": line("GET /directory/deletedItems/microsoft.graph.servicePrincipal", 200, {"value": [{"id": DEVICE, "appId": APP}]}),
    "one that is deleted": line(
        f"GET /directory/deletedItems/{DEVICE}", 200, {"@odata.type": "#microsoft.graph.servicePrincipal", "id": DEVICE, "appId": APP}
    ),
    "forbidden": line("GET /deviceManagement/managedDevices", 403, error("Forbidden")),
    "wrong on purpose": line("POST /deviceManagement/deviceConfigurations", 400, error("BadRequest"), {"nonsense": 1}),
    "property of a property": line("GET /deviceManagement/managedDevices?$filter=deviceActionResults/actionState eq 'x'", 200, LISTED),
    "wrong address": line("GET /deviceManagement/nonsense", 400, error("BadRequest")),
    "beta": line(
        "GET /deviceManagement/managedDevices?$select=id,joinType", 200, {"value": [{"id": "1", "joinType": "unknown"}]}, version="beta"
    ),
    "batch": line(
        "POST /$batch",
        200,
        {"responses": [{"id": "1", "status": 204}]},
        {"requests": [{"id": "1", "method": "POST", "url": "/x", "headers": {"Content-Type": "application/json"}, "body": {}}]},
    ),
}

TARGET = "request_body/assignments/0/target"
ENTRY = "response_body/deviceActionResults"
RESULTS = "response.body.deviceActionResults[*]"
# (valid exchange, place of the change, new value, place of the problem, a word of it)
Case = tuple[str, str, t.Any, str, str]
WRONG: dict[str, Case] = {
    "type": ("device", "response_body/isEncrypted", "yes", "response.body.isEncrypted", "boolean"),
    "null": ("device", "response_body/isEncrypted", None, "response.body.isEncrypted", "boolean"),
    "member": ("device", f"{ENTRY}/0/actionState", "fine", f"{RESULTS}.actionState", "fine"),
    "date": ("device", f"{ENTRY}/0/startDateTime", "now", f"{RESULTS}.startDateTime", "now"),
    "number": ("device", f"{ENTRY}/0/errorCode", 2**31, f"{RESULTS}.errorCode", "maximum"),
    "base type": ("device", f"{ENTRY}/1/errorCode", 0, f"{RESULTS}.errorCode", "no such"),
    "unknown property": ("key in parentheses", "response_body/pin", "1", "response.body.pin", "no such property"),
    "property of beta": ("key in parentheses", "response_body/joinType", "unknown", "response.body.joinType", "no such property"),
    "beta answer": ("beta", "version", "v1.0", "response.body.value[*].joinType", "no such property"),
    "beta selected": ("beta", "version", "v1.0", "request.query.$select", "joinType"),
    "not selected": ("list", "response_body/value/0/isEncrypted", True, "response.body.value[*].isEncrypted", "not selected"),
    "filter": ("list", "path", "/deviceManagement/managedDevices?$filter=joinType eq 'x'", "request.query.$filter", "joinType"),
    "filter of a property": (
        "property of a property",
        "path",
        "/deviceManagement/managedDevices?$filter=joinType/name eq 'x'",
        "request.query.$filter",
        "joinType",
    ),
    "option": ("list", "path", "/deviceManagement/managedDevices?$top=2&$format=x", "request.query.$format", "no such option"),
    "option's value": ("list", "path", "/deviceManagement/managedDevices?$top=many", "request.query.$top", "number"),
    "token on an item": ("device", "path", "/deviceManagement/managedDevices/1?$skiptoken=1", "request.query.$skiptoken", "no such"),
    "expand": ("expanded", "path", "/deviceManagement/deviceConfigurations/1?$expand=displayName", "request.query.$expand", "displayName"),
    "expand of a property": (
        "expanded",
        "path",
        "/deviceManagement/deviceConfigurations/1?$expand=assignments/target",
        "request.query.$expand",
        "assignments/target",
    ),
    "undescribed type of another base": (
        "an undescribed type",
        "response_body/@odata.type",
        "#microsoft.graph.omaSettingBase64",
        "response.body.@odata.type",
        "not derived",
    ),
    "no items": ("list", "response_body", {"@odata.count": 0}, "response.body.value", "missing"),
    "item": ("list", "response_body/value/0", "PC-1", "response.body.value[*]", "not an object"),
    "count": ("count", "response_body", "many", "response.body", "count"),
    "path": ("device", "path", "/deviceManagement/phones/1", "request.path", "no such operation"),
    "method": ("reset", "method", "PUT", "request.path", "no such operation"),
    "cast": ("deleted", "path", "/directory/deletedItems/microsoft.graph.nothing", "request.path", "no such operation"),
    "other version": ("profile", "path", "/deviceManagement/joinTypes", "request.path", "no such operation"),
    "status": ("reset", "status", 200, "response.status", "200"),
    "redirect": ("list", "status", 302, "response.status", "302"),
    "body for no body": ("reset", "request_body", {"pin": 1}, "request.body", "takes none"),
    "answer for no answer": ("reset", "response_body", {}, "response.body", "none is described"),
    "no answer": ("list", "response_body", None, "response.body", "not an object"),
    "no body": ("profile", "request_body", None, "request.body", "missing"),
    "sent type": ("profile", "request_body/omaSettings/0/value", "true", "request.body.omaSettings[*].value", "boolean"),
    "sent property": ("profile", "request_body/pin", 1, "request.body.pin", "no such property"),
    "sent beta": ("profile", "request_body/roleScopeTagIds", ["0"], "request.body.roleScopeTagIds", "no such property"),
    "abstract": ("profile", "request_body/@odata.type", GONE, "request.body.@odata.type", "missing"),
    "unknown type": ("profile", "request_body/@odata.type", "#microsoft.graph.x", "request.body.@odata.type", "not derived"),
    "other type": ("assign", f"{TARGET}/@odata.type", CUSTOM, "request.body.assignments[*].target.@odata.type", "not derived"),
    "not JSON": ("profile", "request_headers/content-type", "text/plain", "request.headers.content-type", "json"),
    "answer not JSON": ("list", "response_headers/content-type", "text/plain", "response.headers.content-type", "json"),
    "error without code": ("forbidden", "response_body", {"error": {"message": "No."}}, "response.body.error.code", "missing"),
    "error of another kind": ("wrong on purpose", "response_body", {"detail": "No."}, "response.body.error", "missing"),
    "error without body": ("wrong address", "response_body", None, "response.body", "not an object"),
    "batch": ("batch", "request_body/requests/0/url", "v1.0/x", "request.body.requests[*].url", "relative"),
    "batch answer": ("batch", "response_body/responses/0/id", "2", "response.body.responses", "ids"),
}


def changed(right: Line, where: str, value: t.Any) -> Line:
    """Return a copy with one place changed, or removed."""
    result = copy.deepcopy(right)
    *steps, last = where.split("/")
    place: t.Any = result
    for step in steps:
        place = place[int(step) if isinstance(place, list) else step]
    if value is GONE:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return result


@pytest.mark.parametrize("name", RIGHT)
def test_right_exchanges_have_no_problem(checker: Checker, name: str) -> None:
    assert checker.check(Exchange.parse(RIGHT[name])).problems == []


@pytest.mark.parametrize("name", WRONG)
def test_wrong_exchanges_are_found(checker: Checker, name: str) -> None:
    right, where, value, path, word = WRONG[name]
    problems = checker.check(Exchange.parse(changed(RIGHT[right], where, value))).problems
    assert any(problem.path == path and word in problem.message for problem in problems), problems


def test_a_read_must_have_a_body_whatever_its_status(checker: Checker) -> None:
    read = {**RIGHT["list"], "status": 204, "response_body": None}
    assert [problem.path for problem in checker.check(Exchange.parse(read)).problems] == ["response.body"]


def small_contract(version: str, *paths: str) -> Contract:
    """Return a contract with a GET of each path."""
    get: OperationForm = {"answers": {"2XX": "string"}, "body": None, "query": {}}
    return Contract({"version": version, "source": "", "paths": {path: {"GET": get} for path in paths}, "types": {}})


def test_the_most_literal_path_is_found() -> None:
    contract = small_contract("beta", "/things/{id}", "/things/special", "/things/{id}/{other}", "/things/{id}/special")
    for path, name in (("special", "special"), ("1", "{id}"), ("1/special", "{id}/special"), ("1/2", "{id}/{other}")):
        operation = contract.find_operation("GET", f"/things/{path}")
        assert operation is not None and operation.path == f"/things/{name}"
    assert contract.find_operation("GET", "/things") is None and contract.find_operation("POST", "/things/1") is None


def test_a_version_takes_only_operations_that_it_lacks() -> None:
    own, other = small_contract("beta", "/things/{id}"), small_contract("v1.0", "/things/{id}", "/boxes", "/rooms")
    own.add_from(other, ["/things/{id}", "/boxes"])
    found = [own.find_operation("GET", path) for path in ("/things/1", "/boxes", "/rooms")]
    assert [operation and operation.contract for operation in found] == [own, other, None]


INTENTS = line("GET /deviceManagement/intents?$top=1", 200, {"value": [{"id": "1", "displayName": "x"}]}, version="beta")


def test_an_undescribed_operation_is_named_and_its_form_compared(checker: Checker) -> None:
    assert checker.check(Exchange.parse(INTENTS)) == ("undescribed", "beta GET /deviceManagement/intents", [])
    forbidden = {**INTENTS, "status": 403, "response_body": {"error": {"code": "Forbidden", "message": "No."}}}
    assert checker.check(Exchange.parse(forbidden)).problems == []
    for where, value, path in (
        ("response_body", {"value": [{}]}, "response.body.value[*].id"),
        ("response_body", None, "response.body"),
        ("status", 204, "response.status"),
        ("method", "POST", "request.path"),
        ("version", "v1.0", "request.path"),
        ("path", "/deviceManagement/intents/1/states", "request.path"),
    ):
        problems = checker.check(Exchange.parse(changed(INTENTS, where, value))).problems
        assert path in [problem.path for problem in problems], (where, value)
    assert checker.check(Exchange.parse({**forbidden, "response_body": {}})).problems != []


def test_a_method_that_is_not_described_is_compared_with_another_one() -> None:
    """PUT of a settings catalog policy, and nothing else."""
    body: ObjectForm = {"properties": {"name": "string"}}
    patch: OperationForm = {"answers": {"2XX": body}, "body": body, "query": {}}
    policy = "/deviceManagement/configurationPolicies/{deviceManagementConfigurationPolicy-id}"
    for version, path, is_right in (("beta", policy, True), ("v1.0", policy, False), ("beta", "/deviceManagement/others/{id}", False)):
        form = Contract({"version": version, "source": "", "paths": {path: {"PATCH": patch}}, "types": {}})
        checker = Checker({version: form})
        sent = line(f"PUT {path.partition('{')[0]}1", 204, body={"name": "x"}, version=version)
        assert (checker.check(Exchange.parse(sent)).problems == []) is is_right
        sent["request_body"] = {"name": 1}
        assert checker.check(Exchange.parse(sent)).problems != []


REPORT = {
    **line(
        "POST /deviceManagement/reports/getConfigurationSettingNonComplianceReport",
        200,
        {"TotalRowCount": 1, "Schema": [{"Column": "ErrorCode", "PropertyType": "Int64"}], "Values": [[5]]},
        {"select": ["ErrorCode"], "filter": "(PolicyId eq '1')", "top": 50},
    ),
    "response_headers": {**JSON, "content-type": "application/octet-stream"},
}


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_a_report_is_compared_with_its_description_and_its_table(checker: Checker, version: str) -> None:
    right = {**REPORT, "version": version}
    name = f"{version} POST /deviceManagement/reports/getConfigurationSettingNonComplianceReport"
    assert checker.check(Exchange.parse(right)) == ("operation", name, [])
    for where, value, path in (
        ("request_body", None, "request.body"),
        ("request_body/filter", GONE, "request.body.filter"),
        ("request_body/filter", None, "request.body.filter"),
        ("request_body/select", "ErrorCode", "request.body.select"),
        ("request_body/select/0", None, "request.body.select[*]"),
        ("request_body/top", -1, "request.body.top"),
        ("request_body/skip", "0", "request.body.skip"),
        ("request_body/nonsense", 1, "request.body.nonsense"),
        ("request_headers/content-type", "text/plain", "request.headers.content-type"),
        ("response_body", None, "response.body"),
        ("response_body/Schema/0/Column", GONE, "response.body.Schema[*].Column"),
        ("response_body/Schema", GONE, "response.body.Schema"),
        ("response_body/TotalRowCount", -1, "response.body.TotalRowCount"),
        ("response_body/TotalRowCount", "1", "response.body.TotalRowCount"),
        ("response_body/Values", GONE, "response.body.Values"),
        ("response_body/Values", {}, "response.body.Values"),
        ("response_body/Values/0", [], "response.body.Values"),
        ("response_headers/content-type", "application/json", "response.headers.content-type"),
        ("status", 204, "response.status"),
        ("status", 201, "response.status"),
        ("status", 403, "response.body.error"),
        ("path", "/deviceManagement/reports/getAnything", "request.path"),
        ("path", f"{REPORT['path']}?$top=1", "request.query.$top"),
        ("method", "PUT", "request.path"),
    ):
        problems = checker.check(Exchange.parse(changed(right, where, value))).problems
        assert path in [problem.path for problem in problems], (where, value, problems)


def test_an_answer_that_is_not_graphs_is_counted_separately_but_its_request_is_compared(checker: Checker) -> None:
    page = {**RIGHT["list"], "status": 502, "response_headers": {"content-type": "text/html"}, "response_body": "<html></html>"}
    assert checker.check(Exchange.parse(page)) == ("injected", "v1.0 GET /deviceManagement/managedDevices", [])
    wrong = {**page, "path": "/deviceManagement/managedDevices?$format=x"}
    verdict = checker.check(Exchange.parse(wrong))
    assert verdict.kind == "injected" and [problem.path for problem in verdict.problems] == ["request.query.$format"]


def test_a_problem_is_reported_once_with_its_place_and_counted(checker: Checker, tmp_path: pathlib.Path) -> None:
    wrong = changed(RIGHT["key in parentheses"], "response_body/pin", "1")
    file = tmp_path / "gw0.jsonl"
    lines = [RIGHT["list"], wrong, wrong, RIGHT["batch"], RIGHT["forbidden"]]
    file.write_text("".join(json.dumps(entry) + "\n" for entry in lines), encoding="utf-8")
    summary = Summary(checker).add_all(recordings.read(file))
    operation = "v1.0 GET /deviceManagement/managedDevices/{managedDevice-id}"
    assert summary.failures == f"gw0.jsonl:2 and 1 more: {operation}: response.body.pin: managedDevice has no such property"
    assert str(summary).startswith("4 exchanges compared: 4 of v1.0 (2 operations), 0 of beta (0 operations); 1 of them errors")
    assert "1 $batch envelopes" in str(summary)


def test_no_more_than_thirty_problems_are_listed(checker: Checker) -> None:
    wrong = changed(RIGHT["key in parentheses"], "response_body", {f"property{number}": 1 for number in range(40)})
    lines = Summary(checker).add_all([("x:1", Exchange.parse(wrong))]).failures.splitlines()
    assert len(lines) == 31 and lines[-1] == "... and 10 more problems"


ROLE = {"appRoleId": DEVICE, "principalId": DEVICE, "resourceId": DEVICE}
ASSIGN_ROLE = line(f"POST /servicePrincipals/{DEVICE}/appRoleAssignedTo", 201, {**ROLE, "id": "1"}, ROLE)


def test_members_without_which_nothing_is_created_are_required(checker: Checker) -> None:
    assert checker.check(Exchange.parse(ASSIGN_ROLE)).problems == []
    for name in ROLE:
        (problem,) = checker.check(Exchange.parse(changed(ASSIGN_ROLE, f"request_body/{name}", GONE))).problems
        assert problem.path == f"request.body.{name}" and "missing" in problem.message
    assert checker.check(Exchange.parse({**ASSIGN_ROLE, "response_body": {"id": "1"}})).problems == [], "answers need not have all"


ITEM = "request_body/requests/0"


@pytest.mark.parametrize(
    ("where", "value", "path"),
    [
        (f"{ITEM}/id", "", "request.body.requests[*].id"),
        (f"{ITEM}/id", GONE, "request.body.requests[*].id"),
        (f"{ITEM}/method", "HEAD", "request.body.requests[*].method"),
        (f"{ITEM}/url", "/beta/x", "request.body.requests[*].url"),
        (f"{ITEM}/url", "/$batch", "request.body.requests[*].url"),
        (f"{ITEM}/headers", GONE, "request.body.requests[*].headers"),
        (f"{ITEM}/headers/Content-Type", 1, "request.body.requests[*].headers.Content-Type"),
        (f"{ITEM}/body", "{}", "request.body.requests[*].body"),
        (f"{ITEM}/dependsOn", [1], "request.body.requests[*].dependsOn[*]"),
        (f"{ITEM}/nonsense", 1, "request.body.requests[*].nonsense"),
        (ITEM, "x", "request.body.requests[*]"),
        ("request_body/requests", [], "request.body.requests"),
        ("request_body/requests", {}, "request.body.requests"),
        ("request_body/nonsense", 1, "request.body.nonsense"),
        ("request_body", None, "request.body"),
        ("response_body/responses/0/status", "204", "response.body.responses[*].status"),
        ("response_body/responses/0/headers", {"a": 1}, "response.body.responses[*].headers.a"),
        ("response_body/responses", GONE, "response.body.responses"),
        ("response_body", [], "response.body"),
        ("response_headers/content-type", "text/plain", "response.headers.content-type"),
        ("status", 429, "response.body.error"),
    ],
)
def test_wrong_envelopes_are_found(checker: Checker, where: str, value: t.Any, path: str) -> None:
    problems = checker.check(Exchange.parse(changed(RIGHT["batch"], where, value))).problems
    assert path in [problem.path for problem in problems], problems


def test_a_batch_has_at_most_twenty_requests(checker: Checker) -> None:
    for count, is_right in ((20, True), (21, False)):
        sent = [{"id": str(number), "method": "GET", "url": "/x"} for number in range(count)]
        got = [{"id": str(number), "status": 200} for number in range(count)]
        problems = checker.check(Exchange.parse(line("POST /$batch", 200, {"responses": got}, {"requests": sent}))).problems
        assert [problem.path for problem in problems] == [] if is_right else ["request.body.requests"]


def test_names_in_an_expression_are_found_without_texts_numbers_and_functions() -> None:
    text = "startswith(displayName,'it''s a name') and count gt 5 and createdDateTime ge 2026-01-01T00:00:00Z or not(a/b eq null)"
    assert find_names(text) == ["displayName", "count", "createdDateTime", "a/b"]
    assert find_names("alternativeNames/any(a:a eq 'x') and tags/all(b: b/c eq 1)") == ["alternativeNames", "tags"]
