# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import typing as t
import uuid

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import MOST_PAGES
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Response
from ansible_collections.endpointops.intune.plugins.module_utils._json import identity, object_of
from tests.support.fakes import (
    GRAPH,
    START,
    START_DATE,
    FakeClock,
    FakeCredential,
    Step,
    Tenant,
    answer,
    body_of,
    error,
    page,
    query_of,
    tenant,
)

CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1767607200"}}}'
CHALLENGE = f'Bearer realm="", error="insufficient_claims", claims="{base64.b64encode(CLAIMS.encode()).decode()}"'
NEXT = f"{GRAPH}/v1.0/things?$skiptoken=2"


# --- one call -------------------------------------------------------------------------------------------------------


def test_get_asks_the_configured_host() -> None:
    world = tenant([answer(200, {"id": "1"})])
    assert world.client.get("/things/1", {"$select": "id"}) == {"id": "1"}
    assert world.transport.sent[0].url == f"{GRAPH}/v1.0/things/1?$select=id"


def test_the_version_can_be_chosen() -> None:
    world = tenant([answer(200, {})])
    world.client.get("/things/1", version="beta")
    assert world.transport.targets == ["GET /beta/things/1"]


def test_post_sends_json() -> None:
    world = tenant([answer(201, {"id": "1"})])
    assert world.client.post("/things", {"name": "ä"}) == {"id": "1"}
    request = world.transport.sent[0]
    assert (body_of(request), request.headers["Content-Type"]) == ({"name": "ä"}, "application/json")


def test_put_replaces_a_whole_object() -> None:
    world = tenant([answer(200, {"id": "1"})])
    assert world.client.put("/things/1", {"name": "ä"}, version="beta") == {"id": "1"}
    request = world.transport.sent[0]
    assert (request.target, body_of(request)) == ("PUT /beta/things/1", {"name": "ä"})
    assert request.headers["Content-Type"] == "application/json"


def test_post_without_a_body_sends_an_empty_object() -> None:
    world = tenant([answer(204)])
    assert world.client.post("/things/1/reset") is None
    assert world.transport.sent[0].body == b"{}"


@pytest.mark.parametrize("method", ["get", "delete"])
def test_no_body_is_sent_where_none_belongs(method: str) -> None:
    world = tenant([answer(200, {})])
    getattr(world.client, method)("/things/1")
    assert (world.transport.sent[0].body, "Content-Type" in world.transport.sent[0].headers) == (None, False)


@pytest.mark.parametrize(
    ("call", "idempotent"),
    [
        pytest.param(lambda client: client.post("/things", {}), False, id="post"),
        pytest.param(lambda client: client.send("POST", "/things"), False, id="send"),
        pytest.param(lambda client: client.post("/things", {}, idempotent=True), True, id="idempotent post"),
        pytest.param(lambda client: client.patch("/things/1", {}), True, id="patch"),
        pytest.param(lambda client: client.put("/things/1", {}), True, id="put"),
        pytest.param(lambda client: client.delete("/things/1"), True, id="delete"),
    ],
)
def test_a_write_says_whether_it_may_be_repeated(call: object, idempotent: bool) -> None:
    world = tenant([answer(204)])
    call(world.client)
    assert world.transport.sent[0].idempotent is idempotent


def test_an_error_is_raised_with_its_target() -> None:
    with pytest.raises(errors.ForbiddenError) as caught:
        tenant([error(403)]).client.get("/things")
    assert caught.value.target == "GET /v1.0/things"


@pytest.mark.parametrize(
    ("script", "call", "effects"),
    [
        pytest.param([errors.LostResponseError("Lost.")], lambda client: client.post("/a"), "unknown", id="lost"),
        pytest.param([error(500)], lambda client: client.post("/a"), "unknown", id="500"),
        pytest.param([answer(200, b"{")], lambda client: client.post("/a"), "unknown", id="unreadable response"),
        pytest.param([error(504), error(404)], lambda client: client.patch("/a", {}), "unknown", id="504, then 404"),
        pytest.param([error(404)], lambda client: client.patch("/a", {}), None, id="404"),
        *[pytest.param([error(status)], lambda client: client.post("/a"), None, id=str(status)) for status in (400, 403, 407, 409, 429)],
        pytest.param([error(401)] * 2, lambda client: client.post("/a"), None, id="401"),
        pytest.param([error(503, retry_after="9999")], lambda client: client.post("/a"), None, id="503 with Retry-After"),
        *[
            pytest.param([answer(status, b"<html>")], lambda client: client.post("/a"), "unknown", id=f"{status} of a gateway")
            for status in (400, 403, 404, 409, 499)
        ],
        *[pytest.param([error(status)], lambda client: client.post("/a"), "unknown", id=str(status)) for status in (408, 424, 499)],
        pytest.param([error(504), error(401), error(404)], lambda client: client.patch("/a", {}), "unknown", id="504, 401, then 404"),
        pytest.param(
            [error(504), error(401), errors.NotSentError("No.", is_transient=False)],
            lambda client: client.patch("/a", {}),
            "unknown",
            id="504, 401, then not sent",
        ),
        pytest.param([answer(403, b"<html>")], lambda client: client.get("/a"), None, id="403 of a gateway to a read"),
        pytest.param([errors.NotSentError("No.", is_transient=False)], lambda client: client.post("/a"), None, id="not sent"),
        pytest.param([answer(200, b"{")], lambda client: client.get("/a"), None, id="unreadable response to a read"),
        pytest.param([answer(200, b"{")], lambda client: client.post_query("/a", {}), None, id="unreadable response to a query"),
    ],
)
def test_the_error_of_a_write_that_may_have_been_done_says_so(script: list[Step], call: object, effects: str | None) -> None:
    with pytest.raises(errors.IntuneError) as caught:
        call(tenant(script).client)
    assert caught.value.effects == effects


def test_find_is_null_for_what_is_not_there() -> None:
    assert tenant([error(404)]).client.find("/things/1") is None


def test_find_raises_other_errors() -> None:
    with pytest.raises(errors.ForbiddenError):
        tenant([error(403)]).client.find("/things/1")


def test_deleting_what_is_gone_is_good() -> None:
    assert tenant([error(404)]).client.delete("/things/1") is None


def test_a_refused_delete_is_raised() -> None:
    with pytest.raises(errors.ForbiddenError):
        tenant([error(403)]).client.delete("/things/1")


def test_each_call_has_a_client_request_id_of_its_own() -> None:
    world = tenant([answer(200, {}), answer(200, {})])
    world.client.get("/a")
    world.client.get("/b")
    first, second = (uuid.UUID(request.headers["client-request-id"]) for request in world.transport.sent)
    assert first != second


def test_the_token_travels_as_bearer_alone() -> None:
    world = tenant([answer(204)])
    world.client.post("/a", {})
    request = world.transport.sent[0]
    assert request.bearer == "token-1"
    assert "token-1" not in str(request.headers) + request.url + str(request.body)


# --- refused tokens -------------------------------------------------------------------------------------------------


def test_a_refused_token_is_renewed_once() -> None:
    world = tenant([answer(401), answer(200, {"id": "1"})])
    assert world.client.get("/a") == {"id": "1"}
    assert [request.bearer for request in world.transport.sent] == ["token-1", "token-2"]


def test_a_second_refusal_is_an_error() -> None:
    world = tenant([error(401), error(401)])
    with pytest.raises(errors.UnauthorizedError):
        world.client.get("/a")
    assert len(world.transport.sent) == 2


def test_a_sign_in_whose_answer_is_lost_leaves_the_request_unsent() -> None:
    class Lost(FakeCredential):
        def token(self, **_asked: object) -> str:
            raise errors.LostResponseError("Lost.")

    world = tenant(credential=Lost())
    with pytest.raises(errors.NotSentError, match="No token: Lost") as caught:
        world.client.post("/a")
    assert not caught.value.is_transient


@pytest.mark.parametrize(
    ("header", "claims"), [(CHALLENGE, CLAIMS), ('Bearer realm="", error="invalid_token"', None)], ids=["with claims", "without claims"]
)
def test_the_new_token_meets_the_challenge(header: str, claims: str | None) -> None:
    world = tenant([answer(401, www_authenticate=header), answer(200, {})])
    world.client.get("/a")
    assert [asked for asked in world.credential.asked if asked != (None, False)] == [(claims, True)]
    assert [request.bearer for request in world.transport.sent] == ["token-1", "token-2"]


def test_a_challenge_is_met_also_when_the_token_was_renewed_meanwhile() -> None:
    """This includes a token that was about to expire: the other one does not contain the claims."""
    world = tenant()
    refusal = answer(401, www_authenticate=CHALLENGE)
    met = world.client.renew_token("expired meanwhile", refusal)
    assert world.credential.asked[-1] == (CLAIMS, True)
    asked = len(world.credential.asked)
    assert world.client.renew_token("expired meanwhile", refusal) == met, "another request that went out with it"
    assert (CLAIMS, True) not in world.credential.asked[asked:]


def test_a_token_that_was_renewed_meanwhile_is_used_where_no_claims_are_demanded() -> None:
    world = tenant()
    world.client.renew_token("expired meanwhile", answer(401))
    assert (None, True) not in world.credential.asked


# --- lists ----------------------------------------------------------------------------------------------------------


ONE, TWO, THREE = ({"id": name} for name in "123")


def test_a_list_is_read_page_by_page() -> None:
    world = tenant([page(ONE, TWO, next_link=NEXT), page(THREE)])
    assert list(world.client.list_items("/things", {"$select": "id"})) == [ONE, TWO, THREE]
    assert world.transport.sent[1].url == NEXT


@pytest.mark.parametrize(
    ("link", "sent"),
    [
        pytest.param("?$filter=name eq 'Büro 1'", "?$filter=name%20eq%20'B%C3%BCro%201'", id="blanks and umlauts"),
        pytest.param("?$skiptoken=a%20b%2F%C3%BC+c%", "?$skiptoken=a%20b%2F%C3%BC+c%", id="as it is"),
        pytest.param("?a=\u2028\U0001f600", "?a=%E2%80%A8%F0%9F%98%80", id="other characters"),
    ],
)
def test_a_link_with_characters_that_are_not_encoded_is_followed(link: str, sent: str) -> None:
    world = tenant([page(ONE, next_link=f"{GRAPH}/v1.0/things{link}"), page(TWO)])
    assert list(world.client.list_items("/things")) == [ONE, TWO]
    assert world.transport.sent[1].url == f"{GRAPH}/v1.0/things{sent}"


def test_an_empty_page_is_not_the_end() -> None:
    world = tenant([page(next_link=NEXT), page(next_link=f"{NEXT}3"), page(ONE)])
    assert list(world.client.list_items("/things")) == [ONE]


def test_a_list_is_read_no_further_than_needed() -> None:
    world = tenant([page(ONE, TWO, next_link=NEXT)])
    assert next(world.client.list_items("/things")) == ONE
    assert len(world.transport.sent) == 1


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.test/v1.0/things",
        "http://graph.test/v1.0/things",
        "https://graph.test:8443/v1.0/things",
        "/v1.0/things",
        "https://[graph.test/",
        "https://graph.test:x/",
    ],
)
def test_the_token_does_not_follow_a_link_to_another_host(link: str) -> None:
    world = tenant([page(ONE, next_link=link)])
    with pytest.raises(errors.UnexpectedResponseError, match="another host"):
        list(world.client.list_items("/things"))
    assert len(world.transport.sent) == 1


def test_pages_in_a_circle_are_left() -> None:
    world = tenant([page(ONE, next_link=NEXT), page(TWO, next_link=f"{GRAPH}/v1.0/things")])
    with pytest.raises(errors.UnexpectedResponseError, match="read already"):
        list(world.client.list_items("/things"))


@pytest.mark.parametrize("body", [{"id": "1"}, [], {"value": {}}, {"value": [{}, "x"]}, None])
def test_what_is_no_list_is_refused(body: object) -> None:
    with pytest.raises(errors.UnexpectedResponseError, match="must be (a list|an object), not "):
        list(tenant([answer(200, body)]).client.list_items("/things"))


def test_a_name_in_a_filter_stays_in_the_filter() -> None:
    world = tenant([page()])
    list(world.client.list_items("/things", {"$filter": "name eq 'a&$top=1#'"}))
    assert query_of(world.transport.sent[0]) == {"$filter": "name eq 'a&$top=1#'"}


# --- downloads ------------------------------------------------------------------------------------------------------

SIGNATURE = "s3cret-signature"
REPORT = f"https://reports.test/container/report.zip?sv=2026&sig={SIGNATURE}"


def test_a_report_is_fetched_without_a_token() -> None:
    world = tenant([answer(200, b"PK")])
    assert world.client.download(REPORT) == b"PK"
    request = world.transport.sent[0]
    assert (request.url, request.bearer, dict(request.headers)) == (REPORT, None, {})
    assert world.credential.asked == [] and request.has_secret_query


def test_a_report_is_not_told_what_the_tenants_clock_is() -> None:
    world = tenant([answer(200, b"PK", date="Mon, 05 Jan 2026 10:05:00 GMT")])
    world.client.download(REPORT)
    assert world.client.clock_skew is None, "the store of reports is another service"


@pytest.mark.parametrize(
    "url",
    [
        f"http://reports.test/r.zip?sig={SIGNATURE}",
        f"file:///etc/passwd?sig={SIGNATURE}",
        f"https:///r.zip?sig={SIGNATURE}",
        f"https://somebody@reports.test/r.zip?sig={SIGNATURE}",
        f"https://reports.test\\@evil.test/r.zip?sig={SIGNATURE}",
        f"https://[reports.test/r.zip?sig={SIGNATURE}",
        "",
    ],
)
def test_a_report_is_fetched_by_https_only(url: str) -> None:
    world = tenant()
    with pytest.raises(errors.UnexpectedResponseError) as caught:
        world.client.download(url)
    assert SIGNATURE not in visible_text(caught.value)
    assert world.transport.sent == []


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(answer(403, f"<Code>AuthenticationFailed</Code> sig={SIGNATURE}".encode()), id="expired"),
        pytest.param(answer(404), id="gone"),
        pytest.param(answer(302, location=f"https://evil.test/?sig={SIGNATURE}"), id="redirected"),
        pytest.param(answer(206, b"P"), id="a part"),
        pytest.param(answer(503, retry_after="1"), id="busy"),
    ],
)
def test_a_report_that_cannot_be_fetched_is_an_error_without_its_address(step: Response) -> None:
    with pytest.raises(errors.UnexpectedResponseError, match=rf"could not be downloaded \(status {step.status}\)") as caught:
        tenant([step]).client.download(REPORT)
    assert SIGNATURE not in visible_text(caught.value)


def test_a_lost_report_is_fetched_again() -> None:
    world = tenant([errors.LostResponseError("Lost."), answer(200, b"PK")], retry_timeout=60.0)
    assert world.client.download(REPORT) == b"PK"


def visible_text(failure: BaseException | None) -> str:
    """Return the whole visible text of a failure."""
    shown = ""
    while failure is not None:
        shown += f"{failure} {failure!r} {vars(failure)} {failure.describe() if isinstance(failure, errors.IntuneError) else ''}"
        failure = failure.__cause__
    return shown


# --- time -----------------------------------------------------------------------------------------------------------


def test_the_skew_is_unknown_before_the_first_answer() -> None:
    world = tenant()
    assert (world.client.clock_skew, world.client.service_now()) == (None, START)


@pytest.mark.parametrize(
    ("date", "skew"), [("Mon, 05 Jan 2026 10:05:00 GMT", 300.0), ("Mon, 05 Jan 2026 09:59:00 GMT", -60.0)], ids=["ahead", "behind"]
)
def test_the_skew_is_how_far_the_service_is_ahead(date: str, skew: float) -> None:
    world = tenant([answer(200, {}, date=date)])
    world.client.get("/a")
    assert (world.client.clock_skew, world.client.service_now()) == (skew, START + skew)


@pytest.mark.parametrize(
    ("date", "now", "steady"),
    [
        pytest.param("Mon, 05 Jan 2026 10:10:00 GMT", 600, 600, id="case 15: ten minutes ahead, which clocks can drift"),
        pytest.param("Mon, 05 Jan 2026 09:50:00 GMT", -600, -600, id="case 15: ten minutes behind"),
        pytest.param("Mon, 05 Jan 2026 10:10:01 GMT", 0, 0, id="case 15: further ahead"),
        pytest.param("Mon, 05 Jan 2026 09:49:59 GMT", -601, 0, id="case 15: further behind"),
        pytest.param("Tue, 06 Jan 2026 10:00:00 GMT", 0, 0, id="case 15: a day ahead"),
        pytest.param("Sun, 04 Jan 2026 10:00:00 GMT", -86400, 0, id="case 15: a day behind"),
    ],
)
def test_a_date_that_is_too_far_off_is_used_only_where_it_is_the_earlier_one(date: str, now: float, steady: float) -> None:
    world = tenant([answer(200, {}, date=date), answer(200, {}, date=START_DATE)])
    world.client.get("/a")
    assert (world.client.service_now(), world.client.steady_now()) == (START + now, START + steady)
    doubtful = world.client.doubtful_skew
    assert (doubtful is None) is (abs(world.client.clock_skew or 0.0) <= 600)
    world.client.get("/a")
    assert world.client.service_now() == START and world.client.doubtful_skew == doubtful, "once doubtful, always doubtful"


@pytest.mark.parametrize("headers", [{}, {"date": "now"}], ids=["missing", "unreadable"])
def test_an_answer_without_a_date_changes_no_skew(headers: dict[str, str]) -> None:
    world = tenant([answer(200, {}, date="Mon, 05 Jan 2026 10:05:00 GMT"), answer(200, {}, **headers)])
    world.client.get("/a")
    world.client.get("/a")
    assert world.client.clock_skew == 300.0


def test_an_error_answer_tells_the_skew_too() -> None:
    world = tenant([error(404, date="Mon, 05 Jan 2026 10:05:00 GMT")])
    world.client.find("/a")
    assert world.client.clock_skew == 300.0


def wait(world: Tenant, *states: object, timeout: float = 60.0, agree: int = 1) -> object:
    """Wait for "good" among states that are read one after the other."""
    reading = iter(states)
    return world.client.wait_until(lambda: next(reading), lambda state: state == "good", timeout=timeout, what="it", agree=agree, pause=1.0)


def test_waiting_ends_with_the_first_good_look(clock: FakeClock) -> None:
    assert tenant(clock=clock).client.wait_until(lambda: "good", bool, timeout=0.0, what="it") == "good"
    assert clock.slept == []


@pytest.mark.parametrize(("timeout", "slept"), [(60.0, 3.0), (3.0, 3.0), (1.0, 1.0), (0.0, 0.0)])
def test_the_first_look_may_come_later_but_not_after_the_end(clock: FakeClock, timeout: float, slept: float) -> None:
    client = tenant(clock=clock).client
    assert client.wait_until(lambda: list(clock.slept), bool, timeout=timeout, what="it", delay=3.0) == [slept]


def test_pauses_grow_while_waiting(clock: FakeClock) -> None:
    wait(tenant(clock=clock), *["bad"] * 8, "good", timeout=600.0)
    assert clock.slept == pytest.approx([1, 1.5, 2.25, 3.375, 5.0625, 7.59375, 10, 10])


def test_waiting_has_an_end(clock: FakeClock) -> None:
    with pytest.raises(errors.NotReadyError, match="Timed out after 5 seconds waiting for it"):
        wait(tenant(clock=clock), *["bad"] * 9, timeout=5.0)
    assert sum(clock.slept) <= 5.0


def test_the_last_moment_counts(clock: FakeClock) -> None:
    assert wait(tenant(clock=clock), "bad", "good", timeout=1.0) == "good"


def test_several_looks_must_agree_in_a_row(clock: FakeClock) -> None:
    wait(tenant(clock=clock), "good", "bad", "good", "good", agree=2)
    assert len(clock.slept) == 3


def test_the_pause_before_an_agreeing_look_does_not_grow(clock: FakeClock) -> None:
    wait(tenant(clock=clock), "good", "good", "good", agree=3)
    assert clock.slept == [1.0, 1.0]


# --- unexpected responses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        pytest.param(7, id="case 18: a number"),
        pytest.param([NEXT], id="case 18: a list"),
        pytest.param({}, id="case 18: an object"),
        pytest.param(False, id="case 18: a boolean"),
        pytest.param("", id="case 18: empty"),
        pytest.param("https://[", id="case 18: not an address"),
        pytest.param(f"{GRAPH}/v1.0/things?a=\u2028\x1b", id="case 18: characters that no address has"),
        pytest.param(f"{GRAPH}/v1.0/things?a=\r\nHost: x", id="line ends"),
        pytest.param(f"{GRAPH}/v1.0/things?a=\x85", id="another line end"),
        pytest.param(f"{GRAPH}/v1.0/things?a=\x7f", id="DEL"),
        pytest.param(f" {GRAPH}/v1.0/things", id="a blank first"),
        pytest.param(f"{GRAPH} /v1.0/things", id="a blank in the host"),
    ],
)
def test_a_next_page_that_is_no_address_is_refused(link: t.Any) -> None:
    world = tenant([answer(200, {"value": [ONE], "@odata.nextLink": link})])
    with pytest.raises(errors.UnexpectedResponseError, match="GET .*/things returned an unexpected response: "):
        list(world.client.list_items("/things"))
    assert len(world.transport.sent) == 1


def test_case_20_a_list_without_an_end_is_left() -> None:
    pages = [page(next_link=f"{GRAPH}/v1.0/things?$skiptoken={number}") for number in range(MOST_PAGES + 5)]
    world = tenant(pages)
    with pytest.raises(errors.UnexpectedResponseError, match=f"more than {MOST_PAGES} pages"):
        list(world.client.list_items("/things"))
    assert len(world.transport.sent) == MOST_PAGES


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        pytest.param("x", "value[1] must be an object, not a text", id="case 18: an item that is no object"),
        pytest.param({"id": 7}, "value[1].id must be an ID, not a number", id="case 18: an ID of another type"),
        pytest.param({}, "value[1].id must be an ID, not null", id="case 18: no ID"),
    ],
)
def test_an_item_of_another_shape_is_named_by_operation_and_member(item: t.Any, problem: str) -> None:
    world = tenant([page({"id": "1"}, item)])
    with pytest.raises(errors.UnexpectedResponseError) as caught:
        list(world.client.list_items("/things", item=object_of({"id": identity})))
    assert f"GET /v1.0/things returned an unexpected response: {problem}." in str(caught.value)
    assert caught.value.target == "GET /v1.0/things"


def test_a_write_whose_response_has_another_shape_may_have_been_done() -> None:
    world = tenant([answer(201, {"id": ["x"]})])
    with pytest.raises(errors.UnexpectedResponseError) as caught:
        world.client.post("/things", {}, shape=object_of({"id": identity}))
    assert caught.value.effects == "unknown" and world.client.has_written


def test_case_19_a_read_that_was_cut_off_is_repeated() -> None:
    world = tenant([answer(200, b'{"value": [{"id"'), page(ONE)], retry_timeout=60.0)
    assert list(world.client.list_items("/things")) == [ONE]


def test_case_19_a_policy_is_not_missing_because_its_response_came_empty() -> None:
    world = tenant([answer(200, b"")])
    with pytest.raises(errors.UnexpectedResponseError, match="must be an object, not null"):
        world.client.find("/things/1")
