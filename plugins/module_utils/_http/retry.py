# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""One request until it has a definite answer: retries with a bound, by the pure rules of protocol."""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from . import message as protocol


class Sender(t.Protocol):
    def send(self, request: protocol.Request) -> protocol.Response: ...


@dataclasses.dataclass(frozen=True)
class Clock:
    """Time, handed in. ``now`` is seconds since the epoch, ``random`` gives 0..1."""

    now: t.Callable[[], float]
    monotonic: t.Callable[[], float]
    sleep: t.Callable[[float], None]
    random: t.Callable[[], float]


class Exchange:
    """Sends over a transport and repeats what may be repeated for at most ``retry_timeout`` seconds."""

    def __init__(self, transport: Sender, clock: Clock, retry_timeout: float) -> None:
        self._transport = transport
        self._clock = clock
        self.retry_timeout = retry_timeout

    def send(self, request: protocol.Request) -> protocol.Response:
        """The last answer, also when it is an error; raises what the transport raised last when there was none."""
        deadline = self._clock.monotonic() + self.retry_timeout
        attempt = 0
        while True:
            attempt += 1
            answer, failure = self._once(request)
            if not self._again(request, answer, failure, attempt):
                break
            pause = protocol.backoff(attempt, self._retry_after(answer), self._clock.random())
            if self._clock.monotonic() + pause > deadline:
                break
            self._clock.sleep(pause)
        if answer is not None:
            return answer
        raise t.cast(errors.IntuneError, failure)

    def _once(self, request: protocol.Request) -> tuple[protocol.Response | None, errors.IntuneError | None]:
        try:
            return self._transport.send(request), None
        except (errors.NotSentError, errors.LostAnswerError) as failure:
            return None, failure

    @staticmethod
    def _again(request: protocol.Request, answer: protocol.Response | None, failure: errors.IntuneError | None, attempt: int) -> bool:
        if answer is not None:
            return protocol.may_repeat(request, answer.status, answer.headers)
        return protocol.may_repeat_after_failure(request, t.cast(errors.IntuneError, failure), attempt)

    def _retry_after(self, answer: protocol.Response | None) -> float | None:
        if answer is None:
            return None
        # A date is the service's own clock: count from its Date header where there is one.
        now = protocol.parse_date(answer.headers.get("date")) or self._clock.now()
        return protocol.parse_retry_after(answer.headers.get("retry-after"), now)
