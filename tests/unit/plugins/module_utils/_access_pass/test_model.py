# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._access_pass import model
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass.model import AccessPass, Policy, Target, User
from tests.support.fakes import START

NOW = START
ID = "11111111-2222-3333-4444-555555555555"


def parse(**members: t.Any) -> AccessPass:
    return model.parse_pass(model.PASS({"id": "p", **members}, ""))


@pytest.mark.parametrize(
    ("found", "is_spent"),
    [
        pytest.param(AccessPass("p", is_usable=True), False, id="usable"),
        pytest.param(
            AccessPass("p", start=NOW - 7200, lifetime_minutes=60, is_usable=True), False, id="usable by the service, over by our clock"
        ),
        pytest.param(AccessPass("p", is_usable=False, reason="Expired"), True, id="expired"),
        pytest.param(AccessPass("p", is_usable=False, reason="oneTimeUsed"), True, id="used up, in other letters"),
        pytest.param(AccessPass("p", is_usable=False, reason="NotYetValid"), False, id="not yet"),
        pytest.param(AccessPass("p", is_usable=False, reason="DisabledByPolicy"), False, id="the policy may come back"),
        pytest.param(AccessPass("p", is_usable=False, reason="SomethingNew"), False, id="a reason that is not known"),
        pytest.param(AccessPass("p", start=NOW - 3600, lifetime_minutes=60), True, id="over, without a word of the service"),
        pytest.param(AccessPass("p", start=NOW - 3599, lifetime_minutes=60), False, id="a second left"),
        pytest.param(AccessPass("p"), False, id="nothing is known"),
    ],
)
def test_only_a_pass_that_is_spent_may_be_replaced(found: AccessPass, is_spent: bool) -> None:
    assert found.is_spent(NOW) is is_spent


def test_a_pass_is_read_with_what_is_known_of_it() -> None:
    found = parse(
        startDateTime="2026-01-05T10:00:00Z", lifetimeInMinutes=60, isUsableOnce=True, isUsable=False, methodUsabilityReason="Expired"
    )
    assert found == AccessPass("p", None, START, 60, True, False, "Expired") and found.end == START + 3600
    odd = parse(startDateTime=5, lifetimeInMinutes="60", isUsable="yes", methodUsabilityReason=[])
    assert odd == AccessPass("p") and odd.end is None


def test_a_pass_that_can_be_used_counts_before_one_that_is_spent() -> None:
    spent, usable = AccessPass("a", is_usable=False, reason="Expired"), AccessPass("b", is_usable=True)
    assert model.choose_pass([spent, usable], NOW) == usable and model.choose_pass([], NOW) is None


def test_a_policy_is_read() -> None:
    target = {"targetType": "Group", "id": ID.upper()}
    found = model.parse_policy(
        model.POLICY({"state": "Enabled", "includeTargets": [target], "excludeTargets": [], "isUsableOnce": False}, "")
    )
    assert (found.is_enabled, found.includes, found.excludes, found.groups) == (True, (Target("group", ID),), (), [ID])
    odd = model.parse_policy(model.POLICY({"state": "disabled", "includeTargets": 5, "minimumLifetimeInMinutes": "x"}, ""))
    assert odd == Policy("disabled") and not odd.is_enabled and odd.groups == []


@pytest.mark.parametrize(
    ("item", "user"),
    [
        ({"id": ID.upper(), "userPrincipalName": "a@b"}, User(ID, "a@b")),
        ({"id": "00000000-0000-0000-0000-000000000000", "userPrincipalName": "a@b"}, None),
        ({"id": ID, "userPrincipalName": " "}, None),
    ],
)
def test_a_user_is_read(item: dict[str, t.Any], user: User | None) -> None:
    assert model.parse_user(item) == user


@pytest.mark.parametrize(
    ("principal", "is_external"), [("a_b.com#EXT#@c.com", True), ("a#ext#@c", True), ("a@c.com", False), ("ext@c.com", False)]
)
def test_a_guest_of_another_tenant_is_known_by_the_principal_name(principal: str, is_external: bool) -> None:
    assert User(ID, principal).is_external is is_external


def test_a_secret_is_in_no_representation() -> None:
    assert "s3cret" not in repr(model.UserPass(User(ID, "a@b"), ["a@b"], value="s3cret"))
