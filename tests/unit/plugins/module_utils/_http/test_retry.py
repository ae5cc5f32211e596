# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._http.retry import (
    FIRST_BACKOFF,
    LONGEST_BACKOFF,
    LONGEST_RETRY_AFTER,
    Attempts,
    RetryingSender,
    backoff,
    may_repeat,
    may_repeat_after_failure,
    parse_retry_after,
    retry_after_of,
)
from tests.support.fakes import GRAPH, START, START_DATE, FakeClock, FakeTransport, Step, answer

GET = Request("GET", f"{GRAPH}/v1.0/x")
POST = Request("POST", f"{GRAPH}/v1.0/x")
REPEATABLE = Request("POST", f"{GRAPH}/v1.0/x", idempotent=True)
GOOD = answer(200, {"good": True})
LOST = errors.LostResponseError("lost")
AFTER = {"retry-after": "1"}
REFUSED = errors.NotSentError("refused")


def exchange(clock: FakeClock, *script: Step, retry_timeout: float = 60.0) -> tuple[RetryingSender, FakeTransport]:
    transport = FakeTransport(script)
    return RetryingSender(transport, clock, retry_timeout), transport


@pytest.mark.parametrize(
    ("request_", "first"),
    [
        pytest.param(GET, answer(429), id="GET throttled"),
        pytest.param(GET, answer(503), id="GET 503"),
        pytest.param(GET, LOST, id="GET lost"),
        pytest.param(GET, REFUSED, id="GET not sent"),
        pytest.param(POST, answer(429), id="POST throttled"),
        pytest.param(POST, answer(503, retry_after="1"), id="POST 503 with Retry-After"),
        pytest.param(POST, REFUSED, id="POST not sent"),
        pytest.param(REPEATABLE, LOST, id="idempotent POST lost"),
        pytest.param(REPEATABLE, answer(500), id="idempotent POST 500"),
    ],
)
def test_what_did_not_run_is_sent_again(clock: FakeClock, request_: Request, first: Step) -> None:
    subject, transport = exchange(clock, first, GOOD)
    assert subject.send(request_).body == GOOD.body
    assert transport.sent == [request_, request_]


@pytest.mark.parametrize(
    ("request_", "first", "is_doubtful"),
    [
        pytest.param(REPEATABLE, LOST, True, id="lost"),
        *[pytest.param(REPEATABLE, answer(status), True, id=str(status)) for status in (500, 502, 503, 504)],
        pytest.param(REPEATABLE, answer(503, retry_after="1"), False, id="503 with Retry-After: it was refused"),
        pytest.param(REPEATABLE, answer(429), False, id="throttled: it was not run"),
        pytest.param(REPEATABLE, REFUSED, False, id="not sent"),
        pytest.param(GET, LOST, False, id="GET: it changes nothing"),
    ],
)
def test_a_response_is_doubtful_after_an_attempt_of_a_write_that_may_have_run(
    clock: FakeClock, request_: Request, first: Step, is_doubtful: bool
) -> None:
    subject, _transport = exchange(clock, first, answer(429), answer(404))
    response = subject.send(request_)
    assert (response.status, response.is_doubtful) == (404, is_doubtful)


def test_a_request_counts_as_lost_when_only_its_last_attempts_were_not_sent(clock: FakeClock) -> None:
    subject, _transport = exchange(clock, LOST, *[REFUSED] * 50)
    with pytest.raises(errors.LostResponseError, match=r"^refused An earlier attempt may have run\.$"):
        subject.send(REPEATABLE)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_post_is_sent_once_when_it_may_have_run(clock: FakeClock, status: int) -> None:
    subject, transport = exchange(clock, answer(status))
    assert subject.send(POST).status == status
    assert transport.sent == [POST]


def test_a_post_is_sent_once_when_its_answer_is_lost(clock: FakeClock) -> None:
    subject, transport = exchange(clock, LOST)
    with pytest.raises(errors.LostResponseError):
        subject.send(POST)
    assert transport.sent == [POST]


def test_a_post_that_ran_at_its_second_try_is_not_sent_a_third_time(clock: FakeClock) -> None:
    subject, transport = exchange(clock, answer(429), LOST)
    with pytest.raises(errors.LostResponseError):
        subject.send(POST)
    assert len(transport.sent) == 2


def test_the_last_answer_comes_back_when_time_is_up(clock: FakeClock) -> None:
    subject, _transport = exchange(clock, *[answer(503)] * 50, retry_timeout=20.0)
    assert subject.send(GET).status == 503
    assert clock.slept == [1.0, 2.0, 4.0, 8.0]


def test_the_last_failure_is_raised_when_time_is_up(clock: FakeClock) -> None:
    subject, _transport = exchange(clock, *[LOST] * 50, retry_timeout=20.0)
    with pytest.raises(errors.LostResponseError):
        subject.send(GET)


def test_a_retry_timeout_of_zero_tries_once(clock: FakeClock) -> None:
    subject, transport = exchange(clock, answer(429), retry_timeout=0.0)
    assert subject.send(GET).status == 429
    assert transport.sent == [GET]


def test_a_pause_beyond_the_end_is_not_begun(clock: FakeClock) -> None:
    subject, _transport = exchange(clock, answer(429, retry_after="100"), retry_timeout=60.0)
    assert subject.send(GET).status == 429
    assert clock.slept == []


def test_a_pause_up_to_the_end_is_slept(clock: FakeClock) -> None:
    subject, _transport = exchange(clock, answer(429, retry_after="60"), GOOD, retry_timeout=60.0)
    assert subject.send(GET) is GOOD


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        pytest.param({"retry_after": "7"}, 7.0, id="seconds"),
        pytest.param({"retry_after": "2.5"}, 2.5, id="fraction"),
        pytest.param({"retry_after": "Mon, 05 Jan 2026 10:00:07 GMT", "date": START_DATE}, 7.0, id="date, by the answer's Date"),
        pytest.param({"retry_after": "Mon, 05 Jan 2026 11:00:07 GMT"}, 7.0, id="date, by our clock"),
        pytest.param({"retry_after": "0"}, 1.0, id="0: our own"),
        pytest.param({"retry_after": "soon"}, 1.0, id="garbage: our own"),
        pytest.param({}, 1.0, id="missing: our own"),
    ],
)
def test_retry_after_is_honoured(headers: dict[str, str], pause: float) -> None:
    clock = FakeClock(START + 3600)
    subject, _transport = exchange(clock, answer(429, **headers), GOOD)
    subject.send(GET)
    assert clock.slept == [pause]


def test_our_pauses_grow_with_jitter() -> None:
    clock = FakeClock(fraction=0.5)
    subject, _transport = exchange(clock, answer(503), answer(503), answer(503), GOOD)
    subject.send(GET)
    assert clock.slept == [0.75, 1.5, 3.0]


def test_connecting_is_tried_a_few_times_only(clock: FakeClock) -> None:
    subject, transport = exchange(clock, *[REFUSED] * 50, retry_timeout=3600.0)
    with pytest.raises(errors.NotSentError):
        subject.send(POST)
    assert len(transport.sent) == 4


def test_what_does_not_pass_is_not_tried_again(clock: FakeClock) -> None:
    subject, transport = exchange(clock, errors.NotSentError("untrusted", is_transient=False))
    with pytest.raises(errors.NotSentError):
        subject.send(GET)
    assert transport.sent == [GET]


@pytest.mark.parametrize("response", [answer(400), answer(401), answer(404), answer(302)], ids=lambda response: str(response.status))
def test_a_definite_answer_is_final(clock: FakeClock, response: Response) -> None:
    subject, transport = exchange(clock, response)
    assert subject.send(GET) is response
    assert transport.sent == [GET]


# --- the decision ---------------------------------------------------------------------------------------------------


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
        *[pytest.param(REPEATABLE, status, {}, True, id=f"idempotent POST {status}") for status in (500, 502, 503, 504)],
        *[pytest.param(GET, status, AFTER, False, id=f"GET {status}") for status in (204, 301, 400, 401, 403, 404, 409, 412, 501)],
        *[pytest.param(REPEATABLE, status, AFTER, False, id=f"idempotent POST {status}") for status in (200, 400, 404, 409)],
        pytest.param(Request("DELETE", GRAPH), 500, {}, False, id="DELETE 500"),
        pytest.param(Request("PATCH", GRAPH), 500, {}, False, id="PATCH 500"),
        pytest.param(Request("HEAD", GRAPH), 500, {}, True, id="HEAD 500"),
    ],
)
def test_what_may_be_repeated_after_an_answer(request_: Request, status: int, headers: dict[str, str], again: bool) -> None:
    assert may_repeat(request_, Response(status, headers)) is again


@pytest.mark.parametrize(
    ("request_", "failure", "attempt", "again"),
    [
        pytest.param(POST, errors.NotSentError("x"), 1, True, id="POST not sent"),
        pytest.param(POST, errors.NotSentError("x"), 3, True, id="POST not sent, except for the last time"),
        pytest.param(POST, errors.NotSentError("x"), 4, False, id="POST not sent, too often"),
        pytest.param(GET, errors.NotSentError("x", is_transient=False), 1, False, id="GET not sent, for good"),
        pytest.param(POST, errors.LostResponseError("x"), 1, False, id="POST lost"),
        pytest.param(GET, errors.LostResponseError("x"), 9, True, id="GET lost"),
        pytest.param(REPEATABLE, errors.LostResponseError("x"), 9, True, id="idempotent POST lost"),
    ],
)
def test_what_may_be_repeated_without_an_answer(request_: Request, failure: errors.IntuneError, attempt: int, again: bool) -> None:
    assert may_repeat_after_failure(request_, failure, attempt) is again


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
        pytest.param("inf", 86400.0, id="infinite"),
        pytest.param("99999999999", 86400.0, id="huge"),
        pytest.param("soon", None, id="garbage"),
        pytest.param("Mon, 05 Jan 2026 10:00:09 GMT", 9.0, id="date"),
        pytest.param("Mon, 05 Jan 2026 09:00:00 GMT", 0.0, id="date that has passed"),
        pytest.param("Mon, 99 Jan 2026 09:00:00 GMT", None, id="date that is none"),
    ],
)
def test_retry_after_is_read_in_every_form(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, START) == seconds


@given(st.text())
def test_any_retry_after_is_either_unreadable_or_within_bounds(value: str) -> None:
    seconds = parse_retry_after(value, START)
    assert seconds is None or 0 <= seconds <= LONGEST_RETRY_AFTER


@pytest.mark.parametrize(
    ("attempt", "jitter", "seconds"),
    [
        pytest.param(1, 1.0, 1.0, id="first, longest"),
        pytest.param(1, 0.0, 0.5, id="first, shortest"),
        pytest.param(3, 1.0, 4.0, id="third"),
        pytest.param(6, 1.0, 30.0, id="at its longest"),
        pytest.param(60, 0.0, 15.0, id="at its longest, shortest"),
    ],
)
def test_our_own_pause_doubles_up_to_a_bound(attempt: int, jitter: float, seconds: float) -> None:
    assert backoff(attempt, None, jitter) == seconds


@given(attempt=st.integers(1, 100_000), jitter=st.floats(0, 1))
@example(attempt=5000, jitter=1.0)
def test_our_own_pause_is_bounded_after_any_number_of_tries(attempt: int, jitter: float) -> None:
    assert FIRST_BACKOFF / 2 <= backoff(attempt, None, jitter) <= LONGEST_BACKOFF


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
    assert backoff(4, retry_after, 1.0) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"), [("12", 12.0), ("Mon, 05 Jan 2026 10:00:12 GMT", 12.0), (None, None)], ids=["seconds", "date", "missing"]
)
def test_a_response_says_how_long_to_wait_by_the_services_clock(value: str | None, seconds: float | None) -> None:
    headers = {"date": START_DATE, **({"retry-after": value} if value else {})}
    assert retry_after_of(Response(429, headers), START + 500.0) == seconds


def test_a_date_counts_from_our_clock_where_the_service_does_not_say_its_own() -> None:
    assert retry_after_of(Response(429, {"retry-after": START_DATE}), START - 7.0) == 7.0


def failed(attempts: Attempts, now: float = 0.0, **options: object) -> Attempts:
    return attempts.after_failure(now, **{"timeout": 60.0, "jitter": 1.0, **options})  # type: ignore[arg-type]  # by name


class TestAttempts:
    def test_the_pause_grows_with_each(self) -> None:
        attempts, pauses = Attempts(), []
        for _number in range(4):
            attempts = failed(attempts)
            pauses.append(attempts.pause)
        assert (pauses, attempts.number) == ([1.0, 2.0, 4.0, 8.0], 4)

    def test_the_time_runs_from_the_first_failure(self) -> None:
        attempts = failed(Attempts(), 100.0)
        assert attempts.since == 100.0
        assert failed(attempts, 158.0).pause == 2.0 and failed(attempts, 158.1).pause is None

    def test_the_time_runs_from_the_start_where_that_is_given(self) -> None:
        assert failed(Attempts(since=0.0), 59.0).pause == 1.0 and failed(Attempts(since=0.0), 59.1).pause is None

    def test_progress_of_others_gives_more_time(self) -> None:
        attempts = failed(Attempts(), 0.0)
        assert failed(attempts, 70.0).pause is None and failed(attempts, 70.0, progress_at=50.0).pause == 2.0

    def test_what_cannot_be_repeated_stops_at_once(self) -> None:
        assert failed(Attempts(), can_repeat=False).pause is None

    def test_a_refused_token_is_renewed_once(self) -> None:
        once = failed(Attempts(), is_unauthorized=True)
        assert (once.pause, once.token_renewed) == (1.0, True)
        assert failed(once).pause == 2.0 and failed(once, is_unauthorized=True).pause is None

    def test_a_pause_is_as_long_as_the_service_or_the_caller_wants(self) -> None:
        assert failed(Attempts(), retry_after=7.0).pause == 7.0 and failed(Attempts(), at_least=9.0).pause == 9.0
        assert failed(Attempts(), retry_after=61.0).pause is None, "which may be too long"


# --- a truncated body -----------------------------------------------------------------------------------------------


def cut(body: bytes, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, body)


@pytest.mark.parametrize(
    ("request_", "first", "repeated"),
    [
        pytest.param(GET, cut(b'{"value": [{"id": "a'), True, id="case 19: within a text"),
        pytest.param(GET, cut(b'{"value": ['), True, id="case 19: within a list"),
        pytest.param(GET, cut(b'{"value": [{"id": "1"}'), True, id="case 19: behind an object"),
        pytest.param(GET, cut(b'\xef\xbb\xbf {"a": "\xc3'), True, id="case 19: within a character"),
        pytest.param(GET, cut(b"["), True, id="case 19: a list of which the beginning came"),
        pytest.param(GET, cut(b""), True, id="case 19: before the beginning"),
        pytest.param(GET, cut(b" \r\n"), True, id="case 19: behind a blank"),
        pytest.param(REPEATABLE, cut(b'{"id": "'), True, id="case 19: a write that may be repeated"),
        pytest.param(REPEATABLE, cut(b""), False, id="a write without a body"),
        pytest.param(POST, cut(b'{"id": "'), False, id="a write that may not be repeated"),
        pytest.param(GET, cut(b"<html>"), False, id="a page of somebody else"),
        pytest.param(GET, cut(b"", 204), False, id="no content"),
        pytest.param(GET, cut(b'{"error": ', 404), False, id="an error"),
        pytest.param(GET, cut(b"[" * 200_000 + b"]" * 200_000), False, id="whole, but too deep"),
        pytest.param(Request("GET", GRAPH, has_secret_query=True), cut(b"{"), False, id="a report, which is no JSON"),
    ],
)
def test_a_read_that_is_cut_off_is_repeated_like_a_broken_connection(
    request_: Request, first: Response, repeated: bool, clock: FakeClock
) -> None:
    sender, transport = exchange(clock, first, GOOD)
    assert sender.send(request_) == (GOOD if repeated else first) or request_.is_write
    assert len(transport.sent) == 1 + repeated


def test_a_repeatable_write_whose_response_was_cut_off_may_have_run(clock: FakeClock) -> None:
    sender, _transport = exchange(clock, cut(b'{"id": "'), answer(404))
    assert sender.send(REPEATABLE).is_doubtful


def test_case_19_a_read_that_stays_cut_off_ends_as_it_came(clock: FakeClock) -> None:
    sender, transport = exchange(clock, *[cut(b'{"a"')] * 50, retry_timeout=60.0)
    assert sender.send(GET).is_cut_off and 3 < len(transport.sent) < 50


def test_case_21_a_response_comes_without_the_token_of_its_request(clock: FakeClock) -> None:
    echo = Response(400, {"x-echo": "Bearer opaque-token-1"}, b'{"error": {"message": "Bearer opaque-token-1"}}')
    sender, _transport = exchange(clock, echo)
    found = sender.send(GET.with_bearer("opaque-token-1"))
    assert "opaque" not in found.text + str(found.headers) and found.status == 400


@pytest.mark.parametrize("until", [0.0, 5.0, 30.0, 1000.0])
def test_nothing_is_repeated_when_nobody_waits_any_more(clock: FakeClock, until: float) -> None:
    sender, transport = exchange(clock, *[answer(503)] * 50, retry_timeout=60.0)
    sender.retry_until = until
    assert sender.send(GET).status == 503
    assert clock.monotonic() <= min(until, 60.0) and (len(transport.sent) > 1) is (until > 0)
