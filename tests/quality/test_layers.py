# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the layers of plugins/module_utils: their imports, the pure files, and the files with side effects."""

from __future__ import annotations

import ast
import graphlib
import json
import pathlib
import subprocess
import sys
import typing as t

import pytest

from tests.support.modules import WITHOUT_CONNECTION

ROOT = pathlib.Path(__file__).parents[2]
UTILS = ROOT / "plugins" / "module_utils"
PREFIX = "ansible_collections.endpointops.intune."
# Modules with side effects, or that read the time: passed in, never imported below _module.
EFFECTS = {"time", "random", "socket", "subprocess", "asyncio", "multiprocessing", "signal", "select", "urllib.request", "http"}
THREADS = {"threading", "_thread", "concurrent", "queue"}
FILES = {"os", "fcntl", "pathlib", "shutil", "stat", "tempfile"}
LIBRARIES = {"requests", "urllib3", "msal", "cryptography", "ansible"}

# A pure file decides, and imports only the standard library and other pure files: no client, no clock, no file, no thread.
PURE = frozenset(
    {
        "_errors",
        "_event_limit",
        "_text",
        "_json",
        "_lifetime",
        "_time",
        "_guid",
        "_names",
        "_types",
        "_values",
        "_pem",
        "_clouds",
        "_permissions",
        "_directory.display_names",
        "_auth._advice",
        "_auth._answers",
        "_http.message",
        "_http.retry",
        "_graph.odata",
        "_graph.responses",
        "_graph.batch",
        "_graph.read_ahead",
        "_graph.rate_limit",
        "_access_pass.model",
        "_access_pass.plan",
        "_access_pass.refusals",
        "_access_pass.result",
        "_application.expiry",
        "_application.model",
        "_application.options",
        "_application.plan",
        "_application.powers",
        "_application.result",
        "_approval.options",
        "_approval.requests",
        "_devices.csv_export",
        "_devices.model",
        "_devices.identifiers",
        "_devices.eligibility",
        "_devices.host_names",
        "_devices.prediction",
        "_devices.result",
        "_consent.model",
        "_consent.plan",
        "_consent.urls",
        "_hello.model",
        "_hello.settings",
        "_hello.terms",
        "_hello.paths",
        "_hello.finding",
        "_hello.profile_findings",
        "_hello.ownership",
        "_hello.policy",
        "_hello.assignments",
        "_hello.findings",
        "_hello.check_in",
        "_hello.report_tables",
        "_passcode.model",
        "_passcode.result",
        "_passcode.queue",
        "_passcode.reset_response",
        "_passcode.reset_state",
        "_passcode.journal_format",
        "_passcode.continuation",
        "_report.words",
        "_report.counts",
        "_report.resets",
        "_report.tasks",
        "_report.findings",
        "_report.credential",
        "_report.proof",
        "_report.changes",
        "_report.report",
        "_report.markup",
        "_report.parts",
        "_report.style",
        "_report.page",
        "_report.table",
        "_recovery.model",
        "_recovery.device_state",
        "_recovery.access_pass",
        "_recovery.steps",
        "_recovery.message",
        "_recovery.result",
        "_readiness.model",
        "_readiness.recovery_lines",
        "_readiness.policies",
        "_readiness.verdict",
        "_readiness.differences",
        "_readiness.device_lines",
        "_readiness.found",
        "_readiness.lacking",
        "_readiness.obstacles",
        "_readiness.summary",
        "_readiness.on_device",
        "_readiness.proof",
        "_probe.contents",
        "_probe.dsregcmd",
        "_probe.on_device",
        "_probe.reg_query",
        "_probe.line",
        "_probe.reason",
        "_probe.registry",
        "_probe.model",
        "_probe.plan",
        "_probe.script",
        "_probe.states",
    }
)


def files(pattern: str) -> list[pathlib.Path]:
    found = sorted((ROOT / "plugins").glob(pattern))
    assert found
    return found


def relative(path: pathlib.Path) -> str:
    return str(path.relative_to(ROOT))


def dotted(path: pathlib.Path) -> str:
    """Return the name of a file below module_utils; that of a package for its __init__."""
    return ".".join(path.relative_to(UTILS).with_suffix("").parts).removesuffix(".__init__")


OURS = {dotted(path): path for path in files("module_utils/**/*.py")}


def imports(path: pathlib.Path, source: str | None = None) -> set[str]:
    """Return full names of the imported modules anywhere in the file; those of module_utils with a leading dot."""
    found = set()
    package = path.relative_to(UTILS).parts[:-1] if path.is_relative_to(UTILS) else ()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8") if source is None else source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.ImportFrom):
            base = (*package[: len(package) - node.level + 1], *(node.module.split(".") if node.module else ()))
            found |= {"." + ".".join((*base, alias.name)) for alias in node.names} | ({"." + ".".join(base)} if base else set())
    return found


def ours(names: t.Iterable[str]) -> set[str]:
    """Return the files of module_utils among imported names."""
    return {name.removeprefix(".") for name in names if name.startswith(".") and name.removeprefix(".") in OURS}


def top(names: t.Iterable[str]) -> set[str]:
    return {name.split(".")[0] for name in names if not name.startswith(".")}


def package_of(name: str) -> str:
    """Return the package of a file, or the file itself if it is in none."""
    return name.split(".")[0]


def impurities(name: str, names: set[str]) -> set[str]:
    """Return the imports that prevent a file from being pure."""
    bad = ours(names) - PURE - {package_of(found) for found in PURE}
    # A package without code of its own is pure.
    bad |= {found for found in ours(names) - PURE if OURS[found].name == "__init__.py" and OURS[found].read_text(encoding="utf-8").strip()}
    return bad | {found for found in top(names) | names if found in EFFECTS | THREADS | FILES | LIBRARIES}


# --- packages -------------------------------------------------------------------------------------------------------


def graph_of(names_of: t.Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return the imported packages of each package."""
    graph: dict[str, set[str]] = {}
    for name, names in names_of.items():
        found = {package_of(other) for other in ours(names)} - {package_of(name)}
        graph.setdefault(package_of(name), set()).update(found)
    return graph


def for_each(given: t.Iterable[t.Any]) -> t.Callable[[t.Callable[[t.Any], None]], t.Callable[[], None]]:
    """Make one test of a check for many files, which have thousands of pairs with the rules here."""

    def decorate(check: t.Callable[[t.Any], None]) -> t.Callable[[], None]:
        def test() -> None:
            wrong, items = [], list(given)
            for item in items:
                try:
                    check(item)
                except AssertionError as failure:
                    wrong.append(f"{relative(item) if isinstance(item, pathlib.Path) else item}: {failure}")
            assert items and not wrong, "\n".join(wrong)

        test.__doc__ = check.__doc__
        return test

    return decorate


def test_no_two_packages_import_each_other():
    graph = graph_of({name: imports(path) for name, path in OURS.items()})
    assert len(graph) > 15
    order = list(graphlib.TopologicalSorter(graph).static_order())
    assert order.index("_http") < order.index("_graph") < order.index("_approval") < order.index("_module")


def test_a_circle_would_be_found():
    names = {"_graph.client": {"._approval.flow"}, "_approval.flow": {"._graph.client"}}
    with pytest.raises(graphlib.CycleError):
        tuple(graphlib.TopologicalSorter(graph_of(names)).static_order())
    source = "import typing\nif typing.TYPE_CHECKING:\n    from .._graph import client\ndef f():\n    from ..  import _module\n"
    assert {"._graph.client", "._module"} <= imports(UTILS / "_http" / "x.py", source), "hidden imports count"


@for_each(files("module_utils/**/*.py"))
def test_nothing_is_imported_by_a_name_that_is_computed(path):
    """Ansible would not include it in a module's process."""
    names = imports(path)
    assert "importlib" not in top(names)
    used = {node.id for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Name)}
    assert not used & {"__import__", "exec", "eval"}


# --- purity ---------------------------------------------------------------------------------------------------------


def test_the_pure_files_exist():
    assert set(OURS) >= PURE


@for_each(sorted(PURE))
def test_a_pure_file_imports_only_pure_files(name):
    assert not impurities(name, imports(OURS[name]))


@pytest.mark.parametrize(
    "name",
    ["._graph.client", "._graph.batch_scheduler", "._auth.create", "._hello.api", "._module", "time", "os", "requests", "queue", "random"],
)
def test_an_impure_import_would_be_found(name):
    assert impurities("_x.y", {"._errors", "typing", name})


@for_each([*files("module_utils/_graph/*.py"), *files("module_utils/_http/*.py")])
def test_the_protocol_does_not_know_what_is_managed(path):
    text = path.read_text(encoding="utf-8")
    assert not [word for word in ("deviceManagement", "managedDevice", "approval_", "DeviceManagement") if word in text]
    subjects = {package_of(name) for name in ours(imports(path))} - {
        "_errors",
        "_text",
        "_json",
        "_lifetime",
        "_time",
        "_guid",
        "_types",
        "_http",
        "_graph",
    }
    assert not subjects


# --- one place for each library -------------------------------------------------------------------------------------


@for_each(files("module_utils/**/*.py"))
def test_requests_and_msal_have_one_place_each(path):
    names = top(imports(path))
    assert not names & {"requests", "urllib3"} or path == UTILS / "_http" / "transport.py"
    assert "msal" not in names or path.parent == UTILS / "_auth"


@for_each(files("**/*.py"))
def test_threads_have_one_place(path):
    names = imports(path)
    assert not top(names) & THREADS or path == UTILS / "_http" / "worker_pool.py"


@for_each(files("**/*.py"))
def test_locks_and_cryptography_have_few_places(path):
    names = top(imports(path))
    assert "fcntl" not in names or path.parent == UTILS / "_passcode" and path.stem in KEEPERS_OF_FILES
    assert "cryptography" not in names or path.name in ("_cms.py", "_certificates.py") or path.parent == UTILS / "_auth"


@for_each(files("module_utils/_*/*.py"))
def test_nothing_below_the_module_knows_ansible(path):
    names = imports(path)
    assert "ansible" not in top(names) and "ansible_collections" not in top(names)
    assert not {"_module", "_argspec", "_option_values", "_result"} & ours(names)


# Files of _passcode, _handover, and _report that read and write files themselves.
KEEPERS_OF_FILES = {"files", "journal_file", "device_memory", "lock_files", "lock_folder", "sealed_files"}
SUBJECTS = (
    "_access_pass",
    "_application",
    "_handover",
    "_directory",
    "_devices",
    "_consent",
    "_hello",
    "_passcode",
    "_probe",
    "_readiness",
    "_recovery",
    "_report",
    "_graph",
    "_approval",
)


@for_each([path for name in SUBJECTS for path in files(f"module_utils/{name}/*.py")])
def test_a_subject_reaches_the_world_through_the_client_alone(path):
    names = imports(path)
    assert not (names | top(names)) & (EFFECTS | {"requests", "msal"})
    assert not (names | top(names)) & FILES or path.stem in KEEPERS_OF_FILES
    assert "_auth" not in {package_of(name) for name in ours(names)}
    assert "_http.transport" not in ours(names)


@for_each(files("**/*.py"))
def test_plugins_need_nothing_but_their_runtime(path):
    allowed = set(sys.stdlib_module_names) | {"ansible", "ansible_collections", "requests", "urllib3", "msal", "cryptography"}
    names = imports(path)
    assert top(names) <= allowed
    assert all(name.startswith(PREFIX + "plugins") for name in names if name.startswith("ansible_collections"))


@for_each([*files("modules/*.py"), *files("plugin_utils/*.py"), *files("inventory/*.py")])
def test_plugins_leave_effects_to_the_module_utils(path):
    names = imports(path)
    assert not (names | top(names)) & (EFFECTS | FILES | {"requests", "msal"})


@for_each([path for path in files("modules/*.py") if path.stem not in WITHOUT_CONNECTION])
def test_modules_need_nothing_that_is_only_on_the_controller(path):
    found = {name for name in imports(path) if name.startswith((PREFIX, "ansible."))}
    assert found and all(name.startswith(PREFIX + "plugins.module_utils") for name in found)


@for_each(files("module_utils/**/*.py"))
def test_of_ansible_module_utils_know_only_module_utils(path):
    found = {name for name in imports(path) if name.startswith(("ansible.", PREFIX))}
    assert all(name.startswith(("ansible.module_utils", PREFIX + "plugins.module_utils")) for name in found)


@for_each([path for path in files("action/*.py") if path.stem not in WITHOUT_CONNECTION])
def test_an_action_plugin_only_names_its_module(path):
    found = {name.removeprefix(f"{PREFIX}plugins.") for name in imports(path)} - {"__future__", "__future__.annotations"}
    assert found == {"modules", f"modules.{path.stem}", "plugin_utils._action_base", "plugin_utils._action_base.IntuneActionBase"}


# --- imports of a module's process -------------------------------------------------------------------------------------


def late_imports(path: pathlib.Path) -> set[str]:
    """Return the files of module_utils that a file imports inside its functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    late = "\n".join(ast.unparse(node) for function in functions for node in ast.walk(function) if isinstance(node, ast.ImportFrom))
    # A package of a file is imported with it.
    return {name for name in ours(imports(path, late)) if OURS[name].name != "__init__.py"}


def test_what_is_imported_late_is_imported_early_in_the_controller():
    late = {name for path in OURS.values() for name in late_imports(path)}
    assert {"_cms", "_approval.flow", "_auth.client_certificate", "_auth._cache", "_devices.members"} <= late
    source = (ROOT / "plugins" / "plugin_utils" / "_action_base.py").read_text(encoding="utf-8")
    early = {name.removeprefix(f"{PREFIX}plugins.module_utils.") for name in imports(ROOT / "x.py", source)}
    assert not late - early


# Files that most tasks do not need, including all credentials: the task chooses one when it runs.
SELDOM = {
    *("cryptography", "msal", "_approval.flow", "_approval.requests", "_cms", "_handover.sealed_files", "_devices.members"),
    *(f"_auth.{kind}" for kind in ("_advice", "_cache", "_msal", "client_certificate", "managed_identity", "azure_cli")),
}


def test_a_module_imports_only_what_every_task_needs():
    modules = [path.stem for path in files("modules/*.py") if path.stem not in WITHOUT_CONNECTION]
    code = f"""
import importlib, json, os, sys
for module in {modules!r}:
    read, write = os.pipe()
    if os.fork() == 0:
        importlib.import_module("{PREFIX}plugins.modules." + module)
        os.write(write, json.dumps([module, *sys.modules]).encode())
        os._exit(0)
    os.close(write)
    print(b"".join(iter(lambda: os.read(read, 65536), b"")).decode())
"""
    lines = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == len(modules)
    for module, *names in map(json.loads, lines):
        found = {name.removeprefix(f"{PREFIX}plugins.module_utils.") for name in names}
        assert not found & SELDOM, module
        assert module.startswith(("intune_pin_p", "intune_pin_re")) or "_hello" not in found, module
