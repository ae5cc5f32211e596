# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test real threads that only wait for events: each exchange continues when its test lets it."""

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._http.worker_pool import WorkerPool

PATIENCE = 30.0  # seconds after which a hanging test fails


def request(number: int) -> Request:
    return Request("GET", f"https://graph.test/v1.0/{number}")


class Gates:
    """A send function: a request waits until its gate is opened."""

    def __init__(self, number: int) -> None:
        self.open = [threading.Event() for _number in range(number)]
        self.began = threading.Semaphore(0)
        self.outcomes: dict[int, BaseException] = {}
        self.entered: list[int] = []
        self.running = self.peak = 0
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        number = int(request.url.rsplit("/", 1)[1])
        with self._lock:
            self.entered.append(number)
            self.running += 1
            self.peak = max(self.peak, self.running)
        self.began.release()
        assert self.open[number].wait(PATIENCE)
        with self._lock:
            self.running -= 1
        if number in self.outcomes:
            raise self.outcomes[number]
        return Response(200, {}, str(number).encode())

    def wait_until_begun(self, number: int) -> None:
        for _one in range(number):
            assert self.began.acquire(timeout=PATIENCE)


@pytest.fixture
def gates() -> t.Iterator[Gates]:
    found = Gates(8)
    yield found
    for gate in found.open:
        gate.set()
    for thread in pool_threads():
        thread.join(PATIENCE)


def pool_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("graph")]


def arrivals(pool: WorkerPool, number: int) -> list[tuple[t.Any, Response | errors.IntuneError]]:
    found: list[tuple[t.Any, Response | errors.IntuneError]] = []
    while len(found) < number:
        came = pool.collect(PATIENCE)
        assert came, "nothing arrives any more"
        found += came
    return found


def test_eight_requests_are_under_way_at_most(gates: Gates) -> None:
    assert WorkerPool(gates.send).width == 8


def test_no_more_than_the_width_is_under_way(gates: Gates) -> None:
    pool = WorkerPool(gates.send, width=3)
    for number in range(6):
        pool.start(number, request(number))
    assert (pool.width, pool.busy) == (3, 6)
    gates.wait_until_begun(3)
    assert sorted(gates.entered) == [0, 1, 2]
    for gate in gates.open:
        gate.set()
    assert sorted(ticket for ticket, _outcome in arrivals(pool, 6)) == list(range(6))
    assert gates.peak == 3 and pool.busy == 0
    pool.close()


def test_answers_come_in_the_order_in_which_they_arrive_each_with_its_ticket(gates: Gates) -> None:
    pool = WorkerPool(gates.send, width=3)
    for number in range(3):
        pool.start(f"ticket {number}", request(number))
    for number in (2, 0, 1):
        gates.open[number].set()
        ((ticket, outcome),) = arrivals(pool, 1)
        assert ticket == f"ticket {number}" and outcome.body == str(number).encode()
    assert pool.busy == 0
    pool.close()


def test_all_that_has_arrived_comes_at_once(gates: Gates) -> None:
    pool = WorkerPool(gates.send, width=1)
    for number in range(3):
        gates.open[number].set()
        pool.start(number, request(number))
    gates.wait_until_begun(3)
    pool.close()
    for thread in pool_threads():
        thread.join(PATIENCE)
    assert [ticket for ticket, _outcome in pool.collect(0)] == [0, 1, 2]


def test_where_nothing_has_arrived_there_is_nothing(gates: Gates) -> None:
    pool = WorkerPool(gates.send)
    assert pool.collect(0) == []
    pool.start(0, request(0))
    gates.wait_until_begun(1)
    assert pool.collect(0) == pool.collect(0.001) == [] and pool.busy == 1
    gates.open[0].set()
    assert len(arrivals(pool, 1)) == 1
    pool.close()


def test_the_caller_does_not_wait_while_another_thread_sends(gates: Gates) -> None:
    names: list[str] = []

    def send(_request: Request) -> Response:
        names.append(threading.current_thread().name)
        return Response(200, {})

    pool = WorkerPool(send)
    assert pool_threads() == [], "threads are made when they are needed"
    pool.start(0, request(0))
    arrivals(pool, 1)
    assert names[0].startswith("graph") and names[0] != threading.current_thread().name
    pool.close()


@pytest.mark.parametrize("failure", [errors.NotSentError("No connection."), errors.LostResponseError("Lost.")], ids=["not sent", "lost"])
def test_a_failure_is_an_outcome(gates: Gates, failure: errors.IntuneError) -> None:
    gates.outcomes[0] = failure
    pool = WorkerPool(gates.send)
    pool.start("a", request(0))
    gates.open[0].set()
    assert arrivals(pool, 1) == [("a", failure)]
    pool.close()


@pytest.mark.parametrize("bug", [ZeroDivisionError(), SystemExit(1)], ids=["an exception", "an exit"])
def test_what_nobody_expected_is_raised_where_it_is_waited_for(gates: Gates, bug: BaseException) -> None:
    gates.outcomes[0] = bug
    pool = WorkerPool(gates.send)
    pool.start("a", request(0))
    gates.open[0].set()
    with pytest.raises(type(bug)):
        pool.collect(PATIENCE)
    assert pool.busy == 0
    pool.start("b", request(1))
    gates.open[1].set()
    assert [ticket for ticket, _outcome in arrivals(pool, 1)] == ["b"], "the others go on"
    pool.close()


def test_closing_does_not_wait_for_what_is_under_way_and_sends_nothing_more(gates: Gates) -> None:
    pool = WorkerPool(gates.send, width=1)
    pool.start(0, request(0))
    pool.start(1, request(1))
    gates.wait_until_begun(1)
    closing = threading.Thread(target=pool.close, daemon=True)
    closing.start()
    closing.join(PATIENCE / 3)
    assert not closing.is_alive()
    gates.open[0].set()
    gates.open[1].set()
    for thread in pool_threads():
        thread.join(PATIENCE)
    assert gates.entered == [0]


def test_workers_that_nothing_was_sent_on_can_be_closed() -> None:
    WorkerPool(lambda _request: Response(200, {})).close()
    assert pool_threads() == []
