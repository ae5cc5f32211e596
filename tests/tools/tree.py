# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copy the checkout: the files that git tracks or would add, never caches or a virtual environment."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Only for a folder that is not a git checkout, in which the files of .gitignore must be left out explicitly.
LEFT_OUT = {"__pycache__", "collections", "output"}


def listed_files() -> list[str]:
    """Return paths relative to the checkout, as git lists them (tracked, and new but not ignored)."""
    command = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode == 0:
        names = done.stdout.decode().split("\0")
    else:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if not path.is_dir() and _wanted(path.relative_to(ROOT))]
    return sorted({name for name in names if name and (ROOT / name).exists()})


def _wanted(path: Path) -> bool:
    if path.parts[0] in {".venv", ".cache", ".git", ".ansible"}:
        return False
    return not LEFT_OUT.intersection(path.parts)


def copy_tree(target: Path) -> None:
    """Make ``target`` a fresh copy of the checkout."""
    shutil.rmtree(target, ignore_errors=True)
    for name in listed_files():
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, place, follow_symlinks=False)


if __name__ == "__main__":
    copy_tree(Path(sys.argv[1]).resolve())
