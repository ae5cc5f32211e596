# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find recordings, and summarize the results of comparing them."""

from __future__ import annotations

import json
import os
import pathlib
import typing as t
from collections import Counter

from .checker import Checker, Problem
from .exchange import Exchange
from .form import VERSIONS

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
LISTED = 30
# The emulated tenant sends this header if the tenant itself, and not Graph, does not support a request.
NOT_EMULATED = "x-emulator-refused"


def record_folder() -> pathlib.Path:
    """Return the folder that the integration tests record to."""
    return pathlib.Path(os.environ.get("EMULATOR_RECORD_DIR") or REPOSITORY / "tests" / "output" / "exchanges")


def list_recordings(folder: pathlib.Path) -> list[pathlib.Path]:
    """Return the recordings of the integration tests; the tests of Microsoft's SDK compare theirs while they write them."""
    return sorted(path for path in folder.glob("*.jsonl") if not path.name.startswith("sdk"))


def read(path: pathlib.Path, skip: int = 0) -> t.Iterator[tuple[str, Exchange]]:
    """Yield (file:line, exchange), without the first lines."""
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            if number > skip and line.strip():
                yield f"{path.name}:{number}", Exchange.parse(json.loads(line))


class Summary:
    """Counts, and each problem once with the place of its first occurrence."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self.compared: Counter[str] = Counter()
        self.operations: dict[str, set[str]] = {version: set() for version in VERSIONS}
        self.succeeded: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.refused = 0
        self.not_emulated = 0
        self._problems: dict[Problem, list[str]] = {}

    def add(self, place: str, exchange: Exchange) -> None:
        """Compare one exchange at a place of a recording."""
        verdict = self._checker.check(exchange)
        self.kinds[verdict.kind] += 1
        self.succeeded[verdict.operation] += exchange.status < 400 and verdict.kind != "injected"
        if verdict.kind == "operation":
            self.compared[exchange.version] += 1
            self.refused += exchange.status >= 400
            self.not_emulated += NOT_EMULATED in exchange.response_headers
            if exchange.status < 400:
                self.operations[exchange.version].add(verdict.operation)
        for problem in verdict.problems:
            self._problems.setdefault(problem, []).append(place)

    def add_all(self, exchanges: t.Iterable[tuple[str, Exchange]]) -> Summary:
        """Compare exchanges with their places, and return this summary."""
        for place, exchange in exchanges:
            self.add(place, exchange)
        return self

    def __str__(self) -> str:
        versions = ", ".join(f"{self.compared[version]} of {version} ({len(self.operations[version])} operations)" for version in VERSIONS)
        return (
            f"{sum(self.compared.values())} exchanges compared: {versions}; {self.refused} of them errors"
            f" ({self.not_emulated} for what is not emulated); besides {self.kinds['batch']} $batch envelopes,"
            f" {self.kinds['undescribed']} exchanges of operations that are not described (see supplements.py)"
            f" and {self.kinds['injected']} answers put in by tests, of which only the request was compared"
        )

    @property
    def failures(self) -> str:
        """Return a line for each problem; empty if there is none."""
        lines = []
        for problem, places in self._problems.items():
            often = f" and {len(places) - 1} more" if len(places) > 1 else ""
            lines.append(f"{places[0]}{often}: {problem.operation}: {problem.path}: {problem.message}")
        more = [f"... and {len(lines) - LISTED} more problems"] if len(lines) > LISTED else []
        return "\n".join([*lines[:LISTED], *more])
