# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import BETA, V1
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.support.fakes import Tenant, answer, body_of, error, page, tenant

BATCH = "POST /v1.0/$batch"


def items(*responses: Response | None) -> Response:
    """Return the response of a batch, last item first; None is left out."""
    found = [
        {"id": str(place), "status": one.status, "headers": dict(one.headers), "body": json.loads(one.body or b"null")}
        for place, one in enumerate(responses)
        if one is not None
    ]
    return answer(200, {"responses": found[::-1]})


def every(request: Request) -> Response:
    """Respond to each read of a batch with its address."""
    return items(*(page({"url": item["url"]}) for item in body_of(request)["requests"]))


def ahead(world: Tenant, *paths: str, version: str = V1, query: t.Mapping[str, str] | None = None) -> None:
    world.client.read_ahead([world.client.request("GET", path, query, version=version) for path in paths])


def test_reads_are_sent_as_one_and_each_response_is_that_of_the_next_request_for_the_same() -> None:
    world = tenant({BATCH: every, "GET /v1.0/a": answer(200, {"value": [{"id": "later"}]})})
    ahead(world, "/a", "/b", query={"$select": "id"})
    assert list(world.client.list_items("/b", {"$select": "id"})) == [{"url": "/b?$select=id"}]
    assert list(world.client.list_items("/a", {"$select": "id"})) == [{"url": "/a?$select=id"}]
    assert world.transport.targets == [BATCH]
    assert list(world.client.list_items("/a", {"$select": "id"})) == [{"id": "later"}], "each is used once"


def test_a_request_for_something_else_is_sent() -> None:
    world = tenant({BATCH: every, "GET /v1.0/a": page(), "GET /beta/a": page()})
    ahead(world, "/a", "/b")
    assert list(world.client.list_items("/a", {"$top": "1"})) == list(world.client.list_items("/a", version=BETA)) == []


def test_a_query_by_post_is_one_of_them() -> None:
    world = tenant({BATCH: every})
    bodies = [{"filter": "a"}, {"filter": "b"}]
    world.client.read_ahead([world.client.request("POST", "/report", None, body) for body in bodies])
    assert [world.client.post_query("/report", body)["value"] for body in bodies] == [[{"url": "/report"}]] * 2
    assert world.transport.targets == [BATCH]


@pytest.mark.parametrize(
    ("numbers", "sent"),
    [(0, []), (1, []), (2, [2]), (20, [20]), (21, [20]), (41, [20, 20]), (42, [20, 20, 2])],
)
def test_a_batch_has_two_to_twenty_reads(numbers: int, sent: list[int]) -> None:
    world = tenant({BATCH: every})
    ahead(world, *(f"/things/{number}" for number in range(numbers)))
    assert [len(body_of(request)["requests"]) for request in world.transport.sent] == sent


def test_the_same_read_is_sent_once_and_versions_are_kept_apart() -> None:
    world = tenant({BATCH: every, "POST /beta/$batch": every})
    paths = ["/a", "/b", "/a"]
    world.client.read_ahead([world.client.request("GET", path, version=version) for version in (V1, BETA) for path in paths])
    assert [len(body_of(request)["requests"]) for request in world.transport.sent] == [2, 2]


def test_a_response_that_is_final_is_kept_whatever_it_says() -> None:
    world = tenant({BATCH: items(error(403, "Forbidden", "No."), error(404))})
    ahead(world, "/a", "/b")
    with pytest.raises(errors.ForbiddenError, match=r"GET /v1\.0/a: 403 Forbidden: No\."):
        world.client.get("/a")
    assert world.client.find("/b") is None


@pytest.mark.parametrize(
    "bad",
    [error(429, retry_after="5"), error(503), error(500), error(401), None],
    ids=["429", "503", "500", "401", "left out"],
)
def test_a_read_without_a_final_response_is_sent_when_it_is_asked_for(bad: Response | None) -> None:
    world = tenant({BATCH: items(bad, page()), "GET /v1.0/a": page({"id": "1"})})
    ahead(world, "/a", "/b")
    assert list(world.client.list_items("/a")) == [{"id": "1"}]
    assert world.transport.targets == [BATCH, "GET /v1.0/a"]


@pytest.mark.parametrize(
    "bad",
    [errors.LostResponseError("Nothing came."), error(400), error(503), answer(200, b"<html>"), answer(200, {"responses": 1})],
    ids=["lost", "400", "503", "not JSON", "no list"],
)
def test_a_batch_without_a_usable_response_costs_nothing_but_itself(bad: t.Any) -> None:
    world = tenant({BATCH: bad, "GET /v1.0/a": page({"id": "1"}), "GET /v1.0/b": page()})
    ahead(world, "/a", "/b")
    assert (list(world.client.list_items("/a")), list(world.client.list_items("/b"))) == ([{"id": "1"}], [])
    assert world.transport.targets == [BATCH, "GET /v1.0/a", "GET /v1.0/b"]


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        pytest.param(base64.b64encode(b'{"value": "\xc3\xbf\xc3\xbe>?"}').decode(), False, id="base64"),
        pytest.param(base64.urlsafe_b64encode(b'{"value": "\xc3\xbf\xc3\xbe>?"}').decode(), False, id="base64 for addresses"),
        pytest.param("{no base64}", True, id="another text"),
        pytest.param({"value": "an object"}, True, id="an object"),
    ],
)
def test_a_body_that_is_not_json_is_decoded(body: t.Any, sent: bool) -> None:
    first = {"id": "0", "status": 200, "headers": {"Content-Type": "application/octet-stream"}, "body": body}
    world = tenant({BATCH: answer(200, {"responses": [first]}), "GET /v1.0/a": answer(200, {"value": "\xff\xfe>?"})})
    ahead(world, "/a", "/b")
    assert world.client.get("/a") == {"value": "\xff\xfe>?"}
    assert world.transport.targets == [BATCH, *(["GET /v1.0/a"] if sent else [])]


def test_where_nothing_can_be_sent_the_failure_is_raised_at_once() -> None:
    world = tenant({BATCH: errors.NotSentError("No such host.", is_transient=False)})
    with pytest.raises(errors.NotSentError):
        ahead(world, "/a", "/b")


def test_a_write_forgets_all_responses() -> None:
    world = tenant({BATCH: every, "PATCH /v1.0/a": answer(204), "GET /v1.0/a": answer(200, {"id": "new"})})
    ahead(world, "/a", "/b")
    world.client.patch("/a", {})
    assert world.client.get("/a") == {"id": "new"}
    assert world.client.has_written


def test_to_read_ahead_is_no_write() -> None:
    world = tenant({BATCH: every})
    ahead(world, "/a", "/b")
    assert not world.client.has_written
