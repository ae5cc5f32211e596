# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that AWX would accept the files for AWX, and that they fit the role."""

from __future__ import annotations

import copy
import json
import pathlib
import re
import subprocess
import sys

import jinja2
import jsonschema
import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

from ansible_collections.endpointops.intune.plugins.module_utils._readiness.device_lines import tell_devices
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.found import parse_found
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.summary import make_statistics
from tests.tools import awx
from tests.tools.generate import sources
from tests.tools.generate.role import as_ansible_checks_it, entry_points

ROOT = pathlib.Path(__file__).parents[2]
AWX = ROOT / "extensions" / "awx"
PATTERN = ROOT / "extensions" / "patterns" / "pin_reset"
ENTRIES = {
    "onboard.yml": "main",
    "verify.yml": "verify",
    "reset_passcode.yml": "reset",
    "fetch_passcode.yml": "fetch",
    "reset_from_ticket.yml": "reset",
    "reset_fleet.yml": "reset",
    "recover.yml": "recover",
    "offboard.yml": "offboard",
}
# An empty answer of these is no answer: the role treats it as not set. For others it is an argument error, so they are required.
MAY_BE_EMPTY = {"str", "path", "list"}


def load(path: pathlib.Path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


CREDENTIAL_TYPE = load(AWX / "credential_type.yml")
DEFINITION = json.loads((PATTERN / "meta" / "pattern.json").read_text(encoding="utf-8"))
TEMPLATES = DEFINITION["aap_resources"]["controller_job_templates"]
# With the types of lists, which the role's argument specs omit.
SPECS = entry_points(sources.load(ROOT))
QUESTIONS = [
    pytest.param(template, question, id=f"{template['name'].rpartition(': ')[2]}-{question['variable']}")
    for template in TEMPLATES
    for question in template["survey"]["spec"]
]


CONFIGURED = load(AWX / "configure_awx.yml")[0]
FILES = [AWX / "configure_awx.yml", *sorted((AWX / "tasks").glob("*.yml")), *sorted((AWX / "vars").glob("*.yml"))]


def flat(tasks: list[dict]) -> list[dict]:
    """Return the tasks of a list, of its blocks, and of the files that it imports, in their order."""
    found = []
    for task in tasks:
        nested = [task.get(part, []) for part in ("block", "rescue", "always")]
        imported = task.get("ansible.builtin.import_tasks")
        found += flat(load(AWX / imported)) if imported else [step for part in nested for step in flat(part)] or [task]
    return found


STEPS = flat(CONFIGURED["tasks"])


def test_awx_takes_the_credential_type():
    awx.check_credential_type(CREDENTIAL_TYPE)
    assert CREDENTIAL_TYPE["inputs"]["required"] == ["tenant_id", "client_id"]
    secret = {field["id"] for field in CREDENTIAL_TYPE["inputs"]["fields"] if field.get("secret")}
    assert secret == {"client_secret", "client_certificate", "client_certificate_passphrase"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda kind: kind["injectors"]["env"].update(ANSIBLE_CONFIG="x"),
        lambda kind: kind["injectors"]["env"].update(INTUNE_CLOUD="{{ clod }}"),
        lambda kind: kind["injectors"]["env"].update(INTUNE_CA_PATH="{{ tower.filename }}"),
        lambda kind: kind["injectors"]["file"].update(template="x"),
        lambda kind: kind["inputs"]["fields"][0].update(default=True),
        lambda kind: kind["inputs"]["fields"][0].update(hint="x"),
    ],
)
def test_awx_would_refuse_a_spoiled_one(spoil):
    spoiled = copy.deepcopy(CREDENTIAL_TYPE)
    spoil(spoiled)
    with pytest.raises((awx.Invalid, jinja2.UndefinedError, jsonschema.ValidationError)):
        awx.check_credential_type(spoiled)


def test_the_credential_sets_options_of_the_collection(tmp_path):
    from ansible_collections.endpointops.intune.plugins.module_utils._argspec import CONNECTION

    options = {spec["fallback"][1][0]: name for name, spec in CONNECTION.items() if "fallback" in spec}
    env = awx.injected(CREDENTIAL_TYPE, {"tenant_id": "t", "client_id": "c"}, tmp_path, pathlib.Path("/runner"))
    assert set(env) <= set(options) and set(options) - set(env) == {
        # Without AWX's credential: other ways to sign in.
        "INTUNE_AUTH_METHOD",
        "INTUNE_FEDERATED_TOKEN_PATH",
        "INTUNE_ACCESS_TOKEN",
        "INTUNE_TOKEN_CACHE_PATH",
    }
    assert {name for name, value in env.items() if value} == {"INTUNE_TENANT_ID", "INTUNE_CLIENT_ID"}, "what is not set is empty"
    (cloud,) = [field for field in CREDENTIAL_TYPE["inputs"]["fields"] if field["id"] == "cloud"]
    assert cloud["choices"] == CONNECTION["cloud"]["choices"] and cloud["default"] == CONNECTION["cloud"]["default"]


def test_files_are_named_where_they_have_content(tmp_path):
    inputs = {"tenant_id": "t", "client_id": "c", "client_certificate": "PEM\n", "ca": "CA\n"}
    env = awx.injected(CREDENTIAL_TYPE, inputs, tmp_path, pathlib.Path("/runner"))
    for name, content in {"INTUNE_CLIENT_CERTIFICATE_PATH": "PEM", "INTUNE_CA_PATH": "CA"}.items():
        path = pathlib.PurePath(env[name])
        assert path.parent == pathlib.PurePath("/runner/env")
        assert (tmp_path / "env" / path.name).read_text(encoding="utf-8").strip() == content


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: f"case 36: {template['name']}")
def test_who_launches_a_job_chooses_neither_recipients_nor_owners(template):
    asked = {question["variable"] for question in template["survey"]["spec"]}
    decided = {"pin_reset_seal_to", "pin_reset_ownerships", "pin_reset_platforms", "pin_reset_sealed_directory"}
    decided |= {"pin_reset_return_passcode", "pin_reset_recover_return_pass", "pin_reset_recover_once", "pin_reset_lock_directory"}
    assert asked and not asked & decided
    assert not template.get("ask_variables_on_launch")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: f"case 77: {template['name']}")
def test_jobs_of_a_template_run_at_once_where_they_only_read(template):
    """configure_awx.yml decides about those that reset passcodes: two at once need locks that their containers share."""
    only_reads = template["job_type"] == "check" or ENTRIES[template["playbook"]] in ("verify", "fetch")
    resets = ENTRIES[template["playbook"]] == "reset"
    assert template.get("allow_simultaneous") is (None if resets else only_reads)
    # A launch cannot turn a job that only reads into another one.
    assert not (only_reads and template.get("ask_job_type_on_launch"))


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param({}, "left alone", id="case 77: nothing is said of the variables"),
        pytest.param({"pin_reset_ownerships": ["company"]}, False, id="case 77: no locks"),
        pytest.param({"pin_reset_lock_directory": "/var/lib/intune-locks"}, True, id="case 77: locks that containers share"),
    ],
)
def test_jobs_that_reset_passcodes_run_at_once_where_they_share_locks(variables, expected):
    (asked,) = [task["awx.awx.job_template"]["allow_simultaneous"] for task in STEPS if "awx.awx.job_template" in task]
    names = {"intune_awx_reset_variables": variables, "omit": "left alone"}
    jinja = NativeEnvironment(undefined=jinja2.StrictUndefined)
    names["__shares_locks"] = jinja.from_string(CONFIGURED["vars"]["__shares_locks"]).render(names)
    for template in TEMPLATES:
        told = jinja.from_string(asked).render(names, item=template)
        assert told == template.get("allow_simultaneous", expected), template["name"]


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        pytest.param("reset_passcode.yml", {"pin_reset_wait_timeout": 60}, id="case 77: help desk"),
        pytest.param("reset_from_ticket.yml", {"pin_reset_wait": False, "pin_reset_max_devices": 1}, id="case 77: ticket"),
        pytest.param("reset_fleet.yml", {"pin_reset_wait_timeout": 600}, id="case 77: fleet"),
    ],
)
def test_no_job_waits_long_for_a_device_that_is_off(name, seconds):
    (play,) = load(PATTERN / "playbooks" / name)
    assert play["vars"] == seconds


def test_case_77_the_job_template_that_a_summary_names_is_there():
    told = " ".join(tell_devices({"results": [], "summary": {"total": 1, "pending": 1}}))
    (name,) = re.findall(r"job template '([^']+)'", told)
    (playbook,) = re.findall(r"run endpointops\.intune\.(\w+)", told)
    (template,) = [template for template in TEMPLATES if template["name"].endswith(f": {name}")]
    assert template["playbook"] == f"{playbook}.yml"


def test_case_79_a_rulebook_answers_the_survey_of_its_job_template():
    """Texts, each required, and exactly those that it sends: AWX refuses a launch without one, and ignores unknown ones."""
    (ruleset,) = load(ROOT / "extensions" / "eda" / "rulebooks" / "reset_from_ticket_job_template.yml")
    sent = ruleset["rules"][0]["action"]["run_job_template"]["job_args"]
    (template,) = [template for template in TEMPLATES if template["playbook"] == "reset_from_ticket.yml"]
    questions = template["survey"]["spec"]
    assert list(sent) == ["extra_vars"] and set(sent["extra_vars"]) == {question["variable"] for question in questions}
    assert {question["type"] for question in questions} <= {"text", "textarea"} and all(question["required"] for question in questions)
    assert all(isinstance(value, str) for value in sent["extra_vars"].values())


TEXTS = [asked for asked in QUESTIONS if asked.values[1]["type"] in ("text", "textarea")]


@pytest.mark.parametrize(("template", "question"), TEXTS)
def test_an_empty_text_is_no_answer_to_a_required_question(template, question):
    """case 78: by its API, AWX itself accepts it as an answer."""
    answers = {asked["variable"]: asked.get("default") or asked.get("max", "x") for asked in template["survey"]["spec"]}
    answers |= {asked["variable"]: "x" for asked in template["survey"]["spec"] if asked["type"] == "textarea"}
    assert awx.answers(template["survey"], answers)
    answers[question["variable"]] = ""
    if question["required"]:
        with pytest.raises(awx.Invalid, match=f"{question['variable']}: '' is too small"):
            awx.answers(template["survey"], answers)
    else:
        assert awx.answers(template["survey"], answers)[question["variable"]] == ""


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template["name"])
def test_awx_takes_the_survey(template):
    awx.check_survey(template["survey"])
    assert template["survey_enabled"] is True and "INTUNE" not in json.dumps(template)


@pytest.mark.parametrize(("template", "question"), QUESTIONS)
def test_a_survey_asks_for_variables_of_the_role(template, question):
    option = SPECS[ENTRIES[template["playbook"]]]["options"][question["variable"]]
    kind = option["type"]
    if question["type"] == "integer":
        assert kind == "int"
    elif question["type"] == "multiselect":
        assert kind == "list" and question["choices"] == option["choices"]
        assert question["default"].splitlines() == option["default"]
    elif question["type"] == "multiplechoice":
        assert question["choices"] == (["false", "true"] if kind == "bool" else option["choices"])
        assert question["default"] == (str(option["default"]).lower() if kind == "bool" else option["default"])
    else:
        assert kind in MAY_BE_EMPTY and question.get("default", option.get("default", "")) in (option.get("default", ""), "")
    if not question["required"]:
        assert kind in MAY_BE_EMPTY and option.get("elements", "str") == "str" and not option.get("choices")
        assert option.get("default", []) == [], "the role's default would be lost"


def test_job_templates_are_those_of_the_playbooks():
    files = {path.name for path in (PATTERN / "playbooks").glob("*.yml") if not path.name.endswith(".meta.yml")}
    assert not awx.is_playbook(ROOT, "extensions/patterns/pin_reset/playbooks/onboard.meta.yml")
    assert {template["playbook"] for template in TEMPLATES} == files == set(ENTRIES)
    assert sum(template["primary"] for template in TEMPLATES) == 1
    assert len({template["name"] for template in TEMPLATES}) == len(TEMPLATES)
    for name, entry in ENTRIES.items():
        assert awx.is_playbook(ROOT, f"extensions/patterns/pin_reset/playbooks/{name}")
        (play,) = load(PATTERN / "playbooks" / name)
        called = play["ansible.builtin.import_playbook"].removeprefix("endpointops.intune.")
        (target,) = load(ROOT / "playbooks" / f"{called}.yml")
        assert target["tasks"][0]["ansible.builtin.import_role"]["tasks_from"] == entry
        assert set(play.get("vars", {})) <= set(SPECS[entry]["options"])


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_the_arguments_of_each_playbook_are_those_of_the_role(name):
    """The pattern specification requires them beside the playbook."""
    told = load(PATTERN / "playbooks" / name.replace(".yml", ".meta.yml"))["argument_specs"]
    (spec,) = told.values()
    (play,) = load(PATTERN / "playbooks" / name)
    names = ("type", "elements", "choices", "default", "required")

    def essence(options):
        return {
            option: {**{key: spec[key] for key in names if key in spec}, "options": essence(spec.get("options", {}))}
            for option, spec in options.items()
        }

    expected = essence(SPECS[ENTRIES[name]]["options"])
    for variable, value in play.get("vars", {}).items():
        expected[variable]["default"] = value
    assert essence(spec["options"]) == expected


def test_the_role_takes_null_and_text_for_lists():
    shipped = load(ROOT / "roles" / "pin_reset" / "meta" / "argument_specs.yml")["argument_specs"]
    for name, entry in SPECS.items():
        assert shipped[name]["options"] == {variable: as_ansible_checks_it(option) for variable, option in entry["options"].items()}
        assert not [variable for variable, option in shipped[name]["options"].items() if option["type"] == "list" or "elements" in option]


def test_the_pattern_keeps_to_the_specification():
    jsonschema.validate(DEFINITION, awx.PATTERN_SCHEMA, jsonschema.Draft202012Validator)
    assert DEFINITION["name"] == PATTERN.name
    environment = DEFINITION["aap_resources"]["controller_execution_environment"]["name"]
    assert {template["execution_environment"] for template in TEMPLATES} == {environment}
    readme = (PATTERN / "README.md").read_text(encoding="utf-8")
    assert [template["name"] for template in TEMPLATES if f"| {template['name']} |" not in readme] == []


def test_what_the_role_hands_on_is_none_of_its_variables():
    handed_on = make_statistics(parse_found({}, check=False))
    options = {option for entry in SPECS.values() for option in entry["options"]}
    assert options and handed_on and not options & set(handed_on)


def test_the_controller_is_configured_with_what_is_shipped():
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    mocked = load(ROOT / ".ansible-lint")["mock_modules"]
    assert {name for task in STEPS for name in task if name.startswith("awx.awx.")} == set(mocked)
    assert "extensions/awx/intune_devices.yml" in text and (AWX / "intune_devices.yml").is_file()
    set_outside = {name for name in CONFIGURED["vars"] if name.startswith("intune_awx_")}
    readme = (AWX / "README.md").read_text(encoding="utf-8")
    assert {name for name in set_outside if f"`{name}`" not in readme} == set()
    assert set(re.findall(r"\bintune_awx_\w+", text)) == set_outside
    imported = re.findall(r"import_tasks: (\S+)|vars_files: (\S+)", text)
    assert {AWX / (tasks or variables) for tasks, variables in imported} == set(FILES[1:])


# The references of a resource, by the option of the module.
REFERENCES = {"project", "source_project", "inventory", "credential", "credentials", "credential_type", "organization"}
REFERENCES |= {"lookup_organization", "execution_environment", "default_environment", "workflow_job_template", "unified_job_template"}


def test_modules_get_ids():
    """case 74: several organizations can have the same names."""
    given = [
        (task["name"], option, value)
        for task in STEPS
        for module, options in task.items()
        if module.startswith("awx.awx.")
        for option, value in options.items()
        if option in REFERENCES
    ]
    ids = re.compile(r"(__\w+_made\.id|__\w+_ids\[.*\]|__organization|__type_id|__credentials_found\.\w+\[0\])( \| default\(omit\))? \}\}$")
    assert len(given) > 20
    assert [entry for entry in given if not ids.search(str(entry[2]).strip("[]'"))] == []


def test_nothing_is_changed_before_all_is_checked():
    names = [name for task in STEPS for name in task if "." in name]
    first_write = names.index("awx.awx.execution_environment")
    assert set(names[:first_write]) == {"ansible.builtin.assert", "ansible.builtin.set_fact", "ansible.builtin.fail", "awx.awx.token"}


def builder(*arguments: str) -> str:
    command = [str(pathlib.Path(sys.executable).with_name("ansible-builder")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def test_ansible_builder_takes_the_execution_environment(tmp_path):
    builder("create", "-f", str(AWX / "execution-environment.yml"), "-c", str(tmp_path), "--output-filename", "Containerfile")
    (requirement,) = load(tmp_path / "_build" / "requirements.yml")["collections"]
    assert requirement["name"] == "endpointops.intune"
    assert "FROM $EE_BASE_IMAGE" in (tmp_path / "Containerfile").read_text(encoding="utf-8")


def guide_changes() -> list[dict]:
    """Return the changes to the definition of the image that the guide shows, in its order."""
    guide = (ROOT / "docs/docsite/rst/guide_awx.rst").read_text(encoding="utf-8")
    section = guide.split("\nThe execution environment\n")[1].split("\nConfiguration by playbook\n")[0]
    blocks = re.findall(r"code-block:: yaml\n\n((?: {4}.*\n|\n)+)", section)
    found = [yaml.safe_load(block) for block in blocks]
    return [block for block in found if isinstance(block, dict) and {"dependencies", "options"} & set(block)]


def test_ansible_builder_takes_the_changes_of_the_guide(tmp_path):
    definition = load(AWX / "execution-environment.yml")
    for change in guide_changes():
        definition["dependencies"].update(change.pop("dependencies", {}))
        definition.update(change)
    (tarball,) = definition["additional_build_files"]
    (tmp_path / tarball["src"]).write_bytes(b"a tarball")
    (tmp_path / "ee.yml").write_text(yaml.safe_dump(definition), encoding="utf-8")
    builder("create", "-f", str(tmp_path / "ee.yml"), "-c", str(tmp_path), "--output-filename", "Containerfile")
    # The image installs from the folder _build, to which the collection's path is relative.
    (requirement,) = load(tmp_path / "_build" / "requirements.yml")["collections"]
    assert requirement["type"] == "file" and (tmp_path / "_build" / requirement["name"]).is_file()
    assert (tmp_path / "_build" / "requirements.txt").read_text(encoding="utf-8").split() == definition["dependencies"]["python"]
    steps = (tmp_path / "Containerfile").read_text(encoding="utf-8")
    assert 'ARG PKGMGR="/usr/bin/apt-get"' in steps and "/pip_install" not in steps
    assert definition["images"]["base_image"]["name"] in steps


def test_the_guide_looks_for_our_libraries_where_the_definition_installs_them():
    guide = (ROOT / "docs/docsite/rst/guide_awx.rst").read_text(encoding="utf-8")
    ((python, libraries),) = re.findall(r'podman run --rm \S+ (\S+) -c "import (.*)"', guide)
    assert load(AWX / "execution-environment.yml")["dependencies"]["python_interpreter"]["python_path"] == f"/usr/bin/{python}"
    floors = re.findall(r"^(\w+)>=", (ROOT / "meta/ee-requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert libraries.split(", ") == floors


def test_an_execution_environment_gets_our_libraries_and_no_others(tmp_path):
    there = tmp_path / "ansible_collections" / "endpointops"
    there.mkdir(parents=True)
    (there / "intune").symlink_to(ROOT)
    found = yaml.safe_load(builder("introspect", "--sanitize", str(tmp_path)))
    floors = [line for line in (ROOT / "meta/ee-requirements.txt").read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    assert [re.sub(r"\s*#.*", "", line) for line in found["python"]] == floors
    assert not found.get("system")
