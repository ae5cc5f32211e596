# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules that connect to Microsoft Graph."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "plugins" / "modules"
# The documentation of hand-written action plugins, which send nothing and only serve the role.
WITHOUT_CONNECTION = frozenset({"pin_reset_begin", "pin_reset_device_summary", "pin_reset_results", "pin_reset_summary"})


def list_modules() -> list[str]:
    """Return the names of the modules that take the connection options."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in {*WITHOUT_CONNECTION, "__init__"})
