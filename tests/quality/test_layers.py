# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rooms of the house import only what they may: what a room is for stays in it."""

from __future__ import annotations

import ast
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
UTILS = ROOT / "plugins" / "module_utils"
PREFIX = "ansible_collections.endpointops.intune."
# Modules that act on the world, or ask it what time it is: handed in, never imported below the runner.
EFFECTS = {"time", "random", "socket", "subprocess", "asyncio", "multiprocessing", "signal", "select", "urllib.request", "http"}
THREADS = {"threading", "_thread", "concurrent", "queue"}
FILES = {"os", "fcntl", "pathlib", "shutil", "stat", "tempfile"}


def imports(path: pathlib.Path) -> set[str]:
    """Full names of imported modules; relative ones as seen from module_utils, with a leading dot."""
    found = set()
    package = path.relative_to(UTILS).parts[:-1] if path.is_relative_to(UTILS) else ()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if not node.level:
                found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
                continue
            base = package[: len(package) - node.level + 1]
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {"." + ".".join((*base, name)) for name in names}
    return found


def files(pattern: str) -> list[pathlib.Path]:
    found = sorted((ROOT / "plugins").glob(pattern))
    assert found
    return found


def top(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names if not name.startswith(".")}


def relative(path: pathlib.Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", files("module_utils/**/*.py"), ids=relative)
def test_requests_and_msal_have_one_room_each(path):
    names = top(imports(path))
    assert "requests" not in names or path == UTILS / "_http" / "transport.py"
    assert "msal" not in names or path.parent == UTILS / "_auth"


@pytest.mark.parametrize("path", files("**/*.py"), ids=relative)
def test_threads_have_one_room(path):
    assert not top(imports(path)) & THREADS or path == UTILS / "_http" / "worker_pool.py"


@pytest.mark.parametrize("path", files("**/*.py"), ids=relative)
def test_locks_and_cryptography_have_few_rooms(path):
    names = top(imports(path))
    assert "fcntl" not in names or path == UTILS / "_passcode" / "journal_file.py"
    assert "cryptography" not in names or path == UTILS / "_cms.py" or path.parent == UTILS / "_auth"


@pytest.mark.parametrize("path", files("module_utils/_*/*.py"), ids=relative)
def test_nothing_below_the_runner_knows_ansible(path):
    names = imports(path)
    assert "ansible" not in top(names) and "ansible_collections" not in top(names)
    assert not {name for name in names if name.startswith((".._module", "._module", "._argspec", "._result"))}


SUBJECTS = [path for name in ("_directory", "_devices", "_consent", "_hello", "_passcode") for path in files(f"module_utils/{name}/*.py")]


@pytest.mark.parametrize("path", [path for path in SUBJECTS if path.stem != "journal_file"], ids=relative)
def test_intune_is_pure_but_for_calls_through_the_client(path):
    names = imports(path)
    assert not (names | top(names)) & (EFFECTS | FILES | {"requests", "msal", "cryptography"})
    assert not {name for name in names if name.startswith("._auth")}
    assert not names & {"._http.transport", "._http.retry", "._http.worker_pool", "._cms"}


@pytest.mark.parametrize("path", files("module_utils/_graph/*.py"), ids=relative)
def test_graph_does_not_know_what_is_managed(path):
    names = imports(path)
    assert not {name for name in names if name.startswith(("._auth", "._devices", "._consent", "._hello", "._passcode", "._directory"))}
    assert not (names | top(names)) & (EFFECTS | FILES)


@pytest.mark.parametrize("path", files("**/*.py"), ids=relative)
def test_plugins_need_nothing_but_their_runtime(path):
    allowed = set(sys.stdlib_module_names) | {"ansible", "ansible_collections", "requests", "msal", "cryptography"}
    names = imports(path)
    assert top(names) <= allowed
    ours = {name for name in names if name.startswith("ansible_collections")}
    assert all(name.startswith(PREFIX + "plugins") for name in ours)


@pytest.mark.parametrize("path", [*files("modules/*.py"), *files("plugin_utils/*.py"), *files("inventory/*.py")], ids=relative)
def test_what_ansible_loads_leaves_effects_to_the_runner(path):
    names = imports(path)
    assert not (names | top(names)) & (EFFECTS | FILES | {"requests", "msal"})


@pytest.mark.parametrize("path", files("modules/*.py"), ids=relative)
def test_modules_need_nothing_that_is_only_on_the_controller(path):
    found = {name for name in imports(path) if name.startswith((PREFIX, "ansible."))}
    assert found and all(name.startswith(PREFIX + "plugins.module_utils") for name in found)


@pytest.mark.parametrize("path", files("module_utils/**/*.py"), ids=relative)
def test_of_ansible_module_utils_know_only_module_utils(path):
    found = {name for name in imports(path) if name.startswith(("ansible.", PREFIX))}
    assert all(name.startswith(("ansible.module_utils", PREFIX + "plugins.module_utils")) for name in found)


@pytest.mark.parametrize("path", files("action/*.py"), ids=relative)
def test_a_door_only_opens_its_module(path):
    found = {name.removeprefix(f"{PREFIX}plugins.") for name in imports(path)} - {"__future__", "__future__.annotations"}
    assert found == {"modules", f"modules.{path.stem}", "plugin_utils._action_base", "plugin_utils._action_base.Door"}
