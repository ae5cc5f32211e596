# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render the parts of files that repeat the settings of Windows Hello for Business: module documentation, and the role's task."""

from __future__ import annotations

import typing as t

from .sources import Options, SourceError
from .yaml_text import WIDTH, documented, render_yaml

# The role always sets it, and has no variable for it.
POLICY_MODULE = "intune_pin_policy"
ALWAYS_SET = "enable_pin_recovery"
ROLE_VARIABLE = "pin_reset_policy_settings"


def check_texts(settings: Options, texts: t.Mapping[str, t.Any]) -> None:
    """Raise an error unless each setting has a text, and each text a setting."""
    missing, unknown = sorted(set(settings) - set(texts)), sorted(set(texts) - set(settings))
    if missing:
        raise SourceError(f"settings.yml must describe each setting of the table SETTINGS. Add {', '.join(missing)}.")
    if unknown:
        raise SourceError(f"settings.yml must describe settings of the table SETTINGS only. Remove {', '.join(unknown)}.")


def describe(texts: t.Mapping[str, t.Any], name: str, place: str) -> t.Any:
    """Return the text of a setting for the ``place``, module or role: a sentence, or a list of paragraphs."""
    text = texts[name]
    return text[place] if isinstance(text, dict) else text


def render_options(settings: Options, texts: t.Mapping[str, t.Any]) -> str:
    """Render the options of the module, for its DOCUMENTATION."""
    return render_yaml({name: documented(describe(texts, name, "module"), option) for name, option in settings.items()}, 2)


def render_return_values(settings: Options) -> str:
    """Render the settings of the returned policy, for RETURN."""
    values = {}
    for name, option in settings.items():
        can_be_hidden = "choices" not in option and option["type"] in ("str", "list")
        null = "it is not set, or hidden and not given" if can_be_hidden else "the policy does not set it or gives it a wrong type"
        shape = {key: value for key, value in option.items() if key in ("type", "elements")}
        values[name] = {**documented(f"Like the option O({name}); null when {null}.", shape), "returned": "always"}
    return render_yaml(values, 8)


def render_expected_settings(settings: Options) -> str:
    """Render the expected settings of a policy, for the DOCUMENTATION of the module that compares."""
    options = {}
    for name, option in settings.items():
        options[name] = documented(f"As O(endpointops.intune.{POLICY_MODULE}#module:{name}).", option)
        if name == ALWAYS_SET:
            options[name]["default"] = True
    return render_yaml(options, 10)


def passed_by_role(settings: Options) -> Options:
    """Return the settings that the role takes in its variable."""
    return {name: option for name, option in settings.items() if name != ALWAYS_SET}


def render_task_arguments(settings: Options) -> str:
    """Render the arguments with which the role's task passes its variable to the module."""
    lines = []
    for name in passed_by_role(settings):
        template = f"{{{{ {ROLE_VARIABLE}.{name} | default(omit) }}}}"
        line = f'    {name}: "{template}"'
        lines += [line] if len(line) <= WIDTH else [f"    {name}: >-", f"      {template}"]
    return "".join(f"{line}\n" for line in lines)
