# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run tasks beside one another in a fixed order: one at a time, with a switch at every turn."""

from __future__ import annotations

import threading
import typing as t

SECONDS = 60.0  # until a hanging test fails


class Turns:
    """Run the tasks of ``run``, each of which calls ``turn`` wherever another one can continue."""

    def __init__(self) -> None:
        self._waiting: list[int] = []  # in the order in which they continue
        self._changed = threading.Condition()
        self._current = threading.local()

    def run(self, *tasks: t.Callable[[], None]) -> None:
        """Run the tasks to their end, and raise the exception of the first that fails."""
        failures: list[BaseException] = []

        def work(number: int, task: t.Callable[[], None]) -> None:
            self._current.number = number
            try:
                self._wait()
                task()
            except BaseException as failure:
                failures.append(failure)
            finally:
                with self._changed:
                    self._waiting.remove(number)
                    self._changed.notify_all()

        self._waiting = list(range(len(tasks)))
        threads = [threading.Thread(target=work, args=each, daemon=True) for each in enumerate(tasks)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
            assert not thread.is_alive(), "it hangs"
        if failures:
            raise failures[0]

    def turn(self) -> None:
        """Let the others continue, each until its next turn. Do nothing if no tasks run."""
        number = getattr(self._current, "number", None)
        if number is not None:
            with self._changed:
                self._waiting.remove(number)
                self._waiting.append(number)
                self._changed.notify_all()
            self._wait()

    def _wait(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._waiting[0] == self._current.number, SECONDS), "it hangs"
