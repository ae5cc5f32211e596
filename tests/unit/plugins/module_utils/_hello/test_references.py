# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._directory.lookup import DirectoryLookup
from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import Assignment
from ansible_collections.endpointops.intune.plugins.module_utils._hello.policy import make_subject
from ansible_collections.endpointops.intune.plugins.module_utils._hello.references import validate_references
from tests.support.fakes import Tenant, page, tenant

A, B, C = (f"aaaaaaaa-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
F, G = (f"ffffffff-0000-4000-8000-00000000000{number}" for number in (1, 2))
GROUPS, FILTERS = "GET /v1.0/groups", "GET /beta/deviceManagement/assignmentFilters"


def group(identity: str, filter_id: str = "") -> Assignment:
    return Assignment("group", identity, filter_id, "include" if filter_id else "")


def world_of(*existing: str) -> Tenant:
    """Return a tenant with these groups and filters."""
    groups = page(*({"id": identity} for identity in existing if identity[0] == "a"))
    return tenant({GROUPS: groups, FILTERS: page(*({"id": identity.upper()} for identity in existing if identity[0] == "f"))})


def validate(world: Tenant, kept: list[Assignment], given: list[Assignment], desired: list[Assignment]) -> None:
    validate_references(DirectoryLookup(world.client), kept, given, desired, make_subject("PIN"))


@pytest.mark.parametrize(
    ("kept", "given", "desired", "asked"),
    [
        pytest.param([group(A)], [group(B)], [group(A), group(B)], [GROUPS], id="what is kept exists"),
        pytest.param([group(A, F)], [group(B)], [group(A, F)], [GROUPS, FILTERS], id="with its filter"),
        pytest.param([group(C)], [group(B)], [group(B)], [], id="case 49: what was deleted goes"),
        pytest.param([group(A, G)], [group(A)], [group(A)], [GROUPS], id="case 49: a deleted filter goes"),
        pytest.param([], [group(B)], [group(B)], [], id="nothing was there"),
        pytest.param([Assignment("all_devices")], [group(B)], [Assignment("all_devices"), group(B)], [], id="no group was there"),
    ],
)
def test_what_exists_or_goes_is_no_problem(
    kept: list[Assignment], given: list[Assignment], desired: list[Assignment], asked: list[str]
) -> None:
    world = world_of(A, F)
    validate(world, kept, given, desired)
    assert world.transport.targets == asked, "only what the policy has and keeps is asked for"


@pytest.mark.parametrize(
    ("kept", "given", "words"),
    [
        pytest.param([group(B)], [], [f"groups that no longer exist: {B}.", "purge_assignments"], id="case 49: kept"),
        pytest.param([group(B), group(C)], [], [f"groups that no longer exist: {B}, {C}."], id="case 49: several"),
        pytest.param([group(B)], [group(B)], [f"no groups with the IDs that assignments names: {B}.", "Remove them"], id="case 49: named"),
        pytest.param([group(A, G)], [], [f"assignment filters that no longer exist: {G}."], id="case 49: a filter"),
        pytest.param([group(B), group(A, G)], [group(B)], [f"names: {B}.", f"no longer exist: {G}."], id="case 49: both"),
    ],
)
def test_what_was_deleted_is_told_with_the_way_out(kept: list[Assignment], given: list[Assignment], words: t.Sequence[str]) -> None:
    with pytest.raises(errors.SelectionError) as caught:
        validate(world_of(A, F), kept, given, kept)
    assert all(word in str(caught.value) for word in words) and caught.value.effects == "none"
