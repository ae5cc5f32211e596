# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Send many requests within one quota, packed into batches, several at a time. The caller decides on each result."""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .._http.message import Request, Response
from .._http.retry import Attempts
from .batch import MAX_BATCH, CallResult, parse_batch, render_batch, version_of
from .client import GraphClient
from .rate_limit import Quota, RateLimit
from .responses import GATEWAY, is_refusal, parse_error

# Client errors of a batch that apply to each of its requests: token, permissions, proxy, timeout, or quota.
OF_EACH = frozenset({401, 403, 407, 408, 429})
LONGEST_LOOK = 1.0  # seconds between two checks of a quota, because its delay also depends on requests in flight


@dataclasses.dataclass(frozen=True)
class Envelope:
    """Requests that are sent as one HTTP request."""

    calls: tuple[tuple[t.Any, Request], ...]
    request: Request
    token: str = dataclasses.field(repr=False)
    sent_at: float  # by the monotonic clock

    @property
    def writes(self) -> int:
        """The number of writes among the requests."""
        return sum(request.is_write for _key, request in self.calls)

    @property
    def reads(self) -> int:
        """The number of reads among the requests."""
        return len(self.calls) - self.writes


class BatchScheduler:
    """A scheduler that sends each request once, within the quota, and pauses when the service throttles.

    Only ``fetch_all`` repeats requests.
    """

    def __init__(self, client: GraphClient, quota: Quota) -> None:
        self.limit = RateLimit(quota)
        self._client = client
        self._clock = client.clock
        self._pool = client.worker_pool

    @property
    def free(self) -> int:
        """The number of additional envelopes that may be sent now."""
        return self._pool.width - self._pool.busy

    @property
    def is_busy(self) -> bool:
        """Whether any request is in flight."""
        return self._pool.busy > 0

    def write_capacity(self, ahead: float = 0.0) -> int:
        """Return the number of writes that may be sent now, or in ``ahead`` seconds if all responses arrive by then."""
        now = self._clock.monotonic()
        return self.limit.writes.capacity_at(now + ahead) if ahead else self.limit.writes.capacity(now)

    def read_capacity(self) -> int:
        """Return the number of reads that may be sent now."""
        return self.limit.requests.capacity(self._clock.monotonic())

    def spare_read_capacity(self) -> int:
        """Return the number of reads that may be sent now while leaving capacity for two windows of writes, or half of the capacity."""
        capacity = self.read_capacity()
        return max((capacity + 1) // 2, capacity - 2 * self.limit.quota.writes)

    def write_delay(self, number: int = 1) -> float:
        """Return the seconds until this number of writes may be sent."""
        return self.limit.writes.delay(self._clock.monotonic(), number)

    def read_delay(self) -> float:
        """Return the seconds until a read may be sent."""
        return self.limit.requests.delay(self._clock.monotonic())

    def restore_writes(self, ages: t.Iterable[float]) -> None:
        """Count writes that an earlier process sent; ``ages`` in seconds. They still use the quota."""
        now = self._clock.monotonic()
        self.limit.writes.restore(now - age for age in ages if 0 <= age < self.limit.quota.seconds)

    def wait_to_write(self) -> None:
        """Wait until the quota allows a write that the client sends itself, and count that write."""
        writes, now = self.limit.writes, self._clock.monotonic()
        while not writes.capacity_at(now):
            self._clock.sleep(min(writes.delay(now), LONGEST_LOOK))
            now = self._clock.monotonic()
        writes.complete(now, 0, 1)

    def start(self, calls: t.Sequence[tuple[t.Any, Request]], *, only_reads: bool = False) -> None:
        """Send up to twenty requests of the same version, as a batch if there are several.

        ``only_reads``: a POST among them changes nothing.
        """
        requests = [request for _key, request in calls]
        origin = self._client.origin
        one = requests[0] if len(requests) == 1 else render_batch(origin, version_of(origin, requests[0]), requests)
        token = self._client.token()
        envelope = Envelope(tuple(calls), one, token, self._clock.monotonic())
        self._client.has_written |= bool(envelope.writes) and not only_reads
        self.limit.writes.reserve(envelope.writes)
        self.limit.requests.reserve(envelope.reads)
        self._pool.start(envelope, one.with_bearer(token))

    def collect(self, seconds: float) -> list[CallResult]:
        """Return the results that have arrived; wait at most this number of seconds."""
        if not self._pool.busy:
            self._clock.sleep(seconds)
            return []
        return [result for envelope, outcome in self._pool.collect(seconds) for result in self._complete(envelope, outcome)]

    def fetch_all(self, requests: t.Sequence[Request]) -> list[Response]:
        """Return the responses of reads of the same version, in order, with any status; raise if a read stays unavailable.

        A read may be a POST, such as a request for a report. Transient failures are repeated while other requests make progress, and for
        ``retry_timeout`` seconds without progress.
        """
        responses: list[Response | None] = [None] * len(requests)
        attempts = Attempts(since=self._clock.monotonic())
        todo = list(range(len(requests)))
        while todo:
            failed = self._send_wave([(position, requests[position]) for position in todo], responses)
            if not failed:
                break
            if len(failed) < len(todo):
                attempts = Attempts(since=self._clock.monotonic(), token_renewed=attempts.token_renewed)
            todo = [result.key for result in failed]
            unauthorized = [result for result in failed if result.status == 401]
            hopeless = [result for result in failed if not result.is_transient] or (unauthorized if attempts.token_renewed else [])
            attempts = attempts.after_failure(
                self._clock.monotonic(),
                timeout=self._client.retry_timeout,
                jitter=self._clock.random(),
                can_repeat=not hopeless,
                is_unauthorized=bool(unauthorized),
                at_least=self.read_delay(),
            )
            if attempts.pause is None:
                raise (hopeless or failed)[0].error()
            self._clock.sleep(attempts.pause)
        return t.cast("list[Response]", responses)

    def _send_wave(self, calls: list[tuple[int, Request]], responses: list[Response | None]) -> list[CallResult]:
        """Send each request once; store the definite responses, and return the other results."""
        failed: list[CallResult] = []
        while calls or self.is_busy:
            while calls and self.free and (capacity := min(self.read_capacity(), MAX_BATCH)):
                self.start(calls[:capacity], only_reads=True)
                calls = calls[capacity:]
            for result in self.collect(self.read_delay() if calls and self.free else self.limit.quota.seconds):
                if result.response is not None and not result.is_transient:
                    responses[result.key] = result.response
                else:
                    failed.append(result)
        return failed

    def _complete(self, envelope: Envelope, outcome: Response | errors.IntuneError) -> list[CallResult]:
        results = self._results(envelope, outcome)
        now = self._clock.monotonic()
        throttled = [result for result in results if result.status == 429]
        writes = sum(result.request.is_write for result in throttled)
        was_sent, latency = not isinstance(outcome, errors.NotSentError), now - envelope.sent_at
        for limit, number, refused in (
            (self.limit.writes, envelope.writes, writes),
            (self.limit.requests, envelope.reads, len(throttled) - writes),
        ):
            limit.complete(now, number, (number - refused) * was_sent, latency=latency)
            if number > refused and isinstance(outcome, Response):
                limit.end_row()
        if throttled:
            self._slow_down(now, throttled)
        return self._with_new_token(envelope, results)

    def _results(self, envelope: Envelope, outcome: Response | errors.IntuneError) -> list[CallResult]:
        if isinstance(outcome, errors.IntuneError):
            return [CallResult(key, request, failure=outcome) for key, request in envelope.calls]
        outcome = outcome.without_secrets(envelope.request.with_bearer(envelope.token))
        self._client.observe_clock(outcome)
        responses: list[Response | None]
        if len(envelope.calls) == 1:
            responses = [outcome]
        elif 200 <= outcome.status < 300:
            responses = parse_batch(len(envelope.calls), outcome)
        elif 400 <= outcome.status < 500 and outcome.status not in OF_EACH:
            return _refuse(envelope, outcome)
        else:
            responses = [outcome] * len(envelope.calls)
        return [CallResult(key, request, response) for (key, request), response in zip(envelope.calls, responses, strict=True)]

    def _slow_down(self, now: float, throttled: list[CallResult]) -> None:
        """Pause the throttled kind of request until the latest time that the service names."""
        time = self._clock.now()
        seconds = max(result.retry_after(time) or 0.0 for result in throttled)
        # Never wait longer than retry_timeout, or than one window of the quota, without a new attempt.
        longest = max(self._client.retry_timeout, self.limit.quota.seconds)
        limit = self.limit.limit_of(is_write=all(result.request.is_write for result in throttled))
        limit.throttle(now, min(seconds, longest), self._clock.random())

    def _with_new_token(self, envelope: Envelope, results: list[CallResult]) -> list[CallResult]:
        """Renew a refused token. If that fails, the failure becomes the result."""
        refusal = next((result.response for result in results if result.status == 401), None)
        if refusal is None:
            return results
        try:
            self._client.renew_token(envelope.token, refusal)
        except errors.IntuneError as failure:
            return [CallResult(result.key, result.request, failure=failure) if result.status == 401 else result for result in results]
        return results


def _refuse(envelope: Envelope, outcome: Response) -> list[CallResult]:
    """Return the failures of requests whose whole batch was refused; writes count as lost unless the refusal proves that nothing ran."""
    refusal, target = parse_error(envelope.request, outcome), envelope.request.target
    not_sent = errors.NotSentError(f"The batch was refused. {refusal}", target=target, is_transient=False)
    lost = errors.LostResponseError(
        f"The batch got a response that does not say whether it ran. {refusal}",
        target=target,
        hint=GATEWAY,
    )
    # A read has no effect, so it cannot be lost.
    may_have_run = not is_refusal(outcome)
    return [CallResult(key, request, failure=lost if request.is_write and may_have_run else not_sent) for key, request in envelope.calls]
