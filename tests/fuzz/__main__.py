# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run modules and plugins against unexpected responses and options, and print the findings by kind."""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import itertools
import os
import sys
import tempfile
import time

from tests.fuzz.case import KINDS, Finding, run_case
from tests.fuzz.scenarios import SCENARIOS

CHUNK = 250  # cases that one process runs in a row
SHOWN = 20  # findings that are printed
REPORT_EVERY = 1000  # cases


def run_chunk(seed: str, numbers: range) -> list[tuple[int, str, list[Finding]]]:
    """Return the findings of cases, by number, with the name of the scenario."""
    found = []
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for number in numbers:
            scenario = SCENARIOS[number % len(SCENARIOS)]
            findings = run_case(f"{seed}/{number}", scenario)
            if findings:
                found.append((number, scenario.name, findings))
        os.chdir(before)
    return found


def main() -> int:
    """Run the cases of the arguments, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=50_000, help="number of cases (default: %(default)s)")
    parser.add_argument("--seed", default="1", help="seed of the cases (default: %(default)s)")
    parser.add_argument("--case", type=int, help="number of a case to run alone")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="number of processes (default: %(default)s)")
    given = parser.parse_args()
    began = time.monotonic()
    numbers = range(given.cases) if given.case is None else range(given.case, given.case + 1)
    chunks = [numbers[start : start + CHUNK] for start in range(0, len(numbers), CHUNK)]
    counts: collections.Counter[str] = collections.Counter()
    shown = 0
    with concurrent.futures.ProcessPoolExecutor(given.workers) as pool:
        for chunk, found in zip(chunks, pool.map(run_chunk, itertools.repeat(given.seed), chunks), strict=True):
            for number, scenario, findings in found:
                counts.update({finding.kind for finding in findings})
                if shown < SHOWN:
                    shown += 1
                    print(f"Case {number} ({scenario}); to repeat it: python -m tests.fuzz --seed {given.seed} --case {number}")
                    for finding in findings:
                        print(f"  {finding.kind}: {finding.text}")
            if chunk.stop % REPORT_EVERY == 0:
                print(f"{chunk.stop} cases, {counts.total()} findings", file=sys.stderr, flush=True)
    print(f"{len(numbers)} cases of {len(SCENARIOS)} tasks with the seed {given.seed}, in {time.monotonic() - began:.0f} s")
    for kind in KINDS:
        print(f"  {kind:<24}{counts[kind]:>8}")
    return 1 if counts else 0


if __name__ == "__main__":
    sys.exit(main())
