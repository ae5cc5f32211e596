# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Several requests under way at once: the only room with threads. Who starts them stays in one thread, and decides there."""

from __future__ import annotations

import concurrent.futures
import queue
import typing as t

from .. import _errors as errors
from .message import Request, Response

WIDTH = 8

Ticket = t.Any
Arrival = tuple[Ticket, "Response | errors.IntuneError"]


class Lanes:
    """``send`` is one exchange, from any thread; it returns a whole answer or raises an IntuneError."""

    def __init__(self, send: t.Callable[[Request], Response], width: int = WIDTH) -> None:
        self.width = width
        self.busy = 0
        self._send = send
        self._arrived: queue.SimpleQueue[tuple[Ticket, Response | BaseException]] = queue.SimpleQueue()
        self._threads: concurrent.futures.ThreadPoolExecutor | None = None

    def start(self, ticket: Ticket, request: Request) -> None:
        """Sends in a lane of its own; no more than ``width`` at once."""
        if self._threads is None:
            self._threads = concurrent.futures.ThreadPoolExecutor(self.width, "graph")
        self.busy += 1
        self._threads.submit(self._run, ticket, request)

    def finished(self, timeout: float) -> list[Arrival]:
        """What has arrived; waits for the first one for at most ``timeout`` seconds."""
        found: list[Arrival] = []
        try:
            found.append(self._take(timeout))
            while True:
                found.append(self._take(0))
        except queue.Empty:
            return found

    def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, ticket: Ticket, request: Request) -> None:
        try:
            self._arrived.put((ticket, self._send(request)))
        except BaseException as failure:
            # Raised again by who waits for it: here nobody would see it.
            self._arrived.put((ticket, failure))

    def _take(self, timeout: float) -> Arrival:
        ticket, outcome = self._arrived.get(timeout=timeout) if timeout else self._arrived.get_nowait()
        self.busy -= 1
        if isinstance(outcome, BaseException) and not isinstance(outcome, errors.IntuneError):
            raise outcome
        return ticket, outcome
