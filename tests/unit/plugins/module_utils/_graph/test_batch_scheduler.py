# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import dataclasses
import json
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._graph.batch_scheduler import BatchScheduler, CallResult
from ansible_collections.endpointops.intune.plugins.module_utils._graph.rate_limit import Quota
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.support.fakes import GRAPH, START_DATE, FakeCredential, Script, Tenant, answer, body_of, error, tenant

CLAIMS = '{"access_token":{"nbf":{"essential":true}}}'
CHALLENGE = f'Bearer error="insufficient_claims", claims="{base64.b64encode(CLAIMS.encode()).decode()}"'
LARGE = Quota(writes=200, requests=2000, seconds=20.0)
Made = tuple[BatchScheduler, Tenant]


def read(number: int = 0, version: str = "v1.0") -> Request:
    return Request("GET", f"{GRAPH}/{version}/things/{number}")


def write(number: int = 0) -> Request:
    return Request("POST", f"{GRAPH}/v1.0/things/{number}/reset", {"Content-Type": "application/json"}, b"{}")


def made(script: Script = (), quota: Quota = LARGE, retry_timeout: float = 60.0, credential: FakeCredential | None = None) -> Made:
    world = tenant(script, retry_timeout=retry_timeout, credential=credential)
    return BatchScheduler(world.client, quota), world


def calls(*requests: Request) -> list[tuple[int, Request]]:
    return list(enumerate(requests))


def items(*responses: Response | None) -> Response:
    """Return the response of a batch, last item first; None is left out."""
    found = [
        {"id": str(place), "status": one.status, "headers": dict(one.headers), "body": json.loads(one.body or b"null")}
        for place, one in enumerate(responses)
        if one is not None
    ]
    return answer(200, {"responses": found[::-1]}, date=START_DATE)


def every(request: Request) -> Response:
    """Respond to a read, or to each of a batch, with its address."""
    if not request.url.endswith("/$batch"):
        return answer(200, {"url": request.url.removeprefix(f"{GRAPH}/v1.0")})
    return items(*(answer(200, {"url": item["url"]}) for item in body_of(request)["requests"]))


def outcome(script: Script, *requests: Request, **options: t.Any) -> tuple[list[CallResult], BatchScheduler, Tenant]:
    """Return the outcomes of requests that are sent together."""
    scheduler, world = made(script, **options)
    scheduler.start(calls(*requests))
    return scheduler.collect(0), scheduler, world


# --- envelopes ------------------------------------------------------------------------------------------------------


def test_one_request_goes_alone() -> None:
    answers, _scheduler, world = outcome([every], read(7))
    assert world.transport.targets == ["GET /v1.0/things/7"] and [found.status for found in answers] == [200]


@pytest.mark.parametrize("number", [2, 20])
def test_several_go_as_a_batch_and_each_gets_its_own_answer(number: int) -> None:
    answers, _scheduler, world = outcome([every], *map(read, range(number)))
    assert world.transport.targets == ["POST /v1.0/$batch"]
    assert [(found.key, json.loads(found.response.body)) for found in answers] == [(n, {"url": f"/things/{n}"}) for n in range(number)]


def test_a_batch_goes_to_the_version_of_its_requests() -> None:
    scheduler, world = made([every, every])
    scheduler.start(calls(read(1, "beta"), read(2, "beta")))
    scheduler.start(calls(read(1), read(2)))
    assert len(scheduler.collect(0) + scheduler.collect(0)) == 4
    assert world.transport.targets == ["POST /beta/$batch", "POST /v1.0/$batch"]


def test_only_what_is_sent_carries_the_token() -> None:
    answers, _scheduler, world = outcome([every], read(1), read(2))
    assert world.transport.sent[0].bearer == "token-1"
    assert [found.request.bearer for found in answers] == [None, None]
    assert "token-1" not in repr(answers) and b"token-1" not in world.transport.sent[0].body


def test_the_services_time_is_learnt_from_a_batch() -> None:
    _answers, _scheduler, world = outcome([items(answer(200))], read())
    assert world.client.clock_skew == 0.0


def test_an_answer_that_the_batch_leaves_out_is_lost() -> None:
    answers, _scheduler, _world = outcome([items(answer(204), None, answer(204))], *map(write, range(3)))
    assert [found.status for found in answers] == [204, None, 204]
    failure = answers[1].error()
    assert isinstance(failure, errors.LostResponseError) and failure.target == "POST /v1.0/things/1/reset"


@pytest.mark.parametrize("status", [400, 404, 405, 409, 411, 413, 415, 422])
def test_a_batch_that_the_service_refuses_ran_nothing(status: int) -> None:
    answers, _scheduler, _world = outcome([error(status, "BadRequest", "Invalid batch payload format.")], write(1), write(2))
    for found in answers:
        assert isinstance(found.failure, errors.NotSentError) and found.failure.is_transient is False
        assert "The batch was refused." in str(found.error()) and "Invalid batch payload format." in str(found.error())


HTML = Response(400, {"content-type": "text/html"}, b"<html>Bad gateway")


@pytest.mark.parametrize(
    "refusal",
    [
        *(dataclasses.replace(HTML, status=status) for status in (400, 404, 405, 409, 411, 413, 415, 421, 499)),
        dataclasses.replace(HTML, body=b""),
        dataclasses.replace(HTML, body=b'{"error": "x"}'),
        dataclasses.replace(HTML, body=b'{"error": {"message": "x"}}'),
        *(error(status, "Odd", "Odd.") for status in (418, 421, 424, 451, 499)),
    ],
    ids=lambda refusal: f"{refusal.status} {refusal.text[:15]}",
)
def test_a_batch_that_something_else_refuses_may_have_run(refusal: Response) -> None:
    answers, _scheduler, _world = outcome([refusal], write(1), read(2))
    lost, not_read = (found.failure for found in answers)
    assert isinstance(lost, errors.LostResponseError) and "does not say whether it ran" in str(lost)
    assert isinstance(not_read, errors.NotSentError) and not_read.is_transient is False


@pytest.mark.parametrize("status", [302, 401, 403, 407, 408, 429, 500, 503, 504])
def test_any_other_answer_of_a_batch_is_that_of_each_item(status: int) -> None:
    answers, _scheduler, _world = outcome([error(status)], write(1), write(2))
    assert [found.status for found in answers] == [status] * 2 and not [found for found in answers if found.failure]


def test_the_refusal_of_a_request_that_goes_alone_is_its_answer() -> None:
    answers, _scheduler, _world = outcome([error(400)], write())
    assert answers[0].status == 400 and answers[0].failure is None


@pytest.mark.parametrize("failure", [errors.NotSentError("No."), errors.LostResponseError("Lost.")], ids=["not sent", "lost"])
def test_a_failure_is_that_of_each_item(failure: errors.IntuneError) -> None:
    answers, _scheduler, _world = outcome([failure], write(1), write(2))
    assert [found.error() for found in answers] == [failure] * 2
    assert [(found.status, found.retry_after(0.0)) for found in answers] == [(None, None)] * 2


def test_an_answers_error_says_what_it_is() -> None:
    refusal = CallResult(1, read(), error(404, "NotFound", "No such thing.")).error()
    assert isinstance(refusal, errors.NotFoundError) and "No such thing." in str(refusal)
    odd = CallResult(1, read(), answer(200, [])).error()
    assert isinstance(odd, errors.UnexpectedResponseError) and "GET /v1.0/things/0 returned an unexpected response (status 200)" in str(odd)


def test_what_is_under_way_is_counted() -> None:
    scheduler, world = made([every])
    assert (scheduler.free, scheduler.is_busy) == (8, False)
    scheduler.start(calls(read()))
    assert (scheduler.free, scheduler.is_busy) == (7, True)
    scheduler.collect(0)
    assert (scheduler.free, scheduler.is_busy, world.clock.slept) == (8, False, [])


def test_where_nothing_is_under_way_time_passes() -> None:
    scheduler, world = made()
    assert scheduler.collect(2.5) == [] and world.clock.slept == [2.5]


# --- the budget -----------------------------------------------------------------------------------------------------

QUOTA = Quota(writes=10, requests=30, seconds=20.0)


def test_what_is_under_way_takes_capacity_and_what_was_answered_keeps_it() -> None:
    scheduler, _world = made([every], QUOTA)
    scheduler.start(calls(write(1), write(2), read(3)))
    # A response that announces a waiting time must arrive before further writes.
    assert (scheduler.write_capacity(), scheduler.read_capacity()) == (0, 27)
    scheduler.collect(0)
    assert (scheduler.write_capacity(), scheduler.read_capacity()) == (8, 27)


@pytest.mark.parametrize(
    ("step", "writes", "requests"),
    [
        pytest.param(errors.NotSentError("No."), 0, 0, id="not sent"),
        pytest.param(errors.LostResponseError("Lost."), 2, 3, id="lost"),
        pytest.param(error(500), 2, 3, id="an error"),
        pytest.param(items(answer(204), None, answer(200)), 2, 3, id="one left out"),
    ],
)
def test_what_the_service_may_have_counted_is_counted(step: t.Any, writes: int, requests: int) -> None:
    _answers, scheduler, _world = outcome([step], write(1), write(2), read(3), quota=QUOTA)
    assert (10 - scheduler.write_capacity(), 30 - scheduler.read_capacity()) == (writes, requests)


@pytest.mark.parametrize(
    ("statuses", "counted"),
    [((204, 429, 200), (1, 2)), ((204, 204, 429), (2, 2)), ((429, 429, 200), (0, 1)), ((429, 429, 429), (0, 0))],
)
def test_what_was_throttled_is_not_counted(statuses: tuple[int, ...], counted: tuple[int, int]) -> None:
    responses = [answer(status) if status < 300 else error(status, **{"retry-after": "1"}) for status in statuses]
    _answers, scheduler, _world = outcome([items(*responses)], write(1), write(2), read(3), quota=QUOTA)
    # Its limits are also cut, so that its capacity does not show it.
    writes, requests = scheduler.limit.writes._window, scheduler.limit.requests._window
    assert (writes._total, requests._total) == counted
    assert (writes.under_way, requests.under_way) == (0, 0)


def test_without_a_token_nothing_is_sent_and_nothing_is_counted() -> None:
    class Expired(FakeCredential):
        def token(self, **_options: t.Any) -> str:
            raise errors.AuthenticationError("It has expired.")

    scheduler, world = made([], QUOTA, credential=Expired())
    with pytest.raises(errors.AuthenticationError):
        scheduler.start(calls(write(1), write(2)))
    assert (scheduler.write_capacity(), scheduler.is_busy, world.transport.sent) == (10, False, [])


def test_writes_of_an_earlier_process_count_while_they_are_in_the_window() -> None:
    scheduler, _world = made((), QUOTA)
    scheduler.restore_writes([0.0, 1.0, 19.9, 20.0, 3600.0, -1.0])
    assert (scheduler.write_capacity(), scheduler.read_capacity()) == (7, 27)
    assert scheduler.write_capacity(ahead=0.2) == 8


def test_another_quota_counts() -> None:
    assert [made((), quota)[0].write_capacity() for quota in (LARGE, QUOTA)] == [200, 10]


@pytest.mark.parametrize(
    ("quota", "used", "spare"), [(LARGE, 0, 1600), (QUOTA, 0, 15), (QUOTA, 9, 11), (QUOTA, 30, 0), (Quota(10, 1000, 20.0), 0, 980)]
)
def test_reads_leave_capacity_for_two_windows_of_writes_or_half(quota: Quota, used: int, spare: int) -> None:
    scheduler, _world = made((), quota)
    scheduler.limit.requests.complete(0.0, 0, used)
    assert scheduler.spare_read_capacity() == spare


# --- the service throttles ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after": "Mon, 05 Jan 2026 10:00:07 GMT", "date": START_DATE}, 7.0),
        ({"retry-after": "0"}, 1.0),
        ({"retry-after": "soon"}, 1.0),
        ({}, 1.0),
        ({"retry-after": "86400"}, 60.0),
    ],
    ids=str,
)
@pytest.mark.parametrize("number", [1, 3])
def test_nothing_is_sent_before_the_service_wants_it(headers: dict[str, str], pause: float, number: int) -> None:
    """A hostile Retry-After does not delay longer than retry_timeout."""
    _answers, scheduler, world = outcome([error(429, **headers)], *map(write, range(number)))
    assert scheduler.write_capacity() == 0 and scheduler.write_delay() == pytest.approx(pause)
    world.clock.sleep(pause)
    assert scheduler.write_capacity() > 0 and scheduler.write_delay() == 0.0


@pytest.mark.parametrize("retry_timeout", [0.0, 5.0])
def test_a_window_is_waited_for_even_with_less_patience(retry_timeout: float) -> None:
    _answers, scheduler, _world = outcome([error(429, **{"retry-after": "86400"})], write(), retry_timeout=retry_timeout)
    assert scheduler.write_delay() == pytest.approx(20.0)


@pytest.mark.parametrize(("told", "pause"), [pytest.param("50", 50.0, id="case 80: longer than a window"), ("86400", 60.0)])
def test_an_announced_time_counts_also_where_others_got_through(told: str, pause: float) -> None:
    responses = [error(429, **{"retry-after": told}), answer(204)]
    _answers, scheduler, _world = outcome([items(*responses)], write(1), write(2))
    assert scheduler.write_delay() == pytest.approx(pause)


@pytest.mark.parametrize(
    ("told", "pause"),
    [
        pytest.param(("9", "4", "6"), 9.0, id="case 80: the longest of a batch"),
        pytest.param(("4", None, "0", "soon"), 4.0, id="case 80: one of a batch"),
        pytest.param(("2.5", "Mon, 05 Jan 2026 10:00:07 GMT", "3"), 7.0, id="case 80: in several forms"),
        pytest.param((None, "0"), 1.0, id="case 80: none"),
    ],
)
def test_the_latest_moment_counts(told: tuple[str | None, ...], pause: float) -> None:
    responses = [error(429, **({} if after is None else {"retry-after": after})) for after in told]
    _answers, scheduler, _world = outcome([items(*responses)], *map(write, range(len(told))))
    assert scheduler.write_delay() == pytest.approx(pause)


def test_case_80_our_own_pause_grows_until_one_of_its_kind_gets_through() -> None:
    steps = [error(429), error(429), answer(200), error(429), errors.LostResponseError("Lost."), error(429), answer(204), error(429)]
    requests = [write(), write(), read(), write(), write(), write(), write(), write()]
    scheduler, world = made(steps)
    pauses = []
    for request in requests:
        scheduler.start(calls(request))
        scheduler.collect(0)
        pauses.append(scheduler.limit.writes._paused_until - world.clock.monotonic())
        world.clock.sleep(max(pauses[-1], 0.0))
    assert [max(pause, 0.0) for pause in pauses] == pytest.approx([1.0, 2.0, 0.0, 2.0, 0.0, 2.0, 0.0, 1.0])


def test_throttled_writes_do_not_hold_reads_and_throttled_reads_hold_both() -> None:
    _answers, scheduler, _world = outcome([error(429, **{"retry-after": "3"})], write())
    assert (scheduler.write_delay(), scheduler.read_delay()) == (pytest.approx(3.0), 0.0)
    _answers, scheduler, _world = outcome([error(429, **{"retry-after": "3"})], write(1), read(2))
    assert (scheduler.write_delay(), scheduler.read_delay()) == (pytest.approx(3.0), pytest.approx(3.0))


def test_less_is_tried_after_the_service_throttled() -> None:
    scheduler, world = made([items(*[answer(204)] * 8), error(429, **{"retry-after": "3"})], LARGE)
    scheduler.start(calls(*map(write, range(8))))
    scheduler.collect(0)
    scheduler.start(calls(write(9)))
    scheduler.collect(0)
    world.clock.sleep(3.0)
    assert (scheduler.write_capacity(), scheduler.read_capacity()) == (4, 1992)


# --- the token ------------------------------------------------------------------------------------------------------


def test_a_token_is_renewed_once_for_all_that_went_out_with_it() -> None:
    scheduler, world = made([error(401), error(401), answer(204), error(401)])
    for number in range(2):
        scheduler.start(calls(write(number)))
    assert [scheduler.collect(0)[0].status for _number in range(2)] == [401, 401]
    for number in range(2):
        scheduler.start(calls(write(number)))
        scheduler.collect(0)
    assert [request.bearer for request in world.transport.sent] == ["token-1", "token-1", "token-2", "token-2"]
    assert [renewed for _claims, renewed in world.credential.asked].count(True) == 2


@pytest.mark.parametrize("whole", [True, False], ids=["envelope", "item"])
def test_the_new_token_has_the_claims_that_are_demanded(whole: bool) -> None:
    refusal = error(401, **{"www-authenticate": CHALLENGE})
    step = refusal if whole else items(answer(204), refusal)
    answers, _scheduler, world = outcome([step], write(1), write(2))
    assert [found.status for found in answers] == ([401, 401] if whole else [204, 401])
    assert [asked for asked in world.credential.asked if asked[1]] == [(CLAIMS, True)]


def test_why_there_is_no_new_token_is_the_answer() -> None:
    failure = errors.AuthenticationError("The secret has expired.")

    class Refused(FakeCredential):
        def token(self, *, claims: str | None = None, renew: bool = False) -> str:
            if renew:
                raise failure
            return super().token(claims=claims)

    answers, _scheduler, _world = outcome([items(answer(204), error(401))], write(1), write(2), credential=Refused())
    assert [found.status for found in answers] == [204, None] and answers[1].error() is failure


# --- many reads -----------------------------------------------------------------------------------------------------


def fetched(script: Script, number: int, **options: t.Any) -> tuple[list[t.Any], Tenant]:
    scheduler, world = made(script, **options)
    return [json.loads(found.body) for found in scheduler.fetch_all(list(map(read, range(number))))], world


@pytest.mark.parametrize(("number", "envelopes"), [(0, 0), (1, 1), (20, 1), (21, 2), (200, 10)])
def test_reads_are_answered_in_their_order(number: int, envelopes: int) -> None:
    found, world = fetched([every] * envelopes, number)
    assert found == [{"url": f"/things/{place}"} for place in range(number)]
    assert len(world.transport.sent) == envelopes and world.clock.slept == []


def test_a_read_by_post_is_no_write() -> None:
    scheduler, world = made([every])
    scheduler.fetch_all([read(), write(1)])
    assert not world.client.has_written
    scheduler, world = made([every])
    scheduler.start(calls(read(), write(1)))
    assert world.client.has_written


@pytest.mark.parametrize(
    ("step", "left"),
    [
        (error(401), [20, 21]),
        (error(429, **{"retry-after": "2"}), [20, 21]),
        (error(500), [20, 21]),
        (error(503), [20, 21]),
        (errors.NotSentError("No."), [20, 21]),
        (errors.LostResponseError("Lost."), [20, 21]),
        (answer(200, {}), [20, 21]),
        (items(answer(200, {"url": "/things/20"})), [21]),
        (items(error(504), answer(200, {"url": "/things/21"})), [20]),
    ],
)
def test_only_what_failed_is_read_again(step: t.Any, left: list[int]) -> None:
    found, world = fetched([every, step, every], 22)
    assert found == [{"url": f"/things/{place}"} for place in range(22)]
    again = world.transport.sent[2]
    urls = [item["url"] for item in body_of(again)["requests"]] if again.method == "POST" else [again.url.removeprefix(f"{GRAPH}/v1.0")]
    assert urls == [f"/things/{place}" for place in left]


@pytest.mark.parametrize("status", [200, 302, 400, 403, 404])
def test_a_definite_answer_is_an_answer(status: int) -> None:
    scheduler, world = made([answer(status, {})])
    assert scheduler.fetch_all([read()])[0].status == status and len(world.transport.sent) == 1


@pytest.mark.parametrize(
    "failure", [errors.NotSentError("No token.", is_transient=False), errors.AuthenticationError("No.")], ids=["never", "no token"]
)
def test_what_is_hopeless_is_not_tried_again(failure: errors.IntuneError) -> None:
    scheduler, world = made([every, failure])
    with pytest.raises(type(failure)) as raised:
        scheduler.fetch_all(list(map(read, range(21))))
    assert raised.value is failure and len(world.transport.sent) == 2 and world.clock.slept == []


def test_a_batch_that_is_refused_is_not_tried_again() -> None:
    scheduler, world = made([error(400, "BadRequest", "Invalid batch payload format.")])
    with pytest.raises(errors.NotSentError, match="Invalid batch payload format"):
        scheduler.fetch_all([read(1), read(2)])
    assert len(world.transport.sent) == 1


def test_a_new_token_that_is_refused_too_is_told() -> None:
    scheduler, world = made([error(401), error(401)])
    with pytest.raises(errors.UnauthorizedError):
        scheduler.fetch_all([read()])
    assert [request.bearer for request in world.transport.sent] == ["token-1", "token-2"]


@pytest.mark.parametrize(("patience", "sent"), [(0.0, 1), (2.9, 2), (3.0, 3), (6.9, 3), (7.0, 4)])
def test_without_progress_reads_are_repeated_for_retry_timeout(patience: float, sent: int) -> None:
    scheduler, world = made([error(503)] * sent, retry_timeout=patience)
    with pytest.raises(errors.ServiceError):
        scheduler.fetch_all([read()])
    assert len(world.transport.sent) == sent and world.clock.monotonic() <= patience


def test_with_progress_reads_are_repeated_for_longer() -> None:
    def first_only(request: Request) -> Response:
        left = len(body_of(request)["requests"])
        return items(answer(200, {}), *[error(503)] * (left - 1))

    found, world = fetched([first_only] * 9 + [answer(200, {})], 10, retry_timeout=2.0)
    assert found == [{}] * 10 and world.clock.slept == pytest.approx([1.0] * 9), "each time as if it were the first"


def test_reads_keep_to_the_quota() -> None:
    found, world = fetched([every] * 3, 13, quota=Quota(1, 5, 20.0))
    assert len(found) == 13 and world.clock.monotonic() == pytest.approx(40.0)
    assert [len(body_of(request)["requests"]) for request in world.transport.sent] == [5, 5, 3]


def test_a_throttled_read_waits_as_long_as_the_service_says() -> None:
    _found, world = fetched([error(429, **{"retry-after": "12"}), every], 2)
    assert world.clock.monotonic() == pytest.approx(12.0)


def test_a_service_that_wants_more_patience_than_there_is_is_not_waited_for() -> None:
    scheduler, world = made([error(429, **{"retry-after": "15"})], retry_timeout=10.0)
    with pytest.raises(errors.ThrottledError):
        scheduler.fetch_all([read()])
    assert len(world.transport.sent) == 1 and world.clock.slept == []


@pytest.mark.parametrize(
    ("subject", "again"),
    [
        (CallResult(1, read(), None), True),
        (CallResult(1, read(), error(401)), True),
        (CallResult(1, read(), error(403)), False),
        (CallResult(1, read(), failure=errors.NotSentError("No.")), True),
        (CallResult(1, read(), failure=errors.NotSentError("No.", is_transient=False)), False),
        (CallResult(1, read(), failure=errors.LostResponseError("Lost.")), True),
        (CallResult(1, read(), failure=errors.InvalidOptionError("Bad.")), False),
    ],
)
def test_what_may_get_another_answer(subject: CallResult, again: bool) -> None:
    assert subject.is_transient is again
