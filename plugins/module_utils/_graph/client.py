# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Microsoft Graph as the rest of the collection sees it: paths in, JSON out, one kind of error."""

from __future__ import annotations

import base64
import json
import re
import typing as t
import uuid

from .. import _errors as errors
from .._approval import requests as approval
from .._http import message as protocol
from .._http.retry import Clock, Exchange
from .._http.worker_pool import Lanes

V1 = "v1.0"
BETA = "beta"

Json = dict[str, t.Any]


class TokenSource(t.Protocol):
    """What the client needs of a credential."""

    method: str

    def token(self, *, claims: str | None = None, renew: bool = False) -> str: ...

    def identity(self) -> Json: ...


class GraphClient:
    """Talks to one tenant's Graph in one cloud, with a token that never goes to another host."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        credential: TokenSource,
        origin: str,
        clock: Clock,
        lanes: Lanes,
        asked: approval.Asked | None = None,
        tell: t.Callable[[str], None] = lambda text: None,
    ) -> None:
        self._exchange = exchange
        self.credential = credential
        self.origin = origin
        self.clock = clock
        self.lanes = lanes
        self.tell = tell  # a person who watches a long run
        self._asked = asked or approval.Asked()
        self._filed = approval.Filed(lambda: self.items(approval.PATH, version=BETA))
        self._skew: float | None = None
        self.writes = 0  # that the service accepted

    @property
    def retry_timeout(self) -> float:
        """Seconds for which what may be repeated is repeated."""
        return self._exchange.retry_timeout

    @property
    def skew(self) -> float | None:
        """Seconds that the service's clock is ahead of ours, by the Date of the newest answer; null before the first."""
        return self._skew

    def service_now(self) -> float:
        """Seconds since the epoch by the service's clock, so that a wrong clock here decides nothing."""
        return self.clock.now() + (self._skew or 0.0)

    def get(self, path: str, query: t.Mapping[str, str] | None = None, *, version: str = V1) -> t.Any:
        return self.send("GET", path, query, version=version)

    def find(self, path: str, query: t.Mapping[str, str] | None = None, *, version: str = V1) -> t.Any:
        """Like get, but null where the service answers 404."""
        try:
            return self.get(path, query, version=version)
        except errors.NotFoundError:
            return None

    def items(self, path: str, query: t.Mapping[str, str] | None = None, *, version: str = V1) -> t.Iterator[Json]:
        """Every item of a list, page by page. An empty page is not the end; a nextLink to another host is refused."""
        url: str | None = protocol.build_url(self.origin, version, path, query)
        seen: set[str] = set()
        while url:
            seen.add(url)
            page = self._send(_request("GET", url))
            items = page.get("value") if isinstance(page, dict) else None
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise errors.UnexpectedAnswerError(f"GET {path} did not answer with a list of objects.", target=f"GET {path}")
            yield from items
            url = page.get("@odata.nextLink")
            self._check_next(url, seen, path)

    def post(self, path: str, body: Json | None = None, *, version: str = V1, repeatable: bool = False) -> t.Any:
        return self.send("POST", path, None, body, version=version, repeatable=repeatable)

    def ask(self, path: str, body: Json, *, version: str = V1) -> t.Any:
        """A POST that changes nothing, such as one for a report: it may be repeated, and counts as no write."""
        before = self.writes
        try:
            return self.send("POST", path, None, body, version=version, repeatable=True)
        finally:
            self.writes = before

    def patch(self, path: str, body: Json, *, version: str = V1) -> t.Any:
        # Every PATCH of this collection sets whole values: twice is as good as once.
        return self.send("PATCH", path, None, body, version=version, repeatable=True)

    def put(self, path: str, body: Json, *, version: str = V1) -> t.Any:
        return self.send("PUT", path, None, body, version=version, repeatable=True)

    def delete(self, path: str, *, version: str = V1) -> None:
        """Deletes; an object that is already gone is as good as deleted."""
        try:
            self.send("DELETE", path, None, version=version, repeatable=True)
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
        repeatable: bool = False,
    ) -> t.Any:
        return self._send(self.request(method, path, query, body, version=version, repeatable=repeatable))

    def request(
        self,
        method: str,
        path: str,
        query: t.Mapping[str, str] | None = None,
        body: Json | None = None,
        *,
        version: str = V1,
        repeatable: bool = False,
    ) -> protocol.Request:
        """A request that is not sent yet, and has no token."""
        return _request(method, protocol.build_url(self.origin, version, path, query), body, repeatable)

    def approved(self, request: protocol.Request, refusal: protocol.Response) -> protocol.Response:
        """The answer of a write that was refused for want of an approval, sent again with one; raises as approval.obtain does."""
        return approval.obtain(self._asked, request, refusal, self._authorised, self._filed)

    def download(self, url: str) -> bytes:
        """A report from the temporary address that Graph gave. The address holds its own key, so it is a secret, and gets no token."""
        if not protocol.is_https(url):
            raise errors.UnexpectedAnswerError("The report's address is not one of https.")
        request = protocol.Request("GET", url)
        answer = self._exchange.send(request)
        if answer.status != 200:
            raise errors.UnexpectedAnswerError(f"The report could not be fetched: {answer.status}.", hint="Run again.")
        return answer.body

    def wait_until(
        self, read: t.Callable[[], t.Any], good: t.Callable[[t.Any], bool], *, timeout: float, what: str, agree: int = 1, pause: float = 0.5
    ) -> t.Any:
        """Reads until ``agree`` reads in a row are good, for at most ``timeout`` seconds; the pause grows to 10 s."""
        deadline = self.clock.monotonic() + timeout
        in_a_row = 0
        while True:
            state = read()
            in_a_row = in_a_row + 1 if good(state) else 0
            if in_a_row >= agree:
                return state
            if self.clock.monotonic() + pause > deadline:
                raise errors.NotReadyError(f"Waited {timeout:g} s for {what}, in vain.", hint="Run again: what was done is kept.")
            self.clock.sleep(pause)
            if not in_a_row:
                pause = min(pause * 1.5, 10.0)

    def _send(self, request: protocol.Request) -> t.Any:
        answer = self._authorised(request)
        write = request.method not in protocol.SAFE_VERBS
        if write and approval.required(answer):
            answer = self.approved(request, answer)
        result = protocol.decode(request, answer)
        self.writes += write
        return result

    def _authorised(self, request: protocol.Request) -> protocol.Response:
        answer = self._answer(request, self.token())
        if answer.status == 401:
            # Once more with a new token: the old one may have been revoked, or Entra asks for more claims.
            claims = demanded_claims(answer.headers.get("www-authenticate"))
            answer = self._answer(request, self.token(claims=claims, renew=True))
        return answer

    def token(self, *, claims: str | None = None, renew: bool = False) -> str:
        """Raises NotSentError where none can be had: nothing was sent then."""
        try:
            return self.credential.token(claims=claims, renew=renew)
        except errors.LostAnswerError as failure:
            # What got lost is the sign-in's answer: the request itself was never sent.
            raise errors.NotSentError(f"No token: {failure.message}", target=failure.target, passing=False) from failure

    def _answer(self, request: protocol.Request, token: str) -> protocol.Response:
        answer = self._exchange.send(protocol.with_bearer(request, token))
        self.note(answer)
        return answer

    def note(self, answer: protocol.Response) -> None:
        """Learns the service's time from an answer."""
        date = protocol.parse_date(answer.headers.get("date"))
        if date is not None:
            self._skew = date - self.clock.now()

    def _check_next(self, url: str | None, seen: set[str], path: str) -> None:
        if url is None:
            return
        if not protocol.same_origin(url, self.origin):
            raise errors.UnexpectedAnswerError(
                f"GET {path}: the next page is on another host; the token is not sent there.", target=f"GET {path}"
            )
        if url in seen:
            raise errors.UnexpectedAnswerError(f"GET {path}: the pages go in a circle.", target=f"GET {path}")


def demanded_claims(header: str | None) -> str | None:
    """The claims of a continuous-access-evaluation challenge, decoded; null where there are none."""
    found = re.search(r'claims="([^"]+)"', header or "")
    if not found:
        return None
    try:
        claims = base64.b64decode(found.group(1) + "===").decode()
        return claims if isinstance(json.loads(claims), dict) else None
    except ValueError:
        return None


def _request(method: str, url: str, body: Json | None = None, repeatable: bool = False) -> protocol.Request:
    headers = {"client-request-id": str(uuid.uuid4())}
    content = None
    if method in ("POST", "PATCH", "PUT"):
        headers["Content-Type"] = "application/json"
        content = json.dumps(body if body is not None else {}).encode()
    return protocol.Request(method, url, headers, content, repeatable)
