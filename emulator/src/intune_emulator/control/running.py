# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Find the running tenant of a file with variables."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .env_file import PID, read_env_file
from .health import NoHealthError, fetch_health
from .readiness import describe_process, render_command

TIMEOUT_SECONDS = 5.0


class NotRunningError(Exception):
    """There is no file, or its tenant has ended."""


class UnclearError(Exception):
    """The emulator cannot determine whether the tenant of the file is running."""


@dataclass(frozen=True)
class RunningTenant:
    """A tenant that responds as the process that wrote the file."""

    variables: dict[str, str]
    health: dict[str, Any]
    pid: int

    @property
    def is_on_this_machine(self) -> bool:
        """Return whether its process id means the same process here; that of a container does not."""
        return bool(self.health.get("pid_namespace") == describe_process()["pid_namespace"])


def find_running(path: Path, timeout_seconds: float = TIMEOUT_SECONDS) -> RunningTenant:
    """Return the running tenant of a file; NotRunningError or UnclearError with the reason."""
    try:
        variables = read_env_file(path)
        url, pid = variables["EMULATOR_URL"], int(variables[PID])
    except FileNotFoundError:
        raise NotRunningError(f"No tenant is running: {path} does not exist.") from None
    except KeyError as error:
        raise UnclearError(f"{path} is not of a tenant that this version started: it has no {error.args[0]}.") from None
    except (OSError, ValueError) as error:
        raise UnclearError(f"{path} cannot be read: {error}.") from None
    _check_port(path, url, timeout_seconds)
    try:
        health = fetch_health(url, variables.get("INTUNE_CA_PATH"), timeout_seconds)
    except NoHealthError as error:
        raise UnclearError(f"The tenant of {path} cannot be reached: {error}.") from None
    if health.get("pid") != pid:
        raise NotRunningError(f"The tenant of {path} has ended: {url} belongs to process {health.get('pid')}, not to process {pid}.")
    return RunningTenant(variables, health, pid)


def describe_other(env_file: Path) -> str | None:
    """Return a message if the tenant of the file is running."""
    try:
        other = find_running(env_file)
    except (NotRunningError, UnclearError):
        return None
    return (
        f"A tenant is already running: {other.health['origin']}, seed {other.health['seed']}, process {other.pid}. "
        f"Stop it with `{render_command('stop', env_file)}`, or set --env-file to another file for a second one."
    )


def _check_port(path: Path, url: str, timeout_seconds: float) -> None:
    """Raise NotRunningError if nothing listens: the port of the control API is open until the process ends."""
    address = urlsplit(url)
    try:
        socket.create_connection((address.hostname or "", address.port or 0), timeout_seconds).close()
    except ConnectionRefusedError:
        raise NotRunningError(f"The tenant of {path} has ended: nothing listens at {url}.") from None
    except (OSError, ValueError) as error:
        raise UnclearError(f"{url} in {path} does not respond: {error}") from None
