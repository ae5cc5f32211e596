# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Many requests under one quota: packed into batches, several on their way at once. What to do with an answer is the caller's matter."""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .._http import message as protocol
from .._http.message import Request, Response
from . import batch
from .client import GraphClient, demanded_claims
from .rate_limit import Budget, Quota

Key = t.Hashable


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came of one request: a whole answer, or a failure to send it or to hear of it."""

    key: Key
    request: Request
    response: Response | None = None
    failure: errors.IntuneError | None = None

    @property
    def status(self) -> int | None:
        return self.response.status if self.response is not None else None

    @property
    def retry_after(self) -> float | None:
        """Seconds, as the service says; null where it does not."""
        if self.response is None:
            return None
        now = protocol.parse_date(self.response.headers.get("date")) or 0.0
        return protocol.parse_retry_after(self.response.headers.get("retry-after"), now)

    def error(self) -> errors.IntuneError:
        """The error that this answer is."""
        if self.failure is not None:
            return self.failure
        if self.response is None:
            return errors.LostAnswerError(f"{self.request.target}: the answer of the batch leaves it out.", target=self.request.target)
        try:
            protocol.decode(self.request, self.response)
        except errors.IntuneError as failure:
            return failure
        return errors.UnexpectedAnswerError(
            f"{self.request.target} answered {self.response.status} with something else than was asked for.", target=self.request.target
        )


@dataclasses.dataclass(frozen=True)
class _Envelope:
    calls: tuple[tuple[Key, Request], ...]
    request: Request
    token: str = dataclasses.field(repr=False)

    @property
    def writes(self) -> int:
        return sum(_is_write(request) for _key, request in self.calls)

    @property
    def reads(self) -> int:
        return len(self.calls) - self.writes


class Dispatcher:
    """Sends each request once. Paces them, and waits where the service throttles; sends nothing again by itself but for ``fetch``."""

    def __init__(self, client: GraphClient, quota: Quota | None = None) -> None:
        self._client = client
        self._clock = client.clock
        self._lanes = client.lanes
        self._budget = Budget(quota)
        self._tries = 0  # throttled answers in a row

    @property
    def free(self) -> int:
        """How many more envelopes may be on their way."""
        return self._lanes.width - self._lanes.busy

    @property
    def busy(self) -> bool:
        return self._lanes.busy > 0

    def room(self, write: bool, ahead: float = 0.0) -> int:
        """How many requests may be sent now, or in ``ahead`` seconds."""
        return self._budget.room(self._clock.monotonic() + ahead, write)

    @property
    def spare(self) -> int:
        """How many reads may be sent now so that room for two windows of writes is left, or half of what there is."""
        room = self.room(False)
        return max((room + 1) // 2, room - 2 * self._budget.quota.writes)

    def opens(self, write: bool) -> float:
        """Seconds until there is room for one."""
        return self._budget.opens(self._clock.monotonic(), write)

    def remember(self, ages: t.Iterable[float]) -> None:
        """Writes that an earlier process sent, so many seconds ago: they count still."""
        now = self._clock.monotonic()
        self._budget.remember(now - age for age in ages if 0 <= age < self._budget.quota.seconds)

    def start(self, calls: t.Sequence[tuple[Key, Request]]) -> None:
        """Up to twenty requests of one version on their way, as a batch when they are several."""
        requests = [request for _key, request in calls]
        version = batch.version_of(self._client.origin, requests[0])
        one = requests[0] if len(requests) == 1 else batch.pack(self._client.origin, version, requests)
        token = self._client.token()
        envelope = _Envelope(tuple(calls), one, token)
        self._budget.reserve(envelope.writes, envelope.reads)
        self._lanes.start(envelope, protocol.with_bearer(one, token))

    def wait(self, seconds: float) -> list[Answer]:
        """What has come, after at most so many seconds."""
        if not self._lanes.busy:
            self._clock.sleep(seconds)
            return []
        return [answer for ticket, outcome in self._lanes.finished(seconds) for answer in self._arrived(ticket, outcome)]

    def fetch(self, requests: t.Sequence[Request]) -> list[Response]:
        """The answers of reads of one version, in their order, whatever they are; raises where one stays unavailable.

        What may be repeated is repeated while there is progress, and for ``retry_timeout`` seconds without.
        """
        answers: list[Response | None] = [None] * len(requests)
        todo = list(range(len(requests)))
        attempt, renewed, progress = 0, False, self._clock.monotonic()
        while todo:
            failed = self._wave([(place, requests[place]) for place in todo], answers)
            now = self._clock.monotonic()
            attempt = 1 if len(failed) < len(todo) else attempt + 1
            progress = now if len(failed) < len(todo) else progress
            todo = [t.cast(int, answer.key) for answer in failed]
            if not todo:
                break
            pause = max(protocol.backoff(attempt, None, self._clock.random()), self.opens(False))
            hopeless = [answer for answer in failed if not passing(answer) or (answer.status == 401 and renewed)]
            if hopeless or now + pause > progress + self._client.retry_timeout:
                raise (hopeless or failed)[0].error()
            renewed = renewed or any(answer.status == 401 for answer in failed)
            self._clock.sleep(pause)
        return t.cast("list[Response]", answers)

    def _wave(self, calls: list[tuple[int, Request]], answers: list[Response | None]) -> list[Answer]:
        """Sends each once; the answers that are definite are kept, the others come back."""
        failed: list[Answer] = []
        while calls or self.busy:
            while calls and self.free and (room := min(self.room(False), batch.LIMIT)):
                self.start(calls[:room])
                calls = calls[room:]
            for answer in self.wait(self.opens(False) if calls and self.free else self._budget.quota.seconds):
                if answer.failure is None and answer.response is not None and not passing(answer):
                    answers[t.cast(int, answer.key)] = answer.response
                else:
                    failed.append(answer)
        return failed

    def _arrived(self, envelope: _Envelope, outcome: Response | errors.IntuneError) -> list[Answer]:
        answers = self._open(envelope, outcome)
        now = self._clock.monotonic()
        throttled = [answer for answer in answers if answer.status == 429]
        refused = sum(_is_write(answer.request) for answer in throttled)
        if isinstance(outcome, errors.NotSentError):
            self._budget.settle(now, envelope.writes, envelope.reads, counted_writes=0, counted_reads=0)
        else:
            self._budget.settle(
                now,
                envelope.writes,
                envelope.reads,
                counted_writes=envelope.writes - refused,
                counted_reads=envelope.reads - len(throttled) + refused,
            )
        if throttled:
            self._slow_down(now, throttled, alone=len(throttled) == len(answers))
        elif isinstance(outcome, Response):
            self._tries = 0
        return self._renew_token(envelope, answers)

    def _open(self, envelope: _Envelope, outcome: Response | errors.IntuneError) -> list[Answer]:
        if isinstance(outcome, errors.IntuneError):
            return [Answer(key, request, failure=outcome) for key, request in envelope.calls]
        self._client.note(outcome)
        if len(envelope.calls) == 1:
            answers: list[Response | None] = [outcome]
        elif 200 <= outcome.status < 300:
            answers = batch.unpack(len(envelope.calls), outcome)
        elif 400 <= outcome.status < 500 and outcome.status not in (401, 403, 408, 429):
            # Malformed, says the service: it ran nothing of it.
            refusal = protocol.decode_error(envelope.request, outcome)
            failure = errors.NotSentError(f"The batch was refused. {refusal}", target=envelope.request.target, passing=False)
            return [Answer(key, request, failure=failure) for key, request in envelope.calls]
        else:
            answers = [outcome] * len(envelope.calls)
        return [Answer(key, request, response) for (key, request), response in zip(envelope.calls, answers, strict=True)]

    def _slow_down(self, now: float, throttled: list[Answer], alone: bool) -> None:
        """Holds what the service throttles: until the earliest moment that it names, or for our own growing pause."""
        self._tries += 1
        pause = min(protocol.backoff(self._tries, answer.retry_after, self._clock.random()) for answer in throttled)
        # Where others were let through meanwhile, the whole quota cannot be closed for longer than a window; and nobody waits longer
        # than retry_timeout without trying.
        longest = max(self._client.retry_timeout, self._budget.quota.seconds) if alone else self._budget.quota.seconds
        pause = min(pause, longest)
        write = all(_is_write(answer.request) for answer in throttled)
        self._budget.cut(now, write)
        self._budget.hold(now + pause, write)

    def _renew_token(self, envelope: _Envelope, answers: list[Answer]) -> list[Answer]:
        """A new token, once for all envelopes that went out with the old one; why there is none is the answer then."""
        refused = next((answer.response for answer in answers if answer.status == 401), None)
        if refused is None:
            return answers
        try:
            if envelope.token == self._client.token():
                self._client.token(claims=demanded_claims(refused.headers.get("www-authenticate")), renew=True)
        except errors.IntuneError as failure:
            return [Answer(answer.key, answer.request, failure=failure) if answer.status == 401 else answer for answer in answers]
        return answers


def passing(answer: Answer) -> bool:
    """Whether a read may get another answer if it is sent again."""
    if isinstance(answer.failure, errors.NotSentError):
        return answer.failure.passing
    if answer.failure is not None:
        return isinstance(answer.failure, errors.LostAnswerError)
    return answer.response is None or answer.status in (401, 429) or answer.status in protocol.PASSING


def _is_write(request: Request) -> bool:
    return request.method not in protocol.SAFE_VERBS
