# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import time
import typing as t

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http import message as protocol
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.support.fakes import GRAPH, START, START_DATE, answer, error

GET = Request("GET", f"{GRAPH}/v1.0/x")
POST = Request("POST", f"{GRAPH}/v1.0/x")
REPEATABLE = Request("POST", f"{GRAPH}/v1.0/x", repeatable=True)
AFTER = {"retry-after": "1"}


# --- whether to send again ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "status", "headers", "again"),
    [
        pytest.param(GET, 429, {}, True, id="GET throttled"),
        pytest.param(POST, 429, {}, True, id="POST throttled: it was not run"),
        pytest.param(POST, 429, AFTER, True, id="POST throttled with Retry-After"),
        *[pytest.param(GET, status, {}, True, id=f"GET {status}") for status in (500, 502, 503, 504)],
        *[pytest.param(POST, status, {}, False, id=f"POST {status}: it may have run") for status in (500, 502, 503, 504)],
        *[pytest.param(POST, status, AFTER, False, id=f"POST {status} with Retry-After") for status in (500, 502, 504)],
        pytest.param(POST, 503, AFTER, True, id="POST 503 with Retry-After: it was refused"),
        *[pytest.param(REPEATABLE, status, {}, True, id=f"repeatable POST {status}") for status in (500, 502, 503, 504)],
        *[pytest.param(GET, status, AFTER, False, id=f"GET {status}") for status in (200, 301, 400, 401, 403, 404, 409, 412, 501)],
        *[pytest.param(REPEATABLE, status, AFTER, False, id=f"repeatable POST {status}") for status in (200, 400, 404, 409)],
        pytest.param(Request("DELETE", GRAPH), 500, {}, False, id="DELETE 500"),
        pytest.param(Request("PATCH", GRAPH), 500, {}, False, id="PATCH 500"),
        pytest.param(Request("HEAD", GRAPH), 500, {}, True, id="HEAD 500"),
    ],
)
def test_what_may_be_repeated_after_an_answer(request_: Request, status: int, headers: dict[str, str], again: bool) -> None:
    assert protocol.may_repeat(request_, status, headers) is again


@pytest.mark.parametrize(
    ("request_", "failure", "attempt", "again"),
    [
        pytest.param(POST, errors.NotSentError("x"), 1, True, id="POST not sent"),
        pytest.param(POST, errors.NotSentError("x"), protocol.CONNECT_ATTEMPTS - 1, True, id="POST not sent, but for the last time"),
        pytest.param(POST, errors.NotSentError("x"), protocol.CONNECT_ATTEMPTS, False, id="POST not sent, too often"),
        pytest.param(GET, errors.NotSentError("x", passing=False), 1, False, id="GET not sent, for good"),
        pytest.param(POST, errors.LostAnswerError("x"), 1, False, id="POST lost"),
        pytest.param(GET, errors.LostAnswerError("x"), 9, True, id="GET lost"),
        pytest.param(REPEATABLE, errors.LostAnswerError("x"), 9, True, id="repeatable POST lost"),
    ],
)
def test_what_may_be_repeated_without_an_answer(request_: Request, failure: errors.IntuneError, attempt: int, again: bool) -> None:
    assert protocol.may_repeat_after_failure(request_, failure, attempt) is again


# --- how long to wait -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param(None, None, id="missing"),
        pytest.param("", None, id="empty"),
        pytest.param("0", 0.0, id="zero"),
        pytest.param("7", 7.0, id="whole"),
        pytest.param(" 7 ", 7.0, id="with spaces"),
        pytest.param("0.25", 0.25, id="fraction"),
        pytest.param("-3", 0.0, id="negative"),
        pytest.param("nan", None, id="not a number"),
        pytest.param("inf", protocol.LONGEST_RETRY_AFTER, id="infinite"),
        pytest.param("99999999999", protocol.LONGEST_RETRY_AFTER, id="huge"),
        pytest.param("soon", None, id="garbage"),
        pytest.param("Mon, 05 Jan 2026 10:00:09 GMT", 9.0, id="date"),
        pytest.param("Mon, 05 Jan 2026 09:00:00 GMT", 0.0, id="date that has passed"),
        pytest.param("Mon, 99 Jan 2026 09:00:00 GMT", None, id="date that is none"),
    ],
)
def test_retry_after_is_read_in_every_form(value: str | None, seconds: float | None) -> None:
    assert protocol.parse_retry_after(value, START) == seconds


@given(st.text())
def test_any_retry_after_is_either_unreadable_or_within_bounds(value: str) -> None:
    seconds = protocol.parse_retry_after(value, START)
    assert seconds is None or 0 <= seconds <= protocol.LONGEST_RETRY_AFTER


@pytest.mark.parametrize(
    ("attempt", "jitter", "seconds"),
    [
        pytest.param(1, 1.0, 1.0, id="first, longest"),
        pytest.param(1, 0.0, 0.5, id="first, shortest"),
        pytest.param(3, 1.0, 4.0, id="third"),
        pytest.param(6, 1.0, protocol.LONGEST_BACKOFF, id="at its longest"),
        pytest.param(60, 0.0, protocol.LONGEST_BACKOFF / 2, id="at its longest, shortest"),
    ],
)
def test_our_own_pause_doubles_up_to_a_bound(attempt: int, jitter: float, seconds: float) -> None:
    assert protocol.backoff(attempt, None, jitter) == seconds


@given(attempt=st.integers(1, 100_000), jitter=st.floats(0, 1))
@example(attempt=5000, jitter=1.0)
def test_our_own_pause_is_bounded_after_any_number_of_tries(attempt: int, jitter: float) -> None:
    assert protocol.FIRST_BACKOFF / 2 <= protocol.backoff(attempt, None, jitter) <= protocol.LONGEST_BACKOFF


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        pytest.param(0.0, 8.0, id="0 is no help: our own"),
        pytest.param(None, 8.0, id="missing: our own"),
        pytest.param(45.0, 45.0, id="longer than our own: theirs"),
        pytest.param(5.0, 5.0, id="a bit shorter than our own: theirs"),
        pytest.param(0.1, 4.0, id="much too short: half of our own"),
    ],
)
def test_the_services_pause_is_honoured(retry_after: float | None, seconds: float) -> None:
    assert protocol.backoff(4, retry_after, 1.0) == seconds


# --- dates and addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param(START_DATE, START, id="HTTP date"),
        pytest.param("Monday, 05-Jan-26 10:00:00 GMT", START, id="RFC 850"),
        pytest.param("Mon, 05 Jan 2026 11:00:00 +0100", START, id="with an offset"),
        pytest.param(None, None, id="missing"),
        pytest.param("", None, id="empty"),
        pytest.param("yesterday", None, id="garbage"),
        pytest.param("Mon, 05 Jan 2026 10:00:00 +9999", None, id="impossible offset"),
    ],
)
def test_dates(value: str | None, seconds: float | None) -> None:
    assert protocol.parse_date(value) == seconds


@pytest.mark.parametrize("zone", ["", " -0000"], ids=["no zone", "unknown zone"])
def test_a_date_without_a_zone_is_utc_wherever_this_runs(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "IST-5:30")
        time.tzset()
        found = protocol.parse_date(f"Mon, 05 Jan 2026 10:00:00{zone}")
    time.tzset()
    assert found == START


@given(st.text())
def test_no_text_breaks_the_reading_of_a_date(value: str) -> None:
    protocol.parse_date(value)


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        pytest.param(["groups", "abc"], "/groups/abc", id="plain"),
        pytest.param(["a/b"], "/a%2Fb", id="slash"),
        pytest.param(["a?b#c"], "/a%3Fb%23c", id="query and fragment"),
        pytest.param(["a b%"], "/a%20b%25", id="space and percent"),
        pytest.param(["ä"], "/%C3%A4", id="umlaut"),
        pytest.param(["microsoft.graph.servicePrincipal"], "/microsoft.graph.servicePrincipal", id="dots within"),
    ],
)
def test_segments_are_quoted(parts: list[str], path: str) -> None:
    assert protocol.segments(*parts) == path


@pytest.mark.parametrize("name", ["..", ".", ""], ids=["parent", "itself", "empty"])
def test_no_segment_can_lead_to_another_resource(name: str) -> None:
    # Quoting does not help here: requests unquotes dots, and urllib3 then takes the segments out.
    with pytest.raises(errors.IntuneError):
        protocol.segments("groups", name, "members")


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        pytest.param("PC-1", "'PC-1'", id="plain"),
        pytest.param("O'Brien", "'O''Brien'", id="quote"),
        pytest.param("' or 1 eq 1 or '", "''' or 1 eq 1 or '''", id="injection"),
        pytest.param("", "''", id="empty"),
    ],
)
def test_literals_double_their_quotes(value: str, quoted: str) -> None:
    assert protocol.literal(value) == quoted


@pytest.mark.parametrize(
    ("query", "url"),
    [
        pytest.param(None, "https://graph.test/v1.0/x", id="no query"),
        pytest.param({"$select": "id,name"}, "https://graph.test/v1.0/x?$select=id,name", id="select"),
        pytest.param({"$filter": "a eq 'b c'"}, "https://graph.test/v1.0/x?$filter=a%20eq%20'b%20c'", id="filter"),
        pytest.param({"$filter": "a eq 'b&c+d#e'"}, "https://graph.test/v1.0/x?$filter=a%20eq%20'b%26c%2Bd%23e'", id="special characters"),
    ],
)
def test_urls_are_built(query: dict[str, str] | None, url: str) -> None:
    assert protocol.build_url(GRAPH, "v1.0", "/x", query) == url


@pytest.mark.parametrize(
    ("url", "same"),
    [
        pytest.param("https://graph.test/v1.0/x?$skiptoken=1", True, id="same"),
        pytest.param("https://graph.test:443/v1.0/x", True, id="default port said"),
        pytest.param("https://GRAPH.test/x", True, id="other case"),
        pytest.param("http://graph.test/x", False, id="not encrypted"),
        pytest.param("https://graph.test:8443/x", False, id="other port"),
        pytest.param("https://graph.test.evil.test/x", False, id="longer host"),
        pytest.param("https://graph.test@evil.test/x", False, id="host as user name"),
        pytest.param("https://evil.test@graph.test/x", False, id="a user name"),
        pytest.param("https://graph.test\\@evil.test/x", False, id="a backslash"),
        pytest.param("//evil.test/x", False, id="no scheme"),
        pytest.param("/v1.0/x", False, id="relative"),
        pytest.param("https://graph.test:99999/x", False, id="impossible port"),
        pytest.param("https://[graph.test/x", False, id="broken host"),
    ],
)
def test_origins_are_compared(url: str, same: bool) -> None:
    assert protocol.same_origin(url, GRAPH) is same


@pytest.mark.parametrize(("url", "same"), [("https://graph.test:8443/x", True), ("https://graph.test/x", False)], ids=["said", "not said"])
def test_the_port_of_an_origin_counts(url: str, same: bool) -> None:
    assert protocol.same_origin(url, "https://graph.test:8443") is same


# --- answers --------------------------------------------------------------------------------------------------------


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
    assert protocol.decode(GET, response) == value


@pytest.mark.parametrize(
    ("response", "words"),
    [
        pytest.param(answer(200, b"<html>", content_type="text/html; charset=utf-8"), "not JSON (text/html, 6 bytes)", id="HTML"),
        pytest.param(answer(200, b'{"value": [{"id'), "not JSON (application/json, 15 bytes)", id="cut off"),
        pytest.param(answer(200, b"\xff\xfe\x00"), "not JSON", id="bytes"),
        pytest.param(answer(302, location="https://portal.test/login"), "redirected to portal.test", id="redirect"),
        pytest.param(answer(300), "redirected to another place", id="redirect to nowhere"),
    ],
)
def test_answers_of_somebody_else_are_refused(response: Response, words: str) -> None:
    with pytest.raises(errors.UnexpectedAnswerError) as caught:
        protocol.decode(GET, response)
    assert words in caught.value.message


def test_an_error_answer_is_raised() -> None:
    with pytest.raises(errors.NotFoundError):
        protocol.decode(GET, error(404))


def test_an_error_carries_what_the_answer_says() -> None:
    found = protocol.decode_error(GET, error(400, "BadRequest", "Wrong."))
    assert (found.status, found.code, found.message, found.target) == (400, "BadRequest", "Wrong.", "GET /v1.0/x")


def test_ids_of_the_body_are_taken_where_no_header_has_them() -> None:
    found = protocol.decode_error(GET, error(400))
    assert (found.request_id, found.client_request_id) == ("request-1", "client-1")


def test_ids_of_the_headers_come_first() -> None:
    found = protocol.decode_error(GET, error(400, request_id="r-header", client_request_id="c-header"))
    assert (found.request_id, found.client_request_id) == ("r-header", "c-header")


@pytest.mark.parametrize(
    ("value", "seconds"), [("12", 12.0), ("Mon, 05 Jan 2026 10:00:12 GMT", 12.0), (None, None)], ids=["seconds", "date", "missing"]
)
def test_an_error_says_how_long_to_wait(value: str | None, seconds: float | None) -> None:
    headers = {"date": START_DATE, **({"retry_after": value} if value else {})}
    assert protocol.decode_error(GET, error(429, **headers)).retry_after == seconds


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
    found = protocol.decode_error(GET, answer(502, body, content_type="text/html"))
    assert isinstance(found, errors.ServiceError)
    assert found.message == f"no reason was given (text/html, {len(body)} bytes)"


@given(body=st.binary() | st.recursive(st.none() | st.text() | st.integers(), lambda x: st.dictionaries(st.text(), x)).map(json.dumps))
def test_no_body_breaks_the_reading_of_an_error(body: bytes | str) -> None:
    protocol.decode_error(GET, Response(500, {}, body.encode() if isinstance(body, str) else body))


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
    assert protocol.plain_message(message) == plain


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
    assert protocol.most_specific_code(found) == code


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
    assert words in (protocol.decode_error(GET, response).hint or "")


# --- secrets --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shown",
    [
        protocol.with_bearer(GET, "s3cret"),
        Request("POST", GRAPH, {}, b"client_secret=s3cret"),
        Request("GET", GRAPH, {"X-IDENTITY-HEADER": "s3cret"}),
        Request("GET", "https://reports.test/report.zip?sig=s3cret"),
        Response(200, {}, b'{"access_token": "s3cret"}'),
    ],
    ids=["bearer", "body of a request", "header of a request", "query of a request", "body of an answer"],
)
def test_nothing_secret_is_in_a_repr(shown: Request | Response) -> None:
    assert "s3cret" not in repr(shown)


def test_a_bearer_changes_nothing_else() -> None:
    request = Request("POST", GRAPH, {"a": "b"}, b"x", repeatable=True)
    assert protocol.with_bearer(request, "t") == Request("POST", GRAPH, {"a": "b"}, b"x", repeatable=True, bearer="t")
