# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that the repository of the guide "Test your own playbooks without a tenant" works unchanged, and without this repository.

tests/quality/test_guides.py checks that its files refer to existing objects.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import typing as t

import pytest
import yaml

from tests.quality.test_guides import OWN_TESTS, ROOT, files_of
from tests.tools import build

LEFT_OUT = re.compile(r"ANSIBLE_|AZURE_|EMULATOR_|INTUNE_|MOLECULE_|PYTEST_|PYTHON|VIRTUAL_ENV|XDG_")
TIMEOUT = 300.0


def run(command: str, folder: pathlib.Path, environment: dict[str, str]) -> str:
    """Run a command as a step of a workflow, and return its output."""
    merged: dict[str, t.Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "timeout": TIMEOUT}
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, check=False, **merged)
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return str(done.stdout)


@pytest.fixture
def repository(tmp_path: pathlib.Path) -> pathlib.Path:
    """Return a folder with the files of the guide, which installs from here instead of from elsewhere."""
    folder = tmp_path / "repository"
    for name, text in files_of(OWN_TESTS).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    requirements = folder / "requirements.txt"
    emulator = (ROOT / "emulator").as_uri()
    text, number = re.subn(r"(?m)^intune-emulator>=.+$", f"intune-emulator @ {emulator}", requirements.read_text(encoding="utf-8"))
    assert number == 1
    requirements.write_text(text, encoding="utf-8")
    collections = yaml.safe_load((folder / "requirements.yml").read_text(encoding="utf-8"))
    assert collections == {"collections": [{"name": "endpointops.intune"}]}
    found = os.environ.get("COLLECTION_UNDER_TEST")
    tarball = next(pathlib.Path(found).parent.glob("*.tar.gz")) if found else build.build(ROOT, tmp_path)
    collections["collections"][0] = {"name": str(tarball), "type": "file"}
    (folder / "requirements.yml").write_text(yaml.safe_dump(collections), encoding="utf-8")
    return folder


@pytest.fixture
def environment(tmp_path: pathlib.Path) -> dict[str, str]:
    """Return the variables of a machine with an empty virtual environment, and without this checkout."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True, timeout=120)
    kept = {name: value for name, value in os.environ.items() if not LEFT_OUT.match(name)}
    place = str(tmp_path / "ansible")
    own = {"PATH": f"{tmp_path / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}", "ANSIBLE_HOME": place, "ANSIBLE_COLLECTIONS_PATH": place}
    return {**kept, **own}


def steps(folder: pathlib.Path) -> list[str]:
    """Return the commands of the workflow."""
    workflow: dict[str, t.Any] = yaml.safe_load((folder / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    return [step["run"] for step in workflow["jobs"]["test"]["steps"] if "run" in step]


@pytest.mark.exhaustive
@pytest.mark.timeout(4 * TIMEOUT)
@pytest.mark.skipif(bool(os.environ.get("INTEGRATION_OFFLINE")), reason="it installs packages from an index")
def test_the_steps_of_the_workflow_pass(repository, environment):
    install, collection, pytest_step, molecule = steps(repository)
    run(install, repository, environment)
    run(collection, repository, environment)
    assert "1 passed" in run(pytest_step, repository, environment)
    output = run(molecule, repository, environment)
    assert output.count("changed=1") == 3, "created, converged, destroyed; nothing changed in between"
    # The verification can fail.
    verify = repository / "molecule/default/verify.yml"
    verify.write_text(verify.read_text(encoding="utf-8").replace("== [1, 1]", "== [1, 2]"), encoding="utf-8")
    with pytest.raises(AssertionError, match="Assertion failed"):
        run(molecule, repository, environment)
