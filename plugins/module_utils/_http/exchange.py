# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Track one HTTP exchange on a connection: whether bytes of the request may have left, and whether the response stays within limits.

Only the connection can tell: the type of a later exception shows neither its origin nor the preceding steps.
"""

from __future__ import annotations

import contextvars
import dataclasses
import http.client
import io
import socket
import typing as t
import zlib

MAX_BYTES = 64 * 1024 * 1024  # for a report
# For JSON, which needs up to 16 times its size in memory when it is parsed. The largest page, 1,000 devices, has about 1 MB and, with the
# requested properties, 1,000 objects.
MAX_JSON_BYTES = 16 * 1024 * 1024
MOST_OBJECTS = 500_000  # objects and lists of a response; each takes at least 64 bytes
MOST_PARTS = 16  # of one gzip response, which usually is one; even an empty part takes time
SLOWEST = 64 * 1024  # bytes per second; a response that grows more slowly is too slow
WORDS = (http.client.HTTPException, OSError)  # their texts are written for people and contain no request


class TooSlowError(TimeoutError):
    """A response was not complete in time."""


class TooLargeError(http.client.HTTPException):
    """A response is larger than any response of a Microsoft service."""


@dataclasses.dataclass
class Exchange:
    """The state of one exchange.

    ``is_connecting``: the connection is being made, so no part of the request has left. ``is_sent``: bytes of the request may have left.
    """

    monotonic: t.Callable[[], float]
    timeout: float
    max_bytes: int = MAX_BYTES
    is_connecting: bool = False
    is_sent: bool = False
    has_begun: bool = False


CURRENT: contextvars.ContextVar[Exchange] = contextvars.ContextVar("exchange")


class TrackedConnection:
    """A mixin for connection classes that updates the current exchange and bounds each response."""

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self.response_class = BoundedResponse
        self.sock: t.Any = None

    def connect(self) -> None:
        """Connect by TCP, through the proxy, and by TLS. If this fails, no part of the request has left."""
        exchange = CURRENT.get()
        exchange.has_begun = exchange.is_connecting = True
        try:
            super().connect()  # type: ignore[misc]  # a method of the class that uses this mixin
        finally:
            exchange.is_connecting = False

    def send(self, data: t.Any) -> None:
        """Send a part of the request, or of the request for a proxy tunnel."""
        if self.sock is None:
            self.connect()
        if not CURRENT.get().is_connecting:
            CURRENT.get().is_sent = True
        super().send(data)  # type: ignore[misc]  # a method of the class that uses this mixin


def track(pool: t.Any) -> t.Any:
    """Return a class of connection pools whose connections are tracked."""
    connection = type("Tracked" + pool.ConnectionCls.__name__, (TrackedConnection, pool.ConnectionCls), {})
    return type("Tracked" + pool.__name__, (pool,), {"ConnectionCls": connection})


class BoundedResponse(http.client.HTTPResponse):
    """A response with a total time limit. The timeout of a socket restarts with each byte."""

    def __init__(self, sock: socket.socket, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(BoundedReader(sock, CURRENT.get()))

    def _read_status(self) -> tuple[str, int, str]:
        """Return the status line of the final response. http.client itself skips only status 100."""
        line = super()._read_status()  # type: ignore[misc]  # missing from the types; http.client calls it for each status line
        while 100 <= line[1] < 200 and line[1] != http.client.SWITCHING_PROTOCOLS:
            http.client.parse_headers(self.fp)
            line = super()._read_status()  # type: ignore[misc]  # same reason
        return t.cast("tuple[str, int, str]", line)


class BoundedReader(io.RawIOBase):
    """A reader that stops when the response takes too long or grows too large."""

    def __init__(self, sock: socket.socket, exchange: Exchange) -> None:
        self._sock = sock
        # Keeps the socket open if the connection is closed before the response is read.
        self._file = sock.makefile("rb", buffering=0)
        self._exchange = exchange
        self._since = exchange.monotonic()
        self._received = 0

    def readable(self) -> bool:
        """Return true."""
        return True

    def readinto(self, buffer: t.Any) -> int | None:
        """Read once, for at most the remaining time."""
        exchange = self._exchange
        left = self._since + exchange.timeout + self._received / SLOWEST - exchange.monotonic()
        if left <= 0:
            raise TooSlowError("the response is too slow")
        self._sock.settimeout(min(left, exchange.timeout))
        count = self._file.readinto(buffer)
        self._received += count or 0
        # Allow the size of a body again for chunk frames and everything before the body.
        if self._received > 2 * exchange.max_bytes:
            raise TooLargeError("the response does not end")
        return count

    def close(self) -> None:
        """Release the socket."""
        self._file.close()
        super().close()


def read_body(answer: t.Any, max_bytes: int) -> bytes:
    """Return the whole body of an unread response of requests; raise HTTPException if it is cut off or too large."""
    if answer.status_code < 200:
        raise http.client.HTTPException(f"an interim response ({answer.status_code}) came instead of a final response")
    chunks, size = [], 0
    # Not decoded by urllib3, which unpacks each piece as a whole, regardless of its unpacked size.
    for chunk in answer.raw.stream(SLOWEST, decode_content=False):
        chunks.append(chunk)
        size += len(chunk)
        if size > max_bytes:
            raise TooLargeError(f"the response is larger than {max_bytes} bytes")
    # urllib3 1.26 accepts a body that is cut off.
    if answer.raw.length_remaining:
        raise http.client.IncompleteRead(b"", answer.raw.length_remaining)
    return decode(answer.headers.get("Content-Encoding") or "", b"".join(chunks), max_bytes)


def validate_json_size(body: bytes) -> None:
    """Raise TooLargeError for JSON with more objects and lists than any response of Microsoft, before it is parsed."""
    if body.count(b"{") + body.count(b"[") > MOST_OBJECTS:
        raise TooLargeError(f"the response has more than {MOST_OBJECTS} objects and lists")


def decode(encoding: str, content: bytes, max_bytes: int) -> bytes:
    """Return the decoded content. Requests accept only gzip."""
    encodings = [word for word in (word.strip().lower() for word in encoding.split(",")) if word not in ("", "identity")]
    if not encodings or not content:
        return content
    if encodings not in (["gzip"], ["x-gzip"]):
        if _is_json(content):
            # The header names something else, such as a character set; unencoded JSON needs no decoding.
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
        # Zeros may pad the end of a part.
        content = unpacker.unused_data.lstrip(b"\0")
        if not content:
            return found
    raise TooLargeError(f"the response has more than {MOST_PARTS} parts of gzip")


def _is_json(content: bytes) -> bool:
    """Return whether this looks like JSON rather than encoded content."""
    try:
        return content.decode("utf-8-sig").lstrip()[:1] in ("{", "[")
    except ValueError:
        return False
