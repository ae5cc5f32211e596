# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the report as data: its numbers add up, missing data is never yes, and it follows its schema."""

from __future__ import annotations

import json
import typing as t

import jsonschema
import pytest
from hypothesis import given, settings

from ansible_collections.endpointops.intune.plugins.module_utils._report import credential, proof
from ansible_collections.endpointops.intune.plugins.module_utils._report import report as subject
from tests.support import reports
from tests.support.reports import finding, policy, reason, status, verdict

Made = tuple[reports.Json, list[reports.Json]]


def tables_of(report: reports.Json) -> t.Iterator[reports.Json]:
    yield from report["devices"]["tables"]
    yield from (report["resets"] or {}).get("tables", ())
    yield from filter(None, [(report["probe"] or {}).get("table")])
    yield from (policy["check_in"] for policy in report["policies"] if policy["check_in"])


@pytest.mark.slow
@settings(max_examples=40)
@given(reports.reports())
def test_whatever_was_read_totals_add_up_and_the_schema_holds_and_no_data_is_yes(made: Made) -> None:
    report, devices = made
    for table in tables_of(report):
        assert table["total"] == sum(row["devices"] for row in table["rows"])
    if report["devices"]["total"] is not None:
        assert report["devices"]["total"] == len({device["id"] for device in devices})
    assert all(table["total"] == report["devices"]["total"] for table in report["devices"]["tables"])
    assert report["resets"] is None or all(table["total"] == report["resets"]["total"] for table in report["resets"]["tables"])
    states = {level["name"]: level["state"] for level in report["levels"]}
    if report["verdict"]["state"] == "yes":
        assert report["verdict"]["ready"] is True
        assert (states["connected"], states["configured"], states["arrived"]) == ("yes", "yes", "yes")
    validator = jsonschema.Draft202012Validator(reports.SCHEMA, format_checker=jsonschema.FormatChecker())
    validator.validate(json.loads(json.dumps(report)))


def test_the_schema_refuses_other_content() -> None:
    jsonschema.Draft202012Validator.check_schema(reports.SCHEMA)
    for wrong in ({"more": 1}, {"version": 2}, {"levels": []}, {"verdict": {**reports.report()["verdict"], "state": "maybe"}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**reports.report(), **wrong}, reports.SCHEMA)


@pytest.mark.parametrize("name", ["connected", "configured", "arrived"])
@pytest.mark.parametrize("state", ["unknown", "not_applicable", "of tomorrow", None])
def test_what_is_not_known_is_never_yes(name: str, state: str | None) -> None:
    levels = {**verdict()["levels"], name: {"state": state}}
    found = reports.report(verdict(levels=levels))["verdict"]
    assert (found["state"], found["ready"], found["heading"]) == ("unknown", None, "Not known")


def test_nothing_read_is_not_known_everywhere() -> None:
    report = reports.report({"ready": None}, reports.NO_DEVICES)
    assert {level["state"] for level in report["levels"]} == {"unknown"}
    assert report["devices"] == {"total": None, "tables": []}
    assert "yes" not in {row["state"] for row in report["coverage"]}
    assert report["problems"] == [reports.NO_DEVICES["problem"]]


@pytest.mark.parametrize(
    ("readiness", "heading", "text"),
    [
        (verdict(), "Yes", "The tenant is connected, and a policy turns PIN recovery on. 3 of 4 devices have the policy."),
        (verdict(False, reasons=[reason("not_connected", "connected")]), "No", "not_connected keeps it."),
        (verdict(False), "No", "The tenant is not connected to the PIN Reset Service."),
        (verdict(None, reasons=[reason("status_unread", "arrived", "unknown")]), "Not known", "status_unread keeps it."),
        (
            verdict(
                False,
                levels={**verdict()["levels"], "arrived": {"state": "no", "devices": 0, "total": 4}},
                reasons=[reason("not_arrived", "arrived", message="The policy is configured; 0 of 4 devices have it so far.")],
            ),
            "Not yet",
            "The policy is configured; 0 of 4 devices have it so far.",
        ),
        (
            verdict(False, reasons=[reason("consent_unread", "connected", "unknown"), reason("policy_missing", "configured")]),
            "No",
            "policy_missing keeps it.",
        ),
    ],
)
def test_the_answer_is_a_sentence(readiness: reports.Json, heading: str, text: str) -> None:
    found = reports.report(readiness)["verdict"]
    assert (found["question"], found["heading"], found["text"]) == ("Can users reset their PIN today?", heading, text)


def test_the_next_step_of_a_ready_tenant_is_the_proof() -> None:
    assert [step["text"] for step in reports.report()["steps"]] == [proof.PROVE]
    assert reports.report(verdict(False, reasons=[reason("not_connected", "connected")]))["steps"][-1]["text"] != proof.PROVE


def test_steps_are_at_most_twenty_and_say_how_many_are_left() -> None:
    many = [finding("wrong_value", 1, severity="warning", message=f"{number}") for number in range(30)]
    steps = reports.report(verdict(findings=many))["steps"]
    assert len(steps) == subject.MOST_STEPS + 1
    assert (steps[-1]["text"], steps[-1]["anchor"]) == ("See 10 more findings below.", "findings")


def test_coverage_says_what_was_not_read() -> None:
    readiness = verdict(policies=[policy(1, rollout=status(succeeded=1)), policy(2), policy(3, assignments=[])])
    made = subject.build(reports.CONTEXT, readiness, reports.NO_DEVICES, None, known=subject.Known(unread={"intents"}))
    assert {row["part"]: (row["state"], row["text"]) for row in made["coverage"]} == {
        "PIN Reset Service": ("yes", "Enterprise applications and admin consent."),
        "Policies": ("unknown", "3 policies of Windows Hello for Business."),
        "Check-in status": ("unknown", "Of 1 of 2 assigned policies."),
        "Managed devices": ("unknown", "Could not be read."),
        "Outcomes of resets": ("not_applicable", "None were given."),
        "Proof on devices": ("unknown", proof.NOT_ASKED),
        "End of the credential in use": ("unknown", credential.NOT_ASKED),
        "Group policies of a domain": ("unknown", subject.GROUP_POLICIES),
        "Earlier report": ("not_applicable", "None was given."),
    }


def test_the_summary_has_numbers_and_no_device() -> None:
    resets = reports.outcomes({"id": "device-1", "status": "done"}, {"id": "x", "status": "failed"}).describe(lambda device: device != "x")
    made = reports.report(verdict(findings=[finding("conflict", 1, severity="warning")]), resets=resets, earlier=reports.report())
    found = subject.summarize(made)
    assert found["ready"] is True and found["levels"]["proven"] == "unknown"
    assert (found["devices"]["total"], found["devices"]["platform"]) == (5, {"Windows": 5})
    assert (found["resets"]["total"], found["resets"]["done"], found["resets"]["failed"]) == (2, 1, 1)
    assert found["findings"] == {"error": 0, "warning": 1, "info": 0}
    assert found["changes"] == {"new": 1, "fixed": 0, "still": 0, "unknown": 0}
    assert "PC-" not in json.dumps(found) and "device-" not in json.dumps(found)
    assert subject.summarize(reports.report(devices=reports.NO_DEVICES))["devices"] == {"total": None}
