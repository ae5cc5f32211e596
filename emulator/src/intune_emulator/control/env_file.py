# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The file with the variables of a running tenant: its default path, its content, and the lines that a shell evaluates."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

PID = "EMULATOR_PID"
FOLDERS = ("XDG_RUNTIME_DIR", "XDG_CACHE_HOME")


def find_default_env_file(environment: Mapping[str, str] | None = None) -> Path:
    """Return the file that is used if none is named: one for each user of a machine. The folder may not exist yet."""
    variables = os.environ if environment is None else environment
    named = [variables.get(name, "") for name in FOLDERS]
    # relative paths must be ignored: https://specifications.freedesktop.org/basedir/latest/
    folder = next((Path(path) for path in named if os.path.isabs(path)), Path.home() / ".cache")
    return folder / "intune-emulator" / "tenant.env"


def read_env_file(path: Path) -> dict[str, str]:
    """Return the variables of a file that a tenant wrote."""
    return dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines())


def write_env_file(path: Path, variables: Mapping[str, str]) -> None:
    """Write the variables, readable by the owner only."""
    write_private(path, "".join(f"{name}={value}\n" for name, value in variables.items()))


def remove_env_file(path: Path, pid: int) -> None:
    """Remove the file, unless it belongs to another process by now."""
    if names_process(path, pid):
        path.unlink(missing_ok=True)


def names_process(path: Path, pid: int) -> bool:
    """Return whether the file exists and belongs to this process."""
    with contextlib.suppress(OSError, ValueError):
        return read_env_file(path).get(PID) == str(pid)
    return False


def render_exports(variables: Mapping[str, str]) -> str:
    """Return the variables as lines for the `eval` of a POSIX shell."""
    quote = "'\"'\"'"
    return "".join(f"export {name}='{value.replace(chr(39), quote)}'\n" for name, value in variables.items())


def write_private(path: Path, content: bytes | str) -> Path:
    """Write a file atomically, readable by its owner only; return its path."""
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
    os.replace(temporary, path)
    return path
