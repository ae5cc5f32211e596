# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome, describe_failure

VALUES = {"thing": {"id": "1"}}


@pytest.mark.parametrize(
    ("outcome", "diff", "result"),
    [
        pytest.param(Outcome(VALUES), False, {"changed": False, **VALUES}, id="unchanged"),
        pytest.param(Outcome(VALUES, changed=True), False, {"changed": True, **VALUES}, id="changed"),
        pytest.param(Outcome(VALUES, before={"a": 1}, after={"a": 2}), False, {"changed": False, **VALUES}, id="no diff asked for"),
        pytest.param(Outcome(VALUES), True, {"changed": False, **VALUES}, id="no diff to show"),
        pytest.param(
            Outcome(VALUES, True, {}, {"a": 2}), True, {"changed": True, **VALUES, "diff": {"before": {}, "after": {"a": 2}}}, id="diff"
        ),
        pytest.param(Outcome(VALUES, warnings=["Oh."]), False, {"changed": False, **VALUES, "warnings": ["Oh."]}, id="warnings"),
    ],
)
def test_an_outcome_becomes_a_result(outcome: Outcome, diff: bool, result: dict[str, t.Any]) -> None:
    assert outcome.describe(diff=diff) == result


def test_a_failure_keeps_what_was_done() -> None:
    result = Outcome(VALUES, True, {}, {"a": 1}, ["Oh."], errors.NotReadyError("Late.", hint="Wait.")).describe(diff=True)
    assert (result["failed"], result["changed"], result["thing"], result["msg"]) == (True, True, {"id": "1"}, "Late. Wait.")
    assert set(result) >= {"diff", "warnings", "error"}


def test_a_failure_is_told_twice_in_words_and_in_parts() -> None:
    failure = errors.ForbiddenError("No.", status=403, code="Forbidden", target="GET /x")
    assert describe_failure(failure) == {"failed": True, "msg": "GET /x: 403 Forbidden: No.", "error": failure.describe()}


def test_the_warnings_of_a_result_are_its_own() -> None:
    outcome = Outcome(VALUES, warnings=["Oh."])
    outcome.describe(diff=False)["warnings"].append("More.")
    assert outcome.warnings == ["Oh."]


def test_case_21_sentences_are_shown_safely_and_data_stays_as_it_is() -> None:
    odd = "PC\x1b[31m\u202e"
    values = {"results": [{"device_name": odd, "message": odd}], "problems": [odd], "pin_policies": [{"name": odd}], "number": 1}
    result = Outcome(values, warnings=[odd]).describe(diff=False)
    safe = "PC\\x1b[31m\\u202e"
    assert result["results"] == [{"device_name": odd, "message": safe}] and result["pin_policies"] == [{"name": odd}]
    assert (result["problems"], result["warnings"], result["number"]) == ([safe], [safe], 1)


def test_lists_of_sentences_are_shown_safely() -> None:
    odd, safe = "10.0\x1b[31m\u202e", "10.0\\x1b[31m\\u202e"
    device = {"os_version": odd, "reset": {"reasons": [odd]}, "web_sign_in": {"reasons": [{"message": odd, "name": odd}]}}
    result = Outcome({"recovery": {"devices": [device], "steps": [odd], "steps_without_pass": [odd]}}).describe(diff=False)["recovery"]
    assert (result["steps"], result["steps_without_pass"]) == ([safe], [safe])
    (found,) = result["devices"]
    assert (found["os_version"], found["reset"]["reasons"]) == (odd, [safe])
    assert found["web_sign_in"]["reasons"] == [{"message": safe, "name": odd}]
