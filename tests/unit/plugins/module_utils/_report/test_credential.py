# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the end of the credential in the report: a finding and a step if it is soon, and never a change of the verdict."""

from __future__ import annotations

import typing as t

import jsonschema
import pytest
import yaml

from ansible_collections.endpointops.intune.plugins.module_utils._report import credential as subject
from ansible_collections.endpointops.intune.plugins.module_utils._report.page import render_page
from tests.support import reports
from tests.support.fakes import CLIENT_ID
from tests.support.reports import finding, verdict

SOON = {
    "kind": "client_secret",
    "name": "nightly",
    "source": "application",
    "expires": "2026-01-17T10:00:00Z",
    "days_left": 12,
    "expires_soon": True,
    "message": "The client secret 'nightly' ends on 2026-01-17, in 12 days.",
    "hint": "Create another client secret.",
}


def report(**more: t.Any) -> reports.Json:
    made = reports.report(verdict(credential={**SOON, **more}))
    jsonschema.validate(made, reports.SCHEMA)
    return made


@pytest.mark.parametrize(
    ("kind", "option"),
    [
        pytest.param("client_secret", "secret_name", id="case 2: a client secret"),
        pytest.param("certificate", "certificates", id="case 2: a certificate"),
    ],
)
def test_a_credential_that_ends_soon_is_a_finding_with_a_task_and_a_step(kind: str, option: str) -> None:
    made = report(kind=kind)
    (found,) = made["findings"]
    assert (found["code"], found["severity"], found["message"], found["hint"]) == (subject.CODE, "warning", SOON["message"], SOON["hint"])
    (task,) = yaml.safe_load(found["task"])
    assert task["endpointops.intune.entra_application"]["app_id"] == CLIENT_ID and option in task["endpointops.intune.entra_application"]
    assert [(step["text"], step["anchor"]) for step in made["steps"] if step["anchor"]] == [(SOON["hint"], found["anchor"])]
    page = render_page(made).decode()
    assert "The credential that read the tenant." in page and f'id="{found["anchor"]}"' in page
    assert made["application"]["credential"] == {"kind": kind, "expires": SOON["expires"], "days_left": 12, "expires_soon": True}


def test_the_verdict_is_the_same_and_the_finding_stays_the_same_from_day_to_day() -> None:
    assert report()["verdict"] == reports.report()["verdict"] and report()["verdict"]["state"] == "yes"
    again = reports.report(verdict(credential={**SOON, "days_left": 11, "message": "In 11 days."}), earlier=report())
    assert len(again["changes"]["still"]) == 1 and not again["changes"]["new"]
    renewed = reports.report(verdict(credential={**SOON, "expires_soon": False}), earlier=report())
    assert len(renewed["changes"]["fixed"]) == 1


def test_it_stands_after_the_findings_on_policies() -> None:
    made = reports.report(verdict(credential=SOON, findings=[finding("conflict", 1)]))
    assert [found["code"] for found in made["findings"]] == ["conflict", subject.CODE]


@pytest.mark.parametrize(("soon", "state"), [(True, "yes"), (False, "yes"), (None, "unknown")])
def test_what_is_known_of_the_end_is_among_what_was_read(soon: bool | None, state: str) -> None:
    made = report(expires_soon=soon)
    (row,) = [row for row in made["coverage"] if row["part"] == "End of the credential in use"]
    assert (row["state"], row["text"]) == (state, SOON["message"])
    assert bool(made["findings"]) is (soon is True)


def test_without_the_question_nothing_is_said() -> None:
    assert subject.describe_coverage(None) == ("unknown", subject.NOT_ASKED)
    assert subject.make_findings(None, CLIENT_ID, "") == [] and subject.describe(None) is None


def test_an_application_that_is_not_known_has_a_place_in_the_task() -> None:
    (found,) = subject.make_findings(SOON, None, "2026-01-05T10:00:00Z")
    assert "ID OF THE APPLICATION" in found["task"]
