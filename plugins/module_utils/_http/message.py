# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""HTTP messages: a request, a whole response, and the origin of an address."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import typing as t
import urllib.parse

from .._text import hide_secrets

SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclasses.dataclass(frozen=True)
class Request:
    """One HTTP request.

    ``idempotent``: sending it twice has the same effect as sending it once. ``has_secret_query``: the query contains a key. ``secrets``:
    texts of the body and the headers, such as a client secret, that must never be shown. ``is_local``: the endpoint is on this machine or
    its host, so no proxy is used.
    """

    method: str
    url: str
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: bytes | None = None
    idempotent: bool = False
    bearer: str | None = None
    has_secret_query: bool = False
    is_local: bool = False
    secrets: tuple[str, ...] = ()

    def __repr__(self) -> str:
        # Everything else may contain a secret, including the query in the URL of a report.
        return f"Request({self.method} {self.url.partition('?')[0]})"

    @property
    def target(self) -> str:
        """The method and path, for messages."""
        # Split by hand, because a URL that cannot be parsed also needs a message.
        path = re.split(r"[?#]", self.url.partition("://")[2], maxsplit=1)[0].partition("/")
        return f"{self.method} {path[1]}{path[2]}"

    @property
    def is_write(self) -> bool:
        """Whether the method may change the service."""
        return self.method not in SAFE_METHODS

    @property
    def can_repeat(self) -> bool:
        """Whether the request may be repeated even if the service may have run it."""
        return self.idempotent or not self.is_write

    @property
    def known_secrets(self) -> tuple[str, ...]:
        """All texts of the request that must not appear in a response or message."""
        query = self.url.partition("?")[2] if self.has_secret_query else ""
        return tuple(secret for secret in (self.bearer, *self.secrets, query) if secret)

    def with_bearer(self, token: str) -> Request:
        """Return the request with this token."""
        return dataclasses.replace(self, bearer=token)


@dataclasses.dataclass(frozen=True)
class Response:
    """One whole HTTP response, with header names in lower case.

    ``is_doubtful``: an earlier attempt of the same write got no response, or a response that does not rule out that it ran.
    """

    status: int
    headers: t.Mapping[str, str]
    body: bytes = dataclasses.field(default=b"", repr=False)
    is_doubtful: bool = False

    @functools.cached_property
    def is_cut_off(self) -> bool:
        """Whether the body is incomplete: it starts as JSON but is invalid, or is missing although the status promises one."""
        begin = self.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if self.status != 200 or begin not in (b"{", b"[", b""):
            return False
        try:
            json.loads(self.body)
        except RecursionError:
            return False
        except ValueError:
            return True
        return False

    def without_secrets(self, request: Request) -> Response:
        """Return the response with the token and the other secrets of its request removed from all parts."""
        secrets = request.known_secrets
        body, headers = hide_secrets(self.body, secrets), "\n".join(self.headers.values()).encode("utf-8", "replace")
        if body == self.body and hide_secrets(headers, secrets) == headers:
            return self
        named = {name: hide_secrets(value.encode("utf-8", "replace"), secrets).decode() for name, value in self.headers.items()}
        return dataclasses.replace(self, headers=named, body=body)

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced."""
        return self.body.decode("utf-8", errors="replace")


def is_same_origin(url: str, origin: str) -> bool:
    """Return whether a URL unambiguously has this origin."""
    try:
        there, here = urllib.parse.urlsplit(url), urllib.parse.urlsplit(origin)
        if "\\" in url or "@" in there.netloc:
            # URL parsers disagree about the host of such a URL.
            return False
        return (there.scheme, there.hostname, there.port or 443) == (here.scheme, here.hostname, here.port or 443)
    except ValueError:
        return False


def is_https(url: str) -> bool:
    """Return whether a URL is unambiguously an https URL with a host."""
    try:
        parts = urllib.parse.urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc and "\\" not in url
    except ValueError:
        return False
