# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The pytest plugin: fixtures of an emulated tenant. It imports nothing except pytest until a test uses one."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .control.intune_tenant import IntuneTenant

MARKER = "intune_tenant"
SEED, ARGUMENTS, RECORD = "intune_tenant_seed", "intune_tenant_arguments", "--intune-tenant-record"
SECTION = "Refused or ignored by the emulated tenant"
KEYWORDS = ("seed", "preset", "frozen")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    seeds = "seed of the emulated tenant, a name or the path of a file, where the marker intune_tenant names none"
    parser.addini(SEED, seeds, default="demo")
    parser.addini(ARGUMENTS, "further options of `intune-emulator serve` for the emulated tenant", type="args", default=[])
    group = parser.getgroup("intune-emulator", "emulated tenant")
    group.addoption(RECORD, metavar="DIR", help="append every Graph exchange of the emulated tenant to a file in this folder, one a worker")


def pytest_configure(config: pytest.Config) -> None:
    """Add the marker."""
    text = "state of the fixture intune_tenant for this test; a marker closer to the test takes precedence, keyword by keyword"
    config.addinivalue_line("markers", f"{MARKER}(seed=None, preset=None, frozen=False): {text}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Show in the report of a failed test what the tenant refused in it because it is not emulated."""
    outcome = yield
    report = outcome.get_result()
    tenant = getattr(item, "funcargs", {}).get(MARKER)
    if report.when == "call" and report.failed and tenant is not None:
        report.sections += [(SECTION, text) for text in (_describe_refusals(tenant),) if text]


def _describe_refusals(tenant: IntuneTenant) -> str:
    """Return the reasons in the journal, each once."""
    from .control.client import ControlError

    try:
        entries = tenant.control.journal()
    except (ControlError, OSError) as error:
        return f"The journal cannot be read: {error}"
    found = [(entry, text) for entry in entries for text in (entry["refused"], *(entry["ignored"] or ())) if text]
    return "\n".join(dict.fromkeys(f"{entry['method']} {entry['path']}: {text}" for entry, text in found))


@pytest.fixture(scope="session")
def intune_tenant_process(request: pytest.FixtureRequest) -> Iterator[IntuneTenant]:
    """Yield an emulated tenant as a process, one for the whole run (with pytest-xdist: for each worker), without resetting its state.

    To use a running tenant in `intune_tenant`, override this fixture with one that returns `intune_tenant_noproc`.
    """
    from .control.process import EmulatorProcess

    config = request.config
    folder = config.getoption(RECORD)
    record = Path(folder) / f"{_worker(config)}.jsonl" if folder else None
    if record is not None:
        record.parent.mkdir(parents=True, exist_ok=True)
    with EmulatorProcess(_find_seed(config, config.getini(SEED)), record=record, arguments=config.getini(ARGUMENTS)) as process:
        yield process


@pytest.fixture(scope="session")
def intune_tenant_noproc() -> Iterator[IntuneTenant]:
    """Yield the running emulated tenant of the variables, else that of the default file, without resetting its state."""
    from .control.intune_tenant import find_intune_tenant

    try:
        tenant = find_intune_tenant(os.environ)
    except LookupError as error:
        text = f"intune_tenant_noproc: no emulated tenant is running: {error} Start one with `intune-emulator start`."
        raise pytest.fail.Exception(text, pytrace=False) from None
    yield tenant
    tenant.control.close()


@pytest.fixture
def intune_tenant(request: pytest.FixtureRequest, intune_tenant_process: IntuneTenant) -> IntuneTenant:
    """Return the emulated tenant with the state of a new one. Keys, secrets, and URLs stay those of the run.

    The fixture does not change the environment of the test: `environment()` returns one for a command that the test runs.
    """
    wanted = _read_markers(request.node)
    if int(getattr(request.config, "workerinput", {}).get("workercount", 1)) > 1 and not _is_own(intune_tenant_process):
        pytest.fail("intune_tenant: several workers would reset one running tenant. Run the tests without -n.", pytrace=False)
    seed = _find_seed(request.config, wanted["seed"] or request.config.getini(SEED))
    intune_tenant_process.control.reset(seed, frozen=wanted["frozen"], preset=wanted["preset"])
    return intune_tenant_process


def _read_markers(node: pytest.Item) -> dict[str, Any]:
    """Return the keywords of all markers of a test; the closest marker takes precedence."""
    wanted: dict[str, Any] = dict.fromkeys(KEYWORDS)
    for marker in reversed(list(node.iter_markers(MARKER))):
        unknown = [*map(repr, marker.args), *(name for name in marker.kwargs if name not in KEYWORDS)]
        if unknown:
            pytest.fail(f"marker {MARKER}: unknown arguments: {', '.join(unknown)}. It takes {', '.join(KEYWORDS)}.", pytrace=False)
        seed = marker.kwargs.get("seed")
        if seed is not None and not (isinstance(seed, (str, Path)) and str(seed)):
            pytest.fail(f"marker {MARKER}: seed must be a name or the path of a file, not {seed!r}.", pytrace=False)
        wanted.update(marker.kwargs)
    return wanted


def _find_seed(config: pytest.Config, seed: str | Path) -> str | Path:
    """Return a name, or the path of a seed file: a relative one is below pytest's root folder."""
    from .control.seed_names import is_file

    return config.rootpath / seed if isinstance(seed, Path) or is_file(seed) else seed


def _is_own(tenant: IntuneTenant) -> bool:
    from .control.process import EmulatorProcess

    return isinstance(tenant, EmulatorProcess)


def _worker(config: pytest.Config) -> str:
    """Return the worker's name in pytest-xdist; master without it."""
    return str(getattr(config, "workerinput", {}).get("workerid", "master"))
