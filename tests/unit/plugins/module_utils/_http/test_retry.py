# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http import message as protocol
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._http.retry import Exchange
from tests.support.fakes import GRAPH, START, START_DATE, FakeClock, FakeTransport, Step, answer

GET = Request("GET", f"{GRAPH}/v1.0/x")
POST = Request("POST", f"{GRAPH}/v1.0/x")
REPEATABLE = Request("POST", f"{GRAPH}/v1.0/x", repeatable=True)
GOOD = answer(200, {"good": True})
LOST = errors.LostAnswerError("lost")
REFUSED = errors.NotSentError("refused")


def exchange(clock: FakeClock, *script: Step, retry_timeout: float = 60.0) -> tuple[Exchange, FakeTransport]:
    transport = FakeTransport(script)
    return Exchange(transport, clock, retry_timeout), transport


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
        pytest.param(REPEATABLE, LOST, id="repeatable POST lost"),
        pytest.param(REPEATABLE, answer(500), id="repeatable POST 500"),
    ],
)
def test_what_did_not_run_is_sent_again(clock: FakeClock, request_: Request, first: Step) -> None:
    subject, transport = exchange(clock, first, GOOD)
    assert subject.send(request_) is GOOD
    assert transport.sent == [request_, request_]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_post_is_sent_once_when_it_may_have_run(clock: FakeClock, status: int) -> None:
    subject, transport = exchange(clock, answer(status))
    assert subject.send(POST).status == status
    assert transport.sent == [POST]


def test_a_post_is_sent_once_when_its_answer_is_lost(clock: FakeClock) -> None:
    subject, transport = exchange(clock, LOST)
    with pytest.raises(errors.LostAnswerError):
        subject.send(POST)
    assert transport.sent == [POST]


def test_a_post_that_ran_at_its_second_try_is_not_sent_a_third_time(clock: FakeClock) -> None:
    subject, transport = exchange(clock, answer(429), LOST)
    with pytest.raises(errors.LostAnswerError):
        subject.send(POST)
    assert len(transport.sent) == 2


def test_the_last_answer_comes_back_when_time_is_up(clock: FakeClock) -> None:
    subject, _transport = exchange(clock, *[answer(503)] * 50, retry_timeout=20.0)
    assert subject.send(GET).status == 503
    assert clock.slept == [1.0, 2.0, 4.0, 8.0]


def test_the_last_failure_is_raised_when_time_is_up(clock: FakeClock) -> None:
    subject, _transport = exchange(clock, *[LOST] * 50, retry_timeout=20.0)
    with pytest.raises(errors.LostAnswerError):
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
    assert len(transport.sent) == protocol.CONNECT_ATTEMPTS


def test_what_does_not_pass_is_not_tried_again(clock: FakeClock) -> None:
    subject, transport = exchange(clock, errors.NotSentError("untrusted", passing=False))
    with pytest.raises(errors.NotSentError):
        subject.send(GET)
    assert transport.sent == [GET]


@pytest.mark.parametrize("response", [answer(400), answer(401), answer(404), answer(302)], ids=lambda response: str(response.status))
def test_a_definite_answer_is_final(clock: FakeClock, response: Response) -> None:
    subject, transport = exchange(clock, response)
    assert subject.send(GET) is response
    assert transport.sent == [GET]
