# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The file with the variables of a running tenant: its default path, its content, and the lines that a shell evaluates."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

PID = "EMULATOR_PID"
# A shell evaluates the variables, so those of a file have only these names.
NAME = re.compile(r"(?:INTUNE|EMULATOR)_[A-Z0-9_]+")
FOLDERS = ("XDG_RUNTIME_DIR", "XDG_CACHE_HOME")


def find_default_env_file(environment: Mapping[str, str] | None = None) -> Path:
    """Return the file that is used if none is named: one for each user of a machine. The folder may not exist yet."""
    variables = os.environ if environment is None else environment
    named = [variables.get(name, "") for name in FOLDERS]
    # relative paths must be ignored: https://specifications.freedesktop.org/basedir/latest/
    folder = next((Path(path) for path in named if os.path.isabs(path)), Path.home() / ".cache")
    return folder / "intune-emulator" / "tenant.env"


def read_env_file(path: Path) -> dict[str, str]:
    """Return the variables of a file that a tenant wrote; ValueError for any other file."""
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line]
    if not all("=" in line for line in lines):
        raise ValueError("a line is not NAME=value")
    variables = dict(line.split("=", 1) for line in lines)
    if wrong := [name for name in variables if not NAME.fullmatch(name)]:
        raise ValueError(f"{wrong[0]!r} is not the name of a variable of a tenant")
    return variables


def write_env_file(path: Path, variables: Mapping[str, str]) -> None:
    """Write the variables, readable by the owner only, instead of earlier ones."""
    write_private(path, _render(variables))


def add_env_file(path: Path, variables: Mapping[str, str]) -> None:
    """Write the variables as `write_env_file` does; FileExistsError when there is a file, which stays."""
    temporary = _write_temporary(path, _render(variables).encode())
    try:
        os.link(temporary, path)
    finally:
        temporary.unlink()


def _render(variables: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in variables.items())


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
    os.replace(_write_temporary(path, content.encode() if isinstance(content, str) else content), path)
    return path


def _write_temporary(path: Path, data: bytes) -> Path:
    """Write a file beside another one, and return its path."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(create_private(temporary), "wb") as stream:
        stream.write(data)
    return temporary


def create_private(path: Path) -> int:
    """Return the descriptor of a new file that only its owner can read.

    What is there is removed, not written to: in a folder of several users, it can be a link, or a file that others can read.
    """
    path.unlink(missing_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
