# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render the pattern for Automation Controller: job templates with their surveys, and the variables of each playbook."""

from __future__ import annotations

import json
import typing as t

from .role import entry_points
from .sources import COLLECTION, Option, Play, SourceError, Sources
from .yaml_text import render_yaml, without_markup

# An empty answer to a question for one of these counts as none. The role refuses it for others.
MAY_BE_EMPTY = ("str", "path", "list")
LONGEST_TEXT = 100000


def render_pattern(sources: Sources) -> str:
    """Render meta/pattern.json."""
    resources = sources.pattern["resources"]
    templates = [_template(sources, declared) for declared in sources.pattern["job_templates"]]
    definition = {**sources.pattern["pattern"], "aap_resources": {**resources, "controller_job_templates": templates}}
    return json.dumps(definition, indent=2, ensure_ascii=False) + "\n"


def _template(sources: Sources, declared: Option) -> Option:
    play = sources.plays[declared["playbook"].removesuffix(".yml")]
    known = entry_points(sources)[play.entry]["options"]
    said = {key: value for key, value in declared.items() if key not in ("survey", "questions")}
    return {
        **said,
        "execution_environment": sources.pattern["resources"]["controller_execution_environment"]["name"],
        "ask_credential_on_launch": True,
        "survey_enabled": True,
        "survey": {**declared["survey"], "spec": [_question(sources, known, asked) for asked in declared["questions"]]},
    }


def _question(sources: Sources, known: t.Mapping[str, Option], asked: str | dict[str, str | Option]) -> Option:
    """Return a question of a survey.

    ``asked`` is a variable, or maps one to this template's description of it, or to the properties that replace those of the source.
    """
    variable, own = next(iter(asked.items())) if isinstance(asked, dict) else (asked, {})
    if variable not in known:
        raise SourceError(f"pattern.yml asks for {variable}, which must be a variable of the entry point that the playbook calls.")
    told = own if isinstance(own, dict) else {"description": own}
    words, option = {**sources.pattern["questions"][variable], **told}, known[variable]
    question = {
        "type": question_type(option),
        "question_name": words["name"],
        "question_description": words["description"],
        "variable": variable,
        "required": words.get("required", option["type"] not in MAY_BE_EMPTY or bool(option.get("default"))),
    }
    if question["required"] and question["type"] in ("text", "textarea"):
        # By its API, AWX accepts an empty text as an answer.
        question["min"] = 1
    if question["type"] == "textarea":
        question["max"] = LONGEST_TEXT
    question |= {key: words[key] for key in ("min", "max") if key in words}
    choices = ["false", "true"] if option["type"] == "bool" else option.get("choices")
    if choices:
        question["choices"] = choices
    default = _default(option)
    return {**question, "default": default} if default else question


def question_type(option: Option) -> str:
    """Return the kind of question whose answer fits a variable."""
    if option["type"] == "bool" or "choices" in option:
        return "multiselect" if option["type"] == "list" else "multiplechoice"
    if option["type"] == "list":
        return "textarea" if option["elements"] == "str" else "text"
    return "integer" if option["type"] == "int" else "text"


def _default(option: Option) -> str | None:
    """Return the answer that the survey shows; None for an integer, because AWX and the pattern disagree on its type."""
    default = option.get("default")
    if option["type"] == "bool":
        return json.dumps(default)
    if option["type"] == "list":
        return "\n".join(default or ())
    return default if isinstance(default, str) else None


def render_playbook_spec(sources: Sources, name: str, play: Play) -> str:
    """Render the description of a playbook's variables that the pattern specification requires beside it."""
    entry = entry_points(sources)[play.entry]
    options = {variable: plain(option) for variable, option in entry["options"].items()}
    for variable, value in play.variables.items():
        options[variable]["default"] = value
    spec = {"short_description": entry["short_description"], "options": options, "examples": sources.pattern["examples"][name]}
    called = f"Calls the role {COLLECTION}.pin_reset, entry point {play.entry}. Its documentation describes each variable."
    return render_yaml({"short_description": play.title, "description": called, "argument_specs": {name: spec}})


def plain(option: Option) -> Option:
    """Return an option with the first paragraph of its description only, without markup."""
    first = option["description"] if isinstance(option["description"], str) else option["description"][0]
    changed = {**option, "description": without_markup(first)}
    if "options" in option:
        changed["options"] = {name: plain(each) for name, each in option["options"].items()}
    return changed
