# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the unit, integration, and sanity tests on each ansible-core that the collection supports, over the Pythons of this machine.

Usage: matrix.py [CORE[/PYTHON]...], for example ``matrix.py 2.16 2.21/3.12``. ``matrix.py --cells`` only lists the pairs, as JSON. Each
pair has its own environment below .cache/matrix, and all test the same copy of the checkout, so that work on it can continue meanwhile. A
Python that is not on this machine is skipped, and marked so in the closing table. The oldest ansible-core runs with the lowest msal and
requests that the collection accepts.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

from tests.tools.tree import ROOT, copy_tree

PLACE = ROOT / ".cache" / "matrix"
LOGS = ROOT / "tests" / "output" / "matrix"
COPY = PLACE / "source"
# The Pythons of each ansible-core; the default is the first one, and MATRIX_FULL=1 uses each.
CORES = {
    "2.16": ("3.10", "3.11", "3.12"),
    "2.17": ("3.12", "3.10", "3.11"),
    "2.18": ("3.11", "3.12", "3.13"),
    "2.19": ("3.13", "3.11", "3.12"),
    "2.20": ("3.12", "3.13", "3.14"),
    "2.21": ("3.13", "3.12", "3.14"),
}
FULL = bool(os.environ.get("MATRIX_FULL"))
UNIT = ("tests/unit",) if FULL else ("tests/unit", "-m", "not slow")
# Every module runs here in the controller's process and in its own; the other tests are those that depend on Ansible most.
EXAMPLES = "tests/integration/test_examples.py"
INTEGRATION = (EXAMPLES, *(f"tests/integration/test_{name}.py" for name in ("execution", "secrecy", "inventory")))
# These need programs, collections, or a package index beside ansible-core, which choose the ansible-core that they run with.
LEFT_OUT = tuple(
    f"--ignore=tests/integration/test_{name}.py" for name in ("audit", "awx", "awx_results", "configure_awx", "event_driven", "own_tests")
)


class Suite(t.NamedTuple):
    """One run of pytest."""

    name: str
    arguments: tuple[str, ...]
    execution: str = "in_process"


class Cell(t.NamedTuple):
    """One line of the closing table."""

    core: str
    python: str
    outcome: str
    tests: dict[str, str]
    seconds: float


ALL = ("tests/integration", *LEFT_OUT)
SUITES = (
    Suite("unit", UNIT),
    Suite("in process", ALL if FULL else INTEGRATION),
    # All tests contain those that run as a module anyway.
    Suite("as module", INTEGRATION if FULL else (EXAMPLES,), execution="module"),
)


def pairs(chosen: list[str]) -> list[tuple[str, str]]:
    """Return the requested pairs of ansible-core and Python."""
    found = []
    for word in chosen or CORES:
        core, _slash, python = word.partition("/")
        if core not in CORES or (python and python not in CORES[core]):
            known = "; ".join(f"{name} on {', '.join(on)}" for name, on in CORES.items())
            sys.exit(f"{word} is not in the matrix, which is: {known}")
        found += [(core, one) for one in ((python,) if python else CORES[core] if FULL else CORES[core][:1])]
    return found


def interpreter(version: str) -> str | None:
    """Return a Python of this version that starts: on the PATH, or of pyenv."""
    name = f"python{version}"
    candidates = [Path(folder) / name for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    if shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=True).stdout.strip()
        candidates += sorted(Path(root, "versions").glob(f"{version}.*/bin/{name}"))
    for candidate in candidates:
        # pyenv also has shims for versions that are not chosen, which only fail.
        if candidate.is_file() and not subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode:
            return str(candidate)
    return None


def environment(core: str, python: str, base: str) -> Path:
    """Return the folder of programs of a virtual environment with this ansible-core, made if it is missing or requirements changed."""
    place = PLACE / f"{core}-{python}"
    lowest = core == next(iter(CORES))
    names = ("tests/requirements-unit.txt", "emulator/pyproject.toml", "meta/ee-requirements.txt")
    stamp = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in names)).hexdigest()
    made = place / "made"
    if not made.exists() or made.read_text(encoding="utf-8") != stamp:
        subprocess.run([base, "-m", "venv", "--clear", place], check=True)
        floors = re.findall(r"^\w+>=.+$", (ROOT / names[-1]).read_text(encoding="utf-8"), re.MULTILINE) if lowest else []
        wanted = [f"ansible-core=={core}.*", "-r", str(ROOT / names[0]), *(line.replace(">=", "==") for line in floors)]
        subprocess.run([place / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted], check=True)
        made.write_text(stamp, encoding="utf-8")
    packages = next(place.glob("lib/python*/site-packages")) / "ansible_collections" / "endpointops"
    packages.mkdir(parents=True, exist_ok=True)
    link = packages / "intune"
    link.unlink(missing_ok=True)
    link.symlink_to(COPY)
    return Path(place / "bin")


def counts(report: Path) -> str:
    """Return the numbers of passed, failed, and skipped tests from pytest's report."""
    if not report.exists():
        return "did not start"
    suite = ET.parse(report).getroot().find("testsuite")
    assert suite is not None
    total, failed, skipped = (int(suite.get(name, 0)) for name in ("tests", "failures", "skipped"))
    failed += int(suite.get("errors", 0))
    words = [str(total - failed - skipped)]
    words += [f"{failed} failed"] if failed else []
    words += [f"{skipped} skipped"] if skipped else []
    return ", ".join(words)


def run(suite: Suite, name: str, programs: Path) -> tuple[bool, str]:
    """Return whether a suite passed, and its counts. Its output goes to the screen and to a file."""
    report = LOGS / f"{name}-{suite.name.replace(' ', '-')}.xml"
    workers = os.environ.get("WORKERS", "2") if suite.name == "unit" else os.environ.get("INTEGRATION_WORKERS", "6")
    command = [str(programs / "python"), "-m", "pytest", *suite.arguments, "-q", "-n", workers, f"--junitxml={report}"]
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    # Files that tools write to a home folder stay here, as with every other command of the Makefile.
    variables = {**os.environ, "PATH": path, "HOME": str(PLACE / "home"), "INTEGRATION_EXECUTION": suite.execution}
    print(f"\n==> {name}: {suite.name}", flush=True)
    passed = not subprocess.run(command, cwd=COPY, env=variables, check=False).returncode
    return passed, counts(report)


def run_sanity(name: str, programs: Path) -> tuple[bool, str]:
    """Return whether ansible-test's sanity tests passed, and a word for it."""
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    print(f"\n==> {name}: sanity", flush=True)
    command = [str(programs / "python"), "-m", "tests.tools.ansible_test", "sanity"]
    # It makes its own copy of the checkout.
    passed = not subprocess.run(command, cwd=ROOT, env={**os.environ, "PATH": path}, check=False).returncode
    return passed, "passed" if passed else "failed"


def cell(core: str, python: str) -> Cell:
    base = interpreter(python)
    if base is None:
        print(f"\n==> {core} on Python {python}: SKIPPED, this Python is not on this machine", flush=True)
        return Cell(core, python, "SKIPPED: no such Python here", {}, 0)
    start = time.monotonic()
    name = f"{core}-{python}"
    print(f"\n==> {name}: environment", flush=True)
    programs = environment(core, python, base)
    code = "import platform; from ansible.release import __version__; print(__version__, platform.python_version())"
    found = subprocess.run([programs / "python", "-c", code], capture_output=True, text=True, check=True).stdout
    exact_core, exact_python = found.split()
    results = {suite.name: run(suite, name, programs) for suite in SUITES}
    # They depend on ansible-core, and bring the Pythons of targets themselves.
    if python == CORES[core][0]:
        results["sanity"] = run_sanity(name, programs)
    outcome = "ok" if all(passed for passed, _tests in results.values()) else "FAILED"
    return Cell(exact_core, exact_python, outcome, {suite: tests for suite, (_passed, tests) in results.items()}, time.monotonic() - start)


def table(cells: list[Cell]) -> str:
    """Return the table as Markdown for the README."""
    names = [*(suite.name for suite in SUITES), "sanity"]
    rows = [("ansible-core", "Python", *names, "result", "seconds")]
    rows += [(one.core, one.python, *(one.tests.get(name, "-") for name in names), one.outcome, f"{one.seconds:.0f}") for one in cells]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def main(arguments: list[str]) -> int:
    if arguments == ["--cells"]:
        print(json.dumps([{"core": core, "python": python} for core, python in pairs([])]))
        return 0
    chosen = pairs(arguments)
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    (PLACE / "home").mkdir(parents=True, exist_ok=True)
    copy_tree(COPY)
    cells = [cell(*pair) for pair in chosen]
    print(f"\n{table(cells)}")
    ran = [one for one in cells if one.tests]
    failed = [one for one in ran if one.outcome != "ok"]
    print(f"\nmatrix: {len(ran) - len(failed)} passed, {len(failed)} failed, {len(cells) - len(ran)} skipped since their Python is missing")
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
