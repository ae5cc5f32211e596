# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the transport with a peer that misbehaves at each step of an exchange, over real connections."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import pathlib
import re
import socket
import ssl
import threading
import typing as t

import pytest
import requests
import urllib3.util.connection
from intune_emulator.http.tls import make_authority, make_server_certificate

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http import exchange as wire
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._http.transport import Transport

Script = t.Callable[[socket.socket], None]
KEY = "s3cret-signature"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ODD_TYPES = [
    ValueError,
    UnicodeError,
    RecursionError,
    MemoryError,
    KeyError,
    AssertionError,
    OSError,
    urllib3.exceptions.LocationParseError,
]


def ask(sock: socket.socket) -> bytes:
    """Return the head of the received request; nothing if the peer closes."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = sock.recv(4096)
        if not piece:
            return b""
        head += piece
    # Read the body too: closing before that would reset the connection, and discard the response.
    found = re.search(rb"Content-Length: (\d+)", head, re.IGNORECASE)
    left = int(found.group(1)) - len(head.partition(b"\r\n\r\n")[2]) if found else 0
    while left > 0:
        left -= len(sock.recv(left))
    return head


class Peer:
    """A listener on 127.0.0.1 that runs one script for each connection, in order; the last one stays."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = list(scripts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def url(self, path: str = "/x", scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            with connection, contextlib.suppress(OSError):
                connection.settimeout(10)
                script(connection)

    def close(self) -> None:
        # A shutdown wakes accept().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for script in self._scripts:
            getattr(script, "stop", lambda: None)()
        self._thread.join()


@pytest.fixture
def peers() -> t.Iterator[t.Callable[..., Peer]]:
    running: list[Peer] = []

    def start(*scripts: Script) -> Peer:
        running.append(Peer(*scripts))
        return running[-1]

    yield start
    for peer in running:
        peer.close()


def answering(*pieces: bytes) -> Script:
    def script(sock: socket.socket) -> None:
        if ask(sock):
            for piece in pieces:
                sock.sendall(piece)

    return script


def body(content: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content


def transport(**policy: t.Any) -> Transport:
    policy = {"monotonic": lambda: 0.0, "timeout": 10.0, **policy}
    return Transport(user_agent="unit/1", **policy)


def send(request: Request | str, **policy: t.Any) -> Response:
    with contextlib.closing(transport(**policy)) as subject:
        return subject.send(Request("POST", request, body=b"{}") if isinstance(request, str) else request)


# --- after the request left, everything is a lost response ------------------------------------------------------------


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("https://[", id="case 13: half an IPv6 address"),
        pytest.param("https://graph.test\xff\xfe/", id="case 13: bytes that are not UTF-8"),
        pytest.param("https://graph.test:port/", id="case 13: a port that is none"),
        pytest.param("//[::1", id="case 13: without a scheme"),
        pytest.param("http://user:pass@[", id="case 13: with a user"),
        pytest.param("\x01\x02", id="case 13: control characters"),
        pytest.param("", id="case 13: empty"),
        pytest.param("a" * 60000, id="case 13: very long"),
    ],
)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent", "300 Many"])
def test_a_redirect_is_an_answer_wherever_it_leads(peers: t.Callable[..., Peer], status: str, location: str) -> None:
    peer = peers(answering(body(b"", f"Location: {location}", status=status)))
    assert send(peer.url()).status == int(status[:3])


@pytest.mark.parametrize("kind", ODD_TYPES, ids=lambda kind: f"case 13: {kind.__name__}")
def test_any_failure_after_the_request_left_is_a_lost_response(
    peers: t.Callable[..., Peer], monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def fail(*_args: object) -> bytes:
        raise kind(KEY)

    peer = peers(answering(body(b"{}")))
    monkeypatch.setattr(wire, "read_body", fail)
    with pytest.raises(errors.LostResponseError) as caught:
        send(peer.url())
    assert caught.value.target == "POST /x" and caught.value.__cause__ is None and caught.value.__suppress_context__


@pytest.mark.parametrize("kind", ODD_TYPES, ids=lambda kind: f"case 13: {kind.__name__}")
def test_any_failure_while_connecting_is_not_sent(monkeypatch: pytest.MonkeyPatch, kind: type[Exception]) -> None:
    def fail(*_args: object, **_kwargs: object) -> socket.socket:
        raise kind("odd")

    monkeypatch.setattr(urllib3.util.connection, "create_connection", fail)
    with pytest.raises(errors.NotSentError, match="No connection to"):
        send("http://127.0.0.1:1/x")


@pytest.mark.parametrize("kind", [ValueError, RecursionError, MemoryError], ids=lambda kind: kind.__name__)
def test_any_failure_before_connecting_is_not_sent_and_stays_so(monkeypatch: pytest.MonkeyPatch, kind: type[Exception]) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise kind(KEY)

    monkeypatch.setattr("requests.utils.get_environ_proxies", fail)
    with pytest.raises(errors.NotSentError) as caught:
        send("http://127.0.0.1:1/x")
    assert not caught.value.is_transient and KEY not in str(caught.value)


ODD_ANSWERS = {
    "nothing": (),
    "half a status line": (b"HTTP/1.1 20",),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.6\r\n\r\n",),
    "status that is no number": (b"HTTP/1.1 abc OK\r\n\r\n",),
    "status line of 80 kB": (b"HTTP/1.1 200 " + b"a" * 80000 + b"\r\n\r\n",),
    "header of 80 kB": (b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 80000 + b"\r\n\r\n",),
    "1000 headers": (b"HTTP/1.1 200 OK\r\n" + b"X-A: a\r\n" * 1000 + b"\r\n",),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",),
    "cut off": (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}",),
    "chunks cut off": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",),
    "chunk whose size is no number": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",),
    "early hints and no answer": (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",),
    "switched protocol": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",),
    "encoding that was not asked for": (body(b"\x8b\x00\x80{}\x03", "Content-Encoding: br"),),
    "encoding that begins like JSON": (body(b"{\x8b\x00\x80", "Content-Encoding: br"),),
    "unknown encoding of text": (body(b"PK", "Content-Encoding: utf-8"),),
    "gzip that is none": (body(b"{}", "Content-Encoding: gzip"),),
    "gzip twice": (body(gzip.compress(gzip.compress(b"{}")), "Content-Encoding: gzip, gzip"),),
    "gzip and more": (body(gzip.compress(b"{}") + b"\0\0{}", "Content-Encoding: gzip"),),
    "gzip cut off in the second part": (body((gzip.compress(b"{}" * 99) * 2)[:-9], "Content-Encoding: gzip"),),
    "gzip cut off": (body(gzip.compress(b"{}" * 99)[:-9], "Content-Encoding: gzip"),),
}


@pytest.mark.parametrize("pieces", ODD_ANSWERS.values(), ids=ODD_ANSWERS)
def test_an_answer_that_is_no_whole_one_is_lost(peers: t.Callable[..., Peer], pieces: tuple[bytes, ...]) -> None:
    peer = peers(answering(*pieces))
    with pytest.raises(errors.LostResponseError) as caught:
        send(peer.url())
    assert peer.connections == 1
    assert len(str(caught.value)) < 600 and str(caught.value).isprintable()


JWT = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0." + "S1gnaturePart0123456789" * 8
SECRETS = {
    "token": ({"bearer": JWT}, JWT.encode()),
    "part of a token": ({"bearer": JWT}, JWT.encode()[60:]),
    "opaque token": ({"bearer": KEY * 20}, KEY.encode() * 20),
    "client secret": ({"secrets": (KEY,)}, KEY.encode()),
    "key of an address": ({"has_secret_query": True}, f"sig={KEY}".encode()),
}


@pytest.mark.parametrize("begin", [CHUNKED, b"", b"SSH-2.0 " + b"a" * 150, b"HTTP/1.1 2"], ids=["chunk", "no HTTP", "cut", "status"])
@pytest.mark.parametrize(("known", "echo"), SECRETS.values(), ids=SECRETS)
def test_a_secret_that_comes_back_in_place_of_http_is_not_told(
    peers: t.Callable[..., Peer], known: dict[str, t.Any], echo: bytes, begin: bytes
) -> None:
    peer = peers(answering(begin + echo + b"\r\n"))
    with pytest.raises(errors.LostResponseError) as caught:
        send(Request("GET", peer.url(f"/x?sig={KEY}"), **known))
    assert not any(echo.decode()[at : at + 16] in str(caught.value) for at in range(len(echo) - 15))


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b'{"a": 1}', ()),
        (gzip.compress(b'{"a": 1}'), ("Content-Encoding: gzip",)),
        (gzip.compress(b'{"a"') + gzip.compress(b": 1}"), ("Content-Encoding: GZIP, identity",)),
        (gzip.compress(b'{"a": 1}'), ("Content-Encoding: x-gzip",)),
        (gzip.compress(b'{"a": 1}') + gzip.compress(b"") * (wire.MOST_PARTS - 1), ("Content-Encoding: gzip",)),
        (b'{"a": 1}', ("Content-Encoding: utf-8",)),
        (b'{"a": 1}', ("Content-Encoding: none, UTF-8",)),
        (gzip.compress(b'{"a": 1}') + bytes(99), ("Content-Encoding: gzip",)),
        (gzip.compress(b'{"a": ') + bytes(4) + gzip.compress(b"1}") + bytes(4), ("Content-Encoding: gzip",)),
    ],
    ids=[
        "plain",
        "gzip",
        "gzip in two parts",
        "old name",
        "as many parts as may be",
        "a character set",
        "several words",
        "filled up",
        "filled up in between",
    ],
)
def test_an_answer_is_unpacked(peers: t.Callable[..., Peer], content: bytes, headers: tuple[str, ...]) -> None:
    assert send(peers(answering(body(content, *headers))).url()).body == b'{"a": 1}'


HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"


@pytest.mark.parametrize(
    "before",
    [HINTS, HINTS * 3, b"HTTP/1.1 100 Continue\r\n\r\n" + HINTS, HINTS + b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 Wait\r\n\r\n"],
    ids=["early hints", "several", "after 100", "before 100", "102"],
)
def test_interim_answers_are_read_past(peers: t.Callable[..., Peer], before: bytes) -> None:
    def serve(sock: socket.socket) -> None:
        while ask(sock):
            sock.sendall(before + body(b"{}"))

    peer = peers(serve)
    with contextlib.closing(transport()) as subject:
        assert [(found.status, found.body) for found in (subject.send(Request("GET", peer.url())) for _number in range(2))] == [
            (200, b"{}")
        ] * 2
    assert peer.connections == 1


def test_an_answer_without_a_body_may_have_an_encoding(peers: t.Callable[..., Peer]) -> None:
    peer = peers(answering(b"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n"))
    assert send(peer.url()).body == b""


# --- connections ------------------------------------------------------------------------------------------------------


def test_one_connection_serves_several_requests(peers: t.Callable[..., Peer]) -> None:
    def serve(sock: socket.socket) -> None:
        while ask(sock):
            sock.sendall(body(b"{}"))

    peer = peers(serve)
    with contextlib.closing(transport()) as subject:
        assert [subject.send(Request("GET", peer.url())).status for _number in range(3)] == [200, 200, 200]
    assert peer.connections == 1


def test_a_connection_that_was_kept_and_breaks_is_a_lost_response(peers: t.Callable[..., Peer]) -> None:
    def serve(sock: socket.socket) -> None:
        ask(sock)
        sock.sendall(body(b"{}"))
        ask(sock)

    peer = peers(serve)
    with contextlib.closing(transport()) as subject:
        subject.send(Request("GET", peer.url()))
        with pytest.raises(errors.LostResponseError):
            subject.send(Request("POST", peer.url(), body=b"{}"))
    assert peer.connections == 1, "never sent again by itself"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, ssl.SSLContext]:
    """Return the path of a CA, and a server's context with a certificate of it."""
    folder = tmp_path_factory.mktemp("tls")
    authority = make_authority()
    server = make_server_certificate(authority, ["127.0.0.1"])
    (folder / "ca.pem").write_bytes(authority.certificate_pem())
    (folder / "server.pem").write_bytes(server.key_pem() + server.certificate_pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return folder / "ca.pem", context


def over_tls(context: ssl.SSLContext, script: Script) -> Script:
    def serve(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as wrapped:
            script(wrapped)

    return serve


def reading_hello(sock: socket.socket, *answer: bytes) -> None:
    sock.recv(5)
    for piece in answer:
        sock.sendall(piece)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(lambda sock: None, id="case 27: closes at once"),
        pytest.param(reading_hello, id="case 27: closes in the handshake"),
        pytest.param(lambda sock: reading_hello(sock, b"HTTP/1.1 400 Bad Request\r\n\r\n"), id="case 27: speaks plain HTTP"),
        pytest.param(lambda sock: reading_hello(sock, b"\x15\x03\x03\x00\x02\x02\x28"), id="case 27: alert, handshake failure"),
        pytest.param(lambda sock: reading_hello(sock, b"\x15\x03\x03\x00\x02\x02\x46"), id="case 27: alert, protocol version"),
    ],
)
def test_a_handshake_that_fails_is_not_sent(peers: t.Callable[..., Peer], script: Script) -> None:
    peer = peers(script)
    with pytest.raises(errors.NotSentError) as caught:
        send(peer.url(scheme="https"))
    assert "may have run" not in str(caught.value)


def test_a_handshake_that_does_not_go_on_is_not_sent(peers: t.Callable[..., Peer]) -> None:
    peer = peers(lambda sock: t.cast(None, sock.recv(100000) and sock.recv(1)))
    with pytest.raises(errors.NotSentError, match="no connection within 0.05 s"):
        send(peer.url(scheme="https"), timeout=0.05)


def test_a_certificate_of_another_authority_is_not_sent(
    peers: t.Callable[..., Peer], certificates: tuple[pathlib.Path, ssl.SSLContext]
) -> None:
    peer = peers(over_tls(certificates[1], answering(body(b"{}"))))
    with pytest.raises(errors.NotSentError, match="does not verify: ") as caught:
        send(peer.url(scheme="https"))
    assert not caught.value.is_transient and "ca_path" in (caught.value.hint or "")


def test_a_connection_that_breaks_after_the_handshake_is_lost(
    peers: t.Callable[..., Peer], certificates: tuple[pathlib.Path, ssl.SSLContext]
) -> None:
    peer = peers(over_tls(certificates[1], lambda sock: t.cast(None, ask(sock))))
    with pytest.raises(errors.LostResponseError):
        send(peer.url(scheme="https"), ca_path=str(certificates[0]))


def test_tls_answers(peers: t.Callable[..., Peer], certificates: tuple[pathlib.Path, ssl.SSLContext]) -> None:
    peer = peers(over_tls(certificates[1], answering(body(b"{}"))))
    assert send(peer.url(scheme="https"), ca_path=str(certificates[0])).body == b"{}"


# --- proxies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param(answering(b"HTTP/1.1 407 Who?\r\n\r\n"), "The proxy did not connect to graph.test", id="asks for a password"),
        pytest.param(answering(b"HTTP/1.1 403 No\r\n\r\n"), "The proxy did not connect to graph.test", id="forbids"),
        pytest.param(answering(b"HTTP/1.1 200 OK\r\n\r\n"), "graph.test", id="closes in the handshake"),
        pytest.param(
            answering(b"SSH-2.0-x\r\n\r\n"),
            "The proxy did not connect to graph.test: 'SSH-2.0-x' came instead of HTTP.",
            id="no HTTP",
        ),
        pytest.param(lambda sock: None, "graph.test", id="closes at once"),
    ],
)
def test_a_tunnel_that_is_not_made_is_not_sent(
    peers: t.Callable[..., Peer], monkeypatch: pytest.MonkeyPatch, script: Script, words: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", peers(script).url(""))
    with pytest.raises(errors.NotSentError) as caught:
        send("https://graph.test/x")
    assert words in caught.value.message


def test_what_came_in_place_of_http_is_quoted(peers: t.Callable[..., Peer]) -> None:
    with pytest.raises(errors.LostResponseError, match="the connection broke \\('SSH-2.0-x' came instead of HTTP\\)"):
        send(peers(answering(b"SSH-2.0-x  \r\n\r\n")).url())


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "socks4"])
def test_a_socks_proxy_needs_its_library(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support.")

    # Fail like requests without that library, whether or not it is installed here.
    monkeypatch.setattr(requests.adapters, "SOCKSProxyManager", fail)
    monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://user:s3cret@127.0.0.1:1080")
    with pytest.raises(errors.NotSentError, match="PySocks") as caught:
        send("https://graph.test/x")
    assert not caught.value.is_transient and "s3cret" not in str(caught.value)


def test_a_proxy_that_is_down_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    with pytest.raises(errors.NotSentError, match="The proxy did not connect to graph.test.*refused"):
        send("https://graph.test/x")


def test_what_a_tunnel_loses_is_lost(
    peers: t.Callable[..., Peer], certificates: tuple[pathlib.Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    def tunnel(sock: socket.socket) -> None:
        ask(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        over_tls(certificates[1], lambda inner: t.cast(None, ask(inner)))(sock)

    monkeypatch.setenv("HTTPS_PROXY", peers(tunnel).url(""))
    with pytest.raises(errors.LostResponseError):
        send("https://127.0.0.1:9/x", ca_path=str(certificates[0]))


def test_what_a_forwarding_proxy_loses_is_lost(peers: t.Callable[..., Peer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", peers(lambda sock: t.cast(None, ask(sock))).url(""))
    with pytest.raises(errors.LostResponseError):
        send("http://graph.test/x")


@pytest.mark.parametrize("proxy", ["http://user:s3cret@[", "http://user:s3cret@host:port", "://s3cret", "gopher://s3cret@host:1"])
def test_a_proxy_variable_that_is_no_address_is_not_shown(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(errors.NotSentError) as caught:
        send("https://graph.test/x")
    assert "s3cret" not in str(caught.value)


# --- time and size ----------------------------------------------------------------------------------------------------


class Pace:
    """A clock that advances a step on each read, and then lets the peer send its next piece."""

    def __init__(self, pieces: t.Iterable[bytes], step: float) -> None:
        self._pieces = list(pieces)
        self._step = step
        self._turns = threading.Semaphore(0)
        self.now = 0.0
        self.left = len(self._pieces)
        self._stopped = False

    def monotonic(self) -> float:
        self._turns.release()
        self.now += self._step
        return self.now

    def stop(self) -> None:
        self._stopped = True
        self._turns.release()

    def __call__(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ask(sock)
        for piece in self._pieces:
            self._turns.acquire()
            if self._stopped:
                return
            sock.sendall(piece)
            self.left -= 1


LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 80\r\n\r\n"
SLOW = {
    "case 20: a byte each second": [LONG, *[b"a"] * 80],
    "case 20: a header line each second": [b"HTTP/1.1 200 OK\r\n", *[b"X-A: a\r\n"] * 80, b"Content-Length: 0\r\n\r\n"],
    "case 20: a byte of the status line each second": [*(bytes([byte]) for byte in LONG), b"a" * 80],
    "case 20: 100 Continue each second": [*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 80, LONG + b"a" * 80],
    "case 20: early hints each second": [*[HINTS] * 80, LONG + b"a" * 80],
    "case 20: a chunk each second": [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        *[b"1\r\na\r\n"] * 80,
        b"0\r\n\r\n",
    ],
    "case 20: a trailer each second": [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n",
        *[b"X-A: a\r\n"] * 80,
        b"\r\n",
    ],
}


@pytest.mark.parametrize("pieces", SLOW.values(), ids=SLOW)
def test_an_answer_that_takes_too_long_is_lost(peers: t.Callable[..., Peer], pieces: list[bytes]) -> None:
    pace = Pace(pieces, 1.0)
    with pytest.raises(errors.LostResponseError, match="no whole response within 10 s"):
        send(peers(pace).url(), monotonic=pace.monotonic)
    assert pace.left > 0


def test_case_20_a_proxy_that_takes_too_long_is_not_sent(peers: t.Callable[..., Peer], monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace([b"HTTP/1.1 200 OK\r\n", *[b"X-A: a\r\n"] * 80, b"\r\n"], 1.0)
    monkeypatch.setenv("HTTPS_PROXY", peers(pace).url(""))
    with pytest.raises(errors.NotSentError, match="no connection within 10 s"):
        send("https://graph.test/x", monotonic=pace.monotonic)


def test_a_large_answer_has_more_time(peers: t.Callable[..., Peer]) -> None:
    count = 200
    pace = Pace([f"HTTP/1.1 200 OK\r\nContent-Length: {count * 8192}\r\n\r\n".encode(), *[b"a" * 8192] * count], 0.04)
    assert len(send(peers(pace).url(), monotonic=pace.monotonic, timeout=2.0).body) == count * 8192
    assert pace.now > 4.0


def test_an_answer_that_does_not_come_is_lost(peers: t.Callable[..., Peer]) -> None:
    peer = peers(lambda sock: t.cast(None, ask(sock) and sock.recv(1)))
    with pytest.raises(errors.LostResponseError, match="no whole response within 0.05 s"):
        send(Request("GET", peer.url()), timeout=0.05)


@pytest.mark.parametrize(("method", "is_idempotent", "is_told"), [("GET", False, False), ("POST", True, False), ("POST", False, True)])
def test_a_request_that_changes_nothing_need_not_be_checked_before_it_is_repeated(
    peers: t.Callable[..., Peer], method: str, is_idempotent: bool, is_told: bool
) -> None:
    peer = peers(lambda sock: t.cast(None, ask(sock) and sock.recv(1)))
    with pytest.raises(errors.LostResponseError) as caught:
        send(Request(method, peer.url(), idempotent=is_idempotent), timeout=0.05)
    assert ("check before repeating it" in str(caught.value)) is is_told and ("Run the task again." in str(caught.value)) is not is_told


def endless(first: bytes, again: bytes) -> Script:
    def script(sock: socket.socket) -> None:
        ask(sock)
        sock.sendall(first)
        while True:
            sock.sendall(again)

    return script


CHUNK = b"2000\r\n" + b"a" * 0x2000 + b"\r\n"
LARGE = {
    "case 20: gzip of 4 kB that is 4 MB": answering(body(gzip.compress(bytes(4_000_000)), "Content-Encoding: gzip")),
    "case 20: gzip in many parts": answering(body(gzip.compress(bytes(60_000)) * 3, "Content-Encoding: gzip")),
    "case 20: gzip in many empty parts": answering(body(gzip.compress(b"") * 4_000, "Content-Encoding: gzip")),
    "case 20: gzip in one empty part too many": answering(body(gzip.compress(b"") * (wire.MOST_PARTS + 1), "Content-Encoding: gzip")),
    "case 20: a long body": answering(body(b"a" * 100_001)),
    "case 20: a body that does not end": endless(b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 8192),
    "case 20: chunks that do not end": endless(CHUNKED, CHUNK),
    "case 20: tiny chunks that do not end": endless(CHUNKED, b"1;" + b"x" * 1000 + b"\r\na\r\n"),
    "case 20: 100 Continue that does not end": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 300),
    "case 20: early hints that do not end": endless(b"", HINTS * 300),
    "case 20: trailers that do not end": endless(CHUNKED + b"0\r\n", b"X-A: a\r\n" * 1000),
}


@pytest.mark.parametrize("script", LARGE.values(), ids=LARGE)
def test_an_answer_that_is_too_large_is_lost(peers: t.Callable[..., Peer], script: Script) -> None:
    with pytest.raises(errors.LostResponseError, match="larger than 100000 bytes|does not end|more than 16 parts"):
        send(peers(script).url(), max_bytes=100_000)


def test_an_answer_of_just_that_size_is_not(peers: t.Callable[..., Peer]) -> None:
    packed = answering(body(gzip.compress(bytes(100_000)), "Content-Encoding: gzip"))
    peer = peers(answering(body(b"a" * 100_000)), packed)
    assert [len(send(peer.url(), max_bytes=100_000).body) for _number in range(2)] == [100_000, 100_000]


def test_json_has_a_lower_limit_than_a_report(peers: t.Callable[..., Peer]) -> None:
    packed = gzip.compress(bytes(wire.MAX_JSON_BYTES + 1))
    peer = peers(answering(body(packed, "Content-Encoding: gzip")))
    with pytest.raises(errors.LostResponseError, match=f"larger than {wire.MAX_JSON_BYTES} bytes"):
        send(peer.url())
    report = send(Request("GET", peer.url("/report?sig=x"), has_secret_query=True))
    assert len(report.body) == wire.MAX_JSON_BYTES + 1


@pytest.mark.parametrize("one", [b"{},", b"[],", b'{"a":[]},'], ids=["objects", "lists", "both"])
def test_json_that_would_use_up_the_memory_is_not_read(peers: t.Callable[..., Peer], one: bytes) -> None:
    most = wire.MOST_OBJECTS // (one.count(b"{") + one.count(b"["))
    good, bad = (b'{"value": ' + one * number + b"0" for number in (most - 1, most))
    peer = peers(answering(body(good)), answering(body(bad)))
    assert send(peer.url()).body == good
    with pytest.raises(errors.LostResponseError, match=f"more than {wire.MOST_OBJECTS} objects and lists"):
        send(peer.url())
    report = send(Request("GET", peer.url("/report?sig=x"), has_secret_query=True))
    assert report.body == bad


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("exceptions", [None, "", "other.test"], ids=["no NO_PROXY", "blank NO_PROXY", "another NO_PROXY"])
def test_case_22_what_is_local_never_reaches_a_proxy(
    peers: t.Callable[..., Peer], monkeypatch: pytest.MonkeyPatch, variable: str, exceptions: str | None
) -> None:
    proxy, endpoint = peers(answering(body(b"proxy"))), peers(answering(body(b"endpoint")))
    monkeypatch.setenv(variable, proxy.url(""))
    if exceptions is not None:
        monkeypatch.setenv("NO_PROXY", exceptions)
    request = Request("GET", endpoint.url("/msi/token"), {"X-IDENTITY-HEADER": "s3cret"})
    assert send(request).body == b"proxy", "others do"
    assert send(dataclasses.replace(request, is_local=True)).body == b"endpoint"
    assert proxy.connections == 1
