# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test the command: its options, the health check, and the host names that reach it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from cryptography import x509
from intune_emulator import EmulatorProcess, __version__
from intune_emulator.cli import main
from intune_emulator.control import health
from intune_emulator.control.env_file import write_env_file
from intune_emulator.http.tls import make_authority, make_server_certificate
from intune_emulator.serve import ServeOptions


@pytest.fixture
def env_file(emulator: EmulatorProcess, tmp_path: Path) -> Path:
    path = tmp_path / "tenant.env"
    write_env_file(path, emulator.env)
    return path


@pytest.fixture(autouse=True)
def default_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the default file of a user without variables."""
    for name in ("EMULATOR_URL", "INTUNE_CA_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path / "run" / "intune-emulator" / "tenant.env"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"intune-emulator {__version__}\n")


def test_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "intune_emulator", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"intune-emulator {__version__}\n"


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert not [name for name in ("serve", "start", "stop", "env", "healthcheck", "--version") if name not in text]


@pytest.mark.parametrize("command", [["serve", "--seed", "nonsense"], ["--seed", "nonsense"]])
def test_serve_is_the_default(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert (ended.value.code, "unknown seed 'nonsense'" in capsys.readouterr().err) == (2, True)


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--port", "65536", "must be a number from 0 to 65535, not '65536'"),
        ("--control-port", "\u00b2", "must be a number from 0 to 65535, not '\u00b2'"),
        ("--host", "", "must be a host name or an IPv4 address, 64 characters at most, in letters, digits, hyphens, and dots, not ''"),
        ("--host", "::1", "not '::1'"),
        ("--host-name", "\u00fc.test", "not '\u00fc.test'"),
        ("--host-name", "name/path", "not 'name/path'"),
        ("--host-name", "name:1", "not 'name:1'"),
        ("--host-name", "x" * 65, "not 'xxx"),
    ],
)
def test_names_and_ports_that_cannot_be_served(option: str, value: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([f"{option}={value}"])
    assert (ended.value.code, told in capsys.readouterr().err) == (2, True)


def test_ready_by_env_file(env_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["healthcheck", "--env-file", str(env_file)]) == 0
    assert capsys.readouterr().out.endswith("seed demo, 40 devices\n")


def test_ready_by_url(emulator: EmulatorProcess) -> None:
    # the control API also responds on the port of the tenant
    for url in (emulator.env["EMULATOR_URL"], emulator.env["INTUNE_GRAPH_URL"] + "/"):
        assert main(["healthcheck", "--url", url, "--ca-file", emulator.env["INTUNE_CA_PATH"]]) == 0


def test_ready_by_variables(emulator: EmulatorProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EMULATOR_URL", "INTUNE_CA_PATH"):
        monkeypatch.setenv(name, emulator.env[name])
    assert main(["healthcheck"]) == 0


def test_ready_by_the_default_file(emulator: EmulatorProcess, default_env_file: Path) -> None:
    default_env_file.parent.mkdir(parents=True)
    write_env_file(default_env_file, emulator.env)
    assert main(["healthcheck"]) == 0


def refusal(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["healthcheck", *options]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    return output.err


def test_not_ready(emulator: EmulatorProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(capsys) == "not ready: no URL: set --url, --env-file or EMULATOR_URL, or start a tenant with `intune-emulator start`\n"
    missing = tmp_path / "missing.env"
    assert refusal(capsys, "--env-file", str(missing)).startswith(f"not ready: cannot read {missing}: ")
    broken = tmp_path / "broken.env"
    broken.write_text("no variable\n", encoding="utf-8")
    assert refusal(capsys, "--env-file", str(broken)).startswith(f"not ready: cannot read {broken}: ")
    url = emulator.env["EMULATOR_URL"]
    # the machine does not trust its CA
    assert refusal(capsys, "--url", url).startswith(f"not ready: {url} does not respond: ")
    closed = "https://127.0.0.1:9"
    assert refusal(capsys, "--url", closed).startswith(f"not ready: {closed} does not respond: ")


def test_wrong_timeouts(emulator: EmulatorProcess, capsys: pytest.CaptureFixture[str]) -> None:
    url, ca_file = emulator.env["EMULATOR_URL"], emulator.env["INTUNE_CA_PATH"]
    for seconds in ("inf", "nan", "-1"):
        assert main(["healthcheck", "--url", url, "--ca-file", ca_file, f"--timeout={seconds}"]) == 1
        assert capsys.readouterr().err.startswith(f"not ready: {url} does not respond: ")


def test_another_service_is_not_ready(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for answer in ([], {"status": "starting"}):
        monkeypatch.setattr(health, "_read", lambda *arguments, answer=answer: json.dumps(answer).encode())
        assert refusal(capsys, "--url", "https://127.0.0.1:9") == "not ready: https://127.0.0.1:9 is not an emulated tenant\n"


def test_a_port_in_use_is_told(emulator: EmulatorProcess, capsys: pytest.CaptureFixture[str]) -> None:
    port = emulator.env["INTUNE_GRAPH_URL"].rpartition(":")[2]
    assert main(["--port", port, "--seed", "empty"]) == 1
    assert capsys.readouterr().err.startswith("intune-emulator: cannot serve on 127.0.0.1: ")


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (ServeOptions(), ["127.0.0.1", "localhost"]),
        (ServeOptions(host="0.0.0.0"), ["127.0.0.1", "localhost"]),
        (ServeOptions(host="127.0.0.2"), ["127.0.0.2", "127.0.0.1", "localhost"]),
        (ServeOptions(host="0.0.0.0", host_names=["intune.test", "10.1.2.3"]), ["intune.test", "10.1.2.3", "127.0.0.1", "localhost"]),
        (ServeOptions(host_names=["localhost"]), ["localhost", "127.0.0.1"]),
    ],
)
def test_names_of_the_certificate(options: ServeOptions, names: list[str]) -> None:
    assert options.names == names
    certificate = make_server_certificate(make_authority(), options.names).certificate
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in alternatives] == names
    assert certificate.subject.rfc4514_string() == f"CN={names[0]}"


def test_another_address_and_name() -> None:
    with EmulatorProcess("empty", arguments=["--host", "127.0.0.2", "--host-name", "localhost"]) as emulator:
        graph, port = emulator.env["INTUNE_GRAPH_URL"], emulator.env["INTUNE_GRAPH_URL"].rpartition(":")[2]
        assert graph == f"https://localhost:{port}"
        assert emulator.env["EMULATOR_URL"].startswith("https://localhost:")
        with requests.Session() as session:
            session.trust_env, session.verify = False, emulator.env["INTUNE_CA_PATH"]
            health = session.get(f"https://127.0.0.2:{port}/_emulator/health").json()
            assert (health["origin"], health["seed"]) == (graph, "empty")
            with pytest.raises(requests.ConnectionError):
                session.get(f"https://127.0.0.1:{port}/_emulator/health")


@pytest.mark.parametrize(
    ("module", "unwanted"), [("intune_emulator", "requests"), ("intune_emulator.cli", "uvicorn"), ("intune_emulator.cli", "requests")]
)
def test_imports_are_cheap(module: str, unwanted: str) -> None:
    code = f"import sys, {module}; sys.exit({unwanted!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
