# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print the test files that a change needs at once: those of the files that differ from the last commit, or that it changed.

The unit tests of a file are those of its folder, which is one subject. The checks of the repository itself are always included.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
ALWAYS = "tests/quality"
SHALLOW = 4  # parts of a path such as plugins/module_utils/_time.py, which has no subject beside it: its own test is enough


def list_changed() -> list[pathlib.PurePosixPath]:
    """Return the files that differ from the commit before the last one; none if there is no such commit."""
    known = subprocess.run(["git", "rev-parse", "--verify", "--quiet", "HEAD~1"], cwd=ROOT, capture_output=True, text=True, check=False)
    base = "HEAD~1" if known.returncode == 0 else "HEAD"
    commands = (["git", "diff", "--name-only", base], ["git", "ls-files", "--others", "--exclude-standard"])
    lines = [subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines() for command in commands]
    return [pathlib.PurePosixPath(line) for found in lines for line in found]


def choose_tests(changed: list[pathlib.PurePosixPath], root: pathlib.Path = ROOT) -> list[str]:
    """Return the test files and folders for changed files, sorted, without those that others contain."""
    chosen = {ALWAYS}
    for path in changed:
        if path.parts[:2] == ("tests", "unit") and path.name.startswith("test_"):
            chosen.add(str(path))
        elif path.parts[0] == "plugins" and path.suffix == ".py":
            unit = pathlib.PurePosixPath("tests/unit", *path.parts)
            chosen.add(str(unit.with_name(f"test_{path.stem.lstrip('_')}.py") if len(path.parts) < SHALLOW else unit.parent))
    found = [name for name in chosen if (root / name).exists()]
    return sorted(name for name in found if not any(name.startswith(f"{other}/") for other in found))


if __name__ == "__main__":
    sys.stdout.write("\n".join(choose_tests(list_changed())) + "\n")
