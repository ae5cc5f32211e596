# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Describe a running emulator: the lines that it prints when it is ready, and its process."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .env_file import find_default_env_file

PID_NAMESPACE, BOOT_ID = Path("/proc/self/ns/pid"), Path("/proc/sys/kernel/random/boot_id")
READY_LINE = "The emulated tenant is ready."


def describe_process() -> dict[str, Any]:
    """Return the process id and, on Linux, the namespace of the id; another container or machine has another namespace."""
    try:
        # the first namespace of all machines has the same number, so that of the boot is added
        namespace = f"{os.readlink(PID_NAMESPACE)} of boot {BOOT_ID.read_text(encoding='ascii').strip()}"
    except OSError:
        namespace = None
    return {"pid": os.getpid(), "pid_namespace": namespace}


def describe_tenant(health: Mapping[str, Any], control_url: str, env_file: Path) -> str:
    """Return the lines that show how to use a tenant."""
    return (
        f"{READY_LINE} Seed {health['seed']}: {health['devices']} devices.\n"
        f"  Graph and login  {health['origin']}   tenant {health['tenant_id']}\n"
        f"  Control API      {control_url}/_emulator/   In a browser, it is a page that shows the tenant.\n"
        f'  To use it:       eval "$({render_command("env", env_file)})"'
    )


def render_command(command: str, env_file: Path) -> str:
    """Return a command for the tenant of a file as a user types it."""
    named = "" if env_file == find_default_env_file() else f" --env-file {shlex.quote(str(env_file))}"
    return f"intune-emulator {command}{named}"
