# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils._directory.groups import (
    MOST_IDS,
    fetch_group_names,
    render_name_requests,
)
from tests.support.fakes import page, query_of, tenant

GROUPS = "GET /v1.0/groups"
IDS = [f"aaaaaaaa-0000-4000-8000-{number:012}" for number in range(40)]


def test_names_by_their_ids() -> None:
    world = tenant({GROUPS: page({"id": IDS[0].upper(), "displayName": "Pilot ring"}, {"id": IDS[1], "displayName": None})})
    assert fetch_group_names(world.client, [IDS[0].upper(), IDS[1], IDS[1]]) == {IDS[0]: "Pilot ring", IDS[1]: IDS[1]}
    assert query_of(world.transport.sent[0]) == {"$filter": f"id in ('{IDS[0]}','{IDS[1]}')", "$select": "id,displayName"}
    assert len(world.transport.sent) == 1


def test_the_requests_are_known_before_they_are_sent() -> None:
    world = tenant({GROUPS: page()})
    fetch_group_names(world.client, IDS)
    assert [request.url for request in render_name_requests(world.client, IDS)] == [request.url for request in world.transport.sent]


def test_nothing_is_asked_for_no_ids() -> None:
    world = tenant()
    assert fetch_group_names(world.client, []) == {}
    assert world.transport.sent == []


def test_many_ids_take_as_few_requests_as_an_operator_has_room_for() -> None:
    def answer(request: t.Any) -> t.Any:
        return page(*({"id": identity} for identity in IDS[1:] if identity in query_of(request)["$filter"]))

    world = tenant({GROUPS: answer})
    assert fetch_group_names(world.client, IDS).keys() == set(IDS[1:])
    assert [query_of(request)["$filter"].count("','") + 1 for request in world.transport.sent] == [MOST_IDS, MOST_IDS, 10]
