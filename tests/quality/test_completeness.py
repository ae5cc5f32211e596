# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing is half there: whatever the collection ships is tested, documented, listed and dated."""

from __future__ import annotations

import ast
import json
import pathlib
import re

import pytest
import yaml

from tests.tools import released

ROOT = pathlib.Path(__file__).parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
LAST = json.loads((ROOT / "tests" / "quality" / "released.json").read_text(encoding="utf-8"))
# What has no unit test under its own name, and where its decisions are tested instead.
TESTED_ELSEWHERE = {
    "plugins/module_utils/_types.py": "tests/quality/test_layers.py",
    "plugins/modules/intune_connection_info.py": "tests/unit/plugins/module_utils/test_diagnostics.py",
    "plugins/modules/intune_device_info.py": "tests/integration/test_device_info.py",
    "plugins/modules/intune_device_passcode_info.py": "tests/unit/plugins/module_utils/_passcode/test_status.py",
    "plugins/modules/intune_pin_policy_info.py": "tests/integration/test_pin_policy_info.py",
    "plugins/modules/intune_pinreset_consent_info.py": "tests/unit/plugins/modules/test_pinreset_consent.py",
    "plugins/plugin_utils/_plugin_options.py": "tests/unit/plugins/inventory/test_intune_devices.py",
}


def load(path: str):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def version(words: str) -> tuple[int, ...]:
    return tuple(int(part) for part in words.split("."))


def code() -> list[str]:
    """The files that hold code, without those that only document or open a door."""
    found = [path for path in (ROOT / "plugins").rglob("*.py") if path.parent.name not in ("action", "doc_fragments")]
    return sorted(str(path.relative_to(ROOT)) for path in found if path.stem != "__init__")


@pytest.mark.parametrize("path", code())
def test_all_code_has_a_unit_test_or_a_reason(path):
    name = pathlib.Path(path).stem.lstrip("_")
    folder = ROOT / "tests" / "unit" / pathlib.Path(path).parent
    # One file of tests for each of code, of the same name; long ones are several.
    tests = [*folder.glob(f"test_{name}.py"), *folder.glob(f"test_{name}_*.py"), *folder.glob(f"test_{name.removeprefix('intune_')}.py")]
    elsewhere = TESTED_ELSEWHERE.get(path)
    assert bool(tests) != bool(elsewhere), f"{path}: {tests or 'no unit test'}, and {elsewhere or 'no reason'}"
    assert elsewhere is None or (ROOT / elsewhere).is_file()


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("_info")])
def test_what_a_module_changes_another_one_reads(name):
    assert f"{name}_info" in MODULES
    also = [entry.get("module") for entry in released.documentation(name).get("seealso", ())]
    assert f"endpointops.intune.{name}_info" in also, "names its sibling"


@pytest.mark.parametrize("name", [name for name in MODULES if name.endswith("_info")])
def test_what_only_reads_says_so(name):
    assert "endpointops.intune.attributes.info" in released.documentation(name)["extends_documentation_fragment"]


@pytest.mark.parametrize("kind", ["modules", "inventory", "playbooks"])
def test_the_first_page_lists_everything(kind):
    folder = ROOT / "playbooks" if kind == "playbooks" else ROOT / "plugins" / kind
    names = {path.stem for path in folder.iterdir() if path.suffix in (".py", ".yml") and path.stem != "__init__"}
    listed = re.findall(r"^\| `endpointops\.intune\.(\w+)` \|", text("README.md"), re.MULTILINE)
    assert names and names <= set(listed)
    assert len(listed) == len(set(listed)), "each once"


@pytest.mark.parametrize("name", MODULES)
def test_whatever_is_new_says_since_when(name):
    last = version(LAST["version"])
    documentation = released.documentation(name)
    assert (version(documentation["version_added"]) > last) == (name not in LAST["options"])
    options = released.options_since(documentation["options"])
    undated = {option for option, since in options.items() if since is None or version(since) <= last}
    # Those of the last release, no more and no less: nothing new without version_added, and nothing gone.
    assert name not in LAST["options"] or undated == set(LAST["options"][name])


def test_the_options_noted_are_those_of_the_last_release():
    releases = load("changelogs/changelog.yaml")["releases"]
    assert LAST["version"] == max(releases, key=version), "make changelog notes them"


def test_no_floor_is_said_twice_differently():
    """The lowest ansible-core and Python, wherever they are said."""
    (matrix,) = (
        ast.literal_eval(node.value)
        for node in ast.parse(text("tests/tools/matrix.py")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CORES"
    )
    core, python = min(matrix, key=version), min((one for pythons in matrix.values() for one in pythons), key=version)
    assert load("meta/runtime.yml")["requires_ansible"] == f">={core}.0"
    assert load("roles/pin_reset/meta/main.yml")["galaxy_info"]["min_ansible_version"] == core
    assert f"- ansible-core {core} or later\n" in text("README.md")
    assert load("tests/config.yml")["modules"]["python_requires"] == f">={python}"
    assert f'target-version = "py{python.replace(".", "")}"' in text("pyproject.toml")
    assert f"- Python {python} or later " in text("README.md")
    assert f"  - python >= {python}\n" in text("plugins/doc_fragments/connection.py")


def test_no_floor_of_the_checkouts_tools_is_said_twice_differently():
    (needed,) = set(re.findall(r"sys\.version_info < \((\d+, \d+)\)", text("Makefile")))
    words = f"Python {needed.replace(', ', '.')} or later"
    assert all(words in text(path) for path in ("Makefile", "CONTRIBUTING.md", "README.md"))


def test_the_commands_that_contributors_are_told_exist():
    commands = set(re.findall(r"^([a-z][a-z-]*):.*  ## ", text("Makefile"), re.MULTILINE))
    told = set(re.findall(r"`make ([a-z-]+)", text("CONTRIBUTING.md")))
    assert told and told <= commands
