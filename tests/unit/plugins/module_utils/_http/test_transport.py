# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import http.server
import logging
import pathlib
import socket
import ssl
import threading
import traceback
import typing as t

import pytest
import requests
import urllib3.exceptions as u3

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http import transport
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request
from ansible_collections.endpointops.intune.plugins.module_utils._http.transport import METADATA_HOST, Transport, _logging_of, _translate
from tests.support.fakes import GRAPH

GET = Request("GET", f"{GRAPH}/v1.0/x")
TOKEN_URL = f"http://{METADATA_HOST}/metadata/identity/oauth2/token"


@pytest.fixture
def passed_on(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, t.Any]]:
    """Return what requests hands to its adapter, after it has taken the environment into account."""
    calls: list[dict[str, t.Any]] = []

    def send(self: t.Any, prepared: requests.PreparedRequest, **kwargs: t.Any) -> requests.Response:
        calls.append({"request": prepared, **kwargs})
        response = requests.Response()
        response.status_code, response.url, response.request = 200, prepared.url, prepared
        response._content = b"{}"
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    return calls


def send(request: Request, **policy: t.Any) -> transport.Response:
    with contextlib.closing(Transport(user_agent="unit/1", **policy)) as subject:
        return subject.send(request)


# --- what goes out --------------------------------------------------------------------------------------------------


def test_the_request_goes_out_as_it_is(passed_on: list[dict[str, t.Any]]) -> None:
    send(Request("POST", GRAPH + "/v1.0/x", {"client-request-id": "c"}, b"{}"), timeout=7.0)
    prepared = passed_on[0]["request"]
    assert (prepared.method, prepared.url, prepared.body) == ("POST", GRAPH + "/v1.0/x", b"{}")
    assert passed_on[0]["timeout"] == 7.0


def test_our_headers_are_added(passed_on: list[dict[str, t.Any]]) -> None:
    send(Request("GET", GRAPH, {"client-request-id": "c"}))
    headers = passed_on[0]["request"].headers
    assert (headers["User-Agent"], headers["Accept"], headers["client-request-id"]) == ("unit/1", "application/json", "c")


@pytest.mark.parametrize(("token", "header"), [("abc", "Bearer abc"), (None, None)], ids=["token", "no token"])
def test_the_bearer_becomes_the_authorization(passed_on: list[dict[str, t.Any]], token: str | None, header: str | None) -> None:
    send(Request("GET", GRAPH, bearer=token))
    assert passed_on[0]["request"].headers.get("Authorization") == header


def test_an_authorization_of_its_own_is_kept(passed_on: list[dict[str, t.Any]]) -> None:
    send(Request("GET", GRAPH, {"Authorization": "Basic abc"}))
    assert passed_on[0]["request"].headers["Authorization"] == "Basic abc"


@pytest.mark.parametrize(("token", "header"), [("abc", "Bearer abc"), (None, None)], ids=["token", "no token"])
def test_a_netrc_file_changes_nothing(
    passed_on: list[dict[str, t.Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, token: str | None, header: str | None
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine graph.test login somebody password s3cret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth(GRAPH) == ("somebody", "s3cret"), "the file itself is good"
    send(Request("GET", GRAPH, bearer=token))
    assert passed_on[0]["request"].headers.get("Authorization") == header


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize(
    ("policy", "verify"),
    [
        pytest.param({"ca_path": "ours.pem"}, "ours.pem", id="ca_path"),
        pytest.param({"ca_path": "ours.pem", "validate_certs": False}, False, id="no check, though ca_path"),
        pytest.param({"validate_certs": False}, False, id="no check"),
    ],
)
def test_the_environment_does_not_choose_whom_to_trust(
    passed_on: list[dict[str, t.Any]], monkeypatch: pytest.MonkeyPatch, variable: str, policy: dict[str, t.Any], verify: bool | str
) -> None:
    monkeypatch.setenv(variable, "theirs.pem")
    send(GET, **policy)
    assert passed_on[0]["verify"] == verify


def test_certificates_are_checked_unless_told_otherwise(passed_on: list[dict[str, t.Any]]) -> None:
    send(GET)
    assert passed_on[0]["verify"] is True


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        pytest.param(GRAPH, "http://proxy.test:3128", id="Graph: through the proxy"),
        pytest.param(TOKEN_URL, None, id="instance metadata: never"),
        pytest.param("https://direct.test/", None, id="in NO_PROXY"),
    ],
)
def test_proxies_of_the_environment(
    passed_on: list[dict[str, t.Any]], monkeypatch: pytest.MonkeyPatch, url: str, proxy: str | None
) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", "direct.test")
    send(Request("GET", url))
    assert (requests.utils.select_proxy(url, passed_on[0]["proxies"]) or None) == proxy


def test_a_closed_transport_opens_again(passed_on: list[dict[str, t.Any]]) -> None:
    subject = Transport(user_agent="unit/1")
    subject.send(GET)
    subject.close()
    subject.send(GET)
    subject.close()
    assert len(passed_on) == 2


def test_closing_closes_the_connections(passed_on: list[dict[str, t.Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[object] = []

    def close(self: requests.Session) -> None:
        closed.append(self)

    monkeypatch.setattr(requests.Session, "close", close)
    send(GET)
    assert len(closed) == 1


def test_closing_what_was_never_opened_does_nothing() -> None:
    Transport(user_agent="unit/1").close()


def test_without_requests_the_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "HAS_REQUESTS", False)
    with pytest.raises(errors.MissingLibraryError, match="requests"):
        Transport(user_agent="unit/1")


# --- what cannot be sent --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "policy"),
    [
        pytest.param(GET, {"ca_path": "/nowhere/ca.pem"}, id="CA file that is missing"),
        pytest.param(GET, {"timeout": 0}, id="no time at all"),
        pytest.param(Request("GET", "https:///x"), {}, id="URL without a host"),
        pytest.param(Request("GET", "https://graph.test:port/"), {}, id="URL with a broken port"),
        pytest.param(Request("GET", "ftp://graph.test/"), {}, id="URL of another protocol"),
    ],
)
def test_what_can_never_be_sent_is_not_tried_again(request_: Request, policy: dict[str, t.Any]) -> None:
    with pytest.raises(errors.NotSentError) as caught:
        send(request_, **policy)
    assert not caught.value.is_transient


# --- failures of requests -------------------------------------------------------------------------------------------


def unreachable(reason: Exception) -> requests.exceptions.ConnectionError:
    """As requests wraps what urllib3 gave up on."""
    return requests.exceptions.ConnectionError(u3.MaxRetryError(None, "/", reason))


NOT_VERIFIED = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate")
HANDSHAKE = ssl.SSLError(1, "[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version")


@pytest.mark.parametrize(
    ("failure", "passing", "words"),
    [
        pytest.param(
            requests.exceptions.SSLError(u3.MaxRetryError(None, "/", u3.SSLError(NOT_VERIFIED))),
            False,
            "does not verify: [SSL: CERTIFICATE_VERIFY_FAILED]",
            id="untrusted certificate",
        ),
        pytest.param(
            requests.exceptions.ProxyError(u3.MaxRetryError(None, "/", u3.ProxyError("x", OSError("Tunnel connection failed: 407 Who?")))),
            True,
            "The proxy did not connect to graph.test",
            id="proxy that refuses",
        ),
        pytest.param(
            requests.exceptions.ProxyError(u3.MaxRetryError(None, "/", u3.ProxyError("x", u3.NewConnectionError(None, "refused")))),
            True,
            "The proxy did not connect to graph.test",
            id="proxy that is down",
        ),
        pytest.param(requests.exceptions.ConnectTimeout("slow"), True, "No connection to graph.test: slow", id="connect timeout"),
        pytest.param(unreachable(u3.NewConnectionError(None, "[Errno 111] refused")), True, "[Errno 111] refused", id="refused"),
        pytest.param(unreachable(u3.NameResolutionError("graph.test", None, OSError("unknown"))), True, "No connection", id="unknown name"),
        pytest.param(requests.exceptions.InvalidURL("s3cret"), False, "is not valid", id="bad URL, of a proxy with a password perhaps"),
    ],
)
def test_failures_before_the_request_went_out(failure: Exception, passing: bool, words: str) -> None:
    found = _translate(GET, failure, 30.0)
    assert isinstance(found, errors.NotSentError)
    assert words in found.message and "s3cret" not in str(found)
    assert found.is_transient is passing


def test_a_connection_that_breaks_behind_a_proxy_counts_as_sent() -> None:
    broken = u3.ProxyError("Unable to connect to proxy", ConnectionResetError(104, "Connection reset by peer"))
    found = _translate(GET, requests.exceptions.ProxyError(u3.MaxRetryError(None, "/", broken)), 30.0)
    assert isinstance(found, errors.LostResponseError)


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        pytest.param(requests.exceptions.ReadTimeout("slow"), "no response within 30 s", id="read timeout"),
        pytest.param(
            requests.exceptions.ConnectionError(u3.ProtocolError("Connection aborted.", ConnectionResetError(104, "reset by peer"))),
            "the connection broke ([Errno 104] reset by peer)",
            id="reset",
        ),
        pytest.param(requests.exceptions.ChunkedEncodingError("cut off"), "the connection broke (cut off)", id="cut off"),
        pytest.param(requests.exceptions.ContentDecodingError("not gzip"), "the connection broke (not gzip)", id="bad compression"),
        pytest.param(
            requests.exceptions.SSLError(u3.MaxRetryError(None, "/", u3.SSLError(HANDSHAKE))), "the connection broke", id="TLS, in doubt"
        ),
        pytest.param(requests.exceptions.RequestException(), "the connection broke (RequestException)", id="no text at all"),
    ],
)
def test_failures_after_which_the_request_may_have_run(failure: Exception, words: str) -> None:
    found = _translate(GET, failure, 30.0)
    assert isinstance(found, errors.LostResponseError)
    assert words in found.message
    assert found.target == "GET /v1.0/x"


def test_a_failure_that_wraps_itself_is_told_too() -> None:
    failure = requests.exceptions.ConnectionError("odd")
    failure.reason = failure
    assert "(odd)" in _translate(GET, failure, 30.0).message


# --- addresses that hold a key --------------------------------------------------------------------------------------

KEY = "s3cret-signature"


def visible_text(failure: BaseException) -> str:
    """Return all that a person could see of a failure, with a traceback too."""
    return "".join(traceback.format_exception(failure)) + f"{failure!r} {vars(failure)}"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"https://*reports.test/r.zip?sig={KEY}", id="a host that is none"),
        pytest.param(f"https://{'x' * 70}.test/r.zip?sig={KEY}", id="a host that is too long"),
        pytest.param(f"https://reports.test:port/r.zip?sig={KEY}", id="a port that is none"),
        pytest.param(f"https:///r.zip?sig={KEY}", id="no host"),
        pytest.param(f"ftp://reports.test/r.zip?sig={KEY}#{KEY}", id="another protocol"),
    ],
)
def test_the_query_of_an_address_that_cannot_be_used_is_not_told(url: str) -> None:
    with pytest.raises(errors.IntuneError) as caught:
        send(Request("GET", url))
    assert isinstance(caught.value, errors.NotSentError)
    assert KEY not in visible_text(caught.value)


@pytest.mark.parametrize("path", ["/good", "/drop", "/cut", "/redirect"])
def test_the_query_of_an_address_is_in_no_log_and_no_error(server: Server, caplog: pytest.LogCaptureFixture, path: str) -> None:
    shown = ""
    with caplog.at_level(logging.DEBUG):
        try:
            shown = repr(send(server.request(f"{path}?sig={KEY}", has_secret_query=True)))
        except errors.LostResponseError as failure:
            shown = visible_text(failure)
    assert server.paths == [f"{path}?sig={KEY}"]
    assert KEY not in shown + caplog.text
    assert "127.0.0.1" in caplog.text, "the rest is logged"


@pytest.mark.parametrize("path", ["/a%2fb?sig=%2f%7E" + KEY, "/a b?sig=" + KEY, "/%7Ea?" + KEY, "?sig=" + KEY, "/a/../b?sig=" + KEY])
def test_the_query_is_in_no_log_however_its_address_is_quoted(server: Server, caplog: pytest.LogCaptureFixture, path: str) -> None:
    with caplog.at_level(logging.DEBUG):
        send(server.request(path, has_secret_query=True))
    assert len(server.paths) == 1 and KEY not in caplog.text and "127.0.0.1" in caplog.text


def test_lines_of_other_threads_are_left_alone(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("urllib3.connectionpool")
    with caplog.at_level(logging.DEBUG):
        with _logging_of(server.request(f"/good?sig={KEY}", has_secret_query=True)):
            other = threading.Thread(target=logger.debug, args=("%s", "/other?page=2"))
            other.start()
            other.join()
        send(server.request("/good?page=3"))
    assert "/other?page=2" in caplog.text and "/good?page=3" in caplog.text and not logger.filters


def test_the_query_of_an_address_that_does_not_answer_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with caplog.at_level(logging.DEBUG), pytest.raises(errors.NotSentError) as caught:
        send(Request("GET", f"http://127.0.0.1:{port}/r.zip?sig={KEY}", has_secret_query=True))
    assert KEY not in visible_text(caught.value) + caplog.text


# --- a real connection ----------------------------------------------------------------------------------------------


class Handler(http.server.BaseHTTPRequestHandler):
    """GET /redirect, /cut, /drop, /lengths and all else, which is good."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        path = self.path.partition("?")[0]
        if path == "/drop":
            self.close_connection = True
            return
        self.send_response(302 if path == "/redirect" else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("X-Mixed-Case", "Yes")
        self.send_header("Content-Length", "4" if path == "/cut" else "2")
        if path == "/lengths":
            self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"{}")
        self.close_connection = True

    def log_message(self, *args: t.Any) -> None:
        """Says nothing."""


class Server(http.server.ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.paths: list[str] = []

    def request(self, path: str, **given: t.Any) -> Request:
        return Request("GET", f"http://127.0.0.1:{self.server_port}{path}", **given)


@pytest.fixture
def server() -> t.Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_a_whole_answer_comes_back(server: Server) -> None:
    found = send(server.request("/good"))
    assert (found.status, found.body, found.headers["x-mixed-case"]) == (200, b"{}", "Yes")


def test_a_redirect_is_an_answer(server: Server) -> None:
    found = send(server.request("/redirect", bearer="token"))
    assert (found.status, found.headers["location"]) == (302, "/elsewhere")
    assert server.paths == ["/redirect"]


@pytest.mark.parametrize("path", ["/drop", "/cut", "/lengths"])
def test_an_answer_that_is_not_whole_is_a_lost_one(server: Server, path: str) -> None:
    with pytest.raises(errors.LostResponseError):
        send(server.request(path))
    assert server.paths == [path]


def test_a_closed_port_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(errors.NotSentError) as caught:
        send(Request("GET", f"http://127.0.0.1:{port}/"))
    assert caught.value.is_transient
    assert "Connection refused" in caught.value.message
    assert " object at 0x" not in caught.value.message


@pytest.mark.parametrize("token", ["s3cret\nsecond line", "s3cret\u2019"], ids=["line break", "typographic quote"])
def test_a_token_that_cannot_be_a_header_is_not_repeated_in_the_error(server: Server, token: str) -> None:
    with pytest.raises(errors.NotSentError) as caught:
        send(server.request("/good", bearer=token))
    assert "s3cret" not in str(caught.value)
