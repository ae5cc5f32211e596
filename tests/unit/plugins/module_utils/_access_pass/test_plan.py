# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass import plan
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass.model import (
    AccessPass,
    Desired,
    Policy,
    Target,
    User,
    UserPass,
)
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass.plan import Surroundings
from tests.support.fakes import START

ID, GROUP, OTHER = (f"{number}1111111-2222-3333-4444-555555555555" for number in "123")
EVERYBODY = Target("group", "all_users")
OPEN = Policy("enabled", 60, 480, 60, 8, False, (EVERYBODY,), ())


def item(current: AccessPass | None = None, principal: str = "ada@contoso.com") -> UserPass:
    return UserPass(User(ID, principal), [principal], current)


def around(policy: Policy | None = OPEN, caller: str | None = None, **members: t.Any) -> Surroundings:
    return Surroundings(policy, members, caller, START)


def options(**more: t.Any) -> dict[str, t.Any]:
    return {"lifetime_minutes": None, "start": None, "is_usable_once": True, "replace": False, **more}


def test_options_become_a_desired_pass() -> None:
    found = plan.parse_desired(options(lifetime_minutes=90, start="2026-01-05T12:00:00+02:00", replace=True))
    assert found == Desired(90, True, START, True)
    assert plan.render_body(found) == {"isUsableOnce": True, "lifetimeInMinutes": 90, "startDateTime": "2026-01-05T10:00:00Z"}
    assert plan.render_body(Desired(is_usable_once=False)) == {"isUsableOnce": False}


@pytest.mark.parametrize("wrong", [{"lifetime_minutes": 9}, {"lifetime_minutes": 43201}, {"start": "soon"}, {"start": "0001-01-01"}])
def test_options_that_no_policy_allows_are_refused(wrong: dict[str, t.Any]) -> None:
    with pytest.raises(errors.InvalidOptionError):
        plan.parse_desired(options(**wrong))


@pytest.mark.parametrize(
    ("policy", "members", "is_in_scope"),
    [
        pytest.param(OPEN, {}, True, id="all users"),
        pytest.param(Policy("enabled", includes=(), excludes=()), {}, False, id="nobody"),
        pytest.param(Policy("enabled"), {}, None, id="targets that could not be read"),
        pytest.param(Policy("enabled", includes=(Target("group", GROUP),), excludes=()), {GROUP: frozenset({ID})}, True, id="a member"),
        pytest.param(Policy("enabled", includes=(Target("group", GROUP),), excludes=()), {GROUP: frozenset()}, False, id="no member"),
        pytest.param(Policy("enabled", includes=(Target("group", GROUP),), excludes=()), {GROUP: None}, None, id="an unread group"),
        pytest.param(
            Policy("enabled", includes=(Target("group", GROUP), Target("user", ID)), excludes=()), {GROUP: None}, True, id="and named alone"
        ),
        pytest.param(Policy("enabled", includes=(Target("user", OTHER),), excludes=()), {}, False, id="another user"),
        pytest.param(
            Policy("enabled", includes=(EVERYBODY,), excludes=(Target("group", GROUP),)), {GROUP: frozenset({ID})}, False, id="excluded"
        ),
        pytest.param(
            Policy("enabled", includes=(EVERYBODY,), excludes=(Target("group", GROUP),)), {GROUP: None}, None, id="perhaps excluded"
        ),
        pytest.param(Policy("enabled", includes=(Target("new", GROUP),), excludes=()), {}, None, id="a kind that is not known"),
        pytest.param(Policy("enabled", includes=(), excludes=None), {}, False, id="not included, whatever is excluded"),
    ],
)
def test_who_is_in_scope(policy: Policy, members: dict[str, frozenset[str] | None], is_in_scope: bool | None) -> None:
    assert plan.is_in_scope(ID, policy, members) is is_in_scope


@pytest.mark.parametrize(
    ("given", "desired", "surroundings", "reason"),
    [
        (item(), Desired(), around(), None),
        (item(), Desired(), around(None), None),
        (item(), Desired(5000), around(None), None),
        (item(), Desired(60), around(Policy("enabled")), None),
        (item(), Desired(), around(caller=ID), "self"),
        (item(), Desired(), around(caller=OTHER), None),
        (item(principal="a_b#EXT#@c"), Desired(), around(), "external_guest"),
        (item(), Desired(start=START), around(), "start_passed"),
        (item(), Desired(start=START + 1), around(), None),
        (item(), Desired(), around(Policy("disabled")), "method_disabled"),
        (item(), Desired(), around(Policy("enabled", includes=())), "out_of_scope"),
        (item(), Desired(59), around(), "lifetime_out_of_range"),
        (item(), Desired(480), around(), None),
        (item(), Desired(481), around(), "lifetime_out_of_range"),
        (item(), Desired(is_usable_once=False), around(Policy("enabled", is_one_time_only=True)), "one_time_only"),
    ],
)
def test_why_no_pass_is_issued(given: UserPass, desired: Desired, surroundings: Surroundings, reason: str | None) -> None:
    change = plan.plan_issue(given, desired, surroundings)
    assert (change, given.reason) == (None, reason) if reason else change == "issue"
    assert given.status == ("refused" if reason else "not_attempted")


USABLE = AccessPass("p", is_usable=True, is_usable_once=True)


@pytest.mark.parametrize(
    ("current", "replace", "change", "words"),
    [
        (USABLE, False, None, "The user has a usable pass, which the service does not show again. Set replace"),
        (USABLE, True, "issue", ""),
        (AccessPass("p", is_usable=False, reason="Expired"), False, "issue", ""),
        (AccessPass("p", start=START + 60, is_usable=False, reason="NotYetValid"), False, None, "can be used from 2026-01-05T10:01:00Z on"),
        (AccessPass("p", is_usable=False, reason="NotYetValid"), False, None, "can be used from a later time on"),
        (AccessPass("p", is_usable=False, reason="DisabledByPolicy"), False, None, "cannot be used now (reason DisabledByPolicy)"),
        (AccessPass("p", is_usable=True, is_usable_once=False), False, None, "It can be used many times"),
    ],
)
def test_a_pass_that_is_not_spent_stands(current: AccessPass, replace: bool, change: str | None, words: str) -> None:
    given = item(current)
    assert plan.plan_issue(given, Desired(replace=replace), around()) == change
    assert words in (given.message or "") and (given.status == "exists") is (change is None)


def test_a_pass_that_stands_comes_before_a_refusal() -> None:
    given = item(USABLE)
    assert plan.plan_issue(given, Desired(), around(Policy("disabled"))) is None and given.status == "exists"


def test_what_is_removed() -> None:
    held, bare = item(USABLE), item()
    assert (plan.plan_removal(held), plan.plan_removal(bare), bare.status) == ("remove", None, "absent")


def test_what_can_be_known_before() -> None:
    assert plan.project(Desired(start=START), OPEN) == AccessPass(None, start=START, lifetime_minutes=60, is_usable_once=True)
    assert plan.project(Desired(), None).lifetime_minutes is None
    assert plan.project(Desired(90), OPEN).lifetime_minutes == 90
