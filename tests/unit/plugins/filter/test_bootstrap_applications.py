# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that mistakes in the applications of the playbook bootstrap are found before its first change."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml

from ansible_collections.endpointops.intune.plugins.filter.bootstrap_applications import OPTIONS, FilterModule

ROOT = pathlib.Path(__file__).parents[4]
NAMED = {"unique_name": "reader"}
(PLAY,) = yaml.safe_load((ROOT / "playbooks" / "bootstrap.yml").read_text(encoding="utf-8"))
read = FilterModule().filters()["bootstrap_applications"]


def test_the_applications_of_the_playbook_have_no_mistake():
    found = read(PLAY["vars"]["intune_bootstrap_applications"])
    assert found["problems"] == []
    assert [entry["label"] for entry in found["entries"]] == [
        "Endpoint Ops reader",
        "Endpoint Ops onboarder",
        "Endpoint Ops resetter",
        "Endpoint Ops help desk",
    ]


def test_case_8_the_playbook_passes_each_option_of_an_entry_on():
    (block,) = (task for task in PLAY["tasks"] if task["name"] == "Create the applications")
    passed = block["block"][0]["endpointops.intune.entra_application"]
    assert passed == {name: f"{{{{ item.{name} | default(omit) }}}}" for name in OPTIONS}


@pytest.mark.parametrize("grant", [False, "no", True])
def test_case_8_an_entry_may_differ_from_the_variable(grant: t.Any):
    found = read([NAMED, {"unique_name": "own", "grant": not grant}], grant=grant)["entries"]
    assert [entry["grant"] for entry in found] == [grant, not grant]


def test_an_option_without_a_value_is_left_out():
    (entry,) = read([{**NAMED, "notes": None, "description": "", "grant": None}])["entries"]
    assert entry == {"unique_name": "reader", "description": "", "label": "reader", "grant": True}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        pytest.param({**NAMED, "notess": "x"}, ["Entry 1", "(reader)", "notess is not an option", "notes,"], id="case 8: a typo"),
        pytest.param({**NAMED, "gran": 0, "Name": "x"}, ["gran and Name are not options"], id="case 8: two typos"),
        pytest.param({**NAMED, 1: "x"}, ["1 is not an option"], id="case 8: a number"),
        pytest.param({**NAMED, "auth_method": "auto"}, ["auth_method cannot be set here", "connects once"], id="case 8: a connection"),
        pytest.param({**NAMED, "tenant_id": "x"}, ["tenant_id cannot be set here"], id="case 8: another tenant"),
        pytest.param({**NAMED, "secret_name": "x"}, ["seal_to must name"], id="case 8: a secret for nobody"),
        pytest.param({**NAMED, "return_secret": True}, ["return_secret cannot be set here", "seal_to"], id="case 8: a secret in clear"),
        pytest.param({**NAMED, "secret_name": "x", "seal_to": ["/no/such.pem"]}, ["/no/such.pem"], id="a secret for a missing file"),
        pytest.param({**NAMED, "notes": f"-----BEGIN {'PRIVATE'} KEY-----"}, ["notes holds a private key"], id="a private key"),
        pytest.param({"name": "Reader"}, ["Entry 1 of", "unique_name, app_id, managed_identity"], id="no name"),
        pytest.param({**NAMED, "app_id": "x"}, ["mutually exclusive"], id="two names"),
        pytest.param({**NAMED, "state": "gone"}, ["state", "present, absent"], id="a state"),
        pytest.param({**NAMED, "modules": ["intune_pin"]}, ["modules", "intune_pin_policy"], id="a module"),
        pytest.param({"app_id": "x"}, ["app_id must be"], id="no ID"),
        pytest.param({**NAMED, "certificates": ["/no/such.pem"]}, ["/no/such.pem"], id="no certificate"),
        pytest.param({**NAMED, "permissions": ["Application.ReadWrite.All"]}, ["force_permissions"], id="too much"),
        pytest.param("reader", ["Entry 1 of", "must be a dictionary", "not text"], id="case 28: a name"),
        pytest.param(None, ["must be a dictionary", "not nothing"], id="case 28: null"),
    ],
)
def test_a_mistake_is_named(entry: t.Any, words: list[str]):
    found = read([entry, {"unique_name": "other"}])
    (problem,) = found["problems"]
    assert all(word in problem for word in words), problem
    assert found["entries"] == []


@pytest.mark.parametrize(
    ("given", "word"),
    [
        pytest.param('[{"unique_name": "reader"}]', "not text", id="case 28: JSON"),
        pytest.param("", "not text", id="case 28: empty text"),
        pytest.param(None, "not nothing", id="case 28: null"),
        pytest.param(NAMED, "not a dictionary", id="case 28: one entry"),
        pytest.param(5, "not a value of the type int", id="case 28: number"),
    ],
)
def test_a_list_is_expected(given: t.Any, word: str):
    (problem,) = read(given)["problems"]
    assert word in problem and "-e @applications.yml" in problem


def test_an_application_is_named_once():
    assert "unique_name 'reader'" in read([NAMED, {"unique_name": "Reader", "state": "absent"}])["problems"][0]


def test_an_application_id_is_the_same_in_each_form():
    app_id = "0a1b2c3d-0000-4000-8000-000000000001"
    (problem,) = read([{"app_id": app_id}, {"app_id": f" {{{app_id.upper()}}}"}])["problems"]
    assert f"app_id '{app_id}'" in problem


def test_certificates_of_an_application_that_is_removed_are_not_read():
    assert read([{**NAMED, "state": "absent", "certificates": ["/no/such.pem"]}])["problems"] == []


def test_all_mistakes_are_found_at_once():
    assert len(read([{**NAMED, "a": 1}, {"unique_name": "b", "state": "x"}, 1])["problems"]) == 3
