# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass import users
from tests.support.fakes import error, page, query_of, tenant

ID = "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize("name", ["ada@contoso.com", ID, ID.upper(), "{" + ID + "}", "o'brien@contoso.com"])
def test_names_of_users(name: str) -> None:
    assert users.find_problem(name) is None


@pytest.mark.parametrize(
    "name", ["Ada Admin", "", " ", None, 5, "@", "@contoso.com@", "a\nb@c", "00000000-0000-0000-0000-000000000000", ["a@b"]]
)
def test_what_cannot_be_a_user(name: t.Any) -> None:
    assert users.find_problem(name)


def user(identity: str, principal: str) -> dict[str, t.Any]:
    return {"id": identity, "userPrincipalName": principal}


def test_names_are_asked_for_together_with_quotes_doubled() -> None:
    world = tenant({"GET /v1.0/users": [page(user("1", "o'brien@c")), page(user(ID, "x@c"))]})
    found = users.select(world.client, ["O'BRIEN@c", ID])
    assert [item.user.id for item in found] == ["1", ID]
    assert [query_of(request)["$filter"] for request in world.transport.sent] == ["userPrincipalName in ('O''BRIEN@c')", f"id in ('{ID}')"]


def test_many_names_are_several_requests() -> None:
    names = [f"user{number}@c" for number in range(31)]
    world = tenant({"GET /v1.0/users": [page(*(user(name, name) for name in names))]})
    assert len(users.select(world.client, names)) == 31 and len(world.transport.sent) == 3


def test_two_users_of_one_name_are_refused() -> None:
    world = tenant({"GET /v1.0/users": [page(user("1", "a@c"), user("2", "A@c"))]})
    with pytest.raises(errors.SelectionError, match="matches 2 users: 1, 2"):
        users.select(world.client, ["a@c"])


@pytest.mark.parametrize("names", [[], ["a@c"] * 1001])
def test_none_and_too_many_are_refused(names: list[str]) -> None:
    with pytest.raises(errors.InvalidOptionError):
        users.select(tenant().client, names)


def test_many_problems_are_counted() -> None:
    with pytest.raises(errors.SelectionError, match="and 5 more problems"):
        users.select(tenant().client, [f"user {number}" for number in range(25)])


def test_a_refused_look_up_names_its_permissions() -> None:
    world = tenant({"GET /v1.0/users": [error(403, "Authorization_RequestDenied")]})
    with pytest.raises(errors.ForbiddenError, match=r"User\.Read\.All"):
        users.select(world.client, ["a@c"])
