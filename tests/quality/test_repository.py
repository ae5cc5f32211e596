# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of the collection in several places is the same in all of them."""

from __future__ import annotations

import importlib
import pathlib
import re

import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
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


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_integration_tests(name):
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "integration").glob("test_*.py"))
    assert f'"{name}"' in tests


@pytest.mark.parametrize("name", MODULES)
def test_the_notes_name_the_least_permissions(name):
    from ansible_collections.endpointops.intune.plugins.module_utils import _permissions as permissions

    notes = " ".join(documentation(name)["notes"])
    assert all(f"C({row[0]})" in notes for row in permissions.MODULES[name])


def test_the_connection_options_fall_back_to_the_documented_variables():
    from ansible_collections.endpointops.intune.plugins.module_utils._argspec import CONNECTION

    options = fragment("connection")["options"]
    assert set(options) == set(CONNECTION)
    for name, spec in CONNECTION.items():
        documented = re.findall(r"E\((\w+)\)", " ".join(options[name]["description"]))
        assert documented == list(spec.get("fallback", (None, []))[1]), name
        assert options[name].get("default") == spec.get("default"), name


def comparable(options: dict) -> dict:
    """Of each option what both the documentation and the arguments of a module say."""
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
    # A type that is not said is that of a text, in both.
    assert {option: {"type": "str", **spec} for option, spec in found.items()} == {
        option: {"type": "str", **spec} for option, spec in comparable(module(name).SPEC.argument_spec).items()
    }


@pytest.mark.parametrize("name", ["selection", "handover", "approval"])
def test_options_of_several_modules_are_documented_as_they_are(name):
    from ansible_collections.endpointops.intune.plugins.module_utils import _argspec

    assert comparable(fragment(name)["options"]) == comparable(getattr(_argspec, name.upper()))


def test_devices_are_named_by_what_they_are_compared_by():
    from ansible_collections.endpointops.intune.plugins.module_utils._argspec import SELECTION
    from ansible_collections.endpointops.intune.plugins.module_utils._devices import model as devices

    ways = SELECTION["match_by"]["choices"]
    assert ways[0] == SELECTION["match_by"]["default"] == "auto"
    assert sorted(ways[1:]) == sorted(devices.MATCH_BY)
    assert set(devices.MATCH_BY.values()) <= set(devices.FIND) and set(devices.IDENTIFIERS.values()) <= set(devices.FIND)


@pytest.mark.parametrize("name", ["intune_device_passcode", "intune_device_info"])
def test_ownerships_and_platforms_are_those_of_the_gate(name):
    from ansible_collections.endpointops.intune.plugins.module_utils._devices import eligibility
    from ansible_collections.endpointops.intune.plugins.module_utils._devices import model as devices

    spec = module(name).SPEC.argument_spec
    assert tuple(spec["ownerships"]["choices"]) == devices.OWNERSHIPS and spec["ownerships"]["default"] == ["company"]
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
    assert defaults == told


@pytest.mark.parametrize("entry", ["main", "verify", "reset", "offboard"])
def test_each_entry_point_documents_the_variables_it_uses(entry):
    options = load("roles/pin_reset/meta/argument_specs.yml")["argument_specs"][entry]["options"]
    used, todo = set(), [entry]
    while todo:
        text = (ROOT / "roles" / "pin_reset" / "tasks" / f"{todo.pop()}.yml").read_text(encoding="utf-8")
        used |= set(re.findall(r"(?<!_)\bpin_reset_\w+", text))
        todo += re.findall(r"(?:import_tasks|include_tasks|file): (\w+)\.yml", text)
    # These two the role sets for those who come after it.
    assert used - {"pin_reset_results", "pin_reset_approval"} == set(options)


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


def test_every_entry_point_has_a_playbook():
    called = {}
    for path in sorted((ROOT / "playbooks").glob("*.yml")):
        (play,) = load(f"playbooks/{path.name}")
        (task,) = play["tasks"]
        called[path.stem] = task["ansible.builtin.import_role"]["tasks_from"]
    assert called == {"onboard": "main", "verify": "verify", "reset_passcode": "reset", "offboard": "offboard"}


def test_no_check_is_silenced():
    assert not list((ROOT / "tests" / "sanity").glob("ignore*")) if (ROOT / "tests" / "sanity").exists() else True
    lint = load(".ansible-lint")
    assert lint["profile"] == "production" and not lint.get("skip_list") and not lint.get("warn_list")
    forbidden = ("ignore_errors:", "ansible.builtin.shell:")
    for path in [*ROOT.glob("roles/**/*.yml"), *ROOT.glob("playbooks/*.yml")]:
        assert not any(word in path.read_text(encoding="utf-8") for word in forbidden), path
