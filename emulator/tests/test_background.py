# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test a tenant in the background: `start`, `env`, `stop`, and the file that they share."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from intune_emulator import EmulatorProcess, background
from intune_emulator.cli import main
from intune_emulator.control import readiness, running
from intune_emulator.control.env_file import (
    create_private,
    find_default_env_file,
    read_env_file,
    render_exports,
    write_env_file,
    write_private,
)
from intune_emulator.control.running import NotRunningError, UnclearError, find_running
from intune_emulator.serve import OtherTenantError, publish

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield the default file, and stop the tenant that a test left."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "it's a folder"))
    path = tmp_path / "it's a folder" / "intune-emulator" / "tenant.env"
    yield path
    if path.exists():
        background.stop(path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        output = capsys.readouterr()
        return code, output.out, output.err

    return call


@pytest.fixture
def written(emulator: EmulatorProcess, env_file: Path) -> Iterator[Path]:
    """Yield the default file with the variables of a running tenant, which no test here may stop."""
    env_file.parent.mkdir(parents=True)
    write_env_file(env_file, emulator.env)
    yield env_file
    env_file.unlink(missing_ok=True)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_from_the_start_to_the_end(env_file: Path, run: Run) -> None:
    code, output, _errors = run("start", "--seed", "empty")
    assert code == 0, output
    tenant = find_running(env_file)
    log = env_file.with_name("tenant.env.log")
    assert output.splitlines() == [
        "The emulated tenant is ready. Seed empty: 0 devices.",
        f"  Graph and login  {tenant.variables['INTUNE_GRAPH_URL']}   tenant {tenant.variables['INTUNE_TENANT_ID']}",
        f"  Control API      {tenant.variables['EMULATOR_URL']}/_emulator/   In a browser, it is a page that shows the tenant.",
        '  To use it:       eval "$(intune-emulator env)"',
        "  Stop it with:    intune-emulator stop",
        f"  Its output:      {log}",
    ]
    assert log.read_text(encoding="utf-8").splitlines() == [*output.splitlines()[:4], "  Stop with Ctrl+C."]
    assert [stat.S_IMODE(path.stat().st_mode) for path in (env_file.parent, env_file, log)] == [0o700, 0o600, 0o600]
    assert os.getsid(tenant.pid) == tenant.pid, "the end of a terminal would end it"
    # the shell gets the values of the file
    script = f'eval "$({sys.executable} -m intune_emulator env)" && printf %s "$INTUNE_CLIENT_SECRET" && env | grep -c ^INTUNE_'
    shell = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert shell.stdout == f"{tenant.variables['INTUNE_CLIENT_SECRET']}6\n"

    code, output, errors = run("start", "--seed", "demo")
    assert (code, output) == (1, "")
    assert errors == (
        f"intune-emulator: A tenant is already running: {tenant.variables['INTUNE_GRAPH_URL']}, seed empty, process {tenant.pid}. "
        "Stop it with `intune-emulator stop`, or set --env-file to another file for a second one.\n"
    )
    # serve also refuses the file of a running one
    assert run("--seed", "empty")[0] == 1
    assert find_running(env_file).pid == tenant.pid

    folder = Path(tenant.variables["EMULATOR_DIR"])
    assert run("stop") == (0, f"Stopped process {tenant.pid}, {tenant.variables['INTUNE_GRAPH_URL']}.\n", "")
    assert not env_file.exists() and not folder.exists()
    assert run("stop") == (0, f"No tenant is running: {env_file} does not exist.\n", "")
    assert run("env") == (1, "", f"intune-emulator: No tenant is running: {env_file} does not exist.\n")


def test_after_a_kill_the_stale_file_is_told(tmp_path: Path, run: Run) -> None:
    env_file = tmp_path / "own file.env"
    options = ("--env-file", str(env_file))
    code, output, _errors = run("start", "--seed", "empty", *options)
    assert code == 0 and f"eval \"$(intune-emulator env --env-file '{env_file}')\"" in output
    tenant = find_running(env_file)
    kill(tenant.pid)
    told = f"The tenant of {env_file} has ended: nothing listens at {tenant.variables['EMULATOR_URL']}."
    assert run("env", *options) == (1, "", f"intune-emulator: {told}\n")
    # a new one replaces the stale file
    assert run("start", "--seed", "empty", *options)[0] == 0
    assert find_running(env_file).pid != tenant.pid
    kill(find_running(env_file).pid)
    code, output, _errors = run("stop", *options)
    assert (code, output.endswith("The file is removed.\n"), env_file.exists()) == (0, True, False)


@pytest.mark.parametrize("option", [["--host", "192.0.2.1"], ["--dir", "/dev/null/folder"]])
def test_the_reason_why_it_does_not_start(env_file: Path, run: Run, option: list[str]) -> None:
    code, output, errors = run("start", *option)
    assert (code, output, env_file.exists()) == (1, "", False)
    first, last = errors.splitlines()
    log = env_file.with_name("tenant.env.log")
    assert first == f"intune-emulator: The tenant did not start: its process ended with exit code 1. The end of {log}:"
    assert last.startswith("  intune-emulator: cannot ") and option[1] in last


def test_one_that_is_not_ready_in_time_is_ended(env_file: Path) -> None:
    env_file.parent.mkdir(parents=True)
    with pytest.raises(background.BackgroundError, match="was not ready within 0 seconds"):
        background.start(["--seed", "empty"], env_file, start_timeout_seconds=0)
    with pytest.raises(NotRunningError):
        find_running(env_file)


def test_wrong_options_are_refused_before_anything_is_started(env_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["start", "--seed", "nonsense"])
    assert (ended.value.code, "unknown seed 'nonsense'" in capsys.readouterr().err, env_file.parent.exists()) == (2, True, False)
    assert main(["start", "--env-file", "/dev/null/file"]) == 1
    assert "cannot write /dev/null/file.log: " in capsys.readouterr().err


def test_another_process_is_never_ended(written: Path, emulator: EmulatorProcess, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[Any] = []
    monkeypatch.setattr(os, "kill", lambda *arguments: ended.append(arguments))
    # the process of the file has ended, another one has its id now, and a newer tenant has its port
    write_env_file(written, {**emulator.env, "EMULATOR_PID": str(os.getpid())})
    code, output, _errors = run("stop")
    assert (code, written.exists()) == (0, False)
    assert output == (
        f"The tenant of {written} has ended: {emulator.env['EMULATOR_URL']} belongs to process {emulator.pid}, "
        f"not to process {os.getpid()}. The file is removed.\n"
    )
    # a process id of a container means another process here
    write_env_file(written, emulator.env)
    health = {**emulator.control.health(), "pid_namespace": "pid:[1]"}
    monkeypatch.setattr(running, "fetch_health", lambda *arguments: health)
    code, output, errors = run("stop")
    assert (code, output, written.exists()) == (1, "", True)
    assert errors.endswith(f"is process {emulator.pid} of another container or machine. Stop it there.\n")
    assert ended == []


def test_a_process_that_does_not_end_is_killed(written: Path, emulator: EmulatorProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[Any] = []
    monkeypatch.setattr(os, "kill", lambda *arguments: ended.append(arguments))
    told = background.stop(written, stop_timeout_seconds=0)
    assert ended == [(emulator.pid, signal.SIGTERM), (emulator.pid, signal.SIGKILL)]
    assert (told, written.exists()) == (f"Process {emulator.pid} did not end within 0 seconds, and was killed.", False)


def test_a_tenant_that_cannot_be_recognized_is_left_alone(written: Path, emulator: EmulatorProcess, run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        other = f"https://127.0.0.1:{silent.getsockname()[1]}"
        for content, reason in [
            ("no variable\n", "cannot be read: a line is not NAME=value."),
            ("INTUNE_GRAPH_URL=https://127.0.0.1:1\n", "is not of a tenant that this version started: it has no EMULATOR_URL."),
            (f"EMULATOR_URL={other}\nEMULATOR_PID=x\n", "cannot be read: "),
            (f"EMULATOR_URL={other}/\nEMULATOR_PID=1\nINTUNE_CA_PATH=/missing/ca.pem\n", "does not respond: "),
            ("EMULATOR_URL=nonsense\nEMULATOR_PID=1\n", "does not respond: "),
        ]:
            written.write_text(content, encoding="utf-8")
            code, output, errors = run("stop")
            assert (code, output, reason in errors) == (1, "", True), errors
            assert errors.endswith(f"If a tenant is still running, end its process; then remove {written}.\n")
            assert written.read_text(encoding="utf-8") == content
        write_env_file(written, {**emulator.env, "EMULATOR_URL": other})
        with pytest.raises(UnclearError, match="does not respond"):
            find_running(written, timeout_seconds=0.01)


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"XDG_RUNTIME_DIR": "/run/user/1", "XDG_CACHE_HOME": "/cache"}, "/run/user/1"),
        ({"XDG_CACHE_HOME": "/cache"}, "/cache"),
        ({"XDG_RUNTIME_DIR": "", "XDG_CACHE_HOME": "/cache"}, "/cache"),
        ({"XDG_RUNTIME_DIR": "relative", "XDG_CACHE_HOME": "/cache"}, "/cache"),
        ({}, "~/.cache"),
    ],
)
def test_the_default_file(variables: dict[str, str], folder: str) -> None:
    assert find_default_env_file(variables) == Path(folder).expanduser() / "intune-emulator" / "tenant.env"


def test_values_are_quoted_for_a_shell() -> None:
    variables = {"FIRST": 'it\'s $HOME "and" `more`', "SECOND": "a\\b c"}
    script = render_exports(variables) + 'printf "%s\\n" "$FIRST" "$SECOND"'
    shell = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert shell.stdout.splitlines() == list(variables.values())


@pytest.mark.parametrize("name", ["PATH", "INTUNE_X;echo evil;A", "", "intune_graph_url", "X_INTUNE_"])
def test_a_file_with_other_names_is_not_evaluated(written: Path, emulator: EmulatorProcess, run: Run, name: str) -> None:
    """Only values are quoted."""
    write_env_file(written, {**emulator.env, name: "x"})
    code, output, errors = run("env")
    assert (code, output) == (1, "")
    assert f"cannot be read: {name!r} is not the name of a variable of a tenant." in errors


def test_private_files_are_new_ones(tmp_path: Path) -> None:
    """In a folder that others can write to, they can prepare links and files of theirs."""
    target, path = tmp_path / "of somebody else", tmp_path / "secret"
    target.write_text("unchanged", encoding="utf-8")
    prepared = tmp_path / f".secret.{os.getpid()}"
    for prepare in (prepared.symlink_to, prepared.hardlink_to):
        prepare(target)
        write_private(path, "text")
        assert (path.read_text(encoding="utf-8"), stat.S_IMODE(path.stat().st_mode)) == ("text", 0o600)
    path.unlink()
    path.symlink_to(target)
    os.close(create_private(path))
    assert (stat.S_IMODE(path.stat().st_mode), path.is_symlink()) == (0o600, False)
    assert target.read_text(encoding="utf-8") == "unchanged"
    assert sorted(tmp_path.iterdir()) == [target, path]


def test_a_process_of_another_machine_is_another_one(
    written: Path, emulator: EmulatorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of the first namespace is the same on all of them."""
    assert find_running(written).is_on_this_machine
    boot_id = tmp_path / "boot_id"
    boot_id.write_text("11111111-2222-4333-8444-555555555555\n", encoding="ascii")
    monkeypatch.setattr(readiness, "BOOT_ID", boot_id)
    assert not find_running(written).is_on_this_machine


def test_a_tenant_does_not_take_the_file_of_one_that_was_faster(written: Path, emulator: EmulatorProcess) -> None:
    own = {**emulator.env, "EMULATOR_PID": "1"}
    with pytest.raises(OtherTenantError, match=f"A tenant is already running: .* process {emulator.pid}"):
        publish(written, own)
    assert read_env_file(written) == emulator.env
    # of one that has ended
    write_env_file(written, own)
    publish(written, emulator.env)
    assert read_env_file(written) == emulator.env
    written.unlink()
    publish(written, own)
    assert (read_env_file(written), stat.S_IMODE(written.stat().st_mode), len(list(written.parent.iterdir()))) == (own, 0o600, 1)


def test_of_two_that_start_at_once_one_runs(env_file: Path) -> None:
    command = [sys.executable, "-m", "intune_emulator", "start", "--seed", "empty"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _number in range(2)]
    outputs = [process.communicate(timeout=30)[0] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1], outputs
    assert any("A tenant is already running: " in output for output in outputs)
    assert find_running(env_file)


def test_the_file_of_a_newer_process_stays(tmp_path: Path, emulator: EmulatorProcess) -> None:
    env_file = tmp_path / "tenant.env"
    command = [sys.executable, "-m", "intune_emulator", "--seed", "empty", "--env-file", str(env_file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and process.stdout.readline()
        write_env_file(env_file, emulator.env)
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
    assert read_env_file(env_file) == emulator.env
