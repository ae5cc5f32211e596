# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test findings in the report: evidence, a stable address, and the affected devices."""

from __future__ import annotations

import collections
import re

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._report import findings
from tests.support import reports
from tests.support.fakes import TENANT_ID
from tests.support.reports import finding, policy, policy_id, reason, status, verdict

READ = "2026-01-05T10:00:00Z"
WRONG = "./Vendor/MSFT/Policy/PassportForWork/x"


def make(readiness: reports.Json) -> tuple[list[reports.Json], list[reports.Json]]:
    policies = findings.make_policies(readiness)
    paths = {policy_id(1): [(WRONG, True), ("./Device/Vendor/MSFT/Other", 1), ("", 2)]}
    return policies, findings.make_findings(readiness, policies, findings.Reading(TENANT_ID, READ, paths))


def test_a_finding_has_evidence_with_path_and_value_and_the_time_of_reading() -> None:
    both = [policy(1, settings={"minimum_pin_length": 6}), policy(2, settings={"minimum_pin_length": 8}, surface="intent", backend=None)]
    policies, (found,) = make(verdict(policies=both, findings=[finding("conflict", 1, 2, settings=["minimum_pin_length"])]))
    path = f"./Device/Vendor/MSFT/PassportForWork/{TENANT_ID}/Policies/PINComplexity/MinimumPINLength"
    assert [(row["policy"], row["surface"], row["path"], row["value"]) for row in found["evidence"]] == [
        ("Policy 1", "settings catalog policy", path, "6"),
        ("Policy 2", "endpoint security intent", path, "8"),
    ]
    assert found["read"] == READ and found["link"]["url"].startswith("https://learn.microsoft.com/")
    assert [one["findings"] for one in policies] == [[found["anchor"]]] * 2


def test_a_path_that_a_message_names_is_evidence_with_its_value() -> None:
    given_finding = finding("wrong_path", 1, message=f"'Policy 1' sets {WRONG}: no device knows it.")
    _policies, (found,) = make(verdict(policies=[policy(1, surface="custom", backend="custom")], findings=[given_finding]))
    assert [(row["path"], row["value"]) for row in found["evidence"]] == [(WRONG, "true")]


def test_values_of_users_are_evidence_with_their_path() -> None:
    one = policy(1, settings={"enable_pin_recovery": True}, user_settings={"enable_pin_recovery": False})
    _policies, (found,) = make(verdict(policies=[one], findings=[finding("user_against_device", 1, settings=["enable_pin_recovery"])]))
    assert [(row["path"][:9], row["value"]) for row in found["evidence"]] == [("./Device/", "true"), ("./User/Ve", "false")]


def test_who_is_hit_is_a_number_only_where_one_is_certain() -> None:
    group = {"target": "group", "group_id": "p", "filter_id": None, "filter_type": None}
    excluded = {**group, "target": "exclude_group", "group_id": "g"}
    filtered = {**reports.ALL_DEVICES, "filter_id": "f", "filter_type": "exclude"}
    both = [policy(1, assignments=[group, excluded], rollout=status(pending=4)), policy(2, assignments=[filtered], rollout=status(error=9))]
    policies = findings.make_policies(verdict(policies=both), {"p": "Pilot"})
    words = "group Pilot; not group g; all devices (exclude filter f)"
    assert findings.describe_affected(policies) == {"devices": 9, "text": f"{words}: at least 9 devices"}
    assert findings.describe_affected(findings.make_policies(verdict(policies=[policy(1)]))) == {"devices": None, "text": "all devices"}
    assert findings.describe_affected(findings.make_policies(verdict(policies=[policy(1, assignments=[])])))["text"] == "nobody"
    assert findings.describe_affected([])["text"] == "the whole tenant"


@given(st.lists(reports.FINDINGS, max_size=5))
def test_addresses_are_unique_and_the_same_whatever_the_order_and_the_words(given_findings: list[reports.Json]) -> None:
    _policies, found = make(verdict(findings=given_findings))
    anchors = [one["anchor"] for one in found]
    assert len(set(anchors)) == len(anchors) and all(re.fullmatch("finding-[A-Za-z0-9_-]+", anchor) for anchor in anchors)
    reworded = [{**one, "hint": "Other words."} for one in reversed(given_findings)]
    assert {one["anchor"] for one in make(verdict(findings=reworded))[1]} == set(anchors)


def test_addresses_tell_policies_apart() -> None:
    taken: collections.Counter[str] = collections.Counter()
    first, second = (findings.make_anchor("finding", finding("conflict", *numbers), taken) for numbers in ((1, 2), (1, 3)))
    assert first != second
    assert findings.make_anchor("finding", finding("conflict", 2, 1), taken) == f"{first}-2", "the order of policies says nothing"


def test_errors_come_first() -> None:
    given_findings = [finding("a", severity="info"), finding("b", severity="warning"), finding("c"), finding("d", severity="of tomorrow")]
    assert [one["code"] for one in make(verdict(findings=given_findings))[1]] == ["c", "d", "b", "a"]


# --- steps ----------------------------------------------------------------------------------------------------------


def steps(readiness: reports.Json) -> list[reports.Json]:
    policies, found = make(readiness)
    return findings.make_steps(findings.make_reasons(readiness), found, findings.make_differs(readiness), policies)


def test_steps_come_by_level_then_differences_then_other_findings() -> None:
    reasons = [reason("not_arrived", "arrived"), reason("policy_missing", "configured"), reason("not_connected", "connected")]
    differs = [{"code": "different", "option": "minimum_pin_length", "current": 6, "expected": 8, "message": "It differs."}]
    found = steps(verdict(False, reasons=reasons, differs=differs, findings=[finding("wrong_value", 1, severity="warning")]))
    assert [step["text"] for step in found] == [
        "Settle not_connected.",
        "Settle policy_missing.",
        "Settle not_arrived.",
        "Settle 1 difference from the expected policy: minimum_pin_length.",
        "Correct it.",
    ]
    assert [bool(step["task"]) for step in found] == [True, True, True, False, False]
    assert found[3]["anchor"] == "differs" and found[4]["anchor"].startswith("finding-wrong_value-")


def test_a_reason_that_tells_of_a_finding_leads_there_and_is_one_step() -> None:
    conflict = finding("conflict", 1, 2)
    found = steps(verdict(False, reasons=[reason("defeated", "configured", "no", 1, 2, message=conflict["message"])], findings=[conflict]))
    assert len(found) == 1
    assert found[0]["task"] is None and found[0]["anchor"].startswith("finding-conflict-")


def test_differences_are_words() -> None:
    differs = [
        {"code": "missing", "option": None, "current": None, "expected": "PIN", "message": "It is missing."},
        {"code": "different", "option": "assignments", "current": ["a"], "expected": ["a", "b"], "message": "They differ."},
        {"code": "different", "option": "enable_pin_recovery", "current": False, "expected": True, "message": "It differs."},
    ]
    found = [(row["option"], row["current"], row["expected"]) for row in findings.make_differs(verdict(differs=differs))]
    assert found == [("missing", None, "PIN"), ("assignments", "a", "a, b"), ("enable_pin_recovery", "false", "true")]
