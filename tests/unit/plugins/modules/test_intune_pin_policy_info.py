# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test whole runs against scripted responses: the returned policies, findings, and check-in status, and their keys."""

from __future__ import annotations

import re
import typing as t

import pytest
import yaml

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._guid import NIL
from ansible_collections.endpointops.intune.plugins.module_utils._hello.check_in import (
    CheckInStatus,
    FailedDevice,
    FoundPolicyStatusResult,
    SettingCounts,
)
from ansible_collections.endpointops.intune.plugins.module_utils._hello.finding import Code, FindingResult
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import Surface
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from ansible_collections.endpointops.intune.plugins.modules import intune_pin_policy_info
from tests.support.fakes import TENANT_ID, FakeCredential, answer, error, options, page, tenant
from tests.support.policies import ID, Json

OTHER_ID = "bbbbbbbb-0000-4000-8000-000000000002"
PROFILES = "/deviceManagement/deviceConfigurations"
OVERVIEW = f"GET /v1.0{PROFILES}/{ID}/deviceStatusOverview"
EXPORT = "POST /v1.0/deviceManagement/reports/exportJobs"
URI = f"./Device/Vendor/MSFT/PassportForWork/{TENANT_ID}/Policies/EnablePinRecovery"
ALL_DEVICES = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
RETURN = yaml.safe_load(intune_pin_policy_info.RETURN)


def profile(value: bool = True, *, assigned: bool = True, **more: t.Any) -> Json:
    setting = {"@odata.type": "#microsoft.graph.omaSettingBoolean", "displayName": "x", "omaUri": URI, "value": value}
    own = {"id": ID, "displayName": "PIN", "omaSettings": [setting], "assignments": [ALL_DEVICES] if assigned else []}
    return {"@odata.type": "#microsoft.graph.windows10CustomConfiguration", **own, **more}


def run(*profiles: Json, check: bool = False, script: Json | None = None, **given: t.Any) -> tuple[Outcome, list[str]]:
    """Return the outcome, and the requests beyond those that list policies."""
    others = {
        "GET /beta/deviceManagement/configurationPolicies": page(),
        "GET /beta/deviceManagement/intents": page(),
        "GET /beta/deviceManagement/deviceEnrollmentConfigurations": page(),
    }
    lists = {f"GET /beta{PROFILES}": page(*profiles), **others}
    world = tenant({**lists, **(script or {})}, credential=FakeCredential({"tid": TENANT_ID}))
    defaults = {name: option.get("default") for name, option in intune_pin_policy_info.SPEC.argument_spec.items()}
    outcome = intune_pin_policy_info.run({**options(), **defaults, **given}, world.client, check)
    return outcome, [target for target in world.transport.targets if target not in lists]


def test_the_return_values_have_the_documented_keys() -> None:
    second = profile(False, id=OTHER_ID, displayName="Other", assigned=False)
    outcome, _asked = run(profile(), second, script={OVERVIEW: answer(200, {"successCount": 1})})
    assert set(outcome.values) == set(RETURN)
    documented = RETURN["pin_policies"]["contains"]
    policy = next(found for found in outcome.values["pin_policies"] if found["id"] == ID)
    assert set(policy) == set(t.get_type_hints(FoundPolicyStatusResult)) == set(documented)
    status = documented["rollout"]["contains"]
    assert set(policy["rollout"]) == set(CheckInStatus.__annotations__) == set(status)
    assert set(FailedDevice.__annotations__) == set(status["devices"]["contains"])
    assert set(SettingCounts.__annotations__) == set(status["settings"]["contains"])
    (finding,) = outcome.values["findings"]
    assert set(finding) == set(FindingResult.__annotations__) == set(RETURN["findings"]["contains"])


def test_the_documented_words_are_those_that_can_come_back() -> None:
    findings = " ".join(RETURN["findings"]["contains"]["code"]["description"])
    assert re.findall(r"V\((\w+)\)", findings) == list(t.get_args(Code))
    surfaces = " ".join(RETURN["pin_policies"]["contains"]["surface"]["description"])
    assert [surface for surface in t.get_args(Surface) if f"V({surface})" not in surfaces] == []


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ({}, [OTHER_ID, ID]),
        ({"name": "PIN"}, [ID]),
        ({"name": "pin"}, []),
        ({"id": f" {{{ID.upper()}}} "}, [ID]),
        ({"id": OTHER_ID[:-1]}, []),
    ],
    ids=["all", "by name", "another letter case", "by id", "a part of an id"],
)
def test_the_policies_that_were_asked_for_come_back(given: Json, ids: list[str]) -> None:
    outcome, _asked = run(profile(), profile(id=OTHER_ID, displayName="Other"), rollout="none", **given)
    assert [policy["id"] for policy in outcome.values["pin_policies"]] == ids


@pytest.mark.parametrize("policy", [NIL, f"{{{NIL}}}", f" urn:uuid:{NIL} "])
def test_the_nil_guid_is_no_policy(policy: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match="is the nil GUID, which stands for no ID"):
        run(profile(), id=policy, rollout="none")


@pytest.mark.parametrize(
    ("name", "warnings"),
    [
        (
            "PIN\u200b",
            [f"There is no policy named 'PIN\\u200b'. The name holds U+200B zero width space at position 4. Did you mean 'PIN' ({ID})?"],
        ),
        ("pin", [f"There is no policy named 'pin'. Did you mean 'PIN' ({ID})?"]),
        ("Another", []),
        ("PIN", []),
    ],
)
def test_a_name_that_looks_like_that_of_a_policy_is_warned_of(name: str, warnings: list[str]) -> None:
    assert list(run(profile(), name=name, rollout="none")[0].warnings) == warnings


def test_findings_consider_all_policies_and_concern_those_that_were_asked_for() -> None:
    policies = [profile(), profile(False, id=OTHER_ID, displayName="Other"), profile(id="p-3", displayName="Third", assigned=False)]
    outcome, _asked = run(*policies, name="PIN", rollout="none")
    assert [(finding["code"], finding["policies"]) for finding in outcome.values["findings"]] == [("conflict", [OTHER_ID, ID])]


GROUP, GONE = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
GROUPS = "GET /v1.0/groups"


def assigned_to(*groups: str) -> list[Json]:
    return [{"target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}} for group in groups]


@pytest.mark.parametrize(
    ("groups", "found", "severities"),
    [
        pytest.param([GROUP], page({"id": GROUP}), [], id="it exists"),
        pytest.param([GONE], page(), ["error"], id="case 49: the only group was deleted"),
        pytest.param([GROUP, GONE], page({"id": GROUP}), ["warning"], id="case 49: one of two was deleted"),
    ],
)
def test_groups_that_no_longer_exist_are_found(groups: list[str], found: t.Any, severities: list[str]) -> None:
    outcome, asked = run(profile(assignments=assigned_to(*groups)), rollout="none", script={GROUPS: found})
    findings = [finding for finding in outcome.values["findings"] if finding["code"] == "deleted_group"]
    assert [finding["severity"] for finding in findings] == severities and len(findings) == len(outcome.values["findings"])
    assert asked == [GROUPS] and outcome.values["problems"] == []


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        pytest.param(error(403), "needs the permission GroupMember.Read.All", id="no permission"),
        pytest.param(error(400), "Could not look up the groups in assignments", id="another refusal"),
    ],
)
def test_groups_that_cannot_be_read_are_a_problem_and_no_finding(failure: t.Any, words: str) -> None:
    outcome, _asked = run(profile(assignments=assigned_to(GROUP)), rollout="none", script={GROUPS: failure})
    (problem,) = outcome.values["problems"]
    assert words in problem and outcome.values["findings"] == [] and len(outcome.values["pin_policies"]) == 1


@pytest.mark.parametrize(
    ("policy", "check", "rollout", "asked"),
    [
        pytest.param(profile(), False, "overview", [OVERVIEW], id="overview"),
        pytest.param(profile(), False, "none", [], id="none"),
        pytest.param(profile(), True, "devices", [OVERVIEW], id="no export in check mode"),
        pytest.param(profile(), False, "devices", [EXPORT], id="export"),
        pytest.param(profile(assigned=False), False, "overview", [], id="not assigned"),
    ],
)
def test_the_check_in_status_is_asked_for(policy: Json, check: bool, rollout: str, asked: list[str]) -> None:
    script = {OVERVIEW: answer(200, {"successCount": 1}), EXPORT: error(403)}
    assert run(policy, check=check, script=script, rollout=rollout)[1] == asked


def test_a_check_in_status_that_cannot_be_read_is_a_problem_and_hides_no_policy() -> None:
    outcome, _asked = run(profile(), script={OVERVIEW: error(403)})
    (policy,) = outcome.values["pin_policies"]
    (problem,) = outcome.values["problems"]
    assert policy["rollout"] is None and problem.startswith("Could not read the check-in status of 'PIN': ") and "403" in problem
    assert outcome.changed is False
