# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that all shipped parts are tested, documented, listed, and dated."""

from __future__ import annotations

import ast
import importlib
import pathlib
import re
import typing as t

import pytest
import yaml

from tests.support.modules import WITHOUT_CONNECTION, list_modules

ROOT = pathlib.Path(__file__).parents[2]
MODULES = list_modules()
INVENTORIES = sorted(path.stem for path in (ROOT / "plugins" / "inventory").glob("*.py") if path.stem != "__init__")
COLLECTION = "ansible_collections.endpointops.intune.plugins"
# Files without a unit test of their name, and the tests of their decisions.
TESTED_ELSEWHERE = {
    "plugins/module_utils/_access_pass/api.py": "tests/unit/plugins/modules/test_entra_temporary_access_pass.py",
    "plugins/module_utils/_access_pass/flow.py": "tests/unit/plugins/modules/test_entra_temporary_access_pass.py",
    "plugins/module_utils/_access_pass/handed_over.py": "tests/unit/plugins/modules/test_entra_temporary_access_pass.py",
    "plugins/module_utils/_devices/members.py": "tests/unit/plugins/module_utils/_devices/test_lookup.py",
    "plugins/module_utils/_application/api.py": "tests/unit/plugins/modules/test_entra_application.py",
    "plugins/module_utils/_application/certificates.py": "tests/unit/plugins/modules/test_entra_application.py",
    "plugins/module_utils/_application/options.py": "tests/unit/plugins/modules/test_entra_application.py",
    "plugins/module_utils/_application/result.py": "tests/unit/plugins/modules/test_entra_application.py",
    "plugins/module_utils/_application/writing.py": "tests/unit/plugins/modules/test_entra_application.py",
    "plugins/module_utils/_certificates.py": "tests/unit/plugins/module_utils/test_cms.py",
    "plugins/module_utils/_devices/result.py": "tests/unit/plugins/module_utils/_devices/test_eligibility.py",
    "plugins/module_utils/_devices/search.py": "tests/unit/plugins/module_utils/_devices/test_lookup.py",
    "plugins/module_utils/_hello/planning.py": "tests/unit/plugins/modules/test_intune_pin_policy.py",
    "plugins/module_utils/_hello/removal.py": "tests/unit/plugins/modules/test_intune_pin_policy.py",
    "plugins/module_utils/_graph/collaborators.py": "tests/unit/plugins/module_utils/_graph/test_client.py",
    "plugins/module_utils/_passcode/lock_files.py": "tests/unit/plugins/module_utils/_passcode/test_device_lock.py",
    "plugins/module_utils/_passcode/reset_response.py": "tests/unit/plugins/module_utils/_passcode/test_reset_state.py",
    "plugins/module_utils/_types.py": "tests/quality/test_layers.py",
    "plugins/module_utils/_probe/plan.py": "tests/unit/plugins/modules/test_intune_pin_probe.py",
    "plugins/module_utils/_probe/planning.py": "tests/unit/plugins/modules/test_intune_pin_probe.py",
    "plugins/module_utils/_probe/reason.py": "tests/unit/plugins/module_utils/_probe/test_line.py",
    "plugins/module_utils/_readiness/found.py": "tests/unit/plugins/module_utils/_readiness/test_summary.py",
    "plugins/module_utils/_readiness/obstacles.py": "tests/unit/plugins/module_utils/_readiness/test_summary.py",
    "plugins/module_utils/_readiness_options.py": "tests/unit/plugins/modules/test_intune_pin_readiness_info.py",
    "plugins/module_utils/_recovery/api.py": "tests/unit/plugins/modules/test_intune_pin_recovery.py",
    "plugins/module_utils/_recovery/flow.py": "tests/unit/plugins/modules/test_intune_pin_recovery.py",
    "plugins/module_utils/_recovery/fresh.py": "tests/unit/plugins/modules/test_intune_pin_recovery.py",
    "plugins/module_utils/_recovery/message.py": "tests/unit/plugins/module_utils/_recovery/test_steps.py",
    "plugins/module_utils/_recovery/model.py": "tests/unit/plugins/module_utils/_recovery/test_device_state.py",
    "plugins/module_utils/_recovery/result.py": "tests/unit/plugins/modules/test_intune_pin_recovery.py",
    "plugins/module_utils/_report/compose.py": "tests/unit/plugins/modules/test_intune_pin_report.py",
    "plugins/module_utils/_report/markup.py": "tests/unit/plugins/module_utils/_report/test_page.py",
    "plugins/module_utils/_report/parts.py": "tests/unit/plugins/module_utils/_report/test_page.py",
    "plugins/module_utils/_report/style.py": "tests/unit/plugins/module_utils/_report/test_page.py",
    "plugins/modules/entra_application_info.py": "tests/unit/plugins/modules/test_entra_application.py",
    "plugins/modules/entra_temporary_access_pass_info.py": "tests/unit/plugins/modules/test_entra_temporary_access_pass.py",
    "plugins/modules/intune_connection_info.py": "tests/unit/plugins/module_utils/test_diagnostics.py",
    "plugins/modules/intune_device_info.py": "tests/integration/test_device_info.py",
    "plugins/modules/intune_device_passcode_info.py": "tests/unit/plugins/module_utils/_passcode/test_status.py",
    "plugins/modules/intune_pinreset_consent_info.py": "tests/unit/plugins/modules/test_pinreset_consent.py",
    "plugins/plugin_utils/_planned_host.py": "tests/unit/plugins/inventory/test_intune_devices.py",
    "plugins/plugin_utils/_plugin_options.py": "tests/unit/plugins/inventory/test_intune_devices.py",
}


def load(path: str):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def version(words: str) -> tuple[int, ...]:
    """Return the numbers of a version. A development version counts as the release that it becomes."""
    return tuple(int(part) for part in words.removesuffix("-dev").split("."))


def documentation(name: str, kind: str = "modules") -> dict[str, t.Any]:
    """Return the documentation of a module or plugin, with the options of its fragments."""
    own = yaml.safe_load(importlib.import_module(f"{COLLECTION}.{kind}.{name}").DOCUMENTATION)
    options: dict[str, t.Any] = {}
    for reference in own.get("extends_documentation_fragment", ()):
        if not reference.startswith("endpointops.intune."):
            continue
        fragment, _dot, section = reference.removeprefix("endpointops.intune.").partition(".")
        texts = importlib.import_module(f"{COLLECTION}.doc_fragments.{fragment}").ModuleDocFragment
        options |= yaml.safe_load(getattr(texts, section.upper() or "DOCUMENTATION")).get("options", {})
    return own | {"options": options | own.get("options", {})}


def version_marks(options: dict[str, t.Any], above: str = "") -> dict[str, str]:
    """Return the version_added of each option and suboption that has one, by its dotted name."""
    found: dict[str, str] = {}
    for name, option in options.items():
        if "version_added" in option:
            found[above + name] = str(option["version_added"])
        found |= version_marks(option.get("suboptions") or option.get("options") or {}, f"{above}{name}.")
    return found


def documented() -> dict[str, dict[str, t.Any]]:
    """Return the documentation of everything with a version: modules, plugins, and entry points of roles."""
    found = {f"module {name}": documentation(name) for name in MODULES}
    found |= {f"inventory {name}": documentation(name, "inventory") for name in INVENTORIES}
    for path in sorted((ROOT / "roles").glob("*/meta/argument_specs.yml")):
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
        found |= {f"role {path.parts[-3]}, {entry}": spec for entry, spec in entries.items()}
    return found


def code() -> list[str]:
    """Return the files with code, without those that only document or name a module."""
    named = ("action", "doc_fragments")
    found = [path for path in (ROOT / "plugins").rglob("*.py") if path.parent.name not in named and path.stem not in WITHOUT_CONNECTION]
    return sorted(str(path.relative_to(ROOT)) for path in found if path.stem != "__init__")


@pytest.mark.parametrize("path", code())
def test_all_code_has_a_unit_test_or_a_reason(path):
    name = pathlib.Path(path).stem.lstrip("_")
    folder = ROOT / "tests" / "unit" / pathlib.Path(path).parent
    # One test file of the same name for each code file, or several for long ones.
    tests = [*folder.glob(f"test_{name}.py"), *folder.glob(f"test_{name}_*.py"), *folder.glob(f"test_{name.removeprefix('intune_')}.py")]
    elsewhere = TESTED_ELSEWHERE.get(path)
    assert bool(tests) != bool(elsewhere), f"{path}: {tests or 'no unit test'}, and {elsewhere or 'no reason'}"
    assert elsewhere is None or (ROOT / elsewhere).is_file()


# Modules without changes that another module could read, with a description.
WITHOUT_SIBLING = {
    "intune_pin_report": "writes files on the host that runs the module",
    "intune_pin_recovery": "may ask devices to run a remediation",
}
# Modules that read the changes of another one, if that is not the one of the same name with _info.
READERS = {"intune_pin_probe": "intune_pin_readiness_info"}


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("_info") and name not in WITHOUT_SIBLING])
def test_what_a_module_changes_another_one_reads(name):
    reader = READERS.get(name, f"{name}_info")
    assert reader in MODULES
    also = [entry.get("module") for entry in documentation(name).get("seealso", ())]
    assert f"endpointops.intune.{reader}" in also, "names its sibling"


@pytest.mark.parametrize("name", [name for name in MODULES if name.endswith("_info")])
def test_what_only_reads_says_so(name):
    assert "endpointops.intune.attributes.info" in documentation(name)["extends_documentation_fragment"]


@pytest.mark.parametrize("kind", ["modules", "inventory", "playbooks"])
def test_the_first_page_lists_everything(kind):
    folder = ROOT / "playbooks" if kind == "playbooks" else ROOT / "plugins" / kind
    names = {path.stem for path in folder.iterdir() if path.suffix in (".py", ".yml") and path.stem != "__init__"}
    listed = re.findall(r"^\| `endpointops\.intune\.(\w+)` \|", text("README.md"), re.MULTILINE)
    assert names and names <= set(listed)
    assert len(listed) == len(set(listed)), "each once"


def misdated(described: dict[str, t.Any], coming: str) -> list[str]:
    """List the version marks that are missing, newer than the coming release, or not newer than the mark above them."""
    added = described.get("version_added")
    if added is None or version(added) > version(coming):
        return [f"version_added is {added}"]
    marks = version_marks(described["options"])
    return [f"{name}: {mark}" for name, mark in marks.items() if not version(added) < version(mark) <= version(coming)]


@pytest.mark.parametrize("name", documented())
def test_everything_says_since_which_release_it_exists(name):
    assert misdated(documented()[name], load("galaxy.yml")["version"]) == []


@pytest.mark.parametrize(
    ("described", "found"),
    [
        ({"version_added": "1.0.0", "options": {"x": {}}}, []),
        ({"version_added": "1.0.0", "options": {"x": {"version_added": "1.1.0"}}}, []),
        ({"options": {}}, ["version_added is None"]),
        ({"version_added": "1.2.0", "options": {}}, ["version_added is 1.2.0"]),
        ({"version_added": "1.0.0", "options": {"x": {"version_added": "1.2.0"}}}, ["x: 1.2.0"]),
        ({"version_added": "1.0.0", "options": {"x": {"suboptions": {"y": {"version_added": "1.0.0"}}}}}, ["x.y: 1.0.0"]),
        ({"version_added": "1.0.0", "options": {"x": {"options": {"y": {"version_added": "0.9.0"}}}}}, ["x.y: 0.9.0"]),
    ],
)
def test_a_wrong_version_mark_is_found(described, found):
    assert misdated(described, "1.1.0-dev") == found


def newer(releases: t.Iterable[str], coming: str) -> list[str]:
    """Return the releases that are newer than the coming one."""
    return [release for release in releases if version(release) > version(coming)]


def test_no_version_was_released_that_is_newer_than_the_coming_one():
    assert newer(load("changelogs/changelog.yaml")["releases"], load("galaxy.yml")["version"]) == []


def test_a_newer_release_is_found():
    assert newer(["1.0.0", "1.1.0", "1.10.0", "2.0.0"], "1.1.0-dev") == ["1.10.0", "2.0.0"]


def test_no_floor_is_said_twice_differently():
    """Check every statement of the lowest ansible-core and Python."""
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
