# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The client for Microsoft Graph that the collection uses: paths in, JSON out, and one kind of error."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import typing as t
import urllib.parse
import uuid

from .. import _errors as errors
from .._http.message import Request, Response, is_https, is_same_origin
from .._http.retry import RetryingSender
from .._json import Shape, an_object, anything, list_of, object_of, optional, text
from .._time import Clock, parse_http_date
from .._types import Json
from .collaborators import Approval, NoApproval, Pool, TokenSource
from .odata import render_url
from .read_ahead import ReadAhead, pack
from .responses import is_refusal, parse_claims_challenge, parse_response

V1 = "v1.0"
BETA = "beta"
# The maximum difference in seconds between the service's Date and the local clock. A larger difference means that one clock is wrong, and
# nothing shows which one. The value is less than 900, the default of the shortest time in which a write must not be repeated.
LONGEST_SKEW = 600.0
# Of one list. Pages of Microsoft Graph contain at least 100 items; pages of devices and of group members contain 1,000, so this allows a
# million.
MOST_PAGES = 1000
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
VISIBLE = "".join(map(chr, range(0x21, 0x7F)))  # the characters of a URL
T = t.TypeVar("T")


class GraphClient:
    """A client for one tenant's Microsoft Graph in one cloud. It sends its token to no other host."""

    def __init__(
        self,
        *,
        sender: RetryingSender,
        credential: TokenSource,
        origin: str,
        clock: Clock,
        worker_pool: Pool,
        report_progress: t.Callable[[str], None] = lambda text: None,
    ) -> None:
        """Store the collaborators. ``report_progress`` receives lines for a person who watches a long run."""
        self.credential = credential
        self.origin = origin
        self.clock = clock
        self.worker_pool = worker_pool
        self.report_progress = report_progress
        # Set after construction, because obtaining an approval requires a client.
        self.approval: Approval = NoApproval()
        # The maximum number of characters of a result that the job keeps, None without a limit; and whether the job shows the result.
        self.largest_result: int | None = None
        self.shows_result = True
        self.has_written = False  # whether a write was sent, regardless of its response
        self._sender = sender
        self._clock_skew: float | None = None
        # The first clock difference greater than LONGEST_SKEW; None while the time is certain.
        self.doubtful_skew: float | None = None
        self._refused: set[str] = set()  # tokens that have been replaced
        self._ahead = ReadAhead()

    @property
    def retry_timeout(self) -> float:
        """The seconds during which repeatable requests are repeated."""
        return self._sender.retry_timeout

    @contextlib.contextmanager
    def limit_retries(self, until: float) -> t.Iterator[None]:
        """Repeat no request after this time of the monotonic clock."""
        earlier, self._sender.retry_until = self._sender.retry_until, until
        try:
            yield
        finally:
            self._sender.retry_until = earlier

    @property
    def clock_skew(self) -> float | None:
        """The seconds that the service's clock is ahead of the local clock, by the newest Date header, or None before the first."""
        return self._clock_skew

    def service_now(self) -> float:
        """Return seconds since the epoch by the service's clock, so that no decision depends on a wrong local clock.

        If the clocks differ by more than LONGEST_SKEW, return the earlier time, so that more of the past counts as recent, never less.
        """
        skew = self._clock_skew or 0.0
        return self.clock.now() + (min(skew, 0.0) if abs(skew) > LONGEST_SKEW else skew)

    def steady_now(self) -> float:
        """Return the time to store for later runs: the service's, or the local time if they differ by more than LONGEST_SKEW.

        A wrong local clock is also wrong in the next run; a wrong Date may be right then.
        """
        skew = self._clock_skew or 0.0
        return self.clock.now() + (0.0 if abs(skew) > LONGEST_SKEW else skew)

    @t.overload
    def get(self, path: str, query: t.Mapping[str, str] | None = None, *, version: str = V1) -> Json:
        """Return a JSON object."""

    @t.overload
    def get(self, path: str, query: t.Mapping[str, str] | None = None, *, version: str = V1, shape: Shape[T]) -> T:
        """Return a value of the shape."""

    def get(self, path: str, query: t.Mapping[str, str] | None = None, *, version: str = V1, shape: Shape[t.Any] = an_object) -> t.Any:
        """Return the JSON at a path, validated by this shape."""
        return self.send("GET", path, query, version=version, shape=shape)

    def find(
        self, path: str, query: t.Mapping[str, str] | None = None, *, version: str = V1, shape: Shape[Json] = an_object
    ) -> Json | None:
        """Return the object at a path, validated by this shape, or None if the service responds 404."""
        try:
            return self.get(path, query, version=version, shape=shape)
        except errors.NotFoundError:
            return None

    def list_items(
        self, path: str, query: t.Mapping[str, str] | None = None, *, version: str = V1, item: Shape[Json] = an_object
    ) -> t.Iterator[Json]:
        """Yield every item of a list, validated by this shape, page by page.

        An empty page does not end the list. A nextLink to another host is refused, and so is a list that does not end.
        """
        for page in self.list_pages(path, query, version=version, item=item):
            yield from page

    def list_pages(
        self, path: str, query: t.Mapping[str, str] | None = None, *, version: str = V1, item: Shape[Json] = an_object
    ) -> t.Iterator[list[Json]]:
        """Yield the items of each page of a list. The next page is read only when the caller continues."""
        page_of = object_of({"value": list_of(item), "@odata.nextLink": optional(text)})
        url: str | None = render_url(self.origin, version, path, query)
        seen: set[str] = set()
        while url:
            seen.add(url)
            page = self._send(_request("GET", url), is_write=False, shape=page_of)
            yield page["value"]
            link = page.get("@odata.nextLink")
            # Some gateways do not encode blanks and other characters.
            url = link and urllib.parse.quote(link, safe=VISIBLE)
            self._validate_next(link, url, seen, path)

    def post(self, path: str, body: Json | None = None, *, version: str = V1, idempotent: bool = False, shape: Shape[T] = anything) -> T:
        """Send a POST and return the JSON of its response, validated by this shape."""
        return self.send("POST", path, None, body, version=version, idempotent=idempotent, shape=shape)

    def post_query(self, path: str, body: Json, *, version: str = V1, shape: Shape[Json] = an_object) -> Json:
        """Send a POST that changes nothing, such as a request for a report, and return its JSON, validated by this shape."""
        return self._send(self.request("POST", path, None, body, version=version, idempotent=True), is_write=False, shape=shape)

    def patch(self, path: str, body: Json, *, version: str = V1) -> t.Any:
        """Send a PATCH. Every PATCH of this collection sets whole values, so repeating it has no further effect."""
        return self.send("PATCH", path, None, body, version=version, idempotent=True)

    def put(self, path: str, body: Json, *, version: str = V1) -> t.Any:
        """Send a PUT."""
        return self.send("PUT", path, None, body, version=version, idempotent=True)

    def delete(self, path: str, *, version: str = V1) -> None:
        """Delete an object. An object that no longer exists counts as deleted."""
        try:
            self.send("DELETE", path, None, version=version, idempotent=True)
        except errors.NotFoundError:
            return

    def send(
        self,
        method: str,
        path: str,
        query: t.Mapping[str, str] | None = None,
        body: Json | None = None,
        *,
        version: str = V1,
        idempotent: bool = False,
        shape: Shape[T] = anything,
    ) -> T:
        """Send a request and return the JSON of its response, validated by this shape."""
        request = self.request(method, path, query, body, version=version, idempotent=idempotent)
        return self._send(request, is_write=request.is_write, shape=shape)

    def upsert(self, path: str, body: Json, *, shape: Shape[T] = anything) -> T:
        """Send a PATCH that updates an object or creates it under a key that the caller chose, so repeating it has no further effect.

        Return the JSON of the response, validated by this shape, or None if the response has no body, as after an update.
        """
        request = self.request("PATCH", path, None, body, idempotent=True)
        request = dataclasses.replace(request, headers={**request.headers, "Prefer": "create-if-missing"})
        return self._send(request, is_write=True, shape=shape)

    def request(
        self,
        method: str,
        path: str,
        query: t.Mapping[str, str] | None = None,
        body: Json | None = None,
        *,
        version: str = V1,
        idempotent: bool = False,
    ) -> Request:
        """Return a request without a token, and do not send it."""
        return _request(method, render_url(self.origin, version, path, query), body, idempotent)

    def download(self, url: str) -> bytes:
        """Return a report from the temporary URL that Graph provided. The URL contains its own key and is a secret; no token is sent."""
        if not is_https(url):
            raise errors.UnexpectedResponseError("The report's address must be one of https.")
        response = self._sender.send(Request("GET", url, has_secret_query=True))
        if response.status != 200:
            raise errors.UnexpectedResponseError(
                f"The report could not be downloaded (status {response.status}).", hint="Run the task again."
            )
        return response.body

    def wait_until(
        self,
        read: t.Callable[[], t.Any],
        good: t.Callable[[t.Any], bool],
        *,
        timeout: float,
        what: str,
        agree: int = 1,
        delay: float = 0.0,
        pause: float = 0.5,
    ) -> t.Any:
        """Read until ``agree`` reads in a row are good, for at most ``timeout`` seconds, first after ``delay``; the pause grows to 10 s."""
        deadline = self.clock.monotonic() + timeout
        if delay:
            self.clock.sleep(min(delay, timeout))
        in_a_row = 0
        while True:
            state = read()
            in_a_row = in_a_row + 1 if good(state) else 0
            if in_a_row >= agree:
                return state
            if self.clock.monotonic() + pause > deadline:
                raise errors.NotReadyError(
                    f"Timed out after {timeout:g} seconds waiting for {what}.", hint="Run the task again; completed changes are kept."
                )
            self.clock.sleep(pause)
            if not in_a_row:
                pause = min(pause * 1.5, 10.0)

    def read_ahead(self, requests: t.Iterable[Request]) -> None:
        """Send reads together in as few batches as possible. The next request for each of them uses the stored response."""
        for reads, batch in pack(self.origin, requests):
            # No caller needs these responses yet. Each request is sent and repeated when a caller needs it.
            with contextlib.suppress(errors.LostResponseError):
                self._ahead.keep(reads, self.send_authorized(batch))

    def send_authorized(self, request: Request) -> Response:
        """Send a request with a token and return its response. A refused token is renewed once."""
        ahead = self._ahead.take(request)
        if ahead is not None:
            return ahead
        token = self.token()
        response = self._send_once(request.with_bearer(token))
        if response.status != 401:
            return response
        try:
            renewed = self._send_once(request.with_bearer(self.renew_token(token, response)))
        except errors.IntuneError as failure:
            raise failure.with_effects("unknown") if response.is_doubtful else failure from failure
        return dataclasses.replace(renewed, is_doubtful=renewed.is_doubtful or response.is_doubtful)

    def token(self) -> str:
        """Return a usable token; raise NotSentError if the sign-in got no response, because the request itself was not sent."""
        return self._token()

    def renew_token(self, token: str, refusal: Response) -> str:
        """Return another token for a refused one, renewed only once for all requests that used it.

        The token may have been revoked, or Microsoft Entra requires more claims.
        """
        claims = parse_claims_challenge(refusal.headers.get("www-authenticate"))
        current = self._token()
        # A token that was renewed for another reason does not satisfy the claims challenge.
        if token in self._refused or (claims is None and token != current):
            return current
        renewed = self._token(claims=claims, renew=True)
        self._refused.add(token)
        return renewed

    def observe_clock(self, response: Response) -> None:
        """Update the clock difference from a response."""
        date = parse_http_date(response.headers.get("date"))
        if date is not None:
            self._clock_skew = date - self.clock.now()
            if self.doubtful_skew is None and abs(self._clock_skew) > LONGEST_SKEW:
                self.doubtful_skew = self._clock_skew

    def _send(self, request: Request, *, is_write: bool, shape: Shape[T]) -> T:
        """Return the JSON of a response, validated by this shape. The error of a write that may have run reports this."""
        self.has_written |= is_write
        may_have_run = is_write
        if is_write:
            self._ahead.forget()
        try:
            response = self.send_authorized(request)
            if is_write and self.approval.is_required(response):
                may_have_run = False
                response = self.approval.obtain(request, response)
            may_have_run = is_write and (response.is_doubtful or not is_refusal(response))
            return parse_response(request, response, shape)
        except (errors.LostResponseError, errors.UnexpectedResponseError, errors.GraphError) as failure:
            is_lost = isinstance(failure, errors.LostResponseError)
            if is_write and (is_lost or may_have_run) and failure.effects is None:
                raise failure.with_effects("unknown") from failure
            raise

    def _token(self, *, claims: str | None = None, renew: bool = False) -> str:
        try:
            return self.credential.token(claims=claims, renew=renew)
        except errors.LostResponseError as failure:
            # The response to the sign-in was lost, so the request itself was never sent.
            raise errors.NotSentError(f"No token: {failure.message}", target=failure.target, is_transient=False) from failure

    def _send_once(self, request: Request) -> Response:
        response = self._sender.send(request)
        self.observe_clock(response)
        return response

    def _validate_next(self, link: str | None, url: str | None, seen: set[str], path: str) -> None:
        if link is None or url is None:
            return
        problem = None
        if not is_same_origin(url, self.origin):
            problem = "the next page is on another host; the token is not sent there"
        elif CONTROL.search(link):
            problem = "the address of the next page holds characters that an address cannot have"
        elif url in seen:
            problem = "the next page is one that was read already"
        elif len(seen) >= MOST_PAGES:
            problem = f"the list has more than {MOST_PAGES} pages"
        if problem:
            raise errors.UnexpectedResponseError(
                f"GET {path} returned an unexpected response: {problem}.", target=f"GET {path}", hint="Check graph_url and the proxy."
            )


def _request(method: str, url: str, body: Json | None = None, idempotent: bool = False) -> Request:
    headers = {"client-request-id": str(uuid.uuid4())}
    content = None
    if method in ("POST", "PATCH", "PUT"):
        headers["Content-Type"] = "application/json"
        content = json.dumps(body if body is not None else {}).encode()
    return Request(method, url, headers, content, idempotent)
