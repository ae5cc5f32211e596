# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the changes since an earlier report."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._report import changes
from tests.support import reports
from tests.support.fakes import TENANT_ID
from tests.support.reports import finding, policy, reason, verdict


def codes(found: reports.Json, name: str) -> list[str]:
    return [item["code"] for item in found[name]]


def test_findings_are_new_still_there_or_fixed() -> None:
    earlier = reports.report(verdict(False, findings=[finding("wrong_path", 1), finding("conflict", 1, 2)]))
    now = verdict(False, reasons=[reason("not_connected", "connected")], findings=[finding("conflict", 1, 2, message="Other words.")])
    found = reports.report(now, earlier=earlier)["changes"]
    assert (codes(found, "new"), codes(found, "still"), codes(found, "fixed"), found["unknown"]) == (
        ["not_connected"],
        ["conflict"],
        ["wrong_path"],
        [],
    )
    assert found["since"] == earlier["generated"]


def test_a_finding_that_is_no_reason_any_more_is_still_there_and_not_fixed() -> None:
    wrong = finding("wrong_path", 1)
    before = verdict(False, reasons=[reason("policy_wrong", "configured", "no", 1, message=wrong["message"])], findings=[wrong])
    found = reports.report(verdict(findings=[wrong]), earlier=reports.report(before))["changes"]
    assert (codes(found, "new"), codes(found, "still"), codes(found, "fixed")) == ([], ["wrong_path"], [])


def test_what_is_gone_is_not_fixed_where_not_everything_was_read() -> None:
    earlier = reports.report(verdict(False, findings=[finding("wrong_path", 1)]))
    found = reports.report(verdict(None, problems=["Could not read policies: 403."]), earlier=earlier)["changes"]
    assert (found["fixed"], codes(found, "unknown")) == ([], ["wrong_path"])


def test_levels_and_numbers_are_compared() -> None:
    earlier = reports.report(verdict(), reports.count(map(reports.device, range(3))))
    levels = {**verdict()["levels"], "arrived": {"state": "unknown", "devices": None, "total": None}}
    found = reports.report(verdict(None, levels=levels), reports.NO_DEVICES, earlier=earlier)["changes"]
    assert {"name": "arrived", "before": "yes", "now": "unknown"} in found["levels"]
    assert found["numbers"] == [
        {"name": "managed devices", "before": 3, "now": None},
        {"name": "devices that have the policy", "before": 3, "now": None},
        {"name": "devices that say it works", "before": None, "now": None},
        {"name": "findings", "before": 0, "now": 0},
    ]


@given(reports.VERDICTS)
def test_nothing_is_new_or_fixed_since_an_equal_report(readiness: reports.Json) -> None:
    earlier = json.loads(json.dumps(reports.report(readiness)))
    changes.validate_earlier(earlier, "/x", TENANT_ID)
    found = reports.report(readiness, earlier=earlier)["changes"]
    assert (found["new"], found["fixed"], found["unknown"]) == ([], [], [])
    assert len(found["still"]) >= len(earlier["findings"])


def damaged(**more: t.Any) -> t.Any:
    return {**reports.report(verdict(policies=[policy()])), **more}


@pytest.mark.parametrize(
    ("earlier", "words"),
    [
        ([], "not the JSON of a report"),
        ({}, "not the JSON of a report"),
        (damaged(format="x"), "not the JSON of a report"),
        (damaged(version=2), "version 2"),
        (damaged(tenant={"id": "99999999-0000-4000-8000-000000000000"}), "it is of the tenant 99999999"),
        (damaged(tenant=None), "it is of the tenant None"),
        (damaged(findings=[7]), "damaged"),
        (damaged(findings=None), "damaged"),
        (damaged(reasons=[{"anchor": "x"}]), "damaged"),
        (damaged(levels=[]), "damaged"),
        (damaged(levels=[{"name": "arrived", "state": "yes", "devices": "3"}]), "damaged"),
        (damaged(devices=7), "damaged"),
        (damaged(generated=7), "damaged"),
    ],
)
def test_another_file_is_refused(earlier: t.Any, words: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match=f"compare_with '/old.json' cannot be used: .*{words}"):
        changes.validate_earlier(earlier, "/old.json", TENANT_ID)


def test_a_tenant_is_the_same_in_any_letter_case() -> None:
    changes.validate_earlier(damaged(tenant={"id": TENANT_ID.upper()}), "/old.json", TENANT_ID)
