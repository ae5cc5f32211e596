# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import http.server
import io
import logging
import pathlib
import socket
import threading
import traceback
import typing as t

import pytest
import requests
import urllib3

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http import transport
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request
from ansible_collections.endpointops.intune.plugins.module_utils._http.transport import Transport, _logging_of
from tests.support.fakes import GRAPH

GET = Request("GET", f"{GRAPH}/v1.0/x")
TOKEN_URL = "http://169.254.169.254/metadata/identity/oauth2/token"
VARIABLES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


@pytest.fixture
def passed_on(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, t.Any]]:
    """Return the arguments that requests passes to its adapter, including values from the environment."""
    calls: list[dict[str, t.Any]] = []

    def send(self: t.Any, prepared: requests.PreparedRequest, **kwargs: t.Any) -> requests.Response:
        calls.append({"request": prepared, **kwargs})
        response = requests.Response()
        response.status_code, response.url, response.request = 200, prepared.url, prepared
        response.raw = urllib3.HTTPResponse(io.BytesIO(b"{}"), preload_content=False)
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    return calls


def send(request: Request, **policy: t.Any) -> transport.Response:
    with contextlib.closing(Transport(user_agent="unit/1", monotonic=lambda: 0.0, **policy)) as subject:
        return subject.send(request)


# --- sent requests --------------------------------------------------------------------------------------------------


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
    ("option", "validate", "verify"),
    [
        pytest.param(True, True, "ours.pem", id="ca_path"),
        pytest.param(True, False, False, id="no check, though ca_path"),
        pytest.param(False, False, False, id="no check"),
        pytest.param(False, True, "theirs.pem", id="nothing said"),
    ],
)
def test_the_environment_chooses_whom_to_trust_only_where_no_option_does(
    passed_on: list[dict[str, t.Any]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: pathlib.Path,
    variable: str,
    option: bool,
    validate: bool,
    verify: bool | str,
) -> None:
    for name in ("ours.pem", "theirs.pem"):
        (tmp_path / name).write_bytes(pathlib.Path(requests.certs.where()).read_bytes())
    monkeypatch.setenv(variable, str(tmp_path / "theirs.pem"))
    send(GET, ca_path=str(tmp_path / "ours.pem") if option else None, validate_certs=validate)
    assert passed_on[0]["verify"] == (str(tmp_path / verify) if isinstance(verify, str) else verify)


def test_certificates_are_checked_unless_told_otherwise(passed_on: list[dict[str, t.Any]]) -> None:
    send(GET)
    assert passed_on[0]["verify"] is True


@pytest.mark.parametrize(
    ("request_", "proxy"),
    [
        pytest.param(GET, "http://proxy.test:3128", id="Graph: through the proxy"),
        pytest.param(Request("GET", "https://direct.test/"), None, id="in NO_PROXY"),
    ],
)
def test_proxies_of_the_environment(
    passed_on: list[dict[str, t.Any]], monkeypatch: pytest.MonkeyPatch, request_: Request, proxy: str | None
) -> None:
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", "direct.test")
    send(request_)
    assert (requests.utils.select_proxy(request_.url, passed_on[0]["proxies"]) or None) == proxy


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("url", [TOKEN_URL, "http://localhost:4141/msi/token", "https://10.0.0.4:2377/metadata", "http://[fe80::1]/x"])
def test_case_22_a_local_request_never_goes_through_a_proxy(
    passed_on: list[dict[str, t.Any]], monkeypatch: pytest.MonkeyPatch, url: str, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", "other.test")
    send(Request("GET", url, is_local=True))
    assert not requests.utils.select_proxy(url, passed_on[0]["proxies"])


def test_a_closed_transport_opens_again(passed_on: list[dict[str, t.Any]]) -> None:
    subject = Transport(user_agent="unit/1", monotonic=lambda: 0.0)
    subject.send(GET)
    subject.close()
    subject.send(GET)
    subject.close()
    assert len(passed_on) == 2


def test_closing_closes_the_connections(passed_on: list[dict[str, t.Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[object] = []

    def close(self: requests.adapters.HTTPAdapter) -> None:
        closed.append(self)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "close", close)
    send(GET)
    assert len(closed) == 1


def test_closing_what_was_never_opened_does_nothing() -> None:
    Transport(user_agent="unit/1", monotonic=lambda: 0.0).close()


def test_without_requests_the_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "HAS_REQUESTS", False)
    with pytest.raises(errors.MissingLibraryError, match="requests"):
        Transport(user_agent="unit/1", monotonic=lambda: 0.0)


# --- unsendable requests --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "policy"),
    [
        pytest.param(GET, {"timeout": 0}, id="no time at all"),
        pytest.param(Request("GET", "https:///x"), {}, id="URL without a host"),
        pytest.param(Request("GET", "https://graph.test:port/"), {}, id="URL with a broken port"),
        pytest.param(Request("GET", "ftp://graph.test/"), {}, id="URL of another protocol"),
        pytest.param(Request("GET", "https://["), {}, id="URL that no parser takes"),
        pytest.param(Request("GET", GRAPH, {"X-Own": "a\nb"}), {}, id="header that breaks the line"),
    ],
)
def test_what_can_never_be_sent_is_not_tried_again(request_: Request, policy: dict[str, t.Any]) -> None:
    with pytest.raises(errors.NotSentError) as caught:
        send(request_, **policy)
    assert not caught.value.is_transient


# --- addresses with a key -------------------------------------------------------------------------------------------

KEY = "s3cret-signature"


def visible_text(failure: BaseException) -> str:
    """Return the whole visible text of a failure, including a traceback."""
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
    """Serve GET /redirect, /cut, /drop, /lengths, and valid responses to all other requests."""

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
        """Discard the message."""


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
