# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that neither the report nor the memory of a run contains tenant data: plant sensitive values, and search for them."""

from __future__ import annotations

import dataclasses
import json
import re
import tempfile

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Response
from tests.contract.form import FOLDER

from .compare import Comparison
from .guard import Guard
from .planted import DESCRIPTIONS, PHONE, Twisted, parse
from .report import render
from .run import Runner, Wanted
from .shapes import HIDDEN, Reader
from .sides import make_emulated, make_side

PERSON, HOST, GUID = "ada.lovelace@planted.example", "LT-PLANTED-014", "5eedc0de-5eed-4eed-8eed-5eedc0de5eed"
WORD = "Plantedword"
PLANTED = (PERSON, HOST, GUID, WORD, "ada_lovelace", "planted_value", "extension_5eedc0de5eed_badge", "PLANTED99")
DESCRIBED = " ".join((FOLDER / name).read_text(encoding="utf-8") for name in ("v1.0.json", "beta.json"))


@pytest.fixture(autouse=True)
def _own_locks(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


def run(wire, tmp_path, device=PHONE):
    """Return the report of a whole run, and all data that the run keeps."""
    wanted = Wanted(f"{WORD} live test", may_write=True, device=device, lock_directory=str(tmp_path))
    service, emulated = make_side(wire, DESCRIPTIONS, Guard(may_write=True)), make_emulated(DESCRIPTIONS)
    found = Runner(service, emulated, wanted, None, lambda _text: None).run()
    text = render(found.comparison, cloud="global", modes=["reads"], skipped=found.skipped)
    return text, f"{service.log.exchanges!r}{service.outcomes!r}"


def add(value):
    """Return a value with further members that have planted names and values, and nothing that the tasks would refuse."""
    if isinstance(value, dict):
        # The responses of a $batch have no other members, and the keys of Intune's response as a list of pairs count.
        return {**{name: add(each) for name, each in value.items()}, **{name: {name: [PERSON, {GUID: HOST}]} for name in PLANTED}}
    return list(map(add, value)) if isinstance(value, list) else value


def plant(value):
    """Return a value with planted text in place of each, and with members that have planted names."""
    if isinstance(value, dict):
        # Keep types, so that the values below them are examined.
        kept = {name: each if name in ("@odata.type", "id", "@odata.nextLink") else plant(each) for name, each in value.items()}
        return {**kept, **{name: {name: [PERSON, {GUID: HOST}]} for name in PLANTED}}
    if isinstance(value, list):
        return [*map(plant, value), plant({})] if value and isinstance(value[0], dict) else [*map(plant, value), WORD]
    return f"{PERSON} {HOST} {GUID} {WORD}" if isinstance(value, str) else value


def twist_added(_method, _path, response):
    body = parse(response)
    return dataclasses.replace(response, body=json.dumps(add(body)).encode()) if body is not None else response


def twist(_method, path, response):
    body = parse(response)
    headers = {**response.headers, "content-type": f"application/{WORD}", WORD: PERSON, "x-ms-user": PERSON, "location": f"https://{HOST}/"}
    if path == "/subscribedSkus":
        error = {"code": WORD, "message": PERSON, "target": HOST, "innerError": {"request-id": GUID, WORD: PERSON}, GUID: HOST}
        return Response(429, {**headers, "retry-after": WORD}, json.dumps({"error": error}).encode())
    return dataclasses.replace(response, headers=headers, body=json.dumps(plant(body)).encode() if body is not None else response.body)


@pytest.mark.parametrize(("twist", "device"), [(twist, None), (twist_added, PHONE)], ids=["everywhere", "beside the rest"])
def test_nothing_that_is_planted_is_in_the_report(twist, device, tmp_path):
    report, kept = run(Twisted(twist), tmp_path, device)
    assert HIDDEN in report and "Differences: 0" not in report
    for text in PLANTED:
        assert text.lower() not in report.lower() and text.lower() not in kept.lower()


def test_nothing_that_a_tenant_answers_is_in_the_report(tmp_path):
    wire = Twisted(configuration_patch_status="204", audit_access="refuse")
    report, kept = run(wire, tmp_path)
    # All texts beyond the words of Microsoft's description: names, IDs, users, messages, contents of policies, passcodes, tokens.
    own = DESCRIBED + render(Comparison([], [], 0, []), cloud="global", modes=["reads"], skipped=[])
    texts = {text for text in wire.texts if len(text) > 3 and text not in own and text not in FORM}
    assert len(texts) > 100 and any("@" in text for text in texts)
    assert not [text for text in texts if text in report]
    assert not [text for text in texts if text in kept]
    assert wire.token not in report + kept and "Bearer" not in report + kept


# Error codes of the emulated tenant, which may be shown if the service returns the same, and names of OData and of a $batch.
FORM = {
    *("ResourceNotFound", "Forbidden", "@odata.context", "@odata.count", "@odata.type"),
    *("client-request-id", "request-id", "headers", "responses"),
}


@pytest.mark.exhaustive
def test_the_words_of_a_report_are_those_of_the_description_and_ours(tmp_path):
    report, _kept = run(Twisted(twist), tmp_path, None)
    unknown = {word for line in re.findall(r"`([^`]*)`", report) for word in re.findall(r"[A-Za-z_]{3,}", line)}
    unknown -= set(re.findall(r"[A-Za-z_]{3,}", DESCRIBED))
    own = {"GET", "POST", "PATCH", "DELETE", "batch", "filter", "select", "expand", "answer", "error", "beta", "value", "check", "mode"}
    assert {word for word in unknown if word not in own} <= WORDS


# Of the names of these tasks, and of statements about requests and types.
WORDS = {
    *("connection", "consent", "policies", "readiness", "devices", "device", "last", "reset", "profile", "catalog", "policy", "probe"),
    *("create", "again", "change", "remove", "graph", "intents", "name", "that", "not", "shown", "operation", "described", "response"),
    *("deviceEnrollmentConfigurations", "dataProcessorServiceForWindowsFeaturesOnboarding", "settings", "assignments", "orderby", "top"),
    *("items", "notSupported", "Forbidden", "deletedItems", "servicePrincipal", "the", "end", "task"),
}


@pytest.mark.parametrize(
    ("name", "is_typed", "shown"),
    [
        ("displayName", True, "displayName"),
        ("displayName", False, "displayName"),
        ("newProperty", True, "newProperty"),
        ("newProperty", False, HIDDEN),
        ("@odata.adalovelace", True, HIDDEN),
        ("adalovelace", False, HIDDEN),
        ("@odata.type", False, "@odata.type"),
        ("assignments@odata.context", True, "assignments@odata.context"),
        ("x@planted.example", True, HIDDEN),
        ("ada@odata.type", False, HIDDEN),
        ("Ada", True, HIDDEN),
        ("LT-BERLIN-014", True, HIDDEN),
        ("lt014", True, HIDDEN),
        (GUID, True, HIDDEN),
        ("extension_abc_badge", True, HIDDEN),
        ("a" * 51, True, HIDDEN),
        ("", True, HIDDEN),
        ("a b", True, HIDDEN),
        ("names\n", True, HIDDEN),
    ],
)
def test_names_that_a_tenant_may_have_chosen_are_hidden(name, is_typed, shown):
    assert DESCRIPTIONS.vocabulary.show(name, is_typed=is_typed) == shown


def test_an_address_is_shown_as_the_description_has_it():
    find = DESCRIPTIONS.find
    assert find("GET", "v1.0", f"/deviceManagement/managedDevices/{GUID}")[1] == "/deviceManagement/managedDevices/{managedDevice-id}"
    assert find("GET", "v1.0", f"/deviceManagement/managedDevices('{GUID}')")[1] == "/deviceManagement/managedDevices/{managedDevice-id}"
    assert find("GET", "beta", f"/deviceManagement/intents/{GUID}/settings")[1] == "/deviceManagement/intents/{id}/(settings|assignments)"
    assert WORD not in find("GET", "v1.0", f"/{WORD}/{PERSON}")[1]
    assert (
        DESCRIPTIONS.show_options(f"$filter=userPrincipalName eq '{PERSON}'&$select=id,deviceName&$skiptoken={WORD}")
        == "?$filter&$select=id,deviceName"
    )
    assert DESCRIPTIONS.show_options("$ada=1&$skip=5") == f"?{HIDDEN}"
    assert DESCRIPTIONS.show_options(f"{PERSON}={WORD}&$select=id,{WORD}") == f"?$select&{HIDDEN}"


def test_a_value_is_known_by_its_type_alone():
    reader: Reader = DESCRIPTIONS.readers["v1.0"]
    value = {"a": [PERSON, 1, True, None, {WORD: GUID}], WORD: [[[[[[[[[[[[[[[[PERSON]]]]]]]]]]]]]]]]}
    facts = reader.read("answer", None, value)
    assert not any(text in repr(facts) for text in PLANTED)
    assert facts.types["answer"] == {"object"}
