# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring every generated file up to date, and name those that changed."""

from __future__ import annotations

from pathlib import Path

from .outputs import ROOT, differing, outputs
from .sources import load


def main(root: Path = ROOT) -> None:
    rendered = outputs(load(root), root)
    for name in differing(rendered, root):
        (root / name).write_text(rendered[name], encoding="utf-8")
        print(f"wrote {name}")


if __name__ == "__main__":
    main()
