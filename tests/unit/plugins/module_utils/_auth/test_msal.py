# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import json
import logging
import typing as t
import urllib.parse

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._auth import _msal
from ansible_collections.endpointops.intune.plugins.module_utils._auth._advice import GENERAL, HINTS
from ansible_collections.endpointops.intune.plugins.module_utils._auth.client_secret import ClientSecret
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.support.fakes import (
    CLIENT_ID,
    DISCOVERY,
    GRAPH,
    LOGIN,
    TENANT_ID,
    TOKEN,
    Tenant,
    answer,
    bearer,
    entra,
    form_of,
    options,
    tenant,
)

CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1767607200"}}}'


def signing_in(world: Tenant, **given: t.Any) -> ClientSecret:
    everything = {"tenant_id": TENANT_ID, "client_id": CLIENT_ID, "client_secret": "s3cret", **given}
    subject = ClientSecret(options(**everything), world.context)
    subject.validate()
    return subject


def refused(number: int, sentence: str = "Something is wrong.") -> Response:
    described = f"AADSTS{number}: {sentence} Trace ID: t-1 Correlation ID: c-1 Timestamp: 2026-01-05 10:00:00Z"
    return answer(400, {"error": "invalid_client", "error_description": described, "error_codes": [number], "correlation_id": "c-1"})


# --- a token --------------------------------------------------------------------------------------------------------


def test_a_secret_becomes_a_token() -> None:
    world = tenant(entra(bearer("entra-token")))
    assert signing_in(world).token() == "entra-token"
    form = form_of(world.transport.sent[-1])
    assert form["client_secret"] == "s3cret"
    assert (form["client_id"], form["grant_type"], form["scope"]) == (CLIENT_ID, "client_credentials", f"{GRAPH}/.default")


def test_only_the_configured_authority_is_asked() -> None:
    world = tenant(entra())
    signing_in(world).token()
    assert world.transport.targets == [DISCOVERY, TOKEN]
    assert all(request.url.startswith(LOGIN + "/") for request in world.transport.sent)


def test_the_secret_travels_in_the_body_alone() -> None:
    world = tenant(entra())
    signing_in(world).token()
    assert form_of(world.transport.sent[-1])["client_secret"] == "s3cret"
    assert [request.target for request in world.transport.sent if "s3cret" in request.url + str(request.headers)] == []


def test_one_token_serves_until_it_ends() -> None:
    world = tenant(entra(bearer("first"), bearer("second")))
    subject = signing_in(world)
    assert [subject.token(), subject.token()] == ["first", "first"]


def test_a_refused_token_is_asked_for_again() -> None:
    world = tenant(entra(bearer("first"), bearer("second")))
    subject = signing_in(world)
    subject.token()
    assert subject.token(renew=True) == "second"


def test_a_challenge_is_passed_on() -> None:
    world = tenant(entra(bearer("first"), bearer("second")))
    subject = signing_in(world)
    subject.token()
    assert subject.token(renew=True, claims=CLAIMS) == "second"
    claims = json.loads(form_of(world.transport.sent[-1])["claims"])
    assert claims["access_token"]["nbf"] == json.loads(CLAIMS)["access_token"]["nbf"]


def test_that_challenges_are_understood_is_announced() -> None:
    world = tenant(entra())
    signing_in(world).token()
    claims = json.loads(form_of(world.transport.sent[-1])["claims"])
    assert claims["access_token"]["xms_cc"] == {"values": ["CP1"]}


def test_asking_for_a_token_may_be_repeated() -> None:
    world = tenant(entra(answer(503), bearer("entra-token")), retry_timeout=60.0)
    assert signing_in(world).token() == "entra-token"


# --- options --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [f"{{{TENANT_ID}}}", "contoso.test/other", "contoso test", "https://x.test", "a\n"],
    ids=["braces", "path", "space", "URL", "line"],
)
def test_a_tenant_is_a_guid_or_a_domain(given: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match="neither a GUID nor a domain name"):
        signing_in(tenant(), tenant_id=given)


@pytest.mark.parametrize("given", [TENANT_ID, "contoso.test", "contoso-x.test"])
def test_such_a_tenant_is_taken(given: str) -> None:
    world = tenant()
    signing_in(world, tenant_id=given)
    assert world.transport.sent == [], "what is wrong is known before anything is sent"


def test_without_msal_the_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_msal, "HAS_MSAL", False)
    with pytest.raises(errors.MissingLibraryError, match="msal"):
        signing_in(tenant())


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", sorted(HINTS))
def test_a_known_refusal_has_its_hint(number: str) -> None:
    with pytest.raises(errors.AuthenticationError) as caught:
        signing_in(tenant(entra(refused(int(number))))).token()
    assert (caught.value.code, caught.value.hint) == (f"AADSTS{number}", HINTS[number])


def test_a_refusal_is_told_in_one_sentence() -> None:
    with pytest.raises(errors.AuthenticationError) as caught:
        signing_in(tenant(entra(refused(7000215, "Invalid client secret provided.")))).token()
    assert caught.value.message == "Microsoft Entra gave no token: AADSTS7000215: Invalid client secret provided."
    assert caught.value.correlation_id == "c-1"


def test_an_unknown_refusal_has_a_general_hint() -> None:
    found = _msal.parse_refusal({"error": "invalid_request", "error_description": "Odd."})
    assert (found.code, found.message, found.hint is not None) == ("invalid_request", "Microsoft Entra gave no token: Odd.", True)


def test_a_refusal_with_an_error_alone_tells_that() -> None:
    found = _msal.parse_refusal({"error": "invalid_request", "trace_id": "t-1"})
    assert (found.message, found.correlation_id) == ("Microsoft Entra gave no token: invalid_request", "t-1")


def test_a_refusal_without_a_reason_says_so() -> None:
    assert "no reason was given" in _msal.parse_refusal({}).message


@pytest.mark.parametrize(
    ("discovery", "words"),
    [
        pytest.param(refused(90002, "Tenant not found."), "AADSTS90002: Tenant not found.", id="unknown tenant"),
        pytest.param(answer(404, b"<html>", content_type="text/html"), "is not a Microsoft Entra tenant", id="another host"),
        pytest.param(answer(200, b"<html>", content_type="text/html"), "is not a Microsoft Entra tenant", id="a portal"),
        pytest.param(answer(200, {}), "", id="JSON of something else"),
        pytest.param(answer(503), "503", id="out of order"),
    ],
)
def test_an_authority_that_does_not_answer_well(discovery: Response, words: str) -> None:
    with pytest.raises(errors.IntuneError) as caught:
        signing_in(tenant(entra(discovery=discovery))).token()
    assert words in caught.value.message


def test_a_word_in_the_tenants_name_is_no_certificate() -> None:
    world = tenant({"GET /pembroke.test/v2.0/.well-known/openid-configuration": answer(404, b"nothing")})
    with pytest.raises(errors.AuthenticationError, match="is not a Microsoft Entra tenant"):
        signing_in(world, tenant_id="pembroke.test").token()


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(answer(500), id="500 without a body"),
        pytest.param(answer(503, b"<html>", content_type="text/html"), id="503 in HTML"),
        pytest.param(answer(429, {"error": "temporarily_unavailable", "error_description": "Slow down."}), id="throttled"),
        pytest.param(answer(200, b"<html>", content_type="text/html"), id="200 in HTML"),
        pytest.param(answer(200, []), id="200 with a list"),
        pytest.param(answer(403, b"<html>", content_type="text/html"), id="403 in HTML"),
        pytest.param(answer(200, b'{"access_token": "s3cret-token", "expi'), id="cut off"),
        pytest.param(answer(200, {}), id="empty object"),
        pytest.param(answer(302, location="https://portal.test/"), id="redirected"),
    ],
)
def test_a_token_endpoint_that_does_not_answer_well(given: Response) -> None:
    with pytest.raises(errors.IntuneError) as caught:
        signing_in(tenant(entra(given))).token()
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_sign_in_service_that_is_busy(status: int) -> None:
    with pytest.raises(errors.AuthenticationError, match=str(status)) as caught:
        signing_in(tenant(entra(answer(status, {"error": "temporarily_unavailable"})))).token()
    assert "later" in (caught.value.hint or "")


def test_a_token_in_an_answer_that_is_cut_off_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(errors.IntuneError):
        signing_in(tenant(entra(answer(200, b'{"access_token": "s3cret-token", "expi')))).token()
    assert "s3cret-token" not in caplog.text


def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    signing_in(tenant(entra(bearer("s3cret-token")))).token()
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("failure", [errors.NotSentError("x"), errors.LostResponseError("x")], ids=lambda failure: type(failure).__name__)
def test_no_answer_at_all_stays_what_it_is(failure: errors.IntuneError) -> None:
    with pytest.raises(type(failure)):
        signing_in(tenant(entra(failure))).token()


def test_after_a_failure_the_next_try_begins_again() -> None:
    script = entra()
    script[DISCOVERY] = [errors.LostResponseError("x"), script[DISCOVERY]]
    subject = signing_in(tenant(script))
    with pytest.raises(errors.LostResponseError):
        subject.token()
    assert subject.token() == "entra-token"


@pytest.mark.parametrize(("url", "whole"), [("/x", "/x?b=c+d"), ("/x?a=1", "/x?a=1&b=c+d")], ids=["no query", "a query"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_msals_parameters_and_headers_are_sent(method: str, url: str, whole: str) -> None:
    world = tenant([answer(200, {})])
    getattr(_msal.MsalHttp(world.context.sender), method)(LOGIN + url, params={"b": "c d"}, headers={"X-Own": "1"}, timeout=3)
    request = world.transport.sent[0]
    assert (request.url, request.headers["X-Own"]) == (LOGIN + whole, "1")


@pytest.mark.parametrize("data", [{"a": "b c"}, "a=b+c", b"a=b+c"], ids=["parameters", "text", "bytes"])
def test_msals_data_is_a_form(data: t.Any) -> None:
    world = tenant([answer(200, {})])
    _msal.MsalHttp(world.context.sender).post(LOGIN, data=data)
    request = world.transport.sent[0]
    assert (request.body, request.headers["Content-Type"]) == (b"a=b+c", "application/x-www-form-urlencoded")


def test_msal_sees_status_headers_and_text() -> None:
    found = _msal.MsalResponse(answer(429, b"x", retry_after="7"))
    assert (found.status_code, found.headers["retry-after"], found.text) == (429, "7", "x")


@pytest.mark.parametrize("show", [repr, str])
def test_msals_answer_shows_no_token(show: t.Callable[[object], str]) -> None:
    assert "s3cret" not in show(_msal.MsalResponse(bearer("s3cret")))


# --- advice and odd responses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [700211, 700212, 700213, 7002138], ids=lambda number: f"case 29: AADSTS{number}")
def test_a_federated_refusal_names_the_part_that_differs(number: int) -> None:
    sentence = "No matching federated identity record found for presented assertion subject 'repo:o/r:ref:refs/heads/main'."
    with pytest.raises(errors.AuthenticationError) as caught:
        signing_in(tenant(entra(refused(number, sentence)))).token()
    assert sentence in caught.value.message and caught.value.hint == HINTS[str(number)] != GENERAL


ODD_TOKENS = {
    "case 18: expires_in a word": {"expires_in": "soon"},
    "case 18: expires_in a list": {"expires_in": [3600]},
    "case 18: expires_in an object": {"expires_in": {}},
    "case 18: expires_in true": {"expires_in": True},
    "case 18: expires_in null": {"expires_in": None},
    "case 18: expires_in without an end": {"expires_in": float("inf")},
    "case 18: expires_in no number": {"expires_in": float("nan")},
    "case 18: expires_in of 400 digits": {"expires_in": 10**400},
    "case 18: refresh_in a word": {"refresh_in": "soon"},
    "case 18: ext_expires_in an object": {"ext_expires_in": {}},
    "case 18: token_type a list": {"token_type": ["Bearer"]},
    "case 18: token_type a number": {"token_type": 5},
    "case 18: token_type another one": {"token_type": "pop"},
    "case 18: access_token a number": {"access_token": 5},
    "case 18: access_token a list": {"access_token": ["s3cret"]},
    "case 18: access_token an object": {"access_token": {"a": "s3cret"}},
    "case 18: access_token null": {"access_token": None},
    "case 18: access_token empty": {"access_token": ""},
    "case 18: access_token with a line end": {"access_token": "s3cret\nX-A: b"},
    "case 18: access_token in other letters": {"access_token": "s3cret\u00e4"},
}


@pytest.mark.parametrize("members", ODD_TOKENS.values(), ids=ODD_TOKENS)
def test_an_odd_token_answer_is_our_error(members: dict[str, t.Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    good = {"token_type": "Bearer", "access_token": "s3cret-token", "expires_in": 3600}
    with pytest.raises(errors.UnexpectedResponseError, match=f"'{next(iter(members))}'") as caught:
        signing_in(tenant(entra(answer(200, {**good, **members})))).token()
    assert "s3cret" not in str(caught.value) + caplog.text


ODD_REFUSALS = {
    "description a list": {"error": "invalid_client", "error_description": ["AADSTS7000215"]},
    "description a number": {"error": "invalid_client", "error_description": 5},
    "error an object": {"error": {"code": "x"}},
    "IDs of other types": {"error": "x", "correlation_id": [1], "trace_id": {}},
    "codes alone": {"error": "x", "error_codes": "y"},
    "empty": {},
    "80 kB of blanks": {"error": "x", "error_description": "AADSTS7000215: a" + " " * 80_000 + "b"},
    "escapes": {"error": "x", "error_description": "AADSTS7000215: \x1b[31mred\u2028line\u202eleft"},
}


@pytest.mark.parametrize("body", ODD_REFUSALS.values(), ids=[f"case 18: {name}" for name in ODD_REFUSALS])
@pytest.mark.parametrize("status", [400, 401, 403])
def test_an_odd_refusal_is_our_error(body: dict[str, t.Any], status: int) -> None:
    with pytest.raises(errors.AuthenticationError) as caught:
        signing_in(tenant(entra(answer(status, body)))).token()
    described = caught.value.describe()
    assert all(described[name] is None or isinstance(described[name], str) for name in ("message", "code", "request_id", "hint"))
    assert len(caught.value.message) < 2200 and caught.value.message.isprintable()


@pytest.mark.parametrize("status", [201, 202, 203, 204, 206, 300, 301, 302, 304, 307], ids=lambda status: f"case 18: {status}")
def test_a_token_with_another_status_is_our_error(status: int) -> None:
    body = {"token_type": "Bearer", "access_token": "s3cret-token", "expires_in": 3600}
    with pytest.raises(errors.UnexpectedResponseError, match=str(status)):
        signing_in(tenant(entra(answer(status, body)))).token()


@pytest.mark.parametrize("member", ["token_endpoint", "authorization_endpoint", "issuer"])
@pytest.mark.parametrize("value", [5, None, [], {}, True], ids=repr)
def test_case_18_a_discovery_with_members_of_other_types_is_our_error(member: str, value: t.Any) -> None:
    document = json.loads(entra()[DISCOVERY].text)
    with pytest.raises(errors.IntuneError):
        signing_in(tenant(entra(discovery=answer(200, {**document, member: value})))).token()


@pytest.mark.parametrize("missing", ["token_endpoint", "authorization_endpoint", "issuer"])
def test_case_18_a_discovery_without_a_member_is_no_traceback(missing: str) -> None:
    document = json.loads(entra()[DISCOVERY].text)
    del document[missing]
    # msal can do without some members.
    with contextlib.suppress(errors.IntuneError):
        assert signing_in(tenant(entra(discovery=answer(200, document)))).token() == "entra-token"


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"null", b'"token"', b"1e400"])
@pytest.mark.parametrize("place", ["discovery", "token"])
def test_case_18_a_body_of_another_form_is_our_error(body: bytes, place: str) -> None:
    script = entra(answer(200, body)) if place == "token" else entra(discovery=answer(200, body))
    with pytest.raises(errors.IntuneError):
        signing_in(tenant(script)).token()


@pytest.mark.parametrize("kind", [ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, RuntimeError])
@pytest.mark.parametrize("where", ["ConfidentialClientApplication.__init__", "ConfidentialClientApplication.acquire_token_for_client"])
def test_case_18_whatever_msal_raises_is_our_error(monkeypatch: pytest.MonkeyPatch, where: str, kind: type[Exception]) -> None:
    def fail(*_args: t.Any, **_kwargs: t.Any) -> None:
        raise kind("s3cret")

    monkeypatch.setattr(f"msal.{where}", fail)
    with pytest.raises(errors.AuthenticationError) as caught:
        signing_in(tenant(entra())).token()
    assert "s3cret" not in str(caught.value)


# --- recipients of the secret -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param("https://evil.test/oauth2/v2.0/token", id="case 34: another host"),
        pytest.param("http://login.test/oauth2/v2.0/token", id="case 34: not encrypted"),
        pytest.param("https://login.test:8443/oauth2/v2.0/token", id="case 34: another port"),
        pytest.param("https://login.test@evil.test/oauth2/v2.0/token", id="case 34: the host as a user"),
        pytest.param("https://login.test.evil.test/oauth2/v2.0/token", id="case 34: the host as a beginning"),
        pytest.param("https://login.test\\@evil.test/oauth2/v2.0/token", id="case 34: parsers disagree"),
        pytest.param("//login.test/oauth2/v2.0/token", id="case 34: no scheme"),
        pytest.param("token", id="case 34: no host"),
        pytest.param("https://[", id="case 34: no address"),
    ],
)
def test_the_secret_goes_to_the_authority_alone(endpoint: str) -> None:
    document = json.loads(entra()[DISCOVERY].text)
    world = tenant(entra(discovery=answer(200, {**document, "token_endpoint": endpoint})))
    with pytest.raises(errors.IntuneError):
        signing_in(world).token()
    assert world.transport.targets == [DISCOVERY]


NO_TENANTS = (
    *("..", ".", "...", "a..b", ".contoso.test", "contoso.test.", "-contoso.test", "%2e%2e", "1.2.3.4"),
    *("contoso", "common", "organizations", "consumers", "contoso.test?x", "contoso.test#x", "contoso.test%2f"),
    *("c\u00f6ntoso.test", "00000000-0000-0000-0000-000000000000", "a" * 70 + ".test"),
)


@pytest.mark.parametrize("given", NO_TENANTS, ids=[f"case 34: {given[:20]}" for given in NO_TENANTS])
def test_a_tenant_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match="neither a GUID nor a domain name"):
        signing_in(tenant(), tenant_id=given)


@pytest.mark.parametrize("given", [TENANT_ID.upper(), "contoso.onmicrosoft.com", "a.b.contoso.co.uk", "xn--cntoso-wxa.test", "1und1.de"])
def test_other_tenants_are_taken(given: str) -> None:
    signing_in(tenant(), tenant_id=given)


def test_the_sign_in_goes_through_a_proxy_and_a_machine_s_endpoint_does_not() -> None:
    world = tenant([answer(200, {}), answer(200, {})])
    _msal.MsalHttp(world.context.sender, LOGIN).get(LOGIN + "/x")
    _msal.MsalHttp(world.context.sender).get("http://127.0.0.1/x")
    assert [request.is_local for request in world.transport.sent] == [False, True]


# --- secrets --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", ["abc8Q~Th1sIsTheClientSecretValue.x", "abc/Th1sIs+TheOldClientSecretValue="])
def test_a_form_that_is_repeated_in_a_refusal_is_told_without_the_secret(secret: str) -> None:
    def refuse(request: Request) -> Response:
        form = (request.body or b"").decode()
        return answer(400, {"error": "invalid_request", "error_description": f"AADSTS90014: {form} {secret} {json.dumps(secret)[1:20]}"})

    with pytest.raises(errors.AuthenticationError, match="AADSTS90014.*client_secret=\\*{8}") as caught:
        signing_in(tenant(entra(refuse)), client_secret=secret).token()
    shown = f"{caught.value} {caught.value.describe()}"
    assert not any(form[at : at + 16] in shown for form in (secret, urllib.parse.quote_plus(secret)) for at in range(len(form) - 15))


def test_the_secrets_of_a_request_for_a_token_are_known() -> None:
    def find(body: dict[str, str], **headers: str) -> tuple[str, ...]:
        return _msal.find_secrets(Request("POST", LOGIN, {name.replace("_", "-"): value for name, value in headers.items()}, form(body)))

    def form(body: dict[str, str]) -> bytes:
        return urllib.parse.urlencode(body).encode()

    assert find({"client_secret": "a+b/cdefgh", "scope": "not-a-secret"}) == ("a+b/cdefgh",)
    assert find({"client_assertion": "eyJhbGciOiJ9.eyJhdWQiOiJ9.signature"}) == ("signature",), "the rest may begin the token"
    assert find({}, X_IDENTITY_HEADER="853b9a84", Authorization="Basic c2VjcmV0LWtleQ==", Metadata="true-or-false") == (
        "853b9a84",
        "c2VjcmV0LWtleQ==",
    )
    assert find({"client_secret": "short"}) == (), "would be in the token too"
