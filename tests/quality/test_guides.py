# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the content of the guides against the code; tests/integration/test_guides.py runs the examples."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import pathlib
import re
import textwrap
import typing as t

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from intune_emulator import ControlClient, cli, pytest_plugin
from intune_emulator.control import presets

from ansible_collections.endpointops.intune.plugins.module_utils import _clouds as clouds
from ansible_collections.endpointops.intune.plugins.module_utils import _permissions as permissions
from ansible_collections.endpointops.intune.plugins.module_utils._auth._advice import HINTS
from ansible_collections.endpointops.intune.plugins.module_utils._devices.prediction import PREDICTIONS
from ansible_collections.endpointops.intune.plugins.module_utils._hello import finding
from ansible_collections.endpointops.intune.plugins.module_utils._probe.reason import Code
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.model import ReasonCode
from tests.support.modules import WITHOUT_CONNECTION, list_modules
from tests.tools.tree import listed_files

ROOT = pathlib.Path(__file__).parents[2]
GUIDES = sorted(ROOT.glob("docs/**/*.rst"))
TEXTS = [*GUIDES, ROOT / "README.md", *sorted(ROOT.glob("roles/*/README.md"))]
MODULES = list_modules()
PLAYBOOKS = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
ROLE = "endpointops.intune.pin_reset"
COLLECTION = "endpointops.intune."
KINDS = {"yaml", "yaml+jinja", "ansible-output", "console", "json", "python", "text"}
# Keys of a task that are not a module.
KEYWORDS = {
    *("name", "register", "when", "vars", "loop", "loop_control", "no_log", "check_mode", "diff", "delegate_to", "run_once", "tags"),
    *("until", "retries", "delay", "changed_when", "failed_when", "throttle", "environment", "module_defaults", "become", "async", "poll"),
}
VARIABLE = re.compile(r"(?<!_)(?<!endpointops\.intune\.)\bpin_reset_\w+")
INNER = ("block", "rescue", "always")
# The places of variables that a guide may name: of the role, and of the files shipped with it.
SOURCES = ("roles/*/tasks/*.yml", "roles/*/meta/*.yml", "playbooks/*.yml", "extensions/**/*.yml")


class Block(t.NamedTuple):
    """A block of code, and its kind."""

    path: pathlib.Path
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.path.name}-{self.line}"

    @property
    def content(self) -> t.Any:
        (found, *further) = list(yaml.safe_load_all(self.text)) or [None]
        return [found, *further] if further else found


def module(name: str) -> t.Any:
    return importlib.import_module(f"ansible_collections.{COLLECTION}plugins.modules.{name}")


def blocks(path: pathlib.Path) -> list[Block]:
    if path.suffix == ".md":
        found = re.finditer(r"^```(\S*)\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    else:
        found = re.finditer(
            r"^\.\. code-block::[ ]*(\S*)\n(?:[ ]+:\w+:.*\n)*\n((?:[ ]+\S.*\n|\n)+)", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    return [Block(path, match.string.count("\n", 0, match.start()) + 1, match[1], textwrap.dedent(match[2])) for match in found]


def tasks_of(content: t.Any) -> t.Iterator[dict[str, t.Any]]:
    """Return the tasks in plays and lists of tasks, including those in blocks; none for other YAML, such as variables and rulebooks."""
    for item in content if isinstance(content, list) else []:
        if not isinstance(item, dict) or "rules" in item or "plugin" in item:
            continue
        inner = [item[key] for key in ("pre_tasks", "tasks", "post_tasks", "handlers", *INNER) if key in item]
        for further in inner:
            yield from tasks_of(further)
        if not inner and any("." in str(key) for key in item):
            yield item


def files_of(path: pathlib.Path) -> dict[str, str]:
    """Return the blocks of a guide whose captions are the names of files."""
    text = path.read_text(encoding="utf-8")
    found = re.finditer(r"^\.\. code-block::[ ]*\S+\n[ ]+:caption:[ ](\S+)\n\n((?:[ ]+\S.*\n|\n)+)", text, re.MULTILINE)
    return {match[1]: textwrap.dedent(match[2]).rstrip("\n") + "\n" for match in found}


ALL = [block for path in TEXTS for block in blocks(path)]
YAML = [block for block in ALL if block.kind.startswith("yaml")]


def test_there_is_something_to_look_at():
    assert len(GUIDES) >= 8 and len(YAML) > 40 and sum(1 for block in YAML for _task in tasks_of(block.content)) > 30


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.parent.name + "/" + path.name)
def test_every_block_of_code_says_what_it_is(path):
    found = [block for block in blocks(path) if block.kind not in KINDS]
    assert not found, [(str(block), block.kind) for block in found]
    # Allow no other syntax: a paragraph that ends with two colons, or a block that this file does not see.
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"^(?!\.\. ).*\S::$", text, re.MULTILINE)
    assert text.count("code-block::") + text.count("\n```") // 2 == len(blocks(path))


@pytest.mark.parametrize("block", [block for block in ALL if block.kind in ("yaml", "yaml+jinja", "json")], ids=str)
def test_every_example_is_valid(block):
    if block.kind == "json":
        json.loads(block.text)
        return
    assert block.content is not None
    for task in tasks_of(block.content):
        assert block.kind == "yaml+jinja" or "{{" not in str(task) or block.path.suffix == ".md", task
        check(task)


@pytest.mark.parametrize("name", MODULES)
def test_every_example_of_a_module_is_valid(name):
    tasks = list(tasks_of(yaml.safe_load(module(name).EXAMPLES)))
    assert any(f"{COLLECTION}{name}" in task for task in tasks)
    for task in tasks:
        check(task)


def check(task: dict[str, t.Any]) -> None:
    """Assert that a task has a name, and one existing module with options that it accepts."""
    (action,) = set(task) - KEYWORDS
    assert task.get("name"), task
    if action in ("ansible.builtin.import_role", "ansible.builtin.include_role") and task[action]["name"] == ROLE:
        known = specs("roles/pin_reset/meta/argument_specs.yml")[task[action].get("tasks_from", "main")]["options"]
        assert set(task.get("vars", {})) <= set(known), task
    elif action == "ansible.builtin.import_playbook":
        assert not task[action].startswith(COLLECTION) or task[action].removeprefix(COLLECTION) in PLAYBOOKS, task
    elif action.removeprefix(COLLECTION) in WITHOUT_CONNECTION:
        told = yaml.safe_load(module(action.removeprefix(COLLECTION)).DOCUMENTATION)["options"]
        assert set(task[action] or {}) <= set(told), task
    elif action.startswith(COLLECTION):
        name = action.removeprefix(COLLECTION)
        assert name in MODULES, action
        spec = module(name).SPEC.argument_spec
        told = plain(task[action] or {})
        unknown = ArgumentSpecValidator(spec).validate(told).error_messages
        assert not unknown and set(task[action] or {}) <= set(spec), (task["name"], unknown)
    elif action.startswith("ansible.builtin."):
        assert importlib.util.find_spec(f"ansible.modules.{action.rpartition('.')[2]}"), action
    else:
        # Modules of other collections, which are not installed.
        assert action.count(".") == 2, task


def plain(options: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the options with literal values, not made by a template."""
    return {name: value for name, value in options.items() if "{{" not in json.dumps(value, default=str)}


def specs(path: str) -> dict[str, t.Any]:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))["argument_specs"]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.parent.name + "/" + path.name)
def test_variables_and_playbooks_that_are_named_exist(path):
    text = path.read_text(encoding="utf-8")
    known = {name for source in SOURCES for there in ROOT.glob(source) for name in VARIABLE.findall(there.read_text(encoding="utf-8"))}
    assert set(VARIABLE.findall(text)) <= known
    assert set(re.findall(r"ansible-playbook endpointops\.intune\.(\w+)", text)) <= PLAYBOOKS
    assert set(re.findall(r"endpointops\.intune\.((?:entra|intune)_\w+)#module", text)) <= set(MODULES)


# --- the role -------------------------------------------------------------------------------------------------------

ENTRY_POINTS = {
    "onboard": "main",
    "verify": "verify",
    "reset_passcode": "reset",
    "fetch_passcode": "fetch",
    "wait_ready": "wait_ready",
    "recover": "recover",
    "report": "report",
    "offboard": "offboard",
    "device": "device",
}
SUMMARY_MEMBER = re.compile(r"\bpin_reset_summary\.(\w+)")


def role_tasks(entry: str) -> list[dict[str, t.Any]]:
    """Return the tasks of an entry point of the role, with those of the files that it imports."""

    def walk(items: t.Any) -> t.Iterator[dict[str, t.Any]]:
        for item in items:
            for key in INNER:
                yield from walk(item.get(key) or [])
            imported = item.get("ansible.builtin.import_tasks") or item.get("ansible.builtin.include_tasks")
            yield from walk(load(imported)) if imported else [item]

    def load(name: str) -> t.Any:
        return yaml.safe_load((ROOT / "roles" / "pin_reset" / "tasks" / name).read_text(encoding="utf-8"))

    return list(walk(load(f"{entry}.yml")))


def role_modules(entry: str) -> set[str]:
    """Return the modules of an entry point that need permissions."""
    return {key.removeprefix(COLLECTION) for task in role_tasks(entry) for key in task} & set(permissions.MODULES)


def summary_members() -> set[str]:
    from ansible_collections.endpointops.intune.plugins.module_utils._readiness.found import parse_found
    from ansible_collections.endpointops.intune.plugins.module_utils._readiness.summary import make_facts

    return set(make_facts(parse_found({}, check=False)))


def test_every_playbook_of_the_role_has_its_entry_point():
    told = {playbook for playbook in PLAYBOOKS if "pin_reset" in (ROOT / "playbooks" / f"{playbook}.yml").read_text(encoding="utf-8")}
    assert set(ENTRY_POINTS) == told


def test_tasks_of_the_role_that_are_shown_exist():
    names = {task.get("name") for entry in ENTRY_POINTS.values() for task in role_tasks(entry)}
    shown = {name for block in ALL for name in re.findall(r"^TASK \[endpointops\.intune\.pin_reset : (.+?)\]", block.text, re.MULTILINE)}
    assert shown and shown <= names
    clicked = {name for path in TEXTS for name in re.findall(r"the task \*([^*]+)\*", path.read_text(encoding="utf-8"))}
    assert clicked and {" ".join(name.split()) for name in clicked} <= names


def test_what_each_playbook_needs_is_that_of_its_modules():
    told = {
        re.findall(r"intune\.(\w+)", name)[0]: set(re.findall(r"(?:entra|intune)_\w+", cell))
        for name, cell in table("guide_authentication", "Permissions of the playbooks")
    }
    used = {playbook: role_modules(entry) for playbook, entry in ENTRY_POINTS.items()}
    # It works without any permission, and the table lists further ones below.
    assert told == {playbook: modules - {"intune_connection_info"} for playbook, modules in used.items()}


# Modules whose permissions an application for an entry point does not need: they work without one, an administrator runs them once, or
# another application does.
OF_OTHERS = {"intune_connection_info", "intune_pinreset_consent", "intune_device_passcode"}


@pytest.mark.parametrize("entry", permissions.ENTRY_POINTS)
def test_an_application_for_an_entry_point_gets_the_permissions_of_its_modules(entry):
    given = {row[0] for module in permissions.ENTRY_POINTS[entry] for row in permissions.MODULES[module]}
    used = role_modules(entry) - (OF_OTHERS - {"intune_device_passcode"} if entry == "reset" else OF_OTHERS)
    needed = {row[0] for module in used for row in permissions.MODULES[module]}
    assert used and needed <= given


def test_the_application_of_the_guide_may_read_all_that_verifying_reads():
    text = (ROOT / "docs/docsite/rst/guide_onboarding.rst").read_text(encoding="utf-8")
    (listed,) = re.findall(r"permissions to read:\n\n(.*?)\n\n", text, re.DOTALL)
    granted = set(re.findall(r"``([\w.]+)``", listed))
    # Helping a user reads users, and is for another application.
    used = set().union(*(role_modules(entry) for entry in ENTRY_POINTS.values() if entry != "recover"))
    reading = {module: permissions.CHECK_MODE.get(module, permissions.MODULES[module]) for module in used}
    assert "intune_pin_readiness_info" in used and [row for rows in reading.values() for row in rows if not set(row) & granted] == []
    assert set(permissions.READ_GROUPS) & granted and not [name for name in granted if ".Read." not in name]


def test_the_members_of_the_summary_are_told():
    text = (ROOT / "roles" / "pin_reset" / "README.md").read_text(encoding="utf-8")
    (rows,) = re.findall(r"^\| member of `pin_reset_summary` .*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    # A row may name a second member, which belongs to the first.
    assert {name for name in re.findall(r"`(\w+)`", rows) if not name.startswith("pin_reset_")} == summary_members()
    artifacts = [json.loads(block.text)["pin_reset_summary"] for block in ALL if block.kind == "json" and "pin_reset_summary" in block.text]
    assert artifacts and all(set(shown) == summary_members() for shown in artifacts)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.parent.name + "/" + path.name)
def test_members_of_the_summary_that_are_used_exist(path):
    assert set(SUMMARY_MEMBER.findall(path.read_text(encoding="utf-8"))) <= summary_members()


@pytest.mark.parametrize("entry", sorted(ENTRY_POINTS.values()))
def test_tags_of_the_role_that_are_told_exist(entry):
    text = (ROOT / "roles" / "pin_reset" / "README.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| `{entry}` \| .*$", text, re.MULTILINE)
    tasks = yaml.safe_load((ROOT / "roles" / "pin_reset" / "tasks" / f"{entry}.yml").read_text(encoding="utf-8"))
    tags = {tag for block in tasks for task in block.get("block", []) for tag in task.get("tags", [])} - {"always"}
    assert ("tag" in row) == bool(tags) and all(re.search(rf"\b{tag}\b", row) for tag in tags)


def test_every_guide_is_listed():
    sections = yaml.safe_load((ROOT / "docs" / "docsite" / "extra-docs.yml").read_text(encoding="utf-8"))["sections"]
    listed = [name for section in sections for name in section["toctree"]]
    assert sorted(listed) == [path.stem for path in GUIDES if path.parent.name == "rst"]


# --- tests of one's own: the files are run by tests/integration/test_own_tests.py -------------------------------------

OWN_TESTS = ROOT / "docs" / "docsite" / "rst" / "guide_own_tests.rst"


def test_the_first_page_lists_every_guide_by_its_title():
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Guides\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| \[(.+)\]\(\S+/docsite/(guide_\w+)\.html\) \|", section, re.MULTILINE)
    titles = [
        (re.search(r"\n\n(.+)\n===+\n", path.read_text(encoding="utf-8"))[1], path.stem)
        for path in sorted((ROOT / "docs/docsite/rst").glob("guide_*.rst"))
    ]
    assert sorted(listed) == sorted(titles)


def test_the_first_page_lists_every_plugin():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^## Included content\n(.*?)^## ", page, re.MULTILINE | re.DOTALL)
    found = [path.stem for kind in ("modules", "filter", "inventory") for path in (ROOT / "plugins" / kind).glob("*.py")]
    assert sorted(re.findall(r"`endpointops\.intune\.(\w+)`(?=.* \|.*\|$)", listed, re.MULTILINE)) == sorted(set(found) - {"__init__"})


def test_the_files_of_the_guide_on_tests_name_what_exists():
    files = files_of(OWN_TESTS)
    assert len(files) == OWN_TESTS.read_text(encoding="utf-8").count(":caption:") == 11
    parameters = {
        argument.arg
        for name, text in files.items()
        if name.endswith(".py")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        for argument in node.args.args
    }
    assert parameters == {"intune_tenant"} <= set(vars(pytest_plugin))
    floors = (ROOT / "meta" / "ee-requirements.txt").read_text(encoding="utf-8")
    assert set(re.findall(r"^\w+>=.+$", floors, re.MULTILINE)) <= set(files["requirements.txt"].splitlines())


def test_the_guide_on_tests_calls_what_the_package_has():
    text = OWN_TESTS.read_text(encoding="utf-8")
    called = set(re.findall(r"control\.(\w+)\(", text))
    assert called and {name for name in called if not hasattr(ControlClient, name)} == set()
    commands = set(re.findall(r"\[intune-emulator, (\w+)", text))
    assert commands == {"start", "stop"} <= {cli.START, cli.STOP}
    named = set(re.findall(r"preset[= ]\"?([a-z-]+)", text))
    assert named and named <= set(presets.PRESETS)


# --- tables ---------------------------------------------------------------------------------------------------------


def table(guide: str, caption: str) -> list[list[str]]:
    """Return the rows of a list-table, without its header."""
    text = (ROOT / "docs" / "docsite" / "rst" / f"{guide}.rst").read_text(encoding="utf-8")
    (body,) = re.findall(rf"^\.\. list-table:: {re.escape(caption)}\n(?:   :.*\n)*\n((?:   .*\n|\n)+)", text, re.MULTILINE)
    rows = [re.split(r"^     - ", row, flags=re.MULTILINE) for row in re.split(r"^   \* - ", body, flags=re.MULTILINE)[1:]]
    return [[cell.strip() for cell in row] for row in rows[1:]]


def rows_of(cell: str) -> list[list[str]]:
    """Return the permissions of a cell, a list for each of its lines."""
    return [re.findall(r"``(\S+)``", line) for line in cell.splitlines()]


def test_the_table_of_permissions_is_that_of_the_code():
    rows = table("guide_authentication", "Permissions of the modules")
    told = {re.findall(r"\.((?:entra|intune)_\w+)#", name)[0]: rows_of(cell) for name, cell in rows}
    assert told == {name: [list(row) for row in needed] for name, needed in permissions.MODULES.items()}
    assert sorted(told) == MODULES


def test_what_some_options_need_is_what_the_tests_show():
    from tests.integration.test_permissions import ONLY_WHERE

    told = {
        (name, *needed)
        for names, _where, cell in table("guide_authentication", "What some options need beside")
        for name in re.findall(r"(?:entra|intune)_\w+", names)
        for needed in rows_of(cell)
    }
    shown = {(case.module, case.row[0]) for case in ONLY_WHERE}
    assert {row[:2] for row in told} == shown
    assert {(case.module, *case.row) for case in ONLY_WHERE if case.module in ("intune_pin_policy", "intune_device_info")} <= told


@pytest.mark.parametrize("name", MODULES)
def test_each_modules_notes_name_the_permissions_that_it_needs(name):
    notes = " ".join(yaml.safe_load(module(name).DOCUMENTATION)["notes"])
    needed = [row[0] for row in permissions.MODULES[name]]
    assert needed and [permission for permission in needed if f"C({permission})" not in notes] == []


def test_the_reasons_of_a_device_are_those_of_the_filters():
    told = {code for codes, _meaning in table("guide_device_proof", "Reasons of a device") for code in re.findall(r"``(\w+)``", codes)}
    known = set()
    for name in ("dsregcmd", "pin_reset_on_device"):
        document = importlib.import_module(f"ansible_collections.{COLLECTION}plugins.filter.{name}").RETURN
        reasons = yaml.safe_load(document)["_value"]["contains"]["reasons"]
        known |= set(re.findall(r"\bC\((\w+)\)", str(reasons["contains"]["code"]["description"])))
    assert told == known and known <= set(t.get_args(Code))


def test_the_table_of_attributes_is_that_of_the_documentation():
    told = {name.strip("`"): support for name, *support in table("guide_check_and_diff", "Attributes of the modules")}
    assert told == {name: [attributes(name)[key]["support"] for key in ("check_mode", "diff_mode", "idempotent")] for name in MODULES}


def attributes(name: str) -> dict[str, t.Any]:
    """Return the attributes in Ansible's merge order: the module's own first, and later fragments override earlier ones."""
    from ansible_collections.endpointops.intune.plugins.doc_fragments import attributes as fragment

    document = yaml.safe_load(module(name).DOCUMENTATION)
    found: dict[str, t.Any] = {}
    for reference in document["extends_documentation_fragment"]:
        if reference.startswith(f"{COLLECTION}attributes"):
            section = reference.removeprefix(f"{COLLECTION}attributes").strip(".").upper() or "DOCUMENTATION"
            found |= yaml.safe_load(getattr(fragment.ModuleDocFragment, section))["attributes"]
    return found | document.get("attributes", {})


def test_each_reason_of_the_verdict_is_explained():
    told = " ".join(row[0] for row in table("guide_troubleshooting", "Reasons of the verdict"))
    assert sorted(re.findall(r"``(\w+)``", told)) == sorted(t.get_args(ReasonCode))


def test_the_codes_of_a_failed_sign_in_are_those_with_a_hint():
    told = " ".join(row[0] for row in table("guide_troubleshooting", "Microsoft Entra gave no token"))
    assert sorted(re.findall(r"AADSTS(\d+)", told)) == sorted(HINTS)


def test_the_clouds_are_told():
    text = (ROOT / "docs/docsite/rst/guide_authentication.rst").read_text(encoding="utf-8")
    assert clouds.CLOUDS
    for cloud in clouds.CLOUDS.values():
        assert f"``{cloud.name}``\n     - {cloud.authority}\n     - {cloud.graph}\n" in text


def test_the_outcomes_to_expect_are_those_of_the_code():
    """case 70: the table of the guide and the predictions agree."""
    told = [[" ".join(cell.split()) for cell in row] for row in table("guide_platforms", "Predictions")]
    assert told == [[each.kind, f"``{each.outcome}``", each.reason] for each in PREDICTIONS]


def test_the_codes_of_findings_are_explained():
    text = (ROOT / "docs/docsite/rst/guide_policies.rst").read_text(encoding="utf-8")
    codes = t.get_args(finding.Code)
    assert len(codes) > 5 and {name for name in codes if f"``{name}``" not in text} == set()


def test_every_environment_variable_is_told_in_its_order():
    from ansible_collections.endpointops.intune.plugins.module_utils._argspec import CONNECTION

    text = (ROOT / "docs/docsite/rst/guide_authentication.rst").read_text(encoding="utf-8")
    variables = {name: option["fallback"][1] for name, option in CONNECTION.items() if "fallback" in option}
    assert all(f"``{name}``" in text for name in CONNECTION)
    assert [names for names in variables.values() if ", ".join(f"``{name}``" for name in names) not in text] == []
    told = set(re.findall(r"``((?:INTUNE|AZURE)_[A-Z_]+)``", text))
    assert told == {name for names in variables.values() for name in names}


def test_links_to_the_site_name_its_pages():
    link = re.compile(r"https://endpointops\.github\.io/endpointops\.intune/docsite/(\w+)\.html")
    named = {page for name in listed_files() if name.endswith((".md", ".yml")) for page in link.findall((ROOT / name).read_text("utf-8"))}
    assert named and named <= {path.stem for path in (ROOT / "docs" / "docsite" / "rst").glob("*.rst")}
