# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render the role's argument specs from the texts in role.yml, the options of the modules, and the role's defaults."""

from __future__ import annotations

import re
import typing as t

from .settings import ROLE_VARIABLE, describe, passed_by_role
from .sources import Option, Options, SourceError, Sources
from .yaml_text import documented, render_yaml

MODULE = "intune_pin_policy"


def entry_points(sources: Sources) -> dict[str, Option]:
    """Return the argument specs of the role, by entry point."""
    known = variables(sources)
    found = {}
    for name, entry in sources.role["entry_points"].items():
        said = {key: value for key, value in entry.items() if key != "variables"}
        found[name] = {**said, "options": {variable: known[variable] for variable in entry["variables"]}}
    return found


def variables(sources: Sources) -> Options:
    """Return the spec of each variable of the role, by its name."""
    declared = sources.role["variables"]
    unknown = sorted(set(sources.defaults) - set(declared))
    if unknown:
        raise SourceError(f"role.yml must describe each variable that has a default in the role. Add {', '.join(unknown)}.")
    return {name: _variable(sources, name, entry) for name, entry in declared.items()}


def _variable(sources: Sources, name: str, entry: Option) -> Option:
    mirrored = module_option(sources, entry["option"]) if "option" in entry else {}
    option = documented(entry["description"], {**mirrored, **entry})
    if name in sources.defaults:
        option["default"] = sources.defaults[name]
    if name == ROLE_VARIABLE:
        option["options"] = _setting_options(sources)
    elif "options" in mirrored:
        option["options"] = {key: documented(entry["options"][key], each) for key, each in mirrored["options"].items()}
    return option


def module_option(sources: Sources, reference: str) -> Option:
    """Return the module option for a reference such as intune_pin_policy.backend."""
    module, _dot, name = reference.partition(".")
    try:
        return sources.modules[module][name]
    except KeyError:
        raise SourceError(f"role.yml names {reference}, which must be an option of a module.") from None


def _setting_options(sources: Sources) -> Options:
    return {
        name: documented(_in_words_of_role(sources, describe(sources.texts, name, "role")), option)
        for name, option in passed_by_role(sources.settings).items()
    }


def _in_words_of_role(sources: Sources, text: t.Any) -> t.Any:
    """Replace references to options of the module with those to variables of the role."""
    if isinstance(text, list):
        return [_in_words_of_role(sources, paragraph) for paragraph in text]
    return re.sub(r"\bO\((\w+)", lambda match: f"O({_role_name(sources, match[1])}", text)


def _role_name(sources: Sources, option: str) -> str:
    if option in passed_by_role(sources.settings):
        return f"{ROLE_VARIABLE}.{option}"
    for name, entry in sources.role["variables"].items():
        if entry.get("option") == f"{MODULE}.{option}":
            return str(name)
    raise SourceError(f"A text in settings.yml names O({option}), which the role does not have. Give that setting a text for the role.")


def render_names(sources: Sources) -> str:
    """Render the allowed names of variables: of the role's options, of the facts that it sets, of playbooks, and of the rulebooks."""
    others = (sources.role[kind] for kind in ("facts", "playbooks", "rulebooks"))
    return "".join(f"  - {name}\n" for name in sorted({*variables(sources), *(name for names in others for name in names)}))


def render_argument_specs(sources: Sources) -> str:
    """Render meta/argument_specs.yml; the first occurrence describes a variable, and later ones refer to it."""
    lines = ["argument_specs:\n"]
    described: set[str] = set()
    for name, entry in entry_points(sources).items():
        said = {key: value for key, value in entry.items() if key != "options"}
        lines += [f"  {name}:\n", render_yaml(said, 4), "    options:\n"]
        for variable, option in entry["options"].items():
            anchor = variable.removeprefix("pin_reset_")
            if variable in described:
                lines.append(f"      {variable}: *{anchor}\n")
            else:
                lines += [f"      {variable}: &{anchor}\n", render_yaml(as_ansible_checks_it(option), 8)]
            described.add(variable)
    return "".join(lines)


def as_ansible_checks_it(option: Option) -> Option:
    """Return the spec of a variable for Ansible, which refuses null for a list with a default, makes text of numbers, and splits quotes.

    So it has no lists: the role and the modules check them, with helpful messages. A dictionary has no default there, so that null counts
    as not set.
    """
    if option["type"] == "dict":
        return {key: value for key, value in option.items() if key != "default"}
    if option["type"] != "list":
        return option
    said = option["description"] if isinstance(option["description"], list) else [option["description"]]
    if "choices" in option:
        said = [*said, f"A list of one or more of {', '.join(f'V({choice})' for choice in option['choices'])}."]
    if "options" in option:
        names = ", ".join(f"C({name})" for name in option["options"])
        said = [*said, f"A list of dictionaries with {names}, or text such as C(target=group group='Sales, Berlin'), with commas between."]
    description = [*said[:-1], f"{said[-1]} Null or an empty text counts as not set."]
    return {
        "description": description[0] if len(description) == 1 else description,
        "type": "raw",
        **{key: option[key] for key in ("default", "required") if key in option},
    }
