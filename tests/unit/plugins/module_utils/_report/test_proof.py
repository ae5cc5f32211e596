# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._report import proof
from ansible_collections.endpointops.intune.plugins.module_utils._report.page import render_page
from ansible_collections.endpointops.intune.plugins.module_utils._report.report import summarize
from tests.support import reports
from tests.support.reports import describe_probe, verdict

PROBE = describe_probe("proven", "proven", "not_proven", "pending")
UNREAD = {
    **PROBE,
    **dict.fromkeys(("id", "assigned", "changed", "total", "proven", "not_proven", "unknown", "pending")),
    "reasons": [{"code": "probe_missing", "message": "There is no probe.", "hint": "Create it.", "devices": 0}],
}


def level(state: str, devices: int | None, total: int | None) -> reports.Json:
    return {**verdict()["levels"], "proven": {"state": state, "devices": devices, "total": total}}


def test_the_fourth_level_has_numbers() -> None:
    report = reports.report(verdict(levels=level("yes", 2, 4), probe=PROBE))
    assert report["levels"][3] == {
        "name": "proven",
        "state": "yes",
        "text": "2 of 4 devices say that the user can reset the PIN and keep the credentials.",
        "devices": 2,
        "total": 4,
    }
    assert report["steps"] == []
    assert summarize(report)["probe"] == {"total": 4, "proven": 2, "not_proven": 1, "pending": 1, "unknown": 0}


def test_the_results_have_states_reasons_and_their_age() -> None:
    probe = proof.make_probe(verdict(probe=PROBE))
    assert probe is not None
    assert [(row["value"], row["state"], row["devices"]) for row in probe["table"]["rows"]] == [
        ("proven", "yes", 2),
        ("not_proven", "no", 1),
        ("pending", "unknown", 1),
    ]
    assert probe["changed"] == "2026-11-28T08:00:00Z" and probe["name"] == "PIN reset probe"
    assert {reason["code"]: reason["devices"] for reason in probe["reasons"]}["group_policy"] == 1


def test_without_the_probe_nothing_is_shown_and_the_next_step_is_a_task_for_it() -> None:
    report = reports.report()
    assert report["probe"] is None and summarize(report)["probe"] is None
    (step,) = report["steps"]
    assert step["why"] == proof.NOT_ASKED and "endpointops.intune.intune_pin_probe:" in step["task"]
    assert "What devices say" not in render_page(report).decode()


@pytest.mark.parametrize(
    ("probe", "state", "text"),
    [
        pytest.param(None, "unknown", proof.NOT_ASKED, id="not asked"),
        pytest.param(UNREAD, "unknown", "There is no probe.", id="no probe"),
        pytest.param(describe_probe(), "unknown", "No device has reported a result of the probe", id="no results"),
        pytest.param(PROBE, "yes", f"The last answers of 4 devices. {proof.AGE}", id="results"),
    ],
)
def test_what_is_known_of_the_proof(probe: reports.Json | None, state: str, text: str) -> None:
    found, told = proof.describe_coverage(proof.make_probe(verdict(probe=probe)))
    assert found == state and told.startswith(text)


def test_a_probe_that_could_not_be_read_is_the_next_step() -> None:
    report = reports.report(verdict(probe=UNREAD))
    (step,) = report["steps"]
    assert (step["text"], step["why"], step["anchor"]) == ("Create it.", "There is no probe.", "probe")
    assert summarize(report)["probe"] is None
    page = render_page(report).decode()
    assert 'id="probe"' in page and "There is no probe." in page


def test_the_page_says_how_old_an_answer_is() -> None:
    page = render_page(reports.report(verdict(levels=level("yes", 2, 4), probe=PROBE))).decode()
    assert proof.AGE in page and "2026-11-28 08:00 UTC" in page and "What devices say" in page


def test_where_devices_have_answered_and_none_is_proven_the_most_frequent_reason_is_next() -> None:
    probe = describe_probe("not_proven", "pending")
    (step,) = reports.report(verdict(levels=level("no", 0, 2), probe=probe))["steps"]
    assert step["why"] == probe["reasons"][0]["message"] and step["text"] == probe["reasons"][0]["hint"]
