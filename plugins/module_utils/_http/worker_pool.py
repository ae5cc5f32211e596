# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Send several requests concurrently. Only this file uses threads; callers stay in one thread and decide there."""

from __future__ import annotations

import concurrent.futures
import queue
import typing as t

from .. import _errors as errors
from .message import Request, Response

WIDTH = 8

T = t.TypeVar("T")


class WorkerPool(t.Generic[T]):
    """A pool of threads that send requests. ``send`` is one exchange: it returns a whole response or raises an IntuneError."""

    def __init__(self, send: t.Callable[[Request], Response], width: int = WIDTH) -> None:
        self.width = width
        self.busy = 0
        self._send = send
        self._arrived: queue.SimpleQueue[tuple[T, Response | BaseException]] = queue.SimpleQueue()
        self._threads: concurrent.futures.ThreadPoolExecutor | None = None

    def start(self, key: T, request: Request) -> None:
        """Send a request in its own thread, with at most ``width`` at once."""
        if self._threads is None:
            self._threads = concurrent.futures.ThreadPoolExecutor(self.width, "graph")
        self.busy += 1
        self._threads.submit(self._run, key, request)

    def collect(self, timeout: float) -> list[tuple[T, Response | errors.IntuneError]]:
        """Return all results that have arrived, by key; wait for the first one for at most ``timeout`` seconds."""
        found: list[tuple[T, Response | errors.IntuneError]] = []
        try:
            found.append(self._take(timeout))
            while True:
                found.append(self._take(0))
        except queue.Empty:
            return found

    def close(self) -> None:
        """End the threads, and drop requests that have not started."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, key: T, request: Request) -> None:
        try:
            self._arrived.put((key, self._send(request)))
        except BaseException as failure:
            # Raised again in the caller's thread, because an exception here would go unnoticed.
            self._arrived.put((key, failure))

    def _take(self, timeout: float) -> tuple[T, Response | errors.IntuneError]:
        key, outcome = self._arrived.get(timeout=timeout) if timeout else self._arrived.get_nowait()
        self.busy -= 1
        if isinstance(outcome, (Response, errors.IntuneError)):
            return key, outcome
        raise outcome
