# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._graph.responses import (
    is_refusal,
    parse_claims_challenge,
    parse_code,
    parse_error,
    parse_message,
    parse_response,
)
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._json import identity, object_of
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
        pytest.param(
            answer(302, location="https://["), "redirected to an address that cannot be read", id="case 13: redirect to half an address"
        ),
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


# --- unexpected responses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        pytest.param("A\x1b[2J\nfatal: [all]\u2028\u202eB", "A\\x1b[2J fatal: [all] \\u202eB", id="case 21: forged lines"),
        pytest.param(f"Authorization: Bearer {'x' * 40} is wrong", "Authorization: ******** is wrong", id="case 21: the header"),
        pytest.param(" " * 80_000 + "late", "no reason was given", id="case 20: 80,000 blanks"),
        pytest.param("a" + " " * 80_000 + "- Operation ID", "a", id="case 20: blanks before what is cut off"),
        pytest.param("x" * 90_000, "x" * 1000 + "...", id="case 20: a long text"),
        pytest.param("[" * 100_000, "[" * 1000 + "...", id="case 18: a message that is nested deeply"),
        pytest.param(["x"], "no reason was given", id="case 18: a message that is no text"),
    ],
)
def test_the_text_of_an_error_is_shown_safely(message: t.Any, shown: str) -> None:
    found = parse_error(GET, error(400, message=message))
    assert found.message.startswith(shown) and len(found.message) < 1100


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"error": ["x"]}', b'{"error": {"innerError": [1]}}', b'{"error": {"code": {}}}', b"7"])
def test_case_18_an_error_of_another_shape_is_still_an_error(body: bytes) -> None:
    found = parse_error(GET, answer(400, body, request_id="r\x1b-1"))
    assert (found.status, found.code, found.request_id) == (400, None, "r\\x1b-1")


@pytest.mark.parametrize("location", ["https://[", "\xff\xfe", "http://\x1b]0;x\x07/", "", "x" * 90_000])
def test_case_13_a_redirect_that_cannot_be_read_is_an_error_of_ours(location: str) -> None:
    with pytest.raises(errors.UnexpectedResponseError, match="was redirected to ") as caught:
        parse_response(GET, answer(302, location=location))
    assert "\x1b" not in str(caught.value) and len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param(b'{"id": NaN}', "NaN", id="case 18: NaN"),
        pytest.param(b"[" * 100 + b"]" * 100, "nested too deeply", id="case 18: deep"),
        pytest.param(b'{"id": 7}', "id must be an ID, not a number", id="case 18: an ID of another type"),
        pytest.param(b'["s3cret"]', "the response must be an object, not a list", id="case 18: a list"),
    ],
)
def test_a_response_of_another_shape_is_refused_and_not_shown(body: bytes, problem: str) -> None:
    with pytest.raises(errors.UnexpectedResponseError, match="GET /v1.0/x returned an unexpected response") as caught:
        parse_response(GET, answer(200, body), object_of({"id": identity}))
    assert problem in str(caught.value) and "s3cret" not in str(caught.value)


def test_a_status_that_is_no_answer_is_refused() -> None:
    with pytest.raises(errors.UnexpectedResponseError, match="status 100"):
        parse_response(GET, answer(100))


# --- proof that nothing was done ------------------------------------------------------------------------------------


def of_gateway(status: int, body: t.Any = b"<html><title>Blocked</title></html>", **headers: str) -> Response:
    return answer(status, body, content_type="text/html", **headers)


@pytest.mark.parametrize(
    "response",
    [
        *[error(status) for status in (400, 402, 403, 404, 405, 406, 409, 410, 411, 412, 413, 415, 416, 422, 423)],
        *[made(status) for made in (error, of_gateway) for status in (401, 407, 429)],
        *[made(503, retry_after="0") for made in (error, of_gateway)],
    ],
    ids=lambda response: f"{response.status} {response.text[:22]}",
)
def test_a_refusal_proves_that_a_write_was_not_done(response: Response) -> None:
    assert is_refusal(response)


@pytest.mark.parametrize(
    "response",
    [
        *[of_gateway(status) for status in (400, 403, 404, 405, 409, 413, 451, 499, 500, 502, 503, 504)],
        *[error(status) for status in (408, 418, 421, 424, 425, 451, 499, 500, 501, 502, 503, 504, 507, 509, 599)],
        *[of_gateway(status, body) for status in (400, 403) for body in (None, b"", b"{", {}, [], "x", {"error": "x"}, {"error": []})],
        of_gateway(403, {"error": {"message": "Blocked."}}),
        of_gateway(403, {"error": {"code": 403}}),
        of_gateway(403, {"code": "Forbidden"}),
        of_gateway(502, retry_after="1"),
        answer(200, {"error": {"code": "BadRequest"}}),
        answer(204),
        answer(302, location="https://portal.test/"),
    ],
    ids=lambda response: f"{response.status} {response.text[:30]}",
)
def test_no_other_response_proves_that_a_write_was_not_done(response: Response) -> None:
    assert not is_refusal(response)


@pytest.mark.parametrize(
    ("response", "hint"),
    [
        pytest.param(of_gateway(403), "A proxy or gateway may have responded", id="403 of a gateway"),
        pytest.param(of_gateway(404), "A proxy or gateway may have responded", id="404 of a gateway"),
        pytest.param(error(403), "Grant one of the named application permissions", id="403 of Microsoft Graph"),
        pytest.param(of_gateway(407), "A proxy asks for credentials", id="407"),
        pytest.param(of_gateway(401), "The token was refused", id="401"),
        pytest.param(of_gateway(429), "Microsoft Graph still throttles", id="429"),
    ],
)
def test_the_advice_fits_the_responder(response: Response, hint: str) -> None:
    assert hint in (parse_error(GET, response).hint or "")


# --- a challenge ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="no header"),
        pytest.param("Bearer", id="no claims"),
        pytest.param('Bearer claims=""', id="empty claims"),
        pytest.param('Bearer claims="a"', id="not base64"),
        pytest.param(f'Bearer claims="{base64.b64encode(b"not JSON").decode()}"', id="not JSON"),
        pytest.param('Bearer claims="/////w=="', id="not text"),
    ],
)
def test_a_challenge_without_readable_claims_demands_none(header: str | None) -> None:
    assert parse_claims_challenge(header) is None


@pytest.mark.parametrize("padding", [True, False], ids=["padded", "unpadded"])
@given(value=st.text("abcXYZ019", max_size=8))
def test_demanded_claims_are_decoded(padding: bool, value: str) -> None:
    claims = f'{{"x":"{value}"}}'
    encoded = base64.b64encode(claims.encode()).decode()
    assert parse_claims_challenge(f'Bearer claims="{encoded if padding else encoded.rstrip("=")}"') == claims
