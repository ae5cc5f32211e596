# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Load the sources of all generated files."""

from __future__ import annotations

import dataclasses
import importlib
import typing as t
from pathlib import Path

import yaml

from ansible_collections.endpointops.intune.plugins.module_utils._hello import settings

COLLECTION = "endpointops.intune"
FOLDER = "tests/tools/generate"
ROLE = "roles/pin_reset"
PATTERN = "extensions/patterns/pin_reset"

Option = dict[str, t.Any]
Options = dict[str, Option]


class SourceError(Exception):
    """Two sources contradict each other; the message names them and the required change."""


@dataclasses.dataclass(frozen=True)
class Play:
    """A playbook of the pattern: its title, the entry point of the role that it calls, and the variables that it sets."""

    title: str
    entry: str
    variables: dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Sources:
    """``settings`` holds the options of the settings in the words of AnsibleModule, ``texts`` the documentation of each.

    ``modules`` holds the argument spec of each module by its name. ``role`` and ``pattern`` are the content of the files role.yml and
    pattern.yml, ``defaults`` the role's defaults, ``plays`` the playbooks of the pattern by name, ``statuses`` the texts of statuses and
    reasons.
    """

    settings: Options
    texts: dict[str, t.Any]
    modules: dict[str, Options]
    role: dict[str, t.Any]
    defaults: dict[str, t.Any]
    pattern: dict[str, t.Any]
    plays: dict[str, Play]
    statuses: dict[str, t.Any]


def load(root: Path) -> Sources:
    """Read all sources of a checkout."""
    folder = root / FOLDER
    # A module without a spec is the documentation of an action plugin that is not generated.
    modules = [path for path in (root / "plugins" / "modules").glob("*.py") if "\nSPEC = " in path.read_text(encoding="utf-8")]
    names = sorted(path.stem for path in modules)
    package = "ansible_collections.endpointops.intune.plugins.modules"
    return Sources(
        settings=settings.make_options(),
        texts={name: with_build(text, name) for name, text in _read(folder / "settings.yml").items()},
        modules={name: importlib.import_module(f"{package}.{name}").SPEC.argument_spec for name in names},
        role=_read(folder / "role.yml"),
        defaults=_read(root / ROLE / "defaults" / "main.yml"),
        pattern=_read(folder / "pattern.yml"),
        plays={path.stem: _play(root, path) for path in _playbooks(root / PATTERN / "playbooks")},
        statuses=_read(folder / "statuses.yml"),
    )


def with_build(text: t.Any, name: str) -> t.Any:
    """Return the text of a setting with the first build of Windows that supports it."""
    build = settings.BY_OPTION[name].since if name in settings.BY_OPTION else ""
    if not build:
        return text
    if isinstance(text, dict):
        return {place: with_build(each, name) for place, each in text.items()}
    sentence = f"Windows {build} or later."
    return [f"{text[0]} {sentence}", *text[1:]] if isinstance(text, list) else f"{text} {sentence}"


def _playbooks(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.yml") if not path.name.endswith(".meta.yml"))


def _play(root: Path, path: Path) -> Play:
    (play,) = _read(path)
    name = play["ansible.builtin.import_playbook"].removeprefix(f"{COLLECTION}.")
    (called,) = _read(root / "playbooks" / f"{name}.yml")
    return Play(play["name"], called["tasks"][0]["ansible.builtin.import_role"]["tasks_from"], play.get("vars", {}))


def _read(path: Path) -> t.Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
