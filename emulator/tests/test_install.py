# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Check that the distribution, installed into an empty environment, works alone."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1]
SCRIPT = """
import importlib.util
import requests
from intune_emulator import EmulatorProcess

assert importlib.util.find_spec("ansible") is None
with EmulatorProcess("demo") as emulator:
    assert emulator.control.health()["devices"] == 40
    for name in ("", "page.css", "page.js", "tables.js"):
        answer = requests.get(f"{emulator.env['EMULATOR_URL']}/_emulator/{name}", verify=emulator.env["INTUNE_CA_PATH"])
        assert answer.ok and answer.text
"""


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.exhaustive
@pytest.mark.slow
def test_a_wheel_in_an_empty_environment(tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    pip = (python, "-m", "pip", "--disable-pip-version-check", "--quiet")
    # a copy, because setuptools writes to the folder that it builds from
    source = tmp_path / "source"
    run("cp", "-R", FOLDER, source, cwd=tmp_path)
    run(*pip, "wheel", "--no-deps", "--wheel-dir", tmp_path, source, cwd=tmp_path)
    (wheel,) = tmp_path.glob("intune_emulator-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = [archive.read(name).decode() for name in names if name.endswith("/METADATA")]
    package = FOLDER / "src" / "intune_emulator"
    found = [*package.rglob("*.py"), *(package / "control" / "static").iterdir(), package / "py.typed"]
    assert {str(path.relative_to(FOLDER / "src")) for path in found} == {name for name in names if name.startswith("intune_emulator/")}
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert "License-Expression: MIT\n" in metadata and "Requires-Python: >=3.10\n" in metadata
    run(*pip, "install", wheel, cwd=tmp_path)
    assert run(tmp_path / "venv" / "bin" / "intune-emulator", "--version", cwd=tmp_path).startswith("intune-emulator ")
    run(python, "-c", SCRIPT, cwd=tmp_path)
