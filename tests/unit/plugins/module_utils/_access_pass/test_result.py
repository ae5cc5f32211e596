# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._access_pass import result
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass.model import AccessPass, Status, User, UserPass
from tests.support.fakes import START


def item(status: Status = "issued", name: str = "ada", **more: t.Any) -> UserPass:
    return UserPass(User(f"id-{name}", f"{name}@contoso.com"), [name], status=status, **more)


def test_counts_and_failures() -> None:
    items = [item(changed=True), item("exists", "bob"), item("refused", "eve", reason="self", message="No.")]
    assert {name: count for name, count in result.summarize(items).items() if count} == {
        "total": 3,
        "changed": 1,
        "issued": 1,
        "exists": 1,
        "refused": 1,
    }
    failure = result.find_failure(items)
    assert failure and failure.message == "The task failed for 1 of 3 users: eve refused (self). No."
    assert result.find_failure(items[:2]) is None
    many = result.find_failure([item("not_attempted", str(number)) for number in range(7)])
    assert many and "and 2 more." in many.message and "0 not_attempted," in many.message


@pytest.mark.parametrize(
    ("items", "effects"),
    [([item("failed")], "none"), ([item("unknown")], "unknown"), ([item("unknown"), item(changed=True)], "partial")],
)
def test_effects(items: list[UserPass], effects: str) -> None:
    assert result.effects_of(items) == effects


def test_the_pass_that_is_shown_is_the_one_after_the_task() -> None:
    old, new = AccessPass("old", START, START, 60, True, True, "EnabledByPolicy"), AccessPass("new")
    assert result.find_shown(item(current=old)) == old
    assert result.find_shown(item(current=old, made=new, changed=True)) == new
    assert result.find_shown(item("removed", current=old, changed=True)) is None
    found = result.describe_pass(old)
    assert (found["starts"], found["ends"], found["usability_reason"]) == (
        "2026-01-05T10:00:00Z",
        "2026-01-05T11:00:00Z",
        "EnabledByPolicy",
    )
    assert set(result.describe_pass(None).values()) == {None}


@pytest.mark.parametrize(
    ("held", "status"),
    [
        (None, "none"),
        (AccessPass("p", is_usable=True), "usable"),
        (AccessPass("p", is_usable=False, reason="NotYetValid"), "not_usable"),
        (AccessPass("p"), "not_usable"),
    ],
)
def test_what_a_user_holds(held: AccessPass | None, status: str) -> None:
    assert result.describe_holder(item(current=held), START)["status"] == status


def test_the_difference_names_users_in_their_order() -> None:
    old = AccessPass("p", START, START, 60, False, True)
    items = [item("exists", "bob", current=old), item(changed=True, value="s3cret")]
    before, after = result.describe_diff(items, AccessPass(None, lifetime_minutes=90, is_usable_once=True))
    kept = {"lifetime_minutes": 60, "is_usable_once": False}
    assert before == {"temporary_access_passes": {"ada@contoso.com": None, "bob@contoso.com": kept}}
    assert after["temporary_access_passes"] == {
        "ada@contoso.com": {"lifetime_minutes": 90, "is_usable_once": True},
        "bob@contoso.com": kept,
    }


def test_warnings() -> None:
    disabled = UserPass(User("1", "a@b", is_enabled=False), ["a"], status="issued")
    roles = item("planned", roles=["Global Reader"])
    assert len(result.warn_of_accounts([disabled, roles])) == 2
    assert result.warn_of_accounts([item("refused", roles=["X"]), item(roles=["X"])]) == []
    assert "and 2 more" in result.warn_of_accounts([item("planned", str(number), roles=["X"]) for number in range(7)])[0]
