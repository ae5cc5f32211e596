# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._graph import batch
from ansible_collections.endpointops.intune.plugins.module_utils._graph.batch import CallResult, parse_batch
from ansible_collections.endpointops.intune.plugins.module_utils._graph.responses import parse_response
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.support.fakes import GRAPH

READ = Request("GET", f"{GRAPH}/beta/things/1?$select=id", {"client-request-id": "a"})
WRITE = Request("POST", f"{GRAPH}/v1.0/things/1/reset", {"Content-Type": "application/json"}, b"{}")


def envelope(*responses: t.Any, **headers: str) -> Response:
    return Response(200, headers, json.dumps({"responses": list(responses)}).encode())


def test_requests_are_packed_with_addresses_that_are_relative_to_the_version() -> None:
    packed = batch.render_batch(GRAPH, "beta", [READ, READ])
    assert (packed.method, packed.url, packed.idempotent) == ("POST", f"{GRAPH}/beta/$batch", False)
    item = {"id": "0", "method": "GET", "url": "/things/1?$select=id", "headers": {"client-request-id": "a"}}
    assert json.loads(packed.body) == {"requests": [item, {**item, "id": "1"}]}


def test_a_write_has_its_content_type_and_body_even_if_that_is_empty() -> None:
    """Without them the service refuses the whole batch."""
    packed = json.loads(batch.render_batch(GRAPH, "v1.0", [WRITE]).body)["requests"][0]
    assert packed["headers"]["Content-Type"] == "application/json" and packed["body"] == {}


@pytest.mark.parametrize(("request_", "version"), [(READ, "beta"), (WRITE, "v1.0")])
def test_a_requests_version_is_known(request_: Request, version: str) -> None:
    assert batch.version_of(GRAPH, request_) == version


def test_answers_come_in_any_order() -> None:
    found = batch.parse_batch(2, envelope({"id": "1", "status": 404, "body": {"error": {}}}, {"id": "0", "status": 204}))
    assert [answer.status for answer in found if answer] == [204, 404]
    assert found[0].body == b"" and json.loads(found[1].body) == {"error": {}}


def test_an_answers_own_headers_are_read_and_its_date_is_that_of_the_batch() -> None:
    item = {"id": "0", "status": 429, "headers": {"Retry-After": "7"}}
    (found,) = batch.parse_batch(1, envelope(item, date="Mon, 05 Jan 2026 10:00:00 GMT"))
    assert found.headers == {"retry-after": "7", "date": "Mon, 05 Jan 2026 10:00:00 GMT"}


def test_a_body_that_is_text_stays_text() -> None:
    (found,) = batch.parse_batch(1, envelope({"id": "0", "status": 200, "body": "PGh0bWw+"}))
    assert found.text == "PGh0bWw+"


ITEM = {"id": "0", "status": 204}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(envelope(), id="left out"),
        pytest.param(envelope(ITEM, ITEM), id="twice"),
        pytest.param(envelope(ITEM, {"id": "0", "status": 429}), id="twice, and not the same"),
        pytest.param(envelope({"id": 0, "status": 204}), id="an id that is a number"),
        pytest.param(envelope({"id": "7", "status": 204}), id="an id that was not asked for"),
        pytest.param(envelope({"id": "\u0660", "status": 204}), id="a digit of another script"),
        pytest.param(envelope({"id": "0"}), id="no status"),
        pytest.param(envelope({"id": "0", "status": "204"}), id="a status that is text"),
        pytest.param(envelope({"id": "0", "status": True}), id="a status that is true"),
        pytest.param(envelope("0"), id="no object"),
        pytest.param(Response(200, {}, b"<html>"), id="HTML"),
        pytest.param(Response(200, {}, b'{"responses": [{"id": "0", "sta'), id="cut off"),
        pytest.param(Response(200, {}, b'{"responses": null}'), id="null"),
        pytest.param(Response(200, {}, b"[]"), id="a list"),
        pytest.param(Response(200, {}, b""), id="empty"),
    ],
)
def test_an_answer_that_is_missing_or_cannot_be_read_is_lost(answer: Response) -> None:
    assert batch.parse_batch(1, answer) == [None]


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(ANY_JSON)
def test_nothing_that_is_json_breaks_the_reading(body: t.Any) -> None:
    for content in (body, {"responses": body}, {"responses": [body]}, {"responses": [{"id": "0", "status": 200, "headers": body}]}):
        assert len(batch.parse_batch(3, Response(200, {}, json.dumps(content).encode()))) == 3


# --- unexpected responses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 100_000, id="case 18: deep and cut off"),
        pytest.param(b'{"responses": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="case 18: deeper than Python goes"),
        pytest.param(b'{"responses": [{"id": "' + b"1" * 5000 + b'", "status": 200}]}', id="case 18: an ID of thousands of digits"),
        pytest.param(b'{"responses": [{"id": "0", "status": 1' + b"0" * 400 + b"}]}", id="case 18: a huge status"),
        pytest.param(b'{"responses": [{"id": "0", "status": 99}]}', id="case 18: a status that is none"),
        pytest.param(b'{"responses": [{"id": ["0"], "status": 200}]}', id="case 18: an ID that is a list"),
    ],
)
def test_an_envelope_that_cannot_be_read_answers_nothing(body: bytes) -> None:
    assert parse_batch(1, Response(200, {}, body)) == [None]


def test_case_18_one_response_that_cannot_be_used_does_not_take_the_others_with_it() -> None:
    body = b'{"responses": [{"id": "0", "status": 200, "body": {"a": NaN}}, {"id": "1", "status": 200, "body": {"a": "\\ud800"}}]}'
    first, second = (CallResult(0, READ, response) for response in parse_batch(2, Response(200, {}, body)))
    assert isinstance(first.error(), errors.UnexpectedResponseError) and "not JSON" in str(first.error())
    assert second.response is not None and parse_response(READ, second.response) == {"a": "\ufffd"}


@pytest.mark.parametrize(
    ("response", "is_transient"),
    [
        pytest.param(Response(200, {}, b'{"id": "'), True, id="case 19: cut off"),
        pytest.param(Response(200, {}, b""), True, id="case 19: empty"),
        pytest.param(Response(200, {}, b'{"id": "1"}'), False, id="whole"),
    ],
)
def test_a_read_in_a_batch_that_is_cut_off_is_transient(response: Response, is_transient: bool) -> None:
    assert CallResult(0, READ, response).is_transient is is_transient
