# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that the tarball holds the files that users need, and no file that somebody keeps beside a checkout."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

import pytest
import yaml

from tests.tools import build, tree

ROOT = pathlib.Path(__file__).parents[2]
VERSION = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
TARBALL = f"endpointops-intune-{VERSION}.tar.gz"
# Of these, .gitignore names tenant.env; git lists the others as untracked.
IGNORED = ["tenant.env", "plugins/modules/lab.env", "roles/pin_reset/site.retry"]
UNTRACKED = ["id_rsa", "app.pem", "plugins/module_utils/_auth/app.pem", "playbooks/client.key", "roles/pin_reset/notes.txt"]


def own_files() -> list[str]:
    """List the files of this checkout; some tools run the tests on a copy without git."""
    try:
        return [name for name in build.git_files(ROOT) if (ROOT / name).is_file()]
    except build.BuildError:
        return tree.listed_files()


def git(folder: pathlib.Path, *arguments: str) -> None:
    settings = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=settings)


@pytest.fixture
def checkout(tmp_path):
    """Return a separate checkout with all files of this one, each tracked."""
    folder = tmp_path / "checkout"
    for name in own_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    return folder


def plant(checkout: pathlib.Path, names: list[str]) -> None:
    for name in names:
        (checkout / name).write_text("a secret\n", encoding="utf-8")


def members(tarball: pathlib.Path) -> set[str]:
    with tarfile.open(tarball) as archive:
        return {member.name for member in archive.getmembers() if not member.isdir()}


def test_it_packs_the_tracked_files_and_nothing_that_git_ignores(checkout, tmp_path):
    plant(checkout, IGNORED)
    tarball = build.build(checkout, tmp_path / "built")
    assert tarball == tmp_path / "built" / TARBALL
    names = members(tarball)
    assert not names & set(IGNORED)
    assert names - {"MANIFEST.json", "FILES.json"} <= set(build.git_files(checkout))
    # Users get all code, and each role and playbook.
    folders = ("plugins/", "roles/", "playbooks/", "meta/", "extensions/", "docs/docsite/", "docs/sample/", "docs/schema/")
    assert {name for name in build.git_files(checkout) if name.startswith(folders)} <= names
    assert {"README.md", "LICENSE", "CHANGELOG.md", "CHANGELOG.rst", ".ansible-lint", "tests/config.yml"} <= names


def test_it_refuses_files_that_git_does_not_know(checkout, tmp_path):
    plant(checkout, [*IGNORED, *UNTRACKED])
    with pytest.raises(build.BuildError) as caught:
        build.build(checkout, tmp_path / "built")
    listed = [line.strip() for line in str(caught.value).splitlines() if line.startswith("  ")]
    assert listed == sorted(UNTRACKED)
    assert "git add" in str(caught.value) and ".gitignore" in str(caught.value)
    assert not (tmp_path / "built").exists()


def test_it_packs_files_as_they_are_and_none_that_was_removed(checkout, tmp_path):
    (checkout / "SECURITY.md").unlink()
    (checkout / "README.md").write_text("changed\n", encoding="utf-8")
    tarball = build.build(checkout, tmp_path)
    assert "SECURITY.md" not in members(tarball)
    with tarfile.open(tarball) as archive:
        assert archive.extractfile("README.md").read() == b"changed\n"


@pytest.mark.parametrize("name", ["plugins/modules/app.crt", "roles/pin_reset/files/id.txt", "notes.md", "tests/configuration.yml"])
def test_it_refuses_tracked_files_that_are_not_on_the_list(checkout, tmp_path, name):
    (checkout / name).parent.mkdir(exist_ok=True)
    plant(checkout, [name])
    git(checkout, "add", "--all")
    with pytest.raises(build.BuildError) as caught:
        build.build(checkout, tmp_path / "built")
    assert f"\n  {name}\n" in str(caught.value) and "build_ignore" in str(caught.value)
    assert not (tmp_path / "built").exists()


def test_a_folder_without_git_is_refused(tmp_path):
    with pytest.raises(build.BuildError, match="Only a git checkout can be built"):
        build.build(tmp_path, tmp_path / "built")


def test_what_ansible_galaxy_says_is_shown(checkout, tmp_path):
    (checkout / "galaxy.yml").write_text("namespace: endpointops\n", encoding="utf-8")
    with pytest.raises(build.BuildError, match="missing the following mandatory keys: authors, name"):
        build.build(checkout, tmp_path / "built")


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param(
            ["tenant.env", "id_rsa", "plugins/id_ed25519", "plugins/app.pem", "playbooks/client.key", "app.pfx", "app.p12"],
            id="case 44: environment and keys",
        ),
        pytest.param(
            [".env", "lab.env.bak", "plugins/.env.local", "roles/pin_reset/id_ecdsa", "app.ppk", "app.jks", "app.der", "helpdesk.cer"],
            id="case 44: other names of them",
        ),
        pytest.param(
            [".vault_pass", "vault-password.txt", "token_cache.json", "journal.jsonl", "inventory.ini", "plugins/x.cms", ".netrc"],
            id="case 44: what runs leave behind",
        ),
    ],
)
def test_ansible_galaxy_alone_packs_no_credentials(checkout, tmp_path, planted):
    plant(checkout, planted)
    command = [sys.executable, "-m", "ansible", "galaxy", "collection", "build", str(checkout), "--output-path", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    names = members(tmp_path / TARBALL)
    assert "README.md" in names and not names & set(planted)


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        ("README.md", ["README.md"], ["READMEXmd", "docs/README.md", "README.md.bak"]),
        ("meta/*.txt", ["meta/a.txt"], ["meta/sub/a.txt", "meta/a.yml"]),
        ("plugins/**/*.py", ["plugins/a.py", "plugins/a/b.py", "plugins/a/b/c.py"], ["plugins/a.pyc", "tests/plugins/a.py", "plugins/a/b"]),
    ],
)
def test_patterns_stand_for_names_and_folders(pattern, fitting, others):
    (compiled,) = build.shipped_patterns(f"# a comment\n\n{pattern}\n")
    assert all(compiled.fullmatch(name) for name in fitting) and not any(compiled.fullmatch(name) for name in others)
