# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that repeated facts about the collection are the same everywhere."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pathlib
import re

import pytest
import tomllib
import yaml

from tests.integration.harness import Ansible, four_beats
from tests.support.modules import list_modules

ROOT = pathlib.Path(__file__).parents[2]
MODULES = list_modules()
COLLECTION = "ansible_collections.endpointops.intune"


def load(path: str):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def module(name: str):
    return importlib.import_module(f"{COLLECTION}.plugins.modules.{name}")


def documentation(name: str) -> dict:
    return yaml.safe_load(module(name).DOCUMENTATION)


def fragment(name: str, section: str = "DOCUMENTATION") -> dict:
    found = importlib.import_module(f"{COLLECTION}.plugins.doc_fragments.{name}")
    return yaml.safe_load(getattr(found.ModuleDocFragment, section))


def test_there_are_modules():
    assert len(MODULES) >= 4


def test_the_action_group_holds_every_module():
    assert load("meta/runtime.yml")["action_groups"]["intune"] == MODULES


def test_a_redirect_to_a_module_finds_its_action_plugin():
    """case 35: without this, a task of another collection that redirects here only runs the module, and shows its return values."""
    routing = load("meta/runtime.yml")["plugin_routing"]["modules"]
    assert routing == {name: {"action_plugin": f"endpointops.intune.{name}"} for name in MODULES}


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_its_action_plugin_and_states_its_name(name):
    action = importlib.import_module(f"{COLLECTION}.plugins.action.{name}")
    assert action.ActionModule.module is module(name)
    assert module(name).SPEC.module == name


@pytest.mark.parametrize("name", MODULES)
def test_every_module_documents_its_attributes(name):
    fragments = documentation(name)["extends_documentation_fragment"]
    assert {"endpointops.intune.connection", "endpointops.intune.attributes"} <= set(fragments)
    assert set(fragment("attributes")["attributes"]) == {"check_mode", "diff_mode", "platform", "idempotent", "action_group"}
    own = documentation(name).get("attributes", {})
    chosen = {"endpointops.intune.attributes.idempotent", "endpointops.intune.attributes.info"} & set(fragments)
    assert "idempotent" in own or chosen, "says whether a second run changes nothing"


# Modules whose integration tests are in a file of another name, with the reason.
INTEGRATION_TESTS = {
    "entra_application_info": ("test_entra_application.py", "it shows what the other module made"),
    "entra_temporary_access_pass_info": ("test_entra_temporary_access_pass.py", "it shows what the other module made"),
    "intune_connection_info": ("test_connection.py", "each test of a way to connect runs it"),
    "intune_pinreset_consent_info": ("test_pinreset_consent.py", "it shows what the other module made"),
}


def run_by(source: str) -> set[str]:
    """Return the modules that the test functions of a file run in a task: with Ansible.module, Ansible.cases, or four_beats."""
    tree = ast.parse(source)
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    tests = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    calls = [node for test in tests for node in ast.walk(test) if isinstance(node, ast.Call)]
    return {name for call in calls if (name := _module_of(call, constants)) is not None}


def _module_of(call: ast.Call, constants: dict[str, object]) -> str | None:
    """Return the module that a call of the harness runs; None for other calls, and if the file does not state it."""
    if isinstance(call.func, ast.Attribute) and call.func.attr in ("module", "cases"):
        position = 0
    elif isinstance(call.func, ast.Name) and call.func.id == "four_beats":
        position = 1
    else:
        return None
    argument = call.args[position] if len(call.args) > position else None
    value = constants.get(argument.id) if isinstance(argument, ast.Name) else getattr(argument, "value", None)
    return value if isinstance(value, str) else None


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_integration_tests(name):
    file, _reason = INTEGRATION_TESTS.get(name, (f"test_{name.removeprefix('intune_')}.py", "its own"))
    assert name in run_by((ROOT / "tests" / "integration" / file).read_text(encoding="utf-8"))


def test_only_existing_modules_have_their_integration_tests_elsewhere():
    assert set(INTEGRATION_TESTS) <= set(MODULES)
    # The functions that run_by looks for are those of the harness, with the module in that position.
    assert [list(inspect.signature(run).parameters).index("module") for run in (Ansible.module, Ansible.cases, four_beats)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ('M = "x"\ndef test_a(ansible):\n    ansible.module(M, {})', {"x"}),
        ('def test_a(both):\n    for found in both.cases("x", {}).values():\n        assert found', {"x"}),
        ('M = "x"\ndef test_a(ansible):\n    four_beats(ansible, M, {})', {"x"}),
        ('M = "x"\n"""x"""\ndef test_a(ansible):\n    assert M == "x"', set()),
        ('M = "x"\ndef helper(ansible):\n    ansible.module(M, {})', set()),
        ('M = "x"\ndef test_a(ansible):\n    ansible.module("y", {"x": M})', {"y"}),
    ],
    ids=["constant", "text", "four beats", "named only", "not in a test", "another module"],
)
def test_a_module_that_is_only_mentioned_has_no_integration_tests(source, modules):
    assert run_by(source) == modules


def test_the_connection_options_fall_back_to_the_documented_variables():
    from ansible_collections.endpointops.intune.plugins.module_utils._argspec import CONNECTION

    options = fragment("connection")["options"]
    assert set(options) == set(CONNECTION)
    for name, spec in CONNECTION.items():
        documented = re.findall(r"E\((\w+)\)", " ".join(options[name]["description"]))
        assert documented == list(spec.get("fallback", (None, []))[1]), name
        assert options[name].get("default") == spec.get("default"), name


def comparable(options: dict) -> dict:
    """Return the part of each option that both the documentation and the arguments of a module contain."""
    names = ("type", "elements", "choices", "default")
    return {name: {key: option[key] for key in names if key in option} for name, option in options.items()}


def documented(name: str) -> dict:
    """Return the options of a module, with those of its fragments. Its own take precedence."""
    options = {}
    for reference in documentation(name)["extends_documentation_fragment"]:
        fragment_name, _dot, section = reference.removeprefix("endpointops.intune.").partition(".")
        options |= fragment(fragment_name, section.upper() or "DOCUMENTATION").get("options", {})
    return options | documentation(name).get("options", {})


@pytest.mark.parametrize("name", MODULES)
def test_every_module_documents_its_options_as_they_are(name):
    found = comparable(documented(name))
    # The default type is text in both.
    assert {option: {"type": "str", **spec} for option, spec in found.items()} == {
        option: {"type": "str", **spec} for option, spec in comparable(module(name).SPEC.argument_spec).items()
    }


@pytest.mark.parametrize("name", ["selection", "handover", "approval"])
def test_options_of_several_modules_are_documented_as_they_are(name):
    from ansible_collections.endpointops.intune.plugins.module_utils import _argspec

    assert comparable(fragment(name)["options"]) == comparable(getattr(_argspec, name.upper()))


def test_devices_are_named_by_what_they_are_compared_by():
    from ansible_collections.endpointops.intune.plugins.module_utils._argspec import SELECTION
    from ansible_collections.endpointops.intune.plugins.module_utils._devices import identifiers as devices

    ways = SELECTION["match_by"]["choices"]
    assert ways[0] == SELECTION["match_by"]["default"] == "auto"
    assert sorted(ways[1:]) == sorted(devices.MATCH_BY)
    assert set(devices.MATCH_BY.values()) <= set(devices.FIND) and set(devices.IDENTIFIERS.values()) <= set(devices.FIND)


@pytest.mark.parametrize("name", ["intune_device_passcode", "intune_device_info", "intune_device_passcode_info"])
def test_ownerships_and_platforms_are_those_of_the_gate(name):
    from ansible_collections.endpointops.intune.plugins.module_utils._devices import eligibility
    from ansible_collections.endpointops.intune.plugins.module_utils._devices import model as devices

    spec = module(name).SPEC.argument_spec
    assert tuple(spec["ownerships"]["choices"]) == devices.OWNERSHIPS
    # The module that only hands over reads every device, unless a task limits it.
    assert spec["ownerships"].get("default") == (None if name == "intune_device_passcode_info" else ["company"])
    for platform in spec["platforms"]["choices"]:
        device = devices.Device("x", operating_system=platform, os_version="10.0.22631", join_type="azureADJoined", ownership="company")
        assert devices.platform_of(device) == platform and eligibility.evaluate(device, [platform]).eligible


def test_secrets_are_hidden_and_nothing_else_is():
    from ansible_collections.endpointops.intune.plugins.module_utils._argspec import CONNECTION

    hidden = {name for name, spec in CONNECTION.items() if spec.get("no_log")}
    assert hidden == {"client_secret", "client_certificate_passphrase", "access_token"}


def test_the_version_is_the_same_everywhere():
    from ansible_collections.endpointops.intune.plugins.module_utils import _module

    assert load("galaxy.yml")["version"] == _module.VERSION


def test_requirements_are_floors_and_the_same_everywhere():
    lines = (ROOT / "meta" / "ee-requirements.txt").read_text(encoding="utf-8").splitlines()
    floors = sorted(line for line in lines if line and not line.startswith("#"))
    documented = fragment("connection")["requirements"]
    assert [line.replace(">=", " >= ") for line in floors] == sorted(line for line in documented if not line.startswith("python"))


def test_the_roles_defaults_equal_its_argument_specs():
    defaults = load("roles/pin_reset/defaults/main.yml")
    options = load("roles/pin_reset/meta/argument_specs.yml")["argument_specs"]
    told = {name: spec["default"] for entry in options.values() for name, spec in entry["options"].items() if "default" in spec}
    # Ansible refuses null for a dictionary with a default.
    assert defaults == {**told, "pin_reset_policy_settings": {}}


# Every entry point checks the given ones of these, even if it does not use them.
CHECKED = {f"__pin_reset_{name}" for name in ("known", "lists", "choices", "values", "no_device", "name_devices")}
ENTRY_POINTS = ["main", "verify", "reset", "report", "wait_ready", "recover", "fetch", "offboard", "device"]
# Match a variable of the role, and one of its internal variables, in the text of a task or a variable, but not the name of a plugin.
VARIABLE = re.compile(r"(?<!_)(?<!endpointops\.intune\.)\bpin_reset_\w+")
OWN = re.compile(r"\b__pin_reset_\w+")


@pytest.mark.parametrize("entry", ENTRY_POINTS)
def test_each_entry_point_documents_the_variables_it_uses(entry):
    options = load("roles/pin_reset/meta/argument_specs.yml")["argument_specs"][entry]["options"]
    own = {name: json.dumps(value) for name, value in load("roles/pin_reset/vars/main.yml").items() if name not in CHECKED}
    used, todo, texts = set(), [entry], []
    while todo:
        texts.append((ROOT / "roles" / "pin_reset" / "tasks" / f"{todo.pop()}.yml").read_text(encoding="utf-8"))
        todo += re.findall(r"(?:import_tasks|include_tasks|file): (\w+)\.yml", texts[-1])
    while texts:
        text = texts.pop()
        used |= set(VARIABLE.findall(text))
        texts += [own.pop(name) for name in set(OWN.findall(text)) if name in own]
    facts = {"pin_reset_results", "pin_reset_approval", "pin_reset_summary", "pin_reset_failed_devices", "pin_reset_on_device"}
    assert used - facts == set(options)


def test_the_role_knows_every_variable_of_its_name_in_what_comes_with_it():
    """Check rulebooks, playbooks of AWX, and guides: one file of variables may be for all of them."""
    known = load("roles/pin_reset/vars/main.yml")["__pin_reset_known"]
    paths = [*ROOT.glob("extensions/**/*.yml"), *ROOT.glob("extensions/**/*.json"), *ROOT.glob("playbooks/*.yml"), ROOT / "README.md"]
    paths += [*ROOT.glob("docs/docsite/rst/*.rst"), ROOT / "roles/pin_reset/README.md"]
    named = {
        name
        for path in paths
        for name in re.findall(
            r"\bpin_reset_\w+", re.sub(r"endpointops\.intune\.\w+|\w*_pin_reset\w*", "", path.read_text(encoding="utf-8"))
        )
    }
    assert "pin_reset_webhook_token" in named and named - set(known) == set()


def test_the_role_passes_every_setting_on():
    from ansible_collections.endpointops.intune.plugins.module_utils._hello import settings

    told = load("roles/pin_reset/meta/argument_specs.yml")["argument_specs"]["main"]["options"]["pin_reset_policy_settings"]["options"]
    (task,) = load("roles/pin_reset/tasks/policy.yml")
    passed = task["endpointops.intune.intune_pin_policy"]
    spec = settings.make_options()
    assert {name: {key: option[key] for key in option if key != "description"} for name, option in told.items()} == {
        name: {key: option[key] for key in option if key != "no_log"} for name, option in spec.items() if name != "enable_pin_recovery"
    }
    assert all(passed[name].strip() == f"{{{{ pin_reset_policy_settings.{name} | default(omit) }}}}" for name in told)


# Playbooks for an administrator, who signs in as a person.
OF_PERSONS = {"bootstrap", "rotate_certificate"}


def test_every_entry_point_has_a_playbook():
    called = {}
    for path in sorted(path for path in (ROOT / "playbooks").glob("*.yml") if path.stem not in OF_PERSONS):
        (play,) = load(f"playbooks/{path.name}")
        (task,) = play["tasks"]
        called[path.stem] = task["ansible.builtin.import_role"]["tasks_from"]
    same = {name: name for name in ("verify", "report", "wait_ready", "recover", "offboard", "device")}
    assert called == {"onboard": "main", "reset_passcode": "reset", "fetch_passcode": "fetch", **same}


def sanity_ignores(root: pathlib.Path) -> list[str]:
    """Return the files that would make ansible-test's sanity tests ignore something."""
    return sorted(str(path.relative_to(root)) for path in (root / "tests" / "sanity").glob("ignore*"))


def unsafe_words(root: pathlib.Path) -> dict[str, list[str]]:
    """Return the parts of tasks that hide a failure or escape a check, by file."""
    places = ("roles/**/*.yml", "playbooks/*.yml", "extensions/**/*.yml", "tests/integration/targets/**/*.yml")
    paths = sorted(path for place in places for path in root.glob(place))
    assert paths
    words = ("ignore_errors:", "ansible.builtin.shell:")
    texts = {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in paths}
    return {path: found for path, text in texts.items() if (found := [word for word in words if word in text])}


def test_the_first_page_has_the_sections_that_a_certification_checks():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    found = [name.lower() for name in re.findall(r"^## (.+)$", page, re.MULTILINE)]
    before = ["description", "requirements", "installation", "use cases", "included content"]
    needed = [*before, "testing", "support", "release notes and roadmap", "related information", "license information"]
    assert [name for name in found if name in needed] == needed


def test_no_sanity_test_is_silenced():
    assert sanity_ignores(ROOT) == []


def test_a_silenced_sanity_test_is_found(tmp_path):
    (tmp_path / "tests" / "sanity").mkdir(parents=True)
    (tmp_path / "tests" / "sanity" / "ignore-2.19.txt").write_text("plugins/modules/x.py validate-modules:x\n", encoding="utf-8")
    assert sanity_ignores(tmp_path) == ["tests/sanity/ignore-2.19.txt"]


def test_no_lint_rule_is_skipped():
    lint = load(".ansible-lint")
    assert lint["profile"] == "production" and not lint.get("skip_list") and not lint.get("warn_list")
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert not {"ignore", "extend-ignore"} & set(tools["ruff"]["lint"])
    assert tools["ruff"]["lint"]["per-file-ignores"] == {"plugins/{action,filter,inventory,lookup,modules}/*.py": ["E402"]}
    (untyped,) = tools["mypy"]["overrides"]
    assert tools["mypy"]["strict"] is True and set(untyped) == {"module", "ignore_missing_imports"}


def test_no_task_hides_its_failure():
    assert unsafe_words(ROOT) == {}


def test_a_task_that_hides_its_failure_is_found(tmp_path):
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "x.yml").write_text("- ignore_errors: true\n", encoding="utf-8")
    assert unsafe_words(tmp_path) == {"playbooks/x.yml": ["ignore_errors:"]}
