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
from ansible_collections.endpointops.intune.plugins.module_utils._graph.responses import (
    parse_code,
    parse_error,
    parse_message,
    parse_response,
)
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.support.fakes import GRAPH, answer, error

GET = Request("GET", f"{GRAPH}/v1.0/x")


@pytest.mark.parametrize(
    ("response", "value"),
    [
        pytest.param(answer(200, {"a": 1}), {"a": 1}, id="JSON"),
        pytest.param(answer(201, []), [], id="created"),
        pytest.param(answer(204), None, id="no content"),
        pytest.param(answer(200), None, id="200 without a body"),
        pytest.param(answer(204, b"ignored"), None, id="204 with a body"),
    ],
)
def test_good_answers_are_decoded(response: Response, value: t.Any) -> None:
    assert parse_response(GET, response) == value


@pytest.mark.parametrize(
    ("response", "words"),
    [
        pytest.param(answer(200, b"<html>", content_type="text/html; charset=utf-8"), "not JSON (text/html, 6 bytes)", id="HTML"),
        pytest.param(answer(200, b'{"value": [{"id'), "not JSON (application/json, 15 bytes)", id="cut off"),
        pytest.param(answer(200, b"\xff\xfe\x00"), "not JSON", id="bytes"),
        pytest.param(answer(302, location="https://portal.test/login"), "redirected to portal.test", id="redirect"),
        pytest.param(answer(300), "redirected to another place", id="redirect to nowhere"),
        pytest.param(answer(302, location="https://["), "redirected to another place", id="case 13: redirect to half an address"),
        pytest.param(answer(302, location="https://u:p@portal.test/"), "redirected to portal.test.", id="redirect with a password"),
    ],
)
def test_answers_of_somebody_else_are_refused(response: Response, words: str) -> None:
    with pytest.raises(errors.UnexpectedResponseError) as caught:
        parse_response(GET, response)
    assert words in caught.value.message


def test_an_error_answer_is_raised() -> None:
    with pytest.raises(errors.NotFoundError):
        parse_response(GET, error(404))


def test_an_error_carries_what_the_answer_says() -> None:
    found = parse_error(GET, error(400, "BadRequest", "Wrong."))
    assert (found.status, found.code, found.message, found.target) == (400, "BadRequest", "Wrong.", "GET /v1.0/x")


def test_ids_of_the_body_are_taken_where_no_header_has_them() -> None:
    found = parse_error(GET, error(400))
    assert (found.request_id, found.client_request_id) == ("request-1", "client-1")


def test_ids_of_the_headers_come_first() -> None:
    found = parse_error(GET, error(400, request_id="r-header", client_request_id="c-header"))
    assert (found.request_id, found.client_request_id) == ("r-header", "c-header")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad Gateway</html>",
        b'{"error',
        b"[]",
        b'"x"',
        b'{"error": "invalid_request"}',
        b'{"error": {"innerError": "x"}}',
        b"{}",
    ],
    ids=["empty", "HTML", "cut off", "list", "string", "error as text", "inner error as text", "empty object"],
)
def test_an_error_without_a_reason_says_so(body: bytes) -> None:
    found = parse_error(GET, answer(502, body, content_type="text/html"))
    assert isinstance(found, errors.ServiceError)
    assert found.message == f"no reason was given (text/html, {len(body)} bytes)"


@given(body=st.binary() | st.recursive(st.none() | st.text() | st.integers(), lambda x: st.dictionaries(st.text(), x)).map(json.dumps))
def test_no_body_breaks_the_reading_of_an_error(body: bytes | str) -> None:
    parse_error(GET, Response(500, {}, body.encode() if isinstance(body, str) else body))


# Intune's JSON within JSON: a sample from a real tenant.
WRAPPED = json.dumps(
    {
        "_version": 3,
        "Message": "SecretReferenceValueId invalid for create. - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000"
        " - Activity ID: 4c66 - Url: https://fef.amsub0502.manage.microsoft.com/DeviceConfiguration_2107/x?api-version=5021-05-26",
        "CustomApiErrorPhrase": "",
        "RetryAfter": None,
        "ErrorSourceService": "",
        "HttpHeaders": "{}",
    },
    indent=2,
)


@pytest.mark.parametrize(
    ("message", "plain"),
    [
        pytest.param(WRAPPED, "SecretReferenceValueId invalid for create.", id="JSON within JSON"),
        pytest.param(json.dumps({"message": "Wrong."}), "Wrong.", id="lower case"),
        pytest.param('{"other": 1}', '{"other": 1}', id="JSON without a message"),
        pytest.param("Wrong. - Activity ID: 4c66", "Wrong.", id="activity ID"),
        pytest.param("Wrong. - Url: https://x.test - CustomApiErrorPhrase: ", "Wrong.", id="URL"),
        pytest.param("Wrong. - CustomApiErrorPhrase: ", "Wrong.", id="phrase"),
        pytest.param("A well-known name - or not.", "A well-known name - or not.", id="a dash of its own"),
        pytest.param("  Wrong.\r\n", "Wrong.", id="space around"),
        pytest.param("", "", id="empty"),
        pytest.param(None, "", id="null"),
        pytest.param({"Message": "x"}, "", id="not text"),
    ],
)
def test_messages_are_told_plainly(message: t.Any, plain: str) -> None:
    assert parse_message(message) == plain


@pytest.mark.parametrize(
    ("found", "code"),
    [
        pytest.param({"code": "BadRequest"}, "BadRequest", id="one level"),
        pytest.param({"code": "A", "innerError": {"code": "B", "innerError": {"code": "C"}}}, "C", id="three levels"),
        pytest.param({"code": "A", "innererror": {"code": "B"}}, "B", id="OData spelling"),
        pytest.param({"code": "A", "innerError": {"date": "x", "innerError": {"code": "C"}}}, "C", id="a level without a code"),
        pytest.param({"code": "A", "innerError": {"code": ""}}, "A", id="empty code"),
        pytest.param({"code": 5}, None, id="a number"),
        pytest.param({}, None, id="none"),
    ],
)
def test_the_innermost_code_names_the_case(found: dict[str, t.Any], code: str | None) -> None:
    assert parse_code(found) == code


@pytest.mark.parametrize(
    ("response", "words"),
    [
        pytest.param(error(400, message="Request not applicable to target tenant."), "no active Intune subscription", id="no Intune"),
        pytest.param(error(401), "token was refused", id="401"),
        pytest.param(error(403, "Authorization_RequestDenied"), "Grant the missing application permission", id="403 of Entra"),
        pytest.param(error(403, "Forbidden"), "Grant one of the named", id="403 of Intune"),
        pytest.param(error(429), "raise retry_timeout", id="429"),
    ],
)
def test_an_error_hints_at_what_to_do(response: Response, words: str) -> None:
    assert words in (parse_error(GET, response).hint or "")
