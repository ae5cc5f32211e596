# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restate AWX's handling of custom credential types and surveys from its source, to test them without AWX."""

from __future__ import annotations

import pathlib
import re
import tempfile
import typing as t

import jsonschema
from jinja2 import StrictUndefined, sandbox

# awx/main/fields.py: CredentialTypeInputField and CredentialTypeInjectorField
INPUTS_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "required": {"type": "array", "items": {"type": "string"}},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "type": {"enum": ["string", "boolean"]},
                    "format": {"enum": ["ssh_private_key", "url"]},
                    "choices": {"type": "array", "minItems": 1, "items": {"type": "string"}, "uniqueItems": True},
                    "id": {"type": "string", "pattern": "^[a-zA-Z_]+[a-zA-Z0-9_]*$"},
                    "label": {"type": "string"},
                    "help_text": {"type": "string"},
                    "multiline": {"type": "boolean"},
                    "secret": {"type": "boolean"},
                    "ask_at_runtime": {"type": "boolean"},
                    "default": {},
                },
                "additionalProperties": False,
                "required": ["id", "label"],
            },
        },
    },
}
INJECTORS_SCHEMA = {
    "type": "object",
    "properties": {
        "file": {
            "type": "object",
            "patternProperties": {r"^template(\.[a-zA-Z_]+[a-zA-Z0-9_]*)?$": {"type": "string"}},
            "additionalProperties": False,
        },
        "env": {
            "type": "object",
            "patternProperties": {"^[a-zA-Z_]+[a-zA-Z0-9_]*$": {"type": "string", "pattern": "^[\x00-\x7f]*$"}},
            "additionalProperties": False,
        },
        # It may be there, but inventory updates do not get it.
        "extra_vars": {"type": "object"},
    },
    "additionalProperties": False,
}
# awx/main/utils/ansible.py: a file that a project offers as a playbook has such a line.
PLAYBOOK_LINE = re.compile(r"^\s*?-?\s*?(?:hosts|(ansible\.builtin\.)?include|(ansible\.builtin\.)?import_playbook):\s*?.*?$", re.MULTILINE)
FORBIDDEN_ENV = {"VIRTUAL_ENV", "PATH", "PYTHONPATH", "JOB_ID", "INVENTORY_ID", "CACHE", "AWX_HOST", "REST_API_URL", "REST_API_TOKEN"}
SURVEY_TYPES = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": (float, int),
}

_TEXT = {"type": "string", "minLength": 1}
_NAMED: dict[str, t.Any] = {
    "type": "object",
    "required": ["name", "description"],
    "properties": {"name": {**_TEXT, "maxLength": 200}, "description": _TEXT},
}
_QUESTION = {
    "type": "object",
    "required": ["type", "question_name", "question_description", "variable", "required"],
    "properties": {
        "type": {"enum": list(SURVEY_TYPES)},
        "question_name": _TEXT,
        "question_description": _TEXT,
        "variable": {"type": "string", "maxLength": 64, "pattern": "^[a-z0-9_]+$"},
        "required": {"type": "boolean"},
        "choices": {"type": "array", "items": {"type": "string"}},
        # Also for integers, which AWX itself would refuse: such a question cannot have a default.
        "default": {"type": "string"},
    },
}
# The requirements of the pattern specification 1.0.0 (github.com/ansible/pattern-service) for a pattern.json.
PATTERN_SCHEMA = {
    "type": "object",
    "required": ["schema_version", "name", "title", "description", "short_description", "aap_resources"],
    "properties": {
        "schema_version": {"const": "1.0.0"},
        "name": {"type": "string", "maxLength": 64, "pattern": "^[a-z0-9_]+$"},
        "title": {**_TEXT, "maxLength": 64},
        "description": _TEXT,
        "short_description": {**_TEXT, "pattern": "[^.]$"},
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "aap_resources": {
            "type": "object",
            "required": ["controller_project", "controller_job_templates"],
            "properties": {
                "controller_project": _NAMED,
                "controller_execution_environment": {
                    **_NAMED,
                    "required": ["name", "description", "image_name"],
                },
                "controller_job_templates": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        **_NAMED,
                        "required": ["name", "description", "playbook"],
                        "properties": {
                            **_NAMED["properties"],
                            "execution_environment": _TEXT,
                            "playbook": _TEXT,
                            "primary": {"type": "boolean"},
                            "ask_credential_on_launch": {"type": "boolean"},
                            "survey": {
                                **_NAMED,
                                "required": ["name", "description", "spec"],
                                "properties": {**_NAMED["properties"], "spec": {"type": "array", "items": _QUESTION}},
                            },
                        },
                    },
                },
            },
        },
    },
}


class Invalid(Exception):
    """AWX would refuse to save the definition."""


class _Namespace:
    """``tower`` and ``tower.filename``, neither of which is text itself."""

    def __str__(self) -> str:
        raise Invalid("tower and tower.filename cannot be used by themselves")


def check_credential_type(definition: t.Mapping[str, t.Any]) -> None:
    """Check a credential type like AWX when it is saved."""
    if definition["kind"] not in ("cloud", "net"):
        raise Invalid("a custom credential type is of the kind cloud or net")
    jsonschema.validate(definition["inputs"], INPUTS_SCHEMA, jsonschema.Draft4Validator)
    jsonschema.validate(definition["injectors"], INJECTORS_SCHEMA, jsonschema.Draft4Validator)
    fields = definition["inputs"]["fields"]
    ids = [field["id"] for field in fields]
    if "tower" in ids or len(set(ids)) < len(ids):
        raise Invalid("field IDs are unique, and 'tower' is reserved")
    if set(definition["inputs"].get("required", ())) - set(ids):
        raise Invalid("a required field is not there")
    for field in fields:
        kind = {"string": str, "boolean": bool}[field.get("type", "string")]
        if "default" in field and not isinstance(field["default"], kind):
            raise Invalid(f"{field['id']}: the default has another type")
        if kind is bool and {"choices", "multiline", "format", "secret"} & set(field):
            raise Invalid(f"{field['id']}: not for booleans")
    for name in definition["injectors"]["env"]:
        if name.startswith("ANSIBLE_") or name in FORBIDDEN_ENV:
            raise Invalid(f"{name} cannot be set by a credential")
    _check_templates(definition["injectors"], ids)


def _check_templates(injectors: t.Mapping[str, t.Any], ids: t.Iterable[str]) -> None:
    tower: t.Any = _Namespace()
    tower.filename = _Namespace()
    names = [name for name in injectors.get("file", {}) if name.startswith("template")]
    if "template" in names:
        if len(names) > 1:
            raise Invalid("several files need names")
        tower.filename = "EXAMPLE_FILENAME"
    for name in names:
        if "." in name:
            setattr(tower.filename, name.split(".")[1], "EXAMPLE_FILENAME")
    namespace = {**dict.fromkeys(ids, "EXAMPLE"), "tower": tower}
    environment = sandbox.ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    for templates in injectors.values():
        for template in templates.values():
            environment.from_string(template).render(namespace)


def is_playbook(project: pathlib.Path, playbook: str) -> bool:
    """Return whether AWX would find the playbook in a project."""
    parts = pathlib.PurePath(playbook).parts
    if {"roles", "tasks", "group_vars", "host_vars"} & set(parts) or any(part.startswith(".") for part in parts):
        return False
    path = project / playbook
    return path.is_file() and PLAYBOOK_LINE.search(path.read_text(encoding="utf-8")) is not None


def injected(definition: t.Mapping[str, t.Any], inputs: t.Mapping[str, str], private: pathlib.Path, seen: pathlib.Path) -> dict[str, str]:
    """Return the environment of a job, with the files written below ``private``, which the job sees as ``seen``.

    As in AWX, an input that is not set is not in the templates' namespace at all, and empty files are also written.
    """
    environment = sandbox.ImmutableSandboxedEnvironment()
    tower: t.Any = _Namespace()
    namespace: dict[str, t.Any] = {name: value for name, value in inputs.items() if value}
    namespace["tower"] = tower
    (private / "env").mkdir(parents=True, exist_ok=True)
    for label, template in definition["injectors"].get("file", {}).items():
        if not hasattr(tower, "filename"):
            tower.filename = _Namespace()
        with tempfile.NamedTemporaryFile("w", dir=private / "env", delete=False, encoding="utf-8") as file:
            file.write(environment.from_string(template).render(namespace))
        setattr(tower.filename, label.split(".")[1], str(seen / "env" / pathlib.Path(file.name).name))
    return {name: environment.from_string(template).render(namespace) for name, template in definition["injectors"]["env"].items()}


def check_survey(survey: t.Mapping[str, t.Any]) -> None:
    """Check a survey like AWX when it is saved (awx/api/views: JobTemplateSurveySpec)."""
    if not (isinstance(survey["name"], str) and isinstance(survey["description"], str) and survey["spec"]):
        raise Invalid("a survey has a name, a description and questions")
    variables = [question["variable"] for question in survey["spec"]]
    if len(set(variables)) < len(variables):
        raise Invalid("a variable is asked for twice")
    for question in survey["spec"]:
        _check_question(question)


def _check_question(question: t.Mapping[str, t.Any]) -> None:
    texts = [question[name] for name in ("type", "question_name", "variable")]
    if not all(isinstance(text, str) for text in texts) or not isinstance(question["required"], bool):
        raise Invalid("a question has a type, a name, a variable, and says whether it is required")
    default = question.get("default", "")
    expected: t.Any = SURVEY_TYPES[question["type"]]
    if default != "" and not isinstance(default, expected):
        raise Invalid(f"{question['variable']}: the default has another type")
    if not all(isinstance(question.get(limit, 0), int) for limit in ("min", "max")):
        raise Invalid(f"{question['variable']}: limits are integers")
    if question["type"] not in ("multiplechoice", "multiselect"):
        return
    defaults = default.splitlines()
    if set(defaults) - set(question["choices"]) or (question["type"] == "multiplechoice" and len(defaults) > 1):
        raise Invalid(f"{question['variable']}: the default is not among the choices")


def answers(survey: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the extra variables of a launch: the given ones, else the default, and '' for an empty optional question."""
    unknown = set(given) - {question["variable"] for question in survey["spec"]}
    if unknown:
        raise Invalid(f"the survey does not ask for {unknown}")
    return {question["variable"]: _answer(question, given) for question in survey["spec"]}


def _answer(question: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> t.Any:
    name, kind = question["variable"], question["type"]
    if name not in given and question["required"] and "default" not in question:
        raise Invalid(f"{name} is required")
    value = given.get(name, question.get("default", ""))
    if kind == "multiselect" and isinstance(value, str):
        value = value.splitlines()
    expected: t.Any = list if kind == "multiselect" else SURVEY_TYPES[kind]
    if not isinstance(value, expected):
        raise Invalid(f"{name} is not of the question's type")
    size = len(value) if isinstance(value, str) else value
    if kind in ("text", "textarea", "integer") and not question.get("min", size) <= size <= question.get("max", size):
        raise Invalid(f"{name}: {value!r} is too small or too large")
    chosen = value if kind == "multiselect" else [value]
    if "choices" in question and set(chosen) - set(question["choices"]):
        raise Invalid(f"{name}: {value} is not among the choices")
    return value
