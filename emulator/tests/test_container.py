# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Check the Containerfile without a container engine: its files exist and its commands work."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from intune_emulator.cli import main
from intune_emulator.control.readiness import READY_LINE

FOLDER = Path(__file__).parents[1]


def instructions() -> list[tuple[str, str]]:
    """Return (instruction, arguments), with continued lines joined."""
    lines = [line for line in (FOLDER / "Containerfile").read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(name, rest) for name, _space, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def arguments_of(instruction: str) -> str:
    (found,) = [rest for name, rest in instructions() if name == instruction]
    return found


def test_every_copied_file_exists() -> None:
    sources = [source for name, rest in instructions() if name == "COPY" for source in rest.split()[:-1]]
    assert {"pyproject.toml", "README.md", "LICENSE", "src"} == set(sources)
    assert all((FOLDER / source).exists() for source in sources)


def test_it_does_not_run_as_root() -> None:
    names = [name for name, _rest in instructions()]
    assert arguments_of("USER") == "emulator"
    assert names.index("RUN") < names.index("USER") < names.index("ENTRYPOINT")
    assert re.search(r"useradd --uid [1-9]\d+ .*\bemulator\b", arguments_of("RUN"))


@pytest.mark.parametrize("name", ["Containerfile", "README.md"])
def test_who_starts_it_can_read_the_files(name: str) -> None:
    """A volume mapped to the user of the image belongs to the caller of rootless podman, and with :U to nobody outside."""
    # useradd gives an ordinary user a group with the same number, and a system user one below 1000.
    (uid,) = re.findall(r"useradd --uid (\d+)", arguments_of("RUN"))
    (run,) = re.findall(r"podman run .*", (FOLDER / name).read_text(encoding="utf-8"))
    assert f"--userns keep-id:uid={uid},gid={uid} " in run
    assert "-v ./tenant:/data " in run


def test_the_command_and_the_health_check_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    health = json.loads(arguments_of("HEALTHCHECK").partition(" CMD ")[2])
    command = json.loads(arguments_of("ENTRYPOINT")) + json.loads(arguments_of("CMD"))
    ports = [command[command.index(option) + 1] for option in ("--port", "--control-port")]
    assert arguments_of("EXPOSE").split() == ports
    assert command[command.index("--host") + 1] == "0.0.0.0", "127.0.0.1 is not reachable from outside of a container"
    # here in another folder, and on free ports
    folder = tmp_path / "data"
    here = ["0" if part in ports else part.replace("/data", str(folder)) for part in command]
    check = [part.replace("/data", str(folder)) for part in health]
    assert here[0] == check[0] == "intune-emulator"
    assert main(check[1:]) == 1
    process = subprocess.Popen([sys.executable, "-m", "intune_emulator", *here[1:]], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(READY_LINE)
        assert main(check[1:]) == 0, capsys.readouterr().err
        assert "INTUNE_GRAPH_URL=https://127.0.0.1:" in (folder / "tenant.env").read_text(encoding="utf-8")
        assert stat.S_IMODE((folder / "server.key").stat().st_mode) == 0o600
        # as container engines end a container
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
