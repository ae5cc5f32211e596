# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the calls for the probe, one response at a time."""

from __future__ import annotations

import base64
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import Assignment
from ansible_collections.endpointops.intune.plugins.module_utils._probe import api
from ansible_collections.endpointops.intune.plugins.module_utils._probe.model import NAME, Schedule, Target
from tests.support.fakes import answer, error, page, query_of, tenant

ID, OTHER = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
GROUP = "22222222-0000-4000-8000-000000000001"
LIST = "GET /beta/deviceManagement/deviceHealthScripts"
DAILY = "#microsoft.graph.deviceHealthScriptDailySchedule"


def listed(identity: str = ID, name: str = NAME, **more: t.Any) -> dict[str, t.Any]:
    """Return a remediation as in the list of all, where scripts are empty."""
    return {"id": identity, "displayName": name, "isGlobalScript": False, "detectionScriptContent": None, **more}


def whole(**more: t.Any) -> dict[str, t.Any]:
    script = base64.b64encode(b"exit 0\r\n").decode()
    return {**listed(), "detectionScriptContent": script, "runAsAccount": "user", "roleScopeTagIds": ["7", "0"], "assignments": [], **more}


def included(target: str = "group", **schedule: t.Any) -> dict[str, t.Any]:
    return {
        "id": f"{ID}:{GROUP}",
        "target": {"@odata.type": f"#microsoft.graph.{target}AssignmentTarget", "groupId": GROUP},
        "runRemediationScript": False,
        "runSchedule": schedule or None,
    }


def test_the_list_leaves_out_those_of_microsoft():
    found = tenant({LIST: page(listed(), listed(OTHER, "Update stale Group Policies", isGlobalScript=True))})
    assert [(probe.id, probe.name, probe.content) for probe in api.fetch_probes(found.client)] == [(ID, NAME, None)]
    assert "?" not in found.transport.sent[0].url, "the service filters and expands them unreliably"


def test_what_is_wrong_with_remediations_of_others_is_no_matter():
    strange = listed(OTHER, "Other", detectionScriptContent=7, runAs32Bit="x", roleScopeTagIds=9, assignments=3)
    found = tenant({LIST: page(strange, listed()), f"{LIST}/{ID}": answer(200, whole())})
    assert api.find_probe(found.client, NAME) is not None


def test_all_pages_of_the_list_are_read():
    next_link = "https://graph.test/beta/deviceManagement/deviceHealthScripts?$skiptoken=2"
    found = tenant([page(listed(), next_link=next_link), page(listed(OTHER, "Other"))])
    assert [probe.id for probe in api.fetch_probes(found.client)] == [ID, OTHER]


def test_a_probe_is_found_by_its_name_with_script_and_assignments():
    schedule = {"@odata.type": DAILY, "interval": 2, "time": "09:30:00.0000000", "useUtc": True}
    found = tenant(
        {LIST: page(listed(OTHER, NAME.upper()), listed()), f"{LIST}/{ID}": answer(200, whole(assignments=[included(**schedule)]))}
    )
    probe = api.find_probe(found.client, NAME)
    assert probe is not None and probe.id == ID and probe.content == b"exit 0\r\n" and probe.scope_tags == ("0", "7")
    assert probe.targets == (Target(Assignment("group", GROUP), Schedule("daily", 2, "09:30:00", True)),) and probe.is_assigned
    assert query_of(found.transport.sent[1]) == {"$expand": "assignments"}


def test_another_name_is_no_probe():
    assert api.find_probe(tenant({LIST: page(listed(name=f"{NAME} 2"))}).client, NAME) is None


def test_a_global_script_of_the_name_is_no_probe():
    assert api.find_probe(tenant({LIST: page(listed(isGlobalScript=True))}).client, NAME) is None


def test_several_of_one_name_are_refused_with_their_ids():
    with pytest.raises(errors.SelectionError, match=f"{ID}, {OTHER}") as failure:
        api.find_probe(tenant({LIST: page(listed(OTHER), listed())}).client, NAME)
    assert failure.value.effects == "none" and "rename" in str(failure.value.hint)


def test_one_that_is_deleted_between_two_reads_is_gone():
    assert api.find_probe(tenant({LIST: page(listed()), f"{LIST}/{ID}": error(404)}).client, NAME) is None


def test_assignments_that_are_not_shown_at_once_are_read():
    cut = whole(assignments=[], **{"assignments@odata.nextLink": "https://graph.test/beta/x"})
    found = tenant({f"{LIST}/{ID}": answer(200, cut), f"{LIST}/{ID}/assignments": page(included("exclusionGroup"))})
    probe = api.fetch_probe(found.client, ID)
    assert probe is not None and probe.targets == (Target(Assignment("exclude_group", GROUP)),) and not probe.is_assigned


@pytest.mark.parametrize("wrong", [{"id": None}, {"isGlobalScript": "no"}, {"displayName": 7}], ids=lambda wrong: next(iter(wrong)))
def test_a_wrong_list_is_an_unexpected_response(wrong):
    with pytest.raises(errors.UnexpectedResponseError, match=next(iter(wrong))):
        api.fetch_probes(tenant({LIST: page({**listed(), **wrong})}).client)


def test_a_wrong_assignment_is_an_unexpected_response():
    wrong = {**included(), "runSchedule": {"@odata.type": DAILY, "interval": "daily"}}
    with pytest.raises(errors.UnexpectedResponseError, match=r"assignments\[0\]\.runSchedule\.interval must be a whole number"):
        api.fetch_probe(tenant({f"{LIST}/{ID}": answer(200, whole(assignments=[wrong]))}).client, ID)
