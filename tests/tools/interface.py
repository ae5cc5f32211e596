# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record the public interface of a release, and list changes that break playbooks written for it.

`python -m tests.tools.interface` writes tests/released/VERSION.json, with the version in galaxy.yml. An interface maps the path of each
part, such as "module intune_pin_policy option assignments/target", to its facts (type, default, choices …).
"""

from __future__ import annotations

import json
import subprocess
import typing as t
from pathlib import Path

import yaml

from tests.tools.tree import ROOT

COLLECTION = "endpointops.intune"
RELEASED = ROOT / "tests" / "released"
PLUGINS = ("module", "filter", "inventory")
Facts = dict[str, t.Any]
Interface = dict[str, Facts]


def read_interface(root: Path = ROOT) -> Interface:
    """Return the interface of the collection that ansible-doc finds, and the playbooks and action groups below a folder."""
    command = ["ansible-doc", "--metadata-dump", COLLECTION]
    documents = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["all"]
    found: Interface = {}
    for kind in PLUGINS:
        for name, plugin in documents[kind].items():
            part = f"{kind} {name.rpartition('.')[2]}"
            found[part] = {"examples": plugin["examples"] or ""} if kind == "module" else {}
            found |= _list_options(f"{part} option ", plugin["doc"].get("options"))
            found |= _list_returns(f"{part} return ", plugin["return"])
    for name, role in documents["role"].items():
        for entry, spec in role["entry_points"].items():
            part = f"role {name.rpartition('.')[2]} {entry}"
            found[part] = {}
            found |= _list_options(f"{part} option ", spec.get("options"))
    found |= {f"playbook {path.stem}": {} for path in (root / "playbooks").glob("*.yml")}
    groups = yaml.safe_load((root / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    found |= {f"action group {group} {name}": {} for group, names in groups.items() for name in names}
    return dict(sorted(found.items()))


def _list_options(prefix: str, options: t.Mapping[str, t.Any] | None) -> Interface:
    found: Interface = {}
    for name, spec in (options or {}).items():
        facts = {key: spec.get(key) for key in ("type", "elements", "default", "choices", "aliases")}
        facts["required"] = bool(spec.get("required"))
        found[prefix + name] = {key: value for key, value in facts.items() if value not in (None, [], False)}
        found |= _list_options(f"{prefix}{name}/", spec.get("suboptions") or spec.get("options"))
    return found


def _list_returns(prefix: str, values: t.Mapping[str, t.Any] | None) -> Interface:
    found: Interface = {}
    for name, spec in (values or {}).items():
        found[prefix + name] = {key: spec[key] for key in ("type", "elements") if key in spec}
        found |= _list_returns(f"{prefix}{name}/", spec.get("contains"))
    return found


def list_breaks(before: Interface, now: Interface) -> list[str]:
    """Return the changes that break a playbook, a sentence each."""
    breaks = []
    for path, old in before.items():
        if path not in now:
            breaks.append(f"{path}: is gone.")
            continue
        new = now[path]
        breaks += [
            f"{path}: '{key}' was {old.get(key)!r} and is {new.get(key)!r}."
            for key in ("type", "elements", "default")
            if old.get(key) != new.get(key)
        ]
        for key in ("choices", "aliases"):
            gone = [value for value in old.get(key, ()) if value not in new.get(key, ())]
            # Without choices, everything is allowed.
            is_narrower = key in new and (gone or key not in old) if key == "choices" else gone
            if is_narrower:
                breaks.append(f"{path}: '{key}' were {old.get(key)!r} and are {new.get(key)!r}.")
        if new.get("required") and not old.get("required"):
            breaks.append(f"{path}: is required.")
    for path, facts in now.items():
        owner = path.rpartition("/")[0] or path.partition(" option ")[0]
        if path not in before and owner in before and facts.get("required"):
            breaks.append(f"{path}: is new and required.")
    return breaks


def render(interface: Interface) -> str:
    """Return an interface as JSON, a line for each part."""
    return "{\n" + ",\n".join(f"{json.dumps(path)}: {json.dumps(facts, sort_keys=True)}" for path, facts in interface.items()) + "\n}\n"


def read_released(version: str) -> Interface:
    """Return the interface of a release."""
    found: Interface = json.loads((RELEASED / f"{version}.json").read_text(encoding="utf-8"))
    return found


def list_released() -> list[str]:
    """Return the recorded versions of the same major version as galaxy.yml's."""
    major = read_version().partition(".")[0]
    return sorted(path.stem for path in RELEASED.glob(f"{major}.*.json"))


def read_version() -> str:
    """Return the version in galaxy.yml."""
    return str(yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"])


if __name__ == "__main__":
    (RELEASED / f"{read_version()}.json").write_text(render(read_interface()), encoding="utf-8")
