# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Decide whether and when to send a request again. All callers share this decision; ``RetryingSender`` is the simplest caller."""

from __future__ import annotations

import dataclasses
import math
import typing as t

from .. import _errors as errors
from .._time import Clock, parse_http_date
from .message import Request, Response

# These statuses show that a request was not applied, even if a proxy sent them: it lacks credentials, or it is throttled (RFC 9110, 15.5.2
# and 15.5.8; RFC 6585, 4).
NOT_APPLIED = frozenset({401, 407, 429})
TRANSIENT = frozenset({500, 502, 503, 504})

CONNECT_ATTEMPTS = 4  # a wrong name or a closed port is permanent and must not use up the whole retry time
FIRST_BACKOFF = 1.0  # seconds
LONGEST_BACKOFF = 30.0  # seconds
LONGEST_RETRY_AFTER = 86400.0  # seconds


@dataclasses.dataclass(frozen=True)
class Attempts:
    """The failed attempts of one request, and the decision on the next one. Times are seconds of the monotonic clock.

    ``since``: the time of the first failure, None before it. ``pause``: the seconds before the next attempt, None to stop.
    """

    number: int = 0
    since: float | None = None
    token_renewed: bool = False
    pause: float | None = None

    def after_failure(
        self,
        now: float,
        *,
        timeout: float,
        jitter: float,
        retry_after: float | None = None,
        can_repeat: bool = True,
        is_unauthorized: bool = False,
        progress_at: float = -math.inf,
        at_least: float = 0.0,
        is_paced: bool = False,
    ) -> Attempts:
        """Return the attempts with one more, and the pause that follows it.

        :param timeout: seconds after the first failure, or after the last progress of other requests, in which attempts are started; 0 for
            none.
        :param jitter: a random number from 0 to 1.
        :param is_unauthorized: the token was refused; a new token may help once.
        :param at_least: the shortest pause in seconds.
        :param is_paced: a limit paces all requests of this kind, so this request needs no growing pause of its own.
        """
        number, since = self.number + 1, now if self.since is None else self.since
        pause = max(retry_after or 0.0 if is_paced else backoff(number, retry_after, jitter), at_least)
        is_over = timeout <= 0 or now + pause > max(since, progress_at) + timeout
        stop = is_over or not can_repeat or (is_unauthorized and self.token_renewed)
        return Attempts(number, since, self.token_renewed or is_unauthorized, None if stop else pause)


def is_not_applied(response: Response) -> bool:
    """Return whether the HTTP status itself proves that the request was not carried out."""
    # 503 with Retry-After is a refusal. Without it, the request may have been in progress.
    return response.status in NOT_APPLIED or (response.status == 503 and "retry-after" in response.headers)


def may_repeat(request: Request, response: Response) -> bool:
    """Return whether the same request may be sent again after this response."""
    if response.status == 429:
        return True
    if is_cut_off(request, response):
        return True
    if response.status not in TRANSIENT:
        return False
    return request.can_repeat or is_not_applied(response)


def is_cut_off(request: Request, response: Response) -> bool:
    """Return whether a complete response contains truncated JSON. For a repeatable request, that counts as no response."""
    if request.has_secret_query or not request.can_repeat:
        # A report is not JSON.
        return False
    # A write may have a response without a body; a read may not.
    return response.is_cut_off and (bool(response.body.strip()) or not request.is_write)


def may_repeat_after_failure(request: Request, failure: errors.IntuneError, attempt: int) -> bool:
    """Return whether the same request may be sent again after no response."""
    if isinstance(failure, errors.NotSentError):
        return failure.is_transient and attempt < CONNECT_ATTEMPTS
    return request.can_repeat


def backoff(attempt: int, retry_after: float | None, jitter: float) -> float:
    """Return the seconds before attempt number ``attempt + 1``. ``jitter`` is from 0 to 1.

    Intune omits Retry-After, or sends 0, while it still throttles. In both cases, use the growing pause.
    """
    # Bound the exponent. The longest pause is reached well before that.
    own = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(attempt - 1, 16))
    own = own / 2 + own / 2 * jitter
    return max(retry_after, own / 2) if retry_after else own


def retry_after_of(response: Response, now: float) -> float | None:
    """Return the seconds that a response asks to wait, or None if it does not. ``now``: seconds since the epoch."""
    # A date is measured from the service's own clock, its Date header.
    date = parse_http_date(response.headers.get("date"))
    return parse_retry_after(response.headers.get("retry-after"), now if date is None else date)


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds from the integer, decimal, or date form of Retry-After, or None when missing or unreadable."""
    if value is None:
        return None
    try:
        seconds = float(value.strip())
    except ValueError:
        date = parse_http_date(value)
        if date is None:
            return None
        seconds = date - now
    # float() also accepts "nan" and "inf".
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


class Sender(t.Protocol):
    """One HTTP exchange."""

    def send(self, request: Request) -> Response:
        """Return a whole response, or raise NotSentError or LostResponseError."""


class RetryingSender:
    """A sender that repeats a request where allowed, for at most ``retry_timeout`` seconds."""

    def __init__(self, transport: Sender, clock: Clock, retry_timeout: float) -> None:
        self._transport = transport
        self._clock = clock
        self._retry_timeout = retry_timeout
        self.retry_until = math.inf  # of the monotonic clock: the time after which no caller waits for a response

    @property
    def retry_timeout(self) -> float:
        """The seconds during which a request is repeated, from now."""
        return max(0.0, min(self._retry_timeout, self.retry_until - self._clock.monotonic()))

    def send(self, request: Request) -> Response:
        """Return the last response, including an error; raise the last failure if no response came.

        If an earlier attempt of a write may have run, the response is doubtful, and a request that was not sent counts as lost.
        """
        attempts, doubt = Attempts(since=self._clock.monotonic()), False
        while True:
            response, failure = self._send_once(request)
            if response is not None:
                can_repeat = may_repeat(request, response)
            else:
                can_repeat = may_repeat_after_failure(request, t.cast(errors.IntuneError, failure), attempts.number + 1)
            if can_repeat:
                attempts = self._next(attempts, response)
            if not can_repeat or attempts.pause is None:
                break
            doubt = doubt or (request.is_write and _may_have_run(response, failure))
            self._clock.sleep(attempts.pause)
        if response is not None:
            return dataclasses.replace(response, is_doubtful=True) if doubt else response
        if doubt and isinstance(failure, errors.NotSentError):
            raise errors.LostResponseError(
                f"{failure.message} An earlier attempt may have run.", hint=failure.hint, target=failure.target
            ) from failure
        raise t.cast(errors.IntuneError, failure)

    def _next(self, attempts: Attempts, response: Response | None) -> Attempts:
        return attempts.after_failure(
            self._clock.monotonic(),
            timeout=self.retry_timeout,
            jitter=self._clock.random(),
            retry_after=None if response is None else retry_after_of(response, self._clock.now()),
        )

    def _send_once(self, request: Request) -> tuple[Response | None, errors.IntuneError | None]:
        try:
            return self._transport.send(request).without_secrets(request), None
        except (errors.NotSentError, errors.LostResponseError) as failure:
            return None, failure


def _may_have_run(response: Response | None, failure: errors.IntuneError | None) -> bool:
    """Return whether the service may have run a request that is repeated after this response, or after none."""
    if response is None:
        return not isinstance(failure, errors.NotSentError)
    return not is_not_applied(response)
