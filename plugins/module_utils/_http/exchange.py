# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""One HTTP exchange on a connection: whether bytes of the request may have left, and how long and how large the response may be.

The connection itself tells: the type of a later exception says neither where it came from nor what had happened before.
"""

from __future__ import annotations

import contextvars
import dataclasses
import http.client
import io
import socket
import typing as t
import zlib

MAX_BYTES = 64 * 1024 * 1024  # of a report
# Of JSON, which takes up to 16 times as much memory when it is read. A page of 1,000 devices, the largest, has about 1 MB and 1,000
# objects with the properties that are read.
MAX_JSON_BYTES = 16 * 1024 * 1024
MOST_OBJECTS = 500_000  # objects and lists of a response, each of which takes 64 bytes and more
MOST_PARTS = 16  # of one gzip response, which mostly is one: each takes time, an empty one too
SLOWEST = 64 * 1024  # bytes a second below which a response that grows is too slow
WORDS = (http.client.HTTPException, OSError)  # whose texts are for people, and hold no request


class TooSlowError(TimeoutError):
    """A response was not whole in time."""


class TooLargeError(http.client.HTTPException):
    """A response is larger than a service of Microsoft sends."""


@dataclasses.dataclass
class Exchange:
    """The state of one exchange.

    ``is_connecting``: the connection is being made, by which the request itself does not leave. ``is_sent``: bytes of it may have left.
    """

    monotonic: t.Callable[[], float]
    timeout: float
    max_bytes: int = MAX_BYTES
    is_connecting: bool = False
    is_sent: bool = False
    has_begun: bool = False


CURRENT: contextvars.ContextVar[Exchange] = contextvars.ContextVar("exchange")


class TrackedConnection:
    """Mixed into a class of connections, it keeps the current exchange up to date and bounds each response."""

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self.response_class = BoundedResponse
        self.sock: t.Any = None

    def connect(self) -> None:
        """Connect: by TCP, through the proxy, by TLS. Nothing of the request leaves, whatever fails."""
        exchange = CURRENT.get()
        exchange.has_begun = exchange.is_connecting = True
        try:
            super().connect()  # type: ignore[misc]  # of the class that this one is mixed into
        finally:
            exchange.is_connecting = False

    def send(self, data: t.Any) -> None:
        """Send a part of the request, or of what asks a proxy for a tunnel."""
        if self.sock is None:
            self.connect()
        if not CURRENT.get().is_connecting:
            CURRENT.get().is_sent = True
        super().send(data)  # type: ignore[misc]  # of the class that this one is mixed into


def track(pool: t.Any) -> t.Any:
    """Return a class of connection pools whose connections are tracked."""
    connection = type("Tracked" + pool.ConnectionCls.__name__, (TrackedConnection, pool.ConnectionCls), {})
    return type("Tracked" + pool.__name__, (pool,), {"ConnectionCls": connection})


class BoundedResponse(http.client.HTTPResponse):
    """A response that ends in time: a socket's own timeout begins anew with each byte."""

    def __init__(self, sock: socket.socket, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(BoundedReader(sock, CURRENT.get()))

    def _read_status(self) -> tuple[str, int, str]:
        """Return the status line of the final response: http.client itself reads past 100 alone."""
        line = super()._read_status()  # type: ignore[misc]  # missing from the types; http.client calls it for each status line
        while 100 <= line[1] < 200 and line[1] != http.client.SWITCHING_PROTOCOLS:
            http.client.parse_headers(self.fp)
            line = super()._read_status()  # type: ignore[misc]  # as above
        return t.cast("tuple[str, int, str]", line)


class BoundedReader(io.RawIOBase):
    """Reads from a socket until the response has taken too long, or grown too large."""

    def __init__(self, sock: socket.socket, exchange: Exchange) -> None:
        self._sock = sock
        # Keeps the socket open when the connection is closed before the response was read.
        self._file = sock.makefile("rb", buffering=0)
        self._exchange = exchange
        self._since = exchange.monotonic()
        self._received = 0

    def readable(self) -> bool:
        """Return that it can be read from."""
        return True

    def readinto(self, buffer: t.Any) -> int | None:
        """Read once, for at most the time that is left."""
        exchange = self._exchange
        left = self._since + exchange.timeout + self._received / SLOWEST - exchange.monotonic()
        if left <= 0:
            raise TooSlowError("the response is too slow")
        self._sock.settimeout(min(left, exchange.timeout))
        count = self._file.readinto(buffer)
        self._received += count or 0
        # As many bytes again as a body may have, for its frames and all that comes before it.
        if self._received > 2 * exchange.max_bytes:
            raise TooLargeError("the response does not end")
        return count

    def close(self) -> None:
        """Let go of the socket."""
        self._file.close()
        super().close()


def read_body(answer: t.Any, max_bytes: int) -> bytes:
    """Return the whole body of a response of requests that was not read yet; raise HTTPException for one that is cut off or too large."""
    if answer.status_code < 200:
        raise http.client.HTTPException(f"an interim response ({answer.status_code}) came in place of one")
    chunks, size = [], 0
    # Not decoded: urllib3 unpacks a piece as a whole, however large that becomes.
    for chunk in answer.raw.stream(SLOWEST, decode_content=False):
        chunks.append(chunk)
        size += len(chunk)
        if size > max_bytes:
            raise TooLargeError(f"the response is larger than {max_bytes} bytes")
    # urllib3 1.26 takes a body that is cut off for a whole one.
    if answer.raw.length_remaining:
        raise http.client.IncompleteRead(b"", answer.raw.length_remaining)
    return decode(answer.headers.get("Content-Encoding") or "", b"".join(chunks), max_bytes)


def validate_json_size(body: bytes) -> None:
    """Raise TooLargeError for a response that has more objects and lists than one of Microsoft has, before it is read."""
    if body.count(b"{") + body.count(b"[") > MOST_OBJECTS:
        raise TooLargeError(f"the response has more than {MOST_OBJECTS} objects and lists")


def decode(encoding: str, content: bytes, max_bytes: int) -> bytes:
    """Return content without its encoding, of which gzip alone was asked for."""
    encodings = [word for word in (word.strip().lower() for word in encoding.split(",")) if word not in ("", "identity")]
    if not encodings or not content:
        return content
    if encodings not in (["gzip"], ["x-gzip"]):
        if _is_json(content):
            # The name of something else, such as a character set: no encoding leaves JSON as it is.
            return content
        raise http.client.HTTPException(f"the response has the encoding '{encoding[:40]}', which was not asked for")
    found = b""
    for _number in range(MOST_PARTS):
        unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            found += unpacker.decompress(content, max_bytes + 1 - len(found))
        except zlib.error:
            raise http.client.HTTPException("the response is not gzip") from None
        if len(found) > max_bytes:
            raise TooLargeError(f"the response is larger than {max_bytes} bytes")
        if not unpacker.eof:
            raise http.client.HTTPException("the response is cut off")
        # Zeros may fill up what follows a part.
        content = unpacker.unused_data.lstrip(b"\0")
        if not content:
            return found
    raise TooLargeError(f"the response has more than {MOST_PARTS} parts of gzip")


def _is_json(content: bytes) -> bool:
    """Return whether this looks like JSON, and not like the content of an encoding."""
    try:
        return content.decode("utf-8-sig").lstrip()[:1] in ("{", "[")
    except ValueError:
        return False
