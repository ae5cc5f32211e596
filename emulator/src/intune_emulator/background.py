# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Start a tenant in the background, and stop it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .control.env_file import create_private, names_process, remove_env_file
from .control.readiness import describe_tenant, render_command
from .control.running import NotRunningError, UnclearError, describe_other, find_running

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 15.0
POLL_SECONDS = 0.01
LOG_LINES = 20


class BackgroundError(Exception):
    """A tenant failed to start or cannot be stopped; the message has the reason and the next step."""


def start(arguments: Sequence[str], env_file: Path, start_timeout_seconds: float = START_TIMEOUT_SECONDS) -> str:
    """Start a tenant in its own session, wait until it responds, and return the text to print. `arguments`: those of `serve`."""
    log = env_file.with_name(f"{env_file.name}.log")
    command = [sys.executable, "-m", "intune_emulator", "serve", *arguments, "--env-file", str(env_file)]
    with os.fdopen(create_private(log), "wb") as stream:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True)
    try:
        _wait_until_written(process, env_file, log, start_timeout_seconds)
        tenant = find_running(env_file)
    except (NotRunningError, UnclearError) as error:
        process.terminate()
        raise _failure(str(error), log) from None
    except BaseException:
        process.terminate()
        raise
    return (
        f"{describe_tenant(tenant.health, tenant.variables['EMULATOR_URL'], env_file)}\n"
        f"  Stop it with:    {render_command('stop', env_file)}\n"
        f"  Its output:      {log}"
    )


def _wait_until_written(process: subprocess.Popen[bytes], env_file: Path, log: Path, timeout_seconds: float) -> None:
    """Return when the process has written its variables; it does so as soon as it is ready."""
    deadline = time.monotonic() + timeout_seconds
    while not names_process(env_file, process.pid):
        if process.poll() is not None:
            # another one that was started at the same time, and has the log, too
            if message := describe_other(env_file):
                raise BackgroundError(message)
            raise _failure(f"its process ended with exit code {process.returncode}", log)
        if time.monotonic() > deadline:
            raise _failure(f"it was not ready within {timeout_seconds:g} seconds", log)
        time.sleep(POLL_SECONDS)


def _failure(reason: str, log: Path) -> BackgroundError:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
    shown = "".join(f"\n  {line}" for line in lines) or "\n  (no output)"
    return BackgroundError(f"The tenant did not start: {reason}. The end of {log}:{shown}")


def stop(env_file: Path, stop_timeout_seconds: float = STOP_TIMEOUT_SECONDS) -> str:
    """Stop the tenant of a file, if it is running, wait until it has ended, and return the text to print."""
    try:
        tenant = find_running(env_file)
    except NotRunningError as error:
        removed = " The file is removed." if env_file.exists() else ""
        env_file.unlink(missing_ok=True)
        return f"{error}{removed}"
    except UnclearError as error:
        raise BackgroundError(f"{error} If a tenant is still running, end its process; then remove {env_file}.") from None
    if not tenant.is_on_this_machine:
        raise BackgroundError(f"The tenant of {env_file} is process {tenant.pid} of another container or machine. Stop it there.")
    os.kill(tenant.pid, signal.SIGTERM)
    deadline = time.monotonic() + stop_timeout_seconds
    # the process removes its file last
    while names_process(env_file, tenant.pid):
        if time.monotonic() > deadline:
            os.kill(tenant.pid, signal.SIGKILL)
            remove_env_file(env_file, tenant.pid)
            return f"Process {tenant.pid} did not end within {stop_timeout_seconds:g} seconds, and was killed."
        time.sleep(POLL_SECONDS)
    return f"Stopped process {tenant.pid}, {tenant.health['origin']}."
