# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that the JSON schema of the role's variables agrees with the role's checks and finds typos, also in examples."""

from __future__ import annotations

import ast
import json
import pathlib
import re
import shlex
import typing as t

import jsonschema
import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.endpointops.intune.plugins.filter.pin_reset_problems import find_problems
from ansible_collections.endpointops.intune.plugins.module_utils._argspec import validate
from tests.quality.test_guides import ALL, YAML
from tests.tools.generate import outputs, role
from tests.tools.generate.sources import load

ROOT = pathlib.Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / outputs.SCHEMA).read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
SOURCES = load(ROOT)
SPECS = yaml.safe_load((ROOT / "roles/pin_reset/meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
OPTIONS = {name: option for entry in SPECS.values() for name, option in entry["options"].items()}
ROLE_VARS = yaml.safe_load((ROOT / "roles/pin_reset/vars/main.yml").read_text(encoding="utf-8"))


def problems(variables: t.Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(variables)]


def test_the_schema_is_valid_itself():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    # A typo in a keyword would be ignored: these are all that the schema uses.
    assert keywords(SCHEMA) <= {*jsonschema.Draft7Validator.META_SCHEMA["properties"], "patternErrorMessage"}


def keywords(schema: t.Any) -> set[str]:
    inner = [schema[name].values() for name in ("properties", "patternProperties") if name in schema]
    inner += [schema[name] for name in ("anyOf", "allOf") if name in schema]
    inner += [[schema[name]] for name in ("items", "if", "then") if name in schema]
    return set(schema).union(*(keywords(each) for group in inner for each in group))


def test_every_variable_that_the_role_knows_is_in_it_with_its_description():
    assert set(SCHEMA["properties"]) == set(ROLE_VARS["__pin_reset_known"])
    assert all(each["description"] and "(" + "C" not in each["description"] for each in SCHEMA["properties"].values())
    defaults = {name: each["default"] for name, each in SCHEMA["properties"].items() if "default" in each}
    assert defaults == SOURCES.defaults


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        pytest.param({"pin_reset_assigments": [{"target": "all_devices"}]}, "pin_reset_assigments", id="a name"),
        pytest.param({"pin_reset_": 1}, "pin_reset_", id="no name"),
        pytest.param({"site": 1, "pin_reset_Devices": ["x"]}, "pin_reset_Devices", id="a capital letter"),
        pytest.param({"pin_reset_assignments": [{"target": "all_device"}]}, "all_device", id="a choice in an entry"),
        pytest.param({"pin_reset_assignments": [{"target": "group", "grup": "x"}]}, "grup", id="a member of an entry"),
        pytest.param({"pin_reset_assignments": [{"group": "Sales"}]}, "'target' is a required property", id="a missing member"),
        pytest.param({"pin_reset_assignments": [{"target": "group"}]}, "'group' is a required property", id="a member for another"),
        pytest.param({"pin_reset_assignments": [{"target": "exclude_group"}]}, "'group' is a required", id="the same for an exclusion"),
        pytest.param({"pin_reset_assignments": {"target": "all_devices"}}, "is not of type 'array'", id="no list"),
        pytest.param({"pin_reset_assignments": "all_devices"}, "does not match", id="text without a name"),
        pytest.param({"pin_reset_policy_backend": "catalog"}, "catalog", id="a choice"),
        pytest.param({"pin_reset_platforms": ["window"]}, "window", id="a choice in a list"),
        pytest.param({"pin_reset_platforms": "windows,andriod"}, "does not match", id="a choice in text"),
        pytest.param({"pin_reset_policy_settings": {"minimum_pin_lenght": 6}}, "minimum_pin_lenght", id="a setting"),
        pytest.param({"pin_reset_policy_settings": {"minimum_pin_length": 3}}, "minimum of 4", id="a number that is too small"),
        pytest.param({"pin_reset_policy_settings": {"digits": "yes"}}, "'yes'", id="a choice of a setting"),
        pytest.param({"pin_reset_policy_settings": ["digits"]}, "is not of type 'object'", id="no dictionary"),
        pytest.param({"pin_reset_wait": "ja"}, "does not match", id="no boolean"),
        pytest.param({"pin_reset_wait": 2}, "maximum of 1", id="a number that is no boolean"),
        pytest.param({"pin_reset_wait_timeout": "10 minutes"}, "does not match", id="no number"),
        pytest.param({"pin_reset_wait_timeout": 1.5}, "is not of type 'integer'", id="no whole number"),
        pytest.param({"pin_reset_max_devices": True}, "is not of type 'integer'", id="a boolean for a number"),
        pytest.param({"pin_reset_devices": [12345]}, "is not of type 'string'", id="a serial number without quotes"),
        pytest.param({"pin_reset_policy_name": ["PIN"]}, "is not of type 'string'", id="a list for text"),
        pytest.param({"pin_reset_wait": None}, "is not of type 'boolean'", id="null with a default"),
    ],
)
def test_a_typo_is_found(variables, told):
    found = problems(variables)
    assert found and any(told in message for message in found), found


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({}, id="no variable"),
        pytest.param(None, id="an empty file"),
        pytest.param({"site": 1, "pin": 1, "pin_resets": 2, "xpin_reset_y": 3, "ansible_connection": "local"}, id="variables of others"),
        pytest.param({"pin_reset_assignments": "target=group group='Sales, Berlin', target=all_users"}, id="an answer of a survey"),
        pytest.param({"pin_reset_assignments": '[{"target": "all_devices"}]'}, id="JSON"),
        pytest.param({"pin_reset_devices": "LT-1\nLT-2", "pin_reset_device_groups": "Sales, Field"}, id="lists that are text"),
        pytest.param({"pin_reset_assignments": "", "pin_reset_scope_tags": None, "pin_reset_platforms": ""}, id="lists that are not set"),
        pytest.param({"pin_reset_wait": "Yes", "pin_reset_sync_devices": "FALSE", "pin_reset_must_arrive": 1}, id="booleans that are text"),
        pytest.param({"pin_reset_wait_timeout": " 600 ", "pin_reset_recover_lifetime_minutes": 60}, id="numbers and texts"),
        pytest.param({name: "{{ site_value }}" for name in OPTIONS}, id="templates"),
        pytest.param({name: "$ANSIBLE_VAULT;1.1;AES256\n3130\n" for name in OPTIONS}, id="encrypted values"),
        pytest.param({"pin_reset_assignments": ["{{ one }}", {"target": "{{ kind }}"}]}, id="templates in a list"),
        pytest.param({"pin_reset_policy_settings": {"digits": "{{ d }}", "pin_history": "{% h %}"}}, id="in a dict"),
        pytest.param({"pin_reset_seal_to": "-----BEGIN CERTIFICATE-----\n", "pin_reset_reset_since": "2026-01-31T08:00:00Z"}, id="texts"),
    ],
)
def test_what_the_role_takes_is_valid(variables):
    assert problems(variables) == []


# --- the schema and the role agree ----------------------------------------------------------------------------------

SCALARS = [True, False, 0, 1, 2, 5, -1, 1.5, "", "  ", "yes", "TRUE", " no ", "maybe", "5", " 5 ", "1.5", "abc", "9" * 20]
TEXTS = [
    "windows",
    "windows,ios",
    "windows, ios",
    "windows,",
    " windows",
    "windows\nios",
    "company",
    "custom",
    "none",
    "auto",
    "device",
    "all_devices",
]
ENTRIES = [
    "target=all_devices",
    "target=group group='a, b', target=all_users",
    '[{"target":"all_devices"}]',
    "targets=x",
    "=",
    "a=b",
    "group='A [x]{y}' target=group",
]
LISTS = [[], ["abc"], [5], ["windows"], ["beos"], ["company"], ["windows", ""], [{}], [["abc"]]]
TARGETS: list[dict[str, t.Any]] = [
    *({"target": kind} for kind in ("all_devices", "group", "x", None, 5)),
    *({"target": "group", "group": group} for group in ("x", None, 5, ["x"])),
    {"group": "x"},
    {"target": "all_devices", "grp": "x"},
    *({"target": "all_devices", "filter": "x", "filter_type": kind} for kind in ("include", "only", None)),
]
SETTINGS: list[dict[str, t.Any]] = [
    *({"minimum_pin_length": value} for value in (6, "6", "x", None)),
    *({"digits": value} for value in ("required", "maybe", None)),
    *({"use_biometrics": value} for value in ("yes", None, "x", 1, 2)),
    *({"web_sign_in_allowed_urls": value} for value in (["a"], "a", [5], None)),
    *({"device_unlock_plugins": value} for value in ("", 5, None)),
    {"minimum_pin": 6},
]
JSON = ['{"minimum_pin_length": 6}', "minimum_pin_length=6"]
VALUES = [None, *JSON, *SCALARS, *TEXTS, *ENTRIES, *LISTS, *TARGETS, *([each] for each in TARGETS), *SETTINGS]


def refusal(name: str, value: t.Any) -> str | None:
    """Return the role's refusal of a value: by its argument specs, by its own check, or by the module that gets it."""
    spec = {key: each for key, each in OPTIONS[name].items() if key != "required"}
    try:
        found = list(ArgumentSpecValidator({name: spec}).validate({name: value}).error_messages)
    except (TypeError, OverflowError) as failure:  # of ansible-core, for a value that it does not expect
        found = [repr(failure)]
    # As the role passes them on: without those that count as not set.
    values = {name: isinstance(value or {}, dict)} if name == "pin_reset_policy_settings" else {}
    found += find_problems([], [], lists={name: value or []}, choices=ROLE_VARS["__pin_reset_choices"], values=values)
    declared = SOURCES.role["variables"][name]
    if "option" in declared and value not in (None, ""):
        option = {key: each for key, each in role.module_option(SOURCES, declared["option"]).items() if key != "required"}
        found += validate({name: option}, {name: value}).problems
    return found[0] if found else None


def is_stricter(name: str, value: t.Any) -> bool:
    """Return whether the schema refuses an unlikely value that Ansible converts to text or a number."""
    kind, declared = OPTIONS[name]["type"], SOURCES.role["variables"][name]
    if "option" in declared and role.module_option(SOURCES, declared["option"])["type"] == "list":
        return not isinstance(value, (str, list)) or (isinstance(value, list) and not all(isinstance(each, str) for each in value))
    if kind == "int":
        return isinstance(value, bool)
    if kind in ("str", "path"):
        return value is None or isinstance(value, (bool, list, dict)) or (kind == "path" and isinstance(value, (int, float)))
    return False


@pytest.mark.parametrize("name", OPTIONS)
def test_the_schema_and_the_role_agree(name):
    for value in VALUES:
        told, refused = problems({name: value}), refusal(name, value)
        assert not (refused and not told), f"{value!r}: the role refuses it ({refused}), and the schema does not"
        assert not (told and not refused) or is_stricter(name, value), f"{value!r}: the role takes it, and the schema does not ({told})"


# --- examples -------------------------------------------------------------------------------------------------------


def variables_in(content: t.Any) -> t.Iterator[dict[str, t.Any]]:
    """Yield each dictionary that holds variables of the role."""
    if isinstance(content, dict) and any(str(key).startswith("pin_reset_") for key in content):
        yield content
    for item in content.values() if isinstance(content, dict) else content if isinstance(content, list) else ():
        yield from variables_in(item)


class Words(yaml.SafeLoader):
    """Read dates as text, as editors do, and tags of Ansible as their content."""


Words.add_constructor("tag:yaml.org,2002:timestamp", yaml.SafeLoader.construct_yaml_str)
Words.add_multi_constructor("!", lambda loader, _tag, node: loader.construct_scalar(node))

EXAMPLES = [(str(block), found) for block in YAML for found in variables_in(list(yaml.load_all(block.text, Words)))]  # noqa: S506  # a SafeLoader
SHIPPED = [
    path for pattern in ("playbooks/*.yml", "extensions/**/*.yml") for path in sorted(ROOT.glob(pattern)) if ".meta." not in path.name
]
EXAMPLES += [
    (path.name, found)
    for path in SHIPPED
    if not path.name.endswith(".meta.yml")
    for found in variables_in(list(yaml.load_all(path.read_text(encoding="utf-8"), Words)))  # noqa: S506  # a SafeLoader
]
EXAMPLES += [(name, example) for name, examples in SOURCES.pattern["examples"].items() for example in variables_in(examples)]
# Values on a command line are text.
COMMANDS = [
    (str(block), dict([word.split("=", 1)]))
    for block in ALL
    if block.kind == "console"
    for line in block.text.replace("\\\n", " ").splitlines()
    for word in shlex.split(line, comments=True)
    if re.match(r"pin_reset_\w+=", word)
]


@pytest.mark.parametrize(("place", "variables"), [*EXAMPLES, *COMMANDS], ids=lambda value: value if isinstance(value, str) else "")
def test_every_example_is_valid(place, variables):
    assert problems(variables) == [], place


def test_there_are_examples():
    assert len(EXAMPLES) > 10 and len(COMMANDS) > 3 and len(TESTED) > 100


class GivenVariable(t.NamedTuple):
    """A variable that a test gives the role."""

    place: str
    name: str
    value: t.Any


def evaluate(node: ast.AST) -> t.Any:
    """Return the value of an expression, with a template for each part that is not literal."""
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {evaluate(key): evaluate(value) for key, value in pairs if key is not None}
    if isinstance(node, ast.List):
        return [evaluate(each) for each in node.elts]
    return node.value if isinstance(node, ast.Constant) else "{{ x }}"


def list_variables(path: pathlib.Path) -> t.Iterator[GivenVariable]:
    """Yield the variables that a file of tests gives the role, in dictionaries and as arguments."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        pairs: list[tuple[t.Any, ast.AST]] = []
        if isinstance(node, ast.Dict):
            pairs = [(key.value, value) for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant)]
        elif isinstance(node, ast.Call):
            pairs = [(keyword.arg, keyword.value) for keyword in node.keywords]
        for name, value in pairs:
            if isinstance(name, str) and name.startswith("pin_reset_"):
                yield GivenVariable(f"{path.name}:{node.lineno}", name, evaluate(value))


# The files that run the role with variables.
TESTED = [found for path in sorted((ROOT / "tests/integration").glob("*.py")) for found in list_variables(path)]
# Variables of tests that the role must refuse.
WRONG = {
    ("pin_reset_policy_settings", '"{\\"minimum_pin_length\\": 6}"'),
    ("pin_reset_assignment", '[{"target": "all_devices"}]'),
    ("pin_reset_assignments", "12345"),
    ("pin_reset_assignments", '["all_users"]'),
    ("pin_reset_assignments", '[{"group": "Pilot ring"}]'),
    ("pin_reset_assignments", '[{"target": "everybody"}]'),
    ("pin_reset_match_by", '"color"'),
    ("pin_reset_ownerships", '["mine"]'),
    ("pin_reset_platforms", '["beos"]'),
    ("pin_reset_policy_scope", '"planet"'),
    ("pin_reset_typo", "1"),
}


def test_every_variable_of_the_tests_is_valid_or_meant_to_be_wrong():
    found = {(each.name, json.dumps(each.value)) for each in TESTED if problems({each.name: each.value})}
    assert found == WRONG


def answers(question: dict[str, t.Any]) -> t.Iterator[t.Any]:
    """Yield the possible values of a form of AWX for a question: the choices, the default, and nothing if it can be left empty."""
    choices = question.get("choices", [])
    yield from ([each] for each in choices) if question["type"] == "multiselect" else choices
    if "default" in question:
        yield question["default"].splitlines() if question["type"] == "multiselect" else question["default"]
    if not question["required"] and question["type"] not in ("integer", "multiplechoice"):
        yield [] if question["type"] == "multiselect" else ""
    if question["type"] == "integer":
        yield question.get("min", 1)


PATTERN = json.loads((ROOT / "extensions/patterns/pin_reset/meta/pattern.json").read_text(encoding="utf-8"))
QUESTIONS = [
    pytest.param(question, id=f"{template['name']}: {question['variable']}")
    for template in PATTERN["aap_resources"]["controller_job_templates"]
    for question in template["survey"]["spec"]
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_answer_of_a_survey_is_valid(question):
    for answer in answers(question):
        assert problems({question["variable"]: answer}) == [], answer


def test_the_page_of_the_role_says_where_the_schema_is():
    text = (ROOT / "roles/pin_reset/README.md").read_text(encoding="utf-8")
    (comment,) = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", text, re.MULTILINE)
    assert comment == f"https://raw.githubusercontent.com/endpointops/endpointops.intune/main/{outputs.SCHEMA}"
    assert f"({SCHEMA['$id']})" in text and SCHEMA["$id"].endswith(f"/main/{outputs.SCHEMA}")
