# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write tests/quality/released.json: the options that the modules have in the release that is made, which later ones must keep."""

from __future__ import annotations

import importlib
import json
import typing as t
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "tests" / "quality" / "released.json"
PLUGINS = "ansible_collections.endpointops.intune.plugins"


def documentation(module: str) -> dict[str, t.Any]:
    """A module's own documentation, with the options of its fragments."""
    own = yaml.safe_load(importlib.import_module(f"{PLUGINS}.modules.{module}").DOCUMENTATION)
    options: dict[str, t.Any] = {}
    for reference in own["extends_documentation_fragment"]:
        name, _dot, section = reference.removeprefix("endpointops.intune.").partition(".")
        fragment = importlib.import_module(f"{PLUGINS}.doc_fragments.{name}").ModuleDocFragment
        options |= yaml.safe_load(getattr(fragment, section.upper() or "DOCUMENTATION")).get("options", {})
    return own | {"options": options | own.get("options", {})}


def options_since(options: dict[str, t.Any], above: str = "", since: str | None = None) -> dict[str, str | None]:
    """Of each option and suboption, by its dotted name, the version that added it, as documented: its own, or that of the one above it."""
    found = {}
    for name, option in options.items():
        added = option.get("version_added") or since
        found[above + name] = str(added) if added else None
        found |= options_since(option.get("suboptions") or {}, f"{above}{name}.", added)
    return found


def main() -> None:
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    modules = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
    options = {module: sorted(options_since(documentation(module)["options"])) for module in modules}
    TARGET.write_text(json.dumps({"version": version, "options": options}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
