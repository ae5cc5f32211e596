# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test the pytest plugin in separate runs of pytest."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from intune_emulator import EmulatorProcess
from intune_emulator.control.env_file import write_env_file
from intune_emulator.control.intune_tenant import find_intune_tenant

TESTS = """
import pytest

def spoil(tenant):
    tenant.control.settings(page_size=7)
    tenant.control.advance(86400)

@pytest.mark.parametrize("time", range(4))
def test_fresh_state(intune_tenant, time):
    assert intune_tenant.control.settings()["page_size"] == 1000
    assert intune_tenant.control.health()["seed"] == "demo"
    assert intune_tenant.control.clock()["frozen"] is False
    spoil(intune_tenant)

def test_environment(intune_tenant, intune_tenant_process):
    import os
    assert intune_tenant.env == intune_tenant_process.env
    assert intune_tenant.environment() == {**os.environ, **intune_tenant.env}
    assert not [name for name in intune_tenant.env if name in os.environ]

def test_process_keeps_its_state(intune_tenant_process):
    spoil(intune_tenant_process)
    assert intune_tenant_process.control.settings()["page_size"] == 7

@pytest.mark.intune_tenant(seed="empty", frozen=True)
class TestMarker:
    def test_of_a_class(self, intune_tenant):
        assert intune_tenant.control.health()["seed"] == "empty"
        assert intune_tenant.control.clock()["frozen"] is True

    @pytest.mark.intune_tenant(seed="fleet:3")
    def test_closer_one_wins(self, intune_tenant):
        assert intune_tenant.control.health()["seed"] == "fleet:3"
        assert intune_tenant.control.clock()["frozen"] is True
"""
NOPROC = """
import pytest

@pytest.fixture(scope="session")
def intune_tenant_process(intune_tenant_noproc):
    return intune_tenant_noproc
"""
# importing hypothesis takes longer than the tests
FEW_PLUGINS = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:anyio")
# A shell starts background jobs with SIGINT ignored, which their processes inherit.
INTERRUPTIBLE = "import signal, sys, pytest; signal.signal(signal.SIGINT, signal.default_int_handler); sys.exit(pytest.main())"
INTERRUPTED = """
import json, os, pathlib, threading

def test_that_does_not_end(intune_tenant):
    pathlib.Path({path!r}).write_text(json.dumps([os.getpid(), intune_tenant.env["EMULATOR_URL"]]))
    print("started", flush=True)
    threading.Event().wait()
"""


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("EMULATOR_", "INTUNE_", "PYTEST_")) and name != "PYTEST_TIMEOUT":
            monkeypatch.delenv(name)


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(*FEW_PLUGINS, "--strict-markers", "-v", *arguments, timeout=120)


def test_state_of_each_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    run(pytester).assert_outcomes(passed=8)


def test_each_worker_has_its_own_tenant(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    result = run(pytester, "-n", "2", "--dist", "each", "--intune-tenant-record", "sent")
    result.assert_outcomes(passed=16)
    # no test sent a request to Graph, so the recordings are empty
    assert sorted(path.name for path in (pytester.path / "sent").iterdir()) == ["gw0.jsonl", "gw1.jsonl"]


def test_ini_options(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nintune_tenant_seed = fleet:2\nintune_tenant_arguments = --host-name localhost")
    pytester.makepyfile(
        """
        import pytest

        def test_options(intune_tenant):
            assert intune_tenant.control.health()["seed"] == "fleet:2"
            assert intune_tenant.env["INTUNE_GRAPH_URL"].startswith("https://localhost:")

        @pytest.mark.intune_tenant(frozen=True)
        def test_marker_without_seed(intune_tenant):
            assert intune_tenant.control.health()["seed"] == "fleet:2"
        """
    )
    run(pytester).assert_outcomes(passed=2)


WRONG_MARKERS = """
import pytest

@pytest.mark.intune_tenant(seeds="demo")
def test_keyword(intune_tenant):
    pass

@pytest.mark.intune_tenant("demo")
def test_position(intune_tenant):
    pass

@pytest.mark.intune_tenant(seed="nonsense")
def test_seed(intune_tenant):
    pass

@pytest.mark.intune_tenant(preset="nonsense")
def test_preset(intune_tenant):
    pass

@pytest.mark.intune_tenant(seed=[])
def test_list(intune_tenant):
    pass
"""


@pytest.fixture
def running_emulator(emulator: EmulatorProcess, monkeypatch: pytest.MonkeyPatch) -> EmulatorProcess:
    """Return a tenant whose variables are set."""
    for name, value in emulator.env.items():
        monkeypatch.setenv(name, value)
    return emulator


REFUSING = """
import pytest, requests

@pytest.fixture
def session(intune_tenant):
    with requests.Session() as session:
        session.verify, session.trust_env = intune_tenant.env["INTUNE_CA_PATH"], False
        session.headers["Authorization"] = f"Bearer {intune_tenant.control.token()}"
        yield session

@pytest.mark.parametrize("expected", [200, 400])
def test_refused(intune_tenant, session, expected):
    for _time in range(2):
        path = "/v1.0/nonsense?$top=1"
        assert session.get(intune_tenant.env["INTUNE_GRAPH_URL"] + path, headers={"If-Match": "x"}).status_code in (expected, 400)
        session.get(intune_tenant.env["INTUNE_GRAPH_URL"] + "/v1.0/users", headers={"If-Match": "x"})
    assert expected == 400

def test_nothing_refused(intune_tenant):
    assert False

def test_ended(intune_tenant):
    intune_tenant.control._url = "https://127.0.0.1:9"
    assert False
"""


def test_a_failed_test_shows_what_was_refused(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(REFUSING)
    result = run(pytester)
    result.assert_outcomes(passed=1, failed=3)
    output = result.stdout.str()
    assert output.count("Refused or ignored by the emulated tenant") == 2
    assert output.count("GET /nonsense: unknown path. ") == output.count("GET /users: header if-match: ") == 1
    assert output.count("The journal cannot be read: ") == 1


def test_wrong_markers(pytester: pytest.Pytester, running_emulator: EmulatorProcess) -> None:
    pytester.makeconftest(NOPROC)
    pytester.makepyfile(WRONG_MARKERS)
    result = run(pytester)
    result.assert_outcomes(errors=5)
    result.stdout.fnmatch_lines_random(
        [
            "marker intune_tenant: seed must be a name or the path of a file, not [[]].",
            "marker intune_tenant: unknown arguments: seeds. It takes seed, preset, frozen.",
            "marker intune_tenant: unknown arguments: 'demo'. It takes seed, preset, frozen.",
            "*ControlError: POST reset: 400 *unknown seed 'nonsense'*",
            "*ControlError: POST reset: 400 *unknown preset 'nonsense'*",
        ]
    )


def test_a_running_tenant(pytester: pytest.Pytester, running_emulator: EmulatorProcess) -> None:
    running_emulator.control.settings(page_size=9)
    pytester.makeconftest(NOPROC)
    pytester.makepyfile(
        f"""
        def test_as_it_is(intune_tenant_noproc):
            assert intune_tenant_noproc.env == {running_emulator.env!r}
            assert intune_tenant_noproc.control.settings()["page_size"] == 9

        def test_reset(intune_tenant):
            assert intune_tenant.control.settings()["page_size"] == 1000
        """
    )
    result = run(pytester, "-n", "2")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*several workers would reset one running tenant*"])
    run(pytester, "-n", "1").assert_outcomes(passed=2)


def test_no_running_tenant(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(pytester.path))
    pytester.makepyfile("def test_it(intune_tenant_noproc):\n    pass")
    result = run(pytester)
    result.assert_outcomes(errors=1)
    text = (
        "intune_tenant_noproc: no emulated tenant is running: EMULATOR_URL is not set. No tenant is running: "
        f"{pytester.path}/intune-emulator/tenant.env does not exist. Start one with `intune-emulator start`."
    )
    result.stdout.fnmatch_lines([text])
    result.stdout.no_fnmatch_line("*During handling of the above exception*")


def test_no_tenant_that_responds() -> None:
    with pytest.raises(LookupError, match=r"https://127\.0\.0\.1:9 does not respond: .*\.$"):
        find_intune_tenant({"EMULATOR_URL": "https://127.0.0.1:9"})


def test_the_tenant_of_the_default_file(emulator: EmulatorProcess, tmp_path: Path) -> None:
    path = tmp_path / "intune-emulator" / "tenant.env"
    path.parent.mkdir()
    write_env_file(path, emulator.env)
    found = find_intune_tenant({"XDG_RUNTIME_DIR": str(tmp_path), "EMULATOR_URL": ""})
    assert found.env == emulator.env
    assert found.control.health()["seed"] == "demo"
    found.control.close()


def test_without_the_plugin(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(intune_tenant):\n    pass")
    result = run(pytester, "-p", "no:intune_emulator")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'intune_tenant' not found*"])


def test_nothing_is_imported_until_a_fixture_is_used() -> None:
    steps = ("import json, sys, pytest", "before = set(sys.modules)", "import intune_emulator.pytest_plugin")
    code = "; ".join([*steps, "print(json.dumps(sorted({*sys.modules} - before)))"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ["intune_emulator", "intune_emulator.pytest_plugin", "intune_emulator.version"]


def test_nothing_is_imported_by_tests_of_others(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_it():
            assert "intune_emulator.pytest_plugin" in sys.modules
            assert not [name for name in sys.modules if name.startswith("intune_emulator.control")]
            assert not {"requests", "uvicorn", "cryptography"} & set(sys.modules)
        """
    )
    run(pytester).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("workers", "number"),
    [
        ([], signal.SIGINT),
        ([], signal.SIGKILL),
        pytest.param(["-n", "2"], signal.SIGKILL, marks=pytest.mark.exhaustive),
    ],
)
def test_the_tenant_ends_with_an_interrupted_run(pytester: pytest.Pytester, workers: list[str], number: signal.Signals) -> None:
    started = pytester.path / "started"
    os.mkfifo(started)
    pytester.makepyfile(INTERRUPTED.format(path=str(started)))
    command = [sys.executable, "-c", INTERRUPTIBLE, *FEW_PLUGINS, *workers]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=pytester.path) as process:
        pid, url = json.loads(started.read_text())
        with socket.create_connection(("127.0.0.1", urlsplit(url).port), timeout=30) as connection:
            os.kill(pid, number)
            # until the tenant closes it
            assert connection.recv(1) == b""
        process.kill() if workers else process.wait(30)
