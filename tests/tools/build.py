# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the collection only from the files that git tracks.

``ansible-galaxy collection build`` packs every file of a folder that build_ignore does not name, including credentials that somebody keeps
beside a checkout. So this tool copies the tracked files to a temporary folder and builds there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = Path(__file__).with_name("shipped.txt")


class BuildError(Exception):
    """The collection must not be built like this; the message has the reason and the next step."""


def git_files(root: Path, *options: str) -> list[str]:
    """List files of a checkout, relative to it, by the options of ``git ls-files``."""
    done = subprocess.run(["git", "-C", str(root), "ls-files", "-z", *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"{done.stderr.strip()}\nOnly a git checkout can be built: clone the repository, and run make build there.")
    return sorted({name for name in done.stdout.split("\0") if name})


def refuse_untracked(root: Path) -> None:
    """Raise an error that lists files that git neither tracks nor ignores."""
    names = git_files(root, "--others", "--exclude-standard")
    if names:
        listing = "\n".join(f"  {name}" for name in names)
        raise BuildError(
            f"git neither tracks nor ignores these files, so it is not known whether they belong to the collection:\n{listing}\n"
            "Add them with git add if they do. Otherwise move them elsewhere, or name them in .gitignore."
        )


def copy_tracked(root: Path, target: Path) -> None:
    """Copy the tracked files of a checkout in their current state, without removed ones."""
    for name in git_files(root):
        if (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target / name, follow_symlinks=False)


def shipped_patterns(text: str) -> list[re.Pattern[str]]:
    """Parse a list of patterns: ``*`` matches a name or a part of one, ``**/`` folders of any depth."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [re.compile(re.escape(line).replace(r"\*\*/", "(?:[^/]+/)*").replace(r"\*", "[^/]*")) for line in lines]


def refuse_unlisted(tarball: Path) -> None:
    """Raise an error that lists files of a tarball that shipped.txt does not name."""
    patterns = shipped_patterns(SHIPPED.read_text(encoding="utf-8"))
    with tarfile.open(tarball) as archive:
        names = [member.name for member in archive.getmembers() if not member.isdir()]
    unlisted = [name for name in names if not any(pattern.fullmatch(name) for pattern in patterns)]
    if unlisted:
        listing = "\n".join(f"  {name}" for name in unlisted)
        raise BuildError(
            f"These files are not among those that the collection ships:\n{listing}\n"
            "Name them in build_ignore in galaxy.yml or, if users need them, in tests/tools/shipped.txt."
        )


def build(root: Path, output: Path) -> Path:
    """Build the tarball of a checkout and return its path in the folder ``output``."""
    refuse_untracked(root)
    with tempfile.TemporaryDirectory(prefix="intune-build-") as temporary:
        source, built = Path(temporary, "source"), Path(temporary, "built")
        copy_tracked(root, source)
        command = [sys.executable, "-m", "ansible", "galaxy", "collection", "build", str(source), "--output-path", str(built)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BuildError(f"ansible-galaxy collection build failed:\n{done.stdout}{done.stderr}")
        (tarball,) = built.glob("*.tar.gz")
        refuse_unlisted(tarball)
        output.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy2(tarball, output / tarball.name))


def main(arguments: list[str]) -> int:
    try:
        print(build(ROOT, Path(arguments[0]) if arguments else ROOT))
    except BuildError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
